//! `casemate explain`, `rules` and `models`: what the program knows.

use crate::args::{ExplainArgs, ListFormat, ModelsArgs, ModelsCommand, RulesArgs, RulesCommand};
use crate::assess::failure;
use crate::failure::{Exit, Failure};
use crate::print;
use crate::terminal;
use casemate_assess::case::{self, CaseResult};
use casemate_assess::flip::{self, Reach};
use casemate_assess::knowledge::Knowledge;
use casemate_model::load::ModelFile;
use casemate_report::text::explain::explain as explained;
use casemate_rules::catalogue::Catalogue;
use casemate_rules::rule::{Question, Rule, Status};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// `casemate explain RULE`.
pub fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let knowledge = built_in()?;
    // The id of a finding names its rule.
    let name = args.rule.split('@').next().unwrap_or_default();
    let style = terminal::style(args.color);
    let rules = named(&knowledge.catalogue, name)?;
    let pages: Vec<String> = rules
        .iter()
        .map(|rule| explained(&knowledge.rule_info(rule), style))
        .collect();
    print::results(&pages.join("\n"))
}

/// `casemate rules …`.
pub fn rules(args: &RulesArgs) -> Result<Exit, Failure> {
    if args.coverage {
        let (knowledge, _, _) = knowledge(args.folder.as_deref())?;
        let reach = flip::reach(&knowledge).map_err(|e| failure(&e))?;
        return print::results(&match args.format {
            ListFormat::Text => reach_page(&reach),
            ListFormat::Json => format!("{:#}\n", reach_json(&reach)),
        });
    }
    match args.command.as_ref().unwrap_or(&RulesCommand::List) {
        RulesCommand::List => {
            let rules: Vec<&Rule> = built_in()?.catalogue.rules().collect();
            print::results(&match args.format {
                ListFormat::Text => rule_table(&rules),
                ListFormat::Json => written(&rules.iter().map(|rule| summary(rule)).collect()),
            })
        }
        RulesCommand::Show { rule } => {
            let rules = named(&built_in()?.catalogue, rule)?;
            print::results(&match args.format {
                ListFormat::Text => rules
                    .iter()
                    .map(|rule| shown(rule))
                    .collect::<Vec<_>>()
                    .join("\n"),
                ListFormat::Json => written(&rules.iter().map(|rule| json!(rule)).collect()),
            })
        }
        RulesCommand::Test { rule, folder } => {
            let (knowledge, _, mistakes) = knowledge(folder.as_deref())?;
            let only = rule
                .as_deref()
                .map(|name| named(&knowledge.catalogue, name))
                .transpose()?;
            let only = only.as_ref().and_then(|rules| rules.first().copied());
            let mut results = case::of_rules(&knowledge, only).map_err(|e| failure(&e))?;
            let tested = knowledge
                .catalogue
                .rules()
                .filter(|rule| only.is_none_or(|o| o.id == rule.id));
            results.extend(tested.filter_map(gaps));
            tested_page("rule", &results, &mistakes, args.format)
        }
    }
}

fn reach_page(reach: &Reach) -> String {
    let mut out = String::from(
        "Requirements of ASVS 5.0.0 that examples turn from FAIL to PASS, or to ATTESTED\n\n",
    );
    for (at, share) in reach.levels.iter().enumerate() {
        let _ = writeln!(
            out,
            "  level {}  {:>3} of {:>3}",
            at + 1,
            share.decided,
            share.of
        );
    }
    let _ = writeln!(
        out,
        "\n  {} of them with decisions that an owner signs",
        reach.attested
    );
    out.push('\n');
    for (chapter, share) in &reach.chapters {
        let _ = writeln!(out, "  {:>3} of {:>3}  {chapter}", share.decided, share.of);
    }
    out.push('\n');
    for flip in &reach.flips {
        let _ = writeln!(out, "  {}  {} ({})", flip.requirement, flip.rule, flip.case);
    }
    for unproven in &reach.unproven {
        let _ = writeln!(
            out,
            "  said to be decided, and no example shows it: {unproven}"
        );
    }
    out
}

