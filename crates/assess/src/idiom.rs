//! The prose of a rule for one language: the code that its readers write, not that of others.

use crate::assessment::{Finding, RuleInfo};
use casemate_ledger::Inventory;
use casemate_source::Project;
use std::borrow::Cow;
use std::path::Path;

/// What a reader of the report writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Idiom {
    /// JavaScript and TypeScript.
    Node,
    /// Python.
    Python,
}

impl Idiom {
    /// Whose code a fence holds, and for which frameworks.
    fn language(info: &str) -> Option<(Self, Vec<&str>)> {
        let mut words = info.split_whitespace();
        let language = match words.next()? {
            "js" | "ts" | "jsx" | "tsx" | "ejs" | "pug" | "hbs" => Self::Node,
            "py" | "jinja" => Self::Python,
            _ => return None,
        };
        Some((language, words.collect()))
    }

    /// Whether a fence holds its code.
    fn writes(self, info: &str) -> bool {
        Self::language(info).is_some_and(|(language, _)| language == self)
    }

    fn other(self) -> Self {
        match self {
            Self::Node => Self::Python,
            Self::Python => Self::Node,
        }
    }

    /// What begins a sentence that only its writers need.
    fn lead(self) -> &'static str {
        match self {
            Self::Node => "Node: ",
            Self::Python => "Python: ",
        }
    }

    fn of(file: &str) -> Option<Self> {
        match Path::new(file).extension()?.to_str()? {
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Self::Node),
            "py" | "pyi" | "ipynb" => Some(Self::Python),
            _ => None,
        }
    }
}

/// Keeps in findings and rules what is said to those who write this project.
pub(crate) fn settle(
    project: &Project,
    inventory: &Inventory,
    findings: &mut [Finding],
    rules: &mut [RuleInfo],
) {
    let uses = |framework: &str| {
        inventory.packages.keys().any(|root| {
            let name = root.split_once(':').map_or(root.as_str(), |(_, name)| name);
            name.split(['.', '/']).next() == Some(framework)
        })
    };
    let count = |idiom| {
        let files = project.files.iter();
        files.filter(|f| Idiom::of(&f.path) == Some(idiom)).count()
    };
    let (node, python) = (count(Idiom::Node), count(Idiom::Python));
    // Templates belong to whoever renders them.
    let most = match (node, python) {
        (0, 0) => None,
        (node, python) if node >= python => Some(Idiom::Node),
        _ => Some(Idiom::Python),
    };
    let spoken = |file: &str| Idiom::of(file).or(most);
    for rule in rules {
        let mut here: Vec<Idiom> = Vec::new();
        for finding in findings.iter().filter(|f| f.rule == rule.id) {
            here.extend(spoken(&finding.place.file).filter(|i| !here.contains(i)));
        }
        if let [one] = here.as_slice() {
            for (_, text) in &mut rule.sections {
                keep(text, *one, &uses);
            }
        }
    }
    for finding in findings {
        if let Some(idiom) = spoken(&finding.place.file) {
            keep(&mut finding.fix, idiom, &uses);
            keep(&mut finding.alternatives, idiom, &uses);
        }
    }
}

fn keep(text: &mut String, idiom: Idiom, uses: &dyn Fn(&str) -> bool) {
    if let Cow::Owned(kept) = only(text, idiom, uses) {
        *text = kept;
    }
}

/// A text without the code and the sentences that are for writers of another language. Of several pieces of code that say the same,
/// the one for a framework of the project is kept: its names stand behind the language of the fence.
fn only<'t>(markdown: &'t str, idiom: Idiom, uses: &dyn Fn(&str) -> bool) -> Cow<'t, str> {
    let own = fences(markdown).any(|info| idiom.writes(info));
    let chosen =
        fences(markdown).any(|info| Idiom::language(info).is_some_and(|(_, of)| !of.is_empty()));
    let foreign = own && fences(markdown).any(|info| idiom.other().writes(info));
    if !chosen && !foreign && !markdown.contains("Node: ") && !markdown.contains("Python: ") {
        return Cow::Borrowed(markdown);
    }
    let mut kept: Vec<String> = Vec::new();
    let mut run: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut lines = markdown.lines();
    let mut dropping = false;
    // A paragraph begins here.
    let mut fresh = true;
    while let Some(line) = lines.next() {
        if let Some(info) = opens(line) {
            let mut block = vec![line];
            for code in lines.by_ref() {
                block.push(code);
                if code.trim() == "```" {
                    break;
                }
            }
            run.push((info, block));
            dropping = false;
            fresh = true;
            continue;
        }
        choose(&mut run, idiom, own, uses, &mut kept);
        let (mark, text) = line
            .strip_prefix("- ")
            .map_or(("", line), |text| ("- ", text));
        let blank = line.trim().is_empty();
        if !mark.is_empty() || blank || fresh {
            dropping = false;
        }
        fresh = blank;
        dropping |= text.starts_with(idiom.other().lead());
        if dropping {
            continue;
        }
        match text.strip_prefix(idiom.lead()) {
            Some(said) => kept.push(format!("{mark}{}", capital(said))),
            None => kept.push(line.to_owned()),
        }
    }
    choose(&mut run, idiom, own, uses, &mut kept);
    // What was dropped leaves no gap.
    kept.dedup_by(|line, before| line.is_empty() && before.is_empty());
    Cow::Owned(kept.join("\n").trim().to_owned())
}

