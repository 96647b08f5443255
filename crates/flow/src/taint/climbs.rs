//! Regular expressions that find every way up: `/(^|\/)\.\.(\/|$)/.test(path)` refuses all paths that hold `../`.
//!
//! Whether one does is tried on paths that climb. What an expression uses beyond classes, groups, repetitions and anchors is not
//! understood, and then nothing is claimed.

/// Paths that climb out of a folder, in all surroundings.
const CLIMBING: [&str; 4] = ["../q7", "w/../q7", "w-1/../../q7", "/../q7"];
/// Steps of one search; beyond it nothing is claimed.
const FUEL: u32 = 20_000;
/// Depth of groups.
const DEPTH: u32 = 8;

/// Whether a search for the pattern finds something in every path that climbs.
pub(super) fn refused(pattern: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let Some(all) = alternatives(&chars, &mut at, 0).filter(|_| at == chars.len()) else {
        return false;
    };
    CLIMBING.iter().all(|path| {
        let text: Vec<char> = path.chars().collect();
        let mut search = Search {
            text: &text,
            fuel: FUEL,
        };
        (0..=text.len()).any(|start| search.any(&all, start, &[]))
    })
}

/// Whether an anchored pattern finds the step up with which a path begins: `^\.\.`, `^\.\.(\/|$)`.
pub(super) fn begins(pattern: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let Some(all) = alternatives(&chars, &mut at, 0).filter(|_| at == chars.len()) else {
        return false;
    };
    let text: Vec<char> = CLIMBING[0].chars().collect();
    let mut search = Search {
        text: &text,
        fuel: FUEL,
    };
    pattern.starts_with('^') && search.any(&all, 0, &[])
}

/// Whether a pattern matches all steps up at the start of a path: `^(\.\.(\/|\\|$))+`, one group that is repeated. Where else they
/// might stand, a path that was resolved has none: the first match is the one at the start.
pub(super) fn cut_at_start(pattern: &str) -> bool {
    let Some(group) = pattern
        .strip_prefix('^')
        .unwrap_or(pattern)
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(['+', '*']))
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        return false;
    };
    let mut open = 0_i32;
    let whole = group.chars().all(|c| {
        open += i32::from(c == '(') - i32::from(c == ')');
        open >= 0
    });
    let group = group.strip_prefix("?:").unwrap_or(group);
    let step: Vec<char> = format!("^({group})").chars().collect();
    let mut at = 0;
    let Some(all) = alternatives(&step, &mut at, 0).filter(|_| whole && at == step.len()) else {
        return false;
    };
    let text: Vec<char> = CLIMBING[0].chars().collect();
    let mut search = Search {
        text: &text,
        fuel: FUEL,
    };
    search.any(&all, 0, &[])
}

enum Node {
    Set {
        chars: Vec<(char, char)>,
        negated: bool,
    },
    Start,
    End,
    Group(Vec<Vec<Node>>),
    Repeat {
        node: Box<Node>,
        least: usize,
        most: usize,
    },
}

fn alternatives(chars: &[char], at: &mut usize, depth: u32) -> Option<Vec<Vec<Node>>> {
    let mut out = vec![Vec::new()];
    while let Some(&c) = chars.get(*at) {
        if c == ')' {
            break;
        }
        *at += 1;
        let node = match c {
            '|' => {
                out.push(Vec::new());
                continue;
            }
            '^' => Node::Start,
            '$' => Node::End,
            '(' => {
                if depth >= DEPTH {
                    return None;
                }
                if chars.get(*at) == Some(&'?') {
                    // `(?:` groups; the others look around.
                    if chars.get(*at + 1) != Some(&':') {
                        return None;
                    }
                    *at += 2;
                }
                let inner = alternatives(chars, at, depth + 1)?;
                if chars.get(*at) != Some(&')') {
                    return None;
                }
                *at += 1;
                Node::Group(inner)
            }
            '[' => class(chars, at)?,
            '\\' => {
                let escaped = *chars.get(*at)?;
                *at += 1;
                if escaped.is_alphanumeric() {
                    return None;
                }
                one(escaped)
            }
            '.' => Node::Set {
                chars: vec![('\n', '\n')],
                negated: true,
            },
            '?' | '*' | '+' | '{' | '}' | ']' => return None,
            plain => one(plain),
        };
        let node = repeated(node, chars, at)?;
        out.last_mut()?.push(node);
    }
    Some(out)
}

fn one(c: char) -> Node {
    Node::Set {
        chars: vec![(c, c)],
        negated: false,
    }
}

