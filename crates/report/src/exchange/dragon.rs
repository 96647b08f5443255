//! OWASP Threat Dragon 2: one diagram with its threats.

use super::layout::{self, BOUNDARIES, Placed};
use super::{State, id, state};
use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Level};
use casemate_assess::dossier::diagram::{Flow, Kind};
use casemate_assess::dossier::threat::Threat;
use serde_json::{Value, json};

/// The version of the form.
const VERSION: &str = "2.3.0";

pub(super) fn render(assessment: &Assessment) -> String {
    let layout = layout::of(assessment);
    let mut cells: Vec<Value> = BOUNDARIES
        .iter()
        .map(|x| boundary(*x, layout.height))
        .collect();
    cells.extend(layout.placed.iter().map(|party| cell(assessment, party)));
    cells.extend(
        assessment
            .dossier
            .diagram
            .flows
            .iter()
            .map(|f| flow(assessment, f)),
    );
    let project = clean(&assessment.project.name);
    let document = json!({
        "version": VERSION,
        "summary": {
            "title": project,
            "owner": "",
            "description": format!("Derived from the code by casemate {}", assessment.tool.version),
            "id": 0,
        },
        "detail": {
            "contributors": [],
            "diagrams": [{
                "id": 0,
                "title": "Data flows",
                "description": "Who talks to whom, as the code shows it",
                "diagramType": "STRIDE",
                "placeholder": "New STRIDE diagram description",
                "thumbnail": "./public/content/images/thumbnail.stride.jpg",
                "version": VERSION,
                "cells": cells,
            }],
            "diagramTop": 1,
            "reviewer": "",
            "threatTop": assessment.dossier.threats.len(),
        },
    });
    format!("{document:#}\n")
}

fn boundary(x: usize, height: usize) -> Value {
    json!({
        "id": id("boundary", &x.to_string()),
        "shape": "trust-boundary-curve",
        "zIndex": -1,
        "connector": "smooth",
        "attrs": { "line": { "stroke": "#861a22", "strokeWidth": 2.5, "strokeDasharray": "5 5", "sourceMarker": { "name": "" }, "targetMarker": { "name": "" } } },
        "source": { "x": x, "y": 10 },
        "target": { "x": x, "y": height },
        "vertices": [],
        "data": {
            "type": "tm.Boundary",
            "name": "trust boundary",
            "description": "",
            "isTrustBoundary": true,
            "hasOpenThreats": false,
        },
    })
}

fn cell(assessment: &Assessment, party: &Placed<'_>) -> Value {
    let node = party.node;
    let (shape, kind) = match node.kind {
        Kind::Actor | Kind::External => ("actor", "tm.Actor"),
        Kind::Process => ("process", "tm.Process"),
        Kind::Store => ("store", "tm.Store"),
    };
    let of: Vec<&Threat> = assessment
        .dossier
        .threats
        .iter()
        .filter(|t| t.node == node.id)
        .collect();
    let open = of.iter().any(|t| is_open(t));
    let credentials = assessment
        .dossier
        .context
        .data
        .iter()
        .any(|c| c.class == "credentials");
    let lines: Vec<String> = party
        .groups
        .iter()
        .map(|g| format!("{}: {}", g.name, g.says))
        .collect();
    let mut data = json!({
        "type": kind,
        "name": clean(&node.name),
        "description": clean(&format!("{}\n{}", node.detail, lines.join("\n"))),
        "outOfScope": false,
        "reasonOutOfScope": "",
        "hasOpenThreats": open,
        "threats": of.iter().map(|t| threat(assessment, t)).collect::<Vec<_>>(),
    });
    if let Some(map) = data.as_object_mut() {
        match node.kind {
            Kind::Store => {
                map.insert("isALog".to_owned(), json!(node.id == "log"));
                map.insert(
                    "storesCredentials".to_owned(),
                    json!(node.id == "database" && credentials),
                );
            }
            Kind::Process => {
                map.insert(
                    "isWebApplication".to_owned(),
                    json!(!party.groups.is_empty()),
                );
            }
            Kind::Actor | Kind::External => {
                map.insert("providesAuthentication".to_owned(), json!(false));
            }
        }
    }
    let stroke = if open { "#a33a08" } else { "#333333" };
    json!({
        "id": id("node", &node.id),
        "shape": shape,
        "visible": true,
        "zIndex": 1,
        "position": { "x": party.x, "y": party.y },
        "size": { "width": party.width, "height": party.height },
        "attrs": {
            "text": { "text": clean(&node.name) },
            "body": { "stroke": stroke, "strokeWidth": if open { 2.5 } else { 1.5 }, "strokeDasharray": null },
        },
        "data": data,
    })
}

