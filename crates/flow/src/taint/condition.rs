//! The conditions of rows, answered at a call.

use super::interp::Interp;
use super::kinds::HOLE;
use super::last_part::{FLAT, is_flat};
use super::persisted;
use super::port::{Argument, CallSite};
use super::value::{Konst, Value};
use crate::apipath::PathId;
use crate::origin::{Val, ValId, ValSet};
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Instr, Operand, PartKey};
use casemate_model::expr::{Expr, Literal, Scope, Tri, Value3, eval_in};
use casemate_model::path::ArgIndex;
use casemate_model::row::Row;

/// The path that a file was opened by.
const PATH: &str = "__path";

impl Interp<'_> {
    pub(super) fn holds(&mut self, row: &Row, path: PathId, site: &CallSite) -> Tri {
        match &row.when {
            Some(when) => self.answer(when, path, site),
            None => Tri::Yes,
        }
    }

    /// The answer to a question of a row.
    pub(super) fn answer(&mut self, when: &Expr, path: PathId, site: &CallSite) -> Tri {
        let name = self.origins.paths.last_member(path).to_owned();
        let mut known: Vec<(String, Value3)> = Vec::new();
        for text in when.paths() {
            let value = if text == "name" {
                Value3::Known(Literal::Str(name.clone()))
            } else if let Some(fact) = text.strip_prefix("fact:") {
                self.settings.value(self.origins, self.f.file_idx, fact)
            } else {
                self.value_at(text, site)
            };
            known.push((text.to_owned(), value));
        }
        eval_in(when, &AtCall(known))
    }

    /// Whether the condition of a row about a member holds: what it asks of a call is not known.
    pub(super) fn holds_of_member(&self, row: &Row, path: PathId) -> Tri {
        let Some(when) = &row.when else {
            return Tri::Yes;
        };
        let value = |text: &str| match text.strip_prefix("fact:") {
            Some(fact) => self.settings.value(self.origins, self.f.file_idx, fact),
            None if text == "route.parameters" => self.route_parameters(),
            None if text == "name" => {
                let name = self.origins.paths.last_member(path);
                Value3::Known(Literal::Str(name.to_owned()))
            }
            None => Value3::Unknown,
        };
        let known = when.paths().into_iter().map(|p| (p.to_owned(), value(p)));
        eval_in(when, &AtCall(known.collect()))
    }

    /// Whether a route that leads to this function has parameters in its path.
    fn route_parameters(&self) -> Value3 {
        let from = (self.f.id, String::new(), None);
        let routes = self.origins.declared.range(from..);
        let mut all = routes
            .take_while(|((func, ..), _)| *func == self.f.id)
            .map(|(_, entry)| entry.path.as_deref())
            .peekable();
        let constant = |path: Option<&str>| {
            path.is_some_and(|p| p.starts_with('/') && !p.contains(['<', '{', ':', '*', '(']))
        };
        if all.peek().is_some() && all.all(constant) {
            Value3::Known(Literal::Bool(false))
        } else {
            Value3::Unknown
        }
    }

    /// The value of `arg(2).shell` at a call.
    pub(super) fn value_at(&mut self, text: &str, site: &CallSite) -> Value3 {
        let (base, mut operand, rest) = match text.split_once(')') {
            Some((call, rest)) if call.starts_with("arg(") => {
                let index = argument(call.trim_start_matches("arg("));
                let Some(arg) = self.selected(site, &index).into_iter().next() else {
                    if rest.is_empty()
                        && let Some(value) = self.spread_keyword(site, &index)
                    {
                        return value;
                    }
                    let spread =
                        |a: &Argument| matches!(a.key, ArgKey::Spread | ArgKey::KeywordSpread);
                    return if site.args.iter().any(spread) {
                        Value3::Unknown
                    } else {
                        Value3::Known(Literal::Null)
                    };
                };
                (arg.value.clone(), arg.operand, rest)
            }
            _ => match (text.strip_prefix("this"), &self.written_to) {
                // What a member is written to may have been told what the member means.
                (Some(rest), Some(owner)) => (owner.clone(), None, rest),
                // Of a result, the value itself.
                (this, _) => match this.or_else(|| text.strip_prefix("value")) {
                    Some(rest) => (site.this.clone(), site.this_operand, rest),
                    None => return Value3::Unknown,
                },
            },
        };
        let mut value = base;
        let mut absent = false;
        for member in members(rest) {
            absent = false;
            if member == "__prefixed" {
                return Value3::Known(Literal::Bool(prefixed(&value)));
            }
            if member == FLAT {
                let taints = value.taints();
                let all = !taints.is_empty() && taints.iter().all(is_flat);
                return Value3::Known(Literal::Bool(all && value.refs.is_empty()));
            }
            if member == "__class" {
                let names = operand.map_or_else(String::new, |o| self.class_names(o));
                return Value3::Known(Literal::Str(names));
            }
            if member == "__record" {
                let is = operand.map(|o| persisted::is_record(self.origins, self.f, o));
                return is.map_or(Value3::Unknown, |is| Value3::Known(Literal::Bool(is)));
            }
            if member == GUARD {
                return Value3::Known(Literal::Bool(self.guards(&value, operand)));
            }
            if member == ORIGIN {
                return self.origin_of(&value, operand);
            }
            if member.starts_with("__") {
                return self.said(&value, member);
            }
            let index = member.parse().ok().map(Sym::index);
            if index.is_none() && self.is_given_list(&value) {
                return Value3::Known(Literal::Null);
            }
            let Some(sym) = index.or_else(|| self.origins.program.symbols.find(member)) else {
                // No file has the name: an object that is fully known has no such member.
                return if value.refs.is_empty() {
                    Value3::Unknown
                } else {
                    Value3::Known(Literal::Null)
                };
            };
            let closed = value.taints.is_none()
                && !value.refs.is_empty()
                && value.refs.iter().all(|&id| {
                    self.state
                        .obj(id)
                        .is_some_and(|o| o.any.is_empty() && o.field(sym).is_none())
                });
            if closed {
                absent = true;
            }
            if value.refs.is_empty() && value.taints.is_none() && value.consts.is_some() {
                absent = true;
            }
            let given = value.taints.is_none()
                && !value.refs.is_empty()
                && value.refs.iter().all(|&id| {
                    self.state
                        .obj(id)
                        .and_then(|o| o.field(sym))
                        .is_some_and(|f| f.definite && f.value.is_empty())
                });
            value = self.load(&value, sym);
            operand = operand.and_then(|o| self.written_member(o, member));
            if given && !rest.ends_with(ORIGIN) && !rest.ends_with(GUARD) {
                // Who writes an option gives it a value.
                return Value3::Present;
            }
        }
        if absent {
            return Value3::Known(Literal::Null);
        }
        self.value3(&value)
    }

    /// The keyword that `**options` certainly holds.
    fn spread_keyword(&mut self, site: &CallSite, index: &ArgIndex) -> Option<Value3> {
        let (ArgIndex::Keyword(name) | ArgIndex::AtOrKeyword(_, name)) = index else {
            return None;
        };
        let sym = self.origins.program.symbols.find(name)?;
        let spread: Vec<Value> = site
            .args
            .iter()
            .filter(|a| a.key == ArgKey::KeywordSpread)
            .map(|a| a.value.clone())
            .collect();
        let [options] = spread.as_slice() else {
            return None;
        };
        let value = self.load(options, sym);
        // Further keywords of the function itself, among which nobody ever gives this one.
        if !self.origins.is_named(sym) && self.is_keyword_rest(site) {
            return Some(Value3::Known(Literal::Null));
        }
        // What was there before may be there still, unless it was certainly written over.
        (value.single().is_some() && value.taints().is_empty()).then(|| self.value3(&value))
    }

    /// The only `**options` of a call are those that the function was called with.
    fn is_keyword_rest(&self, site: &CallSite) -> bool {
        let mut spread = site
            .args
            .iter()
            .filter(|a| a.key == ArgKey::KeywordSpread)
            .map(|a| a.operand);
        let (Some(Some(Operand::Local(local))), None) = (spread.next(), spread.next()) else {
            return false;
        };
        let params = &self.f.func.params;
        params.iter().any(|p| p.keyword_rest && p.local == local)
    }

    /// What decorates or is extended by the classes that a value is an instance of.
    fn class_names(&self, operand: Operand) -> String {
        let origins = self.origins;
        let mut out = String::new();
        for &val in origins.of_operand(self.f.id, operand) {
            let Some(Val::Instance(class)) = origins.val(val) else {
                continue;
            };
            let Some((file, def)) = origins.program.class(class) else {
                continue;
            };
            let owner = origins.program.func_id(file, def.owner);
            let decorators = def
                .decorators
                .iter()
                .flat_map(|d| origins.of_operand(owner, d.value));
            for &what in decorators.chain(origins.of_bases(class)) {
                if let Some(Val::Api(path)) = origins.val(what) {
                    out.push_str(&origins.paths.text(path));
                    out.push(' ');
                }
            }
        }
        out
    }

    /// The value of a member of an object that is written in the same function.
    pub(super) fn written_member(&self, object: Operand, member: &str) -> Option<Operand> {
        let Operand::Local(local) = object else {
            return None;
        };
        let mut local = local;
        let instrs = &self.f.func.instrs;
        let made = (0..4).find_map(|_| {
            instrs.iter().find_map(|instr| match *instr {
                Instr::Object { to, parts } if to == local => Some(parts),
                Instr::Copy {
                    to,
                    from: Operand::Local(from),
                } if to == local => {
                    local = from;
                    None
                }
                _ => None,
            })
        })?;
        self.f
            .func
            .parts(made)
            .iter()
            .find_map(|part| match part.key {
                PartKey::Field(name) if self.f.file.facts.str(name) == member => Some(part.value),
                _ => None,
            })
    }

    /// The API path that a value has, as text: `py:yaml.SafeLoader`. For a class of the program, that of its base.
    fn origin_of(&self, value: &Value, operand: Option<Operand>) -> Value3 {
        let origins = self.origins;
        let mut vals = operand.map_or_else(Default::default, |o| {
            ValSet::from_slice(origins.of_operand(self.f.id, o))
        });
        for place in value.identities() {
            vals.extend(origins.of_place(&place));
        }
        let mut texts = Vec::new();
        for val in vals {
            let bases: &[ValId] = match origins.val(val) {
                Some(Val::Class(class)) => origins.of_bases(class),
                _ => std::slice::from_ref(&val),
            };
            for base in bases {
                match origins.val(*base) {
                    Some(Val::Api(path)) => texts.push(Literal::Str(origins.paths.text(path))),
                    _ => return Value3::Unknown,
                }
            }
        }
        match texts.len() {
            0 if value.consts.is_some() => Value3::Known(Literal::Str(String::new())),
            0 => Value3::Unknown,
            1 => texts.pop().map_or(Value3::Unknown, Value3::Known),
            _ => Value3::OneOf(texts),
        }
    }

    /// What models wrote of an object; null where nothing was said.
    pub(super) fn said(&self, value: &Value, member: &str) -> Value3 {
        let Some(sym) = self.member_sym(member) else {
            return Value3::Unknown;
        };
        let objects = value
            .refs
            .iter()
            .copied()
            .chain(value.identities().filter_map(|p| self.place_obj(&p)));
        let fields: Vec<_> = objects
            .filter_map(|id| self.state.obj(id)?.field(sym))
            .collect();
        match fields.as_slice() {
            [] => Value3::Known(Literal::Null),
            // A file is offered under whatever name.
            [field] if member == DISPOSITION && field.definite => match self.value3(&field.value) {
                Value3::Known(Literal::Null) | Value3::Unknown => Value3::Present,
                known => known,
            },
            // Said, though not with a text that is known here: not what holds where nothing is said.
            [field] if member == PATH && field.definite => ended(&field.value),
            [field] if field.definite && field.value.taints.is_none() => {
                match self.value3(&field.value) {
                    Value3::Known(Literal::Null) | Value3::Unknown => Value3::Present,
                    known => known,
                }
            }
            _ => Value3::Unknown,
        }
    }

    pub(super) fn value3(&self, value: &Value) -> Value3 {
        if let Some(consts) = value.consts.as_deref()
            && value.taints.is_none()
            && value.refs.is_empty()
        {
            let literals: Option<Vec<Literal>> = consts.iter().map(literal).collect();
            return match literals {
                Some(list) if list.len() == 1 => list
                    .into_iter()
                    .next()
                    .map_or(Value3::Unknown, Value3::Known),
                Some(list) => Value3::OneOf(list),
                None => Value3::Present,
            };
        }
        if value.refs.is_empty() {
            Value3::Unknown
        } else {
            Value3::Present
        }
    }
}