fn repeated(node: Node, chars: &[char], at: &mut usize) -> Option<Node> {
    let (least, most) = match chars.get(*at) {
        Some('?') => (0, 1),
        Some('*') => (0, usize::MAX),
        Some('+') => (1, usize::MAX),
        Some('{') => {
            let end = chars.iter().skip(*at).position(|c| *c == '}')? + *at;
            let counts: String = chars.get(*at + 1..end)?.iter().collect();
            *at = end;
            let (least, most) = counts.split_once(',').unwrap_or((&counts, &counts));
            let most = if most.is_empty() {
                usize::MAX
            } else {
                most.parse().ok()?
            };
            (least.parse().ok()?, most)
        }
        _ => return Some(node),
    };
    *at += 1;
    if chars.get(*at) == Some(&'?') {
        *at += 1;
    }
    Some(Node::Repeat {
        node: Box::new(node),
        least,
        most,
    })
}

/// The position is after the opening bracket.
fn class(chars: &[char], at: &mut usize) -> Option<Node> {
    let negated = chars.get(*at) == Some(&'^');
    *at += usize::from(negated);
    let mut set = Vec::new();
    let member = |at: &mut usize| {
        let mut c = *chars.get(*at)?;
        *at += 1;
        if c == '\\' {
            c = *chars.get(*at).filter(|c| !c.is_alphanumeric())?;
            *at += 1;
        }
        Some(c)
    };
    while *chars.get(*at)? != ']' {
        let first = member(at)?;
        let range = chars.get(*at) == Some(&'-') && chars.get(*at + 1).is_some_and(|c| *c != ']');
        let last = if range {
            *at += 1;
            member(at)?
        } else {
            first
        };
        set.push((first, last));
    }
    *at += 1;
    Some(Node::Set {
        chars: set,
        negated,
    })
}

struct Search<'t> {
    text: &'t [char],
    fuel: u32,
}

/// What is to follow: the rest of the sequences around, innermost last.
type Rest<'n> = [&'n [Node]];

impl Search<'_> {
    fn any(&mut self, alternatives: &[Vec<Node>], at: usize, rest: &Rest<'_>) -> bool {
        alternatives
            .iter()
            .any(|nodes| self.matches(nodes, at, rest))
    }

    fn matches(&mut self, nodes: &[Node], at: usize, rest: &Rest<'_>) -> bool {
        let Some(fuel) = self.fuel.checked_sub(1) else {
            return false;
        };
        self.fuel = fuel;
        let Some((node, after)) = nodes.split_first() else {
            return match rest.split_last() {
                Some((next, rest)) => self.matches(next, at, rest),
                None => true,
            };
        };
        match node {
            Node::Start => at == 0 && self.matches(after, at, rest),
            Node::End => at == self.text.len() && self.matches(after, at, rest),
            Node::Set { chars, negated } => {
                let fits = self.text.get(at).is_some_and(|c| {
                    chars
                        .iter()
                        .any(|(first, last)| (first..=last).contains(&c))
                        != *negated
                });
                fits && self.matches(after, at + 1, rest)
            }
            Node::Group(inner) => {
                let mut rest = rest.to_vec();
                rest.push(after);
                self.any(inner, at, &rest)
            }
            Node::Repeat { node, least, most } => {
                let once = std::slice::from_ref(&**node);
                // As often as there are characters: what matches nothing need not be repeated.
                let most = (*most).min(self.text.len() + 1 - at);
                (*least..=most).any(|times| {
                    let mut rest = rest.to_vec();
                    rest.push(after);
                    rest.extend(std::iter::repeat_n(once, times));
                    self.matches(&[], at, &rest)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cut_at_start, refused};

    #[test]
    fn steps_at_the_start() {
        for (pattern, all) in [
            (r"^(\.\.(\/|\\|$))+", true),
            (r"^(\.\.[\/\\])+", true),
            (r"^(?:\.\.\/)*", true),
            (r"^(\.\.\/)", false),
            (r"(\.\.\/)+", true),
            (r"x(\.\.\/)+", false),
            (r"^\.\.\/+", false),
            (r"^(a)(\.\.\/)+", false),
            (r"^(\.\.\\)+", false),
        ] {
            assert_eq!(cut_at_start(pattern), all, "{pattern}");
        }
    }

    #[test]
    fn ways_up() {
        for (pattern, all) in [
            (r"\.\.", true),
            (r"\.\.\/", true),
            (r"\/?\.?\.\/", true),
            (r"(^|[\\/])\.\.([\\/]|$)", true),
            (r"(?:^|\/)\.\.?(?:\/|$)", true),
            (r"\.{2,}", true),
            (r"[^a-z0-9]", true),
            (r"^\.\.", false),
            (r"^\.\.\/|\/\.\.$", false),
            (r"\.\.$", false),
            (r"%2e%2e", false),
            (r"\.\.\\", false),
            (r"(?=\.\.)", false),
            (r"\/\.\.\/", false),
            (r"(\.\.", false),
        ] {
            assert_eq!(refused(pattern), all, "{pattern}");
        }
    }
}
