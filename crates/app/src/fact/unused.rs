//! Protections that nothing uses, as facts: a check that is imported and not called, a limit that is made and stands before nothing,
//! a list of what is secret that nobody reads, a digest that is worked out and thrown away.
//!
//! Only what cannot be used from elsewhere is told: of imports, functions that no file of the program names at all.

use super::idle;
use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{File, FuncRef};
use casemate_flow::result::{Fact, FactValue, FileIdx, FuncId};
use casemate_ir::{
    Const, ExportKind, FnId, GlobalId, Instr, Key, Language, LocalKind, Operand, PartKey, Term,
    VarRef,
};
use rustc_hash::FxHashSet;

/// How the names of functions begin that refuse, or make something harmless.
const VERBS: &[&str] = &[
    "assert",
    "ensure",
    "verify",
    "validate",
    "require",
    "protect",
    "guard",
    "authenticate",
    "authorize",
    "authorise",
    "sanitize",
    "sanitise",
    "escape",
    "redact",
    "forbid",
    "refuse",
    "deny",
    "reject",
    "check",
];

/// The same of methods that only their own class can call: they also write down, and tell.
const OWN_VERBS: &[&str] = &["record", "audit", "log", "notify", "revoke", "invalidate"];

/// Parts of names of functions that protect, whatever they begin with.
const PARTS: &[&str] = &[
    "csrf",
    "sameorigin",
    "ratelimit",
    "throttle",
    "commonpassword",
    "breachedpassword",
    "pwnedpassword",
    "weakpassword",
    "firewall",
];

/// Packages that are imported to protect and do nothing else.
const PACKAGES: &[&str] = &[
    "npm:helmet",
    "npm:csurf",
    "npm:csrf-csrf",
    "npm:express-rate-limit",
];

/// Calls that make a limit or a guard.
const MAKERS: &[&str] = &[
    "ratelimit",
    "ratelimiter",
    "createlimiter",
    "limiter",
    "throttle",
    "slowdown",
];

/// Parts of names of what a list of what is secret is called.
const LISTS: &[&str] = &[
    "sensitive",
    "secret",
    "redact",
    "masked",
    "confidential",
    "forbidden",
];

/// Names in such a list.
const SECRETS: &[&str] = &["password", "token", "secret", "authorization"];

/// One fact for each of them.
pub(super) fn of(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    let used = used(origins);
    for f in trace::functions(origins) {
        if f.file.facts.language == Language::Python {
            continue;
        }
        locals(origins, f, &mut out);
        digests(f, &mut out);
        idle::digests(
            origins,
            f,
            |at, name| fact(f, at, "digest-kept", name),
            &mut out,
        );
        middleware(f, &mut out);
        proofs(f, &mut out);
        if f.func.parent.is_none() {
            imports(origins, f, &used, &mut out);
            methods(f, &mut out);
        }
    }
    out
}

/// What the program uses, wherever.
struct Used {
    functions: FxHashSet<FuncId>,
    members: FxHashSet<String>,
}

fn used(origins: &Solver<'_, '_>) -> Used {
    let program = origins.program;
    let mut used = Used {
        functions: FxHashSet::default(),
        members: FxHashSet::default(),
    };
    for func in program.function_ids() {
        let f = program.func(func);
        for instr in &f.func.instrs {
            match *instr {
                Instr::LoadVar {
                    var: VarRef::Global(global),
                    ..
                } => used.functions.extend(functions(origins, f.global(global))),
                // What is known to be of a package is none of the program.
                Instr::Load {
                    to,
                    key: Key::Field(name),
                    ..
                } if trace::texts(origins, func, Operand::Local(to)).is_empty() => {
                    used.members.insert(f.file.facts.str(name).to_owned());
                }
                Instr::Store {
                    key: Key::Field(_),
                    value,
                    ..
                }
                | Instr::StoreVar { value, .. }
                    if f.func.parent.is_some() =>
                {
                    let values = origins.of_operand(func, value).iter();
                    used.functions
                        .extend(values.filter_map(|v| func_of(origins, *v)));
                }
                _ => {}
            }
        }
    }
    used
}

fn func_of(origins: &Solver<'_, '_>, val: casemate_flow::origin::ValId) -> Option<FuncId> {
    match origins.val(val) {
        Some(Val::Func(func)) => Some(func),
        _ => None,
    }
}

fn functions(origins: &Solver<'_, '_>, global: u32) -> Vec<FuncId> {
    let values = origins.of_global(global).iter();
    values.filter_map(|val| func_of(origins, *val)).collect()
}

