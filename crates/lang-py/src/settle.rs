//! Imports of a set of files, settled.

/// Placeholder.
pub struct Modules;
/// Placeholder.
pub fn settle() {}
