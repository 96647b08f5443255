//! Annotations: what they say of the class behind a value.

use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{Operand, Symbol, TypeRef, VarRef};
use ruff_python_ast::{Expr, ExprSubscript, Operator, ParameterWithDefault};

impl<'a> Lowerer<'a> {
    /// The type that an annotation names.
    pub(super) fn type_ref(&mut self, annotation: &'a Expr) -> Option<TypeRef> {
        self.annotated(annotation, 0)
    }

    fn annotated(&mut self, annotation: &'a Expr, depth: u32) -> Option<TypeRef> {
        if depth > 8 {
            return None;
        }
        match annotation {
            Expr::Name(_) | Expr::Attribute(_) => {
                let mut names = Vec::new();
                dotted(annotation, &mut names)?;
                self.named_type(&names)
            }
            // `"User"`: a class that comes later, by its name alone.
            Expr::StringLiteral(s) => {
                let text = s.value.to_str().trim();
                let fine = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                if text.is_empty() || !text.chars().all(fine) {
                    return None;
                }
                let names: Vec<&'a str> = text.split('.').collect();
                self.named_type(&names)
            }
            // `User | None`
            Expr::BinOp(b) if b.op == Operator::BitOr => match &*b.right {
                Expr::NoneLiteral(_) => self.annotated(&b.left, depth + 1),
                right if b.left.is_none_literal_expr() => self.annotated(right, depth + 1),
                _ => None,
            },
            Expr::Subscript(s) => self.generic(&s.value, &s.slice, depth),
            _ => None,
        }
    }

    fn generic(&mut self, generic: &'a Expr, argument: &'a Expr, depth: u32) -> Option<TypeRef> {
        let mut names = Vec::new();
        dotted(generic, &mut names)?;
        let first = match argument {
            Expr::Tuple(t) => t.elts.first()?,
            other => other,
        };
        match *names.last()? {
            "Annotated" if injected(argument) => self.wrapped(first, INJECTED, depth),
            "Optional" | "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired"
            | "ReadOnly" | "Mapped" => self.annotated(first, depth + 1),
            "Union" => {
                let Expr::Tuple(t) = argument else {
                    return self.annotated(argument, depth + 1);
                };
                let mut real = t.elts.iter().filter(|e| !e.is_none_literal_expr());
                let one = real.next()?;
                if real.next().is_some() {
                    return None;
                }
                self.annotated(one, depth + 1)
            }
            "Awaitable" | "Coroutine" => self.wrapped(first, "Promise", depth),
            "list" | "List" | "set" | "Set" | "tuple" | "Tuple" | "Sequence" | "Iterable"
            | "Iterator" | "Collection" | "frozenset" | "FrozenSet" | "Generator"
            | "AsyncIterator" => self.wrapped(first, "Array", depth),
            "Literal" => {
                let name = self.symbol("Literal");
                Some(TypeRef {
                    binding: None,
                    path: vec![name],
                    wrapper: None,
                    primitive: Some(self.symbol(LITERAL)),
                })
            }
            "dict" | "Dict" | "Mapping" | "Type" | "type" | "Callable" | "defaultdict" => None,
            // A class of a library with a parameter: `Session[User]`.
            _ => self.named_type(&names),
        }
    }

    /// `CurrentUser = Annotated[User, Depends(current_user)]`, `Name = Annotated[str, Field(pattern='^[a-z]+$')]`: a type that names
    /// what fills a parameter or what is asked of its value, as a call with both.
    pub(super) fn annotated_type(&mut self, s: &'a ExprSubscript) -> Option<Operand> {
        let Expr::Tuple(tuple) = &*s.slice else {
            return None;
        };
        let mut names = Vec::new();
        dotted(&s.value, &mut names)?;
        if names.last() != Some(&"Annotated") {
            return None;
        }
        let callee = self.expr(&s.value);
        let parts: Vec<Operand> = tuple.elts.iter().map(|part| self.expr(part)).collect();
        Some(self.call_value(callee, None, &parts, sp(s)))
    }

    fn wrapped(&mut self, inner: &'a Expr, wrapper: &str, depth: u32) -> Option<TypeRef> {
        let mut ty = self.annotated(inner, depth + 1)?;
        ty.wrapper = Some(self.symbol(wrapper));
        Some(ty)
    }

    fn named_type(&mut self, names: &[&'a str]) -> Option<TypeRef> {
        let first = *names.first()?;
        let path: Vec<Symbol> = names.iter().map(|n| self.symbol(n)).collect();
        let binding = match self.place(first) {
            Place::Var(VarRef::Free(_)) | Place::Local(_) => None,
            Place::Var(var) => Some(var),
        };
        let primitive = match (binding, names) {
            (None, ["str" | "bytes"]) => Some("string"),
            (None, ["int" | "float" | "complex"]) => Some("number"),
            (None, ["bool"]) => Some("boolean"),
            _ => match *names.last()? {
                "datetime" | "date" => Some("Date"),
                _ => None,
            },
        };
        let primitive = primitive.map(|p| self.symbol(p));
        Some(TypeRef {
            binding,
            path,
            wrapper: None,
            primitive,
        })
    }
}

/// One of the constants that are written down: `Literal['a', 'b']`.
const LITERAL: &str = "literal";

/// The wrapper of what a framework hands in: `Annotated[Session, Depends(session)]`.
const INJECTED: &str = "Injected";

/// Whether what is said beside a type names a dependency.
pub(super) fn injected(arguments: &Expr) -> bool {
    injection(arguments).is_some()
}

/// The dependency that is said beside a type.
fn injection(arguments: &Expr) -> Option<&Expr> {
    let Expr::Tuple(tuple) = arguments else {
        return None;
    };
    tuple.elts.iter().skip(1).find(|said| {
        let mut names = Vec::new();
        said.as_call_expr()
            .is_some_and(|call| dotted(&call.func, &mut names).is_some())
            && matches!(names.last(), Some(&("Depends" | "Security")))
    })
}

/// What a parameter holds where the caller gives nothing: its default, or what `Annotated[Session, Depends(session)]` names,
/// which is another way of writing the same.
pub(super) fn default_of(param: &ParameterWithDefault) -> Option<&Expr> {
    param.default.as_deref().or_else(|| {
        let Expr::Subscript(s) = param.parameter.annotation.as_deref()? else {
            return None;
        };
        let mut names = Vec::new();
        dotted(&s.value, &mut names)?;
        (names.last() == Some(&"Annotated")).then(|| injection(&s.slice))?
    })
}

/// The names of `a.b.c`, outermost first.
pub(super) fn dotted<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) -> Option<()> {
    let mut at = expr;
    loop {
        match at {
            Expr::Name(n) => {
                names.push(&n.id);
                names.reverse();
                return Some(());
            }
            Expr::Attribute(a) => {
                names.push(&a.attr);
                at = &a.value;
            }
            _ => return None,
        }
    }
}
