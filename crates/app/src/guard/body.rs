//! What a function does before it lets a request pass: which of its branches refuse, and on what they depend.

use super::root::{Roots, Search};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{
    BlockId, Const, Function, Instr, Key, LocalId, OpKind, Operand, Span, Term, VarRef,
};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Depth of functions that check on behalf of others.
const DEPTH: u32 = 3;

/// How a function lets a request pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    /// By calling its parameter at this position.
    Calls(usize),
    /// By returning without having refused.
    Returns,
    /// By returning something truthy.
    ReturnsTrue,
}

/// A check that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    pub kind: &'static str,
    pub certain: bool,
    pub span: Span,
    pub func: FuncId,
    pub why: String,
}

/// What is known while bodies are read.
pub(super) struct Reader<'a, 'p, 'm> {
    pub origins: &'a Solver<'p, 'm>,
    /// Members of requests that the program sets from credentials.
    pub set: &'a FxHashSet<String>,
}

/// How a refusing side ends.
#[derive(Clone, Default, Debug)]
struct Refusal {
    statuses: BTreeSet<u32>,
    redirects: bool,
    throws: bool,
}

impl Refusal {
    fn is_denial(&self) -> bool {
        self.statuses.contains(&401) || self.statuses.contains(&403) || self.redirects
    }

    /// It says clearly that something else is wrong.
    fn is_other(&self) -> bool {
        !self.is_denial() && self.statuses.iter().any(|s| (400..600).contains(s))
    }

