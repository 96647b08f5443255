//! Which characters a string that a regular expression accepts can have.
//!
//! Only the union of all characters that some match can have is computed (no order, no counts); whatever is not understood
//! makes every character possible, so the answer errs on the dangerous side.

/// ASCII characters by bit, and whether others are possible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CharSet {
    ascii: u128,
    other: bool,
}

impl CharSet {
    /// One character.
    #[must_use]
    pub fn one(c: char) -> Self {
        if c.is_ascii() {
            Self {
                ascii: 1 << (c as u32),
                other: false,
            }
        } else {
            Self {
                ascii: 0,
                other: true,
            }
        }
    }

    fn range(from: char, to: char) -> Self {
        let mut out = Self {
            ascii: 0,
            other: !to.is_ascii(),
        };
        for c in (from as u32)..=(to as u32).min(127) {
            out.ascii |= 1 << c;
        }
        out
    }

    /// Both together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            ascii: self.ascii | other.ascii,
            other: self.other | other.other,
        }
    }

    /// All others.
    #[must_use]
    pub fn complement(self) -> Self {
        Self {
            ascii: !self.ascii,
            other: true,
        }
    }

    /// These characters.
    #[must_use]
    pub fn of(chars: &str) -> Self {
        chars
            .chars()
            .fold(Self::default(), |set, c| set.union(Self::one(c)))
    }

    /// These, but for some.
    fn without(self, barred: Self) -> Self {
        Self {
            ascii: self.ascii & !barred.ascii,
            other: self.other,
        }
    }

    /// Whether this character is possible.
    #[must_use]
    pub fn has(self, c: char) -> bool {
        if c.is_ascii() {
            self.ascii & (1 << (c as u32)) != 0
        } else {
            self.other
        }
    }

    /// Whether any of these characters is possible.
    #[must_use]
    pub fn has_any(self, chars: &str) -> bool {
        chars.chars().any(|c| self.has(c))
    }
}

fn class_escape(c: char) -> Option<CharSet> {
    let digits = CharSet::range('0', '9');
    let word = digits
        .union(CharSet::range('a', 'z'))
        .union(CharSet::range('A', 'Z'))
        .union(CharSet::one('_'));
    let space = " \t\n\r\u{b}\u{c}".chars().fold(
        CharSet {
            ascii: 0,
            other: true,
        },
        |s, c| s.union(CharSet::one(c)),
    );
    Some(match c {
        'd' => digits,
        'D' => digits.complement(),
        'w' => word,
        'W' => word.complement(),
        's' => space,
        'S' => CharSet {
            ascii: !space.ascii,
            other: true,
        },
        'n' => CharSet::one('\n'),
        'r' => CharSet::one('\r'),
        't' => CharSet::one('\t'),
        'f' | 'v' => CharSet::one('\u{c}'),
        '0' => CharSet::one('\0'),
        'x' | 'u' | 'p' | 'P' | 'k' | 'c' | '1'..='9' => return None,
        c => CharSet::one(c),
    })
}

/// The character of `\x41` or `\u0041`; the position is after the letter.
fn code(chars: &[char], at: &mut usize, digits: usize) -> Option<char> {
    let text: String = chars.get(*at..*at + digits)?.iter().collect();
    *at += digits;
    char::from_u32(u32::from_str_radix(&text, 16).ok()?)
}

/// A `[…]` class; the position is after the opening bracket.
fn bracket(chars: &[char], at: &mut usize) -> Option<CharSet> {
    let negated = chars.get(*at) == Some(&'^');
    if negated {
        *at += 1;
    }
    let mut set = CharSet::default();
    let mut last: Option<char> = None;
    loop {
        let c = *chars.get(*at)?;
        *at += 1;
        match c {
            ']' => break,
            '\\' => {
                let e = *chars.get(*at)?;
                *at += 1;
                if e == 'b' {
                    continue;
                }
                if let 'x' | 'u' = e {
                    let c = code(chars, at, if e == 'x' { 2 } else { 4 })?;
                    set = set.union(CharSet::one(c));
                    last = Some(c);
                    continue;
                }
                set = set.union(class_escape(e)?);
                last = (!e.is_ascii_alphanumeric()).then_some(e);
            }
            '-' if last.is_some() && chars.get(*at).is_some_and(|n| *n != ']') => {
                let mut to = *chars.get(*at)?;
                *at += 1;
                if to == '\\' {
                    to = *chars.get(*at)?;
                    *at += 1;
                    if let 'x' | 'u' = to {
                        to = code(chars, at, if to == 'x' { 2 } else { 4 })?;
                    }
                }
                set = set.union(CharSet::range(last?, to));
                last = None;
            }
            c => {
                set = set.union(CharSet::one(c));
                last = Some(c);
            }
        }
    }
    Some(if negated { set.complement() } else { set })
}

