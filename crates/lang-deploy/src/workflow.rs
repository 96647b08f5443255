//! Workflows of GitHub: whose texts become commands, and whose code runs with the rights of the repository.

use crate::MAX_BYTES;
use casemate_ir::Span;
use casemate_lang_openapi::yaml::{Node, Value, read_all};

/// Events that anybody can cause, and whose runs have the rights and secrets of the repository.
const OPEN: &[&str] = &[
    "discussion",
    "discussion_comment",
    "issue_comment",
    "issues",
    "pull_request_target",
    "workflow_run",
];

/// What whoever causes an event writes, below `github`.
const WRITTEN: &[&str] = &[
    "event.comment.body",
    "event.discussion.body",
    "event.discussion.title",
    "event.issue.body",
    "event.issue.title",
    "event.pull_request.body",
    "event.pull_request.head.label",
    "event.pull_request.head.ref",
    "event.pull_request.title",
    "event.review.body",
    "event.workflow_run.head_branch",
    "event.workflow_run.head_commit.message",
    "head_ref",
];

/// The code of a pull request, as a checkout names it.
const PROPOSED: &[&str] = &[
    "github.event.pull_request.head",
    "github.head_ref",
    "refs/pull/",
];

/// What conditions look at that let only known people pass.
const ASKED: &[&str] = &[
    "author_association",
    "head.repo.full_name",
    "head.repo.fork",
    "github.actor",
    "github.triggering_actor",
    "labels",
    "label.name",
    "permission",
    "sender",
    "user.login",
];

/// What a workflow does for anybody.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Workflow {
    /// Texts of strangers in commands: which, and where the command begins.
    pub injected: Vec<(String, Span)>,
    /// Checkouts of code of strangers that runs afterwards.
    pub foreign: Vec<Span>,
    /// How many steps there are.
    pub steps: usize,
}

/// Reads a workflow.
#[must_use]
pub fn read(text: &str) -> Workflow {
    let mut found = Workflow::default();
    if text.len() > MAX_BYTES {
        return found;
    }
    let Some(document) = read_all(text).ok().and_then(|all| all.into_iter().next()) else {
        return found;
    };
    let events = events(&document);
    let open = events.iter().any(|event| OPEN.contains(&event.as_str()));
    let target = events.iter().any(|event| event == "pull_request_target");
    for (_, job) in document.get("jobs").map_or(&[][..], Node::entries) {
        let steps = job.get("steps").map_or(&[][..], Node::items);
        found.steps += steps.len();
        if !open || job.get("environment").is_some() || asks(job) {
            continue;
        }
        for (at, step) in steps.iter().enumerate() {
            if asks(step) {
                continue;
            }
            if let Some(command) = command(step)
                && let Some(name) = written(command.text().unwrap_or_default())
            {
                found.injected.push((name, command.span));
            }
            let rest = steps.get(at + 1..).unwrap_or_default();
            if target
                && let Some(place) = proposed(step)
                && rest.iter().any(runs)
            {
                found.foreign.push(place);
            }
        }
    }
    found
}

/// The names of the events, however they are listed.
fn events(document: &Node) -> Vec<String> {
    // A plain `on` is true for some readers of YAML.
    let Some(on) = document.get("on").or_else(|| document.get("true")) else {
        return Vec::new();
    };
    let named = |node: &Node| node.text().map(str::to_owned);
    match &on.value {
        Value::List(items) => items.iter().filter_map(named).collect(),
        Value::Table(entries) => entries.iter().filter_map(|(key, _)| named(key)).collect(),
        _ => named(on).into_iter().collect(),
    }
}

/// Whether a condition looks at who caused the event.
fn asks(part: &Node) -> bool {
    let condition = part.get("if").and_then(Node::text).unwrap_or_default();
    ASKED.iter().any(|word| condition.contains(word))
}

/// What a step hands to an interpreter.
fn command(step: &Node) -> Option<&Node> {
    let script = || {
        let uses = step.get("uses")?.text()?;
        uses.starts_with("actions/github-script@")
            .then(|| step.get("with")?.get("script"))
            .flatten()
    };
    step.get("run").or_else(script)
}

