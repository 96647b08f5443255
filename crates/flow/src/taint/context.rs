//! What one call is certain to give: the constants at the places of the function that is called.

use super::heap::ObjKind;
use super::instantiate::Env;
use super::interp::AllocKey;
use super::interp::Interp;
use super::op::compare;
use super::place::{PortBase, PortPath};
use super::port::Argument;
use super::summary::Summary;
use super::value::{Konst, ObjId, Origin, Taint, Value};
use crate::limits;
use crate::program::to_u32;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Instr, PartKey};
use std::sync::Arc;

/// Members of members of an object that is given are looked at, no deeper ones.
const DEPTH: u32 = 2;

/// What every object has.
const INHERITED: [&str; 7] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "toLocaleString",
    "toString",
    "valueOf",
    "__proto__",
];

/// The constants that places of a function are certain to hold in one call of it, by place. Empty: nothing is known.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Context {
    known: Vec<(PortPath, Arc<[Konst]>)>,
    /// Places that are certain to hold an object.
    objects: Vec<PortPath>,
    /// Those of them that are lists and nothing else.
    lists: Vec<PortPath>,
}

impl Context {
    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.objects.is_empty()
    }

    /// What a place is certain to hold.
    pub(super) fn at(&self, port: &PortPath) -> Option<Value> {
        let at = self.known.binary_search_by(|k| k.0.cmp(port)).ok()?;
        self.known.get(at).map(|known| Value {
            consts: Some(Arc::clone(&known.1)),
            ..Value::default()
        })
    }

    fn add(&mut self, port: PortPath, konsts: &Arc<[Konst]>) {
        if self.known.len() < limits::REFUTED_PLACES {
            self.known.push((port, Arc::clone(konsts)));
        }
    }

    fn finish(mut self) -> Self {
        self.known.sort_by_key(|known| known.0);
        self.known.dedup_by(|a, b| a.0 == b.0);
        self.objects.sort_unstable();
        self.lists.sort_unstable();
        self
    }
}

/// The constants that a value is, where it is nothing else; or how the text that it is begins.
fn constants(value: &Value) -> Option<&Arc<[Konst]>> {
    let exact = |konst: &Konst| !matches!(konst, Konst::Present | Konst::Template(_));
    let consts = value.consts.as_ref().filter(|_| value.refs.is_empty())?;
    let only = value.taints.is_none() && !consts.is_empty() && consts.iter().all(exact);
    (only || begins(consts)).then_some(consts)
}

/// Whether a text with holes begins with a literal.
fn begins(consts: &[Konst]) -> bool {
    match consts {
        [Konst::Template(parts)] => {
            matches!(parts.first(), Some(Some(first)) if !first.is_empty())
        }
        _ => false,
    }
}

/// Whether a value is one of some places, and nothing else.
fn is_one_of(value: &Value, places: &[PortPath]) -> bool {
    match value.taints() {
        [taint] if value.refs.is_empty() => taint
            .identity()
            .is_some_and(|port| places.binary_search(&port).is_ok()),
        _ => false,
    }
}

