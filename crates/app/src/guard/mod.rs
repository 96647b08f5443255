//! What stands before a handler and refuses requests: guards of libraries by their rows, those of the program by what they do.

mod address;
mod answered;
mod asserted;
mod behind;
mod body;
mod called;
mod captured;
mod check;
mod condition;
mod given;
mod graph;
pub(crate) mod held;
mod hook;
mod judged;
mod key;
mod known;
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
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Function, Instr, LocalId, Operand};
use casemate_model::expr::Tri;
use casemate_model::row::Role;
use check::Check;
pub(crate) use graph::is_nothing;
pub(crate) use hook::is_hook;
use judged::Judged;
use root::Known;
use rustc_hash::{FxHashMap, FxHashSet};

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
        out.extend(found.into_iter().map(|guard| Guard {
            shared,
            asked: asked.clone(),
            ..guard
        }));
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

/// What members of a chain refuse. `passed` is the guard just before that lets everybody pass without asking its base.
fn before(
    chain: &[Member],
    address: &Address,
    reader: &Reader<'_, '_, '_>,
    judged: &mut Judged,
    looked: &mut FxHashMap<FuncId, bool>,
    passed: &mut Option<FuncId>,
) -> Vec<Guard> {
    let mut out: Vec<Guard> = Vec::new();
    for member in chain {
        let just = passed.take();
        let around = || member.around.clone().noted_as(&address.around);
        let made = (!member.around.is_empty()).then(|| address.with(around()));
        let address = made.as_ref().unwrap_or(address);
        match &member.what {
            Stage::Function(func, given, next) => {
                let first = out.len();
                for func in [func].into_iter().chain(given) {
                    let checks = checks(*func, *next, address, reader, judged);
                    let asked = checks.iter().filter(|check| {
                        let maker = check.said_to.filter(|_| check.kind == "role");
                        maker.is_none_or(|maker| !made_bare(reader.origins, maker, member.site))
                    });
                    // What a wrapper hands the request to is what it was given.
                    let asked = asked.filter(|check| given.is_empty() || !check.handed);
                    out.extend(asked.map(|c| of_check(c, member, reader)));
                }
                let functions: Vec<FuncId> =
                    [*func].into_iter().chain(given.iter().copied()).collect();
                // What passes all requests on guards nothing, whatever it looks at.
                let decided = match address.around.is_empty() {
                    true => captured::Decided::new(),
                    false => captured::decisions(address, reader.origins, *func),
                };
                let made = Reader {
                    decided: &decided,
                    ..*reader
                };
                let harmless =
                    given.is_empty() && next.is_some_and(|next| made.always_goes_on(*func, next));
                if !harmless {
                    look(member, &functions, first, reader, looked, &mut out);
                }
                let asks = |g: &Guard| g.kind == "authentication" && g.certain;
                let found = out.get(first..).unwrap_or_default();
                if !decided.is_empty() && !found.iter().any(asks) {
                    let pass = next.map_or(Pass::Returns, Pass::Calls);
                    let plain = reader.checks(*func, pass);
                    if plain.iter().any(|check| check.kind == "authentication") {
                        out.push(everybody(member));
                    }
                }
            }
            Stage::Wraps(func, next) => {
                let first = out.len();
                let checks = reader.wraps(*func, *next);
                out.extend(checks.iter().map(|c| of_check(c, member, reader)));
                look(member, &[*func], first, reader, looked, &mut out);
            }
            Stage::Before(func) => {
                let first = out.len();
                let checks = judged.checks(*func, Pass::ReturnsNothing, address, reader);
                out.extend(checks.iter().map(|c| of_check(c, member, reader)));
                if !reader.gives_nothing(*func) {
                    look(member, &[*func], first, reader, looked, &mut out);
                }
            }
            Stage::Middleware(func) => {
                // Most look at who asks to note something, or at addresses to keep some out; only what refuses whoever is not known counts.
                let named = reader.origins.program.func_name(*func);
                let pass = if named.starts_with("process_") {
                    Pass::ReturnsNothing
                } else {
                    Pass::Onward
                };
                let checks = judged.checks(*func, pass, address, reader);
                let checks = checks.iter().filter(|check| check.principal);
                out.extend(checks.map(|c| of_check(c, member, reader)));
            }
            Stage::Method(func) => {
                let first = out.len();
                let checks = judged.checks(*func, Pass::Above, address, reader);
                out.extend(checks.iter().map(|c| of_check(c, member, reader)));
                look(member, &[*func], first, reader, looked, &mut out);
                let found = out.get(first..).unwrap_or(&[]);
                if !found.iter().any(|g| g.kind == "authentication") && reader.may_refuse(*func) {
                    out.push(Guard {
                        kind: "authentication".to_owned(),
                        certain: false,
                        site: member.site,
                        name: member.name.clone(),
                        why: "does not pass all requests on; whom it refuses cannot be told"
                            .to_owned(),
                        shared: false,
                        understood: false,
                        asked: String::new(),
                    });
                }
            }
            Stage::Setting(kind, name) => out.push(Guard {
                kind: (*kind).to_owned(),
                certain: member.certain,
                site: member.site,
                name: name.clone(),
                why: "a setting asks for it".to_owned(),
                shared: false,
                understood: true,
                asked: String::new(),
            }),
            Stage::Decides(func) => {
                let first = out.len();
                let decided = match address.around.is_empty() {
                    true => captured::Decided::new(),
                    false => captured::decisions(address, reader.origins, *func),
                };
                let made = Reader {
                    decided: &decided,
                    ..*reader
                };
                // What the handler notes lets everybody pass.
                if !decided.is_empty() && !made.may_say_no(*func) {
                    out.push(everybody(member));
                    *passed = Some(*func);
                    continue;
                }
                let checks = judged.checks(*func, Pass::ReturnsTrue, address, reader);
                out.extend(checks.iter().map(|c| of_check(c, member, reader)));
                look(member, &[*func], first, reader, looked, &mut out);
                if out.len() == first && reader.may_say_no_itself(*func) {
                    out.push(Guard {
                        kind: REFUSAL.to_owned(),
                        certain: false,
                        site: member.site,
                        name: member.name.clone(),
                        why: "does not let all requests pass; whom it refuses cannot be told"
                            .to_owned(),
                        shared: false,
                        understood: false,
                        asked: String::new(),
                    });
                }
            }
            Stage::Package(path) if just.is_some_and(|own| extends(reader, own, *path)) => {}
            Stage::Package(path) => {
                out.extend(of_package(*path, member, reader.origins));
                let paths = &reader.origins.paths;
                // A member that no model names is the program's own on an object of a framework: `app.verify`.
                let own = paths.parent(*path).is_some_and(|of| paths.is_made(of));
                let modelled = paths.known(*path) || paths.parent_known(*path) && !own;
                if !modelled && !nobody::speaks_of_nobody(&paths.text(*path)) {
                    let named = named_login(&member.name);
                    let why = if named {
                        "of code that is not here; its name says that it wants a login"
                    } else {
                        "of a package that no model speaks of"
                    };
                    out.push(Guard {
                        kind: "authentication".to_owned(),
                        certain: false,
                        site: member.site,
                        name: member.name.clone(),
                        why: why.to_owned(),
                        shared: false,
                        understood: named,
                        asked: String::new(),
                    });
                }
            }
            Stage::Unknown => {}
        }
    }
    out
}

