//! How the log that a project writes is asked: what one line looks like, and which words find an event in it.

use super::Material;
use super::surface::{EndpointRow, Surface};
use super::words::code;
use crate::application::{GuardModel, Spot, is_task};
use casemate_ledger::logging::LogEntry;
use casemate_say::{mark, say};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Places named for one event.
const PLACES: usize = 4;

/// Refusals of one client within the time of a log file that are worth a look.
const OFTEN: u32 = 10;

/// One event, as the log tells it today or would.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Query {
    /// `login and its refusal`.
    pub event: String,
    /// Entries that tell it today: `file:line` with what stands there.
    pub entries: Vec<String>,
    /// How many there are.
    pub count: usize,
    /// A line of code that writes it, where none does; empty otherwise.
    pub write: String,
    /// Where such a line belongs: endpoints.
    pub at: Vec<String>,
    /// The question to the log, as a command.
    pub ask: String,
    /// What of the event no entry tells, as a sentence; empty: nothing is known to be missing.
    pub lacks: String,
}

/// A logger: how its lines are written and read.
pub(super) struct Logger {
    /// As people call it.
    pub name: &'static str,
    /// The package that is imported; empty where none is.
    package: &'static str,
    /// The member of a JSON line that says what happened; empty: lines are text.
    message: &'static str,
    /// How a field stands in a line of JSON, before its name.
    fields: &'static str,
    /// A line of code: `{event}` and `{words}` are filled in.
    write: &'static str,
}

/// Loggers, the ones that say most first.
const LOGGERS: [Logger; 12] = [
    Logger {
        name: "pino",
        package: "npm:pino",
        message: ".msg",
        fields: ".",
        write: "logger.warn({ event: '{event}', user, address: req.ip }, '{words}')",
    },
    Logger {
        name: "pino",
        package: "npm:pino-http",
        message: ".msg",
        fields: ".",
        write: "req.log.warn({ event: '{event}', user, address: req.ip }, '{words}')",
    },
    Logger {
        name: "bunyan",
        package: "npm:bunyan",
        message: ".msg",
        fields: ".",
        write: "log.warn({ event: '{event}', user, address: req.ip }, '{words}')",
    },
    Logger {
        name: "winston",
        package: "npm:winston",
        message: ".message",
        fields: ".",
        write: "logger.warn('{words}', { event: '{event}', user, address: req.ip })",
    },
    Logger {
        name: "tslog",
        package: "npm:tslog",
        message: "",
        fields: "",
        write: "log.warn('event={event}', `user=${user}`, `address=${req.ip}`)",
    },
    Logger {
        name: "log4js",
        package: "npm:log4js",
        message: "",
        fields: "",
        write: "logger.warn('event={event} user=%s address=%s', user, req.ip)",
    },
    Logger {
        name: "structlog",
        package: "py:structlog",
        message: ".event",
        fields: ".",
        write: "log.warning('{event}', user=user, address=request.remote_addr)",
    },
    Logger {
        name: "loguru",
        package: "py:loguru",
        message: ".record.message",
        fields: ".record.extra.",
        write: "logger.bind(event='{event}', user=user, address=address).warning('{words}')",
    },
    Logger {
        name: "python-json-logger",
        package: "py:pythonjsonlogger",
        message: ".message",
        fields: ".",
        write: "logger.warning('{words}', extra={'event': '{event}', 'user': user, 'address': address})",
    },
    Logger {
        name: "logging",
        package: "py:logging",
        message: "",
        fields: "",
        write: "logger.warning('event={event} user=%s address=%s', user, address)",
    },
    Logger {
        name: mark!("the console"),
        package: "npm:",
        message: "",
        fields: "",
        write: "console.warn(`event={event} user=${user} address=${req.ip}`)",
    },
    Logger {
        name: "`print`",
        package: "py:",
        message: "",
        fields: "",
        write: "print(f'event={event} user={user} address={request.remote_addr}')",
    },
];

/// An event: its name, what entries of it say, how a new one is called, and the endpoints where it happens.
struct Kind {
    name: &'static str,
    /// What guards write belongs here.
    of_guards: bool,
    says: &'static [&'static str],
    /// Words of which an entry has to have one besides; none: what it says is enough.
    and: &'static [&'static str],
    /// Words that tell of something else.
    but: &'static [&'static str],
    called: &'static str,
    words: &'static str,
    at: fn(&EndpointRow) -> bool,
}

