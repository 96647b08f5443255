//! Facts → text.

use super::lex::regex_end;
use super::words::{FUNCTIONS, LANGUAGES, LOCALS, MEMBERS, plain, reserved, word};
use crate::facts::{ClassDef, Const, Export, ExportKind, FileFacts, Member, TypeRef};
use crate::function::{Block, Capture, Decorator, Function, Local, LocalKind, Param};
use crate::ids::{LocalId, Span, Symbol};
use crate::instr::{Operand, VarRef};
use std::fmt::{self, Write};

/// The text of some facts; [`parse`](super::parse) reads back their [canonical](FileFacts::canonical) form.
#[must_use]
pub fn print(facts: &FileFacts) -> String {
    Printer {
        facts,
        out: String::new(),
        spans: true,
    }
    .run()
}

/// The text without spans, for people.
#[must_use]
pub fn print_without_spans(facts: &FileFacts) -> String {
    Printer {
        facts,
        out: String::new(),
        spans: false,
    }
    .run()
}

pub(super) struct Printer<'a> {
    pub(super) facts: &'a FileFacts,
    pub(super) out: String,
    spans: bool,
}

impl Printer<'_> {
    fn run(mut self) -> String {
        // Writing to a string cannot fail.
        let _ = self.file();
        self.out
    }

    fn file(&mut self) -> fmt::Result {
        let facts = self.facts;
        write!(self.out, "file {}", word(LANGUAGES, facts.language))?;
        self.out
            .push_str(if facts.is_module { " module\n" } else { "\n" });
        if facts.stats.syntax_errors + facts.stats.skipped_bodies > 0 {
            writeln!(
                self.out,
                "stats {} {}",
                facts.stats.syntax_errors, facts.stats.skipped_bodies
            )?;
        }
        for note in &facts.notes {
            self.out.push_str("note ");
            self.string(&note.message);
            self.line(note.span)?;
        }
        for (span, comment) in &facts.comments {
            self.out.push_str("comment ");
            self.string(comment);
            self.line(*span)?;
        }
        for (i, import) in facts.imports.iter().enumerate() {
            write!(self.out, "import i{i} ")?;
            match import.specifier {
                Some(specifier) => self.string(facts.str(specifier)),
                None => self.out.push_str("dynamic"),
            }
            self.flag(import.require, " require");
            self.flag(import.type_only, " type");
            self.line(import.span)?;
        }
        for (i, global) in facts.globals.iter().enumerate() {
            write!(self.out, "global g{i} ")?;
            self.name(global.name);
            self.flag(global.constant, " const");
            self.ty(global.ty.as_ref())?;
            self.out.push('\n');
        }
        facts
            .exports
            .iter()
            .try_for_each(|export| self.export(export))?;
        facts
            .classes
            .iter()
            .enumerate()
            .try_for_each(|(i, class)| self.class(i, class))?;
        facts
            .functions
            .iter()
            .enumerate()
            .try_for_each(|(i, function)| self.function(i, function))
    }

    fn export(&mut self, export: &Export) -> fmt::Result {
        self.out.push_str("export ");
        self.name(export.name);
        match export.kind {
            ExportKind::Variable(global) => writeln!(self.out, " = global g{}", global.0),
            ExportKind::All(import) => writeln!(self.out, " = all i{}", import.0),
            ExportKind::From(import, None) => writeln!(self.out, " = i{}.*", import.0),
            ExportKind::From(import, Some(name)) => {
                write!(self.out, " = i{}.", import.0)?;
                self.name(name);
                self.out.push('\n');
                Ok(())
            }
        }
    }

    fn class(&mut self, i: usize, class: &ClassDef) -> fmt::Result {
        write!(self.out, "\nclass c{i}")?;
        self.optional_name(class.name);
        write!(
            self.out,
            " owner f{} constructor f{}",
            class.owner.0, class.constructor.0
        )?;
        self.decorators(&class.decorators)?;
        self.span(class.span)?;
        self.out.push_str(" {\n");
        class
            .members
            .iter()
            .try_for_each(|member| self.member(member))?;
        self.out.push_str("}\n");
        Ok(())
    }

    fn member(&mut self, member: &Member) -> fmt::Result {
        write!(self.out, "  {} ", word(MEMBERS, member.kind))?;
        self.name(member.name);
        if let Some(func) = member.func {
            write!(self.out, " = f{}", func.0)?;
        }
        self.flag(member.is_static, " static");
        self.ty(member.ty.as_ref())?;
        self.decorators(&member.decorators)?;
        self.line(member.span)
    }

    fn function(&mut self, i: usize, it: &Function) -> fmt::Result {
        write!(self.out, "\nfn f{i}")?;
        self.flag(it.is_async, " async");
        self.flag(it.is_generator, " generator");
        write!(self.out, " {}", word(FUNCTIONS, it.kind))?;
        self.optional_name(it.name);
        self.out.push_str(" (");
        for (i, param) in it.params.iter().enumerate() {
            self.flag(i > 0, ", ");
            self.param(param)?;
        }
        self.out.push(')');
        self.ty(it.returns.as_ref())?;
        if let Some(parent) = it.parent {
            write!(self.out, " within f{}", parent.0)?;
        }
        if let Some(class) = it.class {
            write!(self.out, " of c{}", class.0)?;
        }
        self.decorators(&it.decorators)?;
        self.span(it.span)?;
        if self.spans {
            write!(self.out, " head @{}..{}", it.head.start, it.head.end)?;
        }
        self.out.push_str(" {\n");
        if let Some(this) = it.this {
            writeln!(self.out, "  this %{}", this.0)?;
        }
        if let Some(arguments) = it.arguments {
            writeln!(self.out, "  arguments %{}", arguments.0)?;
        }
        for (i, capture) in it.captures.iter().enumerate() {
            match capture {
                Capture::Local(local) => writeln!(self.out, "  capture k{i} = %{}", local.0)?,
                Capture::Outer(outer) => writeln!(self.out, "  capture k{i} = outer k{}", outer.0)?,
            }
        }
        self.locals(it)?;
        it.blocks
            .iter()
            .enumerate()
            .try_for_each(|(i, block)| self.block(i, block, it))?;
        self.out.push_str("}\n");
        Ok(())
    }

    fn param(&mut self, param: &Param) -> fmt::Result {
        self.flag(param.rest, "...");
        self.flag(param.keyword_rest, "**");
        write!(self.out, "%{}", param.local.0)?;
        self.optional_name(param.name);
        self.flag(param.optional, "?");
        self.ty(param.ty.as_ref())?;
        self.decorators(&param.decorators)
    }

    /// Locals that are not what the reader assumes, and the last one where nothing mentions it.
    fn locals(&mut self, function: &Function) -> fmt::Result {
        let mut mentioned = vec![false; function.locals.len()];
        let assumed = function.assumed_locals(&mut mentioned);
        for (i, (local, assumed)) in function.locals.iter().zip(assumed).enumerate() {
            let last_unmentioned =
                i + 1 == function.locals.len() && !mentioned.get(i).copied().unwrap_or(false);
            if *local == assumed && !last_unmentioned {
                continue;
            }
            write!(self.out, "  local %{i} {}", word(LOCALS, local.kind))?;
            self.optional_name(local.name);
            self.flag(local.captured, " captured");
            self.ty(local.ty.as_ref())?;
            self.out.push('\n');
        }
        Ok(())
    }

    fn block(&mut self, i: usize, block: &Block, function: &Function) -> fmt::Result {
        write!(self.out, "  b{i}:")?;
        if let Some(unwind) = block.unwind {
            write!(self.out, " unwind b{}", unwind.0)?;
        }
        self.out.push('\n');
        for (at, instr) in function.block_instrs(block) {
            self.out.push_str("    ");
            self.instr(instr, function)?;
            self.span(function.spans.get(at).copied().unwrap_or_default())?;
            let target = instr
                .target()
                .and_then(|it| function.locals.get(it.index()));
            if let Some(name) = target.and_then(|it| it.name) {
                let name = self.facts.str(name);
                if plain(name) {
                    write!(self.out, "  ; {name}")?;
                }
            }
            self.out.push('\n');
        }
        self.out.push_str("    ");
        self.term(&block.term)?;
        self.line(block.term_span)
    }

    pub(super) fn operand(&mut self, operand: Operand) -> fmt::Result {
        match operand {
            Operand::Local(LocalId(local)) => write!(self.out, "%{local}"),
            Operand::Const(id) => self.constant(self.facts.constant(id)),
        }
    }

    fn constant(&mut self, constant: &Const) -> fmt::Result {
        match *constant {
            Const::Undefined => self.out.write_str("undefined"),
            Const::Null => self.out.write_str("null"),
            Const::Bool(value) => write!(self.out, "{value}"),
            Const::Number(bits) => self.number(bits),
            Const::Str(text) => {
                self.string(self.facts.str(text));
                Ok(())
            }
            Const::Regex(it) => {
                let (pattern, flags) = (self.facts.str(it.pattern), self.facts.str(it.flags));
                let literal = regex_end(&format!("{pattern}/")) == Some(pattern.len());
                if literal && flags.chars().all(|c| c.is_ascii_alphabetic()) {
                    return write!(self.out, "/{pattern}/{flags}");
                }
                self.out.push_str("regex ");
                self.string(pattern);
                self.out.push(' ');
                self.string(flags);
                Ok(())
            }
            Const::Other(text) => {
                self.out.push_str("other ");
                self.string(self.facts.str(text));
                Ok(())
            }
        }
    }

    fn number(&mut self, bits: u64) -> fmt::Result {
        let value = f64::from_bits(bits);
        if bits == f64::NAN.to_bits() {
            self.out.write_str("NaN")
        } else if value.is_nan() {
            write!(self.out, "bits \"{bits:x}\"")
        } else if value.is_infinite() {
            self.out
                .write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
        } else if value.abs() >= 1e21 || (value != 0.0 && value.abs() < 1e-7) {
            write!(self.out, "{value:e}")
        } else {
            write!(self.out, "{value}")
        }
    }

    pub(super) fn var(&mut self, var: VarRef) -> fmt::Result {
        match var {
            VarRef::Global(it) => write!(self.out, "global g{}", it.0),
            VarRef::Captured(it) => write!(self.out, "captured k{}", it.0),
            VarRef::Free(name) => {
                self.out.push_str("free ");
                self.name(name);
                Ok(())
            }
        }
    }

    fn ty(&mut self, ty: Option<&TypeRef>) -> fmt::Result {
        let Some(ty) = ty else { return Ok(()) };
        self.out.push_str(" :");
        if let Some(binding) = ty.binding {
            self.out.push(' ');
            self.var(binding)?;
            self.flag(!ty.path.is_empty(), " as");
        }
        for (i, &segment) in ty.path.iter().enumerate() {
            self.out.push_str(if i == 0 { " " } else { "." });
            self.name(segment);
        }
        for (head, name) in [(" in ", ty.wrapper), (" is ", ty.primitive)] {
            if let Some(name) = name {
                self.out.push_str(head);
                self.name(name);
            }
        }
        self.flag(
            ty.binding.is_none()
                && ty.path.is_empty()
                && ty.wrapper.is_none()
                && ty.primitive.is_none(),
            " *",
        );
        Ok(())
    }

    fn decorators(&mut self, decorators: &[Decorator]) -> fmt::Result {
        if decorators.is_empty() {
            return Ok(());
        }
        self.out.push_str(" decorated (");
        for (i, decorator) in decorators.iter().enumerate() {
            self.flag(i > 0, ", ");
            self.operand(decorator.value)?;
            self.span(decorator.span)?;
        }
        self.out.push(')');
        Ok(())
    }

    pub(super) fn flag(&mut self, on: bool, text: &str) {
        if on {
            self.out.push_str(text);
        }
    }

    fn span(&mut self, span: Span) -> fmt::Result {
        if self.spans {
            write!(self.out, " @{}..{}", span.start, span.end)
        } else {
            Ok(())
        }
    }

    fn line(&mut self, span: Span) -> fmt::Result {
        self.span(span)?;
        self.out.push('\n');
        Ok(())
    }

    fn optional_name(&mut self, name: Option<Symbol>) {
        if let Some(name) = name {
            self.out.push(' ');
            self.name(name);
        }
    }

    /// A name where a word of the grammar could stand too.
    pub(super) fn name(&mut self, name: Symbol) {
        let text = self.facts.str(name);
        if reserved(text) {
            self.string(text)
        } else {
            self.text(text)
        }
    }

    /// A name where nothing else can stand.
    pub(super) fn member_name(&mut self, name: Symbol) {
        self.text(self.facts.str(name));
    }

    pub(super) fn text(&mut self, text: &str) {
        if plain(text) {
            self.out.push_str(text)
        } else {
            self.string(text)
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.out, "\\u{{{:x}}}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

impl Function {
    /// What the text form takes its locals to be where it says nothing; marks those that some place defines or declares.
    fn assumed_locals(&self, mentioned: &mut [bool]) -> Vec<Local> {
        let mut locals = vec![Local::default(); self.locals.len()];
        let mut assume = |id: LocalId, local: Local| {
            if let (Some(slot), Some(mark)) =
                (locals.get_mut(id.index()), mentioned.get_mut(id.index()))
            {
                *slot = local;
                *mark = true;
            }
        };
        for instr in &self.instrs {
            if let Some(to) = instr.target() {
                assume(to, Local::default());
            }
        }
        for param in &self.params {
            let (name, ty) = (param.name, param.ty.clone());
            assume(
                param.local,
                Local {
                    kind: LocalKind::Param,
                    name,
                    captured: false,
                    ty,
                },
            );
        }
        for (id, kind) in [
            (self.this, LocalKind::This),
            (self.arguments, LocalKind::Arguments),
        ] {
            if let Some(id) = id {
                assume(
                    id,
                    Local {
                        kind,
                        ..Local::default()
                    },
                );
            }
        }
        locals
    }
}
