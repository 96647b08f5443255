//! Servers of which no endpoint is known: whoever reads the report must hear that nothing was judged there.
//!
//! A package is one when its manifest names a web framework that it uses or starts with, or when its code listens. What it
//! lacks then is knowledge of ours, not controls of its own.

use crate::assessment::{ThreatModel, UnitInfo, Unserved};
use crate::link::Linked;
use casemate_flow::program::FuncRef;
use casemate_flow::result::{FileIdx, Site};
use casemate_ir::{Const, Instr, Key, Operand};
use casemate_ledger::Inventory;
use casemate_source::Project;
use std::collections::BTreeSet;

/// Packages that make a program a server, whether a model speaks of them or not. Frameworks whose pages may be all there is
/// (Next, Nuxt, SvelteKit), and packages that are as often clients (aiohttp), are none: they count where something listens.
const FRAMEWORKS: [&str; 51] = [
    "@adonisjs/core",
    "@feathersjs/express",
    "@feathersjs/feathers",
    "@hapi/hapi",
    "@keystone-6/core",
    "@loopback/rest",
    "@marblejs/http",
    "@midwayjs/core",
    "@nestjs/core",
    "@strapi/strapi",
    "@tsed/common",
    "actionhero",
    "blacksheep",
    "bottle",
    "cherrypy",
    "connexion",
    "django",
    "djangorestframework",
    "egg",
    "elysia",
    "emmett",
    "express",
    "falcon",
    "fastapi",
    "fastify",
    "flask",
    "foal-ts",
    "h3",
    "hono",
    "klein",
    "koa",
    "litestar",
    "loopback",
    "moleculer-web",
    "morepath",
    "polka",
    "pyramid",
    "quart",
    "responder",
    "restify",
    "robyn",
    "sails",
    "sanic",
    "starlette",
    "thinkjs",
    "total4",
    "tornado",
    "turbogears2",
    "ultimate-express",
    "uwebsockets.js",
    "zope",
];

/// Methods by which a server starts to answer, of whatever it is.
const LISTENS: [&str; 4] = ["listen", "lift", "serve_forever", "run_app"];

/// The packages of a project that plainly are servers and have no endpoint. `endpoints`: of the whole project.
pub(crate) fn of(
    project: &Project,
    linked: &Linked,
    inventory: &Inventory,
    units: &[UnitInfo],
    endpoints: usize,
    place: &dyn Fn(Site) -> String,
) -> Vec<Unserved> {
    let silent = |unit: &&UnitInfo| unit.endpoints == 0 && unit.threat_model == ThreatModel::Server;
    if !units.iter().any(|unit| silent(&unit)) {
        return Vec::new();
    }
    let root = |file: FileIdx| {
        let origin = linked.origin.get(file.0 as usize)?;
        let unit = project.files.get(*origin)?.unit;
        project.units.get(unit.index()).map(|u| u.root.as_str())
    };
    let listens = listens(linked, inventory);
    let unserved = units.iter().filter(silent).filter_map(|unit| {
        let declared = project.units.iter().find(|u| u.root == unit.root)?;
        let imported = |name: &str| {
            let files = ["npm:", "py:"]
                .iter()
                .filter_map(|kind| inventory.packages.get(&format!("{kind}{name}")));
            files
                .flatten()
                .any(|file| root(*file) == Some(unit.root.as_str()))
        };
        let frameworks: Vec<String> = FRAMEWORKS
            .into_iter()
            .filter(|name| declared.dependencies.contains_key(*name))
            .filter(|name| declared.starts || imported(name))
            .map(str::to_owned)
            .collect();
        let listens = listens
            .iter()
            .find(|site| root(site.file) == Some(unit.root.as_str()))
            .map(|site| place(*site));
        // Among packages that answer, one that only names a framework may be what they share.
        let plain = listens.is_some() || (endpoints == 0 && !frameworks.is_empty());
        plain.then(|| Unserved {
            unit: unit.name.clone(),
            manifest: unit.manifest.clone(),
            frameworks,
            listens,
        })
    });
    unserved.collect()
}

/// Where something listens, in order: what models say of it, and methods of these names.
fn listens(linked: &Linked, inventory: &Inventory) -> BTreeSet<Site> {
    let mut sites: BTreeSet<Site> = BTreeSet::new();
    if let Some(told) = inventory.facts.get("listen") {
        sites.extend(told.keys());
    }
    let program = &linked.program;
    for id in program.function_ids().filter(|id| !program.is_copy(*id)) {
        let f = program.func(id);
        for (instr, span) in f.func.instrs.iter().zip(&f.func.spans) {
            let Instr::Call { callee, args, .. } = *instr else {
                continue;
            };
            let Some(Instr::Load {
                key: Key::Field(name),
                ..
            }) = f.made_by(callee)
            else {
                continue;
            };
            let name = f.file.facts.str(*name);
            let first = f.func.args(args).first().map(|arg| arg.value);
            // `history.listen(f)` and `channel.listen('news')` wait for something else.
            let answers = name != "listen" || first.is_some_and(|first| is_port(f, first));
            if LISTENS.contains(&name) && answers {
                sites.insert(Site {
                    file: f.file_idx,
                    span: *span,
                });
            }
        }
    }
    sites
}

/// Whether a value may be a port or what holds one: no function, and no text.
fn is_port(f: FuncRef<'_>, value: Operand) -> bool {
    match value {
        Operand::Const(id) => matches!(f.file.facts.constant(id), Const::Number(_)),
        Operand::Local(_) => !matches!(f.made_by(value), Some(Instr::Closure { .. })),
    }
}
