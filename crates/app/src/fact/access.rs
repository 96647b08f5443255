//! Records that are found by what a client says, as facts.

use super::application::same_unit;
use super::header::value;
use super::naming::is_capability;
use super::tri;
use crate::guard::{DENIAL, REFUSAL};
use crate::model::{Access, Answer, Application, Endpoint, Guard, Names, Objects};
use crate::object::FINDS;
use crate::object::key::PERSONS;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use std::collections::{BTreeMap, BTreeSet};

/// Names of texts that are looked for …
const SEARCHED: [&str; 9] = [
    "search",
    "searchterm",
    "searchtext",
    "searchstring",
    "searchquery",
    "q",
    "term",
    "keyword",
    "keywords",
];

/// … and of what is looked at for them.
const LOOKED_THROUGH: [&str; 7] = [
    "name",
    "title",
    "text",
    "description",
    "contains",
    "where",
    "or",
];

/// Names of keys that say whose a record is.
const OWNERS: [&str; 17] = [
    "userid",
    "uid",
    "user",
    "owner",
    "ownerid",
    "accountid",
    "customerid",
    "custid",
    "memberid",
    "employeeid",
    "patientid",
    "clientid",
    "studentid",
    "username",
    "email",
    "sender",
    "createdby",
];

/// The method of what runs by itself: there is nobody who asks.
const TASK: &str = "task";

/// So many endpoints that look at a name together with who asks make a habit …
const HABIT: usize = 5;

/// … and at most one exception in so many.
const EXCEPTIONS: usize = 5;

/// So many endpoints that ask for the same roles and look at who asks besides show that the roles do not tell whose a record is.
const ALIKE: usize = 2;

/// Names that say nothing of what they name.
fn plain_names() -> Names {
    let mut out = Names::default();
    for name in [
        "id", "pk", "uuid", "key", "name", "slug", "email", "type", "code", "user_id",
    ] {
        out.add(Names::of(name));
    }
    out
}

