//! What is known of the terminal.

use crate::args::ColorArg;
use anstream::{AutoStream, ColorChoice};
use casemate_report::text::Style;
use std::io::IsTerminal;

/// How text on stdout looks.
pub fn style(color: ColorArg) -> Style {
    let colored = match color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => !matches!(AutoStream::choice(&std::io::stdout()), ColorChoice::Never),
    };
    let width =
        terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    Style {
        colored,
        width: width.unwrap_or(Style::DEFAULT_WIDTH),
    }
}

/// Whether somebody watches stderr.
pub fn watched() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

/// The most memory that the process held so far, in kB, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
