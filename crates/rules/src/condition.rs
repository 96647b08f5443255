//! Conditions of rules, over the values of a fact, a sink and a path.
//!
//! Names: `fact` the fact's name · `fact.<field>` one of its values · `fact.<field>.prefix` the literal text that a value
//! begins with · `fact.<field>.given` whether anything stands there · `callee` what is called · for flows also `source` the source as an expression, `origin` its kind, `sink` the
//! sink's kind, `shape` what can arrive. Functions: `constant(x)` a literal is given · `given(x)` anything is given ·
//! `lower(x)` · `length(x)` in characters · `others_can(mode, 'read' | 'write')` the bits of a file mode · `growth(pattern)`
//! how long a regular expression may take: `'linear'`, `'polynomial'`, `'exponential'`.
//!
//! A value that may be several things is asked about each of them: all yes is yes; some yes is yes too, as every one of them
//! can happen, but less sure. A value that may be both `true` and `false` is a switch that somebody else sets (most often the
//! environment): where the answer hangs on it, nothing is known.

use crate::backtracking;
use crate::near;
use casemate_flow::result::FactValue;
use casemate_model::expr::{self, Expr, Literal, Scope, Tri, Value3};
use casemate_say::say;
use std::collections::{BTreeMap, BTreeSet};

/// Functions that conditions about flows and facts may use; those of the application model are its own.
const FUNCTIONS: [&str; 6] = [
    "constant",
    "given",
    "growth",
    "length",
    "lower",
    "others_can",
];

/// Names that stand for themselves.
const NAMES: [&str; 7] = [
    "callee", "fact", "origin", "routed", "shape", "sink", "source",
];

/// More combinations of possible values than this are not told apart.
const MAX_WORLDS: usize = 64;

/// The answer of a condition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Yes where any possible value says yes.
    pub tri: Tri,
    /// Some possible values say otherwise.
    pub partial: bool,
}

/// What a condition looks at and nobody knows, in words: the names of its fields. All of them where each is known.
pub(crate) fn asked(condition: &Expr, subject: &Subject<'_>) -> String {
    let open = |path: &str| {
        let value = field_of(path).and_then(|(field, _)| subject.value(field));
        let of_fact = path.starts_with("fact.");
        !of_fact
            || matches!(
                value,
                Some(
                    FactValue::Unknown
                        | FactValue::OneOf(_)
                        | FactValue::Template(_)
                        | FactValue::Present
                )
            )
    };
    let all = condition.paths();
    let some_open = all.iter().any(|path| open(path));
    let mut names: Vec<String> = Vec::new();
    for path in all.iter().filter(|path| !some_open || open(path)) {
        let name = match path.strip_prefix("fact.") {
            Some(field) => format!("`{}`", field.split('.').next().unwrap_or(field)),
            None if *path == "callee" => say!("what is called"),
            None => say!("where it comes from"),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => {
            say!("{first} and {last}", first = first.join(", "))
        }
        _ => names.concat(),
    }
}

/// What a condition is asked about.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The fact's name; empty for flows.
    pub fact: &'a str,
    /// The fields that the fact is known to have; others are not given. Empty: not known.
    pub fields: &'a [String],
    /// Values by field.
    pub values: &'a [(String, FactValue)],
    /// `callee`, `source` … by name.
    pub texts: Vec<(&'static str, &'a str)>,
}

impl Subject<'_> {
    fn value(&self, field: &str) -> Option<&FactValue> {
        let exact = self.values.iter().find(|(name, _)| name == field);
        exact.map(|(_, value)| value)
    }
}

