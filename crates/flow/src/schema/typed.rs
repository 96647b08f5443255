//! Schemas of one type: texts of a format or a pattern, numbers, one of some values.

use super::definition::Def;
use super::read::{Call, Reader};
use super::shape::{Schema, Unknown};
use casemate_ir::{ArgKey, Const};
use casemate_model::kind::{Format, KindSet};
use casemate_model::path::Port;
use std::sync::Arc;

impl<'a> Reader<'a> {
    /// What a type of the models means.
    pub(super) fn typed(
        &self,
        call: &Call<'a>,
        ty: &str,
        members: Option<&Port>,
        depth: u32,
    ) -> Schema {
        let one = || members.map_or(Schema::Unknown, |port| self.one(call, port, depth));
        match ty {
            "object" | "strict-object" | "loose-object" => {
                let unknown = match ty {
                    "strict-object" => Some(Unknown::Refuse),
                    "loose-object" => Some(Unknown::Keep),
                    _ => None,
                };
                // `Joi.object()` without members lets everything through.
                let Some(port) = members else {
                    return Schema::Unknown;
                };
                match self.defs(call, port).as_slice() {
                    [Some(def)] => match self.literal_object(def, depth) {
                        Schema::Object(fields) => Schema::object(fields.list.clone(), unknown),
                        _ => match self.find.members(def, 0) {
                            Some(list) => Schema::object(
                                list.into_iter().map(|m| (m.0, Schema::Unknown)).collect(),
                                unknown,
                            ),
                            None => Schema::Unknown,
                        },
                    },
                    [] => Schema::object(Vec::new(), unknown.or(Some(Unknown::Keep))),
                    _ => Schema::Unknown,
                }
            }
            "array" => Schema::List(Arc::new(one())),
            "tuple" | "union" => {
                let all = self.all(call, members, depth);
                let met = all.into_iter().reduce(|a, b| a.or(&b)).unwrap_or_default();
                if ty == "tuple" {
                    Schema::List(Arc::new(met))
                } else {
                    met
                }
            }
            "all" => {
                let all = self.all(call, members, depth);
                let lost = all.contains(&Schema::Unknown);
                let met = all.into_iter().reduce(|a, b| a.and(&b, false));
                if lost {
                    Schema::Unknown
                } else {
                    met.unwrap_or_default()
                }
            }
            "same" => one(),
            "one-of" => self.one_of(call, members),
            "pattern" => members.map_or(Schema::Unknown, |p| self.pattern(call, p)),
            "json-schema" => {
                let defs = members.map(|p| self.defs(call, p)).unwrap_or_default();
                match defs.as_slice() {
                    [Some(def)] => self.json_schema(def, depth + 1),
                    _ => Schema::Unknown,
                }
            }
            // It asks for something that says nothing of what can be done with the value.
            "nothing" => Schema::scalar(KindSet::EMPTY),
            other => self.format(other),
        }
    }

    /// What a text of a format is clean for.
    pub(super) fn format(&self, name: &str) -> Schema {
        match self.kinds.format(name) {
            Some(Format::Clean(kinds)) => Schema::scalar(*kinds),
            Some(Format::Pattern(pattern)) => self.matching(pattern, ""),
            None => Schema::Unknown,
        }
    }

    pub(super) fn string(&self) -> KindSet {
        match self.kinds.format("string") {
            Some(Format::Clean(kinds)) => *kinds,
            _ => KindSet::EMPTY,
        }
    }

    pub(super) fn is_number(&self, kinds: KindSet) -> bool {
        matches!(self.kinds.format("int"), Some(Format::Clean(number)) if kinds.covers(*number))
    }

    pub(super) fn matching(&self, pattern: &str, flags: &str) -> Schema {
        Schema::scalar(
            self.string()
                .union(self.k.cleared_by_regex(pattern, flags, true)),
        )
    }

    pub(super) fn pattern(&self, call: &Call<'a>, port: &Port) -> Schema {
        match self.defs(call, port).as_slice() {
            [Some(Def::Const(f, id))] => match f.file.facts.constant(*id) {
                Const::Regex(r) => {
                    self.matching(f.file.facts.str(r.pattern), f.file.facts.str(r.flags))
                }
                Const::Str(text) => self.matching(f.file.facts.str(*text), ""),
                _ => Schema::scalar(self.string()),
            },
            _ => Schema::scalar(self.string()),
        }
    }

    /// One of a list of the program's own: its elements are constants, or the list is no literal at all (an enum, a table).
    pub(super) fn one_of(&self, call: &Call<'a>, port: Option<&Port>) -> Schema {
        let Some(port) = port else {
            return Schema::Unknown;
        };
        let spread = call.args.iter().filter(|a| a.key == ArgKey::Spread);
        let mut defs = self.defs(call, port);
        defs.extend(spread.map(|a| self.find.define(&call.place(a.value))));
        if !defs.is_empty() && defs.iter().all(|d| self.is_own(d.as_ref(), 0)) {
            self.format("enum")
        } else {
            Schema::Unknown
        }
    }
}
