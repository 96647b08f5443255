//! Handlers that are declared instead of registered: by decorators, by file and name.

use crate::around::Around;
use crate::decoration;
use crate::model::{Application, Endpoint, Member, Middleware, Stage};
use crate::startup::{GRAPHQL, HOLE};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::FuncRef;
use casemate_flow::result::Entry;
use casemate_ir::{Const, Decorator, Instr, Operand, Span, Term};

/// Files that run before all pages of a project.
const BEFORE_ALL: [&str; 2] = ["middleware", "proxy"];

/// What is written where something looks at who asks.
const LOOKS: [&str; 6] = ["cookie", "session", "token", "auth", "jwt", "user"];

/// Names and parts of names of packages by which rules are laid around the resolvers of a schema.
const COMPOSES: [&str; 8] = [
    "graphql-shield",
    "graphql-middleware",
    "resolvers-composition",
    "SchemaDirectiveVisitor",
    "getDirective",
    "schemaDirectives",
    "@envelop/",
    "graphql-auth",
];

/// Adds what is declared to what is registered.
pub(crate) fn add(origins: &Solver<'_, '_>, made: &mut Application) {
    let before_all = before_all(origins);
    let mut composed = None;
    for entry in origins.declared.values() {
        if entry.method == "use" || entry.method == "error" {
            made.middleware.push(Middleware {
                site: entry.site,
                path: None,
                callee: entry.callee.clone(),
                handlers: entry.handlers.clone(),
            });
            continue;
        }
        let by_file = entry.callee.contains('#');
        // A member of a map of handlers: nothing stands around it, but what answers fields of a schema may ask for all of them.
        let held = !by_file && entry.decorator.is_none() && entry.path.is_some();
        let graphql = entry.method.eq_ignore_ascii_case(GRAPHQL);
        let chain = (held && graphql).then(|| Member {
            site: entry.site,
            name: String::new(),
            what: Stage::Elsewhere(String::new()),
            around: Around::default(),
            certain: true,
        });
        let composed = graphql && *composed.get_or_insert_with(|| composes(origins));
        let path = resolved(origins, entry);
        for method in methods(origins, entry) {
            made.endpoints.push(Endpoint {
                method,
                path: path.clone(),
                mounted: true,
                callee: entry.callee.clone(),
                decorator: entry.decorator,
                handlers: entry.handlers.clone(),
                chain: chain.iter().cloned().collect(),
                // Until what stands around the handler is read.
                unknown: match held {
                    true => u32::from(composed),
                    false => u32::from(!by_file || stands_before(&before_all, origins, entry)),
                },
                ..Endpoint::at(entry.site)
            });
        }
    }
}

/// The folders for all pages of which something runs before, and may look at who asks.
fn before_all(origins: &Solver<'_, '_>) -> Vec<String> {
    let files = origins.program.files.iter().filter(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        BEFORE_ALL.contains(&stem)
            && name.ends_with('s')
            && file.facts.strings.iter().any(|text| {
                let text = text.to_lowercase();
                LOOKS.iter().any(|word| text.contains(word))
            })
    });
    files
        .map(|file| {
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let root = folder.strip_suffix("src").unwrap_or(folder);
            root.trim_end_matches('/').to_owned()
        })
        .collect()
}

/// Something lays rules around the resolvers of a schema, which do not stand with them.
fn composes(origins: &Solver<'_, '_>) -> bool {
    origins.program.files.iter().any(|file| {
        let mut strings = file.facts.strings.iter();
        strings.any(|text| COMPOSES.iter().any(|word| text.contains(word)))
    })
}

/// Whether a page lies below one of these folders, where pages lie.
fn stands_before(folders: &[String], origins: &Solver<'_, '_>, entry: &Entry) -> bool {
    let path = origins.program.file(entry.site.file).path.as_str();
    folders.iter().any(|folder| {
        let rest = path
            .strip_prefix(folder.as_str())
            .map(|rest| rest.trim_start_matches('/'));
        let rest = rest.map(|rest| rest.strip_prefix("src/").unwrap_or(rest));
        rest.is_some_and(|rest| rest.starts_with("app/") || rest.starts_with("pages/"))
    })
}

