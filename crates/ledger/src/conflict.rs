//! Where two standards ask for opposite things: whoever follows both has to choose, and is told so.

use casemate_say::mark;

/// One such place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// The requirement of ASVS.
    pub requirement: &'static str,
    /// What it asks.
    pub asks: &'static str,
    /// The profile that follows the other standard.
    pub profile: &'static str,
    /// The other standard, with its number.
    pub other: &'static str,
    /// What that asks.
    pub against: &'static str,
}

/// Profiles that a policy may name; the first holds where none is named.
pub const PROFILES: [&str; 2] = ["asvs", "pci-dss"];

/// All conflicts, by requirement.
pub const ALL: [Conflict; 2] = [
    Conflict {
        requirement: "v5.0.0-6.2.5",
        asks: mark!("no rules on which characters a password holds"),
        profile: "pci-dss",
        other: "PCI DSS 4.0.1, 8.3.6",
        against: mark!("letters and digits in every password"),
    },
    Conflict {
        requirement: "v5.0.0-6.2.10",
        asks: mark!("passwords that do not have to be changed from time to time"),
        profile: "pci-dss",
        other: "PCI DSS 4.0.1, 8.3.9",
        against: mark!("new passwords every ninety days where they are the only factor"),
    },
];

/// The conflict about a requirement, where the profile follows the other standard.
#[must_use]
pub fn given_up(requirement: &str, profile: &str) -> Option<&'static Conflict> {
    ALL.iter()
        .find(|c| c.requirement == requirement && c.profile == profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard;

    #[test]
    fn conflicts_name_requirements_and_profiles_that_exist() {
        for conflict in ALL {
            let known = standard::all()
                .iter()
                .any(|r| format!("{}{}", standard::PREFIX, r.id) == conflict.requirement);
            assert!(
                known && PROFILES.contains(&conflict.profile),
                "{conflict:?}"
            );
        }
        assert!(given_up("v5.0.0-6.2.5", "asvs").is_none());
        assert!(given_up("v5.0.0-6.2.5", "pci-dss").is_some());
    }
}
