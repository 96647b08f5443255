//! The base vector of CVSS v4.0. The vector describes the flaw; how much it matters here is [`crate::severity`].

use serde::{Deserialize, Serialize};
use std::fmt;

/// None, low or high: the impact metrics.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum Metric {
    /// `N`
    #[default]
    None,
    /// `L`
    Low,
    /// `H`
    High,
}

impl Metric {
    const fn letter(self) -> char {
        match self {
            Self::None => 'N',
            Self::Low => 'L',
            Self::High => 'H',
        }
    }
}

/// The base metrics that Casemate can tell from code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vector {
    /// Attack vector: from the network, or `L`: on the machine.
    pub network: bool,
    /// Attack complexity is high: defences have to be beaten.
    pub complex: bool,
    /// Attack requirements are present: the attack depends on conditions that not every deployment has.
    pub requirements: bool,
    /// Privileges required are low: any account.
    pub privileges: bool,
    /// User interaction.
    pub interaction: UserInteraction,
    /// Confidentiality, integrity and availability of the service itself.
    pub service: [Metric; 3],
    /// Confidentiality, integrity and availability of what depends on it: its users' browsers.
    pub beyond: [Metric; 3],
}

/// What somebody else has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum UserInteraction {
    /// `N`: nothing.
    #[default]
    None,
    /// `P`: use the service as usual.
    Passive,
    /// `A`: do what the attacker asks, such as opening a link.
    Active,
}

impl fmt::Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pick = |yes: bool, a: char, b: char| if yes { a } else { b };
        let interaction = match self.interaction {
            UserInteraction::None => 'N',
            UserInteraction::Passive => 'P',
            UserInteraction::Active => 'A',
        };
        let [vc, vi, va] = self.service.map(Metric::letter);
        let [sc, si, sa] = self.beyond.map(Metric::letter);
        write!(
            f,
            "CVSS:4.0/AV:{}/AC:{}/AT:{}/PR:{}/UI:{interaction}/VC:{vc}/VI:{vi}/VA:{va}/SC:{sc}/SI:{si}/SA:{sa}",
            pick(self.network, 'N', 'L'),
            pick(self.complex, 'H', 'L'),
            pick(self.requirements, 'P', 'N'),
            pick(self.privileges, 'L', 'N'),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_is_written_in_the_standard_order() {
        let vector = Vector {
            network: true,
            complex: false,
            requirements: false,
            privileges: true,
            interaction: UserInteraction::Passive,
            service: [Metric::High, Metric::Low, Metric::None],
            beyond: [Metric::None; 3],
        };
        assert_eq!(
            vector.to_string(),
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N"
        );
    }
}
