//! Dockerfiles: as whom the last image that one builds runs.

use crate::{MAX_BYTES, lines, span};
use casemate_ir::Span;

/// Images that run as root where nothing says otherwise, by the names of their publishers. Others may name a user of their own.
const ROOT: &[&str] = &[
    "alpine",
    "almalinux",
    "amazoncorretto",
    "amazonlinux",
    "buildpack-deps",
    "busybox",
    "centos",
    "debian",
    "eclipse-temurin",
    "elixir",
    "fedora",
    "golang",
    "node",
    "openjdk",
    "oven/bun",
    "perl",
    "php",
    "pypy",
    "python",
    "rockylinux",
    "ruby",
    "rust",
    "ubuntu",
];

/// Where the official images are mirrored.
const MIRRORS: &[&str] = &[
    "docker.io/library/",
    "docker.io/",
    "library/",
    "public.ecr.aws/docker/library/",
    "mirror.gcr.io/library/",
];

/// Programs by which a start script becomes another user.
const DROPS: &[&str] = &[
    "gosu",
    "su-exec",
    "setpriv",
    "runuser",
    "setuidgid",
    "chpst",
    "s6-overlay",
    "supervisor",
    "--user",
    "--uid",
];

/// The last image of a Dockerfile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// What it is made from, as the Dockerfile names it.
    pub base: String,
    /// As whom it runs.
    pub user: User,
    /// It says what runs when it is started.
    pub runs: bool,
    /// Where its user is said; otherwise where it begins.
    pub place: Span,
}

/// As whom an image runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum User {
    /// The superuser.
    Root,
    /// Somebody else.
    Other,
    /// Whoever the image before it names, a variable, or whom a start script becomes.
    Unknown,
}

#[derive(Clone, Default)]
struct Stage {
    name: String,
    base: String,
    place: Span,
    user: Option<(User, Span)>,
    runs: bool,
    drops: bool,
}

/// Reads a Dockerfile; nothing if it builds no image.
#[must_use]
pub fn read(text: &str) -> Option<Image> {
    let mut stages: Vec<Stage> = Vec::new();
    for (keyword, rest, place) in instructions(text) {
        if keyword == "FROM" {
            stages.push(from(&rest, place, &stages));
            continue;
        }
        let Some(stage) = stages.last_mut() else {
            continue;
        };
        match keyword.as_str() {
            "USER" => stage.user = Some((user(&rest), place)),
            "CMD" | "ENTRYPOINT" => stage.runs = true,
            _ => {}
        }
        stage.drops |= DROPS.iter().any(|program| rest.contains(program));
    }
    let stage = stages.pop()?;
    let (user, place) = stage.user.unwrap_or((User::Unknown, stage.place));
    Some(Image {
        base: stage.base,
        user: if stage.drops && user == User::Root {
            User::Unknown
        } else {
            user
        },
        runs: stage.runs,
        place,
    })
}

/// A new stage, which goes on where the one that it names has ended.
fn from(rest: &str, place: Span, stages: &[Stage]) -> Stage {
    let words: Vec<&str> = rest
        .split_whitespace()
        .filter(|word| !word.starts_with("--"))
        .collect();
    let base = words.first().copied().unwrap_or_default();
    let name = match words.get(1..3) {
        Some([word, name]) if word.eq_ignore_ascii_case("as") => name.to_lowercase(),
        _ => String::new(),
    };
    let before = stages
        .iter()
        .rev()
        .find(|stage| !stage.name.is_empty() && stage.name == base.to_lowercase());
    match before {
        Some(before) => Stage {
            name,
            place,
            ..before.clone()
        },
        None => Stage {
            name,
            base: base.to_owned(),
            place,
            user: runs_as_root(base).then_some((User::Root, place)),
            ..Stage::default()
        },
    }
}

fn runs_as_root(base: &str) -> bool {
    let path = base.split('@').next().unwrap_or(base);
    let path = match path.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => path,
    };
    let name = MIRRORS
        .iter()
        .find_map(|mirror| path.strip_prefix(mirror))
        .unwrap_or(path);
    ROOT.contains(&name)
}

