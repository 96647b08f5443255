//! From text to a syntax tree: the dialects of a file name, and inputs that are not worth or not safe to parse.

use crate::LowerOptions;
use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

/// The best parse of a file.
pub(crate) struct Parsed<'a> {
    pub(crate) program: Program<'a>,
    /// Errors that the parser recovered from, or the one that it did not.
    pub(crate) errors: u32,
    /// Message and byte offset of the first error.
    pub(crate) first: Option<(String, u32)>,
    /// Nothing could be recovered.
    pub(crate) panicked: bool,
}

/// Why a file is not parsed, in a user's words.
pub(crate) fn refusal(text: &str, options: &LowerOptions) -> Option<String> {
    if text.len() > options.max_bytes {
        return Some(format!(
            "not analysed: the file is larger than {} bytes",
            options.max_bytes
        ));
    }
    if bracket_depth(text) > options.max_brackets {
        return Some(format!(
            "not analysed: brackets nest deeper than {}",
            options.max_brackets
        ));
    }
    if operator_run(text) > PREFIX_RUN {
        return Some(format!(
            "not analysed: more than {PREFIX_RUN} operators in a row"
        ));
    }
    None
}

/// Whether only the module level of a file is lowered: it is minified, generated or too large.
pub(crate) fn skips_bodies(text: &str, options: &LowerOptions) -> bool {
    if text.len() > options.max_body_bytes {
        return true;
    }
    // A few kilobytes on one line are cheap and may be hand-written.
    text.len() > 8_192
        && text.len() / (1 + text.bytes().filter(|&b| b == b'\n').count()) > options.max_mean_line
}

/// Parses `text` in the dialects that its name allows and keeps the parse with the fewest errors.
pub(crate) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    path: &str,
    template: bool,
) -> Parsed<'a> {
    let mut best: Option<Parsed<'a>> = None;
    for source_type in dialects(path, template) {
        let attempt = attempt(allocator, text, source_type);
        let better = match &best {
            None => true,
            Some(b) => (attempt.panicked, attempt.errors) < (b.panicked, b.errors),
        };
        if better {
            let perfect = !attempt.panicked && attempt.errors == 0;
            best = Some(attempt);
            if perfect {
                break;
            }
        }
    }
    best.unwrap_or_else(|| attempt(allocator, text, SourceType::unambiguous()))
}

fn attempt<'a>(allocator: &'a Allocator, text: &'a str, source_type: SourceType) -> Parsed<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(allocator, text, source_type)
        .with_options(options)
        .parse();
    let mut errors = 0;
    let mut first = None;
    for error in parsed.diagnostics.iter() {
        errors += 1;
        if first.is_none() {
            let at = error
                .labels
                .first()
                .map_or(0, |l| u32::try_from(l.offset()).unwrap_or(0));
            first = Some((error.message.to_string(), at));
        }
    }
    Parsed {
        program: parsed.program,
        errors: errors.max(u32::from(parsed.panicked)),
        first,
        panicked: parsed.panicked,
    }
}

fn dialects(path: &str, template: bool) -> Vec<SourceType> {
    let lower = path.to_ascii_lowercase();
    let ends = |end: &str| lower.ends_with(end);
    let ts = SourceType::ts();
    let tsx = SourceType::tsx();
    let js = SourceType::unambiguous().with_jsx(true);
    if template {
        return vec![SourceType::unambiguous(), SourceType::script(), tsx];
    }
    if ends(".d.ts") || ends(".d.mts") || ends(".d.cts") {
        return vec![SourceType::d_ts()];
    }
    if ends(".tsx") {
        return vec![tsx, ts];
    }
    if ends(".ts") || ends(".mts") || ends(".cts") {
        return vec![ts, tsx, SourceType::ts().with_script(true)];
    }
    let flow = [tsx, ts];
    let first = if ends(".mjs") {
        vec![SourceType::mjs().with_jsx(true)]
    } else if ends(".cjs") {
        vec![SourceType::cjs().with_jsx(true), js]
    } else {
        vec![js, SourceType::cjs().with_jsx(true)]
    };
    first.into_iter().chain(flow).collect()
}

/// Prefix operators, arrows and the like in a row make a parser recurse although no bracket opens.
const PREFIX_RUN: u32 = 20_000;

/// The deepest nesting of brackets, with strings on one line and comments left out. Wrong only for brackets in regular
/// expressions and in text between tags, by a few.
fn bracket_depth(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let (mut depth, mut deepest) = (0u32, 0u32);
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => i = string_end(bytes, i, byte),
            b'/' if bytes.get(i + 1) == Some(&b'/') => {
                while bytes.get(i + 1).is_some_and(|&b| b != b'\n') {
                    i += 1;
                }
            }
            _ => {}
        }
        i += 1;
    }
    deepest
}

/// The closing quote on the same line, or `start` where there is none (an apostrophe in a text).
fn string_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut i = start + 1;
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'\n' => return start,
            b'\\' => i += 1,
            _ if byte == quote => return i,
            _ => {}
        }
        i += 1;
    }
    start
}

/// The longest run of tokens that nest to the right without a bracket: counted as operators since the last `;`, `,`, bracket or line end.
fn operator_run(text: &str) -> u32 {
    let (mut run, mut longest) = (0u32, 0u32);
    for byte in text.bytes() {
        match byte {
            b'!' | b'~' | b'-' | b'=' | b'?' | b'<' => {
                run += 1;
                longest = longest.max(run);
            }
            b';' | b',' | b')' | b']' | b'}' => run = 0,
            _ => {}
        }
    }
    longest
}
