//! What guards of an endpoint ask about: of which record somebody has to be a member.

use super::Walk;
use super::repository::Repositories;
use crate::guard::names::Names;
use crate::guard::root::{Known, Roots};
use crate::model::{Endpoint, Stage};
use casemate_flow::origin::Solver;

/// The names under which a client says of what guards ask whether somebody may: `/projects/:projectId/…` behind a guard that looks
/// for a member of that project.
pub(super) fn of(
    origins: &Solver<'_, '_>,
    set: &Known,
    repositories: &Repositories,
    endpoint: &Endpoint,
) -> Names {
    let path = endpoint.path.as_deref().unwrap_or_default();
    let parameters = path.matches([':', '<', '{']).count();
    if parameters < 2 {
        return Names::default();
    }
    let mut walk = Walk::new(origins, set, repositories);
    for member in &endpoint.chain {
        let func = match member.what {
            Stage::Function(func, ..)
            | Stage::Decides(func)
            | Stage::Wraps(func, _)
            | Stage::Before(func)
            | Stage::Middleware(func)
            | Stage::Method(func) => func,
            Stage::Setting(..) | Stage::Package(_) | Stage::Unknown => continue,
        };
        let f = origins.program.func(func);
        // What the route says reaches guards of Python by keywords, or through the view that they are given.
        for param in &f.func.params {
            let name = param.name.map(|name| f.file.facts.str(name));
            if param.keyword_rest || name == Some("view") {
                let said = Roots {
                    client: true,
                    ..Roots::default()
                };
                walk.bound.put(func, param.local, said);
            }
        }
        walk.of_route(func, path);
        walk.function(func, 1);
    }
    walk.made.decided
}
