//! Classes whose decorators say what their members are, and parameters that are checked against them.

use super::definition::{Def, Place};
use super::read::{Call, Reader};
use super::shape::{Schema, Unknown};
use crate::origin::Val;
use crate::program::{ClassIdx, FuncRef};
use crate::result::FuncId;
use casemate_ir::{Decorator, FnKind, Instr, Language, MemberKind, Operand, TypeRef, VarRef};
use casemate_model::kind::KindSet;
use casemate_model::row::{Role, SchemaRow};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Classes in classes.
const DEPTH: u32 = 4;

/// By function and parameter: what it was checked against.
pub(super) type Parameters = FxHashMap<(FuncId, usize), (Schema, Unknown)>;

/// What is checked of the parameters of handlers: against their classes where the program does so, and by what stands in their
/// own decorators.
pub(super) fn parameters(reader: &Reader<'_>) -> Parameters {
    let program = reader.find.origins.program;
    let checked = checked_classes(reader);
    let mut out = Parameters::default();
    for id in program.function_ids() {
        let f = program.func(id);
        for (index, param) in f.func.params.iter().enumerate() {
            if param.decorators.is_empty() || f.file.facts.language == Language::Python {
                continue;
            }
            let by_decorator = param.decorators.iter().find_map(|d| piped(reader, f, d));
            let made = by_decorator
                .map(|schema| (schema, Unknown::Keep))
                .or_else(|| {
                    let (unknown, converts) = checked?;
                    let ty = param.ty.as_ref()?;
                    let schema = match ty.primitive.filter(|_| ty.wrapper.is_none()) {
                        Some(primitive) if converts => {
                            let name = f.file.facts.str(primitive);
                            match name {
                                "string" | "number" | "boolean" => reader.format(name),
                                _ => Schema::Unknown,
                            }
                        }
                        _ => typed(reader, f, ty, 0),
                    };
                    Some((schema, unknown))
                });
            if let Some((schema, unknown)) = made
                && schema.is_known()
            {
                out.insert((id, index), (schema, unknown));
            }
        }
    }
    out
}

/// Whether some call makes the framework check all parameters against their classes, what it does with other members, and whether
/// it makes texts, numbers and truth values of what is declared so.
/// What stands in a decorator holds for its declaration alone.
fn checked_classes(reader: &Reader<'_>) -> Option<(Unknown, bool)> {
    let program = reader.find.origins.program;
    let mut found: Option<(Unknown, bool)> = None;
    for id in program.function_ids() {
        let f = program.func(id);
        if f.func.kind == FnKind::Module {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call { callee, .. } = *instr else {
                continue;
            };
            for path in reader.find.paths(f, callee) {
                let Some(call) = Call::of(f, at, None) else {
                    continue;
                };
                let row = reader.row(&call, path, |row| matches!(row, SchemaRow::Classes { .. }));
                if let Some((SchemaRow::Classes { unknown, converts }, _)) = row {
                    let unknown = Unknown::of(unknown);
                    // Several applications: what holds in each.
                    found = Some(match found {
                        Some((known, also)) if known != unknown => {
                            (Unknown::Keep, also && *converts)
                        }
                        Some((known, also)) => (known, also && *converts),
                        None => (unknown, *converts),
                    });
                }
            }
        }
    }
    found
}

/// `@Param('id', ParseIntPipe)`
fn piped<'a>(reader: &Reader<'a>, f: FuncRef<'a>, decorator: &Decorator) -> Option<Schema> {
    let call = decorator_call(reader, f, decorator)?;
    call.args.iter().find_map(|arg| {
        let origins = reader.find.origins;
        let mut callee = arg.value;
        if let Some(Def::Made(g, at, _)) = reader.find.define(&call.place(arg.value))
            && let Some(made) = Call::of(g, at, None)
            && g.id == call.f.id
        {
            callee = made.callee;
        }
        reader
            .find
            .paths(call.f, callee)
            .into_iter()
            .find_map(|path| {
                let rows = origins.paths.call_rows(path, true);
                rows.into_iter().find_map(|(_, row)| match &row.role {
                    Role::Schema(SchemaRow::Type { ty, .. }) => {
                        Some(reader.format(ty)).filter(Schema::is_known)
                    }
                    _ => None,
                })
            })
    })
}

