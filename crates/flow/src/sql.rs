//! What a statement of SQL reads and writes, as far as its text is known: tables by name, columns with what goes into them.
//!
//! Only what data follows is read: `INSERT`, `REPLACE`, `UPDATE`, `SELECT`. Dialects differ in quotes and placeholders, so all
//! of them are taken. What does not read as one of these gives no statement.

/// Stands in a text for a part that is not known. No statement can hold it.
pub const HOLE: char = '\u{0}';

/// The member of a cursor that says which table it reads; no program has it.
pub const TABLE: &str = "__table";

/// The member of a cursor that says which columns it selects.
pub const COLUMNS: &str = "__columns";

/// Tokens of one statement that are looked at.
const TOKENS: usize = 2_000;

/// What a statement does.
#[derive(Debug, PartialEq, Eq, Default)]
pub struct Statement<'t> {
    /// The tables that it reads.
    pub reads: Vec<&'t str>,
    /// What it selects: the column, empty for an expression, and the name in the result. Empty where all columns are.
    pub selects: Vec<(&'t str, &'t str)>,
    /// The table that it writes.
    pub writes: Option<&'t str>,
    /// Columns that are written, with what goes in; an empty name where the columns are not listed.
    pub columns: Vec<(&'t str, Input<'t>)>,
}

impl<'t> Statement<'t> {
    /// Every table and column that it names.
    pub fn names(&self) -> impl Iterator<Item = &'t str> {
        let columns = self.columns.iter().map(|(column, _)| *column);
        let tables = self.reads.iter().copied().chain(self.writes);
        let selects = self
            .selects
            .iter()
            .flat_map(|(column, name)| [*column, *name]);
        columns.chain(tables).chain(selects)
    }
}

/// A name as databases compare it: without regard to case.
#[must_use]
pub fn folded(name: &str) -> String {
    name.to_lowercase()
}

/// What goes into a column.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Input<'t> {
    /// The parameter at this position, from 0.
    Position(u32),
    /// A parameter by name.
    Named(&'t str),
    /// A part of the text that is not known.
    Hole,
    /// Something else: a literal, an expression.
    Other,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Token<'t> {
    /// A bare word or a quoted name.
    Word(&'t str),
    /// What a column gets.
    Input(Input<'t>),
    /// A character of its own.
    Sign(char),
}

impl<'t> Token<'t> {
    fn is(self, word: &str) -> bool {
        matches!(self, Token::Word(text) if text.eq_ignore_ascii_case(word))
    }

    const fn name(self) -> Option<&'t str> {
        match self {
            Token::Word(text) => Some(text),
            _ => None,
        }
    }
}

/// Whether a text may begin a statement; cheap.
#[must_use]
pub fn begins(text: &str) -> bool {
    let text = text.trim_start();
    ["insert", "replace", "update", "select", "with"]
        .iter()
        .any(|word| {
            text.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
                && text
                    .get(word.len()..)
                    .is_some_and(|rest| rest.starts_with(char::is_whitespace))
        })
}

/// Whether a text is a statement and no sentence that begins with such a word: `Select a value from the list` names no columns.
#[must_use]
pub fn is_statement(text: &str) -> bool {
    let all = tokens(text);
    let at = |word: &str| all.iter().position(|token| token.is(word));
    let Some(first) = all.first() else {
        return false;
    };
    let then = |word: &str| all.get(1).is_some_and(|token| token.is(word));
    if first.is("select") {
        // One column, or several with commas between them; or a function.
        let listed = |from: usize| {
            let all_of_one = all.get(1..from).is_some_and(is_column);
            all_of_one
                || all.get(1..from).is_some_and(|list| {
                    list.iter()
                        .any(|t| t.is("as") || matches!(t, Token::Sign(',' | '(')))
                })
        };
        return match at("from") {
            Some(from) => listed(from),
            None => text.contains('('),
        };
    }
    (first.is("insert") || first.is("replace")) && then("into")
        || first.is("update") && at("set").is_some()
        || first.is("delete") && then("from")
        || first.is("with") && at("select").is_some()
        || ["create", "alter", "drop"]
            .iter()
            .any(|word| first.is(word))
            && [
                "table", "view", "index", "user", "role", "database", "schema",
            ]
            .iter()
            .any(|word| then(word))
}

/// Tokens that are one column, maybe with the name of its table, or all of them: `r.name`, `r.*`, `distinct name`.
fn is_column(tokens: &[Token<'_>]) -> bool {
    let rest = match tokens {
        [first, rest @ ..] if !rest.is_empty() && (first.is("distinct") || first.is("all")) => rest,
        all => all,
    };
    let mut names = rest.split(|token| matches!(token, Token::Sign('.')));
    !rest.is_empty()
        && names.all(|part| {
            matches!(
                part,
                [Token::Word(_) | Token::Sign('*')] | [Token::Input(_)]
            )
        })
}

/// Reads a statement.
#[must_use]
pub fn read(text: &str) -> Option<Statement<'_>> {
    if !begins(text) {
        return None;
    }
    let tokens = tokens(text);
    let first = *tokens.first()?;
    let mut statement = Statement::default();
    if first.is("insert") || first.is("replace") {
        insert(&tokens, &mut statement)?;
    } else if first.is("update") {
        update(&tokens, &mut statement)?;
    } else if first.is("select") {
        statement.selects = selected(&tokens).unwrap_or_default();
    }
    for (at, token) in tokens.iter().enumerate() {
        if token.is("from") || token.is("join") {
            statement.reads.extend(table(&tokens, at + 1).map(|t| t.0));
        }
    }
    statement.reads.dedup();
    Some(statement)
}

/// The columns between `select` and `from`, in order; `None` where `*` or a part that is not known hides how many there are.
fn selected<'t>(tokens: &[Token<'t>]) -> Option<Vec<(&'t str, &'t str)>> {
    let from = tokens.iter().position(|t| t.is("from"))?;
    let mut list = tokens.get(1..from)?;
    if list.first()?.is("distinct") || list.first()?.is("all") {
        list = list.get(1..)?;
    }
    let mut columns = Vec::new();
    let (mut depth, mut item) = (0_u32, Vec::new());
    for token in list.iter().chain([&Token::Sign(',')]) {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.checked_sub(1)?,
            Token::Sign('*') if depth == 0 => return None,
            Token::Input(Input::Hole) => return None,
            Token::Sign(',') if depth == 0 => {
                columns.push(column(&item));
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(*token);
    }
    (depth == 0).then_some(columns)
}

/// The column that an item of a selection is, empty for an expression, and the name that it gets.
fn column<'t>(item: &[Token<'t>]) -> (&'t str, &'t str) {
    let dotted = item
        .iter()
        .enumerate()
        .take_while(|(at, t)| match t {
            Token::Word(_) => at % 2 == 0,
            Token::Sign(sign) => at % 2 == 1 && *sign == '.',
            Token::Input(_) => false,
        })
        .count();
    let column = match dotted.checked_sub(1).and_then(|last| item.get(last)) {
        Some(Token::Word(name)) => name,
        _ => "",
    };
    let given = |at: usize| item.get(dotted + at).and_then(|t| t.name());
    match (item.len().saturating_sub(dotted), given(0)) {
        (0, _) => (column, column),
        (1, Some(name)) => (column, name),
        (2, Some(word)) if word.eq_ignore_ascii_case("as") => (column, given(1).unwrap_or("")),
        _ => ("", item.last().and_then(|t| t.name()).unwrap_or("")),
    }
}

