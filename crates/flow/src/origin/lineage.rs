//! A class and those that it is made from.

use super::{Solver, Val};
use crate::program::ClassIdx;
use casemate_model::row::Role;

/// Classes above one that are looked at.
const ANCESTORS: usize = 16;

impl Solver<'_, '_> {
    /// A class and those of the program that it is made from, nearest first.
    #[must_use]
    pub fn lineage(&self, class: ClassIdx) -> Vec<ClassIdx> {
        let mut all = vec![class];
        let mut at = 0;
        while let Some(&class) = all.get(at) {
            at += 1;
            for base in self.of_bases(class) {
                if let Some(Val::Class(base)) = self.val(*base)
                    && !all.contains(&base)
                    && all.len() < ANCESTORS
                {
                    all.push(base);
                }
            }
        }
        all
    }

    /// Whether instances of a class are records of a store, as models say of what it is made from, or of its decorators.
    #[must_use]
    pub fn makes_records(&self, class: ClassIdx) -> bool {
        self.lineage(class).into_iter().any(|class| {
            let mut bases = self.of_bases(class).iter();
            let of_records = |base: &_| match self.val(*base) {
                Some(Val::Api(base)) => {
                    let mut rows = self.paths.rows_of_instances(base);
                    rows.any(|row| row.role == Role::Record)
                }
                _ => false,
            };
            bases.any(of_records) || self.is_marked(class)
        })
    }

    /// `@Entity() class Note`
    fn is_marked(&self, class: ClassIdx) -> bool {
        let Some((file, def)) = self.program.class(class) else {
            return false;
        };
        let owner = self.program.func_id(file, def.owner);
        let marks = def.decorators.iter();
        let mut marks = marks.flat_map(|mark| self.of_operand(owner, mark.value));
        marks.any(
            |&mark| matches!(self.val(mark), Some(Val::Api(path)) if self.paths.is_record(path)),
        )
    }
}
