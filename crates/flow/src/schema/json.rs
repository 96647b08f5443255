//! Schemas in the notation of JSON Schema.

use super::definition::{Def, Place};
use super::read::{Call, DEPTH, Reader};
use super::shape::{Schema, Unknown};
use crate::symbol::Sym;
use std::sync::Arc;

impl<'a> Reader<'a> {
    /// A schema in the notation of JSON Schema (draft 2020-12, and JTD's `properties`).
    pub(super) fn json_schema(&self, def: &Def<'a>, depth: u32) -> Schema {
        if depth > DEPTH {
            return Schema::Unknown;
        }
        // A library that builds such schemas by calls.
        if let Def::Made(f, at, env) = def
            && Call::of(*f, *at, env.clone()).is_some()
        {
            return self.schema_of(def, depth + 1);
        }
        let get = |name: &str| {
            let sym = self.find.origins.program.symbols.find(name)?;
            match self.find.member(def.clone(), sym)? {
                Def::Member(..) => None,
                found => Some(found),
            }
        };
        if self.find.members(def, 0).is_none() {
            return Schema::Unknown;
        }
        if get("enum").is_some() || get("const").is_some() {
            return self.format("enum");
        }
        if get("$ref").is_some() {
            return Schema::Unknown;
        }
        if let Some(any) = get("anyOf").or_else(|| get("oneOf")) {
            let list = self.find.elements(&any).unwrap_or_default();
            let read = |place: &Place<'a>| {
                let def = self.find.define(place);
                def.map_or(Schema::Unknown, |d| self.json_schema(&d, depth + 1))
            };
            return list
                .iter()
                .map(read)
                .reduce(|a, b| a.or(&b))
                .unwrap_or_default();
        }
        let ty = get("type");
        let ty = match &ty {
            Some(def) => match self.find.text(def) {
                Some(text) => text,
                None => return Schema::Unknown,
            },
            None if get("properties").is_some() => "object",
            None => return Schema::Unknown,
        };
        match ty {
            "object" => {
                let list = get("properties").and_then(|p| self.find.members(&p, 0));
                let Some(list) = list else {
                    return Schema::Unknown;
                };
                let read = |(sym, place): &(Sym, Place<'a>)| {
                    let def = self.find.define(place);
                    (
                        *sym,
                        def.map_or(Schema::Unknown, |d| self.json_schema(&d, depth + 1)),
                    )
                };
                let closed =
                    get("additionalProperties").is_some_and(|d| self.find.truth(&d) == Some(false));
                let unknown = if closed {
                    Unknown::Refuse
                } else {
                    Unknown::Keep
                };
                Schema::object(list.iter().map(read).collect(), Some(unknown))
            }
            "array" => {
                let items = get("items");
                Schema::List(Arc::new(
                    items.map_or(Schema::Unknown, |d| self.json_schema(&d, depth + 1)),
                ))
            }
            "string" => {
                let mut made = self.format("string");
                if let Some(pattern) = get("pattern").as_ref().and_then(|d| self.find.text(d)) {
                    made = made.and(&self.matching(pattern, ""), false);
                }
                if let Some(format) = get("format").as_ref().and_then(|d| self.find.text(d)) {
                    made = made.and(&self.format(format_of_json(format)), false);
                }
                made
            }
            "integer" | "number" => {
                let made = self.format("number");
                match get("maximum").or_else(|| get("exclusiveMaximum")) {
                    Some(_) => made.and(&Schema::scalar(self.k.sizes), false),
                    None => made,
                }
            }
            "boolean" => self.format("boolean"),
            "null" => self.format("null"),
            _ => Schema::Unknown,
        }
    }
}

/// The formats of JSON Schema (section 7.3 of its validation part) by our names.
fn format_of_json(name: &str) -> &str {
    match name {
        "date-time" | "date" | "time" => "datetime",
        "ipv4" | "ipv6" => "ip",
        "uri" | "url" => "url",
        other => other,
    }
}
