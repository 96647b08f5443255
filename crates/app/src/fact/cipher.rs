//! How ciphers are used: whether changes are noticed, whether vectors are fresh, what keys are made of.

use super::trace::{argument, at, call_of, flat, made_by, text, texts, texts_of, value};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, FnKind, Instr, LocalId, Operand, VarRef};

/// Parts of names of modes that notice changes.
const AUTHENTICATED: [&str; 6] = ["gcm", "ccm", "poly1305", "ocb", "siv", "fernet"];
/// Parts of names of modes that do not.
const BARE: [&str; 4] = ["cbc", "ctr", "cfb", "ofb"];

/// One fact for each cipher.
pub(super) fn uses(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    let mut out = Vec::new();
    for fact in known.iter().filter(|fact| fact.fact == "cipher") {
        let Some((f, index)) = call_of(origins, fact) else {
            continue;
        };
        let decrypts = fact.callee.to_lowercase().contains("decipher");
        let names = texts_of(value(fact, "algorithm"));
        let says = |words: &[&str]| {
            !names.is_empty()
                && names
                    .iter()
                    .all(|name| words.iter().any(|word| name.to_lowercase().contains(word)))
        };
        let authenticated = if says(&AUTHENTICATED) {
            if decrypts && fact.callee.starts_with("node:") && !names_tag(f) {
                FactValue::Unknown
            } else {
                FactValue::Bool(true)
            }
        } else if says(&BARE) && !decrypts {
            let beside = |other: &&Fact| other.fact == "hmac" && other.site.file == fact.site.file;
            FactValue::Bool(known.iter().any(|other| beside(&other)))
        } else if says(&BARE) {
            // What is encrypted elsewhere is judged there.
            FactValue::Null
        } else {
            FactValue::Unknown
        };
        let Some(Instr::Call { to, args, .. }) = f.func.instrs.get(index) else {
            continue;
        };
        let args = f.func.args(*args);
        let (iv, key) = if fact.callee.contains(".modes.") {
            let vector = argument(f, args, 0, "initialization_vector");
            (vector, key_beside(origins, f, *to))
        } else {
            let iv = argument(f, args, 2, "iv").or_else(|| argument(f, args, 2, "nonce"));
            let at = usize::from(fact.callee.starts_with("node:"));
            (iv, argument(f, args, at, "key"))
        };
        let iv = iv
            .filter(|_| !decrypts)
            .map_or(FactValue::Null, |iv| vector(origins, f, iv));
        let key = key.map_or(FactValue::Null, |key| made_of(origins, f, key, 0));
        let algorithm = value(fact, "algorithm").cloned();
        out.push(at(
            f,
            index,
            "cipher.use",
            &fact.callee,
            &[
                ("algorithm", algorithm.unwrap_or(FactValue::Unknown)),
                ("authenticated", authenticated),
                ("iv", iv),
                ("key", key),
                ("mac", sealed(origins, f, &names)),
            ],
        ));
    }
    out
}

/// What a keyed hash of the same function is made over, where the mode does not notice changes itself: the `plain` text that is
/// encrypted, or something else.
fn sealed(origins: &Solver<'_, '_>, f: FuncRef<'_>, names: &[String]) -> FactValue {
    let bare = |name: &String| BARE.iter().any(|word| name.to_lowercase().contains(word));
    if !names.iter().any(bare) {
        return FactValue::Null;
    }
    let (mut encrypted, mut marked) = (Vec::new(), Vec::new());
    for instr in &f.func.instrs {
        let Instr::Call { callee, args, .. } = *instr else {
            continue;
        };
        let paths = texts(origins, f.id, callee);
        let args = f.func.args(args);
        let is = |ends: &[&str]| {
            paths
                .iter()
                .any(|p| ends.iter().any(|end| p.ends_with(end)))
        };
        let nth = |at: usize| {
            args.get(at)
                .and_then(|arg| crate::object::key::variable(f, arg.value))
        };
        if is(&[
            "createCipheriv().update",
            "AES.new().encrypt",
            "encryptor().update",
        ]) {
            encrypted.extend(nth(0));
        } else if is(&["createHmac().update"]) {
            marked.extend(nth(0));
        } else if is(&["py:hmac.new", "py:hmac.digest"]) {
            marked.extend(nth(1));
        }
    }
    match (encrypted.is_empty(), marked.is_empty()) {
        (false, false) if marked.iter().any(|name| encrypted.contains(name)) => word("plain"),
        (_, true) => FactValue::Null,
        _ => word("sealed"),
    }
}

/// The file says somewhere what the tag is.
fn names_tag(f: FuncRef<'_>) -> bool {
    let mut strings = f.file.facts.strings.iter();
    strings.any(|s| &**s == "setAuthTag")
}

fn word(word: &str) -> FactValue {
    FactValue::Str(word.to_owned())
}

