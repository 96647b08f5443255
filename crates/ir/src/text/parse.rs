//! Text → facts: the file around the functions.

use super::cursor::{Cursor, Parsed};
use super::lex::{ParseError, Tok};
use super::words::{LANGUAGES, MEMBERS, meaning};
use crate::build::FactsBuilder;
use crate::facts::{
    Binding, ClassDef, Const, Export, ExportKind, FileFacts, Import, LocalizedNote, Member,
    RegexConst, TypeRef,
};
use crate::function::Decorator;
use crate::ids::{CaptureId, ClassId, FnId, GlobalId, ImportId, LocalId, Span, Symbol};
use crate::instr::{Operand, VarRef};
use rustc_hash::FxHashMap;

/// Reads facts in the text form; they come in their [canonical](FileFacts::canonical) form.
///
/// # Errors
/// The first place where the text is not of the form, or a label that nothing declares.
pub fn parse(text: &str) -> Result<FileFacts, ParseError> {
    let mut parser = Parser {
        cursor: Cursor::new(text)?,
        facts: FactsBuilder::default(),
        labels: Labels::default(),
        scopes: Vec::new(),
    };
    let items = parser.declare()?;
    parser.header()?;
    // Functions first: decorators of classes name locals of theirs.
    for functions in [true, false] {
        for item in &items {
            if functions == matches!(item.kind, ItemKind::Function) {
                parser.cursor.seek(item.at);
                parser.item(item)?;
            }
        }
    }
    Ok(parser.facts.finish().canonical())
}

/// What the labels of the file stand for.
#[derive(Default)]
pub(super) struct Labels {
    pub(super) functions: FxHashMap<String, u32>,
    pub(super) classes: FxHashMap<String, u32>,
    pub(super) globals: FxHashMap<String, u32>,
    pub(super) imports: FxHashMap<String, u32>,
}

/// What the labels of a function stand for.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) parent: Option<FnId>,
    pub(super) locals: FxHashMap<String, LocalId>,
    pub(super) captures: FxHashMap<String, CaptureId>,
}

pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) facts: FactsBuilder,
    pub(super) labels: Labels,
    pub(super) scopes: Vec<Scope>,
}

#[derive(Clone, Copy)]
enum ItemKind {
    Import,
    Global,
    Export,
    Class,
    Function,
    Note,
    Comment,
}

/// A top-level item: its keyword stands at `at`, it is number `index` of its kind.
struct Item {
    kind: ItemKind,
    index: usize,
    at: usize,
}

