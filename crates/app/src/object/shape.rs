//! Calls that by their shape ask something of a store, whoever has the method: `x.order.findUnique({ where: { id } })`,
//! `x.select().from(orders).where(…)`, ``sql`select … from orders where id = ${id}` ``.
//!
//! Programs make their clients by factories, keep them on contexts, behind interfaces and in packages of their own: what such a value
//! is cannot always be told, what is asked of it can. Only calls that neither a body nor a model answers are looked at.

use super::{Query, key, sql};
use crate::decoration::written_name;
use crate::limits;
use casemate_flow::apipath::PathId;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::sql::is_statement;
use casemate_ir::{Arg, Const, Instr, Key, Language, Operand, VarRef};
use casemate_model::path::{ArgIndex, Port, PortBase, PortStep};
use casemate_model::row::Role;

/// Methods that take an object with `where`, and what they do.
const BY_WHERE: [(&str, &str); 22] = [
    ("aggregate", "read"),
    ("count", "read"),
    ("delete", "delete"),
    ("deleteMany", "delete"),
    ("destroy", "delete"),
    ("find", "read"),
    ("findAll", "read"),
    ("findAndCount", "read"),
    ("findAndCountAll", "read"),
    ("findFirst", "read"),
    ("findFirstOrThrow", "read"),
    ("findMany", "read"),
    ("findOne", "read"),
    ("findOneOrFail", "read"),
    ("findUnique", "read"),
    ("findUniqueOrThrow", "read"),
    ("groupBy", "read"),
    ("softDelete", "delete"),
    ("update", "write"),
    ("updateMany", "write"),
    ("updateManyAndReturn", "write"),
    ("upsert", "write"),
];

/// Methods that take the key, or a filter, first.
const BY_FIRST: [(&str, &str); 47] = [
    ("archiveOne", "delete"),
    ("countBy", "read"),
    ("deleteById", "delete"),
    ("deleteOne", "delete"),
    ("delete_one", "delete"),
    ("destroyOne", "delete"),
    ("existsBy", "read"),
    ("findAndCountBy", "read"),
    ("findBy", "read"),
    ("findByIds", "read"),
    ("findOneBy", "read"),
    ("findOneById", "read"),
    ("findOneByOrFail", "read"),
    ("findOrFail", "read"),
    ("getOrFail", "read"),
    ("patchAndFetchById", "write"),
    ("softDelete", "delete"),
    ("updateAndFetchById", "write"),
    ("updateById", "write"),
    ("upsertOne", "write"),
    ("findByIdAndDelete", "delete"),
    ("findByIdAndRemove", "delete"),
    ("findByIdAndUpdate", "write"),
    ("findByPk", "read"),
    ("findFirst", "read"),
    ("findFirstOrThrow", "read"),
    ("findMany", "read"),
    ("findOne", "read"),
    ("findOneAndDelete", "delete"),
    ("findOneAndReplace", "write"),
    ("findOneAndUpdate", "write"),
    ("findOneOrFail", "read"),
    ("findUnique", "read"),
    ("findUniqueOrThrow", "read"),
    ("find_one", "read"),
    ("find_one_and_delete", "delete"),
    ("find_one_and_update", "write"),
    ("get_or_404", "read"),
    ("insertOne", "create"),
    ("insert_one", "create"),
    ("insertMany", "create"),
    ("insert_many", "create"),
    ("replaceOne", "write"),
    ("replace_one", "write"),
    ("updateOne", "write"),
    ("update_many", "write"),
    ("update_one", "write"),
];

/// First words of names that say by what a record is chosen: `findOrderById`, `delete_user_by_name`.
const VERBS: [(&str, &str); 12] = [
    ("delete", "delete"),
    ("destroy", "delete"),
    ("fetch", "read"),
    ("find", "read"),
    ("get", "read"),
    ("load", "read"),
    ("patch", "write"),
    ("query", "read"),
    ("read", "read"),
    ("remove", "delete"),
    ("select", "read"),
    ("update", "write"),
];

