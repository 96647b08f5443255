//! Fields: `text(1..120) unique pii`.

use crate::problem::near;
use std::fmt;
use std::ops::Range;

/// One field of an entity.
#[derive(Clone, Debug)]
pub struct Field {
    /// Snake case.
    pub name: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    /// Where the type stands.
    pub span: Range<usize>,
    /// What it holds.
    pub kind: Kind,
    /// May be null.
    pub optional: bool,
    /// No two rows have the same (in one tenant).
    pub unique: bool,
    /// Never set by a request.
    pub readonly: bool,
    /// Set on creation only.
    pub immutable: bool,
    /// Says something about a person: never in a log.
    pub pii: bool,
    /// Encrypted before it reaches the database.
    pub encrypted: bool,
    /// What happens to this row when the other is deleted.
    pub on_delete: OnDelete,
    /// Value of a row that says nothing.
    pub default: Option<Default>,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text of so many characters.
    Text(u32, u32),
    /// An e-mail address.
    Email,
    /// An https address.
    Url,
    /// A whole number between two.
    Int(i64, i64),
    /// An amount in the smallest unit of a currency.
    Money(String),
    /// Yes or no.
    Bool,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// One of these.
    Enum(Vec<String>),
    /// Another entity, or `user`.
    Ref(String),
}

/// What happens to a row when the row it refers to is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnDelete {
    /// The other cannot be deleted.
    Restrict,
    /// It is deleted too.
    Cascade,
    /// It loses the reference.
    SetNull,
}

/// A default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Default {
    /// Of text and enums.
    Text(String),
    /// Of numbers.
    Int(i64),
    /// Of bools.
    Bool(bool),
}

/// What is wrong with the type of a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A kind as descriptions write it.
pub fn shown(kind: &Kind) -> String {
    match kind {
        Kind::Text(0, high) => format!("text({high})"),
        Kind::Text(low, high) => format!("text({low}..{high})"),
        Kind::Email => "email".to_owned(),
        Kind::Url => "url".to_owned(),
        Kind::Int(low, high) if *low == -SAFE_INT && *high == SAFE_INT => "int".to_owned(),
        Kind::Int(low, high) => format!("int({low}..{high})"),
        Kind::Money(currency) => format!("money({currency})"),
        Kind::Bool => "bool".to_owned(),
        Kind::Date => "date".to_owned(),
        Kind::Timestamp => "timestamp".to_owned(),
        Kind::Enum(values) => format!("enum({})", values.join(", ")),
        Kind::Ref(to) => format!("ref({to})"),
    }
}

impl fmt::Display for Field {
    /// As descriptions write it: [`parse`] reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.kind))?;
        let marks = [
            (self.optional, "optional"),
            (self.unique, "unique"),
            (self.readonly, "readonly"),
            (self.immutable, "immutable"),
            (self.pii, "pii"),
            (self.encrypted, "encrypted"),
            (self.on_delete == OnDelete::Cascade, "on_delete=cascade"),
            (self.on_delete == OnDelete::SetNull, "on_delete=set_null"),
        ];
        for (_, mark) in marks.into_iter().filter(|(has, _)| *has) {
            write!(f, " {mark}")?;
        }
        match &self.default {
            None => Ok(()),
            Some(Default::Text(text)) => write!(f, " = {text}"),
            Some(Default::Int(number)) => write!(f, " = {number}"),
            Some(Default::Bool(value)) => write!(f, " = {value}"),
        }
    }
}

/// The largest whole number of an `int` without bounds.
pub const SAFE_INT: i64 = 2_147_483_647;

/// Longest text that a field may hold.
pub const LONGEST_TEXT: u32 = 100_000;

const TYPES: &[&str] = &[
    "text",
    "email",
    "url",
    "int",
    "money",
    "bool",
    "date",
    "timestamp",
    "enum",
    "ref",
];
const MARKS: &[&str] = &[
    "optional",
    "unique",
    "readonly",
    "immutable",
    "pii",
    "encrypted",
    "on_delete",
];

fn mistake<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake {
        message: message.into(),
        help: Some(help.into()),
    })
}

