//! The context stack of logic-less templates: which object a name belongs to.

use crate::names::{Scopes, bindable};
use crate::script::Script;
use std::ops::Range;

struct Context {
    /// The variable of the script that holds it.
    variable: String,
    /// A name that it lacks is looked up in the context around.
    falls_back: bool,
}

/// A name of the template: `../user.name`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Path {
    /// How many contexts up it starts.
    pub(crate) up: usize,
    /// Starts at the locals.
    pub(crate) root: bool,
    /// Starts at the context itself: `this.name`.
    pub(crate) own: bool,
    /// Belongs to the engine: `@index`.
    pub(crate) data: bool,
    pub(crate) segments: Vec<String>,
}

/// A name is looked up in this many contexts.
const MAX_LOOKUP: usize = 16;

/// The contexts around a place of the template, and names bound there.
pub(crate) struct Contexts {
    stack: Vec<Context>,
    pub(crate) scopes: Scopes,
    count: u32,
}

impl Contexts {
    pub(crate) fn new() -> Self {
        let locals = Context {
            variable: "__locals".to_owned(),
            falls_back: false,
        };
        Self {
            stack: vec![locals],
            scopes: Scopes::default(),
            count: 0,
        }
    }

    /// A number for variables of the script.
    pub(crate) fn fresh(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    pub(crate) fn push(&mut self, variable: String, falls_back: bool) {
        self.stack.push(Context {
            variable,
            falls_back,
        });
    }

    pub(crate) fn pop(&mut self) {
        if self.stack.len() > 1 {
            self.stack.pop();
        }
    }

    /// The present context as an object for an included template.
    pub(crate) fn object(&self) -> String {
        let mut used: Vec<&str> = Vec::new();
        for context in self.stack.iter().rev().take(MAX_LOOKUP) {
            used.push(&context.variable);
            if !context.falls_back {
                break;
            }
        }
        match used.as_slice() {
            [only] => (*only).to_owned(),
            _ => {
                let spread: Vec<_> = used.iter().rev().map(|it| format!("...{it}")).collect();
                format!("{{{}}}", spread.join(", "))
            }
        }
    }

    /// Writes the value of a path.
    pub(crate) fn value(&self, script: &mut Script<'_>, path: &Path, at: &Range<usize>) {
        if path.data {
            script.glue("''", at.clone());
            return;
        }
        let mut segments = path.segments.as_slice();
        if path.root {
            script.glue("__locals", at.clone());
        } else {
            let index = self.stack.len().saturating_sub(1 + path.up);
            match segments.split_first() {
                Some((name, rest)) if path.up == 0 && !path.own && self.scopes.binds(name) => {
                    script.glue(&bindable(name), at.clone());
                    segments = rest;
                }
                Some((name, rest)) if !path.own => {
                    self.lookup(script, index, name, at);
                    segments = rest;
                }
                _ => {
                    let variable = self.stack.get(index).map_or("__locals", |it| &it.variable);
                    script.glue(variable, at.clone());
                }
            }
        }
        for segment in segments {
            script.glue("[", at.clone());
            script.string(segment, at.clone());
            script.glue("]", at.clone());
        }
    }

    /// A name in a context, or in those around it where it falls back.
    fn lookup(&self, script: &mut Script<'_>, index: usize, name: &str, at: &Range<usize>) {
        let mut candidates = Vec::new();
        for context in self.stack.iter().take(index + 1).rev().take(MAX_LOOKUP) {
            candidates.push(context.variable.as_str());
            if !context.falls_back {
                break;
            }
        }
        let many = candidates.len() > 1;
        script.glue(if many { "(" } else { "" }, at.clone());
        for (i, variable) in candidates.iter().enumerate() {
            script.glue(if i > 0 { " ?? " } else { "" }, at.clone());
            script.glue(&format!("{variable}["), at.clone());
            script.string(name, at.clone());
            script.glue("]", at.clone());
        }
        script.glue(if many { ")" } else { "" }, at.clone());
    }

    /// Starts a section; the script of its value follows.
    pub(crate) fn start_section(&mut self, script: &mut Script<'_>, at: &Range<usize>) -> u32 {
        let n = self.fresh();
        script.glue(&format!("{{ const __s{n} = "), at.clone());
        n
    }

    /// Enters a section: the context is its value, or one of its elements. Returns the variable that holds the context.
    pub(crate) fn enter_section(
        &mut self,
        script: &mut Script<'_>,
        n: u32,
        at: &Range<usize>,
    ) -> String {
        let rest =
            format!("; let __c{n} = __s{n}; for (const __e{n} of __s{n}) {{ __c{n} = __e{n}; }}\n");
        script.glue(&rest, at.clone());
        self.push(format!("__c{n}"), true);
        format!("__c{n}")
    }
}
