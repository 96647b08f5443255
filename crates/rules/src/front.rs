//! A rule file: `+++` TOML `+++`, then Markdown.

use crate::body;
use crate::condition;
use crate::confidence::Confidence;
use crate::error::{Errors, RuleError};
use crate::near;
use crate::rule::{
    Area, Condition, DecisionQuestion, Fix, FixKind, FlowQuestion, ModelQuestion, Origin, Question,
    Retest, Rule, SchemaQuestion, SiteQuestion, Status,
};
use crate::severity::{Factors, Grade, Impact, Interaction, Victim};
use crate::standard;
use crate::table::{At, Source, Table};
use casemate_model::kind::Kinds;
use toml::de::DeTable;

/// What a rule file may name.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Kinds and facts.
    pub kinds: &'a Kinds,
    /// Ids of ASVS requirements, sorted.
    pub asvs: &'a [String],
}

/// The fence around the front matter.
const FENCE: &str = "+++";

/// Reads one rule. `file` is its path below the rules folder: `injection/sql-injection.md`.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn parse(file: &str, text: &str, names: Names<'_>) -> Result<Rule, Vec<RuleError>> {
    let mut errors = Errors::new(file);
    let rule = read(file, text, names, &mut errors);
    let list = errors.into_list();
    match rule {
        Some(rule) if list.is_empty() => Ok(rule),
        _ => Err(list),
    }
}

fn read(file: &str, text: &str, names: Names<'_>, errors: &mut Errors<'_>) -> Option<Rule> {
    let (area, id) = place(file, errors)?;
    let (front, rest, body_line) = split(text, errors)?;
    let body = body::read(rest, body_line, errors);
    let source = Source {
        text: front,
        first_line: 2,
    };
    let document = match DeTable::parse(front) {
        Ok(document) => document,
        Err(error) => {
            let line = source.line(error.span().map_or(0, |span| span.start));
            errors.push(
                line,
                format!("not TOML: {}", error.message().replace('\n', ", ")),
            );
            return None;
        }
    };
    let mut table = Table::new(&source, document.get_ref(), 0, errors);
    let mut rule = front_matter(&mut table, names)?;
    rule.area = area;
    rule.id = id;
    file.clone_into(&mut rule.file);
    rule.sections = body.sections;
    rule.examples = body.examples;
    Some(rule)
}

/// Area and id, from the path.
fn place(file: &str, errors: &mut Errors<'_>) -> Option<(Area, String)> {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let id = name.strip_suffix(".md").unwrap_or(name);
    let kebab = !id.is_empty()
        && id.split('-').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    if !kebab {
        errors.push(
            1,
            format!(
                "`{name}` is not a rule's file name: lower-case words joined by `-`, then `.md`"
            ),
        );
    }
    let area = Area::NAMED
        .iter()
        .find(|(area, _)| *area == folder)
        .map(|(_, area)| *area);
    if area.is_none() {
        let known: Vec<&str> = Area::NAMED.iter().map(|(area, _)| *area).collect();
        errors.push(1, near::unknown("area", folder, &known));
    }
    Some((area?, id.to_owned()))
}

/// Front matter, body, and the body's first line.
fn split<'t>(text: &'t str, errors: &mut Errors<'_>) -> Option<(&'t str, &'t str, u32)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(after) = text.strip_prefix(FENCE).and_then(|rest| {
        rest.strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
    }) else {
        errors.push(1, "a rule begins with a line `+++`");
        return None;
    };
    let mut at = 0;
    for (line, number) in after.split_inclusive('\n').zip(2_u32..) {
        if line.trim_end() == FENCE {
            let (front, rest) = (after.get(..at)?, after.get(at + line.len()..)?);
            return Some((front, rest, number.saturating_add(1)));
        }
        at += line.len();
    }
    errors.push(1, "the front matter is not closed by a line `+++`");
    None
}

const KEYS: [&str; 18] = [
    "title",
    "since",
    "status",
    "cwe",
    "asvs",
    "decides",
    "owasp",
    "aliases",
    "formerly",
    "kept",
    "excused",
    "lets",
    "whom",
    "retest",
    "precision",
    "severity",
    "match",
    "fix",
];

