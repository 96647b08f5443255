//! Accounts whose names and passwords stand in the code.

use super::own::definitions;
use super::rule::Reader;
use super::words::{self, has, holds};
use casemate_ir::{ArgKey, FnId, Instr, Operand, Range32, Span, VarRef};

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

    /// Whether the object that stands here is made into a record: given to what makes some, alone, in a list, or by a loop over one.
    pub(super) fn is_made_record(&self, span: Span) -> bool {
        let f = self.f;
        let row = |o: Operand| self.leads_to(o, span);
        let here = f
            .func
            .instrs
            .iter()
            .zip(&f.func.spans)
            .any(|(instr, around)| {
                let Instr::Call { callee, args, .. } = *instr else {
                    return false;
                };
                let inside = around.start <= span.start && span.end <= around.end;
                self.makes_record(callee)
                    && (inside || f.func.args(args).iter().any(|a| row(a.value)))
            });
        here || self.each_is_made(span) || self.is_made_elsewhere(span)
    }

    /// Whether the list that stands here is kept in a variable of the module, of which some function of the file makes accounts:
    /// `usersCol.insertMany(USERS)`.
    fn is_made_elsewhere(&self, list: Span) -> bool {
        let kept = |instr: &Instr| match *instr {
            Instr::StoreVar {
                var: VarRef::Global(global),
                value,
            } if self.leads_to(value, list) => Some(global),
            _ => None,
        };
        let Some(global) = self.f.func.instrs.iter().find_map(kept) else {
            return false;
        };
        let functions = 0..self.f.file.facts.functions.len();
        let mut functions = functions.map(|at| self.f.sibling(FnId::from(at)));
        functions.any(|func| {
            let f = self.book.origins.program.func(func);
            let inner = Reader {
                book: self.book,
                f,
                made: definitions(f),
                out: Vec::new(),
            };
            let is_list = |arg: Operand| {
                matches!(inner.def(arg), Some(Instr::LoadVar { var: VarRef::Global(read), .. }) if *read == global)
            };
            f.func.instrs.iter().any(|instr| match *instr {
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let mut given = f.func.args(args).iter();
                    given.any(|arg| is_list(arg.value)) && inner.makes_account(callee, this, args)
                }
                _ => false,
            })
        })
    }

    /// Whether what is called makes a record of anything, by its name.
    fn makes_record(&self, callee: Operand) -> bool {
        self.name(callee).is_some_and(|n| {
            has(
                &n,
                &[
                    "create", "insert", "upsert", "save", "register", "seed", "add", "build",
                    "bulk", "find",
                ],
            ) && !has(&n, &["listener", "event", "find"])
                || holds(
                    &n,
                    &["findorcreate", "insertmany", "insertone", "bulkcreate"],
                )
                || ["user", "account", "admin", "member"].contains(&&*n)
        })
    }

    /// Whether what is called makes an account: `create_user(…)`, `User.create(…)`, `execute('INSERT INTO users (name, password) …')`.
    fn makes_account(&self, callee: Operand, this: Option<Operand>, args: Range32) -> bool {
        let first = self.f.func.args(args).first();
        if first.is_some_and(|a| self.inserts_account_of(a.value)) {
            return true;
        }
        let about = |name: &str| has(name, WHO) || holds(name, &["user", "account"]);
        self.makes_record(callee)
            && (self.name(callee).is_some_and(|n| about(&n))
                || this.and_then(|t| self.name(t)).is_some_and(|n| about(&n)))
    }

    /// Whether a statement, whatever is filled in, makes an account with its password.
    fn inserts_account_of(&self, statement: Operand) -> bool {
        let mut at = statement;
        for _ in 0..3 {
            if let Some(text) = self.text(at) {
                return columns_of_account(text);
            }
            match self.def(at) {
                Some(&Instr::Copy { from, .. }) => at = from,
                Some(&Instr::Template { operands, .. }) => {
                    let first = self.f.func.operands(operands).first();
                    return first
                        .and_then(|o| self.text(*o))
                        .is_some_and(columns_of_account);
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether a loop over the list that stands here makes an account of every row of it, or a call makes them of all at once:
    /// `for name, password in users: …`, `users.forEach(u => …)`, `executemany(…, users)`.
    fn each_is_made(&self, list: Span) -> bool {
        let func = self.f.func;
        let mut rows = vec![false; func.locals.len()];
        for instr in &func.instrs {
            match *instr {
                Instr::IterNext { to, of, .. } if self.leads_to(of, list) => {
                    rows[to.index()] = true;
                }
                Instr::Call {
                    callee, this, args, ..
                } => {
                    let all = func.args(args);
                    if all.iter().any(|a| self.leads_to(a.value, list))
                        && self.makes_account(callee, this, args)
                    {
                        return true;
                    }
                    let over = this.is_some_and(|t| self.leads_to(t, list))
                        && self
                            .name(callee)
                            .is_some_and(|n| ["for_each", "map"].contains(&&*n));
                    if let Some(first) = all.first().filter(|_| over)
                        && let Some(&Instr::Closure { func, .. }) = self.def(first.value)
                    {
                        let f = self.book.origins.program.func(self.f.sibling(func));
                        let inner = Reader {
                            book: self.book,
                            f,
                            made: definitions(f),
                            out: Vec::new(),
                        };
                        let mut rows = vec![false; f.func.locals.len()];
                        if let Some(param) = f.func.params.first() {
                            rows[param.local.index()] = true;
                        }
                        if inner.rows_are_made(rows) {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        rows.contains(&true) && self.rows_are_made(rows)
    }

    /// Whether what is read off these rows ends in an account.
    fn rows_are_made(&self, mut rows: Vec<bool>) -> bool {
        let func = self.f.func;
        let is_of = |rows: &[bool], o: Operand| matches!(o, Operand::Local(l) if rows[l.index()]);
        for instr in &func.instrs {
            let (to, of) = match *instr {
                Instr::Copy { to, from } | Instr::Await { to, from, .. } => {
                    (to, is_of(&rows, from))
                }
                Instr::Load { to, base, .. } => (to, is_of(&rows, base)),
                Instr::Template { to, operands } | Instr::Op { to, operands, .. } => {
                    (to, func.operands(operands).iter().any(|o| is_of(&rows, *o)))
                }
                Instr::Array { to, parts } | Instr::Object { to, parts } => {
                    (to, func.parts(parts).iter().any(|p| is_of(&rows, p.value)))
                }
                Instr::Call {
                    to,
                    callee,
                    this,
                    args,
                    ..
                } => {
                    let given = func.args(args).iter().any(|a| is_of(&rows, a.value));
                    if given && self.makes_account(callee, this, args) {
                        return true;
                    }
                    (to, given)
                }
                _ => continue,
            };
            rows[to.index()] |= of;
        }
        false
    }

    /// `users = [('admin', '…'), …]`, of every row of which an account is made: told at the first row.
    pub(super) fn table_of_accounts(&mut self, parts: Range32, list: Span) {
        let mut row = None;
        for part in self.f.func.parts(parts) {
            let Some(&Instr::Array { parts: cells, .. }) = self.def(part.value) else {
                return;
            };
            let cells = self.f.func.parts(cells);
            let name = |o: Operand| {
                self.text(o)
                    .is_some_and(|t| !t.is_empty() && t.len() < 80 && !t.contains(' '))
            };
            let [first, rest @ ..] = cells else {
                return;
            };
            if row.is_none()
                && name(first.value)
                && rest.iter().any(|c| self.is_literal_password(c.value))
            {
                row = self.span_of(part.value);
            }
        }
        if let Some(row) = row
            && self.each_is_made(list)
        {
            self.tell("account.default", row, "an account".to_owned(), vec![]);
        }
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

/// Words of tables and functions for those who log in.
const WHO: &[&str] = &["user", "account", "member", "admin", "customer", "login"];

/// `INSERT INTO users (name, password) VALUES ('admin', '…')`: nothing is filled in.
fn inserts_account(text: &str) -> bool {
    let lower = text.to_lowercase();
    columns_of_account(text)
        && lower.split_once("values").is_some_and(|(_, values)| {
            values.contains('\'') && !values.contains(['?', '$', '%', '{', ':', '@'])
        })
}

/// `INSERT INTO users (name, password) VALUES …`
fn columns_of_account(text: &str) -> bool {
    let text = text.to_lowercase();
    let Some((head, _)) = text.split_once("values") else {
        return false;
    };
    head.split_once("insert into").is_some_and(|(_, table)| {
        let name = table.split('(').next().unwrap_or_default();
        WHO.iter().any(|word| name.contains(word)) && table.contains("pass")
    })
}
