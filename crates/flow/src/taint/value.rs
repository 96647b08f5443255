//! Abstract values: taints, references to objects, constants.

use super::access::{BESIDE, BY_KEY};
use super::keys::KEYS;
use super::last_part::LAST_PART;
use super::place::{PortBase, PortPath};
use super::taint_set::TaintSet;
use super::trace::TraceRef;
use crate::limits;
use crate::result::{FuncId, Note};
use casemate_ir::Span;
use casemate_model::kind::{KindSet, Shape, SourceKind};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::sync::Arc;

/// A place where data comes from outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SourceRef {
    /// The function that reads it.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// What kind.
    pub kind: SourceKind,
    /// What can arrive.
    pub shape: Shape,
}

/// Where a taint comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// From outside.
    Source(SourceRef),
    /// From whatever a symbolic place holds.
    Port(PortPath),
}

/// One taint of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taint {
    /// Where it comes from.
    pub origin: Origin,
    /// Sink kinds that it is clean for.
    pub clean: KindSet,
    /// The value is made from the origin, and is not the origin itself.
    pub derived: bool,
    /// Notes, one bit each.
    pub notes: u16,
    /// How it came here.
    pub trace: TraceRef,
}

impl Taint {
    /// The order in which a value keeps its taints; equal ones are kept once.
    #[inline]
    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.origin
            .cmp(&other.origin)
            .then(self.derived.cmp(&other.derived))
    }

    /// The place that the value is, unchanged.
    #[must_use]
    pub const fn identity(&self) -> Option<PortPath> {
        match self.origin {
            Origin::Port(port) if !self.derived => Some(port),
            _ => None,
        }
    }
}

/// Whether a way of two parts runs through a call that is not resolved in both. One such step is a guess that the result
/// was made of the arguments; two in a row are a guess upon a guess, and in public backends such findings were wrong. The
/// way is cut there, and counted.
#[must_use]
pub(super) const fn twice_unknown(first: u16, then: u16) -> bool {
    first & then & note_bit(Note::ViaUnknown) != 0
}

/// The bit of a note.
#[must_use]
pub const fn note_bit(note: Note) -> u16 {
    1 << note as u16
}

/// An object of a function's heap, or of a summary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjId(pub u32);

/// A constant.
#[derive(Clone, PartialEq, Debug)]
pub enum Konst {
    /// `undefined`.
    Undefined,
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string.
    Str(Arc<str>),
    /// A regular expression: pattern and flags.
    Regex(Arc<str>, Arc<str>),
    /// A string with holes: literal pieces, `None` for a hole. Never equal to anything for branching.
    Template(Arc<[Option<Arc<str>>]>),
    /// Something of which only its presence is known (an object, a function).
    Present,
}

impl Konst {
    /// Its truth value, where it is certain.
    #[must_use]
    pub fn truthy(&self) -> Option<bool> {
        match self {
            Self::Undefined | Self::Null => Some(false),
            Self::Bool(b) => Some(*b),
            Self::Number(n) => Some(*n != 0.0 && !n.is_nan()),
            Self::Str(s) => Some(!s.is_empty()),
            Self::Regex(..) | Self::Present => Some(true),
            Self::Template(parts) => parts
                .iter()
                .any(|p| p.as_ref().is_some_and(|s| !s.is_empty()))
                .then_some(true),
        }
    }
}

/// What a place may hold.
#[derive(PartialEq, Debug, Default)]
pub struct Value {
    /// Taints, sorted by origin and `derived`, one for each.
    pub taints: Option<Arc<Vec<Taint>>>,
    /// Objects that it may be.
    pub refs: SmallVec<[ObjId; 2]>,
    /// The constants that it may be; `None`: not known. Complete: nothing else may be there.
    pub consts: Option<Arc<[Konst]>>,
}

impl Clone for Value {
    fn clone(&self) -> Self {
        Self {
            taints: self.taints.clone(),
            refs: SmallVec::from_slice(&self.refs),
            consts: self.consts.clone(),
        }
    }
}

