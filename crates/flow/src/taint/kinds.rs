//! The few sink kinds that the engine itself must know: language mechanisms, not libraries.

use super::charset::{CharSet, after_test, begins, literal_start};
use super::language::never_climbs;
use casemate_model::kind::{KindSet, Kinds, SinkKind, SourceKind};

/// The characters that a value needs to break out, by sink kind. A kind that is not listed is never cleared by characters.
const BREAKS: [(&str, &str); 25] = [
    ("sql", "'\"\\`;()=*/ \t\n"),
    ("nosql", "[ "),
    // Other marks split, quote and expand words; none of them starts a command.
    ("command.shell", ";&|`$<>\n"),
    ("command.argument", "-"),
    ("code", "()`[]=;.+'\"\\/"),
    ("template", "{}<>%()$#"),
    ("path.read", "./\\%"),
    ("path.write", "./\\%"),
    ("path.delete", "./\\%"),
    ("path.entry", "/\\"),
    ("module", "./\\"),
    ("url.full", "/:@?#\\%."),
    ("url.host", "/:@?#\\%."),
    ("url.path", "/?#\\%."),
    ("redirect", "/:\\."),
    ("html.text", "<"),
    ("html.attr", "<\"'"),
    ("html.script", "<'\"\\`/;()"),
    ("html.url", ":<\"'"),
    ("header", "\r\n"),
    ("mail.header", "\r\n"),
    ("log.line", "\r\n"),
    // A backslash alone only spoils the filter: what it stands before is no code of two digits, or one that names a character.
    ("ldap", "()*\0"),
    ("xpath", "'\"[]()/|="),
    ("regex", "()[]{}*+?|\\.^$"),
];

/// Names of parameters that are meant to be what the kind says: whoever calls `run(command)` asks for it.
const MEANT: [(&str, &[&str]); 4] = [
    (
        "command.shell",
        &["command", "cmd", "commandline", "cmdline", "shell"],
    ),
    ("sql", &["sql", "query", "statement", "rawsql"]),
    ("code", &["code", "script", "expression", "expr", "source"]),
    ("template", &["template", "tpl", "templatestring"]),
];

/// What else is known of a text, beside the characters that it lacks: a bit of a [`KindSet`] each, from the top. Numbered by
/// the compiler, so that no two of them are ever the same.
#[derive(Clone, Copy)]
enum Known {
    Quoted,
    Json,
    NotDouble,
    Rooted,
    NoParent,
    QuotesReopened,
    BackslashesDoubled,
    QuotesDoubled,
    Public,
    NameQuotesDoubled,
    BackticksDoubled,
    Host,
    Compared,
    Relative,
    NoClimb,
}

impl Known {
    /// How many there are.
    const COUNT: u32 = Self::NoClimb as u32 + 1;

    const fn set(self) -> KindSet {
        KindSet(1 << (u128::BITS - 1 - self as u32))
    }
}

/// Kinds, characters and what else is known have a bit each.
const _: () =
    assert!(KindSet::KINDS as usize + NOTED.len() + Known::COUNT as usize <= u128::BITS as usize);

/// Known not to start with `/`.
pub const RELATIVE: KindSet = Known::Relative.set();
/// Known to hold no `..`.
pub const NO_CLIMB: KindSet = Known::NoClimb.set();
/// Known to start with `/`.
pub const ROOTED: KindSet = Known::Rooted.set();
/// Known not to start with `//`.
pub const NOT_DOUBLE: KindSet = Known::NotDouble.set();
/// JSON text: a value where a script expects one.
pub const JSON: KindSet = Known::Json.set();
/// Begins with `'`.
pub const QUOTED: KindSet = Known::Quoted.set();
/// The characters of which is noted whether a text lacks them: the bits of a [`KindSet`] above its kinds, in this order.
const NOTED: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\0";

/// Stands for a hole in a text.
pub const HOLE: char = '\u{fffc}';

/// `'` is doubled.
pub const QUOTES_DOUBLED: KindSet = Known::QuotesDoubled.set();
/// `\` is doubled.
pub const BACKSLASHES_DOUBLED: KindSet = Known::BackslashesDoubled.set();
/// `'` closes the word of a shell, stands for itself, and opens it again.
pub const QUOTES_REOPENED: KindSet = Known::QuotesReopened.set();
/// `"` is doubled.
pub const NAME_QUOTES_DOUBLED: KindSet = Known::NameQuotesDoubled.set();
/// A backtick is doubled.
pub const BACKTICKS_DOUBLED: KindSet = Known::BackticksDoubled.set();
/// The host of a parsed address, or made of nothing else.
pub const HOST: KindSet = Known::Host.set();
/// An address whose host is that of another address, which the caller of a function gave it.
pub const COMPARED: KindSet = Known::Compared.set();
/// An address outside the service's own network, or the host of one.
pub const PUBLIC: KindSet = Known::Public.set();
/// No two dots follow each other.
pub const NO_PARENT: KindSet = Known::NoParent.set();

