//! Columns of stores, as classes of records and schemas declare them.

use crate::decoration::{member_before, written_name};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::Site;
use casemate_ir::{ArgKey, Instr, MemberKind, Operand, PartKey, Span};

/// A column, or a field of a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Column {
    /// The class, table or collection.
    pub record: String,
    /// As it is declared.
    pub name: String,
    /// Where.
    pub at: Site,
    /// What its declaration says about encryption: `EncryptedCharField`.
    pub sealed: Option<String>,
}

/// All columns that the program declares, in order of their place.
#[must_use]
pub fn columns(origins: &Solver<'_, '_>) -> Vec<Column> {
    let mut out = Vec::new();
    let program = origins.program;
    for index in 0..program.class_count() {
        let Ok(index) = u32::try_from(index) else {
            break;
        };
        of_class(origins, ClassIdx(index), &mut out);
    }
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        of_schemas(program.func(id), &mut out);
    }
    out.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    out.dedup_by(|a, b| a.record == b.record && a.name == b.name);
    out
}

/// What a class of records declares: members with a decorator that says so, and what its body makes fields of.
fn of_class(origins: &Solver<'_, '_>, class: ClassIdx, out: &mut Vec<Column>) {
    let program = origins.program;
    let Some((file, def)) = program.class(class) else {
        return;
    };
    let owner = program.func(program.func_id(file, def.owner));
    let Some(name) = def.name.map(|name| owner.file.facts.str(name)) else {
        return;
    };
    let record = crate::object::key::is_record(origins, class);
    let mut add = |column: &str, span: Span, sealed: Option<String>| {
        out.push(Column {
            record: name.to_owned(),
            name: column.to_owned(),
            at: Site { file, span },
            sealed,
        });
    };
    for member in &def.members {
        if member.kind != MemberKind::Field || member.is_static {
            continue;
        }
        let decorators: Vec<&str> = member
            .decorators
            .iter()
            .filter_map(|d| called(owner, d.value))
            .collect();
        let by_decorator = decorators.iter().any(|name| is_column(name));
        // `Mapped[str]`, `email: str` of a class of records in Python.
        let by_type = record && member.decorators.is_empty() && member.ty.is_some();
        if by_decorator || by_type {
            let sealed = decorators.iter().find(|name| seals(name));
            add(
                owner.file.facts.str(member.name),
                member.span,
                sealed.map(|name| format!("@{name}")),
            );
        }
    }
    if !record {
        return;
    }
    // Django's users bring a password along, which it hashes.
    if origins.of_bases(class).iter().any(|base| {
        matches!(origins.val(*base), Some(Val::Api(path)) if {
            let text = origins.paths.text(path);
            text.ends_with(".AbstractUser") || text.ends_with(".AbstractBaseUser")
        })
    }) {
        add("password", def.span, Some("hashed by Django".to_owned()));
    }
    for (at, column, value) in owner.class_body(class) {
        let Some(made) = called(owner, value) else {
            continue;
        };
        if !is_field(made) {
            continue;
        }
        let span = made_at(owner, value).or_else(|| owner.func.spans.get(at).copied());
        let inner = owner.call_behind(value).and_then(|(_, args)| {
            let mut names = args.iter().filter_map(|arg| called(owner, arg.value));
            names.find(|name| seals(name))
        });
        let sealed = Some(made).filter(|name| seals(name)).or(inner);
        add(column, span.unwrap_or(def.span), sealed.map(str::to_owned));
    }
}

/// The name of what a value is the result of, or of the value itself: `CharField` of `models.CharField(…)`, `Encrypted`.
fn called<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    match f.call_behind(value) {
        Some((callee, _)) => written_name(f, callee),
        None => written_name(f, value),
    }
}

/// Where a value is given its name.
fn made_at(f: FuncRef<'_>, value: Operand) -> Option<Span> {
    let Operand::Local(local) = value else {
        return None;
    };
    let (at, _) = f.writer(local)?;
    f.func.spans.get(at).copied()
}

/// Decorators that make a member a column: `@Column`, `@PrimaryColumn`, `@Prop`, `@Property`.
fn is_column(name: &str) -> bool {
    name.ends_with("Column") || matches!(name, "Prop" | "prop" | "Property")
}

/// Makers of fields: `CharField`, `Column`, `mapped_column`.
fn is_field(name: &str) -> bool {
    name.ends_with("Field") || name.ends_with("Column") || name == "mapped_column"
}

fn seals(name: &str) -> bool {
    name.to_ascii_lowercase().contains("encrypt")
}

/// Schemas that are objects: `new Schema({…})`, `define('user', {…})`, `Model.init({…}, { sequelize })`, `pgTable('users', {…})`.
fn of_schemas(f: FuncRef<'_>, out: &mut Vec<Column>) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Call {
            callee,
            args,
            flags,
            ..
        } = *instr
        else {
            continue;
        };
        let Some(name) = member_before(f, callee, at).or_else(|| written_name(f, callee)) else {
            continue;
        };
        let args: Vec<Operand> = f
            .func
            .args(args)
            .iter()
            .filter(|arg| arg.key == ArgKey::Pos)
            .map(|arg| arg.value)
            .collect();
        let (record, fields) = match (name, args.as_slice()) {
            ("Schema", [fields, ..]) if flags.new => (None, *fields),
            ("define" | "pgTable" | "mysqlTable" | "sqliteTable", [record, fields, ..]) => {
                match f.constant_text(*record) {
                    Some(record) => (Some(record), *fields),
                    None => continue,
                }
            }
            ("init", [fields, options, ..]) if names(f, *options).any(|n| n == "sequelize") => {
                (None, *fields)
            }
            _ => continue,
        };
        let record = record.unwrap_or_else(|| {
            let file = f.file.path.rsplit('/').next().unwrap_or_default();
            file.split('.').next().unwrap_or_default()
        });
        let span = f.func.spans.get(at).copied().unwrap_or_default();
        for field in names(f, fields) {
            out.push(Column {
                record: record.to_owned(),
                name: field.to_owned(),
                at: Site {
                    file: f.file_idx,
                    span,
                },
                sealed: None,
            });
        }
    }
}

/// The names of the members of an object that is written where it is given.
fn names<'p>(f: FuncRef<'p>, object: Operand) -> impl Iterator<Item = &'p str> {
    let parts = match f.made_by(object) {
        Some(Instr::Object { parts, .. }) => f.func.parts(*parts),
        _ => &[],
    };
    parts.iter().filter_map(move |part| match part.key {
        PartKey::Field(name) => Some(f.file.facts.str(name)),
        _ => None,
    })
}
