//! Comparisons with a constant that decide by what the client wrote into a cookie or a header.

use super::interp::Interp;
use super::summary::SinkRef;
use super::value::{Konst, Origin, SourceRef, Taint};
use crate::result::FactValue;
use casemate_ir::{Const, Instr, Key, LocalId, Operand};
use std::sync::Arc;

/// Steps from a value back to where it was read from the request.
const STEPS: u32 = 8;

impl Interp<'_> {
    /// `if request.cookies.get('admin') == '1'`: which cookie or header decides, and by which value.
    pub(super) fn decided(&mut self, at: usize, a: Operand, b: Operand) {
        for (tested, constant) in [(a, b), (b, a)] {
            let value = match self.operand(constant).single() {
                Some(Konst::Str(text)) if !text.is_empty() => text.to_string(),
                Some(Konst::Number(number)) => number.to_string(),
                _ => continue,
            };
            let kinds = self.origins.paths.models().kinds();
            let client = |t: &Taint| match t.origin {
                Origin::Source(source) => matches!(
                    kinds.source_name(source.kind),
                    "http.cookie" | "http.header"
                ),
                Origin::Port(_) => false,
            };
            let whole = self.operand(tested);
            let taints: Vec<Taint> = whole.taints().iter().copied().filter(client).collect();
            if taints.is_empty() {
                continue;
            }
            let mut near = Vec::new();
            self.names_asked(tested, &mut near, 0);
            for taint in taints {
                let Origin::Source(source) = taint.origin else {
                    continue;
                };
                let only = || match near.as_slice() {
                    [one] => Some(one.clone()),
                    _ => None,
                };
                let Some(name) = self.name_at_source(source).or_else(only) else {
                    continue;
                };
                let span = self.span(at);
                let sink = Arc::new(SinkRef {
                    func: self.f.id,
                    span,
                    argument: span,
                    kind: self.k.decision,
                    callee: Arc::from("the comparison"),
                    facts: Arc::from([
                        ("name".to_owned(), FactValue::Str(name)),
                        ("value".to_owned(), FactValue::Str(value.clone())),
                    ]),
                    notes: 0,
                    configured: false,
                });
                self.arrive(&taint, &sink, false);
            }
        }
    }

    /// The name by which the source is asked where it is read, whatever function that is in.
    fn name_at_source(&self, source: SourceRef) -> Option<String> {
        let f = self.origins.program.func(source.func);
        let mut read = f.func.spans.iter().zip(&f.func.instrs);
        let local = read.find_map(|(span, instr)| match instr {
            Instr::Load { to, .. } if *span == source.span => Some(Operand::Local(*to)),
            _ => None,
        })?;
        f.func.instrs.iter().find_map(|instr| match instr {
            Instr::Call {
                this: Some(this),
                args,
                ..
            } if *this == local => match f.func.args(*args).first()?.value {
                Operand::Const(id) => match f.file.facts.constant(id) {
                    Const::Str(text) => Some(f.file.facts.str(*text).to_owned()),
                    _ => None,
                },
                Operand::Local(_) => None,
            },
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } if *base == local => {
                let name = f.file.facts.str(*name);
                (!matches!(name, "get" | "getlist" | "items" | "keys")).then(|| name.to_owned())
            }
            _ => None,
        })
    }

    /// The names by which a value, or the text that it was cut from, was read: `headers.get('X-Real-IP')`, `COOKIES['role']`.
    fn names_asked(&self, operand: Operand, names: &mut Vec<String>, depth: u32) {
        let Operand::Local(local) = operand else {
            return;
        };
        if depth > STEPS {
            return;
        }
        let defs: Vec<Instr> = self
            .definitions(local)
            .filter_map(|at| self.f.func.instrs.get(at).copied())
            .collect();
        for instr in defs {
            match instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                    self.names_asked(from, names, depth + 1);
                }
                Instr::Load { base, key, .. } => match key {
                    Key::Field(name) if self.is_tainted(base) => {
                        add(self.f.file.facts.str(name).to_owned(), names);
                    }
                    Key::Field(_) => {}
                    Key::Index(_) | Key::Computed(_) => self.names_asked(base, names, depth + 1),
                },
                Instr::Op { operands, .. } => {
                    for &part in self.f.func.operands(operands) {
                        self.names_asked(part, names, depth + 1);
                    }
                }
                Instr::Call {
                    callee,
                    this: Some(this),
                    args,
                    ..
                } => {
                    let asked = self
                        .f
                        .func
                        .args(args)
                        .first()
                        .and_then(|a| self.operand(a.value).as_str().map(|t| t.to_string()));
                    match (self.method(callee), asked) {
                        (Some("get" | "getlist" | "header"), Some(name)) => {
                            add(name, names);
                        }
                        _ => self.names_asked(this, names, depth + 1),
                    }
                }
                _ => {}
            }
        }
    }

    fn is_tainted(&self, operand: Operand) -> bool {
        self.operand(operand).taints.is_some()
    }

    /// The name of the member that is called.
    pub(super) fn method(&self, callee: Operand) -> Option<&str> {
        let Operand::Local(local) = callee else {
            return None;
        };
        let at = self.last_definition(local)?;
        match self.f.func.instrs.get(at)? {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => Some(self.f.file.facts.str(*name)),
            _ => None,
        }
    }

    fn last_definition(&self, local: LocalId) -> Option<usize> {
        self.definitions(local).next()
    }
}

fn add(name: String, names: &mut Vec<String>) {
    if !names.contains(&name) {
        names.push(name);
    }
}
