//! `.claude/rules.md`: what the owner tells agents. It is told in the report, never followed.

use crate::dossier::context::OwnerRules;
use std::io::Read;
use std::path::Path;

const FILE: &str = ".claude/rules.md";

/// Bytes that are read.
const BYTES: u64 = 256 * 1024;

/// Headings that are told.
const HEADINGS: usize = 12;

/// Points that are told.
const POINTS: usize = 24;

/// Characters of a heading, and of a point.
const SHORT: usize = 80;
const LONG: usize = 160;

/// The file, if it is there; links are not followed.
pub(crate) fn read(root: &Path) -> Option<OwnerRules> {
    let folder = root.join(".claude");
    let path = root.join(FILE);
    let plain = |path: &Path| path.symlink_metadata().ok();
    if !plain(&folder)?.is_dir() || !plain(&path)?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&path).ok()?;
    file.take(BYTES).read_to_end(&mut bytes).ok()?;
    Some(of(&String::from_utf8_lossy(&bytes)))
}

fn of(text: &str) -> OwnerRules {
    let mut headings: Vec<String> = Vec::new();
    let mut points: Vec<(String, String)> = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            fenced = !fenced;
        }
        let title = line.trim_start_matches('#');
        if fenced {
            continue;
        }
        if title.len() < line.len() {
            let title = cut(title.trim(), SHORT);
            if !title.is_empty() {
                headings.push(title);
            }
        } else if let Some(point) = point(line) {
            let under = headings.last().cloned().unwrap_or_default();
            points.push((under, cut(point, LONG)));
        }
    }
    headings.truncate(HEADINGS);
    let more = points.len().saturating_sub(POINTS);
    points.truncate(POINTS);
    OwnerRules {
        file: FILE.to_owned(),
        digest: crate::fingerprint::digest(&[text]),
        lines: text.lines().count(),
        headings,
        points,
        more,
    }
}

/// A point of a list: `- x`, `* x`, `3. x`.
fn point(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .or_else(|| {
            let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = (rest.len() < line.len()).then_some(rest)?;
            rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))
        })?;
    Some(rest.trim()).filter(|rest| !rest.is_empty())
}

fn cut(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    #[test]
    fn headings_and_digest_are_told() {
        let rules = super::of(
            "# Security\n\n- No `eval`.\n```\n# no heading\n```\n## Data\n1. Ask first\n",
        );
        assert_eq!(rules.headings, ["Security", "Data"]);
        assert_eq!((rules.lines, rules.digest.len()), (8, 16));
        let points: Vec<(&str, &str)> = rules
            .points
            .iter()
            .map(|(under, point)| (under.as_str(), point.as_str()))
            .collect();
        assert_eq!(points, [("Security", "No `eval`."), ("Data", "Ask first")]);
    }
}
