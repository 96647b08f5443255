//! What a program hands to its log, to clients and to other services, by the names of data that tell what it is.
//!
//! Three-valued: a call that is given something of which the parts are not known may hand on anything.

use crate::data::Class;
use crate::inventory::{self, Inventory};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Instr, Key, LocalId, OpKind, Operand, PartKey, Symbol, Term};
use casemate_model::row::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Steps back along values, functions that make them included.
const DEPTH: u32 = 8;

/// Functions that make values, called by one another.
const FUNCTIONS: u32 = 3;

/// Values that are looked at for one call.
const FUEL: u32 = 2_000;

/// Who is handed something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Receiver {
    /// Who reads the log.
    Log,
    /// Who sent the request.
    Client,
    /// Another service, a mailbox, a tracker.
    Service,
}

/// What is handed on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Handed {
    /// By receiver and name (see [`plain`]): where.
    pub names: BTreeMap<(Receiver, String), BTreeSet<Site>>,
    /// Places where something is handed on.
    pub places: BTreeMap<Receiver, usize>,
    /// Of these, the ones of which the parts are not known.
    pub open: BTreeMap<Receiver, usize>,
}

/// Kinds of sinks by who reads them.
const KINDS: [(Receiver, &[&str]); 3] = [
    (Receiver::Log, &["log"]),
    (Receiver::Client, &["response", "answer", "locals"]),
    (
        Receiver::Service,
        &[
            "tracker",
            "trace",
            "prompt",
            "mail.body",
            "mail.header",
            "url.full",
            "url.path",
        ],
    ),
];

/// Functions whose result is the same text in another form.
const SAME: [&str; 13] = [
    "stringify",
    "tolowercase",
    "touppercase",
    "trim",
    "lower",
    "upper",
    "strip",
    "string",
    "str",
    "jsonify",
    "dumps",
    "format",
    "concat",
];

impl Handed {
    /// Walks the whole program. `answering`: functions whose results clients get.
    pub(crate) fn of(
        origins: &Solver<'_, '_>,
        inventory: &Inventory,
        answering: &BTreeSet<FuncId>,
    ) -> Self {
        let mut made = Self::default();
        // One line of code may be several instructions.
        let mut all: BTreeSet<(Receiver, Site)> = BTreeSet::new();
        let mut open: BTreeSet<(Receiver, Site)> = BTreeSet::new();
        let mut places: BTreeMap<Site, BTreeSet<Receiver>> = BTreeMap::new();
        for (receiver, kinds) in KINDS {
            for of_kind in inventory.of_kinds(&inventory.uses, kinds) {
                for site in of_kind.keys() {
                    places.entry(*site).or_default().insert(receiver);
                }
            }
        }
        for site in inventory.entries.keys() {
            places.entry(*site).or_default().insert(Receiver::Log);
        }
        let program = origins.program;
        for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
            let f = program.func(id);
            let mut hand = |receivers: &BTreeSet<Receiver>, site: Site, values: &[Operand]| {
                let mut parts = Parts {
                    origins,
                    inventory,
                    names: BTreeSet::new(),
                    open: false,
                    fuel: FUEL,
                };
                for value in values {
                    parts.of(f, *value, 0, 0);
                }
                for receiver in receivers {
                    all.insert((*receiver, site));
                    if parts.open {
                        open.insert((*receiver, site));
                    }
                    for name in &parts.names {
                        let sites = made.names.entry((*receiver, name.clone())).or_default();
                        sites.insert(site);
                    }
                }
            };
            for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
                let site = Site {
                    file: f.file_idx,
                    span: *span,
                };
                match *instr {
                    Instr::Call { args, .. } => {
                        if let Some(receivers) = places.get(&site) {
                            let args = f.func.args(args).iter().map(|a| a.value);
                            hand(receivers, site, &args.collect::<Vec<_>>());
                        }
                    }
                    Instr::Store {
                        base,
                        key: Key::Field(name),
                        value,
                    } if answers(origins, f, base, name) => {
                        hand(&BTreeSet::from([Receiver::Client]), site, &[value]);
                    }
                    Instr::Output { value, .. } => {
                        let receiver = if is_mail(&f.file.path) {
                            Receiver::Service
                        } else {
                            Receiver::Client
                        };
                        hand(&BTreeSet::from([receiver]), site, &[value]);
                    }
                    _ => {}
                }
            }
            if answering.contains(&id) {
                let span = f.func.head;
                let site = Site {
                    file: f.file_idx,
                    span,
                };
                let values: Vec<Operand> = returned(f).collect();
                if !values.is_empty() {
                    hand(&BTreeSet::from([Receiver::Client]), site, &values);
                }
            }
        }
        for (receiver, _) in &all {
            *made.places.entry(*receiver).or_default() += 1;
        }
        for (receiver, _) in &open {
            *made.open.entry(*receiver).or_default() += 1;
        }
        made
    }
}

/// `ctx.body = …`
fn answers(origins: &Solver<'_, '_>, f: FuncRef<'_>, base: Operand, name: Symbol) -> bool {
    let kinds = origins.paths.models().kinds();
    origins.of_operand(f.id, base).iter().any(|val| {
        let Some(Val::Api(path)) = origins.val(*val) else {
            return false;
        };
        let member = origins.met_member(path, f.sym(name));
        member.is_some_and(|member| {
            origins.paths.rows(member).any(|(_, row)| {
                matches!(&row.role, Role::Sink { kind, .. } if ["response", "answer"].contains(&kinds.sink_name(*kind)))
            })
        })
    })
}

