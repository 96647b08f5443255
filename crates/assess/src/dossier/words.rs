//! Small pieces of sentences.

use casemate_say::say;

/// `1 file`, `2,000 files`.
#[must_use]
pub fn count(n: usize, one: &str, many: &str) -> String {
    casemate_say::count(n as u64, &grouped(n as u64), one, many)
}

/// `12,345`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `a`, `a and b`, `a, b and c`; after `most` the rest is counted.
#[must_use]
pub fn list(items: &[String], most: usize) -> String {
    let shown: Vec<&String> = items.iter().take(most).collect();
    let mut parts: Vec<String> = shown.iter().map(|s| (*s).clone()).collect();
    if let Some(rest) = items.len().checked_sub(most).filter(|n| *n > 0) {
        parts.push(say!("{u64} more", u64 = grouped(rest as u64)));
    }
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => say!("{join} and {last}", join = first.join(", ")),
    }
}

/// Loggers of Node that programs import.
const LOGGERS: [&str; 12] = [
    "bunyan",
    "consola",
    "debug",
    "log4js",
    "loglevel",
    "morgan",
    "npmlog",
    "pino",
    "pino-http",
    "signale",
    "tslog",
    "winston",
];

/// What writes the log, with the number of calls.
#[must_use]
pub fn loggers(inventory: &casemate_ledger::Inventory) -> Vec<(String, usize)> {
    let imported = || {
        let packages = inventory.packages.keys();
        let roots = packages.filter_map(|root| root.strip_prefix("npm:"));
        let known: Vec<&str> = roots.filter(|root| LOGGERS.contains(root)).collect();
        (!known.is_empty()).then(|| known.join(" and "))
    };
    let named = |library: String| match library.as_str() {
        // One model speaks of all loggers of Node.
        "log" => imported().unwrap_or(library),
        "js-global" | "global" => say!("the console"),
        "builtins" | "py-builtins" => "`print`".to_owned(),
        "py-log" => "`logging`".to_owned(),
        _ => library,
    };
    let mut own: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for entry in inventory.entries.values().filter(|e| !e.through.is_empty()) {
        *own.entry(&entry.through).or_default() += 1;
    }
    let through = inventory.through(&["log"]);
    let through = through.into_iter().map(|(library, n)| (named(library), n));
    let own = own.into_iter().map(|(file, n)| (code(file), n));
    own.chain(through).collect()
}

/// Through what something of some kinds is done, as the code calls it, with the number of calls, most first.
#[must_use]
pub fn through(inventory: &casemate_ledger::Inventory, kinds: &[&str]) -> Vec<(String, usize)> {
    let mut by: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (name, n) in inventory.spoken(kinds) {
        // Models of the languages themselves have names that only Casemate knows.
        let name = match name.as_str() {
            "js-global" | "global" | "py-builtins" => say!("the language itself"),
            name => name
                .strip_prefix("py-")
                .or_else(|| name.strip_prefix("js-"))
                .unwrap_or(name)
                .to_owned(),
        };
        *by.entry(name).or_default() += n;
    }
    let mut out: Vec<(String, usize)> = by.into_iter().collect();
    out.sort_by(|a, b| (std::cmp::Reverse(a.1), &a.0).cmp(&(std::cmp::Reverse(b.1), &b.0)));
    out
}

/// In back-ticks; those of the text go.
#[must_use]
pub fn code(text: &str) -> String {
    let marked = |text: &str| format!("`{}`", text.replace('`', "'"));
    // An endpoint that is told apart by its place: each of them is code, and what stands between is not.
    match text.rsplit_once(" at ") {
        Some((what, place)) if is_place(place) => say!(
            "{what} at {place}",
            what = marked(what),
            place = marked(place)
        ),
        _ => marked(text),
    }
}

/// Whether a text is `file:line`.
fn is_place(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(file, line)| {
        !file.is_empty()
            && !file.contains(char::is_whitespace)
            && !line.is_empty()
            && line.chars().all(|c| c.is_ascii_digit())
    })
}

/// The first sentence of a text of prose, on one line, without its period; nothing where the text begins with code.
#[must_use]
pub fn first_sentence(prose: &str) -> String {
    let paragraph = prose.split("\n\n").next().unwrap_or(prose);
    if paragraph.trim_start().starts_with("```") {
        return String::new();
    }
    // Marks of emphasis mean nothing in the middle of another sentence.
    let mut in_code = false;
    let paragraph: String = paragraph
        .chars()
        .filter(|c| {
            in_code ^= *c == '`';
            in_code || *c != '*'
        })
        .collect();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.find(". ").unwrap_or(line.len());
    let sentence = line.get(..end).unwrap_or(&line);
    sentence.trim_end_matches(['.', ':']).to_owned()
}

/// With a capital letter.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .into_iter()
        .chain(std::iter::once(chars.as_str().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_well() {
        let items = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(list(&items, 5), "a, b and c");
        assert_eq!(list(&items, 1), "a and 2 more");
        assert_eq!(first_sentence("One thing. Another.\n\nMore"), "One thing");
        assert_eq!(first_sentence("Of *this* kind: more"), "Of this kind: more");
        assert_eq!(first_sentence("```js\nx()\n```\nText"), "");
        assert_eq!(
            (grouped(1234).as_str(), capitalised("éa").as_str()),
            ("1,234", "Éa")
        );
        assert_eq!(
            (count(1, "file", "files"), count(12_345, "file", "files")),
            ("1 file".into(), "12,345 files".into())
        );
    }

    #[test]
    fn an_endpoint_and_its_place_are_code_each() {
        assert_eq!(
            super::code("GET /a at app/x.py:3"),
            "`GET /a` at `app/x.py:3`"
        );
        assert_eq!(super::code("looks at 3"), "`looks at 3`");
    }
}
