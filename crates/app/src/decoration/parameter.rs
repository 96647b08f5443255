//! What the parameters of a handler are filled with by functions that run before it: `user = Depends(current_user)`.

use super::{Around, arguments, elements, keyword, member};
use crate::model::Stage;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef, Target};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Capture, FnKind, Instr, Operand, Span, VarRef};

/// Depth of functions that are filled in themselves.
const DEPTH: u32 = 4;

/// Adds what the defaults of a handler's parameters call.
pub(super) fn of_defaults(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Around) {
    add(origins, f, 0, out);
    let framework = f.func.decorators.iter().any(|d| {
        f.parent().is_some_and(|parent| {
            origins.of_operand(parent, d.value).iter().any(|&val| {
                matches!(origins.val(val), Some(Val::Api(path))
                    if origins.paths.text(path).starts_with("py:fastapi"))
            })
        })
    });
    // What annotations name is not followed: `Annotated[User, Depends(…)]`.
    let annotated = |param: &casemate_ir::Param| {
        !param.optional
            && origins.alias(f, param).is_none()
            && param.ty.as_ref().is_some_and(|ty| {
                ty.primitive.is_none()
                    && (ty
                        .wrapper
                        .is_some_and(|w| f.file.facts.str(w) == "Annotated")
                        || ty.binding.is_some_and(|_| is_alias(origins, f, param)))
            })
    };
    if framework && f.func.params.iter().any(annotated) {
        out.unknown += 1;
    }
}

/// A type that is no class that is known: it may name what fills it. A class of a package fills nothing.
fn is_alias(origins: &Solver<'_, '_>, f: FuncRef<'_>, param: &casemate_ir::Param) -> bool {
    let vals = origins.of_local(f.id, param.local);
    let known = vals
        .iter()
        .any(|&val| matches!(origins.val(val), Some(Val::Instance(_))));
    !known && !is_of_package(origins, f, param)
}

/// The type is imported from something that is no part of the program.
fn is_of_package(origins: &Solver<'_, '_>, f: FuncRef<'_>, param: &casemate_ir::Param) -> bool {
    let Some(VarRef::Global(global)) = param.ty.as_ref().and_then(|ty| ty.binding) else {
        return false;
    };
    let functions = (0..f.file.facts.functions.len()).map(casemate_ir::FnId::from);
    let module = functions
        .map(|id| origins.program.func(f.sibling(id)))
        .find(|f| f.func.kind == FnKind::Module);
    let Some(module) = module else { return false };
    let imports = |instr: &Instr| match *instr {
        Instr::StoreVar {
            var: VarRef::Global(stored),
            value,
        } if stored == global => match module.made_by(value) {
            Some(Instr::Import { import, .. }) => {
                matches!(
                    module.file.imports.get(import.index()),
                    Some(Target::Package(_))
                )
            }
            _ => false,
        },
        _ => false,
    };
    module.func.instrs.iter().any(imports)
}

fn add(origins: &Solver<'_, '_>, f: FuncRef<'_>, depth: u32, out: &mut Around) {
    let Some(parent) = f.parent().filter(|_| depth < DEPTH) else {
        return;
    };
    for param in &f.func.params {
        if let Some(alias) = origins.alias(f, param) {
            let call = alias.dependency;
            depends(origins, alias.module.id, call, f.func.head, depth, out);
        }
    }
    let owner = origins.program.func(parent);
    for capture in &f.func.captures {
        let Capture::Local(local) = *capture else {
            continue;
        };
        let made = owner.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Copy { to, from } if to == local => Some(from),
            _ => None,
        });
        if let Some(made) = made {
            depends(origins, parent, made, f.func.head, depth, out);
        }
    }
}

/// Adds what the members of a class of handlers are filled with: `user = Depends(current_user)` in its body.
pub(super) fn of_class(origins: &Solver<'_, '_>, class: ClassIdx, span: Span, out: &mut Around) {
    for (_, owner, call) in super::injected::members(origins, class) {
        depends(origins, owner, call, span, 0, out);
    }
}

/// What a registration itself names: `@router.get('/x', dependencies=[Depends(f)])`, and what its router was made with.
pub(super) fn of_registration(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    decorator: Operand,
    out: &mut Around,
) {
    let f = origins.program.func(owner);
    let own = arguments(origins, owner, decorator);
    if let Some(list) = keyword(f, own, "dependencies") {
        list_of(origins, f, list, out);
    }
    let receiver = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { to, this, .. } if Operand::Local(to) == decorator => this,
        _ => None,
    });
    // The router stands in a variable of the module, or in one of the same function.
    let Some(Operand::Local(receiver)) = receiver else {
        return;
    };
    let variable = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::LoadVar { to, var } if to == receiver => Some(var),
        _ => None,
    });
    for instr in &f.func.instrs {
        if let Instr::StoreVar { var, value } = *instr
            && Some(var) == variable
        {
            let made = arguments(origins, owner, value);
            if let Some(list) = keyword(f, made, "dependencies") {
                list_of(origins, f, list, out);
            }
        }
    }
}

/// What a list of dependencies calls.
pub(crate) fn of_list(origins: &Solver<'_, '_>, owner: FuncId, list: Operand) -> Around {
    let mut out = Around::default();
    list_of(origins, origins.program.func(owner), list, &mut out);
    out
}

fn list_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, list: Operand, out: &mut Around) {
    match elements(f, list) {
        Some(list) => {
            for element in list {
                depends(origins, f.id, element, f.func.head, 0, out);
            }
        }
        None => out.unknown += 1,
    }
}

/// What `Depends(f)` and its like call.
fn depends(
    origins: &Solver<'_, '_>,
    owner: FuncId,
    value: Operand,
    span: Span,
    depth: u32,
    out: &mut Around,
) {
    let f = origins.program.func(owner);
    if !super::injected::is_dependency(origins, owner, value) {
        return;
    }
    let Some(given) = arguments(origins, owner, value).first() else {
        return;
    };
    let site = Site {
        file: f.file_idx,
        span,
    };
    let vals = origins.of_operand(owner, given.value);
    for &val in vals.iter().take(2) {
        let stage = match origins.val(val) {
            Some(Val::Func(func)) => {
                add(origins, origins.program.func(func), depth + 1, out);
                Stage::Function(func, Vec::new(), None)
            }
            Some(Val::Api(path)) => Stage::Package(path),
            Some(Val::Instance(class)) => match origins.call_method(class) {
                Some(func) => {
                    add(origins, origins.program.func(func), depth + 1, out);
                    Stage::Function(func, Vec::new(), None)
                }
                None => Stage::Unknown,
            },
            // A class that is filled from the request.
            Some(Val::Class(_)) => continue,
            _ => Stage::Unknown,
        };
        out.chain.push(member(origins, site, stage));
    }
    if vals.is_empty() {
        out.unknown += 1;
    }
}
