//! What signed tokens are for: one key for several purposes, and claims that nobody looks at.

use super::trace::{argument, at, call_of, flat, made_by, text, texts, texts_of, value};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, Key, Operand, PartKey, VarRef};
use std::collections::{BTreeMap, BTreeSet};

/// Words of names that say what a token is for.
const PURPOSES: [(&str, &str); 14] = [
    ("refresh", "refresh"),
    ("reset", "password reset"),
    ("forgot", "password reset"),
    ("verif", "confirmation"),
    ("confirm", "confirmation"),
    ("activat", "confirmation"),
    ("invit", "invitation"),
    ("magic", "login link"),
    ("unsubscribe", "unsubscribing"),
    ("download", "download"),
    ("access", "access"),
    ("auth", "access"),
    ("login", "access"),
    ("session", "access"),
];

/// Claims and options that tell tokens of different purposes apart.
const TYPES: [&str; 12] = [
    "type",
    "typ",
    "purpose",
    "use",
    "tokenuse",
    "tokentype",
    "kind",
    "action",
    "aud",
    "scope",
    "for",
    "intent",
];

/// Claims that say what a token allows, or whose it is.
const RIGHTS: [&str; 14] = [
    "scope",
    "scopes",
    "scp",
    "permissions",
    "roles",
    "role",
    "groups",
    "sub",
    "authorization_details",
    "entitlements",
    "client_id",
    "azp",
    "requiredScopes",
    "claimCheck",
];

struct Signed {
    fact: Fact,
    unit: Option<u32>,
    key: Option<String>,
    purpose: Option<&'static str>,
    typed: FactValue,
}

/// One fact for each group of places that sign with one key, at the first; and one for each that cannot be told.
pub(super) fn purposes(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut groups: BTreeMap<(Option<u32>, Option<String>), Vec<Signed>> = BTreeMap::new();
    for fact in known.iter().filter(|fact| fact.fact == "jwt.sign") {
        let Some(signed) = signed(origins, fact) else {
            continue;
        };
        let group = (signed.unit, signed.key.clone());
        groups.entry(group).or_default().push(signed);
    }
    let mut out = Vec::new();
    for ((_, key), group) in groups {
        let purposes: BTreeSet<&str> = group.iter().filter_map(|s| s.purpose).collect();
        let typed = |wanted: &FactValue| group.iter().filter(|s| s.typed == *wanted).count();
        let typed = if typed(&FactValue::Bool(true)) == group.len() {
            FactValue::Bool(true)
        } else if typed(&FactValue::Bool(false)) > 0 {
            FactValue::Bool(false)
        } else {
            FactValue::Unknown
        };
        let shared = match key {
            _ if purposes.len() < 2 => FactValue::Bool(false),
            Some(_) => FactValue::Bool(true),
            None => FactValue::Unknown,
        };
        let Some(first) = group.iter().min_by_key(|s| s.fact.site) else {
            continue;
        };
        let names: Vec<&str> = purposes.into_iter().collect();
        out.push(Fact {
            fact: "token.purpose".to_owned(),
            values: vec![
                ("shared".to_owned(), shared),
                ("typed".to_owned(), typed),
                ("purposes".to_owned(), FactValue::Str(names.join(", "))),
            ],
            ..first.fact.clone()
        });
    }
    out
}