/// Links of a chain of calls that is one query.
const CHAIN: usize = 12;

/// What a call asks of a store by its shape, if it does.
pub(super) fn query(origins: &Solver<'_, '_>, f: FuncRef<'_>, at: usize) -> Option<Query> {
    let Some(&Instr::Call {
        callee,
        args,
        flags,
        ..
    }) = f.func.instrs.get(at)
    else {
        return None;
    };
    if flags.new {
        return None;
    }
    let args = f.func.args(args);
    let shape = match flags.tagged {
        true => statement(f, args)?,
        false => {
            let Some(name) = method(f, callee) else {
                // `const { findOrderById } = queries`, in a function around.
                let name = key::captured(f, callee).or_else(|| written_name(f, callee))?;
                let shape = by_name(origins, f, name, callee, args)?;
                return unanswered(origins, f, callee).then(|| shape.at(at));
            };
            by_where(f, name, args)
                .or_else(|| in_chain(f, at, callee, name, args))
                .or_else(|| by_first(f, name, callee, args))
                .or_else(|| of_global(f, name, callee, args))
                .or_else(|| by_name(origins, f, name, callee, args))
                .or_else(|| runs(name).then(|| statement(f, args)).flatten())?
        }
    };
    let unanswered = flags.tagged || unanswered(origins, f, callee);
    unanswered.then(|| shape.at(at))
}

/// What the words of a call say.
struct Shape {
    op: &'static str,
    key: Option<Port>,
    sql: Option<String>,
    object: Option<String>,
}

impl Shape {
    fn of(op: &'static str, key: Option<Port>) -> Self {
        Self {
            op,
            key,
            sql: None,
            object: None,
        }
    }

    fn at(self, at: usize) -> Query {
        Query {
            op: self.op.to_owned(),
            path: None,
            key: self.key,
            sql: self.sql,
            object: self.object,
            at,
        }
    }
}

/// Whether no body says what a callee does, and no model that it does something else. Where it may be any of many, as of models that a
/// loop has filled a table with, no body says it.
fn unanswered(origins: &Solver<'_, '_>, f: FuncRef<'_>, callee: Operand) -> bool {
    let mut bodies = 0;
    for &val in origins.of_operand(f.id, callee) {
        match origins.val(val) {
            Some(Val::Api(path)) if says_otherwise(origins, path) => return false,
            Some(Val::Class(_)) => return false,
            Some(Val::Func(_)) => bodies += 1,
            _ => {}
        }
    }
    bodies == 0 || bodies > limits::CALLEES
}

/// Whether a model says that a call does something else than to ask a store.
fn says_otherwise(origins: &Solver<'_, '_>, path: PathId) -> bool {
    let kinds = origins.paths.models().kinds();
    let asks = |role: &Role| matches!(role, Role::Sink { kind, .. } if matches!(kinds.sink_name(*kind), "sql" | "nosql"));
    let mut rows = origins.paths.rows(path).peekable();
    rows.peek().is_some() && !rows.any(|(_, row)| asks(&row.role))
}

/// The name of the method that is called.
fn method<'p>(f: FuncRef<'p>, callee: Operand) -> Option<&'p str> {
    match f.made_by(callee)? {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(*name)),
        _ => None,
    }
}

fn op_of(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    let mut table = table.iter();
    table.find(|(known, _)| *known == name).map(|(_, op)| *op)
}

fn argument(at: usize, member: Option<&str>) -> Port {
    Port {
        base: PortBase::Arg(ArgIndex::At(u32::try_from(at).unwrap_or_default())),
        steps: member
            .map(|name| PortStep::Member(name.to_owned()))
            .into_iter()
            .collect(),
        deep: false,
    }
}

