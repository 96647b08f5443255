//! Answers that tell whether an account exists, as facts: where somebody logs in, and where a password is reset.

use super::trace;
use crate::model::{Application, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Const, Instr, LocalId, Operand, Term, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// What names say where a forgotten password is replaced.
const RESETS: &[&str] = &["forgot", "reset", "recover", "lostpassword"];

/// What names say where an account is opened.
const REGISTERS: &[&str] = &["register", "registration", "signup", "createaccount"];

/// Depth of calls, and functions of one endpoint.
const DEPTH: u32 = 2;
const FUNCTIONS: usize = 60;

impl Application {
    /// One fact for each text that says that there is no such account, and the titles of the endpoints that say one.
    pub(super) fn enumerations(&self, origins: &Solver<'_, '_>) -> (Vec<Fact>, BTreeSet<String>) {
        let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
        let mut telling = BTreeSet::new();
        for endpoint in &self.endpoints {
            let reset = is_reset(endpoint, origins);
            if !reset && !super::takes_password(endpoint, origins) {
                continue;
            }
            let mut said = Said::new(origins);
            for &handler in &endpoint.handlers {
                said.function(handler, 0);
            }
            let other = said.texts.iter().any(|(_, _, text)| wrong_password(text));
            if (reset || other) && said.add(reset, &mut out) {
                telling.insert(crate::account::title(endpoint));
            }
        }
        // Forms check what they are sent before any handler reads it.
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            let name = origins.program.func_name(func);
            let checks = ["validate", "clean"]
                .iter()
                .any(|word| name.starts_with(word));
            if checks && of_reset_form(f, origins) {
                let mut said = Said::new(origins);
                said.function(func, DEPTH);
                said.add(true, &mut out);
            }
        }
        (out.into_values().collect(), telling)
    }

    /// One fact for each registration that says that an address is taken, in a program that keeps this to itself elsewhere: nothing
    /// where a password is reset says so, and a letter confirms new accounts, which could tell it to the owner alone.
    pub(super) fn registrations(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut resets = self
            .endpoints
            .iter()
            .filter(|e| asks_for_reset(e))
            .peekable();
        if resets.peek().is_none() || !resets.all(|e| is_uniform(e, origins)) {
            return Vec::new();
        }
        let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
        for endpoint in self.endpoints.iter().filter(|e| registers(e)) {
            if endpoint.guarded("authentication") == crate::model::Answer::Yes
                || !speaks_of_mail(endpoint, origins)
            {
                continue;
            }
            let mut said = Said::new(origins);
            for &handler in &endpoint.handlers {
                said.function(handler, 0);
            }
            let mut texts = said.texts.into_iter();
            let taken = texts
                .find(|(site, func, text)| is_taken(text) && !in_letter(origins, *site, *func));
            if let Some((site, function, text)) = taken {
                out.entry(site).or_insert_with(|| Fact {
                    fact: "account.taken".to_owned(),
                    site,
                    function,
                    callee: "the answer".to_owned(),
                    values: vec![("text".to_owned(), FactValue::Str(text))],
                });
            }
        }
        out.into_values().collect()
    }
}

/// Somebody who forgot a password asks for a letter.
fn asks_for_reset(endpoint: &Endpoint) -> bool {
    endpoint.method == "post"
        && super::names(endpoint).any(|name| {
            let name = trace::flat(&name);
            [
                "forgot",
                "recover",
                "lostpassword",
                "resetrequest",
                "requestreset",
            ]
            .iter()
            .any(|word| name.contains(word))
        })
}

fn registers(endpoint: &Endpoint) -> bool {
    endpoint.method == "post"
        && super::names(endpoint).any(|name| REGISTERS.contains(&trace::flat(&name).as_str()))
}