impl Value {
    /// A constant.
    #[must_use]
    pub fn constant(konst: Konst) -> Self {
        Self {
            taints: None,
            refs: SmallVec::new(),
            consts: Some(Arc::from([konst])),
        }
    }

    /// An object.
    #[must_use]
    pub fn object(id: ObjId) -> Self {
        Self {
            taints: None,
            refs: SmallVec::from_slice(&[id]),
            consts: None,
        }
    }

    /// One taint.
    #[must_use]
    pub fn tainted(taint: Taint) -> Self {
        Self {
            taints: Some(Arc::new(vec![taint])),
            refs: SmallVec::new(),
            consts: None,
        }
    }

    /// The taints.
    #[must_use]
    pub fn taints(&self) -> &[Taint] {
        self.taints.as_ref().map_or(&[], |t| t.as_slice())
    }

    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taints.is_none() && self.refs.is_empty() && self.consts.is_none()
    }

    /// The one constant that it is.
    #[must_use]
    pub fn single(&self) -> Option<&Konst> {
        match self.consts.as_deref() {
            Some([one]) if self.refs.is_empty() && self.taints.is_none() => Some(one),
            _ => None,
        }
    }

    /// The one string that it is.
    #[must_use]
    pub fn as_str(&self) -> Option<&Arc<str>> {
        match self.single() {
            Some(Konst::Str(s)) => Some(s),
            _ => None,
        }
    }

    /// Its truth value, where it is certain.
    #[must_use]
    pub fn truthy(&self) -> Option<bool> {
        if self.taints.is_some() || !self.refs.is_empty() {
            return None;
        }
        let consts = self.consts.as_deref()?;
        let mut answer = None;
        for konst in consts {
            let truth = konst.truthy()?;
            match answer {
                None => answer = Some(truth),
                Some(known) if known != truth => return None,
                Some(_) => {}
            }
        }
        answer
    }

    /// The places that the value is, unchanged.
    pub fn identities(&self) -> impl Iterator<Item = PortPath> + '_ {
        self.taints().iter().filter_map(Taint::identity)
    }

    /// Adds a taint; the same origin is kept once, clean only for what both are clean for.
    pub fn add_taint(&mut self, taint: Taint) -> bool {
        let set = self.taints.get_or_insert_with(|| Arc::new(Vec::new()));
        match set.binary_search_by(|t| t.order(&taint)) {
            Ok(at) => {
                let Some(old) = set.get(at) else { return false };
                let clean = old.clean.meet(taint.clean);
                let notes = join_notes(old.notes, taint.notes);
                if clean == old.clean && notes == old.notes {
                    return false;
                }
                if let Some(slot) = Arc::make_mut(set).get_mut(at) {
                    // The dirtier way is the one to show.
                    if clean != slot.clean {
                        slot.trace = taint.trace;
                    }
                    slot.clean = clean;
                    slot.notes = notes;
                }
                true
            }
            Err(at) => {
                if set.len() >= limits::TAINTS {
                    return false;
                }
                Arc::make_mut(set).insert(at, taint);
                true
            }
        }
    }

    /// Joins another value in; whether anything changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = self.join_taints(other);
        for &id in &other.refs {
            changed |= self.refer(id);
        }
        if other.refs.len() + self.refs.len() > 1 {
            self.refs.sort_unstable();
        }
        changed | self.join_consts(other)
    }

    /// Joins only the constants that another value may be in; whether anything changed.
    pub(super) fn join_consts(&mut self, other: &Self) -> bool {
        let Some(mine) = &self.consts else {
            return false;
        };
        let Some(theirs) = &other.consts else {
            self.consts = None;
            return true;
        };
        if Arc::ptr_eq(mine, theirs) || mine == theirs {
            return false;
        }
        let mut all: Vec<Konst> = mine.to_vec();
        for konst in theirs.iter() {
            if !all.contains(konst) {
                all.push(konst.clone());
            }
        }
        if all.len() == mine.len() {
            return false;
        }
        self.consts = (all.len() <= limits::CONSTANTS).then(|| Arc::from(all));
        true
    }

    /// Joins only the taints of another value in.
    pub fn join_taints(&mut self, other: &Self) -> bool {
        let Some(theirs) = &other.taints else {
            return false;
        };
        match &self.taints {
            None => {
                self.taints = Some(Arc::clone(theirs));
                return true;
            }
            Some(mine) if Arc::ptr_eq(mine, theirs) || !adds(mine, theirs) => return false,
            Some(_) => {}
        }
        let mut set = TaintSet::default();
        set.taints.extend_from_slice(self.taints());
        set.add(theirs.iter().copied(), |taint| taint.trace);
        self.taints = set.finish();
        true
    }

    /// Joins the taints and objects of another value in; the constants that it may be stay.
    pub fn join_parts(&mut self, other: Self) {
        self.join_taints(&other);
        for id in other.refs {
            self.refer(id);
        }
        self.refs.sort_unstable();
    }

    /// Adds an object that the value may be, the order aside; whether it was new.
    pub fn refer(&mut self, id: ObjId) -> bool {
        let new = self.refs.len() < limits::CALLEES && !self.refs.contains(&id);
        if new {
            self.refs.push(id);
        }
        new
    }

    /// The value with every taint changed; none when the set becomes empty.
    #[must_use]
    pub fn map_taints(
        &self,
        mut change: impl FnMut(Taint) -> Option<Taint>,
    ) -> Option<Arc<Vec<Taint>>> {
        let taints = self.taints.as_ref()?;
        // Most often nothing changes, and sets that are the same one are told to be so without a look.
        let mut changed: Option<TaintSet> = None;
        for (at, taint) in taints.iter().enumerate() {
            let new = change(*taint);
            if changed.is_none() && new.as_ref() == Some(taint) {
                continue;
            }
            let set = changed.get_or_insert_with(|| {
                let mut set = TaintSet::default();
                set.taints.reserve_exact(taints.len());
                set.taints
                    .extend_from_slice(taints.get(..at).unwrap_or(&[]));
                set
            });
            if let Some(new) = new {
                set.push(new);
            }
        }
        match changed {
            None => Some(Arc::clone(taints)),
            Some(set) => set.finish(),
        }
    }

    /// Whether any taint comes from a base that means the same everywhere, or from outside.
    #[must_use]
    pub fn has_absolute(&self) -> bool {
        self.taints().iter().any(|t| match t.origin {
            Origin::Source(_) => true,
            Origin::Port(port) => port.base().is_absolute(),
        })
    }
}