/// Asks.
#[must_use]
pub fn ask(condition: &Expr, subject: &Subject<'_>) -> Answer {
    let mut names = BTreeSet::new();
    paths(condition, &mut names);
    let open: Vec<(&str, Vec<&FactValue>)> = names
        .iter()
        .filter_map(|path| field_of(path).map(|(field, _)| field))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter_map(|field| Some((field, alternatives(subject.value(field)?)?)))
        .collect();
    let count = open
        .iter()
        .try_fold(1_usize, |n, (_, values)| n.checked_mul(values.len()));
    let Some(count) = count.filter(|count| *count <= MAX_WORLDS) else {
        return Answer {
            tri: expr::eval_in(
                condition,
                &World {
                    subject,
                    chosen: BTreeMap::new(),
                },
            ),
            partial: false,
        };
    };
    let mut answers = Vec::with_capacity(count);
    for world in 0..count {
        let mut rest = world;
        let mut chosen = BTreeMap::new();
        for (field, values) in &open {
            chosen.extend(
                values
                    .get(rest % values.len())
                    .map(|value| (*field, *value)),
            );
            rest /= values.len();
        }
        answers.push(expr::eval_in(condition, &World { subject, chosen }));
    }
    let any = |tri| answers.contains(&tri);
    let switched =
        any(Tri::Yes) && any(Tri::No) && open.iter().any(|(_, values)| is_switch(values));
    let tri = match (any(Tri::Yes), any(Tri::Unknown)) {
        _ if switched => Tri::Unknown,
        (true, _) => Tri::Yes,
        (false, true) => Tri::Unknown,
        (false, false) => Tri::No,
    };
    Answer {
        tri,
        partial: tri == Tri::Yes && (any(Tri::No) || any(Tri::Unknown)),
    }
}

/// What is wrong with a condition: unknown names and functions, fields that are not among those that can be there,
/// expressions that are no regular ones.
#[must_use]
pub fn check(condition: &Expr, fields: &[&str]) -> Vec<String> {
    let (mut names, mut functions) = (BTreeSet::new(), BTreeSet::new());
    paths(condition, &mut names);
    applications(condition, &mut functions);
    let mut wrong = patterns(condition);
    for path in &names {
        match field_of(path) {
            Some((field, _)) if !fields.contains(&field) => {
                wrong.push(near::unknown("field", field, fields));
            }
            None if !NAMES.contains(&path.as_str()) => {
                wrong.push(near::unknown("name", path, &NAMES));
            }
            _ => {}
        }
    }
    let unknown = functions
        .iter()
        .filter(|name| !FUNCTIONS.contains(&name.as_str()));
    wrong.extend(unknown.map(|name| near::unknown("function", name, &FUNCTIONS)));
    wrong
}

/// What is asked of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Its value.
    Whole,
    /// `.prefix`: the literal text that it begins with.
    Prefix,
    /// `.given`: whether anything stands there.
    Given,
}

/// `fact.path.prefix` → (`path`, its prefix)
fn field_of(path: &str) -> Option<(&str, Part)> {
    let field = path.strip_prefix("fact.")?;
    let part = |name, part| field.strip_suffix(name).map(|field| (field, part));
    Some(
        part(".prefix", Part::Prefix)
            .or_else(|| part(".given", Part::Given))
            .unwrap_or((field, Part::Whole)),
    )
}

fn alternatives(value: &FactValue) -> Option<Vec<&FactValue>> {
    let FactValue::OneOf(values) = value else {
        return None;
    };
    let flat: Vec<&FactValue> = values
        .iter()
        .flat_map(|value| alternatives(value).unwrap_or_else(|| vec![value]))
        .collect();
    (!flat.is_empty()).then_some(flat)
}

/// It may be on and it may be off.
fn is_switch(values: &[&FactValue]) -> bool {
    let may_be = |on| values.iter().any(|v| **v == FactValue::Bool(on));
    may_be(true) && may_be(false)
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Or(list) | Expr::And(list) | Expr::List(list) | Expr::Apply(_, list) => {
            list.iter().collect()
        }
        Expr::Not(inner) => vec![inner],
        Expr::Compare(left, _, right) | Expr::In(left, right) => vec![left, right],
        Expr::Literal(_) | Expr::Path(_) => Vec::new(),
    }
}

