//! Registrations, as they happen.

use super::Startup;
use super::call::{Site, objects};
use super::served::{APPLICATION, TREE};
use super::value::{FrameId, Kind, Made, ObjId, V, Value, texts};
use crate::around::Around;
use casemate_flow::apipath::PathId;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{FuncId, Site as Place};
use casemate_ir::{Capture, Instr, Language, Operand};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep, Step};
use casemate_model::row::{EntryRow, Role};

/// The method of rows that say what all routes of something ask for that do not say it themselves: `server.auth.default('jwt')`.
pub(crate) const DEFAULT: &str = "default";

/// The method of rows that say that what a call gives back runs something before its handlers: `procedure.use(f)`.
pub(crate) const STEP: &str = "step";

/// The method of registrations of which a class says which methods it answers.
pub(crate) const VIEW: &str = "view";

/// The method of fields of a schema of GraphQL.
pub(crate) const GRAPHQL: &str = "graphql";

/// Options of a route that name what runs before its handler, in their order.
const HOOKS: [&str; 4] = ["onRequest", "preParsing", "preValidation", "preHandler"];

/// Ends of names of members that hold the address below which something is mounted.
const ADDRESSES: [&str; 6] = ["path", "prefix", "uri", "url", "baseroute", "basename"];

/// The name of the cap on what one place may hold.
const ALTERNATIVES: &str = "things that one place of the start holds";

/// Helpers that hand a path on to each other.
const HELPERS: usize = 4;

/// The last registrations by one call with which a further one is compared.
const REPEATED: usize = 8;

/// Depth of arrays in arrays of handlers.
const NESTED: u32 = 4;

/// One member of what is registered.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Handler {
    /// A function of the program, with the functions that it was made to call, and what else it was made with.
    Function(FuncId, Vec<FuncId>, Around),
    /// Something that a package made: a router, or a handler.
    Object(ObjId),
    /// A class of the program, whose methods answer by their names.
    Class(ClassIdx),
    /// A value of a package.
    Package(PathId),
    /// Not known.
    Unknown,
}

/// One registration.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Event {
    /// On what.
    pub owner: Option<ObjId>,
    /// As which function of the package.
    pub callee: PathId,
    /// Where: the call that names the path, outside of helpers that are given it.
    pub site: Place,
    /// The call of the package.
    pub call: Place,
    /// In which function, by which instruction.
    pub function: FuncId,
    /// The instruction.
    pub at: u32,
    /// The methods, lower case.
    pub methods: Vec<String>,
    /// The paths; `None` among them: not known. Empty: none is given.
    pub paths: Vec<Option<String>>,
    /// In order; handlers of errors are left out.
    pub handlers: Vec<Handler>,
    /// What the names of the methods end in by which a class answers.
    pub suffix: Option<String>,
    /// The position of the parameter by which a handler passes a request on.
    pub next: Option<usize>,
    /// The kinds of guards that the registration itself asks for, where it says anything of that.
    pub asks: Option<Vec<&'static str>>,
}

/// A part of something, below a prefix.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Mount {
    /// The number of the events before it.
    pub order: usize,
    /// Where.
    pub site: Place,
    /// Of what.
    pub parent: Option<ObjId>,
    /// The part.
    pub child: ObjId,
    /// Below which prefix; `None`: not known.
    pub prefix: Option<String>,
}

