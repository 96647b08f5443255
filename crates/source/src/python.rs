//! What Python's manifests declare: `requirements.txt`, `pyproject.toml`, `setup.cfg`, `Pipfile`.

use crate::unit::{Manifest, Unit, Version};

/// Adds what a manifest declares to its unit. Nobody offers the modules of an application to others, so that it is a program.
pub(crate) fn declare(unit: &mut Unit, manifest: &Manifest, notes: &mut Vec<String>) {
    let name = manifest.name().to_ascii_lowercase();
    match name.as_str() {
        "requirements.txt" => manifest.text.lines().for_each(|line| require(unit, line)),
        "setup.cfg" => setup(unit, &manifest.text),
        "pyproject.toml" | "pipfile" => match manifest.text.parse::<toml::Table>() {
            Ok(table) => tables(unit, &table),
            Err(error) => {
                let first = error.message().to_owned();
                notes.push(format!("`{}` is not valid: {first}", manifest.path));
            }
        },
        _ => return,
    }
    unit.private = true;
}

fn tables(unit: &mut Unit, table: &toml::Table) {
    let at = |path: &[&str]| -> Option<&toml::Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(table.get(*first)?, |value, name| value.get(name))
    };
    if let Some(name) = at(&["project", "name"])
        .or_else(|| at(&["tool", "poetry", "name"]))
        .and_then(toml::Value::as_str)
    {
        unit.name = name.to_owned();
    }
    let mut lists: Vec<&toml::Value> = at(&["project", "dependencies"]).into_iter().collect();
    for groups in [
        at(&["project", "optional-dependencies"]),
        at(&["dependency-groups"]),
    ] {
        lists.extend(
            groups
                .and_then(toml::Value::as_table)
                .into_iter()
                .flat_map(toml::Table::values),
        );
    }
    for requirement in lists
        .into_iter()
        .filter_map(toml::Value::as_array)
        .flatten()
        .filter_map(toml::Value::as_str)
    {
        require(unit, requirement);
    }
    for path in [
        &["tool", "poetry", "dependencies"][..],
        &["packages"],
        &["dev-packages"],
    ] {
        let Some(table) = at(path).and_then(toml::Value::as_table) else {
            continue;
        };
        for (name, version) in table.iter().filter(|(name, _)| *name != "python") {
            let version = version
                .as_str()
                .or_else(|| version.get("version")?.as_str())
                .unwrap_or("*");
            unit.dependencies
                .insert(normal(name), Version::Range(version.to_owned()));
        }
    }
}

/// `install_requires =` and the indented lines after it.
fn setup(unit: &mut Unit, text: &str) {
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if inside {
                require(unit, line);
            }
            continue;
        }
        inside = false;
        if let Some((key, value)) = line.split_once('=') {
            match key.trim() {
                "install_requires" => {
                    inside = true;
                    require(unit, value);
                }
                "name" => value.trim().clone_into(&mut unit.name),
                _ => {}
            }
        }
    }
}

/// One requirement: `Flask[async]==3.0.1 ; python_version > "3"`.
fn require(unit: &mut Unit, line: &str) {
    let line = line.split([';', '#']).next().unwrap_or_default().trim();
    let end = line
        .find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    if name.is_empty() || name.starts_with('-') {
        return;
    }
    let rest = rest.trim_start();
    let range = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, range)| range),
        None => rest,
    };
    let version = match range.trim().strip_prefix("==") {
        Some(exact) if !exact.contains(['*', ',']) => Version::Locked(exact.trim().to_owned()),
        _ if range.trim().is_empty() => Version::Range("*".into()),
        _ => Version::Range(range.trim().to_owned()),
    };
    unit.dependencies.insert(normal(name), version);
}

/// The name as package indexes compare it.
pub(crate) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}
