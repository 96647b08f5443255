//! Methods that decorators let through: `@require_POST` makes a view of any method one for `POST`.

use crate::decoration::{arguments, elements};
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_ir::Operand;

/// Decorators that answer all other methods with 405, and what they let through.
const ALLOW: [(&str, &str); 3] = [
    ("py:django.views.decorators.http.require_POST", "post"),
    ("py:django.views.decorators.http.require_GET", "get"),
    ("py:django.views.decorators.http.require_safe", "get"),
];

/// The decorator that is given a list of methods.
const ALLOW_LISTED: &str = "py:django.views.decorators.http.require_http_methods()";

/// Gives endpoints of any method those that their handlers let through, one endpoint each.
pub(crate) fn settle(endpoints: &mut Vec<Endpoint>, origins: &Solver<'_, '_>) {
    let all = std::mem::take(endpoints);
    for mut endpoint in all {
        let mut methods = if endpoint.method == "route" {
            allowed(&endpoint, origins)
        } else {
            Vec::new()
        };
        let Some(first) = methods.pop() else {
            endpoints.push(endpoint);
            continue;
        };
        for method in methods {
            endpoints.push(Endpoint {
                method,
                ..endpoint.clone()
            });
        }
        endpoint.method = first;
        endpoints.push(endpoint);
    }
}

/// The methods that the decorators of its handler let through, in order; none: any.
fn allowed(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> Vec<String> {
    let Some(f) = endpoint.handlers.first().map(|f| origins.program.func(*f)) else {
        return Vec::new();
    };
    let Some(parent) = f.parent().map(|p| origins.program.func(p)) else {
        return Vec::new();
    };
    let said = f.func.decorators.iter().find_map(|decorator| {
        let methods = of_decorator(parent, decorator.value, origins);
        (!methods.is_empty()).then_some(methods)
    });
    said.unwrap_or_default()
}

fn of_decorator(parent: FuncRef<'_>, decorator: Operand, origins: &Solver<'_, '_>) -> Vec<String> {
    let values = origins.of_operand(parent.id, decorator).iter();
    let mut names = values.filter_map(|val| match origins.val(*val) {
        Some(Val::Api(path)) => Some(origins.paths.text(path)),
        _ => None,
    });
    let Some(name) = names.next() else {
        return Vec::new();
    };
    if let Some((_, method)) = ALLOW.iter().find(|(known, _)| *known == name) {
        return vec![(*method).to_owned()];
    }
    if name != ALLOW_LISTED {
        return Vec::new();
    }
    let args = arguments(origins, parent.id, decorator);
    let list = args.first().and_then(|arg| elements(parent, arg.value));
    let mut methods: Vec<String> = list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|value| parent.constant_text(value))
        .map(str::to_lowercase)
        // `HEAD` asks for what `GET` answers.
        .filter(|method| method != "head" && method != "options")
        .collect();
    methods.sort();
    methods.dedup();
    methods
}
