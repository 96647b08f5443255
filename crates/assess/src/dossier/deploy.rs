//! What is deployed: images, services, functions and processes, as the files beside the code say it.

use super::Material;
use casemate_lang_openapi::yaml::{self, Node};
use casemate_say::{label, say};
use casemate_source::{Artefact, FileType, SourceFile};
use serde::Serialize;

/// Units that are told.
pub const MOST: usize = 40;

/// Documents of one file that are read.
const DOCUMENTS: usize = 50;

/// Kinds of Kubernetes that run something.
const RUNS: [&str; 7] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Pod",
    "Rollout",
];

/// Something that is deployed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct DeployUnit {
    /// Its name: of the service, the process, the image's folder.
    pub name: String,
    /// `image`, `compose service`, `Deployment` …
    pub kind: String,
    /// Where it is said: `file:line`.
    pub at: String,
    /// What it is made from: a base image, an image, a folder.
    pub from: String,
    /// Ports that it offers, as they are written.
    pub ports: Vec<String>,
    /// Who runs it, where that is said.
    pub user: String,
    /// What is started.
    pub starts: String,
    /// It is there for those who write or test the service, as its path tells: nothing that is deployed.
    pub tries: bool,
}

/// All of them, in the order of their files.
pub(super) fn of(m: &Material<'_>) -> Vec<DeployUnit> {
    let runs = |file: &&SourceFile| {
        let of = file.file_type;
        matches!(
            of,
            FileType::Deployment(Artefact::Image | Artefact::Objects)
        )
    };
    let code = m.project.files.iter().filter(runs);
    let beside = m.project.deployments.iter();
    let mut files: Vec<(&str, &str)> = code
        .map(|file| (file.path.as_str(), &*file.text))
        .chain(beside.map(|file| (file.path.as_str(), &*file.text)))
        .collect();
    files.sort_unstable();
    let mut out: Vec<DeployUnit> = files
        .into_iter()
        .flat_map(|(path, text)| read(path, text, &m.project.name))
        .map(|unit| DeployUnit {
            from: masked(&unit.from),
            starts: masked(&unit.starts),
            tries: for_writers(&unit.at),
            ..unit
        })
        .collect();
    out.sort_by_key(|unit| unit.tries);
    out.truncate(MOST);
    out
}

/// Whether a path is of the tools of those who write the service: a folder that hides itself, or one that is named so.
fn for_writers(path: &str) -> bool {
    let hidden = path
        .split('/')
        .rev()
        .skip(1)
        .any(|part| part.starts_with('.'));
    hidden || crate::deployment::tries(path)
}