/// Its answer is the same for every address: nothing of it says that there is none.
fn is_uniform(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let mut said = Said::new(origins);
    for &handler in &endpoint.handlers {
        said.function(handler, 0);
    }
    let missing = |f: FuncRef<'_>| {
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call {
                callee, this, args, ..
            } => {
                trace::called(f, callee, this)
                    .0
                    .is_some_and(|name| trace::flat(name).contains("notfound"))
                    || f.func
                        .args(args)
                        .iter()
                        .any(|arg| is_number(f, arg.value, 404.0))
            }
            _ => false,
        })
    };
    !endpoint.handlers.is_empty()
        && !said.texts.iter().any(|(_, _, text)| no_such_account(text))
        && !said
            .seen
            .iter()
            .any(|func| missing(origins.program.func(*func)))
}

fn is_number(f: FuncRef<'_>, operand: Operand, number: f64) -> bool {
    matches!(operand, Operand::Const(id)
        if matches!(f.file.facts.constant(id), Const::Number(bits) if f64::from_bits(*bits) == number))
}

/// Something that it calls sends or queues a letter.
fn speaks_of_mail(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    const LETTERS: &[&str] = &[
        "sendmail",
        "sendemail",
        "mailer",
        "mails",
        "sendconfirm",
        "sendverif",
        "sendactivation",
    ];
    trace::reached(origins, &endpoint.handlers, 3).is_some_and(|all| {
        all.iter().any(|func| {
            let f = origins.program.func(*func);
            trace::method_calls(f).any(|call| {
                let of = trace::member(f, call.this)
                    .or_else(|| crate::object::key::variable(f, call.this));
                [Some(call.name), of].into_iter().flatten().any(|name| {
                    let name = trace::flat(name);
                    LETTERS.iter().any(|word| name.contains(word))
                })
            })
        })
    })
}

/// Whether the text at a place is one of a letter, which its owner alone reads.
fn in_letter(origins: &Solver<'_, '_>, site: Site, func: FuncId) -> bool {
    const PARTS: &[&str] = &["to", "subject", "recipient", "template"];
    let f = origins.program.func(func);
    f.func
        .instrs
        .iter()
        .zip(&f.func.spans)
        .any(|(instr, span)| {
            let Instr::Object { parts, .. } = *instr else {
                return false;
            };
            *span == site.span
                && f.func.parts(parts).iter().any(|part| {
                    matches!(part.key, casemate_ir::PartKey::Field(name)
                    if PARTS.contains(&f.file.facts.str(name)))
                })
        })
}

/// Whether a text says that an address or a name has an account already.
fn is_taken(text: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let taken = has(&["already", "taken", "in use", "exists"])
        && has(&[
            "account",
            "email",
            "e-mail",
            "user",
            "address",
            "registered",
        ]);
    let account = has(&["has an account", "have an account"]);
    (taken || account)
        && (10..120).contains(&text.len())
        && text.contains(' ')
        && !has(&["if ", "token", "not ", "n't"])
}

fn is_reset(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    let handler = endpoint.handlers.first();
    let handler = handler.map(|handler| origins.program.func_name(*handler).to_lowercase());
    super::names(endpoint)
        .chain(handler)
        .any(|name| RESETS.iter().any(|word| name.contains(word)))
}

/// A method of a form by whose name a password is reset.
fn of_reset_form(f: FuncRef<'_>, origins: &Solver<'_, '_>) -> bool {
    let class = f.func.class.map(|class| f.class(class));
    let found = class.and_then(|class| origins.program.class(class));
    found.and_then(|(_, class)| class.name).is_some_and(|name| {
        let name = f.file.facts.str(name).to_lowercase();
        name.contains("form") && RESETS.iter().any(|word| name.contains(word))
    })
}

/// What a handler and the functions that it calls say.
struct Said<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    seen: FxHashSet<FuncId>,
    /// Texts that variables hold.
    held: FxHashMap<(FuncId, LocalId), String>,
    texts: Vec<(Site, FuncId, String)>,
}

impl<'a, 'p, 'm> Said<'a, 'p, 'm> {
    fn new(origins: &'a Solver<'p, 'm>) -> Self {
        Self {
            origins,
            seen: FxHashSet::default(),
            held: FxHashMap::default(),
            texts: Vec::new(),
        }
    }

