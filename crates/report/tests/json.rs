//! The JSON form and its published schema.

mod common;

use casemate_assess::assessment::Assessment;
use serde_json::Value;
use std::path::Path;

fn schema() -> Value {
    published("assessment-1.json")
}

fn published(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn json(assessment: &Assessment) -> Value {
    serde_json::from_str(&casemate_report::json::render(assessment)).unwrap()
}

#[test]
fn valid_by_the_published_schema() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("memory:assessment", schema())
        .unwrap();
    let compiled = compiler.compile("memory:assessment", &mut schemas).unwrap();
    let sample = json(&common::sample());
    if let Err(error) = schemas.validate(&sample, compiled) {
        panic!("{error:#}");
    }
    let mut wrong = sample;
    wrong["findings"][0]["surprise"] = Value::Bool(true);
    assert!(
        schemas.validate(&wrong, compiled).is_err(),
        "a new member needs a place in the schema"
    );
}

#[test]
fn every_promised_member_is_there() {
    let sample = json(&common::sample());
    let schema = schema();
    let promised: Vec<&str> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let there: Vec<&str> = sample
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert!(
        promised.iter().all(|name| there.contains(name)),
        "{promised:?} {there:?}"
    );
    assert_eq!(sample["schema"], schema["properties"]["schema"]["const"]);
}

#[test]
fn an_application_model_is_valid_by_its_schema() {
    use casemate_assess::application::{
        AccessModel, Application, Before, EndpointModel, GuardModel, Named, OutboundModel, SCHEMA,
        SettingModel, Spot, StoreModel, Unresolved,
    };
    let at = || Spot {
        file: "app.js".into(),
        line: 3,
    };
    let application = Application {
        schema: SCHEMA.into(),
        endpoints: vec![EndpointModel {
            method: "GET".into(),
            path: Some("/a".into()),
            mounted: true,
            at: at(),
            handlers: vec![Named {
                name: "show".into(),
                at: at(),
            }],
            before: vec![Before {
                name: None,
                at: at(),
                certain: true,
            }],
            guards: vec![GuardModel {
                kind: "authentication".into(),
                certain: true,
                name: "auth".into(),
                at: at(),
                why: "refuses with 401".into(),
            }],
            guarded: [("authentication".into(), "yes".into())].into(),
            objects: vec![AccessModel {
                op: "read".into(),
                object: "orders".into(),
                key: vec!["id".into()],
                at: at(),
            }],
            touches: vec!["writes".into()],
        }],
        stores: vec![StoreModel {
            library: "postgres".into(),
            calls: 3,
            at: at(),
        }],
        outbound: vec![OutboundModel {
            host: "mail.test".into(),
            at: vec![at()],
        }],
        settings: vec![SettingModel {
            of: "session".into(),
            library: "express-middleware".into(),
            at: at(),
        }],
        unresolved: vec![Unresolved {
            at: at(),
            why: "its path is not constant".into(),
        }],
        ..Application::default()
    };
    let text = casemate_report::application::json(&application);
    let written: Value = serde_json::from_str(&text).unwrap();
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("memory:model", published("model-1.json"))
        .unwrap();
    let compiled = compiler.compile("memory:model", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(&written, compiled) {
        panic!("{error:#}");
    }
}
