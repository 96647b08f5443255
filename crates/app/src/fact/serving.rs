//! How answers are served: without TLS, to caches and browsers that keep them, and pages that are for operators.

use super::trace::{at, called, flat, reached, texts};
use super::{names, tri};
use crate::model::{Answer, Application, Endpoint, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{Fact, FactValue, FuncId};
use casemate_ir::{Instr, Operand};
use std::collections::BTreeMap;

/// Last names of paths under which operators find figures and tools.
const OPERATORS: [&str; 12] = [
    "metrics",
    "prometheus",
    "actuator",
    "heapdump",
    "serverstatus",
    "statusmonitor",
    "phpinfo",
    "profiler",
    "bullboard",
    "pprof",
    "debugvars",
    "envdump",
];

/// Parts of names of what keeps answers for all who ask for the same address.
const CACHES: [&str; 5] = [
    "apicache",
    "cache_page",
    "flask_caching.Cache().cached",
    "route-cache",
    "express-cache",
];

/// Calls and packages that forbid browsers to keep what they were sent.
const NOT_KEPT: [&str; 6] = [
    "nocache",
    "noCache",
    "never_cache",
    "add_never_cache_headers",
    "patch_cache_control",
    "cache_control",
];

/// One fact for each server without TLS: whether it answers what another one of the program answers over TLS.
pub(super) fn plain(origins: &Solver<'_, '_>) -> Vec<Fact> {
    let mut secure = Vec::new();
    let mut open = Vec::new();
    for func in origins.program.function_ids() {
        if origins.program.is_copy(func) {
            continue;
        }
        let f = origins.program.func(func);
        for (index, instr) in f.func.instrs.iter().enumerate() {
            let Instr::Call {
                callee, this, args, ..
            } = *instr
            else {
                continue;
            };
            let names = texts(origins, func, callee);
            let is = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
            let args = f.func.args(args);
            let last = || {
                let value = args.last().map(|arg| arg.value);
                value.map(|v| origins.of_operand(func, v).to_vec())
            };
            if is(&["node:https.createServer", "node:http2.createSecureServer"]) {
                secure.push(last().unwrap_or_default());
            } else if is(&["node:http.createServer"]) {
                let only = !either(f, instr);
                open.push((f, index, last().unwrap_or_default(), only));
            } else if is(&["npm:express().listen"]) {
                let app = this.map(|this| origins.of_operand(func, this).to_vec());
                open.push((f, index, app.unwrap_or_default(), true));
            } else if is(&["py:flask.Flask().run"]) {
                let tls = args.iter().any(|arg| {
                    matches!(arg.key, casemate_ir::ArgKey::Keyword(name) if f.file.facts.str(name) == "ssl_context")
                });
                if !tls {
                    open.push((f, index, Vec::new(), true));
                }
            }
        }
    }
    open.into_iter()
        .map(|(f, index, handler, only)| {
            let serves = if secure.is_empty() || !only {
                // A proxy may stand before it, or the other server may run in its place.
                FactValue::Unknown
            } else {
                let same = |other: &Vec<_>| other.iter().any(|val| handler.contains(val));
                FactValue::Bool(!handler.is_empty() && secure.iter().any(same))
            };
            let values = [("serves", serves)];
            at(f, index, "listen.plain", "a server without TLS", &values)
        })
        .collect()
}

/// `tls ? https.createServer(…) : http.createServer(…)`: one of them runs.
fn either(f: FuncRef<'_>, call: &Instr) -> bool {
    let Some(made) = call.target() else {
        return false;
    };
    let target = f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Copy { to, from } if from == Operand::Local(made) => Some(to),
        _ => None,
    });
    let written = f
        .func
        .instrs
        .iter()
        .filter(|instr| target.is_some() && instr.target() == target);
    written.count() > 1
}

/// One fact for each endpoint that shows figures or tools for operators.
pub(super) fn operators(application: &Application) -> Vec<Fact> {
    let mut out: BTreeMap<_, Fact> = BTreeMap::new();
    for endpoint in &application.endpoints {
        let last = names(endpoint).filter(|name| !name.is_empty()).last();
        let Some(what) = last.filter(|name| OPERATORS.contains(&name.as_str())) else {
            continue;
        };
        let exposed = match endpoint.guarded("authentication") {
            Answer::No if endpoint.aware => Answer::Unknown,
            Answer::No => Answer::Yes,
            Answer::Yes => Answer::No,
            Answer::Unknown => Answer::Unknown,
        };
        out.entry(endpoint.site).or_insert_with(|| Fact {
            fact: "internal.page".to_owned(),
            site: endpoint.site,
            function: endpoint.handlers.first().copied().unwrap_or(FuncId(0)),
            callee: endpoint.path.clone().unwrap_or_default(),
            values: vec![
                ("what".to_owned(), FactValue::Str(what)),
                ("exposed".to_owned(), tri(exposed)),
            ],
        });
    }
    out.into_values().collect()
}

