//! What becomes of data that deserves protection: for each column and name, whether it is encrypted, logged, returned and sent.
//!
//! Names tell the classes, in the program as in the schema. An answer that rests on something that was not understood is *unknown*.

use super::Material;
use casemate_flow::result::Site;
use casemate_ledger::data::Class;
use casemate_ledger::handed::{Receiver, plain};
use casemate_say::say;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Places that are named for one answer.
const PLACES: usize = 3;

/// Words in names of what is kept in a form that cannot be turned back.
const HASHED: [&str; 3] = ["hash", "digest", "encrypted"];

/// The inventory.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Protection {
    /// One row for each column, and for each name of which no column is known.
    pub rows: Vec<DataRow>,
    /// Columns that are declared, of whatever class.
    pub columns: usize,
    /// By receiver: places where something is handed on, and of these the ones of which the parts are not known.
    pub places: Vec<(String, usize, usize)>,
    /// Calls that encrypt something.
    pub ciphers: usize,
}

/// One column or name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct DataRow {
    /// `credentials`, `personal data` …
    pub class: String,
    /// The class, table or collection that declares it; empty where none does.
    pub record: String,
    /// As it is declared, or read.
    pub name: String,
    /// Where it is declared, or read first.
    pub at: String,
    /// Places that read it by this name.
    pub read: usize,
    /// Whether it is kept encrypted.
    pub encrypted: Said,
    /// Whether it is written into a log.
    pub logged: Said,
    /// Whether clients get it.
    pub returned: Said,
    /// Whether other services get it.
    pub sent: Said,
    /// Findings whose path names it.
    pub findings: Vec<String>,
}

/// An answer with its ground.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Said {
    /// `yes`, `no`, `unknown`.
    pub answer: String,
    /// Places, or what says so.
    pub because: Vec<String>,
    /// Further places.
    pub more: usize,
}

impl Said {
    fn of(answer: &str, because: Vec<String>) -> Self {
        Self {
            answer: answer.to_owned(),
            because,
            more: 0,
        }
    }
}

pub(super) fn of(m: &Material<'_>) -> Protection {
    let handed = &m.inventory.handed;
    let ciphers = m.inventory.settings(&["cipher.use", "cipher"]).len();
    let plain_only = ciphers == 0 && !may_encrypt(m);
    let mut rows = Vec::new();
    let mut declared: BTreeSet<String> = BTreeSet::new();
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for column in m.columns {
        let Some(class) = m.inventory.class_of(&column.name) else {
            continue;
        };
        declared.insert(plain(&column.name));
        if told.insert((&column.record, &column.name)) {
            let mut row = row(m, class, &column.name, (m.place)(column.at));
            row.record.clone_from(&column.record);
            row.encrypted = encrypted(class, column.sealed.as_deref(), &column.name, plain_only);
            rows.push(row);
        }
    }
    for (name, sites) in &m.inventory.members {
        let Some(class) = m.inventory.class_of(name) else {
            continue;
        };
        // Classes and constants are called so, and hold settings.
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            continue;
        }
        let first = sites.iter().next();
        if declared.insert(plain(name))
            && let Some(first) = first
        {
            let mut row = row(m, class, name, (m.place)(*first));
            row.encrypted = encrypted(class, None, name, plain_only);
            rows.push(row);
        }
    }
    doubt_shared(&mut rows);
    rows.sort_by(|a, b| {
        let order = |row: &DataRow| Class::ALL.iter().position(|c| c.name() == row.class);
        (order(a), &a.record, &a.name).cmp(&(order(b), &b.record, &b.name))
    });
    let places = [
        (Receiver::Log, "log"),
        (Receiver::Client, "client"),
        (Receiver::Service, "service"),
    ];
    Protection {
        rows,
        columns: m.columns.len(),
        places: places
            .into_iter()
            .map(|(receiver, name)| {
                let of = |map: &BTreeMap<Receiver, usize>| map.get(&receiver).copied().unwrap_or(0);
                (name.to_owned(), of(&handed.places), of(&handed.open))
            })
            .collect(),
        ciphers,
    }
}

