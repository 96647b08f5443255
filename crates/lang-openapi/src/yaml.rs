//! YAML, of which JSON is a part, as a tree with places. The parser stays behind this module.

use casemate_ir::Span;
use saphyr_parser::{Event, Parser, ScalarStyle};

/// Deeper texts are refused.
const DEEPEST: usize = 200;
/// Longer texts are refused.
const MOST_NODES: usize = 1_000_000;

/// A piece of a document.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it begins and ends, in bytes; of lists and tables, where they begin.
    pub span: Span,
    /// The line in which it begins, from 1.
    pub line: usize,
}

/// What a piece is.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A text, a number, a word.
    Scalar {
        /// Without quotes.
        text: String,
        /// It stands without quotes, so that it may be a number or a word such as `true`.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// Keys and what stands under them, in order.
    Table(Vec<(Node, Node)>),
    /// `*name`: it repeats what it stands for. Not followed, for a short text can mean a huge one.
    Alias,
}

impl Node {
    /// What stands under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let mut entries = self.entries().iter();
        entries
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The entries of a table; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// A list or table that is not complete yet.
struct Open {
    start: (Span, usize),
    nodes: Vec<Node>,
    table: bool,
}

impl Open {
    fn close(self) -> Node {
        let (span, line) = self.start;
        let mut nodes = self.nodes.into_iter();
        let value = if self.table {
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                entries.push((key, value));
            }
            Value::Table(entries)
        } else {
            Value::List(nodes.collect())
        };
        Node { value, span, line }
    }
}

/// Reads the first document of a text.
///
/// # Errors
/// Says why in a sentence: it is no YAML, too large, too deep, or empty.
pub fn read(text: &str) -> Result<Node, String> {
    let mut all = documents(text, 1)?;
    all.pop().ok_or_else(|| "this YAML is empty".to_owned())
}

/// Reads all documents of a text.
///
/// # Errors
/// Says why in a sentence: it is no YAML, too large, or too deep.
pub fn read_all(text: &str) -> Result<Vec<Node>, String> {
    documents(text, usize::MAX)
}

/// Reads the first documents of a text, up to a number.
fn documents(text: &str, most: usize) -> Result<Vec<Node>, String> {
    let mut read = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut bytes = Bytes::of(text);
    for (nodes, event) in Parser::new_from_str(text).enumerate() {
        let (event, span) = event.map_err(|error| format!("this is no YAML: {error}"))?;
        if nodes > MOST_NODES || open.len() > DEEPEST {
            return Err("this YAML is too large or too deep".to_owned());
        }
        let line = span.start.line();
        let start = bytes.at(span.start.index());
        let scalar = |value: Value, end: u32| Node {
            value,
            span: Span { start, end },
            line,
        };
        let complete = match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                let table = matches!(event, Event::MappingStart(..));
                let span = Span { start, end: start };
                open.push(Open {
                    start: (span, line),
                    nodes: Vec::new(),
                    table,
                });
                continue;
            }
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                let end = bytes.at(span.end.index());
                let text = text.into_owned();
                scalar(Value::Scalar { text, plain }, end)
            }
            Event::Alias(_) => scalar(Value::Alias, start),
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(open) => open.close(),
                None => continue,
            },
            _ => continue,
        };
        match open.last_mut() {
            None => {
                read.push(complete);
                if read.len() == most {
                    break;
                }
            }
            Some(open) => open.nodes.push(complete),
        }
    }
    Ok(read)
}

/// Positions in characters as positions in bytes, asked in order.
struct Bytes<'a> {
    left: std::str::Chars<'a>,
    length: usize,
    passed: usize,
}

impl<'a> Bytes<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            left: text.chars(),
            length: text.len(),
            passed: 0,
        }
    }

    fn at(&mut self, chars: usize) -> u32 {
        while self.passed < chars && self.left.next().is_some() {
            self.passed += 1;
        }
        u32::try_from(self.length - self.left.as_str().len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_bytes() {
        let text = "# é\na: [1, 'x']\nb:\n  c: d\n";
        let node = read(text).unwrap();
        let place = |node: &Node| &text[node.span.start as usize..node.span.end as usize];
        assert_eq!(place(node.get("b").unwrap().get("c").unwrap()), "d");
        assert_eq!(place(&node.get("a").unwrap().items()[0]), "1");
        assert_eq!(node.get("b").unwrap().line, 4);
    }

    #[test]
    fn json_is_yaml() {
        let node = read("{\"a\": {\"b\": [true, \"c\"]}}").unwrap();
        let items = node.get("a").and_then(|a| a.get("b")).unwrap().items();
        assert_eq!(
            items.iter().filter_map(Node::text).collect::<Vec<_>>(),
            ["true", "c"]
        );
    }

    #[test]
    fn documents_stand_behind_each_other() {
        let all = read_all("a: 1\n---\nb: é\n---\nc: 3\n").unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(all[2].get("c").and_then(Node::text), Some("3"));
        assert_eq!(read_all(""), Ok(Vec::new()));
        assert!(read_all("a: 1\n---\nb: [").is_err());
    }

    #[test]
    fn what_is_refused() {
        for text in ["", "a: [", "a: {b", &"[".repeat(500), "\"", "a: b: c"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
