//! Handlers whose parameters are filled by their names and annotations.

use super::solve::{Frame, Solver};
use super::value::{Val, ValId};
use crate::apipath::PathId;
use crate::injected::{Injected, written};
use crate::program::{ClassIdx, FuncRef};
use crate::result::FuncId;
use casemate_ir::{
    Arg, ArgKey, Capture, FnKind, Instr, Key, Language, Operand, Param, TypeRef, VarRef,
};
use casemate_model::row::{EntryRow, Role, Row};

/// The word that stands for "this and all further parameters, by their names".
const SIGNATURE: &str = "signature";

/// The wrapper of a type for whose value a dependency stands.
const INJECTED: &str = "Injected";

/// Converters of routes that let no text through, or only one of a list.
const CONVERTERS: [&str; 6] = ["int", "float", "uuid", "signed_int", "decimal", "any"];

/// Types of ids that are no text.
const IDS: [&str; 4] = [
    "py:uuid.UUID()",
    "py:pydantic.UUID4()",
    "py:pydantic.PositiveInt()",
    "py:bson.ObjectId()",
];

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
            if let Some(class) = self.injected_class(handler, param) {
                self.made_of_request(frame, (func, index), class, value);
                continue;
            }
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
                && self.is_key(handler, param)
            {
                self.keys_of_client.insert((func, index));
            }
            if !converted
                && !given
                && !self.is_injected(handler, param)
                && self.is_text(handler, param)
            {
                self.filled(frame, func, index, &[value]);
                // `*args` and `**kwargs` of a handler are what the request has beyond the names, those of a function that it is
                // wrapped in are whatever the handler takes.
                if (param.rest || param.keyword_rest)
                    && (self.stands_alone(handler) || !self.wraps(handler))
                {
                    let node = self.local_node(func, param.local);
                    self.add(node, value);
                }
            }
        }
    }

    /// Whether a function is no part of another one.
    fn stands_alone(&self, handler: FuncRef<'p>) -> bool {
        let outer = handler.parent().map(|p| self.program.func(p).func.kind);
        handler.func.class.is_some() || outer == Some(FnKind::Module)
    }

    /// Whether a function inside another one calls what that was given with whatever it is called with itself, or says that it wraps it.
    fn wraps(&self, handler: FuncRef<'p>) -> bool {
        let facts = &handler.file.facts;
        let captured = |operand: Operand| {
            matches!(
                handler.made_by(operand),
                Some(Instr::LoadVar {
                    var: VarRef::Captured(_),
                    ..
                })
            )
        };
        let runs = |operand: Operand| {
            captured(operand) && {
                let vals = self.of_operand(handler.id, operand);
                let func = |val: &ValId| matches!(self.vals.get(*val), Some(Val::Func(_)));
                vals.is_empty() || vals.iter().any(func)
            }
        };
        let passed_on = handler.func.instrs.iter().any(|instr| {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                return false;
            };
            let args = handler.func.args(args);
            let spread = |arg: &Arg| matches!(arg.key, ArgKey::Spread | ArgKey::KeywordSpread);
            let given = |arg: &Arg| {
                let known = !self.of_operand(handler.id, arg.value).is_empty();
                arg.key == ArgKey::Pos && known && runs(arg.value)
            };
            args.iter().any(spread)
                && (runs(callee) || this.is_some_and(captured) || args.iter().any(given))
        });
        let said = || {
            let parent = handler.parent().map(|p| self.program.func(p));
            parent.is_none_or(|parent| {
                let wraps = |name: &str| name == "wraps" || name == "update_wrapper";
                parent.func.instrs.iter().any(|instr| match *instr {
                    Instr::Load {
                        key: Key::Field(name),
                        ..
                    } => wraps(facts.str(name)),
                    Instr::LoadVar {
                        var: VarRef::Global(global),
                        ..
                    } => facts
                        .globals
                        .get(global.index())
                        .is_some_and(|g| wraps(facts.str(g.name))),
                    _ => false,
                })
            })
        };
        passed_on || said()
    }

    /// Values of this path are parts of the address that a route names.
    fn is_of_path(&self, path: PathId) -> bool {
        let models = self.paths.models();
        let mut kinds = self
            .paths
            .rows(path)
            .filter_map(|(_, row)| models.source_kind(row, ""));
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
        let by_type = param.ty.as_ref().and_then(|ty| ty.wrapper);
        by_type.is_some_and(|wrapper| handler.file.facts.str(wrapper) == INJECTED)
            || self.alias(handler, param).is_some()
            || self.injection(handler, param).is_some()
    }

    /// What fills a parameter whose type names a dependency: `user: CurrentUser`.
    #[must_use]
    pub fn alias(&self, handler: FuncRef<'p>, param: &Param) -> Option<Injected<'p>> {
        self.alias_of(handler, param.ty.as_ref()?)
    }

    /// What fills a value of a type that names a dependency.
    #[must_use]
    pub fn alias_of(&self, f: FuncRef<'p>, ty: &TypeRef) -> Option<Injected<'p>> {
        self.aliases.get(self.program, f, ty)
    }

    /// The call of `Depends` by which a parameter is filled: the function that it stands in, and its arguments.
    fn injection(
        &self,
        handler: FuncRef<'p>,
        param: &'p Param,
    ) -> Option<(FuncRef<'p>, &'p [Arg])> {
        if let Some(alias) = self.alias(handler, param) {
            let (_, args) = alias.module.call_behind(alias.dependency)?;
            return Some((alias.module, args));
        }
        let (parent, name, args) = self.default_call(handler, param)?;
        matches!(name, "Depends" | "Security").then_some((parent, args))
    }

    /// The call that is the default of a parameter: the function that it stands in, what is called there, and its arguments.
    fn default_call(
        &self,
        handler: FuncRef<'p>,
        param: &Param,
    ) -> Option<(FuncRef<'p>, &'p str, &'p [Arg])> {
        let facts = &handler.file.facts;
        let parent = self.program.func(handler.parent()?);
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
        let Some(Instr::Call { callee, args, .. }) = captured else {
            return None;
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
        Some((parent, name?, parent.func.args(*args)))
    }

    /// The class of the program that the framework makes an instance of for a parameter: `p = Depends(Paging)`,
    /// `p: Paging = Depends()`.
    fn injected_class(&mut self, handler: FuncRef<'p>, param: &'p Param) -> Option<ClassIdx> {
        let (parent, args) = self.injection(handler, param)?;
        let given = args.first().filter(|arg| match arg.key {
            ArgKey::Pos => true,
            ArgKey::Keyword(name) => parent.file.facts.str(name) == "dependency",
            _ => false,
        });
        let vals = match given.map(|arg| arg.value) {
            Some(Operand::Local(local)) => {
                let node = self.local_node(parent.id, local);
                self.get_shared(node)
            }
            Some(Operand::Const(_)) => return None,
            None => {
                let mut ty = param.ty.clone()?;
                ty.wrapper = None;
                self.instances(Frame { f: handler }, &ty)
            }
        };
        vals.into_iter().find_map(|val| match self.vals.get(val) {
            Some(Val::Class(class)) if given.is_some() => Some(class),
            Some(Val::Instance(class)) if given.is_none() => Some(class),
            _ => None,
        })
    }

    /// A parameter is an instance whose constructor is given what comes with a request.
    fn made_of_request(
        &mut self,
        frame: Frame<'p>,
        parameter: (FuncId, usize),
        class: ClassIdx,
        value: ValId,
    ) {
        let Some((file, def)) = self.program.class(class) else {
            return;
        };
        let made = self.program.func_id(file, def.constructor);
        let constructor = self.program.func(made);
        self.called_by_package.insert(made);
        for (index, param) in constructor.func.params.iter().enumerate() {
            if !self.is_injected(constructor, param) && self.is_text(constructor, param) {
                self.filled(frame, made, index, &[value]);
            }
        }
        let instance = self.vals.id(Val::Instance(class));
        self.param(frame, parameter.0, parameter.1, &[instance]);
        self.dependencies.insert(parameter, class);
    }

    /// A number, or an id of another kind: harmless as a text, and yet the client says which record it names.
    fn is_key(&mut self, handler: FuncRef<'p>, param: &'p Param) -> bool {
        let Some(ty) = &param.ty else {
            return false;
        };
        if let Some(primitive) = ty.primitive {
            return handler.file.facts.str(primitive) == "number";
        }
        if let Some(narrowed) = self.aliases.narrowed(self.program, handler, ty) {
            return is_number(narrowed.module, narrowed.ty);
        }
        let made = self.instances(Frame { f: handler }, ty);
        !made.is_empty()
            && made.iter().all(|&val| {
                matches!(self.vals.get(val), Some(Val::Api(path))
                    if IDS.iter().any(|id| self.paths.is(path, id)))
            })
    }

    fn is_text(&mut self, handler: FuncRef<'p>, param: &'p Param) -> bool {
        let Some(ty) = &param.ty else {
            return true;
        };
        if let Some(primitive) = ty.primitive {
            return handler.file.facts.str(primitive) == "string";
        }
        if let Some(narrowed) = self.aliases.narrowed(self.program, handler, ty) {
            return !is_number(narrowed.module, narrowed.ty);
        }
        self.is_own_record(handler, param, ty)
    }

    /// What a type asks of its values beside being one: calls in the module that names it.
    pub(crate) fn said_by(
        &self,
        f: FuncRef<'p>,
        ty: &TypeRef,
    ) -> Option<(FuncRef<'p>, Vec<Operand>)> {
        let narrowed = self.aliases.narrowed(self.program, f, ty)?;
        let said = narrowed.said.iter().map(|arg| arg.value).collect();
        Some((narrowed.module, said))
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
        let plain = !param.optional || self.has_plain_default(handler, param);
        made.is_empty() || plain && made.iter().all(|&val| own(val))
    }

    /// `body: dict = None`: the default is a constant, which does not say where else the value comes from, or says which part of the
    /// request it is: `body: dict = Body(...)`.
    fn has_plain_default(&self, handler: FuncRef<'p>, param: &Param) -> bool {
        let part = self.default_call(handler, param);
        if part.is_some_and(|(_, name, _)| PARTS.contains(&name)) {
            return true;
        }
        let mut defaults = handler.func.instrs.iter().filter_map(|instr| match *instr {
            Instr::Copy { to, from } if to == param.local => Some(from),
            _ => None,
        });
        matches!(defaults.next(), Some(Operand::Const(_)))
    }
}

/// What says which part of a request a parameter is.
const PARTS: [&str; 4] = ["Body", "Form", "Query", "File"];

/// Types that let no text through.
const NUMBERS: [&str; 9] = [
    "int",
    "float",
    "complex",
    "bool",
    "Decimal",
    "UUID",
    "date",
    "datetime",
    "timedelta",
];

fn is_number(module: FuncRef<'_>, ty: Operand) -> bool {
    let name = match module.made_by(ty) {
        Some(Instr::LoadVar {
            var: VarRef::Free(name),
            ..
        }) => Some(module.file.facts.str(*name)),
        _ => written(module, ty),
    };
    name.is_some_and(|name| NUMBERS.contains(&name))
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
    parameters(route).any(|part| part.split(':').any(|word| word == name))
}

/// What stands between the marks of a route: `int:id`.
fn parameters(route: &str) -> impl Iterator<Item = &str> {
    let parts = route.split(['<', '{']);
    parts.filter_map(|part| part.split(['>', '}']).next())
}

/// Whether a route turns the parameter into a number: `<int:id>`, `{id:int}`.
fn converts(route: &str, name: &str) -> bool {
    parameters(route)
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
