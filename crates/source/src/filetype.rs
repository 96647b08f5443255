//! What a file is, by its name and its first line.

use crate::lock;
use serde::Serialize;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// JavaScript, JSX included.
    JavaScript,
    /// TypeScript, TSX included.
    TypeScript,
    /// Types of TypeScript alone (`.d.ts`): no code.
    Declarations,
    /// Python.
    Python,
    /// A template of a known engine.
    Template(Engine),
    /// HTML: a page, or a template of an engine that the code names.
    Html,
    /// A component of a browser framework (`.vue`, `.svelte`, `.astro`).
    Component,
    /// A manifest or lock file.
    Manifest,
    /// SQL: definitions of tables and of what protects their rows.
    Sql,
    /// An OpenAPI document: frameworks route by it.
    OpenApi,
    /// What says how the service is packed, run or shipped.
    Deployment(Artefact),
    /// Another language that has no front end yet.
    OtherCode(&'static str),
    /// Anything else.
    Other,
}

/// A template engine, as a file name tells it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// `.ejs`
    Ejs,
    /// `.eta`
    Eta,
    /// `.hbs`, `.handlebars`
    Handlebars,
    /// `.pug`, `.jade`
    Pug,
    /// `.njk`, `.nunjucks`
    Nunjucks,
    /// `.mustache`, `.hjs`
    Mustache,
    /// `.dust`
    Dust,
    /// `.swig`
    Swig,
    /// `.jinja`, `.jinja2`, `.j2`; Django's language is read as the same.
    Jinja,
    /// `.mako`, `.mak`
    Mako,
}

/// How a service is packed, run and shipped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Artefact {
    /// A Dockerfile.
    Image,
    /// Objects of Kubernetes.
    Objects,
    /// Settings of npm.
    NpmSettings,
    /// A workflow of GitHub.
    Workflow,
}