    fn function(&mut self, func: FuncId, depth: u32) {
        if depth > DEPTH || self.seen.len() > FUNCTIONS || !self.seen.insert(func) {
            return;
        }
        let f = self.origins.program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Closure { func: inner, .. } => self.function(f.sibling(inner), depth),
                Instr::Copy { to, from } => {
                    if let Some(text) = self.text(f, from) {
                        self.held.insert((func, to), text);
                    }
                }
                Instr::Object { parts, .. } => {
                    for part in f.func.parts(parts) {
                        self.say(f, at, part.value);
                    }
                }
                Instr::Call { callee, args, .. } => {
                    for arg in f.func.args(args) {
                        self.say(f, at, arg.value);
                    }
                    for &val in self.origins.of_operand(func, callee).iter().take(2) {
                        if let Some(Val::Func(inner)) = self.origins.val(val) {
                            self.function(inner, depth + 1);
                        }
                    }
                }
                _ => {}
            }
        }
        for block in &f.func.blocks {
            if let Term::Return(Some(value)) = block.term
                && let Some(text) = self.text(f, value)
            {
                let site = self.origins.program.site(func, block.term_span);
                self.texts.push((site, func, text));
            }
        }
    }

    fn say(&mut self, f: FuncRef<'p>, at: usize, value: Operand) {
        if let Some(text) = self.text(f, value) {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            let site = self.origins.program.site(f.id, span);
            self.texts.push((site, f.id, text));
        }
    }

    /// The text that a value is: written here, or held by a variable of this function or of one around it.
    fn text(&self, f: FuncRef<'p>, operand: Operand) -> Option<String> {
        match operand {
            Operand::Const(id) => match f.file.facts.constant(id) {
                Const::Str(text) => Some(f.file.facts.str(*text).to_lowercase()),
                _ => None,
            },
            Operand::Local(local) => {
                if let Some(text) = self.held.get(&(f.id, local)) {
                    return Some(text.clone());
                }
                let capture = f.func.instrs.iter().find_map(|instr| match *instr {
                    Instr::LoadVar {
                        to,
                        var: VarRef::Captured(capture),
                    } if to == local => Some(capture),
                    _ => None,
                })?;
                let owner = crate::guard::owner_of(self.origins, f, capture)?;
                self.held.get(&owner).cloned()
            }
        }
    }

    /// The first of its texts that says so: the others are of the same cause. Whether there is one.
    fn add(self, reset: bool, out: &mut BTreeMap<Site, Fact>) -> bool {
        for (site, function, text) in self.texts {
            if no_such_account(&text) {
                if out.contains_key(&site) {
                    return true;
                }
                out.entry(site).or_insert_with(|| Fact {
                    fact: "account.message".to_owned(),
                    site,
                    function,
                    callee: "the answer".to_owned(),
                    values: vec![
                        ("text".to_owned(), FactValue::Str(text)),
                        ("reset".to_owned(), FactValue::Bool(reset)),
                    ],
                });
                return true;
            }
        }
        false
    }
}

/// Whether a text says that there is no such account, and that it is not the password that is wrong.
fn no_such_account(text: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let account = has(&["user", "account", "e-mail", "email", "login"]);
    let missing = has(&[
        "not found",
        "does not exist",
        "doesn't exist",
        "not registered",
        "isn't registered",
        "no user",
        "no account",
        "no such user",
        "could not find",
        "couldn't find",
    ]);
    let wrong = has(&["invalid", "incorrect", "wrong", "unknown"])
        && has(&["username", "user name", " user", "account"]);
    account
        && (missing || wrong)
        && (10..120).contains(&text.len())
        && text.contains(' ')
        && !has(&[
            "password",
            "token",
            "credential",
            " if ",
            "session",
            "verification",
            "error",
        ])
        && !text.starts_with("if ")
}

/// Whether a text says that it is the password that is wrong.
fn wrong_password(text: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    text.contains("password")
        && text.contains(' ')
        && has(&["invalid", "incorrect", "wrong", "not match"])
        && !has(&[
            "user",
            "email",
            "account",
            "login",
            "current",
            "old",
            "passwords",
        ])
}
