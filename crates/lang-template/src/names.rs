//! Names of a template as names of the script.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Names that the script cannot bind as they are.
pub(crate) fn reserved(name: &str) -> bool {
    matches!(
        name,
        "arguments"
            | "await"
            | "break"
            | "case"
            | "catch"
            | "class"
            | "const"
            | "continue"
            | "debugger"
            | "default"
            | "delete"
            | "do"
            | "else"
            | "enum"
            | "eval"
            | "export"
            | "extends"
            | "false"
            | "finally"
            | "for"
            | "function"
            | "if"
            | "implements"
            | "import"
            | "in"
            | "instanceof"
            | "interface"
            | "let"
            | "new"
            | "null"
            | "package"
            | "private"
            | "protected"
            | "public"
            | "return"
            | "static"
            | "super"
            | "switch"
            | "this"
            | "throw"
            | "true"
            | "try"
            | "typeof"
            | "undefined"
            | "var"
            | "void"
            | "while"
            | "with"
            | "yield"
            | "require"
    )
}

/// A name that the script can bind.
pub(crate) fn bindable(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || c == '_' || c == '$' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if reserved(&out) || out.starts_with(|c: char| c.is_numeric()) || out.is_empty() {
        out.insert(0, '_');
    }
    out
}

/// Names bound by the template itself, innermost scope last.
#[derive(Default)]
pub(crate) struct Scopes {
    bound: Vec<Vec<String>>,
    /// By name: in how many scopes it is bound. Templates nest scopes by the thousand.
    times: HashMap<String, u32>,
    /// Functions and filters that are not bound are the engine's, as in Python: no values of the template.
    pub(crate) own_functions: bool,
}

impl Scopes {
    pub(crate) fn push(&mut self) {
        self.bound.push(Vec::new());
    }
    pub(crate) fn pop(&mut self) {
        for name in self.bound.pop().into_iter().flatten() {
            if let Entry::Occupied(mut times) = self.times.entry(name) {
                *times.get_mut() -= 1;
                if *times.get() == 0 {
                    times.remove();
                }
            }
        }
    }
    /// Binds a name in the innermost scope.
    pub(crate) fn bind(&mut self, name: &str) {
        if self.bound.is_empty() {
            self.push();
        }
        if let Some(scope) = self.bound.last_mut()
            && !scope.iter().any(|it| it == name)
        {
            scope.push(name.to_owned());
            *self.times.entry(name.to_owned()).or_default() += 1;
        }
    }
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.times.contains_key(name)
    }
    /// All bound names, outermost first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.bound.iter().flatten().map(String::as_str)
    }
}