/// What is noted of two ways of one origin. That only a member was chosen by it, only keys are meant, or it stands last in a path
/// holds where it holds of both.
pub(super) fn join_notes(a: u16, b: u16) -> u16 {
    (a | b) & !(BY_KEY | BESIDE | KEYS | LAST_PART) | a & b
}

/// Whether joining `theirs` into `mine` would change anything: both are sorted, one walk tells.
pub(super) fn adds(mine: &[Taint], theirs: &[Taint]) -> bool {
    let full = mine.len() >= limits::TAINTS;
    let mut rest = mine.iter();
    let mut own = rest.next();
    for taint in theirs {
        loop {
            let Some(known) = own else { return !full };
            match known.order(taint) {
                Ordering::Less => own = rest.next(),
                Ordering::Equal => {
                    if known.clean.meet(taint.clean) != known.clean
                        || join_notes(known.notes, taint.notes) != known.notes
                    {
                        return true;
                    }
                    own = rest.next();
                    break;
                }
                Ordering::Greater if full => break,
                Ordering::Greater => return true,
            }
        }
    }
    false
}

/// The identity of a base.
#[must_use]
pub fn symbolic(base: PortBase, trace: TraceRef) -> Value {
    Value::tainted(Taint {
        origin: Origin::Port(PortPath::root(base)),
        clean: KindSet::EMPTY,
        derived: false,
        notes: 0,
        trace,
    })
}