/// All characters that a match of the pattern can have; `None` when not understood.
fn matched(pattern: &[char]) -> Option<CharSet> {
    let mut set = CharSet::default();
    let mut at = 0;
    while let Some(&c) = pattern.get(at) {
        at += 1;
        match c {
            '\\' => {
                let e = *pattern.get(at)?;
                at += 1;
                if e != 'b' && e != 'B' {
                    set = set.union(class_escape(e)?);
                }
            }
            '[' => set = set.union(bracket(pattern, &mut at)?),
            '(' => {
                if pattern.get(at) == Some(&'?') {
                    match pattern.get(at + 1) {
                        Some(':') => at += 2,
                        Some('<') if !matches!(pattern.get(at + 2), Some('=' | '!')) => {
                            while pattern.get(at).is_some_and(|c| *c != '>') {
                                at += 1;
                            }
                            at += 1;
                        }
                        // Lookarounds only restrict: what they hold is not matched.
                        Some('=' | '!' | '<') => at = group_end(pattern, at - 1)?,
                        _ => return None,
                    }
                }
            }
            ')' | '|' | '*' | '+' | '?' | '^' | '$' => {}
            '{' => {
                while pattern.get(at).is_some_and(|c| *c != '}') {
                    at += 1;
                }
                at += 1;
            }
            '.' => {
                set = set.union(CharSet {
                    ascii: !(1 << 10) & !(1 << 13),
                    other: true,
                })
            }
            c => set = set.union(CharSet::one(c)),
        }
    }
    Some(set)
}

/// Whether every alternative at the top level starts with `^` and ends with `$`.
fn anchored(pattern: &str) -> bool {
    // `^a|b$` anchors neither alternative: only a single top-level alternative counts, or a group around them all.
    let chars: Vec<char> = pattern.chars().collect();
    let mut depth = 0i32;
    let mut in_class = false;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            '|' if !in_class && depth == 0 => {
                let parts = split_top(pattern);
                return parts
                    .iter()
                    .all(|p| p.starts_with('^') && p.ends_with('$') && !p.ends_with("\\$"));
            }
            _ => {}
        }
        at += 1;
    }
    pattern.starts_with('^') && pattern.ends_with('$') && !pattern.ends_with("\\$")
}

fn split_top(pattern: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut in_class, mut escaped) = (0i32, false, false);
    for c in pattern.chars() {
        if !escaped && !in_class && depth == 0 && c == '|' {
            parts.push(String::new());
            continue;
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
    }
    parts
}

/// The characters that a tested string can still have after the test went this way; `None`: any.
#[must_use]
pub fn after_test(pattern: &str, flags: &str, matches: bool) -> Option<CharSet> {
    if matches {
        if flags.contains(['m', '?']) || !anchored(pattern) {
            return None;
        }
        let chars: Vec<char> = pattern.chars().collect();
        let mut set = matched(&chars)?;
        if flags.contains('i') {
            let lower = (set.ascii >> 65) & ((1 << 26) - 1);
            let upper = (set.ascii >> 97) & ((1 << 26) - 1);
            set.ascii |= (lower << 97) | (upper << 65);
        }
        return Some(set);
    }
    Some(replaced(pattern)?.complement())
}