fn front_matter(table: &mut Table<'_, '_, '_>, names: Names<'_>) -> Option<Rule> {
    table.expect("key", &KEYS);
    let title = table.required_string("title");
    if let Some(title) = title
        .as_ref()
        .filter(|title| title.value.ends_with('.') || title.value.is_empty())
    {
        table.error(title.line, "`title` is a phrase without a period");
    }
    let since = table.required_string("since");
    let status = table.required_choice(
        "status",
        &[("stable", Status::Stable), ("preview", Status::Preview)],
    );
    let precision = table.required_choice("precision", &Confidence::NAMED);
    let cwe = cwe(table);
    let asvs = table.strings("asvs");
    for id in asvs
        .iter()
        .filter(|id| names.asvs.binary_search(&id.value).is_err())
    {
        let known: Vec<&str> = names.asvs.iter().map(String::as_str).collect();
        table.error(
            id.line,
            near::unknown("ASVS requirement", &id.value, &known),
        );
    }
    let decides = table.strings("decides");
    for id in &decides {
        if !asvs.iter().any(|known| known.value == id.value) {
            table.error(id.line, "`decides` names requirements of `asvs`");
        }
    }
    let owasp = table.strings("owasp");
    for id in &owasp {
        if let Err(wrong) = standard::owasp(&id.value) {
            table.error(id.line, wrong);
        }
    }
    let (aliases, formerly) = (table.strings("aliases"), table.strings("formerly"));
    let kept = table.string("kept");
    if let Some(kept) = kept
        .as_ref()
        .filter(|kept| kept.value.ends_with('.') || kept.value.is_empty())
    {
        table.error(kept.line, "`kept` goes on from a count, without a period");
    }
    let excused = table.string("excused");
    if let Some(excused) = excused
        .as_ref()
        .filter(|excused| excused.value.ends_with('.') || excused.value.is_empty())
    {
        table.error(
            excused.line,
            "`excused` goes on from `it is none where`, without a period",
        );
    }
    let (lets, whom) = (table.string("lets"), table.string("whom"));
    for phrase in lets.iter().chain(&whom) {
        if phrase.value.is_empty() || phrase.value.ends_with('.') {
            table.error(
                phrase.line,
                "`whom` and `lets` make one sentence, `whom … may lets …`, without a period",
            );
        }
    }
    if let Some(whom) = whom.as_ref().filter(|_| lets.is_none()) {
        table.error(whom.line, "`whom` says who may what `lets` says");
    }
    let retest = table.choice("retest", &Retest::NAMED);
    let severity = table
        .required_table("severity")
        .and_then(|mut table| factors(&mut table, names));
    let question = table
        .required_table("match")
        .and_then(|mut table| question(&mut table, names));
    let fix = table
        .required_table("fix")
        .and_then(|mut table| fix(&mut table));
    Some(Rule {
        id: String::new(),
        area: Area::Injection,
        file: String::new(),
        title: title?.value,
        since: since?.value,
        status: status?,
        cwe,
        asvs: values(asvs),
        decides: values(decides),
        owasp: values(owasp),
        aliases: values(aliases),
        formerly: values(formerly),
        kept: kept.map(|kept| kept.value),
        excused: excused.map(|excused| excused.value),
        lets: lets.map(|lets| lets.value),
        whom: whom.map(|whom| whom.value),
        retest,
        precision: precision?,
        severity: severity?,
        question: question?,
        fix: fix?,
        sections: Vec::new(),
        examples: Vec::new(),
    })
}

fn values(list: Vec<At<String>>) -> Vec<String> {
    list.into_iter().map(|item| item.value).collect()
}

/// SARIF viewers show few tags, and a finding that is everything is nothing.
const CWE_MOST: usize = 3;

fn cwe(table: &mut Table<'_, '_, '_>) -> Vec<u16> {
    let numbers = table.integers("cwe");
    if numbers.is_empty() || numbers.len() > CWE_MOST {
        table.error(
            table.line_of("cwe"),
            "`cwe` has one to three numbers, the primary one first",
        );
    }
    let mut out = Vec::new();
    for number in numbers {
        match standard::cwe(number.value) {
            Ok(cwe) if out.contains(&cwe) => {
                table.error(number.line, format!("CWE-{cwe} stands twice"))
            }
            Ok(cwe) => out.push(cwe),
            Err(wrong) => table.error(number.line, wrong),
        }
    }
    out
}

