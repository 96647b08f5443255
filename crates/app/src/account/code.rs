//! Codes and tokens that are sent to people or typed by them: how they are made, how long they hold, how they are checked.

use super::own::{Deed, definitions};
use super::words::{self, has, holds};
use super::{Done, Ground, about, said, tri};
use crate::model::{Answer, Endpoint};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue};
use casemate_ir::{Const, Instr, Key, OpKind, Operand, Range32};
use std::collections::BTreeSet;

pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = made(ground);
    for (endpoint, done) in ground.endpoints() {
        out.extend(checked(ground, endpoint, done));
        out.extend(recovery(ground, endpoint, done));
    }
    out
}

/// What names end with that say something about a code and hold none: `otp_time`.
const MEASURES: [&str; 12] = [
    "time", "date", "price", "count", "length", "ttl", "expiry", "delay", "timeout", "interval",
    "attempts", "retries",
];

/// Random values that are called like codes or tokens for people.
fn made(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for fact in ground.known.iter().filter(|f| f.fact == "random") {
        let value = |name: &str| fact.values.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let f = ground.origins().program.func(fact.function);
        let own = f.func.name.map(|n| f.file.facts.str(n).to_owned());
        let targets: Vec<String> = texts(value("target"))
            .into_iter()
            .chain(own)
            .flat_map(|t| t.split([' ', ',']).map(words::plain).collect::<Vec<_>>())
            .filter(|t| !MEASURES.iter().any(|word| t.ends_with(word)))
            .collect();
        let code = targets
            .iter()
            .any(|t| words::is_code(t) || has(t, &["otp", "pin", "passcode"]));
        let ticket = targets.iter().any(|t| words::is_ticket(t));
        let initial = targets.iter().any(|t| {
            has(
                t,
                &[
                    "temp",
                    "temporary",
                    "initial",
                    "generated",
                    "default",
                    "random",
                    "new",
                ],
            ) && words::is_password(t)
        });
        if !code && !ticket && !initial {
            continue;
        }
        let count = possibilities(f, fact);
        let reset = targets
            .iter()
            .any(|t| has(t, &["reset", "forgot", "recovery", "recover"]));
        let kind = if initial {
            "password"
        } else if reset {
            "reset"
        } else if code {
            "code"
        } else {
            "activation"
        };
        out.push(Fact {
            fact: "code.made".to_owned(),
            site: fact.site,
            function: fact.function,
            callee: targets
                .iter()
                .find(|t| words::is_ticket(t) || words::is_code(t))
                .cloned()
                .unwrap_or_else(|| "a code".to_owned()),
            values: vec![
                ("kind".to_owned(), FactValue::Str(kind.to_owned())),
                (
                    "secure".to_owned(),
                    value("secure").cloned().unwrap_or(FactValue::Unknown),
                ),
                (
                    "count".to_owned(),
                    count.map_or(FactValue::Unknown, FactValue::Number),
                ),
                ("expires".to_owned(), tri(expires(ground, fact))),
            ],
        });
    }
    out
}

fn texts(value: Option<&FactValue>) -> Vec<String> {
    match value {
        Some(FactValue::Str(text)) => vec![text.clone()],
        Some(FactValue::OneOf(all)) => all.iter().flat_map(|v| texts(Some(v))).collect(),
        _ => Vec::new(),
    }
}

/// Whether something says how long the code holds, anywhere on the way on which it is made.
fn expires(ground: &Ground<'_, '_, '_>, fact: &Fact) -> Answer {
    let says = |done: &Done| {
        let own = &done.own;
        own.sets_any(words::is_expiry)
            || own.reads_any(words::is_expiry)
            || own
                .calls
                .iter()
                .any(|c| words::is_expiry(c) || holds(c, &["setex", "expire"]))
            || own.texts.iter().any(|t| {
                t.contains("expire") && !t.contains(' ')
                    || t.contains("interval")
                    || (t.contains("insert ") || t.contains("update "))
                        && (t.contains("expir") || t.contains("valid_until"))
            })
            || own.does(Deed::Sign)
    };
    let mut answer = None;
    for (_, done) in ground.endpoints() {
        if !done.own.functions.contains(&fact.function) {
            continue;
        }
        let here = done.tells(says(done));
        answer = Some(answer.map_or(here, |a: Answer| a.max(here)));
    }
    let signs = ground.signs_at(fact.site);
    // A rule of the store, a question about its age: elsewhere.
    let elsewhere = signs.sets.iter().any(|n| {
        holds(
            n,
            &[
                "expireafterseconds",
                "expires",
                "expiresat",
                "tokenexpiry",
                "codeexpiry",
            ],
        )
    }) || signs.names.iter().chain(&signs.calls).any(|n| {
        holds(
            n,
            &[
                "isexpired",
                "tokenexpired",
                "hasexpired",
                "checkexpiry",
                "expiresat",
            ],
        )
    });
    match answer {
        Some(Answer::No) if elsewhere => Answer::Unknown,
        Some(answer) => answer,
        None => Answer::Unknown,
    }
}

