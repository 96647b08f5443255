//! Pages that say the same to everybody: there is nothing to guard.

use crate::limits;
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_ir::{Instr, Operand, Term};

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

/// Whether a handler takes nothing, touches nothing and calls nothing that is not known: `ctx.status = 405`.
pub(super) fn is_idle(endpoint: &Endpoint) -> bool {
    let objects = &endpoint.objects;
    !(endpoint.handlers.is_empty()
        || objects.writes
        || objects.deletes
        || objects.mails
        || objects.takes
        || objects.handed
        || objects.open
        || objects.checked)
        && objects.chosen.is_empty()
}

/// Whether a handler touches no record and only sends elsewhere, where others answer.
pub(super) fn sends_elsewhere(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let objects = &endpoint.objects;
    if objects.writes || objects.deletes || !objects.chosen.is_empty() {
        return false;
    }
    let sends = |func: &casemate_flow::result::FuncId| {
        let f = origins.program.func(*func);
        let mut ends = f.func.blocks.iter().filter_map(|block| match block.term {
            Term::Return(value) => Some(value),
            _ => None,
        });
        let redirects = |value: Option<Operand>| {
            let callee = value.and_then(|value| f.call_behind(value));
            callee.is_some_and(|(callee, _)| {
                origins.of_operand(*func, callee).iter().any(|val| {
                    matches!(origins.val(*val), Some(Val::Api(path)) if {
                        let text = origins.paths.text(path);
                        let last = text.rsplit(['.', ':']).next().unwrap_or_default();
                        last.to_lowercase().contains("redirect")
                    })
                })
            })
        };
        let mut some = false;
        let all = ends.all(|value| {
            some = true;
            redirects(value)
        });
        some && all
    };
    !endpoint.handlers.is_empty() && endpoint.handlers.iter().all(sends)
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
