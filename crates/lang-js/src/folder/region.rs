//! A run of instructions, written out again for one module: each copy has locals of its own for what it assigns.

use super::Name;
use casemate_ir::{
    Arg, Function, Instr, Key, Local, LocalId, LocalKind, OpKind, Operand, Part, Range32, Span,
    Term,
};
use rustc_hash::FxHashMap;

/// One copy of a region.
pub(super) struct Copy<'f> {
    pub(super) function: &'f mut Function,
    /// What the copy calls the locals that the region assigns.
    pub(super) locals: FxHashMap<LocalId, LocalId>,
    pub(super) name: Option<Name>,
    pub(super) word: Operand,
    /// What is the module, or was made by calling it.
    pub(super) of_module: Vec<LocalId>,
}

impl Copy<'_> {
    pub(super) fn operand(&self, operand: Operand) -> Operand {
        match operand {
            Operand::Local(local) if self.name == Some(Name::Variable(local)) => self.word,
            Operand::Local(local) => {
                Operand::Local(self.locals.get(&local).copied().unwrap_or(local))
            }
            Operand::Const(_) => operand,
        }
    }

    fn is_module(&self, operand: Operand) -> bool {
        matches!(operand, Operand::Local(local) if self.of_module.contains(&local))
    }

    /// The local that the copy assigns. What functions inside share stays one variable.
    pub(super) fn target(&mut self, to: LocalId) -> LocalId {
        let Some(local) = self.function.locals.get(to.index()) else {
            return to;
        };
        if local.captured || !matches!(local.kind, LocalKind::Temp | LocalKind::Named) {
            return to;
        }
        if let Some(&own) = self.locals.get(&to) {
            return own;
        }
        let own = LocalId::from(self.function.locals.len());
        let local: Local = local.clone();
        self.function.locals.push(local);
        self.locals.insert(to, own);
        own
    }

    fn key(&self, key: Key) -> Key {
        match key {
            Key::Computed(operand) => Key::Computed(self.operand(operand)),
            Key::Field(_) | Key::Index(_) => key,
        }
    }

    fn list(&mut self, range: Range32) -> Range32 {
        let list: Vec<Operand> = self
            .function
            .operands(range)
            .iter()
            .map(|&o| self.operand(o))
            .collect();
        append(&mut self.function.operands, list)
    }

    fn parts(&mut self, range: Range32) -> Range32 {
        let list: Vec<Part> = self
            .function
            .parts(range)
            .iter()
            .map(|part| Part {
                value: self.operand(part.value),
                ..*part
            })
            .collect();
        append(&mut self.function.parts, list)
    }

    fn args(&mut self, range: Range32) -> Range32 {
        let list: Vec<Arg> = self
            .function
            .args(range)
            .iter()
            .map(|arg| Arg {
                value: self.operand(arg.value),
                ..*arg
            })
            .collect();
        append(&mut self.function.args, list)
    }

    pub(super) fn instr(&mut self, instr: Instr) -> Instr {
        if let (Some(Name::Member(of, member)), Instr::Load { to, base, key }) = (self.name, instr)
            && base == of
            && key == member
        {
            return Instr::Copy {
                to: self.target(to),
                from: self.word,
            };
        }
        match instr {
            Instr::Copy { to, from } => {
                let from = self.operand(from);
                let module = self.is_module(from);
                let to = self.target(to);
                if module {
                    self.of_module.push(to);
                }
                Instr::Copy { to, from }
            }
            Instr::Load { to, base, key } => {
                let (base, key) = (self.operand(base), self.key(key));
                Instr::Load {
                    to: self.target(to),
                    base,
                    key,
                }
            }
            Instr::Store { base, key, value } => Instr::Store {
                base: self.operand(base),
                key: self.key(key),
                value: self.operand(value),
            },
            Instr::Delete { base, key } => Instr::Delete {
                base: self.operand(base),
                key: self.key(key),
            },
            Instr::LoadVar { to, var } => Instr::LoadVar {
                to: self.target(to),
                var,
            },
            Instr::StoreVar { var, value } => Instr::StoreVar {
                var,
                value: self.operand(value),
            },
            Instr::Object { to, parts } => {
                let parts = self.parts(parts);
                Instr::Object {
                    to: self.target(to),
                    parts,
                }
            }
            Instr::Array { to, parts } => {
                let parts = self.parts(parts);
                Instr::Array {
                    to: self.target(to),
                    parts,
                }
            }
            Instr::Template { to, operands } => {
                let operands = self.list(operands);
                Instr::Template {
                    to: self.target(to),
                    operands,
                }
            }
            Instr::Op { to, op, operands } => {
                let operands = self.list(operands);
                let any = self
                    .function
                    .operands(operands)
                    .iter()
                    .any(|&o| self.is_module(o));
                let to = self.target(to);
                if any && op == OpKind::Select {
                    self.of_module.push(to);
                }
                Instr::Op { to, op, operands }
            }
            Instr::Opaque { to, operands } => {
                let operands = self.list(operands);
                Instr::Opaque {
                    to: self.target(to),
                    operands,
                }
            }
            Instr::Closure { to, func } => Instr::Closure {
                to: self.target(to),
                func,
            },
            Instr::Class { to, class, base } => {
                let base = base.map(|base| self.operand(base));
                Instr::Class {
                    to: self.target(to),
                    class,
                    base,
                }
            }
            Instr::Call {
                to,
                callee,
                this,
                args,
                flags,
            } => {
                let callee = self.operand(callee);
                let module = self.is_module(callee);
                let this = this.map(|this| self.operand(this));
                let args = self.args(args);
                let to = self.target(to);
                if module {
                    self.of_module.push(to);
                }
                Instr::Call {
                    to,
                    callee,
                    this,
                    args,
                    flags,
                }
            }
            Instr::Import { to, import, name } => Instr::Import {
                to: self.target(to),
                import,
                name,
            },
            Instr::Await { to, from } => {
                let from = self.operand(from);
                let module = self.is_module(from);
                let to = self.target(to);
                if module {
                    self.of_module.push(to);
                }
                Instr::Await { to, from }
            }
            Instr::Yield {
                to,
                value,
                delegate,
            } => {
                let value = self.operand(value);
                Instr::Yield {
                    to: self.target(to),
                    value,
                    delegate,
                }
            }
            Instr::IterNext { to, of, kind } => {
                let of = self.operand(of);
                Instr::IterNext {
                    to: self.target(to),
                    of,
                    kind,
                }
            }
            Instr::Catch { to } => Instr::Catch {
                to: self.target(to),
            },
            Instr::Output {
                value,
                context,
                escaped,
            } => Instr::Output {
                value: self.operand(value),
                context,
                escaped,
            },
        }
    }
}

