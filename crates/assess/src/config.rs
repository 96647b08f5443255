//! What the caller asks for.

use crate::assessment::{Certainty, Level, ThreatModel};
use crate::baseline::Baseline;
use std::path::PathBuf;

/// What the caller asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// The project, folders or files of it; empty: the current folder.
    pub paths: Vec<PathBuf>,
    /// Only these rules; empty: all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Patterns of files that are left out, in the syntax of `.gitignore`.
    pub exclude: Vec<String>,
    /// Who the attacker is; absent: decided per package.
    pub threat_model: Option<ThreatModel>,
    /// Threads; absent: one per processor.
    pub jobs: Option<usize>,
    /// The project's own policy and comments do not count.
    pub isolated: bool,
    /// Rules in preview run too.
    pub preview: bool,
    /// Findings below are left out of every format.
    pub min_confidence: Certainty,
    /// The same.
    pub min_severity: Level,
    /// What was known before, with where that stands.
    pub baseline: Option<(String, Baseline)>,
    /// The date, as `2026-11-22`: accepted risks expire. Absent: none does.
    pub today: Option<String>,
}
