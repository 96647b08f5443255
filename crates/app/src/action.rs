//! Methods of views that answer by a decorator: `@action(detail=True, url_path='go')` of Django REST framework, `@detail_route` of its
//! earlier versions and of copies of it.

use crate::decoration;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Const, Operand};

/// Decorators that make a method of a view answer, and whether for one record where they do not say it.
const MAKE: [(&str, bool); 3] = [
    ("action", false),
    ("detail_route", true),
    ("list_route", false),
];

/// A method that answers by its decorator.
pub(crate) struct Action {
    /// What it adds to the address of its router.
    pub rest: String,
    /// The methods of HTTP, where nothing else tells them: the decorator is the program's own.
    pub methods: Option<Vec<String>>,
}

/// What the decorators of a method make of it.
pub(crate) fn action(origins: &Solver<'_, '_>, func: FuncId) -> Option<Action> {
    let f = origins.program.func(func);
    let parent = origins.program.func(f.parent()?);
    f.func.decorators.iter().find_map(|decorator| {
        let (callee, args) = parent.call_behind(decorator.value)?;
        let named = decoration::written_name(parent, callee)?;
        let (_, detail) = MAKE.iter().find(|(name, _)| *name == named)?;
        let of = origins.of_operand(parent.id, callee).iter();
        let mut of_library = of.clone().filter_map(|&val| match origins.val(val) {
            Some(Val::Api(path)) => Some(origins.paths.text(path)),
            _ => None,
        });
        let library = of_library.any(|text| text.starts_with("py:rest_framework.decorators."));
        let own = || {
            of.clone()
                .any(|&val| matches!(origins.val(val), Some(Val::Func(_))))
        };
        if !library && !own() {
            return None;
        }
        let truth = |value| match value {
            Operand::Const(id) => match *parent.file.facts.constant(id) {
                Const::Bool(truth) => Some(truth),
                _ => None,
            },
            Operand::Local(_) => None,
        };
        let said = decoration::keyword(parent, args, "detail").and_then(truth);
        let detail = said.unwrap_or(*detail);
        let path = decoration::keyword(parent, args, "url_path")
            .and_then(|value| parent.constant_text(value))
            .or_else(|| f.func.name.map(|name| f.file.facts.str(name)))?;
        let listed = || {
            let given = decoration::keyword(parent, args, "methods").or(args
                .first()
                .filter(|arg| arg.key == ArgKey::Pos)
                .map(|arg| arg.value));
            let listed = given.and_then(|given| decoration::elements(parent, given));
            let texts = listed.unwrap_or_default().into_iter();
            let methods: Vec<String> = texts
                .filter_map(|method| Some(parent.constant_text(method)?.to_lowercase()))
                .collect();
            if methods.is_empty() {
                vec!["get".to_owned()]
            } else {
                methods
            }
        };
        Some(Action {
            rest: format!("{}{path}/", if detail { "{pk}/" } else { "" }),
            methods: (!library).then(listed),
        })
    })
}
