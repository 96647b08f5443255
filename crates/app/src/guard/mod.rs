//! What stands before a handler and refuses requests: guards of libraries by their rows, those of the program by what they do.

mod address;
mod answered;
mod asserted;
mod behind;
mod body;
mod called;
mod captured;
mod chain;
mod check;
mod condition;
mod given;
mod graph;
pub(crate) mod held;
mod hook;
mod judged;
mod key;
mod known;
mod named;
pub(crate) mod names;
mod nobody;
mod noted;
mod onward;
mod proof;
pub(crate) mod reading;
mod refusal;
mod required;
pub(crate) mod root;
mod sent;
mod set;
mod slice;
mod step;
pub(crate) mod switch;

use crate::around::Around;
use crate::model::{Application, Endpoint, Guard, Member, Stage};
use address::Address;
use body::{Pass, Reader};
use casemate_flow::origin::Solver;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Function, Instr, LocalId, Operand};
use casemate_model::expr::Tri;
use casemate_model::row::Role;
use chain::{before, looks};
use check::Check;
pub(crate) use graph::is_nothing;
pub(crate) use hook::is_hook;
use judged::Judged;
use named::named_builder;
pub(crate) use named::named_login;
use root::Known;
use rustc_hash::FxHashMap;

/// The kinds of guards.
const KINDS: [&str; 8] = [
    "authentication",
    "role",
    "owner",
    "csrf",
    "rate-limit",
    "validation",
    "origin",
    "size-limit",
];

/// What refuses some with 403 for a reason that is not understood: it may be any guard of people.
pub(crate) const REFUSAL: &str = "refusal";

/// What refuses some with 401 for a reason that is not understood, or looks at who asks and answers that something else is wrong: it may ask
/// who they are, and asks for no role.
pub(crate) const DENIAL: &str = "denial";

/// What refuses those who are known: no guard, but it is decided what it does.
const GUESTS: &str = "guests";

/// What asks others who they are, and was made here to let everybody pass: `auth({ optional: true })`, `@Public()`.
const EVERYBODY: &str = "everybody";

/// Headers that carry a credential.
const CREDENTIALS: [&str; 5] = [
    "authorization",
    "x-api-key",
    "x-auth-token",
    "x-access-token",
    "api-key",
];

/// How what a handler refuses itself is told.
pub(crate) const ITSELF: &str = "the handler itself";

/// A kind by its name.
fn known(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|k| **k == kind).copied()
}

/// Finds the guards of all endpoints.
pub(crate) fn judge(application: &mut Application, origins: &Solver<'_, '_>) -> Known {
    let members = set::set_by_program(application, origins);
    let mut set = Known::new(origins, members);
    let given = given::find(application, origins, &set);
    set.learn(given);
    let reader = Reader {
        origins,
        set: &set,
        decided: &[],
        bound: None,
    };
    let mut judged = Judged::default();
    let mut looked: FxHashMap<FuncId, bool> = FxHashMap::default();
    let endpoints = std::mem::take(&mut application.endpoints);
    application.endpoints = endpoints
        .into_iter()
        .map(|mut endpoint| {
            endpoint.guards = guards(&endpoint, &reader, &mut judged, &mut looked);
            let count = endpoint.guards.len();
            endpoint.guards.retain(|guard| guard.kind != EVERYBODY);
            endpoint.open |= endpoint.guards.len() < count;
            // What only says that something is wrong serves nobody.
            endpoint.open |= match endpoint.handlers.as_slice() {
                [handler] => reader.serves_nobody(*handler),
                _ => false,
            };
            endpoint.aware = endpoint
                .handlers
                .iter()
                .any(|handler| looks(*handler, &reader, &mut looked));
            let nowhere = Address::of(
                &Endpoint::at(endpoint.site),
                reader.origins,
                &judged.patterns,
            );
            endpoint.misplaced = before(
                &endpoint.outside,
                &nowhere,
                &reader,
                &mut judged,
                &mut looked,
                &mut None,
            );
            endpoint.misplaced.retain(|guard| guard.kind != EVERYBODY);
            endpoint
        })
        .collect();
    set
}

/// The function and local that a captured variable belongs to.
pub(crate) fn owner_of(
    origins: &Solver<'_, '_>,
    f: casemate_flow::program::FuncRef<'_>,
    capture: casemate_ir::CaptureId,
) -> Option<(FuncId, LocalId)> {
    root::owner(origins, f, capture)
}

/// Whether a block refuses who asks: with a status that says so, or by sending them elsewhere.
pub(crate) fn denial(
    origins: &Solver<'_, '_>,
    set: &Known,
    f: casemate_flow::program::FuncRef<'_>,
    block: usize,
) -> bool {
    let reader = Reader {
        origins,
        set,
        decided: &[],
        bound: None,
    };
    reader.refusal(f, block).is_denial()
}

