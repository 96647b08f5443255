//! Statements of SQL, as far as their words tell: what they do, to which table, by which columns.

use casemate_flow::program::FuncRef;
use casemate_ir::{Const, Instr, OpKind, Operand};

/// Steps from a text to its pieces.
const DEPTH: u32 = 12;

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
                _ => out.push('?'),
            }
        }
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
        "select" => Some("read"),
        "update" => Some("write"),
        "delete" => Some("delete"),
        "insert" | "replace" => Some("create"),
        _ => None,
    }
}

/// The table that a statement names first.
pub(super) fn table(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|w| ["from", "update", "into"].contains(&w.to_lowercase().as_str()))?;
    let word = words.get(at + 1)?;
    let name: String = word
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.')
        .collect();
    let last = name.rsplit('.').next().unwrap_or_default();
    (!last.is_empty()).then(|| last.to_lowercase())
}

/// The columns that its condition names.
pub(super) fn columns(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let Some((_, condition)) = lower.split_once("where") else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut before = "";
    for part in condition.split_inclusive(['=', '<', '>']) {
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
