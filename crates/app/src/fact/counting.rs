//! Whether something before a handler, or the handler itself, may count attempts: a limit that the program made itself.

use crate::decoration::written_name;
use crate::model::{Answer, Endpoint, Stage};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::result::{FactValue, FuncId};
use casemate_ir::{Const, Instr, Key, Operand, PartKey};
use rustc_hash::{FxHashMap, FxHashSet};

/// Parts of names that speak of counting or of locking out.
const WORDS: &[&str] = &[
    "ratelimit",
    "throttl",
    "toomany",
    "bruteforce",
    "lockout",
    "lockeduntil",
    "attempt",
    "failures",
    "failedlogin",
    "cooldown",
    "captcha",
];

/// Depth of calls.
const DEPTH: usize = 4;

/// Functions that are read for one endpoint; where there are more, something may count.
const FUNCTIONS: usize = 150;

/// How many endpoints are sent something, and how many of these do costly things for anybody, logins aside, and are not limited.
pub(super) fn abusable(
    endpoints: &[&Endpoint],
    origins: &Solver<'_, '_>,
) -> [(String, FactValue); 3] {
    let sent = |e: &&&Endpoint| {
        matches!(
            e.method.as_str(),
            "post" | "put" | "patch" | "all" | "route"
        )
    };
    let asked: Vec<&&Endpoint> = endpoints.iter().filter(sent).collect();
    let answers: Vec<Answer> = asked
        .iter()
        .map(|e| {
            let anybody = !e.aware && e.guarded("authentication") != Answer::Yes;
            let costly = e.objects.mails || e.objects.takes;
            let logs_in = super::logs_in(e, origins) || super::session::logs_in(e, origins);
            match e.guarded("rate-limit") {
                Answer::No if !anybody || !costly || logs_in || may_count(e, origins) => {
                    Answer::Unknown
                }
                answer => answer,
            }
        })
        .collect();
    let open = answers.iter().filter(|a| **a == Answer::No).count();
    let unlimited = if open == 0 && answers.contains(&Answer::Unknown) {
        FactValue::Unknown
    } else {
        super::number(open)
    };
    [
        ("abusable".to_owned(), super::number(asked.len())),
        ("unlimited".to_owned(), unlimited),
        (
            "unlimitedAt".to_owned(),
            super::validation::which(&asked, &answers, Answer::No),
        ),
    ]
}

/// Whether anything on the way to the answer may count.
pub(super) fn may_count(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    Counting::default().may(endpoint, origins)
}

/// What functions were read as. What stands before all endpoints is read once.
#[derive(Default)]
pub(super) struct Counting {
    read: FxHashMap<FuncId, Option<Vec<FuncId>>>,
}

impl Counting {
    /// Whether anything on the way to the answer may count.
    pub(super) fn may(&mut self, endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
        let mut level: Vec<FuncId> = endpoint.handlers.clone();
        for member in &endpoint.chain {
            level.extend(member.what.functions());
            if matches!(member.what, Stage::Package(path) if says(&origins.paths.text(path))) {
                return true;
            }
        }
        let mut seen: FxHashSet<FuncId> = FxHashSet::default();
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for func in level {
                if !seen.insert(func) {
                    continue;
                }
                if seen.len() > FUNCTIONS {
                    return true;
                }
                match self.inside(func, origins) {
                    Some(inner) => next.extend(inner),
                    None => return true,
                }
            }
            level = next;
        }
        false
    }

    /// The functions that one calls and makes; nothing, if it counts.
    fn inside(&mut self, func: FuncId, origins: &Solver<'_, '_>) -> Option<&[FuncId]> {
        let read = self.read.entry(func).or_insert_with(|| {
            let mut next = Vec::new();
            (!counts(func, origins, &mut next)).then_some(next)
        });
        read.as_deref()
    }
}

/// Whether a function, or what it calls and makes, counts. Where there is too much of it to read, nothing is claimed.
pub(super) fn function_counts(func: FuncId, origins: &Solver<'_, '_>) -> bool {
    let mut level = vec![func];
    let mut seen: FxHashSet<FuncId> = FxHashSet::default();
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for func in level {
            if seen.len() < FUNCTIONS && seen.insert(func) && counts(func, origins, &mut next) {
                return true;
            }
        }
        level = next;
    }
    false
}

/// Whether one function does; the functions that it calls and makes are added.
fn counts(func: FuncId, origins: &Solver<'_, '_>, next: &mut Vec<FuncId>) -> bool {
    let f = origins.program.func(func);
    let refuses = |operand: Operand| match operand {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Number(bits)
            if f64::from_bits(*bits) == 429.0),
        Operand::Local(_) => false,
    };
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Closure { func, .. } => {
            next.push(f.sibling(func));
            false
        }
        Instr::Call { callee, args, .. } => {
            for &val in origins.of_operand(func, callee).iter().take(3) {
                if let Some(Val::Func(inner)) = origins.val(val) {
                    next.push(inner);
                }
            }
            written_name(f, callee).is_some_and(says)
                || f.func.args(args).iter().any(|arg| refuses(arg.value))
        }
        Instr::Load {
            key: Key::Field(name),
            ..
        } => says(f.file.facts.str(name)),
        Instr::Store {
            key: Key::Field(name),
            value,
            ..
        } => says(f.file.facts.str(name)) || refuses(value),
        Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|part| {
            refuses(part.value)
                || matches!(part.key, PartKey::Field(name) if says(f.file.facts.str(name)))
        }),
        _ => false,
    })
}

fn says(name: &str) -> bool {
    let flat: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    WORDS.iter().any(|word| flat.contains(word))
}