fn paths(expr: &Expr, out: &mut BTreeSet<String>) {
    if let Expr::Path(path) = expr {
        out.insert(path.clone());
    }
    for child in children(expr) {
        paths(child, out);
    }
}

fn applications(expr: &Expr, out: &mut BTreeSet<String>) {
    if let Expr::Apply(name, _) = expr {
        out.insert(name.clone());
    }
    for child in children(expr) {
        applications(child, out);
    }
}

fn patterns(expr: &Expr) -> Vec<String> {
    let mut wrong: Vec<String> = children(expr).into_iter().flat_map(patterns).collect();
    if let Expr::Compare(_, expr::Compare::Matches, right) = expr
        && let Expr::Literal(Literal::Str(pattern)) = right.as_ref()
        && regex::Regex::new(pattern).is_err()
    {
        wrong.push(format!("`{pattern}` is not a regular expression"));
    }
    wrong
}

/// One combination of possible values.
struct World<'a> {
    subject: &'a Subject<'a>,
    chosen: BTreeMap<&'a str, &'a FactValue>,
}

impl Scope for World<'_> {
    fn value(&self, path: &str) -> Value3 {
        let Some((field, part)) = field_of(path) else {
            if path == "fact" {
                return text(self.subject.fact);
            }
            let named = self.subject.texts.iter().find(|(name, _)| *name == path);
            return named.map_or(Value3::Unknown, |(_, value)| text(value));
        };
        match self
            .chosen
            .get(field)
            .copied()
            .or_else(|| self.subject.value(field))
        {
            Some(value) => match part {
                Part::Prefix => prefix_of(value),
                Part::Given => given(value),
                Part::Whole => known(value),
            },
            None if !self.subject.fields.is_empty()
                && !self.subject.fields.iter().any(|known| known == field) =>
            {
                Value3::Known(Literal::Null)
            }
            None => Value3::Unknown,
        }
    }

    fn apply(&self, name: &str, arguments: &[Value3]) -> Value3 {
        let first = arguments.first().unwrap_or(&Value3::Unknown);
        match name {
            "constant" => match first {
                Value3::Known(literal) => truth(*literal != Literal::Null),
                Value3::OneOf(_) => truth(true),
                Value3::List(items) => {
                    truth(items.iter().all(|item| matches!(item, Value3::Known(_))))
                }
                Value3::Present => truth(false),
                Value3::Unknown => Value3::Unknown,
            },
            "given" => match first {
                Value3::Known(literal) => truth(*literal != Literal::Null),
                Value3::Unknown => Value3::Unknown,
                _ => truth(true),
            },
            "lower" => match first {
                Value3::Known(Literal::Str(value)) => text(&value.to_lowercase()),
                other => other.clone(),
            },
            "length" => match first {
                Value3::Known(Literal::Str(value)) => number(value.chars().count()),
                Value3::Known(Literal::Null) => number(0),
                Value3::List(items) => number(items.len()),
                _ => Value3::Unknown,
            },
            "growth" => match first {
                Value3::Known(Literal::Str(pattern)) => {
                    // The call itself only looks at the beginning: `re.match`.
                    let begins =
                        matches!(arguments.get(1), Some(Value3::Known(Literal::Bool(true))));
                    let growth = if begins {
                        backtracking::growth(&format!("^(?:{pattern})"))
                    } else {
                        backtracking::growth(pattern)
                    };
                    growth.map_or(Value3::Unknown, |growth| text(growth.name()))
                }
                _ => Value3::Unknown,
            },
            "others_can" => match arguments {
                [mode, Value3::Known(Literal::Str(what))] => others_can(mode, what),
                _ => Value3::Unknown,
            },
            _ => Value3::Unknown,
        }
    }
}

fn text(value: &str) -> Value3 {
    Value3::Known(Literal::Str(value.to_owned()))
}

