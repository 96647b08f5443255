//! Open Threat Model 0.2.0: trust zones, components with places in the code, data flows, threats and what stands against them.

use super::layout::{self, BOUNDARIES, Placed};
use super::{State, id, mitigation, state};
use crate::text::prose::clean;
use casemate_assess::assessment::{Assessment, Finding};
use casemate_assess::dossier::diagram::{Flow, Kind};
use casemate_assess::dossier::threat::Threat;
use serde_json::{Value, json};

/// Places in the code that one component names.
const PLACES: usize = 40;

pub(super) fn render(assessment: &Assessment) -> String {
    let layout = layout::of(assessment);
    let project = clean(&assessment.project.name);
    let zone = |column: usize| match column {
        0 => id("zone", "outside"),
        1 => id("zone", "application"),
        _ => id("zone", "beyond"),
    };
    let (drawing, code) = (
        id("representation", "drawing"),
        id("representation", "code"),
    );
    let zones: Vec<Value> = [
        ("Outside", 0, 0),
        ("Application", 1, 80),
        ("Beyond the application", 2, 40),
    ]
    .iter()
    .map(|(name, column, rating)| {
        let left = if *column == 0 {
            0
        } else {
            BOUNDARIES.get(column - 1).copied().unwrap_or_default()
        };
        let right = BOUNDARIES.get(*column).copied().unwrap_or(layout.width);
        json!({
            "id": zone(*column),
            "name": name,
            "type": name,
            "risk": { "trustRating": rating },
            "representations": [{
                "representation": drawing,
                "id": id("zone drawn", name),
                "position": { "x": left, "y": 0 },
                "size": { "width": right - left, "height": layout.height },
            }],
        })
    })
    .collect();
    let components: Vec<Value> = layout
        .placed
        .iter()
        .map(|party| {
            component(
                assessment,
                party,
                &zone(layout::column(party.node.kind)),
                &drawing,
                &code,
            )
        })
        .collect();
    let flows: Vec<Value> = assessment
        .dossier
        .diagram
        .flows
        .iter()
        .map(|f| dataflow(assessment, f))
        .collect();
    let threats: Vec<Value> = assessment
        .dossier
        .threats
        .iter()
        .map(|t| threat(assessment, t))
        .collect();
    let mitigations: Vec<Value> = assessment
        .dossier
        .threats
        .iter()
        .flat_map(|t| mitigation::of(assessment, t))
        .map(|m| m.listed())
        .collect();
    let assets: Vec<Value> = assessment
        .dossier
        .context
        .data
        .iter()
        .map(|class| {
            let names: Vec<String> = class.names.iter().map(|n| clean(&n.name)).collect();
            let open = class.names.iter().any(|n| !n.findings.is_empty());
            json!({
                "id": id("asset", &class.class),
                "name": class.class,
                "description": names.join(", "),
                "risk": { "confidentiality": 100, "integrity": 50, "availability": 50, "comment": if open { "a finding's path names it" } else { "no finding's path names it" } },
            })
        })
        .collect();
    let document = json!({
        "otmVersion": "0.2.0",
        "project": {
            "name": project,
            "id": id("project", &project),
            "description": format!("Derived from the code by casemate {}", assessment.tool.version),
            "attributes": { "commit": assessment.project.commit },
        },
        "representations": [
            { "name": "Data flows", "id": drawing, "type": "diagram", "size": { "width": layout.width, "height": layout.height } },
            { "name": "Code", "id": code, "type": "code", "repository": { "url": null } },
        ],
        "assets": assets,
        "trustZones": zones,
        "components": components,
        "dataflows": flows,
        "threats": threats,
        "mitigations": mitigations,
    });
    format!("{document:#}\n")
}

