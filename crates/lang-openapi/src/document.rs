//! What an OpenAPI document says of requests: operations, the functions that they name, parameters, security.
//!
//! Source: OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.0>) and Swagger 2.0; the `x-` keys are those of Connexion
//! (<https://connexion.readthedocs.io/en/latest/routing.html>, `…/security.html`).

use crate::yaml::Node;
use casemate_ir::Span;

/// How many references are followed from one place.
const REFERENCES: usize = 8;

/// The methods that may stand below a path.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The keys that name the function which verifies what a scheme asks for.
const VERIFIERS: [&str; 4] = [
    "x-bearerInfoFunc",
    "x-tokenInfoFunc",
    "x-apikeyInfoFunc",
    "x-basicInfoFunc",
];

/// One operation.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    /// In lower case.
    pub method: String,
    /// With what the document puts before all paths.
    pub path: String,
    /// Where it is declared.
    pub span: Span,
    /// The dotted name of the function that answers.
    pub handler: Option<String>,
    /// What is handed over beside the body.
    pub parameters: Vec<Parameter>,
    /// The name under which the body is handed over, and where it is declared.
    pub body: Option<(String, Span)>,
    /// What has to be shown first.
    pub security: Security,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Parameter {
    /// As the document has it.
    pub name: String,
    /// `path`, `query`, `formData`.
    pub place: String,
    /// Where it is declared.
    pub span: Span,
    /// What it may hold.
    pub shape: Shape,
}

/// What a parameter may hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A number or a truth value.
    Number,
    /// A UUID.
    Uuid,
    /// One of these.
    Choice(Vec<String>),
    /// A text that an expression is found in.
    Pattern(String),
    /// Anything.
    Any,
}

/// What a request has to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Security {
    /// Nothing.
    Open,
    /// One of some schemes, each verified by a function or by a server that is asked.
    Schemes(Vec<Verifier>),
    /// Schemes of which the document does not say who verifies them.
    Unknown,
}

/// Who verifies what a scheme asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verifier {
    /// A function, by its dotted name.
    Function(String),
    /// A server that is asked.
    Server,
}

/// All operations of a document, in its order.
#[must_use]
pub fn operations(document: &Node) -> Vec<Operation> {
    let base = base(document);
    let paths = document.get("paths").map(Node::entries).unwrap_or_default();
    let mut found = Vec::new();
    for (path, item) in paths {
        let item = resolved(document, item);
        for (method, operation) in item.entries() {
            let (Some(path), Some(method_name)) = (path.text(), method.text()) else {
                continue;
            };
            if !METHODS.contains(&method_name) {
                continue;
            }
            let here = Here {
                document,
                item,
                operation,
            };
            found.push(Operation {
                method: method_name.to_owned(),
                path: format!("{base}{path}"),
                span: method.span,
                handler: here.handler(),
                parameters: here.parameters(),
                body: here.body(),
                security: here.security(),
            });
        }
    }
    found
}

/// What stands before all paths.
fn base(document: &Node) -> String {
    let server = || {
        let servers = document.get("servers")?.items();
        let url = servers.first()?.get("url")?.text()?;
        Some(match url.split_once("://") {
            Some((_, rest)) => rest
                .find('/')
                .map_or("", |at| rest.get(at..).unwrap_or_default()),
            None => url,
        })
    };
    let base = document.get("basePath").and_then(Node::text);
    let base = base.or_else(server).unwrap_or_default();
    base.trim_end_matches('/').to_owned()
}

/// What a reference inside the document stands for.
fn resolved<'n>(document: &'n Node, node: &'n Node) -> &'n Node {
    let mut here = node;
    for _ in 0..REFERENCES {
        let Some(path) = here
            .get("$ref")
            .and_then(Node::text)
            .and_then(|r| r.strip_prefix("#/"))
        else {
            break;
        };
        let target = path.split('/').try_fold(document, |at, name| {
            at.get(&name.replace("~1", "/").replace("~0", "~"))
        });
        let Some(target) = target else { break };
        here = target;
    }
    here
}

/// An operation with what stands around it.
struct Here<'n> {
    document: &'n Node,
    item: &'n Node,
    operation: &'n Node,
}

impl<'n> Here<'n> {
    fn handler(&self) -> Option<String> {
        let id = self.operation.get("operationId").and_then(Node::text)?;
        let controller = ["x-openapi-router-controller", "x-swagger-router-controller"]
            .iter()
            .find_map(|key| self.operation.get(key).or_else(|| self.item.get(key)))
            .and_then(Node::text);
        match controller {
            Some(controller) => Some(format!("{controller}.{id}")),
            None => id.contains('.').then(|| id.to_owned()),
        }
    }