impl Startup<'_, '_, '_> {
    pub(super) fn mount(&mut self, site: &Site, parent: Option<ObjId>, child: ObjId, prefix: &[V]) {
        let place = self.site(site.frame, site.at);
        let prefix = match prefix {
            [] | [V::Null] => Some(String::new()),
            some => texts(some).first().map(ToString::to_string),
        };
        if let Some(parent) = parent.filter(|parent| *parent != child) {
            self.parts.insert(child, parent);
        }
        self.mounts.push(Mount {
            order: self.events.len(),
            site: place,
            parent,
            child,
            prefix,
        });
    }

    /// What a row says of a call; of each of its elements where the row registers a list: `[('/', Home), ('/orders', Orders)]`.
    pub(super) fn register(&mut self, path: PathId, site: &Site, entry: &EntryRow, made: &[V]) {
        match entry.method.as_deref() {
            Some(TREE) => return self.register_tree(path, site, entry),
            Some(APPLICATION) => return self.register_application(path, site, entry),
            _ => {}
        }
        let Some(each) = &entry.each else {
            self.register_one(path, site, entry, made);
            return;
        };
        let javascript = self.func_of(site.frame).file.facts.language == Language::JavaScript;
        if javascript && !self.is_list(site, each) {
            return;
        }
        for element in self.read(site, each, made) {
            if objects(&element).next().is_none() {
                self.cap("elements of lists of routes that are not known");
            }
            for id in objects(&element) {
                let Some(obj) = self.obj(id) else { continue };
                let args: Vec<Value> = match &obj.kind {
                    // What makes an element of a list is given what the element consists of: `URLSpec('/', Home)`.
                    Kind::Made(made) => made.args.clone(),
                    Kind::Plain if javascript => vec![super::value::one(V::Object(id))],
                    _ => obj.fields.iter().map(|(_, value)| value.clone()).collect(),
                };
                let inner = Site {
                    args,
                    named: Vec::new(),
                    ..site.clone()
                };
                self.register_one(path, &inner, entry, made);
            }
        }
    }

    fn register_one(&mut self, path: PathId, site: &Site, entry: &EntryRow, made: &[V]) {
        let function = self.func_of(site.frame).id;
        if self.settled.contains(&(function, site.at)) {
            return;
        }
        let Some(port) = &entry.handlers else { return };
        if self.lacks(site, port) {
            return;
        }
        let asks = self.asks(site, &entry.login);
        if entry.method.as_deref() == Some(DEFAULT) {
            return self.by_default(path, site, asks);
        }
        let path_port = entry.path.as_ref();
        let views = self.registers_classes(path, site);
        let mut handlers = Vec::new();
        let values = self.read(site, port, made);
        let first_is_path = values.len() > 1 && starts_with(path_port, port);
        self.hooks(site, &mut handlers);
        self.runs_before(site, &entry.before, &mut handlers);
        for (index, value) in values.iter().enumerate() {
            if index == 0 && first_is_path && value.is_empty() {
                continue;
            }
            self.handlers(value, 0, views, &mut handlers);
        }
        let errors = entry.params.first().is_some_and(|param| param == "error");
        handlers.retain(|handler| match handler {
            Handler::Function(func, ..) => {
                let count = self.program.func(*func).func.params.len();
                !errors && (entry.params4.is_empty() || count < 4)
            }
            _ => !errors,
        });
        if handlers.is_empty() && values.iter().all(|v| !v.is_empty()) {
            // Only texts: a setting is read.
            self.seen.insert((function, site.at));
            return;
        }
        let mut paths = self.paths(site, path_port);
        // A function or router stands where a path may stand.
        if first_is_path || (values.len() == 1 && starts_with(path_port, port)) {
            let first = values.first().map(|v| v.as_slice()).unwrap_or(&[]);
            let callable = |v: &V| match v {
                V::Func(..) | V::Class(..) => true,
                V::Api(path) => !self.is_setting(*path),
                V::Object(id) => self
                    .obj(*id)
                    .is_some_and(|o| matches!(o.kind, Kind::Made(_))),
                _ => false,
            };
            let of_array = match first {
                [V::Object(id)] => self
                    .obj(*id)
                    .filter(|o| o.kind == Kind::Array)
                    .is_some_and(|o| o.fields.iter().any(|(_, v)| v.iter().any(callable))),
                _ => false,
            };
            if of_array || first.iter().any(callable) || (values.len() == 1 && first.is_empty()) {
                paths.clear();
            }
        }
        let of_class = matches!(handlers.last(), Some(Handler::Class(_)));
        let methods = self.methods(path, site, entry, of_class);
        // What a step gives back has it before its handlers, what it was called on has not.
        let owner = if entry.method.as_deref() == Some(STEP) {
            objects(made).next()
        } else {
            self.owner(site, entry, made)
        };
        let next = entry.params.iter().position(|param| param == "next");
        let prefix = entry
            .prefix
            .as_deref()
            .and_then(|text| text.strip_prefix("this."));
        if let (Some(prefix), Some(owner)) = (prefix, owner) {
            let found = self.load(&[V::Object(owner)], prefix);
            if let Some(prefix) = texts(&found).first() {
                if paths.is_empty() {
                    paths.push(Some(String::new()));
                }
                for path in paths.iter_mut().flatten() {
                    *path = crate::route::join(prefix, path);
                }
            }
        }
        let suffix = entry.suffix.as_deref().and_then(|port| {
            let found = self.read_all(site, port);
            texts(&found).first().map(ToString::to_string)
        });
        self.seen.insert((function, site.at));
        // Many that stand in one list are told apart by where their handlers stand.
        let own = handlers.last().and_then(|handler| match handler {
            Handler::Function(func, ..) if entry.each.is_some() => {
                let f = self.program.func(*func);
                let javascript = f.file.facts.language == Language::JavaScript;
                javascript.then(|| self.program.site(*func, f.func.head))
            }
            _ => None,
        });
        let event = Event {
            suffix,
            owner,
            callee: path,
            site: own.unwrap_or_else(|| self.named_at(site.frame, site.at, path_port)),
            call: self.site(site.frame, site.at),
            function,
            at: site.at,
            methods,
            paths,
            handlers,
            next,
            asks,
        };
        // A loop over routes of which nothing is known registers the same again and again; of one address and method the first counts.
        let last = self.last_events.entry((owner, event.call)).or_default();
        let again = |known: &Event| {
            let same = (known.site, &known.methods, &known.paths, &known.suffix)
                == (event.site, &event.methods, &event.paths, &event.suffix);
            same && (known.handlers == event.handlers || event.is_route())
        };
        let mut known = last.iter().filter_map(|at| self.events.get(*at));
        if known.any(again) {
            return;
        }
        if last.len() == REPEATED {
            last.pop_front();
        }
        last.push_back(self.events.len());
        self.events.push(event);
    }

    /// Where a path is named: while it is a parameter of the running function, where that is called.
    fn named_at(&self, frame: FrameId, at: u32, port: Option<&Port>) -> Place {
        let (mut frame, mut at) = (frame, at);
        let mut index = match port.map(|port| &port.base) {
            Some(PortBase::Arg(ArgIndex::At(index) | ArgIndex::AtOrKeyword(index, _))) => {
                *index as usize
            }
            _ => return self.site(frame, at),
        };
        for _ in 0..HELPERS {
            let f = self.func_of(frame);
            let Some(Instr::Call { args, .. }) = self.instr(frame, at) else {
                break;
            };
            let Some(Operand::Local(local)) = f.func.args(*args).get(index).map(|arg| arg.value)
            else {
                break;
            };
            let (Some(param), Some(caller)) = (
                f.func.params.iter().position(|param| param.local == local),
                self.frames
                    .get(frame.0 as usize)
                    .and_then(|frame| frame.caller),
            ) else {
                break;
            };
            index = param;
            (frame, at) = caller;
        }
        self.site(frame, at)
    }

    /// On what something is registered: the receiver, or what made it where the path was given to that.
    fn owner(&self, site: &Site, entry: &EntryRow, made: &[V]) -> Option<ObjId> {
        let Some(this) = objects(&site.this).next() else {
            // A function that makes something of what it is given: `mount('/api', app)`, `createServer(app)`.
            let made = objects(made).next()?;
            let fluent = match self.obj(made).map(|o| &o.kind) {
                Some(Kind::Made(m)) => site.this.contains(&V::Api(m.path)),
                _ => true,
            };
            return (!fluent).then_some(made);
        };
        let Some(Port {
            base: PortBase::This,
            steps,
            ..
        }) = &entry.path
        else {
            return Some(this);
        };
        let Some(PortStep::Member(name)) = steps.first() else {
            return Some(this);
        };
        let holder = self.holder(this, name).unwrap_or(this);
        match self.obj(holder).map(|o| &o.kind) {
            Some(Kind::Made(made)) => made.from.or(Some(holder)),
            _ => Some(holder),
        }
    }

    /// The object that has a member, among what something was made from.
    pub(super) fn holder(&self, id: ObjId, name: &str) -> Option<ObjId> {
        let mut at = id;
        for _ in 0..64 {
            let obj = self.obj(at)?;
            if obj.get(name).is_some() {
                return Some(at);
            }
            at = self.maker(at)?;
        }
        None
    }

    /// What something was made from, or what it is a part of.
    pub(super) fn maker(&self, id: ObjId) -> Option<ObjId> {
        match &self.obj(id)?.kind {
            Kind::Made(made) => made.from.or_else(|| self.parts.get(&id).copied()),
            _ => None,
        }
    }

    /// Something on which handlers are registered, of which nobody saw where it was made.
    fn is_router(&mut self, path: PathId) -> bool {
        ["use", "get"].iter().any(|name| {
            let step = Step::Member((*name).to_owned());
            let member = self.origins.paths.step(path, &step);
            member.is_some_and(|member| {
                let mut rows = self.origins.paths.call_rows(member, false);
                rows.any(|(_, row)| matches!(row.role, Role::Entry(_)))
            })
        })
    }

    /// A value that the environment gives is no handler, nor is one that is called an address: `config.baseUriPath`.
    fn is_setting(&self, path: PathId) -> bool {
        let text = self.origins.paths.text(path);
        let name = self.origins.paths.last_member(path).to_lowercase();
        let called = text.ends_with(')') || self.origins.paths.known(path);
        text.contains("process.env") || !called && ADDRESSES.iter().any(|word| name.ends_with(word))
    }

    /// The methods that an argument names; absent: nothing is given.
    fn named_methods(&mut self, site: &Site, port: &Port) -> Option<Vec<String>> {
        let mut value = self.read_all(site, port);
        if value.is_empty() && self.read(site, port, &[]).is_empty() {
            return None;
        }
        let ids: Vec<ObjId> = objects(&value).collect();
        for id in ids {
            let fields = self.obj(id).map(|o| o.fields.clone()).unwrap_or_default();
            for (_, inner) in fields {
                super::value::join(&mut value, &inner);
            }
        }
        Some(texts(&value).iter().map(|t| t.to_lowercase()).collect())
    }

    /// Of a function: those that are named, or what the row says; of a class: those that are named, or what the class says.
    fn methods(
        &mut self,
        path: PathId,
        site: &Site,
        entry: &EntryRow,
        of_class: bool,
    ) -> Vec<String> {
        let port = entry.methods.as_deref();
        let named = port.and_then(|port| self.named_methods(site, port));
        match named {
            Some(named) if !named.is_empty() => {
                let all = |method: String| {
                    if method == "*" {
                        "all".to_owned()
                    } else {
                        method
                    }
                };
                return named.into_iter().map(all).collect();
            }
            _ if of_class && entry.method.as_deref() != Some(GRAPHQL) => {
                return vec![VIEW.to_owned()];
            }
            // They are named by something that is not known.
            Some(_) if entry.method.as_deref() == Some("get") => return vec!["route".to_owned()],
            _ => {}
        }
        vec![match entry.method.as_deref() {
            Some("name") | None => {
                casemate_model::route::method(self.origins.paths.last_member(path))
            }
            Some(literal) => literal.to_lowercase(),
        }]
    }

    pub(super) fn paths(&mut self, site: &Site, port: Option<&Port>) -> Vec<Option<String>> {
        let Some(port) = port else { return Vec::new() };
        let mut out = Vec::new();
        let values = self.read(site, port, &[]);
        for value in values {
            let mut found = texts(&value);
            for id in objects(&value) {
                let array = self.obj(id).filter(|o| o.kind == Kind::Array);
                let fields = array.map(|o| o.fields.clone()).unwrap_or_default();
                for (_, inner) in fields {
                    found.extend(texts(&inner));
                }
            }
            // `mount(app)`: the one thing that is given is what is registered.
            let alone = site.args.len() == 1;
            let handler = |v: &V| matches!(v, V::Func(..) | V::Object(_));
            if found.is_empty() && alone && !value.is_empty() && value.iter().all(handler) {
                continue;
            }
            if found.is_empty() {
                out.push(None);
            } else {
                out.extend(found.iter().map(|t| Some(t.to_string())));
            }
            if value.contains(&V::More) {
                self.cap(ALTERNATIVES);
                out.push(None);
            }
        }
        if out.len() > crate::limits::ALTERNATIVES {
            self.cap(ALTERNATIVES);
            out.truncate(crate::limits::ALTERNATIVES);
            out.push(None);
        }
        out
    }

    /// What options beside a handler name to run before it.
    fn hooks(&mut self, site: &Site, out: &mut Vec<Handler>) {
        for arg in &site.args {
            for id in objects(arg) {
                let plain = self.obj(id).filter(|o| o.kind == Kind::Plain);
                let found: Vec<Value> = HOOKS
                    .iter()
                    .filter_map(|name| plain?.get(name).cloned())
                    .collect();
                for value in found {
                    self.handlers(&value, 0, false, out);
                }
            }
        }
    }

    /// Whether classes answer where this registers them. Of Django that is read where its addresses are.
    fn registers_classes(&self, path: PathId, site: &Site) -> bool {
        let language = self.func_of(site.frame).file.facts.language;
        let text = self.origins.paths.text(path);
        language == Language::Python
            && !text.starts_with("py:django")
            && !text.starts_with("py:rest_framework")
    }

    pub(super) fn handlers(
        &mut self,
        value: &[V],
        depth: u32,
        views: bool,
        out: &mut Vec<Handler>,
    ) {
        if value.is_empty() {
            out.push(Handler::Unknown);
        }
        // A decorated function is itself or what the decorators made of it; those are read elsewhere.
        let decorated = value.iter().find(|v| match v {
            V::Func(func, _) => !self.program.func(*func).func.decorators.is_empty(),
            _ => false,
        });
        let value = match decorated {
            Some(one) if value.len() > 1 => std::slice::from_ref(one),
            _ => value,
        };
        // What a package made of a function of the program, or the function itself: `wrap(controller)[name]`.
        let of_program = value.iter().any(|v| matches!(v, V::Func(..)));
        for v in value {
            match v {
                V::Api(path) if of_program && !self.origins.paths.known(*path) => {}
                V::Func(func, env) => {
                    let inner = self.given_functions(*func, *env, 0);
                    let around = self.kept(*func, *env);
                    out.push(Handler::Function(*func, inner, around));
                }
                V::Object(id) => match self.obj(*id).map(|o| &o.kind) {
                    Some(
                        &Kind::Instance(class)
                        | &Kind::Made(Made {
                            class: Some(class), ..
                        }),
                    ) if views => out.push(Handler::Class(class)),
                    Some(Kind::Made(_)) => out.push(Handler::Object(*id)),
                    Some(Kind::Array) if depth < NESTED => {
                        let fields = self.obj(*id).map(|o| o.fields.clone()).unwrap_or_default();
                        for (_, inner) in fields {
                            self.handlers(&inner, depth + 1, views, out);
                        }
                    }
                    // Options beside the handlers.
                    _ => {}
                },
                V::Api(path) if self.is_setting(*path) => {}
                V::Api(path) if self.is_router(*path) => out.push(Handler::Unknown),
                V::Api(path) => out.push(Handler::Package(*path)),
                V::Class(class, _) if views => out.push(Handler::Class(*class)),
                V::Class(..) => out.push(Handler::Unknown),
                V::More => {
                    self.cap(ALTERNATIVES);
                    out.push(Handler::Unknown);
                }
                V::Text(_)
                | V::Pattern(_)
                | V::Number(_)
                | V::Bool(_)
                | V::Null
                | V::Namespace(_) => {}
            }
        }
    }

    /// The functions that a wrapper was given: those among its captured variables that are parameters of the call that made it.
    fn given_functions(
        &self,
        func: FuncId,
        env: Option<super::value::FrameId>,
        depth: u32,
    ) -> Vec<FuncId> {
        let mut out = Vec::new();
        let Some(env) = env.filter(|_| depth < 4) else {
            return out;
        };
        let maker = self.func_of(env);
        for capture in &self.program.func(func).func.captures {
            let Capture::Local(local) = capture else {
                continue;
            };
            if maker.param_of(*local).is_none() {
                continue;
            }
            let mut found: Value = self.local(env, *local);
            for id in objects(&found.clone()) {
                let fields = self.obj(id).map(|o| o.fields.clone()).unwrap_or_default();
                if fields.len() <= 8 {
                    for (_, inner) in fields {
                        super::value::join(&mut found, &inner);
                    }
                }
            }
            for v in found {
                if let V::Func(inner, env) = v
                    && inner != func
                {
                    out.push(inner);
                    out.extend(self.given_functions(inner, env, depth + 1));
                }
            }
        }
        out
    }
}

/// Whether the first handler port begins where the path stands: `path = arg(0)`, `handlers = arg(0..)`.
fn starts_with(path: Option<&Port>, handlers: &Port) -> bool {
    matches!(
        (path.map(|p| &p.base), &handlers.base),
        (
            Some(PortBase::Arg(ArgIndex::At(0))),
            PortBase::Arg(ArgIndex::From(0))
        )
    )
}
