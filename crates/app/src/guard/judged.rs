//! What functions check, judged once for all endpoints, and anew where an address, or what they were made with, decides some of their branches.

use super::address::{Address, Patterns};
use super::body::{Pass, Reader};
use super::captured::{self, Decided};
use super::check::Check;
use casemate_flow::result::FuncId;
use rustc_hash::FxHashMap;

/// A function, how requests pass it, and which branches are decided.
type Key = (FuncId, Pass, Decided);

/// What functions were found to check.
#[derive(Default)]
pub(super) struct Judged {
    /// Whatever the address.
    plain: FxHashMap<(FuncId, Pass), Vec<Check>>,
    /// With some of their branches decided.
    decided: FxHashMap<Key, Vec<Check>>,
    pub(super) patterns: Patterns,
}

impl Judged {
    /// The checks of a function. Where some requests pass without one, those to this address may not; made with this, it may check more
    /// or less than made with something else.
    pub(super) fn checks(
        &mut self,
        func: FuncId,
        pass: Pass,
        address: &Address,
        reader: &Reader<'_, '_, '_>,
    ) -> Vec<Check> {
        let plain = self
            .plain
            .entry((func, pass))
            .or_insert_with(|| reader.checks(func, pass));
        let open = |check: &Check| {
            !check.certain && matches!(check.kind, "authentication" | "role" | "owner")
        };
        if address.around.is_empty() && !plain.iter().any(open) {
            return plain.clone();
        }
        let decided = captured::decisions(address, reader.origins, func);
        if decided.is_empty() {
            return plain.clone();
        }
        let key = (func, pass, decided);
        if let Some(known) = self.decided.get(&key) {
            return known.clone();
        }
        let reader = Reader {
            decided: &key.2,
            ..*reader
        };
        let checks = reader.checks(func, pass);
        self.decided.insert(key, checks.clone());
        checks
    }
}
