//! Text operations of the core library whose constants decide what is left: `replace`, `split`, `join`, `new RegExp`.

use super::access::BY_KEY;
use super::charset::{CharSet, replaced};
use super::interp::Interp;
use super::kinds::{
    BACKSLASHES_DOUBLED, BACKTICKS_DOUBLED, JSON, NAME_QUOTES_DOUBLED, NO_PARENT, QUOTES_DOUBLED,
    QUOTES_REOPENED, RELATIVE, lacks,
};
use super::last_part::LAST_PART;
use super::place::PortBase;
use super::port::CallSite;
use super::text::text_of;
use super::value::{Konst, Origin, Taint, Value};
use crate::apipath::PathId;
use crate::origin::method_name;
use crate::program::FuncRef;
use casemate_ir::{ArgKey, Const, Instr, Operand};
use casemate_model::kind::KindSet;
use casemate_model::row::Row;
use std::sync::Arc;

/// The flags of an expression whose flags are not known.
pub(super) const UNKNOWN_FLAGS: &str = "?";

/// What a text operation does to the characters of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Change {
    /// What is known of the text afterwards.
    pub known: KindSet,
    /// Characters that it may bring in.
    pub brings: CharSet,
}

/// What takes the place of what was matched.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum With {
    /// This text; `$&` and the like stand for parts of the match.
    Text(Arc<str>),
    /// A text that begins so and goes on with something that depends on the match.
    Begins(Arc<str>),
    /// What a table of the program holds for the match.
    Table,
}

