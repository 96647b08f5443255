//! What a server of Node.js does when it is told to stop: by itself it ends at once, in the middle of requests and of work.

use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue, Site};
use std::collections::BTreeMap;

/// What systems send to programs that shall stop.
const TOLD: &str = "SIGTERM";

/// What a terminal sends, and hardly anything else.
const TYPED: &str = "SIGINT";

/// Parts of names of packages and methods that see to it, whichever signal it is.
const SEES_TO_IT: [&str; 7] = [
    "graceful",
    "terminus",
    "terminator",
    "lightship",
    "exit-hook",
    "signal-exit",
    "close-with-grace",
];

/// Packages whose names are words that programs use for types of their own (`Stoppable`): compared as they are written.
const PACKAGES: [&str; 1] = ["stoppable"];

/// What else speaks of it where no signal is named: an own function that is called `shutdown`, too.
const BY_ANY_NAME: [&str; 1] = ["shutdown"];

/// What else speaks of it where the signal of a terminal is the only one that is named: packages, and what sends that signal. An
/// own function does not say what calls it.
const BY_A_PACKAGE: [&str; 3] = ["-shutdown", "pm2", "ecosystem"];

/// Texts that are longer are no names.
const NAME: usize = 48;

/// One fact for each program: told at the first place where it listens.
pub(super) fn of(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let program = origins.program;
    let unit = |site: Site| program.units.get(site.file.0 as usize).copied();
    let of_node = |fact: &&Fact| {
        fact.callee.ends_with(".listen")
            && ["npm:", "node:"].iter().any(|p| fact.callee.starts_with(p))
    };
    let mut first: BTreeMap<Option<u32>, &Fact> = BTreeMap::new();
    for fact in known.iter().filter(|f| f.fact == "listen").filter(of_node) {
        let kept = first.entry(unit(fact.site)).or_insert(fact);
        if fact.site < kept.site {
            *kept = fact;
        }
    }
    if first.is_empty() {
        return Vec::new();
    }
    let handled = handled(origins);
    let mut out = Vec::new();
    for (unit_of, fact) in first {
        let holds = known
            .iter()
            .filter(|held| ["database", "consumer"].contains(&held.fact.as_str()))
            .filter(|held| unit(held.site) == unit_of)
            .min_by_key(|held| held.site);
        let holds = holds.map_or(FactValue::Absent, |held| {
            FactValue::Str(held.callee.clone())
        });
        out.push(Fact {
            fact: "server.stop".to_owned(),
            values: vec![
                ("handled".to_owned(), FactValue::Bool(handled)),
                ("holds".to_owned(), holds),
            ],
            ..fact.clone()
        });
    }
    out
}

/// Something in the program speaks of it: a name, a package or a signal. Parts of a repository share what does. Where the signal
/// of a terminal is the only one that is named, names of its own functions do not tell that another one is heard.
fn handled(origins: &Solver<'_, '_>) -> bool {
    let named = |signal: &str| any(origins, |text| text == signal);
    let says = |parts: &[&str]| {
        any(origins, |text| {
            let lower = text.to_ascii_lowercase();
            text.len() <= NAME && parts.iter().any(|part| lower.contains(part))
        })
    };
    named(TOLD)
        || says(&SEES_TO_IT)
        || any(origins, |text| PACKAGES.contains(&text))
        || if named(TYPED) {
            says(&BY_A_PACKAGE)
        } else {
            says(&BY_ANY_NAME)
        }
}

fn any(origins: &Solver<'_, '_>, is: impl Fn(&str) -> bool) -> bool {
    let mut files = origins.program.files.iter();
    files.any(|file| file.facts.strings.iter().any(|text| is(text)))
}
