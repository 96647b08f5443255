//! Where a value comes from: from who is known to ask, from what a client shows, from what it says.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{Capture, CaptureId, Instr, Key, LocalId, Operand, Range32, Term, VarRef};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;

/// Members that say that something is there, not what it may do.
const PRESENCE: [&str; 16] = [
    "id", "_id", "sub", "uid", "userId", "user", "length", "rows", "data", "valid", "ok",
    "success", "payload", "error", "email", "value",
];

/// Headers by which a browser says where a request comes from.
const ORIGIN: [&str; 4] = ["origin", "referer", "referrer", "host"];

/// Steps of one search.
const FUEL: u32 = 600;

/// What a value depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Roots {
    /// On who is known to ask.
    pub principal: bool,
    /// On something about them: a role, a permission.
    pub attribute: bool,
    /// On a credential that the client shows.
    pub credential: bool,
    /// On what the client says.
    pub client: bool,
    /// On where the request says that it comes from.
    pub origin: bool,
    /// On a token against forged requests.
    pub csrf: bool,
    /// Through the result of a call, or through what a callback is given.
    pub called: bool,
    /// Through what a callback is given.
    pub given: bool,
}

impl Roots {
    /// Whether it depends on anything that tells who asks.
    pub(super) fn tells_who(self) -> bool {
        self.principal || self.credential
    }
}

/// One search.
pub(super) struct Search<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    /// Members of requests that the program sets from credentials.
    set: &'a FxHashSet<String>,
    seen: FxHashSet<(FuncId, LocalId)>,
    fuel: u32,
    found: Roots,
}

/// Where the search is: members read since the last call.
#[derive(Clone, Copy, Default)]
struct Trail {
    members: u32,
    attribute: bool,
    called: bool,
    given: bool,
}

impl<'a, 'p, 'm> Search<'a, 'p, 'm> {
    /// What an operand of a function depends on.
    pub(super) fn of(
        origins: &'a Solver<'p, 'm>,
        set: &'a FxHashSet<String>,
        func: FuncId,
        operand: Operand,
    ) -> Roots {
        let mut search = Self {
            origins,
            set,
            seen: FxHashSet::default(),
            fuel: FUEL,
            found: Roots::default(),
        };
        search.operand(func, operand, Trail::default(), 0);
        search.found
    }

    fn operand(&mut self, func: FuncId, operand: Operand, trail: Trail, depth: u32) {
        if let Operand::Local(local) = operand {
            self.local(func, local, trail, depth);
        }
    }

    fn local(&mut self, func: FuncId, local: LocalId, trail: Trail, depth: u32) {
        if self.fuel == 0 || depth > 40 || !self.seen.insert((func, local)) {
            return;
        }
        self.fuel -= 1;
        if self.is_root(func, local, trail) {
            return;
        }
        let f = self.origins.program.func(func);
        let mut written = false;
        for instr in &f.func.instrs {
            if instr.target() == Some(local) {
                written = true;
                self.instr(f, instr, trail, depth + 1);
            }
        }
        if !written && f.func.params.iter().any(|p| p.local == local) {
            self.parameter(f, trail, depth + 1);
        }
    }

    /// Whether the models say what this is.
    fn is_root(&mut self, func: FuncId, local: LocalId, trail: Trail) -> bool {
        let mut root = false;
        for &val in self.origins.of_local(func, local) {
            let Some(Val::Api(path)) = self.origins.val(val) else {
                continue;
            };
            for (_, row) in self.origins.paths.rows(path) {
                match &row.role {
                    Role::Principal { container } => {
                        root = true;
                        self.principal(trail, u32::from(*container));
                    }
                    Role::Source { .. } => {
                        let models = self.origins.paths.models();
                        let name = self.origins.paths.last_member(path);
                        let Some(kind) = models.source_kind(row, name) else {
                            continue;
                        };
                        match models.kinds().source_name(kind) {
                            "http.cookie" | "http.header" => {
                                root = true;
                                self.found.credential = true;
                            }
                            name if name.starts_with("http.") => {
                                root = true;
                                self.found.client = true;
                            }
                            _ => continue,
                        }
                        self.found.called |= trail.called;
                        self.found.given |= trail.given;
                    }
                    _ => {}
                }
            }
        }
        root
    }

    fn principal(&mut self, trail: Trail, allowed: u32) {
        self.found.principal = true;
        self.found.attribute |= trail.attribute && trail.members > allowed;
        self.found.called |= trail.called;
        self.found.given |= trail.given;
    }

