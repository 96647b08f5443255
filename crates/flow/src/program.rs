//! All files linked: ids over the whole program, imports resolved.

use crate::limits;
use crate::result::{FileIdx, FuncId, Site};
use crate::symbol::{Sym, Symbols};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use casemate_ir::{
    Arg, ClassDef, ClassId, Const, ConstId, FileFacts, FnId, FnKind, Function, GlobalId, Instr,
    Key, LocalId, Operand, Span, Symbol,
};

/// One file to be linked.
pub struct InputFile {
    /// Its path, for messages and order.
    pub path: String,
    /// What its front end found.
    pub facts: FileFacts,
    /// What each of its imports leads to, in the order of `facts.imports`.
    pub imports: Vec<Target>,
}

/// What an import leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Another file of the program: its index in the list that is linked.
    File(FileIdx),
    /// A package, as the root of API paths: `npm:express`, `node:fs`.
    Package(String),
    /// Not found, or not constant.
    Unknown,
}

/// A class of the program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClassIdx(pub u32);

/// A file of the program.
pub struct File {
    /// Its path.
    pub path: String,
    /// Its facts.
    pub facts: FileFacts,
    /// Targets of its imports.
    pub imports: Vec<Target>,
    /// Its strings in the program's table.
    pub symbols: Vec<Sym>,
    /// By function: where its locals are written, once somebody asked.
    writes: Box<[OnceLock<Writes>]>,
    first_function: u32,
    first_class: u32,
    first_global: u32,
}

impl File {
    /// Whether one of its imports leads to a package (`npm:next`) or into it.
    fn imports_package(&self, package: &str) -> bool {
        self.imports.iter().any(|target| {
            matches!(target, Target::Package(root) if root.strip_prefix(package)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])))
        })
    }
}

/// The instructions of a function that write a local, by local and in order.
struct Writes {
    /// By local: where its places begin in the list; one more at the end.
    starts: Box<[u32]>,
    places: Box<[u32]>,
}

impl Writes {
    fn of_function(func: &Function) -> Self {
        let mut starts = vec![0; func.locals.len() + 1];
        let targets = || {
            (0..)
                .zip(&func.instrs)
                .filter_map(|(at, instr)| Some((at, instr.target()?.index())))
        };
        for (_, local) in targets() {
            if let Some(count) = starts.get_mut(local + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut places = vec![0; sum as usize];
        let mut next = starts.clone();
        for (at, local) in targets() {
            let Some(next) = next.get_mut(local) else {
                continue;
            };
            if let Some(place) = places.get_mut(*next as usize) {
                *place = at;
            }
            *next += 1;
        }
        Self {
            starts: starts.into(),
            places: places.into(),
        }
    }

    fn of(&self, local: LocalId) -> &[u32] {
        let bounds = self.starts.get(local.index()..local.index() + 2);
        match bounds {
            Some(&[start, end]) => self.places.get(start as usize..end as usize),
            _ => None,
        }
        .unwrap_or(&[])
    }
}

/// A function with its place.
#[derive(Clone, Copy)]
pub struct FuncRef<'p> {
    /// Its id.
    pub id: FuncId,
    /// Its file's index.
    pub file_idx: FileIdx,
    /// Its file.
    pub file: &'p File,
    /// Itself, and its number there.
    pub func: &'p Function,
    fn_id: FnId,
    /// The functions that were copied together with it, where it is a copy.
    copied: Option<&'p FxHashMap<FnId, FuncId>>,
}

/// The linked program.
pub struct Program {
    /// Files in the order given.
    pub files: Vec<File>,
    /// All strings.
    pub symbols: Symbols,
    /// By file: the packages that its unit and those around it declare; absent where no manifest tells. Shorter than `files`
    /// where nobody filled it in.
    pub packages: Vec<Option<Arc<BTreeSet<String>>>>,
    /// By file: the unit that it belongs to. Shorter than `files` where nobody filled it in: then all are one.
    pub units: Vec<u32>,
    functions: Vec<(FileIdx, FnId)>,
    /// Room for copies, which follow the functions of the files, and how many there are: they are made while functions are
    /// being looked at.
    copies: Box<[OnceLock<Copied>]>,
    made: AtomicU32,
    classes: Vec<(FileIdx, ClassId)>,
    globals: u32,
}

/// A copy of a function.
struct Copied {
    file: FileIdx,
    func: FnId,
    /// The functions that were copied with it.
    family: Arc<FxHashMap<FnId, FuncId>>,
}

/// Instructions that are looked at before a table is made.
const NEARBY: usize = 16;

static EMPTY_FUNCTION: std::sync::LazyLock<Function> = std::sync::LazyLock::new(Function::default);

impl Program {
    /// Links files. Their order decides all ids, so callers sort them by path.
    #[must_use]
    pub fn link(inputs: Vec<InputFile>) -> Self {
        let mut program = Self {
            files: Vec::new(),
            symbols: Symbols::default(),
            packages: Vec::new(),
            units: Vec::new(),
            functions: Vec::new(),
            copies: Box::default(),
            made: AtomicU32::new(0),
            classes: Vec::new(),
            globals: 0,
        };
        // Members that only models write: what was said of an object, like the content type of a response.
        for member in ["__type", "name", crate::sql::TABLE, crate::sql::COLUMNS] {
            program.symbols.intern(member);
        }
        for (index, input) in inputs.into_iter().enumerate() {
            let file_idx = FileIdx(u32::try_from(index).unwrap_or(u32::MAX));
            for text in &input.facts.strings {
                // Tables and columns are members of stores.
                for name in crate::sql::read(text)
                    .iter()
                    .flat_map(crate::sql::Statement::names)
                {
                    program.symbols.intern(&crate::sql::folded(name));
                }
            }
            let symbols = input
                .facts
                .strings
                .iter()
                .map(|text| program.symbols.intern(text))
                .collect();
            let first_function = to_u32(program.functions.len());
            let first_class = to_u32(program.classes.len());
            program
                .functions
                .extend((0..input.facts.functions.len()).map(|i| (file_idx, FnId::from(i))));
            program
                .classes
                .extend((0..input.facts.classes.len()).map(|i| (file_idx, ClassId::from(i))));
            let first_global = program.globals;
            program.globals += to_u32(input.facts.globals.len());
            program.files.push(File {
                path: input.path,
                writes: input
                    .facts
                    .functions
                    .iter()
                    .map(|_| OnceLock::new())
                    .collect(),
                facts: input.facts,
                imports: input.imports,
                symbols,
                first_function,
                first_class,
                first_global,
            });
        }
        let room = limits::COPIES.max(program.functions.len() / limits::COPIES_SHARE);
        program.copies = (0..room).map(|_| OnceLock::new()).collect();
        program
    }

