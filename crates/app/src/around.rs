//! What a function holds from around that was given where it was made: `auth({ optional: true })` is another guard than `auth()`,
//! though both are the same function.

use casemate_flow::result::FuncId;
use casemate_ir::LocalId;
use std::sync::Arc;

/// What a variable was found to hold at the start.
#[derive(Clone, PartialEq, Debug)]
pub enum Held {
    /// Nothing: the argument is not given.
    Nothing,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Arc<str>),
    /// Something that is there; what, is not known.
    Something,
    /// The members of an object; whether there are others is not known where it is `open`.
    Members {
        /// By their names; of some nothing is known.
        known: Vec<(Arc<str>, Option<Held>)>,
        /// There may be others.
        open: bool,
    },
    /// A list of so many.
    List(usize),
}

impl Held {
    /// Whether a condition takes it for true; Python takes empty lists and objects for false.
    pub(crate) fn truth(&self, python: bool) -> Option<bool> {
        Some(match self {
            Self::Nothing => false,
            Self::Bool(truth) => *truth,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Something => true,
            Self::Members { known, open } if python => match (known.is_empty(), open) {
                (false, _) => true,
                (true, false) => false,
                (true, true) => return None,
            },
            Self::List(count) if python => *count > 0,
            Self::Members { .. } | Self::List(_) => true,
        })
    }

    /// A member of it.
    pub(crate) fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Members { known, open } => match known.iter().find(|(n, _)| &**n == name) {
                Some((_, held)) => held.clone(),
                None => (!open).then_some(Self::Nothing),
            },
            Self::List(count) if name == "length" => Some(Self::Number(*count as f64)),
            Self::Text(text) if name == "length" => Some(Self::Number(text.len() as f64)),
            // `options?.optional`
            Self::Nothing => Some(Self::Nothing),
            _ => None,
        }
    }
}

/// Under what something is noted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoteKey {
    /// A text that is written out, or a constant of which the text is known.
    Text(String),
    /// The name of a constant that is not found, or of what the framework made.
    Name(String),
    /// The decorator itself, by its name: what `Reflector.createDecorator()` made.
    Decorator(String),
}

impl NoteKey {
    /// Whether two are the same; absent: the one that is only a name may be anything.
    pub(crate) fn is(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) if a != b => None,
            (Self::Text(_), Self::Name(_)) | (Self::Name(_), Self::Text(_)) => None,
            (Self::Text(_), Self::Decorator(_)) | (Self::Decorator(_), Self::Text(_)) => {
                Some(false)
            }
            (
                Self::Text(a) | Self::Name(a) | Self::Decorator(a),
                Self::Text(b) | Self::Name(b) | Self::Decorator(b),
            ) => Some(a == b),
        }
    }
}

/// What is noted of a handler for guards to read.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Noted {
    /// By keys; of some it is not known what.
    pub handler: Vec<(NoteKey, Option<Held>)>,
    /// What its decorators say, those of the framework aside, as a text to tell it from that of others.
    pub said: String,
    /// What its class notes.
    pub class: Vec<(NoteKey, Option<Held>)>,
}

/// Variables around a function with what they hold, and what the handler notes that it stands before.
#[derive(Clone, Default, Debug)]
pub struct Around {
    held: Option<Arc<[(FuncId, LocalId, Held)]>>,
    noted: Option<Arc<Noted>>,
}

impl PartialEq for Around {
    fn eq(&self, other: &Self) -> bool {
        match (&self.held, &other.held) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl Around {
    /// That of these variables.
    pub(crate) fn of(held: Vec<(FuncId, LocalId, Held)>) -> Self {
        Self {
            held: (!held.is_empty()).then(|| held.into()),
            noted: None,
        }
    }

    /// With what a handler notes.
    pub(crate) fn noting(self, noted: Option<Noted>) -> Self {
        Self {
            noted: noted.map(Arc::new),
            ..self
        }
    }

    /// With what another one notes.
    pub(crate) fn noted_as(self, other: &Self) -> Self {
        Self {
            noted: other.noted.clone(),
            ..self
        }
    }

    /// What is noted.
    pub(crate) fn noted(&self) -> Option<&Noted> {
        self.noted.as_deref()
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_none() && self.noted.is_none()
    }

    /// All variables.
    pub(crate) fn all(&self) -> &[(FuncId, LocalId, Held)] {
        self.held.as_deref().unwrap_or_default()
    }

    /// What a variable of a function holds.
    pub(crate) fn get(&self, func: FuncId, local: LocalId) -> Option<&Held> {
        let mut all = self.all().iter();
        all.find(|(f, l, _)| (*f, *l) == (func, local))
            .map(|(_, _, held)| held)
    }
}
