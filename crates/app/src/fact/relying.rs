//! What a program that lets another service say who somebody is, or the device of somebody, takes on trust: what it has sent along
//! and compares with nothing that comes back, whose description of itself it believes, and what it never asks of an answer.

use super::trace;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{File, FuncRef};
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{ArgKey, Const, Instr, Key, OpKind, Operand, PartKey, Symbol};

/// The member of a request for a login that a client cannot leave out, and those of which one at least stands beside it.
const ASKS: &str = "response_type";
const BESIDE: &[&str] = &["client_id", "redirect_uri", "scope"];

/// Where providers of OpenID describe themselves.
const DESCRIBED: &[&str] = &[
    ".well-known/openid-configuration",
    ".well-known/oauth-authorization-server",
];

/// What programs take from such a description.
const TAKEN: &[&str] = &["token_endpoint", "jwks_uri", "authorization_endpoint"];

/// Names in files in which a nonce is one of a cipher, or of a page.
const OTHERS: &[&str] = &["createCipheriv", "createDecipheriv", "AESGCM", "script-src"];

/// Parts of names of calls that compare nothing: what sets, makes and encrypts, and what says how something looks.
const MAKES: &[&str] = &[
    "set", "append", "derive", "object", "cipher", "encrypt", "decrypt", "from", "concat",
    "entries",
];

/// Methods that compare what they are given.
const COMPARES: &[&str] = &[
    "timingSafeEqual",
    "safeEqual",
    "compare",
    "equals",
    "isEqual",
    "compare_digest",
    "compareDigest",
];

/// One fact for each of them. `known`: what calls say of configuration.
pub(super) fn of(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut out = Vec::new();
    for fact in known.iter().filter(|fact| fact.fact == "passkey.verify") {
        if let Some((f, at)) = trace::call_of(origins, fact) {
            passkeys(origins, f, at, &fact.callee, &mut out);
        }
    }
    let files = &origins.program.files;
    let has = |file: &File, text: &str| file.facts.strings.iter().any(|known| &**known == text);
    let sends = files.iter().any(|file| has(file, ASKS));
    let describes = |file: &File| {
        let strings = &file.facts.strings;
        strings
            .iter()
            .any(|text| DESCRIBED.iter().any(|end| text.contains(end)))
    };
    let challenged = files.iter().any(|file| {
        let strings = &file.facts.strings;
        strings
            .iter()
            .any(|text| text.contains("code_challenge") || text.contains("codeChallenge"))
    });
    if !sends
        && !files
            .iter()
            .any(|file| describes(file) || has(file, "email_verified"))
    {
        return out;
    }
    let mut lone = Lone::default();
    for f in trace::functions(origins) {
        if has(f.file, ASKS) {
            requests(f, &mut lone, challenged);
        }
        if has(f.file, "nonce") && !OTHERS.iter().any(|name| has(f.file, name)) {
            lone.compared |= compares(f, "nonce", true);
        }
        if has(f.file, "code_verifier") {
            lone.verifies |= sends_verifier(f);
        }
        if has(f.file, "email_verified") {
            lone.looked |= looks(f, "email_verified");
            lone.declared.extend(declared(f));
        }
        if f.func.parent.is_none() && describes(f.file) {
            out.extend(description(origins, f));
        }
    }
    if !lone.compared {
        out.extend(lone.nonces);
    }
    if lone.verifies && !challenged {
        out.extend(lone.requests);
    }
    if !lone.looked && sends {
        out.extend(lone.declared);
    }
    out
}

/// What the whole program sends and looks at.
#[derive(Default)]
struct Lone {
    nonces: Vec<Fact>,
    requests: Vec<Fact>,
    declared: Vec<Fact>,
    compared: bool,
    verifies: bool,
    looked: bool,
}

fn fact(f: FuncRef<'_>, at: usize, kind: &str, callee: &str) -> Fact {
    let kind = FactValue::Str(kind.to_owned());
    trace::at(f, at, "relying.trust", callee, &[("kind", kind)])
}

fn named(f: FuncRef<'_>, key: PartKey, name: &str) -> bool {
    matches!(key, PartKey::Field(known) if f.file.facts.str(known) == name)
}

