//! How the refusing side of a branch ends: a status, a redirect, an exception.

use super::body::Reader;
use super::graph::successors;
use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{BlockId, Const, Instr, Key, Operand, Term};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Names of answers and exceptions that deny.
const DENIALS: [&str; 14] = [
    "unauthori",
    "unauthenticated",
    "forbidden",
    "permissiondenied",
    "permissionerror",
    "accessdenied",
    "notauthenticated",
    "notauthori",
    "notloggedin",
    "loginrequired",
    "autherror",
    "authenticationerror",
    "authenticationfailed",
    "authenticationrequired",
];

fn denies(name: &str) -> bool {
    DENIALS.iter().any(|word| name.contains(word))
}

/// Those of them that miss a login, and no right.
fn misses(name: &str) -> bool {
    let right = ["forbidden", "denied", "permission"];
    denies(name) && !right.iter().any(|word| name.contains(word))
}

/// Codes by which procedures say why they do not do what was asked.
/// Source: <https://trpc.io/docs/server/error-handling>.
const CODES: [(&str, u32); 11] = [
    ("BAD_REQUEST", 400),
    ("BAD_USER_INPUT", 400),
    ("NOT_FOUND", 404),
    ("CONFLICT", 409),
    ("PRECONDITION_FAILED", 412),
    ("INTERNAL_SERVER_ERROR", 500),
    ("UNAUTHORIZED", 401),
    ("UNAUTHENTICATED", 401),
    ("FORBIDDEN", 403),
    ("PERMISSION_DENIED", 403),
    ("TOO_MANY_REQUESTS", 429),
];

/// Statuses by the names that the registry of HTTP gives them, without their marks.
/// Source: <https://www.iana.org/assignments/http-status-codes/>.
const STATUSES: [(&str, u32); 16] = [
    ("movedpermanently", 301),
    ("found", 302),
    ("seeother", 303),
    ("badrequest", 400),
    ("unauthorized", 401),
    ("unauthenticated", 401),
    ("paymentrequired", 402),
    ("forbidden", 403),
    ("notfound", 404),
    ("methodnotallowed", 405),
    ("conflict", 409),
    ("gone", 410),
    ("unprocessableentity", 422),
    ("toomanyrequests", 429),
    ("internalservererror", 500),
    ("serviceunavailable", 503),
];

/// The status that a member of a table of statuses is: `status.HTTP_403_FORBIDDEN`, `HTTPStatus.FORBIDDEN.value`, `StatusCodes.FORBIDDEN`.
fn named_status(f: FuncRef<'_>, operand: Operand) -> Option<u32> {
    let mut at = operand;
    for _ in 0..4 {
        match f.made_by(at)? {
            Instr::Copy { from, .. } => at = *from,
            Instr::Import {
                name: Some(name), ..
            } => return by_name(f.file.facts.str(*name), ""),
            Instr::LoadVar { .. } => return by_name(written_name(f, at)?, ""),
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                let name = f.file.facts.str(*name);
                if matches!(name, "value" | "code" | "status") {
                    at = *base;
                } else {
                    return by_name(name, written_name(f, *base).unwrap_or_default());
                }
            }
            _ => return None,
        }
    }
    None
}

/// The status that a code or the name of an error says: `UNAUTHORIZED`, `auth.forbidden`, `NotAuthenticatedError`.
pub(super) fn stated(text: &str) -> Option<u32> {
    if let Some((_, status)) = CODES.iter().find(|(code, _)| *code == text) {
        return Some(*status);
    }
    let lower = text.to_lowercase();
    match lower.as_str() {
        text if text.contains("unauthori") || text.contains("notauthenticated") => Some(401),
        text if text.contains("forbidden") || text.contains("permissiondenied") => Some(403),
        _ => None,
    }
}

fn by_name(name: &str, table: &str) -> Option<u32> {
    if let Some(rest) = name.strip_prefix("HTTP_") {
        return rest.get(..3)?.parse().ok();
    }
    let table = table.to_lowercase();
    let of_table = ["status", "http", "code"]
        .iter()
        .any(|word| table.contains(word));
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let (_, status) = STATUSES.iter().find(|(known, _)| *known == plain)?;
    of_table.then_some(*status)
}

/// How a refusing side ends.
#[derive(Clone, Default, Debug)]
pub(super) struct Refusal {
    pub statuses: BTreeSet<u32>,
    pub redirects: bool,
    pub throws: bool,
    /// It is called after somebody not being logged in, or not known.
    pub unknown: bool,
}

impl Refusal {
    pub(super) fn is_denial(&self) -> bool {
        self.statuses.contains(&401) || self.statuses.contains(&403) || self.redirects
    }