/// `x.findUnique({ where })`, `X.update(values, { where })`, `x.create({ data })`
fn by_where(f: FuncRef<'_>, name: &str, args: &[Arg]) -> Option<Shape> {
    let has = |at: usize, member: &str| {
        let object = args.get(at).map(|arg| arg.value);
        object.is_some_and(|object| key::member(f, object, member).is_some())
    };
    if matches!(name, "create" | "createMany" | "createManyAndReturn") {
        return has(0, "data").then(|| Shape::of("create", None));
    }
    let op = op_of(&BY_WHERE, name)?;
    (0..2)
        .find(|&at| has(at, "where"))
        .map(|at| Shape::of(op, Some(argument(at, Some("where")))))
}

/// `X.findByPk(id)`, `x.updateOne({ … }, …)`, `R.findOne('orders', ' id = ? ', [id])`
fn by_first(f: FuncRef<'_>, name: &str, callee: Operand, args: &[Arg]) -> Option<Shape> {
    let op = op_of(&BY_FIRST, name)?;
    let first = args.first()?.value;
    if let Operand::Const(_) = first
        && let Some(table) = sql::text(f, first)
        && args.len() > 1
    {
        return key::is_table(&table).then(|| Shape {
            object: Some(key::plain(&table)),
            ..Shape::of(op, None)
        });
    }
    // The program's own `find` of a list takes a function.
    if matches!(f.made_by(first), Some(Instr::Closure { .. })) {
        return None;
    }
    f.read_off(callee)?;
    // `manager.findOne(Order, { id })`
    let of_class = args.len() > 1
        && written_name(f, first)
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    let key = argument(usize::from(of_class), None);
    Some(Shape::of(op, (op != "create").then_some(key)))
}

/// `Order.find({ id })`, where nothing declares `Order`: frameworks make the models of a program global.
fn of_global(f: FuncRef<'_>, name: &str, callee: Operand, args: &[Arg]) -> Option<Shape> {
    /// What the language itself has under such names.
    const CORE: [&str; 14] = [
        "Array", "BigInt", "Buffer", "Date", "Intl", "JSON", "Map", "Math", "Number", "Object",
        "Promise", "Reflect", "Set", "String",
    ];
    let op = match name {
        "find" | "count" => "read",
        "update" => "write",
        "archive" | "destroy" => "delete",
        _ => return None,
    };
    let Some(Instr::LoadVar {
        var: VarRef::Free(model),
        ..
    }) = f.made_by(f.read_off(callee)?)
    else {
        return None;
    };
    let model = f.file.facts.str(*model);
    let of_model = model.starts_with(|c: char| c.is_ascii_uppercase()) && !CORE.contains(&model);
    (of_model && !args.is_empty()).then(|| Shape::of(op, Some(argument(0, None))))
}

/// `orders.findOrderById(id)`: the name says what is done, to what, and by what.
fn by_name(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    name: &str,
    callee: Operand,
    args: &[Arg],
) -> Option<Shape> {
    if args.is_empty() {
        return None;
    }
    let (op, object) = words(name).or_else(|| finder(f, name, callee))?;
    // What a package that nobody described has of such a name may be somebody else's service.
    let mut of_package = false;
    for &val in origins.of_operand(f.id, callee) {
        let Some(Val::Api(path)) = origins.val(val) else {
            continue;
        };
        // What the program hung there is its own: `app.db.notes.findById(id)`.
        if origins.is_below_hung(path) {
            of_package = false;
            break;
        }
        let text = origins.paths.text(path);
        of_package |= text.starts_with("npm:") || text.starts_with("py:");
    }
    (!of_package).then(|| Shape {
        object: (!object.is_empty()).then(|| key::plain(&object)),
        ..Shape::of(op, Some(argument(0, None)))
    })
}

/// `models.Order.byId(id)`: finders that a model has under short names.
fn finder(f: FuncRef<'_>, name: &str, callee: Operand) -> Option<(&'static str, String)> {
    let by = name.strip_prefix("by")?;
    let model = written_name(f, f.read_off(callee)?)?;
    let of_model = model.starts_with(|c: char| c.is_ascii_uppercase());
    let key = by.strip_prefix('_').unwrap_or(by);
    let told = key != by || by.starts_with(|c: char| c.is_ascii_uppercase());
    (of_model && told && !key.is_empty()).then(|| ("read", String::new()))
}