/// Words of an outcome that is a refusal.
const REFUSED: &[&str] = &[
    "attempt",
    "bad ",
    "cannot",
    "denied",
    "could not",
    "error",
    "expired",
    "fail",
    "forbidden",
    "incorrect",
    "invalid",
    "lock",
    "mismatch",
    "missing",
    "no such",
    "no user",
    "not found",
    "not match",
    "refus",
    "reject",
    "unable",
    "unauthor",
    "unknown",
    "unsuccess",
    "wrong",
];

/// Words of the part of a refused login that is most often missing in a log.
const PASSWORDS: [&str; 3] = ["password", "credential", "passphrase"];

fn path_says(e: &EndpointRow, words: &[&str]) -> bool {
    let path = e.path.to_ascii_lowercase();
    e.writes && words.iter().any(|word| path.contains(word))
}

const KINDS: [Kind; 4] = [
    Kind {
        name: mark!("login refused"),
        of_guards: false,
        says: &[
            "login",
            "log in",
            "logged in",
            "signin",
            "sign in",
            "signed in",
            "authenticat",
            "credential",
        ],
        and: REFUSED,
        but: &["redirect"],
        called: "login_refused",
        words: "login refused",
        at: |e| path_says(e, &["login", "signin", "authenticate", "session"]),
    },
    Kind {
        name: mark!("password set or account made"),
        of_guards: false,
        says: &["password", "signup", "sign up", "register", "registration"],
        and: &[],
        // What registers there is a program or a device; what fails sets nothing.
        but: &[
            "client", "device", "error", "fail", "handler", "hook", "oauth", "passkey", "plugin",
            "query", "worker",
        ],
        called: "account_changed",
        words: "account made or password set",
        at: |e| {
            let of_people = !e.path.to_ascii_lowercase().contains("oauth/register");
            of_people && path_says(e, &["signup", "register", "password", "reset", "forgot"])
        },
    },
    Kind {
        name: mark!("access refused"),
        of_guards: true,
        says: &[
            "denied",
            "forbidden",
            "unauthor",
            "not allowed",
            "not permitted",
            "no permission",
            "permission failure",
            "refused",
            "access failure",
        ],
        and: &[],
        but: &[],
        called: "access_refused",
        words: "access refused",
        at: |e| e.has("authentication") == "yes" || e.has("role") == "yes",
    },
    Kind {
        name: mark!("record changed or deleted"),
        of_guards: false,
        says: &[
            "created", "updated", "deleted", "changed", "removed", "saved",
        ],
        and: &[],
        but: &["error", "fail", "could not", "cannot"],
        called: "record_changed",
        words: "record changed",
        at: |e| e.writes && !e.entrance,
    },
];

