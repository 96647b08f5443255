//! What parameters hold while a function is read for a known call of it: whole, and by member where the call writes an object out.

use super::root::Roots;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_flow::symbol::Sym;
use casemate_ir::{Instr, LocalId, Operand, PartKey};
use rustc_hash::FxHashMap;

/// A parameter, or the receiver, of a function, and which member of it: [`WHOLE`], [`REST`], or one by name.
pub(crate) type Place = (FuncId, LocalId, Sym);

/// All of it.
pub(crate) const WHOLE: Sym = Sym::ANY;

/// Those members that no call names. Where nothing is said of them, members are not told apart.
pub(crate) const REST: Sym = Sym::NEXT;

/// Which function stands for the objects that a framework hands from function to function: `req.note`, in whatever function.
const HANDED: FuncId = FuncId(u32::MAX);

/// The place of a member of what a framework hands from function to function.
pub(crate) fn handed(name: Sym) -> Place {
    (HANDED, LocalId::from(0), name)
}

/// What places hold.
#[derive(Debug, Default)]
pub(crate) struct Bound(FxHashMap<Place, Roots>);

impl Bound {
    /// What a place holds, as far as something is known of it.
    pub(crate) fn get(&self, place: &Place) -> Option<Roots> {
        self.0.get(place).copied()
    }

    /// A parameter holds this and nothing else.
    pub(crate) fn put(&mut self, func: FuncId, local: LocalId, roots: Roots) {
        self.0.insert((func, local, WHOLE), roots);
    }

    /// A member of what a framework hands from function to function holds this.
    pub(crate) fn hand(&mut self, name: Sym, roots: Roots) -> Change {
        self.join(handed(name), roots)
    }

    /// A parameter holds this too.
    pub(crate) fn add(&mut self, func: FuncId, local: LocalId, roots: Roots) -> Change {
        // What is not written out may be any of its members.
        self.0.remove(&(func, local, REST));
        self.join((func, local, WHOLE), roots)
    }

    /// The same of an object that a call writes out.
    pub(crate) fn add_written(
        &mut self,
        func: FuncId,
        local: LocalId,
        written: &Written<Roots>,
    ) -> Change {
        let mut change = Change::default();
        let rest = self.get(&(func, local, REST));
        let told_apart = rest.is_some() || self.get(&(func, local, WHOLE)).is_none();
        if told_apart {
            let before = rest.unwrap_or_default();
            for (name, roots) in &written.members {
                self.0.entry((func, local, *name)).or_insert(before);
                change.and(self.join((func, local, *name), *roots));
            }
            self.0.insert((func, local, REST), before.and(written.rest));
        }
        let members = written.members.iter().map(|(_, roots)| *roots);
        let whole = members.fold(written.rest, Roots::and);
        change.and(self.join((func, local, WHOLE), whole));
        change
    }

    /// Takes out what a parameter holds, to be put back.
    pub(crate) fn take(&mut self, func: FuncId, local: LocalId) -> Vec<(Place, Roots)> {
        let of = |place: &Place| (place.0, place.1) == (func, local);
        let places: Vec<Place> = self.0.keys().filter(|place| of(place)).copied().collect();
        let held = places
            .into_iter()
            .filter_map(|place| Some((place, self.0.remove(&place)?)));
        held.collect()
    }

    /// Puts back what was taken out, in the place of what was put in since.
    pub(crate) fn restore(&mut self, func: FuncId, local: LocalId, held: Vec<(Place, Roots)>) {
        self.take(func, local);
        self.0.extend(held);
    }

    fn join(&mut self, place: Place, roots: Roots) -> Change {
        let held = self.0.entry(place).or_default();
        let before = *held;
        *held = before.and(roots);
        Change {
            any: before != *held,
            names: before.names != held.names,
        }
    }
}

/// What is new in what a parameter holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Change {
    /// Something is.
    pub any: bool,
    /// Names are, under which a client says it.
    pub names: bool,
}

impl Change {
    fn and(&mut self, other: Self) {
        self.any |= other.any;
        self.names |= other.names;
    }
}

/// An object that is written where it is used: its members by name, and what it is filled with besides (`{ ...input, id }`).
pub(crate) struct Written<T> {
    pub members: Vec<(Sym, T)>,
    pub rest: T,
}

/// The members of an object that is written where it is used; nothing where some of its keys are not known.
pub(crate) fn written(f: FuncRef<'_>, value: Operand) -> Option<Written<Vec<Operand>>> {
    let Some(Instr::Object { parts, .. }) = f.made_by(value) else {
        return None;
    };
    let mut out = Written {
        members: Vec::new(),
        rest: Vec::new(),
    };
    for part in f.func.parts(*parts) {
        match part.key {
            PartKey::Field(name) => out.members.push((f.sym(name), vec![part.value])),
            PartKey::Spread => out.rest.push(part.value),
            _ => return None,
        }
    }
    Some(out)
}
