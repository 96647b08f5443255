//! A handler read together with the functions inside it and those that it calls, with what their parameters are given.

use super::query::query;
use super::repository::{self, Frame, Repositories};
use super::{form, given, record, series, shown};
use crate::decoration::{member_before, written_name};
use crate::guard::held::Bound;
use crate::guard::names::Names;
use crate::guard::root::{Known, Roots, Search};
use crate::limits;
use crate::model::{Access, Objects};
use crate::telling;
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_flow::symbol::Sym;
use casemate_ir::{Decorator, Instr, Key, Language, LocalId, OpKind, Operand, Term};
use casemate_model::row::Role;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Instructions of a function that does little more than to hand a key on to a query.
pub(super) const THIN: usize = 40;

/// One endpoint's functions, read together.
pub(super) struct Walk<'a, 'p, 'm> {
    pub(super) origins: &'a Solver<'p, 'm>,
    pub(super) set: &'a Known,
    pub(super) bound: Bound,
    /// What values depend on while parameters hold what they hold now.
    pub(super) depends: RefCell<FxHashMap<(FuncId, LocalId), Roots>>,
    pub(super) seen: FxHashSet<FuncId>,
    /// Functions that hand on what they are given.
    pub(super) repositories: &'a Repositories,
    /// The calls that are being followed, outermost first.
    pub(super) frames: Vec<Frame>,
    /// Functions that were read again for what another call gives them.
    pub(super) again: usize,
    /// Results of functions that are not known, asked about who asks and about nothing else.
    pub(super) answers: FxHashSet<(FuncId, LocalId)>,
    /// Kinds of records that are found under whose they are by who asks.
    pub(super) owned: BTreeSet<String>,
    /// The call of the handler that is being followed.
    pub(super) via: Option<Site>,
    pub(super) made: Objects,
    /// Names of the client that are held against each other by a record that is found by some of them.
    pub(super) tied: FxHashSet<Names>,
    /// What is kept on the objects that a framework hands from function to function: the member, and what it depends on.
    pub(super) handed: Vec<(Sym, Roots)>,
    /// Changes of records, by function.
    pub(super) written: Vec<(FuncId, series::Written)>,
}

impl<'a, 'p, 'm> Walk<'a, 'p, 'm> {
    pub(super) fn new(
        origins: &'a Solver<'p, 'm>,
        set: &'a Known,
        repositories: &'a Repositories,
    ) -> Self {
        Self {
            origins,
            set,
            bound: Bound::default(),
            depends: RefCell::default(),
            seen: FxHashSet::default(),
            repositories,
            frames: Vec::new(),
            again: 0,
            answers: FxHashSet::default(),
            owned: BTreeSet::new(),
            via: None,
            made: Objects::default(),
            tied: FxHashSet::default(),
            handed: Vec::new(),
            written: Vec::new(),
        }
    }

    /// One access for each query, however often it was read.
    pub(super) fn merge(&mut self) {
        let mut merged: Vec<Access> = Vec::new();
        for access in std::mem::take(&mut self.made.chosen) {
            match merged.iter_mut().find(|a| a.site == access.site) {
                Some(known) => {
                    known.names.add(access.names);
                    known.key.extend(access.key);
                    known.key.sort();
                    known.key.dedup();
                }
                None => merged.push(access),
            }
        }
        self.made.chosen = merged;
    }

    /// Whether a condition is such a result.
    fn is_answer(&self, f: FuncRef<'p>, cond: Operand) -> bool {
        let mut at = cond;
        for _ in 0..4 {
            let Operand::Local(local) = at else {
                return false;
            };
            if self.answers.contains(&(f.id, local)) {
                return true;
            }
            match f.writer(local).map(|made| made.1) {
                Some(Instr::Copy { from, .. } | Instr::Await { from, .. }) => at = *from,
                Some(Instr::Op {
                    op: OpKind::Not,
                    operands,
                    ..
                }) => match f.func.operands(*operands) {
                    [inner] => at = *inner,
                    _ => return false,
                },
                _ => return false,
            }
        }
        false
    }

