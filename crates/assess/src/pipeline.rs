//! Where the parts are wired: files are lowered, linked, analysed, and the rules applied.

use crate::assessment::{Assessment, ProjectInfo, SCHEMA, Tool, UnitInfo};
use crate::config::Config;
use crate::coverage;
use casemate_source::{Project, Role};

/// Assesses a project that was read.
pub(crate) fn run(project: &Project, config: &Config) -> Assessment {
    let mut assessment = Assessment {
        schema: SCHEMA.into(),
        tool: Tool {
            name: "casemate".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        project: ProjectInfo {
            name: project.name.clone(),
            root: project.display.clone(),
            commit: project.commit.clone(),
            focus: project.focus.clone(),
        },
        units: units(project, config),
        notes: project.notes.clone(),
        ..Assessment::default()
    };
    assessment.coverage.files = coverage::files(project);
    assessment
}

fn units(project: &Project, config: &Config) -> Vec<UnitInfo> {
    project
        .units
        .iter()
        .enumerate()
        .map(|(index, unit)| UnitInfo {
            name: unit.name.clone(),
            root: unit.root.clone(),
            manifest: unit.manifest.clone(),
            files: project
                .files
                .iter()
                .filter(|f| f.unit.index() == index && f.role == Role::Backend)
                .count(),
            endpoints: 0,
            threat_model: config.threat_model.unwrap_or_default(),
            because: if config.threat_model.is_some() {
                "asked for".into()
            } else {
                String::new()
            },
        })
        .filter(|unit| unit.files > 0)
        .collect()
}
