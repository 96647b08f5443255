//! From text to a syntax tree: inputs that are not safe to parse, and files of an older Python.

use crate::LowerOptions;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::{Parsed, parse_unchecked_source};
use ruff_text_size::Ranged;

/// Prefix operators, lambdas and the like in a row make a parser recurse although no bracket opens.
const MAX_UNBRACKETED: usize = 20_000;

/// Levels of indentation.
const MAX_INDENTATION: usize = 2_000;

/// The tree of a file and what is wrong with it.
pub(crate) struct Tree {
    parsed: Parsed<ModModule>,
}

impl Tree {
    /// Parses a text; never fails.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            parsed: parse_unchecked_source(text, PySourceType::Python),
        }
    }

    pub(crate) fn module(&self) -> &ModModule {
        self.parsed.syntax()
    }

    /// Number of syntax errors.
    pub(crate) fn errors(&self) -> u32 {
        u32::try_from(self.parsed.errors().len()).unwrap_or(u32::MAX)
    }

    /// The first error: its message and where it stands.
    pub(crate) fn first_error(&self) -> Option<(String, u32)> {
        let error = self.parsed.errors().first()?;
        Some((error.error.to_string(), error.location.start().to_u32()))
    }

    /// Comments that contain a mark.
    pub(crate) fn comments(&self, text: &str, mark: &str) -> Vec<(casemate_ir::Span, String)> {
        if !text.contains(mark) {
            return Vec::new();
        }
        self.parsed
            .tokens()
            .iter()
            .filter(|t| t.kind() == TokenKind::Comment)
            .filter_map(|t| {
                let span = casemate_ir::Span::new(t.start().to_u32(), t.end().to_u32());
                let comment = text.get(span.start as usize..span.end as usize)?;
                comment.contains(mark).then(|| (span, comment.to_owned()))
            })
            .collect()
    }
}

/// Why a file is not parsed, in a user's words.
pub(crate) fn refusal(text: &str, options: &LowerOptions) -> Option<String> {
    if text.len() > options.max_bytes {
        return Some(format!(
            "not analysed: the file is larger than {} bytes",
            options.max_bytes
        ));
    }
    if brackets(text) > options.max_brackets {
        return Some(format!(
            "not analysed: brackets nest deeper than {}",
            options.max_brackets
        ));
    }
    if nested(text) {
        return Some(format!(
            "not analysed: more than {MAX_UNBRACKETED} operators or {MAX_INDENTATION} statements inside one another"
        ));
    }
    None
}

/// The deepest nesting of brackets; those in strings and comments count too, so it may be too high but never too low.
fn brackets(text: &str) -> u32 {
    let (mut depth, mut deepest) = (0u32, 0u32);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a logical line may nest without brackets, or indentation goes too deep.
fn nested(text: &str) -> bool {
    let indented = |line: &&[u8]| {
        line.iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count()
            > MAX_INDENTATION
    };
    let recursive = |line: &&[u8]| line.len() > MAX_UNBRACKETED && run(line) > MAX_UNBRACKETED;
    let mut lines = text.as_bytes().split(|b| *b == b'\n');
    lines.any(|line| indented(&line) || recursive(&line))
}

/// The longest run of tokens that nest to the right.
fn run(line: &[u8]) -> usize {
    let (mut operators, mut words, mut longest) = (0, 0, 0);
    let mut previous = b' ';
    for &byte in line {
        match byte {
            b'-' | b'~' | b'+' | b'*' => operators += 1,
            b' ' | b':' | b'=' | b'a'..=b'z' => {}
            _ => operators = 0,
        }
        // `not not …`, `lambda: lambda: …`, `x if y else …`, `await await …`
        if !previous.is_ascii_alphanumeric() && matches!(byte, b'n' | b'l' | b'e' | b'a') {
            words += 1;
        }
        previous = byte;
        longest = longest.max(operators).max(words);
    }
    longest
}

/// Whether a file that does not parse looks like Python 2: statements that Python 3 does not have.
pub(crate) fn is_python2(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let printed = line.strip_prefix("print ").is_some_and(|rest| {
            let rest = rest.trim_start();
            !rest.is_empty()
                && !rest.starts_with(['(', '=', '.', '+', ','])
                && !rest.starts_with("in ")
        });
        let caught = line
            .strip_prefix("except ")
            .and_then(|rest| rest.strip_suffix(':'))
            .is_some_and(|rest| {
                rest.contains(", ") && !rest.contains(['(', '"']) && !rest.contains(" as ")
            });
        let raised = line
            .strip_prefix("raise ")
            .is_some_and(|rest| rest.contains(", \"") && !rest.contains('('));
        printed || caught || raised || line.starts_with("exec \"")
    })
}
