//! Each invariant holds for a sound program and is told by its name when broken.

use casemate_ir::text::parse;
use casemate_ir::{
    BlockId, ConstId, FactsBuilder, FileFacts, FnId, FunctionBuilder, LocalKind, Operand, Range32,
    Span, Symbol, validate,
};

const SOUND: &str = r#"
file javascript module
import i0 "express"
global g0 app
export app = global g0
class c0 Users owner f0 constructor f1 {
  method find = f2
  field name : is string
}
fn f0 module () {
  local %2 named n captured
  b0:
    %0 = import i0
    %1 = class c0
    %2 = copy 1
    %3 = closure f3
    set global g0 = %0
    return
}
fn f1 constructor () within f0 of c0 {
  this %0
  b0:
    store %0.name = "x"
    return
}
fn f2 method find (%0 id) within f0 of c0 {
  b0: unwind b3
    %1 = load %0.x
    if %1 then b1 else b2
  b1:
    return %1
  b2:
    return %0
  b3:
    %2 = catch
    throw %2
}
fn f3 arrow (%0) within f0 {
  capture k0 = %2
  b0:
    %1 = captured k0
    %2 = call %1 (%0, "a")
    %3 = object {a: %2}
    %4 = template ("a", %3)
    return %4
}
"#;

fn sound() -> FileFacts {
    parse(SOUND).unwrap()
}

/// The names of what is broken after a change to the sound program.
fn broken(change: impl FnOnce(&mut FileFacts)) -> Vec<&'static str> {
    let mut facts = sound();
    change(&mut facts);
    let mut names: Vec<_> = validate(&facts)
        .into_iter()
        .map(|it| it.invariant)
        .collect();
    names.dedup();
    names
}

/// The names of what is broken in a changed text of the sound program.
fn broken_text(from: &str, to: &str) -> Vec<&'static str> {
    assert!(SOUND.contains(from), "{from}");
    let mut names: Vec<_> = validate(&parse(&SOUND.replacen(from, to, 1)).unwrap())
        .into_iter()
        .map(|it| it.invariant)
        .collect();
    names.dedup();
    names
}

#[test]
fn a_sound_program_breaks_nothing() {
    assert_eq!(validate(&sound()), []);
}

#[test]
fn tables() {
    assert_eq!(
        broken(|it| it.strings.push(it.strings[0].clone())),
        ["tables-unique"]
    );
    assert_eq!(
        broken(|it| it.consts.push(it.consts[0].clone())),
        ["tables-unique"]
    );
    assert_eq!(
        broken(|it| it.globals[0].name = Symbol(99)),
        ["symbol-in-range"]
    );
    assert_eq!(
        broken(|it| it.functions[0].operands.push(Operand::Const(ConstId(99)))),
        [] as [&str; 0]
    );
    assert_eq!(broken(|it| it.stats.instrs = 0), ["stats"]);
}

#[test]
fn functions_and_classes() {
    assert_eq!(
        broken(|it| it.functions.clear()).first(),
        Some(&"module-first")
    );
    assert_eq!(
        broken_text("fn f3 arrow", "fn f3 template"),
        ["module-first"]
    );
    assert!(broken(|it| it.functions[3].parent = Some(FnId(3))).contains(&"parent-chain"));
    assert_eq!(
        broken(|it| it.functions[3].parent = None),
        ["closure-in-parent", "parent-chain", "capture-exists"]
    );
    assert_eq!(
        broken_text("capture k0 = %2", "capture k0 = %1"),
        ["capture-exists"]
    );
    assert_eq!(
        broken_text("captured k0", "captured k1"),
        ["capture-in-range"]
    );
    assert_eq!(
        broken_text("method find =", "field find ="),
        ["class-members"]
    );
    assert_eq!(
        broken_text("constructor f1 {", "constructor f2 {"),
        ["class-members", "class-context"]
    );
    assert_eq!(broken_text("  method find = f2\n", ""), ["class-context"]);
    assert_eq!(broken_text("owner f0", "owner f3"), ["class-in-owner"]);
}

#[test]
fn blocks() {
    assert_eq!(
        broken(|it| it.functions[3].blocks.clear()),
        ["has-entry", "blocks-in-order"]
    );
    assert_eq!(
        broken(|it| it.functions[2].blocks[1].instrs = Range32 { start: 0, end: 1 }),
        ["blocks-in-order"]
    );
    assert_eq!(
        broken(|it| it.functions[2].blocks[0].unwind = Some(BlockId(9))),
        ["block-target", "catch-in-handler"]
    );
    assert_eq!(broken(|it| it.functions[2].spans.clear()), ["spans-match"]);
    assert_eq!(
        broken(|it| it.functions[2].spans[0] = Span::new(2, 1)),
        ["span-ordered"]
    );
    assert_eq!(broken(|it| it.functions[3].args.clear()), ["pool-in-range"]);
    assert_eq!(broken_text("b0: unwind b3", "b0:"), ["catch-in-handler"]);
}

#[test]
fn locals() {
    assert_eq!(
        broken_text("%3 = object {a: %2}", "%2 = object {a: %2}"),
        ["temp-once", "temp-defined"]
    );
    assert_eq!(broken_text("return %0\n", "return %3\n"), ["temp-defined"]);
    assert_eq!(broken_text("throw %2", "throw %1"), ["temp-defined"]);
    assert_eq!(
        broken(|it| it.functions[3].locals.truncate(4)),
        ["local-in-range"]
    );
    assert_eq!(broken(|it| it.functions[1].this = None), ["this-kind"]);
    assert_eq!(broken(|it| it.functions[2].params.clear()), ["param-kind"]);
    assert_eq!(
        broken_text("capture k0 = %2", "this %5 capture k0 = %2"),
        ["arrow-this"]
    );
    assert_eq!(
        broken(|it| it.functions[3].locals[1].kind = LocalKind::Arguments),
        ["arguments-kind"]
    );
}

#[test]
fn what_the_builders_make_is_sound() {
    let mut facts = FactsBuilder::default();
    let id = facts.reserve_function();
    let mut function = FunctionBuilder::new();
    let (body, handler) = (function.new_block(), function.new_block());
    function.set_unwind(Some(handler));
    function.goto_and_switch(body, Span::default());
    let to = function.temp();
    let from = facts.str_operand("x");
    function.push(casemate_ir::Instr::Copy { to, from }, Span::new(1, 2));
    function.switch_to(handler);
    let error = function.temp();
    function.push(casemate_ir::Instr::Catch { to: error }, Span::default());
    facts.finish_function(id, function.finish());
    let names: Vec<_> = validate(&facts.finish())
        .into_iter()
        .map(|it| it.invariant)
        .collect();
    assert_eq!(
        names,
        ["catch-in-handler"],
        "the handler guards nothing: no block was opened after it was set"
    );
}
