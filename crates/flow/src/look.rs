//! What the origin pass holds of the values in a part of a file: for those who write models.

use crate::origin::{Solver, Val};
use crate::program::{ClassIdx, Program};
use crate::result::{FileIdx, FuncId};
use crate::taint::target;
use casemate_ir::{Instr, Operand, Span};
use casemate_model::matcher::Models;

/// A value of the program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Seen {
    /// The expression.
    pub span: Span,
    /// Whether the function that is called here is meant, not what the call returns.
    pub called: bool,
    /// What it may be, each as a phrase; none where nothing is known.
    pub may_be: Vec<String>,
}

/// The values that are made in a file, in the order of their places.
#[must_use]
pub fn values_of(program: &Program, models: &Models, file: FileIdx) -> Vec<Seen> {
    let origins = Solver::run(program, models);
    let mut out = Vec::new();
    for id in program.function_ids() {
        let f = program.func(id);
        if f.file_idx != file {
            continue;
        }
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            if span.start >= span.end {
                continue;
            }
            if let Some(to) = target(instr) {
                out.push(seen(&origins, id, Operand::Local(to), *span, false));
            }
            if let Instr::Call { callee, .. } = *instr {
                out.push(seen(&origins, id, callee, *span, true));
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

fn seen(
    origins: &Solver<'_, '_>,
    func: FuncId,
    operand: Operand,
    span: Span,
    called: bool,
) -> Seen {
    let values = origins.of_operand(func, operand);
    let may_be = values
        .iter()
        .filter_map(|v| Some(phrase(origins, origins.val(*v)?)))
        .collect();
    Seen {
        span,
        called,
        may_be,
    }
}

fn phrase(origins: &Solver<'_, '_>, val: Val) -> String {
    let program = origins.program;
    let function = |id: FuncId| {
        let file = program.func(id).file;
        format!("`{}` in {}", program.func_name(id), file.path)
    };
    let file = |index: FileIdx| program.file(index).path.clone();
    match val {
        Val::Func(id) => format!("function {}", function(id)),
        Val::FnInstance(id) => format!("new {}", function(id)),
        Val::Proto(id) => format!("prototype of {}", function(id)),
        Val::Class(class) => format!("class {}", class_name(program, class)),
        Val::Instance(class) => format!("instance of {}", class_name(program, class)),
        Val::Object(id, at) => format!("object made in {} (instruction {at})", function(id)),
        Val::Namespace(index) => format!("module {}", file(index)),
        Val::Members(func, at) => {
            format!("any member read in {} (instruction {at})", function(func))
        }
        Val::Through(inner) => match origins.val(inner) {
            Some(inner) => format!("works through {}", phrase(origins, inner)),
            None => "works through something".to_owned(),
        },
        Val::Module(index) => format!("`module` of {}", file(index)),
        Val::Exports(index) => format!("`exports` of {}", file(index)),
        Val::Api(path) => origins.paths.text(path),
    }
}

fn class_name(program: &Program, class: ClassIdx) -> String {
    let Some((index, def)) = program.class(class) else {
        return "unknown".to_owned();
    };
    let file = program.file(index);
    let name = def.name.map_or("anonymous", |name| file.facts.str(name));
    format!("`{name}` in {}", file.path)
}
