//! What one function does with accounts: the names that it reads and gives, and what the models, or else the names, say of
//! its calls.

use super::lexicon::{Lexicon, Word};
use super::words::{self, has, holds};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{ArgKey, Const, Instr, Key, OpKind, Operand, PartKey, Symbol, Term, VarRef};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Something that is done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Deed {
    /// A password is hashed, or given to what does so.
    Hash,
    /// Something is hashed by a fast function.
    FastHash,
    /// A password is compared with what is kept.
    Verify,
    /// Something is written into a log.
    Log,
    /// A message is sent to somebody.
    Mail,
    /// Somebody is logged in.
    Login,
    /// A token is signed.
    Sign,
    /// Sessions or tokens end, or are no longer taken.
    Ends,
    /// Something is taken out of a session that the client keeps.
    Pops,
    /// A cookie is taken back.
    ClearsCookie,
    /// A one-time code is checked.
    ChecksCode,
    /// A one-time code is checked by a library, against the clock.
    ChecksTotp,
    /// A password of an account is set.
    SetsPassword,
    /// A record is made.
    Creates,
    /// A record is changed.
    Writes,
    /// A record is deleted.
    Deletes,
    /// Records of persons are read.
    ReadsPersons,
    /// Records of persons are changed.
    WritesPersons,
    /// Records of persons are deleted.
    DeletesPersons,
    /// A token is verified.
    VerifiesToken,
}

/// One call of a logger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Logged {
    pub site: Site,
    pub func: FuncId,
    /// It is given more than constants.
    pub says_more: bool,
    /// It is given something that is called like a password, a key or a token.
    pub secret: bool,
}

/// What one function does.
#[derive(Default, Debug)]
pub(super) struct Own {
    /// Names that are read: members, keys asked for, parameters.
    pub reads: BTreeSet<Rc<str>>,
    /// Names that values are given: members, parts of objects, keywords.
    pub sets: BTreeSet<Rc<str>>,
    /// Of these, the ones that are given nothing, a truth value or zero.
    pub clears: BTreeSet<Rc<str>>,
    /// What is called, as written, with the receiver where it has a name.
    pub calls: BTreeSet<Rc<str>>,
    /// What is called, as models name it.
    pub apis: BTreeSet<Rc<str>>,
    pub deeds: BTreeSet<Deed>,
    /// Texts that are no log's.
    pub texts: Vec<String>,
    pub logs: Vec<Logged>,
    /// Functions that it makes or calls.
    pub next: Vec<FuncId>,
    /// Something about an account is given to what is not known.
    pub obscure: bool,
}

/// Texts kept of one function.
const TEXTS: usize = 200;

/// Reads one function.
pub(super) fn read(origins: &Solver<'_, '_>, lexicon: &Lexicon, id: FuncId) -> Own {
    let f = origins.program.func(id);
    let mut reader = Reader {
        origins,
        lexicon,
        f,
        made: definitions(f),
        own: Own::default(),
    };
    for param in &f.func.params {
        if let Some(name) = param.name {
            reader.reads(name);
        }
    }
    for at in 0..f.func.instrs.len() {
        reader.instr(at);
    }
    for block in &f.func.blocks {
        if let Term::Return(Some(value)) = block.term {
            reader.text(value);
        }
    }
    reader.own
}

/// By local: the instruction that makes it first.
pub(super) fn definitions(f: FuncRef<'_>) -> Vec<Option<u32>> {
    let mut out = vec![None; f.func.locals.len()];
    for (at, instr) in (0_u32..).zip(&f.func.instrs) {
        if let Some(slot) = instr.target().and_then(|to| out.get_mut(to.index()))
            && slot.is_none()
        {
            *slot = Some(at);
        }
    }
    out
}

pub(super) struct Reader<'a, 'p, 'm> {
    pub origins: &'a Solver<'p, 'm>,
    pub lexicon: &'a Lexicon,
    pub f: FuncRef<'p>,
    made: Vec<Option<u32>>,
    pub own: Own,
}

