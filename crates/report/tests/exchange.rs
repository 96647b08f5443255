//! Threat models for other tools: what their forms ask is there, references lead somewhere, and nothing of a project is markup.
//!
//! The forms are checked against what their field descriptions say (OTM 0.2.0, Threat Dragon 2), written down here.

mod common;

use casemate_assess::application::Spot;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::diagram::{Diagram, Flow, Kind, Node};
use casemate_assess::dossier::surface::EndpointRow;
use casemate_assess::dossier::threat::Threat;
use casemate_report::exchange::{Exchange, render};
use serde_json::Value;
use std::collections::BTreeSet;

const EVIL: &str = "a\"]; <script>x</script> & `b` \u{202E}";

fn model(endpoints: usize) -> Assessment {
    let mut assessment = common::sample();
    let node = |id: &str, kind, name: &str| Node {
        id: id.into(),
        kind,
        name: name.into(),
        detail: format!("{endpoints} endpoints"),
    };
    let flow = |from: &str, to: &str, findings: &[&str]| Flow {
        from: from.into(),
        to: to.into(),
        label: "8 queries".into(),
        boundary: "client to application".into(),
        findings: findings.iter().map(|f| (*f).to_owned()).collect(),
    };
    assessment.dossier.diagram = Diagram {
        nodes: vec![
            node("client", Kind::Actor, "Client"),
            node("process-root", Kind::Process, EVIL),
            node("database", Kind::Store, "Database"),
            node("outbound", Kind::External, "Other services"),
        ],
        flows: vec![
            flow("client", "process-root", &[]),
            flow("process-root", "database", &["sql-injection@1a2b3c4d"]),
            flow("process-root", "outbound", &[]),
        ],
    };
    let threat = |id: &str, node: &str, state: &str, findings: &[&str]| Threat {
        id: id.into(),
        boundary: format!("to {node}"),
        node: node.into(),
        stride: "Tampering".into(),
        says: format!("a request changes what a query means ({state})"),
        state: state.into(),
        evidence: "`auth` at src/app.ts:3".into(),
        findings: findings.iter().map(|f| (*f).to_owned()).collect(),
    };
    assessment.dossier.threats = vec![
        threat("T1", "", "guarded", &[]),
        threat("T2", "database", "open", &["sql-injection@1a2b3c4d"]),
        threat("T3", "outbound", "not known", &[]),
        threat("T4", "outbound", "no path found", &[]),
    ];
    assessment.dossier.surface.endpoints = (0..endpoints)
        .map(|n| EndpointRow {
            method: "GET".into(),
            path: format!("/part{}/{n}", n % 40),
            at: Spot {
                file: "src/routes.ts".into(),
                line: u32::try_from(n).unwrap() + 1,
            },
            guarded: [("authentication".to_owned(), "yes".to_owned())].into(),
            ..EndpointRow::default()
        })
        .collect();
    assessment
}

fn json(endpoints: usize, form: Exchange) -> Value {
    serde_json::from_str(&render(&model(endpoints), form)).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name} in {value:.200}"))
}

fn asked(value: &Value, members: &[&str]) {
    for member in members {
        assert!(value.get(member).is_some(), "{member} is missing: {value}");
    }
}

fn ids(of: &[Value]) -> BTreeSet<String> {
    let all: Vec<String> = of
        .iter()
        .map(|v| v["id"].as_str().unwrap().to_owned())
        .collect();
    let unique: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(all.len(), unique.len(), "ids are unique: {all:?}");
    unique
}

#[test]
fn an_open_threat_model_has_what_its_form_asks() {
    let otm = json(5, Exchange::Otm);
    assert_eq!(otm["otmVersion"], "0.2.0");
    asked(&otm["project"], &["name", "id"]);
    let representations = ids(list(&otm, "representations"));
    let zones = ids(list(&otm, "trustZones"));
    let components = ids(list(&otm, "components"));
    let threats = ids(list(&otm, "threats"));
    let mitigations = ids(list(&otm, "mitigations"));
    assert_eq!(
        (
            zones.len(),
            components.len(),
            threats.len(),
            mitigations.len()
        ),
        (3, 4, 4, 2)
    );
    for zone in list(&otm, "trustZones") {
        assert!(zone["risk"]["trustRating"].is_number(), "{zone}");
    }
    let mut used = 0;
    let mut uses = |of: &Value| {
        for threat in list(of, "threats") {
            used += 1;
            asked(threat, &["threat", "state"]);
            assert!(
                threats.contains(threat["threat"].as_str().unwrap()),
                "{threat}"
            );
            for mitigation in list(threat, "mitigations") {
                assert!(mitigations.contains(mitigation["mitigation"].as_str().unwrap()));
                let state = mitigation["state"].as_str().unwrap();
                let wanted = if threat["state"] == "mitigated" {
                    "implemented"
                } else {
                    "required"
                };
                assert_eq!(state, wanted, "a guard is there, a repair is asked for");
            }
        }
    };
    for component in list(&otm, "components") {
        asked(component, &["name", "type"]);
        assert!(zones.contains(component["parent"]["trustZone"].as_str().unwrap()));
        for place in list(component, "representations") {
            assert!(representations.contains(place["representation"].as_str().unwrap()));
            let drawn = place["position"]["x"].is_number() && place["size"]["width"].is_number();
            let code = place["file"].is_string() && place["line"].is_number();
            assert!(drawn || code, "{place}");
        }
        uses(component);
    }
    for flow in list(&otm, "dataflows") {
        asked(flow, &["id", "name"]);
        for end in ["source", "destination"] {
            assert!(components.contains(flow[end].as_str().unwrap()), "{flow}");
        }
        uses(flow);
    }
    assert_eq!(used, 4, "every threat has its place");
    for threat in list(&otm, "threats") {
        asked(threat, &["name"]);
        assert!(threat["risk"]["impact"].is_number(), "{threat}");
        assert!(threat["risk"]["likelihood"].is_number() || threat["risk"]["likelihood"].is_null());
    }
    let process = &list(&otm, "components")[1];
    assert_eq!(
        list(process, "representations").len(),
        6,
        "five places in the code and the drawing"
    );
}

