//! What happens when something fails: guards that let pass, refusals and errors of which nobody hears, the last handler.

use super::own::Deed;
use super::{Ground, tri};
use crate::model::{Answer, Application, Endpoint, Stage};
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{BlockId, Const, Instr, LocalId, Operand, Term, VarRef};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = guards(ground);
    out.extend(handlers(ground));
    out
}

/// How a function lets a request pass.
#[derive(Clone, Copy)]
enum Way {
    Calls(LocalId),
    Captured,
}

/// One fact for each function of the program that refuses people.
fn guards(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut by_func: BTreeMap<FuncId, Way> = BTreeMap::new();
    let mut limiters: BTreeMap<FuncId, Way> = BTreeMap::new();
    for endpoint in &ground.application.endpoints {
        for member in &endpoint.chain {
            let f = |id: FuncId| ground.origins().program.func(id);
            let (func, way) = match &member.what {
                Stage::Function(func, _, Some(next)) => match f(*func).func.params.get(*next) {
                    Some(param) => (*func, Way::Calls(param.local)),
                    None => continue,
                },
                Stage::Wraps(func, _) => (*func, Way::Captured),
                _ => continue,
            };
            if refuses(ground, endpoint, func) {
                by_func.insert(func, way);
            } else if super::signin::is_login(endpoint, ground.origins()) && says_too_many(f(func))
            {
                limiters.insert(func, way);
            }
        }
    }
    let mut out = Vec::new();
    let central = central_log(ground);
    for (func, way) in by_func {
        let f = ground.origins().program.func(func);
        let deeds = ground.book.from(&[func]);
        let throws = f
            .func
            .blocks
            .iter()
            .any(|b| matches!(b.term, Term::Throw(_)))
            || hands_on(f, way);
        let unit = ground.book.unit_of(f.file_idx);
        let logged = if deeds.does(Deed::Log) {
            Answer::Yes
        } else if deeds.obscure || throws || central.contains(&unit) {
            Answer::Unknown
        } else {
            Answer::No
        };
        out.push(Fact {
            fact: "guard".to_owned(),
            site: Site {
                file: f.file_idx,
                span: f.func.head,
            },
            function: func,
            callee: ground.origins().program.func_name(func),
            values: vec![
                ("logged".to_owned(), tri(logged)),
                (
                    "open".to_owned(),
                    FactValue::Bool(passes_on_error(ground, f, way)),
                ),
            ],
        });
    }
    let limiters = limiters.into_iter();
    out.extend(limiters.map(|(func, way)| limiter(ground, func, way)));
    out
}

/// It answers with 429, or throws something that is called so.
fn says_too_many(f: FuncRef<'_>) -> bool {
    let is_429 = |operand: Operand| match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id),
            Const::Number(bits) if f64::from_bits(*bits) == 429.0),
        Operand::Local(_) => false,
    };
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            let name = crate::decoration::written_name(f, callee).unwrap_or_default();
            let flat = name.to_ascii_lowercase();
            flat.contains("toomany") || f.func.args(args).iter().any(|arg| is_429(arg.value))
        }
        _ => false,
    })
}

/// One fact for a function of the program that counts the attempts of a login: what else is counted may well pass while nobody can count.
fn limiter(ground: &Ground<'_, '_, '_>, func: FuncId, way: Way) -> Fact {
    let f = ground.origins().program.func(func);
    let open = passes_on_error(ground, f, way);
    Fact {
        fact: "limiter".to_owned(),
        site: Site {
            file: f.file_idx,
            span: f.func.head,
        },
        function: func,
        callee: ground.origins().program.func_name(func),
        values: vec![("open".to_owned(), FactValue::Bool(open))],
    }
}

/// Units in which every answer of the server is written down.
fn central_log(ground: &Ground<'_, '_, '_>) -> FxHashSet<u32> {
    let loggers = [
        "npm:morgan",
        "npm:pino-http",
        "npm:express-winston",
        "npm:koa-logger",
        "npm:express-pino-logger",
        "npm:hono/logger",
        "npm:koa-pino-logger",
    ];
    let of = ground.signs.iter().filter(|(_, signs)| {
        signs
            .apis
            .iter()
            .any(|api| loggers.iter().any(|l| api.starts_with(l)))
    });
    of.map(|(unit, _)| *unit).collect()
}