/// The characters that a text can begin with that an anchored pattern matched; `None`: any, or it may be empty.
#[must_use]
pub fn begins(pattern: &str) -> Option<CharSet> {
    if !anchored(pattern) || split_top(pattern).len() != 1 {
        return None;
    }
    let chars: Vec<char> = pattern.strip_prefix('^')?.chars().collect();
    let (mut at, mut barred) = (0, CharSet::default());
    // What may not follow only takes away: of its alternatives, those that are one character, whatever comes after it.
    while let ['(', '?', '!' | '=', ..] = *chars.get(at..)? {
        let end = group_end(&chars, at)?;
        if chars.get(at + 2) == Some(&'!') {
            let inner: String = chars.get(at + 3..end - 1)?.iter().collect();
            barred = replaced(&inner).map_or(barred, |set| barred.union(set));
        }
        at = end;
    }
    let (set, next) = match *chars.get(at)? {
        '\\' => (class_escape(*chars.get(at + 1)?)?, at + 2),
        '[' => {
            let mut end = at + 1;
            let set = bracket(&chars, &mut end)?;
            (set, end)
        }
        c if "^$.*+?()|{}".contains(c) => return None,
        c => (CharSet::one(c), at + 1),
    };
    match chars.get(next) {
        Some('*' | '?') => None,
        Some('{') if chars.get(next + 1) == Some(&'0') => None,
        _ => Some(set.without(barred)),
    }
}