/// Reads the type of a field.
pub fn parse(name: &str, text: &str) -> Result<Field, Mistake> {
    let text = text.trim();
    let (head, default) = match text.split_once(" = ") {
        Some((head, value)) => (head.trim(), Some(value.trim())),
        None => (text, None),
    };
    let split = head.find([' ', '(']).unwrap_or(head.len());
    let (word, rest) = head.split_at(split);
    let (arguments, marks) = match rest.strip_prefix('(') {
        Some(inner) => match inner.split_once(')') {
            Some((arguments, marks)) => (Some(arguments.trim()), marks),
            None => return mistake(format!("a bracket of `{text}` is not closed"), "add `)`"),
        },
        None => (None, rest),
    };
    let kind = kind(word, arguments)?;
    let mut field = Field {
        name: name.to_owned(),
        name_span: 0..0,
        span: 0..0,
        kind,
        optional: false,
        unique: false,
        readonly: false,
        immutable: false,
        pii: false,
        encrypted: false,
        on_delete: OnDelete::Restrict,
        default: None,
    };
    let word = |mark: &str| mark.split('=').next().unwrap_or_default().to_owned();
    let marks: Vec<&str> = marks.split_whitespace().collect();
    for (at, mark) in marks.iter().enumerate() {
        if marks.iter().take(at).any(|other| word(other) == word(mark)) {
            return mistake(format!("`{}` stands twice", word(mark)), "leave one out");
        }
        apply(&mut field, mark)?;
    }
    field.default = default
        .map(|value| default_of(&field.kind, value))
        .transpose()?;
    consistent(&field)?;
    Ok(field)
}

fn kind(word: &str, arguments: Option<&str>) -> Result<Kind, Mistake> {
    let none = |kind: Kind| match arguments {
        None => Ok(kind),
        Some(_) => mistake(
            format!("`{word}` takes nothing in brackets"),
            format!("write `{word}`"),
        ),
    };
    match word {
        "text" => {
            let help = "write `text(500)` or `text(1..500)`; every text needs a longest length";
            let Some(arguments) = arguments else {
                return mistake("`text` has no length", help);
            };
            let (low, high) = arguments.split_once("..").unwrap_or(("0", arguments));
            match (low.trim().parse::<u32>(), high.trim().parse::<u32>()) {
                (Ok(low), Ok(high)) if low <= high && (1..=LONGEST_TEXT).contains(&high) => {
                    Ok(Kind::Text(low, high))
                }
                _ => mistake(
                    format!("`text({arguments})` is no length between 1 and {LONGEST_TEXT}"),
                    "write `text(500)` or `text(1..500)`",
                ),
            }
        }
        "int" => {
            let Some(arguments) = arguments else {
                return Ok(Kind::Int(-SAFE_INT, SAFE_INT));
            };
            let bounds = arguments
                .split_once("..")
                .map(|(low, high)| (low.trim().parse(), high.trim().parse()));
            match bounds {
                Some((Ok(low), Ok(high)))
                    if low <= high && low >= -SAFE_INT && high <= SAFE_INT =>
                {
                    Ok(Kind::Int(low, high))
                }
                _ => mistake(
                    format!(
                        "`int({arguments})` is no range between {} and {SAFE_INT}",
                        -SAFE_INT
                    ),
                    "write `int(1..100)`",
                ),
            }
        }
        "money" => match arguments {
            Some(currency)
                if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) =>
            {
                Ok(Kind::Money(currency.to_owned()))
            }
            _ => mistake("`money` has no currency", "write `money(EUR)`"),
        },
        "enum" => {
            let values: Vec<String> = arguments
                .unwrap_or_default()
                .split(',')
                .map(|v| v.trim().to_owned())
                .collect();
            let mut seen = values.clone();
            seen.sort();
            seen.dedup();
            if values.len() < 2 || seen.len() != values.len() {
                return mistake(
                    "`enum` needs at least two different values",
                    "write `enum(draft, published)`",
                );
            }
            match values.iter().find(|value| !crate::names::is_snake(value)) {
                Some(value) => mistake(
                    format!("`{value}` cannot be a value of `enum`"),
                    "values are lower case letters, digits and `_`, and begin with a letter",
                ),
                None => Ok(Kind::Enum(values)),
            }
        }
        "ref" => match arguments {
            Some(entity) if crate::names::is_snake(entity) => Ok(Kind::Ref(entity.to_owned())),
            _ => mistake(
                "`ref` does not say to what",
                "write `ref(user)` or the name of an entity",
            ),
        },
        "email" => none(Kind::Email),
        "url" => none(Kind::Url),
        "bool" => none(Kind::Bool),
        "date" => none(Kind::Date),
        "timestamp" => none(Kind::Timestamp),
        _ => {
            let same = [
                ("string", "text(200)"),
                ("varchar", "text(200)"),
                ("integer", "int"),
                ("number", "int"),
                ("boolean", "bool"),
                ("datetime", "timestamp"),
                ("time", "timestamp"),
                ("decimal", "money(EUR)"),
                ("float", "money(EUR)"),
            ];
            let meant = same
                .iter()
                .find(|(name, _)| *name == word)
                .map(|(_, meant)| *meant);
            match meant.or_else(|| near(word, TYPES.iter().copied())) {
                Some(meant) => mistake(
                    format!("there is no type `{word}`"),
                    format!("write `{meant}`"),
                ),
                None => mistake(
                    format!("there is no type `{word}`"),
                    format!("types are {}", TYPES.join(", ")),
                ),
            }
        }
    }
}

