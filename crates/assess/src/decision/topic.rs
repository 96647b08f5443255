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

const fn key(name: &'static str, kind: Kind, asks: &'static str) -> Key {
    Key { name, kind, asks }
}

/// All, in the order of the draft.
pub const ALL: [Topic; 18] = [
    Topic {
        name: "access",
        says: "who may use which endpoint",
        by: "endpoint",
        keys: &[
            key(
                "who",
                Kind::Text,
                "`anyone`, `signed in`, or the roles that may",
            ),
            key("owner", Kind::Flag, "only their own records?"),
        ],
    },
    Topic {
        name: "login",
        says: "the ways to log in, and what stands against guessing",
        by: "endpoint",
        keys: &[
            key(
                "how",
                Kind::Text,
                "what is proved, and how strong that is: `password`, `password and TOTP` …",
            ),
            key(
                "attempts",
                Kind::Count,
                "wrong attempts before something happens",
            ),
            key("window", Kind::Span, "within which time they are counted"),
            key(
                "then",
                Kind::Text,
                "what happens then: a delay, a lock, and who lifts it",
            ),
        ],
    },
    Topic {
        name: "password",
        says: "words that no password may hold",
        by: "",
        keys: &[key(
            "forbidden",
            Kind::Texts,
            "names of the organisation, the product, the system",
        )],
    },
    Topic {
        name: "session",
        says: "how long sessions last",
        by: "",
        keys: &[
            key(
                "idle",
                Kind::Span,
                "after which time without a request a session ends",
            ),
            key(
                "lifetime",
                Kind::Span,
                "after which time it ends in any case",
            ),
            key(
                "concurrent",
                Kind::Text,
                "how many sessions somebody may have, and what happens to one more",
            ),
            key("why", Kind::Text, "why these times"),
        ],
    },
    Topic {
        name: "token",
        says: "how long tokens last",
        by: "at",
        keys: &[
            key("use", Kind::Text, "what the token allows"),
            key("lifetime", Kind::Span, "from issue to expiry"),
            key("why", Kind::Text, "why this time"),
        ],
    },
    Topic {
        name: "provider",
        says: "others who say who somebody is",
        by: "name",
        keys: &[
            key("who", Kind::Text, "the provider, and for whom"),
            key(
                "logout",
                Kind::Text,
                "what a logout here does there, and the other way round",
            ),
        ],
    },
    Topic {
        name: "limit",
        says: "how often something may be asked for",
        by: "at",
        keys: &[
            key("max", Kind::Count, "how often"),
            key("window", Kind::Span, "within which time"),
            key("per", Kind::Text, "counted by what: user, address, all"),
            key("endpoints", Kind::Texts, "the endpoints that it protects"),
        ],
    },
    Topic {
        name: "upload",
        says: "which files are taken",
        by: "at",
        keys: &[
            key("types", Kind::Texts, "which kinds of files"),
            key("max", Kind::Size, "how large"),
            key(
                "handling",
                Kind::Text,
                "where they go, who may fetch them, what is scanned",
            ),
        ],
    },
    Topic {
        name: "browser",
        says: "what browsers have to support",
        by: "",
        keys: &[
            key("headers", Kind::Texts, "headers that pages rely on"),
            key(
                "unsupported",
                Kind::Text,
                "what happens in browsers that do not know them",
            ),
        ],
    },
    Topic {
        name: "data",
        says: "data that deserves protection",
        by: "class",
        keys: &[
            key("names", Kind::Texts, "what it is called in the code"),
            key("access", Kind::Text, "who may see it"),
            key("encrypted", Kind::Text, "where: at rest, on the way"),
            key("logged", Kind::Flag, "may it be in logs?"),
            key("retention", Kind::Text, "how long it is kept"),
        ],
    },
    Topic {
        name: "secret",
        says: "secrets that the application is given",
        by: "name",
        keys: &[
            key("use", Kind::Text, "what it opens"),
            key("holder", Kind::Text, "who holds it, and where it is kept"),
            key("rotate", Kind::Span, "how often it changes"),
        ],
    },
    Topic {
        name: "algorithm",
        says: "cryptography that is used",
        by: "name",
        keys: &[
            key("use", Kind::Text, "what for"),
            key(
                "replace",
                Kind::Text,
                "what follows it, and when: quantum computers break RSA and elliptic curves",
            ),
        ],
    },
    Topic {
        name: "service",
        says: "services that are called",
        by: "host",
        keys: &[
            key("use", Kind::Text, "what for, and which data goes there"),
            key("timeout", Kind::Span, "how long an answer may take"),
            key(
                "failure",
                Kind::Text,
                "what happens when none comes: retries, fallback",
            ),
            key("connections", Kind::Count, "how many at a time"),
            key("exhausted", Kind::Text, "what happens when all are in use"),
        ],
    },
    Topic {
        name: "log",
        says: "logs that are written",
        by: "logger",
        keys: &[
            key("events", Kind::Texts, "which security events it holds"),
            key("where", Kind::Text, "where it goes, and in which form"),
            key("readers", Kind::Text, "who may read it"),
            key("retention", Kind::Text, "how long it is kept"),
        ],
    },
    Topic {
        name: "dangerous",
        says: "code that does what is dangerous by nature",
        by: "at",
        keys: &[
            key("does", Kind::Text, "what, and why it is needed"),
            key(
                "isolation",
                Kind::Text,
                "what keeps a mistake in it from reaching the rest: a worker, a container, no network",
            ),
        ],
    },
    Topic {
        name: "expensive",
        says: "work that takes much time or memory",
        by: "at",
        keys: &[key(
            "defence",
            Kind::Text,
            "what keeps it from being asked for too often: a queue, a limit, a cache",
        )],
    },
    Topic {
        name: "library",
        says: "libraries that have a history of flaws, or read complex formats",
        by: "name",
        keys: &[key(
            "watch",
            Kind::Text,
            "why it is needed, and who watches its advisories",
        )],
    },
    Topic {
        name: "remediation",
        says: "how soon flaws of libraries are mended",
        by: "",
        keys: &[
            key(
                "critical",
                Kind::Span,
                "from the advisory to the mended release",
            ),
            key("high", Kind::Span, "the same"),
            key("medium", Kind::Span, "the same"),
            key("low", Kind::Span, "the same"),
        ],
    },
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