/// That a text has none of these characters.
#[must_use]
pub fn lacks(chars: CharSet) -> KindSet {
    NOTED
        .chars()
        .enumerate()
        .filter(|(_, c)| chars.has(*c))
        .fold(KindSet::EMPTY, |set, (at, _)| {
            KindSet(set.0 | 1 << (KindSet::KINDS as usize + at))
        })
}

/// Ids of kinds by name. A kind that the list lacks gets a number that no set has.
#[derive(Clone, Copy, Debug)]
pub struct KindIds {
    /// Assignment to a member of an object that a key from outside chose.
    pub proto: SinkKind,
    /// Which fields are written.
    pub keys: SinkKind,
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
    /// A comparison that decides something.
    pub decision: SinkKind,
    /// A field of a log's entry.
    pub log_value: SinkKind,
    /// Kinds that only large numbers serve.
    pub sizes: KindSet,
    /// Kinds that only an object with operators serves.
    pub operators: KindSet,
    /// An uploaded file.
    pub upload: SourceKind,
    /// What is in a file, and the names of files.
    pub disk: SourceKind,
    /// The kind of sources that are stores.
    pub store: Option<SourceKind>,
    url_full: SinkKind,
    /// The path of an outgoing request.
    pub url_path: SinkKind,
    extract: SinkKind,
    entry: SinkKind,
    url_host: SinkKind,
    /// The address of a request that goes on to wherever the answer says: harmless where the host is known.
    follow: SinkKind,
    pub redirect: SinkKind,
    regex: SinkKind,
    shell: SinkKind,
    /// Program arguments.
    pub argument: SinkKind,
    code: SinkKind,
    sql: SinkKind,
    xpath: SinkKind,
    breaks: [SinkKind; BREAKS.len()],
    meant: [SinkKind; MEANT.len()],
}

impl KindIds {
    /// Whether a sink runs statements of SQL.
    pub(super) fn is_sql(&self, kind: SinkKind) -> bool {
        kind == self.sql
    }

    /// Looks the kinds up.
    #[must_use]
    pub fn new(kinds: &Kinds) -> Self {
        let id = |name| kinds.sink(name).unwrap_or(SinkKind::NONE);
        Self {
            proto: id("proto"),
            keys: id("keys"),
            method: id("method"),
            html_text: id("html.text"),
            html_attr: id("html.attr"),
            html_url: id("html.url"),
            html_script: id("html.script"),
            relative: id("path.relative"),
            decision: id("decision"),
            log_value: id("log.value"),
            sizes: kinds
                .set_of_all(["allocation", "loop", "timer"])
                .unwrap_or(KindSet::EMPTY),
            operators: kinds.set_of("nosql").unwrap_or(KindSet::EMPTY),
            disk: kinds.source("file").unwrap_or(SourceKind(u8::MAX)),
            upload: kinds.source("http.file").unwrap_or(SourceKind(u8::MAX)),
            path: kinds.set_of("path").unwrap_or(KindSet::EMPTY),
            store: kinds.source("store").ok(),
            url_full: id("url.full"),
            url_path: id("url.path"),
            extract: id("path.extract"),
            entry: id("path.entry"),
            url_host: id("url.host"),
            follow: id("follow"),
            redirect: id("redirect"),
            regex: id("regex"),
            shell: id("command.shell"),
            argument: id("command.argument"),
            code: id("code"),
            sql: id("sql"),
            xpath: id("xpath"),
            breaks: BREAKS.map(|b| id(b.0)),
            meant: MEANT.map(|m| id(m.0)),
        }
    }