fn component(
    assessment: &Assessment,
    party: &Placed<'_>,
    zone: &str,
    drawing: &str,
    code: &str,
) -> Value {
    let node = party.node;
    let mut representations = vec![json!({
        "representation": drawing,
        "id": id("component drawn", &node.id),
        "position": { "x": party.x, "y": party.y },
        "size": { "width": party.width, "height": party.height },
    })];
    let places: Vec<(String, u32)> = match node.kind {
        Kind::Process => assessment
            .dossier
            .surface
            .endpoints
            .iter()
            .map(|e| (e.at.file.clone(), e.at.line))
            .collect(),
        _ => assessment
            .dossier
            .diagram
            .flows
            .iter()
            .filter(|f| f.to == node.id)
            .flat_map(|f| &f.findings)
            .filter_map(|id| found(assessment, id))
            .map(|f| (f.place.file.clone(), f.place.line))
            .collect(),
    };
    let root = node
        .id
        .strip_prefix("process-")
        .filter(|r| !matches!(*r, "root" | "rest"));
    let inside = |file: &str| root.is_none_or(|r| file.starts_with(&format!("{r}/")));
    let mut places: Vec<(String, u32)> = places
        .into_iter()
        .filter(|(file, _)| inside(file))
        .collect();
    places.sort();
    places.dedup();
    for (file, line) in places.into_iter().take(PLACES) {
        representations.push(json!({
            "representation": code,
            "id": id("place", &format!("{} {file}:{line}", node.id)),
            "file": clean(&file),
            "line": line,
        }));
    }
    let kind = match node.kind {
        Kind::Actor => "generic-client",
        Kind::Process => "web-service",
        Kind::Store => "datastore",
        Kind::External => "external-service",
    };
    json!({
        "id": id("node", &node.id),
        "name": clean(&node.name),
        "type": kind,
        "description": clean(&node.detail),
        "parent": { "trustZone": zone },
        "representations": representations,
        "threats": assessment.dossier.threats.iter().filter(|t| t.node == node.id).map(|t| used(assessment, t)).collect::<Vec<_>>(),
        "tags": party.groups.iter().map(|g| format!("{} {}", g.name, g.says)).collect::<Vec<_>>(),
    })
}

/// The threats at the door belong to the flow from outside; those beyond to the party there.
fn dataflow(assessment: &Assessment, flow: &Flow) -> Value {
    let door = assessment
        .dossier
        .diagram
        .nodes
        .iter()
        .any(|n| n.id == flow.from && n.kind == Kind::Actor);
    let threats: Vec<Value> = assessment
        .dossier
        .threats
        .iter()
        .filter(|t| door && t.node.is_empty())
        .map(|t| used(assessment, t))
        .collect();
    json!({
        "id": id("flow", &format!("{} {}", flow.from, flow.to)),
        "name": clean(&flow.label),
        "description": clean(&flow.boundary),
        "bidirectional": false,
        "source": id("node", &flow.from),
        "destination": id("node", &flow.to),
        "threats": threats,
        "attributes": { "findings": flow.findings },
    })
}

fn used(assessment: &Assessment, threat: &Threat) -> Value {
    let word = match state(threat) {
        State::Mitigated => "mitigated",
        State::NoWay => "no way found",
        State::Open => "exposed",
        State::Unknown => "not known",
    };
    let mitigations = mitigation::of(assessment, threat);
    let mitigations: Vec<Value> = mitigations.iter().map(|m| m.used()).collect();
    json!({ "threat": name(threat), "state": word, "mitigations": mitigations })
}

/// What a threat is known by: numbers change when others come.
fn name(threat: &Threat) -> String {
    id(
        "threat",
        &format!("{} {} {}", threat.boundary, threat.stride, kind(threat)),
    )
}

/// The threat without its counts.
pub(super) fn kind(threat: &Threat) -> String {
    threat
        .says
        .chars()
        .filter(|c| !c.is_ascii_digit())
        .take(60)
        .collect()
}

fn threat(assessment: &Assessment, threat: &Threat) -> Value {
    let worst = threat
        .findings
        .iter()
        .filter_map(|id| found(assessment, id))
        .max_by_key(|f| f.severity.level);
    let cwes: std::collections::BTreeSet<String> = threat
        .findings
        .iter()
        .filter_map(|id| found(assessment, id))
        .flat_map(|f| f.cwe.iter().take(1).map(|n| format!("CWE-{n}")))
        .collect();
    let likelihood = worst.map(|f| match f.severity.likelihood.as_str() {
        "high" => 75,
        "medium" => 50,
        _ => 25,
    });
    let impact = worst.map_or(50, |f| match f.severity.impact.as_str() {
        "severe" => 100,
        "serious" => 75,
        "minor" => 25,
        _ => 5,
    });
    json!({
        "id": name(threat),
        "name": format!("{}: {}", threat.id, clean(&threat.says)),
        "description": format!("{}. {}", clean(&threat.boundary), clean(&threat.evidence)),
        "categories": [threat.stride],
        "cwes": cwes,
        "risk": {
            "likelihood": likelihood,
            "likelihoodComment": worst.map_or_else(|| "no finding says".to_owned(), |f| format!("of {}", f.id)),
            "impact": impact,
            "impactComment": worst.map_or_else(|| "assumed: no finding says".to_owned(), |f| format!("of {}", f.id)),
        },
        "attributes": { "findings": threat.findings, "state": threat.state },
    })
}

fn found<'a>(assessment: &'a Assessment, id: &str) -> Option<&'a Finding> {
    assessment.findings.iter().find(|f| f.id == id)
}