/// A line of code with the request as the framework of the project calls it.
fn in_idiom(m: &Material<'_>, write: &str) -> String {
    let files = |package: &str| {
        let packages = m.inventory.packages.iter();
        let theirs = packages.filter(|(root, _)| root.split('/').next() == Some(package));
        theirs.map(|(_, files)| files.len()).sum::<usize>()
    };
    // Types of another framework may be imported as well: the one that most files import is in use.
    let most = |known: &[(&str, &'static str)]| {
        let used = known.iter().map(|(package, says)| (files(package), *says));
        used.filter(|(n, _)| *n > 0).max().map(|(_, says)| says)
    };
    let node = most(&[
        ("npm:express", "req.ip"),
        ("npm:koa", "ctx.ip"),
        ("npm:fastify", "request.ip"),
    ])
    .unwrap_or("req.ip");
    let python = most(&[
        ("py:flask", "request.remote_addr"),
        ("py:django", "request.META['REMOTE_ADDR']"),
        ("py:fastapi", "request.client.host"),
    ])
    .unwrap_or("request.remote_addr");
    write
        .replace("req.ip", node)
        .replace("request.remote_addr", python)
}

/// The logger in use: that of the package that most files import, else what the language has.
pub(super) fn in_use(m: &Material<'_>) -> Option<&'static Logger> {
    let files = |logger: &&Logger| {
        let packages = m.inventory.packages.iter();
        let theirs = packages.filter(|(root, _)| root.split('/').next() == Some(logger.package));
        theirs.map(|(_, files)| files.len()).sum::<usize>()
    };
    let named = LOGGERS.iter().filter(|l| !l.package.ends_with(':'));
    let best = named
        .filter(|logger| files(logger) > 0)
        .max_by_key(|logger| files(logger))
        .filter(|logger| !is_rare(m, logger.package, files(logger)));
    best.or_else(|| {
        let python = m
            .project
            .files
            .iter()
            .filter(|f| f.path.ends_with(".py"))
            .count();
        let own = if python * 2 > m.project.files.len() {
            "py:"
        } else {
            "npm:"
        };
        LOGGERS.iter().find(|l| l.package == own)
    })
    .filter(|_| !m.inventory.entries.is_empty() || !m.application.endpoints.is_empty())
}

/// Whether nearly all that is written goes past a package: by the calls of the language itself.
fn is_rare(m: &Material<'_>, package: &str, files: usize) -> bool {
    let python = package.starts_with("py:");
    let of_language = |library: &str| match library {
        "js-global" | "global" => !python,
        "builtins" | "py-builtins" => python,
        _ => false,
    };
    let (mut own, mut others) = (0, files);
    for (library, n) in m.inventory.through(&["log"]) {
        if of_language(&library) {
            own += n;
        } else if (library == "py-log") == python {
            others = others.max(n);
        }
    }
    own > others * MANY
}

/// Calls of the language itself for each of a package, from which on they are the log.
const MANY: usize = 4;

/// An entry of the log with its place.
struct Told<'a> {
    place: String,
    entry: &'a LogEntry,
    /// It is written where a guard refuses.
    guards: bool,
    /// It is written while a request is answered.
    on_way: bool,
}

/// The entries that the service writes, without those of programs that people start by hand.
fn entries<'a>(m: &'a Material<'_>) -> Vec<Told<'a>> {
    let endpoints = &m.application.endpoints;
    let guards: BTreeSet<(&str, u32)> = endpoints
        .iter()
        .flat_map(|e| &e.guards)
        .filter(|g| refuses(g))
        .map(|g| (g.at.file.as_str(), g.at.line))
        .collect();
    let serving: BTreeSet<&str> = endpoints
        .iter()
        .filter(|e| !is_task(&e.method))
        .flat_map(|e| e.handlers.iter().map(|h| &h.at).chain([&e.at]))
        .map(|at| at.file.as_str())
        .collect();
    // What only queues and clocks run tells nothing of what people do.
    let of_tasks: BTreeSet<&str> = endpoints
        .iter()
        .filter(|e| is_task(&e.method))
        .flat_map(|e| e.handlers.iter().map(|h| &h.at).chain([&e.at]))
        .map(|at| at.file.as_str())
        .filter(|file| !serving.contains(file))
        .collect();
    let by_hand: BTreeSet<&str> = m
        .project
        .files
        .iter()
        .filter(|f| by_hand(&f.path, &f.text, serving.contains(f.path.as_str())))
        .map(|f| f.path.as_str())
        .collect();
    let on_way: BTreeSet<String> = m
        .inventory
        .settings(&["log.entry"])
        .into_iter()
        .map(|site| (m.place)(site))
        .collect();
    m.inventory
        .entries
        .iter()
        .filter(|(_, entry)| !entry.text.trim().is_empty())
        .filter(|(site, _)| {
            let file = m.file(**site);
            !by_hand.contains(file.as_str()) && !of_tasks.contains(file.as_str())
        })
        .map(|(site, entry)| {
            let place = (m.place)(*site);
            let line = place.rsplit(':').next().and_then(|n| n.parse().ok());
            let near = |(file, at): &(&str, u32)| {
                *file == m.file(*site) && line.is_some_and(|n: u32| beside(*at, n))
            };
            Told {
                guards: guards.iter().any(near),
                on_way: on_way.contains(&place) || serving.contains(m.file(*site).as_str()),
                place,
                entry,
            }
        })
        .collect()
}

/// Lines after the check of a guard in which it refuses.
const BESIDE: u32 = 5;

/// Whether a line stands where the check of a guard refuses.
fn beside(check: u32, line: u32) -> bool {
    (check.saturating_sub(1)..=check + BESIDE).contains(&line)
}

/// Whether a guard turns people away for certain.
pub(super) fn refuses(guard: &GuardModel) -> bool {
    guard.certain && matches!(guard.kind.as_str(), "authentication" | "role")
}

/// The places of guards beside which something is written into the log.
pub(super) fn told_at(m: &Material<'_>) -> BTreeSet<Spot> {
    let mut lines: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for site in m.inventory.entries.keys() {
        let place = (m.place)(*site);
        if let Some((file, line)) = place.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            lines.entry(file.to_owned()).or_default().push(line);
        }
    }
    let guards = m.application.endpoints.iter().flat_map(|e| &e.guards);
    let told = guards.filter(|g| refuses(g)).filter(|g| {
        let theirs = lines.get(&g.at.file);
        theirs.is_some_and(|lines| lines.iter().any(|line| beside(g.at.line, *line)))
    });
    told.map(|g| g.at.clone()).collect()
}

