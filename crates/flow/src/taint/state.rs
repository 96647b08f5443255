//! The state at a point of a function: locals, objects, overwritten variables.

use super::heap::{Obj, ObjKind, join_slot};
use super::place::PortPath;
use super::value::{ObjId, Value};
use std::sync::Arc;

/// An overwritten variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Var {
    /// Which.
    pub port: PortPath,
    /// Its value here.
    pub value: Value,
    /// It has no other.
    pub definite: bool,
}

/// A state.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct State {
    /// Locals that live across blocks, by slot.
    pub locals: Vec<Value>,
    /// Objects by id; absent: not made on the way here.
    pub heap: Vec<Option<Arc<Obj>>>,
    /// Captured and module variables written here.
    pub vars: Vec<Var>,
}

impl State {
    /// The object.
    #[must_use]
    pub fn obj(&self, id: ObjId) -> Option<&Obj> {
        self.heap.get(id.0 as usize)?.as_deref()
    }

    /// The object, to be changed; made when absent.
    pub fn obj_mut(&mut self, id: ObjId, kind: ObjKind) -> &mut Obj {
        let index = id.0 as usize;
        if self.heap.len() <= index {
            self.heap.resize(index + 1, None);
        }
        #[expect(clippy::indexing_slicing, reason = "resized just above")]
        let slot = &mut self.heap[index];
        let obj = Arc::make_mut(slot.get_or_insert_with(|| Arc::new(Obj::new(kind))));
        obj.changes();
        obj
    }

    /// An overwritten variable.
    #[must_use]
    pub fn var(&self, port: &PortPath) -> Option<&Var> {
        self.vars
            .binary_search_by(|v| v.port.cmp(port))
            .ok()
            .and_then(|i| self.vars.get(i))
    }

    /// Overwrites a variable.
    pub fn set_var(&mut self, port: PortPath, value: Value) {
        match self.vars.binary_search_by(|v| v.port.cmp(&port)) {
            Ok(at) => {
                if let Some(var) = self.vars.get_mut(at) {
                    var.value = value;
                    var.definite = true;
                }
            }
            Err(at) => self.vars.insert(
                at,
                Var {
                    port,
                    value,
                    definite: true,
                },
            ),
        }
    }

    /// Joins another state in; whether anything changed.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (mine, theirs) in self.locals.iter_mut().zip(&other.locals) {
            changed |= join_slot(mine, theirs);
        }
        if self.heap.len() < other.heap.len() {
            self.heap.resize(other.heap.len(), None);
        }
        for (index, mine) in self.heap.iter_mut().enumerate() {
            let theirs = other.heap.get(index).and_then(Option::as_ref);
            match (mine.as_mut(), theirs) {
                (None, Some(theirs)) => {
                    let mut obj = Arc::clone(theirs);
                    if matches!(obj.kind, ObjKind::Symbolic(_)) {
                        weaken(&mut obj);
                    }
                    *mine = Some(obj);
                    changed = true;
                }
                (Some(mine), Some(theirs)) => {
                    if !Arc::ptr_eq(mine, theirs) && **mine != **theirs {
                        changed |= Arc::make_mut(mine).join(theirs);
                    }
                }
                (Some(mine), None) => {
                    if matches!(mine.kind, ObjKind::Symbolic(_)) {
                        changed |= weaken(mine);
                    }
                }
                (None, None) => {}
            }
        }
        for var in &mut self.vars {
            if var.definite && other.var(&var.port).is_none() {
                var.definite = false;
                changed = true;
            }
        }
        for theirs in &other.vars {
            match self.vars.binary_search_by(|v| v.port.cmp(&theirs.port)) {
                Ok(at) => {
                    if let Some(mine) = self.vars.get_mut(at) {
                        changed |= mine.value.join(&theirs.value);
                        if mine.definite && !theirs.definite {
                            mine.definite = false;
                            changed = true;
                        }
                    }
                }
                Err(at) => {
                    let mut var = theirs.clone();
                    var.definite = false;
                    self.vars.insert(at, var);
                    changed = true;
                }
            }
        }
        changed
    }
}

/// On the other path the place holds what it held before.
fn weaken(obj: &mut Arc<Obj>) -> bool {
    if obj.fields.iter().all(|f| !f.definite) {
        return false;
    }
    for field in &mut Arc::make_mut(obj).fields {
        field.definite = false;
    }
    true
}
