//! Which entries the project's ignore files leave out.

use crate::limits;
use crate::read;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::Path;
use std::rc::Rc;

/// What decided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum By {
    GitIgnore,
    OwnIgnore,
}

/// The ignore files from the top down to one folder.
pub(crate) struct Level {
    above: Option<Rc<Level>>,
    git: Option<Gitignore>,
    own: Option<Gitignore>,
}

impl Level {
    /// The level of a folder. `own`: whether `.casemateignore` counts.
    pub(crate) fn of(folder: &Path, above: Option<Rc<Self>>, own: bool) -> Rc<Self> {
        let git = matcher(folder, ".gitignore");
        let own = if own {
            matcher(folder, ".casemateignore")
        } else {
            None
        };
        match above {
            Some(above) if git.is_none() && own.is_none() => above,
            above => Rc::new(Self { above, git, own }),
        }
    }

    /// What leaves the entry out, if anything does. A deeper file wins over a higher one, `.casemateignore` over `.gitignore`.
    pub(crate) fn decides(&self, path: &Path, is_dir: bool) -> Option<By> {
        let of = |pick: fn(&Self) -> Option<&Gitignore>| {
            std::iter::successors(Some(self), |level| level.above.as_deref())
                .filter_map(pick)
                .map(|matcher| matcher.matched(path, is_dir))
                .find(|matched| !matched.is_none())
        };
        match of(|level| level.own.as_ref()) {
            Some(matched) if matched.is_whitelist() => return None,
            Some(_) => return Some(By::OwnIgnore),
            None => {}
        }
        of(|level| level.git.as_ref())
            .filter(|matched| matched.is_ignore())
            .map(|_| By::GitIgnore)
    }
}

fn matcher(folder: &Path, name: &str) -> Option<Gitignore> {
    let text =
        String::from_utf8(read::bytes(&folder.join(name), limits::STEERING_BYTES).ok()?).ok()?;
    patterns(folder, text.lines())
}

/// A matcher of patterns in the syntax of `.gitignore`; lines that are no pattern are passed over, as git does.
pub(crate) fn patterns<'a>(
    folder: &Path,
    lines: impl Iterator<Item = &'a str>,
) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    for line in lines {
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|g| !g.is_empty())
}