    /// Copies a function and those inside it for one call of it; the copy of the first. None where no room is left.
    pub(crate) fn copy(&self, family: &[FuncId]) -> Option<FuncId> {
        let made = self.made.load(Ordering::Acquire) as usize;
        let room = self.copies.get(made..made + family.len())?;
        let originals: Vec<(FileIdx, FnId)> = family
            .iter()
            .filter_map(|id| self.functions.get(id.0 as usize).copied())
            .collect();
        let first = FuncId(to_u32(self.functions.len() + made));
        let copies = (first.0..).map(FuncId);
        let ids = originals.iter().zip(copies).map(|(of, copy)| (of.1, copy));
        let family: Arc<FxHashMap<FnId, FuncId>> = Arc::new(ids.collect());
        for (slot, &(file, func)) in room.iter().zip(&originals) {
            let family = Arc::clone(&family);
            let copied = Copied { file, func, family };
            slot.set(copied).ok()?;
        }
        self.made
            .fetch_add(to_u32(originals.len()), Ordering::Release);
        Some(first)
    }

    /// How many copies still have room.
    pub(crate) fn room(&self) -> usize {
        self.copies.len() - self.made.load(Ordering::Acquire) as usize
    }

    /// Whether a function is a copy, so that what is counted was counted.
    #[must_use]
    pub fn is_copy(&self, id: FuncId) -> bool {
        id.0 as usize >= self.functions.len()
    }

    /// The function that a copy was made of; any other stands for itself.
    #[must_use]
    pub fn original(&self, id: FuncId) -> FuncId {
        let f = self.func(id);
        self.func_id(f.file_idx, f.fn_id)
    }

    /// Number of functions.
    #[must_use]
    pub fn function_count(&self) -> usize {
        self.functions.len() + self.made.load(Ordering::Acquire) as usize
    }

    /// All function ids in order.
    pub fn function_ids(&self) -> impl Iterator<Item = FuncId> + use<> {
        (0..to_u32(self.function_count())).map(FuncId)
    }

    /// Number of classes.
    #[must_use]
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// Number of module-level variables.
    #[must_use]
    pub fn global_count(&self) -> u32 {
        self.globals
    }

    /// A function.
    #[must_use]
    pub fn func(&self, id: FuncId) -> FuncRef<'_> {
        let index = id.0 as usize;
        let copy = index
            .checked_sub(self.functions.len())
            .and_then(|nth| self.copies.get(nth)?.get());
        let (file_idx, fn_id) = match copy {
            Some(copy) => (copy.file, copy.func),
            None => {
                let known = self.functions.get(index).copied();
                known.unwrap_or((FileIdx(0), FnId(0)))
            }
        };
        let file = self.file(file_idx);
        let copied = copy.map(|copy| &*copy.family);
        FuncRef {
            copied,
            id,
            file_idx,
            fn_id,
            file,
            func: file
                .facts
                .functions
                .get(fn_id.index())
                .unwrap_or(&EMPTY_FUNCTION),
        }
    }

