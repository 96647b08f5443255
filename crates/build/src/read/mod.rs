//! Reads `backend.toml`. All mistakes are told at once.

mod amounts;
mod cache;
mod entity;
mod front_end;
mod job;
mod outbound;
pub mod table;
mod upload;
mod webhook;

use crate::description::{App, Auth, Description, IdentityProvider, Protocol, Tenant};
use crate::names;
use crate::problem::{Problem, near};
use table::{Problems, Table};
use toml::de::DeTable;

/// Most entities of one description.
pub const MOST_ENTITIES: usize = 100;

const LATER: &[(&str, &str)] = &[
    (
        "upload",
        "write `upload` in the entity that files belong to",
    ),
    ("compliance", "leave it out"),
    (
        "retention",
        "write `retention` in the entity whose rows end",
    ),
    (
        "limits",
        "leave it out, or limit creation with `create.rate` of an entity",
    ),
];

/// Reads a description, or says everything that is wrong with it.
pub fn description(text: &str) -> Result<Description, Vec<Problem>> {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            return Err(vec![
                Problem::at(text, &span, error.message().replace('\n', ", "))
                    .help("this is no TOML; see https://toml.io"),
            ]);
        }
    };
    let problems = Problems::new(text);
    let description = {
        let root = Table::new("", 0..0, document.get_ref(), &problems);
        let (webhooks, receivers) = webhook::webhooks(&root);
        let auth = auth(&root);
        let entities = entity::entities(&root);
        let (client, next) = front_end::front_end(&root);
        let read = Description {
            app: app(&root),
            auth,
            tenant: tenant(&root),
            kubernetes: asked(&root, "deploy", "kubernetes"),
            graphql: asked(&root, "api", "graphql"),
            telemetry: asked(&root, "telemetry", "opentelemetry"),
            client,
            next,
            outbound: outbound::outbound(&root),
            webhooks,
            receivers,
            jobs: job::jobs(&root),
            shared_cache: cache::shared_cache(&root, &entities),
            entities,
        };
        for (key, instead) in LATER {
            root.later(key, instead);
        }
        root.end();
        read
    };
    let problems = problems.into_sorted();
    if problems.is_empty() {
        Ok(description)
    } else {
        Err(problems)
    }
}

fn app(root: &Table<'_, '_>) -> App {
    let nothing = App {
        name: String::new(),
        description: String::new(),
    };
    let Some(table) = root.table("app") else {
        root.problems().add(
            &(0..0),
            "there is no `[app]`",
            "begin with `[app]` and `name = \"shop\"`",
        );
        return nothing;
    };
    let name = table.text("name");
    let description = table.text("description");
    if let Some((stack, span)) = table.text("stack")
        && stack != "express-drizzle-postgres"
    {
        table.problems().add(
            &span,
            format!("the stack `{stack}` is not built yet"),
            "write `express-drizzle-postgres`, or leave it out",
        );
    }
    table.end();
    match &name {
        None => table.problems().add(
            &table.span(),
            "`app.name` is missing",
            "write `name = \"shop\"`",
        ),
        Some((name, span)) => {
            let plain = name.len() <= 40
                && name.starts_with(|c: char| c.is_ascii_lowercase())
                && !name.ends_with('-')
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !plain {
                table.problems().add(
                    span,
                    format!("`{name}` cannot be the name of a service"),
                    "use up to 40 lower case letters, digits and hyphens, beginning with a letter",
                );
            }
        }
    }
    if let Some((text, span)) = &description
        && (text.len() > 200
            || text.contains(|c: char| c.is_control() || matches!(c, '"' | '\\' | '`' | '<' | '>')))
    {
        table.problems().add(
            span,
            "`app.description` is no plain sentence",
            "use one line of up to 200 characters without quotes or markup",
        );
    }
    let name = name.map_or_else(String::new, |(name, _)| name.to_owned());
    App {
        description: description.map_or_else(
            || format!("The {name} service."),
            |(text, _)| text.to_owned(),
        ),
        name,
    }
}

