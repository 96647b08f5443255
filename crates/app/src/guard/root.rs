//! Where a value comes from: from who is known to ask, from what a client shows, from what it says.

mod call;
mod filled;
mod marked;
mod network;
mod place;
mod roots;

use super::held::{self, Bound, Place, REST, WHOLE};
pub(crate) use super::known::Known;
use super::known::{Answer, said};
use super::names::Names;
use super::reading;
use crate::decoration::injected;
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_flow::symbol::Sym;
use casemate_ir::{Instr, Key, LocalId, OpKind, Operand, VarRef};
pub(crate) use place::is_request;
use place::{is_called, param_behind};
pub(super) use place::{is_said, is_setting, owner};
pub(crate) use roots::Roots;
use rustc_hash::FxHashSet;

/// Parts of names of credentials that programs give each other.
const SECRETS: [&str; 6] = [
    "secret",
    "token",
    "signature",
    "apikey",
    "api-key",
    "authorization",
];

/// Functions and methods that frameworks of Python ask who it is, and programs after them: `get_current_user` of Tornado.
const WHO: [&str; 6] = [
    "get_current_user",
    "get_current_user_id",
    "get_logged_in_user",
    "get_authenticated_user",
    "get_user_from_request",
    "get_user_from_session",
];

/// Headers by which a browser says where a request comes from.
pub(super) const ORIGIN: [&str; 4] = ["origin", "referer", "referrer", "host"];

/// Members by which an account is looked up, or by which a library says that there is one.
const LOOKS_UP: [&str; 24] = [
    "all",
    "exists",
    "execute",
    "fetchone",
    "filter",
    "filter_by",
    "find",
    "findFirst",
    "findOne",
    "findUnique",
    "find_one",
    "first",
    "get",
    "is_anonymous",
    "is_authenticated",
    "objects",
    "one",
    "one_or_none",
    "query",
    "scalar",
    "scalar_one_or_none",
    "scalars",
    "select",
    "where",
];

/// Members that take one of several.
const PICKS: [&str; 3] = ["find", "findLast", "at"];

/// What stands for a value of each request.
const PROXY: &str = "py:werkzeug.local.LocalProxy()";

/// Answers that are kept of one question: what parameters hold differs from endpoint to endpoint.
const ANSWERS: usize = 16;

