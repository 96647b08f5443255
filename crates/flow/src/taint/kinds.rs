//! The few sink kinds that the engine itself must know: language mechanisms, not libraries.

use super::charset::after_test;
use casemate_model::kind::{KindSet, Kinds, SinkKind};

/// The characters that a value needs to break out, by sink kind. A kind that is not listed is never cleared by characters.
const BREAKS: [(&str, &str); 24] = [
    ("sql", "'\"\\`;()=*/ \t\n"),
    ("nosql", "[ "),
    ("command.shell", ";&|`$()<>\n \t'\"\\*?{}!#~[]"),
    ("command.argument", "-"),
    ("code", "()`[]=;.+'\"\\/"),
    ("template", "{}<>%()$#"),
    ("path.read", "./\\%"),
    ("path.write", "./\\%"),
    ("path.delete", "./\\%"),
    ("module", "./\\"),
    ("url.full", "/:@?#\\%."),
    ("url.host", "/:@?#\\%."),
    ("url.path", "/?#\\%."),
    ("redirect", "/:\\."),
    ("html.text", "<"),
    ("html.attr", "<>\"'` ="),
    ("html.script", "<'\"\\`/;()"),
    ("html.url", ":<\"'"),
    ("header", "\r\n"),
    ("mail.header", "\r\n"),
    ("log", "\r\n"),
    ("ldap", "()*\\\0"),
    ("xpath", "'\"[]()/|="),
    ("regex", "()[]{}*+?|\\.^$"),
];

/// Known to start with `/`. The two highest bits of a set are facts about the text, not kinds.
const ROOTED: KindSet = KindSet(1 << 62);
/// Known not to start with `//`.
const NOT_DOUBLE: KindSet = KindSet(1 << 61);

/// Ids of kinds by name. A kind that the list lacks gets a number that no set has.
#[derive(Clone, Copy, Debug)]
pub struct KindIds {
    /// Assignment to a member of an object that a key from outside chose.
    pub proto: SinkKind,
    /// A call of a function that a key from outside chose.
    pub method: SinkKind,
    /// Output tags of templates.
    pub html_text: SinkKind,
    /// Output tags in attributes.
    pub html_attr: SinkKind,
    /// Output tags at the start of addresses.
    pub html_url: SinkKind,
    /// Output tags in scripts.
    pub html_script: SinkKind,
    /// A path with `..` left in it: no sink, but what resolving a path clears.
    pub relative: SinkKind,
    path: KindSet,
    /// Kinds that only large numbers serve.
    pub sizes: KindSet,
    url_full: SinkKind,
    url_host: SinkKind,
    redirect: SinkKind,
    breaks: [SinkKind; BREAKS.len()],
}

impl KindIds {
    /// Looks the kinds up.
    #[must_use]
    pub fn new(kinds: &Kinds) -> Self {
        let id = |name| kinds.sink(name).unwrap_or(SinkKind(63));
        Self {
            proto: id("proto"),
            method: id("method"),
            html_text: id("html.text"),
            html_attr: id("html.attr"),
            html_url: id("html.url"),
            html_script: id("html.script"),
            relative: id("path.relative"),
            sizes: kinds
                .set_of_all(["allocation", "loop", "timer"])
                .unwrap_or(KindSet::EMPTY),
            path: kinds.set_of("path").unwrap_or(KindSet::EMPTY),
            url_full: id("url.full"),
            url_host: id("url.host"),
            redirect: id("redirect"),
            breaks: BREAKS.map(|b| id(b.0)),
        }
    }

    /// What a hole cannot do any more after a constant prefix: choose the host of an address (RFC 3986, section 3: the
    /// authority ends at the first `/`, `?` or `#` after `//`).
    #[must_use]
    pub fn cleared_by_prefix(&self, prefix: &str) -> KindSet {
        if prefix.is_empty() {
            return KindSet::EMPTY;
        }
        let host = KindSet::of(self.url_full)
            .union(KindSet::of(self.url_host))
            .union(KindSet::of(self.redirect))
            .union(KindSet::of(self.html_url));
        let after = match prefix.find("//") {
            Some(at) if at == 0 || prefix.get(..at).is_some_and(|p| p.ends_with(':')) => {
                prefix.get(at + 2..).unwrap_or("")
            }
            _ => {
                // A relative reference, unless the hole could still complete `//host`, `/\host` or a scheme.
                let starts_open = prefix == "/"
                    || prefix == "\\"
                    || prefix
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '+');
                return if starts_open { KindSet::EMPTY } else { host };
            }
        };
        if after.contains(['/', '?', '#']) {
            host
        } else {
            // Still inside the authority.
            KindSet::of(self.url_full)
        }
    }

    /// For what a string is clean once a test against a regular expression went this way.
    #[must_use]
    pub fn cleared_by_regex(&self, pattern: &str, flags: &str, matches: bool) -> KindSet {
        let Some(left) = after_test(pattern, flags, matches) else {
            return KindSet::EMPTY;
        };
        BREAKS
            .iter()
            .zip(self.breaks)
            .filter(|((_, breaks), _)| !left.has_any(breaks))
            .fold(KindSet::EMPTY, |set, (_, kind)| {
                set.union(KindSet::of(kind))
            })
    }

    /// All kinds of paths.
    #[must_use]
    pub const fn paths(&self) -> KindSet {
        self.path
    }

    /// The kinds that choose the host of an address.
    #[must_use]
    pub fn host(&self) -> KindSet {
        KindSet::of(self.url_full)
            .union(KindSet::of(self.url_host))
            .union(KindSet::of(self.redirect))
            .union(KindSet::of(self.html_url))
    }

    /// What a string is clean for once it is known whether it starts with `text`.
    #[must_use]
    pub fn cleared_by_start(&self, text: &str, holds: bool) -> KindSet {
        match (text, holds) {
            ("/", true) => ROOTED,
            ("//", false) => NOT_DOUBLE,
            (_, true) => self.cleared_by_prefix(text),
            _ => KindSet::EMPTY,
        }
    }

    /// What a string is clean for once it is known not to hold `text`. Looking for `..` after the path was resolved finds
    /// nothing any more and proves nothing.
    #[must_use]
    pub fn cleared_by_absence(&self, text: &str, normalized: bool) -> KindSet {
        match text {
            ".." | "../" if !normalized => self.path,
            "//" => NOT_DOUBLE,
            "\n" => KindSet::EMPTY,
            _ => KindSet::EMPTY,
        }
    }

    /// Two half tests may be a whole one: rooted, and not `//host`.
    #[must_use]
    pub fn completed(&self, clean: KindSet) -> KindSet {
        if clean.covers(ROOTED.union(NOT_DOUBLE)) {
            clean.union(self.host())
        } else {
            clean
        }
    }
}
