//! What a declaration says of a value beside its type: `Annotated[str, Query(pattern='^[a-z]+$')]`, `= Field(max_length=9)`.
//!
//! It stands like a decorator of the parameter or the field: a call that is computed where the declaration is.

use super::function::decorator_name;
use super::types::{default_of, injected};
use super::{Lowerer, sp};
use casemate_ir::{Decorator, Operand};
use ruff_python_ast::{Expr, Operator, Parameters};

/// Types in types.
const DEPTH: u32 = 8;

impl<'a> Lowerer<'a> {
    /// What is said of each parameter that may have a default, in the order of the parameters. `defaults`: theirs, computed.
    pub(super) fn said_of_parameters(
        &mut self,
        params: Option<&'a Parameters>,
        defaults: &[Operand],
    ) -> Vec<Vec<Decorator>> {
        let Some(params) = params else {
            return Vec::new();
        };
        let mut defaults = defaults.iter();
        let mut all = Vec::new();
        for param in params.iter_non_variadic_params() {
            let default = default_of(param).and_then(|e| Some((e, *defaults.next()?)));
            let mut said = Vec::new();
            if let Some(annotation) = param.parameter.annotation.as_deref() {
                said = self.said(annotation);
                if let Some((written @ Expr::Call(_), value)) = default {
                    said.push(Decorator {
                        value,
                        span: sp(written),
                    });
                }
            }
            all.push(said);
        }
        all
    }

    /// What an annotation says beside the type.
    pub(super) fn said(&mut self, annotation: &'a Expr) -> Vec<Decorator> {
        let mut calls = Vec::new();
        beside(annotation, &mut calls, 0);
        calls
            .into_iter()
            .map(|call| Decorator {
                value: self.expr(call),
                span: sp(call),
            })
            .collect()
    }
}

/// The calls that stand beside a type.
fn beside<'a>(annotation: &'a Expr, calls: &mut Vec<&'a Expr>, depth: u32) {
    if depth > DEPTH {
        return;
    }
    match annotation {
        // `T | None`
        Expr::BinOp(b) if b.op == Operator::BitOr => match (&*b.left, &*b.right) {
            (one, Expr::NoneLiteral(_)) | (Expr::NoneLiteral(_), one) => {
                beside(one, calls, depth + 1);
            }
            _ => {}
        },
        Expr::Subscript(s) => {
            let parts = match &*s.slice {
                Expr::Tuple(t) => &*t.elts,
                one => std::slice::from_ref(one),
            };
            let Some((first, rest)) = parts.split_first() else {
                return;
            };
            match decorator_name(&s.value) {
                Some("Annotated") => {
                    if !injected(&s.slice) {
                        calls.extend(rest.iter().filter(|e| e.is_call_expr()));
                    }
                    beside(first, calls, depth + 1);
                }
                Some(
                    "Optional" | "Final" | "ClassVar" | "Required" | "NotRequired" | "list"
                    | "List" | "set" | "Set" | "Sequence" | "Iterable" | "frozenset",
                ) => beside(first, calls, depth + 1),
                _ => {}
            }
        }
        _ => {}
    }
}