/// What is read outside of the region is any of the copies.
pub(super) fn kept(
    function: &mut Function,
    start: usize,
    end: usize,
    copies: &[FxHashMap<LocalId, LocalId>],
    written: &mut Vec<(Instr, Span)>,
) {
    let mut outside: Vec<LocalId> = Vec::new();
    let mut note = |operand: Operand| {
        if let Operand::Local(local) = operand {
            outside.push(local);
        }
    };
    for (at, instr) in function.instrs.iter().enumerate() {
        if at < start || at >= end {
            operands(function, *instr, &mut note);
        }
    }
    for block in &function.blocks {
        match block.term {
            Term::Branch { cond, .. } => note(cond),
            Term::Return(Some(value)) | Term::Throw(value) => note(value),
            _ => {}
        }
    }
    function.decorators.iter().for_each(|d| note(d.value));
    outside.sort_unstable();
    outside.dedup();
    let span = written.last().map_or_else(Span::default, |(_, span)| *span);
    for local in outside {
        for copy in copies {
            if let Some(&own) = copy.get(&local) {
                // Several instructions assign it now.
                if let Some(l) = function.locals.get_mut(local.index()) {
                    l.kind = LocalKind::Named;
                }
                let from = Operand::Local(own);
                written.push((Instr::Copy { to: local, from }, span));
            }
        }
    }
}

/// Puts other instructions in the place of a region at the end of a block; those of later blocks move on.
pub(super) fn splice(
    function: &mut Function,
    start: usize,
    end: usize,
    written: Vec<(Instr, Span)>,
) {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let more = count(written.len()).saturating_sub(count(end - start));
    for block in &mut function.blocks {
        if block.instrs.start >= count(end) {
            block.instrs.start += more;
        }
        if block.instrs.end >= count(end) {
            block.instrs.end += more;
        }
    }
    let (instrs, spans): (Vec<Instr>, Vec<Span>) = written.into_iter().unzip();
    function.instrs.splice(start..end, instrs);
    function.spans.splice(start..end, spans);
}

/// All operands that an instruction reads.
pub(super) fn operands(function: &Function, instr: Instr, note: &mut dyn FnMut(Operand)) {
    let key = |key: Key, note: &mut dyn FnMut(Operand)| {
        if let Key::Computed(operand) = key {
            note(operand);
        }
    };
    match instr {
        Instr::Copy { from, .. } | Instr::Await { from, .. } => note(from),
        Instr::Load { base, key: k, .. } | Instr::Delete { base, key: k } => {
            note(base);
            key(k, note);
        }
        Instr::Store {
            base,
            key: k,
            value,
        } => {
            note(base);
            key(k, note);
            note(value);
        }
        Instr::StoreVar { value, .. }
        | Instr::Yield { value, .. }
        | Instr::Output { value, .. } => note(value),
        Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
            function
                .parts(parts)
                .iter()
                .for_each(|part| note(part.value));
        }
        Instr::Template { operands, .. }
        | Instr::Op { operands, .. }
        | Instr::Opaque { operands, .. } => {
            function.operands(operands).iter().for_each(|&o| note(o));
        }
        Instr::Class { base, .. } => base.into_iter().for_each(note),
        Instr::Call {
            callee, this, args, ..
        } => {
            note(callee);
            this.into_iter().for_each(&mut *note);
            function.args(args).iter().for_each(|arg| note(arg.value));
        }
        Instr::IterNext { of, .. } => note(of),
        Instr::LoadVar { .. }
        | Instr::Closure { .. }
        | Instr::Import { .. }
        | Instr::Catch { .. } => {}
    }
}

fn append<T>(pool: &mut Vec<T>, list: Vec<T>) -> Range32 {
    let start = u32::try_from(pool.len()).unwrap_or(u32::MAX);
    pool.extend(list);
    Range32 {
        start,
        end: u32::try_from(pool.len()).unwrap_or(u32::MAX),
    }
}
