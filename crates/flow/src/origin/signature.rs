//! Handlers whose parameters are filled by their names and annotations.

use super::solve::{Frame, Solver};
use super::value::Val;
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Param, TypeRef};
use casemate_model::row::EntryRow;

/// The word that stands for "this and all further parameters, by their names".
const SIGNATURE: &str = "signature";

/// Converters of routes that let no text through, or only one of a list.
const CONVERTERS: [&str; 6] = ["int", "float", "uuid", "signed_int", "decimal", "any"];

impl<'p> Solver<'p, '_> {
    /// The parameters after the word `signature` hold what comes with a request, in the type that the row names next. Left out are
    /// numbers (by annotation, or by a converter of the route) and whatever the framework makes itself.
    pub(super) fn by_signature(
        &mut self,
        frame: Frame<'p>,
        func: FuncId,
        entry: &EntryRow,
        route: Option<&str>,
    ) {
        let Some(first) = entry.params.iter().position(|word| word == SIGNATURE) else {
            return;
        };
        let Some(path) = entry
            .params
            .get(first + 1)
            .and_then(|name| self.paths.named_type(name))
        else {
            return;
        };
        let value = self.vals.id(Val::Api(path));
        let handler = self.program.func(func);
        for (index, param) in handler.func.params.iter().enumerate().skip(first) {
            let converted = param.name.is_some_and(|name| {
                route.is_some_and(|r| converts(r, handler.file.facts.str(name)))
            });
            if !converted && self.is_text(handler, param) {
                self.param(frame, func, index, &[value]);
            }
        }
    }

    fn is_text(&mut self, handler: FuncRef<'p>, param: &'p Param) -> bool {
        let Some(ty) = &param.ty else {
            return true;
        };
        if let Some(primitive) = ty.primitive {
            return handler.file.facts.str(primitive) == "string";
        }
        self.is_own_record(handler, param, ty)
    }

    /// A class of the program stands for a body that is read into it, unless a default says where it comes from.
    fn is_own_record(&mut self, handler: FuncRef<'p>, param: &Param, ty: &TypeRef) -> bool {
        let outer = Frame { f: handler };
        let made = self.instances(outer, ty);
        let own = |val| matches!(self.vals.get(val), Some(Val::Instance(_)));
        made.is_empty() || !param.optional && made.iter().all(|&val| own(val))
    }
}

/// Whether a route turns the parameter into a number: `<int:id>`, `{id:int}`.
fn converts(route: &str, name: &str) -> bool {
    route
        .split(['<', '{'])
        .filter_map(|part| part.split(['>', '}']).next())
        .filter_map(|part| part.split_once(':'))
        .any(|(left, right)| {
            let of = |converter: &str| {
                let plain = converter.split('(').next().unwrap_or_default();
                CONVERTERS.contains(&plain)
            };
            right == name && of(left) || left == name && of(right)
        })
}

#[cfg(test)]
mod tests {
    use super::converts;

    #[test]
    fn routes_convert() {
        for (route, name, is) in [
            ("/a/<int:id>", "id", true),
            ("/a/<id>", "id", false),
            ("/a/<string:id>/<int(min=1):page>", "page", true),
            ("/a/<string:id>/<int(min=1):page>", "id", false),
            ("/a/{id:int}", "id", true),
            ("/a/{id}", "id", false),
            ("/a/<any(css,js):folder>", "folder", true),
        ] {
            assert_eq!(converts(route, name), is, "{route} {name}");
        }
    }
}