impl FileType {
    /// What a file at this path is: a folder may tell more than a name.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let workflows = folder == WORKFLOWS || folder.ends_with(&format!("/{WORKFLOWS}"));
        if workflows && is_data(name) {
            return Self::Deployment(Artefact::Workflow);
        }
        Self::of_name(name)
    }

    /// What a file of this name is. Where that says nothing, [`FileType::of_head`] decides.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        let configures = |stem: &str| lower.starts_with(stem) && lower.ends_with(".json");
        if MANIFESTS.contains(&lower.as_str())
            || lock::NAMES.contains(&lower.as_str())
            || configures("tsconfig")
            || configures("jsconfig")
        {
            return Self::Manifest;
        }
        if [".d.ts", ".d.mts", ".d.cts"]
            .iter()
            .any(|end| lower.ends_with(end))
        {
            return Self::Declarations;
        }
        if lower == ".npmrc" {
            return Self::Deployment(Artefact::NpmSettings);
        }
        let image = IMAGES.iter().any(|name| {
            let rest = lower.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                || (lower.strip_suffix(name)).is_some_and(|rest| rest.ends_with('.'))
        });
        let Some((stem, extension)) = lower.rsplit_once('.') else {
            return if image {
                Self::Deployment(Artefact::Image)
            } else {
                Self::Other
            };
        };
        if stem.is_empty() {
            return Self::Other;
        }
        match extension {
            "js" | "mjs" | "cjs" | "jsx" | "es6" | "es" => Self::JavaScript,
            "ts" | "mts" | "cts" | "tsx" => Self::TypeScript,
            "py" | "pyw" => Self::Python,
            "ejs" => Self::Template(Engine::Ejs),
            "eta" => Self::Template(Engine::Eta),
            "hbs" | "handlebars" => Self::Template(Engine::Handlebars),
            "pug" | "jade" => Self::Template(Engine::Pug),
            "njk" | "nunjucks" | "nj" => Self::Template(Engine::Nunjucks),
            "mustache" | "hjs" => Self::Template(Engine::Mustache),
            "dust" => Self::Template(Engine::Dust),
            "swig" => Self::Template(Engine::Swig),
            "jinja" | "jinja2" | "j2" => Self::Template(Engine::Jinja),
            "mako" | "mak" => Self::Template(Engine::Mako),
            "html" | "htm" | "xhtml" => Self::Html,
            "vue" | "svelte" | "astro" | "marko" => Self::Component,
            "sql" => Self::Sql,
            "md" | "txt" | "bak" | "orig" | "dockerignore" => Self::Other,
            _ if image => Self::Deployment(Artefact::Image),
            _ => OTHER_LANGUAGES
                .iter()
                .find(|(ending, _)| *ending == extension)
                .map_or(Self::Other, |(_, language)| Self::OtherCode(language)),
        }
    }

    /// What a file is whose name says nothing, by how it begins: the interpreter in the first line, or the version of a document.
    #[must_use]
    pub fn of_head(name: &str, head: &[u8]) -> Self {
        if is_data(name) {
            return if crate::document::is_openapi(head) {
                Self::OpenApi
            } else if crate::document::is_object(head) {
                Self::Deployment(Artefact::Objects)
            } else {
                Self::Other
            };
        }
        Self::of_shebang(head)
    }

    /// What a file without an extension is, by the interpreter that its first line names.
    fn of_shebang(head: &[u8]) -> Self {
        let line = head.split(|b| *b == b'\n').next().unwrap_or_default();
        let Some(command) = line.strip_prefix(b"#!") else {
            return Self::Other;
        };
        let command = String::from_utf8_lossy(command);
        let program = command
            .split_whitespace()
            .map(|word| word.rsplit('/').next().unwrap_or(word))
            .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))
            .unwrap_or_default();
        match program {
            "node" | "nodejs" => Self::JavaScript,
            "bun" | "deno" | "ts-node" | "tsx" => Self::TypeScript,
            "sh" | "bash" | "zsh" | "dash" => Self::OtherCode("Shell"),
            "ruby" => Self::OtherCode("Ruby"),
            "php" => Self::OtherCode("PHP"),
            "perl" => Self::OtherCode("Perl"),
            _ if program.starts_with("python") => Self::Python,
            _ => Self::Other,
        }
    }

    /// Whether a name says nothing, so that the head of the file decides.
    #[must_use]
    pub fn needs_head(name: &str) -> bool {
        !name.trim_start_matches('.').contains('.') || is_data(name)
    }

    /// Whether its text is handed to a front end or read as a manifest.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::JavaScript
                | Self::TypeScript
                | Self::Python
                | Self::Template(_)
                | Self::Html
                | Self::Sql
                | Self::OpenApi
                | Self::Deployment(_)
                | Self::Manifest
        )
    }

    /// Whether it holds code that runs, in a language that has a front end.
    #[must_use]
    pub const fn is_code(self) -> bool {
        matches!(self, Self::JavaScript | Self::TypeScript | Self::Python)
    }

    /// Whether it can be a server-side template.
    #[must_use]
    pub const fn is_template(self) -> bool {
        matches!(self, Self::Template(_) | Self::Html)
    }

    /// The language of code that no front end reads yet.
    #[must_use]
    pub const fn without_front_end(self) -> Option<&'static str> {
        match self {
            Self::OtherCode(language) => Some(language),
            _ => None,
        }
    }
}

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";

/// Names of files that say how an image is built, before or behind a point.
const IMAGES: &[&str] = &["dockerfile", "containerfile"];

/// Besides lock files, which `lock` names.
const MANIFESTS: &[&str] = &[
    "package.json",
    "pnpm-workspace.yaml",
    "lerna.json",
    "deno.json",
    "deno.jsonc",
    "pyproject.toml",
    "setup.cfg",
    "requirements.txt",
    "pipfile",
];