/// Members of who asks that say what they prefer.
fn prefers(member: &str) -> bool {
    const WORDS: [&str; 8] = [
        "setting",
        "preference",
        "locale",
        "lang",
        "currency",
        "timezone",
        "theme",
        "country",
    ];
    let lower = member.to_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// Whether a key is that of the first of several.
fn is_first(f: FuncRef<'_>, key: Key) -> bool {
    let Key::Computed(Operand::Const(id)) = key else {
        return false;
    };
    matches!(*f.file.facts.constant(id), casemate_ir::Const::Number(bits) if f64::from_bits(bits) == 0.0)
}

/// Members of who asks that prove who it is.
fn proves(member: &str) -> bool {
    let lower = member.to_lowercase();
    ["password", "passwd", "secret", "otp"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Steps of one search.
const FUEL: u32 = 900;

/// One search.
pub(crate) struct Search<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    set: &'a Known,
    seen: Seen,
    fuel: u32,
    found: Roots,
    /// What parameters are known to hold where a function was entered from a known call.
    bound: Option<&'a Bound>,
    /// Parameters and receivers that were met, held or not.
    met: Vec<Place>,
    /// Functions that fill parameters, on the way here.
    inner: u32,
}

/// Where a search was, and what was read off.
pub(super) type Seen = FxHashSet<(FuncId, LocalId, Names)>;

/// Where the search is: members read since the last call.
#[derive(Clone, Copy, Default)]
struct Trail {
    members: u32,
    preference: bool,
    proof: bool,
    attribute: bool,
    /// One that is no part of looking the account up was read.
    beyond: bool,
    /// A member that says in which state an account is was read.
    state: bool,
    /// A member that names a role was read.
    role: bool,
    /// One of several was taken.
    picked: bool,
    called: bool,
    given: bool,
    /// The member that was read last.
    name: Names,
}

impl<'a, 'p, 'm> Search<'a, 'p, 'm> {
    /// What an operand of a function depends on.
    pub(crate) fn of(
        origins: &'a Solver<'p, 'm>,
        set: &'a Known,
        func: FuncId,
        operand: Operand,
    ) -> Roots {
        Self::with(origins, set, None, func, operand)
    }

    /// The same, where it is known what parameters hold.
    pub(crate) fn with(
        origins: &'a Solver<'p, 'm>,
        set: &'a Known,
        bound: Option<&'a Bound>,
        func: FuncId,
        operand: Operand,
    ) -> Roots {
        let Operand::Local(local) = operand else {
            return Roots::default();
        };
        let held = |of: &Place| bound.and_then(|bound| bound.get(of));
        if let Some(known) = set.answers.borrow().get(&(func, local))
            && let Some(answer) = known.iter().find(|answer| answer.holds(held))
        {
            return answer.found;
        }
        let mut search = Self {
            origins,
            set,
            seen: std::mem::take(&mut *set.room.borrow_mut()),
            fuel: FUEL,
            found: Roots::default(),
            bound,
            met: Vec::new(),
            inner: 0,
        };
        search.local(func, local, Trail::default(), 0);
        search.seen.clear();
        set.room.replace(search.seen);
        let found = search.found;
        let mut met = search.met;
        met.sort_unstable();
        met.dedup();
        let answer = Answer {
            found,
            held: met.iter().filter_map(|of| Some((*of, held(of)?))).collect(),
            free: met.into_iter().filter(|of| held(of).is_none()).collect(),
        };
        let mut answers = set.answers.borrow_mut();
        let known = answers.entry((func, local)).or_default();
        if known.len() >= ANSWERS {
            // The first is most often the one where nothing is held.
            known.remove(1);
        }
        known.push(answer);
        found
    }

    fn operand(&mut self, func: FuncId, operand: Operand, trail: Trail, depth: u32) {
        if let Operand::Local(local) = operand {
            self.local(func, local, trail, depth);
        }
    }

    fn local(&mut self, func: FuncId, local: LocalId, trail: Trail, depth: u32) {
        if self.fuel == 0 || depth > 40 || !self.seen.insert((func, local, trail.name)) {
            return;
        }
        self.fuel -= 1;
        if self.set.learned.given.contains(&(func, local)) {
            self.principal(trail, 0);
            return;
        }
        let f = self.origins.program.func(func);
        let is_param = f.param_of(local).is_some();
        // What the mark says is closer than what a model says of all marks.
        let marked = is_param && self.set.learned.injects && self.is_marked(f, local, trail);
        if marked || self.is_root(func, local, trail) {
            // A record that a call found, and into which the client's values were written, is still known by what found it.
            if !is_param && !trail.name.is_empty() && is_called(f, local) {
                for (_, instr) in f.writers(local) {
                    self.instr(f, instr, trail, depth + 1);
                }
            }
            return;
        }
        // Nothing else is ever held.
        let may_be_held = is_param || f.func.this == Some(local);
        if may_be_held {
            self.met.push((func, local, WHOLE));
        }
        if let Some(held) = self
            .bound
            .filter(|_| may_be_held)
            .and_then(|bound| bound.get(&(func, local, WHOLE)))
        {
            self.take(held, trail);
            return;
        }
        if is_param && self.set.learned.injects && self.is_injected(f, local, trail) {
            return;
        }
        let mut written = false;
        for (_, instr) in f.writers(local) {
            written = true;
            self.instr(f, instr, trail, depth + 1);
        }
        if is_param && !written {
            self.parameter(f, local, trail, depth + 1);
        }
    }

    /// What a place is known to hold is found.
    fn take(&mut self, held: Roots, trail: Trail) {
        let names = if held.names.is_empty() && held.client {
            trail.name
        } else {
            held.names
        };
        self.found.principal |= held.principal;
        self.found.identity |= held.identity;
        self.found.proof |= held.proof;
        self.found.attribute |= held.attribute;
        self.found.beyond |= held.beyond;
        self.found.picked |= held.picked || trail.picked && !trail.role;
        self.found.state |= held.state;
        self.found.credential |= held.credential;
        self.found.secret |= held.secret;
        self.found.client |= held.client;
        self.found.called |= held.called || trail.called;
        self.found.hashed |= held.hashed;
        self.found.given |= trail.given;
        self.found.names.add(names);
    }

    /// What a member of a parameter holds, where the known calls write out what they give: `save({ userId: user.id, orderId })`.
    fn held_member(&mut self, f: FuncRef<'p>, base: Operand, name: Sym) -> Option<Roots> {
        let bound = self.bound?;
        let (func, local) = param_behind(self.origins, f, base)?;
        self.met.push((func, local, REST));
        let rest = bound.get(&(func, local, REST))?;
        self.met.push((func, local, name));
        Some(bound.get(&(func, local, name)).unwrap_or(rest))
    }

    /// Whether the models say what this is.
    fn is_root(&mut self, func: FuncId, local: LocalId, trail: Trail) -> bool {
        let mut root = false;
        for &val in self.origins.of_local(func, local) {
            let Some(Val::Api(path)) = self.origins.val(val) else {
                continue;
            };
            let told = self.set.told(self.origins, path);
            // `current_user = LocalProxy(load_user)`
            if self.is_proxy(func, local, path) {
                root = true;
                self.principal(trail, 0);
                continue;
            }
            for (is, allowed) in [(told.principal, 0), (told.container, 1)] {
                if is {
                    root = true;
                    self.principal(trail, allowed);
                }
            }
            if told.credential || told.client {
                root = true;
                let member = self.origins.paths.last_member(path);
                let page = told.credential && ORIGIN.contains(&member.to_lowercase().as_str());
                self.found.origin |= page;
                if network::is(member) {
                    self.found.network = true;
                    continue;
                }
                let credential = told.credential && !page;
                self.found.credential |= credential;
                // `jwt.verify(token).role`: what the credential itself says of somebody.
                self.found.attribute |= credential && trail.role;
                self.found.beyond |= credential && trail.role;
                self.found.client |= told.client;
                self.found.secret |= credential && self.is_called_secret(func, local, path);
                if told.client {
                    let said = self.said(func, local, member, trail);
                    self.found.names.add(said);
                }
                self.found.called |= trail.called;
                self.found.given |= trail.given;
            }
        }
        root
    }

    /// Whether a value that stands for another one of each request is called after who is logged in.
    fn is_proxy(&self, func: FuncId, local: LocalId, path: casemate_flow::apipath::PathId) -> bool {
        if !self.origins.paths.is(path, PROXY) {
            return false;
        }
        let f = self.origins.program.func(func);
        f.writers(local).any(|(_, instr)| {
            let name = match *instr {
                Instr::Import {
                    name: Some(name), ..
                } => Some(f.file.facts.str(name)),
                Instr::LoadVar { .. } | Instr::Load { .. } => {
                    crate::decoration::written_name(f, Operand::Local(local))
                }
                _ => None,
            };
            name.is_some_and(injected::names_login)
        })
    }

    /// Whether the name of a credential, or of what holds it, says that it is one.
    fn is_called_secret(&self, func: FuncId, local: LocalId, path: PathId) -> bool {
        let f = self.origins.program.func(func);
        let held = f.func.locals.get(local.index()).and_then(|l| l.name);
        let param = f.func.params.iter().find(|param| param.local == local);
        let held = held.or_else(|| param?.name);
        let names = [
            held.map_or("", |name| f.file.facts.str(name)),
            self.origins.paths.last_member(path),
        ];
        names.iter().any(|name| {
            let lower = name.to_lowercase();
            SECRETS.iter().any(|word| lower.contains(word))
        })
    }

    /// Under which name the client says this.
    fn said(&mut self, func: FuncId, local: LocalId, member: &str, trail: Trail) -> Names {
        if !trail.name.is_empty() {
            return trail.name;
        }
        let f = self.origins.program.func(func);
        // In a function inside it is still the parameter of the one around: `shares.find((s) => s.id === shareId)`.
        let behind = param_behind(self.origins, f, Operand::Local(local));
        let (func, local) = behind.unwrap_or((func, local));
        let f = self.origins.program.func(func);
        let param = f.func.params.iter().find(|param| param.local == local);
        // What a function calls it that is handed the value is not what the client calls it.
        if param.is_some() {
            self.met.push((func, local, WHOLE));
            let held = self
                .bound
                .and_then(|bound| bound.get(&(func, local, WHOLE)));
            if let Some(held) = held.filter(|held| !held.names.is_empty()) {
                return held.names;
            }
        }
        let name = param.and_then(|param| param.name);
        Names::of(name.map_or(member, |name| f.file.facts.str(name)))
    }

    fn principal(&mut self, trail: Trail, allowed: u32) {
        self.found.principal = true;
        self.found.identity |= !trail.preference && !trail.proof;
        self.found.proof |= trail.proof;
        self.found.attribute |= trail.attribute && trail.members > allowed || trail.role;
        self.found.beyond |= trail.beyond && trail.members > allowed || trail.role;
        self.found.picked |= trail.picked && !trail.role;
        self.found.state |= trail.state;
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
            Instr::LoadVar { .. } => {
                let name = crate::decoration::written_name(
                    f,
                    Operand::Local(instr.target().unwrap_or_default()),
                );
                self.found.setting |= name.is_some_and(|name| is_setting(&name.to_lowercase()));
            }
            // What something is not says nothing of which it is.
            Instr::Op {
                op: OpKind::Ne | OpKind::StrictNe,
                operands,
                ..
            } => {
                let names = self.found.names;
                for &operand in f.func.operands(operands) {
                    self.operand(func, operand, trail, depth);
                }
                self.found.names = names;
            }
            Instr::Op { operands, .. } | Instr::Template { operands, .. } => {
                for &operand in f.func.operands(operands) {
                    self.operand(func, operand, trail, depth);
                }
            }
            Instr::Object { to, parts } => {
                for part in f.func.parts(parts) {
                    self.operand(func, part.value, trail, depth);
                }
                for (_, value) in crate::built::beside(f, to) {
                    self.operand(func, value, trail, depth);
                }
            }
            Instr::Array { to, parts } => {
                let parts = f.func.parts(parts);
                for part in parts {
                    self.operand(func, part.value, trail, depth);
                }
                // `[int(i) for i in ids]`
                for instr in f.func.instrs.iter().filter(|_| parts.is_empty()) {
                    if let Instr::Store { base, value, .. } = *instr
                        && base == Operand::Local(to)
                    {
                        self.operand(func, value, trail, depth);
                    }
                }
            }
            Instr::IterNext { of, .. } => self.operand(func, of, trail, depth),
            Instr::Call {
                callee, this, args, ..
            } => self.call(f, callee, this, args, trail, depth),
            _ => {}
        }
    }

    fn member(&mut self, f: FuncRef<'p>, base: Operand, key: Key, trail: Trail, depth: u32) {
        let name = match key {
            Key::Field(name) => Some(name),
            Key::Computed(Operand::Const(id)) => match f.file.facts.constant(id) {
                casemate_ir::Const::Str(name) => Some(*name),
                _ => None,
            },
            _ => None,
        };
        let said = match name {
            Some(name) => self.set.said(f.sym(name), f.file.facts.str(name)),
            None => said(""),
        };
        self.found.origin |= said.origin;
        self.found.setting |= said.setting;
        self.found.csrf |= said.csrf;
        if said.set
            && is_request(self.origins, f.id, base)
            && !is_said(self.origins, f.id, base)
            && !self.is_made(f.id, base)
        {
            self.principal(trail, 0);
            return;
        }
        let word = name.map_or("", |name| f.file.facts.str(name));
        if network::is(word)
            && (is_request(self.origins, f.id, base) || is_said(self.origins, f.id, base))
        {
            self.found.network = true;
            return;
        }
        // `self.user`, where the class says that a function fills it.
        if self.set.learned.injects
            && let Some(class) = f.func.class.map(|class| f.class(class))
            && let Operand::Local(this) = base
            && f.func.this == Some(this)
        {
            let call = injected::of_member(self.origins, class, word);
            if self.is_dependency_of_who(call, trail) {
                return;
            }
        }
        let next = Trail {
            members: trail.members + 1,
            attribute: trail.attribute || !said.presence,
            beyond: trail.beyond || !said.presence && !LOOKS_UP.contains(&word),
            state: trail.state || said.state,
            preference: trail.preference || prefers(word),
            proof: trail.proof || proves(word),
            role: trail.role || said.role,
            picked: trail.picked || PICKS.contains(&word) || is_first(f, key),
            name: if word.is_empty()
                || reading::reads(word)
                || reading::holds(word) && !trail.name.is_empty()
            {
                trail.name
            } else {
                Names::of(word)
            },
            ..trail
        };
        if let Some(name) = name {
            let sym = f.sym(name);
            // `req.note`, which an earlier function of the chain has looked up.
            if is_request(self.origins, f.id, base)
                && !is_said(self.origins, f.id, base)
                && !self.is_made(f.id, base)
            {
                let place = held::handed(sym);
                self.met.push(place);
                if let Some(held) = self.bound.and_then(|bound| bound.get(&place)) {
                    self.take(held, next);
                    return;
                }
            }
            if let Some(held) = self.held_member(f, base, sym) {
                self.take(held, next);
                return;
            }
            // `const order = { id, owner: user.id }` … `order.id`
            if let Some(written) = held::written(f, base)
                && let Some((_, value)) = written.members.iter().rev().find(|(n, _)| *n == sym)
            {
                for &value in value {
                    self.operand(f.id, value, trail, depth);
                }
                return;
            }
        }
        self.operand(f.id, base, next, depth);
    }

    /// Whether an operand is an object that the program makes of a package's class: `prisma` of `prisma.user`.
    fn is_made(&self, func: FuncId, operand: Operand) -> bool {
        self.origins.of_operand(func, operand).iter().any(|&val| {
            matches!(self.origins.val(val), Some(Val::Api(path))
                if self.set.told(self.origins, path).made)
        })
    }

    /// What a callback is given comes from the call that it is given to.
    fn parameter(&mut self, f: FuncRef<'p>, local: LocalId, trail: Trail, depth: u32) {
        let Some(parent) = f.parent().map(|p| self.origins.program.func(p)) else {
            return;
        };
        if self.set.is_filled(self.origins, f, local) {
            self.principal(trail, 0);
            return;
        }
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