/// The member that says whether an answer is offered as a file.
const DISPOSITION: &str = "__disposition";

/// The member by which a condition asks where a value comes from.
const ORIGIN: &str = "__origin";

/// Which argument `0`, `-1`, `'kw'` or `0/'kw'` is.
fn argument(text: &str) -> ArgIndex {
    let number = |text: &str| text.parse::<u32>().ok();
    let name = |text: &str| text.trim_matches(['\'', '"']).to_owned();
    if let Some((position, keyword)) = text.split_once('/')
        && let Some(position) = number(position)
    {
        return ArgIndex::AtOrKeyword(position, name(keyword));
    }
    if let Some(end) = text.strip_prefix('-').and_then(number) {
        return ArgIndex::FromEnd(end);
    }
    number(text).map_or_else(|| ArgIndex::Keyword(name(text)), ArgIndex::At)
}

/// The member by which a condition asks whether a transport refuses addresses of the own network.
const GUARD: &str = "__guard";

/// What a condition reads at one call.
struct AtCall(Vec<(String, Value3)>);

impl Scope for AtCall {
    fn value(&self, path: &str) -> Value3 {
        self.0
            .iter()
            .find(|known| known.0 == path)
            .map_or(Value3::Unknown, |known| known.1.clone())
    }

    /// `known(path)`: for conditions whose unknown answer is not a doubt but the ordinary case.
    fn apply(&self, name: &str, arguments: &[Value3]) -> Value3 {
        match (name, arguments) {
            ("known", [one]) => {
                let unknown = matches!(one, Value3::Unknown | Value3::Present);
                Value3::Known(Literal::Bool(!unknown))
            }
            ("may", [value, Value3::Known(one)]) => {
                let may = match value {
                    Value3::Known(known) => known == one,
                    Value3::OneOf(several) => several.contains(one),
                    _ => false,
                };
                Value3::Known(Literal::Bool(may))
            }
            _ => Value3::Unknown,
        }
    }
}

