//! Detailed Security Analysis.

use super::{Block, Cell, Figure, Table, entry, sentence};
use crate::group;
use casemate_assess::assessment::Assessment;
use casemate_assess::dossier::words::count;

pub(super) fn blocks(a: &Assessment) -> Vec<Block<'_>> {
    let mut out = Vec::new();
    vulnerabilities(a, &mut out);
    coding(a, &mut out);
    architecture(a, &mut out);
    data(a, &mut out);
    infrastructure(a, &mut out);
    api(a, &mut out);
    out
}

fn vulnerabilities<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Vulnerability Assessment".to_owned()));
    let causes = group::causes(&a.findings);
    if causes.is_empty() {
        out.push(Block::Text(format!(
            "{} found nothing in {}.",
            count(a.coverage.rules_applied, "rule", "rules"),
            count(a.coverage.files.assessed, "backend file", "backend files")
        )));
        return;
    }
    out.push(Block::Text(format!(
        "{} at {}.",
        count(causes.len(), "root cause", "root causes"),
        count(a.findings.len(), "place", "places"),
    )));
    out.push(Block::Note(
        "Each stands for what one repair ends; open one to see its way through the code."
            .to_owned(),
    ));
    out.extend(causes.iter().map(|cause| Block::Entry(entry::of(cause, a))));
}

fn coding<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Secure Coding Review".to_owned()));
    let practices = &a.dossier.practices;
    if practices.is_empty() {
        out.push(Block::Text(format!(
            "No call in {} does what a rule asks about.",
            a.project.name
        )));
        return;
    }
    let clean = practices
        .iter()
        .filter(|p| p.found == 0 && p.unknown == 0)
        .count();
    out.push(Block::Text(format!(
        "{} met something to ask about; {clean} of them found nothing.",
        count(practices.len(), "rule", "rules")
    )));
    out.push(Block::Table(Table {
        caption: "Places that rules ask about, and what became of them".to_owned(),
        head: vec![
            "Area",
            "Weakness",
            "Places asked",
            "Findings",
            "Not decided",
        ],
        rows: practices
            .iter()
            .map(|p| {
                vec![
                    Cell::text(&p.area),
                    Cell::Label(format!("{} ({})", p.title, p.rule)),
                    Cell::Count(p.places),
                    Cell::Count(p.found),
                    Cell::Count(p.unknown),
                ]
            })
            .collect(),
    }));
}

fn architecture<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Architecture Security".to_owned()));
    let diagram = &a.dossier.diagram;
    out.push(Block::Figure(Figure::Flows));
    let name = |id: &str| {
        let node = diagram.nodes.iter().find(|n| n.id == id);
        node.map_or_else(|| id.to_owned(), |n| n.name.clone())
    };
    out.push(Block::Table(Table {
        caption: "What crosses which boundary".to_owned(),
        head: vec!["From", "To", "What", "At the boundary", "Findings"],
        rows: diagram
            .flows
            .iter()
            .map(|f| {
                vec![
                    Cell::text(name(&f.from)),
                    Cell::text(name(&f.to)),
                    Cell::text(&f.label),
                    Cell::text(&f.boundary),
                    Cell::Findings(f.findings.clone()),
                ]
            })
            .collect(),
    }));
    let surface = &a.dossier.surface;
    if !surface.endpoints.is_empty() {
        out.push(Block::Table(Table {
            caption: "Guards".to_owned(),
            head: vec!["Guard", "Of", "Have it", "Have none", "Not known"],
            rows: surface
                .shares
                .iter()
                .map(|s| {
                    vec![
                        Cell::Label(s.kind.clone()),
                        Cell::Label(s.of.clone()),
                        Cell::Count(s.yes),
                        Cell::Count(s.no),
                        Cell::Count(s.unknown),
                    ]
                })
                .collect(),
        }));
    }
}

