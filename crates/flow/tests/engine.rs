//! The engine on programs written in the text form of the IR, without a front end: one idea a test.
//!
//! A call of `sink` that stands at `@n..` is named by `n`; `source()` comes from outside.

use casemate_flow::program::{InputFile, Program, Target};
use casemate_flow::result::Analysis;
use casemate_flow::taint::FAILED;
use casemate_flow::{Options, analyse};
use casemate_model::kind::Kinds;
use casemate_model::load::load_str;
use casemate_model::matcher::Models;

const KINDS: &str = include_str!("../../../models/kinds.toml");

const LIBRARY: &str = r#"
[library]
name = "lab"
packages = ["npm:lab"]
source = "https://example.org/lab"

[[row]]
at = "npm:lab.source()"
role = "source"
kind = "http.query"

[[row]]
at = "npm:lab.sink"
role = "sink"
kind = "code"
in = "arg(0)"

[[row]]
at = "npm:lab.clean"
role = "clean"
kinds = ["code"]

[[row]]
at = "npm:lab.copy"
role = "flow"
copy = true

[[row]]
at = "npm:lab.each"
role = "call"
fn = "arg(1)"
args = ["arg(0)[*]"]

[[row]]
at = "npm:lab.valid"
role = "test"
on = "arg(0)"
accept = "true"
kinds = ["code"]

[[row]]
at = "npm:lab.page"
role = "render"
template = "arg(0)"
locals = "arg(1)"
"#;

/// What every program begins with.
const HEAD: &str = r#"file javascript
import i0 "lab" require
"#;

fn models() -> Models {
    let kinds = Kinds::parse(KINDS).unwrap();
    let file = load_str("models/js/lab.toml", LIBRARY, &kinds)
        .unwrap_or_else(|errors| panic!("{errors:?}"));
    Models::compile(vec![file], kinds).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn analysis(text: &str, render: &casemate_flow::taint::RenderLookup<'_>) -> Analysis {
    let text = format!("{HEAD}{text}");
    let facts = casemate_ir::text::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let problems = casemate_ir::validate(&facts);
    assert!(problems.is_empty(), "{problems:?}\n{text}");
    let program = Program::link(vec![InputFile {
        path: "lab.js".to_owned(),
        facts,
        imports: vec![Target::Package("npm:lab".to_owned())],
    }]);
    let options = Options {
        render,
        library: &|_, _| false,
        uses: false,
    };
    analyse(&program, &models(), &options)
}

/// The sinks that are reached, by the number at which they stand.
fn reached(text: &str) -> Vec<u32> {
    let found = analysis(text, &|_, _| Vec::new());
    let mut places: Vec<u32> = found
        .flows
        .iter()
        .map(|flow| flow.sink.span.start)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// A module with these blocks, and other functions. `{lab}` loads the package into `%10`, its sink into `%11`, a value from outside
/// into `%12`, and other functions into `%13` to `%18`.
fn module(rest: &str, blocks: &str) -> String {
    let lab = "%10 = import i0\n    %11 = load %10.sink\n    %13 = load %10.source\n    %12 = call %13 ()\n    \
               %14 = load %10.clean\n    %15 = load %10.valid\n    %16 = load %10.each\n    %17 = load %10.copy\n    %18 = load %10.page";
    format!(
        "fn f0 module () {{\n{}\n}}\n\n{rest}",
        blocks.replace("{lab}", lab)
    )
}

#[test]
fn members_are_kept_apart() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    %0 = object {bad: %12, good: "x"}
    %1 = load %0.bad
    %2 = load %0.good
    %3 = call %11 (%1) @1..2
    %4 = call %11 (%2) @3..4
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

#[test]
fn a_member_that_is_written_again_is_what_was_written_last() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    %0 = object {a: %12}
    store %0.a = "x"
    %1 = load %0.a
    %2 = call %11 (%1) @1..2
    store %0.a = %12
    %3 = load %0.a
    %4 = call %11 (%3) @3..4
    return"#,
    );
    assert_eq!(reached(&text), [3]);
}

#[test]
fn two_names_of_one_object_are_one_and_a_copy_is_not() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    %0 = object {a: "x"}
    %1 = copy %0
    %2 = call %17 (%0)
    store %1.a = %12
    %3 = load %0.a
    %4 = call %11 (%3) @1..2
    %5 = load %2.a
    %6 = call %11 (%5) @3..4
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

