//! Checks that cannot say no: a rule of access that is always true, a refusal behind what never holds, a validator that
//! accepts everything, a part of a query's condition that is none.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{BlockId, Const, FnKind, Instr, Operand, Span, Term};

/// How the names of functions begin that say whether somebody may do something.
const RULES: &[&str] = &[
    "may",
    "can",
    "isallowed",
    "isauthorized",
    "isauthorised",
    "ispermitted",
    "hasaccess",
    "haspermission",
    "checkaccess",
    "checkpermission",
    "authorize",
    "authorise",
    "owns",
    "belongsto",
];

/// Names of those who ask, as parameters.
const ASKERS: &[&str] = &[
    "actor",
    "user",
    "currentuser",
    "principal",
    "subject",
    "viewer",
    "account",
    "req",
    "request",
    "session",
    "identity",
    "caller",
    "member",
];

/// Methods that are given what decides whether a value is accepted.
const VALIDATORS: &[&str] = &["refine"];

/// Blocks that are gone through to see how a side of a branch ends.
const WAY: usize = 3;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        if is_rule(f) && says_yes(f) {
            out.push(fact(
                f,
                f.func.span,
                "access",
                &origins.program.func_name(func),
            ));
        }
        refusals(f, &mut out);
        validators(origins, f, &mut out);
        conditions(origins, f, &mut out);
    }
    out
}

fn fact(f: FuncRef<'_>, span: Span, kind: &str, callee: &str) -> Fact {
    Fact {
        fact: "check.constant".to_owned(),
        site: Site {
            file: f.file_idx,
            span,
        },
        function: f.id,
        callee: callee.to_owned(),
        values: vec![("kind".to_owned(), FactValue::Str(kind.to_owned()))],
    }
}

/// Its name says that it decides about somebody, who is its first parameter.
fn is_rule(f: FuncRef<'_>) -> bool {
    let text = |symbol| trace::flat(f.file.facts.str(symbol));
    let name = f.func.name.map(text).unwrap_or_default();
    let first = f.func.params.first().and_then(|param| param.name).map(text);
    RULES.iter().any(|begin| name.starts_with(begin))
        && first.is_some_and(|name| ASKERS.contains(&name.as_str()))
}

/// It does nothing but to return `true`.
fn says_yes(f: FuncRef<'_>) -> bool {
    let yes = |operand: Operand| constant(f, operand) == Some(true);
    let [block] = f.func.blocks.as_slice() else {
        return false;
    };
    f.func.kind != FnKind::Module
        && f.func.instrs.is_empty()
        && matches!(block.term, Term::Return(Some(value)) if yes(value))
}

fn constant(f: FuncRef<'_>, operand: Operand) -> Option<bool> {
    match operand {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Bool(value) => Some(*value),
            _ => None,
        },
        Operand::Local(_) => None,
    }
}

/// Branches on `false` whose side that is never taken throws.
fn refusals(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for block in &f.func.blocks {
        let Term::Branch { cond, yes, .. } = block.term else {
            continue;
        };
        if constant(f, cond) == Some(false) && throws(f, yes) {
            out.push(fact(f, block.term_span, "refusal", "false"));
        }
    }
}

fn throws(f: FuncRef<'_>, from: BlockId) -> bool {
    let mut at = from;
    for _ in 0..WAY {
        match f.func.blocks.get(at.index()).map(|block| &block.term) {
            Some(Term::Throw(_)) => return true,
            Some(Term::Goto(next)) => at = *next,
            _ => return false,
        }
    }
    false
}

/// Calls that join conditions of a query, and leave out what is `undefined`.
const JOINS: &[&str] = &["npm:drizzle-orm.and"];

/// Conditions of queries of which a part is written as `undefined`.
fn conditions(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let none = |operand: Operand| match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Undefined),
        Operand::Local(_) => false,
    };
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Call { callee, args, .. } = *instr else {
            continue;
        };
        if !f.func.args(args).iter().any(|arg| none(arg.value)) {
            continue;
        }
        let texts = trace::texts(origins, f.id, callee);
        if texts.iter().any(|text| JOINS.contains(&text.as_str())) {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            out.push(fact(f, span, "condition", "and"));
        }
    }
}

/// Functions that always say yes, given to what asks them about a value.
fn validators(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Call {
            callee, this, args, ..
        } = *instr
        else {
            continue;
        };
        let (Some(name), _) = trace::called(f, callee, this) else {
            continue;
        };
        if !VALIDATORS.contains(&name) {
            continue;
        }
        let Some(first) = f.func.args(args).first() else {
            continue;
        };
        let given: Vec<FuncId> = origins
            .of_operand(f.id, first.value)
            .iter()
            .filter_map(|val| match origins.val(*val) {
                Some(Val::Func(func)) => Some(func),
                _ => None,
            })
            .collect();
        let yes = |func: &FuncId| says_yes(origins.program.func(*func));
        if !given.is_empty() && given.iter().all(yes) {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            out.push(fact(f, span, "validator", name));
        }
    }
}