    /// Who asks plays a part.
    pub(super) fn plays_a_part(&mut self, so: bool) {
        self.made.personal |= so;
        self.made.asks |= so;
    }

    /// Values that are looked at together: where one tells who asks, the others are seen beside it.
    pub(super) fn together(
        &mut self,
        func: FuncId,
        operands: impl IntoIterator<Item = Operand>,
    ) -> Roots {
        let mut all = Roots::default();
        for operand in operands {
            let mut roots = self.roots(func, operand);
            // `req.query.userId ?? req.user.id`: who says so is not held against who asks.
            if roots.principal && roots.client && self.chosen_instead(func, operand) {
                roots.principal = false;
            }
            all = all.and(roots);
        }
        if all.tells_who() {
            self.made.beside.add(all.names);
        }
        if all.client && all.names.several() {
            self.made.joined.insert(all.names);
        }
        all
    }

    /// The same, where it decides what happens: in a comparison, a condition, a query.
    pub(super) fn decides(
        &mut self,
        func: FuncId,
        operands: impl IntoIterator<Item = Operand>,
    ) -> Roots {
        let all = self.together(func, operands);
        if all.principal {
            self.made.decided.add(all.names);
        }
        all
    }

    /// In a comparison one side is a record that was found by one name, and the other one another name: `card.boardId !== boardId`.
    fn ties(&mut self, func: FuncId, operands: &[Operand]) {
        let sides = operands.iter().map(|operand| self.roots(func, *operand));
        let sides: Vec<Roots> = sides.collect();
        let all = sides.iter().copied().fold(Roots::default(), Roots::and);
        if sides.iter().all(|side| side.client) && all.called && all.names.several() {
            self.tied.insert(all.names);
        }
    }

    /// Parameters of a handler that its route names, and numbers that a framework reads from the query, hold what the client says.
    pub(super) fn of_route(&mut self, handler: FuncId, path: &str) {
        let f = self.origins.program.func(handler);
        for (at, param) in f.func.params.iter().enumerate() {
            let Some(name) = param.name.map(|name| f.file.facts.str(name)) else {
                continue;
            };
            let mut of_path = path.split(['/', '<', '>', '{', '}', ':', '(', ')']);
            let named = name.len() > 1
                && of_path.any(|part| part == name)
                && !self.filled_otherwise(f, &param.decorators);
            // `def one(order_id: int)` of FastAPI reads it from the query where the route does not name it.
            if named || self.origins.keys_of_client.contains(&(handler, at)) {
                self.bound.put(handler, param.local, client(name));
            }
        }
    }

    /// A decorator that names nothing fills a parameter with something else: `@CurrentUserId() id`.
    fn filled_otherwise(&self, f: FuncRef<'p>, decorators: &[Decorator]) -> bool {
        let around = f.parent().map(|parent| self.origins.program.func(parent));
        let Some(around) = around.filter(|f| f.file.facts.language == Language::JavaScript) else {
            return false;
        };
        !decorators.is_empty()
            && decorators.iter().all(|decorator| {
                let called = around.call_behind(decorator.value);
                called.is_some_and(|(_, args)| args.is_empty())
            })
    }

    pub(super) fn roots(&self, func: FuncId, operand: Operand) -> Roots {
        let Operand::Local(local) = operand else {
            return Roots::default();
        };
        if let Some(known) = self.depends.borrow().get(&(func, local)) {
            return *known;
        }
        let mut roots = Search::with(self.origins, self.set, Some(&self.bound), func, operand);
        // What proves once more who asks says nothing of whose a record is.
        roots.principal &= !roots.only_proves();
        self.depends.borrow_mut().insert((func, local), roots);
        roots
    }

