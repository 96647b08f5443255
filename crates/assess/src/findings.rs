//! Matches of rules to findings: places, sentences, severity, ids.

use crate::assessment::{
    Certainty, Confidence, Endpoint, Factor, Finding, Level, Path, Place, RegressionTest, Severity,
    Step,
};
use crate::cause;
use crate::deed::Deed;
use crate::dossier::words::list;
use crate::fields;
use crate::fingerprint::{self, Identity};
use crate::knowledge::Knowledge;
use crate::line_hash;
use crate::link::Linked;
use crate::parameter::{self, Filled};
use crate::retest::{Sent, Tests};
use crate::snippet;
use crate::trigger;
use crate::within::{self, Within};
use casemate_flow::result::{Analysis, Fact, FactValue, FileIdx, FlowPath, Site};
use casemate_ir::Span;
use casemate_rules::matching::{Evidence, Match};
use casemate_rules::rule::{Fill, Heading, Question, Retest, Rule};
use casemate_rules::severity::{self, Circumstances, Exposure};
use casemate_say::{mark, say, told};
use casemate_source::{Project, SourceFile};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What the engine calls a sink that no name tells.
const BY_NAME: &str = mark!("a function looked up by name");

/// Weaknesses whose places hold secrets.
const SECRET_CWES: &[u16] = &[259, 321, 547, 798];

/// Characters of a source that is shown as it is written.
const SOURCE: usize = 60;

/// Lines of a chain of calls that are shown beside its first one.
const CHAIN: usize = 3;

/// Constants shorter than this are names of algorithms and the like.
pub(crate) const SECRET: usize = 8;

