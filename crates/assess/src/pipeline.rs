//! Where the parts are wired: files are lowered, linked, analysed, and the rules applied.

use crate::application::{Application, Teller, is_task};
use crate::assessment::{
    Assessment, Calls, Coverage, Finding, PartlyParsed, ProjectInfo, Registrations, RuleInfo,
    SCHEMA, Skipped, Tool, UnitInfo,
};
use crate::business::Business;
use crate::chosen::Chosen;
use crate::config::Config;
use crate::coverage;
use crate::decision;
use crate::dossier::ledger::{self, Known};
use crate::dossier::words::list;
use crate::dossier::{self, Material};
use crate::enforced;
use crate::findings::{self, Maker};
use crate::idiom;
use crate::knowledge::Knowledge;
use crate::link::{self, Linked};
use crate::lower::{self, Lowered};
use crate::policy::Policy;
use crate::pool;
use crate::programs;
use crate::retest::Tests;
use crate::stage::{Observer, Stage};
use crate::suppress::{self, Kept};
use crate::templates::Known as Templates;
use crate::threat::{self, Judgement};
use crate::unserved;
use crate::versions;
use casemate_app::Column;
use casemate_flow::origin::Solver;
use casemate_flow::result::{Analysis, Entry, Fact, FileIdx, Site};
use casemate_ledger::Inventory;
use casemate_rules::matching::Applied;
use casemate_rules::rule::Question;
use casemate_say::say;
use casemate_source::Project;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Assesses a project that was read.
pub(crate) fn run(
    project: &Project,
    config: &Config,
    chosen: &Chosen,
    policy: &Policy,
    knowledge: &Knowledge,
    observer: Observer<'_>,
) -> Assessment {
    observer(Stage::Lower(project.files.len()));
    let lowered = lower::all(project);
    let mut coverage = Coverage {
        files: coverage::files(project),
        ..Coverage::default()
    };
    count_code(project, &lowered, &mut coverage);
    observer(Stage::Link);
    let linked = link::link(project, lowered, &knowledge.models);
    observer(Stage::Analyse);
    let business = &policy.business;
    let analysed =
        pool::contained(|| analyse(project, config, business, &linked, knowledge, false));
    let failure = analysed.as_ref().err().cloned();
    let Analysed {
        analysis,
        application,
        judgements,
        inventory,
        columns,
    } = analysed.unwrap_or_else(|_| Analysed {
        judgements: threat::judge(project, &linked, &[], config.threat_model, &|_| true),
        ..Analysed::default()
    });
    observer(Stage::Judge);
    let applied = knowledge
        .catalogue
        .apply(&analysis, knowledge.models.kinds(), &|rule| {
            chosen.wants(rule)
        });
    count_analysis(&analysis, &mut coverage);
    count_registrations(&application, &mut coverage);
    coverage.rules_applied = applied.tallies.len();
    coverage.undecided = undecided(&applied);
    let teller = Teller {
        project,
        linked: &linked,
    };
    let maker = Maker {
        project,
        linked: &linked,
        analysis: &analysis,
        application: &application,
        knowledge,
        internal: business.internal.as_deref(),
        graver: business.graver(&inventory, &|site| teller.spot(site).file),
        tests: Tests::of_project(project),
    };
    let mut findings = maker.findings(&applied.matches);
    let decided = decision::found::of(&maker, &inventory, policy, config, &applied);
    findings.extend(decided.findings);
    findings::sort(&mut findings);
    let place = |site| {
        let spot = teller.spot(site);
        format!("{}:{}", spot.file, spot.line)
    };
    let units = units(project, &linked, &judgements);
    let asked = application.endpoints.iter();
    let asked = asked.filter(|e| !is_task(&e.method)).count();
    coverage.unserved = unserved::of(project, &linked, &inventory, &units, asked, &place);
    // Before any policy: a risk that is accepted is still there.
    let answering: BTreeSet<String> = application
        .endpoints
        .iter()
        .filter(|e| !is_task(&e.method))
        .flat_map(|e| {
            let handlers = e.handlers.iter().map(|f| linked.program.func(*f).file_idx);
            handlers.chain([e.site.file])
        })
        .filter_map(|file| {
            let origin = linked.origin.get(file.0 as usize)?;
            Some(project.files.get(*origin)?.path.clone())
        })
        .collect();
    let rows = ledger::rows(&Known {
        project,
        knowledge,
        applied: &applied,
        findings: &findings,
        inventory: &inventory,
        coverage: &coverage,
        endpoints: asked,
        decided: &decided.by_rule,
        profile: &policy.profile,
        place: &place,
        answering: &answering,
    });
    findings.retain(|f| in_focus(project, f));
    let kept = if config.isolated {
        Kept::default()
    } else {
        suppress::by_project(
            &mut findings,
            project,
            &linked,
            policy,
            &knowledge.catalogue,
            config.today.as_deref(),
        )
    };
    let mut effects = kept.effects;
    effects.extend(business.effect(&findings));
    effects.extend(enforced::apply(&policy.enforced, &mut findings));
    findings::sort(&mut findings);
    effects.extend(suppress::by_filter(&mut findings, config));
    let known = config.baseline.as_ref();
    let known = known.map(|(origin, baseline)| baseline.take(&mut findings, origin));
    let (effect, gone) = known.unzip();
    effects.extend(effect);
    let mut notes = notes(project);
    notes.extend(failure.as_ref().map(|message| {
        say!("the analysis failed, which is a defect of casemate, and nothing was assessed: {message}")
    }));
    notes.extend(kept.notes);
    notes.extend(gone.flatten());
    let mut rules = rules(&findings, knowledge);
    idiom::settle(project, &inventory, &mut findings, &mut rules);
    let dossier = dossier::make(Material {
        project,
        catalogue: &knowledge.catalogue,
        units: &units,
        findings: &findings,
        rules: &rules,
        coverage: &coverage,
        application: &teller.application(&application, &inventory),
        inventory: &inventory,
        undecided: &coverage.undecided,
        about: &about(&applied, knowledge),
        applied: &applied.tallies.keys().cloned().collect(),
        ledger: rows,
        columns: &columns,
        stated: policy.context.clone(),
        today: config.today.as_deref(),
        decisions: decided.told,
        profile: policy.profile.clone(),
        enforced: policy.enforced.clone(),
        place: &place,
    });
    Assessment {
        schema: SCHEMA.into(),
        tool: tool(),
        project: info(project),
        units,
        endpoints: analysis
            .entries
            .iter()
            .filter(|e| e.method != "use")
            .map(|e| maker.endpoint(e))
            .collect(),
        rules,
        dossier,
        findings,
        day: config.today.clone(),
        failed: failure.is_some(),
        policy: effects,
        coverage,
        notes,
    }
}

