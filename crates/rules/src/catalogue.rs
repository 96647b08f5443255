//! All rules together.

use crate::error::RuleError;
use crate::front::{self, Names};
use crate::near;
use crate::rule::{Heading, Question, Rule};
use crate::standard;
use casemate_model::kind::Kinds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file of ASVS ids in a rules folder.
const ASVS_IDS: &str = "asvs-ids.txt";

/// All rules, by id.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Catalogue {
    rules: BTreeMap<String, Rule>,
    asvs: Vec<String>,
}

/// How a name led to a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// It is the id.
    Id,
    /// It was the id before.
    Formerly,
    /// Another tool calls it so.
    Alias,
}

impl Catalogue {
    /// The same rules in the language of this process, as far as its catalogue has them.
    #[must_use]
    pub fn spoken(mut self) -> Self {
        if casemate_say::tag() == "en" {
            return self;
        }
        let put = |rule: &str, part: &str, text: &mut String| {
            if let Some(said) = casemate_say::of_rule(rule, part) {
                said.clone_into(text);
            }
        };
        for rule in self.rules.values_mut() {
            put(&rule.id, "title", &mut rule.title);
            for (part, text) in [
                ("kept", &mut rule.kept),
                ("excused", &mut rule.excused),
                ("lets", &mut rule.lets),
                ("whom", &mut rule.whom),
            ] {
                if let Some(text) = text {
                    put(&rule.id, part, text);
                }
            }
            for section in &mut rule.sections {
                put(&rule.id, section.heading.title(), &mut section.text);
            }
        }
        self
    }

