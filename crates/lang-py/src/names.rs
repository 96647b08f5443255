//! Which names a function or module binds, read before its code is lowered: a name bound anywhere in it is its own everywhere in it.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_pattern};
use ruff_python_ast::{Expr, Pattern, Stmt};
use rustc_hash::FxHashSet;

/// The names of one body.
#[derive(Default)]
pub(crate) struct Names<'a> {
    /// Bound names in order of their first binding.
    pub(crate) bound: Vec<&'a str>,
    /// Names bound more than once, or in ways that may run more than once.
    pub(crate) rebound: FxHashSet<&'a str>,
    /// Declared `global`.
    pub(crate) globals: FxHashSet<&'a str>,
    /// Declared `nonlocal`.
    pub(crate) nonlocals: FxHashSet<&'a str>,
    known: FxHashSet<&'a str>,
    walrus: bool,
    loops: u32,
}

impl<'a> Names<'a> {
    /// The names that statements bind; `walrus`: the file has `:=`, so that expressions are read too.
    pub(crate) fn of(body: &'a [Stmt], walrus: bool) -> Self {
        let mut names = Self {
            walrus,
            ..Self::default()
        };
        names.statements(body);
        names
    }

    /// The names that an expression binds.
    pub(crate) fn of_expr(expr: &'a Expr, walrus: bool) -> Self {
        let mut names = Self {
            walrus,
            ..Self::default()
        };
        names.expr(expr);
        names
    }

    fn bind(&mut self, name: &'a str) {
        let again = !self.known.insert(name);
        if !again {
            self.bound.push(name);
        }
        if again || self.loops > 0 {
            self.rebound.insert(name);
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        if self.walrus {
            self.visit_expr(expr);
        }
    }

    fn target(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => self.bind(&name.id),
            Expr::Tuple(t) => t.elts.iter().for_each(|e| self.target(e)),
            Expr::List(l) => l.elts.iter().for_each(|e| self.target(e)),
            Expr::Starred(s) => self.target(&s.value),
            other => self.expr(other),
        }
    }

    fn statements(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn repeated(&mut self, body: &'a [Stmt]) {
        self.loops += 1;
        self.statements(body);
        self.loops -= 1;
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(f) => {
                self.bind(&f.name.id);
                f.decorator_list
                    .iter()
                    .for_each(|d| self.expr(&d.expression));
            }
            Stmt::ClassDef(c) => {
                self.bind(&c.name.id);
                c.decorator_list
                    .iter()
                    .for_each(|d| self.expr(&d.expression));
            }
            Stmt::Return(r) => r.value.iter().for_each(|v| self.expr(v)),
            Stmt::Delete(d) => d.targets.iter().for_each(|t| self.target(t)),
            Stmt::TypeAlias(t) => self.target(&t.name),
            Stmt::Assign(a) => {
                self.expr(&a.value);
                a.targets.iter().for_each(|t| self.target(t));
            }
            Stmt::AugAssign(a) => {
                self.expr(&a.value);
                self.target(&a.target);
                if let Expr::Name(name) = &*a.target {
                    self.rebound.insert(&name.id);
                }
            }
            Stmt::AnnAssign(a) => {
                a.value.iter().for_each(|v| self.expr(v));
                self.target(&a.target);
            }
            Stmt::For(f) => {
                self.expr(&f.iter);
                self.loops += 1;
                self.target(&f.target);
                self.loops -= 1;
                self.repeated(&f.body);
                self.statements(&f.orelse);
            }
            Stmt::While(w) => {
                self.expr(&w.test);
                self.repeated(&w.body);
                self.statements(&w.orelse);
            }
            Stmt::If(i) => {
                self.expr(&i.test);
                self.statements(&i.body);
                for clause in &i.elif_else_clauses {
                    clause.test.iter().for_each(|t| self.expr(t));
                    self.statements(&clause.body);
                }
            }
            Stmt::With(w) => {
                for item in &w.items {
                    self.expr(&item.context_expr);
                    item.optional_vars.iter().for_each(|v| self.target(v));
                }
                self.statements(&w.body);
            }
            Stmt::Match(m) => {
                self.expr(&m.subject);
                for case in &m.cases {
                    self.visit_pattern(&case.pattern);
                    case.guard.iter().for_each(|g| self.expr(g));
                    self.statements(&case.body);
                }
            }
            Stmt::Raise(r) => r.exc.iter().chain(&r.cause).for_each(|e| self.expr(e)),
            Stmt::Try(t) => {
                self.statements(&t.body);
                for handler in &t.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(h) = handler;
                    h.name.iter().for_each(|n| self.bind(&n.id));
                    self.statements(&h.body);
                }
                self.statements(&t.orelse);
                self.statements(&t.finalbody);
            }
            Stmt::Assert(a) => {
                self.expr(&a.test);
                a.msg.iter().for_each(|m| self.expr(m));
            }
            Stmt::Import(i) => {
                for alias in &i.names {
                    let name = alias.asname.as_ref().map_or_else(
                        || alias.name.id.split('.').next().unwrap_or_default(),
                        |n| n.id.as_str(),
                    );
                    self.bind(name);
                }
            }
            Stmt::ImportFrom(i) => {
                for alias in i.names.iter().filter(|a| a.name.id != "*") {
                    self.bind(&alias.asname.as_ref().unwrap_or(&alias.name).id);
                }
            }
            Stmt::Global(g) => self.globals.extend(g.names.iter().map(|n| n.id.as_str())),
            Stmt::Nonlocal(n) => self.nonlocals.extend(n.names.iter().map(|n| n.id.as_str())),
            Stmt::Expr(e) => self.expr(&e.value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Named(n) => {
                if let Expr::Name(name) = &*n.target {
                    self.bind(&name.id);
                    self.rebound.insert(&name.id);
                }
                self.visit_expr(&n.value);
            }
            // A lambda has names of its own.
            Expr::Lambda(_) => {}
            other => walk_expr(self, other),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(p) => p.name.as_ref(),
            Pattern::MatchStar(p) => p.name.as_ref(),
            Pattern::MatchMapping(p) => p.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(&name.id);
        }
        walk_pattern(self, pattern);
    }
}

/// All names that functions inside some statements declare `global`.
pub(crate) fn declared_global(body: &[Stmt]) -> Vec<&str> {
    struct Finder<'a>(Vec<&'a str>);
    impl<'a> Visitor<'a> for Finder<'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if let Stmt::Global(g) = stmt {
                self.0.extend(g.names.iter().map(|n| n.id.as_str()));
            }
            ruff_python_ast::visitor::walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut finder = Finder(Vec::new());
    for stmt in body {
        finder.visit_stmt(stmt);
    }
    finder.0
}
