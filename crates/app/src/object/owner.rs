//! Fields that say whose a record is, where a client fills them: by name in what is stored, and by forms that are made of a model.

use super::key::PERSONS;
use crate::decoration::elements;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{Instr, MemberKind, Operand};

/// Fields that hold whose a record is, in their plainest form.
const FIELDS: [&str; 10] = [
    "user",
    "userid",
    "owner",
    "ownerid",
    "author",
    "authorid",
    "creator",
    "creatorid",
    "createdby",
    "createdbyid",
];

/// Parts of names of records that somebody makes for somebody else, as a matter of course.
const FOR_OTHERS: [&str; 16] = [
    "member",
    "invit",
    "permission",
    "role",
    "assign",
    "share",
    "participant",
    "follow",
    "friend",
    "contact",
    "grant",
    "access",
    "recipient",
    "notification",
    "message",
    "log",
];

/// Classes above each other.
const ANCESTORS: usize = 8;

/// Whether a field of this name holds whose a record is.
pub(super) fn is_owner(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    FIELDS.contains(&flat.as_str())
}

/// Whether records of this name belong to whoever makes them.
pub(super) fn belongs_to_maker(object: &str) -> bool {
    !PERSONS.contains(&object) && !FOR_OTHERS.iter().any(|word| object.contains(word))
}

/// The field that says whose a record is, which the form that a value is lets its sender fill: `fields = ['owner', 'title']`.
pub(super) fn of_form(origins: &Solver<'_, '_>, f: FuncRef<'_>, form: Operand) -> Option<String> {
    origins.of_operand(f.id, form).iter().find_map(|&val| {
        let Some(Val::Instance(class)) = origins.val(val) else {
            return None;
        };
        is_model_form(origins, class).then(|| owner_field(origins, class))?
    })
}

/// A form of a model that neither checks nor saves in a way of its own.
fn is_model_form(origins: &Solver<'_, '_>, class: ClassIdx) -> bool {
    let mut open = vec![class];
    let mut at = 0;
    let mut model = false;
    while let Some(&class) = open.get(at) {
        at += 1;
        let Some((file, def)) = origins.program.class(class) else {
            return false;
        };
        let facts = &origins.program.file(file).facts;
        let own = def.members.iter().any(|member| {
            let name = facts.str(member.name);
            member.kind == MemberKind::Method && (name == "save" || name.starts_with("clean"))
        });
        if own {
            return false;
        }
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    model |= origins.paths.text(path).ends_with(".ModelForm");
                }
                _ => {}
            }
        }
    }
    model
}

/// Such a field among those that the class names as its own.
fn owner_field(origins: &Solver<'_, '_>, class: ClassIdx) -> Option<String> {
    let (file, def) = origins.program.class(class)?;
    let owner = origins
        .program
        .func(origins.program.func_id(file, def.owner));
    let (_, _, meta) = owner
        .class_body(class)
        .find(|(_, name, _)| *name == "Meta")?;
    let Some(&Instr::Class { class: inner, .. }) = owner.made_by(meta) else {
        return None;
    };
    let inner = origins.program.class_idx(file, inner);
    let (_, def) = origins.program.class(inner)?;
    let body = origins
        .program
        .func(origins.program.func_id(file, def.owner));
    let (_, _, fields) = body
        .class_body(inner)
        .find(|(_, name, _)| *name == "fields")?;
    let mut named = elements(body, fields)?
        .into_iter()
        .filter_map(|field| body.constant_text(field));
    named.find(|name| is_owner(name)).map(str::to_owned)
}
