//! What was seen of a project's files.

use crate::assessment::{Files, Hidden, PolicyEffect, SetAside, Skipped};
use casemate_say::say;
use casemate_source::{Project, Reason};

/// The files of a project as coverage. What front ends found is added by the pipeline.
pub(crate) fn files(project: &Project) -> Files {
    let mut files = Files {
        seen: project.seen,
        without_front_end: project
            .without_front_end
            .iter()
            .map(|(l, n)| ((*l).to_owned(), *n))
            .collect(),
        not_entered: project.foreign.clone(),
        ..Files::default()
    };
    files.assessed = project.files.len();
    files.templates = project
        .files
        .iter()
        .filter(|f| f.file_type.is_template())
        .count();
    for aside in &project.set_aside {
        *files
            .set_aside
            .entry(aside.role.word().to_owned())
            .or_default() += 1;
        files.set_aside_files.push(SetAside {
            path: aside.path.clone(),
            role: aside.role.word().to_owned(),
            because: aside.because.clone(),
        });
    }
    files.skipped = project
        .skipped
        .iter()
        .map(|s| Skipped {
            path: s.path.clone(),
            reason: why(&s.reason),
        })
        .collect();
    files.ignored = project
        .ignored
        .iter()
        .map(|effect| PolicyEffect {
            origin: effect.origin.clone(),
            says: say!("leaves out"),
            reason: None,
            hides: effect.entries,
            unit: Hidden::Files,
        })
        .collect();
    files
}

/// Why a file was not read.
fn why(reason: &Reason) -> String {
    match reason {
        Reason::Vanished => say!("was gone when it was opened"),
        Reason::Binary => say!("not text"),
        Reason::LinkOutside => say!("a link out of the project"),
        Reason::LinkBroken => say!("a link that leads nowhere"),
        Reason::NotRegular => say!("not a regular file"),
        // With figures and what the system says.
        Reason::Unreadable(_) | Reason::TooLarge(_) | Reason::OverLimit(_) => reason.to_string(),
    }
}
