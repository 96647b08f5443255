//! Middleware that modules of Nest put before routes: `consumer.apply(Login).exclude('health').forRoutes(OrdersController)`.
//! Source: <https://docs.nestjs.com/middleware#applying-middleware>.

use crate::model::{Endpoint, Member, Stage};
use crate::route;
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_flow::result::{FuncId, Site};
use casemate_ir::{Arg, ArgKey, Instr, Key, Language, MemberKind, Operand, PartKey, Range32};

/// The method in which a module says it.
const CONFIGURE: &str = "configure";

/// Calls between `apply` and `forRoutes`.
const STEPS: usize = 8;

/// Classes above a controller.
const ANCESTORS: u32 = 4;

/// The position of the parameter by which middleware passes a request on.
const NEXT: usize = 2;

/// Classes that a list of routes names.
const CLASSES: usize = 200;

/// Middleware, and what it is put before.
struct Applied {
    site: Site,
    stages: Vec<Stage>,
    routes: Vec<On>,
    except: Vec<On>,
}

/// What middleware is put before, or not.
enum On {
    Class(ClassIdx),
    /// A path, and the method in lower case.
    Path(String, Option<String>),
    Unknown,
}

/// The middleware that all modules of a program apply.
pub(super) struct Consumers(Vec<Applied>);

impl Consumers {
    pub(super) fn of(origins: &Solver<'_, '_>) -> Self {
        let mut out = Vec::new();
        for func in origins.program.function_ids() {
            let f = origins.program.func(func);
            let configures = f.file.facts.language == Language::JavaScript
                && f.func.class.is_some()
                && f.func
                    .name
                    .is_some_and(|name| f.file.facts.str(name) == CONFIGURE);
            if !configures {
                continue;
            }
            for (at, instr) in f.func.instrs.iter().enumerate() {
                if let Instr::Call {
                    callee,
                    this: Some(this),
                    args,
                    ..
                } = *instr
                    && named(f, callee) == Some("forRoutes")
                {
                    let span = f.func.spans.get(at).copied().unwrap_or_default();
                    let site = Site {
                        file: f.file_idx,
                        span,
                    };
                    out.extend(applied(origins, f, this, args, site));
                }
            }
        }
        Self(out)
    }

    /// What of it stands before an endpoint.
    pub(super) fn before(&self, origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Vec<Member> {
        let mut out = Vec::new();
        if self.0.is_empty() || !endpoint.callee.starts_with("npm:@nestjs/common") {
            return out;
        }
        let unit = |site: Site| origins.program.units.get(site.file.0 as usize);
        for applied in &self.0 {
            if unit(applied.site) != unit(endpoint.site) {
                continue;
            }
            let on = any(origins, &applied.routes, endpoint);
            let not = any(origins, &applied.except, endpoint);
            let certain = match (on, not) {
                (Some(false), _) | (_, Some(true)) => continue,
                (Some(true), Some(false)) => true,
                _ => false,
            };
            for stage in &applied.stages {
                let member = super::member(origins, applied.site, stage.clone());
                out.push(Member { certain, ..member });
            }
        }
        out
    }
}

/// Whether one of some routes is that of an endpoint; absent: it cannot be told.
fn any(origins: &Solver<'_, '_>, routes: &[On], endpoint: &Endpoint) -> Option<bool> {
    let mut found = Some(false);
    for route in routes {
        let one = match route {
            On::Class(class) => Some(endpoint.handlers.iter().any(|handler| {
                let f = origins.program.func(*handler);
                f.func
                    .class
                    .is_some_and(|own| has(origins, *class, f.class(own), 0))
            })),
            On::Path(wanted, method) => {
                let other = method
                    .as_ref()
                    .is_some_and(|m| *m != endpoint.method.to_lowercase());
                if other {
                    Some(false)
                } else {
                    endpoint.path.as_deref().and_then(|path| fits(wanted, path))
                }
            }
            On::Unknown => None,
        };
        found = match (found, one) {
            (Some(true), _) | (_, Some(true)) => return Some(true),
            (None, _) | (_, None) => None,
            _ => Some(false),
        };
    }
    found
}

/// Whether a class is another one, or has its methods from it.
fn has(origins: &Solver<'_, '_>, class: ClassIdx, wanted: ClassIdx, depth: u32) -> bool {
    class == wanted
        || depth < ANCESTORS
            && origins.of_bases(class).iter().any(|&base| {
                matches!(origins.val(base), Some(Val::Class(base))
                    if has(origins, base, wanted, depth + 1))
            })
}

/// Whether a path that a module names is that of an endpoint, which may stand below a prefix of all.
fn fits(wanted: &str, path: &str) -> Option<bool> {
    let wanted = wanted.replace("(.*)", "*");
    let bare = wanted.trim_matches('/');
    if matches!(bare, "" | "*") || bare.starts_with("{*") || bare == "*path" || bare == "*splat" {
        return Some(true);
    }
    let below = path.match_indices('/').filter_map(|(at, _)| path.get(at..));
    let mut met = Some(false);
    for path in below {
        let one = match route::covers(bare, path) {
            // What is below a plain path may be meant or not.
            Some(true) if !bare.contains('*') && route::covers(path, bare) != Some(true) => None,
            one => one,
        };
        match one {
            Some(true) => return Some(true),
            None => met = None,
            Some(false) => {}
        }
    }
    met
}

/// `consumer.apply(…)`, with what is excluded between.
fn applied(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    receiver: Operand,
    routes: Range32,
    site: Site,
) -> Option<Applied> {
    let mut except = Vec::new();
    let mut at = receiver;
    for _ in 0..STEPS {
        let Some(&Instr::Call {
            callee,
            this: Some(this),
            args,
            ..
        }) = f.made_by(at)
        else {
            return None;
        };
        match named(f, callee)? {
            "exclude" => {
                for arg in f.func.args(args) {
                    on(origins, f, arg, &mut except);
                }
                at = this;
            }
            "apply" => {
                let mut on_routes = Vec::new();
                for arg in f.func.args(routes) {
                    on(origins, f, arg, &mut on_routes);
                }
                let mut stages = Vec::new();
                for arg in f.func.args(args) {
                    stages.extend(stages_of(origins, f, arg));
                }
                return Some(Applied {
                    site,
                    stages,
                    routes: on_routes,
                    except,
                });
            }
            _ => return None,
        }
    }
    None
}

/// The middleware that an argument names.
fn stages_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, arg: &Arg) -> Vec<Stage> {
    let vals = origins.of_operand(f.id, arg.value).iter();
    vals.take(2)
        .filter_map(|&val| match origins.val(val)? {
            Val::Class(class) | Val::Instance(class) => {
                let name = origins.program.symbols.find("use")?;
                let method = origins.member_function(class, name, MemberKind::Method)?;
                Some(Stage::Function(method, Vec::new(), Some(NEXT)))
            }
            Val::Func(func) => Some(Stage::Function(func, Vec::new(), Some(NEXT))),
            Val::Api(path) => Some(Stage::Package(path)),
            _ => None,
        })
        .collect()
}

