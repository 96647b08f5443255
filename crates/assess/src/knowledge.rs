//! The models and rules that an assessment uses: those inside the program, or a folder's.

use crate::assessment::{Level, RuleInfo};
use crate::error::Error;
use casemate_model::kind::Kinds;
use casemate_model::load::{ModelFile, load_str, read_folder};
use casemate_model::matcher::Models;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Fill, Heading, Rule};
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
static MODEL_TEXTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/models-text.bin"));
static RULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));

impl Knowledge {
    /// What is inside the program.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn built_in() -> Result<&'static Self, Error> {
        static KNOWLEDGE: OnceLock<Result<Knowledge, String>> = OnceLock::new();
        let spoken = || {
            let read = Self::read()?;
            Ok(Self {
                catalogue: read.catalogue.spoken(),
                ..read
            })
        };
        KNOWLEDGE
            .get_or_init(spoken)
            .as_ref()
            .map_err(|e| Error::Catalogue(e.clone()))
    }

    /// The same in English, whatever language is spoken; it is read anew.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn read_built_in() -> Result<Self, Error> {
        Self::read().map_err(Error::Catalogue)
    }

    fn read() -> Result<Self, String> {
        Ok(Self {
            models: Models::from_bytes(MODELS).map_err(|e| e.to_string())?,
            catalogue: Catalogue::from_bytes(RULES).map_err(|e| e.to_string())?,
        })
    }

    /// The model files inside the program, with their examples. Files with mistakes are left out, as from the models.
    ///
    /// # Errors
    /// The bytes are damaged.
    pub fn model_files() -> Result<Vec<ModelFile>, Error> {
        let (kinds, texts): (String, Vec<(String, String)>) =
            postcard::from_bytes(MODEL_TEXTS).map_err(|e| Error::Catalogue(e.to_string()))?;
        let kinds = Kinds::parse(&kinds).map_err(Error::Catalogue)?;
        Ok(texts
            .iter()
            .filter_map(|(name, text)| load_str(name, text, &kinds).ok())
            .collect())
    }

    /// What a report says of a rule.
    #[must_use]
    pub fn rule_info(&self, rule: &Rule) -> RuleInfo {
        let section = |s: &casemate_rules::rule::Section| {
            (s.heading.title().to_owned(), Fill::default().apply(&s.text))
        };
        RuleInfo {
            id: rule.id.clone(),
            title: rule.title.clone(),
            level: Level::default(),
            precision: crate::findings::certainty(rule.precision),
            cwe: rule.cwe.clone(),
            asvs: rule.asvs.clone(),
            owasp: rule.owasp.clone(),
            sections: rule
                .sections
                .iter()
                .filter(|s| s.heading != Heading::Examples)
                .map(section)
                .collect(),
        }
    }

    /// What a folder with `models/` and `rules/` says, for those who write them: without the files that have mistakes, and with
    /// the mistakes.
    ///
    /// # Errors
    /// Mistakes in the models.
    pub fn of_folder(folder: &Path) -> Result<(Self, Vec<ModelFile>, Vec<String>), Error> {
        let told = |errors: Vec<casemate_model::load::LoadError>| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Error::Catalogue(lines.join("\n"))
        };
        let (kinds, files) = read_folder(&folder.join("models")).map_err(told)?;
        let models = Models::compile(files.clone(), kinds).map_err(told)?;
        let (catalogue, mistakes) = Catalogue::load_folder(&folder.join("rules"), models.kinds());
        Ok((
            Self { models, catalogue },
            files,
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
        let (read, files, mistakes) = Knowledge::of_folder(&root).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(Knowledge::model_files().unwrap().len(), files.len());
        let built_in = Knowledge::built_in().unwrap();
        assert_eq!(built_in.models.rows().len(), read.models.rows().len());
        assert_eq!(
            built_in.catalogue.rules().len(),
            read.catalogue.rules().len()
        );
    }
}
