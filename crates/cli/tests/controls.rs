//! A generated backend without one of its controls is a labelled flaw: how many of them the assessment names.

use casemate_assess::assess_files;
use casemate_assess::assessment::Assessment;
use casemate_assess::config::Config;
use casemate_assess::knowledge::Knowledge;
use casemate_build::control::unnamed;
use casemate_build::generate;
use std::collections::BTreeSet;

const NOTES: &str = include_str!("../../../examples/notes/backend.toml");
/// Controls of the example whose absence is named where it is. This list grows and never shrinks.
const NAMED: &[&str] = &[
    "client-path",
    "statement-timeout",
    "lock-timeout",
    "idle-transaction-timeout",
    "csrf-session",
    "sign-in-address-limit",
    "confirm-password",
    "password-check",
    "token-randomness",
    "cookie-http-only",
    "cookie-secure",
    "cookie-same-site",
    "forced-policies",
    "users-policy",
    "sessions-policy",
    "mails-policy",
    "honest-audit",
    "idempotency-policy",
    "row-policies",
    "insert-check",
    "update-policy",
    "delete-policy",
    "file-policy",
    "proxy-trust",
    "cors-allow-list",
    "body-limit",
    "bare-origins",
    "separate-secrets",
    "https-origins",
    "mail-server",
    "foreign-origin",
    "fetch-metadata",
    "file-row",
    "visible-by-id",
    "version-check",
    "session-revocation",
    "session-expiry",
    "session-owner",
    "users-in-tenant",
    "account-csrf",
    "password-limit",
    "file-authentication",
    "file-csrf",
    "file-limit",
    "authentication",
    "csrf",
    "creation-limit",
    "invitation-limit",
    "uniform-reset",
    "current-password",
    "file-count",
    "file-audit",
    "file-rule",
    "idempotency-key-reuse",
    "access-rule",
    "audit",
    "update-rule",
    "set-rule",
    "delete-rule",
    "password-cost",
    "token-lifetime",
    "token-algorithm",
    "token-issuer",
    "token-audience",
    "own-role",
    "admin-only",
    "strict-registration",
    "password-without-address",
    "strict-body",
    "page-limit",
    "strict-changes",
    "user-page-limit",
    "strict-role-change",
    "migration-checksum",
    "container-user",
    "no-install-scripts",
    "users-columns",
    "append-only-audit",
    "security-headers",
    "no-cache",
    "same-origin",
    "json-only",
    "strong-secrets",
    "file-size",
    "file-attachment",
    "hidden-causes",
    "own-request-id",
    "inside-tenant",
    "actor-ends-with-transaction",
    "token-purpose",
    "token-once",
    "token-expiry",
    "visible-in-lists",
    "refresh-lock",
    "invitation-once",
    "invitation-expiry",
    "account-limit",
    "unprivileged-login",
    "account-audit",
    "reset-ends-sessions",
    "password-notice",
    "confirmed-only",
    "reuse-detection",
    "refresh-rotation",
    "sign-out",
    "other-sessions-end",
    "create-references",
    "token-hash",
    "password-length",
    "common-passwords",
    "strict-query",
    "log-redaction",
    "account-authentication",
    "read-rule",
    "file-extension",
    "migration-lock",
    "equal-work",
    "web-renewal-once",
    "uniform-registration",
    "closed-limits",
    "graceful-stop",
    "invitation-expiry-set",
];

#[test]
fn missing_controls_are_named_where_they_are_missing() {
    let made = generate(NOTES).unwrap();
    let whole: Vec<(String, String)> = made
        .files
        .into_iter()
        .map(|file| (file.path, file.text))
        .collect();
    let assess = |files: &[(String, String)]| -> Assessment {
        let config = Config::default();
        assess_files(files, &config, Knowledge::built_in().unwrap()).unwrap()
    };
    assert_eq!(assess(&whole).findings.len(), 0);
    let mut tried = BTreeSet::new();
    let mut named = Vec::new();
    for control in made.controls {
        if !tried.insert(control.id.clone()) {
            continue;
        }
        let mut files = whole.clone();
        for (path, text) in &mut files {
            if *path == control.path {
                text.clone_from(&control.without);
            }
        }
        let here = |assessment: Assessment| {
            assessment.findings.iter().any(|finding| {
                let steps = finding.paths.iter().flat_map(|path| &path.steps);
                std::iter::once(&finding.place)
                    .chain(steps.map(|step| &step.place))
                    .any(|place| place.file == control.path)
            })
        };
        if here(assess(&files)) {
            named.push(control.id);
        }
    }
    let lost: Vec<&&str> = NAMED
        .iter()
        .filter(|id| !named.iter().any(|named| named == *id))
        .collect();
    assert!(
        lost.is_empty(),
        "not named any more: {lost:?}; of {} are named: {named:?}",
        tried.len()
    );
    let silent: Vec<&String> = tried
        .iter()
        .filter(|id| !named.contains(id) && unnamed(id).is_none())
        .collect();
    assert!(silent.is_empty(), "neither named nor explained: {silent:?}");
}
