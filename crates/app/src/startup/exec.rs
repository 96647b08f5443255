//! Blocks and instructions.

use super::call::Given;
use super::control::{Ways, body_of_loop, successors};
use super::value::{FrameId, Kind, ObjId, V, Value, join, one, texts, truth};
use super::{Frame, Startup};
use crate::limits;
use casemate_flow::program::File;
use casemate_flow::result::FuncId;
use casemate_ir::{
    BlockId, Capture, CaptureId, Const, ConstId, Function, Instr, IterKind, Key, Operand, PartKey,
    Term, VarRef,
};
use rustc_hash::FxHashSet;
use smallvec::smallvec;
use std::rc::Rc;

/// The name of a member.
pub(super) enum Name<'p> {
    /// As it stands in the program.
    Written(&'p str),
    /// As it was worked out.
    Made(Rc<str>),
}

impl std::ops::Deref for Name<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Written(text) => text,
            Self::Made(text) => text,
        }
    }
}

/// A constant as a value.
pub(super) fn constant(file: &File, id: ConstId) -> Value {
    let text = |s| Rc::from(file.facts.str(s));
    one(match *file.facts.constant(id) {
        Const::Undefined | Const::Null => V::Null,
        Const::Bool(b) => V::Bool(b),
        Const::Number(bits) => V::Number(f64::from_bits(bits)),
        Const::Str(s) | Const::Other(s) => V::Text(text(s)),
        Const::Regex(r) => V::Pattern(text(r.pattern)),
    })
}

impl<'p> Startup<'p, '_, '_> {
    /// Runs a function; `None` for arguments: nothing is known of them but what the origins say.
    pub(super) fn invoke(
        &mut self,
        func: FuncId,
        parent: Option<FrameId>,
        this: &[V],
        args: Option<Given<'_>>,
    ) -> Value {
        let f = self.program.func(func);
        if self.stack.len() >= limits::CALL_DEPTH as usize
            || self.stack.iter().filter(|s| **s == func).count() >= limits::RECURSION
        {
            if self.aside.is_none() {
                self.cap("depth of calls at the start");
            }
            return Value::new();
        }
        if self.fuel == 0 {
            self.cap("instructions of the start");
            return Value::new();
        }
        let frame = FrameId(u32::try_from(self.frames.len()).unwrap_or(u32::MAX));
        let several = self.several(func);
        self.frames.push(Frame {
            f,
            parent,
            caller: self.calling.take(),
            locals: vec![Value::new(); f.func.locals.len()],
            several,
            result: Value::new(),
            kept: false,
        });
        self.ran.insert(func);
        self.bind(frame, this, args);
        self.stack.push(func);
        self.blocks(frame, BlockId(0), None);
        self.stack.pop();
        let Some(frame) = self.frames.get_mut(frame.0 as usize) else {
            return Value::new();
        };
        if !frame.kept {
            // Nobody can look at its variables any more.
            frame.locals = Vec::new();
        }
        std::mem::take(&mut frame.result)
    }

    fn bind(&mut self, frame: FrameId, this: &[V], args: Option<Given<'_>>) {
        let f = self.func_of(frame);
        if let Some(local) = f.func.this {
            let mut value = Value::from(this);
            if value.is_empty() {
                value = self.origin_of(f.id, local);
            }
            self.set(frame, local, value);
        }
        if let (Some(local), Some(args)) = (f.func.arguments, args) {
            let array = self.array(args.values.iter().cloned());
            self.set(frame, local, one(V::Object(array)));
        }
        for (index, param) in f.func.params.iter().enumerate() {
            if param.rest {
                let rest = args.map(|args| args.values.get(index..).unwrap_or(&[]).to_vec());
                if let Some(rest) = rest {
                    let array = self.array(rest.into_iter());
                    self.set(frame, param.local, one(V::Object(array)));
                }
                continue;
            }
            if param.keyword_rest {
                self.rest_by_name(frame, param.local, args);
                continue;
            }
            let name = param.name.map(|name| f.file.facts.str(name));
            let given = args.map(|args| {
                let named = name.and_then(|name| args.by_name(name));
                let given = named.or_else(|| args.values.get(index));
                given.cloned().unwrap_or_else(|| one(V::Null))
            });
            let mut value = given.unwrap_or_default();
            if value.is_empty() {
                value = self.origin_of(f.id, param.local);
            }
            self.set(frame, param.local, value);
        }
    }

    /// `**rest`: what is given by a keyword that no parameter has.
    fn rest_by_name(
        &mut self,
        frame: FrameId,
        local: casemate_ir::LocalId,
        args: Option<Given<'_>>,
    ) {
        let Some(args) = args else { return };
        let f = self.func_of(frame);
        let params = f.func.params.iter().filter_map(|param| param.name);
        let params: Vec<&str> = params.map(|name| f.file.facts.str(name)).collect();
        let id = self.object(Kind::Plain);
        for (name, value) in args.named {
            if !params.contains(&&**name)
                && let Some(obj) = self.obj_mut(id)
            {
                obj.set(name, value.clone());
            }
        }
        self.set(frame, local, one(V::Object(id)));
    }