/// Whether a guard was found in a function.
fn refuses(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, func: FuncId) -> bool {
    let f = ground.origins().program.func(func);
    endpoint.guards.iter().any(|g| {
        ["authentication", "role", "owner"].contains(&g.kind.as_str())
            && g.site.file == f.file_idx
            && f.func.span.start <= g.site.span.start
            && g.site.span.end <= f.func.span.end
    })
}

/// Whether it hands an error on, to be answered elsewhere.
fn hands_on(f: FuncRef<'_>, way: Way) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            is_way(f, callee, way) && matches!(way, Way::Calls(_)) && !f.func.args(args).is_empty()
        }
        _ => false,
    })
}

fn is_way(f: FuncRef<'_>, callee: Operand, way: Way) -> bool {
    let Operand::Local(local) = callee else {
        return false;
    };
    match way {
        Way::Calls(param) => {
            local == param
                || f.func.instrs.iter().any(|i| matches!(*i, Instr::Copy { to, from } if to == local && from == Operand::Local(param)))
        }
        Way::Captured => f.func.instrs.iter().any(|i| matches!(*i, Instr::LoadVar { to, var: VarRef::Captured(_) } if to == local)),
    }
}

/// Whether a request passes where something was thrown and caught: from the handler of an exception a plain way leads on, and
/// what stands behind the handler is reached by no other check.
fn passes_on_error(ground: &Ground<'_, '_, '_>, f: FuncRef<'_>, way: Way) -> bool {
    let starts: Vec<usize> = f
        .func
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| {
            f.func
                .block_instrs(block)
                .any(|(_, i)| matches!(i, Instr::Catch { .. }))
        })
        .map(|(index, _)| index)
        .collect();
    let passes = |index: usize| {
        f.func.blocks.get(index).is_some_and(|block| {
            f.func.block_instrs(block).any(|(_, instr)| match *instr {
                Instr::Call { callee, args, .. } => {
                    let plain = f.func.args(args).iter().all(|a| matches!(a.value, Operand::Const(id) if matches!(f.file.facts.constant(id), Const::Undefined | Const::Null)));
                    is_way(f, callee, way) && (plain || matches!(way, Way::Captured))
                }
                _ => false,
            })
        })
    };
    let mut seen = FxHashSet::default();
    let mut stack = starts;
    while let Some(index) = stack.pop() {
        if !seen.insert(index) || never_returns(ground, f, index) {
            continue;
        }
        if passes(index) {
            return true;
        }
        match f.func.blocks.get(index).map(|b| b.term) {
            Some(Term::Goto(to)) => stack.push(BlockId::index(to)),
            // A branch behind the handler asks again.
            Some(Term::Branch { yes, no, .. }) if is_kind_of_error(f, index) => {
                stack.extend([yes.index(), no.index()])
            }
            _ => {}
        }
    }
    false
}

/// `abort(401)`
fn never_returns(ground: &Ground<'_, '_, '_>, f: FuncRef<'_>, index: usize) -> bool {
    let origins = ground.origins();
    f.func.blocks.get(index).is_some_and(|block| {
        f.func.block_instrs(block).any(|(_, instr)| match *instr {
            Instr::Call { callee, flags, .. } => {
                origins.of_operand(f.id, callee).iter().any(|&val| {
                    matches!(origins.val(val), Some(Val::Api(path))
                        if origins.paths.call_rows(path, flags.new).any(|(_, row)| row.role == Role::NoReturn))
                }) || crate::decoration::written_name(f, callee) == Some("abort")
            }
            _ => false,
        })
    })
}

/// A branch on which exception it was.
fn is_kind_of_error(f: FuncRef<'_>, index: usize) -> bool {
    f.func.blocks.get(index).is_some_and(|block| {
        f.func.block_instrs(block).any(|(_, i)| {
            matches!(
                i,
                Instr::Op {
                    op: casemate_ir::OpKind::InstanceOf,
                    ..
                }
            )
        })
    })
}

