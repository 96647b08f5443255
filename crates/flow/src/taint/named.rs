//! Secrets that are told by their names, where they are logged.

use super::interp::Interp;
use super::port::CallSite;
use super::summary::SinkRef;
use super::value::Origin;
use crate::apipath::PathId;
use casemate_ir::{Instr, Key, LocalKind, OpKind, Operand, PartKey, Span, VarRef};
use casemate_model::kind::{Shape, SinkKind};
use std::sync::Arc;

/// Steps from an argument back to a name.
const STEPS: u32 = 6;

/// Words that name a secret by themselves.
const SECRET: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "secret",
    "cvv",
    "ssn",
];
/// Two words that name one together.
const PAIRS: [(&str, &str); 9] = [
    ("api", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("access", "token"),
    ("refresh", "token"),
    ("auth", "token"),
    ("session", "token"),
    ("reset", "token"),
    ("card", "number"),
];
/// Words that make of the name of a secret the name of something else.
const OTHER: [&str; 40] = [
    "count",
    "length",
    "len",
    "size",
    "hash",
    "hashed",
    "digest",
    "encrypted",
    "masked",
    "redacted",
    "field",
    "label",
    "input",
    "prompt",
    "error",
    "errors",
    "message",
    "msg",
    "policy",
    "rule",
    "valid",
    "invalid",
    "validator",
    "is",
    "has",
    "no",
    "changed",
    "expired",
    "expiry",
    "expires",
    "min",
    "max",
    "type",
    "id",
    "name",
    "url",
    "path",
    "file",
    "strength",
    "required",
];

impl Interp<'_> {
    /// What is written to a log has the name of a secret, or is built from something that has.
    pub(super) fn secrets_logged(
        &mut self,
        path: PathId,
        site: &CallSite,
        kind: SinkKind,
        notes: u16,
    ) {
        let Ok(secret) = self.origins.paths.models().kinds().source("data.secret") else {
            return;
        };
        let callee = self.origins.paths.text(path);
        let callee = callee.trim_end_matches("()");
        let printed = matches!(callee, "print" | "py:print") || callee.starts_with("console.");
        let operands: Vec<Operand> = site.args.iter().filter_map(|a| a.operand).collect();
        for operand in operands {
            let Some(span) = self.named_secret(operand, 0) else {
                continue;
            };
            if printed && !self.is_asked(operand) {
                continue;
            }
            let sink = Arc::new(SinkRef {
                func: self.f.id,
                span: site.span,
                argument: self.argument_span(site, Some(operand)),
                kind,
                callee: Arc::from(self.origins.paths.text(path)),
                facts: Arc::from([]),
                notes,
                configured: false,
            });
            let taint = self.source(secret, Shape::String, span);
            self.arrive(&taint, &sink, false);
        }
    }

    /// Something of the value came with a request: what a service prints is in its log, what a tool prints is for who runs it.
    fn is_asked(&mut self, operand: Operand) -> bool {
        let value = self.operand(operand);
        let whole = self.deep(&value);
        let kinds = self.origins.paths.models().kinds();
        whole.taints().iter().any(|t| match t.origin {
            Origin::Source(source) => {
                let name = kinds.source_name(source.kind);
                name.starts_with("http.") || matches!(name, "graphql" | "ws" | "rpc")
            }
            Origin::Port(_) => false,
        })
    }

    /// Where the secret is read of which an operand is made.
    fn named_secret(&self, operand: Operand, depth: u32) -> Option<Span> {
        let Operand::Local(local) = operand else {
            return None;
        };
        // A constant is a text about a password.
        if depth > STEPS
            || self
                .operand(operand)
                .consts
                .as_deref()
                .is_some_and(all_known)
        {
            return None;
        }
        let facts = &self.f.file.facts;
        let known = self.f.func.locals.get(local.index())?;
        let at = self.definitions(local).next();
        if known.kind != LocalKind::Temp && known.name.is_some_and(|n| names_secret(facts.str(n))) {
            return at.map_or(Some(self.f.func.head), |at| Some(self.span(at)));
        }
        let at = at?;
        let span = Some(self.span(at));
        if depth == 0 && known.kind != LocalKind::Temp && self.holds_secret(operand) {
            return span;
        }
        match *self.f.func.instrs.get(at)? {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.named_secret(from, depth + 1)
            }
            Instr::Load {
                key: Key::Field(name),
                ..
            } if names_secret(facts.str(name)) => span,
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => facts
                .globals
                .get(global.index())
                .filter(|g| names_secret(facts.str(g.name)))
                .and(span),
            Instr::Template { operands, .. }
            | Instr::Op {
                op: OpKind::Select | OpKind::ToString | OpKind::Add,
                operands,
                ..
            } => {
                let mut parts = self.f.func.operands(operands).iter();
                parts.find_map(|&part| self.named_secret(part, depth + 1))
            }
            Instr::Array { parts, .. } => {
                let mut parts = self.f.func.parts(parts).iter();
                parts.find_map(|part| self.named_secret(part.value, depth + 1))
            }
            Instr::Object { parts, .. } => self.f.func.parts(parts).iter().find_map(|part| {
                let named =
                    matches!(part.key, PartKey::Field(name) if names_secret(facts.str(name)));
                let unknown = self.operand(part.value).consts.is_none()
                    && matches!(part.value, Operand::Local(_));
                if named && unknown {
                    return span;
                }
                self.named_secret(part.value, depth + 1)
            }),
            Instr::Call {
                callee,
                this: Some(this),
                args,
                ..
            } => {
                let asked = self.f.func.args(args).first().map(|a| a.value);
                match self.method(callee)? {
                    "get" => {
                        let name = self.operand(asked?);
                        name.as_str().filter(|text| names_secret(text)).and(span)
                    }
                    "strip" | "trim" | "lower" | "upper" | "decode" | "encode" | "toString" => {
                        self.named_secret(this, depth + 1)
                    }
                    "stringify" | "dumps" => self.named_secret(asked?, depth + 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The function reads a secret out of this very object: printing it whole prints the secret.
    fn holds_secret(&self, object: Operand) -> bool {
        self.f.func.instrs.iter().any(|instr| match instr {
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => *base == object && names_secret(self.f.file.facts.str(*name)),
            _ => false,
        })
    }
}

fn all_known(consts: &[super::value::Konst]) -> bool {
    !consts.iter().any(|c| {
        matches!(
            c,
            super::value::Konst::Template(_) | super::value::Konst::Present
        )
    })
}

/// Whether a name says that a secret is meant: `password`, `userPassword`, `api_key`; not `password_length`.
fn names_secret(name: &str) -> bool {
    let words = super::checked::words(name);
    let word = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let pair = words
        .windows(2)
        .any(|two| matches!(two, [a, b] if PAIRS.contains(&(a.as_str(), b.as_str()))));
    (word(&SECRET) || pair) && !word(&OTHER)
}

#[cfg(test)]
mod tests {
    use super::names_secret;

    #[test]
    fn names_of_secrets() {
        for name in [
            "password",
            "userPassword",
            "API_KEY",
            "client_secret",
            "refreshToken",
            "passwd",
            "apiKey",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "passwordLength",
            "password_field",
            "token",
            "tokenCount",
            "pass",
            "compass",
            "secretary",
            "hashedPassword",
            "reset_password_url",
            "is_password",
            "keyName",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