fn user(rest: &str) -> User {
    let name = rest.trim().split(':').next().unwrap_or_default();
    match name {
        "root" | "0" => User::Root,
        _ if name.is_empty() || name.contains('$') => User::Unknown,
        _ => User::Other,
    }
}

/// The instructions with what stands behind the keyword, lines that go on joined, and the place of the first line.
fn instructions(text: &str) -> Vec<(String, String, Span)> {
    let mut found: Vec<(String, String, Span)> = Vec::new();
    if text.len() > MAX_BYTES {
        return found;
    }
    let mut goes_on = false;
    let mut document: Option<String> = None;
    for (start, line) in lines(text) {
        if let Some(end) = &document {
            if line.trim() == end {
                document = None;
            }
            continue;
        }
        let bare = line.trim();
        if bare.starts_with('#') || bare.is_empty() {
            continue;
        }
        let (part, more) = match bare.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (bare, false),
        };
        match found.last_mut() {
            Some((_, rest, _)) if goes_on => {
                rest.push(' ');
                rest.push_str(part);
            }
            _ => {
                let (keyword, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
                let indent = line.len() - line.trim_start().len();
                let place = span(start + indent, start + line.trim_end().len());
                found.push((keyword.to_uppercase(), rest.to_owned(), place));
            }
        }
        goes_on = more;
        if let Some((_, marked)) = part.split_once("<<") {
            let word = marked.trim_start_matches('-').split_whitespace().next();
            let end = word.map(|w| w.trim_matches(['"', '\'']).to_owned());
            document = end.filter(|e| e.starts_with(|c: char| c.is_alphabetic() || c == '_'));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_whom_the_last_image_runs() {
        for (text, user, place) in [
            ("FROM node:24\nCMD [\"node\"]\n", User::Root, "FROM node:24"),
            ("FROM node:24\nUSER node\nCMD x", User::Other, "USER node"),
            (
                "FROM node:24\nUSER node\nUSER 0:0\nCMD x",
                User::Root,
                "USER 0:0",
            ),
            ("FROM ours/base:1\nCMD x", User::Unknown, "FROM ours/base:1"),
            (
                "FROM node AS base\nUSER node\nFROM base\nCMD x",
                User::Other,
                "USER node",
            ),
            (
                "FROM node AS base\nUSER node\nFROM python\nCMD x",
                User::Root,
                "FROM python",
            ),
            ("FROM node\nUSER $UID\nCMD x", User::Unknown, "USER $UID"),
            (
                "FROM node\nRUN apt-get install \\\n  gosu\nENTRYPOINT [\"/start.sh\"]",
                User::Unknown,
                "FROM node",
            ),
            (
                "FROM --platform=linux/amd64 docker.io/library/python:3@sha256:1 as x\nCMD x",
                User::Root,
                "FROM --platform=linux/amd64 docker.io/library/python:3@sha256:1 as x",
            ),
            (
                "FROM localhost:5000/node\nCMD x",
                User::Unknown,
                "FROM localhost:5000/node",
            ),
            (
                "FROM node\nRUN <<EOF\nUSER node\nEOF\nCMD x",
                User::Root,
                "FROM node",
            ),
            (
                "# comment\nfrom node\nRUN a \\\n # between\n && b\nuser app\ncmd x",
                User::Other,
                "user app",
            ),
        ] {
            let image = read(text).unwrap();
            let at = &text[image.place.start as usize..image.place.end as usize];
            assert_eq!((image.user, at, image.runs), (user, place, true), "{text}");
        }
    }

    #[test]
    fn what_is_no_service() {
        assert!(!read("FROM node\nRUN npm test").unwrap().runs);
        assert_eq!(read("# nothing\nUSER x"), None);
        assert_eq!(read(""), None);
        for odd in [
            "FROM",
            "FROM \\",
            "FROM a as",
            "\u{0}\u{1}",
            "RUN <<",
            "FROM x\nUSER",
        ] {
            let _ = read(odd);
        }
    }
}
