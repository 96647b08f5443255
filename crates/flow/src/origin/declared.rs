//! Handlers that nobody registers by a call: decorated methods, and exports that a framework finds by file and name.

use super::solve::{Frame, Solver};
use super::value::{Val, ValSet};
use crate::apipath::PathId;
use crate::program::{FuncRef, Program};
use crate::result::{Entry, FuncId, Site};
use casemate_ir::{ArgKey, Const, Decorator, Instr, Key, Operand, PartKey, Span, VarRef};
use casemate_model::glob;
use casemate_model::matcher::Models;
use casemate_model::path::{ArgIndex, Port, PortBase, Step};
use casemate_model::row::{EntryRow, ExportRow, Role};

/// Members that hold the function of something that has a name itself.
const RUNS: [&str; 3] = ["resolve", "subscribe", "run"];

/// A part of a path that is not known.
const UNKNOWN: &str = "{?}";

/// By file: the rows of handlers that are found in it by name.
pub(super) fn exported<'m>(
    program: &Program,
    models: &'m Models,
) -> Vec<Vec<(&'m EntryRow, &'m ExportRow)>> {
    // Many rows ask for the same packages.
    let mut asked: Vec<&[String]> = Vec::new();
    let mut rows = Vec::new();
    for (entry, export) in models.exported_entries() {
        let known = asked.iter().position(|p| *p == export.packages);
        rows.push((entry, export, known.unwrap_or(asked.len())));
        if known.is_none() {
            asked.push(&export.packages);
        }
    }
    let mut out = Vec::with_capacity(program.files.len());
    for (index, file) in (0_u32..).zip(&program.files) {
        let used: Vec<bool> = asked
            .iter()
            .map(|packages| program.may_use(crate::result::FileIdx(index), packages))
            .collect();
        let fits = |row: &ExportRow| row.files.iter().any(|p| glob::fits(p, &file.path));
        let fitting = rows
            .iter()
            .filter(|(_, export, at)| used.get(*at) == Some(&true) && fits(export));
        out.push(
            fitting
                .map(|(entry, export, _)| (*entry, *export))
                .collect(),
        );
    }
    out
}

