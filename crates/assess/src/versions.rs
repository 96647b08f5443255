//! Models under the versions that a project uses.

use casemate_model::expr::Tri;
use casemate_model::matcher::{Known, Models};
use casemate_model::version::within;
use casemate_source::{Project, Version};

/// The models without the rows that hold for other versions alone. Packages that no manifest names, or that several packages of
/// the project use in versions on both sides of a range, stay undecided.
pub(crate) fn assume(models: &Models, project: &Project) -> Models {
    let version = |package: &str, range: &str| {
        let name = package.split_once(':').map_or(package, |(_, name)| name);
        let answers = project.units.iter().filter_map(|unit| {
            Some(match unit.dependencies.get(name)? {
                Version::Locked(installed) | Version::Range(installed) => within(installed, range),
            })
        });
        answers.reduce(|a, b| if a == b { a } else { Tri::Unknown })
    };
    models.assume(Known {
        fact: None,
        version: &version,
    })
}