impl Application {
    /// One fact for each query by which some endpoint finds records that a client chooses.
    pub(super) fn accesses(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut by_site: BTreeMap<Site, Vec<(&Endpoint, &Access)>> = BTreeMap::new();
        let mut callers: BTreeMap<Site, BTreeSet<Site>> = BTreeMap::new();
        for access in self.endpoints.iter().flat_map(|e| &e.objects.chosen) {
            callers.entry(access.site).or_default().extend(access.via);
        }
        for endpoint in &self.endpoints {
            // Where somebody only begins to be known, there is nobody to compare an owner with.
            if super::begins(endpoint, origins) || endpoint.method == TASK {
                continue;
            }
            for access in &endpoint.objects.chosen {
                // What cannot be guessed is told to those alone who may.
                if !access.key.is_empty() && access.key.iter().all(|key| is_capability(key)) {
                    continue;
                }
                if looks_for_text(access) {
                    continue;
                }
                // A small function that finds by whatever several tell it lacks nothing: each of its callers may.
                let several = callers
                    .get(&access.site)
                    .is_some_and(|calls| calls.len() > 1);
                let via = access.via.filter(|_| access.thin && several);
                let site = via.unwrap_or(access.site);
                by_site.entry(site).or_default().push((endpoint, access));
            }
        }
        let mut out = Vec::new();
        let habits = self.habits();
        let kinds = self.habitual_objects();
        let looks = self.looks(origins);
        let is_habit = |access: &Access| {
            access.names.each().any(|name| habits.contains(&name)) || kinds.contains(&access.object)
        };
        let mut known: BTreeSet<(FuncId, Option<Site>, &str, Names)> = BTreeSet::new();
        for (site, all) in by_site {
            // What is looked up and then changed is told of once, where it is looked up.
            let mut new = false;
            for (endpoint, access) in &all {
                let by = match access.site == site {
                    true => access.function,
                    false => endpoint
                        .handlers
                        .first()
                        .copied()
                        .unwrap_or(access.function),
                };
                // What a library finds for different classes stands in none of their functions.
                let class = (access.callee == FINDS).then_some(site);
                new |= known.insert((by, class, access.object.as_str(), access.names));
            }
            if !new {
                continue;
            }
            // The endpoint that asks for a login and for nothing else is the one to tell of.
            let half = |(endpoint, access): &&(&Endpoint, &Access)| {
                beside(endpoint, access) == Answer::No
                    && (self.kept(endpoint, access) || is_habit(access))
            };
            let free = |(endpoint, _): &&(&Endpoint, &Access)| {
                endpoint.guarded("owner") == Answer::No && endpoint.guarded("role") == Answer::No
            };
            let told = all
                .iter()
                .find(|(endpoint, _)| open_to_accounts(endpoint))
                .or(all.iter().find(|one| half(one) && free(one)))
                .or(all
                    .iter()
                    .find(|(endpoint, access)| self.parted(endpoint, access)))
                .or(all.iter().find(half))
                .or(all.first());
            let Some((endpoint, access)) = told else {
                continue;
            };
            let values = [
                ("op", FactValue::Str(access.op.clone())),
                ("object", FactValue::Str(access.object.clone())),
                ("key", FactValue::Str(access.key.join(" "))),
                (
                    "authentication",
                    if endpoint.objects.nameless {
                        FactValue::Unknown
                    } else {
                        tri(endpoint.guarded("authentication"))
                    },
                ),
                ("role", tri(role(endpoint, access))),
                ("owner", tri(endpoint.guarded("owner"))),
                ("personal", FactValue::Bool(endpoint.objects.asks)),
                (
                    "login",
                    FactValue::Bool(
                        wants_login(endpoint)
                            && !is_public(endpoint, access)
                            && !endpoint.objects.nameless
                            && !is_message(endpoint)
                            && (endpoint.guarded("authentication") == Answer::Yes
                                || !super::takes_password(endpoint, origins)),
                    ),
                ),
                ("beside", tri(beside(endpoint, access))),
                (
                    "named",
                    FactValue::Bool(names_owner(access) || by_path(endpoint)),
                ),
                (
                    "kept",
                    FactValue::Bool(
                        self.kept(endpoint, access)
                            || is_habit(access)
                            || looks.others(endpoint, &access.object, origins),
                    ),
                ),
                ("parted", FactValue::Bool(self.parted(endpoint, access))),
                ("alike", FactValue::Bool(self.alike(endpoint, access))),
                (
                    "guarded",
                    FactValue::Bool(!endpoint.objects.guarded.is_empty()),
                ),
                (
                    "owned",
                    FactValue::Bool(self.is_owned(access) || by_path(endpoint)),
                ),
                ("method", FactValue::Str(endpoint.method.clone())),
            ];
            // What only some of several endpoints lack that share the query is told where they ask for the record, and so is what
            // a function that does nothing else lacks.
            let shared = all.iter().any(|(other, _)| other.site != endpoint.site);
            let others = all.iter().any(|(other, theirs)| {
                other.site != endpoint.site
                    && (beside(other, theirs) == Answer::Yes && !theirs.names.is_empty()
                        || other.guarded("owner") == Answer::Yes
                        || other.guarded("role") == Answer::Yes)
            });
            let own = (shared || access.thin)
                && (endpoint.objects.personal || others)
                && !names_owner(access);
            let via = access.via.filter(|via| own && via.file != site.file);
            let handler = endpoint.handlers.first().copied();
            out.push(Fact {
                fact: "access".to_owned(),
                site: via.unwrap_or(site),
                function: via.and(handler).unwrap_or(access.function),
                callee: access.callee.clone(),
                values: values.map(|(n, v)| (n.to_owned(), v)).to_vec(),
            });
        }
        out
    }

    /// One fact for each place where a password takes part in a query, or is stored, as it came.
    pub(super) fn passwords(&self) -> Vec<Fact> {
        let all: std::collections::BTreeSet<_> = self
            .endpoints
            .iter()
            .flat_map(|endpoint| endpoint.objects.passwords.iter().copied())
            .collect();
        let fact = |(site, function)| Fact {
            fact: "password.plain".to_owned(),
            site,
            function,
            callee: "a query".to_owned(),
            values: vec![("stored".to_owned(), FactValue::Bool(true))],
        };
        all.into_iter().map(fact).collect()
    }

