//! Which files are not backend code: the one list of patterns, and what the text itself tells.
//!
//! A file that is set aside is counted and named; a PATH that names it brings it back.

use crate::filetype::FileType;
use crate::limits;
use aho_corasick::AhoCorasick;
use serde::Serialize;
use std::sync::LazyLock;

/// What part a file plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Code of the backend.
    #[default]
    Backend,
    /// A test or something a test needs.
    Test,
    /// Code that runs in a browser.
    Browser,
    /// Machine-made, one endless line.
    Minified,
    /// Machine-made from something else that should be read instead.
    Generated,
    /// A copy of somebody else's library.
    Vendored,
    /// Types alone.
    Declarations,
    /// A component of a browser framework.
    Component,
    /// Text of which a generator makes code.
    Blueprint,
    /// Scripts of tools around the program, in a folder whose name begins with a dot.
    Tooling,
}

impl Role {
    /// For "12 test files", "3 browser files".
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Test => "test",
            Self::Browser => "browser",
            Self::Minified => "minified",
            Self::Generated => "generated",
            Self::Vendored => "vendored",
            Self::Declarations => "type declaration",
            Self::Component => "browser component",
            Self::Blueprint => "code template",
            Self::Tooling => "tooling",
        }
    }
}

/// A file that is not assessed as backend code.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct SetAside {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What it is instead.
    pub role: Role,
    /// What told: a pattern of this file, or a sign in the text.
    pub because: String,
}

/// Folders whose content belongs to others or is output of a build, wherever they stand. Their bodies are not read.
pub const FOREIGN_FOLDERS: &[&str] = &[
    "node_modules",
    "bower_components",
    "jspm_packages",
    "site-packages",
    "dist-packages",
    "__pycache__",
    ".git",
    ".hg",
    ".svn",
    ".yarn",
    ".pnpm-store",
    ".venv",
    ".tox",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".output",
    ".turbo",
    ".nyc_output",
    ".serverless",
    ".aws-sam",
];

/// Folders that are output or copies only where a build puts them: beside a manifest. `src/vendor/` may well be about vendors.
pub const OUTPUT_FOLDERS: &[&str] = &[
    "dist",
    "build",
    "out",
    "vendor",
    "third_party",
    "third-party",
    "coverage",
    "venv",
    "target",
];

const TEST_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "__test__",
    "__mocks__",
    "__fixtures__",
    "__snapshots__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "playwright",
    "testdata",
    "test-utils",
    "test_utils",
    "testutils",
    "test-helpers",
    "integration-tests",
    "integration_tests",
    "unit-tests",
    "unit_tests",
    "functional-tests",
    "functional_tests",
    "acceptance-tests",
    "acceptance_tests",
    "e2e-tests",
    "e2e_tests",
];

/// Parts of the names of code that a generator fills in: `controller.template.ts`.
const BLUEPRINT_NAME_PARTS: &[&str] = &["template", "tmpl", "tpl", "skeleton"];

/// Parts between the dots of a file name.
const TEST_NAME_PARTS: &[&str] = &[
    "test", "spec", "tests", "e2e", "e2e-spec", "e2e-test", "int-spec", "stories", "mock", "mocks",
    "cy",
];

const TEST_NAMES: &[&str] = &[
    "jest.config",
    "vitest.config",
    "jest.setup",
    "karma.conf",
    "playwright.config",
    "cypress.config",
    ".mocharc",
];

const BROWSER_FOLDERS: &[&str] = &["public", "static", "assets", "wwwroot", "webroot", "htdocs"];

const GENERATED_FOLDERS: &[&str] = &["__generated__", "generated"];

const GENERATED_NAME_PARTS: &[&str] = &["generated", "gen", "pb", "bundle", "chunk"];

