//! Checks that refuse those whom they should let pass: `if may_read(note, user): return forbidden()`, where all other code writes `if not`.
//!
//! The rest of the program says which answer of a function is the good one: so many places refuse on the one, and a single place on the
//! other. Where its name says so too, one other place is enough.

use crate::decoration::written_name;
use crate::guard::forbids;
use crate::guard::root::Known;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FuncId, Site};
use casemate_ir::{BlockId, Const, Instr, Key, OpKind, Operand, Term};
use std::collections::BTreeMap;

/// So many other places refuse on the other answer.
const OTHERS: usize = 3;

/// Copies and negations between a call and the condition that looks at it.
const STEPS: usize = 8;

/// Texts and names by which a refusal speaks of rights.
const DENIES: [&str; 10] = [
    "unauthor",
    "no authoriz",
    "not authoriz",
    "not allowed",
    "forbidden",
    "permission",
    "access denied",
    "authentication_error",
    "authenticationerror",
    "accessdenied",
];

/// One fact for each such place.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let set = &Known::default();
    let program = origins.program;
    let mut asked: BTreeMap<FuncId, [Vec<(FuncId, Site)>; 2]> = BTreeMap::new();
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for block in &f.func.blocks {
            let Term::Branch { cond, yes, no } = block.term else {
                continue;
            };
            let Some((callee, at, negated)) = called(origins, f, cond) else {
                continue;
            };
            let on_true = if negated { no } else { yes };
            let on_false = if negated { yes } else { no };
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            let site = program.site(id, span);
            let [yes, no] = asked.entry(callee).or_default();
            match (
                denies(origins, set, f, on_true),
                denies(origins, set, f, on_false),
            ) {
                (true, false) => yes.push((id, site)),
                (false, true) => no.push((id, site)),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    for (callee, [yes, no]) in asked {
        let named = says_yes(program.func(callee));
        // Whatever the others do, a name that says which answer is the good one is held against one place with the help of another.
        let (one, others) = match (yes.len(), no.len()) {
            (1, 1..) if named || no.len() >= OTHERS => (yes, no),
            (OTHERS.., 1) if !named => (no, yes),
            _ => continue,
        };
        let &[(function, site)] = one.as_slice() else {
            continue;
        };
        out.push(Fact {
            fact: "check.inverted".to_owned(),
            site,
            function,
            callee: program.func_name(callee),
            values: vec![("others".to_owned(), super::number(others.len()))],
        });
    }
    out
}

/// Beginnings of names of functions that say yes where somebody may …
const ASKS: [&str; 5] = ["check", "has", "can", "may", "is"];

/// … and what they speak of.
const RIGHTS: [&str; 6] = [
    "permission",
    "permitted",
    "access",
    "allowed",
    "authoriz",
    "owner",
];

/// Whether the name of a function says that its yes lets somebody pass, and it answers with nothing but yes and no.
fn says_yes(f: FuncRef<'_>) -> bool {
    let name = f.func.name.map_or("", |name| f.file.facts.str(name));
    let lower = name.to_lowercase();
    let answers = |wanted: bool| {
        f.func.blocks.iter().any(|block| {
            matches!(block.term, Term::Return(Some(Operand::Const(id)))
                if *f.file.facts.constant(id) == Const::Bool(wanted))
        })
    };
    let negative = [
        "not", "no_", "den", "forbid", "lack", "missing", "without", "unauth",
    ];
    ASKS.iter().any(|word| lower.starts_with(word))
        && RIGHTS.iter().any(|word| lower.contains(word))
        && !negative.iter().any(|word| lower.contains(word))
        && answers(true)
        && answers(false)
}

/// The one function of the program whose answer a condition is, where it is called, and whether the condition is its opposite.
fn called(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    cond: Operand,
) -> Option<(FuncId, usize, bool)> {
    let mut at = cond;
    let mut negated = false;
    for _ in 0..STEPS {
        let Operand::Local(local) = at else {
            return None;
        };
        let mut writers = f.writers(local);
        let (index, instr) = writers.next()?;
        if writers.next().is_some() {
            return None;
        }
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = from,
            Instr::Op {
                op: OpKind::Not,
                operands,
                ..
            } => {
                at = *f.func.operands(operands).first()?;
                negated = !negated;
            }
            Instr::Call { callee, flags, .. } if !flags.new => {
                let [one] = origins.of_operand(f.id, callee) else {
                    return None;
                };
                return match origins.val(*one) {
                    Some(Val::Func(func)) => Some((func, index, negated)),
                    _ => None,
                };
            }
            _ => return None,
        }
    }
    None
}

/// Whether a block ends the function, and says that somebody may not.
fn denies(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>, at: BlockId) -> bool {
    let Some(block) = f.func.blocks.get(at.index()) else {
        return false;
    };
    if !matches!(block.term, Term::Return(Some(_)) | Term::Throw(_)) {
        return false;
    }
    let says = |text: &str| {
        let lower = text.to_lowercase();
        DENIES.iter().any(|word| lower.contains(word))
    };
    let mut instrs = f.func.block_instrs(block);
    let speaks = instrs.any(|(_, instr)| match *instr {
        Instr::Call { callee, args, .. } => {
            let mut args = f.func.args(args).iter();
            written_name(f, callee).is_some_and(says)
                || args.any(|arg| f.constant_text(arg.value).is_some_and(says))
        }
        Instr::Load {
            key: Key::Field(name),
            ..
        } => says(f.file.facts.str(name)),
        _ => false,
    });
    speaks || forbids(origins, set, f, at.index())
}
