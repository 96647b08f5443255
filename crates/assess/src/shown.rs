//! At which endpoints a weakness shows that stands somewhere else: in a decorator above a handler, or in an application that lacks
//! something.

use crate::assessment::Endpoint;
use crate::findings::Maker;
use crate::reached::ENDPOINTS;
use casemate_app::model::Answer;
use casemate_flow::result::{Entry, Fact, FileIdx, Site};
use casemate_ir::Span;
use casemate_rules::rule::{Retest, Rule};

/// What other sites can have a browser send as a form, with the login of its user.
const FORGED: &str = "post";

impl Maker<'_> {
    /// The endpoints at which a fact shows that is about none of them.
    pub(crate) fn shown_at(&self, fact: &Fact, rule: &Rule) -> Vec<Endpoint> {
        let entries = self.analysis.entries.iter();
        let shown = entries.filter(|entry| match (rule.retest, fact.fact.as_str()) {
            (Some(Retest::CrossSite), "application") => self.forgeable(entry, fact.site),
            (Some(Retest::CrossSite), _) => self.decorated(entry, fact.site),
            (Some(Retest::Role), "right.declared") => self.decorated(entry, fact.site),
            (Some(Retest::Limit), _) => entry.handlers.contains(&fact.function),
            _ => false,
        });
        let mut shown: Vec<Endpoint> = shown.map(|e| self.endpoint(e)).collect();
        // Where somebody has to be logged in, more is lost than where somebody logs in.
        let behind = |e: &Endpoint| e.authentication == "yes";
        if fact.fact == "application" && shown.iter().any(behind) {
            shown.retain(behind);
        }
        shown.truncate(ENDPOINTS);
        shown
    }

    /// An endpoint whose answer shows what an application tells to all other sites: one that is read and has no parameters.
    pub(crate) fn any_read(&self, site: Site) -> Option<Endpoint> {
        // What is put below a path holds there alone.
        let mut mounts = self.analysis.entries.iter();
        let mount = mounts.find(|e| e.method == "use" && within(site, e.site.file, e.site.span));
        let below = mount.and_then(|e| e.path.as_deref()).unwrap_or_default();
        let read = |entry: &&Entry| {
            let plain = |path: &str| {
                path.starts_with('/')
                    && path.starts_with(below)
                    && !path.contains([':', '<', '{', '*'])
            };
            entry.method.split(',').any(|method| method == "get")
                && entry.path.as_deref().is_some_and(plain)
                && self.same_unit(entry.site, site)
        };
        let reads = || {
            self.analysis
                .entries
                .iter()
                .filter(read)
                .map(|e| self.endpoint(e))
        };
        let open = reads().find(|e| e.authentication == "no");
        open.or_else(|| reads().next())
    }

    /// Whether an endpoint takes forms of whoever is logged in, in the application of a place.
    fn forgeable(&self, entry: &Entry, application: Site) -> bool {
        entry.method.split(',').any(|method| method == FORGED)
            && self.modelled(entry).is_some_and(|e| {
                (e.aware || e.guarded("authentication") == Answer::Yes)
                    && match e.root {
                        Some(root) => root == application,
                        None => self.same_unit(e.site, application),
                    }
            })
    }

    /// Whether a place stands above the handler of an endpoint, or around it where it is registered.
    fn decorated(&self, entry: &Entry, site: Site) -> bool {
        let above = || {
            entry.handlers.iter().any(|handler| {
                let f = self.linked.program.func(*handler);
                let mut decorators = f.func.decorators.iter();
                decorators.any(|d| within(site, f.file_idx, d.span))
            })
        };
        within(site, entry.site.file, entry.site.span) || above()
    }

    pub(crate) fn same_unit(&self, one: Site, other: Site) -> bool {
        let unit = |site: Site| self.linked.program.units.get(site.file.0 as usize);
        unit(one).is_some() && unit(one) == unit(other)
    }
}

/// Whether a place lies inside of a span.
fn within(site: Site, file: FileIdx, span: Span) -> bool {
    file == site.file && span.start <= site.span.start && site.span.end <= span.end
}
