//! Rows: one reader per role.

use super::fields::{At, Fields};
use super::reader::literal;
use crate::kind::{Kinds, Shape, SourceKind};
use crate::near::near;
use crate::path::{ApiPath, PathScope, Step};
use crate::row::{EntryRow, ExportRow, Role, Row, SchemaRow, SignatureRow, SourceKindRef};

/// What rows are read against.
pub(super) struct Context<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) scope: PathScope<'a>,
    pub(super) library: &'a str,
    pub(super) versions: Option<&'a str>,
}

/// What was read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rows: Vec<(Row, Vec<ApiPath>)>,
    pub(super) types: Vec<(String, Vec<ApiPath>)>,
    pub(super) uses: Vec<(String, usize)>,
}

const ROLES: [&str; 25] = [
    "type",
    "module",
    "signature",
    "source",
    "sink",
    "flow",
    "clean",
    "test",
    "schema",
    "call",
    "entry",
    "inject",
    "definition",
    "registry",
    "guard",
    "through",
    "principal",
    "render",
    "filter",
    "config",
    "effect",
    "record",
    "session",
    "neutral",
    "noreturn",
];

/// Reads one row; what is wrong with it goes to the report.
pub(super) fn read_row(fields: &Fields<'_, '_>, context: &Context<'_>, found: &mut Found) {
    let before = fields.report.count();
    let mut reader = Reader {
        fields,
        context,
        uses: Vec::new(),
    };
    let (at, paths) = reader.paths();
    let role = fields.required("role");
    let when = reader.when();
    let versions = fields
        .text("versions")
        .map(|text| text.value)
        .or(context.versions)
        .map(str::to_owned);
    fields.text("note");
    if let Some(range) = fields.text("versions")
        && !crate::version::is_range(range.value)
    {
        reader.add(
            range.offset,
            format!("`{}` is not a range of versions", range.value),
            None,
        );
    }
    let confidence = reader.word("confidence", &["low", "medium"]);
    let replace = fields.flag("replace");
    let Some(role) = role else { return };
    if role.value == "type" {
        if let Some(is) = fields.required("is")
            && let Some(name) = reader.type_name(is)
        {
            reader.uses.push((name.clone(), is.offset));
            found.types.push((name, paths));
        }
        if when.is_some() || versions.as_deref() != context.versions {
            fields.wrong(
                fields.offset,
                "a row with the role `type` holds always: no `when`, no `versions`",
            );
        }
        fields.finish();
        found.uses.append(&mut reader.uses);
        return;
    }
    let ends_in_call = paths
        .iter()
        .any(|path| matches!(path.steps.last(), Some(Step::Call | Step::New)));
    let roles = reader.roles(role, ends_in_call);
    fields.finish();
    if roles.is_empty() && fields.report.count() == before {
        fields.wrong(
            fields.offset,
            format!("the row with the role `{}` says nothing", role.value),
        );
    }
    for role in roles {
        let row = Row {
            library: context.library.to_owned(),
            at: at.clone(),
            role,
            when: when.clone(),
            versions: versions.clone(),
            confidence: confidence.clone(),
            replace,
        };
        found.rows.push((row, paths.clone()));
    }
    found.uses.append(&mut reader.uses);
}

pub(super) struct Reader<'f, 't, 'r> {
    pub(super) fields: &'f Fields<'t, 'r>,
    pub(super) context: &'f Context<'f>,
    pub(super) uses: Vec<(String, usize)>,
}

