//! Records that a class of a library finds, changes and deletes for a class of the program, which only says of which kind they are:
//! `class Delete(LoginRequiredMixin, DeleteView): model = Note`.

use super::key;
use crate::decoration::{elements, written_name};
use crate::guard::names::Names;
use crate::model::{Access, Endpoint};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_ir::{ClassId, Instr, Key, MemberKind, Operand};

/// Classes above one.
const ANCESTORS: usize = 16;

/// Methods by which a class says which records it finds, or who may have them.
const SAYS: [&str; 13] = [
    "get_queryset",
    "get_object",
    "filter_queryset",
    "dispatch",
    "initial",
    "test_func",
    "has_permission",
    "get_permissions",
    "check_permissions",
    "check_object_permissions",
    "get_object_or_404",
    "setup",
    "has_object_permission",
];

/// What narrows lists by what a client asks for, and by nothing else.
const FILTERS: [&str; 4] = [
    "DjangoFilterBackend",
    "SearchFilter",
    "OrderingFilter",
    "FilterBackend",
];

/// Parts of names of classes of libraries that change or delete what they find.
const CHANGE: [&str; 4] = ["Update", "Delete", "Destroy", "ModelViewSet"];

/// What a class of a library does with a record that the address names.
pub(super) fn of(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Option<Access> {
    let path = endpoint.path.as_deref()?;
    let named = path.contains(['<', '{']);
    let op = match endpoint.method.as_str() {
        "put" | "patch" | "post" => "write",
        "delete" => "delete",
        _ => return None,
    };
    let site = endpoint.site;
    let file = origins.program.file(site.file);
    let index = file
        .facts
        .classes
        .iter()
        .position(|class| class.span == site.span)
        .filter(|_| named)?;
    let own = origins.program.class_idx(site.file, ClassId::from(index));
    let mut open = vec![own];
    let mut at = 0;
    let mut object = None;
    let mut changes = false;
    while let Some(&class) = open.get(at) {
        at += 1;
        let (file, def) = origins.program.class(class)?;
        let facts = &origins.program.file(file).facts;
        let says = def.members.iter().any(|member| {
            member.kind == MemberKind::Method && SAYS.contains(&facts.str(member.name))
        });
        if says || !def.decorators.is_empty() {
            return None;
        }
        let owner = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        for (_, name, value) in owner.class_body(class) {
            match name {
                "model" | "queryset" if object.is_none() => object = named_record(owner, value),
                "filter_backends" => {
                    let list = elements(owner, value)?;
                    let plain = |value: &Operand| {
                        written_name(owner, *value).is_some_and(|name| FILTERS.contains(&name))
                    };
                    if !list.iter().all(plain) {
                        return None;
                    }
                }
                "lookup_url_kwarg" | "permission_required" => return None,
                _ => {}
            }
        }
        for &base in origins.of_bases(class) {
            match origins.val(base) {
                Some(Val::Class(base)) if open.len() < ANCESTORS && !open.contains(&base) => {
                    open.push(base);
                }
                Some(Val::Api(path)) => {
                    // What a base does of which nothing is known, nobody can tell.
                    if !origins.paths.known(path) && !origins.paths.parent_known(path) {
                        return None;
                    }
                    let name = origins.paths.text(path);
                    changes |= CHANGE.iter().any(|word| name.contains(word));
                }
                _ => return None,
            }
        }
    }
    // What settings put between a class and its records may be anything.
    let narrowed = origins
        .program
        .symbols
        .find("DEFAULT_FILTER_BACKENDS")
        .is_some();
    if !changes || narrowed {
        return None;
    }
    let object = object.filter(|object| !object.is_empty())?;
    let (file, def) = origins.program.class(own)?;
    Some(Access {
        site,
        function: origins.program.func_id(file, def.owner),
        op: op.to_owned(),
        object,
        key: vec!["pk".to_owned()],
        names: Names::of("pk"),
        handed: false,
        via: None,
        thin: false,
        callee: "get_object".to_owned(),
    })
}

/// `Note`, `Note.objects.all()`.
pub(super) fn named_record(f: FuncRef<'_>, value: Operand) -> Option<String> {
    let mut at = value;
    for _ in 0..8 {
        let Operand::Local(local) = at else {
            return None;
        };
        match f.writer(local)?.1 {
            Instr::Copy { from, .. } => at = *from,
            Instr::Load { base, key, .. } => {
                let name = match *key {
                    Key::Field(name) => f.file.facts.str(name),
                    _ => "",
                };
                if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                    return Some(key::plain(name));
                }
                at = *base;
            }
            // A list that is narrowed is not looked at.
            Instr::Call { callee, args, .. } if f.func.args(*args).is_empty() => at = *callee,
            Instr::LoadVar { .. } | Instr::Import { .. } => {
                return written_name(f, at).map(key::plain);
            }
            _ => return None,
        }
    }
    None
}
