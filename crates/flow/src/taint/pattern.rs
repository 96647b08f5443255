//! Regular expressions of Python: given as texts, or compiled before.

use super::interp::Interp;
use super::port::CallSite;
use super::value::Konst;
use crate::program::{FuncRef, Program};
use casemate_ir::{Const, FnId, FnKind, Instr, Language, Operand, VarRef};
use std::sync::Arc;

/// Flags that change nothing of what is asked of an expression here.
const HARMLESS: [&str; 6] = ["I", "IGNORECASE", "A", "ASCII", "U", "UNICODE"];
/// Copies and variables between a use of an expression and where it was compiled.
const STEPS: u32 = 6;

impl Interp<'_> {
    /// `re.fullmatch('[a-z]+', x)`, `NAME.match(x)`: the expression as JavaScript would write it, and what it was run on.
    pub(super) fn python_regex(
        &self,
        name: Option<&str>,
        site: &CallSite,
    ) -> Option<(String, Operand)> {
        if self.f.file.facts.language != Language::Python {
            return None;
        }
        let name = name?;
        if !matches!(name, "fullmatch" | "match" | "search") {
            return None;
        }
        let compiled = site
            .this_operand
            .and_then(|this| compiled(self.origins.program, self.f, this, STEPS));
        let (pattern, tested) = match (compiled, site.args.as_slice()) {
            (Some(pattern), [tested, ..]) => (pattern, tested),
            (None, [pattern, tested]) => (pattern.value.as_str()?.to_string(), tested),
            _ => return None,
        };
        let pattern = pattern.replace("\\Z", "$").replace("\\A", "^");
        Some((anchored(&pattern, name), tested.operand?))
    }

    /// What `re.sub(pattern, with, text)` replaces: the expression, for all of its matches.
    pub(super) fn substituted(&self, site: &CallSite) -> Option<(Konst, usize)> {
        let compiled = site
            .this_operand
            .and_then(|this| compiled(self.origins.program, self.f, this, STEPS));
        let all = |pattern: &str| Konst::Regex(Arc::from(pattern), Arc::from("g"));
        match (compiled, site.args.as_slice()) {
            (Some(pattern), [_, _]) => Some((all(&pattern), 0)),
            (None, [pattern, _, _]) => Some((all(pattern.value.as_str()?), 1)),
            _ => None,
        }
    }
}

/// The text of the expression that an operand was compiled from, in this file.
fn compiled(program: &Program, f: FuncRef<'_>, operand: Operand, steps: u32) -> Option<String> {
    let Operand::Local(local) = operand else {
        return None;
    };
    let steps = steps.checked_sub(1)?;
    let mut all = f
        .func
        .instrs
        .iter()
        .filter(|i| super::interp::target(i) == Some(local));
    let (first, None) = (all.next()?, all.next()) else {
        return None;
    };
    match *first {
        Instr::Copy { from, .. } => compiled(program, f, from, steps),
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => {
            let module = program.func(f.sibling(FnId(0)));
            if module.func.kind != FnKind::Module {
                return None;
            }
            let mut stores = module.func.instrs.iter().filter_map(|i| match *i {
                Instr::StoreVar {
                    var: VarRef::Global(g),
                    value,
                } if g == global => Some(value),
                _ => None,
            });
            let (value, None) = (stores.next()?, stores.next()) else {
                return None;
            };
            compiled(program, module, value, steps)
        }
        Instr::Call { callee, args, .. } if named(f, callee) == Some("compile") => {
            let (pattern, flags) = f.func.args(args).split_first()?;
            let harmless = |flag: Operand| named(f, flag).is_some_and(|n| HARMLESS.contains(&n));
            if !flags.iter().all(|flag| harmless(flag.value)) {
                return None;
            }
            match pattern.value {
                Operand::Const(id) => match f.file.facts.constant(id) {
                    Const::Str(text) => Some(f.file.facts.str(*text).to_owned()),
                    _ => None,
                },
                Operand::Local(_) => None,
            }
        }
        _ => None,
    }
}

/// The last name of `re.compile`, `re.I`.
fn named(f: FuncRef<'_>, operand: Operand) -> Option<&str> {
    let Operand::Local(local) = operand else {
        return None;
    };
    let made = |i: &&Instr| super::interp::target(i) == Some(local);
    match f.func.instrs.iter().find(made)? {
        Instr::Load {
            key: casemate_ir::Key::Field(name),
            ..
        } => Some(f.file.facts.str(*name)),
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => {
            let global = f.file.facts.globals.get(global.index())?;
            Some(f.file.facts.str(global.name))
        }
        _ => None,
    }
}

/// An expression with the anchors that a function implies.
fn anchored(pattern: &str, name: &str) -> String {
    let begins = matches!(name, "match" | "fullmatch");
    let ends = name == "fullmatch";
    if pattern.contains('|') {
        return match (begins, ends) {
            (true, true) => format!("^(?:{pattern})$"),
            (true, false) => format!("^(?:{pattern})"),
            _ => pattern.to_owned(),
        };
    }
    let own_start = pattern.starts_with('^');
    let own_end = pattern.ends_with('$') && !pattern.ends_with("\\$");
    format!(
        "{}{pattern}{}",
        if begins && !own_start { "^" } else { "" },
        if ends && !own_end { "$" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::anchored;

    #[test]
    fn anchors() {
        for (pattern, name, whole) in [
            ("[a-z]+", "fullmatch", "^[a-z]+$"),
            ("^[a-z]+$", "match", "^[a-z]+$"),
            ("[a-z]+$", "match", "^[a-z]+$"),
            ("a|b", "fullmatch", "^(?:a|b)$"),
            ("a\\$", "fullmatch", "^a\\$$"),
            ("a", "search", "a"),
        ] {
            assert_eq!(anchored(pattern, name), whole, "{pattern} {name}");
        }
    }
}