/// Variables of a module that something in its file reads or hands on.
fn read_globals(file: &File) -> FxHashSet<GlobalId> {
    let mut out: FxHashSet<GlobalId> = FxHashSet::default();
    for func in &file.facts.functions {
        out.extend(func.instrs.iter().filter_map(|instr| match *instr {
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => Some(global),
            _ => None,
        }));
    }
    out.extend(
        file.facts
            .exports
            .iter()
            .filter_map(|export| match export.kind {
                ExportKind::Variable(global) => Some(global),
                _ => None,
            }),
    );
    out
}

/// Imports of functions that protect, which this file does not use and no other one either.
fn imports(origins: &Solver<'_, '_>, f: FuncRef<'_>, used: &Used, out: &mut Vec<Fact>) {
    let read = read_globals(f.file);
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::StoreVar {
            var: VarRef::Global(global),
            value,
        } = *instr
        else {
            continue;
        };
        let Some((from, Instr::Import { import, .. })) = trace::made_by(f, value) else {
            continue;
        };
        let facts = &f.file.facts;
        let types = facts
            .imports
            .get(import.index())
            .is_none_or(|i| i.type_only);
        let Some(binding) = facts.globals.get(global.index()).filter(|_| !types) else {
            continue;
        };
        if read.contains(&global) || at < from {
            continue;
        }
        let name = facts.str(binding.name);
        let targets = functions(origins, f.global(global));
        let package = trace::texts(origins, f.id, value);
        let dead = if targets.is_empty() {
            package.iter().any(|text| PACKAGES.contains(&text.as_str()))
                && !is_read_elsewhere(origins, f.file_idx, &package)
        } else {
            let safe = |target: &FuncId| idle::makes_safe(origins, origins.program.func(*target));
            (protects(name) || targets.iter().all(safe))
                && targets.iter().all(|target| {
                    !used.functions.contains(target)
                        && !used.members.contains(&origins.program.func_name(*target))
                        && !used.members.contains(name)
                })
        };
        if dead {
            out.push(fact(f, from, "import", name));
        }
    }
}

/// Another file imports the same of the package.
fn is_read_elsewhere(origins: &Solver<'_, '_>, file: FileIdx, package: &[String]) -> bool {
    let program = origins.program;
    (0..)
        .map(FileIdx)
        .zip(&program.files)
        .any(|(other, input)| {
            let module = program.func(program.func_id(other, FnId(0)));
            other != file
                && read_globals(input).iter().any(|global| {
                    let values = origins.of_global(module.global(*global)).iter();
                    values.into_iter().any(|val| {
                        matches!(origins.val(*val), Some(Val::Api(path))
                        if package.contains(&origins.paths.text(path)))
                    })
                })
        })
}

fn protects(name: &str) -> bool {
    let flat = trace::flat(name);
    begins(name, VERBS) || PARTS.iter().any(|part| flat.contains(part))
}

/// The name begins with one of these as a word of its own, and goes on.
pub(super) fn begins(name: &str, verbs: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    verbs.iter().any(|verb| {
        lower.starts_with(verb)
            && name
                .get(verb.len()..)
                .and_then(|rest| rest.chars().next())
                .is_some_and(|c| c.is_ascii_uppercase() || c == '_')
    })
}

/// Methods that nobody else can call and that their class does not.
fn methods(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let facts = &f.file.facts;
    for class in &facts.classes {
        for member in &class.members {
            let Some(func) = member.func.and_then(|id| facts.function(id)) else {
                continue;
            };
            let name = func.name.map(|name| facts.str(name)).unwrap_or_default();
            let Some(bare) = name.strip_prefix('#') else {
                continue;
            };
            let called = facts.functions.iter().any(|func| {
                func.instrs.iter().any(|instr| {
                    matches!(*instr, Instr::Load { key: Key::Field(key), .. } if facts.str(key) == name)
                })
            });
            if !called && (protects(bare) || begins(bare, OWN_VERBS)) {
                let mut fact = fact(f, 0, "method", name);
                fact.site.span = func.head;
                out.push(fact);
            }
        }
    }
}

/// What is made under a name and never looked at.
fn locals(origins: &Solver<'_, '_>, f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Copy { to, from } = *instr else {
            continue;
        };
        let Some(local) = f.func.locals.get(to.index()) else {
            continue;
        };
        let Some(name) = local.name.map(|name| f.file.facts.str(name)) else {
            continue;
        };
        if local.captured || local.kind != LocalKind::Named || name.starts_with('_') {
            continue;
        }
        let kind = match trace::made_by(f, from) {
            Some((_, Instr::Call { callee, this, .. })) if makes_limit(f, *callee, *this) => {
                "limit"
            }
            Some((_, Instr::Array { parts, .. }))
                if lists_secrets(f, name, f.func.parts(*parts)) =>
            {
                "list"
            }
            Some((_, Instr::Closure { func, .. }))
                if protects(name) || idle::locks(origins.program.func(f.sibling(*func))) =>
            {
                "function"
            }
            Some((_, Instr::Call { .. })) if idle::is_digest(origins, f, from) => "digest-kept",
            _ => continue,
        };
        if f.writers(to).count() == 1 && !trace::is_read(f, to) {
            out.push(fact(f, at, kind, name));
        }
    }
}

