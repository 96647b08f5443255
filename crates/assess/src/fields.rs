//! What else a handler reads of the body in which a value arrives: a request without it is refused before it comes to the point.

use std::collections::BTreeSet;

/// Names that are told for one request.
const NAMES: usize = 8;

/// The body of a request, as a handler reads it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Body {
    /// It is read as a form, and in no other way.
    pub form: bool,
    /// The names that are asked of it, in the order in which they stand there.
    pub names: Vec<String>,
}

/// Expressions that hold the fields of a form.
const FORMS: [&str; 5] = [
    "request.form",
    "request.POST",
    "self.request.POST",
    "form.cleaned_data",
    "form_data",
];

/// Expressions that hold the fields of any body.
const BODIES: [&str; 9] = [
    "ctx.request.body",
    "req.body",
    "request.body",
    "ctx.input.body",
    "request.get_json",
    "request.json",
    "request.data",
    "await request.json()",
    "json.loads(request.body)",
];

/// What a handler reads of a body. Absent where nothing of one was seen.
pub(crate) fn of(handler: &str) -> Option<Body> {
    let forms = names(handler, &FORMS);
    let bodies = names(handler, &BODIES);
    // The fields of FastAPI's form of a login are those of its standard.
    if handler.contains("OAuth2PasswordRequestForm") {
        return Some(Body {
            form: true,
            names: vec!["username".to_owned(), "password".to_owned()],
        });
    }
    let form = bodies.is_empty() && FORMS.iter().any(|root| handler.contains(root));
    let all = if form { forms } else { bodies };
    (form || !all.is_empty()).then_some(Body { form, names: all })
}

/// The names that stand beside another one of the same expression: of `data` of `data['user']` the others that are asked of `data`.
pub(crate) fn beside(handler: &str, root: &str, known: &str) -> Vec<String> {
    let mut out = names(handler, &[root]);
    out.retain(|name| name != known);
    out
}

/// The names that a text asks of some expressions, or of variables that hold them.
fn names(text: &str, roots: &[&str]) -> Vec<String> {
    let mut held: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
    for line in text.lines() {
        // What stands before a declaration is the head of a function: `async ctx => { const body = …`.
        let declared = ["const ", "let ", "var "].iter();
        let start = declared.filter_map(|kind| line.rfind(kind)).max();
        let line = line.get(start.unwrap_or_default()..).unwrap_or(line);
        let Some((left, right)) = line.split_once('=') else {
            continue;
        };
        let right = right.trim().trim_end_matches(';');
        let right = right.strip_prefix("await ").unwrap_or(right);
        let left = left.trim();
        let name = ["const ", "let ", "var "]
            .iter()
            .find_map(|kind| left.strip_prefix(kind))
            .unwrap_or(left)
            .trim();
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        let whole = roots.iter().any(|root| {
            let rest = right.strip_prefix(root.strip_prefix("await ").unwrap_or(root));
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(" or ") || rest.starts_with('(')
            })
        });
        if whole && !name.is_empty() && name.chars().all(plain) {
            held.push(name.to_owned());
        }
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    for root in &held {
        for (at, _) in text.match_indices(root.as_str()) {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + root.len()..).unwrap_or_default();
            if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '$')) {
                continue;
            }
            found.extend(asked(after).map(|name| (at, name.to_owned())));
            found.extend(unpacked(before, after).map(|name| (at, name)));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    let mut once = BTreeSet::new();
    let names = found.into_iter().map(|(_, name)| name);
    names
        .filter(|name| once.insert(name.clone()))
        .take(NAMES)
        .collect()
}

/// Members of bodies that are no fields of them.
const METHODS: [&str; 22] = [
    "get",
    "getlist",
    "items",
    "keys",
    "values",
    "pop",
    "copy",
    "update",
    "length",
    "map",
    "filter",
    "forEach",
    "toString",
    "to_dict",
    "get_json",
    "decode",
    "hasOwnProperty",
    "constructor",
    "slice",
    "split",
    "dict",
    "setdefault",
];

/// The name that follows an expression: `.get('user')`, `['user']`, `.user`, `?.user`.
fn asked(after: &str) -> Option<&str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$');
    let quoted = [".get(", ".getlist(", ".pop(", "["]
        .iter()
        .find_map(|open| after.strip_prefix(open));
    if let Some(rest) = quoted {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let name = rest.get(1..)?.split(quote).next()?;
        return (!name.is_empty() && name.chars().all(plain)).then_some(name);
    }
    let rest = after
        .strip_prefix("?.")
        .or_else(|| after.strip_prefix('.'))?;
    let end = rest.find(|c| !plain(c) || c == '-').unwrap_or(rest.len());
    let name = rest.get(..end)?;
    let called = rest.get(end..)?.starts_with('(');
    (!name.is_empty() && !called && !METHODS.contains(&name)).then_some(name)
}

/// The names of `const { user, password: word } = req.body`.
fn unpacked(before: &str, after: &str) -> impl Iterator<Item = String> {
    let ends = after.is_empty() || after.starts_with([';', '\n', '\r', ' ', ')', ',']);
    let head = before.trim_end();
    let head = head.strip_suffix("await").map_or(head, str::trim_end);
    let inner = head
        .strip_suffix('=')
        .and_then(|head| head.trim_end().strip_suffix('}'))
        .and_then(|head| head.rsplit_once('{'))
        .map(|(_, inner)| inner)
        .filter(|_| ends);
    let names: Vec<String> = inner
        .into_iter()
        .flat_map(|inner| inner.split(','))
        .filter_map(|part| {
            let name = part.split([':', '=']).next()?.trim();
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
            (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
        })
        .collect();
    names.into_iter()
}

/// An honest value for a field, by its name.
pub(crate) fn honest(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    if name.contains("mail") {
        "a@example.org"
    } else if name.contains("pass") || name.contains("pwd") {
        "Correct-horse-7"
    } else {
        "retest"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(handler: &str) -> Option<(bool, String)> {
        of(handler).map(|body| (body.form, body.names.join(" ")))
    }

    #[test]
    fn bodies_are_read_as_their_handlers_do() {
        for (handler, form, names) in [
            (
                "def login():\n    username = request.form.get('username')\n    password = request.form['password']\n",
                true,
                "username password",
            ),
            (
                "def key():\n    data = request.get_json()\n    if schema(data):\n        make(data['username'], data.get(\"password\"))\n",
                false,
                "username password",
            ),
            (
                "(req, res) => {\n  const { userName, password: word } = req.body;\n  save(req.body.more, req.body.length)\n}",
                false,
                "userName password more",
            ),
            (
                "async ctx => { const body = ctx.request.body\n  login(body.name, body.code) }",
                false,
                "name code",
            ),
            (
                "async def login(form: OAuth2PasswordRequestForm = Depends()): ...",
                true,
                "username password",
            ),
        ] {
            assert_eq!(read(handler), Some((form, names.to_owned())), "{handler}");
        }
        assert_eq!(read("(req, res) => res.end()"), None);
    }

    #[test]
    fn the_others_of_one_expression_are_found() {
        let handler = "key = keygen(data['username'], data['password'])\nlog(metadata['x'])";
        assert_eq!(beside(handler, "data", "username"), ["password"]);
    }
}
