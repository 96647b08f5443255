//! Every sentence that a report may say stands in the catalogue, `lang/template.toml`.
//!
//! It is collected from the sources: `UPDATE=1 cargo test -p casemate --test language`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const CRATES: [&str; 6] = ["app", "flow", "rules", "ledger", "assess", "report"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// A piece of a source: a string, or a character of code.
enum Token {
    Text(String),
    Code(char),
}

/// A source without its comments.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    while at < chars.len() {
        match chars[at] {
            '/' if is(at + 1, '/') => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            // A character, and not a lifetime.
            '\'' if is(at + 1, '\\') || is(at + 2, '\'') => {
                at += if is(at + 1, '\\') { 3 } else { 2 };
                while at < chars.len() && chars[at] != '\'' {
                    at += 1;
                }
                at += 1;
            }
            '"' => {
                let mut said = String::new();
                at += 1;
                while chars[at] != '"' {
                    if chars[at] != '\\' {
                        said.push(chars[at]);
                        at += 1;
                        continue;
                    }
                    at += 1;
                    match chars[at] {
                        'n' => said.push('\n'),
                        't' => said.push('\t'),
                        '\n' => {
                            while chars[at + 1].is_whitespace() {
                                at += 1;
                            }
                        }
                        'u' => {
                            let end = (at..).find(|at| chars[*at] == '}').unwrap();
                            let code: String = chars[at + 2..end].iter().collect();
                            let code = u32::from_str_radix(&code, 16).unwrap();
                            said.push(char::from_u32(code).unwrap());
                            at = end;
                        }
                        c => said.push(c),
                    }
                    at += 1;
                }
                at += 1;
                out.push(Token::Text(said));
            }
            c => {
                out.push(Token::Code(c));
                at += 1;
            }
        }
    }
    out
}

/// The texts that a call holds at its own level: all strings up to its closing bracket, but those of calls inside it.
fn said(tokens: &[Token]) -> Vec<&str> {
    let mut depth = 0;
    let mut out = Vec::new();
    for token in tokens {
        match token {
            Token::Text(text) if depth == 0 => out.push(text.as_str()),
            Token::Code('(' | '[' | '{') => depth += 1,
            Token::Code(')' | ']' | '}') if depth == 0 => break,
            Token::Code(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    out
}

#[derive(Default)]
struct Collected {
    sentences: BTreeSet<String>,
    /// By the first form.
    counts: BTreeMap<String, String>,
}

impl Collected {
    fn read(&mut self, text: &str) {
        let text = text.split("#[cfg(test)]").next().unwrap_or(text);
        let tokens = tokens(text);
        let mut code = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let Token::Code(c) = token else {
                code.clear();
                continue;
            };
            code.push(*c);
            let rest = &tokens[at + 1..];
            if ["say!(", "label!(", "mark!("]
                .iter()
                .any(|m| code.ends_with(m))
            {
                self.sentences
                    .extend(said(rest).first().map(|s| (*s).to_owned()));
            } else if code.ends_with("counted!(")
                || ["count(", "each(", "of_all("]
                    .iter()
                    .any(|m| code.ends_with(m))
            {
                // The number comes first.
                let counts =
                    code.ends_with("counted!(") || !matches!(rest.first(), Some(Token::Text(_)));
                if let ([.., one, many], true) = (said(rest).as_slice(), counts) {
                    self.counts.insert((*one).to_owned(), (*many).to_owned());
                }
            }
        }
    }

    fn template(&self) -> String {
        let mut out = String::from(
            "# All sentences of Casemate. Made from the sources: UPDATE=1 cargo test -p casemate --test language.\n# `casemate lang` prints it with the texts of rules, models and requirements.\nlanguage = \"xx\"\n\n[sentences]\n",
        );
        let quoted = |text: &str| {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{}\"", text.replace('\n', "\\n").replace('\t', "\\t"))
        };
        for sentence in self.sentences.iter().filter(|s| !s.trim().is_empty()) {
            out.push_str(&format!("{} = \"\"\n", quoted(sentence)));
        }
        out.push_str("\n[counts]\n");
        for (one, many) in &self.counts {
            out.push_str(&format!(
                "# {{n}} {one}, {{n}} {many}\n{} = []\n",
                quoted(one)
            ));
        }
        out
    }
}

#[test]
fn the_template_is_whole() {
    let mut files = Vec::new();
    for name in CRATES {
        sources(&root().join("crates").join(name).join("src"), &mut files);
    }
    files.sort();
    let mut all = Collected::default();
    for file in files {
        all.read(&std::fs::read_to_string(file).unwrap());
    }
    assert!(all.sentences.len() > 500, "{}", all.sentences.len());
    let path = root().join("lang/template.toml");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, all.template()).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == all.template(),
        "sentences changed: UPDATE=1 cargo test -p casemate --test language"
    );
}

/// A catalogue that says nothing of its own: the places of every text between marks. What is left of a report then comes from data.
fn marked(template: &str) -> String {
    let mut out = String::new();
    let mut prose = String::new();
    let mut part = "";
    for line in template.lines() {
        if line.starts_with('[') {
            part = line;
            prose.clear();
            out.push_str(&format!("{line}\n"));
        } else if let Some(text) = line.strip_prefix('#') {
            let text = text.strip_prefix(' ').unwrap_or(text);
            prose.push_str(&format!("{text}\n"));
        } else if let Some(key) = line.strip_suffix(" = []") {
            out.push_str(&format!("{key} = [\"⟦{{n}}⟧\", \"⟦{{n}}⟧\"]\n"));
        } else if let Some(key) = line.strip_suffix(" = \"\"") {
            if part == "[sentences]" {
                let text = &key[1..key.len() - 1];
                out.push_str(&format!("{key} = \"⟦{}⟧\"\n", places(text)));
            } else {
                let text = marked_prose(&std::mem::take(&mut prose));
                out.push_str(&format!("{key} = '''\n{text}'''\n"));
            }
        } else if line.starts_with("language") {
            out.push_str("language = \"xx\"\n");
        } else {
            out.push('\n');
        }
    }
    out
}

