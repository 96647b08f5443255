//! The functions by which a framework fills parameters of handlers and members of their classes.

use super::arguments;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::FuncId;
use casemate_ir::{Capture, Instr, LocalId, Operand, Param, VarRef};
use casemate_model::row::Role;

/// Classes that are looked at above one.
const ANCESTORS: usize = 12;

/// The call of `Depends` that fills a parameter, with the function in which it stands.
pub(crate) fn of_parameter(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    param: &Param,
) -> Option<(FuncId, Operand)> {
    if let Some(alias) = origins.alias(f, param) {
        return Some((alias.module.id, alias.dependency));
    }
    let default = f.writers(param.local).find_map(|(_, instr)| match *instr {
        Instr::Copy { from, .. } => Some(from),
        _ => None,
    })?;
    let Some(Instr::LoadVar {
        var: VarRef::Captured(capture),
        ..
    }) = f.made_by(default)
    else {
        return None;
    };
    let Capture::Local(slot) = *f.func.captures.get(capture.index())? else {
        return None;
    };
    let parent = f.parent()?;
    let made = behind(origins.program.func(parent), slot)?;
    is_dependency(origins, parent, made).then_some((parent, made))
}

/// The call of `Depends` that fills a member of a class of handlers, with the function in which it stands.
pub(crate) fn of_member(
    origins: &Solver<'_, '_>,
    class: ClassIdx,
    name: &str,
) -> Option<(FuncId, Operand)> {
    let mut open = vec![class];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        let found = members(origins, class)
            .into_iter()
            .find(|(known, ..)| known == name);
        if let Some((_, owner, value)) = found {
            return Some((owner, value));
        }
        for &base in origins.of_bases(class) {
            if let Some(Val::Class(base)) = origins.val(base)
                && open.len() < ANCESTORS
                && !open.contains(&base)
            {
                open.push(base);
            }
        }
    }
    None
}

/// All members of one class that are filled so, bases left out.
pub(crate) fn members(origins: &Solver<'_, '_>, class: ClassIdx) -> Vec<(String, FuncId, Operand)> {
    let Some((file, def)) = origins.program.class(class) else {
        return Vec::new();
    };
    let owner = origins.program.func_id(file, def.owner);
    let f = origins.program.func(owner);
    let mut out = Vec::new();
    for (_, name, value) in f.class_body(class) {
        if let Operand::Local(value) = value
            && let Some(value) = behind(f, value)
            && is_dependency(origins, owner, value)
        {
            out.push((name.to_owned(), owner, value));
        }
    }
    for member in &def.members {
        let of_type = |ty: &_| origins.alias_of(f, ty);
        if let Some(alias) = member.ty.as_ref().and_then(of_type) {
            let name = f.file.facts.str(member.name).to_owned();
            out.push((name, alias.module.id, alias.dependency));
        }
    }
    out
}

/// The functions of the program that a call of `Depends` names.
pub(crate) fn functions(origins: &Solver<'_, '_>, owner: FuncId, call: Operand) -> Vec<FuncId> {
    let Some(given) = arguments(origins, owner, call).first() else {
        return Vec::new();
    };
    let vals = origins.of_operand(owner, given.value).iter().take(2);
    vals.filter_map(|&val| match origins.val(val) {
        Some(Val::Func(func)) => Some(func),
        Some(Val::Instance(class)) => origins.call_method(class),
        _ => None,
    })
    .collect()
}

/// Whether a call of `Depends` names what reads a credential off the request.
pub(crate) fn is_scheme(origins: &Solver<'_, '_>, owner: FuncId, call: Operand) -> bool {
    arguments(origins, owner, call)
        .first()
        .is_some_and(|given| {
            origins.of_operand(owner, given.value).iter().any(|&val| {
                matches!(origins.val(val), Some(Val::Api(path))
                if origins.paths.text(path).starts_with("py:fastapi.security."))
            })
        })
}

/// Names of what gives back who is logged in, in their plainest form.
const LOGGED_IN: [&str; 5] = [
    "currentuser",
    "currentactiveuser",
    "currentaccount",
    "authenticateduser",
    "loggedinuser",
];

/// Whether a name says that it gives back who is logged in, and that there is somebody.
pub(crate) fn names_login(name: &str) -> bool {
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let flat = flat.to_ascii_lowercase();
    let open = ["optional", "maybe", "ornone", "oranonymous"];
    LOGGED_IN.iter().any(|word| flat.contains(word)) && !open.iter().any(|word| flat.contains(word))
}

/// Whether a call of `Depends` names what logs in by code that is not here: a library's, or one that its name tells of.
pub(crate) fn is_login(origins: &Solver<'_, '_>, owner: FuncId, call: Operand) -> bool {
    let Some(given) = arguments(origins, owner, call).first() else {
        return false;
    };
    let vals = origins.of_operand(owner, given.value);
    let of_library = |path| {
        let mut rows = origins.paths.rows(path);
        rows.any(
            |(_, row)| matches!(&row.role, Role::Guard { kind, .. } if kind == "authentication"),
        )
    };
    !vals.is_empty()
        && vals.iter().all(|&val| match origins.val(val) {
            Some(Val::Api(path)) => {
                of_library(path)
                    || !origins.paths.known(path) && names_login(origins.paths.last_member(path))
            }
            _ => false,
        })
}

/// Whether a call is one of `Depends` and its like.
pub(crate) fn is_dependency(origins: &Solver<'_, '_>, owner: FuncId, call: Operand) -> bool {
    let f = origins.program.func(owner);
    let Some((callee, _)) = f.call_behind(call) else {
        return false;
    };
    origins.of_operand(owner, callee).iter().any(|&val| {
        matches!(origins.val(val), Some(Val::Api(path)) if {
            let text = origins.paths.text(path);
            text == "py:fastapi.Depends" || text == "py:fastapi.Security"
        })
    })
}

/// The value that a call left in a local, copies passed over.
fn behind(f: FuncRef<'_>, mut local: LocalId) -> Option<Operand> {
    for _ in 0..4 {
        match *f.writer(local)?.1 {
            Instr::Copy {
                from: Operand::Local(from),
                ..
            } => local = from,
            Instr::Call { .. } => return Some(Operand::Local(local)),
            _ => return None,
        }
    }
    None
}
