//! A request that shows a finding: the endpoint, and a harmless value where the source is read.

use crate::assessment::Endpoint;
use crate::fields;
use crate::retest::percent;

/// A value that makes a weakness visible without harm, by sink kind or its parent.
const PROBES: &[(&str, &str)] = &[
    ("sql", "' OR '1'='1"),
    ("nosql", "{\"$ne\": null}"),
    ("command.argument", "--version"),
    ("command", "; id"),
    ("code.stored", "1 || true"),
    ("code.quoted", "' || '1'=='1"),
    ("code", "process.version"),
    ("template", "{{7*7}}"),
    ("path", "../../../../etc/hostname"),
    ("url", "http://169.254.169.254/"),
    ("redirect", "https://example.org/"),
    ("html.url", "javascript:alert(1)"),
    ("html", "<img src=x onerror=alert(1)>"),
    ("header", "x\r\nSet-Cookie: probe=1"),
    ("log", "x\nprobe: a second line"),
    ("ldap", "*)(objectClass=*"),
    ("xpath", "' or '1'='1"),
    ("regex", "(a+)+$"),
    ("proto", "__proto__"),
    ("merge", "{\"__proto__\": {\"probe\": 1}}"),
    (
        "xml",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/hostname\">]><x>&e;</x>",
    ),
    ("deserialize", "{\"rce\":\"_$$ND_FUNC$$_function(){}()\"}"),
    ("allocation", "1000000000"),
    ("method", "constructor"),
    ("mail.header", "a@example.org\r\nBcc: b@example.org"),
];

/// What is read of a request.
pub(crate) struct Read<'a> {
    /// The kind of source: `http.body` …
    pub kind: &'a str,
    /// As an expression: `req.query.id`.
    pub source: &'a str,
    /// What a request calls it, where the code says so beside it.
    pub asked: Option<&'a str>,
    /// The line of code that reads it.
    pub line: &'a str,
    /// That line is Python.
    pub python: bool,
    /// Bodies are read as forms there, and in no other way.
    pub forms: bool,
}

/// Where a request says a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Spoken {
    /// A parameter of the query; its name may not be known.
    Query(Option<String>),
    /// A parameter of the path.
    Path(String),
    /// A field of a form.
    Form(String),
    /// A field of a JSON body, or all of it.
    Json(Option<String>),
    /// A header.
    Header(String),
    /// A cookie.
    Cookie(String),
}

/// Where a request to an endpoint says what is read. Absent where that is not known.
pub(crate) fn spoken(endpoint: &Endpoint, read: &Read<'_>) -> Option<Spoken> {
    let source = read.source;
    let path = endpoint.path.as_deref()?;
    let name = read.asked.or_else(|| last_name(source));
    let name = name.or_else(|| asked_for(source, read.line));
    let name = name.map(str::to_owned);
    match read.kind {
        // Of an address as a whole the query is a part, of its host or path it is none.
        "http.url" if name.is_some() => None,
        // Frameworks that fill parameters by their types fill those of a class from the body.
        "http.query" if read.python && is_member(source) && sends_body(endpoint) => {
            Some(Spoken::Json(name))
        }
        "http.query" | "http.url" => Some(Spoken::Query(name)),
        "http.path" => {
            let name = name.filter(|n| parameter(path, n).is_some())?;
            Some(Spoken::Path(name))
        }
        "http.body" if read.forms => Some(Spoken::Form(name?)),
        "http.body" if FORMS.iter().any(|form| reads(source, form)) => Some(Spoken::Form(name?)),
        "http.body" => Some(Spoken::Json(name)),
        "http.header" => Some(Spoken::Header(name?)),
        "http.cookie" => Some(Spoken::Cookie(name?)),
        _ => None,
    }
}

