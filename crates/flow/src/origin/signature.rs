//! Handlers whose parameters are filled by their names and annotations.

use super::solve::{Frame, Solver};
use super::value::Val;
use crate::apipath::PathId;
use crate::program::FuncRef;
use crate::result::FuncId;
use casemate_ir::{Capture, Instr, Key, Language, Operand, Param, TypeRef, VarRef};
use casemate_model::row::{EntryRow, Role, Row};

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
        let of_path = self.is_of_path(path);
        for (index, param) in handler.func.params.iter().enumerate().skip(first) {
            let converted = param.name.is_some_and(|name| {
                route.is_some_and(|r| converts(r, handler.file.facts.str(name)))
            });
            // What the route does not name, another decorator gives: `login_required` that passes on who asks.
            let given = of_path
                && handler.func.decorators.len() > 1
                && param.name.is_some_and(|name| {
                    route.is_some_and(|r| !names(r, handler.file.facts.str(name)))
                });
            if !converted
                && !given
                && !self.is_injected(handler, param)
                && self.is_text(handler, param)
            {
                self.filled(frame, func, index, &[value]);
            }
        }
    }

    /// Values of this path are parts of the address that a route names.
    fn is_of_path(&self, path: PathId) -> bool {
        let models = self.paths.models();
        let kinds = self
            .paths
            .rows(path)
            .filter_map(|(_, row)| models.source_kind(row, ""));
        let mut kinds = kinds;
        kinds.any(|kind| models.kinds().source_name(kind) == "http.path")
    }

    /// What would come from outside is something else by the parameter's annotation or default: a session, a number.
    pub(super) fn is_declared_otherwise(
        &mut self,
        func: FuncId,
        index: usize,
        path: PathId,
    ) -> bool {
        let program = self.program;
        let handler = program.func(func);
        let Some(param) = handler.func.params.get(index) else {
            return false;
        };
        let source = |row: &Row| matches!(row.role, Role::Source { .. });
        if handler.file.facts.language != Language::Python
            || !self.paths.rows(path).any(|(_, row)| source(row))
        {
            return false;
        }
        self.is_injected(handler, param) || !self.is_text(handler, param)
    }

    /// A dependency gives the value, and not the request: `x = Depends(f)`, `x: Annotated[T, Depends(f)]`.
    fn is_injected(&self, handler: FuncRef<'p>, param: &'p Param) -> bool {
        let facts = &handler.file.facts;
        let by_type = param.ty.as_ref().and_then(|ty| ty.wrapper);
        if by_type.is_some_and(|wrapper| facts.str(wrapper) == "Injected") {
            return true;
        }
        let Some(parent) = handler.parent().map(|p| self.program.func(p)) else {
            return false;
        };
        let default = handler.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Copy { to, from } if to == param.local => Some(from),
            _ => None,
        });
        let made = default.and_then(|value| handler.made_by(value));
        let captured = match made {
            Some(Instr::LoadVar {
                var: VarRef::Captured(id),
                ..
            }) => match handler.func.captures.get(id.index()) {
                Some(Capture::Local(local)) => parent.made_by(Operand::Local(*local)),
                _ => None,
            },
            made => made,
        };
        let Some(Instr::Call { callee, .. }) = captured else {
            return false;
        };
        let name = match parent.made_by(*callee) {
            Some(Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            }) => facts.globals.get(global.index()).map(|g| facts.str(g.name)),
            Some(Instr::Load {
                key: Key::Field(name),
                ..
            }) => Some(facts.str(*name)),
            _ => None,
        };
        matches!(name, Some("Depends" | "Security"))
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
        let own = |val| match self.vals.get(val) {
            Some(Val::Instance(_)) => true,
            Some(Val::Api(path)) => OPEN.contains(&self.paths.text(path).as_str()),
            _ => false,
        };
        made.is_empty() || !param.optional && made.iter().all(|&val| own(val))
    }
}

/// Types that say nothing of what is in a body.
const OPEN: [&str; 8] = [
    "dict()",
    "bytes()",
    "py:dict()",
    "py:bytes()",
    "py:typing.Any()",
    "py:typing.Dict()",
    "py:typing.Mapping()",
    "py:collections.abc.Mapping()",
];

/// Whether a route has a parameter of this name: `<id>`, `<int:id>`, `{id}`.
fn names(route: &str, name: &str) -> bool {
    let parts = route
        .split(['<', '{'])
        .filter_map(|part| part.split(['>', '}']).next());
    let mut parts = parts;
    parts.any(|part| part.split(':').any(|word| word == name))
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
