//! What searches for roots keep of the whole program: what paths and names say, and what was asked before.

use super::held::Place;
use super::root::{ORIGIN, Roots, Search, Seen, is_setting};
use super::sent::Sent;
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_flow::symbol::Sym;
use casemate_ir::{FnKind, Instr, LocalId, Operand, Term, VarRef};
use casemate_model::row::Role;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// Members that say that something is there, not what it may do.
const PRESENCE: [&str; 16] = [
    "id", "_id", "sub", "uid", "userId", "user", "length", "rows", "data", "valid", "ok",
    "success", "payload", "error", "email", "value",
];

/// Parts of names of what hashes.
const HASHES: &[&str] = &[
    "hash",
    "crypt",
    "digest",
    "make_password",
    "pbkdf",
    "scrypt",
    "argon",
    "sha",
    "md5",
    "hmac",
    "derive",
];

/// Parts of names of members that say what somebody may do.
const ROLES: [&str; 6] = [
    "role",
    "admin",
    "permission",
    "staff",
    "superuser",
    "privilege",
];

/// Parts of names of members that say in which state an account is, not what it may do.
const STATES: [&str; 20] = [
    "banned",
    "blocked",
    "suspended",
    "deleted",
    "archived",
    "locked",
    "activat",
    "verified",
    "confirmed",
    "onboard",
    "expire",
    "revoked",
    "accepted",
    "terms",
    "guest",
    "anonymous",
    "totp",
    "twofactor",
    "tokenversion",
    "passwordchanged",
];

/// Whole names of this kind: `insightsEnabled` is a setting.
const OF_ACCOUNT: [&str; 8] = [
    "active",
    "isactive",
    "inactive",
    "isinactive",
    "enabled",
    "isenabled",
    "disabled",
    "isdisabled",
];

/// Ends of names of points in time: `createdAt`, `min_token_date`.
const TIMES: [&str; 6] = ["At", "_at", "Date", "_date", "Time", "_time"];

fn is_time(name: &str) -> bool {
    TIMES.iter().any(|end| name.ends_with(end))
}

/// What was learned of the whole program before searches run.
#[derive(Clone, Default)]
pub(crate) struct Learned {
    /// Members of requests that the program sets from credentials.
    pub members: FxHashSet<String>,
    /// Parameters of handlers that wrappers of the program fill with who asks.
    pub(super) given: FxHashSet<(FuncId, LocalId)>,
    /// Whether the program names functions that fill parameters.
    pub(super) injects: bool,
    /// Decorators of parameters, by the names that the program gives them, that fill in who is known to ask.
    pub fillers: FxHashSet<String>,
}

/// What is known of the whole program while searches run, by one thread.
#[derive(Default)]
pub(crate) struct Known {
    pub learned: Learned,
    paths: RefCell<FxHashMap<PathId, Told>>,
    names: RefCell<FxHashMap<Sym, Said>>,
    /// Room for the search at hand.
    pub(super) room: RefCell<Seen>,
    /// What searches found.
    pub(super) answers: RefCell<FxHashMap<(FuncId, LocalId), Vec<Answer>>>,
    /// Whether functions give back who asks, by how many such functions were gone through before.
    pub(super) who: RefCell<FxHashMap<(FuncId, u32), bool>>,
    /// How functions refuse that do nothing else.
    pub(super) sent: RefCell<FxHashMap<FuncId, Sent>>,
}

/// What one search found, and the parameters that it met: with what they held, and those of which nothing was known.
pub(super) struct Answer {
    pub found: Roots,
    pub held: Box<[(Place, Roots)]>,
    pub free: Box<[Place]>,
}

impl Answer {
    /// Whether a search would meet the same.
    pub(super) fn holds(&self, held: impl Fn(&Place) -> Option<Roots>) -> bool {
        self.held.iter().all(|(of, then)| held(of) == Some(*then))
            && self.free.iter().all(|of| held(of).is_none())
    }
}

/// What the models say of a path.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    pub principal: bool,
    pub container: bool,
    pub credential: bool,
    pub client: bool,
    pub hashes: bool,
    /// An object that the program makes of a package's class: what it is called in there is of its own.
    pub made: bool,
}

/// What the name of a member says.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    pub origin: bool,
    pub setting: bool,
    pub csrf: bool,
    pub presence: bool,
    /// In which state the account is.
    pub state: bool,
    pub role: bool,
    /// The program sets it from credentials.
    pub set: bool,
}

impl Known {
    /// Where the program sets these members of requests from credentials.
    pub(crate) fn new(origins: &Solver<'_, '_>, members: FxHashSet<String>) -> Self {
        let mut out = Self::knowing(Learned {
            members,
            injects: origins.program.symbols.find("Depends").is_some(),
            ..Learned::default()
        });
        out.learned.fillers = fillers(origins, &out);
        out.forget();
        out
    }

    /// Knows this of the program, and has asked nothing yet.
    pub(crate) fn knowing(learned: Learned) -> Self {
        Self {
            learned,
            ..Self::default()
        }
    }

    /// Wrappers of the program fill these parameters of handlers with who asks.
    pub(super) fn learn(&mut self, given: FxHashSet<(FuncId, LocalId)>) {
        if !given.is_empty() {
            self.learned.given = given;
            self.forget();
        }
    }

    /// What was asked with less knowledge may be answered otherwise now.
    fn forget(&mut self) {
        self.answers.get_mut().clear();
        self.who.get_mut().clear();
    }

