//! What may be decided: the sections of the file and their keys.

/// One section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Topic {
    /// The name of its table: `[session]`, or `[[token]]` where there are many.
    pub name: &'static str,
    /// What it is about, as a phrase.
    pub says: &'static str,
    /// The key by which an entry names what it is about; empty: the section stands once.
    pub by: &'static str,
    /// The other keys.
    pub keys: &'static [Key],
}

/// One key of a section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it asks, as a comment of the draft.
    pub asks: &'static str,
}

/// What a key holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A text that is not empty.
    Text,
    /// Texts.
    Texts,
    /// `"15 minutes"`.
    Span,
    /// `"5 MB"`.
    Size,
    /// A whole number that is not negative.
    Count,
    /// `true` or `false`.
    Flag,
}

/// A section: its name, what it is about, the key that names an entry, and its other keys.
const fn topic(
    name: &'static str,
    by: &'static str,
    says: &'static str,
    keys: &'static [Key],
) -> Topic {
    Topic {
        name,
        says,
        by,
        keys,
    }
}

const fn text(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Text,
        asks,
    }
}

const fn texts(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Texts,
        asks,
    }
}

const fn span(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Span,
        asks,
    }
}

const fn size(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Size,
        asks,
    }
}

const fn count(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Count,
        asks,
    }
}

const fn flag(name: &'static str, asks: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Flag,
        asks,
    }
}