    fn words(&self) -> String {
        match self.statuses.iter().find(|s| **s >= 400) {
            Some(status) => format!("refuses with {status}"),
            None if self.redirects => "redirects".to_owned(),
            None if self.throws => "throws".to_owned(),
            None => "does not go on".to_owned(),
        }
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// The checks of a function.
    pub(super) fn checks(&self, func: FuncId, pass: Pass) -> Vec<Check> {
        let mut out = Vec::new();
        self.read(func, pass, None, 0, &mut out);
        out.sort_by_key(|c| (c.kind, !c.certain, c.func, c.span.start));
        out.dedup_by_key(|c| c.kind);
        out
    }

    /// Reads one function; whether no request passes without an identity being looked at. `next`: the local in which the
    /// function that passes requests on stands, where it is captured from around.
    fn read(
        &self,
        func: FuncId,
        pass: Pass,
        next: Option<(FuncId, LocalId)>,
        depth: u32,
        out: &mut Vec<Check>,
    ) -> bool {
        let f = self.origins.program.func(func);
        let blocks = f.func.blocks.len();
        if depth > DEPTH || blocks == 0 || blocks > 400 {
            return false;
        }
        let next = match (pass, next) {
            (Pass::Calls(index), None) => match f.func.params.get(index) {
                Some(param) => Some((func, param.local)),
                None => return false,
            },
            (_, next) => next,
        };
        let mut targets: FxHashSet<usize> = FxHashSet::default();
        let mut refused: FxHashSet<usize> = FxHashSet::default();
        let mut guarded: FxHashSet<usize> = FxHashSet::default();
        for (index, block) in f.func.blocks.iter().enumerate() {
            let refusal = self.refusal(f, index);
            let ends = matches!(block.term, Term::Throw(_)) || self.never_returns(f, index);
            match pass {
                Pass::Calls(_) => {
                    for (_, instr) in f.func.block_instrs(block) {
                        match *instr {
                            Instr::Call { callee, args, .. } if self.is_next(f, callee, next) => {
                                if f.func
                                    .args(args)
                                    .first()
                                    .is_none_or(|a| is_nothing(f, a.value))
                                {
                                    targets.insert(index);
                                } else {
                                    refused.insert(index);
                                }
                            }
                            Instr::Call { args, .. }
                                if f.func
                                    .args(args)
                                    .iter()
                                    .any(|a| self.is_next(f, a.value, next)) =>
                            {
                                targets.insert(index);
                            }
                            Instr::Closure { func: inner, .. } => {
                                let inner = f.sibling(inner);
                                if let Some(next) = next
                                    && captures(self.origins, inner, next)
                                {
                                    let mut within = Vec::new();
                                    let safe =
                                        self.read(inner, pass, Some(next), depth + 1, &mut within);
                                    out.extend(within);
                                    if passes(self, inner, next) {
                                        targets.insert(index);
                                        if safe {
                                            guarded.insert(index);
                                        }
                                    }
                                }
                            }
                            _ => {}
                        }
                    }
                }
                Pass::Returns => {
                    if refusal.is_denial() {
                        refused.insert(index);
                    } else if matches!(block.term, Term::Return(_)) {
                        targets.insert(index);
                    }
                }
                Pass::ReturnsTrue => {
                    if let Term::Return(value) = block.term {
                        let no = value.is_none_or(|v| is_nothing(f, v) || is_false(f, v));
                        if !no {
                            targets.insert(index);
                        }
                    }
                }
            }
            if ends {
                refused.insert(index);
                targets.remove(&index);
            }
            // A function that checks on behalf of this one, and throws.
            if self.asserts(f, index, depth, out) {
                guarded.insert(index);
            }
        }
        let clean = reaching(f.func, &targets, &refused);
        let mut cut: FxHashSet<(usize, usize)> = FxHashSet::default();
        let mut found: Vec<(Check, bool)> = Vec::new();
        for (index, block) in f.func.blocks.iter().enumerate() {
            let Term::Branch { cond, yes, no } = block.term else {
                continue;
            };
            let (yes_clean, no_clean) = (clean.contains(&yes.index()), clean.contains(&no.index()));
            if yes_clean == no_clean || refused.contains(&index) {
                continue;
            }
            let (passing, refusing) = if yes_clean { (yes, no) } else { (no, yes) };
            let refusal = self.refusals_from(f, refusing, &clean);
            let roots = Search::of(self.origins, self.set, func, cond);
            let Some(kind) = kind_of(roots, &refusal) else {
                continue;
            };
            // What is compared with the request alone may be a password or any other condition.
            let mut certain = kind != "authentication" || roots.tells_who();
            if matches!(kind, "authentication" | "role") {
                match polarity(f.func, f, cond) {
                    // Whoever is known is refused: a page for guests.
                    Some(positive) if positive != yes_clean && !roots.given => {
                        if !roots.called {
                            out.push(Check {
                                kind: super::GUESTS,
                                certain: true,
                                span: block.term_span,
                                func,
                                why: refusal.words(),
                            });
                            continue;
                        }
                        certain = false;
                    }
                    _ => {}
                }
            }
            if certain && matches!(kind, "authentication" | "role" | "owner") {
                cut.insert((index, passing.index()));
            }
            let check = Check {
                kind,
                certain,
                span: block.term_span,
                func,
                why: refusal.words(),
            };
            found.push((check, certain));
        }
        // A call that throws inside a try whose handler refuses: `try { verify(token) } catch { 401 }`.
        for (index, block) in f.func.blocks.iter().enumerate() {
            let Some(unwind) = block.unwind else { continue };
            if !clean.contains(&index) || clean.contains(&unwind.index()) {
                continue;
            }
            let refusal = self.refusals_from(f, unwind, &clean);
            if !refusal.is_denial() {
                continue;
            }
            let verified =
                f.func
                    .block_instrs(block)
                    .find_map(|(at, instr)| match *instr {
                        Instr::Call { args, .. } => {
                            let shown = f.func.args(args).iter().any(|a| {
                                Search::of(self.origins, self.set, func, a.value).credential
                            });
                            shown.then(|| f.func.spans.get(at).copied().unwrap_or_default())
                        }
                        _ => None,
                    });
            if let Some(span) = verified {
                guarded.insert(index);
                let check = Check {
                    kind: "authentication",
                    certain: true,
                    span,
                    func,
                    why: refusal.words(),
                };
                found.push((check, true));
            }
        }
        let open = reaches_uncut(f.func, &targets, &cut, &guarded);
        let safe = !open && !targets.is_empty();
        for (mut check, certain) in found {
            check.certain =
                certain && (safe || !matches!(check.kind, "authentication" | "role" | "owner"));
            if certain && !check.certain {
                check.why = format!("{}, but some requests pass without this check", check.why);
            }
            // Whoever has a role is known.
            if check.kind == "role" {
                out.push(Check {
                    kind: "authentication",
                    ..check.clone()
                });
            }
            out.push(check);
        }
        safe
    }

    /// Whether a block calls a function of the program that throws or refuses unless somebody is known.
    fn asserts(&self, f: FuncRef<'p>, block: usize, depth: u32, out: &mut Vec<Check>) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        let mut safe = false;
        for (at, instr) in f.func.block_instrs(b) {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let vals = self.origins.of_operand(f.id, callee);
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            for &val in vals.iter().take(2) {
                match self.origins.val(val) {
                    Some(Val::Func(inner)) if vals.len() == 1 && inner != f.id => {
                        let called = self.origins.program.func(inner);
                        if !throws(called.func) || depth + 1 > DEPTH {
                            continue;
                        }
                        let mut within = Vec::new();
                        if self.read(inner, Pass::Returns, None, depth + 1, &mut within) {
                            safe |= within
                                .iter()
                                .any(|c| c.certain && c.kind == "authentication");
                            out.extend(within);
                        }
                    }
                    Some(Val::Api(path)) => {
                        let called = self.origins.paths.rows(path);
                        for (_, row) in called {
                            if let Role::Guard { kind, .. } = &row.role
                                && !f.func.args(args).is_empty()
                                && let Some(kind) = super::known(kind)
                            {
                                out.push(Check {
                                    kind,
                                    certain: row.when.is_none(),
                                    span,
                                    func: f.id,
                                    why: format!("calls `{}`", self.origins.paths.text(path)),
                                });
                                safe |= kind == "authentication";
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        safe
    }

    fn is_next(&self, f: FuncRef<'p>, operand: Operand, next: Option<(FuncId, LocalId)>) -> bool {
        let (Some((owner, wanted)), Operand::Local(local)) = (next, operand) else {
            return false;
        };
        if owner == f.id && local == wanted {
            return true;
        }
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::LoadVar {
                to,
                var: VarRef::Captured(capture),
            } if to == local => super::root::owner(self.origins, f, capture) == next,
            Instr::Copy {
                to,
                from: Operand::Local(from),
            } if to == local => owner == f.id && from == wanted,
            _ => false,
        })
    }

    /// A call of something that never returns.
    fn never_returns(&self, f: FuncRef<'p>, block: usize) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        f.func.block_instrs(b).any(|(_, instr)| {
            let Instr::Call { callee, flags, .. } = *instr else {
                return false;
            };
            self.origins.of_operand(f.id, callee).iter().any(|&val| {
                matches!(self.origins.val(val), Some(Val::Api(path))
                    if self.origins.paths.call_rows(path, flags.new).any(|(_, row)| row.role == Role::NoReturn))
            })
        })
    }

    /// How one block refuses, if it does.
    fn refusal(&self, f: FuncRef<'p>, block: usize) -> Refusal {
        let mut out = Refusal::default();
        let Some(b) = f.func.blocks.get(block) else {
            return out;
        };
        out.throws = matches!(b.term, Term::Throw(_));
        let number = |operand: Operand| match operand {
            Operand::Const(id) => match *f.file.facts.constant(id) {
                Const::Number(bits) => Some(f64::from_bits(bits)),
                _ => None,
            },
            Operand::Local(_) => None,
        };
        let mut status = |operand: Operand| {
            if let Some(n) = number(operand).filter(|n| (300.0..600.0).contains(n)) {
                out.statuses.insert(n as u32);
            }
        };
        let mut redirects = false;
        for (_, instr) in f.func.block_instrs(b) {
            match *instr {
                Instr::Call { args, callee, .. } => {
                    for arg in f.func.args(args) {
                        status(arg.value);
                    }
                    redirects |= loaded_name(f, callee) == Some("redirect");
                }
                Instr::Store { value, .. } => status(value),
                Instr::Object { parts, .. } => {
                    for part in f.func.parts(parts) {
                        status(part.value);
                    }
                }
                _ => {}
            }
        }
        out.redirects = redirects;
        out
    }

    /// How everything that a refusing side leads to refuses.
    fn refusals_from(&self, f: FuncRef<'p>, start: BlockId, clean: &FxHashSet<usize>) -> Refusal {
        let mut out = Refusal::default();
        let mut seen = FxHashSet::default();
        let mut stack = vec![start.index()];
        while let Some(block) = stack.pop() {
            if clean.contains(&block) || !seen.insert(block) {
                continue;
            }
            let one = self.refusal(f, block);
            out.statuses.extend(one.statuses);
            out.redirects |= one.redirects;
            out.throws |= one.throws;
            stack.extend(successors(f.func, block));
        }
        out
    }
}

/// What kind of guard a branch is.
fn kind_of(roots: Roots, refusal: &Refusal) -> Option<&'static str> {
    if refusal.statuses.contains(&429) {
        return Some("rate-limit");
    }
    if refusal.is_other() {
        return (roots.client && !roots.principal).then_some("validation");
    }
    if roots.csrf {
        return Some("csrf");
    }
    if roots.principal && roots.client {
        return Some("owner");
    }
    if roots.principal {
        return Some(if roots.attribute {
            "role"
        } else {
            "authentication"
        });
    }
    if roots.origin && !roots.client {
        return refusal.is_denial().then_some("origin");
    }
    // A name and a password in the request itself are credentials too.
    let shown = roots.client
        && roots.called
        && (refusal.statuses.contains(&401) || refusal.statuses.contains(&403));
    ((roots.tells_who() && refusal.is_denial()) || shown).then_some("authentication")
}

/// Whether a condition holds when something is there (`true`) or when it is not (`false`).
fn polarity(func: &Function, f: FuncRef<'_>, cond: Operand) -> Option<bool> {
    let mut at = cond;
    let mut positive = true;
    for _ in 0..12 {
        let Operand::Local(local) = at else {
            return None;
        };
        let mut written = func.instrs.iter().filter(|i| i.target() == Some(local));
        let (first, more) = (written.next(), written.next().is_some());
        match first {
            Some(Instr::Op { op, operands, .. }) => {
                let operands = func.operands(*operands);
                match (op, operands) {
                    (OpKind::Not, [inner]) => {
                        positive = !positive;
                        at = *inner;
                    }
                    (OpKind::StrictEq | OpKind::Eq, [a, b]) => {
                        let nothing = |o: Operand| is_nothing(f, o) || is_false(f, o);
                        return Some(if nothing(*a) || nothing(*b) {
                            !positive
                        } else {
                            positive
                        });
                    }
                    (OpKind::StrictNe | OpKind::Ne, [a, b]) => {
                        let nothing = |o: Operand| is_nothing(f, o) || is_false(f, o);
                        return Some(if nothing(*a) || nothing(*b) {
                            positive
                        } else {
                            !positive
                        });
                    }
                    _ => return None,
                }
                if more {
                    return None;
                }
            }
            Some(Instr::Copy { from, .. } | Instr::Await { from, .. }) => {
                if more {
                    // `a || b`: both are of one kind, or it cannot be told.
                    return Some(positive).filter(|_| {
                        let mut of_not = func.instrs.iter().filter(|i| i.target() == Some(local));
                        of_not.all(|i| !comes_from_not(func, i))
                    });
                }
                at = *from;
            }
            _ => return Some(positive),
        }
    }
    None
}

fn comes_from_not(func: &Function, instr: &Instr) -> bool {
    let Instr::Copy { from, .. } = instr else {
        return false;
    };
    func.instrs
        .iter()
        .any(|i| i.target().map(Operand::Local) == Some(*from) && matches!(i, Instr::Op { .. }))
}

/// The blocks from which a target is reached without refusing first.
fn reaching(
    func: &Function,
    targets: &FxHashSet<usize>,
    refused: &FxHashSet<usize>,
) -> FxHashSet<usize> {
    let mut behind = vec![Vec::new(); func.blocks.len()];
    for index in 0..func.blocks.len() {
        // An exception is no way on: what it leads to refuses or not by itself.
        for to in ways(func, index) {
            if let Some(list) = behind.get_mut(to) {
                list.push(index);
            }
        }
    }
    let mut clean = FxHashSet::default();
    let mut stack: Vec<usize> = targets.iter().copied().collect();
    while let Some(block) = stack.pop() {
        if !clean.insert(block) {
            continue;
        }
        let before = behind.get(block).into_iter().flatten();
        stack.extend(before.filter(|b| !refused.contains(b)));
    }
    clean
}

/// Whether a target is reached from the start without taking a guarded way.
fn reaches_uncut(
    func: &Function,
    targets: &FxHashSet<usize>,
    cut: &FxHashSet<(usize, usize)>,
    guarded: &FxHashSet<usize>,
) -> bool {
    let mut seen = FxHashSet::default();
    let mut stack = vec![0_usize];
    while let Some(block) = stack.pop() {
        if !seen.insert(block) || guarded.contains(&block) {
            continue;
        }
        if targets.contains(&block) {
            return true;
        }
        stack.extend(
            successors(func, block)
                .into_iter()
                .filter(|to| !cut.contains(&(block, *to))),
        );
    }
    false
}

fn ways(func: &Function, block: usize) -> Vec<usize> {
    match func.blocks.get(block).map(|b| b.term) {
        Some(Term::Goto(to)) => vec![to.index()],
        Some(Term::Branch { yes, no, .. }) => vec![yes.index(), no.index()],
        _ => Vec::new(),
    }
}

fn successors(func: &Function, block: usize) -> Vec<usize> {
    let mut out = ways(func, block);
    out.extend(
        func.blocks
            .get(block)
            .and_then(|b| b.unwind)
            .map(BlockId::index),
    );
    out
}

fn throws(func: &Function) -> bool {
    func.blocks.iter().any(|b| matches!(b.term, Term::Throw(_)))
}

fn is_nothing(f: FuncRef<'_>, operand: Operand) -> bool {
    match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Undefined | Const::Null),
        Operand::Local(_) => false,
    }
}

