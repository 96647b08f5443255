//! The description in the words of the target: what the templates print.

mod change;
mod entity;
mod field;
mod imports;
mod input;
mod matrix;
mod rules;
mod sql;
mod upload;
mod used;

use crate::description::{Description, Protocol};
use crate::field::Kind;
use crate::names;
pub use entity::Entity;
use serde::Serialize;
use std::collections::BTreeSet;

/// Everything that the templates may look at.
#[derive(Clone, Serialize, Debug)]
pub struct Project {
    /// The service.
    pub app: App,
    /// Sign-in.
    pub auth: Auth,
    /// Customers that are kept apart.
    pub tenant: Option<Tenant>,
    /// Services that it calls.
    pub outbound: Vec<Outbound>,
    /// Whose messages it receives.
    pub webhooks: Vec<Webhook>,
    /// Whom it tells what happens.
    pub receivers: Vec<Receiver>,
    /// Work outside of requests.
    pub jobs: Vec<Job>,
    /// All entities, each after those it refers to.
    pub entities: Vec<Entity>,
    /// Names of the helpers that something uses.
    pub used: BTreeSet<String>,
    /// Pages show values.
    pub shows_values: bool,
}

/// The service.
#[derive(Clone, Serialize, Debug)]
pub struct App {
    name: String,
    snake: String,
    role: String,
    description: String,
    description_ts: String,
    encrypted: bool,
    idempotent: bool,
    frontend: bool,
    /// There are pages of Next.js.
    web: bool,
    /// So many bytes a form with the largest file has.
    largest_form: u64,
    kubernetes: bool,
    /// Strangers may read something.
    public: bool,
    /// Some answers are kept.
    cached: bool,
    /// Each instance keeps its own.
    own_cache: bool,
    /// All instances share them.
    shared_cache: bool,
    /// Reading by GraphQL.
    graphql: bool,
    /// What its schema is made of.
    graphql_types: String,
    /// Some rows refer to others than users.
    linked: bool,
    /// Changes are told on sockets.
    live: bool,
    /// A collector is told of requests.
    telemetry: bool,
    /// It calls other services.
    calls: bool,
    /// There is work outside of requests.
    jobs: bool,
    /// What that work is called.
    job_kinds: Vec<String>,
    /// Messages are signed or their signatures checked.
    signed: bool,
    /// Some rows end.
    retention: bool,
    /// Some rows have files.
    uploads: bool,
    pii: Vec<String>,
}

/// A service that the backend calls.
#[derive(Clone, Serialize, Debug)]
pub struct Outbound {
    name: String,
    hosts: Vec<String>,
    milliseconds: u64,
    max_bytes: i64,
}

/// Somebody whose signed messages the backend receives.
#[derive(Clone, Serialize, Debug)]
pub struct Webhook {
    name: String,
    snake: String,
    path: String,
    words: String,
    /// Of the environment, with the secret.
    variable: String,
}

/// Somebody who is told what happens.
#[derive(Clone, Serialize, Debug)]
pub struct Receiver {
    name: String,
    path: String,
    words: String,
    /// Of the environment, before `_URL` and `_SECRET`.
    variable: String,
    events: Vec<String>,
}

/// An identity provider.
#[derive(Clone, Serialize, Debug)]
pub struct Provider {
    name: String,
    path: String,
    words: String,
    /// Of the environment, before `_ISSUER` and the others.
    variable: String,
}

/// Work outside of requests.
#[derive(Clone, Serialize, Debug)]
pub struct Job {
    name: String,
    snake: String,
    every_seconds: Option<u64>,
}

/// Sign-in.
#[derive(Clone, Serialize, Debug)]
pub struct Auth {
    roles: Vec<String>,
    default_role: String,
    admin_role: String,
    oidc: Vec<Provider>,
    saml: Vec<Provider>,
    /// Those of all protocols.
    federated: Vec<Provider>,
    passkeys: bool,
    mfa: bool,
    sessions: bool,
    /// Access tokens are renewed by refresh tokens.
    rotates: bool,
    access_seconds: u64,
    refresh_seconds: u64,
    /// The same as people write it.
    access_words: String,
    refresh_words: String,
}

/// Customers that are kept apart.
#[derive(Clone, Serialize, Debug)]
pub struct Tenant {
    camel: String,
    pascal: String,
    words: String,
    plural: String,
    #[serde(rename = "pluralCamel")]
    plural_camel: String,
    column: String,
    prop: String,
}