/// What records the name of a function says it is about: `findOrderById`.
pub(super) fn object_of(name: &str) -> Option<String> {
    let object = words(name)?.1;
    (!object.is_empty()).then(|| key::plain(&object))
}

/// What a name like `findOrderById` says: what is done, and to what.
fn words(name: &str) -> Option<(&'static str, String)> {
    for (verb, op) in VERBS {
        let Some(rest) = name.strip_prefix(verb) else {
            continue;
        };
        let (object, by) = match rest.strip_prefix('_') {
            Some(rest) => rest.rsplit_once("by_")?,
            None => {
                let at = rest.rfind("By")?;
                (rest.get(..at)?, rest.get(at + 2..)?)
            }
        };
        let id = by == "id" || by == "pk" || by == "slug" || by == "uuid";
        if !id && !by.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        // `getElementById` is no record.
        let object = object.trim_end_matches('_');
        let object = object.strip_prefix("One").unwrap_or(object);
        return (!object.starts_with("Element")).then(|| (op, object.to_owned()));
    }
    None
}

/// `x.select().from(orders).where(…)`, `knex('orders').where({ id }).del()`, `x.query(Order).filter(…)`
fn in_chain(f: FuncRef<'_>, at: usize, callee: Operand, name: &str, args: &[Arg]) -> Option<Shape> {
    match f.file.facts.language {
        Language::Python => in_python(f, callee, name, args),
        _ => in_script(f, at, callee, name, args),
    }
}

fn in_python(f: FuncRef<'_>, callee: Operand, name: &str, args: &[Arg]) -> Option<Shape> {
    let op = match name {
        "filter" | "filter_by" | "get" | "get_or_404" | "where" if !args.is_empty() => "read",
        "delete" => "delete",
        "update" if !args.is_empty() => "write",
        _ => return None,
    };
    let of_records = |link: &Link<'_>| match link.loaded {
        true => matches!(link.name, "objects" | "query"),
        false => link.table && matches!(link.name, "query" | "select"),
    };
    let links = links(f, callee);
    links.iter().any(of_records).then(|| Shape::of(op, None))
}

fn in_script(
    f: FuncRef<'_>,
    at: usize,
    callee: Operand,
    name: &str,
    args: &[Arg],
) -> Option<Shape> {
    let tables: &[&str] = match name {
        "values" | "insert" => &["", "insert", "insertInto", "into"],
        "where" | "andWhere" | "whereIn" => &[
            "",
            "delete",
            "deleteFrom",
            "from",
            "into",
            "selectFrom",
            "table",
            "update",
            "updateTable",
        ],
        "eq" | "match" => &["from"],
        _ => return None,
    };
    let links = links(f, callee);
    let told = |link: &Link<'_>| {
        // `Object.entries(…).from`, `knex('orders')`: what has no name is told by a text, as are all tables of a client that only
        // filters by columns.
        let text = link.name.is_empty() || matches!(name, "eq" | "match");
        link.table && tables.contains(&link.name) && (link.text || !text)
            || link.name == "createQueryBuilder" && tables.contains(&"from")
    };
    if args.is_empty() || !links.iter().any(told) {
        return None;
    }
    if matches!(name, "values" | "insert") {
        return Some(Shape::of("create", None));
    }
    let after = after(f, at);
    let does = |names: &[&str]| {
        let before = links.iter().map(|link| link.name);
        before
            .chain(after.iter().copied())
            .any(|name| names.contains(&name))
    };
    if does(&["delete", "del", "deleteFrom"]) {
        // `where('id', id)`: the value stands last.
        return Some(Shape::of("delete", Some(argument(args.len() - 1, None))));
    }
    if does(&["update", "updateTable", "set"]) {
        return Some(Shape::of("write", Some(argument(args.len() - 1, None))));
    }
    Some(Shape::of("read", None))
}

