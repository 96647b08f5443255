//! What the names of a program say, asked once for each name instead of once for each place where it stands.

use super::own::Deed;
use super::words;
use casemate_flow::apipath::PathId;
use casemate_flow::symbol::Sym;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// A name taken apart.
#[derive(Clone)]
pub(super) struct Word {
    /// Its words, joined by `_`.
    pub plain: Rc<str>,
    /// Whether it is one of those that this module looks at.
    pub matters: bool,
}

/// What a call is taken for.
#[derive(Default)]
pub(super) struct Said {
    pub deeds: Vec<Deed>,
    pub logs: bool,
}

/// What a function of a package is taken for.
pub(super) struct OfPackage {
    pub said: Said,
    /// Its path as models write it.
    pub text: Rc<str>,
}

/// Answers that were given.
#[derive(Default)]
pub(super) struct Lexicon {
    words: RefCell<FxHashMap<Sym, Word>>,
    calls: RefCell<FxHashMap<Named, Rc<Said>>>,
    packages: RefCell<FxHashMap<PathId, Rc<OfPackage>>>,
}

/// A receiver, a name, and whether anything is given.
type Named = (Rc<str>, Rc<str>, bool);

impl Lexicon {
    /// What the name of a symbol says.
    pub fn word(&self, sym: Sym, name: &str) -> Word {
        let read = || {
            let plain = words::plain(name);
            let matters = words::matters(&plain);
            Word {
                plain: plain.into(),
                matters,
            }
        };
        if sym == Sym::ANY {
            return read();
        }
        let mut known = self.words.borrow_mut();
        known.entry(sym).or_insert_with(read).clone()
    }

    /// What the names of a call say.
    pub fn call(&self, named: &Named, read: impl FnOnce() -> Said) -> Rc<Said> {
        if let Some(said) = self.calls.borrow().get(named) {
            return Rc::clone(said);
        }
        let said = Rc::new(read());
        let mut known = self.calls.borrow_mut();
        known.insert(named.clone(), Rc::clone(&said));
        said
    }

    /// What a path says.
    pub fn package(&self, path: PathId, read: impl FnOnce() -> OfPackage) -> Rc<OfPackage> {
        let mut known = self.packages.borrow_mut();
        Rc::clone(known.entry(path).or_insert_with(|| Rc::new(read())))
    }
}
