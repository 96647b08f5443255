//! What a schema, a form or a column declares of a password: chains of calls, objects, calls with keywords.

use super::rule::{Asked, CHAIN, Reader};
use casemate_ir::{ArgKey, Const, Instr, Operand, PartKey, Range32};

impl Reader<'_, '_, '_> {
    /// What a field of a schema is declared as: a chain of calls, an object, a call with keywords.
    pub(super) fn field(&self, value: Operand, asked: &mut Asked) {
        let mut at = value;
        for _ in 0..CHAIN {
            match self.def(at) {
                Some(&Instr::Call {
                    callee, this, args, ..
                }) => {
                    let method = self.name(callee).unwrap_or_default();
                    // A column: what is kept there is a hash, or should be.
                    if this
                        .and_then(|t| self.name(t))
                        .is_some_and(|n| &*n == "models")
                    {
                        return;
                    }
                    if this.is_some() {
                        self.step(&method, args, asked, true);
                    }
                    self.keywords(args, asked, 0);
                    match this {
                        Some(this) => at = this,
                        None => return,
                    }
                }
                Some(&Instr::Load { base, .. }) => at = base,
                Some(&Instr::Object { parts, .. }) => {
                    self.described(parts, asked, 0);
                    return;
                }
                _ => return,
            }
        }
    }

    /// One step of a chain.
    pub(super) fn step(&self, method: &str, args: Range32, asked: &mut Asked, of_schema: bool) {
        let args = self.f.func.args(args);
        let arg = |i: usize| args.get(i).map(|a| a.value);
        let number = |i: usize| arg(i).and_then(|o| self.number(o));
        match method {
            "min" | "min_length" => asked.minimum = number(0).or(asked.minimum),
            "max" | "max_length" => asked.maximum = number(0).or(asked.maximum),
            "is_length" | "len" => {
                let options = arg(0);
                let of = |name: &str| options.and_then(|o| self.part(o, name)).and_then(|o| self.number(o));
                asked.minimum = of("min").or(number(0)).or(asked.minimum);
                asked.maximum = of("max").or(number(1)).or(asked.maximum);
            }
            "length" if of_schema => {
                asked.minimum = number(0).or(asked.minimum);
                asked.maximum = number(0).or(asked.maximum);
            }
            "is_strong_password" => {
                asked.composition |= args.is_empty();
                asked.minimum = asked.minimum.or(Some(8.0)).filter(|_| args.is_empty());
            }
            "regex" | "matches" | "pattern" | "match" => {
                if let Some(text) = arg(0).and_then(|o| self.regex(o)) {
                    asked.pattern(text);
                }
            }
            "uppercase" | "lowercase" | "symbols" | "digits" if self.f.file.imports.iter().any(|t| matches!(t, casemate_flow::program::Target::Package(p) if p.contains("password-validator"))) => {
                asked.composition = true;
            }
            "trim" | "lowercase" | "uppercase" | "to_lower_case" | "to_upper_case" | "ltrim" | "rtrim" | "escape" | "strip_low" => asked.altered = true,
            _ => {}
        }
    }

    /// `{ type: String, minlength: 8, validate: { len: [8, 64] } }`
    fn described(&self, parts: Range32, asked: &mut Asked, depth: u32) {
        for part in self.f.func.parts(parts) {
            let PartKey::Field(name) = part.key else {
                continue;
            };
            let name = self.plain(name);
            let given = self
                .number(part.value)
                .or_else(|| self.part(part.value, "value").and_then(|o| self.number(o)));
            match &*name {
                "minlength" | "min_length" | "min" => asked.minimum = given.or(asked.minimum),
                "maxlength" | "max_length" | "max" => asked.maximum = given.or(asked.maximum),
                "match" | "pattern" | "matches" | "is" | "regex" => {
                    if let Some(text) = self.regex(part.value) {
                        asked.pattern(text);
                    }
                }
                "len" => {
                    let list = self.part(part.value, "args").unwrap_or(part.value);
                    if let Some(&Instr::Array { parts, .. }) = self.def(list) {
                        let of = |i: usize| {
                            self.f
                                .func
                                .parts(parts)
                                .get(i)
                                .and_then(|p| self.number(p.value))
                        };
                        asked.minimum = of(0).or(asked.minimum);
                        asked.maximum = of(1).or(asked.maximum);
                    }
                }
                "is_length" => {
                    if let Some(options) = self.part(part.value, "options") {
                        let of = |n: &str| self.part(options, n).and_then(|o| self.number(o));
                        asked.minimum = of("min").or(asked.minimum);
                        asked.maximum = of("max").or(asked.maximum);
                    }
                }
                "trim" | "lowercase" | "uppercase" | "escape" => {
                    asked.altered |= matches!(part.value, Operand::Const(id) if matches!(self.f.file.facts.constant(id), Const::Bool(true)));
                }
                "is_strong_password" => asked.composition = true,
                "validate" | "validators" | "options" => {
                    if let Some(&Instr::Object { parts, .. }) = self.def(part.value)
                        && depth < 3
                    {
                        self.described(parts, asked, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// `PasswordField('…', validators=[Length(min=8)])`, `Field(min_length=8)`
    fn keywords(&self, args: Range32, asked: &mut Asked, depth: u32) {
        for arg in self.f.func.args(args) {
            let name = match arg.key {
                ArgKey::Keyword(name) => self.str(name),
                _ => "",
            };
            match name {
                "min_length" | "min" => asked.minimum = self.number(arg.value).or(asked.minimum),
                "max_length" | "max" => asked.maximum = self.number(arg.value).or(asked.maximum),
                "pattern" | "regex" => {
                    if let Some(text) = self.regex(arg.value) {
                        asked.pattern(text);
                    }
                }
                _ => {}
            }
            if let Some(&Instr::Array { parts, .. }) = self.def(arg.value)
                && depth == 0
            {
                for part in self.f.func.parts(parts) {
                    let Some(&Instr::Call { callee, args, .. }) = self.def(part.value) else {
                        continue;
                    };
                    match &*self.name(callee).unwrap_or_default() {
                        "length" | "data_required" => {
                            self.keywords(args, asked, 1);
                            let first = self.f.func.args(args).first();
                            if let Some(arg) = first.filter(|a| matches!(a.key, ArgKey::Pos)) {
                                asked.minimum = self.number(arg.value).or(asked.minimum);
                            }
                        }
                        "regexp" | "regex_validator" => {
                            if let Some(text) = self
                                .f
                                .func
                                .args(args)
                                .first()
                                .and_then(|a| self.regex(a.value))
                            {
                                asked.pattern(text);
                            }
                        }
                        "min_length_validator" => {
                            let first = self.f.func.args(args).first();
                            asked.minimum =
                                first.and_then(|a| self.number(a.value)).or(asked.minimum);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
