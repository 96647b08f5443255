//! What whole applications with passwords of their own have and have not, as facts: one a unit, at the place where most
//! passwords are set.

use super::password::Set;
use super::words::{self, has, holds};
use super::{Ground, Signs, signin, tri};
use crate::model::Answer;
use casemate_flow::result::{Fact, FactValue};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The order in which places tell of a whole unit.
const ORDER: [&str; 5] = ["register", "reset", "change", "admin", "other"];

pub(super) fn facts(ground: &Ground<'_, '_, '_>, sets: &[Set], rules: &[Fact]) -> Vec<Fact> {
    let mut by_unit: BTreeMap<u32, Vec<&Set>> = BTreeMap::new();
    for set in sets {
        by_unit.entry(set.unit).or_default().push(set);
    }
    let mut out = Vec::new();
    for (unit, sets) in by_unit {
        let order = |set: &&&Set| ORDER.iter().position(|k| *k == set.kind);
        let Some(told) = sets.iter().min_by_key(order) else {
            continue;
        };
        let signs = ground.signs_at(told.site);
        let measured = rules
            .iter()
            .filter(|f| f.fact == "password.rule" && ground.book.unit_of(f.site.file) == unit)
            .any(|f| {
                f.values
                    .iter()
                    .any(|(n, v)| n == "minimum" && *v != FactValue::Absent)
            });
        let elsewhere = checked_elsewhere(signs);
        let or_unknown = |yes: bool| match (yes, elsewhere) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::Unknown,
            (false, false) => Answer::No,
        };
        let breach = breached(signs);
        let endings = ground.endpoints().any(|(e, _)| {
            super::said(e, ground.origins()).iter().any(|n| {
                has(n, &["sessions", "devices"])
                    || holds(
                        n,
                        &[
                            "logoutall",
                            "signoutall",
                            "revokeall",
                            "activesessions",
                            "logouteverywhere",
                        ],
                    )
            })
        });
        let changed = sets.iter().any(|s| ["change", "reset"].contains(&s.kind))
            || signs.apis.iter().any(|api| {
                api.contains("PasswordChange")
                    || api.contains("auth.urls")
                    || api.contains("PasswordReset")
                    || api.contains("allauth")
                    || api.contains("djoser")
                    || api.contains("flask_security")
            })
            || signs.names.iter().any(|n| {
                holds(
                    n,
                    &[
                        "changepassword",
                        "updatepassword",
                        "setpassword",
                        "resetpassword",
                        "passwordchange",
                        "passwordreset",
                        "passwordupdate",
                        "editpassword",
                        "newpassword",
                    ],
                )
            });
        let registers = sets.iter().any(|s| s.kind == "register");
        let mails = sets
            .iter()
            .filter(|s| ["change", "reset"].contains(&s.kind))
            .map(|s| s.told)
            .min();
        let factor = factor(ground, signs);
        let values = [
            ("measured", tri(or_unknown(measured))),
            ("common", tri(or_unknown(breach || common(signs)))),
            ("breached", tri(or_unknown(breach))),
            ("context", tri(or_unknown(context(signs)))),
            ("registers", FactValue::Bool(registers)),
            ("changed", FactValue::Bool(changed)),
            ("sessions", FactValue::Bool(endings)),
            ("told", mails.map_or(FactValue::Absent, tri)),
            ("factor", factor),
        ];
        out.push(Fact {
            fact: "account.policy".to_owned(),
            site: told.site,
            function: told.function,
            callee: told.callee.clone(),
            values: values.map(|(n, v)| (n.to_owned(), v)).to_vec(),
        });
    }
    out
}

/// Something of which nothing is known may check passwords.
fn checked_elsewhere(signs: &Signs) -> bool {
    signs.calls.iter().any(|call| {
        let name = call.rsplit('.').next().unwrap_or_default();
        let of_password =
            has(name, &["password", "passwords", "pwd", "pw"]) || holds(name, &["password"]);
        of_password
            && has(
                name,
                &[
                    "validate",
                    "validator",
                    "strength",
                    "policy",
                    "strong",
                    "check",
                    "is",
                    "valid",
                    "rules",
                    "enforce",
                    "assert",
                ],
            )
            && !has(
                name,
                &["hash", "compare", "match", "matches", "verify", "correct"],
            )
            && !signs.names.contains(name)
            && !["check_password", "check_password_hash", "is_password"].contains(&name)
    }) || signs.apis.iter().any(|api| {
        [
            "password-validator",
            "owasp-password-strength-test",
            "password_strength",
            "password_validation.validate_password",
            "check-password-strength",
            "joi-password",
            "flask_security",
            "allauth",
            "better-auth",
            "supabase",
            "firebase",
        ]
        .iter()
        .any(|part| api.contains(part))
    }) || signs
        .sets
        .iter()
        .chain(&signs.reads)
        .any(|n| &**n == "auth_password_validators")
}

