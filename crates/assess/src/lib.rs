//! One assessment of one project: from files to findings and coverage.
//!
//! Invariants
//! - An [`assessment::Assessment`] is plain, owned data: whatever a report says stands in it, and nothing is computed later.
//! - The same input gives the same assessment, whatever the thread count, file order or machine.
//! - A panic in one file stays in that file and is told; stacks are large enough for the deepest nesting.
//! - No process is started and no socket opened.
//! - What the project's own policy hides is listed with its effect.
//!
//! Start reading at [`assessment::Assessment`], then `pipeline`, where the parts are wired.

pub mod application;
pub mod assessment;
pub mod baseline;
mod browser;
pub mod business;
pub mod case;
pub mod cause;
mod chosen;
pub mod config;
mod coverage;
pub mod date;
pub mod debug;
pub mod decision;
mod deed;
mod deployment;
pub mod dossier;
mod drift;
pub mod enforced;
pub mod error;
mod fields;
mod findings;
pub mod fingerprint;
pub mod flip;
mod idiom;
pub mod knowledge;
pub mod language;
pub mod line_hash;
mod link;
mod lower;
mod markup;
mod own;
mod owner_rules;
mod parameter;
mod pipeline;
pub mod policy;
pub mod pool;
mod programs;
mod reached;
mod retest;
mod rows;
mod sails;
mod secret;
mod shown;
mod snippet;
pub mod stage;
mod suppress;
mod templates;
mod threat;
mod trigger;
mod unserved;
mod versions;
mod within;

use assessment::Assessment;
use casemate_source::git::Repository;
use casemate_source::{Exclusion, Located, Options, Project, locate};
use chosen::Chosen;
use config::Config;
use decision::Decisions;
use error::Error;
use knowledge::Knowledge;
use own::Own;
use policy::Policy;
use stage::{NOBODY, Observer, Stage};
use std::path::Path;

/// Assesses what the configuration names.
///
/// # Errors
/// When there is nothing to read at a path, the configuration is wrong, or the system gives no threads.
pub fn assess(config: &Config) -> Result<Assessment, Error> {
    assess_observed(config, NOBODY)
}

/// As [`assess`], with somebody who is told of the stages.
///
/// # Errors
/// As [`assess`].
pub fn assess_observed(config: &Config, observer: Observer<'_>) -> Result<Assessment, Error> {
    let Opened {
        located,
        policy,
        options,
        own,
    } = open(config)?;
    let knowledge = own
        .as_ref()
        .map_or(Knowledge::built_in()?, |o| &o.knowledge);
    let chosen = Chosen::new(config, &knowledge.catalogue)?;
    let built_in = Knowledge::built_in()?;
    pool::run(config.jobs, || {
        observer(Stage::Read);
        let project = project(&located, &options);
        let run =
            |knowledge| pipeline::run(&project, config, &chosen, &policy, knowledge, observer);
        let mut assessment = run(knowledge);
        if let Some(own) = &own {
            let without = own.may_hide().then(|| run(built_in));
            let effects = own.effects(&assessment, without.as_ref());
            assessment.policy.extend(effects);
        }
        observer(Stage::Done);
        assessment
    })
    .map_err(Error::from)
}

/// The application model of what the configuration names; no rule is applied.
///
/// # Errors
/// As [`assess`].
pub fn model(config: &Config) -> Result<application::Application, Error> {
    let Opened {
        located,
        options,
        own,
        ..
    } = open(config)?;
    let knowledge = own
        .as_ref()
        .map_or(Knowledge::built_in()?, |o| &o.knowledge);
    pool::run(config.jobs, || {
        let project = project(&located, &options);
        pipeline::model(&project, knowledge)
    })
    .map_err(Error::from)
}

/// The application model of texts as one project.
///
/// # Errors
/// When the system gives no threads.
pub fn model_files(
    files: &[(String, String)],
    jobs: Option<usize>,
    knowledge: &Knowledge,
) -> Result<application::Application, Error> {
    let project = Project::from_memory("example", files);
    pool::run(jobs, || pipeline::model(&project, knowledge)).map_err(Error::from)
}

/// Reads a located project, without what runs in browsers alone.
fn project(located: &Located, options: &Options) -> Project {
    let mut project = Project::open(located, options);
    browser::set_aside(&mut project);
    project
}

