//! Implementation Guidance.

use super::{Block, Cell, Entry, Table, lower_first, sentence};
use casemate_assess::assessment::{Assessment, Level, RegressionTest};
use casemate_assess::dossier::Verdict;
use casemate_assess::dossier::risk::Risk;
use casemate_assess::dossier::surface::EndpointRow;
use casemate_assess::dossier::words::{code, count, first_sentence, list};
use casemate_say::{label, say, told};
use std::collections::{BTreeMap, BTreeSet};

/// Places of one weakness that are listed.
const PLACES: usize = 12;

/// Tests of one weakness that are shown whole.
const TESTS: usize = 2;

pub(super) fn blocks(a: &Assessment, ledger: bool) -> Vec<Block<'_>> {
    let mut out = vec![Block::Heading(3, say!("Technical Recommendations"))];
    let guides = &a.dossier.plan.guides;
    if guides.is_empty() {
        out.push(Block::Text(say!(
            "Nothing in {name} waits for a repair.",
            name = a.project.name
        )));
    }
    out.extend(guides.iter().map(|g| Block::Entry(guide(a, g))));
    testing(a, &mut out);
    incidents(a, &mut out);
    audit(a, ledger, &mut out);
    out
}

fn guide<'a>(a: &'a Assessment, guide: &'a casemate_assess::dossier::plan::Guide) -> Entry<'a> {
    let rule = a.rule(&guide.rule);
    let mut blocks = Vec::new();
    let shown: Vec<Vec<Cell>> = guide
        .places
        .iter()
        .take(PLACES)
        .map(|(place, id)| vec![Cell::code(place), Cell::Findings(vec![id.clone()])])
        .collect();
    let rest = guide.places.len() - shown.len();
    if !shown.is_empty() {
        blocks.push(Block::Table(Table {
            caption: if rest > 0 {
                say!("Where to edit, {rest} more in the list of risks")
            } else {
                say!("Where to edit")
            },
            head: vec![label!("Place"), label!("Finding")],
            rows: shown,
        }));
    }
    for other in &guide.elsewhere {
        blocks.push(Block::Text(say!("{end} with the repair at `{place}` (`{rule}`), and nothing has to be edited at {which}.", end = count(other.ends.len(), "finding ends", "findings end"), place = other.place, rule = other.rule, which = if other.ends.len() == 1 {
                label!("its own place")
            } else {
                label!("their own places")
            })));
    }
    blocks.push(Block::Heading(5, say!("Fix")));
    blocks.push(Block::Method(&guide.fix));
    blocks.push(Block::Heading(5, say!("Alternatives")));
    blocks.push(Block::Method(&guide.alternatives));
    for heading in ["Cost", "Scalability"] {
        if let Some(text) = rule.and_then(|r| r.section(heading)) {
            let title = match heading {
                "Cost" => label!("What it costs"),
                other => other,
            };
            blocks.push(Block::Heading(5, title.to_owned()));
            blocks.push(Block::Method(text));
        }
    }
    tests(a, guide, &mut blocks);
    Entry {
        id: format!("guide-{}", guide.rule),
        level: guide.level,
        confidence: String::new(),
        title: guide.title.clone(),
        place: if guide.places.is_empty() {
            say!("repaired at its cause")
        } else {
            count(guide.places.len(), "place", "places")
        },
        blocks,
    }
}

/// What shows that it is repaired: in words, and as files of the project.
fn tests<'a>(
    a: &'a Assessment,
    guide: &'a casemate_assess::dossier::plan::Guide,
    blocks: &mut Vec<Block<'a>>,
) {
    let said = a.rule(&guide.rule).and_then(|r| r.section("Test"));
    let edited = |id: &str| guide.places.iter().any(|(_, other)| other == id);
    let of_rule = a.findings.iter().filter(|f| f.rule == guide.rule);
    let mut written: Vec<(&str, &RegressionTest)> = of_rule
        .filter_map(|f| Some((f.id.as_str(), f.test.as_ref()?)))
        .collect();
    // Those that stand in the table above first.
    written.sort_by_key(|(id, _)| !edited(id));
    if said.is_none() && written.is_empty() {
        return;
    }
    blocks.push(Block::Heading(
        5,
        say!("A test that fails before and passes after"),
    ));
    blocks.extend(said.map(Block::Method));
    for (id, test) in written.iter().take(TESTS) {
        blocks.push(Block::Note(say!(
            "The test of `{id}` is `{file}`: `{run}`{test}.",
            file = test.file,
            run = test.run,
            test = wanted(test)
        )));
        blocks.push(Block::Code(fence(&test.language), test.text.clone()));
    }
    let rest = written.get(TESTS..).unwrap_or_default();
    if !rest.is_empty() {
        blocks.push(Block::Table(Table {
            caption: say!("More of these tests; their text stands in the assessment as JSON"),
            head: vec![label!("Finding"), label!("File")],
            rows: rest
                .iter()
                .map(|(id, test)| {
                    vec![
                        Cell::Findings(vec![(*id).to_owned()]),
                        Cell::code(&test.file),
                    ]
                })
                .collect(),
        }));
    }
}

