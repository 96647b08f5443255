//! What a function does before it lets a request pass: which of its branches refuse, and on what they depend.

use super::behind::is_behind;
use super::called::Applied;
use super::check::{Check, kind_of};
use super::graph::{
    captures, is_false, is_nothing, is_true, leads_to, met, polarity, reaches_from, reaches_uncut,
    reaching, ways,
};
use super::held::Bound;
use super::key::{caught_by, ends_apart};
use super::root::{Known, Roots, Search, is_request};
use super::step::{calls_above, gives_nothing, passes, verifies};
use super::switch::is_switch;
use crate::decoration::written_name;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{BlockId, Instr, Language, LocalId, Operand, Term, VarRef};
use rustc_hash::FxHashSet;

/// Depth of functions that check on behalf of others.
pub(super) const DEPTH: u32 = 3;

/// How a function lets a request pass.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Pass {
    /// By calling its parameter at this position.
    Calls(usize),
    /// By returning without having refused.
    Returns,
    /// By returning something truthy.
    ReturnsTrue,
    /// By returning nothing.
    ReturnsNothing,
    /// By calling the function in whose place it stands, with whatever arguments.
    Wraps,
    /// By calling the method of the same name that a base of its class has.
    Above,
    /// By calling `get_response`, which Django gives to all middleware.
    Onward,
}

/// What is known while bodies are read.
pub(super) struct Reader<'a, 'p, 'm> {
    pub origins: &'a Solver<'p, 'm>,
    /// Members of requests that the program sets from credentials.
    pub set: &'a Known,
    /// Branches that are decided.
    pub decided: &'a [(FuncId, Vec<(usize, bool)>)],
    /// What the parameters of a function hold that is read for a known call of it.
    pub bound: Option<&'a Bound>,
}

impl<'p> Reader<'_, 'p, '_> {
    /// What a value depends on.
    pub(super) fn roots(&self, func: FuncId, value: Operand) -> Roots {
        Search::with(self.origins, self.set, self.bound, func, value)
    }

    /// The checks of a function.
    pub(super) fn checks(&self, func: FuncId, pass: Pass) -> Vec<Check> {
        let mut out = Vec::new();
        self.read(func, pass, None, 0, &mut out);
        out.sort_by_key(|c| (c.kind, !c.certain, c.func, c.span.start));
        out.dedup_by_key(|c| c.kind);
        out
    }

    /// Whether a method through which all requests of a class go answers some without passing them on.
    pub(super) fn may_refuse(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let passed = (0..f.func.blocks.len()).filter(|block| calls_above(f, *block));
        let passed: FxHashSet<usize> = passed.collect();
        let ends = (0..f.func.blocks.len())
            .filter(|block| ways(f.func, *block).is_empty() && !passed.contains(block));
        let ends: FxHashSet<usize> = ends.collect();
        passed.is_empty() || reaches_uncut(f.func, &ends, &FxHashSet::default(), &passed)
    }

