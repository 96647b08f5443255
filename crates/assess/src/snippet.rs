//! Lines of source as reports show them: never a whole secret, never an endless line.

/// Characters of a line that are kept around what matters.
const LINE: usize = 240;

/// Characters of a literal that stay readable.
const SHOWN: usize = 3;

/// Literals shorter than this are left as they are, unless the finding is about them.
const SHORT: usize = 6;

/// Beginnings by which providers mark their tokens.
const PROVIDER_MARKS: &[&str] = &[
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AIza",
    "ya29.",
    "SG.",
    "npm_",
    "pypi-",
    "dop_v1_",
    "shpat_",
    "sk-ant-",
    "sk-proj-",
    "-----BEGIN",
    "eyJhbGci",
];

/// A line for a report. `secret`: the finding is about a secret, so every literal of the line is masked; otherwise those that a
/// provider's mark begins. Masking keeps the length, so that columns stay true.
#[must_use]
pub fn of_line(line: &str, secret: bool) -> String {
    let line = if secret {
        mask_literals(line)
    } else {
        line.to_owned()
    };
    cut(&mask_marked(&line))
}

/// A text without these secrets; masking keeps the length.
#[must_use]
pub fn without(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), &mask(secret))
    })
}

/// Masks the inside of every quoted literal.
fn mask_literals(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if !matches!(c, '\'' | '"' | '`') {
            continue;
        }
        let mut inside = String::new();
        let mut closed = false;
        while let Some(next) = chars.next() {
            if next == c {
                closed = true;
                break;
            }
            inside.push(next);
            if next == '\\' {
                inside.extend(chars.next());
            }
        }
        // The key of a member is no secret: `"password": "…"`, `config['PASSWORD'] = …`.
        let before = out.trim_end_matches(c).trim_end();
        let opens = before.is_empty() || before.ends_with(['{', ',']);
        let of = before.strip_suffix('[').unwrap_or_default();
        let indexed = of.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ')' | ']'));
        let mut after = chars.clone().skip_while(|c| c.is_whitespace());
        let next = after.next();
        if closed && (opens && next == Some(':') || indexed && next == Some(']')) {
            out.push_str(&inside);
        } else {
            out.push_str(&mask(&inside));
        }
        if closed {
            out.push(c);
        }
    }
    out
}

/// Masks tokens that begin with a provider's mark, quoted or not.
fn mask_marked(line: &str) -> String {
    let mut out = line.to_owned();
    for mark in PROVIDER_MARKS {
        let mut from = 0;
        while let Some(at) = out.get(from..).and_then(|rest| rest.find(mark)) {
            let start = from + at;
            let rest = out.get(start..).unwrap_or_default();
            let length = rest
                .find(|c: char| {
                    c.is_whitespace() || matches!(c, '\'' | '"' | '`' | ')' | ';' | ',')
                })
                .unwrap_or(rest.len());
            let (token, after) = rest.split_at(length);
            let kept = mark.chars().count();
            let masked: String = token
                .chars()
                .enumerate()
                .map(|(i, c)| if i < kept { c } else { '•' })
                .collect();
            let end = start + masked.len();
            out = format!("{}{masked}{after}", out.get(..start).unwrap_or_default());
            from = end;
        }
    }
    out
}

fn mask(inside: &str) -> String {
    let length = inside.chars().count();
    let shown = if length < SHORT { 0 } else { SHOWN };
    inside
        .chars()
        .enumerate()
        .map(|(i, c)| if i < shown { c } else { '•' })
        .collect()
}

/// An endless line up to its limit. Columns beyond it are clamped by whoever draws.
fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_columns_stay() {
        assert_eq!(
            of_line("jwt.sign(user, 'correct-horse')", true),
            "jwt.sign(user, 'cor••••••••••')"
        );
        assert_eq!(of_line("const pin = '1234'", true), "const pin = '••••'");
        assert_eq!(
            of_line("db.query('select 1')", false),
            "db.query('select 1')"
        );
        assert_eq!(
            of_line("key: 'sk_live_abcdef', x", false),
            "key: 'sk_live_••••••', x"
        );
        assert_eq!(of_line("AKIA12345 AKIA6789", false), "AKIA••••• AKIA••••");
        assert_eq!(
            of_line("'open and never closed", true),
            "'ope••••••••••••••••••"
        );
        assert_eq!(of_line("'a\\'b' + c", true), "'••••' + c");
        assert_eq!(
            of_line("  \"password\": \"Admin_123\",", true),
            "  \"password\": \"Adm••••••\","
        );
        assert_eq!(
            of_line("app.config['SECRET_KEY'] = 'aaaaaaa'", true),
            "app.config['SECRET_KEY'] = 'aaa••••'"
        );
        assert_eq!(
            of_line("key = on ? 'first-one' : 'second'", true),
            "key = on ? 'fir••••••' : 'sec•••'"
        );
    }

    #[test]
    fn endless_lines_are_cut() {
        assert_eq!(of_line(&"é".repeat(500), false).chars().count(), LINE + 1);
    }
}
