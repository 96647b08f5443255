//! Secrets that a program is given by its environment, by the names under which it asks for them.

use super::seen::{Known, Seen};
use casemate_flow::result::Site;
use casemate_ir::{Const, Instr, Key, Operand};
use std::collections::BTreeMap;

/// Names under which secrets are given to a program: upper case, with a word that says so.
pub(crate) fn secrets(known: &Known<'_>, seen: &mut Seen) {
    let program = &known.linked.program;
    let mut found: BTreeMap<String, Site> = BTreeMap::new();
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let mut take = |name: &str| {
                if is_secret(name) {
                    let site = Site {
                        file: f.file_idx,
                        span: *span,
                    };
                    found.entry(name.to_owned()).or_insert(site);
                }
            };
            match *instr {
                Instr::Load {
                    key: Key::Field(name),
                    ..
                } => take(f.file.facts.str(name)),
                Instr::Call { args, .. } => {
                    for arg in f.func.args(args) {
                        if let Operand::Const(id) = arg.value
                            && let Const::Str(text) = *f.file.facts.constant(id)
                        {
                            take(f.file.facts.str(text));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for (name, site) in found {
        seen.add("secret", name, site);
    }
}

fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "TOKEN",
        "KEY",
        "CREDENTIALS",
        "DSN",
        "PASSPHRASE",
        "APIKEY",
    ];
    const NOT: [&str; 12] = [
        "PUBLIC",
        "URL",
        "LIFETIME",
        "EXPIRES",
        "EXPIRY",
        "EXPIRATION",
        "LENGTH",
        "NAME",
        "HEADER",
        "FIELD",
        "TTL",
        "ALGORITHM",
    ];
    let shape = name.len() > 4
        && name.len() < 60
        && name.contains('_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let words: Vec<&str> = name.split('_').collect();
    let last = words.last().copied().unwrap_or_default();
    shape
        && (WORDS.contains(&last) || words.iter().any(|w| *w == "SECRET" || *w == "PASSWORD"))
        && !words.iter().any(|w| NOT.contains(w))
}
