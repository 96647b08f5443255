//! The textual form: what parses prints to something that parses to the same print.
#![no_main]

use casemate_ir::text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source = String::from_utf8_lossy(data);
    let Ok(facts) = text::parse(&source) else {
        return;
    };
    let _ = casemate_ir::validate(&facts);
    let printed = text::print(&facts);
    let again = text::parse(&printed).expect("what was printed parses");
    assert_eq!(printed, text::print(&again));
});