    /// Whoever is refused may log in, and ask again.
    pub(super) fn wants_login(&self) -> bool {
        self.unknown || self.statuses.contains(&401) || self.redirects && self.statuses.is_empty()
    }

    /// It says clearly that something else is wrong.
    pub(super) fn is_other(&self) -> bool {
        !self.is_denial() && self.statuses.iter().any(|s| (400..600).contains(s))
    }

    pub(super) fn words(&self) -> String {
        match self.statuses.iter().find(|s| **s >= 400) {
            Some(status) => format!("refuses with {status}"),
            None if self.redirects => "redirects".to_owned(),
            None if self.throws => "throws".to_owned(),
            None => "does not go on".to_owned(),
        }
    }
}

impl<'p> Reader<'_, 'p, '_> {
    /// How one block refuses, if it does, itself or by a function that does nothing else.
    pub(super) fn refusal(&self, f: FuncRef<'p>, block: usize) -> Refusal {
        let mut out = self.refusal_of(f, block);
        let Some(b) = f.func.blocks.get(block) else {
            return out;
        };
        for (_, instr) in f.func.block_instrs(b) {
            if let Instr::Call { callee, .. } = *instr {
                let sent = self.sent_by(f, callee);
                out.statuses.extend(sent.unknown.then_some(401));
                out.statuses.extend(sent.forbidden.then_some(403));
                out.throws |= sent.throws;
            }
        }
        out
    }

    /// How one block refuses itself.
    pub(super) fn refusal_of(&self, f: FuncRef<'p>, block: usize) -> Refusal {
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
            out.statuses
                .extend(named_status(f, operand).filter(|n| *n >= 300));
            if let Some(text) = f.constant_text(operand) {
                let code = CODES.iter().find(|(code, _)| *code == text);
                out.statuses.extend(code.map(|(_, status)| *status));
            }
        };
        let mut redirects = false;
        let mut refused = false;
        let mut unknown = false;
        for (_, instr) in f.func.block_instrs(b) {
            match *instr {
                Instr::Call { args, callee, .. } => {
                    for arg in f.func.args(args) {
                        status(arg.value);
                    }
                    let name = written_name(f, callee).unwrap_or_default().to_lowercase();
                    redirects |= name.contains("redirect");
                    refused |= denies(&name);
                    unknown |= misses(&name);
                }
                Instr::Store { value, .. } => status(value),
                Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                    for part in f.func.parts(parts) {
                        status(part.value);
                    }
                }
                _ => {}
            }
        }
        out.redirects = redirects;
        // `raise NotLoggedIn`
        if let Term::Throw(value) = b.term {
            let name = written_name(f, value).unwrap_or_default().to_lowercase();
            refused |= denies(&name);
            unknown |= misses(&name);
        }
        out.unknown = unknown;
        if refused {
            out.statuses.insert(403);
        }
        out
    }

    /// Whether a block redirects to somewhere else than a login.
    pub(super) fn sends_on(&self, f: FuncRef<'p>, block: usize) -> bool {
        let refusal = self.refusal(f, block);
        let denies = refusal.statuses.contains(&401) || refusal.statuses.contains(&403);
        let login = |operand: Operand| {
            f.constant_text(operand).is_some_and(|text| {
                let text = text.to_lowercase();
                ["login", "signin", "sign-in", "sign_in", "auth"]
                    .iter()
                    .any(|word| text.contains(word))
            })
        };
        let to_login = f.func.blocks.get(block).is_some_and(|b| {
            f.func.block_instrs(b).any(|(_, instr)| match *instr {
                Instr::Call { callee, args, .. } => {
                    let named = written_name(f, callee).unwrap_or_default().to_lowercase();
                    named.contains("login") || f.func.args(args).iter().any(|arg| login(arg.value))
                }
                _ => false,
            })
        });
        refusal.redirects && !refusal.throws && !denies && !to_login
    }

    /// Whether all that a function answers itself says that something else is wrong than who asks, and it answers something.
    pub(super) fn refuses_otherwise(&self, func: FuncId) -> bool {
        let f = self.origins.program.func(func);
        let blocks = (0..f.func.blocks.len()).map(|block| self.refusal(f, block));
        let answers = blocks
            .filter(|refusal| refusal.throws || refusal.redirects || !refusal.statuses.is_empty());
        let answers: Vec<Refusal> = answers.collect();
        !answers.is_empty()
            && answers
                .iter()
                .all(|refusal| refusal.is_other() && !refusal.throws)
    }

    /// How everything that a refusing side leads to refuses.
    pub(super) fn refusals_from(
        &self,
        f: FuncRef<'p>,
        start: BlockId,
        clean: &FxHashSet<usize>,
    ) -> Refusal {
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
            out.unknown |= one.unknown;
            stack.extend(successors(f.func, block));
        }
        out
    }
}
