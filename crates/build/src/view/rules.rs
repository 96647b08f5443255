//! Access rules in the words of the target.

use super::field;
use crate::access::{Formula, print, world};
use crate::description::{self, Description};
use crate::names::{camel, pascal};
use serde::Serialize;

/// An access rule as a function.
#[derive(Clone, Serialize, Debug)]
pub struct RuleView {
    /// Its name.
    pub function: String,
    source: String,
    /// Looks at a row.
    pub row: bool,
    parameters: String,
    /// The expression.
    pub typescript: String,
}

/// The rows that an actor may read, as a condition of a query.
pub fn read_drizzle(
    description: &Description,
    entity: &description::Entity,
    plural: &str,
    owner: &str,
) -> String {
    let condition = entity.allow.read.as_ref().map_or_else(
        || "sql`false`".to_owned(),
        |rule| print::drizzle(&world::enforced(entity, rule), plural, owner),
    );
    match description.tenant.as_ref().filter(|_| entity.tenant) {
        Some(tenant) => format!(
            "and(inTenantOf({plural}.{}Id, actor), {condition})",
            camel(&tenant.name)
        ),
        None => condition,
    }
}

/// All rules of an entity as functions.
pub fn rules(
    description: &Description,
    entity: &description::Entity,
    pascal_name: &str,
    owner: &str,
) -> Vec<RuleView> {
    let written = |name: &str| entity.fields.iter().any(|f| f.name == name);
    entity
        .rules()
        .filter(|(name, _)| name.strip_prefix("set.").is_none_or(written))
        .map(|(name, rule)| {
            let row = name != "create";
            let formula = world::enforced(entity, rule);
            let mut typescript = print::typescript(&formula, owner);
            if row && let Some(tenant) = description.tenant.as_ref().filter(|_| entity.tenant) {
                let inner = if matches!(formula, Formula::Or(_)) {
                    format!("({typescript})")
                } else {
                    typescript
                };
                typescript = format!("belongsTo(actor, row.{}Id) && {inner}", camel(&tenant.name));
            }
            let parameters = match (typescript.contains("actor"), typescript.contains("row.")) {
                (_, true) if !typescript.contains("actor") => "_actor, row",
                (_, true) => "actor, row",
                (true, false) => "actor",
                (false, false) => "",
            };
            RuleView {
                function: match name.strip_prefix("set.") {
                    Some(field) => format!("maySet{pascal_name}{}", pascal(field)),
                    None => format!("may{}{pascal_name}", pascal(&name)),
                },
                source: field::source(rule),
                row,
                parameters: parameters.to_owned(),
                typescript,
            }
        })
        .collect()
}