    /// Whether a block calls `get_response`, `self.get_response`, or the one that the function around was given.
    fn calls_onward(&self, f: FuncRef<'p>, block: usize) -> bool {
        let named = |callee| match f.made_by(callee) {
            Some(&Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            }) => {
                let (owner, local) = super::root::owner(self.origins, f, capture)?;
                let owner = self.origins.program.func(owner);
                let name = owner.func.locals.get(local.index())?.name?;
                Some(owner.file.facts.str(name))
            }
            _ => written_name(f, callee),
        };
        f.func.blocks.get(block).is_some_and(|block| {
            f.func.block_instrs(block).any(|(_, instr)| {
                matches!(*instr, Instr::Call { callee, .. }
                    if named(callee).is_some_and(|name| name.ends_with("get_response")))
            })
        })
    }

    /// The checks of a function that stands in the place of another one, which it calls through a parameter of what made it.
    pub(super) fn wraps(&self, func: FuncId, next: (FuncId, LocalId)) -> Vec<Check> {
        let mut out = Vec::new();
        self.read(func, Pass::Wraps, Some(next), 0, &mut out);
        out.sort_by_key(|c| (c.kind, !c.certain, c.func, c.span.start));
        out.dedup_by_key(|c| c.kind);
        out
    }

    /// Reads one function; whether no request passes without an identity being looked at. `next`: the local in which the
    /// function that passes requests on stands, where it is captured from around.
    pub(super) fn read(
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
        let away = self.decided_away(f);
        let mut cut = away.clone();
        let met = (!cut.is_empty()).then(|| met(f.func, &cut));
        let is_met = |block: usize| met.as_ref().is_none_or(|met| met.contains(&block));
        let mut targets: FxHashSet<usize> = FxHashSet::default();
        let mut refused: FxHashSet<usize> = FxHashSet::default();
        let mut guarded: FxHashSet<usize> = FxHashSet::default();
        let mut caught: Vec<(usize, BlockId)> = Vec::new();
        // What other functions check on behalf of this one.
        let mut others: Vec<Check> = Vec::new();
        let mut found: Vec<(Check, bool)> = Vec::new();
        for (index, block) in f.func.blocks.iter().enumerate() {
            if !is_met(index) {
                continue;
            }
            let refusal = self.refusal(f, index);
            let ends = matches!(block.term, Term::Throw(_)) || self.never_returns(f, index);
            match pass {
                Pass::Calls(_) | Pass::Wraps => {
                    for (_, instr) in f.func.block_instrs(block) {
                        match *instr {
                            Instr::Call { callee, args, .. } if self.is_next(f, callee, next) => {
                                let plain = f
                                    .func
                                    .args(args)
                                    .first()
                                    .is_none_or(|a| is_nothing(f, a.value));
                                // What Express would be told of an error, others are given as the request.
                                let python = f.file.facts.language == Language::Python;
                                if plain || python || pass == Pass::Wraps {
                                    targets.insert(index);
                                } else {
                                    refused.insert(index);
                                }
                            }
                            Instr::Call { args, callee, .. }
                                if f.func
                                    .args(args)
                                    .iter()
                                    .any(|a| self.is_next(f, a.value, next)) =>
                            {
                                targets.insert(index);
                                let given = Applied { callee, depth };
                                let applied = self.guarded_by(f, given, block.term_span);
                                if self.hands_over(f, callee, args, next) {
                                    let why = "hands the request to what is not known";
                                    let why = why.to_owned();
                                    let span = block.term_span;
                                    let check = Check::new(super::REFUSAL, func, span, why, false);
                                    out.push(Check {
                                        handed: true,
                                        ..check
                                    });
                                }
                                if applied
                                    .iter()
                                    .any(|c| c.kind == "authentication" && c.certain)
                                {
                                    guarded.insert(index);
                                }
                                found.extend(applied.into_iter().map(|c| (c.clone(), c.certain)));
                                if self.passed_to(f, callee, args, next, depth, out) {
                                    guarded.insert(index);
                                }
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
                Pass::Above | Pass::Onward => {
                    let on = match pass {
                        Pass::Above => calls_above(f, index),
                        _ => self.calls_onward(f, index),
                    };
                    if on {
                        targets.insert(index);
                    } else if matches!(block.term, Term::Return(_)) {
                        refused.insert(index);
                    }
                }
                Pass::Returns => {
                    if refusal.is_denial() {
                        refused.insert(index);
                    } else if matches!(block.term, Term::Return(_)) {
                        targets.insert(index);
                    }
                }
                Pass::ReturnsNothing => {
                    if let Term::Return(value) = block.term {
                        if value.is_none_or(|v| is_nothing(f, v)) {
                            targets.insert(index);
                        } else {
                            refused.insert(index);
                        }
                    }
                }
                Pass::ReturnsTrue => {
                    if let Term::Return(value) = block.term {
                        let no = value.is_none_or(|v| is_nothing(f, v) || is_false(f, v));
                        if !no {
                            targets.insert(index);
                        }
                        if let Some(check) = value.and_then(|v| self.decided(f, v, block.term_span))
                        {
                            guarded.insert(index);
                            found.push((check, true));
                        }
                    }
                }
            }
            if ends {
                refused.insert(index);
                targets.remove(&index);
            }
            if pass == Pass::Returns && targets.contains(&index) {
                let mut within = Vec::new();
                if self.answered_by(f, index, depth, &mut within) {
                    guarded.insert(index);
                }
                found.extend(within.into_iter().map(|c| (c.clone(), c.certain)));
            }
            // A function that checks on behalf of this one, and throws: where that is caught, requests may go on from there.
            if self.asserts(f, index, depth, &mut others) {
                guarded.insert(index);
                caught.extend(block.unwind.map(|to| (index, to)));
            }
            for check in self.asserted(f, block) {
                if matches!(check.kind, "authentication" | "role") {
                    guarded.insert(index);
                    caught.extend(block.unwind.map(|to| (index, to)));
                }
                found.push((check, true));
            }
        }
        if pass == Pass::Returns && targets.is_empty() {
            // Whoever has changed something is sent to a page that shows it.
            for (index, block) in f.func.blocks.iter().enumerate() {
                if matches!(block.term, Term::Return(_)) && self.sends_on(f, index) {
                    refused.remove(&index);
                    targets.insert(index);
                }
            }
        }
        if pass == Pass::Returns {
            // `if (!user) return`: who is not known gets nothing from the handler itself.
            for block in &f.func.blocks {
                let Term::Branch { cond, yes, no } = block.term else {
                    continue;
                };
                let sides = [(yes.index(), no.index()), (no.index(), yes.index())];
                for (side, other) in sides {
                    if !gives_nothing(f, side) || gives_nothing(f, other) {
                        continue;
                    }
                    let roots = self.roots(func, cond);
                    let known =
                        polarity(f.func, f, cond).map(|known| known == (side == yes.index()));
                    let who = roots.principal && !roots.client && !roots.attribute;
                    let told = || self.answered(f, cond).contains(&401);
                    if known == Some(false) && (who || told()) {
                        refused.insert(side);
                        targets.remove(&side);
                    }
                }
            }
        }
        let clean = reaching(f.func, &targets, &refused, &cut);
        let mut settings: Vec<(usize, usize, usize)> = Vec::new();
        // What was asked where those that are known passed, and the others went on.
        let mut asked: Option<Roots> = None;
        for (index, block) in f.func.blocks.iter().enumerate() {
            let Term::Branch { cond, yes, no } = block.term else {
                continue;
            };
            // What is decided asks nobody, nor does what no request meets then.
            let is_away = |side: BlockId| away.contains(&(index, side.index()));
            if !is_met(index) || is_away(yes) || is_away(no) {
                continue;
            }
            let (yes_clean, no_clean) = (clean.contains(&yes.index()), clean.contains(&no.index()));
            if yes_clean == no_clean || refused.contains(&index) {
                if yes_clean && matches!(pass, Pass::Wraps | Pass::Calls(_)) {
                    let roots = self.roots(func, cond);
                    if roots.tells_who() {
                        // Whoever is known passes here, others further on.
                        if let Some(positive) = polarity(f.func, f, cond) {
                            let known = if positive { yes } else { no };
                            cut.insert((index, known.index()));
                            asked = Some(roots);
                        }
                    } else if !roots.client && (roots.setting || is_switch(self.origins, f, cond)) {
                        // Who runs the program may switch the check off; no request can.
                        settings.push((index, yes.index(), no.index()));
                    }
                }
                continue;
            }
            let (passing, refusing) = if yes_clean { (yes, no) } else { (no, yes) };
            let mut refusal = self.refusals_from(f, refusing, &clean);
            let roots = self.roots(func, cond);
            if refusal.statuses.is_empty() && !refusal.redirects && !refusal.throws {
                refusal.statuses = self.answered(f, cond);
            }
            // What a function calls 401 that is asked first is about who asks, however it finds out.
            let told = refusal.statuses.contains(&401) && self.answered(f, cond).contains(&401);
            let missed =
                || told || refusal.statuses.contains(&401) && self.misses(f, cond, passing, yes);
            let kind = kind_of(roots, &refusal);
            let told = kind.is_none() && missed() || told;
            let kind = kind.or_else(|| told.then_some("authentication"));
            // `if not Member.objects.filter(user=request.user, team=team).exists(): return Response(status=401)`
            let mine = kind == Some("authentication")
                && roots.principal
                && roots.client
                && self.holds_together(f, cond);
            let kind = if mine { Some("owner") } else { kind };
            let Some(kind) = kind else {
                let decides = is_switch(self.origins, f, cond);
                // Of those that nobody knows, none is refused while the check is switched off.
                if let Some(kind) = asked.and_then(|asked| kind_of(asked, &refusal))
                    && decides
                    && (roots.setting || !self.is_given(f, cond))
                {
                    cut.insert((index, passing.index()));
                    let why = refusal.words();
                    found.push((Check::new(kind, func, block.term_span, why, true), true));
                    continue;
                }
                // All are refused, or none: a setting decides, and no request.
                if !roots.client && !roots.tells_who() && decides {
                    continue;
                }
                // Some are refused; who, cannot be told.
                let status = [401, 403]
                    .into_iter()
                    .find(|s| refusal.statuses.contains(s));
                // What is asked whether a request passes is asked for nothing else.
                if status.is_some() || pass == Pass::ReturnsTrue {
                    out.push(Check {
                        kind: if status == Some(401) {
                            super::DENIAL
                        } else {
                            super::REFUSAL
                        },
                        certain: false,
                        span: block.term_span,
                        func,
                        why: "refuses some; whom, cannot be told".to_owned(),
                        understood: false,
                        principal: false,
                        handed: false,
                        said_to: None,
                    });
                }
                continue;
            };
            // What is compared with the request alone may be a password or any other condition.
            let mut certain = kind != "authentication" || roots.tells_who() || told;
            if matches!(kind, "authentication" | "role") {
                match polarity(f.func, f, cond) {
                    // Whoever is known is refused: a page for guests.
                    // Whoever is banned is refused; that somebody is known has been asked before, or is not asked.
                    Some(positive) if positive != yes_clean && roots.state => continue,
                    Some(positive) if positive != yes_clean && !roots.given => {
                        if !roots.called {
                            out.push(Check::new(
                                super::GUESTS,
                                func,
                                block.term_span,
                                refusal.words(),
                                true,
                            ));
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
                understood: certain,
                principal: roots.principal,
                handed: false,
                said_to: if kind == "role" {
                    self.said_to(f, cond)
                } else {
                    None
                },
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
            let denies = refusal.is_denial();
            if !denies && !matches!(pass, Pass::Calls(_)) {
                continue;
            }
            let verified = f
                .func
                .block_instrs(block)
                .find_map(|(at, instr)| match *instr {
                    Instr::Call { args, callee, .. } => {
                        let named = written_name(f, callee).is_some_and(verifies);
                        let shown = f.func.args(args).iter().any(|a| {
                            self.roots(func, a.value).credential
                                || named && is_request(self.origins, func, a.value)
                        });
                        (shown && (denies || named))
                            .then(|| f.func.spans.get(at).copied().unwrap_or_default())
                    }
                    _ => None,
                });
            if let Some(span) = verified {
                guarded.insert(index);
                let check = Check::new("authentication", func, span, refusal.words(), true);
                found.push((check, true));
            }
        }
        // What throws unless the proof is right, and nobody catches: `req.user = jwt.verify(token, KEY)`.
        if matches!(pass, Pass::Calls(_)) || depth > 0 {
            for (index, block) in f.func.blocks.iter().enumerate() {
                if block.unwind.is_none()
                    && clean.contains(&index)
                    && let Some(span) = self.proves(f, block)
                {
                    guarded.insert(index);
                    let why = "throws unless the proof is right".to_owned();
                    found.push((Check::new("authentication", func, span, why, true), true));
                }
            }
        }
        for index in 0..blocks {
            let Some(key) = self
                .required_key(f, index)
                .filter(|_| clean.contains(&index))
            else {
                continue;
            };
            let unwind = f.func.blocks.get(index).and_then(|block| block.unwind);
            let caught = unwind.map(|handler| caught_by(f, handler));
            let refusal = caught.map(|to| self.refusals_from(f, to, &clean));
            let denies = refusal.filter(|refusal| refusal.is_denial());
            let apart = match caught {
                None => key.is_person(),
                Some(to) if clean.contains(&to.index()) => {
                    key.is_person() && ends_apart(f, to, index)
                }
                Some(_) => denies.is_some() || key.is_person(),
            };
            if apart {
                guarded.insert(index);
                let why = denies.map_or_else(
                    || format!("fails unless the session holds `{}`", key.name),
                    |refusal| refusal.words(),
                );
                let check = Check::new("authentication", func, key.span, why, true);
                found.push((check, true));
            }
        }
        let mut stops: FxHashSet<usize> = guarded.union(&refused).copied().collect();
        if pass == Pass::Returns && depth == 0 {
            let otherwise = (0..blocks).filter(|block| self.ends_otherwise(f, *block));
            let otherwise: FxHashSet<usize> = otherwise.collect();
            // Somebody is served at all.
            let none = FxHashSet::default();
            if reaches_uncut(f.func, &targets, &none, &otherwise) {
                stops.extend(otherwise);
            }
        }
        let mut open = reaches_uncut(f.func, &targets, &cut, &stops);
        // What throws is caught, and who was refused is let through: `try { await whoIs(ctx) } catch { ctx.user = null }`.
        let swallowed = caught.iter().any(|&(from, to)| {
            !(pass == Pass::Returns && ends_apart(f, to, from))
                && reaches_from(f.func, to.index(), &targets, &cut, &stops)
        });
        open |= swallowed;
        if open && !settings.is_empty() && (!found.is_empty() || !guarded.is_empty()) {
            // One side of each setting leads to the check: on the other one it is switched off.
            for (block, yes, no) in settings {
                let checked = |side: usize| {
                    let from = FxHashSet::from_iter([side]);
                    leads_to(f.func, &from, &guarded, &cut, &away)
                };
                match (checked(yes), checked(no)) {
                    (true, false) => cut.insert((block, no)),
                    (false, true) => cut.insert((block, yes)),
                    _ => false,
                };
            }
            open = swallowed || reaches_uncut(f.func, &targets, &cut, &guarded);
        }
        let safe = !open && !targets.is_empty();
        let before_all = matches!(pass, Pass::Onward | Pass::ReturnsNothing | Pass::Calls(_));
        let mut known_sides = None;
        let passed = swallowed || pass != Pass::Returns && open;
        for mut check in others {
            let who = matches!(check.kind, "authentication" | "role" | "owner");
            if passed && check.certain && who {
                check.certain = false;
                check.why = format!("{}, but some requests pass without this check", check.why);
            }
            out.push(check);
        }
        for (mut check, certain) in found {
            check.certain =
                certain && (safe || !matches!(check.kind, "authentication" | "role" | "owner"));
            // Whoever is not known never meets it: `if user.is_authenticated and user.must_change_password: …`.
            let of_known = before_all
                && !check.certain
                && matches!(check.kind, "authentication" | "role")
                && check.func == func
                && {
                    let sides = known_sides.get_or_insert_with(|| self.known_sides(f));
                    is_behind(f, &check, sides)
                };
            if of_known && check.kind == "authentication" {
                continue;
            }
            if certain && !check.certain {
                check.why = format!("{}, but some requests pass without this check", check.why);
            }
            // Whoever has a role is known.
            if check.kind == "role" && !of_known {
                out.push(Check {
                    kind: "authentication",
                    ..check.clone()
                });
            }
            out.push(check);
        }
        safe
    }

    /// Whether a function that says who passes may say no: it throws, or returns something else than `true`.
    pub(super) fn may_say_no(&self, func: FuncId) -> bool {
        self.says_no(func, |_, _| true)
    }

    /// The same, without what it leaves to the guard of a package that its class extends, of which that one is asked.
    pub(super) fn may_say_no_itself(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let bases = f.func.class.map(|class| f.class(class));
        let bases = bases.map_or(&[][..], |class| self.origins.of_bases(class));
        let package = |&base| matches!(self.origins.val(base), Some(Val::Api(_)));
        let of_package = !bases.is_empty() && bases.iter().all(package);
        self.says_no(func, |f, block| !(of_package && calls_above(f, block)))
    }

    fn says_no(&self, func: FuncId, counts: impl Fn(FuncRef<'p>, usize) -> bool) -> bool {
        let f = self.origins.program.func(func);
        let met = met(f.func, &self.decided_away(f));
        let mut blocks = f.func.blocks.iter().enumerate();
        blocks.any(|(index, block)| match block.term {
            Term::Throw(_) => met.contains(&index),
            Term::Return(value) => {
                met.contains(&index) && !value.is_some_and(|v| is_true(f, v)) && counts(f, index)
            }
            _ => false,
        })
    }

    /// Ways out of branches that are decided otherwise.
    pub(super) fn decided_away(&self, f: FuncRef<'p>) -> FxHashSet<(usize, usize)> {
        let decided = self.decided.iter().find(|(func, _)| *func == f.id);
        let decided = decided.map_or(&[][..], |(_, decided)| decided);
        let away = |&(index, truth): &(usize, bool)| match f.func.blocks.get(index)?.term {
            Term::Branch { yes, no, .. } => {
                let side = if truth { no } else { yes };
                Some((index, side.index()))
            }
            _ => None,
        };
        decided.iter().filter_map(away).collect()
    }

    pub(super) fn is_next(
        &self,
        f: FuncRef<'p>,
        operand: Operand,
        next: Option<(FuncId, LocalId)>,
    ) -> bool {
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
}
