//! Records that belong to somebody, by their names: those that who asks makes or finds, those that are made with a field that says
//! whose they are, and those that are made together with such a one, of which they hold the key.

use super::repository::{self, Given, Handed, Repositories};
use super::{key, owner, query};
use crate::decoration::written_name;
use crate::guard::root::{Known, Search};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::FuncId;
use casemate_ir::{Arg, Instr, Key, Language, Operand, Range32};
use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

/// Functions around each other.
const DEPTH: usize = 6;

/// Names of records that belong to somebody, anywhere in the program.
pub(super) fn find(
    origins: &Solver<'_, '_>,
    set: &Known,
    repositories: &Repositories,
) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let forward = LazyCell::new(|| forward_keys(origins));
    // By outermost function: what it makes, and with which fields.
    let mut made: BTreeMap<FuncId, Vec<(String, BTreeSet<String>)>> = BTreeMap::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.func.instrs.is_empty() || origins.program.is_copy(func) {
            continue;
        }
        for (at, instr) in f.func.instrs.iter().enumerate() {
            out.extend(filled(origins, set, f, instr));
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                continue;
            };
            let Some(query) = query(origins, f, at, callee, args) else {
                let called = Called {
                    origins,
                    set,
                    f,
                    this,
                    args,
                };
                for inner in repository::callees(origins, func, at, callee) {
                    for handed in repositories.get(&inner).into_iter().flatten() {
                        let Some((object, fields, personal)) = called.gives(inner, handed) else {
                            continue;
                        };
                        let says = fields.iter().any(|name| owner::is_owner(name));
                        if personal
                            || handed.op == "create" && says && owner::belongs_to_maker(&object)
                        {
                            out.insert(object.clone());
                        }
                        if handed.op == "create" {
                            made.entry(outermost(origins, func))
                                .or_default()
                                .push((object, fields));
                        }
                    }
                }
                continue;
            };
            let object = || key::object(origins, f, &query, this, args);
            let personal = f
                .func
                .args(args)
                .iter()
                .any(|arg| Search::of(origins, set, func, arg.value).identity);
            if query.op != "create" {
                let says = || !only_by_attributes(origins, set, &forward, f, args);
                let object = if personal && says() {
                    object()
                } else {
                    String::new()
                };
                if !object.is_empty() {
                    out.insert(object);
                }
                continue;
            }
            let object = object();
            if object.is_empty() {
                continue;
            }
            let fields = key::named(origins, f, args).into_iter();
            let fields: BTreeSet<String> = fields.map(|(name, ..)| name).collect();
            let says = fields.iter().any(|name| owner::is_owner(name));
            if personal || says && owner::belongs_to_maker(&object) {
                out.insert(object.clone());
            }
            made.entry(outermost(origins, func))
                .or_default()
                .push((object, fields));
        }
    }
    let mut parts = BTreeSet::new();
    for together in made.values() {
        for (object, fields) in together {
            let of_owned = together.iter().any(|(other, _)| {
                other != object
                    && out.contains(other)
                    && fields.iter().any(|field| is_key_of(field, other))
            });
            if of_owned && owner::belongs_to_maker(object) {
                parts.insert(object.clone());
            }
        }
    }
    out.extend(parts);
    super::ruled::add(origins, set, &mut out);
    out
}

/// Names under which what is known of who asks says nothing of whose a record is: `Locale.objects.get(code=user.profile.homepage)`.
const ATTRIBUTES: [&str; 16] = [
    "code", "slug", "locale", "lang", "language", "timezone", "country", "currency", "type",
    "kind", "status", "role", "plan", "theme", "version", "name",
];

/// Words of relations to those to whom a record belongs together.
const MEMBERS: [&str; 10] = [
    "member",
    "user",
    "collaborator",
    "participant",
    "owner",
    "team",
    "organi",
    "account",
    "tenant",
    "workspace",
];

/// Names of the keys that records of Django hold of others: `order = models.ForeignKey(Order)`.
fn forward_keys<'p>(origins: &Solver<'p, '_>) -> BTreeSet<&'p str> {
    let mut out = BTreeSet::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        if f.file.facts.language != Language::Python {
            continue;
        }
        for instr in &f.func.instrs {
            let Instr::Class { class, .. } = *instr else {
                continue;
            };
            for (_, name, value) in f.class_body(f.class(class)) {
                let callee = f.call_behind(value).map(|(callee, _)| callee);
                let made = callee.and_then(|callee| written_name(f, callee));
                if made.is_some_and(|made| made.contains("ForeignKey") || made.contains("OneToOne"))
                {
                    out.insert(name);
                }
            }
        }
    }
    out
}

