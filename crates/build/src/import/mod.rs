//! Drafts a description from what a project has already: an OpenAPI document, a Prisma schema, or DDL of SQL.
//!
//! Each reader ([`openapi`], [`prisma`], [`sql`]) says what it has found in the words of [`Found`]; [`settle`] makes
//! entities of it. None of the formats says who may do what, so a draft lets admins read and nobody do anything else.
//! Whatever could not be carried over is listed, in the draft and to whoever asked for it.

mod openapi;
mod prisma;
mod settle;
mod sql;
mod sqltype;
mod yaml;

use crate::field::{Kind, OnDelete};
use crate::problem::Problem;
use crate::{check, read};
use std::path::Path;
use thiserror::Error;

/// A description that was drafted from something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The text of `backend.toml`.
    pub text: String,
    /// What could not be carried over, or was assumed.
    pub notes: Vec<String>,
    /// What is wrong with the draft as it is.
    pub problems: Vec<Problem>,
}

/// Why there is no draft.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ImportError {
    /// Its name says none of the formats.
    #[error("`{0}` is none of the formats that can be read")]
    Format(String),
    /// It is not what its name says.
    #[error("{0}")]
    Syntax(String),
    /// It describes nothing that a backend could keep.
    #[error("nothing in it could become an entity")]
    Nothing(Vec<String>),
}

/// Drafts a description. `path` says the format by its name; `name` is the service's if the text knows none.
pub fn import(text: &str, path: &Path, name: &str) -> Result<Draft, ImportError> {
    let file = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let extension = path
        .extension()
        .map(|end| end.to_string_lossy().to_lowercase());
    let found = match extension.as_deref() {
        Some("yaml" | "yml") => openapi::read(&yaml::read(text)?)?,
        Some("json") => openapi::read(
            &serde_json::from_str(text)
                .map_err(|error| ImportError::Syntax(format!("this is no JSON: {error}")))?,
        )?,
        Some("prisma") => prisma::read(text),
        Some("sql" | "ddl") => sql::read(text),
        _ => return Err(ImportError::Format(file)),
    };
    let (text, notes) = settle::draft(found, &file, name);
    let Some(text) = text else {
        return Err(ImportError::Nothing(notes));
    };
    let problems = match read::description(&text) {
        Err(problems) => problems,
        Ok(description) => check::check(&description, &text).err().unwrap_or_default(),
    };
    Ok(Draft {
        text,
        notes,
        problems,
    })
}

/// What a reader has found, in the names of its format.
#[derive(Clone, Default, Debug)]
struct Found {
    /// What the whole is called.
    title: Option<String>,
    /// Tables, models or schemas.
    tables: Vec<Table>,
    /// What could not be carried over.
    left: Vec<String>,
}

/// A table, model or schema.
#[derive(Clone, Default, Debug)]
struct Table {
    name: String,
    columns: Vec<Column>,
    /// Columns that are looked up by.
    indexed: Vec<String>,
    /// What could not be carried over.
    left: Vec<String>,
}

/// A column, field or property.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// What it holds, or why it cannot be carried over. References are to names of the format.
    kind: Result<Kind, String>,
    optional: bool,
    unique: bool,
    /// Never set by a request.
    readonly: bool,
    /// A literal, without its quotes.
    default: Option<String>,
    on_delete: OnDelete,
    /// What was assumed of it.
    assumed: Option<String>,
}

impl Column {
    fn new(name: &str, kind: Result<Kind, String>) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            optional: false,
            unique: false,
            readonly: false,
            default: None,
            on_delete: OnDelete::Restrict,
            assumed: None,
        }
    }
}

impl Table {
    fn column(&mut self, name: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|column| column.name == name)
    }
}

/// The length of a text that has none.
const USUAL_TEXT: u32 = 2_000;

/// A text of at most so many characters, with what was assumed.
fn text_of(high: Option<u64>) -> (Kind, Option<String>) {
    let longest = u64::from(crate::field::LONGEST_TEXT);
    match high {
        Some(high) if (1..=longest).contains(&high) => (
            Kind::Text(0, u32::try_from(high).unwrap_or(USUAL_TEXT)),
            None,
        ),
        Some(high) => (
            Kind::Text(0, crate::field::LONGEST_TEXT),
            Some(format!("{high} characters are more than a text may have")),
        ),
        None => (
            Kind::Text(0, USUAL_TEXT),
            Some(format!(
                "no longest length was said; {USUAL_TEXT} is assumed"
            )),
        ),
    }
}

/// A number with a point: an amount of money where the name says so.
fn decimal_of(name: &str) -> (Result<Kind, String>, Option<String>) {
    let words = settle::snake(name);
    let money = [
        "price", "amount", "total", "cost", "fee", "balance", "salary", "subtotal", "tax",
        "discount",
    ]
    .iter()
    .any(|word| words.split('_').any(|part| part == *word));
    if money {
        (
            Ok(Kind::Money("EUR".to_owned())),
            Some("an amount in the smallest unit is assumed, in EUR".to_owned()),
        )
    } else {
        (
            Err("numbers with a point are not built yet; use `int` in a smaller unit".to_owned()),
            None,
        )
    }
}

/// A title as the name of a service, if it can be one.
pub fn service_name(title: &str) -> Option<String> {
    settle::service_name(Some(title))
}
