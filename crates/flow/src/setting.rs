//! What the configuration of each unit says, as far as conditions of rows ask for it.

use crate::origin::{Solver, Val};
use crate::result::FileIdx;
use crate::schema::{Call, Finder, Reader};
use casemate_ir::Instr;
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
            for path in row.when.iter().flat_map(|when| when.paths()) {
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
        let speaking: BTreeSet<_> = origins
            .paths
            .ids()
            .filter(|path| asked(*path, false) || asked(*path, true))
            .collect();
        if speaking.is_empty() {
            return settings;
        }
        let reader = Reader::new(Finder::new(origins));
        for id in origins.program.function_ids() {
            let f = origins.program.func(id);
            for (at, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { callee, .. } = *instr else {
                    continue;
                };
                for &val in origins.of_operand(id, callee) {
                    if let Some(Val::Api(path)) = origins.val(val)
                        && speaking.contains(&path)
                        && let Some(call) = Call::of(f, at, None)
                    {
                        settings.tell(&reader, &call, path, unit_of(origins, f.file_idx));
                    }
                }
            }
        }
        settings
    }

    fn tell<'a>(
        &mut self,
        reader: &Reader<'a>,
        call: &Call<'a>,
        path: crate::apipath::PathId,
        unit: u32,
    ) {
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
    match (&port.base, members) {
        (PortBase::Arg(ArgIndex::At(index)), Some(members)) => {
            reader.literal(call, *index as usize, members)
        }
        _ => Value3::Unknown,
    }
}
