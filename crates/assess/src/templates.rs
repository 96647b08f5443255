//! Which engine reads a template, and which template a name means.

use casemate_flow::program::Program;
use casemate_flow::result::{FileIdx, FuncId};
use casemate_ir::FnId;
use casemate_source::{Engine, FileType, Project, SourceFile};
use std::sync::Arc;

/// Packages that render `.html` files, and with which engine.
const HTML_ENGINES: &[(&str, Engine)] = &[
    ("swig", Engine::Swig),
    ("swig-templates", Engine::Swig),
    ("nunjucks", Engine::Nunjucks),
    ("ejs", Engine::Ejs),
    ("ejs-locals", Engine::Ejs),
    ("ejs-mate", Engine::Ejs),
    ("hbs", Engine::Handlebars),
    ("express-handlebars", Engine::Handlebars),
    ("handlebars", Engine::Handlebars),
    ("mustache-express", Engine::Mustache),
    ("mustache", Engine::Mustache),
    ("hogan-express", Engine::Mustache),
    ("hogan.js", Engine::Mustache),
    ("dustjs-linkedin", Engine::Dust),
    ("adaro", Engine::Dust),
    ("eta", Engine::Eta),
];

/// The engine of a template: by its extension, or, for HTML, the one that its package depends on, if its tags occur at all.
pub(crate) fn engine(file: &SourceFile, project: &Project) -> Option<Engine> {
    match file.file_type {
        FileType::Template(engine) => Some(engine),
        FileType::Html => {
            let unit = project.units.get(file.unit.index())?;
            let found = HTML_ENGINES
                .iter()
                .find(|(package, _)| unit.dependencies.contains_key(*package))
                .map(|(_, e)| *e);
            found.filter(|engine| marks(*engine).iter().any(|mark| file.text.contains(mark)))
        }
        _ => None,
    }
}

const fn marks(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Ejs | Engine::Eta => &["<%"],
        Engine::Handlebars | Engine::Mustache => &["{{"],
        Engine::Nunjucks | Engine::Swig => &["{{", "{%"],
        Engine::Dust => &["{"],
        Engine::Pug => &[],
    }
}

/// The templates of a program, by path.
pub(crate) struct Templates {
    known: Vec<(String, FuncId)>,
}

impl Templates {
    /// The templates among the program's files; `is_template` says which.
    pub(crate) fn of(program: &Program, is_template: impl Fn(usize) -> bool) -> Self {
        let known = program
            .files
            .iter()
            .enumerate()
            .filter(|(index, _)| is_template(*index))
            .map(|(index, file)| {
                let idx = FileIdx(u32::try_from(index).unwrap_or(u32::MAX));
                (file.path.clone(), program.func_id(idx, FnId(0)))
            });
        Self {
            known: known.collect(),
        }
    }

    /// The templates that a name means, seen from a file: those whose path ends in it, with any extension where it has none.
    /// Parts of the name that are not constant stand for anything. Where several packages have one of that name, the nearest is
    /// meant.
    pub(crate) fn lookup(&self, from: &str, name: &[Option<Arc<str>>]) -> Vec<FuncId> {
        let Some(pattern) = Pattern::new(name) else {
            return Vec::new();
        };
        let matching: Vec<&(String, FuncId)> = self
            .known
            .iter()
            .filter(|(path, _)| pattern.matches(path))
            .collect();
        let nearest = matching
            .iter()
            .map(|(path, _)| common_folders(from, path))
            .max();
        matching
            .iter()
            .filter(|(path, _)| Some(common_folders(from, path)) == nearest)
            .map(|(_, func)| *func)
            .collect()
    }
}

/// A template's name with holes.
struct Pattern {
    pieces: Vec<Option<String>>,
}

impl Pattern {
    /// Nothing when no letter of the name is known: everything would match.
    fn new(name: &[Option<Arc<str>>]) -> Option<Self> {
        let mut pieces: Vec<Option<String>> = Vec::new();
        for (index, piece) in name.iter().enumerate() {
            let text = piece.as_ref().map(|p| {
                if index == 0 {
                    p.trim_start_matches(['.', '/']).to_owned()
                } else {
                    p.to_string()
                }
            });
            match (pieces.last_mut(), text) {
                (Some(Some(last)), Some(text)) => last.push_str(&text),
                (Some(None), None) => {}
                (_, text) => pieces.push(text),
            }
        }
        let known = pieces
            .iter()
            .flatten()
            .any(|p| p.chars().any(char::is_alphanumeric));
        known.then_some(Self { pieces })
    }

    fn matches(&self, path: &str) -> bool {
        let without_extension = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        self.ends(path) || self.ends(without_extension)
    }

    /// Whether the path ends in the name, beginning at a folder's border.
    fn ends(&self, path: &str) -> bool {
        let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
        starts
            .into_iter()
            .any(|at| path.get(at..).is_some_and(|rest| whole(&self.pieces, rest)))
    }
}

/// Whether the pieces, holes for anything between them, make up the whole text.
fn whole(pieces: &[Option<String>], text: &str) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Some(piece), rest)) => text
            .strip_prefix(piece.as_str())
            .is_some_and(|t| whole(rest, t)),
        Some((None, [])) => !text.contains('/'),
        Some((None, rest)) => text
            .char_indices()
            .map(|(at, _)| at)
            .take_while(|at| !text.get(..*at).is_some_and(|skipped| skipped.contains('/')))
            .any(|at| text.get(at..).is_some_and(|t| whole(rest, t))),
    }
}

fn common_folders(a: &str, b: &str) -> usize {
    a.split('/')
        .zip(b.split('/'))
        .take_while(|(x, y)| x == y)
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &[Option<&str>]) -> Vec<u32> {
        let known = [
            "admin/views/list.ejs",
            "shop/views/list.ejs",
            "shop/views/user/edit.html",
            "views/index.ejs",
        ];
        let known = known
            .iter()
            .zip(0..)
            .map(|(path, n)| ((*path).to_owned(), FuncId(n)))
            .collect();
        let name: Vec<Option<Arc<str>>> = name.iter().map(|p| p.map(Arc::from)).collect();
        Templates { known }
            .lookup("shop/routes/a.js", &name)
            .iter()
            .map(|f| f.0)
            .collect()
    }

    #[test]
    fn names_lead_to_templates() {
        assert_eq!(found(&[Some("list")]), [1], "the nearest");
        assert_eq!(found(&[Some("./user/edit.html")]), [2]);
        assert_eq!(found(&[Some("index.ejs")]), [3]);
        assert_eq!(found(&[Some("dex")]), [0_u32; 0], "no part of a name");
        assert_eq!(found(&[Some("user/"), None]), [2]);
        assert_eq!(found(&[None, Some("/edit")]), [2]);
        assert_eq!(found(&[None]), [0_u32; 0]);
    }
}