/// Whether what it answers is kept for all who ask for the same address.
pub(super) fn cached(endpoint: &Endpoint, origins: &Solver<'_, '_>) -> bool {
    endpoint.chain.iter().any(|member| match &member.what {
        Stage::Package(path) => {
            let text = origins.paths.text(*path);
            CACHES.iter().any(|name| text.contains(name))
        }
        _ => CACHES.iter().any(|name| member.name.contains(name)),
    })
}

/// Whether it ends a session.
pub(super) fn ends_session(endpoint: &Endpoint) -> bool {
    let says = |name: &str| {
        let name = flat(name);
        ["logout", "signout", "logoff"].contains(&name.as_str())
    };
    !endpoint.handlers.is_empty() && names(endpoint).any(|name| says(&name))
}

/// Whether it ends sessions because another service says so.
pub(super) fn ends_for_others(endpoint: &Endpoint) -> bool {
    names(endpoint).any(|name| name.contains("backchannel") && name.contains("logout"))
}

/// Whether the program looks at what makes a token one for a logout.
pub(super) fn knows_events(origins: &Solver<'_, '_>) -> bool {
    mentions(origins, &|text| {
        text.contains("event/backchannel-logout")
            || text == "logout+jwt"
            || text == "express-openid-connect"
    })
}

/// One fact for each place that takes pictures: whether the program ever writes pictures anew.
pub(super) fn pictures(origins: &Solver<'_, '_>, known: &[Fact]) -> Vec<Fact> {
    const WRITERS: [&str; 11] = [
        "sharp",
        "jimp",
        "gm",
        "imagemagick",
        "exiftool",
        "piexif",
        "PIL",
        "cloudinary",
        "imgix",
        "@squoosh/lib",
        "wand",
    ];
    let takes = |fact: &&Fact| {
        fact.fact == "upload" && {
            let file = origins.program.file(fact.site.file);
            let mut strings = file.facts.strings.iter();
            strings.any(|s| s.starts_with("image/"))
        }
    };
    let Some(first) = known.iter().filter(takes).min_by_key(|fact| fact.site) else {
        return Vec::new();
    };
    let stripped = origins.program.files.iter().any(|file| {
        file.imports.iter().any(|target| match target {
            casemate_flow::program::Target::Package(root) => {
                let name = root.rsplit(':').next().unwrap_or(root);
                let name = name.split('.').next().unwrap_or(name);
                WRITERS.contains(&name)
            }
            _ => false,
        })
    });
    vec![Fact {
        fact: "upload.image".to_owned(),
        values: vec![("stripped".to_owned(), FactValue::Bool(stripped))],
        ..first.clone()
    }]
}

/// Whether the browser is told to forget what it keeps. Where no pages are rendered, a client of its own may do so.
pub(super) fn clears(origins: &Solver<'_, '_>) -> Answer {
    let said = mentions(origins, &|text| {
        text.eq_ignore_ascii_case("clear-site-data")
    });
    if said {
        Answer::Yes
    } else if renders(origins) {
        Answer::No
    } else {
        Answer::Unknown
    }
}

/// Whether pages are rendered.
pub(super) fn renders(origins: &Solver<'_, '_>) -> bool {
    origins.paths.ids().any(|path| {
        let mut rows = origins.paths.call_rows(path, false);
        rows.any(|(_, row)| matches!(row.role, casemate_model::row::Role::Render { .. }))
    })
}

/// Whether browsers are told not to keep answers: by something that stands before all, or only here and there.
pub(super) fn not_kept(application: &Application, origins: &Solver<'_, '_>) -> Answer {
    let package = origins.paths.ids().any(|path| {
        let is = |text: &str| NOT_KEPT.iter().any(|name| text.contains(name));
        origins.paths.known(path) && is(&origins.paths.text(path))
    });
    let header = |text: &str| {
        text.eq_ignore_ascii_case("cache-control") || text.to_lowercase().contains("no-store")
    };
    if !package && !mentions(origins, &header) {
        return Answer::No;
    }
    let before: Vec<FuncId> = application
        .middleware
        .iter()
        .flat_map(|m| m.handlers.iter().copied())
        .collect();
    let Some(all) = reached(origins, &before, 2) else {
        return Answer::Unknown;
    };
    let sets = all.iter().any(|func| {
        let f = origins.program.func(*func);
        f.func.instrs.iter().any(|instr| match *instr {
            Instr::Call {
                callee, this, args, ..
            } => {
                let args = f.func.args(args);
                let named = args
                    .first()
                    .and_then(|arg| super::trace::text(f, arg.value))
                    .is_some_and(header);
                named && called(f, callee, this).0.is_some()
            }
            Instr::Store {
                key: casemate_ir::Key::Field(name),
                ..
            } => header(f.file.facts.str(name)),
            _ => false,
        })
    });
    if sets { Answer::Yes } else { Answer::Unknown }
}

fn mentions(origins: &Solver<'_, '_>, wanted: &dyn Fn(&str) -> bool) -> bool {
    let mut files = origins.program.files.iter();
    files.any(|file| file.facts.strings.iter().any(|text| wanted(text)))
}
