//! Templates of every engine: whatever the text, the facts hold their invariants.
#![no_main]

use casemate_lang_template::Engine;
use libfuzzer_sys::fuzz_target;

/// The first byte chooses the engine.
const ENGINES: [(Engine, &str); 8] = [
    (Engine::Ejs, "a.ejs"),
    (Engine::Eta, "a.eta"),
    (Engine::Nunjucks, "a.njk"),
    (Engine::Swig, "a.swig"),
    (Engine::Handlebars, "a.hbs"),
    (Engine::Mustache, "a.mustache"),
    (Engine::Dust, "a.dust"),
    (Engine::Pug, "a.pug"),
];

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(rest);
    let (engine, path) = ENGINES[usize::from(*first) % ENGINES.len()];
    let facts = casemate_lang_template::lower(&text, path, engine);
    let violations = casemate_ir::validate(&facts);
    assert!(violations.is_empty(), "{violations:?}");
});
