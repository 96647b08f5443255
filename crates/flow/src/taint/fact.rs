//! Facts of configuration, gathered at a call.

use super::interp::Interp;
use super::port::CallSite;
use super::value::{Konst, Value};
use crate::apipath::PathId;
use crate::result::{Fact, FactValue, Site};
use crate::symbol::Sym;
use casemate_ir::{Const, ConstId, FileFacts, Instr, Key, Operand, PartKey, Span, Term, VarRef};
use casemate_model::expr::Literal;
use casemate_model::path::{Port, PortBase, PortStep};

impl Interp<'_> {
    pub(super) fn fact(
        &mut self,
        path: PathId,
        site: &CallSite,
        name: &str,
        read: &[(String, Port)],
        default: &[(String, Literal)],
    ) {
        let mut values = Vec::new();
        for (key, port) in read {
            let found = self.port_values(site, port);
            let mut value = match found.as_slice() {
                [] => FactValue::Absent,
                [(one, operand)] => {
                    if one.is_empty() && !port.steps.is_empty() {
                        self.member_presence(site, port)
                    } else if one.is_empty() && operand.is_none() {
                        FactValue::Unknown
                    } else {
                        self.fact_of(one)
                    }
                }
                many => FactValue::OneOf(many.iter().map(|v| fact_value(&v.0)).collect()),
            };
            let operand = match (&port.base, found.as_slice()) {
                (PortBase::Value, _) => site.this_operand,
                (_, [(_, operand)]) => *operand,
                _ => None,
            };
            if let (FactValue::Bool(on), Some(operand)) = (&value, operand)
                && (self.computed_elsewhere(operand) || self.is_for_trials(site.span))
            {
                value = FactValue::OneOf(vec![FactValue::Bool(*on), FactValue::Bool(!on)]);
            }
            if value == FactValue::Null && self.is_sometimes(site, port) {
                value = FactValue::Unknown;
            }
            if value == FactValue::Unknown
                && let [(one, _)] = found.as_slice()
                && let Some(inherited) = self.inherited(one, port)
            {
                value = inherited;
            } else if value == FactValue::Absent && self.spreads_unknown(site, port) {
                value = FactValue::Unknown;
            }
            if value == FactValue::Unknown {
                let lacks = matches!(found.as_slice(), [(one, _)] if self.lacks(one));
                value = if lacks {
                    FactValue::Absent
                } else {
                    self.written(site, port)
                };
            }
            if value == FactValue::Absent
                && let Some((_, literal)) = default.iter().find(|d| d.0 == *key)
            {
                value = literal_fact(literal);
            }
            values.push((key.clone(), value));
        }
        let asks = self
            .origins
            .paths
            .models()
            .kinds()
            .fact(&format!("{name}.target"))
            .is_ok();
        if asks && !read.iter().any(|r| r.0 == "target") {
            values.push(("target".to_owned(), self.target_names(site.instr)));
        }
        for (key, literal) in default {
            if !read.iter().any(|r| r.0 == *key) {
                values.push((key.clone(), literal_fact(literal)));
            }
        }
        let site = Site {
            file: self.f.file_idx,
            span: site.span,
        };
        let fact = Fact {
            fact: name.to_owned(),
            site,
            function: self.f.id,
            callee: self.origins.paths.text(path),
            values,
        };
        match self
            .out
            .facts
            .iter_mut()
            .find(|f| f.site == fact.site && f.fact == fact.fact)
        {
            Some(known) => *known = fact,
            None => self.out.facts.push(fact),
        }
    }

    /// Whether an instruction stands below a question whether this is a trial: `if settings.debug: app.run(debug=True)`.
    fn is_for_trials(&self, span: Span) -> bool {
        let func = self.f.func;
        let at = func.spans.iter().position(|known| *known == span);
        let holds = |at: usize| {
            let mut blocks = func.blocks.iter();
            blocks.position(|block| block.instrs.range().contains(&at))
        };
        let Some(here) = at.and_then(holds) else {
            return false;
        };
        let mut asked = false;
        for block in &func.blocks {
            match block.term {
                Term::Branch { cond, yes, no } if yes.index() == here && no.index() != here => {
                    asked |= self.names_trials(cond, 0);
                }
                _ => {
                    if block.term.successors().any(|to| to.index() == here) {
                        return false;
                    }
                }
            }
        }
        asked
    }

    /// Whether a condition is called after what only those see who try something out.
    fn names_trials(&self, cond: Operand, depth: u32) -> bool {
        let Operand::Local(local) = cond else {
            return false;
        };
        let named = |name| self.f.file.facts.str(name).to_lowercase().contains("debug");
        depth < 4
            && self.f.writers(local).any(|(_, instr)| match *instr {
                Instr::Load {
                    key: Key::Field(name),
                    ..
                } => named(name),
                Instr::LoadVar {
                    var: VarRef::Global(global),
                    ..
                } => {
                    let globals = &self.f.file.facts.globals;
                    globals.get(global.index()).is_some_and(|g| named(g.name))
                }
                Instr::Copy { from, .. } => self.names_trials(from, depth + 1),
                Instr::Op { operands, op, .. } => {
                    let mut operands = self.f.func.operands(operands).iter();
                    op != casemate_ir::OpKind::Not
                        && operands.any(|part| self.names_trials(*part, depth + 1))
                }
                _ => false,
            })
    }

    /// Whether a value is what a function of the program gives back, which computes it in one case and has a constant in another:
    /// `flag('DEBUG', True)` reads the environment, and says what it was given where there is nothing.
    fn computed_elsewhere(&self, value: Operand) -> bool {
        let Some((callee, _)) = self.f.call_behind(value) else {
            return false;
        };
        let program = self.origins.program;
        self.origins
            .of_operand(self.f.id, callee)
            .iter()
            .any(|val| {
                let Some(crate::origin::Val::Func(inner)) = self.origins.val(*val) else {
                    return false;
                };
                let f = program.func(inner);
                f.func.blocks.iter().any(|block| match block.term {
                    Term::Return(Some(given)) => matches!(
                        f.made_by(given),
                        Some(Instr::Op { .. } | Instr::Call { .. })
                    ),
                    _ => false,
                })
            })
    }

    /// What is known of a value of which nothing is known: that it comes from the environment, which no text in the code is; or that
    /// something is written there, as a text of which no piece is known.
    fn written(&self, site: &CallSite, port: &Port) -> FactValue {
        let Some(written @ Operand::Local(_)) = self.written_at(site, port) else {
            return FactValue::Unknown;
        };
        let origins = self.origins;
        let of_environment = |val: &crate::origin::ValId| match origins.val(*val) {
            Some(crate::origin::Val::Api(path)) => {
                let text = origins.paths.text(path);
                [
                    ".env.",
                    ".environ.",
                    "os.getenv()",
                    ".environ.get()",
                    ".environ[]",
                ]
                .iter()
                .any(|part| text.contains(part))
            }
            _ => false,
        };
        let vals = origins.of_operand(self.f.id, written);
        if !vals.is_empty() && vals.iter().all(of_environment) {
            FactValue::Present
        } else {
            FactValue::Template(vec![None])
        }
    }

    /// What is written as an argument, or as a member of an object that is written there.
    fn written_at(&self, site: &CallSite, port: &Port) -> Option<Operand> {
        let PortBase::Arg(index) = &port.base else {
            return None;
        };
        let first = self.selected(site, index).into_iter().next();
        let mut written = first.and_then(|arg| arg.operand);
        for step in &port.steps {
            let PortStep::Member(name) = step else {
                return None;
            };
            written = written.and_then(|object| self.written_member(object, name));
        }
        written
    }

    /// Whether nothing stands at a place in one case and something that is computed in another: `end ? end.toISOString() : undefined`.
    fn is_sometimes(&self, site: &CallSite, port: &Port) -> bool {
        let Some(Operand::Local(written)) = self.written_at(site, port) else {
            return false;
        };
        let func = self.f.func;
        let computed = |instr: &Instr| {
            instr.target() == Some(written)
                && !matches!(
                    *instr,
                    Instr::Copy {
                        from: Operand::Const(_),
                        ..
                    }
                )
        };
        func.instrs.iter().any(computed)
    }

    /// What `{ ...OPTIONS }` has of an object that is written down elsewhere in the program.
    fn inherited(&self, value: &Value, port: &Port) -> Option<FactValue> {
        let Some(PortStep::Member(name)) = port.steps.last() else {
            return None;
        };
        let mut identities = value.identities();
        let (Some(any), None) = (identities.next(), identities.next()) else {
            return None;
        };
        let (whole, Sym::ANY) = any.split()? else {
            return None;
        };
        if value.taints().len() != 1 || !whole.base().is_absolute() {
            return None;
        }
        let member = whole.member(self.origins.program.symbols.find(name)?);
        if self.origins.lacks_at(&member) {
            return Some(FactValue::Absent);
        }
        let (file, id) = self.origins.constant_at(&member)?;
        let facts = &self.origins.program.file(file).facts;
        Some(constant_fact(facts, id))
    }

    /// Whether `{ ...options }` is given there, of which nothing is known.
    fn spreads_unknown(&self, site: &CallSite, port: &Port) -> bool {
        let (PortBase::Arg(index), [PortStep::Member(_)]) = (&port.base, port.steps.as_slice())
        else {
            return false;
        };
        let first = self.selected(site, index).into_iter().next();
        let Some(Operand::Local(given)) = first.and_then(|arg| arg.operand) else {
            return false;
        };
        let mut writers = self.f.writers(given);
        let (Some((_, Instr::Object { parts, .. })), None) = (writers.next(), writers.next())
        else {
            return false;
        };
        self.f
            .func
            .parts(*parts)
            .iter()
            .any(|part| part.key == PartKey::Spread && self.operand(part.value).is_empty())
    }

    /// Whether it would be a member that an object elsewhere in the program has not.
    fn lacks(&self, value: &Value) -> bool {
        let mut identities = value.identities();
        match (identities.next(), identities.next()) {
            (Some(port), None) => {
                value.taints().len() == 1
                    && port.base().is_absolute()
                    && self.origins.lacks_at(&port)
            }
            _ => false,
        }
    }

    /// A value as a fact; lists of constants are the constants, and members of objects elsewhere are looked up there.
    pub(super) fn fact_of(&self, value: &Value) -> FactValue {
        if let [id] = value.refs.as_slice()
            && value.taints.is_none()
            && let Some(obj) = self.state.obj(*id)
            && obj.any.is_empty()
            && !obj.fields.is_empty()
            && obj
                .fields
                .iter()
                .all(|f| f.sym.as_index().is_some() && f.value.single().is_some())
        {
            return FactValue::OneOf(obj.fields.iter().map(|f| fact_value(&f.value)).collect());
        }
        let mut identities = value.identities();
        if let (Some(port), None) = (identities.next(), identities.next())
            && value.taints().len() == 1
            && port.base().is_absolute()
            && let Some((file, id)) = self.origins.constant_at(&port)
        {
            let facts = &self.origins.program.file(file).facts;
            return match constant_fact(facts, id) {
                FactValue::Unknown => fact_value(value),
                known => known,
            };
        }
        fact_value(value)
    }

    /// The names that the result of a call is given: variables, members, the function that returns it.
    pub(super) fn target_names(&self, call: u32) -> FactValue {
        let func = self.f.func;
        let Some(mut local) = func
            .instrs
            .get(call as usize)
            .and_then(super::interp::target)
        else {
            return FactValue::Unknown;
        };
        let text = |s| self.f.file.facts.str(s).to_owned();
        let mut names = Vec::new();
        for instr in func.instrs.iter().skip(call as usize + 1).take(64) {
            let from = Operand::Local(local);
            match *instr {
                Instr::Copy { to, from: f } if f == from => {
                    names.extend(func.locals.get(to.index()).and_then(|l| l.name).map(text));
                    local = to;
                }
                // `Math.random().toString(36).slice(2)`: what is made of it goes on.
                Instr::Load { to, base, .. } if base == from => local = to,
                Instr::Call {
                    to,
                    this: Some(this),
                    callee,
                    ..
                } if this == from || callee == from => local = to,
                Instr::Call { to, args, .. } if func.args(args).iter().any(|a| a.value == from) => {
                    local = to
                }
                Instr::Op { to, operands, .. } | Instr::Template { to, operands }
                    if func.operands(operands).contains(&from) =>
                {
                    local = to;
                }
                Instr::Await { to, from: f } if f == from => local = to,
                Instr::Store {
                    key: Key::Field(name),
                    value,
                    ..
                } if value == from => names.push(text(name)),
                // What is stored under a computed key is named by what it is stored in.
                Instr::Store {
                    base: Operand::Local(base),
                    value,
                    ..
                } if value == from => {
                    names.extend(func.locals.get(base.index()).and_then(|l| l.name).map(text));
                }
                Instr::StoreVar { var, value } if value == from => match var {
                    VarRef::Global(g) => names.extend(
                        self.f
                            .file
                            .facts
                            .globals
                            .get(g.index())
                            .map(|b| text(b.name)),
                    ),
                    VarRef::Free(name) => names.push(text(name)),
                    VarRef::Captured(_) => {}
                },
                Instr::Object { parts, .. } => {
                    for part in func.parts(parts) {
                        if let PartKey::Field(name) = part.key
                            && part.value == from
                        {
                            names.push(text(name));
                        }
                    }
                }
                _ => {}
            }
        }
        if func
            .blocks
            .iter()
            .any(|b| b.term == Term::Return(Some(Operand::Local(local))))
        {
            names.extend(func.name.map(text));
        }
        if names.is_empty() {
            FactValue::Unknown
        } else {
            FactValue::Str(names.join(" "))
        }
    }

    /// Whether a member of an argument is certainly not given.
    pub(super) fn member_presence(&mut self, site: &CallSite, port: &Port) -> FactValue {
        let Some((last, init)) = port.steps.split_last() else {
            return FactValue::Unknown;
        };
        let holder = Port {
            base: port.base.clone(),
            steps: init.to_vec(),
            deep: false,
        };
        let name = match last {
            PortStep::Member(name) => self.origins.program.symbols.find(name),
            PortStep::Index(index) => Some(Sym::index(*index)),
            _ => return FactValue::Unknown,
        };
        let holders = self.port_values(site, &holder);
        if holders.is_empty() {
            return FactValue::Absent;
        }
        let closed = holders.iter().all(|(value, operand)| {
            let constant =
                value.consts.is_some() && value.refs.is_empty() && value.taints.is_none();
            let object = !value.refs.is_empty()
                && value.taints.is_none()
                && value.refs.iter().all(|&id| {
                    self.state.obj(id).is_some_and(|o| {
                        o.any.is_empty() && name.is_none_or(|n| o.field(n).is_none())
                    })
                });
            constant
                || object
                || (value.is_empty()
                    && operand.is_none()
                    && !init.is_empty()
                    && self.state.heap.is_empty())
        });
        if closed {
            FactValue::Absent
        } else {
            FactValue::Unknown
        }
    }
}

