//! Matches of rules to findings: places, sentences, severity, ids.

use crate::application::{Teller, word};
use crate::assessment::{
    Certainty, Confidence, Endpoint, Factor, Finding, Level, Path, Place, Severity, Step,
};
use crate::cause;
use crate::fingerprint::{self, Identity};
use crate::knowledge::Knowledge;
use crate::line_hash;
use crate::link::Linked;
use crate::snippet;
use crate::trigger;
use crate::within::{self, Within};
use casemate_app::model::Answer;
use casemate_flow::result::{Analysis, Entry, FactValue, FileIdx, FlowPath, Site};
use casemate_ir::Span;
use casemate_rules::matching::{Evidence, Match};
use casemate_rules::rule::{Area, Fill, Heading, Rule};
use casemate_rules::severity::{self, Circumstances, Exposure};
use casemate_source::{Project, SourceFile};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Weaknesses whose places hold secrets.
const SECRET_CWES: &[u16] = &[259, 321, 522, 547, 798];

/// Characters of a source that is shown as it is written.
const SOURCE: usize = 60;

/// Constants shorter than this are names of algorithms and the like.
const SECRET: usize = 8;

/// Endpoints of one finding.
const ENDPOINTS: usize = 20;

/// All that findings are made from.
pub(crate) struct Maker<'a> {
    pub project: &'a Project,
    pub linked: &'a Linked,
    pub analysis: &'a Analysis,
    pub application: &'a casemate_app::Application,
    pub knowledge: &'a Knowledge,
    /// Who says that only people of the own network reach the service.
    pub internal: Option<&'a str>,
    /// By file: graver data than the rules assume, as the owner says.
    pub graver: BTreeMap<String, Vec<(&'static str, String)>>,
}

