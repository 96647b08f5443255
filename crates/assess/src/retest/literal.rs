//! Texts of a project inside of code that is written for it: whatever they hold, they stay texts.

/// A literal of JavaScript and of Python alike: what is not plain is escaped in the way that both read.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(c @ ('"' | '\\')) => {
                out.push('\\');
                out.push(c);
            }
            Some(c) if c.is_ascii() && !c.is_ascii_control() => out.push(c),
            // Letters stay readable; what may end a line or turn it around does not.
            Some(c) if c.is_alphanumeric() => out.push(c),
            _ => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
    out
}

/// A remark on one line.
pub(crate) fn remark(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric();
    text.chars()
        .map(|c| if plain(c) { c } else { ' ' })
        .collect()
}

/// Text inside of an address.
pub(crate) fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// A name for a variable of a shell: `shopId` becomes `SHOP_ID`.
pub(crate) fn shouted(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && out.ends_with(|last: char| last.is_ascii_lowercase()) {
            out.push('_');
        }
        out.push(if c.is_ascii_alphanumeric() { c } else { '_' });
    }
    out.trim_matches('_').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(quoted("a\"b\\c\n`${x}`"), "\"a\\\"b\\\\c\\u000a`${x}`\"");
        assert_eq!(quoted("\u{2028}é"), "\"\\u2028é\"");
        assert_eq!(remark("a\nb\u{2028}c"), "a b c");
        for (name, told) in [
            ("id", "ID"),
            ("shopId", "SHOP_ID"),
            ("order_id", "ORDER_ID"),
            ("a-b", "A_B"),
        ] {
            assert_eq!(shouted(name), told);
        }
    }
}