impl Parser<'_> {
    /// Finds all items, so that labels may be used before they are declared.
    fn declare(&mut self) -> Parsed<Vec<Item>> {
        let (mut items, mut depth, mut functions) = (Vec::new(), 0_usize, 0);
        for (at, token) in self.cursor.tokens().iter().enumerate() {
            match &token.tok {
                Tok::Punct("{") => depth += 1,
                Tok::Punct("}") => depth = depth.saturating_sub(1),
                Tok::Word(word) if depth == 0 && token.first => {
                    let (kind, labels) = match word.as_str() {
                        "import" => (ItemKind::Import, Some(&mut self.labels.imports)),
                        "global" => (ItemKind::Global, Some(&mut self.labels.globals)),
                        "class" => (ItemKind::Class, Some(&mut self.labels.classes)),
                        "fn" => (ItemKind::Function, Some(&mut self.labels.functions)),
                        "export" => (ItemKind::Export, None),
                        "note" => (ItemKind::Note, None),
                        "comment" => (ItemKind::Comment, None),
                        _ => continue,
                    };
                    let mut index = 0;
                    if let Some(labels) = labels {
                        index = labels.len();
                        let Some(Tok::Word(label)) =
                            self.cursor.tokens().get(at + 1).map(|it| &it.tok)
                        else {
                            self.cursor.seek(at + 1);
                            return self.cursor.error("expected a label");
                        };
                        let id = u32::try_from(index).unwrap_or(u32::MAX);
                        if labels.insert(label.clone(), id).is_some() {
                            self.cursor.seek(at + 1);
                            return self.cursor.error("declared twice");
                        }
                    }
                    functions += usize::from(matches!(kind, ItemKind::Function));
                    items.push(Item { kind, index, at });
                }
                _ => {}
            }
        }
        for _ in 0..functions {
            self.facts.reserve_function();
            self.scopes.push(Scope::default());
        }
        Ok(items)
    }

    fn header(&mut self) -> Parsed<()> {
        if self.cursor.eat_word("file") {
            let language = self.cursor.word()?;
            let Some(language) = meaning(LANGUAGES, &language) else {
                return self.cursor.error("unknown language");
            };
            self.facts.facts.language = language;
            self.facts.facts.is_module =
                !self.cursor.at_line_start() && self.cursor.eat_word("module");
        }
        if self.cursor.eat_word("stats") {
            self.facts.facts.stats.syntax_errors = self.cursor.integer()?;
            self.facts.facts.stats.skipped_bodies = self.cursor.integer()?;
        }
        self.item_end()
    }

    /// What follows an item is another one.
    fn item_end(&self) -> Parsed<()> {
        match self.cursor.peek() {
            None => Ok(()),
            Some(Tok::Word(word))
                if self.cursor.at_line_start()
                    && matches!(
                        word.as_str(),
                        "import" | "global" | "class" | "fn" | "export" | "note" | "comment"
                    ) =>
            {
                Ok(())
            }
            Some(_) => self
                .cursor
                .error("expected `import`, `global`, `export`, `class` or `fn`"),
        }
    }

    fn item(&mut self, item: &Item) -> Parsed<()> {
        let start = self.cursor.start();
        self.cursor.bump();
        match item.kind {
            ItemKind::Note => {
                let message = self.cursor.string()?;
                let span = self.cursor.span(start);
                self.facts.facts.notes.push(LocalizedNote { message, span });
            }
            ItemKind::Comment => {
                let text = self.cursor.string()?;
                let span = self.cursor.span(start);
                self.facts.facts.comments.push((span, text));
            }
            ItemKind::Import => self.import(start)?,
            ItemKind::Global => self.global()?,
            ItemKind::Export => self.export()?,
            ItemKind::Class => self.class(start)?,
            ItemKind::Function => self.function(FnId::from(item.index), start)?,
        }
        self.item_end()
    }

    fn import(&mut self, start: usize) -> Parsed<()> {
        self.cursor.word()?;
        let specifier = if self.cursor.eat_word("dynamic") {
            None
        } else {
            Some(self.cursor.string()?)
        };
        let specifier = specifier.map(|it| self.facts.symbol(&it));
        let require = self.cursor.eat_word("require");
        let type_only = self.cursor.eat_word("type");
        let span = self.cursor.span(start);
        self.facts.facts.imports.push(Import {
            specifier,
            require,
            type_only,
            span,
        });
        Ok(())
    }

    fn global(&mut self) -> Parsed<()> {
        let label = self.cursor.word()?;
        let name = self.own_name(&label, 'g')?.unwrap_or_default();
        let name = self.facts.symbol(&name);
        let constant = !self.cursor.at_line_start() && self.cursor.eat_word("const");
        let ty = self.ty(None)?;
        self.facts
            .facts
            .globals
            .push(Binding { name, constant, ty });
        Ok(())
    }

    /// The name behind a label, or the label itself where it is not a plain number.
    pub(super) fn own_name(&mut self, label: &str, letter: char) -> Parsed<Option<String>> {
        let next = match self.cursor.peek() {
            Some(Tok::Str(_)) => true,
            Some(Tok::Word(word)) => !matches!(
                word.as_str(),
                "const" | "owner" | "within" | "of" | "decorated" | "head"
            ),
            _ => false,
        };
        if next && !self.cursor.at_line_start() {
            return self.cursor.name().map(Some);
        }
        let numbered = label
            .strip_prefix(letter)
            .is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()));
        Ok((!numbered).then(|| label.to_owned()))
    }

    fn export(&mut self) -> Parsed<()> {
        let name = self.symbol()?;
        self.cursor.expect("=")?;
        let kind = if self.cursor.eat_word("global") {
            ExportKind::Variable(self.global_label()?)
        } else if self.cursor.eat_word("all") {
            ExportKind::All(self.import_label()?)
        } else {
            let import = self.import_label()?;
            self.cursor.expect(".")?;
            let name = if self.cursor.eat("*") {
                None
            } else {
                Some(self.symbol()?)
            };
            ExportKind::From(import, name)
        };
        self.facts.facts.exports.push(Export { name, kind });
        Ok(())
    }

    fn class(&mut self, start: usize) -> Parsed<()> {
        let label = self.cursor.word()?;
        let name = self.own_name(&label, 'c')?.map(|it| self.facts.symbol(&it));
        self.cursor.expect_word("owner")?;
        let owner = self.function_label()?;
        self.cursor.expect_word("constructor")?;
        let constructor = self.function_label()?;
        let decorators = self.decorators(Some(owner))?;
        let span = self.cursor.span(start);
        self.cursor.expect("{")?;
        let mut members = Vec::new();
        while !self.cursor.eat("}") {
            members.push(self.member(owner)?);
        }
        self.facts.facts.classes.push(ClassDef {
            name,
            owner,
            constructor,
            members,
            decorators,
            span,
        });
        Ok(())
    }

    fn member(&mut self, owner: FnId) -> Parsed<Member> {
        let start = self.cursor.start();
        let word = self.cursor.word()?;
        let Some(kind) = meaning(MEMBERS, &word) else {
            return self
                .cursor
                .error("expected `method`, `getter`, `setter` or `field`");
        };
        let name = self.symbol()?;
        let func = if self.cursor.eat("=") {
            Some(self.function_label()?)
        } else {
            None
        };
        let is_static = self.cursor.eat_word("static");
        let ty = self.ty(None)?;
        let decorators = self.decorators(Some(owner))?;
        let span = self.cursor.span(start);
        Ok(Member {
            name,
            kind,
            is_static,
            func,
            ty,
            decorators,
            span,
        })
    }

    pub(super) fn symbol(&mut self) -> Parsed<Symbol> {
        let name = self.cursor.name()?;
        Ok(self.facts.symbol(&name))
    }

    fn label(
        &mut self,
        what: &str,
        find: impl Fn(&Labels) -> &FxHashMap<String, u32>,
    ) -> Parsed<u32> {
        let found = match self.cursor.peek() {
            Some(Tok::Word(word)) => find(&self.labels).get(word).copied(),
            _ => None,
        };
        let Some(id) = found else {
            return self.cursor.error(format!("expected the label of {what}"));
        };
        self.cursor.bump();
        Ok(id)
    }
    pub(super) fn function_label(&mut self) -> Parsed<FnId> {
        self.label("a function", |it| &it.functions).map(FnId)
    }
    pub(super) fn class_label(&mut self) -> Parsed<ClassId> {
        self.label("a class", |it| &it.classes).map(ClassId)
    }
    pub(super) fn global_label(&mut self) -> Parsed<GlobalId> {
        self.label("a global", |it| &it.globals).map(GlobalId)
    }
    pub(super) fn import_label(&mut self) -> Parsed<ImportId> {
        self.label("an import", |it| &it.imports).map(ImportId)
    }

    /// `global g0`, `captured k0`, `free name`, where one stands; captures are those of `function`.
    pub(super) fn var(&mut self, function: Option<FnId>) -> Parsed<Option<VarRef>> {
        if self.cursor.eat_word("global") {
            return Ok(Some(VarRef::Global(self.global_label()?)));
        }
        if self.cursor.eat_word("free") {
            return Ok(Some(VarRef::Free(self.symbol()?)));
        }
        if !self.cursor.is_word("captured") {
            return Ok(None);
        }
        self.cursor.bump();
        let label = self.cursor.word()?;
        let scope = function.and_then(|it| self.scopes.get(it.index()));
        let known = scope.and_then(|it| it.captures.get(&label)).copied();
        let numbered = label
            .strip_prefix('k')
            .and_then(|it| it.parse().ok())
            .map(CaptureId);
        match known.or(numbered) {
            Some(id) => Ok(Some(VarRef::Captured(id))),
            None => self
                .cursor
                .error(format!("no capture `{label}` in this function")),
        }
    }

    /// `: binding as path in wrapper is primitive`, where one stands.
    pub(super) fn ty(&mut self, function: Option<FnId>) -> Parsed<Option<TypeRef>> {
        if !self.cursor.eat(":") {
            return Ok(None);
        }
        if self.cursor.eat("*") {
            return Ok(Some(TypeRef {
                binding: None,
                path: Vec::new(),
                wrapper: None,
                primitive: None,
            }));
        }
        let binding = self.var(function)?;
        let mut path = Vec::new();
        let named = !self.cursor.is_word("in") && !self.cursor.is_word("is");
        if if binding.is_some() {
            self.cursor.eat_word("as")
        } else {
            named
        } {
            path.push(self.symbol()?);
            while self.cursor.eat(".") {
                path.push(self.symbol()?);
            }
        }
        let wrapper = if self.cursor.eat_word("in") {
            Some(self.symbol()?)
        } else {
            None
        };
        let primitive = if self.cursor.eat_word("is") {
            Some(self.symbol()?)
        } else {
            None
        };
        Ok(Some(TypeRef {
            binding,
            path,
            wrapper,
            primitive,
        }))
    }

    /// `decorated (…)`, where it stands: operands of `owner`.
    pub(super) fn decorators(&mut self, owner: Option<FnId>) -> Parsed<Vec<Decorator>> {
        let mut decorators = Vec::new();
        if !self.cursor.eat_word("decorated") {
            return Ok(decorators);
        }
        self.cursor.expect("(")?;
        let mut first = true;
        while self.cursor.next_item(&mut first, ")")? {
            let start = self.cursor.start();
            let value = match self.cursor.peek() {
                Some(Tok::Local(label)) => {
                    let label = label.clone();
                    let Some(local) = self.local_of(owner, &label) else {
                        return self.cursor.error("no such local in the function around");
                    };
                    self.cursor.bump();
                    Operand::Local(local)
                }
                _ => self.constant()?,
            };
            decorators.push(Decorator {
                value,
                span: self.cursor.span(start),
            });
        }
        Ok(decorators)
    }

    /// A local of a function that has been read, or any numbered one.
    pub(super) fn local_of(&self, function: Option<FnId>, label: &str) -> Option<LocalId> {
        let scope = function.and_then(|it| self.scopes.get(it.index()));
        let named = scope.and_then(|it| it.locals.get(label)).copied();
        named.or_else(|| label.parse().ok().map(LocalId))
    }

    /// A constant as an operand.
    pub(super) fn constant(&mut self) -> Parsed<Operand> {
        let Some(tok) = self.cursor.peek().cloned() else {
            return self.cursor.error("expected a value");
        };
        let constant = match tok {
            Tok::Number(bits) => Const::Number(bits),
            Tok::Str(text) => Const::Str(self.facts.symbol(&text)),
            Tok::Regex(pattern, flags) => self.pattern(&pattern, &flags),
            Tok::Word(word) => return self.worded_constant(&word),
            _ => return self.cursor.error("expected a value"),
        };
        self.cursor.bump();
        Ok(Operand::Const(self.facts.constant(constant)))
    }

    fn worded_constant(&mut self, word: &str) -> Parsed<Operand> {
        let failure = self.cursor.failure("expected a value");
        self.cursor.bump();
        let constant = match word {
            "undefined" => Const::Undefined,
            "null" => Const::Null,
            "true" => Const::Bool(true),
            "false" => Const::Bool(false),
            "NaN" => Const::Number(f64::NAN.to_bits()),
            "Infinity" => Const::Number(f64::INFINITY.to_bits()),
            "bits" => {
                let digits = self.cursor.string()?;
                Const::Number(u64::from_str_radix(&digits, 16).map_err(|_| failure)?)
            }
            "other" => {
                let text = self.cursor.string()?;
                Const::Other(self.facts.symbol(&text))
            }
            "regex" => {
                let pattern = self.cursor.string()?;
                let flags = self.cursor.string()?;
                self.pattern(&pattern, &flags)
            }
            _ => return Err(failure),
        };
        Ok(Operand::Const(self.facts.constant(constant)))
    }

    fn pattern(&mut self, pattern: &str, flags: &str) -> Const {
        Const::Regex(RegexConst {
            pattern: self.facts.symbol(pattern),
            flags: self.facts.symbol(flags),
        })
    }

    /// The span after `head`, or the text from `start`.
    pub(super) fn head_span(&mut self, start: usize) -> Span {
        if self.cursor.eat_word("head") {
            self.cursor.span(start)
        } else {
            self.cursor.span_from(start)
        }
    }
}
