//! What `get_permissions` of a class asks for one action: `if self.action == 'list': return [AllowAny()]`.
//!
//! The method is gone through for the action at hand, from its head to the return that is reached. What hangs on anything else than
//! the name of the action or the method of the request is not told.
//! Source: <https://www.django-rest-framework.org/api-guide/viewsets/#introspecting-viewset-actions>.

use super::{elements, written_name};
use casemate_flow::program::FuncRef;
use casemate_ir::{Const, Instr, Key, LocalId, OpKind, Operand, PartKey, Term};
use rustc_hash::FxHashMap;

/// Blocks that are gone through: a list and the loop over it are a handful.
const BLOCKS: usize = 40;

/// The method of a request by which an action is reached.
const METHODS: [(&str, &str); 11] = [
    ("list", "get"),
    ("retrieve", "get"),
    ("create", "post"),
    ("update", "put"),
    ("partial_update", "patch"),
    ("destroy", "delete"),
    ("get", "get"),
    ("post", "post"),
    ("put", "put"),
    ("patch", "patch"),
    ("delete", "delete"),
];

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// These classes, as values of the method.
    These(Vec<Operand>),
    /// What the class lists, or what it has from above.
    Listed,
}

/// What a value is, as far as it matters here.
#[derive(Clone)]
enum Item {
    /// The name of the action.
    Action,
    /// The method of the request.
    Method,
    Text(String),
    Texts(Vec<String>),
    Truth(bool),
    /// A list of classes, or of objects of them.
    Classes(Vec<Operand>),
    /// One of them.
    Each(Vec<Operand>),
    /// What the class lists.
    Listed,
    /// One of them.
    EachListed,
    /// A table by the action: its keys, and the lists under them.
    Table(Vec<(String, Operand)>),
    /// Whether a loop goes on.
    Next,
    /// What is above the class.
    Above,
}

/// What a method asks for an action; absent: that hangs on something else.
pub(super) fn asked(f: FuncRef<'_>, action: &str) -> Option<Asked> {
    let mut walk = Walk {
        f,
        action,
        items: FxHashMap::default(),
        set: None,
    };
    let mut at = 0;
    let mut seen = vec![0_u8; f.func.blocks.len()];
    for _ in 0..BLOCKS {
        let block = f.func.blocks.get(at)?;
        let times = seen.get_mut(at)?;
        *times += 1;
        for instr in f.func.instrs.get(block.instrs.range())? {
            walk.instr(instr);
        }
        at = match block.term {
            Term::Goto(next) => next.index(),
            Term::Branch { cond, yes, no } => match walk.item(cond)? {
                Item::Truth(true) => yes.index(),
                Item::Truth(false) => no.index(),
                // One round for all elements.
                Item::Next if *seen.get(at)? == 1 => yes.index(),
                Item::Next => no.index(),
                _ => return None,
            },
            Term::Return(Some(value)) => return walk.result(value),
            _ => return None,
        };
    }
    None
}

struct Walk<'a, 'p> {
    f: FuncRef<'p>,
    action: &'a str,
    items: FxHashMap<LocalId, Item>,
    /// What was written to `self.permission_classes` on the way.
    set: Option<Item>,
}

impl Walk<'_, '_> {
    fn item(&self, operand: Operand) -> Option<Item> {
        match operand {
            Operand::Local(local) => self.items.get(&local).cloned(),
            Operand::Const(id) => match self.f.file.facts.constant(id) {
                Const::Str(text) => Some(Item::Text(self.f.file.facts.str(*text).to_owned())),
                Const::Bool(truth) => Some(Item::Truth(*truth)),
                _ => None,
            },
        }
    }