/// The routes that an argument names.
fn on(origins: &Solver<'_, '_>, f: FuncRef<'_>, arg: &Arg, out: &mut Vec<On>) {
    if arg.key == ArgKey::Spread {
        return list(origins, f, arg.value, out);
    }
    if let Some(text) = f.constant_text(arg.value) {
        return out.push(On::Path(text.to_owned(), None));
    }
    if let Some(&Instr::Object { parts, .. }) = f.made_by(arg.value) {
        let member = |wanted: &str| {
            let mut parts = f.func.parts(parts).iter();
            parts.find(
                |part| matches!(part.key, PartKey::Field(name) if f.file.facts.str(name) == wanted),
            )
        };
        let path = member("path").and_then(|part| f.constant_text(part.value));
        let method = member("method").map(|part| method_named(f, part.value));
        return out.push(match (path, method) {
            (Some(path), Some(Some(method))) if method == "all" => On::Path(path.to_owned(), None),
            (Some(path), Some(Some(method))) => On::Path(path.to_owned(), Some(method)),
            (Some(path), None) => On::Path(path.to_owned(), None),
            _ => On::Unknown,
        });
    }
    value(origins, f.id, arg.value, out);
}

/// `RequestMethod.GET`
fn method_named(f: FuncRef<'_>, value: Operand) -> Option<String> {
    match f.made_by(value)? {
        Instr::Load {
            key: Key::Field(name),
            ..
        } => Some(f.file.facts.str(*name).to_lowercase()),
        _ => None,
    }
}

fn list(origins: &Solver<'_, '_>, f: FuncRef<'_>, spread: Operand, out: &mut Vec<On>) {
    let before = out.len();
    for &val in origins.of_operand(f.id, spread) {
        let Some(Val::Object(func, at)) = origins.val(val) else {
            continue;
        };
        let made = origins.program.func(func);
        if let Some(Instr::Array { parts, .. }) = made.func.instrs.get(at as usize) {
            for part in made.func.parts(*parts).iter().take(CLASSES) {
                value(origins, func, part.value, out);
            }
        }
    }
    if out.len() == before {
        out.push(On::Unknown);
    }
}

fn value(origins: &Solver<'_, '_>, func: FuncId, value: Operand, out: &mut Vec<On>) {
    let classes = origins.of_operand(func, value).iter();
    let mut classes = classes.filter_map(|&val| match origins.val(val) {
        Some(Val::Class(class)) => Some(class),
        _ => None,
    });
    let text = origins.program.func(func).constant_text(value);
    out.push(match (classes.next(), text) {
        (Some(class), _) => On::Class(class),
        (None, Some(text)) => On::Path(text.to_owned(), None),
        (None, None) => On::Unknown,
    });
}

fn named<'p>(f: FuncRef<'p>, callee: Operand) -> Option<&'p str> {
    super::written_name(f, callee)
}