fn factors(table: &mut Table<'_, '_, '_>, names: Names<'_>) -> Option<Factors> {
    let keys = [
        "confidentiality",
        "integrity",
        "availability",
        "effort",
        "interaction",
        "victim",
        "grade",
    ];
    table.expect("severity factor", &keys);
    let confidentiality = table.required_choice("confidentiality", &Impact::NAMED);
    let integrity = table.required_choice("integrity", &Impact::NAMED);
    let availability = table.required_choice("availability", &Impact::NAMED);
    let effort = table.required_choice("effort", &Grade::NAMED);
    let interaction = table
        .choice("interaction", &Interaction::NAMED)
        .unwrap_or_default();
    let victim = table.choice("victim", &Victim::NAMED).unwrap_or_default();
    let mut grade = Vec::new();
    if let Some(mut table) = table.table("grade") {
        for key in table.keys() {
            if let Err(unknown) = names.kinds.set_of(&key.value) {
                table.error(key.line, unknown.to_string());
            }
            grade.extend(
                table
                    .choice(&key.value, &Grade::NAMED)
                    .map(|grade| (key.value, grade)),
            );
        }
    }
    Some(Factors {
        confidentiality: confidentiality?,
        integrity: integrity?,
        availability: availability?,
        effort: effort?,
        interaction,
        victim,
        grade,
    })
}

fn question(table: &mut Table<'_, '_, '_>, names: Names<'_>) -> Option<Question> {
    let keys = ["flow", "site", "model", "schema", "decision"];
    table.expect("question", &keys);
    if keys.iter().filter(|key| table.has(key)).count() != 1 {
        table.error(
            table.line(),
            "`[match]` has exactly one of `flow`, `site`, `model`, `schema`, `decision`",
        );
        return None;
    }
    if let Some(mut table) = table.table("flow") {
        return flow(&mut table, names).map(Question::Flow);
    }
    if let Some(mut table) = table.table("site") {
        return site(&mut table, names).map(Question::Site);
    }
    if let Some(mut table) = table.table("model") {
        table.expect("key of `model`", &["for", "of", "where", "compare"]);
        let of = condition(&mut table, "of", None);
        let condition = condition(&mut table, "where", None);
        let compare = table
            .choice("compare", &[("siblings", "siblings")])
            .map(str::to_owned);
        let subject = table.required_string("for")?.value;
        return Some(Question::Model(ModelQuestion {
            subject,
            of,
            condition,
            compare,
        }));
    }
    if let Some(mut table) = table.table("decision") {
        table.expect("key of `decision`", &["about"]);
        let about = values(table.one_or_more("about"));
        if about.is_empty() {
            table.error(table.line(), "`decision` needs `about`");
            return None;
        }
        return Some(Question::Decision(DecisionQuestion { about }));
    }
    let mut table = table.table("schema")?;
    table.expect("key of `schema`", &["for", "where"]);
    let condition = condition(&mut table, "where", None);
    let subject = table.required_string("for")?.value;
    Some(Question::Schema(SchemaQuestion { subject, condition }))
}

