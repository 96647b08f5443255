//! Text → facts: instructions.

use super::cursor::Parsed;
use super::lex::Tok;
use super::parse::Parser;
use super::parse_body::{Body, length};
use super::words::{OPERATORS, meaning};
use crate::ids::{LocalId, Symbol};
use crate::instr::{
    Arg, ArgKey, CallFlags, Instr, IterKind, Key, Operand, Part, PartKey, Range32, Term,
};

/// A line of a block.
pub(super) enum Line {
    Instr(Instr),
    End(Term),
}

impl Parser<'_> {
    pub(super) fn line(&mut self, body: &mut Body) -> Parsed<Line> {
        if let Some(Tok::Local(_)) = self.cursor.peek() {
            let (to, _) = self.local(body)?;
            self.cursor.expect("=")?;
            return self.value(body, to).map(Line::Instr);
        }
        let word = self.cursor.word()?;
        Ok(match word.as_str() {
            "store" => {
                let base = self.operand(body)?;
                let key = self.key(body)?;
                self.cursor.expect("=")?;
                let value = self.operand(body)?;
                Line::Instr(Instr::Store { base, key, value })
            }
            "delete" => {
                let base = self.operand(body)?;
                let key = self.key(body)?;
                Line::Instr(Instr::Delete { base, key })
            }
            "set" => {
                let Some(var) = self.var(Some(body.id))? else {
                    return self.cursor.error("expected `global`, `captured` or `free`");
                };
                self.cursor.expect("=")?;
                let value = self.operand(body)?;
                Line::Instr(Instr::StoreVar { var, value })
            }
            "output" => {
                let escaped = if self.cursor.eat_word("raw") {
                    Some(false)
                } else if self.cursor.eat_word("escaped") {
                    Some(true)
                } else {
                    None
                };
                let value = self.operand(body)?;
                let mut context = String::new();
                if self.cursor.eat_word("in") {
                    context = self.cursor.name()?;
                    while self.cursor.eat(".") {
                        context.push('.');
                        context.push_str(&self.cursor.name()?);
                    }
                }
                let context = self.facts.symbol(&context);
                Line::Instr(Instr::Output {
                    value,
                    context,
                    escaped,
                })
            }
            "goto" => Line::End(Term::Goto(self.block_label(body)?)),
            "if" => {
                let cond = self.operand(body)?;
                self.cursor.expect_word("then")?;
                let yes = self.block_label(body)?;
                self.cursor.expect_word("else")?;
                let no = self.block_label(body)?;
                Line::End(Term::Branch { cond, yes, no })
            }
            "return" => {
                let bare = self.cursor.at_line_start()
                    || self.cursor.is("}")
                    || matches!(self.cursor.peek(), Some(Tok::At(_)));
                Line::End(Term::Return(if bare {
                    None
                } else {
                    Some(self.operand(body)?)
                }))
            }
            "throw" => Line::End(Term::Throw(self.operand(body)?)),
            "unreachable" => Line::End(Term::Unreachable),
            _ => return self.cursor.error(format!("`{word}` is no instruction")),
        })
    }

    /// What follows `%to =`.
    fn value(&mut self, body: &mut Body, to: LocalId) -> Parsed<Instr> {
        if let Some(var) = self.var(Some(body.id))? {
            return Ok(Instr::LoadVar { to, var });
        }
        let word = self.cursor.word()?;
        if let Some(op) = meaning(OPERATORS, &word) {
            return Ok(Instr::Op {
                to,
                op,
                operands: self.list(body)?,
            });
        }
        Ok(match word.as_str() {
            "copy" => Instr::Copy {
                to,
                from: self.operand(body)?,
            },
            "load" => {
                let base = self.operand(body)?;
                Instr::Load {
                    to,
                    base,
                    key: self.key(body)?,
                }
            }
            "object" => Instr::Object {
                to,
                parts: self.parts(body, "{", "}")?,
            },
            "array" => Instr::Array {
                to,
                parts: self.parts(body, "[", "]")?,
            },
            "template" => Instr::Template {
                to,
                operands: self.list(body)?,
            },
            "opaque" => Instr::Opaque {
                to,
                operands: self.list(body)?,
            },
            "closure" => Instr::Closure {
                to,
                func: self.function_label()?,
            },
            "class" => {
                let class = self.class_label()?;
                let base = if self.cursor.eat_word("extends") {
                    Some(self.operand(body)?)
                } else {
                    None
                };
                Instr::Class { to, class, base }
            }
            "call" => self.call(body, to, false)?,
            "new" => self.call(body, to, true)?,
            "import" => {
                let import = self.import_label()?;
                let name = if self.cursor.eat(".") {
                    Some(self.symbol()?)
                } else {
                    None
                };
                Instr::Import { to, import, name }
            }
            "await" => Instr::Await {
                to,
                from: self.operand(body)?,
            },
            "yield" => {
                let delegate = self.cursor.eat("*");
                Instr::Yield {
                    to,
                    value: self.operand(body)?,
                    delegate,
                }
            }
            "next" => Instr::IterNext {
                to,
                of: self.operand(body)?,
                kind: IterKind::Elements,
            },
            "next_key" => Instr::IterNext {
                to,
                of: self.operand(body)?,
                kind: IterKind::Keys,
            },
            "catch" => Instr::Catch { to },
            _ => return self.cursor.error(format!("`{word}` is no instruction")),
        })
    }

    fn call(&mut self, body: &mut Body, to: LocalId, new: bool) -> Parsed<Instr> {
        let mut flags = CallFlags {
            new,
            ..CallFlags::default()
        };
        loop {
            if self.cursor.eat_word("super") {
                flags.super_call = true;
            } else if self.cursor.eat_word("optional") {
                flags.optional = true;
            } else if self.cursor.eat_word("tagged") {
                flags.tagged = true;
            } else {
                break;
            }
        }
        let bare_super = flags.super_call && (self.cursor.is("(") || self.cursor.is_word("this"));
        let callee = if bare_super {
            self.facts.undefined()
        } else {
            self.operand(body)?
        };
        let this = if self.cursor.eat_word("this") {
            Some(self.operand(body)?)
        } else {
            None
        };
        self.cursor.expect("(")?;
        let (mut args, mut first) = (Vec::new(), true);
        while self.cursor.next_item(&mut first, ")")? {
            let key = if self.cursor.eat("...") {
                ArgKey::Spread
            } else if self.cursor.eat("**") {
                ArgKey::KeywordSpread
            } else if self.cursor.second_is(":") {
                let name = self.symbol()?;
                self.cursor.expect(":")?;
                ArgKey::Keyword(name)
            } else {
                ArgKey::Pos
            };
            args.push(Arg {
                key,
                value: self.operand(body)?,
            });
        }
        let args = extend(&mut body.function.args, &args);
        Ok(Instr::Call {
            to,
            callee,
            this,
            args,
            flags,
        })
    }

    fn parts(&mut self, body: &mut Body, open: &str, close: &str) -> Parsed<Range32> {
        self.cursor.expect(open)?;
        let (mut parts, mut first) = (Vec::new(), true);
        while self.cursor.next_item(&mut first, close)? {
            let key = self.part_key(body)?;
            parts.push(Part {
                key,
                value: self.operand(body)?,
            });
        }
        Ok(extend(&mut body.function.parts, &parts))
    }

    fn part_key(&mut self, body: &mut Body) -> Parsed<PartKey> {
        if self.cursor.eat("...") {
            return Ok(PartKey::Spread);
        }
        if self.cursor.eat("[") {
            let key = self.operand(body)?;
            self.cursor.expect("]")?;
            self.cursor.expect(":")?;
            return Ok(PartKey::Computed(key));
        }
        if !self.cursor.second_is(":") {
            let accessor: fn(Symbol) -> PartKey = match self.cursor.peek() {
                Some(Tok::Word(word)) if word == "get" => PartKey::Getter,
                Some(Tok::Word(word)) if word == "set" => PartKey::Setter,
                _ => return Ok(PartKey::Next),
            };
            self.cursor.bump();
            let name = self.symbol()?;
            self.cursor.expect(":")?;
            return Ok(accessor(name));
        }
        let name = self.symbol()?;
        self.cursor.expect(":")?;
        Ok(PartKey::Field(name))
    }

    fn list(&mut self, body: &mut Body) -> Parsed<Range32> {
        self.cursor.expect("(")?;
        let (mut operands, mut first) = (Vec::new(), true);
        while self.cursor.next_item(&mut first, ")")? {
            operands.push(self.operand(body)?);
        }
        Ok(extend(&mut body.function.operands, &operands))
    }

    fn key(&mut self, body: &mut Body) -> Parsed<Key> {
        if self.cursor.eat(".") {
            return Ok(Key::Field(self.symbol()?));
        }
        self.cursor.expect("[")?;
        let key = if self.cursor.eat("=") {
            Key::Computed(self.constant()?)
        } else {
            match self.cursor.peek() {
                Some(Tok::Number(_)) => Key::Index(self.cursor.integer()?),
                Some(Tok::Str(_)) => Key::Field(self.symbol()?),
                _ => Key::Computed(self.operand(body)?),
            }
        };
        self.cursor.expect("]")?;
        Ok(key)
    }

    fn operand(&mut self, body: &mut Body) -> Parsed<Operand> {
        match self.cursor.peek() {
            Some(Tok::Local(_)) => self.local(body).map(|(local, _)| Operand::Local(local)),
            _ => self.constant(),
        }
    }
}

fn extend<T: Copy>(pool: &mut Vec<T>, items: &[T]) -> Range32 {
    let start = length(pool.len());
    pool.extend_from_slice(items);
    Range32 {
        start,
        end: length(pool.len()),
    }
}
