//! Functions of the program that ask where an address lies, and of these the ones that look the name up: what those have let pass is of
//! the world, in whatever way they put it together.
//!
//! Both are found by who calls whom, once for the program, whatever is asked afterwards.

use super::checked::words;
use super::network::{OWN, is_look_up, names_ranges, operands};
use crate::origin::{Solver, Val, method_name};
use crate::program::{FuncRef, to_u32};
use crate::result::FuncId;
use casemate_ir::{Const, Instr, Key, Operand};
use rustc_hash::{FxHashMap, FxHashSet};

/// Functions between a check and the look at the address.
const CALLS: usize = 4;
/// Functions between a check and the look-up of the name.
const LOOK_UPS: usize = 3;
/// Members of an address that say where it lies (`ipaddress` of Python; packages like it).
const LIES: [&str; 4] = ["is_private", "is_global", "isPrivate", "isPublic"];
/// Words of a name that speaks of addresses, or asks: `private-ip`, `isInternal`.
const ASKING: [&str; 15] = [
    "is", "in", "ip", "ips", "ipv4", "ipv6", "address", "addr", "host", "network", "check",
    "assert", "ensure", "validate", "reject",
];
/// What libraries call the range of addresses of the world …
const WORLD: &str = "unicast";
/// … and ranges of the own network, of which one alone leaves the others.
const RANGES: [&str; 4] = ["private", "loopback", "linkLocal", "uniqueLocal"];

/// The functions of a program that look at addresses.
#[derive(Default)]
pub(super) struct AddressChecks {
    /// They ask where an address lies.
    looks: FxHashSet<FuncId>,
    /// They also look the name up.
    checks: FxHashSet<FuncId>,
}

impl AddressChecks {
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let program = origins.program;
        let all = || program.function_ids().map(|id| program.func(id));
        // Whether the file that is gone through names ranges: few do.
        let mut ranges = None;
        let mut looks = FxHashSet::default();
        for f in all() {
            let named = match ranges {
                Some((file, named)) if file == f.file_idx => named,
                _ => names_ranges(origins, f.id, true),
            };
            ranges = Some((f.file_idx, named));
            if looks_at_address(origins, f, named) {
                looks.insert(f.id);
            }
        }
        if looks.is_empty() {
            return Self::default();
        }
        let resolves: FxHashSet<FuncId> = all()
            .filter(|f| looks_up(origins, *f))
            .map(|f| f.id)
            .collect();
        let users = users(origins);
        let looks = with_users(looks, &users, CALLS);
        let checks = with_users(resolves, &users, LOOK_UPS);
        let checks = checks.intersection(&looks).copied().collect();
        Self { looks, checks }
    }

    /// Whether a function asks where an address lies.
    pub(super) fn looks(&self, func: FuncId) -> bool {
        self.looks.contains(&func)
    }

    /// Whether it looks the name up as well.
    pub(super) fn has(&self, func: FuncId) -> bool {
        self.checks.contains(&func)
    }
}

/// By function: those that call it, stand around it, or hand it on as an option (`{ ...options, lookup }`).
fn users(origins: &Solver<'_, '_>) -> FxHashMap<FuncId, Vec<FuncId>> {
    let program = origins.program;
    let mut out: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
    for user in program.function_ids() {
        let f = program.func(user);
        let mut note = |operand: Operand| {
            for &val in origins.of_operand(user, operand) {
                if let Some(Val::Func(used)) = origins.val(val) {
                    out.entry(used).or_default().push(user);
                }
            }
        };
        for instr in &f.func.instrs {
            match *instr {
                Instr::Call { callee, .. } => note(callee),
                Instr::Object { parts, .. } => {
                    f.func.parts(parts).iter().for_each(|part| note(part.value));
                }
                _ => {}
            }
        }
        if let Some(around) = f.parent() {
            out.entry(user).or_default().push(around);
        }
    }
    out
}

/// These functions, with those that come to them in so many steps.
fn with_users(
    mut all: FxHashSet<FuncId>,
    users: &FxHashMap<FuncId, Vec<FuncId>>,
    steps: usize,
) -> FxHashSet<FuncId> {
    let mut last: Vec<FuncId> = all.iter().copied().collect();
    for _ in 0..steps {
        let users = last.iter().filter_map(|func| users.get(func)).flatten();
        last = users.copied().filter(|func| all.insert(*func)).collect();
    }
    all
}

/// Whether a function itself has a library look a name up, there or elsewhere: `run_in_executor(None, socket.getaddrinfo, host, None)`.
fn looks_up(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let is = |operand| is_look_up(origins, f, operand);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            is(callee) || f.func.args(args).iter().any(|arg| is(arg.value))
        }
        _ => false,
    })
}

/// Whether a function itself asks where an address lies; `ranged`: its file names ranges of the own network.
fn looks_at_address(origins: &Solver<'_, '_>, f: FuncRef<'_>, ranged: bool) -> bool {
    let is_range = |name: &str| name == "range" && sorts(f);
    let looks = |(at, instr): (usize, &Instr)| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => LIES.contains(&f.file.facts.str(name)),
        Instr::Call { callee, .. } => {
            let callees = origins.of_operand(f.id, callee);
            if callees.is_empty() {
                return method_name(f, to_u32(at), callee)
                    .is_some_and(|name| asks(name) || is_range(name));
            }
            callees.iter().any(|&callee| match origins.val(callee) {
                Some(Val::Api(path)) => {
                    let paths = &origins.paths;
                    match paths.last_member(path) {
                        // A package that is a function: `npm:private-ip`.
                        "" => asks(paths.text(path).rsplit([':', '/']).next().unwrap_or("")),
                        "check" => paths.text(path).contains("BlockList"),
                        name => asks(name) || is_range(name),
                    }
                }
                _ => false,
            })
        }
        _ => false,
    };
    let name = f.func.name.map(|name| f.file.facts.str(name));
    f.func.instrs.iter().enumerate().any(looks)
        || ranged && (name.is_some_and(speaks_of_own) || names_ranges(origins, f.id, false))
}

/// Whether a name that nothing else tells of asks for addresses of the own network.
fn asks(name: &str) -> bool {
    LIES.contains(&name)
        || speaks_of_own(name)
            && words(name)
                .iter()
                .any(|word| ASKING.contains(&word.as_str()))
}

/// Whether a name speaks of the own network.
fn speaks_of_own(name: &str) -> bool {
    // Most names are told without a copy.
    OWN.iter().any(|word| contains(name, word))
        && words(name).iter().any(|word| OWN.contains(&word.as_str()))
}

/// Whether a name has a word in it, in whatever case.
fn contains(name: &str, word: &str) -> bool {
    let mut windows = name.as_bytes().windows(word.len());
    windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
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
