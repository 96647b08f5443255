//! What a class says of the records that a library finds for it, beside their kind: `get_queryset`, filters, what settings name for all.

use super::key;
use crate::decoration::{elements, member_before, written_name};
use crate::guard::root::{Known, Search};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::FuncId;
use casemate_ir::{Instr, Key, MemberKind, Operand, PartKey, SUPER, Term};

/// What narrows lists by what a client asks for, and by nothing else.
const FILTERS: [&str; 5] = [
    "DjangoFilterBackend",
    "SearchFilter",
    "OrderingFilter",
    "FilterBackend",
    "ComplexFilterBackend",
];

/// The setting that names what narrows lists for all classes.
const FOR_ALL: &str = "DEFAULT_FILTER_BACKENDS";

/// What is called on records and queries that leaves open whose they are.
const PLAIN: [&str; 37] = [
    "Case",
    "Coalesce",
    "Count",
    "Exists",
    "F",
    "Lower",
    "Max",
    "Min",
    "OuterRef",
    "Prefetch",
    "Q",
    "Subquery",
    "Sum",
    "Value",
    "When",
    "alias",
    "all",
    "annotate",
    "count",
    "defer",
    "distinct",
    "exclude",
    "filter",
    "get",
    "get_queryset",
    "getattr",
    "hasattr",
    "isinstance",
    "none",
    "only",
    "order_by",
    "prefetch_related",
    "reverse",
    "select_related",
    "super",
    "using",
    "values",
];

/// Steps back along a chain of calls.
const CHAIN: usize = 12;

/// Whether who asks takes part in a choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Narrowed {
    /// By who asks.
    ByWho,
    /// By nothing that has to do with them.
    No,
    /// Nobody can tell.
    Unknown,
}

impl Narrowed {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::ByWho, _) | (_, Self::ByWho) => Self::ByWho,
            (Self::No, Self::No) => Self::No,
            _ => Self::Unknown,
        }
    }
}

/// What a function that gives a class its records says.
pub(super) struct Given {
    pub(super) object: Option<String>,
    pub(super) narrowed: Narrowed,
    /// It begins with what the classes above give.
    pub(super) above: bool,
}

/// Reads `get_queryset`.
pub(super) fn given(origins: &Solver<'_, '_>, set: &Known, func: FuncId) -> Given {
    let f = origins.program.func(func);
    let returned = f.func.blocks.iter().filter_map(|block| match block.term {
        Term::Return(value) => value,
        _ => None,
    });
    let above = f.func.instrs.iter().any(
        |instr| matches!(*instr, Instr::Load { key: Key::Field(name), .. } if f.file.facts.str(name) == SUPER),
    );
    Given {
        object: returned.rev().find_map(|value| record_of(f, value)),
        narrowed: by(origins, set, f),
        above,
    }
}

/// Whether a function narrows records by who asks.
fn by(origins: &Solver<'_, '_>, set: &Known, f: FuncRef<'_>) -> Narrowed {
    let mut narrowed = Narrowed::No;
    for (at, instr) in f.func.instrs.iter().enumerate() {
        match *instr {
            Instr::Load { to, .. }
                if Search::of(origins, set, f.id, Operand::Local(to)).principal =>
            {
                return Narrowed::ByWho;
            }
            Instr::Call { callee, .. } => {
                let name = member_before(f, callee, at).or_else(|| written_name(f, callee));
                if !name.is_some_and(|name| PLAIN.contains(&name)) {
                    narrowed = Narrowed::Unknown;
                }
            }
            Instr::Closure { .. } => narrowed = Narrowed::Unknown,
            _ => {}
        }
    }
    narrowed
}

/// The class at the beginning of a query: `Note` of `Note.objects.filter(…).order_by('id')`.
fn record_of(f: FuncRef<'_>, value: Operand) -> Option<String> {
    let mut at = value;
    for _ in 0..CHAIN {
        match *f.made_by(at)? {
            Instr::Call { callee, this, .. } => at = this.unwrap_or(callee),
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                let name = f.file.facts.str(name);
                if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    return Some(key::plain(name));
                }
                at = base;
            }
            Instr::LoadVar { .. } | Instr::Import { .. } => {
                let name = written_name(f, at)?;
                let of_class = name.starts_with(|c: char| c.is_ascii_uppercase());
                return of_class.then(|| key::plain(name));
            }
            _ => return None,
        }
    }
    None
}

/// What `filter_backends` of a class narrow by.
pub(super) fn by_filters(
    origins: &Solver<'_, '_>,
    set: &Known,
    f: FuncRef<'_>,
    list: Operand,
) -> Narrowed {
    let Some(list) = elements(f, list) else {
        return Narrowed::Unknown;
    };
    list.iter().fold(Narrowed::No, |all, &filter| {
        let plain = written_name(f, filter).is_some_and(|name| FILTERS.contains(&name));
        let mut vals = origins.of_operand(f.id, filter).iter();
        let class = vals.find_map(|&val| match origins.val(val) {
            Some(Val::Class(class)) => Some(class),
            _ => None,
        });
        all.and(match class {
            _ if plain => Narrowed::No,
            Some(class) => by_filter(origins, set, class),
            None => Narrowed::Unknown,
        })
    })
}

/// What a filter of the program narrows by.
fn by_filter(origins: &Solver<'_, '_>, set: &Known, class: ClassIdx) -> Narrowed {
    let name = origins.program.symbols.find("filter_queryset");
    let method = name.and_then(|name| origins.member_function(class, name, MemberKind::Method));
    match method {
        Some(method) => by(origins, set, origins.program.func(method)),
        None => Narrowed::Unknown,
    }
}

/// What the filters narrow by that settings name for all classes.
pub(super) fn by_settings(origins: &Solver<'_, '_>, set: &Known) -> Narrowed {
    let mut narrowed = Narrowed::No;
    if origins.program.symbols.find(FOR_ALL).is_none() {
        return narrowed;
    }
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        for instr in &f.func.instrs {
            let Instr::Object { parts, .. } = *instr else {
                continue;
            };
            let named = f.func.parts(parts).iter().find(
                |part| matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == FOR_ALL),
            );
            let Some(named) = named else { continue };
            let list = elements(f, named.value).unwrap_or_default();
            let all = list.iter().map(|&filter| {
                let text = f.constant_text(filter).unwrap_or_default();
                by_name(origins, set, text.rsplit('.').next().unwrap_or_default())
            });
            narrowed = match list.is_empty() {
                true => Narrowed::Unknown,
                false => all.fold(narrowed, Narrowed::and),
            };
        }
    }
    narrowed
}

/// What the filter of a name narrows by.
fn by_name(origins: &Solver<'_, '_>, set: &Known, name: &str) -> Narrowed {
    if FILTERS.contains(&name) {
        return Narrowed::No;
    }
    let count = u32::try_from(origins.program.class_count()).unwrap_or(u32::MAX);
    let mut classes = (0..count).map(ClassIdx).filter(|&class| {
        let of = origins.program.class(class).and_then(|(file, def)| {
            let facts = &origins.program.file(file).facts;
            def.name.map(|name| facts.str(name))
        });
        of == Some(name)
    });
    match (classes.next(), classes.next()) {
        (Some(class), None) => by_filter(origins, set, class),
        _ => Narrowed::Unknown,
    }
}
