//! Settings of npm (`.npmrc`): whether packages run scripts of their own when they are installed.

use crate::lines;

/// Whether the settings keep packages from running scripts when they are installed.
#[must_use]
pub fn ignores_scripts(text: &str) -> bool {
    let value = lines(text).filter_map(|(_, line)| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "ignore-scripts").then(|| value.trim().to_owned())
    });
    value.last().is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts() {
        for (text, ignores) in [
            ("ignore-scripts=true\nsave-exact=true\n", true),
            ("ignore-scripts = true", true),
            ("# ignore-scripts=true", false),
            ("ignore-scripts=true\nignore-scripts=false", false),
            ("", false),
        ] {
            assert_eq!(ignores_scripts(text), ignores, "{text}");
        }
    }
}
