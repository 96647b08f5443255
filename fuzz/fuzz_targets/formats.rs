//! What people write for casemate: models, rules, expressions, paths, policies, and the regular expressions it judges.
#![no_main]

use casemate_assess::knowledge::Knowledge;
use casemate_assess::policy::Policy;
use casemate_rules::front::{self, Names};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let knowledge = Knowledge::built_in().expect("the catalogue inside is whole");
    let kinds = knowledge.models.kinds();
    match first % 5 {
        0 => drop(casemate_model::load::load_str("a.toml", &text, kinds)),
        1 => drop(front::parse("a.md", &text, Names { kinds, asvs: &[] })),
        2 => drop(casemate_model::expr::parse(&text)),
        3 => drop(Policy::parse("casemate.toml", &text, &knowledge.catalogue)),
        _ => drop(casemate_rules::backtracking::growth(&text)),
    }
});