fn apply(field: &mut Field, mark: &str) -> Result<(), Mistake> {
    match mark {
        "optional" => field.optional = true,
        "unique" => field.unique = true,
        "readonly" => field.readonly = true,
        "immutable" => field.immutable = true,
        "pii" => field.pii = true,
        "encrypted" => field.encrypted = true,
        "on_delete=restrict" => field.on_delete = OnDelete::Restrict,
        "on_delete=cascade" => field.on_delete = OnDelete::Cascade,
        "on_delete=set_null" => field.on_delete = OnDelete::SetNull,
        _ if mark.starts_with("on_delete") => {
            return mistake(
                format!("`{mark}` says nothing"),
                "write `on_delete=restrict`, `on_delete=cascade` or `on_delete=set_null`",
            );
        }
        "required" | "not_null" => {
            return mistake(
                format!("there is no `{mark}`"),
                "leave it out: a field is required unless it is `optional`",
            );
        }
        "secret" => {
            return mistake(
                "`secret` is not built yet",
                "write `encrypted`, or keep secrets out of entities",
            );
        }
        _ => {
            let help = match near(mark, MARKS.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "there are {}; a default is written ` = value` at the end",
                    MARKS.join(", ")
                ),
            };
            return mistake(format!("`{mark}` says nothing about a field"), help);
        }
    }
    Ok(())
}

fn default_of(kind: &Kind, value: &str) -> Result<Default, Mistake> {
    let wrong = |help: String| mistake(format!("`{value}` cannot be the default"), help);
    match kind {
        Kind::Bool => match value {
            "true" => Ok(Default::Bool(true)),
            "false" => Ok(Default::Bool(false)),
            _ => wrong("write `= true` or `= false`".into()),
        },
        Kind::Enum(values) if values.iter().any(|v| v == value) => {
            Ok(Default::Text(value.to_owned()))
        }
        Kind::Enum(values) => wrong(format!("write one of {}", values.join(", "))),
        Kind::Int(low, high) => match value.parse() {
            Ok(number) if (*low..=*high).contains(&number) => Ok(Default::Int(number)),
            _ => wrong(format!("write a number from {low} to {high}")),
        },
        Kind::Money(_) => match value.parse() {
            Ok(number) if number >= 0 => Ok(Default::Int(number)),
            _ => wrong("write the amount in the smallest unit, as in `= 0`".into()),
        },
        _ => wrong("only `enum`, `bool`, `int` and `money` have defaults".into()),
    }
}

