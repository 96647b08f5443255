//! Expressions as text.

use super::{Compare, Expr, Literal};

/// How deep an expression may be nested: deeper ones are refused, so that no text can exhaust the stack.
const MAX_DEPTH: u32 = 64;

/// What is wrong with an expression, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong, as a clause.
    pub message: String,
    /// The byte at which it shows.
    pub offset: usize,
}

/// Parses an expression.
///
/// Grammar, weakest first: `a or b` · `a and b` · `not a` · `a == b` (`!=` `<` `<=` `>` `>=` `~` `in` `not in`) ·
/// `'text'` `"text"` `1.5` `true` `null` `[a, b]` `(a)` · `name(a, b)` · `a.b['c'][0]`, `fact:x.y`, `arg(2).shell`, `@x.y`.
/// In a text, a backslash takes the meaning of a quote or backslash that follows, and stands for itself before anything
/// else, so that regular expressions read as usual.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let expr = parser.either()?;
    parser.space();
    if parser.at < text.len() {
        Err(parser.wrong("an operator or the end expected"))
    } else {
        Ok(expr)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, what: &str) -> ExprError {
        let here: String = self.rest().chars().take(20).collect();
        let place = if here.is_empty() {
            "at the end".to_owned()
        } else {
            format!("at `{here}`")
        };
        ExprError {
            message: format!("{what} {place}"),
            offset: self.at,
        }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes punctuation.
    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes a whole word.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let found = self
            .rest()
            .strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with(part_of_name));
        if found {
            self.at += word.len();
        }
        found
    }

    fn either(&mut self) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("nested too deeply"));
        }
        let mut any = vec![self.both()?];
        while self.word("or") {
            any.push(self.both()?);
        }
        self.depth -= 1;
        Ok(if any.len() > 1 {
            Expr::Or(any)
        } else {
            any.remove(0)
        })
    }

    fn both(&mut self) -> Result<Expr, ExprError> {
        let mut all = vec![self.negation()?];
        while self.word("and") {
            all.push(self.negation()?);
        }
        Ok(if all.len() > 1 {
            Expr::And(all)
        } else {
            all.remove(0)
        })
    }

    fn negation(&mut self) -> Result<Expr, ExprError> {
        let mut negated = false;
        while self.word("not") {
            negated = !negated;
        }
        let expr = self.comparison()?;
        Ok(if negated {
            Expr::Not(Box::new(expr))
        } else {
            expr
        })
    }

    fn comparison(&mut self) -> Result<Expr, ExprError> {
        let left = Box::new(self.operand()?);
        if self.word("in") {
            return Ok(Expr::In(left, Box::new(self.operand()?)));
        }
        if self.word("not") {
            if !self.word("in") {
                return Err(self.wrong("`in` expected after `not`"));
            }
            return Ok(Expr::Not(Box::new(Expr::In(
                left,
                Box::new(self.operand()?),
            ))));
        }
        let operators = [
            ("==", Compare::Eq),
            ("!=", Compare::Ne),
            ("<=", Compare::Le),
            (">=", Compare::Ge),
            ("<", Compare::Lt),
            (">", Compare::Gt),
            ("~", Compare::Matches),
        ];
        for (token, operator) in operators {
            if self.eat(token) {
                let start = self.at;
                let right = self.operand()?;
                if let (Compare::Matches, Expr::Literal(Literal::Str(pattern))) = (operator, &right)
                    && super::eval::regex(pattern).is_none()
                {
                    return Err(ExprError {
                        message: format!("`{pattern}` is not a regular expression"),
                        offset: start,
                    });
                }
                return Ok(Expr::Compare(left, operator, Box::new(right)));
            }
        }
        Ok(*left)
    }

    fn operand(&mut self) -> Result<Expr, ExprError> {
        self.space();
        match self.rest().chars().next() {
            Some('(') => {
                self.at += 1;
                let expr = self.either()?;
                if self.eat(")") {
                    Ok(expr)
                } else {
                    Err(self.wrong("`)` expected"))
                }
            }
            Some('[') => {
                self.at += 1;
                self.list("]").map(Expr::List)
            }
            Some(quote @ ('\'' | '"')) => self
                .text(quote)
                .map(|text| Expr::Literal(Literal::Str(text))),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some(c) if part_of_name(c) || c == '@' => self.name(),
            _ => Err(self.wrong("a value expected")),
        }
    }

    /// Values up to a closing bracket.
    fn list(&mut self, close: &str) -> Result<Vec<Expr>, ExprError> {
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Ok(items);
            }
            items.push(self.either()?);
            if !self.eat(",") {
                return if self.eat(close) {
                    Ok(items)
                } else {
                    Err(self.wrong(&format!("`,` or `{close}` expected")))
                };
            }
        }
    }

    fn text(&mut self, quote: char) -> Result<String, ExprError> {
        let start = self.at;
        let mut out = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            if escaped {
                if c != quote && c != '\\' {
                    out.push('\\');
                }
                out.push(c);
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c == quote {
                self.at += offset + 1;
                return Ok(out);
            } else {
                out.push(c);
            }
        }
        Err(ExprError {
            message: "the text is not closed".into(),
            offset: start,
        })
    }

    fn number(&mut self) -> Result<Expr, ExprError> {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '_')))
            .unwrap_or(rest.len());
        let digits = rest.get(..length).unwrap_or_default().replace('_', "");
        let number = digits
            .parse()
            .map_err(|_| self.wrong("a number expected"))?;
        self.at += length;
        Ok(Expr::Literal(Literal::Number(number)))
    }

    /// A literal word, a function application or a dotted path.
    fn name(&mut self) -> Result<Expr, ExprError> {
        let start = self.at;
        loop {
            let rest = self.rest();
            let length = rest
                .find(|c: char| !(part_of_name(c) || matches!(c, '.' | ':' | '@' | '/')))
                .unwrap_or(rest.len());
            self.at += length;
            let so_far = self.text.get(start..self.at).unwrap_or_default();
            let last = so_far.rsplit(['.', ':']).next().unwrap_or_default();
            if self.rest().starts_with('[')
                || (self.rest().starts_with('(') && ["arg", "param"].contains(&last))
            {
                self.bracketed()?;
            } else if self.rest().starts_with('(') {
                self.at += 1;
                return Ok(Expr::Apply(so_far.to_owned(), self.list(")")?));
            } else {
                break;
            }
            if !self.rest().starts_with(['.', '[']) {
                break;
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok(match text {
            "true" => Expr::Literal(Literal::Bool(true)),
            "false" => Expr::Literal(Literal::Bool(false)),
            "null" | "none" | "undefined" => Expr::Literal(Literal::Null),
            "or" | "and" | "not" | "in" => {
                self.at = start;
                return Err(self.wrong("a value expected"));
            }
            _ if text.ends_with(['.', ':', '/']) => return Err(self.wrong("a name expected")),
            _ => Expr::Path(text.to_owned()),
        })
    }

    /// Skips `(…)` or `[…]` of a path; quotes inside hide brackets.
    fn bracketed(&mut self) -> Result<(), ExprError> {
        let start = self.at;
        let close = if self.rest().starts_with('(') {
            ')'
        } else {
            ']'
        };
        let mut quoted = false;
        for (offset, c) in self.rest().char_indices() {
            if c == '\'' {
                quoted = !quoted;
            } else if c == close && !quoted {
                self.at += offset + 1;
                return Ok(());
            }
        }
        Err(ExprError {
            message: format!("`{close}` expected"),
            offset: start,
        })
    }
}

fn part_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Expr {
        Expr::Path(text.into())
    }

    fn string(text: &str) -> Expr {
        Expr::Literal(Literal::Str(text.into()))
    }

    #[test]
    fn reads_what_the_pages_show() {
        assert_eq!(
            parse("arg(2).shell == true"),
            Ok(Expr::Compare(
                Box::new(path("arg(2).shell")),
                Compare::Eq,
                Box::new(Expr::Literal(Literal::Bool(true)))
            ))
        );
        assert_eq!(
            parse("name != 'body' or fact:body.json"),
            Ok(Expr::Or(vec![
                Expr::Compare(
                    Box::new(path("name")),
                    Compare::Ne,
                    Box::new(string("body"))
                ),
                path("fact:body.json")
            ]))
        );
        assert_eq!(
            parse("writes and not guarded('authentication')"),
            Ok(Expr::And(vec![
                path("writes"),
                Expr::Not(Box::new(Expr::Apply(
                    "guarded".into(),
                    vec![string("authentication")]
                )))
            ]))
        );
        assert_eq!(
            parse("fact.algorithm in ['md5','sha1',] and use == \"password\""),
            Ok(Expr::And(vec![
                Expr::In(
                    Box::new(path("fact.algorithm")),
                    Box::new(Expr::List(vec![string("md5"), string("sha1")]))
                ),
                Expr::Compare(
                    Box::new(path("use")),
                    Compare::Eq,
                    Box::new(string("password"))
                )
            ]))
        );
        assert_eq!(
            parse("arg(0/'sql').x[0]['a b'].y"),
            Ok(path("arg(0/'sql').x[0]['a b'].y"))
        );
        assert_eq!(
            parse("a not in b"),
            Ok(Expr::Not(Box::new(Expr::In(
                Box::new(path("a")),
                Box::new(path("b"))
            ))))
        );
        assert_eq!(
            parse("order in notes"),
            Ok(Expr::In(Box::new(path("order")), Box::new(path("notes"))))
        );
        assert_eq!(
            parse("x ~ '^\\d+\\'$'").map(|e| format!("{e:?}").contains("^\\\\d+'$")),
            Ok(true)
        );
        assert_eq!(
            parse("not (a or b) and c >= -1.5").map(|e| matches!(e, Expr::And(_))),
            Ok(true)
        );
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let wrong = |text: &str| parse(text).map_err(|e| (e.message, e.offset)).unwrap_err();
        assert_eq!(wrong("a == "), ("a value expected at the end".into(), 5));
        assert_eq!(
            wrong("a b"),
            ("an operator or the end expected at `b`".into(), 2)
        );
        assert_eq!(wrong("a = 'x'").1, 2);
        assert_eq!(wrong("a == 'x").0, "the text is not closed");
        assert!(wrong("a ~ '('").0.contains("not a regular expression"));
        assert!(wrong("guarded('a'").0.contains("expected"));
        assert!(wrong(&"(".repeat(100_000)).0.contains("too deeply"));
        assert!(wrong(&"[".repeat(100_000)).0.contains("too deeply"));
        assert!(wrong("é ü").0.contains("operator"));
    }
}