fn auth(root: &Table<'_, '_>) -> Auth {
    let nothing = Auth {
        roles: vec![],
        default_role: String::new(),
        admin_role: String::new(),
        providers: vec![],
        passkeys: false,
        mfa: false,
        sessions: false,
        access_seconds: 900,
        refresh_seconds: 30 * 86_400,
    };
    let Some(table) = root.table("auth") else {
        root.problems().add(
            &(0..0),
            "there is no `[auth]`",
            "write `[auth]` and `roles = [\"member\", \"admin\"]`",
        );
        return nothing;
    };
    let problems = table.problems();
    let said = table.texts("roles");
    let unsaid = said.is_none() && table.entries().iter().all(|entry| entry.key != "roles");
    let roles = said.unwrap_or_default();
    if unsaid || (roles.is_empty() && problems.is_empty()) {
        problems.add(
            &table.span(),
            "`auth.roles` is empty",
            "write `roles = [\"member\", \"admin\"]`",
        );
    }
    if roles.len() > 12 {
        problems.add(
            &table.span(),
            "there are more than 12 roles",
            "roles are few; let rules look at the row instead",
        );
    }
    for (at, (role, span)) in roles.iter().enumerate() {
        if !names::is_snake(role) || ["anonymous", "system", "user"].contains(role) {
            problems.add(span, format!("`{role}` cannot be the name of a role"), "use lower case letters, digits and `_`; `anonymous`, `system` and `user` are taken");
        }
        if roles.iter().take(at).any(|(other, _)| other == role) {
            problems.add(
                span,
                format!("the role `{role}` is named twice"),
                "leave one out",
            );
        }
    }
    let known: Vec<&str> = roles.iter().map(|(role, _)| *role).collect();
    let chosen = |key: &'static str, fallback: Option<&&str>| match table.text(key) {
        Some((role, span)) => {
            if !known.contains(&role) {
                problems.add(
                    &span,
                    format!("there is no role `{role}`"),
                    format!("write one of {}", known.join(", ")),
                );
            }
            role.to_owned()
        }
        None => fallback.map_or_else(String::new, |role| (*role).to_owned()),
    };
    let default_role = chosen("default_role", known.first());
    let admin_role = chosen("admin_role", known.last());
    if !known.is_empty() && default_role == admin_role {
        let help = if known.len() == 1 {
            "add a role for that, as in `roles = [\"member\", \"admin\"]`"
        } else {
            "set `default_role` and `admin_role` to different roles"
        };
        problems.add(
            &table.span(),
            format!("whoever registers would be `{admin_role}`, who manages all users"),
            help,
        );
    }
    let sessions = match table.text("mode") {
        Some(("sessions", _)) => true,
        Some(("rotating-tokens", _)) | None => false,
        Some((mode, span)) => {
            let help = match near(mode, ["sessions", "rotating-tokens"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "write `sessions` or `rotating-tokens`, or leave it out".to_owned(),
            };
            problems.add(&span, format!("there is no mode `{mode}`"), help);
            false
        }
    };
    let Methods {
        passkeys,
        providers,
    } = methods(&table);
    let mfa = table.text("mfa");
    if let Some((mfa, span)) = &mfa
        && *mfa != "totp"
    {
        problems.add(
            span,
            format!("the second factor `{mfa}` is not built yet"),
            "write `totp`, or leave it out",
        );
    }
    let seconds = |key: &'static str, fallback: u64, least: u64, most: u64| match table.text(key) {
        Some((text, span)) => match amounts::duration(text) {
            Some(seconds) if (least..=most).contains(&seconds) => seconds,
            Some(_) => {
                problems.add(
                    &span,
                    format!("`{text}` is too short or too long for `auth.{key}`"),
                    format!(
                        "write between {} and {}",
                        amounts::shown(least),
                        amounts::shown(most)
                    ),
                );
                fallback
            }
            None => {
                problems.add(
                    &span,
                    format!("`{text}` is no duration"),
                    "write `15m`, `12h` or `30d`",
                );
                fallback
            }
        },
        None => fallback,
    };
    let access = seconds("access_ttl", 900, 60, 3_600);
    let refresh = seconds("refresh_ttl", 30 * 86_400, 3_600, 90 * 86_400);
    let idle = seconds("idle_ttl", 12 * 3_600, 60, 30 * 86_400);
    let longest = seconds("session_ttl", 30 * 86_400, 3_600, 90 * 86_400);
    for entry in table.entries() {
        let (of_sessions, instead) = match entry.key {
            "access_ttl" => (false, "idle_ttl"),
            "refresh_ttl" => (false, "session_ttl"),
            "idle_ttl" => (true, "access_ttl"),
            "session_ttl" => (true, "refresh_ttl"),
            _ => continue,
        };
        if of_sessions != sessions {
            let mode = if of_sessions {
                "sessions"
            } else {
                "rotating-tokens"
            };
            problems.add(
                &entry.key_span,
                format!("`auth.{}` belongs to the mode `{mode}`", entry.key),
                format!("write `{instead}`, or `mode = \"{mode}\"`"),
            );
        }
    }
    if sessions && idle > longest {
        problems.add(
            &table.span(),
            "a session would end before it is unused for long enough",
            "write an `idle_ttl` that is shorter than `session_ttl`",
        );
    }
    table.end();
    Auth {
        roles: known.iter().map(|role| (*role).to_owned()).collect(),
        default_role,
        admin_role,
        providers,
        passkeys,
        mfa: mfa.is_some(),
        sessions,
        access_seconds: if sessions { idle } else { access },
        refresh_seconds: if sessions { longest } else { refresh },
    }
}

