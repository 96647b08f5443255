//! Reads `[cache]`: where answers are kept for a moment.

use super::table::Table;
use crate::description::Entity;
use crate::problem::near;

const STORES: [&str; 2] = ["memory", "redis"];

/// Whether instances share what is kept.
pub fn shared_cache(root: &Table<'_, '_>, entities: &[Entity]) -> bool {
    let Some(table) = root.table("cache") else {
        return false;
    };
    let store = table.text("store");
    table.end();
    if entities.iter().all(|entity| entity.cache.is_none()) {
        table.problems().add(
            &table.span(),
            "nothing is kept for a moment",
            "write `cache = \"30s\"` in an entity that strangers read, or leave `[cache]` out",
        );
    }
    match store {
        Some(("redis", _)) => true,
        Some(("memory", _)) => false,
        None => {
            table.problems().add(
                &table.span(),
                "`cache.store` is missing",
                "write `store = \"redis\"` or `store = \"memory\"`",
            );
            false
        }
        Some((store, span)) => {
            let help = match near(store, STORES) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write `redis` or `memory`".to_owned(),
            };
            table
                .problems()
                .add(&span, format!("there is no store `{store}`"), help);
            false
        }
    }
}
