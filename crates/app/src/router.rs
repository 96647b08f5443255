//! Router classes of the program that answer otherwise than those of Django REST framework: routes of their own, and methods that
//! they add to the mapping of the routes that they inherit.
//!
//! Source: <https://www.django-rest-framework.org/api-guide/routers/#custom-routers>

use crate::{decoration, urlconf};
use casemate_flow::origin::{Solver, Val};
use casemate_flow::program::{ClassIdx, FuncRef};
use casemate_ir::{ArgKey, Instr, Key, Operand};

/// Classes above a router.
const ANCESTORS: usize = 8;

/// What a router makes of each class that is registered with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Router {
    /// Its routes stand in place of those of the library.
    pub replaces: bool,
    /// What it answers besides.
    pub routes: Vec<Route>,
}

/// One method of a route.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    /// Of HTTP, lower case.
    pub method: String,
    /// Of the class.
    pub action: String,
    /// What follows the address of the class.
    pub rest: String,
}

/// The router that a value is.
pub(crate) fn of(origins: &Solver<'_, '_>, f: FuncRef<'_>, router: Operand) -> Router {
    let values = origins.of_operand(f.id, router).iter();
    let mut classes: Vec<ClassIdx> = values
        .filter_map(|val| match origins.val(*val) {
            Some(Val::Instance(class)) => Some(class),
            _ => None,
        })
        .collect();
    let mut out = Router::default();
    let mut at = 0;
    while let Some(&class) = classes.get(at) {
        at += 1;
        out.read(origins, class);
        let bases = origins.of_bases(class).iter();
        let bases = bases.filter_map(|base| match origins.val(*base) {
            Some(Val::Class(base)) => Some(base),
            _ => None,
        });
        let bases: Vec<ClassIdx> = bases.filter(|base| !classes.contains(base)).collect();
        classes.extend(bases);
        classes.truncate(ANCESTORS);
    }
    out
}

impl Router {
    fn read(&mut self, origins: &Solver<'_, '_>, class: ClassIdx) {
        let Some((file, def)) = origins.program.class(class) else {
            return;
        };
        let body = origins
            .program
            .func(origins.program.func_id(file, def.owner));
        let own = body
            .class_body(class)
            .find(|(_, name, _)| *name == "routes");
        if let Some(routes) = own.and_then(|(.., value)| decoration::elements(body, value)) {
            self.replaces = true;
            for route in routes {
                self.declared(body, route);
            }
        }
        let methods = def.members.iter().filter_map(|member| member.func);
        for func in std::iter::once(def.constructor).chain(methods) {
            self.added(origins.program.func(origins.program.func_id(file, func)));
        }
    }

    /// `Route(url=r'^{prefix}/{lookup}{trailing_slash}$', mapping={'get': 'retrieve'}, …)`
    fn declared(&mut self, f: FuncRef<'_>, route: Operand) {
        let Some((_, args)) = f.call_behind(route) else {
            return;
        };
        let given = |name: &str, at: usize| {
            let positional = args.get(at).filter(|arg| arg.key == ArgKey::Pos);
            decoration::keyword(f, args, name).or_else(|| positional.map(|arg| arg.value))
        };
        let url = given("url", 0).and_then(|url| f.constant_text(url));
        let (Some(url), Some(mapping)) = (url, given("mapping", 1)) else {
            return;
        };
        let rest = url
            .trim_start_matches('^')
            .trim_end_matches('$')
            .trim_start_matches("{prefix}")
            .trim_start_matches('/')
            .replace("{lookup}", "{pk}")
            .replace("{trailing_slash}", "/");
        let rest = if rest == "/" { String::new() } else { rest };
        for (method, action) in urlconf::actions(f, mapping) {
            self.add(method, action, rest.clone());
        }
    }

    /// `self.routes[0].mapping.update({'put': 'bulk_update'})`, `self.routes[0].mapping['put'] = 'bulk_update'`
    fn added(&mut self, f: FuncRef<'_>) {
        for instr in &f.func.instrs {
            match instr {
                Instr::Call { callee, args, .. } => {
                    let mapping = f
                        .made_by(*callee)
                        .and_then(|load| member(f, load, "update"));
                    let rest = mapping.and_then(|mapping| rest(f, mapping));
                    let given = f.func.args(*args).first().map(|arg| arg.value);
                    if let (Some(rest), Some(given)) = (rest, given) {
                        for (method, action) in urlconf::actions(f, given) {
                            self.add(method, action, rest.to_owned());
                        }
                    }
                }
                Instr::Store { base, key, value } => {
                    let Key::Field(method) = key else { continue };
                    if let (Some(rest), Some(action)) = (rest(f, *base), f.constant_text(*value)) {
                        let method = f.file.facts.str(*method).to_lowercase();
                        self.add(method, action.to_owned(), rest.to_owned());
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, method: String, action: String, rest: String) {
        let route = Route {
            method,
            action,
            rest,
        };
        if !self.routes.contains(&route) {
            self.routes.push(route);
        }
    }
}

/// What a member of a name was read off.
fn member(f: FuncRef<'_>, load: &Instr, wanted: &str) -> Option<Operand> {
    match load {
        Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } if f.file.facts.str(*name) == wanted => Some(*base),
        _ => None,
    }
}

/// What the route adds to an address of which a value is the mapping: `….routes[0].mapping` is of the list, `….routes[2].mapping`
/// of one record.
fn rest(f: FuncRef<'_>, mapping: Operand) -> Option<&'static str> {
    let route = member(f, f.made_by(mapping)?, "mapping")?;
    let Instr::Load {
        base,
        key: Key::Index(index),
        ..
    } = f.made_by(route)?
    else {
        return None;
    };
    member(f, f.made_by(*base)?, "routes")?;
    Some(if *index < 2 { "" } else { "{pk}/" })
}