impl Interp<'_> {
    /// What is known of the result of a text operation beyond what its rows say.
    pub(super) fn text_result(
        &mut self,
        at: usize,
        path: PathId,
        rows: &[&Row],
        site: &CallSite,
        result: &mut Value,
    ) {
        let core = |what: &str| rows.iter().any(|r| r.at.starts_with(what));
        match self.origins.paths.last_member(path) {
            "replace" if core("js:String.") => {
                self.replaced(site, false, result);
                self.cut_at_start(site, result);
                if site.args.first().is_some_and(|a| cuts_slashes(&a.value)) && is_gone(site) {
                    result.taints = self.without(result, RELATIVE);
                }
            }
            "strip" | "lstrip" if core("py:str.") => {
                let cut = site.args.first().and_then(|a| a.value.as_str().cloned());
                if cut.is_some_and(|cut| cut.contains('/')) {
                    result.taints = self.without(result, RELATIVE);
                }
            }
            "replaceAll" if core("js:String.") => self.replaced(site, true, result),
            "replace" if core("py:str.") && site.args.len() == 2 => {
                self.replaced(site, true, result);
            }
            "sub" if core("@re") || core("@pattern") => {
                if let Some((pattern, with)) = self.substituted(site)
                    && let Some(with) = site.args.get(with).and_then(|a| a.value.as_str())
                    && !with.contains('\\')
                {
                    let with = With::Text(Arc::from(with.replace('$', "$$")));
                    self.change_by(&pattern, true, &with, result);
                }
            }
            "split" | "rsplit" if core("js:String.") || core("py:str.") => {
                let change = site
                    .args
                    .first()
                    .and_then(|a| separator(&a.value))
                    .map(|chars| Change {
                        known: lacks(chars),
                        ..Change::default()
                    });
                let Some(change) = change else { return };
                *result = self.changed(result, change);
            }
            "partition" if core("py:str.") => self.partitioned(site, false, result),
            "rpartition" if core("py:str.") => self.partitioned(site, true, result),
            "join" if core("js:Array.") => {
                let separator = match site.args.first() {
                    None => Some(Arc::from(",")),
                    Some(arg) => arg.value.as_str().cloned(),
                };
                self.joined(at, (&site.this, site.this_operand), separator, result);
            }
            "normalize" if core("@path.") => self.rooted(site, result),
            "join" if core("@path.") => {
                self.joined_below(site, result);
                self.rooted(site, result);
            }
            // Where a path ends is known where its last part is.
            "join" if core("py:os.path") => {
                if let Some(last) = site.args.last().filter(|a| a.key == ArgKey::Pos)
                    && let Some(text) = last.value.as_str()
                    && site.args.len() > 1
                    && result.refs.is_empty()
                {
                    let parts = [None, Some(Arc::from(format!("/{text}")))];
                    result.consts = Some(Arc::from([Konst::Template(Arc::from(parts))]));
                }
            }
            "join" if core("py:str.") => {
                if let Some(list) = site.args.first() {
                    self.joined(
                        at,
                        (&list.value, list.operand),
                        site.this.as_str().cloned(),
                        result,
                    );
                }
            }
            "format" if core("node:util.") => {
                if let Some(pieces) = formatted(site) {
                    *result = self.template_of(at, &pieces);
                }
            }
            "stringify" if core("js:JSON.") && site.args.len() == 1 => {
                let change = Change {
                    known: JSON,
                    ..Change::default()
                };
                *result = self.changed(result, change);
            }
            "RegExp" if core("js:RegExp") => {
                if let Some(regex) = regex(site) {
                    *result = Value::constant(regex);
                }
            }
            _ => {}
        }
    }

    /// `path.normalize(x).replace(/^(\.\.(\/|$))+/, '')`: what climbs stands at the start of a path that was resolved, and is gone.
    fn cut_at_start(&self, site: &CallSite, result: &mut Value) {
        let [pattern, _] = site.args.as_slice() else {
            return;
        };
        let cuts = match pattern.value.consts.as_deref() {
            Some([Konst::Regex(pattern, _)]) => super::climbs::cut_at_start(pattern),
            _ => false,
        };
        let resolved = |t: &Taint| t.clean.has(self.k.relative);
        if cuts && is_gone(site) && site.this.taints().iter().all(resolved) {
            result.taints = result.map_taints(|t| {
                let clean = self.k.close(t.clean.union(NO_PARENT));
                Some(Taint { clean, ..t })
            });
        }
    }

    /// `path.normalize('/' + x)`, `path.join('/', x)`: what climbs out of the root is gone, and nothing else is left of it.
    fn rooted(&self, site: &CallSite, result: &mut Value) {
        let first = site
            .args
            .first()
            .and_then(|a| match a.value.consts.as_deref() {
                Some([Konst::Str(text)]) => Some(text),
                Some([Konst::Template(parts)]) => parts.first()?.as_ref(),
                _ => None,
            });
        if first.is_some_and(|first| first.starts_with('/')) {
            result.taints = result.map_taints(|t| {
                let clean = t.clean.without(RELATIVE).union(NO_PARENT);
                Some(Taint {
                    clean: self.k.close(clean),
                    ..t
                })
            });
        }
    }

    /// `path.join(folder, x)`, where nothing of `x` climbs: it stays below the folder.
    fn joined_below(&self, site: &CallSite, result: &mut Value) {
        let Some((first, rest)) = site.args.split_first() else {
            return;
        };
        let flat = |t: &Taint| t.clean.covers(NO_PARENT) || t.clean.covers(lacks(CharSet::of(".")));
        let below = |t: &Taint| {
            !first.value.taints().iter().any(|f| f.origin == t.origin)
                && rest.iter().all(|part| {
                    let mut same = part.value.taints().iter().filter(|p| p.origin == t.origin);
                    part.key == ArgKey::Pos && same.all(flat)
                })
        };
        result.taints = result.map_taints(|t| {
            let clean = if below(&t) {
                t.clean.union(self.k.paths())
            } else {
                t.clean
            };
            Some(Taint { clean, ..t })
        });
    }

    fn replaced(&mut self, site: &CallSite, all: bool, result: &mut Value) {
        let Some(pattern) = site.args.first().and_then(|a| a.value.single().cloned()) else {
            return;
        };
        let Some(with) = self.replacement(site) else {
            return;
        };
        self.change_by(&pattern, all, &with, result);
    }

    fn change_by(&mut self, pattern: &Konst, all: bool, with: &With, result: &mut Value) {
        if let Some(change) = judge(pattern, all, with, |chars| self.k.escaped(chars)) {
            *result = self.changed(result, change);
        }
    }

    fn replacement(&mut self, site: &CallSite) -> Option<With> {
        let arg = site.args.get(1)?;
        if let Some(text) = arg.value.single().and_then(text_of) {
            return Some(With::Text(text));
        }
        let callees = self.callees(arg.operand, &arg.value);
        let [super::call::Callee::Closure(_, func) | super::call::Callee::Func(func)] =
            callees.as_slice()
        else {
            return None;
        };
        self.asked.push(*func);
        let summary = self.summaries.get(func.0 as usize)?.as_ref()?;
        match summary.ret.consts.as_deref() {
            Some([Konst::Template(parts)]) => {
                let first = parts.first().cloned().flatten()?;
                // `'\\' + c.charCodeAt(0).toString(16)`: the code of the character, and not the character.
                return Some(match &*first {
                    "\\" if writes_hex(self.origins.program.func(*func)) => {
                        With::Begins("\\00".into())
                    }
                    _ => With::Begins(first),
                });
            }
            // A function's text is taken as it is.
            Some([konst]) if summary.ret.taints.is_none() => {
                return text_of(konst).map(|t| With::Text(Arc::from(t.replace('$', "$$"))));
            }
            _ => {}
        }
        let own = summary.ret.taints().iter().all(|t| match t.origin {
            Origin::Port(port) => {
                t.notes & BY_KEY != 0 || !matches!(port.base(), PortBase::Param(_))
            }
            Origin::Source(_) => false,
        });
        (own && !summary.ret.is_empty()).then_some(With::Table)
    }

    /// The value after a change of its text.
    pub(super) fn changed(&mut self, value: &Value, change: Change) -> Value {
        let k = self.k;
        let served = k.served_by(change.brings);
        let alter = |t: Taint| {
            let kept = if t.clean.covers(KindSet::ALL) {
                t.clean
            } else {
                t.clean.without(lacks(change.brings)).without(served)
            };
            Taint {
                clean: k.close(kept.union(change.known)),
                notes: t.notes & !LAST_PART,
                ..t
            }
        };
        // A list: its elements are changed.
        for &id in &value.refs {
            let Some(obj) = self.state.obj(id).cloned() else {
                continue;
            };
            let taints = obj.any.map_taints(|t| Some(alter(t)));
            let kind = obj.kind;
            self.state.obj_mut(id, kind).any.taints = taints;
        }
        Value {
            taints: value.map_taints(|t| Some(alter(t))),
            refs: value.refs.clone(),
            consts: value.consts.clone(),
        }
    }
}

