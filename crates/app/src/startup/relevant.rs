//! Which functions lead to a registration, and where registrations stand.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::FuncId;
use casemate_ir::{Const, Function, Instr, Key, Operand};
use casemate_model::path::{PortBase, Step};
use casemate_model::row::Role;
use rustc_hash::FxHashSet;

/// Methods by which handlers are registered everywhere; only asked where nothing is known of the receiver.
const VERBS: [&str; 7] = ["get", "post", "put", "patch", "delete", "use", "all"];

/// What was found by looking at every function once.
pub(crate) struct Relevant {
    /// By function: it, or what it calls, makes or hands on, registers something.
    pub leads: Vec<bool>,
    /// By function: it registers something itself.
    pub registers: Vec<bool>,
    /// Callers, makers and those who hand a function on.
    pub users: Vec<Vec<FuncId>>,
    /// Calls that register, as far as the origins tell.
    pub sites: Vec<(FuncId, u32)>,
    /// Calls that look like registrations on a receiver that nothing is known of.
    pub suspects: Vec<(FuncId, u32)>,
}

impl Relevant {
    pub(crate) fn of(origins: &mut Solver<'_, '_>) -> Self {
        let program = origins.program;
        let count = program.function_count();
        let mut found = Self {
            leads: vec![false; count],
            registers: vec![false; count],
            users: vec![Vec::new(); count],
            sites: Vec::new(),
            suspects: Vec::new(),
        };
        for id in program.function_ids() {
            let used = found.read(origins, id);
            for func in used {
                if let Some(users) = found.users.get_mut(func.0 as usize) {
                    users.push(id);
                }
            }
        }
        let mut queue: Vec<FuncId> = Vec::new();
        for (index, registers) in (0_u32..).zip(&found.registers) {
            if *registers {
                queue.push(FuncId(index));
            }
        }
        while let Some(func) = queue.pop() {
            let Some(leads) = found.leads.get_mut(func.0 as usize) else {
                continue;
            };
            if !std::mem::replace(leads, true) {
                queue.extend(found.users.get(func.0 as usize).into_iter().flatten());
            }
        }
        found
    }

    /// Reads one function; gives the functions that it calls, makes or hands on.
    fn read(&mut self, origins: &mut Solver<'_, '_>, id: FuncId) -> FxHashSet<FuncId> {
        let program = origins.program;
        let f = program.func(id);
        let mut used = FxHashSet::default();
        if chooses_method(origins, f)
            && let Some(slot) = self.registers.get_mut(id.0 as usize)
        {
            *slot = true;
        }
        let origins = &*origins;
        let meant = |used: &mut FxHashSet<FuncId>, operand: Operand| {
            for &val in origins.of_operand(id, operand) {
                match origins.val(val) {
                    Some(Val::Func(func)) => {
                        used.insert(func);
                    }
                    Some(Val::Class(class)) => {
                        if let Some((file, def)) = program.class(class) {
                            used.insert(program.func_id(file, def.constructor));
                        }
                    }
                    _ => {}
                }
            }
        };
        for (at, instr) in (0_u32..).zip(&f.func.instrs) {
            match *instr {
                Instr::Closure { func, .. } => {
                    used.insert(f.sibling(func));
                }
                Instr::Call {
                    callee,
                    this,
                    args,
                    flags,
                    ..
                } => {
                    meant(&mut used, callee);
                    for arg in f.func.args(args) {
                        meant(&mut used, arg.value);
                    }
                    if let Some(this) = this {
                        meant(&mut used, this);
                    }
                    let mut entry = false;
                    if flags.super_call
                        && let Some(class) = f.func.class
                    {
                        for &base in origins.of_bases(f.class(class)) {
                            entry |= matches!(origins.val(base), Some(Val::Api(path))
                                if origins.paths.call_rows(path, false).any(|(_, row)| registers_list(&row.role)));
                            if let Some(Val::Class(base)) = origins.val(base)
                                && let Some((file, def)) = program.class(base)
                            {
                                used.insert(program.func_id(file, def.constructor));
                            }
                        }
                    }
                    let known = origins.of_operand(id, callee);
                    let plain = only_constants(f.func, args);
                    entry &= !plain;
                    entry |= known.iter().any(|&val| {
                        let registers = |role: &Role| match plain {
                            true => registers_receiver(role),
                            false => registers(role),
                        };
                        matches!(origins.val(val), Some(Val::Api(path))
                            if origins.paths.call_rows(path, flags.new).any(|(_, row)| registers(&row.role)))
                    });
                    if entry {
                        self.sites.push((id, at));
                        if let Some(slot) = self.registers.get_mut(id.0 as usize) {
                            *slot = true;
                        }
                    } else if known.is_empty() && looks_so(f, at, callee, args) {
                        self.suspects.push((id, at));
                    }
                }
                _ => {}
            }
        }
        used
    }
}

