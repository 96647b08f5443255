//! The parameter of a handler that a request fills, read off the handler's head: the engine says that one of them is, and not which.

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Filled<'t> {
    /// Its name in the code.
    pub name: &'t str,
    /// What a request calls it, where a decorator says so.
    pub asked: Option<&'t str>,
}

/// Decorators of Nest and its like, by the kind of source whose part they take.
const DECORATORS: [(&str, &str); 6] = [
    ("http.query", "Query"),
    ("http.path", "Param"),
    ("http.body", "Body"),
    ("http.header", "Headers"),
    ("http.cookie", "Cookies"),
    ("http.header", "Header"),
];

/// What FastAPI is told of a parameter, by the kind of source.
const TOLD: [(&str, &str); 6] = [
    ("http.query", "Query("),
    ("http.path", "Path("),
    ("http.body", "Body("),
    ("http.body", "Form("),
    ("http.header", "Header("),
    ("http.cookie", "Cookie("),
];

/// The only parameter that data of a kind can come by. `in_path`: the parameters of the endpoints' paths.
pub(crate) fn filled<'t>(text: &'t str, kind: &str, in_path: &[&str]) -> Option<Filled<'t>> {
    let head = text.trim_start();
    if head.starts_with('@') {
        return decorated(head, kind);
    }
    let name = of_python(head, kind, in_path)?;
    Some(Filled { name, asked: None })
}

/// `@Get('x') find(@Query('word') word: string)`: the decorator says what is taken and by which name.
fn decorated<'t>(head: &'t str, kind: &str) -> Option<Filled<'t>> {
    let (_, _, parts) = parameters(after_decorators(head))?;
    let wanted: Vec<&str> = DECORATORS
        .iter()
        .filter(|(of, _)| *of == kind)
        .map(|(_, name)| *name)
        .collect();
    let mut taken = parts.into_iter().filter_map(|part| {
        let rest = part.trim_start().strip_prefix('@')?;
        let (decorator, rest) = rest.split_once('(')?;
        let close = closing(rest)?;
        let first = rest.get(..close)?.split(',').next()?.trim();
        let asked = first
            .strip_prefix(['\'', '"'])
            .and_then(|text| text.strip_suffix(['\'', '"']));
        let after = after_decorators(rest.get(close + 1..)?);
        let name = after.split([':', '=', '?']).next()?.trim();
        (wanted.contains(&decorator) && is_name(name)).then_some(Filled { name, asked })
    });
    let only = taken.next()?;
    taken.next().is_none().then_some(only)
}

/// What stands behind decorators with arguments.
fn after_decorators(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(decorator) = rest.strip_prefix('@') {
        let end = decorator.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
        let Some(after) = end.and_then(|at| decorator.get(at..)) else {
            return "";
        };
        rest = match after.strip_prefix('(') {
            Some(inner) => {
                let behind = closing(inner).and_then(|close| inner.get(close + 1..));
                behind.unwrap_or_default().trim_start()
            }
            None => after.trim_start(),
        };
    }
    rest
}

/// Of a function of Python: the instance, and what other functions give, are no part of a request.
fn of_python<'t>(head: &'t str, kind: &str, in_path: &[&str]) -> Option<&'t str> {
    let head = head.strip_prefix("async ").unwrap_or(head);
    let (name, after, parts) = parameters(head.strip_prefix("def ").unwrap_or(head))?;
    // A call looks alike up to here.
    if !is_name(name) || !(after.starts_with(':') || after.starts_with("->")) {
        return None;
    }
    let mut names = parts.iter().filter_map(|part| {
        let name = part.split([':', '=']).next()?.trim();
        let given = part.contains("Depends(") || part.contains("Security(");
        let told = TOLD.iter().find(|(_, word)| part.contains(word));
        let of_kind = told.is_none_or(|(of, _)| *of == kind);
        let of_path = match kind {
            _ if in_path.is_empty() => true,
            "http.path" => in_path.contains(&name),
            _ => !in_path.contains(&name),
        };
        let others = ["self", "cls", "request", "response", ""];
        let filled = !given && of_kind && of_path && is_name(name) && !others.contains(&name);
        filled.then_some(name)
    });
    let name = names.next()?;
    names.next().is_none().then_some(name)
}

/// The name of a function, what stands behind its parameters, and the parameters.
fn parameters(head: &str) -> Option<(&str, &str, Vec<&str>)> {
    let (name, given) = head.split_once('(')?;
    let close = closing(given)?;
    let inside = given.get(..close)?;
    let after = given.get(close + 1..)?.trim_start();
    let (mut depth, mut starts, mut parts) = (0_u32, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(inside.get(starts..at)?);
                starts = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inside.get(starts..)?);
    Some((name, after, parts))
}

/// Where the bracket closes that stands open before a text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1_u32;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_is_filled() {
        let many =
            "def show(order_id: int, word: str = '', db=Depends(f(1)), who: str = Header()):";
        for (text, kind, in_path, name, asked) in [
            (
                "def go(to: str):\n    return",
                "http.query",
                &[][..],
                Some("to"),
                None,
            ),
            (
                "async def go(\n    self,\n    to: Annotated[str, Query(alias='a, b')] = 'x',\n    db=Depends(f(1)),\n):",
                "http.query",
                &[],
                Some("to"),
                None,
            ),
            ("go(to: str) -> str:", "http.query", &[], Some("to"), None),
            ("go(to)", "http.query", &[], None, None),
            ("def go(a, b):", "http.query", &[], None, None),
            ("def go(request):", "http.query", &[], None, None),
            ("x = 1", "http.query", &[], None, None),
            (many, "http.query", &["order_id"], Some("word"), None),
            (many, "http.path", &["order_id"], Some("order_id"), None),
            (
                "@Get('search')\n  @Header('a', 'b')\n  search(@Query('word', new Trim()) text: string, @Param('id') id: string) {",
                "http.query",
                &[],
                Some("text"),
                Some("word"),
            ),
            (
                "@Post()\n  make(@Body() body: Made)",
                "http.body",
                &[],
                Some("body"),
                None,
            ),
            (
                "@Get()\n  all(@Query('a') a: string, @Query('b') b: string)",
                "http.query",
                &[],
                None,
                None,
            ),
            ("@Get()", "http.query", &[], None, None),
        ] {
            let found = filled(text, kind, in_path);
            assert_eq!(found, name.map(|name| Filled { name, asked }), "{text}");
        }
    }
}
