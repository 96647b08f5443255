//! Which engine reads a file.

use casemate_source::{Engine, FileType};

/// What a project says about its engines.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EngineHints {
    /// Extensions without dot that the code registers, with their engines: `app.engine('html', consolidate.swig)`.
    pub registered: Vec<(String, Engine)>,
    /// Engines among the packages of the manifest.
    pub packages: Vec<Engine>,
}

impl EngineHints {
    /// Notes that the code registers an extension. `engine` is the name of the package or of its member, such as `ejs`,
    /// `express-handlebars`, `consolidate.swig` or `hbs.__express`; names of no known engine are left out.
    pub fn register(&mut self, extension: &str, engine: &str) {
        if let Some(engine) = engine_named(engine) {
            self.registered.push((
                extension.trim_start_matches('.').to_ascii_lowercase(),
                engine,
            ));
        }
    }

    /// Notes that the project depends on a package; those of no known engine are left out.
    pub fn package(&mut self, name: &str) {
        if let Some(engine) = engine_of_package(name)
            && !self.packages.contains(&engine)
        {
            self.packages.push(engine);
        }
    }
}

/// What is known of one file beside its name.
#[derive(Clone, Copy, Default, Debug)]
pub struct Seen<'t> {
    /// Its text.
    pub text: &'t str,
    /// The nearest folder above it that holds code holds Python.
    pub beside_python: bool,
}

/// The engine that reads a file: what the code registers for its extension, else the engine whose extension it is. HTML is
/// a template only where the code registers it or the project depends on an engine that is used with it. Where it depends
/// on several, as a backend of Python does whose pages are served beside a front end, the file itself says which.
#[must_use]
pub fn engine_of(path: &str, seen: Seen<'_>, hints: &EngineHints) -> Option<Engine> {
    let name = path
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or(path)
        .to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |it| it.1);
    if let Some((_, engine)) = hints.registered.iter().find(|it| it.0 == extension) {
        return Some(*engine);
    }
    match FileType::of_name(&name) {
        FileType::Template(engine) => Some(engine),
        FileType::Html => {
            // In this order: the first two are most often used with files of this name.
            let usual = [
                Engine::Nunjucks,
                Engine::Swig,
                Engine::Ejs,
                Engine::Handlebars,
                Engine::Mustache,
                Engine::Eta,
                Engine::Jinja,
                Engine::Mako,
            ];
            let mut known: Vec<Engine> = usual
                .into_iter()
                .filter(|it| hints.packages.contains(it))
                .collect();
            let spoken = dialects(seen.text);
            if known.iter().any(|it| spoken.contains(it)) {
                known.retain(|it| spoken.contains(it));
            }
            let of_python = |it: &&Engine| matches!(it, Engine::Jinja | Engine::Mako);
            let beside = known.iter().find(of_python).copied();
            beside
                .filter(|_| seen.beside_python)
                .or(known.first().copied())
        }
        _ => None,
    }
}

/// The engines whose marks a text holds: tags in `{%`, in `<%`, or the sections of mustaches.
fn dialects(text: &str) -> &'static [Engine] {
    if text.contains("{%") {
        &[Engine::Nunjucks, Engine::Swig, Engine::Jinja]
    } else if text.contains("<%") {
        &[Engine::Ejs, Engine::Eta, Engine::Mako]
    } else if ["{{#", "{{/", "{{>", "{{{", "{{^"]
        .iter()
        .any(|mark| text.contains(mark))
    {
        &[Engine::Handlebars, Engine::Mustache]
    } else {
        &[]
    }
}

