//! Conditions of guards that the address or the method of an endpoint decides: `if (OPEN.includes(req.path)) return next()`.
//!
//! A login that lets some addresses pass is a login for all others. The address of an endpoint is known; where a part of it is a
//! parameter, some plain text stands for it.

mod flag;
mod part;

use super::captured;
use crate::around::Around;
use crate::constants::{ANY, Written, constants, members};
use crate::decoration::written_name;
use crate::model::Endpoint;
use crate::startup::HOLE;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{Const, Instr, Key, Language, OpKind, Operand, Term};
use flag::Flag;
use part::{Part, part};
use regex::Regex;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// The methods that change nothing, which Django REST framework lists.
const SAFE: [&str; 3] = ["get", "head", "options"];

/// Functions and values behind each other.
const DEPTH: u32 = 6;

/// What stands for a parameter of an address.
const SAMPLE: &str = "7f3a0";

/// An address with the method that it is asked with, and what the guard before it was made with.
#[derive(Clone)]
pub(super) struct Address {
    /// The whole path first; then what routers below would see of it. Empty: it is not known.
    paths: Vec<String>,
    method: Option<String>,
    /// The name by which Flask knows the endpoint, and that of its function, which is the last part of it.
    called: Option<String>,
    function: Option<String>,
    /// The class of which the handler is a method.
    class: Option<ClassIdx>,
    patterns: Patterns,
    pub(super) around: Around,
}

/// Regular expressions by their texts, each made once; absent: not of this syntax.
pub(super) type Patterns = Rc<RefCell<FxHashMap<String, Option<Regex>>>>;

impl Address {
    /// That of an endpoint, as far as it is known.
    pub(super) fn of(endpoint: &Endpoint, origins: &Solver<'_, '_>, patterns: &Patterns) -> Self {
        let path = endpoint.path.as_deref();
        let path = path.filter(|path| path.starts_with('/') && !path.contains(HOLE));
        let plain = |part: &str| match part.contains([':', '<', '{', '*', '(', '[']) {
            true => SAMPLE.to_owned(),
            false => part.to_owned(),
        };
        let parts = path.into_iter().flat_map(|path| path.split('/').skip(1));
        let parts: Vec<String> = parts.map(plain).collect();
        let below = |from: usize| format!("/{}", parts.get(from..).unwrap_or_default().join("/"));
        let method = endpoint.method.as_str();
        let named = ["get", "post", "put", "patch", "delete", "head"].contains(&method);
        Self {
            paths: (0..parts.len()).map(below).collect(),
            method: named.then(|| method.to_owned()),
            called: endpoint.called.clone(),
            class: endpoint.class,
            function: endpoint
                .handlers
                .first()
                .map(|handler| origins.program.func_name(*handler)),
            patterns: Rc::clone(patterns),
            around: Around::default(),
        }
    }

    /// The same before a guard that was made with something.
    pub(super) fn with(&self, around: Around) -> Self {
        Self {
            around,
            ..self.clone()
        }
    }

    /// The branches of a function that it decides: the block, and how.
    pub(super) fn decisions(&self, origins: &Solver<'_, '_>, f: FuncRef<'_>) -> Vec<(usize, bool)> {
        let mut out = Vec::new();
        for (index, block) in f.func.blocks.iter().enumerate() {
            if let Term::Branch { cond, .. } = block.term
                && let Some(truth) = self.decides(origins, f, cond, 0)
            {
                out.push((index, truth));
            }
        }
        out
    }

    fn decides(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        cond: Operand,
        depth: u32,
    ) -> Option<bool> {
        let Operand::Local(local) = cond else {
            return match cond {
                Operand::Const(id) if depth > 0 => match f.file.facts.constant(id) {
                    Const::Bool(truth) => Some(*truth),
                    _ => None,
                },
                _ => None,
            };
        };
        if depth > DEPTH {
            return None;
        }
        if let Some(truth) = captured::truth(&self.around, origins, f, cond) {
            return Some(truth);
        }
        let mut writers = f.writers(local);
        let first = writers.next()?;
        let Some(second) = writers.next() else {
            return self.instr(origins, f, first.1, depth);
        };
        if writers.next().is_some() {
            return None;
        }
        // `a || b`, `a && b`
        let block_of = |at: usize| {
            let mut blocks = f.func.blocks.iter();
            blocks.position(|block| block.instrs.range().contains(&at))
        };
        let (a, b) = (
            self.instr(origins, f, first.1, depth),
            self.instr(origins, f, second.1, depth),
        );
        let then = block_of(second.0)?;
        match f.func.blocks.get(block_of(first.0)?)?.term {
            Term::Branch { no, .. } if no.index() == then => match (a, b) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Term::Branch { yes, .. } if yes.index() == then => match (a, b) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            _ if a == b => a,
            _ => None,
        }
    }

