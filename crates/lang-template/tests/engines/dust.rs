//! Dust.

use crate::page::{
    Escape::{Escaped, Raw},
    Page,
};
use casemate_lang_template::Engine;

fn dust(text: &str) -> Page<'_> {
    Page::new(text, "views/page.dust", Engine::Dust)
}

#[test]
fn escaping_and_contexts() {
    dust("{title}{body|s}{x|u|s}<a href=\"{url}\">{~n}{! {no} !} { no } function(){ return; }")
        .outputs(&[
            ("{title}", Escaped, "html.text", "locals.title"),
            ("{body|s}", Raw, "html.text", "locals.body"),
            ("{x|u|s}", Raw, "html.text", "encodeURI()"),
            ("{url}", Escaped, "html.url", "locals.url"),
        ]);
}

#[test]
fn sections() {
    dust("{#users role=\"x {r}\"}{name|s}{.|s}{:else}{none|s}{/users}{?a}{b|s}{:else}{c|s}{/a}{@eq key=d value=\"e\"}{f|s}{/eq}{#g/}").outputs(&[
        ("{name|s}", Raw, "html.text", "?.name|locals.name"),
        ("{.|s}", Raw, "html.text", "?"),
        ("{none|s}", Raw, "html.text", "locals.none"),
        ("{b|s}", Raw, "html.text", "locals.b"),
        ("{c|s}", Raw, "html.text", "locals.c"),
        ("{f|s}", Raw, "html.text", "locals.f"),
    ]);
}

#[test]
fn a_condition_that_is_run() {
    let page = dust("{@if cond=\"'{device}'=='Desktop'\"}\n<b>\n{:else}{x}{/if}");
    page.calls("eval", 1);
    assert!(page.text().contains("load %0.device"), "{}", page.text());
}

#[test]
fn partials() {
    let page =
        dust("{>\"nav/top\" user=me/}{>footer/}{>\"pages/{name}\"/}{+block/}{+other}{x}{/other}");
    page.imports(&["nav/top", "footer"]);
    page.calls("__include", 1);
    page.outputs(&[("{x}", Escaped, "html.text", "locals.x")]);
}

#[test]
fn broken_tags_lose_nothing() {
    let page = dust("{#a}{b|s}{/c}{?d}{e|s}{unclosed");
    page.outputs(&[
        ("{b|s}", Raw, "html.text", "__c1.b|locals.b"),
        ("{e|s}", Raw, "html.text", "__c1.e|locals.e"),
    ]);
    assert!(
        page.facts.stats.syntax_errors >= 4,
        "{:?}",
        page.facts.notes
    );
}
