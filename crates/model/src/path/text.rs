//! API paths and ports as text.

use super::{ApiPath, ArgIndex, Port, PortBase, PortStep, Root, Step};
use crate::near::near;

/// The most paths that the alternatives `{a,b}` of one path may expand to.
const MAX_ALTERNATIVES: usize = 4096;

/// How many parameters an open range `.param(1..)` stands for: an automaton has no "all further ones" for parameters.
const RANGE_OF_PARAMETERS: u32 = 8;

/// What is wrong with a path, as a clause, and a near name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
pub struct PathError {
    /// What is wrong.
    pub what: String,
    /// A known word that is near.
    pub near: Option<String>,
}

fn wrong(what: impl Into<String>) -> PathError {
    PathError {
        what: what.into(),
        near: None,
    }
}

/// What the names in a path are relative to.
#[derive(Clone, Copy, Default, Debug)]
pub struct PathScope<'a> {
    /// The library whose types `@x` are meant.
    pub library: &'a str,
    /// Its packages, with ecosystem (`npm:socket.io`): they say where a package's name ends.
    pub packages: &'a [String],
}

impl PathScope<'_> {
    /// `@x` as `express/x`, `@express/x` likewise.
    ///
    /// # Errors
    /// It is not the name of a type.
    pub fn type_name(&self, text: &str) -> Result<String, PathError> {
        let name = text
            .strip_prefix('@')
            .ok_or_else(|| wrong(format!("`{text}` is not a type: types are written `@name`")))?;
        let fine = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        };
        match name.split_once('/') {
            None if fine(name) => Ok(format!("{}/{name}", self.library)),
            Some((library, ty)) if fine(library) && fine(ty) => Ok(name.to_owned()),
            _ => Err(wrong(format!(
                "`{text}` is not a type: types are written `@name` or `@library/name`"
            ))),
        }
    }

    /// Parses a path, one for each combination of its alternatives `{a,b}`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn paths(&self, text: &str) -> Result<Vec<ApiPath>, PathError> {
        expand(text)?
            .iter()
            .map(|text| self.path(text))
            .collect::<Result<Vec<_>, _>>()
            .map(|paths| paths.concat())
    }

    /// One path without alternatives; ranges of parameters make several.
    fn path(&self, text: &str) -> Result<Vec<ApiPath>, PathError> {
        let end = self.root_end(text)?;
        let (root, rest) = text
            .split_at_checked(end)
            .ok_or_else(|| wrong(format!("no root in `{text}`")))?;
        let root = match root.strip_prefix('@') {
            Some(_) => Root::Type(self.type_name(root)?),
            None => Root::Package(root.to_owned()),
        };
        let mut paths = vec![ApiPath {
            root,
            steps: Vec::new(),
        }];
        let mut cursor = Cursor { text: rest, at: 0 };
        while !cursor.done() {
            let steps = cursor.step()?;
            if steps.is_empty() {
                continue;
            }
            paths = steps
                .iter()
                .flat_map(|step| {
                    paths.iter().cloned().map(|mut path| {
                        path.steps.push(step.clone());
                        path
                    })
                })
                .collect();
            if paths.len() > MAX_ALTERNATIVES {
                return Err(wrong(format!("`{text}` has too many alternatives")));
            }
        }
        Ok(paths)
    }

    /// Where the root of a path ends: the longest declared package, else the first `.`, `(` or `[` after a scope.
    fn root_end(&self, text: &str) -> Result<usize, PathError> {
        let stop = |from: usize| {
            text.get(from..)
                .and_then(|rest| rest.find(['.', '(', '[']))
                .map_or(text.len(), |length| from + length)
        };
        if text.starts_with('@') {
            return Ok(stop(0));
        }
        let Some((ecosystem, name)) = text.split_once(':') else {
            return Err(wrong(format!(
                "`{text}` has no root: a package (`npm:name`) or a type (`@name`)"
            )));
        };
        if !["npm", "node", "js", "py", "any"].contains(&ecosystem) {
            return Err(PathError {
                what: format!("unknown root `{ecosystem}:`"),
                near: near(ecosystem, ["npm", "node", "js", "py", "any"]),
            });
        }
        if name.is_empty() {
            return Err(wrong(format!("`{text}` names no package")));
        }
        let declared = self.packages.iter().filter(|package| {
            text.strip_prefix(package.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '(', '[', '/']))
        });
        Ok(stop(declared.map(String::len).max().unwrap_or(0)))
    }

    /// Parses a port.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn port(&self, text: &str) -> Result<Port, PathError> {
        if text.starts_with('@') || text.contains(':') {
            let text = match text.split_at(text.find(['.', '(', '[']).unwrap_or(text.len())) {
                (root, rest) if root.starts_with('@') => {
                    format!("@{}{rest}", self.type_name(root)?)
                }
                _ => text.to_owned(),
            };
            self.paths(&text)?;
            return Ok(Port {
                base: PortBase::Path(text),
                steps: Vec::new(),
                deep: false,
            });
        }
        let mut cursor = Cursor { text, at: 0 };
        let base = match cursor.name() {
            "arg" => PortBase::Arg(cursor.argument()?),
            "this" => PortBase::This,
            "ret" => PortBase::Ret,
            "value" => PortBase::Value,
            "error" => PortBase::Error,
            "store" => PortBase::Store,
            other => {
                return Err(PathError {
                    what: format!(
                        "unknown port `{}`",
                        if other.is_empty() { text } else { other }
                    ),
                    near: near(other, ["arg", "this", "ret", "value", "error", "store"]),
                });
            }
        };
        let mut port = Port {
            base,
            steps: Vec::new(),
            deep: false,
        };
        while !cursor.done() {
            if port.deep {
                return Err(wrong(format!("nothing may follow `.**` in `{text}`")));
            }
            match cursor.port_step()? {
                PortPart::Step(step) => port.steps.push(step),
                PortPart::Deep => port.deep = true,
                PortPart::Nothing => {}
            }
        }
        Ok(port)
    }
}

