//! Tests of views that nothing asks: Django calls `test_func` of a class only where that class has `UserPassesTestMixin` above it.
//!
//! Source: <https://docs.djangoproject.com/en/5.2/topics/auth/default/#django.contrib.auth.mixins.UserPassesTestMixin>

use crate::model::Application;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Instr, Key, Language, MemberKind, Operand};
use std::collections::BTreeSet;

/// The method that says who may, and the one that says which method does.
const TEST: &str = "test_func";
const SAYS_WHICH: &str = "get_test_func";

/// Classes above one.
const ANCESTORS: usize = 24;

/// Packages whose classes ask for nothing of this name, but for the one that does.
const PACKAGES: [&str; 3] = [
    "py:django.views.",
    "py:django.contrib.",
    "py:rest_framework.",
];

impl Application {
    /// One fact for each class that answers requests and has such a test.
    pub(super) fn unasked_tests(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let classes: BTreeSet<u32> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.callee.starts_with("py:"))
            .filter_map(|endpoint| Some(endpoint.class?.0))
            .collect();
        let mut out = Vec::new();
        let Some(test) = origins.program.symbols.find(TEST) else {
            return out;
        };
        if classes.is_empty() || is_called(origins) {
            return out;
        }
        let which = origins.program.symbols.find(SAYS_WHICH);
        let mut told = BTreeSet::new();
        for class in classes.into_iter().map(ClassIdx) {
            let method = |name| origins.member_function(class, name, MemberKind::Method);
            let Some(func) = method(test) else { continue };
            if which.and_then(method).is_some() || !told.insert(func) {
                continue;
            }
            let f = origins.program.func(func);
            out.push(Fact {
                fact: "view.test".to_owned(),
                site: Site {
                    file: f.file_idx,
                    span: f.func.head,
                },
                function: func,
                callee: TEST.to_owned(),
                values: vec![(
                    "asked".to_owned(),
                    match is_asked(origins, class) {
                        Some(asked) => FactValue::Bool(asked),
                        None => FactValue::Unknown,
                    },
                )],
            });
        }
        out
    }
}

/// Whether a class above has the method that asks. Absent: not all of them are known.
fn is_asked(origins: &Solver<'_, '_>, class: ClassIdx) -> Option<bool> {
    let mut open = vec![class];
    let mut at = 0;
    let mut known = true;
    while let Some(&class) = open.get(at).filter(|_| at < ANCESTORS) {
        at += 1;
        known &= are_bases_known(origins, class);
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if !open.contains(&base) => open.push(base),
                Some(Val::Class(_)) => {}
                Some(Val::Api(path)) => {
                    let text = origins.paths.text(path);
                    if text.ends_with(".UserPassesTestMixin") {
                        return Some(true);
                    }
                    known &= text == "py:object"
                        || PACKAGES.iter().any(|package| text.starts_with(package));
                }
                _ => known = false,
            }
        }
    }
    (known && at == open.len()).then_some(false)
}

/// Whether each class that is written as a base of a class is known.
fn are_bases_known(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let Some((file, def)) = origins.program.class(class) else {
        return false;
    };
    let f = origins
        .program
        .func(origins.program.func_id(file, def.owner));
    let known = |base: Operand| !origins.of_operand(f.id, base).is_empty();
    f.func.instrs.iter().all(|instr| match *instr {
        Instr::Class {
            class: made,
            base: Some(base),
            ..
        } if f.class(made) == class => match f.made_by(base) {
            Some(Instr::Op { operands, .. }) => {
                f.func.operands(*operands).iter().all(|base| known(*base))
            }
            _ => known(base),
        },
        _ => true,
    })
}

/// The program itself calls a method of this name somewhere, or hands it on.
fn is_called(origins: &Solver<'_, '_>) -> bool {
    origins.program.function_ids().any(|func| {
        let f = origins.program.func(func);
        f.file.facts.language == Language::Python
            && f.func.instrs.iter().any(|instr| {
                matches!(*instr, Instr::Load { key: Key::Field(name), .. }
                    if [TEST, SAYS_WHICH].contains(&f.file.facts.str(name)))
            })
    })
}
