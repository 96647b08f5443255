//! Why there is no assessment.

use casemate_source::LocateError;

/// Why there is no assessment. Whatever is wrong with single files is in the assessment instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A PATH has no project.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// A rule that is asked for does not exist; with a near name.
    #[error("{0}")]
    UnknownRule(String),
    /// The project's policy cannot be read.
    #[error("`{file}`, line {line}: {message}")]
    Policy {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A file is there, but is none that is read as backend code.
    #[error("`{0}` is not part of what is assessed: no backend code, or left out")]
    NotAssessed(std::path::PathBuf),
    /// The system gives no threads.
    #[error("no threads to work with: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The models or rules inside the program cannot be read.
    #[error("the catalogue inside this program is damaged: {0}")]
    Catalogue(String),
}
