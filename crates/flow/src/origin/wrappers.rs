//! Small functions that take functions, copied for each of their callers.
//!
//! `asyncHandler(fn)`, `traced(config)(fn)`, `cache.getOrSet(key, fn)`: one body through which many functions pass. Were it
//! analysed once, each caller would get what any other gave it, and all of them would end up in one cycle of calls. A copy per
//! call site is the classical remedy (Sharir and Pnueli's call strings of length one, and heap cloning for the closures that
//! the body makes), and is affordable because such bodies are small.
//!
//! Calls of functions that may be wrappers wait until all else is known. Those that are then given different functions get
//! copies, which may tell more; when no more do, the calls that still wait go to the functions themselves.

use super::solve::{Frame, Solver};
use super::value::{Val, ValId, ValSet};
use crate::limits;
use crate::program::Program;
use crate::result::FuncId;
use crate::symbol::Sym;
use casemate_ir::{ArgKey, Function, Instr, Operand};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// A function called at an instruction of another.
type Place = (FuncId, u32);

/// The wrappers of a program and the calls of them.
pub(super) struct Wrappers {
    /// By function that may be one: itself and the functions inside it.
    families: FxHashMap<FuncId, Vec<FuncId>>,
    /// Those that wrap each member of what they are given.
    of_members: FxHashSet<FuncId>,
    /// Calls that wait, by what they call.
    waiting: BTreeMap<FuncId, BTreeSet<Place>>,
    /// Calls that go to the function itself.
    plain: FxHashSet<(FuncId, Place)>,
    /// The copy that each call goes to.
    copies: FxHashMap<(FuncId, Place), FuncId>,
    /// The copy for each member that a call in a loop over all of them is given, by its name.
    keyed: FxHashMap<(FuncId, Place, Sym), FuncId>,
    /// What the calls of a function give it, and how many they are.
    given: FxHashMap<FuncId, (ValSet, usize)>,
    /// The functions inside a function.
    within: FxHashMap<FuncId, Vec<FuncId>>,
    /// The copy that has arguments bound to it, by the call of `bind` that made it.
    bound: FxHashMap<(FuncId, Place), FuncId>,
    /// How many arguments are bound to a copy.
    given_first: FxHashMap<FuncId, usize>,
    /// Wrappers that are analysed once for all their callers, as copying them would be too much.
    uncopied: FxHashSet<FuncId>,
}

impl Wrappers {
    pub(super) fn of(program: &Program) -> Self {
        let mut within: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
        for id in program.function_ids() {
            let mut at = id;
            while let Some(parent) = program.func(at).parent() {
                within.entry(parent).or_default().push(id);
                at = parent;
            }
        }
        let mut families = FxHashMap::default();
        let mut of_members = FxHashSet::default();
        for id in program.function_ids() {
            let nested = within.get(&id).map_or(&[][..], Vec::as_slice);
            let func = program.func(id).func;
            if func.params.is_empty() || !small(program, id, nested, limits::COPIED_INSTRUCTIONS) {
                continue;
            }
            let mut family = nested.iter().chain([&id]);
            let members = family.any(|id| wraps_members(program.func(*id).func));
            if members {
                of_members.insert(id);
            }
            if members || passes(func) {
                families.insert(id, [&[id], nested].concat());
            }
        }
        Self {
            families,
            of_members,
            waiting: BTreeMap::new(),
            plain: FxHashSet::default(),
            copies: FxHashMap::default(),
            keyed: FxHashMap::default(),
            given: FxHashMap::default(),
            within,
            bound: FxHashMap::default(),
            given_first: FxHashMap::default(),
            uncopied: FxHashSet::default(),
        }
    }
}