    /// A file. Programs have at least one when anything asks.
    ///
    /// # Panics
    /// When the index is not of this program, which no id made by [`Program::link`] is.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from link(), which numbers existing files"
    )]
    pub fn file(&self, idx: FileIdx) -> &File {
        &self.files[idx.0 as usize]
    }

    /// The program's id of a function of a file.
    #[must_use]
    pub fn func_id(&self, file: FileIdx, func: FnId) -> FuncId {
        FuncId(self.file(file).first_function + func.0)
    }

    /// The program's id of a class of a file.
    #[must_use]
    pub fn class_idx(&self, file: FileIdx, class: ClassId) -> ClassIdx {
        ClassIdx(self.file(file).first_class + class.0)
    }

    /// A class with its file.
    #[must_use]
    pub fn class(&self, idx: ClassIdx) -> Option<(FileIdx, &ClassDef)> {
        let (file, class) = self.classes.get(idx.0 as usize).copied()?;
        Some((file, self.file(file).facts.class(class)?))
    }

    /// The program's number of a module-level variable.
    #[must_use]
    pub fn global(&self, file: FileIdx, global: GlobalId) -> u32 {
        self.file(file).first_global + global.0
    }

    /// The file and id of a module-level variable.
    #[must_use]
    pub fn global_owner(&self, global: u32) -> (FileIdx, GlobalId) {
        let index = self
            .files
            .partition_point(|f| f.first_global <= global)
            .saturating_sub(1);
        let first = self.files.get(index).map_or(0, |f| f.first_global);
        (FileIdx(to_u32(index)), GlobalId(global - first))
    }

    /// The program's symbol of a file's symbol.
    #[must_use]
    pub fn sym(&self, file: FileIdx, symbol: Symbol) -> Sym {
        self.file(file)
            .symbols
            .get(symbol.index())
            .copied()
            .unwrap_or(Sym::ANY)
    }

    /// The text of a symbol.
    #[must_use]
    pub fn text(&self, sym: Sym) -> &str {
        self.symbols.text(sym)
    }

    /// A constant of a file.
    #[must_use]
    pub fn constant(&self, file: FileIdx, id: ConstId) -> &Const {
        self.file(file).facts.constant(id)
    }

    /// Whether a file may use one of some packages (`npm:next`): its manifest declares it or one of its imports leads there. Where
    /// no manifest is known, it may.
    #[must_use]
    pub fn may_use(&self, file: FileIdx, packages: &[String]) -> bool {
        let Some(Some(declared)) = self.packages.get(file.0 as usize) else {
            return true;
        };
        packages.iter().any(|package| {
            let name = package.split_once(':').map_or(&**package, |(_, name)| name);
            declared.contains(name) || self.file(file).imports_package(package)
        })
    }

    /// Whether any file imports one of some packages.
    #[must_use]
    pub fn imports_any(&self, packages: &[String]) -> bool {
        let mut files = self.files.iter();
        files.any(|file| packages.iter().any(|package| file.imports_package(package)))
    }

    /// A name for a function: its own, or the file of a template.
    #[must_use]
    pub fn func_name(&self, id: FuncId) -> String {
        let f = self.func(id);
        if f.func.kind == FnKind::Template {
            let path = &f.file.path;
            return path.rsplit('/').next().unwrap_or(path).to_owned();
        }
        f.func.name.map_or_else(
            || "anonymous function".to_owned(),
            |name| f.file.facts.str(name).to_owned(),
        )
    }

    /// A place.
    #[must_use]
    pub fn site(&self, id: FuncId, span: Span) -> Site {
        Site {
            file: self.func(id).file_idx,
            span,
        }
    }
}

impl<'p> FuncRef<'p> {
    /// The first instruction that writes a local, with its place.
    #[must_use]
    pub fn writer(&self, local: LocalId) -> Option<(usize, &'p Instr)> {
        let at = self.written_from(local, 0)? as usize;
        Some((at, self.func.instrs.get(at)?))
    }

