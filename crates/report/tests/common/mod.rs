//! An assessment as the engine makes it, for all formats.

use casemate_assess::assessment::*;

pub fn place(file: &str, line: u32, column: u32, length: u32, snippet: &str) -> Place {
    Place {
        file: file.into(),
        line,
        column,
        end_line: line,
        end_column: column + length,
        snippet: snippet.into(),
    }
}

fn step(place: Place, text: &str) -> Step {
    Step {
        place,
        text: text.into(),
    }
}

fn endpoint(method: &str, path: &str, line: u32) -> Endpoint {
    Endpoint {
        method: method.into(),
        path: Some(path.into()),
        handler: String::new(),
        file: "src/routes/orders.ts".into(),
        line,
        authentication: "unknown".into(),
        guards: Vec::new(),
    }
}

fn finding(
    rule: &str,
    title: &str,
    fingerprint: &str,
    cause: &str,
    level: Level,
    place: Place,
) -> Finding {
    Finding {
        id: format!("{rule}@{}", &fingerprint[..8]),
        fingerprint: fingerprint.into(),
        move_fingerprint: fingerprint.chars().rev().collect(),
        cause: cause.into(),
        rule: rule.into(),
        title: title.into(),
        severity: Severity {
            level,
            likelihood: "high".into(),
            impact: "severe".into(),
            factors: vec![Factor {
                name: "exposure".into(),
                value: "public".into(),
                evidence: "GET /orders has no guard".into(),
            }],
        },
        cvss: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N".into(),
        line_hash: "271789c17abda88f:1".into(),
        place,
        ..Finding::default()
    }
}

