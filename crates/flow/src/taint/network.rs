//! Tests of where a host lies: what its name stands for is looked up, and asked whether it is an address of the own network.
//! A test of the name alone says nothing, for any name may stand for an address of the own network.

use super::call::Callee;
use super::checked::words;
use super::interp::Interp;
use super::kinds::PUBLIC;
use super::port::CallSite;
use super::summary::Outcome;
use super::value::{Origin, Taint};
use crate::origin::{Solver, Val, method_name};
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Const, Instr, Key, OpKind, Operand, Term};
use casemate_model::kind::KindSet;

/// Instructions between a test and the look-up of the name.
const STEPS: u32 = 12;
/// Functions of the program between a call and the look-up that it makes.
const CALLS: u32 = 3;
/// Ranges of the own network that a test has to name to be taken for one.
const RANGES: usize = 3;

/// Members of an address that say where it lies, with what they say of an address of the world.
const MEMBERS: [(&str, bool); 4] = [
    ("is_private", false),
    ("is_global", true),
    ("isPrivate", false),
    ("isPublic", true),
];
/// What libraries call the range of addresses of the world.
const WORLD: [&str; 1] = ["unicast"];
/// Functions that look a name up.
const LOOKED_UP: [&str; 14] = [
    "lookup",
    "resolve4",
    "resolve6",
    "resolveAny",
    "getaddrinfo",
    "gethostbyname",
    "gethostbyname_ex",
    "gethostbyname6",
    "lookupService",
    "dnsLookup",
    "dns_lookup",
    "resolve",
    "query",
    "gethostbyaddr",
];
/// Functions that read an address and refuse a name.
const READ: [&str; 8] = [
    "py:ipaddress.ip_address",
    "py:ipaddress.IPv4Address",
    "py:ipaddress.IPv6Address",
    "py:netaddr.IPAddress",
    "npm:ipaddr.js.parse",
    "npm:ipaddr.js.process",
    "npm:ip-address.Address4",
    "npm:ip-address.Address6",
];
/// Names of functions that say yes to an address of the own network.
pub(super) const OWN: [&str; 17] = [
    "private",
    "internal",
    "local",
    "localhost",
    "loopback",
    "reserved",
    "blocked",
    "forbidden",
    "restricted",
    "denied",
    "disallowed",
    "unsafe",
    "bogon",
    "metadata",
    "special",
    "dangerous",
    "intranet",
];
/// Names of functions that say yes to an address of the world.
const OTHERS: [&str; 9] = [
    "public",
    "external",
    "global",
    "routable",
    "allowed",
    "safe",
    "valid",
    "permitted",
    "unicast",
];
/// How ranges of the own network are written, without the backslashes and anchors of patterns.
const MARKS: [&str; 14] = [
    "10.",
    "127.",
    "192.168",
    "169.254",
    "172.",
    "::1",
    "fe80",
    "fc00",
    "fd00",
    "fc",
    "fd",
    "0.0.0.0",
    "100.64",
    "localhost",
];
/// The first numbers of ranges of the own network.
const NUMBERS: [f64; 5] = [10.0, 127.0, 192.0, 169.0, 172.0];