/// What the engine found out.
#[derive(Default)]
struct Analysed {
    analysis: Analysis,
    application: casemate_app::Application,
    judgements: Vec<Judgement>,
    inventory: Inventory,
    columns: Vec<Column>,
}

fn analyse(
    project: &Project,
    config: &Config,
    business: &Business,
    linked: &Linked,
    knowledge: &Knowledge,
    uses: bool,
) -> Analysed {
    let is_template = |index: usize| {
        linked
            .origin
            .get(index)
            .and_then(|o| project.files.get(*o))
            .is_some_and(|f| f.file_type.is_template())
    };
    let templates = Templates::of(&linked.program, is_template);
    let offered = threat::offered(project, linked);
    let models = versions::assume(&knowledge.models, project);
    let mut origins = Solver::run(&linked.program, &models);
    let application = casemate_app::read(&mut origins);
    // Asked once per file, decided once.
    let judgements: OnceCell<Vec<Judgement>> = OnceCell::new();
    let known = |entry: &Entry| {
        let all = &application.endpoints;
        let first = all.partition_point(|e| e.site < entry.site);
        let at = all.get(first..).unwrap_or_default();
        at.iter()
            .take_while(|e| e.site == entry.site)
            .any(|e| e.method == entry.method && e.path == entry.path)
    };
    let judge =
        |entries: &[Entry]| threat::judge(project, linked, entries, config.threat_model, &known);
    let library = |file: FileIdx, entries: &[Entry]| {
        let unit = linked
            .origin
            .get(file.0 as usize)
            .and_then(|o| project.files.get(*o))
            .map(|f| f.unit.index());
        let judged = judgements.get_or_init(|| judge(entries));
        let model = unit.and_then(|u| judged.get(u)).map(|j| j.model);
        model == Some(crate::assessment::ThreatModel::Library) && offered.contains(&file)
    };
    let options = casemate_flow::Options {
        render: &|from, name| templates.lookup(from, name),
        library: &library,
        uses,
    };
    let mut analysis = casemate_flow::analyse_from(&origins, Some(application.entries()), &options);
    let facts = application.facts(&origins, &analysis.facts);
    analysis.facts.extend(facts.iter().cloned());
    let secrets = crate::secret::facts(project, linked, &analysis.facts);
    analysis.facts.extend(secrets);
    analysis.facts.extend(crate::markup::facts(project, linked));
    let rows = crate::rows::facts(project, linked, &analysis.facts);
    analysis.facts.extend(rows);
    analysis
        .facts
        .extend(crate::deployment::facts(project, linked));
    let drift = crate::drift::facts(project, linked, &application);
    analysis.facts.extend(drift);
    analysis
        .facts
        .sort_by(|a, b| (a.site, &a.fact).cmp(&(b.site, &b.fact)));
    let judged = judgements
        .into_inner()
        .unwrap_or_else(|| judge(&analysis.entries));
    let answering = application.endpoints.iter();
    let answering = answering.flat_map(|e| e.handlers.iter().copied()).collect();
    let mut inventory = Inventory::of(&origins, &business.data, &answering);
    let mut columns = casemate_app::columns(&origins);
    columns.extend(crate::rows::columns(project, linked));
    inventory.tell(analysis.facts.iter());
    inventory.hosts_of(&origins, &|file| !is_template(file.0 as usize));
    Analysed {
        analysis,
        application,
        judgements: judged,
        inventory,
        columns,
    }
}

