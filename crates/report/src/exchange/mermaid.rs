//! The diagram as Mermaid: GitHub and many others draw it inside Markdown.

use super::layout;
use crate::text::prose::clean;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::diagram::Kind;
use std::fmt::Write as _;

pub(super) fn render(assessment: &Assessment) -> String {
    let layout = layout::of(assessment);
    let mut out = String::from("flowchart LR\n");
    let name = |id: &str| {
        layout
            .placed
            .iter()
            .position(|p| p.node.id == id)
            .map(|at| format!("n{at}"))
    };
    for (title, column) in [("outside", 0), ("application", 1), ("beyond", 2)] {
        let of: Vec<_> = layout
            .placed
            .iter()
            .filter(|p| layout::column(p.node.kind) == column)
            .collect();
        if of.is_empty() {
            continue;
        }
        let _ = writeln!(out, "  subgraph {title}");
        for party in of {
            let mut says = format!(
                "{}<br/>{}",
                text(&party.node.name),
                text(&party.node.detail)
            );
            for group in &party.groups {
                let _ = write!(says, "<br/>{} {}", text(&group.name), text(&group.says));
            }
            let (open, close) = match party.node.kind {
                Kind::Actor => ("[", "]"),
                Kind::Process => ("(", ")"),
                Kind::Store => ("[(", ")]"),
                Kind::External => ("[[", "]]"),
            };
            let id = name(&party.node.id).unwrap_or_default();
            let _ = writeln!(out, "    {id}{open}\"{says}\"{close}");
        }
        out.push_str("  end\n");
    }
    let mut found = Vec::new();
    let mut drawn = 0;
    for flow in &assessment.dossier.diagram.flows {
        let (Some(from), Some(to)) = (name(&flow.from), name(&flow.to)) else {
            continue;
        };
        let mut says = text(&flow.label);
        if !flow.findings.is_empty() {
            let _ = write!(says, ", {} found", flow.findings.len());
            found.push(drawn.to_string());
        }
        let _ = writeln!(out, "  {from} -->|\"{says}\"| {to}");
        drawn += 1;
    }
    if !found.is_empty() {
        let _ = writeln!(
            out,
            "  linkStyle {} stroke:#a33a08,stroke-width:3px",
            found.join(",")
        );
    }
    out
}

/// Text inside quotation marks: what Mermaid or HTML would read is written by its number.
fn text(of: &str) -> String {
    let mut out = String::new();
    for c in clean(of).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | ',' | '.' | '/' | ':' | '-' | '_' | '@') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
