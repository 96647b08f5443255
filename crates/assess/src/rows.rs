//! What protects the rows of a database, read off the migrations of a project, as facts: row level security and its policies.

use crate::link::Linked;
use casemate_app::Column;
use casemate_flow::result::{Fact, FactValue, FileIdx, Site};
use casemate_ir::{FnId, Instr};
use casemate_lang_sql::{Command, Condition, Database, Grant, Place, Policy, Table};
use casemate_source::{FileType, Project};
use std::collections::BTreeMap;

/// Roles of the database's own staff: what binds them is no matter of policies.
const STAFF: &[&str] = &[
    "postgres",
    "service_role",
    "supabase_admin",
    "supabase_auth_admin",
    "current_user",
    "session_user",
];

/// Parts of names of columns that nobody reads who may read the rest.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token_hash",
    "api_key",
    "private_key",
    "recovery_code",
];

/// Parts of names of tables of those who ask: what refers to them is theirs, not part of them.
const PEOPLE: &[&str] = &[
    "user", "account", "profile", "member", "person", "people", "customer",
];

/// So many tables make a habit.
const HABIT: usize = 3;

/// The columns of tables that migrations make, and statements in the code.
pub(crate) fn columns(project: &Project, linked: &Linked) -> Vec<Column> {
    let mut out = Vec::new();
    let mut add = |name: &str, table: &Table, at: Site| {
        out.extend(table.columns.iter().map(|column| Column {
            record: name.to_owned(),
            name: column.clone(),
            at,
            sealed: None,
        }));
    };
    for database in databases(project, linked).values() {
        for (name, table) in &database.tables {
            if let Ok(file) = u32::try_from(table.place.file) {
                let at = Site {
                    file: FileIdx(file),
                    span: table.place.span,
                };
                add(name, table, at);
            }
        }
    }
    let program = &linked.program;
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let Instr::Call { args, .. } = *instr else {
                continue;
            };
            let texts = f.func.args(args).iter();
            for text in texts.filter_map(|arg| f.constant_text(arg.value)) {
                if !text.to_ascii_lowercase().contains("create table") {
                    continue;
                }
                let mut database = Database::default();
                database.replay(0, text);
                for (name, table) in &database.tables {
                    let at = Site {
                        file: f.file_idx,
                        span: *span,
                    };
                    add(name, table, at);
                }
            }
        }
    }
    out
}

/// One fact for each table with policies, and for each policy.
/// `known`: what is told of the program, of whose record accesses some are to these tables.
pub(crate) fn facts(project: &Project, linked: &Linked, known: &[Fact]) -> Vec<Fact> {
    let databases = databases(project, linked);
    let mut out = Vec::new();
    for database in databases.values() {
        out.extend(grants(linked, database));
        out.extend(triggers(linked, database));
        for (name, table) in &database.tables {
            if table.policies.is_empty() && !table.enabled {
                continue;
            }
            out.extend(fact(
                linked,
                "row.security",
                table.place,
                name,
                security(database, name, table),
            ));
            for (policy_name, policy) in &table.policies {
                let values = of_policy(database, name, table, policy, known);
                let callee = format!("{policy_name} on {name}");
                out.extend(fact(linked, "row.policy", policy.place, &callee, values));
            }
        }
    }
    out
}

/// The databases of the packages, as their migrations leave them.
fn databases(project: &Project, linked: &Linked) -> BTreeMap<u32, Database> {
    let mut databases: BTreeMap<u32, Database> = BTreeMap::new();
    for (index, origin) in linked.origin.iter().enumerate() {
        let Some(file) = project.files.get(*origin) else {
            continue;
        };
        if file.file_type == FileType::Sql && !takes_back(&file.path) {
            databases
                .entry(file.unit.0)
                .or_default()
                .replay(index, &file.text);
        }
    }
    databases
}

/// Files by which a migration is taken back.
fn takes_back(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    name.split(['.', '_', '-'])
        .any(|word| word == "down" || word == "rollback" || word == "undo")
}

fn fact(
    linked: &Linked,
    name: &str,
    place: Place,
    callee: &str,
    values: Vec<(&str, FactValue)>,
) -> Option<Fact> {
    let file = FileIdx(u32::try_from(place.file).ok()?);
    Some(Fact {
        fact: name.to_owned(),
        site: Site {
            file,
            span: place.span,
        },
        function: linked.program.func_id(file, FnId(0)),
        callee: callee.to_owned(),
        values: values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
    })
}