impl Interp<'_> {
    /// What the call at hand is certain to give.
    pub(super) fn context(&mut self, env: &Env<'_>) -> Context {
        let mut out = Context::default();
        let called = self.origins.program.func(env.func).func;
        for (index, (param, value)) in called.params.iter().zip(env.params()).enumerate() {
            let port = PortPath::root(PortBase::Param(u16::try_from(index).unwrap_or(u16::MAX)));
            if !param.rest && !param.keyword_rest {
                self.know(&mut out, port, value, 0);
            }
        }
        self.know(&mut out, PortPath::root(PortBase::This), env.this, 0);
        for index in 0..called.captures.len() {
            let index = to_u32(index);
            let value = self.captured(env, index);
            self.know(
                &mut out,
                PortPath::root(PortBase::Capture(index)),
                &value,
                0,
            );
        }
        out.finish()
    }

    fn know(&self, out: &mut Context, port: PortPath, value: &Value, depth: u32) {
        if let Some(consts) = constants(value) {
            out.add(port, consts);
            return;
        }
        let (true, [id]) = (value.taints.is_none(), value.refs.as_slice()) else {
            return;
        };
        let Some(obj) = self.state.obj(*id) else {
            return;
        };
        if depth >= DEPTH || !matches!(obj.kind, ObjKind::Plain | ObjKind::Instance(_)) {
            return;
        }
        if port.base() != PortBase::This && out.objects.len() < limits::REFUTED_PLACES {
            out.objects.push(port);
            let is_list = obj.any.is_empty()
                && !obj.fields.is_empty()
                && obj.fields.iter().all(|f| f.sym.as_index().is_some());
            if is_list {
                out.lists.push(port);
            }
        }
        for field in obj.fields.iter().filter(|field| field.definite) {
            self.know(out, port.member(field.sym), &field.value, depth + 1);
        }
    }

    /// A place of this function, as far as the call says what it holds. What stands in the holes of a text stays whatever the place
    /// holds.
    pub(super) fn in_context(&mut self, port: &PortPath) -> Option<Value> {
        let mut value = self.context.as_ref()?.at(port)?;
        if value.consts.as_deref().is_some_and(begins) {
            let mut taint = self.symbolic(port.base());
            taint.taints = taint.map_taints(|t| {
                Some(Taint {
                    origin: Origin::Port(*port),
                    ..t
                })
            });
            value.taints = taint.taints;
        }
        Some(value)
    }

    /// Whether a value is a place of this function that holds an object in this call.
    fn is_given_object(&self, value: &Value) -> bool {
        let context = self.context.as_ref();
        context.is_some_and(|context| is_one_of(value, &context.objects))
    }

    /// Whether a value is a place of this function that holds a list in this call: it has no members by name.
    pub(super) fn is_given_list(&self, value: &Value) -> bool {
        let context = self.context.as_ref();
        context.is_some_and(|context| is_one_of(value, &context.lists))
    }

    /// The truth value of a value, where it is certain. An empty list of Python is none.
    pub(super) fn truth(&self, value: &Value) -> Option<bool> {
        let object = || (!self.is_python() && self.is_given_object(value)).then_some(true);
        value.truthy().or_else(object)
    }

    /// Whether two values are equal, where it is certain.
    pub(super) fn certainly_equal(&self, one: &Value, other: &Value) -> Option<bool> {
        let nothing = |v: &Value| matches!(v.single(), Some(Konst::Undefined | Konst::Null));
        let apart = nothing(one) && self.is_given_object(other)
            || nothing(other) && self.is_given_object(one);
        compare(one, other).or_else(|| apart.then_some(false))
    }

    /// Whether an object is one that is written out here, has nothing but what is written, and certainly lacks a member.
    pub(super) fn lacks_member(&self, id: ObjId, sym: Sym) -> bool {
        let text = self.origins.program.text(sym);
        if self.special.is_none()
            || self.is_python()
            || sym == Sym::ANY
            || INHERITED.contains(&text)
        {
            return false;
        }
        let bare = self.state.obj(id).is_some_and(|obj| {
            obj.kind == ObjKind::Plain && obj.any.is_empty() && obj.field(sym).is_none()
        });
        bare && self.ids.iter().any(|(key, known)| match key {
            AllocKey::Instr(at) if *known == id => match self.f.func.instrs.get(*at as usize) {
                Some(Instr::Object { parts, .. }) => self
                    .f
                    .func
                    .parts(*parts)
                    .iter()
                    .all(|part| matches!(part.key, PartKey::Field(_))),
                _ => false,
            },
            _ => false,
        })
    }

    /// Parameters to which a call that is written out gives nothing: they are `undefined`.
    pub(super) fn not_given(&self, func: FuncId, args: &[Argument], params: &mut [Value]) {
        if self.origins.bound_to(func) > 0 {
            return;
        }
        let called = self.origins.program.func(func);
        let spread = |arg: &Argument| matches!(arg.key, ArgKey::Spread | ArgKey::KeywordSpread);
        if args.iter().any(spread) {
            return;
        }
        let given = args.iter().filter(|arg| arg.key == ArgKey::Pos).count();
        let declared = called.func.params.iter().zip(params).enumerate();
        for (_, (param, value)) in declared.skip(given) {
            let text = param.name.map(|name| called.file.facts.str(name));
            let named = |arg: &Argument| match arg.key {
                ArgKey::Keyword(name) => Some(self.f.file.facts.str(name)) == text,
                _ => false,
            };
            if !param.rest && !param.keyword_rest && !args.iter().any(named) {
                *value = Value::constant(Konst::Undefined);
            }
        }
    }

    /// What the function that is called means with what this call is certain to give, where candidates are run again.
    pub(super) fn for_this_call(&mut self, env: &Env<'_>, general: Arc<Summary>) -> Arc<Summary> {
        let Some(special) = self.special else {
            return general;
        };
        let context = self.context(env);
        let asked = !context.is_empty() || special.leads_through(env.func);
        let made = asked
            .then(|| special.summary(env.func, &context, self.level + 1))
            .flatten();
        let summary = made.unwrap_or(general);
        self.at_hand
            .insert((self.call_index, env.func), Arc::clone(&summary));
        self.given.push((env.func, context));
        summary
    }
}
