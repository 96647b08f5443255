//! Calls that register handlers, and calls that render templates.

use super::interp::Interp;
use super::port::{Argument, CallSite};
use super::value::{Konst, ObjId, Value};
use crate::apipath::PathId;
use crate::origin::Val;
use crate::result::{Entry, Site};
use casemate_ir::{ArgKey, Operand};
use casemate_model::path::{Port, PortBase};
use casemate_model::row::EntryRow;
use std::sync::Arc;

impl Interp<'_> {
    pub(super) fn register(
        &mut self,
        path: PathId,
        site: &CallSite,
        entry: &EntryRow,
        called: &mut Vec<ObjId>,
    ) {
        let Some(port) = &entry.handlers else { return };
        if port.base == PortBase::This {
            // A class that is registered by a method of its own: who reads classes makes its entries.
            return;
        }
        let mut handlers = Vec::new();
        let mut unresolved = 0;
        let mut stack: Vec<(Value, Option<Operand>, u32)> = self
            .port_values(site, port)
            .into_iter()
            .rev()
            .map(|(v, o)| (v, o, 0))
            .collect();
        while let Some((value, operand, depth)) = stack.pop() {
            let mut found = false;
            for callee in self.callees(operand, &value) {
                let (func, closure) = match callee {
                    super::call::Callee::Closure(id, func) => (func, Some(id)),
                    super::call::Callee::Func(func) => (func, None),
                    super::call::Callee::Api(_) | super::call::Callee::Class(_) => {
                        found = true;
                        continue;
                    }
                };
                found = true;
                if let Some(id) = closure {
                    called.push(id);
                }
                handlers.push(func);
                let count = self.origins.program.func(func).func.params.len();
                let args: Vec<Argument> = (0..count)
                    .map(|_| Argument {
                        key: ArgKey::Pos,
                        value: Value::default(),
                        operand: None,
                    })
                    .collect();
                self.invoke(func, closure, &Value::default(), &args, site.span, false);
            }
            if !found && depth < 3 && (port.deep || port.steps.is_empty()) {
                let elements: Vec<Value> = value
                    .refs
                    .iter()
                    .filter_map(|&id| self.state.obj(id))
                    .flat_map(|o| o.fields.iter().map(|f| f.value.clone()).collect::<Vec<_>>())
                    .collect();
                if elements.is_empty() {
                    unresolved += u32::from(value.consts.is_none());
                }
                stack.extend(elements.into_iter().rev().map(|v| (v, None, depth + 1)));
            }
        }
        let named = entry
            .methods
            .as_ref()
            .map(|port| self.port_read(site, port))
            .and_then(|value| value.as_str().map(|text| text.to_lowercase()));
        let method = match entry.method.as_deref() {
            _ if named.is_some() => named.unwrap_or_default(),
            Some("name") | None => {
                casemate_model::route::method(self.origins.paths.last_member(path))
            }
            Some(literal) => literal.to_owned(),
        };
        let route = entry
            .path
            .as_ref()
            .map(|p| self.port_read(site, p))
            .and_then(|v| v.as_str().map(ToString::to_string));
        let made = Entry {
            method,
            path: route,
            site: Site {
                file: self.f.file_idx,
                span: site.span,
            },
            callee: self.origins.paths.text(path),
            handlers,
            unresolved,
            decorator: None,
        };
        match self
            .out
            .entries
            .iter_mut()
            .find(|e| e.site == made.site && e.method == made.method)
        {
            Some(known) => *known = made,
            None => self.out.entries.push(made),
        }
    }

    pub(super) fn render(
        &mut self,
        at: usize,
        site: &CallSite,
        template: &Port,
        locals: &Port,
        to: Option<&Port>,
        result: &mut Value,
    ) {
        let name = self.port_read(site, template);
        let parts: Vec<Option<Arc<str>>> = match name.consts.as_deref() {
            Some([Konst::Template(parts)]) => parts.to_vec(),
            Some([Konst::Str(text)]) => vec![Some(Arc::clone(text))],
            _ => vec![None],
        };
        let mut names: Vec<Vec<Option<Arc<str>>>> = vec![parts];
        if let Some(consts) = name.consts.as_deref()
            && consts.len() > 1
        {
            names = consts
                .iter()
                .filter_map(super::text::text_of)
                .map(|t| vec![Some(t)])
                .collect();
        }
        let values = self.port_values(site, locals);
        let locals = values.into_iter().next().map(|v| v.0).unwrap_or_default();
        let from = self.f.file.path.clone();
        for parts in names {
            for func in (self.render)(&from, &parts) {
                let arg = Argument {
                    key: ArgKey::Pos,
                    value: locals.clone(),
                    operand: None,
                };
                self.out.raw |= !self.escapes;
                let out = self.invoke(func, None, &Value::default(), &[arg], site.span, false);
                if let Some(to) = to {
                    self.put(at, site, to, out, result);
                }
            }
        }
        let _ = Val::Func;
    }
}
