//! The request of a test: method, path and where its value stands.

use super::literal::shouted;
use crate::assessment::Endpoint;
use crate::trigger::Spoken;
use casemate_rules::rule::Retest;

/// A request.
pub(super) struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The path, in pieces.
    pub path: Vec<Piece>,
    /// Where the value stands.
    pub spoken: Option<Spoken>,
}

/// A piece of a path.
pub(super) enum Piece {
    /// As it is.
    Text(String),
    /// What a client says there, by its environment variable.
    Parameter(String),
    /// The value.
    Value,
}

/// Methods that have a body.
const WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];

impl Request {
    /// Whether it has a body.
    pub(super) fn has_body(&self) -> bool {
        WITH_BODY.contains(&self.method.as_str())
    }

    /// Whether it may change something.
    pub(super) fn changes(&self) -> bool {
        self.has_body() || self.method == "DELETE"
    }

    /// The parameters of its path, by their environment variables, each once.
    pub(super) fn parameters(&self) -> Vec<&str> {
        let mut out: Vec<&str> = Vec::new();
        for piece in &self.path {
            if let Piece::Parameter(name) = piece
                && !out.contains(&name.as_str())
            {
                out.push(name);
            }
        }
        out
    }
}

/// The request to an endpoint. Absent where its path is not known whole, or it does not speak HTTP.
pub(super) fn of(endpoint: &Endpoint, spoken: Option<&Spoken>, retest: Retest) -> Option<Request> {
    let path = endpoint.path.as_deref()?;
    if !path.starts_with('/') || path.contains(['*', '?', '(', ')', '^', '$', ' ', '#']) {
        return None;
    }
    // A name is not guessed: whoever asks by another one is not answered, and that looks like a repair.
    if matches!(spoken, Some(Spoken::Query(None))) {
        return None;
    }
    let in_body =
        matches!(spoken, Some(Spoken::Json(_) | Spoken::Form(_))) || retest == Retest::Field;
    let any = if in_body || retest == Retest::CrossSite {
        "POST"
    } else {
        "GET"
    };
    let method = match endpoint.method.split(',').next().unwrap_or_default() {
        "" | "ALL" | "USE" | "ROUTE" | "*" => any,
        m @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE") => m,
        _ => return None,
    };
    let request = Request {
        method: method.to_owned(),
        path: pieces(path, spoken)?,
        spoken: spoken.cloned(),
    };
    let body_without_one = in_body && !request.has_body();
    // A form of another site sends GET and POST alone.
    let no_form = retest == Retest::CrossSite && method != "POST";
    (!body_without_one && !no_form).then_some(request)
}

/// A path in pieces: `/shops/:shop/orders/{id}`.
fn pieces(path: &str, spoken: Option<&Spoken>) -> Option<Vec<Piece>> {
    let attacked = match spoken {
        Some(Spoken::Path(name)) => Some(name.as_str()),
        _ => None,
    };
    let mut out: Vec<Piece> = Vec::new();
    let mut text = String::new();
    let mut rest = path;
    let mut met = false;
    while let Some(c) = rest.chars().next() {
        let (name, length) = match c {
            ':' => {
                let after = rest.get(1..)?;
                let end = after
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                (after.get(..end)?, end + 1)
            }
            '<' | '{' => {
                let close = if c == '<' { '>' } else { '}' };
                let end = rest.find(close)?;
                let inner = rest.get(1..end)?;
                // `<int:id>` of Flask and Django, `{id:int}` of FastAPI.
                let name = match inner.split_once(':') {
                    Some((_, name)) if c == '<' => name,
                    Some((name, _)) => name,
                    None => inner,
                };
                (name, end + 1)
            }
            _ => {
                text.push(c);
                rest = rest.get(c.len_utf8()..)?;
                continue;
            }
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return None;
        }
        if !text.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut text)));
        }
        if attacked == Some(name) {
            met = true;
            out.push(Piece::Value);
        } else {
            out.push(Piece::Parameter(format!("TEST_{}", shouted(name))));
        }
        rest = rest.get(length..)?;
    }
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    (attacked.is_none() || met).then_some(out)
}
