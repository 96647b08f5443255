//! What leaves open where routers end up: registrations of which it is not known on what, or of what, they are made. They speak of
//! the routers of their own package, in their own part of the program.

use crate::startup::{Handler, STEP, Started};
use casemate_flow::origin::Solver;
use casemate_flow::result::Site;
use rustc_hash::FxHashSet;

/// What stands for the middleware that settings name: it stands before all endpoints and puts none anywhere.
pub(super) const SETTINGS: &str = "py:django_settings.";

/// Words of the paths of files that help tests; what they put together never serves.
const OF_TESTS: [&str; 7] = [
    "test", "tests", "testing", "mock", "mocks", "fixture", "fixtures",
];

/// Where a registration may take in whatever is made.
#[derive(Default)]
pub(super) struct Opening {
    /// Part of the program, and package; no package: any.
    places: FxHashSet<(u32, Option<String>)>,
}

impl Opening {
    pub(super) fn of(started: &Started, origins: &Solver<'_, '_>) -> Self {
        let mut out = Self::default();
        let sites = started.missed.iter().chain(&started.suspects);
        for site in sites.filter(|site| !is_of_tests(origins, **site)) {
            out.places.insert((unit(origins, *site), None));
        }
        for event in &started.events {
            let callee = origins.paths.text(event.callee);
            let unknown = event.handlers.contains(&Handler::Unknown);
            if unknown
                && !event.is_route()
                && !event.methods.iter().any(|m| m == STEP)
                && !callee.starts_with(SETTINGS)
                && !is_of_tests(origins, event.site)
            {
                let place = (unit(origins, event.site), Some(package(&callee)));
                out.places.insert(place);
            }
        }
        out
    }

    /// Whether something that is made here, by a package, may be put below something else without that being seen.
    pub(super) fn takes(&self, origins: &Solver<'_, '_>, site: Site, callee: &str) -> bool {
        let unit = unit(origins, site);
        self.places.contains(&(unit, None)) || self.places.contains(&(unit, Some(package(callee))))
    }
}

fn unit(origins: &Solver<'_, '_>, site: Site) -> u32 {
    let units = &origins.program.units;
    units.get(site.file.0 as usize).copied().unwrap_or_default()
}

/// The name of a package, with what is said to belong to it: `npm:koa` of `npm:koa-router.new().get`.
fn package(callee: &str) -> String {
    let name = callee.split(['.', '(']).next().unwrap_or_default();
    let name = name.trim_start_matches("npm:").trim_start_matches('@');
    name.split(['-', '/']).next().unwrap_or_default().to_owned()
}

fn is_of_tests(origins: &Solver<'_, '_>, site: Site) -> bool {
    let path = &origins.program.file(site.file).path;
    let mut words = path.split(['/', '.', '-', '_']);
    words.any(|word| OF_TESTS.contains(&word))
}
