//! Fields of records that a client fills: passwords, what somebody may do, whose a record is.

use super::{Query, Walk, key, owner, place, repository, sql};
use crate::decoration::member_before;
use crate::model::Link;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Operand, Range32};

impl<'p> Walk<'_, 'p, '_> {
    /// A password of the client that takes part in a query, or is stored, as it came.
    pub(super) fn passwords(&mut self, f: FuncRef<'p>, query: &Query, args: Range32) {
        let plain = |func: FuncId, operand: Operand| {
            let roots = self.roots(func, operand);
            roots.client && !roots.hashed
        };
        let named = self.named(f, args);
        let mut found = named
            .iter()
            .any(|(name, func, value)| key::is_password(name) && plain(*func, *value));
        if let Some(text) = &query.sql
            && query.op != "read"
            && text.to_lowercase().contains("password")
        {
            let mut pieces = Vec::new();
            for arg in f.func.args(args) {
                sql::pieces_of(f, arg.value, 0, &mut pieces);
            }
            found |= pieces.iter().any(|piece| {
                key::variable(f, *piece).is_some_and(key::is_password) && plain(f.id, *piece)
            });
        }
        if let Some(text) = &query.sql
            && query.op == "read"
            && sql::columns(text).iter().any(|name| key::is_password(name))
        {
            found |= f.func.args(args).iter().any(|arg| plain(f.id, arg.value));
        }
        if found {
            self.made.passwords.insert((
                Site {
                    file: f.file_idx,
                    span: f.func.spans.get(query.at).copied().unwrap_or_default(),
                },
                f.id,
            ));
        }
    }

    /// `user.role = req.body.role`
    pub(super) fn store(
        &mut self,
        f: FuncRef<'p>,
        at: usize,
        base: Operand,
        name: &str,
        value: Operand,
    ) {
        let held = self.roots(f.id, base);
        if held.called {
            self.made.changed.add(held.names);
        }
        if !key::is_privilege(name) || crate::guard::root::is_request(self.origins, f.id, base) {
            return;
        }
        let roots = self.roots(f.id, value);
        if roots.client && !roots.principal {
            let span = f.func.spans.get(at).copied().unwrap_or_default();
            let site = Site {
                file: f.file_idx,
                span,
            };
            self.made.privileges.insert((site, f.id, name.to_owned()));
        }
    }

    /// A record that is made of what the client says: `User(password=request.form['password'])`.
    pub(super) fn made_record(
        &mut self,
        f: FuncRef<'p>,
        at: usize,
        callee: Operand,
        args: Range32,
    ) {
        let record =
            self.origins
                .of_operand(f.id, callee)
                .iter()
                .any(|&val| match self.origins.val(val) {
                    Some(Val::Class(class)) => key::is_record(self.origins, class),
                    Some(Val::Api(path)) => {
                        let models = ["py:django.contrib.auth", "npm:mongoose.model()"];
                        let text = self.origins.paths.text(path);
                        models.iter().any(|m| text.starts_with(m)) && !text.contains("hash")
                    }
                    _ => false,
                });
        if !record {
            return;
        }
        let named = self.named(f, args);
        let client = |func: FuncId, operand: Operand| {
            let roots = self.roots(func, operand);
            (roots.client && !roots.principal, roots.hashed)
        };
        let chosen = named
            .iter()
            .find(|(name, func, value)| key::is_privilege(name) && client(*func, *value).0);
        let found = named.iter().any(|(name, func, value)| {
            key::is_password(name) && client(*func, *value) == (true, false)
        });
        if let Some((name, func, _)) = chosen {
            let (site, func) = self.told_at(f, at, *func);
            self.made.privileges.insert((site, func, name.clone()));
        }
        if found {
            self.made.passwords.insert((
                Site {
                    file: f.file_idx,
                    span: f.func.spans.get(at).copied().unwrap_or_default(),
                },
                f.id,
            ));
        }
    }

    /// A client says whose the record is that is made: `Note.create({ text, userId: req.body.userId })`.
    pub(super) fn made_for(&mut self, f: FuncRef<'p>, at: usize, object: &str, args: Range32) {
        if !owner::belongs_to_maker(object) {
            return;
        }
        let named = self.named(f, args);
        let chosen = named.iter().find(|(name, func, value)| {
            let roots = || self.roots(*func, *value);
            owner::is_owner(name) && roots().client && !roots().principal
        });
        if let Some((name, func, _)) = chosen {
            let (site, func) = self.told_at(f, at, *func);
            self.made.owners.insert((site, func, name.clone()));
        }
    }

    /// Fields of a new record that the client alone fills: `Comment.create({ postId: req.body.postId })`.
    pub(super) fn linked(&mut self, f: FuncRef<'p>, at: usize, args: Range32) {
        for (field, func, value) in self.named(f, args) {
            let roots = self.roots(func, value);
            if roots.client && !roots.principal && !roots.names.is_empty() {
                let (site, function) = self.told_at(f, at, func);
                let names = roots.names;
                self.made.links.insert(Link {
                    site,
                    function,
                    field,
                    names,
                });
            }
        }
    }

    /// A form stores what the client filled in, whose the record is included: `form.save()`.
    pub(super) fn saved_form(&mut self, f: FuncRef<'p>, at: usize, callee: Operand) {
        if member_before(f, callee, at) != Some("save") {
            return;
        }
        let form = f.read_off(callee);
        let field = form.and_then(|form| owner::of_form(self.origins, f, form));
        if let Some(field) = field {
            self.made.owners.insert((place(f, at), f.id, field));
        }
    }

    /// What a call is given under names, with what those who call the function around it give it there.
    pub(super) fn named(&self, f: FuncRef<'p>, args: Range32) -> Vec<(String, FuncId, Operand)> {
        let mut out = key::named(self.origins, f, args);
        let values: Vec<Operand> = f.func.args(args).iter().map(|arg| arg.value).collect();
        for param in repository::params_of(f, &values) {
            let written = repository::written_at(self.origins, &self.frames, f, param);
            if let Some(written) = written {
                let members = written.members.into_iter();
                out.extend(members.map(|(name, value)| (name, written.caller.id, value)));
            }
        }
        out
    }

    /// The place of a field that is filled: the call in the function that names it, where another one is called with it.
    pub(super) fn told_at(&self, f: FuncRef<'p>, at: usize, names: FuncId) -> (Site, FuncId) {
        let named = self.frames.iter().rev().find(|frame| frame.caller == names);
        match named.filter(|_| names != f.id) {
            Some(frame) => {
                let caller = self.origins.program.func(names);
                (place(caller, frame.at), names)
            }
            None => (place(f, at), f.id),
        }
    }
}