/// One fact for each right to change rows of a table with row level security.
fn grants(linked: &Linked, database: &Database) -> Vec<Fact> {
    let bound = |grant: &&Grant| database.tables.get(&grant.table).is_some_and(|t| t.enabled);
    let all: Vec<&Grant> = database.grants.iter().filter(bound).collect();
    let narrow = all.iter().filter(|grant| grant.columns).count();
    let wide = all.len() - narrow;
    let habit = narrow >= HABIT && narrow >= HABIT * wide;
    all.into_iter()
        .filter_map(|grant| {
            let values = vec![
                ("columns", FactValue::Bool(grant.columns)),
                ("habit", FactValue::Bool(habit)),
            ];
            fact(linked, "row.grant", grant.place, &grant.table, values)
        })
        .collect()
}

/// One fact for each function of a trigger: whether anything runs it.
fn triggers(linked: &Linked, database: &Database) -> Vec<Fact> {
    let elsewhere = |name: &str| {
        linked.program.files.iter().any(|file| {
            let texts = file.facts.strings.iter();
            texts
                .into_iter()
                .any(|text| text.to_lowercase().contains(name))
        })
    };
    database
        .runs
        .iter()
        .filter_map(|(name, place)| {
            let run = database.spoken.contains(name) || elsewhere(name);
            let values = vec![("run", FactValue::Bool(run))];
            fact(linked, "trigger.function", *place, name, values)
        })
        .collect()
}