    pub(super) fn array(&mut self, values: impl Iterator<Item = Value>) -> ObjId {
        let id = self.object(Kind::Array);
        for value in values {
            if let Some(obj) = self.obj_mut(id) {
                obj.push(value);
            }
        }
        id
    }

    /// Runs the blocks from one on, each once, in order; `within`: not beyond these.
    fn blocks(&mut self, frame: FrameId, start: BlockId, within: Option<&FxHashSet<BlockId>>) {
        let func: &'p Function = self.func_of(frame).func;
        let mut done: FxHashSet<BlockId> = FxHashSet::default();
        let mut waiting = std::collections::BTreeSet::from([start.0]);
        let mut first = true;
        while let Some(next) = waiting.pop_first() {
            let block = BlockId(next);
            if !done.insert(block) {
                continue;
            }
            if within.is_some_and(|w| !w.contains(&block)) {
                continue;
            }
            let inside = within.is_some() && first;
            first = false;
            let mut left = Ways::new();
            match self.elements_of(frame, block) {
                Some((at, count)) if !inside => {
                    let body = body_of_loop(func, block);
                    for index in 0..count.min(limits::LOOP_ROUNDS) {
                        self.loops.insert((frame, at), index);
                        self.blocks(frame, block, Some(&body));
                        if self.fuel == 0 {
                            break;
                        }
                    }
                    self.loops.remove(&(frame, at));
                    for inner in &body {
                        done.insert(*inner);
                        left.extend(successors(func, *inner));
                    }
                }
                _ => {
                    if !self.block(frame, block) {
                        return;
                    }
                    left.extend(self.ways(frame, block));
                }
            }
            waiting.extend(left.into_iter().filter(|b| !done.contains(b)).map(|b| b.0));
        }
    }

    /// The first iteration over known elements in a block, and how many there are.
    fn elements_of(&self, frame: FrameId, block: BlockId) -> Option<(u32, usize)> {
        let f = self.func_of(frame);
        let b = f.func.blocks.get(block.index())?;
        f.func.block_instrs(b).find_map(|(at, instr)| {
            let Instr::IterNext { of, .. } = instr else {
                return None;
            };
            let value = self.operand(frame, *of);
            let [V::Object(id)] = value.as_slice() else {
                return None;
            };
            let count = self.obj(*id)?.fields.len();
            (count > 0).then_some((u32::try_from(at).ok()?, count))
        })
    }

    /// Where control goes from a block, as far as that is certain.
    fn ways(&mut self, frame: FrameId, block: BlockId) -> Ways {
        let func = self.func_of(frame).func;
        let Some(b) = func.blocks.get(block.index()) else {
            return Ways::new();
        };
        match b.term {
            Term::Branch { cond, yes, no } if self.certain => {
                let mut out: Ways = match truth(&self.operand(frame, cond)) {
                    Some(true) => smallvec![yes],
                    Some(false) => smallvec![no],
                    None => smallvec![yes, no],
                };
                out.extend(b.unwind);
                out
            }
            Term::Return(Some(value)) => {
                let value = self.operand(frame, value);
                if let Some(f) = self.frames.get_mut(frame.0 as usize) {
                    join(&mut f.result, &value);
                }
                Ways::new()
            }
            _ => successors(func, block),
        }
    }

    /// Runs one block; `false` when there is nothing left to run with.
    fn block(&mut self, frame: FrameId, block: BlockId) -> bool {
        let func: &'p Function = self.func_of(frame).func;
        let Some(b) = func.blocks.get(block.index()) else {
            return true;
        };
        for (at, instr) in func.block_instrs(b) {
            if self.fuel == 0 {
                self.cap("instructions of the start");
                return false;
            }
            self.fuel -= 1;
            if let Some((left, _)) = &mut self.aside {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
            }
            let Ok(at) = u32::try_from(at) else { continue };
            self.step(frame, at, instr);
        }
        true
    }