/// All, in the order of the draft.
pub const ALL: [Topic; 23] = [
    topic(
        "access",
        "endpoint",
        "who may use which endpoint",
        &[
            text("who", "`anyone`, `signed in`, or the roles that may"),
            flag("owner", "only their own records?"),
        ],
    ),
    topic(
        "login",
        "endpoint",
        "the ways to log in, and what stands against guessing",
        &[
            text(
                "how",
                "what is proved, and how strong that is: `password`, `password and TOTP` …",
            ),
            count("attempts", "wrong attempts before something happens"),
            span("window", "within which time they are counted"),
            text(
                "then",
                "what happens then: a delay, a lock, and who lifts it",
            ),
        ],
    ),
    topic(
        "password",
        "",
        "words that no password may hold",
        &[texts(
            "forbidden",
            "names of the organisation, the product, the system",
        )],
    ),
    topic(
        "session",
        "",
        "how long sessions last",
        &[
            span("idle", "after which time without a request a session ends"),
            span("lifetime", "after which time it ends in any case"),
            text(
                "concurrent",
                "how many sessions somebody may have, and what happens to one more",
            ),
            text("why", "why these times"),
        ],
    ),
    topic(
        "token",
        "at",
        "how long tokens last",
        &[
            text("use", "what the token allows"),
            span("lifetime", "from issue to expiry"),
            text("why", "why this time"),
        ],
    ),
    topic(
        "proof",
        "at",
        "what is shown to get in or to change something: mailed links, invitations, challenges, signed tokens",
        &[
            text("use", "what it allows"),
            flag(
                "once",
                "is it good once? Then the function at this place removes or marks it",
            ),
            flag(
                "newest",
                "does a new one end those before it? Then the function at this place, which hands it out, does so",
            ),
            texts(
                "holder",
                "what it has to belong to, as the code calls it: `email`",
            ),
            texts("claims", "what a signed token has to carry: `exp`, `sub`"),
        ],
    ),
    topic(
        "provider",
        "name",
        "others who say who somebody is",
        &[
            text("who", "the provider, and for whom"),
            text(
                "logout",
                "what a logout here does there, and the other way round",
            ),
        ],
    ),
    topic(
        "limit",
        "at",
        "how often something may be asked for",
        &[
            count("max", "how often"),
            span("window", "within which time"),
            text("per", "counted by what: user, address, all"),
            texts("endpoints", "the endpoints that it protects"),
        ],
    ),
    topic(
        "rows",
        "table",
        "who sees and changes which rows of a table, held by its policies",
        &[
            text(
                "read",
                "who reads which rows; `anyone`, where everybody reads all of them",
            ),
            text("change", "who changes which rows"),
        ],
    ),
    topic(
        "upload",
        "at",
        "which files are taken",
        &[
            texts("types", "which kinds of files"),
            size("max", "how large"),
            text(
                "handling",
                "where they go, who may fetch them, what is scanned",
            ),
        ],
    ),
    topic(
        "browser",
        "",
        "what browsers have to support",
        &[
            texts("headers", "headers that pages rely on"),
            text(
                "unsupported",
                "what happens in browsers that do not know them",
            ),
        ],
    ),
    topic(
        "data",
        "class",
        "data that deserves protection",
        &[
            texts("names", "what it is called in the code"),
            text("access", "who may see it"),
            text("encrypted", "where: at rest, on the way"),
            flag("logged", "may it be in logs?"),
            text("retention", "how long it is kept"),
        ],
    ),
    topic(
        "secret",
        "name",
        "secrets that the application is given",
        &[
            text("use", "what it opens"),
            text("holder", "who holds it, and where it is kept"),
            span("rotate", "how often it changes"),
        ],
    ),
    topic(
        "algorithm",
        "name",
        "cryptography that is used",
        &[
            text("use", "what for"),
            text(
                "replace",
                "what follows it, and when: quantum computers break RSA and elliptic curves",
            ),
        ],
    ),
    topic(
        "service",
        "host",
        "services that are called",
        &[
            text("use", "what for, and which data goes there"),
            span("timeout", "how long an answer may take"),
            text("failure", "what happens when none comes: retries, fallback"),
            count("connections", "how many at a time"),
            text("exhausted", "what happens when all are in use"),
        ],
    ),
    topic(
        "log",
        "logger",
        "logs that are written",
        &[
            texts("events", "which security events it holds"),
            text("where", "where it goes, and in which form"),
            text("readers", "who may read it"),
            text("retention", "how long it is kept"),
        ],
    ),
    topic(
        "logging",
        "",
        "what no log may hold",
        &[
            texts(
                "struck",
                "names of members and headers that the logger strikes out of whatever it is given: `cookie`",
            ),
            flag("queries", "may addresses keep what stands behind `?`"),
        ],
    ),
    topic(
        "event",
        "name",
        "events of security that have to be written down or told",
        &[
            text(
                "where",
                "where it goes: the audit trail, a log, a mail to the owner",
            ),
            texts(
                "at",
                "the functions that write it: `src/users.js#Users.invite`",
            ),
        ],
    ),
    topic(
        "dangerous",
        "at",
        "code that does what is dangerous by nature",
        &[
            text("does", "what, and why it is needed"),
            text(
                "isolation",
                "what keeps a mistake in it from reaching the rest: a worker, a container, no network",
            ),
        ],
    ),
    topic(
        "expensive",
        "at",
        "work that takes much time or memory",
        &[text(
            "defence",
            "what keeps it from being asked for too often: a queue, a limit, a cache",
        )],
    ),
    topic(
        "library",
        "name",
        "libraries that have a history of flaws, or read complex formats",
        &[text(
            "watch",
            "why it is needed, and who watches its advisories",
        )],
    ),
    topic(
        "installation",
        "",
        "what packages may do when they are installed",
        &[flag("scripts", "may they run code of their own?")],
    ),
    topic(
        "remediation",
        "",
        "how soon flaws of libraries are mended",
        &[
            span("critical", "from the advisory to the mended release"),
            span("high", "the same"),
            span("medium", "the same"),
            span("low", "the same"),
        ],
    ),
];

/// The topic of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Topic> {
    ALL.iter().find(|topic| topic.name == name)
}

impl Topic {
    /// Whether it stands once.
    #[must_use]
    pub const fn single(&self) -> bool {
        self.by.is_empty()
    }

    /// One of its keys.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
