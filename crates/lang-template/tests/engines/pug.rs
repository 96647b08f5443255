//! Pug.

use crate::page::{
    Escape::{Escaped, Raw},
    Page,
};
use casemate_lang_template::Engine;

fn pug(text: &str) -> Page<'_> {
    Page::new(text, "views/page.pug", Engine::Pug)
}

#[test]
fn text_and_code() {
    pug("doctype html\nhtml\n  body\n    h1= title\n    p!= body\n    p Hello #{name} and !{html} \\#{no}\n    | #{a}\n    != b\n    = c\n").outputs(&[
        ("= title", Escaped, "html.text", "locals.title"),
        ("!= body", Raw, "html.text", "locals.body"),
        ("#{name}", Escaped, "html.text", "locals.name"),
        ("!{html}", Raw, "html.text", "locals.html"),
        ("#{a}", Escaped, "html.text", "locals.a"),
        ("!= b", Raw, "html.text", "locals.b"),
        ("= c", Escaped, "html.text", "locals.c"),
    ]);
}

#[test]
fn attributes() {
    pug("a.btn#x(href=url, title!=t class=cond ? 'a' : 'b'\n   onclick=\"f()\" data-x=y)= label\na(href='/u/' + id)\na(href=`${u}/x` 'quoted'=q)\nimg(src=pic)\ndiv&attributes(attrs)\nform(action=target): input(value=v, checked)\n")
        .outputs(&[
            ("href=url", Escaped, "html.url", "locals.url"),
            ("title!=t", Raw, "html.attr", "locals.t"),
            ("class=cond ? 'a' : 'b'", Escaped, "html.attr", "constant|constant"),
            ("data-x=y", Escaped, "html.attr", "locals.y"),
            ("= label", Escaped, "html.text", "locals.label"),
            ("href='/u/' + id", Escaped, "html.attr", "text"),
            ("href=`${u}/x`", Escaped, "html.url", "text"),
            ("'quoted'=q", Escaped, "html.attr", "locals.q"),
            ("src=pic", Escaped, "html.attr", "locals.pic"),
            ("&attributes(attrs)", Raw, "html.attr", "locals.attrs"),
            ("action=target", Escaped, "html.url", "locals.target"),
            ("value=v", Escaped, "html.attr", "locals.v"),
        ]);
}

#[test]
fn attributes_of_components() {
    pug("page(\n  title=page.title\n  :tags=a ? b : c\n  @click=d?.e\n  :id=f\n  ...g)\n").outputs(
        &[
            (
                "title=page.title",
                Escaped,
                "html.attr",
                "locals.page.title",
            ),
            (":tags=a ? b : c", Escaped, "html.attr", "locals.b|locals.c"),
            ("@click=d?.e", Escaped, "html.attr", "locals.d.e"),
            (":id=f", Escaped, "html.attr", "locals.f"),
            ("...g", Escaped, "html.attr", "locals.g"),
        ],
    );
}

#[test]
fn control() {
    pug("each user, i in users\n  if user.admin\n    p!= user.name\n  else if x\n    p!= i\n  else\n    p!= y\nelse\n  p!= none\nunless z\n  != w\ncase kind\n  when 'a'\n    != k1\n  when 'b': p!= k2\n  default\n    != k3\n- for (var n = 0; n < 3; n++)\n  != list[n]\n- var v = user\n!= v\n")
        .outputs(&[
            ("!= user.name", Raw, "html.text", "locals.users[].name"),
            ("!= i", Raw, "html.text", "element"),
            ("!= y", Raw, "html.text", "locals.y"),
            ("!= none", Raw, "html.text", "locals.none"),
            ("!= w", Raw, "html.text", "locals.w"),
            ("!= k1", Raw, "html.text", "locals.k1"),
            ("!= k2", Raw, "html.text", "locals.k2"),
            ("!= k3", Raw, "html.text", "locals.k3"),
            ("!= list[n]", Raw, "html.text", "locals.list[]"),
            ("!= v", Raw, "html.text", "locals.user"),
        ]);
}

#[test]
fn scripts_and_blocks_of_text() {
    pug("script.\n  var a = '#{a}';\n\n  var b = !{b};\nstyle.\n  a { color: #{c} }\np.\n  text #{d}\nscript(type='text/template')\n  | #{e}\n//- #{no}\n  #{no}\n// casemate: ignore\n<a href=\"#{f}\">\n:markdown-it\n  #{no}\np #[b(title=g) !{h}] and #{i}\n")
        .outputs(&[
            ("#{a}", Escaped, "html.script", "locals.a"),
            ("!{b}", Raw, "html.script", "locals.b"),
            ("#{c}", Escaped, "html.style", "locals.c"),
            ("#{d}", Escaped, "html.text", "locals.d"),
            ("#{e}", Escaped, "html.text", "locals.e"),
            ("#{f}", Escaped, "html.url", "locals.f"),
            ("title=g", Escaped, "html.attr", "locals.g"),
            ("!{h}", Raw, "html.text", "locals.h"),
            ("#{i}", Escaped, "html.text", "locals.i"),
        ]);
}

#[test]
fn other_templates_and_mixins() {
    let page = pug(
        "extends ./layout\ninclude mixins.pug\ninclude style.css\ninclude:md x.md\nblock content\n  mixin field(value, label='x')\n    input(value!=value)\n  +field(user.name)\n  +card(title=t)\n    p!= z\n",
    );
    page.imports(&["./layout", "mixins.pug"]);
    page.outputs(&[
        ("value!=value", Raw, "html.attr", "value"),
        ("title=t", Escaped, "html.attr", "locals.t"),
        ("!= z", Raw, "html.text", "locals.z"),
    ]);
}

#[test]
fn jade() {
    Page::new(
        "a(href=\"/x/#{id}\", title='#{t}')\nmixin old(x)\n",
        "views/a.jade",
        Engine::Pug,
    )
    .outputs(&[
        ("#{id}", Escaped, "html.attr", "locals.id"),
        ("#{t}", Escaped, "html.attr", "locals.t"),
    ]);
}

#[test]
fn broken_lines_lose_nothing() {
    let page = pug("!= a\n?? what\neach x\n  != b\n\n\n\t\t\t\np(a=b\n");
    page.outputs(&[
        ("!= a", Raw, "html.text", "locals.a"),
        ("!= b", Raw, "html.text", "locals.b"),
        ("a=b", Escaped, "html.attr", "locals.b"),
    ]);
    assert!(
        page.facts.stats.syntax_errors >= 3,
        "{:?}",
        page.facts.notes
    );
    for text in [
        "",
        "\n",
        " ",
        "\n\n \n",
        "a",
        ":",
        "+",
        "#[",
        "a:",
        "p #[#[#[",
        "(",
        "-",
        "- \n",
        "when",
        "case\n when",
    ] {
        let _ = pug(text);
    }
    let _ = pug(&"a: ".repeat(10_000));
    let _ = pug(&"#[a ".repeat(3_000));
}