/// The path of a declared handler. Where a decorator is given what a function of the program made of a text, that function may
/// hand the text on: `@app.route(scoped('/x'))`.
fn resolved(origins: &Solver<'_, '_>, entry: &Entry) -> Option<String> {
    let path = entry.path.clone()?;
    if !path.contains(HOLE) {
        return Some(path);
    }
    let handler = entry.handlers.first().map(|f| origins.program.func(*f))?;
    let parent = handler.parent().map(|p| origins.program.func(p));
    let made = parent.and_then(|parent| {
        let mut decorators = registering(handler, entry.decorator);
        decorators.find_map(|decorator| {
            let first = decoration::arguments(origins, parent.id, decorator.value).first()?;
            handed_through(origins, parent, first.value)
        })
    });
    Some(match made {
        Some(text) => path.replacen(HOLE, text.trim_matches('/'), 1),
        None => path,
    })
}

/// What a function of the program is given that may return it as it is.
fn handed_through(origins: &Solver<'_, '_>, owner: FuncRef<'_>, value: Operand) -> Option<String> {
    let (callee, args) = owner.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call {
            to, callee, args, ..
        } if Operand::Local(to) == value => Some((callee, owner.func.args(args))),
        _ => None,
    })?;
    let called = origins
        .of_operand(owner.id, callee)
        .iter()
        .find_map(|&val| match origins.val(val) {
            Some(Val::Func(func)) => Some(origins.program.func(func)),
            _ => None,
        })?;
    let returned = |local| {
        called.func.blocks.iter().any(|block| {
            matches!(block.term, Term::Return(Some(value)) if value == Operand::Local(local))
        })
    };
    let at = called.func.params.iter().position(|p| returned(p.local))?;
    let Operand::Const(id) = args.get(at)?.value else {
        return None;
    };
    match owner.file.facts.constant(id) {
        Const::Str(text) => Some(owner.file.facts.str(*text).to_owned()),
        _ => None,
    }
}

/// The methods of a declared handler: that of the decorator, or those that it is given.
fn methods(origins: &Solver<'_, '_>, entry: &Entry) -> Vec<String> {
    let named = entry.method.to_lowercase();
    if !matches!(named.as_str(), "" | "route" | "api_route" | "action") {
        return vec![named];
    }
    let Some(f) = entry.handlers.first().map(|f| origins.program.func(*f)) else {
        return vec![named];
    };
    let Some(parent) = f.parent().map(|p| origins.program.func(p)) else {
        return vec![named];
    };
    for decorator in registering(f, entry.decorator) {
        let args = decoration::arguments(origins, parent.id, decorator.value);
        let list = decoration::keyword(parent, args, "methods").or_else(|| {
            // `@api_view(['GET'])` has nothing else.
            let first = args.first().filter(|_| args.len() == 1)?;
            decoration::elements(parent, first.value).map(|_| first.value)
        });
        let given = list.and_then(|list| decoration::elements(parent, list));
        let texts: Vec<String> = given
            .unwrap_or_default()
            .into_iter()
            .filter_map(|value| text(parent, value))
            .collect();
        if !texts.is_empty() {
            return texts;
        }
        let called = called_name(parent, decorator.value)
            .unwrap_or_default()
            .to_lowercase();
        if matches!(
            called.as_str(),
            "get"
                | "post"
                | "put"
                | "patch"
                | "delete"
                | "all"
                | "head"
                | "options"
                | "search"
                | "sse"
        ) {
            return vec![called];
        }
        let plain = matches!(called.as_str(), "route" | "action");
        if plain && list.is_none() && entry.callee.starts_with("py:") {
            return vec!["get".to_owned()];
        }
    }
    vec![if named.is_empty() {
        "route".to_owned()
    } else {
        named
    }]
}

/// The decorators of a handler that may register it: the one that is known to, or all.
fn registering(f: FuncRef<'_>, known: Option<Span>) -> impl Iterator<Item = &Decorator> {
    let all = f.func.decorators.iter();
    all.filter(move |decorator| known.is_none_or(|span| decorator.span == span))
}

fn called_name<'p>(f: FuncRef<'p>, value: Operand) -> Option<&'p str> {
    f.func.instrs.iter().find_map(|instr| match *instr {
        Instr::Call { to, callee, .. } if Operand::Local(to) == value => {
            decoration::written_name(f, callee)
        }
        _ => None,
    })
}

fn text(f: FuncRef<'_>, value: Operand) -> Option<String> {
    match value {
        Operand::Const(id) => match f.file.facts.constant(id) {
            Const::Str(text) => Some(f.file.facts.str(*text).to_lowercase()),
            _ => None,
        },
        Operand::Local(_) => None,
    }
}
