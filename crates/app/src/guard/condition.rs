//! Rows of guards that hold on conditions: `@jwt_required(optional=True)` wants no token, `@whitelist(allow_guest=True)` no login.

use crate::decoration::keyword;
use casemate_flow::apipath::PathId;
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::Site;
use casemate_ir::{Arg, ArgKey, Const, FnId, Instr, Operand};
use casemate_model::expr::{Expr, Literal, Scope, Tri, Value3, eval_in};

/// How a path ends of what a call gives back as a decorator.
const CALLED: &str = "()";

/// Whether a condition on the arguments of a call holds for the one at a place.
pub(super) fn holds(origins: &Solver<'_, '_>, when: &Expr, path: PathId, site: Site) -> Tri {
    struct Known(Vec<(String, Value3)>);
    impl Scope for Known {
        fn value(&self, path: &str) -> Value3 {
            let known = self.0.iter().find(|known| known.0 == path);
            known.map_or(Value3::Unknown, |known| known.1.clone())
        }
    }
    let call = call_at(origins, site);
    let called = origins.paths.text(path).contains(CALLED);
    let given = |path: &str| {
        match call {
            Some((f, args)) => argument(f, args, path),
            None if called => Value3::Unknown,
            // `@jwt_required`
            None => Value3::Known(Literal::Null),
        }
    };
    let known = when.paths().into_iter();
    let known = known.map(|path| (path.to_owned(), given(path))).collect();
    eval_in(when, &Known(known))
}

/// `arg(0)`, `arg('optional')`
fn argument(f: FuncRef<'_>, args: &[Arg], path: &str) -> Value3 {
    let inner = path.strip_prefix("arg(").and_then(|p| p.strip_suffix(')'));
    let Some(inner) = inner else {
        return Value3::Unknown;
    };
    let name = inner.strip_prefix('\'').and_then(|n| n.strip_suffix('\''));
    let value = match (name, inner.parse::<usize>()) {
        (Some(name), _) => keyword(f, args, name),
        (None, Ok(at)) => args
            .get(at)
            .filter(|arg| arg.key == ArgKey::Pos)
            .map(|arg| arg.value),
        _ => return Value3::Unknown,
    };
    let spread = |arg: &Arg| !matches!(arg.key, ArgKey::Pos | ArgKey::Keyword(_));
    match value {
        Some(Operand::Const(id)) => match f.file.facts.constant(id) {
            Const::Bool(truth) => Value3::Known(Literal::Bool(*truth)),
            Const::Str(text) => Value3::Known(Literal::Str(f.file.facts.str(*text).to_owned())),
            Const::Null => Value3::Known(Literal::Null),
            _ => Value3::Unknown,
        },
        Some(Operand::Local(_)) => Value3::Unknown,
        None if args.iter().any(spread) => Value3::Unknown,
        None => Value3::Known(Literal::Null),
    }
}

/// The call that stands at a place, behind the sign of a decorator or not.
fn call_at<'p>(origins: &Solver<'p, '_>, site: Site) -> Option<(FuncRef<'p>, &'p [Arg])> {
    let program = origins.program;
    let starts = |at: u32| at == site.span.start || at == site.span.start + 1;
    let functions = program.file(site.file).facts.functions.len();
    (0..functions).find_map(|index| {
        let f = program.func(program.func_id(site.file, FnId::from(index)));
        let mut calls = f.func.instrs.iter().zip(&f.func.spans);
        let call = calls.find_map(|(instr, span)| match *instr {
            Instr::Call { args, .. } if span.end == site.span.end && starts(span.start) => {
                Some(f.func.args(args))
            }
            _ => None,
        });
        Some((f, call?))
    })
}