const LIBRARY_NAMES: &[&str] = &[
    "jquery",
    "bootstrap",
    "angular",
    "react",
    "react-dom",
    "vue",
    "ember",
    "backbone",
    "underscore",
    "lodash",
    "moment",
    "d3",
    "three",
    "modernizr",
    "require",
    "handlebars",
    "mustache",
    "raphael",
    "morris",
    "chart",
    "highcharts",
    "tinymce",
    "ckeditor",
    "ace",
    "codemirror",
    "highlight",
    "prettify",
    "html5shiv",
    "respond",
    "popper",
    "select2",
    "datatables",
    "swagger-ui",
    "swagger-ui-bundle",
    "socket.io",
    "leaflet",
    "mathjax",
    "showdown",
    "showdownjs",
    "knockout",
    "zepto",
    "prototype",
    "mootools",
    "dojo",
    "ext-all",
    "holder",
    "clipboard",
    "sweetalert",
];

/// What code says that runs in a browser and nowhere else.
const BROWSER_SIGNS: &[&str] = &[
    "document.getElementById",
    "document.querySelector",
    "document.createElement",
    "document.body",
    "document.cookie",
    "document.write",
    "window.location",
    "window.addEventListener",
    "window.document",
    "localStorage.",
    "sessionStorage.",
    "$(document)",
    "$(function",
    "$('#",
    "$(\"#",
    "jQuery(",
    "angular.module(",
    "document.ready",
    "document.addEventListener",
    "XMLHttpRequest",
    "ReactDOM.",
    "customElements.define",
];

/// What code says that runs on a server: it then is backend wherever it lies.
const SERVER_SIGNS: &[&str] = &[
    "process.env",
    "process.argv",
    "module.exports",
    "exports.",
    "require(",
    "__dirname",
    "__filename",
    "import.meta.dirname",
    "from 'node:",
    "from \"node:",
    "from 'express",
    "from \"express",
    "from 'fs",
    "from \"fs",
    "from 'http",
    "from \"http",
    "from 'path'",
    "from \"path\"",
    "Deno.serve",
    "Bun.serve",
    "use server",
    "next/server",
    "@nestjs/",
    "fastify",
    "from 'koa",
    "from \"koa",
    "from 'hono",
    "from \"hono",
];

/// The same for files in a folder of assets, where bundlers leave `require` and `exports` in browser code.
const SERVER_SIGNS_AMONG_ASSETS: &[&str] = &[
    "require('express",
    "require(\"express",
    "require('fs",
    "require(\"fs",
    "require('http",
    "require(\"http",
    "require('child_process",
    "require(\"child_process",
    "from 'node:",
    "from \"node:",
    "from 'express",
    "from \"express",
    "process.argv",
    "app.listen(",
];

