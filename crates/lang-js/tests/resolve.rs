//! Where specifiers lead, over projects that exist only here.

use casemate_lang_js::{Resolution, Resolver};

/// A project of files and manifests, in which specifiers lead to places as `file`, `package name/subpath`, `core x` or `unknown`.
struct Project {
    files: Vec<String>,
    resolver: Resolver,
}

impl Project {
    fn new(files: &[&str], manifests: &[(&str, &str)]) -> Self {
        let files: Vec<String> = files.iter().map(|&f| f.to_owned()).collect();
        let manifests: Vec<(String, String)> = manifests
            .iter()
            .map(|&(path, text)| (path.to_owned(), text.to_owned()))
            .collect();
        let resolver = Resolver::new(&files, &manifests);
        let resolver = resolver.with_foreign(["@rpc/shared"].into_iter());
        Self { files, resolver }
    }

    fn leads(&self, from: &str, specifier: &str, expected: &str) {
        let found = match self.resolver.resolve(specifier, from) {
            Resolution::File(index) => self.files[index].clone(),
            Resolution::Package { name, subpath } if subpath.is_empty() => {
                format!("package {name}")
            }
            Resolution::Package { name, subpath } => format!("package {name} {subpath}"),
            Resolution::Core(name) => format!("core {name}"),
            Resolution::Unknown => "unknown".to_owned(),
        };
        assert_eq!(found, expected, "`{specifier}` in {from}");
    }
}