const OTHER_LANGUAGES: &[(&str, &str)] = &[
    ("ipynb", "Jupyter notebook"),
    ("java", "Java"),
    ("kt", "Kotlin"),
    ("scala", "Scala"),
    ("go", "Go"),
    ("rb", "Ruby"),
    ("erb", "Ruby"),
    ("php", "PHP"),
    ("cs", "C#"),
    ("fs", "F#"),
    ("vb", "Visual Basic"),
    ("rs", "Rust"),
    ("c", "C"),
    ("h", "C"),
    ("cc", "C++"),
    ("cpp", "C++"),
    ("hpp", "C++"),
    ("swift", "Swift"),
    ("ex", "Elixir"),
    ("exs", "Elixir"),
    ("clj", "Clojure"),
    ("coffee", "CoffeeScript"),
    ("ls", "LiveScript"),
    ("lua", "Lua"),
    ("pl", "Perl"),
    ("pm", "Perl"),
    ("sh", "Shell"),
    ("bash", "Shell"),
    ("prisma", "Prisma"),
    ("graphql", "GraphQL"),
    ("gql", "GraphQL"),
];

/// Whether a name is that of data in which a document may stand.
fn is_data(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|e| ending.eq_ignore_ascii_case(e))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, want) in [
            ("app.js", FileType::JavaScript),
            ("Main.TSX", FileType::TypeScript),
            ("api.d.ts", FileType::Declarations),
            ("list.hbs", FileType::Template(Engine::Handlebars)),
            ("index.html", FileType::Html),
            ("0001_users.sql", FileType::Sql),
            ("App.vue", FileType::Component),
            ("package.json", FileType::Manifest),
            ("tsconfig.base.json", FileType::Manifest),
            ("data.json", FileType::Other),
            ("main.go", FileType::OtherCode("Go")),
            ("Dockerfile", FileType::Deployment(Artefact::Image)),
            (
                "Dockerfile.production",
                FileType::Deployment(Artefact::Image),
            ),
            ("api.dockerfile", FileType::Deployment(Artefact::Image)),
            ("Dockerfile.j2", FileType::Template(Engine::Jinja)),
            ("dockerfile.ts", FileType::TypeScript),
            ("dockerfiles", FileType::Other),
            (".npmrc", FileType::Deployment(Artefact::NpmSettings)),
            (".js", FileType::Other),
            ("LICENSE", FileType::Other),
        ] {
            assert_eq!(FileType::of_name(name), want, "{name}");
        }
    }

    #[test]
    fn paths() {
        let workflow = FileType::Deployment(Artefact::Workflow);
        for (path, want) in [
            (".github/workflows/ci.yml", workflow),
            ("part/.github/workflows/ci.yaml", workflow),
            (".github/workflows/run.js", FileType::JavaScript),
            (".github/dependabot.yml", FileType::Other),
            ("src/app.ts", FileType::TypeScript),
            ("app.ts", FileType::TypeScript),
        ] {
            assert_eq!(FileType::of_path(path), want, "{path}");
        }
    }

    #[test]
    fn heads() {
        let document = FileType::of_head("api.yml", b"# ours\nopenapi: 3.0.0\n");
        assert_eq!(document, FileType::OpenApi);
        assert_eq!(FileType::of_head("api.yml", b"on: push"), FileType::Other);
        let objects = FileType::of_head("api.yml", b"# ours\napiVersion: v1\nkind: Pod\n");
        assert_eq!(objects, FileType::Deployment(Artefact::Objects));
        for (head, want) in [
            ("#!/usr/bin/env node\nrest", FileType::JavaScript),
            ("#!/usr/bin/env -S node --harmony", FileType::JavaScript),
            ("#!/usr/local/bin/python3.12", FileType::Python),
            ("#!/usr/bin/env NODE_ENV=x deno", FileType::TypeScript),
            ("console.log(1)", FileType::Other),
            ("", FileType::Other),
        ] {
            assert_eq!(FileType::of_head("server", head.as_bytes()), want, "{head}");
        }
        assert!(FileType::needs_head("server") && !FileType::needs_head("server.js"));
    }
}
