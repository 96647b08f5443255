//! Reading and writing members of abstract values.

use super::solve::{Frame, Solver, making, root_prefix};
use super::value::{Val, ValId, ValSet};
use crate::program::ClassIdx;
use crate::symbol::Sym;
use casemate_ir::{Language, MemberKind};

impl<'p> Solver<'p, '_> {
    pub(super) fn load_all(&mut self, frame: Frame<'p>, base: &[ValId], sym: Sym) -> ValSet {
        let mut out = ValSet::new();
        if self.program.text(sym) == casemate_ir::SUPER {
            return self.bases_of_this(frame);
        }
        let mut met = ValSet::new();
        for &val in base {
            self.load(frame, val, sym, &mut met, &mut out);
        }
        out
    }

    fn merge(out: &mut ValSet, vals: &[ValId]) {
        for &val in vals {
            if !out.contains(&val) {
                out.push(val);
            }
        }
    }

    fn field(&mut self, val: ValId, sym: Sym, out: &mut ValSet) {
        let node = self.field_node(val, sym);
        Self::merge(out, self.look(node));
        if sym == Sym::ANY {
            self.watch_list(val);
            let list: Vec<_> = self
                .field_lists
                .get(&val)
                .map(|l| l.iter().map(|e| e.1).collect())
                .unwrap_or_default();
            for node in list {
                Self::merge(out, self.look(node));
            }
        } else {
            let any = self.field_node(val, Sym::ANY);
            Self::merge(out, self.look(any));
        }
    }

    /// `met`: the values that were asked already. Classes share bases: without it, every way to one would be gone.
    fn load(&mut self, frame: Frame<'p>, val: ValId, sym: Sym, met: &mut ValSet, out: &mut ValSet) {
        let known = met.contains(&val);
        if known
            || met.len() > crate::limits::MEMBER_HOLDERS
            || out.len() > crate::limits::ORIGIN_VALUES
        {
            return;
        }
        met.push(val);
        match self.vals.get(val) {
            Some(Val::Object(..)) if self.is_core_of_python(frame, sym) => {
                let node = self.field_node(val, sym);
                let vals = self.get_shared(node);
                Self::merge(out, &vals);
            }
            Some(Val::Object(..) | Val::Proto(_) | Val::Exports(_)) => self.field(val, sym, out),
            Some(Val::Func(func)) => {
                if self.program.text(sym) == "prototype" {
                    let proto = self.vals.id(Val::Proto(func));
                    Self::merge(out, &[proto]);
                } else {
                    self.field(val, sym, out);
                }
            }
            Some(Val::FnInstance(func)) => {
                self.field(val, sym, out);
                let proto = self.vals.id(Val::Proto(func));
                self.field(proto, sym, out);
            }
            Some(Val::Module(file)) => {
                let first = self.vals.id(Val::Exports(file));
                self.field(val, sym, out);
                if self.program.text(sym) == "exports" {
                    Self::merge(out, &[first]);
                }
            }
            Some(Val::Namespace(file)) => {
                if sym == Sym::ANY {
                    for export in &self.program.file(file).facts.exports {
                        let vals = self.exported(frame, file, self.program.sym(file, export.name));
                        Self::merge(out, &vals);
                    }
                } else {
                    let vals = self.exported(frame, file, sym);
                    Self::merge(out, &vals);
                }
            }
            Some(Val::Api(path)) => {
                if let Some(path) = self.member_path(path, sym) {
                    let val = self.vals.id(Val::Api(path));
                    Self::merge(out, &[val]);
                }
                if let Some(class) = self.kept_class(path, sym) {
                    Self::merge(out, &[class]);
                }
                let registered = self.kept_by_registry(path, sym);
                Self::merge(out, &registered);
                if self.is_global_object(path) && sym != Sym::ANY {
                    let node = self.named_node(sym);
                    let vals = self.get_shared(node);
                    Self::merge(out, &vals);
                }
                let language = frame.f.file.facts.language;
                if language == Language::JavaScript {
                    let vals = self.hung_on(val, path, sym);
                    Self::merge(out, &vals);
                }
                if sym != Sym::ANY && (language == Language::Python || self.is_kept(path, sym)) {
                    let node = self.field_node(val, sym);
                    let vals = self.get_shared(node);
                    Self::merge(out, &vals);
                }
            }
            Some(Val::Class(class)) => {
                if self.program.text(sym) == "prototype" {
                    let instance = self.vals.id(Val::Instance(class));
                    Self::merge(out, &[instance]);
                    return;
                }
                // The ANY member of a class value is its base class; own members are looked up by name.
                if sym != Sym::ANY {
                    let node = self.field_node(val, sym);
                    let vals = self.get_shared(node);
                    Self::merge(out, &vals);
                }
                self.class_member(class, sym, true, out);
                for base in self.bases(class) {
                    self.load(frame, base, sym, met, out);
                }
            }
            Some(Val::Instance(class)) => {
                self.field(val, sym, out);
                let before = out.len();
                self.class_member(class, sym, false, out);
                // An own method hides the base's.
                if out.len() == before || sym == Sym::ANY {
                    for base in self.bases(class) {
                        if let Some(instance) = self.instance_of(frame, base) {
                            self.load(frame, instance, sym, met, out);
                        }
                    }
                }
            }
            Some(Val::Members(..) | Val::Through(_)) | None => {}
        }
    }

    /// Whether a value is the object whose members are the variables that no scope declares.
    fn is_global_object(&self, path: crate::apipath::PathId) -> bool {
        self.global_object.contains(&Some(path))
    }

    /// In Python `d.get` is the method, whatever stands in `d` under keys that nobody knows.
    fn is_core_of_python(&mut self, frame: Frame<'p>, sym: Sym) -> bool {
        let language = frame.f.file.facts.language;
        language == Language::Python
            && sym != Sym::ANY
            && self
                .paths
                .core_method(root_prefix(language), self.program.text(sym))
                .is_some()
    }

    /// The receiver as the base classes of the method's class see it: `super()` of Python.
    fn bases_of_this(&mut self, frame: Frame<'p>) -> ValSet {
        let mut at = Some(frame.f.id);
        let mut out = ValSet::new();
        while let Some(id) = at {
            let f = self.program.func(id);
            if let Some(class) = f.func.class {
                for base in self.bases(f.class(class)) {
                    out.extend(self.instance_of(frame, base));
                }
                break;
            }
            at = f.parent();
        }
        out
    }

    /// What `new` of a class value makes.
    pub(super) fn instance_of(&mut self, frame: Frame<'p>, class: ValId) -> Option<ValId> {
        let made = match self.vals.get(class)? {
            Val::Class(class) => Val::Instance(class),
            Val::Func(func) => Val::FnInstance(func),
            Val::Api(path) => Val::Api(self.paths.step(path, &making(frame))?),
            _ => return None,
        };
        Some(self.vals.id(made))
    }

    /// The values of the `extends` clause.
    pub(super) fn bases(&mut self, class: ClassIdx) -> ValSet {
        let val = self.vals.id(Val::Class(class));
        let node = self.field_node(val, Sym::ANY);
        self.get_shared(node)
    }

    fn class_member(&mut self, class: ClassIdx, sym: Sym, is_static: bool, out: &mut ValSet) {
        let program = self.program;
        let Some((file, def)) = program.class(class) else {
            return;
        };
        for member in &def.members {
            if member.is_static != is_static
                || (sym != Sym::ANY && program.sym(file, member.name) != sym)
            {
                continue;
            }
            let Some(func) = member.func else { continue };
            let func = program.func_id(file, func);
            match member.kind {
                MemberKind::Method => {
                    let val = self.vals.id(Val::Func(func));
                    Self::merge(out, &[val]);
                }
                MemberKind::Getter => {
                    let node = self.return_node(func);
                    let vals = self.get_shared(node);
                    Self::merge(out, &vals);
                }
                MemberKind::Setter | MemberKind::Field => {}
            }
        }
    }

    pub(super) fn store(&mut self, frame: Frame<'p>, base: ValId, sym: Sym, value: &[ValId]) {
        let Some(val) = self.vals.get(base) else {
            return;
        };
        if matches!(val, Val::Api(path) if self.is_global_object(path)) && sym != Sym::ANY {
            let node = self.named_node(sym);
            self.add_all(node, value);
            return;
        }
        let language = frame.f.file.facts.language;
        if let (Val::Api(path), Language::JavaScript) = (val, language) {
            self.hang_in_state(path, sym, value);
        }
        let kept = match val {
            Val::Namespace(_) => return,
            Val::Api(path) => self.kept_on_package(language, path, sym, value),
            _ => ValSet::from_slice(value),
        };
        if kept.is_empty() && !value.is_empty() {
            return;
        }
        let value = kept.as_slice();
        // `Class.prototype` is the instance; the ANY member of a class is its base.
        if matches!(val, Val::Class(_)) && sym == Sym::ANY {
            return;
        }
        if let (Val::Func(func), "prototype") = (val, self.program.text(sym)) {
            let proto = self.vals.id(Val::Proto(func));
            for &from in value {
                self.copy_members(frame, from, proto);
            }
            return;
        }
        let receiver = match val {
            Val::Proto(func) => self.vals.id(Val::FnInstance(func)),
            _ => base,
        };
        for &item in value {
            if let Some(Val::Func(func)) = self.vals.get(item) {
                self.bind_this(func, &[receiver]);
            }
        }
        let node = self.field_node(base, sym);
        self.add_all(node, value);
    }

    /// All members of one value also become members of another.
    pub(super) fn copy_members(&mut self, frame: Frame<'p>, from: ValId, to: ValId) {
        if from == to {
            return;
        }
        self.watch_list(from);
        let list: Vec<_> = self.field_lists.get(&from).cloned().unwrap_or_default();
        for (sym, node) in list {
            let vals = self.get_shared(node);
            self.store(frame, to, sym, &vals);
        }
        match self.vals.get(from) {
            Some(Val::Namespace(file)) => {
                for export in &self.program.file(file).facts.exports {
                    let sym = self.program.sym(file, export.name);
                    let vals = self.exported(frame, file, sym);
                    self.store(frame, to, sym, &vals);
                }
            }
            Some(Val::Instance(class)) => {
                if let Some((file, def)) = self.program.class(class) {
                    for member in &def.members {
                        if let Some(func) = member.func
                            && !member.is_static
                        {
                            let val = self.vals.id(Val::Func(self.program.func_id(file, func)));
                            self.store(frame, to, self.program.sym(file, member.name), &[val]);
                        }
                    }
                }
            }
            // Spreading a value of a package keeps its origin for members that are not known by name.
            Some(Val::Api(_)) => {
                let node = self.field_node(to, Sym::ANY);
                let _ = node;
            }
            _ => {}
        }
    }
}