/// How many values may come out, where the call or what is made of it tells.
fn possibilities(f: FuncRef<'_>, fact: &Fact) -> Option<f64> {
    let made = definitions(f);
    let def = |operand: Operand| -> Option<&Instr> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let at = (*made.get(local.index())?)?;
        f.func.instrs.get(at as usize)
    };
    let number = |operand: Operand| match operand {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Number(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        },
        Operand::Local(_) => None,
    };
    let at = f
        .func
        .spans
        .iter()
        .zip(&f.func.instrs)
        .position(|(span, i)| *span == fact.site.span && matches!(i, Instr::Call { .. }))?;
    let Some(&Instr::Call { to, args, .. }) = f.func.instrs.get(at) else {
        return None;
    };
    let given: Vec<Option<f64>> = f.func.args(args).iter().map(|a| number(a.value)).collect();
    let name = fact
        .callee
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches("()");
    match (name, given.as_slice()) {
        ("randomInt" | "randint" | "randrange" | "randomNumber", [Some(low), Some(high), ..]) => {
            Some(high - low)
        }
        ("randomInt" | "randbelow" | "randrange", [Some(high), ..]) => Some(*high),
        ("randomBytes" | "token_bytes" | "token_hex" | "token_urlsafe", [Some(bytes), ..]) => {
            Some(256_f64.powf(bytes.min(32.0)))
        }
        // `Math.floor(1000 + Math.random() * 9000)`
        ("random", []) => f.func.instrs.iter().find_map(|i| match *i {
            Instr::Op {
                op: OpKind::Multiply,
                operands,
                ..
            } => times(f, operands, Operand::Local(to), &number, &def),
            _ => None,
        }),
        _ => None,
    }
}

fn times<'f>(
    f: FuncRef<'_>,
    operands: Range32,
    random: Operand,
    number: &dyn Fn(Operand) -> Option<f64>,
    def: &dyn Fn(Operand) -> Option<&'f Instr>,
) -> Option<f64> {
    let [a, b] = *f.func.operands(operands) else {
        return None;
    };
    let other = if a == random {
        b
    } else if b == random {
        a
    } else {
        return None;
    };
    number(other).or_else(|| match *def(other)? {
        Instr::Op {
            op: OpKind::Add | OpKind::Subtract | OpKind::Arithmetic,
            operands,
            ..
        } => {
            let [a, b] = *f.func.operands(operands) else {
                return None;
            };
            Some((number(a)? - number(b)?).abs())
        }
        _ => None,
    })
}

