//! The statements of migrations in order, up to the tables that stand in the end.

use crate::condition::Condition;
use crate::token::{Cursor, Kind, Token, place, split, statements};
use casemate_ir::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A place in one of the texts that were read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The number that the text was given.
    pub file: usize,
    /// Where in it.
    pub span: Span,
}

/// What statements have made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Database {
    /// By name; `public.` is left out.
    pub tables: BTreeMap<String, Table>,
    /// Functions that triggers run, by name without its schema.
    pub runs: BTreeMap<String, Place>,
    /// Names that triggers run, and words of texts that may be statements.
    pub spoken: BTreeSet<String>,
    /// Rights to change rows, in order.
    pub grants: Vec<Grant>,
}

/// A right to change rows of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Where it is given.
    pub place: Place,
    /// The table.
    pub table: String,
    /// It names the columns.
    pub columns: bool,
}

/// A table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// Where it is made, or first spoken of.
    pub place: Place,
    /// Names of its columns, in lower case.
    pub columns: BTreeSet<String>,
    /// What its columns refer to.
    pub references: Vec<Reference>,
    /// Row level security is on.
    pub enabled: bool,
    /// It holds for the owner too.
    pub forced: bool,
    /// Its policies by name.
    pub policies: BTreeMap<String, Policy>,
}

/// A foreign key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// The column.
    pub column: String,
    /// The table that it refers to.
    pub table: String,
    /// Its rows go with those.
    pub cascade: bool,
}

/// Which commands a policy is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// All of them.
    All,
    /// Reading.
    Select,
    /// Adding.
    Insert,
    /// Changing.
    Update,
    /// Removing.
    Delete,
}

impl Command {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Where it is made.
    pub place: Place,
    /// Which commands it is about.
    pub command: Command,
    /// It narrows what others allow.
    pub restrictive: bool,
    /// The roles that it is for; empty: everybody.
    pub roles: Vec<String>,
    /// Which rows are there.
    pub using: Option<Condition>,
    /// Which rows may come to be.
    pub check: Option<Condition>,
}

impl Database {
    /// Replays the statements of one more text.
    pub fn replay(&mut self, file: usize, text: &str) {
        if text.len() > crate::MAX_BYTES {
            return;
        }
        for statement in statements(text) {
            self.statement(file, &statement);
        }
    }

    fn statement(&mut self, file: usize, tokens: &[Token]) {
        let mut at = Cursor::new(tokens);
        self.listen(tokens);
        if at.word("create") {
            while [
                "or",
                "replace",
                "global",
                "local",
                "temp",
                "temporary",
                "unlogged",
            ]
            .iter()
            .any(|word| at.word(word))
            {}
            if at.word("table") {
                self.create_table(file, tokens, at);
            } else if at.word("policy") {
                self.create_policy(file, tokens, at);
            } else if at.word("function") {
                self.create_function(file, tokens, at);
            }
        } else if at.words(&["alter", "table"]) {
            at.words(&["if", "exists"]);
            at.word("only");
            if let Some(name) = at.name() {
                self.alter_table(file, tokens, &name, at);
            }
        } else if at.words(&["alter", "policy"]) {
            self.alter_policy(at);
        } else if at.word("grant") {
            self.grant(file, tokens, at);
        } else if at.words(&["drop", "table"]) {
            at.words(&["if", "exists"]);
            for part in split(at.left) {
                if let Some(name) = Cursor::new(part).name() {
                    self.tables.remove(&name);
                }
            }
        } else if at.words(&["drop", "policy"]) {
            at.words(&["if", "exists"]);
            let (name, on) = (at.name(), at.word("on"));
            let table = at.name().filter(|_| on);
            if let (Some(name), Some(table)) = (name, table.and_then(|t| self.tables.get_mut(&t))) {
                table.policies.remove(&name);
            }
        }
    }

    /// What may run a function: the end of a trigger, and all words of texts.
    fn listen(&mut self, tokens: &[Token]) {
        let head = tokens.iter().take(4);
        let makes_one = head.into_iter().any(|token| token.is_word("function"));
        if !makes_one && tokens.iter().any(|token| token.is_word("trigger")) {
            for (at, token) in tokens.iter().enumerate() {
                let runs = ["execute", "function", "procedure"];
                if runs.iter().any(|word| token.is_word(word)) {
                    let rest = tokens.get(at + 1..).unwrap_or_default();
                    self.spoken.insert(Cursor::new(rest).last_name());
                }
            }
        }
        // What is dropped again runs nothing, and is no loss.
        if tokens.first().is_some_and(|token| token.is_word("drop")) {
            self.spoken.extend(tokens.iter().filter_map(Token::word));
        }
        for token in tokens {
            if let Kind::Text(text) = &token.kind {
                let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                self.spoken.extend(words.map(str::to_lowercase));
            }
        }
    }

