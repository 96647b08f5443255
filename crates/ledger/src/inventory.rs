//! What a program uses: every call that a model speaks of, by what it does.

use crate::data;
use crate::feature;
use crate::handed::Handed;
use crate::logging::{self, LogEntry};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{FuncRef, Target};
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId, Site};
use casemate_ir::{Const, Instr, Key, Language, Operand};
use casemate_model::row::Role;
use std::collections::{BTreeMap, BTreeSet};

/// What is used, and where.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// By kind of sink: the calls and output tags, each with the library that the model is about.
    pub uses: BTreeMap<String, BTreeMap<Site, String>>,
    /// By name of fact: the same.
    pub facts: BTreeMap<String, BTreeMap<Site, String>>,
    /// Of these, the calls that say it under some condition only (`app.set('trust proxy', …)`): they count where the analysis
    /// found that it may hold.
    conditional: BTreeMap<String, BTreeSet<Site>>,
    /// By kind of sink and name of fact: calls of a name that such calls have, on something of which nothing is known.
    pub unclear: BTreeMap<String, BTreeSet<Site>>,
    /// What code says where one of these stands: the package or module through which it is reached (`sqlite3`).
    spoken: BTreeMap<Site, String>,
    /// Libraries of models, with the number of calls.
    pub libraries: BTreeMap<String, usize>,
    /// Packages that are imported, as roots (`npm:express`), with the files.
    pub packages: BTreeMap<String, BTreeSet<FileIdx>>,
    /// Of these, the ones that no model speaks of.
    pub unknown: BTreeSet<String>,
    /// Hosts that addresses in the code name, with the places.
    pub hosts: BTreeMap<String, BTreeSet<Site>>,
    /// Names of members that are read and that tell what data they hold (see [`crate::data`]), with the places.
    pub members: BTreeMap<String, BTreeSet<Site>>,
    /// Calls that were looked at.
    pub calls: usize,
    /// Names and texts that the code holds, each once.
    pub names: usize,
    /// By feature that names tell: such names of the code.
    pub told: BTreeMap<String, BTreeSet<String>>,
    /// Endpoints of applications that are known.
    pub housed: usize,
    /// Lines that are written into a log, by their call; through a logger of the program's own too.
    pub entries: BTreeMap<Site, LogEntry>,
    /// What is handed to logs, clients and other services, by name.
    pub handed: Handed,
    /// What the owner says that names hold.
    stated: data::Stated,
}