/// A code that somebody typed is checked.
fn checked(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Option<Fact> {
    let own = &done.own;
    let named = said(endpoint, ground.origins());
    let typed = own.reads_any(words::is_code);
    let of_code = |n: &String| {
        words::is_code(n)
            || has(n, &["otp", "mfa", "2fa", "totp", "tfa"])
            || holds(n, &["twofactor", "verifycode", "checkcode", "validatecode"])
    };
    let checks = own.does(Deed::ChecksCode)
        || typed
            && endpoint
                .objects
                .chosen
                .iter()
                .any(|a| a.key.iter().any(|k| words::is_code(&words::plain(k))));
    if !super::is_write(endpoint) || !checks || !(typed || named.iter().any(of_code)) {
        return None;
    }
    // Where the second factor is set up, the code only shows that it works.
    if named.iter().any(|n| {
        has(
            n,
            &[
                "setup", "enable", "enroll", "disable", "register", "activate", "generate", "send",
                "resend", "request",
            ],
        )
    }) {
        return None;
    }
    let limit = match endpoint.guarded("rate-limit") {
        // The login as a whole is told of by itself.
        _ if super::signin::is_login(endpoint, ground.origins()) => Answer::Unknown,
        Answer::No if crate::fact::counts(endpoint, ground.origins()) => Answer::Unknown,
        answer => answer,
    };
    let spent = own.clears_any(|n| {
        words::is_code(n)
            || words::is_ticket(n)
            || words::is_expiry(n)
            || has(n, &["used", "consumed", "code", "otp", "token"])
    }) || own.sets_any(|n| {
        has(n, &["timestep"])
            || holds(
                n,
                &[
                    "lastotp",
                    "lasttotp",
                    "lastused",
                    "laststep",
                    "usedat",
                    "otpused",
                    "lastcounter",
                    "lasttoken",
                    "lastcode",
                    "consumedat",
                ],
            )
    }) || own.does(Deed::Deletes)
        || own.calls.iter().any(|c| {
            has(
                c,
                &[
                    "del", "delete", "unlink", "getdel", "consume", "expire", "remove",
                ],
            )
        });
    let keys: BTreeSet<&String> = endpoint
        .objects
        .chosen
        .iter()
        .flat_map(|a| &a.key)
        .collect();
    let by_code = keys
        .iter()
        .any(|k| words::is_code(&words::plain(k)) || has(&words::plain(k), &["code", "otp"]));
    let alone = endpoint.objects.chosen.iter().any(|a| {
        !a.key.is_empty()
            && a.key.iter().all(|k| {
                words::is_code(&words::plain(k))
                    || has(&words::plain(k), &["code", "otp"])
                    || words::is_expiry(&words::plain(k))
            })
    });
    let bound = if alone && !endpoint.objects.personal {
        Answer::No
    } else if by_code
        || endpoint.objects.personal
        || endpoint.aware
        || own.reads_any(|n| {
            has(
                n,
                &[
                    "session", "email", "user", "userid", "phone", "mobile", "username", "id",
                ],
            )
        })
    {
        Answer::Yes
    } else {
        Answer::Unknown
    };
    Some(about(
        ground,
        "code.checked",
        endpoint,
        vec![
            ("limit", tri(limit)),
            ("spent", tri(done.tells(spent))),
            ("clock", FactValue::Bool(own.does(Deed::ChecksTotp))),
            ("bound", tri(bound)),
        ],
    ))
}

/// Recovery codes are made and kept.
fn recovery(ground: &Ground<'_, '_, '_>, endpoint: &Endpoint, done: &Done) -> Option<Fact> {
    let own = &done.own;
    let codes = |n: &str| holds(n, &["recoverycode", "backupcode", "scratchcode"]);
    if !own.sets_any(codes)
        || !(own.does(Deed::Creates)
            || own.does(Deed::Writes)
            || own
                .calls
                .iter()
                .any(|c| c.ends_with(".save") || c.ends_with(".commit")))
    {
        return None;
    }
    let site = place_of(ground, done, &codes);
    let mut fact = about(
        ground,
        "code.recovery",
        endpoint,
        vec![(
            "hashed",
            tri(done.tells(
                own.does(Deed::Hash)
                    || own.does(Deed::FastHash)
                    || own
                        .calls
                        .iter()
                        .any(|c| holds(c, &["hash", "encrypt", "bcrypt", "argon"])),
            )),
        )],
    );
    if let Some((site, func)) = site {
        fact.site = site;
        fact.function = func;
    }
    Some(fact)
}

/// Where something is set under such a name.
fn place_of(
    ground: &Ground<'_, '_, '_>,
    done: &Done,
    says: &dyn Fn(&str) -> bool,
) -> Option<(casemate_flow::result::Site, casemate_flow::result::FuncId)> {
    done.own.functions.iter().find_map(|&func| {
        let f = ground.origins().program.func(func);
        f.func.instrs.iter().zip(&f.func.spans).find_map(|(instr, span)| {
            let named = match *instr {
                Instr::Store { key: Key::Field(name), .. } => says(&words::plain(f.file.facts.str(name))),
                Instr::Object { parts, .. } => f.func.parts(parts).iter().any(|p| matches!(p.key, casemate_ir::PartKey::Field(n) if says(&words::plain(f.file.facts.str(n))))),
                Instr::Call { args, .. } => f.func.args(args).iter().any(|a| matches!(a.key, casemate_ir::ArgKey::Keyword(n) if says(&words::plain(f.file.facts.str(n))))),
                _ => false,
            };
            named.then(|| (ground.origins().program.site(func, *span), func))
        })
    })
}
