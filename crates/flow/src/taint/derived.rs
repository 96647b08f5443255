//! Checks of a copy that was made from a text: `x.strip()`, `os.path.normpath(x)`, `unquote(x)`. What is then known of the copy
//! holds for the text too, as far as making the copy keeps it.

use super::charset::CharSet;
use super::interp::Interp;
use super::port::CallSite;
use super::value::Konst;
use casemate_ir::{ArgKey, Instr, LocalId, Operand};
use casemate_model::kind::KindSet;

/// Calls between a text and the copy of it that is tested.
const STEPS: usize = 6;

/// What is known of a copy and does not hold for the text that it was made from.
#[derive(Clone, Copy)]
enum Lost {
    /// Nothing.
    Nothing,
    /// What depends on these characters: the copy may lack them though the text does not.
    Chars(CharSet),
    /// These characters, and how the text begins.
    Replaced(CharSet),
    /// The same of backslashes that became slashes, as browsers read them: where an address leads is kept.
    Slashed,
    /// All but what a path must not do.
    AllButPaths,
}

impl Interp<'_> {
    /// The texts that a call makes its result of, with the part of `kinds` that holds for them.
    pub(super) fn copied_texts(
        &self,
        at: usize,
        callee: Operand,
        kinds: KindSet,
    ) -> Vec<(Operand, KindSet)> {
        let Some((text, lost)) = self.copied_text(at, callee) else {
            return Vec::new();
        };
        let kept = self.kept(kinds, lost);
        let before = |local: LocalId| self.definitions(local).all(|def| def < at);
        match text {
            Operand::Local(local) if !kept.is_empty() && before(local) => vec![(text, kept)],
            _ => Vec::new(),
        }
    }

    /// The one text of which every value of a variable that is written more than once was made: `p = unquote(x)`, and then
    /// `p = unquote(p)` as long as that changes something.
    pub(super) fn sole_text(&self, local: LocalId, kinds: KindSet) -> Vec<(Operand, KindSet)> {
        let mut root: Option<(LocalId, KindSet)> = None;
        let mut defs = 0;
        for def in self.definitions(local) {
            defs += 1;
            if defs > STEPS {
                return Vec::new();
            }
            let (mut at, mut kept) = (def, kinds);
            let mut from = None;
            for _ in 0..STEPS {
                let next = match self.f.func.instrs.get(at) {
                    Some(Instr::Copy { from, .. }) => Some(*from),
                    Some(Instr::Call { callee, .. }) => {
                        self.copied_text(at, *callee).map(|(text, lost)| {
                            kept = self.kept(kept, lost);
                            text
                        })
                    }
                    _ => None,
                };
                let Some(Operand::Local(next)) = next else {
                    return Vec::new();
                };
                from = Some(next);
                let mut before = self.definitions(next);
                match (before.next(), before.next()) {
                    (Some(only), None) if next != local => at = only,
                    _ => break,
                }
            }
            match (from, root) {
                (Some(from), _) if from == local => {}
                (Some(from), None) => root = Some((from, kept)),
                (Some(from), Some((known, so_far))) if from == known => {
                    root = Some((from, so_far.intersect(kept)));
                }
                _ => return Vec::new(),
            }
        }
        match root {
            Some((root, kept)) if !kept.is_empty() => vec![(Operand::Local(root), kept)],
            _ => Vec::new(),
        }
    }

    /// What is known of a parameter where its variable holds a copy that was made of it: `path = os.path.abspath(path)`. That the copy
    /// is a resolved path does not make the parameter one.
    pub(super) fn known_of_overwritten(&self, local: LocalId, kinds: KindSet) -> KindSet {
        let mut kept = kinds;
        let mut copies = 0;
        for def in self.definitions(local) {
            copies += 1;
            let made = match self.f.func.instrs.get(def) {
                Some(Instr::Copy {
                    from: Operand::Local(from),
                    ..
                }) => {
                    let mut all = self.definitions(*from);
                    all.next().filter(|_| all.next().is_none())
                }
                _ => Some(def),
            };
            let copied = made.and_then(|at| match self.f.func.instrs.get(at) {
                Some(Instr::Call { callee, .. }) => self.copied_text(at, *callee),
                _ => None,
            });
            match copied {
                Some((Operand::Local(text), lost)) if text == local && copies <= STEPS => {
                    kept = self.kept(kept, lost);
                }
                _ => return KindSet::EMPTY,
            }
        }
        if copies == 0 {
            return KindSet::EMPTY;
        }
        kept.without(KindSet::of(self.k.relative))
    }

    /// The text that a call copies, where it makes nothing else of it.
    fn copied_text(&self, at: usize, callee: Operand) -> Option<(Operand, Lost)> {
        let site = self.site_of(at)?;
        let argument = |at: usize| {
            let plain = site.args.iter().all(|a| a.key == ArgKey::Pos);
            site.args.get(at).filter(|_| plain)?.operand
        };
        let called = self.called_path(callee);
        let is = |names: &[&str]| called.as_deref().is_some_and(|path| names.contains(&path));
        if is(&RESOLVED) {
            return Some((argument(0)?, Lost::AllButPaths));
        }
        let name = crate::origin::method_name(self.f, u32::try_from(at).ok()?, callee);
        // `Path(base) / x`
        let below = matches!(name, Some("__truediv__" | "__rtruediv__" | "joinpath"));
        if below || is(&JOINED) {
            let base = site
                .this_operand
                .filter(|_| below && site.this.taints.is_some());
            let given = site.args.iter().filter(|a| a.value.taints.is_some());
            let mut foreign: Vec<Option<Operand>> = base
                .into_iter()
                .map(Some)
                .chain(given.map(|a| a.operand))
                .collect();
            // The folder to begin with, which did not come with the request.
            let folder = if below {
                site.this_operand
            } else {
                site.args.first().and_then(|a| a.operand)
            };
            if foreign.len() > 1
                && foreign.first().copied().flatten() == folder
                && folder.is_some_and(|f| !self.is_from_outside(f))
            {
                foreign.remove(0);
            }
            // Of several parts, one may make good what another does.
            return match foreign.as_slice() {
                [Some(part)] => Some((*part, Lost::AllButPaths)),
                _ => None,
            };
        }
        // `path.relative(folder, x)`: where it leads from there.
        if is(&["node:path.relative", "node:path.posix.relative"]) {
            return Some((argument(1)?, Lost::AllButPaths));
        }
        if is(&["py:os.path.relpath", "py:posixpath.relpath"]) {
            return Some((argument(0)?, Lost::AllButPaths));
        }
        if is(&DECODED) {
            return Some((argument(0)?, Lost::Chars(CharSet::of("%+"))));
        }
        if is(&UNESCAPED) {
            return Some((argument(0)?, Lost::Chars(CharSet::of("&;#"))));
        }
        if is(&SAME) {
            return Some((argument(0)?, Lost::Nothing));
        }
        if is(&["py:unicodedata.normalize"]) {
            return Some((argument(1)?, Lost::Nothing));
        }
        self.method_copy(name?, callee, &site)
    }

    /// Whether the folder that an operand holds came with a request, or from wherever else models say, and was not checked.
    fn is_from_outside(&self, operand: Operand) -> bool {
        let value = self.operand(operand);
        let open = |t: &&super::value::Taint| !t.clean.covers(self.k.paths());
        value
            .taints()
            .iter()
            .filter(open)
            .any(|t| matches!(t.origin, super::value::Origin::Source(_)))
    }

    /// `path.relative(folder, x)`.
    pub(super) fn is_way_from_folder(&self, operand: Operand) -> bool {
        let Some((_, Instr::Call { callee, .. })) = self.definition(operand) else {
            return false;
        };
        self.is_call_of(
            callee,
            &[
                "node:path.relative",
                "node:path.posix.relative",
                "py:os.path.relpath",
                "py:posixpath.relpath",
            ],
        )
    }

    /// `x` of `path.normalize(x)`, where no folder was put before it.
    pub(super) fn made_normal(&self, operand: Operand) -> Option<Operand> {
        let (at, Instr::Call { callee, .. }) = self.definition(operand)? else {
            return None;
        };
        const NORMAL: [&str; 4] = [
            "node:path.normalize",
            "node:path.posix.normalize",
            "py:os.path.normpath",
            "py:posixpath.normpath",
        ];
        if !self.is_call_of(callee, &NORMAL) {
            return None;
        }
        let text = self.site_of(at)?.args.first()?.operand?;
        match self.definition(text) {
            Some((_, Instr::Call { callee, .. })) if self.is_call_of(callee, &JOINED) => None,
            Some((_, Instr::Template { .. })) => None,
            _ => Some(text),
        }
    }

    /// A path that was resolved is equal to something that has nothing of what it was made of: the folder itself.
    pub(super) fn is_folder(&mut self, path: Operand, folder: Operand) {
        let Some((at, Instr::Call { callee, .. })) = self.definition(path) else {
            return;
        };
        let mut text = match self.copied_texts(at, callee, self.k.paths()).as_slice() {
            [(text, _)] => *text,
            _ => return,
        };
        for _ in 0..STEPS {
            let Some((at, Instr::Call { callee, .. })) = self.definition(text) else {
                break;
            };
            match self.copied_texts(at, callee, self.k.paths()).as_slice() {
                [(next, _)] => text = *next,
                _ => break,
            }
        }
        let (made_of, other) = (self.operand(text), self.operand(folder));
        let shared = made_of
            .taints()
            .iter()
            .any(|t| other.taints().iter().any(|o| o.origin == t.origin));
        if !shared && !other.is_empty() && !self.is_from_outside(folder) {
            self.cleaned(path, self.k.paths());
        }
    }

    /// The one function of a library that a callee is, as a path.
    fn called_path(&self, callee: Operand) -> Option<String> {
        let value = self.operand(callee);
        match self.callees(Some(callee), &value).as_slice() {
            [super::call::Callee::Api(path)] => {
                let text = self.origins.paths.text(*path);
                Some(
                    text.trim_end_matches("()")
                        .trim_end_matches(".new")
                        .to_owned(),
                )
            }
            _ => None,
        }
    }

    /// The receiver of a method that copies it.
    fn method_copy(&self, name: &str, callee: Operand, site: &CallSite) -> Option<(Operand, Lost)> {
        let lost = method(name, site)?;
        let own = |c: &super::call::Callee| !matches!(c, super::call::Callee::Api(_));
        let value = self.operand(callee);
        if site.this.taints.is_none() || self.callees(Some(callee), &value).iter().any(own) {
            return None;
        }
        Some((site.this_operand?, lost))
    }

    /// The part of what is known of a copy that holds for the text.
    fn kept(&self, kinds: KindSet, lost: Lost) -> KindSet {
        // A member of a list of ours: what the text has beyond it can only serve what the lost characters serve.
        let whole = kinds.covers(KindSet::ALL);
        match lost {
            Lost::Nothing => kinds,
            Lost::AllButPaths => kinds.intersect(self.k.paths()),
            Lost::Slashed => {
                let begins = super::kinds::ROOTED.union(super::kinds::NOT_DOUBLE);
                let leads = kinds.intersect(KindSet::of(self.k.redirect).union(begins));
                leads.union(self.kept(kinds, Lost::Replaced(CharSet::of("\\"))))
            }
            Lost::Chars(chars) if whole => {
                let blank = !chars.has_any("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
                let encoded = chars == CharSet::of("%+") || chars == CharSet::of("&;#");
                if blank || encoded {
                    kinds
                } else {
                    kinds.without(self.k.served_by(chars))
                }
            }
            Lost::Replaced(chars) if whole => kinds.without(self.k.served_by(chars)),
            // Where dots went, there may have been two.
            Lost::Chars(chars) | Lost::Replaced(chars) if chars.has('.') => {
                let kinds = kinds.without(self.k.paths());
                self.k.without_characters(kinds, chars)
            }
            Lost::Chars(chars) => self.k.without_characters(kinds, chars),
            Lost::Replaced(chars) => {
                let kinds = kinds.intersect(self.k.of_characters().union(self.k.paths()));
                self.k.without_characters(kinds, chars)
            }
        }
    }

    /// Both texts are the same: what the one cannot do, the other cannot either. `os.path.basename(x) == x`.
    pub(super) fn same_text(&mut self, a: Operand, b: Operand) {
        let known = |operand| {
            let value = self.operand(operand);
            let plain = value.refs.is_empty() && value.taints.is_some();
            let all = value.taints().iter().map(|t| t.clean);
            all.reduce(KindSet::intersect).filter(|_| plain)
        };
        let (Some(left), Some(right)) = (known(a), known(b)) else {
            return;
        };
        if !right.without(left).is_empty() {
            self.cleaned(a, right);
        }
        if !left.without(right).is_empty() {
            self.cleaned(b, left);
        }
    }
}

