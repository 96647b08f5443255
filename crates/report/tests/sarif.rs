//! SARIF: valid by the official schema, and what GitHub asks beyond it.

mod common;

use casemate_assess::assessment::Assessment;
use casemate_report::sarif;
use serde_json::Value;
use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;

/// The schema as `serde-sarif` ships it in its package.
fn official_schema() -> Value {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|l| l.strip_prefix("host: "))
        .unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Packages of other platforms need not be there.
        .args(["--filter-platform", host, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["name"] == "serde-sarif")
        .unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn log(assessment: &Assessment) -> Value {
    serde_json::from_str(&sarif::render(assessment)).unwrap()
}

#[test]
fn valid_by_the_official_schema() {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("memory:sarif", official_schema())
        .unwrap();
    let schema = compiler.compile("memory:sarif", &mut schemas).unwrap();
    for assessment in [common::sample(), Assessment::default()] {
        let log = log(&assessment);
        if let Err(error) = schemas.validate(&log, schema) {
            panic!("{error:#}");
        }
        let _: serde_sarif::sarif::Sarif = serde_json::from_value(log).unwrap();
    }
    assert!(
        schemas
            .validate(&serde_json::json!({"version": "2.1.0"}), schema)
            .is_err(),
        "the validator refuses what is wrong"
    );
}

#[test]
fn no_array_is_empty_and_no_number_is_zero() {
    fn look(value: &Value, path: &str) {
        match value {
            Value::Array(items) => {
                assert!(!items.is_empty(), "{path} is empty");
                let unique: HashSet<String> = items.iter().map(Value::to_string).collect();
                assert_eq!(unique.len(), items.len(), "{path} repeats an item");
                items
                    .iter()
                    .enumerate()
                    .for_each(|(i, v)| look(v, &format!("{path}[{i}]")));
            }
            Value::Object(members) => members
                .iter()
                .for_each(|(k, v)| look(v, &format!("{path}.{k}"))),
            Value::Number(n) if path.ends_with("Line") || path.ends_with("Column") => {
                assert!(n.as_u64().unwrap() > 0, "{path}")
            }
            Value::String(s) => assert!(!s.is_empty(), "{path} is empty"),
            _ => {}
        }
    }
    look(&log(&common::sample()), "log");
}

#[test]
fn what_code_scanning_reads() {
    let log = log(&common::sample());
    let run = &log["runs"][0];
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(
        rule["properties"]["tags"],
        serde_json::json!(["security", "external/cwe/cwe-798", "external/cwe/cwe-321"])
    );
    assert_eq!(rule["name"], "HardCodedSecret");
    let result = &run["results"][0];
    assert_eq!(
        (result["ruleId"].as_str(), result["ruleIndex"].as_u64()),
        (Some("sql-injection"), Some(1))
    );
    assert_eq!(
        run["tool"]["driver"]["rules"][1]["properties"]["security-severity"],
        "9.5"
    );
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"], 31,
        "the sink, not the source"
    );
    assert_eq!(
        result["codeFlows"][0]["threadFlows"][0]["locations"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert_eq!(
        result["partialFingerprints"]["primaryLocationLineHash"],
        "271789c17abda88f:1"
    );
    assert_eq!(
        result["partialFingerprints"]["casemate/v1"],
        "1a2b3c4d5e6f7081"
    );
    let notifications = run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap();
    assert_eq!(
        notifications[0]["message"]["text"],
        "data/dump.js was not read: larger than 10.0 MB: 50.0 MB"
    );
}

#[test]
fn nothing_found_is_an_empty_list_of_results() {
    assert_eq!(
        log(&Assessment::default())["runs"][0]["results"],
        serde_json::json!([])
    );
}