fn common(signs: &Signs) -> bool {
    let list = |name: &Rc<str>| {
        holds(
            name,
            &[
                "commonpassword",
                "weakpassword",
                "bannedpassword",
                "forbiddenpassword",
                "passwordblacklist",
                "passworddenylist",
                "passwordblocklist",
                "toppassword",
                "worstpassword",
                "leakedpassword",
                "zxcvbn",
            ],
        ) || has(name, &["password", "passwords"])
            && has(
                name,
                &[
                    "common",
                    "blacklist",
                    "denylist",
                    "blocklist",
                    "banned",
                    "forbidden",
                    "dictionary",
                    "worst",
                    "known",
                    "leaked",
                ],
            )
    };
    signs
        .names
        .iter()
        .chain(&signs.calls)
        .chain(&signs.sets)
        .chain(&signs.reads)
        .any(list)
        || signs.apis.iter().any(|api| {
            api.contains("zxcvbn")
                || api.contains("CommonPasswordValidator")
                || api.contains("common-password")
                || api.contains("common_passwords")
        })
}

fn breached(signs: &Signs) -> bool {
    let says = |name: &Rc<str>| {
        holds(
            name,
            &[
                "pwned",
                "hibp",
                "breachedpassword",
                "haveibeenpwned",
                "passwordbreach",
                "compromisedpassword",
            ],
        )
    };
    signs.names.iter().chain(&signs.calls).any(says)
        || signs
            .apis
            .iter()
            .any(|api| api.contains("pwned") || api.contains("hibp"))
}

fn context(signs: &Signs) -> bool {
    signs
        .names
        .iter()
        .chain(&signs.calls)
        .chain(&signs.sets)
        .any(|n| {
            holds(
                n,
                &[
                    "attributesimilarity",
                    "userinputs",
                    "contextwords",
                    "forbiddenwords",
                    "containsname",
                    "containsemail",
                    "containsusername",
                    "similartouser",
                ],
            )
        })
        || signs.apis.iter().any(|api| api.contains("zxcvbn"))
}

/// Whether second factors that are set up can be taken away again; absent where there are none.
fn factor(ground: &Ground<'_, '_, '_>, signs: &Signs) -> FactValue {
    if !signin::keeps_second_factor(signs) {
        return FactValue::Absent;
    }
    let of_factor = |n: &String| {
        has(
            n,
            &[
                "mfa",
                "2fa",
                "tfa",
                "totp",
                "otp",
                "webauthn",
                "passkey",
                "passkeys",
                "authenticator",
            ],
        ) || holds(n, &["twofactor"])
    };
    let mut sets_up = false;
    let mut takes_away = false;
    for (endpoint, _) in ground.endpoints() {
        let named = super::said(endpoint, ground.origins());
        if !named.iter().any(of_factor) {
            continue;
        }
        sets_up |= named.iter().any(|n| {
            has(
                n,
                &["setup", "enable", "enroll", "register", "activate", "add"],
            )
        });
        takes_away |= endpoint.method == "delete"
            || named.iter().any(|n| {
                has(
                    n,
                    &[
                        "disable",
                        "remove",
                        "delete",
                        "revoke",
                        "deactivate",
                        "unenroll",
                        "reset",
                    ],
                )
            });
    }
    if sets_up {
        FactValue::Bool(takes_away)
    } else {
        FactValue::Unknown
    }
}

/// Words of this module, where others need them.
pub(super) fn is_question(name: &str) -> bool {
    let flat = words::flat(name);
    [
        "securityquestion",
        "secretquestion",
        "securityanswer",
        "secretanswer",
        "passwordhint",
        "hintquestion",
        "mothermaiden",
        "mothersmaiden",
        "maidenname",
    ]
    .iter()
    .any(|part| flat.contains(part))
}
