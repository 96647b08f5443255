//! What variables of modules and fields of objects are certain to hold: literals, texts made of them, and of texts with holes their
//! known pieces.

use super::text::{bound, text_of};
use super::value::Konst;
use crate::origin::{Solver, Val};
use crate::program::{ClassIdx, FuncRef, Target};
use crate::symbol::Sym;
use casemate_ir::{
    Const, ExportKind, FnKind, Instr, Key, Language, OpKind, Operand, PartKey, VarRef,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Rounds over what constants are made of: `URL` of `BASE` of `HOST`, each imported from the next file.
const ROUNDS: usize = 5;
/// Instructions between a variable and the literals that it is made of.
const STEPS: u32 = 12;

/// The constants of a program.
#[derive(Default)]
pub(super) struct Constants {
    globals: FxHashMap<u32, Konst>,
    /// Only how the text begins is told of fields: an object may be given others.
    fields: FxHashMap<(ClassIdx, Sym), Konst>,
    /// The same of members of what a module writes out or offers.
    members: FxHashMap<(Val, Sym), Konst>,
}

/// What one instruction of a module writes.
struct Made<'p> {
    place: Place,
    f: FuncRef<'p>,
    value: Operand,
}

#[derive(Clone, Copy)]
enum Place {
    Global(u32),
    Member(Val, Sym),
}