/// Of several columns with one name, nobody can tell by the name which one is handed on.
fn doubt_shared(rows: &mut [DataRow]) {
    let mut records: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter() {
        let of = records.entry(plain(&row.name)).or_default();
        of.insert(row.record.clone());
    }
    for row in rows {
        if records
            .get(&plain(&row.name))
            .is_some_and(|of| of.len() > 1)
        {
            for said in [&mut row.logged, &mut row.returned, &mut row.sent] {
                if said.answer == "yes" {
                    "unknown".clone_into(&mut said.answer);
                }
            }
        }
    }
}

fn row(m: &Material<'_>, class: Class, name: &str, at: String) -> DataRow {
    let plain_name = plain(name);
    let members = m.inventory.members.iter();
    let read = members
        .filter(|(member, _)| plain(member) == plain_name)
        .map(|(_, sites)| sites.len())
        .sum();
    let handed = |receiver| said(m, receiver, &plain_name);
    let mut findings: Vec<String> = Vec::new();
    for finding in m.findings {
        let named = finding.paths.iter().any(|path| {
            let last = path.source.rsplit(['.', '[']).next().unwrap_or_default();
            plain(last) == plain_name
        });
        if named || tells(finding, &plain_name) {
            findings.push(finding.id.clone());
        }
    }
    DataRow {
        class: class.name().to_owned(),
        record: String::new(),
        name: name.to_owned(),
        at,
        read,
        encrypted: Said::default(),
        logged: handed(Receiver::Log),
        returned: handed(Receiver::Client),
        sent: handed(Receiver::Service),
        findings,
    }
}

/// Weaknesses of how something is kept, shown or sent.
const OF_KEEPING: [u16; 23] = [
    200, 201, 256, 257, 311, 312, 313, 315, 319, 359, 521, 522, 524, 525, 532, 549, 598, 620, 640,
    759, 760, 798, 916,
];

/// Whether a finding without a way is about what has a name: its line or its rule speaks of it.
fn tells(finding: &crate::assessment::Finding, plain_name: &str) -> bool {
    let about = finding
        .cwe
        .first()
        .is_some_and(|cwe| OF_KEEPING.contains(cwe));
    if !about || !finding.paths.is_empty() {
        return false;
    }
    let words = |text: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '$'));
        words.any(|word| plain(word) == plain_name)
    };
    let of_rule = || {
        let mut parts = finding.rule.split('-');
        parts.any(|part| part == plain_name || part.strip_suffix('s') == Some(plain_name))
    };
    // What the rule itself names is not told of what stands beside it.
    let of_passwords = finding.rule.contains("password");
    of_rule() || !of_passwords && words(&finding.place.snippet)
}

/// Whether a receiver is handed what has a name.
fn said(m: &Material<'_>, receiver: Receiver, name: &str) -> Said {
    let handed = &m.inventory.handed;
    if let Some(sites) = handed.names.get(&(receiver, name.to_owned())) {
        let places: BTreeSet<String> = sites.iter().map(|site: &Site| (m.place)(*site)).collect();
        let more = places.len().saturating_sub(PLACES);
        return Said {
            more,
            ..Said::of("yes", places.into_iter().take(PLACES).collect())
        };
    }
    let open = handed.open.get(&receiver).copied().unwrap_or_default();
    // A file that was not read may hold a call.
    let whole = m.coverage.files.skipped.is_empty() && m.coverage.files.partly.is_empty();
    Said::of(
        if open == 0 && whole { "no" } else { "unknown" },
        Vec::new(),
    )
}

/// Whether a package is imported that may encrypt.
fn may_encrypt(m: &Material<'_>) -> bool {
    let hashes = ["bcrypt", "scrypt"];
    let mut packages = m.inventory.packages.keys();
    packages.any(|root| root.contains("crypt") && !hashes.iter().any(|hash| root.contains(hash)))
}

/// Whether a column is kept encrypted, as its declaration or its name says it. `plain_only`: nothing in the program encrypts.
fn encrypted(class: Class, sealed: Option<&str>, name: &str, plain_only: bool) -> Said {
    if let Some(sealed) = sealed {
        return Said::of("yes", vec![sealed.to_owned()]);
    }
    let plain = plain(name);
    if let Some(word) = HASHED.iter().find(|word| plain.contains(**word)) {
        return Said::of("unknown", vec![say!("its name says `{word}`")]);
    }
    // Passwords are hashed, which is another question.
    if plain_only && class != Class::Credentials {
        return Said::of("no", Vec::new());
    }
    Said::of("unknown", Vec::new())
}