fn is_false(f: FuncRef<'_>, operand: Operand) -> bool {
    match operand {
        Operand::Const(id) => match *f.file.facts.constant(id) {
            Const::Bool(b) => !b,
            Const::Number(bits) => f64::from_bits(bits) == 0.0,
            Const::Str(s) => f.file.facts.str(s).is_empty(),
            _ => false,
        },
        Operand::Local(_) => false,
    }
}

fn loaded_name<'p>(f: FuncRef<'p>, callee: Operand) -> Option<&'p str> {
    let Operand::Local(local) = callee else {
        return None;
    };
    f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } if to == local => Some(f.file.facts.str(name)),
        _ => None,
    })
}

/// Whether a function, or one inside it, captures a local of another.
fn captures(origins: &Solver<'_, '_>, func: FuncId, wanted: (FuncId, LocalId)) -> bool {
    let f = origins.program.func(func);
    (0..f.func.captures.len()).any(|index| {
        let capture = casemate_ir::CaptureId::from(index);
        super::root::owner(origins, f, capture) == Some(wanted)
    })
}

/// Whether a function inside calls what passes requests on without an error.
fn passes(reader: &Reader<'_, '_, '_>, func: FuncId, next: (FuncId, LocalId)) -> bool {
    let f = reader.origins.program.func(func);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Call { callee, args, .. } => {
            reader.is_next(f, callee, Some(next))
                && f.func
                    .args(args)
                    .first()
                    .is_none_or(|a| is_nothing(f, a.value))
        }
        Instr::Closure { func, .. } => {
            let inner = f.sibling(func);
            captures(reader.origins, inner, next) && passes(reader, inner, next)
        }
        _ => false,
    })
}
