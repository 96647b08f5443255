//! What names say: they are taken apart into words, and words are looked at.

use smallvec::SmallVec;

/// A name in words: `currentPassword`, `current-password` and `CURRENT_PASSWORD` are `current_password`.
pub(crate) fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let chars: Vec<char> = name.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(at + 1);
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
            });
        if starts && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

/// Whether one of its words is one of these.
pub(super) fn has(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|word| words.contains(&word))
}

/// The name without what joins its words.
pub(super) fn flat(name: &str) -> String {
    name.replace('_', "")
}

/// Whether the flat name contains one of these.
pub(super) fn holds(name: &str, parts: &[&str]) -> bool {
    let flat: SmallVec<[u8; 64]> = name.bytes().filter(|b| *b != b'_').collect();
    parts.iter().any(|part| is_within(&flat, part.as_bytes()))
}

/// Whether a short text contains another: names are asked for some fifty parts each, and setting up a search takes longer than one.
fn is_within(text: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else {
        return true;
    };
    let mut left = text.iter();
    while left.any(|b| b == first) {
        if left.as_slice().starts_with(rest) {
            return true;
        }
    }
    false
}

/// Parts of names that speak of passwords and hold none.
const ABOUT: &[&str] = &[
    "smtp",
    "mail",
    "database",
    "db",
    "host",
    "sender",
    "redis",
    "proxy",
    "hash",
    "salt",
    "length",
    "field",
    "error",
    "policy",
    "expire",
    "expiry",
    "regex",
    "rules",
    "message",
    "forgot",
    "reset_token",
    "strength",
    "hint",
    "url",
    "link",
    "page",
    "valid",
    "less",
    "service",
    "manager",
    "label",
    "placeholder",
    "min",
    "max",
    "column",
    "attempts",
    "input",
    "encoder",
    "hasher",
];

/// Whether a name is that of a password as somebody types it.
pub(super) fn is_password(name: &str) -> bool {
    let says = has(
        name,
        &[
            "password",
            "passwd",
            "passphrase",
            "pwd",
            "pass",
            "passwort",
            "password1",
            "password2",
        ],
    ) || holds(name, &["password"]);
    says && !has(name, ABOUT)
        && !holds(
            name,
            &["hash", "crypted", "resetpasswordt", "passwordreset"],
        )
}

/// Whether a name is that of the password that somebody had before.
pub(super) fn is_old_password(name: &str) -> bool {
    is_password(name)
        && (has(
            name,
            &[
                "old", "current", "previous", "existing", "actual", "present",
            ],
        ) || holds(name, &["oldpass", "currentpass", "oldpwd", "currpass"]))
}

/// Whether a name is that of something that is typed a second time.
pub(super) fn is_repeated(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "again",
        "confirm",
        "confirmation",
        "repeat",
        "repeated",
        "retype",
        "twice",
    ];
    const PARTS: &[&str] = &[
        "password2",
        "passwordagain",
        "passwordconfirm",
        "passwordrepeat",
        "confirmpass",
        "repeatpass",
    ];
    has(name, WORDS) || holds(name, PARTS)
}

/// Whether a name is that of a short code which is typed or sent once.
pub(super) fn is_code(name: &str) -> bool {
    if has(
        name,
        &["otp", "totp", "hotp", "passcode", "otpcode", "otptoken"],
    ) {
        return true;
    }
    let code = has(name, &["code", "pin", "token"]);
    code && (has(
        name,
        &[
            "mfa", "2fa", "tfa", "factor", "sms", "login", "onetime", "security",
        ],
    ) || has(name, &["verification", "verify", "confirmation", "auth"])
        && has(name, &["code", "pin"])
        && !has(name, &["oauth", "authorization", "status", "error"])
        || holds(name, &["twofactor", "onetime"]))
}

/// Whether a name is that of what a message carries to let somebody in, or to confirm an address: a reset token, an
/// activation code, an invitation.
pub(super) fn is_ticket(name: &str) -> bool {
    let what = has(
        name,
        &[
            "token", "code", "key", "link", "hash", "pin", "secret", "nonce", "otp", "url",
        ],
    );
    let why = has(
        name,
        &[
            "reset",
            "forgot",
            "recovery",
            "recover",
            "activation",
            "activate",
            "verification",
            "verify",
            "confirmation",
            "confirm",
            "invite",
            "invitation",
            "otp",
            "magic",
        ],
    );
    what && why
        && !has(
            name,
            &["webhook", "csrf", "captcha", "recaptcha", "webauthn"],
        )
        || has(name, &["otp", "passcode"])
}

/// Whether a name says how long something holds.
pub(super) fn is_expiry(name: &str) -> bool {
    holds(
        name,
        &[
            "expir",
            "maxage",
            "validuntil",
            "validtill",
            "lifetime",
            "deadline",
        ],
    ) || has(name, &["ttl", "exp", "setex", "psetex", "ex", "until"])
}

/// Whether a name is one of those that this module looks at.
pub(super) fn matters(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "converter",
        "pass",
        "pwd",
        "otp",
        "code",
        "token",
        "session",
        "expir",
        "ttl",
        "mail",
        "phone",
        "mobile",
        "secret",
        "question",
        "hint",
        "answer",
        "maiden",
        "user",
        "provider",
        "issuer",
        "sub",
        "version",
        "factor",
        "mfa",
        "2fa",
        "created",
        "changed",
        "active",
        "disabled",
        "enabled",
        "banned",
        "blocked",
        "suspend",
        "deleted",
        "used",
        "consumed",
        "attempt",
        "counter",
        "age",
        "until",
        "lifetime",
        "backup",
        "recovery",
        "id",
        "pin",
        "exp",
        "ex",
        "status",
        "verified",
        "admin",
        "role",
        "pwn",
        "last",
    ];
    holds(name, PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_as_a_search_finds_them() {
        for (text, part) in [
            ("", ""),
            ("a", ""),
            ("", "a"),
            ("aab", "ab"),
            ("aaab", "aab"),
            ("abac", "abc"),
            ("password", "word"),
            ("word", "password"),
        ] {
            let found = is_within(text.as_bytes(), part.as_bytes());
            assert_eq!(found, text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn names_are_taken_apart() {
        for (name, words) in [
            ("currentPassword", "current_password"),
            ("CURRENT-PASSWORD", "current_password"),
            ("isMFACode", "is_mfa_code"),
            ("_id", "id"),
        ] {
            assert_eq!(plain(name), words);
        }
    }

    #[test]
    fn passwords_codes_and_tickets_are_told_apart() {
        assert!(is_password("new_password") && is_password("password") && is_password("pwd"));
        assert!(
            !is_password("password_hash")
                && !is_password("password_reset_token")
                && !is_password("passenger")
        );
        assert!(is_old_password("old_password") && is_old_password("oldpassword"));
        assert!(
            is_code("otp")
                && is_code("mfa_code")
                && is_code("verification_code")
                && !is_code("code")
        );
        assert!(!is_code("footprint") && !is_code("status_code"));
        assert!(
            is_ticket("reset_password_token")
                && is_ticket("activation_code")
                && !is_ticket("csrf_token")
        );
        assert!(is_expiry("reset_expires") && is_expiry("ttl") && !is_expiry("example"));
    }
}
