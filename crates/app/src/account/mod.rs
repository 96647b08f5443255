//! Accounts: where people register, log in and out, where passwords are set, codes are made and checked, and what is
//! written down of it, as facts.
//!
//! All of it is told by what functions do and by how things are called. What is missing is *no* only where everything that
//! may do it was read; where something about an account is given to what is not known, it is *unknown*.

mod book;
mod code;
mod declared;
mod failure;
mod identity;
mod kept;
mod lexicon;
mod log;
mod own;
mod password;
mod pattern;
mod policy;
mod rule;
mod seed;
mod signin;
mod verb;
pub(crate) mod words;

use crate::model::{Answer, Application, Endpoint};
use book::{Book, Deeds, Signs};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// All that the parts are made from.
struct Ground<'a, 'p, 'm> {
    application: &'a Application,
    book: &'a Book<'a, 'p, 'm>,
    known: &'a [Fact],
    signs: FxHashMap<u32, Signs>,
    /// What endpoints do, in their order; nothing for those that have nothing to do with accounts.
    deeds: Vec<Option<Done>>,
    nothing: Signs,
}

/// What one endpoint does.
struct Done {
    /// Its handlers.
    own: Deeds,
    /// What stands before them.
    before: Deeds,
}

impl Done {
    /// Whether something is done, by the handler or before it: *no* needs that all was read.
    fn tells(&self, yes: bool) -> Answer {
        match (yes, self.own.obscure || self.before.obscure) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::Unknown,
            (false, false) => Answer::No,
        }
    }
}

impl Ground<'_, '_, '_> {
    fn origins(&self) -> &Solver<'_, '_> {
        self.book.origins
    }

    fn signs_at(&self, site: Site) -> &Signs {
        let unit = self.book.unit_of(site.file);
        self.signs.get(&unit).unwrap_or(&self.nothing)
    }

    /// Endpoints of which something is known, with what they do.
    fn endpoints(&self) -> impl Iterator<Item = (&Endpoint, &Done)> {
        let both = self.application.endpoints.iter().zip(&self.deeds);
        both.filter_map(|(endpoint, done)| Some((endpoint, done.as_ref()?)))
    }
}

/// The facts about accounts.
pub(crate) fn facts(
    application: &Application,
    origins: &Solver<'_, '_>,
    known: &[Fact],
) -> Vec<Fact> {
    let book = Book::new(origins);
    let signs = book.signs();
    let deeds = application
        .endpoints
        .iter()
        .map(|endpoint| {
            (!endpoint.handlers.is_empty() || signin::is_login(endpoint, origins)).then(|| Done {
                own: book.of_handlers(endpoint),
                before: book.of_chain(endpoint),
            })
        })
        .collect();
    let ground = Ground {
        application,
        book: &book,
        known,
        signs,
        deeds,
        nothing: Signs::default(),
    };
    let mut out = rule::facts(&ground);
    let (sets, mut of_sets) = password::facts(&ground);
    out.append(&mut of_sets);
    out.extend(signin::facts(&ground));
    out.extend(code::facts(&ground));
    out.extend(identity::facts(&ground));
    out.extend(policy::facts(&ground, &sets, &out));
    out.extend(log::facts(&ground));
    out.extend(failure::facts(&ground));
    once(out)
}

/// One fact of a name a place: the first.
fn once(facts: Vec<Fact>) -> Vec<Fact> {
    let mut seen: BTreeMap<(String, Site), Fact> = BTreeMap::new();
    for fact in facts {
        seen.entry((fact.fact.clone(), fact.site)).or_insert(fact);
    }
    seen.into_values().collect()
}

/// Where an endpoint is shown: where a list of routes names functions of other files, the function is what a reader looks for.
pub(crate) fn place(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> (Site, FuncId) {
    let function = endpoint.handlers.first().copied().unwrap_or(FuncId(0));
    if endpoint.callee.starts_with("py:") && !endpoint.by_class && !endpoint.handlers.is_empty() {
        let handler = origins.program.func(function);
        let site = Site {
            file: handler.file_idx,
            span: handler.func.head,
        };
        return (site, function);
    }
    (endpoint.site, function)
}

pub(crate) fn title(endpoint: &Endpoint) -> String {
    format!(
        "{} {}",
        endpoint.method.to_uppercase(),
        endpoint.path.as_deref().unwrap_or("(path not known)")
    )
}

/// A fact about an endpoint.
fn about(
    ground: &Ground<'_, '_, '_>,
    name: &str,
    endpoint: &Endpoint,
    values: Vec<(&str, FactValue)>,
) -> Fact {
    let (site, function) = place(endpoint, ground.origins());
    Fact {
        fact: name.to_owned(),
        site,
        function,
        callee: title(endpoint),
        values: values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
    }
}

fn tri(answer: Answer) -> FactValue {
    match answer {
        Answer::Yes => FactValue::Bool(true),
        Answer::No => FactValue::Bool(false),
        Answer::Unknown => FactValue::Unknown,
    }
}

/// Words of an endpoint's path and of its handler's name, each name of the path taken apart.
fn said(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> Vec<String> {
    let path = endpoint.path.as_deref().unwrap_or_default();
    let mut out: Vec<String> = path
        .split(['/', '.'])
        .filter(|part| !part.is_empty() && !part.starts_with([':', '<', '{']))
        .map(words::plain)
        .collect();
    if let Some(handler) = endpoint.handlers.first()
        && let Some(name) = origins.program.func(*handler).func.name
    {
        let f = origins.program.func(*handler);
        out.push(words::plain(f.file.facts.str(name)));
    }
    out
}

/// Whether the method is one that changes something.
fn is_write(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.method.as_str(),
        "post" | "put" | "patch" | "delete" | "del" | "all" | "route" | "mutation"
    )
}