    fn instr(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        instr: &Instr,
        depth: u32,
    ) -> Option<bool> {
        match *instr {
            Instr::Copy { from, .. } | Instr::Await { from, .. } => {
                self.decides(origins, f, from, depth + 1)
            }
            Instr::Load { to, base, key } => {
                if let (Some(class), Key::Field(name)) = (self.class, key)
                    && let Some(flag) = flag::of(origins, class, f, base, f.file.facts.str(name))
                {
                    return match flag {
                        Flag::Is(truth) => Some(truth),
                        Flag::Missing => None,
                    };
                }
                // What is asked has an endpoint.
                let asked = part(origins, f, Operand::Local(to))?;
                matches!(asked, Part::Endpoint).then_some(true)
            }
            Instr::Op { op, operands, .. } => {
                self.op(origins, f, op, f.func.operands(operands), depth)
            }
            Instr::Call {
                callee, this, args, ..
            } => {
                let args: Vec<Operand> = f.func.args(args).iter().map(|arg| arg.value).collect();
                self.call(origins, f, callee, this, &args, depth)
            }
            _ => None,
        }
    }

    fn op(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        op: OpKind,
        operands: &[Operand],
        depth: u32,
    ) -> Option<bool> {
        match (op, operands) {
            // `getattr(view, 'public', False)`
            (OpKind::Select, [read, otherwise]) => {
                let (class, &Instr::Load { base, key, .. }) = (self.class?, f.made_by(*read)?)
                else {
                    return None;
                };
                let Key::Field(name) = key else {
                    return None;
                };
                match flag::of(origins, class, f, base, f.file.facts.str(name))? {
                    Flag::Is(truth) => Some(truth),
                    Flag::Missing => self.decides(origins, f, *otherwise, depth + 1),
                }
            }
            (OpKind::Not, [inner]) => self.decides(origins, f, *inner, depth + 1).map(|t| !t),
            (OpKind::Eq | OpKind::StrictEq, [a, b]) => self
                .equals(origins, f, *a, *b)
                .or_else(|| captured::same(&self.around, origins, f, *a, *b)),
            (OpKind::Ne | OpKind::StrictNe, [a, b]) => {
                // `LIST.indexOf(path) !== -1`
                if let Some(found) = self.indexed(origins, f, *a) {
                    return Some(found);
                }
                self.equals(origins, f, *a, *b)
                    .or_else(|| captured::same(&self.around, origins, f, *a, *b))
                    .map(|t| !t)
            }
            (OpKind::Greater | OpKind::GreaterEq, [a, _]) => self.indexed(origins, f, *a),
            (OpKind::In, [a, b]) => match part(origins, f, *b) {
                // `'/open' in request.path`
                Some(Part::Address) => {
                    let texts = texts(constants(f, origins, *a));
                    self.any(&texts, |path, text| path.contains(text))
                }
                _ => self.among(origins, f, *a, *b),
            },
            _ => None,
        }
    }

    /// One side is the address or the method, the other one a text.
    fn equals(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        a: Operand,
        b: Operand,
    ) -> Option<bool> {
        let (asked, other) = match (part(origins, f, a), part(origins, f, b)) {
            (Some(asked), None) => (asked, b),
            (None, Some(asked)) => (asked, a),
            _ => return None,
        };
        let texts = texts(constants(f, origins, other));
        self.is_one(&asked, &texts)
    }

