//! What servers are given to serve: trees of objects, whose attributes are the parts of addresses, and functions that answer by the
//! parameters that all servers of Python agree on.

use super::Startup;
use super::call::{Site, objects};
use super::register::{Event, Handler};
use super::value::{Kind, ObjId, V};
use crate::around::Around;
use casemate_flow::apipath::PathId;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::FuncId;
use casemate_ir::MemberKind;
use casemate_model::row::EntryRow;

/// The method of registrations of an object whose attributes are the parts of addresses.
pub(crate) const TREE: &str = "tree";

/// The method of registrations of a function that answers all addresses, told by its parameters.
pub(super) const APPLICATION: &str = "application";

/// The last parameters of what answers without a framework: WSGI, ASGI.
const SIGNATURES: [&[&str]; 2] = [
    &["environ", "start_response"],
    &["scope", "receive", "send"],
];

/// Objects in objects.
const DEPTH: u32 = 6;

impl Startup<'_, '_, '_> {
    /// An object and those that it holds, each below the name under which it is held.
    pub(super) fn register_tree(&mut self, path: PathId, site: &Site, entry: &EntryRow) {
        let Some(port) = &entry.handlers else { return };
        let prefix = self.paths(site, entry.path.as_ref()).into_iter().next();
        let prefix = prefix.unwrap_or_else(|| Some(String::new()));
        let values = self.read_all(site, port);
        for id in objects(&values) {
            self.held(path, site, id, prefix.as_deref(), 0);
        }
    }

    fn held(&mut self, path: PathId, site: &Site, id: ObjId, prefix: Option<&str>, depth: u32) {
        let Some(&Kind::Instance(class)) = self.obj(id).map(|obj| &obj.kind) else {
            return;
        };
        let owner = self.object(Kind::Plain);
        self.handed.insert(owner);
        let event = Event {
            methods: vec![TREE.to_owned()],
            paths: vec![prefix.map(str::to_owned)],
            handlers: vec![Handler::Class(class)],
            ..self.event(path, site, owner)
        };
        self.events.push(event);
        if depth >= DEPTH {
            return;
        }
        let statics = self.statics(true, class.0);
        let fields = |id: ObjId| self.obj(id).map(|obj| obj.fields.clone());
        let mut all = fields(id).unwrap_or_default();
        all.extend(fields(statics).unwrap_or_default());
        for (name, value) in all {
            for inner in objects(&value) {
                let below = prefix.map(|prefix| crate::route::join(prefix, &name));
                self.held(path, site, inner, below.as_deref(), depth + 1);
            }
        }
    }

    /// A function, or an object that can be called, whose parameters say that it answers a server.
    pub(super) fn register_application(&mut self, path: PathId, site: &Site, entry: &EntryRow) {
        let Some(port) = &entry.handlers else { return };
        let mut found = Vec::new();
        for v in self.read_all(site, port) {
            match v {
                V::Func(func, _) => found.push(func),
                V::Object(id) => {
                    if let Some(&Kind::Instance(class)) = self.obj(id).map(|obj| &obj.kind) {
                        found.extend(self.call_of(class));
                    }
                }
                _ => {}
            }
        }
        for func in found {
            if !self.answers_server(func) {
                continue;
            }
            let owner = self.object(Kind::Plain);
            self.handed.insert(owner);
            let event = Event {
                methods: vec!["all".to_owned()],
                paths: vec![Some("/*".to_owned())],
                handlers: vec![Handler::Function(func, Vec::new(), Around::default())],
                ..self.event(path, site, owner)
            };
            self.events.push(event);
        }
    }

    fn call_of(&self, class: ClassIdx) -> Option<FuncId> {
        let name = self.program.symbols.find("__call__")?;
        self.origins
            .member_function(class, name, MemberKind::Method)
    }

    fn answers_server(&self, func: FuncId) -> bool {
        let f = self.program.func(func);
        let names: Vec<&str> = f
            .func
            .params
            .iter()
            .filter_map(|param| param.name.map(|name| f.file.facts.str(name)))
            .collect();
        SIGNATURES.iter().any(|last| names.ends_with(last))
    }

    /// A registration at a place, of which nothing else is said.
    pub(super) fn event(&mut self, path: PathId, site: &Site, owner: ObjId) -> Event {
        let function = self.func_of(site.frame).id;
        self.seen.insert((function, site.at));
        let place = self.site(site.frame, site.at);
        Event {
            owner: Some(owner),
            callee: path,
            site: place,
            call: place,
            function,
            at: site.at,
            methods: Vec::new(),
            paths: Vec::new(),
            handlers: Vec::new(),
            suffix: None,
            next: None,
            asks: None,
        }
    }
}
