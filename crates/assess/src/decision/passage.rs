//! What stands in the functions that entries name: `src/mail.js#Mails.send`, with what is made inside of them.

use super::file::{Decisions, Value};
use super::seen::{Known, at};
use casemate_flow::program::FuncRef;
use casemate_flow::result::Site;
use casemate_ir::{Const, FnKind, Instr, Key, Operand, PartKey};
use std::collections::{BTreeMap, BTreeSet};

/// Names of calls that take something out of a store or change it there, as they begin.
const ENDS: [&str; 14] = [
    "update",
    "delete",
    "remove",
    "destroy",
    "pop",
    "getdel",
    "consume",
    "mark",
    "revoke",
    "expire",
    "invalidate",
    "getanddelete",
    "findoneanddelete",
    "findoneandupdate",
];

/// One function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passage {
    /// Its head.
    pub site: Option<Site>,
    /// Texts, and the literal pieces of templates.
    texts: BTreeSet<String>,
    /// Members and variables that are read, and the members of what is made.
    names: BTreeSet<String>,
    /// What is called.
    calls: BTreeSet<String>,
}

/// By what entries name.
pub(crate) type Passages = BTreeMap<String, Passage>;

impl Passage {
    /// A text stands in it; `*` at one end stands for anything.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.texts.iter().any(|text| fits(name, text))
    }

    /// A member or a variable of this name is read.
    pub(crate) fn reads(&self, name: &str) -> bool {
        self.names.contains(name) || self.texts.contains(name)
    }

    /// Something is taken out of a store or changed there.
    pub(crate) fn ends_something(&self) -> bool {
        let called = self.calls.iter().any(|name| {
            let name = name.to_ascii_lowercase().replace('_', "");
            ENDS.iter().any(|begin| name.starts_with(begin))
        });
        called
            || self.texts.iter().any(|text| {
                let text = text.trim_start().to_ascii_lowercase();
                text.starts_with("update ") || text.starts_with("delete ")
            })
    }
}

/// `*.expired` fits what ends so, `job.*` what begins so.
fn fits(name: &str, text: &str) -> bool {
    match (name.strip_prefix('*'), name.strip_suffix('*')) {
        (Some(end), _) => !end.is_empty() && text.ends_with(end),
        (_, Some(begin)) => !begin.is_empty() && text.starts_with(begin),
        _ => text == name,
    }
}

/// The functions that entries name.
pub(crate) fn of(known: &Known<'_>, decisions: &Decisions) -> Passages {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for entry in &decisions.entries {
        if entry.topic == "proof" {
            wanted.insert(entry.name.clone());
        }
        if let ("event", Some(Value::Texts(places))) = (entry.topic, entry.get("at")) {
            wanted.extend(places.iter().cloned());
        }
    }
    let mut out = Passages::new();
    if wanted.is_empty() {
        return out;
    }
    let program = &known.linked.program;
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        if f.func.kind == FnKind::Module {
            continue;
        }
        let site = Site {
            file: f.file_idx,
            span: f.func.head,
        };
        let name = at(known, site, Some(id));
        let holds = |wanted: &&String| {
            name.strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        for wanted in wanted.iter().filter(holds) {
            let passage = out.entry(wanted.clone()).or_default();
            // The outermost one begins first.
            let first = passage
                .site
                .is_none_or(|known| site.span.start < known.span.start);
            if first {
                passage.site = Some(site);
            }
            read(f, passage);
        }
    }
    out
}

/// The names of events that stand anywhere in the code.
pub(crate) fn anywhere(known: &Known<'_>, decisions: &Decisions) -> BTreeSet<String> {
    let mut left: BTreeSet<&str> = decisions.of("event").map(|e| e.name.as_str()).collect();
    let mut out = BTreeSet::new();
    for file in &known.linked.program.files {
        for constant in &file.facts.consts {
            let Const::Str(text) = *constant else {
                continue;
            };
            let text = file.facts.str(text);
            let met: Vec<&str> = left
                .iter()
                .copied()
                .filter(|name| fits(name, text))
                .collect();
            for name in met {
                left.remove(name);
                out.insert(name.to_owned());
            }
        }
    }
    out
}

fn read(f: FuncRef<'_>, out: &mut Passage) {
    let facts = &f.file.facts;
    for instr in &f.func.instrs {
        match *instr {
            Instr::Load {
                key: Key::Field(name),
                ..
            }
            | Instr::Store {
                key: Key::Field(name),
                ..
            } => {
                out.names.insert(facts.str(name).to_owned());
            }
            Instr::Object { parts, .. } => {
                for part in f.func.parts(parts) {
                    if let PartKey::Field(name) = part.key {
                        out.names.insert(facts.str(name).to_owned());
                    }
                }
            }
            Instr::Call { callee, .. } => {
                if let Some(Instr::Load {
                    key: Key::Field(name),
                    ..
                }) = f.made_by(callee)
                {
                    out.calls.insert(facts.str(*name).to_owned());
                }
            }
            _ => {}
        }
        f.func.each_read(instr, |operand| match operand {
            Operand::Const(id) => {
                if let Const::Str(text) = *facts.constant(id) {
                    out.texts.insert(facts.str(text).to_owned());
                }
            }
            Operand::Local(local) => {
                let name = f
                    .func
                    .locals
                    .get(local.index())
                    .and_then(|local| local.name);
                out.names
                    .extend(name.map(|name| facts.str(name).to_owned()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_at_one_end() {
        for (name, text, wanted) in [
            ("user.invited", "user.invited", true),
            ("user.invited", "user.invited.again", false),
            ("*.expired", ".expired", true),
            ("*.expired", "order.expired", true),
            ("job.*", "job.report", true),
            ("*", "anything", false),
        ] {
            assert_eq!(fits(name, text), wanted, "{name} {text}");
        }
    }
}
