//! Names of what reads and parses what the client says: whether the name of a member stays that of what was read.

/// Members that hold what a route says under names of its own.
const HOLDERS: [&str; 6] = ["kwargs", "params", "searchParams", "query", "args", "form"];

/// Methods that read a member by a name that they are given.
const READERS: [&str; 6] = ["get", "getlist", "pop", "param", "getAll", "get_argument"];

/// Beginnings of names of what gives back the members that it is given.
const PARSERS: [&str; 7] = [
    "parse",
    "safeParse",
    "validate",
    "pick",
    "omit",
    "loads",
    "safe_load",
];

/// Names of what an address, or the part of one that has members, is read by.
const WRAPPERS: [&str; 3] = ["URL", "URLSearchParams", "parse_qs"];

/// Names of what makes a text of what is parsed then; they take no argument, or constants: `request.body.decode('utf-8')`.
const TEXTS: [&str; 3] = ["decode", "toString", "strip"];

/// Whether a call of this name reads a member that it is told.
pub(crate) fn reads(name: &str) -> bool {
    READERS.contains(&name)
}

/// Whether a member of this name holds others under names of their own.
pub(super) fn holds(name: &str) -> bool {
    HOLDERS.contains(&name)
}

/// Whether what a call of this name gives back has the members of what it is given. `constant`: it is given constants at most.
pub(super) fn parses(name: &str, constant: bool) -> bool {
    WRAPPERS.contains(&name)
        || PARSERS.iter().any(|word| name.starts_with(word))
        || constant && TEXTS.contains(&name)
}
