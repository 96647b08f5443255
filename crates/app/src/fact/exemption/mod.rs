//! Guards that let requests pass because their address contains some text, as facts.

mod test;

use crate::guard::root::{Known, Search};
use crate::model::{Application, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Const, Instr, Operand, Term};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

impl Application {
    /// One fact for each test of a guard that looks for a text anywhere in the address.
    pub(super) fn exemptions(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        // With the parameter by which each passes requests on.
        let mut functions: BTreeMap<FuncId, Option<usize>> = BTreeMap::new();
        for member in self.endpoints.iter().flat_map(|endpoint| &endpoint.chain) {
            match &member.what {
                Stage::Function(func, given, next) => {
                    functions.insert(*func, *next);
                    for given in given {
                        functions.entry(*given).or_default();
                    }
                }
                Stage::Wraps(func, _)
                | Stage::Before(func)
                | Stage::Middleware(func)
                | Stage::Decides(func)
                | Stage::Method(func) => {
                    functions.entry(*func).or_default();
                }
                _ => {}
            }
        }
        let known = Known::default();
        let mut out = Vec::new();
        let mut told = BTreeSet::new();
        for (func, next) in functions {
            let f = origins.program.func(func);
            let mut who: FxHashSet<usize> = blocks_that_look(f, origins, &known);
            who.extend(next.iter().flat_map(|next| handing_over(f, origins, *next)));
            if who.is_empty() {
                continue;
            }
            for (index, block) in f.func.blocks.iter().enumerate() {
                let Term::Branch { cond, yes, .. } = block.term else {
                    continue;
                };
                if who.contains(&index) || !leaves(f, yes.index(), &who) {
                    continue;
                }
                if let Some(found) = test::of(f, origins, cond)
                    && told.insert(found.site)
                {
                    out.push(Fact {
                        fact: "guard.exemption".to_owned(),
                        site: found.site,
                        function: found.func,
                        callee: origins.program.func_name(func),
                        values: vec![("text".to_owned(), FactValue::Str(found.text))],
                    });
                }
            }
        }
        out
    }
}

/// Blocks whose branches depend on who asks.
fn blocks_that_look(f: FuncRef<'_>, origins: &Solver<'_, '_>, known: &Known) -> FxHashSet<usize> {
    let branches = f.func.blocks.iter().enumerate();
    branches
        .filter(|(_, block)| {
            matches!(block.term, Term::Branch { cond, .. }
                if Search::of(origins, known, f.id, cond).tells_who())
        })
        .map(|(index, _)| index)
        .collect()
}

/// Blocks that hand the request, with what passes it on, to what asks who it is: `passport.authenticate('jwt')(req, res, next)`.
fn handing_over<'p>(
    f: FuncRef<'p>,
    origins: &'p Solver<'p, '_>,
    next: usize,
) -> impl Iterator<Item = usize> {
    let next = f.func.params.get(next).map(|param| param.local);
    let blocks = f.func.blocks.iter().enumerate();
    blocks
        .filter(move |(_, block)| {
            f.func.block_instrs(block).any(|(_, instr)| match *instr {
                Instr::Call { callee, args, .. } => {
                    let mut args = f.func.args(args).iter();
                    args.any(|arg| next.map(Operand::Local) == Some(arg.value))
                        && asks(f, origins, callee, 0)
                }
                _ => false,
            })
        })
        .map(|(index, _)| index)
}

/// Whether what is called asks who it is: of the guards that one wrapper is given, some may do something else.
fn asks(f: FuncRef<'_>, origins: &Solver<'_, '_>, callee: Operand, depth: u32) -> bool {
    origins
        .of_operand(f.id, callee)
        .iter()
        .any(|val| {
            match origins.val(*val) {
        Some(Val::Api(path)) => origins.paths.rows(path).any(
            |(_, row)| matches!(&row.role, Role::Guard { kind, .. } if kind == "authentication"),
        ),
        Some(Val::Func(inner)) if inner != f.id && depth < 2 => {
            let inner = origins.program.func(inner);
            !blocks_that_look(inner, origins, &Known::default()).is_empty()
                || inner.func.instrs.iter().any(|instr| match *instr {
                    Instr::Call { callee, args, .. } => {
                        inner.func.args(args).len() > 2 && asks(inner, origins, callee, depth + 1)
                    }
                    _ => false,
                })
        }
        _ => false,
    }
        })
}

/// From a block, the function is left without who asks being looked at, and without an answer that refuses.
fn leaves(f: FuncRef<'_>, from: usize, who: &FxHashSet<usize>) -> bool {
    let mut seen = FxHashSet::default();
    let mut stack = vec![from];
    while let Some(index) = stack.pop() {
        if who.contains(&index) || !seen.insert(index) || refuses(f, index) {
            continue;
        }
        match f.func.blocks.get(index).map(|block| block.term) {
            Some(Term::Return(_)) => return true,
            Some(Term::Branch { yes, no, .. }) => stack.extend([yes.index(), no.index()]),
            Some(Term::Goto(to)) => stack.push(to.index()),
            _ => {}
        }
    }
    false
}

/// A status of an error is given in a block.
fn refuses(f: FuncRef<'_>, block: usize) -> bool {
    let status = |operand: Operand| match operand {
        Operand::Const(id) => matches!(*f.file.facts.constant(id), Const::Number(bits)
            if (400.0..600.0).contains(&f64::from_bits(bits))),
        Operand::Local(_) => false,
    };
    f.func.blocks.get(block).is_some_and(|block| {
        f.func.block_instrs(block).any(|(_, instr)| match *instr {
            Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| status(arg.value)),
            Instr::Store { value, .. } => status(value),
            _ => false,
        })
    })
}