/// Handlers of errors, and applications without one.
fn handlers(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    let mut with_handler: FxHashSet<u32> = FxHashSet::default();
    for func in error_handlers(ground, &mut with_handler) {
        let f = ground.origins().program.func(func);
        let deeds = ground.book.from(&[func]);
        // A handler that only hands on answers nothing.
        let hands_on = f
            .func
            .params
            .get(3)
            .is_some_and(|p| hands_on(f, Way::Calls(p.local)));
        let logged = if deeds.does(Deed::Log) {
            Answer::Yes
        } else if deeds.obscure
            || hands_on
            || f.func
                .blocks
                .iter()
                .any(|b| matches!(b.term, Term::Throw(_)))
        {
            Answer::Unknown
        } else {
            Answer::No
        };
        out.push(Fact {
            fact: "error.handler".to_owned(),
            site: Site {
                file: f.file_idx,
                span: f.func.head,
            },
            function: func,
            callee: ground.origins().program.func_name(func),
            values: vec![("logged".to_owned(), tri(logged))],
        });
    }
    out.extend(last_resort(ground, &with_handler));
    out
}

/// Functions that answer errors of all kinds: of four parameters, given to `use`; decorated for the status 500 or for all
/// exceptions. Units that have any handler of errors are added.
fn error_handlers(ground: &Ground<'_, '_, '_>, units: &mut FxHashSet<u32>) -> BTreeSet<FuncId> {
    let origins = ground.origins();
    let mut out = BTreeSet::new();
    for id in ground.book.functions() {
        let f = origins.program.func(id);
        for decorator in &f.func.decorators {
            let Some(parent) = f.parent() else { continue };
            if catches_all(origins.program.func(parent), decorator.value) {
                out.insert(id);
                units.insert(ground.book.unit_of(f.file_idx));
            }
        }
        for instr in &f.func.instrs {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            if crate::decoration::written_name(f, callee) != Some("use") {
                continue;
            }
            for arg in f.func.args(args) {
                for &val in origins.of_operand(id, arg.value).iter().take(3) {
                    let Some(Val::Func(inner)) = origins.val(val) else {
                        continue;
                    };
                    if origins.program.func(inner).func.params.len() == 4 {
                        out.insert(inner);
                        units.insert(ground.book.unit_of(f.file_idx));
                    }
                }
            }
        }
    }
    out
}

/// `@app.errorhandler(500)`, `@app.errorhandler(Exception)`
fn catches_all(f: FuncRef<'_>, decorator: Operand) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call {
            to, callee, args, ..
        } if Operand::Local(to) == decorator => {
            let named = crate::decoration::written_name(f, callee)
                .is_some_and(|n| n.contains("errorhandler") || n.contains("exception_handler"));
            named
                && f.func.args(args).iter().any(|a| match a.value {
                    Operand::Const(c) => matches!(f.file.facts.constant(c),
                        Const::Number(bits) if f64::from_bits(*bits) == 500.0),
                    Operand::Local(_) => {
                        crate::decoration::written_name(f, a.value) == Some("Exception")
                    }
                })
        }
        _ => false,
    })
}

/// Whether an application is made at a place, not a router.
fn makes_application(ground: &Ground<'_, '_, '_>, site: Site) -> bool {
    let origins = ground.origins();
    let of_file = ground
        .book
        .functions()
        .filter(|id| origins.program.func(*id).file_idx == site.file);
    of_file.into_iter().any(|id| {
        let f = origins.program.func(id);
        f.func.instrs.iter().zip(&f.func.spans).any(|(instr, span)| match *instr {
            Instr::Call { callee, .. } if *span == site.span => {
                origins.of_operand(id, callee).iter().any(|&val| {
                    matches!(origins.val(val), Some(Val::Api(path))
                        if ["npm:express", "npm:express.default"].contains(&origins.paths.text(path).as_str()))
                })
            }
            _ => false,
        })
    })
}