    /// `create function f() returns trigger`
    fn create_function(&mut self, file: usize, tokens: &[Token], mut at: Cursor<'_>) {
        let name = at.last_name();
        at.brackets();
        if at.words(&["returns", "trigger"]) && !name.is_empty() {
            let head = tokens.len() - at.left.len();
            let here = place(file, tokens.get(..head).unwrap_or(tokens));
            self.runs.insert(name, here);
        }
    }

    /// `grant select, update (a, b) on t to r`
    fn grant(&mut self, file: usize, tokens: &[Token], mut at: Cursor<'_>) {
        let mut update = None;
        loop {
            let changes = at.word("update");
            if !changes && at.pass().is_none() {
                return;
            }
            let columns = at.brackets().is_some();
            if changes {
                update = Some(columns);
            }
            if !at.sign(',') {
                break;
            }
        }
        let (Some(columns), true) = (update, at.word("on")) else {
            return;
        };
        at.word("table");
        if let Some(table) = at.name() {
            let place = place(file, tokens);
            self.grants.push(Grant {
                place,
                table,
                columns,
            });
        }
    }

    fn table(&mut self, name: &str, place: Place) -> &mut Table {
        self.tables.entry(name.to_owned()).or_insert_with(|| Table {
            place,
            columns: BTreeSet::new(),
            references: Vec::new(),
            enabled: false,
            forced: false,
            policies: BTreeMap::new(),
        })
    }

    fn create_table(&mut self, file: usize, tokens: &[Token], mut at: Cursor<'_>) {
        at.words(&["if", "not", "exists"]);
        let head = tokens.len() - at.left.len();
        let Some(name) = at.name() else {
            return;
        };
        let named = tokens.len() - at.left.len();
        let here = place(file, tokens.get(..named.max(head)).unwrap_or(tokens));
        let table = self.table(&name, here);
        for part in split(at.brackets().unwrap_or_default()) {
            column(table, part);
        }
    }

    fn alter_table(&mut self, file: usize, tokens: &[Token], name: &str, at: Cursor<'_>) {
        let mut whole = at;
        if whole.words(&["rename", "to"]) {
            if let (Some(new), Some(table)) = (whole.name(), self.tables.remove(name)) {
                self.tables.insert(new, table);
            }
            return;
        }
        let table = self.table(name, place(file, tokens));
        for part in split(at.left) {
            let mut at = Cursor::new(part);
            if at.word("add") {
                at.word("column");
                at.words(&["if", "not", "exists"]);
                column(table, at.left);
            } else if at.words(&["enable", "row", "level", "security"]) {
                table.enabled = true;
            } else if at.words(&["disable", "row", "level", "security"]) {
                table.enabled = false;
            } else if at.words(&["force", "row", "level", "security"]) {
                table.forced = true;
            } else if at.words(&["no", "force", "row", "level", "security"]) {
                table.forced = false;
            }
        }
    }

    fn create_policy(&mut self, file: usize, tokens: &[Token], mut at: Cursor<'_>) {
        let Some(name) = at.name() else {
            return;
        };
        let Some(table) = at.word("on").then(|| at.name()).flatten() else {
            return;
        };
        let mut policy = Policy {
            place: place(file, tokens),
            command: Command::All,
            restrictive: false,
            roles: Vec::new(),
            using: None,
            check: None,
        };
        if at.word("as") {
            policy.restrictive = at.word("restrictive");
            at.word("permissive");
        }
        if at.word("for") {
            policy.command = match at.name().as_deref() {
                Some("select") => Command::Select,
                Some("insert") => Command::Insert,
                Some("update") => Command::Update,
                Some("delete") => Command::Delete,
                _ => Command::All,
            };
        }
        rest_of_policy(&mut policy, at);
        self.table(&table, policy.place)
            .policies
            .insert(name, policy);
    }

    fn alter_policy(&mut self, mut at: Cursor<'_>) {
        let (name, on) = (at.name(), at.word("on"));
        let table = at.name().filter(|_| on);
        let Some(table) = table.and_then(|table| self.tables.get_mut(&table)) else {
            return;
        };
        let Some(name) = name else {
            return;
        };
        if at.words(&["rename", "to"]) {
            if let (Some(new), Some(policy)) = (at.name(), table.policies.remove(&name)) {
                table.policies.insert(new, policy);
            }
        } else if let Some(policy) = table.policies.get_mut(&name) {
            rest_of_policy(policy, at);
        }
    }
}