    /// What a catalogue of a language may say of each rule: rule, part and text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &'static str, &str)> {
        self.rules.values().flat_map(|rule| {
            let own = [
                ("title", Some(&rule.title)),
                ("kept", rule.kept.as_ref()),
                ("excused", rule.excused.as_ref()),
                ("lets", rule.lets.as_ref()),
                ("whom", rule.whom.as_ref()),
            ];
            let own = own
                .into_iter()
                .filter_map(|(part, text)| Some((part, text?.as_str())));
            let written = rule.sections.iter();
            let written = written.filter(|s| s.heading != Heading::Examples);
            let written = written.map(|s| (s.heading.title(), s.text.as_str()));
            own.chain(written)
                .map(|(part, text)| (rule.id.as_str(), part, text))
        })
    }

    /// Reads a rules folder: `<area>/<id>.md` and `asvs-ids.txt`. Rules with mistakes are left out, and the mistakes told.
    #[must_use]
    pub fn load_folder(folder: &Path, kinds: &Kinds) -> (Self, Vec<RuleError>) {
        match std::fs::read_to_string(folder.join(ASVS_IDS)) {
            Ok(text) => Self {
                rules: BTreeMap::new(),
                asvs: standard::asvs_ids(&text),
            }
            .extended(folder, kinds),
            Err(error) => (Self::default(), vec![unreadable(ASVS_IDS, &error)]),
        }
    }

    /// This catalogue and the rules of another folder, such as a project's own. An id that is taken stays as it is.
    #[must_use]
    pub fn extended(mut self, folder: &Path, kinds: &Kinds) -> (Self, Vec<RuleError>) {
        let mut errors = Vec::new();
        let asvs = self.asvs.clone();
        for (name, path) in files(folder, &mut errors) {
            match std::fs::read_to_string(&path) {
                Ok(text) => match front::parse(&name, &text, Names { kinds, asvs: &asvs }) {
                    Ok(rule) => self.add(rule, &mut errors),
                    Err(list) => errors.extend(list),
                },
                Err(error) => errors.push(unreadable(&name, &error)),
            }
        }
        self.check_names(&mut errors);
        errors.sort();
        (self, errors)
    }

    /// A catalogue of rules that are read already.
    #[must_use]
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules = rules
            .into_iter()
            .map(|rule| (rule.id.clone(), rule))
            .collect();
        Self {
            rules,
            asvs: Vec::new(),
        }
    }

    fn add(&mut self, rule: Rule, errors: &mut Vec<RuleError>) {
        if let Some(other) = self.rules.get(&rule.id) {
            let message = format!("the id `{}` is taken by {}", rule.id, other.file);
            errors.push(RuleError {
                file: rule.file,
                line: 1,
                message,
            });
        } else {
            self.rules.insert(rule.id.clone(), rule);
        }
    }

    /// Ids that were given up must not be in use, and marks in examples must name rules.
    fn check_names(&self, errors: &mut Vec<RuleError>) {
        let mut former: BTreeMap<&str, &Rule> = BTreeMap::new();
        for rule in self.rules.values() {
            for id in &rule.formerly {
                let other = self.rules.get(id).or_else(|| former.insert(id, rule));
                if let Some(other) = other {
                    let message =
                        format!("`formerly` names `{id}`, which belongs to {}", other.file);
                    errors.push(RuleError {
                        file: rule.file.clone(),
                        line: 1,
                        message,
                    });
                }
            }
            for block in &rule.examples {
                for marker in crate::marker::markers(&block.text).1 {
                    if self.rules.contains_key(&marker.rule) {
                        continue;
                    }
                    let line = block.line.saturating_add(marker.line).saturating_sub(1);
                    let message = self.unknown(&marker.rule);
                    errors.push(RuleError {
                        file: rule.file.clone(),
                        line,
                        message,
                    });
                }
            }
        }
    }

    /// All rules by id.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.values()
    }

    /// The rule of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The rules that a name stands for: one by its id or former id; every one that has it as an alias (aliases are other
    /// tools' names, and several rules may share one).
    #[must_use]
    pub fn lookup(&self, name: &str) -> Vec<(&Rule, Via)> {
        if let Some(rule) = self.rules.get(name) {
            return vec![(rule, Via::Id)];
        }
        let has = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        if let Some(rule) = self.rules().find(|rule| has(&rule.formerly)) {
            return vec![(rule, Via::Formerly)];
        }
        self.rules()
            .filter(|rule| has(&rule.aliases))
            .map(|rule| (rule, Via::Alias))
            .collect()
    }

    /// `` unknown rule `sql-injectoin`: did you mean `sql-injection`? ``
    #[must_use]
    pub fn unknown(&self, name: &str) -> String {
        let known: Vec<&str> = self.rules.keys().map(String::as_str).collect();
        near::unknown("rule", name, &known)
    }

    /// The ids of all ASVS requirements.
    #[must_use]
    pub fn asvs(&self) -> &[String] {
        &self.asvs
    }

    /// What the format asks of a rule's examples and this one lacks, as sentences.
    #[must_use]
    pub fn gaps(rule: &Rule) -> Vec<String> {
        use crate::example::Variant;
        let cases = rule.cases();
        let mut gaps = Vec::new();
        for lang in rule.langs() {
            let speaks = |case: &&crate::example::Case| {
                rule.examples
                    .iter()
                    .any(|block| block.case == case.name && block.language() == Some(lang))
            };
            let has = |variant| {
                cases
                    .iter()
                    .filter(speaks)
                    .any(|case| case.variant == variant)
            };
            if !has(Variant::Vulnerable) {
                gaps.push(format!("no vulnerable case in {lang}"));
            }
            if !has(Variant::Safe) {
                gaps.push(format!("no safe look-alike in {lang}"));
            }
        }
        if cases.is_empty() {
            gaps.push("no case at all".to_owned());
        }
        let across = cases
            .iter()
            .any(|case| case.variant == Variant::Vulnerable && case.files.len() > 1);
        if matches!(rule.question, Question::Flow(_)) && !across {
            gaps.push("no vulnerable case across files".to_owned());
        }
        if matches!(rule.question, Question::Model(_)) {
            for name in ["guarded", "unguarded"] {
                if !cases.iter().any(|case| case.name.starts_with(name)) {
                    gaps.push(format!("no case whose name begins with `{name}`"));
                }
            }
        }
        gaps
    }

    /// The catalogue as bytes, to be embedded.
    ///
    /// # Errors
    /// Only where a rule cannot be written, which no rule that was read can cause.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// The catalogue that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are not a catalogue of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }
}

fn unreadable(file: &str, error: &std::io::Error) -> RuleError {
    RuleError {
        file: file.to_owned(),
        line: 0,
        message: format!("cannot be read: {error}"),
    }
}

/// Every `<folder>/<file>.md`, by name. Files directly in the rules folder (a README) are no rules.
fn files(folder: &Path, errors: &mut Vec<RuleError>) -> Vec<(String, PathBuf)> {
    let mut out = Vec::new();
    for (area, path, is_folder) in entries(folder, "", errors) {
        if !is_folder || area.starts_with('.') {
            continue;
        }
        for (name, path, is_folder) in entries(&path, &area, errors) {
            if !is_folder && path.extension().is_some_and(|extension| extension == "md") {
                out.push((format!("{area}/{name}"), path));
            }
        }
    }
    out
}

fn entries(
    folder: &Path,
    shown: &str,
    errors: &mut Vec<RuleError>,
) -> Vec<(String, PathBuf, bool)> {
    let list = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut list = match list {
        Ok(list) => list,
        Err(error) => {
            errors.push(unreadable(shown, &error));
            return Vec::new();
        }
    };
    list.sort_by_key(std::fs::DirEntry::file_name);
    // A link could lead out of the project, so links are not followed.
    let kind = |entry: &std::fs::DirEntry| entry.file_type().ok().filter(|kind| !kind.is_symlink());
    let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().ok();
    list.iter()
        .filter_map(|entry| Some((name(entry)?, entry.path(), kind(entry)?.is_dir())))
        .collect()
}
