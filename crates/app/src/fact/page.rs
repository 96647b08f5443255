//! Pages that say the same to everybody: there is nothing to guard.

use crate::limits;
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_ir::{Instr, Operand};

/// Functions that make an answer and read nothing.
const ANSWERS: [&str; 16] = [
    "render",
    "render_template",
    "render_to_response",
    "TemplateResponse",
    "HttpResponse",
    "HttpResponseRedirect",
    "HttpResponsePermanentRedirect",
    "redirect",
    "reverse",
    "url_for",
    "make_response",
    "send",
    "sendFile",
    "status",
    "end",
    "type",
];

/// Whether a handler calls nothing but what makes an answer of constants.
pub(super) fn is_fixed(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let fixed = |func: &casemate_flow::result::FuncId| {
        let f = origins.program.func(*func);
        f.func.instrs.len() <= limits::READ_INSTRS
            && f.func.instrs.iter().all(|instr| match *instr {
                Instr::Call { callee, .. } => answers(origins, *func, callee),
                Instr::Yield { .. } | Instr::Await { .. } | Instr::Closure { .. } => false,
                _ => true,
            })
    };
    !endpoint.handlers.is_empty() && endpoint.handlers.iter().all(fixed)
}

/// The callee is certainly one of these functions of packages.
fn answers(origins: &Solver<'_, '_>, func: casemate_flow::result::FuncId, callee: Operand) -> bool {
    let values = origins.of_operand(func, callee);
    !values.is_empty()
        && values.iter().all(|val| match origins.val(*val) {
            Some(Val::Api(path)) => {
                let text = origins.paths.text(path);
                let last = text.rsplit(['.', ':']).next().unwrap_or_default();
                ANSWERS.contains(&last)
            }
            _ => false,
        })
}