/// What a method of texts makes of its receiver.
fn method(name: &str, site: &CallSite) -> Option<Lost> {
    let text = |at: usize| match site.args.get(at)?.value.single()? {
        Konst::Str(text) => Some(text.clone()),
        _ => None,
    };
    let none = site.args.is_empty();
    match name {
        "lower" | "upper" | "casefold" | "title" | "capitalize" | "swapcase" | "toLowerCase"
        | "toUpperCase" | "toLocaleLowerCase" | "toLocaleUpperCase" | "toString" | "valueOf"
            if none =>
        {
            Some(Lost::Nothing)
        }
        // Of `pathlib`.
        "resolve" | "absolute" | "expanduser" => Some(Lost::AllButPaths),
        "encode" | "decode" | "normalize" => Some(Lost::Nothing),
        "strip" | "lstrip" | "rstrip" | "trim" | "trimStart" | "trimEnd" | "trimLeft"
        | "trimRight" => match site.args.len() {
            0 => Some(Lost::Chars(CharSet::of(" \t\n\r"))),
            _ => Some(Lost::Chars(CharSet::of(&text(0)?))),
        },
        "removeprefix" | "removesuffix" => Some(Lost::Replaced(CharSet::of(&text(0)?))),
        "replace" | "replaceAll" if &*text(0)? == "\\" && text(1).is_some_and(|to| &*to == "/") => {
            Some(Lost::Slashed)
        }
        "replace" | "replaceAll" => Some(Lost::Replaced(CharSet::of(&text(0)?))),
        _ => None,
    }
}

