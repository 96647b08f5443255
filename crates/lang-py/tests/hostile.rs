//! Inputs made to break a front end: none may crash, hang or be lost without a word.
#![expect(clippy::unwrap_used, reason = "tests")]

use casemate_ir::FileFacts;
use casemate_lang_py::{LowerOptions, lower};
use std::time::{Duration, Instant};

/// Lowers on the stack that callers give, within a time that says "linear".
fn survive(text: String) -> FileFacts {
    let worker = std::thread::Builder::new()
        .stack_size(512 << 20)
        .spawn(move || {
            let begin = Instant::now();
            let facts = lower(&text, &LowerOptions::default());
            (facts, begin.elapsed())
        });
    let (facts, time) = worker.unwrap().join().unwrap();
    assert!(time < Duration::from_secs(20), "{time:?}");
    if facts.stats.instrs < 100_000 {
        let violations = casemate_ir::validate(&facts);
        assert!(violations.is_empty(), "{:?}", violations.first());
    }
    facts
}

fn told(facts: &FileFacts) -> bool {
    !facts.notes.is_empty()
}

#[test]
fn nesting() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("a[", "]"),
        ("{1:", "}"),
        ("(lambda:", ")"),
        ("[x for x in ", "]"),
    ] {
        for n in [1_000, 100_000] {
            let facts = survive(format!(
                "x = {}{}{}\n",
                open.repeat(n),
                "a",
                close.repeat(n)
            ));
            assert!(n == 1_000 || told(&facts), "{open}");
            survive(open.repeat(n));
        }
    }
    for head in [
        "if a:",
        "def f():",
        "class A:",
        "with a:",
        "for a in b:",
        "try:",
        "match a:",
    ] {
        let text: String = (0..1_500)
            .map(|i| format!("{}{head}\n", " ".repeat(i)))
            .collect();
        survive(text);
    }
}

#[test]
fn long_chains() {
    for piece in [
        "+a",
        ".b",
        " and a",
        " or a",
        ",a",
        "-a",
        "%a",
        "()",
        "[0]",
        "|a",
        "+'a'",
        " < a",
        " if a else b",
    ] {
        survive(format!("x = a{}\n", piece.repeat(100_000)));
        survive(format!("if a{}: b()\n", piece.repeat(100_000)));
    }
    for piece in ["not ", "-", "~", "await ", "lambda: "] {
        survive(format!("x = {}a\n", piece.repeat(100_000)));
    }
    survive(format!("if a: b\n{}", "elif a: b\n".repeat(50_000)));
    survive(format!("x = f'{}'\n", "{a}".repeat(100_000)));
    survive(format!("x = [{}]\n", "a,".repeat(200_000)));
}

#[test]
fn broken_files_keep_the_rest() {
    for text in [
        "def f(:\n  pass\ndef g(a):\n  return a\n",
        "x = (1,\n\ndef g(a):\n  return a\n",
        "\u{feff}def g(a):\n  return a\n",
        "def g(a):\n\treturn a\n        b\n",
        "x = 'abc\ndef g(a):\n  return a\n",
        "class A\n  pass\ndef g(a): return a\n",
        "import\nfrom . import\ndef g(a): return a\n",
    ] {
        let facts = survive(text.to_owned());
        let g = facts
            .functions
            .iter()
            .any(|f| f.name.is_some_and(|n| facts.str(n) == "g"));
        assert!(g || told(&facts), "{text}");
    }
    for text in [
        "",
        "\0",
        "\u{feff}",
        "#",
        "\\",
        "'",
        "f'{",
        "match",
        "@",
        "def",
        "return\nyield\nbreak\nnonlocal x\nglobal x",
    ] {
        survive(text.to_owned());
    }
}

#[test]
fn python_2_is_said() {
    for text in [
        "print \"hello\"\n",
        "exec \"x = 1\"\n",
        "raise ValueError, \"no\"\n",
    ] {
        let facts = survive(text.to_owned());
        assert!(
            facts
                .notes
                .iter()
                .any(|n| n.message.starts_with("Python 2")),
            "{text}: {:?}",
            facts.notes
        );
    }
}

#[test]
fn large_files() {
    let facts = survive("x = 1\n".repeat(2_000_000));
    assert!(told(&facts));
    let facts = survive("def f(a):\n    return a\n".repeat(100_000));
    assert!(told(&facts) && facts.stats.skipped_bodies > 0);
}

#[test]
fn finally_does_not_multiply() {
    let mut text = String::from("def f():\n");
    for i in 1..=30 {
        text.push_str(&format!("{}try:\n", " ".repeat(i)));
    }
    text.push_str(&format!("{}return 1\n", " ".repeat(31)));
    for i in (1..=30).rev() {
        let pad = " ".repeat(i);
        text.push_str(&format!("{pad}finally:\n{pad} if a: return g()\n"));
    }
    let facts = survive(text);
    assert!(facts.stats.instrs < 50_000, "{}", facts.stats.instrs);
}
