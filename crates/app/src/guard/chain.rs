//! What the members of a chain refuse that stand before a handler, each by what it is: a function of the program, a method, a package.

use super::address::Address;
use super::body::{Pass, Reader};
use super::check::Check;
use super::judged::Judged;
use super::{
    CREDENTIALS, DENIAL, EVERYBODY, GUESTS, REFUSAL, captured, checks, condition, named_builder,
    named_login, nobody,
};
use crate::model::{Guard, Member, Stage};
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Instr, LocalId};
use casemate_model::expr::Tri;
use casemate_model::row::Role;
use rustc_hash::{FxHashMap, FxHashSet};

/// What members of a chain refuse. `passed` is the guard just before that lets everybody pass without asking its base.
pub(super) fn before(
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
                let decided = captured::by_what_it_was_made_with(address, reader.origins, *func);
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
            Stage::Elsewhere(name) => out.push(elsewhere(name, member)),
            Stage::Decides(func) => {
                let first = out.len();
                let decided = captured::by_what_it_was_made_with(address, reader.origins, *func);
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

/// What code that is not here asks for, as far as its name tells.
fn elsewhere(name: &str, member: &Member) -> Guard {
    let (kind, login) = match named_builder(name) {
        Some(true) => ("authentication", true),
        Some(false) => (DENIAL, false),
        None => (REFUSAL, false),
    };
    let why = match (name.is_empty(), login) {
        (true, _) => "may be asked for all that is answered here",
        (_, true) => "of code that is not here; its name says that it wants a login",
        _ => "of code that is not here",
    };
    Guard {
        kind: kind.to_owned(),
        certain: false,
        site: member.site,
        name: member.name.clone(),
        why: why.to_owned(),
        shared: false,
        understood: login,
        asked: String::new(),
    }
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
pub(super) fn looks(
    func: FuncId,
    reader: &Reader<'_, '_, '_>,
    looked: &mut FxHashMap<FuncId, bool>,
) -> bool {
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
