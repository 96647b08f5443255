//! What types and checks of SQL mean for a field.

use super::{Column, decimal_of, text_of};
use crate::field::{Kind, SAFE_INT};
use casemate_lang_sql::token::{Kind as Piece, Token};

/// What a column of this type holds, and what was assumed.
pub fn kind_of(
    name: &str,
    base: &str,
    arguments: &[Token],
) -> (Result<Kind, String>, Option<String>) {
    let number = |at: usize| match arguments.get(at).map(|token| &token.kind) {
        Some(Piece::Number(text)) => text.parse::<u64>().ok(),
        _ => None,
    };
    let good = |kind: Kind| (Ok(kind), None);
    match base {
        "text" | "varchar" | "character" | "char" | "citext" | "nvarchar" | "longtext"
        | "mediumtext" | "tinytext" | "string" => {
            if super::settle::snake(name)
                .split('_')
                .any(|word| word == "email")
            {
                return good(Kind::Email);
            }
            let (kind, assumed) = text_of(number(0));
            (Ok(kind), assumed)
        }
        "uuid" => (
            Ok(Kind::Text(36, 36)),
            Some("a UUID that refers to no table is a text".to_owned()),
        ),
        "bool" | "boolean" => good(Kind::Bool),
        "tinyint" if number(0) == Some(1) => good(Kind::Bool),
        "smallint" | "int2" | "tinyint" => good(Kind::Int(-32_768, 32_767)),
        "int" | "integer" | "int4" | "mediumint" | "serial" | "smallserial" => {
            good(Kind::Int(-SAFE_INT, SAFE_INT))
        }
        "bigint" | "int8" | "bigserial" => (
            Ok(Kind::Int(-SAFE_INT, SAFE_INT)),
            Some(format!("numbers above {SAFE_INT} are not built yet")),
        ),
        "numeric" | "decimal" | "real" | "double" | "float" | "float4" | "float8" | "money" => {
            decimal_of(name)
        }
        "date" => good(Kind::Date),
        "timestamp" | "timestamptz" | "datetime" => good(Kind::Timestamp),
        "enum" => good(Kind::Enum(texts(arguments))),
        "json" | "jsonb" => (
            Err("documents of any shape are not built; write their fields".to_owned()),
            None,
        ),
        "bytea" | "blob" | "longblob" | "mediumblob" | "varbinary" | "binary" => (
            Err("files are not fields; write `upload` in the entity".to_owned()),
            None,
        ),
        "" => (Err("it has no type".to_owned()), None),
        _ => (Err(format!("the type `{base}` is not built")), None),
    }
}

/// What a check says of one column: a list of values, a longest text, the bounds of a number.
pub fn bounded(column: &mut Column, check: &[Token]) -> bool {
    let sign = |sign: char| check.iter().any(|token| token.kind == Piece::Sign(sign));
    let has = |word: &str| check.iter().any(|token| token.is_word(word));
    let values = texts(check);
    let length = has("char_length") || has("length");
    let numbers: Vec<i64> = numbers(check);
    match &column.kind.clone() {
        Ok(Kind::Text(..)) if values.len() > 1 && (has("in") || has("any") || has("or")) => {
            column.kind = Ok(Kind::Enum(values));
            column.assumed = None;
            true
        }
        Ok(Kind::Text(low, _)) if length && (1..=2).contains(&numbers.len()) => {
            let low = if numbers.len() == 2 {
                numbers.first().copied()
            } else {
                Some(i64::from(*low))
            };
            let low = low.and_then(|low| u32::try_from(low).ok());
            let high = numbers.last().and_then(|high| u32::try_from(*high).ok());
            match (low, high) {
                (Some(low), Some(high))
                    if low <= high
                        && (1..=crate::field::LONGEST_TEXT).contains(&high)
                        && (numbers.len() == 2 || sign('<')) =>
                {
                    column.kind = Ok(Kind::Text(low, high));
                    column.assumed = None;
                    true
                }
                _ => false,
            }
        }
        Ok(Kind::Int(low, high)) if !has("or") && !has("not") => {
            match (numbers.as_slice(), sign('>'), sign('<')) {
                ([least, most], true, true) | ([least, most], false, false)
                    if least <= most && (has("and") || has("between")) =>
                {
                    column.kind = Ok(Kind::Int((*least).max(*low), (*most).min(*high)));
                    true
                }
                ([least], true, false) => {
                    let least = if sign('=') {
                        *least
                    } else {
                        least.saturating_add(1)
                    };
                    column.kind = Ok(Kind::Int(least.max(*low), *high));
                    least <= *high
                }
                ([most], false, true) => {
                    let most = if sign('=') {
                        *most
                    } else {
                        most.saturating_sub(1)
                    };
                    column.kind = Ok(Kind::Int(*low, most.min(*high)));
                    most >= *low
                }
                _ => false,
            }
        }
        // Amounts begin at zero anyway.
        Ok(Kind::Money(_)) => numbers == [0],
        _ => false,
    }
}

/// All texts among tokens.
pub fn texts(tokens: &[Token]) -> Vec<String> {
    tokens
        .iter()
        .filter_map(|token| match &token.kind {
            Piece::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
}

fn numbers(tokens: &[Token]) -> Vec<i64> {
    tokens
        .iter()
        .enumerate()
        .filter_map(|(at, token)| match &token.kind {
            Piece::Number(text) => {
                let negative = at > 0
                    && tokens
                        .get(at - 1)
                        .is_some_and(|t| t.kind == Piece::Sign('-'));
                text.parse::<i64>()
                    .ok()
                    .map(|number| if negative { -number } else { number })
            }
            _ => None,
        })
        .collect()
}