/// The names that a handler reads of the same body beside what is read there.
pub(crate) fn beside(handler: &str, read: &Read<'_>) -> Vec<String> {
    if read.kind != "http.body" {
        return Vec::new();
    }
    let source = read.source.trim_end_matches([')', ']']);
    let (root, known) = match last_name(source) {
        Some(name) => {
            let root = source.strip_suffix(&['\'', '"'][..]).unwrap_or(source);
            let root = root.strip_suffix(name).unwrap_or_default();
            (root.trim_end_matches(['.', '[', '(', '\'', '"', '?']), name)
        }
        None => (
            read.source,
            asked_for(read.source, read.line).unwrap_or_default(),
        ),
    };
    if root.is_empty() {
        // It was taken out of the body before.
        let all = fields::of(handler).map_or_else(Vec::new, |body| body.names);
        let known = all.iter().position(|name| name == known);
        let mut rest = all;
        return known.map_or_else(Vec::new, |at| {
            rest.remove(at);
            rest
        });
    }
    fields::beside(handler, root, known)
}

/// The request, in HTTP's own form, with what else of its body is read `beside` the value. Absent where the endpoint or what is sent is not known.
pub(crate) fn request(
    endpoint: &Endpoint,
    read: &Read<'_>,
    sink_kind: &str,
    beside: &[String],
) -> Option<String> {
    let path = endpoint.path.as_deref()?;
    // An address as a whole begins with its host; what is put into its query leads nowhere.
    if read.kind == "http.url" && ["redirect", "url", "path", "html.url"].contains(&sink_kind) {
        return None;
    }
    let probe = probe(sink_kind, read.python)?;
    let method = if matches!(endpoint.method.as_str(), "" | "ALL" | "USE" | "*") {
        "GET"
    } else {
        endpoint.method.split(',').next()?
    };
    let line = |path: &str| format!("{method} {} HTTP/1.1\nHost: localhost", filled(path));
    Some(match spoken(endpoint, read)? {
        // A parameter whose name is not known; of a query as a whole any name will do.
        Spoken::Query(None) if read.source.ends_with("(…)") => return None,
        Spoken::Query(name) => {
            let name = name.as_deref().unwrap_or("q");
            let separator = if query_at(path).is_some() { '&' } else { '?' };
            let value = if probe.starts_with("{\"$") {
                format!("{name}[$ne]=")
            } else {
                format!("{name}={}", percent(probe))
            };
            line(&format!("{path}{separator}{value}"))
        }
        Spoken::Path(name) => line(&path.replacen(parameter(path, &name)?, &percent(probe), 1)),
        Spoken::Form(name) => {
            let others = beside.iter().filter(|other| **other != name);
            let others: String = others
                .map(|other| format!("&{other}={}", percent(fields::honest(other))))
                .collect();
            format!(
                "{}\nContent-Type: application/x-www-form-urlencoded\n\n{name}={}{others}",
                line(path),
                percent(probe)
            )
        }
        Spoken::Json(name) => {
            let is_object = probe.starts_with('{') && sink_kind != "template";
            let value = if is_object {
                probe.to_owned()
            } else {
                quoted(probe)
            };
            let body = name.map_or_else(
                || value.clone(),
                |name| {
                    let others = beside.iter().filter(|other| **other != name);
                    let others: String = others
                        .map(|other| format!(", \"{other}\": {}", quoted(fields::honest(other))))
                        .collect();
                    format!("{{\"{name}\": {value}{others}}}")
                },
            );
            format!("{}\nContent-Type: application/json\n\n{body}", line(path))
        }
        Spoken::Header(name) => format!("{}\n{name}: {}", line(path), one_line(probe)),
        Spoken::Cookie(name) => format!("{}\nCookie: {name}={}", line(path), percent(probe)),
    })
}

/// `wanted.name`, of a parameter that is no request.
fn is_member(source: &str) -> bool {
    source.split_once('.').is_some_and(|(root, name)| {
        let plain = |part: &str| part.chars().all(|c| c.is_alphanumeric() || c == '_');
        plain(root) && plain(name) && !["request", "req", "self"].contains(&root)
    })
}

fn sends_body(endpoint: &Endpoint) -> bool {
    ["POST", "PUT", "PATCH"].contains(&endpoint.method.as_str())
}