enum PortPart {
    Step(PortStep),
    Deep,
    /// `.await`
    Nothing,
}

/// Writes out the alternatives of a text: `a.{b,c}` is `a.b` and `a.c`.
fn expand(text: &str) -> Result<Vec<String>, PathError> {
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (head, tail) = (
            rest.get(..open).unwrap_or_default(),
            rest.get(open + 1..).unwrap_or_default(),
        );
        let close = tail
            .find('}')
            .ok_or_else(|| wrong(format!("`{{` is not closed in `{text}`")))?;
        let inner = tail.get(..close).unwrap_or_default();
        let names: Vec<&str> = inner.split(',').map(str::trim).collect();
        if inner.contains('{') || names.iter().any(|name| name.is_empty()) {
            return Err(wrong(format!(
                "`{{{inner}}}` is not a list of alternatives"
            )));
        }
        if done.len().saturating_mul(names.len()) > MAX_ALTERNATIVES {
            return Err(wrong(format!("`{text}` has too many alternatives")));
        }
        done = done
            .iter()
            .flat_map(|start| names.iter().map(move |name| format!("{start}{head}{name}")))
            .collect();
        rest = tail.get(close + 1..).unwrap_or_default();
    }
    for path in &mut done {
        path.push_str(rest);
    }
    Ok(done)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn done(&self) -> bool {
        self.at >= self.text.len()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), PathError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(wrong(format!(
                "`{token}` expected at `{}` in `{}`",
                self.rest(),
                self.text
            )))
        }
    }

    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn name(&mut self) -> &'a str {
        self.take(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '#'))
    }

    fn number(&mut self) -> Result<u32, PathError> {
        let digits = self.take(|c| c.is_ascii_digit());
        digits
            .parse()
            .map_err(|_| wrong(format!("a number expected in `{}`", self.text)))
    }

    fn quoted(&mut self) -> Result<&'a str, PathError> {
        self.expect("'")?;
        let text = self.take(|c| c != '\'');
        self.expect("'")?;
        Ok(text)
    }

    fn indexed(&self) -> bool {
        self.rest().starts_with('(') && !self.rest().starts_with("()")
    }

    /// `(0)`, `(1..)`, `(-1)`, `(..-1)`, `('kw')`, `(0/'kw')`
    fn argument(&mut self) -> Result<ArgIndex, PathError> {
        self.expect("(")?;
        let index = if self.rest().starts_with('\'') {
            ArgIndex::Keyword(self.quoted()?.to_owned())
        } else if self.eat("..-") {
            ArgIndex::Before(self.number()?)
        } else if self.eat("-") {
            match self.number()? {
                0 => return Err(wrong("`arg(-0)`: the last argument is `arg(-1)`")),
                n => ArgIndex::FromEnd(n),
            }
        } else {
            let n = self.number()?;
            if self.eat("..") {
                ArgIndex::From(n)
            } else if self.eat("/") {
                ArgIndex::AtOrKeyword(n, self.quoted()?.to_owned())
            } else {
                ArgIndex::At(n)
            }
        };
        self.expect(")")?;
        Ok(index)
    }

    /// `[0]`, `[*]`, `['k']`
    fn bracket(&mut self) -> Result<Step, PathError> {
        self.expect("[")?;
        let step = if self.eat("*") {
            Step::AnyMember
        } else if self.rest().starts_with('\'') {
            Step::Member(self.quoted()?.to_owned())
        } else {
            Step::Index(self.number()?)
        };
        self.expect("]")?;
        Ok(step)
    }

    /// One step of a path: none for `.await`, several where a text stands for several.
    fn step(&mut self) -> Result<Vec<Step>, PathError> {
        if self.eat("()") {
            return Ok(vec![Step::Call]);
        }
        if self.rest().starts_with('[') {
            return Ok(vec![self.bracket()?]);
        }
        self.expect(".")?;
        if self.rest().starts_with("**") {
            return Err(wrong(format!(
                "`.**` belongs to ports, not to the path `{}`",
                self.text
            )));
        }
        if self.eat("*") {
            return Ok(vec![Step::AnyMember]);
        }
        let name = self.name();
        Ok(match name {
            "" => {
                return Err(wrong(format!(
                    "a name expected at `{}` in `{}`",
                    self.rest(),
                    self.text
                )));
            }
            "new" if self.eat("()") => vec![Step::New],
            // Methods may have these names too: `req.param('id')` is `.param()`.
            "arg" if self.indexed() => vec![Step::Arg(self.argument()?)],
            "param" if self.indexed() => match self.argument()? {
                ArgIndex::At(n) => vec![Step::Param(n)],
                ArgIndex::From(n) => (n..n.saturating_add(RANGE_OF_PARAMETERS))
                    .map(Step::Param)
                    .collect(),
                _ => {
                    return Err(wrong(format!(
                        "parameters are counted from the start in `{}`",
                        self.text
                    )));
                }
            },
            "registered" if self.eat("(") => {
                self.take(|c| c != ')' && c != '(');
                if self.rest().starts_with('(') {
                    self.argument()?;
                }
                self.expect(")")?;
                vec![Step::Registered]
            }
            "await" => Vec::new(),
            "ret" => vec![Step::Ret],
            // Loggers have methods of this name: a row means whichever the program has there.
            "error" => vec![Step::Error, Step::Member("error".into())],
            "this" => vec![Step::This],
            "sub" => vec![Step::Sub],
            "deco" => vec![Step::Deco],
            name => vec![Step::Member(name.to_owned())],
        })
    }

    fn port_step(&mut self) -> Result<PortPart, PathError> {
        if self.eat("[+]") {
            return Ok(PortPart::Step(PortStep::Next));
        }
        if self.eat("[-]") {
            return Ok(PortPart::Step(PortStep::Removed));
        }
        if self.eat("[arg") {
            let ArgIndex::At(n) = self.argument()? else {
                return Err(wrong(format!(
                    "keys are single arguments in `{}`",
                    self.text
                )));
            };
            self.expect("]")?;
            return Ok(PortPart::Step(PortStep::Key(n)));
        }
        if self.rest().starts_with('[') {
            return Ok(PortPart::Step(match self.bracket()? {
                Step::Index(n) => PortStep::Index(n),
                Step::Member(name) => PortStep::Member(name),
                _ => PortStep::Any,
            }));
        }
        self.expect(".")?;
        if self.eat("**") {
            return Ok(PortPart::Deep);
        }
        if self.eat("*") {
            return Ok(PortPart::Step(PortStep::Any));
        }
        match self.name() {
            "" => Err(wrong(format!(
                "a name expected at `{}` in `{}`",
                self.rest(),
                self.text
            ))),
            "await" => Ok(PortPart::Nothing),
            "ret" => Ok(PortPart::Step(PortStep::Ret)),
            "param" if self.rest().starts_with('(') => match self.argument()? {
                ArgIndex::At(n) => Ok(PortPart::Step(PortStep::Param(n))),
                _ => Err(wrong(format!(
                    "parameters of ports are single numbers in `{}`",
                    self.text
                ))),
            },
            name => Ok(PortPart::Step(PortStep::Member(name.to_owned()))),
        }
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