impl Maker<'_> {
    /// The findings of all matches, most serious first.
    pub(crate) fn findings(&self, matches: &[Match]) -> Vec<Finding> {
        let mut ordinals: FxHashMap<[String; 4], usize> = FxHashMap::default();
        let mut hashes: FxHashMap<FileIdx, Vec<String>> = FxHashMap::default();
        let mut made: Vec<(&Match, Finding)> = matches
            .iter()
            .filter_map(|found| {
                let rule = self.knowledge.catalogue.get(&found.rule)?;
                let mut finding = self.finding(found, rule)?;
                self.identify(&mut finding, found, &mut ordinals);
                let lines = hashes.entry(found.place.file).or_insert_with(|| {
                    self.file(found.place)
                        .map_or_else(Vec::new, |f| line_hash::of_lines(&f.text))
                });
                finding.line_hash = lines
                    .get((finding.place.line as usize).saturating_sub(1))
                    .cloned()
                    .unwrap_or_default();
                Some((found, finding))
            })
            .collect();
        cause::share(self, &mut made);
        let mut findings: Vec<Finding> = made.into_iter().map(|(_, finding)| finding).collect();
        mask_secrets(&mut findings, &secrets(matches, self.knowledge));
        sort(&mut findings);
        findings
    }

    /// The endpoint of an entry.
    pub(crate) fn endpoint(&self, entry: &Entry) -> Endpoint {
        let file = self.file(entry.site);
        Endpoint {
            method: entry.method.to_uppercase(),
            path: entry.path.clone(),
            file: file.map(|f| f.path.clone()).unwrap_or_default(),
            line: file.map_or(1, |f| f.position(entry.site.span.start).line),
            authentication: word(self.answer(entry)).to_owned(),
            guards: self
                .modelled(entry)
                .map_or_else(Vec::new, |e| self.teller().guards(e)),
        }
    }

    fn teller(&self) -> Teller<'_> {
        Teller {
            project: self.project,
            linked: self.linked,
        }
    }

    /// What the application model knows of an entry.
    fn modelled(&self, entry: &Entry) -> Option<&casemate_app::model::Endpoint> {
        let all = &self.application.endpoints;
        let first = all.partition_point(|e| e.site < entry.site);
        all.get(first..)?
            .iter()
            .take_while(|e| e.site == entry.site)
            .find(|e| e.method == entry.method && e.path == entry.path)
    }

    /// Whether an entry wants to know who asks.
    fn answer(&self, entry: &Entry) -> Answer {
        self.modelled(entry)
            .map_or(Answer::Unknown, |e| e.guarded("authentication"))
    }

    fn finding(&self, found: &Match, rule: &Rule) -> Option<Finding> {
        let secret = holds_secrets(rule);
        let kinds = self.knowledge.models.kinds();
        let place = self.place(found.place, secret)?;
        let (flow_paths, sinks): (&[FlowPath], Vec<&str>) = match &found.evidence {
            Evidence::Flow {
                kinds: reached,
                paths,
                ..
            } => (paths, reached.iter().map(|k| kinds.sink_name(*k)).collect()),
            Evidence::Fact(_) => (&[], Vec::new()),
        };
        let best = flow_paths.first();
        let endpoints = match &found.evidence {
            Evidence::Fact(fact) if fact.fact == "endpoint" => self.registered_at(found),
            Evidence::Fact(_) => self.asking_at(found),
            Evidence::Flow { .. } => self.endpoints(flow_paths),
        };
        let endpoint_title = endpoints.first().map(Endpoint::title);
        let source = best
            .map(|path| self.source(path))
            .filter(|text| !text.is_empty());
        let spoken = self.spoken(found);
        let fill = Fill {
            sink: Some(spoken.as_str()).filter(|c| !c.is_empty()),
            source: source.as_deref(),
            endpoint: endpoint_title.as_deref(),
            table: None,
            file: Some(&place.file),
        };
        let trigger = best.and_then(|path| {
            let sink = sinks.first()?;
            endpoints.iter().find_map(|endpoint| {
                trigger::request(
                    endpoint,
                    kinds.source_name(path.kind),
                    source.as_deref().unwrap_or_default(),
                    sink,
                )
            })
        });
        let (exposure, evidence) = if found.doubted {
            (Exposure::Doubted, None)
        } else {
            self.exposure(best, &endpoints)
        };
        let score = severity::score(
            &rule.severity,
            &Circumstances {
                sinks: &sinks,
                exposure,
                account: !endpoints.is_empty()
                    && endpoints.iter().all(|e| e.authentication == "yes"),
                evidence: evidence.as_deref(),
                data: &self.graver_at(&place.file, best),
                internal: self
                    .internal
                    .filter(|_| best.is_some() || !endpoints.is_empty()),
            },
        );
        Some(Finding {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            message: rule.message(&fill),
            severity: Severity {
                level: level(score.level),
                likelihood: score.likelihood.name().to_owned(),
                impact: score.damage.name().to_owned(),
                factors: score
                    .factors
                    .into_iter()
                    .map(|f| Factor {
                        name: f.name.to_owned(),
                        value: f.value,
                        evidence: f.evidence,
                    })
                    .collect(),
            },
            cvss: score.vector.to_string(),
            confidence: Confidence {
                level: certainty(found.confidence),
                reasons: found.reasons.clone(),
            },
            paths: flow_paths
                .iter()
                .map(|path| self.path(path, secret))
                .map(|path| renamed(path, &found.callee, &spoken))
                .collect(),
            endpoints,
            trigger,
            fix: rule.prose(Heading::Fix, &fill).unwrap_or_default(),
            alternatives: rule.prose(Heading::Alternatives, &fill).unwrap_or_default(),
            cwe: rule.cwe.clone(),
            asvs: rule.asvs.clone(),
            owasp: rule.owasp.clone(),
            place,
            ..Finding::default()
        })
    }

    fn identify(
        &self,
        finding: &mut Finding,
        found: &Match,
        ordinals: &mut FxHashMap<[String; 4], usize>,
    ) {
        let file = self.file(found.place);
        let text = file.map(|f| &*f.text).unwrap_or_default();
        let Within {
            shown,
            symbol,
            is_function,
        } = within::of(&self.linked.program, found.function, text);
        let sink = slice(text, found.place.span);
        let identity = Identity {
            rule: &finding.rule,
            file: &finding.place.file,
            symbol: &symbol,
            text: sink,
        };
        let key = [
            finding.rule.clone(),
            finding.place.file.clone(),
            symbol.clone(),
            fingerprint::tokens(sink),
        ];
        let ordinal = ordinals.entry(key).or_default();
        finding.fingerprint = identity.fingerprint(*ordinal);
        finding.move_fingerprint = identity.move_fingerprint(*ordinal);
        *ordinal += 1;
        finding.id = format!(
            "{}@{}",
            finding.rule,
            finding.fingerprint.get(..8).unwrap_or_default()
        );
        let rule = self.knowledge.catalogue.get(&finding.rule);
        finding.cause = if rule.is_some_and(|rule| rule.area == Area::Secret) {
            // Secrets of one file move out of it together.
            fingerprint::digest(&[&finding.rule, &finding.place.file])
        } else if is_function {
            fingerprint::digest(&[&finding.rule, &finding.place.file, &symbol])
        } else {
            finding.fingerprint.clone()
        };
        finding.within = shown;
    }

    /// What the owner says of the data that the code at a place and on the way to it reads.
    fn graver_at(&self, file: &str, path: Option<&FlowPath>) -> Vec<(&str, &str)> {
        if self.graver.is_empty() {
            return Vec::new();
        }
        let steps = path.into_iter().flat_map(|path| &path.steps);
        let on_the_way = steps.filter_map(|step| Some(self.file(step.site)?.path.as_str()));
        let classes = std::iter::once(file)
            .chain(on_the_way)
            .filter_map(|file| self.graver.get(file))
            .flatten();
        classes
            .map(|(class, shown)| (*class, shown.as_str()))
            .collect()
    }

    /// The endpoint that a finding is about.
    fn registered_at(&self, found: &Match) -> Vec<Endpoint> {
        let entries = self.analysis.entries.iter();
        // What is registered by a call of another file is told at its handler.
        let here = entries.filter(|e| {
            e.site == found.place
                || e.handlers.contains(&found.function) && e.callee.starts_with("py:")
        });
        let endpoints = here.map(|e| self.endpoint(e));
        // A loop registers several at one place; the one that was judged is named.
        let judged = endpoints.filter(|e| {
            let title = |method: &str| match &e.path {
                Some(path) if !method.is_empty() => format!("{method} {path}"),
                Some(path) => path.clone(),
                None => format!("{method} (path not known)").trim_start().to_owned(),
            };
            title(&e.method) == found.callee
        });
        judged.take(ENDPOINTS).collect()
    }

    /// The endpoints that find, change or store a record at a place.
    fn asking_at(&self, found: &Match) -> Vec<Endpoint> {
        let asks = |endpoint: &&casemate_app::model::Endpoint| {
            let objects = &endpoint.objects;
            let site = found.place;
            let chosen = objects.chosen.iter();
            let changed = objects.passwords.iter().chain(&objects.series);
            chosen
                .clone()
                .any(|a| a.site == site || a.via == Some(site))
                || changed.clone().any(|(at, _)| *at == site)
        };
        let all = || self.application.endpoints.iter().filter(asks);
        // What compares nobody with who is logged in is about endpoints behind a login, where some are.
        let behind = |e: &&casemate_app::model::Endpoint| e.guarded("authentication") != Answer::No;
        let of_owners = matches!(&found.evidence, Evidence::Fact(fact) if fact.fact == "access");
        let only_behind = of_owners && all().any(|e| behind(&e));
        let endpoints = all().filter(|e| !only_behind || behind(e));
        let entries = &self.analysis.entries;
        let entry = |endpoint: &casemate_app::model::Endpoint| {
            let same = |e: &&Entry| {
                e.site == endpoint.site && e.method == endpoint.method && e.path == endpoint.path
            };
            entries.iter().find(same)
        };
        endpoints
            .filter_map(|endpoint| entry(endpoint).map(|e| self.endpoint(e)))
            .take(ENDPOINTS)
            .collect()
    }

    fn endpoints(&self, paths: &[FlowPath]) -> Vec<Endpoint> {
        let mut endpoints: Vec<Endpoint> = Vec::new();
        for entry in paths.iter().flat_map(|path| self.entries(path)) {
            let endpoint = self.endpoint(entry);
            if endpoints.len() < ENDPOINTS && !endpoints.contains(&endpoint) {
                endpoints.push(endpoint);
            }
        }
        endpoints
    }

    /// The entries that lead to a path. A source that is written inside a registration belongs to that one alone, whatever
    /// wrapper the handlers of all endpoints share.
    fn entries<'p>(&'p self, path: &'p FlowPath) -> Vec<&'p Entry> {
        let entries = &self.analysis.entries;
        let around = |entry: &&Entry| {
            let (site, source) = (entry.site, path.source);
            site.file == source.file
                && site.span.start <= source.span.start
                && source.span.end <= site.span.end
        };
        let length = |entry: &&Entry| entry.site.span.end - entry.site.span.start;
        match entries.iter().filter(around).min_by_key(length) {
            Some(inside) => entries.iter().filter(|e| e.site == inside.site).collect(),
            None => path
                .entries
                .iter()
                .filter_map(|index| entries.get(*index as usize))
                .collect(),
        }
    }

    /// How an attacker comes to the place, with what shows it.
    fn exposure(
        &self,
        best: Option<&FlowPath>,
        endpoints: &[Endpoint],
    ) -> (Exposure, Option<String>) {
        let Some(path) = best else {
            return (Exposure::Always, None);
        };
        let kind = self.knowledge.models.kinds().source_name(path.kind);
        match kind.split('.').next().unwrap_or_default() {
            "library" => (Exposure::Library, None),
            "store" | "queue" => (Exposure::Stored, None),
            "cli" | "env" | "file" => (Exposure::Local, None),
            _ => {
                let entries: Vec<&Entry> = self
                    .entries(path)
                    .into_iter()
                    .filter(|e| e.method != "use")
                    .collect();
                self.reached_by(&entries, endpoints)
            }
        }
    }

    /// How an attacker comes to what some endpoints reach: the least guarded of them decides.
    fn reached_by(&self, entries: &[&Entry], endpoints: &[Endpoint]) -> (Exposure, Option<String>) {
        let of = |answer: Answer| entries.iter().find(|e| self.answer(e) == answer);
        if let Some(open) = of(Answer::No) {
            let title = self.endpoint(open).title();
            let evidence = format!("`{title}` reaches it, and nothing before it asks for a login");
            return (Exposure::Public, Some(evidence));
        }
        if of(Answer::Unknown).is_none()
            && let Some(guarded) = of(Answer::Yes)
        {
            let endpoint = self.endpoint(guarded);
            let title = endpoint.title();
            let guard = endpoint
                .guards
                .iter()
                .find(|g| g.kind == "authentication" && g.certain);
            let place =
                guard.map_or_else(String::new, |g| format!(" ({}:{})", g.at.file, g.at.line));
            let evidence = format!("`{title}` reaches it, which wants a login{place}");
            return (Exposure::Authenticated, Some(evidence));
        }
        let evidence = endpoints.first().map(|endpoint| {
            format!(
                "`{}` reaches it; whether that wants a login is not known",
                endpoint.title()
            )
        });
        (Exposure::Unknown, evidence)
    }

    fn path(&self, path: &FlowPath, secret: bool) -> Path {
        let step = |step: &casemate_flow::result::PathStep| {
            Some(Step {
                place: self.place(step.site, secret)?,
                text: step.text.clone(),
            })
        };
        Path {
            source: self.source(path),
            kind: self
                .knowledge
                .models
                .kinds()
                .source_name(path.kind)
                .to_owned(),
            steps: path.steps.iter().filter_map(step).collect(),
        }
    }

    /// The source as an expression: as the engine names it, else as it is written.
    fn source(&self, path: &FlowPath) -> String {
        if !path.text.is_empty() {
            let python = self.file(path.source).is_some_and(|f| is_python(&f.path));
            // As its writers call it.
            return match path.text.strip_prefix("this.") {
                Some(rest) if python => format!("self.{rest}"),
                _ => path.text.clone(),
            };
        }
        let text = self
            .file(path.source)
            .map_or("", |file| slice(&file.text, path.source.span));
        let line = text.lines().next().unwrap_or_default().trim();
        // A parameter is written in the head of its function.
        if let Some(name) = line.strip_suffix("=>") {
            return name.trim().trim_matches(['(', ')']).to_owned();
        }
        if let Some((name, _)) = line.split_once('(').filter(|_| line.ends_with([':', '{'])) {
            return format!("{name}(…)");
        }
        line.chars().take(SOURCE).collect()
    }

    /// The place of a site.
    pub(crate) fn place(&self, site: Site, secret: bool) -> Option<Place> {
        let file = self.file(site)?;
        let start = file.position(site.span.start);
        let end = file.position(site.span.end.max(site.span.start));
        Some(Place {
            file: file.path.clone(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            snippet: snippet::of_line(file.line_text(start.line), secret),
        })
    }

    /// What is called, as a reader of the code knows it: as it is written there, else the last names of its path.
    fn spoken(&self, found: &Match) -> String {
        let callee = &found.callee;
        // What only tells that any method comes there.
        if let Some(path) = ["ROUTE ", "USE ", "ALL "]
            .iter()
            .find_map(|m| callee.strip_prefix(m))
            && path.starts_with('/')
        {
            return path.to_owned();
        }
        let text = self
            .file(found.place)
            .map_or("", |file| slice(&file.text, found.place.span));
        if !callee.contains([':', '/']) || callee.contains(' ') {
            return callee.clone();
        }
        let name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | '?' | '!');
        let written = text.split(['(', '`']).next().unwrap_or_default();
        let written = written.strip_prefix("await ").unwrap_or(written).trim();
        let last = |text: &str| {
            let last = text.trim_end_matches("()").rsplit('.').next();
            last.unwrap_or_default().to_owned()
        };
        // `require('child_process').exec(…)` is no call of `require`.
        if !["", "require", "__import__", "import"].contains(&written)
            && written.len() <= SOURCE
            && written.chars().all(name)
        {
            return written.to_owned();
        }
        let path = callee.rsplit([':', '/']).next();
        last(path.unwrap_or(callee))
    }

    pub(crate) fn file(&self, site: Site) -> Option<&SourceFile> {
        let origin = self.linked.origin.get(site.file.0 as usize)?;
        self.project.files.get(*origin)
    }
}

