//! What the name of a guard says of it.

use crate::model::Guard;

/// Words in names of what stands before handlers and asks for something else than a login.
const OTHERS: [(&str, &[&str]); 2] = [
    (
        "rate-limit",
        &["ratelimit", "limiter", "throttl", "slowdown"],
    ),
    ("csrf", &["csrf", "xsrf"]),
];

/// What something is by its name that may want a login for all that its body tells: a limit of requests counts by who asks, a check of
/// CSRF tokens looks whether a session is there.
pub(super) fn beside_login(guard: &Guard) -> Option<Guard> {
    if guard.certain || guard.kind != "authentication" {
        return None;
    }
    let name = plain(&guard.name);
    let told = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let (kind, _) = OTHERS.iter().find(|(_, words)| told(words))?;
    Some(Guard {
        kind: (*kind).to_owned(),
        ..guard.clone()
    })
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// Whether the last name of a path says that it wants a login: `pga_login_required`, `app.authenticate`.
pub(crate) fn named_login(path: &str) -> bool {
    const WORDS: [&str; 12] = [
        "loginrequired",
        "requirelogin",
        "requireslogin",
        "requireauth",
        "requiresauth",
        "authrequired",
        "jwtrequired",
        "tokenrequired",
        "requireuser",
        "isauthenticated",
        "ensureauthenticated",
        "authenticated",
    ];
    let last = path.trim_end_matches("()").rsplit(['.', ':']).next();
    if last.is_some_and(crate::decoration::injected::names_login) {
        return true;
    }
    let name = path
        .split('(')
        .next()
        .and_then(|path| path.trim_end_matches(".deco").rsplit(['.', ':']).next())
        .unwrap_or_default();
    let plain = plain(name);
    plain == "authenticate" || WORDS.iter().any(|word| plain.contains(word))
}

/// Whether something from which handlers are built wants a login and nothing more, by its name: `protectedProcedure`; absent: it may want
/// more than that (`adminProcedure`). A name that says nothing at all is one of which only that is not known.
pub(super) fn named_builder(name: &str) -> Option<bool> {
    const ENDS: [&str; 3] = ["procedure", "actionclient", "action"];
    const LOGIN: [&str; 13] = [
        "auth",
        "authed",
        "authenticated",
        "loggedin",
        "private",
        "protected",
        "requireauth",
        "secure",
        "secured",
        "session",
        "signedin",
        "user",
        "verified",
    ];
    const PLAIN: [&str; 9] = [
        "",
        "base",
        "guest",
        "open",
        "optional",
        "public",
        "server",
        "trpc",
        "unauthenticated",
    ];
    let plain = plain(name);
    let word = ENDS.iter().find_map(|end| plain.strip_suffix(end));
    let word = word.unwrap_or(&plain);
    match word {
        word if LOGIN.contains(&word) => Some(true),
        word if PLAIN.contains(&word) => Some(false),
        _ => None,
    }
}
