//! Fills the templates. A template is a file of `templates/`, and its path is the path of what it makes:
//!
//! - `dot-` at the start of a name stands for `.`;
//! - `.j2` at the end: it has expressions; all others are copied as they are;
//! - `__entity__`, `__entities__` or `__path__` in the path: it is filled once for each entity;
//! - `⟦…⟧` marks a control, see [`crate::control`].

use crate::control::{self, Control};
use crate::view::Project;
use crate::{File, Generated};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, context};

/// All templates with their paths.
const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// All files of the project, in the order of their paths, and all controls in the order of their places.
pub fn render(project: &Project) -> Result<Generated, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("grouped", grouped);
    let whole = Value::from(Serde(project));
    let mut made = Generated::default();
    for (template, text) in TEMPLATES {
        if !wanted(template, &whole) {
            continue;
        }
        let path = template.replace("dot-", ".");
        let Some(path) = path.strip_suffix(".j2") else {
            add(&mut made, path, (*text).to_owned(), None, str::to_owned)?;
            continue;
        };
        let fill = |values: Value| environment.render_named_str(template, text, values);
        if !["__entit", "__path__"]
            .iter()
            .any(|part| path.contains(part))
        {
            add(&mut made, path.to_owned(), fill(whole.clone())?, None, tidy)?;
            continue;
        }
        for (at, entity) in project.entities.iter().enumerate() {
            let whole_entity = Value::from(Serde(entity));
            if !wanted_of(template, &whole_entity) {
                continue;
            }
            let path = path
                .replace("__number__", &format!("{:04}_", at + 2))
                .replace("__entities__", entity.table())
                .replace("__path__", entity.path())
                .replace("__entity__", &entity.name);
            let values = context! { e => whole_entity, ..whole.clone() };
            add(&mut made, path, fill(values)?, Some(&entity.name), tidy)?;
        }
    }
    made.files.sort_by(|a, b| a.path.cmp(&b.path));
    made.controls
        .sort_by(|a, b| (&a.path, a.line, a.ordinal).cmp(&(&b.path, b.line, b.ordinal)));
    Ok(made)
}

/// Adds a filled template and its controls.
fn add(
    made: &mut Generated,
    path: String,
    filled: String,
    entity: Option<&str>,
    finish: impl Fn(&str) -> String,
) -> Result<(), Error> {
    let marked = control::marked(&filled)
        .map_err(|why| Error::new(ErrorKind::SyntaxError, format!("{path}: {why}")))?;
    let text = finish(&marked.text);
    for (at, (id, without)) in marked.without.iter().enumerate() {
        let without = finish(without);
        let tests = control::catalogue()
            .get(id)
            .map_or(&[][..], |about| &about.tests)
            .iter()
            .map(|test| test.replace("__entity__", entity.unwrap_or_default()))
            .collect();
        let earlier = marked.without.iter().take(at);
        made.controls.push(Control {
            ordinal: earlier.filter(|(other, _)| other == id).count() + 1,
            line: control::first_difference(&text, &without),
            id: id.clone(),
            path: path.clone(),
            without,
            tests,
        });
    }
    made.files.push(File { path, text });
    Ok(())
}

/// Parts that not every project has: how the names of their files begin, or the folder that they
/// stand in, with `/`; and where the view says that it has them.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("cache.", &["app", "cached"]),
    ("cache.", &["app", "own_cache"]),
    ("exchange", &["app", "calls"]),
    ("fieldcipher", &["app", "encrypted"]),
    ("file", &["app", "uploads"]),
    ("frontend", &["app", "frontend"]),
    ("graphql", &["app", "graphql"]),
    ("__entity__.graphql", &["app", "graphql"]),
    ("idempotency", &["app", "idempotent"]),
    ("0001_jobs", &["app", "jobs"]),
    ("job", &["app", "jobs"]),
    ("identities.", &["auth", "federated"]),
    ("identity.", &["auth", "federated"]),
    ("identityprovider", &["auth", "oidc"]),
    ("identityrepository", &["auth", "federated"]),
    ("identityservice", &["auth", "federated"]),
    ("0001_identities", &["auth", "federated"]),
    ("0001_saml", &["auth", "saml"]),
    ("kubernetes", &["app", "kubernetes"]),
    ("live", &["app", "live"]),
    ("0001_live", &["app", "live"]),
    ("messagesignature", &["app", "signed"]),
    ("oidc", &["auth", "oidc"]),
    ("outbound.ts", &["outbound"]),
    ("outboundclient", &["app", "calls"]),
    ("ownorigin", &["app", "live"]),
    ("outgoing", &["receivers"]),
    ("0001_passkeys", &["auth", "passkeys"]),
    ("[...way]", &["auth", "federated"]),
    ("arrival", &["auth", "federated"]),
    ("authenticator", &["auth", "passkeys"]),
    ("passkey", &["auth", "passkeys"]),
    ("relyingparty", &["auth", "passkeys"]),
    ("publicaddress", &["app", "calls"]),
    ("rawbody", &["webhooks"]),
    ("redis", &["app", "shared_cache"]),
    ("renewal", &["auth", "rotates"]),
    ("retention", &["app", "retention"]),
    ("saml", &["auth", "saml"]),
    ("show.ts", &["shows_values"]),
    ("secondfactor", &["auth", "mfa"]),
    ("sharedcache", &["app", "shared_cache"]),
    ("collector", &["app", "telemetry"]),
    ("telemetry", &["app", "telemetry"]),
    ("toldspans", &["app", "telemetry"]),
    ("totp", &["auth", "mfa"]),
    ("upgrade.", &["app", "live"]),
    ("uploads", &["app", "uploads"]),
    ("web.", &["app", "web"]),
    ("web/", &["app", "web"]),
    ("webhook", &["webhooks"]),
];

