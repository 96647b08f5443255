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