impl Reader<'_, '_, '_> {
    fn roles(&mut self, role: At<&str>, ends_in_call: bool) -> Vec<Role> {
        match role.value {
            "source" => self.sources(ends_in_call),
            "sink" => self.sinks(),
            "flow" => self.flows(),
            "clean" => {
                let kinds = self.kinds();
                let to = self.ports("to", "ret");
                let from = self.ports("from", "arg(0)");
                from.iter()
                    .flat_map(|from| {
                        to.iter().map(move |to| Role::Clean {
                            from: from.clone(),
                            to: to.clone(),
                            kinds,
                        })
                    })
                    .collect()
            }
            "test" => {
                let (kinds, accept) = (self.kinds(), self.accept("true"));
                let after = self.optional_kinds("after");
                let on = self.ports("on", "arg(0)");
                on.into_iter()
                    .filter_map(|on| {
                        Some(Role::Test {
                            on,
                            accept: accept.clone()?,
                            kinds,
                            after,
                        })
                    })
                    .collect()
            }
            "schema" => self.schema().map(Role::Schema).into_iter().collect(),
            "call" => self.call().into_iter().collect(),
            "entry" => vec![Role::Entry(self.entry())],
            "inject" => {
                vec![Role::Inject {
                    by: self
                        .word("by", &["constructor-type"])
                        .unwrap_or_else(|| "constructor-type".into()),
                }]
            }
            "definition" => {
                let members = self.fields.texts("members");
                vec![Role::Definition {
                    members: members.iter().map(|text| text.value.to_owned()).collect(),
                    from: self.port("from"),
                }]
            }
            "registry" => {
                let (name, value) = (self.required_port("name"), self.required_port("value"));
                let both = name.zip(value);
                both.map(|(name, value)| Role::Registry { name, value })
                    .into_iter()
                    .collect()
            }
            "guard" => self.guard().into_iter().collect(),
            "through" => {
                let (from, to) = (self.ports("from", "arg(0)"), self.port_or("to", "ret"));
                let through = |from| {
                    Some(Role::Through {
                        from,
                        to: to.clone()?,
                    })
                };
                from.into_iter().filter_map(through).collect()
            }
            "principal" => vec![Role::Principal {
                container: self.fields.flag("container"),
            }],
            "module" => vec![Role::Module {
                names: self
                    .fields
                    .texts("names")
                    .iter()
                    .map(|name| name.value.to_owned())
                    .collect(),
            }],
            "signature" => vec![Role::Signature(self.signature())],
            "render" => self.render().into_iter().collect(),
            "filter" => vec![Role::Filter {
                name: self.port("name"),
                function: self.port("fn"),
            }],
            "config" => self.config().into_iter().collect(),
            "effect" => self.effect().into_iter().collect(),
            "record" => vec![Role::Record],
            "session" => vec![Role::Session],
            "neutral" => vec![Role::Neutral],
            "noreturn" => vec![Role::NoReturn],
            other => {
                self.add(
                    role.offset,
                    format!("unknown role `{other}`"),
                    near(other, ROLES),
                );
                Vec::new()
            }
        }
    }

    fn sources(&mut self, ends_in_call: bool) -> Vec<Role> {
        let shape = self.shape("shape").unwrap_or(Shape::String);
        let ports = self.ports("port", if ends_in_call { "ret" } else { "value" });
        let kinds = self.fields.texts("kind");
        if kinds.is_empty() {
            self.fields.wrong(
                self.fields.offset,
                format!("{} needs `kind`", self.fields.what),
            );
        }
        let mut roles = Vec::new();
        for kind in kinds {
            let kind = match kind.value {
                "http.name" => Ok(SourceKindRef::Named),
                name => self.context.kinds.source(name).map(SourceKindRef::Fixed),
            };
            match kind {
                Ok(kind) => roles.extend(ports.iter().map(|port| Role::Source {
                    kind: kind.clone(),
                    shape,
                    port: port.clone(),
                })),
                Err(error) => self.add(
                    self.fields.offset,
                    format!("unknown {} `{}`", error.what, error.name),
                    error.near,
                ),
            }
        }
        roles
    }

    fn sinks(&mut self) -> Vec<Role> {
        let needs = self.shape("needs");
        if !self.fields.has("in") {
            self.fields.wrong(
                self.fields.offset,
                format!("{} needs `in`", self.fields.what),
            );
        }
        let ports = self.ports("in", "arg(0)");
        let kinds = self.fields.texts("kind");
        if kinds.is_empty() {
            self.fields.wrong(
                self.fields.offset,
                format!("{} needs `kind`", self.fields.what),
            );
        }
        let mut roles = Vec::new();
        for kind in kinds {
            match self.context.kinds.sink(kind.value) {
                Ok(kind) => roles.extend(ports.iter().map(|port| Role::Sink {
                    kind,
                    port: port.clone(),
                    needs,
                })),
                Err(error) => self.add(
                    kind.offset,
                    format!("unknown {} `{}`", error.what, error.name),
                    error.near,
                ),
            }
        }
        roles
    }

    fn flows(&mut self) -> Vec<Role> {
        let keys = self.fields.flag("keys");
        let derive = self.fields.flag("derive") || keys;
        let (copy, undo) = (self.fields.flag("copy"), self.fields.flag("undo"));
        let objects = self.fields.flag("objects");
        let to = self.ports("to", "ret");
        let from = self.ports("from", "arg(0)");
        from.iter()
            .flat_map(|from| {
                to.iter().map(move |to| Role::Flow {
                    from: from.clone(),
                    to: to.clone(),
                    derive,
                    keys,
                    copy,
                    undo,
                    objects,
                })
            })
            .collect()
    }

    fn schema(&mut self) -> Option<SchemaRow> {
        if let Some(ty) = self.fields.text("type") {
            return Some(SchemaRow::Type {
                ty: ty.value.to_owned(),
                members: self.port("members"),
                coerce: self.fields.flag("coerce"),
            });
        }
        let unknown = self.word("unknown", &["strip", "keep", "refuse"]);
        let unknown = unknown.unwrap_or_else(|| "keep".into());
        if self.fields.has("step") {
            return Some(SchemaRow::Step {
                op: self.word("step", &SchemaRow::STEPS)?,
                with: self.port("with"),
                format: self.format(),
            });
        }
        if self.fields.has("request") {
            return Some(SchemaRow::Request {
                schemas: self.required_port("request")?,
                part: self.part(),
                unknown,
                json: self.fields.flag("json"),
            });
        }
        if self.fields.flag("classes") {
            return Some(SchemaRow::Classes {
                unknown,
                converts: self.fields.flag("converts"),
            });
        }
        if self.fields.has("member") {
            return Some(SchemaRow::Member {
                name: self.required_port("member")?,
                part: self.part(),
            });
        }
        Some(SchemaRow::Check {
            to: self.port("to"),
            accept: self.accept("returns")?,
            unknown,
            on: self.port_or("on", "arg(0)")?,
            schema: self.port("schema"),
            guarded: self.fields.flag("guarded"),
            earlier: self.fields.flag("earlier"),
            json: self.fields.flag("json"),
        })
    }

    fn format(&self) -> Option<String> {
        let text = self.fields.text("format")?;
        if text.value != "name" && self.context.kinds.format(text.value).is_none() {
            self.add(
                text.offset,
                format!("unknown format `{}`", text.value),
                near(text.value, self.context.kinds.formats()),
            );
        }
        Some(text.value.to_owned())
    }

    fn part(&self) -> Option<SourceKind> {
        let text = self.fields.text("part")?;
        match self.context.kinds.source(text.value) {
            Ok(kind) => Some(kind),
            Err(error) => {
                self.add(
                    text.offset,
                    format!("unknown {} `{}`", error.what, error.name),
                    error.near,
                );
                None
            }
        }
    }

    fn call(&mut self) -> Option<Role> {
        let args = self.fields.texts("args");
        let args = args
            .into_iter()
            .map(|text| {
                if text.value == "_" {
                    None
                } else {
                    self.port_at(text)
                }
            })
            .collect();
        let (result, prefix) = (self.port("result"), self.port("prefix"));
        Some(Role::Call {
            function: self.required_port("fn")?,
            args,
            result,
            prefix,
        })
    }

    fn entry(&mut self) -> EntryRow {
        let text = |key: &str| self.fields.text(key).map(|text| text.value.to_owned());
        let (method, prefix, guards, depends) = (
            text("method"),
            text("prefix"),
            text("guards"),
            text("depends"),
        );
        EntryRow {
            method,
            prefix,
            guards,
            depends,
            path: self.port("path"),
            methods: self.port("methods").map(Box::new),
            each: self.port("each").map(Box::new),
            login: self.port_list("login"),
            before: self.port_list("before"),
            suffix: self.port("suffix").map(Box::new),
            handlers: self.port("handlers"),
            params: self.parameters("params"),
            params4: self.parameters("params4"),
            instance: self.parameters("instance"),
            result: self.result_type(),
            export: self.export(),
        }
    }

    fn result_type(&mut self) -> Option<String> {
        let text = self.fields.text("result")?;
        let name = self.type_name(text)?;
        self.uses.push((name.clone(), text.offset));
        Some(format!("@{name}"))
    }

    fn export(&self) -> Option<ExportRow> {
        let texts = |key| -> Vec<String> {
            let found = self.fields.texts(key);
            found.iter().map(|text| text.value.to_owned()).collect()
        };
        let (files, names) = (texts("file"), texts("export"));
        if files.is_empty() && names.is_empty() {
            return None;
        }
        if files.is_empty() || names.is_empty() || self.fields.has("at") {
            self.fields.wrong(
                self.fields.offset,
                "an entry is found by `at`, or by `file` and `export`",
            );
        }
        for file in self.fields.texts("file") {
            if let Err(what) = crate::glob::check(file.value) {
                self.add(file.offset, what, None);
            }
        }
        Some(ExportRow {
            files,
            names,
            packages: self.context.scope.packages.to_vec(),
            root: self.fields.text("root").map(|text| text.value.to_owned()),
        })
    }

    fn signature(&mut self) -> SignatureRow {
        let names: Vec<Vec<String>> = self
            .fields
            .texts("names")
            .iter()
            .map(|text| text.value.split('|').map(str::to_owned).collect())
            .collect();
        let params = self.parameters("params");
        // One name alone says something where functions of a module are all that is looked at.
        let python = self
            .context
            .scope
            .packages
            .iter()
            .all(|p| p.starts_with("py:"));
        let least = if python { 1 } else { 2 };
        if names.len() < least || names.len() != params.len() {
            self.fields.wrong(
                self.fields.offset,
                "a signature is two `names` or more (of Python: one), and as many `params`",
            );
        }
        SignatureRow {
            names,
            params,
            packages: self.context.scope.packages.to_vec(),
        }
    }

    fn guard(&mut self) -> Option<Role> {
        let kind = self.fields.required("kind")?;
        if let Err(error) = self.context.kinds.check_guard(kind.value) {
            self.add(
                kind.offset,
                format!("unknown {} `{}`", error.what, error.name),
                error.near,
            );
        }
        Some(Role::Guard {
            kind: kind.value.to_owned(),
            principal: self.port("principal"),
        })
    }

    fn render(&mut self) -> Option<Role> {
        let (to, inline) = (self.port("to"), self.fields.flag("inline"));
        let engine = self.fields.text("engine").map(|text| text.value.to_owned());
        let escapes = self.condition("escapes");
        let template = self.port_or("template", "arg(0)")?;
        Some(Role::Render {
            template,
            locals: self.port_or("locals", "arg(1)")?,
            to,
            inline,
            engine,
            escapes,
        })
    }

    fn effect(&mut self) -> Option<Role> {
        let op = self.fields.required("op")?;
        if let Err(error) = self.context.kinds.check_operation(op.value) {
            self.add(
                op.offset,
                format!("unknown {} `{}`", error.what, error.name),
                error.near,
            );
        }
        let (object, key, fields) = (self.port("object"), self.port("key"), self.port("fields"));
        Some(Role::Effect {
            op: op.value.to_owned(),
            object,
            key,
            fields,
        })
    }

    fn config(&mut self) -> Option<Role> {
        let fact = self.fields.required("fact")?;
        let mut role = (Vec::new(), Vec::new());
        for (name, value) in self.fields.named("read") {
            let offset = value.span().start;
            self.check_field(fact.value, &name, offset);
            match value.get_ref().as_str() {
                Some(text) => role.0.extend(
                    self.port_at(At {
                        value: text,
                        offset,
                    })
                    .map(|port| (name, port)),
                ),
                None => self.add(offset, "`read` is made of ports", None),
            }
        }
        for (name, value) in self.fields.named("default") {
            let offset = value.span().start;
            self.check_field(fact.value, &name, offset);
            match literal(value.get_ref()) {
                Some(value) => role.1.push((name, value)),
                None => self.add(
                    offset,
                    "`default` is made of texts, numbers and truth values",
                    None,
                ),
            }
        }
        if role.0.is_empty() && role.1.is_empty() {
            self.check_field(fact.value, "", fact.offset);
        }
        Some(Role::Config {
            fact: fact.value.to_owned(),
            read: role.0,
            default: role.1,
        })
    }

    fn check_field(&self, fact: &str, field: &str, offset: usize) {
        let known = self.context.kinds.facts().find(|(name, _)| *name == fact);
        let Some((_, known)) = known else {
            let near = near(fact, self.context.kinds.facts().map(|(name, _)| name));
            return self.add(offset, format!("unknown fact `{fact}`"), near);
        };
        if !field.is_empty() && !known.fields.iter().any(|name| name == field) {
            let near = near(field, known.fields.iter().map(String::as_str));
            self.add(
                offset,
                format!("unknown field `{field}` of the fact `{fact}`"),
                near,
            );
        }
    }
}