    /// What a hole cannot do any more after the text before it: choose the host of an address (RFC 3986, section 3: the
    /// authority ends at the first `/`, `?` or `#` after `//`). Earlier holes are [`HOLE`] and taken for something, as an
    /// address begins with a base that the program has.
    #[must_use]
    pub fn cleared_by_prefix(&self, prefix: &str) -> KindSet {
        if prefix.is_empty() {
            return KindSet::EMPTY;
        }
        let host = self.host();
        let after = match prefix.find("//") {
            Some(at)
                if prefix
                    .get(..at)
                    .is_some_and(|p| p.is_empty() || p.ends_with([':', HOLE])) =>
            {
                prefix.get(at + 2..).unwrap_or("")
            }
            _ => match prefix.find(HOLE) {
                // What the earlier hole began, it may not have ended.
                Some(at) => {
                    let own = prefix.get(..at).is_some_and(|p| !open(p));
                    let ended = prefix
                        .get(at..)
                        .is_some_and(|p| p.contains(['/', '?', '#']));
                    return if own || ended { host } else { KindSet::EMPTY };
                }
                // A relative reference.
                None if open(prefix) => return KindSet::EMPTY,
                None => return host,
            },
        };
        if after.contains(['/', '?', '#']) {
            host
        } else {
            // Still inside the authority.
            KindSet::of(self.url_full)
        }
    }

    /// The target of an entry that is unpacked.
    #[must_use]
    pub const fn extract(&self) -> KindSet {
        KindSet::of(self.extract)
    }

    /// What follows from all that is known of a text.
    #[must_use]
    pub fn close(&self, set: KindSet) -> KindSet {
        if set.0 >> KindSet::KINDS == 0 {
            return set;
        }
        // Two half tests may be a whole one: rooted, and not `//host`.
        let relative = set.covers(NOT_DOUBLE.union(lacks(CharSet::of(":\\"))));
        let set = if relative || set.covers(ROOTED.union(NOT_DOUBLE)) {
            set.union(self.host())
        } else {
            set
        };
        let set = if set.covers(RELATIVE.union(NO_CLIMB)) {
            set.union(self.extract())
        } else {
            set
        };
        let below = set.covers(NO_PARENT) || set.covers(lacks(CharSet::of(".")));
        let set = match (below, set.covers(RELATIVE)) {
            (true, true) => set.union(self.path),
            (true, false) => set.union(KindSet::of(self.entry)),
            _ => set,
        };
        BREAKS
            .iter()
            .zip(self.breaks)
            .filter(|((_, breaks), _)| set.covers(lacks(CharSet::of(breaks))))
            .fold(set, |set, (_, kind)| set.union(KindSet::of(kind)))
    }

    /// The kinds that a character can serve, of those that end a context.
    #[must_use]
    pub fn served_by(&self, chars: CharSet) -> KindSet {
        BREAKS
            .iter()
            .zip(self.breaks)
            .filter(|((_, breaks), _)| chars.has_any(breaks))
            .fold(KindSet::EMPTY, |set, (_, kind)| {
                set.union(KindSet::of(kind))
            })
    }

    /// What is known of a text without what depends on its lacking one of these characters.
    #[must_use]
    pub fn without_characters(&self, known: KindSet, chars: CharSet) -> KindSet {
        let by_characters = BREAKS
            .iter()
            .zip(self.breaks)
            .filter(|((_, breaks), _)| {
                chars.has_any(breaks) && known.covers(lacks(CharSet::of(breaks)))
            })
            .fold(KindSet::EMPTY, |set, (_, kind)| {
                set.union(KindSet::of(kind))
            });
        known.without(by_characters).without(lacks(chars))
    }

    /// The kinds that cannot be served once all of these characters are escaped.
    #[must_use]
    pub fn escaped(&self, chars: CharSet) -> KindSet {
        if lacks(chars).covers(lacks(CharSet::of("()[]{}*+?|\\.^$"))) {
            KindSet::of(self.regex)
        } else {
            KindSet::EMPTY
        }
    }