/// The engine of an npm package.
#[must_use]
pub fn engine_of_package(name: &str) -> Option<Engine> {
    Some(match name {
        "ejs" | "ejs-mate" | "ejs-locals" | "express-ejs-layouts" | "@types/ejs" | "koa-ejs" => {
            Engine::Ejs
        }
        "eta" => Engine::Eta,
        "pug" | "jade" | "koa-pug" => Engine::Pug,
        "handlebars"
        | "hbs"
        | "express-handlebars"
        | "express-hbs"
        | "express3-handlebars"
        | "koa-hbs" => Engine::Handlebars,
        "mustache" | "mustache-express" | "hogan.js" | "hjs" => Engine::Mustache,
        "nunjucks" | "express-nunjucks" | "koa-nunjucks-2" => Engine::Nunjucks,
        "swig" | "swig-templates" | "express-swig" => Engine::Swig,
        "jinja2"
        | "flask"
        | "quart"
        | "django"
        | "aiohttp_jinja2"
        | "starlette.templating"
        | "fastapi.templating"
        | "sanic_ext"
        | "sanic_jinja2"
        | "tornado.web" => Engine::Jinja,
        "mako" | "mako.template" | "mako.lookup" => Engine::Mako,
        "dustjs-linkedin" | "dustjs-helpers" | "adaro" | "kleidustjs" | "dust" => Engine::Dust,
        _ => return None,
    })
}

/// The engine that a piece of code names: a package, or a member of `consolidate` and the like.
fn engine_named(name: &str) -> Option<Engine> {
    if let Some(engine) = engine_of_package(name) {
        return Some(engine);
    }
    name.split(['.', '/', '(', ')'])
        .find_map(|part| match part {
            "hogan" => Some(Engine::Mustache),
            part => engine_of_package(part),
        })
}

#[cfg(test)]
mod tests {
    use super::{EngineHints, Seen, engine_of};
    const BARE: Seen<'_> = Seen {
        text: "",
        beside_python: false,
    };
    use casemate_source::Engine;

    #[test]
    fn extensions() {
        let none = EngineHints::default();
        for (path, engine) in [
            ("views/a.ejs", Engine::Ejs),
            ("a.PUG", Engine::Pug),
            ("a.jade", Engine::Pug),
            ("a.hbs", Engine::Handlebars),
            ("a.mustache", Engine::Mustache),
            ("a.njk", Engine::Nunjucks),
            ("a.swig", Engine::Swig),
            ("a.eta", Engine::Eta),
            ("a.dust", Engine::Dust),
        ] {
            assert_eq!(engine_of(path, BARE, &none), Some(engine), "{path}");
        }
        assert_eq!(engine_of("a.html", BARE, &none), None);
        assert_eq!(engine_of("a.js", BARE, &none), None);
    }

    #[test]
    fn hints() {
        let mut hints = EngineHints::default();
        hints.package("express");
        hints.package("ejs");
        hints.package("swig");
        assert_eq!(engine_of("a.html", BARE, &hints), Some(Engine::Swig));
        hints.register(".html", "consolidate.ejs");
        hints.register("tpl", "hbs.__express");
        hints.register("x", "unknown");
        assert_eq!(engine_of("a.html", BARE, &hints), Some(Engine::Ejs));
        assert_eq!(engine_of("a.tpl", BARE, &hints), Some(Engine::Handlebars));
        assert_eq!(engine_of("a.x", BARE, &hints), None);
    }

    #[test]
    fn several_engines() {
        let mut hints = EngineHints::default();
        for package in ["flask", "mustache", "ejs", "nunjucks"] {
            hints.package(package);
        }
        let read = |text, beside_python| {
            let seen = Seen {
                text,
                beside_python,
            };
            engine_of("templates/a.html", seen, &hints)
        };
        for (text, beside_python, engine) in [
            ("{% if a %}{{ a }}{% endif %}", true, Engine::Jinja),
            ("{% if a %}{{ a }}{% endif %}", false, Engine::Nunjucks),
            ("{{ a }}", true, Engine::Jinja),
            ("{{#a}}{{ b }}{{/a}}", true, Engine::Mustache),
            ("<% if (a) { %>x<% } %>", true, Engine::Ejs),
            ("<p>nothing</p>", false, Engine::Nunjucks),
        ] {
            assert_eq!(read(text, beside_python), Some(engine), "{text}");
        }
    }
}