impl Inventory {
    /// Walks the whole program. `stated`: what the owner says that names hold; `answering`: functions whose results clients get.
    #[must_use]
    pub fn of(
        origins: &Solver<'_, '_>,
        stated: &data::Stated,
        answering: &BTreeSet<FuncId>,
    ) -> Self {
        let mut made = Self {
            stated: stated.clone(),
            ..Self::default()
        };
        let program = origins.program;
        let mut seen = BTreeSet::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut open: BTreeMap<String, BTreeSet<Site>> = BTreeMap::new();
        for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
            let f = program.func(id);
            if seen.insert(f.file_idx) {
                names.extend(f.file.facts.strings.iter().map(|s| &**s));
                made.imports(origins, f);
            }
            for (at, (instr, span)) in f.func.instrs.iter().zip(&f.func.spans).enumerate() {
                let site = Site {
                    file: f.file_idx,
                    span: *span,
                };
                match *instr {
                    Instr::Call {
                        callee,
                        flags,
                        args,
                        ..
                    } => {
                        made.calls += 1;
                        let paths = paths(origins, f, callee);
                        if paths.is_empty() && origins.of_operand(id, callee).is_empty() {
                            let name = member_before(f, callee, at);
                            if let Some(name) = name {
                                open.entry(name).or_default().insert(site);
                            }
                        }
                        let core = paths
                            .is_empty()
                            .then(|| core(origins, f, callee, at))
                            .flatten();
                        let paths: Vec<PathId> = paths.into_iter().chain(core).collect();
                        made.call(origins, &paths, flags.new, site);
                        if made.writes_log(site) {
                            let level = member_before(f, callee, at).unwrap_or_default();
                            let entry = logging::entry(f, f.func.args(args), level);
                            made.entries.insert(site, entry);
                        }
                    }
                    Instr::Output {
                        context, escaped, ..
                    } => {
                        if let Some(kind) = written_as(f.file.facts.str(context), escaped) {
                            let places = made.uses.entry(kind.to_owned()).or_default();
                            places.insert(site, "templates".to_owned());
                            // What is escaped for HTML may be no value of a script.
                            if kind == "html.script" && escaped != Some(false) {
                                let unclear = made.unclear.entry(kind.to_owned()).or_default();
                                unclear.insert(site);
                            }
                        }
                    }
                    Instr::Load {
                        key: Key::Field(name),
                        ..
                    } => {
                        let name = f.file.facts.str(name);
                        if made.class_of(name).is_some() {
                            made.members
                                .entry(name.to_owned())
                                .or_default()
                                .insert(site);
                        }
                    }
                    _ => {}
                }
            }
        }
        made.names = names.len();
        made.told = feature::told(names.iter().copied());
        made.leave_open(origins, &open);
        logging::through_own(origins, &mut made.entries);
        made.handed = Handed::of(origins, &made, answering);
        made
    }

    /// The class of data that a name tells, as the owner says, else as it reads.
    #[must_use]
    pub fn class_of(&self, name: &str) -> Option<data::Class> {
        match self.stated.get(name) {
            Some(stated) => *stated,
            None => data::class_of(name),
        }
    }

    fn writes_log(&self, site: Site) -> bool {
        self.of_kinds(&self.uses, &["log"])
            .any(|places| places.contains_key(&site))
    }

    /// Adds what the analysis and the application model tell, by fact.
    pub fn tell<'a>(&mut self, facts: impl Iterator<Item = &'a Fact> + Clone) {
        let told: BTreeSet<(&str, Site)> =
            facts.clone().map(|f| (f.fact.as_str(), f.site)).collect();
        for (fact, places) in std::mem::take(&mut self.conditional) {
            if let Some(all) = self.facts.get_mut(&fact) {
                all.retain(|site, _| {
                    !places.contains(site) || told.contains(&(fact.as_str(), *site))
                });
            }
        }
        for fact in facts {
            if fact.fact == "application"
                && let Some((_, FactValue::Number(n))) =
                    fact.values.iter().find(|(name, _)| name == "endpoints")
            {
                let n: usize = format!("{n}").parse().unwrap_or(0);
                self.housed += n;
            }
            let places = self.facts.entry(fact.fact.clone()).or_default();
            places
                .entry(fact.site)
                .or_insert_with(|| fact.callee.clone());
        }
    }

    /// The calls of some kinds; a parent covers its children.
    #[must_use]
    pub fn places(&self, kinds: &[&str]) -> BTreeSet<Site> {
        self.of_kinds(&self.uses, kinds)
            .flat_map(|places| places.keys().copied())
            .collect()
    }

    /// The calls that say something of these names about configuration.
    #[must_use]
    pub fn settings(&self, facts: &[&str]) -> BTreeSet<Site> {
        let of = facts.iter().filter_map(|fact| self.facts.get(*fact));
        of.flat_map(|places| places.keys().copied()).collect()
    }

    /// The calls that may be of some kinds.
    #[must_use]
    pub fn unclear(&self, kinds: &[&str]) -> BTreeSet<Site> {
        self.of_kinds(&self.unclear, kinds)
            .flat_map(|places| places.iter().copied())
            .collect()
    }

    /// The libraries through which something of some kinds is done, with the number of calls.
    #[must_use]
    pub fn through(&self, kinds: &[&str]) -> BTreeMap<String, usize> {
        let mut out: BTreeMap<String, BTreeSet<Site>> = BTreeMap::new();
        for (site, library) in self.of_kinds(&self.uses, kinds).flatten() {
            out.entry(library.clone()).or_default().insert(*site);
        }
        out.into_iter().map(|(l, sites)| (l, sites.len())).collect()
    }

    /// The same by the packages and modules that the code names, not by the models that speak of them.
    #[must_use]
    pub fn spoken(&self, kinds: &[&str]) -> BTreeMap<String, usize> {
        let mut out: BTreeMap<String, BTreeSet<Site>> = BTreeMap::new();
        for (site, library) in self.of_kinds(&self.uses, kinds).flatten() {
            let name = self.spoken.get(site).unwrap_or(library);
            out.entry(name.clone()).or_default().insert(*site);
        }
        out.into_iter().map(|(l, sites)| (l, sites.len())).collect()
    }

    pub(crate) fn of_kinds<'a, T>(
        &self,
        map: &'a BTreeMap<String, T>,
        kinds: &'a [&str],
    ) -> impl Iterator<Item = &'a T> {
        let wanted = |name: &str| {
            kinds.iter().any(|kind| {
                name.strip_prefix(kind)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        map.iter()
            .filter(move |(name, _)| wanted(name))
            .map(|(_, places)| places)
    }

    fn imports(&mut self, origins: &Solver<'_, '_>, f: FuncRef<'_>) {
        for target in &f.file.imports {
            if let Target::Package(root) = target {
                let models = origins.paths.models();
                if !around(root).any(|of| !models.root(of).is_empty()) {
                    self.unknown.insert(root.clone());
                }
                let files = self.packages.entry(root.clone()).or_default();
                files.insert(f.file_idx);
            }
        }
    }

    fn call(&mut self, origins: &Solver<'_, '_>, paths: &[PathId], new: bool, site: Site) {
        let kinds = origins.paths.models().kinds();
        let mut libraries = BTreeSet::new();
        for path in paths {
            for (_, row) in origins.paths.call_rows(*path, new) {
                libraries.insert(row.library.as_str());
                let places = match &row.role {
                    Role::Sink { kind, .. } => {
                        if let Some(name) = package_in(&origins.paths.text(*path)) {
                            self.spoken.entry(site).or_insert(name);
                        }
                        self.uses
                            .entry(kinds.sink_name(*kind).to_owned())
                            .or_default()
                    }
                    Role::Config { fact, .. } => {
                        let known = self.facts.get(fact);
                        let known = known.is_some_and(|places| places.contains_key(&site));
                        if row.when.is_some() && !known {
                            let places = self.conditional.entry(fact.clone()).or_default();
                            places.insert(site);
                        } else if let Some(places) = self.conditional.get_mut(fact) {
                            places.remove(&site);
                        }
                        self.facts.entry(fact.clone()).or_default()
                    }
                    _ => continue,
                };
                places.entry(site).or_insert_with(|| row.library.clone());
            }
        }
        for library in libraries {
            *self.libraries.entry(library.to_owned()).or_default() += 1;
        }
    }

    /// Calls on an unknown receiver count as unclear where a library that the program uses has a call of that name, and no core
    /// type has.
    fn leave_open(&mut self, origins: &Solver<'_, '_>, open: &BTreeMap<String, BTreeSet<Site>>) {
        let models = origins.paths.models();
        for row in models.rows() {
            let kind = match &row.role {
                Role::Sink { kind, .. } => models.kinds().sink_name(*kind),
                Role::Config { fact, .. } => fact.as_str(),
                _ => continue,
            };
            if !self.libraries.contains_key(&row.library) {
                continue;
            }
            let of_setting = matches!(row.role, Role::Config { .. });
            let names = last_names(&row.at);
            // A name of one word (`use`, `set`) is that of anything.
            for name in names.into_iter().filter(|n| !of_setting || is_compound(n)) {
                let Some(places) = open.get(name) else {
                    continue;
                };
                let core = ["js", "py"]
                    .iter()
                    .any(|language| !models.core_method(language, name).is_empty());
                if !core {
                    let unclear = self.unclear.entry(kind.to_owned()).or_default();
                    unclear.extend(places);
                }
            }
        }
    }

    /// Hosts that constants name; templates and pages are for the caller to leave out.
    pub fn hosts_of(&mut self, origins: &Solver<'_, '_>, wanted: &dyn Fn(FileIdx) -> bool) {
        let program = origins.program;
        for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
            let f = program.func(id);
            if !wanted(f.file_idx) {
                continue;
            }
            for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
                let operands: &[Operand] = match *instr {
                    Instr::Call { args, .. } => {
                        let values = f.func.args(args).iter().map(|a| a.value);
                        self.hosts_in(f, values, *span);
                        continue;
                    }
                    Instr::Copy { from, .. } => &[from],
                    _ => continue,
                };
                self.hosts_in(f, operands.iter().copied(), *span);
            }
        }
    }

    fn hosts_in(
        &mut self,
        f: FuncRef<'_>,
        operands: impl Iterator<Item = Operand>,
        span: casemate_ir::Span,
    ) {
        for operand in operands {
            let Operand::Const(id) = operand else {
                continue;
            };
            let Const::Str(text) = *f.file.facts.constant(id) else {
                continue;
            };
            if let Some(host) = host(f.file.facts.str(text)) {
                let places = self.hosts.entry(host).or_default();
                places.insert(Site {
                    file: f.file_idx,
                    span,
                });
            }
        }
    }
}