/// Folders of programs that people start by hand.
const BY_HAND: [&str; 10] = [
    "bin",
    "management",
    "migrations",
    "release",
    "script",
    "scripts",
    "seeders",
    "seeds",
    "tool",
    "tools",
];

/// Whether a file is a program that people start by hand, by its folder, or by its first line where it serves nobody.
fn by_hand(path: &str, text: &str, serves: bool) -> bool {
    let folders = path.to_ascii_lowercase();
    let mut folders = folders.split('/').rev().skip(1);
    text.starts_with("#!") && !serves || folders.any(|folder| BY_HAND.contains(&folder))
}

/// Questions to the log for the events that matter.
pub(super) fn queries(m: &Material<'_>, surface: &Surface) -> Vec<Query> {
    let Some(logger) = in_use(m) else {
        return Vec::new();
    };
    let entries = entries(m);
    KINDS
        .iter()
        .filter_map(|kind| {
            let at: Vec<String> = surface
                .endpoints
                .iter()
                .filter(|e| (kind.at)(e))
                .map(EndpointRow::named)
                .collect();
            // What a guard writes tells of a refusal, whatever words it has for it.
            let told: Vec<(String, &LogEntry)> = entries
                .iter()
                .filter(|entry| match (entry.guards, kind.of_guards) {
                    (true, guards) => guards,
                    (false, _) => entry.on_way && kind.is_told_by(entry.entry),
                })
                .map(|entry| (entry.place.clone(), entry.entry))
                .collect();
            if at.is_empty() {
                return None;
            }
            let texts: BTreeSet<&str> = told.iter().map(|(_, e)| tellable(&e.text)).collect();
            let (write, ask) = if texts.is_empty() {
                let write = logger.write.replace("{event}", kind.called);
                let write = in_idiom(m, &write.replace("{words}", kind.words));
                // What everybody may do is no warning.
                let write = match kind.called {
                    "record_changed" => write
                        .replacen(".warning(", ".info(", 1)
                        .replacen(".warn(", ".info(", 1),
                    _ => write,
                };
                (write, often(logger, kind.called))
            } else {
                (String::new(), find(logger, &texts))
            };
            Some(Query {
                event: casemate_say::told(kind.name).to_owned(),
                count: told.len(),
                entries: told
                    .iter()
                    .take(PLACES)
                    .map(|(place, entry)| format!("{}: “{}”", code(place), shown(entry)))
                    .collect(),
                lacks: kind.lacks(&told),
                write,
                at,
                ask,
            })
        })
        .collect()
}

impl Kind {
    /// Whether an entry says that it happened, in words that a command can ask for.
    fn is_told_by(&self, entry: &LogEntry) -> bool {
        says(entry, self.says)
            && (self.and.is_empty() || says(entry, self.and))
            && !says(entry, self.but)
            && is_telling(tellable(&entry.text))
    }

    /// What of it no entry tells.
    fn lacks(&self, told: &[(String, &LogEntry)]) -> String {
        let of_logins = self.called == "login_refused" && !told.is_empty();
        if of_logins && !told.iter().any(|(_, entry)| says(entry, &PASSWORDS)) {
            return say!(
                "no entry speaks of a wrong password: look whether one is written where the password is compared"
            );
        }
        String::new()
    }
}

fn says(entry: &LogEntry, words: &[&str]) -> bool {
    let text = entry.text.to_lowercase();
    !text.is_empty() && words.iter().any(|word| text.contains(word))
}

/// Whether a text tells an entry from others: a single word stands in many lines.
fn is_telling(text: &str) -> bool {
    text.len() > 3 && (text.contains(' ') || text.contains(['_', '.', ':', '-']))
}

/// An entry in one line.
fn shown(entry: &LogEntry) -> String {
    let text: String = entry
        .text
        .chars()
        .filter(|c| !c.is_control())
        .take(60)
        .collect();
    text.trim().replace('`', "'")
}