/// The call that a decorator is, in the function around the declaration.
fn decorator_call<'a>(
    reader: &Reader<'a>,
    f: FuncRef<'a>,
    decorator: &Decorator,
) -> Option<Call<'a>> {
    let owner = reader.find.origins.program.func(f.parent()?);
    called(reader, owner, decorator.value)
}

fn called<'a>(reader: &Reader<'a>, owner: FuncRef<'a>, value: Operand) -> Option<Call<'a>> {
    let place = Place {
        f: owner,
        operand: value,
        env: None,
    };
    match reader.find.define(&place)? {
        Def::Made(g, at, env) => Call::of(g, at, env),
        _ => None,
    }
}

/// The schema of a declared type.
fn typed<'a>(reader: &Reader<'a>, f: FuncRef<'a>, ty: &TypeRef, depth: u32) -> Schema {
    let Some(VarRef::Global(global)) = ty.binding else {
        return Schema::Unknown;
    };
    let vals = reader.find.origins.of_global(f.global(global));
    let [one] = vals else { return Schema::Unknown };
    let Some(Val::Class(class)) = reader.find.origins.val(*one) else {
        return Schema::Unknown;
    };
    let made = class_schema(reader, class, depth);
    match ty.wrapper.map(|w| f.file.facts.str(w)) {
        None => made,
        Some("Array") => Schema::List(Arc::new(made)),
        Some(_) => Schema::Unknown,
    }
}

/// What the decorators of a class's members say.
fn class_schema(reader: &Reader<'_>, class: ClassIdx, depth: u32) -> Schema {
    let program = reader.find.origins.program;
    let Some((file, def)) = program.class(class).filter(|_| depth < DEPTH) else {
        return Schema::Unknown;
    };
    let owner = program.func(program.func_id(file, def.owner));
    let mut list = Vec::new();
    for member in &def.members {
        if member.kind != MemberKind::Field {
            continue;
        }
        let mut schema: Option<Schema> = None;
        let (mut nested, mut many) = (false, false);
        for decorator in &member.decorators {
            let Some(call) = called(reader, owner, decorator.value) else {
                continue;
            };
            for path in reader.find.paths(call.f, call.callee) {
                let row = reader.row(&call, path, |row| matches!(row, SchemaRow::Step { .. }));
                let Some((row @ SchemaRow::Step { op, .. }, path)) = row else {
                    continue;
                };
                let base = schema
                    .take()
                    .unwrap_or_else(|| Schema::scalar(KindSet::EMPTY));
                schema = Some(match op.as_str() {
                    "nested" => {
                        nested = true;
                        base
                    }
                    "array" => {
                        many = true;
                        base
                    }
                    _ => reader.refined(&call, row, path, &base),
                });
            }
        }
        let Some(mut schema) = schema else { continue };
        if nested {
            let inner = member.ty.as_ref();
            schema = inner.map_or(Schema::Unknown, |ty| typed(reader, owner, ty, depth + 1));
        } else if many {
            schema = Schema::List(Arc::new(schema));
        }
        list.push((program.sym(file, member.name), schema));
    }
    if list.is_empty() {
        return Schema::Unknown;
    }
    let mut made = Schema::object(list, None);
    let extends = owner.func.instrs.iter().any(
        |i| matches!(*i, Instr::Class { class: c, base: Some(_), .. } if owner.class(c) == class),
    );
    if extends {
        let bases = reader.find.origins.of_bases(class);
        let [one] = bases else {
            return made.with_unknown(Unknown::Keep);
        };
        match reader.find.origins.val(*one) {
            Some(Val::Class(base)) => match class_schema(reader, base, depth + 1) {
                Schema::Unknown => made = made.with_unknown(Unknown::Keep),
                inherited => made = inherited.and(&made, true),
            },
            _ => made = made.with_unknown(Unknown::Keep),
        }
    }
    made
}