impl<'p> Solver<'p, '_> {
    /// A function is a handler: what its parameters are, and where its result goes.
    pub(super) fn handles(
        &mut self,
        frame: Frame<'p>,
        func: FuncId,
        entry: &EntryRow,
        route: Option<&str>,
    ) {
        self.called_by_package.insert(func);
        self.by_signature(frame, func, entry, route);
        let count = self.program.func(func).func.params.len()
            - self
                .bound_to(func)
                .min(self.program.func(func).func.params.len());
        let params = if count >= 4 && !entry.params4.is_empty() {
            &entry.params4
        } else {
            &entry.params
        };
        let listed = params.iter().take_while(|word| *word != "signature");
        for (index, name) in listed.enumerate() {
            if name.starts_with('@')
                && let Some(path) = self.paths.named_type(name)
            {
                let api = self.vals.id(Val::Api(path));
                self.filled(frame, func, index, &[api]);
            }
        }
        if let Some(path) = entry.result.as_ref().and_then(|n| self.paths.named_type(n)) {
            self.returns_to(func, path);
        }
        self.made_for(frame, func, entry);
    }

    /// The framework makes an instance of the class whose method the handler is.
    fn made_for(&mut self, frame: Frame<'p>, func: FuncId, entry: &EntryRow) {
        let handler = self.program.func(func);
        let Some(class) = handler.func.class.filter(|_| !entry.instance.is_empty()) else {
            return;
        };
        let Some((file, def)) = self.program.class(handler.class(class)) else {
            return;
        };
        let made = self.program.func_id(file, def.constructor);
        self.called_by_package.insert(made);
        let count = self.program.func(made).func.params.len();
        let less = entry.instance.len().saturating_sub(count);
        for (index, name) in entry.instance.iter().skip(less).enumerate() {
            if let Some(path) = self.paths.named_type(name) {
                let api = self.vals.id(Val::Api(path));
                self.filled(frame, made, index, &[api]);
            }
        }
    }

    /// What a function returns goes to a place of a package.
    pub(super) fn returns_to(&mut self, func: FuncId, path: PathId) {
        let known = self.returned.entry(func).or_default();
        if !known.contains(&path) && known.len() < crate::limits::ORIGIN_VALUES {
            known.push(path);
        }
    }

    /// The decorators of the function under evaluation.
    pub(super) fn decorated(&mut self, frame: Frame<'p>) {
        for decorator in &frame.f.func.decorators {
            for val in self.decorator(frame, decorator) {
                match self.vals.get(val) {
                    Some(Val::Api(path)) => self.decorated_by(frame, decorator, path, None),
                    // One of the program that registers by the decorator of a package.
                    Some(Val::Func(func)) => {
                        if let Some(by) = self.registers_by(frame, decorator, func) {
                            self.registering
                                .insert((frame.f.id, decorator.span), (func, by.callee));
                            self.decorated_by(frame, decorator, by.path, Some(by.route));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// What a decorator of a package makes of the function under evaluation; `route`: below which address, where another one applies it.
    fn decorated_by(
        &mut self,
        frame: Frame<'p>,
        decorator: &Decorator,
        path: PathId,
        route: Option<String>,
    ) {
        let Some(path) = self.paths.step(path, &Step::Deco) else {
            return;
        };
        if !self.paths.known(path) {
            return;
        }
        let itself = self.vals.id(Val::Func(frame.f.id));
        self.given(frame, path, itself, 0);
        let rows: Vec<_> = self.paths.rows(path).map(|(_, row)| row).collect();
        for row in rows {
            if let Role::Filter { name, .. } = &row.role {
                self.filter_by_decorator(frame, decorator, name.as_ref(), itself);
            }
            if let Role::Entry(entry) = &row.role {
                let name = self.paths.last_member(path).to_owned();
                let route = match &route {
                    Some(route) => Some(route.clone()),
                    None => self.decorator_path(frame, decorator, entry),
                };
                self.handles(frame, frame.f.id, entry, route.as_deref());
                let callee = self.paths.text(path);
                let by = Some(decorator.span);
                self.declare(frame.f.id, entry, &name, route, callee, by);
            }
        }
    }

    pub(super) fn decorator(&mut self, frame: Frame<'p>, decorator: &Decorator) -> ValSet {
        match (frame.f.parent(), decorator.value) {
            (Some(parent), Operand::Local(local)) => {
                let node = self.local_node(parent, local);
                self.get_shared(node)
            }
            _ => ValSet::new(),
        }
    }

    /// The instruction that gives a decorator its value, in the function around the declaration.
    pub(super) fn decorating(
        &self,
        frame: Frame<'p>,
        decorator: &Decorator,
    ) -> Option<(FuncRef<'p>, &'p Instr)> {
        let owner = self.program.func(frame.f.parent()?);
        let made = |instr: &&Instr| instr.target().map(Operand::Local) == Some(decorator.value);
        Some((owner, owner.func.instrs.iter().find(made)?))
    }

    /// The path of a route: what the decorators of the class and of the method are called with.
    fn decorator_path(
        &self,
        frame: Frame<'p>,
        decorator: &Decorator,
        entry: &EntryRow,
    ) -> Option<String> {
        let Some(Port {
            base: PortBase::Arg(ArgIndex::At(index) | ArgIndex::AtOrKeyword(index, _)),
            ..
        }) = entry.path
        else {
            return None;
        };
        let own = self.argument(frame, decorator, index);
        let prefix = entry.prefix.as_ref().and_then(|_| {
            let (_, class) = self.program.class(frame.f.class(frame.f.func.class?))?;
            let first = |d: &Decorator| self.argument(frame, d, 0);
            // Guards and descriptions stand there too.
            let controller = |d: &&Decorator| self.is_called(frame, d, "Controller");
            match class.decorators.iter().find(controller) {
                Some(decorator) => first(decorator),
                None => class
                    .decorators
                    .iter()
                    .filter_map(first)
                    .find(|part| part != UNKNOWN),
            }
        });
        let whole: Vec<&str> = prefix
            .iter()
            .chain(&own)
            .flat_map(|part| part.split('/'))
            .filter(|name| !name.is_empty())
            .collect();
        Some(format!("/{}", whole.join("/")))
    }

    /// An argument of the call that a decorator is, as a part of a path; `{?}` where it is not known, absent where it is not given.
    fn argument(&self, frame: Frame<'p>, decorator: &Decorator, index: u32) -> Option<String> {
        let owner = self.program.func(frame.f.parent()?);
        let arg = owner.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Call { to, args, .. } if Operand::Local(to) == decorator.value => {
                owner.func.args(args).get(index as usize)
            }
            _ => None,
        })?;
        if arg.key != ArgKey::Pos {
            return None;
        }
        let part = self.written(owner, arg.value);
        Some(part.unwrap_or_else(|| UNKNOWN.to_owned()))
    }

    /// Whether the function that a decorator calls has a name that ends so.
    fn is_called(&self, frame: Frame<'p>, decorator: &Decorator, end: &str) -> bool {
        let Some(owner) = frame.f.parent().map(|p| self.program.func(p)) else {
            return false;
        };
        let made = |value: Operand| {
            let mut instrs = owner.func.instrs.iter();
            instrs.find(move |instr| instr.target().map(Operand::Local) == Some(value))
        };
        let Some(Instr::Call { callee, .. }) = made(decorator.value) else {
            return false;
        };
        let name = match made(*callee) {
            Some(Instr::Load {
                key: Key::Field(name),
                ..
            }) => Some(*name),
            Some(Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            }) => owner.file.facts.globals.get(global.index()).map(|g| g.name),
            _ => None,
        };
        name.is_some_and(|name| owner.file.facts.str(name).ends_with(end))
    }

    /// A part of a path as it is written: a text, or the `path` of options.
    fn written(&self, owner: FuncRef<'p>, value: Operand) -> Option<String> {
        match value {
            Operand::Const(id) => match owner.file.facts.constant(id) {
                Const::Str(text) => Some(owner.file.facts.str(*text).to_owned()),
                _ => None,
            },
            Operand::Local(local) => owner.func.instrs.iter().find_map(|instr| match *instr {
                Instr::Object { to, parts } if to == local => {
                    let path = owner.func.parts(parts).iter().find(|part| {
                        matches!(part.key, PartKey::Field(name) if owner.file.facts.str(name) == "path")
                    });
                    path.map_or_else(
                        || Some(String::new()),
                        |path| self.written(owner, path.value),
                    )
                }
                Instr::Array { to, parts } if to == local => {
                    self.written(owner, owner.func.parts(parts).first()?.value)
                }
                _ => None,
            }),
        }
    }

    /// A function in the hands of a package that answers as what it is held as: `Meteor.methods({ rename() { … } })`.
    pub(super) fn answers_as(&mut self, frame: Frame<'p>, func: FuncId, path: PathId) {
        let rows = self.paths.rows(path).map(|(_, row)| row);
        let entries: Vec<&EntryRow> = rows
            .filter_map(|row| match &row.role {
                Role::Entry(entry) => entry
                    .handlers
                    .as_ref()
                    .is_some_and(|port| port.base == PortBase::Value)
                    .then_some(entry),
                _ => None,
            })
            .collect();
        for entry in entries {
            let mut named = path;
            // `{ rename: { resolve() { … } } }`
            while RUNS.contains(&self.paths.last_member(named))
                && let Some(above) = self.paths.parent(named)
            {
                named = above;
            }
            let name = self.paths.last_member(named);
            let route = (!name.is_empty()).then(|| format!("/{name}"));
            let callee = self.paths.text(path);
            self.handles(frame, func, entry, None);
            self.declare(func, entry, "", route, callee, None);
        }
    }

    /// The exports of the file under evaluation that a framework calls.
    pub(super) fn exported_handlers(&mut self, frame: Frame<'p>) {
        let index = frame.f.file_idx.0 as usize;
        let rows = self.exported.get(index).cloned().unwrap_or_default();
        for (entry, export) in rows {
            for name in &export.names {
                for val in self.named_export(frame, name) {
                    let Some(Val::Func(func)) = self.vals.get(val) else {
                        continue;
                    };
                    self.handles(frame, func, entry, None);
                    let root = export.root.as_deref();
                    let route = root
                        .and_then(|root| casemate_model::route::of_file(&frame.f.file.path, root))
                        .unwrap_or_else(|| format!("/{}", frame.f.file.path));
                    let route = Some(route);
                    let callee = format!("{}#{name}", frame.f.file.path);
                    self.declare(func, entry, name, route, callee, None);
                }
            }
        }
    }

    /// The values of an export, or of a member of one: `default.fetch`.
    fn named_export(&mut self, frame: Frame<'p>, name: &str) -> ValSet {
        let mut names = name.split('.').map(|name| self.program.symbols.find(name));
        let Some(Some(first)) = names.next() else {
            return ValSet::new();
        };
        let mut vals = self.import_file(frame, frame.f.file_idx, Some(first), false);
        for name in names {
            vals = name.map_or_else(ValSet::new, |name| self.load_all(frame, &vals, name));
        }
        vals
    }

    pub(super) fn declare(
        &mut self,
        func: FuncId,
        entry: &EntryRow,
        name: &str,
        path: Option<String>,
        callee: String,
        decorator: Option<Span>,
    ) {
        let method = match entry.method.as_deref() {
            Some("name") | None => casemate_model::route::method(name),
            Some(literal) => literal.to_owned(),
        };
        let f = self.program.func(func);
        let site = Site {
            file: f.file_idx,
            span: f.func.head,
        };
        self.declared
            .entry((func, method.clone(), decorator))
            .or_insert(Entry {
                method,
                path,
                site,
                callee,
                handlers: vec![func],
                unresolved: 0,
                decorator,
            });
    }
}