/// It was made to let everybody pass.
fn everybody(member: &Member) -> Guard {
    Guard {
        kind: EVERYBODY.to_owned(),
        certain: false,
        site: member.site,
        name: member.name.clone(),
        why: "was made here to let everybody pass".to_owned(),
        shared: false,
        understood: true,
        asked: String::new(),
    }
}

/// Whether the class of a method extends one of a package.
fn extends(reader: &Reader<'_, '_, '_>, method: FuncId, path: PathId) -> bool {
    let f = reader.origins.program.func(method);
    f.func.class.is_some_and(|class| {
        let bases = reader.origins.of_bases(f.class(class)).iter();
        let mut paths = bases.map(|&base| reader.origins.val(base));
        paths.any(|base| matches!(base, Some(Val::Api(base)) if base == path))
    })
}

/// Whether the last name of a path says that it wants a login: `pga_login_required`, `app.authenticate`.
pub(crate) fn named_login(path: &str) -> bool {
    const WORDS: [&str; 12] = [
        "loginrequired",
        "requirelogin",
        "requireslogin",
        "requireauth",
        "requiresauth",
        "authrequired",
        "jwtrequired",
        "tokenrequired",
        "requireuser",
        "isauthenticated",
        "ensureauthenticated",
        "authenticated",
    ];
    let last = path.trim_end_matches("()").rsplit(['.', ':']).next();
    if last.is_some_and(crate::decoration::injected::names_login) {
        return true;
    }
    let name = path
        .split('(')
        .next()
        .and_then(|path| path.trim_end_matches(".deco").rsplit(['.', ':']).next())
        .unwrap_or_default();
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    plain == "authenticate" || WORDS.iter().any(|word| plain.contains(word))
}

/// At a place, a function that makes others is called without any argument: what these would ask for by its parameters is nothing.
fn made_bare(origins: &Solver<'_, '_>, maker: FuncId, site: Site) -> bool {
    let program = &origins.program;
    let mut bare = false;
    let functions = program.file(site.file).facts.functions.len();
    for index in 0..functions {
        let func = program.func_id(site.file, casemate_ir::FnId::from(index));
        let f = program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            if span.start < site.span.start || span.end > site.span.end {
                continue;
            }
            let calls = origins
                .of_operand(func, callee)
                .iter()
                .any(|&val| matches!(origins.val(val), Some(Val::Func(called)) if called == maker));
            if calls {
                if !f.func.args(args).is_empty() {
                    return false;
                }
                bare = true;
            }
        }
    }
    bare
}