fn reach_json(reach: &Reach) -> Value {
    let [one, two, three] = &reach.levels;
    let sum = |of: fn(&flip::Share) -> usize| reach.levels.iter().map(of).sum::<usize>();
    json!({
        "asvs": {
            "decided": { "L1": one.decided, "L2": two.decided, "L3": three.decided, "total": sum(|s| s.decided) },
            "of": { "L1": one.of, "L2": two.of, "L3": three.of, "total": sum(|s| s.of) },
            "chapters": reach.chapters.iter().map(|(name, share)| json!({ "name": name, "decided": share.decided, "of": share.of })).collect::<Vec<_>>(),
            "attested": reach.attested,
            "flips": reach.flips,
            "unproven": reach.unproven,
        }
    })
}

/// `casemate models …`.
pub fn models(args: &ModelsArgs) -> Result<Exit, Failure> {
    match args.command.as_ref().unwrap_or(&ModelsCommand::List) {
        ModelsCommand::List => {
            let files = Knowledge::model_files().map_err(|e| failure(&e))?;
            print::results(&match args.format {
                ListFormat::Text => model_table(&files),
                ListFormat::Json => written(&files.iter().map(model_summary).collect()),
            })
        }
        ModelsCommand::Test { library, folder } => {
            let (knowledge, mut files, mistakes) = knowledge(folder.as_deref())?;
            if let Some(library) = library {
                files.retain(|f| f.library == *library);
                if files.is_empty() {
                    return Err(Failure::new(format!("there is no model of `{library}`"))
                        .help("`casemate models` lists them all"));
                }
            }
            let results = case::of_models(&knowledge, &files).map_err(|e| failure(&e))?;
            tested_page("library", &results, &mistakes, args.format)
        }
    }
}

fn built_in() -> Result<&'static Knowledge, Failure> {
    Knowledge::built_in().map_err(|e| failure(&e))
}

type Known = (Cow<'static, Knowledge>, Vec<ModelFile>, Vec<String>);

/// What is inside the program, or what a folder says instead.
fn knowledge(folder: Option<&Path>) -> Result<Known, Failure> {
    match folder {
        Some(folder) => {
            let (knowledge, files, mistakes) =
                Knowledge::of_folder(folder).map_err(|e| failure(&e))?;
            Ok((Cow::Owned(knowledge), files, mistakes))
        }
        None => Ok((
            Cow::Borrowed(built_in()?),
            Knowledge::model_files().map_err(|e| failure(&e))?,
            Vec::new(),
        )),
    }
}

fn named<'a>(catalogue: &'a Catalogue, name: &str) -> Result<Vec<&'a Rule>, Failure> {
    let rules: Vec<&Rule> = catalogue
        .lookup(name)
        .into_iter()
        .map(|(rule, _)| rule)
        .collect();
    if rules.is_empty() {
        return Err(Failure::new(catalogue.unknown(name)).help("`casemate rules` lists them all"));
    }
    Ok(rules)
}

fn rule_table(rules: &[&Rule]) -> String {
    let mut sorted = rules.to_vec();
    sorted.sort_by_key(|rule| (rule.area.name(), &rule.id));
    let widest = sorted.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut area = "";
    for rule in &sorted {
        if rule.area.name() != area {
            area = rule.area.name();
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{area}");
        }
        let cwe = rule
            .cwe
            .first()
            .map(|n| format!("CWE-{n}"))
            .unwrap_or_default();
        let preview = if rule.status == Status::Preview {
            " (preview)"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "  {:widest$}  {cwe:8}  {}{preview}",
            rule.id, rule.title
        );
    }
    let cases: usize = rules.iter().map(|rule| rule.cases().len()).sum();
    let _ = writeln!(
        out,
        "\n{} rules with {cases} cases; `casemate explain RULE` explains one",
        rules.len()
    );
    out
}

fn summary(rule: &Rule) -> Value {
    json!({
        "id": rule.id, "area": rule.area.name(), "title": rule.title, "status": rule.status, "since": rule.since,
        "cwe": rule.cwe, "asvs": rule.asvs, "owasp": rule.owasp, "precision": rule.precision.name(), "languages": rule.langs(),
        "cases": rule.cases().len(),
    })
}

