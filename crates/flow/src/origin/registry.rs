//! `sequelize.models.progress`: the class of the program that a library keeps under its name, and gives back under it.

use super::solve::Solver;
use super::value::{Val, ValId};
use crate::apipath::PathId;
use crate::program::{ClassIdx, Program, to_u32};
use crate::symbol::Sym;
use rustc_hash::FxHashMap;

/// The member of a library's value under which it keeps the classes that were made of its own.
pub(super) const KEEPER: &str = "models";

/// The classes of a program by name, in lower case: libraries are told a name of their own for them, which most often is the same.
pub(super) type ClassNames = FxHashMap<String, Vec<ClassIdx>>;

/// Finds them.
pub(super) fn class_names(program: &Program) -> ClassNames {
    let mut out = ClassNames::default();
    for index in 0..program.class_count() {
        let class = ClassIdx(to_u32(index));
        if let Some((file, def)) = program.class(class)
            && let Some(name) = def.name
        {
            let name = program.file(file).facts.str(name).to_ascii_lowercase();
            out.entry(name).or_default().push(class);
        }
    }
    out
}

impl Solver<'_, '_> {
    /// The only class of that name whose base is one of the same library.
    pub(super) fn kept_class(&mut self, keeper: PathId, name: Sym) -> Option<ValId> {
        if name == Sym::ANY || self.paths.last_member(keeper) != KEEPER {
            return None;
        }
        let name = self.program.text(name).to_ascii_lowercase();
        let classes = self.class_names.get(&name)?.clone();
        let library = library_of(&self.paths.text(keeper));
        let mut found = None;
        for class in classes {
            let bases = self.bases(class);
            let same = bases.iter().any(|&base| {
                matches!(self.vals.get(base), Some(Val::Api(path))
                    if library_of(&self.paths.text(path)) == library)
            });
            if same && found.replace(class).is_some() {
                return None;
            }
        }
        found.map(|class| self.vals.id(Val::Class(class)))
    }
}

/// The package at the beginning of a path: `npm:sequelize` of `npm:sequelize.Sequelize.new()`.
fn library_of(path: &str) -> String {
    let end = path.find(['.', '(', '[']).unwrap_or(path.len());
    path.get(..end).unwrap_or(path).to_owned()
}
