//! Sails applications: `config/routes.js` names actions by where they lie below `api/controllers`, `config/policies.js` what stands
//! before them. Both are read, and the routes are lowered once more with the registrations that they stand for behind them, as
//! Sails makes them on an Express application; each is told where the route is written.
//!
//! Source: <https://sailsjs.com/documentation/concepts/routes/custom-routes>, `…/concepts/policies`, `…/actions-and-controllers`.

use crate::lower::Lowered;
use casemate_ir::{Const, FileFacts, FnKind, Function, Instr, Key, Operand, PartKey, Span};
use casemate_lang_js::LowerOptions;
use casemate_source::{Project, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where routes and policies stand, below the folder of the package.
const ROUTES: &str = "config/routes.js";
const POLICIES: &str = "config/policies.js";

/// Routes of one application that are read.
const MOST: usize = 5_000;

/// Adds the registrations of all Sails applications of a project.
pub(crate) fn complete(project: &Project, lowered: &mut Lowered) {
    for unit in &project.units {
        if !unit.dependencies.contains_key("sails") {
            continue;
        }
        let prefix = if unit.root.is_empty() {
            String::new()
        } else {
            format!("{}/", unit.root)
        };
        let Some((file, at)) = find(project, lowered, &format!("{prefix}{ROUTES}")) else {
            continue;
        };
        let Some((_, facts)) = lowered.files.get(at) else {
            continue;
        };
        let files: BTreeMap<&str, &SourceFile> = project
            .files
            .iter()
            .filter_map(|f| Some((f.path.strip_prefix(&prefix)?, f)))
            .collect();
        let app = App {
            files,
            policies: find(project, lowered, &format!("{prefix}{POLICIES}"))
                .and_then(|(_, at)| lowered.files.get(at))
                .map(|(_, facts)| policies(facts))
                .unwrap_or_default(),
        };
        let routes = routes(facts, &file.text);
        let (script, places) = app.script(&routes, file.text.len());
        if places.is_empty() {
            continue;
        }
        let text = format!("{}{script}", file.text);
        let mut facts = casemate_lang_js::lower(&text, &file.path, &LowerOptions::default());
        tell(&mut facts, &places, file.text.len());
        if let Some((_, known)) = lowered.files.get_mut(at) {
            *known = facts;
        }
    }
}

/// A file by its path, with its index among what was lowered.
fn find<'p>(
    project: &'p Project,
    lowered: &Lowered,
    path: &str,
) -> Option<(&'p SourceFile, usize)> {
    let index = project.files.iter().position(|f| f.path == path)?;
    let at = lowered.files.iter().position(|(of, _)| *of == index)?;
    Some((project.files.get(index)?, at))
}

/// What a route leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Target {
    /// An action, by its name.
    Action(String),
    /// A function, as it is written.
    Written(String),
}

/// One route.
struct Route {
    address: String,
    span: Span,
    /// Policies that it names itself.
    before: Vec<String>,
    target: Target,
}

/// What stands before an action.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Before {
    Policies(Vec<String>),
    /// Everybody may, nobody may.
    Fixed(bool),
}

/// An application: its files below the package's folder, and its policies by what they are for, in lower case.
struct App<'p> {
    files: BTreeMap<&'p str, &'p SourceFile>,
    policies: BTreeMap<String, Before>,
}

/// The members of an object that is written where it is used, with their places.
type Members<'f> = Vec<(&'f str, Operand, Span)>;

