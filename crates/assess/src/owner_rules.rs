//! `.claude/rules.md`: what the owner tells agents. It is told in the report, never followed.

use crate::dossier::context::OwnerRules;
use std::io::Read;
use std::path::Path;

const FILE: &str = ".claude/rules.md";

/// Bytes that are read.
const BYTES: u64 = 256 * 1024;

/// Headings that are told.
const HEADINGS: usize = 12;

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
    let headings = text.lines().filter_map(|line| {
        let title = line.trim_start_matches('#');
        (title.len() < line.len()).then(|| title.trim().chars().take(80).collect::<String>())
    });
    OwnerRules {
        file: FILE.to_owned(),
        digest: crate::fingerprint::digest(&[text]),
        lines: text.lines().count(),
        headings: headings.filter(|h| !h.is_empty()).take(HEADINGS).collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn headings_and_digest_are_told() {
        let rules = super::of("# Security\n\nNo eval.\n## Data\n");
        assert_eq!(rules.headings, ["Security", "Data"]);
        assert_eq!((rules.lines, rules.digest.len()), (4, 16));
    }
}
