//! What a program keeps on values of packages: `Note.parse = function …` on a model, `res.fail = …` on an answer.

use super::solve::Solver;
use super::value::{Val, ValId, ValSet};
use crate::apipath::PathId;
use crate::program::Program;
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, Language, Operand};
use rustc_hash::FxHashSet;

impl Solver<'_, '_> {
    /// What of a written value is found again where the member is read. In Python that is all of it (`g.client = …`); in JavaScript
    /// functions under names that the package does not have, and what packages gave, on what a framework hands on.
    pub(super) fn kept_on_package(
        &mut self,
        language: Language,
        path: PathId,
        sym: Sym,
        written: &[ValId],
    ) -> ValSet {
        match language {
            _ if sym == Sym::ANY => ValSet::new(),
            Language::Template => ValSet::new(),
            Language::Python => ValSet::from_slice(written),
            Language::JavaScript => {
                let mut kept = match self.is_hung(path, sym) {
                    true => self.clients(written),
                    false => ValSet::new(),
                };
                if self.is_kept(path, sym) {
                    let functions = written.iter().copied();
                    kept.extend(
                        functions.filter(|&val| matches!(self.vals.get(val), Some(Val::Func(_)))),
                    );
                }
                kept
            }
        }
    }

    /// Whether a program may keep a function of its own under a name on a value of a package.
    pub(super) fn is_kept(&mut self, path: PathId, sym: Sym) -> bool {
        self.functions_kept.contains(&sym)
            && !self
                .member_path(path, sym)
                .is_some_and(|member| self.paths.has_rows(member))
    }
}

/// The names under which programs in JavaScript keep functions on something.
pub(super) fn functions_kept(program: &Program) -> FxHashSet<Sym> {
    let mut out = FxHashSet::default();
    for func in program.function_ids() {
        let f = program.func(func);
        if f.file.facts.language != Language::JavaScript {
            continue;
        }
        let mut made: FxHashSet<Operand> = FxHashSet::default();
        for instr in &f.func.instrs {
            match *instr {
                Instr::Closure { to, .. } => {
                    made.insert(Operand::Local(to));
                }
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } if made.contains(&value) => {
                    out.insert(f.sym(name));
                }
                _ => {}
            }
        }
    }
    out
}