#[test]
fn threat_dragon_opens_what_we_write() {
    let model = json(5, Exchange::Dragon);
    asked(&model, &["version", "summary", "detail"]);
    assert!(model["version"].as_str().unwrap().len() <= 10);
    asked(&model["summary"], &["title"]);
    asked(
        &model["detail"],
        &[
            "contributors",
            "diagrams",
            "diagramTop",
            "reviewer",
            "threatTop",
        ],
    );
    let diagram = &list(&model["detail"], "diagrams")[0];
    asked(
        diagram,
        &[
            "id",
            "title",
            "diagramType",
            "thumbnail",
            "version",
            "cells",
        ],
    );
    let cells = list(diagram, "cells");
    let all = ids(cells);
    assert_eq!(cells.len(), 2 + 4 + 3);
    let mut threats = Vec::new();
    for cell in cells {
        asked(cell, &["shape", "zIndex", "data", "attrs"]);
        asked(&cell["data"], &["type", "hasOpenThreats", "name"]);
        match cell["shape"].as_str().unwrap() {
            "flow" => {
                for end in ["source", "target"] {
                    assert!(all.contains(cell[end]["cell"].as_str().unwrap()));
                }
                asked(&cell["attrs"]["line"], &["targetMarker"]);
            }
            "trust-boundary-curve" => {
                assert!(cell["source"]["x"].is_u64() && cell["target"]["y"].is_u64())
            }
            "actor" | "process" | "store" => {
                assert!(
                    cell["size"]["height"].as_u64() >= Some(10) && cell["position"]["y"].is_u64()
                );
                asked(
                    &cell["attrs"]["body"],
                    &["stroke", "strokeWidth", "strokeDasharray"],
                );
            }
            other => panic!("no shape {other}"),
        }
        let of = cell["data"]["threats"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let open = of.iter().any(|t| t["status"] == "Open");
        assert_eq!(cell["data"]["hasOpenThreats"], open, "{cell}");
        threats.extend(of);
    }
    for threat in &threats {
        asked(
            threat,
            &[
                "description",
                "mitigation",
                "modelType",
                "number",
                "severity",
                "status",
                "title",
                "type",
            ],
        );
        assert!(["NA", "Open", "Mitigated"].contains(&threat["status"].as_str().unwrap()));
        assert!(["High", "Medium", "Low"].contains(&threat["severity"].as_str().unwrap()));
    }
    assert_eq!(threats.len(), 4);
}

#[test]
fn drawings_hold_text_only_and_stay_small() {
    for endpoints in [5, 300] {
        let svg = render(&model(endpoints), Exchange::Svg);
        assert!(
            !svg.contains("<script") && svg.ends_with("</svg>\n"),
            "{svg}"
        );
        let height: usize = svg
            .split("height=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(height < 800, "{endpoints} endpoints take {height}");
        assert!(endpoints == 5 || svg.contains("28 more"), "{svg}");
        let mermaid = render(&model(endpoints), Exchange::Mermaid);
        assert!(
            !mermaid.contains("<script") && !mermaid.contains("];"),
            "{mermaid}"
        );
        assert!(mermaid.contains("linkStyle 1 stroke"), "{mermaid}");
        // Quotation marks come in pairs on every line.
        assert!(
            mermaid
                .lines()
                .all(|l| l.matches('"').count().is_multiple_of(2)),
            "{mermaid}"
        );
    }
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    for form in [
        Exchange::Otm,
        Exchange::Dragon,
        Exchange::Svg,
        Exchange::Mermaid,
    ] {
        assert_eq!(render(&model(40), form), render(&model(40), form));
    }
}
