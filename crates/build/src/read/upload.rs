//! Reads `upload` of an entity: which files may hang on its rows.

use super::amounts;
use super::table::Table;
use crate::description::{FileType, Upload};
use crate::problem::near;

const LARGEST: u64 = 20_000_000;
const DEFAULT_BYTES: u64 = 5_000_000;
const DEFAULT_MOST: i64 = 20;
const MOST: i64 = 1_000;

/// The uploads of an entity, if its rows have some.
pub fn upload(entity: &Table<'_, '_>) -> Option<Upload> {
    let table = entity.table("upload")?;
    let problems = table.problems();
    let known = || FileType::ALL.iter().map(|kind| kind.name());
    let named = table.texts("types").unwrap_or_default();
    if named.is_empty() {
        problems.add(
            &table.span(),
            format!("`{}` is empty", table.path_of("types")),
            "write `types = [\"png\", \"jpeg\", \"pdf\"]`",
        );
    }
    let mut types = Vec::new();
    for (name, span) in &named {
        match FileType::ALL.iter().find(|kind| kind.name() == *name) {
            Some(kind) if types.contains(kind) => problems.add(
                span,
                format!("the type `{name}` is named twice"),
                "leave one out",
            ),
            Some(kind) => types.push(*kind),
            None => {
                let help = match near(name, known()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!(
                        "write some of {}; only what its first bytes give away is taken",
                        known().collect::<Vec<_>>().join(", ")
                    ),
                };
                problems.add(span, format!("there is no type of file `{name}`"), help);
            }
        }
    }
    let bytes = match table.text("max") {
        None => DEFAULT_BYTES,
        Some((text, span)) => match amounts::size(text) {
            Some(bytes) if bytes <= LARGEST => bytes,
            _ => {
                problems.add(
                    &span,
                    format!("`{text}` is no size of a file"),
                    "write between `1KB` and `20MB`; larger files belong into a store of objects",
                );
                DEFAULT_BYTES
            }
        },
    };
    let most = match table.number("most") {
        None => DEFAULT_MOST,
        Some((most, _)) if (1..=MOST).contains(&most) => most,
        Some((_, span)) => {
            problems.add(
                &span,
                format!("a row has between 1 and {MOST} files"),
                "write `most = 20`",
            );
            DEFAULT_MOST
        }
    };
    table.end();
    types.sort_unstable();
    Some(Upload {
        types,
        bytes,
        most,
        span: table.span(),
    })
}