/// The position after the `)` of the group that is opened at a position.
fn group_end(chars: &[char], open: usize) -> Option<usize> {
    let (mut depth, mut in_class, mut at) = (0, false, open);
    loop {
        match *chars.get(at)? {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The text with which everything begins that an expression matches, and whether no `/` follows it.
#[must_use]
pub fn literal_start(pattern: &str, flags: &str) -> Option<(String, bool)> {
    if flags.contains(['m', '?']) || split_top(pattern).len() != 1 {
        return None;
    }
    let chars: Vec<char> = pattern.strip_prefix('^')?.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while let Some(&c) = chars.get(at) {
        let (literal, next) = match c {
            '\\' => match chars.get(at + 1) {
                Some(&escaped) if !escaped.is_alphanumeric() => (escaped, at + 2),
                _ => break,
            },
            c if ".*+?()[]{}|$^".contains(c) => break,
            c => (c, at + 1),
        };
        match chars.get(next) {
            // `https?` is the one that may or may not be there without a change of what follows.
            Some('?') if out == "http" && literal == 's' => {
                out.push(literal);
                at = next + 1;
            }
            Some('?' | '*' | '{') => break,
            Some('+') => {
                out.push(literal);
                return Some((out, false));
            }
            _ => {
                out.push(literal);
                at = next;
            }
        }
    }
    let rest: String = chars.get(at..).unwrap_or_default().iter().collect();
    let ahead = ["(?!/)", "(?!\\/)"].iter().any(|a| rest.starts_with(a));
    let class = match rest.strip_prefix("(?!") {
        Some(inner) if inner.starts_with('[') => {
            let inner: Vec<char> = inner.chars().collect();
            bracket(&inner, &mut 1).is_some_and(|set| set.has('/') && !rest.starts_with("(?![^"))
        }
        _ if rest.starts_with('[') => {
            let inner: Vec<char> = rest.chars().collect();
            let mut end = 1;
            let set = bracket(&inner, &mut end);
            let once = !matches!(inner.get(end), Some('*' | '?' | '{'));
            once && set.is_some_and(|set| !set.has('/'))
        }
        _ => false,
    };
    Some((out, ahead || class)).filter(|(out, _)| !out.is_empty())
}

/// The characters of which none is left untouched once every match of the pattern was replaced (or where none was found):
/// those of its alternatives that are one class, perhaps repeated. What matches more than one character (`../`) is left out:
/// taking it away may join its pieces anew.
#[must_use]
pub fn replaced(pattern: &str) -> Option<CharSet> {
    let inner = ["(?:", "("]
        .iter()
        .find_map(|open| pattern.strip_prefix(open)?.strip_suffix(')'))
        .filter(|inner| !inner.contains(['(', ')']))
        .unwrap_or(pattern);
    split_top(inner)
        .iter()
        .filter_map(|part| single(part))
        .reduce(CharSet::union)
}

/// An alternative that is one class.
fn single(part: &str) -> Option<CharSet> {
    let bare = ["+", "*", "{1,}"]
        .iter()
        .find_map(|end| {
            part.strip_suffix(end)
                .filter(|p| !p.is_empty() && *p != "\\")
        })
        .unwrap_or(part);
    let bare = bare
        .strip_prefix('(')
        .and_then(|b| b.strip_suffix(')'))
        .unwrap_or(bare);
    let chars: Vec<char> = bare.chars().collect();
    match chars.as_slice() {
        ['[', ..] => {
            let mut at = 1;
            let set = bracket(&chars, &mut at)?;
            (at == chars.len()).then_some(set)
        }
        ['\\', e] if !matches!(e, 'b' | 'B') => class_escape(*e),
        ['\\', 'x', a, b] => {
            let code = u32::from_str_radix(&format!("{a}{b}"), 16).ok()?;
            Some(CharSet::one(char::from_u32(code)?))
        }
        [c] if !"^$.*+?()|{}".contains(*c) => Some(CharSet::one(*c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{after_test, begins, literal_start, replaced};

    #[test]
    fn what_a_text_begins_with() {
        let dash = |pattern| begins(pattern).map(|set| set.has('-'));
        assert_eq!(dash("^https:\\/\\/a$"), Some(false));
        assert_eq!(dash("^[a-z][a-z-]*$"), Some(false));
        assert_eq!(dash("^[\\w-]+$"), Some(true));
        assert_eq!(dash("^a*-$"), None);
        assert_eq!(dash("^a|-$"), None);
        assert_eq!(dash("a$"), None);
        let slash = |pattern| begins(pattern).map(|set| set.has('/'));
        assert_eq!(slash("^(?!\\/|.*\\/{2,})[a-z_\\-/]+$"), Some(false));
        assert_eq!(slash("^(?!/a)(?=.{3})[a-z/]+$"), Some(true));
        assert_eq!(slash("^(?!/)[a-z/]*$"), None);
    }

    #[test]
    fn anchored_classes_limit_what_is_left() {
        let set = after_test("^[a-z0-9_-]+$", "i", true).unwrap();
        assert!(set.has_any("Zz9-"));
        assert!(!set.has_any("'\";/. <"));
    }

    #[test]
    fn unanchored_expressions_say_nothing() {
        assert!(after_test("[a-z]+", "", true).is_none());
        assert!(after_test("^a|b$", "", true).is_none());
        assert!(after_test("^[a-z]+$", "m", true).is_none());
        assert!(after_test("^\\d+\\$", "", true).is_none());
    }

    #[test]
    fn beginnings_of_expressions() {
        let start = |pattern: &str| literal_start(pattern, "");
        let of = |text: &str, single| Some((text.to_owned(), single));
        assert_eq!(start("^https?:\\/\\/a\\.b\\/"), of("https://a.b/", false));
        assert_eq!(start("^https://a.b/"), of("https://a", false));
        assert_eq!(start("^https://a/?x"), of("https://a", false));
        assert_eq!(start("^/(?![/\\\\])"), of("/", true));
        assert_eq!(start("^/[a-z]"), of("/", true));
        assert_eq!(start("^/[a-z]*"), of("/", false));
        assert_eq!(start("https://a/"), None);
        assert_eq!(start("^https://a/|b"), None);
        assert_eq!(literal_start("^https://a/", "m"), None);
    }

    #[test]
    fn a_class_that_does_not_match_is_absent() {
        let set = after_test("[^\\w]", "", false).unwrap();
        assert!(!set.has_any("'/.;"));
        assert!(after_test("\\.\\.", "", false).is_none());
        let set = after_test("<|>|[\\r\\n]+", "", false).unwrap();
        assert!(!set.has_any("<>\r\n"));
        assert!(set.has_any("\""));
    }

    #[test]
    fn only_single_characters_are_gone_after_a_replacement() {
        assert!(replaced("\\.\\./").is_none());
        assert!(replaced("^[a-z]").is_none());
        assert!(replaced("(['\"])").unwrap().has_any("'"));
        assert!(!replaced("\\.\\.|<").unwrap().has_any("."));
        assert!(
            replaced("([\\.$?*|{}\\(\\)\\[\\]\\\\\\/\\+\\-^])")
                .unwrap()
                .has_any("([")
        );
        assert!(replaced("[\\x00-\\x1f]").unwrap().has_any("\n"));
    }
}
