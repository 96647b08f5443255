//! Records about which the permissions of a view ask whose they are: `permission_classes = [IsOwner]` with
//! `def has_object_permission(self, request, view, obj): return obj.owner == request.user`.

use super::inherited::named_record;
use crate::decoration::elements;
use crate::guard::root::{Known, Search};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{Instr, Key, MemberKind, OpKind, Operand};
use std::collections::BTreeSet;

/// Adds their names.
pub(super) fn add(origins: &Solver<'_, '_>, set: &Known, out: &mut BTreeSet<String>) {
    let program = origins.program;
    if program.symbols.find("has_object_permission").is_none() {
        return;
    }
    let count = u32::try_from(program.class_count()).unwrap_or(u32::MAX);
    for class in (0..count).map(ClassIdx) {
        let Some((file, def)) = program.class(class) else {
            continue;
        };
        let owner = program.func(program.func_id(file, def.owner));
        let (mut object, mut asks) = (None, false);
        for (_, name, value) in owner.class_body(class) {
            match name {
                "model" | "queryset" if object.is_none() => object = named_record(owner, value),
                "permission_classes" => {
                    let list = elements(owner, value).unwrap_or_default();
                    asks |= list.iter().any(|one| compares(origins, set, owner, *one));
                }
                _ => {}
            }
        }
        if asks {
            out.extend(object.filter(|object| !object.is_empty()));
        }
    }
}

/// Whether a permission of the program holds a member of the record against who asks.
fn compares(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>, permission: Operand) -> bool {
    let Some(name) = origins.program.symbols.find("has_object_permission") else {
        return false;
    };
    origins.of_operand(f.id, permission).iter().any(|&val| {
        let Some(Val::Class(class)) = origins.val(val) else {
            return false;
        };
        let method = origins.member_function(class, name, MemberKind::Method);
        method.is_some_and(|method| {
            let f = origins.program.func(method);
            let Some(record) = f.func.params.last().map(|param| param.local) else {
                return false;
            };
            f.func.instrs.iter().any(|instr| match *instr {
                Instr::Op {
                    op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
                    operands,
                    ..
                } => {
                    let operands = f.func.operands(operands);
                    operands
                        .iter()
                        .any(|o| is_member(f, *o, Operand::Local(record)))
                        && operands
                            .iter()
                            .any(|o| Search::of(origins, set, method, *o).identity)
                }
                _ => false,
            })
        })
    })
}

/// `record.owner`, `record.owner.id`
fn is_member(f: FuncRef<'_>, value: Operand, record: Operand) -> bool {
    let mut at = value;
    for _ in 0..4 {
        let Some(Instr::Load {
            base,
            key: Key::Field(_),
            ..
        }) = f.made_by(at)
        else {
            return false;
        };
        if *base == record {
            return true;
        }
        at = *base;
    }
    false
}