/// What the path tells, before the file is read. `path` is relative to the PATH that was asked for.
#[must_use]
pub fn of_path(path: &str, file_type: FileType) -> Option<(Role, String)> {
    let (folders, name) = split(path);
    let stem_parts: Vec<&str> = name.split('.').collect();
    let inner = stem_parts
        .get(1..stem_parts.len().saturating_sub(1))
        .unwrap_or_default();
    let tagged = |words: &[&'static str]| {
        inner
            .iter()
            .find_map(|p| words.iter().find(|w| *w == p).copied())
    };

    match file_type {
        FileType::Declarations => return Some((Role::Declarations, "*.d.ts".into())),
        FileType::Component => {
            return Some((
                Role::Component,
                format!("*.{}", stem_parts.last().copied().unwrap_or_default()),
            ));
        }
        FileType::Manifest => return None,
        _ => {}
    }
    // Folders that a generator names: `{{ cookiecutter.name }}/`, `<%= name %>/`.
    if let Some(folder) = folders
        .iter()
        .find(|f| f.contains("{{") || f.contains("<%"))
    {
        return Some((Role::Blueprint, format!("{folder}/")));
    }
    // `spec/openapi.yaml` specifies an interface, not a behaviour.
    let specifies = |folder: &str| file_type == FileType::OpenApi && folder.starts_with("spec");
    let mut tests = folders.iter().filter(|f| TEST_FOLDERS.contains(f));
    if let Some(folder) = tests.find(|folder| !specifies(folder)) {
        return Some((Role::Test, format!("{folder}/")));
    }
    if let Some(word) = tagged(TEST_NAME_PARTS) {
        return Some((Role::Test, format!("*.{word}.*")));
    }
    if file_type == FileType::Python && name == "conftest.py" {
        return Some((Role::Test, "conftest.py".into()));
    }
    if let Some(known) = TEST_NAMES.iter().find(|n| name.starts_with(**n)) {
        return Some((Role::Test, format!("{known}.*")));
    }
    if !file_type.is_code() {
        return None;
    }
    if let Some(folder) = folders.iter().find(|f| f.starts_with('.')) {
        return Some((Role::Tooling, format!("{folder}/")));
    }
    let stem = stem_parts.first().copied().unwrap_or_default();
    if inner.contains(&"min") || stem.ends_with("-min") || stem.ends_with(".min") {
        return Some((Role::Minified, "*.min.*".into()));
    }
    if let Some(folder) = folders.iter().find(|f| GENERATED_FOLDERS.contains(f)) {
        return Some((Role::Generated, format!("{folder}/")));
    }
    if let Some(word) = tagged(GENERATED_NAME_PARTS) {
        return Some((Role::Generated, format!("*.{word}.*")));
    }
    None
}

/// Files that Python's test runners find by name, where their text agrees.
fn python_test(folders: &[&str], name: &str, text: &str) -> Option<String> {
    let stem = name.strip_suffix(".py")?;
    let named = stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem == "tests"
        || folders.contains(&"testing");
    let mut signs = ["def test_", "unittest", "pytest", "TestCase"].into_iter();
    let sign = signs.find(|sign| named && text.contains(sign))?;
    Some(format!("{name} with `{sign}`"))
}

/// What the text tells of code that its path says nothing of.
#[must_use]
pub fn of_text(path: &str, text: &str) -> Option<(Role, String)> {
    let (folders, name) = split(path);
    if let Some(mean) = mean_line(text)
        && mean > limits::MEAN_LINE
    {
        return Some((Role::Minified, format!("mean line length {mean}")));
    }
    if let Some(because) = python_test(&folders, name, text) {
        return Some((Role::Test, because));
    }
    if let Some(placeholder) = blueprint(name, text) {
        return Some((
            Role::Blueprint,
            format!("its name, and `{placeholder}` is filled in later"),
        ));
    }
    if let Some(sign) = generated_sign(text) {
        return Some((Role::Generated, sign));
    }
    // No browser runs Python, whatever pages it writes.
    if name.ends_with(".py") || name.ends_with(".pyw") {
        return None;
    }
    if let Some(folder) = folders.iter().find(|f| BROWSER_FOLDERS.contains(f)) {
        // Bundlers leave no types: what is written in TypeScript is the program's own.
        let written = [".ts", ".mts", ".cts"]
            .iter()
            .any(|end| name.ends_with(end));
        if has(text, SERVER_SIGNS_AMONG_ASSETS).is_some()
            || text.starts_with("#!")
            || written && has(text, SERVER_SIGNS).is_some()
        {
            return None;
        }
        if is_library(name) {
            return Some((Role::Vendored, format!("a library in {folder}/")));
        }
        return Some((
            Role::Browser,
            format!("{folder}/, and nothing in it runs on a server"),
        ));
    }
    if directive(text) == Some("use client") {
        return Some((Role::Browser, "'use client'".into()));
    }
    static SERVER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| any_of(SERVER_SIGNS));
    static BROWSER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| any_of(BROWSER_SIGNS));
    if may_have(text, &SERVER) && has(text, SERVER_SIGNS).is_some() || !may_have(text, &BROWSER) {
        return None;
    }
    let signs: Vec<&str> = BROWSER_SIGNS
        .iter()
        .filter(|s| text.contains(**s))
        .copied()
        .take(2)
        .collect();
    if let [first, second] = signs[..] {
        let role = if is_library(name) {
            Role::Vendored
        } else {
            Role::Browser
        };
        return Some((
            role,
            format!("`{first}`, `{second}`, and nothing in it runs on a server"),
        ));
    }
    None
}