pub fn sample() -> Assessment {
    let query = "    return this.pool.query(`select * from orders order by ${sort}`)";
    let sink = place("src/repositories/orders.ts", 31, 12, 56, query);
    let mut sql = finding(
        "sql-injection",
        "SQL text built from untrusted data",
        "1a2b3c4d5e6f7081",
        "c1",
        Level::Critical,
        sink.clone(),
    );
    sql.message = "`req.query.sort` becomes part of the SQL text that `pool.query` runs".into();
    sql.confidence = Confidence {
        level: Certainty::High,
        reasons: vec![],
    };
    sql.within = "OrderRepository.search".into();
    sql.paths = vec![
        Path {
            source: "req.query.sort".into(),
            kind: "http.query".into(),
            steps: vec![
                step(
                    place(
                        "src/routes/orders.ts",
                        14,
                        11,
                        4,
                        "    const { sort } = req.query",
                    ),
                    "`req.query.sort` is read from the query string",
                ),
                step(
                    place(
                        "src/routes/orders.ts",
                        18,
                        22,
                        21,
                        "    const rows = await service.search(sort)",
                    ),
                    "passed as argument 1 to `search`",
                ),
                step(
                    place(
                        "src/services/orders.ts",
                        9,
                        5,
                        40,
                        "    return this.orders.search(sort ?? 'id')",
                    ),
                    "passed on as argument 1 to `search`, which the constructor of `OrderService` receives as `orders` from the container",
                ),
                step(sink.clone(), "becomes part of the SQL text"),
            ],
        },
        Path {
            source: "req.body.sort".into(),
            kind: "http.body".into(),
            steps: vec![
                step(
                    place("src/routes/orders.ts", 40, 11, 8, "    const s = req.body"),
                    "read",
                ),
                step(sink, "used"),
            ],
        },
    ];
    sql.endpoints = vec![
        endpoint("GET", "/orders", 12),
        endpoint("POST", "/orders/search", 38),
    ];
    sql.trigger = Some("GET /orders?sort=id;select%20pg_sleep(5)".into());
    sql.fix = "Bind values as parameters; a column name cannot be bound, so **choose it** from a fixed list:\n\n```ts\nconst column = COLUMNS[sort]\n```".into();
    sql.alternatives = "A query builder such as `knex` quotes identifiers.".into();
    sql.cwe = vec![89];
    sql.asvs = vec!["v5.0.0-1.2.4".into()];
    sql.owasp = vec!["A05:2025".into()];

    let mut again = sql.clone();
    again.id = "sql-injection@99887766".into();
    again.fingerprint = "9988776655443322".into();
    again.place = place(
        "src/repositories/orders.ts",
        44,
        12,
        20,
        "    return this.pool.query(text)",
    );
    again.paths.clear();

    let secret = place("src/config.ts", 3, 16, 15, "  jwtSecret: 'cor••••••••••',");
    let mut jwt = finding(
        "hard-coded-secret",
        "Secret written in the code",
        "0f0e0d0c0b0a0908",
        "c2",
        Level::Medium,
        secret,
    );
    jwt.message = "The value that signs tokens stands in the code".into();
    jwt.confidence = Confidence {
        level: Certainty::Medium,
        reasons: vec!["it may be a value for tests".into()],
    };
    jwt.fix = "Read it from the environment.".into();
    jwt.cwe = vec![798, 321];

    let rule = |id: &str, title: &str, level, cwe: &[u16]| RuleInfo {
        id: id.into(),
        title: title.into(),
        level,
        precision: Certainty::High,
        cwe: cwe.to_vec(),
        asvs: vec!["v5.0.0-1.2.4".into()],
        owasp: vec!["A05:2025".into()],
        sections: vec![
            (
                "What".into(),
                "Text from outside becomes part of a statement.".into(),
            ),
            (
                "Why it matters".into(),
                "Whoever sends it reads and changes the whole database.".into(),
            ),
            ("Fix".into(), "Bind values.".into()),
        ],
    };
    Assessment {
        failed: false,
        day: Some("2026-11-22".into()),
        schema: SCHEMA.into(),
        tool: Tool {
            name: "casemate".into(),
            version: "0.1.0".into(),
        },
        project: ProjectInfo {
            name: "orders-api".into(),
            root: "examples/orders-api".into(),
            commit: None,
            focus: vec![],
        },
        units: vec![UnitInfo {
            name: "orders-api".into(),
            root: String::new(),
            manifest: Some("package.json".into()),
            files: 14,
            endpoints: 2,
            threat_model: ThreatModel::Server,
            because: "it registers 2 endpoints".into(),
        }],
        endpoints: vec![
            endpoint("GET", "/orders", 12),
            endpoint("POST", "/orders/search", 38),
        ],
        findings: vec![sql, again, jwt],
        rules: vec![
            rule(
                "hard-coded-secret",
                "Secret written in the code",
                Level::Medium,
                &[798, 321],
            ),
            rule(
                "sql-injection",
                "SQL text built from untrusted data",
                Level::Critical,
                &[89],
            ),
        ],
        policy: vec![PolicyEffect {
            origin: "casemate.toml:4".into(),
            says: "ignores log-injection in src/jobs/**".into(),
            reason: Some("jobs log to a private file".into()),
            hides: 14,
            unit: Hidden::Findings,
        }],
        dossier: casemate_assess::dossier::Dossier {
            plan: casemate_assess::dossier::plan::Plan {
                from: Level::High,
                ..Default::default()
            },
            ..Default::default()
        },
        coverage: Coverage {
            files: Files {
                seen: 60,
                assessed: 14,
                templates: 3,
                partly: vec![PartlyParsed {
                    path: "src/old.js".into(),
                    line: 12,
                    message: "expected `,`".into(),
                    count: 3,
                }],
                set_aside: [
                    ("browser".to_owned(), 2),
                    ("minified".to_owned(), 1),
                    ("test".to_owned(), 5),
                ]
                .into(),
                skipped: vec![Skipped {
                    path: "data/dump.js".into(),
                    reason: "larger than 10.0 MB: 50.0 MB".into(),
                }],
                without_front_end: [("Python".to_owned(), 12)].into(),
                not_entered: [("node_modules".to_owned(), 1)].into(),
                ..Files::default()
            },
            code: Code {
                lines: 1_204,
                bytes: 40_000,
                functions: 96,
                instructions: 5_000,
                opaque: 12,
                skipped_bodies: 0,
            },
            calls: Calls {
                resolved: 402,
                by_name: 3,
                unmodelled: 20,
                unknown: 31,
            },
            caps: [("taints".to_owned(), 2)].into(),
            rules_applied: 41,
            ..Coverage::default()
        },
        notes: vec![],
    }
}
