//! Packages whose JavaScript runs in browsers: their manifest says so.

/// What only code in a browser (or a renderer of its pages) depends on.
const FRAMEWORKS: &[&str] = &[
    "react-dom",
    "vue",
    "@angular/core",
    "@angular/platform-browser",
    "svelte",
    "preact",
    "lit",
    "ember-source",
    "solid-js",
    "backbone",
];

/// What a program on a server depends on; one is enough to look at everything.
const OF_SERVERS: &[&str] = &[
    "express",
    "koa",
    "fastify",
    "hapi",
    "@hapi/hapi",
    "@nestjs/core",
    "@nestjs/common",
    "restify",
    "next",
    "nuxt",
    "nitropack",
    "h3",
    "hono",
    "elysia",
    "polka",
    "micro",
    "sails",
    "@adonisjs/core",
    "@feathersjs/feathers",
    "@loopback/core",
    "moleculer",
    "meteor-node-stubs",
    "@remix-run/node",
    "@remix-run/server-runtime",
    "@react-router/node",
    "@sveltejs/kit",
    "@tanstack/react-start",
    "@tanstack/start",
    "@redwoodjs/api",
    "@redwoodjs/core",
    "@keystone-6/core",
    "payload",
    "@strapi/strapi",
    "astro",
    "gatsby",
    "vike",
    "electron",
    "@apollo/server",
    "apollo-server",
    "apollo-server-express",
    "graphql-yoga",
    "@trpc/server",
    "socket.io",
    "ws",
    "serverless",
    "@aws-sdk/client-s3",
    "aws-sdk",
    "aws-lambda",
    "@types/aws-lambda",
    "firebase-functions",
    "firebase-admin",
    "@cloudflare/workers-types",
    "wrangler",
    "pg",
    "postgres",
    "mysql",
    "mysql2",
    "mongodb",
    "mongoose",
    "sequelize",
    "typeorm",
    "drizzle-orm",
    "@mikro-orm/core",
    "@prisma/client",
    "prisma",
    "knex",
    "redis",
    "ioredis",
    "sqlite3",
    "better-sqlite3",
    "jsonwebtoken",
    "nodemailer",
    "bcrypt",
    "bcryptjs",
    "body-parser",
    "winston",
    "pino",
    "better-auth",
    "next-auth",
];

/// Frameworks whose files hold what runs on the server beside what runs in the browser.
const OF_BOTH: &[&str] = &[
    "next",
    "nuxt",
    "@remix-run/node",
    "@remix-run/react",
    "@remix-run/server-runtime",
    "@react-router/node",
    "@react-router/serve",
    "@react-router/dev",
    "@sveltejs/kit",
    "@tanstack/react-start",
    "@tanstack/solid-start",
    "@tanstack/start",
    "@solidjs/start",
    "solid-start",
    "@redwoodjs/core",
    "@redwoodjs/web",
    "@analogjs/platform",
    "@modern-js/runtime",
    "@builder.io/qwik-city",
    "@qwik.dev/router",
    "astro",
    "gatsby",
    "vike",
    "vite-plugin-ssr",
    "rakkasjs",
    "wasp",
    "blitz",
    "meteor-node-stubs",
    "convex",
    "electron",
];

/// Whether a package is one that programs on servers depend on.
#[must_use]
pub fn is_of_servers(package: &str) -> bool {
    OF_SERVERS.contains(&package)
}

/// Whether a manifest names a framework whose files hold both halves, or cannot be read.
#[must_use]
pub(crate) fn mixes_halves(manifest: &str) -> bool {
    let Ok(manifest) = serde_json::from_str::<serde_json::Value>(manifest) else {
        return true;
    };
    ["dependencies", "devDependencies", "peerDependencies"]
        .iter()
        .filter_map(|list| manifest.get(list))
        .any(|list| OF_BOTH.iter().any(|name| list.get(name).is_some()))
}

/// What shows that a package's JavaScript runs in browsers alone: the framework that its `package.json` names.
pub(crate) fn framework(manifest: &str) -> Option<&'static str> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).ok()?;
    let depends = |names: &[&'static str]| {
        let mut names = names.iter().copied();
        names.find(|name| {
            ["dependencies", "devDependencies", "peerDependencies"]
                .iter()
                .any(|list| {
                    manifest
                        .get(list)
                        .is_some_and(|list| list.get(name).is_some())
                })
        })
    };
    if depends(OF_SERVERS).is_some() {
        return None;
    }
    depends(FRAMEWORKS)
}

#[cfg(test)]
mod tests {
    use super::framework;

    #[test]
    fn what_a_manifest_says() {
        for (manifest, want) in [
            (
                r#"{"dependencies": {"react-dom": "18"}}"#,
                Some("react-dom"),
            ),
            (
                r#"{"dependencies": {"react-dom": "18", "express": "4"}}"#,
                None,
            ),
            (
                r#"{"dependencies": {"pg": "8"}, "devDependencies": {"vue": "3"}}"#,
                None,
            ),
            (r#"{"dependencies": {"lodash": "4"}}"#, None),
            ("{", None),
        ] {
            assert_eq!(framework(manifest), want, "{manifest}");
        }
    }
}
