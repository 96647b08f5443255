//! Expressions of the Jinja family as script.

use super::expr::{Arg, Expr, Kind};
use super::lex::{Tok, Token};
use crate::names::{Scopes, bindable, reserved};
use crate::script::Script;
use std::ops::Range;

/// Writes an expression.
pub(super) fn expr(script: &mut Script<'_>, scopes: &Scopes, it: &Expr) {
    let at = it.range.clone();
    match &it.kind {
        Kind::Name(name) => self::name(script, scopes, name, at),
        Kind::Literal(text) => script.glue(text, at),
        Kind::Str(text) => script.string(text, at),
        Kind::Array(items) => {
            script.glue("[", at.clone());
            list(script, scopes, items.iter(), &at);
            script.glue("]", at);
        }
        Kind::Object(members) => {
            script.glue("({", at.clone());
            for (i, (key, value)) in members.iter().enumerate() {
                script.glue(if i > 0 { ", [" } else { "[" }, at.clone());
                expr(script, scopes, key);
                script.glue("]: ", at.clone());
                expr(script, scopes, value);
            }
            script.glue("})", at);
        }
        // The address of a page of this site; Django calls what can be called.
        Kind::Member(_, name) if scopes.own_functions && name == "get_absolute_url" => {
            script.glue("''", at);
        }
        Kind::Member(of, name) => {
            expr(script, scopes, of);
            script.glue("[", at.clone());
            script.string(name, at.clone());
            script.glue("]", at);
        }
        Kind::Index(of, index) => {
            expr(script, scopes, of);
            script.glue("[", at.clone());
            expr(script, scopes, index);
            script.glue("]", at);
        }
        Kind::Call(callee, args) => {
            match &callee.kind {
                Kind::Member(_, name) if scopes.own_functions && name == "get_absolute_url" => {
                    script.glue("''", at);
                    return;
                }
                Kind::Name(name) if scopes.own_functions && !scopes.binds(name) => {
                    if matches!(name.as_str(), "url_for" | "url" | "static" | "csrf_token") {
                        // Parts of an address of this site, escaped.
                        script.glue("''", at);
                        return;
                    }
                    script.glue(&format!("__own_{}", plain(name)), at.clone());
                }
                _ => expr(script, scopes, callee),
            }
            script.glue("(", at.clone());
            arguments(script, scopes, args, &at);
            script.glue(")", at);
        }
        Kind::Filter(of, name, args) => filter(script, scopes, of, name, args, &at),
        Kind::Test(of) => {
            script.glue("!!(", at.clone());
            expr(script, scopes, of);
            script.glue(")", at);
        }
        Kind::Unary(op, of) => {
            script.glue(&format!("({op} "), at.clone());
            expr(script, scopes, of);
            script.glue(")", at);
        }
        Kind::Binary(op, left, right) => {
            script.glue("(", at.clone());
            expr(script, scopes, left);
            script.glue(&format!(" {op} "), at.clone());
            expr(script, scopes, right);
            script.glue(")", at);
        }
        Kind::If(cond, yes, no) => {
            script.glue("(", at.clone());
            expr(script, scopes, cond);
            script.glue(" ? ", at.clone());
            expr(script, scopes, yes);
            script.glue(" : ", at.clone());
            match no {
                Some(no) => expr(script, scopes, no),
                None => script.glue("''", at.clone()),
            }
            script.glue(")", at);
        }
    }
}

/// A name that the template binds, or a member of the locals.
pub(super) fn name(script: &mut Script<'_>, scopes: &Scopes, name: &str, at: Range<usize>) {
    if scopes.binds(name) {
        script.glue(&bindable(name), at);
    } else if scopes.own_functions && name == "request" {
        // Engines of Python offer it to every template, whatever its locals are.
        script.glue("__request", at);
    } else if reserved(name) || script.slice(at.clone()) != name {
        script.glue("__locals[", at.clone());
        script.string(name, at.clone());
        script.glue("]", at);
    } else {
        script.glue("__locals.", at.clone());
        script.code(at);
    }
}

fn list<'e>(
    script: &mut Script<'_>,
    scopes: &Scopes,
    items: impl Iterator<Item = &'e Expr>,
    at: &Range<usize>,
) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            script.glue(", ", at.clone());
        }
        expr(script, scopes, item);
    }
}

