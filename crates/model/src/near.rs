//! Near names: what a misspelt word may have meant.

/// The known name nearest to `word`, if one is near enough to be meant.
#[must_use]
pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, name)| *distance <= limit || related(word, name))
        .min()
        .map(|(_, name)| name.to_owned())
}

/// `shell` is near `command.shell`, `html` near `html.text`.
fn related(word: &str, name: &str) -> bool {
    word.len() > 2 && name.split('.').any(|part| part == word)
}

/// The edit distance of two words, where two letters that changed places count once.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut last = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&row, j) + usize::from(x != *y))
                .min(cell(&row, j + 1) + 1)
                .min(cell(&next, j) + 1);
            let turned = j > 0 && last == Some(*y) && b.get(j - 1) == Some(&x);
            if turned {
                best = best.min(cell(&before, j - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(x);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["command.shell", "code", "sql", "html.text"];
        assert_eq!(near("sqll", known), Some("sql".into()));
        assert_eq!(near("shell", known), Some("command.shell".into()));
        assert_eq!(near("comand.shell", known), Some("command.shell".into()));
        assert_eq!(near("weather", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("nmp", "npm"), 1);
        assert_eq!(distance("", "npm"), 3);
    }
}
