//! Reads `[front_end]`: what front ends get.

use super::table::Table;

/// Whether there is a typed client, and whether there are pages.
pub fn front_end(root: &Table<'_, '_>) -> (bool, bool) {
    let Some(table) = root.table("front_end") else {
        return (false, false);
    };
    let client = table.bool("client");
    let next = table.bool("next").unwrap_or_default();
    if next && client == Some(false) {
        table.problems().add(
            &table.span(),
            "pages of Next.js use the typed client, which is switched off",
            "leave `client` out",
        );
    }
    table.end();
    (next || client.unwrap_or_default(), next)
}
