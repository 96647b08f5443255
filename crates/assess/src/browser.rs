//! Files of a package with both halves that only its browser half loads.
//!
//! A package that serves its own pages keeps `server/` and `app/` side by side, and one manifest says nothing of either. What
//! a bundle begins with (`createRoot` of react-dom, `bootstrapApplication` …) says where the browser's half starts; what it
//! loads, and nothing that shows a sign of a server loads or is loaded by, never runs in the backend.
//!
//! Only where all of that is certain is a file set aside: a type that is imported runs nothing, frameworks whose files hold
//! both halves are left as they are, and a file that a PATH names stays.

use crate::link;
use casemate_lang_js::{Resolution, Resolver};
use casemate_say::say;
use casemate_source::{FileType, Project, Role, SetAside, SourceFile, frontend};
use rayon::prelude::*;
use regex::Regex;
use std::sync::LazyLock;

/// What a file loads, as it is written: the text is scanned and not parsed, so that a comment may add to it.
static LOADS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?P<type>\b(?:import|export)\s+type\b[^'"`;()=]*?\bfrom\s*)['"][^'"\n]+['"]
        | (?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*['"`](?P<name>[^'"`\n$]+)['"`]"#,
    )
    .ok()
});

/// A package, and what of it puts a page together in a browser.
const STARTS: [(&str, &[&str]); 8] = [
    ("react-dom/client", &["createRoot(", "hydrateRoot("]),
    ("react-dom", &["render(", "hydrate("]),
    ("preact", &["render(", "hydrate("]),
    ("vue", &["createApp(", "new Vue("]),
    ("@angular/platform-browser", &["bootstrapApplication("]),
    (
        "@angular/platform-browser-dynamic",
        &["platformBrowserDynamic("],
    ),
    ("solid-js/web", &["render(", "hydrate("]),
    ("svelte", &["mount(", "hydrate("]),
];

/// What is written of files that run on a server, beside what they load.
const SIGNS: [&str; 6] = [
    "\"use server\"",
    "'use server'",
    "process.argv",
    "__dirname",
    "__filename",
    "import.meta.dirname",
];

/// Modules of the runtime for which bundlers have no stand-in that is of use.
const CORE: [&str; 14] = [
    "fs",
    "fs/promises",
    "http",
    "https",
    "http2",
    "net",
    "tls",
    "dns",
    "os",
    "child_process",
    "cluster",
    "worker_threads",
    "async_hooks",
    "v8",
];

/// What one file shows of itself.
#[derive(Default)]
struct Seen {
    /// Files that it loads.
    loads: Vec<usize>,
    /// It shows a sign of a server.
    server: bool,
    /// A bundle for browsers begins with it.
    start: bool,
}

/// Sets the files of the browser's half aside.
pub(crate) fn set_aside(project: &mut Project) {
    let script =
        |file: &SourceFile| matches!(file.file_type, FileType::JavaScript | FileType::TypeScript);
    let both: Vec<bool> = project
        .units
        .iter()
        .map(|unit| !project.mixes_halves(unit))
        .collect();
    let may_start = |file: &SourceFile| {
        script(file)
            && both.get(file.unit.index()).copied().unwrap_or_default()
            && STARTS.iter().any(|(package, calls)| {
                file.text.contains(package) && calls.iter().any(|c| file.text.contains(c))
            })
    };
    let files = || project.files.par_iter().chain(&project.browser);
    if !files().any(may_start) {
        return;
    }
    let paths: Vec<String> = files().map(|f| f.path.clone()).collect();
    let resolver = link::resolver(project, &paths);
    let look = |file: &SourceFile| {
        if !script(file) {
            // What loads files in other ways may load any of them, but nothing that a bundler has to put together.
            return Seen::default();
        }
        let mut seen = seen(file, &resolver);
        seen.start &= may_start(file);
        seen
    };
    let all: Vec<Seen> = files().map(look).collect();
    let Some((keeps, first)) = halves(&all) else {
        return;
    };
    let because = say!(
        "nothing but the browser's half loads it, which begins at `{first}`",
        first = paths.get(first).map_or("", String::as_str)
    );
    let mut keeps = keeps.into_iter();
    let focus = &project.focus;
    let aside = &mut project.set_aside;
    project.files.retain(|file| {
        let keep = keeps.next().unwrap_or(true) || focus.contains(&file.path);
        if !keep {
            aside.push(SetAside {
                path: file.path.clone(),
                role: Role::Browser,
                because: because.clone(),
            });
        }
        keep
    });
    aside.sort();
}

/// By file, whether it stays; and the first file that a bundle begins with. Nothing where no bundle is known.
fn halves(all: &[Seen]) -> Option<(Vec<bool>, usize)> {
    let mut loaded_by: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    for (at, file) in all.iter().enumerate() {
        for to in &file.loads {
            if let Some(list) = loaded_by.get_mut(*to) {
                list.push(at);
            }
        }
    }
    let loads = |at: usize| all.get(at).map_or(&[][..], |f| &f.loads[..]);
    let loaded_by = |at: usize| loaded_by.get(at).map_or(&[][..], |list| &list[..]);
    let servers = |all: &[Seen]| {
        let servers = all.iter().enumerate().filter(|(_, f)| f.server);
        servers.map(|(at, _)| at).collect::<Vec<_>>()
    };
    // What a server loads, and what loads a server.
    let below = closure(servers(all), all.len(), loads);
    let above = closure(servers(all), all.len(), loaded_by);
    let of_server = |at: usize| below.get(at) == Some(&true) || above.get(at) == Some(&true);
    let starts = all.iter().enumerate().filter(|(_, f)| f.start && !f.server);
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    // Of all that put a page together, the one that nothing else loads begins it.
    let mut bare = starts.iter().filter(|at| loaded_by(**at).is_empty());
    let first = *bare.next().or(starts.first())?;
    let bundled = closure(starts, all.len(), loads);
    // What a bundle takes in by a pattern loads parts of the bundle, and nobody loads it.
    let own = (0..all.len()).filter(|at| bundled.get(*at) == Some(&true) && !of_server(*at));
    let beside = closure(own.collect(), all.len(), loaded_by);
    let taken = |at: usize| {
        (bundled.get(at) == Some(&true) || beside.get(at) == Some(&true)) && !of_server(at)
    };
    Some(((0..all.len()).map(|at| !taken(at)).collect(), first))
}

/// What can be reached.
fn closure<'a>(from: Vec<usize>, len: usize, next: impl Fn(usize) -> &'a [usize]) -> Vec<bool> {
    let mut reached = vec![false; len];
    let mut open = from;
    while let Some(at) = open.pop() {
        let Some(seen) = reached.get_mut(at) else {
            continue;
        };
        if !std::mem::replace(seen, true) {
            open.extend_from_slice(next(at));
        }
    }
    reached
}

fn seen(file: &SourceFile, resolver: &Resolver) -> Seen {
    let text: &str = &file.text;
    let mut seen = Seen {
        server: text.starts_with("#!") || SIGNS.iter().any(|sign| text.contains(sign)),
        ..Seen::default()
    };
    let Some(loads) = LOADS.as_ref() else {
        return seen;
    };
    for found in loads.captures_iter(text) {
        let Some(name) = found.name("name").map(|m| m.as_str()) else {
            continue;
        };
        match resolver.resolve(name, &file.path) {
            Resolution::File(at) => seen.loads.push(at),
            Resolution::Core(module) => {
                seen.server |= name.contains(':') || CORE.contains(&module.as_str());
            }
            Resolution::Package { name, subpath } => {
                let whole = if subpath.is_empty() {
                    name.clone()
                } else {
                    format!("{name}/{subpath}")
                };
                seen.server |= frontend::is_of_servers(&name) || whole == "react-dom/server";
                seen.start |= STARTS.iter().any(|(package, calls)| {
                    *package == whole && calls.iter().any(|call| text.contains(call))
                });
            }
            Resolution::Unknown => {}
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::set_aside;
    use casemate_source::Project;

    const MANIFEST: &str = r#"{"dependencies": {"express": "4", "react-dom": "18"}}"#;

    fn aside(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        let mut project = Project::from_memory("example", &files);
        set_aside(&mut project);
        project.set_aside.into_iter().map(|s| s.path).collect()
    }

    const START: (&str, &str) = (
        "app/index.tsx",
        "import { createRoot } from 'react-dom/client';\nimport { Page } from './page';\nimport type { Api } from '../server/api';\ncreateRoot(root).render(<Page />);\n",
    );

    #[test]
    fn only_what_a_bundle_alone_loads() {
        let found = aside(&[
            ("package.json", MANIFEST),
            START,
            (
                "app/page.tsx",
                "import { wide } from '../shared/wide';\nimport('./lazy');\nexport const Page = () => wide;\n",
            ),
            ("app/lazy.ts", "export const lazy = 1;\n"),
            (
                "plugins/map/client.tsx",
                "import { Page } from '../../app/page';\nexport const map = Page;\n",
            ),
            ("shared/wide.ts", "export const wide = 1;\n"),
            (
                "server/api.ts",
                "import express from 'express';\nimport { wide } from '../shared/wide';\nexport type Api = number;\nexport const app = express();\n",
            ),
            ("server/job.ts", "export const job = () => 1;\n"),
        ]);
        assert_eq!(
            found,
            [
                "app/index.tsx",
                "app/lazy.ts",
                "app/page.tsx",
                "plugins/map/client.tsx"
            ]
        );
    }

    #[test]
    fn pages_that_a_server_writes_stay() {
        let found = aside(&[
            ("package.json", MANIFEST),
            START,
            ("app/page.tsx", "export const Page = () => 1;\n"),
            (
                "server/render.tsx",
                "import { renderToString } from 'react-dom/server';\nimport { Page } from '../app/page';\n",
            ),
        ]);
        assert_eq!(found, ["app/index.tsx"]);
    }

    #[test]
    fn frameworks_whose_files_hold_both_halves_are_left() {
        let manifest = r#"{"dependencies": {"next": "15", "react-dom": "18"}}"#;
        assert!(aside(&[("package.json", manifest), START]).is_empty());
    }
}
