//! `casemate.decisions.toml`: the security decisions that an owner signs, held against the code.
//!
//! | step | here |
//! |---|---|
//! | what may be decided, and in which words | [`topic`] |
//! | the file as read | [`file`] |
//! | what the code shows of each topic | [`seen`], secrets in `environment` |
//! | which entry is about what, what stands in the functions that entries name | `name`, `passage` |
//! | what goes into logs | `logged` |
//! | the questions that rules ask | [`question`] |
//! | findings for what differs | `found` |
//! | a file drafted from the code | [`draft`] |
//!
//! Invariants
//! - Nothing is held against the code that nobody has signed: an unsigned file yields no finding, and no requirement is attested.
//! - A topic that the file does not speak of is not decided; one that it speaks of has to be whole.
//! - What the code does not tell is counted, and contradicts nothing.

pub mod amount;
pub mod draft;
pub(crate) mod environment;
pub mod file;
pub(crate) mod found;
mod logged;
pub(crate) mod name;
mod passage;
pub mod question;
pub(crate) mod seen;
pub mod topic;

pub use file::Decisions;

use serde::Serialize;

/// The name of the file.
pub const NAME: &str = "casemate.decisions.toml";

/// What a report says of the decisions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Told {
    /// The file, where there is one that counts.
    pub file: Option<String>,
    /// Who signed it and when; absent: nobody, or not any more.
    pub signed: Option<(String, String)>,
    /// Why nobody has, as a phrase.
    pub unsigned: Option<String>,
    /// What the code shows, by topic, in the order of [`topic::ALL`].
    pub topics: Vec<ToldTopic>,
}

/// One topic.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ToldTopic {
    /// `session`, `token` …
    pub topic: String,
    /// What it is about.
    pub says: String,
    /// Entries of the file.
    pub entries: usize,
    /// What the code shows.
    pub seen: Vec<ToldSubject>,
}

/// Something in the code that a decision is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct ToldSubject {
    /// What an entry names it by.
    pub name: String,
    /// `file:line`.
    pub at: String,
    /// What the code says of it: key of the topic and value.
    pub values: Vec<(String, String)>,
    /// An entry names it.
    pub decided: bool,
}
