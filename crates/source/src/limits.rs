//! The caps on files. Each one that is reached is named in [`crate::Project::skipped`] or counted beside it.

/// A larger file is not read: real source files are below it, bundles and data dumps above.
pub const FILE_BYTES: u64 = 10 * 1024 * 1024;

/// All texts together; what comes later in path order is not read. Keeps a hostile tree from filling the memory.
pub const TOTAL_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Files that are listed at all, of whatever type.
pub const FILES: usize = 1_000_000;

/// Folders inside folders; deeper ones are not entered.
pub const DEPTH: usize = 256;

/// An ignore file, git's index and other files that steer the walk.
pub const STEERING_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes looked at to tell text from binary.
pub const SNIFF_BYTES: usize = 8 * 1024;

/// Share of replaced characters, in percent, up to which a file that is not UTF-8 is still text.
pub const REPLACED_PERCENT: usize = 10;

/// Code with a longer mean line is minified: nobody wrote it, and its lines cannot be shown.
pub const MEAN_LINE: usize = 400;

/// Code shorter than this is never called minified: a one-line script is no bundle.
pub const MINIFIED_BYTES: usize = 4 * 1024;

/// Bytes that tell what a file is whose name says nothing: a comment with a licence may stand before.
pub const HEAD_BYTES: u64 = 4 * 1024;
