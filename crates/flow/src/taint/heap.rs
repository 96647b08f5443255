//! Abstract objects.

use super::place::PortPath;
use super::taint_set::Union;
use super::value::{ObjId, Taint, Value};
use crate::limits;
use crate::program::ClassIdx;
use crate::result::FuncId;
use crate::symbol::Sym;
use rustc_hash::FxHashSet;
use std::sync::{Arc, OnceLock};

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjKind {
    /// An object, array or instance of a plain function.
    Plain,
    /// The box of a captured variable: its content is `any`.
    Box,
    /// A function value; its fields are what it captures, by index.
    Closure(FuncId),
    /// An instance of a class.
    Instance(ClassIdx),
    /// Whatever a symbolic place holds; only what was written or refined here stands in it.
    Symbolic(PortPath),
}

/// An own member.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Its name.
    pub sym: Sym,
    /// Its value.
    pub value: Value,
    /// Nothing else can be there: reading it needs no look at what the object held before.
    pub definite: bool,
}

/// An object.
#[derive(Clone, Debug)]
pub struct Obj {
    /// What it is.
    pub kind: ObjKind,
    /// Own members by name.
    pub fields: Vec<Field>,
    /// Members at unknown keys.
    pub any: Value,
    /// Its members taken together, once somebody asked.
    together: OnceLock<Together>,
}

/// What all members of an object hold.
#[derive(Clone, Default, Debug)]
pub struct Together {
    /// Their taints.
    pub taints: Option<Arc<Vec<Taint>>>,
    /// What they are, in order, each once.
    pub below: Vec<Below>,
}

/// An object that a member is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Below {
    /// An object of the heap.
    Object(ObjId),
    /// Whatever object stands for a place.
    Place(PortPath),
}

impl PartialEq for Obj {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.fields == other.fields && self.any == other.any
    }
}

impl Obj {
    /// All members taken together.
    #[must_use]
    pub fn together(&self) -> &Together {
        self.together.get_or_init(|| {
            let mut union = Union::default();
            let mut below = Vec::new();
            let mut seen = FxHashSet::default();
            for value in self.fields.iter().map(|f| &f.value).chain([&self.any]) {
                union.add(value.taints.as_ref());
                let objects = value.refs.iter().map(|&id| Below::Object(id));
                let places = value.identities().map(Below::Place);
                below.extend(objects.chain(places).filter(|b| seen.insert(*b)));
            }
            Together {
                taints: union.finish(),
                below,
            }
        })
    }

    /// What a member whose name is not known may be: all members joined, one after the other.
    #[must_use]
    pub fn any_member(&self) -> Value {
        let together = self.together();
        let mut out = Value {
            taints: together.taints.clone(),
            ..Value::default()
        };
        for below in &together.below {
            if let Below::Object(id) = below {
                out.refer(*id);
            }
        }
        out.refs.sort_unstable();
        let beside = Some(&self.any).filter(|any| !any.is_empty() || self.fields.is_empty());
        let mut members = self.fields.iter().map(|f| &f.value).chain(beside);
        out.consts = members.next().and_then(|first| first.consts.clone());
        for member in members {
            if out.consts.is_none() {
                break;
            }
            out.join_consts(member);
        }
        out
    }

    /// Members change.
    pub fn changes(&mut self) {
        self.together.take();
    }

    /// An empty object.
    #[must_use]
    pub fn new(kind: ObjKind) -> Self {
        Self {
            kind,
            fields: Vec::new(),
            any: Value::default(),
            together: OnceLock::new(),
        }
    }

    /// The own member.
    #[must_use]
    pub fn field(&self, sym: Sym) -> Option<&Field> {
        self.fields
            .binary_search_by_key(&sym, |f| f.sym)
            .ok()
            .and_then(|i| self.fields.get(i))
    }

    /// Writes a member.
    pub fn set(&mut self, sym: Sym, value: Value, strong: bool) {
        self.changes();
        if sym == Sym::ANY {
            self.any.join(&value);
            // It may be any member that there is by now. Elements keep their place: lists grow at their end.
            for field in &mut self.fields {
                field.definite &= field.sym.as_index().is_some();
            }
            return;
        }
        match self.fields.binary_search_by_key(&sym, |f| f.sym) {
            Ok(at) => {
                if let Some(field) = self.fields.get_mut(at) {
                    if strong {
                        *field = Field {
                            sym,
                            value,
                            definite: true,
                        };
                    } else {
                        field.value.join(&value);
                    }
                }
            }
            Err(_) if self.fields.len() >= limits::OBJECT_FIELDS => {
                self.any.join(&value);
            }
            Err(at) => self.fields.insert(
                at,
                Field {
                    sym,
                    value,
                    definite: strong,
                },
            ),
        }
    }

    /// Joins what the object is on another path.
    pub fn join(&mut self, other: &Self) -> bool {
        self.changes();
        let mut changed = false;
        for field in &mut self.fields {
            if field.definite && other.field(field.sym).is_none() {
                field.definite = false;
                changed = true;
            }
        }
        for theirs in &other.fields {
            match self.fields.binary_search_by_key(&theirs.sym, |f| f.sym) {
                Ok(at) => {
                    if let Some(mine) = self.fields.get_mut(at) {
                        changed |= mine.value.join(&theirs.value);
                        if mine.definite && !theirs.definite {
                            mine.definite = false;
                            changed = true;
                        }
                    }
                }
                Err(at) => {
                    self.fields.insert(
                        at,
                        Field {
                            sym: theirs.sym,
                            value: theirs.value.clone(),
                            definite: false,
                        },
                    );
                    changed = true;
                }
            }
        }
        if !other.any.is_empty() || !self.any.is_empty() {
            changed |= join_slot(&mut self.any, &other.any);
        }
        changed
    }
}

/// Joins where an empty value means "never written".
pub fn join_slot(mine: &mut Value, theirs: &Value) -> bool {
    if theirs.is_empty() {
        return false;
    }
    if mine.is_empty() {
        *mine = theirs.clone();
        return true;
    }
    mine.join(theirs)
}
