//! What the other endpoints of a file and of the program want: gone through once, asked for each endpoint.

use super::{PREFIXES, for_all, for_readers, names, unit};
use crate::guard::REFUSAL;
use crate::model::{Answer, Endpoint, Guard};
use casemate_flow::origin::Solver;
use casemate_flow::result::{FileIdx, Site};
use rustc_hash::{FxHashMap, FxHashSet};

/// What stands together: a file, or the pages of one area where each has a file of its own.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Group {
    File(FileIdx),
    Area(String),
}

/// So many pages make an area of their own.
const AREA: usize = 4;

/// So many endpoints of a unit that change something want a login, and at most one in so many does not.
const OTHERS: usize = 3;

/// So many handlers that do the same to different things want a role, and at most one in so many does not.
const SAME: usize = 5;

/// More endpoints than so many, and more than there are others, that read records of persons without a login show that these are public.
const SHOWN: usize = 4;

/// So many places for administrators that want a login make a habit.
const ADMINS: usize = 2;

/// What handlers do to things, as their names begin.
const VERBS: [&str; 9] = [
    "add", "create", "delete", "destroy", "edit", "remove", "save", "set", "update",
];

/// A unit, and the package of a workspace within it.
pub(super) type Part = (Option<u32>, String);

/// Places that register endpoints.
type Places = FxHashSet<Site>;

/// Folders of workspaces in which each folder is a package.
const WORKSPACES: [&str; 4] = ["packages", "apps", "services", "libs"];

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

impl OfFile {
    /// Nothing that stands before the endpoint alone, or before some of the file, may ask for a role. What stands before all of
    /// them, and of which it is not known whom it refuses, is not what others have besides.
    fn asks_no_role(&self, endpoint: &Endpoint) -> bool {
        let before_all = |site: &Site| self.shared.get(site) == Some(&self.endpoints);
        let mut guards = endpoint.guards.iter();
        endpoint.guarded("role") == Answer::No
            || endpoint.unknown == 0
                && endpoint.mounted
                && guards.all(|guard| match guard.kind.as_str() {
                    "role" => false,
                    REFUSAL => before_all(&guard.site),
                    _ => true,
                })
    }
}

