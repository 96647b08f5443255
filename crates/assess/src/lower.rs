//! Files to facts: every file on its own, in parallel, its panics contained. Code comes first: it says which engine reads a
//! template, and whether a document routes requests.

use crate::pool;
use crate::templates::Hints;
use casemate_ir::{FileFacts, Language};
use casemate_lang_js::LowerOptions;
use casemate_source::{FileType, Project, SourceFile};

/// What became of the files of a project.
#[derive(Default)]
pub(crate) struct Lowered {
    /// Per file that was lowered, in path order: its index in the project, and what was found.
    pub files: Vec<(usize, FileFacts)>,
    /// Files that made a front end fail, with its words.
    pub failed: Vec<(usize, String)>,
}

/// Lowers all files.
pub(crate) fn all(project: &Project) -> Lowered {
    let mut lowered = Lowered::default();
    let code = |file: &SourceFile| match file.file_type {
        FileType::Python => Some(casemate_lang_py::lower(
            &file.text,
            &casemate_lang_py::LowerOptions::default(),
        )),
        FileType::Sql => Some(casemate_lang_sql::lower(&file.text)),
        FileType::Deployment(_) => Some(casemate_lang_deploy::lower(&file.text)),
        other => other
            .is_code()
            .then(|| casemate_lang_js::lower(&file.text, &file.path, &LowerOptions::default())),
    };
    lowered.add(project, code);
    let hints = Hints::new(project, &lowered.files);
    let template = |file: &SourceFile| {
        let engine = (!file.file_type.is_code())
            .then(|| hints.engine(file))
            .flatten()?;
        Some(casemate_lang_template::lower(
            &file.text, &file.path, engine,
        ))
    };
    lowered.add(project, template);
    let routes = lowered.files.iter().any(|(_, facts)| is_routed(facts));
    let document = |file: &SourceFile| {
        let document = file.file_type == FileType::OpenApi;
        document.then(|| casemate_lang_openapi::lower(&file.text, routes))
    };
    lowered.add(project, document);
    crate::sails::complete(project, &mut lowered);
    lowered.files.sort_by_key(|(index, _)| *index);
    lowered
}

/// Frameworks that route by a document.
const ROUTED: [&str; 1] = ["connexion"];

/// Whether a file imports a framework that routes by a document.
fn is_routed(facts: &FileFacts) -> bool {
    facts.language == Language::Python
        && facts
            .imports
            .iter()
            .filter_map(|i| i.specifier)
            .any(|specifier| {
                let package = facts.str(specifier).split('.').next();
                package.is_some_and(|package| ROUTED.contains(&package))
            })
}

impl Lowered {
    fn add(&mut self, project: &Project, lower: impl Fn(&SourceFile) -> Option<FileFacts> + Sync) {
        for (index, result) in pool::map_contained(&project.files, lower)
            .into_iter()
            .enumerate()
        {
            match result {
                Ok(Some(facts)) => self.files.push((index, facts)),
                Ok(None) => {}
                Err(message) => self.failed.push((index, message)),
            }
        }
    }
}