    /// One fact for each place where one request changes a record after another one.
    pub(super) fn series(&self, origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
        let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
        for endpoint in &self.endpoints {
            for &(site, function) in &endpoint.objects.series {
                // Settings that make each request one transaction.
                let always = known.iter().any(|fact| {
                    fact.fact == "database"
                        && same_unit(origins, fact.site.file, site.file)
                        && value(fact, "atomic") == &FactValue::Bool(true)
                });
                out.entry(site).or_insert_with(|| Fact {
                    fact: "write.series".to_owned(),
                    site,
                    function,
                    callee: "a query".to_owned(),
                    values: vec![(
                        "transaction".to_owned(),
                        FactValue::Bool(always || endpoint.objects.together),
                    )],
                });
            }
        }
        out.into_values().collect()
    }

    /// One fact for each place where a client says which role somebody gets.
    pub(super) fn privileges(&self) -> Vec<Fact> {
        let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
        for endpoint in &self.endpoints {
            for (site, function, field) in &endpoint.objects.privileges {
                let role = match endpoint.guarded("role") {
                    // Whoever is asked who it is may be asked what it may do.
                    Answer::No if endpoint.objects.personal || endpoint.aware => Answer::Unknown,
                    answer => answer,
                };
                out.entry(*site).or_insert_with(|| Fact {
                    fact: "privilege".to_owned(),
                    site: *site,
                    function: *function,
                    callee: field.clone(),
                    values: vec![
                        ("role".to_owned(), tri(role)),
                        ("field".to_owned(), FactValue::Str(field.clone())),
                    ],
                });
            }
        }
        out.into_values().collect()
    }

    /// One fact for each place where a client says whose a new record is.
    pub(super) fn owners(&self) -> Vec<Fact> {
        let mut out: BTreeMap<Site, Fact> = BTreeMap::new();
        for endpoint in &self.endpoints {
            for (site, function, field) in &endpoint.objects.owners {
                out.entry(*site).or_insert_with(|| Fact {
                    fact: "owner.chosen".to_owned(),
                    site: *site,
                    function: *function,
                    callee: field.clone(),
                    values: vec![
                        (
                            "authentication".to_owned(),
                            tri(endpoint.guarded("authentication")),
                        ),
                        ("role".to_owned(), tri(endpoint.guarded("role"))),
                        ("owner".to_owned(), tri(endpoint.guarded("owner"))),
                        (
                            "personal".to_owned(),
                            FactValue::Bool(endpoint.objects.personal),
                        ),
                        ("field".to_owned(), FactValue::Str(field.clone())),
                    ],
                });
            }
        }
        out.into_values().collect()
    }

    /// Names of the client that nearly all endpoints which find records by them look at together with who asks: `agent_id`.
    fn habits(&self) -> BTreeSet<Names> {
        let mut of: BTreeMap<Names, (BTreeSet<Site>, BTreeSet<Site>)> = BTreeMap::new();
        for endpoint in self.endpoints.iter().filter(|e| wants_login(e)) {
            let mut used = Names::default();
            for access in &endpoint.objects.chosen {
                used.add(access.names);
            }
            for name in used.each().filter(|name| !name.meets(plain_names())) {
                let (with, without) = of.entry(name).or_default();
                if name.meets(endpoint.objects.beside) {
                    with.insert(endpoint.site);
                } else if !endpoint.objects.asked && endpoint.guarded("role") == Answer::No {
                    without.insert(endpoint.site);
                }
            }
        }
        let habit = |(_, (with, without)): &(Names, (BTreeSet<Site>, BTreeSet<Site>))| {
            with.len() >= HABIT && without.len() * EXCEPTIONS <= with.len()
        };
        of.into_iter().filter(habit).map(|(name, _)| name).collect()
    }

