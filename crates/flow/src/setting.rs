//! What the configuration of each unit says, as far as conditions of rows ask for it.

use crate::apipath::PathId;
use crate::origin::{Solver, Val};
use crate::program::FuncRef;
use crate::result::FileIdx;
use crate::schema::{Call, Finder, Reader};
use casemate_ir::{ArgKey, Instr, Key, Operand};
use casemate_model::expr::{Literal, Tri, Value3};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};
use casemate_model::row::Role;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// What one call says.
type Told = Vec<(String, Value3)>;

/// By unit and fact: its fields, one entry for each call that says something.
#[derive(Default)]
pub(crate) struct Settings {
    told: FxHashMap<(u32, String), Vec<Told>>,
    asked: BTreeSet<String>,
}

impl Settings {
    /// Reads the configuration of a program.
    pub(crate) fn of(origins: &Solver<'_, '_>) -> Self {
        let models = origins.paths.models();
        let mut settings = Self::default();
        for row in models.rows() {
            let escapes = match &row.role {
                Role::Render { escapes, .. } => escapes.as_ref(),
                _ => None,
            };
            let questions = row.when.iter().chain(escapes);
            for path in questions.flat_map(|when| when.paths()) {
                if let Some(name) = path.strip_prefix("fact:")
                    && let Ok((fact, _)) = models.kinds().fact(name)
                {
                    settings.asked.insert(fact.to_owned());
                }
            }
        }
        let asked = |path, new| {
            let mut rows = origins.paths.call_rows(path, new);
            rows.any(|(_, row)| {
                matches!(&row.role, Role::Config { fact, .. } if settings.asked.contains(fact))
            })
        };
        let written = |path| {
            let mut rows = origins.paths.rows(path);
            rows.any(|(_, row)| {
                matches!(&row.role, Role::Config { fact, .. } if settings.asked.contains(fact))
            })
        };
        let speaking: BTreeSet<_> = origins
            .paths
            .ids()
            .filter(|path| asked(*path, false) || asked(*path, true) || written(*path))
            .collect();
        if speaking.is_empty() {
            return settings;
        }
        let reader = Reader::new(Finder::new(origins));
        for id in origins.program.function_ids() {
            let f = origins.program.func(id);
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let unit = unit_of(origins, f.file_idx);
                if let Instr::Store {
                    base,
                    key: Key::Field(name),
                    value,
                } = *instr
                {
                    for &val in origins.of_operand(id, base) {
                        if let Some(Val::Api(path)) = origins.val(val)
                            && let Some(member) = origins.met_member(path, f.sym(name))
                            && speaking.contains(&member)
                        {
                            settings.tell_member(&reader, &f, value, member, unit);
                        }
                    }
                }
                let Instr::Call { callee, .. } = *instr else {
                    continue;
                };
                for &val in origins.of_operand(id, callee) {
                    if let Some(Val::Api(path)) = origins.val(val)
                        && speaking.contains(&path)
                        && let Some(call) = Call::of(f, at, None)
                    {
                        settings.tell(&reader, &call, path, unit);
                    }
                }
            }
        }
        settings
    }

    /// A member that says something is written.
    fn tell_member<'a>(
        &mut self,
        reader: &Reader<'a>,
        f: &FuncRef<'a>,
        written: Operand,
        path: PathId,
        unit: u32,
    ) {
        for (_, row) in reader.find.origins.paths.rows(path) {
            let Role::Config { fact, read, .. } = &row.role else {
                continue;
            };
            if !self.asked.contains(fact) || row.when.is_some() {
                continue;
            }
            let said = reader.constant(*f, written);
            let fields = read
                .iter()
                .filter(|(_, port)| port.base == PortBase::Value && port.steps.is_empty())
                .map(|(name, _)| (name.clone(), said.clone()));
            self.told
                .entry((unit, fact.clone()))
                .or_default()
                .push(fields.collect());
        }
    }

    fn tell<'a>(&mut self, reader: &Reader<'a>, call: &Call<'a>, path: PathId, unit: u32) {
        for (_, row) in reader.find.origins.paths.call_rows(path, call.new) {
            let Role::Config {
                fact,
                read,
                default,
            } = &row.role
            else {
                continue;
            };
            let holds = reader.holds(row, path, call);
            if !self.asked.contains(fact) || holds == Tri::No {
                continue;
            }
            let mut fields = Told::new();
            for (name, port) in read {
                fields.push((name.clone(), value(reader, call, port)));
            }
            for (name, literal) in default {
                match fields.iter_mut().find(|f| f.0 == *name) {
                    Some(known) if known.1 == Value3::Known(Literal::Null) => {
                        known.1 = Value3::Known(literal.clone());
                    }
                    Some(_) => {}
                    None => fields.push((name.clone(), Value3::Known(literal.clone()))),
                }
            }
            if holds == Tri::Unknown {
                for field in &mut fields {
                    field.1 = Value3::Unknown;
                }
            }
            self.told
                .entry((unit, fact.clone()))
                .or_default()
                .push(fields);
        }
    }

    /// What a fact (`body.form.extended`) is in the unit of a file.
    pub(crate) fn value(&self, origins: &Solver<'_, '_>, file: FileIdx, name: &str) -> Value3 {
        let Ok((fact, field)) = origins.paths.models().kinds().fact(name) else {
            return Value3::Unknown;
        };
        let key = (unit_of(origins, file), fact.to_owned());
        let Some(calls) = self.told.get(&key) else {
            return Value3::Known(Literal::Null);
        };
        let mut all: Vec<Literal> = Vec::new();
        for fields in calls {
            match fields.iter().find(|f| f.0 == field) {
                Some((_, Value3::Known(literal))) if !all.contains(literal) => {
                    all.push(literal.clone());
                }
                Some((_, Value3::Known(_))) => {}
                None if field == "value" => return Value3::Present,
                _ => return Value3::Unknown,
            }
        }
        match all.as_slice() {
            [one] => Value3::Known(one.clone()),
            _ => Value3::OneOf(all),
        }
    }
}

fn unit_of(origins: &Solver<'_, '_>, file: FileIdx) -> u32 {
    let units = &origins.program.units;
    units.get(file.0 as usize).copied().unwrap_or(0)
}

/// The constant at a port.
fn value<'a>(reader: &Reader<'a>, call: &Call<'a>, port: &Port) -> Value3 {
    let members: Option<Vec<&str>> = port
        .steps
        .iter()
        .map(|step| match step {
            PortStep::Member(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let Some(members) = members else {
        return Value3::Unknown;
    };
    let keyword = |name: &str| {
        let facts = &call.f.file.facts;
        let named = |key: &ArgKey| matches!(key, ArgKey::Keyword(k) if facts.str(*k) == name);
        call.args.iter().position(|arg| named(&arg.key))
    };
    match &port.base {
        PortBase::Arg(ArgIndex::At(index)) => reader.literal(call, *index as usize, members),
        PortBase::Arg(ArgIndex::FromEnd(back)) => {
            let at = call.args.len().checked_sub(*back as usize);
            at.map_or(Value3::Unknown, |at| reader.literal(call, at, members))
        }
        PortBase::Arg(ArgIndex::Keyword(name)) => match keyword(name) {
            Some(at) => reader.literal(call, at, members),
            None if call.args.iter().any(|a| a.key == ArgKey::KeywordSpread) => Value3::Unknown,
            None => Value3::Known(Literal::Null),
        },
        _ => Value3::Unknown,
    }
}
