//! What is answered with more than it should: files that people stored, shown as pages, and errors told to whoever caused them.

use super::trace::{self, MethodCall};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, FnKind, Instr, Key, Language, LocalId, Operand, PartKey};
use rustc_hash::FxHashSet;

/// Members that hold the bytes of what is stored.
const BYTES: &[&str] = &["content", "data", "bytes", "buffer", "body", "blob"];

/// Calls that send an answer.
const SENDS: &[&str] = &["json", "send", "end"];

/// Words by which something is told in development alone.
const TRIALS: &[&str] = &[
    "development",
    "production",
    "NODE_ENV",
    "debug",
    "DEBUG",
    "isDev",
    "isProd",
];

/// Steps of one value.
const STEPS: usize = 60;

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        if f.file.facts.language == Language::Python || f.func.kind == FnKind::Module {
            continue;
        }
        files(f, &mut out);
        errors(f, &mut out);
    }
    out
}

/// `res.type(file.type).send(file.content)`, of one stored thing.
fn files(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let mut typed = None;
    let mut sent = None;
    let mut attached = false;
    for MethodCall { at, name, args, .. } in trace::method_calls(f) {
        let texts = || {
            args.iter()
                .filter_map(|arg| trace::text(f, arg.value))
                .map(str::to_ascii_lowercase)
        };
        attached |= matches!(name, "attachment" | "download" | "redirect")
            || texts().any(|text| text.contains("disposition") || text.contains("security-policy"));
        let about = |at: usize| args.get(at).and_then(|arg| loaded(f, arg.value));
        match name {
            "type" | "contentType" => typed = about(0),
            "set" | "setHeader" | "header" if texts().any(|text| text == "content-type") => {
                typed = about(1)
            }
            "send" | "end" => {
                sent = about(0)
                    .filter(|(_, member)| BYTES.contains(&member.as_str()))
                    .map(|(base, _)| (at, base));
            }
            _ => {}
        }
    }
    if let (Some((of, kind)), Some((at, base))) = (typed, sent)
        && of == base
        && kind.contains("type")
    {
        let values = [("attached", FactValue::Bool(attached))];
        out.push(trace::at(f, at, "file.shown", "send", &values));
    }
}

/// The named local and the member that a value was read off.
fn loaded(f: FuncRef<'_>, value: Operand) -> Option<(String, String)> {
    match trace::made_by(f, value)?.1 {
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => {
            let base = crate::object::key::variable(f, *base)?;
            Some((base.to_owned(), trace::flat(f.file.facts.str(*name))))
        }
        _ => None,
    }
}

/// Handlers of errors, by their four parameters, that answer what an error says of itself.
fn errors(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let [error, _, answer, _] = f.func.params.as_slice() else {
        return;
    };
    let named = |param: &casemate_ir::Param, names: &[&str]| {
        param
            .name
            .is_some_and(|name| names.contains(&f.file.facts.str(name)))
    };
    if !named(error, &["error", "err", "e", "ex", "exception"])
        || !named(answer, &["res", "response", "reply"])
        || in_trials(f)
    {
        return;
    }
    for call in trace::method_calls(f) {
        if !SENDS.contains(&call.name) || !is_of(f, call.this, answer.local) {
            continue;
        }
        let mut told = Told {
            error: error.local,
            members: FxHashSet::default(),
            seen: FxHashSet::default(),
        };
        for arg in call.args {
            told.read(f, arg.value);
        }
        let whole = ["cause", "stack", ""]
            .iter()
            .any(|m| told.members.contains(*m));
        let message = told.members.contains("message") && !asks(f, error.local);
        let told = if whole || message { "told" } else { "kept" };
        let values = [("error", FactValue::Str(told.to_owned()))];
        out.push(trace::at(
            f,
            call.at,
            "error.told",
            "the handler of errors",
            &values,
        ));
    }
}

/// The receiver of a chain of calls is the answer.
fn is_of(f: FuncRef<'_>, value: Operand, answer: LocalId) -> bool {
    let mut value = value;
    for _ in 0..8 {
        if value == Operand::Local(answer) {
            return true;
        }
        match trace::made_by(f, value) {
            Some((
                _,
                Instr::Call {
                    this: Some(this), ..
                },
            )) => value = *this,
            _ => return false,
        }
    }
    false
}

/// It looks at what kind of error it is, or at anything of it but its message.
fn asks(f: FuncRef<'_>, error: LocalId) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => {
            base == Operand::Local(error)
                && f.file.facts.str(name) != "message"
                && f.file.facts.str(name) != "stack"
        }
        Instr::Op {
            op: casemate_ir::OpKind::InstanceOf,
            ..
        } => true,
        Instr::Call { callee, args, .. } => {
            let name = trace::called(f, callee, None)
                .0
                .unwrap_or_default()
                .to_ascii_lowercase();
            ![
                "log",
                "error",
                "warn",
                "fatal",
                "info",
                "captureexception",
                "string",
                "json",
                "send",
                "next",
            ]
            .contains(&name.as_str())
                && f.func
                    .args(args)
                    .iter()
                    .any(|arg| arg.value == Operand::Local(error))
        }
        _ => false,
    })
}

fn in_trials(f: FuncRef<'_>) -> bool {
    let says = |text: &str| TRIALS.iter().any(|word| text.contains(word));
    f.func.instrs.iter().any(|instr| {
        let mut told = matches!(*instr, Instr::Load { key: Key::Field(name), .. } if says(f.file.facts.str(name)));
        f.func.each_read(instr, |operand| {
            told |= matches!(operand, Operand::Const(id)
                if matches!(f.file.facts.constant(id), Const::Str(text) if says(f.file.facts.str(*text))))
                || crate::object::key::variable(f, operand).is_some_and(says);
        });
        told
    })
}

/// What an answer holds of an error: names of members, or nothing for all that it says.
struct Told {
    error: LocalId,
    members: FxHashSet<String>,
    seen: FxHashSet<LocalId>,
}

impl Told {
    fn read(&mut self, f: FuncRef<'_>, value: Operand) {
        let Operand::Local(local) = value else {
            return;
        };
        if self.seen.len() > STEPS || !self.seen.insert(local) {
            return;
        }
        for (_, instr) in f.writers(local) {
            match *instr {
                Instr::Copy { from, .. } => self.read(f, from),
                Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                } if base == Operand::Local(self.error) => {
                    self.members.insert(f.file.facts.str(name).to_owned());
                }
                Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                    for part in f.func.parts(parts) {
                        if part.key != PartKey::Spread {
                            self.read(f, part.value);
                        }
                    }
                }
                // `String(error)`, `${error}`
                Instr::Call { callee, args, .. }
                    if trace::called(f, callee, None).0 == Some("String") =>
                {
                    for arg in f.func.args(args) {
                        self.whole(f, arg.value);
                    }
                }
                Instr::Template { operands, .. } | Instr::Op { operands, .. } => {
                    for operand in f.func.operands(operands) {
                        self.whole(f, *operand);
                    }
                }
                _ => {}
            }
        }
    }

    fn whole(&mut self, f: FuncRef<'_>, value: Operand) {
        if value == Operand::Local(self.error) {
            self.members.insert(String::new());
        }
        self.read(f, value);
    }
}
