//! Facts → text: instructions.

use super::print::Printer;
use super::words::{OPERATORS, word};
use crate::function::Function;
use crate::ids::{BlockId, LocalId};
use crate::instr::{Arg, ArgKey, CallFlags, Instr, IterKind, Key, Operand, Part, PartKey, Term};
use std::fmt::{self, Write};

impl Printer<'_> {
    pub(super) fn term(&mut self, term: &Term) -> fmt::Result {
        match *term {
            Term::Goto(BlockId(to)) => write!(self.out, "goto b{to}"),
            Term::Branch { cond, yes, no } => {
                self.out.push_str("if ");
                self.operand(cond)?;
                write!(self.out, " then b{} else b{}", yes.0, no.0)
            }
            Term::Return(None) => self.out.write_str("return"),
            Term::Return(Some(value)) => self.with_operand("return ", value),
            Term::Throw(value) => self.with_operand("throw ", value),
            Term::Unreachable => self.out.write_str("unreachable"),
        }
    }

    pub(super) fn instr(&mut self, instr: &Instr, function: &Function) -> fmt::Result {
        if let Some(LocalId(to)) = instr.target() {
            write!(self.out, "%{to} = ")?;
        }
        match *instr {
            Instr::Copy { from, .. } => self.with_operand("copy ", from),
            Instr::Load { base, key, .. } => {
                self.with_operand("load ", base)?;
                self.key(key)
            }
            Instr::Store { base, key, value } => {
                self.with_operand("store ", base)?;
                self.key(key)?;
                self.with_operand(" = ", value)
            }
            Instr::Delete { base, key } => {
                self.with_operand("delete ", base)?;
                self.key(key)
            }
            Instr::LoadVar { var, .. } => self.var(var),
            Instr::StoreVar { var, value } => {
                self.out.push_str("set ");
                self.var(var)?;
                self.with_operand(" = ", value)
            }
            Instr::Object { parts, .. } => self.parts("object {", function.parts(parts), '}'),
            Instr::Array { parts, .. } => self.parts("array [", function.parts(parts), ']'),
            Instr::Template { operands, .. } => self.list("template", function.operands(operands)),
            Instr::Op { op, operands, .. } => {
                self.list(word(OPERATORS, op), function.operands(operands))
            }
            Instr::Opaque { operands, .. } => self.list("opaque", function.operands(operands)),
            Instr::Closure { func, .. } => write!(self.out, "closure f{}", func.0),
            Instr::Class { class, base, .. } => {
                write!(self.out, "class c{}", class.0)?;
                base.map_or(Ok(()), |base| self.with_operand(" extends ", base))
            }
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => self.call(callee, this, function.args(args), flags),
            Instr::Import { import, name, .. } => {
                write!(self.out, "import i{}", import.0)?;
                if let Some(name) = name {
                    self.out.push('.');
                    self.member_name(name);
                }
                Ok(())
            }
            Instr::Await { from, .. } => self.with_operand("await ", from),
            Instr::Yield {
                value, delegate, ..
            } => self.with_operand(if delegate { "yield* " } else { "yield " }, value),
            Instr::IterNext {
                of,
                kind: IterKind::Elements,
                ..
            } => self.with_operand("next ", of),
            Instr::IterNext {
                of,
                kind: IterKind::Keys,
                ..
            } => self.with_operand("next_key ", of),
            Instr::Catch { .. } => self.out.write_str("catch"),
            Instr::Output {
                value,
                context,
                escaped,
            } => {
                self.out.push_str("output ");
                self.flag(escaped == Some(false), "raw ");
                self.flag(escaped == Some(true), "escaped ");
                self.operand(value)?;
                if !self.facts.str(context).is_empty() {
                    self.out.push_str(" in ");
                    for (i, segment) in self.facts.str(context).split('.').enumerate() {
                        self.flag(i > 0, ".");
                        self.text(segment);
                    }
                }
                Ok(())
            }
        }
    }

    fn call(
        &mut self,
        callee: Operand,
        this: Option<Operand>,
        args: &[Arg],
        flags: CallFlags,
    ) -> fmt::Result {
        self.out.push_str(if flags.new { "new" } else { "call" });
        self.flag(flags.super_call, " super");
        self.flag(flags.optional, " optional");
        self.flag(flags.tagged, " tagged");
        self.with_operand(" ", callee)?;
        if let Some(this) = this {
            self.with_operand(" this ", this)?;
        }
        self.out.push_str(" (");
        for (i, arg) in args.iter().enumerate() {
            self.flag(i > 0, ", ");
            match arg.key {
                ArgKey::Pos => {}
                ArgKey::Spread => self.out.push_str("..."),
                ArgKey::KeywordSpread => self.out.push_str("**"),
                ArgKey::Keyword(name) => {
                    self.member_name(name);
                    self.out.push_str(": ");
                }
            }
            self.operand(arg.value)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn parts(&mut self, open: &str, parts: &[Part], close: char) -> fmt::Result {
        self.out.push_str(open);
        for (i, part) in parts.iter().enumerate() {
            self.flag(i > 0, ", ");
            match part.key {
                PartKey::Next => {}
                PartKey::Spread => self.out.push_str("..."),
                PartKey::Computed(key) => {
                    self.with_operand("[", key)?;
                    self.out.push_str("]: ");
                }
                PartKey::Field(name) | PartKey::Getter(name) | PartKey::Setter(name) => {
                    self.flag(matches!(part.key, PartKey::Getter(_)), "get ");
                    self.flag(matches!(part.key, PartKey::Setter(_)), "set ");
                    self.member_name(name);
                    self.out.push_str(": ");
                }
            }
            self.operand(part.value)?;
        }
        self.out.push(close);
        Ok(())
    }

    fn list(&mut self, head: &str, operands: &[Operand]) -> fmt::Result {
        write!(self.out, "{head} (")?;
        for (i, &operand) in operands.iter().enumerate() {
            self.flag(i > 0, ", ");
            self.operand(operand)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn with_operand(&mut self, head: &str, operand: Operand) -> fmt::Result {
        self.out.push_str(head);
        self.operand(operand)
    }

    fn key(&mut self, key: Key) -> fmt::Result {
        match key {
            Key::Field(name) => {
                self.out.push('.');
                self.member_name(name);
                Ok(())
            }
            Key::Index(index) => write!(self.out, "[{index}]"),
            Key::Computed(operand) => {
                self.out.push_str(if matches!(operand, Operand::Const(_)) {
                    "[="
                } else {
                    "["
                });
                self.operand(operand)?;
                self.out.push(']');
                Ok(())
            }
        }
    }
}
