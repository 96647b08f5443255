//! Which endpoints store what clients say without a look at it.

use crate::decoration::member_before;
use crate::model::{Answer, Endpoint, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{FactValue, FuncId, Site};
use casemate_ir::{Instr, LocalId, Operand, PartKey};
use casemate_model::row::Role;
use casemate_say::say;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Parts of names of what looks at a request.
const LOOKS: [&str; 6] = ["valid", "schema", "celebrate", "sanitiz", "joi", "ajv"];

/// Members of a registration's options that say what requests have to look like.
const OPTIONS: [&str; 6] = [
    "schema",
    "validate",
    "validation",
    "validator",
    "request",
    "input",
];

/// Frameworks that hold requests to the types of parameters; which, is not read here.
const TYPED: [&str; 7] = [
    "nestjs",
    "fastapi",
    "trpc",
    "routing-controllers",
    "type-graphql",
    "tsoa",
    "ninja",
];

/// Depth of functions in functions.
const DEPTH: u32 = 3;

/// How many endpoints take what clients say, and how many of these look at none of it before.
///
/// `declared`: the registrations that say what requests have to look like.
pub(super) fn unchecked(
    endpoints: &[&Endpoint],
    origins: &Solver<'_, '_>,
    declared: &BTreeSet<Site>,
) -> [(String, FactValue); 3] {
    let taking: Vec<&&Endpoint> = endpoints
        .iter()
        .filter(|e| {
            e.objects.takes || matches!(e.method.as_str(), "post" | "put" | "patch" | "all")
        })
        .collect();
    let answers: Vec<Answer> = taking
        .iter()
        .map(|e| answer(e, origins, declared))
        .collect();
    let open = answers.iter().filter(|a| **a == Answer::Yes).count();
    let unchecked = if open == 0 && answers.contains(&Answer::Unknown) {
        FactValue::Unknown
    } else {
        super::number(open)
    };
    [
        ("taking".to_owned(), super::number(taking.len())),
        ("unchecked".to_owned(), unchecked),
        (
            "uncheckedAt".to_owned(),
            which(&taking, &answers, Answer::Yes),
        ),
    ]
}

/// Endpoints that are named.
const NAMED: usize = 4;

/// The endpoints with one answer, as a phrase.
pub(super) fn which(asked: &[&&Endpoint], answers: &[Answer], told: Answer) -> FactValue {
    let open = asked.iter().zip(answers);
    let mut names: Vec<String> = open
        .filter(|(_, answer)| **answer == told)
        .map(|(endpoint, _)| {
            let path = endpoint.path.as_deref().unwrap_or("(path not known)");
            format!(
                "`{} {}`",
                endpoint.method.to_uppercase(),
                path.replace('`', "'")
            )
        })
        .collect();
    names.sort();
    names.dedup();
    let rest = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let last = match rest {
        0 => names.pop(),
        n => Some(format!("{n} more")),
    };
    match (last, names.as_slice()) {
        (None, _) => FactValue::Unknown,
        (Some(last), []) => FactValue::Str(say!("the endpoint {last}")),
        (Some(last), first) => FactValue::Str(say!(
            "the endpoints {first} and {last}",
            first = first.join(", ")
        )),
    }
}

/// Whether nothing looks at what an endpoint stores.
fn answer(endpoint: &Endpoint, origins: &Solver<'_, '_>, declared: &BTreeSet<Site>) -> Answer {
    let guarded = endpoint.guarded("validation");
    if guarded == Answer::Yes
        || endpoint.objects.validated
        || declared.contains(&endpoint.site)
        || before(endpoint, origins)
    {
        return Answer::No;
    }
    let typed = TYPED.iter().any(|name| endpoint.callee.contains(name));
    let open = endpoint.objects.handed || endpoint.objects.checked || typed;
    if open || guarded == Answer::Unknown || !endpoint.objects.takes {
        Answer::Unknown
    } else {
        Answer::Yes
    }
}

/// The registrations that say what requests have to look like.
pub(super) fn declared(origins: &Solver<'_, '_>) -> BTreeSet<Site> {
    let mut out = BTreeSet::new();
    for func in origins.program.function_ids() {
        let f = origins.program.func(func);
        let options: FxHashSet<LocalId> = f
            .func
            .instrs
            .iter()
            .filter_map(|instr| match *instr {
                Instr::Object { to, parts }
                    if f.func.parts(parts).iter().any(|part| {
                        matches!(part.key, PartKey::Field(name)
                            if OPTIONS.contains(&f.file.facts.str(name)))
                    }) =>
                {
                    Some(to)
                }
                _ => None,
            })
            .collect();
        if options.is_empty() {
            continue;
        }
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            if let Instr::Call { args, .. } = *instr
                && f.func.args(args).iter().any(
                    |arg| matches!(arg.value, Operand::Local(local) if options.contains(&local)),
                )
            {
                out.insert(Site {
                    file: f.file_idx,
                    span: *span,
                });
            }
        }
    }
    out
}

/// Something before the handler looks at requests.
fn before(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    endpoint.chain.iter().any(|member| {
        says(&member.name)
            || member.what.functions().any(|func| looks(origins, func, 0))
            || matches!(member.what, Stage::Package(path) if says(&origins.paths.text(path)))
    })
}

fn looks(origins: &Solver<'_, '_>, func: FuncId, depth: u32) -> bool {
    let f = origins.program.func(func);
    let mut instrs = f.func.instrs.iter().enumerate();
    instrs.any(|(at, instr)| match *instr {
        Instr::Closure { func: inner, .. } => {
            depth < DEPTH && looks(origins, f.sibling(inner), depth + 1)
        }
        Instr::Call { callee, .. } => {
            member_before(f, callee, at).is_some_and(says)
                || origins.of_operand(func, callee).iter().any(|&val| {
                    let Some(Val::Api(path)) = origins.val(val) else {
                        return false;
                    };
                    let mut rows = origins.paths.call_rows(path, false);
                    rows.any(|(_, row)| matches!(row.role, Role::Schema(_)))
                })
        }
        _ => false,
    })
}

fn says(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    LOOKS.iter().any(|word| name.contains(word)) && !name.contains("invalid")
}
