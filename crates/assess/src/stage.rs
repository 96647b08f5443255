//! The stages of an assessment, told as they begin: for progress, and for measuring.

/// A stage that begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Files are listed and read.
    Read,
    /// So many files are parsed and lowered.
    Lower(usize),
    /// Imports are resolved and the program is numbered.
    Link,
    /// Data is followed through the program.
    Analyse,
    /// Rules are applied and findings made.
    Judge,
    /// All is done.
    Done,
}

impl Stage {
    /// What is being done, for somebody who waits.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Read => "reading files".into(),
            Self::Lower(files) => format!("parsing {files} files"),
            Self::Link => "linking".into(),
            Self::Analyse => "following data".into(),
            Self::Judge => "applying rules".into(),
            Self::Done => "done".into(),
        }
    }
}

/// Who is told.
pub type Observer<'a> = &'a (dyn Fn(Stage) + Sync);

/// For callers who do not want to know.
pub const NOBODY: Observer<'static> = &|_| {};
