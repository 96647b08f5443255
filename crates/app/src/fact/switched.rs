//! Parameters by which whoever calls an endpoint switches its checks off: `def assign(name, ignore_permissions=False)`.

use super::tri;
use crate::decoration::injected;
use crate::model::Endpoint;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Instr, LocalId, Operand, Term};
use std::collections::BTreeMap;

/// First words of names of what switches something off …
const OFF: [&str; 7] = [
    "ignore", "skip", "bypass", "disable", "without", "no", "override",
];

/// … and how what is switched off begins.
const CHECKS: [&str; 6] = ["permission", "perm", "auth", "acl", "access", "ownership"];

/// One fact for each handler that is told so by whoever calls it.
pub(super) fn of(origins: &Solver<'_, '_>, endpoints: &[Endpoint]) -> Vec<Fact> {
    let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
    for endpoint in endpoints.iter().filter(|e| e.method != "task") {
        for &handler in &endpoint.handlers {
            let f = origins.program.func(handler);
            for param in &f.func.params {
                let Some(name) = param.name.map(|name| f.file.facts.str(name)) else {
                    continue;
                };
                let filled = || injected::of_parameter(origins, f, param).is_some();
                if !switches_off(name) || filled() || !is_used(f, param.local) {
                    continue;
                }
                let site = Site {
                    file: f.file_idx,
                    span: f.func.head,
                };
                out.entry(site).or_insert_with(|| Fact {
                    fact: "caller.switch".to_owned(),
                    site,
                    function: handler,
                    callee: name.to_owned(),
                    values: vec![
                        ("role".to_owned(), tri(endpoint.guarded("role"))),
                        ("name".to_owned(), FactValue::Str(name.to_owned())),
                    ],
                });
            }
        }
    }
    out.into_values().collect()
}

/// Whether a name says that a check of rights is left out.
fn switches_off(name: &str) -> bool {
    let plain = crate::account::words::plain(name);
    let words: Vec<&str> = plain.split('_').collect();
    let [first, rest @ ..] = words.as_slice() else {
        return false;
    };
    OFF.contains(first)
        && rest.iter().any(|word| {
            !word.starts_with("author") && CHECKS.iter().any(|check| word.starts_with(check))
                || word.starts_with("authori")
        })
}

/// Whether a parameter is handed on, or decides something.
fn is_used(f: FuncRef<'_>, param: LocalId) -> bool {
    let value = Operand::Local(param);
    let given = f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { args, .. } => f.func.args(args).iter().any(|arg| arg.value == value),
        Instr::Op { operands, .. } => f.func.operands(operands).contains(&value),
        Instr::Copy { from, .. } => from == value,
        _ => false,
    });
    given
        || f.func
            .blocks
            .iter()
            .any(|block| matches!(block.term, Term::Branch { cond, .. } if cond == value))
}

#[cfg(test)]
mod tests {
    use super::switches_off;

    #[test]
    fn names_tell() {
        for name in ["ignore_permissions", "skipAuth", "bypass_access_check"] {
            assert!(switches_off(name), "{name}");
        }
        for name in [
            "ignore_case",
            "permissions",
            "no_author",
            "skip_authors_page",
        ] {
            assert!(!switches_off(name), "{name}");
        }
    }
}