    fn is_one(&self, asked: &Part, texts: &[String]) -> Option<bool> {
        match asked {
            Part::Endpoint => self.is_called(texts, |name, text| name == text),
            Part::Blueprint => {
                let (blueprint, _) = self.called.as_deref()?.rsplit_once('.')?;
                Some(texts.iter().any(|text| text == blueprint))
            }
            Part::Segment(at) => {
                let part = self.paths.first()?.split('/').nth(*at).unwrap_or_default();
                let fixed = !texts.is_empty() && part != SAMPLE;
                fixed.then(|| texts.iter().any(|text| text == part))
            }
            Part::Address => {
                let bare = |text: &str| text.trim_end_matches('/').to_owned();
                self.any(texts, |path, text| bare(path) == bare(text))
            }
            Part::Method => {
                let method = self.method.as_deref().filter(|_| !texts.is_empty())?;
                Some(texts.iter().any(|text| text.eq_ignore_ascii_case(method)))
            }
        }
    }

    /// Whether the name of the endpoint meets one of some texts. Where only the name of its function is known, a text that ends in that
    /// may be meant.
    fn is_called(&self, texts: &[String], meets: impl Fn(&str, &str) -> bool) -> Option<bool> {
        if texts.is_empty() {
            return None;
        }
        if let Some(called) = &self.called {
            return Some(texts.iter().any(|text| meets(called, text)));
        }
        let function = self.function.as_deref()?;
        let may_be = |text: &String| text.rsplit('.').next() == Some(function);
        let whole = texts.iter().all(|text| !text.ends_with('.'));
        (whole && !texts.iter().any(may_be)).then_some(false)
    }

    /// `path in LIST`, `LIST.includes(path)`
    fn among(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        what: Operand,
        list: Operand,
    ) -> Option<bool> {
        let asked = part(origins, f, what)?;
        let mut found = Vec::new();
        members(f, origins, list, 0, &mut found);
        let mut found = texts(found);
        if found.is_empty() && part::is_safe_methods(origins, f, list) {
            found.extend(SAFE.map(str::to_owned));
        }
        self.is_one(&asked, &found)
    }