/// All endpoints of a program, by what is asked of the others.
#[derive(Default)]
pub(super) struct Neighbours {
    /// Places of handlers that do the same, by part, package and verb: those that want a role, and those that do not.
    verbs: FxHashMap<(Part, String, &'static str), (Places, Places)>,
    files: FxHashMap<Group, OfFile>,
    /// By area of pages: how many places there are.
    areas: FxHashMap<String, FxHashSet<Site>>,
    /// By unit: places that register what changes something, with a guard of their own and without any.
    changing: FxHashMap<Part, (FxHashSet<Site>, FxHashSet<Site>)>,
    /// By place: endpoints that want a login.
    logins: FxHashMap<Site, usize>,
    all_logins: usize,
    /// By unit: places whose addresses say that they are for administrators, those that want a login, or may, and those that do not.
    admins: FxHashMap<Option<u32>, (FxHashSet<Site>, FxHashSet<Site>)>,
    /// Classes of views that stand in each file.
    classes: FxHashMap<FileIdx, FxHashSet<u32>>,
    /// By the file that registers classes, each of which has a file of its own: places with a guard of their own and without any.
    listed: FxHashMap<FileIdx, (Places, Places)>,
    /// Places that register something for `POST`.
    posts: FxHashSet<Site>,
    /// Places that register what reads records of persons: those that want a login, or may, and those that do not.
    of_persons: (FxHashSet<Site>, FxHashSet<Site>),
}

impl Neighbours {
    pub(super) fn of(endpoints: &[Endpoint], origins: &Solver<'_, '_>) -> Self {
        let mut out = Self::default();
        for endpoint in endpoints.iter().filter(|e| is_page(e)) {
            let places = out.areas.entry(area(endpoint)).or_default();
            places.insert(endpoint.site);
        }
        for endpoint in endpoints {
            if let Some(class) = endpoint.class {
                let classes = out.classes.entry(endpoint.site.file).or_default();
                classes.insert(class.0);
            }
        }
        for endpoint in endpoints {
            let file = out.files.entry(out.group(endpoint)).or_default();
            file.endpoints += 1;
            let mut sites: Vec<Site> = endpoint.guards.iter().map(|g| g.site).collect();
            sites.sort_unstable();
            sites.dedup();
            for site in sites {
                *file.shared.entry(site).or_default() += 1;
            }
            let wants = endpoint.guarded("role") == Answer::Yes && wants_role(origins, endpoint);
            let set = if wants {
                &mut file.roles
            } else {
                &mut file.plain
            };
            set.insert(endpoint.site);
            if let Some(verb) = verb(origins, endpoint) {
                let same = (part(origins, endpoint), package(endpoint), verb);
                let (roles, plain) = out.verbs.entry(same).or_default();
                let set = if wants { roles } else { plain };
                set.insert(endpoint.site);
            }
            if endpoint.guarded("authentication") == Answer::Yes {
                *out.logins.entry(endpoint.site).or_default() += 1;
                out.all_logins += 1;
            }
            if for_admins(endpoint) {
                let unit = unit(origins, endpoint);
                let (closed, open) = out.admins.entry(unit).or_default();
                let set = match endpoint.guarded("authentication") {
                    Answer::No => open,
                    _ => closed,
                };
                set.insert(endpoint.site);
            }
            if endpoint.method == "post" {
                out.posts.insert(endpoint.site);
            }
            if endpoint.objects.persons {
                let (closed, open) = &mut out.of_persons;
                let set = match endpoint.guarded("authentication") {
                    Answer::No => open,
                    _ => closed,
                };
                set.insert(endpoint.site);
            }
        }
        for endpoint in endpoints {
            let own = out.has_own_guard(endpoint);
            let open = names(endpoint).any(|name| for_all(&name));
            if changes(endpoint) && !endpoint.open && !open {
                let (guarded, bare) = out.changing.entry(part(origins, endpoint)).or_default();
                let asks = |g: &Guard| g.kind == "authentication" && (g.certain || g.understood);
                if own && endpoint.guards.iter().any(asks) {
                    guarded.insert(endpoint.site);
                } else if !own {
                    bare.insert(endpoint.site);
                }
            }
            let bare = !own && !open && !for_readers(endpoint);
            if let Some(list) = out.list(endpoint) {
                let (guarded, without) = out.listed.entry(list).or_default();
                if own {
                    guarded.insert(endpoint.site);
                } else if bare {
                    without.insert(endpoint.site);
                }
            }
            let Some(file) = out.files.get_mut(&out.group(endpoint)) else {
                continue;
            };
            if own {
                file.guarded.insert(endpoint.site);
            } else if bare {
                file.bare.insert(endpoint.site);
            }
        }
        out
    }

    fn group(&self, endpoint: &Endpoint) -> Group {
        if !is_page(endpoint) {
            return Group::File(endpoint.site.file);
        }
        let area = area(endpoint);
        let large = self.areas.get(&area).is_some_and(|all| all.len() >= AREA);
        Group::Area(if large { area } else { String::new() })
    }

    /// The file that registers the class of an endpoint, where each class has a file of its own.
    fn list(&self, endpoint: &Endpoint) -> Option<FileIdx> {
        let classes = self.classes.get(&endpoint.site.file)?;
        let alone = classes.len() == 1 && endpoint.path.is_some();
        Some(endpoint.registered.filter(|_| alone)?.file)
    }

    /// It changes something, and nearly all others of the unit that do want a login of their own.
    pub(super) fn alone_in_changing(&self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
        let all = self.changing.get(&part(origins, endpoint));
        changes(endpoint)
            && all.is_some_and(|(guarded, bare)| {
                guarded.len() >= OTHERS && bare.len() * OTHERS <= guarded.len()
            })
    }

    /// A guard asks who it is, apart from those that merely look at it for all endpoints of the file alike: where others have a guard
    /// of their own besides, that is none.
    pub(super) fn has_own_guard(&self, endpoint: &Endpoint) -> bool {
        let file = self.files.get(&self.group(endpoint));
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
        let count = |guarded: &Places, bare: &Places| {
            (others(guarded, endpoint.site), others(bare, endpoint.site))
        };
        let file = self.files.get(&self.group(endpoint));
        let here = file.map_or((0, 0), |file| count(&file.guarded, &file.bare));
        let listed = self
            .list(endpoint)
            .and_then(|list| self.listed.get(&list))
            .map_or((0, 0), |(guarded, bare)| count(guarded, bare));
        // In a whole list, one that is not the only one may be meant so.
        if listed.0 > here.0 && listed.1 == 0 {
            listed
        } else {
            here
        }
    }