pub(crate) fn paths(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> Vec<PathId> {
    let values = origins.of_operand(f.id, callee).iter();
    values
        .filter_map(|v| match origins.val(*v) {
            Some(Val::Api(path)) => Some(path),
            _ => None,
        })
        .collect()
}

/// The method of a core type that a call on something unknown may be.
fn core(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand, at: usize) -> Option<PathId> {
    let language = match f.file.facts.language {
        Language::JavaScript | Language::Template => "js",
        Language::Python => "py",
    };
    let name = member_before(f, callee, at)?;
    origins.paths.made_core_method(language, &name)
}

/// What an output tag writes, where it matters: escaping makes text and attributes safe, not addresses and scripts.
fn written_as(context: &str, escaped: Option<bool>) -> Option<&'static str> {
    match context {
        "header" | "text" => None,
        "html.url" => Some("html.url"),
        "html.script" => Some("html.script"),
        "html.attr.unquoted" => Some("html.attr"),
        "html.attr" | "html.style" => (escaped != Some(true)).then_some("html.attr"),
        _ => (escaped != Some(true)).then_some("html.text"),
    }
}

/// The member that a callee was loaded as.
pub(crate) fn member_before(f: FuncRef<'_>, callee: Operand, call: usize) -> Option<String> {
    let before = f.func.instrs.get(..call)?;
    before.iter().rev().take(8).find_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } if Operand::Local(to) == callee => Some(f.file.facts.str(name).to_owned()),
        _ => None,
    })
}

