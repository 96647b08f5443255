//! Logins through other services: by what a known account is found.

use super::own::Deed;
use super::words::{has, holds};
use super::{Ground, about, said, tri};
use crate::model::Answer;
use casemate_flow::result::{Fact, FactValue};

pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for (package, func) in &ground.book.strategies {
        let other = [
            "local",
            "jwt",
            "http",
            "custom",
            "anonymous",
            "remember",
            "totp",
            "headerapikey",
            "unique-token",
            "magic",
        ];
        let strategy = package.split("passport").nth(1).unwrap_or_default();
        if other.iter().any(|word| strategy.contains(word))
            || strategy.is_empty()
            || strategy.starts_with('.')
        {
            continue;
        }
        let deeds = ground.book.from(&[*func]);
        if !deeds.does(Deed::ReadsPersons) {
            continue;
        }
        let subject = deeds.reads_any(|n| {
            [
                "id",
                "sub",
                "oid",
                "provider",
                "name_id",
                "nameid",
                "provider_id",
            ]
            .contains(&n)
                || holds(
                    n,
                    &[
                        "googleid",
                        "githubid",
                        "facebookid",
                        "providerid",
                        "authid",
                        "externalid",
                        "subject",
                    ],
                )
        }) || deeds.sets_any(|n| {
            holds(
                n,
                &[
                    "googleid",
                    "githubid",
                    "facebookid",
                    "twitterid",
                    "linkedinid",
                    "microsoftid",
                    "providerid",
                    "externalid",
                    "subject",
                    "providerkey",
                ],
            ) || has(n, &["sub", "provider"])
        });
        let by_mail = deeds.reads_any(|n| has(n, &["email", "emails", "mail"]));
        let answer = match (subject, by_mail, deeds.obscure) {
            (true, ..) => Answer::Yes,
            (false, true, false) => Answer::No,
            _ => Answer::Unknown,
        };
        let f = ground.origins().program.func(*func);
        out.push(Fact {
            fact: "identity.found".to_owned(),
            site: casemate_flow::result::Site {
                file: f.file_idx,
                span: f.func.head,
            },
            function: *func,
            callee: package.clone(),
            values: vec![("subject".to_owned(), tri(answer))],
        });
    }
    for (endpoint, done) in ground.endpoints() {
        let own = &done.own;
        let by_service = own.apis.iter().any(|api| {
            [
                "authorize_access_token",
                "fetch_token",
                "parse_id_token",
                "verify_oauth2_token",
            ]
            .iter()
            .any(|name| api.ends_with(name))
        }) || own.calls.iter().any(|c| {
            [
                "authorize_access_token",
                "verify_id_token",
                "get_token",
                "fetch_token",
            ]
            .iter()
            .any(|n| c.ends_with(n))
        }) && said(endpoint, ground.origins()).iter().any(|n| {
            has(
                n,
                &[
                    "callback",
                    "authorize",
                    "authorized",
                    "oauth",
                    "google",
                    "github",
                    "sso",
                    "oidc",
                ],
            )
        });
        if !by_service || !own.does(Deed::ReadsPersons) {
            continue;
        }
        let subject = own.reads_any(|n| {
            ["sub", "oid", "provider", "subject"].contains(&n)
                || holds(n, &["providerid", "googleid", "githubid", "externalid"])
        }) || own.sets_any(|n| {
            has(n, &["sub", "provider", "oid"])
                || holds(n, &["providerid", "googleid", "githubid", "externalid"])
        });
        let by_mail = own.reads_any(|n| has(n, &["email", "emails", "mail"]));
        let answer = match (subject, by_mail) {
            (true, _) => Answer::Yes,
            (false, true) => done.tells(false),
            _ => Answer::Unknown,
        };
        out.push(about(
            ground,
            "identity.found",
            endpoint,
            vec![("subject", tri(answer))],
        ));
    }
    out
}

/// A fact's value, for others that ask.
pub(super) fn value<'f>(fact: &'f Fact, name: &str) -> Option<&'f FactValue> {
    fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}