impl App<'_> {
    /// The registrations as a script, and for each of its lines the place of the route.
    fn script(&self, routes: &[Route], from: usize) -> (String, Vec<(usize, Span)>) {
        let mut script =
            "\n;const __sails = require('sails'), __app = require('express')();\n".to_owned();
        let mut places = Vec::new();
        for route in routes.iter().take(MOST) {
            let (method, path) = address(&route.address);
            let mut chain: Vec<String> = Vec::new();
            let handler = match &route.target {
                Target::Written(text) => text.replace(['\n', '\r'], " "),
                Target::Action(name) => {
                    let name = canonical(name);
                    match self.before(&name) {
                        Some(Before::Policies(names)) => {
                            chain.extend(names.iter().map(|n| policy(n)))
                        }
                        Some(Before::Fixed(false)) => continue,
                        _ => {}
                    }
                    match self.action(&name) {
                        Some(handler) => handler,
                        None => continue,
                    }
                }
            };
            chain.extend(route.before.iter().map(|n| policy(n)));
            chain.push(handler);
            places.push((from + script.len(), route.span));
            let _ = writeln!(
                script,
                "__app.{method}({}, {});",
                quoted(path),
                chain.join(", ")
            );
        }
        // Sails answers what a handler throws.
        script.push_str(
            "__app.use((err, req, res, next) => res.sendStatus(500));\n__app.listen(1337);\n",
        );
        (script, places)
    }

    /// The function that an action is, as an expression of `config/routes.js`.
    fn action(&self, name: &str) -> Option<String> {
        let (folder, last) = name.rsplit_once('/').unwrap_or(("", name));
        for (path, file) in &self.files {
            let Some(rest) = path.strip_prefix("api/controllers/") else {
                continue;
            };
            let Some((stem, _)) = rest.rsplit_once('.') else {
                continue;
            };
            let module = format!("require({})", quoted(&format!("../api/controllers/{stem}")));
            if stem.eq_ignore_ascii_case(name) {
                // An action of its own is a function, or a machine with its function in `fn`.
                let machine = ["fn:", "fn(", "fn ("]
                    .iter()
                    .any(|word| file.text.contains(word));
                return Some(if machine {
                    format!(
                        "{module}.fn.bind(__sails.__machine, __sails.__machine.inputs, __sails.__machine.exits)"
                    )
                } else {
                    module
                });
            }
            if stem.eq_ignore_ascii_case(&format!("{folder}Controller"))
                && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                return Some(format!("{module}.{}", member(&file.text, last)));
            }
        }
        None
    }

    /// What stands before an action: what is said of it, of the folder that it lies in, of all.
    fn before(&self, name: &str) -> Option<&Before> {
        if let Some(said) = self.policies.get(name) {
            return Some(said);
        }
        let mut folder = name;
        while let Some((outer, _)) = folder.rsplit_once('/') {
            if let Some(said) = self.policies.get(&format!("{outer}/*")) {
                return Some(said);
            }
            folder = outer;
        }
        self.policies.get("*")
    }
}

/// A member of a controller as it is written there: names of actions are compared without their case.
fn member(text: &str, name: &str) -> String {
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .find(|word| word.eq_ignore_ascii_case(name))
        .unwrap_or(name)
        .to_owned()
}

fn policy(name: &str) -> String {
    format!("require({})", quoted(&format!("../api/policies/{name}")))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `GET /a` and `/a` as method and path.
fn address(text: &str) -> (&'static str, &str) {
    let (method, path) = text
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or(("", text));
    let method = match method.to_ascii_lowercase().as_str() {
        "get" => "get",
        "post" => "post",
        "put" => "put",
        "patch" => "patch",
        "delete" => "delete",
        _ => "all",
    };
    (method, path.trim())
}

/// `UserController.find`, `user.find` and `user/find` as `user/find`.
fn canonical(name: &str) -> String {
    let name = name.trim_start_matches('/').replace('.', "/");
    let parts = name
        .split('/')
        .map(|part| part.strip_suffix("Controller").unwrap_or(part));
    parts.collect::<Vec<_>>().join("/").to_lowercase()
}

/// The routes that a file lists.
fn routes(facts: &FileFacts, text: &str) -> Vec<Route> {
    let Some((f, list)) = exported(facts, "routes") else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (address, value, span) in members(facts, f, list) {
        let mut route = Route {
            address: address.to_owned(),
            span: place(text, address).unwrap_or(span),
            before: Vec::new(),
            target: Target::Action(String::new()),
        };
        let mut found = false;
        for value in elements(f, value) {
            if let Some(name) = constant(facts, value) {
                if !name.starts_with(['/', 'h']) || !name.contains("://") && !name.starts_with('/')
                {
                    route.target = Target::Action(name.to_owned());
                    found = true;
                }
                continue;
            }
            let said = members(facts, f, value);
            let of = |name: &str| said.iter().find(|(known, ..)| *known == name);
            let named = |name: &str| of(name).and_then(|(_, value, _)| constant(facts, *value));
            if let Some(name) = named("policy") {
                route.before.push(name.to_owned());
            }
            if let Some(action) = named("action") {
                route.target = Target::Action(match named("controller") {
                    Some(controller) => format!("{controller}/{action}"),
                    None => action.to_owned(),
                });
                found = true;
            } else if let Some(written) =
                of("fn").and_then(|(_, value, _)| written(f, *value, text))
            {
                route.target = Target::Written(written.to_owned());
                found = true;
            }
        }
        if found {
            out.push(route);
        }
    }
    out
}

/// Where an address is written: constants have no place of their own.
fn place(text: &str, address: &str) -> Option<Span> {
    ['\'', '"', '`'].iter().find_map(|quote| {
        let at = text.find(&format!("{quote}{address}{quote}"))?;
        Some(Span {
            start: u32::try_from(at).ok()?,
            end: u32::try_from(at + address.len() + 2).ok()?,
        })
    })
}

/// What policies say, by what they are for.
fn policies(facts: &FileFacts) -> BTreeMap<String, Before> {
    let mut out = BTreeMap::new();
    let Some((f, list)) = exported(facts, "policies") else {
        return out;
    };
    for (of, value, _) in members(facts, f, list) {
        let inner = members(facts, f, value);
        if inner.is_empty() {
            if let Some(before) = before(facts, f, value) {
                out.insert(canonical(of), before);
            }
            continue;
        }
        for (action, value, _) in inner {
            if let Some(before) = before(facts, f, value) {
                out.insert(
                    format!("{}/{}", canonical(of), action.to_lowercase()),
                    before,
                );
            }
        }
    }
    out
}

fn before(facts: &FileFacts, f: &Function, value: Operand) -> Option<Before> {
    if let Operand::Const(id) = value
        && let Const::Bool(open) = facts.constant(id)
    {
        return Some(Before::Fixed(*open));
    }
    let names: Vec<String> = elements(f, value)
        .into_iter()
        .filter_map(|value| constant(facts, value))
        .map(str::to_owned)
        .collect();
    (!names.is_empty()).then_some(Before::Policies(names))
}

/// `module.exports.routes = {…}`, `module.exports = { routes: {…} }`.
fn exported<'f>(facts: &'f FileFacts, name: &str) -> Option<(&'f Function, Operand)> {
    let f = facts.functions.iter().find(|f| f.kind == FnKind::Module)?;
    f.instrs.iter().find_map(|instr| match *instr {
        Instr::Store {
            key: Key::Field(field),
            value,
            ..
        } if facts.str(field) == name => Some((f, value)),
        Instr::Store {
            key: Key::Field(field),
            value,
            ..
        } if facts.str(field) == "exports" => members(facts, f, value)
            .into_iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, value, _)| (f, value)),
        _ => None,
    })
}