/// The last names of a path as written: `a.{b,c}()` → `b`, `c`.
fn last_names(at: &str) -> Vec<&str> {
    let at = at.trim_end_matches("()");
    let last = match at.rfind('{').filter(|_| at.ends_with('}')) {
        Some(open) => at.get(open + 1..at.len() - 1).unwrap_or_default(),
        None => at.rsplit('.').next().unwrap_or_default(),
    };
    let names = last.split(',').map(str::trim);
    names
        .filter(|n| n.len() > 1 && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect()
}

/// Whether a name has several words: `set_cookie`, `createCipher`.
fn is_compound(name: &str) -> bool {
    let inner = name.get(1..).unwrap_or_default();
    inner.contains('_') || inner.contains(|c: char| c.is_ascii_uppercase())
}

/// A root and those around it: `py:a.b.c`, `py:a.b`, `py:a`; `npm:a/b`, `npm:a`. Who speaks of a package speaks of its parts.
fn around(root: &str) -> impl Iterator<Item = &str> {
    let mark = if root.starts_with("py:") { '.' } else { '/' };
    let inner = root.match_indices(mark).map(|(at, _)| at);
    let inner: Vec<&str> = inner.filter_map(|at| root.get(..at)).collect();
    std::iter::once(root).chain(inner.into_iter().rev())
}

/// The package or module at the head of a path: `sqlite3` of `py:sqlite3.connect().execute()`, `@hapi/hapi`. Nothing where it
/// begins with a type or with what the language itself has.
fn package_in(path: &str) -> Option<String> {
    let (space, rest) = path.split_once(':')?;
    if !matches!(space, "npm" | "node" | "py") {
        return None;
    }
    let end = rest.find(['.', '(', '[', '{']).unwrap_or(rest.len());
    let name = rest.get(..end)?;
    (!name.is_empty() && name != "builtins" && name != "cursor").then(|| name.to_owned())
}

/// The host that an address names.
fn host(text: &str) -> Option<String> {
    let rest = ["http://", "https://", "ws://", "wss://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let end = rest.find(['/', '?', '#', ':', ' ']).unwrap_or(rest.len());
    let host = rest.get(..end)?.to_ascii_lowercase();
    let named = host.contains('.')
        && host.len() < 100
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-');
    let address = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    (named && !address).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hosts_are_read() {
        assert_eq!(last_names("@c.{find,findOne}"), ["find", "findOne"]);
        assert_eq!(last_names("npm:pg.Pool.new().query"), ["query"]);
        assert_eq!(
            host("https://api.example.org/v1?x"),
            Some("api.example.org".to_owned())
        );
        assert_eq!(host("http://127.0.0.1/"), None);
        let parts: Vec<&str> = around("py:a.b.c").collect();
        assert_eq!(parts, ["py:a.b.c", "py:a.b", "py:a"]);
        assert!(is_compound("set_cookie") && is_compound("createCipher") && !is_compound("Set"));
        assert_eq!(host("http://localhost:3000"), None);
    }
}
