//! Tags of the Jinja family.

use super::expr::{Expr, Kind, Reader};
use super::lex::{Tok, Token, tokens};
use super::{Writer, emit};
use crate::names::bindable;
use std::ops::Range;

/// A tag that waits for its end.
pub(super) struct Open {
    pub(super) name: String,
    /// Braces of the script to close.
    braces: usize,
    /// What else ends with it.
    scope: bool,
    autoescape: bool,
    pub(super) at: Range<usize>,
}

impl Writer<'_> {
    pub(super) fn tag(&mut self, inside: Range<usize>, at: Range<usize>) {
        let all = tokens(self.script.text, inside.clone());
        let Some((
            Token {
                tok: Tok::Name(name),
                range,
            },
            rest,
        )) = all.split_first()
        else {
            self.script.error("a tag without a name", at);
            return;
        };
        if let Some(ended) = name.strip_prefix("end") {
            // `{% end %}` of Tornado.
            let last = self.open.last().map(|it| it.name.clone());
            match last {
                Some(last) if ended.is_empty() => self.end(&last, at),
                _ => self.end(ended, at),
            }
            return;
        }
        let inside = range.end..inside.end;
        match name.as_str() {
            "for" | "asyncEach" | "asyncAll" => self.for_each(name, rest, at),
            "if" | "ifAsync" => {
                self.condition("if (", rest, &at);
                self.open(name, 1, true, at);
            }
            "elif" | "elseif" => self.condition("} else if (", rest, &at),
            "else"
                if rest
                    .first()
                    .is_some_and(|it| it.tok == Tok::Name("if".to_owned())) =>
            {
                self.condition("} else if (", rest.get(1..).unwrap_or(&[]), &at);
            }
            "else" | "empty" => self.otherwise(at),
            "raw" if !rest.is_empty() => self.output(inside, at, Some(false)),
            "switch" => self.open("switch", 0, true, at),
            "case" | "default" => {
                self.script.glue("if (__locals.__any) {}\n", at);
            }
            "set" => self.set(rest, at),
            "with" => {
                self.script.glue("{\n", at.clone());
                self.open(name, 1, true, at.clone());
                self.with(rest, &at);
            }
            "block" => self.open(name, 0, true, at),
            "autoescape" => {
                let off = matches!(rest.first(), Some(Token { tok: Tok::Name(it), .. }) if it == "false" || it == "off");
                let on = matches!(
                    rest.first(),
                    None | Some(Token {
                        tok: Tok::Name(_),
                        ..
                    })
                ) && !off;
                self.autoescape.push(if off {
                    Some(false)
                } else if on {
                    Some(true)
                } else {
                    None
                });
                self.open(name, 0, true, at);
                self.last_open(|it| it.autoescape = true);
            }
            "filter" | "spaceless" | "raw" | "verbatim" => self.open(name, 0, false, at),
            "macro" | "fragment" => self.macro_(name, rest, at),
            "call" => self.call(rest, at),
            "extends" => self.parents.push((inside, at)),
            "include" => self.include(rest, &at),
            "import" => self.import(rest, &at),
            "from" => self.from(rest, &at),
            "parent" | "super" => {}
            "load" | "csrf_token" | "static" | "now" | "url" | "templatetag" | "lorem"
            | "debug" | "get_static_prefix" | "get_media_prefix" | "comment" | "module"
            | "pluralize" | "break" | "continue" | "trans" | "translate"
                if self.python && !(name == "trans" && self.is_block(rest)) =>
            {
                self.bind_result(rest, &at);
            }
            "trans" | "blocktrans" | "blocktranslate" | "cache" | "ifchanged" | "localize"
            | "language" | "thumbnail"
                if self.python =>
            {
                self.open(name, 0, true, at.clone());
                self.with(rest, &at);
            }
            "cycle" | "firstof" if self.python => {
                let mut reader = self.reader(rest);
                let mut values = Vec::new();
                while let Some(value) = reader.expr() {
                    values.push(value.range.clone());
                }
                for value in values {
                    self.output(value, at.clone(), None);
                }
            }
            "while" => {
                self.condition("while (", rest, &at);
                self.open(name, 1, true, at);
            }
            "render" | "do" => {
                let value = self.reader(rest).expr();
                self.value(value.as_ref(), rest, &at);
                self.script.glue(";\n", at);
            }
            _ => {
                self.script.note(
                    format!("the tag `{name}` is not known: what it writes is not analysed"),
                    at.clone(),
                );
                emit::rough(&mut self.script, &self.scopes, rest, &at);
                self.script.glue(";\n", at.clone());
                self.bind_result(rest, &at);
            }
        }
    }

    /// Whether `{% trans … %}` is the start of a block, as in Jinja, and no tag of its own, as in Django.
    fn is_block(&self, tokens: &[Token]) -> bool {
        !matches!(
            tokens.first(),
            Some(Token {
                tok: Tok::Str(_),
                ..
            })
        )
    }

    /// `{% name … as x %}` binds what it makes.
    fn bind_result(&mut self, tokens: &[Token], at: &Range<usize>) {
        if let [
            ..,
            Token {
                tok: Tok::Name(word),
                ..
            },
            Token {
                tok: Tok::Name(name),
                ..
            },
        ] = tokens
            && word == "as"
        {
            self.script
                .glue(&format!("var {} = \"\";\n", bindable(name)), at.clone());
            self.scopes.bind(name);
        }
    }

    fn open(&mut self, name: &str, braces: usize, scope: bool, at: Range<usize>) {
        if scope {
            self.scopes.push();
        }
        self.open.push(Open {
            name: name.to_owned(),
            braces,
            scope,
            autoescape: false,
            at,
        });
    }

    fn last_open(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(last) = self.open.last_mut() {
            change(last);
        }
    }

    /// Whether the innermost open tag is a condition.
    fn in_condition(&self) -> bool {
        self.open
            .last()
            .is_some_and(|it| matches!(it.name.as_str(), "if" | "ifAsync"))
    }

    /// `{% else %}` of a condition, or of a loop over nothing.
    fn otherwise(&mut self, at: Range<usize>) {
        if self.in_condition() {
            self.script.glue("} else {\n", at);
        } else if let Some(open) = self.open.last_mut()
            && matches!(open.name.as_str(), "for" | "asyncEach" | "asyncAll")
        {
            let braces = std::mem::replace(&mut open.braces, 1);
            self.script
                .glue(&format!("{} {{\n", "}".repeat(braces)), at);
        }
    }

    pub(super) fn tag_end(&mut self, name: &str, at: Range<usize>) {
        self.end(name, at);
    }

    fn end(&mut self, name: &str, at: Range<usize>) {
        let matches = |it: &Open| {
            it.name == name
                || (name == "each" && it.name == "asyncEach")
                || (name == "all" && it.name == "asyncAll")
                || (name == "if" && it.name == "ifAsync")
        };
        let Some(index) = self.open.iter().rposition(matches) else {
            // The end of a tag that is not known.
            return;
        };
        for open in self.open.split_off(index).into_iter().rev() {
            self.close(&open, at.clone());
        }
    }

    pub(super) fn close(&mut self, open: &Open, at: Range<usize>) {
        if open.braces > 0 {
            self.script.glue(&"}".repeat(open.braces), at.clone());
            self.script.glue("\n", at);
        }
        if open.scope {
            self.scopes.pop();
        }
        if open.autoescape {
            self.autoescape.pop();
        }
    }

    fn condition(&mut self, head: &str, tokens: &[Token], at: &Range<usize>) {
        if !head.starts_with("if") && !self.in_condition() {
            return;
        }
        let value = self.reader(tokens).expr();
        self.script.glue(head, at.clone());
        self.value(value.as_ref(), tokens, at);
        self.script.glue(") {\n", at.clone());
    }

    fn for_each(&mut self, name: &str, tokens: &[Token], at: Range<usize>) {
        let mut reader = self.reader(tokens);
        let bracket = reader.eat_op("[") || reader.eat_op("(");
        let mut names = Vec::new();
        while let Some((name, range)) = reader.name() {
            names.push((name, range));
            if !reader.eat_op(",") {
                break;
            }
        }
        if bracket && !reader.eat_op("]") {
            reader.eat_op(")");
        }
        let of_tokens = if reader.eat_name("in") {
            reader.rest()
        } else {
            tokens
        };
        let of = reader.expr();
        match names.as_slice() {
            [only] => {
                self.script
                    .glue(&format!("for (const {} of ", bindable(&only.0)), at.clone());
                self.value(of.as_ref(), of_tokens, &at);
                self.script.glue(") { const loop = {};\n", at.clone());
                self.open(name, 1, true, at);
            }
            _ if self.python => {
                let list: Vec<_> = names.iter().map(|it| bindable(&it.0)).collect();
                let head = format!("for (const [{}] of ", list.join(", "));
                self.script.glue(&head, at.clone());
                // Pairs of a mapping: `x.items()`, in Django `x.items`.
                let mapping = of.as_ref().and_then(|it| match &it.kind {
                    Kind::Member(of, name) => (name == "items").then_some(of),
                    Kind::Call(callee, _) => match &callee.kind {
                        Kind::Member(of, name) => {
                            matches!(name.as_str(), "items" | "iteritems").then_some(of)
                        }
                        _ => None,
                    },
                    _ => None,
                });
                match mapping {
                    Some(of) => {
                        self.script.glue("Object.entries(", at.clone());
                        emit::expr(&mut self.script, &self.scopes, of);
                        self.script.glue(")", at.clone());
                    }
                    None => self.value(of.as_ref(), of_tokens, &at),
                }
                self.script.glue(") { const loop = {};\n", at.clone());
                self.open(name, 1, true, at);
            }
            _ => {
                let temporary = format!("__of{}", self.temporaries);
                self.temporaries += 1;
                self.script
                    .glue(&format!("{{ const {temporary} = "), at.clone());
                self.value(of.as_ref(), of_tokens, &at);
                let key = names
                    .first()
                    .map_or_else(|| "__key".to_owned(), |it| bindable(&it.0));
                let head = format!("; for (const {key} in {temporary}) {{ const loop = {{}};\n");
                self.script.glue(&head, at.clone());
                if let [_, values @ ..] = names.as_slice() {
                    for (value, _) in values {
                        let line = format!("const {} = {temporary}[{key}];\n", bindable(value));
                        self.script.glue(&line, at.clone());
                    }
                }
                self.open(name, 2, true, at);
            }
        }
        self.scopes.bind("loop");
        if self.python {
            self.scopes.bind("forloop");
        }
        names.iter().for_each(|(name, _)| self.scopes.bind(name));
    }

    fn set(&mut self, tokens: &[Token], at: Range<usize>) {
        let mut reader = self.reader(tokens);
        let mut targets: Vec<Expr> = Vec::new();
        while let Some(target) = reader.expr() {
            targets.push(target);
            if !reader.eat_op(",") {
                break;
            }
        }
        if !reader.eat_op("=") {
            // `{% set x %}…{% endset %}` keeps what stands between: that is written here already.
            self.open("set", 0, false, at);
            return;
        }
        let value_tokens = reader.rest();
        let value = reader.expr();
        for target in &targets {
            if !matches!(
                target.kind,
                Kind::Name(_) | Kind::Member(..) | Kind::Index(..)
            ) {
                continue;
            }
            emit::expr(&mut self.script, &self.scopes, target);
            self.script.glue(" = ", at.clone());
            self.value(value.as_ref(), value_tokens, &at);
            self.script.glue(";\n", at.clone());
        }
    }

    fn with(&mut self, tokens: &[Token], at: &Range<usize>) {
        if let [
            first @ ..,
            Token {
                tok: Tok::Name(word),
                ..
            },
            Token {
                tok: Tok::Name(name),
                ..
            },
        ] = tokens
            && word == "as"
        {
            let value = self.reader(first).expr();
            self.script
                .glue(&format!("const {} = ", bindable(name)), at.clone());
            self.value(value.as_ref(), first, at);
            self.script.glue(";\n", at.clone());
            self.scopes.bind(name);
            return;
        }
        // `{% blocktrans with a=b %}`
        let tokens = match tokens.split_first() {
            Some((
                Token {
                    tok: Tok::Name(word),
                    ..
                },
                rest,
            )) if word == "with" => rest,
            _ => tokens,
        };
        let mut reader = self.reader(tokens);
        while let Some((name, _)) = reader.name() {
            if !reader.eat_op("=") {
                break;
            }
            let value = reader.expr();
            self.script
                .glue(&format!("const {} = ", bindable(&name)), at.clone());
            self.value(value.as_ref(), tokens, at);
            self.script.glue(";\n", at.clone());
            self.scopes.bind(&name);
            reader.eat_op(",");
        }
    }

    /// Parameters in brackets (Nunjucks) or after one another (Swig).
    fn params(&mut self, reader: &mut Reader<'_>, at: &Range<usize>) {
        let _ = reader.eat_op("(");
        let mut first = true;
        while let Some((name, _)) = reader.name() {
            self.script.glue(if first { "" } else { ", " }, at.clone());
            self.script.glue(&bindable(&name), at.clone());
            first = false;
            if reader.eat_op("=") {
                let value = reader.expr();
                self.script.glue(" = ", at.clone());
                self.value(value.as_ref(), &[], at);
            }
            self.scopes.bind(&name);
            reader.eat_op(",");
        }
        reader.eat_op(")");
    }

    pub(super) fn macro_(&mut self, tag: &str, tokens: &[Token], at: Range<usize>) {
        let mut reader = self.reader(tokens);
        let name = reader
            .name()
            .map_or_else(|| "__macro".to_owned(), |it| it.0);
        self.script
            .glue(&format!("function {}(", bindable(&name)), at.clone());
        self.open(tag, 1, true, at.clone());
        self.params(&mut reader, &at);
        self.script.glue(") {\n", at);
    }

    fn call(&mut self, tokens: &[Token], at: Range<usize>) {
        self.script.glue("{\n", at.clone());
        self.open("call", 1, true, at.clone());
        let mut reader = self.reader(tokens);
        if reader.is_op("(") {
            self.script.glue("let ", at.clone());
            let mut names = Vec::new();
            reader.eat_op("(");
            while let Some((name, _)) = reader.name() {
                names.push(bindable(&name));
                self.scopes.bind(&name);
                reader.eat_op(",");
            }
            reader.eat_op(")");
            names.push("__caller".to_owned());
            self.script
                .glue(&format!("{};\n", names.join(", ")), at.clone());
        }
        let rest = reader.rest();
        let value = reader.expr();
        self.value(value.as_ref(), rest, &at);
        self.script.glue(";\n", at);
    }

    fn include(&mut self, tokens: &[Token], at: &Range<usize>) {
        let mut reader = self.reader(tokens);
        let name = reader.expr();
        let mut given = None;
        let mut only = false;
        while reader.token().is_some() {
            if reader.eat_name("only") {
                only = true;
            } else if reader.eat_name("with") && !reader.is_name("context") {
                given = if self.python {
                    Some(members(&mut reader, at))
                } else {
                    reader.expr()
                };
            } else if reader.name().is_none() {
                break;
            }
        }
        let given = given.as_ref().map(|it| (it, only));
        self.call_template(name.as_ref(), tokens, given, at);
    }

    fn required(&mut self, value: Option<&Expr>, tokens: &[Token], at: &Range<usize>) {
        match value.map(|it| &it.kind) {
            Some(Kind::Str(text)) => {
                let text = text.clone();
                self.script.glue("require(", at.clone());
                self.script.string(&text, at.clone());
                self.script.glue(")", at.clone());
            }
            _ => {
                self.include_computed(at);
                self.value(value, tokens, at);
                self.script.glue(")", at.clone());
            }
        }
    }

    /// `{% import "x" as y %}`
    fn import(&mut self, tokens: &[Token], at: &Range<usize>) {
        let mut reader = self.reader(tokens);
        let value = reader.expr();
        let name = if reader.eat_name("as") {
            reader.name()
        } else {
            None
        };
        let Some((name, _)) = name else { return };
        self.script
            .glue(&format!("var {} = ", bindable(&name)), at.clone());
        self.required(value.as_ref(), tokens, at);
        self.script.glue(";\n", at.clone());
        self.scopes.bind(&name);
    }

    /// `{% from "x" import a, b as c %}`
    fn from(&mut self, tokens: &[Token], at: &Range<usize>) {
        let mut reader = self.reader(tokens);
        let value = reader.expr();
        if !reader.eat_name("import") {
            return;
        }
        let mut names = Vec::new();
        while let Some((name, _)) = reader.name() {
            let alias = if reader.eat_name("as") {
                reader.name().map(|it| it.0)
            } else {
                None
            };
            names.push((name.clone(), alias.unwrap_or(name)));
            if !reader.eat_op(",") {
                break;
            }
        }
        let members: Vec<_> = names
            .iter()
            .map(|(name, alias)| format!("{}: {}", crate::script::literal(name), bindable(alias)))
            .collect();
        self.script
            .glue(&format!("var {{{}}} = ", members.join(", ")), at.clone());
        self.required(value.as_ref(), tokens, at);
        self.script.glue(";\n", at.clone());
        names.iter().for_each(|(_, alias)| self.scopes.bind(alias));
    }
}

/// `a=b c=d` as an object.
fn members(reader: &mut Reader<'_>, at: &Range<usize>) -> Expr {
    let mut list = Vec::new();
    while !reader.is_name("only")
        && let Some((name, range)) = reader.name()
    {
        if !reader.eat_op("=") {
            break;
        }
        let Some(value) = reader.expr() else { break };
        let key = Expr {
            kind: Kind::Str(name),
            range,
        };
        list.push((key, value));
        reader.eat_op(",");
    }
    Expr {
        kind: Kind::Object(list),
        range: at.clone(),
    }
}