impl Interp<'_> {
    /// `ip.is_private`, read as a member.
    pub(super) fn lies(&mut self, base: Operand, name: &str, outcome: bool) {
        if MEMBERS.contains(&(name, outcome)) {
            self.public(base);
        }
    }

    /// Whether a list holds ranges of the own network: its file names some.
    pub(super) fn is_range(&self, list: Operand) -> bool {
        let from_outside = |t: &Taint| matches!(t.origin, Origin::Source(_));
        !self.operand(list).taints().iter().any(from_outside)
            && super::lists::strings(self.origins, self.f, list, 0)
                .is_none_or(|texts| texts.is_empty())
            && names_ranges(self.origins, self.f.id, true)
    }

    /// `address.range() === 'unicast'`.
    pub(super) fn ranged(&mut self, range: Operand, name: &str) {
        if let Some((at, Instr::Call { callee, this, .. })) = self.definition(range)
            && WORLD.contains(&name)
            && let Ok(at) = u32::try_from(at)
            && method_name(self.f, at, callee) == Some("range")
            && let Some(address) = this
        {
            self.public(address);
        }
    }

    /// A function was asked where an address lies: one of a library by its name, one of the program by the ranges that it
    /// names.
    pub(super) fn placed(
        &mut self,
        callees: &[Callee],
        name: Option<&str>,
        site: &CallSite,
        outcome: Outcome,
    ) {
        let func = match callees {
            [Callee::Func(func) | Callee::Closure(_, func)] => Some(*func),
            _ => None,
        };
        // Most functions are asked nothing: told before anything is read of their names.
        if outcome == Outcome::Returns && !func.is_some_and(|func| self.throws(func)) {
            return;
        }
        let program = self.origins.program;
        let known = func.and_then(|func| {
            let f = program.func(func);
            Some(f.file.facts.str(f.func.name?))
        });
        let Some(name) = known.filter(|n| !n.is_empty()).or(name) else {
            return;
        };
        let address = match (site.args.first(), site.this_operand) {
            (Some(given), _) => given.operand,
            (None, this) if func.is_none() => this,
            _ => None,
        };
        let Some(address) = address else { return };
        match func {
            None => {
                let yes = match outcome {
                    Outcome::True => true,
                    Outcome::False => false,
                    Outcome::Returns | Outcome::Member(..) => return,
                };
                let named = MEMBERS.contains(&(name, yes))
                    || name == "check" && !yes && self.is_block_list(site);
                if named {
                    self.public(address);
                }
            }
            Some(func) => {
                let checks = self.checks.has(func);
                if self.says_public(func, name, outcome) || checks && outcome == Outcome::Returns {
                    self.public(address);
                    if checks {
                        // Which path of a host of the world is asked for, is what the client may choose.
                        let path = KindSet::of(self.k.url_path);
                        self.clean_host(address, self.k.reached().union(PUBLIC).union(path));
                    }
                }
            }
        }
    }

    /// Whether a function of the program that is asked about an address, by its name and the ranges that it names, has found it to
    /// be one of the world where it has this outcome.
    pub(super) fn says_public(&self, func: FuncId, name: &str, outcome: Outcome) -> bool {
        let words = words(name);
        let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
        let negated = has(&["not", "non"]);
        let own = has(&OWN);
        let accepted = match outcome {
            Outcome::True => (own && negated) || (!own && has(&OTHERS)),
            Outcome::False => own && !negated,
            Outcome::Returns => own || has(&OTHERS),
            Outcome::Member(..) => false,
        };
        accepted
            && (names_ranges(self.origins, func, outcome != Outcome::Returns)
                || self.checks.has(func))
    }

    /// Whether a receiver is a `net.BlockList`.
    fn is_block_list(&self, site: &CallSite) -> bool {
        let Some(this) = site.this_operand else {
            return false;
        };
        let vals = self.origins.of_operand(self.f.id, this);
        vals.iter().any(|&val| match self.origins.val(val) {
            Some(Val::Api(path)) => self.origins.paths.text(path).contains("BlockList"),
            _ => false,
        })
    }

    /// An address is one of the world: so is the host for which it was looked up.
    pub(super) fn public(&mut self, address: Operand) {
        let Some((host, looked_up)) = self.looked_up(address, STEPS) else {
            return;
        };
        let looked_up = looked_up || self.looks_up(self.f.id, CALLS);
        let kinds = if looked_up {
            self.k.reached().union(PUBLIC)
        } else {
            PUBLIC
        };
        self.clean(host, &[], kinds);
    }

    /// What a value was looked up for, and whether it was looked up.
    fn looked_up(&self, operand: Operand, steps: u32) -> Option<(Operand, bool)> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let here = Some((operand, false));
        let Some(steps) = steps.checked_sub(1) else {
            return here;
        };
        if self.is_host(operand) {
            return here;
        }
        let Some((at, instr)) = self.definition(operand) else {
            // A variable of its own for each way of looking up, or for the time before.
            let found: Vec<(Operand, bool)> = self
                .definitions(local)
                .take(4)
                .filter_map(|at| match self.f.func.instrs.get(at)? {
                    // `host = host.strip('[]')`
                    Instr::Copy { from, .. } if self.unwrapped(*from) == Some(operand) => None,
                    Instr::Copy { from, .. } => self.looked_up(*from, steps),
                    Instr::Call { .. } => self.called(at, steps),
                    Instr::IterNext { of, .. } => self.looked_up(*of, steps),
                    _ => None,
                })
                .collect();
            let looked_up = found.iter().find(|found| found.1).copied();
            return looked_up.or_else(|| self.one_host(&found)).or(here);
        };
        let inner = match instr {
            Instr::Load { base, .. } => self.looked_up(base, steps),
            Instr::IterNext { of, .. } => self.looked_up(of, steps),
            Instr::Await { from, .. } => self.looked_up(from, steps),
            Instr::Array { parts, .. } => {
                let parts = self.f.func.parts(parts).iter();
                let mut found = parts.filter_map(|part| self.looked_up(part.value, steps));
                found
                    .find(|found| found.1)
                    .or_else(|| self.stored(at, steps))
            }
            Instr::Op {
                op: OpKind::Add | OpKind::ToString,
                operands,
                ..
            } => {
                let operands = self.f.func.operands(operands).iter();
                let mut found = operands.filter_map(|&part| self.looked_up(part, steps));
                found.find(|found| found.1)
            }
            Instr::Call { .. } => match self.unwrapped(operand) {
                Some(host) => self.looked_up(host, steps),
                None => self.called(at, steps),
            },
            _ => None,
        };
        inner.or(here)
    }

    /// The same of what is put into a list after it was made: `{i[4][0] for i in getaddrinfo(host)}`.
    fn stored(&self, list: usize, steps: u32) -> Option<(Operand, bool)> {
        let list = self.f.func.instrs.get(list)?.target()?;
        let stores = self.f.func.instrs.iter().filter_map(|instr| match *instr {
            Instr::Store {
                base: Operand::Local(base),
                value,
                ..
            } if base == list => Some(value),
            _ => None,
        });
        stores
            .take(4)
            .filter_map(|value| self.looked_up(value, steps))
            .find(|found| found.1)
    }

    /// The same through a call.
    fn called(&self, at: usize, steps: u32) -> Option<(Operand, bool)> {
        let Some(&Instr::Call {
            callee, this, args, ..
        }) = self.f.func.instrs.get(at)
        else {
            return None;
        };
        let first = self.f.func.args(args).first().map(|a| a.value);
        let looked_up = |operand| Some((self.origin_host(operand, steps), true));
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        if let [Callee::Func(func) | Callee::Closure(_, func)] = callees.as_slice() {
            return first
                .filter(|_| self.looks_up(*func, CALLS))
                .and_then(looked_up);
        }
        if self.is_call_of(callee, &READ) {
            // Whoever reads a name for an address fails.
            return looked_up(self.looked_up(first?, steps)?.0);
        }
        let name = u32::try_from(at)
            .ok()
            .and_then(|at| method_name(self.f, at, callee));
        if name.is_some_and(|name| LOOKED_UP.contains(&name))
            || is_look_up(self.origins, self.f, callee)
        {
            return first.and_then(looked_up);
        }
        match (this, first) {
            (Some(this), first) => self
                .looked_up(this, steps)
                .filter(|found| found.1)
                .or_else(|| self.looked_up(first?, steps)),
            (None, Some(first)) => self.looked_up(first, steps),
            _ => None,
        }
    }

    /// The host that stands behind what is looked up.
    fn origin_host(&self, operand: Operand, steps: u32) -> Operand {
        self.looked_up(operand, steps)
            .map_or(operand, |found| found.0)
    }

    /// Whether an operand is the host of a parsed address.
    pub(super) fn is_host(&self, operand: Operand) -> bool {
        match self.definition(operand) {
            Some((
                _,
                Instr::Load {
                    key: Key::Field(name),
                    ..
                },
            )) => matches!(
                self.f.file.facts.str(name),
                "hostname" | "host" | "netloc" | "origin"
            ),
            _ => false,
        }
    }

    /// Whether a function of the program, a function inside it, or one that it calls looks a name up.
    fn looks_up(&self, func: FuncId, calls: u32) -> bool {
        let f = self.origins.program.func(func);
        let Some(calls) = calls.checked_sub(1) else {
            return false;
        };
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { callee, .. } => {
                is_look_up(self.origins, f, callee)
                    || self.origins.of_operand(func, callee).iter().any(|&val| {
                        matches!(self.origins.val(val), Some(Val::Func(g)) if g != func && self.looks_up(g, calls))
                    })
            }
            Instr::Closure { func: inner, .. } => {
                self.looks_up(self.origins.program.func_id(f.file_idx, inner), calls)
            }
            _ => false,
        })
    }

    /// Whether a function can fail by itself.
    pub(super) fn throws(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        f.func
            .blocks
            .iter()
            .any(|block| matches!(block.term, Term::Throw(_)))
    }
}