/// What a test wants to be told by whoever runs it.
fn wanted(test: &RegressionTest) -> String {
    let names = test.needs.iter().filter(|need| need.required);
    let names: Vec<String> = names.map(|need| format!("`{}`", need.name)).collect();
    if names.is_empty() {
        return String::new();
    }
    say!(
        ", with {names} set, and skipped without",
        names = list(&names, names.len())
    )
}

/// The language of a fence, among those that tests are written in.
fn fence(language: &str) -> &'static str {
    let all = ["js", "ts", "py"];
    all.into_iter().find(|name| *name == language).unwrap_or("")
}

fn testing<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Security Testing Strategies")));
    let endpoints = &a.dossier.surface.endpoints;
    let with: Vec<_> = endpoints.iter().filter(|e| !e.tests.is_empty()).collect();
    let tests: usize = with.iter().map(|e| e.tests.len()).sum();
    if with.is_empty() {
        out.push(Block::Text(say!(
            "No endpoint of {name} is known well enough to write tests for.",
            name = a.project.name
        )));
        return;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &with {
        for test in fixed(row) {
            *kinds.entry(test).or_default() += 1;
        }
        if row.again().is_some() {
            let again = label!("what findings of this report send: refused or without effect");
            *kinds.entry(again).or_default() += 1;
        }
    }
    out.push(Block::Text(say!(
        "The endpoint table asks for {tests} at {endpoints}:",
        tests = count(tests, "abuse test", "abuse tests"),
        endpoints = count(with.len(), "endpoint", "endpoints")
    )));
    out.push(Block::List(
        kinds
            .iter()
            .map(|(kind, n)| sentence(&format!("{kind} ({})", count(*n, "endpoint", "endpoints"))))
            .collect(),
    ));
    out.push(Block::Table(Table {
        caption: say!("Test plan"),
        head: vec![
            label!("Endpoint"),
            label!("Handler"),
            label!("Send, and expect"),
            label!("Send again what these send"),
        ],
        rows: with
            .iter()
            .map(|e| {
                let handlers = if e.handlers.is_empty() {
                    format!("{}:{}", e.at.file, e.at.line)
                } else {
                    e.handlers.join(", ")
                };
                vec![
                    Cell::text(code(&e.named())),
                    Cell::code(handlers),
                    Cell::label(fixed(e).join("; ")),
                    Cell::Findings(e.findings.clone()),
                ]
            })
            .collect(),
    }));
}

/// The tests that any endpoint of its kind needs.
fn fixed(row: &EndpointRow) -> Vec<&str> {
    let again = row.again();
    let tests = row.tests.iter().map(String::as_str);
    tests
        .filter(|test| Some(*test) != again.as_deref())
        .collect()
}

fn incidents<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Monitoring and Incident Response")));
    let serious = a
        .dossier
        .risks
        .iter()
        .filter(|r| r.level >= Level::High && r.confidence != "low");
    // One for each weakness: what is done about it is the same at all its places.
    let mut by_rule: Vec<(&str, Vec<&Risk>)> = Vec::new();
    for risk in serious {
        match by_rule.iter_mut().find(|(rule, _)| *rule == risk.rule) {
            Some((_, risks)) => risks.push(risk),
            None => by_rule.push((&risk.rule, vec![risk])),
        }
    }
    let rows: Vec<Vec<Cell>> = by_rule
        .iter()
        .filter_map(|(_, risks)| {
            let first = risks.first()?;
            Some(vec![
                Cell::Risks(risks.iter().map(|r| r.id.clone()).collect()),
                Cell::label(&first.title),
                Cell::text(contain(a, risks)),
                Cell::text(look_for(a, risks)),
                Cell::text(afterwards(a, risks)),
            ])
        })
        .collect();
    if rows.is_empty() {
        out.push(Block::Text(say!("No risk of level high with more than low confidence stands in {name}, so no playbook is written for one.", name = a.project.name)));
        return;
    }
    out.push(Block::Table(Table {
        caption: say!("Playbooks, for the risks that are there"),
        head: vec![
            label!("Risks"),
            label!("When you suspect"),
            label!("Contain"),
            label!("Look for"),
            label!("When it was used"),
        ],
        rows,
    }));
}

