//! Checks by functions whose code is not known: their names are all that there is.

use super::interp::Interp;
use super::port::CallSite;
use super::summary::Outcome;
use super::value::{Taint, Value};
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

/// Words of predicates that hold an address against something …
const ASKS: [&str; 4] = ["check", "matches", "same", "verify"];
/// … and of what that is.
const OF_ORIGIN: [&str; 4] = ["cors", "origin", "domain", "hostname"];

/// Words of what gives back a harmless form of what it is given.
const SANITIZES: [&str; 5] = ["purify", "sanitise", "sanitize", "sanitised", "sanitized"];
/// What `safe_…` and `secure_…` make, where they make something: `safe_load` is another matter.
const MADE_SAFE: [&str; 9] = [
    "basename", "file", "filename", "html", "join", "name", "path", "url", "string",
];

impl<'p> Interp<'p> {
    /// What `sanitizePath(x)` gives back where nobody knows `sanitizePath`: believed like a predicate, and counted like one.
    pub(super) fn sanitized_elsewhere(
        &mut self,
        callee: Operand,
        name: Option<&'p str>,
        result: &mut Value,
    ) {
        let Some(name) = self.callee_name(callee, name).filter(|n| sanitizing(n)) else {
            return;
        };
        let kinds = if words(name).iter().any(|w| w == "html") {
            self.k.html()
        } else {
            KindSet::ALL
        };
        if result.taints.is_none() {
            return;
        }
        if !self.revisit {
            self.cap("values by functions that are not known, believed by their names");
        }
        result.taints = result.map_taints(|t| {
            let clean = t.clean.union(kinds);
            Some(Taint { clean, ..t })
        });
    }

    /// `if (!isValidName(x)) return` where nobody knows `isValidName`: its author said what it is for, and that is taken for
    /// what it does; how often is counted. A function whose code is known is judged by its code.
    pub(super) fn checked_elsewhere(
        &mut self,
        callee: Operand,
        name: Option<&'p str>,
        site: &CallSite,
        outcome: Outcome,
    ) {
        let Some(accepts) = self.callee_name(callee, name).and_then(accepting) else {
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

    /// The name of a function that is called: of the method, or of the variable that holds it.
    fn callee_name(&self, callee: Operand, method: Option<&'p str>) -> Option<&'p str> {
        let facts = &self.f.file.facts;
        method.or_else(|| match self.definition(callee)?.1 {
            Instr::LoadVar {
                var: VarRef::Free(name),
                ..
            } => Some(facts.str(name)),
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => facts.globals.get(global.index()).map(|g| facts.str(g.name)),
            _ => None,
        })
    }
}

/// Whether a predicate of this name says yes to what is harmless; `None`: its name says nothing of the kind.
fn accepting(name: &str) -> Option<bool> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let negated = words
        .iter()
        .any(|w| matches!(w.as_str(), "not" | "no" | "un"));
    // `check_cors(url)`, `is_same_origin(url)`: asked of an address, it says yes to those of our own.
    if has(&ASKS) && has(&OF_ORIGIN) && !has(&REFUSES) {
        return Some(!negated);
    }
    match (has(&ACCEPTS), has(&REFUSES)) {
        (true, false) => Some(!negated),
        (false, true) => Some(negated),
        _ => None,
    }
}

/// Whether a function of this name gives back a harmless form of what it is given.
fn sanitizing(name: &str) -> bool {
    let words = words(name);
    match words.as_slice() {
        [first, .., last] if first == "safe" || first == "secure" => {
            MADE_SAFE.contains(&last.as_str())
        }
        all => all.iter().any(|w| SANITIZES.contains(&w.as_str())),
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
    use super::{accepting, sanitizing};

    #[test]
    fn names_of_sanitizers() {
        for name in [
            "sanitize_path",
            "sanitizeHtml",
            "safeJoin",
            "secure_filename",
        ] {
            assert!(sanitizing(name), "{name}");
        }
        for name in [
            "safe_load",
            "safe",
            "secureConnection",
            "clean",
            "unsafe_path",
        ] {
            assert!(!sanitizing(name), "{name}");
        }
    }

    #[test]
    fn names_of_predicates() {
        assert_eq!(accepting("isValidName"), Some(true));
        assert_eq!(accepting("is_safe"), Some(true));
        assert_eq!(accepting("isInvalid"), Some(false));
        assert_eq!(accepting("isNotAllowed"), Some(false));
        assert_eq!(accepting("isReady"), None);
        assert_eq!(accepting("check_cors"), Some(true));
        assert_eq!(accepting("isSameOrigin"), Some(true));
        assert_eq!(accepting("isCrossOrigin"), None);
        assert_eq!(accepting("invalidate"), None);
    }
}