    pub(super) fn function(&mut self, func: FuncId, depth: u32) {
        if self.seen.contains(&func) {
            return;
        }
        if depth > limits::OBJECT_DEPTH || self.seen.len() >= limits::OBJECT_FUNCTIONS {
            // What is further away is not read: somebody may be asked there who it is.
            self.plays_a_part(self.seen.len() >= limits::OBJECT_FUNCTIONS);
            return;
        }
        self.seen.insert(func);
        let f = self.origins.program.func(func);
        for (at, instr) in f.func.instrs.iter().enumerate() {
            match *instr {
                Instr::Closure { func: inner, to } => {
                    let inner = f.sibling(inner);
                    let closure = self.origins.program.func(inner);
                    if shown::leaves_out(f, closure, Operand::Local(to)) {
                        continue;
                    }
                    self.function(inner, depth);
                }
                Instr::Op {
                    op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
                    operands,
                    ..
                } => {
                    let operands = f.func.operands(operands);
                    self.ties(func, operands);
                    let roots = self.decides(func, operands.iter().copied());
                    // `session is None` asks whether somebody is known, not who.
                    let presence = operands
                        .iter()
                        .any(|&operand| crate::guard::is_nothing(f, operand))
                        && is_presence(roots);
                    self.made.known |= roots.principal;
                    self.plays_a_part(roots.principal && !presence);
                    self.made.checked |= roots.client;
                }
                Instr::Call { .. } => {
                    if depth == 0 {
                        let span = f.func.spans.get(at).copied().unwrap_or_default();
                        let file = f.file_idx;
                        self.via = Some(Site { file, span });
                    }
                    self.call(f, at, depth);
                }
                Instr::Store {
                    base,
                    key: Key::Field(name),
                    value,
                } => {
                    self.keep(f, base, name, value);
                    self.store(f, at, base, f.file.facts.str(name), value);
                }
                _ => {}
            }
        }
        // Calls say what the functions that conditions ask are given.
        for block in &f.func.blocks {
            if let Term::Branch { cond, yes, no } = block.term {
                // Who sees more on a page is not asked who it is for the sake of the record.
                if shown::only_shows(f, yes, no) {
                    self.made.known |= self.roots(func, cond).principal;
                    continue;
                }
                let roots = self.decides(func, [cond]);
                // A function that is asked about somebody alone may know of what.
                let answer = self.is_answer(f, cond);
                self.made.known |= roots.principal;
                self.plays_a_part(roots.principal && (answer || !is_presence(roots)));
                self.made.checked |= roots.client;
                self.made.asked |= roots.principal && answer;
                if roots.principal && roots.client {
                    self.made.related.insert(Site {
                        file: f.file_idx,
                        span: block.term_span,
                    });
                }
            }
        }
        self.series(f);
    }

    /// Changes of different records that follow each other in one function.
    fn series(&mut self, f: FuncRef<'p>) {
        self.made.together |= series::together(f);
        let (mine, others) = std::mem::take(&mut self.written)
            .into_iter()
            .partition(|(func, _)| *func == f.id);
        self.written = others;
        let mine: Vec<series::Written> = mine.into_iter().map(|(_, written)| written).collect();
        if f.func.instrs.len() <= limits::READ_INSTRS
            && let Some(site) = series::second(f, &mine)
        {
            self.made.series.insert((site, f.id));
        }
    }

