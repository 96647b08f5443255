//! Forms of one host: `[::1]` and `::1`, `example.org.` and `Example.org`. What is known of one is known of all.

use super::call::Callee;
use super::interp::Interp;
use crate::origin::method_name;
use crate::program::FuncRef;
use casemate_ir::{Const, Instr, Operand, Term};

impl Interp<'_> {
    /// The host of which all of some values are a form: `v6 ? strip(host) : host`.
    pub(super) fn one_host(&self, found: &[(Operand, bool)]) -> Option<(Operand, bool)> {
        let base = |operand: Operand| match self.definition(operand) {
            Some((_, Instr::Load { base, .. })) if self.is_host(operand) => Some(base),
            _ => None,
        };
        let (first, rest) = found.split_first()?;
        let address = base(first.0)?;
        rest.iter()
            .all(|other| base(other.0) == Some(address))
            .then_some(*first)
    }

    /// What a call takes the brackets of an address of version 6, the dot of the root, or space from around: a method of texts, or a
    /// function of the program that gives its parameter back in such a form.
    pub(super) fn unwrapped(&self, operand: Operand) -> Option<Operand> {
        let Some((at, Instr::Call { callee, .. })) = self.definition(operand) else {
            return None;
        };
        let site = self.site_of(at)?;
        let name = method_name(self.f, site.instr, callee);
        if let (Some(name), Some(this)) = (name, site.this_operand)
            && is_form_of_host(self.f, name, self.f.func.instrs.get(at)?)
        {
            return Some(this);
        }
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        let [Callee::Func(func) | Callee::Closure(_, func)] = callees.as_slice() else {
            return None;
        };
        let [given] = site.args.as_slice() else {
            return None;
        };
        given
            .operand
            .filter(|_| gives_back_form(self.origins.program.func(*func)))
    }
}

/// Whether a method of a host gives the host without what stands around it: `strip('[]')`, `slice(1, -1)`, `toLowerCase()`.
fn is_form_of_host(f: FuncRef<'_>, name: &str, call: &Instr) -> bool {
    let Instr::Call { args, .. } = *call else {
        return false;
    };
    let args = f.func.args(args);
    let constant = |at: usize| match args.get(at).map(|a| a.value) {
        Some(Operand::Const(id)) => Some(f.file.facts.constant(id)),
        _ => None,
    };
    let number = |at: usize, wanted: f64| matches!(constant(at), Some(Const::Number(n)) if f64::from_bits(*n) == wanted);
    match name {
        "lower" | "casefold" | "toLowerCase" | "toString" | "trim" => true,
        "strip" | "rstrip" | "lstrip" => match constant(0) {
            Some(Const::Str(text)) => f.file.facts.str(*text).chars().all(|c| "[]. ".contains(c)),
            _ => args.is_empty(),
        },
        "slice" => number(0, 1.0) && number(1, -1.0),
        _ => false,
    }
}

/// Whether all that a function gives back is its one parameter, as it is or without what stands around it.
fn gives_back_form(f: FuncRef<'_>) -> bool {
    let [param] = f.func.params.as_slice() else {
        return false;
    };
    let given = Operand::Local(param.local);
    let is_form = |mut value: Operand| {
        for _ in 0..4 {
            if value == given {
                return true;
            }
            let Operand::Local(local) = value else {
                return false;
            };
            let Some((at, instr)) = f.writer(local) else {
                return false;
            };
            value = match *instr {
                Instr::Copy { from, .. } => from,
                Instr::Call {
                    callee,
                    this: Some(this),
                    ..
                } => {
                    let name = method_name(f, crate::program::to_u32(at), callee);
                    if !name.is_some_and(|name| is_form_of_host(f, name, instr)) {
                        return false;
                    }
                    this
                }
                _ => return false,
            };
        }
        false
    };
    // Each way back has a value of its own, or copies it into one local.
    let mut returned = Vec::new();
    for block in &f.func.blocks {
        match block.term {
            Term::Return(Some(Operand::Local(local))) if param.local != local => {
                let copies = f.writers(local).map(|(_, instr)| match *instr {
                    Instr::Copy { from, .. } => from,
                    _ => Operand::Local(local),
                });
                returned.extend(copies);
            }
            Term::Return(Some(value)) => returned.push(value),
            Term::Return(None) => return false,
            _ => {}
        }
    }
    !returned.is_empty() && returned.into_iter().all(is_form)
}
