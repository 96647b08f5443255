//! The schema of `casemate.decisions.toml`, for editors, is made of the sections that the reader knows.
//!
//! After a change of `topic.rs`: `UPDATE=1 cargo test -p casemate-assess --test decisions`.

use casemate_assess::decision::topic::{ALL, Kind, Topic};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../schemas/decisions-1.json"
);

fn value(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Span => json!({ "type": "string", "examples": ["15 minutes", "24h"] }),
        Kind::Size => json!({ "type": "string", "examples": ["5 MB", "512 KiB"] }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
    }
}

fn section(topic: &Topic) -> Value {
    let mut properties = Map::new();
    if !topic.single() {
        let says = "What the entry is about, as the draft names it";
        properties.insert(
            topic.by.to_owned(),
            json!({ "type": "string", "description": says }),
        );
    }
    for key in topic.keys {
        let mut property = value(key.kind);
        property["description"] = json!(key.asks);
        properties.insert(key.name.to_owned(), property);
    }
    let mut table =
        json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if topic.single() {
        table["description"] = json!(topic.says);
        return table;
    }
    table["required"] = json!([topic.by]);
    json!({ "type": "array", "description": topic.says, "items": table })
}

fn schema() -> Value {
    let date = json!({ "type": "string", "pattern": "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$" });
    let mut properties = Map::new();
    properties.insert(
        "signed".to_owned(),
        json!({
            "type": "object",
            "description": "Who signs all of it; without a name and a day, or the file of the project that it was written from, it decides nothing",
            "additionalProperties": false,
            "properties": { "by": { "type": "string" }, "from": { "type": "string" }, "on": date, "until": date }
        }),
    );
    for topic in &ALL {
        properties.insert(topic.name.to_owned(), section(topic));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://casemate.dev/schemas/decisions-1.json",
        "title": "casemate.decisions.toml",
        "description": "The security decisions that an owner signs; `casemate decisions init` drafts it.",
        "type": "object",
        "additionalProperties": false,
        "properties": properties
    })
}

#[test]
fn the_published_schema_is_what_is_read() {
    let mut made = serde_json::to_string_pretty(&schema()).unwrap();
    made.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let published = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        published == made,
        "{FILE} is stale: run this test with UPDATE=1"
    );
}
