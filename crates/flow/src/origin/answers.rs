//! What the origin pass found, once it is done.

use super::solve::Solver;
use super::value::{Val, ValId, ValSet};
use crate::apipath::PathId;
use crate::limits;
use crate::result::{FileIdx, FuncId};
use crate::symbol::Sym;
use crate::taint::{PortBase, PortPath};
use casemate_ir::{ArgKey, Instr, Key, LocalId, MemberKind, Operand, PartKey};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

impl Solver<'_, '_> {
    /// The values of a local once the pass is done.
    #[must_use]
    pub fn of_local(&self, func: FuncId, local: LocalId) -> &[ValId] {
        self.nodes
            .get(self.local_node(func, local) as usize)
            .map_or(&[], |s| s)
    }

    /// The values that a function returns.
    #[must_use]
    pub fn of_return(&self, func: FuncId) -> &[ValId] {
        self.nodes
            .get(self.return_node(func) as usize)
            .map_or(&[], |s| s)
    }

    /// The values of an operand.
    #[must_use]
    pub fn of_operand(&self, func: FuncId, operand: Operand) -> &[ValId] {
        match operand {
            Operand::Local(local) => self.of_local(func, local),
            Operand::Const(_) => &[],
        }
    }

    /// The values of a module-level variable.
    #[must_use]
    pub fn of_global(&self, global: u32) -> &[ValId] {
        self.nodes
            .get(self.global_node(global) as usize)
            .map_or(&[], |s| s)
    }

    /// The values that a member of a value was seen to hold.
    #[must_use]
    pub fn of_field(&self, val: ValId, sym: Sym) -> &[ValId] {
        self.fields
            .get(&(val, sym))
            .and_then(|&n| self.nodes.get(n as usize))
            .map_or(&[], |s| s)
    }

