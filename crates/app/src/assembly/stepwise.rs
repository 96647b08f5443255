//! What is registered step by step: procedures that are built by calls, chains of calls on one router.

use super::{Assembly, Way, What};
use crate::around::Around;
use crate::limits;
use crate::model::{Member, Stage};
use crate::startup::{Event, Kind, ObjId, STEP};
use casemate_flow::result::{FileIdx, Site};
use casemate_ir::{Instr, Operand, PartKey};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

impl Assembly<'_, '_, '_> {
    /// Where the last owner of a way is put below the one above it.
    pub(super) fn included(&self, way: &Way) -> Option<Site> {
        let (_, order, _) = way.levels.last()?;
        let event = self.started.events.get(order.0).filter(|_| order.1 > 0)?;
        Some(event.site)
    }

    /// What runs before the handlers of something that is built step by step; none where no step is known.
    pub(super) fn steps(&self, built: ObjId) -> Option<Vec<Member>> {
        let mut out = Vec::new();
        let mut some = false;
        let mut at = Some(built);
        for _ in 0..limits::MOUNT_DEPTH {
            let Some(id) = at else { break };
            for item in self.items.get(&id).into_iter().flatten() {
                let step = self.started.events.get(item.order.0);
                if let What::Passes { stage, around, .. } = &item.what
                    && step.is_some_and(|event| event.methods.iter().any(|m| m == STEP))
                {
                    some = true;
                    if id != built {
                        out.insert(
                            0,
                            self.member(item.site, stage.clone(), around.clone(), true),
                        );
                    }
                }
            }
            at = match self.started.objects.get(id.0 as usize).map(|o| &o.kind) {
                Some(Kind::Made(made)) => made.from,
                _ => None,
            };
        }
        some.then_some(out)
    }

    /// What is built step by step begins with something that is imported from code that is not here: what it asks for only its name
    /// tells.
    pub(super) fn begun_elsewhere(&self, event: &Event) -> Option<Member> {
        let callee = self.origins.paths.text(event.callee);
        let name = callee.split(['.', '(']).next().unwrap_or_default();
        let imported = !callee.contains(':') && !name.is_empty() && event.methods == ["rpc"];
        imported.then(|| {
            let what = Stage::Elsewhere(name.to_owned());
            self.member(event.site, what, Around::default(), true)
        })
    }

    /// The name under which an object keeps what a registration gives back: `router({ remove: procedure.mutation(f) })`.
    pub(super) fn named(&self, event: &Event) -> Option<String> {
        let f = self.origins.program.func(event.function);
        let made = f.func.instrs.get(event.at as usize)?.target()?;
        f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Object { parts, .. } => {
                let mut parts = f.func.parts(parts).iter();
                parts.find_map(|part| match part.key {
                    PartKey::Field(name) if part.value == Operand::Local(made) => {
                        Some(format!("/{}", f.file.facts.str(name)))
                    }
                    _ => None,
                })
            }
            _ => None,
        })
    }

    /// Endpoints that one chain of calls registers begin at the same place: each is told where its own handler stands.
    pub(super) fn apart(&mut self) {
        let mut starts: FxHashMap<(FileIdx, u32), BTreeSet<u32>> = FxHashMap::default();
        for endpoint in &self.made.endpoints {
            let site = endpoint.site;
            let ends = starts.entry((site.file, site.span.start)).or_default();
            ends.insert(site.span.end);
        }
        for endpoint in &mut self.made.endpoints {
            let site = endpoint.site;
            let several = starts
                .get(&(site.file, site.span.start))
                .is_some_and(|ends| ends.len() > 1);
            let Some(handler) = endpoint.handlers.first().filter(|_| several) else {
                continue;
            };
            let f = self.origins.program.func(*handler);
            let head = f.func.head;
            if f.file_idx == site.file && site.span.start < head.start && head.end <= site.span.end
            {
                endpoint.site.span = head;
                for member in endpoint.chain.iter_mut().filter(|m| m.site == site) {
                    member.site.span = head;
                }
            }
        }
    }
}
