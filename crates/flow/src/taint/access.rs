//! Members of values: read, written, read whole.

use super::heap::{Below, Obj, ObjKind};
use super::interp::{AllocKey, Interp, target};
use super::place::{PortBase, PortPath};
use super::summary::SinkRef;
use super::taint_set::Union;
use super::trace::TraceKind;
use super::value::{Konst, ObjId, Origin, Taint, Value, note_bit, twice_unknown};
use crate::limits;
use crate::origin::Val;
use crate::program::to_u32;
use crate::result::{FactValue, Note};
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, LocalId, Operand, Symbol, VarRef};
use casemate_model::kind::{KindSet, Shape, SinkKind};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use std::sync::Arc;

/// The mark of a value that was looked up by a key from outside; above the bits of [`Note`].
pub(super) const BY_KEY: u16 = 1 << 15;
/// The mark of a string that starts with the value: all of it may be the value.
pub(crate) const LEADING: u16 = 1 << 14;
/// The mark of "whatever that object has" in an object that it was spread into: its member `x` is that object's `x`.
pub(crate) const SPREAD: u16 = 1 << 13;

/// The mark of "whatever else there is" on an object whose members are known from a schema: a member that it has is not that.
pub(crate) const BESIDE: u16 = 1 << 11;

/// On a sink: the object that is written to was reached by a walk along keys of any number.
pub(crate) const WALK: u16 = 1 << 12;

