//! YAML as far as OpenAPI documents need it, as a JSON value.

use super::ImportError;
use casemate_lang_openapi::yaml::{self, Node, Value as Piece};
use serde_json::{Map, Number, Value};

/// Reads one document. Aliases are refused: they repeat what they stand for, and a short text can mean a huge one.
pub fn read(text: &str) -> Result<Value, ImportError> {
    value(yaml::read(text).map_err(ImportError::Syntax)?)
}

fn value(node: Node) -> Result<Value, ImportError> {
    Ok(match node.value {
        Piece::Scalar { text, plain } => scalar(&text, plain),
        Piece::List(items) => Value::Array(items.into_iter().map(value).collect::<Result<_, _>>()?),
        Piece::Table(entries) => {
            let mut table = Map::new();
            for (key, entry) in entries {
                let key = match value(key)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                table.insert(key, value(entry)?);
            }
            Value::Object(table)
        }
        Piece::Alias => {
            return Err(ImportError::Syntax(format!(
                "line {} has an alias (`*`), which is not read; write out what it stands for",
                node.line
            )));
        }
    })
}

fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => text
            .parse::<i64>()
            .map(Number::from)
            .ok()
            .or_else(|| {
                let digits = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
                text.parse()
                    .ok()
                    .filter(|_| digits)
                    .and_then(Number::from_f64)
            })
            .map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents() {
        let text = "a: 1\nb: [x, 'true', true]\n200:\n  c: |\n    two\n    lines\n";
        assert_eq!(
            read(text).unwrap(),
            json!({"a": 1, "b": ["x", "true", true], "200": {"c": "two\nlines\n"}})
        );
    }

    #[test]
    fn what_is_refused() {
        for text in ["", "a: &x [1]\nb: *x", "a: [", &"[".repeat(500)] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