/// A parameter of a path, as it is written there: `:id`, `<id>`, `<int:id>`, `{id}`, `{id:int}`.
fn parameter<'p>(path: &'p str, name: &str) -> Option<&'p str> {
    path.match_indices(name).find_map(|(at, _)| {
        let (before, after) = (path.get(..at)?, path.get(at + name.len()..)?);
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        if before.ends_with(plain) || after.starts_with(plain) {
            return None;
        }
        let part = before.rsplit('/').next().unwrap_or(before);
        let opened = part
            .rfind(['<', '{'])
            .map(|open| before.len() - part.len() + open);
        match opened {
            Some(open) => {
                let close = after.find(['>', '}'])?;
                path.get(open..=at + name.len() + close)
            }
            None => before
                .ends_with(':')
                .then(|| path.get(at - 1..at + name.len()))?,
        }
    })
}

/// The names of the parameters of a path.
pub(crate) fn parameters(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| {
        if let Some(name) = part.strip_prefix(':') {
            return Some(name);
        }
        let inner = part.strip_prefix(['<', '{'])?.strip_suffix(['>', '}'])?;
        Some(match inner.split_once(':') {
            Some((_, name)) if part.starts_with('<') => name,
            Some((name, _)) => name,
            None => inner,
        })
    })
}

/// Where the query of an address begins; `{?}` is a part of a path that is not known.
fn query_at(path: &str) -> Option<usize> {
    let mut marks = path.match_indices('?').map(|(at, _)| at);
    marks.find(|at| path.get(at.saturating_sub(1)..*at) != Some("{"))
}

/// Expressions that stand for the fields of a form.
const FORMS: [&str; 3] = ["request.form", "request.POST", "self.request.POST"];

/// Whether an expression is this one or a part of it.
fn reads(source: &str, of: &str) -> bool {
    let rest = source.strip_prefix(of);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '(']))
}

/// The name by which a line asks for a part of an expression: `user` of `request.form.get('user')` and `request.form['user']`.
fn asked_for<'a>(source: &str, line: &'a str) -> Option<&'a str> {
    let after = line.split_once(source).filter(|_| !source.is_empty())?.1;
    let after = [".getlist(", ".get(", "["]
        .iter()
        .find_map(|open| after.strip_prefix(open))?;
    let quote = after.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let name = after.get(1..)?.split(quote).next()?;
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    (plain && !name.is_empty()).then_some(name)
}

/// A path with something in the place of each parameter: `/users/:id` → `/users/1`, `/f/:name.:form` → `/f/1.1`, `/f/*` → `/f/x`.
/// What is not known of it (`{?}`) stays.
fn filled(path: &str) -> String {
    let is_parameter = |part: &str| {
        let inner = |open, close| {
            let inner = part.strip_prefix(open)?.strip_suffix(close)?;
            (inner != "?").then_some(())
        };
        let name = |rest: &str| rest.chars().all(|c| c.is_alphanumeric() || c == '_');
        part.strip_prefix(':').is_some_and(name)
            || inner('<', '>').or_else(|| inner('{', '}')).is_some()
    };
    let (path, query) = path.split_at(query_at(path).unwrap_or(path.len()));
    let parts = path.split('/');
    let parts: Vec<String> = parts
        .map(|part| {
            let pieces = part.split('.').map(|piece| match piece {
                "*" => "x",
                piece if is_parameter(piece) => "1",
                piece => piece,
            });
            pieces.collect::<Vec<_>>().join(".")
        })
        .collect();
    format!("{}{query}", parts.join("/"))
}

fn probe(sink_kind: &str, python: bool) -> Option<&'static str> {
    let covers = |name: &str| {
        sink_kind
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if python {
        let found = OF_PYTHON.iter().find(|(name, _)| covers(name));
        if let Some((_, probe)) = found {
            return *probe;
        }
    }
    PROBES
        .iter()
        .find(|(name, _)| covers(name))
        .map(|(_, probe)| *probe)
}

