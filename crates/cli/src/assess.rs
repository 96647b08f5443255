//! `casemate assess`.

use crate::args::{AssessArgs, ConfidenceArg, FailOnArg, LevelArg, ThreatModelArg};
use crate::failure::{Exit, Failure};
use crate::output;
use crate::print;
use crate::terminal;
use casemate_assess::assessment::{Assessment, Certainty, Level, ThreatModel};
use casemate_assess::config::Config;
use casemate_assess::error::Error;
use casemate_report::Format;

/// Assesses and writes the reports.
pub fn run(args: &AssessArgs) -> Result<Exit, Failure> {
    let destinations = output::open(&args.output.format, &args.output.output)?;
    let assessment = casemate_assess::assess(&config(args)).map_err(|e| failure(&e))?;
    if let Some(format) = destinations.stdout {
        print::results(&render(&assessment, format, args))?;
    }
    for file in destinations.files {
        let text = casemate_report::render(&assessment, file.format);
        file.finish(&text)?;
    }
    Ok(exit(&assessment, args))
}

fn render(assessment: &Assessment, format: Format, args: &AssessArgs) -> String {
    match format {
        Format::Text => {
            casemate_report::text::render(assessment, terminal::style(args.output.color))
        }
        _ => casemate_report::render(assessment, format),
    }
}

fn config(args: &AssessArgs) -> Config {
    let choice = &args.choice;
    Config {
        paths: args.paths.clone(),
        select: choice.select.clone(),
        ignore: choice.ignore.clone(),
        exclude: choice.exclude.clone(),
        threat_model: match choice.threat_model {
            ThreatModelArg::Auto => None,
            ThreatModelArg::Server => Some(ThreatModel::Server),
            ThreatModelArg::Library => Some(ThreatModel::Library),
        },
        jobs: args.run.jobs.map(usize::from),
        isolated: choice.isolated,
        preview: choice.preview,
        min_confidence: match choice.min_confidence {
            ConfidenceArg::Low => Certainty::Low,
            ConfidenceArg::Medium => Certainty::Medium,
            ConfidenceArg::High => Certainty::High,
        },
        min_severity: match choice.min_severity {
            LevelArg::Info => Level::Info,
            LevelArg::Low => Level::Low,
            LevelArg::Medium => Level::Medium,
            LevelArg::High => Level::High,
            LevelArg::Critical => Level::Critical,
        },
    }
}

fn exit(assessment: &Assessment, args: &AssessArgs) -> Exit {
    let verdict = &args.verdict;
    let threshold = match verdict.fail_on {
        FailOnArg::Info => Some(Level::Info),
        FailOnArg::Low => Some(Level::Low),
        FailOnArg::Medium => Some(Level::Medium),
        FailOnArg::High => Some(Level::High),
        FailOnArg::Critical => Some(Level::Critical),
        FailOnArg::Never => None,
    };
    if assessment.is_empty() {
        return if verdict.allow_empty {
            Exit::Clean
        } else {
            Exit::Empty
        };
    }
    if threshold.is_some_and(|level| assessment.reaches(level)) {
        return Exit::Found;
    }
    if verdict.error_on_incomplete && !assessment.coverage.complete() {
        return Exit::Incomplete;
    }
    Exit::Clean
}

/// What a failed assessment tells its user.
pub fn failure(error: &Error) -> Failure {
    let failure = Failure::new(error);
    match error {
        Error::Locate(_) => failure.help(
            "give a folder or a file that exists; without a PATH the current folder is assessed",
        ),
        Error::UnknownRule(_) => failure.help("`casemate rules` lists them all"),
        Error::Policy { .. } => {
            failure.help("mend the line, or use --isolated to assess without the project's policy")
        }
        Error::Threads(_) => failure.help("try fewer with --jobs"),
        Error::Catalogue(_) => failure.help("install casemate again"),
    }
}