/// The piece of a text that every line of it has and that tells it best: the first one, where it is more than a word.
fn tellable(text: &str) -> &str {
    let pieces = text.split(['%', '{', '}', '$', '\'', '"', '\\', '\n']);
    let first = beginning(text);
    if is_telling(first) {
        return first;
    }
    let mut rest = pieces.skip(1).map(beginning);
    rest.find(|piece| is_telling(piece)).unwrap_or(first)
}

/// The text up to where something is filled in: what every line of it has.
fn beginning(text: &str) -> &str {
    let end = text
        .find(['%', '{', '$', '\'', '"', '\\', '\n'])
        .unwrap_or(text.len());
    let head = text.get(..end).unwrap_or(text).trim();
    let Some((cut, _)) = head.char_indices().nth(40) else {
        return head;
    };
    let short = head.get(..cut).unwrap_or(head);
    // Whole words, where there are several.
    short.rsplit_once(' ').map_or(short, |(whole, _)| whole)
}

/// The command that finds lines that begin an entry with one of some texts.
fn find(logger: &Logger, texts: &BTreeSet<&str>) -> String {
    let long: Vec<&str> = texts
        .iter()
        .copied()
        .filter(|text| text.len() > 3)
        .collect();
    let texts: Vec<&str> = if long.is_empty() {
        texts.iter().copied().take(PLACES).collect()
    } else {
        long.into_iter().take(PLACES).collect()
    };
    if logger.message.is_empty() {
        let each: Vec<String> = texts.iter().map(|text| format!("-e '{text}'")).collect();
        return format!("grep -F {} app.log", each.join(" "));
    }
    let each: Vec<String> = texts
        .iter()
        .map(|text| format!("contains(\"{text}\")"))
        .collect();
    format!(
        "jq -c 'select(({} // \"\") | {})' app.log",
        logger.message,
        each.join(" or ")
    )
}

/// The command that tells which clients an event names often.
fn often(logger: &Logger, event: &str) -> String {
    let count = format!("sort | uniq -c | sort -rn | awk '$1 >= {OFTEN}'");
    if logger.message.is_empty() {
        return format!("grep -F 'event={event}' app.log | grep -oE 'address=[^ ]+' | {count}");
    }
    let name = if logger.message == ".event" {
        ".event".to_owned()
    } else {
        format!("{}event", logger.fields)
    };
    format!(
        "jq -r 'select({name} == \"{event}\") | {}address' app.log | {count}",
        logger.fields
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logger(package: &str) -> &'static Logger {
        LOGGERS.iter().find(|l| l.package == package).unwrap()
    }

    #[test]
    fn questions_are_those_of_the_logger() {
        let texts = BTreeSet::from(["login of", "no such user"]);
        assert_eq!(
            find(logger("npm:pino"), &texts),
            "jq -c 'select((.msg // \"\") | contains(\"login of\") or contains(\"no such user\"))' app.log"
        );
        assert_eq!(
            find(logger("py:logging"), &texts),
            "grep -F -e 'login of' -e 'no such user' app.log"
        );
        let asked = often(logger("py:structlog"), "login_refused");
        assert!(
            asked.starts_with(
                "jq -r 'select(.event == \"login_refused\") | .address' app.log | sort"
            )
        );
        let asked = often(logger("py:loguru"), "login_refused");
        assert!(asked.contains(".record.extra.event == \"login_refused\""));
        assert!(
            often(logger("npm:"), "login_refused").starts_with("grep -F 'event=login_refused'")
        );
    }

    #[test]
    fn programs_started_by_hand_are_known() {
        for (path, text, hand) in [
            ("server/scripts/release.js", "", true),
            ("tools/keys.py", "#!/usr/bin/env python3\n", true),
            ("bin/www", "", true),
            ("server/script.js", "", false),
            ("app/data.js", "", false),
        ] {
            assert_eq!(by_hand(path, text, false), hand, "{path}");
        }
        assert!(!by_hand("app.py", "#!/usr/bin/env python3\n", true));
    }

    #[test]
    fn what_is_filled_in_ends_a_text() {
        assert_eq!(beginning("login of %s from %s"), "login of");
        assert_eq!(beginning("don't"), "don");
        assert_eq!(beginning(&"x".repeat(90)).len(), 40);
        assert_eq!(
            beginning("attempt to log in with a name that nobody has"),
            "attempt to log in with a name that"
        );
    }
}
