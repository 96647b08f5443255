//! The two little languages of format strings.

/// A piece of a format string.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// Text as it stands.
    Text(String),
    /// A value.
    Hole {
        /// Its position among the values; counted even where it has a name.
        index: usize,
        /// Its name.
        name: Option<String>,
        /// Members of it: `{user.name[first]}`.
        path: Vec<String>,
        /// It is written as a number, so that it is one.
        numeric: bool,
    },
}

/// Whether a format specification demands a number.
pub(super) fn is_numeric(spec: &str) -> bool {
    spec.ends_with([
        'd', 'f', 'F', 'e', 'E', 'g', 'G', 'x', 'X', 'o', 'b', 'n', '%',
    ])
}

/// `%s`, `%(name)s`, `%5.2f`; absent where the string is not one.
pub(super) fn percent(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut index = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        let mut name = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let mut inner = String::new();
            loop {
                match chars.next()? {
                    ')' => break,
                    c => inner.push(c),
                }
            }
            name = Some(inner);
        }
        let conversion = loop {
            let c = chars.next()?;
            if !matches!(
                c,
                '#' | '0'..='9' | '-' | ' ' | '+' | '.' | '*' | 'l' | 'h' | 'L'
            ) {
                break c;
            }
            if c == '*' {
                index += 1;
            }
        };
        if conversion == '%' {
            literal.push('%');
            continue;
        }
        let numeric = matches!(
            conversion,
            'd' | 'i' | 'o' | 'u' | 'x' | 'X' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G'
        );
        if !numeric && !matches!(conversion, 's' | 'r' | 'a' | 'c' | 'b') {
            return None;
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Hole {
            index,
            name,
            path: Vec::new(),
            numeric,
        });
        index += 1;
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Some(pieces)
}

/// `{}`, `{0}`, `{name.member[key]!r:spec}`; absent where the string is not one.
pub(super) fn braces(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut next = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.peek() == Some(&'{') => {
                chars.next();
                literal.push('{');
            }
            '}' if chars.peek() == Some(&'}') => {
                chars.next();
                literal.push('}');
            }
            '}' => return None,
            '{' => {
                let mut field = String::new();
                let mut depth = 0;
                loop {
                    match chars.next()? {
                        '}' if depth == 0 => break,
                        c => {
                            depth += i32::from(c == '{') - i32::from(c == '}');
                            field.push(c);
                        }
                    }
                }
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                pieces.push(hole(&field, &mut next));
            }
            c => literal.push(c),
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Some(pieces)
}

fn hole(field: &str, next: &mut usize) -> Piece {
    let (field, spec) = field.split_once(':').unwrap_or((field, ""));
    let field = field.split_once('!').map_or(field, |(name, _)| name);
    let mut parts = field
        .split(['.', '['])
        .map(|part| part.trim_end_matches(']').to_owned());
    let first = parts.next().unwrap_or_default();
    let path = parts.collect();
    let (index, name) = if first.is_empty() {
        *next += 1;
        (*next - 1, None)
    } else {
        match first.parse() {
            Ok(index) => (index, None),
            Err(_) => (0, Some(first)),
        }
    };
    Piece::Hole {
        index,
        name,
        path,
        numeric: is_numeric(spec),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: Option<Vec<Piece>>) -> String {
        let Some(pieces) = pieces else {
            return "none".into();
        };
        pieces
            .into_iter()
            .map(|p| match p {
                Piece::Text(text) => format!("'{text}'"),
                Piece::Hole {
                    index,
                    name,
                    path,
                    numeric,
                } => format!(
                    "<{}{}{}>",
                    name.unwrap_or_else(|| index.to_string()),
                    path.iter().map(|p| format!(".{p}")).collect::<String>(),
                    if numeric { " number" } else { "" }
                ),
            })
            .collect()
    }

    #[test]
    fn formats() {
        for (text, want) in [
            ("a %s b %5.2f%%", "'a '<0>' b '<1 number>'%'"),
            ("%(user)s = %(age)d", "<user>' = '<age number>"),
            ("100%", "none"),
            ("50% zz", "none"),
        ] {
            assert_eq!(shown(percent(text)), want, "{text}");
        }
        for (text, want) in [
            ("a {} {} {{x}}", "'a '<0>' '<1>' {x}'"),
            (
                "{1}{user.name[first]!r:>10}{n:03d}",
                "<1><user.name.first><n number>",
            ),
            ("{:{width}}", "<0>"),
            ("}", "none"),
            ("{", "none"),
        ] {
            assert_eq!(shown(braces(text)), want, "{text}");
        }
    }
}