fn security(database: &Database, name: &str, table: &Table) -> Vec<(&'static str, FactValue)> {
    let others = || {
        database
            .tables
            .iter()
            .filter(|(other, t)| *other != name && t.enabled)
            .map(|(_, t)| t)
    };
    let forced = others().filter(|t| t.forced).count();
    let loose = others().count() - forced;
    vec![
        ("enabled", FactValue::Bool(table.enabled)),
        ("forced", FactValue::Bool(table.forced)),
        ("policies", FactValue::Number(number(table.policies.len()))),
        (
            "habit",
            FactValue::Bool(forced >= HABIT && forced >= HABIT * loose),
        ),
    ]
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn of_policy(
    database: &Database,
    name: &str,
    table: &Table,
    policy: &Policy,
    known: &[Fact],
) -> Vec<(&'static str, FactValue)> {
    let always = |condition: &Option<Condition>| condition.as_ref().is_some_and(|c| c.always);
    let staff = !policy.roles.is_empty()
        && policy
            .roles
            .iter()
            .all(|role| STAFF.contains(&role.as_str()));
    let narrowed = table.policies.values().any(|other| {
        other.restrictive && (other.command == Command::All || other.command == policy.command)
    });
    let bound = staff || policy.restrictive || narrowed;
    let open = !bound
        && match policy.command {
            Command::Insert => always(&policy.check),
            _ => always(&policy.using),
        };
    let read = if open && policy.command == Command::Select {
        told_of_reading(database, name, table, policy).map(|why| closed(why, name, policy, known))
    } else {
        None
    };
    vec![
        ("command", FactValue::Str(policy.command.word().to_owned())),
        ("open", FactValue::Bool(open)),
        (
            "although",
            read.map_or(FactValue::Absent, |why| FactValue::Str(why.to_owned())),
        ),
    ]
}

/// Others of its table ask whose a row is.
const SHARED: &str = "others of its table ask whose a row is";

/// Roles by which a database is asked by browsers, past every endpoint of the program.
const BROWSERS: &[&str] = &["anon", "authenticated", "public"];

/// The same reason, or a stronger one: every endpoint that reads such rows wants a login, so that nothing of them is for everybody.
fn closed(why: &'static str, name: &str, policy: &Policy, known: &[Fact]) -> &'static str {
    let own = !policy.roles.is_empty()
        && !policy
            .roles
            .iter()
            .any(|role| BROWSERS.contains(&role.as_str()));
    if why != SHARED || !own {
        return why;
    }
    let value = |fact: &Fact, name: &str| {
        let found = fact.values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let reads = |fact: &&Fact| {
        fact.fact == "access"
            && value(fact, "op") == Some(FactValue::Str("read".to_owned()))
            && matches!(value(fact, "object"), Some(FactValue::Str(object)) if is_row_of(&object, name))
    };
    let mut readers = known.iter().filter(reads).peekable();
    if readers.peek().is_some()
        && readers.all(|fact| value(fact, "authentication") == Some(FactValue::Bool(true)))
    {
        return "others of its table ask whose a row is, and whoever reads one has to log in";
    }
    why
}

/// Whether records of this name are rows of the table: `order_lines`, `orderline`.
fn is_row_of(object: &str, table: &str) -> bool {
    let table = table.rsplit('.').next().unwrap_or(table);
    let flat: String = table.chars().filter(char::is_ascii_alphanumeric).collect();
    let flat = flat.to_ascii_lowercase();
    flat == object
        || flat.strip_suffix('s') == Some(object)
        || flat.strip_suffix("es") == Some(object)
        || flat
            .strip_suffix("ies")
            .zip(object.strip_suffix('y'))
            .is_some_and(|(a, b)| a == b)
}

/// Why rows that everybody may read were hardly meant to be.
fn told_of_reading(
    database: &Database,
    name: &str,
    table: &Table,
    policy: &Policy,
) -> Option<&'static str> {
    if table
        .columns
        .iter()
        .any(|column| SECRETS.iter().any(|word| column.contains(word)))
    {
        return Some("secrets");
    }
    let others: Vec<&Policy> = table
        .policies
        .values()
        .filter(|other| *other != policy && !other.restrictive)
        .collect();
    let wants = |policy: &Policy, column: &String| {
        let conditions = [policy.using.as_ref(), policy.check.as_ref()];
        conditions
            .into_iter()
            .flatten()
            .any(|c| c.required.contains(column))
    };
    let reads = |policy: &&Policy| matches!(policy.command, Command::Select | Command::All);
    let shared = table.columns.iter().any(|column| {
        others.len() >= 2
            && others.iter().all(|other| wants(other, column))
            && database.tables.iter().any(|(other, t)| {
                other != name && t.policies.values().filter(reads).any(|p| wants(p, column))
            })
    });
    if shared {
        return Some(SHARED);
    }
    let part_of = table.references.iter().any(|reference| {
        let people = PEOPLE.iter().any(|word| reference.table.contains(word));
        let own = others.iter().any(|other| wants(other, &reference.column));
        let whole = database
            .tables
            .get(&reference.table)
            .filter(|_| reference.table != name);
        let guarded = whole.is_some_and(|t| {
            let mut readers = t.policies.values().filter(reads).peekable();
            t.enabled
                && readers.peek().is_some()
                && readers.all(|p| p.using.as_ref().is_some_and(|c| !c.always))
        });
        reference.cascade && !people && !own && guarded
    });
    part_of.then_some("the rows that its rows belong to are not open")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn although(text: &str, table: &str, policy: &str) -> Option<&'static str> {
        let mut database = Database::default();
        database.replay(0, text);
        let table_of = &database.tables[table];
        told_of_reading(&database, table, table_of, &table_of.policies[policy])
    }

    const NOTES: &str = "create table notes (id int, tenant_id int, owner_id int);
        alter table notes enable row level security;
        create policy r on notes for select using (tenant_id = t() and owner_id = me());
        create table tags (id int, tenant_id int, note_id int references notes on delete cascade);
        alter table tags enable row level security;
        create policy r on tags for select using (true);";

    #[test]
    fn open_reading_is_told_of_by_what_stands_beside_it() {
        let two = "create policy a on tags for insert with check (tenant_id = t()); create policy b on tags for delete using (tenant_id = t() and true);";
        assert!(although(&format!("{NOTES}{two}"), "tags", "r").is_some());
        assert!(although(NOTES, "tags", "r").is_some_and(|why| why.contains("belong")));
        let public =
            "create table posts (id int, author_id int references users on delete cascade);
            create policy r on posts for select using (true);
            create policy a on posts for insert with check (author_id = me());
            create policy b on posts for update using (author_id = me());";
        assert_eq!(although(public, "posts", "r"), None);
        let secret = "create table t (a int, password_hash text); create policy r on t for select using (true);";
        assert_eq!(although(secret, "t", "r"), Some("secrets"));
    }

    #[test]
    fn what_takes_back_is_not_read() {
        assert!(takes_back("db/0001_users.down.sql") && takes_back("m/down.sql"));
        assert!(!takes_back("db/0001_download.sql"));
    }
}