/// The places of a text, in code where they stand in code: `` `{file}:{line}` {n} ``.
fn places(text: &str) -> String {
    let text = text.replace("{{", "").replace("}}", "");
    let mut out: Vec<String> = Vec::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            out.extend(part.contains('{').then(|| format!("`{part}` ")));
            continue;
        }
        for piece in part.split('{').skip(1) {
            let name = piece.split(['}', ':']).next().unwrap_or_default();
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            out.extend(name.chars().all(plain).then(|| format!("{{{name}}} ")));
        }
    }
    out.concat()
}

/// Markdown with its code and what it fills in, and nothing else.
fn marked_prose(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().map(|line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        let item = line.trim_start().trim_start_matches("- ");
        if fence || inside || item.is_empty() {
            return line.to_owned();
        }
        let lead = &line[..line.len() - item.len()];
        format!("{lead}⟦{}⟧", places(item))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a page says outside of code, and of places in the code.
fn unmarked(page: &str) -> Vec<String> {
    let mut text = page.to_owned();
    for (open, close) in [
        ("<style", "</style>"),
        ("<script", "</script>"),
        ("<pre", "</pre>"),
        ("<code>", "</code>"),
        ("<span class=\"place\">", "</span>"),
    ] {
        while let Some(at) = text.find(open) {
            let end = text[at..]
                .find(close)
                .map_or(text.len(), |n| at + n + close.len());
            text.replace_range(at..end, "");
        }
    }
    let mut lines = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        lines.push_str(&rest[..at]);
        let end = rest[at..].find('>').map_or(rest.len(), |n| at + n + 1);
        let tag = rest[at + 1..end].trim_start_matches('/');
        let name = tag.split([' ', '>', '\n']).next().unwrap_or_default();
        if !["a", "em", "strong", "wbr", "span", "code"].contains(&name) {
            lines.push('\n');
        }
        rest = &rest[end..];
    }
    lines.push_str(rest);
    let plain = |line: &str| line.replace(['⟦', '⟧'], " ");
    lines
        .lines()
        .map(plain)
        .filter(|line| is_sentence(line))
        .collect()
}

/// Two words in a row.
fn is_sentence(line: &str) -> bool {
    let is_word = |word: &str| {
        let word = word.trim_matches([',', ';', ':', '.', '(', ')', '“', '”']);
        word.chars().count() > 1 && word.chars().all(char::is_lowercase)
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(3)
        .any(|three| three.iter().all(|w| is_word(w)))
}

/// Programs whose reports are read.
const PROGRAMS: [&str; 5] = [
    "examples/orders-api",
    "crates/assess/tests/retests/express/before",
    "crates/assess/tests/retests/flask/before",
    "crates/assess/tests/retests/fastapi/before",
    "crates/assess/tests/retests/django/before",
];

/// Names that stay as they are in any language.
const NAMES: [&str; 2] = ["OWASP API Top", "OWASP Top"];

#[test]
fn every_sentence_of_a_report_can_be_translated() {
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_casemate"))
            .current_dir(root())
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xx.toml");
    std::fs::write(&file, marked(&run(&["lang"]))).unwrap();
    let file = file.to_str().unwrap();
    for program in PROGRAMS {
        let page = run(&[
            "assess", program, "--format", "html", "--lang", file, "--quiet",
        ]);
        assert!(page.contains("lang=\"xx\"") && page.contains("⟦⟧"));
        let said = unmarked(&page);
        let said = said
            .iter()
            .filter(|line| !NAMES.iter().any(|name| line.contains(name)));
        let said: BTreeSet<&String> = said.collect();
        assert!(
            said.is_empty(),
            "not in the catalogue, of {program}: {said:#?}"
        );
    }
}

#[test]
fn a_catalogue_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xx.toml");
    for (text, says) in [
        ("language = \"xx\"\n[sentence]\n", "`sentence` is no part"),
        (
            "language = \"xx\"\n[sentences]\n\"{n} of {all}\" = \"{m}\"\n",
            "`{m}`",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_casemate"))
            .args([
                "assess",
                "examples/orders-api",
                "--lang",
                file.to_str().unwrap(),
            ])
            .current_dir(root())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn what_is_misspelt_is_told_and_what_is_translated_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("de.toml");
    let text = "language = \"de\"\n[sentences]\n\"Executive Sumary\" = \"Kurz\"\n\"Attack\" = \"Angriff\"\n\"{causes} at {places}.\" = \"{causes}.\"\n";
    std::fs::write(&file, text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_casemate"))
        .args(["lang", file.to_str().unwrap()])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("did you mean `Executive Summary`?"), "{told}");
    assert!(told.contains("says nothing of `{places}`"), "{told}");
    let anew = String::from_utf8(output.stdout).unwrap();
    for line in [
        "language = \"de\"",
        "\"Attack\" = \"Angriff\"",
        "\"Executive Summary\" = \"\"",
    ] {
        assert!(anew.lines().any(|l| l == line), "{line}");
    }
}
