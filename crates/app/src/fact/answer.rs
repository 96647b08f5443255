//! Records of people that are sent as they were read.

use super::trace::{at, flat, made_by, reached, text};
use crate::object::key::{PERSONS, object};
use crate::object::{Query, query};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Arg, ArgKey, Instr, Key, Operand, PartKey};
use casemate_model::row::Role;
use std::collections::BTreeMap;

/// Steps from an answer back to a query.
const STEPS: u32 = 10;

/// Names of options and calls by which fields are chosen.
const CHOOSES: [&str; 13] = [
    "select",
    "attributes",
    "projection",
    "project",
    "fields",
    "omit",
    "pick",
    "only",
    "defer",
    "exclude",
    "columns",
    "map",
    "valueslist",
];

/// Names that say that somewhere fields are taken out of records before they are sent.
const HIDES: [&str; 9] = [
    "toJSON",
    "to_json",
    "defaultScope",
    "Exclude",
    "plainToInstance",
    "instanceToPlain",
    "toObject",
    "hidden",
    "serialize",
];

/// Fields that make a record one to be careful with.
const SECRETS: [&str; 8] = [
    "password",
    "passwordhash",
    "hash",
    "salt",
    "passwd",
    "pwd",
    "token",
    "hashedpassword",
];

/// One fact for each answer that is a record of somebody.
pub(super) fn records(origins: &Solver<'_, '_>, handlers: &[FuncId]) -> Vec<Fact> {
    let hides = origins.program.files.iter().any(|file| {
        let mut strings = file.facts.strings.iter();
        strings.any(|s| HIDES.contains(&&**s))
    });
    let mut out: BTreeMap<_, Fact> = BTreeMap::new();
    for handler in handlers {
        let Some(all) = reached(origins, &[*handler], 0) else {
            continue;
        };
        let closures = all.iter().flat_map(|func| {
            let f = origins.program.func(*func);
            inner(f)
        });
        let all: Vec<FuncId> = all.iter().copied().chain(closures).collect();
        for func in all {
            let f = origins.program.func(func);
            for (index, instr) in f.func.instrs.iter().enumerate() {
                let Instr::Call { callee, args, .. } = *instr else {
                    continue;
                };
                if !answers(origins, func, callee) {
                    continue;
                }
                for value in sent(f, f.func.args(args)) {
                    let Some((object, whole)) = record(origins, f, value, 0) else {
                        continue;
                    };
                    let whole = match whole {
                        true if strips(f) => FactValue::Bool(false),
                        true if hides => FactValue::Unknown,
                        whole => FactValue::Bool(whole),
                    };
                    let values = [("object", FactValue::Str(object)), ("whole", whole)];
                    let fact = at(f, index, "record.answer", "the answer", &values);
                    out.entry(fact.site).or_insert(fact);
                }
            }
        }
    }
    out.into_values().collect()
}

/// The functions inside one, at any depth that people write.
fn inner(f: FuncRef<'_>) -> Vec<FuncId> {
    let mut out = Vec::new();
    let mut open = vec![(f.id, f.func)];
    while let Some((_, func)) = open.pop() {
        for instr in &func.instrs {
            if let Instr::Closure { func: inner, .. } = *instr
                && out.len() < 60
                && let Some(function) = f.file.facts.function(inner)
            {
                out.push(f.sibling(inner));
                open.push((f.sibling(inner), function));
            }
        }
    }
    out
}

fn answers(origins: &Solver<'_, '_>, func: FuncId, callee: Operand) -> bool {
    origins.of_operand(func, callee).iter().any(|val| {
        let Some(Val::Api(path)) = origins.val(*val) else {
            return false;
        };
        let kinds = origins.paths.models().kinds();
        origins.paths.call_rows(path, false).any(|(_, row)| {
            matches!(&row.role, Role::Sink { kind, .. } if ["response", "answer"].contains(&kinds.sink_name(*kind)))
        })
    })
}

/// What an answer is made of: the argument, and the members of an object that is written there.
fn sent(f: FuncRef<'_>, args: &[Arg]) -> Vec<Operand> {
    let mut out = Vec::new();
    for arg in args {
        out.push(arg.value);
        if let Some((_, Instr::Object { parts, .. } | Instr::Array { parts, .. })) =
            made_by(f, arg.value)
        {
            out.extend(f.func.parts(*parts).iter().map(|part| part.value));
        }
    }
    out
}