fn makes_limit(f: FuncRef<'_>, callee: Operand, this: Option<Operand>) -> bool {
    let (name, of) = trace::called(f, callee, this);
    let name = trace::flat(name.unwrap_or_default());
    let of = trace::flat(of.unwrap_or_default());
    MAKERS.contains(&name.as_str()) || name == "limit" && of.contains("limit")
}

fn lists_secrets(f: FuncRef<'_>, name: &str, parts: &[casemate_ir::Part]) -> bool {
    let flat = trace::flat(name);
    let texts: Vec<String> = parts
        .iter()
        .filter(|part| matches!(part.key, PartKey::Next))
        .filter_map(|part| trace::text(f, part.value))
        .map(trace::flat)
        .collect();
    LISTS.iter().any(|word| flat.contains(word))
        && texts.len() >= 3
        && texts
            .iter()
            .any(|text| SECRETS.iter().any(|secret| text.contains(secret)))
}

/// Names of functions that decide whether somebody is who they say, and of what is given to them as a proof.
const DECIDES: &[&str] = &[
    "login",
    "signin",
    "authenticate",
    "resetpassword",
    "changepassword",
    "confirm",
];
const PROOFS: &[&str] = &[
    "code",
    "otp",
    "totp",
    "mfacode",
    "captcha",
    "password",
    "currentpassword",
    "oldpassword",
    "signature",
];

/// `login(email, password, code)`, in which nothing reads `code`.
fn proofs(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    let name = f
        .func
        .name
        .map(|name| trace::flat(f.file.facts.str(name)))
        .unwrap_or_default();
    // What does little of its own is there for others to fill in.
    let calls = f
        .func
        .instrs
        .iter()
        .filter(|instr| matches!(instr, Instr::Call { .. }))
        .count();
    if !DECIDES.contains(&name.as_str()) || calls < 3 || f.func.arguments.is_some() {
        return;
    }
    for param in &f.func.params {
        let named = param
            .name
            .map(|name| f.file.facts.str(name))
            .unwrap_or_default();
        let captured = f
            .func
            .locals
            .get(param.local.index())
            .is_none_or(|local| local.captured);
        if PROOFS.contains(&trace::flat(named).as_str())
            && !named.starts_with('_')
            && !captured
            && !trace::is_read(f, param.local)
        {
            let mut fact = fact(f, 0, "proof", named);
            fact.site.span = f.func.head;
            out.push(fact);
        }
    }
}

/// `app.use((req, res, next) => { next() })`
fn middleware(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for call in trace::method_calls(f).filter(|call| call.name == "use") {
        for arg in call.args {
            let Some((at, Instr::Closure { func, .. })) = trace::made_by(f, arg.value) else {
                continue;
            };
            let Some(inner) = f.file.facts.function(*func) else {
                continue;
            };
            let [.., last] = inner.params.as_slice() else {
                continue;
            };
            let passes = |instr: &Instr| {
                matches!(*instr, Instr::Call { callee, args, .. }
                    if callee == Operand::Local(last.local) && args.is_empty())
            };
            if inner.params.len() == 3 && inner.instrs.len() == 1 && inner.instrs.iter().all(passes)
            {
                out.push(fact(f, at, "middleware", "use"));
            }
        }
    }
}

/// Digests of which only whether they are there is asked, which they always are.
fn digests(f: FuncRef<'_>, out: &mut Vec<Fact>) {
    for block in &f.func.blocks {
        let Term::Branch { cond, .. } = block.term else {
            continue;
        };
        let Some((
            at,
            Instr::Call {
                callee, this, args, ..
            },
        )) = trace::made_by(f, cond)
        else {
            continue;
        };
        let encodes = f.func.args(*args).first().is_none_or(|arg| {
            matches!(arg.value, Operand::Const(id) if matches!(f.file.facts.constant(id), Const::Str(_)))
        });
        if encodes && trace::called(f, *callee, *this).0 == Some("digest") {
            out.push(fact(f, at, "digest", "digest"));
        }
    }
}

fn fact(f: FuncRef<'_>, at: usize, kind: &str, callee: &str) -> Fact {
    let kind = FactValue::Str(kind.to_owned());
    trace::at(f, at, "protection.unused", callee, &[("kind", kind)])
}