/// What facts are about that no code names.
const THINGS: [&str; 8] = [
    mark!("the address"),
    mark!("the answer"),
    mark!("the application"),
    mark!("the change of a password"),
    mark!("the endpoints"),
    mark!("the handler of errors"),
    mark!("the log"),
    mark!("the password"),
];

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
    /// Who writes tests of repairs.
    pub tests: Tests<'a>,
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
                let (mut finding, sent) = self.finding(found, rule)?;
                self.identify(&mut finding, found, &mut ordinals);
                finding.test = self.test(rule, found, &finding, sent);
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

    /// The test of a repair; a setting of a whole application shows at any of its endpoints.
    fn test(
        &self,
        rule: &Rule,
        found: &Match,
        finding: &Finding,
        sent: Option<Sent>,
    ) -> Option<RegressionTest> {
        let whole = rule.retest == Some(Retest::Origin) && finding.endpoints.is_empty();
        let any = whole.then(|| self.any_read(found.place)).flatten();
        let asked = any.as_slice().iter().chain(&finding.endpoints);
        let body = |endpoint: &Endpoint| fields::of(self.handler_of(endpoint, None)?);
        self.tests.of(rule, finding, asked, sent.as_ref(), &body)
    }

    /// The code of the function that answers an endpoint; where a place is given, of the one that it stands in.
    fn handler_of(&self, endpoint: &Endpoint, place: Option<Site>) -> Option<&str> {
        let here = self.analysis.entries.iter().filter(|entry| {
            entry.method.eq_ignore_ascii_case(&endpoint.method)
                && self.file(entry.site).is_some_and(|file| {
                    file.path == endpoint.file
                        && file.position(entry.site.span.start).line == endpoint.line
                })
        });
        let mut handlers = here.flat_map(|entry| &entry.handlers).map(|handler| {
            let f = self.linked.program.func(*handler);
            Site {
                file: f.file_idx,
                span: f.func.span,
            }
        });
        let around = |handler: &Site| {
            place.is_none_or(|place| {
                handler.file == place.file
                    && handler.span.start <= place.span.start
                    && place.span.end <= handler.span.end
            })
        };
        let handler = match place {
            Some(_) => handlers.find(around)?,
            // What stands before the handler is told first.
            None => handlers.last()?,
        };
        Some(slice(&self.file(handler)?.text, handler.span))
    }

    /// The line of code at a place.
    fn line_of(&self, site: Site) -> &str {
        self.file(site).map_or("", |file| {
            let line = file.position(site.span.start).line;
            file.line_text(line)
        })
    }

    fn finding(&self, found: &Match, rule: &Rule) -> Option<(Finding, Option<Sent>)> {
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
        let endpoint_title = match &found.evidence {
            Evidence::Fact(fact) => named(fact, rule),
            Evidence::Flow { .. } => None,
        };
        let endpoint_title = endpoint_title.or_else(|| endpoints.first().map(Endpoint::title));
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
        let reads: Vec<(String, &FlowPath)> = flow_paths
            .iter()
            .map(|path| (self.source(path), path))
            .collect();
        let reads = reads.iter().map(|(source, path)| trigger::Read {
            kind: kinds.source_name(path.kind),
            source,
            asked: self.parameter(path).and_then(|p| p.asked),
            line: self.line_of(path.source),
            python: self.file(path.source).is_some_and(|f| is_python(&f.path)),
            forms: self.reads_forms_alone(path.source),
        });
        let reads: Vec<trigger::Read<'_>> = reads.collect();
        let read = reads.first();
        let trigger = read.and_then(|read| {
            let steps = best.into_iter().flat_map(|path| &path.steps);
            let lines: Vec<&str> = steps.map(|step| self.line_of(step.site)).collect();
            let sink = trigger::kind_of(sinks.first()?, &lines);
            let place = best?.source;
            let mut asked = endpoints.iter();
            asked.find_map(|endpoint| {
                let handler = self.handler_of(endpoint, Some(place)).unwrap_or_default();
                let beside = trigger::beside(handler, read);
                trigger::request(endpoint, read, sink, &beside)
            })
        });
        let sent = endpoints.iter().find_map(|at| Sent::of(at, &reads));
        let (exposure, evidence) = if found.doubted {
            (Exposure::Doubted, None)
        } else {
            self.exposure(flow_paths, &endpoints)
        };
        let deed = Deed::of(self.application, found, rule);
        let stated = deed.as_ref().map_or_else(
            || Cow::Borrowed(&rule.severity),
            |deed| Cow::Owned(deed.loss(&rule.severity)),
        );
        let mut score = severity::score(
            &stated,
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
        if let Some(deed) = deed {
            let here = told(deed.says()).to_owned();
            let losses = score.factors.iter_mut();
            for factor in losses.filter(|f| ["confidentiality", "integrity"].contains(&f.name)) {
                factor.evidence.clone_from(&here);
            }
        }
        // What shows elsewhere does not count for how it is come to.
        let endpoints = match &found.evidence {
            Evidence::Fact(fact) if endpoints.is_empty() => self.shown_at(fact, rule),
            _ => endpoints,
        };
        let finding = Finding {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            message: self.also(found, rule.message(&fill)),
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
        };
        Some((finding, sent))
    }

    /// Of what is said of an application, that others which the same line of another file beside it makes are no different.
    fn also(&self, found: &Match, message: String) -> String {
        let of_application =
            matches!(&found.evidence, Evidence::Fact(fact) if fact.fact == "application");
        let Some(file) = self.file(found.place).filter(|_| of_application) else {
            return message;
        };
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let line = self.line_of(found.place).trim();
        let others = self.project.files.iter().filter(|other| {
            other.path != file.path
                && other.file_type == file.file_type
                && folder(&other.path) == folder(&file.path)
        });
        let places: Vec<String> = others
            .filter_map(|other| {
                let at = other.text.lines().position(|l| l.trim() == line)?;
                Some(format!("`{}:{}`", other.path, at + 1))
            })
            .collect();
        if line.is_empty() || places.is_empty() {
            return message;
        }
        say!(
            "{message}; the same is to be looked at for the application at {places}",
            message = message.trim_end_matches('.'),
            places = list(&places, 3)
        )
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
        finding.cause = if rule.is_some_and(holds_secrets) {
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

    /// A path, with its steps as a report says them.
    fn path(&self, path: &FlowPath, secret: bool) -> Path {
        let step = |step: &casemate_flow::result::PathStep| {
            Some(Step {
                place: self.place(step.site, secret)?,
                // What no name tells is no code.
                text: step.text.replace(&format!("`{BY_NAME}`"), told(BY_NAME)),
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
        // A member of something without a name says less than the line itself.
        if !path.text.is_empty() && !path.text.starts_with('.') {
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
        if let Some(parameter) = self.parameter(path) {
            return parameter.name.to_owned();
        }
        // Of a method with decorators, its name says which one it is.
        let head = text.lines().map(str::trim).find(|l| !l.starts_with('@'));
        let line = match head {
            Some(head) if line.starts_with('@') => head,
            _ => line,
        };
        let opens = line.ends_with([':', '{', '(']);
        if let Some((name, _)) = line.split_once('(').filter(|_| opens) {
            return format!("{name}(…)");
        }
        line.chars().take(SOURCE).collect()
    }

    /// Whether a package reads bodies as forms and in no other way: what is sent as JSON does not arrive there.
    fn reads_forms_alone(&self, site: Site) -> bool {
        let facts = self.analysis.facts.iter();
        let of_bodies = facts.filter(|f| {
            matches!(f.fact.as_str(), "body.form" | "body.json") && self.same_unit(f.site, site)
        });
        let mut of_bodies = of_bodies.map(|f| f.fact == "body.form").peekable();
        of_bodies.peek().is_some() && of_bodies.all(|form| form)
    }

    /// The parameter that a request fills, where what is read is one.
    fn parameter(&self, path: &FlowPath) -> Option<Filled<'_>> {
        if !path.text.is_empty() && !path.text.starts_with('.') {
            return None;
        }
        let entries = path.entries.iter();
        let entries = entries.filter_map(|i| self.analysis.entries.get(*i as usize));
        let paths = entries.filter_map(|entry| entry.path.as_deref());
        let in_path: Vec<&str> = paths.flat_map(crate::trigger::parameters).collect();
        let kind = self.knowledge.models.kinds().source_name(path.kind);
        let text = slice(&self.file(path.source)?.text, path.source.span);
        parameter::filled(text, kind, &in_path)
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
            snippet: snippet::of_line(&self.written(file, site, start.line), secret),
        })
    }

    /// The line of a site; of a chain of calls over several lines, what is called last as well.
    fn written<'f>(&self, file: &'f SourceFile, site: Site, line: u32) -> Cow<'f, str> {
        let first = file.line_text(line);
        let mut rest = slice(&file.text, site.span).lines().skip(1).map(str::trim);
        let goes_on = |l: &&str| l.starts_with('.') && !l.starts_with("..") || l.starts_with("?.");
        let chain: Vec<&str> = rest.by_ref().take(CHAIN).take_while(goes_on).collect();
        if chain.is_empty() {
            return Cow::Borrowed(first);
        }
        Cow::Owned(format!("{}{}", first.trim_end(), chain.concat()))
    }

    /// What is called, as a reader of the code knows it: as it is written there, else the last names of its path.
    fn spoken(&self, found: &Match) -> String {
        let callee = &found.callee;
        if THINGS.contains(&callee.as_str()) {
            return told(callee).to_owned();
        }
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

/// The endpoints that a fact was counted from, as a phrase: what the rule asks for by `unlimited` is named by `unlimitedAt`.
fn named(fact: &Fact, rule: &Rule) -> Option<String> {
    let Question::Model(question) = &rule.question else {
        return None;
    };
    let asked = question.condition.as_ref()?.expr.paths();
    let mut fields = asked.iter().filter_map(|path| path.strip_prefix("fact."));
    fields.find_map(|field| {
        let at = |name: &str| name.strip_suffix("At") == Some(field);
        fact.values.iter().find_map(|(name, value)| match value {
            FactValue::Str(which) if at(name) => Some(which.clone()),
            _ => None,
        })
    })
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