fn signed(origins: &Solver<'_, '_>, fact: &Fact) -> Option<Signed> {
    let (f, index) = call_of(origins, fact)?;
    let Some(Instr::Call { to, args, .. }) = f.func.instrs.get(index) else {
        return None;
    };
    let args = f.func.args(*args);
    let key = argument(f, args, 1, "key").and_then(|key| identity(origins, f, key));
    let mut names = vec![origins.program.func_name(f.id).to_lowercase()];
    names.extend(target(f, Operand::Local(*to)).map(str::to_lowercase));
    // The most exact name counts: that of the value before that of the function.
    let purpose = names.iter().rev().find_map(|name| {
        let found = PURPOSES.iter().find(|(word, _)| name.contains(word));
        found.map(|(_, purpose)| *purpose)
    });
    let payload = argument(f, args, 0, "payload");
    let options = argument(f, args, 2, "headers");
    let named = |value: Option<Operand>| -> Option<Vec<String>> {
        match made_by(f, value?)? {
            (_, Instr::Object { parts, .. }) => {
                let parts = f.func.parts(*parts);
                let open = parts.iter().any(|p| !matches!(p.key, PartKey::Field(_)));
                let fields = parts.iter().filter_map(|p| match p.key {
                    PartKey::Field(name) => Some(flat(f.file.facts.str(name))),
                    _ => None,
                });
                (!open).then(|| fields.collect())
            }
            _ => None,
        }
    };
    let says = |names: &Option<Vec<String>>| {
        names.iter().flatten().any(|name| {
            TYPES.contains(&name.as_str())
                || ["audience", "subject", "header"].contains(&name.as_str())
        })
    };
    let (payload, options) = (named(payload), named(options));
    let typed = if says(&payload) || says(&options) {
        FactValue::Bool(true)
    } else if payload.is_some() {
        FactValue::Bool(false)
    } else {
        FactValue::Unknown
    };
    Some(Signed {
        fact: fact.clone(),
        unit: origins.program.units.get(f.file_idx.0 as usize).copied(),
        key,
        purpose,
        typed,
    })
}

/// What a key is, as a text that is the same wherever it is used.
fn identity(origins: &Solver<'_, '_>, f: FuncRef<'_>, key: Operand) -> Option<String> {
    if let Some(text) = text(f, key) {
        return Some(format!("'{text}'"));
    }
    let mut all = texts(origins, f.id, key);
    all.sort();
    // `process.env.JWT_SECRET`, `os.environ['KEY']`: a name of its own.
    if let [one] = all.as_slice()
        && one.contains("env")
        && !one.ends_with("env")
        && !one.ends_with("environ")
    {
        return Some(one.clone());
    }
    match made_by(f, key)?.1 {
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => Some(format!("{}#{}", f.file.path, global.index())),
        _ => None,
    }
}

/// The first name that a value is given.
fn target<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    let mut value = value;
    for instr in &f.func.instrs {
        match *instr {
            Instr::Await { to, from } if from == value => value = Operand::Local(to),
            Instr::Copy { to, from } if from == value => {
                if let Some(name) = f.func.locals.get(to.index()).and_then(|l| l.name) {
                    return Some(f.file.facts.str(name));
                }
                value = Operand::Local(to);
            }
            Instr::Store {
                key: Key::Field(name),
                value: stored,
                ..
            } if stored == value => return Some(f.file.facts.str(name)),
            Instr::Object { parts, .. } => {
                for part in f.func.parts(parts) {
                    if let PartKey::Field(name) = part.key
                        && part.value == value
                    {
                        return Some(f.file.facts.str(name));
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// One fact for each program that accepts tokens of another service: whether anything in it looks at what they allow.
pub(super) fn claims(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let foreign = |fact: &&Fact| {
        let asymmetric = |name: &String| {
            ["RS", "ES", "PS", "Ed"]
                .iter()
                .any(|start| name.starts_with(start))
        };
        fact.fact == "token.remote"
            || fact.fact == "jwt.verify"
                && texts_of(value(fact, "algorithms")).iter().any(asymmetric)
    };
    let Some(first) = known.iter().filter(foreign).min_by_key(|fact| fact.site) else {
        return Vec::new();
    };
    let used = origins.program.files.iter().any(|file| {
        file.facts
            .strings
            .iter()
            .any(|name| RIGHTS.contains(&&**name))
    });
    let Some((f, index)) = call_of(origins, first) else {
        return Vec::new();
    };
    vec![at(
        f,
        index,
        "token.claims",
        &first.callee,
        &[("used", FactValue::Bool(used))],
    )]
}
