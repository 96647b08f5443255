//! Routes whose handlers are told by their names: `patterns('shop.views', (r'^cart/$', 'cart'))` of Django before 1.10.

use super::{Lowerer, sp};
use casemate_ir::{Arg, ArgKey, CallFlags, Operand, Part, PartKey, Span};
use ruff_python_ast::{Expr, ExprCall};

impl<'a> Lowerer<'a> {
    /// The routes as a list of calls of `url` with the functions that are named.
    pub(super) fn routes_by_name(&mut self, call: &'a ExprCall) -> Option<Operand> {
        let [Expr::StringLiteral(prefix), routes @ ..] = &*call.arguments.args else {
            return None;
        };
        let listed = |route: &Expr| matches!(route, Expr::Tuple(t) if t.elts.len() > 1);
        if !call.arguments.keywords.is_empty()
            || !routes.iter().any(listed)
            || !routes.iter().all(|r| listed(r) || r.is_call_expr())
        {
            return None;
        }
        let mut parts = Vec::new();
        for route in routes {
            let value = match route {
                Expr::Tuple(route) => {
                    let [path, view, ..] = &*route.elts else {
                        continue;
                    };
                    let path = self.expr(path);
                    let view = self.named_view(prefix.value.to_str(), view);
                    self.url(path, view, sp(route))
                }
                other => self.expr(other),
            };
            parts.push(Part {
                key: PartKey::Next,
                value,
            });
        }
        Some(self.array_of(&parts, sp(call)))
    }

    fn named_view(&mut self, prefix: &str, view: &'a Expr) -> Operand {
        let Expr::StringLiteral(name) = view else {
            return self.expr(view);
        };
        let name = name.value.to_str();
        let whole = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        };
        match whole.rsplit_once('.') {
            Some((module, function)) => self.import_module(module, Some(function), sp(view)),
            None => self.expr(view),
        }
    }

    fn url(&mut self, path: Operand, view: Operand, span: Span) -> Operand {
        let callee = self.import_module("django.conf.urls", Some("url"), span);
        let given = [path, view].map(|value| Arg {
            key: ArgKey::Pos,
            value,
        });
        self.emit_call(callee, None, &given, CallFlags::default(), span)
    }
}