fn flow(assessment: &Assessment, flow: &Flow) -> Value {
    let door = assessment
        .dossier
        .diagram
        .nodes
        .iter()
        .any(|n| n.id == flow.from && n.kind == Kind::Actor);
    let of: Vec<&Threat> = assessment
        .dossier
        .threats
        .iter()
        .filter(|t| door && t.node.is_empty())
        .collect();
    let open = of.iter().any(|t| is_open(t));
    let stroke = if open || !flow.findings.is_empty() {
        "#a33a08"
    } else {
        "#333333"
    };
    json!({
        "id": id("flow", &format!("{} {}", flow.from, flow.to)),
        "shape": "flow",
        "zIndex": 10,
        "connector": "smooth",
        "attrs": { "line": { "stroke": stroke, "strokeWidth": 1.5, "strokeDasharray": null, "sourceMarker": { "name": "" }, "targetMarker": { "name": "block" } } },
        "labels": [{ "attrs": { "label": { "text": clean(&flow.label) } } }],
        "source": { "cell": id("node", &flow.from) },
        "target": { "cell": id("node", &flow.to) },
        "vertices": [],
        "data": {
            "type": "tm.Flow",
            "name": clean(&flow.label),
            "description": clean(&flow.boundary),
            "outOfScope": false,
            "reasonOutOfScope": "",
            "protocol": "",
            "isBidirectional": false,
            "isEncrypted": false,
            "isPublicNetwork": door,
            "hasOpenThreats": open,
            "threats": of.iter().map(|t| threat(assessment, t)).collect::<Vec<_>>(),
        },
    })
}

/// Threat Dragon knows open, mitigated and not applicable; what is not known stays open.
fn is_open(threat: &Threat) -> bool {
    matches!(state(threat), State::Open | State::Unknown)
}

fn threat(assessment: &Assessment, of: &Threat) -> Value {
    let worst = of
        .findings
        .iter()
        .filter_map(|id| assessment.findings.iter().find(|f| f.id == *id))
        .map(|f| f.severity.level)
        .max();
    let severity = match worst {
        Some(Level::Critical | Level::High) => "High",
        Some(Level::Low | Level::Info) => "Low",
        _ => "Medium",
    };
    let (status, mitigation) = match state(of) {
        State::Mitigated => ("Mitigated", clean(&of.evidence)),
        State::NoWay => ("NA", format!("no way was found: {}", clean(&of.evidence))),
        State::Open => ("Open", format!("{}. {}", of.state, of.findings.join(", "))),
        State::Unknown => ("Open", format!("not known: {}", clean(&of.evidence))),
    };
    json!({
        "id": id("threat", &format!("{} {}", of.id, of.boundary)),
        "number": of.id.trim_start_matches('T').parse::<u32>().unwrap_or_default(),
        "title": clean(&of.says),
        "type": of.stride,
        "modelType": "STRIDE",
        "severity": severity,
        "status": status,
        "description": format!("{}. {}", clean(&of.boundary), clean(&of.evidence)),
        "mitigation": mitigation,
        "new": false,
        "score": "",
    })
}
