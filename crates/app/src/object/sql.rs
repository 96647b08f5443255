//! Statements of SQL, as far as their words tell: what they do, to which table, by which columns.

use crate::decoration::written_name;
use casemate_flow::program::FuncRef;
use casemate_ir::{Const, GlobalId, Instr, OpKind, Operand, VarRef};

/// Steps from a text to its pieces.
const DEPTH: u32 = 12;

/// Functions that mark a text as a statement: `text('select …')` of SQLAlchemy, `SQL('select …')` of psycopg.
const MARKS: [&str; 4] = ["text", "SQL", "sql", "raw"];

/// The literal pieces of a text, with `?` for what is put in.
pub(super) fn text(f: FuncRef<'_>, operand: Operand) -> Option<String> {
    let mut out = String::new();
    pieces(f, operand, 0, &mut out);
    (!out.trim_matches(['?', ' ']).is_empty()).then_some(out)
}

fn pieces(f: FuncRef<'_>, operand: Operand, depth: u32, out: &mut String) {
    match operand {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => out.push_str(f.file.facts.str(*text)),
            _ => out.push('?'),
        },
        Operand::Local(local) => {
            match f.writer(local).map(|made| made.1) {
                Some(Instr::Copy { from, .. }) if depth < DEPTH => {
                    pieces(f, *from, depth + 1, out);
                }
                Some(
                    Instr::Template { operands, .. }
                    | Instr::Op {
                        op: OpKind::Add | OpKind::Modulo | OpKind::Arithmetic,
                        operands,
                        ..
                    },
                ) if depth < DEPTH => {
                    for &part in f.func.operands(*operands) {
                        pieces(f, part, depth + 1, out);
                    }
                }
                // The literal pieces of a tagged template.
                Some(Instr::Array { parts, .. }) if depth == 0 => {
                    for (at, part) in f.func.parts(*parts).iter().enumerate() {
                        if at > 0 {
                            out.push('?');
                        }
                        pieces(f, part.value, depth + 1, out);
                    }
                }
                // `'… {}'.format(x)`
                Some(Instr::Call {
                    this: Some(this @ Operand::Const(_)),
                    ..
                }) => pieces(f, *this, depth + 1, out),
                // `text('select …')`, `statement.format(x)`
                Some(Instr::Call {
                    callee, this, args, ..
                }) if depth < DEPTH => {
                    let first = f.func.args(*args).first().map(|arg| arg.value);
                    let text = match written_name(f, *callee) {
                        Some(name) if MARKS.contains(&name) => first,
                        Some("format") => *this,
                        _ => None,
                    };
                    match text {
                        Some(text) => pieces(f, text, depth + 1, out),
                        None => out.push('?'),
                    }
                }
                Some(Instr::LoadVar {
                    var: VarRef::Global(global),
                    ..
                }) => out.push_str(constant(f, *global).unwrap_or("?")),
                _ => out.push('?'),
            }
        }
    }
}

/// The text that a variable of the module holds from its start on.
fn constant<'p>(f: FuncRef<'p>, global: GlobalId) -> Option<&'p str> {
    let facts = &f.file.facts;
    let module = facts.functions.first()?;
    let mut stored = module.instrs.iter().filter_map(|instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(at),
            value,
        } if at == global => Some(value),
        _ => None,
    });
    let (Some(Operand::Const(id)), None) = (stored.next(), stored.next()) else {
        return None;
    };
    match facts.constant(id) {
        Const::Str(text) => Some(facts.str(*text)),
        _ => None,
    }
}

/// The values that a text or a list is put together from.
pub(super) fn pieces_of(f: FuncRef<'_>, operand: Operand, depth: u32, out: &mut Vec<Operand>) {
    let Operand::Local(local) = operand else {
        return;
    };
    out.push(operand);
    if depth >= DEPTH || out.len() > 64 {
        return;
    }
    let parts: Vec<Operand> = match f.writer(local).map(|made| made.1) {
        Some(Instr::Template { operands, .. } | Instr::Op { operands, .. }) => {
            f.func.operands(*operands).to_vec()
        }
        Some(Instr::Array { parts, .. }) => f.func.parts(*parts).iter().map(|p| p.value).collect(),
        Some(Instr::Call { args, .. }) => f.func.args(*args).iter().map(|a| a.value).collect(),
        Some(Instr::Copy { from, .. }) => vec![*from],
        _ => Vec::new(),
    };
    for part in parts {
        pieces_of(f, part, depth + 1, out);
    }
}

/// What a statement does.
pub(super) fn op(text: &str) -> Option<&'static str> {
    let first = text.split_whitespace().next()?.to_lowercase();
    match first.as_str() {
        "with" => after_names(text).and_then(op),
        "select" => Some("read"),
        "update" => Some("write"),
        "delete" => Some("delete"),
        "insert" | "replace" => Some("create"),
        _ => None,
    }
}

/// The table that a statement names first.
pub(super) fn table(text: &str) -> Option<String> {
    let named = names_before(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let places = words.iter().enumerate().filter(|(_, word)| {
        let word = word.trim_start_matches('(').to_lowercase();
        ["from", "update", "into"].contains(&word.as_str())
    });
    // A select in brackets, and a name that the statement itself gives, are no tables.
    let real = |word: &&&str| {
        !word.starts_with('(')
            && !named.contains(&word.trim_matches(['(', ')', ',', ';']).to_lowercase())
    };
    let word = places.filter_map(|(at, _)| words.get(at + 1)).find(real)?;
    let name: String = word
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.')
        .collect();
    let last = name.rsplit('.').next().unwrap_or_default();
    (!last.is_empty()).then(|| last.to_lowercase())
}

/// The statement after `with name as (…), other as (…)`.
fn after_names(text: &str) -> Option<&str> {
    let mut depth = 0_u32;
    let mut closed = None;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    closed = text.get(at + 1..);
                    let rest = closed.unwrap_or_default().trim_start();
                    let goes_on = rest.starts_with(',') || rest.to_lowercase().starts_with("as");
                    if !goes_on {
                        return Some(rest);
                    }
                }
            }
            _ => {}
        }
    }
    closed
}

/// The names that a statement gives to selects before it begins.
fn names_before(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    if !lower.trim_start().starts_with("with") {
        return Vec::new();
    }
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || "(),".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if *word == "as" && at > 0 {
            out.extend(words.get(at - 1).map(|name| (*name).to_owned()));
        }
    }
    out
}

/// The columns that its conditions name.
pub(super) fn columns(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut out = Vec::new();
    let mut before = "";
    let parts = lower
        .split("where")
        .skip(1)
        .flat_map(|condition| condition.split_inclusive(['=', '<', '>']));
    for part in parts {
        let (name, _) = part.split_at(part.len().saturating_sub(1));
        let last = name
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .find(|word| !word.is_empty());
        before = last.unwrap_or(before);
        if part.ends_with('=') && !before.is_empty() {
            out.push(before.to_owned());
        }
    }
    out
}