/// What is read, and how.
struct Opened {
    located: locate::Located,
    policy: Policy,
    options: Options,
    own: Option<Own>,
}

fn open(config: &Config) -> Result<Opened, Error> {
    let located = locate::locate(&config.paths)?;
    let built_in = Knowledge::built_in()?;
    let own = if config.isolated {
        None
    } else {
        own::read(&located.root, built_in)?
    };
    let knowledge = own.as_ref().map_or(built_in, |o| &o.knowledge);
    let mut policy = if config.isolated {
        Policy::default()
    } else {
        project_policy(&located.root, knowledge)?
    };
    if !config.isolated {
        policy.context.owner_rules = owner_rules::read(&located.root);
        policy.decisions = project_decisions(&located.root)?;
    }
    let from_command = config
        .exclude
        .iter()
        .map(|pattern| (pattern.clone(), "--exclude".to_owned()));
    let exclude = from_command
        .chain(policy.paths.iter().cloned())
        .map(|(pattern, origin)| Exclusion { pattern, origin });
    let options = Options {
        exclude: exclude.collect(),
        isolated: config.isolated,
    };
    Ok(Opened {
        located,
        policy,
        options,
        own,
    })
}

/// Assesses texts as one project: what the examples of rules are.
///
/// # Errors
/// As [`assess`].
pub fn assess_files(
    files: &[(String, String)],
    config: &Config,
    knowledge: &Knowledge,
) -> Result<Assessment, Error> {
    let chosen = Chosen::new(config, &knowledge.catalogue)?;
    let policy = policy_of(files, knowledge)?;
    let project = Project::from_memory("example", files);
    pool::run(config.jobs, || {
        pipeline::run(&project, config, &chosen, &policy, knowledge, NOBODY)
    })
    .map_err(Error::from)
}

/// The policy and the decisions among texts.
fn policy_of(files: &[(String, String)], knowledge: &Knowledge) -> Result<Policy, Error> {
    let named = |names: &[&str]| {
        files
            .iter()
            .find(|(path, _)| names.contains(&path.as_str()))
    };
    let mut policy = named(&policy::NAMES).map_or_else(
        || Ok(Policy::default()),
        |(path, text)| Policy::parse(path, text, &knowledge.catalogue),
    )?;
    if let Some((_, text)) = named(&[decision::NAME]) {
        policy.decisions = Decisions::parse(text)?;
        policy.decisions.look(|from| named(&[from]).is_some());
    }
    Ok(policy)
}

/// The decisions of the project: in its root, not above it. Links are not followed.
fn project_decisions(root: &Path) -> Result<Decisions, Error> {
    let path = root.join(decision::NAME);
    if !path.symlink_metadata().is_ok_and(|m| m.is_file()) {
        return Ok(Decisions::default());
    }
    let text = std::fs::read_to_string(&path).map_err(|e| Error::Policy {
        file: decision::NAME.to_owned(),
        line: 1,
        message: format!("cannot be read: {}", e.kind()),
    })?;
    let mut decisions = Decisions::parse(&text)?;
    decisions.look(|from| {
        let file = root.join(from).symlink_metadata();
        file.is_ok_and(|m| m.is_file())
    });
    Ok(decisions)
}

/// The policy of the project: in its root, or above it up to the repository's top.
fn project_policy(root: &Path, knowledge: &Knowledge) -> Result<Policy, Error> {
    let top = Repository::around(root).map_or_else(|| root.to_path_buf(), |r| r.top);
    let folders = root
        .ancestors()
        .take_while(|folder| folder.starts_with(&top));
    for folder in folders {
        let mut there = policy::NAMES
            .iter()
            .map(|name| (*name, folder.join(name)))
            .filter(|(_, path)| path.is_file());
        let Some((name, path)) = there.next() else {
            continue;
        };
        if let Some((other, _)) = there.next() {
            let message = format!("`{other}` stands beside it; only one of them can hold");
            return Err(Error::Policy {
                file: name.to_owned(),
                line: 1,
                message,
            });
        }
        let text = std::fs::read_to_string(&path).map_err(|e| Error::Policy {
            file: name.to_owned(),
            line: 1,
            message: format!("cannot be read: {}", e.kind()),
        })?;
        return Policy::parse(name, &text, &knowledge.catalogue);
    }
    Ok(Policy::default())
}