/// The pieces of `util.format('a %s b', x)`: what has no mark of its own follows after a blank.
fn formatted(site: &CallSite) -> Option<Vec<Value>> {
    let text = |text: &str| Value::constant(Konst::Str(Arc::from(text)));
    let (format, rest) = site.args.split_first()?;
    if site.args.iter().any(|a| a.key != ArgKey::Pos) {
        return None;
    }
    let format = format.value.as_str()?;
    let mut rest = rest.iter();
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            literal.push(c);
            continue;
        }
        match chars.next() {
            Some('s' | 'o' | 'O' | 'j' | 'd' | 'i' | 'f') => match rest.next() {
                Some(arg) => {
                    pieces.push(text(&std::mem::take(&mut literal)));
                    pieces.push(arg.value.clone());
                }
                None => literal.push('%'),
            },
            Some('%') | None => literal.push('%'),
            Some(other) => literal.extend(['%', other]),
        }
    }
    for arg in rest {
        literal.push(' ');
        pieces.push(text(&std::mem::take(&mut literal)));
        pieces.push(arg.value.clone());
    }
    pieces.push(text(&literal));
    pieces.retain(|p| p.as_str().is_none_or(|t| !t.is_empty()));
    Some(pieces)
}

/// The characters that a text is split at.
pub(super) fn separator(value: &Value) -> Option<CharSet> {
    match value.single()? {
        Konst::Str(text) if text.chars().count() == 1 => Some(CharSet::of(text)),
        Konst::Regex(pattern, _) => replaced(pattern),
        _ => None,
    }
}

/// `new RegExp('a', 'g')` with constants.
fn regex(site: &CallSite) -> Option<Konst> {
    let flags = match site.args.get(1) {
        None => Arc::from(""),
        Some(arg) => arg
            .value
            .as_str()
            .cloned()
            .unwrap_or_else(|| Arc::from(UNKNOWN_FLAGS)),
    };
    match site.args.first()?.value.single()? {
        Konst::Str(pattern) => Some(Konst::Regex(Arc::clone(pattern), flags)),
        Konst::Regex(pattern, old) if site.args.len() == 1 => {
            Some(Konst::Regex(Arc::clone(pattern), Arc::clone(old)))
        }
        Konst::Regex(pattern, _) => Some(Konst::Regex(Arc::clone(pattern), flags)),
        _ => None,
    }
}

