//! Conditions of queries on a table that the query does not read: they limit nothing, as facts.

use crate::decoration::written_name;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{Instr, Key, LocalId, OpKind, Operand, Span};

/// What ends a query and asks for its records.
const ENDS: &[&str] = &[
    "one",
    "first",
    "all",
    "one_or_none",
    "one_or_404",
    "first_or_404",
    "count",
    "delete",
    "update",
    "scalar",
    "paginate",
];

/// What leaves the tables that a query reads as they are.
const KEEPS: &[&str] = &[
    "filter",
    "where",
    "filter_by",
    "order_by",
    "limit",
    "offset",
    "distinct",
    "with_for_update",
];

/// Calls of one chain, and depth of one condition.
const STEPS: usize = 24;

/// One fact for each condition on a key of a table that is not in its query.
pub(super) fn predicates(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if origins.program.is_copy(func) {
            continue;
        }
        for instr in &f.func.instrs {
            let Instr::Call {
                callee,
                this: Some(this),
                ..
            } = *instr
            else {
                continue;
            };
            if !written_name(f, callee).is_some_and(|name| ENDS.contains(&name)) {
                continue;
            }
            let query = Query { origins, f };
            if let Some((span, table, other)) = query.beside(this) {
                out.push(Fact {
                    fact: "query.predicate".to_owned(),
                    site: Site {
                        file: f.file_idx,
                        span,
                    },
                    function: func,
                    callee: "a query".to_owned(),
                    values: vec![
                        ("table".to_owned(), FactValue::Str(table)),
                        ("other".to_owned(), FactValue::Str(other)),
                    ],
                });
            }
        }
    }
    out
}

struct Query<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    f: FuncRef<'p>,
}

impl<'p> Query<'_, 'p, '_> {
    /// The condition on another table, with the names of both; absent: there is none, or the query is not understood.
    fn beside(&self, query: Operand) -> Option<(Span, String, String)> {
        let mut at = query;
        let mut conditions: Vec<Operand> = Vec::new();
        for _ in 0..STEPS {
            match *self.made(at)?.1 {
                Instr::Call {
                    this: Some(this),
                    callee,
                    args,
                    ..
                } => {
                    let name = written_name(self.f, callee)?;
                    let args = self.f.func.args(args).iter().map(|arg| arg.value);
                    if name == "query" {
                        let read: Vec<ClassIdx> = args.filter_map(|o| self.table(o)).collect();
                        let [read] = *read.as_slice() else {
                            return None;
                        };
                        return self.judge(read, &conditions);
                    }
                    if !KEEPS.contains(&name) {
                        return None;
                    }
                    if matches!(name, "filter" | "where") {
                        conditions.extend(args);
                    }
                    at = this;
                }
                Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                } if self.f.file.facts.str(name) == "query" => {
                    return self.judge(self.table(base)?, &conditions);
                }
                _ => return None,
            }
        }
        None
    }

    fn judge(&self, read: ClassIdx, conditions: &[Operand]) -> Option<(Span, String, String)> {
        let mut found = None;
        let mut all: Vec<Vec<ClassIdx>> = Vec::new();
        for &condition in conditions {
            let mut tables = Vec::new();
            self.mentions(condition, 0, &mut tables)?;
            if let [other] = *tables.as_slice()
                && other != read
                && let Some((
                    span,
                    Instr::Op {
                        op: OpKind::Eq,
                        operands,
                        ..
                    },
                )) = self.made(condition)
                && self
                    .f
                    .func
                    .operands(*operands)
                    .iter()
                    .any(|operand| self.is_key(*operand))
            {
                found.get_or_insert((span, other));
            }
            all.push(tables);
        }
        let (span, other) = found?;
        // Some condition ties both tables, or one is a kind of the other.
        let tied = all.iter().any(|tables| tables.len() > 1)
            || self.is_kind_of(read, other)
            || self.is_kind_of(other, read);
        let name = |class| {
            let found = self.origins.program.class(class);
            let name = found.and_then(|(file, class)| {
                let facts = &self.origins.program.file(file).facts;
                class.name.map(|name| facts.str(name).to_owned())
            });
            name.unwrap_or_default()
        };
        (!tied).then(|| (span, name(read), name(other)))
    }

    fn is_kind_of(&self, class: ClassIdx, other: ClassIdx) -> bool {
        let mut bases = self.origins.of_bases(class).iter();
        bases.any(|&base| self.origins.val(base) == Some(Val::Class(other)))
    }

    /// The only instruction that makes a value, with its place.
    fn made(&self, operand: Operand) -> Option<(Span, &'p Instr)> {
        let mut operand = operand;
        for _ in 0..STEPS {
            let Operand::Local(local) = operand else {
                return None;
            };
            let (at, instr) = self.only(local)?;
            match *instr {
                Instr::Copy { from, .. } => operand = from,
                _ => {
                    return Some((
                        self.f.func.spans.get(at).copied().unwrap_or_default(),
                        instr,
                    ));
                }
            }
        }
        None
    }

    fn only(&self, local: LocalId) -> Option<(usize, &'p Instr)> {
        let mut all = self.f.writers(local);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// The table that a value is, if it is one.
    fn table(&self, operand: Operand) -> Option<ClassIdx> {
        let mut vals = self.origins.of_operand(self.f.id, operand).iter();
        vals.find_map(|&val| match self.origins.val(val) {
            Some(Val::Class(class)) if self.is_table(class) => Some(class),
            _ => None,
        })
    }

    fn is_table(&self, class: ClassIdx) -> bool {
        let mut bases = self.origins.of_bases(class).iter();
        bases.any(|&base| {
            matches!(self.origins.val(base), Some(Val::Api(path))
                if self.origins.paths.text(path).contains("sqlalchemy"))
        })
    }

    /// `Order.id`, `Order.user_id`
    fn is_key(&self, operand: Operand) -> bool {
        matches!(self.made(operand), Some((_, Instr::Load { base, key: Key::Field(name), .. }))
        if self.table(*base).is_some() && {
            let name = self.f.file.facts.str(*name);
            name == "id" || name.ends_with("_id")
        })
    }

    /// Tables whose columns a condition mentions; absent where that is not understood.
    fn mentions(&self, operand: Operand, depth: usize, out: &mut Vec<ClassIdx>) -> Option<()> {
        if depth > STEPS {
            return None;
        }
        if let Some(class) = self.table(operand) {
            if !out.contains(&class) {
                out.push(class);
            }
            return Some(());
        }
        let Some((_, made)) = self.made(operand) else {
            return Some(());
        };
        match *made {
            Instr::Op { operands, .. } => {
                for &operand in self.f.func.operands(operands) {
                    self.mentions(operand, depth + 1, out)?;
                }
            }
            Instr::Load { base, .. } => self.mentions(base, depth + 1, out)?,
            Instr::Call { this, args, .. } => {
                for arg in self.f.func.args(args) {
                    self.mentions(arg.value, depth + 1, out)?;
                }
                if let Some(this) = this {
                    self.mentions(this, depth + 1, out)?;
                }
            }
            _ => {}
        }
        Some(())
    }
}