/// Who asks takes part in a query only under names that say nothing of whose a record is.
fn only_by_attributes(
    origins: &Solver<'_, '_>,
    set: &Known,
    forward: &BTreeSet<&str>,
    f: FuncRef<'_>,
    args: Range32,
) -> bool {
    let mut some = false;
    for (name, func, value) in key::named(origins, f, args) {
        let roots = Search::of(origins, set, func, value);
        if !roots.principal {
            continue;
        }
        // `resource__project__in=seen`: other records, which who asks may see.
        let mut parts = name.split("__");
        let first = parts.next().unwrap_or_default();
        let among = parts.last() == Some("in") && !owner::is_owner(first);
        // Something of another record, which the client chose among those that who asks may see.
        let chosen = roots.client && !owner::is_owner(first);
        // `shelves__user=seen`: others have put it there too, unless the record holds the key itself.
        let related = name.contains("__")
            && !owner::is_owner(first)
            && !MEMBERS.iter().any(|word| first.contains(word))
            && !forward.contains(first);
        if !among && !chosen && !related && !ATTRIBUTES.contains(&key::plain(first).as_str()) {
            return false;
        }
        some = true;
    }
    some
}

/// The name of a record that is filled with who asks under a name that says whose it is: `Note(user=request.user)`,
/// `note.owner = request.user`.
fn filled(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>, instr: &Instr) -> Option<String> {
    let principal = |func: FuncId, value| Search::of(origins, set, func, value).principal;
    let class = match *instr {
        Instr::Call { callee, args, .. } => {
            let class = record_class(origins, f, callee, false)?;
            let named = key::named(origins, f, args);
            let mut fields = named.iter();
            fields
                .any(|(name, func, value)| owner::is_owner(name) && principal(*func, *value))
                .then_some(class)
        }
        Instr::Store {
            base,
            key: Key::Field(name),
            value,
        } if owner::is_owner(f.file.facts.str(name)) => {
            let class = record_class(origins, f, base, true)?;
            principal(f.id, value).then_some(class)
        }
        _ => None,
    }?;
    let (file, class) = origins.program.class(class)?;
    let object = key::plain(origins.program.file(file).facts.str(class.name?));
    owner::belongs_to_maker(&object).then_some(object)
}

/// The class of records that a value is, or of which it is one.
fn record_class(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    value: Operand,
    instance: bool,
) -> Option<ClassIdx> {
    let classes = origins.of_operand(f.id, value).iter();
    let mut classes = classes.filter_map(|&val| match origins.val(val) {
        Some(Val::Class(class)) if !instance => Some(class),
        Some(Val::Instance(class)) if instance => Some(class),
        _ => None,
    });
    classes.find(|&class| key::is_record(origins, class))
}

/// A call of a function that hands on what it is given.
struct Called<'a, 'p, 'm> {
    origins: &'a Solver<'p, 'm>,
    set: &'a Known,
    f: FuncRef<'p>,
    this: Option<Operand>,
    args: Range32,
}

impl Called<'_, '_, '_> {
    /// What records it is about, the fields that it names, and whether who asks is among their values.
    fn gives(&self, inner: FuncId, handed: &Handed) -> Option<(String, BTreeSet<String>, bool)> {
        let callee = self.origins.program.func(inner);
        let args: &[Arg] = self.f.func.args(self.args);
        let given = repository::given(self.f, args, callee, handed.param)?;
        let members = repository::members(self.f, &given);
        let principal =
            |value: Operand| Search::of(self.origins, self.set, self.f.id, value).principal;
        let personal = match given {
            // A single value says whose it is only where it stands under such a name.
            Given::Value(value) if members.is_empty() => {
                owner::is_owner(&handed.under) && principal(value)
            }
            _ => members.iter().any(|(_, value)| principal(*value)),
        };
        let object = if repository::says_nothing(&handed.object) {
            key::receiver(self.f, self.this, self.args)
        } else {
            handed.object.clone()
        };
        if repository::says_nothing(&object) {
            return None;
        }
        let fields = members.into_iter().map(|(name, _)| name).collect();
        Some((object, fields, personal))
    }
}

/// `orderId`, `order_id` and `order` of `order`.
pub(crate) fn is_key_of(field: &str, object: &str) -> bool {
    let flat: String = field
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    flat.strip_prefix(object)
        .is_some_and(|rest| rest.is_empty() || rest == "id")
}

/// The function around all others.
fn outermost(origins: &Solver<'_, '_>, func: FuncId) -> FuncId {
    let mut at = func;
    for _ in 0..DEPTH {
        match origins.program.func(at).parent() {
            Some(parent)
                if origins.program.func(parent).func.kind != casemate_ir::FnKind::Module =>
            {
                at = parent;
            }
            _ => break,
        }
    }
    at
}
