//! Answers of databases of which only the number of rows is looked at, although the statement asks whether something is so: the row comes
//! back either way.

use super::trace;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Instr, Key, LocalId, Operand, Term};
use rustc_hash::FxHashSet;

/// Members that say how many rows there are.
const COUNTS: &[&str] = &["length", "rowCount"];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for f in trace::functions(origins) {
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { to, args, .. } = *instr else {
                continue;
            };
            let text = f
                .func
                .args(args)
                .first()
                .and_then(|arg| trace::text(f, arg.value));
            let Some(column) = text.and_then(question) else {
                continue;
            };
            if refuses(f) && only_counted(f, to) {
                let values = [("unread", FactValue::Bool(true))];
                out.push(trace::at(f, at, "answer.unread", &column, &values));
            }
        }
    }
    out
}

/// The name of the one column of a statement that asks whether something is so, or how many: it answers with a row in either case.
fn question(text: &str) -> Option<String> {
    let text: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let rest = text.strip_prefix("select ")?;
    let (list, tail) = top_level(rest, " from ").unwrap_or((rest, ""));
    if top_level(list, ",").is_some() || tail.contains("group by") || tail.contains(" having ") {
        return None;
    }
    let (expression, name) = list.rsplit_once(" as ")?;
    let name = name.trim().trim_matches('"').trim_end_matches(';');
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let asks = [
        " or ", " and ", " = ", " > ", " < ", " <> ", " in ", " is not ", " is null",
    ]
    .iter()
    .any(|word| top_level(expression, word).is_some())
        || [
            "exists",
            "not ",
            "count(",
            "bool_or(",
            "bool_and(",
            "pg_has_role(",
            "has_table_privilege(",
        ]
        .iter()
        .any(|word| expression.starts_with(word));
    (plain && !name.is_empty() && asks && !expression.starts_with("distinct"))
        .then(|| name.to_owned())
}

/// Parts a text at a word that stands in no bracket and no quote.
fn top_level<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let mut depth = 0_u32;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && !quoted && text[at..].starts_with(word) {
            return Some((&text[..at], &text[at + word.len()..]));
        }
    }
    None
}

fn refuses(f: FuncRef<'_>) -> bool {
    f.func
        .blocks
        .iter()
        .any(|block| matches!(block.term, Term::Throw(_)))
}

/// Of what a call gives, the number of rows is read and nothing else.
fn only_counted(f: FuncRef<'_>, result: LocalId) -> bool {
    let mut held: FxHashSet<LocalId> = FxHashSet::default();
    held.insert(result);
    let mut counted = false;
    loop {
        let before = held.len();
        for instr in &f.func.instrs {
            let mut reads = false;
            f.func.each_read(instr, |operand| {
                reads |= matches!(operand, Operand::Local(local) if held.contains(&local));
            });
            if !reads {
                continue;
            }
            match *instr {
                Instr::Copy { to, .. } | Instr::Await { to, .. } => {
                    held.insert(to);
                }
                Instr::Load {
                    to,
                    key: Key::Field(name),
                    ..
                } => match f.file.facts.str(name) {
                    "rows" => {
                        held.insert(to);
                    }
                    name if COUNTS.contains(&name) => counted = true,
                    _ => return false,
                },
                _ => return false,
            }
        }
        if held.len() == before {
            break;
        }
    }
    let captured = |local: &LocalId| {
        let known = f.func.locals.get(local.index());
        known.is_none_or(|local| local.captured)
    };
    let ends = f.func.blocks.iter().any(|block| {
        matches!(block.term.operand(), Some(Operand::Local(local)) if held.contains(&local))
    });
    counted && !ends && !held.iter().any(captured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_answer_with_a_row_in_either_case() {
        let asked = "select r.rolsuper or r.rolbypassrls as privileged from pg_roles r where a = 1";
        assert_eq!(question(asked).as_deref(), Some("privileged"));
        assert!(question("SELECT count(*) AS n FROM users").is_some());
        assert!(question("select exists(select 1 from t where a = $1) as there").is_some());
        assert_eq!(
            question("select id as user from users where a = 1 or b = 2"),
            None
        );
        assert_eq!(question("select a or b as c, d from t"), None);
        assert_eq!(
            question("select count(*) as n from t group by a having count(*) > 1"),
            None
        );
    }
}
