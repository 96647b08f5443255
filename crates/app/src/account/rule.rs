//! What the program asks of passwords wherever it does, and what it does to them: lengths, patterns, changes before they are
//! hashed, dates of expiry, secret questions, accounts with passwords that stand in the code.

use super::Ground;
use super::book::Book;
use super::own::definitions;
use super::pattern;
use super::policy;
use super::words::{self, has, holds};
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, Site};
use casemate_ir::{
    ArgKey, Const, FnId, Instr, Key, OpKind, Operand, PartKey, Range32, Span, Symbol, VarRef,
};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Steps back along a chain of calls.
pub(super) const CHAIN: u32 = 16;

/// A comparison with a number below this one asks for a minimum, one from this number on for a maximum.
const EITHER: f64 = 20.0;

pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let mut out = Vec::new();
    for id in ground.book.functions() {
        let f = ground.origins().program.func(id);
        let mut reader = Reader {
            book: ground.book,
            f,
            made: definitions(f),
            out: Vec::new(),
        };
        for at in 0..f.func.instrs.len() {
            reader.instr(at);
        }
        reader.members();
        out.append(&mut once_a_function(reader.out));
    }
    one_a_unit(ground, out)
}

/// Several patterns that one function tries one after the other ask the same thing.
fn once_a_function(facts: Vec<Fact>) -> Vec<Fact> {
    let mut seen = false;
    let composition = |fact: &Fact| {
        fact.fact == "password.rule"
            && fact
                .values
                .iter()
                .any(|(name, value)| name == "composition" && *value == FactValue::Bool(true))
            && fact
                .values
                .iter()
                .all(|(name, value)| name == "composition" || *value == FactValue::Absent)
    };
    facts
        .into_iter()
        .filter(|fact| !composition(fact) || !std::mem::replace(&mut seen, true))
        .collect()
}

/// Facts that say the same everywhere: the first of a unit.
fn one_a_unit(ground: &Ground<'_, '_, '_>, facts: Vec<Fact>) -> Vec<Fact> {
    let mut first: BTreeMap<(u32, String), Fact> = BTreeMap::new();
    let mut out = Vec::new();
    for fact in facts {
        if !["secret.question", "password.expiry"].contains(&fact.fact.as_str()) {
            out.push(fact);
            continue;
        }
        let key = (ground.book.unit_of(fact.site.file), fact.fact.clone());
        let slot = first.entry(key).or_insert_with(|| fact.clone());
        let within = |a: Site, b: Site| {
            a.file == b.file && b.span.start <= a.span.start && a.span.end <= b.span.end
        };
        if within(fact.site, slot.site) || fact.site < slot.site && !within(slot.site, fact.site) {
            *slot = fact;
        }
    }
    out.extend(first.into_values());
    out
}

/// What one place asks.
#[derive(Default)]
pub(super) struct Asked {
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    /// One more or less is not told.
    about: bool,
    pub composition: bool,
    pub altered: bool,
}

impl Asked {
    fn is_something(&self) -> bool {
        self.minimum.is_some() || self.maximum.is_some() || self.composition
    }

    pub fn pattern(&mut self, text: &str) {
        let asked = pattern::read(text);
        self.composition |= asked.composition;
        self.minimum = self.minimum.or(asked.minimum);
        self.maximum = self.maximum.or(asked.maximum);
    }
}

pub(super) struct Reader<'a, 'p, 'm> {
    pub book: &'a Book<'a, 'p, 'm>,
    pub f: FuncRef<'a>,
    pub made: Vec<Option<u32>>,
    pub out: Vec<Fact>,
}

