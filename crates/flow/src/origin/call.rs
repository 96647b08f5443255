//! Calls: arguments reach parameters, results come back, packages call what they are given.

use super::solve::{Frame, Solver, making};
use super::value::{Val, ValId, ValSet};
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Arg, ArgKey, Const, FnKind, Instr, LocalId, Operand, Param};
use casemate_model::path::{ArgIndex, Port, PortBase, Step};
use casemate_model::row::Role;

/// How deep the objects are followed that a package is given.
const GIVEN_DEPTH: u32 = 6;

/// One call with its values.
pub(super) struct CallSite {
    pub to: Option<LocalId>,
    pub this: ValSet,
    pub this_operand: Option<Operand>,
    pub args: Vec<(ArgKey, ValSet, Option<Operand>)>,
    pub new: bool,
}

impl<'p> Solver<'p, '_> {
    pub(super) fn call(&mut self, frame: Frame<'p>, index: u32, instr: &Instr) {
        let Instr::Call {
            to,
            callee,
            this,
            args,
            flags,
        } = *instr
        else {
            return;
        };
        let args: Vec<Arg> = frame.f.func.args(args).to_vec();
        let site = CallSite {
            to: Some(to),
            this: this.map_or_else(ValSet::new, |t| self.operand(frame, t)),
            this_operand: this,
            args: args
                .iter()
                .map(|a| (a.key, self.operand(frame, a.value), Some(a.value)))
                .collect(),
            new: flags.new,
        };
        if flags.super_call {
            self.super_call(frame, &site);
            return;
        }
        let callees = self.operand(frame, callee);
        if self.function_protocol(frame, index, callee, &site, flags) {
            return;
        }
        for &val in &callees {
            let called = match flags.new {
                true => Some(val),
                false => self.called(frame, index, val),
            };
            if let Some(val) = called {
                self.apply(frame, val, &site);
            }
        }
        self.declared_by_call(frame, index, callee, &callees, &site);
        self.kept_beside(frame, index, callee, to);
        self.kept_under_name(frame, index, callee, &site, to);
        // A member of a package's value that no model speaks of may still be a core method.
        let known = callees
            .iter()
            .any(|&v| !matches!(self.vals.get(v), Some(Val::Api(p)) if !self.paths.known(p)));
        if !known && let Some(name) = method_name(frame.f, index, callee) {
            let language = super::solve::root_prefix(frame.f.file.facts.language);
            if let Some(path) = self.paths.core_method(language, name) {
                self.rows(frame, path, &site);
                // What a method of that name gives, whoever has it.
                if making(frame) == Step::Call
                    && let Some(called) = self.paths.step(path, &Step::Call)
                    && self.paths.known(called)
                {
                    let val = self.vals.id(Val::Api(called));
                    self.set(frame, to, &[val]);
                }
            }
        }
    }

    /// Calls one value.
    pub(super) fn apply(&mut self, frame: Frame<'p>, callee: ValId, site: &CallSite) {
        match self.vals.get(callee) {
            Some(Val::Func(func)) => {
                if site.new {
                    let made = self.vals.id(Val::FnInstance(func));
                    self.bind_this(func, &[made]);
                    self.bind(
                        frame,
                        func,
                        &CallSite {
                            to: None,
                            this: ValSet::new(),
                            this_operand: None,
                            args: site.args.clone(),
                            new: false,
                        },
                    );
                    if let Some(to) = site.to {
                        self.set(frame, to, &[made]);
                        // A constructor function may return something else.
                        let result = self.return_node(func);
                        let vals = self.get_shared(result);
                        self.set(frame, to, &vals);
                    }
                } else {
                    self.bind(frame, func, site);
                    if let Some(to) = site.to {
                        let result = self.return_node(func);
                        let vals = self.get_shared(result);
                        self.set(frame, to, &vals);
                    }
                }
            }
            Some(Val::Class(class)) => {
                let Some((file, def)) = self.program.class(class) else {
                    return;
                };
                let constructor = self.program.func_id(file, def.constructor);
                self.bind(
                    frame,
                    constructor,
                    &CallSite {
                        to: None,
                        this: ValSet::new(),
                        this_operand: None,
                        args: site.args.clone(),
                        new: false,
                    },
                );
                if let Some(to) = site.to {
                    let made = self.vals.id(Val::Instance(class));
                    self.set(frame, to, &[made]);
                }
            }
            Some(Val::Instance(_)) if making(frame) == Step::Call => {
                if let Some(name) = self.program.symbols.find("__call__") {
                    for method in self.load_all(frame, &[callee], name) {
                        if let Some(Val::Func(func)) = self.vals.get(method) {
                            self.bind_this(func, &[callee]);
                            self.bind(frame, func, site);
                            if let Some(to) = site.to {
                                let result = self.return_node(func);
                                let vals = self.get_shared(result);
                                self.set(frame, to, &vals);
                            }
                        }
                    }
                }
            }
            Some(Val::Api(path)) => {
                let step = if site.new { Step::New } else { Step::Call };
                if let Some(called) = self.paths.step(path, &step) {
                    if let Some(to) = site.to {
                        let val = self.vals.id(Val::Api(called));
                        self.set(frame, to, &[val]);
                        self.still_through(frame, site, to);
                    }
                    self.arguments(frame, path, site);
                }
                self.rows(frame, path, site);
            }
            Some(any @ Val::Members(..)) => self.apply_any(frame, any, site),
            _ => {}
        }
    }

    /// Receivers reach `this` of functions that have their own.
    pub(super) fn bind_this(&mut self, func: FuncId, vals: &[ValId]) {
        let f = self.program.func(func);
        if f.func.kind != FnKind::Arrow
            && let Some(this) = f.func.this
        {
            let node = self.local_node(func, this);
            self.add_all(node, vals);
        }
    }

    /// Arguments reach parameters.
    pub(super) fn bind(&mut self, frame: Frame<'p>, func: FuncId, site: &CallSite) {
        self.bind_this(func, &site.this);
        let callee = self.program.func(func);
        let mut position = 0;
        for (key, vals, _) in &site.args {
            match key {
                ArgKey::Pos => {
                    self.param(frame, func, position, vals);
                    position += 1;
                }
                ArgKey::Keyword(name) => self.keyword(frame, func, frame.f.sym(*name), vals),
                ArgKey::Spread => {
                    let elements = self.load_all(frame, vals, Sym::ANY);
                    for index in position..callee.func.params.len() {
                        self.param(frame, func, index, &elements);
                    }
                }
                ArgKey::KeywordSpread => self.keywords(frame, func, vals, position),
            }
        }
    }

    /// An argument by keyword reaches the parameter of that name, else the parameter that gathers keywords.
    fn keyword(&mut self, frame: Frame<'p>, func: FuncId, name: Sym, vals: &[ValId]) {
        let callee = self.program.func(func);
        let named = |p: &&Param| !p.rest && p.name.is_some_and(|n| callee.sym(n) == name);
        if let Some(param) = callee.func.params.iter().find(named) {
            let node = self.local_node(func, param.local);
            self.add_all(node, vals);
        } else if let Some(gathered) = self.gathered(func) {
            self.store(frame, gathered, name, vals);
        }
    }

    /// The members of a mapping reach parameters by name, but for the first ones, which are `given` by position.
    fn keywords(&mut self, frame: Frame<'p>, func: FuncId, vals: &[ValId], given: usize) {
        let callee = self.program.func(func);
        let given = given + self.bound_to(func);
        for param in callee
            .func
            .params
            .iter()
            .skip(given)
            .filter(|p| !p.rest && !p.keyword_rest)
        {
            if let Some(name) = param.name {
                let members = self.load_all(frame, vals, callee.sym(name));
                let node = self.local_node(func, param.local);
                self.add_all(node, &members);
            }
        }
        if let Some(gathered) = self.gathered(func) {
            for &val in vals {
                self.copy_members(frame, val, gathered);
            }
        }
    }

    /// The object of a parameter that gathers keywords.
    fn gathered(&mut self, func: FuncId) -> Option<ValId> {
        let callee = self.program.func(func);
        let param = callee.func.params.iter().find(|p| p.keyword_rest)?;
        let object = self.vals.id(Val::Object(func, u32::MAX - 3));
        let node = self.local_node(func, param.local);
        self.add(node, object);
        Some(object)
    }

    /// What a package gives for a parameter: a request, what was read from one.
    pub(super) fn filled(&mut self, frame: Frame<'p>, func: FuncId, index: usize, vals: &[ValId]) {
        if !vals.is_empty() {
            let at = index + self.bound_to(func);
            self.filled_by_package.insert((func, at));
            self.param(frame, func, index, vals);
        }
    }

    /// One argument reaches a parameter, the rest parameter, and `arguments`.
    pub(super) fn param(&mut self, frame: Frame<'p>, func: FuncId, index: usize, vals: &[ValId]) {
        if vals.is_empty() {
            return;
        }
        let index = index + self.bound_to(func);
        let callee = self.program.func(func);
        if let Some(arguments) = callee.func.arguments {
            let array = self.vals.id(Val::Object(func, u32::MAX));
            let node = self.local_node(func, arguments);
            self.add(node, array);
            self.store(frame, array, Sym::index(to_u32(index)), vals);
        }
        let rest = callee.func.params.iter().position(|p| p.rest);
        match rest {
            Some(rest) if index >= rest => {
                let Some(param) = callee.func.params.get(rest) else {
                    return;
                };
                let array = self.vals.id(Val::Object(func, u32::MAX - 2));
                let node = self.local_node(func, param.local);
                self.add(node, array);
                self.store(frame, array, Sym::index(to_u32(index - rest)), vals);
            }
            _ => {
                if let Some(param) = callee.func.params.get(index).filter(|p| !p.keyword_rest) {
                    let node = self.local_node(func, param.local);
                    self.add_all(node, vals);
                }
            }
        }
    }

    /// Functions and objects given to a package get what the package's paths say.
    fn arguments(&mut self, frame: Frame<'p>, path: crate::apipath::PathId, site: &CallSite) {
        if !self.paths.known(path) {
            for (_, vals, _) in &site.args {
                for &val in vals {
                    if let Some(Val::Func(func)) = self.vals.get(val) {
                        self.called_by_package.insert(func);
                    }
                }
            }
            return;
        }
        let count = site.args.len();
        for (index, (key, vals, _)) in site.args.iter().enumerate() {
            if let ArgKey::Keyword(name) = key {
                let name = frame.f.file.facts.str(*name).to_owned();
                if let Some(path) = self.paths.step(path, &Step::Arg(ArgIndex::Keyword(name)))
                    && self.paths.known(path)
                {
                    for &val in vals {
                        self.given(frame, path, val, 0);
                    }
                }
                continue;
            }
            if vals.is_empty() || *key != ArgKey::Pos {
                continue;
            }
            let mut paths = vec![
                self.paths
                    .step(path, &Step::Arg(ArgIndex::At(to_u32(index)))),
            ];
            paths.push(
                self.paths
                    .step(path, &Step::Arg(ArgIndex::FromEnd(to_u32(count - index)))),
            );
            for path in paths.into_iter().flatten().filter(|_| true) {
                if self.paths.known(path) {
                    for &val in vals {
                        self.given(frame, path, val, 0);
                    }
                }
            }
        }
    }

    /// A value in the hands of a package, at this path.
    pub(super) fn given(
        &mut self,
        frame: Frame<'p>,
        path: crate::apipath::PathId,
        val: ValId,
        depth: u32,
    ) {
        match self.vals.get(val) {
            Some(Val::Func(func)) => {
                self.called_by_package.insert(func);
                self.answers_as(frame, func, path);
                let params = self.program.func(func).func.params.len();
                for index in 0..params {
                    if let Some(path) = self.paths.step(path, &Step::Param(to_u32(index)))
                        && self.paths.known(path)
                        && !self.is_declared_otherwise(func, index, path)
                    {
                        let api = self.vals.id(Val::Api(path));
                        self.filled(frame, func, index, &[api]);
                        // What is given by name, whatever its names are.
                        let named = self.program.func(func).func.params.get(index);
                        if let Some(named) = named.filter(|p| p.keyword_rest) {
                            let node = self.local_node(func, named.local);
                            self.add(node, api);
                        }
                    }
                }
                if let Some(path) = self.paths.step(path, &Step::This)
                    && self.paths.known(path)
                {
                    let api = self.vals.id(Val::Api(path));
                    self.bind_this(func, &[api]);
                }
                if let Some(path) = self.paths.step(path, &Step::Ret)
                    && self.paths.known(path)
                {
                    self.returns_to(func, path);
                    if depth < GIVEN_DEPTH {
                        let node = self.return_node(func);
                        for inner in self.get_shared(node) {
                            self.given(frame, path, inner, depth + 1);
                        }
                    }
                }
            }
            // What the package makes of a class, it calls: `app.add_middleware(Files)`.
            Some(Val::Class(class)) if depth < GIVEN_DEPTH => {
                if let Some(path) = self.paths.step(path, &Step::Ret)
                    && self.paths.known(path)
                    && let Some(called) = self.call_method(class)
                {
                    let called = self.vals.id(Val::Func(called));
                    self.given(frame, path, called, depth + 1);
                }
            }
            Some(Val::Object(..) | Val::Exports(_) | Val::Instance(_)) if depth < GIVEN_DEPTH => {
                if let Some(Val::Instance(class)) = self.vals.get(val) {
                    self.given_methods(frame, path, class, depth);
                    if let Some(called) = self.called_as(val) {
                        let called = self.vals.id(Val::Func(called));
                        self.given(frame, path, called, depth + 1);
                    }
                }
                self.watch_list(val);
                let list: Vec<_> = self.field_lists.get(&val).cloned().unwrap_or_default();
                for (sym, node) in list {
                    let Some(path) = self.member_path(path, sym) else {
                        continue;
                    };
                    if !self.paths.known(path) {
                        continue;
                    }
                    for inner in self.get_shared(node) {
                        self.given(frame, path, inner, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// The function that runs when a value is called: itself, or `__call__` of an instance.
    fn called_as(&self, val: ValId) -> Option<FuncId> {
        match self.vals.get(val) {
            Some(Val::Func(func)) => Some(func),
            Some(Val::Instance(class)) => self.call_method(class),
            _ => None,
        }
    }

    /// The methods of an object in the hands of a package.
    fn given_methods(
        &mut self,
        frame: Frame<'p>,
        path: crate::apipath::PathId,
        class: crate::program::ClassIdx,
        depth: u32,
    ) {
        let program = self.program;
        let Some((file, def)) = program.class(class) else {
            return;
        };
        for member in &def.members {
            let (Some(func), false) = (member.func, member.is_static) else {
                continue;
            };
            if let Some(path) = self.member_path(path, program.sym(file, member.name))
                && self.paths.known(path)
            {
                let method = self.vals.id(Val::Func(program.func_id(file, func)));
                self.given(frame, path, method, depth + 1);
            }
        }
    }

    /// What the rows of a path say about values: flows, callbacks, handlers.
    pub(super) fn rows(&mut self, frame: Frame<'p>, path: crate::apipath::PathId, site: &CallSite) {
        let rows: Vec<_> = self
            .paths
            .call_rows(path, site.new)
            .map(|(_, row)| row)
            .collect();
        for row in rows {
            match &row.role {
                Role::Flow {
                    from,
                    to,
                    derive: false,
                    ..
                } => {
                    let vals = self.port_read(frame, site, from);
                    self.port_write(frame, site, to, &vals);
                }
                Role::Call {
                    function,
                    args,
                    result,
                    ..
                } => {
                    let functions = self.port_read(frame, site, function);
                    let given: Vec<ValSet> = args
                        .iter()
                        .map(|a| {
                            a.as_ref()
                                .map_or_else(ValSet::new, |port| self.port_read(frame, site, port))
                        })
                        .collect();
                    for val in functions {
                        let Some(func) = self.called_as(val) else {
                            continue;
                        };
                        self.called_by_package.insert(func);
                        for (index, vals) in given.iter().enumerate() {
                            self.filled(frame, func, index, vals);
                        }
                        if let Some(result) = result {
                            let node = self.return_node(func);
                            let vals = self.get_shared(node);
                            self.port_write(frame, site, result, &vals);
                        }
                    }
                }
                Role::Definition { members, from } => {
                    self.define(frame, site, members, from.as_ref());
                }
                Role::Through { from, to } => self.works_through(frame, site, from, to),
                Role::Registry { name, value } => self.register(frame, site, name, value),
                Role::Filter {
                    name,
                    function: Some(function),
                } => {
                    let functions = self.port_read(frame, site, function);
                    let given = name.as_ref().and_then(|it| constant(frame, site, it));
                    self.filters(given.as_deref(), &functions);
                }
                Role::Entry(entry) => {
                    let Some(port) = &entry.handlers else {
                        continue;
                    };
                    let handlers = self.port_read(frame, site, port);
                    let route = entry
                        .path
                        .as_ref()
                        .and_then(|path| constant(frame, site, path));
                    for val in handlers {
                        let func = match self.vals.get(val) {
                            // A class by itself has its methods for it, or is called as what it makes.
                            Some(Val::Class(class)) if entry.method.as_deref() == Some("use") => {
                                self.call_method(class)
                            }
                            _ => self.called_as(val),
                        };
                        if let Some(func) = func {
                            self.handles(frame, func, entry, route.as_deref());
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// The constant text that a call is given as this argument.
fn constant(frame: Frame<'_>, site: &CallSite, port: &Port) -> Option<String> {
    let PortBase::Arg(ArgIndex::At(index) | ArgIndex::AtOrKeyword(index, _)) = &port.base else {
        return None;
    };
    let Some((ArgKey::Pos, _, Some(Operand::Const(id)))) = site.args.get(*index as usize) else {
        return None;
    };
    match frame.f.file.facts.constant(*id) {
        Const::Str(text) => Some(frame.f.file.facts.str(*text).to_owned()),
        _ => None,
    }
}

/// The name of the member that a callee temporary was loaded from; the load stands shortly before the call.
pub(crate) fn method_name<'p>(
    func: crate::program::FuncRef<'p>,
    call: u32,
    callee: Operand,
) -> Option<&'p str> {
    let Operand::Local(local) = callee else {
        return None;
    };
    let load = func.written_before(local, call)?;
    match *func.func.instrs.get(load as usize)? {
        Instr::Load {
            key: casemate_ir::Key::Field(name),
            ..
        } => Some(func.file.facts.str(name)),
        _ => None,
    }
}
