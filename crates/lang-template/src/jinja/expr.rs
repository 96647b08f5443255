//! Expressions of the Jinja family.

use super::lex::{Tok, Token};
use std::ops::Range;

/// An expression and where it stands.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Name(String),
    /// A number, pattern or word that JavaScript writes differently.
    Literal(String),
    Str(String),
    Array(Vec<Expr>),
    /// Members with their keys.
    Object(Vec<(Expr, Expr)>),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(Box<Expr>, Vec<Arg>),
    /// `x|name(args)`.
    Filter(Box<Expr>, String, Vec<Arg>),
    /// `x is name(args)`: true or false.
    Test(Box<Expr>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `yes if cond else no`.
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
}

/// An argument, with its keyword.
#[derive(Debug)]
pub(super) struct Arg {
    pub(super) name: Option<String>,
    pub(super) value: Expr,
}

/// Expressions nest and chain at most this much.
const MAX_DEPTH: u32 = 60;
const MAX_STEPS: u32 = 2_000;

/// Reads expressions from the tokens of a tag.
pub(super) struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: u32,
    steps: u32,
    /// Filters take an argument after a colon, as in Django.
    colon: bool,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tokens: &'t [Token], colon: bool) -> Self {
        Self {
            tokens,
            at: 0,
            depth: 0,
            steps: 0,
            colon,
        }
    }

    pub(super) fn token(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }
    pub(super) fn rest(&self) -> &'t [Token] {
        self.tokens.get(self.at..).unwrap_or(&[])
    }
    pub(super) fn is_op(&self, op: &str) -> bool {
        matches!(self.token(), Some(Token { tok: Tok::Op(it), .. }) if *it == op)
    }
    pub(super) fn eat_op(&mut self, op: &str) -> bool {
        let found = self.is_op(op);
        self.at += usize::from(found);
        found
    }
    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.token(), Some(Token { tok: Tok::Name(it), .. }) if it == name)
    }
    pub(super) fn eat_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }
    /// Any name, and where it stands.
    pub(super) fn name(&mut self) -> Option<(String, Range<usize>)> {
        match self.token() {
            Some(Token {
                tok: Tok::Name(name),
                range,
            }) => {
                self.at += 1;
                Some((name.clone(), range.clone()))
            }
            _ => None,
        }
    }

    /// An expression; nothing where there is none.
    pub(super) fn expr(&mut self) -> Option<Expr> {
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH {
            None
        } else {
            self.inline_if()
        };
        self.depth -= 1;
        result
    }

    fn step(&mut self) -> Option<()> {
        self.steps += 1;
        (self.steps <= MAX_STEPS).then_some(())
    }

    fn inline_if(&mut self) -> Option<Expr> {
        let mut value = self.binary(0)?;
        while self.eat_name("if") {
            self.step()?;
            let cond = self.binary(0)?;
            let other = if self.eat_name("else") {
                Some(Box::new(self.expr()?))
            } else {
                None
            };
            let range = value.range.start..other.as_ref().map_or(cond.range.end, |it| it.range.end);
            value = Expr {
                kind: Kind::If(Box::new(cond), Box::new(value), other),
                range,
            };
        }
        if self.eat_op("?") {
            let yes = self.expr()?;
            let other = if self.eat_op(":") {
                Some(Box::new(self.expr()?))
            } else {
                None
            };
            let range = value.range.start..other.as_ref().map_or(yes.range.end, |it| it.range.end);
            value = Expr {
                kind: Kind::If(Box::new(value), Box::new(yes), other),
                range,
            };
        }
        Some(value)
    }

    /// The operator that follows: its JavaScript form, its binding power and how many tokens it takes.
    fn operator(&self) -> Option<(&'static str, u8, usize)> {
        Some(match &self.token()?.tok {
            Tok::Name(name) => match name.as_str() {
                "or" => ("||", 1, 1),
                "and" => ("&&", 2, 1),
                "not" if matches!(self.tokens.get(self.at + 1), Some(Token { tok: Tok::Name(it), .. }) if it == "in") => {
                    ("in", 4, 2)
                }
                "in" => ("in", 4, 1),
                "gt" => (">", 4, 1),
                "gte" => (">=", 4, 1),
                "lt" => ("<", 4, 1),
                "lte" => ("<=", 4, 1),
                _ => return None,
            },
            Tok::Op(op) => match *op {
                "||" => ("||", 1, 1),
                "&&" => ("&&", 2, 1),
                op @ ("==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">=") => (op, 4, 1),
                // Joins texts: both sides are shown.
                "~" => ("+ '' +", 5, 1),
                op @ ("+" | "-") => (op, 6, 1),
                op @ ("*" | "/" | "%") => (op, 7, 1),
                "//" => ("/", 7, 1),
                "**" => ("*", 8, 1),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn binary(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.unary()?;
        loop {
            if self.eat_name("is") {
                self.step()?;
                self.eat_name("not");
                self.name()?;
                if self.is_op("(") {
                    self.args()?;
                } else if matches!(
                    self.token(),
                    Some(Token {
                        tok: Tok::Number(_) | Tok::Str(_),
                        ..
                    })
                ) {
                    self.at += 1;
                }
                let range = left.range.clone();
                left = Expr {
                    kind: Kind::Test(Box::new(left)),
                    range,
                };
                continue;
            }
            let Some((op, power, length)) = self.operator() else {
                return Some(left);
            };
            if power < least {
                return Some(left);
            }
            self.step()?;
            self.at += length;
            self.depth += 1;
            let right = if self.depth > MAX_DEPTH {
                None
            } else {
                self.binary(power + 1)
            };
            self.depth -= 1;
            let right = right?;
            let range = left.range.start..right.range.end;
            left = Expr {
                kind: Kind::Binary(op, Box::new(left), Box::new(right)),
                range,
            };
        }
    }

    fn unary(&mut self) -> Option<Expr> {
        let start = self.token()?.range.start;
        let op = if self.eat_name("not") || self.eat_op("!") {
            "!"
        } else if self.eat_op("-") {
            "-"
        } else if self.eat_op("+") {
            "+"
        } else {
            return self.postfix();
        };
        self.depth += 1;
        let of = if self.depth > MAX_DEPTH {
            None
        } else {
            self.unary()
        };
        self.depth -= 1;
        let of = of?;
        let range = start..of.range.end;
        Some(Expr {
            kind: Kind::Unary(op, Box::new(of)),
            range,
        })
    }

    fn postfix(&mut self) -> Option<Expr> {
        let mut value = self.primary()?;
        loop {
            let start = value.range.start;
            let kind = if self.eat_op(".") {
                let Token { tok, range } = self.token()?;
                self.at += 1;
                match tok {
                    Tok::Name(name) => Kind::Member(Box::new(value), name.clone()),
                    Tok::Number(digits) => {
                        let index = Expr {
                            kind: Kind::Literal(digits.clone()),
                            range: range.clone(),
                        };
                        Kind::Index(Box::new(value), Box::new(index))
                    }
                    _ => return None,
                }
            } else if self.eat_op("[") {
                let index = if self.is_op(":") {
                    None
                } else {
                    Some(self.expr()?)
                };
                // A slice is the value itself, as far as its elements go.
                let mut slice = false;
                while self.eat_op(":") {
                    slice = true;
                    if !self.is_op("]") && !self.is_op(":") {
                        self.expr()?;
                    }
                }
                if !self.eat_op("]") {
                    return None;
                }
                match index {
                    Some(index) if !slice => Kind::Index(Box::new(value), Box::new(index)),
                    _ => Kind::Filter(Box::new(value), "slice".to_owned(), Vec::new()),
                }
            } else if self.is_op("(") {
                Kind::Call(Box::new(value), self.args()?)
            } else if self.eat_op("|") {
                let (mut name, _) = self.name()?;
                while self.eat_op(".") {
                    name.push('.');
                    name.push_str(&self.name()?.0);
                }
                let args = if self.is_op("(") {
                    self.args()?
                } else if self.colon && self.eat_op(":") {
                    let value = self.argument()?;
                    vec![Arg { name: None, value }]
                } else {
                    Vec::new()
                };
                Kind::Filter(Box::new(value), name, args)
            } else {
                return Some(value);
            };
            self.step()?;
            let end = self
                .at
                .checked_sub(1)
                .and_then(|it| self.tokens.get(it))
                .map_or(start, |it| it.range.end);
            value = Expr {
                kind,
                range: start..end,
            };
        }
    }

    /// The argument of `x|name:argument`: a literal, or a name with its members.
    fn argument(&mut self) -> Option<Expr> {
        let mut value = self.primary()?;
        while self.eat_op(".") {
            self.step()?;
            let Token { tok, range } = self.token()?;
            self.at += 1;
            let Tok::Name(name) = tok else { return None };
            let range = value.range.start..range.end;
            value = Expr {
                kind: Kind::Member(Box::new(value), name.clone()),
                range,
            };
        }
        Some(value)
    }

    fn args(&mut self) -> Option<Vec<Arg>> {
        let mut args = Vec::new();
        if !self.eat_op("(") {
            return None;
        }
        while !self.eat_op(")") {
            let named = matches!(
                self.tokens.get(self.at + 1),
                Some(Token {
                    tok: Tok::Op("="),
                    ..
                })
            );
            let name = if named { Some(self.name()?.0) } else { None };
            if named {
                self.eat_op("=");
            }
            args.push(Arg {
                name,
                value: self.expr()?,
            });
            if !self.eat_op(",") && !self.is_op(")") {
                return None;
            }
        }
        Some(args)
    }

    fn primary(&mut self) -> Option<Expr> {
        let Token { tok, range } = self.token()?;
        let start = range.start;
        self.at += 1;
        let kind = match tok {
            Tok::Str(text) => Kind::Str(text.clone()),
            Tok::Number(digits) => Kind::Literal(digits.clone()),
            Tok::Regex => Kind::Literal("/x/".to_owned()),
            Tok::Name(name) => match name.as_str() {
                "true" | "True" => Kind::Literal("true".to_owned()),
                "false" | "False" => Kind::Literal("false".to_owned()),
                "none" | "None" | "null" => Kind::Literal("null".to_owned()),
                "undefined" => Kind::Literal("undefined".to_owned()),
                _ => Kind::Name(name.clone()),
            },
            Tok::Op("[") => Kind::Array(self.items("]")?),
            Tok::Op("(") => {
                let mut items = self.items(")")?;
                match items.pop() {
                    Some(only) if items.is_empty() => return Some(only),
                    Some(last) => {
                        items.push(last);
                        Kind::Array(items)
                    }
                    None => Kind::Array(items),
                }
            }
            Tok::Op("{") => self.object()?,
            Tok::Op(_) | Tok::Other => return None,
        };
        let end = self
            .at
            .checked_sub(1)
            .and_then(|it| self.tokens.get(it))
            .map_or(start, |it| it.range.end);
        Some(Expr {
            kind,
            range: start..end,
        })
    }

    fn items(&mut self, close: &str) -> Option<Vec<Expr>> {
        let mut items = Vec::new();
        while !self.eat_op(close) {
            items.push(self.expr()?);
            if !self.eat_op(",") && !self.is_op(close) {
                return None;
            }
        }
        Some(items)
    }

    fn object(&mut self) -> Option<Kind> {
        let mut members = Vec::new();
        while !self.eat_op("}") {
            let Token { tok, range } = self.token()?;
            let key = match tok {
                Tok::Name(name) | Tok::Str(name) => {
                    self.at += 1;
                    Expr {
                        kind: Kind::Str(name.clone()),
                        range: range.clone(),
                    }
                }
                _ => self.expr()?,
            };
            let value = if self.eat_op(":") {
                self.expr()?
            } else {
                let Kind::Str(name) = &key.kind else {
                    return None;
                };
                Expr {
                    kind: Kind::Name(name.clone()),
                    range: key.range.clone(),
                }
            };
            members.push((key, value));
            if !self.eat_op(",") && !self.is_op("}") {
                return None;
            }
        }
        Some(Kind::Object(members))
    }
}