    /// It wants a login and no more, where nearly all others of the file, or nearly all that do the same to something else, want a
    /// role besides.
    pub(super) fn asks_less(&self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
        if endpoint.objects.personal
            || endpoint.objects.known
            || endpoint.aware
            || endpoint.guarded("authentication") != Answer::Yes
        {
            return false;
        }
        let of_verb = verb(origins, endpoint)
            .map(|verb| (part(origins, endpoint), package(endpoint), verb))
            .and_then(|same| self.verbs.get(&same))
            .is_some_and(|(roles, plain)| {
                let equal = others(plain, endpoint.site);
                roles.len() >= SAME && equal * SAME <= roles.len()
            });
        if of_verb && endpoint.guarded("role") == Answer::No {
            return true;
        }
        self.files.get(&self.group(endpoint)).is_some_and(|file| {
            let (more, equal) = (file.roles.len(), others(&file.plain, endpoint.site));
            more >= 3 && equal * 3 <= more && file.asks_no_role(endpoint)
        })
    }

    /// Endpoints of other places want a login.
    pub(super) fn guarded_elsewhere(&self, endpoint: &Endpoint) -> bool {
        let here = self.logins.get(&endpoint.site).copied().unwrap_or(0);
        self.all_logins - here >= 2
    }

    /// Its address says that it is for administrators, and nearly all others of which that is said want a login.
    pub(super) fn alone_for_admins(&self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
        let all = self.admins.get(&unit(origins, endpoint));
        for_admins(endpoint)
            && all.is_some_and(|(closed, open)| {
                closed.len() >= ADMINS && others(open, endpoint.site) * OTHERS <= closed.len()
            })
    }

    /// Where many others read records of persons for everybody as well, it is meant so: profiles, statistics, comments.
    pub(super) fn shows_persons(&self) -> bool {
        let (closed, open) = &self.of_persons;
        open.len() > SHOWN && open.len() > closed.len()
    }

    /// The same place registers something for `POST`.
    pub(super) fn posts(&self, site: Site) -> bool {
        self.posts.contains(&site)
    }
}

/// A role is asked for before the handler, or by the handler's own words: what it calls may ask about the record at hand.
fn wants_role(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> bool {
    let own = |site: Site| {
        endpoint.handlers.iter().any(|handler| {
            let f = origins.program.func(*handler);
            let span = f.func.span;
            f.file_idx == site.file && span.start <= site.span.start && site.span.end <= span.end
        })
    };
    endpoint.guards.iter().any(|g| {
        g.kind == "role" && g.certain && (!g.why.starts_with(crate::guard::ITSELF) || own(g.site))
    })
}

/// The package that registers an endpoint: resolvers of GraphQL and callbacks of other services are for other people.
fn package(endpoint: &Endpoint) -> String {
    let name = endpoint.callee.split(['.', '(']).next();
    name.unwrap_or_default().to_owned()
}

/// What the name of a handler says that it does to something.
fn verb(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Option<&'static str> {
    let name = origins.program.func_name(*endpoint.handlers.first()?);
    VERBS.iter().copied().find(|verb| {
        name.strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(|c: char| c == '_' || c.is_ascii_uppercase()))
    })
}

/// The part of the program that an endpoint belongs to.
pub(super) fn part(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Part {
    let path = &origins.program.file(endpoint.site.file).path;
    let mut folders = path.split('/');
    let package = folders
        .find(|folder| WORKSPACES.contains(folder))
        .and_then(|_| folders.next());
    (
        unit(origins, endpoint),
        package.unwrap_or_default().to_owned(),
    )
}

/// A file is a page, and its place its address.
fn is_page(endpoint: &Endpoint) -> bool {
    endpoint.callee.contains('#')
}

/// The first name of an address that says what it is about.
fn area(endpoint: &Endpoint) -> String {
    let mut names = names(endpoint).filter(|name| !PREFIXES.contains(&name.as_str()));
    names.next().unwrap_or_default()
}

/// Its address says that it is for administrators.
pub(super) fn for_admins(endpoint: &Endpoint) -> bool {
    names(endpoint).any(|name| name == "admin" || name == "administration")
}

/// Its method changes something, or its code does whatever the method.
fn changes(endpoint: &Endpoint) -> bool {
    match endpoint.method.as_str() {
        "put" | "patch" | "delete" | "del" => true,
        "post" | "any" | "all" | "rpc" | "ddp" => {
            endpoint.objects.writes || endpoint.objects.deletes
        }
        "route" => endpoint.objects.deletes,
        _ => false,
    }
}

/// How many places are among these, one apart.
fn others(places: &FxHashSet<Site>, but: Site) -> usize {
    places.len() - usize::from(places.contains(&but))
}