    /// For what a hole in a text is clean because of what stands before it and what is known of it.
    #[must_use]
    pub fn cleared_in_context(&self, before: &str, known: KindSet) -> KindSet {
        let quote = lacks(CharSet::of("'"));
        let backslash = lacks(CharSet::of("\\"));
        let mut out = KindSet::EMPTY;
        let climbs = !known.covers(NO_PARENT) && !known.covers(lacks(CharSet::of(".")));
        if !climbs && !before.is_empty() {
            out = out.union(self.path);
        }
        // What cannot begin an address does not go on with a host either, where a base that the program has stands before it.
        if known.has(self.url_full) && before.chars().eq([HOLE]) {
            out = out.union(self.host());
        }
        // Who begins with a slash ends the host that another one began.
        if known.covers(ROOTED) && in_authority(before) {
            out = out.union(self.host());
        }
        // One slash, and none after it: a path of this host.
        if known.covers(RELATIVE) && before == "/" {
            out = out.union(self.host());
        }
        let lacks_quote = known.covers(quote);
        // Literals of XPath know no escape: who cannot write the quote stays inside.
        if lacks_quote && in_sql_quotes(before) {
            out = out.union(KindSet::of(self.xpath));
        }
        // Since ECMAScript 2019 every JSON text is an expression.
        if known.covers(JSON) && !in_quotes(before) {
            out = out.union(KindSet::of(self.code));
        }
        if (lacks_quote || known.covers(QUOTES_REOPENED)) && in_shell_quotes(before) {
            out = out.union(KindSet::of(self.shell));
        }
        // Servers differ on whether a backslash escapes a quote: both must be accounted for.
        if (lacks_quote || known.covers(QUOTES_DOUBLED))
            && (known.covers(backslash) || known.covers(BACKSLASHES_DOUBLED))
            && in_sql_quotes(before)
        {
            out = out.union(KindSet::of(self.sql));
        }
        // Names in quotes of their own know no other escape than the doubled quote.
        let name = match sql_quote(before) {
            Some('"') => {
                known.covers(NAME_QUOTES_DOUBLED) || known.covers(lacks(CharSet::of("\"")))
            }
            Some('`') => known.covers(BACKTICKS_DOUBLED) || known.covers(lacks(CharSet::of("`"))),
            _ => false,
        };
        if name {
            out = out.union(KindSet::of(self.sql));
        }
        out
    }

    /// All parts of pages.
    #[must_use]
    pub fn html(&self) -> KindSet {
        [
            self.html_text,
            self.html_attr,
            self.html_url,
            self.html_script,
        ]
        .iter()
        .fold(KindSet::EMPTY, |set, kind| set.union(KindSet::of(*kind)))
    }

    /// Whether a parameter of this name is meant to be what the kind says.
    #[must_use]
    pub fn meant(&self, kind: SinkKind, name: &str) -> bool {
        let name = name.replace('_', "").to_ascii_lowercase();
        self.meant
            .iter()
            .zip(MEANT)
            .any(|(known, (_, names))| *known == kind && names.contains(&name.as_str()))
    }

    /// What only depends on which characters a text has, and what is noted of them: true of a text, it is true of its parts.
    #[must_use]
    pub fn of_characters(&self) -> KindSet {
        self.breaks
            .iter()
            .fold(lacks(CharSet::default().complement()), |set, kind| {
                set.union(KindSet::of(*kind))
            })
            .without(self.host())
    }

    /// All kinds of paths.
    #[must_use]
    pub const fn paths(&self) -> KindSet {
        self.path
    }

    /// What a literal cannot serve where a program is expected.
    #[must_use]
    pub fn literal(&self) -> KindSet {
        KindSet::of(self.code)
    }

    /// The kinds that choose the host of an outgoing request.
    #[must_use]
    pub fn asked(&self) -> KindSet {
        KindSet::of(self.url_full)
            .union(KindSet::of(self.url_host))
            .union(KindSet::of(self.follow))
    }

    /// The kinds by which a request is led into the own network, as long as no redirect is followed.
    #[must_use]
    pub fn reached(&self) -> KindSet {
        KindSet::of(self.url_full).union(KindSet::of(self.url_host))
    }

    /// The kinds that choose the host of an address.
    #[must_use]
    pub fn host(&self) -> KindSet {
        KindSet::of(self.url_full)
            .union(KindSet::of(self.url_host))
            .union(KindSet::of(self.follow))
            .union(KindSet::of(self.redirect))
            .union(KindSet::of(self.html_url))
    }

    /// What a string is clean for once it is known whether it starts with `text`.
    #[must_use]
    pub fn cleared_by_start(&self, text: &str, holds: bool) -> KindSet {
        match (text, holds) {
            ("/", true) => ROOTED,
            ("/", false) => RELATIVE,
            ("'", true) => QUOTED,
            ("//", false) => NOT_DOUBLE,
            // Which path of a host that is allowed is asked for, is what the client may choose.
            (_, true) => match self.cleared_by_prefix(text) {
                whole if text.contains("://") && whole.covers(self.host()) => {
                    whole.union(KindSet::of(self.url_path))
                }
                part => part,
            },
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
            "__proto__" => KindSet::of(self.proto),
            one if one.chars().count() == 1 => lacks(CharSet::of(one)),
            _ => KindSet::EMPTY,
        }
    }