impl Constants {
    /// The constants of a program.
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let program = origins.program;
        let mut writes: FxHashMap<u32, u32> = FxHashMap::default();
        let mut out = Self::default();
        let mut made: Vec<Made<'_>> = Vec::new();
        // Written from outside: who knows of which object.
        let mut elsewhere: FxHashSet<Sym> = FxHashSet::default();
        for id in program.function_ids() {
            let f = program.func(id);
            let module = f.func.kind == FnKind::Module;
            for (at, instr) in (0u32..).zip(&f.func.instrs) {
                match *instr {
                    Instr::StoreVar {
                        var: VarRef::Global(global),
                        value,
                    } => {
                        let global = f.global(global);
                        *writes.entry(global).or_default() += 1;
                        if module {
                            let place = Place::Global(global);
                            made.push(Made { place, f, value });
                        }
                    }
                    Instr::Object { parts, .. } if module => {
                        made.extend(f.func.parts(parts).iter().filter_map(|part| {
                            let PartKey::Field(name) = part.key else {
                                return None;
                            };
                            Some(Made {
                                place: Place::Member(Val::Object(id, at), f.sym(name)),
                                f,
                                value: part.value,
                            })
                        }));
                    }
                    Instr::Store {
                        base,
                        key: Key::Field(name),
                        value,
                    } if Some(base) != f.func.this.map(Operand::Local) => {
                        let exports = origins
                            .of_operand(id, base)
                            .iter()
                            .filter_map(|&val| origins.val(val))
                            .find(|val| module && matches!(val, Val::Exports(_)));
                        match exports {
                            Some(exports) => made.push(Made {
                                place: Place::Member(exports, f.sym(name)),
                                f,
                                value,
                            }),
                            None => {
                                elsewhere.insert(f.sym(name));
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        let mut offered: FxHashMap<(Val, Sym), u32> = FxHashMap::default();
        for made in &made {
            if let Place::Member(of, name) = made.place {
                *offered.entry((of, name)).or_default() += 1;
            }
        }
        made.retain(|made| match made.place {
            Place::Global(global) => writes.get(&global) == Some(&1),
            Place::Member(of, name) => {
                offered.get(&(of, name)) == Some(&1) && !elsewhere.contains(&name)
            }
        });
        for _ in 0..ROUNDS {
            let maker = Maker {
                origins,
                known: &out,
            };
            let more: Vec<(Place, Konst)> = made
                .iter()
                .filter_map(|made| {
                    let konst = maker.made(made.f, made.value, None, STEPS)?;
                    let wanted = match made.place {
                        Place::Global(_) => begins(&konst) && konst != Konst::Undefined,
                        Place::Member(..) => tells(&konst),
                    };
                    wanted.then_some((made.place, konst))
                })
                .collect();
            if more.is_empty() {
                break;
            }
            for (place, konst) in more {
                match place {
                    Place::Global(global) => {
                        out.globals.insert(global, konst);
                    }
                    Place::Member(of, name) => {
                        out.members.insert((of, name), konst);
                    }
                }
            }
            made.retain(|made| match made.place {
                Place::Global(global) => !out.globals.contains_key(&global),
                Place::Member(of, name) => !out.members.contains_key(&(of, name)),
            });
        }
        out.fields = out.fields(origins, &elsewhere);
        out
    }

    /// What a member holds of something that a module writes out or offers; of a text, how it begins.
    pub(super) fn member(&self, of: Val, name: Sym) -> Option<Konst> {
        self.members.get(&(of, name)).map(begun)
    }

    /// What a variable of a module holds. Of a text with holes: nothing but its pieces is known.
    pub(super) fn global(&self, global: u32) -> Option<&Konst> {
        self.globals.get(&global)
    }

    /// How the text in a field of an object begins, where nothing but the constructor of its class writes that field.
    pub(super) fn field(
        &self,
        origins: &Solver<'_, '_>,
        class: ClassIdx,
        field: Sym,
    ) -> Option<&Konst> {
        if self.fields.is_empty() {
            return None;
        }
        let family = family(origins, class);
        family.iter().find_map(|&of| self.fields.get(&(of, field)))
    }

    /// Fields that one instruction of the whole family of a class writes, in its constructor.
    fn fields(
        &self,
        origins: &Solver<'_, '_>,
        elsewhere: &FxHashSet<Sym>,
    ) -> FxHashMap<(ClassIdx, Sym), Konst> {
        let program = origins.program;
        let maker = Maker {
            origins,
            known: self,
        };
        let mut writes: FxHashMap<(ClassIdx, Sym), u32> = FxHashMap::default();
        let mut found: Vec<((ClassIdx, Sym), Konst)> = Vec::new();
        for id in program.function_ids() {
            let f = program.func(id);
            let class = f.func.class.map(|class| f.class(class));
            let mut known: Fields = FxHashMap::default();
            for instr in &f.func.instrs {
                let Instr::Store {
                    base,
                    key: Key::Field(name),
                    value,
                } = *instr
                else {
                    continue;
                };
                let sym = f.sym(name);
                let this = f.func.this.map(Operand::Local);
                let Some(class) = class.filter(|_| Some(base) == this) else {
                    continue;
                };
                *writes.entry((class, sym)).or_default() += 1;
                if f.func.kind == FnKind::Constructor
                    && let Some(konst) = maker.made(f, value, Some(&known), STEPS)
                    && begins(&konst)
                {
                    known.insert(sym, konst.clone());
                    found.push(((class, sym), konst));
                }
            }
        }
        let mut owners: FxHashMap<Sym, Vec<ClassIdx>> = FxHashMap::default();
        for &(class, sym) in writes.keys() {
            owners.entry(sym).or_default().push(class);
        }
        found
            .into_iter()
            .filter_map(|((class, sym), konst)| {
                let once = writes.get(&(class, sym)) == Some(&1) && !elsewhere.contains(&sym);
                let kin = |other: &ClassIdx| {
                    *other != class
                        && (family(origins, class).contains(other)
                            || family(origins, *other).contains(&class))
                };
                let alone = || !owners.get(&sym).is_some_and(|of| of.iter().any(kin));
                let konst = begun(&konst);
                (once && matches!(konst, Konst::Template(_)) && alone())
                    .then_some(((class, sym), konst))
            })
            .collect()
    }
}

/// What fields of `this` hold after some instructions of a constructor.
type Fields = FxHashMap<Sym, Konst>;

/// Reads what instructions make of what is known already.
struct Maker<'a> {
    origins: &'a Solver<'a, 'a>,
    known: &'a Constants,
}

impl Maker<'_> {
    /// The value that some instructions of a function make; texts with holes included. `fields`: what was stored in `this` by then.
    fn made(
        &self,
        f: FuncRef<'_>,
        value: Operand,
        fields: Option<&Fields>,
        steps: u32,
    ) -> Option<Konst> {
        let steps = steps.checked_sub(1)?;
        let local = match value {
            Operand::Const(constant) => return Some(konst(f, constant)),
            Operand::Local(local) => local,
        };
        let mut writers = f.writers(local);
        let (Some((_, instr)), None) = (writers.next(), writers.next()) else {
            return None;
        };
        match *instr {
            Instr::Copy { from, .. } => self.made(f, from, fields, steps),
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => self.known.globals.get(&f.global(global)).cloned(),
            Instr::Load {
                base: Operand::Local(base),
                key: Key::Field(name),
                ..
            } if Some(base) == f.func.this => fields?.get(&f.sym(name)).cloned(),
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => match *self.origins.of_operand(f.id, base) {
                [of] => {
                    let of = self.origins.val(of)?;
                    self.known.members.get(&(of, f.sym(name))).cloned()
                }
                _ => None,
            },
            Instr::Call { callee, args, .. } if self.is_regexp(f, callee) => {
                let text = |at: usize| {
                    let arg = f.func.args(args).get(at)?;
                    match self.made(f, arg.value, fields, steps)? {
                        Konst::Str(text) => Some(text),
                        _ => None,
                    }
                };
                let flags = match f.func.args(args).len() {
                    1 => "".into(),
                    2 => text(1)?,
                    _ => return None,
                };
                Some(Konst::Regex(text(0)?, flags))
            }
            Instr::Import {
                import,
                name: Some(name),
                ..
            } => self.imported(f, import.index(), name),
            Instr::Template { operands, .. } => {
                self.joined(f, f.func.operands(operands), fields, steps)
            }
            Instr::Op {
                op: OpKind::Add,
                operands,
                ..
            } => {
                let operands = f.func.operands(operands);
                let text = |operand: &Operand| {
                    matches!(
                        self.made(f, *operand, fields, steps),
                        Some(Konst::Str(_) | Konst::Template(_))
                    )
                };
                operands
                    .iter()
                    .any(text)
                    .then(|| self.joined(f, operands, fields, steps))?
            }
            _ => None,
        }
    }

    /// Whether a callee is the constructor of regular expressions.
    fn is_regexp(&self, f: FuncRef<'_>, callee: Operand) -> bool {
        matches!(f.made_by(callee), Some(Instr::LoadVar { var: VarRef::Free(name), .. })
            if f.file.facts.str(*name) == "RegExp" && f.file.facts.language == Language::JavaScript)
    }

    /// A text of pieces; a hole for each that is not known.
    fn joined(
        &self,
        f: FuncRef<'_>,
        operands: &[Operand],
        fields: Option<&Fields>,
        steps: u32,
    ) -> Option<Konst> {
        let mut parts: Vec<Option<Arc<str>>> = Vec::new();
        for &operand in operands {
            match self.made(f, operand, fields, steps) {
                Some(Konst::Template(inner)) => parts.extend(inner.iter().cloned()),
                Some(konst) => parts.push(text_of(&konst)),
                None => parts.push(None),
            }
        }
        if bound(&mut parts) {
            return Some(Konst::Template(parts.into()));
        }
        if parts.iter().all(Option::is_some) {
            let text: String = parts.iter().flatten().map(|part| &**part).collect();
            return Some(Konst::Str(text.into()));
        }
        // Literals that stand beside each other are one beginning.
        let known = parts.iter().take_while(|part| part.is_some()).count();
        let first: String = parts.drain(..known).flatten().collect::<Vec<_>>().concat();
        if !first.is_empty() {
            parts.insert(0, Some(first.into()));
        }
        Some(Konst::Template(parts.into()))
    }

    /// What a name of another file of the program is.
    fn imported(&self, f: FuncRef<'_>, import: usize, name: casemate_ir::Symbol) -> Option<Konst> {
        let Target::File(target) = f.file.imports.get(import)? else {
            return None;
        };
        let program = self.origins.program;
        let wanted = f.sym(name);
        let exports = &program.file(*target).facts.exports;
        let global = exports.iter().find_map(|e| match e.kind {
            ExportKind::Variable(g) if program.sym(*target, e.name) == wanted => {
                Some(program.global(*target, g))
            }
            _ => None,
        })?;
        self.known.globals.get(&global).cloned()
    }
}

/// A class of the program and its bases, as far as they are of the program.
fn family(origins: &Solver<'_, '_>, class: ClassIdx) -> Vec<ClassIdx> {
    let mut out = vec![class];
    let mut next = 0;
    while let Some(&class) = out.get(next) {
        next += 1;
        for &base in origins.of_bases(class) {
            if let Some(Val::Class(base)) = origins.val(base)
                && !out.contains(&base)
                && out.len() < crate::limits::CALLEES
            {
                out.push(base);
            }
        }
    }
    out
}

/// Whether a constant is kept of a member: an expression, or a text that begins an address or a path.
fn tells(konst: &Konst) -> bool {
    match konst {
        Konst::Regex(..) => true,
        Konst::Str(text) => text.contains('/'),
        Konst::Template(parts) => matches!(parts.first(), Some(Some(first)) if first.contains('/')),
        _ => false,
    }
}

/// A text as one of which only its beginning is known.
fn begun(konst: &Konst) -> Konst {
    match konst {
        Konst::Str(text) => Konst::Template([Some(Arc::clone(text))].into()),
        other => other.clone(),
    }
}

/// Whether something is known of a value: a text that begins with a hole is any text.
fn begins(konst: &Konst) -> bool {
    match konst {
        Konst::Template(parts) => {
            matches!(parts.first(), Some(Some(first)) if !first.is_empty())
        }
        _ => true,
    }
}

fn konst(f: FuncRef<'_>, constant: casemate_ir::ConstId) -> Konst {
    let text = |s| Arc::from(f.file.facts.str(s));
    match *f.file.facts.constant(constant) {
        Const::Undefined => Konst::Undefined,
        Const::Null => Konst::Null,
        Const::Bool(b) => Konst::Bool(b),
        Const::Number(bits) => Konst::Number(f64::from_bits(bits)),
        Const::Str(s) | Const::Other(s) => Konst::Str(text(s)),
        Const::Regex(r) => Konst::Regex(text(r.pattern), text(r.flags)),
    }
}
