//! Records of stores: whoever chooses the name of a member that is written into one chooses a column.

use super::interp::Interp;
use super::port::{Argument, CallSite};
use super::value::Taint;
use crate::origin::{Solver, Val, ValId};
use crate::program::{ClassIdx, FuncRef};
use casemate_ir::{ArgKey, Operand};
use casemate_model::row::Role;

/// Classes above one that are looked at.
const ANCESTORS: usize = 8;

/// Whether a value is a record of a store, as the models say of what gives it or of the class that it is made of.
pub(super) fn is_record(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let of_class = |class: ClassIdx| makes_records(origins, class);
    let is = |val: &ValId| match origins.val(*val) {
        Some(Val::Api(path)) => origins.paths.is_record(path),
        Some(Val::Instance(class)) => of_class(class),
        _ => false,
    };
    let this = matches!(value, Operand::Local(local) if f.func.this == Some(local));
    this && f.func.class.is_some_and(|class| of_class(f.class(class)))
        || origins.of_operand(f.id, value).iter().any(is)
}

/// Whether instances of a class are records.
pub(super) fn makes_records(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let mut classes = vec![class];
    let mut at = 0;
    while let Some(&class) = classes.get(at) {
        at += 1;
        if is_marked(origins, class) {
            return true;
        }
        for base in origins.of_bases(class) {
            match origins.val(*base) {
                Some(Val::Class(base)) if classes.len() < ANCESTORS && !classes.contains(&base) => {
                    classes.push(base);
                }
                Some(Val::Api(base)) => {
                    let mut rows = origins.paths.rows_of_instances(base);
                    if rows.any(|row| row.role == Role::Record) {
                        return true;
                    }
                }
                _ => {}
            }
        }
    }
    false
}

/// `@Entity() class Note`
fn is_marked(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let Some((file, def)) = origins.program.class(class) else {
        return false;
    };
    let owner = origins.program.func_id(file, def.owner);
    let marks = def.decorators.iter();
    let mut marks = marks.flat_map(|mark| origins.of_operand(owner, mark.value));
    marks.any(|&mark| {
        matches!(origins.val(mark), Some(Val::Api(path))
            if origins.paths.is_record(path))
    })
}

impl Interp<'_> {
    /// `Note(**body)`, of a class that takes what its library takes.
    pub(super) fn columns_of_new(&mut self, class: ClassIdx, site: &CallSite) {
        let spread = |arg: &&Argument| arg.key == ArgKey::KeywordSpread;
        let given = site.args.iter().filter(spread);
        let taints: Vec<Taint> = given.flat_map(|arg| arg.value.taints().to_vec()).collect();
        if taints.is_empty() || !makes_records(self.origins, class) {
            return;
        }
        let Some((file, def)) = self.origins.program.class(class) else {
            return;
        };
        let facts = &self.origins.program.file(file).facts;
        let mut members = def.members.iter();
        if members.any(|member| facts.str(member.name) == "__init__") {
            return;
        }
        let name = def.name.map_or("a record", |name| facts.str(name));
        let sink = self.sink(site.instr as usize, self.k.keys, name, 0);
        for taint in taints {
            self.arrive(&taint, &sink, false);
        }
    }

    /// `record[key] = value`, `setattr(record, key, value)`.
    pub(super) fn column_store(&mut self, at: usize, base: Operand, key: Operand) {
        let key = self.operand(key);
        if key.taints.is_none() || !is_record(self.origins, self.f, base) {
            return;
        }
        let sink = self.sink(at, self.k.keys, "assignment by name", 0);
        let taints: Vec<Taint> = key.taints().to_vec();
        for taint in taints {
            self.arrive(&taint, &sink, false);
        }
    }
}
