//! Checks by functions whose code is not known: their names are all that there is.

use super::interp::Interp;
use super::port::CallSite;
use super::summary::Outcome;
use casemate_ir::{ArgKey, Instr, Operand, VarRef};
use casemate_model::kind::KindSet;

/// Words of a predicate that says yes to what is harmless.
const ACCEPTS: [&str; 14] = [
    "valid",
    "validate",
    "validated",
    "safe",
    "sane",
    "allowed",
    "allow",
    "permitted",
    "trusted",
    "whitelisted",
    "allowlisted",
    "exists",
    "exist",
    "sanitized",
];
/// Words of a predicate that says yes to what is harmful.
const REFUSES: [&str; 9] = [
    "invalid",
    "unsafe",
    "malicious",
    "dangerous",
    "forbidden",
    "illegal",
    "disallowed",
    "untrusted",
    "suspicious",
];

impl Interp<'_> {
    /// `if (!isValidName(x)) return` where nobody knows `isValidName`: its author said what it is for, and that is taken for
    /// what it does; how often is counted. A function whose code is known is judged by its code.
    pub(super) fn checked_elsewhere(
        &mut self,
        callee: Operand,
        name: Option<&str>,
        site: &CallSite,
        outcome: Outcome,
    ) {
        let free = match self.definition(callee) {
            Some((
                _,
                Instr::LoadVar {
                    var: VarRef::Free(name),
                    ..
                },
            )) => Some(self.f.file.facts.str(name)),
            Some((
                _,
                Instr::LoadVar {
                    var: VarRef::Global(global),
                    ..
                },
            )) => self
                .f
                .file
                .facts
                .globals
                .get(global.index())
                .map(|g| self.f.file.facts.str(g.name)),
            _ => None,
        };
        let Some(accepts) = name.or(free).and_then(accepting) else {
            return;
        };
        if outcome == Outcome::Returns || accepts != (outcome == Outcome::True) {
            return;
        }
        let tested: Vec<Operand> = site
            .args
            .iter()
            .filter(|a| a.key == ArgKey::Pos && a.value.taints.is_some())
            .filter_map(|a| a.operand)
            .collect();
        if !tested.is_empty() && !self.revisit {
            self.cap("checks by functions that are not known, believed by their names");
        }
        for operand in tested {
            self.clean(operand, &[], KindSet::ALL);
        }
    }
}

/// Whether a predicate of this name says yes to what is harmless; `None`: its name says nothing of the kind.
fn accepting(name: &str) -> Option<bool> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let negated = words
        .iter()
        .any(|w| matches!(w.as_str(), "not" | "no" | "un"));
    match (has(&ACCEPTS), has(&REFUSES)) {
        (true, false) => Some(!negated),
        (false, true) => Some(negated),
        _ => None,
    }
}

/// The words of `isValidName`, `is_valid_name`, in lower case.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut upper_before = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            out.push(String::new());
            upper_before = true;
            continue;
        }
        if (c.is_uppercase() && !upper_before) || out.is_empty() {
            out.push(String::new());
        }
        upper_before = c.is_uppercase();
        if let Some(last) = out.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::accepting;

    #[test]
    fn names_of_predicates() {
        assert_eq!(accepting("isValidName"), Some(true));
        assert_eq!(accepting("is_safe"), Some(true));
        assert_eq!(accepting("isInvalid"), Some(false));
        assert_eq!(accepting("isNotAllowed"), Some(false));
        assert_eq!(accepting("isReady"), None);
        assert_eq!(accepting("invalidate"), None);
    }
}
