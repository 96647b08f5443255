//! The functions and classes around a place, as people name them and as fingerprints need them.

use crate::fingerprint;
use casemate_flow::program::Program;
use casemate_flow::result::FuncId;
use casemate_ir::FnKind;

/// Bytes before a function without a name that tell it apart: `router.get('/users', `.
const BEFORE: usize = 80;

/// Levels of nesting that are named.
const LEVELS: usize = 12;

/// Where a function stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Within {
    /// `OrderRepository.search`; empty for the module itself.
    pub shown: String,
    /// The same with what stands before functions without a name; for hashing.
    pub symbol: String,
    /// It is a function of its own, so that what it holds has one cause.
    pub is_function: bool,
}

/// Names a function of a program whose file has this text.
pub(crate) fn of(program: &Program, id: FuncId, text: &str) -> Within {
    let (mut shown, mut symbol) = (Vec::new(), Vec::new());
    let mut at = Some(id);
    let mut is_function = false;
    for _ in 0..LEVELS {
        let Some(here) = at else { break };
        let f = program.func(here);
        if f.func.kind != FnKind::Module {
            is_function = true;
            let name = f
                .func
                .name
                .map(|name| f.file.facts.str(name))
                .filter(|n| !n.is_empty());
            let class = f
                .func
                .class
                .and_then(|c| f.file.facts.class(c)?.name)
                .map(|n| f.file.facts.str(n));
            match name {
                Some(name) => {
                    symbol.push(name.to_owned());
                    shown.push(name.to_owned());
                }
                None => symbol.push(before(text, f.func.span.start)),
            }
            if let Some(class) = class {
                symbol.push(class.to_owned());
                shown.push(class.to_owned());
            }
        }
        at = f.parent();
    }
    shown.reverse();
    symbol.reverse();
    Within {
        shown: shown.join("."),
        symbol: symbol.join("."),
        is_function,
    }
}

/// The tokens of the line before a place.
fn before(text: &str, start: u32) -> String {
    let mut end = (start as usize).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut begin = end.saturating_sub(BEFORE);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    let near = text.get(begin..end).unwrap_or_default();
    let line = near.rsplit('\n').next().unwrap_or_default();
    fingerprint::tokens(line)
}