fn shown(rule: &Rule) -> String {
    let mut out = format!("{}: {}\n", rule.id, rule.title);
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(out, "  {label:11} {value}");
        }
    };
    fact("file", rule.file.clone());
    fact(
        "status",
        format!(
            "{}, since {}",
            if rule.status == Status::Preview {
                "preview"
            } else {
                "stable"
            },
            rule.since
        ),
    );
    fact(
        "cwe",
        rule.cwe
            .iter()
            .map(|n| format!("CWE-{n}"))
            .collect::<Vec<_>>()
            .join(", "),
    );
    fact("owasp", rule.owasp.join(", "));
    fact("asvs", rule.asvs.join(", "));
    fact("aliases", rule.aliases.join(", "));
    fact("formerly", rule.formerly.join(", "));
    fact("confidence", format!("starts {}", rule.precision.name()));
    match &rule.question {
        Question::Flow(flow) => {
            let origin = |o: &casemate_rules::rule::Origin| match o.cap {
                Some(cap) => format!("{} (at most {})", o.kind, cap.name()),
                None => o.kind.clone(),
            };
            fact(
                "from",
                flow.from.iter().map(origin).collect::<Vec<_>>().join(", "),
            );
            fact("to", flow.to.join(", "));
            fact(
                "when",
                flow.condition
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
            fact(
                "unless",
                flow.unless
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
        }
        Question::Site(site) => {
            fact("at", site.at.join(", "));
            fact(
                "when",
                site.condition
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
            fact(
                "unless",
                site.unless
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
            fact(
                "open",
                site.open
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
        }
        Question::Model(model) => {
            fact("for", model.subject.clone());
            fact(
                "when",
                model
                    .condition
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
        }
        Question::Decision(decision) => fact("about", decision.about.join(", ")),
        Question::Schema(schema) => {
            fact("for", schema.subject.clone());
            fact(
                "when",
                schema
                    .condition
                    .as_ref()
                    .map(|c| c.text.clone())
                    .unwrap_or_default(),
            );
        }
    }
    fact(
        "cases",
        format!("{} in {}", rule.cases().len(), rule.langs().join(", ")),
    );
    out
}

fn model_table(files: &[ModelFile]) -> String {
    let widest = files.iter().map(|f| f.library.len()).max().unwrap_or(0);
    let mut sorted: Vec<&ModelFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.library.cmp(&b.library));
    let mut out = String::new();
    for file in &sorted {
        let _ = writeln!(
            out,
            "{:widest$}  {:4} rows  {}",
            file.library,
            file.rows.len(),
            file.packages.join(" ")
        );
    }
    let rows: usize = files.iter().map(|f| f.rows.len()).sum();
    let _ = writeln!(out, "\n{} files with {rows} rows", files.len());
    out
}

fn model_summary(file: &ModelFile) -> Value {
    json!({
        "library": file.library, "file": file.file, "packages": file.packages, "source": file.source, "rows": file.rows.len(),
        "examples": file.examples.len(),
    })
}

/// What the format asks of a rule's examples and is not there.
fn gaps(rule: &Rule) -> Option<CaseResult> {
    let mismatches = Catalogue::gaps(rule);
    (!mismatches.is_empty()).then(|| CaseResult {
        of: rule.id.clone(),
        file: rule.file.clone(),
        case: "all".into(),
        variant: "examples",
        mismatches,
        known: 0,
    })
}

/// The results of a test; a mismatch or a mistake in a file fails it.
fn tested_page(
    what: &str,
    results: &[CaseResult],
    mistakes: &[String],
    format: ListFormat,
) -> Result<Exit, Failure> {
    let wrong: Vec<&CaseResult> = results
        .iter()
        .filter(|r| !r.mismatches.is_empty())
        .collect();
    let page = match format {
        ListFormat::Json => {
            let results: Vec<Value> = results
                .iter()
                .map(|r| json!({ what: r.of, "file": r.file, "case": r.case, "variant": r.variant, "mismatches": r.mismatches, "known": r.known }))
                .collect();
            let mut text = format!("{:#}", json!({ "cases": results, "mistakes": mistakes }));
            text.push('\n');
            text
        }
        ListFormat::Text => {
            let mut out: String = mistakes.iter().map(|m| format!("{m}\n")).collect();
            for result in &wrong {
                let _ = writeln!(out, "{} · {} ({})", result.of, result.case, result.variant);
                for mismatch in &result.mismatches {
                    let _ = writeln!(out, "  {mismatch}");
                }
            }
            let known: usize = results.iter().map(|r| r.known).sum();
            let _ = writeln!(
                out,
                "{} cases: {} as marked, {} not; {known} marks of known misses and false alarms",
                results.len(),
                results.len() - wrong.len(),
                wrong.len()
            );
            out
        }
    };
    print::results(&page)?;
    Ok(if wrong.is_empty() && mistakes.is_empty() {
        Exit::Clean
    } else {
        Exit::Found
    })
}

fn written(values: &Vec<Value>) -> String {
    format!("{:#}\n", json!(values))
}