/// Endpoints of some risks, each once.
fn endpoints_of(a: &Assessment, risks: &[&Risk]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for risk in risks {
        let findings = a.findings.iter().filter(|f| risk.findings.contains(&f.id));
        for endpoint in findings.flat_map(|f| &f.endpoints) {
            let named = code(&endpoint.named());
            if !out.contains(&named) {
                out.push(named);
            }
        }
    }
    out
}

/// Weaknesses by which a secret is known to whoever reads the code.
const SECRETS: &[u16] = &[259, 321, 540, 547, 798];

/// Aids for debugging that are switched on.
const DEBUGGING: &[u16] = &[215, 489];

/// Whether some risks are a weakness with one of these numbers.
fn is_about(a: &Assessment, risks: &[&Risk], numbers: &[u16]) -> bool {
    let first = risks.first();
    let first = first.and_then(|r| a.findings.iter().find(|f| f.id == r.finding));
    first.is_some_and(|f| f.cwe.iter().any(|n| numbers.contains(n)))
}

/// How the loss is stopped before the repair is out.
fn contain(a: &Assessment, risks: &[&Risk]) -> String {
    let endpoints = endpoints_of(a, risks);
    let surface = &a.dossier.surface.endpoints;
    let spared = |named: &String| {
        let title = |e: &EndpointRow| code(&e.told());
        surface.iter().any(|e| !e.entrance && title(e) == *named)
    };
    // A secret is replaced where it is written, which may be a finding of its own.
    let written = |risk: &Risk| {
        let mut all = a.findings.iter().filter(|f| risk.findings.contains(&f.id));
        let literal = all.find(|f| f.rule == "secret-in-code");
        literal.map_or_else(
            || risk.place.clone(),
            |f| format!("{}:{}", f.place.file, f.place.line),
        )
    };
    let places: Vec<String> = risks.iter().map(|r| code(&written(r))).collect();
    if endpoints.is_empty() {
        let places = list(&places, 4);
        return if is_about(a, risks, SECRETS) {
            say!(
                "Replace what stands at {places} with a new secret from outside the code; sessions and tokens that it signed end with it."
            )
        } else if is_about(a, risks, DEBUGGING) {
            say!(
                "Switch it off at {places}, or in the environment of the running service, and start that again."
            )
        } else {
            say!("Take what runs {places} out of service.")
        };
    }
    let (spare, needed): (Vec<String>, Vec<String>) = endpoints.into_iter().partition(spared);
    let mut said = Vec::new();
    if !spare.is_empty() {
        said.push(say!(
            "Answer {spare} with 503 at the proxy until {which} repaired.",
            spare = list(&spare, 4),
            which = if risks.len() == 1 {
                label!("it is")
            } else {
                label!("they are")
            }
        ));
    }
    if !needed.is_empty() {
        said.push(say!("{needed} cannot be spared: repair first what stands behind {which}, and refuse at the proxy requests of the form that the findings show.", needed = list(&needed, 4), which = if needed.len() == 1 { label!("it") } else { label!("them") }));
    }
    said.join(" ")
}

