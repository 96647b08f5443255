//! What a condition tells of the values that it tests.

use super::interp::Interp;
use super::place::{PortBase, PortPath};
use super::port::{Argument, CallSite};
use super::state::State;
use super::summary::Outcome;
use super::value::{Konst, ObjId, Origin, Taint, Value};
use crate::origin::Val;
use casemate_ir::{Const, Instr, Key, Language, LocalId, LocalKind, OpKind, Operand};
use casemate_model::kind::{KindSet, Shape};
use casemate_model::row::Role;
use smallvec::SmallVec;

impl Interp<'_> {
    /// The instruction that makes an operand, seen through copies of temporaries.
    pub(super) fn definition(&self, operand: Operand) -> Option<(usize, Instr)> {
        let Operand::Local(mut local) = operand else {
            return None;
        };
        for _ in 0..4 {
            let def = match self.f.func.locals.get(local.index())?.kind {
                LocalKind::Temp => *self.defs.get(local.index())? as usize,
                _ => self.sole_definition(local)?,
            };
            let instr = *self.f.func.instrs.get(def)?;
            match instr {
                Instr::Copy {
                    from: Operand::Local(from),
                    ..
                }
                | Instr::Await {
                    from: Operand::Local(from),
                    ..
                } => local = from,
                _ => return Some((def, instr)),
            }
        }
        None
    }

    /// The call that an instruction is, with what its operands hold here.
    pub(super) fn site_of(&self, at: usize) -> Option<CallSite> {
        let Some(&Instr::Call {
            this, args, flags, ..
        }) = self.f.func.instrs.get(at)
        else {
            return None;
        };
        let args = self.f.func.args(args).iter().map(|a| Argument {
            key: a.key,
            value: self.operand(a.value),
            operand: Some(a.value),
        });
        Some(CallSite {
            instr: u32::try_from(at).unwrap_or(u32::MAX),
            span: self.span(at),
            this: this.map_or_else(Value::default, |t| self.operand(t)),
            this_operand: this,
            args: args.collect(),
            new: flags.new,
        })
    }

    /// The parts of `a && b` (true) or `a || b` (false) whose value went into a local of its own.
    pub(super) fn short_circuit(&self, operand: Operand) -> Option<(bool, Vec<Operand>)> {
        let Operand::Local(mut local) = operand else {
            return None;
        };
        let func = self.f.func;
        for _ in 0..3 {
            let mut defs: SmallVec<[(usize, Operand); 4]> = self
                .definitions(local)
                .map(|at| match func.instrs.get(at) {
                    Some(Instr::Copy { from, .. }) => (at, *from),
                    _ => (usize::MAX, operand),
                })
                .collect();
            defs.reverse();
            if let [(at, Operand::Local(from))] = defs.as_slice()
                && *at != usize::MAX
            {
                local = *from;
                continue;
            }
            if defs.len() < 2 || defs.iter().any(|d| d.0 == usize::MAX) {
                return None;
            }
            let block_of = |at: usize| func.blocks.iter().find(|b| b.instrs.range().contains(&at));
            let join = match block_of(defs.last()?.0)?.term {
                casemate_ir::Term::Goto(join) => join,
                _ => return None,
            };
            let mut all = None;
            for (at, from) in defs.get(..defs.len() - 1)? {
                let casemate_ir::Term::Branch { cond, yes, no } = block_of(*at)?.term else {
                    return None;
                };
                let this = match (cond == *from, no == join, yes == join) {
                    (true, true, false) => true,
                    (true, false, true) => false,
                    _ => return None,
                };
                if all.is_some_and(|known| known != this) {
                    return None;
                }
                all = Some(this);
            }
            return Some((all?, defs.into_iter().map(|d| d.1).collect()));
        }
        None
    }

    pub(super) fn assigned_once(&self, local: LocalId) -> bool {
        self.sole_definition(local).is_some()
    }

    /// The one instruction that gives a variable its value. A variable that is declared and has nothing before (`let u`, `u = None`)
    /// is read only where it has that value: nothing has no members, and equals nothing.
    fn sole_definition(&self, local: LocalId) -> Option<usize> {
        let named = |l: &casemate_ir::Local| {
            l.kind == LocalKind::Named && (!l.captured || self.is_written_here(local))
        };
        self.f.func.locals.get(local.index()).filter(|l| named(l))?;
        let mut all = self.definitions(local);
        if let (Some(one), None) = (all.next(), all.next()) {
            return Some(one);
        }
        let mut given = self.definitions(local).filter(|at| !self.is_nothing(*at));
        let one = given.next().filter(|_| given.next().is_none())?;
        // Two constants are a flag.
        let constant = matches!(
            self.f.func.instrs.get(one),
            Some(Instr::Copy {
                from: Operand::Const(_),
                ..
            })
        );
        (!constant).then_some(one)
    }

    /// Whether an instruction says that a variable has no value yet.
    fn is_nothing(&self, at: usize) -> bool {
        let Some(Instr::Copy {
            from: Operand::Const(constant),
            ..
        }) = self.f.func.instrs.get(at)
        else {
            return false;
        };
        matches!(
            self.f.file.facts.constant(*constant),
            Const::Undefined | Const::Null | Const::Bool(false)
        )
    }

    /// Whether a value may be nothing, for it is declared before it is given: that it is falsy says nothing then.
    fn may_be_nothing(&self, operand: Operand) -> bool {
        let Operand::Local(mut local) = operand else {
            return false;
        };
        for _ in 0..4 {
            if self.definitions(local).take(2).count() > 1 {
                return true;
            }
            match self
                .definitions(local)
                .next()
                .and_then(|at| self.f.func.instrs.get(at))
            {
                Some(&Instr::Copy {
                    from: Operand::Local(from),
                    ..
                }) => local = from,
                _ => return false,
            }
        }
        false
    }

    /// The state where `cond` went this way. What that says of temporaries holds on this edge only.
    pub(super) fn edge(&mut self, state: State, cond: Operand, outcome: bool) -> State {
        self.state = state;
        self.undo = Some(Vec::new());
        self.assume(cond, outcome, 0);
        for (local, before) in self.undo.take().into_iter().flatten().rev() {
            self.set(local, before);
        }
        std::mem::take(&mut self.state)
    }

    /// The branch on `cond` went this way.
    pub(super) fn assume(&mut self, cond: Operand, outcome: bool, depth: u32) {
        if depth > 4 {
            return;
        }
        if depth == 0 {
            self.schema_accepted(cond, outcome);
            if !outcome {
                self.walked(cond);
            }
        }
        if let Some((all, parts)) = self.short_circuit(cond) {
            if !outcome {
                self.falsy(cond);
            }
            // `a && b` is truthy only when both are; `a || b` is falsy only when both are.
            if all == outcome {
                for part in parts {
                    self.assume(part, outcome, depth + 1);
                }
            }
            return;
        }
        let known = self
            .definition(cond)
            .filter(|_| outcome || !self.may_be_nothing(cond));
        let Some((at, instr)) = known else {
            if !outcome {
                self.falsy(cond);
            }
            self.flag(cond, outcome, depth);
            return;
        };
        match instr {
            Instr::Op { op, operands, .. } => {
                let operands = self.f.func.operands(operands);
                let (Some(&a), b) = (operands.first(), operands.get(1).copied()) else {
                    return;
                };
                match (op.order(), b) {
                    (OpKind::Not, _) => self.assume(a, !outcome, depth + 1),
                    (OpKind::StrictEq | OpKind::Eq, Some(b)) => {
                        self.decided(at, a, b);
                        self.equal(a, b, outcome, depth);
                    }
                    (OpKind::StrictNe | OpKind::Ne, Some(b)) => {
                        self.decided(at, a, b);
                        self.equal(a, b, !outcome, depth);
                    }
                    (order @ (OpKind::Greater | OpKind::Less), Some(b)) => {
                        self.ordered(order, a, b, outcome)
                    }
                    (OpKind::In, Some(b)) if !outcome => self.held(a, b, outcome),
                    (OpKind::In, Some(b)) if self.above(b) => {}
                    (OpKind::In, Some(b)) if self.own_part(a, b) => {}
                    (OpKind::In, Some(b)) => {
                        let table = self.operand(b);
                        self.in_own_folder(a, &table);
                        // An object of our own; or nothing that anybody sent: a setting, a constant of a package.
                        let filled = |id: &ObjId| {
                            let sent = |t: &Taint| matches!(t.origin, Origin::Source(_));
                            let object = self.state.obj(*id);
                            object.is_some_and(|o| o.any.taints().iter().any(sent))
                        };
                        // In JavaScript everything has what its prototype has: only an object that is known says something.
                        let python = self.f.file.facts.language == Language::Python;
                        let own = table.taints.is_none()
                            && (!table.refs.is_empty() || python && table.consts.is_none())
                            && !table.refs.iter().any(filled);
                        if own || self.own_table(b) || self.is_kept_list(b, &table) {
                            self.clean(a, &[], KindSet::ALL);
                        }
                    }
                    (OpKind::InstanceOf, Some(_)) => {}
                    _ => {}
                }
            }
            Instr::Call { callee, .. } => {
                let Some(site) = self.site_of(at) else { return };
                if let Some(asked) = self.truth_of(cond) {
                    self.assume(asked, outcome, depth + 1);
                    return;
                }
                self.tested(
                    at,
                    callee,
                    &site,
                    if outcome {
                        Outcome::True
                    } else {
                        Outcome::False
                    },
                );
                if outcome {
                    if let Some(copied) = self.copied_from(callee, &site) {
                        self.assume(copied, true, depth + 1);
                    }
                } else {
                    self.falsy(cond);
                }
            }
            Instr::Load { base, key, .. } => {
                if let (Key::Computed(chosen), true) = (key, outcome)
                    && self.own_table(base)
                {
                    let inherited = KindSet::of(self.k.proto).union(KindSet::of(self.k.method));
                    self.clean(chosen, &[], KindSet::ALL.without(inherited));
                }
                self.member_tested(base, self.key(key), outcome);
                if let Key::Field(name) = key {
                    let name = self.f.file.facts.str(name);
                    self.lies(base, name, outcome);
                }
                if outcome {
                    // What has a truthy member is there; in `(a || {}).b` that is `a`.
                    self.assume(self.holder(base), true, depth + 1);
                } else {
                    self.falsy(cond);
                }
            }
            _ => {
                if !outcome {
                    self.falsy(cond);
                }
            }
        }
    }

    /// What `Boolean(x)`, `bool(x)` tells of.
    pub(super) fn truth_of(&self, cond: Operand) -> Option<Operand> {
        let (at, Instr::Call { callee, args, .. }) = self.definition(cond)? else {
            return None;
        };
        let &[only] = self.f.func.args(args) else {
            return None;
        };
        let name = crate::origin::method_name(self.f, u32::try_from(at).ok()?, callee);
        let asks = name.is_none()
            && self.is_call_of(callee, &["Boolean", "js:Boolean", "bool", "py:bool"]);
        asks.then_some(only.value)
    }

    /// A list that the program wrote down and keeps: in its module, around a function, on the object itself.
    pub(super) fn is_kept_list(&self, list: Operand, value: &Value) -> bool {
        let vals = self.origins.of_operand(self.f.id, list);
        // What begins empty is filled with who knows what. Settings and constants of packages are no request's.
        let written = |val: &_| match self.origins.val(*val) {
            Some(Val::Api(_)) => true,
            Some(Val::Object(func, at)) => {
                let func = self.origins.program.func(func).func;
                !matches!(func.instrs.get(at as usize),
                    Some(Instr::Object { parts, .. } | Instr::Array { parts, .. })
                        if func.parts(*parts).is_empty())
            }
            _ => false,
        };
        let kept = |t: &Taint| {
            let own = |port: PortPath| match port.base() {
                PortBase::This
                | PortBase::Instance(_)
                | PortBase::Global(_)
                | PortBase::Var(..)
                | PortBase::Capture(_) => true,
                PortBase::Param(_)
                | PortBase::Callback(_)
                | PortBase::Store(_)
                | PortBase::Named(_)
                | PortBase::Handed(_)
                | PortBase::Session => false,
            };
            !t.derived && matches!(t.origin, Origin::Port(port) if own(port))
        };
        let constants = super::lists::strings(self.origins, self.f, list, 0);
        constants.is_some_and(|constants| !constants.is_empty())
            || !vals.is_empty()
                && vals.iter().all(written)
                && !value.taints().is_empty()
                && value.taints().iter().all(kept)
    }

    /// What holds a member that is there: of `a || {}` only `a` can.
    fn holder(&self, base: Operand) -> Operand {
        let Some((false, parts)) = self.short_circuit(base) else {
            return base;
        };
        let mut holders = parts.into_iter().filter(|&part| {
            !matches!(self.definition(part), Some((_, Instr::Object { parts, .. }))
                if self.f.func.parts(parts).is_empty())
        });
        match (holders.next(), holders.next()) {
            (Some(only), None) => only,
            _ => base,
        }
    }

    /// What a package's function makes its copy of.
    fn copied_from(&self, callee: Operand, site: &CallSite) -> Option<Operand> {
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        let [super::call::Callee::Api(path)] = callees.as_slice() else {
            return None;
        };
        let mut rows = self.origins.paths.call_rows(*path, site.new);
        rows.any(|(_, row)| matches!(row.role, Role::Flow { copy: true, .. }))
            .then(|| site.args.first().and_then(|given| given.operand))?
    }

    /// Whether a value is a table of the program's own: an object that it wrote down with its members, or one that was made
    /// outside this function, whose keys are then what the program registered.
    fn own_table(&self, base: Operand) -> bool {
        let base = self.holder(base);
        let vals = self.origins.of_operand(self.f.id, base);
        !vals.is_empty()
            && vals.iter().all(|&val| match self.origins.val(val) {
                Some(Val::Object(id, at)) => {
                    let f = self.origins.program.func(id);
                    match f.func.instrs.get(at as usize) {
                        Some(Instr::Object { parts, .. }) => {
                            id != self.f.id || !f.func.parts(*parts).is_empty()
                        }
                        Some(instr) => id != self.f.id && super::lists::is_written(f, instr, 0),
                        None => false,
                    }
                }
                _ => false,
            })
    }

    /// A falsy value is empty: nothing can be injected with it.
    pub(super) fn falsy(&mut self, cond: Operand) {
        self.cleaned(cond, KindSet::ALL);
    }

    pub(super) fn equal(&mut self, a: Operand, b: Operand, outcome: bool, depth: u32) {
        let (left, right) = (self.operand(a), self.operand(b));
        for (operand, other) in [(a, &right), (b, &left)] {
            if outcome && self.kept_below(operand, other) {
                return;
            }
            // `typeof x === 'string'`
            if let (
                Some((
                    _,
                    Instr::Op {
                        op: OpKind::TypeOf,
                        operands,
                        ..
                    },
                )),
                Some(name),
            ) = (self.definition(operand), other.as_str())
            {
                if let Some(&tested) = self.f.func.operands(operands).first() {
                    let shape = match &**name {
                        "string" => Some(Shape::String),
                        "number" | "bigint" => Some(Shape::Number),
                        "boolean" => Some(Shape::Bool),
                        _ => None,
                    };
                    if outcome {
                        if &**name == "undefined" {
                            self.falsy(tested);
                        } else if let Some(shape) = shape {
                            let kinds = self.origins.paths.models().kinds().shape_clears(shape);
                            self.clean(tested, &[], kinds);
                        } else if &**name == "function" {
                            self.clean(tested, &[], KindSet::of(self.k.method));
                        }
                    } else if &**name == "object" {
                        let kinds = self
                            .origins
                            .paths
                            .models()
                            .kinds()
                            .shape_clears(Shape::String);
                        self.clean(tested, &[], kinds);
                    }
                }
                return;
            }
            let Some(konst) = other.single() else {
                continue;
            };
            match konst {
                Konst::Str(text) => self.piece_compared(operand, text, outcome),
                Konst::Number(n) if *n == 0.0 => self.found_first(operand, outcome),
                _ => {}
            }
            match konst {
                Konst::Bool(b) => {
                    self.assume(operand, *b == outcome, depth + 1);
                    return;
                }
                Konst::Number(n) if *n == -1.0 => {
                    // `list.indexOf(x) === -1`
                    self.found(operand, !outcome);
                    if !outcome {
                        self.found_in_own(operand);
                    }
                    return;
                }
                Konst::Null | Konst::Undefined => {
                    if outcome {
                        self.falsy(operand);
                    }
                    match self.definition(operand) {
                        Some((at, Instr::Call { callee, .. })) => {
                            if let Some(site) = self.site_of(at) {
                                let found = if outcome {
                                    Outcome::False
                                } else {
                                    Outcome::True
                                };
                                self.tested(at, callee, &site, found);
                            }
                        }
                        Some((_, Instr::Load { base, key, .. })) => {
                            self.member_tested(base, self.key(key), !outcome);
                        }
                        _ => {}
                    }
                    return;
                }
                Konst::Str(text) if !outcome && &**text == "__proto__" => {
                    self.clean(operand, &[], KindSet::of(self.k.proto));
                    return;
                }
                Konst::Str(text) if outcome && text.is_empty() => {
                    self.no_host(operand);
                    self.cleaned(operand, KindSet::ALL);
                    return;
                }
                Konst::Str(_) | Konst::Number(_) if outcome => {
                    if let Konst::Str(text) = konst {
                        let text = text.clone();
                        self.ranged(operand, &text);
                    }
                    self.clean(operand, &[], KindSet::ALL);
                    return;
                }
                _ => {}
            }
        }
        if outcome {
            // Equal to something of our own: it is that.
            if self.is_own(b, &right) || self.is_own_element(b) {
                self.clean(a, &[], KindSet::ALL);
            }
            if self.is_own(a, &left) || self.is_own_element(a) {
                self.clean(b, &[], KindSet::ALL);
            }
            self.same_text(a, b);
            self.is_folder(a, b);
            self.is_folder(b, a);
            self.same_host(a, b);
            self.same_host(b, a);
            self.asked_host(a, b);
            self.asked_host(b, a);
        }
    }

    /// Whether a value is the program's or a library's own.
    fn is_own(&self, operand: Operand, value: &Value) -> bool {
        let from_library = || {
            let vals = self.origins.of_operand(self.f.id, operand);
            let api = |val: &_| matches!(self.origins.val(*val), Some(Val::Api(_)));
            !vals.is_empty() && vals.iter().all(api)
        };
        // A member of an object of a library that all functions share is what the library or the program put there.
        let shared =
            |t: &Taint| matches!(t.origin, Origin::Port(port) if port.base().is_absolute());
        match value.taints() {
            [] => !value.is_empty() || from_library(),
            taints => taints.iter().all(shared) && from_library(),
        }
    }

    /// `list.indexOf(x) > -1`, `>= 0`.
    pub(super) fn ordered(&mut self, op: OpKind, a: Operand, b: Operand, outcome: bool) {
        let (left, right) = (self.operand(a), self.operand(b));
        let number = |v: &Value| match v.single() {
            Some(Konst::Number(n)) => Some(*n),
            _ => None,
        };
        // `x <= 100`, `100 >= x`: a number that is bounded from above.
        let below = |least: bool| least == outcome;
        if number(&right).is_some_and(|n| n > 0.0) && below(op == OpKind::Less) {
            self.clean(a, &[], self.k.sizes);
        }
        if number(&left).is_some_and(|n| n > 0.0) && below(op == OpKind::Greater) {
            self.clean(b, &[], self.k.sizes);
        }
        if let Some(n) = number(&right)
            && (n == -1.0 || n == 0.0)
        {
            // `>` and `>=` are one here; `indexOf(x) > 0` misses position 0 and is a subset.
            self.found(a, (op == OpKind::Greater) == outcome);
            if (op == OpKind::Greater) == outcome {
                self.found_in_own(a);
            }
        } else if let Some(n) = number(&left)
            && (n == -1.0 || n == 0.0)
        {
            self.found(b, (op == OpKind::Less) == outcome);
        }
    }
}