impl<'p> Solver<'p, '_> {
    /// What a call at an instruction runs when it calls a function: the copy made for that call, or the function itself.
    #[must_use]
    pub fn callee_at(&self, caller: FuncId, at: u32, callee: FuncId) -> FuncId {
        let key = (callee, (caller, at));
        self.wrappers.copies.get(&key).copied().unwrap_or(callee)
    }

    /// The copy of a function to which a call of `bind` binds arguments.
    #[must_use]
    pub fn bound_at(&self, caller: FuncId, at: u32, func: FuncId) -> Option<FuncId> {
        self.wrappers.bound.get(&(func, (caller, at))).copied()
    }

    /// How many arguments are bound to a function: those of its calls come after them.
    #[must_use]
    pub fn bound_to(&self, func: FuncId) -> usize {
        self.wrappers.given_first.get(&func).copied().unwrap_or(0)
    }

    /// `f.bind(this, a, …)`: the function with arguments before those of its calls.
    pub(super) fn bind_first(
        &mut self,
        func: FuncId,
        place: Place,
        count: usize,
    ) -> Option<FuncId> {
        let key = (func, place);
        if let Some(&copy) = self.wrappers.bound.get(&key) {
            return Some(copy);
        }
        let nested = self
            .wrappers
            .within
            .get(&func)
            .map_or(&[][..], Vec::as_slice);
        if self.program.is_copy(func)
            || self.program.is_copy(place.0)
            || !small(self.program, func, nested, limits::BOUND_INSTRUCTIONS)
        {
            return None;
        }
        let family = [&[func], nested].concat();
        let copy = self.program.copy(&family)?;
        for id in (copy.0..).take(family.len()) {
            self.begin(FuncId(id));
        }
        self.wrappers.bound.insert(key, copy);
        self.wrappers.given_first.insert(copy, count);
        Some(copy)
    }

    /// How many wrappers are analysed once for all their callers, as copying them would be too much.
    #[must_use]
    pub fn uncopied(&self) -> usize {
        self.wrappers.uncopied.len()
    }

    /// What a call runs when it calls a value; none while that is not settled.
    pub(super) fn called(&mut self, frame: Frame<'p>, at: u32, callee: ValId) -> Option<ValId> {
        let Some(Val::Func(func)) = self.vals.get(callee) else {
            return Some(callee);
        };
        let caller = frame.f.id;
        let Some(family) = self.wrappers.families.get(&func) else {
            return Some(callee);
        };
        let key = (func, (caller, at));
        if let Some(&copy) = self.wrappers.copies.get(&key) {
            return Some(self.vals.id(Val::Func(copy)));
        }
        if self.program.is_copy(caller)
            || family.contains(&caller)
            || self.wrappers.plain.contains(&key)
        {
            return Some(callee);
        }
        let places = self.wrappers.waiting.entry(func).or_default();
        places.insert((caller, at));
        None
    }

    /// Decides on calls that wait; whether there were any.
    pub(super) fn settle(&mut self) -> bool {
        let waiting = std::mem::take(&mut self.wrappers.waiting);
        if waiting.is_empty() {
            return false;
        }
        let mut mixing: FxHashSet<FuncId> = FxHashSet::default();
        for (&root, places) in &waiting {
            let (mut given, before) = self.wrappers.given.get(&root).cloned().unwrap_or_default();
            for &place in places {
                self.functions_given(root, place, &mut given);
            }
            if given.len() > 1 && before + places.len() > 1 {
                mixing.insert(root);
            }
        }
        let any = !mixing.is_empty();
        for (root, places) in waiting {
            if any && !mixing.contains(&root) {
                self.wrappers.waiting.insert(root, places);
                continue;
            }
            let copied = mixing.contains(&root) && self.fits(root, places.len());
            let (mut given, before) = self.wrappers.given.remove(&root).unwrap_or_default();
            for &place in &places {
                self.functions_given(root, place, &mut given);
                match copied.then(|| self.copy(root)).flatten() {
                    Some(copy) => {
                        self.wrappers.copies.insert((root, place), copy);
                    }
                    None => {
                        self.wrappers.plain.insert((root, place));
                    }
                }
                let (caller, at) = place;
                self.steps.mark(self.steps.first(caller) + 1 + at);
            }
            let count = before + places.len();
            self.wrappers.given.insert(root, (given, count));
        }
        true
    }

    /// Whether so many more copies of a wrapper are affordable.
    fn fits(&mut self, root: FuncId, more: usize) -> bool {
        let before = self.wrappers.given.get(&root).map_or(0, |g| g.1);
        let size = self.wrappers.families.get(&root).map_or(0, Vec::len);
        let fits = before + more <= limits::COPIES_OF_ONE
            && size.saturating_mul(more) <= self.program.room();
        if !fits {
            self.wrappers.uncopied.insert(root);
        }
        fits
    }

    /// The copy of a function that may be a wrapper, for the member of one name among those that a call in a loop is given.
    pub(super) fn copy_for_key(&mut self, root: FuncId, place: Place, name: Sym) -> Option<FuncId> {
        let key = (root, place, name);
        if let Some(&copy) = self.wrappers.keyed.get(&key) {
            return Some(copy);
        }
        if !self.wrappers.families.contains_key(&root) || !self.fits(root, 1) {
            return None;
        }
        let copy = self.copy(root)?;
        self.wrappers.given.entry(root).or_default().1 += 1;
        self.wrappers.keyed.insert(key, copy);
        Some(copy)
    }

    fn copy(&mut self, root: FuncId) -> Option<FuncId> {
        let family = self.wrappers.families.get(&root)?;
        let count = family.len();
        let copy = self.program.copy(family)?;
        for id in (copy.0..).take(count) {
            self.begin(FuncId(id));
        }
        Some(copy)
    }

    /// The functions that a call gives to parameters that are called or kept.
    fn functions_given(&self, root: FuncId, (caller, at): Place, out: &mut ValSet) {
        let func = self.program.func(caller).func;
        let Some(&Instr::Call { args, .. }) = func.instrs.get(at as usize) else {
            return;
        };
        let members = self.wrappers.of_members.contains(&root);
        let root = self.program.func(root).func;
        let args = func.args(args).iter().filter(|arg| arg.key == ArgKey::Pos);
        for (arg, param) in args.zip(&root.params) {
            let used = uses(root, param);
            if !used && !members {
                continue;
            }
            for &val in self.of_operand(caller, arg.value) {
                let counts = match self.vals.get(val) {
                    Some(Val::Func(_)) => used,
                    Some(Val::Namespace(_)) => members,
                    Some(Val::Exports(_) | Val::Object(..)) => members && self.holds_functions(val),
                    _ => false,
                };
                if counts && !out.contains(&val) {
                    out.push(val);
                }
            }
        }
    }

    /// Whether a member of an object is a function.
    fn holds_functions(&self, val: ValId) -> bool {
        let fields = self.field_lists.get(&val).into_iter().flatten();
        let mut held = fields.filter_map(|(_, node)| self.nodes.get(*node as usize));
        held.any(|vals| {
            let mut vals = vals.iter();
            vals.any(|val| matches!(self.vals.get(*val), Some(Val::Func(_))))
        })
    }
}