    /// Records that nearly all endpoints which find them by an id look at together with who asks, whatever the id is called.
    fn habitual_objects(&self) -> BTreeSet<String> {
        let mut of: BTreeMap<&str, (BTreeSet<Site>, BTreeSet<Site>)> = BTreeMap::new();
        for endpoint in self.endpoints.iter().filter(|e| wants_login(e)) {
            for object in &endpoint.objects.bound {
                if !PERSONS.contains(&object.as_str()) {
                    of.entry(object).or_default().0.insert(endpoint.site);
                }
            }
            for access in &endpoint.objects.chosen {
                if access.object.is_empty() || PERSONS.contains(&access.object.as_str()) {
                    continue;
                }
                let (with, without) = of.entry(&access.object).or_default();
                match beside(endpoint, access) {
                    Answer::Yes if !access.names.is_empty() => {
                        with.insert(endpoint.site);
                    }
                    Answer::No if endpoint.guarded("role") == Answer::No => {
                        without.insert(endpoint.site);
                    }
                    _ => {}
                }
            }
        }
        let habit = |(_, (with, without)): &(&str, (BTreeSet<Site>, BTreeSet<Site>))| {
            with.len() >= HABIT && without.len() * EXCEPTIONS <= with.len()
        };
        of.into_iter()
            .filter(habit)
            .map(|(object, _)| object.to_owned())
            .collect()
    }

    /// Others that change such records look at who asks beside the key, and this one changes them.
    fn kept(&self, endpoint: &Endpoint, access: &Access) -> bool {
        let changes = |endpoint: &Endpoint, access: &Access| {
            access.op != "read" || access.names.meets(endpoint.objects.changed)
        };
        !access.object.is_empty()
            && changes(endpoint, access)
            && self.endpoints.iter().any(|other| {
                other.site != endpoint.site
                    && other.objects.chosen.iter().any(|theirs| {
                        theirs.object == access.object
                            && changes(other, theirs)
                            && beside(other, theirs) == Answer::Yes
                    })
            })
    }

    /// Others that find such records ask for the same roles and look at who asks besides: to play that part is not enough here.
    fn alike(&self, endpoint: &Endpoint, access: &Access) -> bool {
        fn parts(endpoint: &Endpoint) -> BTreeSet<(Site, &str)> {
            let guards = endpoint.guards.iter();
            let of_part = guards.filter(|g| g.kind == "role" || g.kind == REFUSAL);
            of_part
                .map(|guard| (guard.site, guard.asked.as_str()))
                .collect()
        }
        let mine = parts(endpoint);
        let looks = |other: &&Endpoint| {
            other.site != endpoint.site
                && other.objects.chosen.iter().any(|theirs| {
                    theirs.object == access.object
                        && !theirs.names.is_empty()
                        && beside(other, theirs) == Answer::Yes
                })
                && mine.is_subset(&parts(other))
        };
        !access.object.is_empty()
            && !mine.is_empty()
            && self.endpoints.iter().filter(looks).take(ALIKE).count() == ALIKE
    }

    /// Who asks is looked at together with one id, and the record is chosen by another one that nothing ties to the first, though
    /// such records belong to what the first one names: `/teams/:teamId/notes/:noteId`.
    fn parted(&self, endpoint: &Endpoint, access: &Access) -> bool {
        let mut about = endpoint.objects.decided;
        about.add(endpoint.objects.guarded);
        if about.is_empty() || access.names.is_empty() || endpoint.objects.asked {
            return false;
        }
        let mut tied = endpoint.objects.beside;
        tied.add(endpoint.objects.guarded);
        let tied = endpoint.objects.tied_to(tied);
        if access.names.meets(tied) {
            return false;
        }
        let below = || nested(endpoint, about, access.names);
        let others = || {
            self.endpoints.iter().any(|other| {
                other.objects.chosen.iter().any(|theirs| {
                    theirs.site != access.site
                        && theirs.object == access.object
                        && theirs.names.meets(about)
                })
            })
        };
        !access.object.is_empty() && (below() || others())
    }

    /// Whether the record belongs to somebody: it is chosen by whose it is, it is somebody, or others like it are made or found
    /// by who asks.
    fn is_owned(&self, access: &Access) -> bool {
        names_owner(access)
            // A person is looked for by name in many ways that are meant; by number, one is taken.
            || PERSONS.contains(&access.object.as_str())
                && (access.op != "read" || access.key.iter().any(|key| flat(key).ends_with("id") || key == "pk"))
            || (!access.object.is_empty() && self.owned.contains(&access.object))
    }
}

