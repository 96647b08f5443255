//! Lists that are walked by a loop that leaves the function at the first match: `for part in path.split('/'): if part == …`.

use super::interp::Interp;
use crate::origin::Val;
use casemate_ir::{Block, BlockId, Instr, Key, LocalId, OpKind, Operand, Term};
use casemate_model::kind::KindSet;
use casemate_model::row::Role;

/// Blocks that are followed to see that a branch leaves the function.
const STEPS: u32 = 4;
/// Tests of one element that follow each other.
const TESTS: u32 = 6;
/// Loops inside a loop.
const LOOPS: u32 = 2;

impl Interp<'_> {
    /// The loop on `cond` is over: none of what it walked was refused.
    pub(super) fn walked(&mut self, cond: Operand) {
        self.walked_within(cond, LOOPS);
    }

    /// The same of a loop, and of those in it: what an inner one says of where an address lies, all that the outer one walks has been
    /// asked. Whether texts were searched by the inner one depends on there being some.
    fn walked_within(&mut self, cond: Operand, loops: u32) {
        let func = self.f.func;
        let head = func.blocks.iter().find_map(|b| match b.term {
            Term::Branch { cond: c, yes, .. } if c == cond => func.blocks.get(yes.index()),
            _ => None,
        });
        let Some((body, item, of)) = head.and_then(|b| self.first_element(b)) else {
            return;
        };
        let inner = loops < LOOPS;
        if !inner {
            self.each_walked(body, item, of);
        }
        let mut block = body;
        for _ in 0..TESTS {
            self.placed_each(block);
            let next = match block.term {
                Term::Branch { cond, yes, no } if self.leaves(yes, STEPS) => {
                    if inner {
                        self.in_range_each(cond, item, of);
                    } else {
                        self.refused_each(cond, true, item, of);
                    }
                    self.lies_each(cond, false);
                    no
                }
                Term::Branch { cond, yes, no } if self.leaves(no, STEPS) => {
                    if !inner {
                        self.refused_each(cond, false, item, of);
                    }
                    self.lies_each(cond, true);
                    yes
                }
                Term::Branch {
                    cond: next,
                    yes,
                    no,
                } if next != cond
                    && loops > 0
                    && func
                        .blocks
                        .get(yes.index())
                        .is_some_and(|b| self.first_element(b).is_some()) =>
                {
                    self.walked_within(next, loops - 1);
                    no
                }
                Term::Goto(next) => next,
                _ => return,
            };
            match func.blocks.get(next.index()) {
                Some(next) => block = next,
                None => return,
            }
        }
    }

    /// `for network in PRIVATE: if address in network: raise`
    fn in_range_each(&mut self, cond: Operand, item: LocalId, of: Operand) {
        if let Some((
            _,
            Instr::Op {
                op: OpKind::In,
                operands,
                ..
            },
        )) = self.definition(cond)
            && let &[address, range] = self.f.func.operands(operands)
            && self.is_item(range, item)
            && self.is_range(of)
        {
            self.public(address);
        }
    }

    /// A loop was left by no element for which `cond` is so.
    fn refused_each(&mut self, cond: Operand, so: bool, item: LocalId, of: Operand) {
        let Some((_, Instr::Op { op, operands, .. })) = self.definition(cond) else {
            return;
        };
        let operands = self.f.func.operands(operands);
        let (op, a, b) = match (op, operands) {
            (OpKind::Not, &[asked]) => return self.refused_each(asked, !so, item, of),
            (op, &[a, b]) => (op, a, b),
            _ => return,
        };
        let equal = match op {
            OpKind::In if so => None,
            OpKind::Eq | OpKind::StrictEq => Some(so),
            OpKind::Ne | OpKind::StrictNe => Some(!so),
            _ => return,
        };
        if equal == Some(false) {
            return;
        }
        if equal.is_some() {
            // `for part in x.split('/'): if part == '..': raise`
            for (part, other) in [(a, b), (b, a)] {
                if self.is_item(part, item)
                    && let Some(text) = self.pieces_of(of)
                    && let Some(refused) = self.operand(other).as_str().cloned()
                {
                    self.refused(text, &[refused.to_string()]);
                }
            }
        } else if self.is_item(b, item) && self.is_range(of) {
            self.in_range_each(cond, item, of);
        } else if self.is_item(b, item) {
            // `for part in x.split('/'): if '..' in part: raise`
            if let Some(text) = self.pieces_of(of)
                && let Some(refused) = self.operand(a).as_str().cloned()
            {
                self.refused(text, &[refused.to_string()]);
            }
        } else if self.is_item(a, item) {
            if let Some(texts) = super::lists::strings(self.origins, self.f, of, 0) {
                // `for bad in ['..', '/']: if bad in x: raise`
                self.refused(b, &texts);
            } else if let Some(text) = self.pieces_of(of)
                && let Some(texts) = super::lists::strings(self.origins, self.f, b, 0)
            {
                // `for part in x.split('/'): if part in ('.', '..'): raise`
                self.refused(text, &texts);
            }
        }
    }

    /// `'..' not in x.split('/')`, `'..' not in Path(x).parts`.
    pub(super) fn lacks_piece(&mut self, piece: &str, list: Operand) {
        let Some(path) = self.pieces_of(list) else {
            return;
        };
        let refused = [piece.to_owned()];
        self.refused(path, &refused);
        const PATHS: [&str; 4] = [
            "py:pathlib.Path",
            "py:pathlib.PurePath",
            "py:pathlib.PosixPath",
            "py:pathlib.PurePosixPath",
        ];
        if let Some((at, Instr::Call { callee, .. })) = self.definition(path)
            && self.is_call_of(callee, &PATHS)
            && let Some(site) = self.site_of(at)
            && let [only] = site.args.as_slice()
            && let Some(text) = only.operand
        {
            self.refused(text, &refused);
        }
    }

    /// A text holds none of these.
    pub(super) fn refused(&mut self, text: Operand, texts: &[String]) {
        let value = self.operand(text);
        let kinds = texts.iter().fold(KindSet::EMPTY, |all, refused| {
            all.union(if self.stays_relative(text) {
                self.k.cleared_by_absence(refused, false)
            } else {
                self.absent(refused, &value)
            })
        });
        if !kinds.is_empty() {
            self.clean(text, &[], kinds);
        }
    }

    /// Whether a path was shortened but not made absolute: the `..` that lead out of it are still there.
    fn stays_relative(&self, text: Operand) -> bool {
        let Operand::Local(local) = text else {
            return false;
        };
        let shortens = |at: usize| match self.f.func.instrs.get(at) {
            Some(Instr::Copy { from, .. }) => matches!(self.definition(*from),
                Some((_, Instr::Call { callee, .. })) if self.is_call_of(callee, &["py:os.path.normpath"])),
            Some(Instr::Call { callee, .. }) => self.is_call_of(*callee, &["py:os.path.normpath"]),
            _ => false,
        };
        self.definitions(local).any(shortens)
    }

    /// The element that a loop takes in its first block, and what it walks.
    fn first_element<'b>(&self, body: &'b Block) -> Option<(&'b Block, LocalId, Operand)> {
        body.instrs
            .range()
            .find_map(|at| match *self.f.func.instrs.get(at)? {
                Instr::IterNext { to, of, .. } => Some((body, to, of)),
                _ => None,
            })
    }

    fn is_item(&self, operand: Operand, item: LocalId) -> bool {
        let Operand::Local(local) = operand else {
            return false;
        };
        let copies = |at: usize| matches!(self.f.func.instrs.get(at), Some(Instr::Copy { from: Operand::Local(from), .. }) if *from == item);
        local == item || self.definitions(local).any(copies)
    }

    /// `x` of `x.split('/')`, of `x.parts`.
    fn pieces_of(&self, list: Operand) -> Option<Operand> {
        match self.definition(list)?.1 {
            Instr::Call {
                callee,
                this: Some(this),
                ..
            } => {
                let Instr::Load {
                    key: Key::Field(name),
                    ..
                } = self.definition(callee)?.1
                else {
                    return None;
                };
                (self.f.file.facts.str(name) == "split").then_some(this)
            }
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => (self.f.file.facts.str(name) == "parts").then_some(base),
            _ => None,
        }
    }

    /// Whether all ways from a block leave the function.
    fn leaves(&self, block: BlockId, steps: u32) -> bool {
        let (Some(block), Some(steps)) =
            (self.f.func.blocks.get(block.index()), steps.checked_sub(1))
        else {
            return false;
        };
        match block.term {
            Term::Return(_) | Term::Throw(_) | Term::Unreachable => true,
            _ if self.never_returns(block) => true,
            Term::Goto(next) => self.leaves(next, steps),
            Term::Branch { yes, no, .. } => self.leaves(yes, steps) && self.leaves(no, steps),
        }
    }

    /// Whether a block calls something that never returns: `abort(403)`.
    fn never_returns(&self, block: &Block) -> bool {
        let instrs = block.instrs.range();
        instrs
            .filter_map(|at| self.f.func.instrs.get(at))
            .any(|instr| {
                let Instr::Call { callee, .. } = *instr else {
                    return false;
                };
                let vals = self.origins.of_operand(self.f.id, callee);
                !vals.is_empty()
                    && vals.iter().all(|&val| match self.origins.val(val) {
                        Some(Val::Api(path)) => {
                            let mut rows = self.origins.paths.call_rows(path, false);
                            rows.any(|(_, row)| {
                                row.when.is_none() && matches!(row.role, Role::NoReturn)
                            })
                        }
                        Some(Val::Func(func)) => {
                            let summary = self.summaries.get(func.0 as usize);
                            summary.is_some_and(|s| s.as_ref().is_some_and(|s| s.noreturn))
                        }
                        _ => false,
                    })
            })
    }

    /// `base in path.parents`, where the path was resolved: it stays below the folder.
    pub(super) fn above(&mut self, list: Operand) -> bool {
        let Some((
            _,
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            },
        )) = self.definition(list)
        else {
            return false;
        };
        let parents = self.f.file.facts.str(name) == "parents";
        if parents {
            self.inside(base);
        }
        parents
    }

    /// `os.path.commonpath([base, path]) == base`, `os.path.dirname(path) == base`, `path.dirname(p) === base`.
    pub(super) fn kept_below(&mut self, operand: Operand, other: &super::value::Value) -> bool {
        if self.in_own_folder(operand, other) {
            return true;
        }
        let Some((at, Instr::Call { callee, .. })) = self.definition(operand) else {
            return false;
        };
        let lists = ["py:os.path.commonpath", "py:os.path.commonprefix"];
        if !self.is_call_of(callee, &lists) || self.comes_from_outside(other, self.k.paths()) {
            return false;
        }
        let Some(given) = self.site_of(at).and_then(|site| site.args.first()?.operand) else {
            return false;
        };
        let func = self.f.func;
        if let Some((_, Instr::Array { parts, .. })) = self.definition(given) {
            let parts = func.parts(parts);
            // `commonpath([base]) == commonpath([base, path])`: of one path it is that path.
            if parts.len() < 2 {
                return false;
            }
            for part in parts {
                self.inside(part.value);
            }
        }
        true
    }

    /// The folder of a path is one of the program's own, or one of a list of these: `path.dirname(p) === base`,
    /// `Path(p).parent in (A, B)`, `[a, b].includes(path.dirname(p))`.
    pub(super) fn in_own_folder(&mut self, folder: Operand, own: &super::value::Value) -> bool {
        const FOLDERS: [&str; 4] = [
            "py:os.path.dirname",
            "node:path.dirname",
            "node:path.posix.dirname",
            "node:path.win32.dirname",
        ];
        let path = match self.definition(folder) {
            Some((at, Instr::Call { callee, .. })) if self.is_call_of(callee, &FOLDERS) => {
                self.site_of(at).and_then(|site| site.args.first()?.operand)
            }
            Some((
                _,
                Instr::Load {
                    base,
                    key: Key::Field(name),
                    ..
                },
            )) if self.is_python() && self.f.file.facts.str(name) == "parent" => Some(base),
            _ => None,
        };
        let Some(path) = path else { return false };
        let own = self.deep(own);
        if self.comes_from_outside(&own, self.k.paths()) {
            return false;
        }
        self.inside(path);
        true
    }

    /// Whether a value comes from outside and may be anything there, for these kinds. A folder that the service was told by its settings
    /// or its records is one of its own, and so is one of a few that a request chose.
    pub(super) fn comes_from_outside(
        &self,
        value: &super::value::Value,
        for_kinds: KindSet,
    ) -> bool {
        let kinds = self.origins.paths.models().kinds();
        let open = |t: &&super::value::Taint| !t.clean.covers(for_kinds);
        value.taints().iter().filter(open).any(|t| match t.origin {
            super::value::Origin::Source(source) => {
                let name = kinds.source_name(source.kind);
                !matches!(name, "store" | "env" | "cli" | "file")
            }
            super::value::Origin::Port(_) => false,
        })
    }

    /// A path that was resolved is below a folder of our own.
    fn inside(&mut self, path: Operand) {
        let value = self.operand(path);
        let resolved = |t: &super::value::Taint| t.clean.has(self.k.relative);
        if !value.taints().is_empty() && value.taints().iter().all(resolved) {
            self.clean(path, &[], self.k.paths());
        }
    }
}
