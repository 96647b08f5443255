//! Members of values, and what modules export.

use super::Startup;
use super::call::Given;
use super::register::Mount;
use super::value::{FrameId, Kind, Made, ObjId, V, Value, join, one};
use crate::limits;
use casemate_flow::apipath::PathId;
use casemate_flow::program::{ClassIdx, Target};
use casemate_flow::result::FileIdx;
use casemate_ir::{ExportKind, FnId, Key, Language, MemberKind};
use casemate_model::path::Step;
use casemate_model::row::Role;

/// Depth of base classes and of re-exports.
const DEPTH: u32 = 8;

impl Startup<'_, '_, '_> {
    pub(super) fn load_key(&mut self, frame: FrameId, base: &[V], key: Key) -> Value {
        let names = self.keys(frame, key);
        match names.as_slice() {
            [name] if &**name == casemate_ir::SUPER => self.above(frame),
            [name] => self.load(base, name),
            [_, ..] => {
                let mut out = Value::new();
                for name in &names {
                    join(&mut out, &self.load(base, name));
                }
                out
            }
            [] => {
                let mut out = Value::new();
                for v in base {
                    if let V::Object(id) = v
                        && let Some(obj) = self.obj(*id)
                    {
                        if obj.fields.len() > limits::ALTERNATIVES {
                            join(&mut out, &[V::More]);
                            continue;
                        }
                        let fields = obj.fields.clone();
                        for (_, value) in fields {
                            join(&mut out, &value);
                        }
                    }
                }
                out
            }
        }
    }

    /// What `super()` finds the methods in: what the class of the running function is made of.
    fn above(&mut self, frame: FrameId) -> Value {
        let f = self.func_of(frame);
        let class = f.func.class.map(|class| f.class(class));
        let bases = class.and_then(|class| self.bases.get(&class).cloned());
        let mut out = Value::new();
        for base in bases.unwrap_or_default() {
            let one = match base {
                V::Class(class, _) => Some(V::Object(self.object(Kind::Instance(class)))),
                V::Api(path) => self.origins.paths.step(path, &Step::Call).map(V::Api),
                _ => None,
            };
            out.extend(one);
        }
        out
    }

    /// A member of whatever a place holds.
    pub(super) fn load(&mut self, base: &[V], name: &str) -> Value {
        let mut out = Value::new();
        for v in base {
            let found = self.member(v, name, v, 0);
            join(&mut out, &found);
        }
        out
    }

    fn member(&mut self, v: &V, name: &str, receiver: &V, depth: u32) -> Value {
        if depth > DEPTH {
            return Value::new();
        }
        match v {
            V::Object(id) => {
                let Some(obj) = self.obj(*id) else {
                    return Value::new();
                };
                if let Some(value) = obj.get(name) {
                    return value.clone();
                }
                match &obj.kind {
                    Kind::Array if name == "length" => one(V::Number(f64::from(
                        u32::try_from(obj.fields.len()).unwrap_or(0),
                    ))),
                    &Kind::Instance(class) => {
                        self.class_member(class, name, false, receiver, depth)
                    }
                    &Kind::Constructed(func) => {
                        let statics = self.statics(false, func.0);
                        let proto = self.obj(statics).and_then(|o| o.get("prototype")).cloned();
                        let mut out = Value::new();
                        for v in proto.unwrap_or_default() {
                            join(&mut out, &self.member(&v, name, receiver, depth + 1));
                        }
                        out
                    }
                    // A fluent interface gives back something that has what its maker has.
                    &Kind::Made(Made { path, .. }) => {
                        match self.maker(*id).and_then(|from| self.holder(from, name)) {
                            Some(holder) => self
                                .obj(holder)
                                .and_then(|o| o.get(name))
                                .cloned()
                                .unwrap_or_default(),
                            None => self.part(*id, path, name),
                        }
                    }
                    Kind::Plain | Kind::Array => Value::new(),
                }
            }
            V::Api(path) => self.of_package(*path, name),
            V::Func(func, _) => {
                let statics = self.statics(false, func.0);
                if name == "prototype" && self.obj(statics).is_some_and(|o| o.get(name).is_none()) {
                    let proto = self.object(Kind::Plain);
                    if let Some(obj) = self.obj_mut(statics) {
                        obj.set(name, one(V::Object(proto)));
                    }
                }
                self.obj(statics)
                    .and_then(|o| o.get(name))
                    .cloned()
                    .unwrap_or_default()
            }
            V::Class(class, _) => self.class_member(*class, name, true, receiver, depth),
            V::Namespace(file) => self.exported(FileIdx(*file), name, 0),
            _ => Value::new(),
        }
    }

    /// A member of what a package made: where handlers are registered on it, it is the same thing each time, and a part of that.
    fn part(&mut self, whole: ObjId, path: PathId, name: &str) -> Value {
        let found = self.of_package(path, name);
        let [V::Api(member)] = found.as_slice() else {
            return found;
        };
        let member = *member;
        if !self.registers_on(member) {
            return found;
        }
        let site = match self.obj(whole).map(|obj| &obj.kind) {
            Some(Kind::Made(made)) => made.site,
            _ => return found,
        };
        let part = self.object(Kind::Made(Made {
            path: member,
            from: None,
            site,
            args: Vec::new(),
            class: None,
        }));
        self.mounts.push(Mount {
            order: self.events.len(),
            site,
            parent: Some(whole),
            child: part,
            prefix: Some(String::new()),
        });
        let value = one(V::Object(part));
        if let Some(obj) = self.obj_mut(whole) {
            obj.set(name, value.clone());
        }
        value
    }

    /// Whether models know methods of a value that register a handler at an address.
    fn registers_on(&mut self, path: PathId) -> bool {
        ["add_get", "add_route"].iter().any(|name| {
            let member = self.origins.paths.member(path, name);
            member.is_some_and(|member| {
                let mut rows = self.origins.paths.call_rows(member, false);
                rows.any(|(_, row)| matches!(row.role, Role::Entry(_)))
            })
        })
    }

    /// A member of a package's value.
    fn of_package(&mut self, path: PathId, name: &str) -> Value {
        let paths = &mut self.origins.paths;
        let next = match name.parse::<u32>() {
            Ok(index) => paths.step(path, &Step::Index(index)),
            Err(_) => paths.member(path, name),
        };
        next.map_or_else(Value::new, |path| one(V::Api(path)))
    }

    fn class_member(
        &mut self,
        class: ClassIdx,
        name: &str,
        is_static: bool,
        receiver: &V,
        depth: u32,
    ) -> Value {
        if depth > DEPTH {
            return Value::new();
        }
        if is_static {
            let statics = self.statics(true, class.0);
            if let Some(value) = self.obj(statics).and_then(|o| o.get(name)) {
                return value.clone();
            }
        }
        let Some((file, def)) = self.program.class(class) else {
            return Value::new();
        };
        let facts = &self.program.file(file).facts;
        for member in &def.members {
            if member.is_static != is_static || facts.str(member.name) != name {
                continue;
            }
            let Some(func) = member.func else { continue };
            let func = self.program.func_id(file, func);
            match member.kind {
                MemberKind::Method => return one(V::Func(func, None)),
                MemberKind::Getter => {
                    let this = one(receiver.clone());
                    return self.invoke_aside(func, None, &this, Some(Given::default()));
                }
                MemberKind::Setter | MemberKind::Field => {}
            }
        }
        // Python makes an instance by calling the class.
        let made = match facts.language {
            Language::Python => &Step::Call,
            Language::JavaScript | Language::Template => &Step::New,
        };
        let mut out = Value::new();
        for base in self.bases.get(&class).cloned().unwrap_or_default() {
            let found = match base {
                V::Class(base, _) => self.class_member(base, name, is_static, receiver, depth + 1),
                V::Api(path) if is_static => self.of_package(path, name),
                V::Api(path) => match self.origins.paths.step(path, made) {
                    Some(path) => self.of_package(path, name),
                    None => Value::new(),
                },
                _ => Value::new(),
            };
            join(&mut out, &found);
        }
        out
    }

    pub(super) fn store(&mut self, base: &[V], name: &str, value: Value) {
        for v in base {
            let id = match v {
                V::Object(id) => *id,
                V::Func(func, _) => self.statics(false, func.0),
                V::Class(class, _) => self.statics(true, class.0),
                _ => continue,
            };
            let certain = base.len() == 1;
            if let Some(obj) = self.obj_mut(id) {
                let mut stored = value.clone();
                if !certain && let Some(known) = obj.get(name) {
                    join(&mut stored, known);
                }
                // Nothing that is known gives way to what is not.
                if !stored.is_empty() || obj.get(name).is_none() {
                    obj.set(name, stored);
                }
            }
        }
    }

    pub(super) fn import(&mut self, file: FileIdx, import: usize, name: Option<&str>) -> Value {
        let source = self.program.file(file);
        let require = source.facts.imports.get(import).is_some_and(|i| i.require);
        match source.imports.get(import) {
            Some(Target::File(target)) => self.import_file(*target, name, require),
            Some(Target::Package(root)) => {
                let root = self.origins.paths.root(root);
                match name {
                    Some(name) if name != "default" => self.of_package(root, name),
                    _ => one(V::Api(root)),
                }
            }
            _ => Value::new(),
        }
    }

    fn import_file(&mut self, target: FileIdx, name: Option<&str>, require: bool) -> Value {
        let facts = &self.program.file(target).facts;
        if facts.language == Language::Template {
            return one(V::Func(self.program.func_id(target, FnId(0)), None));
        }
        self.module(target);
        if facts.is_module {
            return match name {
                Some(name) => self.exported(target, name, 0),
                None => one(V::Namespace(target.0)),
            };
        }
        let module = self.commonjs(target).module;
        let whole = self.load(&[V::Object(module)], "exports");
        match name {
            Some(name) if !require => {
                let mut found = self.load(&whole, name);
                if name == "default" && found.is_empty() {
                    found = whole;
                }
                found
            }
            _ => whole,
        }
    }

    /// One export of an ES module.
    fn exported(&mut self, file: FileIdx, name: &str, depth: u32) -> Value {
        let mut out = Value::new();
        if depth > DEPTH {
            return out;
        }
        self.module(file);
        let program = self.program;
        let source = program.file(file);
        if !source.facts.is_module {
            return self.import_file(file, Some(name), false);
        }
        for export in &source.facts.exports {
            let is = source.facts.str(export.name) == name;
            let (import, inner) = match export.kind {
                ExportKind::Variable(global) if is => {
                    let value = self.global(program.global(file, global));
                    join(&mut out, &value);
                    continue;
                }
                ExportKind::From(import, inner) if is => {
                    (import, inner.map(|i| source.facts.str(i)))
                }
                ExportKind::All(import) if name != "default" => (import, Some(name)),
                _ => continue,
            };
            let value = match source.imports.get(import.index()) {
                Some(Target::File(target)) => match inner {
                    Some(inner) => self.exported(*target, inner, depth + 1),
                    None => self.import_file(*target, None, false),
                },
                Some(Target::Package(_)) => self.import(file, import.index(), inner),
                _ => Value::new(),
            };
            join(&mut out, &value);
        }
        out
    }
}
