//! Reads an OpenAPI document (2 or 3): schemas of things that have a path of their own.

use super::settle::{singular, snake};
use super::{Column, Found, ImportError, Table, text_of};
use crate::field::{Kind, SAFE_INT};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many references and parts of a schema are followed one after the other.
const DEEPEST: usize = 20;
const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

/// Reads a document.
pub fn read(document: &Value) -> Result<Found, ImportError> {
    if document.get("openapi").is_none() && document.get("swagger").is_none() {
        return Err(ImportError::Syntax(
            "this is no OpenAPI document: it has neither `openapi` nor `swagger`".to_owned(),
        ));
    }
    let mut found = Found {
        title: document
            .pointer("/info/title")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Found::default()
    };
    let reader = Reader { document };
    let things = reader.things(&mut found);
    let names: Vec<String> = things.keys().cloned().collect();
    for (name, thing) in &things {
        let mut table = Table {
            name: name.clone(),
            ..Table::default()
        };
        let merged = reader.merged(&thing.schema, &mut table.left, 0);
        let writable = thing
            .written
            .iter()
            .flat_map(|schema| reader.merged(schema, &mut vec![], 0).0)
            .collect::<Map<_, _>>();
        let (mut properties, required) = merged;
        for (name, schema) in writable {
            properties.entry(name).or_insert(schema);
        }
        for (property, schema) in &properties {
            let mut column = reader.column(property, schema, &names);
            column.optional = !required.contains(property) || nullable(schema);
            column.readonly = schema.get("readOnly") == Some(&Value::Bool(true));
            table.columns.push(column);
        }
        if !thing.asked.is_empty() {
            table.left.push(format!(
                "the document has {}; say who may, with `allow`",
                thing.asked.join(", ")
            ));
        }
        for query in &thing.queries {
            if let Some(column) = properties.keys().find(|name| *name == query) {
                table.indexed.push(column.clone());
            }
        }
        found.tables.push(table);
    }
    if let Some(schemes) = document
        .pointer("/components/securitySchemes")
        .or_else(|| document.get("securityDefinitions"))
        .and_then(Value::as_object)
    {
        let names: Vec<&str> = schemes.keys().map(String::as_str).collect();
        found.left.push(format!(
            "sign-in by {}: the backend has accounts of its own",
            names.join(", ")
        ));
    }
    Ok(found)
}

/// Something that the document gives out under an address of its own.
#[derive(Default)]
struct Thing {
    schema: Value,
    /// What clients send to make or change one.
    written: Vec<Value>,
    /// Operations that it has.
    asked: Vec<String>,
    /// Parameters of its lists.
    queries: Vec<String>,
}

struct Reader<'a> {
    document: &'a Value,
}

