//! EJS and Eta.

use crate::page::{
    Escape::{Escaped, Raw},
    Page,
};
use casemate_lang_template::Engine;

fn ejs(text: &str) -> Page<'_> {
    Page::new(text, "views/page.ejs", Engine::Ejs)
}

#[test]
fn escaped_and_raw() {
    let page =
        ejs("<p><%= user.name; %></p>\n<%- html -%><a href='<%= url %>' onclick=\"<%=x%>\">");
    page.outputs(&[
        (
            "<%= user.name; %>",
            Escaped,
            "html.text",
            "locals.user.name",
        ),
        ("<%- html -%>", Raw, "html.text", "locals.html"),
        ("<%= url %>", Escaped, "html.url", "locals.url"),
        ("<%=x%>", Escaped, "html.script", "locals.x"),
    ]);
}

#[test]
fn code_between_tags() {
    let page = ejs(
        "<% todos.forEach(function (todo) { %><% if (todo.done) { // done? %>\n<%- marked(new String(todo.text)) %><% } else { %><%= todo.id %><% } }) %>",
    );
    page.outputs(&[
        (
            "<%- marked(new String(todo.text)) %>",
            Raw,
            "html.text",
            "locals.marked()",
        ),
        ("<%= todo.id %>", Escaped, "html.text", "todo.id"),
    ]);
}

#[test]
fn includes() {
    let page = ejs(
        "<% include ../common/head %><%- include('nav', {user: u}) %><%- include('lab/' + name) %><% layout('boiler') -%><%- await include(\"x\") %>",
    );
    page.imports(&["../common/head", "nav", "boiler", "x"]);
    page.calls("__include", 1);
    assert!(
        page.text().contains("object {...%0, ...%"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("body: \"\""), "{}", page.text());
}

#[test]
fn locals_are_parameter_0() {
    ejs("<%- locals.name %><% var locals %>").outputs(&[(
        "<%- locals.name %>",
        Raw,
        "html.text",
        "locals.name",
    )]);
}

#[test]
fn literal_and_comment_tags() {
    let page = ejs("<%% <%# casemate: ignore xss %><!-- casemate: ignore x --><%- a %><%_ b() _%>");
    page.outputs(&[("<%- a %>", Raw, "html.text", "locals.a")]);
    assert_eq!(page.facts.comments.len(), 2);
}

#[test]
fn broken_code_keeps_its_outputs() {
    let page = ejs("<% if (a { %><%- a.b %><% } ) } %><p class=<%= c %>>");
    page.outputs(&[
        ("<%- a.b %>", Raw, "html.text", "locals.a.b"),
        ("<%= c %>", Escaped, "html.attr.unquoted", "locals.c"),
    ]);
    assert!(!page.facts.notes.is_empty() || page.facts.stats.syntax_errors > 0);
}

#[test]
fn eta() {
    let page = Page::new(
        "<%~ it.body %><%= it.x %><%- if (it.a) { -%><%_= it.y _%><% } %><%~ include('./part', {z: it.z}) %>",
        "views/page.eta",
        Engine::Eta,
    );
    page.outputs(&[
        ("<%~ it.body %>", Raw, "html.text", "locals.body"),
        ("<%= it.x %>", Escaped, "html.text", "locals.x"),
        ("<%_= it.y _%>", Escaped, "html.text", "locals.y"),
    ]);
    page.imports(&["./part"]);
}

#[test]
fn a_file_that_makes_no_page() {
    let page = Page::new(
        "{\"name\": \"<%- name %>\"}",
        "templates/package.json.ejs",
        Engine::Ejs,
    );
    page.outputs(&[("<%- name %>", Raw, "text", "locals.name")]);
}
