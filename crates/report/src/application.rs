//! The application model as text and as JSON.

use casemate_assess::application::{Application, EndpointModel, GuardModel};
use std::fmt::Write;

/// Lines of what is not resolved.
const LISTED: usize = 40;

/// The model as indented JSON with a final line break.
#[must_use]
pub fn json(application: &Application) -> String {
    // INVARIANT: the model is plain data with string keys, which serde_json cannot fail to write.
    let mut text = serde_json::to_string_pretty(application).unwrap_or_default();
    text.push('\n');
    text
}

/// The model for a person: endpoints by file, each with what refuses requests before it.
#[must_use]
pub fn text(application: &Application) -> String {
    let mut out = String::new();
    let endpoints = &application.endpoints;
    let method = widest(endpoints.iter().map(|e| e.method.as_str())).min(8);
    let path = widest(endpoints.iter().map(shown)).min(60);
    let mut file = "";
    for endpoint in endpoints {
        if endpoint.at.file != file {
            file = &endpoint.at.file;
            let _ = writeln!(
                out,
                "{}{}",
                if out.is_empty() { "" } else { "\n" },
                plain(file)
            );
        }
        let line = format!(
            "  {:>5}  {:method$}  {:path$}  {}",
            endpoint.at.line,
            endpoint.method,
            plain(shown(endpoint)),
            guards(endpoint)
        );
        let _ = writeln!(out, "{}", line.trim_end());
        for access in &endpoint.objects {
            let object = if access.object.is_empty() {
                "records"
            } else {
                &access.object
            };
            let _ = writeln!(
                out,
                "           {} {} by {} ({}:{})",
                access.op,
                plain(object),
                plain(&access.key.join(", ")),
                plain(&access.at.file),
                access.at.line
            );
        }
    }
    if !application.stores.is_empty() || !application.outbound.is_empty() {
        let _ = writeln!(out, "\nBeyond the code");
    }
    for store in &application.stores {
        let _ = writeln!(
            out,
            "  {} queries through {} (first at {}:{})",
            store.calls,
            plain(&store.library),
            plain(&store.at.file),
            store.at.line
        );
    }
    for host in application.outbound.iter().take(LISTED) {
        let at = host.at.first().map_or_else(String::new, |at| {
            format!(" ({}:{})", plain(&at.file), at.line)
        });
        let _ = writeln!(out, "  {}{at}", plain(&host.host));
    }
    if !application.unresolved.is_empty() {
        let _ = writeln!(out, "\nNot resolved");
        for unresolved in application.unresolved.iter().take(LISTED) {
            let _ = writeln!(
                out,
                "  {}:{}  {}",
                plain(&unresolved.at.file),
                unresolved.at.line,
                unresolved.why
            );
        }
        if let Some(more) = application.unresolved.len().checked_sub(LISTED + 1) {
            let _ = writeln!(out, "  and {} more", more + 1);
        }
    }
    let open = |answer: &str| {
        let is = |e: &&EndpointModel| {
            e.guarded
                .get("authentication")
                .is_some_and(|known| known == answer)
        };
        endpoints.iter().filter(is).count()
    };
    let _ = writeln!(
        out,
        "{}{} endpoints: {} behind a login, {} open, {} not known · {} registrations, {} not resolved",
        if out.is_empty() { "" } else { "\n" },
        endpoints.len(),
        open("yes"),
        open("no"),
        open("unknown"),
        application.registrations,
        application.unresolved.len()
    );
    for (name, n) in &application.caps {
        let _ = writeln!(out, "limit reached {n} times: {name}");
    }
    out
}

fn shown(endpoint: &EndpointModel) -> &str {
    endpoint.path.as_deref().unwrap_or("(path not known)")
}

fn guards(endpoint: &EndpointModel) -> String {
    let one = |guard: &GuardModel| {
        let doubt = if guard.certain { "" } else { "?" };
        format!(
            "{}{doubt} ({}:{})",
            guard.kind,
            plain(&guard.at.file),
            guard.at.line
        )
    };
    let mut out: Vec<String> = endpoint.guards.iter().map(one).collect();
    if !endpoint.mounted {
        out.push("mount not known".to_owned());
    }
    out.join(", ")
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Nothing of a project steers a terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
