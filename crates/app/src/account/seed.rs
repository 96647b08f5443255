//! Accounts whose names and passwords stand in the code.

use super::rule::Reader;
use super::words::{self, has, holds};
use casemate_ir::{ArgKey, Instr, Operand, Range32, Span};

impl Reader<'_, '_, '_> {
    /// A password that stands in the code, as it is or hashed.
    pub(super) fn is_literal_password(&self, operand: Operand) -> bool {
        let literal = |o: Operand| {
            self.text(o).is_some_and(|t| {
                t.len() > 1 && t.len() < 80 && !t.contains([' ', '{', '<', '$', '*'])
            })
        };
        if literal(operand) {
            return !self.text(operand).is_some_and(|t| {
                [
                    "string", "password", "text", "varchar", "required", "hidden", "String",
                ]
                .contains(&t)
            });
        }
        let mut at = operand;
        for _ in 0..3 {
            match self.def(at) {
                Some(&Instr::Await { from, .. } | &Instr::Copy { from, .. }) => at = from,
                Some(&Instr::Call { callee, args, .. }) => {
                    let hashes = self
                        .name(callee)
                        .is_some_and(|n| holds(&n, &["hash", "makepassword", "crypt"]));
                    return hashes
                        && self
                            .f
                            .func
                            .args(args)
                            .first()
                            .is_some_and(|a| literal(a.value));
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether the object that stands here is made into a record: given to what makes some, alone or in a list.
    pub(super) fn is_made_record(&self, span: Span) -> bool {
        let f = self.f;
        f.func
            .instrs
            .iter()
            .zip(&f.func.spans)
            .any(|(instr, around)| {
                let Instr::Call { callee, args, .. } = *instr else {
                    return false;
                };
                let makes = self.name(callee).is_some_and(|n| {
                    has(
                        &n,
                        &[
                            "create", "insert", "upsert", "save", "register", "seed", "add",
                            "build", "bulk", "find",
                        ],
                    ) && !has(&n, &["listener", "event", "find"])
                        || holds(
                            &n,
                            &["findorcreate", "insertmany", "insertone", "bulkcreate"],
                        )
                        || ["user", "account", "admin", "member"].contains(&&*n)
                });
                let inside = around.start <= span.start && span.end <= around.end;
                makes
                    && (inside
                        || f.func
                            .args(args)
                            .iter()
                            .any(|a| self.leads_to(a.value, span)))
            })
    }

    pub(super) fn leads_to(&self, operand: Operand, span: Span) -> bool {
        let mut at = operand;
        for _ in 0..4 {
            let Some(here) = self.span_of(at) else {
                return false;
            };
            if here.start <= span.start && span.end <= here.end {
                return true;
            }
            match self.def(at) {
                Some(&Instr::Copy { from, .. }) => at = from,
                _ => return false,
            }
        }
        false
    }

    /// `User(name='admin', password='…')`, `create_superuser('admin', 'a@b.example', '…')`, `INSERT INTO users …`
    pub(super) fn default_account(&mut self, method: &str, args: Range32, span: Span) {
        let all = self.f.func.args(args);
        let mut named = false;
        let mut literal = false;
        for arg in all {
            let ArgKey::Keyword(name) = arg.key else {
                continue;
            };
            let name = words::plain(self.str(name));
            named |= has(&name, &["username", "email", "login", "user", "name"])
                && self.text(arg.value).is_some_and(|t| !t.is_empty());
            literal |= words::is_password(&name) && self.is_literal_password(arg.value);
        }
        let makes = [
            "user",
            "account",
            "admin",
            "member",
            "create",
            "create_user",
            "create_superuser",
            "get_or_create",
            "update_or_create",
        ]
        .contains(&method);
        let positional = ["create_superuser", "create_user"].contains(&method)
            && all.len() >= 3
            && all
                .iter()
                .take(3)
                .all(|a| matches!(a.key, ArgKey::Pos) && self.text(a.value).is_some());
        let sql = all
            .first()
            .and_then(|a| self.text(a.value))
            .is_some_and(inserts_account);
        if makes && named && literal || positional || sql {
            self.tell("account.default", span, "an account".to_owned(), vec![]);
        }
    }
}

/// `INSERT INTO users (name, password) VALUES ('admin', '…')`: nothing is filled in.
fn inserts_account(text: &str) -> bool {
    let text = text.to_lowercase();
    let Some((head, values)) = text.split_once("values") else {
        return false;
    };
    let table = ["user", "account", "member", "admin", "customer", "login"];
    head.contains("insert into")
        && head.split("insert into").nth(1).is_some_and(|t| {
            let name = t.split('(').next().unwrap_or_default();
            table.iter().any(|word| name.contains(word)) && t.contains("pass")
        })
        && values.contains('\'')
        && !values.contains(['?', '$', '%', '{', ':', '@'])
}
