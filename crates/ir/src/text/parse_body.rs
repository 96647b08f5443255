//! Text → facts: functions, their variables and blocks.

use super::cursor::Parsed;
use super::lex::Tok;
use super::parse::Parser;
use super::parse_instr::Line;
use super::words::{FUNCTIONS, LOCALS, meaning};
use crate::function::{Block, Capture, FnKind, Function, Local, LocalKind, Param};
use crate::ids::{BlockId, CaptureId, FnId, LocalId, Span, Symbol};
use crate::instr::{Range32, Term};
use rustc_hash::FxHashMap;

/// A function while its text is read.
pub(super) struct Body {
    pub(super) id: FnId,
    pub(super) function: Function,
    blocks: FxHashMap<String, BlockId>,
}

impl Parser<'_> {
    pub(super) fn function(&mut self, id: FnId, start: usize) -> Parsed<()> {
        let label = self.cursor.word()?;
        let mut body = Body {
            id,
            function: Function::default(),
            blocks: FxHashMap::default(),
        };
        body.function.kind = if id.index() == 0 {
            FnKind::Module
        } else {
            FnKind::Function
        };
        self.head(&mut body, &label)?;
        let spanned = matches!(self.cursor.peek(), Some(Tok::At(_)));
        body.function.span = self.cursor.span(start);
        body.function.head = self.head_span(start);
        self.cursor.expect("{")?;
        self.declarations(&mut body)?;
        self.find_blocks(&mut body)?;
        loop {
            self.block(&mut body)?;
            if self.cursor.eat("}") {
                break;
            }
        }
        if !spanned {
            body.function.span = self.cursor.span_from(start);
        }
        self.facts.finish_function(id, body.function);
        Ok(())
    }

    fn head(&mut self, body: &mut Body, label: &str) -> Parsed<()> {
        loop {
            if self.cursor.eat_word("async") {
                body.function.is_async = true;
            } else if self.cursor.eat_word("generator") {
                body.function.is_generator = true;
            } else {
                break;
            }
        }
        if let Some(Tok::Word(word)) = self.cursor.peek()
            && let Some(kind) = meaning(FUNCTIONS, word)
        {
            body.function.kind = kind;
            self.cursor.bump();
        }
        body.function.name = self.own_name(label, 'f')?.map(|it| self.facts.symbol(&it));
        let parent = self.find_parent()?;
        body.function.parent = parent;
        if let Some(scope) = self.scopes.get_mut(body.id.index()) {
            scope.parent = parent;
        }
        if self.cursor.eat("(") {
            let mut first = true;
            while self.cursor.next_item(&mut first, ")")? {
                let param = self.param(body)?;
                body.function.params.push(param);
            }
        }
        body.function.returns = self.ty(Some(body.id))?;
        if self.cursor.eat_word("within") {
            self.function_label()?;
        }
        if self.cursor.eat_word("of") {
            body.function.class = Some(self.class_label()?);
        }
        body.function.decorators = self.decorators(parent)?;
        Ok(())
    }

    /// The function around, which decorators of parameters need before it is read.
    fn find_parent(&mut self) -> Parsed<Option<FnId>> {
        let here = self.cursor.position();
        let rest = self
            .cursor
            .tokens()
            .iter()
            .skip(here)
            .take_while(|it| it.tok != Tok::Punct("{"));
        let Some(at) = rest
            .into_iter()
            .position(|it| matches!(&it.tok, Tok::Word(word) if word == "within"))
        else {
            return Ok(None);
        };
        self.cursor.seek(here + at + 1);
        let parent = self.function_label()?;
        self.cursor.seek(here);
        Ok(Some(parent))
    }

    fn param(&mut self, body: &mut Body) -> Parsed<Param> {
        let rest = self.cursor.eat("...");
        let keyword_rest = self.cursor.eat("**");
        let (local, label) = self.local(body)?;
        let named = match self.cursor.peek() {
            Some(Tok::Word(word)) => word != "decorated",
            Some(Tok::Str(_)) => true,
            _ => false,
        };
        let name = if named { Some(self.symbol()?) } else { label };
        let optional = self.cursor.eat("?");
        let ty = self.ty(Some(body.id))?;
        let decorators = self.decorators(body.function.parent)?;
        set_local(
            body,
            local,
            Local {
                kind: LocalKind::Param,
                name,
                captured: false,
                ty: ty.clone(),
            },
        );
        Ok(Param {
            local,
            name,
            rest,
            keyword_rest,
            optional,
            ty,
            decorators,
        })
    }

    fn declarations(&mut self, body: &mut Body) -> Parsed<()> {
        loop {
            if self.cursor.second_is(":") {
                return Ok(());
            } else if self.cursor.eat_word("this") {
                let (local, _) = self.local(body)?;
                set_local(
                    body,
                    local,
                    Local {
                        kind: LocalKind::This,
                        ..Local::default()
                    },
                );
                body.function.this = Some(local);
            } else if self.cursor.eat_word("arguments") {
                let (local, _) = self.local(body)?;
                set_local(
                    body,
                    local,
                    Local {
                        kind: LocalKind::Arguments,
                        ..Local::default()
                    },
                );
                body.function.arguments = Some(local);
            } else if self.cursor.eat_word("capture") {
                self.capture(body)?;
            } else if self.cursor.eat_word("local") {
                let (local, label) = self.local(body)?;
                let word = self.cursor.word()?;
                let Some(kind) = meaning(LOCALS, &word) else {
                    return self
                        .cursor
                        .error("expected what the local is: `temp`, `named`, …");
                };
                let named = match self.cursor.peek() {
                    Some(Tok::Word(word)) => word != "captured",
                    Some(Tok::Str(_)) => true,
                    _ => false,
                };
                let named = named && !self.cursor.at_line_start();
                let name = if named { Some(self.symbol()?) } else { label };
                let captured = !self.cursor.at_line_start() && self.cursor.eat_word("captured");
                let ty = self.ty(Some(body.id))?;
                set_local(
                    body,
                    local,
                    Local {
                        kind,
                        name,
                        captured,
                        ty,
                    },
                );
            } else {
                return Ok(());
            }
        }
    }

    fn capture(&mut self, body: &mut Body) -> Parsed<()> {
        let label = self.cursor.word()?;
        if !self.cursor.eat("=") {
            return match self.capture_by_name(body, &label) {
                Some(capture) => {
                    self.add_capture(body, label, capture);
                    Ok(())
                }
                None => self
                    .cursor
                    .error(format!("no variable `{label}` in the functions around")),
            };
        }
        let parent = body.function.parent;
        let capture = if self.cursor.eat_word("outer") {
            let outer = self.cursor.word()?;
            let known = parent
                .and_then(|it| self.scopes.get(it.index()))
                .and_then(|it| it.captures.get(&outer));
            let numbered = outer
                .strip_prefix('k')
                .and_then(|it| it.parse().ok())
                .map(CaptureId);
            known.copied().or(numbered).map(Capture::Outer)
        } else if let Some(Tok::Local(local)) = self.cursor.bump() {
            self.local_of(parent, &local).map(Capture::Local)
        } else {
            None
        };
        let Some(capture) = capture else {
            return self.cursor.error("no such variable in the function around");
        };
        self.add_capture(body, label, capture);
        Ok(())
    }

    fn add_capture(&mut self, body: &mut Body, label: String, capture: Capture) {
        let id = CaptureId::from(body.function.captures.len());
        body.function.captures.push(capture);
        if let Some(scope) = self.scopes.get_mut(body.id.index()) {
            scope.captures.insert(label, id);
        }
    }

    /// Finds a variable by name in the functions around, which must have been read, and hands it down to `body`.
    fn capture_by_name(&mut self, body: &Body, label: &str) -> Option<Capture> {
        let mut between: Vec<FnId> = Vec::new();
        let mut at = body.function.parent?;
        // A chain of parents longer than the number of functions is a circle.
        for _ in 0..self.scopes.len() {
            let scope = self.scopes.get(at.index())?;
            let mut found = None;
            if let Some(&local) = scope.locals.get(label) {
                let function = self.facts.facts.functions.get_mut(at.index())?;
                function.locals.get_mut(local.index())?.captured = true;
                found = Some(Capture::Local(local));
            } else if let Some(&outer) = scope.captures.get(label) {
                found = Some(Capture::Outer(outer));
            }
            if let Some(mut capture) = found {
                while let Some(function) = between.pop() {
                    let captures = &mut self
                        .facts
                        .facts
                        .functions
                        .get_mut(function.index())?
                        .captures;
                    let id = CaptureId::from(captures.len());
                    captures.push(capture);
                    self.scopes
                        .get_mut(function.index())?
                        .captures
                        .insert(label.to_owned(), id);
                    capture = Capture::Outer(id);
                }
                return Some(capture);
            }
            between.push(at);
            at = scope.parent?;
        }
        None
    }

    /// Labels of blocks: words before a `:` that begin a line.
    fn find_blocks(&mut self, body: &mut Body) -> Parsed<()> {
        let (mut depth, here) = (0_usize, self.cursor.position());
        let tokens = self.cursor.tokens();
        let implicit = !matches!(tokens.get(here + 1), Some(it) if it.tok == Tok::Punct(":"));
        let mut count = usize::from(implicit);
        let colon = |at: usize| {
            tokens
                .get(at + 1)
                .is_some_and(|it| it.tok == Tok::Punct(":"))
        };
        for (at, token) in tokens.iter().enumerate().skip(here) {
            match &token.tok {
                Tok::Punct("{") => depth += 1,
                Tok::Punct("}") if depth == 0 => break,
                Tok::Punct("}") => depth -= 1,
                Tok::Word(word) if depth == 0 && token.first && colon(at) => {
                    let id = BlockId::from(count);
                    if body.blocks.insert(word.clone(), id).is_some() {
                        self.cursor.seek(at);
                        return self.cursor.error("declared twice");
                    }
                    count += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn block_label(&mut self, body: &Body) -> Parsed<BlockId> {
        let Some(Tok::Word(word)) = self.cursor.peek() else {
            return self.cursor.error("expected a block");
        };
        let Some(&id) = body.blocks.get(word) else {
            return self.cursor.error("no such block");
        };
        self.cursor.bump();
        Ok(id)
    }

    fn block(&mut self, body: &mut Body) -> Parsed<()> {
        let mut unwind = None;
        if self.cursor.second_is(":") {
            self.cursor.bump();
            self.cursor.bump();
            if self.cursor.eat_word("unwind") {
                unwind = Some(self.block_label(body)?);
            }
        }
        let first = length(body.function.instrs.len());
        let (term, term_span) = loop {
            if self.cursor.peek().is_none() {
                return self.cursor.error("expected `}`");
            }
            let start = self.cursor.start();
            if self.cursor.is("}") {
                break (Term::Return(None), self.cursor.span_from(start));
            }
            if self.cursor.second_is(":") && self.cursor.at_line_start() {
                let next = BlockId::from(body.function.blocks.len() + 1);
                break (Term::Goto(next), self.cursor.span_from(start));
            }
            match self.line(body)? {
                Line::End(term) => break (term, self.cursor.span(start)),
                Line::Instr(instr) => {
                    body.function.instrs.push(instr);
                    let span: Span = self.cursor.span(start);
                    body.function.spans.push(span);
                }
            }
        };
        let instrs = Range32 {
            start: first,
            end: length(body.function.instrs.len()),
        };
        body.function.blocks.push(Block {
            instrs,
            term,
            term_span,
            unwind,
        });
        Ok(())
    }

    /// `%3`, or `%name`, which becomes a variable of that name where it is first seen.
    pub(super) fn local(&mut self, body: &mut Body) -> Parsed<(LocalId, Option<Symbol>)> {
        let Some(Tok::Local(label)) = self.cursor.peek().cloned() else {
            return self.cursor.error("expected a local");
        };
        let Some(scope) = self.scopes.get_mut(body.id.index()) else {
            return self.cursor.error("no such function");
        };
        let locals = &mut body.function.locals;
        if let Ok(number) = label.parse::<u32>() {
            if !scope.locals.is_empty() {
                return self
                    .cursor
                    .error("numbered and named locals do not mix in one function");
            }
            // A number far beyond the text is a slip, not a program.
            if number as usize > locals.len() + self.cursor.tokens().len() {
                return self.cursor.error("there are not that many locals");
            }
            if number as usize >= locals.len() {
                locals.resize(number as usize + 1, Local::default());
            }
            self.cursor.bump();
            return Ok((LocalId(number), None));
        }
        let name = self.facts.symbol(&label);
        let mut id = LocalId::from(locals.len());
        if let Some(&known) = scope.locals.get(&label) {
            id = known;
        } else if scope.locals.len() < locals.len() {
            return self
                .cursor
                .error("numbered and named locals do not mix in one function");
        } else {
            scope.locals.insert(label, id);
            locals.push(Local {
                kind: LocalKind::Named,
                name: Some(name),
                captured: false,
                ty: None,
            });
        }
        self.cursor.bump();
        Ok((id, Some(name)))
    }
}

fn set_local(body: &mut Body, id: LocalId, local: Local) {
    if let Some(slot) = body.function.locals.get_mut(id.index()) {
        *slot = local;
    }
}

pub(super) fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
