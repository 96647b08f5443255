//! Names: how they are written in each language, and which are taken.

/// Whether this is lower snake case, starting with a letter, of at most 40 characters.
pub fn is_snake(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `order_item` as `OrderItem`.
pub fn pascal(name: &str) -> String {
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        })
        .collect()
}

/// `order_item` as `orderItem`.
pub fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut letters = pascal.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_lowercase().to_string() + letters.as_str()
    })
}

/// `order_item` as `order-item`.
pub fn kebab(name: &str) -> String {
    name.replace('_', "-")
}

/// `order_item` as `order item`.
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// The usual English plural.
pub fn plural(name: &str) -> String {
    let consonant_y = name
        .strip_suffix('y')
        .filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    if let Some(stem) = consonant_y {
        format!("{stem}ies")
    } else if ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}

/// Tables and routes that every generated backend has, whatever its description says.
pub const OF_EVERY_BACKEND: [&str; 12] = [
    "users",
    "sessions",
    "refresh_tokens",
    "audit_events",
    "idempotency_keys",
    "rate_limits",
    "invitations",
    "jobs",
    "auth",
    "health",
    "graphql",
    "live",
];

/// Tables, classes and variables that every generated backend has.
pub const TAKEN_ENTITIES: &[&str] = &[
    "account",
    "actor",
    "answer",
    "app",
    "audit",
    "audit_event",
    "auth",
    "body",
    "boolean",
    "cache",
    "config",
    "container",
    "controller",
    "cookie",
    "csrf",
    "cursor",
    "database",
    "date",
    "error",
    "exchange",
    "file",
    "file_type",
    "float",
    "graphql",
    "health",
    "idempotency_key",
    "identity",
    "int",
    "invitation",
    "job",
    "live",
    "logger",
    "mail",
    "mail_token",
    "map",
    "metric",
    "migration",
    "next",
    "object",
    "oidc",
    "outbound",
    "outgoing_event",
    "page",
    "passkey",
    "passkey_challenge",
    "password",
    "pool",
    "promise",
    "public_address",
    "rate_limit",
    "record",
    "recovery_code",
    "refresh_token",
    "relying_party",
    "repository",
    "request",
    "response",
    "retention",
    "role",
    "route",
    "router",
    "row",
    "saml",
    "saml_assertion",
    "schema",
    "second_factor",
    "server",
    "service",
    "session",
    "set",
    "shared_cache",
    "string",
    "table",
    "telemetry",
    "tenant",
    "token",
    "transaction",
    "transport",
    "user",
    "webhook",
    "webhook_event",
];

/// Columns that every table has.
pub const TAKEN_FIELDS: &[&str] = &[
    "id",
    "created_at",
    "updated_at",
    "version",
    "constructor",
    "prototype",
];

/// Words of SQL and TypeScript that would need quotes as a column or a variable.
pub const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "async",
    "await",
    "both",
    "break",
    "case",
    "cast",
    "catch",
    "check",
    "class",
    "collate",
    "column",
    "const",
    "constraint",
    "constructor",
    "continue",
    "create",
    "current_user",
    "debugger",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "enum",
    "except",
    "export",
    "extends",
    "false",
    "fetch",
    "finally",
    "for",
    "foreign",
    "from",
    "function",
    "grant",
    "group",
    "has_own_property",
    "having",
    "if",
    "implements",
    "import",
    "in",
    "initially",
    "instanceof",
    "interface",
    "intersect",
    "into",
    "lateral",
    "leading",
    "let",
    "limit",
    "localtime",
    "new",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "package",
    "placing",
    "primary",
    "private",
    "protected",
    "prototype",
    "public",
    "references",
    "return",
    "returning",
    "select",
    "session_user",
    "some",
    "static",
    "super",
    "switch",
    "symmetric",
    "table",
    "then",
    "this",
    "throw",
    "to",
    "to_string",
    "trailing",
    "true",
    "try",
    "typeof",
    "union",
    "unique",
    "user",
    "using",
    "value_of",
    "var",
    "variadic",
    "void",
    "when",
    "where",
    "while",
    "window",
    "with",
    "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        assert_eq!(pascal("order_item"), "OrderItem");
        assert_eq!(camel("order_item"), "orderItem");
        assert_eq!(kebab("order_item"), "order-item");
    }

    #[test]
    fn plurals() {
        for (one, many) in [
            ("note", "notes"),
            ("category", "categories"),
            ("box", "boxes"),
            ("day", "days"),
            ("branch", "branches"),
        ] {
            assert_eq!(plural(one), many);
        }
    }

    #[test]
    fn snake() {
        assert!(is_snake("order_item2"));
        for wrong in ["", "Order", "2x", "a__b", "a_", "a-b", "é"] {
            assert!(!is_snake(wrong), "{wrong}");
        }
    }
}