/// The facts of a project that was read, with where each of them is.
pub(crate) fn facts(
    project: &Project,
    config: &Config,
    knowledge: &Knowledge,
) -> Vec<(Fact, String, u32)> {
    let linked = link::link(project, lower::all(project), &knowledge.models);
    let nothing = Business::default();
    let analysed = analyse(project, config, &nothing, &linked, knowledge, false);
    let teller = Teller {
        project,
        linked: &linked,
    };
    let facts = analysed.analysis.facts.into_iter();
    facts
        .map(|fact| {
            let spot = teller.spot(fact.site);
            (fact, spot.file, spot.line)
        })
        .collect()
}

/// What the engine found in a project that was read, dangerous uses at which nothing arrives included.
pub(crate) fn uses(
    project: &Project,
    config: &Config,
    knowledge: &Knowledge,
) -> (Linked, Analysis) {
    let linked = link::link(project, lower::all(project), &knowledge.models);
    let nothing = Business::default();
    let analysed = analyse(project, config, &nothing, &linked, knowledge, true);
    (linked, analysed.analysis)
}

/// The application model of a project that was read.
pub(crate) fn model(project: &Project, knowledge: &Knowledge) -> Application {
    let lowered = lower::all(project);
    let linked = link::link(project, lowered, &knowledge.models);
    let teller = Teller {
        project,
        linked: &linked,
    };
    let models = versions::assume(&knowledge.models, project);
    let is_template = |file: FileIdx| {
        let origin = linked.origin.get(file.0 as usize);
        let file = origin.and_then(|o| project.files.get(*o));
        file.is_some_and(|f| f.file_type.is_template())
    };
    let read = pool::contained(|| {
        let mut origins = Solver::run(&linked.program, &models);
        let application = casemate_app::read(&mut origins);
        let mut inventory = Inventory::of(&origins, &BTreeMap::new(), &BTreeSet::new());
        inventory.hosts_of(&origins, &|file| !is_template(file));
        (application, inventory)
    });
    let (application, inventory) = read.unwrap_or_default();
    Application {
        tool: tool(),
        project: info(project),
        ..teller.application(&application, &inventory)
    }
}

/// By rule: places where the answer is not known. What is found with little confidence is told as a finding.
fn undecided(applied: &Applied) -> BTreeMap<String, u64> {
    let matches = applied.matches.iter();
    let found: BTreeSet<(&str, Site)> = matches.map(|m| (m.rule.as_str(), m.place)).collect();
    let tallies = applied.tallies.iter();
    tallies
        .map(|(rule, tally)| {
            let open = tally.unknown.iter();
            let open = open.filter(|site| !found.contains(&(rule.as_str(), **site)));
            (rule.clone(), open.count() as u64)
        })
        .filter(|(_, open)| *open > 0)
        .collect()
}

/// Places of the rules that say which facts they are about, and those of which that is not known.
fn about(applied: &Applied, knowledge: &Knowledge) -> BTreeMap<String, usize> {
    let tallies = applied.tallies.iter();
    let asked = tallies.filter(|(rule, _)| {
        let rule = knowledge.catalogue.get(rule);
        rule.is_some_and(|rule| match &rule.question {
            Question::Site(question) => question.of.is_some(),
            Question::Model(question) => question.of.is_some(),
            _ => false,
        })
    });
    asked
        .map(|(rule, tally)| {
            let places = tally.about.iter().chain(&tally.unknown);
            (rule.clone(), places.collect::<BTreeSet<_>>().len())
        })
        .collect()
}

