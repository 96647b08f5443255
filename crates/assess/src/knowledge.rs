//! The models and rules that an assessment uses: those inside the program, or a folder's.

use crate::error::Error;
use casemate_model::matcher::Models;
use casemate_rules::catalogue::Catalogue;
use std::path::Path;
use std::sync::OnceLock;

/// What is known of libraries, and what is held to be wrong.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// What libraries are.
    pub models: Models,
    /// What is wrong.
    pub catalogue: Catalogue,
}

static MODELS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/models.bin"));
static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));

impl Knowledge {
    /// What is inside the program.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn built_in() -> Result<&'static Self, Error> {
        static KNOWLEDGE: OnceLock<Result<Knowledge, String>> = OnceLock::new();
        let read = || {
            Ok(Self {
                models: Models::from_bytes(MODELS).map_err(|e| e.to_string())?,
                catalogue: Catalogue::from_bytes(RULES).map_err(|e| e.to_string())?,
            })
        };
        KNOWLEDGE
            .get_or_init(read)
            .as_ref()
            .map_err(|e| Error::Catalogue(e.clone()))
    }

    /// What a folder with `models/` and `rules/` says, for those who write them; with the mistakes of rules, which are left out.
    ///
    /// # Errors
    /// Mistakes in the models.
    pub fn of_folder(folder: &Path) -> Result<(Self, Vec<String>), Error> {
        let models = Models::load_folder(&folder.join("models")).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Error::Catalogue(lines.join("\n"))
        })?;
        let (catalogue, mistakes) = Catalogue::load_folder(&folder.join("rules"), models.kinds());
        Ok((
            Self { models, catalogue },
            mistakes.iter().map(ToString::to_string).collect(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let (read, mistakes) = Knowledge::of_folder(&root).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(mistakes, Vec::<String>::new());
        let built_in = Knowledge::built_in().unwrap();
        assert_eq!(built_in.models.rows().len(), read.models.rows().len());
        assert_eq!(
            built_in.catalogue.rules().len(),
            read.catalogue.rules().len()
        );
    }
}