/// The kind of sink by which a probe is chosen: program text that a store runs (`$where`) sees no objects of the process, and
/// may stand between quotes. `lines`: the code on the way.
pub(crate) fn kind_of<'k>(sink_kind: &'k str, lines: &[&str]) -> &'k str {
    let stored = lines.iter().find(|line| line.contains("$where"));
    match stored.filter(|_| sink_kind == "code") {
        Some(line) if line.contains("'${") || line.contains("'\"") || line.contains("\"'") => {
            "code.quoted"
        }
        Some(_) => "code.stored",
        None => sink_kind,
    }
}

/// What shows it in Python; nothing where only bytes do.
const OF_PYTHON: &[(&str, Option<&str>)] = &[
    ("code", Some("__import__('platform').python_version()")),
    ("deserialize", None),
    ("method", Some("__class__")),
];

/// What gives the whole body of a request.
const WHOLE_BODIES: [&str; 6] = ["data", "json", "rawBody", "get_data", "get_json", "text"];

/// `id` of `req.query.id`, of `req.query['id']`, of `req.get('id')`, of a destructured `id`; nothing for `req.body` itself.
fn last_name(source: &str) -> Option<&str> {
    let source = source.trim_end_matches([')', ']']);
    let mut parts = source.rsplit(['.', '[', '(']);
    let last = parts.next()?.trim_matches(['\'', '"', '`']);
    // `req.url` is a part of every request, `req.query.url` what this one asks for.
    let asked = [
        "query", "body", "params", "cookies", "headers", "args", "form", "GET", "POST", "values",
    ];
    let inner = parts.next().is_some_and(|before| asked.contains(&before));
    let whole = [
        "body",
        "query",
        "params",
        "headers",
        "cookies",
        "url",
        "originalUrl",
        "files",
        "file",
        "args",
        "form",
        "values",
        "GET",
        "POST",
        "search",
        "querystring",
    ];
    let plain = last
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    // All of what `request` holds, and no field of it.
    let called = source.trim_end_matches('(');
    let of_request = ["request.", "req."]
        .iter()
        .find_map(|root| called.strip_prefix(root));
    if of_request.is_some_and(|name| WHOLE_BODIES.contains(&name)) {
        return None;
    }
    (plain && !last.is_empty() && (inner || !whole.contains(&last))).then_some(last)
}

fn quoted(value: &str) -> String {
    serde_json::Value::String(value.to_owned()).to_string()
}

