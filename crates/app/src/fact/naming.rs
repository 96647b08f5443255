//! What the names of an endpoint say: whom it is for, whether somebody logs in, whether it changes something.

use crate::model::{Endpoint, Names};
use casemate_flow::origin::Solver;

/// What a name on a path says that everybody may read.
const FOR_READERS: &[&str] = &[
    "public",
    "index",
    "home",
    "about",
    "static",
    "redirect",
    "asset",
    "favicon",
    "robots",
    "sitemap",
    "ping",
    "status",
    "version",
    "docs",
    "swagger",
    "openapi",
    "manifest",
    "help",
    "terms",
    "privacy",
    "share",
    "publish",
    "image",
    "thumbnail",
    "metrics",
    "pixel",
    "unsubscribe",
    "track",
];

/// What a name on a path says where it changes something.
pub(super) const CHANGES: &[&str] = &[
    "delete", "remove", "destroy", "disable", "enable", "update", "create", "transfer", "approve",
    "revoke", "cancel", "add",
];

/// What the last name of a path says that everybody may ask for.
const FOR_ALL: &[&str] = &[
    "login",
    "signin",
    "signup",
    "register",
    "registration",
    "logout",
    "signout",
    "forgot",
    "reset",
    "verify",
    "confirm",
    "activate",
    "callback",
    "webhook",
    "hook",
    "health",
    "contact",
    "subscribe",
    "token",
    "refresh",
    "oauth",
    "auth",
    "session",
    "password",
    "bootstrap",
];

/// What the first name of a path says where nobody has an account yet.
const BEGINNINGS: &[&str] = &[
    "setup",
    "onboarding",
    "firstrun",
    "installer",
    "installation",
];

/// Names that paths begin with whatever they are for.
pub(super) const PREFIXES: &[&str] = &["", "api", "v", "rest"];

/// What it says where somebody logs in.
pub(super) const LOGINS: &[&str] = &[
    "login",
    "signin",
    "logon",
    "authenticate",
    "session",
    "sessions",
];

/// Names of what only those are told who may read: whoever knows it may.
const CAPABILITIES: [&str; 12] = [
    "code",
    "token",
    "hash",
    "secret",
    "short_code",
    "shortcode",
    "share_id",
    "share_key",
    "share_token",
    "link_id",
    "invite_code",
    "public_id",
];

/// Endings of names of what only those are told who may read it, in their plainest form.
const SECRETS: [&str; 6] = [
    "token",
    "secret",
    "hash",
    "signature",
    "nonce",
    "invitecode",
];

/// The name of a column says that it holds what nobody can guess: `share_token`.
pub(super) fn is_capability(column: &str) -> bool {
    let flat: String = column
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRETS.iter().any(|word| flat.ends_with(word))
}

/// Each record is found by what only those are told who may read it.
pub(super) fn by_capability(endpoint: &Endpoint) -> bool {
    let mut told = Names::default();
    for name in CAPABILITIES {
        told.add(Names::of(name));
    }
    let chosen = &endpoint.objects.chosen;
    !chosen.is_empty() && chosen.iter().all(|access| access.names.meets(told))
}

/// What a handler's own name says that everybody may ask for, whatever its path.
const OPEN_HANDLERS: &[&str] = &[
    "login", "signin", "signup", "register", "logout", "signout", "callback", "webhook", "forgot",
];

/// The handler's own name says that it is for everybody.
pub(super) fn named_open(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    endpoint.handlers.first().is_some_and(|handler| {
        let name = origins.program.func_name(*handler).to_lowercase();
        if endpoint.path.is_none() {
            for_all(&name) || name.starts_with("public")
        } else {
            OPEN_HANDLERS.iter().any(|word| name.contains(word))
        }
    })
}

/// Its name says that everybody may read it, or it has none.
pub(super) fn for_readers(endpoint: &Endpoint) -> bool {
    let mut some = false;
    for name in names(endpoint).filter(|name| !name.is_empty()) {
        some = true;
        if FOR_READERS.iter().any(|word| name.contains(word)) {
            return true;
        }
    }
    !some && endpoint.path.is_some()
}

/// The names on a path, lower case, without what is no letter.
pub(super) fn names(endpoint: &Endpoint) -> impl Iterator<Item = String> + '_ {
    let path = endpoint.path.as_deref().unwrap_or_default();
    path.split(['/', '.']).map(|name| {
        name.chars()
            .filter(char::is_ascii_alphabetic)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    })
}

pub(super) fn for_all(name: &str) -> bool {
    FOR_ALL.iter().any(|word| name.contains(word))
}

/// Its names say that it is for everybody.
pub(super) fn for_everybody(endpoint: &Endpoint) -> bool {
    begins_all(endpoint) || names(endpoint).any(|name| for_all(&name))
}

/// Its path begins with what is there before anybody is.
pub(super) fn begins_all(endpoint: &Endpoint) -> bool {
    let first = names(endpoint).find(|name| !PREFIXES.contains(&name.as_str()));
    first.is_some_and(|name| BEGINNINGS.iter().any(|word| name.starts_with(word)))
}