/// What replacing does; nothing where not every match is replaced, or where it is not known.
pub(super) fn judge(
    pattern: &Konst,
    all: bool,
    with: &With,
    escaped: impl Fn(CharSet) -> KindSet,
) -> Option<Change> {
    let (chars, pairs) = match pattern {
        // Unknown flags have the benefit of the doubt: who computes them has thought of more than the first match.
        Konst::Regex(pattern, flags) if flags.contains('g') || &**flags == UNKNOWN_FLAGS => (
            replaced(pattern),
            matches!(
                &**pattern,
                r"\.\." | r"\.{2,}" | r"\.\.+" | r"\.+" | r"[.][.]"
            ),
        ),
        Konst::Str(text) if all => (
            (text.chars().count() == 1).then(|| CharSet::of(text)),
            &**text == "..",
        ),
        _ => return None,
    };
    let dots = |brings: CharSet| {
        if pairs && !brings.has('.') {
            NO_PARENT
        } else {
            KindSet::EMPTY
        }
    };
    let text = match with {
        With::Table => {
            return chars.map(|chars| Change {
                known: lacks(chars),
                brings: CharSet::default(),
            });
        }
        With::Begins(text) if &**text == "\\" => "\\$&",
        With::Begins(text) if is_code(text) => {
            return chars.map(|chars| Change {
                known: lacks(chars),
                brings: CharSet::default(),
            });
        }
        With::Begins(_) => return None,
        With::Text(text) => text,
    };
    let (literal, keeps) = literal(text);
    if keeps {
        let known = match (text.strip_prefix('\\'), chars) {
            (Some("$&" | "$1" | "$0"), Some(chars)) => escaped(chars),
            _ => KindSet::EMPTY,
        };
        return Some(Change {
            known,
            brings: CharSet::of(&literal),
        });
    }
    let brings = if is_code(&literal) {
        CharSet::default()
    } else {
        CharSet::of(&literal)
    };
    let Some(chars) = chars else {
        return Some(Change {
            known: dots(brings),
            brings,
        });
    };
    let quote = CharSet::one('\'');
    let marks = match &*literal {
        "''" if chars == quote => QUOTES_DOUBLED,
        "\"\"" if chars == CharSet::one('"') => NAME_QUOTES_DOUBLED,
        "``" if chars == CharSet::one('`') => BACKTICKS_DOUBLED,
        "'\\''" | "'\"'\"'" if chars == quote => QUOTES_REOPENED,
        "\\\\" if chars == CharSet::one('\\') => BACKSLASHES_DOUBLED,
        _ => KindSet::EMPTY,
    };
    Some(Change {
        known: lacks(chars)
            .without(lacks(brings))
            .union(marks)
            .union(dots(brings)),
        brings,
    })
}

/// A replacement without its `$` forms, and whether it has any that stand for a part of the match.
fn literal(text: &str) -> (String, bool) {
    let mut out = String::new();
    let mut keeps = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('$', Some('$')) => {
                chars.next();
                out.push('$');
            }
            ('$', Some('&' | '`' | '\'' | '0'..='9' | '<')) => {
                chars.next();
                keeps = true;
            }
            _ => out.push(c),
        }
    }
    (out, keeps)
}

/// Whether a text names a character instead of being it: `&lt;`, `%3C`, `\u003c`, `\x3c`, `\n`.
fn is_code(text: &str) -> bool {
    let hex = |rest: &str| rest.chars().all(|c| c.is_ascii_hexdigit());
    text.strip_prefix('&').is_some_and(|r| {
        r.trim_end_matches(';')
            .chars()
            .all(|c| c.is_alphanumeric() || c == '#')
    }) || text.strip_prefix('%').is_some_and(hex)
        || text.strip_prefix("\\u").is_some_and(hex)
        || text.strip_prefix("\\x").is_some_and(hex)
        // RFC 4515, section 3: `\28`.
        || text.strip_prefix('\\').is_some_and(|code| code.len() == 2 && hex(code))
        || matches!(text, "\\n" | "\\r" | "\\t" | "\\b" | "\\f" | "\\0")
}

