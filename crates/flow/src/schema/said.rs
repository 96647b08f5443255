//! What Python's declarations ask of values beside their types: `Annotated[str, Query(pattern='^[a-z]+$')]`, `= Field(pattern=…)`,
//! `Name = Annotated[str, AfterValidator(is_name)]`.
//!
//! Whether anybody holds values against it is told by where the declaration stands: a parameter that a framework fills, a field of
//! a class of a library that checks what it reads.

use super::definition::{Def, Place};
use super::read::{Call, Reader};
use super::shape::Schema;
use crate::program::{ClassIdx, FuncRef};
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{Const, Decorator, Language, MemberKind, Operand, TypeRef};
use casemate_model::kind::KindSet;
use casemate_model::row::{Role, SchemaRow};
use rustc_hash::FxHashMap;

/// What is asked of one value.
#[derive(Default)]
pub(crate) struct Asked {
    /// For what it is clean.
    pub kinds: KindSet,
    /// The functions that see it first.
    pub functions: Vec<Seen>,
}

/// A function that sees a value before anybody reads it.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// The function.
    pub func: FuncId,
    /// The parameter that holds the value.
    pub given: u16,
    /// What it answers says whether the value is let through; otherwise what it returns is.
    pub answers: bool,
}

/// All that is asked.
#[derive(Default)]
pub(super) struct Said {
    pub parameters: FxHashMap<(FuncId, usize), Asked>,
    pub members: FxHashMap<(ClassIdx, Sym), Asked>,
}

/// Reads the declarations of a program.
pub(super) fn said(reader: &Reader<'_>) -> Said {
    let origins = reader.find.origins;
    let program = origins.program;
    let mut out = Said::default();
    for id in program.function_ids() {
        let f = program.func(id);
        if f.file.facts.language != Language::Python {
            continue;
        }
        for (index, param) in f.func.params.iter().enumerate() {
            if !origins.filled_by_package.contains(&(id, index)) {
                continue;
            }
            let parent = f.parent().map(|parent| program.func(parent));
            let asked = asked(reader, f, param.ty.as_ref(), parent, &param.decorators, &[]);
            if let Some(asked) = asked {
                out.parameters.insert((id, index), asked);
            }
        }
    }
    for class in (0..crate::program::to_u32(program.class_count())).map(ClassIdx) {
        let Some((file, def)) = program.class(class) else {
            continue;
        };
        let owner = program.func(program.func_id(file, def.owner));
        if owner.file.facts.language != Language::Python {
            continue;
        }
        let given: Vec<(&str, Operand)> = owner
            .class_body(class)
            .map(|(_, name, value)| (name, value))
            .collect();
        for member in def.members.iter().filter(|m| m.kind == MemberKind::Field) {
            let name = owner.file.facts.str(member.name);
            let given: Vec<Operand> = given
                .iter()
                .filter(|known| known.0 == name)
                .map(|known| known.1)
                .collect();
            let ty = member.ty.as_ref();
            let asked = asked(reader, owner, ty, Some(owner), &member.decorators, &given);
            if let Some(asked) = asked {
                out.members
                    .insert((class, program.sym(file, member.name)), asked);
            }
        }
        for method in &def.members {
            if let Some(func) = method.func {
                let func = program.func_id(file, func);
                validator(reader, class, owner, func, &method.decorators, &mut out);
            }
        }
    }
    out
}

/// The fields that a method is decorated as the check of: `@field_validator('name')`.
fn validator<'a>(
    reader: &Reader<'a>,
    class: ClassIdx,
    owner: FuncRef<'a>,
    func: FuncId,
    decorators: &[Decorator],
    out: &mut Said,
) {
    let program = reader.find.origins.program;
    for decorator in decorators {
        let Some(call) = call(reader, owner, decorator.value) else {
            continue;
        };
        let validates =
            |row: &SchemaRow| matches!(row, SchemaRow::Step { op, .. } if op == "validates");
        let mut paths = reader.find.paths(call.f, call.callee).into_iter();
        if !paths.any(|path| reader.row(&call, path, validates).is_some()) {
            continue;
        }
        let f = program.func(func);
        let first = f.func.params.first().and_then(|p| p.name);
        let receives = first.is_some_and(|n| matches!(f.file.facts.str(n), "cls" | "self"));
        let seen = Seen {
            func,
            given: u16::from(receives),
            answers: false,
        };
        for arg in call.args {
            let Operand::Const(id) = arg.value else {
                continue;
            };
            let Const::Str(text) = call.f.file.facts.constant(id) else {
                continue;
            };
            let all = call.f.file.facts.str(*text) == "*";
            let fields = program.class(class).into_iter().flat_map(|(file, def)| {
                let fields = def.members.iter().filter(|m| m.kind == MemberKind::Field);
                fields.map(move |m| program.sym(file, m.name))
            });
            let one = (!all).then(|| call.f.sym(*text));
            for name in fields.filter(|_| all).chain(one) {
                let asked = out.members.entry((class, name)).or_default();
                asked.functions.push(seen);
            }
        }
    }
}

/// The call that an operand is.
fn call<'a>(reader: &Reader<'a>, f: FuncRef<'a>, operand: Operand) -> Option<Call<'a>> {
    let place = Place {
        f,
        operand,
        env: None,
    };
    match reader.find.define(&place)? {
        Def::Made(g, at, env) => Call::of(g, at, env),
        _ => None,
    }
}

/// What a type, what stands beside it, and what the declaration is given ask. `f`: where the type stands, `owner`: where the rest does.
fn asked<'a>(
    reader: &Reader<'a>,
    f: FuncRef<'a>,
    ty: Option<&TypeRef>,
    owner: Option<FuncRef<'a>>,
    decorators: &[Decorator],
    given: &[Operand],
) -> Option<Asked> {
    let mut out = Asked::default();
    if let Some((module, said)) = ty.and_then(|ty| reader.find.origins.said_by(f, ty)) {
        for value in said {
            add(reader, module, value, &mut out);
        }
    }
    if let Some(owner) = owner {
        let values = decorators.iter().map(|d| d.value);
        for value in values.chain(given.iter().copied()) {
            add(reader, owner, value, &mut out);
        }
    }
    (!out.kinds.is_empty() || !out.functions.is_empty()).then_some(out)
}

fn add<'a>(reader: &Reader<'a>, f: FuncRef<'a>, value: Operand, out: &mut Asked) {
    let Some(call) = call(reader, f, value) else {
        return;
    };
    for path in reader.find.paths(call.f, call.callee) {
        for (_, row) in reader.find.origins.paths.call_rows(path, call.new) {
            let Role::Schema(SchemaRow::Step { op, with, format }) = &row.role else {
                continue;
            };
            let given = || with.iter().flat_map(|port| reader.places(&call, port));
            match op.as_str() {
                "calls" | "asks" => out.functions.extend(given().filter_map(|place| {
                    Some(Seen {
                        func: reader.find.function(place.f, place.operand)?,
                        given: 0,
                        answers: op == "asks",
                    })
                })),
                "pattern" => {
                    if let (Some(_), Some(port)) = (given().next(), with)
                        && let Schema::Scalar(made) = reader.pattern(&call, port)
                    {
                        out.kinds = out.kinds.union(made.out);
                    }
                }
                "format" => {
                    let made = format.as_deref().map(|name| reader.format(name));
                    if let Some(Schema::Scalar(made)) = made {
                        out.kinds = out.kinds.union(made.out);
                    }
                }
                _ => {}
            }
        }
    }
}