fn flow(table: &mut Table<'_, '_, '_>, names: Names<'_>) -> Option<FlowQuestion> {
    table.expect(
        "key of `flow`",
        &["from", "to", "where", "unless", "spared_by"],
    );
    let mut from = Vec::new();
    for origin in table.strings("from") {
        let (kind, cap) = match origin.value.split_once(':') {
            None => (origin.value.as_str(), None),
            Some((kind, cap)) => match Confidence::NAMED.iter().find(|(name, _)| *name == cap) {
                Some((_, cap)) => (kind, Some(*cap)),
                None => {
                    let known: Vec<&str> =
                        Confidence::NAMED.iter().map(|(name, _)| *name).collect();
                    table.error(origin.line, near::unknown("confidence", cap, &known));
                    (kind, None)
                }
            },
        };
        if let Err(unknown) = names.kinds.sources_of(kind) {
            table.error(origin.line, unknown.to_string());
        }
        from.push(Origin {
            kind: kind.to_owned(),
            cap,
        });
    }
    let to = table.strings("to");
    let spared_by = table.strings("spared_by");
    for kind in to.iter().chain(&spared_by) {
        if let Err(unknown) = names.kinds.set_of(&kind.value) {
            table.error(kind.line, unknown.to_string());
        }
    }
    if from.is_empty() || to.is_empty() {
        table.error(table.line(), "`flow` needs `from` and `to`");
        return None;
    }
    let mut known = fields(names, |_| true);
    known.extend(SINK_FIELDS);
    let wanted = condition(table, "where", Some(&known));
    let unless = condition(table, "unless", Some(&known));
    Some(FlowQuestion {
        from,
        to: values(to),
        condition: wanted,
        unless,
        spared_by: values(spared_by),
    })
}

fn site(table: &mut Table<'_, '_, '_>, names: Names<'_>) -> Option<SiteQuestion> {
    table.expect("key of `site`", &["at", "of", "where", "unless", "open"]);
    let at = table.one_or_more("at");
    let known: Vec<&str> = names.kinds.facts().map(|(name, _)| name).collect();
    for fact in &at {
        if !known.contains(&fact.value.as_str()) {
            table.error(fact.line, near::unknown("fact", &fact.value, &known));
        }
    }
    if at.is_empty() {
        table.error(table.line(), "`site` needs `at`");
        return None;
    }
    let facts = values(at);
    let known = fields(names, |name| facts.iter().any(|fact| fact == name));
    let of = condition(table, "of", Some(&known));
    let wanted = condition(table, "where", Some(&known));
    let unless = condition(table, "unless", Some(&known));
    let open = condition(table, "open", Some(&known));
    Some(SiteQuestion {
        at: facts,
        of,
        condition: wanted,
        unless,
        open,
    })
}

/// Facts of sinks that the engine gives by itself, beside those of rows at the same call.
const SINK_FIELDS: [&str; 3] = ["context", "escaped", "text"];

/// The fields of the facts that are wanted.
fn fields<'k>(names: Names<'k>, wanted: impl Fn(&str) -> bool) -> Vec<&'k str> {
    let facts = names.kinds.facts().filter(|(name, _)| wanted(name));
    facts
        .flat_map(|(_, fact)| fact.fields.iter().map(String::as_str))
        .collect()
}

/// A condition; where the fields that it can name are known, others are mistakes.
fn condition(
    table: &mut Table<'_, '_, '_>,
    key: &str,
    fields: Option<&[&str]>,
) -> Option<Condition> {
    let text = table.string(key)?;
    match casemate_model::expr::parse(&text.value) {
        Ok(expr) => {
            let condition = Condition {
                text: text.value,
                expr,
            };
            let wrong = fields.map(|fields| condition::check(&condition.expr, fields));
            for wrong in wrong.into_iter().flatten() {
                table.error(text.line, format!("`{key}`: {wrong}"));
            }
            Some(condition)
        }
        Err(wrong) => {
            table.error(text.line, format!("`{key}`: {wrong}"));
            None
        }
    }
}

fn fix(table: &mut Table<'_, '_, '_>) -> Option<Fix> {
    table.expect("key of `fix`", &["kind", "name", "safe"]);
    let kinds = [
        ("edit", FixKind::Edit),
        ("insert", FixKind::Insert),
        ("guide", FixKind::Guide),
    ];
    let kind = table.required_choice("kind", &kinds)?;
    let name = table.string("name");
    if kind == FixKind::Guide {
        if let Some(name) = &name {
            table.error(name.line, "a guide names no fixer");
        }
    } else if name.is_none() {
        table.error(
            table.line(),
            "`name` is missing: the fixer that edits or inserts",
        );
    }
    let safe = table.bool("safe").unwrap_or(false);
    Some(Fix {
        kind,
        name: name.map(|name| name.value),
        safe,
    })
}

#[cfg(test)]
#[path = "front_tests.rs"]
mod tests;