    /// For what a string is clean once a test against a regular expression went this way.
    #[must_use]
    pub fn cleared_by_regex(&self, pattern: &str, flags: &str, matches: bool) -> KindSet {
        // A scheme alone says nothing of the host after it.
        let start = literal_start(pattern, flags)
            .filter(|(text, _)| matches && (text == "/" || text.contains("://")));
        let start = start.map_or(KindSet::EMPTY, |(text, single)| {
            let double = if single && text == "/" {
                NOT_DOUBLE
            } else {
                KindSet::EMPTY
            };
            self.cleared_by_start(&text, true).union(double)
        });
        let named = !matches && pattern.split('|').any(|name| name == "__proto__");
        if named && !pattern.contains(['(', '[', '\\']) {
            return KindSet::of(self.proto);
        }
        let Some(left) = after_test(pattern, flags, matches) else {
            return self.close(start);
        };
        let begun = begins(pattern).filter(|_| matches);
        let without = |c, known| match begun {
            Some(set) if !set.has(c) => known,
            _ => KindSet::EMPTY,
        };
        let flat = matches && left.has('.') && never_climbs(pattern, flags.contains('i'));
        let parent = if flat { NO_PARENT } else { KindSet::EMPTY };
        self.close(
            lacks(left.complement())
                .union(start)
                .union(parent)
                .union(without('/', RELATIVE)),
        )
        .union(without('-', KindSet::of(self.argument)))
    }
}

/// Whether a text ends inside the authority of an address, with a part of it before: `https://www.`, and what fills it.
fn in_authority(before: &str) -> bool {
    let Some((scheme, host)) = before.split_once("://") else {
        return false;
    };
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == HOLE;
    !scheme.is_empty()
        && scheme.chars().all(of_scheme)
        && !host.is_empty()
        && !host.contains(['/', '?', '#', '\\'])
}

/// Whether what follows this text could still complete `//host`, `/\host` or a scheme.
fn open(prefix: &str) -> bool {
    let scheme = prefix.trim_end_matches(['/', '\\']);
    prefix == "/"
        || prefix == "\\"
        || ["http:", "https:", "ws:", "wss:", "ftp:"]
            .contains(&scheme.to_ascii_lowercase().as_str())
        || prefix
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '+')
}

/// Whether a place after this text of a shell command is inside `'…'`.
fn in_shell_quotes(before: &str) -> bool {
    let (mut single, mut double) = (false, false);
    let mut chars = before.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !single => {
                chars.next();
            }
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
    }
    single
}

/// Whether a place after this text of a script is inside a string.
fn in_quotes(before: &str) -> bool {
    let mut open = None;
    let mut chars = before.chars();
    while let Some(c) = chars.next() {
        match (c, open) {
            ('\\', Some(_)) => {
                chars.next();
            }
            ('\'' | '"' | '`', None) => open = Some(c),
            (c, Some(quote)) if c == quote => open = None,
            _ => {}
        }
    }
    open.is_some()
}

/// Whether a place after this text of an SQL statement is inside `'…'`.
fn in_sql_quotes(before: &str) -> bool {
    sql_quote(before) == Some('\'')
}

/// The quote inside which a place after this text of an SQL statement is.
fn sql_quote(before: &str) -> Option<char> {
    let mut open = None;
    for c in before.chars() {
        match (c, open) {
            ('\'' | '"' | '`', None) => open = Some(c),
            (c, Some(quote)) if c == quote => open = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_followed() {
        assert!(in_shell_quotes("rm -rf '/tmp/"));
        assert!(!in_shell_quotes("rm -rf \"'"));
        assert!(!in_shell_quotes("echo \\'"));
        assert!(in_sql_quotes("SELECT 'a', '"));
        assert!(!in_sql_quotes("SELECT 'a', "));
        assert_eq!(sql_quote("SELECT `a`, \""), Some('"'));
        assert_eq!(sql_quote("SELECT \"`\", "), None);
    }

    #[test]
    fn a_scheme_alone_leaves_the_host_open() {
        assert!(in_authority("https://www.") && in_authority("https://x\u{fffc}"));
        assert!(!in_authority("https://") && !in_authority("https://x/") && !in_authority("x"));
        for prefix in ["http", "https:", "HTTPS:/", "/", ""] {
            assert!(open(prefix), "{prefix}");
        }
        for prefix in ["mailto:", "/a", "a/", "https:/a"] {
            assert!(!open(prefix), "{prefix}");
        }
    }

    #[test]
    fn noted_characters_fit() {
        assert!(NOTED.is_ascii());
        for (_, breaks) in BREAKS {
            for c in breaks.chars() {
                assert!(NOTED.contains(c), "{c:?}");
            }
        }
    }
}
