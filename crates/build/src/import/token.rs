//! Tokens of SQL, as far as definitions of tables need them.

/// A piece of SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// A word or a quoted name; words are in lower case.
    Word(String),
    /// A text, without its quotes.
    Text(String),
    /// A number.
    Number(String),
    /// Any other sign.
    Sign(char),
}

/// All statements of a text, each without its semicolon. Data between `copy … from stdin` and `\.` is passed over.
pub fn statements(text: &str) -> Vec<Vec<Token>> {
    let chars: Vec<char> = text.chars().collect();
    let mut reader = Reader {
        chars: &chars,
        at: 0,
    };
    let mut all = Vec::new();
    let mut current = Vec::new();
    while let Some(token) = reader.token() {
        if token == Token::Sign(';') {
            let copies = current.first() == Some(&Token::Word("copy".to_owned()))
                && current.contains(&Token::Word("stdin".to_owned()));
            all.push(std::mem::take(&mut current));
            if copies {
                reader.pass_data();
            }
        } else {
            current.push(token);
        }
    }
    all.push(current);
    all.retain(|statement| !statement.is_empty());
    all
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek(0).filter(|c| keep(*c)) {
            taken.push(c);
            self.at += 1;
        }
        taken
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            match (self.peek(0)?, self.peek(1)) {
                (c, _) if c.is_whitespace() => self.at += 1,
                ('-', Some('-')) => {
                    self.take_while(|c| c != '\n');
                }
                ('/', Some('*')) => {
                    self.at += 2;
                    while self.peek(0).is_some()
                        && (self.peek(0), self.peek(1)) != (Some('*'), Some('/'))
                    {
                        self.at += 1;
                    }
                    self.at += 2;
                }
                ('\'', _) => return Some(Token::Text(self.quoted('\''))),
                (quote @ ('"' | '`'), _) => return Some(Token::Word(self.quoted(quote))),
                ('[', Some(c)) if c.is_alphabetic() => {
                    self.at += 1;
                    let name = self.take_while(|c| c != ']');
                    self.at += 1;
                    return Some(Token::Word(name));
                }
                ('$', Some(c)) if c == '$' || c.is_alphabetic() || c == '_' => {
                    if let Some(body) = self.dollars() {
                        return Some(Token::Text(body));
                    }
                    self.at += 1;
                    return Some(Token::Sign('$'));
                }
                (c, _) if c.is_ascii_digit() => {
                    return Some(Token::Number(
                        self.take_while(|c| c.is_ascii_digit() || c == '.'),
                    ));
                }
                (c, _) if c.is_alphabetic() || c == '_' => {
                    let word = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '$');
                    return Some(Token::Word(word.to_lowercase()));
                }
                (c, _) => {
                    self.at += 1;
                    return Some(Token::Sign(c));
                }
            }
        }
    }

    /// Between two of these, which stand for themselves when doubled.
    fn quoted(&mut self, quote: char) -> String {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            self.at += 1;
            if c == quote {
                if self.peek(0) != Some(quote) {
                    break;
                }
                self.at += 1;
            }
            text.push(c);
        }
        text
    }

    /// `$tag$ … $tag$`.
    fn dollars(&mut self) -> Option<String> {
        let rest: String = self.chars.get(self.at..)?.iter().collect();
        let end = rest.get(1..)?.find('$')? + 2;
        let tag = rest.get(..end)?;
        let name = tag.trim_matches('$');
        if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let body = rest.get(end..)?;
        let length = body.find(tag)?;
        let body = body.get(..length)?;
        self.at += tag.chars().count() * 2 + body.chars().count();
        Some(body.to_owned())
    }

    /// Up to a line that is `\.`.
    fn pass_data(&mut self) {
        while self.peek(0).is_some() {
            let line = self.take_while(|c| c != '\n');
            self.at += 1;
            if line.trim_end() == "\\." {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_and_what_is_none() {
        let text = "-- a;\ncreate table \"T;\" (a text default 'x;''y'); /* ; */ copy t (a) from stdin;\n1;2\n\\.\ncreate function f() as $b$ select 1; $b$;";
        let read = statements(text);
        assert_eq!(read.len(), 3, "{read:?}");
        assert!(read[0].contains(&Token::Word("T;".into())));
        assert!(read[0].contains(&Token::Text("x;'y".into())));
        assert!(read[2].contains(&Token::Text(" select 1; ".into())));
    }

    #[test]
    fn broken_texts_end() {
        for text in ["'", "\"", "/*", "$$", "$a", "[", "copy x from stdin;"] {
            statements(text);
        }
    }
}
