//! Calls that are said otherwise: `f.call(…)`, `f.apply(…)`, `f.bind(…)`, `super(…)`.

use super::call::{CallSite, method_name};
use super::solve::{Frame, Solver, making};
use super::value::{Val, ValSet};
use casemate_ir::{ArgKey, CallFlags, Language, Operand};
use casemate_model::path::Step;

impl<'p> Solver<'p, '_> {
    /// `f.call(this, …)`, `f.apply(this, array)`, `f.bind(this, …)`: the receiver is the function.
    pub(super) fn function_protocol(
        &mut self,
        frame: Frame<'p>,
        index: u32,
        callee: Operand,
        site: &CallSite,
        flags: CallFlags,
    ) -> bool {
        let scripts = frame.f.file.facts.language != Language::Python;
        if !scripts || flags.new || site.this.is_empty() {
            return false;
        }
        let functions: ValSet = site
            .this
            .iter()
            .copied()
            .filter(|&v| matches!(self.vals.get(v), Some(Val::Func(_) | Val::Class(_))))
            .collect();
        if functions.is_empty() {
            return false;
        }
        let Some(name) = method_name(frame.f, index, callee) else {
            return false;
        };
        let this = site.args.first().map(|a| a.1.clone()).unwrap_or_default();
        match name {
            "call" => {
                let args = site.args.iter().skip(1).cloned().collect();
                let inner = CallSite {
                    to: site.to,
                    this,
                    this_operand: None,
                    args,
                    new: false,
                };
                for val in functions {
                    self.apply(frame, val, &inner);
                }
            }
            "apply" => {
                let args = site
                    .args
                    .iter()
                    .skip(1)
                    .take(1)
                    .map(|a| (ArgKey::Spread, a.1.clone(), None))
                    .collect();
                let inner = CallSite {
                    to: site.to,
                    this,
                    this_operand: None,
                    args,
                    new: false,
                };
                for val in functions {
                    self.apply(frame, val, &inner);
                }
            }
            "bind" => {
                let mut made = ValSet::new();
                for &val in &functions {
                    let Some(Val::Func(func)) = self.vals.get(val) else {
                        made.push(val);
                        continue;
                    };
                    let first = site.args.get(1..).unwrap_or_default();
                    let plain = first.iter().all(|arg| arg.0 == ArgKey::Pos);
                    let copy = (plain && !first.is_empty())
                        .then(|| self.bind_first(func, (frame.f.id, index), first.len()))
                        .flatten();
                    let Some(copy) = copy else {
                        self.bind_this(func, &this);
                        made.push(val);
                        continue;
                    };
                    self.bind_this(copy, &this);
                    let params = &self.program.func(copy).func.params;
                    for (param, (_, vals, _)) in params.iter().zip(first) {
                        if !param.rest {
                            let node = self.local_node(copy, param.local);
                            self.add_all(node, vals);
                        }
                    }
                    made.push(self.vals.id(Val::Func(copy)));
                }
                if let Some(to) = site.to {
                    self.set(frame, to, &made);
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn super_call(&mut self, frame: Frame<'p>, site: &CallSite) {
        let Some(class) = frame.f.func.class else {
            return;
        };
        let class = frame.f.class(class);
        for base in self.bases(class) {
            match self.vals.get(base) {
                Some(Val::Class(b)) => {
                    if let Some((file, def)) = self.program.class(b) {
                        let func = self.program.func_id(file, def.constructor);
                        self.bind(frame, func, site);
                    }
                }
                Some(Val::Func(func)) => self.bind(frame, func, site),
                Some(Val::Api(path)) if making(frame) == Step::Call => self.rows(frame, path, site),
                Some(Val::Api(path)) => {
                    if let Some(path) = self.paths.step(path, &Step::New) {
                        self.rows(frame, path, site);
                    }
                }
                _ => {}
            }
        }
    }
}