fn one_line(value: &str) -> String {
    value.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(method: &str, path: &str) -> Endpoint {
        Endpoint {
            method: method.into(),
            path: Some(path.into()),
            ..Endpoint::default()
        }
    }

    #[test]
    fn requests() {
        let read = |kind, source, line| Read {
            kind,
            source,
            asked: None,
            line,
            python: false,
            forms: false,
        };
        let get = |path, kind, source, sink| {
            request(&endpoint("GET", path), &read(kind, source, ""), sink, &[])
        };
        assert_eq!(
            get("/users", "http.query", "req.query.name", "sql").unwrap(),
            "GET /users?name=%27%20OR%20%271%27%3D%271 HTTP/1.1\nHost: localhost"
        );
        assert_eq!(
            get("/f/:name", "http.path", "req.params.name", "path.read")
                .unwrap()
                .lines()
                .next()
                .unwrap(),
            "GET /f/..%2F..%2F..%2F..%2Fetc%2Fhostname HTTP/1.1"
        );
        assert_eq!(
            get("/u", "http.query", "req.query['id']", "nosql")
                .unwrap()
                .lines()
                .next()
                .unwrap(),
            "GET /u?id[$ne]= HTTP/1.1"
        );
        let post = request(
            &endpoint("POST", "/login"),
            &read("http.body", "req.body.user", ""),
            "nosql",
            &["user".to_owned(), "password".to_owned()],
        )
        .unwrap();
        assert!(
            post.ends_with("\n\n{\"user\": {\"$ne\": null}, \"password\": \"Correct-horse-7\"}"),
            "{post}"
        );
        assert_eq!(
            get("/f/*", "http.path", "req.params.name", "path.read"),
            None
        );
        assert_eq!(get("/x", "store", "row.name", "html.text"), None);
        let typed = get("/a/<int:id>/b", "http.path", "id", "sql").unwrap();
        assert!(
            typed.starts_with("GET /a/%27%20OR%20%271%27%3D%271/b "),
            "{typed}"
        );
        assert_eq!(get("/a/:idea", "http.path", "req.params.id", "sql"), None);
        // The host is not in the query, and forms are no JSON.
        assert_eq!(get("/x", "http.url", "ctx.hostname", "redirect"), None);
        assert_eq!(get("/x", "http.url", "ctx.originalUrl", "redirect"), None);
        assert!(get("/x", "http.url", "ctx.originalUrl", "html.text").is_some());
        let form = |line| {
            let read = read("http.body", "request.form", line);
            request(&endpoint("POST", "/users"), &read, "sql", &[])
        };
        assert_eq!(
            form("name = request.form.get('name')").unwrap(),
            "POST /users HTTP/1.1\nHost: localhost\nContent-Type: application/x-www-form-urlencoded\n\nname=%27%20OR%20%271%27%3D%271"
        );
        assert_eq!(form("save(request.form)"), None);
        // What parses forms alone reads no JSON.
        let parsed = Read {
            forms: true,
            ..read("http.body", "req.body.name", "")
        };
        let asked = request(
            &endpoint("POST", "/users"),
            &parsed,
            "sql",
            &["mail".to_owned()],
        )
        .unwrap();
        assert!(asked.contains("x-www-form-urlencoded\n\nname="), "{asked}");
        assert!(asked.ends_with("&mail=a%40example.org"), "{asked}");
        for (path, line) in [
            ("/a/:id/b", "GET /a/1/b?q=1"),
            ("/a/<int:id>", "GET /a/1?q=1"),
            ("/{?}/a/{id}", "GET /{?}/a/1?q=1"),
            ("/f/:name.:form/*", "GET /f/1.1/x?q=1"),
        ] {
            let asked = get(path, "http.query", "req.query.q", "allocation").unwrap();
            assert!(
                asked.starts_with(&line.replace("q=1", "q=1000000000")),
                "{asked}"
            );
        }
        assert!(
            get("/p", "http.query", "req.query.q", "html.url")
                .unwrap()
                .contains("javascript%3A")
        );
    }

    #[test]
    fn program_text_of_a_store_is_left_by_its_quotes() {
        let quoted = "$where: `this.userId == ${id} && this.stocks > '${threshold}'`";
        assert_eq!(kind_of("code", &["x", quoted]), "code.quoted");
        let bare = "$where: `this.stocks > ${threshold}`";
        assert_eq!(kind_of("code", &[bare]), "code.stored");
        assert_eq!(kind_of("code", &["eval(x)"]), "code");
        assert_eq!(kind_of("sql", &[bare]), "sql");
        assert_eq!(probe("code.quoted", false), Some("' || '1'=='1"));
    }

    #[test]
    fn python_is_shown_python() {
        let read = Read {
            kind: "http.query",
            source: "request.args.code",
            asked: None,
            line: "",
            python: true,
            forms: false,
        };
        let asked = |sink| request(&endpoint("GET", "/x"), &read, sink, &[]);
        assert!(asked("code").unwrap().contains("__import__"));
        assert_eq!(asked("deserialize"), None);
        let member = Read {
            source: "wanted.name",
            ..read
        };
        let post = request(&endpoint("POST", "/x"), &member, "sql", &[]).unwrap();
        assert!(post.ends_with("{\"name\": \"' OR '1'='1\"}"), "{post}");
        assert!(asked("sql").is_some());
    }

    #[test]
    fn names() {
        for (source, name) in [
            ("req.query.id", Some("id")),
            ("req.headers['x-user']", Some("x-user")),
            ("req.get('host')", Some("host")),
            ("req.body", None),
            ("request.data", None),
            ("request.get_json()", None),
            ("request.json['data']", Some("data")),
            ("form.data", Some("data")),
            ("req.url", None),
            ("req.query.url", Some("url")),
            ("userName", Some("userName")),
            ("req.query[key]", Some("key")),
        ] {
            assert_eq!(last_name(source), name, "{source}");
        }
    }
}