/// The person's record that a value is, and whether all of its fields were read.
fn record(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    value: Operand,
    depth: u32,
) -> Option<(String, bool)> {
    if depth > STEPS {
        return None;
    }
    let Operand::Local(local) = value else {
        return None;
    };
    if let Some(position) = f.func.params.iter().position(|p| p.local == local) {
        return given(origins, f, position, depth);
    }
    let (index, instr) = made_by(f, value)?;
    match *instr {
        Instr::Call {
            callee, this, args, ..
        } => of_call(origins, f, index, (callee, this), f.func.args(args), depth),
        Instr::Load { base, key, .. } => match key {
            // The first row of a list of rows.
            Key::Index(_) => record(origins, f, base, depth + 1),
            Key::Field(name)
                if ["rows", "dataValues", "_doc"].contains(&f.file.facts.str(name)) =>
            {
                record(origins, f, base, depth + 1)
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_call(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    index: usize,
    (callee, this): (Operand, Option<Operand>),
    args: &[Arg],
    depth: u32,
) -> Option<(String, bool)> {
    let Some(Instr::Call { args: range, .. }) = f.func.instrs.get(index) else {
        return None;
    };
    if let Some(asked) = query(origins, f, index, callee, *range) {
        return read(origins, f, &asked, this, *range);
    }
    let name = super::trace::called(f, callee, this)
        .0
        .map(flat)
        .unwrap_or_default();
    // `list(…)` and the like only change the form.
    if ["list", "tuple", "dict"].contains(&name.as_str()) && this.is_none() {
        return record(origins, f, args.first()?.value, depth + 1);
    }
    let (object, whole) = record(origins, f, this?, depth + 1)?;
    let chooses = CHOOSES.contains(&name.as_str()) || name == "values" && !args.is_empty();
    let known = [
        "lean", "exec", "all", "values", "first", "get", "sort", "limit", "skip", "populate",
        "fetchall", "fetchone", "toarray", "orderby", "filter", "filterby",
    ]
    .contains(&name.as_str());
    (chooses || known).then_some((object, whole && !chooses))
}

/// A query for records of people.
fn read(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    asked: &Query,
    this: Option<Operand>,
    range: casemate_ir::Range32,
) -> Option<(String, bool)> {
    if asked.op != "read" {
        return None;
    }
    let name = object(origins, f, asked, this, range);
    if !PERSONS.contains(&name.as_str()) {
        return None;
    }
    let args = f.func.args(range);
    let whole = match &asked.sql {
        Some(sql) => sql.contains('*') && !sql.to_lowercase().contains("count("),
        None => !args.iter().enumerate().any(|(at, arg)| limits(f, at, arg)),
    };
    Some((name, whole))
}

/// An argument of a query that chooses fields.
fn limits(f: FuncRef<'_>, position: usize, arg: &Arg) -> bool {
    if position > 0 && arg.key == ArgKey::Pos && text(f, arg.value).is_some() {
        return true;
    }
    let Some((_, Instr::Object { parts, .. })) = made_by(f, arg.value) else {
        return false;
    };
    f.func.parts(*parts).iter().any(|part| match part.key {
        PartKey::Field(name) => {
            let name = flat(f.file.facts.str(name));
            CHOOSES.contains(&name.as_str())
                // `findOne(filter, { name: 1 })`, `{ password: 0 }`
                || position == 1 && matches!(part.value, Operand::Const(_))
        }
        _ => false,
    })
}

/// A parameter of a function that a query, or `then` on one, is given.
fn given(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    position: usize,
    depth: u32,
) -> Option<(String, bool)> {
    let parent = origins.program.func(f.parent()?);
    let made = parent.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Closure { to, func } if parent.sibling(func) == f.id => Some(to),
        _ => None,
    })?;
    parent
        .func
        .instrs
        .iter()
        .enumerate()
        .find_map(|(index, instr)| {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                return None;
            };
            let taken = parent.func.args(args);
            if !taken.iter().any(|arg| arg.value == Operand::Local(made)) {
                return None;
            }
            let name = super::trace::called(parent, callee, this).0;
            match (name, position) {
                (Some("then"), 0) => record(origins, parent, this?, depth + 1),
                (_, 1) => {
                    let asked = query(origins, parent, index, callee, args)?;
                    read(origins, parent, &asked, this, args)
                }
                (Some("exec"), _) => record(origins, parent, this?, depth + 1),
                _ => None,
            }
        })
}

/// Something secret is taken out of a record in this function.
fn strips(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Delete {
            key: Key::Field(name),
            ..
        }
        | Instr::Store {
            key: Key::Field(name),
            ..
        } => SECRETS.contains(&flat(f.file.facts.str(name)).as_str()),
        Instr::Op {
            op: casemate_ir::OpKind::Rest,
            ..
        } => true,
        _ => false,
    })
}