/// The ways to sign in beside passwords.
#[derive(Default)]
struct Methods {
    passkeys: bool,
    providers: Vec<IdentityProvider>,
}

fn methods(table: &Table<'_, '_>) -> Methods {
    const MOST: usize = 8;
    let problems = table.problems();
    let Some(methods) = table.texts("methods") else {
        return Methods::default();
    };
    if methods.is_empty() {
        problems.add(
            &table.span(),
            "`auth.methods` is empty",
            "write `methods = [\"password\"]`, or leave it out",
        );
    }
    let mut read = Methods::default();
    for (at, (method, span)) in methods.iter().enumerate() {
        let again = methods.iter().take(at).any(|(other, _)| other == method);
        if again && !method.contains(':') {
            problems.add(span, format!("`{method}` is named twice"), "leave one out");
            continue;
        }
        let provider = method.split_once(':').and_then(|(kind, name)| {
            let protocol = match kind {
                "oidc" => Protocol::Oidc,
                "saml" => Protocol::Saml,
                _ => return None,
            };
            Some((protocol, name))
        });
        match provider {
            Some((_, name)) if !names::is_snake(name) => problems.add(
                span,
                format!("`{name}` cannot be the name of an identity provider"),
                "use lower case letters, digits and `_`, as in `oidc:corp`",
            ),
            Some((_, name)) if read.providers.iter().any(|other| other.name == name) => problems
                .add(
                    span,
                    format!("the identity provider `{name}` is named twice"),
                    "leave one out, or rename it",
                ),
            Some((protocol, name)) => read.providers.push(IdentityProvider {
                protocol,
                name: name.to_owned(),
            }),
            None if *method == "password" => {}
            None if *method == "passkey" => read.passkeys = true,
            None => problems.add(
                span,
                format!("there is no method `{method}`"),
                "write `password`, `passkey`, `oidc:NAME` and `saml:NAME`, as in `[\"password\", \"oidc:corp\"]`",
            ),
        }
    }
    if let Some((_, span)) = methods.first()
        && methods.iter().all(|(method, _)| *method != "password")
    {
        problems.add(
            span,
            "signing in without passwords is not built yet",
            "add `password`",
        );
    }
    if read.providers.len() > MOST {
        problems.add(
            &table.span(),
            format!("there are more than {MOST} identity providers"),
            "let one of them stand for the others",
        );
    }
    read
}

/// Whether a part is asked for, in a table that has this key alone.
fn asked(root: &Table<'_, '_>, table: &'static str, key: &'static str) -> bool {
    root.table(table).is_some_and(|table| {
        let wanted = table.bool(key).unwrap_or_default();
        table.end();
        wanted
    })
}

fn tenant(root: &Table<'_, '_>) -> Option<Tenant> {
    let table = root.table("tenant")?;
    let name = table.text("name");
    let plural = table.text("plural");
    table.end();
    let Some((name, span)) = name else {
        table.problems().add(
            &table.span(),
            "`tenant.name` is missing",
            "write `name = \"workspace\"`",
        );
        return None;
    };
    for (word, span) in [Some((name, span)), plural.clone()].into_iter().flatten() {
        if !names::is_snake(word)
            || names::RESERVED.contains(&word)
            || (names::TAKEN_ENTITIES.contains(&word) && word != "tenant" && word != "account")
        {
            table.problems().add(
                &span,
                format!("`{word}` cannot be the name of the tenant"),
                "use lower case letters, digits and `_`, as in `workspace`",
            );
        }
    }
    Some(Tenant {
        name: name.to_owned(),
        plural: plural.map_or_else(|| names::plural(name), |(plural, _)| plural.to_owned()),
    })
}
