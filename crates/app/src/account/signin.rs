//! Where people log in and out.

use super::own::Deed;
use super::words::{self, has, holds};
use super::{Done, Ground, about, said, tri};
use crate::model::{Answer, Endpoint, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::result::{Fact, FactValue};
use std::collections::BTreeSet;

/// Whether somebody logs in by a password.
pub(super) fn is_login(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    crate::fact::is_login(endpoint, origins)
}

/// Whether somebody logs in by a password: it is called so and does so, or it compares a password and hands out a token.
pub(super) fn logs_in(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> bool {
    let joins = said(endpoint, ground.origins()).iter().any(|name| {
        has(
            name,
            &[
                "signup",
                "register",
                "registration",
                "join",
                "reset",
                "change",
                "forgot",
                "update",
                "delete",
            ],
        )
    });
    if joins {
        return false;
    }
    is_login(endpoint, ground.origins())
        || super::is_write(endpoint)
            && done.own.reads_any(words::is_password)
            && done.own.does(Deed::Verify)
            && (done.own.does(Deed::Sign) || done.own.does(Deed::Login))
            && !done.own.reads_any(words::is_old_password)
}

pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = lifetimes(ground);
    for (endpoint, done) in ground.endpoints() {
        if logs_in(ground, endpoint, done) {
            out.push(login(ground, endpoint, done));
        }
        if let Some(fact) = logout(ground, endpoint, done) {
            out.push(fact);
        }
        if let Some(fact) = disabled(ground, endpoint, done) {
            out.push(fact);
        }
        if let Some(fact) = contact(ground, endpoint, done) {
            out.push(fact);
        }
    }
    out
}

/// A month, in milliseconds.
const MONTH: f64 = 30.0 * 86_400_000.0;

/// How long sessions last: what is configured, and what the libraries do without.
fn lifetimes(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let sessions = ground.known.iter().filter(|f| f.fact == "session");
    let of = |fact: &Fact| {
        let value = |name: &str| fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        // What is kept in a signed cookie is taken whatever its age.
        if fact.callee.contains("npm:cookie-session") {
            return (Answer::No, Answer::No);
        }
        if !fact.callee.contains("npm:express-session") {
            return (Answer::Unknown, Answer::Unknown);
        }
        let idle = match (value("maxAge"), value("store")) {
            (Some(FactValue::Number(n)), _) if *n > MONTH => Answer::No,
            (Some(FactValue::Number(_)), _) => Answer::Yes,
            // The store in memory forgets nothing; others have an end of their own.
            (Some(FactValue::Absent | FactValue::Null) | None, Some(FactValue::Absent) | None) => {
                Answer::No
            }
            (Some(FactValue::Absent | FactValue::Null) | None, Some(FactValue::Present)) => {
                Answer::Yes
            }
            _ => Answer::Unknown,
        };
        // Without `rolling` the browser forgets the cookie in time, the store is asked again with each request.
        let absolute = match value("rolling") {
            Some(FactValue::Bool(true)) => Answer::No,
            _ => Answer::Unknown,
        };
        (idle, absolute)
    };
    sessions
        .map(|fact| {
            let (idle, absolute) = of(fact);
            Fact {
                fact: "session.lifetime".to_owned(),
                site: fact.site,
                function: fact.function,
                callee: fact.callee.clone(),
                values: vec![
                    ("idle".to_owned(), tri(idle)),
                    ("absolute".to_owned(), tri(absolute)),
                ],
            }
        })
        .collect()
}

fn login(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Fact {
    let book = ground.book;
    let signs = ground.signs_at(endpoint.site);
    let by_passport = endpoint
        .chain
        .iter()
        .any(|m| matches!(&m.what, Stage::Package(path) if book.origins.paths.text(*path).contains("passport")))
        || done.own.apis.iter().any(|api| api.contains("passport"));
    let strategies: Vec<_> = book
        .strategies
        .iter()
        .filter(|(package, _)| package.contains("passport-local"))
        .map(|(_, f)| *f)
        .collect();
    let local = if by_passport {
        book.from(&strategies)
    } else {
        book.from(&[])
    };
    let by_library = endpoint.handlers.is_empty() && local.functions.is_empty();
    let tells = |yes: bool| match done.tells(yes) {
        Answer::No if by_library || local.obscure => Answer::Unknown,
        answer => answer,
    };
    let request_logger = signs.apis.iter().any(|api| {
        [
            "npm:morgan",
            "npm:pino-http",
            "npm:express-winston",
            "npm:koa-logger",
            "npm:hono/logger",
            "npm:express-pino-logger",
            "npm:koa-pino-logger",
            "npm:express-bunyan-logger",
        ]
        .iter()
        .any(|start| api.starts_with(start))
    });
    let logs: Vec<_> = done.own.logs.iter().chain(&local.logs).collect();
    let logged = match tells(!logs.is_empty() || done.before.does(Deed::Log)) {
        // A log of requests says that somebody tried, and with which answer.
        Answer::No if request_logger => Answer::Unknown,
        answer => answer,
    };
    let who = if logs.is_empty() {
        FactValue::Absent
    } else {
        FactValue::Bool(logs.iter().any(|log| log.says_more))
    };
    let texts: Vec<&str> = done
        .own
        .texts
        .iter()
        .chain(&local.texts)
        .map(String::as_str)
        .collect();
    let second = second_factor(ground, endpoint, done);
    let fixed = fixed_token(ground, done);
    about(
        ground,
        "account.login",
        endpoint,
        vec![
            ("logged", tri(logged)),
            ("who", who),
            (
                "reveals",
                tri(if reveals(&texts) {
                    Answer::Yes
                } else {
                    tells(false)
                }),
            ),
            ("second", tri(second)),
            ("fixed", tri(fixed)),
            ("limit", tri(endpoint.guarded("rate-limit"))),
        ],
    )
}

/// Whether the login asks for a second factor: *no* where the whole unit has none.
fn second_factor(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Answer {
    if done.own.does(Deed::ChecksCode) {
        return Answer::Yes;
    }
    let signs = ground.signs_at(endpoint.site);
    if has_second_factor(signs) {
        return Answer::Unknown;
    }
    done.tells(false)
}

/// Whether a unit has anything to do with second factors, or leaves logins to others.
pub(super) fn has_second_factor(signs: &super::Signs) -> bool {
    const OTHERS: &[&str] = &[
        "openid",
        "saml",
        "oauth",
        "auth0",
        "clerk",
        "keycloak",
        "okta",
        "cognito",
        "next-auth",
        "allauth",
        "msal",
        "better-auth",
        "supabase",
        "firebase",
    ];
    let by_others = |api: &std::rc::Rc<str>| OTHERS.iter().any(|part| api.contains(part));
    keeps_second_factor(signs) || signs.apis.iter().any(by_others)
}

/// Whether a unit keeps second factors itself.
pub(super) fn keeps_second_factor(signs: &super::Signs) -> bool {
    // Every endpoint asks it of the whole unit.
    *signs
        .second_factor
        .get_or_init(|| names_second_factor(signs))
}

fn names_second_factor(signs: &super::Signs) -> bool {
    const LIBRARIES: &[&str] = &[
        "otplib",
        "speakeasy",
        "pyotp",
        "django_otp",
        "webauthn",
        "otpauth",
        "notp",
    ];
    let names = signs
        .names
        .iter()
        .chain(&signs.reads)
        .chain(&signs.sets)
        .chain(&signs.calls);
    let named = names.into_iter().any(|name| {
        has(
            name,
            &[
                "mfa", "2fa", "tfa", "totp", "otp", "webauthn", "passkey", "passkeys",
            ],
        ) || holds(name, &["twofactor", "secondfactor", "multifactor"])
    });
    named
        || signs
            .apis
            .iter()
            .any(|api| LIBRARIES.iter().any(|part| api.contains(part)))
}

/// A cookie that says who is logged in has the same value for everybody.
fn fixed_token(ground: &Ground<'_, '_, '_>, done: &Done) -> Answer {
    let mut answer = done.tells(false);
    let functions: BTreeSet<_> = done.own.functions.iter().collect();
    for fact in ground
        .known
        .iter()
        .filter(|f| f.fact == "cookie" && functions.contains(&f.function))
    {
        let value = |name: &str| fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let Some(FactValue::Str(name)) = value("name") else {
            continue;
        };
        let name = words::plain(name);
        let of_login = has(
            &name,
            &[
                "session",
                "sessionid",
                "auth",
                "token",
                "login",
                "loggedin",
                "logged",
                "authenticated",
                "admin",
                "sid",
                "role",
                "access",
            ],
        ) || holds(
            &name,
            &["loggedin", "isadmin", "isauth", "authtoken", "sessionid"],
        );
        if of_login
            && matches!(
                value("value"),
                Some(FactValue::Str(_) | FactValue::Bool(true) | FactValue::Number(_))
            )
        {
            // What else is set decides as well.
            if !done.own.does(Deed::Sign)
                && !done.own.does(Deed::Login)
                && !done.own.sets_any(|n| has(n, &["user", "userid"]))
            {
                return Answer::Yes;
            }
            answer = Answer::Unknown;
        }
    }
    answer
}

/// Whether the answers tell somebody unknown from a wrong password.
fn reveals(texts: &[&str]) -> bool {
    unknown_account(texts)
        && texts.iter().any(|text| {
            text.contains("password")
                && [
                    "wrong",
                    "incorrect",
                    "invalid",
                    "not match",
                    "n't match",
                    "mismatch",
                    "bad password",
                    "not correct",
                    "not valid",
                ]
                .iter()
                .any(|w| text.contains(w))
                && ![
                    "user",
                    "email",
                    "e-mail",
                    "account",
                    "login",
                    "credential",
                    "confirm",
                ]
                .iter()
                .any(|w| text.contains(w))
        })
}

/// Whether an answer says that there is no such account.
pub(super) fn unknown_account(texts: &[&str]) -> bool {
    texts.iter().any(|text| {
        ["user", "account", "email", "e-mail"]
            .iter()
            .any(|w| text.contains(w))
            && [
                "not found",
                "not exist",
                "n't exist",
                "no such",
                "not registered",
                "no user",
                "no account",
                "unknown user",
                "invalid user",
                "incorrect user",
                "wrong user",
                "invalid username",
                "incorrect email",
                "wrong email",
                "not find",
                "n't find",
            ]
            .iter()
            .any(|w| text.contains(w))
            && !text.contains("password")
            && text.contains(' ')
    })
}

/// Somebody logs out: whether that ends anything on the server.
fn logout(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Option<Fact> {
    let named = said(endpoint, ground.origins());
    let last = named.iter().rev().take(2);
    let is_logout = last.into_iter().any(|name| {
        holds(name, &["logout", "signout", "logoff"])
            && !has(name, &["redirect", "success", "page", "url", "callback"])
    });
    if !is_logout || endpoint.handlers.is_empty() {
        return None;
    }
    let own = &done.own;
    let ends = own.does(Deed::Ends)
        || own.does(Deed::Deletes)
        || own.does(Deed::Writes)
        || own.sets_any(|n| {
            holds(
                n,
                &[
                    "tokenversion",
                    "sessionversion",
                    "revoked",
                    "lastlogout",
                    "loggedout",
                ],
            )
        });
    // A session that the browser keeps whole lasts wherever a copy of it is.
    let apis = &ground.signs_at(endpoint.site).apis;
    let any = |start: &str| apis.iter().any(|api| api.starts_with(start));
    let kept_by_client = (any("py:flask.") || any("npm:cookie-session"))
        && !any("py:flask_session")
        && !own.does(Deed::Deletes)
        && !own.does(Deed::Writes);
    // A signed token that nothing looks up goes on, whatever is called or deleted, unless something is written that stops it.
    let signed = [
        "npm:passport-jwt",
        "npm:jsonwebtoken",
        "npm:jose",
        "py:jwt.",
        "py:jose.",
    ];
    let believed =
        signed.iter().any(|api| any(api)) && !any("npm:express-session") && !own.does(Deed::Writes);
    let answer = if ends && !kept_by_client && !believed {
        Answer::Yes
    } else if ends || own.does(Deed::Pops) {
        Answer::Unknown
    } else {
        done.tells(false)
    };
    // What only shows a page, or hands on, ends nothing and need not.
    if answer == Answer::No
        && !own.does(Deed::ClearsCookie)
        && endpoint.method == "get"
        && own.functions.len() < 2
        && own.calls.len() < 2
    {
        return None;
    }
    Some(about(
        ground,
        "account.logout",
        endpoint,
        vec![
            ("ends", tri(answer)),
            ("cookie", FactValue::Bool(own.does(Deed::ClearsCookie))),
        ],
    ))
}

/// An account is closed or taken away: whether whoever is logged in with it stays so.
fn disabled(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Option<Fact> {
    let named = said(endpoint, ground.origins());
    let says = named.iter().any(|name| {
        has(
            name,
            &["deactivate", "disable", "suspend", "ban", "block", "lock"],
        )
    }) && named.iter().any(|name| {
        has(
            name,
            &[
                "user",
                "users",
                "account",
                "accounts",
                "member",
                "members",
                "customer",
                "customers",
            ],
        )
    });
    let closes = says && done.own.does(Deed::WritesPersons) || done.own.does(Deed::DeletesPersons);
    if !closes || !super::is_write(endpoint) {
        return None;
    }
    // Whoever asks is looked up again with each request, or only a token is believed.
    let mut asked = false;
    let mut believes = true;
    for (other, before) in ground.endpoints() {
        if other.guarded("authentication") != Answer::Yes {
            continue;
        }
        asked = true;
        let before = &before.before;
        believes &=
            before.does(Deed::VerifiesToken) && !before.does(Deed::ReadsPersons) && !before.obscure;
    }
    let ends = if done.own.does(Deed::Ends) {
        Answer::Yes
    } else if asked && believes {
        done.tells(false)
    } else if asked
        && ground
            .endpoints()
            .filter(|(e, _)| e.guarded("authentication") == Answer::Yes)
            .all(|(_, d)| d.before.does(Deed::ReadsPersons))
    {
        Answer::Yes
    } else {
        Answer::Unknown
    };
    Some(about(
        ground,
        "account.closed",
        endpoint,
        vec![("ends", tri(ends))],
    ))
}

/// Somebody changes by what the own account is reached or guarded.
fn contact(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Option<Fact> {
    let named = said(endpoint, ground.origins());
    let own = &done.own;
    let what = |name: &str| {
        has(name, &["email", "phone", "mobile"]) || holds(name, &["emailaddress", "phonenumber"])
    };
    let starts = named.iter().any(|name| {
        has(
            name,
            &[
                "signup",
                "register",
                "registration",
                "join",
                "login",
                "signin",
                "verify",
                "confirm",
                "invite",
                "admin",
                "reset",
                "contact",
                "subscribe",
                "callback",
            ],
        )
    });
    if starts
        || !super::is_write(endpoint)
        || !own.does(Deed::WritesPersons)
        || own.does(Deed::Creates)
        || !own.reads_any(what)
        || !own.sets_any(what)
        || !(endpoint.objects.personal || endpoint.aware)
        || endpoint.guarded("authentication") != Answer::Yes
        || endpoint.guarded("role") == Answer::Yes
    {
        return None;
    }
    let proved = own.does(Deed::Verify)
        || done.before.does(Deed::Verify)
        || own.reads_any(words::is_password)
        || done.before.reads_any(words::is_password)
        || own.does(Deed::ChecksCode)
        || own
            .calls
            .iter()
            .chain(&done.before.calls)
            .any(|c| holds(c, &["reauth", "recentlogin", "sudo", "stepup"]));
    Some(about(
        ground,
        "account.contact",
        endpoint,
        vec![
            ("proved", tri(done.tells(proved))),
            ("told", tri(done.tells(own.does(Deed::Mail)))),
        ],
    ))
}