/// Most serious first.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let serious = |f: &Finding| std::cmp::Reverse((f.severity.level, f.confidence.level));
        (serious(a), &a.place, &a.rule).cmp(&(serious(b), &b.place, &b.rule))
    });
}

/// A path whose steps call the sink by another name.
fn renamed(mut path: Path, from: &str, to: &str) -> Path {
    if from != to && !from.is_empty() {
        for step in &mut path.steps {
            step.text = step.text.replace(from, to);
        }
    }
    path
}

fn is_python(file: &str) -> bool {
    std::path::Path::new(file)
        .extension()
        .is_some_and(|ext| ext.eq_ignore_ascii_case("py"))
}

fn holds_secrets(rule: &Rule) -> bool {
    rule.area.name() == "secret" || rule.cwe.iter().any(|cwe| SECRET_CWES.contains(cwe))
}

/// The constants that rules about secrets found.
fn secrets(matches: &[Match], knowledge: &Knowledge) -> Vec<String> {
    let about = matches
        .iter()
        .filter(|m| knowledge.catalogue.get(&m.rule).is_some_and(holds_secrets));
    let values = about.flat_map(|m| match &m.evidence {
        Evidence::Fact(fact) => fact.values.iter().map(|(_, value)| value).collect(),
        Evidence::Flow { .. } => Vec::new(),
    });
    let mut secrets: Vec<String> = values
        .filter_map(|value| match value {
            FactValue::Str(text) if text.len() >= SECRET => Some(text.clone()),
            _ => None,
        })
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

/// Other findings may show the line that a secret stands on.
fn mask_secrets(findings: &mut [Finding], secrets: &[String]) {
    if secrets.is_empty() {
        return;
    }
    for finding in findings {
        let steps = finding
            .paths
            .iter_mut()
            .flat_map(|p| &mut p.steps)
            .map(|s| &mut s.place);
        for place in std::iter::once(&mut finding.place).chain(steps) {
            place.snippet = snippet::without(&place.snippet, secrets);
        }
        for path in &mut finding.paths {
            path.source = snippet::without(&path.source, secrets);
        }
        finding.message = snippet::without(&finding.message, secrets);
    }
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}

pub(crate) const fn level(level: severity::Level) -> Level {
    match level {
        severity::Level::Info => Level::Info,
        severity::Level::Low => Level::Low,
        severity::Level::Medium => Level::Medium,
        severity::Level::High => Level::High,
        severity::Level::Critical => Level::Critical,
    }
}

pub(crate) const fn certainty(confidence: casemate_rules::confidence::Confidence) -> Certainty {
    match confidence {
        casemate_rules::confidence::Confidence::Low => Certainty::Low,
        casemate_rules::confidence::Confidence::Medium => Certainty::Medium,
        casemate_rules::confidence::Confidence::High => Certainty::High,
    }
}
