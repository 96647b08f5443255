//! What of an object answers below the address at which its tree stands: methods that say that they are exposed, by their names; of
//! a class that is exposed as a whole, the methods that are called like those of HTTP.

use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::ClassIdx;
use casemate_flow::result::FuncId;
use casemate_ir::{Const, Decorator, Instr, Key, MemberKind, Operand};

/// What makes a method or a class answer.
const EXPOSE: &str = "py:cherrypy.expose";

/// The member that says the same.
const EXPOSED: &str = "exposed";

/// Methods that answer in a class that is exposed as a whole.
const VERBS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Classes above one.
const ANCESTORS: usize = 8;

/// One method that answers.
pub(crate) struct Exposed {
    /// As what; absent: as whatever it is asked.
    pub method: Option<&'static str>,
    /// Its part of the address; empty: none.
    pub name: String,
    pub func: FuncId,
}

/// The methods of a class that answer.
pub(crate) fn exposed(origins: &Solver<'_, '_>, class: ClassIdx) -> Vec<Exposed> {
    let mut out: Vec<Exposed> = Vec::new();
    let mut open = vec![class];
    let mut at = 0;
    while let Some(&class) = open.get(at) {
        at += 1;
        let Some((file, def)) = origins.program.class(class) else {
            continue;
        };
        let owner = origins.program.func_id(file, def.owner);
        let body = origins.program.func(owner);
        let whole = is_exposed(origins, owner, &def.decorators)
            || body.class_body(class).any(|(_, name, value)| {
                name == EXPOSED && matches!(value, Operand::Const(id) if *body.file.facts.constant(id) == Const::Bool(true))
            });
        for member in def.members.iter().filter(|m| m.kind == MemberKind::Method) {
            let Some(func) = member.func.map(|func| origins.program.func_id(file, func)) else {
                continue;
            };
            let name = origins.program.file(file).facts.str(member.name);
            let verb = VERBS.into_iter().find(|verb| whole && *verb == name);
            let f = origins.program.func(func);
            let around = f.parent().unwrap_or(owner);
            let by_name =
                is_exposed(origins, around, &f.func.decorators) || marks(origins, owner, name);
            let known =
                |it: &Exposed| it.func == func || it.name == part(name) && it.method == verb;
            if (verb.is_some() || by_name) && !out.iter().any(known) {
                out.push(Exposed {
                    method: verb,
                    name: if verb.is_some() {
                        String::new()
                    } else {
                        part(name).to_owned()
                    },
                    func,
                });
            }
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
    out
}

/// The part of an address that a method's name is: of what stands for the object itself none, of what takes the rest, anything.
fn part(name: &str) -> &str {
    match name {
        "index" | "__call__" => "",
        "default" => crate::startup::HOLE,
        other => other,
    }
}

fn is_exposed(origins: &Solver<'_, '_>, around: FuncId, decorators: &[Decorator]) -> bool {
    decorators.iter().any(|decorator| {
        origins
            .of_operand(around, decorator.value)
            .iter()
            .any(|val| {
                matches!(origins.val(*val), Some(Val::Api(path))
                if origins.paths.text(path).trim_end_matches("()") == EXPOSE)
            })
    })
}

/// `listed.exposed = True`, in the body of the class.
fn marks(origins: &Solver<'_, '_>, owner: FuncId, method: &str) -> bool {
    let f = origins.program.func(owner);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Store {
            base,
            key: Key::Field(name),
            ..
        } => {
            f.file.facts.str(name) == EXPOSED
                && origins.of_operand(owner, base).iter().any(|val| {
                    matches!(origins.val(*val), Some(Val::Func(func)) if {
                        let named = origins.program.func(func);
                        named.func.name.is_some_and(|own| named.file.facts.str(own) == method)
                    })
                })
        }
        _ => false,
    })
}
