//! Type annotations: what they say about classes and primitives.

use super::Lowerer;
use casemate_ir::{Symbol, TypeRef, VarRef};
use oxc_ast::ast::{
    IdentifierReference, TSImportTypeQualifier, TSLiteral, TSType, TSTypeName, TSTypeReference,
};
use smallvec::SmallVec;

impl<'a> Lowerer<'a> {
    pub(super) fn type_ref(&mut self, ty: &'a TSType<'a>) -> Option<TypeRef> {
        let span = super::sp(oxc_span::GetSpan::span(ty));
        if !self.enter(span) {
            return None;
        }
        let result = self.type_ref_inner(ty);
        self.leave();
        result
    }

    fn type_ref_inner(&mut self, ty: &'a TSType<'a>) -> Option<TypeRef> {
        match ty {
            TSType::TSBooleanKeyword(_) => Some(self.primitive("boolean")),
            TSType::TSNumberKeyword(_) => Some(self.primitive("number")),
            TSType::TSBigIntKeyword(_) => Some(self.primitive("bigint")),
            TSType::TSStringKeyword(_) | TSType::TSTemplateLiteralType(_) => {
                Some(self.primitive("string"))
            }
            TSType::TSSymbolKeyword(_) => Some(self.primitive("symbol")),
            TSType::TSNullKeyword(_) => Some(self.primitive("null")),
            TSType::TSUndefinedKeyword(_) => Some(self.primitive("undefined")),
            TSType::TSVoidKeyword(_) => Some(self.primitive("void")),
            TSType::TSLiteralType(l) => match &l.literal {
                TSLiteral::BooleanLiteral(_) => Some(self.primitive("boolean")),
                TSLiteral::NumericLiteral(_) | TSLiteral::UnaryExpression(_) => {
                    Some(self.primitive("number"))
                }
                TSLiteral::BigIntLiteral(_) => Some(self.primitive("bigint")),
                TSLiteral::StringLiteral(_) | TSLiteral::TemplateLiteral(_) => {
                    Some(self.primitive("string"))
                }
            },
            TSType::TSArrayType(a) => {
                let inner = self.type_ref(&a.element_type);
                Some(self.wrapped("Array", inner))
            }
            TSType::TSParenthesizedType(p) => self.type_ref(&p.type_annotation),
            TSType::TSTypeOperatorType(o) => self.type_ref(&o.type_annotation),
            TSType::TSIntersectionType(i) => i.types.iter().find_map(|t| self.type_ref(t)),
            TSType::TSUnionType(u) => self.union(&u.types),
            TSType::TSTypePredicate(_) => Some(self.primitive("boolean")),
            TSType::TSTypeReference(r) => self.type_reference(r),
            TSType::TSImportType(i) => {
                let mut path: SmallVec<[Symbol; 4]> = SmallVec::new();
                let mut at = i.qualifier.as_ref();
                while let Some(qualifier) = at {
                    at = match qualifier {
                        TSImportTypeQualifier::Identifier(name) => {
                            path.push(self.symbol(name.name.as_str()));
                            None
                        }
                        TSImportTypeQualifier::QualifiedName(name) => {
                            path.push(self.symbol(name.right.name.as_str()));
                            Some(&name.left)
                        }
                    };
                }
                path.reverse();
                (!path.is_empty()).then(|| TypeRef {
                    binding: None,
                    path: path.to_vec(),
                    wrapper: None,
                    primitive: None,
                })
            }
            TSType::JSDocNullableType(n) => self.type_ref(&n.type_annotation),
            TSType::JSDocNonNullableType(n) => self.type_ref(&n.type_annotation),
            _ => None,
        }
    }

    fn primitive(&mut self, name: &str) -> TypeRef {
        let primitive = Some(self.symbol(name));
        TypeRef {
            binding: None,
            path: Vec::new(),
            wrapper: None,
            primitive,
        }
    }

    fn wrapped(&mut self, wrapper: &str, inner: Option<TypeRef>) -> TypeRef {
        let wrapper = Some(self.symbol(wrapper));
        match inner {
            Some(inner) => TypeRef { wrapper, ..inner },
            None => TypeRef {
                binding: None,
                path: Vec::new(),
                wrapper,
                primitive: None,
            },
        }
    }

    /// `X | null` is `X`; members of one primitive are that primitive; anything else says nothing.
    fn union(&mut self, types: &'a [TSType<'a>]) -> Option<TypeRef> {
        let mut known: Option<TypeRef> = None;
        for ty in types {
            if matches!(
                ty,
                TSType::TSNullKeyword(_) | TSType::TSUndefinedKeyword(_) | TSType::TSVoidKeyword(_)
            ) {
                continue;
            }
            let ty = self.type_ref(ty)?;
            match &known {
                None => known = Some(ty),
                Some(k) if *k == ty => {}
                Some(_) => return None,
            }
        }
        known
    }

    fn type_reference(&mut self, r: &'a TSTypeReference<'a>) -> Option<TypeRef> {
        let mut path: SmallVec<[Symbol; 4]> = SmallVec::new();
        let mut at = &r.type_name;
        let first: &'a IdentifierReference<'a> = loop {
            match at {
                TSTypeName::IdentifierReference(i) => break i,
                TSTypeName::QualifiedName(q) => {
                    path.push(self.symbol(q.right.name.as_str()));
                    at = &q.left;
                }
                TSTypeName::ThisExpression(_) => return None,
            }
        };
        let name = first.name.as_str();
        path.push(self.symbol(name));
        path.reverse();
        let symbol = self.symbol_of(first);
        if symbol.is_none() && path.len() == 1 {
            if let Some(wrapper) = wrapper(name) {
                let inner = r.type_arguments.as_ref().and_then(|a| a.params.first());
                let inner = inner.and_then(|t| self.type_ref(t));
                return Some(self.wrapped(wrapper, inner));
            }
            // Any function: not one that `new Function` made of a text.
            if name == "Function" {
                return None;
            }
            if matches!(name, "Date" | "Number" | "Boolean" | "String" | "RegExp") {
                let primitive = if name == "Date" || name == "RegExp" {
                    name.to_owned()
                } else {
                    name.to_ascii_lowercase()
                };
                let primitive = Some(self.symbol(&primitive));
                return Some(TypeRef {
                    binding: None,
                    path: path.to_vec(),
                    wrapper: None,
                    primitive,
                });
            }
        }
        let binding = symbol
            .and_then(|s| self.scopes.global(s))
            .map(VarRef::Global);
        Some(TypeRef {
            binding,
            path: path.to_vec(),
            wrapper: None,
            primitive: None,
        })
    }
}

/// Built-in generic types that stand around what matters.
fn wrapper(name: &str) -> Option<&'static str> {
    Some(match name {
        "Promise" | "PromiseLike" => "Promise",
        "Array" | "ReadonlyArray" => "Array",
        "Set" | "ReadonlySet" => "Set",
        "Partial" => "Partial",
        "Required" => "Required",
        "Readonly" => "Readonly",
        "NonNullable" => "NonNullable",
        "Awaited" => "Awaited",
        "Pick" => "Pick",
        "Omit" => "Omit",
        "Iterable"
        | "AsyncIterable"
        | "IterableIterator"
        | "AsyncIterableIterator"
        | "Generator"
        | "AsyncGenerator" => "Iterable",
        _ => return None,
    })
}
