//! The syntax of regular expressions, as far as backtracking depends on it.

use super::chars::Chars;
use std::iter::Peekable;
use std::str::Chars as Text;

/// Longer patterns are not looked at.
const MAX_LENGTH: usize = 4096;
/// Deeper nesting is not looked at.
const MAX_DEPTH: u32 = 50;

/// A part of an expression.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    /// Nothing, or an assertion.
    Empty,
    /// One character.
    One(Chars),
    /// In sequence.
    Sequence(Vec<Node>),
    /// Any of.
    Any(Vec<Node>),
    /// At least, at most; `None`: without end.
    Repeat(Box<Node>, u32, Option<u32>),
}

/// One alternative of the whole expression, or the inside of an assertion.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Branch {
    pub(super) node: Node,
    /// It matches at the start of the text only.
    pub(super) at_start: bool,
    /// It matches up to the end only.
    pub(super) at_end: bool,
}

/// The alternatives, each with whether something was left out that may exclude what the rest admits.
pub(super) fn parse(pattern: &str, flags: &str) -> Option<Vec<(Branch, bool)>> {
    if pattern.len() > MAX_LENGTH {
        return None;
    }
    let mut parser = Parser {
        text: pattern.chars().peekable(),
        any_case: flags.contains('i'),
        dot_all: flags.contains('s'),
        depth: 0,
        inner: Vec::new(),
        excluded: false,
    };
    let mut branches = Vec::new();
    loop {
        parser.excluded = false;
        let branch = parser.branch(0)?;
        branches.push((branch, parser.excluded));
        match parser.text.next() {
            None => break,
            Some('|') => {}
            Some(_) => return None,
        }
    }
    branches.append(&mut parser.inner);
    Some(branches)
}

struct Parser<'t> {
    text: Peekable<Text<'t>>,
    any_case: bool,
    dot_all: bool,
    depth: u32,
    /// What stands inside assertions is matched on its own.
    inner: Vec<(Branch, bool)>,
    excluded: bool,
}

enum Atom {
    Node(Node),
    Start,
    End,
}

