//! A field in TypeScript, Zod, Drizzle and SQL.

use super::input::{self, Input};
use crate::access::print;
use crate::description::{Description, Entity};
use crate::field::{Default, Field, Kind, OnDelete};
use crate::names;
use serde::Serialize;
use std::collections::BTreeSet;

/// A field as the templates print it.
#[derive(Clone, Serialize, Debug)]
pub struct View {
    /// Snake case, as in the description.
    pub name: String,
    /// The property in TypeScript and JSON.
    pub prop: String,
    /// The column.
    pub column: String,
    /// Words of the name.
    pub words: String,
    /// How a form asks for it.
    pub input: Input,
    /// Values of an enum.
    pub values: Option<Vec<String>>,
    /// The constant that holds the values.
    pub values_const: String,
    /// May be null.
    pub optional: bool,
    /// Encrypted.
    pub encrypted: bool,
    /// Part of the body of a creation.
    pub in_create: bool,
    /// A creation without it is refused.
    pub required: bool,
    /// Part of the body of a change.
    pub in_update: bool,
    /// Changed by whoever `allow.update` lets.
    pub by_update: bool,
    /// The column in Drizzle.
    pub drizzle: String,
    /// The column in SQL.
    pub sql: String,
    /// Zod, in the body of a creation.
    pub zod_create: String,
    /// Zod, in the body of a change.
    pub zod_update: String,
    /// Zod, as a filter in the query.
    pub zod_query: String,
    /// Zod, in an answer.
    pub zod_view: String,
    /// Its type in a schema of GraphQL.
    pub graphql: &'static str,
    /// The expression that an answer holds.
    pub view: String,
    /// Plural of the entity that it refers to, for the repository.
    pub ref_plural: Option<String>,
    /// Singular of it.
    pub ref_name: Option<String>,
    /// Its type.
    pub ref_pascal: Option<String>,
    /// A value that is accepted, as TypeScript; references are filled in by the tests.
    pub sample: Option<String>,
    /// Another one.
    pub other_sample: Option<String>,
    /// A value to filter by.
    pub filter_sample: Option<String>,
    /// Any text may be filtered by.
    pub free_text: bool,
    /// A state in which whoever creates can see what is referred to, as an object of columns.
    pub ref_state: Option<String>,
    /// The entity that it refers to belongs to a tenant.
    pub ref_tenant: bool,
    /// Values that are refused, as TypeScript.
    pub wrong: Vec<String>,
    /// A value for SQL, for rows that tests write themselves; references and encrypted texts have none.
    pub seed: Option<String>,
}

/// The property in TypeScript and JSON.
pub fn prop(field: &Field) -> String {
    match field.kind {
        Kind::Ref(_) => format!("{}Id", names::camel(&field.name)),
        _ => names::camel(&field.name),
    }
}

/// The column.
pub fn column(field: &Field) -> String {
    match field.kind {
        Kind::Ref(_) => format!("{}_id", field.name),
        _ => field.name.clone(),
    }
}

/// The type in a schema of GraphQL; whole numbers may be larger than its `Int`.
fn graphql(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int(..) | Kind::Money(_) => "GraphQLFloat",
        Kind::Bool => "GraphQLBoolean",
        Kind::Ref(_) => "GraphQLID",
        _ => "GraphQLString",
    }
}

/// All types that a schema with these fields is made of, as an import names them.
pub fn graphql_types<'a>(kinds: impl Iterator<Item = &'a Kind>) -> String {
    let always = [
        "GraphQLID",
        "GraphQLInt",
        "GraphQLList",
        "GraphQLNonNull",
        "GraphQLObjectType",
        "GraphQLSchema",
        "GraphQLString",
    ];
    let types: BTreeSet<&str> = kinds.map(graphql).chain(always).collect();
    types.into_iter().collect::<Vec<_>>().join(", ")
}