    fn instr(&mut self, f: FuncRef<'p>, instr: &Instr, trail: Trail, depth: u32) {
        let func = f.id;
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.operand(func, from, trail, depth);
            }
            Instr::Load { base, key, .. } => self.member(f, base, key, trail, depth),
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => {
                if let Some((owner, local)) = owner(self.origins, f, capture) {
                    self.local(owner, local, trail, depth);
                }
            }
            Instr::Op { operands, .. } | Instr::Template { operands, .. } => {
                for &operand in f.func.operands(operands) {
                    self.operand(func, operand, trail, depth);
                }
            }
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                for part in f.func.parts(parts) {
                    self.operand(func, part.value, trail, depth);
                }
            }
            Instr::Call {
                callee, this, args, ..
            } => self.call(f, callee, this, args, trail, depth),
            _ => {}
        }
    }

    fn member(&mut self, f: FuncRef<'p>, base: Operand, key: Key, trail: Trail, depth: u32) {
        let name = match key {
            Key::Field(name) => f.file.facts.str(name),
            Key::Computed(Operand::Const(id)) => match f.file.facts.constant(id) {
                casemate_ir::Const::Str(name) => f.file.facts.str(*name),
                _ => "",
            },
            _ => "",
        };
        let lower = name.to_lowercase();
        if ORIGIN.contains(&lower.as_str()) {
            self.found.origin = true;
        }
        if lower.contains("csrf") || lower.contains("xsrf") {
            self.found.csrf = true;
        }
        if self.set.contains(name) && is_request(self.origins, f.id, base) {
            self.principal(trail, 0);
            return;
        }
        let next = Trail {
            members: trail.members + 1,
            attribute: trail.attribute || (!name.is_empty() && !PRESENCE.contains(&name)),
            ..trail
        };
        self.operand(f.id, base, next, depth);
    }

    fn call(
        &mut self,
        f: FuncRef<'p>,
        callee: Operand,
        this: Option<Operand>,
        args: Range32,
        trail: Trail,
        depth: u32,
    ) {
        // What is asked of the principal itself: `req.isAuthenticated()`, `user.can('x')`.
        if let Operand::Local(local) = callee {
            self.local(f.id, local, trail, depth);
        }
        let through = Trail {
            called: true,
            // What was read off the result is read off whatever the call made of its arguments.
            members: trail.members + 1,
            ..trail
        };
        if let Some(this) = this {
            self.operand(f.id, this, trail, depth);
        }
        for arg in f.func.args(args) {
            let constant = matches!(arg.value, Operand::Const(id)
                if matches!(f.file.facts.constant(id), casemate_ir::Const::Str(s)
                    if ORIGIN.contains(&f.file.facts.str(*s).to_lowercase().as_str())));
            self.found.origin |= constant;
            self.operand(f.id, arg.value, through, depth);
        }
        for &val in self.origins.of_operand(f.id, callee).iter().take(2) {
            let Some(Val::Func(func)) = self.origins.val(val) else {
                continue;
            };
            let inner = self.origins.program.func(func);
            for block in &inner.func.blocks {
                if let Term::Return(Some(value)) = block.term {
                    self.operand(func, value, through, depth);
                }
            }
        }
    }

    /// What a callback is given comes from the call that it is given to.
    fn parameter(&mut self, f: FuncRef<'p>, trail: Trail, depth: u32) {
        let Some(parent) = f.parent().map(|p| self.origins.program.func(p)) else {
            return;
        };
        let made = parent.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Closure { to, func } if parent.sibling(func) == f.id => Some(to),
            _ => None,
        });
        let Some(made) = made else { return };
        let through = Trail {
            called: true,
            given: true,
            members: trail.members + 1,
            ..trail
        };
        for instr in &parent.func.instrs {
            let Instr::Call { args, this, .. } = *instr else {
                continue;
            };
            let args = parent.func.args(args);
            if !args.iter().any(|a| a.value == Operand::Local(made)) {
                continue;
            }
            for operand in args.iter().map(|a| a.value).chain(this) {
                if operand != Operand::Local(made) {
                    self.operand(parent.id, operand, through, depth);
                }
            }
        }
    }
}

/// Whether an operand is something that a framework gives to its handlers.
pub(super) fn is_request(origins: &Solver<'_, '_>, func: FuncId, operand: Operand) -> bool {
    origins
        .of_operand(func, operand)
        .iter()
        .any(|&val| matches!(origins.val(val), Some(Val::Api(path)) if origins.paths.known(path)))
}

/// The function and local that a captured variable belongs to.
pub(super) fn owner(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    mut capture: CaptureId,
) -> Option<(FuncId, LocalId)> {
    let mut at = f.id;
    loop {
        let f = origins.program.func(at);
        let parent = f.parent()?;
        match *f.func.captures.get(capture.index())? {
            Capture::Local(local) => return Some((parent, local)),
            Capture::Outer(outer) => {
                capture = outer;
                at = parent;
            }
        }
    }
}
