//! What functions check, judged once for all endpoints, and anew where an address decides some of their branches.

use super::address::{Address, Patterns};
use super::body::{Pass, Reader};
use super::check::Check;
use casemate_flow::result::FuncId;
use rustc_hash::FxHashMap;

/// A function, how requests pass it, and which of its branches are decided.
type Decided = (FuncId, Pass, Vec<(usize, bool)>);

/// What functions were found to check.
#[derive(Default)]
pub(super) struct Judged {
    /// Whatever the address.
    plain: FxHashMap<(FuncId, Pass), Vec<Check>>,
    /// With some of their branches decided.
    decided: FxHashMap<Decided, Vec<Check>>,
    pub(super) patterns: Patterns,
}

impl Judged {
    /// The checks of a function. Where some requests pass without one, those to this address may not.
    pub(super) fn checks(
        &mut self,
        func: FuncId,
        pass: Pass,
        address: Option<&Address>,
        reader: &Reader<'_, '_, '_>,
    ) -> Vec<Check> {
        let plain = self
            .plain
            .entry((func, pass))
            .or_insert_with(|| reader.checks(func, pass));
        let open = |check: &Check| {
            !check.certain && matches!(check.kind, "authentication" | "role" | "owner")
        };
        let Some(address) = address.filter(|_| plain.iter().any(open)) else {
            return plain.clone();
        };
        let decided = address.decisions(reader.origins, reader.origins.program.func(func));
        if decided.is_empty() {
            return plain.clone();
        }
        let read = |decided: &[(usize, bool)]| {
            let reader = Reader {
                decided: Some((func, decided)),
                ..*reader
            };
            reader.checks(func, pass)
        };
        let key = (func, pass, decided);
        if let Some(known) = self.decided.get(&key) {
            return known.clone();
        }
        let checks = read(&key.2);
        self.decided.insert(key, checks.clone());
        checks
    }
}
