//! A formula in the words of each language that enforces it.

use super::{Formula, Literal};
use crate::names::camel;

/// As it would be written in `backend.toml`.
pub fn source(formula: &Formula) -> String {
    Words {
        anyone: "anyone".into(),
        authenticated: "authenticated".into(),
        owner: "owner".into(),
        role: &|role| format!("role:{role}"),
        field: &|name, equal, value| {
            format!(
                "{name} {} {}",
                if equal { "==" } else { "!=" },
                quoted(value)
            )
        },
        not: "not ",
        and: " and ",
        or: " or ",
    }
    .print(formula, false)
}

/// As a TypeScript expression over `actor` and `row`; `owner` is the property that names the owner.
pub fn typescript(formula: &Formula, owner: &str) -> String {
    Words {
        anyone: "true".into(),
        authenticated: "isUser(actor)".into(),
        owner: format!("owns(actor, row.{owner})"),
        role: &|role| format!("hasRole(actor, '{role}')"),
        field: &|name, equal, value| {
            format!(
                "row.{} {} {}",
                camel(name),
                if equal { "===" } else { "!==" },
                quoted(value)
            )
        },
        not: "!",
        and: " && ",
        or: " || ",
    }
    .print(formula, false)
}

/// As a Drizzle condition on `table`.
pub fn drizzle(formula: &Formula, table: &str, owner: &str) -> String {
    match formula {
        Formula::Anyone => "sql`true`".into(),
        Formula::Authenticated => "when(isUser(actor))".into(),
        Formula::Owner => format!("ownedBy({table}.{owner}, actor)"),
        Formula::Role(role) => format!("when(hasRole(actor, '{role}'))"),
        Formula::Field(name, equal, value) => {
            let compare = if *equal { "eq" } else { "ne" };
            format!("{compare}({table}.{}, {})", camel(name), quoted(value))
        }
        Formula::Not(one) => format!("not({})", drizzle(one, table, owner)),
        Formula::And(many) => format!("and({})", list(many, |one| drizzle(one, table, owner))),
        Formula::Or(many) => format!("or({})", list(many, |one| drizzle(one, table, owner))),
    }
}

/// As a condition of a PostgreSQL policy; `owner` is the column that names the owner.
pub fn sql(formula: &Formula, owner: &str) -> String {
    // Nobody signed in has the id null, and `not null` is not true; the plain form lets PostgreSQL use the index.
    let mut negated = false;
    formula.visit(&mut |one| negated |= matches!(one, Formula::Not(_)));
    let equals = if negated { "is not distinct from" } else { "=" };
    Words {
        anyone: "true".into(),
        authenticated: "(select app.user_id()) is not null".into(),
        owner: format!("{owner} {equals} (select app.user_id())"),
        role: &|role| format!("(select app.role()) = '{role}'"),
        field: &|name, equal, value| {
            format!(
                "{name} {} {}",
                if equal { "=" } else { "<>" },
                quoted(value)
            )
        },
        not: "not ",
        and: " and ",
        or: " or ",
    }
    .print(formula, false)
}

fn quoted(value: &Literal) -> String {
    match value {
        Literal::Text(text) => format!("'{text}'"),
        Literal::Bool(value) => value.to_string(),
    }
}

fn list(many: &[Formula], print: impl Fn(&Formula) -> String) -> String {
    many.iter().map(print).collect::<Vec<_>>().join(", ")
}

struct Words<'a> {
    anyone: String,
    authenticated: String,
    owner: String,
    role: &'a dyn Fn(&str) -> String,
    field: &'a dyn Fn(&str, bool, &Literal) -> String,
    not: &'static str,
    and: &'static str,
    or: &'static str,
}

impl Words<'_> {
    /// `inside` another formula, a list of conditions needs brackets.
    fn print(&self, formula: &Formula, inside: bool) -> String {
        let many = |many: &[Formula], word: &str| {
            let text = many
                .iter()
                .map(|one| self.print(one, true))
                .collect::<Vec<_>>()
                .join(word);
            if inside { format!("({text})") } else { text }
        };
        match formula {
            Formula::Anyone => self.anyone.clone(),
            Formula::Authenticated => self.authenticated.clone(),
            Formula::Owner => self.owner.clone(),
            Formula::Role(role) => (self.role)(role),
            Formula::Field(name, equal, value) => (self.field)(name, *equal, value),
            Formula::Not(one) if self.not == "!" => format!("!({})", self.print(one, false)),
            Formula::Not(one) => format!("{}{}", self.not, self.print(one, true)),
            Formula::And(all) => many(all, self.and),
            Formula::Or(any) => many(any, self.or),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language() {
        let formula = crate::access::parse::parse("owner and status == 'draft' or not role:guest")
            .unwrap()
            .unwrap();
        assert_eq!(
            typescript(&formula, "authorId"),
            "(owns(actor, row.authorId) && row.status === 'draft') || !(hasRole(actor, 'guest'))"
        );
        assert_eq!(
            sql(&formula, "author_id"),
            "(author_id is not distinct from (select app.user_id()) and status = 'draft') or not (select app.role()) = 'guest'"
        );
        assert_eq!(
            drizzle(&formula, "notes", "authorId"),
            "or(and(ownedBy(notes.authorId, actor), eq(notes.status, 'draft')), not(when(hasRole(actor, 'guest'))))"
        );
    }
}
