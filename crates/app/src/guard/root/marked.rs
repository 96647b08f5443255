//! Parameters of functions that a framework calls before a handler, which are marked as what the client says: `token: str = Header()`.

use super::{ORIGIN, SECRETS, Search, Trail, network};
use crate::guard::names::Names;
use casemate_flow::origin::Val;
use casemate_flow::program::FuncRef;
use casemate_ir::{LocalId, Param};

/// The package that reads the marks.
const READER: &str = "py:fastapi.";

/// What a mark says of a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// A header or a cookie, by which a client shows something.
    Shown,
    /// A part of what it says.
    Said,
}

impl<'p> Search<'_, 'p, '_> {
    /// A parameter that is filled from the part of the request that its mark names.
    pub(super) fn is_marked(&mut self, f: FuncRef<'p>, local: LocalId, trail: Trail) -> bool {
        let Some(param) = f.func.params.iter().find(|param| param.local == local) else {
            return false;
        };
        let Some(mark) = self.mark(f, param) else {
            return false;
        };
        let name = param.name.map_or("", |name| f.file.facts.str(name));
        let lower = name.to_lowercase();
        let plain: String = lower.chars().filter(|c| *c != '_').collect();
        if mark == Mark::Said {
            self.found.client = true;
            self.found.names.add(Names::of(name));
        } else if network::is(name) {
            self.found.network = true;
        } else if ORIGIN.contains(&lower.as_str()) {
            self.found.origin = true;
        } else {
            self.found.credential = true;
            self.found.secret |= SECRETS.iter().any(|word| plain.contains(word));
        }
        self.found.called |= trail.called;
        self.found.given |= trail.given;
        true
    }

    fn mark(&self, f: FuncRef<'p>, param: &Param) -> Option<Mark> {
        let parent = self.origins.program.func(f.parent()?);
        param.decorators.iter().find_map(|decorator| {
            let (callee, _) = parent.call_behind(decorator.value)?;
            let vals = self.origins.of_operand(parent.id, callee).iter();
            vals.into_iter()
                .find_map(|&val| match self.origins.val(val) {
                    Some(Val::Api(path)) => {
                        match self.origins.paths.text(path).strip_prefix(READER)? {
                            "Header" | "Cookie" => Some(Mark::Shown),
                            "Query" | "Path" | "Form" | "Body" => Some(Mark::Said),
                            _ => None,
                        }
                    }
                    _ => None,
                })
        })
    }
}