    /// Whether a decorator fills a parameter with who is known to ask.
    pub(super) fn is_filled(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        local: LocalId,
    ) -> bool {
        let parent = f.parent().filter(|_| !self.learned.fillers.is_empty());
        let Some(parent) = parent.map(|parent| origins.program.func(parent)) else {
            return false;
        };
        let param = f.func.params.iter().find(|param| param.local == local);
        param.is_some_and(|param| {
            param.decorators.iter().any(|decorator| {
                let callee = parent
                    .call_behind(decorator.value)
                    .map(|(callee, _)| callee);
                let name =
                    crate::decoration::written_name(parent, callee.unwrap_or(decorator.value));
                name.is_some_and(|name| self.learned.fillers.contains(name))
            })
        })
    }

    pub(super) fn told(&self, origins: &Solver<'_, '_>, path: PathId) -> Told {
        let mut all = self.paths.borrow_mut();
        *all.entry(path).or_insert_with(|| told(origins, path))
    }

    pub(super) fn said(&self, sym: Sym, name: &str) -> Said {
        let mut all = self.names.borrow_mut();
        *all.entry(sym).or_insert_with(|| Said {
            set: self.learned.members.contains(name),
            ..said(name)
        })
    }
}

/// Decorators of parameters that the program makes, and that fill in something of who is known to ask.
fn fillers(origins: &Solver<'_, '_>, set: &Known) -> FxHashSet<String> {
    let mut out = FxHashSet::default();
    if origins
        .program
        .symbols
        .find("createParamDecorator")
        .is_none()
    {
        return out;
    }
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.kind != FnKind::Module {
            continue;
        }
        for instr in &f.func.instrs {
            let Instr::Call {
                to, callee, args, ..
            } = *instr
            else {
                continue;
            };
            let makes = origins.of_operand(func, callee).iter().any(|&val| {
                matches!(origins.val(val), Some(Val::Api(path))
                    if origins.paths.text(path) == "npm:@nestjs/common.createParamDecorator")
            });
            let given = f.func.args(args).first().filter(|_| makes);
            let fills = given.is_some_and(|arg| {
                origins.of_operand(func, arg.value).iter().any(|&val| {
                    matches!(origins.val(val), Some(Val::Func(filler)) if gives_principal(origins, set, filler))
                })
            });
            if fills && let Some(name) = kept_as(f, to) {
                out.insert(name.to_owned());
            }
        }
    }
    out
}

fn gives_principal(origins: &Solver<'_, '_>, set: &Known, func: FuncId) -> bool {
    let f = origins.program.func(func);
    f.func.blocks.iter().any(|block| {
        matches!(block.term, Term::Return(Some(value))
            if Search::of(origins, set, func, value).principal)
    })
}

/// The name of the variable that a value is kept in.
fn kept_as(f: FuncRef<'_>, value: LocalId) -> Option<&str> {
    f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(global),
            value: kept,
            ..
        } if kept == Operand::Local(value) => {
            let binding = f.file.facts.globals.get(global.index())?;
            Some(f.file.facts.str(binding.name))
        }
        Instr::Copy { to, from } if from == Operand::Local(value) => {
            let name = f.func.locals.get(to.index())?.name?;
            Some(f.file.facts.str(name))
        }
        _ => None,
    })
}

/// How the names of classes end of which frameworks hand on what they make: `(req: AuthRequest, res: Response)` makes none.
const HANDED_ON: [&str; 4] = ["request", "context", "ctx", "socket"];

fn is_handed_on(class: &str) -> bool {
    HANDED_ON.iter().any(|word| class.ends_with(word))
}

fn told(origins: &Solver<'_, '_>, path: PathId) -> Told {
    let text = origins.paths.text(path).to_lowercase();
    let mut told = Told {
        hashes: HASHES.iter().any(|word| text.contains(word)),
        made: text.ends_with(".$extends()")
            || text
                .strip_suffix(".new()")
                .is_some_and(|class| !is_handed_on(class)),
        ..Told::default()
    };
    for (_, row) in origins.paths.rows(path) {
        match &row.role {
            Role::Principal { container: true } => told.container = true,
            Role::Principal { container: false } => told.principal = true,
            Role::Source { .. } => {
                let models = origins.paths.models();
                let name = origins.paths.last_member(path);
                let kind = models.source_kind(row, name);
                match kind.map(|kind| models.kinds().source_name(kind)) {
                    Some("http.cookie" | "http.header") => told.credential = true,
                    // Told of some arguments alone: `req.get('referer')`.
                    Some("http.url") if row.when.is_some() => {}
                    Some(name) => {
                        told.client |=
                            name.starts_with("http.") || matches!(name, "rpc" | "ws" | "graphql");
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
    told
}

pub(super) fn said(name: &str) -> Said {
    let lower = name.to_lowercase();
    let role = ROLES.iter().any(|word| lower.contains(word));
    let plain: String = lower.chars().filter(|c| *c != '_').collect();
    let state = !role
        && (OF_ACCOUNT.contains(&plain.as_str())
            || is_time(name)
            || STATES.iter().any(|word| plain.contains(word)));
    Said {
        origin: ORIGIN.contains(&lower.as_str()),
        setting: is_setting(&lower),
        csrf: lower.contains("csrf") || lower.contains("xsrf"),
        presence: name.is_empty() || state || PRESENCE.contains(&name),
        state,
        role,
        set: false,
    }
}