fn small(program: &Program, root: FuncId, nested: &[FuncId], most: usize) -> bool {
    let size = |id: &FuncId| program.func(*id).func.instrs.len();
    let whole: usize = size(&root) + nested.iter().map(size).sum::<usize>();
    // Members of a class stand for it, and the class is not copied.
    let plain = |id: &FuncId| program.func(*id).func.class.is_none();
    program.func(root).func.parent.is_some()
        && nested.len() < limits::COPIED_FUNCTIONS
        && whole <= most
        && nested.iter().all(plain)
}

/// Whether a function writes the members of one object, each given to a function, under the same keys of another one.
fn wraps_members(func: &Function) -> bool {
    (0..func.instrs.len()).any(|at| {
        let store = matches!(func.instrs.get(at), Some(Instr::Store { .. }));
        store && super::wrapped::made_of_member(func, at).is_some_and(|made| made.call.is_some())
    })
}

/// Whether a function may be a wrapper.
fn passes(func: &Function) -> bool {
    func.params.iter().any(|param| uses(func, param))
}

/// Whether a function calls a parameter, or keeps it for functions inside.
fn uses(func: &Function, param: &casemate_ir::Param) -> bool {
    let itself = Operand::Local(param.local);
    let calls = |instr: &Instr| match *instr {
        Instr::Call { callee, this, .. } => callee == itself || this == Some(itself),
        _ => false,
    };
    let kept = func.locals.get(param.local.index());
    kept.is_some_and(|l| l.captured) || func.instrs.iter().any(calls)
}
