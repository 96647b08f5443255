//! Writes a whole backend from a short description: `backend.toml` in, a folder of files out.
//!
//! The way: [`read`] turns text into a [`description::Description`] or a list of [`problem::Problem`]s; [`check`] finds
//! what is well-formed but means no backend; [`view`] says the description in the words of the target (TypeScript, SQL);
//! [`render`] fills `templates/`; [`write`] puts the result on disk, whole or not at all. What protects is marked in the
//! templates ([`control`]), and [`prove`] takes each such place away and looks who notices. [`update`] merges what has
//! changed into a project that exists. [`interview`] and [`import`] write descriptions: from answers, and from what other
//! formats say.
//!
//! Invariants
//! - What is not understood is an error with line and column. No key is ignored.
//! - What the description does not allow does not exist in the output: no route, no grant, no policy.
//! - The same description gives the same bytes: no clock, no random number, no hash map on the way.
//! - It knows nothing of the assessment, and the assessment nothing of it: each can be the judge of the other. `prove`
//!   is handed a judge by its caller.
//! - Only [`prove`] starts programs, and only those of the project at hand.
//!
//! Start reading at [`generate`].

pub mod access;
pub mod advisory;
pub mod check;
pub mod control;
pub mod description;
pub mod field;
pub mod import;
pub mod interview;
pub mod merge;
pub mod names;
pub mod problem;
pub mod prove;
pub mod read;
pub mod render;
pub mod update;
pub mod view;
pub mod write;

use control::Control;
use problem::Problem;
use thiserror::Error;

/// The day on which the locked versions of packages were last chosen, by hand; a test holds it to the lock files. They are held
/// against the advisories of `advisory`, which are a selection; all of them are asked for by the project's own CI.
pub const PINNED: &str = "2026-11-30";

/// One file of the generated project.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Path below the project's folder, with `/`.
    pub path: String,
    /// Content.
    pub text: String,
}

/// A whole project.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Generated {
    /// In the order of paths.
    pub files: Vec<File>,
    /// In the order of places.
    pub controls: Vec<Control>,
}

/// Why there is no project.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// Everything that is wrong with the description, in the order of lines.
    #[error("the description has {} mistakes", .0.len())]
    Description(Vec<Problem>),
    /// A template of ours is broken.
    #[error("a template is broken: {0:#}")]
    Template(minijinja::Error),
}

/// The name under which a project keeps its description.
pub const DESCRIPTION: &str = "backend.toml";

/// The whole project that a description asks for.
pub fn generate(text: &str) -> Result<Generated, GenerateError> {
    let description = read::description(text).map_err(GenerateError::Description)?;
    check::check(&description, text).map_err(GenerateError::Description)?;
    let mut made = render::render(&view::project(&description)).map_err(GenerateError::Template)?;
    let at = made.files.partition_point(|file| *file.path < *DESCRIPTION);
    made.files.insert(
        at,
        File {
            path: DESCRIPTION.to_owned(),
            text: text.to_owned(),
        },
    );
    let base = update::Base::of(&made.files).text();
    made.files.insert(
        0,
        File {
            path: update::BASE.to_owned(),
            text: base,
        },
    );
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_the_locked_versions() {
        let mut hash = blake3::Hasher::new();
        for lock in [
            include_str!("../templates/package-lock.json.j2"),
            include_str!("../templates/web/package-lock.json.j2"),
        ] {
            hash.update(lock.as_bytes());
        }
        let hash = hash.finalize().to_hex();
        assert_eq!(
            (PINNED, &hash.as_str()[..16]),
            ("2026-11-30", "1733cabbaa0bfd87"),
            "the locked versions are others: set the day on which they were chosen, in `PINNED` and here"
        );
    }
}