    fn method(&self) -> Option<&'static str> {
        let mut known = METHODS.iter();
        known.find(|(name, _)| *name == self.action).map(|m| m.1)
    }

    fn is_self(&self, operand: Operand) -> bool {
        self.f.func.this.map(Operand::Local) == Some(operand)
    }

    fn result(&self, value: Operand) -> Option<Asked> {
        match self.item(value)? {
            Item::Classes(list) | Item::Each(list) => Some(Asked::These(list)),
            Item::Listed | Item::EachListed => Some(Asked::Listed),
            _ => None,
        }
    }

    fn listed(&self) -> Item {
        self.set.clone().unwrap_or(Item::Listed)
    }

    fn instr(&mut self, instr: &Instr) {
        let made = match *instr {
            Instr::Copy { from, .. } => self.item(from),
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => self.member(base, self.f.file.facts.str(name)),
            Instr::Load {
                base,
                key: Key::Computed(key),
                ..
            } => self.looked_up(base, key),
            Instr::Store {
                base,
                key: Key::Field(name),
                value,
            } => {
                if self.is_self(base) && self.f.file.facts.str(name) == "permission_classes" {
                    // Something that is not understood takes the place of what was known.
                    self.set = Some(self.item(value).unwrap_or(Item::Next));
                }
                return;
            }
            // `[permission() for permission in …]` puts into its list what the loop makes.
            Instr::Store {
                base: Operand::Local(list),
                value,
                ..
            } => {
                if let Some(each @ (Item::Each(_) | Item::EachListed)) = self.item(value) {
                    self.items.insert(list, each);
                }
                return;
            }
            Instr::Array { parts, .. } => self.array(parts),
            Instr::Object { parts, .. } => {
                let parts = self.f.func.parts(parts).iter();
                let table: Option<Vec<(String, Operand)>> = parts
                    .map(|part| match part.key {
                        PartKey::Field(name) => {
                            Some((self.f.file.facts.str(name).to_owned(), part.value))
                        }
                        _ => None,
                    })
                    .collect();
                table.map(Item::Table)
            }
            Instr::Op { op, operands, .. } => self.op(op, self.f.func.operands(operands)),
            Instr::IterNext { of, .. } => match self.item(of) {
                Some(Item::Classes(list)) => Some(Item::Each(list)),
                Some(Item::Listed) => Some(Item::EachListed),
                _ => None,
            },
            Instr::Call { callee, args, .. } => self.call(callee, self.f.func.args(args)),
            _ => None,
        };
        let Some(to) = instr.target() else { return };
        match made {
            Some(item) => self.items.insert(to, item),
            None => self.items.remove(&to),
        };
    }

    fn member(&self, base: Operand, name: &str) -> Option<Item> {
        match name {
            "action" if self.is_self(base) => Some(Item::Action),
            "permission_classes" if self.is_self(base) => Some(self.listed()),
            "__super__" if self.is_self(base) => Some(Item::Above),
            "method" if written_name(self.f, base) == Some("request") => Some(Item::Method),
            "get_permissions" if matches!(self.item(base), Some(Item::Above)) => Some(Item::Above),
            _ => None,
        }
    }

    fn looked_up(&self, base: Operand, key: Operand) -> Option<Item> {
        let (Some(Item::Table(table)), Some(Item::Action)) = (self.item(base), self.item(key))
        else {
            return None;
        };
        let (_, list) = table.into_iter().find(|(name, _)| name == self.action)?;
        self.item(list).or_else(|| self.classes(list))
    }

    fn classes(&self, list: Operand) -> Option<Item> {
        elements(self.f, list).map(Item::Classes)
    }

    fn array(&self, parts: casemate_ir::Range32) -> Option<Item> {
        let parts = self.f.func.parts(parts);
        let texts: Option<Vec<String>> = parts
            .iter()
            .map(|part| match self.item(part.value) {
                Some(Item::Text(text)) => Some(text),
                _ => None,
            })
            .collect();
        match texts {
            Some(texts) if !texts.is_empty() => Some(Item::Texts(texts)),
            _ => Some(Item::Classes(
                parts.iter().map(|part| self.class_of(part.value)).collect(),
            )),
        }
    }

    /// `A()` is told by its class.
    fn class_of(&self, value: Operand) -> Operand {
        match self.f.made_by(value) {
            Some(Instr::Call { callee, .. }) => *callee,
            _ => value,
        }
    }

    fn call(&self, callee: Operand, args: &[casemate_ir::Arg]) -> Option<Item> {
        match self.item(callee) {
            Some(Item::Above) => return Some(self.listed()),
            Some(each @ (Item::Each(_) | Item::EachListed)) => return Some(each),
            _ => {}
        }
        let name = written_name(self.f, callee)?;
        let first = args.first().map(|arg| arg.value)?;
        match name {
            // `super().get_permissions()` of older forms, `list(…)`, `tuple(…)`
            "list" | "tuple" => self.item(first),
            // `TABLE.get(self.action, default)`
            "get" => {
                let table = self.f.read_off(callee)?;
                self.looked_up(table, first).or_else(|| {
                    match (self.item(table), self.item(first)) {
                        (Some(Item::Table(_)), Some(Item::Action)) => {
                            let default = args.get(1)?.value;
                            self.item(default).or_else(|| self.classes(default))
                        }
                        _ => None,
                    }
                })
            }
            "lower" | "upper" => self.item(self.f.read_off(callee)?),
            _ => None,
        }
    }

    fn op(&self, op: OpKind, operands: &[Operand]) -> Option<Item> {
        match (op, operands) {
            (OpKind::Select, _) => {
                let one = |operand: &Operand| self.item(*operand);
                let all: Vec<Option<Item>> = operands.iter().map(one).collect();
                matches!(
                    all.as_slice(),
                    [Some(Item::Truth(true)), Some(Item::Truth(false))]
                )
                .then_some(Item::Next)
            }
            (OpKind::Not, [inner]) => match self.item(*inner)? {
                Item::Truth(truth) => Some(Item::Truth(!truth)),
                _ => None,
            },
            (OpKind::Eq | OpKind::StrictEq, [a, b]) => self.is_one_of(*a, *b).map(Item::Truth),
            (OpKind::Ne | OpKind::StrictNe, [a, b]) => {
                self.is_one_of(*a, *b).map(|is| Item::Truth(!is))
            }
            (OpKind::In, [a, b]) => self.is_one_of(*a, *b).map(Item::Truth),
            // `A & B`, `A | B` of classes are classes.
            _ => None,
        }
    }

    fn is_one_of(&self, a: Operand, b: Operand) -> Option<bool> {
        let (a, b) = (self.item(a)?, self.item(b)?);
        let (asked, texts) = match (a, b) {
            (asked @ (Item::Action | Item::Method), Item::Text(text))
            | (Item::Text(text), asked @ (Item::Action | Item::Method)) => (asked, vec![text]),
            (asked @ (Item::Action | Item::Method), Item::Texts(texts)) => (asked, texts),
            _ => return None,
        };
        let own = match asked {
            Item::Action => self.action,
            _ => self.method()?,
        };
        Some(texts.iter().any(|text| text.eq_ignore_ascii_case(own)))
    }
}
