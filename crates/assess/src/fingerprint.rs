//! Ids that survive moved lines: no line, no commit, no source goes into them.

/// What a finding is told apart by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Identity<'a> {
    /// The rule.
    pub rule: &'a str,
    /// The file, relative to the root.
    pub file: &'a str,
    /// The functions and classes around the place, outermost first.
    pub symbol: &'a str,
    /// The text of the place.
    pub text: &'a str,
}

/// Tokens of a place that count. What is longer differs in its beginning; its end is often another function's body.
const TOKENS: usize = 64;

impl Identity<'_> {
    /// The fingerprint of the `ordinal`-th finding with this identity, as 16 hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self, ordinal: usize) -> String {
        digest(&[
            self.rule,
            self.file,
            self.symbol,
            &tokens(self.text),
            &ordinal.to_string(),
        ])
    }

    /// The same without the file.
    #[must_use]
    pub fn move_fingerprint(&self, ordinal: usize) -> String {
        digest(&[
            self.rule,
            self.symbol,
            &tokens(self.text),
            &ordinal.to_string(),
        ])
    }
}

/// The first 16 hexadecimal digits of a hash over parts; their borders count.
#[must_use]
pub fn digest(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// A text as tokens: layout, quotes and trailing commas do not count, so a formatter changes nothing.
#[must_use]
pub fn tokens(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.trim_start();
    for _ in 0..TOKENS {
        let Some(first) = rest.chars().next() else {
            break;
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        rest = after.trim_start();
        let quote = matches!(first, '\'' | '"' | '`');
        let trailing_comma = first == ',' && rest.starts_with([')', ']', '}']);
        if quote || trailing_comma || first == ';' {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(token);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity<'a>(text: &'a str) -> Identity<'a> {
        Identity {
            rule: "sql-injection",
            file: "src/a.ts",
            symbol: "Repo.find",
            text,
        }
    }

    #[test]
    fn layout_does_not_count() {
        let one = identity("db.query('select ' + id, [a, b])");
        let other = identity("db\n  .query(\n    \"select \" + id,\n    [a, b,],\n  );");
        assert_eq!(one.fingerprint(0), other.fingerprint(0));
        assert_ne!(one.fingerprint(0), one.fingerprint(1));
        assert_ne!(
            one.fingerprint(0),
            identity("db.query('select ' + name, [a, b])").fingerprint(0)
        );
        assert_eq!(one.fingerprint(0).len(), 16);
    }

    #[test]
    fn a_renamed_file_keeps_the_second_id() {
        let here = identity("f(x)");
        let there = Identity {
            file: "src/b.ts",
            ..here.clone()
        };
        assert_ne!(here.fingerprint(0), there.fingerprint(0));
        assert_eq!(here.move_fingerprint(0), there.move_fingerprint(0));
    }

    #[test]
    fn borders_count() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