/// `to …`, `using (…)`, `with check (…)`.
fn rest_of_policy(policy: &mut Policy, mut at: Cursor<'_>) {
    if at.word("to") {
        policy.roles.clear();
        while let Some(role) = at.name() {
            policy.roles.push(role);
            if !at.sign(',') {
                break;
            }
        }
    }
    if at.word("using") {
        policy.using = at.brackets().map(Condition::read);
    }
    if at.words(&["with", "check"]) {
        policy.check = at.brackets().map(Condition::read);
    }
}

/// Words that begin what is no column.
const NO_COLUMNS: &[&str] = &[
    "constraint",
    "primary",
    "unique",
    "foreign",
    "check",
    "exclude",
    "like",
    "index",
    "key",
    "period",
];

/// One part of a table: a column, or a constraint.
fn column(table: &mut Table, part: &[Token]) {
    let mut at = Cursor::new(part);
    let word = match at.peek() {
        Some(Kind::Word(word)) => word.clone(),
        _ => return,
    };
    if !NO_COLUMNS.contains(&word.as_str()) {
        table.columns.insert(word.to_lowercase());
        refers(table, &word, part);
        return;
    }
    if at.word("constraint") {
        at.name();
    }
    if at.words(&["foreign", "key"]) {
        let columns = at.brackets().unwrap_or_default();
        if let Some(Kind::Word(last)) = columns.last().map(|token| &token.kind) {
            refers(table, &last.clone(), at.left);
        }
    }
}

fn refers(table: &mut Table, column: &str, tokens: &[Token]) {
    let Some(at) = tokens.iter().position(|token| token.is_word("references")) else {
        return;
    };
    let mut cursor = Cursor::new(tokens.get(at + 1..).unwrap_or_default());
    let Some(target) = cursor.name() else {
        return;
    };
    let cascade = cursor.left.windows(3).any(|three| {
        matches!(three, [a, b, c] if a.is_word("on") && b.is_word("delete") && c.is_word("cascade"))
    });
    table.references.push(Reference {
        column: column.to_lowercase(),
        table: target,
        cascade,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Database {
        let mut database = Database::default();
        for (file, text) in texts.iter().enumerate() {
            database.replay(file, text);
        }
        database
    }

    #[test]
    fn later_migrations_have_the_last_word() {
        let made = read(&[
            "create table public.a (id uuid primary key, b_id int not null references b (id) on delete cascade);
             alter table a enable row level security, force row level security;
             create policy p on a for update to app, other using (true) with check (b_id = f());
             create policy q on a as restrictive using (x = y);",
            "alter table only a no force row level security; alter policy p on a using (b_id = f());
             drop policy q on public.a; alter table a rename to c; drop table if exists nobody, d;",
        ]);
        let table = &made.tables["c"];
        assert!(table.enabled && !table.forced);
        assert_eq!(table.references[0].table, "b");
        assert!(table.references[0].cascade && table.columns.contains("b_id"));
        assert_eq!(table.policies.len(), 1);
        let policy = &table.policies["p"];
        assert_eq!((policy.command, policy.roles.len()), (Command::Update, 2));
        assert!(!policy.using.as_ref().unwrap().always);
        assert_eq!(policy.place.file, 0);
    }

    #[test]
    fn rights_name_columns_and_triggers_run_functions() {
        let made = read(&[
            "grant select, insert, update (a, b) on t to app; grant update on table public.u to app; grant select on v to app;
             grant usage on schema s to app; grant app to other;
             create or replace function s.used() returns trigger language plpgsql as $$ begin return new; end $$;
             create function told() returns trigger language plpgsql as $$ begin end $$;
             create function left_over() returns trigger language plpgsql as $$ begin end $$;
             create function no_trigger() returns int language sql as $$ select 1 $$;
             create trigger x before insert on t for each row execute function s.used();
             do $$ begin execute 'create trigger y before insert on t execute procedure told()'; end $$;",
        ]);
        let rights: Vec<(&str, bool)> = made
            .grants
            .iter()
            .map(|grant| (grant.table.as_str(), grant.columns))
            .collect();
        assert_eq!(rights, [("t", true), ("u", false)]);
        let idle: Vec<&String> = made
            .runs
            .keys()
            .filter(|name| !made.spoken.contains(*name))
            .collect();
        assert_eq!(idle, ["left_over"]);
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in [
            "create",
            "create table",
            "create policy p on",
            "alter table x add",
            "create table (",
            "drop policy",
            "alter policy p on q",
        ] {
            read(&[text]);
        }
    }
}
