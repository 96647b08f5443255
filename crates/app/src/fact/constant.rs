//! Checks that cannot say no: a rule of access that is always true, a way out behind what never holds, a validator that
//! does not look at what it validates, a part of a query's condition that is none.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Block, BlockId, Const, FnKind, Instr, LocalId, Operand, Span, Symbol, Term};
use rustc_hash::FxHashSet;

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
        if builds_nothing(f) {
            out.push(fact(
                f,
                f.func.span,
                "condition",
                &origins.program.func_name(func),
            ));
        }
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

/// Branches on `false` whose side that is never taken throws, or returns before the rest of the function.
fn refusals(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for block in &f.func.blocks {
        let Term::Branch { cond, yes, no } = block.term else {
            continue;
        };
        // `assert False` always throws: nothing is switched off.
        let throws = |at: &BlockId| matches!(term(f, *at), Some(Term::Throw(_)));
        let never = constant(f, cond) == Some(false);
        if never && leaves(f, yes, no) && !way(f, no).last().is_some_and(throws) {
            out.push(fact(f, block.term_span, "refusal", "false"));
        }
    }
}

/// Names of the columns that a condition is built about, as parameters.
const COLUMNS: &[&str] = &["column", "field", "col"];

/// It is given a column and somebody, says `true` in SQL, and looks at no column.
fn builds_nothing(f: FuncRef<'_>) -> bool {
    let flat = |symbol: Option<Symbol>| symbol.map(|name| trace::flat(f.file.facts.str(name)));
    let params = || {
        f.func
            .params
            .iter()
            .map(|param| (param.local, flat(param.name)))
    };
    let asker = params().any(|(_, name)| name.is_some_and(|n| ASKERS.contains(&n.as_str())));
    let Some((column, _)) =
        params().find(|(_, name)| name.as_ref().is_some_and(|n| COLUMNS.contains(&n.as_str())))
    else {
        return false;
    };
    let mut read = false;
    let mut yes = false;
    for instr in &f.func.instrs {
        f.func
            .each_read(instr, |operand| read |= operand == Operand::Local(column));
        if let Instr::Call { args, flags, .. } = *instr
            && flags.tagged
            && let Some(pieces) = f.func.args(args).first()
            && let Some((_, Instr::Array { parts, .. })) = trace::made_by(f, pieces.value)
            && let [piece] = f.func.parts(*parts)
        {
            yes |= trace::text(f, piece.value).is_some_and(|text| {
                matches!(
                    text.trim().to_ascii_lowercase().as_str(),
                    "true" | "1=1" | "1 = 1"
                )
            });
        }
    }
    asker && yes && !read
}

/// Calls by which a validator says that something is wrong, or by which what is under way is broken off.
const ISSUES: &[&str] = &["addIssue", "createError", "destroy", "abort"];

/// One side throws, says what is wrong, or returns where the other one does not come along.
fn leaves(f: FuncRef<'_>, side: BlockId, other: BlockId) -> bool {
    let says = |at: &BlockId| {
        f.func.blocks.get(at.index()).is_some_and(|block| {
            f.func.block_instrs(block).any(|(_, instr)| {
                matches!(*instr, Instr::Call { callee, this, .. }
                    if trace::called(f, callee, this).0.is_some_and(|name| ISSUES.contains(&name)))
            })
        })
    };
    if way(f, side).first().is_some_and(says) {
        return true;
    }
    match way(f, side).last().map(|at| (at, term(f, *at))) {
        Some((_, Some(Term::Throw(_)))) => true,
        Some((end, Some(Term::Return(_)))) => !way(f, other).contains(end),
        _ => false,
    }
}

/// The blocks that follow each other without a choice.
fn way(f: FuncRef<'_>, from: BlockId) -> Vec<BlockId> {
    let mut out = vec![from];
    while let Some(Term::Goto(next)) = out.last().and_then(|at| term(f, *at)) {
        if out.len() == WAY {
            break;
        }
        out.push(next);
    }
    out
}

fn term(f: FuncRef<'_>, at: BlockId) -> Option<Term> {
    f.func.blocks.get(at.index()).map(|block| block.term)
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
        // `and(...conditions)`, of a list that is written out.
        let listed = |arg: &casemate_ir::Arg| {
            arg.key == casemate_ir::ArgKey::Spread
                && matches!(trace::made_by(f, arg.value), Some((_, Instr::Array { parts, .. }))
                    if f.func.parts(*parts).iter().any(|part| none(part.value)))
        };
        if !f
            .func
            .args(args)
            .iter()
            .any(|arg| none(arg.value) || listed(arg))
        {
            continue;
        }
        let texts = trace::texts(origins, f.id, callee);
        if texts.iter().any(|text| JOINS.contains(&text.as_str())) {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            out.push(fact(f, span, "condition", "and"));
        }
    }
}

/// It has a name for what it is given, and nothing that it decides or calls depends on that.
fn looks_away(f: FuncRef<'_>) -> bool {
    // A name that begins so says that nobody means to look.
    let meant = |name: Option<Symbol>| !name.is_some_and(|n| f.file.facts.str(n).starts_with('_'));
    let params = || {
        f.func
            .params
            .iter()
            .filter(|p| meant(p.name))
            .map(|p| p.local)
    };
    if params().next().is_none() || f.func.arguments.is_some() {
        return false;
    }
    let mut seen: FxHashSet<LocalId> = params().collect();
    let reads = |seen: &FxHashSet<LocalId>, operand: Operand| match operand {
        Operand::Local(local) => seen.contains(&local),
        Operand::Const(_) => false,
    };
    loop {
        let before = seen.len();
        for instr in &f.func.instrs {
            let mut told = false;
            f.func
                .each_read(instr, |operand| told |= reads(&seen, operand));
            if !told {
                continue;
            }
            match (*instr, instr.target()) {
                (
                    Instr::Copy { .. }
                    | Instr::Load { .. }
                    | Instr::Op { .. }
                    | Instr::Object { .. },
                    Some(to),
                ) => {
                    seen.insert(to);
                }
                _ => return false,
            }
        }
        if seen.len() == before {
            break;
        }
    }
    let captured = |local: &LocalId| {
        let known = f.func.locals.get(local.index());
        known.is_none_or(|local| local.captured)
    };
    let decided = |block: &Block| {
        let operand = block.term.operand();
        operand.is_some_and(|operand| reads(&seen, operand))
    };
    !seen.iter().any(captured) && !f.func.blocks.iter().any(decided)
}

/// Functions that say yes whatever they are given, given to what asks them about a value.
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
        let yes = |func: &FuncId| {
            let f = origins.program.func(*func);
            says_yes(f) || looks_away(f)
        };
        if !given.is_empty() && given.iter().all(yes) {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            out.push(fact(f, span, "validator", name));
        }
    }
}
