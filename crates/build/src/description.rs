//! What a backend is to be: the description, read and typed.

use crate::access::Rule;
use crate::field::Field;
use std::ops::Range;

/// A whole `backend.toml`.
#[derive(Clone, Debug)]
pub struct Description {
    /// `[app]`.
    pub app: App,
    /// `[auth]`.
    pub auth: Auth,
    /// `[tenant]`, where customers are kept apart.
    pub tenant: Option<Tenant>,
    /// `[deploy]` asks for manifests of Kubernetes beside the container.
    pub kubernetes: bool,
    /// `[front_end] client` asks for a typed client.
    pub client: bool,
    /// `[front_end] next` asks for pages of Next.js, which use that client.
    pub next: bool,
    /// `[cache] store = "redis"`: what entities keep for a moment, all instances share.
    pub shared_cache: bool,
    /// `[telemetry] opentelemetry` tells a collector of requests and their parts.
    pub telemetry: bool,
    /// `[api] graphql`: what can be read is read by GraphQL as well.
    pub graphql: bool,
    /// `[outbound.*]`, in the order of the file.
    pub outbound: Vec<Outbound>,
    /// `[webhook.*]` with `direction = "in"`, in the order of the file.
    pub webhooks: Vec<Webhook>,
    /// `[webhook.*]` with `direction = "out"`, in the order of the file.
    pub receivers: Vec<Receiver>,
    /// `[job.*]`, in the order of the file.
    pub jobs: Vec<Job>,
    /// `[entity.*]`, in the order of the file.
    pub entities: Vec<Entity>,
}

/// What the service is called.
#[derive(Clone, Debug)]
pub struct App {
    /// Lower case, with hyphens.
    pub name: String,
    /// One sentence.
    pub description: String,
}

/// Who may come in, and for how long.
#[derive(Clone, Debug)]
pub struct Auth {
    /// All roles, in the order of the file.
    pub roles: Vec<String>,
    /// The role of whoever registers (with tenants: joins by invitation).
    pub default_role: String,
    /// The role that invites people and changes roles.
    pub admin_role: String,
    /// Identity providers in the order of the file, their names unique; passwords are always there beside them.
    pub providers: Vec<IdentityProvider>,
    /// Whoever wants may sign in with a passkey.
    pub passkeys: bool,
    /// Whoever wants may add a second factor: codes of an authenticator app.
    pub mfa: bool,
    /// Sessions by a token that is looked up, instead of access and refresh tokens.
    pub sessions: bool,
    /// Life of an access token, or of a session that nobody uses, in seconds.
    pub access_seconds: u64,
    /// Life of a refresh token, or of any session, in seconds.
    pub refresh_seconds: u64,
}

/// Somebody else who says who people are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityProvider {
    /// How it says so.
    pub protocol: Protocol,
    /// Snake case.
    pub name: String,
}

/// What identity providers speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
}

/// Customers whose data are kept apart.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Singular, snake case: `workspace`.
    pub name: String,
    /// Plural of the name.
    pub plural: String,
}

/// A service that the backend calls.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Snake case.
    pub name: String,
    /// Whole names of hosts; nothing else is called.
    pub hosts: Vec<String>,
    /// The longest wait for an answer.
    pub seconds: u64,
    /// The largest answer.
    pub bytes: i64,
}

/// Somebody who is told what happens.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Snake case.
    pub name: String,
    /// `order.created`, with the place of each.
    pub events: Vec<(String, Range<usize>)>,
}

/// Somebody whose signed messages the backend receives.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Snake case.
    pub name: String,
}

/// Work that the backend does outside of requests.
#[derive(Clone, Debug)]
pub struct Job {
    /// Snake case.
    pub name: String,
    /// Seconds between two runs; without them the code queues it.
    pub every: Option<u64>,
}

/// One kind of thing that the backend keeps.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Singular, snake case.
    pub name: String,
    /// Where the name stands.
    pub span: Range<usize>,
    /// Plural, snake case.
    pub plural: String,
    /// Belongs to a tenant.
    pub tenant: bool,
    /// The field that names the owner.
    pub owner: Option<String>,
    /// In the order of the file.
    pub fields: Vec<Field>,
    /// Who may do what.
    pub allow: Allow,
    /// How lists are cut and ordered.
    pub list: List,
    /// How creation is limited.
    pub create: Create,
    /// How long rows are kept that nobody changes.
    pub retention: Option<Retention>,
    /// So many seconds what strangers were shown is kept, with the place.
    pub cache: Option<(u64, Range<usize>)>,
    /// Whoever may read rows may listen to their changes on a socket.
    pub live: bool,
    /// Files that hang on its rows.
    pub upload: Option<Upload>,
}

/// Access rules of an entity; what has none does not exist.
#[derive(Clone, Debug, Default)]
pub struct Allow {
    /// Who creates.
    pub create: Option<Rule>,
    /// Who reads one and lists many.
    pub read: Option<Rule>,
    /// Who changes.
    pub update: Option<Rule>,
    /// Who deletes.
    pub delete: Option<Rule>,
    /// Who sets these fields, whatever `update` says.
    pub set: Vec<(String, Rule)>,
}

/// Lists of an entity.
#[derive(Clone, Debug)]
pub struct List {
    /// Fields that a list may be filtered by.
    pub filter: Vec<String>,
    /// Fields that a list may be sorted by; the first is the default.
    pub sort: Vec<String>,
    /// The longest page.
    pub max: u32,
}

/// Creation of an entity.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// Needs an `Idempotency-Key`.
    pub idempotent: bool,
    /// At most so many for one user.
    pub rate: Option<Rate>,
}

/// When rows end.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Seconds after the last change.
    pub seconds: u64,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Files of a row. Whoever reads the row reads them; whoever may change it adds and removes them.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What is taken, in the order of [`FileType::ALL`].
    pub types: Vec<FileType>,
    /// The largest file.
    pub bytes: u64,
    /// The most files of one row.
    pub most: i64,
    /// Where it stands.
    pub span: Range<usize>,
}

/// A type of file that its first bytes give away, and that browsers do not run when it comes as an attachment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FileType {
    /// `image/gif`.
    Gif,
    /// `image/jpeg`.
    Jpeg,
    /// `application/pdf`.
    Pdf,
    /// `image/png`.
    Png,
    /// `image/webp`.
    Webp,
}

impl FileType {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Gif, Self::Jpeg, Self::Pdf, Self::Png, Self::Webp];

    /// As descriptions name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Jpeg => "jpeg",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// As `Content-Type` names it.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

/// So many in so long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many.
    pub points: u32,
    /// In how many seconds.
    pub seconds: u32,
}

impl Entity {
    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// All rules with what they are for.
    pub fn rules(&self) -> impl Iterator<Item = (String, &Rule)> {
        let allow = &self.allow;
        let plain = [
            ("create", &allow.create),
            ("read", &allow.read),
            ("update", &allow.update),
            ("delete", &allow.delete),
        ];
        plain
            .into_iter()
            .filter_map(|(name, rule)| rule.as_ref().map(|rule| (name.to_owned(), rule)))
            .chain(
                allow
                    .set
                    .iter()
                    .map(|(name, rule)| (format!("set.{name}"), rule)),
            )
    }
}