    fn call(&mut self, f: FuncRef<'p>, at: usize, depth: u32) {
        let Some(&Instr::Call {
            callee, this, args, ..
        }) = f.func.instrs.get(at)
        else {
            return;
        };
        if let Some(query) = query(self.origins, f, at, callee, args) {
            self.query(f, &query, this, args);
            return;
        }
        // Whoever is told of in a log is no part of a check.
        if member_before(f, callee, at)
            .or_else(|| written_name(f, callee))
            .is_some_and(telling::records)
        {
            return;
        }
        self.made_record(f, at, callee, args);
        self.saved_form(f, at, callee);
        self.filled(f, at, callee, args);
        self.made.validated |= member_before(f, callee, at)
            .map(str::to_ascii_lowercase)
            .is_some_and(|name| name.contains("valid") && !name.contains("invalid"));
        let mut entered = false;
        let given = given::callees(self.origins, &self.frames, f, callee);
        let inner = given.unwrap_or_else(|| repository::callees(self.origins, f.id, at, callee));
        for inner in inner {
            let frame = Frame {
                callee: inner,
                caller: f.id,
                at,
            };
            self.frames.push(frame);
            let mut read = true;
            if self.again < limits::OBJECT_FUNCTIONS && self.writes_out(inner) {
                self.again += 1;
                self.repository(f, inner, args, depth);
            } else {
                let more = self.bind(f, inner, args);
                if more && self.again < limits::OBJECT_FUNCTIONS && self.seen.remove(&inner) {
                    self.again += 1;
                }
                read = !more || !self.seen.contains(&inner);
                self.function(inner, depth + 1);
            }
            self.frames.pop();
            // What was not read for what it is given now may have asked about that.
            entered |= read && depth < limits::OBJECT_DEPTH && self.seen.contains(&inner);
        }
        for &val in self.origins.of_operand(f.id, callee) {
            if let Some(Val::Api(path)) = self.origins.val(val) {
                entered |= self.origins.paths.known(path);
                self.effects(path);
            }
        }
        if !entered && let Some(method) = record::method(self.origins, f, at, callee, this) {
            let mut more = self.bind(f, method, args);
            // What the record was found by is what its method changes, or looks at.
            if let (Some(this), Some(own)) = (this, self.origins.program.func(method).func.this) {
                let roots = self.roots(f.id, this);
                more |= self.hold(method, own, roots);
            }
            if more && self.again < limits::OBJECT_FUNCTIONS && self.seen.remove(&method) {
                self.again += 1;
            }
            self.function(method, depth + 1);
            entered = depth < limits::OBJECT_DEPTH;
        }
        // Who asks is given to something that is not known: a policy, maybe.
        if !entered {
            let args = f.func.args(args).iter().map(|arg| arg.value);
            let tells = member_before(f, callee, at)
                .or_else(|| written_name(f, callee))
                .is_some_and(telling::tells)
                || form::is_blind(self.origins, f, callee, at);
            for arg in args.clone() {
                let roots = self.roots(f.id, arg);
                self.plays_a_part(roots.principal && !tells);
                self.made.handed |= roots.client;
            }
            self.made.open = true;
            if tells {
                return;
            }
            let roots = self.together(f.id, args.chain(this));
            if let Some(to) = f.func.instrs.get(at).and_then(Instr::target)
                && roots.principal
                && roots.names.is_empty()
            {
                self.answers.insert((f.id, to));
            }
        }
    }

    /// What a call of a package does to files, and whether it validates.
    fn effects(&mut self, path: PathId) {
        for (_, row) in self.origins.paths.call_rows(path, false) {
            self.made.validated |= matches!(row.role, Role::Schema(_) | Role::Test { .. });
            if let Role::Sink { kind, .. } = &row.role {
                match self.origins.paths.models().kinds().sink_name(*kind) {
                    "path.delete" => self.made.deletes = true,
                    "path.write" => self.made.writes = true,
                    "mail.header" | "mail.body" => self.made.mails = true,
                    _ => {}
                }
            }
        }
    }
}

/// The place of an instruction.
pub(super) fn place(f: FuncRef<'_>, at: usize) -> Site {
    Site {
        file: f.file_idx,
        span: f.func.spans.get(at).copied().unwrap_or_default(),
    }
}

/// Whether a condition is about somebody being known, and about nothing of them.
fn is_presence(roots: Roots) -> bool {
    roots.principal && !roots.attribute && !roots.client && roots.names.is_empty()
}

fn client(name: &str) -> Roots {
    Roots {
        client: true,
        names: Names::of(name),
        ..Roots::default()
    }
}