/// Says a field in the words of the target.
pub fn view(description: &Description, entity: &Entity, field: &Field) -> View {
    let is_owner = entity.owner.as_ref() == Some(&field.name);
    let has_rule = entity.allow.set.iter().any(|(name, _)| *name == field.name);
    let by_request = !field.readonly && !is_owner;
    let in_update = by_request && !field.immutable && (has_rule || entity.allow.update.is_some());
    let in_create = by_request && !has_rule;
    let required = in_create && !field.optional && field.default.is_none();
    let base = zod(entity, field);
    let nullable = if field.optional {
        format!("{base}.nullable()")
    } else {
        base.clone()
    };
    let (referred, ref_plural) = match &field.kind {
        Kind::Ref(to) if to != "user" => {
            let other = description.entities.iter().find(|other| other.name == *to);
            (
                other.map(|o| names::camel(&o.name)),
                other.map(|o| names::camel(&o.plural)),
            )
        }
        _ => (None, None),
    };
    View {
        name: field.name.clone(),
        prop: prop(field),
        column: column(field),
        words: names::words(&field.name),
        input: input::input(field),
        values: match &field.kind {
            Kind::Enum(values) => Some(values.clone()),
            _ => None,
        },
        values_const: values_const(entity, field),
        optional: field.optional,
        encrypted: field.encrypted,
        in_create,
        required,
        in_update,
        by_update: in_update && !has_rule,
        drizzle: drizzle(entity, field),
        sql: sql(description, entity, field),
        graphql: graphql(&field.kind),
        zod_create: if required {
            nullable.clone()
        } else {
            format!("{nullable}.optional()")
        },
        zod_update: nullable,
        zod_query: match &field.kind {
            Kind::Bool => "z.enum(['true', 'false']).transform((value) => value === 'true')".into(),
            Kind::Int(low, high) => format!("z.coerce.number().int().min({low}).max({high})"),
            Kind::Money(_) => "z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)".into(),
            _ => base,
        },
        zod_view: zod_view(entity, field),
        view: view_of(entity, field),
        ref_plural,
        ref_pascal: referred.as_deref().map(|name| {
            let mut letters = name.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        }),
        ref_name: referred,
        sample: sample(field, 0),
        other_sample: sample(field, 1),
        filter_sample: sample(field, 0)
            .filter(|sample| !field.unique || !sample.contains("unique()")),
        free_text: matches!(field.kind, Kind::Text(..)),
        ref_state: match &field.kind {
            Kind::Ref(to) => description
                .entities
                .iter()
                .find(|other| other.name == *to)
                .and_then(|other| super::matrix::referable(description, entity, other)),
            _ => None,
        },
        ref_tenant: matches!(&field.kind, Kind::Ref(to) if super::sql::refers_in_tenant(description, entity, to)),
        wrong: wrong(field),
        seed: seed(field),
    }
}

fn values_const(entity: &Entity, field: &Field) -> String {
    format!(
        "{}_{}_VALUES",
        entity.name.to_uppercase(),
        field.name.to_uppercase()
    )
}

fn zod(entity: &Entity, field: &Field) -> String {
    match &field.kind {
        Kind::Text(low, high) => format!("text({low}, {high})"),
        Kind::Email => "z.string().trim().toLowerCase().max(254).pipe(z.email())".into(),
        Kind::Url => "z.url({ protocol: /^https$/ }).max(2_000)".into(),
        Kind::Int(low, high) => format!("z.int().min({low}).max({high})"),
        Kind::Money(_) => "z.int().min(0)".into(),
        Kind::Bool => "z.boolean()".into(),
        Kind::Date => "z.iso.date()".into(),
        Kind::Timestamp => {
            "z.iso.datetime({ offset: true }).transform((value) => new Date(value))".into()
        }
        Kind::Enum(_) => format!("z.enum({})", values_const(entity, field)),
        Kind::Ref(_) => "z.uuid()".into(),
    }
}

fn zod_view(entity: &Entity, field: &Field) -> String {
    let base = match &field.kind {
        Kind::Text(..) | Kind::Email | Kind::Url => "z.string()".into(),
        Kind::Int(..) | Kind::Money(_) => "z.int()".into(),
        Kind::Timestamp => "z.iso.datetime()".into(),
        _ => zod(entity, field),
    };
    if field.optional {
        format!("{base}.nullable()")
    } else {
        base
    }
}

fn view_of(entity: &Entity, field: &Field) -> String {
    let value = format!("{}.{}", names::camel(&entity.name), prop(field));
    match (&field.kind, field.optional) {
        (Kind::Timestamp, true) => format!("{value}?.toISOString() ?? null"),
        (Kind::Timestamp, false) => format!("{value}.toISOString()"),
        _ => value,
    }
}