/// Whether a callee is a function of a library that looks names up.
pub(super) fn is_look_up(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> bool {
    let vals = origins.of_operand(f.id, callee);
    vals.iter().any(|&val| match origins.val(val) {
        Some(Val::Api(path)) => {
            let family = [
                "node:dns",
                "py:socket.get",
                "py:dns.",
                "py:aiodns",
                "py:asyncio",
            ];
            LOOKED_UP.contains(&origins.paths.last_member(path)) && {
                let text = origins.paths.text(path);
                family.iter().any(|f| text.starts_with(f))
            }
        }
        _ => false,
    })
}

/// Whether a function names ranges of the own network: in its own code, or, where `file`, elsewhere in its file.
pub(super) fn names_ranges(origins: &Solver<'_, '_>, func: FuncId, file: bool) -> bool {
    let f = origins.program.func(func);
    let facts = &f.file.facts;
    let mut marks = [false; MARKS.len()];
    let mut numbers = [false; NUMBERS.len()];
    let mut see = |constant: &Const| match constant {
        Const::Str(text) => mark(facts.str(*text), &mut marks),
        Const::Regex(regex) => mark(facts.str(regex.pattern), &mut marks),
        Const::Number(bits) => {
            for (slot, number) in numbers.iter_mut().zip(NUMBERS) {
                *slot |= f64::from_bits(*bits) == number;
            }
        }
        _ => {}
    };
    if file {
        facts.consts.iter().for_each(&mut see);
    } else {
        for operand in operands(f) {
            if let Operand::Const(id) = operand {
                see(facts.constant(id));
            }
        }
    }
    let named = |list: &[bool]| list.iter().filter(|seen| **seen).count() >= RANGES;
    named(&marks) || named(&numbers)
}

/// Notes which ranges a text names.
fn mark(text: &str, seen: &mut [bool; MARKS.len()]) {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\\' | '^' | '(' | ')' | '[' | ']'))
        .collect();
    for (slot, mark) in seen.iter_mut().zip(MARKS) {
        // A range may stand among others in one pattern.
        *slot |= plain.starts_with(mark) || (mark.len() > 3 && plain.contains(mark));
    }
}

/// All operands of calls and operators of a function.
pub(super) fn operands<'a>(f: FuncRef<'a>) -> impl Iterator<Item = Operand> + 'a {
    f.func.instrs.iter().flat_map(move |instr| {
        let list: Vec<Operand> = match *instr {
            Instr::Call { args, .. } => f.func.args(args).iter().map(|a| a.value).collect(),
            Instr::Op { operands, .. } | Instr::Template { operands, .. } => {
                f.func.operands(operands).to_vec()
            }
            Instr::Array { parts, .. } => f.func.parts(parts).iter().map(|p| p.value).collect(),
            Instr::Copy { from, .. } => vec![from],
            _ => Vec::new(),
        };
        list
    })
}
