//! The guards that the model finds, against tables that were labelled by reading public backends.
//!
//! The code of the backends is not kept here: `CASEMATE_CHECKOUTS` names a folder that holds one checkout for each table, at the
//! commit that stands in it. `CASEMATE_CHECKOUTS=/path cargo test -p casemate --test guards -- --ignored --nocapture`

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The kinds of guards that the tables speak of.
const KINDS: [&str; 3] = ["authentication", "role", "rate-limit"];

/// At most one guard set in fifty may be wrong.
const TOLERATED: usize = 50;

#[derive(Default, Debug)]
struct Tally {
    right: usize,
    unknown: usize,
    wrong: Vec<String>,
    missing: Vec<String>,
}

/// By method and path, and by method and place of the handler: what the model says of each kind.
fn model(checkout: &Path) -> BTreeMap<(String, String), Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_casemate"))
        .arg("model")
        .arg(checkout)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let model: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut by_key = BTreeMap::new();
    for endpoint in model["endpoints"].as_array().unwrap() {
        let method = endpoint["method"].as_str().unwrap().to_lowercase();
        let at = &endpoint["at"];
        let place = format!("{}:{}", at["file"].as_str().unwrap(), at["line"]);
        let path = endpoint["path"].as_str().unwrap_or_default().to_owned();
        for key in [path, place] {
            let known = by_key.entry((method.clone(), key));
            known.or_insert_with(|| endpoint["guarded"].clone());
        }
    }
    by_key
}

fn compare(name: &str, table: &str, checkouts: &Path) -> Tally {
    let found = model(&checkouts.join(name));
    let mut tally = Tally::default();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [place, method, guards] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}");
        };
        let key = (method.to_owned(), place.to_owned());
        let Some(guarded) = found.get(&key) else {
            tally.missing.push(line.to_owned());
            continue;
        };
        let labelled: Vec<&str> = guards.split(',').collect();
        let differs = |kind: &&str| {
            let said = guarded[*kind].as_str() == Some("yes");
            said != labelled.contains(kind)
        };
        let open = |kind: &str| guarded[kind].as_str() == Some("unknown");
        let (unknown, wrong): (Vec<&str>, Vec<&str>) = KINDS
            .into_iter()
            .filter(differs)
            .partition(|kind| open(kind));
        if !wrong.is_empty() {
            tally.wrong.push(format!("{line}: {guarded}"));
        } else if !unknown.is_empty() {
            tally.unknown += 1;
        } else {
            tally.right += 1;
        }
    }
    tally
}

#[test]
#[ignore = "needs checkouts of public backends"]
fn guards_are_those_that_a_reader_finds() {
    let Ok(checkouts) = std::env::var("CASEMATE_CHECKOUTS") else {
        panic!("CASEMATE_CHECKOUTS names no folder");
    };
    let tables = [
        ("nodegoat", include_str!("guards/nodegoat.tsv")),
        ("dvna", include_str!("guards/dvna.tsv")),
        ("redash", include_str!("guards/redash.tsv")),
    ];
    let mut all = 0;
    let mut wrong = 0;
    for (name, table) in tables {
        let tally = compare(name, table, Path::new(&checkouts));
        let total = tally.right + tally.unknown + tally.wrong.len() + tally.missing.len();
        println!(
            "{name}: {total} endpoints, {} right, {} unknown, {} wrong, {} not found",
            tally.right,
            tally.unknown,
            tally.wrong.len(),
            tally.missing.len()
        );
        for line in tally.wrong.iter().chain(&tally.missing) {
            println!("  {line}");
        }
        all += total;
        wrong += tally.wrong.len() + tally.missing.len();
    }
    assert!(wrong * TOLERATED <= all, "{wrong} of {all} are wrong");
}
