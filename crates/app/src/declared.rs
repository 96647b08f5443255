//! Handlers that are declared instead of registered: by decorators, by file and name.

use crate::model::{Application, Endpoint, Middleware};
use casemate_flow::origin::Solver;

/// Adds what is declared to what is registered.
pub(crate) fn add(origins: &Solver<'_, '_>, made: &mut Application) {
    for entry in origins.declared.values() {
        if entry.method == "use" {
            made.middleware.push(Middleware {
                site: entry.site,
                path: None,
                callee: entry.callee.clone(),
                handlers: entry.handlers.clone(),
            });
            continue;
        }
        made.endpoints.push(Endpoint {
            method: entry.method.clone(),
            path: entry.path.clone(),
            mounted: true,
            site: entry.site,
            callee: entry.callee.clone(),
            handlers: entry.handlers.clone(),
            chain: Vec::new(),
            // What a framework does before a declared handler is not read yet.
            unknown: 1,
            guards: Vec::new(),
        });
    }
}
