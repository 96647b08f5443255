//! Sentences that more than one format says.

use casemate_assess::assessment::{Coverage, Finding, Hidden, PolicyEffect, Unserved};
use casemate_assess::dossier::words::{count, grouped};
use casemate_say::{label, say};

/// Guards that are named for one finding.
const GUARDS: usize = 6;

/// The coverage as labelled sentences; what there is nothing to say of is left out.
pub(crate) fn coverage(coverage: &Coverage) -> Vec<(&'static str, String)> {
    let files = &coverage.files;
    let code = &coverage.code;
    let mut said = Vec::new();
    for server in &coverage.unserved {
        said.push((label!("no endpoint"), unserved(server)));
    }
    let mut read = count(files.assessed, "backend file", "backend files");
    if files.templates > 0 {
        read.push_str(&say!(
            ", {files} templates",
            files = count_of(files.templates, files.assessed)
        ));
    }
    if code.lines > 0 {
        read.push_str(&format!(", {}", count(code.lines, "line", "lines")));
    }
    if code.functions > 0 {
        read.push_str(&format!(
            ", {}",
            count(code.functions, "function", "functions")
        ));
    }
    said.push((label!("files"), read));
    if code.opaque > 0 || code.skipped_bodies > 0 {
        let share = say!(
            "{opaque} of {instructions} constructs not understood",
            opaque = grouped(code.opaque),
            instructions = grouped(code.instructions)
        );
        let bodies = if code.skipped_bodies > 0 {
            say!(
                ", {skipped_bodies} functions beyond a limit",
                skipped_bodies = grouped(code.skipped_bodies)
            )
        } else {
            String::new()
        };
        said.push((label!("code"), format!("{share}{bodies}")));
    }
    let registrations = coverage.registrations;
    if registrations.unresolved > 0 {
        said.push((
            label!("routes"),
            say!("of {registrations}, something is not known of {unresolved} (`casemate model` lists them)", registrations = count(registrations.seen, "registration", "registrations"), unresolved = registrations.unresolved),
        ));
    }
    let calls = &coverage.calls;
    let all = calls.resolved + calls.by_name + calls.unmodelled + calls.unknown;
    if all > 0 {
        said.push((
            label!("calls"),
            say!("{resolved} of {all} resolved, {by_name} by name alone, {unmodelled} into packages without a model, {unknown} unknown", resolved = grouped(calls.resolved), all = grouped(all), by_name = grouped(calls.by_name), unmodelled = grouped(calls.unmodelled), unknown = grouped(calls.unknown)),
        ));
    }
    let apart: Vec<String> = files
        .set_aside
        .iter()
        .map(|(role, n)| count(*n, &say!("{role} file"), &say!("{role} files")))
        .collect();
    if !apart.is_empty() {
        said.push((label!("not backend"), apart.join(", ")));
    }
    if !files.without_front_end.is_empty() {
        let languages: Vec<String> = files
            .without_front_end
            .iter()
            .map(|(l, n)| format!("{} {l}", grouped(*n as u64)))
            .collect();
        said.push((label!("no reader yet"), languages.join(", ")));
    }
    if !files.not_entered.is_empty() {
        let folders: Vec<String> = files
            .not_entered
            .iter()
            .map(|(name, n)| {
                if *n == 1 {
                    format!("{name}/")
                } else {
                    format!("{name}/ ({n})")
                }
            })
            .collect();
        said.push((label!("not entered"), folders.join(", ")));
    }
    if !coverage.caps.is_empty() {
        let caps: Vec<String> = coverage
            .caps
            .iter()
            .map(|(name, n)| format!("{} ({})", casemate_say::told(name), grouped(*n)))
            .collect();
        said.push((
            label!("limits"),
            say!("reached {caps}", caps = caps.join(", ")),
        ));
    }
    if !coverage.undecided.is_empty() {
        let rules: Vec<String> = coverage
            .undecided
            .iter()
            .map(|(rule, n)| format!("{rule} ({})", grouped(*n)))
            .collect();
        said.push((label!("undecided"), rules.join(", ")));
    }
    said
}

/// That a server has no endpoint that is known, and what follows.
pub(crate) fn unserved(server: &Unserved) -> String {
    say!(
        "no endpoint of `{unit}` was found, though {because}: calls, decorators, files and documents that register handlers were looked for, of the frameworks that have a model (`casemate models`). Who may call it, and what is missing before its handlers (logins, roles, owners, limits), was not judged; a model in `.casemate/models/` can teach it",
        unit = server.unit,
        because = server.because()
    )
}

/// What one line of the policy does.
pub(crate) fn effect(effect: &PolicyEffect) -> String {
    let reason = effect
        .reason
        .as_ref()
        .map(|r| format!(" ({r})"))
        .unwrap_or_default();
    let does = match effect.unit {
        Hidden::Findings => say!(
            "hides {findings}",
            findings = count(effect.hides, "finding", "findings")
        ),
        Hidden::Files => {
            let out = count(effect.hides, "file or folder", "files and folders");
            return say!("{origin} leaves {out} out", origin = effect.origin);
        }
        Hidden::Levels => say!(
            "lowers {findings}",
            findings = count(effect.hides, "finding", "findings")
        ),
    };
    format!("{} {}: {does}{reason}", effect.origin, effect.says)
}

fn count_of(part: usize, all: usize) -> String {
    if part == all {
        "all".into()
    } else {
        say!("{part} of them", part = grouped(part as u64))
    }
}

/// The guards before the endpoints that reach a finding: `authentication (app/session.js:37)`, with a question mark where it
/// is not certain that they guard.
pub(crate) fn guards(finding: &Finding) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for guard in finding.endpoints.iter().flat_map(|e| &e.guards) {
        let doubt = if guard.certain { "" } else { "?" };
        let text = format!(
            "{}{doubt} ({}:{})",
            guard.kind, guard.at.file, guard.at.line
        );
        if out.len() < GUARDS && !out.contains(&text) {
            out.push(text);
        }
    }
    out
}