/// The table named at a position, without its schema, and the position after it.
fn table<'t>(tokens: &[Token<'t>], mut at: usize) -> Option<(&'t str, usize)> {
    let mut name = tokens.get(at)?.name()?;
    while tokens.get(at + 1) == Some(&Token::Sign('.')) {
        at += 2;
        name = tokens.get(at)?.name()?;
    }
    Some((name, at + 1))
}

fn insert<'t>(tokens: &[Token<'t>], statement: &mut Statement<'t>) -> Option<()> {
    let into = tokens.iter().take(4).position(|t| t.is("into"))?;
    let (name, mut at) = table(tokens, into + 1)?;
    statement.writes = Some(name);
    let mut columns = Vec::new();
    if tokens.get(at) == Some(&Token::Sign('(')) {
        at += 1;
        while let Some(token) = tokens.get(at).filter(|t| **t != Token::Sign(')')) {
            columns.extend(token.name());
            at += 1;
        }
        at += 1;
    }
    let values = tokens.iter().skip(at).position(|t| t.is("values"))? + at + 1;
    let (mut depth, mut index, mut given) = (0_u32, 0, Vec::new());
    for token in tokens.iter().skip(values) {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') if depth <= 1 => break,
            Token::Sign(')') => depth -= 1,
            Token::Sign(',') if depth == 1 => index += 1,
            Token::Input(input) => given.push((index, *input)),
            _ => {}
        }
    }
    let column = |index: usize| columns.get(index).copied().unwrap_or_default();
    let columns = given.iter().map(|&(index, input)| (column(index), input));
    statement.columns = columns.collect();
    Some(())
}

fn update<'t>(tokens: &[Token<'t>], statement: &mut Statement<'t>) -> Option<()> {
    let (name, at) = table(tokens, 1)?;
    statement.writes = Some(name);
    let set = tokens.iter().skip(at).position(|t| t.is("set"))? + at + 1;
    let (mut depth, mut column) = (0_u32, "");
    let rest = tokens.iter().skip(set);
    let mut left = true;
    for token in rest {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => left = true,
            Token::Sign('=') if depth == 0 => left = false,
            Token::Input(input) if !left => statement.columns.push((column, *input)),
            token
                if depth == 0
                    && (token.is("where") || token.is("from") || token.is("returning")) =>
            {
                break;
            }
            Token::Word(name) if left => column = name,
            _ => {}
        }
    }
    Some(())
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut position = 0;
    while tokens.len() < TOKENS {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (token, length) = token(rest, first, &mut position);
        tokens.extend(token);
        rest = rest.get(length.max(first.len_utf8())..).unwrap_or("");
    }
    tokens
}

