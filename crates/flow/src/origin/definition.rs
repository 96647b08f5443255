//! Functions that a program keeps on what says what its records are, and finds on what a library makes of that: `schema.statics.byName =
//! …`, then `model('User', schema).byName(…)`, elsewhere `model('User').byName(…)`.
//!
//! All definitions of a library have one path; each call that makes one therefore makes an object of its own beside it.

use super::call::CallSite;
use super::registry::KEEPER;
use super::solve::{Frame, NodeId, Solver};
use super::value::{Val, ValSet};
use crate::apipath::PathId;
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_model::path::{ArgIndex, Port, PortBase};

/// Numbers of definitions, and of what holds their functions, apart from those of instructions and of containers.
const DEFINITION: u32 = 3 << 30;
/// The first bit of the number of a holder.
const HOLDER_BIT: u32 = 26;
/// Holders of one definition.
const HOLDERS: usize = 8;
/// The holder of what is kept by name.
const NAMES: u32 = 2;

impl<'p> Solver<'p, '_> {
    /// A call makes a definition, and is perhaps given functions for it.
    pub(super) fn define(
        &mut self,
        frame: Frame<'p>,
        site: &CallSite,
        members: &[String],
        from: Option<&Port>,
    ) {
        let Some(to) = site.to else { return };
        let given = from.map_or_else(ValSet::new, |from| self.port_read(frame, site, from));
        let definition = self.vals.id(Val::Object(frame.f.id, DEFINITION | to.0));
        self.set(frame, to, &[definition]);
        for (index, member) in members.iter().take(HOLDERS).enumerate() {
            let Some(sym) = self.program.symbols.find(member) else {
                continue;
            };
            let number = DEFINITION | ((to_u32(index) + 1) << HOLDER_BIT) | to.0;
            let holder = self.vals.id(Val::Object(frame.f.id, number));
            self.store(frame, definition, sym, &[holder]);
            for from in self.load_all(frame, &given, sym) {
                self.copy_members(frame, from, holder);
            }
        }
    }

    /// A call keeps something under a name, and gives what is kept under it anywhere.
    pub(super) fn register(
        &mut self,
        frame: Frame<'p>,
        site: &CallSite,
        name: &Port,
        value: &Port,
    ) {
        let Some(to) = site.to else { return };
        let mut given = self.port_read(frame, site, value);
        given.retain(|val| !matches!(self.vals.get(*val), Some(Val::Api(_))));
        self.set(frame, to, &given);
        let PortBase::Arg(ArgIndex::At(at)) = name.base else {
            return;
        };
        let sym = self.key_given(frame, site, at);
        if sym != Sym::ANY {
            let node = self.registered(sym);
            self.add_all(node, &given);
            let known = self.get_shared(node);
            self.set(frame, to, &known);
        }
    }

    fn registered(&mut self, name: Sym) -> NodeId {
        let holder = self.vals.id(Val::Object(FuncId(u32::MAX), NAMES));
        self.field_node(holder, name)
    }

    /// `mongoose.models.User`: what is kept under the name of a member.
    pub(super) fn kept_by_registry(&mut self, keeper: PathId, name: Sym) -> ValSet {
        if name == Sym::ANY || self.paths.last_member(keeper) != KEEPER {
            return ValSet::new();
        }
        let node = self.registered(name);
        self.get_shared(node)
    }
}