/// Whether a block answers that who asks is not known, or may not.
pub(crate) fn forbids(
    origins: &Solver<'_, '_>,
    set: &Known,
    f: casemate_flow::program::FuncRef<'_>,
    block: usize,
) -> bool {
    let reader = Reader {
        origins,
        set,
        decided: &[],
        bound: None,
    };
    let statuses = reader.refusal(f, block).statuses;
    statuses.contains(&401) || statuses.contains(&403)
}

/// How requests pass, as a key.
type Way = Option<usize>;

fn guards(
    endpoint: &Endpoint,
    reader: &Reader<'_, '_, '_>,
    judged: &mut Judged,
    looked: &mut FxHashMap<FuncId, bool>,
) -> Vec<Guard> {
    let mut out = Vec::new();
    let address = Address::of(endpoint, reader.origins, &judged.patterns);
    let noted = Around::default().noting(noted::of(reader.origins, endpoint));
    let address = match noted.is_empty() {
        true => address,
        false => address.with(noted),
    };
    let mut passed = None;
    for member in &endpoint.chain {
        let package = matches!(member.what, Stage::Function(..) | Stage::Package(_));
        // What a class names in a decorator is meant as a guard, though it holds for all its methods.
        let apart = member.site != endpoint.site
            && endpoint.callee.starts_with("npm:")
            && !endpoint.callee.starts_with("npm:@nestjs/");
        let shared = matches!(member.what, Stage::Before(_)) || package && apart;
        let found = before(
            std::slice::from_ref(member),
            &address,
            reader,
            judged,
            looked,
            &mut passed,
        );
        let asked = address.around.noted().map_or("", |noted| &noted.said);
        let asked = format!("{:?}{asked}", member.around.all());
        for guard in found {
            let guard = Guard {
                shared,
                asked: asked.clone(),
                ..guard
            };
            // It may want a login all the same.
            out.extend(named::beside_login(&guard));
            out.push(guard);
        }
    }
    of_handlers(endpoint, reader, judged, &mut out);
    let mut seen: Vec<(String, Site)> = Vec::new();
    out.retain(|guard| {
        let key = (guard.kind.clone(), guard.site);
        let new = guard.kind != GUESTS && !seen.contains(&key);
        seen.push(key);
        new
    });
    out
}

/// What handlers refuse themselves.
fn of_handlers(
    endpoint: &Endpoint,
    reader: &Reader<'_, '_, '_>,
    judged: &mut Judged,
    out: &mut Vec<Guard>,
) {
    let nowhere = Address::of(
        &Endpoint::at(endpoint.site),
        reader.origins,
        &judged.patterns,
    );
    let address = nowhere.with(endpoint.own.clone());
    for handler in &endpoint.handlers {
        let f = reader.origins.program.func(*handler);
        let throws = || {
            let mut blocks = f.func.blocks.iter();
            blocks.any(|block| matches!(block.term, casemate_ir::Term::Throw(_)))
        };
        if is_hook(reader.origins, f) && !throws() {
            continue;
        }
        for check in checks(*handler, None, &address, reader, judged) {
            if check.kind != "validation" && check.kind != GUESTS {
                out.push(Guard {
                    kind: check.kind.to_owned(),
                    certain: check.certain,
                    site: reader.origins.program.site(check.func, check.span),
                    name: reader.origins.program.func_name(*handler),
                    why: format!("{ITSELF} {}", check.why),
                    shared: false,
                    understood: check.understood,
                    asked: String::new(),
                });
            }
        }
    }
}

fn checks(
    func: FuncId,
    next: Way,
    address: &Address,
    reader: &Reader<'_, '_, '_>,
    judged: &mut Judged,
) -> Vec<Check> {
    let params = reader.origins.program.func(func).func.params.len();
    let next = next.filter(|index| *index < params);
    let pass = next.map_or(Pass::Returns, Pass::Calls);
    judged.checks(func, pass, address, reader)
}

/// Whether something of a package says where it stands that it wants no login here: `@whitelist(allow_guest=True)`.
pub(crate) fn wants_none(origins: &Solver<'_, '_>, member: &Member) -> bool {
    let Stage::Package(path) = member.what else {
        return false;
    };
    origins.paths.rows(path).any(|(_, row)| {
        let of_login = matches!(&row.role, Role::Guard { kind, .. } if kind == "authentication");
        let when = row.when.as_ref().filter(|_| of_login);
        when.is_some_and(|when| condition::holds(origins, when, path, member.site) == Tri::No)
    })
}

/// Whether a function uses one of its locals, itself or through a function inside it.
pub(crate) fn uses(func: &Function, local: LocalId) -> bool {
    let captured = func.locals.get(local.index()).is_some_and(|l| l.captured);
    let mentions = |instr: &Instr| {
        let is = |operand: Operand| operand == Operand::Local(local);
        match *instr {
            Instr::Call { callee, args, .. } => {
                is(callee) || func.args(args).iter().any(|a| is(a.value))
            }
            _ => false,
        }
    };
    captured || func.instrs.iter().any(mentions)
}