fn tool() -> Tool {
    Tool {
        name: "casemate".into(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

fn info(project: &Project) -> ProjectInfo {
    ProjectInfo {
        name: project.name.clone(),
        root: project.display.clone(),
        commit: project.commit.clone(),
        focus: project.focus.clone(),
    }
}

/// A finding is wanted when its place, or the source of a path to it, is in what was asked for.
fn in_focus(project: &Project, finding: &Finding) -> bool {
    let sources = finding
        .paths
        .iter()
        .filter_map(|p| p.steps.first())
        .map(|s| &s.place.file);
    std::iter::once(&finding.place.file)
        .chain(sources)
        .any(|file| project.in_focus(file))
}

fn units(project: &Project, linked: &Linked, judgements: &[Judgement]) -> Vec<UnitInfo> {
    let programs = |index: usize| {
        let files = linked.origin.iter().zip(&linked.program.units);
        let files = files.filter_map(|(origin, program)| {
            let file = project.files.get(*origin)?;
            Some((file.path.as_str(), file.unit.0, *program))
        });
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let folders = programs::named(files, index, project.units.len());
        let folders: Vec<String> = folders.iter().map(|f| format!("`{f}/`")).collect();
        if folders.len() < 2 {
            return String::new();
        }
        say!(
            "; {folders} are programs of their own, and what stands before the handlers of one is not taken for the other's",
            folders = list(&folders, 4)
        )
    };
    let files_of = |index: usize| {
        project
            .files
            .iter()
            .filter(|f| f.unit.index() == index)
            .count()
    };
    project
        .units
        .iter()
        .zip(judgements)
        .enumerate()
        .map(|(index, (unit, judged))| UnitInfo {
            name: unit.name.clone(),
            root: unit.root.clone(),
            manifest: unit.manifest.clone(),
            files: files_of(index),
            endpoints: judged.endpoints,
            threat_model: judged.model,
            because: format!("{}{}", judged.because, programs(index)),
        })
        .filter(|unit| unit.files > 0)
        .collect()
}

fn rules(findings: &[Finding], knowledge: &Knowledge) -> Vec<RuleInfo> {
    let named: BTreeSet<&str> = findings.iter().map(|f| f.rule.as_str()).collect();
    let level = |id: &str| {
        findings
            .iter()
            .filter(|f| f.rule == id)
            .map(|f| f.severity.level)
            .max()
    };
    named
        .into_iter()
        .filter_map(|id| knowledge.catalogue.get(id))
        .map(|rule| RuleInfo {
            level: level(&rule.id).unwrap_or_default(),
            ..knowledge.rule_info(rule)
        })
        .collect()
}

fn notes(project: &Project) -> Vec<String> {
    let read_oddly = project
        .files
        .iter()
        .filter_map(|f| f.note.map(|note| format!("{}: {note}", f.path)));
    project.notes.iter().cloned().chain(read_oddly).collect()
}

fn count_code(project: &Project, lowered: &Lowered, coverage: &mut Coverage) {
    let code = &mut coverage.code;
    for file in &project.files {
        code.lines += file.lines.count(&file.text);
        code.bytes += file.text.len();
    }
    for (index, facts) in &lowered.files {
        code.functions += facts.functions.len();
        code.instructions += u64::from(facts.stats.instrs);
        code.opaque += u64::from(facts.stats.opaque);
        code.skipped_bodies += u64::from(facts.stats.skipped_bodies);
        let Some((file, note)) = project.files.get(*index).zip(facts.notes.first()) else {
            continue;
        };
        coverage.files.partly.push(PartlyParsed {
            path: file.path.clone(),
            line: file.position(note.span.start).line,
            message: note.message.clone(),
            count: facts.notes.len(),
        });
    }
    for (index, message) in &lowered.failed {
        let Some(file) = project.files.get(*index) else {
            continue;
        };
        let reason = say!("casemate failed on it, which is a defect of casemate: {message}");
        coverage.files.skipped.push(Skipped {
            path: file.path.clone(),
            reason,
        });
    }
    coverage.files.skipped.sort();
}

fn count_registrations(application: &casemate_app::Application, coverage: &mut Coverage) {
    coverage.registrations = Registrations {
        seen: application.registrations,
        unresolved: application.unresolved.len(),
    };
    for (name, n) in &application.caps {
        *coverage.caps.entry((*name).to_owned()).or_default() += n;
    }
}

fn count_analysis(analysis: &Analysis, coverage: &mut Coverage) {
    let counts = &analysis.counts;
    coverage.calls = Calls {
        resolved: counts.calls_resolved,
        by_name: counts.calls_by_name,
        unmodelled: counts.calls_unmodelled,
        unknown: counts.calls_unknown,
    };
    coverage.refuted = counts.refuted;
    coverage.caps = counts
        .caps
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| ((*name).to_owned(), *n))
        .collect();
}
