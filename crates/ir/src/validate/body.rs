//! Invariants of blocks and instructions.

use super::Checker;
use crate::function::{Function, LocalKind};
use crate::ids::{BlockId, LocalId};
use crate::instr::{Instr, Key, PartKey, Range32};

impl Checker<'_> {
    pub(super) fn body(&mut self, function: &Function) {
        self.require(!function.blocks.is_empty(), "has-entry", || {
            "no blocks".to_owned()
        });
        let (instrs, spans) = (function.instrs.len(), function.spans.len());
        self.require(instrs == spans, "spans-match", || {
            format!("{spans} for {instrs} instructions")
        });
        function.spans.iter().for_each(|&span| self.span(span));
        self.blocks(function);
        self.temporaries(function);
        for (i, instr) in function.instrs.iter().enumerate() {
            self.instr(i, instr, function);
        }
    }

    fn blocks(&mut self, function: &Function) {
        let mut end = 0;
        let count = function.blocks.len();
        for (i, block) in function.blocks.iter().enumerate() {
            let follows = block.instrs.start == end && block.instrs.start <= block.instrs.end;
            self.require(follows, "blocks-in-order", || {
                format!("b{i} has {:?} after {end}", block.instrs)
            });
            end = block.instrs.end;
            for BlockId(to) in block.term.successors().chain(block.unwind) {
                self.require((to as usize) < count, "block-target", || {
                    format!("b{i} to b{to} of {count}")
                });
            }
            if let Some(operand) = block.term.operand() {
                self.operand(operand, function, &format!("the end of b{i}"));
            }
            self.span(block.term_span);
        }
        let len = function.instrs.len();
        self.require(end as usize == len, "blocks-in-order", || {
            format!("blocks end at {end} of {len}")
        });
    }

    fn temporaries(&mut self, function: &Function) {
        let mut assigned = vec![false; function.locals.len()];
        for param in &function.params {
            if let Some(mark) = assigned.get_mut(param.local.index()) {
                *mark = true;
            }
        }
        for (i, instr) in function.instrs.iter().enumerate() {
            let Some(to) = instr.target() else { continue };
            let temporary = function
                .locals
                .get(to.index())
                .is_some_and(|it| it.kind == LocalKind::Temp);
            if let Some(mark) = assigned.get_mut(to.index()) {
                let again = std::mem::replace(mark, true);
                self.require(!(again && temporary), "temp-once", || {
                    format!("%{} again by instruction {i}", to.0)
                });
            }
        }
    }

    fn instr(&mut self, i: usize, instr: &Instr, function: &Function) {
        if let Some(LocalId(to)) = instr.target() {
            let len = function.locals.len();
            self.require((to as usize) < len, "local-in-range", || {
                format!("%{to} of {len}, target of instruction {i}")
            });
        }
        let context = format!("instruction {i}");
        function.each_read(instr, |operand| self.operand(operand, function, &context));
        match *instr {
            Instr::Load { key, .. } | Instr::Store { key, .. } | Instr::Delete { key, .. } => {
                if let Key::Field(name) = key {
                    self.symbol(name);
                }
            }
            Instr::LoadVar { var, .. } | Instr::StoreVar { var, .. } => {
                self.var(var, Some(function))
            }
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                self.range(parts, function.parts.len(), &context);
                for part in function.parts(parts) {
                    if let PartKey::Field(name) | PartKey::Getter(name) | PartKey::Setter(name) =
                        part.key
                    {
                        self.symbol(name);
                    }
                }
            }
            Instr::Template { operands, .. }
            | Instr::Op { operands, .. }
            | Instr::Opaque { operands, .. } => {
                self.range(operands, function.operands.len(), &context);
            }
            Instr::Call { args, .. } => self.range(args, function.args.len(), &context),
            Instr::Closure { func, .. } => {
                self.function_id(func);
                let parent = self.facts.function(func).and_then(|it| it.parent);
                self.require(parent == self.function, "closure-in-parent", || {
                    format!("{func:?} is of {parent:?}")
                });
            }
            Instr::Class { class, .. } => {
                let owner = self.facts.class(class).map(|it| it.owner);
                let len = self.facts.classes.len();
                self.require(owner.is_some(), "class-in-range", || {
                    format!("{class:?} of {len}")
                });
                let right = owner.is_none() || owner == self.function;
                self.require(right, "class-in-owner", || {
                    format!("{class:?} is of {owner:?}")
                });
            }
            Instr::Import { import, name, .. } => {
                self.import(import);
                self.symbols(name);
            }
            Instr::Output { context, .. } => self.symbol(context),
            Instr::Catch { .. } => {
                let block = function
                    .blocks
                    .iter()
                    .position(|it| it.instrs.start as usize == i && !it.instrs.is_empty());
                let handler = function
                    .blocks
                    .iter()
                    .any(|it| it.unwind.is_some_and(|it| Some(it.index()) == block));
                self.require(handler, "catch-in-handler", || context);
            }
            Instr::Copy { .. }
            | Instr::Await { .. }
            | Instr::Yield { .. }
            | Instr::IterNext { .. } => {}
        }
    }

    fn range(&mut self, range: Range32, len: usize, context: &str) {
        let exists = range.start <= range.end && range.end as usize <= len;
        self.require(exists, "pool-in-range", || {
            format!("{range:?} of {len} in {context}")
        });
    }
}
