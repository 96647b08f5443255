//! Parse, lower, validate Python: whatever the text, the facts hold their invariants.
#![no_main]

use casemate_lang_py::LowerOptions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let facts = casemate_lang_py::lower(&text, &LowerOptions::default());
    let violations = casemate_ir::validate(&facts);
    assert!(violations.is_empty(), "{violations:?}");
});
