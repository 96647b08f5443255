//! What records are called and by which names they are chosen.

use super::{Query, sql};
use crate::decoration::written_name;
use casemate_flow::origin::{Solver, Val, ValId};
use casemate_flow::program::{ClassIdx, File, FuncRef};
use casemate_flow::result::FuncId;
use casemate_ir::{Arg, ArgKey, Function, Instr, Key, Language, Operand, PartKey, Range32, VarRef};

/// Ends of names that say where records lie, not what they are.
const ENDS: [&str; 10] = [
    "repository",
    "collection",
    "manager",
    "service",
    "table",
    "model",
    "repo",
    "store",
    "dao",
    "col",
];

/// Records that are somebody.
pub(crate) const PERSONS: [&str; 9] = [
    "user", "account", "customer", "member", "patient", "employee", "profile", "student", "person",
];

/// Whether a field of this name holds a password.
pub(super) fn is_password(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    ["password", "passwd", "pwd", "userpassword", "passphrase"].contains(&flat.as_str())
}

/// Whether a field of this name holds what somebody may do.
pub(super) fn is_privilege(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    [
        "role",
        "roles",
        "isadmin",
        "admin",
        "issuperuser",
        "isstaff",
        "permissions",
        "usertype",
        "accounttype",
        "userrole",
    ]
    .contains(&flat.as_str())
}

/// Ends of the paths of classes of packages by which programs make records, modelled or not.
const STORED: [&str; 7] = [
    ".Model",
    "Document",
    "declarative_base()",
    "DeclarativeBase",
    "SQLModel",
    "AbstractUser",
    "AbstractBaseUser",
];

/// Whether instances of a class are records of a store, as models say, or the names of what it is made from.
pub(crate) fn is_record(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let named = |base: &ValId| {
        matches!(origins.val(*base), Some(Val::Api(path)) if {
            let text = origins.paths.text(path);
            STORED.iter().any(|end| text.ends_with(end))
        })
    };
    let mut classes = origins.lineage(class).into_iter();
    origins.makes_records(class) || classes.any(|class| origins.of_bases(class).iter().any(named))
}

/// The values that a call is given under names, each with the function that it stands in: keywords, members of objects.
pub(super) fn named<'p>(
    origins: &Solver<'p, '_>,
    f: FuncRef<'p>,
    args: Range32,
) -> Vec<(String, FuncId, Operand)> {
    let mut out = Vec::new();
    for arg in f.func.args(args) {
        if let ArgKey::Keyword(name) = arg.key {
            out.push((f.file.facts.str(name).to_owned(), f.id, arg.value));
        }
        let (around, outer) = parts_around(origins, f, arg.value);
        for (name, value) in outer {
            let inner = parts(around.func, around.file, value);
            out.extend(
                inner
                    .into_iter()
                    .map(|(name, value)| (name, around.id, value)),
            );
            out.push((name, around.id, value));
        }
        // `User.password == password`
        if let Operand::Local(local) = arg.value
            && let Some(Instr::Op { operands, .. }) = f.writer(local).map(|made| made.1)
            && let [a, b] = *f.func.operands(*operands)
        {
            for (name, value) in [(a, b), (b, a)] {
                if let Some(name) = written_name(f, name) {
                    out.push((name.to_owned(), f.id, value));
                }
            }
        }
    }
    out
}

/// Methods that are told which records by name or by class.
const TABLES: [&str; 10] = [
    "collection",
    "getRepository",
    "model",
    "table",
    "from",
    "into",
    "insertInto",
    "updateTable",
    "deleteFrom",
    "selectFrom",
];

/// Functions that are told which records by class; a text would be a column.
const STATEMENTS: [&str; 5] = ["query", "select", "update", "delete", "insert"];

/// Whether a text may be the name of a table, with a short one of its own: `orders as o`.
pub(super) fn is_table(text: &str) -> bool {
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    first.starts_with(|c: char| c.is_ascii_alphabetic())
        && first.chars().all(plain)
        && words
            .next()
            .is_none_or(|word| word.eq_ignore_ascii_case("as"))
}

/// Steps back along a chain of calls.
const CHAIN: u32 = 12;

