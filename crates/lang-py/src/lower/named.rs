//! Middleware that settings name by texts: `MIDDLEWARE = ["shop.middleware.Audit"]`. Django imports each name, calls it with what
//! answers next, and calls what that gives with every request: the list is lowered as that code.
//!
//! <https://docs.djangoproject.com/en/5.2/topics/http/middleware/>

use super::{Lowerer, sp};
use casemate_ir::Key;
use ruff_python_ast::{Expr, ExprCall, ExprStringLiteral, Operator};

/// The part that names of such lists have: `MIDDLEWARE` and `MIDDLEWARE_CLASSES` are those of Django, and programs put them together of
/// lists of their own, `MIDDLEWARE = DJANGO_MIDDLEWARE + OUR_MIDDLEWARE`.
const LIST: &str = "MIDDLEWARE";

/// Methods by which a list gets one more.
const GROWS: [&str; 3] = ["append", "insert", "extend"];

/// What Django calls of a middleware before a view answers.
const CALLED: [&str; 3] = ["__call__", "process_request", "process_view"];

/// What wants a login before all views, of Django 5.1 and later.
const LOGIN: &str = "LoginRequiredMiddleware";

/// The root of what stands for Django's reading of settings, which models tell.
const READER: &str = "django_settings";

/// Sums of lists inside one another.
const DEPTH: u32 = 16;

impl<'a> Lowerer<'a> {
    /// The middleware that an assignment to a variable of the module names.
    pub(super) fn named_middleware(&mut self, target: &Expr, value: &'a Expr) {
        if is_list(target) && self.outer.is_empty() {
            let mut names = Vec::new();
            texts(value, 0, &mut names);
            for name in names {
                self.middleware(name);
            }
        }
    }

    /// The middleware that a call adds to such a list: `MIDDLEWARE.insert(0, "shop.middleware.Audit")`.
    pub(super) fn added_middleware(&mut self, call: &'a ExprCall) {
        let Expr::Attribute(method) = &*call.func else {
            return;
        };
        let grows = GROWS.contains(&method.attr.as_str()) && is_list(&method.value);
        if grows && self.outer.is_empty() {
            let mut names = Vec::new();
            for arg in &call.arguments.args {
                texts(arg, 0, &mut names);
                names.extend(arg.as_string_literal_expr());
            }
            for name in names {
                self.middleware(name);
            }
        }
    }

    fn middleware(&mut self, text: &ExprStringLiteral) {
        let (name, span) = (text.value.to_str(), sp(text));
        // What comes with Django asks nobody who it is, but for one.
        let Some((module, member)) = name
            .rsplit_once('.')
            .filter(|(_, member)| !name.starts_with("django.") || *member == LOGIN)
        else {
            return;
        };
        let made = self.import_module(module, Some(member), span);
        let next = self.import_module(READER, Some("get_response"), span);
        let handler = self.call_value(made, None, &[next], span);
        let mut handlers = vec![handler];
        for method in CALLED {
            let key = Key::Field(self.symbol(method));
            handlers.push(self.load(handler, key, span));
        }
        let registers = self.import_module(READER, Some("middleware"), span);
        self.call_value(registers, None, &handlers, span);
    }
}

fn is_list(target: &Expr) -> bool {
    matches!(target, Expr::Name(name) if name.id.contains(LIST))
}

/// The texts of a list or tuple, and of those that are added to it.
fn texts<'a>(value: &'a Expr, depth: u32, out: &mut Vec<&'a ExprStringLiteral>) {
    let elements = match value {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::BinOp(sum) if sum.op == Operator::Add && depth < DEPTH => {
            texts(&sum.left, depth + 1, out);
            texts(&sum.right, depth + 1, out);
            return;
        }
        _ => return,
    };
    out.extend(elements.iter().filter_map(Expr::as_string_literal_expr));
}
