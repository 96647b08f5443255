//! The keys of objects, as values: `Object.keys(o)`, `for (k in o)`, `d.items()`.

use super::heap::ObjKind;
use super::interp::Interp;
use super::taint_set::Union;
use super::value::{Taint, Value};

/// The mark of what is made of the keys of an object: of what a caller gives, its members count only where the keys that they
/// stand under are not known. Of two ways it holds where it holds of both.
pub(crate) const KEYS: u16 = 1 << 10;

impl Interp<'_> {
    /// What the keys of a value are made of. Keys that the program names are its own, whatever they hold; those of an object
    /// from outside, and those under which something from outside was written by a name that is not known, are not. What a
    /// class or a schema named the fields of has no other ones.
    pub(super) fn keys_of(&self, value: &Value) -> Value {
        let mut union = Union::default();
        union.add(value.taints.as_ref());
        let places = value.identities().filter_map(|p| self.place_obj(&p));
        for id in value.refs.iter().copied().chain(places) {
            let Some(any) = self.state.obj(id).map(|obj| &obj.any) else {
                continue;
            };
            union.add(any.taints.as_ref());
            // What was put there is often a record with the key in it. Further down, nothing tells of the key any more.
            let records = any.refs.iter().filter_map(|id| self.state.obj(*id));
            for record in records.filter(|r| !matches!(r.kind, ObjKind::Closure(_))) {
                union.add(record.together().taints.as_ref());
            }
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
