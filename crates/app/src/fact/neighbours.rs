//! What the other endpoints of a file and of the program want: gone through once, asked for each endpoint.

use super::{for_all, for_readers, names};
use crate::model::{Answer, Endpoint};
use casemate_flow::result::{FileIdx, Site};
use rustc_hash::{FxHashMap, FxHashSet};

/// The endpoints of one file.
#[derive(Default)]
struct OfFile {
    endpoints: usize,
    /// By place of a guard that asks who it is: how many of them it stands before.
    shared: FxHashMap<Site, usize>,
    /// Places that register endpoints with a guard of their own.
    guarded: FxHashSet<Site>,
    /// Places that register endpoints without one, apart from those whose names say that they are for everybody.
    bare: FxHashSet<Site>,
    /// Places that register endpoints which want a role, and which do not.
    roles: FxHashSet<Site>,
    plain: FxHashSet<Site>,
}

/// All endpoints of a program, by what is asked of the others.
#[derive(Default)]
pub(super) struct Neighbours {
    files: FxHashMap<FileIdx, OfFile>,
    /// By place: endpoints that want a login.
    logins: FxHashMap<Site, usize>,
    all_logins: usize,
    /// Places that register something for `POST`.
    posts: FxHashSet<Site>,
}

impl Neighbours {
    pub(super) fn of(endpoints: &[Endpoint]) -> Self {
        let mut out = Self::default();
        for endpoint in endpoints {
            let file = out.files.entry(endpoint.site.file).or_default();
            file.endpoints += 1;
            let mut sites: Vec<Site> = endpoint.guards.iter().map(|g| g.site).collect();
            sites.sort_unstable();
            sites.dedup();
            for site in sites {
                *file.shared.entry(site).or_default() += 1;
            }
            match endpoint.guarded("role") {
                Answer::Yes => file.roles.insert(endpoint.site),
                _ => file.plain.insert(endpoint.site),
            };
            if endpoint.guarded("authentication") == Answer::Yes {
                *out.logins.entry(endpoint.site).or_default() += 1;
                out.all_logins += 1;
            }
            if endpoint.method == "post" {
                out.posts.insert(endpoint.site);
            }
        }
        for endpoint in endpoints {
            let own = out.has_own_guard(endpoint);
            let Some(file) = out.files.get_mut(&endpoint.site.file) else {
                continue;
            };
            if own {
                file.guarded.insert(endpoint.site);
            } else if !names(endpoint).any(|name| for_all(&name)) && !for_readers(endpoint) {
                file.bare.insert(endpoint.site);
            }
        }
        out
    }

    /// A guard asks who it is, apart from those that merely look at it for all endpoints of the file alike: where others have a guard
    /// of their own besides, that is none.
    pub(super) fn has_own_guard(&self, endpoint: &Endpoint) -> bool {
        let file = self.files.get(&endpoint.site.file);
        let for_all = |site: Site| {
            file.is_some_and(|file| file.shared.get(&site).copied() == Some(file.endpoints))
        };
        endpoint.guards.iter().any(|guard| {
            guard.kind == "authentication"
                && !(guard.shared && !guard.certain && for_all(guard.site))
        })
    }

    /// How many other places of the same file register endpoints that want a login, and how many do not, apart from those whose
    /// names say that they are for everybody.
    pub(super) fn siblings(&self, endpoint: &Endpoint) -> (usize, usize) {
        self.files.get(&endpoint.site.file).map_or((0, 0), |file| {
            (
                others(&file.guarded, endpoint.site),
                others(&file.bare, endpoint.site),
            )
        })
    }

    /// It wants a login and no more, where nearly all others of the file want a role besides.
    pub(super) fn asks_less(&self, endpoint: &Endpoint) -> bool {
        if endpoint.objects.personal
            || endpoint.aware
            || endpoint.guarded("role") != Answer::No
            || endpoint.guarded("authentication") != Answer::Yes
        {
            return false;
        }
        self.files.get(&endpoint.site.file).is_some_and(|file| {
            let (more, equal) = (file.roles.len(), others(&file.plain, endpoint.site));
            more >= 3 && equal * 3 <= more
        })
    }

    /// Endpoints of other places want a login.
    pub(super) fn guarded_elsewhere(&self, endpoint: &Endpoint) -> bool {
        let here = self.logins.get(&endpoint.site).copied().unwrap_or(0);
        self.all_logins - here >= 2
    }

    /// The same place registers something for `POST`.
    pub(super) fn posts(&self, site: Site) -> bool {
        self.posts.contains(&site)
    }
}

/// How many places are among these, one apart.
fn others(places: &FxHashSet<Site>, but: Site) -> usize {
    places.len() - usize::from(places.contains(&but))
}
