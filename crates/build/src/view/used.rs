//! Which helpers of the generated code somebody uses. All others are left out: nobody wants to read what nothing calls.

use super::entity::Entity;
use std::collections::BTreeSet;

/// What a helper calls itself.
const CALLS: &[(&str, &[&str])] = &[
    ("amountOf", &["decimals", "numberOf"]),
    ("showAmount", &["decimals"]),
];
/// Those that show values.
const SHOWN: &[&str] = &["show", "showAmount", "showFlag", "showMoment"];

/// The helpers that these entities and the page of passkeys use, with all that those use.
pub fn helpers(entities: &[Entity], passkeys: bool) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = entities.iter().flat_map(Entity::helpers).collect();
    if passkeys {
        used.insert("showMoment".to_owned());
    }
    for (caller, called) in CALLS {
        if used.contains(*caller) {
            used.extend(called.iter().map(|name| (*name).to_owned()));
        }
    }
    used
}

/// Some value is shown.
pub fn shows_values(used: &BTreeSet<String>) -> bool {
    SHOWN.iter().any(|name| used.contains(*name))
}
