//! Connections and files that a function opens for itself, and whether it gives them back, as facts.
//!
//! What is handed on, returned or kept is somebody else's to give back: *unknown*.

use crate::limits;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Capture, FnKind, Instr, Key, Language, LocalId, Operand, Term};
use std::collections::BTreeSet;

/// Calls that open something: what they are, by the text of their path.
const OPENS: [(&str, &str); 15] = [
    ("npm:pg.Pool.new().connect", "connection"),
    ("npm:pg-pool.new().connect", "connection"),
    (
        "npm:mysql2/promise.createPool().getConnection",
        "connection",
    ),
    ("npm:promise-mysql.createPool().getConnection", "connection"),
    ("npm:mariadb.createPool().getConnection", "connection"),
    ("npm:mssql.ConnectionPool.new().connect", "connection"),
    (
        "npm:typeorm.DataSource.new().createQueryRunner",
        "connection",
    ),
    ("node:fs.promises.open", "file"),
    ("node:fs/promises.open", "file"),
    ("node:fs.openSync", "file"),
    ("py:psycopg2.connect", "connection"),
    ("py:psycopg.connect", "connection"),
    ("py:pymysql.connect", "connection"),
    ("py:MySQLdb.connect", "connection"),
    ("py:mysql.connector.connect", "connection"),
];

/// Members by which it is given back.
const RETURNS: [&str; 9] = [
    "release",
    "close",
    "end",
    "destroy",
    "__enter__",
    "__exit__",
    "__aenter__",
    "putconn",
    "closeSync",
];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        let long = f.func.instrs.len() > limits::READ_INSTRS;
        if origins.program.is_copy(func) || long || f.func.kind == FnKind::Module {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { to, callee, .. } = *instr else {
                continue;
            };
            let Some((text, what)) = opens(origins, f, callee) else {
                continue;
            };
            out.push(Fact {
                fact: "resource".to_owned(),
                site: Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                function: func,
                callee: text,
                values: vec![
                    ("kind".to_owned(), FactValue::Str(what.to_owned())),
                    ("released".to_owned(), released(origins, f, at, to)),
                ],
            });
        }
    }
    out
}

fn opens(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
) -> Option<(String, &'static str)> {
    origins.of_operand(f.id, callee).iter().find_map(|&val| {
        let Some(Val::Api(path)) = origins.val(val) else {
            return None;
        };
        let text = origins.paths.text(path);
        if text == "open" && f.file.facts.language == Language::Python {
            return Some((text, "file"));
        }
        let known = OPENS.iter().find(|(name, _)| *name == text)?;
        Some((text, known.1))
    })
}

/// Whether what a call gave is given back by the function or one inside it.
fn released(origins: &Solver<'_, '_>, f: FuncRef<'_>, at: usize, to: LocalId) -> FactValue {
    let mut held = BTreeSet::from([to]);
    let mut named = false;
    let mut handed = false;
    let holds = |held: &BTreeSet<LocalId>, operand: Operand| match operand {
        Operand::Local(local) => held.contains(&local),
        Operand::Const(_) => false,
    };
    for instr in f.func.instrs.iter().skip(at + 1) {
        match *instr {
            Instr::Await { to, from } if holds(&held, from) => {
                held.insert(to);
            }
            Instr::Copy { to, from } if holds(&held, from) => {
                held.insert(to);
                named = true;
            }
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } if holds(&held, base) && RETURNS.contains(&f.file.facts.str(name)) => {
                return FactValue::Bool(true);
            }
            Instr::Store { value, .. }
            | Instr::StoreVar { value, .. }
            | Instr::Yield { value, .. }
                if holds(&held, value) =>
            {
                handed = true;
            }
            Instr::Call { args, .. } => {
                handed |= f.func.args(args).iter().any(|a| holds(&held, a.value));
            }
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                handed |= f.func.parts(parts).iter().any(|p| holds(&held, p.value));
            }
            Instr::Op { operands, .. } | Instr::Opaque { operands, .. } => {
                handed |= f.func.operands(operands).iter().any(|o| holds(&held, *o));
            }
            Instr::Closure { func, .. } => {
                let inner = f.sibling(func);
                if captures(origins, inner, &held) {
                    if gives_back(origins, inner) {
                        return FactValue::Bool(true);
                    }
                    handed = true;
                }
            }
            _ => {}
        }
    }
    handed |= f.func.blocks.iter().any(|block| {
        matches!(block.term, Term::Return(Some(value)) if holds(&held, value))
            || matches!(block.term, Term::Branch { cond, .. } if holds(&held, cond))
    });
    // What has no name ends with the expression.
    if handed || !named {
        FactValue::Unknown
    } else {
        FactValue::Bool(false)
    }
}

fn captures(origins: &Solver<'_, '_>, inner: FuncId, held: &BTreeSet<LocalId>) -> bool {
    let captures = &origins.program.func(inner).func.captures;
    captures
        .iter()
        .any(|capture| matches!(capture, Capture::Local(local) if held.contains(local)))
}

fn gives_back(origins: &Solver<'_, '_>, inner: FuncId) -> bool {
    let f = origins.program.func(inner);
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Load { key: Key::Field(name), .. }
            if RETURNS.contains(&f.file.facts.str(name)))
    })
}