/// Challenges that a function takes whatever they are, and answers of which only who has signed is read.
fn passkeys(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    at: usize,
    callee: &str,
    out: &mut Vec<Fact>,
) {
    let Some(Instr::Call { args, .. }) = f.func.instrs.get(at) else {
        return;
    };
    let options = f.func.args(*args).first().map(|arg| arg.value);
    if let Some((_, Instr::Object { parts, .. })) =
        options.and_then(|value| trace::made_by(f, value))
    {
        let blind = f.func.parts(*parts).iter().any(|part| {
            named(f, part.key, "expectedChallenge") && takes_any(origins, f, part.value)
        });
        if blind {
            out.push(fact(f, at, "challenge", callee));
        }
    }
    // A registration that failed has nothing in it; of a login, the library tells everything whichever way it went.
    let reads = |name: &str| {
        f.file.facts.functions.iter().any(|func| {
        func.instrs.iter().any(|instr| matches!(*instr, Instr::Load { key: Key::Field(key), .. } if f.file.facts.str(key) == name))
    })
    };
    if callee.contains("verifyAuthenticationResponse")
        && reads("authenticationInfo")
        && !reads("verified")
    {
        out.push(trace::at(f, at, "proof.ignored", callee, &[]));
    }
}

/// A function that is asked about a challenge and has no name for it, or does not read it.
fn takes_any(origins: &Solver<'_, '_>, f: FuncRef<'_>, value: Operand) -> bool {
    let values = origins.of_operand(f.id, value);
    let blind = |val: &_| match origins.val(*val) {
        Some(Val::Func(func)) => {
            let inner = origins.program.func(func);
            let first = inner.func.params.first().map(|param| param.local);
            let captured = |local: casemate_ir::LocalId| {
                inner
                    .func
                    .locals
                    .get(local.index())
                    .is_none_or(|local| local.captured)
            };
            inner.func.arguments.is_none()
                && first.is_none_or(|local| {
                    let mut read = captured(local);
                    for instr in &inner.func.instrs {
                        inner
                            .func
                            .each_read(instr, |operand| read |= operand == Operand::Local(local));
                    }
                    let mut ends = inner
                        .func
                        .blocks
                        .iter()
                        .filter_map(|block| block.term.operand());
                    !read && !ends.any(|operand| operand == Operand::Local(local))
                })
        }
        _ => false,
    };
    !values.is_empty() && values.iter().all(blind)
}

/// Requests for a login that the program puts together by itself.
fn requests(f: FuncRef<'_>, lone: &mut Lone, challenged: bool) {
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Object { parts, .. } = *instr else {
            continue;
        };
        let parts = f.func.parts(parts);
        let sends = |name: &str| parts.iter().any(|part| named(f, part.key, name));
        let asks = parts.iter().any(|part| {
            named(f, part.key, ASKS)
                && trace::text(f, part.value).is_some_and(|text| text.contains("code"))
        });
        if !asks || !BESIDE.iter().any(|name| sends(name)) {
            continue;
        }
        if sends("nonce") {
            lone.nonces.push(fact(f, at, "nonce", "nonce"));
        }
        if !challenged {
            lone.requests.push(fact(f, at, "verifier", "code_verifier"));
        }
    }
}

fn is_constant(value: Operand) -> bool {
    matches!(value, Operand::Const(_))
}

/// A value of this name is compared with what is not written out, or handed to something that may.
fn compares(f: FuncRef<'_>, name: &str, handed: bool) -> bool {
    let is = |value: Operand| {
        crate::object::key::variable(f, value)
            .is_some_and(|known| trace::flat(known).ends_with(name))
            || matches!(trace::made_by(f, value), Some((_, Instr::Load { key: Key::Field(key), .. }))
                if trace::flat(f.file.facts.str(*key)).ends_with(name))
    };
    let keyword = |symbol: Symbol| trace::flat(f.file.facts.str(symbol)).ends_with(name);
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Op {
            op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe | OpKind::In,
            operands,
            ..
        } => {
            let operands = f.func.operands(operands);
            operands.iter().any(|value| is(*value))
                && !operands.iter().any(|value| is_constant(*value))
        }
        Instr::Call {
            callee, this, args, ..
        } => {
            let called = trace::called(f, callee, this).0;
            let args = f.func.args(args);
            args.iter().any(|arg| {
                is(arg.value) && (handed || args.len() > 1)
                    || handed && matches!(arg.key, ArgKey::Keyword(key) if keyword(key))
                    || handed && tells(f, arg.value, &keyword)
            }) && called
                .is_some_and(|called| !MAKES.iter().any(|word| trace::flat(called).contains(word)))
                || called.is_some_and(|called| COMPARES.contains(&called)) && this.is_some_and(is)
        }
        _ => false,
    })
}