#[test]
fn relative_paths() {
    let project = Project::new(
        &[
            "a.js",
            "b/c.ts",
            "b/index.js",
            "b/d.jsx",
            "e.js",
            "e/index.ts",
            "f.json",
            "g.mts",
            "h.d.ts",
            "src/lib/x.ts",
            "src/y.ts",
            "dir/z.js",
        ],
        &[("dir/package.json", r#"{ "main": "./z" }"#)],
    );
    project.leads("a.js", "./b", "b/index.js");
    project.leads("a.js", "./b/", "b/index.js");
    project.leads("a.js", "./b/c", "b/c.ts");
    project.leads("a.js", "./b/c.js", "b/c.ts");
    project.leads("a.js", "./b/d", "b/d.jsx");
    project.leads("a.js", "./e", "e.js");
    project.leads("a.js", "./e/", "e/index.ts");
    project.leads("a.js", "./f", "f.json");
    project.leads("a.js", "./g.mjs", "g.mts");
    project.leads("a.js", "./h", "h.d.ts");
    project.leads("a.js", "./dir", "dir/z.js");
    project.leads("b/c.ts", ".", "b/index.js");
    project.leads("b/c.ts", "..", "unknown");
    project.leads("b/c.ts", "../a", "a.js");
    project.leads("b/c.ts", "./../b/./d.jsx?raw", "b/d.jsx");
    project.leads("b/c.ts", "../../a", "unknown");
    project.leads("a.js", "./lib/y", "src/y.ts");
    project.leads("a.js", "./missing", "unknown");
    project.leads("b/c.ts", "/e", "e.js");
}

#[test]
fn packages_and_runtime_modules() {
    let project = Project::new(&["a.js"], &[]);
    project.leads("a.js", "express", "package express");
    project.leads("a.js", "mysql2/promise", "package mysql2 promise");
    project.leads("a.js", "@nestjs/common", "package @nestjs/common");
    project.leads(
        "a.js",
        "@aws-sdk/client-s3/dist/x.js",
        "package @aws-sdk/client-s3 dist/x.js",
    );
    project.leads("a.js", "fs", "core fs");
    project.leads("a.js", "node:fs/promises", "core fs/promises");
    project.leads("a.js", "fs/promises", "core fs/promises");
    project.leads("a.js", "node:sqlite", "core sqlite");
    project.leads("a.js", "path/posix", "core path/posix");
    project.leads("a.js", "buffer/", "package buffer");
    project.leads("a.js", "bun:sqlite", "core bun:sqlite");
    project.leads("a.js", "npm:express@4", "package express");
    project.leads("a.js", "npm:/@scope/x@^1.2/y", "package @scope/x y");
    for specifier in [
        "",
        "@",
        "@scope",
        "https://x/y.js",
        "virtual:x",
        "@/x",
        "~/x",
        "a b",
    ] {
        project.leads("a.js", specifier, "unknown");
    }
}

#[test]
fn tsconfig_paths() {
    let project = Project::new(
        &[
            "apps/api/src/main.ts",
            "apps/api/src/db/user.ts",
            "libs/core/src/index.ts",
            "apps/api/other.ts",
            "src/x.ts",
        ],
        &[
            (
                "tsconfig.base.json",
                "{ // shared\n \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@core\": [\"libs/core/src/index.ts\"], \"@core/*\": [\"libs/core/src/*\"], } } }",
            ),
            (
                "apps/api/tsconfig.json",
                r#"{ "extends": "../../tsconfig.base.json", "references": [] }"#,
            ),
            (
                "apps/api/tsconfig.app.json",
                r#"{ "compilerOptions": { "paths": { "~db/*": ["./missing/*", "./src/db/*"] } } }"#,
            ),
        ],
    );
    let from = "apps/api/src/main.ts";
    project.leads(from, "@core", "libs/core/src/index.ts");
    project.leads(from, "@core/index", "libs/core/src/index.ts");
    project.leads(from, "~db/user", "apps/api/src/db/user.ts");
    project.leads(from, "src/x", "src/x.ts");
    project.leads(from, "apps/api/other", "apps/api/other.ts");
    project.leads(from, "express", "package express");
}

#[test]
fn base_url_and_habits() {
    let project = Project::new(
        &[
            "web/src/a.ts",
            "web/src/b/c.ts",
            "web/app/d.ts",
            "api/lib/x.js",
            "api/y.js",
        ],
        &[
            (
                "web/jsconfig.json",
                r#"{ "compilerOptions": { "baseUrl": "src" } }"#,
            ),
            ("web/package.json", "{}"),
            (
                "api/package.json",
                r#"{ "_moduleAliases": { "@lib": "lib", "@": "." } }"#,
            ),
        ],
    );
    project.leads("web/src/a.ts", "b/c", "web/src/b/c.ts");
    project.leads("web/src/a.ts", "@/b/c", "web/src/b/c.ts");
    project.leads("web/src/a.ts", "~/d", "web/app/d.ts");
    project.leads("api/y.js", "@lib/x", "api/lib/x.js");
    project.leads("api/lib/x.js", "@/y", "api/y.js");
}

#[test]
fn clients_that_are_generated() {
    let project = Project::new(
        &[
            "src/lib/db.ts",
            "src/lib/client.ts",
            "src/generated/prisma/enums.ts",
        ],
        &[
            (
                "tsconfig.json",
                r#"{ "compilerOptions": { "paths": { "@db/*": ["./src/*"] } } }"#,
            ),
            ("package.json", "{}"),
        ],
    );
    let from = "src/lib/db.ts";
    for generated in [
        "@/generated/prisma/client",
        "../generated/prisma",
        "../generated/prisma/client.js",
        "../../prisma/generated/client",
        "@db/generated/prisma/client",
        "src/generated/prisma/client",
    ] {
        project.leads(from, generated, "package @prisma/client");
    }
    project.leads(
        from,
        "../generated/prisma/enums",
        "src/generated/prisma/enums.ts",
    );
    project.leads(from, "./client", "src/lib/client.ts");
    project.leads(from, "./generated/graphql", "unknown");
}

#[test]
fn packages_without_their_manifests() {
    let files = [
        "server/routes/a.ts",
        "server/models.ts",
        "web/src/app/b.ts",
        "web/src/db.ts",
        "packages/shared/src/index.ts",
        "packages/shared/src/server/mail.ts",
        "packages/core/index.js",
        "deep/inside/components/index.ts",
        "src/api/index.ts",
    ];
    let part = Project::new(&files, &[]);
    part.leads("server/routes/a.ts", "@server/models", "server/models.ts");
    part.leads("web/src/app/b.ts", "@/src/db", "web/src/db.ts");
    part.leads("web/src/app/b.ts", "@/db", "web/src/db.ts");
    part.leads("web/src/app/b.ts", "#src/db.js", "web/src/db.ts");
    part.leads(
        "web/src/db.ts",
        "@my/shared",
        "packages/shared/src/index.ts",
    );
    part.leads(
        "web/src/db.ts",
        "@my/shared/src/server/mail",
        "packages/shared/src/server/mail.ts",
    );
    part.leads(
        "web/src/db.ts",
        "@my/shared/server/mail",
        "packages/shared/src/server/mail.ts",
    );
    part.leads("web/src/db.ts", "my-core", "packages/core/index.js");
    part.leads("web/src/db.ts", "core/index", "packages/core/index.js");
    part.leads(
        "packages/core/index.js",
        "shared/src/server/mail",
        "packages/shared/src/server/mail.ts",
    );
    part.leads("web/src/db.ts", "@my/api", "src/api/index.ts");
    // Known as somebody else's.
    part.leads("web/src/db.ts", "@rpc/shared", "package @rpc/shared");
    part.leads("web/src/db.ts", "core", "package core");
    part.leads("web/src/db.ts", "my-components", "package my-components");
    part.leads("web/src/db.ts", "express", "package express");
    let whole = Project::new(&files, &[("package.json", "{}")]);
    whole.leads("web/src/db.ts", "@my/shared", "package @my/shared");
    whole.leads("web/src/db.ts", "my-core", "package my-core");
}

#[test]
fn paths_whose_configuration_is_missing() {
    let files = [
        "apps/api/src/main.ts",
        "apps/api/src/users.ts",
        "libraries/data/src/lib/repository.ts",
        "libs/mail/src/index.ts",
    ];
    let manifest = r#"{ "name": "api", "dependencies": { "@other/mail": "1" } }"#;
    let from = "apps/api/src/main.ts";
    let config = r#"{ "extends": "../../tsconfig.base.json" }"#;
    let part = Project::new(
        &files,
        &[
            ("apps/api/package.json", manifest),
            ("apps/api/tsconfig.json", config),
        ],
    );
    part.leads(from, "@my/api/users", "apps/api/src/users.ts");
    part.leads(
        from,
        "@my/data/lib/repository",
        "libraries/data/src/lib/repository.ts",
    );
    part.leads(from, "@my/mail", "libs/mail/src/index.ts");
    part.leads(from, "@other/mail", "package @other/mail");
    part.leads(from, "data/lib/repository", "package data lib/repository");
    let whole = Project::new(
        &files,
        &[
            ("apps/api/package.json", manifest),
            ("apps/api/tsconfig.json", config),
            ("tsconfig.base.json", "{}"),
        ],
    );
    whole.leads(from, "@my/mail", "package @my/mail");
}

#[test]
fn packages_of_the_same_project() {
    let project = Project::new(
        &[
            "packages/a/src/index.ts",
            "packages/a/src/sub/x.ts",
            "packages/b/lib/main.js",
            "packages/b/util.js",
            "packages/c/index.js",
            "packages/d/src/node.ts",
            "packages/d/src/feature/one.ts",
            "test/fixtures/express/index.js",
            "app.js",
        ],
        &[
            (
                "packages/a/package.json",
                r#"{ "name": "@my/a", "main": "dist/index.js", "types": "dist/index.d.ts" }"#,
            ),
            (
                "packages/b/package.json",
                r#"{ "name": "b", "main": "./lib/main" }"#,
            ),
            ("packages/c/package.json", r#"{ "name": "c" }"#),
            (
                "packages/d/package.json",
                r##"{ "name": "@my/d", "exports": { ".": { "browser": "./dist/browser.js", "default": "./dist/node.js" }, "./f/*": "./dist/feature/*.js", "./hidden": null }, "imports": { "#node": "./src/node.ts", "#ext": "express", "#f/*": "./src/feature/*.ts" } }"##,
            ),
            (
                "test/fixtures/express/package.json",
                r#"{ "name": "express" }"#,
            ),
            ("broken/package.json", "{ nonsense"),
        ],
    );
    project.leads("app.js", "@my/a", "packages/a/src/index.ts");
    project.leads("app.js", "@my/a/sub/x", "packages/a/src/sub/x.ts");
    project.leads("app.js", "@my/a/dist/sub/x", "packages/a/src/sub/x.ts");
    project.leads("app.js", "b", "packages/b/lib/main.js");
    project.leads("app.js", "b/util", "packages/b/util.js");
    project.leads("app.js", "c", "packages/c/index.js");
    project.leads("app.js", "@my/d", "packages/d/src/node.ts");
    project.leads("app.js", "@my/d/f/one", "packages/d/src/feature/one.ts");
    project.leads("packages/d/src/node.ts", "#node", "packages/d/src/node.ts");
    project.leads(
        "packages/d/src/node.ts",
        "#f/one",
        "packages/d/src/feature/one.ts",
    );
    project.leads("packages/d/src/node.ts", "#ext", "package express");
    project.leads("app.js", "express", "package express");
    project.leads("app.js", "@my/missing", "package @my/missing");
}

#[test]
fn configurations_that_extend_themselves() {
    let project = Project::new(
        &["a.ts"],
        &[(
            "tsconfig.json",
            r#"{ "extends": "./tsconfig.json", "compilerOptions": { "paths": { "*": ["*"], "x/*": ["./x/*"] } } }"#,
        )],
    );
    project.leads("a.ts", "x/y", "package x y");
    let recursive = Project::new(
        &["a.ts"],
        &[(
            "package.json",
            r##"{ "name": "p", "imports": { "#a": "#b", "#b": "#a", "#c": "p" } }"##,
        )],
    );
    recursive.leads("a.ts", "#a", "unknown");
    recursive.leads("a.ts", "#c", "package p");
}
