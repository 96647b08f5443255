//! What handlers of Nest and their classes note for guards to read: `@Public()` makes one guard let everybody pass, and only there.
//! Source: <https://docs.nestjs.com/fundamentals/execution-context#reflection-and-metadata>

use crate::around::{Held, NoteKey, Noted};
use crate::decoration::written_name;
use crate::model::Endpoint;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_ir::{Arg, ArgKey, Const, Decorator, Instr, Operand};

/// What notes something.
const WRITES: &str = "SetMetadata";

/// Methods of the reflector that read what was noted.
const READS: [&str; 4] = ["get", "getAll", "getAllAndOverride", "getAllAndMerge"];

/// Words in the names of decorators that may note for whom something is.
const WORDS: [&str; 14] = [
    "public", "anonym", "allow", "skip", "auth", "role", "permi", "guest", "optional", "ignore",
    "bypass", "open", "access", "polic",
];

/// What is noted of the handler of an endpoint; absent: it is none of Nest, or somebody else may note more.
pub(super) fn of(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Option<Noted> {
    let nest = endpoint.callee.starts_with("npm:@nestjs/");
    let handler = *endpoint.handlers.first().filter(|_| nest)?;
    let f = origins.program.func(handler);
    let parent = origins.program.func(f.parent()?);
    let mut out = Noted::default();
    for decorator in &f.func.decorators {
        note(origins, parent, decorator, &mut out.handler)?;
        out.said.push_str(&said(origins, parent, decorator));
    }
    if let Some((file, def)) = f
        .func
        .class
        .and_then(|class| origins.program.class(f.class(class)))
    {
        let owner = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        for decorator in &def.decorators {
            note(origins, owner, decorator, &mut out.class)?;
            out.said.push_str(&said(origins, owner, decorator));
        }
    }
    Some(out)
}

/// What a decorator of the program says: its name, and the names and texts that it is given.
fn said(origins: &Solver<'_, '_>, f: FuncRef<'_>, decorator: &Decorator) -> String {
    let Some((callee, args)) = f.call_behind(decorator.value) else {
        return String::new();
    };
    let of_nest = origins.of_operand(f.id, callee).iter().any(|val| {
        matches!(origins.val(*val), Some(Val::Api(path)) if origins.paths.text(path).starts_with("npm:@nestjs/"))
    });
    let name = written_name(f, callee).filter(|name| !of_nest || *name == WRITES);
    let Some(name) = name else {
        return String::new();
    };
    let text = |value: Operand| {
        let text = f.constant_text(value).or_else(|| written_name(f, value));
        text.unwrap_or_default().to_owned()
    };
    let texts = args.iter().flat_map(|arg| match f.made_by(arg.value) {
        Some(Instr::Array { parts, .. }) => f
            .func
            .parts(*parts)
            .iter()
            .map(|part| text(part.value))
            .collect(),
        _ => vec![text(arg.value)],
    });
    format!("@{name}({}) ", texts.collect::<Vec<_>>().join(","))
}

/// What one decorator notes; absent: nobody knows.
fn note(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    decorator: &Decorator,
    out: &mut Vec<(NoteKey, Option<Held>)>,
) -> Option<()> {
    let (callee, args) = match f.call_behind(decorator.value) {
        Some(called) => called,
        None => (decorator.value, &[][..]),
    };
    if let Some((key, value)) = written(origins, f, callee, args) {
        out.push((key, value.and_then(|value| held(f, value))));
        return Some(());
    }
    let vals = origins.of_operand(f.id, callee);
    let mut made = false;
    for &val in vals.iter().take(2) {
        let Some(Val::Func(maker)) = origins.val(val) else {
            continue;
        };
        made = true;
        let maker = origins.program.func(maker);
        for instr in &maker.func.instrs {
            let Instr::Call {
                callee, args: own, ..
            } = *instr
            else {
                continue;
            };
            if let Some((key, value)) = written(origins, maker, callee, maker.func.args(own)) {
                out.push((key, value.and_then(|value| given(maker, value, f, args))));
            }
        }
    }
    if made {
        return Some(());
    }
    // `const Roles = Reflector.createDecorator<string[]>()`
    let name = written_name(f, callee).unwrap_or_default();
    let first = args
        .first()
        .map_or(Some(Held::Something), |arg| held(f, arg.value));
    out.push((NoteKey::Decorator(name.to_owned()), first));
    let text = |val: &casemate_flow::origin::ValId| match origins.val(*val) {
        Some(Val::Api(path)) => origins.paths.text(path),
        _ => String::new(),
    };
    let lower = name.to_lowercase();
    let of_nest = vals.iter().any(|val| text(val).starts_with("npm:@nestjs/"));
    let plain = of_nest || !WORDS.iter().any(|word| lower.contains(word));
    plain.then_some(())
}

/// The key under which a call notes something, and what.
fn written(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    args: &[Arg],
) -> Option<(NoteKey, Option<Operand>)> {
    if written_name(f, callee) != Some(WRITES) {
        return None;
    }
    let key = key(origins, f, args.first()?.value)?;
    Some((key, args.get(1).map(|arg| arg.value)))
}

/// A key: its text, or the name of a constant of which nothing else is known.
fn key(origins: &Solver<'_, '_>, f: FuncRef<'_>, key: Operand) -> Option<NoteKey> {
    if let [(of, id)] = crate::constants::constants(f, origins, key).as_slice()
        && let Some(text) = of.constant_text(Operand::Const(*id))
    {
        return Some(NoteKey::Text(text.to_owned()));
    }
    written_name(f, key).map(|name| NoteKey::Name(name.to_owned()))
}

/// What a value that is written out holds.
fn held(f: FuncRef<'_>, value: Operand) -> Option<Held> {
    match value {
        Operand::Const(id) => match *f.file.facts.constant(id) {
            Const::Bool(truth) => Some(Held::Bool(truth)),
            Const::Null | Const::Undefined => Some(Held::Nothing),
            Const::Number(bits) => Some(Held::Number(f64::from_bits(bits))),
            Const::Str(text) => Some(Held::Text(f.file.facts.str(text).into())),
            _ => None,
        },
        Operand::Local(_) => match f.made_by(value)? {
            Instr::Array { parts, .. } => Some(Held::List(f.func.parts(*parts).len())),
            Instr::Object { .. } => Some(Held::Something),
            Instr::Load { .. } => Some(Held::Something),
            _ => None,
        },
    }
}

/// What a function that makes a decorator notes, given these arguments.
fn given(maker: FuncRef<'_>, value: Operand, f: FuncRef<'_>, args: &[Arg]) -> Option<Held> {
    let Operand::Local(local) = value else {
        return held(maker, value);
    };
    let Some(index) = maker.param_of(local) else {
        return held(maker, value);
    };
    if maker.func.params.get(index)?.rest {
        let spread = args.iter().any(|arg| arg.key != ArgKey::Pos);
        let count = args.len().saturating_sub(index);
        return Some(if spread {
            Held::Something
        } else {
            Held::List(count)
        });
    }
    if maker.writers(local).next().is_some() {
        return None;
    }
    match args.get(index) {
        Some(arg) => held(f, arg.value),
        None => Some(Held::Nothing),
    }
}

/// What a call reads of what was noted; absent: it reads nothing, or it is not known.
pub(super) fn read(
    noted: &Noted,
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    callee: Operand,
    args: &[Arg],
) -> Option<Held> {
    let method = written_name(f, callee)?;
    let of = f.read_off(callee).and_then(|base| written_name(f, base))?;
    if !READS.contains(&method) || !of.to_lowercase().contains("reflector") {
        return None;
    }
    let wanted = key(origins, f, args.first()?.value)?;
    let from = args.get(1).and_then(|arg| f.call_behind(arg.value));
    let from = from.and_then(|(callee, _)| written_name(f, callee));
    let find = |list: &[(NoteKey, Option<Held>)]| {
        let mut same = list.iter().map(|(key, held)| (key.is(&wanted), held));
        match same.clone().find(|(is, _)| *is == Some(true)) {
            Some((_, held)) => Some(held.clone()),
            // What cannot be compared may be it.
            None => same.any(|(is, _)| is.is_none()).then_some(None),
        }
    };
    let found = match from {
        Some("getHandler") => find(&noted.handler),
        Some("getClass") => find(&noted.class),
        _ => find(&noted.handler).or_else(|| find(&noted.class)),
    };
    found.unwrap_or(Some(Held::Nothing))
}
