//! How the service is packed, run and shipped, read off the files that say so, as facts.

use crate::link::Linked;
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::{FnId, Span};
use casemate_lang_deploy::dockerfile::{self, User};
use casemate_lang_deploy::{kubernetes, npm, workflow};
use casemate_source::{Artefact, FileType, Project, SourceFile};

/// Parts of paths of what nobody but those who write the service starts.
const TRIES: &[&str] = &[
    "dev",
    "devel",
    "development",
    "devcontainer",
    "local",
    "test",
    "tests",
    "testing",
    "ci",
    "e2e",
    "bench",
    "example",
    "examples",
    "demo",
    "debug",
    "builder",
];

/// One fact for each image, container, policy and step that says something, and for the settings of npm.
pub(crate) fn facts(project: &Project, linked: &Linked) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut settings: Vec<(usize, &SourceFile, bool)> = Vec::new();
    for (index, origin) in linked.origin.iter().enumerate() {
        let Some(file) = project.files.get(*origin) else {
            continue;
        };
        let FileType::Deployment(artefact) = file.file_type else {
            continue;
        };
        let mut tell = |name: &str, place: Span, callee: &str, values: Vec<(&str, FactValue)>| {
            out.extend(fact(linked, index, name, place, callee, values));
        };
        match artefact {
            Artefact::Image => {
                if let Some(image) = dockerfile::read(&file.text) {
                    let values = vec![
                        ("user", user(image.user)),
                        ("runs", FactValue::Bool(image.runs)),
                        ("tries", FactValue::Bool(tries(&file.path))),
                    ];
                    let callee = format!("the image of `{}`", file.path);
                    tell("container.image", image.place, &callee, values);
                }
            }
            Artefact::Objects => {
                let objects = kubernetes::read(&file.text);
                for released in objects.released {
                    let callee = format!("the container `{}`", released.container);
                    let setting = FactValue::Str(released.setting.to_owned());
                    let values = vec![("setting", setting)];
                    tell("container.released", released.place, &callee, values);
                }
                for unused in objects.unused {
                    let callee = format!("the network policy `{}`", unused.policy);
                    let direction = FactValue::Str(unused.direction.to_owned());
                    let values = vec![("direction", direction)];
                    tell("network.policy", unused.place, &callee, values);
                }
            }
            Artefact::NpmSettings => {
                settings.push((index, file, npm::ignores_scripts(&file.text)));
            }
            Artefact::Workflow => {
                let workflow = workflow::read(&file.text);
                let kind = |kind: &str| vec![("kind", FactValue::Str(kind.to_owned()))];
                for (name, place) in workflow.injected {
                    tell("workflow.step", place, &format!("`{name}`"), kind("text"));
                }
                for place in workflow.foreign {
                    tell("workflow.step", place, "this step", kind("code"));
                }
            }
        }
    }
    let strict = settings.iter().filter(|(.., ignored)| *ignored).count();
    for (index, file, ignored) in settings {
        let end = file.text.lines().next().map_or(0, str::len);
        let place = Span {
            start: 0,
            end: u32::try_from(end).unwrap_or(u32::MAX),
        };
        let values = vec![
            ("ignored", FactValue::Bool(ignored)),
            ("elsewhere", FactValue::Bool(strict > usize::from(ignored))),
        ];
        let callee = format!("`{}`", file.path);
        out.extend(fact(linked, index, "npm.settings", place, &callee, values));
    }
    out
}

fn user(user: User) -> FactValue {
    match user {
        User::Root => FactValue::Str("root".to_owned()),
        User::Other => FactValue::Str("other".to_owned()),
        User::Unknown => FactValue::Unknown,
    }
}

/// Whether a word of a path says that it is for trying things out.
/// Whether a path tells of something that nobody but those who write the service starts.
pub(crate) fn tries(path: &str) -> bool {
    path.to_lowercase()
        .split(['/', '.', '-', '_'])
        .any(|word| TRIES.contains(&word))
}

fn fact(
    linked: &Linked,
    file: usize,
    name: &str,
    span: Span,
    callee: &str,
    values: Vec<(&str, FactValue)>,
) -> Option<Fact> {
    let file = FileIdx(u32::try_from(file).ok()?);
    Some(Fact {
        fact: name.to_owned(),
        site: Site { file, span },
        function: linked.program.func_id(file, FnId(0)),
        callee: callee.to_owned(),
        values: values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_trying_things_out() {
        for (path, expected) in [
            ("Dockerfile", false),
            ("docker/Dockerfile.dev", true),
            (".devcontainer/Dockerfile", true),
            ("devices/Dockerfile", false),
            ("api/e2e/Dockerfile", true),
        ] {
            assert_eq!(tries(path), expected, "{path}");
        }
    }
}
