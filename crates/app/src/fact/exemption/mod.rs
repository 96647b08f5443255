//! Guards that let requests pass because their address contains some text, as facts.

use crate::decoration::written_name;
use crate::guard::root::{Known, Search, is_request};
use crate::model::{Application, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Const, Instr, Key, OpKind, Operand, Term};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Members of requests that hold where they go to.
const ADDRESSES: &[&str] = &[
    "endpoint",
    "path",
    "url",
    "full_path",
    "originalUrl",
    "pathname",
    "path_info",
];

impl Application {
    /// One fact for each test of a guard that looks for a text anywhere in the address.
    pub(super) fn exemptions(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut functions: BTreeSet<FuncId> = BTreeSet::new();
        for member in self.endpoints.iter().flat_map(|endpoint| &endpoint.chain) {
            match &member.what {
                Stage::Function(func, given, _) => {
                    functions.insert(*func);
                    functions.extend(given);
                }
                Stage::Wraps(func, _)
                | Stage::Before(func)
                | Stage::Decides(func)
                | Stage::Method(func) => {
                    functions.insert(*func);
                }
                _ => {}
            }
        }
        let known = Known::default();
        let mut out = Vec::new();
        for func in functions {
            let f = origins.program.func(func);
            let who: FxHashSet<usize> = blocks_that_look(f, origins, &known);
            if who.is_empty() {
                continue;
            }
            for (index, block) in f.func.blocks.iter().enumerate() {
                let Term::Branch { cond, yes, .. } = block.term else {
                    continue;
                };
                let Some((at, text)) = looks_for(f, origins, cond) else {
                    continue;
                };
                if !who.contains(&index) && leaves(f, yes.index(), &who) {
                    let span = f.func.spans.get(at).copied().unwrap_or_default();
                    out.push(Fact {
                        fact: "guard.exemption".to_owned(),
                        site: Site {
                            file: f.file_idx,
                            span,
                        },
                        function: func,
                        callee: origins.program.func_name(func),
                        values: vec![("text".to_owned(), FactValue::Str(text))],
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

/// The text that a condition looks for in the address, and the instruction that does.
fn looks_for(f: FuncRef<'_>, origins: &Solver<'_, '_>, cond: Operand) -> Option<(usize, String)> {
    let Operand::Local(local) = cond else {
        return None;
    };
    let (at, instr) = f.writer(local)?;
    let text = |operand: Operand| match operand {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => Some(f.file.facts.str(*text).to_owned()),
            _ => None,
        },
        Operand::Local(_) => None,
    };
    let (text, within) = match *instr {
        Instr::Op {
            op: OpKind::In,
            operands,
            ..
        } => match *f.func.operands(operands) {
            [what, within] => (text(what)?, within),
            _ => return None,
        },
        // `path.indexOf('/open') !== -1`
        Instr::Op {
            op: OpKind::StrictNe | OpKind::Ne | OpKind::Greater,
            operands,
            ..
        } => {
            let sought = *f.func.operands(operands).first()?;
            return found_by(f, origins, sought, "indexOf");
        }
        Instr::Call {
            this: Some(this),
            callee,
            args,
            ..
        } => {
            let what = f.func.args(args).first()?.value;
            match written_name(f, callee)? {
                "includes" => (text(what)?, this),
                "test" => (loose_pattern(f, this)?, what),
                "match" => (loose_pattern(f, what)?, this),
                _ => return None,
            }
        }
        _ => return None,
    };
    (text.len() > 1 && is_address(f, origins, within)).then_some((at, text))
}

/// A call of a method that looks for a text in the address.
fn found_by(
    f: FuncRef<'_>,
    origins: &Solver<'_, '_>,
    sought: Operand,
    name: &str,
) -> Option<(usize, String)> {
    let Operand::Local(local) = sought else {
        return None;
    };
    let (at, instr) = f.writer(local)?;
    let Instr::Call {
        this: Some(within),
        callee,
        args,
        ..
    } = *instr
    else {
        return None;
    };
    let Operand::Const(what) = f.func.args(args).first()?.value else {
        return None;
    };
    let Const::Str(text) = *f.file.facts.constant(what) else {
        return None;
    };
    let text = f.file.facts.str(text).to_owned();
    let found = written_name(f, callee) == Some(name) && text.len() > 1;
    (found && is_address(f, origins, within)).then_some((at, text))
}

/// The text of a regular expression that is bound to neither end of what it is run on.
fn loose_pattern(f: FuncRef<'_>, operand: Operand) -> Option<String> {
    let Operand::Const(id) = operand else {
        return None;
    };
    let Const::Regex(regex) = f.file.facts.constant(id) else {
        return None;
    };
    let text = f.file.facts.str(regex.pattern);
    let bound = text.starts_with('^')
        || text.ends_with('$')
        || ["(^", "|^", "$)", "$|"]
            .iter()
            .any(|end| text.contains(end));
    (!bound).then(|| text.to_owned())
}

/// `request.endpoint`, `req.path`
fn is_address(f: FuncRef<'_>, origins: &Solver<'_, '_>, operand: Operand) -> bool {
    let Operand::Local(local) = operand else {
        return false;
    };
    match f.writer(local).map(|made| made.1) {
        Some(&Instr::Load {
            base,
            key: Key::Field(name),
            ..
        }) => ADDRESSES.contains(&f.file.facts.str(name)) && is_request(origins, f.id, base),
        _ => false,
    }
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