impl Parser<'_> {
    fn eat(&mut self, c: char) -> bool {
        self.text.next_if_eq(&c).is_some()
    }

    /// Up to `|`, `)` or the end.
    fn branch(&mut self, group: u32) -> Option<Branch> {
        let mut nodes = Vec::new();
        let (mut at_start, mut at_end) = (false, false);
        while let Some(next) = self.text.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            match self.atom()? {
                Atom::Start if nodes.is_empty() => at_start = true,
                // Anchors elsewhere exclude texts.
                Atom::Start => self.excluded = true,
                Atom::End => at_end = true,
                Atom::Node(node) => {
                    if at_end {
                        self.excluded = true;
                    }
                    nodes.push(self.repeated(node)?);
                }
            }
        }
        if group > 0 && (at_start || at_end) {
            self.excluded = true;
        }
        Some(Branch {
            node: Node::Sequence(nodes),
            at_start,
            at_end,
        })
    }

    /// The inside of a group, with its closing parenthesis.
    fn group(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut branches = vec![self.branch(self.depth)?.node];
        while self.eat('|') {
            branches.push(self.branch(self.depth)?.node);
        }
        self.depth -= 1;
        self.eat(')').then_some(Node::Any(branches))
    }

    fn atom(&mut self) -> Option<Atom> {
        let node = match self.text.next()? {
            '^' => return Some(Atom::Start),
            '$' => return Some(Atom::End),
            '.' if self.dot_all => Node::One(Chars::all()),
            '.' => Node::One(line_ends().negated()),
            '(' => self.parenthesis()?,
            '[' => Node::One(self.class()?),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return None,
            c => Node::One(self.cased(Chars::one(c))),
        };
        Some(Atom::Node(node))
    }

    fn parenthesis(&mut self) -> Option<Node> {
        if !self.eat('?') {
            return self.group();
        }
        match self.text.next()? {
            ':' => self.group(),
            '=' | '!' => self.assertion(),
            '<' => match self.text.peek()? {
                '=' | '!' => {
                    self.text.next();
                    self.assertion()
                }
                _ => {
                    while self.text.next()? != '>' {}
                    self.group()
                }
            },
            _ => None,
        }
    }

    /// It is matched where it stands, from one place on, and then excludes.
    fn assertion(&mut self) -> Option<Node> {
        let outer = std::mem::replace(&mut self.excluded, false);
        let node = self.group()?;
        let excluded = std::mem::replace(&mut self.excluded, outer);
        self.inner.push((
            Branch {
                node,
                at_start: true,
                at_end: false,
            },
            excluded,
        ));
        self.excluded = true;
        Some(Node::Empty)
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (min, max) = match self.text.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts() {
                Some(counts) => counts,
                None => return Some(node),
            },
            _ => return Some(node),
        };
        if self
            .text
            .peek()
            .is_some_and(|c| matches!(c, '*' | '+' | '?' | '}'))
        {
            self.text.next();
        }
        self.eat('?');
        (max.is_none_or(|max| min <= max)).then(|| Node::Repeat(Box::new(node), min, max))
    }

    /// `{2}`, `{2,}`, `{2,5}`, up to the closing brace; anything else is literal, and nothing is taken.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let ahead: String = self
            .text
            .clone()
            .skip(1)
            .take(24)
            .take_while(|c| *c != '}')
            .collect();
        let closed = self.text.clone().nth(ahead.chars().count() + 1) == Some('}');
        let number = |text: &str| text.parse::<u32>().ok();
        let counts = match ahead.split_once(',') {
            None => number(&ahead).map(|n| (n, Some(n))),
            Some((min, "")) => number(min).map(|min| (min, None)),
            Some((min, max)) => number(min)
                .zip(number(max))
                .map(|(min, max)| (min, Some(max))),
        };
        let counts = counts.filter(|_| closed)?;
        for _ in 0..=ahead.chars().count() {
            self.text.next();
        }
        Some(counts)
    }

    fn escape(&mut self) -> Option<Node> {
        match self.text.peek()? {
            'b' | 'B' => {
                self.text.next();
                self.excluded = true;
                Some(Node::Empty)
            }
            '1'..='9' | 'k' => None,
            _ => {
                let set = self.escaped_set()?;
                Some(Node::One(self.cased(set)))
            }
        }
    }

    fn cased(&self, set: Chars) -> Chars {
        if self.any_case { set.any_case() } else { set }
    }

    /// After the backslash.
    fn escaped_set(&mut self) -> Option<Chars> {
        let digits = || Chars::range('0', '9');
        let words = || Chars::of(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);
        Some(match self.text.next()? {
            'd' => digits(),
            'D' => digits().negated(),
            'w' => words(),
            'W' => words().negated(),
            's' => spaces(),
            'S' => spaces().negated(),
            'n' => Chars::one('\n'),
            'r' => Chars::one('\r'),
            't' => Chars::one('\t'),
            'v' => Chars::one('\u{b}'),
            'f' => Chars::one('\u{c}'),
            '0' => Chars::one('\0'),
            'x' => self.code(2)?,
            'u' if self.eat('{') => {
                let mut digits = String::new();
                loop {
                    match self.text.next()? {
                        '}' => break,
                        digit => digits.push(digit),
                    }
                }
                Chars::one(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?)
            }
            'u' => self.code(4)?,
            'c' => Chars::one(char::from_u32(u32::from(self.text.next()?) & 31)?),
            // A property: which characters it has is not known, so what is found may not happen.
            'p' | 'P' if self.eat('{') => {
                while self.text.next()? != '}' {}
                self.excluded = true;
                Chars::all()
            }
            c => Chars::one(c),
        })
    }

    fn code(&mut self, length: usize) -> Option<Chars> {
        let mut digits = String::new();
        for _ in 0..length {
            digits.push(self.text.next_if(char::is_ascii_hexdigit)?);
        }
        // Half of a pair stands for no character of its own.
        let code = u32::from_str_radix(&digits, 16).ok()?;
        Some(Chars::one(char::from_u32(code).unwrap_or('\u{fffd}')))
    }

    fn class(&mut self) -> Option<Chars> {
        let negated = self.eat('^');
        let mut set = Chars::default();
        loop {
            let (first, single) = match self.text.next()? {
                ']' => break,
                c => self.member(c)?,
            };
            let dash = self.text.peek() == Some(&'-') && self.text.clone().nth(1) != Some(']');
            let Some(first_char) = single.filter(|_| dash) else {
                set = set.union(&first);
                continue;
            };
            self.text.next();
            let c = self.text.next()?;
            let (last, single) = self.member(c)?;
            match single {
                Some(last) if first_char <= last => {
                    set = set.union(&Chars::range(first_char, last))
                }
                Some(_) => return None,
                None => set = set.union(&first).union(&last).union(&Chars::one('-')),
            }
        }
        let set = self.cased(set);
        Some(if negated { set.negated() } else { set })
    }

    /// One member of a class, and the character it is if it is one.
    fn member(&mut self, c: char) -> Option<(Chars, Option<char>)> {
        if c != '\\' {
            return Some((Chars::one(c), Some(c)));
        }
        if self.eat('b') {
            return Some((Chars::one('\u{8}'), Some('\u{8}')));
        }
        let next = *self.text.peek()?;
        let set = self.escaped_set()?;
        let several = matches!(next, 'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'p' | 'P');
        let single = (!several).then(|| set.first()).flatten();
        Some((set, single))
    }
}

fn line_ends() -> Chars {
    Chars::of(&[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')])
}

fn spaces() -> Chars {
    let white = [
        ('\t', '\r'),
        (' ', ' '),
        ('\u{a0}', '\u{a0}'),
        ('\u{1680}', '\u{1680}'),
        ('\u{2000}', '\u{200a}'),
        ('\u{2028}', '\u{2029}'),
        ('\u{202f}', '\u{202f}'),
        ('\u{205f}', '\u{205f}'),
        ('\u{3000}', '\u{3000}'),
        ('\u{feff}', '\u{feff}'),
    ];
    Chars::of(&white)
}
