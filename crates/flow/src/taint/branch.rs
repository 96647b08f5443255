//! What a condition tells of the values that it tests.

use super::interp::Interp;
use super::place::PortBase;
use super::port::{Argument, CallSite};
use super::summary::Outcome;
use super::value::{Konst, Taint, Value};
use crate::origin::method_name;
use crate::symbol::Sym;
use casemate_ir::{Instr, LocalId, LocalKind, OpKind, Operand};
use casemate_model::kind::{KindSet, Shape};
use casemate_model::path::{Port, PortBase as RowBase, PortStep};
use casemate_model::row::{Accept, Role};

impl Interp<'_> {
    /// The instruction that makes an operand, seen through copies of temporaries.
    pub(super) fn definition(&self, operand: Operand) -> Option<(usize, Instr)> {
        let Operand::Local(mut local) = operand else {
            return None;
        };
        for _ in 0..4 {
            let def = *self.defs.get(local.index())? as usize;
            let instr = *self.f.func.instrs.get(def)?;
            let once = self.f.func.locals.get(local.index())?.kind == LocalKind::Temp
                || self.assigned_once(local);
            if !once {
                return None;
            }
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

    /// The parts of `a && b` (true) or `a || b` (false) whose value went into a local of its own.
    fn short_circuit(&self, operand: Operand) -> Option<(bool, Vec<Operand>)> {
        let Operand::Local(mut local) = operand else {
            return None;
        };
        let func = self.f.func;
        for _ in 0..3 {
            let defs: Vec<(usize, Operand)> = func
                .instrs
                .iter()
                .enumerate()
                .filter_map(|(at, i)| match *i {
                    Instr::Copy { to, from } if to == local => Some((at, from)),
                    ref other if super::interp::target(other) == Some(local) => {
                        Some((usize::MAX, operand))
                    }
                    _ => None,
                })
                .collect();
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

    fn assigned_once(&self, local: LocalId) -> bool {
        self.f
            .func
            .locals
            .get(local.index())
            .is_some_and(|l| l.kind == LocalKind::Named && !l.captured)
            && self
                .f
                .func
                .instrs
                .iter()
                .filter(|i| super::interp::target(i) == Some(local))
                .count()
                == 1
    }

    /// The branch on `cond` went this way.
    pub(super) fn assume(&mut self, cond: Operand, outcome: bool, depth: u32) {
        if depth > 4 {
            return;
        }
        if let Some((all, parts)) = self.short_circuit(cond) {
            // `a && b` is truthy only when both are; `a || b` is falsy only when both are.
            if all == outcome {
                for part in parts {
                    self.assume(part, outcome, depth + 1);
                }
            }
            return;
        }
        let Some((at, instr)) = self.definition(cond) else {
            if !outcome {
                self.falsy(cond);
            }
            return;
        };
        match instr {
            Instr::Op { op, operands, .. } => {
                let operands = self.f.func.operands(operands);
                let (Some(&a), b) = (operands.first(), operands.get(1).copied()) else {
                    return;
                };
                match (op, b) {
                    (OpKind::Not, _) => self.assume(a, !outcome, depth + 1),
                    (OpKind::StrictEq | OpKind::Eq, Some(b)) => self.equal(a, b, outcome, depth),
                    (OpKind::StrictNe | OpKind::Ne, Some(b)) => self.equal(a, b, !outcome, depth),
                    (OpKind::Greater | OpKind::Less, Some(b)) => self.ordered(op, a, b, outcome),
                    (OpKind::In, Some(b)) if outcome => {
                        // Membership in an object of our own.
                        let table = self.operand(b);
                        if table.taints.is_none() && !table.refs.is_empty() {
                            self.clean(a, &[], KindSet::ALL);
                        }
                    }
                    (OpKind::InstanceOf, Some(_)) => {}
                    _ => {}
                }
            }
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            } => {
                let args: Vec<Argument> = self
                    .f
                    .func
                    .args(args)
                    .iter()
                    .map(|a| Argument {
                        key: a.key,
                        value: self.operand(a.value),
                        operand: Some(a.value),
                    })
                    .collect();
                let site = CallSite {
                    instr: u32::try_from(at).unwrap_or(u32::MAX),
                    span: self.span(at),
                    this: this.map_or_else(Value::default, |t| self.operand(t)),
                    this_operand: this,
                    args,
                    new: flags.new,
                };
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
                if !outcome {
                    self.falsy(cond);
                }
            }
            Instr::Load { base, key, .. } => {
                self.member_tested(base, self.key(key), outcome);
                if !outcome {
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

    /// A falsy value is empty: nothing can be injected with it.
    fn falsy(&mut self, cond: Operand) {
        self.clean(cond, &[], KindSet::ALL);
    }

    fn equal(&mut self, a: Operand, b: Operand, outcome: bool, depth: u32) {
        let (left, right) = (self.operand(a), self.operand(b));
        for (operand, other, other_operand) in [(a, &right, b), (b, &left, a)] {
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
                        if let Some(shape) = shape {
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
                Konst::Bool(b) => {
                    self.assume(operand, *b == outcome, depth + 1);
                    return;
                }
                Konst::Number(n) if *n == -1.0 => {
                    // `list.indexOf(x) === -1`
                    self.found(operand, !outcome);
                    return;
                }
                Konst::Number(n) if *n == 0.0 && !outcome => {
                    let _ = other_operand;
                }
                Konst::Null | Konst::Undefined => {
                    if outcome {
                        self.falsy(operand);
                    } else if let Some((
                        at,
                        Instr::Call {
                            callee,
                            this,
                            args,
                            flags,
                            ..
                        },
                    )) = self.definition(operand)
                    {
                        let args: Vec<Argument> = self
                            .f
                            .func
                            .args(args)
                            .iter()
                            .map(|a| Argument {
                                key: a.key,
                                value: self.operand(a.value),
                                operand: Some(a.value),
                            })
                            .collect();
                        let site = CallSite {
                            instr: u32::try_from(at).unwrap_or(u32::MAX),
                            span: self.span(at),
                            this: this.map_or_else(Value::default, |t| self.operand(t)),
                            this_operand: this,
                            args,
                            new: flags.new,
                        };
                        self.tested(at, callee, &site, Outcome::True);
                    }
                    return;
                }
                Konst::Str(text) if !outcome && &**text == "__proto__" => {
                    self.clean(operand, &[], KindSet::of(self.k.proto));
                    return;
                }
                Konst::Str(_) | Konst::Number(_) if outcome => {
                    self.clean(operand, &[], KindSet::ALL);
                    return;
                }
                _ => {}
            }
        }
        if outcome {
            // Equal to something of our own: it is that.
            if right.taints.is_none() && !right.is_empty() {
                self.clean(a, &[], KindSet::ALL);
            }
            if left.taints.is_none() && !left.is_empty() {
                self.clean(b, &[], KindSet::ALL);
            }
        }
    }

    /// `list.indexOf(x) > -1`, `>= 0`.
    fn ordered(&mut self, op: OpKind, a: Operand, b: Operand, outcome: bool) {
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
            // `>` and `>=` are one operator here; `indexOf(x) > 0` misses position 0 and is a subset.
            self.found(a, (op == OpKind::Greater) == outcome);
        } else if let Some(n) = number(&left)
            && (n == -1.0 || n == 0.0)
        {
            self.found(b, (op == OpKind::Less) == outcome);
        }
    }

    fn found(&mut self, operand: Operand, found: bool) {
        let Some((
            at,
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            },
        )) = self.definition(operand)
        else {
            return;
        };
        let args: Vec<Argument> = self
            .f
            .func
            .args(args)
            .iter()
            .map(|a| Argument {
                key: a.key,
                value: self.operand(a.value),
                operand: Some(a.value),
            })
            .collect();
        let site = CallSite {
            instr: u32::try_from(at).unwrap_or(u32::MAX),
            span: self.span(at),
            this: this.map_or_else(Value::default, |t| self.operand(t)),
            this_operand: this,
            args,
            new: flags.new,
        };
        self.tested(
            at,
            callee,
            &site,
            if found { Outcome::True } else { Outcome::False },
        );
    }

    /// A call had this outcome.
    fn tested(&mut self, at: usize, callee: Operand, site: &CallSite, outcome: Outcome) {
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        let name = method_name(self.f, site.instr, callee);
        let mut paths = Vec::new();
        for callee in &callees {
            match *callee {
                super::call::Callee::Closure(_, func) | super::call::Callee::Func(func) => {
                    if callees.len() == 1 {
                        self.accepted(func, site, outcome);
                    }
                }
                super::call::Callee::Api(path) => paths.push(path),
                super::call::Callee::Class(_) => {}
            }
        }
        if !paths.iter().any(|&p| self.origins.paths.known(p))
            && let Some(name) = name
            && !callees.iter().any(|c| {
                matches!(
                    c,
                    super::call::Callee::Func(_) | super::call::Callee::Closure(..)
                )
            })
        {
            let language = crate::origin::root_prefix(self.f.file.facts.language);
            paths.extend(self.origins.paths.made_core_method(language, name));
        }
        for path in paths {
            let rows: Vec<_> = self
                .origins
                .paths
                .call_rows(path, site.new)
                .map(|r| r.1)
                .collect();
            for row in rows {
                let Role::Test { on, accept, kinds } = &row.role else {
                    continue;
                };
                let accepts = match accept {
                    Accept::True | Accept::NonNull => outcome == Outcome::True,
                    Accept::False => outcome == Outcome::False,
                    Accept::Returns | Accept::Member { .. } => false,
                };
                if accepts && self.own_list(site, on, *kinds) {
                    self.clean_port(site, on, *kinds);
                }
            }
        }
        self.regex_tested(at, name, site, outcome);
        self.text_tested(name, site, outcome);
        self.denied(name, site, outcome);
    }

    /// A membership test cleans only when the list is our own: neither it nor anything else of the call came with the
    /// request.
    fn own_list(&self, site: &CallSite, on: &Port, kinds: KindSet) -> bool {
        let RowBase::Arg(index) = &on.base else {
            return true;
        };
        if kinds != KindSet::ALL || site.this_operand.is_none() {
            return true;
        }
        let foreign = |value: &Value| {
            value
                .taints()
                .iter()
                .any(|t| matches!(t.origin, super::value::Origin::Source(_)) || t.derived)
        };
        let tested: Vec<_> = self
            .selected(site, index)
            .into_iter()
            .map(|a| a.operand)
            .collect();
        !foreign(&site.this)
            && !site
                .args
                .iter()
                .any(|a| !tested.contains(&a.operand) && foreign(&a.value))
    }

    /// `/^[a-z]+$/.test(x)`: clean for the kinds that the allowed characters cannot serve.
    fn regex_tested(&mut self, _at: usize, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        let (regex, tested) = match name {
            Some("test" | "exec") => (site.this.clone(), site.args.first().and_then(|a| a.operand)),
            Some("match" | "search") => (
                site.args
                    .first()
                    .map(|a| a.value.clone())
                    .unwrap_or_default(),
                site.this_operand,
            ),
            _ => return,
        };
        let (Some(Konst::Regex(pattern, flags)), Some(tested)) = (regex.single(), tested) else {
            return;
        };
        let kinds = self
            .k
            .cleared_by_regex(pattern, flags, outcome == Outcome::True);
        if !kinds.is_empty() {
            self.clean(tested, &[], kinds);
        }
    }

    /// `['__proto__', …].includes(key)`, `denied.has(key)`: a key that is none of these reaches no prototype.
    fn denied(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        if outcome != Outcome::False || !matches!(name, Some("has" | "includes" | "indexOf")) {
            return;
        }
        let Some(key) = site.args.first().and_then(|a| a.operand) else {
            return;
        };
        let Some(list) = site.this_operand else {
            return;
        };
        let list = super::lists::strings(self.origins, self.f, list, 0);
        if list.is_some_and(|l| l.iter().any(|text| text == "__proto__")) {
            self.clean(key, &[], KindSet::of(self.k.proto));
        }
    }

    /// `x.startsWith('/')`, `x.includes('..')`: what a string then starts with or does not hold.
    fn text_tested(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        let Some(tested) = site.this_operand else {
            return;
        };
        let argument = site
            .args
            .first()
            .map(|a| a.value.clone())
            .unwrap_or_default();
        let holds = outcome == Outcome::True;
        let kinds = match (name, argument.as_str()) {
            (Some("startsWith"), Some(text)) => self.k.cleared_by_start(text, holds),
            (Some("includes" | "indexOf"), Some(text)) if !holds => {
                let normalized = site
                    .this
                    .taints()
                    .iter()
                    .any(|t| t.clean.has(self.k.relative));
                self.k.cleared_by_absence(text, normalized)
            }
            (Some("startsWith"), None)
                if holds
                    && !argument
                        .taints()
                        .iter()
                        .any(|t| matches!(t.origin, super::value::Origin::Source(_))) =>
            {
                // Below a folder of our own, once `..` is resolved.
                let normalized = !site.this.taints().is_empty()
                    && site
                        .this
                        .taints()
                        .iter()
                        .all(|t| t.clean.has(self.k.relative));
                if normalized {
                    self.k.paths()
                } else {
                    KindSet::EMPTY
                }
            }
            _ => KindSet::EMPTY,
        };
        if !kinds.is_empty() {
            self.clean(tested, &[], kinds);
        }
    }

    /// A member of a result is truthy or falsy: `parsed.success`, `!error`.
    fn member_tested(&mut self, base: Operand, member: Sym, outcome: bool) {
        let Some((
            _,
            Instr::Call {
                callee,
                this,
                args,
                flags,
                ..
            },
        )) = self.definition(base)
        else {
            return;
        };
        let value = self.operand(callee);
        for callee in self.callees(Some(callee), &value) {
            let super::call::Callee::Api(path) = callee else {
                continue;
            };
            let rows: Vec<_> = self
                .origins
                .paths
                .call_rows(path, flags.new)
                .map(|r| r.1)
                .collect();
            for row in rows {
                let Role::Test {
                    on,
                    accept: Accept::Member { port, truthy },
                    kinds,
                } = &row.role
                else {
                    continue;
                };
                let named = matches!(port.steps.as_slice(), [PortStep::Member(name)] if self.member_sym(name) == Some(member));
                if named && *truthy == outcome {
                    let args: Vec<Argument> = self
                        .f
                        .func
                        .args(args)
                        .iter()
                        .map(|a| Argument {
                            key: a.key,
                            value: self.operand(a.value),
                            operand: Some(a.value),
                        })
                        .collect();
                    let site = CallSite {
                        instr: 0,
                        span: casemate_ir::Span::default(),
                        this: this.map_or_else(Value::default, |t| self.operand(t)),
                        this_operand: this,
                        args,
                        new: flags.new,
                    };
                    self.clean_port(&site, on, *kinds);
                }
            }
        }
    }

    fn clean_port(&mut self, site: &CallSite, port: &Port, kinds: KindSet) {
        let members: Option<Vec<Sym>> = port
            .steps
            .iter()
            .map(|s| match s {
                PortStep::Member(name) => self.member_sym(name),
                PortStep::Index(index) => Some(Sym::index(*index)),
                _ => None,
            })
            .collect();
        let Some(members) = members else { return };
        let operands: Vec<Operand> = match &port.base {
            RowBase::Arg(index) => self
                .selected(site, index)
                .into_iter()
                .filter_map(|a| a.operand)
                .collect(),
            RowBase::This => site.this_operand.into_iter().collect(),
            _ => Vec::new(),
        };
        for operand in operands {
            self.clean(operand, &members, kinds);
        }
    }

    /// The host or origin of a parsed address is one of ours: so is the whole address (WHATWG URL, section 6.1).
    fn host_compared(&mut self, operand: Operand, kinds: KindSet) {
        if kinds == KindSet::ALL
            && let Some((
                _,
                Instr::Load {
                    base,
                    key: casemate_ir::Key::Field(name),
                    ..
                },
            )) = self.definition(operand)
            && matches!(self.f.file.facts.str(name), "hostname" | "host" | "origin")
        {
            self.clean(base, &[], self.k.host());
        }
    }

    /// What an operand holds, or a member of it, is clean from here on.
    pub(super) fn clean(&mut self, operand: Operand, members: &[Sym], kinds: KindSet) {
        let Operand::Local(local) = operand else {
            return;
        };
        let value = self.get(local);
        if value.taints.is_none() {
            return;
        }
        let k = self.k;
        let cleaned = |value: &Value| {
            let taints = value.map_taints(|t| {
                Some(Taint {
                    clean: k.close(t.clean.union(kinds)),
                    ..t
                })
            });
            Value {
                taints,
                refs: value.refs.clone(),
                consts: value.consts.clone(),
            }
        };
        match members.split_last() {
            None => {
                self.host_compared(operand, kinds);
                let value = cleaned(&value);
                self.set_through(local, value, 0);
                // `String(x)`, `x.trim()` and the like were tested in place of x: the same for a copy made before.
            }
            Some((last, init)) => {
                let mut base = value;
                for &sym in init {
                    base = self.load(&base, sym);
                }
                let member = self.load(&base, *last);
                if member.taints.is_some() {
                    let member = cleaned(&member);
                    self.store_value(&base, *last, member, true);
                }
            }
        }
        let _ = PortBase::This;
    }
}