/// A call or a member of a chain.
struct Link<'p> {
    /// The method or member; empty for a call of what has none: `knex('orders')`.
    name: &'p str,
    /// It is read and not called.
    loaded: bool,
    /// It is given the name or the class of records.
    table: bool,
    /// The name is a text.
    text: bool,
}

/// The calls and members that a callee is read off, last first.
fn links<'p>(f: FuncRef<'p>, callee: Operand) -> Vec<Link<'p>> {
    let mut out = Vec::new();
    let mut at = f.read_off(callee);
    while let Some(value) = at
        && out.len() < CHAIN
    {
        at = match f.made_by(value) {
            Some(&Instr::Call {
                callee, this, args, ..
            }) => {
                let first = f.func.args(args).first().map(|arg| arg.value);
                let text = first.and_then(|first| match first {
                    Operand::Const(id) => match f.file.facts.constant(id) {
                        Const::Str(text) => Some(f.file.facts.str(*text)),
                        _ => None,
                    },
                    Operand::Local(_) => None,
                });
                let class = first.is_some_and(|first| written_name(f, first).is_some());
                out.push(Link {
                    name: method(f, callee).unwrap_or_default(),
                    loaded: false,
                    table: text.is_some_and(key::is_table) || class,
                    text: text.is_some(),
                });
                match this {
                    Some(_) => f.read_off(callee),
                    None => None,
                }
            }
            Some(&Instr::Load {
                base,
                key: Key::Field(name),
                ..
            }) => {
                out.push(Link {
                    name: f.file.facts.str(name),
                    loaded: true,
                    table: false,
                    text: false,
                });
                Some(base)
            }
            Some(&(Instr::Copy { from, .. } | Instr::Await { from, .. })) => Some(from),
            _ => None,
        };
    }
    out
}

/// The methods that are called on what a call gives, and on what they give.
fn after<'p>(f: FuncRef<'p>, at: usize) -> Vec<&'p str> {
    let mut out = Vec::new();
    let mut made = f.func.instrs.get(at).and_then(Instr::target);
    let rest = f.func.instrs.get(at + 1..).unwrap_or_default();
    for instr in rest {
        let Some(local) = made else { break };
        match *instr {
            Instr::Call {
                to,
                callee,
                this: Some(this),
                ..
            } if this == Operand::Local(local) => {
                out.extend(method(f, callee));
                made = Some(to);
                if out.len() >= CHAIN {
                    break;
                }
            }
            _ => {}
        }
    }
    out
}

/// A statement of SQL in the first argument.
fn statement(f: FuncRef<'_>, args: &[Arg]) -> Option<Shape> {
    let text = sql::text(f, args.first()?.value)?;
    let op = sql::op(&text)?;
    is_statement(&text).then(|| Shape {
        sql: Some(text),
        ..Shape::of(op, None)
    })
}

/// Words of names of methods that run a statement.
const RUNNERS: [&str; 16] = [
    "all", "any", "exec", "execute", "fetch", "first", "get", "getrow", "getrows", "many", "one",
    "prepare", "query", "raw", "run", "scalar",
];

/// Whether the name of a method says that it may run a statement.
fn runs(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    RUNNERS.iter().any(|word| lower.starts_with(word))
        || lower.ends_with("query")
        || lower.ends_with("execute")
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_say_what_is_done_to_what() {
        let said = |name| words(name).map(|(op, object)| format!("{op} {object}"));
        assert_eq!(said("findOrderById").as_deref(), Some("read Order"));
        assert_eq!(said("findOneById").as_deref(), Some("read "));
        assert_eq!(said("deleteUserByName").as_deref(), Some("delete User"));
        assert_eq!(said("get_user_by_id").as_deref(), Some("read user"));
        for name in [
            "getElementById",
            "findBypass",
            "get",
            "getByte",
            "lookupById",
            "orderBy",
        ] {
            assert_eq!(said(name), None, "{name}");
        }
    }
}
