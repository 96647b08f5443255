//! Views whose class does not say whom they answer, as facts.

use crate::decoration::class;
use crate::model::{Application, Endpoint};
use casemate_flow::origin::Solver;
use casemate_flow::program::ClassIdx;
use casemate_flow::result::{Fact, FactValue, FuncId, Site};
use std::collections::BTreeMap;

impl Application {
    /// One fact for each class of views of Django REST framework.
    pub(super) fn views(&self, origins: &Solver<'_, '_>) -> Vec<Fact> {
        let mut all: BTreeMap<u32, (FuncId, ClassIdx, bool, bool)> = BTreeMap::new();
        for endpoint in &self.endpoints {
            let Some((class, function)) = of(origins, endpoint) else {
                continue;
            };
            let Some(declared) = class::declared(origins, class) else {
                continue;
            };
            let called = name(origins, class).to_lowercase();
            let open = super::takes_password(endpoint, origins)
                || super::for_all(&called)
                || called.contains("public");
            let entry = all
                .entry(class.0)
                .or_insert((function, class, declared, false));
            entry.2 |= declared || endpoint.open;
            entry.3 |= open;
        }
        let declared = all.values().filter(|view| view.2).count();
        let bare = all.values().filter(|view| !view.2 && !view.3).count();
        if bare == 0 || declared == 0 || class::has_default(origins) {
            return Vec::new();
        }
        let view = |(handler, class, declares, open): (FuncId, ClassIdx, bool, bool)| {
            let (file, def) = origins.program.class(class)?;
            Some(Fact {
                fact: "view.class".to_owned(),
                site: Site {
                    file,
                    span: def.span,
                },
                function: handler,
                callee: name(origins, class),
                values: vec![
                    ("declared".to_owned(), FactValue::Bool(declares)),
                    ("open".to_owned(), FactValue::Bool(open)),
                    ("siblings".to_owned(), super::number(declared)),
                    ("most".to_owned(), FactValue::Bool(bare * 2 <= declared)),
                ],
            })
        };
        all.into_values().filter_map(view).collect()
    }
}

/// The class that answers, and a function in which that stands: its method, or what declares it.
fn of(origins: &Solver<'_, '_>, endpoint: &Endpoint) -> Option<(ClassIdx, FuncId)> {
    let handler = endpoint.handlers.first().copied();
    let of_handler = || {
        let f = origins.program.func(handler?);
        Some(f.class(f.func.class?))
    };
    let class = endpoint.class.or_else(of_handler)?;
    let (file, def) = origins.program.class(class)?;
    Some((
        class,
        handler.unwrap_or_else(|| origins.program.func_id(file, def.owner)),
    ))
}

fn name(origins: &Solver<'_, '_>, class: ClassIdx) -> String {
    let found = origins.program.class(class);
    let name = found.and_then(|(file, class)| {
        let facts = &origins.program.file(file).facts;
        class.name.map(|name| facts.str(name).to_owned())
    });
    name.unwrap_or_default()
}
