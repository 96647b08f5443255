//! Files that say what is deployed and that no reader takes for more: compose, processes, functions, units of systemd. Images and
//! objects of Kubernetes are types of files.

/// Files that say what is deployed, by their whole name.
const NAMES: [&str; 11] = [
    "procfile",
    "serverless.yml",
    "serverless.yaml",
    "template.yaml",
    "template.yml",
    "fly.toml",
    "app.yaml",
    "app.yml",
    "render.yaml",
    "vercel.json",
    "ecosystem.config.json",
];

/// Whether a file of this path says what is deployed.
#[must_use]
pub fn is_deployment(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let name = lower
        .rsplit_once('/')
        .map_or(lower.as_str(), |(_, name)| name);
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let compose = yaml && (name.starts_with("docker-compose") || name.starts_with("compose."));
    compose || name.ends_with(".service") || NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_deployed() {
        for yes in [
            "docker-compose.prod.yml",
            "compose.yaml",
            "ops/systemd/api.service",
            "Procfile",
        ] {
            assert!(is_deployment(yes), "{yes}");
        }
        for no in [
            "src/user.service.ts",
            "config/app.json",
            "docs/api.yaml",
            "dockerfile-notes.md",
        ] {
            assert!(!is_deployment(no), "{no}");
        }
    }
}
