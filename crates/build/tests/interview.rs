//! Questions, answers, and the description that they become.

use casemate_build::generate;
use casemate_build::interview::{Interview, answers};

/// Answers what is named, and takes the default of everything else.
fn held(given: &[(&str, &str)]) -> Result<Interview, String> {
    let mut interview = Interview::new("My Folder");
    while let Some(question) = interview.next() {
        let answer = given.iter().find(|(key, _)| *key == question.key);
        let text = answer.map_or("", |(_, text)| text);
        interview
            .answer(&question, text)
            .map_err(|why| format!("{}: {why}", question.key))?;
    }
    Ok(interview)
}

fn check(given: &[(&str, &str)], lines: &[&str]) {
    let interview = held(given).unwrap_or_else(|why| panic!("{why}"));
    let text = interview.text();
    assert_eq!(interview.problems(), [], "{text}");
    assert!(generate(&text).is_ok(), "{text}");
    for line in lines {
        assert!(
            text.lines().any(|other| other == *line),
            "no `{line}` in\n{text}"
        );
    }
}

fn refused(given: &[(&str, &str)], why: &str) {
    let said = held(given).err().unwrap_or_default();
    assert!(said.contains(why), "{given:?}: {said}");
}

#[test]
fn the_least_that_is_answered() {
    check(
        &[("things", "note")],
        &[
            "name = \"my-folder\"",
            "[entity.note]",
            "fields.title = \"text(1..120)\"",
            "allow.read = \"owner or role:admin\"",
            "allow.create = \"authenticated\"",
        ],
    );
}

#[test]
fn everything_that_can_be_answered() {
    check(
        &[
            ("name", "practice"),
            ("description", "Patients of a practice."),
            ("roles", "nurse, doctor, manager"),
            ("tenant", "practice"),
            ("compliance", "health"),
            ("providers", "hospital"),
            ("calls", "api.lab.example, www.lab.example, x.mail.example"),
            ("webhooks", "lab"),
            ("instances", "several"),
            ("things", "patient, visit"),
            (
                "patient.fields",
                "number: text(4..20) unique, name: text(1..80), born: date, email: email optional",
            ),
            ("patient.owner", "no"),
            ("patient.read", "everybody"),
            ("patient.change", "doctor, manager"),
            ("patient.files", "pdf, png"),
            (
                "visit.fields",
                "patient: ref(patient), state: enum(open, done) = open",
            ),
            ("visit.keep", "365d"),
        ],
        &[
            "mfa = \"totp\"",
            "access_ttl = \"5m\"",
            "refresh_ttl = \"12h\"",
            "methods = [\"password\", \"oidc:hospital\"]",
            "kubernetes = true",
            "hosts = [\"api.lab.example\", \"www.lab.example\"]",
            "fields.number = \"text(4..20) unique pii\"",
            "fields.name = \"text(1..80) pii encrypted\"",
            "allow.update = \"role:doctor or role:manager\"",
            "upload = { types = [\"pdf\", \"png\"] }",
            "retention = \"365d\"",
        ],
    );
}

#[test]
fn parts_that_not_everybody_wants() {
    check(
        &[
            ("providers", "corp"),
            ("saml", "head_office"),
            ("passkeys", "yes"),
            ("instances", "several"),
            ("front_end", "client"),
            ("graphql", "yes"),
            ("listeners", "partner"),
            ("jobs", "send_digest"),
            ("things", "article"),
            ("article.owner", "no"),
            ("article.read", "anyone"),
            ("article.change", "nobody"),
            ("article.live", "yes"),
            ("article.cache", "30s"),
        ],
        &[
            "methods = [\"password\", \"passkey\", \"oidc:corp\", \"saml:head_office\"]",
            "opentelemetry = true",
            "client = true",
            "graphql = true",
            "store = \"redis\"",
            "direction = \"out\"",
            "events = [\"article.created\"]",
            "[job.send_digest]",
            "live = true",
            "cache = \"30s\"",
        ],
    );
    refused(
        &[("saml", "corp"), ("providers", "corp"), ("things", "x")],
        "is named twice",
    );
    check(
        &[("front_end", "pages"), ("things", "note")],
        &["next = true"],
    );
}

#[test]
fn sessions_for_browsers() {
    check(
        &[
            ("things", "note"),
            ("sessions", "sessions"),
            ("session", "7d"),
        ],
        &[
            "mode = \"sessions\"",
            "idle_ttl = \"12h\"",
            "session_ttl = \"7d\"",
        ],
    );
}

#[test]
fn answers_that_do_not_fit() {
    for (key, text, why) in [
        ("name", "My Shop", "cannot be the name of a service"),
        ("description", "a \"b\"", "no plain sentence"),
        ("roles", "a b", "no name"),
        ("roles", "user, admin", "cannot be the name of a role"),
        ("tenant", "user", "cannot be the name of the tenant"),
        ("compliance", "helth", "did you mean `health`?"),
        ("mfa", "maybe", "answer yes, no, y, n"),
        ("session", "two days", "no duration"),
        ("calls", "localhost", "no name of a host"),
        ("things", "", "needs an answer"),
        ("things", "Note", "no name"),
        ("note.fields", "title", "has no type"),
        ("note.fields", "title: string", "write `text(200)`"),
        (
            "note.fields",
            "id: text(9)",
            "cannot be the name of a field",
        ),
        ("note.fields", "about: ref(order)", "does not come before"),
        ("note.read", "staff", "neither `owner`"),
        ("note.files", "exe", "there is no type of file `exe`"),
        ("note.keep", "soon", "no time to keep rows"),
    ] {
        let things = if key == "things" { "x" } else { "things" };
        refused(&[(things, "note"), (key, text)], why);
    }
    refused(
        &[
            ("things", "note"),
            ("compliance", "payments"),
            ("note.fields", "card_number: text(20)"),
        ],
        "stay with the payment provider",
    );
    refused(
        &[
            ("things", "note"),
            ("note.owner", "no"),
            ("note.read", "owner"),
        ],
        "has no owner",
    );
    refused(
        &[
            ("things", "note"),
            ("note.owner", "no"),
            ("note.read", "admin"),
        ],
        "that `allow.read` hides",
    );
}

#[test]
fn answers_in_a_file() {
    let read = answers("name = \"x\"\n[note]\nfields = \"a: bool\"\n").unwrap();
    assert_eq!(
        read,
        [
            ("name".to_owned(), "x".to_owned()),
            ("note.fields".to_owned(), "a: bool".to_owned())
        ]
    );
    assert_eq!(
        answers("name = 5").unwrap_err().to_string(),
        "1:8: `name` is no text in quotes"
    );
    assert!(answers("[").is_err());
}
