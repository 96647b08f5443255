//! Nunjucks and Swig.

use crate::page::{
    Escape::{Configured, Escaped, Raw},
    Page,
};
use casemate_lang_template::Engine;

fn nunjucks(text: &str) -> Page<'_> {
    Page::new(text, "views/page.njk", Engine::Nunjucks)
}

#[test]
fn escaping() {
    let page = nunjucks(
        "{{ a.b }}{{ a|safe }}{{ a|upper|escape }}{{ (a | safe) }}{% autoescape false %}{{ b }}{{ b|e }}{% endautoescape %}{{- c -}}",
    );
    page.outputs(&[
        ("{{ a.b }}", Configured, "html.text", "locals.a.b"),
        ("{{ a|safe }}", Raw, "html.text", "locals.a"),
        (
            "{{ a|upper|escape }}",
            Escaped,
            "html.text",
            "locals.a.toUpperCase()",
        ),
        ("{{ (a | safe) }}", Raw, "html.text", "locals.a"),
        ("{{ b }}", Raw, "html.text", "locals.b"),
        ("{{ b|e }}", Escaped, "html.text", "locals.b"),
        ("{{- c -}}", Configured, "html.text", "locals.c"),
    ]);
}

#[test]
fn contexts() {
    nunjucks("<form action=\"/x/{{userId}}\"><a href='{{ u }}' title={{t}}><script>{{s}}</script>")
        .outputs(&[
            ("{{userId}}", Configured, "html.attr", "locals.userId"),
            ("{{ u }}", Configured, "html.url", "locals.u"),
            ("{{t}}", Configured, "html.attr.unquoted", "locals.t"),
            ("{{s}}", Configured, "html.script", "locals.s"),
        ]);
}

#[test]
fn loops_and_conditions() {
    let page = nunjucks(
        "{% for user in users|sort %}{% if user.admin and not hide %}{{ user.name }}{% elif x is defined %}{{ y }}{% else %}{{ loop.index }}{% endif %}{% else %}{{ none_found }}{% endfor %}{% for k, v in map %}{{ k }}={{ v }}{% endfor %}{{ user }}",
    );
    page.outputs(&[
        ("{{ user.name }}", Configured, "html.text", "element.name"),
        ("{{ y }}", Configured, "html.text", "locals.y"),
        ("{{ loop.index }}", Configured, "html.text", "?.index"),
        (
            "{{ none_found }}",
            Configured,
            "html.text",
            "locals.none_found",
        ),
        ("{{ k }}", Configured, "html.text", "element"),
        ("{{ v }}", Configured, "html.text", "locals.map[]"),
        ("{{ user }}", Configured, "html.text", "locals.user"),
    ]);
}

#[test]
fn expressions() {
    nunjucks(
        "{{ a if b else c }}{{ marked(doc.memo) }}{{ a ~ '-' ~ b }}{{ x|default(0) }}{{ x | custom(1, k=2) }}{{ {a: b, 'c': d}.a }}{{ a[0] }}{{ name|urlencode }}{{ class }}",
    )
    .outputs(&[
        ("{{ a if b else c }}", Configured, "html.text", "locals.a|locals.c"),
        ("{{ marked(doc.memo) }}", Configured, "html.text", "locals.marked()"),
        ("{{ a ~ '-' ~ b }}", Configured, "html.text", "text"),
        ("{{ x|default(0) }}", Configured, "html.text", "locals.x|constant"),
        ("{{ x | custom(1, k=2) }}", Configured, "html.text", "__own_custom()"),
        ("{{ {a: b, 'c': d}.a }}", Configured, "html.text", "?.a"),
        ("{{ a[0] }}", Configured, "html.text", "locals.a[]"),
        ("{{ name|urlencode }}", Configured, "html.text", "encodeURIComponent()"),
        ("{{ class }}", Configured, "html.text", "locals.class"),
    ]);
}

#[test]
fn addresses_of_this_site_and_included_names_of_python() {
    let page =
        jinja("{% include which %}<a href=\"{{ x.get_absolute_url }}\">{{ url_for('a') }}</a>");
    page.calls("__included", 1);
    page.calls("__include", 0);
    page.calls("__own_url_for", 0);
}

