//! Calls that no body and no model answers: core methods by their names, callbacks of callers, methods of a telling name, or nothing.

use super::call::Callee;
use super::heap::ObjKind;
use super::interp::Interp;
use super::place::PortBase;
use super::port::{Argument, CallSite};
use super::retrieval;
use super::trace::TraceKind;
use super::value::{ObjId, Taint, Value, note_bit};
use crate::limits;
use crate::origin::{STATEMENT, method_name, root_prefix};
use crate::result::{FuncId, Note};
use casemate_ir::{ArgKey, Operand};

impl Interp<'_> {
    /// Callees that only the callers know.
    pub(super) fn symbolic_callee(
        &mut self,
        value: &Value,
        site: &CallSite,
        resolved: bool,
    ) -> Option<Value> {
        let ports: Vec<_> = value
            .identities()
            .filter(|p| {
                matches!(
                    p.base(),
                    PortBase::Param(_)
                        | PortBase::Capture(_)
                        | PortBase::This
                        | PortBase::Callback(_)
                ) && (p.members().is_empty() || !resolved)
            })
            .collect();
        let mut out: Option<Value> = None;
        for port in ports {
            let args = self.passed(site);
            let result = self.add_callback(port, site.this.clone(), args, site.span);
            match &mut out {
                None => out = Some(result),
                Some(out) => {
                    out.join(&result);
                }
            }
        }
        out
    }

    /// The arguments of a call whose callee the callers know. Names are those of one file: what is passed by name is one mapping here.
    fn passed(&mut self, site: &CallSite) -> Vec<(ArgKey, Value)> {
        let named = |a: &Argument| matches!(a.key, ArgKey::Keyword(_) | ArgKey::KeywordSpread);
        let mut out: Vec<(ArgKey, Value)> = site
            .args
            .iter()
            .filter(|a| !named(a))
            .map(|a| (a.key, a.value.clone()))
            .collect();
        if site.args.iter().any(named) {
            out.push((ArgKey::KeywordSpread, self.keywords(site)));
        }
        out
    }

    /// No callee with a body or a model: core methods by name, callbacks of callers, a unique name, or nothing.
    pub(super) fn fallback(
        &mut self,
        at: usize,
        callee: Operand,
        value: &Value,
        site: &CallSite,
        callees: &[Callee],
    ) -> (Value, bool) {
        let name = method_name(self.f, self.call_index, callee);
        let language = root_prefix(self.f.file.facts.language);
        if let Some(path) = name.and_then(|n| self.origins.paths.made_core_method(language, n)) {
            self.count(0);
            return self.api_call(at, path, site);
        }
        self.statement_by_shape(at, name, site);
        if callees.is_empty()
            && let Some(result) = self.symbolic_callee(value, site, false)
        {
            self.count(0);
            // The callers may not know the function either: what went in may come out.
            let mut inputs: Vec<Value> = site.args.iter().map(|a| a.value.clone()).collect();
            inputs.push(site.this.clone());
            let mut out = self.unknown_result(&inputs, at);
            self.hand_over(site, &[], &inputs);
            out.join(&result);
            return (out, true);
        }
        let named = name
            .and_then(|n| self.origins.program.symbols.find(n))
            .map_or(&[][..], |sym| self.by_name.called(sym));
        // What a library that nobody described made, or what hangs below it, may be one of the program's own objects:
        // `sequelize.import(file)`.
        let made = |callee: &Callee| matches!(callee, Callee::Api(path) if self.origins.paths.text(*path).contains(['(', '[']));
        let open = callees.is_empty()
            || !named.is_empty()
                && name.is_some_and(super::methods::of_words)
                && callees.iter().all(made);
        if open && !named.is_empty() && !site.this.taints().iter().any(|t| t.derived) {
            self.count(1);
            let mut out: Option<Value> = None;
            for &func in named {
                let result = self.invoke(func, None, &site.this, &site.args, site.span, site.new);
                match &mut out {
                    None => out = Some(result),
                    Some(out) => {
                        out.join(&result);
                    }
                }
            }
            return (out.unwrap_or_default(), true);
        }
        self.count(if callees.is_empty() { 3 } else { 2 });
        let mut inputs = vec![site.this.clone(), value.clone()];
        let asked = inputs.len();
        inputs.extend(site.args.iter().map(|a| a.value.clone()));
        // What is found is not what it was found by.
        let given = if name.is_some_and(retrieval::finds) {
            inputs.get(..asked).unwrap_or_default()
        } else {
            &inputs
        };
        let plain = site
            .args
            .iter()
            .all(|a| a.value.is_empty() || a.value.consts.is_some());
        let mut result = match name {
            Some(name) if plain && retrieval::gives_content(name) => self.content(&site.this, at),
            _ => self.unknown_result(given, at),
        };
        if name.is_some_and(retrieval::stores) {
            let html = self.k.html();
            result.taints = result.map_taints(|t| {
                let clean = t.clean.union(html);
                Some(Taint { clean, ..t })
            });
        }
        self.sanitized_elsewhere(callee, name, &mut result);
        self.hand_over(site, &[], &inputs);
        (result, true)
    }

    /// `file.read()` of whatever was given: its content, and no guess.
    fn content(&mut self, this: &Value, at: usize) -> Value {
        let whole = self.deep(this);
        let span = self.span(at);
        self.derive(&whole, self.k.operators, TraceKind::Unknown, span)
    }

    /// A text that is put together as a statement of SQL, and given to a method that by its name runs one, is run, whoever has that
    /// method: wrappers of drivers are made by factories and containers that are not seen through.
    fn statement_by_shape(&mut self, at: usize, name: Option<&str>, site: &CallSite) {
        let language = root_prefix(self.f.file.facts.language);
        let named = name.is_some_and(retrieval::runs_statements);
        let first = site.args.first();
        if !named || first.is_none_or(|arg| arg.value.taints.is_none()) {
            return;
        }
        if let Some(path) = self.origins.paths.made_core_method(language, STATEMENT)
            && let Some(text) = self.statement_text(site)
            && crate::sql::is_statement(&text)
        {
            let mut site = site.clone();
            // What an unknown function made of it may be harmless: two guesses are no finding.
            for arg in &mut site.args {
                let sure = |t: Taint| (t.notes & note_bit(Note::ViaUnknown) == 0).then_some(t);
                arg.value.taints = arg.value.map_taints(sure);
            }
            self.api_call(at, path, &site);
        }
    }

    /// Function values in arguments that nothing else called: the unknown callee may call them with anything it has.
    pub(super) fn hand_over(&mut self, site: &CallSite, called: &[ObjId], inputs: &[Value]) {
        let closures: Vec<(ObjId, FuncId)> = site
            .args
            .iter()
            .flat_map(|a| a.value.refs.iter())
            .filter(|id| !called.contains(id))
            .filter_map(|&id| match self.state.obj(id)?.kind {
                ObjKind::Closure(func) => Some((id, func)),
                _ => None,
            })
            .collect();
        for (id, func) in self.handed_inside(site, called) {
            if !self.tells_of_captures(func) {
                self.asked.push(func);
                continue;
            }
            self.invoke(func, Some(id), &Value::default(), &[], site.span, false);
        }
        if closures.is_empty() {
            return;
        }
        let given = if inputs.is_empty() {
            Value::default()
        } else {
            let at = self.call_index as usize;
            self.unknown_result(inputs, at)
        };
        for (id, func) in closures {
            let count = self.origins.program.func(func).func.params.len();
            let args: Vec<Argument> = (0..count)
                .map(|_| Argument {
                    key: ArgKey::Pos,
                    value: given.clone(),
                    operand: None,
                })
                .collect();
            self.invoke(func, Some(id), &Value::default(), &args, site.span, false);
        }
    }

    /// Whether a call of a function, with nothing known of its arguments, does anything with what it captures.
    fn tells_of_captures(&self, func: FuncId) -> bool {
        let Some(Some(summary)) = self.summaries.get(func.0 as usize) else {
            return false;
        };
        let captured = |base: PortBase| matches!(base, PortBase::Capture(_));
        !summary.thrown.is_empty()
            || summary.sinks.iter().any(|s| captured(s.port.base()))
            || summary.callbacks.iter().any(|c| captured(c.callee.base()))
            || summary.effects.iter().any(|effect| {
                let base = effect.port.base();
                captured(base) || base.is_absolute() && effect.relative
            })
    }

    /// Functions that are members of objects in arguments, and that hold something of the function around them: `series({ load() {…} })`.
    /// What they are called with is not known.
    fn handed_inside(&self, site: &CallSite, called: &[ObjId]) -> Vec<(ObjId, FuncId)> {
        let mut out = Vec::new();
        for id in site.args.iter().flat_map(|arg| arg.value.refs.iter()) {
            let Some(obj) = self.state.obj(*id).filter(|obj| obj.kind == ObjKind::Plain) else {
                continue;
            };
            let members = obj.fields.iter().map(|field| &field.value);
            for inner in members
                .chain([&obj.any])
                .flat_map(|value| value.refs.iter())
            {
                let holds =
                    |inner: &ObjId| self.state.obj(*inner).filter(|obj| !obj.fields.is_empty());
                if let Some(ObjKind::Closure(func)) = holds(inner).map(|obj| obj.kind)
                    && !called.contains(inner)
                    && !out.contains(&(*inner, func))
                    && out.len() < limits::HANDED
                {
                    out.push((*inner, func));
                }
            }
        }
        out
    }
}
