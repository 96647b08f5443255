//! Handlebars and Mustache.

use crate::page::{
    Escape::{Escaped, Raw},
    Page,
};
use casemate_lang_template::Engine;

fn handlebars(text: &str) -> Page<'_> {
    Page::new(text, "views/page.hbs", Engine::Handlebars)
}

#[test]
fn escaping_and_contexts() {
    handlebars("{{name}}{{{ user.bio }}}{{& x}}<input value=\"{{ y }}\"><a href=\"{{~u~}}\">\\{{no}}{{{{raw}}}} {{no}} {{{{/raw}}}}{{z}}").outputs(&[
        ("{{name}}", Escaped, "html.text", "locals.name"),
        ("{{{ user.bio }}}", Raw, "html.text", "locals.user.bio"),
        ("{{& x}}", Raw, "html.text", "locals.x"),
        ("{{ y }}", Escaped, "html.attr", "locals.y"),
        ("{{~u~}}", Escaped, "html.url", "locals.u"),
        ("{{z}}", Escaped, "html.text", "locals.z"),
    ]);
}

#[test]
fn blocks() {
    handlebars(
        "{{#if a}}{{{b}}}{{else if c}}{{{d}}}{{else}}{{{e}}}{{/if}}{{#each users as |user i|}}{{{this.name}}}{{{name}}}{{{user.name}}}{{{../title}}}{{{@root.title}}}{{else}}{{{f}}}{{/each}}{{#with author}}{{{name}}}{{/with}}{{#unless x}}{{{y}}}{{/unless}}{{{name}}}",
    )
    .outputs(&[
        ("{{{b}}}", Raw, "html.text", "locals.b"),
        ("{{{d}}}", Raw, "html.text", "locals.d"),
        ("{{{e}}}", Raw, "html.text", "locals.e"),
        ("{{{this.name}}}", Raw, "html.text", "locals.users[].name"),
        ("{{{name}}}", Raw, "html.text", "locals.users[].name"),
        ("{{{user.name}}}", Raw, "html.text", "locals.users[].name"),
        ("{{{../title}}}", Raw, "html.text", "locals.title"),
        ("{{{@root.title}}}", Raw, "html.text", "locals.title"),
        ("{{{f}}}", Raw, "html.text", "locals.f"),
        ("{{{name}}}", Raw, "html.text", "locals.author.name"),
        ("{{{y}}}", Raw, "html.text", "locals.y"),
        ("{{{name}}}", Raw, "html.text", "locals.name"),
    ]);
}

#[test]
fn helpers() {
    let page = handlebars(
        "{{{markdown text.body}}}{{link (url x) title=y}}{{{lookup users key}}}{{#list people}}{{{first}}}{{/list}}{{\"text\"}}",
    );
    page.outputs(&[
        (
            "{{{markdown text.body}}}",
            Raw,
            "html.text",
            "locals.markdown()",
        ),
        (
            "{{link (url x) title=y}}",
            Escaped,
            "html.text",
            "locals.link()",
        ),
        ("{{{lookup users key}}}", Raw, "html.text", "locals.users[]"),
        ("{{{first}}}", Raw, "html.text", "__c1.first|locals.first"),
        ("{{\"text\"}}", Escaped, "html.text", "constant"),
    ]);
    page.calls("locals.url", 1);
    page.calls("locals.list", 1);
}

#[test]
fn partials() {
    let page = handlebars(
        "{{!< default}}{{> layouts/nav }}{{#each xs}}{{> row item=this}}{{> row2 this}}{{/each}}{{> (which kind)}}{{#> frame}}{{{x}}}{{/frame}}{{> @partial-block}}",
    );
    page.imports(&["default", "layouts/nav", "row", "row2", "frame"]);
    page.calls("__include", 1);
    page.outputs(&[("{{{x}}}", Raw, "html.text", "locals.x")]);
}

#[test]
fn mustache() {
    Page::new("{{#users}}{{{name}}}{{{.}}}{{/users}}{{^users}}{{{none}}}{{/users}}{{=<% %>=}}<%& x %>{{no}}", "a.mustache", Engine::Mustache)
        .outputs(&[
            ("{{{name}}}", Raw, "html.text", "__c1.name|locals.name"),
            ("{{{.}}}", Raw, "html.text", "__c1"),
            ("{{{none}}}", Raw, "html.text", "locals.none"),
            ("<%& x %>", Raw, "html.text", "locals.x"),
        ]);
}

#[test]
fn broken_tags_lose_nothing() {
    let page = handlebars(
        "{{#if a}}{{{b}}}{{/each}}{{{ (x }}}{{!-- casemate: ignore --}}{{c}}{{#each x}}",
    );
    page.outputs(&[
        ("{{{b}}}", Raw, "html.text", "locals.b"),
        ("{{c}}", Escaped, "html.text", "locals.c"),
    ]);
    assert_eq!(page.facts.comments.len(), 1);
    assert!(page.facts.stats.syntax_errors > 2, "{:?}", page.facts.notes);
    let _ = handlebars(&format!("{{{{{}x}}}}", "(".repeat(5000)));
}
