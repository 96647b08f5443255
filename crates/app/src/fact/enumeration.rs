//! Answers that tell whether an account exists, as facts: where somebody logs in, and where a password is reset.

use crate::model::{Application, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use casemate_ir::{Const, Instr, LocalId, Operand, Term, VarRef};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// What names say where a forgotten password is replaced.
const RESETS: &[&str] = &["forgot", "reset", "recover", "lostpassword"];

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
