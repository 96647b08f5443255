//! Where passwords of accounts are set: at a registration, by a change, after a reset, by an administrator.

use super::own::Deed;
use super::words::{self, has, holds};
use super::{Done, Ground, about, said, signin, tri};
use crate::model::{Answer, Endpoint};
use crate::object::key::PERSONS;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};

/// One place where a password is set.
pub(super) struct Set {
    pub kind: &'static str,
    pub site: Site,
    pub function: FuncId,
    pub unit: u32,
    pub told: Answer,
    pub callee: String,
}

/// The places, and a fact for each.
pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> (Vec<Set>, Vec<Fact>) {
    let mut sets = Vec::new();
    let mut out = Vec::new();
    for (endpoint, done) in ground.endpoints() {
        if !sets_password(ground, endpoint, done) {
            continue;
        }
        let kind = kind(ground, endpoint, done);
        let own = &done.own;
        let old = own.does(Deed::Verify)
            || own.reads_any(words::is_old_password)
            || done.before.does(Deed::Verify)
            || done.before.reads_any(words::is_old_password)
            || own
                .apis
                .iter()
                .any(|api| api.contains("PasswordChangeForm"));
        // A password of the own account, not one that a message let somebody set.
        let django = own
            .apis
            .iter()
            .any(|api| api.ends_with("update_session_auth_hash") || api.ends_with(".set_password"));
        let ends = own.does(Deed::Ends)
            || own.sets_any(|n| {
                holds(
                    n,
                    &[
                        "tokenversion",
                        "sessionversion",
                        "passwordchangedat",
                        "passwordupdatedat",
                        "lastpasswordchange",
                        "passwordchanged",
                        "validafter",
                        "validsince",
                        "securitystamp",
                        "sessionsecret",
                        "jwtsecret",
                    ],
                )
            })
            || django;
        let told = done.tells(own.does(Deed::Mail));
        let starts = own.does(Deed::Login) || own.does(Deed::Sign);
        let second = signin::keeps_second_factor(ground.signs_at(endpoint.site));
        let fact = about(
            ground,
            "account.password",
            endpoint,
            vec![
                ("kind", FactValue::Str(kind.to_owned())),
                ("old", tri(done.tells(old))),
                ("ends", tri(done.tells(ends))),
                ("told", tri(told)),
                ("starts", FactValue::Bool(starts)),
                ("second", FactValue::Bool(second)),
                (
                    "skips",
                    FactValue::Bool(starts && second && !own.does(Deed::ChecksCode)),
                ),
                ("spent", tri(spent(done))),
                (
                    "any",
                    FactValue::Bool(kind != "register" && of_anybody(endpoint)),
                ),
            ],
        );
        sets.push(Set {
            kind,
            site: fact.site,
            function: fact.function,
            unit: ground.book.unit_of(fact.site.file),
            told,
            callee: fact.callee.clone(),
        });
        out.push(fact);
    }
    (sets, out)
}

/// Whether somebody who is only logged in says whose password it is: the account is found by what the request names, who asks plays no
/// part in that, and no role is asked for.
fn of_anybody(endpoint: &Endpoint) -> bool {
    let objects = &endpoint.objects;
    let only_login = endpoint.guarded("authentication") == Answer::Yes
        && endpoint.guarded("role") == Answer::No
        && endpoint.guarded("owner") == Answer::No;
    // Whoever shows a code or a token may set the password that belongs to it.
    let shown =
        |key: &String| words::is_ticket(key) || words::is_password(key) || key.contains("hash");
    only_login
        && !objects.asked
        && !objects.nameless
        && objects.chosen.iter().any(|access| {
            PERSONS.contains(&access.object.as_str())
                && (access.op != "read" || access.names.meets(objects.changed))
                && !access.names.is_empty()
                && !access.names.meets(objects.beside)
                && !access.key.iter().any(shown)
        })
}

/// Whether the code or token by which a password is set afresh is taken back where it was used.
fn spent(done: &Done) -> Answer {
    let own = &done.own;
    let cleared = own.clears_any(|n| {
        words::is_ticket(n)
            || words::is_expiry(n)
            || has(n, &["used", "consumed", "redeemed", "token", "code"])
    }) || own.does(Deed::Deletes)
        || own.does(Deed::Ends)
        || own.sets_any(|n| holds(n, &["usedat", "consumedat", "redeemedat"]));
    // A token that is signed with the hash of the old password ends by itself; who can tell.
    if !cleared
        && (own.does(Deed::VerifiesToken)
            || own
                .calls
                .iter()
                .any(|c| holds(c, &["checktoken", "verifytoken", "loads", "unsign"])))
    {
        return Answer::Unknown;
    }
    done.tells(cleared)
}

fn sets_password(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> bool {
    let own = &done.own;
    if !super::is_write(endpoint) || signin::logs_in(ground, endpoint, done) {
        return false;
    }
    let typed = own
        .near
        .iter()
        .any(|n| words::is_password(n) && !words::is_old_password(n) && &**n != "pass");
    let kept = own.does(Deed::SetsPassword)
        || own.does(Deed::Hash)
            && (own.does(Deed::Creates)
                || own.does(Deed::Writes)
                || own.calls.iter().any(|c| {
                    c.ends_with(".save") || c.ends_with(".add") || c.ends_with(".commit")
                }))
        || (own.does(Deed::Creates) || own.does(Deed::WritesPersons))
            && own.sets_any(words::is_password);
    typed && kept
}

fn kind(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> &'static str {
    let named = said(endpoint, ground.origins());
    let any = |words: &[&str]| named.iter().any(|name| has(name, words));
    let flat = |parts: &[&str]| named.iter().any(|name| holds(name, parts));
    let own = &done.own;
    if any(&["reset", "forgot", "recover", "recovery", "forgotten"])
        || flat(&["resetpassword", "passwordreset", "forgotpassword"])
    {
        return "reset";
    }
    if any(&[
        "signup",
        "register",
        "registration",
        "join",
        "signon",
        "setup",
        "enroll",
        "invite",
        "invitation",
        "onboarding",
    ]) || flat(&["createaccount", "createuser", "newuser", "adduser"])
    {
        return if endpoint.guarded("role") == Answer::Yes {
            "admin"
        } else {
            "register"
        };
    }
    let changes = any(&[
        "change", "update", "edit", "password", "profile", "settings", "account", "me",
    ]) || flat(&["passwd", "chpass", "chpwd", "changepw"]);
    let person = endpoint.aware
        || endpoint.objects.personal
        || endpoint.guarded("authentication") == Answer::Yes;
    // Who is asked for the old one sets their own.
    if own.reads_any(words::is_old_password) {
        return "change";
    }
    if own.does(Deed::Creates) {
        return if person && endpoint.guarded("role") != Answer::No {
            "admin"
        } else {
            "register"
        };
    }
    if endpoint.guarded("role") == Answer::Yes {
        return "admin";
    }
    if changes && person {
        return "change";
    }
    if own.reads_any(words::is_ticket) || own.reads.contains("token") {
        return "reset";
    }
    "other"
}