/// Where no check is found: whoever looks at who asks may still refuse.
fn look(
    member: &Member,
    functions: &[FuncId],
    first: usize,
    reader: &Reader<'_, '_, '_>,
    looked: &mut FxHashMap<FuncId, bool>,
    out: &mut Vec<Guard>,
) {
    let found = out.get(first..).unwrap_or(&[]);
    let decided = found
        .iter()
        .any(|g| g.kind == "authentication" || g.kind == GUESTS);
    if !decided && functions.iter().any(|f| looks(*f, reader, looked)) {
        let otherwise = functions.iter().all(|f| reader.refuses_otherwise(*f));
        out.push(Guard {
            kind: if otherwise { DENIAL } else { "authentication" }.to_owned(),
            certain: false,
            site: member.site,
            name: member.name.clone(),
            why: "looks at who asks; whether it refuses anybody cannot be told".to_owned(),
            shared: false,
            understood: false,
            asked: String::new(),
        });
    }
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

fn of_check(check: &Check, member: &Member, reader: &Reader<'_, '_, '_>) -> Guard {
    let why = if member.certain {
        check.why.clone()
    } else {
        format!(
            "{}; whether it stands before this path cannot be told",
            check.why
        )
    };
    Guard {
        kind: check.kind.to_owned(),
        certain: check.certain && member.certain,
        site: reader.origins.program.site(check.func, check.span),
        name: member.name.clone(),
        why,
        shared: false,
        understood: check.understood,
        asked: String::new(),
    }
}

/// Whether a function, or one that it makes or calls, looks at who asks.
fn looks(func: FuncId, reader: &Reader<'_, '_, '_>, looked: &mut FxHashMap<FuncId, bool>) -> bool {
    if let Some(known) = looked.get(&func) {
        return *known;
    }
    let origins = reader.origins;
    let program = origins.program;
    let mut seen = FxHashSet::default();
    let mut level = vec![func];
    let mut found = false;
    for _ in 0..5 {
        let mut next = Vec::new();
        for func in level {
            if found || seen.len() > 200 || !seen.insert(func) {
                continue;
            }
            let f = program.func(func);
            let mut params = f.func.params.iter();
            found |= params.any(|param| reader.set.is_filled(origins, f, param.local));
            for (index, _) in f.func.locals.iter().enumerate() {
                let local = LocalId::from(index);
                for &val in origins.of_local(func, local) {
                    found |= matches!(origins.val(val), Some(Val::Api(path)) if tells_who(origins, path));
                }
            }
            for instr in &f.func.instrs {
                match *instr {
                    Instr::Closure { func, .. } => next.push(f.sibling(func)),
                    Instr::Call { callee, args, .. } => {
                        // `request.headers.get('Authorization')`
                        found |= f.func.args(args).iter().any(|arg| {
                            f.constant_text(arg.value).is_some_and(|text| {
                                CREDENTIALS
                                    .iter()
                                    .any(|name| name.eq_ignore_ascii_case(text))
                            })
                        });
                        for &val in origins.of_operand(func, callee) {
                            if let Some(Val::Func(inner)) = origins.val(val) {
                                next.push(inner);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        level = next;
    }
    looked.insert(func, found);
    found
}

/// Whether the models say that a value tells who asks.
fn tells_who(origins: &Solver<'_, '_>, path: PathId) -> bool {
    let name = origins.paths.last_member(path);
    origins.paths.rows(path).any(|(_, row)| match row.role {
        Role::Principal { .. } => true,
        Role::Source { .. } => {
            let models = origins.paths.models();
            models
                .source_kind(row, name)
                .is_some_and(|kind| models.kinds().source_name(kind) == "http.cookie")
        }
        _ => name.eq_ignore_ascii_case("authorization"),
    })
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

/// The guards that the rows of a package's value tell of.
fn of_package(path: PathId, member: &Member, origins: &Solver<'_, '_>) -> Vec<Guard> {
    let mut out = Vec::new();
    for (_, row) in origins.paths.rows(path) {
        let Role::Guard { kind, .. } = &row.role else {
            continue;
        };
        let holds = match &row.when {
            Some(when) => condition::holds(origins, when, path, member.site),
            None => Tri::Yes,
        };
        if holds == Tri::No {
            continue;
        }
        // Whoever has a role is known.
        let also = (kind == "role").then_some("authentication");
        for kind in [Some(kind.as_str()), also].into_iter().flatten() {
            out.push(Guard {
                kind: kind.to_owned(),
                certain: member.certain && holds == Tri::Yes,
                site: member.site,
                name: member.name.clone(),
                why: "a guard of a library".to_owned(),
                shared: false,
                understood: true,
                asked: String::new(),
            });
        }
    }
    out
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
