//! Sinks that are not called: members that are written (`ctx.body = value`), and what a handler returns.

use super::access::BY_KEY;
use super::fact::fact_value;
use super::interp::Interp;
use super::port::CallSite;
use super::summary::SinkRef;
use super::value::{Konst, Taint, Value, note_bit};
use crate::apipath::PathId;
use crate::origin::Val;
use crate::result::Note;
use crate::symbol::Sym;
use casemate_ir::{Instr, Operand, Span};
use casemate_model::expr::Tri;
use casemate_model::kind::KindSet;
use casemate_model::path::{Port, PortBase, PortStep};
use casemate_model::row::{Role, Row};
use std::sync::Arc;

impl Interp<'_> {
    /// A value is written to a member.
    pub(super) fn member_sinks(
        &mut self,
        at: usize,
        base: Operand,
        sym: Sym,
        value: &Value,
        operand: Operand,
    ) {
        let origins = self.origins;
        for &val in origins.of_operand(self.f.id, base) {
            if let Some(Val::Api(path)) = origins.val(val)
                && let Some(member) = origins.met_member(path, sym)
            {
                self.written_to = Some(self.operand(base));
                self.value_sinks(member, value, Some(operand), self.span(at));
                self.written_to = None;
            }
        }
    }

    /// Writing a member tells something of the object that it belongs to: `ctx.type = 'text/plain'`.
    fn tell(&mut self, to: &Port, value: &Value) {
        let (Some(owner), PortBase::This, [PortStep::Member(name)]) =
            (self.written_to.clone(), &to.base, to.steps.as_slice())
        else {
            return;
        };
        if let Some(member) = self.member_sym(name) {
            let told = match value.is_empty() {
                // It is told, though not known what.
                true => Value::constant(Konst::Present),
                false => value.clone(),
            };
            self.store_value(&owner, member, told, true);
        }
    }

    /// A function that a package calls returns a value.
    pub(super) fn returned_sinks(&mut self, operand: Operand, value: &Value) {
        let origins = self.origins;
        let paths = origins.returned(self.f.id);
        if paths.is_empty() {
            return;
        }
        let span = match operand {
            Operand::Local(local) => self
                .defs
                .get(local.index())
                .and_then(|&at| self.f.func.spans.get(at as usize))
                .copied(),
            Operand::Const(_) => None,
        };
        let mut value = value.clone();
        // Frameworks send objects as JSON, and what code that is not known answers is as often one.
        let object = self.declares_object() || self.gives_list(operand);
        let javascript = self.f.file.facts.language == casemate_ir::Language::JavaScript;
        let unknown = |t: &Taint| javascript && t.notes & note_bit(Note::ViaUnknown) != 0;
        let page = KindSet::of(self.k.html_text);
        value.taints = value.map_taints(|t| {
            let clean = if object || unknown(&t) {
                t.clean.union(page)
            } else {
                t.clean
            };
            Some(Taint { clean, ..t })
        });
        for &path in paths {
            self.value_sinks(
                path,
                &value,
                Some(operand),
                span.unwrap_or(self.f.func.head),
            );
        }
    }

    /// Whether a value is a list or a mapping by the call that gives it: rows of a query, a decoded answer. Frameworks of Python send it as
    /// JSON.
    fn gives_list(&self, operand: Operand) -> bool {
        const LISTS: [&str; 6] = [
            "fetchall",
            "fetchmany",
            "to_dict",
            "model_dump",
            "json",
            "mappings",
        ];
        let python = self.f.file.facts.language == casemate_ir::Language::Python;
        let mut at = operand;
        for _ in 0..3 {
            match self.definition(at) {
                Some((_, Instr::Await { from, .. } | Instr::Copy { from, .. })) => at = from,
                Some((call, Instr::Call { callee, .. })) if python => {
                    let call = u32::try_from(call).unwrap_or(u32::MAX);
                    let name = crate::origin::method_name(self.f, call, callee);
                    return name.is_some_and(|name| LISTS.contains(&name))
                        || name.is_none() && self.is_call_of(callee, &["py:list", "py:dict"]);
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether the function under evaluation declares that it returns an object: `Promise<User>`, and no text.
    fn declares_object(&self) -> bool {
        let Some(ty) = &self.f.func.returns else {
            return false;
        };
        let javascript = self.f.file.facts.language == casemate_ir::Language::JavaScript;
        let name = ty.path.last().map(|name| self.f.file.facts.str(*name));
        javascript
            && ty.primitive.is_none()
            && ty.binding.is_some()
            && name.is_some_and(|name| {
                // Types of texts and streams, and parameters of types (`T`).
                name.len() > 1
                    && ![
                        "any",
                        "unknown",
                        "Buffer",
                        "Readable",
                        "StreamableFile",
                        "Stream",
                    ]
                    .contains(&name)
                    && !name.ends_with("Html")
                    && !name.ends_with("String")
            })
    }

    /// The sinks of a path that take the value itself, and what writing it says about configuration.
    pub(super) fn value_sinks(
        &mut self,
        path: PathId,
        value: &Value,
        operand: Option<Operand>,
        span: Span,
    ) {
        let origins = self.origins;
        if !origins.paths.has_rows(path) {
            return;
        }
        let rows: Vec<&Row> = origins.paths.rows(path).map(|r| r.1).collect();
        for row in rows {
            let site = CallSite {
                instr: self.call_index,
                span,
                this: value.clone(),
                this_operand: operand,
                args: Vec::new(),
                new: false,
            };
            let (kind, port) = match &row.role {
                Role::Sink { kind, port, .. } if port.base == PortBase::Value => (kind, port),
                Role::Config {
                    fact,
                    read,
                    default,
                } if read.iter().all(|(_, port)| port.base == PortBase::Value) => {
                    if self.holds(row, path, &site) == Tri::Yes {
                        self.fact(path, &site, fact, read, default);
                    }
                    continue;
                }
                Role::Flow { from, to, .. } if from.base == PortBase::Value => {
                    if self.holds(row, path, &site) == Tri::Yes {
                        self.tell(to, value);
                    }
                    continue;
                }
                _ => continue,
            };
            let holds = self.holds(row, path, &site);
            if holds == Tri::No {
                continue;
            }
            let mut value = value.clone();
            for step in &port.steps {
                let sym = match step {
                    PortStep::Member(name) => origins.program.symbols.find(name),
                    PortStep::Index(index) => Some(Sym::index(*index)),
                    PortStep::Any => Some(Sym::ANY),
                    PortStep::Key(_)
                    | PortStep::Next
                    | PortStep::Removed
                    | PortStep::Param(_)
                    | PortStep::Ret => None,
                };
                value = sym.map_or_else(Value::default, |sym| self.load(&value, sym));
            }
            if port.deep {
                value = self.deep(&value);
            }
            self.met(span, *kind, &value);
            if value.taints.is_none() {
                continue;
            }
            let unsure = holds == Tri::Unknown
                || row.versions.is_some()
                || row.confidence.as_deref() == Some("low");
            let sink = Arc::new(SinkRef {
                func: self.f.id,
                span,
                argument: span,
                kind: *kind,
                callee: Arc::from(origins.paths.text(path)),
                facts: Arc::from(vec![("text".to_owned(), fact_value(&value))]),
                notes: if unsure {
                    note_bit(Note::WhenUnknown)
                } else {
                    0
                },
                configured: false,
            });
            let taints: Vec<Taint> = value.taints().to_vec();
            for taint in taints {
                if taint.notes & BY_KEY == 0 {
                    self.arrive(&taint, &sink, port.deep);
                }
            }
        }
    }
}
