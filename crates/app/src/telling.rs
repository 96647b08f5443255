//! What functions are called that only write down what happened, or tell others of it.

/// Beginnings of such names; what follows begins a word of its own.
const VERBS: [&str; 5] = ["log", "audit", "track", "capture", "emit"];

/// Parts that say it wherever they stand.
const PARTS: [&str; 5] = [
    "auditlog",
    "auditevent",
    "auditentry",
    "activitylog",
    "logevent",
];

/// Beginnings of names of what tells others that something happened.
const TOLD: [&str; 8] = [
    "send",
    "notify",
    "publish",
    "dispatch",
    "broadcast",
    "enqueue",
    "delay",
    "trigger",
];

/// Whether what a function of this name is given is passed on after the fact, and decides nothing: `signal.send(request=…)`.
pub(crate) fn tells(name: &str) -> bool {
    TOLD.iter().any(|verb| begins(name, verb))
}

/// A word at the beginning of a name; what follows begins a word of its own.
fn begins(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(|c: char| c == '_' || c.is_ascii_uppercase())
    })
}

/// Whether a function of this name writes down what happened, and asks nothing: `audit(ctx, …)`, `logActivity(…)`.
pub(crate) fn records(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if PARTS.iter().any(|part| flat.contains(part)) {
        return true;
    }
    VERBS.iter().any(|verb| {
        begins(name, verb)
            // `logIn` and `log_out` are about who it is.
            && !matches!(flat.as_str(), "login" | "logout" | "loginuser" | "logoutuser")
    })
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn names_that_write_down() {
        for name in [
            "audit",
            "log",
            "logActivity",
            "log_event",
            "createAuditLog",
            "writeAuditEvent",
            "track",
            "emit",
        ] {
            assert!(records(name), "{name}");
        }
        for name in [
            "login",
            "logIn",
            "log_out",
            "logout",
            "auditable",
            "catalog",
            "tracker",
            "emitter",
            "isAuditor",
            "blog",
        ] {
            assert!(!records(name), "{name}");
        }
    }
}
