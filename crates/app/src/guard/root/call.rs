//! What the result of a call depends on: what a library says of it, what a function of the program gives back, what it was given.

use super::place::{is_said, is_truth};
use super::{ORIGIN, Search, Trail, WHO, filled, is_request, network};
use crate::guard::{names::Names, reading};
use casemate_flow::origin::{Val, ValId};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Operand, Range32, Term};

impl<'p> Search<'_, 'p, '_> {
    pub(super) fn call(
        &mut self,
        f: FuncRef<'p>,
        callee: Operand,
        this: Option<Operand>,
        args: Range32,
        trail: Trail,
        depth: u32,
    ) {
        let written = crate::decoration::written_name(f, callee).unwrap_or_default();
        let mut trail = trail;
        // `form.get('id')`
        if reading::reads(written)
            && let Some(Operand::Const(id)) = f.func.args(args).first().map(|arg| arg.value)
            && let casemate_ir::Const::Str(name) = f.file.facts.constant(id)
        {
            let name = f.file.facts.str(*name);
            trail.name = Names::of(name);
            // `req.get('origin')`: which page sent it is no credential.
            if ORIGIN.contains(&name.to_lowercase().as_str()) {
                self.found.origin = true;
                self.found.client = true;
                return;
            }
            if network::is(name) {
                self.found.network = true;
                return;
            }
            // `c.get('user')`, which the program sets from credentials.
            if written == "get"
                && self.set.learned.members.contains(name)
                && this.is_some_and(|this| {
                    is_request(self.origins, f.id, this) && !is_said(self.origins, f.id, this)
                })
            {
                self.principal(trail, 0);
                return;
            }
        }
        // `requestIp.getClientIp(req)`
        if network::gives(written) && !self.is_of_program(f, callee) {
            self.found.network = true;
            return;
        }
        // What those answer who are told of something says nothing of it.
        if crate::telling::tells(written) && !self.is_of_program(f, callee) {
            self.found.called = true;
            return;
        }
        // What tells by its name who asks, however it finds out.
        if f.file.facts.language == casemate_ir::Language::Python && WHO.contains(&written) {
            self.principal(trail, 0);
            return;
        }
        // What is asked of the principal itself: `req.isAuthenticated()`, `user.can('x')`.
        if let Operand::Local(local) = callee {
            self.local(f.id, local, trail, depth);
        }
        self.found.hashed |= self.may_hash(f, callee);
        let parses = reading::parses(written, f.func.args(args).iter().all(is_constant));
        let through = Trail {
            called: true,
            // What was read off the result is read off whatever the call made of its arguments.
            members: trail.members + 1,
            // What is looked up has names of its own; what is parsed keeps those of its members.
            name: if parses { trail.name } else { Names::default() },
            ..trail
        };
        if let Some(this) = this {
            self.operand(f.id, this, trail, depth);
        }
        let before = self.found.names;
        let vals = self.origins.of_operand(f.id, callee).iter();
        let within: Vec<FuncId> = vals
            .filter_map(|&val| match self.origins.val(val) {
                Some(Val::Func(func)) => Some(func),
                _ => None,
            })
            .take(2)
            .collect();
        // `user = validate_auth_header()`, which refuses whoever it does not find by what the request shows.
        if f.file.facts.language == casemate_ir::Language::Python
            && let [func] = within.as_slice()
            && filled::names_who(written)
            && self.finds_who(*func)
        {
            self.principal(trail, 0);
            return;
        }
        for &func in &within {
            let inner = self.origins.program.func(func);
            let mut decides = false;
            for block in &inner.func.blocks {
                if let Term::Return(Some(value)) = block.term {
                    self.operand(func, value, through, depth);
                    decides |= is_truth(inner, value);
                }
            }
            // `if user.may(x): return True; return False`
            for block in inner.func.blocks.iter().filter(|_| decides) {
                if let Term::Branch { cond, .. } = block.term {
                    self.operand(func, cond, through, depth);
                }
            }
        }
        // Where the function's result shows on which names it depends, what else it is given says nothing.
        let names = Some(self.found.names).filter(|names| *names != before);
        let asked = match within.as_slice() {
            [func] => super::super::slice::params(self.origins.program.func(*func)),
            _ => None,
        };
        for (at, arg) in f.func.args(args).iter().enumerate() {
            // What the answer does not depend on is only written down there: who changed it last.
            let unasked = asked.as_ref().and_then(|asked| asked.get(at)) == Some(&false);
            if unasked && arg.key == ArgKey::Pos {
                continue;
            }
            let constant = matches!(arg.value, Operand::Const(id)
                if matches!(f.file.facts.constant(id), casemate_ir::Const::Str(s)
                    if ORIGIN.contains(&f.file.facts.str(*s).to_lowercase().as_str())));
            self.found.origin |= constant;
            self.operand(f.id, arg.value, through, depth);
        }
        if let Some(names) = names {
            self.found.names = names;
        }
        // What is parsed has no name as a whole: its members have.
        if parses && trail.name.is_empty() {
            self.found.names = before;
        }
    }

    /// Whether a function of the program may be called.
    fn is_of_program(&self, f: FuncRef<'p>, callee: Operand) -> bool {
        let vals = self.origins.of_operand(f.id, callee);
        let func = |val: &ValId| matches!(self.origins.val(*val), Some(Val::Func(_)));
        vals.iter().any(func)
    }

    /// Whether what is called hashes, or may: functions of the program and those of which nothing is known.
    fn may_hash(&self, f: FuncRef<'p>, callee: Operand) -> bool {
        let vals = self.origins.of_operand(f.id, callee);
        let mut paths = vals.iter().filter_map(|&val| match self.origins.val(val) {
            Some(Val::Api(path)) => Some(self.set.told(self.origins, path).hashes),
            _ => None,
        });
        match paths.next() {
            Some(hashes) => hashes || paths.any(|hashes| hashes),
            None => true,
        }
    }
}

fn is_constant(arg: &casemate_ir::Arg) -> bool {
    matches!(arg.value, Operand::Const(_))
}
