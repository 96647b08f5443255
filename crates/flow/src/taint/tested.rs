//! What a branch on the answer of a call says about what it was asked of.

use super::heap::ObjKind;
use super::interp::Interp;
use super::kinds::{NO_CLIMB, RELATIVE};
use super::port::CallSite;
use super::summary::Outcome;
use super::value::{Konst, Taint, Value};
use crate::origin::method_name;
use crate::symbol::Sym;
use casemate_ir::{Instr, Language, OpKind, Operand};
use casemate_model::kind::KindSet;
use casemate_model::path::{Port, PortBase as RowBase, PortStep};
use casemate_model::row::{Accept, Role};
use std::sync::Arc;

/// Parts of a tested text that are looked at.
const PARTS: usize = 16;

impl Interp<'_> {
    pub(super) fn found(&mut self, operand: Operand, found: bool) {
        let Some((at, Instr::Call { callee, .. })) = self.definition(operand) else {
            return;
        };
        let Some(site) = self.site_of(at) else { return };
        self.tested(
            at,
            callee,
            &site,
            if found { Outcome::True } else { Outcome::False },
        );
    }

    /// A call had this outcome.
    pub(super) fn tested(&mut self, at: usize, callee: Operand, site: &CallSite, outcome: Outcome) {
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
        if callees
            .iter()
            .all(|c| matches!(c, super::call::Callee::Api(_)))
            && !paths.iter().any(|&p| self.origins.paths.known(p))
        {
            self.checked_elsewhere(callee, name, site, outcome);
        }
        for path in paths {
            let rows: Vec<_> = self
                .origins
                .paths
                .call_rows(path, site.new)
                .map(|r| r.1)
                .collect();
            for row in rows {
                let Role::Test {
                    on,
                    accept,
                    kinds,
                    after,
                } = &row.role
                else {
                    continue;
                };
                let accepts = match accept {
                    Accept::True | Accept::NonNull => outcome == Outcome::True,
                    Accept::False => outcome == Outcome::False,
                    Accept::Returns | Accept::Member { .. } => false,
                };
                if accepts && self.own_list(site, on, *kinds) && self.is_cleared(site, on, *after) {
                    self.clean_port(site, on, *kinds);
                }
            }
        }
        if outcome == Outcome::False
            && matches!(name, Some("isabs" | "isAbsolute"))
            && let Some(path) = site.args.first().and_then(|a| a.operand)
        {
            self.clean(path, &[], RELATIVE);
        }
        if outcome == Outcome::True
            && matches!(name, Some("includes" | "has" | "indexOf"))
            && let Some(folder) = site.args.first().and_then(|a| a.operand)
        {
            self.in_own_folder(folder, &site.this);
        }
        self.placed(&callees, name, site, outcome);
        self.regex_tested(at, name, site, outcome);
        self.text_tested(name, site, outcome);
        self.denied(name, site, outcome);
        self.none_found(name, site, outcome);
        self.each_called(name, site, outcome);
        self.one_of(name, site, outcome);
    }

    /// Whether whatever of a tested value comes from outside is clean for these kinds already.
    pub(super) fn is_cleared(&mut self, site: &CallSite, on: &Port, after: KindSet) -> bool {
        if after.is_empty() {
            return true;
        }
        let value = self.port_read(site, on);
        let mut taints = value.taints().iter();
        taints.all(|taint| after.without(taint.clean).is_empty())
    }

    /// A membership test cleans only when the list is our own: neither it nor anything else of the call came with the
    /// request.
    pub(super) fn own_list(&self, site: &CallSite, on: &Port, kinds: KindSet) -> bool {
        let RowBase::Arg(index) = &on.base else {
            return true;
        };
        if kinds != KindSet::ALL || site.this_operand.is_none() {
            return true;
        }
        // The names of the files that are there are nobody's choice.
        let sent = |t: &Taint| match t.origin {
            super::value::Origin::Source(source) => source.kind != self.k.disk,
            super::value::Origin::Port(_) => t.derived,
        };
        let foreign = |value: &Value| value.taints().iter().any(sent);
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
    pub(super) fn regex_tested(
        &mut self,
        _at: usize,
        name: Option<&str>,
        site: &CallSite,
        outcome: Outcome,
    ) {
        if let Some((pattern, tested)) = self.python_regex(name, site) {
            let kinds = self
                .k
                .cleared_by_regex(&pattern, "", outcome == Outcome::True);
            if !kinds.is_empty() {
                self.clean(tested, &[], kinds);
            }
            return;
        }
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
        let matches = outcome == Outcome::True;
        if !matches && super::climbs::begins(pattern) && self.climbs_nowhere(tested) {
            return;
        }
        let mut kinds = self.k.cleared_by_regex(pattern, flags, matches);
        if !matches && super::climbs::refused(pattern) {
            kinds = kinds.union(self.absent("..", &self.operand(tested)));
        }
        if !kinds.is_empty() {
            self.clean(tested, &[], kinds);
        }
    }

    /// `['__proto__', …].includes(key)`, `denied.has(key)`: a key that is none of these reaches no prototype.
    pub(super) fn denied(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
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
    pub(super) fn text_tested(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        let Some(tested) = site.this_operand else {
            return;
        };
        let argument = site
            .args
            .first()
            .map(|a| a.value.clone())
            .unwrap_or_default();
        let holds = outcome == Outcome::True;
        if let Some("startsWith" | "startswith") = name
            && !holds
            && site.args.first().is_some_and(|a| self.climbs_first(a))
            && self.climbs_nowhere(tested)
        {
            return;
        }
        let kinds = match (name, argument.as_str()) {
            (Some("startsWith" | "startswith"), Some(text)) => {
                let kinds = self.k.cleared_by_start(text, holds);
                // Below a folder that is written down with its separator, once `..` is resolved.
                let folder = text.len() > 1 && text.ends_with(['/', '\\']);
                if holds && folder && self.is_normalized(&site.this) {
                    kinds.union(self.k.paths())
                } else {
                    kinds
                }
            }
            // A host below a domain that is written down with its dot.
            (Some("endsWith" | "endswith"), Some(text))
                if holds
                    && text
                        .get(1..)
                        .is_some_and(|t| text.starts_with('.') && t.contains('.')) =>
            {
                self.host_compared(tested, KindSet::ALL);
                return;
            }
            (Some("endsWith" | "endswith"), None) if holds && self.is_own_domain(&argument) => {
                self.host_compared(tested, KindSet::ALL);
                return;
            }
            // `x.startswith(('https://a/', 'https://b/'))`
            (Some("startswith"), None)
                if holds && site.args.first().is_some_and(|a| self.any_of(a).is_some()) =>
            {
                let texts = site.args.first().and_then(|a| self.any_of(a));
                let kinds = texts.into_iter().flatten();
                let kinds = kinds.map(|text| self.k.cleared_by_start(&text, true));
                kinds.reduce(KindSet::intersect).unwrap_or(KindSet::EMPTY)
            }
            (Some("includes" | "indexOf"), Some(text)) if !holds => {
                // `!x.split('/').includes('..')`
                self.lacks_piece(text, tested);
                self.absent(text, &site.this)
            }
            (Some("startsWith" | "startswith"), None)
                if holds
                    && !argument
                        .taints()
                        .iter()
                        .filter(|t| !t.clean.covers(self.k.paths()))
                        .any(|t| matches!(t.origin, super::value::Origin::Source(_))) =>
            {
                // Below a folder of our own, once `..` is resolved.
                if self.is_normalized(&site.this) {
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

    /// The texts of a list that is written down.
    fn any_of(&self, given: &super::port::Argument) -> Option<Vec<String>> {
        super::lists::strings(self.origins, self.f, given.operand?, 0).filter(|l| !l.is_empty())
    }

    /// A text does not begin with `..`: the way from a folder leads below it, and a normal path has no other steps up.
    fn climbs_nowhere(&mut self, tested: Operand) -> bool {
        if self.is_way_from_folder(tested) {
            self.clean(tested, &[], self.k.paths());
            return true;
        }
        let Some(text) = self.made_normal(tested) else {
            return false;
        };
        // What is left of `..` after `path.normalize(x)` stands at its beginning.
        self.clean(tested, &[], super::kinds::NO_PARENT);
        self.clean(text, &[], super::kinds::NO_PARENT);
        true
    }

    /// A text that is `..`, with a separator after it or not.
    fn climbs_first(&self, text: &super::port::Argument) -> bool {
        let first = match text.operand.and_then(|o| self.definition(o)) {
            Some((
                _,
                Instr::Template { operands, .. }
                | Instr::Op {
                    op: OpKind::Add,
                    operands,
                    ..
                },
            )) => {
                let parts = self.f.func.operands(operands);
                parts
                    .first()
                    .filter(|_| parts.len() == 2)
                    .map(|&o| self.operand(o))
            }
            _ => None,
        };
        let known = first.as_ref().unwrap_or(&text.value).as_str();
        known.is_some_and(|known| matches!(&**known, ".." | "../" | "..\\"))
    }

    /// Whatever of the value is not our own had its `..` resolved.
    fn is_normalized(&self, value: &Value) -> bool {
        let taints = value.taints();
        !taints.is_empty() && taints.iter().all(|t| t.clean.has(self.k.relative))
    }

    /// For what a text is clean that does not hold this one.
    pub(super) fn absent(&self, text: &str, whole: &Value) -> KindSet {
        let normalized = whole.taints().iter().any(|t| t.clean.has(self.k.relative));
        let kinds = self.k.cleared_by_absence(text, normalized);
        // Where an absolute path is joined to a folder, Python forgets the folder.
        if self.f.file.facts.language == Language::Python && kinds.covers(self.k.extract()) {
            kinds.without(self.k.extract()).union(NO_CLIMB)
        } else {
            kinds
        }
    }

    fn is_number(&self, operand: Operand, number: f64) -> bool {
        matches!(self.operand(operand).single(), Some(Konst::Number(n)) if *n == number)
    }

    /// `'..' in x` in Python, where `x` may be a text.
    pub(super) fn held(&mut self, part: Operand, whole: Operand, holds: bool) {
        if holds || self.f.file.facts.language != Language::Python {
            return;
        }
        let (part, value) = (self.operand(part), self.operand(whole));
        if let Some(piece) = part.as_str().cloned() {
            self.lacks_piece(&piece, whole);
        }
        // `x.startswith("'")` and no `'` in `x[1:-1]`: one literal, or no program at all.
        if part.as_str().is_some_and(|t| &**t == "'")
            && let Some((
                _,
                Instr::Op {
                    op: OpKind::Rest,
                    operands,
                    ..
                },
            )) = self.definition(whole)
            && let &[text, from, to, ..] = self.f.func.operands(operands)
            && self.is_number(from, 1.0)
            && self.is_number(to, -1.0)
        {
            let code = self.k.literal();
            let text_value = self.operand(text);
            let begun = |t: &Taint| t.clean.covers(super::kinds::QUOTED);
            if !text_value.taints().is_empty() && text_value.taints().iter().all(begun) {
                self.clean(text, &[], code);
            }
            return;
        }
        if let Some(text) = part.as_str()
            && value.refs.is_empty()
        {
            let kinds = self.absent(text, &value);
            if !kinds.is_empty() {
                self.clean(whole, &[], kinds);
            }
        }
    }

    /// A member of what a function of the program answered is truthy, or falsy.
    fn answered(&mut self, at: usize, callee: Operand, member: Sym, outcome: bool) {
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        let [super::call::Callee::Func(func) | super::call::Callee::Closure(_, func)] =
            callees.as_slice()
        else {
            return;
        };
        if let Some(site) = self.site_of(at) {
            self.accepted(*func, &site, Outcome::Member(member, outcome));
        }
    }

    /// A member of a result is truthy or falsy: `parsed.success`, `!error`.
    pub(super) fn member_tested(&mut self, base: Operand, member: Sym, outcome: bool) {
        let Some((at, Instr::Call { callee, flags, .. })) = self.definition(base) else {
            return;
        };
        self.answered(at, callee, member, outcome);
        if !outcome {
            self.lacks_part(base, self.origins.program.text(member));
        }
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
                    ..
                } = &row.role
                else {
                    continue;
                };
                let named = matches!(port.steps.as_slice(), [PortStep::Member(name)] if self.member_sym(name) == Some(member));
                if named && *truthy == outcome {
                    let Some(site) = self.site_of(at) else { return };
                    self.clean_port(&site, on, *kinds);
                }
            }
        }
    }

    pub(super) fn clean_port(&mut self, site: &CallSite, port: &Port, kinds: KindSet) {
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

    /// What a whole text lacks, its parts lack: `"a/" + x` was tested, or `x || ''`.
    fn parts_of(&self, operand: Operand, kinds: KindSet) -> Vec<(Operand, KindSet)> {
        let parts = match self.definition(operand) {
            Some((
                _,
                Instr::Template { operands, .. }
                | Instr::Op {
                    op: OpKind::Add | OpKind::ToString,
                    operands,
                    ..
                },
            )) => operands,
            Some((at, Instr::Call { callee, .. })) => {
                return self.copied_texts(at, callee, kinds);
            }
            Some(_) => return Vec::new(),
            None => {
                let sides = self.alternatives(operand);
                return match operand {
                    Operand::Local(local) if sides.is_empty() => self.sole_text(local, kinds),
                    _ => sides.into_iter().map(|side| (side, kinds)).collect(),
                };
            }
        };
        // Where a text starts is not said of its parts.
        let kinds = if kinds == KindSet::ALL {
            kinds
        } else {
            kinds.intersect(self.k.of_characters())
        };
        let parts = self.f.func.operands(parts).iter();
        parts.map(|&part| (part, kinds)).collect()
    }

    /// The two sides of `x || 'default'` behind a local of its own, where the second is a constant.
    fn alternatives(&self, operand: Operand) -> Vec<Operand> {
        match self.short_circuit(operand) {
            Some((false, parts)) => {
                let own = parts.iter().skip(1).all(|p| matches!(p, Operand::Const(_)));
                parts.into_iter().take(usize::from(own)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What an operand holds, or a member of it, is clean from here on.
    pub(super) fn clean(&mut self, operand: Operand, members: &[Sym], kinds: KindSet) {
        let Some((last, init)) = members.split_last() else {
            self.host_compared(operand, kinds);
            self.cleaned(operand, kinds);
            return;
        };
        let mut base = self.operand(operand);
        for &sym in init {
            base = self.load(&base, sym);
        }
        let mut member = self.load(&base, *last);
        if member.taints.is_some() {
            member.taints = self.without(&member, kinds);
            self.store_value(&base, *last, member, true);
        }
    }

    /// What an operand holds is clean from here on, whatever it was compared with.
    pub(super) fn cleaned(&mut self, operand: Operand, kinds: KindSet) {
        let mut parts = vec![(operand, kinds)];
        // A loop may make a variable a part of itself.
        for _ in 0..PARTS {
            let Some((operand, kinds)) = parts.pop() else {
                break;
            };
            let Operand::Local(local) = operand else {
                continue;
            };
            let mut value = self.get(local);
            if value.taints.is_none() {
                continue;
            }
            let before = value.taints.take();
            value.taints = self.without(
                &Value {
                    taints: before.clone(),
                    ..Value::default()
                },
                kinds,
            );
            // The object that keeps its members holds for all others what it holds itself.
            for &id in &value.refs {
                if self.state.obj(id).is_some_and(|o| o.any.taints == before) {
                    let object = self.state.obj_mut(id, ObjKind::Plain);
                    object.any.taints.clone_from(&value.taints);
                }
            }
            self.set_through(local, value, 0);
            parts.extend(self.parts_of(operand, kinds));
        }
    }

    /// The taints of a value, clean for more kinds.
    pub(super) fn without(&self, value: &Value, kinds: KindSet) -> Option<Arc<Vec<Taint>>> {
        value.map_taints(|t| {
            Some(Taint {
                clean: self.k.close(t.clean.union(kinds)),
                ..t
            })
        })
    }
}
