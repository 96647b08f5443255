//! What the owner states of the business: classes of data that names in the code do not tell, and who reaches the service.

use crate::assessment::{Finding, Hidden, PolicyEffect};
use crate::dossier::words::code;
use casemate_ledger::Inventory;
use casemate_ledger::data::{Class, Stated};
use casemate_rules::near;
use casemate_say::{label, say};
use std::collections::{BTreeMap, BTreeSet};

/// Who can reach the service, as `[context] exposure` says.
pub(crate) const REACH: [&str; 2] = ["internet", "internal"];

/// What `[data]` and `[context]` of `casemate.toml` state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Business {
    /// By name in the code: the class that it holds; `None`: nothing that deserves protection.
    pub data: Stated,
    /// Where it stands: `casemate.toml:4`.
    pub data_at: String,
    /// Where it is stated that only people of the own network reach the service.
    pub internal: Option<String>,
}

impl Business {
    /// What a class of `[data]` means. `harmless` takes a name out.
    ///
    /// # Errors
    /// A class that does not exist, with the nearest one.
    pub(crate) fn class(name: &str) -> Result<Option<Class>, String> {
        let known = [
            ("credentials", Some(Class::Credentials)),
            ("personal", Some(Class::Personal)),
            ("payment", Some(Class::Payment)),
            ("health", Some(Class::Health)),
            ("harmless", None),
        ];
        let found = known.iter().find(|(known, _)| *known == name);
        found.map(|(_, class)| *class).ok_or_else(|| {
            let names = known.map(|(name, _)| name);
            near::unknown(label!("class of data"), name, &names)
        })
    }

    /// What the statement of who reaches the service changes, where it is made.
    pub(crate) fn effect(&self, findings: &[Finding]) -> Option<PolicyEffect> {
        let origin = self.internal.clone()?;
        let lowered = |f: &&Finding| f.severity.factors.iter().any(|f| f.name == "reach");
        Some(PolicyEffect {
            origin,
            says: say!("states that only people of the own network reach the service"),
            reason: None,
            hides: findings.iter().filter(lowered).count(),
            unit: Hidden::Levels,
        })
    }

    /// By file: what the owner says is graver than the rule assumes, as the severity names it, with what shows it.
    pub(crate) fn graver(
        &self,
        inventory: &Inventory,
        file: &dyn Fn(casemate_flow::result::Site) -> String,
    ) -> BTreeMap<String, Vec<(&'static str, String)>> {
        let mut out: BTreeMap<String, BTreeSet<(&'static str, String)>> = BTreeMap::new();
        for (name, class) in &self.data {
            let word = match class {
                Some(Class::Credentials) => "secret",
                Some(Class::Payment) => "payment",
                Some(Class::Health) => "health",
                Some(Class::Personal) | None => continue,
            };
            for site in inventory.members.get(name).into_iter().flatten() {
                let file = file(*site);
                let shown = say!(
                    "`{data_at}` calls {name} so, and {file} reads it",
                    data_at = self.data_at,
                    name = code(name),
                    file = code(&file)
                );
                out.entry(file).or_default().insert((word, shown));
            }
        }
        out.into_iter()
            .map(|(file, classes)| (file, classes.into_iter().collect()))
            .collect()
    }
}