impl<'a> Reader<'a, '_, '_> {
    pub fn def(&self, operand: Operand) -> Option<&'a Instr> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let at = (*self.made.get(local.index())?)?;
        self.f.func.instrs.get(at as usize)
    }

    pub fn str(&self, symbol: Symbol) -> &'a str {
        self.f.file.facts.str(symbol)
    }

    pub fn plain(&self, symbol: Symbol) -> Rc<str> {
        self.book.word(self.f, symbol).plain
    }

    pub fn number(&self, operand: Operand) -> Option<f64> {
        match operand {
            Operand::Const(id) => match self.f.file.facts.constant(id) {
                Const::Number(bits) => Some(f64::from_bits(*bits)),
                _ => None,
            },
            Operand::Local(_) => match *self.def(operand)? {
                Instr::Array { parts, .. } => {
                    let first = self.f.func.parts(parts).first()?.value;
                    if matches!(first, Operand::Const(_)) {
                        self.number(first)
                    } else {
                        None
                    }
                }
                _ => None,
            },
        }
    }

    pub fn text(&self, operand: Operand) -> Option<&'a str> {
        match operand {
            Operand::Const(id) => match self.f.file.facts.constant(id) {
                Const::Str(text) => Some(self.str(*text)),
                _ => None,
            },
            Operand::Local(_) => None,
        }
    }

    pub fn regex(&self, operand: Operand) -> Option<&'a str> {
        match operand {
            Operand::Const(id) => match self.f.file.facts.constant(id) {
                Const::Regex(regex) => Some(self.str(regex.pattern)),
                Const::Str(text) => {
                    Some(self.str(*text)).filter(|t| t.contains(['[', '\\', '(', '{']))
                }
                _ => None,
            },
            Operand::Local(_) => match *self.def(operand)? {
                Instr::Array { parts, .. } => {
                    let first = self.f.func.parts(parts).first()?.value;
                    if matches!(first, Operand::Const(_)) {
                        self.regex(first)
                    } else {
                        None
                    }
                }
                Instr::LoadVar {
                    var: VarRef::Global(_),
                    ..
                }
                | Instr::Copy { .. } => None,
                _ => None,
            },
        }
    }

    pub fn name(&self, operand: Operand) -> Option<Rc<str>> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let own = self.f.func.locals.get(local.index()).and_then(|l| l.name);
        if let Some(name) = own {
            return Some(self.plain(name));
        }
        match *self.def(operand)? {
            Instr::Load {
                key: Key::Field(name),
                ..
            }
            | Instr::LoadVar {
                var: VarRef::Free(name),
                ..
            }
            | Instr::Import {
                name: Some(name), ..
            } => Some(self.plain(name)),
            Instr::LoadVar {
                var: VarRef::Global(global),
                ..
            } => {
                let binding = self.f.file.facts.globals.get(global.index())?;
                Some(self.plain(binding.name))
            }
            _ => None,
        }
    }

    fn is_password(&self, operand: Operand) -> bool {
        self.name(operand).is_some_and(|n| words::is_password(&n)) || self.is_value_checked(operand)
    }

    /// What a function that is named for passwords is given: `const password = (value, helpers) => …`.
    fn is_value_checked(&self, operand: Operand) -> bool {
        let func = self.f.func;
        let named = func
            .name
            .is_some_and(|n| words::is_password(&self.plain(n)));
        let first = func.params.first();
        named
            && first.is_some_and(|param| Operand::Local(param.local) == operand)
            && self.name(operand).is_some_and(|n| {
                ["value", "val", "v", "input", "text", "string", "str"].contains(&&*n)
            })
    }

    pub fn tell(&mut self, fact: &str, span: Span, callee: String, values: Vec<(&str, FactValue)>) {
        self.out.push(Fact {
            fact: fact.to_owned(),
            site: Site {
                file: self.f.file_idx,
                span,
            },
            function: self.f.id,
            callee,
            values: values.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
        });
    }

    fn tell_rule(&mut self, span: Span, asked: &Asked) {
        // One character: whether there is a password at all.
        let asked = &Asked {
            minimum: asked.minimum.filter(|n| *n > 1.0),
            ..*asked
        };
        if asked.altered {
            self.tell(
                "password.altered",
                span,
                "the password".to_owned(),
                vec![("altered", FactValue::Bool(true))],
            );
        }
        if !asked.is_something() {
            return;
        }
        let value = |n: Option<f64>, near: f64| match n {
            None => FactValue::Absent,
            Some(n) if asked.about && (n - near).abs() < 0.5 => FactValue::Unknown,
            Some(n) => FactValue::Number(n),
        };
        let values = vec![
            ("minimum", value(asked.minimum, 7.0)),
            ("maximum", value(asked.maximum, 63.0)),
            ("composition", FactValue::Bool(asked.composition)),
        ];
        self.tell("password.rule", span, "the password".to_owned(), values);
    }

    fn instr(&mut self, at: usize) {
        let f = self.f;
        let Some(instr) = f.func.instrs.get(at) else {
            return;
        };
        let span = f.func.spans.get(at).copied().unwrap_or_default();
        match *instr {
            Instr::Op {
                op: op @ (OpKind::Less | OpKind::LessEq | OpKind::Greater | OpKind::GreaterEq),
                operands,
                ..
            } => {
                if let [a, b] = *f.func.operands(operands) {
                    self.compared(op.order(), a, b, span);
                }
            }
            Instr::Object { parts, .. } => self.object(parts, span),
            Instr::Array { parts, .. } => self.table_of_accounts(parts, span),
            Instr::Load {
                key: Key::Field(name),
                ..
            }
            | Instr::Store {
                key: Key::Field(name),
                ..
            } => {
                self.named(name, span);
            }
            Instr::Copy { to, from } => {
                let name = f.func.locals.get(to.index()).and_then(|l| l.name);
                if let Some(name) = name {
                    self.named(name, span);
                    if words::is_password(&self.plain(name)) {
                        let mut asked = Asked::default();
                        self.field(from, &mut asked);
                        self.tell_rule(span, &asked);
                    }
                }
            }
            Instr::Call { .. } => self.call(at, span),
            _ => {}
        }
    }

    fn named(&mut self, name: Symbol, span: Span) {
        let word = self.book.word(self.f, name);
        if !word.matters {
            return;
        }
        let name = self.str(name);
        let plain = word.plain;
        if policy::is_question(&plain) {
            self.tell("secret.question", span, name.to_owned(), vec![]);
        }
        let expires = has(&plain, &["password", "passwd", "pwd"])
            && holds(
                &plain,
                &[
                    "passwordexpir",
                    "passwordmaxage",
                    "pwdexpir",
                    "passwordrotation",
                    "passwordlifetime",
                    "passwordduration",
                    "expirepassword",
                    "passwordage",
                    "passworddaysvalid",
                ],
            );
        if expires
            && !has(
                &plain,
                &[
                    "reset",
                    "token",
                    "link",
                    "code",
                    "otp",
                    "temp",
                    "temporary",
                    "forgot",
                    "recovery",
                ],
            )
            && !holds(&plain, &["reset", "token"])
        {
            self.tell("password.expiry", span, name.to_owned(), vec![]);
        }
    }

    /// `password.length < 8`, `len(password) < 8`
    fn compared(&mut self, op: OpKind, a: Operand, b: Operand, span: Span) {
        let (length, n, less) = match (self.number(a), self.number(b)) {
            (None, Some(n)) => (a, n, op == OpKind::Less),
            (Some(n), None) => (b, n, op == OpKind::Greater),
            _ => return,
        };
        let of = match self.def(length) {
            Some(&Instr::Load {
                base,
                key: Key::Field(name),
                ..
            }) if self.str(name) == "length" => base,
            Some(&Instr::Call { callee, args, .. })
                if self.name(callee).is_some_and(|n| &*n == "len") =>
            {
                match self.f.func.args(args).first() {
                    Some(arg) => arg.value,
                    None => return,
                }
            }
            _ => return,
        };
        // One character or none: whether there is a password at all.
        if !self.is_password(of) || n < 2.0 {
            return;
        }
        let mut asked = Asked {
            about: true,
            ..Asked::default()
        };
        if n >= EITHER {
            asked.maximum = Some(n);
        } else if less || n <= 10.0 {
            asked.minimum = Some(n);
        } else {
            return;
        }
        self.tell_rule(span, &asked);
    }

    fn object(&mut self, parts: Range32, span: Span) {
        let mut name_literal = false;
        let mut password_literal = false;
        let mut validator: Option<&str> = None;
        let mut options: Option<Operand> = None;
        for part in self.f.func.parts(parts) {
            let PartKey::Field(name) = part.key else {
                continue;
            };
            self.named(name, span);
            let plain = self.plain(name);
            let name = self.str(name);
            if words::is_password(&plain) {
                let mut asked = Asked::default();
                self.field(part.value, &mut asked);
                let at = self.span_of(part.value).unwrap_or(span);
                self.tell_rule(at, &asked);
                password_literal |= self.is_literal_password(part.value);
            }
            name_literal |= has(
                &plain,
                &["username", "email", "login", "user", "mail", "name"],
            ) && self
                .text(part.value)
                .is_some_and(|t| !t.is_empty() && !t.contains(' '));
            if name == "NAME" {
                validator = self.text(part.value);
            }
            if name == "OPTIONS" {
                options = Some(part.value);
            }
        }
        if validator.is_some_and(|v| v.ends_with("MinimumLengthValidator")) {
            let given = options
                .and_then(|o| self.part(o, "min_length"))
                .and_then(|o| self.number(o));
            let asked = Asked {
                minimum: Some(given.unwrap_or(8.0)),
                ..Asked::default()
            };
            self.tell_rule(span, &asked);
        }
        if name_literal && password_literal && self.is_made_record(span) {
            self.tell("account.default", span, "an account".to_owned(), vec![]);
        }
    }

    pub fn span_of(&self, operand: Operand) -> Option<Span> {
        let Operand::Local(local) = operand else {
            return None;
        };
        let at = (*self.made.get(local.index())?)?;
        self.f.func.spans.get(at as usize).copied()
    }

    pub fn part(&self, object: Operand, name: &str) -> Option<Operand> {
        let Some(&Instr::Object { parts, .. }) = self.def(object) else {
            return None;
        };
        self.f
            .func
            .parts(parts)
            .iter()
            .find_map(|part| match part.key {
                PartKey::Field(key) if self.str(key) == name => Some(part.value),
                _ => None,
            })
    }

    fn call(&mut self, at: usize, span: Span) {
        let Some(&Instr::Call {
            to,
            callee,
            this,
            args,
            ..
        }) = self.f.func.instrs.get(at)
        else {
            return;
        };
        let method = self.name(callee).unwrap_or_default();
        for arg in self.f.func.args(args) {
            if let ArgKey::Keyword(name) = arg.key {
                self.named(name, span);
            }
        }
        self.default_account(&method, args, span);
        let all: Vec<Operand> = self.f.func.args(args).iter().map(|a| a.value).collect();
        // `/[A-Z]/.test(password)`, `re.search('[A-Z]', password)`
        if ["test", "match", "search", "fullmatch"].contains(&&*method)
            && all.iter().any(|o| self.is_password(*o))
        {
            let pattern = this
                .and_then(|t| self.regex(t))
                .or_else(|| all.first().and_then(|o| self.regex(*o)));
            if let Some(text) = pattern {
                let mut asked = Asked::default();
                asked.pattern(text);
                self.tell_rule(span, &asked);
            }
            return;
        }
        let Some(this) = this else {
            return;
        };
        // `password.match(/[A-Z]/)`
        if self.is_password(this) {
            if &*method == "match"
                && let Some(text) = all.first().and_then(|o| self.regex(*o))
            {
                let mut asked = Asked::default();
                asked.pattern(text);
                self.tell_rule(span, &asked);
            }
            if [
                "trim",
                "to_lower_case",
                "to_upper_case",
                "slice",
                "substring",
                "substr",
                "strip",
                "lower",
                "upper",
                "lstrip",
                "rstrip",
                "trim_start",
                "trim_end",
            ]
            .contains(&&*method)
                && self.is_kept(Operand::Local(to), 0)
            {
                self.tell(
                    "password.altered",
                    span,
                    format!("the password's `{method}`"),
                    vec![("altered", FactValue::Bool(true))],
                );
            }
            return;
        }
        // `body('password').isLength({ min: 8 })`
        if self.is_asked_for(this) {
            let mut asked = Asked::default();
            self.step(&method, args, &mut asked, false);
            self.tell_rule(span, &asked);
        }
        // `new PasswordValidator().is().min(8).has().uppercase()`
        if ["uppercase", "lowercase", "symbols", "digits"].contains(&&*method) {
            let mut asked = Asked::default();
            self.step(&method, args, &mut asked, false);
            if asked.composition {
                self.tell_rule(span, &asked);
            }
        }
    }

    /// The chain begins with a call that names the field: `body('password')`.
    fn is_asked_for(&self, this: Operand) -> bool {
        let mut at = this;
        for _ in 0..CHAIN {
            match self.def(at) {
                Some(&Instr::Call {
                    callee, this, args, ..
                }) => {
                    let first = self
                        .f
                        .func
                        .args(args)
                        .first()
                        .and_then(|a| self.text(a.value));
                    let names = self.name(callee).is_some_and(|n| {
                        [
                            "body",
                            "check",
                            "check_body",
                            "param",
                            "field",
                            "sanitize",
                            "sanitize_body",
                        ]
                        .contains(&&*n)
                    });
                    if names {
                        return first.is_some_and(|t| words::is_password(&words::plain(t)));
                    }
                    match this {
                        Some(this) => at = this,
                        None => return false,
                    }
                }
                Some(&Instr::Load { base, .. }) => at = base,
                _ => return false,
            }
        }
        false
    }

    /// Fields of classes, by their names and decorators.
    fn members(&mut self) {
        let f = self.f;
        let classes: Vec<usize> = (0..f.file.facts.classes.len()).collect();
        for index in classes {
            let Some(class) = f.file.facts.classes.get(index) else {
                continue;
            };
            if !is_owner(class.owner, f) {
                continue;
            }
            for member in &class.members {
                self.named(member.name, member.span);
                if !words::is_password(&self.plain(member.name)) {
                    continue;
                }
                let mut asked = Asked::default();
                for decorator in &member.decorators {
                    let Some(&Instr::Call { callee, args, .. }) = self.def(decorator.value) else {
                        continue;
                    };
                    let all = f.func.args(args);
                    let number = |i: usize| all.get(i).and_then(|a| self.number(a.value));
                    match &*self.name(callee).unwrap_or_default() {
                        "min_length" => asked.minimum = number(0),
                        "max_length" => asked.maximum = number(0),
                        "length" => {
                            asked.minimum = number(0);
                            asked.maximum = number(1);
                        }
                        "matches" => {
                            if let Some(text) = all.first().and_then(|a| self.regex(a.value)) {
                                asked.pattern(text);
                            }
                        }
                        "is_strong_password" => {
                            asked.composition |= all.is_empty();
                            asked.minimum = asked.minimum.or(Some(8.0)).filter(|_| all.is_empty());
                        }
                        _ => {}
                    }
                }
                self.tell_rule(member.span, &asked);
            }
        }
    }
}

fn is_owner(owner: FnId, f: FuncRef<'_>) -> bool {
    f.file
        .facts
        .function(owner)
        .is_some_and(|o| std::ptr::eq(o, f.func))
}