/// On the path, a parameter of the first names stands before one of the second.
fn nested(endpoint: &Endpoint, first: Names, second: Names) -> bool {
    let path = endpoint.path.as_deref().unwrap_or_default();
    let mut above = false;
    for part in path.split('/').filter(|p| p.starts_with([':', '<', '{'])) {
        let name = part.trim_end_matches(['>', '}']);
        let name = Names::of(name.rsplit([':', '<', '{']).next().unwrap_or_default());
        if above && name.meets(second) {
            return true;
        }
        above |= name.meets(first);
    }
    false
}

/// Whether a role is asked for. Each call of a function that finds records by whatever it is told is judged alone; there, what stands before
/// the handler and is not understood may have asked; what answers that a login is wanted asked for that.
fn role(endpoint: &Endpoint, access: &Access) -> Answer {
    let may_ask = |guard: &Guard| !guard.understood && guard.kind != DENIAL;
    let open = || endpoint.guards.iter().any(may_ask);
    match endpoint.guarded("role") {
        Answer::No
            if open()
                && (access.handed || endpoint.guarded("authentication") == Answer::Unknown) =>
        {
            Answer::Unknown
        }
        answer => answer,
    }
}

fn flat(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A text that is looked for makes a list shorter, and chooses no record.
fn looks_for_text(access: &Access) -> bool {
    let keys = || access.key.iter().map(|key| flat(key));
    keys().any(|key| SEARCHED.contains(&key.as_str()))
        && keys()
            .all(|key| SEARCHED.contains(&key.as_str()) || LOOKED_THROUGH.contains(&key.as_str()))
}

/// The record is chosen by whose it is.
fn names_owner(access: &Access) -> bool {
    let mut keys = access.key.iter();
    // Whoever names an account together with its password asks to be let in.
    let login = access.key.iter().any(|key| {
        let key = flat(key);
        key.contains("passw") || key.contains("pwd")
    });
    !login && keys.any(|key| OWNERS.contains(&flat(key).as_str()))
}

/// Somebody is asked who it is, or plays a part.
pub(super) fn wants_login(endpoint: &Endpoint) -> bool {
    let mut guards = endpoint.guards.iter();
    endpoint.objects.personal || guards.any(|g| g.kind == "authentication" && g.understood)
}

/// It answers whoever asks, and changes nothing: who is logged in sees more on the page.
fn is_public(endpoint: &Endpoint, access: &Access) -> bool {
    endpoint.guarded("authentication") == Answer::No
        && access.op == "read"
        && !endpoint.objects.writes
        && !endpoint.objects.deletes
        && !access.names.meets(endpoint.objects.changed)
}

/// A message of another service or of the program itself, behind which nobody is logged in.
fn is_message(endpoint: &Endpoint) -> bool {
    ["rpc", "task"]
        .iter()
        .any(|method| endpoint.method.eq_ignore_ascii_case(method))
        && endpoint.guarded("authentication") != Answer::Yes
}

/// Whether who asks is looked at together with what chooses the record.
pub(super) fn beside(endpoint: &Endpoint, access: &Access) -> Answer {
    if access.names.is_empty() || access.names.meets(endpoint.objects.beside) {
        Answer::Yes
    } else if endpoint.objects.asked {
        Answer::Unknown
    } else {
        Answer::No
    }
}

/// The only parameter of the path says whose the record is.
fn by_path(endpoint: &Endpoint) -> bool {
    let path = endpoint.path.as_deref().unwrap_or_default();
    let mut parameters = path
        .split('/')
        .filter(|part| part.starts_with([':', '<', '{']));
    let (Some(one), None) = (parameters.next(), parameters.next()) else {
        return false;
    };
    let name = one.rsplit(':').next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    OWNERS.contains(&name.as_str())
}

impl Objects {
    /// Names that some chain of places ties to these.
    fn tied_to(&self, mut names: Names) -> Names {
        loop {
            let before = names;
            for joined in self.joined.iter().filter(|joined| joined.meets(before)) {
                names.add(*joined);
            }
            if names == before {
                return names;
            }
        }
    }
}

fn open_to_accounts(endpoint: &Endpoint) -> bool {
    endpoint.guarded("authentication") == Answer::Yes
        && endpoint.guarded("role") == Answer::No
        && endpoint.guarded("owner") == Answer::No
        && !endpoint.objects.asks
}
