//! The application model: endpoints and what stands before them.
//!
//! Invariants
//! - Knows frameworks only through model rows, and no rule.
//! - Every registration is an endpoint, stands before endpoints, or is listed as unresolved with the reason.
//! - Every answer is three-valued; reaching a cap in `limits.rs` gives *unknown*, never *no*, and is counted.
//! - The same program gives the same model.
//!
//! The way through: `startup` runs what the program does when it starts, `assembly` puts together what that registered,
//! [`model::Application`] is the answer.

mod account;
mod action;
mod allowed;
mod around;
mod assembly;
mod blueprint;
mod built;
mod column;
mod constants;
mod declared;
mod decoration;
mod fact;
mod guard;
mod limits;
pub mod model;
mod object;
mod place;
mod route;
mod router;
mod startup;
mod telling;
mod tree;
mod urlconf;
mod view;
mod wrapped;

pub use column::{Column, columns};
pub use model::Application;

use casemate_flow::origin::Solver;
use casemate_flow::result::Entry;

/// Reads the application out of a program whose origins are known.
#[must_use]
pub fn read(origins: &mut Solver<'_, '_>) -> Application {
    decoration::prepare(origins);
    let started = startup::run(origins);
    let mut application = assembly::assemble(&started, origins);
    application.registrations = started.sites;
    urlconf::complete(&mut application, origins);
    allowed::settle(&mut application.endpoints, origins);
    blueprint::complete(&mut application.endpoints, origins);
    let set = guard::judge(&mut application, origins);
    object::find(&mut application, origins, &set);
    application
}

impl Application {
    /// The endpoints and what stands before them as entries of the engine; the first are the endpoints, in their order.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let endpoints = self.endpoints.iter().map(|e| Entry {
            method: e.method.clone(),
            path: e.path.clone(),
            site: e.call.unwrap_or(e.site),
            callee: e.callee.clone(),
            handlers: e.handlers.clone(),
            unresolved: e.unknown,
            decorator: e.decorator,
        });
        let middleware = self.middleware.iter().map(|m| Entry {
            method: "use".to_owned(),
            path: m.path.clone(),
            site: m.site,
            callee: m.callee.clone(),
            handlers: m.handlers.clone(),
            unresolved: 0,
            decorator: None,
        });
        endpoints.chain(middleware).collect()
    }
}
