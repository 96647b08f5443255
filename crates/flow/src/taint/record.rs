//! Fields of records whose types are enforced when a request is read into them: pydantic, SQLModel, msgspec.

use super::interp::Interp;
use super::value::Value;
use crate::origin::{Solver, Val};
use crate::program::{ClassIdx, FuncRef};
use crate::result::FuncId;
use crate::schema::{Asked, Schemas};
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, Language, MemberKind, Operand, TypeRef, VarRef};
use casemate_model::kind::{KindSet, Shape};

/// Packages whose base classes enforce the types of fields.
const ENFORCE: [&str; 5] = [
    "py:pydantic",
    "py:sqlmodel",
    "py:ninja",
    "py:msgspec",
    "py:litestar",
];

/// Types of libraries of which no text is free.
const CLOSED: [&str; 17] = [
    "UUID",
    "UUID1",
    "UUID3",
    "UUID4",
    "UUID5",
    "PositiveInt",
    "NegativeInt",
    "NonNegativeInt",
    "NonPositiveInt",
    "PositiveFloat",
    "NonNegativeFloat",
    "StrictInt",
    "StrictBool",
    "Decimal",
    "timedelta",
    "IPv4Address",
    "IPv6Address",
];

/// Methods that read a record from data.
const READS: [&str; 4] = [
    "model_validate",
    "model_validate_json",
    "parse_obj",
    "parse_raw",
];

/// The class of the program that a value is an instance of, or is read as: `Record.model_validate(x)`.
fn record_class(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<ClassIdx> {
    let mut vals = origins.of_operand(f.id, value).iter();
    let instance = vals.find_map(|val| match origins.val(*val) {
        Some(Val::Instance(class)) => Some(class),
        _ => None,
    });
    instance.or_else(|| {
        let (callee, _) = f.call_behind(value)?;
        let Some(&Instr::Load {
            base,
            key: Key::Field(name),
            ..
        }) = f.made_by(callee)
        else {
            return None;
        };
        if !READS.contains(&f.file.facts.str(name)) {
            return None;
        }
        let mut vals = origins.of_operand(f.id, base).iter();
        vals.find_map(|val| match origins.val(*val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        })
    })
}

/// The functions that see values before a function reads them: those of its parameters, and of the fields that it reads.
pub(super) fn seen_first(
    origins: &Solver<'_, '_>,
    schemas: &Schemas,
    id: FuncId,
    out: &mut Vec<FuncId>,
) {
    let f = origins.program.func(id);
    if f.file.facts.language != Language::Python || schemas.asks_nothing() {
        return;
    }
    let mut add = |asked: Option<&Asked>| {
        let seen = asked.into_iter().flat_map(|asked| &asked.functions);
        out.extend(seen.map(|seen| seen.func));
    };
    for index in 0..f.func.params.len() {
        add(schemas.asked_of_parameter(id, index));
    }
    for instr in &f.func.instrs {
        if let Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } = *instr
            && let Some(class) = record_class(origins, f, base)
        {
            for class in origins.lineage(class) {
                add(schemas.asked_of_field(class, f.sym(name)));
            }
        }
    }
}

impl<'a> Interp<'a> {
    /// A member of a record is clean for what the type of its field, and what the field asks, let through.
    pub(super) fn field_clears(&mut self, base: Operand, sym: Sym, value: &mut Value) {
        if self.f.file.facts.language != Language::Python
            || sym == Sym::ANY
            || value.taints.is_none()
        {
            return;
        }
        let Some(class) = record_class(self.origins, self.f, base) else {
            return;
        };
        let Some((mut clears, asked)) = self.declared(class, sym) else {
            return;
        };
        for asked in asked {
            clears = clears.union(self.asked_of(asked));
        }
        if !clears.is_empty() {
            value.taints = self.without(value, clears);
        }
    }

    /// What the declaration of a parameter asks of what a framework fills it with.
    pub(super) fn parameter_asks(&mut self, index: usize, value: &mut Value) {
        let schemas = self.schemas;
        if let Some(asked) = schemas.asked_of_parameter(self.f.id, index) {
            let clears = self.asked_of(asked);
            value.taints = self.without(value, clears);
        }
    }

    fn asked_of(&mut self, asked: &Asked) -> KindSet {
        let seen = asked.functions.iter();
        seen.fold(asked.kinds, |all, seen| all.union(self.lets_through(*seen)))
    }

    /// For what the type of a field is clean, and what is asked of it, where a library holds values against both.
    fn declared(&self, class: ClassIdx, sym: Sym) -> Option<(KindSet, Vec<&'a Asked>)> {
        let (mut enforced, mut clears) = (false, None);
        let mut asked = Vec::new();
        for class in self.origins.lineage(class) {
            let (file, def) = self.origins.program.class(class)?;
            let field = def.members.iter().find(|member| {
                member.kind == MemberKind::Field
                    && self.origins.program.sym(file, member.name) == sym
            });
            if let (None, Some(ty)) = (clears, field.and_then(|f| f.ty.as_ref())) {
                clears = Some(self.type_clears(file, ty));
            }
            asked.extend(self.schemas.asked_of_field(class, sym));
            for base in self.origins.of_bases(class) {
                if let Some(Val::Api(path)) = self.origins.val(*base) {
                    let name = self.origins.paths.text(path);
                    enforced |= ENFORCE.iter().any(|root| name.starts_with(root));
                }
            }
        }
        let known = clears.is_some() || !asked.is_empty();
        (enforced && known).then(|| (clears.unwrap_or(KindSet::EMPTY), asked))
    }

    fn type_clears(&self, file: crate::result::FileIdx, ty: &TypeRef) -> KindSet {
        let facts = &self.origins.program.file(file).facts;
        let kinds = self.origins.paths.models().kinds();
        if ty.wrapper.is_some() {
            return KindSet::EMPTY;
        }
        if let Some(primitive) = ty.primitive {
            return match facts.str(primitive) {
                "number" => kinds.shape_clears(Shape::Number),
                "boolean" => kinds.shape_clears(Shape::Bool),
                "Date" => kinds.shape_clears(Shape::Date),
                "literal" => kinds.shape_clears(Shape::Enum),
                _ => KindSet::EMPTY,
            };
        }
        let closed = ty
            .path
            .last()
            .is_some_and(|name| CLOSED.contains(&facts.str(*name)));
        let listed = || match ty.binding {
            Some(VarRef::Global(global)) => {
                let global = self.origins.program.global(file, global);
                let values = self.origins.of_global(global);
                !values.is_empty() && values.iter().all(|val| self.is_enumeration(*val))
            }
            _ => false,
        };
        if closed || listed() {
            kinds.shape_clears(Shape::Enum)
        } else {
            KindSet::EMPTY
        }
    }

    /// A class of the program that lists its values.
    fn is_enumeration(&self, val: crate::origin::ValId) -> bool {
        let Some(Val::Class(class)) = self.origins.val(val) else {
            return false;
        };
        let bases = self.origins.of_bases(class).iter();
        bases
            .filter_map(|base| self.origins.val(*base))
            .any(|base| match base {
                Val::Api(path) => self.origins.paths.text(path).starts_with("py:enum."),
                _ => false,
            })
    }
}
