//! What functions are called that only write down what happened.

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

/// Whether a function of this name writes down what happened, and asks nothing: `audit(ctx, …)`, `logActivity(…)`.
pub(super) fn records(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if PARTS.iter().any(|part| flat.contains(part)) {
        return true;
    }
    VERBS.iter().any(|verb| {
        name.strip_prefix(verb)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c == '_' || c.is_ascii_uppercase()))
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
