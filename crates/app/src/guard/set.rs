//! Members of requests that the program itself sets from who is known to ask: `req.user = …`, `c.set('user', …)`.

use super::known::Known;
use super::required;
use super::root::{self, Search};
use crate::model::{Application, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Key};
use rustc_hash::FxHashSet;

/// Members of requests that middleware of the program sets from who is known to ask.
pub(super) fn set_by_program(
    application: &Application,
    origins: &Solver<'_, '_>,
) -> FxHashSet<String> {
    let mut functions: Vec<FuncId> = Vec::new();
    for member in application.endpoints.iter().flat_map(|e| &e.chain) {
        functions.extend(member.what.functions());
    }
    // A handler may hand a request on to what is decorated.
    for func in origins.program.function_ids() {
        if origins.program.func(func).func.decorators.is_empty() {
            continue;
        }
        for stage in crate::decoration::decorators(origins, func) {
            if let Stage::Wraps(func, _) = stage {
                functions.push(func);
            }
        }
    }
    functions.sort_unstable();
    functions.dedup();
    let mut names = FxHashSet::default();
    let none = Known::default();
    let mut seen = FxHashSet::default();
    while let Some(func) = functions.pop() {
        if !seen.insert(func) {
            continue;
        }
        let f = origins.program.func(func);
        names.extend(required::members(origins, f));
        for instr in &f.func.instrs {
            match *instr {
                Instr::Closure { func, .. } => functions.push(f.sibling(func)),
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    value,
                } if root::is_request(origins, func, base)
                    && Search::of(origins, &none, func, value).tells_who() =>
                {
                    names.insert(f.file.facts.str(name).to_owned());
                }
                // `c.set('user', user)`
                Instr::Call {
                    callee,
                    this: Some(this),
                    args,
                    ..
                } if root::is_request(origins, func, this)
                    && crate::decoration::written_name(f, callee) == Some("set") =>
                {
                    if let [name, value] = f.func.args(args)
                        && let Some(name) = f.constant_text(name.value)
                        && name.starts_with(|c: char| c.is_ascii_lowercase())
                        && name.chars().all(char::is_alphanumeric)
                        && Search::of(origins, &none, func, value.value).tells_who()
                    {
                        names.insert(name.to_owned());
                    }
                }
                _ => {}
            }
        }
    }
    for ordinary in [
        "headers",
        "cookies",
        "body",
        "query",
        "params",
        "url",
        "statusCode",
        "status",
    ] {
        names.remove(ordinary);
    }
    names
}
