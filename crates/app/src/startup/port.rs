//! Ports of model rows, read and written.

use super::Startup;
use super::call::Site;
use super::value::{Kind, V, Value, join, one};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};

/// The positions of the arguments that an index names, among `count`.
fn positions(index: &ArgIndex, count: usize) -> std::ops::Range<usize> {
    match *index {
        ArgIndex::At(i) | ArgIndex::AtOrKeyword(i, _) => {
            (i as usize).min(count)..(i as usize + 1).min(count)
        }
        ArgIndex::From(i) => (i as usize).min(count)..count,
        ArgIndex::FromEnd(i) if i > 0 && i as usize <= count => {
            count - i as usize..count - i as usize + 1
        }
        ArgIndex::Before(i) => 0..count.saturating_sub(i as usize),
        ArgIndex::FromEnd(_) | ArgIndex::Keyword(_) => 0..0,
    }
}

/// The keyword that an index names.
fn named(index: &ArgIndex) -> Option<&str> {
    match index {
        ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name) => Some(name),
        _ => None,
    }
}

impl Startup<'_, '_, '_> {
    /// The values at a port, one for every argument or element that it names.
    pub(super) fn read(&mut self, site: &Site, port: &Port, result: &[V]) -> Vec<Value> {
        let mut list: Vec<Value> = match &port.base {
            PortBase::Arg(index) => match named(index).and_then(|name| site.by_name(name)) {
                Some(value) => vec![value.clone()],
                None => positions(index, site.args.len())
                    .filter_map(|at| site.args.get(at).cloned())
                    .collect(),
            },
            PortBase::This => vec![site.this.clone()],
            PortBase::Ret => vec![Value::from(result)],
            PortBase::Value | PortBase::Error | PortBase::Store | PortBase::Path(_) => Vec::new(),
        };
        for step in &port.steps {
            let mut next = Vec::new();
            for value in list {
                match step {
                    PortStep::Member(name) => next.push(self.load(&value, name)),
                    PortStep::Index(index) => next.push(self.load(&value, &index.to_string())),
                    PortStep::Any => {
                        let ids: Vec<_> = value
                            .iter()
                            .filter_map(|v| match v {
                                V::Object(id) => Some(*id),
                                _ => None,
                            })
                            .collect();
                        for id in ids {
                            let fields = self.obj(id).map(|o| o.fields.clone());
                            next.extend(fields.unwrap_or_default().into_iter().map(|(_, v)| v));
                        }
                    }
                    // Not followed here: what they name is not known.
                    _ => next.push(Value::new()),
                }
            }
            list = next;
        }
        list
    }

    /// The values at a port as one.
    pub(super) fn read_all(&mut self, site: &Site, port: &Port) -> Value {
        let mut out = Value::new();
        for value in self.read(site, port, &[]) {
            join(&mut out, &value);
        }
        out
    }

    /// Writes values to a port: to an element, one after the other; elsewhere all of them.
    pub(super) fn write(
        &mut self,
        site: &Site,
        port: &Port,
        values: Vec<Value>,
        result: &mut Value,
    ) {
        let Some((last, init)) = port.steps.split_last() else {
            if port.base == PortBase::Ret {
                for value in values {
                    join(result, &value);
                }
            }
            return;
        };
        if port.base == PortBase::Ret && result.is_empty() {
            let kind = match port.steps.first() {
                Some(PortStep::Any) => Kind::Array,
                _ => Kind::Plain,
            };
            *result = one(V::Object(self.object(kind)));
        }
        let holder = Port {
            base: port.base.clone(),
            steps: init.to_vec(),
            deep: false,
        };
        let mut base = Value::new();
        for value in self.read(site, &holder, result) {
            join(&mut base, &value);
        }
        match last {
            PortStep::Member(name) => {
                for value in values {
                    self.store(&base, name, value);
                }
            }
            PortStep::Index(index) => {
                for value in values {
                    self.store(&base, &index.to_string(), value);
                }
            }
            PortStep::Any | PortStep::Next => {
                for v in &base {
                    if let V::Object(id) = v
                        && let Some(obj) = self.obj_mut(*id)
                    {
                        for value in &values {
                            obj.push(value.clone());
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
