//! Functions of the program that look a name up and ask where its addresses lie: what they have let pass is of the world, in whatever way
//! they put it together.

use super::checked::words;
use super::network::{OWN, is_look_up, names_ranges, operands};
use crate::origin::{Solver, Val, method_name};
use crate::program::{FuncRef, to_u32};
use crate::result::FuncId;
use casemate_ir::{Const, Instr, Key, Operand};
use rustc_hash::FxHashSet;

/// Functions between a check and the look at the address.
pub(super) const CALLS: u32 = 5;
/// Functions between a check and the look-up of the name.
const LOOK_UPS: usize = 3;
/// Members of an address that say where it lies (`ipaddress` of Python; packages like it).
const LIES: [&str; 4] = ["is_private", "is_global", "isPrivate", "isPublic"];
/// What libraries call the range of addresses of the world …
const WORLD: &str = "unicast";
/// … and ranges of the own network, of which one alone leaves the others.
const RANGES: [&str; 4] = ["private", "loopback", "linkLocal", "uniqueLocal"];

/// The functions of a program that do both.
pub(super) struct AddressChecks(FxHashSet<FuncId>);

impl AddressChecks {
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let program = origins.program;
        let mut looking: FxHashSet<FuncId> = FxHashSet::default();
        for func in program.function_ids() {
            let f = program.func(func);
            // `run_in_executor(None, socket.getaddrinfo, host, None)`
            let looks_up = |operand| is_look_up(origins, f, operand);
            let calls = |instr: &Instr| match *instr {
                Instr::Call { callee, args, .. } => {
                    looks_up(callee) || f.func.args(args).iter().any(|arg| looks_up(arg.value))
                }
                _ => false,
            };
            if f.func.instrs.iter().any(calls) {
                looking.insert(func);
            }
        }
        if looking.is_empty() {
            return Self(looking);
        }
        for _ in 0..LOOK_UPS {
            let more: Vec<FuncId> = program
                .function_ids()
                .filter(|func| !looking.contains(func) && leads_to(origins, *func, &looking))
                .collect();
            looking.extend(more);
        }
        looking.retain(|func| looks_at_address(origins, *func, CALLS));
        Self(looking)
    }

    /// Whether a function is one of them.
    pub(super) fn has(&self, func: FuncId) -> bool {
        self.0.contains(&func)
    }
}

/// Whether a function calls or holds one of these.
fn leads_to(origins: &Solver<'_, '_>, func: FuncId, to: &FxHashSet<FuncId>) -> bool {
    let program = origins.program;
    let f = program.func(func);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, .. } => origins.of_operand(func, callee).iter().any(
            |&val| matches!(origins.val(val), Some(Val::Func(called)) if to.contains(&called)),
        ),
        Instr::Closure { func: inner, .. } => to.contains(&program.func_id(f.file_idx, inner)),
        _ => false,
    })
}

/// Whether a function, one inside it or one that it calls asks where an address lies.
pub(super) fn looks_at_address(origins: &Solver<'_, '_>, func: FuncId, calls: u32) -> bool {
    let f = origins.program.func(func);
    let Some(calls) = calls.checked_sub(1) else {
        return false;
    };
    let asks = |name: &str| {
        LIES.contains(&name) || words(name).iter().any(|word| OWN.contains(&word.as_str()))
    };
    let inner = |inner: FuncId| inner != func && looks_at_address(origins, inner, calls);
    let looks = |(at, instr): (usize, &Instr)| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => LIES.contains(&f.file.facts.str(name)),
        Instr::Call { callee, .. } => {
            let callees = origins.of_operand(func, callee);
            if callees.is_empty() {
                return method_name(f, to_u32(at), callee).is_some_and(|name| {
                    if name == "range" {
                        sorts(f)
                    } else {
                        asks(name)
                    }
                });
            }
            callees.iter().any(|&callee| match origins.val(callee) {
                Some(Val::Func(called)) => {
                    let name = origins.program.func(called);
                    let name = name.func.name.map(|it| name.file.facts.str(it));
                    name.is_some_and(asks) && names_ranges(origins, called, true) || inner(called)
                }
                Some(Val::Api(path)) => {
                    let text = origins.paths.text(path);
                    let name = text.rsplit(['.', ':', '/']).next().unwrap_or_default();
                    asks(name) || text.contains("BlockList") || name == "range" && sorts(f)
                }
                _ => false,
            })
        }
        // `super.createConnection({ ...options, lookup })`
        Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|part| {
            let given = origins.of_operand(func, part.value).iter();
            given
                .copied()
                .any(|given| matches!(origins.val(given), Some(Val::Func(given)) if inner(given)))
        }),
        Instr::Closure { func: closure, .. } => inner(origins.program.func_id(f.file_idx, closure)),
        _ => false,
    };
    f.func.instrs.iter().enumerate().any(looks) || names_ranges(origins, func, false)
}

/// Whether a function names the range of addresses of the world, or several of the others; where it names none, its file.
fn sorts(f: FuncRef<'_>) -> bool {
    let facts = &f.file.facts;
    let named = |constant: &Const| match constant {
        Const::Str(text) => {
            let text = facts.str(*text);
            (text == WORLD)
                .then_some(RANGES.len())
                .or_else(|| RANGES.iter().position(|it| *it == text))
        }
        _ => None,
    };
    let own: FxHashSet<usize> = operands(f)
        .filter_map(|operand| match operand {
            Operand::Const(id) => named(facts.constant(id)),
            Operand::Local(_) => None,
        })
        .collect();
    let all = if own.is_empty() {
        facts.consts.iter().filter_map(named).collect()
    } else {
        own
    };
    all.contains(&RANGES.len()) || all.len() > 1
}