/// A name in its plainest form: `ordersRepository` is `order`.
pub(crate) fn plain(name: &str) -> String {
    let mut name: String = name
        .trim_start_matches(['_', '$'])
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    for end in ENDS {
        if let Some(rest) = name.strip_suffix(end)
            && rest.len() > 2
        {
            name = rest.to_owned();
            break;
        }
    }
    if let Some(rest) = name.strip_suffix("ies") {
        return format!("{rest}y");
    }
    match name.strip_suffix('s') {
        Some(rest) if rest.len() > 2 && !rest.ends_with('s') => rest.to_owned(),
        _ => name,
    }
}

/// What the records of a query are called: the table, the receiver, or the class that is named first.
pub(crate) fn object(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    query: &Query,
    this: Option<Operand>,
    args: Range32,
) -> String {
    if let Some(text) = &query.sql {
        return sql::table(text).map_or_else(String::new, |table| plain(&table));
    }
    if let Some(object) = &query.object {
        return object.clone();
    }
    let said = receiver(f, this, args);
    match of_factory(origins, f, this, &said) {
        Some(class) => class,
        None => said,
    }
}

/// The class whose records a function finds that was made for it: `def finder(model): def by_pk(pk): return model.objects.get(pk=pk)`.
/// Where it was made for several, the name of the variable says nothing.
fn of_factory(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    this: Option<Operand>,
    said: &str,
) -> Option<String> {
    let mut at = this?;
    for _ in 0..CHAIN {
        match *f.made_by(at)? {
            Instr::Call { this, callee, .. } => at = this.unwrap_or(callee),
            Instr::Load { base, .. } => at = base,
            Instr::Copy { from, .. } | Instr::Await { from, .. } => at = from,
            _ => break,
        }
    }
    let name = captured(f, at)?;
    if name.starts_with(|c: char| c.is_ascii_uppercase()) || plain(name) != said {
        return None;
    }
    let vals = origins.of_operand(f.id, at).iter();
    let mut classes = vals.filter_map(|&val| match origins.val(val) {
        Some(Val::Class(class)) => {
            let (file, def) = origins.program.class(class)?;
            let facts = &origins.program.file(file).facts;
            Some(plain(facts.str(def.name?)))
        }
        _ => None,
    });
    let first = classes.next()?;
    Some(if classes.next().is_none() {
        first
    } else {
        String::new()
    })
}

/// The same, as the receiver or the first argument of a call says it.
pub(super) fn receiver(f: FuncRef<'_>, this: Option<Operand>, args: Range32) -> String {
    // `get_object_or_404(Order, …)`, `session.get(Order, …)`
    if let Some(first) = f.func.args(args).first()
        && let Some(name) = written_name(f, first.value)
        && name.starts_with(|c: char| c.is_ascii_uppercase())
    {
        return plain(name);
    }
    let mut at = this;
    for _ in 0..CHAIN {
        let Some(operand @ Operand::Local(local)) = at else {
            break;
        };
        // `this.findOne(…)` of a static method, `cls.query` of a class method: the class has them.
        if f.func.this == Some(local) {
            let class = f.func.class.and_then(|class| f.file.facts.class(class));
            let name = class.and_then(|class| class.name);
            return name.map_or_else(String::new, |name| plain(f.file.facts.str(name)));
        }
        match f.writer(local).map(|made| made.1) {
            Some(&Instr::Call {
                this: of,
                args,
                callee,
                ..
            }) => {
                // `session.query(Order)`, `select(Order)`, `db.collection('orders')`
                let by = written_name(f, callee).unwrap_or_default();
                let first = told_by(f, f.func.args(args), by);
                let named = first.and_then(|first| match first {
                    Operand::Const(_) if TABLES.contains(&by) => sql::text(f, first),
                    // `knex('orders')`
                    Operand::Const(_) if of.is_none() => {
                        sql::text(f, first).filter(|text| is_table(text))
                    }
                    Operand::Local(_) if TABLES.contains(&by) || STATEMENTS.contains(&by) => {
                        written_name(f, first).map(str::to_owned)
                    }
                    _ => None,
                });
                if let Some(named) = named {
                    return plain(named.split(' ').next().unwrap_or_default());
                }
                // What has all tables is no record.
                if by == "getRepository" || by == "collection" {
                    break;
                }
                at = of.or(Some(callee));
            }
            Some(&Instr::Load { base, key, .. }) => {
                let name = match key {
                    Key::Field(name) => f.file.facts.str(name),
                    _ => "",
                };
                if ["objects", "query", "session", "_default_manager"].contains(&name) {
                    at = Some(base);
                } else {
                    return plain(name);
                }
            }
            Some(&Instr::Copy { from, .. } | &Instr::Await { from, .. }) => {
                let local = f.func.locals.get(local.index());
                let name = local
                    .and_then(|l| l.name)
                    .map(|name| plain(f.file.facts.str(name)));
                match name.filter(|name| !ENDS.contains(&name.as_str())) {
                    Some(name) => return name,
                    None => at = Some(from),
                }
            }
            Some(_) => {
                if let Some(name) = captured(f, operand).or_else(|| written_name(f, operand)) {
                    return plain(name);
                }
                break;
            }
            None => break,
        }
    }
    String::new()
}

