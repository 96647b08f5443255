//! `casemate assess`.

use crate::args::{AssessArgs, ConfidenceArg, FailOnArg, LevelArg, TemplateArg, ThreatModelArg};
use crate::baseline;
use crate::calendar;
use crate::failure::{Exit, Failure};
use crate::language;
use crate::output;
use crate::print;
use crate::terminal;
use crate::watch::Watch;
use casemate_assess::assessment::{Assessment, Certainty, Level, ThreatModel};
use casemate_assess::config::Config;
use casemate_assess::error::Error;
use casemate_report::Format;
use casemate_report::document::Depth;

/// Assesses and writes the reports.
pub fn run(args: &AssessArgs) -> Result<Exit, Failure> {
    language::choose(&args.output.lang, args.output.quiet)?;
    let destinations = output::open(&args.output.format, &args.output.output)?;
    let config = config(args)?;
    let watch = Watch::new(!args.output.quiet && terminal::watched());
    let assessment = casemate_assess::assess_observed(&config, &|stage| watch.begins(stage))
        .map_err(|e| failure(&e))?;
    watch.ends();
    if let Some(format) = destinations.stdout {
        let what = format!("writing {}", format.name());
        print::results(&watch.measured(what, || render(&assessment, format, args)))?;
    }
    let mut unwritten = None;
    for file in destinations.files {
        let (format, shown) = (file.format, file.shown.display().to_string());
        let text = watch.measured(format!("writing {}", format.name()), || {
            casemate_report::render_to(&assessment, format, depth(args))
        });
        match file.finish(&text) {
            Ok(()) if !args.output.quiet => {
                print::note(&format!("wrote {shown}: {}", counted(&assessment)))
            }
            Ok(()) => {}
            // The other reports are still written.
            Err(failure) => unwritten = Some(failure),
        }
    }
    if args.output.statistics {
        print::note(&statistics(&watch, &assessment));
    }
    unwritten.map_or_else(|| Ok(exit(&assessment, args)), Err)
}

/// One line for stderr.
fn counted(assessment: &Assessment) -> String {
    let levels: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (level.name(), assessment.count(*level)))
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{n} {name}"))
        .collect();
    match assessment.findings.len() {
        0 => "no findings".into(),
        1 => format!("1 finding ({})", levels.join(", ")),
        n => format!("{n} findings ({})", levels.join(", ")),
    }
}

fn statistics(watch: &Watch, assessment: &Assessment) -> String {
    let code = &assessment.coverage.code;
    let mut lines: Vec<String> = watch
        .took()
        .into_iter()
        .map(|(what, time)| format!("{:>8.1} ms  {what}", time.as_secs_f64() * 1000.0))
        .collect();
    lines.push(format!(
        "{:>8} kB  of source, {} lines, {} instructions",
        code.bytes / 1024,
        code.lines,
        code.instructions
    ));
    lines.extend(terminal::peak_memory().map(|kb| format!("{kb:>8} kB  of memory at most")));
    lines.push(format!(
        "{:>8}     candidate findings refuted by running their calls again",
        assessment.coverage.refuted
    ));
    lines.push(format!(
        "{:>8}     rules applied",
        assessment.coverage.rules_applied
    ));
    lines.join("\n")
}

fn render(assessment: &Assessment, format: Format, args: &AssessArgs) -> String {
    match format {
        Format::Text => {
            casemate_report::text::render(assessment, terminal::style(args.output.color))
        }
        _ => casemate_report::render_to(assessment, format, depth(args)),
    }
}

const fn depth(args: &AssessArgs) -> Depth {
    match args.output.template {
        TemplateArg::Assessment => Depth::Assessment,
        TemplateArg::Summary => Depth::Summary,
        TemplateArg::Architecture => Depth::Architecture,
        TemplateArg::Issue => Depth::Issue,
    }
}

fn config(args: &AssessArgs) -> Result<Config, Failure> {
    let choice = &args.choice;
    let baseline = choice.baseline.as_ref().map(|path| {
        let origin = format!("--baseline {}", path.display());
        baseline::read(path).map(|read| (origin, read))
    });
    Ok(Config {
        baseline: baseline.transpose()?,
        today: calendar::today(),
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
    })
}

fn exit(assessment: &Assessment, args: &AssessArgs) -> Exit {
    let verdict = &args.verdict;
    let asked = assessment.dossier.enforced.fail_on.as_deref();
    let threshold = match verdict.fail_on {
        Some(FailOnArg::Info) => Some(Level::Info),
        Some(FailOnArg::Low) => Some(Level::Low),
        Some(FailOnArg::Medium) => Some(Level::Medium),
        Some(FailOnArg::High) => Some(Level::High),
        Some(FailOnArg::Critical) => Some(Level::Critical),
        Some(FailOnArg::Never) => None,
        // The command line stands above the policy.
        None => match asked {
            Some(name) => Level::ALL.into_iter().find(|level| level.name() == name),
            None => Some(Level::High),
        },
    };
    if assessment.failed {
        return Exit::Failed;
    }
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
        Error::NotAssessed(_) => failure.help(
            "`casemate assess --format json` lists under `coverage` what is left out, and why",
        ),
    }
}
