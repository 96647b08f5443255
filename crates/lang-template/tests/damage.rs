//! No text crashes an engine or makes facts that are not sound.

use casemate_ir::validate;
use casemate_lang_template::{Engine, lower};

const ENGINES: [Engine; 8] = [
    Engine::Ejs,
    Engine::Eta,
    Engine::Handlebars,
    Engine::Pug,
    Engine::Nunjucks,
    Engine::Mustache,
    Engine::Dust,
    Engine::Swig,
];

const PIECES: [&str; 64] = [
    "<%",
    "%>",
    "<%-",
    "<%=",
    "-%>",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{{",
    "}}}",
    "{",
    "}",
    "#{",
    "!{",
    "#[",
    "]",
    "[",
    "(",
    ")",
    "\n",
    "\n  ",
    "\n    ",
    "\n\t",
    " ",
    "=",
    "!=",
    "|",
    ":",
    "+",
    "-",
    "//",
    "/*",
    "\"",
    "'",
    "`",
    "${",
    "\\",
    "&",
    "a",
    "b.c",
    "é日",
    "if ",
    "else",
    "for x in y",
    "each x in y",
    "include ",
    "include(",
    "'x'",
    "endif",
    "/if",
    "#if a",
    "^",
    "> p",
    "@if cond=\"a\"",
    "/",
    "case x",
    "when 1",
    "mixin m(a)",
    "set x = 1",
    "<script>",
    "<a href=",
];

/// Calls `check` on a thread with the stack that these crates ask for.
fn on_a_large_stack(check: fn()) {
    std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(check)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn random_pieces() {
    on_a_large_stack(|| {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize % n
        };
        for _ in 0..6_000 {
            let length = 1 + random(24);
            let text: String = (0..length).map(|_| PIECES[random(PIECES.len())]).collect();
            for engine in ENGINES {
                let facts = lower(&text, "views/a.html", engine);
                assert_eq!(validate(&facts), [], "{engine:?} {text:?}");
                for function in &facts.functions {
                    for span in &function.spans {
                        assert!(
                            span.end as usize <= text.len(),
                            "{engine:?} {text:?} {span:?}"
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn long_repetitions_take_linear_time() {
    on_a_large_stack(|| {
        let start = std::time::Instant::now();
        for piece in PIECES {
            for other in ["", "a ", "\n", "(", "{{a}}"] {
                let text = format!("{piece}{other}").repeat(6_000);
                for engine in ENGINES {
                    let one = std::time::Instant::now();
                    let _ = lower(&text, "views/a.html", engine);
                    assert!(
                        one.elapsed().as_secs() < 20,
                        "{engine:?} {piece:?} {other:?} {:?}",
                        one.elapsed()
                    );
                }
            }
        }
        assert!(start.elapsed().as_secs() < 600);
    });
}
