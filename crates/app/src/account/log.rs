//! How a unit writes its log: with the time, in which zone, in a form that programs read.

use super::identity::value;
use super::own::Deed;
use super::{Ground, Signs};
use crate::model::Answer;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// One fact for each unit that has endpoints: what holds of all its loggers, at the first of them.
pub(super) fn facts(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let serves: BTreeSet<u32> = ground
        .application
        .endpoints
        .iter()
        .map(|e| ground.book.unit_of(e.site.file))
        .collect();
    let mut by_unit: BTreeMap<u32, Fact> = BTreeMap::new();
    for fact in ground.known.iter().filter(|f| f.fact == "logging") {
        let unit = ground.book.unit_of(fact.site.file);
        if is_tool(&ground.origins().program.file(fact.site.file).path) {
            continue;
        }
        if !serves.contains(&unit) && !ground.application.endpoints.is_empty() {
            continue;
        }
        let form = of_logger(fact, ground.signs_at(fact.site));
        match by_unit.entry(unit) {
            Entry::Vacant(entry) => {
                entry.insert(form);
            }
            Entry::Occupied(mut entry) => join(entry.get_mut(), &form),
        }
    }
    let mut out: Vec<Fact> = by_unit.values().cloned().collect();
    out.extend(entries(ground));
    // Where nothing is configured, what is written by the console has no form at all; told at the first place that matters.
    let mut first: BTreeMap<u32, (Site, FuncId)> = BTreeMap::new();
    for (endpoint, done) in ground.endpoints() {
        let unit = ground.book.unit_of(endpoint.site.file);
        if by_unit.contains_key(&unit) {
            continue;
        }
        for log in &done.own.logs {
            let place = (log.site, log.func);
            let slot = first.entry(unit).or_insert(place);
            if place.0 < slot.0 {
                *slot = place;
            }
        }
    }
    for (site, function) in first.into_values() {
        let signs = ground.signs_at(site);
        let by_console = signs.apis.iter().any(|api| api.starts_with("js:console"));
        let only_console = by_console
            && signs
                .apis
                .iter()
                .filter(|api| is_log(api))
                .all(|api| api.starts_with("js:console"))
            && !signs.calls.iter().any(|c| {
                c.contains('.')
                    && c.split('.')
                        .next()
                        .is_some_and(|r| ["log", "logger", "logging"].contains(&r))
            });
        let answer = if only_console && signs.deeds.contains(&Deed::Log) {
            Answer::No
        } else {
            Answer::Unknown
        };
        out.push(stamp(
            site,
            function,
            "console",
            (answer, Answer::Unknown, answer),
        ));
    }
    out
}

/// One fact for each call of a logger on the way of some request.
fn entries(ground: &Ground<'_, '_, '_>) -> Vec<Fact> {
    let all = ground
        .endpoints()
        .flat_map(|(_, done)| done.own.logs.iter().chain(&done.before.logs));
    let by_site: BTreeMap<Site, &super::own::Logged> = all.map(|log| (log.site, log)).collect();
    by_site
        .into_values()
        .map(|log| Fact {
            fact: "log.entry".to_owned(),
            site: log.site,
            function: log.func,
            callee: "the log".to_owned(),
            values: vec![("secret".to_owned(), FactValue::Bool(log.secret))],
        })
        .collect()
}

/// Two loggers of one unit: where they differ, it depends on which is meant.
fn join(into: &mut Fact, other: &Fact) {
    for (name, value) in &mut into.values {
        let same = other.values.iter().any(|(n, v)| n == name && v == value);
        if !same {
            *value = FactValue::Unknown;
        }
    }
}

/// Whether a file belongs to what people run by hand.
fn is_tool(path: &str) -> bool {
    path.split('/')
        .any(|part| ["scripts", "cli", "bin", "tools", "examples", "management"].contains(&part))
}

fn is_log(api: &str) -> bool {
    [
        "js:console",
        "npm:winston",
        "npm:pino",
        "npm:bunyan",
        "npm:log4js",
        "npm:loglevel",
        "npm:signale",
        "npm:consola",
        "npm:debug",
        "npm:morgan",
        "py:logging",
        "py:structlog",
        "py:loguru",
    ]
    .iter()
    .any(|start| api.starts_with(start))
}