    /// `LIST.indexOf(path)`, `path.indexOf('/open')`
    fn indexed(&self, origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> Option<bool> {
        let Some(&Instr::Call {
            this: Some(this),
            callee,
            args,
            ..
        }) = f.made_by(value)
        else {
            return None;
        };
        let first = f.func.args(args).first()?.value;
        if written_name(f, callee) != Some("indexOf") {
            return None;
        }
        match part(origins, f, this) {
            Some(Part::Address) => {
                let texts = texts(constants(f, origins, first));
                self.any(&texts, |path, text| path.contains(text))
            }
            _ => self.among(origins, f, first, this),
        }
    }

    fn call(
        &self,
        origins: &Solver<'_, '_>,
        f: FuncRef<'_>,
        callee: Operand,
        this: Option<Operand>,
        args: &[Operand],
        depth: u32,
    ) -> Option<bool> {
        let name = written_name(f, callee).unwrap_or_default();
        let python = f.file.facts.language == Language::Python;
        let first = args.first().copied();
        // `hasattr(view, 'public')`
        if let ("hasattr", [base, name], Some(class)) = (name, args, self.class)
            && let Some(name) = f.constant_text(*name)
        {
            return match flag::of(origins, class, f, *base, name)? {
                Flag::Is(_) => Some(true),
                Flag::Missing => None,
            };
        }
        if let (Some(this), Some(first)) = (this, first) {
            let asked = part(origins, f, this);
            let mut found = constants(f, origins, first);
            members(f, origins, first, 0, &mut found);
            if let Some(Part::Endpoint) = asked {
                return match name {
                    "startswith" => self.begins(&texts(found)),
                    _ => None,
                };
            }
            if let Some(Part::Address) = asked {
                return match name {
                    "startsWith" | "startswith" => {
                        self.any(&texts(found), |path, text| path.starts_with(text))
                    }
                    "endsWith" | "endswith" => {
                        self.any(&texts(found), |path, text| path.ends_with(text))
                    }
                    "includes" => self.any(&texts(found), |path, text| path.contains(text)),
                    "match" if !python => self.fits(&self.patterns(found, false), false),
                    _ => None,
                };
            }
            match name {
                "includes" | "has" => return self.among(origins, f, first, this),
                "test" | "match" | "search" | "fullmatch" => {
                    // `PATTERN.test(path)`, `re.match(PATTERN, path)`
                    let (pattern, text) = match args.get(1) {
                        Some(second) if python => (first, *second),
                        _ => (this, first),
                    };
                    if !matches!(part(origins, f, text), Some(Part::Address)) {
                        return None;
                    }
                    let found = constants(f, origins, pattern);
                    return self.fits(&self.patterns(found, python), python && name != "search");
                }
                _ => {}
            }
        }
        // A function of the program that is asked, or one that is asked about each member of a list.
        let asked = match (args, ANY.contains(&name)) {
            ([given], true) => *given,
            _ => callee,
        };
        let [val] = origins.of_operand(f.id, asked) else {
            return None;
        };
        let Some(Val::Func(inner)) = origins.val(*val) else {
            return None;
        };
        if inner == f.id || depth >= DEPTH {
            return None;
        }
        self.returned(origins, origins.program.func(inner), depth + 1)
    }

    /// `request.endpoint.startswith('auth.')`
    fn begins(&self, texts: &[String]) -> Option<bool> {
        self.called.as_ref()?;
        self.is_called(texts, |name, text| name.starts_with(text))
    }

    /// What a function that is asked answers: along the ways that the address decides, or where all ways are the same.
    fn returned(&self, origins: &Solver<'_, '_>, f: FuncRef<'_>, depth: u32) -> Option<bool> {
        if f.func.blocks.len() > 24 {
            return None;
        }
        let mut seen = vec![false; f.func.blocks.len()];
        let mut open = vec![0_usize];
        let mut answer: Option<bool> = None;
        while let Some(at) = open.pop() {
            let slot = seen.get_mut(at)?;
            if std::mem::replace(slot, true) {
                continue;
            }
            match f.func.blocks.get(at)?.term {
                Term::Goto(next) => open.push(next.index()),
                Term::Branch { cond, yes, no } => match self.decides(origins, f, cond, depth) {
                    Some(true) => open.push(yes.index()),
                    Some(false) => open.push(no.index()),
                    None => open.extend([yes.index(), no.index()]),
                },
                Term::Return(Some(value)) => {
                    let truth = self.decides(origins, f, value, depth)?;
                    if answer.is_some_and(|known| known != truth) {
                        return None;
                    }
                    answer = Some(truth);
                }
                _ => return None,
            }
        }
        answer
    }

    /// Whether one of some texts is met; absent: there are none, or it depends on where the guard stands.
    fn any(&self, texts: &[String], meets: impl Fn(&str, &str) -> bool) -> Option<bool> {
        if texts.is_empty() {
            return None;
        }
        let mut all = self
            .paths
            .iter()
            .map(|path| texts.iter().any(|text| meets(path, text)));
        let whole = all.next()?;
        all.all(|below| below == whole || whole).then_some(whole)
    }

    fn patterns(&self, found: Vec<Written<'_>>, python: bool) -> Vec<Regex> {
        let pattern = |(f, id): Written<'_>| {
            let text = match f.file.facts.constant(id) {
                Const::Regex(regex) => f.file.facts.str(regex.pattern),
                Const::Str(text) if python => f.file.facts.str(*text),
                _ => return None,
            };
            let mut known = self.patterns.borrow_mut();
            let made = known.entry(text.to_owned()).or_insert_with(|| {
                // `\/` of JavaScript is no escape elsewhere.
                Regex::new(&text.replace("\\/", "/")).ok()
            });
            made.clone()
        };
        found.into_iter().filter_map(pattern).collect()
    }

    fn fits(&self, patterns: &[Regex], from_start: bool) -> Option<bool> {
        let meets = |path: &str| {
            patterns.iter().any(|pattern| {
                let found = pattern.find(path);
                found.is_some_and(|found| !from_start || found.start() == 0)
            })
        };
        if patterns.is_empty() {
            return None;
        }
        let mut all = self.paths.iter().map(|path| meets(path));
        let whole = all.next()?;
        all.all(|below| below == whole || whole).then_some(whole)
    }
}

fn texts(found: Vec<Written<'_>>) -> Vec<String> {
    let text = |(f, id): Written<'_>| f.constant_text(Operand::Const(id)).map(str::to_owned);
    found.into_iter().filter_map(text).collect()
}
