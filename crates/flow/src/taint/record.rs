//! Fields of records whose types are enforced when a request is read into them: pydantic, SQLModel, msgspec.

use super::interp::Interp;
use crate::origin::Val;
use crate::program::ClassIdx;
use crate::symbol::Sym;
use casemate_ir::{Language, MemberKind, Operand, TypeRef, VarRef};
use casemate_model::kind::{KindSet, Shape};

/// Classes above one that are looked at.
const ANCESTORS: usize = 16;

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

impl Interp<'_> {
    /// For what a member of a record is clean by the type of its field.
    pub(super) fn field_clears(&self, base: Operand, sym: Sym) -> KindSet {
        if self.f.file.facts.language != Language::Python || sym == Sym::ANY {
            return KindSet::EMPTY;
        }
        for val in self.origins.of_operand(self.f.id, base) {
            if let Some(Val::Instance(class)) = self.origins.val(*val) {
                return self.declared(class, sym).unwrap_or(KindSet::EMPTY);
            }
        }
        KindSet::EMPTY
    }

    fn declared(&self, class: ClassIdx, sym: Sym) -> Option<KindSet> {
        let mut open = vec![class];
        let mut at = 0;
        let (mut enforced, mut clears) = (false, None);
        while let Some(&class) = open.get(at) {
            at += 1;
            let (file, def) = self.origins.program.class(class)?;
            let field = def.members.iter().find(|member| {
                member.kind == MemberKind::Field
                    && self.origins.program.sym(file, member.name) == sym
            });
            if let (None, Some(ty)) = (clears, field.and_then(|f| f.ty.as_ref())) {
                clears = Some(self.type_clears(file, ty));
            }
            for base in self.origins.of_bases(class) {
                match self.origins.val(*base) {
                    Some(Val::Class(base)) if !open.contains(&base) && open.len() < ANCESTORS => {
                        open.push(base);
                    }
                    Some(Val::Api(path)) => {
                        let name = self.origins.paths.text(path);
                        enforced |= ENFORCE.iter().any(|root| name.starts_with(root));
                    }
                    _ => {}
                }
            }
        }
        clears.filter(|_| enforced)
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