fn constant_fact(facts: &FileFacts, id: ConstId) -> FactValue {
    match *facts.constant(id) {
        Const::Str(text) => FactValue::Str(facts.str(text).to_owned()),
        Const::Number(bits) => FactValue::Number(f64::from_bits(bits)),
        Const::Bool(b) => FactValue::Bool(b),
        _ => FactValue::Unknown,
    }
}

pub(super) fn literal_fact(literal: &Literal) -> FactValue {
    match literal {
        Literal::Str(s) => FactValue::Str(s.clone()),
        Literal::Number(n) => FactValue::Number(*n),
        Literal::Bool(b) => FactValue::Bool(*b),
        Literal::Null => FactValue::Null,
    }
}

/// A value as a fact.
pub(super) fn fact_value(value: &Value) -> FactValue {
    let one = |konst: &Konst| match konst {
        Konst::Undefined | Konst::Null => FactValue::Null,
        Konst::Bool(b) => FactValue::Bool(*b),
        Konst::Number(n) => FactValue::Number(*n),
        Konst::Str(s) => FactValue::Str(s.to_string()),
        Konst::Template(parts) => FactValue::Template(
            parts
                .iter()
                .map(|p| p.as_ref().map(ToString::to_string))
                .collect(),
        ),
        Konst::Regex(pattern, flags) if &**flags == super::replace::UNKNOWN_FLAGS => {
            FactValue::Str(format!("/{pattern}/"))
        }
        Konst::Regex(pattern, flags) => FactValue::Str(format!("/{pattern}/{flags}")),
        Konst::Present => FactValue::Present,
    };
    match value.consts.as_deref() {
        Some([konst]) => one(konst),
        Some(many) => FactValue::OneOf(many.iter().map(one).collect()),
        None if !value.refs.is_empty() => FactValue::Present,
        None => FactValue::Unknown,
    }
}