impl Interp<'_> {
    /// The object that stands for a symbolic place.
    pub(super) fn place(&mut self, port: PortPath) -> ObjId {
        let id = self.alloc(AllocKey::Place(port));
        self.state.obj_mut(id, ObjKind::Symbolic(port));
        id
    }

    /// A member of a value.
    pub(super) fn load(&mut self, base: &Value, sym: Sym) -> Value {
        let member = self.member_as_kept(base, sym);
        let member = self.unspread(member, sym);
        self.without_key(member, sym)
    }

    /// A member of a value; what came in with a spread is still marked so.
    fn member_as_kept(&mut self, base: &Value, sym: Sym) -> Value {
        if base.taints.is_none() && base.refs.is_empty() {
            return Value::default();
        }
        let counts = self.is_count(sym);
        let objects = base.refs.len() + base.identities().count();
        let mut held = false;
        let mut out: Option<Value> = None;
        let put = |out: &mut Option<Value>, value: &Value| match out {
            None => *out = Some(value.clone()),
            Some(out) => {
                out.join(value);
            }
        };
        for &id in &base.refs {
            let Some(obj) = self.state.obj(id) else {
                continue;
            };
            if sym == Sym::ANY && out.is_none() {
                out = Some(obj.any_member());
                continue;
            }
            if sym == Sym::ANY {
                for field in &obj.fields {
                    put(&mut out, &field.value);
                }
                if !obj.any.is_empty() || obj.fields.is_empty() {
                    put(&mut out, &obj.any);
                }
                continue;
            }
            match obj.field(sym) {
                Some(field) if field.definite => {
                    if objects == 1 {
                        return field.value.clone();
                    }
                    held = true;
                    put(&mut out, &field.value);
                }
                Some(field) => {
                    put(&mut out, &field.value);
                    put(&mut out, &unchosen(&obj.any));
                }
                // How many elements there are, is none of them.
                None if counts => {}
                None if self.lacks_member(id, sym) => {
                    put(&mut out, &Value::constant(Konst::Undefined))
                }
                None => put(&mut out, &unchosen(&obj.any)),
            }
        }
        let mut rest = Value::default();
        let mut fields: Vec<Value> = Vec::new();
        let plain =
            |t: &Taint| t.identity().is_none() && t.notes & (BY_KEY | BESIDE) == 0 && !is_text(t);
        let whole = base.taints().iter().all(plain);
        if whole {
            rest.taints.clone_from(&base.taints);
        }
        for taint in base.taints().iter().filter(|_| !whole) {
            match taint.identity() {
                Some(port) => {
                    let mut definite = false;
                    if let Some(obj) = self.place_obj(&port).and_then(|id| self.state.obj(id)) {
                        if sym == Sym::ANY && base.refs.is_empty() && fields.is_empty() {
                            let together = obj.together();
                            let objects = together.below.iter().filter_map(|below| match below {
                                Below::Object(id) => Some(*id),
                                Below::Place(_) => None,
                            });
                            fields.push(Value {
                                taints: together.taints.clone(),
                                refs: objects.collect(),
                                consts: None,
                            });
                        } else if sym == Sym::ANY {
                            fields.extend(obj.fields.iter().map(|f| f.value.clone()));
                            fields.push(obj.any.clone());
                        } else if let Some(field) = obj.field(sym) {
                            if field.definite && objects == 1 {
                                return field.value.clone();
                            }
                            definite = field.definite;
                            fields.push(field.value.clone());
                        } else if !obj.any.is_empty() {
                            fields.push(obj.any.clone());
                        }
                    }
                    if fields.is_empty()
                        && objects == 1
                        && let ([_], Some(certain)) =
                            (base.taints(), self.in_context(&port.member(sym)))
                    {
                        return certain;
                    }
                    if !definite {
                        rest.add_taint(Taint {
                            origin: Origin::Port(port.member(sym)),
                            ..*taint
                        });
                    }
                }
                None if taint.notes & BY_KEY != 0 => {}
                None if taint.notes & BESIDE != 0 && held => {}
                None if is_text(taint) && self.is_name(sym) => {}
                None => {
                    rest.add_taint(*taint);
                }
            }
        }
        let mut out = out.unwrap_or_default();
        for field in fields {
            out.join_taints(&field);
            for id in field.refs {
                if !out.refs.contains(&id) {
                    out.refs.push(id);
                }
            }
        }
        if counts {
            // The length of a text is bounded by the text; an object of the client's own may say any number.
            rest.taints = rest.map_taints(|mut taint| {
                if taint.clean.covers(self.k.operators) {
                    taint.clean = taint.clean.union(self.k.sizes);
                }
                Some(taint)
            });
        }
        if rest.taints.is_some() {
            let alone = out.is_empty();
            out.join_taints(&rest);
            out.consts = match rest.taints() {
                [one] if alone => self.begun_field(one, sym),
                _ => None,
            };
        }
        out.refs.sort_unstable();
        out
    }

    /// How the text in a field of the receiver begins.
    fn begun_field(&self, of: &Taint, sym: Sym) -> Option<Arc<[Konst]>> {
        let class = self.f.func.class?;
        if of.identity()? != PortPath::root(PortBase::This).member(sym) {
            return None;
        }
        let konst = self.consts.field(self.origins, self.f.class(class), sym)?;
        Some(Arc::from([konst.clone()]))
    }

    /// Whether a member is the number of elements.
    fn is_count(&self, sym: Sym) -> bool {
        self.f.file.facts.language == casemate_ir::Language::JavaScript
            && sym != Sym::ANY
            && self.origins.program.text(sym) == "length"
    }

    /// Whether a member is asked for by a name: a text has elements, but no members.
    fn is_name(&self, sym: Sym) -> bool {
        let first = self.origins.program.text(sym).chars().next();
        sym != Sym::ANY && first.is_some_and(|c| c.is_alphabetic() || c == '_')
    }

    /// What came in with a spread is the member of the object that was spread. An object may be spread into itself.
    fn unspread(&mut self, mut value: Value, sym: Sym) -> Value {
        let marked = |t: &&Taint| t.notes & SPREAD != 0;
        let mut met: SmallVec<[PortPath; 4]> = SmallVec::new();
        loop {
            let spread: Vec<Taint> = value.taints().iter().filter(marked).copied().collect();
            if spread.is_empty() {
                return value;
            }
            value.taints = value.map_taints(|t| (t.notes & SPREAD == 0).then_some(t));
            for taint in spread {
                let taint = Taint {
                    notes: taint.notes & !SPREAD,
                    ..taint
                };
                let whole = taint.identity().and_then(|port| port.split());
                match whole {
                    Some((object, Sym::ANY)) if sym != Sym::ANY => {
                        if met.contains(&object) {
                            continue;
                        }
                        met.push(object);
                        let object = Value::tainted(Taint {
                            origin: Origin::Port(object),
                            ..taint
                        });
                        let member = self.member_as_kept(&object, sym);
                        if value.is_empty() {
                            value = member;
                        } else {
                            value.join(&member);
                        }
                    }
                    _ => {
                        value.add_taint(taint);
                        value.consts = None;
                    }
                }
            }
        }
    }

    /// Whether something is a dictionary of Python that is written out: it has what was put in, and nothing that it inherits.
    pub(super) fn is_dictionary(&self, base: Operand) -> bool {
        let origins = self.origins;
        self.f.file.facts.language == casemate_ir::Language::Python
            && origins
                .of_operand(self.f.id, base)
                .iter()
                .any(|&val| matches!(origins.val(val), Some(Val::Object(..))))
    }

    /// Reading a member by a key from outside: whatever comes out was chosen by the client.
    pub(super) fn load_by_key(&mut self, at: usize, key: &Value, out: &mut Value) {
        if key.taints.is_none() {
            return;
        }
        let keep = KindSet::of(self.k.proto).union(KindSet::of(self.k.method));
        let others = KindSet::ALL.without(keep);
        let span = self.span(at);
        let chosen: Vec<Taint> = key
            .taints()
            .iter()
            .copied()
            .filter(|t| !t.clean.covers(keep))
            .collect();
        for taint in chosen {
            let trace = self.step(TraceKind::Library, span, taint.trace);
            out.add_taint(Taint {
                clean: taint.clean.union(others),
                derived: true,
                notes: taint.notes | BY_KEY,
                trace,
                ..taint
            });
        }
        out.consts = None;
    }

    /// The taints of a value and of everything below it, as far as the caps on depth and objects allow.
    pub(super) fn deep(&mut self, value: &Value) -> Value {
        let below = |interp: &Self, value: &Value, list: &mut Vec<ObjId>| {
            list.extend(value.refs.iter().copied());
            list.extend(value.identities().filter_map(|p| interp.place_obj(&p)));
        };
        let mut level: Vec<ObjId> = Vec::new();
        below(self, value, &mut level);
        let mut out = Value {
            taints: None,
            refs: SmallVec::from_slice(&value.refs),
            consts: None,
        };
        if level.is_empty() {
            out.taints.clone_from(&value.taints);
            return out;
        }
        let mut union = Union::default();
        union.add(value.taints.as_ref());
        let mut seen: FxHashSet<ObjId> = FxHashSet::default();
        let mut capped = false;
        for _ in 0..limits::DEEP_READ {
            let mut next: Vec<ObjId> = Vec::new();
            for id in level {
                if seen.len() >= limits::DEEP_OBJECTS {
                    capped = true;
                    break;
                }
                if !seen.insert(id) {
                    continue;
                }
                let Some(obj) = self.state.obj(id) else {
                    continue;
                };
                if matches!(obj.kind, ObjKind::Closure(_)) {
                    continue;
                }
                let together = obj.together();
                union.add(together.taints.as_ref());
                next.extend(together.below.iter().filter_map(|below| match below {
                    Below::Object(id) => Some(*id),
                    Below::Place(port) => self.place_obj(port),
                }));
            }
            if next.is_empty() || capped {
                break;
            }
            level = next;
        }
        if capped {
            self.cap("objects of a value read whole");
        }
        out.taints = union.finish();
        out
    }

    /// `base.sym = value`, where `base` is an operand of an instruction.
    pub(super) fn store_operand(&mut self, at: usize, base: Operand, sym: Sym, value: Value) {
        let mut target = self.operand(base);
        if target.refs.is_empty() && target.identities().next().is_none() {
            let Operand::Local(local) = base else { return };
            let id = self.attach(at, &target);
            target.refs.push(id);
            self.set_through(local, target.clone(), 0);
        }
        self.store_value(&target, sym, value, true);
    }

    /// An object for a value of which only taint is known.
    fn attach(&mut self, at: usize, value: &Value) -> ObjId {
        let id = self.alloc(AllocKey::Attached(to_u32(at)));
        let mut obj = Obj::new(ObjKind::Plain);
        obj.any.taints.clone_from(&value.taints);
        *self.state.obj_mut(id, ObjKind::Plain) = obj;
        id
    }

    /// Writes a local and the place that it was loaded from.
    pub(super) fn set_through(&mut self, local: LocalId, value: Value, depth: u32) {
        let instr = self
            .defs
            .get(local.index())
            .and_then(|&d| self.f.func.instrs.get(d as usize))
            .filter(|_| {
                self.f
                    .func
                    .locals
                    .get(local.index())
                    .is_some_and(|l| l.kind == casemate_ir::LocalKind::Temp)
            })
            .copied();
        if depth < 4 {
            match instr {
                Some(
                    Instr::Copy {
                        from: Operand::Local(from),
                        ..
                    }
                    | Instr::Await {
                        from: Operand::Local(from),
                        ..
                    },
                ) => {
                    self.set_through(from, value.clone(), depth + 1);
                }
                Some(instr @ (Instr::Load { .. } | Instr::Call { .. })) => {
                    let Some((base, sym)) = self.member_read(instr) else {
                        self.set(local, value);
                        return;
                    };
                    let target = self.operand(base);
                    let places = (target.refs.len(), target.identities().count());
                    if sym != Sym::ANY && places.0 + places.1 == 1 {
                        self.store_value(&target, sym, value.clone(), true);
                    } else if sym != Sym::ANY && places == (1, 1) {
                        // What a parameter holds, in the form of the schema that it was checked against: one object.
                        let given = Value {
                            taints: target.taints.clone(),
                            ..Value::default()
                        };
                        let checked = Value {
                            refs: target.refs,
                            ..Value::default()
                        };
                        self.store_value(&given, sym, value.clone(), true);
                        self.store_value(&checked, sym, value.clone(), true);
                    }
                }
                Some(Instr::LoadVar { var, .. }) => match var {
                    VarRef::Global(_) | VarRef::Captured(_) => self.refine_var(var, value.clone()),
                    VarRef::Free(_) => {}
                },
                _ => {}
            }
        }
        debug_assert!(instr.is_none_or(|i| target(&i).is_some()));
        self.set(local, value);
    }

    fn refine_var(&mut self, var: VarRef, value: Value) {
        use super::place::PortBase;
        let base = match var {
            VarRef::Global(g) => PortBase::Global(self.f.global(g)),
            VarRef::Captured(c) => PortBase::Capture(c.0),
            VarRef::Free(_) => return,
        };
        self.state.set_var(PortPath::root(base), value);
    }

    /// A value with an object that members can be written to.
    pub(super) fn with_object(
        &mut self,
        at: usize,
        mut value: Value,
        operand: Option<Operand>,
    ) -> Value {
        if value.refs.is_empty()
            && value.identities().next().is_none()
            && let Some(Operand::Local(local)) = operand
        {
            let id = self.attach(at, &value);
            value.refs.push(id);
            self.set_through(local, value.clone(), 0);
        }
        value
    }

    /// The object at a member of a value; made where nothing is known of it.
    pub(super) fn below(&mut self, base: &Value, sym: Sym, depth: u32) -> Value {
        let known = self.load(base, sym);
        if !known.refs.is_empty() || known.identities().next().is_some() {
            return known;
        }
        let id = self.alloc(AllocKey::Below(self.call_index, depth));
        self.state.obj_mut(id, ObjKind::Plain);
        let made = Value::object(id);
        self.store_value(base, sym, made.clone(), false);
        made
    }

    /// Writes a member of everything that a value may be.
    pub(super) fn store_value(&mut self, target: &Value, sym: Sym, value: Value, strong: bool) {
        let ports: Vec<PortPath> = target.identities().collect();
        let strong = strong && sym != Sym::ANY && target.refs.len() + ports.len() == 1;
        for &id in &target.refs {
            let kind = self.state.obj(id).map_or(ObjKind::Plain, |o| o.kind);
            self.state.obj_mut(id, kind).set(sym, value.clone(), strong);
        }
        for port in ports {
            let id = self.place(port);
            self.state
                .obj_mut(id, ObjKind::Symbolic(port))
                .set(sym, value.clone(), strong);
        }
    }

    /// `base[key] = value`: a base that was itself looked up by a key from outside may be a prototype.
    pub(super) fn computed_store(
        &mut self,
        at: usize,
        base: Operand,
        key: Operand,
        _value: &Value,
    ) {
        // Dictionaries of Python have no prototype.
        if self.f.file.facts.language == casemate_ir::Language::Python {
            return;
        }
        let key_value = self.operand(key);
        if key_value.taints.is_none() {
            return;
        }
        let base_value = self.operand(base);
        let chosen: Vec<Taint> = base_value
            .taints()
            .iter()
            .copied()
            .filter(|t| t.notes & BY_KEY != 0)
            .collect();
        if chosen.is_empty() {
            return;
        }
        let notes = if self.walks(base) { WALK } else { 0 };
        let sink = self.sink(at, self.k.proto, "member assignment", notes);
        for mut taint in chosen {
            taint.notes &= !BY_KEY;
            self.arrive(&taint, &sink, false);
        }
    }

    /// Whether a local is led on from itself by computed keys: `at = at[key]` in a loop, as whoever follows a path does.
    fn walks(&self, base: Operand) -> bool {
        let Operand::Local(walker) = base else {
            return false;
        };
        let instrs = &self.f.func.instrs;
        let mut led: FxHashSet<LocalId> = FxHashSet::default();
        for instr in instrs {
            match *instr {
                Instr::Load {
                    to,
                    base: Operand::Local(from),
                    key: Key::Computed(_),
                    ..
                } if from == walker => {
                    led.insert(to);
                }
                Instr::Copy {
                    to,
                    from: Operand::Local(from),
                } if led.contains(&from) => {
                    if to == walker {
                        return true;
                    }
                    led.insert(to);
                }
                _ => {}
            }
        }
        false
    }

    /// A sink at an instruction of this function.
    pub(super) fn sink(&self, at: usize, kind: SinkKind, callee: &str, notes: u16) -> Arc<SinkRef> {
        let span = self.span(at);
        Arc::new(SinkRef {
            func: self.f.id,
            span,
            argument: span,
            kind,
            callee: Arc::from(callee),
            facts: Arc::from([]),
            notes,
            configured: false,
        })
    }

    /// An output tag of a template.
    pub(super) fn output(
        &mut self,
        at: usize,
        value: Operand,
        context: Symbol,
        escaped: Option<bool>,
    ) {
        let context = self.f.file.facts.str(context);
        let kind = match context {
            "html.attr" | "html.attr.unquoted" | "html.style" => self.k.html_attr,
            "html.url" => self.k.html_url,
            "html.script" => self.k.html_script,
            // No page comes out of these.
            "header" | "text" => return,
            _ => self.k.html_text,
        };
        // Escaping makes text and quoted attributes safe; it does not make an address or a script safe.
        if escaped == Some(true) && kind != self.k.html_url && context != "html.attr.unquoted" {
            return;
        }
        let value = self.operand(value);
        let value = self.deep(&value);
        if value.taints.is_none() {
            return;
        }
        let path = &self.f.file.path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut sink = (*self.sink(at, kind, name, 0)).clone();
        let mut facts = vec![("context".to_owned(), FactValue::Str(context.to_owned()))];
        facts.push((
            "escaped".to_owned(),
            escaped.map_or(FactValue::Unknown, FactValue::Bool),
        ));
        sink.facts = Arc::from(facts);
        sink.configured =
            escaped.is_none() && kind != self.k.html_url && context != "html.attr.unquoted";
        let sink = Arc::new(sink);
        let taints: Vec<Taint> = value.taints().to_vec();
        for taint in taints {
            if taint.notes & BY_KEY == 0 {
                self.arrive(&taint, &sink, true);
            }
        }
    }

    /// What comes out of something of which nothing is known: made of everything that went in.
    ///
    /// That an object of operators comes through unchanged is a second assumption on top of the first, and seldom true:
    /// what comes back is most often a record, an id or an answer.
    pub(super) fn unknown_result(&mut self, inputs: &[Value], at: usize) -> Value {
        let span = self.span(at);
        let mut out = Value::default();
        for value in inputs {
            let whole = self.deep(value);
            let mut part = self.derive(&whole, self.k.operators, TraceKind::Unknown, span);
            let seen = note_bit(Note::ViaUnknown);
            if part.taints().iter().any(|t| twice_unknown(t.notes, seen)) {
                self.cap(limits::TWICE_UNKNOWN);
            }
            let noted = part.map_taints(|t| {
                (t.notes & BY_KEY == 0 && !twice_unknown(t.notes, seen)).then_some(Taint {
                    notes: t.notes | seen,
                    ..t
                })
            });
            part.taints = noted;
            out.join_taints(&part);
        }
        out
    }
}

/// Whether a value is a text as it came in.
fn is_text(taint: &Taint) -> bool {
    !taint.derived && matches!(taint.origin, Origin::Source(source) if source.shape == Shape::Text)
}

/// What elements that were written under keys from outside are to who reads a member by its name: the client chose another
/// element, not this member.
fn unchosen(elements: &Value) -> Value {
    let mut out = elements.clone();
    if elements.taints().iter().any(|t| t.notes & BY_KEY != 0) {
        out.taints = elements.map_taints(|t| (t.notes & BY_KEY == 0).then_some(t));
    }
    out
}