fn drizzle(entity: &Entity, field: &Field) -> String {
    let column = column(field);
    let base = match &field.kind {
        Kind::Text(..) | Kind::Email | Kind::Url => format!("text('{column}')"),
        Kind::Enum(_) => format!(
            "text('{column}', {{ enum: {} }})",
            values_const(entity, field)
        ),
        Kind::Int(..) => format!("integer('{column}')"),
        Kind::Money(_) => format!("bigint('{column}', {{ mode: 'number' }})"),
        Kind::Bool => format!("boolean('{column}')"),
        Kind::Date => format!("day('{column}')"),
        Kind::Timestamp => format!("moment('{column}')"),
        Kind::Ref(_) => format!("uuid('{column}')"),
    };
    let null = if field.optional { "" } else { ".notNull()" };
    let default = match &field.default {
        Some(Default::Text(text)) => format!(".default('{text}')"),
        Some(Default::Int(number)) => format!(".default({number})"),
        Some(Default::Bool(value)) => format!(".default({value})"),
        None => String::new(),
    };
    format!("{base}{null}{default}")
}

/// How long an encrypted text gets at most, as `fieldCipher.ts` writes it: a version of at most four digits, nonce, text and tag
/// in base64, with a point between. A unit of a text that JavaScript counts has at most three bytes, which become four characters.
fn sealed(kind: &Kind) -> u64 {
    let units = match kind {
        Kind::Text(_, most) => u64::from(*most),
        Kind::Url => 2_000,
        _ => 254,
    };
    4 + 1 + 16 + 1 + units * 4 + 1 + 22
}

fn sql(description: &Description, entity: &Entity, field: &Field) -> String {
    let column = column(field);
    let (kind, check) = match &field.kind {
        kind if field.encrypted => (
            "text".to_owned(),
            format!(" check (char_length({column}) <= {})", sealed(kind)),
        ),
        Kind::Text(low, high) => (
            "text".to_owned(),
            format!(" check (char_length({column}) between {low} and {high})"),
        ),
        Kind::Email => (
            "text".to_owned(),
            format!(" check (char_length({column}) <= 254)"),
        ),
        Kind::Url => (
            "text".to_owned(),
            format!(" check ({column} like 'https://%' and char_length({column}) <= 2000)"),
        ),
        Kind::Int(low, high) => (
            "integer".to_owned(),
            format!(" check ({column} between {low} and {high})"),
        ),
        Kind::Money(_) => ("bigint".to_owned(), format!(" check ({column} >= 0)")),
        Kind::Bool => ("boolean".to_owned(), String::new()),
        Kind::Date => ("date".to_owned(), String::new()),
        Kind::Timestamp => ("timestamptz(3)".to_owned(), String::new()),
        Kind::Enum(values) => {
            let list: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
            (
                "text".to_owned(),
                format!(" check ({column} in ({}))", list.join(", ")),
            )
        }
        Kind::Ref(_) => ("uuid".to_owned(), String::new()),
    };
    let null = if field.optional { "" } else { " not null" };
    let default = match &field.default {
        Some(Default::Text(text)) => format!(" default '{text}'"),
        Some(Default::Int(number)) => format!(" default {number}"),
        Some(Default::Bool(value)) => format!(" default {value}"),
        None => String::new(),
    };
    let reference = match &field.kind {
        // Inside a tenant the reference is a constraint of two columns, which stands below.
        Kind::Ref(to) if !super::sql::refers_in_tenant(description, entity, to) => {
            format!(
                " references {} (id) on delete {}",
                super::sql::table_of(description, to),
                on_delete(field.on_delete)
            )
        }
        _ => String::new(),
    };
    format!("{kind}{null}{default}{reference}{check}")
}

/// The words of SQL.
pub fn on_delete(on_delete: OnDelete) -> &'static str {
    match on_delete {
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
        OnDelete::SetNull => "set null",
    }
}

