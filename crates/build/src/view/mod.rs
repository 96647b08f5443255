//! The description in the words of the target: what the templates print.

mod entity;
mod field;
mod imports;
mod matrix;
mod rules;
mod sql;
mod upload;

use crate::description::Description;
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
    /// Work outside of requests.
    pub jobs: Vec<Job>,
    /// All entities, each after those it refers to.
    pub entities: Vec<Entity>,
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
    kubernetes: bool,
    /// Strangers may read something.
    public: bool,
    /// There is work outside of requests.
    jobs: bool,
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
    mfa: bool,
    access_seconds: u64,
    refresh_seconds: u64,
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
    let entities = in_order(description);
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
            kubernetes: description.kubernetes,
            public: description.entities.iter().any(|e| {
                e.allow
                    .read
                    .as_ref()
                    .is_some_and(|rule| rule.formula.mentions_anyone())
            }),
            jobs: retention || !description.jobs.is_empty(),
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
            mfa: description.auth.mfa,
            access_seconds: description.auth.access_seconds,
            refresh_seconds: description.auth.refresh_seconds,
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
        jobs: description
            .jobs
            .iter()
            .map(|job| Job {
                name: names::camel(&job.name),
                snake: job.name.clone(),
                every_seconds: job.every,
            })
            .collect(),
        entities: entities
            .into_iter()
            .map(|e| entity::entity(description, e))
            .collect(),
    }
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