/// Whether the class of a function is called by the records that it holds: `class OrderRepository`.
pub(super) fn holds_records(f: FuncRef<'_>) -> bool {
    let class = f.func.class.and_then(|class| f.file.facts.class(class));
    let name = class.and_then(|class| class.name);
    let name = name
        .map_or("", |name| f.file.facts.str(name))
        .to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
}

/// The argument that says which records are meant: the first, or a class behind what else is handed on, `getRepository(ctx, Order)`.
fn told_by(f: FuncRef<'_>, args: &[Arg], by: &str) -> Option<Operand> {
    let first = args.first()?.value;
    let is_class = |value: Operand| {
        written_name(f, value)
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    let behind = args.iter().map(|arg| arg.value).find(|arg| is_class(*arg));
    match behind {
        Some(class) if TABLES.contains(&by) && matches!(first, Operand::Local(_)) => Some(class),
        _ => Some(first),
    }
}

/// The name of a captured variable, where the function around tells it.
pub(super) fn captured<'p>(f: FuncRef<'p>, operand: Operand) -> Option<&'p str> {
    let Operand::Local(local) = operand else {
        return None;
    };
    let mut capture = f.writers(local).find_map(|(_, instr)| match *instr {
        Instr::LoadVar {
            var: casemate_ir::VarRef::Captured(capture),
            ..
        } => Some(capture),
        _ => None,
    })?;
    let mut func = f.func;
    for _ in 0..CHAIN {
        let parent = f.file.facts.function(func.parent?)?;
        match *func.captures.get(capture.index())? {
            casemate_ir::Capture::Local(local) => {
                let name = parent.locals.get(local.index())?.name?;
                return Some(f.file.facts.str(name));
            }
            casemate_ir::Capture::Outer(outer) => {
                capture = outer;
                func = parent;
            }
        }
    }
    None
}

/// A member of an object that is written where it is used.
pub(super) fn member(f: FuncRef<'_>, object: Operand, name: &str) -> Option<Operand> {
    parts(f.func, f.file, object)
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// The members of an object that is written where it is used.
pub(super) fn parts(func: &Function, file: &File, object: Operand) -> Vec<(String, Operand)> {
    let Operand::Local(mut local) = object else {
        return Vec::new();
    };
    for _ in 0..4 {
        let made = func.instrs.iter().find(|i| i.target() == Some(local));
        match made {
            Some(Instr::Object { parts, .. }) => {
                let named = func.parts(*parts).iter().filter_map(|p| match p.key {
                    PartKey::Field(name) => Some((file.facts.str(name).to_owned(), p.value)),
                    _ => None,
                });
                return named.collect();
            }
            Some(Instr::Copy {
                from: Operand::Local(from),
                ..
            }) => local = *from,
            _ => break,
        }
    }
    Vec::new()
}

/// The same, with the function that it is written in, where that is one around.
fn parts_around<'p>(
    origins: &Solver<'p, '_>,
    f: FuncRef<'p>,
    object: Operand,
) -> (FuncRef<'p>, Vec<(String, Operand)>) {
    let Operand::Local(local) = object else {
        return (f, Vec::new());
    };
    let capture = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::LoadVar {
            to,
            var: VarRef::Captured(capture),
        } if to == local => Some(capture),
        _ => None,
    });
    let around = capture.and_then(|capture| crate::guard::owner_of(origins, f, capture));
    match around {
        Some((owner, local)) => {
            let owner = origins.program.func(owner);
            (owner, parts(owner.func, owner.file, Operand::Local(local)))
        }
        None => (f, parts(f.func, f.file, object)),
    }
}

