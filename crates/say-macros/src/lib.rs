//! `say!("{n} of {all} are open", n = open, all = total)`: as `format!`, and translated where a catalogue of the language holds the
//! sentence. Its places have names, so that a translator can put them in another order; what `format!` checks stays checked.

mod places;

use places::{Place, places};
use proc_macro::{Literal, TokenStream, TokenTree};

/// A sentence. See the crate.
#[proc_macro]
pub fn say(input: TokenStream) -> TokenStream {
    expand(input).unwrap_or_else(|wrong| {
        format!("::core::compile_error!({wrong:?})")
            .parse()
            .unwrap_or_default()
    })
}

fn expand(input: TokenStream) -> Result<TokenStream, String> {
    let mut tokens = input.into_iter();
    let text = match tokens.next() {
        Some(TokenTree::Literal(literal)) => {
            unescaped(&literal.to_string()).ok_or("a sentence is a string that stands there")?
        }
        _ => return Err("a sentence is a string that stands there".to_owned()),
    };
    let rest: Vec<TokenTree> = tokens.collect();
    let given = arguments(&rest);
    let places = named_places(&text)?;
    let literal = Literal::string(&text).to_string();
    if places.is_empty() && text.contains(['{', '}']) {
        return parsed(&format!(
            "::casemate_say::fill(::casemate_say::text({literal}), &[])"
        ));
    }
    if places.is_empty() && given.is_empty() {
        return parsed(&format!(
            "::std::borrow::ToOwned::to_owned(::casemate_say::text({literal}))"
        ));
    }
    let mut values = TokenStream::new();
    let mut met: Vec<&str> = Vec::new();
    for (name, whole) in &places {
        if met.contains(&name.as_str()) {
            continue;
        }
        met.push(name);
        let shown = Literal::string(whole).to_string();
        let own: TokenStream = match given.iter().find(|(n, _)| n == name) {
            Some((_, value)) => {
                let mut inner = parsed(&format!("{shown}, {name} = "))?;
                inner.extend(value.clone());
                inner
            }
            None => parsed(&shown)?,
        };
        let own = TokenTree::Group(proc_macro::Group::new(
            proc_macro::Delimiter::Parenthesis,
            own,
        ));
        let mut pair = parsed(&format!("{name:?}, ::std::format!"))?;
        pair.extend([own]);
        values.extend([TokenTree::Group(proc_macro::Group::new(
            proc_macro::Delimiter::Parenthesis,
            pair,
        ))]);
        values.extend(parsed(",")?);
    }
    let mut plain = parsed(&literal)?;
    plain.extend(rest);
    let group = |delimiter, stream| TokenTree::Group(proc_macro::Group::new(delimiter, stream));
    use proc_macro::Delimiter::{Brace, Bracket, Parenthesis};
    let mut arms = parsed("::core::option::Option::None => ::std::format!")?;
    arms.extend([group(Parenthesis, plain)]);
    arms.extend(parsed(
        ", ::core::option::Option::Some(text) => ::casemate_say::fill",
    )?);
    let mut arguments = parsed("text, &")?;
    arguments.extend([group(Bracket, values)]);
    arms.extend([group(Parenthesis, arguments)]);
    let mut out = parsed(&format!("match ::casemate_say::translation({literal})"))?;
    out.extend([group(Brace, arms)]);
    // In a block, so that it can stand wherever an expression can.
    Ok(TokenStream::from(group(Brace, out)))
}

fn parsed(text: &str) -> Result<TokenStream, String> {
    text.parse::<TokenStream>().map_err(|e| e.to_string())
}

/// `name = value`, between commas.
fn arguments(tokens: &[TokenTree]) -> Vec<(String, TokenStream)> {
    let is = |token: &TokenTree, c| matches!(token, TokenTree::Punct(p) if p.as_char() == c);
    tokens
        .split(|token| is(token, ','))
        .filter_map(|part| match part {
            [TokenTree::Ident(name), equals, value @ ..] if is(equals, '=') => {
                Some((name.to_string(), value.iter().cloned().collect()))
            }
            _ => None,
        })
        .collect()
}

/// The places of a sentence: their names, and how they are written: `("n", "{n}")`.
fn named_places(text: &str) -> Result<Vec<(String, String)>, String> {
    let all = places(text).ok_or("a place is not closed")?;
    let named = all.into_iter().map(|Place { name, inner }| {
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("the places of a sentence have names, so that a translator can put them in another order".to_owned());
        }
        Ok((name.to_owned(), format!("{{{inner}}}")))
    });
    named.collect()
}

/// What a string literal says.
fn unescaped(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        let marks = raw.len() - raw.trim_start_matches('#').len();
        return raw.get(marks + 1..raw.len() - marks - 1).map(str::to_owned);
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\n' => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            'u' => {
                let code: String = chars.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
            }
            c => out.push(c),
        }
    }
    Some(out)
}
