//! Conditions that look for a text anywhere in the address of a request.

use crate::constants::{ANY, constants};
use crate::decoration::written_name;
use crate::guard::root::is_request;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Const, Instr, Key, Language, OpKind, Operand, Term};

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

/// Functions that ask on behalf of others, one below another.
const DEPTH: u32 = 3;

/// Blocks between a test and the answer.
const STEPS: usize = 4;

/// A test that looks for a text anywhere in the address.
pub(super) struct Test {
    /// Where it stands.
    pub site: Site,
    /// The function that it stands in.
    pub func: FuncId,
    /// What it looks for.
    pub text: String,
}

/// The test that a condition is, itself or through a function of the program that it calls.
pub(super) fn of<'p>(f: FuncRef<'p>, origins: &Solver<'p, '_>, cond: Operand) -> Option<Test> {
    asked(f, origins, cond, 0)
}

fn asked<'p>(f: FuncRef<'p>, origins: &Solver<'p, '_>, cond: Operand, depth: u32) -> Option<Test> {
    let Operand::Local(local) = cond else {
        return None;
    };
    if depth > DEPTH {
        return None;
    }
    f.writers(local).find_map(|(at, instr)| match *instr {
        Instr::Copy { from, .. } if from != cond => asked(f, origins, from, depth + 1),
        _ => {
            let found = looks_for(f, origins, instr).map(|text| Test {
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                func: f.id,
                text,
            });
            found.or_else(|| on_behalf(f, origins, instr, depth))
        }
    })
}

/// A function of the program is asked, or one is asked about each member of a list.
fn on_behalf<'p>(
    f: FuncRef<'p>,
    origins: &Solver<'p, '_>,
    instr: &Instr,
    depth: u32,
) -> Option<Test> {
    let Instr::Call { callee, args, .. } = *instr else {
        return None;
    };
    let called = match f.func.args(args) {
        [given] if written_name(f, callee).is_some_and(|name| ANY.contains(&name)) => given.value,
        _ => callee,
    };
    let [val] = origins.of_operand(f.id, called) else {
        return None;
    };
    let Some(Val::Func(inner)) = origins.val(*val) else {
        return None;
    };
    let inner = (inner != f.id).then(|| origins.program.func(inner))?;
    inner.func.blocks.iter().find_map(|block| match block.term {
        Term::Return(Some(value)) => asked(inner, origins, value, depth + 1),
        Term::Branch { cond, yes, .. } if says_yes(inner, yes.index()) => {
            asked(inner, origins, cond, depth + 1)
        }
        _ => None,
    })
}

/// What follows a block is the answer `true`.
fn says_yes(f: FuncRef<'_>, block: usize) -> bool {
    let mut at = block;
    for _ in 0..STEPS {
        match f.func.blocks.get(at).map(|block| block.term) {
            Some(Term::Goto(to)) => at = to.index(),
            Some(Term::Return(Some(Operand::Const(id)))) => {
                return *f.file.facts.constant(id) == Const::Bool(true);
            }
            _ => return false,
        }
    }
    false
}

/// The text that an instruction looks for in the address.
fn looks_for<'p>(f: FuncRef<'p>, origins: &Solver<'p, '_>, instr: &Instr) -> Option<String> {
    let text = |operand: Operand| {
        let all = constants(f, origins, operand);
        all.into_iter().find_map(|(f, id)| {
            let text = f.constant_text(Operand::Const(id))?;
            (text.len() > 1).then(|| text.to_owned())
        })
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
            op: OpKind::StrictNe | OpKind::Ne | OpKind::Greater | OpKind::GreaterEq,
            operands,
            ..
        } => {
            let sought = *f.func.operands(operands).first()?;
            let Some(&Instr::Call {
                this: Some(within),
                callee,
                args,
                ..
            }) = f.made_by(sought)
            else {
                return None;
            };
            if written_name(f, callee) != Some("indexOf") {
                return None;
            }
            (text(f.func.args(args).first()?.value)?, within)
        }
        Instr::Call {
            this: Some(this),
            callee,
            args,
            ..
        } => {
            let args = f.func.args(args);
            let what = args.first()?.value;
            let python = f.file.facts.language == Language::Python;
            match (written_name(f, callee)?, args) {
                ("includes", _) => (text(what)?, this),
                ("test" | "exec", _) => (loose_pattern(f, origins, this)?, what),
                // `re.search(pattern, request.path)`
                ("search" | "findall", [_, within, ..]) if python => {
                    (loose_pattern(f, origins, what)?, within.value)
                }
                ("search" | "findall", [_]) if python => (loose_pattern(f, origins, this)?, what),
                ("match" | "search", _) if !python => (loose_pattern(f, origins, what)?, this),
                _ => return None,
            }
        }
        _ => return None,
    };
    is_address(f, origins, within).then_some(text)
}

/// The text of a regular expression that is bound to neither end of what it is run on.
fn loose_pattern<'p>(f: FuncRef<'p>, origins: &Solver<'p, '_>, operand: Operand) -> Option<String> {
    constants(f, origins, operand)
        .into_iter()
        .find_map(|(f, id)| {
            let text = match f.file.facts.constant(id) {
                Const::Regex(regex) => f.file.facts.str(regex.pattern),
                Const::Str(text) if f.file.facts.language == Language::Python => {
                    f.file.facts.str(*text)
                }
                _ => return None,
            };
            let bound = ["^", "\\A"].iter().any(|start| text.starts_with(start))
                || ["$", "\\Z"].iter().any(|end| text.ends_with(end))
                || ["(^", "|^", "$)", "$|"]
                    .iter()
                    .any(|end| text.contains(end));
            (!bound && text.len() > 1).then(|| text.to_owned())
        })
}

/// `request.endpoint`, `req.path`, or what was given on from there.
fn is_address(f: FuncRef<'_>, origins: &Solver<'_, '_>, operand: Operand) -> bool {
    let Operand::Local(local) = operand else {
        return false;
    };
    if let Some((
        _,
        &Instr::Load {
            base,
            key: Key::Field(name),
            ..
        },
    )) = f.writer(local)
    {
        return ADDRESSES.contains(&f.file.facts.str(name)) && is_request(origins, f.id, base);
    }
    let vals = origins.of_operand(f.id, operand);
    !vals.is_empty()
        && vals.iter().all(|val| {
            matches!(origins.val(*val), Some(Val::Api(path))
                if ADDRESSES.contains(&origins.paths.last_member(path)) && origins.paths.parent_known(path))
        })
}