/// Functions that say where a path leads.
const RESOLVED: [&str; 12] = [
    "py:os.path.normpath",
    "py:os.path.abspath",
    "py:os.path.realpath",
    "py:posixpath.normpath",
    "py:posixpath.abspath",
    "py:posixpath.realpath",
    "py:pathlib.Path",
    "py:pathlib.PurePath",
    "py:pathlib.PosixPath",
    "py:pathlib.PurePosixPath",
    "node:path.normalize",
    "node:path.posix.normalize",
];
/// Functions that put the parts of a path together.
const JOINED: [&str; 8] = [
    "py:os.path.join",
    "py:posixpath.join",
    "py:werkzeug.utils.safe_join",
    "node:path.join",
    "node:path.resolve",
    "node:path.posix.join",
    "node:path.posix.resolve",
    "py:os.path.expanduser",
];
/// Functions that read what stands for characters of an address.
const DECODED: [&str; 7] = [
    "py:urllib.parse.unquote",
    "py:urllib.parse.unquote_plus",
    "py:urllib.unquote",
    "js:decodeURIComponent",
    "js:decodeURI",
    "decodeURIComponent",
    "decodeURI",
];
/// Functions that read what stands for characters of markup.
const UNESCAPED: [&str; 2] = ["py:html.unescape", "npm:he.decode"];
/// Functions that give a text as it is.
const SAME: [&str; 8] = [
    "py:str",
    "py:os.fspath",
    "py:os.fsdecode",
    "py:os.fsencode",
    "py:django.utils.encoding.force_str",
    "py:django.utils.encoding.smart_str",
    "str",
    "String",
];