/// Says a description in the words of the target.
pub fn project(description: &Description) -> Project {
    let entities: Vec<Entity> = in_order(description)
        .into_iter()
        .map(|e| entity::entity(description, e))
        .collect();
    let used = used::helpers(&entities, description.next && description.auth.passkeys);
    let fields = || {
        description
            .entities
            .iter()
            .flat_map(|entity| &entity.fields)
    };
    let pii: BTreeSet<String> = fields()
        .filter(|f| f.pii || f.encrypted)
        .map(field::prop)
        .collect();
    let retention = description.entities.iter().any(|e| e.retention.is_some());
    let events = (!description.receivers.is_empty()).then(|| "sendEvent".to_owned());
    let job_kinds: Vec<String> = description
        .jobs
        .iter()
        .map(|job| names::camel(&job.name))
        .chain(events)
        .chain(retention.then(|| "retention".to_owned()))
        .collect();
    let name = &description.app.name;
    let snake = name.replace('-', "_");
    Project {
        app: App {
            role: format!("{snake}_app"),
            snake,
            name: name.clone(),
            description: description.app.description.clone(),
            description_ts: description.app.description.replace('\'', "\\'"),
            encrypted: description.auth.mfa || fields().any(|f| f.encrypted),
            frontend: description.client,
            web: description.next,
            largest_form: largest_form(description),
            kubernetes: description.kubernetes,
            public: description.entities.iter().any(|e| {
                e.allow
                    .read
                    .as_ref()
                    .is_some_and(|rule| rule.formula.mentions_anyone())
            }),
            cached: description.entities.iter().any(|e| e.cache.is_some()),
            own_cache: !description.shared_cache,
            shared_cache: description.shared_cache,
            graphql: description.graphql,
            graphql_types: field::graphql_types(fields().map(|f| &f.kind)),
            linked: fields().any(|f| matches!(&f.kind, Kind::Ref(to) if to != "user")),
            live: description.entities.iter().any(|e| e.live),
            telemetry: description.telemetry,
            calls: !description.outbound.is_empty()
                || (description.auth.providers.iter()).any(|p| p.protocol == Protocol::Oidc)
                || !description.receivers.is_empty(),
            jobs: !job_kinds.is_empty(),
            job_kinds,
            signed: !description.webhooks.is_empty() || !description.receivers.is_empty(),
            retention,
            uploads: description.entities.iter().any(|e| e.upload.is_some()),
            idempotent: description
                .entities
                .iter()
                .any(|e| e.create.idempotent && e.allow.create.is_some()),
            pii: pii.into_iter().filter(|name| name != "email").collect(),
        },
        auth: Auth {
            roles: description.auth.roles.clone(),
            default_role: description.auth.default_role.clone(),
            admin_role: description.auth.admin_role.clone(),
            oidc: providers(description, |protocol| protocol == Protocol::Oidc),
            saml: providers(description, |protocol| protocol == Protocol::Saml),
            federated: providers(description, |_| true),
            passkeys: description.auth.passkeys,
            mfa: description.auth.mfa,
            sessions: description.auth.sessions,
            rotates: !description.auth.sessions,
            access_seconds: description.auth.access_seconds,
            refresh_seconds: description.auth.refresh_seconds,
            access_words: sql::interval(description.auth.access_seconds),
            refresh_words: sql::interval(description.auth.refresh_seconds),
        },
        tenant: description.tenant.as_ref().map(|tenant| Tenant {
            camel: names::camel(&tenant.name),
            pascal: names::pascal(&tenant.name),
            words: names::words(&tenant.name),
            plural: tenant.plural.clone(),
            plural_camel: names::camel(&tenant.plural),
            column: format!("{}_id", tenant.name),
            prop: format!("{}Id", names::camel(&tenant.name)),
        }),
        outbound: description
            .outbound
            .iter()
            .map(|service| Outbound {
                name: names::camel(&service.name),
                hosts: service.hosts.clone(),
                milliseconds: service.seconds * 1_000,
                max_bytes: service.bytes,
            })
            .collect(),
        webhooks: description
            .webhooks
            .iter()
            .map(|webhook| Webhook {
                name: names::camel(&webhook.name),
                snake: webhook.name.clone(),
                path: names::kebab(&webhook.name),
                words: names::words(&webhook.name),
                variable: format!("WEBHOOK_{}_SECRET", webhook.name.to_uppercase()),
            })
            .collect(),
        receivers: description
            .receivers
            .iter()
            .map(|receiver| Receiver {
                name: names::camel(&receiver.name),
                path: names::kebab(&receiver.name),
                words: names::words(&receiver.name),
                variable: format!("WEBHOOK_{}", receiver.name.to_uppercase()),
                events: receiver
                    .events
                    .iter()
                    .map(|(event, _)| event.clone())
                    .collect(),
            })
            .collect(),
        jobs: description
            .jobs
            .iter()
            .map(|job| Job {
                name: names::camel(&job.name),
                snake: job.name.clone(),
                every_seconds: job.every,
            })
            .collect(),
        shows_values: used::shows_values(&used),
        used,
        entities,
    }
}

/// Identity providers of some protocols.
fn providers(description: &Description, of: impl Fn(Protocol) -> bool) -> Vec<Provider> {
    let wanted = description.auth.providers.iter();
    wanted
        .filter(|provider| of(provider.protocol))
        .map(|provider| {
            let protocol = match provider.protocol {
                Protocol::Oidc => "OIDC",
                Protocol::Saml => "SAML",
            };
            Provider {
                name: names::camel(&provider.name),
                path: names::kebab(&provider.name),
                words: names::words(&provider.name),
                variable: format!("{protocol}_{}", provider.name.to_uppercase()),
            }
        })
        .collect()
}

/// The largest file and the rest of its form.
fn largest_form(description: &Description) -> u64 {
    let uploads = description.entities.iter().flat_map(|e| &e.upload);
    uploads.map(|u| u.bytes).max().unwrap_or_default() + 100_000
}

/// Each entity after those it refers to; otherwise as in the file. References make no circle: `check` has seen to that.
fn in_order(description: &Description) -> Vec<&crate::description::Entity> {
    let mut ordered: Vec<&crate::description::Entity> = Vec::new();
    let mut left: Vec<&crate::description::Entity> = description.entities.iter().collect();
    while !left.is_empty() {
        let ready = left.iter().position(|entity| {
            entity.fields.iter().all(|field| match &field.kind {
                Kind::Ref(to) => !left.iter().any(|other| other.name == *to),
                _ => true,
            })
        });
        ordered.push(left.remove(ready.unwrap_or(0)));
    }
    ordered
}