/// The names by which a record is chosen, of those values that the client says.
pub(super) fn names(
    f: FuncRef<'_>,
    query: &Query,
    args: Range32,
    client: &dyn Fn(Operand) -> bool,
) -> Vec<String> {
    if let Some(text) = &query.sql {
        return sql::columns(text);
    }
    let mut named = Vec::new();
    for arg in f.func.args(args) {
        let name = match arg.key {
            ArgKey::Keyword(name) => f.file.facts.str(name),
            _ => "",
        };
        named.push((name.to_owned(), arg.value));
    }
    // `where('user_id', id)`
    let column = match &*args_of(f, args) {
        [first @ Operand::Const(_), rest @ ..] if rest.iter().any(|value| client(*value)) => {
            sql::text(f, *first).filter(|text| is_table(text))
        }
        _ => None,
    };
    let mut out = names_of(f, named, client);
    out.extend(column.map(|column| column.to_lowercase()));
    out.sort();
    out.dedup();
    out
}

fn args_of(f: FuncRef<'_>, args: Range32) -> Vec<Operand> {
    f.func.args(args).iter().map(|arg| arg.value).collect()
}

/// The same of values that stand under names, or under none.
pub(super) fn names_of(
    f: FuncRef<'_>,
    named: Vec<(String, Operand)>,
    client: &dyn Fn(Operand) -> bool,
) -> Vec<String> {
    let mut out = Vec::new();
    for (name, value) in named {
        if !client(value) {
            continue;
        }
        let mut open = vec![value];
        if !name.is_empty() {
            out.push(name.to_lowercase());
            // `filter_by(id=order_id)` is chosen by an id, whatever the variable is called.
            if f.file.facts.language == Language::Python {
                continue;
            }
        }
        let mut rounds = 0;
        while let Some(value) = open.pop() {
            rounds += 1;
            if rounds > 40 {
                break;
            }
            let beside = match value {
                Operand::Local(local) => crate::built::beside(f, local),
                Operand::Const(_) => Vec::new(),
            };
            let beside = beside
                .into_iter()
                .filter_map(|(name, value)| Some((name?.to_owned(), value)));
            for (name, value) in parts(f.func, f.file, value).into_iter().chain(beside) {
                if client(value) {
                    out.push(name.to_lowercase());
                    open.push(value);
                }
            }
            // `Order.id == key`
            if let Operand::Local(local) = value
                && let Some(Instr::Op { operands, .. }) = f.writer(local).map(|made| made.1)
            {
                for &operand in f.func.operands(*operands) {
                    match written_name(f, operand) {
                        Some(name) if !client(operand) => out.push(name.to_lowercase()),
                        _ => {}
                    }
                }
            }
            // `eq(orders.id, key)`
            if let Some((_, args)) = f.call_behind(value) {
                for arg in args {
                    match written_name(f, arg.value) {
                        Some(name) if !client(arg.value) => out.push(name.to_lowercase()),
                        _ => {}
                    }
                }
            }
            // `findById(userId)`
            if let Some(name) = variable(f, value) {
                out.push(name.to_lowercase());
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The name of the variable, parameter or member that a value is.
pub(crate) fn variable<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    let Operand::Local(local) = value else {
        return None;
    };
    let own = f.func.locals.get(local.index()).and_then(|l| l.name);
    own.map(|name| f.file.facts.str(name))
        .or_else(|| written_name(f, value))
        .or_else(|| captured(f, value))
}
