//! Middleware of packages that no model speaks of, and whose names speak of nobody: `koa-useragent`, `response-time`.
//!
//! Who wants to know who asks says so: the names of packages are how people find them. Packages of an organisation's own scope, and
//! names in which a word of the field stands, stay unknown.

/// Scopes of frameworks, under which middleware of all kinds is published.
const SCOPES: [&str; 9] = [
    "@koa/",
    "@fastify/",
    "@hono/",
    "@hapi/",
    "@elysiajs/",
    "@feathersjs/",
    "@adonisjs/",
    "@nestjs/",
    "@sentry/",
];

/// Parts of names of what may ask who it is, or keep somebody out.
const PARTS: [&str; 68] = [
    "auth",
    "login",
    "logon",
    "signin",
    "passport",
    "session",
    "jwt",
    "token",
    "user",
    "account",
    "member",
    "ident",
    "role",
    "acl",
    "rbac",
    "access",
    "permi",
    "polic",
    "guard",
    "gate",
    "shield",
    "protect",
    "secur",
    "verif",
    "check",
    "allow",
    "deny",
    "block",
    "ban",
    "restrict",
    "limit",
    "throttl",
    "firewall",
    "keycloak",
    "clerk",
    "okta",
    "stytch",
    "workos",
    "casbin",
    "cerbos",
    "sso",
    "saml",
    "oidc",
    "openid",
    "ldap",
    "kerber",
    "basic",
    "bearer",
    "hmac",
    "csrf",
    "private",
    "tenant",
    "jwk",
    "cookie",
    "openapi",
    "swagger",
    "valid",
    "frontegg",
    "descope",
    "stormpath",
    "privileg",
    "scope",
    "claim",
    "consent",
    "licen",
    "captcha",
    "hawk",
    "trust",
];

/// Words that only count as a whole.
const WORDS: [&str; 15] = [
    "key", "keys", "ip", "sign", "signed", "cas", "require", "ensure", "admin", "bell", "yar",
    "iam", "oso", "grant", "magic",
];

/// Beginnings of names of decorators that count, keep, measure, repeat or describe calls. Packages of Python have no scopes by which an
/// organisation's own could be told, so that only what the decorator itself is called counts.
const DECORATORS: [&str; 22] = [
    "ratelimit",
    "throttle",
    "limit",
    "cache",
    "memoize",
    "trace",
    "timed",
    "timer",
    "measure",
    "metric",
    "monitor",
    "instrument",
    "profile",
    "retry",
    "backoff",
    "swag",
    "deprecated",
    "crossdomain",
    "crossorigin",
    "gzip",
    "compress",
    "logcall",
];

/// Whether a decorator of Python is called after what it does with calls, whoever makes them: `brainzutils.ratelimit.ratelimit()`.
fn decorates_for_all(path: &str) -> bool {
    let name = path.trim_end_matches(".deco").trim_end_matches("()");
    let name = name.rsplit(['.', ':']).next().unwrap_or_default();
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let flat = flat.to_ascii_lowercase();
    // `limit_to_admins` is about somebody.
    let somebody = |part: &str| !matches!(part, "limit" | "throttl") && flat.contains(part);
    DECORATORS.iter().any(|word| flat.starts_with(word))
        && !PARTS.iter().any(|part| somebody(part))
        && !flat.contains("admin")
}

/// Whether a path leads to middleware of a package that says of nobody that it keeps them out: `npm:koa-sslify()`.
pub(super) fn speaks_of_nobody(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix("py:") {
        return decorates_for_all(rest);
    }
    let Some(rest) = path.strip_prefix("npm:") else {
        return false;
    };
    if rest.starts_with('@') && !SCOPES.iter().any(|scope| rest.starts_with(scope)) {
        return false;
    }
    // The function itself, what it makes, or a member of the package: nothing that was taken out of a list or a store.
    let plain = rest.trim_end_matches("()");
    if plain.contains(['(', '[']) || plain.matches('.').count() > 2 {
        return false;
    }
    let lower = rest.to_lowercase().replace("useragent", "");
    let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    !PARTS.iter().any(|part| lower.contains(part)) && !words.any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::speaks_of_nobody;

    #[test]
    fn names_tell() {
        for (path, nobody) in [
            ("npm:koa-useragent", true),
            ("npm:koa-sslify()", true),
            ("npm:@koa/etag()", true),
            ("npm:koa-helmet.dnsPrefetchControl()", true),
            ("npm:@acme/gateway()", false),
            ("npm:@acme/things()", false),
            ("npm:express-ip-filter()", false),
            ("npm:@hapi/bell", false),
            ("npm:express-openapi-validator.middleware()", false),
            ("npm:express-jwt-permissions().check()", false),
            ("npm:lodash.sortBy()[*].value.routes()", false),
            ("py:acme.thing()", false),
            ("py:acme.ratelimit.ratelimit()", true),
            ("py:acme.cached().deco", true),
            ("py:acme.limit_to_admins", false),
            ("py:acme.trace_user()", false),
        ] {
            assert_eq!(speaks_of_nobody(path), nobody, "{path}");
        }
    }
}
