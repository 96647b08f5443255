//! Maps of resolvers of GraphQL, told by how they are written: programs put them together in ways of their own, and whoever gives them to
//! a server may stand anywhere.

use super::solve::{Frame, Solver};
use super::value::ValId;
use crate::program::{Program, Target};
use casemate_ir::{Language, PartKey, Range32};

/// The types that every operation of GraphQL begins with.
const ROOTS: [&str; 3] = ["Query", "Mutation", "Subscription"];

/// The named type that such a map is.
const MAP: &str = "@graphql/map";

/// Words in names of packages by which something has to do with GraphQL.
const WORDS: [&str; 2] = ["graphql", "apollo"];

/// Whether a program imports a package that has to do with GraphQL.
pub(super) fn speaks_graphql(program: &Program) -> bool {
    let mut targets = program.files.iter().flat_map(|file| &file.imports);
    targets.any(|target| {
        matches!(target, Target::Package(root) if root.strip_prefix("npm:")
            .is_some_and(|name| WORDS.iter().any(|word| name.contains(word))))
    })
}

impl<'p> Solver<'p, '_> {
    /// An object literal with a member that is called like a type which operations begin with is a map of resolvers.
    pub(super) fn resolvers(&mut self, frame: Frame<'p>, object: ValId, parts: Range32) {
        if !self.speaks_graphql || frame.f.file.facts.language != Language::JavaScript {
            return;
        }
        let root = frame.f.func.parts(parts).iter().any(|part| {
            matches!(part.key, PartKey::Field(name) if ROOTS.contains(&frame.f.file.facts.str(name)))
        });
        if root && let Some(path) = self.paths.named_type(MAP) {
            self.given(frame, path, object, 0);
        }
    }
}
