//! Types that name the dependency that fills a parameter, or what is asked of its value: `CurrentUser = Annotated[User,
//! Depends(current_user)]`, `Name = Annotated[str, Field(pattern='^[a-z]+$')]`.
//!
//! Front ends lower such a type, where it stands as a value, as a call of `Annotated` with the type and what stands beside it.

use crate::program::{FuncRef, Program, Target};
use crate::result::FuncId;
use casemate_ir::{
    Arg, ExportKind, FnKind, Instr, Key, Language, LocalId, Operand, TypeRef, VarRef,
};
use rustc_hash::FxHashMap;

/// Modules that hand such a type on.
const ROUNDS: usize = 3;

/// What fills a parameter of a type.
#[derive(Clone, Copy)]
pub struct Injected<'p> {
    /// The module that names the type.
    pub module: FuncRef<'p>,
    /// The type of the value.
    pub ty: Operand,
    /// The call of `Depends`.
    pub dependency: Operand,
}

/// A type with what is asked of its values.
#[derive(Clone, Copy)]
pub(crate) struct Narrowed<'p> {
    /// The module that names the type.
    pub module: FuncRef<'p>,
    /// The type.
    pub ty: Operand,
    /// What is asked: calls.
    pub said: &'p [Arg],
}

/// All types of a program that say more than their name, by the module variable that holds them.
#[derive(Default)]
pub(crate) struct Aliases {
    by_global: FxHashMap<u32, (FuncId, LocalId)>,
}

impl Aliases {
    pub(crate) fn of(program: &Program) -> Self {
        let mut out = Self::default();
        let mut imported: Vec<(u32, u32)> = Vec::new();
        for func in program.function_ids() {
            let f = program.func(func);
            if f.func.kind != FnKind::Module || f.file.facts.language != Language::Python {
                continue;
            }
            for instr in &f.func.instrs {
                let Instr::StoreVar {
                    var: VarRef::Global(global),
                    value: value @ Operand::Local(local),
                } = *instr
                else {
                    continue;
                };
                match f.made_by(value) {
                    Some(Instr::Call { .. }) if narrowed(f, value).is_some() => {
                        out.by_global.insert(f.global(global), (func, local));
                    }
                    Some(&Instr::Import {
                        import,
                        name: Some(name),
                        ..
                    }) => {
                        if let Some(Target::File(file)) = f.file.imports.get(import.index()) {
                            let name = f.file.facts.str(name);
                            let target = program.file(*file);
                            let exported =
                                target
                                    .facts
                                    .exports
                                    .iter()
                                    .find_map(|export| match export.kind {
                                        ExportKind::Variable(global)
                                            if target.facts.str(export.name) == name =>
                                        {
                                            Some(program.global(*file, global))
                                        }
                                        _ => None,
                                    });
                            imported.extend(exported.map(|from| (f.global(global), from)));
                        }
                    }
                    _ => {}
                }
            }
        }
        if out.by_global.is_empty() {
            return out;
        }
        for _ in 0..ROUNDS {
            for (global, from) in &imported {
                if let Some(&made) = out.by_global.get(from) {
                    out.by_global.insert(*global, made);
                }
            }
        }
        out
    }

    fn made<'p>(
        &self,
        program: &'p Program,
        f: FuncRef<'p>,
        ty: &TypeRef,
    ) -> Option<(FuncRef<'p>, Operand)> {
        let Some(VarRef::Global(global)) = ty.binding.filter(|_| ty.path.len() == 1) else {
            return None;
        };
        let (func, local) = *self.by_global.get(&f.global(global))?;
        Some((program.func(func), Operand::Local(local)))
    }

    /// What is asked of the values of a type for which no dependency stands.
    pub(crate) fn narrowed<'p>(
        &self,
        program: &'p Program,
        f: FuncRef<'p>,
        ty: &TypeRef,
    ) -> Option<Narrowed<'p>> {
        let (module, value) = self.made(program, f, ty)?;
        narrowed(module, value).filter(|_| parts(module, value).is_none())
    }

    /// What fills a parameter of a type.
    pub(crate) fn get<'p>(
        &self,
        program: &'p Program,
        f: FuncRef<'p>,
        ty: &TypeRef,
    ) -> Option<Injected<'p>> {
        let (module, value) = self.made(program, f, ty)?;
        let (ty, dependency) = parts(module, value)?;
        Some(Injected {
            module,
            ty,
            dependency,
        })
    }
}

/// A call of `Annotated`.
fn narrowed(module: FuncRef<'_>, value: Operand) -> Option<Narrowed<'_>> {
    let (callee, args) = module.call_behind(value)?;
    let (ty, said) = args.split_first()?;
    (written(module, callee)? == "Annotated").then_some(Narrowed {
        module,
        ty: ty.value,
        said,
    })
}

/// The type and the dependency of a call of `Annotated`.
fn parts(f: FuncRef<'_>, value: Operand) -> Option<(Operand, Operand)> {
    let Narrowed { ty, said, .. } = narrowed(f, value)?;
    let named = said.iter().find(|arg| {
        let called = f.call_behind(arg.value).map(|(callee, _)| callee);
        called
            .and_then(|callee| written(f, callee))
            .is_some_and(|name| matches!(name, "Depends" | "Security"))
    })?;
    Some((ty, named.value))
}

/// The last name of what an expression reads.
pub(crate) fn written<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    match *f.made_by(value)? {
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => {
            let binding = f.file.facts.globals.get(global.index())?;
            Some(f.file.facts.str(binding.name))
        }
        Instr::Load {
            key: Key::Field(name),
            ..
        }
        | Instr::Import {
            name: Some(name), ..
        } => Some(f.file.facts.str(name)),
        _ => None,
    }
}