/// Whether a call registers what it is given. Handlers that are declared, as methods or exports of some name, are found elsewhere.
fn registers(role: &Role) -> bool {
    matches!(role, Role::Entry(entry) if entry.handlers.is_some())
}

/// Whether a call registers what it is called on: `OrderUpdate.Field()`.
fn registers_receiver(role: &Role) -> bool {
    matches!(role, Role::Entry(entry) if entry.handlers.as_ref().is_some_and(|port| port.base == PortBase::This))
}

/// Whether a call registers each element of a list that it is given.
pub(super) fn registers_list(role: &Role) -> bool {
    matches!(role, Role::Entry(entry) if entry.each.is_some())
}

/// `app[method](…)`: which function of a package is called depends on a value.
fn chooses_method(origins: &mut Solver<'_, '_>, f: casemate_flow::program::FuncRef<'_>) -> bool {
    let bases: Vec<Operand> = f
        .func
        .instrs
        .iter()
        .filter_map(|instr| match *instr {
            Instr::Load {
                base,
                key: Key::Computed(Operand::Local(_)),
                ..
            } => Some(base),
            _ => None,
        })
        .collect();
    for base in bases {
        let vals = origins.of_operand(f.id, base).to_vec();
        for val in vals {
            let Some(Val::Api(path)) = origins.val(val) else {
                continue;
            };
            let get = Step::Member("get".to_owned());
            if origins.paths.known(path)
                && let Some(member) = origins.paths.step(path, &get)
                && origins
                    .paths
                    .call_rows(member, false)
                    .any(|(_, row)| registers(&row.role))
            {
                return true;
            }
        }
    }
    false
}

/// `app.get('name')` reads a setting.
fn only_constants(func: &Function, args: casemate_ir::Range32) -> bool {
    func.args(args)
        .iter()
        .all(|arg| matches!(arg.value, Operand::Const(_)))
}

/// `something.get('/path', …, handler)` on a receiver that nothing is known of.
fn looks_so(
    f: casemate_flow::program::FuncRef<'_>,
    at: u32,
    callee: Operand,
    args: casemate_ir::Range32,
) -> bool {
    let Operand::Local(callee) = callee else {
        return false;
    };
    let near = f.func.instrs.get(..at as usize).unwrap_or(&[]);
    let name = near.iter().rev().take(64).find_map(|instr| match *instr {
        Instr::Load {
            to,
            key: Key::Field(name),
            ..
        } if to == callee => Some(f.file.facts.str(name)),
        _ => None,
    });
    if !name.is_some_and(|name| VERBS.contains(&name)) {
        return false;
    }
    let args = f.func.args(args);
    let path = args.first().is_some_and(|arg| match arg.value {
        Operand::Const(id) => {
            matches!(f.file.facts.constant(id), Const::Str(text) if f.file.facts.str(*text).starts_with('/'))
        }
        Operand::Local(_) => false,
    });
    let function = args.iter().skip(1).any(|arg| match arg.value {
        Operand::Local(local) => near
            .iter()
            .rev()
            .take(256)
            .any(|instr| matches!(*instr, Instr::Closure { to, .. } if to == local)),
        Operand::Const(_) => false,
    });
    path && function
}