fn sample(field: &Field, which: usize) -> Option<String> {
    let text = |low: u32, high: u32| {
        let word = if which == 0 { "sample" } else { "another" };
        let length = usize::try_from(low.max(u32::try_from(word.len()).unwrap_or(low)).min(high))
            .unwrap_or(1);
        word.chars().cycle().take(length).collect::<String>()
    };
    Some(match &field.kind {
        // What is unique differs each time; the tests count.
        Kind::Text(low, high) if field.unique && *high >= 12 => {
            format!(
                "`{}${{unique()}}`",
                if *low > 6 {
                    "x".repeat(usize::try_from(*low).unwrap_or(1))
                } else {
                    "sample".into()
                }
            )
        }
        Kind::Text(low, high) => format!("'{}'", text(*low, *high)),
        Kind::Email if field.unique => "`${unique()}@mail.test`".into(),
        Kind::Email => format!("'{}@mail.test'", text(1, 9)),
        Kind::Url if field.unique => "`https://site.test/${unique()}`".into(),
        Kind::Url => format!("'https://site.test/{which}'"),
        Kind::Int(low, high) if field.unique => {
            format!(
                "{low} + (unique() % {})",
                high.saturating_sub(*low).saturating_add(1)
            )
        }
        Kind::Int(low, high) => (low.saturating_add(which as i64).min(*high)).to_string(),
        Kind::Money(_) if field.unique => "1990 + unique()".into(),
        Kind::Money(_) => (1_990 + which).to_string(),
        Kind::Bool => (which == 0).to_string(),
        Kind::Date if field.unique => {
            "new Date(Date.UTC(2024, 1, 28 + unique())).toISOString().slice(0, 10)".into()
        }
        Kind::Date => format!("'2024-02-{}'", 28 + which),
        Kind::Timestamp if field.unique => {
            "new Date(Date.UTC(2024, 1, 28, 12, 0, unique())).toISOString()".into()
        }
        Kind::Timestamp => format!("'2024-02-28T12:00:0{which}.000Z'"),
        Kind::Enum(values) => format!("'{}'", values.get(which.min(values.len() - 1))?),
        Kind::Ref(_) => return None,
    })
}

fn seed(field: &Field) -> Option<String> {
    if field.encrypted {
        return None;
    }
    Some(match &field.kind {
        Kind::Text(..) | Kind::Email | Kind::Url | Kind::Enum(_) | Kind::Date | Kind::Timestamp => {
            sample(field, 0)?
        }
        Kind::Int(..) | Kind::Money(_) | Kind::Bool => sample(field, 0)?,
        Kind::Ref(_) => return None,
    })
}

fn wrong(field: &Field) -> Vec<String> {
    let mut wrong: Vec<String> = match &field.kind {
        Kind::Text(low, high) => {
            let mut wrong = vec![
                "42".to_owned(),
                "{ $gt: '' }".to_owned(),
                format!("'x'.repeat({})", u64::from(*high) + 1),
                control_character(*low),
            ];
            if *low > 0 {
                wrong.push("''".to_owned());
            }
            wrong
        }
        Kind::Email => vec!["'nobody'".into(), "42".into()],
        Kind::Url => vec![
            "'javascript:alert(1)'".into(),
            "'http://site.test/'".into(),
            "'https://'".into(),
        ],
        Kind::Int(low, high) => {
            vec![
                format!("{}", low - 1),
                format!("{}", high + 1),
                "0.5".into(),
                "'1'".into(),
            ]
        }
        Kind::Money(_) => vec![
            "-1".into(),
            "0.5".into(),
            "Number.MAX_SAFE_INTEGER * 2".into(),
            "'1'".into(),
        ],
        Kind::Bool => vec!["'true'".into(), "1".into()],
        Kind::Date => vec!["'2024-02-30'".into(), "'tomorrow'".into()],
        Kind::Timestamp => vec!["'2024-02-28'".into(), "'tomorrow'".into()],
        Kind::Enum(_) => vec!["'no_such_value'".into(), "0".into()],
        Kind::Ref(_) => vec!["'1'".into(), "\"' or 1=1 --\"".into()],
    };
    if !field.optional {
        wrong.push("null".to_owned());
    }
    wrong
}

/// A text that is long enough and short enough, and has a character that no text may have.
fn control_character(low: u32) -> String {
    if low > 1 {
        format!("'\\u0000'.padStart({low}, 'x')")
    } else {
        "'\\u0000'".to_owned()
    }
}

/// How rules are printed needs the owner's names.
pub fn owner_names(entity: &Entity) -> (String, String) {
    let owner = entity.owner.as_deref().and_then(|name| entity.field(name));
    owner.map_or_else(
        || (String::new(), String::new()),
        |field| (prop(field), column(field)),
    )
}

/// The rule as the description has it.
pub fn source(rule: &crate::access::Rule) -> String {
    print::source(&rule.formula)
}
