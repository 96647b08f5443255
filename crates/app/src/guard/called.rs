//! What other functions refuse on behalf of the one at hand: decorators that it applies, functions that it calls, and what it hands the
//! request to.

use super::body::{DEPTH, Pass, Reader};
use super::check::Check;
use super::held::Bound;
use super::root::is_request;
use crate::decoration::written_name;
use crate::model::Stage;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{
    Arg, ArgKey, Const, Instr, Language, LocalId, OpKind, Operand, Range32, Span, Term,
};
use casemate_model::path::Step;
use casemate_model::row::Role;

/// A decorator that is put around the function that passes requests on.
#[derive(Clone, Copy)]
pub(super) struct Applied {
    pub callee: Operand,
    pub depth: u32,
}

impl<'p> Reader<'_, 'p, '_> {
    /// What a decorator that is put around the function that passes requests on refuses: `login_required(view)(…)`.
    pub(super) fn guarded_by(&self, f: FuncRef<'p>, given: Applied, span: Span) -> Vec<Check> {
        let mut out = Vec::new();
        for &val in self.origins.of_operand(f.id, given.callee).iter().take(2) {
            match self.origins.val(val) {
                Some(Val::Api(path)) => {
                    let Some(path) = self.origins.paths.made_step(path, &Step::Deco) else {
                        continue;
                    };
                    for (_, row) in self.origins.paths.rows(path) {
                        if let Role::Guard { kind, .. } = &row.role
                            && let Some(kind) = super::known(kind)
                        {
                            out.push(Check::new(
                                if kind == "role" {
                                    "authentication"
                                } else {
                                    kind
                                },
                                f.id,
                                span,
                                format!("applies `{}`", self.origins.paths.text(path)),
                                row.when.is_none(),
                            ));
                        }
                    }
                }
                Some(Val::Func(decorator)) if given.depth < DEPTH => {
                    for stage in crate::decoration::wrappers(self.origins, decorator) {
                        if let Stage::Wraps(wrapper, next) = stage {
                            self.read(wrapper, Pass::Wraps, Some(next), given.depth + 1, &mut out);
                        }
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// Whether a block calls a function of the program that throws or refuses unless somebody is known.
    pub(super) fn asserts(
        &self,
        f: FuncRef<'p>,
        block: usize,
        depth: u32,
        out: &mut Vec<Check>,
    ) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        let mut safe = false;
        for (at, instr) in f.func.block_instrs(b) {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let vals = self.origins.of_operand(f.id, callee);
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            for &val in vals.iter().take(2) {
                match self.origins.val(val) {
                    Some(Val::Func(inner)) if vals.len() == 1 && inner != f.id => {
                        let called = self.origins.program.func(inner);
                        let throws = self.may_throw(inner, 0)
                            || self.asserts_any(called)
                            || self.proves_any(called);
                        if !throws || depth + 1 > DEPTH {
                            continue;
                        }
                        let mut within = Vec::new();
                        let bound = self.given(f, called, f.func.args(args));
                        let left_out = by_default(f, called, f.func.args(args));
                        let mut decided = self.decided.to_vec();
                        if !left_out.is_empty() && decided.iter().all(|(func, _)| *func != inner) {
                            decided.push((inner, left_out));
                        }
                        let reader = Reader {
                            bound: bound.as_ref().or(self.bound),
                            decided: &decided,
                            ..*self
                        };
                        if reader.read(inner, Pass::Returns, None, depth + 1, &mut within) {
                            safe |= within
                                .iter()
                                .any(|c| c.certain && c.kind == "authentication");
                            // It is asked about something that the client chose: `require_access(order, user)`.
                            if self.is_about_chosen(f, f.func.args(args)) {
                                for check in within.iter_mut().filter(|c| c.kind == "role") {
                                    check.kind = "owner";
                                }
                            }
                            out.extend(within);
                        }
                    }
                    Some(Val::Api(path)) => {
                        let called = self.origins.paths.rows(path);
                        for (_, row) in called {
                            if let Role::Guard { kind, .. } = &row.role
                                && !f.func.args(args).is_empty()
                                && let Some(kind) = super::known(kind)
                            {
                                out.push(Check::new(
                                    kind,
                                    f.id,
                                    span,
                                    format!("calls `{}`", self.origins.paths.text(path)),
                                    row.when.is_none(),
                                ));
                                safe |= kind == "authentication";
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        safe
    }

    /// What a call gives a function of who asks, or of what shows it: `verify(request.headers["Authorization"])`.
    fn given(&self, f: FuncRef<'p>, called: FuncRef<'p>, args: &[Arg]) -> Option<Bound> {
        let mut out: Option<Bound> = None;
        for (at, arg) in args.iter().enumerate() {
            let mut params = called.func.params.iter();
            let param = match arg.key {
                ArgKey::Pos => called.func.params.get(at),
                ArgKey::Keyword(name) => params.find(|param| {
                    let named = |own| called.file.facts.str(own) == f.file.facts.str(name);
                    param.name.is_some_and(named)
                }),
                _ => None,
            };
            let roots = self.roots(f.id, arg.value);
            if let Some(param) = param.filter(|_| roots.tells_who()) {
                let bound = out.get_or_insert_with(Bound::default);
                bound.put(called.id, param.local, roots);
            }
        }
        out
    }

    /// Whether some argument, and not the request itself, is what the client chose, or something that was got for it.
    fn is_about_chosen(&self, f: FuncRef<'p>, args: &[Arg]) -> bool {
        args.iter().any(|arg| {
            let mut value = arg.value;
            if let Some(&Instr::Await { from, .. }) = f.made_by(value) {
                value = from;
            }
            let called = f.call_behind(value);
            let got = called.and_then(|(callee, _)| written_name(f, callee));
            got.is_some_and(gets_record)
                || !is_request(self.origins, f.id, value) && self.roots(f.id, value).client
        })
    }

    /// Whether what a block returns is what another function of the program answers, and that one asks who it is, itself or
    /// through what decorates it: `return create_note(request)`.
    pub(super) fn answered_by(
        &self,
        f: FuncRef<'p>,
        block: usize,
        depth: u32,
        out: &mut Vec<Check>,
    ) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        let Term::Return(Some(mut value)) = b.term else {
            return false;
        };
        if let Some(&Instr::Await { from, .. }) = f.made_by(value) {
            value = from;
        }
        let Some((callee, args)) = f.call_behind(value).filter(|_| depth < DEPTH) else {
            return false;
        };
        let called: Vec<FuncId> = self
            .origins
            .of_operand(f.id, callee)
            .iter()
            .filter_map(|&val| match self.origins.val(val) {
                Some(Val::Func(func)) if func != f.id => Some(func),
                _ => None,
            })
            .collect();
        if args.is_empty() || called.len() > 3 {
            return false;
        }
        let mut within = Vec::new();
        let decorated = called
            .iter()
            .find(|func| !self.origins.program.func(**func).func.decorators.is_empty());
        match (decorated, called.as_slice()) {
            (Some(&inner), _) => {
                for stage in crate::decoration::decorators(self.origins, inner) {
                    match stage {
                        Stage::Wraps(wrapper, next) => {
                            self.read(wrapper, Pass::Wraps, Some(next), depth + 1, &mut within);
                        }
                        Stage::Package(path) => {
                            for (_, row) in self.origins.paths.rows(path) {
                                if let Role::Guard { kind, .. } = &row.role
                                    && let Some(kind) = super::known(kind)
                                {
                                    let why = format!(
                                        "is answered by what `{}` guards",
                                        self.origins.paths.text(path)
                                    );
                                    let certain = row.when.is_none();
                                    let check = |kind| {
                                        Check::new(kind, f.id, b.term_span, why.clone(), certain)
                                    };
                                    within.push(check(kind));
                                    // Whoever has a role is known.
                                    within
                                        .extend((kind == "role").then(|| check("authentication")));
                                }
                            }
                        }
                        _ => {}
                    }
                }
                self.read(inner, Pass::Returns, None, depth + 1, &mut within);
            }
            (None, &[inner]) => {
                self.read(inner, Pass::Returns, None, depth + 1, &mut within);
            }
            _ => return false,
        }
        let asks = within
            .iter()
            .any(|c| c.certain && c.kind == "authentication");
        out.extend(within);
        asks
    }

    /// Whether a call gives the request, and what passes it on, to something of which nothing is known: `middleware(req, res, next)`.
    pub(super) fn hands_over(
        &self,
        f: FuncRef<'p>,
        callee: Operand,
        args: Range32,
        next: Option<(FuncId, LocalId)>,
    ) -> bool {
        let Some((owner, _)) = next else {
            return false;
        };
        let first = self.origins.program.func(owner).func.params.first();
        let request = first.map(|param| (owner, param.local));
        let mut args = f.func.args(args).iter();
        args.any(|arg| self.is_next(f, arg.value, request))
            && self
                .origins
                .of_operand(f.id, callee)
                .iter()
                .all(|val| !matches!(self.origins.val(*val), Some(Val::Api(_) | Val::Func(_))))
    }

    /// A function of the program that is given what passes requests on stands before the handler in the place of the one that calls it:
    /// `function login(req, res, next) { return this.auth.check(req, res, next) }`. Whether no request passes it without an identity.
    pub(super) fn passed_to(
        &self,
        f: FuncRef<'p>,
        callee: Operand,
        args: Range32,
        next: Option<(FuncId, LocalId)>,
        depth: u32,
        out: &mut Vec<Check>,
    ) -> bool {
        let mut given = f.func.args(args).iter();
        let Some(at) = given.position(|arg| self.is_next(f, arg.value, next)) else {
            return false;
        };
        let vals = self.origins.of_operand(f.id, callee).iter();
        let mut funcs = vals.filter_map(|val| match self.origins.val(*val) {
            Some(Val::Func(func)) => Some(func),
            _ => None,
        });
        match (funcs.next(), funcs.next()) {
            (Some(func), None) => self.read(func, Pass::Calls(at), None, depth + 1, out),
            _ => false,
        }
    }

    /// A call of something that never returns.
    pub(super) fn never_returns(&self, f: FuncRef<'p>, block: usize) -> bool {
        let Some(b) = f.func.blocks.get(block) else {
            return false;
        };
        f.func.block_instrs(b).any(|(_, instr)| {
            let Instr::Call { callee, flags, .. } = *instr else {
                return false;
            };
            if self.sent_by(f, callee).throws {
                return true;
            }
            self.origins.of_operand(f.id, callee).iter().any(|&val| {
                matches!(self.origins.val(val), Some(Val::Api(path))
                    if self.origins.paths.call_rows(path, flags.new).any(|(_, row)| row.role == Role::NoReturn))
            })
        })
    }
}

/// Whether a function gives a record by its name, and nobody who asks: `get_object_or_404`, `findOne`.
fn gets_record(name: &str) -> bool {
    let name = name.to_lowercase();
    let who = ["user", "session", "account", "identity"];
    ["get", "find", "load", "fetch", "query", "lookup"]
        .iter()
        .any(|verb| name.starts_with(verb))
        && !who.iter().any(|word| name.contains(word))
}

/// Branches of a function that the defaults of parameters decide which a call leaves out: `if optional: return None`.
fn by_default(caller: FuncRef<'_>, called: FuncRef<'_>, args: &[Arg]) -> Vec<(usize, bool)> {
    let spread = |arg: &Arg| matches!(arg.key, ArgKey::Spread | ArgKey::KeywordSpread);
    if called.file.facts.language != Language::Python || args.iter().any(spread) {
        return Vec::new();
    }
    let position = args.iter().filter(|arg| arg.key == ArgKey::Pos).count();
    let mut out = Vec::new();
    for (at, param) in called.func.params.iter().enumerate() {
        let name = param.name.map(|name| called.file.facts.str(name));
        let named = args.iter().any(
            |arg| matches!(arg.key, ArgKey::Keyword(key) if Some(caller.file.facts.str(key)) == name),
        );
        if at < position || !param.optional || named {
            continue;
        }
        let Some(truth) = default_of(called, param.local) else {
            continue;
        };
        for (index, block) in called.func.blocks.iter().enumerate() {
            let Term::Branch { cond, .. } = block.term else {
                continue;
            };
            if cond == Operand::Local(param.local) {
                out.push((index, truth));
            } else if let Some(Instr::Op {
                op: OpKind::Not,
                operands,
                ..
            }) = called.made_by(cond)
                && called.func.operands(*operands) == [Operand::Local(param.local)]
            {
                out.push((index, !truth));
            }
        }
    }
    out
}

/// Whether the default of a parameter, which nothing else is written to, counts as true.
fn default_of(f: FuncRef<'_>, param: LocalId) -> Option<bool> {
    let mut writers = f.writers(param);
    let (Some((_, Instr::Copy { from, .. })), None) = (writers.next(), writers.next()) else {
        return None;
    };
    let Operand::Const(id) = *from else {
        return None;
    };
    match *f.file.facts.constant(id) {
        Const::Null | Const::Undefined => Some(false),
        Const::Bool(truth) => Some(truth),
        _ => None,
    }
}
