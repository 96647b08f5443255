//! Requirements of standards, and one verdict for each with its evidence.
//!
//! Invariants
//! - Says only what was enumerated: PASS and N/A name what was counted, and turn into PARTIAL as soon as a part of it was not
//!   understood.
//! - Which rule decides which requirement stands in the rule's front matter (`decides`), what a requirement depends on in
//!   `standards/asvs-5.0.0.tsv`, what a feature is in `standards/features.toml`; nowhere a second time.
//! - Ids, levels and chapters are the standard's; every sentence is our own.
//! - The same evidence gives the same verdicts.
//!
//! Start reading at [`verdict::Row`], then [`judge`]; [`inventory`] counts what a program uses.

pub mod conflict;
pub mod data;
mod enumeration;
pub mod feature;
pub mod handed;
pub mod inventory;
pub mod judge;
mod kin;
pub mod logging;
pub mod standard;
pub mod verdict;
mod worksheet;

pub use inventory::Inventory;
