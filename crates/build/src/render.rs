//! Fills the templates. A template is a file of `templates/`, and its path is the path of what it makes:
//!
//! - `dot-` at the start of a name stands for `.`;
//! - `.j2` at the end: it has expressions; all others are copied as they are;
//! - `__entity__` or `__entities__` in the path: it is filled once for each entity.

use crate::File;
use crate::view::Project;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};

/// All templates with their paths.
const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// All files of the project, in the order of their paths.
pub fn render(project: &Project) -> Result<Vec<File>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let whole = Value::from(Serde(project));
    let mut files = Vec::new();
    for (template, text) in TEMPLATES {
        if !wanted(template, &whole) {
            continue;
        }
        let path = template.replace("dot-", ".");
        let Some(path) = path.strip_suffix(".j2") else {
            files.push(File {
                path,
                text: (*text).to_owned(),
            });
            continue;
        };
        let fill = |values: Value| {
            environment
                .render_named_str(template, text, values)
                .map(|text| tidy(&text))
        };
        if !path.contains("__entit") {
            files.push(File {
                path: path.to_owned(),
                text: fill(whole.clone())?,
            });
            continue;
        }
        for (at, entity) in project.entities.iter().enumerate() {
            let path = path
                .replace("__number__", &format!("{:04}_", at + 2))
                .replace("__entities__", entity.table())
                .replace("__entity__", &entity.name);
            let values = context! { e => Value::from(Serde(entity)), ..whole.clone() };
            files.push(File {
                path,
                text: fill(values)?,
            });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Parts that not every project has.
fn wanted(template: &str, project: &Value) -> bool {
    let set = |name: &str| {
        project
            .get_attr("app")
            .and_then(|app| app.get_attr(name))
            .is_ok_and(|value| value.is_true())
    };
    let name = template
        .rsplit('/')
        .next()
        .unwrap_or(template)
        .to_lowercase();
    if name.starts_with("fieldcipher") {
        set("encrypted")
    } else if name.starts_with("idempotency") {
        set("idempotent")
    } else {
        true
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
    lines.join("\n") + "\n"
}