/// Templates of letters go to mailboxes.
fn is_mail(path: &str) -> bool {
    path.to_ascii_lowercase()
        .split(['/', '.', '_', '-'])
        .any(|word| {
            matches!(
                word,
                "mail" | "mails" | "mailer" | "mailers" | "email" | "emails"
            )
        })
}

/// A name without what tells ways of writing apart: `firstName`, `first_name` → `firstname`.
#[must_use]
pub fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn returned<'p>(f: FuncRef<'p>) -> impl Iterator<Item = Operand> + use<'p> {
    f.func.blocks.iter().filter_map(|block| match block.term {
        Term::Return(Some(value @ Operand::Local(_))) => Some(value),
        _ => None,
    })
}

/// What values are put together from.
struct Parts<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    inventory: &'a Inventory,
    names: BTreeSet<String>,
    open: bool,
    fuel: u32,
}

impl<'p> Parts<'_, 'p, '_> {
    fn class(&self, name: &str) -> Option<Class> {
        self.inventory.class_of(name)
    }

    fn of(&mut self, f: FuncRef<'p>, value: Operand, depth: u32, calls: u32) {
        let Operand::Local(local) = value else {
            return;
        };
        let info = f.func.locals.get(local.index());
        let name = info.and_then(|l| l.name).map(|n| f.file.facts.str(n));
        if let Some(name) = name.filter(|name| self.class(name).is_some()) {
            self.names.insert(plain(name));
            return;
        }
        if depth >= DEPTH || self.fuel == 0 {
            self.open = true;
            return;
        }
        self.fuel -= 1;
        let mut written = false;
        for (at, instr) in f.writers(local) {
            written = true;
            self.instr(f, at, instr, depth, calls);
        }
        self.open |= !written;
    }

    fn instr(&mut self, f: FuncRef<'p>, at: usize, instr: &Instr, depth: u32, calls: u32) {
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.of(f, from, depth + 1, calls);
            }
            Instr::Load {
                key: Key::Field(name),
                ..
            } => {
                let name = f.file.facts.str(name);
                if self.class(name).is_some() {
                    self.names.insert(plain(name));
                } else {
                    self.open |= !COUNTS.contains(&name);
                }
            }
            Instr::Template { operands, .. } => {
                for operand in f.func.operands(operands) {
                    self.of(f, *operand, depth + 1, calls);
                }
            }
            Instr::Op { op, operands, .. } => {
                // What comparisons and sums give tells nothing of what they were given.
                if matches!(op, OpKind::Add | OpKind::Select | OpKind::ToString) {
                    for operand in f.func.operands(operands) {
                        self.of(f, *operand, depth + 1, calls);
                    }
                }
                self.open |= matches!(op, OpKind::Rest);
            }
            Instr::Object { parts, .. } | Instr::Array { parts, .. } => {
                for part in f.func.parts(parts) {
                    self.part(f, part.key, part.value, depth, calls);
                }
            }
            Instr::Call {
                callee, this, args, ..
            } => {
                let name = inventory::member_before(f, callee, at).unwrap_or_default();
                if SAME.contains(&plain(&name).as_str()) {
                    let args = f.func.args(args).iter().map(|a| a.value);
                    for value in args.chain(this) {
                        self.of(f, value, depth + 1, calls);
                    }
                    return;
                }
                self.made_by(f, callee, depth, calls);
            }
            Instr::Closure { .. } => {}
            _ => self.open = true,
        }
    }

    /// A part of an object: under the name of data stands that data, where it is taken from something.
    fn part(&mut self, f: FuncRef<'p>, key: PartKey, value: Operand, depth: u32, calls: u32) {
        let PartKey::Field(name) = key else {
            match key {
                PartKey::Next => self.of(f, value, depth + 1, calls),
                _ => self.open = true,
            }
            return;
        };
        let name = f.file.facts.str(name);
        let Operand::Local(local) = value else {
            return;
        };
        if self.class(name).is_some() && taken(f, local) {
            self.names.insert(plain(name));
        } else {
            self.of(f, value, depth + 1, calls);
        }
    }

    /// What a function of the program gives.
    fn made_by(&mut self, f: FuncRef<'p>, callee: Operand, depth: u32, calls: u32) {
        let program = self.origins.program;
        let mut known = false;
        for val in self.origins.of_operand(f.id, callee) {
            let Some(Val::Func(func)) = self.origins.val(*val) else {
                continue;
            };
            if calls >= FUNCTIONS {
                continue;
            }
            known = true;
            let target = program.func(func);
            for value in returned(target) {
                self.of(target, value, depth + 1, calls + 1);
            }
        }
        self.open |= !known;
    }
}

/// Members that tell of something what is no part of it.
const COUNTS: [&str; 8] = [
    "length",
    "size",
    "id",
    "pk",
    "status",
    "statusCode",
    "status_code",
    "count",
];

/// Whether a value is read off something, a variable, or a parameter, and not made on the spot.
fn taken(f: FuncRef<'_>, local: LocalId) -> bool {
    let mut writers = f.writers(local).peekable();
    writers.peek().is_none()
        || writers.any(|(_, instr)| {
            matches!(
                instr,
                // A constant in its place says nothing of it: `password: set ? '***' : undefined`.
                Instr::Load { .. }
                    | Instr::LoadVar { .. }
                    | Instr::Copy {
                        from: Operand::Local(_),
                        ..
                    }
                    | Instr::Await { .. }
            )
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn letters_are_told_by_their_folders() {
        assert!(super::is_mail(
            "plugins/user_email/default_email_templates/gift_card.html"
        ));
        assert!(!super::is_mail("app/views/profile.html"));
    }

    #[test]
    fn ways_of_writing_are_one_name() {
        assert_eq!(super::plain("first_name"), super::plain("FirstName"));
    }
}