/// Whether a text of the program's own stands before whatever came from outside.
fn prefixed(value: &Value) -> bool {
    matches!(value.consts.as_deref(), Some([Konst::Template(parts)]) if parts.len() > 1)
        && value
            .taints()
            .iter()
            .all(|t| t.derived && t.notes & super::access::LEADING == 0)
}

/// The members of `.headers['content-type'].x`.
pub(super) fn members(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '[', ']'])
        .map(|member| member.trim_matches('\''))
        .filter(|member| !member.is_empty())
}

pub(super) fn literal(konst: &Konst) -> Option<Literal> {
    match konst {
        Konst::Undefined | Konst::Null => Some(Literal::Null),
        Konst::Bool(b) => Some(Literal::Bool(*b)),
        Konst::Number(n) => Some(Literal::Number(*n)),
        Konst::Str(s) => Some(Literal::Str(s.to_string())),
        Konst::Regex(..) | Konst::Template(_) | Konst::Present => None,
    }
}

/// A text whose end is known, holes before it; else not known.
fn ended(value: &Value) -> Value3 {
    match value.consts.as_deref() {
        Some([Konst::Str(text)]) => Value3::Known(Literal::Str(text.to_string())),
        Some([Konst::Template(parts)]) => match parts.last() {
            Some(Some(text)) => Value3::Known(Literal::Str(format!("{HOLE}{text}"))),
            _ => Value3::Unknown,
        },
        _ => Value3::Unknown,
    }
}
