//! Parse, lower, validate: whatever the text, the facts hold their invariants.
#![no_main]

use casemate_lang_js::LowerOptions;
use libfuzzer_sys::fuzz_target;

/// The first byte chooses the kind of file.
const PATHS: [&str; 6] = ["a.js", "a.ts", "a.tsx", "a.jsx", "a.mjs", "a.d.ts"];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let facts = casemate_lang_js::lower(&text, path, &LowerOptions::default());
    let violations = casemate_ir::validate(&facts);
    assert!(violations.is_empty(), "{violations:?}");
});