fn consistent(field: &Field) -> Result<(), Mistake> {
    let text = matches!(field.kind, Kind::Text(..) | Kind::Email | Kind::Url);
    if field.encrypted && !text {
        return mistake(
            "only texts can be `encrypted`",
            "use `text(...)`, `email` or `url`",
        );
    }
    if field.encrypted && field.unique {
        return mistake(
            "an `encrypted` field cannot be `unique`",
            "equal texts have different ciphers; leave one of the two out",
        );
    }
    if field.unique && matches!(field.kind, Kind::Enum(_) | Kind::Bool) {
        return mistake(
            "this type has too few values to be `unique`",
            "leave `unique` out",
        );
    }
    if field.readonly && field.immutable {
        return mistake(
            "`readonly` and `immutable` exclude each other",
            "`readonly` is never set by a request, `immutable` only on creation",
        );
    }
    if field.readonly
        && field.default.is_none()
        && !field.optional
        && !matches!(field.kind, Kind::Ref(_))
    {
        return mistake(
            "a `readonly` field needs a value from somewhere",
            "add a default (` = value`) or `optional`",
        );
    }
    let reference = matches!(field.kind, Kind::Ref(_));
    if !reference && field.on_delete != OnDelete::Restrict {
        return mistake("`on_delete` belongs to `ref`", "leave it out");
    }
    if field.on_delete == OnDelete::SetNull && !field.optional {
        return mistake(
            "`on_delete=set_null` needs a field that may be null",
            "add `optional`",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Kind, &str>) {
        let got = parse("x", text)
            .map(|field| field.kind)
            .map_err(|m| m.message);
        assert_eq!(got, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn types() {
        check("text(500)", Ok(Kind::Text(0, 500)));
        check("text(1..120) unique pii", Ok(Kind::Text(1, 120)));
        check("int(1..9) = 3", Ok(Kind::Int(1, 9)));
        check("money(EUR) readonly = 0", Ok(Kind::Money("EUR".into())));
        check(
            "enum(draft, done) = draft",
            Ok(Kind::Enum(vec!["draft".into(), "done".into()])),
        );
        check(
            "ref(user) optional on_delete=set_null",
            Ok(Kind::Ref("user".into())),
        );
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "text(500)",
            "text(1..120) unique pii",
            "int",
            "int(1..9) = 3",
            "money(EUR) readonly = 0",
            "enum(draft, done) = draft",
            "bool = true",
            "ref(user) optional on_delete=set_null",
            "email optional pii encrypted",
            "date",
            "timestamp immutable",
        ] {
            assert_eq!(parse("x", text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn mistakes() {
        for (text, message) in [
            ("text", "`text` has no length"),
            ("text(0)", "`text(0)` is no length between 1 and 100000"),
            (
                "text(9..3)",
                "`text(9..3)` is no length between 1 and 100000",
            ),
            ("text(5", "a bracket of `text(5` is not closed"),
            (
                "int(5)",
                "`int(5)` is no range between -2147483647 and 2147483647",
            ),
            ("money", "`money` has no currency"),
            ("money(euro)", "`money` has no currency"),
            ("enum(a)", "`enum` needs at least two different values"),
            ("enum(a, a)", "`enum` needs at least two different values"),
            ("enum(a, 'b')", "`'b'` cannot be a value of `enum`"),
            ("ref", "`ref` does not say to what"),
            ("string", "there is no type `string`"),
            ("blob", "there is no type `blob`"),
            ("bool(1)", "`bool` takes nothing in brackets"),
            ("bool uniqe", "`uniqe` says nothing about a field"),
            ("bool unique", "this type has too few values to be `unique`"),
            ("bool required", "there is no `required`"),
            ("bool = yes", "`yes` cannot be the default"),
            ("enum(a, b) = c", "`c` cannot be the default"),
            ("int(1..3) = 4", "`4` cannot be the default"),
            ("text(9) = x", "`x` cannot be the default"),
            ("int encrypted", "only texts can be `encrypted`"),
            (
                "text(9) encrypted unique",
                "an `encrypted` field cannot be `unique`",
            ),
            (
                "bool readonly",
                "a `readonly` field needs a value from somewhere",
            ),
            (
                "bool readonly immutable = true",
                "`readonly` and `immutable` exclude each other",
            ),
            ("bool on_delete=cascade", "`on_delete` belongs to `ref`"),
            (
                "ref(user) on_delete=set_null",
                "`on_delete=set_null` needs a field that may be null",
            ),
            (
                "ref(user) on_delete=maybe",
                "`on_delete=maybe` says nothing",
            ),
            ("text(9) secret", "`secret` is not built yet"),
        ] {
            check(text, Err(message));
        }
    }
}
