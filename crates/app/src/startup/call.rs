//! Calls: of functions of the program, of classes, of packages, and of what packages are given.

use super::Startup;
use super::relevant::registers_list;
use super::value::{FrameId, Kind, Made, ObjId, V, Value, join, one};
use crate::limits;
use casemate_flow::apipath::PathId;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Instr, Key, Language, Operand};
use casemate_model::path::{Port, PortBase, PortStep, Step};
use casemate_model::row::{Role, Row};
use std::rc::Rc;

/// The package whose functions mark what is registered as no part of its own: hooks and members of it are those of what it is
/// registered on.
const OPENS: &str = "npm:fastify-plugin";

/// Arguments by keyword.
pub(super) type Named = Vec<(Rc<str>, Value)>;

/// One call with its values.
#[derive(Clone)]
pub(super) struct Site {
    pub frame: FrameId,
    pub at: u32,
    pub this: Value,
    pub args: Vec<Value>,
    pub named: Named,
    pub new: bool,
}

impl Site {
    /// All arguments.
    fn all(&self) -> impl Iterator<Item = &Value> {
        let named = self.named.iter().map(|(_, value)| value);
        self.args.iter().chain(named)
    }

    /// What is given by a keyword.
    pub(super) fn by_name(&self, name: &str) -> Option<&Value> {
        self.given().by_name(name)
    }

    fn given(&self) -> Given<'_> {
        Given {
            values: &self.args,
            named: &self.named,
        }
    }
}

/// What a function is given.
#[derive(Clone, Copy, Default)]
pub(super) struct Given<'a> {
    /// By position.
    pub values: &'a [Value],
    /// By keyword.
    pub named: &'a [(Rc<str>, Value)],
}

impl<'a> Given<'a> {
    /// By position alone.
    fn of(values: &'a [Value]) -> Self {
        Self { values, named: &[] }
    }

    /// What is given by a keyword.
    pub(super) fn by_name(&self, name: &str) -> Option<&'a Value> {
        let found = self.named.iter().find(|(known, _)| &**known == name);
        found.map(|(_, value)| value)
    }
}

