//! From text to a syntax tree: the dialects of a file name, repair of what cannot be read, and inputs that are not safe to parse.

use crate::LowerOptions;
use crate::repair::{Cut, Repair};
use crate::scan::Brackets;
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
    /// What had to be taken out so that the rest could be read.
    pub(crate) cuts: Vec<Cut>,
}

/// Repairs of one file, and bytes read for them.
const MAX_REPAIRS: usize = 32;
const MAX_REPAIR_BYTES: usize = 16 << 20;

/// Prefix operators, arrows and the like in a row make a parser recurse although no bracket opens.
const MAX_UNBRACKETED: usize = 20_000;

/// Why a file is not parsed, in a user's words.
pub(crate) fn refusal(text: &str, options: &LowerOptions) -> Option<String> {
    if text.len() > options.max_bytes {
        return Some(format!(
            "not analysed: the file is larger than {} bytes",
            options.max_bytes
        ));
    }
    // Fewer brackets than the limit cannot nest deeper than it.
    let openings = text
        .bytes()
        .filter(|b| matches!(b, b'(' | b'[' | b'{'))
        .count();
    if openings > options.max_brackets as usize && Brackets::of(text).deepest > options.max_brackets
    {
        return Some(format!(
            "not analysed: brackets nest deeper than {}",
            options.max_brackets
        ));
    }
    if unbracketed(text) {
        return Some(format!(
            "not analysed: more than {MAX_UNBRACKETED} operators or statements inside one another"
        ));
    }
    None
}

/// Whether only the module level of a file is lowered: it is minified, generated or too large.
pub(crate) fn skips_bodies(text: &str, options: &LowerOptions) -> bool {
    if text.len() > options.max_body_bytes {
        return true;
    }
    let mean_line = text.len() / (1 + text.bytes().filter(|&b| b == b'\n').count());
    // A few kilobytes on one line are cheap and may be hand-written.
    text.len() > 8_192 && mean_line > options.max_mean_line && long_lines_are_code(text, options)
}

/// Whether long lines are made of code rather than of texts, drawings or encoded data in strings.
fn long_lines_are_code(text: &str, options: &LowerOptions) -> bool {
    let is_mark = |b: &&u8| matches!(b, b'(' | b')' | b'{' | b'}' | b';' | b'=');
    let (mut marks, mut bytes) = (0, 0);
    for line in text
        .as_bytes()
        .split(|&b| b == b'\n')
        .filter(|l| l.len() > options.max_mean_line)
    {
        marks += line.iter().filter(is_mark).count();
        bytes += line.len();
    }
    // Minified code has about one mark in eight bytes.
    marks * 16 > bytes
}

/// Parses `text` in the dialects that its name allows and keeps the parse with the fewest errors.
pub(crate) fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    path: &str,
    template: bool,
) -> Parsed<'a> {
    let flow = text
        .as_bytes()
        .get(..text.len().min(1_024))
        .is_some_and(|head| head.windows(5).any(|w| w == b"@flow"));
    let mut best: Option<Parsed<'a>> = None;
    let dialects = dialects(path, template);
    for &dialect in &dialects {
        let attempt = attempt(allocator, text, dialect);
        let better = best
            .as_ref()
            .is_none_or(|b| (attempt.panicked, attempt.errors) < (b.panicked, b.errors));
        if better {
            let perfect = !attempt.panicked && attempt.errors == 0;
            best = Some(attempt);
            if perfect {
                break;
            }
        }
    }
    let first = if flow {
        SourceType::tsx()
    } else {
        dialects.first().copied().unwrap_or_default()
    };
    let mut best = match best {
        Some(parsed) if !parsed.panicked => parsed,
        other => repaired(allocator, text, first)
            .or(other)
            .unwrap_or_else(|| attempt(allocator, text, first)),
    };
    if flow && !best.panicked && best.cuts.iter().all(|c| c.harmless) {
        // What TypeScript objects to in Flow's annotations does not run.
        best.errors = 0;
        best.first = None;
        best.cuts.clear();
    }
    best
}

fn repaired<'a>(allocator: &'a Allocator, text: &str, dialect: SourceType) -> Option<Parsed<'a>> {
    let mut repair = Repair::new(text);
    let mut cuts = Vec::new();
    let mut first = None;
    let mut budget = MAX_REPAIR_BYTES;
    while cuts.len() < MAX_REPAIRS {
        budget = budget.checked_sub(text.len())?;
        let mut parsed = attempt(allocator, allocator.alloc_str(repair.text()), dialect);
        if first.is_none() {
            first.clone_from(&parsed.first);
        }
        if !parsed.panicked {
            parsed.errors += u32::try_from(cuts.len()).unwrap_or(0);
            parsed.first = first;
            parsed.cuts = cuts;
            return Some(parsed);
        }
        let at = parsed.first.as_ref().map_or(0, |(_, at)| *at as usize);
        cuts.push(repair.cut(at)?);
    }
    None
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
    let errors = u32::try_from(parsed.diagnostics.len())
        .unwrap_or(u32::MAX)
        .max(u32::from(parsed.panicked));
    // The last one is the one that made the parser give up.
    let telling = if parsed.panicked {
        parsed.diagnostics.last()
    } else {
        parsed.diagnostics.first()
    };
    let first = telling.map(|e| {
        (
            e.message.to_string(),
            e.labels.first().map_or(0, |l| l.offset()),
        )
    });
    Parsed {
        program: parsed.program,
        errors,
        first,
        panicked: parsed.panicked,
        cuts: Vec::new(),
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
    let first = if ends(".mjs") {
        vec![SourceType::mjs().with_jsx(true)]
    } else if ends(".cjs") {
        vec![SourceType::cjs().with_jsx(true), js]
    } else {
        vec![js, SourceType::cjs().with_jsx(true)]
    };
    first.into_iter().chain([tsx, ts]).collect()
}

/// Whether tokens that nest to the right without a bracket come in a run that is too long: operators, and statements that
/// follow a `)`, as in `if (a) for (;;) with (b) …`.
fn unbracketed(text: &str) -> bool {
    let ends = |b: &u8| matches!(b, b';' | b'}');
    let mut parts = text
        .as_bytes()
        .split(ends)
        .filter(|part| part.len() > MAX_UNBRACKETED);
    parts.any(|part| unbracketed_run(part) > MAX_UNBRACKETED)
}

fn unbracketed_run(part: &[u8]) -> usize {
    let (mut operators, mut heads, mut longest) = (0, 0, 0);
    let mut closed = false;
    for &byte in part {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            b'!' | b'~' | b'-' | b'=' | b'?' | b'<' => operators += 1,
            b'a'..=b'z' if closed => heads += 1,
            b'{' => (operators, heads) = (0, 0),
            b',' | b')' | b']' => operators = 0,
            _ => {}
        }
        closed = byte == b')';
        longest = longest.max(operators).max(heads);
    }
    longest
}
