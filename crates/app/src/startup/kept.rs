//! What functions that are registered keep of the calls that made them.

use super::Startup;
use super::value::{FrameId, HOLE, Kind, V, Value};
use crate::around::{Around, Held};
use casemate_flow::program::FuncRef;
use casemate_flow::result::FuncId;
use casemate_ir::{ArgKey, Capture, Instr, Key, LocalId, OpKind, Operand, VarRef};
use std::sync::Arc;

/// Steps from a variable to an argument.
const STEPS: u32 = 8;

/// Members of members that are looked at.
const DEPTH: u32 = 2;

/// Members of one object that are kept.
const MEMBERS: usize = 24;

/// Variables of one function that are kept.
const VARIABLES: usize = 16;

impl Startup<'_, '_, '_> {
    /// What a function captured of the calls around it, where they ran with values that are known. What the module around holds is the same
    /// for all.
    pub(super) fn kept(&self, func: FuncId, env: Option<FrameId>) -> Around {
        let Some(env) = env else {
            return Around::default();
        };
        let mut out = Vec::new();
        for capture in &self.program.func(func).func.captures {
            let place = match *capture {
                Capture::Local(local) => Some((env, local)),
                Capture::Outer(outer) => self.captured(env, outer),
            };
            let Some((frame, local)) = place else {
                continue;
            };
            let owner = self.func_of(frame);
            if out.len() < VARIABLES
                && owner.parent().is_some()
                && !self.is_changed(owner.id, local)
                && let Some(held) = self.told(frame, local, 0)
            {
                out.push((owner.id, local, held));
            }
        }
        Around::of(out)
    }

    /// What a variable of a call holds, where nothing else may have been written to it: what an argument is, or what stands for it where
    /// it is missing.
    fn told(&self, frame: FrameId, local: LocalId, steps: u32) -> Option<Held> {
        let f = self.func_of(frame);
        if steps > STEPS {
            return None;
        }
        let of = |operand: Operand| match operand {
            Operand::Local(local) => self.told(frame, local, steps + 1),
            Operand::Const(_) => self.as_held(&self.operand(frame, operand), 0),
        };
        let mut writers = f.writers(local).map(|(_, instr)| *instr);
        let written = (writers.next(), writers.next(), writers.next());
        if let Some(index) = f.param_of(local) {
            return match written {
                (None, ..) => self.as_held(&self.local(frame, local), 0),
                // `options = {}`
                (Some(Instr::Copy { from, .. }), None, _) if defaults(f, local, local) => {
                    match self.as_held(&self.argument(frame, index)?, 0)? {
                        Held::Nothing => of(from),
                        given => Some(given),
                    }
                }
                _ => None,
            };
        }
        match written {
            (Some(Instr::Copy { from, .. }), None, _) => of(from),
            (
                Some(Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                }),
                None,
                _,
            ) => of(base)?.member(f.file.facts.str(name)),
            // `{ optional = false }`
            (
                Some(Instr::Op {
                    op: OpKind::Select,
                    operands,
                    ..
                }),
                None,
                _,
            ) => match f.func.operands(operands) {
                &[value @ Operand::Local(_), default @ Operand::Const(_)] => match of(value)? {
                    Held::Nothing => of(default),
                    given => Some(given),
                },
                _ => None,
            },
            // `{ roles = [] }`
            (Some(Instr::Copy { from, .. }), Some(Instr::Copy { from: other, .. }), None) => {
                let Operand::Local(value) = from else {
                    return None;
                };
                match defaults(f, value, local).then(|| of(from))?? {
                    Held::Nothing => of(other),
                    given => Some(given),
                }
            }
            (Some(_), None, _) => self.as_held(&self.local(frame, local), 0),
            _ => None,
        }
    }

    /// What the call that runs gave for a parameter.
    fn argument(&self, frame: FrameId, index: usize) -> Option<Value> {
        let (caller, at) = self.frames.get(frame.0 as usize)?.caller?;
        let Some(&Instr::Call { callee, args, .. }) = self.instr(caller, at) else {
            return None;
        };
        let f = self.func_of(caller);
        let passed_on = crate::decoration::written_name(f, callee)
            .is_some_and(|name| matches!(name, "call" | "apply" | "bind"));
        let args = f.func.args(args);
        if passed_on || args.iter().any(|arg| arg.key != ArgKey::Pos) {
            return None;
        }
        Some(match args.get(index) {
            Some(arg) => self.operand(caller, arg.value),
            None => super::value::one(V::Null),
        })
    }

    fn as_held(&self, value: &[V], depth: u32) -> Option<Held> {
        let [one] = value else { return None };
        Some(match one {
            V::Text(text) if text.contains(HOLE) => return None,
            V::Text(text) => Held::Text(Arc::from(&**text)),
            V::Number(number) => Held::Number(*number),
            V::Bool(truth) => Held::Bool(*truth),
            V::Null => Held::Nothing,
            V::Pattern(_) | V::Func(..) | V::Class(..) | V::Namespace(_) => Held::Something,
            V::Object(id) => {
                let obj = self.obj(*id)?;
                match obj.kind {
                    Kind::Plain if depth < DEPTH => {
                        let member = |(name, value): &(std::rc::Rc<str>, super::value::Value)| {
                            (Arc::from(&**name), self.as_held(value, depth + 1))
                        };
                        Held::Members {
                            known: obj.fields.iter().take(MEMBERS).map(member).collect(),
                            open: obj.open || obj.fields.len() > MEMBERS,
                        }
                    }
                    Kind::Array if obj.open => Held::Something,
                    Kind::Array => Held::List(obj.fields.len()),
                    _ => Held::Something,
                }
            }
            V::Api(_) | V::More => return None,
        })
    }

    /// Whether a function inside another one writes a variable of it: what it holds then differs from request to request.
    fn is_changed(&self, owner: FuncId, local: LocalId) -> bool {
        let mut open = vec![owner];
        while let Some(func) = open.pop() {
            let f = self.program.func(func);
            for instr in &f.func.instrs {
                match *instr {
                    Instr::StoreVar {
                        var: VarRef::Captured(capture),
                        ..
                    } if crate::guard::owner_of(self.origins, f, capture)
                        == Some((owner, local)) =>
                    {
                        return true;
                    }
                    Instr::Closure { func, .. } => open.push(f.sibling(func)),
                    _ => {}
                }
            }
        }
        false
    }
}

/// Whether it is asked if a value is missing, so that something else stands for it.
fn defaults(f: FuncRef<'_>, value: LocalId, to: LocalId) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Op {
            op: OpKind::StrictEq,
            operands,
            ..
        } => match f.func.operands(operands) {
            &[Operand::Local(asked), ref nothing] => {
                (asked == value || asked == to) && crate::guard::is_nothing(f, *nothing)
            }
            _ => false,
        },
        _ => false,
    })
}