const fn truth(value: bool) -> Value3 {
    Value3::Known(Literal::Bool(value))
}

fn number(count: usize) -> Value3 {
    u32::try_from(count).map_or(Value3::Unknown, |count| {
        Value3::Known(Literal::Number(f64::from(count)))
    })
}

fn known(value: &FactValue) -> Value3 {
    match value {
        FactValue::Absent | FactValue::Null => Value3::Known(Literal::Null),
        FactValue::Str(value) => text(value),
        FactValue::Number(value) => Value3::Known(Literal::Number(*value)),
        FactValue::Bool(value) => truth(*value),
        FactValue::Unknown | FactValue::OneOf(_) => Value3::Unknown,
        // A text that is built is not empty where one of its literal pieces is not; the rest is open.
        FactValue::Template(pieces) if pieces.iter().flatten().any(|piece| !piece.is_empty()) => {
            Value3::Present
        }
        FactValue::Template(_) => Value3::Unknown,
        FactValue::Present => Value3::Present,
    }
}

/// Whether anything stands there, whatever it is.
fn given(value: &FactValue) -> Value3 {
    match value {
        FactValue::Absent | FactValue::Null => truth(false),
        FactValue::Unknown => Value3::Unknown,
        FactValue::OneOf(all) => all
            .iter()
            .map(given)
            .reduce(|a, b| if a == b { a } else { Value3::Unknown })
            .unwrap_or(Value3::Unknown),
        FactValue::Bool(value) => truth(*value),
        FactValue::Str(text) => truth(!text.is_empty()),
        _ => truth(true),
    }
}

/// The literal text that a value begins with.
fn prefix_of(value: &FactValue) -> Value3 {
    match value {
        FactValue::Template(pieces) => {
            let literal: String = pieces.iter().map_while(Option::as_deref).collect();
            if literal.is_empty() {
                Value3::Unknown
            } else {
                text(&literal)
            }
        }
        other => known(other),
    }
}