/// Arguments by position, then those with a keyword as one object, as the engines pass them.
fn arguments(script: &mut Script<'_>, scopes: &Scopes, args: &[Arg], at: &Range<usize>) {
    let positional: Vec<_> = args.iter().filter(|it| it.name.is_none()).collect();
    list(script, scopes, positional.iter().map(|it| &it.value), at);
    let mut named = args
        .iter()
        .filter_map(|it| Some((it.name.as_ref()?, &it.value)))
        .peekable();
    if named.peek().is_none() {
        return;
    }
    script.glue(if positional.is_empty() { "{" } else { ", {" }, at.clone());
    for (name, value) in named {
        script.string(name, at.clone());
        script.glue(": ", at.clone());
        expr(script, scopes, value);
        script.glue(", ", at.clone());
    }
    script.glue("}", at.clone());
}

/// Filters that JavaScript has too are written with its own words, so that what is known of those holds; all others are
/// helpers among the locals.
fn filter(
    script: &mut Script<'_>,
    scopes: &Scopes,
    of: &Expr,
    name: &str,
    args: &[Arg],
    at: &Range<usize>,
) {
    let wrap = |script: &mut Script<'_>, before: &str, after: &str| {
        script.glue(before, at.clone());
        expr(script, scopes, of);
        script.glue(after, at.clone());
    };
    match name {
        "safe" | "safeseq" | "raw" | "e" | "escape" | "forceescape" | "force_escape" | "sort"
        | "reverse" | "list" | "slice" => {
            wrap(script, "(", ")");
        }
        "urlencode" | "url_encode" | "encodeURIComponent" => {
            wrap(script, "encodeURIComponent(", ")")
        }
        "int" => wrap(script, "parseInt(", ")"),
        "float" => wrap(script, "parseFloat(", ")"),
        "abs" | "round" => wrap(script, "Math.abs(", ")"),
        "json" | "dump" | "tojson" | "json_encode" => wrap(script, "JSON.stringify(", ")"),
        "string" => wrap(script, "String(", ")"),
        "length" | "count" => wrap(script, "(", ").length"),
        "upper" => wrap(script, "(", ").toUpperCase()"),
        "lower" => wrap(script, "(", ").toLowerCase()"),
        "trim" => wrap(script, "(", ").trim()"),
        "first" => wrap(script, "(", ")[0]"),
        "last" => wrap(script, "(", ").at(-1)"),
        "join" | "replace" => {
            wrap(script, "(", &format!(").{name}("));
            arguments(script, scopes, args, at);
            script.glue(")", at.clone());
        }
        "default" | "d" => {
            wrap(script, "(", " ?? ");
            match args.first() {
                Some(arg) => expr(script, scopes, &arg.value),
                None => script.glue("''", at.clone()),
            }
            script.glue(")", at.clone());
        }
        _ => {
            // The engine's own or the program's, never a member of the locals.
            script.glue(&format!("__own_{}(", plain(name)), at.clone());
            expr(script, scopes, of);
            if !args.is_empty() {
                script.glue(", ", at.clone());
                arguments(script, scopes, args, at);
            }
            script.glue(")", at.clone());
        }
    }
}

/// All names in tokens that cannot be read as an expression, so that what they carry is not lost.
pub(super) fn rough(script: &mut Script<'_>, scopes: &Scopes, tokens: &[Token], at: &Range<usize>) {
    script.glue("[", at.clone());
    let mut before = None;
    for token in tokens {
        if let Tok::Name(name) = &token.tok
            && before != Some(&Tok::Op("."))
            && !matches!(
                name.as_str(),
                "and" | "or" | "not" | "in" | "is" | "if" | "else" | "true" | "false" | "with"
            )
        {
            self::name(script, scopes, name, token.range.clone());
            script.glue(", ", at.clone());
        }
        before = Some(&token.tok);
    }
    script.glue("]", at.clone());
}

/// Whether the outermost filters say that a value is not escaped or is.
pub(super) fn escaping(it: &Expr, python: bool) -> Option<bool> {
    match &it.kind {
        Kind::Filter(of, name, _) => match name.as_str() {
            "safe" | "raw" | "safeseq" => Some(false),
            "e" | "escape" | "forceescape" | "force_escape" => Some(true),
            // These escape what could end a script or a tag, and say so.
            "tojson" | "json_script" | "escapejs" | "xmlattr" | "urlencode" | "slugify"
            | "filesizeformat" | "date" | "time" | "length" | "linenumbers"
                if python =>
            {
                Some(true)
            }
            _ => escaping(of, python),
        },
        _ => None,
    }
}

/// A name with nothing in it that a script would read otherwise.
fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}
