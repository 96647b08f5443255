//! The text form reads back what it writes.

mod generate;

use casemate_ir::text::{parse, print, print_without_spans};
use casemate_ir::{
    Capture, Const, FileFacts, FnKind, Instr, Key, LocalKind, Operand, Span, Term, validate,
};

fn read(text: &str) -> FileFacts {
    parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn fails(text: &str) -> String {
    parse(text).expect_err("should not parse").to_string()
}

#[test]
fn reads_back_what_it_writes() {
    for seed in 0..2000 {
        let facts = generate::facts(seed);
        let text = print(&facts);
        let back = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(back, facts.canonical(), "seed {seed}\n{text}");
        assert_eq!(print(&back), text, "seed {seed}");
        assert_eq!(back.canonical(), back, "seed {seed}");
    }
}

#[test]
fn text_without_spans_is_a_program_too() {
    for seed in 0..300 {
        let text = print_without_spans(&generate::facts(seed));
        let back = parse(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        assert_eq!(print_without_spans(&back), text, "seed {seed}");
    }
}

/// Cutting or changing a text at any place gives an error or a program, never a crash.
#[test]
fn survives_damage() {
    for seed in 0..60 {
        let text = print(&generate::facts(seed));
        let mut random = generate::Random::new(seed);
        for _ in 0..60 {
            let mut at = random.below(text.len().max(1));
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let (before, after) = text.split_at(at);
            let _ = parse(before);
            let insert = *random.pick(&[
                "%",
                "{",
                "}",
                "\"",
                "@",
                "b9",
                " 99999999999 ",
                "...",
                "\n",
                "/",
                "within f9",
            ]);
            if let Ok(facts) = parse(&format!("{before}{insert}{after}")) {
                let _ = validate(&facts);
            }
        }
    }
}

#[test]
fn programs_written_by_hand() {
    let facts = read(
        r#"
        import express "express"   ; labels are words
        global app const

        fn main {
            %e = import express.default
            %a = call %e ()
            set global app = %a
            %h = closure handler
            %1x = copy "y"
        }

        fn handler async (%req, %res) within main {
            capture a                 ; found in `main`
            this %self
            %query = load %req.query
            if %query then yes else no
          yes:
            %name = load %query["x-name"]
            %first = load %query[0]
            %any = load %query[%name]
            %app = captured a
            %sent = call %app this %res (
                "text", -1.5, /a[/]b/gi,
                ...%name,
            )
          no:
            return %name
        }
        "#,
    );
    assert_eq!(validate(&facts), []);
    let handler = &facts.functions[1];
    assert_eq!(handler.name.map(|it| facts.str(it)), Some("handler"));
    assert_eq!(handler.params.len(), 2);
    assert_eq!(handler.kind, FnKind::Function);
    assert!(
        matches!(handler.captures[..], [Capture::Local(it)] if facts.functions[0].locals[it.index()].captured)
    );
    assert_eq!(
        handler.locals[handler.this.unwrap().index()].kind,
        LocalKind::This
    );
    assert_eq!(handler.blocks.len(), 3);
    assert_eq!(handler.blocks[1].term, Term::Goto(casemate_ir::BlockId(2)));
    assert!(
        matches!(handler.instrs[1], Instr::Load { key: Key::Field(it), .. } if facts.str(it) == "x-name")
    );
    assert!(matches!(
        handler.instrs[2],
        Instr::Load {
            key: Key::Index(0),
            ..
        }
    ));
    let Instr::Call { args, this, .. } = handler.instrs[5] else {
        panic!("no call")
    };
    assert!(this.is_some());
    let args = handler.args(args);
    assert_eq!(args.len(), 4);
    let Operand::Const(regex) = args[2].value else {
        panic!("no pattern")
    };
    assert!(matches!(facts.constant(regex), Const::Regex(it) if facts.str(it.pattern) == "a[/]b"));
}

#[test]
fn instructions_without_spans_stand_where_their_text_does() {
    let text = "fn m {\n  %a = copy 1 @3..4\n  %b = copy %a ; comment\n}\n";
    let spans = &read(text).functions[0].spans;
    assert_eq!(spans[0], Span::new(3, 4));
    assert_eq!(
        &text[spans[1].start as usize..spans[1].end as usize],
        "%b = copy %a"
    );
}

#[test]
fn captures_pass_through_functions_between() {
    let facts = read(
        "fn m { %x = copy 1 }\nfn a within m { }\nfn b within a { }\nfn c within b {\n capture x\n %y = captured x\n}",
    );
    assert_eq!(validate(&facts), []);
    let captures: Vec<_> = facts
        .functions
        .iter()
        .map(|it| it.captures.clone())
        .collect();
    let outer = Capture::Outer(casemate_ir::CaptureId(0));
    assert_eq!(
        captures,
        [
            vec![],
            vec![Capture::Local(casemate_ir::LocalId(0))],
            vec![outer],
            vec![outer]
        ]
    );
}

#[test]
fn pleasant_to_read() {
    let facts = read(
        r#"file javascript module
import i0 "./db"
fn f0 module () {
  %h = closure f1
}
fn f1 async arrow login (%req : global g0 as express.Request, %limit? : is number) within f0 {
  b0: unwind b2
    %db = import i0.default
    %name = load %req.body
    %sql = template ("select ", %name)
    %rows = call %db this %db (%sql, object_mode: true)
    %all = object {name: %name, "a-b": 1, get x: %db, [%sql]: %rows, ...%rows}
    output raw %name in html.attr
    goto b1
  b1:
    return %all
  b2:
    %e = catch
    throw %e
}
global g0 express
"#,
    );
    assert_eq!(validate(&facts), []);
    let text = print_without_spans(&facts);
    assert_eq!(
        text,
        r#"file javascript module
import i0 "./db"
global g0 express

fn f0 module () {
  local %0 named h
  b0:
    %0 = closure f1  ; h
    return
}

fn f1 async arrow login (%0 req : global g0 as express.Request, %1 limit? : is number) within f0 {
  local %2 named db
  local %3 named name
  local %4 named sql
  local %5 named rows
  local %6 named all
  local %7 named e
  b0: unwind b2
    %2 = import i0.default  ; db
    %3 = load %0.body  ; name
    %4 = template ("select ", %3)  ; sql
    %5 = call %2 this %2 (%4, object_mode: true)  ; rows
    %6 = object {name: %3, "a-b": 1, get x: %2, [%4]: %5, ...%5}  ; all
    output raw %3 in html.attr
    goto b1
  b1:
    return %6
  b2:
    %7 = catch  ; e
    throw %7
}
"#
    );
}

#[test]
fn tells_where_a_text_is_wrong() {
    assert_eq!(
        fails("fn m {\n  %a = cpy 1\n}"),
        "2:12: `cpy` is no instruction"
    );
    assert_eq!(fails("fn m { goto x }"), "1:13: no such block");
    assert_eq!(
        fails("fn m { %a = closure f }"),
        "1:21: expected the label of a function"
    );
    assert_eq!(
        fails("fn m { %a = copy %0 }"),
        "1:18: numbered and named locals do not mix in one function"
    );
    assert_eq!(
        fails("fn m { %999999999 = copy 1 }"),
        "1:8: there are not that many locals"
    );
    assert_eq!(fails("fn m { %a = copy \"x }"), "1:22: unterminated string");
    assert_eq!(fails("fn m { }\nfn m { }"), "2:4: declared twice");
    assert_eq!(
        fails("func m { }"),
        "1:1: expected `import`, `global`, `export`, `class` or `fn`"
    );
}
