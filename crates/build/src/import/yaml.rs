//! YAML as far as OpenAPI documents need it, as a JSON value. The parser stays behind this module.

use super::ImportError;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

const DEEPEST: usize = 200;
const MOST_NODES: usize = 1_000_000;

/// A node that is not complete yet.
enum Open {
    List(Vec<Value>),
    Table(Map<String, Value>, Option<String>),
}

/// Reads one document. Aliases are refused: they repeat what they stand for, and a short text can mean a huge one.
pub fn read(text: &str) -> Result<Value, ImportError> {
    let mut open: Vec<Open> = Vec::new();
    let mut whole = None;
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| ImportError::Syntax(format!("this is no YAML: {error}")))?;
        nodes += 1;
        if nodes > MOST_NODES || open.len() > DEEPEST {
            return Err(ImportError::Syntax(
                "this YAML is too large or too deep".to_owned(),
            ));
        }
        let complete = match event {
            Event::Alias(_) => {
                return Err(ImportError::Syntax(format!(
                    "line {} has an alias (`*`), which is not read; write out what it stands for",
                    span.start.line()
                )));
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(vec![]));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                continue;
            }
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::Array(items),
                Some(Open::Table(table, _)) => Value::Object(table),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => whole = whole.or(Some(complete)),
            Some(Open::List(items)) => items.push(complete),
            Some(Open::Table(table, key)) => match key.take() {
                Some(name) => {
                    table.insert(name, complete);
                }
                None => {
                    *key = Some(match complete {
                        Value::String(text) => text,
                        other => other.to_string(),
                    })
                }
            },
        }
    }
    whole.ok_or_else(|| ImportError::Syntax("this YAML is empty".to_owned()))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
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
