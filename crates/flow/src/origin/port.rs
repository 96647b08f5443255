//! Ports of model rows, read and written as sets of origins.

use super::call::CallSite;
use super::solve::{Frame, Solver};
use super::value::{Val, ValSet};
use crate::program::to_u32;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Key, LocalId, Operand};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};

/// Numbers of containers, apart from those of instructions.
const CONTAINER: u32 = 1 << 31;

/// The positions of the arguments that an index names, among `count`.
pub(crate) fn positions(index: &ArgIndex, count: usize) -> std::ops::Range<usize> {
    match *index {
        ArgIndex::At(i) | ArgIndex::AtOrKeyword(i, _) => {
            let i = i as usize;
            i.min(count)..(i + 1).min(count)
        }
        ArgIndex::From(i) => (i as usize).min(count)..count,
        ArgIndex::FromEnd(i) => {
            let i = i as usize;
            if i == 0 || i > count {
                0..0
            } else {
                count - i..count - i + 1
            }
        }
        ArgIndex::Before(i) => 0..count.saturating_sub(i as usize),
        ArgIndex::Keyword(_) => 0..0,
    }
}

impl<'p> Solver<'p, '_> {
    pub(super) fn port_read(&mut self, frame: Frame<'p>, site: &CallSite, port: &Port) -> ValSet {
        let mut vals = ValSet::new();
        match &port.base {
            PortBase::Arg(index) => {
                for at in positions(index, site.args.len()) {
                    if let Some((_, arg, _)) = site.args.get(at) {
                        vals.extend(arg.iter().copied());
                    }
                }
                // After a spread, positions are lower bounds: its elements may stand at any of them.
                for (key, arg, _) in &site.args {
                    if *key == ArgKey::Spread {
                        vals.extend(self.load_all(frame, arg, Sym::ANY));
                    }
                }
                if let ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name) = index {
                    for (key, arg, _) in &site.args {
                        if let ArgKey::Keyword(given) = key
                            && frame.f.file.facts.str(*given) == name
                        {
                            vals.extend(arg.iter().copied());
                        }
                    }
                    if let Some(sym) = self.program.symbols.find(name) {
                        for (key, arg, _) in &site.args {
                            if *key == ArgKey::KeywordSpread {
                                vals.extend(self.load_all(frame, arg, sym));
                            }
                        }
                    }
                }
            }
            PortBase::This => vals.extend(site.this.iter().copied()),
            PortBase::Ret => {
                if let Some(to) = site.to {
                    vals.extend(self.local(frame, to));
                }
            }
            PortBase::Value | PortBase::Error | PortBase::Store | PortBase::Path(_) => {}
        }
        for step in &port.steps {
            vals = match step {
                PortStep::Member(name) => match self.program.symbols.find(name) {
                    Some(sym) => self.load_all(frame, &vals, sym),
                    None => ValSet::new(),
                },
                PortStep::Index(index) => self.load_all(frame, &vals, Sym::index(*index)),
                PortStep::Any | PortStep::Next | PortStep::Removed => {
                    self.load_all(frame, &vals, Sym::ANY)
                }
                PortStep::Key(index) => {
                    let sym = self.key_given(frame, site, *index);
                    self.load_all(frame, &vals, sym)
                }
                PortStep::Param(index) => {
                    let mut out = ValSet::new();
                    for val in vals {
                        if let Some(Val::Func(func)) = self.vals.get(val)
                            && let Some(param) = self
                                .program
                                .func(func)
                                .func
                                .params
                                .get(*index as usize + self.bound_to(func))
                        {
                            let node = self.local_node(func, param.local);
                            out.extend_from_slice(self.look(node));
                        }
                    }
                    out
                }
                PortStep::Ret => {
                    let mut out = ValSet::new();
                    for val in vals {
                        if let Some(Val::Func(func)) = self.vals.get(val) {
                            let node = self.return_node(func);
                            out.extend_from_slice(self.look(node));
                        }
                    }
                    out
                }
            };
        }
        if port.deep {
            // Arrays of handlers, nested: flattened to a small depth.
            let mut level = vals.clone();
            for _ in 0..3 {
                let objects: ValSet = level
                    .iter()
                    .copied()
                    .filter(|&v| matches!(self.vals.get(v), Some(Val::Object(..))))
                    .collect();
                if objects.is_empty() {
                    break;
                }
                level = self.load_all(frame, &objects, Sym::ANY);
                for &val in &level {
                    if !vals.contains(&val) {
                        vals.push(val);
                    }
                }
            }
        }
        vals
    }

    /// The member that an argument names.
    pub(super) fn key_given(&self, frame: Frame<'p>, site: &CallSite, index: u32) -> Sym {
        match site.args.get(index as usize) {
            Some((ArgKey::Pos, _, Some(operand))) => self.key(frame, Key::Computed(*operand)),
            _ => Sym::ANY,
        }
    }

    /// What a call gives holds instances of the program's classes (`values()`, `sorted(…)`, `map(x => new C(x))`): a container of its own
    /// for each call holds them, however deep, since one for all calls of a function would mix them.
    fn keep_instances(&mut self, frame: Frame<'p>, to: LocalId, vals: &[super::ValId]) {
        let instances: ValSet = vals
            .iter()
            .copied()
            .filter(|&val| {
                matches!(
                    self.vals.get(val),
                    Some(Val::Instance(_) | Val::FnInstance(_))
                )
            })
            .collect();
        if instances.is_empty() {
            return;
        }
        let container = self.vals.id(Val::Object(frame.f.id, CONTAINER | to.0));
        self.set(frame, to, &[container]);
        self.store(frame, container, Sym::ANY, &[container]);
        self.store(frame, container, Sym::ANY, &instances);
    }

    pub(super) fn port_write(
        &mut self,
        frame: Frame<'p>,
        site: &CallSite,
        port: &Port,
        vals: &[super::ValId],
    ) {
        if vals.is_empty() {
            return;
        }
        let (targets, steps) = match &port.base {
            PortBase::Ret => {
                let Some(to) = site.to else { return };
                if port.steps.is_empty() {
                    self.set(frame, to, vals);
                    return;
                }
                self.keep_instances(frame, to, vals);
                (self.local(frame, to), port.steps.as_slice())
            }
            PortBase::This => {
                if port.steps.is_empty() {
                    if let Some(Operand::Local(local)) = site.this_operand {
                        self.set(frame, local, vals);
                    }
                    return;
                }
                (site.this.clone(), port.steps.as_slice())
            }
            PortBase::Arg(index) => {
                let mut targets = ValSet::new();
                for at in positions(index, site.args.len()) {
                    if let Some((_, arg, operand)) = site.args.get(at) {
                        targets.extend(arg.iter().copied());
                        if port.steps.is_empty()
                            && let Some(Operand::Local(local)) = operand
                        {
                            self.set(frame, *local, vals);
                        }
                    }
                }
                if port.steps.is_empty() {
                    return;
                }
                (targets, port.steps.as_slice())
            }
            _ => return,
        };
        let Some((last, init)) = steps.split_last() else {
            return;
        };
        let mut bases = targets;
        for step in init {
            let sym = match step {
                PortStep::Member(name) => self.program.symbols.find(name).unwrap_or(Sym::ANY),
                PortStep::Index(index) => Sym::index(*index),
                PortStep::Key(index) => self.key_given(frame, site, *index),
                _ => Sym::ANY,
            };
            bases = self.load_all(frame, &bases, sym);
        }
        for base in bases {
            match last {
                PortStep::Member(name) => {
                    if let Some(sym) = self.program.symbols.find(name) {
                        self.store(frame, base, sym, vals);
                    }
                }
                PortStep::Index(index) => self.store(frame, base, Sym::index(*index), vals),
                PortStep::Any | PortStep::Next => self.store(frame, base, Sym::ANY, vals),
                PortStep::Removed => {}
                PortStep::Key(index) => {
                    let sym = self.key_given(frame, site, *index);
                    self.store(frame, base, sym, vals);
                }
                PortStep::Param(index) => {
                    if let Some(Val::Func(func)) = self.vals.get(base) {
                        self.filled(frame, func, *index as usize, vals);
                    }
                }
                PortStep::Ret => {}
            }
        }
        let _ = to_u32;
    }
}
