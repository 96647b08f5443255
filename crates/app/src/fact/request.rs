//! What of a request is read in a way that somebody else may bend: secrets in addresses, addresses of clients, loose comparisons.

use super::trace::{at, called, flat, text};
use crate::limits;
use crate::object::key::variable;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Const, Instr, Key, Language, OpKind, Operand};
use casemate_model::row::Role;
use std::collections::BTreeMap;

/// Names of parameters that hold secrets, without what is no letter.
const SECRETS: [&str; 18] = [
    "password",
    "passwd",
    "pwd",
    "oldpassword",
    "newpassword",
    "secret",
    "clientsecret",
    "apikey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
    "sessionid",
    "jwt",
    "ssn",
    "creditcard",
    "cardnumber",
    "cvv",
    "iban",
];

/// Names of what decides about access.
const DECIDES: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "token",
    "accesstoken",
    "resettoken",
    "csrftoken",
    "secret",
    "signature",
    "hash",
    "otp",
    "apikey",
    "role",
    "isadmin",
];

/// All facts of this module.
pub(super) fn facts(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut out: BTreeMap<_, Fact> = BTreeMap::new();
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        if f.func.instrs.len() > limits::READ_INSTRS {
            continue;
        }
        let mut addressed = false;
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let made = secret(origins, f, index, instr)
                .or_else(|| {
                    let found = address(f, instr).filter(|_| !addressed)?;
                    addressed = true;
                    let values = [("name", FactValue::Str(found.to_owned()))];
                    Some(at(f, index, "client.address", "a header", &values))
                })
                .or_else(|| early(origins, f, index, instr))
                .or_else(|| loose(f, index, instr));
            if let Some(fact) = made {
                out.entry((fact.site, fact.fact.clone())).or_insert(fact);
            }
        }
    }
    out.into_values().collect()
}

/// `req.query.password`, `request.args['password']`, `request.GET.get('password')`
fn secret(origins: &Solver<'_, '_>, f: FuncRef<'_>, index: usize, instr: &Instr) -> Option<Fact> {
    let (base, name) = match *instr {
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } => (base, f.file.facts.str(name)),
        Instr::Call {
            callee, this, args, ..
        } if called(f, callee, this).0 == Some("get") => {
            let first = f.func.args(args).first()?;
            (this?, text(f, first.value)?)
        }
        _ => return None,
    };
    let plain = flat(name);
    // One that works once has to stand in a link; whether this one does is not told by its name.
    let value = match plain.as_str() {
        known if SECRETS.contains(&known) => FactValue::Str(name.to_owned()),
        "token" | "resettoken" | "resetpasswordtoken" => FactValue::Unknown,
        _ => return None,
    };
    if !is_query(origins, f.id, base) {
        return None;
    }
    let values = [("name", value)];
    Some(at(f, index, "query.secret", "the address", &values))
}

fn is_query(origins: &Solver<'_, '_>, func: FuncId, base: Operand) -> bool {
    origins.of_operand(func, base).iter().any(|val| {
        let Some(Val::Api(path)) = origins.val(*val) else {
            return false;
        };
        let last = origins.paths.last_member(path);
        let named = ["query", "args", "GET", "query_params"].contains(&last);
        let mut rows = origins.paths.rows(path);
        named && rows.any(|(_, row)| matches!(row.role, Role::Source { .. }))
    })
}

/// The header that says from where a request comes, as a client may write it itself.
fn address(f: FuncRef<'_>, instr: &Instr) -> Option<&'static str> {
    let is = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["x-forwarded-for", "http_x_forwarded_for"].contains(&name.as_str())
    };
    let found = match *instr {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => is(f.file.facts.str(name)),
        Instr::Call {
            callee, this, args, ..
        } => {
            let getter = called(f, callee, this)
                .0
                .is_some_and(|name| ["get", "header", "getHeader", "getlist"].contains(&name));
            let args = f.func.args(args);
            getter
                && args
                    .first()
                    .and_then(|arg| text(f, arg.value))
                    .is_some_and(is)
        }
        _ => false,
    };
    found.then_some("x-forwarded-for")
}

/// `signature === createHmac(…).update(body).digest('hex')`
fn early(origins: &Solver<'_, '_>, f: FuncRef<'_>, index: usize, instr: &Instr) -> Option<Fact> {
    let Instr::Op {
        op: OpKind::Eq | OpKind::Ne | OpKind::StrictEq | OpKind::StrictNe,
        operands,
        ..
    } = *instr
    else {
        return None;
    };
    let seal = |operand: &Operand| {
        let Some((_, Instr::Call { callee, .. })) = super::trace::made_by(f, *operand) else {
            return false;
        };
        super::trace::texts(origins, f.id, *callee)
            .iter()
            .any(|name| {
                (name.contains("createHmac()") || name.starts_with("py:hmac.new()"))
                    && (name.ends_with(".digest") || name.ends_with(".hexdigest"))
            })
    };
    let found = f.func.operands(operands).iter().any(seal);
    let values = [("constant", FactValue::Bool(false))];
    found.then(|| at(f, index, "compare", "a comparison", &values))
}

/// `req.body.token`, or a variable that was taken from there.
fn of_client(f: FuncRef<'_>, value: Operand) -> bool {
    let mut value = value;
    for _ in 0..4 {
        match super::trace::made_by(f, value) {
            Some((
                _,
                Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                },
            )) => {
                let parts = ["body", "query", "params", "headers", "cookies"];
                if parts.contains(&f.file.facts.str(*name)) {
                    return true;
                }
                value = *base;
            }
            _ => return false,
        }
    }
    false
}

/// `token == req.body.token`
fn loose(f: FuncRef<'_>, index: usize, instr: &Instr) -> Option<Fact> {
    if f.file.facts.language != Language::JavaScript {
        return None;
    }
    let Instr::Op {
        op: OpKind::Eq | OpKind::Ne,
        operands,
        ..
    } = *instr
    else {
        return None;
    };
    let operands = f.func.operands(operands);
    // `x == null` asks whether something is there.
    let harmless = operands.iter().any(|operand| match operand {
        Operand::Const(id) => !matches!(f.file.facts.constant(*id), Const::Str(text) if !f.file.facts.str(*text).is_empty()),
        Operand::Local(_) => false,
    });
    let name = operands.iter().find_map(|operand| {
        let name = variable(f, *operand)?;
        DECIDES.contains(&flat(name).as_str()).then_some(name)
    });
    // What a client says, compared with something that it does not say.
    let said = operands.iter().filter(|o| of_client(f, **o)).count();
    let name = name.filter(|_| !harmless && said == 1)?;
    let values = [("name", FactValue::Str(name.to_owned()))];
    Some(at(f, index, "compare.loose", "a comparison", &values))
}