/// Whether a project has this part. A folder counts as well as a file.
fn wanted(template: &str, project: &Value) -> bool {
    let names = template.to_lowercase();
    OPTIONAL
        .iter()
        .filter(|(begin, _)| {
            let folder = begin.ends_with('/') && names.starts_with(begin);
            folder || names.split('/').any(|name| name.starts_with(begin))
        })
        .all(|(_, place)| holds(project, place))
}

/// Whether something true stands at this place.
fn holds(value: &Value, place: &[&str]) -> bool {
    place
        .iter()
        .try_fold(value.clone(), |value, part| value.get_attr(part))
        .is_ok_and(|found| found.is_true())
}

/// Parts that not every entity has: what their paths hold, and where the view says that the entity has them.
const OPTIONAL_OF_ENTITY: &[(&str, &[&str])] = &[
    ("__entity__.cache", &["cache"]),
    ("__entity__.files", &["upload"]),
    ("__entity__.live", &["live"]),
    ("__path__/[id]", &["upload"]),
    ("__path__/create", &["ops", "create"]),
];

/// Whether an entity has this part.
fn wanted_of(template: &str, entity: &Value) -> bool {
    OPTIONAL_OF_ENTITY
        .iter()
        .filter(|(part, _)| template.contains(part))
        .all(|(_, place)| holds(entity, place))
}

/// A number as people write it in code: `21_600`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// Imports in the order of their modules: Node.js, packages, then files, those of folders further up first. Only such that stand together
/// change places, and none where one is imported for what it does.
fn in_order(lines: &mut [&str]) {
    let module = |line: &str| -> Option<(u8, String)> {
        let (names, rest) = line.strip_prefix("import ")?.split_once(" from '")?;
        let (module, end) = rest.split_once('\'')?;
        let place = match module {
            _ if names.is_empty() || end != ";" => return None,
            module if module.starts_with("node:") => 0,
            module if module.starts_with('.') => 2,
            _ => 1,
        };
        Some((place, module.to_lowercase()))
    };
    for block in lines.chunk_by_mut(|a, b| module(a).is_some() == module(b).is_some()) {
        block.sort_by_key(|line| module(line));
    }
}

/// At most one empty line in a row, none at the start of the file or after an opening bracket, one newline at the end.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let opened = lines
            .last()
            .is_none_or(|last| last.is_empty() || last.ends_with(['{', '(', '[']));
        if line.is_empty() && opened {
            continue;
        }
        if line.trim_start().starts_with(['}', ')', ']'])
            && lines.last().is_some_and(|last| last.is_empty())
        {
            lines.pop();
        }
        lines.push(line);
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    in_order(&mut lines);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (5_000, "5_000"),
            (21_600, "21_600"),
            (5_000_000, "5_000_000"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn imports_stand_in_order() {
        let text = "import './first.js';\nimport { b } from './b.js';\nimport { a } from '../a.js';\nimport z from 'z';\nimport { n } from 'node:n';\n\nb(a, n, z);\n";
        assert_eq!(
            tidy(text),
            "import './first.js';\nimport { n } from 'node:n';\nimport z from 'z';\nimport { a } from '../a.js';\nimport { b } from './b.js';\n\nb(a, n, z);\n"
        );
    }
}