impl<'p, 'm> Startup<'p, 'm, '_> {
    pub(super) fn call(&mut self, frame: FrameId, at: u32) -> Value {
        let Some(&Instr::Call {
            callee,
            this,
            args,
            flags,
            ..
        }) = self.instr(frame, at)
        else {
            return Value::new();
        };
        let f = self.func_of(frame);
        let mut values: Vec<Value> = Vec::new();
        let mut named = Named::new();
        for arg in f.func.args(args) {
            let value = self.operand(frame, arg.value);
            match arg.key {
                ArgKey::Spread => match value.as_slice() {
                    [V::Object(id)] => {
                        let fields = self.obj(*id).map(|o| o.fields.clone()).unwrap_or_default();
                        values.extend(fields.into_iter().map(|(_, v)| v));
                    }
                    _ => values.push(Value::new()),
                },
                ArgKey::Keyword(name) => named.push((Rc::from(f.file.facts.str(name)), value)),
                ArgKey::KeywordSpread => {
                    for id in objects(&value) {
                        let fields = self.obj(id).map(|o| o.fields.clone()).unwrap_or_default();
                        named.extend(fields);
                    }
                }
                ArgKey::Pos => values.push(value),
            }
        }
        let site = Site {
            frame,
            at,
            this: this.map_or_else(Value::new, |t| self.operand(frame, t)),
            args: values,
            named,
            new: flags.new,
        };
        if flags.super_call {
            self.super_call(&site);
            return Value::new();
        }
        let mut callees = self.operand(frame, callee);
        let name = self.method(frame, at, callee);
        if let Some(name) = name
            && let Some(result) = self.protocol(name, &site)
        {
            return result;
        }
        if let Some(name) = name
            && callees
                .iter()
                .all(|v| matches!(v, V::Api(p) if !self.origins.paths.known(*p)))
        {
            let language = match f.file.facts.language {
                Language::Python => "py",
                Language::JavaScript | Language::Template => "js",
            };
            if let Some(path) = self.origins.paths.core_method(language, name) {
                callees = one(V::Api(path));
            }
        }
        if let Some(name) = name
            && let Some(made) = self
                .text_method(name, &site)
                .or_else(|| self.mapping(name, &site))
        {
            return made;
        }
        if callees.is_empty()
            && let Some(path) = self.any_method(frame, at, callee, &site)
        {
            callees = one(V::Api(path));
        }
        if callees.is_empty() {
            self.unknown_callee(&site);
        }
        let mut out = Value::new();
        for v in callees {
            self.calling = Some((frame, at));
            let result = match v {
                V::Func(func, env) if site.new => self.construct_plain(func, env, &site),
                V::Func(func, env) => self.invoke_aside(func, env, &site.this, Some(site.given())),
                V::Class(class, env) => self.construct(class, env, &site),
                V::Api(path) => self.package_call(path, &site),
                V::Object(id) => match self.obj(id).map(|o| &o.kind) {
                    Some(Kind::Made(made)) => self.package_call(made.path, &site),
                    _ => Value::new(),
                },
                _ => Value::new(),
            };
            join(&mut out, &result);
        }
        self.calling = None;
        out
    }

    /// The name of the member that a callee was loaded from.
    fn method(&self, frame: FrameId, at: u32, callee: Operand) -> Option<&'p str> {
        let Operand::Local(local) = callee else {
            return None;
        };
        let f = self.func_of(frame);
        let before = f.func.instrs.get(..at as usize)?;
        let made = before.iter().rev().take(256);
        match *made.into_iter().find(|i| i.target() == Some(local))? {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => Some(f.file.facts.str(name)),
            _ => None,
        }
    }

    /// `f.call(this, …)`, `f.apply(this, array)`, `f.bind(this, …)`.
    fn protocol(&mut self, name: &str, site: &Site) -> Option<Value> {
        if !matches!(name, "call" | "apply" | "bind") {
            return None;
        }
        let functions: Vec<V> = site
            .this
            .iter()
            .filter(|v| match v {
                V::Func(..) => true,
                V::Api(path) => self.origins.paths.known(*path),
                _ => false,
            })
            .cloned()
            .collect();
        if functions.is_empty() {
            return None;
        }
        if name == "bind" {
            return Some(self.bound(functions, site));
        }
        let this = site.args.first().cloned().unwrap_or_default();
        let args: Vec<Value> = if name == "call" {
            site.args.get(1..).unwrap_or(&[]).to_vec()
        } else {
            match site.args.get(1).map(|v| v.as_slice()) {
                Some([V::Object(id)]) => {
                    let fields = self.obj(*id).map(|o| o.fields.clone()).unwrap_or_default();
                    fields.into_iter().map(|(_, v)| v).collect()
                }
                _ => Vec::new(),
            }
        };
        let mut out = Value::new();
        for v in functions {
            let result = match v {
                V::Func(func, env) => self.invoke_aside(func, env, &this, Some(Given::of(&args))),
                V::Api(path) => {
                    let inner = Site {
                        frame: site.frame,
                        at: site.at,
                        this: this.clone(),
                        args: args.clone(),
                        named: Named::new(),
                        new: false,
                    };
                    self.package_call(path, &inner)
                }
                _ => continue,
            };
            join(&mut out, &result);
        }
        Some(out)
    }

    /// Functions with arguments bound to them, each as the copy that has these.
    fn bound(&self, functions: Vec<V>, site: &Site) -> Value {
        let caller = self.func_of(site.frame).id;
        let copy = |v| match v {
            V::Func(func, env) if !self.leads(func) => {
                let copy = self.origins.bound_at(caller, site.at, func);
                V::Func(copy.unwrap_or(func), env)
            }
            v => v,
        };
        functions.into_iter().map(copy).collect()
    }

    /// Runs a function: to its end where it leads to a registration, else only so far.
    pub(super) fn invoke_aside(
        &mut self,
        func: FuncId,
        env: Option<FrameId>,
        this: &[V],
        args: Option<Given<'_>>,
    ) -> Value {
        let leads = self.leads(func);
        if leads {
            let aside = self.aside.take();
            let result = self.invoke(func, env, this, args);
            self.aside = aside;
            return result;
        }
        match self.aside {
            Some((_, depth)) if depth >= limits::ASIDE_DEPTH => Value::new(),
            Some((fuel, depth)) => {
                self.aside = Some((fuel, depth + 1));
                let result = self.invoke(func, env, this, args);
                if let Some((_, depth)) = &mut self.aside {
                    *depth = depth.saturating_sub(1);
                }
                result
            }
            None => {
                self.aside = Some((limits::ASIDE_FUEL, 1));
                let result = self.invoke(func, env, this, args);
                self.aside = None;
                result
            }
        }
    }

    fn leads(&self, func: FuncId) -> bool {
        self.relevant
            .leads
            .get(func.0 as usize)
            .copied()
            .unwrap_or(false)
    }

    fn construct(&mut self, class: ClassIdx, env: Option<FrameId>, site: &Site) -> Value {
        let Some((file, def)) = self.program.class(class) else {
            return Value::new();
        };
        let id = self.object(Kind::Instance(class));
        self.shared.entry(class).or_insert(id);
        let constructor = self.program.func_id(file, def.constructor);
        let this = one(V::Object(id));
        self.invoke_aside(constructor, env, &this, Some(site.given()));
        this
    }

    fn construct_plain(&mut self, func: FuncId, env: Option<FrameId>, site: &Site) -> Value {
        let id = self.object(Kind::Constructed(func));
        let this = one(V::Object(id));
        let result = self.invoke_aside(func, env, &this, Some(site.given()));
        if result.iter().any(|v| matches!(v, V::Object(_))) {
            result
        } else {
            this
        }
    }

    fn super_call(&mut self, site: &Site) {
        let f = self.func_of(site.frame);
        let Some(class) = f.func.class else { return };
        let class = f.class(class);
        let this = f
            .func
            .this
            .map_or_else(Value::new, |t| self.local(site.frame, t));
        for base in self.bases.get(&class).cloned().unwrap_or_default() {
            match base {
                V::Class(base, env) => {
                    if let Some((file, def)) = self.program.class(base) {
                        let constructor = self.program.func_id(file, def.constructor);
                        self.invoke_aside(constructor, env, &this, Some(site.given()));
                    }
                }
                V::Func(func, env) => {
                    self.invoke_aside(func, env, &this, Some(site.given()));
                }
                // `super().__init__(handlers)` of a class of the program above one of a package.
                V::Api(path) if self.registers_list(path) => {
                    let above = Site {
                        this: this.clone(),
                        new: false,
                        ..site.clone()
                    };
                    self.package_call(path, &above);
                }
                _ => {}
            }
        }
    }

    /// Whether a call registers each element of a list that it is given.
    fn registers_list(&self, path: PathId) -> bool {
        let mut rows = self.origins.paths.call_rows(path, false);
        rows.any(|(_, row)| registers_list(&row.role))
    }

    /// A callee that is not known may run the functions that it is given; those that lead to registrations are run.
    fn unknown_callee(&mut self, site: &Site) {
        for value in site.all() {
            for v in value {
                match v {
                    V::Func(func, env) if self.leads(*func) => {
                        self.invoke_aside(*func, *env, &[], None);
                    }
                    V::Object(id) => {
                        self.handed.insert(*id);
                    }
                    _ => {}
                }
            }
        }
    }

    /// A call of a package's function: what its rows say.
    fn package_call(&mut self, path: PathId, site: &Site) -> Value {
        let rows: Vec<&'m Row> = self
            .origins
            .paths
            .call_rows(path, site.new)
            .map(|(_, row)| row)
            .collect();
        if let Some(text) = self.cased(path, site) {
            return text;
        }
        self.decorates(path, site);
        let mut result = Value::new();
        let mut registers = false;
        let mut ran: Vec<FuncId> = Vec::new();
        let made = self.product(path, site);
        for row in &rows {
            if let Role::Flow {
                from, to, derive, ..
            } = &row.role
                && (!derive || self.is_names(path))
                && !(to.base == PortBase::Ret && to.steps.is_empty() && *derive)
            {
                let values = self.flowing(site, from, *derive);
                let into_made = to.base == PortBase::Ret
                    && matches!(to.steps.first(), Some(PortStep::Member(_)));
                if into_made {
                    let mut product = made.clone();
                    self.write(site, to, values, &mut product);
                } else {
                    self.write(site, to, values, &mut result);
                }
            }
        }
        for row in &rows {
            match &row.role {
                Role::Entry(entry) if entry.handlers.is_some() => {
                    registers = true;
                    self.register(path, site, entry, &made);
                }
                Role::Call {
                    function,
                    args,
                    result: to,
                    prefix,
                } => {
                    let functions = self.read_all(site, function);
                    for v in functions {
                        let V::Func(func, env) = v else { continue };
                        ran.push(func);
                        let prefix = prefix.as_ref().filter(|_| !self.open.contains(&func));
                        let given = self.given(site, args, prefix);
                        let mut results = Vec::new();
                        for args in &given {
                            results.push(self.invoke_aside(func, env, &[], Some(Given::of(args))));
                        }
                        if let Some(to) = to {
                            self.write(site, to, results, &mut result);
                        }
                    }
                }
                Role::Config { fact, .. } if fact == "listen" => {
                    self.handed.extend(objects(&site.this));
                }
                _ => {}
            }
        }
        if !registers {
            let opens = self.origins.paths.text(path).starts_with(OPENS);
            for value in site.all() {
                self.handed.extend(objects(value));
                for v in value {
                    let V::Func(func, env) = v else { continue };
                    // What is given back is run by whoever it is given to.
                    let back = result
                        .iter()
                        .any(|v| matches!(v, V::Func(f, _) if f == func));
                    if back && opens {
                        self.open.insert(*func);
                    }
                    if !back && self.leads(*func) && !ran.contains(func) {
                        self.invoke_aside(*func, *env, &[], None);
                    }
                }
            }
        }
        if result.is_empty() { made } else { result }
    }

    /// What flows from a port; the names of an object's members where a row makes texts of them.
    fn flowing(&mut self, site: &Site, from: &Port, derive: bool) -> Vec<Value> {
        let values = self.read(site, from, &[]);
        if !derive {
            return values;
        }
        let mut names = Vec::new();
        for value in values {
            for id in objects(&value) {
                let fields = self.obj(id).map(|o| &o.fields[..]).unwrap_or(&[]);
                names.extend(fields.iter().map(|(n, _)| one(V::Text(Rc::clone(n)))));
            }
        }
        names
    }

    /// Whether a call gives the names of members.
    fn is_names(&self, path: PathId) -> bool {
        matches!(
            self.origins.paths.last_member(path),
            "keys" | "getOwnPropertyNames" | "ownKeys"
        )
    }

    /// The arguments that a package calls a function with: once for every element that they name.
    fn given(
        &mut self,
        site: &Site,
        ports: &[Option<Port>],
        prefix: Option<&Port>,
    ) -> Vec<Vec<Value>> {
        let child = prefix.map(|prefix| self.child(site, prefix));
        let lists: Vec<Option<Vec<Value>>> = ports
            .iter()
            .map(|port| {
                let port = port.as_ref()?;
                match (&child, &port.base) {
                    (Some(child), PortBase::This) if port.steps.is_empty() => {
                        Some(vec![child.clone()])
                    }
                    _ => Some(self.read(site, port, &[])),
                }
            })
            .collect();
        let many = ports.iter().zip(&lists).find_map(|(port, list)| {
            let any = port.as_ref()?.steps.last() == Some(&PortStep::Any);
            let list = list.as_ref()?;
            (any && !list.is_empty()).then_some(list.len())
        });
        (0..many.unwrap_or(1).min(limits::LOOP_ROUNDS))
            .map(|round| {
                ports
                    .iter()
                    .zip(&lists)
                    .map(|(port, list)| {
                        let any = port
                            .as_ref()
                            .is_some_and(|p| p.steps.last() == Some(&PortStep::Any));
                        let list = list.as_deref().unwrap_or(&[]);
                        let at = if any { round } else { 0 };
                        list.get(at).cloned().unwrap_or_default()
                    })
                    .collect()
            })
            .collect()
    }

    /// A part of the receiver whose routes stand below a prefix of their own.
    fn child(&mut self, site: &Site, prefix: &Port) -> Value {
        let parent = objects(&site.this).next();
        let path = match site.this.as_slice() {
            [V::Object(id)] => match self.obj(*id).map(|o| &o.kind) {
                Some(Kind::Made(made)) => Some(made.path),
                _ => None,
            },
            [V::Api(path)] => Some(*path),
            _ => None,
        };
        let Some(path) = path else {
            return site.this.clone();
        };
        let made = Made {
            path,
            from: None,
            site: self.site(site.frame, site.at),
            args: Vec::new(),
            class: None,
        };
        let id = self.object(Kind::Made(made));
        let prefix = self.read_all(site, prefix);
        self.mount(site, parent, id, &prefix);
        one(V::Object(id))
    }

    /// Whether what a call gives back has more before its handlers than what it is called on.
    fn is_step(&self, path: PathId) -> bool {
        self.origins.paths.call_rows(path, false).any(
            |(_, row)| matches!(&row.role, Role::Entry(entry) if entry.method.as_deref() == Some(super::STEP)),
        )
    }

    /// What a call of a package makes: the receiver again where a fluent interface gives it back.
    fn product(&mut self, path: PathId, site: &Site) -> Value {
        let step = if site.new { Step::New } else { Step::Call };
        let Some(made) = self.origins.paths.step(path, &step) else {
            return Value::new();
        };
        let from = objects(&site.this).next();
        if let Some(id) = from
            && let Some(Kind::Made(known)) = self.obj(id).map(|o| &o.kind)
            && known.path == made
            && !self.is_step(path)
        {
            return one(V::Object(id));
        }
        let made = Made {
            path: made,
            from,
            site: self.site(site.frame, site.at),
            args: site.args.clone(),
            class: site.this.iter().find_map(|v| match v {
                V::Class(class, _) => Some(*class),
                _ => None,
            }),
        };
        one(V::Object(self.made(site.frame, site.at, made)))
    }
}

/// The objects among some values.
pub(super) fn objects(value: &[V]) -> impl Iterator<Item = ObjId> + '_ {
    value.iter().filter_map(|v| match v {
        V::Object(id) => Some(*id),
        _ => None,
    })
}
