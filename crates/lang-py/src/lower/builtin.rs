//! Calls that are not calls of a value: `super()`, `getattr(x, "name")`, `dict(a=1)`, `import_module("m")`.

use super::comprehension::Added;
use super::vars::Place;
use super::{Lowerer, sp};
use casemate_ir::{
    Arg, ArgKey, CallFlags, FnKind, Instr, Key, LocalKind, OpKind, Operand, Param, Part, PartKey,
    Span, Term, VarRef,
};
use ruff_python_ast::{CmpOp, Expr, ExprCall};

impl<'a> Lowerer<'a> {
    /// Lowers a call of this kind.
    pub(super) fn special_call(&mut self, call: &'a ExprCall) -> Option<Operand> {
        match &*call.func {
            Expr::Name(name) => self.named_call(&name.id, call),
            Expr::Attribute(a) => match a.attr.as_str() {
                "__init__" => self.base_constructor(call),
                "format" | "join" => self.text_method(call),
                "import_module" if is_name(&a.value, "importlib") => self.dynamic_import(call),
                "partial" if is_name(&a.value, "functools") => self.partial(call),
                "append" | "insert" | "extend" => {
                    self.added_middleware(call);
                    None
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn named_call(&mut self, name: &'a str, call: &'a ExprCall) -> Option<Operand> {
        let args = &*call.arguments.args;
        let keywords = &call.arguments.keywords;
        let plain = keywords.is_empty() && !args.iter().any(Expr::is_starred_expr);
        let span = sp(call);
        match name {
            "import_module" => return self.dynamic_import(call),
            "patterns" => return self.routes_by_name(call),
            "partial" if !self.is_free("partial") => return self.partial(call),
            "super" | "getattr" | "setattr" | "delattr" | "isinstance" | "dict" | "list"
            | "set" | "tuple" | "frozenset" | "__import__" => {}
            _ => return None,
        }
        if !self.is_free(name) {
            return None;
        }
        match (name, args) {
            ("super", _) => {
                let this = self.receiver_value(span)?;
                Some(self.load_field(this, casemate_ir::SUPER, span))
            }
            ("__import__", _) => self.dynamic_import(call),
            ("getattr", [object, key, default @ ..]) if plain => {
                let base = self.expr(object);
                let key = self.subscript_key(key);
                let value = self.load(base, key, span);
                match default {
                    [default] => {
                        let default = self.expr(default);
                        Some(self.op(OpKind::Select, &[value, default], span))
                    }
                    _ => Some(value),
                }
            }
            ("setattr", [object, key, value]) if plain => {
                let base = self.expr(object);
                let key = self.subscript_key(key);
                let value = self.expr(value);
                self.emit(Instr::Store { base, key, value }, span);
                Some(self.none())
            }
            ("delattr", [object, key]) if plain => {
                let base = self.expr(object);
                let key = self.subscript_key(key);
                self.emit(Instr::Delete { base, key }, span);
                Some(self.none())
            }
            ("isinstance", [value, classes]) if plain => {
                Some(self.isinstance(value, classes, span))
            }
            ("dict", [Expr::Generator(c)]) if plain => {
                Some(self.comprehension(Added::entry_of(&c.elt), &c.generators, span))
            }
            ("dict", [Expr::ListComp(c)]) if plain => {
                Some(self.comprehension(Added::entry_of(&c.elt), &c.generators, span))
            }
            ("dict", [Expr::Call(zip)]) if plain && self.is_zip(zip) => {
                Some(self.zipped(zip, span))
            }
            ("dict", [] | [_]) if !args.iter().any(Expr::is_starred_expr) => {
                let mut parts = Vec::new();
                if let [from] = args {
                    parts.push(Part {
                        key: PartKey::Spread,
                        value: self.expr(from),
                    });
                }
                for keyword in keywords {
                    let value = self.expr(&keyword.value);
                    let key = match &keyword.arg {
                        Some(name) => PartKey::Field(self.symbol(name)),
                        None => PartKey::Spread,
                    };
                    parts.push(Part { key, value });
                }
                Some(self.object_of(&parts, span))
            }
            ("list" | "set" | "tuple" | "frozenset", [] | [_]) if plain => {
                let mut parts = Vec::new();
                if let [from] = args {
                    parts.push(Part {
                        key: PartKey::Spread,
                        value: self.expr(from),
                    });
                }
                Some(self.array_of(&parts, span))
            }
            _ => None,
        }
    }

    /// `zip(keys, values)`.
    fn is_zip(&mut self, call: &ExprCall) -> bool {
        is_name(&call.func, "zip")
            && self.is_free("zip")
            && call.arguments.keywords.is_empty()
            && matches!(&*call.arguments.args, [a, b] if !a.is_starred_expr() && !b.is_starred_expr())
    }

    /// `dict(zip(keys, values))`; of `dict(zip(row.keys(), row))` the record itself is known.
    fn zipped(&mut self, zip: &'a ExprCall, span: Span) -> Operand {
        let [keys, values] = &*zip.arguments.args else {
            return self.none();
        };
        let record = match (keys, values) {
            (Expr::Call(keys), Expr::Name(row)) => match &*keys.func {
                Expr::Attribute(a) => a.attr.as_str() == "keys" && is_name(&a.value, &row.id),
                _ => false,
            },
            _ => false,
        };
        if record {
            let part = Part {
                key: PartKey::Spread,
                value: self.expr(values),
            };
            return self.object_of(&[part], span);
        }
        let made = self.object_of(&[], span);
        let (keys, values) = (self.expr(keys), self.expr(values));
        let any = self.undecided(span);
        let key = self.load(keys, Key::Computed(any), span);
        let value = self.load(values, Key::Computed(any), span);
        let store = Instr::Store {
            base: made,
            key: Key::Computed(key),
            value,
        };
        self.emit(store, span);
        made
    }

    /// `isinstance(x, str)` asks what `typeof` answers.
    fn isinstance(&mut self, value: &'a Expr, classes: &'a Expr, span: Span) -> Operand {
        let value = self.expr(value);
        match primitive(classes) {
            Some(name) => {
                let tested = self.op(OpKind::TypeOf, &[value], span);
                let name = self.string(name);
                self.comparison(CmpOp::Eq, tested, name, span)
            }
            None => {
                let classes = self.expr(classes);
                self.op(OpKind::InstanceOf, &[value, classes], span)
            }
        }
    }

    /// `Base.__init__(self, …)` and `super().__init__(…)` inside a constructor.
    fn base_constructor(&mut self, call: &'a ExprCall) -> Option<Operand> {
        if self.frame.kind != FnKind::Constructor {
            return None;
        }
        let Expr::Attribute(init) = &*call.func else {
            return None;
        };
        let span = sp(call);
        let this = self.receiver_value(span)?;
        let mut args = if super::call::is_super(&init.value) {
            self.arguments(&call.arguments)
        } else {
            let (Expr::Name(_) | Expr::Attribute(_)) = &*init.value else {
                return None;
            };
            let mut args = self.arguments(&call.arguments);
            let on_this = args
                .first()
                .is_some_and(|a| a.key == ArgKey::Pos && a.value == this);
            if !on_this {
                return None;
            }
            args.remove(0);
            args
        };
        args.shrink_to_fit();
        let callee = self.undefined();
        let flags = CallFlags {
            super_call: true,
            ..CallFlags::default()
        };
        Some(self.emit_call(callee, Some(this), &args, flags, span))
    }

    fn dynamic_import(&mut self, call: &'a ExprCall) -> Option<Operand> {
        let [Expr::StringLiteral(name)] = &*call.arguments.args else {
            return None;
        };
        if !call.arguments.keywords.is_empty() {
            return None;
        }
        Some(self.import_module(name.value.to_str(), None, sp(call)))
    }

    /// `partial(f, a, k=b)`: a function that calls `f` with these arguments before its own.
    fn partial(&mut self, call: &'a ExprCall) -> Option<Operand> {
        let span = sp(call);
        let [target, _given @ ..] = &*call.arguments.args else {
            return None;
        };
        if target.is_starred_expr() {
            return None;
        }
        // A function of the module is looked up when it is called.
        let global = match target {
            Expr::Name(n) => Some(self.place(&n.id))
                .filter(|p| matches!(p, Place::Var(VarRef::Global(_) | VarRef::Free(_)))),
            _ => None,
        };
        let callee = match global {
            Some(_) => self.undefined(),
            None => self.expr(target),
        };
        let mut given = self.arguments(&call.arguments);
        if !given.is_empty() {
            given.remove(0);
        }
        let mut kept = Vec::new();
        let mut keep = |lowerer: &mut Self, value: Operand| match value {
            Operand::Const(_) => kept.push(None),
            Operand::Local(_) => {
                let slot = lowerer.slot();
                lowerer.copy(slot, value, span);
                kept.push(Some(slot));
            }
        };
        keep(self, callee);
        for arg in &given {
            keep(self, arg.value);
        }
        let owner = self.outer.len();
        let func = self.synthetic(FnKind::Function, span, |lowerer| {
            let constants = std::iter::once(callee).chain(given.iter().map(|a| a.value));
            let mut values: Vec<Operand> = Vec::with_capacity(kept.len());
            for (slot, constant) in kept.iter().zip(constants) {
                values.push(match slot {
                    Some(slot) => {
                        let place = lowerer.reach(*slot, owner);
                        lowerer.read(place, span)
                    }
                    None => constant,
                });
            }
            let mut values = values.into_iter();
            let mut callee = values.next()?;
            if let Some(place) = global {
                callee = lowerer.read(place, span);
            }
            let mut args: Vec<Arg> = given
                .iter()
                .zip(values)
                .map(|(arg, value)| Arg {
                    key: arg.key,
                    value,
                })
                .collect();
            let (rest, keywords) = lowerer.all_arguments();
            let at = args
                .iter()
                .position(|a| matches!(a.key, ArgKey::Keyword(_) | ArgKey::KeywordSpread))
                .unwrap_or(args.len());
            args.insert(at, rest);
            args.push(keywords);
            let value = lowerer.emit_call(callee, None, &args, CallFlags::default(), span);
            lowerer
                .frame
                .builder
                .terminate(Term::Return(Some(value)), span);
            Some(())
        });
        let to = self.temp();
        self.emit(Instr::Closure { to, func }, span);
        Some(Operand::Local(to))
    }

    /// Gives the function being lowered `*args, **kwargs`, as arguments to be handed on.
    pub(super) fn all_arguments(&mut self) -> (Arg, Arg) {
        let param = |lowerer: &mut Self, name: &str, keyword_rest: bool| {
            let name = Some(lowerer.symbol(name));
            let local = lowerer.frame.builder.local(LocalKind::Param, name);
            lowerer.frame.builder.function.params.push(Param {
                local,
                name,
                rest: !keyword_rest,
                keyword_rest,
                ..Param::default()
            });
            Operand::Local(local)
        };
        let (rest, keywords) = (param(self, "args", false), param(self, "kwargs", true));
        (
            Arg {
                key: ArgKey::Spread,
                value: rest,
            },
            Arg {
                key: ArgKey::KeywordSpread,
                value: keywords,
            },
        )
    }

    /// The member of a value that is known by a name made here.
    pub(super) fn load_key(&mut self, base: Operand, name: &str, span: Span) -> Operand {
        let key = Key::Field(self.symbol(name));
        self.load(base, key, span)
    }
}

fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Name(n) if n.id == name)
}

/// What `typeof` says of the instances of a built-in class.
fn primitive(classes: &Expr) -> Option<&'static str> {
    match classes {
        Expr::Name(n) => match n.id.as_str() {
            "str" => Some("string"),
            "int" | "float" => Some("number"),
            "bool" => Some("boolean"),
            _ => None,
        },
        Expr::Tuple(t) => {
            let mut all = t.elts.iter().map(primitive);
            let first = all.next()??;
            all.all(|p| p == Some(first)).then_some(first)
        }
        _ => None,
    }
}