    /// The values that any member of an object was seen to hold.
    pub fn of_fields(&self, val: ValId) -> impl Iterator<Item = ValId> + '_ {
        let list = self.field_lists.get(&val).into_iter().flatten();
        list.filter_map(|&(_, node)| self.nodes.get(node as usize))
            .flat_map(|set| set.iter().copied())
    }

    /// The values of the `extends` clause of a class.
    #[must_use]
    pub fn of_bases(&self, class: crate::program::ClassIdx) -> &[ValId] {
        self.vals
            .find(Val::Class(class))
            .map_or(&[], |v| self.of_field(v, Sym::ANY))
    }

    /// The values that a symbolic place with an absolute base may hold.
    #[must_use]
    pub fn of_place(&self, port: &PortPath) -> ValSet {
        let mut vals: ValSet = match port.base() {
            PortBase::Global(global) => ValSet::from_slice(self.of_global(global)),
            PortBase::Var(func, local) => ValSet::from_slice(self.of_local(func, local)),
            PortBase::Instance(class) => self.vals.find(Val::Instance(class)).into_iter().collect(),
            _ => return ValSet::new(),
        };
        for &sym in port.members() {
            let mut next = ValSet::new();
            for &val in &vals {
                self.peek(val, sym, 0, &mut next);
            }
            vals = next;
        }
        vals
    }

    /// Sizes, for statistics.
    #[must_use]
    pub fn stats(&self) -> String {
        let values: usize = self.nodes.iter().map(SmallVec::len).sum();
        format!(
            "{} places, {values} values in them, {} members, {} paths, {} evaluations",
            self.nodes.len(),
            self.fields.len(),
            self.paths.len(),
            self.rounds.iter().map(|&r| u64::from(r)).sum::<u64>()
        )
    }

    /// The constant that a member of an object of the program is, where the object is written in one place.
    #[must_use]
    pub fn constant_at(&self, port: &PortPath) -> Option<(FileIdx, casemate_ir::ConstId)> {
        let (parent, last) = port.split()?;
        let mut found = None;
        for val in self.written_at(&parent) {
            let Some(Val::Object(func, at)) = self.vals.get(val) else {
                return None;
            };
            let f = self.program.func(func);
            let parts = match f.func.instrs.get(at as usize)? {
                Instr::Object { parts, .. } => f.func.parts(*parts),
                _ => return None,
            };
            let part = parts
                .iter()
                .find(|p| matches!(p.key, PartKey::Field(name) if f.sym(name) == last))?;
            let Operand::Const(id) = part.value else {
                return None;
            };
            if found.is_some_and(|known| known != (f.file_idx, id)) {
                return None;
            }
            found = Some((f.file_idx, id));
        }
        found
    }

    /// What a place may be. Where an object is written there, what its annotation says of its type adds nothing.
    fn written_at(&self, port: &PortPath) -> ValSet {
        let all = self.of_place(port);
        let written = |val: &ValId| matches!(self.vals.get(*val), Some(Val::Object(..)));
        if !all.iter().any(written) {
            return all;
        }
        let annotated = |val: &ValId| match self.vals.get(*val) {
            Some(Val::Api(path)) => self.paths.text(path).ends_with(".new()"),
            _ => false,
        };
        all.into_iter().filter(|val| !annotated(val)).collect()
    }

    /// Whether an object of the program, written in one place as a whole, certainly has no such member.
    #[must_use]
    pub fn lacks_at(&self, port: &PortPath) -> bool {
        let Some((parent, last)) = port.split() else {
            return false;
        };
        let holders = self.written_at(&parent);
        let lacks = |val: &ValId| {
            let Some(Val::Object(func, at)) = self.vals.get(*val) else {
                return false;
            };
            let f = self.program.func(func);
            let Some(Instr::Object { parts, .. }) = f.func.instrs.get(at as usize) else {
                return false;
            };
            self.of_field(*val, last).is_empty()
                && f.func
                    .parts(*parts)
                    .iter()
                    .all(|part| matches!(part.key, PartKey::Field(name) if f.sym(name) != last))
        };
        last != Sym::ANY && !holders.is_empty() && holders.iter().all(lacks)
    }

    /// The path one member further, if the pass met it.
    #[must_use]
    pub fn met_member(&self, path: PathId, sym: Sym) -> Option<PathId> {
        self.members.get(&(path, sym)).copied().flatten()
    }

    /// The places where packages put what a function returns.
    #[must_use]
    pub fn returned(&self, func: FuncId) -> &[PathId] {
        self.returned.get(&func).map_or(&[], SmallVec::as_slice)
    }

    /// What `module.exports` of a file holds.
    #[must_use]
    pub fn commonjs_exports(&self, file: FileIdx) -> ValSet {
        let mut out = ValSet::new();
        if let (Some(module), Some(sym)) = (
            self.vals.find(Val::Module(file)),
            self.program.symbols.find("exports"),
        ) {
            out.extend_from_slice(self.of_field(module, sym));
        }
        out.extend(self.vals.find(Val::Exports(file)));
        out
    }

    /// All values that members of a value hold, by order of arrival.
    #[must_use]
    pub fn members_of(&self, val: ValId) -> Vec<ValId> {
        let list = self.field_lists.get(&val).map_or(&[][..], Vec::as_slice);
        list.iter()
            .filter_map(|(_, node)| self.nodes.get(*node as usize))
            .flat_map(|s| s.iter().copied())
            .collect()
    }

    /// `f.prototype`, if it was met.
    #[must_use]
    pub fn proto_of(&self, func: FuncId) -> Option<ValId> {
        self.vals.find(Val::Proto(func))
    }

    /// What runs where an instance of a class is called: its `__call__`.
    #[must_use]
    pub fn call_method(&self, class: crate::program::ClassIdx) -> Option<FuncId> {
        let name = self.program.symbols.find("__call__")?;
        self.member_function(class, name, MemberKind::Method)
    }

    /// The function behind a member of the instances of a class, its own or that of a base.
    #[must_use]
    pub fn member_function(
        &self,
        class: crate::program::ClassIdx,
        name: Sym,
        kind: MemberKind,
    ) -> Option<FuncId> {
        let mut open = vec![class];
        let mut at = 0;
        while let Some(&class) = open.get(at) {
            at += 1;
            let (file, def) = self.program.class(class)?;
            let found = def
                .members
                .iter()
                .find(|m| !m.is_static && m.kind == kind && self.program.sym(file, m.name) == name);
            if let Some(func) = found.and_then(|m| m.func) {
                return Some(self.program.func_id(file, func));
            }
            for &base in self.of_bases(class) {
                if let Some(Val::Class(base)) = self.vals.get(base)
                    && !open.contains(&base)
                    && open.len() < limits::CALLEES
                {
                    open.push(base);
                }
            }
        }
        None
    }

    /// The methods that `value[key]` calls where the value is an instance of a class of the program (`__getitem__` in Python).
    #[must_use]
    pub fn subscripts(&self, func: FuncId, value: Operand) -> Vec<FuncId> {
        let Some(name) = self.program.symbols.find("__getitem__") else {
            return Vec::new();
        };
        let values = self.of_operand(func, value).iter();
        values
            .filter_map(|val| match self.vals.get(*val) {
                Some(Val::Instance(class)) => self.member_function(class, name, MemberKind::Method),
                _ => None,
            })
            .collect()
    }

    /// Whether anything in the program has this name as a member, or is given under it to what is no function of a package.
    #[must_use]
    pub fn is_named(&self, name: Sym) -> bool {
        let named = self.named.get_or_init(|| {
            let program = self.program;
            let mut named = FxHashSet::default();
            for id in program.function_ids() {
                let f = program.func(id);
                for instr in &f.func.instrs {
                    match *instr {
                        Instr::Call { callee, args, .. } if !self.is_of_package(id, callee) => {
                            named.extend(f.func.args(args).iter().filter_map(
                                |arg| match arg.key {
                                    ArgKey::Keyword(name) => Some(f.sym(name)),
                                    _ => None,
                                },
                            ));
                        }
                        Instr::Object { parts, .. } => {
                            named.extend(f.func.parts(parts).iter().filter_map(
                                |part| match part.key {
                                    PartKey::Field(name) => Some(f.sym(name)),
                                    _ => None,
                                },
                            ));
                        }
                        Instr::Store {
                            key: Key::Field(name),
                            ..
                        } => {
                            named.insert(f.sym(name));
                        }
                        _ => {}
                    }
                }
            }
            named
        });
        named.contains(&name)
    }

    /// A callee is certainly a function of a package, and not `dict`.
    fn is_of_package(&self, func: FuncId, callee: Operand) -> bool {
        let values = self.of_operand(func, callee);
        !values.is_empty()
            && values.iter().all(|val| match self.vals.get(*val) {
                Some(Val::Api(path)) => !self.paths.text(path).ends_with("dict"),
                _ => false,
            })
    }

    /// The value of an id.
    #[must_use]
    pub fn val(&self, id: ValId) -> Option<Val> {
        self.vals.get(id)
    }
}
