//! The published schema says what the reader reads, table by table.

use casemate_build::{GenerateError, generate};
use serde_json::Value;
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../../schemas/backend-1.json");

/// The keys that the reader names when it meets one that it does not know.
fn keys(text: &str) -> BTreeSet<String> {
    let Err(GenerateError::Description(problems)) = generate(text) else {
        panic!("this key is known: {text}");
    };
    let unknown = problems
        .iter()
        .find(|p| p.message.ends_with("qqqqqqqqqqqqqqq`"));
    let help = unknown
        .and_then(|p| p.help.clone())
        .unwrap_or_else(|| panic!("{problems:?}"));
    let list = help
        .strip_prefix("here stand ")
        .unwrap_or_else(|| panic!("{help}"));
    list.split(", ").map(str::to_owned).collect()
}

/// Those that are only known to be refused with a clear message.
fn later(pointer: &str) -> &'static [&'static str] {
    match pointer {
        "/properties" => &["upload", "compliance", "retention", "limits"],
        "/$defs/entity/properties" => &["soft_delete", "job"],
        _ => &[],
    }
}

#[test]
fn the_schema_has_the_keys_of_the_reader() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for (text, pointer) in [
        ("qqqqqqqqqqqqqqq = 1", "/properties"),
        ("[app]\nqqqqqqqqqqqqqqq = 1", "/properties/app/properties"),
        ("[auth]\nqqqqqqqqqqqqqqq = 1", "/properties/auth/properties"),
        (
            "[front_end]\nqqqqqqqqqqqqqqq = 1",
            "/properties/front_end/properties",
        ),
        (
            "[cache]\nqqqqqqqqqqqqqqq = 1",
            "/properties/cache/properties",
        ),
        ("[api]\nqqqqqqqqqqqqqqq = 1", "/properties/api/properties"),
        (
            "[telemetry]\nqqqqqqqqqqqqqqq = 1",
            "/properties/telemetry/properties",
        ),
        (
            "[deploy]\nqqqqqqqqqqqqqqq = 1",
            "/properties/deploy/properties",
        ),
        (
            "[tenant]\nqqqqqqqqqqqqqqq = 1",
            "/properties/tenant/properties",
        ),
        (
            "[outbound.a]\nqqqqqqqqqqqqqqq = 1",
            "/properties/outbound/additionalProperties/properties",
        ),
        (
            "[webhook.a]\nqqqqqqqqqqqqqqq = 1",
            "/properties/webhook/additionalProperties/properties",
        ),
        (
            "[job.a]\nqqqqqqqqqqqqqqq = 1",
            "/properties/job/additionalProperties/properties",
        ),
        (
            "[entity.a]\nqqqqqqqqqqqqqqq = 1",
            "/$defs/entity/properties",
        ),
        (
            "[entity.a]\nallow.qqqqqqqqqqqqqqq = 1",
            "/$defs/entity/properties/allow/properties",
        ),
        (
            "[entity.a]\nlist.qqqqqqqqqqqqqqq = 1",
            "/$defs/entity/properties/list/properties",
        ),
        (
            "[entity.a]\nupload.qqqqqqqqqqqqqqq = 1",
            "/$defs/entity/properties/upload/properties",
        ),
        (
            "[entity.a]\ncreate.qqqqqqqqqqqqqqq = 1",
            "/$defs/entity/properties/create/properties",
        ),
    ] {
        let mut read = keys(text);
        for key in later(pointer) {
            assert!(read.remove(*key), "{pointer}: {key}");
        }
        let said: BTreeSet<String> = schema
            .pointer(pointer)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(said, read, "{pointer}");
    }
}
