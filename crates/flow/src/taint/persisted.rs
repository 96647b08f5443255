//! Records of stores: whoever chooses the name of a member that is written into one chooses a column.

use super::interp::Interp;
use super::port::{Argument, CallSite};
use super::value::Taint;
use crate::origin::{Solver, Val, ValId};
use crate::program::{ClassIdx, FuncRef};
use casemate_ir::{ArgKey, Operand};

/// Whether a value is a record of a store, as the models say of what gives it or of the class that it is made of.
pub(super) fn is_record(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let is = |val: &ValId| match origins.val(*val) {
        Some(Val::Api(path)) => origins.paths.is_record(path),
        Some(Val::Instance(class)) => origins.makes_records(class),
        _ => false,
    };
    let this = matches!(value, Operand::Local(local) if f.func.this == Some(local));
    this && f
        .func
        .class
        .is_some_and(|class| origins.makes_records(f.class(class)))
        || origins.of_operand(f.id, value).iter().any(is)
}

impl Interp<'_> {
    /// `Note(**body)`, of a class that takes what its library takes.
    pub(super) fn columns_of_new(&mut self, class: ClassIdx, site: &CallSite) {
        let spread = |arg: &&Argument| arg.key == ArgKey::KeywordSpread;
        let given = site.args.iter().filter(spread);
        let taints: Vec<Taint> = given.flat_map(|arg| arg.value.taints().to_vec()).collect();
        if taints.is_empty() || !self.origins.makes_records(class) {
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