/// Whether an application is given to something that nobody can read, which may give it a handler: `await load({ app })`.
fn is_handed_on(ground: &Ground<'_, '_, '_>, site: Site) -> bool {
    let origins = ground.origins();
    let of_file = ground
        .book
        .functions()
        .filter(|id| origins.program.func(*id).file_idx == site.file);
    let functions: Vec<FuncRef<'_>> = of_file.map(|id| origins.program.func(id)).collect();
    // The variables of the module that hold it.
    let mut globals: FxHashSet<VarRef> = FxHashSet::default();
    let mut held: Vec<FxHashSet<LocalId>> = vec![FxHashSet::default(); functions.len()];
    for _ in 0..2 {
        for (f, held) in functions.iter().zip(&mut held) {
            for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
                let holds =
                    |value: Operand| matches!(value, Operand::Local(l) if held.contains(&l));
                match *instr {
                    Instr::Call { to, .. } if *span == site.span => {
                        held.insert(to);
                    }
                    Instr::LoadVar { to, var } if globals.contains(&var) => {
                        held.insert(to);
                    }
                    Instr::Copy { to, from } if holds(from) => {
                        held.insert(to);
                    }
                    Instr::Object { to, parts }
                        if f.func.parts(parts).iter().any(|part| holds(part.value)) =>
                    {
                        held.insert(to);
                    }
                    Instr::StoreVar {
                        var: var @ VarRef::Global(_),
                        value,
                    } if holds(value) => {
                        globals.insert(var);
                    }
                    _ => {}
                }
            }
        }
    }
    functions.iter().zip(&held).any(|(f, held)| {
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, args, .. } => {
                let given = f.func.args(args).iter();
                given
                    .filter(|arg| matches!(arg.value, Operand::Local(l) if held.contains(&l)))
                    .count()
                    > 0
                    && is_unread(ground, f.id, callee, site)
            }
            _ => false,
        })
    })
}

/// Whether nobody can read what a call runs: a package without a model, or another part of the repository.
fn is_unread(ground: &Ground<'_, '_, '_>, func: FuncId, callee: Operand, site: Site) -> bool {
    let origins = ground.origins();
    let vals = origins.of_operand(func, callee);
    vals.iter().all(|val| match origins.val(*val) {
        Some(Val::Api(path)) => !origins.paths.known(path),
        Some(Val::Func(inner)) => {
            let file = origins.program.func(inner).file_idx;
            ground.book.unit_of(file) != ground.book.unit_of(site.file)
        }
        _ => false,
    })
}

/// One fact for each application of Express: whether anything catches what nothing else does.
fn last_resort(ground: &Ground<'_, '_, '_>, with_handler: &FxHashSet<u32>) -> Vec<Fact> {
    let application: &Application = ground.application;
    let roots: BTreeSet<Site> = application
        .endpoints
        .iter()
        .filter(|e| e.mounted && e.callee.starts_with("npm:express"))
        .filter_map(|e| e.root)
        .collect();
    let mut out = Vec::new();
    for site in roots {
        if !makes_application(ground, site) {
            continue;
        }
        let unit = ground.book.unit_of(site.file);
        let signs = ground.signs_at(site);
        let library = signs.apis.iter().any(|api| {
            [
                "npm:errorhandler",
                "setupExpressErrorHandler",
                "Handlers.errorHandler",
                "npm:express-error",
                "npm:api-error",
                "npm:strong-error-handler",
                "errorLogger",
            ]
            .iter()
            .any(|part| api.contains(part))
        });
        let unknown = application
            .unresolved
            .iter()
            .any(|u| ground.book.unit_of(u.site.file) == unit);
        let caught = if with_handler.contains(&unit) || library {
            Answer::Yes
        } else if unknown || is_handed_on(ground, site) {
            Answer::Unknown
        } else {
            Answer::No
        };
        let function = FuncId(0);
        out.push(Fact {
            fact: "error.last".to_owned(),
            site,
            function,
            callee: "express".to_owned(),
            values: vec![("caught".to_owned(), tri(caught))],
        });
    }
    out
}
