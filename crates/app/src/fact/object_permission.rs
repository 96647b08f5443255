//! Methods of views about one record that never ask the permissions which are about records: Django REST framework asks
//! `has_object_permission` where the method fetches the record by `get_object`, and nowhere else.

use crate::decoration::{class, elements};
use crate::model::{Answer, Application, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Key, MemberKind, Operand};
use std::collections::BTreeSet;

/// Members of a view by which records are fetched with their permissions asked, or from those that are somebody's.
const FETCHES: [&str; 6] = [
    "get_object",
    "check_object_permissions",
    "get_queryset",
    "filter_queryset",
    "queryset",
    "get_parent_object",
];

/// Names of parameters that say which record.
const KEYS: [&str; 4] = ["pk", "id", "uuid", "slug"];

/// Methods of the same view that are read too.
const DEPTH: u32 = 3;

/// Classes above each other.
const ANCESTORS: usize = 8;

impl Application {
    /// One fact for each method that is about one record and whose permissions ask about records.
    pub(super) fn object_permissions(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for endpoint in self.endpoints.iter().filter(|e| !e.by_class) {
            let Some(&handler) = endpoint.handlers.first() else {
                continue;
            };
            let f = origins.program.func(handler);
            let Some(asks) = key_of(f).and_then(|_| asking(origins, f)) else {
                continue;
            };
            if !seen.insert(handler) {
                continue;
            }
            let (site, function) = crate::account::place(endpoint, origins);
            out.push(Fact {
                fact: "object.permission".to_owned(),
                site,
                function,
                callee: asks,
                values: vec![
                    (
                        "asked".to_owned(),
                        FactValue::Bool(fetches(origins, handler, 0) || decides(endpoint, f)),
                    ),
                    ("uses".to_owned(), FactValue::Bool(touches(f))),
                ],
            });
        }
        out
    }
}

/// Who asks is looked at together with the key: a check of its own.
fn decides(endpoint: &Endpoint, f: FuncRef<'_>) -> bool {
    let key = key_of(f).map(crate::guard::names::Names::of);
    endpoint.objects.asked
        || key.is_some_and(|key| key.meets(endpoint.objects.beside))
        || endpoint.guarded("owner") == Answer::Yes
        || endpoint.guarded("role") == Answer::Yes
}

/// The parameter that says which record.
fn key_of<'p>(f: FuncRef<'p>) -> Option<&'p str> {
    let mut names = f
        .func
        .params
        .iter()
        .filter_map(|p| p.name.map(|name| f.file.facts.str(name)));
    names.find(|name| KEYS.contains(name))
}

/// Whether the method does something with what it is given.
fn touches(f: FuncRef<'_>) -> bool {
    let key = f.func.params.iter().find(|p| {
        p.name
            .is_some_and(|name| KEYS.contains(&f.file.facts.str(name)))
    });
    key.is_some_and(|param| {
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call { args, .. } => f
                .func
                .args(args)
                .iter()
                .any(|arg| is_local(f, arg.value, param.local)),
            _ => false,
        })
    })
}

fn is_self(f: FuncRef<'_>, value: Operand) -> bool {
    f.func.this.is_some_and(|this| is_local(f, value, this))
}

fn is_local(f: FuncRef<'_>, value: Operand, wanted: casemate_ir::LocalId) -> bool {
    value == Operand::Local(wanted)
        || matches!(value, Operand::Local(local)
            if matches!(f.writer(local), Some((_, Instr::Copy { from, .. })) if *from == Operand::Local(wanted)))
}

/// The class among the permissions of a method, or of its view, that asks about records.
fn asking(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Option<String> {
    let view = f.class(f.func.class?);
    class::declared(origins, f.class(f.func.class?))?;
    if let Some((owner, list)) = class::own_permissions(origins, f.id) {
        return of_list(origins, origins.program.func(owner), list);
    }
    let mut open = vec![view];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        let (file, def) = origins.program.class(class)?;
        let owner = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        let listed = owner
            .class_body(class)
            .find(|(_, name, _)| *name == "permission_classes");
        if let Some((_, _, list)) = listed {
            return of_list(origins, owner, list);
        }
        let bases = origins.of_bases(class).iter();
        open.extend(bases.filter_map(|base| match origins.val(*base) {
            Some(Val::Class(base)) => Some(base),
            _ => None,
        }));
        if open.len() > ANCESTORS {
            return None;
        }
    }
    None
}

fn of_list(origins: &Solver<'_, '_>, f: FuncRef<'_>, list: Operand) -> Option<String> {
    let method = origins.program.symbols.find("has_object_permission")?;
    elements(f, list)?.into_iter().find_map(|element| {
        origins.of_operand(f.id, element).iter().find_map(|&val| {
            let Some(Val::Class(class)) = origins.val(val) else {
                return None;
            };
            origins.member_function(class, method, MemberKind::Method)?;
            named(origins, class)
        })
    })
}

fn named(origins: &Solver<'_, '_>, class: ClassIdx) -> Option<String> {
    let (file, def) = origins.program.class(class)?;
    let facts = &origins.program.file(file).facts;
    def.name.map(|name| facts.str(name).to_owned())
}

/// Whether a method fetches records by what asks permissions, itself, by a method of the same view, or by the one above it.
fn fetches(origins: &Solver<'_, '_>, func: FuncId, depth: u32) -> bool {
    let f = origins.program.func(func);
    let named = f.func.instrs.iter().any(|instr| match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => {
            let name = f.file.facts.str(name);
            FETCHES.contains(&name) || name == casemate_ir::SUPER || name.contains("permission")
        }
        _ => false,
    });
    named
        || depth < DEPTH
            && f.func.instrs.iter().any(|instr| match *instr {
                // Methods of the view itself: what records and services are asked is no permission of the view.
                Instr::Call { callee, .. }
                    if f.read_off(callee).is_some_and(|of| is_self(f, of)) =>
                {
                    origins.of_operand(func, callee).iter().take(2).any(|&val| {
                        matches!(origins.val(val), Some(Val::Func(inner))
                            if inner != func && fetches(origins, inner, depth + 1))
                    })
                }
                _ => false,
            })
}