/// Whether a vector is the same for all messages.
fn vector(origins: &Solver<'_, '_>, f: FuncRef<'_>, iv: Operand) -> FactValue {
    if let Operand::Const(id) = iv {
        return match f.file.facts.constant(id) {
            Const::Null | Const::Undefined => FactValue::Null,
            _ => word("fixed"),
        };
    }
    let Some((_, instr)) = made_by(f, iv) else {
        return FactValue::Unknown;
    };
    match *instr {
        Instr::Call { callee, args, .. } => {
            let names = texts(origins, f.id, callee);
            let ends = |words: &[&str]| {
                names
                    .iter()
                    .any(|name| words.iter().any(|word| name.ends_with(word)))
            };
            let args = f.func.args(args);
            if ends(&[
                "randomBytes",
                "urandom",
                "token_bytes",
                "get_random_bytes",
                "randomFillSync",
                "getRandomValues",
            ]) {
                word("fresh")
            } else if ends(&["Buffer.from", "Buffer.alloc", "bytes", "bytearray"])
                && !args.is_empty()
                && args
                    .iter()
                    .all(|arg| matches!(arg.value, Operand::Const(_)))
            {
                word("fixed")
            } else {
                FactValue::Unknown
            }
        }
        Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        } => {
            // What is made when the program starts is one for all messages, however random it was.
            let stores = |func: &&casemate_ir::Function| {
                func.instrs.iter().any(|instr| {
                    matches!(instr, Instr::StoreVar { var: VarRef::Global(g), .. } if *g == global)
                })
            };
            let mut writers = f.file.facts.functions.iter().filter(stores).peekable();
            if writers.peek().is_some() && writers.all(|func| func.kind == FnKind::Module) {
                word("fixed")
            } else {
                FactValue::Unknown
            }
        }
        _ => FactValue::Unknown,
    }
}

/// Names of what people choose and remember.
fn is_chosen(name: &str) -> bool {
    let name = flat(name);
    ["passw", "passphrase", "pwd", "pincode"]
        .iter()
        .any(|word| name.contains(word))
}

/// The key of the algorithm that stands beside a mode: `Cipher(algorithms.AES(key), modes.CFB(iv))`.
fn key_beside(origins: &Solver<'_, '_>, f: FuncRef<'_>, mode: LocalId) -> Option<Operand> {
    let mode = Operand::Local(mode);
    let beside = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { args, .. } => {
            let args = f.func.args(args);
            let has_mode = args.iter().any(|arg| arg.value == mode);
            args.first().filter(|_| has_mode)
        }
        _ => None,
    })?;
    let (_, Instr::Call { callee, args, .. }) = made_by(f, beside.value)? else {
        return None;
    };
    let algorithm = texts(origins, f.id, *callee);
    let is_one = algorithm.iter().any(|name| name.contains(".algorithms."));
    let args = f.func.args(*args);
    argument(f, args, 0, "key").filter(|_| is_one)
}

/// Whether a key is the hash of a password.
fn made_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, key: Operand, depth: u32) -> FactValue {
    let Some((index, instr)) = made_by(f, key).filter(|_| depth < 6) else {
        return FactValue::Unknown;
    };
    match *instr {
        Instr::Call {
            callee, this, args, ..
        } => {
            let names = texts(origins, f.id, callee);
            let digest = names.iter().any(|name| {
                (name.contains("createHash()") || name.starts_with("py:hashlib."))
                    && (name.ends_with(".digest") || name.ends_with(".hexdigest"))
                    || name.contains(".hashes.Hash()") && name.ends_with(".finalize")
            });
            if digest {
                // Whether somebody remembers what else was hashed is not known.
                return match fed_with_password(f, index) {
                    true => word("hash"),
                    false => FactValue::Unknown,
                };
            }
            let args = f.func.args(args);
            // What only changes the form: `digest().slice(0, 32)`, `b64encode(…)`, `Buffer.from(…)`.
            let form = names.iter().any(|name| {
                name.ends_with("b64encode")
                    || name.ends_with("Buffer.from")
                    || name.ends_with(".encode")
            });
            match (form, args.first(), this) {
                (true, Some(arg), _) => made_of(origins, f, arg.value, depth + 1),
                (false, _, Some(this)) if names.is_empty() => made_of(origins, f, this, depth + 1),
                _ => word("other"),
            }
        }
        Instr::Load { base, .. } => made_of(origins, f, base, depth + 1),
        _ => FactValue::Unknown,
    }
}

/// Something with the name of a password takes part in the statement before a call.
fn fed_with_password(f: FuncRef<'_>, index: usize) -> bool {
    let before = f.func.instrs.get(index.saturating_sub(12)..index);
    before.unwrap_or_default().iter().any(|instr| {
        let Instr::Call { args, this, .. } = *instr else {
            return false;
        };
        let mut given = f.func.args(args).iter().map(|arg| arg.value).chain(this);
        given.any(|value| {
            crate::object::key::variable(f, value).is_some_and(is_chosen)
                || text(f, value).is_some_and(is_chosen)
        })
    })
}