fn stamp(
    site: Site,
    function: FuncId,
    callee: &str,
    (time, zone, machine): (Answer, Answer, Answer),
) -> Fact {
    Fact {
        fact: "log.form".to_owned(),
        site,
        function,
        callee: callee.to_owned(),
        values: vec![
            ("time".to_owned(), super::tri(time)),
            ("zone".to_owned(), super::tri(zone)),
            ("machine".to_owned(), super::tri(machine)),
        ],
    }
}

fn of_logger(fact: &Fact, signs: &Signs) -> Fact {
    let yes = |b: bool| if b { Answer::Yes } else { Answer::No };
    let called = |name: &str| signs.apis.iter().any(|api| api.ends_with(name));
    let callee = fact.callee.as_str();
    let answers = if callee.starts_with("npm:pino") || callee.starts_with("npm:bunyan") {
        (Answer::Yes, Answer::Yes, Answer::Yes)
    } else if callee.starts_with("npm:winston") {
        let time = called("format.timestamp") || called("format.json") && called("timestamp");
        let text = called("format.simple")
            || called("format.printf")
            || called("format.cli")
            || called("format.prettyPrint");
        let machine = match (called("format.json") || called("format.logstash"), text) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::No,
            // The default is JSON.
            (false, false) if value(fact, "format") == Some(&FactValue::Absent) => Answer::Yes,
            _ => Answer::Unknown,
        };
        let plain_time = match value(fact, "format") {
            Some(FactValue::Absent) => Answer::No,
            _ if time => Answer::Yes,
            _ if (called("format.simple") || called("format.cli")) && !called("format.printf") => {
                Answer::No
            }
            _ if called("format.printf")
                || called("format.combine") && !called("format.simple") =>
            {
                Answer::Unknown
            }
            Some(FactValue::Unknown) | None => Answer::Unknown,
            _ => Answer::No,
        };
        let zone = if time {
            zone_of_winston(signs)
        } else {
            Answer::Unknown
        };
        (plain_time, zone, machine)
    } else if callee.starts_with("py:logging.basicConfig")
        || callee.starts_with("py:logging.Formatter")
    {
        let json = signs
            .apis
            .iter()
            .any(|a| a.contains("jsonlogger") || a.contains("json_log") || a.contains("structlog"));
        let utc = signs.sets.iter().any(|n| &**n == "converter")
            || signs.calls.iter().any(|c| c.contains("gmtime"))
            || called("gmtime")
            || called("time.gmtime");
        let texts = |name: &str| match value(fact, name) {
            Some(FactValue::Str(text)) => Some(text.clone()),
            _ => None,
        };
        match (value(fact, "format"), texts("format")) {
            (_, Some(format)) => {
                let timed = format.contains("asctime") || format.contains("created");
                let zoned = utc
                    || texts("datefmt")
                        .is_some_and(|d| d.contains("%z") || d.contains("%Z") || d.ends_with('Z'));
                let told = !matches!(value(fact, "datefmt"), Some(FactValue::Unknown));
                let zone = if !timed || !told {
                    Answer::Unknown
                } else {
                    yes(zoned)
                };
                let machine = if json || format.trim_start().starts_with('{') {
                    Answer::Yes
                } else {
                    Answer::No
                };
                (yes(timed), zone, machine)
            }
            // Without a format there is the level, the name and the message.
            (Some(FactValue::Absent), _) if callee.contains("basicConfig") && !json => {
                let handlers = !matches!(value(fact, "handlers"), Some(FactValue::Absent) | None);
                if handlers {
                    (Answer::Unknown, Answer::Unknown, Answer::Unknown)
                } else {
                    (Answer::No, Answer::Unknown, Answer::No)
                }
            }
            _ => (Answer::Unknown, Answer::Unknown, Answer::Unknown),
        }
    } else {
        (Answer::Unknown, Answer::Unknown, Answer::Unknown)
    };
    stamp(fact.site, fact.function, callee, answers)
}

/// Without a form of its own the time is in UTC, as ISO 8601 says; with one it is local and rarely says so.
fn zone_of_winston(signs: &Signs) -> Answer {
    if signs
        .apis
        .iter()
        .any(|api| api.ends_with("format.timestamp"))
    {
        Answer::Yes
    } else {
        Answer::Unknown
    }
}
