//! The files of a project: which are read, as what, and which are not and why.
//!
//! Invariants
//! - Knows files, folders, text and manifests; knows no language's syntax, no library and no rule.
//! - Nothing is left out in silence: whatever is not handed on is in [`Project::skipped`], [`Project::set_aside`] or a count.
//! - No symbolic link is followed and only regular files are opened, so nothing outside the root is read and no loop exists.
//! - The order is that of the project-relative paths, whatever the file system, thread count or machine.
//! - Every cap stands in [`limits`].
//!
//! Start reading at [`Project`], then [`locate`] (what a PATH means) and [`role`] (what is not backend code).

pub mod deployment;
pub mod document;
mod filetype;
pub mod frontend;
pub mod git;
mod ignored;
pub mod limits;
pub mod lines;
pub mod locate;
mod lock;
mod project;
mod python;
mod read;
pub mod role;
mod skipped;
mod unit;
mod walk;

pub use filetype::{Artefact, Engine, FileType};
pub use lines::{LineIndex, Position};
pub use locate::{LocateError, Located};
pub use lock::is_lock;
pub use project::{Exclusion, IgnoreEffect, Options, Project, SourceFile};
pub use role::{Role, SetAside};
pub use skipped::{Reason, Skipped};
pub use unit::{Manifest, Unit, UnitId, Version};