/// Whether code shows that it runs on a server.
pub(crate) fn runs_on_server(text: &str) -> bool {
    has(text, SERVER_SIGNS).is_some() || text.starts_with("#!")
}

/// A name that code declares for a generator to replace: `declare class ENTITY {}` in `service.template.ts`.
fn blueprint<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let mut parts = name.split('.').skip(1);
    if !parts.any(|part| BLUEPRINT_NAME_PARTS.contains(&part)) {
        return None;
    }
    text.lines().find_map(|line| {
        let mut words = line.strip_prefix("declare ")?.split_whitespace();
        let what = words.next()?;
        let declared = words.next()?;
        let end = declared.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let placeholder = declared.get(..end.unwrap_or(declared.len()))?;
        let shouted = placeholder.len() > 1
            && placeholder.starts_with(|c: char| c.is_ascii_uppercase())
            && !placeholder.contains(|c: char| c.is_ascii_lowercase());
        ([
            "class",
            "interface",
            "const",
            "let",
            "function",
            "type",
            "enum",
        ]
        .contains(&what)
            && shouted)
            .then_some(placeholder)
    })
}

fn split(path: &str) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    (parts, name)
}

/// One search for all signs: most files have none, and fifty searches through each took longer than to parse it.
fn any_of(signs: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::new(signs).ok()
}

fn may_have(text: &str, any: &Option<AhoCorasick>) -> bool {
    any.as_ref().is_none_or(|any| any.is_match(text))
}

fn has(text: &str, signs: &[&'static str]) -> Option<&'static str> {
    signs.iter().find(|s| text.contains(**s)).copied()
}

fn is_library(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    LIBRARY_NAMES.iter().any(|library| {
        lower.strip_prefix(library).is_some_and(|rest| {
            let version = rest.trim_start_matches(['-', '.', '_', 'v']);
            rest.starts_with(['.', '-', '_'])
                && (version.starts_with(|c: char| c.is_ascii_digit())
                    || version == "js"
                    || version.starts_with("min"))
        })
    })
}

fn mean_line(text: &str) -> Option<usize> {
    if text.len() < limits::MINIFIED_BYTES {
        return None;
    }
    let lines = text.bytes().filter(|b| *b == b'\n').count() + 1;
    Some(text.len() / lines)
}

fn generated_sign(text: &str) -> Option<String> {
    let mut head = String::new();
    for line in text.lines().take(8) {
        let end = line
            .char_indices()
            .nth(200)
            .map_or(line.len(), |(at, _)| at);
        head.push_str(line.get(..end).unwrap_or_default());
        head.push('\n');
    }
    let lower = head.to_ascii_lowercase();
    if lower.contains("generated") {
        if head.contains("@generated") {
            return Some("@generated".into());
        }
        if lower.contains("do not edit")
            || lower.contains("do not modify")
            || lower.contains("don't edit")
        {
            return Some("its head says generated, do not edit".into());
        }
    }
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    last.starts_with("//# sourceMappingURL=")
        .then(|| "compiled: sourceMappingURL".into())
}

/// A directive such as `'use client'` before the first statement.
fn directive(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix("//") {
            rest = after.split_once('\n').map_or("", |(_, r)| r).trim_start();
        } else if let Some(after) = rest.strip_prefix("/*") {
            rest = after.split_once("*/").map_or("", |(_, r)| r).trim_start();
        } else {
            break;
        }
    }
    let quote = rest.chars().next().filter(|c| *c == '\'' || *c == '"')?;
    rest.get(1..)?.split_once(quote).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests;
