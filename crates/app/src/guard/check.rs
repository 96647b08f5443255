//! A check that a function makes, and of what kind it is by what it depends on and how it refuses.

use super::body::Reader;
use super::graph::is_nothing;
use super::refusal::Refusal;
use super::root::Roots;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{BlockId, Instr, LocalId, OpKind, Operand, Span, VarRef};
use rustc_hash::FxHashSet;

/// Steps from a condition to the query whose answer it looks at.
const TOGETHER: usize = 12;

/// A check that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Check {
    pub kind: &'static str,
    pub certain: bool,
    pub span: Span,
    pub func: FuncId,
    pub why: String,
    /// What it checks is understood, whether or not all requests meet the check.
    pub understood: bool,
    /// It looks at who asks, and not only at what the request shows.
    pub principal: bool,
    /// It is none of its own: the request is handed to what is not known.
    pub handed: bool,
    /// What it asks for is said where the function that checks is made, by a parameter of this function.
    pub said_to: Option<FuncId>,
}

impl Check {
    /// A check of which it is certain, or not, that it holds for all requests that meet it.
    pub(super) fn new(
        kind: &'static str,
        func: FuncId,
        span: Span,
        why: String,
        certain: bool,
    ) -> Self {
        Self {
            kind,
            certain,
            span,
            func,
            why,
            understood: certain,
            principal: false,
            handed: false,
            said_to: None,
        }
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// The function of whose parameters alone a condition takes what it compares with: `isAuthenticated(permissions)` makes a
    /// function that asks `user.hasPermission(permissions)`.
    pub(super) fn said_to(&self, f: FuncRef<'p>, cond: Operand) -> Option<FuncId> {
        let mut open = vec![cond];
        let mut seen: FxHashSet<LocalId> = FxHashSet::default();
        let mut maker = None;
        while let Some(operand) = open.pop() {
            let Operand::Local(local) = operand else {
                continue;
            };
            if !seen.insert(local) {
                continue;
            }
            for (_, instr) in f.writers(local) {
                match *instr {
                    Instr::LoadVar {
                        var: VarRef::Captured(capture),
                        ..
                    } => {
                        let (owner, local) = super::root::owner(self.origins, f, capture)?;
                        let around = self.origins.program.func(owner);
                        if around.func.params.iter().any(|p| p.local == local) {
                            maker = Some(owner);
                        }
                    }
                    Instr::Call {
                        callee, this, args, ..
                    } => {
                        open.extend(f.func.args(args).iter().map(|arg| arg.value));
                        open.extend(this);
                        open.push(callee);
                    }
                    Instr::Load { base, .. } => open.push(base),
                    Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push(from),
                    Instr::Op { operands, .. } => open.extend(f.func.operands(operands)),
                    _ => {}
                }
            }
        }
        maker
    }

    /// Whether a condition looks at what the function was made with: `session({ guests: true })` lets others pass than `session()`.
    pub(super) fn is_given(&self, f: FuncRef<'p>, cond: Operand) -> bool {
        let mut open = vec![cond];
        for _ in 0..TOGETHER {
            let Some(operand) = open.pop() else { break };
            match f.made_by(operand) {
                Some(Instr::Copy { from, .. } | Instr::Await { from, .. }) => open.push(*from),
                Some(Instr::Load { base, .. }) => open.push(*base),
                Some(Instr::Op { operands, .. }) => open.extend(f.func.operands(*operands)),
                Some(Instr::LoadVar {
                    var: VarRef::Captured(capture),
                    ..
                }) => {
                    if let Some((owner, _)) = super::root::owner(self.origins, f, *capture)
                        && self.origins.program.func(owner).parent().is_some()
                    {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    /// What a guard that answers with what it knows of who asks wants of them: `return user.isAdmin`.
    pub(super) fn decided(&self, f: FuncRef<'p>, answer: Operand, span: Span) -> Option<Check> {
        let refusal = Refusal {
            statuses: [403].into(),
            ..Refusal::default()
        };
        let roots = self.roots(f.id, answer);
        let kind = kind_of(roots, &refusal).filter(|_| roots.principal)?;
        Some(Check::new(kind, f.id, span, refusal.words(), true))
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// Whether who asks and what the client names are held against each other: in one comparison, or in one query whose answer the
    /// condition looks at.
    pub(super) fn holds_together(&self, f: FuncRef<'p>, cond: Operand) -> bool {
        let mut open = vec![(cond, false)];
        for _ in 0..TOGETHER {
            let Some((Operand::Local(local), asked)) = open.pop() else {
                continue;
            };
            let Some((at, instr)) = f.writer(local) else {
                continue;
            };
            match *instr {
                Instr::Copy { from, .. } | Instr::Await { from, .. } => open.push((from, asked)),
                Instr::Op {
                    op: OpKind::Not,
                    operands,
                    ..
                } => open.extend(f.func.operands(operands).iter().map(|of| (*of, asked))),
                Instr::Op {
                    op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
                    operands,
                    ..
                } => {
                    let operands = f.func.operands(operands);
                    let nothing = operands.iter().any(|of| is_nothing(f, *of));
                    if nothing {
                        open.extend(operands.iter().map(|of| (*of, asked)));
                    } else if self.are_both(f, operands.iter().copied()) {
                        return true;
                    }
                }
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let args_of = f.func.args(args).iter().map(|arg| arg.value);
                    let query = || crate::object::query(self.origins, f, at, callee, args);
                    if (asked || query().is_some()) && self.are_both(f, args_of.chain(this)) {
                        return true;
                    }
                    // `Member.objects.filter(…).exists()`
                    open.extend(this.map(|this| (this, true)));
                }
                _ => {}
            }
        }
        false
    }

    /// Whether those pass for whom a function answers something that is called for who asks: `const user = await getCurrentUser(); if
    /// (!user) throw …`.
    pub(super) fn misses(
        &self,
        f: FuncRef<'p>,
        cond: Operand,
        passing: BlockId,
        yes: BlockId,
    ) -> bool {
        let mut at = cond;
        for _ in 0..TOGETHER {
            match f.made_by(at) {
                Some(Instr::Copy { from, .. } | Instr::Await { from, .. }) => at = *from,
                Some(Instr::Op {
                    op: OpKind::Not | OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe,
                    operands,
                    ..
                }) => match f.func.operands(*operands) {
                    [one] => at = *one,
                    [one, other] if is_nothing(f, *other) => at = *one,
                    _ => return false,
                },
                // `session?.user`, `const { user } = await getSession()`
                Some(Instr::Load { base, .. }) => at = *base,
                Some(Instr::Call { callee, .. }) => {
                    let who = super::switch::knows_who(f, *callee);
                    let there = super::graph::polarity(f.func, f, cond);
                    return who && there.is_some_and(|there| there == (passing == yes));
                }
                _ => return false,
            }
        }
        false
    }

    fn are_both(&self, f: FuncRef<'p>, operands: impl Iterator<Item = Operand>) -> bool {
        let roots = operands.map(|of| self.roots(f.id, of));
        let roots = roots.fold(Roots::default(), Roots::and);
        roots.principal && roots.client && !roots.names.is_empty()
    }
}

/// What kind of guard a branch is.
pub(super) fn kind_of(roots: Roots, refusal: &Refusal) -> Option<&'static str> {
    if refusal.statuses.contains(&429) {
        return Some("rate-limit");
    }
    if refusal.is_other() {
        return (roots.client && !roots.principal).then_some("validation");
    }
    if roots.csrf {
        return Some("csrf");
    }
    // From where somebody asks says nothing of who it is.
    if roots.network && !roots.tells_who() && !roots.client && !roots.secret {
        return refusal.is_denial().then_some("network");
    }
    if roots.principal && roots.client {
        // `if (!user && !isOpen(req.path)) return login()` compares nobody with anything.
        let to_login = refusal.redirects || refusal.statuses.contains(&401);
        // Whoever shows their password or a code of their second factor once more is compared with themselves.
        let proven = roots.only_proves();
        return Some(if to_login || proven {
            "authentication"
        } else {
            "owner"
        });
    }
    if roots.principal {
        // Whoever is sent to log in was found by nobody: looking an account up is no question about what it may do.
        let looked_up = !roots.beyond && refusal.wants_login();
        return Some(if roots.attribute && !looked_up {
            "role"
        } else {
            "authentication"
        });
    }
    if roots.credential && roots.attribute && !roots.client && refusal.statuses.contains(&403) {
        return Some("role");
    }
    // Whose page a request comes from says nothing about who sends it.
    if roots.origin && (!roots.client || !roots.credential && !roots.secret) {
        return refusal.is_denial().then_some("origin");
    }
    // A name and a password in the request itself are credentials too.
    let shown = roots.client
        && roots.called
        && (refusal.statuses.contains(&401) || refusal.statuses.contains(&403));
    // A shared secret that another service shows, whatever the answer is where it is another one.
    let shared = roots.secret && !roots.client && refusal.throws;
    ((roots.tells_who() && refusal.is_denial()) || shown || shared).then_some("authentication")
}