/// A command without the secrets that stand in it: after `--password`, in `TOKEN=…`, in an address before its host.
fn masked(command: &str) -> String {
    let of_secret = |word: &str| {
        let word = word.to_ascii_lowercase();
        ["pass", "secret", "token", "key", "auth", "credential"]
            .iter()
            .any(|part| word.contains(part))
    };
    let mut after = false;
    let words = command.split_whitespace().map(|word| {
        let hidden = std::mem::replace(&mut after, word.starts_with('-') && of_secret(word));
        if let Some((name, _)) = word.split_once('=').filter(|(name, _)| of_secret(name)) {
            after = false;
            return format!("{name}=…");
        }
        if hidden && !word.starts_with('-') {
            return "…".to_owned();
        }
        match word
            .split_once("://")
            .and_then(|(kind, rest)| Some((kind, rest.split_once('@')?)))
        {
            Some((kind, (_, host))) => format!("{kind}://…@{host}"),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The units of one file.
fn read(path: &str, text: &str, project: &str) -> Vec<DeployUnit> {
    let lower = path.to_ascii_lowercase();
    let name = lower.rsplit('/').next().unwrap_or_default();
    if name == "procfile" {
        return procfile(path, text);
    }
    if name.ends_with(".service") {
        return systemd(path, text).into_iter().collect();
    }
    if name.contains("dockerfile") || name == "containerfile" {
        return image(path, text, project).into_iter().collect();
    }
    if name == "fly.toml" {
        let app = setting(text, "app").map(|(line, app)| DeployUnit {
            name: app.trim_matches(['"', '\'']).to_owned(),
            kind: say!("Fly app"),
            at: format!("{path}:{line}"),
            ports: setting(text, "internal_port")
                .map(|(_, p)| p)
                .into_iter()
                .collect(),
            ..DeployUnit::default()
        });
        return app.into_iter().collect();
    }
    let mut from = 1;
    let mut out = Vec::new();
    for document in text.split("\n---").take(DOCUMENTS) {
        // Templates of Helm are no YAML before they are filled.
        if !document.contains("{{")
            && let Ok(node) = yaml::read(document)
        {
            out.extend(of_yaml(path, from, &node));
        }
        from += document.matches('\n').count() + 1;
    }
    out
}

fn of_yaml(path: &str, from: usize, node: &Node) -> Vec<DeployUnit> {
    let at = |node: &Node| format!("{path}:{}", node.line + from - 1);
    if let Some(kind) = node.get("kind").and_then(Node::text) {
        let unit = RUNS.contains(&kind).then(|| pod(kind, node, &at)).flatten();
        return unit.into_iter().collect();
    }
    let functions = node
        .get("functions")
        .filter(|_| node.get("provider").is_some());
    let lambdas = node
        .get("Resources")
        .filter(|_| node.get("Transform").is_some());
    if let Some(services) = node.get("services").filter(|s| !s.entries().is_empty()) {
        return services
            .entries()
            .iter()
            .filter_map(|(name, service)| compose(name, service, &at))
            .collect();
    }
    if let Some(functions) = functions {
        let all = functions.entries().iter();
        return all
            .filter_map(|(name, function)| {
                Some(DeployUnit {
                    name: name.text()?.to_owned(),
                    kind: "function".to_owned(),
                    at: at(name),
                    starts: said(function, "handler"),
                    ..DeployUnit::default()
                })
            })
            .collect();
    }
    if let Some(resources) = lambdas {
        let all = resources.entries().iter();
        return all
            .filter(|(_, r)| said(r, "Type") == "AWS::Serverless::Function")
            .filter_map(|(name, resource)| {
                Some(DeployUnit {
                    name: name.text()?.to_owned(),
                    kind: "function".to_owned(),
                    at: at(name),
                    starts: resource
                        .get("Properties")
                        .map_or_else(String::new, |p| said(p, "Handler")),
                    ..DeployUnit::default()
                })
            })
            .collect();
    }
    // Services of Render stand in a list, with a name each.
    let services = node.get("services").map_or(&[][..], Node::items);
    services
        .iter()
        .filter_map(|service| {
            Some(DeployUnit {
                name: service.get("name")?.text()?.to_owned(),
                kind: say!("{service} service", service = said(service, "type"))
                    .trim()
                    .to_owned(),
                at: at(service.get("name")?),
                starts: said(service, "startCommand"),
                ..DeployUnit::default()
            })
        })
        .collect()
}

fn compose(name: &Node, service: &Node, at: &dyn Fn(&Node) -> String) -> Option<DeployUnit> {
    let build = service.get("build");
    let folder = build.and_then(|b| b.text().or_else(|| b.get("context")?.text()));
    let from = match (folder, service.get("image").and_then(Node::text)) {
        (Some(folder), _) => folder.to_owned(),
        (None, Some(image)) => image.to_owned(),
        (None, None) => String::new(),
    };
    let ports = service.get("ports").map_or(&[][..], Node::items);
    let port = |port: &Node| match port.text() {
        Some(text) => Some(text.to_owned()),
        None => port
            .get("published")
            .or_else(|| port.get("target"))?
            .text()
            .map(str::to_owned),
    };
    Some(DeployUnit {
        name: name.text()?.to_owned(),
        kind: say!("compose service"),
        at: at(name),
        from,
        ports: ports.iter().filter_map(port).collect(),
        user: said(service, "user"),
        starts: command(service.get("command")),
        tries: false,
    })
}

fn pod(kind: &str, node: &Node, at: &dyn Fn(&Node) -> String) -> Option<DeployUnit> {
    let spec = node.get("spec")?;
    let spec = spec
        .get("jobTemplate")
        .and_then(|job| job.get("spec"))
        .unwrap_or(spec);
    let inner = spec
        .get("template")
        .and_then(|template| template.get("spec"))
        .unwrap_or(spec);
    let containers = inner.get("containers").map_or(&[][..], Node::items);
    let images: Vec<String> = containers.iter().map(|c| said(c, "image")).collect();
    let ports = containers
        .iter()
        .flat_map(|c| c.get("ports").map_or(&[][..], Node::items));
    let root = inner
        .get("securityContext")
        .into_iter()
        .chain(containers.iter().filter_map(|c| c.get("securityContext")))
        .any(|context| said(context, "runAsNonRoot") == "true");
    Some(DeployUnit {
        name: node
            .get("metadata")
            .map_or_else(String::new, |m| said(m, "name")),
        kind: kind.to_owned(),
        at: at(node.get("kind")?),
        from: images.join(", "),
        ports: ports.map(|p| said(p, "containerPort")).collect(),
        user: if root { label!("not root") } else { "" }.to_owned(),
        starts: containers
            .first()
            .map_or_else(String::new, |c| command(c.get("command"))),
        tries: false,
    })
}

fn said(node: &Node, key: &str) -> String {
    node.get(key)
        .and_then(Node::text)
        .unwrap_or_default()
        .to_owned()
}

/// A command as one text, whether it is written as a text or as a list.
fn command(node: Option<&Node>) -> String {
    let Some(node) = node else {
        return String::new();
    };
    node.text().map_or_else(
        || {
            let parts: Vec<&str> = node.items().iter().filter_map(Node::text).collect();
            parts.join(" ")
        },
        str::to_owned,
    )
}

/// The last stage of a file that builds an image is what runs.
fn image(path: &str, text: &str, project: &str) -> Option<DeployUnit> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = folder.rsplit('/').next().filter(|f| !f.is_empty());
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut unit = DeployUnit {
        name: folder.unwrap_or(project).to_owned(),
        kind: "image".to_owned(),
        at: format!("{path}:1"),
        ..DeployUnit::default()
    };
    if let Some((_, variant)) = file
        .split_once('.')
        .filter(|(stem, _)| stem.eq_ignore_ascii_case("dockerfile"))
    {
        unit.name = format!("{} ({variant})", unit.name);
    }
    let mut built = false;
    let mut named: Vec<(String, String)> = Vec::new();
    // A line that ends in a backslash goes on.
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        let (word, rest) = line
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or_default();
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => {
                built = true;
                let image = rest.split_whitespace().find(|part| !part.starts_with("--"));
                unit.from = image.unwrap_or_default().to_owned();
                unit.ports.clear();
                unit.user.clear();
                unit.starts.clear();
            }
            "EXPOSE" => unit
                .ports
                .extend(rest.split_whitespace().map(str::to_owned)),
            // `ENV user node` and `ENV user=node`.
            "ENV" | "ARG" => {
                let pair = rest.split_once(['=', ' ']);
                named.extend(pair.map(|(name, value)| {
                    let value = value.trim().trim_matches(['"', '\'']);
                    (name.trim().to_owned(), value.to_owned())
                }));
            }
            "USER" => {
                let name = rest.trim_start_matches('$').trim_matches(['{', '}']);
                let meant = named.iter().rev().find(|(known, _)| known == name);
                let meant = meant.filter(|_| rest.starts_with('$'));
                unit.user = meant.map_or_else(|| rest.to_owned(), |(_, value)| value.clone());
            }
            "CMD" | "ENTRYPOINT" => {
                let plain = rest.trim_matches(['[', ']']);
                let parts: Vec<&str> = plain
                    .split(',')
                    .map(|part| part.trim().trim_matches('"'))
                    .collect();
                let told = if rest.starts_with('[') {
                    parts.join(" ")
                } else {
                    rest.to_owned()
                };
                unit.starts = format!("{} {told}", unit.starts).trim().to_owned();
            }
            _ => {}
        }
    }
    built.then_some(unit)
}

fn procfile(path: &str, text: &str) -> Vec<DeployUnit> {
    let lines = text.lines().zip(1..);
    lines
        .filter_map(|(line, at)| {
            let (name, command) = line.split_once(':')?;
            let plain = name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            (plain && !name.is_empty()).then(|| DeployUnit {
                name: name.to_owned(),
                kind: "process".to_owned(),
                at: format!("{path}:{at}"),
                starts: command.trim().to_owned(),
                ..DeployUnit::default()
            })
        })
        .collect()
}

fn systemd(path: &str, text: &str) -> Option<DeployUnit> {
    let (line, starts) = setting(text, "ExecStart")?;
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(DeployUnit {
        name: name.trim_end_matches(".service").to_owned(),
        kind: say!("systemd service"),
        at: format!("{path}:{line}"),
        user: setting(text, "User")
            .map(|(_, user)| user)
            .unwrap_or_default(),
        starts,
        ..DeployUnit::default()
    })
}

/// The first line `key = value` of a text, with its number.
fn setting(text: &str, key: &str) -> Option<(usize, String)> {
    text.lines().zip(1..).find_map(|(line, at)| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then(|| (at, value.trim().to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let told: Vec<String> = read(path, text, "shop")
            .into_iter()
            .map(|u| {
                format!(
                    "{} | {} | {} | {} | {} | {} | {}",
                    u.name,
                    u.kind,
                    u.at,
                    u.from,
                    u.ports.join(" "),
                    u.user,
                    u.starts
                )
            })
            .collect();
        assert_eq!(told, expected, "{path}");
    }

    #[test]
    fn commands_keep_their_secrets() {
        for (written, shown) in [
            (
                "redis-server --requirepass hunter2 --port 1",
                "redis-server --requirepass … --port 1",
            ),
            (
                "app DB_PASSWORD=hunter2 --dsn=pg://u:p@db/x",
                "app DB_PASSWORD=… --dsn=pg://…@db/x",
            ),
            ("node server.js", "node server.js"),
        ] {
            assert_eq!(masked(written), shown);
        }
    }

    #[test]
    fn what_only_writers_start_is_known() {
        for (path, tries) in [
            ("docker-compose.yml:2", false),
            ("deploy/docker-compose.yml:2", false),
            (".devcontainer/docker-compose.yml:2", true),
            (".github/compose/docker-compose.yml:2", true),
            ("docker-compose.test.yml:2", true),
            (".gitlab-compose.yml:2", false),
        ] {
            assert_eq!(for_writers(path), tries, "{path}");
        }
    }

    #[test]
    fn units_are_read() {
        check(
            "api/Dockerfile",
            "FROM node:22\nENV RUNS node\nUSER $RUNS\nCMD node x.js\n",
            &["api | image | api/Dockerfile:1 | node:22 |  | node | node x.js"],
        );
        check(
            "Dockerfile",
            "FROM node:22 AS build\nUSER root\nRUN npm ci\nFROM --platform=linux/amd64 node:22-slim\nEXPOSE 3000\nUSER node\nCMD [\"node\", \"server.js\"]\n",
            &["shop | image | Dockerfile:1 | node:22-slim | 3000 | node | node server.js"],
        );
        check("api/Dockerfile.dev", "# nothing\n", &[]);
        check(
            "docker-compose.yml",
            "services:\n  web:\n    build: .\n    ports:\n      - \"80:3000\"\n  db:\n    image: postgres:16\n",
            &[
                "web | compose service | docker-compose.yml:2 | . | 80:3000 |  | ",
                "db | compose service | docker-compose.yml:6 | postgres:16 |  |  | ",
            ],
        );
        check(
            "k8s/api.yaml",
            "kind: Service\nmetadata:\n  name: api\n---\nkind: Deployment\nmetadata:\n  name: api\nspec:\n  template:\n    spec:\n      securityContext:\n        runAsNonRoot: true\n      containers:\n        - image: shop/api:1.4\n          ports:\n            - containerPort: 3000\n",
            &["api | Deployment | k8s/api.yaml:5 | shop/api:1.4 | 3000 | not root | "],
        );
        check("k8s/helm.yaml", "kind: {{ .Values.kind }}\n", &[]);
        check(
            "Procfile",
            "web: gunicorn shop.wsgi\n# no\nworker: celery -A shop\n",
            &[
                "web | process | Procfile:1 |  |  |  | gunicorn shop.wsgi",
                "worker | process | Procfile:3 |  |  |  | celery -A shop",
            ],
        );
        check(
            "serverless.yml",
            "provider:\n  name: aws\nfunctions:\n  pay:\n    handler: src/pay.handler\n",
            &["pay | function | serverless.yml:4 |  |  |  | src/pay.handler"],
        );
        check(
            "ops/api.service",
            "[Service]\nUser=shop\nExecStart=/usr/bin/node server.js\n",
            &["api | systemd service | ops/api.service:3 |  |  | shop | /usr/bin/node server.js"],
        );
    }
}