#[test]
fn sanitizers_clean_their_kinds_and_tests_the_branch_that_accepts() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    %0 = call %14 (%12)
    %1 = call %11 (%0) @1..2
    %2 = copy %12
    %3 = call %15 (%2)
    if %3 then b1 else b2
  b1:
    %4 = call %11 (%2) @3..4
    return
  b2:
    %5 = call %11 (%2) @5..6
    return"#,
    );
    assert_eq!(reached(&text), [5]);
}

#[test]
fn a_branch_that_a_constant_rules_out_is_not_run() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    %0 = copy 3
    %1 = less (%0, 2)
    if %1 then b1 else b2
  b1:
    %2 = call %11 (%12) @1..2
    return
  b2:
    %3 = call %11 (%12) @3..4
    return"#,
    );
    assert_eq!(reached(&text), [3]);
}

#[test]
fn functions_give_back_what_they_are_given() {
    let text = module(
        r#"fn f1 function pass (%0 a, %1 b) within f0 {
  b0:
    return %0
}
"#,
        r#"  b0:
    {lab}
    %0 = closure f1
    %1 = call %0 (%12, "x")
    %2 = call %0 ("x", %12)
    %3 = call %11 (%1) @1..2
    %4 = call %11 (%2) @3..4
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

#[test]
fn callbacks_are_called_with_the_elements() {
    let text = module(
        r#"fn f1 arrow (%0 one) within f0 {
  capture k0 = %11
  b0:
    %1 = captured k0
    %2 = call %1 (%0) @1..2
    return
}
"#,
        r#"  local %11 named sink captured
  b0:
    {lab}
    %0 = array [%12, "x"]
    %1 = closure f1
    %2 = call %16 (%0, %1)
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

#[test]
fn functions_inside_an_object_may_be_called_by_whom_they_are_handed_to() {
    let inner = r#"fn f1 method run () within f0 {
  capture k0 = %12
  capture k1 = %11
  b0:
    %0 = captured k0
    %1 = captured k1
    %2 = call %1 (%0) @1..2
    return
}
"#;
    let text = module(
        inner,
        r#"  local %11 named sink captured
  local %12 named bad captured
  b0:
    {lab}
    %0 = closure f1
    %1 = object {run: %0}
    %2 = free series
    %3 = call %2 (%1)
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

#[test]
fn a_method_of_a_telling_name_is_known_by_it() {
    let called = |name: &str| {
        let stock = r#"fn f1 method NAME (%0 a) within f0 {
  b0:
    %1 = import i0
    %2 = load %1.sink
    %3 = call %2 (%0) @1..2
    return
}
"#;
        let text = module(
            &stock.replace("NAME", name),
            &r#"  b0:
    {lab}
    %0 = closure f1
    %1 = object {NAME: %0}
    %2 = free register
    %3 = call %2 (%1)
    %4 = free lookup
    %5 = call %4 ()
    %6 = load %5.NAME
    %7 = call %6 this %5 (%12)
    return"#
                .replace("NAME", name),
        );
        reached(&text)
    };
    assert_eq!(called("reserveStock"), [1]);
    assert_eq!(called("run"), []);
}

#[test]
fn what_is_thrown_is_caught() {
    let text = module(
        "",
        r#"  b0:
    {lab}
    goto b1
  b1: unwind b2
    throw %12
  b2:
    %0 = catch
    %1 = call %11 (%0) @1..2
    return"#,
    );
    assert_eq!(reached(&text), [1]);
}

/// A defect that is met in one function is told, and the others are analysed.
#[test]
fn a_panic_in_one_function_stays_there() {
    let text = module(
        r#"fn f1 function broken (%0 a) within f0 {
  b0:
    %1 = import i0
    %2 = load %1.page
    %3 = call %2 ("page", %0)
    return
}
"#,
        r#"  b0:
    {lab}
    %0 = closure f1
    %1 = call %0 (%12)
    %2 = call %11 (%12) @1..2
    return"#,
    );
    let found = analysis(&text, &|_, _| panic!("injected"));
    let failed = found.counts.caps.iter().find(|(name, _)| **name == *FAILED);
    assert_eq!(failed.map(|(_, n)| *n), Some(1));
    assert_eq!(found.flows.len(), 1);
    assert!(
        analysis(&text, &|_, _| Vec::new())
            .counts
            .caps
            .iter()
            .all(|(name, _)| **name != *FAILED)
    );
}
