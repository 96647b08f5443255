//! How a form of a page asks for a field.

use super::field::View;
use crate::field::{Default, Field, Kind};
use serde::Serialize;
use std::collections::BTreeSet;

/// The longest text that one line is enough for.
const ONE_LINE: u32 = 200;

/// An element of a form.
#[derive(Clone, Serialize, Debug)]
pub struct Input {
    /// `text`, `lines`, `email`, `url`, `number`, `money`, `flag`, `date`, `moment`, `choice` or `reference`.
    kind: &'static str,
    /// The least number or the shortest text.
    least: i64,
    /// The largest number or the longest text; 0 where there is none.
    most: i64,
    /// A flag that is set unless somebody says otherwise.
    checked: bool,
    /// Of an amount.
    currency: Option<String>,
}

impl Input {
    /// Whether the value is a moment.
    pub fn is_moment(&self) -> bool {
        self.kind == "moment"
    }
}

/// How a form asks for this field.
pub fn input(field: &Field) -> Input {
    let (kind, least, most) = match &field.kind {
        Kind::Text(low, high) if *high <= ONE_LINE => ("text", i64::from(*low), i64::from(*high)),
        Kind::Text(low, high) => ("lines", i64::from(*low), i64::from(*high)),
        Kind::Email => ("email", 0, 254),
        Kind::Url => ("url", 0, 2_000),
        Kind::Int(low, high) => ("number", *low, *high),
        Kind::Money(_) => ("money", 0, 0),
        Kind::Bool => ("flag", 0, 0),
        Kind::Date => ("date", 0, 0),
        Kind::Timestamp => ("moment", 0, 0),
        Kind::Enum(_) => ("choice", 0, 0),
        Kind::Ref(_) => ("reference", 0, 0),
    };
    Input {
        kind,
        least,
        most,
        checked: field.default == Some(Default::Bool(true)),
        currency: match &field.kind {
            Kind::Money(currency) => Some(currency.clone()),
            _ => None,
        },
    }
}

/// The property that stands for a row in the eyes of people.
pub fn label(fields: &[View]) -> String {
    fields
        .iter()
        .find(|f| ["text", "email"].contains(&f.input.kind) && !f.optional)
        .map_or_else(|| "id".to_owned(), |f| f.prop.clone())
}

/// The functions that read the form of a creation, which may hold a key that makes it happen once.
pub fn form_imports(fields: &[View], keyed: bool) -> String {
    let used: BTreeSet<&str> = fields
        .iter()
        .filter(|f| f.in_create)
        .map(|f| match f.input.kind {
            "number" => "numberOf",
            "money" => "amountOf",
            "flag" => "flagOf",
            "moment" => "momentOf",
            _ => "textOf",
        })
        .chain(keyed.then_some("textOf"))
        .collect();
    join(used)
}

/// The constants with the values that the form of a creation offers.
pub fn form_values(fields: &[View]) -> String {
    join(
        fields
            .iter()
            .filter(|f| f.in_create && f.values.is_some())
            .map(|f| f.values_const.as_str())
            .collect(),
    )
}

/// The functions that show rows; long texts and ids are not shown in tables.
pub fn shown_imports(fields: &[View]) -> String {
    let used: BTreeSet<&str> = fields
        .iter()
        .filter(|f| !["lines", "reference"].contains(&f.input.kind))
        .map(|f| match f.input.kind {
            "money" => "showAmount",
            "flag" => "showFlag",
            "moment" => "showMoment",
            _ => "show",
        })
        .collect();
    join(used)
}

fn join(names: BTreeSet<&str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}