/// `0o644`, `'644'`, `'0644'`: the last three bits are those of everybody else.
fn others_can(mode: &Value3, what: &str) -> Value3 {
    let bit = match what {
        "read" => 4,
        "write" => 2,
        _ => return Value3::Unknown,
    };
    let mode = match mode {
        Value3::Known(Literal::Number(mode)) if *mode >= 0.0 && *mode <= f64::from(0o7777_u32) => {
            (0..=0o7777_u32).find(|bits| (f64::from(*bits) - mode).abs() < f64::EPSILON)
        }
        Value3::Known(Literal::Str(mode)) => {
            let digits = mode.strip_prefix("0o").unwrap_or(mode);
            u32::from_str_radix(digits, 8).ok()
        }
        Value3::Known(_) => return truth(false),
        _ => None,
    };
    mode.map_or(Value3::Unknown, |mode| truth(mode & bit != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(condition: &str, values: &[(&str, FactValue)]) -> (Tri, bool) {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let fields = ["algorithm", "key", "mode", "path"].map(str::to_owned);
        let subject = Subject {
            fact: "hash",
            fields: &fields,
            values: &values,
            texts: vec![("source", "req.body.password")],
        };
        let answer = ask(&expr::parse(condition).unwrap(), &subject);
        (answer.tri, answer.partial)
    }

    fn string(text: &str) -> FactValue {
        FactValue::Str(text.into())
    }

    #[test]
    fn only_what_is_not_known_is_told_to_be_open() {
        let values = [
            ("key".to_owned(), string("sid")),
            ("mode".to_owned(), FactValue::Present),
            ("path".to_owned(), FactValue::Absent),
        ];
        let subject = Subject {
            values: &values,
            ..Subject::default()
        };
        let condition =
            expr::parse("fact.key == 'a' or fact.mode == 'b' or fact.path == 'c'").unwrap();
        assert_eq!(asked(&condition, &subject), "`mode`");
        // Where each is known, all of them are what it hangs on.
        let subject = Subject {
            values: &values[..1],
            ..Subject::default()
        };
        assert_eq!(asked(&condition, &subject), "`key`, `mode` and `path`");
    }

    #[test]
    fn values_that_may_be_several_things_are_asked_one_by_one() {
        let weak = "lower(fact.algorithm) in ['md5', 'sha1']";
        let one_of = |values: &[&str]| FactValue::OneOf(values.iter().map(|v| string(v)).collect());
        assert_eq!(
            answer(weak, &[("algorithm", string("MD5"))]),
            (Tri::Yes, false)
        );
        assert_eq!(
            answer(weak, &[("algorithm", one_of(&["md5", "sha1"]))]),
            (Tri::Yes, false)
        );
        assert_eq!(
            answer(weak, &[("algorithm", one_of(&["md5", "sha256"]))]),
            (Tri::Yes, true)
        );
        assert_eq!(
            answer(weak, &[("algorithm", one_of(&["sha512", "sha256"]))]),
            (Tri::No, false)
        );
        assert_eq!(
            answer(weak, &[("algorithm", FactValue::Unknown)]),
            (Tri::Unknown, false)
        );
        let maybe = FactValue::OneOf(vec![string("sha256"), FactValue::Unknown]);
        assert_eq!(answer(weak, &[("algorithm", maybe)]), (Tri::Unknown, false));
        assert_eq!(
            answer(
                &format!("not ({weak})"),
                &[("algorithm", FactValue::Unknown)]
            ),
            (Tri::Unknown, false)
        );
    }

    #[test]
    fn what_a_fact_does_not_have_is_not_given_and_what_was_not_read_is_unknown() {
        assert_eq!(
            answer("fact.key == null", &[("key", FactValue::Absent)]).0,
            Tri::Yes
        );
        assert_eq!(answer("fact.key == null", &[]).0, Tri::Unknown);
        assert_eq!(answer("fact.other == null", &[]).0, Tri::Yes);
        assert_eq!(
            answer("given(fact.key)", &[("key", FactValue::Present)]).0,
            Tri::Yes
        );
        assert_eq!(
            answer("fact == 'hash' and source ~ 'passw'", &[]).0,
            Tri::Yes
        );
        assert_eq!(answer("callee == 'x'", &[]).0, Tri::Unknown);
    }

    #[test]
    fn constants_lengths_prefixes_and_modes() {
        let built = FactValue::Template(vec![Some("/tmp/".into()), None]);
        assert_eq!(
            answer("constant(fact.path)", &[("path", built.clone())]).0,
            Tri::No
        );
        assert_eq!(
            answer("fact.path.prefix ~ '^/tmp/'", &[("path", built)]).0,
            Tri::Yes
        );
        assert_eq!(
            answer("fact.path.prefix ~ '^/tmp/'", &[("path", string("/var/x"))]).0,
            Tri::No
        );
        assert_eq!(
            answer(
                "constant(fact.key) and length(fact.key) < 32",
                &[("key", string("secret"))]
            )
            .0,
            Tri::Yes
        );
        assert_eq!(
            answer(
                "others_can(fact.mode, 'write')",
                &[("mode", FactValue::Number(f64::from(0o777)))]
            )
            .0,
            Tri::Yes
        );
        assert_eq!(
            answer(
                "others_can(fact.mode, 'write')",
                &[("mode", string("0644"))]
            )
            .0,
            Tri::No
        );
        assert_eq!(
            answer(
                "others_can(fact.mode, 'read')",
                &[("mode", FactValue::Absent)]
            )
            .0,
            Tri::No
        );
    }

    #[test]
    fn too_many_combinations_are_unknown_and_no_hang() {
        let wide = FactValue::OneOf((0..100).map(|n| FactValue::Number(f64::from(n))).collect());
        assert_eq!(answer("fact.key == 3", &[("key", wide)]).0, Tri::Unknown);
    }
}