/// `callback(…, { nonce })`, `{ expectedNonce }`: an object with such a member that is not what a login is asked for with.
fn tells(f: FuncRef<'_>, value: Operand, is: &dyn Fn(Symbol) -> bool) -> bool {
    let Some((_, Instr::Object { parts, .. })) = trace::made_by(f, value) else {
        return false;
    };
    let parts = f.func.parts(*parts);
    let asks = |key: PartKey| named(f, key, ASKS) || named(f, key, "scope");
    parts
        .iter()
        .any(|part| matches!(part.key, PartKey::Field(key) if is(key)))
        && !parts.iter().any(|part| asks(part.key))
}

/// `{ grant_type: 'authorization_code', code_verifier }`
fn sends_verifier(f: FuncRef<'_>) -> bool {
    f.func.instrs.iter().any(|instr| match *instr {
        Instr::Object { parts, .. } => {
            let parts = f.func.parts(parts);
            parts.iter().any(|part| named(f, part.key, "code_verifier"))
                && parts.iter().any(|part| named(f, part.key, "grant_type"))
        }
        _ => false,
    })
}

/// Something reads a member of this name.
fn looks(f: FuncRef<'_>, name: &str) -> bool {
    f.func.instrs.iter().any(|instr| {
        matches!(*instr, Instr::Load { key: Key::Field(key), .. } if f.file.facts.str(key) == name)
    })
}

/// `email_verified: z.boolean().optional()`: a schema that takes both answers.
fn declared(f: FuncRef<'_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for (at, instr) in f.func.instrs.iter().enumerate() {
        let Instr::Object { parts, .. } = *instr else {
            continue;
        };
        let parts = f.func.parts(parts);
        let both = parts
            .iter()
            .any(|part| named(f, part.key, "email_verified") && is_boolean(f, part.value));
        let mail = parts.iter().any(|part| named(f, part.key, "email"));
        if both && mail && parts.iter().any(|part| named(f, part.key, "sub")) {
            out.push(fact(f, at, "address", "email_verified"));
        }
    }
    out
}

/// A chain of calls in which `boolean()` stands.
fn is_boolean(f: FuncRef<'_>, value: Operand) -> bool {
    let mut value = value;
    for _ in 0..6 {
        let Some((_, Instr::Call { callee, this, .. })) = trace::made_by(f, value) else {
            return false;
        };
        if trace::called(f, *callee, *this)
            .0
            .is_some_and(|name| name == "boolean")
        {
            return true;
        }
        let Some(this) = this else { return false };
        value = *this;
    }
    false
}

/// A file that asks a provider how it describes itself, takes addresses from that, and compares its name with none.
fn description(origins: &Solver<'_, '_>, module: FuncRef<'_>) -> Option<Fact> {
    let program = origins.program;
    let functions = || {
        (0..module.file.facts.functions.len()).map(|index| {
            program
                .func(module.sibling(casemate_ir::FnId(u32::try_from(index).unwrap_or_default())))
        })
    };
    let takes = functions().any(|f| TAKEN.iter().any(|name| looks(f, name)));
    let compared = functions().any(|f| compares(f, "issuer", false));
    if !takes || compared {
        return None;
    }
    functions().find_map(|f| {
        let at = f.func.instrs.iter().position(|instr| {
            let mut found = false;
            f.func.each_read(instr, |operand| {
                found |= match operand {
                    Operand::Const(id) => match f.file.facts.constant(id) {
                        Const::Str(text) => DESCRIBED
                            .iter()
                            .any(|end| f.file.facts.str(*text).contains(end)),
                        _ => false,
                    },
                    Operand::Local(_) => false,
                };
            });
            found
        })?;
        Some(fact(f, at, "description", "issuer"))
    })
}
