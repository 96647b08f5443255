//! Permissions of Django REST framework that tell reading from changing.

use super::Around;
use crate::model::{Member, Stage};
use casemate_flow::origin::Solver;
use casemate_flow::result::Site;

/// Permissions that let everybody read, and want a login of whoever changes something.
pub(super) const READING: [&str; 2] = [
    "IsAuthenticatedOrReadOnly",
    "DjangoModelPermissionsOrAnonReadOnly",
];

/// Whether a method of a view only reads, by its name; absent: that does not tell.
pub(super) fn reads(action: &str) -> Option<bool> {
    match action {
        "get" | "head" | "options" | "list" | "retrieve" => Some(true),
        "post" | "put" | "patch" | "delete" | "create" | "update" | "partial_update"
        | "destroy" => Some(false),
        _ => None,
    }
}

pub(super) fn wants_login(site: Site, name: String) -> Member {
    Member {
        site,
        name: name.clone(),
        what: Stage::Setting("authentication", name),
        around: crate::around::Around::default(),
        certain: true,
    }
}

/// What permissions ask that tell reading from changing, of a method of which it is known which of both it does.
pub(super) fn unless_reading(origins: &Solver<'_, '_>, action: &str, out: &mut Around) {
    let Some(reads) = reads(action) else {
        return;
    };
    let told = |member: &Member| match &member.what {
        Stage::Package(path) => READING.contains(&origins.paths.last_member(*path)),
        _ => false,
    };
    if reads {
        out.chain.retain(|member| !told(member));
    } else {
        for member in out.chain.iter_mut().filter(|member| told(member)) {
            *member = wants_login(member.site, member.name.clone());
        }
    }
}
