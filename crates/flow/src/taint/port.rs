//! Ports of model rows, read and written as values at one call.

use super::heap::{Obj, ObjKind};
use super::interp::{AllocKey, Interp};
use super::value::{Konst, Value};
use crate::origin::positions;
use crate::program::to_u32;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Operand, Span};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};

/// One call with its values.
#[derive(Clone)]
pub struct CallSite {
    /// The index of the call in the function.
    pub instr: u32,
    /// Where it stands.
    pub span: Span,
    /// The receiver.
    pub this: Value,
    /// Its operand.
    pub this_operand: Option<Operand>,
    /// Arguments in order.
    pub args: Vec<Argument>,
    /// `new`.
    pub new: bool,
}

/// One argument.
#[derive(Clone)]
pub struct Argument {
    /// How it is passed.
    pub key: ArgKey,
    /// Its value.
    pub value: Value,
    /// Its operand, where it has one.
    pub operand: Option<Operand>,
}

/// Where a port leads at a call.
pub enum PortTarget {
    /// The result.
    Ret(Vec<Sym>),
    /// A place below values.
    Values(Vec<(Value, Option<Operand>)>, Vec<Sym>),
    /// A callback's parameter or nothing that can be written.
    None,
}

impl Interp<'_> {
    /// The arguments that an index names.
    pub(super) fn selected<'s>(&self, site: &'s CallSite, index: &ArgIndex) -> Vec<&'s Argument> {
        let mut out: Vec<&Argument> = positions(index, site.args.len())
            .filter_map(|at| site.args.get(at))
            .filter(|a| a.key == ArgKey::Pos)
            .collect();
        if let ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name) = index {
            out.extend(site.args.iter().filter(
                |a| matches!(a.key, ArgKey::Keyword(k) if self.f.file.facts.str(k) == name),
            ));
        }
        out
    }

    /// All arguments by keyword, as the mapping that they are: the port `arg('*')`.
    pub(super) fn keywords(&mut self, site: &CallSite) -> Value {
        let mut object = Obj::new(ObjKind::Plain);
        let mut carried = Value::default();
        for argument in &site.args {
            match argument.key {
                ArgKey::Keyword(name) => object.set(self.f.sym(name), argument.value.clone(), true),
                ArgKey::KeywordSpread => self.spread(&argument.value, &mut object, &mut carried),
                ArgKey::Pos | ArgKey::Spread => {}
            }
        }
        let id = self.alloc(AllocKey::Keywords(site.instr, self.f.id));
        *self.state.obj_mut(id, ObjKind::Plain) = object;
        let mut value = Value::object(id);
        value.taints = carried.taints;
        value
    }

    /// The values at a port, with the operand where the port is an argument itself.
    pub(super) fn port_values(
        &mut self,
        site: &CallSite,
        port: &Port,
    ) -> Vec<(Value, Option<Operand>)> {
        let mut values: Vec<(Value, Option<Operand>)> = match &port.base {
            PortBase::Arg(ArgIndex::Keyword(name)) if name == "*" => {
                vec![(self.keywords(site), None)]
            }
            PortBase::Value => vec![(site.this.clone(), None)],
            PortBase::Arg(index) => {
                let mut list: Vec<_> = self
                    .selected(site, index)
                    .into_iter()
                    .map(|a| (a.value.clone(), a.operand))
                    .collect();
                let spreads: Vec<_> = site
                    .args
                    .iter()
                    .filter(|a| a.key == ArgKey::Spread)
                    .cloned()
                    .collect();
                for spread in spreads {
                    list.push((self.load(&spread.value, Sym::ANY), spread.operand));
                }
                if let ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name) = index
                    && let Some(sym) = self.origins.program.symbols.find(name)
                {
                    let spreads = site.args.iter().filter(|a| a.key == ArgKey::KeywordSpread);
                    for spread in spreads {
                        list.push((self.load(&spread.value, sym), None));
                    }
                }
                list
            }
            PortBase::This => vec![(site.this.clone(), site.this_operand)],
            PortBase::Store => vec![(self.store_of(site, None), None)],
            _ => Vec::new(),
        };
        for step in &port.steps {
            let sym = match step {
                PortStep::Member(name) => self.origins.program.symbols.find(name),
                PortStep::Index(index) => Some(Sym::index(*index)),
                PortStep::Any | PortStep::Next | PortStep::Removed => Some(Sym::ANY),
                PortStep::Key(index) => Some(self.key_given(site, *index)),
                PortStep::Ret => {
                    for (value, operand) in &mut values {
                        *value = self.call_argument(value, operand.take(), &[], site);
                    }
                    continue;
                }
                PortStep::Param(_) => None,
            };
            let Some(sym) = sym else { return Vec::new() };
            for (value, _) in &mut values {
                *value = self.load(value, sym);
            }
        }
        values
    }

    /// Whether the call certainly has something at a port, known or not.
    pub(super) fn is_given(&mut self, site: &CallSite, port: &Port) -> bool {
        let Some((last, init)) = port.steps.split_last() else {
            return !self.port_values(site, port).is_empty();
        };
        let PortStep::Member(name) = last else {
            return false;
        };
        let Some(sym) = self.origins.program.symbols.find(name) else {
            return false;
        };
        let holder = Port {
            base: port.base.clone(),
            steps: init.to_vec(),
            deep: false,
        };
        let holders = self.port_values(site, &holder);
        holders
            .iter()
            .flat_map(|(value, _)| &value.refs)
            .any(|&id| {
                let obj = self.state.obj(id);
                obj.and_then(|o| o.field(sym)).is_some_and(|f| f.definite)
            })
    }

    /// All values at a port joined; deep ports gather the taints of everything below.
    pub(super) fn port_read(&mut self, site: &CallSite, port: &Port) -> Value {
        let mut out: Option<Value> = None;
        for (value, _) in self.port_values(site, port) {
            let value = if port.deep { self.deep(&value) } else { value };
            match &mut out {
                None => out = Some(value),
                Some(out) => {
                    out.join(&value);
                }
            }
        }
        out.unwrap_or_default()
    }

    /// The member that an argument names.
    fn key_given(&self, site: &CallSite, index: u32) -> Sym {
        site.args
            .get(index as usize)
            .filter(|a| a.key == ArgKey::Pos)
            .and_then(|a| self.sym_of(&a.value))
            .unwrap_or(Sym::ANY)
    }

    /// The position after the last one of a list, where it is known.
    pub(super) fn next_position(&self, list: &Value) -> Sym {
        self.positions(list)
            .map_or(Sym::ANY, |values| Sym::index(to_u32(values.len())))
    }

    /// The elements of a list whose positions are all known.
    pub(super) fn positions(&self, list: &Value) -> Option<Vec<Value>> {
        let [id] = list.refs.as_slice() else {
            return None;
        };
        let obj = self.state.obj(*id).filter(|_| !self.revisit)?;
        if !obj.any.is_empty() || list.taints.is_some() {
            return None;
        }
        (0..to_u32(obj.fields.len()))
            .map(|i| {
                let field = obj.field(Sym::index(i)).filter(|f| f.definite)?;
                Some(field.value.clone())
            })
            .collect()
    }

    /// Takes an element out of a list: the one that the first argument names, else the last.
    pub(super) fn take_out(&mut self, list: &Value, site: &CallSite) {
        let index = match site.args.first().map(|a| a.value.single()) {
            None => Some(None),
            Some(Some(Konst::Number(n))) if *n >= 0.0 => Some(Some(*n as usize)),
            // A mapping: its other members stay as they are.
            Some(Some(Konst::Str(_))) => return,
            Some(_) => None,
        };
        let known = self.positions(list).zip(index);
        for &id in &list.refs {
            let Some(old) = self.state.obj(id).cloned() else {
                continue;
            };
            let mut obj = Obj::new(old.kind);
            match &known {
                Some((values, index)) => {
                    let gone = index.unwrap_or(values.len().saturating_sub(1));
                    let left = values.iter().enumerate().filter(|(i, _)| *i != gone);
                    for ((_, value), at) in left.zip(0..) {
                        obj.set(Sym::index(at), value.clone(), true);
                    }
                }
                None => {
                    obj.any = old.any;
                    for field in old.fields {
                        obj.set(Sym::ANY, field.value, false);
                    }
                }
            }
            *self.state.obj_mut(id, old.kind) = obj;
        }
    }

    /// Where writes to a port go.
    pub(super) fn port_target(&mut self, site: &CallSite, port: &Port) -> PortTarget {
        let mut members = Vec::new();
        for step in &port.steps {
            match step {
                PortStep::Member(name) => match self.origins.program.symbols.find(name) {
                    Some(sym) => members.push(sym),
                    None => return PortTarget::None,
                },
                PortStep::Index(index) => members.push(Sym::index(*index)),
                PortStep::Any => members.push(Sym::ANY),
                PortStep::Next => members.push(Sym::NEXT),
                PortStep::Removed => members.push(Sym::REMOVED),
                PortStep::Key(index) => members.push(self.key_given(site, *index)),
                PortStep::Param(_) | PortStep::Ret => return PortTarget::None,
            }
        }
        match &port.base {
            PortBase::Ret => PortTarget::Ret(members),
            PortBase::This => {
                PortTarget::Values(vec![(site.this.clone(), site.this_operand)], members)
            }
            PortBase::Arg(index) => PortTarget::Values(
                self.selected(site, index)
                    .into_iter()
                    .map(|a| (a.value.clone(), a.operand))
                    .collect(),
                members,
            ),
            _ => PortTarget::None,
        }
    }
}