impl Reader<'_, '_, '_> {
    pub fn def(&self, operand: Operand) -> Option<&Instr> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let at = (*self.made.get(local.index())?)?;
        self.f.func.instrs.get(at as usize)
    }

    pub fn str(&self, symbol: Symbol) -> &str {
        self.f.file.facts.str(symbol)
    }

    pub fn word(&self, symbol: Symbol) -> Word {
        self.lexicon.word(self.f.sym(symbol), self.str(symbol))
    }

    fn plain(&self, symbol: Symbol) -> Rc<str> {
        self.word(symbol).plain
    }

    fn constant(&self, operand: Operand) -> Option<Symbol> {
        match operand {
            Operand::Const(id) => match self.f.file.facts.constant(id) {
                Const::Str(text) => Some(*text),
                _ => None,
            },
            Operand::Local(_) => None,
        }
    }

    fn is_null(&self, operand: Operand) -> bool {
        matches!(operand, Operand::Const(id)
            if matches!(self.f.file.facts.constant(id), Const::Null | Const::Undefined | Const::Bool(false)))
    }

    /// The name of a value: of its variable, of the member that it was read as, of what is called.
    pub fn name(&self, operand: Operand) -> Option<Rc<str>> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let own = self.f.func.locals.get(local.index()).and_then(|l| l.name);
        if let Some(name) = own {
            return Some(self.plain(name));
        }
        match *self.def(operand)? {
            Instr::Load {
                key: Key::Field(name),
                ..
            }
            | Instr::Import {
                name: Some(name), ..
            }
            | Instr::LoadVar {
                var: VarRef::Free(name),
                ..
            } => Some(self.plain(name)),
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => {
                let binding = self.f.file.facts.globals.get(global.index())?;
                Some(self.plain(binding.name))
            }
            Instr::LoadVar {
                var: VarRef::Captured(capture),
                ..
            } => {
                let (owner, local) = crate::guard::owner_of(self.origins, self.f, capture)?;
                let owner = self.origins.program.func(owner);
                let name = owner.func.locals.get(local.index())?.name?;
                Some(
                    self.lexicon
                        .word(owner.sym(name), owner.file.facts.str(name))
                        .plain,
                )
            }
            Instr::Await { from, .. } | Instr::Copy { from, .. } => self.name_once(from),
            _ => None,
        }
    }

    fn name_once(&self, operand: Operand) -> Option<Rc<str>> {
        match *self.def(operand)? {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => Some(self.plain(name)),
            _ => None,
        }
    }

    fn reads(&mut self, name: Symbol) {
        let word = self.word(name);
        if word.matters {
            self.own.reads.insert(word.plain);
        }
    }

    fn sets(&mut self, name: Symbol) {
        let word = self.word(name);
        if word.matters {
            self.own.sets.insert(word.plain);
        }
    }

    /// A name is given a constant that is no text.
    fn clears(&mut self, name: Symbol, value: Operand) {
        let Operand::Const(id) = value else {
            return;
        };
        let facts = &self.f.file.facts;
        let nothing = match facts.constant(id) {
            Const::Str(text) => facts.str(*text).is_empty(),
            Const::Null | Const::Undefined | Const::Bool(_) | Const::Number(_) => true,
            _ => false,
        };
        if !nothing {
            return;
        }
        let word = self.word(name);
        if word.matters {
            self.own.clears.insert(word.plain);
        }
    }

    fn text(&mut self, operand: Operand) {
        if self.own.texts.len() >= TEXTS {
            return;
        }
        if let Some(text) = self.constant(operand).map(|text| self.str(text))
            && text.len() > 3
            && text.len() < 400
        {
            let text = text.to_lowercase();
            self.own.texts.push(text);
        }
    }

    fn instr(&mut self, at: usize) {
        let f = self.f;
        let Some(instr) = f.func.instrs.get(at) else {
            return;
        };
        match *instr {
            Instr::Load {
                key: Key::Field(name),
                ..
            } => self.reads(name),
            Instr::Load {
                key: Key::Computed(key),
                ..
            } => {
                if let Some(name) = self.constant(key) {
                    self.reads(name);
                }
            }
            Instr::Store {
                base,
                key: Key::Field(name),
                value,
            } => {
                self.sets(name);
                self.clears(name, value);
                self.text(value);
                let name = self.plain(name);
                if self.is_null(value)
                    && (&*name == "session"
                        || self.name(base).is_some_and(|n| has(&n, &["session"])))
                {
                    self.ends_session(base);
                }
                if words::is_password(&name) && self.is_record(base) {
                    self.own.deeds.insert(Deed::SetsPassword);
                }
                let person = self
                    .name(base)
                    .is_some_and(|n| crate::object::key::PERSONS.contains(&&*n));
                if person && self.is_record(base) {
                    self.own.deeds.insert(Deed::WritesPersons);
                }
            }
            Instr::Object { parts, .. } => {
                for part in f.func.parts(parts) {
                    if let PartKey::Field(name) = part.key {
                        self.sets(name);
                        self.clears(name, part.value);
                        // Django names its validators by texts.
                        if self.str(name) == "NAME"
                            && let Some(text) = self.constant(part.value)
                            && self.str(text).ends_with("Validator")
                        {
                            let text = self.str(text).into();
                            self.own.apis.insert(text);
                        }
                    }
                    self.text(part.value);
                }
            }
            Instr::Array { parts, .. } => {
                for part in f.func.parts(parts) {
                    self.text(part.value);
                }
            }
            Instr::Delete {
                key: Key::Field(name),
                base,
            } => {
                let name = self.plain(name);
                self.own.clears.insert(name);
                if self.name(base).is_some_and(|n| has(&n, &["session"])) {
                    self.ends_session(base);
                }
            }
            Instr::Template { operands, .. } => {
                for &operand in f.func.operands(operands) {
                    self.text(operand);
                }
            }
            Instr::Copy { from, .. } => self.text(from),
            Instr::Op {
                op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe,
                operands,
                ..
            } => {
                let both = f.func.operands(operands);
                // Typing the new one twice proves nothing.
                let twice = both
                    .iter()
                    .any(|o| self.name(*o).is_some_and(|n| words::is_repeated(&n)));
                if both.iter().all(|o| matches!(o, Operand::Local(_)))
                    && both
                        .iter()
                        .any(|o| self.name(*o).is_some_and(|n| words::is_code(&n)))
                {
                    self.own.deeds.insert(Deed::ChecksCode);
                }
                if !twice
                    && both.iter().all(|o| matches!(o, Operand::Local(_)))
                    && both.iter().any(|o| {
                        self.name(*o).is_some_and(|n| {
                            words::is_password(&n) || holds(&n, &["passwordhash", "hashedpassword"])
                        })
                    })
                {
                    self.own.deeds.insert(Deed::Verify);
                }
            }
            Instr::Closure { func, .. } => self.own.next.push(f.sibling(func)),
            Instr::Call { .. } => self.call(at),
            _ => {}
        }
    }

    /// A session that the server keeps ends; one that the client keeps is only emptied.
    fn ends_session(&mut self, base: Operand) {
        let kept_by_client = self.origins.of_operand(self.f.id, base).iter().any(|&val| {
            matches!(self.origins.val(val), Some(Val::Api(path))
                if self.origins.paths.text(path).starts_with("py:flask.session"))
        });
        self.own.deeds.insert(if kept_by_client {
            Deed::Pops
        } else {
            Deed::Ends
        });
    }

    /// What a member is set of is no request, no session and no template's values.
    fn is_record(&self, base: Operand) -> bool {
        let Some(name) = self.name(base) else {
            return false;
        };
        !has(
            &name,
            &[
                "req",
                "request",
                "session",
                "body",
                "data",
                "this",
                "self",
                "form",
                "errors",
                "locals",
                "config",
                "options",
                "window",
                "state",
                "params",
                "values",
                "env",
                "prototype",
                "module",
                "exports",
            ],
        ) && !crate::guard::root::is_request(self.origins, self.f.id, base)
    }

    fn call(&mut self, at: usize) {
        let f = self.f;
        let Some(&Instr::Call {
            callee, this, args, ..
        }) = f.func.instrs.get(at)
        else {
            return;
        };
        let span = f.func.spans.get(at).copied().unwrap_or_default();
        let mut known = false;
        let mut logs = false;
        let values: Vec<_> = self
            .origins
            .of_operand(f.id, callee)
            .iter()
            .take(3)
            .copied()
            .collect();
        for val in values {
            match self.origins.val(val) {
                Some(Val::Func(inner)) => {
                    let inner =
                        self.origins
                            .callee_at(f.id, u32::try_from(at).unwrap_or(u32::MAX), inner);
                    self.own.next.push(inner);
                    known = true;
                }
                Some(Val::Class(_)) => known = true,
                Some(Val::Api(path)) => {
                    known |=
                        self.origins.paths.known(path) || self.origins.paths.parent_known(path);
                    logs |= self.api(path);
                }
                _ => {}
            }
        }
        self.effect(at);
        let name = self.name_of_callee(callee);
        let receiver = this.and_then(|this| self.name(this)).unwrap_or_default();
        logs |= self.named(&receiver, &name, args);
        if logs {
            self.own.deeds.insert(Deed::Log);
            let says_more = f
                .func
                .args(args)
                .iter()
                .any(|arg| matches!(arg.value, Operand::Local(_)));
            let secret = f
                .func
                .args(args)
                .iter()
                .any(|arg| self.is_secret(arg.value, 0));
            self.own.logs.push(Logged {
                site: Site {
                    file: f.file_idx,
                    span,
                },
                func: f.id,
                says_more,
                secret,
            });
        } else {
            for arg in f.func.args(args) {
                self.text(arg.value);
                if let Some(symbol) = self.constant(arg.value)
                    && let text = self.str(symbol)
                    && text.len() < 40
                    && !text.contains(' ')
                {
                    self.reads(symbol);
                }
            }
        }
        for arg in f.func.args(args) {
            if let ArgKey::Keyword(name) = arg.key {
                self.sets(name);
                self.clears(name, arg.value);
            }
        }
        if !known && !logs {
            self.own.obscure |= self.obscures(callee, &receiver, &name, args);
        }
        if !name.is_empty() {
            let full = if receiver.is_empty() {
                name
            } else {
                format!("{receiver}.{name}").into()
            };
            self.own.calls.insert(full);
        }
    }

    /// A value called like a secret, alone, within a text or within an object that is written where it is used.
    fn is_secret(&self, operand: Operand, depth: u32) -> bool {
        let named = self.name(operand).is_some_and(|n| {
            words::is_password(&n) && &*n != "pass"
                || holds(
                    &n,
                    &[
                        "accesstoken",
                        "refreshtoken",
                        "idtoken",
                        "authtoken",
                        "apikey",
                        "clientsecret",
                        "secretkey",
                        "privatekey",
                        "sessionid",
                    ],
                ) && !has(
                    &n,
                    &[
                        "name", "count", "length", "type", "expires", "expiry", "url",
                    ],
                )
        });
        if named {
            // What was compared or asked whether it is there is no longer the secret.
            return !matches!(
                self.def(operand),
                Some(Instr::Op { .. } | Instr::Call { .. })
            ) || depth == 0 && matches!(self.def(operand), Some(Instr::Load { .. }));
        }
        if depth > 2 {
            return false;
        }
        match self.def(operand) {
            Some(&Instr::Template { operands, .. }) => self
                .f
                .func
                .operands(operands)
                .iter()
                .any(|o| self.is_secret(*o, depth + 1)),
            Some(&Instr::Op {
                op: OpKind::Add,
                operands,
                ..
            }) => self
                .f
                .func
                .operands(operands)
                .iter()
                .any(|o| self.is_secret(*o, depth + 1)),
            Some(&Instr::Object { parts, .. } | &Instr::Array { parts, .. }) => self
                .f
                .func
                .parts(parts)
                .iter()
                .any(|p| self.is_secret(p.value, depth + 1)),
            _ => false,
        }
    }

    fn name_of_callee(&self, callee: Operand) -> Rc<str> {
        self.name(callee).unwrap_or_default()
    }

    /// What a call of a store does.
    fn effect(&mut self, at: usize) {
        let Some((op, object)) = crate::object::effect(self.origins, self.f, at) else {
            return;
        };
        let person = crate::object::key::PERSONS.contains(&object.as_str());
        let session = (object.contains("session") || object.contains("token")) && op != "read";
        if session && op != "create" {
            self.own.deeds.insert(Deed::Ends);
        }
        let (plain, of_person) = match op.as_str() {
            "read" => (None, Some(Deed::ReadsPersons)),
            "create" => (Some(Deed::Creates), None),
            "delete" => (Some(Deed::Deletes), Some(Deed::DeletesPersons)),
            _ => (Some(Deed::Writes), Some(Deed::WritesPersons)),
        };
        self.own.deeds.extend(plain);
        self.own.deeds.extend(of_person.filter(|_| person));
    }
}
