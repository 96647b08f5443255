//! What a query asks of a store, and what of whom it depends on.

use super::query::argument;
use super::repository::{self, Written};
use super::walk::{THIN, Walk, place};
use super::{Query, fresh, key, owner, record, series};
use crate::model::Access;
use casemate_flow::program::FuncRef;
use casemate_ir::{Instr, Key, Operand, Range32};
use casemate_model::path::PortStep;

impl<'p> Walk<'_, 'p, '_> {
    pub(super) fn query(
        &mut self,
        f: FuncRef<'p>,
        query: &Query,
        this: Option<Operand>,
        args: Range32,
    ) {
        match query.op.as_str() {
            "delete" => self.made.deletes = true,
            "read" => {}
            _ => self.made.writes = true,
        }
        let object = key::object(self.origins, f, query, this, args);
        let object = repository::named_by_callers(self.origins, &self.frames, f, object);
        // What a session of SQLAlchemy collects is written at once.
        let callee = query
            .path
            .map(|path| self.origins.paths.text(path))
            .unwrap_or_default();
        let collected = callee.contains("session");
        if query.op != "read" && !object.is_empty() && !collected {
            let at = query.at;
            let object = object.clone();
            self.written.push((f.id, series::Written { at, object }));
        }
        let all = f.func.args(args);
        if matches!(query.op.as_str(), "write" | "create") {
            // By what a record is found is not stored.
            let key = query.key.as_ref().and_then(|port| argument(f, args, port));
            let stored = all.iter().filter(|arg| Some(arg.value) != key);
            self.made.takes |= stored
                .map(|arg| arg.value)
                .any(|value| self.roots(f.id, value).client);
        }
        if query.op == "read" {
            self.made.persons |= key::PERSONS.contains(&object.as_str());
        }
        self.passwords(f, query, args);
        if query.op != "read" {
            let named = self.named(f, args);
            let chosen = named.iter().find(|(name, func, value)| {
                let roots = || self.roots(*func, *value);
                key::is_privilege(name) && roots().client && !roots().principal
            });
            if let Some((name, func, _)) = chosen {
                let (site, func) = self.told_at(f, query.at, *func);
                self.made.privileges.insert((site, func, name.clone()));
            }
        }
        if query.op == "create" {
            self.made_for(f, query.at, &object, args);
            self.linked(f, query.at, args);
        }
        let personal = all.iter().any(|arg| self.roots(f.id, arg.value).principal);
        self.made.personal |= personal;
        // Of what is stored, that it says who stored it decides nothing.
        self.made.asks |= personal && matches!(query.op.as_str(), "read" | "delete");
        if query.key.is_none() && query.op != "create" {
            // `Order.query.filter(…).filter(…)`; who asks, where it was written into a record that is saved, decides nothing.
            let filtered =
                this.filter(|this| query.op == "read" || !record::is_found(self.origins, f, *this));
            // `db('orders').where('id', id).update({ closedBy: user.id })`: what is stored is no condition.
            let chained = query.op == "write"
                && query.sql.is_none()
                && filtered.is_some_and(|this| self.roots(f.id, this).client);
            let given = all.iter().filter(|_| !chained).map(|arg| arg.value);
            let roots = self.decides(f.id, given.chain(filtered));
            self.made.asks |= roots.principal;
        }
        if query.op == "delete" && query.key.is_none() {
            // `session.delete(order)`
            for arg in all {
                let names = self.roots(f.id, arg.value).names;
                self.made.changed.add(names);
            }
        }
        if query.op != "read" && query.key.is_none() && query.sql.is_none() {
            // `order.save()`, `session.add(self)`
            for value in all.iter().map(|arg| arg.value).chain(this) {
                let roots = self.roots(f.id, value);
                if roots.client && roots.called && record::is_found(self.origins, f, value) {
                    self.made.changed.add(roots.names);
                }
            }
        }
        if query.op == "create" || query.op != "read" && query.key.is_none() && query.sql.is_none()
        {
            return;
        }
        let chosen = match &query.key {
            Some(port) => {
                let Some(operand) = argument(f, args, port) else {
                    return;
                };
                let part = match port.steps.first() {
                    Some(PortStep::Member(name)) => {
                        key::member(f, operand, name).unwrap_or(operand)
                    }
                    _ => operand,
                };
                vec![part]
            }
            None => all.iter().map(|arg| arg.value).collect(),
        };
        let roots = self.decides(f.id, chosen.iter().copied());
        self.made.asks |= roots.principal;
        if roots.principal && !object.is_empty() {
            self.made.bound.insert(object.clone());
            let whose = |name: &str| owner::is_owner(name);
            let mut named = self.named(f, args).into_iter();
            if named.any(|(name, func, value)| whose(&name) && self.roots(func, value).identity) {
                self.owned.insert(object.clone());
            }
        }
        if !roots.client {
            return;
        }
        if roots.names.several() {
            self.tied.insert(roots.names);
        }
        if query.op == "read" && only_counted(f, query.at) {
            return;
        }
        let client = |operand| self.roots(f.id, operand).client;
        if fresh::all(self.origins, f, &chosen, &client) {
            return;
        }
        let mut keys = match query.key {
            // What is stored beside it chooses nothing.
            Some(_) => {
                let chosen = chosen.iter().map(|&value| (String::new(), value));
                key::names_of(f, chosen.collect(), &client)
            }
            None => key::names(f, query, args, &client),
        };
        if query.op != "read" && query.key.is_some() {
            self.made.changed.add(roots.names);
        }
        let (mut site, mut function, mut object) = (place(f, query.at), f.id, object);
        let mut handed = false;
        // The condition stands with who calls: there it lacks something.
        for param in repository::params_of(f, &chosen) {
            let written = repository::written_at(self.origins, &self.frames, f, param);
            let Some(Written {
                caller,
                at,
                members,
            }) = written
            else {
                continue;
            };
            let client = |operand| self.roots(caller.id, operand).client;
            let named = key::names_of(caller, members, &client);
            if named.is_empty() {
                continue;
            }
            keys.extend(named);
            handed = true;
            (site, function) = (place(caller, at), caller.id);
            if repository::says_nothing(&object) {
                object = repository::called_by(caller, at);
            }
        }
        keys.sort();
        keys.dedup();
        self.made.chosen.push(Access {
            site,
            function,
            op: query.op.clone(),
            object,
            key: keys,
            names: roots.names,
            handed,
            via: self.via,
            thin: f.func.instrs.len() <= THIN,
            callee,
        });
    }
}

/// Whether there are any, or how many, is all that is asked of what a query finds: `User.objects.filter(…).exists()`.
fn only_counted(f: FuncRef<'_>, at: usize) -> bool {
    let Some(to) = f.func.instrs.get(at).and_then(Instr::target) else {
        return false;
    };
    let found = Operand::Local(to);
    let mut asked = f.func.instrs.iter().filter_map(|instr| match *instr {
        Instr::Load { base, key, .. } if base == found => Some(match key {
            Key::Field(name) => f.file.facts.str(name),
            _ => "",
        }),
        _ => None,
    });
    let counts = |name| matches!(name, "exists" | "count" | "aexists" | "acount");
    asked.next().is_some_and(counts) && asked.all(counts)
}
