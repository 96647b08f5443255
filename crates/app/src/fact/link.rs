//! New records that are put into what may belong to somebody else: `Comment.create({ noteId: req.body.noteId, author: req.user.id })`,
//! where all other endpoints look at the note together with who asks.

use super::access::wants_login;
use super::tri;
use crate::model::{Answer, Application, Endpoint, Link};
use crate::object::owned::is_key_of;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, Site};
use std::collections::BTreeMap;

impl Application {
    /// One fact for each place where a record is made in another one that nobody looked at.
    pub(super) fn links(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let looks = self.looks(origins);
        let closed = looks.closed();
        let mut out: BTreeMap<(Site, &str), Fact> = BTreeMap::new();
        for endpoint in &self.endpoints {
            if endpoint.objects.links.is_empty()
                || endpoint.objects.nameless
                || !wants_login(endpoint)
                || super::begins(endpoint, origins)
            {
                continue;
            }
            for link in &endpoint.objects.links {
                let mut parents = closed
                    .iter()
                    .filter(|object| is_key_of(&link.field, object));
                let Some(parent) = parents.next() else {
                    continue;
                };
                // Where it is looked up, that is what lacks something.
                let looked_up = endpoint
                    .objects
                    .chosen
                    .iter()
                    .any(|access| access.object == *parent || access.names.meets(link.names));
                if looked_up {
                    continue;
                }
                let values = [
                    ("object", FactValue::Str((*parent).to_owned())),
                    ("key", FactValue::Str(link.field.clone())),
                    ("authentication", tri(endpoint.guarded("authentication"))),
                    ("role", tri(endpoint.guarded("role"))),
                    ("owner", tri(endpoint.guarded("owner"))),
                    ("beside", tri(looked_at(endpoint, link))),
                    ("method", FactValue::Str(endpoint.method.clone())),
                ];
                out.entry((link.site, parent)).or_insert_with(|| Fact {
                    fact: "link".to_owned(),
                    site: link.site,
                    function: link.function,
                    callee: link.field.clone(),
                    values: values.map(|(n, v)| (n.to_owned(), v)).to_vec(),
                });
            }
        }
        out.into_values().collect()
    }
}

/// Whether who asks is looked at together with what the field holds.
fn looked_at(endpoint: &Endpoint, link: &Link) -> Answer {
    if link.names.meets(endpoint.objects.beside) {
        Answer::Yes
    } else if endpoint.objects.asked {
        Answer::Unknown
    } else {
        Answer::No
    }
}