    /// All instructions that write a local, with their places, in order.
    pub fn writers(&self, local: LocalId) -> impl Iterator<Item = (usize, &'p Instr)> + use<'p> {
        let f = *self;
        let mut from = Some(0);
        std::iter::from_fn(move || {
            let at = f.written_from(local, from?)?;
            from = at.checked_add(1);
            Some((at as usize, f.func.instrs.get(at as usize)?))
        })
    }

    /// What the body of a class that this function makes gives it: places of instructions, names and values, in order.
    pub fn class_body(
        &self,
        class: ClassIdx,
    ) -> impl Iterator<Item = (usize, &'p str, Operand)> + use<'p> {
        let f = *self;
        let made = f.func.instrs.iter().find_map(|instr| match *instr {
            Instr::Class { to, class: c, .. } if f.class(c) == class => Some(Operand::Local(to)),
            _ => None,
        });
        let all = f.func.instrs.iter().enumerate();
        all.filter_map(move |(at, instr)| match *instr {
            Instr::Store {
                base,
                key: Key::Field(name),
                value,
            } if Some(base) == made => Some((at, f.file.facts.str(name), value)),
            _ => None,
        })
    }

    /// The instruction that made a value, copies passed over.
    #[must_use]
    pub fn made_by(&self, value: Operand) -> Option<&'p Instr> {
        let mut value = value;
        for _ in 0..4 {
            let Operand::Local(local) = value else {
                return None;
            };
            match self.writer(local)?.1 {
                Instr::Copy { from, .. } => value = *from,
                made => return Some(made),
            }
        }
        None
    }

    /// The callee and the arguments of the call that made a value.
    #[must_use]
    pub fn call_behind(&self, value: Operand) -> Option<(Operand, &'p [Arg])> {
        match self.made_by(value)? {
            Instr::Call { callee, args, .. } => Some((*callee, self.func.args(*args))),
            _ => None,
        }
    }

    /// What a value was read off: `router` of `router.get`.
    #[must_use]
    pub fn read_off(&self, value: Operand) -> Option<Operand> {
        match self.made_by(value)? {
            Instr::Load { base, .. } => Some(*base),
            _ => None,
        }
    }

    /// The text of a constant.
    #[must_use]
    pub fn constant_text(&self, value: Operand) -> Option<&'p str> {
        match value {
            Operand::Const(id) => match self.file.facts.constant(id) {
                Const::Str(text) => Some(self.file.facts.str(*text)),
                _ => None,
            },
            Operand::Local(_) => None,
        }
    }
}

impl FuncRef<'_> {
    /// The program's symbol of a symbol of this function's file.
    #[must_use]
    pub fn sym(&self, symbol: Symbol) -> Sym {
        self.file
            .symbols
            .get(symbol.index())
            .copied()
            .unwrap_or(Sym::ANY)
    }
    /// The program's number of a module-level variable of this function's file.
    #[must_use]
    pub fn global(&self, global: GlobalId) -> u32 {
        self.file.first_global + global.0
    }
    /// The program's id of a function of the same file.
    #[must_use]
    pub fn sibling(&self, func: FnId) -> FuncId {
        if let Some(copy) = self.copied.and_then(|ids| ids.get(&func)) {
            return *copy;
        }
        FuncId(self.file.first_function + func.0)
    }
    /// The program's id of a class of the same file.
    #[must_use]
    pub fn class(&self, class: ClassId) -> ClassIdx {
        ClassIdx(self.file.first_class + class.0)
    }
    /// The function around it.
    #[must_use]
    pub fn parent(&self) -> Option<FuncId> {
        self.func.parent.map(|p| self.sibling(p))
    }
    /// The last instruction before another one that writes a local. Most often it stands nearby.
    pub(crate) fn written_before(&self, local: LocalId, at: u32) -> Option<u32> {
        let before = self.func.instrs.get(..at as usize)?;
        let near = before.iter().rev().take(NEARBY);
        if let Some(back) = (1..)
            .zip(near)
            .find_map(|(back, instr)| (instr.target() == Some(local)).then_some(back))
        {
            return Some(at - back);
        }
        if before.len() <= NEARBY {
            return None;
        }
        let places = self.writes()?.of(local);
        let end = places.partition_point(|place| *place < at);
        places.get(end.checked_sub(1)?).copied()
    }
    /// The first instruction that writes a local, from a place on.
    fn written_from(&self, local: LocalId, from: u32) -> Option<u32> {
        if self.func.instrs.len() <= NEARBY {
            let mut rest = (from..).zip(self.func.instrs.get(from as usize..)?);
            return rest.find_map(|(at, instr)| (instr.target() == Some(local)).then_some(at));
        }
        let places = self.writes()?.of(local);
        let start = places.partition_point(|place| *place < from);
        places.get(start).copied()
    }
    /// All writes of locals, by local and place: made when it is asked for first, as most functions are never asked.
    fn writes(&self) -> Option<&Writes> {
        let writes = self.file.writes.get(self.fn_id.index())?;
        Some(writes.get_or_init(|| Writes::of_function(self.func)))
    }
    /// The local's kind is a parameter; its position.
    #[must_use]
    pub fn param_of(&self, local: LocalId) -> Option<usize> {
        self.func.params.iter().position(|p| p.local == local)
    }
}

pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
