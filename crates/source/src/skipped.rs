//! What was not read, and why.

use serde::Serialize;

/// A file or folder that was not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Skipped {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something was not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It may not be opened; the system's word for it.
    Unreadable(String),
    /// It was listed and gone when it was opened.
    Vanished,
    /// It is larger than a source file can be; its size in bytes.
    TooLarge(u64),
    /// Its bytes are not text.
    Binary,
    /// A symbolic link that leads out of the project.
    LinkOutside,
    /// A symbolic link that leads nowhere or in a circle.
    LinkBroken,
    /// A pipe, socket or device.
    NotRegular,
    /// The project has more text, files or folder levels than the limits allow.
    OverLimit(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Vanished => f.write_str("was gone when it was opened"),
            Self::TooLarge(bytes) => write!(
                f,
                "larger than {}: {}",
                megabytes(crate::limits::FILE_BYTES),
                megabytes(*bytes)
            ),
            Self::Binary => f.write_str("not text"),
            Self::LinkOutside => f.write_str("a link out of the project"),
            Self::LinkBroken => f.write_str("a link that leads nowhere"),
            Self::NotRegular => f.write_str("not a regular file"),
            Self::OverLimit(limit) => write!(f, "beyond the limit of {limit}"),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