/// The token at the start of a text, and its length.
fn token<'t>(text: &'t str, first: char, position: &mut u32) -> (Option<Token<'t>>, usize) {
    let word = |start: usize| {
        let rest = text.get(start..).unwrap_or("");
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
            .unwrap_or(rest.len());
        (rest.get(..end).unwrap_or(""), start + end)
    };
    let closed = |close: char| {
        let inner = text.get(first.len_utf8()..).unwrap_or("");
        let end = inner.find(close).unwrap_or(inner.len());
        (
            inner.get(..end).unwrap_or(""),
            first.len_utf8() + end + close.len_utf8(),
        )
    };
    let mut next = || {
        *position += 1;
        Token::Input(Input::Position(*position - 1))
    };
    match first {
        HOLE => (Some(Token::Input(Input::Hole)), 1),
        '\'' => {
            let (inner, length) = closed('\'');
            let hole = inner.contains(HOLE);
            (
                Some(Token::Input(if hole { Input::Hole } else { Input::Other })),
                length,
            )
        }
        '"' | '`' => {
            let (inner, length) = closed(first);
            let hole = inner.contains(HOLE);
            (
                Some(if hole {
                    Token::Input(Input::Hole)
                } else {
                    Token::Word(inner)
                }),
                length,
            )
        }
        '[' => {
            let (inner, length) = closed(']');
            (Some(Token::Word(inner)), length)
        }
        '?' => (Some(next()), 1),
        '%' if text.starts_with("%s") => (Some(next()), 2),
        '%' if text.starts_with("%(") => {
            let (name, length) = word(2);
            (Some(Token::Input(Input::Named(name))), length + 2)
        }
        '$' | ':' | '@' => {
            let (name, length) = word(1);
            let token = match name.parse::<u32>() {
                Ok(number) if number > 0 => Some(Token::Input(Input::Position(number - 1))),
                _ if name.is_empty() => None,
                _ => Some(Token::Input(Input::Named(name))),
            };
            // `a::text` casts.
            let cast = text.starts_with("::");
            (
                if cast { None } else { token },
                if cast { 2 } else { length },
            )
        }
        '-' if text.starts_with("--") => (None, text.find('\n').unwrap_or(text.len())),
        '/' if text.starts_with("/*") => (None, text.find("*/").map_or(text.len(), |end| end + 2)),
        c if c.is_alphabetic() || c == '_' => {
            let (name, length) = word(0);
            (Some(Token::Word(name)), length)
        }
        c if c.is_ascii_digit() => (Some(Token::Input(Input::Other)), word(0).1),
        c => (Some(Token::Sign(c)), c.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserts_name_their_columns() {
        let one = read("INSERT INTO app.\"Notes\" (id, text, \"by\") VALUES (DEFAULT, $2, lower($1)) RETURNING id").unwrap();
        assert_eq!(one.writes, Some("Notes"));
        assert_eq!(
            one.columns,
            [("text", Input::Position(1)), ("by", Input::Position(0))]
        );
        let two = read("insert or replace into notes values (?, '\u{0}', :who)").unwrap();
        assert_eq!(
            two.columns,
            [
                ("", Input::Position(0)),
                ("", Input::Hole),
                ("", Input::Named("who"))
            ]
        );
    }

    #[test]
    fn updates_name_their_columns() {
        let one = read("UPDATE users SET name = %(name)s, age = age + 1, bio = COALESCE(%s, bio) WHERE id = %s").unwrap();
        assert_eq!(one.writes, Some("users"));
        assert_eq!(
            one.columns,
            [
                ("name", Input::Named("name")),
                ("age", Input::Other),
                ("bio", Input::Position(0))
            ]
        );
    }

    #[test]
    fn selects_name_their_tables() {
        let one = read(" select n.text, u.name from `notes` n left join users u on u.id = n.by where n.id = \u{0}").unwrap();
        assert_eq!(one.reads, ["notes", "users"]);
        assert_eq!(
            read("with x as (select 1) select * from x").unwrap().reads,
            ["x"]
        );
        assert_eq!(read("select * from \u{0}").unwrap().reads, [] as [&str; 0]);
    }

    #[test]
    fn selections_have_an_order() {
        let check = |text: &str, selects: &[(&str, &str)]| {
            assert_eq!(read(text).unwrap().selects, selects, "{text}");
        };
        check(
            "select id, n.Title, count(*) as many, x y, lower(z) from t n",
            &[
                ("id", "id"),
                ("Title", "Title"),
                ("", "many"),
                ("x", "y"),
                ("", ""),
            ],
        );
        check("select distinct a from t", &[("a", "a")]);
        check("select * from t", &[]);
        check("select a, \u{0} from t", &[]);
        assert!(read("insert into t (a) select b from c").is_none_or(|s| s.selects.is_empty()));
    }

    #[test]
    fn what_is_no_statement_is_none() {
        for text in [
            "",
            "selection from a list",
            "updated",
            "insert",
            "Select a file",
        ] {
            assert!(
                read(text).is_none_or(|s| s.writes.is_none() && s.reads.is_empty()),
                "{text}"
            );
        }
    }
}
