//! Values of the start of a program: texts, functions with what they captured, objects by where they were made.

use crate::limits;
use casemate_flow::apipath::PathId;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{FuncId, Site};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::rc::Rc;

/// The variables of one call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FrameId(pub u32);

/// An object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ObjId(pub u32);

/// One thing that a place holds.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum V {
    /// A text; a hole is written as [`HOLE`].
    Text(Rc<str>),
    /// A regular expression.
    Pattern(Rc<str>),
    /// A number.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// Nothing.
    Null,
    /// A function and the call that made it.
    Func(FuncId, Option<FrameId>),
    /// A class and the call that made it.
    Class(ClassIdx, Option<FrameId>),
    /// A value of a package.
    Api(PathId),
    /// An object.
    Object(ObjId),
    /// The namespace of a module.
    Namespace(u32),
    /// More than [`limits::ALTERNATIVES`]: the rest is not known.
    More,
}

/// What stands for the unknown parts of a text.
pub(crate) const HOLE: &str = "{?}";

/// What a place may hold; empty: not known.
pub(crate) type Value = SmallVec<[V; 1]>;

/// One value.
pub(crate) fn one(v: V) -> Value {
    let mut value = Value::new();
    value.push(v);
    value
}

/// Adds what another place may hold; [`V::More`] says that something did not fit.
pub(crate) fn join(into: &mut Value, from: &[V]) {
    for v in from {
        if into.contains(v) {
            continue;
        }
        match into.len().cmp(&limits::ALTERNATIVES) {
            Ordering::Less => into.push(v.clone()),
            Ordering::Equal => into.push(V::More),
            Ordering::Greater => {}
        }
    }
}

/// What an object is.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Kind {
    /// An object literal, or whatever else has only members.
    Plain,
    /// An array: its members are named by position.
    Array,
    /// An instance of a class.
    Instance(ClassIdx),
    /// An instance that a plain function made.
    Constructed(FuncId),
    /// Made by a package.
    Made(Made),
}

/// What a package made.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Made {
    /// As which value.
    pub path: PathId,
    /// The object whose method made it.
    pub from: Option<ObjId>,
    /// Where.
    pub site: Site,
    /// Given what.
    pub args: Vec<Value>,
    /// The class on which it was asked for: `Orders.as_view()`.
    pub class: Option<ClassIdx>,
}

/// An object with its members in order of arrival.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Obj {
    pub kind: Kind,
    pub fields: Vec<(Rc<str>, Value)>,
    /// It may have members that are not among them.
    pub open: bool,
}

impl Obj {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            fields: Vec::new(),
            open: false,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|(n, _)| &**n == name)
            .map(|(_, v)| v)
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        match self.fields.iter().position(|(n, _)| &**n == name) {
            Some(at) => {
                if let Some((_, known)) = self.fields.get_mut(at) {
                    *known = value;
                }
            }
            None if self.fields.len() < limits::OBJECT_FIELDS => {
                self.fields.push((Rc::from(name), value));
            }
            None => {}
        }
    }

    pub(crate) fn push(&mut self, value: Value) {
        let name = self.fields.len().to_string();
        self.set(&name, value);
    }
}

/// The texts among some values.
pub(crate) fn texts(value: &[V]) -> Vec<Rc<str>> {
    value
        .iter()
        .filter_map(|v| match v {
            V::Text(text) => Some(Rc::clone(text)),
            V::Pattern(pattern) => Some(Rc::from(format!("/{pattern}/"))),
            _ => None,
        })
        .collect()
}

/// Whether a value is certainly truthy or falsy. What packages make is taken for something: that both branches are run after
/// each answer of a library leaves too many guards uncertain (on unread backends a tenth of the known logins), and a branch that is only run where
/// a library says no is missed for it.
pub(crate) fn truth(value: &[V]) -> Option<bool> {
    match value {
        [V::Text(text)] if !text.contains(HOLE) => Some(!text.is_empty()),
        [V::Number(n)] => Some(*n != 0.0),
        [V::Bool(b)] => Some(*b),
        [V::Null] => Some(false),
        [V::Func(..) | V::Class(..) | V::Object(_) | V::Pattern(_) | V::Namespace(_)] => Some(true),
        _ => None,
    }
}