/// What shows that somebody has done it: where, and how the rule says.
fn look_for(a: &Assessment, risks: &[&Risk]) -> String {
    let endpoints = endpoints_of(a, risks);
    let rule = risks.first().map(|r| r.rule.as_str()).unwrap_or_default();
    let logged = a.dossier.monitoring.loggers.first();
    let mut said = vec![match (endpoints.is_empty(), logged) {
        (true, _) if is_about(a, risks, SECRETS) => {
            say!(
                "Logins and calls that nobody can explain, in the logs of whatever the secret opens."
            )
        }
        (true, _) => {
            let files: BTreeSet<&str> = risks
                .iter()
                .filter_map(|r| Some(r.place.rsplit_once(':')?.0))
                .collect();
            let files: Vec<String> = files.iter().map(|f| format!("`{f}`")).collect();
            say!(
                "Requests that nobody can explain to what {files} starts, in the log of the proxy, and programs or connections that its machine does not have otherwise.",
                files = list(&files, 4)
            )
        }
        (false, None) => say!(
            "Requests to {endpoints} in the log of the proxy; the code itself logs nothing.",
            endpoints = list(&endpoints, 4)
        ),
        (false, Some((name, _))) => say!(
            "Requests to {endpoints} in the log of the proxy, and what {name} wrote at the same time.",
            endpoints = list(&endpoints, 4)
        ),
    }];
    let mut detections = a.dossier.monitoring.detections.iter();
    let watch = detections
        .find(|d| d.rule == rule)
        .map(|d| first_sentence(&d.watch))
        .filter(|text| !text.is_empty());
    if let Some(watch) = watch {
        said.push(say!(
            "From now on: {watch}",
            watch = sentence(&lower_first(&watch))
        ));
    }
    said.join(" ")
}

/// What has to be assumed when it was used.
fn afterwards(a: &Assessment, risks: &[&Risk]) -> String {
    let mut said = Vec::new();
    let handled: BTreeSet<&str> = risks
        .iter()
        .flat_map(|r| &r.handles)
        .map(String::as_str)
        .collect();
    let classes = &a.dossier.context.data;
    for class in classes {
        let names: Vec<String> = class
            .names
            .iter()
            .filter(|n| handled.contains(n.name.as_str()))
            .map(|n| format!("`{}`", n.name))
            .collect();
        if names.is_empty() {
            continue;
        }
        let names = list(&names, 4);
        said.push(match class.class.as_str() {
            "credentials" => {
                say!("Take {names} of the accounts for known: end sessions, have them set anew.")
            }
            class => {
                let class = told(class);
                say!("Take {names} ({class}) for read; whoever it is about may have to be told.")
            }
        });
    }
    if risks
        .iter()
        .any(|r| r.cvss.contains("/VI:H") && r.cvss.contains("/VA:H"))
    {
        said.push(say!(
            "Replace every secret that the process could read, and set its machines up anew."
        ));
    }
    if said.is_empty() {
        let secret = |r: &&&Risk| {
            let of = a.findings.iter().find(|f| f.id == r.finding);
            of.is_some_and(|f| f.cwe.iter().any(|n| SECRETS.contains(n)))
        };
        let places: Vec<String> = risks
            .iter()
            .filter(secret)
            .map(|r| format!("`{}`", r.place))
            .collect();
        said.push(if places.is_empty() {
            say!("Keep the logs, and compare what was stored since with a backup.")
        } else {
            say!(
                "Keep the logs, and look in them for what was done with the secret at {places}.",
                places = list(&places, 4)
            )
        });
    }
    said.join(" ")
}

fn audit<'a>(a: &'a Assessment, ledger: bool, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, say!("Compliance and Audit Preparation")));
    let decided = a
        .dossier
        .ledger
        .iter()
        .filter(|r| r.verdict.decided())
        .count();
    let people = a
        .dossier
        .ledger
        .iter()
        .filter(|r| matches!(r.verdict, Verdict::Human | Verdict::Partial))
        .count();
    out.push(Block::Text(say!("An auditor gets three things: this report, the ledger with {decided} decided requirements, and the assessment as JSON with all places and the {people} worksheets to fill in ({which}). None of them is a certificate, and nobody can give one for {name} on this ground alone.", which = if ledger {
            label!("those of level 1 stand in the ledger here")
        } else {
            label!("the ledger itself is left out here, and stands there too")
        }, name = a.project.name)));
    if !a.dossier.conflicts.is_empty() {
        out.push(Block::List(super::sentences(&a.dossier.conflicts)));
    }
    if !a.dossier.views.is_empty() {
        out.push(Block::Table(Table {
            caption: say!("The same findings in the numbers of other standards; numbers only, and only what code can show"),
            head: vec![label!("Standard"), label!("Entry"), label!("Rules applied"), label!("Findings")],
            rows: a
                .dossier
                .views
                .iter()
                .map(|v| vec![Cell::Label(v.standard.clone()), Cell::text(&v.entry), Cell::Count(v.rules), Cell::Count(v.findings)])
                .collect(),
        }));
    }
}