/// The instruction that makes a value, copies passed over.
fn maker(f: &Function, value: Operand) -> Option<(usize, &Instr)> {
    let mut at = value;
    for _ in 0..4 {
        let made = f
            .instrs
            .iter()
            .enumerate()
            .find(|(_, instr)| instr.target().map(Operand::Local) == Some(at))?;
        match *made.1 {
            Instr::Copy { from, .. } => at = from,
            _ => return Some(made),
        }
    }
    None
}

fn members<'f>(facts: &'f FileFacts, f: &'f Function, value: Operand) -> Members<'f> {
    let Some((at, Instr::Object { parts, .. })) = maker(f, value) else {
        return Vec::new();
    };
    let whole = f.spans.get(at).copied().unwrap_or_default();
    f.parts(*parts)
        .iter()
        .filter_map(|part| match part.key {
            PartKey::Field(name) => {
                let own = maker(f, part.value).and_then(|(at, _)| f.spans.get(at).copied());
                Some((facts.str(name), part.value, own.unwrap_or(whole)))
            }
            _ => None,
        })
        .collect()
}

/// The elements of a list, or the value itself.
fn elements(f: &Function, value: Operand) -> Vec<Operand> {
    match maker(f, value) {
        Some((_, Instr::Array { parts, .. })) => {
            f.parts(*parts).iter().map(|part| part.value).collect()
        }
        _ => vec![value],
    }
}

fn constant(facts: &FileFacts, value: Operand) -> Option<&str> {
    match value {
        Operand::Const(id) => match facts.constant(id) {
            Const::Str(text) => Some(facts.str(*text)),
            _ => None,
        },
        Operand::Local(_) => None,
    }
}

/// A value as it is written.
fn written<'t>(f: &Function, value: Operand, text: &'t str) -> Option<&'t str> {
    let (at, _) = maker(f, value)?;
    let span = f.spans.get(at)?;
    text.get(span.start as usize..span.end as usize)
}

/// Tells what was added where the routes are written.
fn tell(facts: &mut FileFacts, places: &[(usize, Span)], end: usize) {
    let end = u32::try_from(end).unwrap_or(u32::MAX);
    let told = |span: &mut Span| {
        if span.end <= end {
            return;
        }
        let start = span.start.max(end) as usize;
        let line = places.partition_point(|(at, _)| *at <= start);
        let place = line.checked_sub(1).and_then(|line| places.get(line));
        *span = place.map_or(Span { start: 0, end: 0 }, |(_, span)| *span);
    };
    for function in &mut facts.functions {
        function.spans.iter_mut().for_each(told);
        for block in &mut function.blocks {
            told(&mut block.term_span);
        }
        if function.kind == FnKind::Module {
            function.span.end = function.span.end.min(end);
        } else {
            told(&mut function.span);
            told(&mut function.head);
        }
    }
    for import in &mut facts.imports {
        told(&mut import.span);
    }
}
