//! Methods that a class calls on itself and leaves to the classes below it: `return cls.perform_mutation(root, info)` of a base.
//!
//! Who makes an instance and calls the method binds the receiver, and that tells which class it is. Where nobody in the program does,
//! because a framework makes the instance or is given the class, the receiver may be of any class below the one in which the method
//! stands (class hierarchy analysis: Dean, Grove, Chambers 1995), and a member of it is also what those have in its place. This is
//! looked at once, when everything else is known.

use super::solve::Solver;
use super::value::{Val, ValId};
use crate::limits;
use crate::program::{ClassIdx, FuncRef, to_u32};
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, LocalId, MemberKind, Operand};
use rustc_hash::{FxHashMap, FxHashSet};

/// By class: the classes that name it as their base.
type Below = FxHashMap<ClassIdx, Vec<ClassIdx>>;

impl Solver<'_, '_> {
    /// Adds to members of receivers what classes below have in their place; whether there were any.
    pub(super) fn overridden(&mut self) -> bool {
        let below = self.below();
        if below.is_empty() {
            return false;
        }
        let mut lists: FxHashMap<(ClassIdx, Sym), Vec<FuncId>> = FxHashMap::default();
        let mut found: Vec<(FuncId, u32, LocalId, Vec<FuncId>)> = Vec::new();
        for id in self.program.function_ids() {
            let f = self.program.func(id);
            let Some(class) = f.func.class.map(|class| f.class(class)) else {
                continue;
            };
            let Some(this) = f.func.this.filter(|_| below.contains_key(&class)) else {
                continue;
            };
            if !self.is_own(f, this, class) {
                continue;
            }
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Load {
                    to,
                    base: Operand::Local(base),
                    key: Key::Field(name),
                } = *instr
                else {
                    continue;
                };
                if base != this {
                    continue;
                }
                let key = (class, f.sym(name));
                let methods = lists
                    .entry(key)
                    .or_insert_with(|| self.methods_below(&below, key.0, key.1));
                if !methods.is_empty() {
                    found.push((id, to_u32(at), to, methods.clone()));
                }
            }
        }
        let any = !found.is_empty();
        for (id, at, to, methods) in found {
            self.may_be(id, at, to, methods);
        }
        any
    }

    /// What a member of a receiver may be beside what is known.
    fn may_be(&mut self, func: FuncId, at: u32, to: LocalId, mut methods: Vec<FuncId>) {
        let node = self.local_node(func, to);
        let known = self.nodes.get(node as usize).map_or(0, |vals| vals.len());
        if known + methods.len() <= limits::CALLEES {
            for method in methods {
                let val = self.vals.id(Val::Func(method));
                self.add(node, val);
            }
            return;
        }
        if methods.len() > limits::MEMBERS {
            methods.truncate(limits::MEMBERS);
            *self.caps.entry("methods of classes below").or_default() += 1;
        }
        let val = self.vals.id(Val::Members(func, at));
        self.members_of.insert((func, at), methods);
        self.add(node, val);
    }

    /// Whether nothing is known of a receiver but that it is of its class: what calls of classes below bind says no more.
    fn is_own(&self, f: FuncRef<'_>, this: LocalId, class: ClassIdx) -> bool {
        let of_class = |val: &ValId| match self.vals.get(*val) {
            Some(Val::Class(known) | Val::Instance(known)) => {
                known == class || self.lineage(class).contains(&known)
            }
            Some(Val::Api(_)) => true,
            _ => false,
        };
        self.of_local(f.id, this).iter().all(of_class)
    }

    fn below(&self) -> Below {
        let mut out = Below::default();
        for index in 0..self.program.class_count() {
            let class = ClassIdx(to_u32(index));
            for base in self.of_bases(class) {
                if let Some(Val::Class(base)) = self.vals.get(*base)
                    && base != class
                {
                    out.entry(base).or_default().push(class);
                }
            }
        }
        out
    }

    /// The methods of a name that classes below one have, in the order of the classes.
    fn methods_below(&self, below: &Below, class: ClassIdx, name: Sym) -> Vec<FuncId> {
        let mut open = vec![class];
        let mut seen: FxHashSet<ClassIdx> = FxHashSet::from_iter([class]);
        let mut out = Vec::new();
        while let Some(class) = open.pop() {
            for &class in below.get(&class).into_iter().flatten() {
                if !seen.insert(class) {
                    continue;
                }
                open.push(class);
                let Some((file, def)) = self.program.class(class) else {
                    continue;
                };
                let mut members = def.members.iter().filter(|member| {
                    member.kind == MemberKind::Method && self.program.sym(file, member.name) == name
                });
                if let Some(func) = members.find_map(|member| member.func) {
                    out.push(self.program.func_id(file, func));
                }
            }
        }
        out.sort_unstable();
        out
    }
}
