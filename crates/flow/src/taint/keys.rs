//! The keys of objects, as values: `Object.keys(o)`, `for (k in o)`, `d.items()`.

use super::interp::Interp;
use super::taint_set::Union;
use super::value::{Taint, Value};
use smallvec::SmallVec;

/// The mark of what is made of the keys of an object: of what a caller gives, its members count only where the keys that they
/// stand under are not known. Of two ways it holds where it holds of both.
pub(crate) const KEYS: u16 = 1 << 10;

impl Interp<'_> {
    /// What the keys of a value are made of. Keys that the program names are its own, whatever they hold; those of an object
    /// from outside, and those under which something from outside was written by a name that is not known, are not. What a
    /// class or a schema named the fields of has no other ones.
    pub(super) fn keys_of(&mut self, value: &Value) -> Value {
        let places = value.identities().filter_map(|p| self.place_obj(&p));
        let objects = value.refs.iter().copied().chain(places);
        let unnamed: SmallVec<[Value; 2]> = objects
            .filter_map(|id| Some(self.state.obj(id)?.any.clone()))
            .collect();
        let mut union = Union::default();
        union.add(value.taints.as_ref());
        for any in &unnamed {
            union.add(self.deep(any).taints.as_ref());
        }
        let mut out = Value {
            taints: union.finish(),
            ..Value::default()
        };
        out.taints = out.map_taints(|t| {
            (!t.clean.has(self.k.keys)).then_some(Taint {
                notes: t.notes | KEYS,
                ..t
            })
        });
        out
    }
}
