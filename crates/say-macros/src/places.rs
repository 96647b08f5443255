//! The places of a sentence: `{n}`, `{size:.1}`.
//!
//! Read by the macro and by the catalogue alike, which have to agree; a crate of macros can hand out nothing but macros, so both have
//! this file.

/// A place: its name, and what stands between the brackets.
pub(crate) struct Place<'t> {
    pub name: &'t str,
    pub inner: &'t str,
}

/// The places of a sentence in their order. Absent where a bracket is not closed; two brackets are one that is meant.
pub(crate) fn places(text: &str) -> Option<Vec<Place<'_>>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let after = rest.get(at..)?;
        if after.starts_with("{{") || after.starts_with("}}") {
            rest = after.get(2..)?;
            continue;
        }
        let end = after.find('}').filter(|_| after.starts_with('{'))?;
        let inner = after.get(1..end)?;
        let name = inner.split(':').next().unwrap_or_default().trim();
        out.push(Place { name, inner });
        rest = after.get(end + 1..)?;
    }
    Some(out)
}