    fn step(&mut self, frame: FrameId, at: u32, instr: &'p Instr) {
        let f = self.func_of(frame);
        let value = match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => self.operand(frame, from),
            Instr::Load { base, key, .. } => {
                let base = self.operand(frame, base);
                self.load_key(frame, &base, key)
            }
            Instr::Store { base, key, value } => {
                let base = self.operand(frame, base);
                let value = self.operand(frame, value);
                if let Some(name) = self.key(frame, key) {
                    self.store(&base, &name, value);
                }
                return;
            }
            Instr::LoadVar { var, .. } => self.variable(frame, var),
            Instr::StoreVar { var, value } => {
                let value = self.operand(frame, value);
                self.assign(frame, var, value);
                return;
            }
            Instr::Object { parts, .. } => self.literal(frame, parts, Kind::Plain),
            Instr::Array { parts, .. } => self.literal(frame, parts, Kind::Array),
            Instr::Template { operands, .. } => self.text(frame, f.func.operands(operands)),
            Instr::Op { op, operands, .. } => self.operator(frame, op, f.func.operands(operands)),
            Instr::Closure { func, .. } => {
                self.keep(frame);
                one(V::Func(f.sibling(func), Some(frame)))
            }
            Instr::Class { class, base, .. } => {
                self.keep(frame);
                let class = f.class(class);
                if let Some(base) = base {
                    let base = self.operand(frame, base);
                    self.bases.insert(class, base);
                }
                one(V::Class(class, Some(frame)))
            }
            Instr::Call { .. } => self.call(frame, at),
            Instr::Import { import, name, .. } => {
                let name = name.map(|n| f.file.facts.str(n));
                self.import(f.file_idx, import.index(), name)
            }
            Instr::IterNext { of, kind, .. } => self.element(frame, at, of, kind),
            Instr::Yield { .. }
            | Instr::Catch { .. }
            | Instr::Delete { .. }
            | Instr::Output { .. }
            | Instr::Opaque { .. } => Value::new(),
        };
        if let Some(to) = instr.target() {
            let value = if value.is_empty() {
                self.origin_of(f.id, to)
            } else {
                value
            };
            self.set(frame, to, value);
        }
    }

    fn keep(&mut self, frame: FrameId) {
        if let Some(frame) = self.frames.get_mut(frame.0 as usize) {
            frame.kept = true;
        }
    }

    fn element(&self, frame: FrameId, at: u32, of: Operand, kind: IterKind) -> Value {
        let value = self.operand(frame, of);
        let [V::Object(id)] = value.as_slice() else {
            return Value::new();
        };
        let Some(&index) = self.loops.get(&(frame, at)) else {
            return Value::new();
        };
        let Some((name, value)) = self.obj(*id).and_then(|o| o.fields.get(index)) else {
            return Value::new();
        };
        match kind {
            IterKind::Elements => value.clone(),
            IterKind::Keys => one(V::Text(Rc::clone(name))),
        }
    }

    fn literal(&mut self, frame: FrameId, parts: casemate_ir::Range32, kind: Kind) -> Value {
        let f = self.func_of(frame);
        let id = self.object(kind);
        for part in f.func.parts(parts) {
            let value = self.operand(frame, part.value);
            match part.key {
                PartKey::Field(name) => {
                    if let Some(obj) = self.obj_mut(id) {
                        obj.set(f.file.facts.str(name), value);
                    }
                }
                PartKey::Next => {
                    if let Some(obj) = self.obj_mut(id) {
                        obj.push(value);
                    }
                }
                PartKey::Computed(key) => {
                    let names = texts(&self.operand(frame, key));
                    match (names.as_slice(), self.obj_mut(id)) {
                        ([name], Some(obj)) => obj.set(name, value),
                        (_, Some(obj)) => obj.open = true,
                        _ => {}
                    }
                }
                PartKey::Spread => self.spread(&value, id),
                PartKey::Getter(name) => {
                    let mut got = Value::new();
                    for v in &value {
                        if let V::Func(func, env) = v {
                            let this = one(V::Object(id));
                            join(
                                &mut got,
                                &self.invoke_aside(*func, *env, &this, Some(Given::default())),
                            );
                        }
                    }
                    if let Some(obj) = self.obj_mut(id) {
                        obj.set(f.file.facts.str(name), got);
                    }
                }
                PartKey::Setter(_) => {}
            }
        }
        one(V::Object(id))
    }

    /// `...value`: its members go into an object, its elements to the end of an array.
    fn spread(&mut self, value: &[V], into: ObjId) {
        let certain = matches!(value, [V::Object(_) | V::Null]);
        if let Some(obj) = self.obj_mut(into) {
            obj.open |= !certain;
        }
        for v in value {
            let (fields, open) = match v {
                V::Object(from) => match self.obj(*from) {
                    Some(o) => (
                        Some(o.fields.clone()),
                        o.open || matches!(o.kind, Kind::Made(_)),
                    ),
                    None => (None, true),
                },
                _ => (None, false),
            };
            let Some(obj) = self.obj_mut(into) else {
                return;
            };
            obj.open |= open;
            for (name, value) in fields.unwrap_or_default() {
                if obj.kind == Kind::Array {
                    obj.push(value);
                } else {
                    obj.set(&name, value);
                }
            }
        }
    }

    /// The call that a captured variable belongs to, and its local there.
    pub(super) fn captured(
        &self,
        frame: FrameId,
        mut capture: CaptureId,
    ) -> Option<(FrameId, casemate_ir::LocalId)> {
        let mut at = frame;
        loop {
            let parent = self.frames.get(at.0 as usize)?.parent?;
            match *self.func_of(at).func.captures.get(capture.index())? {
                Capture::Local(local) => return Some((parent, local)),
                Capture::Outer(outer) => {
                    capture = outer;
                    at = parent;
                }
            }
        }
    }

    fn variable(&mut self, frame: FrameId, var: VarRef) -> Value {
        let f = self.func_of(frame);
        match var {
            VarRef::Global(global) => self.global(f.global(global)),
            VarRef::Captured(capture) => self
                .captured(frame, capture)
                .map_or_else(Value::new, |(owner, local)| self.local(owner, local)),
            VarRef::Free(name) => {
                let name = f.file.facts.str(name);
                match name {
                    "module" => one(V::Object(self.commonjs(f.file_idx).module)),
                    "super" => self.base_of(frame),
                    "exports" => one(V::Object(self.commonjs(f.file_idx).exports)),
                    _ => self.names.get(name).cloned().unwrap_or_default(),
                }
            }
        }
    }

    /// `super` as a receiver: the members of the base of the class around.
    fn base_of(&mut self, frame: FrameId) -> Value {
        let mut at = frame;
        let class = loop {
            let f = self.func_of(at);
            if let Some(class) = f.func.class {
                break f.class(class);
            }
            match self.frames.get(at.0 as usize).and_then(|f| f.parent) {
                Some(parent) => at = parent,
                None => return Value::new(),
            }
        };
        let mut out = Value::new();
        for base in self.bases.get(&class).cloned().unwrap_or_default() {
            if let V::Class(base, _) = base {
                let id = self.object(Kind::Instance(base));
                join(&mut out, &[V::Object(id)]);
            }
        }
        out
    }

    pub(super) fn global(&mut self, global: u32) -> Value {
        if let Some(known) = self.globals.get(&global) {
            return known.clone();
        }
        let vals = self.origins.of_global(global).to_vec();
        let (file, own) = self.program.global_owner(global);
        let facts = &self.program.file(file).facts;
        let name = facts.globals.get(own.index());
        self.origin(&vals, name.map(|binding| facts.str(binding.name)))
    }

    fn assign(&mut self, frame: FrameId, var: VarRef, value: Value) {
        let f = self.func_of(frame);
        match var {
            VarRef::Global(global) => {
                let constant = f
                    .file
                    .facts
                    .globals
                    .get(global.index())
                    .is_some_and(|b| b.constant);
                let slot = self.globals.entry(f.global(global)).or_default();
                // What is assigned later, or on some way only, does not undo what was there.
                if constant {
                    *slot = value;
                } else {
                    slot.retain(|v| *v != V::Null);
                    join(slot, &value);
                }
            }
            VarRef::Captured(capture) => {
                if let Some((owner, local)) = self.captured(frame, capture)
                    && let Some(slot) = self
                        .frames
                        .get_mut(owner.0 as usize)
                        .and_then(|f| f.locals.get_mut(local.index()))
                {
                    slot.retain(|v| *v != V::Null);
                    join(slot, &value);
                }
            }
            VarRef::Free(name) => {
                let slot = self
                    .names
                    .entry(Rc::from(f.file.facts.str(name)))
                    .or_default();
                join(slot, &value);
            }
        }
    }

    /// The names that a member may have; none: they are not known.
    pub(super) fn keys(&self, frame: FrameId, key: Key) -> Vec<Name<'p>> {
        if let Key::Computed(operand) = key {
            let value = self.operand(frame, operand);
            let several = value.len() > 1 && value.iter().all(|v| matches!(v, V::Text(_)));
            if several {
                let names = value.into_iter().filter_map(|v| match v {
                    V::Text(text) => Some(Name::Made(text)),
                    _ => None,
                });
                return names.collect();
            }
        }
        self.key(frame, key).into_iter().collect()
    }

    /// The name of a member, where it is known.
    pub(super) fn key(&self, frame: FrameId, key: Key) -> Option<Name<'p>> {
        let f = self.func_of(frame);
        match key {
            Key::Field(name) => Some(Name::Written(f.file.facts.str(name))),
            Key::Index(index) => Some(Name::Made(Rc::from(index.to_string()))),
            Key::Computed(operand) => match self.operand(frame, operand).as_slice() {
                [V::Text(text)] => Some(Name::Made(Rc::clone(text))),
                [V::Number(n)] => Some(Name::Made(Rc::from(n.to_string()))),
                _ => None,
            },
        }
    }
}