impl Reader<'_> {
    /// Things by the names of their schemas, and what the paths have beside them.
    fn things(&self, found: &mut Found) -> BTreeMap<String, Thing> {
        let mut things: BTreeMap<String, Thing> = BTreeMap::new();
        let paths = self.document.get("paths").and_then(Value::as_object);
        for (path, operations) in paths.into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                if !METHODS.contains(&method.as_str()) {
                    continue;
                }
                let shown = format!("{} {path}", method.to_uppercase());
                let Some((name, schema)) = self
                    .answered(operation)
                    .or_else(|| self.of_path(path, &things))
                else {
                    found
                        .left
                        .push(format!("{shown}: what it is about could not be told"));
                    continue;
                };
                if !plain_path(path) {
                    found.left.push(format!(
                        "{shown}: not one of creating, reading, changing, deleting"
                    ));
                    continue;
                }
                let thing = things.entry(name).or_default();
                if thing.schema.is_null() {
                    thing.schema = schema;
                }
                thing.asked.push(shown);
                thing.written.extend(self.body(operation));
                let parameters = operation.get("parameters").and_then(Value::as_array);
                let queries = parameters
                    .into_iter()
                    .flatten()
                    .map(|parameter| self.resolved(parameter));
                thing.queries.extend(
                    queries
                        .filter(|parameter| {
                            parameter.get("in").and_then(Value::as_str) == Some("query")
                        })
                        .filter_map(|parameter| {
                            parameter
                                .get("name")
                                .and_then(Value::as_str)
                                .map(str::to_owned)
                        }),
                );
            }
        }
        if things.is_empty() {
            // A document of schemas alone.
            for (name, schema) in self.schemas().into_iter().flatten() {
                if self.merged(schema, &mut vec![], 0).0.contains_key("id") {
                    things.insert(
                        name.clone(),
                        Thing {
                            schema: schema.clone(),
                            ..Thing::default()
                        },
                    );
                }
            }
        }
        things.retain(|_, thing| !thing.schema.is_null());
        things
    }

    fn schemas(&self) -> Option<&Map<String, Value>> {
        self.document
            .pointer("/components/schemas")
            .or_else(|| self.document.get("definitions"))
            .and_then(Value::as_object)
    }

    /// The named schema that an operation answers with, alone or as items of a list.
    fn answered(&self, operation: &Value) -> Option<(String, Value)> {
        let answers = operation.get("responses")?.as_object()?;
        let good = answers.iter().filter(|(status, _)| status.starts_with('2'));
        good.filter_map(|(_, answer)| {
            let answer = self.resolved(answer);
            let schema = json_of(&answer).or_else(|| answer.get("schema").cloned())?;
            self.named(&schema, 0)
        })
        .next()
    }

    /// The name of a schema, or of the items of a list or of the one list in a page.
    fn named(&self, schema: &Value, depth: usize) -> Option<(String, Value)> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(items) = schema.get("items") {
            return self.named(items, depth + 1);
        }
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.map_or_else(|| schema.clone(), |_| self.resolved(schema));
        if target.get("items").is_some() {
            return self.named(&target, depth + 1);
        }
        let properties = target.get("properties").and_then(Value::as_object);
        let has_id = self.merged(&target, &mut vec![], 0).0.contains_key("id");
        if !has_id && let Some(properties) = properties {
            let mut lists = properties
                .values()
                .filter(|value| value.get("items").is_some());
            if let (Some(list), None) = (lists.next(), lists.next()) {
                return self.named(list, depth + 1);
            }
            if let Some(inner) = properties.get("data") {
                return self.named(inner, depth + 1);
            }
        }
        let name = reference?.rsplit('/').next()?.to_owned();
        target.is_object().then_some((name, target))
    }

    /// The thing that other operations of the same collection are about.
    fn of_path(&self, path: &str, things: &BTreeMap<String, Thing>) -> Option<(String, Value)> {
        let word = path
            .split('/')
            .rfind(|part| !part.is_empty() && !part.starts_with('{'))?;
        let wanted = singular(&snake(word));
        let known = things.keys().find(|name| singular(&snake(name)) == wanted);
        if let Some(name) = known {
            return Some((name.clone(), Value::Null));
        }
        let (name, schema) = self
            .schemas()?
            .iter()
            .find(|(name, _)| singular(&snake(name)) == wanted)?;
        Some((name.clone(), schema.clone()))
    }

    fn body(&self, operation: &Value) -> Option<Value> {
        let body = operation.get("requestBody").map(|body| self.resolved(body));
        body.as_ref().and_then(json_of).or_else(|| {
            let parameters = operation.get("parameters")?.as_array()?;
            let body = parameters
                .iter()
                .map(|p| self.resolved(p))
                .find(|p| p.get("in").and_then(Value::as_str) == Some("body"))?;
            body.get("schema").cloned()
        })
    }

    /// What a `$ref` into this document stands for; `null` for one that leads elsewhere.
    fn resolved(&self, value: &Value) -> Value {
        let mut value = value;
        for _ in 0..DEEPEST {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return value.clone();
            };
            match reference
                .strip_prefix('#')
                .and_then(|pointer| self.document.pointer(pointer))
            {
                Some(target) => value = target,
                None => return Value::Null,
            }
        }
        Value::Null
    }

    /// Properties and names of those that are required, of a schema and all its parts.
    fn merged(
        &self,
        schema: &Value,
        left: &mut Vec<String>,
        depth: usize,
    ) -> (Map<String, Value>, Vec<String>) {
        let schema = self.resolved(schema);
        let mut properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let mut required: Vec<String> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if depth < DEEPEST {
            for part in schema
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let (more, needed) = self.merged(part, left, depth + 1);
                for (name, value) in more {
                    properties.entry(name).or_insert(value);
                }
                required.extend(needed);
            }
        }
        for choice in [
            "oneOf",
            "anyOf",
            "additionalProperties",
            "patternProperties",
        ] {
            if schema
                .get(choice)
                .is_some_and(|value| *value != Value::Bool(false))
            {
                left.push(format!("`{choice}`: entities have one shape"));
            }
        }
        (properties, required)
    }

    fn column(&self, name: &str, schema: &Value, things: &[String]) -> Column {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.rsplit('/').next().unwrap_or_default();
            if things.iter().any(|thing| thing == target) {
                return Column::new(name, Ok(Kind::Ref(target.to_owned())));
            }
        }
        let schema = self.resolved(schema);
        let words = snake(name);
        // `authorId` refers to an `Author`, where there is one.
        if let Some(stem) = words.strip_suffix("_id") {
            let target = things.iter().find(|thing| singular(&snake(thing)) == stem);
            let target = target
                .cloned()
                .or_else(|| (stem == "user").then(|| "user".to_owned()));
            if let Some(target) = target {
                return Column {
                    assumed: Some("taken for a reference by its name".to_owned()),
                    ..Column::new(name, Ok(Kind::Ref(target)))
                };
            }
        }
        let (kind, assumed) = kind_of(name, &schema);
        let default = schema.get("default").map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        Column {
            default,
            assumed,
            ..Column::new(name, kind)
        }
    }
}