#[test]
fn other_templates() {
    let page = nunjucks(
        "{% extends \"./layout.html\" %}{% block content %}{% include 'a.njk' %}{% for x in xs %}{% include \"b.njk\" ignore missing %}{% endfor %}{% include which %}{{ super() }}{{ body }}{% endblock %}",
    );
    page.imports(&["a.njk", "b.njk", "./layout.html"]);
    page.calls("__include", 1);
    page.outputs(&[("{{ body }}", Configured, "html.text", "locals.body")]);
    let swig = Page::new(
        "{% include 'part' with data only %}",
        "views/a.html",
        Engine::Swig,
    );
    swig.imports(&["part"]);
    assert!(
        swig.text().contains("(%2)") && swig.text().contains(".data"),
        "{}",
        swig.text()
    );
}

#[test]
fn macros() {
    let page = nunjucks(
        "{{ field(user.name, type='x') }}{% macro field(value, type='text') %}<input value=\"{{ value }}\">{% endmacro %}{% import 'forms.njk' as forms %}{{ forms.f(x) }}{% from 'm.njk' import g as h %}{{ h(1) }}",
    );
    page.outputs(&[
        (
            "{{ field(user.name, type='x') }}",
            Configured,
            "html.text",
            "?()",
        ),
        ("{{ value }}", Configured, "html.attr", "value"),
        (
            "{{ forms.f(x) }}",
            Configured,
            "html.text",
            "import forms.njk.f()",
        ),
        ("{{ h(1) }}", Configured, "html.text", "import m.njk.g()"),
    ]);
}

#[test]
fn variables() {
    nunjucks("{% set a = b or 'x' %}{{ a }}{% raw %}{{ no }}{% endraw %}{# {{ no }} casemate: ignore #}{% set z %}{{ in }}{% endset %}")
        .outputs(&[
            ("{{ a }}", Configured, "html.text", "locals.a"),
            ("{{ in }}", Configured, "html.text", "locals.in"),
        ]);
}

#[test]
fn broken_tags_lose_nothing() {
    let page = nunjucks("{% if a %}{{ a b.c }}{% endfor %}{% widget x with y %}{{ unclosed");
    page.outputs(&[("{{ a b.c }}", Configured, "html.text", "?")]);
    assert_eq!(page.facts.notes.len(), 3, "{:?}", page.facts.notes);
    assert!(page.facts.stats.syntax_errors > 0);
    let deep = format!(
        "{{{{ {}a{} }}}}{{{{ b{} }}}}",
        "(".repeat(5000),
        ")".repeat(5000),
        "+c".repeat(9000)
    );
    assert!(nunjucks(&deep).facts.stats.syntax_errors > 0);
}

fn jinja(text: &str) -> Page<'_> {
    Page::new(text, "templates/page.html", Engine::Jinja)
}

#[test]
fn filters_with_colons_and_safe_texts() {
    jinja("{{ a|default:b.c|safe }}{{ a|tojson }}{{ a|date:\"Y\" }}{{ a|default:\"x\" }}").outputs(
        &[
            (
                "{{ a|default:b.c|safe }}",
                Raw,
                "html.text",
                "locals.a|locals.b.c",
            ),
            ("{{ a|tojson }}", Escaped, "html.text", "JSON.stringify()"),
            ("{{ a|date:\"Y\" }}", Escaped, "html.text", "__own_date()"),
            (
                "{{ a|default:\"x\" }}",
                Configured,
                "html.text",
                "locals.a|constant",
            ),
        ],
    );
}

#[test]
fn tags_of_django_and_tornado() {
    let page = jinja(
        "{% load x %}{% comment %}{{ no }}{% endcomment %}{% with a as b %}{{ b }}{% endwith %}{% for k, v in m.items %}{{ v }}{% empty %}{{ e }}{% endfor %}{% url 'x' y as z %}{{ z }}{% raw t %}{% if c %}{{ d }}{% end %}{{ url_for('a', b=c) }}",
    );
    let found: Vec<_> = page.text().matches("output").map(str::to_owned).collect();
    assert_eq!(found.len(), 7, "{}", page.text());
    assert!(page.facts.notes.is_empty(), "{:?}", page.facts.notes);
}

#[test]
fn mako_lines_and_expressions() {
    let page = Page::new(
        "## ${no}\n% for x in list:\n<b>${x | h}</b>${x.y}\n% endfor\n<%include file=\"/nav.mako\"/>\n<%def name=\"f(a)\">${a | n}</%def>${f(x)}",
        "templates/page.mako",
        Engine::Mako,
    );
    page.imports(&["/nav.mako"]);
    assert_eq!(page.text().matches("output").count(), 4, "{}", page.text());
}
