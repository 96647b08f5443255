//! What each generated file imports: exactly what it uses, since unused names fail its type check.

use super::entity::Operations;
use super::rules::RuleView;
use crate::description;
use crate::field::Kind;

pub fn guards(public: bool, ops: &Operations) -> String {
    let mut guards = Vec::new();
    if !public || ops.create || ops.update || ops.delete {
        guards.push("authenticate");
    }
    if public {
        guards.push("identify");
    }
    if ops.create || ops.update || ops.delete {
        guards.push("csrf");
    }
    if ops.create {
        guards.push("limits");
    }
    guards.join(", ")
}

pub fn drizzle_imports(entity: &description::Entity) -> String {
    let mut names = vec!["pgTable"];
    for field in &entity.fields {
        names.push(match field.kind {
            Kind::Text(..) | Kind::Email | Kind::Url | Kind::Enum(_) => "text",
            Kind::Int(..) => "integer",
            Kind::Money(_) => "bigint",
            Kind::Bool => "boolean",
            Kind::Ref(_) => "uuid",
            Kind::Date | Kind::Timestamp => continue,
        });
    }
    if entity.tenant {
        names.push("uuid");
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// Those names whose sign stands in the text as a whole word, each with a comma behind.
pub fn words_in(text: &str, signs: &[(&str, &str)]) -> String {
    let whole = |sign: &str| {
        text.match_indices(sign).any(|(at, _)| {
            at == 0
                || !text
                    .get(..at)
                    .unwrap_or_default()
                    .ends_with(|c: char| c.is_ascii_alphanumeric())
        })
    };
    signs
        .iter()
        .filter(|(sign, _)| whole(sign))
        .map(|(_, name)| format!("{name}, "))
        .collect()
}

pub fn access_imports(rules: &[RuleView]) -> String {
    let text: String = rules
        .iter()
        .map(|rule| rule.typescript.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let mut names = words_in(
        &text,
        &[
            ("belongsTo(", "belongsTo"),
            ("hasRole(", "hasRole"),
            ("isUser(", "isUser"),
            ("owns(", "owns"),
        ],
    );
    let mut types = Vec::new();
    if rules.iter().any(|rule| rule.row) {
        types.push("type RowRule");
    }
    if rules.iter().any(|rule| !rule.row) {
        types.push("type Rule");
    }
    names.push_str(&types.join(", "));
    names
}

pub fn service_types(pascal_name: &str, ops: &Operations) -> String {
    let mut names = Vec::new();
    if ops.update {
        names.push(format!("{pascal_name}Changes"));
    }
    names.push(format!("{pascal_name}List"));
    if ops.create {
        names.push(format!("{pascal_name}Values"));
    }
    names.join(", ")
}

pub fn error_imports(entity: &description::Entity, ops: &Operations, references: bool) -> String {
    let mut names = Vec::new();
    if entity.allow.create.is_some() || ops.update || ops.delete {
        names.push("ForbiddenError");
    }
    names.push("NotFoundError");
    if ops.update {
        names.push("PreconditionFailedError");
    }
    if references {
        names.push("ValidationError");
    }
    names.join(", ")
}

pub fn controller_imports(pascal_name: &str, pascal_plural: &str, ops: &Operations) -> String {
    let mut names = Vec::new();
    if ops.create {
        names.push(format!("create{pascal_name}Request"));
    }
    if ops.delete {
        names.push(format!("delete{pascal_name}Request"));
    }
    names.push(format!("get{pascal_name}Request"));
    names.push(format!("list{pascal_plural}Request"));
    names.push(format!("type {pascal_name}View"));
    if ops.update {
        names.push(format!("update{pascal_name}Request"));
    }
    names.join(", ")
}