/// `/orders` and `/orders/{id}`, below whatever stands before: an id is the last part, and nothing hangs on an id.
fn plain_path(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let ids = parts.iter().filter(|part| part.starts_with('{')).count();
    ids == 0 || (ids == 1 && parts.last().is_some_and(|part| part.starts_with('{')))
}

fn json_of(holder: &Value) -> Option<Value> {
    let content = holder.get("content")?.as_object()?;
    let (_, json) = content
        .iter()
        .find(|(kind, _)| kind.contains("json"))
        .or_else(|| content.iter().next())?;
    json.get("schema").cloned()
}

fn nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
        || schema
            .get("type")
            .and_then(Value::as_array)
            .is_some_and(|types| types.iter().any(|kind| kind == "null"))
}

fn kind_of(name: &str, schema: &Value) -> (Result<Kind, String>, Option<String>) {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let number = |key: &str| schema.get(key).and_then(Value::as_i64);
    let kinds = schema.get("type").and_then(Value::as_array);
    let kind = text("type").or_else(|| {
        kinds.and_then(|kinds| {
            kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null")
        })
    });
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        return (Ok(Kind::Enum(values)), None);
    }
    match (kind, text("format")) {
        (Some("string"), Some("email")) => (Ok(Kind::Email), None),
        (Some("string"), Some("uri" | "url")) => (Ok(Kind::Url), Some("only https is taken".to_owned())),
        (Some("string"), Some("date")) => (Ok(Kind::Date), None),
        (Some("string"), Some("date-time")) => (Ok(Kind::Timestamp), None),
        (Some("string"), Some("binary" | "byte")) => (Err("files are not fields; write `upload` in the entity".to_owned()), None),
        (Some("string"), Some("password")) => (Err("passwords belong to accounts".to_owned()), None),
        (Some("string"), _) => {
            let (kind, assumed) = text_of(number("maxLength").and_then(|most| u64::try_from(most).ok()));
            let low = number("minLength").and_then(|least| u32::try_from(least).ok()).unwrap_or_default();
            let kind = match kind {
                Kind::Text(_, high) if low <= high => Kind::Text(low, high),
                other => other,
            };
            let pattern = text("pattern").map(|_| "its pattern is not carried over".to_owned());
            (Ok(kind), assumed.or(pattern))
        }
        (Some("integer"), _) => {
            let low = number("minimum").unwrap_or(-SAFE_INT).clamp(-SAFE_INT, SAFE_INT);
            let high = number("maximum").unwrap_or(SAFE_INT).clamp(low, SAFE_INT);
            (Ok(Kind::Int(low, high)), None)
        }
        (Some("number"), _) => super::decimal_of(name),
        (Some("boolean"), _) => (Ok(Kind::Bool), None),
        (Some("array"), _) => (Err("lists are not built yet; make an entity of their items".to_owned()), None),
        (Some("object"), _) => (Err("objects in objects are not built yet; write their fields, or an entity of their own".to_owned()), None),
        _ => (Err("its type is not known".to_owned()), None),
    }
}