/// Whether a function writes a number in hexadecimal: `n.toString(16)`.
fn writes_hex(f: FuncRef<'_>) -> bool {
    let mut calls = (0u32..).zip(&f.func.instrs);
    calls.any(|(at, instr)| match *instr {
        Instr::Call { callee, args, .. } => {
            let base = f.func.args(args).first().map(|base| base.value);
            let sixteen = |base: Operand| match base {
                Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Number(n) if f64::from_bits(*n) == 16.0),
                Operand::Local(_) => false,
            };
            base.is_some_and(sixteen) && method_name(f, at, callee) == Some("toString")
        }
        _ => false,
    })
}

/// What was matched is replaced by nothing.
fn is_gone(site: &CallSite) -> bool {
    let with = site.args.get(1).and_then(|with| with.value.as_str());
    with.is_some_and(|with| with.is_empty())
}

/// `^\/+`: all slashes with which a text begins.
fn cuts_slashes(pattern: &Value) -> bool {
    match pattern.consts.as_deref() {
        Some([Konst::Regex(pattern, _)]) => matches!(
            pattern
                .strip_prefix('^')
                .and_then(|p| p.strip_suffix(['+', '*'])),
            Some("\\/" | "/" | "[\\/]" | "[/]" | "[\\/\\\\]" | "[/\\\\]" | "[\\\\/]" | "[\\\\\\/]")
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, flags: &str, with: &str) -> Option<Change> {
        let escaped = |chars: CharSet| {
            if chars.has('\\') {
                KindSet(1)
            } else {
                KindSet::EMPTY
            }
        };
        judge(
            &Konst::Regex(Arc::from(pattern), Arc::from(flags)),
            false,
            &With::Text(Arc::from(with)),
            escaped,
        )
    }

    fn lacking(chars: &str) -> KindSet {
        lacks(CharSet::of(chars))
    }

    #[test]
    fn classes_are_gone() {
        assert!(
            of("[^\\w]", "g", "")
                .unwrap()
                .known
                .covers(lacking("'./;<"))
        );
        assert!(
            of("[\\r\\n]", "g", " ")
                .unwrap()
                .known
                .covers(lacking("\r\n"))
        );
        assert!(of("<|>", "g", "").unwrap().known.covers(lacking("<>")));
        assert!(of("<", "g", "&lt;").unwrap().known.covers(lacking("<")));
        assert!(!of("<", "g", "&lt;").unwrap().brings.has('&'));
        assert!(!of("\\(", "g", "\\28").unwrap().brings.has('\\'));
        assert!(of("\\(", "g", "\\(").unwrap().brings.has('\\'));
    }

    #[test]
    fn the_first_match_only_says_nothing() {
        assert_eq!(of("<", "", ""), None);
        assert_eq!(of("'", "i", ""), None);
        assert!(of("'", "?", "").is_some());
    }

    #[test]
    fn what_matches_several_characters_is_rejoined() {
        assert_eq!(of("\\.\\.\\/", "g", "").unwrap().known, KindSet::EMPTY);
        assert_eq!(of("\\.\\.", "g", "").unwrap().known, NO_PARENT);
        assert_eq!(of("<script>", "gi", "").unwrap().known, KindSet::EMPTY);
    }

    #[test]
    fn what_is_brought_in_is_told() {
        let change = of("&lt;", "g", "<").unwrap();
        assert!(change.brings.has('<'));
        assert!(of("_", "g", "'").unwrap().brings.has('\''));
    }

    #[test]
    fn quotes_are_escaped_in_known_ways() {
        assert_eq!(of("'", "g", "''").unwrap().known, QUOTES_DOUBLED);
        assert_eq!(of("'", "g", "'\\''").unwrap().known, QUOTES_REOPENED);
        // In a script, "'\''" is three quotes.
        assert_eq!(of("'", "g", "'''").unwrap().known, KindSet::EMPTY);
        assert_eq!(of("\\\\", "g", "\\\\").unwrap().known, BACKSLASHES_DOUBLED);
        assert_eq!(of("[.\\\\]", "g", "\\$&").unwrap().known, KindSet(1));
        assert_eq!(of("[.]", "g", "\\$&").unwrap().known, KindSet::EMPTY);
    }
}
