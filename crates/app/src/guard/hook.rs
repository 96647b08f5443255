//! Methods by which classes of libraries ask a program for something.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;

/// Classes that are looked at above one.
const ANCESTORS: usize = 12;

/// Their names: what they give back is no answer to a request.
const HOOKS: [&str; 11] = [
    "get_context_data",
    "get_context",
    "get_form",
    "get_form_class",
    "get_form_kwargs",
    "get_initial",
    "get_queryset",
    "get_object",
    "get_serializer_context",
    "get_serializer_class",
    "get_success_url",
];

/// Whether a library calls a method for something else than an answer: its class stands above one of a package, or the method calls the one
/// of the same name above it.
pub(crate) fn is_hook(origins: &Solver<'_, '_>, f: FuncRef<'_>) -> bool {
    let name = f.func.name.map_or("", |name| f.file.facts.str(name));
    let Some(class) = f.func.class.filter(|_| HOOKS.contains(&name)) else {
        return false;
    };
    let mut open = vec![f.class(class)];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    let text = origins.paths.text(path);
                    let of_language = ["py:object", "py:abc.", "py:typing."];
                    if !of_language.iter().any(|start| text.starts_with(start)) {
                        return true;
                    }
                }
                _ => {}
            }
        }
    }
    false
}