    /// Those of the operation, then those of the path that it does not say otherwise.
    fn listed(&self) -> Vec<&'n Node> {
        let mut all: Vec<&Node> = Vec::new();
        for list in [self.operation, self.item] {
            for parameter in list.get("parameters").map(Node::items).unwrap_or_default() {
                let parameter = resolved(self.document, parameter);
                let same = |other: &&Node| {
                    ["name", "in"]
                        .iter()
                        .all(|key| text(other, key) == text(parameter, key))
                };
                if !all.iter().any(same) {
                    all.push(parameter);
                }
            }
        }
        all
    }

    fn parameters(&self) -> Vec<Parameter> {
        let handed = self.listed().into_iter().filter_map(|parameter| {
            let name = parameter.get("name")?;
            let place = text(parameter, "in")?;
            ["path", "query", "formData"].contains(&place).then(|| {
                // Swagger 2 has the keys of the schema beside the name.
                let schema = parameter.get("schema").unwrap_or(parameter);
                Parameter {
                    name: name.text().unwrap_or_default().to_owned(),
                    place: place.to_owned(),
                    span: name.span,
                    shape: shape(resolved(self.document, schema)),
                }
            })
        });
        handed.collect()
    }

    fn body(&self) -> Option<(String, Span)> {
        if let Some(body) = self.operation.get("requestBody") {
            let body = resolved(self.document, body);
            let named = self.operation.get("x-body-name").or_else(|| {
                let contents = body.get("content").map(Node::entries).unwrap_or_default();
                let schema = contents.first()?.1.get("schema")?;
                resolved(self.document, schema).get("x-body-name")
            });
            let name = named.and_then(Node::text).unwrap_or("body");
            return Some((name.to_owned(), body.span));
        }
        let listed = self.listed();
        let body = listed.iter().find(|p| text(p, "in") == Some("body"))?;
        Some((text(body, "name").unwrap_or("body").to_owned(), body.span))
    }

    fn security(&self) -> Security {
        let asked = self
            .operation
            .get("security")
            .or_else(|| self.document.get("security"));
        let asked = asked.map(Node::items).unwrap_or_default();
        // An empty alternative lets everybody in.
        if asked.is_empty() || asked.iter().any(|one| one.entries().is_empty()) {
            return Security::Open;
        }
        let schemes = self
            .document
            .get("components")
            .and_then(|components| components.get("securitySchemes"))
            .or_else(|| self.document.get("securityDefinitions"));
        let mut verifiers = Vec::new();
        for (name, _) in asked.iter().flat_map(Node::entries) {
            let scheme = name.text().and_then(|name| schemes?.get(name));
            let scheme = scheme.map(|scheme| resolved(self.document, scheme));
            let function = VERIFIERS.iter().find_map(|key| text(scheme?, key));
            let server = scheme.and_then(|scheme| scheme.get("x-tokenInfoUrl"));
            verifiers.push(match (function, server) {
                (Some(function), _) => Verifier::Function(function.to_owned()),
                (None, Some(_)) => Verifier::Server,
                (None, None) => return Security::Unknown,
            });
        }
        Security::Schemes(verifiers)
    }
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::text)
}

fn shape(schema: &Node) -> Shape {
    if let Some(values) = schema.get("enum") {
        let values = values.items().iter().filter_map(Node::text);
        return Shape::Choice(values.map(str::to_owned).collect());
    }
    match (text(schema, "type"), text(schema, "format")) {
        (Some("integer" | "number" | "boolean"), _) => Shape::Number,
        (_, Some("uuid")) => Shape::Uuid,
        _ => match text(schema, "pattern") {
            Some(pattern) => Shape::Pattern(pattern.to_owned()),
            None => Shape::Any,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::read;

    #[test]
    fn operations_of_a_document() {
        let text = "openapi: 3.0.0\nservers: [{url: 'https://x.org/v1/'}]\nsecurity: [{key: []}]\npaths:\n  /a/{id}:\n    parameters:\n      - {$ref: '#/components/parameters/Id'}\n    get:\n      operationId: api.things.get\n    put:\n      x-openapi-router-controller: api.things\n      operationId: put\n      security: []\n      requestBody: {content: {application/json: {}}}\ncomponents:\n  parameters:\n    Id: {name: id, in: path, schema: {type: string, enum: [x, y]}}\n  securitySchemes:\n    key: {type: apiKey, x-apikeyInfoFunc: auth.check}\n";
        let found = operations(&read(text).unwrap());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].path, "/v1/a/{id}");
        assert_eq!(found[0].handler.as_deref(), Some("api.things.get"));
        assert_eq!(
            found[0].parameters[0].shape,
            Shape::Choice(vec!["x".into(), "y".into()])
        );
        assert_eq!(
            found[0].security,
            Security::Schemes(vec![Verifier::Function("auth.check".into())])
        );
        assert_eq!(found[1].handler.as_deref(), Some("api.things.put"));
        assert_eq!(found[1].security, Security::Open);
        assert_eq!(found[1].body.as_ref().map(|b| b.0.as_str()), Some("body"));
    }

    #[test]
    fn references_that_turn_in_circles_end() {
        let text = "openapi: 3.0.0\npaths: {/a: {$ref: '#/paths/~1a'}, /b: {get: {parameters: [{$ref: '#/x'}], security: [{nobody: []}]}}}";
        let found = operations(&read(text).unwrap());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].security, Security::Unknown);
    }
}