/// Of pieces of code with nothing between them, those for this language and these frameworks.
fn choose(
    run: &mut Vec<(&str, Vec<&str>)>,
    idiom: Idiom,
    own: bool,
    uses: &dyn Fn(&str) -> bool,
    kept: &mut Vec<String>,
) {
    let here: Vec<(usize, Vec<&str>)> = run
        .iter()
        .enumerate()
        .filter_map(|(at, (info, _))| {
            let (language, frameworks) = Idiom::language(info)?;
            (language == idiom).then_some((at, frameworks))
        })
        .collect();
    let used = here.iter().filter(|(_, of)| of.iter().any(|f| uses(f)));
    let mut wanted: Vec<usize> = used.map(|(at, _)| *at).collect();
    if wanted.is_empty() {
        let general = here.iter().filter(|(_, of)| of.is_empty());
        wanted = general.map(|(at, _)| *at).collect();
    }
    if wanted.is_empty() {
        wanted.extend(here.first().map(|(at, _)| *at));
    }
    for (at, (info, block)) in run.drain(..).enumerate() {
        let keep = match Idiom::language(info) {
            None => true,
            Some((language, _)) if language == idiom => wanted.contains(&at),
            // Better than nothing.
            Some(_) => !own,
        };
        if !keep {
            continue;
        }
        let mut block = block.into_iter();
        // The frameworks are for us.
        let first = block
            .next()
            .map(|line| line.split(' ').next().unwrap_or(line));
        kept.extend(first.into_iter().chain(block).map(str::to_owned));
    }
}

fn fences(markdown: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    markdown.lines().filter_map(move |line| {
        let info = line.trim().strip_prefix("```")?;
        inside = !inside;
        inside.then_some(info)
    })
}

fn opens(line: &str) -> Option<&str> {
    line.trim().strip_prefix("```")
}

/// With a capital letter, unless code begins it.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reads_their_own_language() {
        let text = "Bind:\n\n```ts\nawait a(1)\n```\n```py\na(1)\n```\n\nNode: escape\nwith `x`.\n\nBoth.\n\n- Node: use `n`,\n  twice.\n- Python: use `p`.\n- all of them.";
        let none = |_: &str| false;
        assert_eq!(
            only(text, Idiom::Python, &none),
            "Bind:\n\n```py\na(1)\n```\n\nBoth.\n\n- Use `p`.\n- all of them."
        );
        assert_eq!(
            only(text, Idiom::Node, &none),
            "Bind:\n\n```ts\nawait a(1)\n```\n\nEscape\nwith `x`.\n\nBoth.\n\n- Use `n`,\n  twice.\n- all of them."
        );
        // Better than nothing.
        let foreign = "Do:\n\n```ts\na()\n```";
        assert_eq!(only(foreign, Idiom::Python, &none), foreign);
    }

    #[test]
    fn each_reads_their_own_framework() {
        let text = "```js\nexpress\n```\n```py\nplain\n```\n```py django\nview\n```\n```py flask fastapi\nroute\n```";
        let kept =
            |idiom, framework: &str| only(text, idiom, &|f: &str| f == framework).into_owned();
        assert_eq!(kept(Idiom::Python, "django"), "```py\nview\n```");
        assert_eq!(kept(Idiom::Python, "fastapi"), "```py\nroute\n```");
        assert_eq!(kept(Idiom::Python, "aiohttp"), "```py\nplain\n```");
        assert_eq!(kept(Idiom::Node, "django"), "```js\nexpress\n```");
    }
}