/// The first text of a stranger that is filled into a command.
fn written(command: &str) -> Option<String> {
    command.split("${{").skip(1).find_map(|rest| {
        let expression = rest.split("}}").next()?.trim();
        let name = expression.strip_prefix("github.")?;
        WRITTEN.contains(&name).then(|| expression.to_owned())
    })
}

/// Where a checkout names the code of a pull request.
fn proposed(step: &Node) -> Option<Span> {
    let uses = step.get("uses")?.text()?;
    if !uses.starts_with("actions/checkout@") {
        return None;
    }
    let reference = step.get("with")?.get("ref")?;
    let text = reference.text()?;
    PROPOSED
        .iter()
        .any(|name| text.contains(name))
        .then_some(reference.span)
}

/// Whether a step may run what was checked out.
fn runs(step: &Node) -> bool {
    let local = || {
        let uses = step.get("uses").and_then(Node::text);
        uses.is_some_and(|uses| uses.starts_with("./"))
    };
    let builds = |command: &str| BUILDS.iter().any(|word| command.contains(word));
    step.get("run").and_then(Node::text).is_some_and(builds) || local()
}

/// Words of commands that run code of the folder they stand in.
const BUILDS: &[&str] = &[
    "npm ",
    "npx ",
    "yarn",
    "pnpm",
    "bun ",
    "make",
    "pip install",
    "uv sync",
    "poetry",
    "tox",
    "pytest",
    "python ",
    "node ",
    "cargo ",
    "go ",
    "gradle",
    "mvn",
    "bundle",
    "composer",
    "docker build",
    "docker compose",
    "sh ",
    "bash ",
    "./",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow(on: &str, job: &str, steps: &str) -> String {
        format!("on: {on}\njobs:\n  a:\n    runs-on: x\n{job}    steps:\n{steps}")
    }

    #[test]
    fn texts_of_strangers_in_commands() {
        let echo = "      - run: echo \"${{ github.event.issue.title }}\"\n";
        for (on, job, steps, names) in [
            ("issues", "", echo, &["github.event.issue.title"][..]),
            ("[issues]", "", echo, &["github.event.issue.title"]),
            (
                "{ issues: { types: [opened] } }",
                "",
                echo,
                &["github.event.issue.title"],
            ),
            ("push", "", echo, &[]),
            ("pull_request", "", echo, &[]),
            (
                "issues",
                "    if: github.event.issue.author_association == 'OWNER'\n",
                echo,
                &[],
            ),
            (
                "issues",
                "",
                "      - run: echo \"$TITLE\"\n        env:\n          TITLE: ${{ github.event.issue.title }}\n",
                &[],
            ),
            (
                "issues",
                "",
                "      - run: echo ${{ github.event.issue.number }}\n",
                &[],
            ),
            (
                "issue_comment",
                "",
                "      - uses: actions/github-script@v7\n        with:\n          script: log(`${{github.event.comment.body}}`)\n",
                &["github.event.comment.body"],
            ),
        ] {
            let found = read(&workflow(on, job, steps));
            let found: Vec<&str> = found
                .injected
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            assert_eq!(found, names, "{on} {job} {steps}");
        }
    }

    #[test]
    fn code_of_strangers_that_runs() {
        let checkout = "      - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n";
        let build = "      - run: npm ci\n";
        for (on, job, steps, count) in [
            ("pull_request_target", "", format!("{checkout}{build}"), 1),
            ("pull_request", "", format!("{checkout}{build}"), 0),
            ("pull_request_target", "", checkout.to_owned(), 0),
            ("pull_request_target", "", format!("{build}{checkout}"), 0),
            (
                "pull_request_target",
                "",
                format!("{checkout}      - run: git diff\n"),
                0,
            ),
            (
                "pull_request_target",
                "    environment: reviewed\n",
                format!("{checkout}{build}"),
                0,
            ),
            (
                "pull_request_target",
                "",
                format!("      - uses: actions/checkout@v4\n{build}"),
                0,
            ),
        ] {
            let text = workflow(on, job, &steps);
            assert_eq!(read(&text).foreign.len(), count, "{text}");
        }
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in [
            "",
            "on: 1",
            "jobs: []",
            "on: issues\njobs: { a: { steps: 1 } }",
            "{{",
        ] {
            let _ = read(text);
        }
    }
}