fn data<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Data Protection Analysis".to_owned()));
    let classes = &a.dossier.context.data;
    if classes.is_empty() {
        out.push(Block::Text(format!("No name that is read in {} tells of credentials, or of data about people, payment or health.", a.project.name)));
    } else {
        out.push(Block::Table(Table {
            caption: "Data by the names that the code reads".to_owned(),
            head: vec!["Class", "Name", "Read at", "Files", "Named by findings"],
            rows: classes
                .iter()
                .flat_map(|class| {
                    class.names.iter().map(|n| {
                        let files: Vec<String> =
                            n.files.iter().take(4).map(|f| format!("`{f}`")).collect();
                        let more = n.files.len().saturating_sub(files.len());
                        let more = if more > 0 {
                            format!(" and {more} more")
                        } else {
                            String::new()
                        };
                        vec![
                            Cell::text(&class.class),
                            Cell::code(&n.name),
                            Cell::text(count(n.places, "place", "places")),
                            Cell::text(format!("{}{more}", files.join(", "))),
                            Cell::Findings(n.findings.clone()),
                        ]
                    })
                })
                .collect(),
        }));
        out.push(Block::Note("Whether a column is encrypted at rest, how long it is kept and to whom it is passed on stands in schemas and contracts that Casemate does not read yet.".to_owned()));
    }
    let area = |name: &str| {
        a.dossier
            .practices
            .iter()
            .filter(|p| p.area == name)
            .collect::<Vec<_>>()
    };
    let crypto: Vec<_> = area("crypto").into_iter().chain(area("secret")).collect();
    if !crypto.is_empty() {
        let said: Vec<String> = crypto
            .iter()
            .map(|p| {
                format!(
                    "`{}`: {} asked, {}",
                    p.rule,
                    count(p.places, "place", "places"),
                    count(p.found, "finding", "findings")
                )
            })
            .collect();
        out.push(Block::Heading(4, "Cryptography and secrets".to_owned()));
        out.push(Block::List(said.iter().map(|s| sentence(s)).collect()));
    }
}

fn infrastructure<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "Infrastructure Security".to_owned()));
    let practices = a.dossier.practices.iter().filter(|p| p.area == "config");
    let (found, quiet): (Vec<_>, Vec<_>) = practices.partition(|p| p.found > 0);
    let mut said: Vec<String> = found
        .into_iter()
        .map(|p| {
            sentence(&format!(
                "{} (`{}`): {} asked, {}",
                p.title,
                p.rule,
                count(p.places, "place", "places"),
                count(p.found, "finding", "findings")
            ))
        })
        .collect();
    if !quiet.is_empty() {
        let quiet: Vec<String> = quiet
            .iter()
            .map(|p| format!("`{}` ({})", p.rule, count(p.places, "place", "places")))
            .collect();
        said.push(format!("Asked without a finding: {}.", quiet.join(", ")));
    }
    if !said.is_empty() {
        out.push(Block::List(said));
    }
    let waiting: Vec<String> = a
        .dossier
        .ledger
        .iter()
        .filter(|r| r.level == 1 && r.because.contains("configuration of servers"))
        .map(|r| r.id.clone())
        .collect();
    out.push(Block::Text(format!(
        "Containers, proxies, cloud and CI configuration of {} were not read; of level 1, {} rest on them.",
        a.project.name,
        if waiting.is_empty() { "no requirements".to_owned() } else { waiting.join(", ") }
    )));
}

fn api<'a>(a: &'a Assessment, out: &mut Vec<Block<'a>>) {
    out.push(Block::Heading(3, "API Security Assessment".to_owned()));
    let surface = &a.dossier.surface;
    if surface.endpoints.is_empty() {
        out.push(Block::Text(format!(
            "No endpoint was seen in {}.",
            a.project.name
        )));
        return;
    }
    let answer = |e: &casemate_assess::dossier::surface::EndpointRow, kind: &str| {
        Cell::Answer(e.has(kind).to_owned())
    };
    out.push(Block::Table(Table {
        caption: format!(
            "{}: what stands before each",
            count(surface.endpoints.len(), "endpoint", "endpoints")
        ),
        head: vec![
            "Method",
            "Path",
            "Registered at",
            "Login",
            "Role",
            "Owner",
            "CSRF",
            "Limit",
            "Schema",
            "Findings",
        ],
        rows: surface
            .endpoints
            .iter()
            .map(|e| {
                vec![
                    Cell::code(&e.method),
                    Cell::code(&e.path),
                    Cell::code(format!("{}:{}", e.at.file, e.at.line)),
                    answer(e, "authentication"),
                    answer(e, "role"),
                    answer(e, "owner"),
                    if e.writes {
                        answer(e, "csrf")
                    } else {
                        Cell::text("")
                    },
                    answer(e, "rate-limit"),
                    answer(e, "validation"),
                    Cell::Findings(e.findings.clone()),
                ]
            })
            .collect(),
    }));
}
