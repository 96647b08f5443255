//! Tests of the parts of a parsed address, and what they say of its text.

use super::charset::CharSet;
use super::interp::Interp;
use super::kinds::{COMPARED, HOST, NOT_DOUBLE, lacks};
use super::value::{Konst, Value};
use crate::origin::{Solver, Val, ValId};
use crate::symbol::Sym;
use casemate_ir::{Instr, Key, Operand};
use casemate_model::kind::KindSet;

impl Interp<'_> {
    /// The host or origin of a parsed address is one of ours: so is the whole address (WHATWG URL, section 6.1).
    pub(super) fn host_compared(&mut self, operand: Operand, kinds: KindSet) {
        self.compared_to(operand, kinds, KindSet::EMPTY);
    }

    /// The same, with what else is to be noted of the address.
    fn compared_to(&mut self, operand: Operand, kinds: KindSet, noted: KindSet) {
        let whole = kinds == KindSet::ALL;
        let host = if whole {
            self.k.host()
        } else {
            kinds.intersect(self.k.asked())
        };
        if host.is_empty() {
            return;
        }
        // Which path of a host that is allowed is asked for, is what the client may choose.
        let host = host.union(KindSet::of(self.k.url_path)).union(noted);
        let Some((base, name)) = self.part(operand) else {
            if let Some(part) = self.origin_text(operand) {
                self.host_compared(part, kinds);
            } else {
                self.host_of_call(operand, host);
            }
            return;
        };
        match name {
            _ if self.is_part(name) => {
                self.clean(base, &[], host);
                self.clean_address(base, host);
            }
            _ if !whole => {}
            // One of our own paths has no backslash that a browser would read as a slash.
            "path" | "pathname" => self.clean_address(base, lacks(CharSet::one('\\'))),
            _ => {}
        }
    }

    /// Whether a member of a parsed address says which host it names.
    pub(super) fn is_part(&self, name: &str) -> bool {
        matches!(name, "hostname" | "host" | "origin" | "netloc")
    }

    /// A part of an address that says which host it names is one of our own.
    pub(super) fn part_compared(&mut self, address: Operand, name: &str, kinds: KindSet) {
        if self.is_part(name) && kinds == KindSet::ALL {
            let host = self.k.host().union(KindSet::of(self.k.url_path));
            self.clean(address, &[], host);
            self.clean_address(address, host);
        }
    }

    /// The host of an address, which is a text or parsed, is one of our own.
    pub(super) fn clean_host(&mut self, address: Operand, host: KindSet) {
        self.cleaned(address, host);
        self.clean_address(address, host);
    }

    /// `host_of(x) in allowed`, where a function of the program's own gives the host of an address.
    fn host_of_call(&mut self, operand: Operand, kinds: KindSet) {
        let Some((at, Instr::Call { .. })) = self.definition(operand) else {
            return;
        };
        let value = self.operand(operand);
        if value.taints().is_empty() || !value.taints().iter().all(|t| t.clean.covers(HOST)) {
            return;
        }
        let Some(site) = self.site_of(at) else { return };
        for arg in &site.args {
            let told = |t: &super::value::Taint| {
                value.taints().iter().any(|v| v.origin == t.origin) && !t.clean.covers(HOST)
            };
            if let Some(given) = arg.operand
                && arg.value.taints.is_some()
                && arg.value.taints().iter().all(told)
            {
                self.clean(given, &[], kinds);
                self.clean_address(given, kinds);
            }
        }
    }

    /// What is written into the path, the query or the fragment of an address chooses no host (WHATWG URL, section 6.1).
    pub(super) fn below_host(&self, base: Operand, sym: Sym, mut value: Value) -> Value {
        const BELOW: [&str; 3] = ["pathname", "search", "hash"];
        if value.taints.is_none() || !BELOW.contains(&self.origins.program.text(sym)) {
            return value;
        }
        let vals = self.origins.of_operand(self.f.id, base);
        let known = !vals.is_empty()
            && vals
                .iter()
                .all(|val| is_parsed(self.origins, *val, &WHATWG));
        if known {
            value.taints = self.without(&value, self.k.host());
        }
        value
    }

    /// Notes of the host of a parsed address that it is one.
    pub(super) fn noted_host(&self, base: Operand, name: &str, value: &mut super::value::Value) {
        if value.taints.is_some()
            && matches!(name, "hostname" | "host" | "netloc")
            && self.parsed(base).is_some()
        {
            value.taints = self.without(value, HOST);
        }
    }

    /// The hosts of two addresses are the same, and the other address has nothing from outside.
    pub(super) fn same_host(&mut self, a: Operand, b: Operand) {
        let host = |part: Option<(Operand, &str)>| {
            part.is_some_and(|(_, name)| matches!(name, "hostname" | "host" | "netloc" | "origin"))
        };
        if !host(self.part(a)) || !host(self.part(b)) {
            return;
        }
        let (value, other) = (self.operand(a), self.operand(b));
        let more = value
            .taints()
            .iter()
            .any(|t| !other.taints().iter().any(|o| o.origin == t.origin));
        if more && !self.comes_from_outside(&other, self.k.host()) {
            self.compared_to(a, KindSet::ALL, COMPARED);
        }
    }

    /// The host of an address is the one at which the program itself was asked: a browser says which that is, and no link can choose it.
    /// Whoever asks without a browser says what he likes, so that nothing is known of it for requests of the program's own.
    pub(super) fn asked_host(&mut self, a: Operand, b: Operand) {
        let host = match self.part(a) {
            Some(part) => Some(part),
            None => self.origin_text(a).and_then(|text| self.part(text)),
        };
        if let Some((base, "hostname" | "host" | "netloc" | "origin")) = host
            && self.is_asked_host(b)
        {
            let kinds = KindSet::of(self.k.redirect).union(KindSet::of(self.k.html_url));
            self.clean(base, &[], kinds);
            self.clean_address(base, kinds);
        }
    }

    /// Whether an operand is the host that the request names: `req.hostname`, `req.get('host')`, `${req.protocol}://${req.headers.host}`.
    fn is_asked_host(&self, operand: Operand) -> bool {
        match self.definition(operand) {
            Some((_, Instr::Template { operands, .. })) => {
                let last = self.f.func.operands(operands).last().copied();
                last.is_some_and(|last| last != operand && self.is_asked_host(last))
            }
            Some((at, Instr::Call { callee, .. })) => {
                let name = u32::try_from(at)
                    .ok()
                    .and_then(|at| crate::origin::method_name(self.f, at, callee));
                let Some(site) = self.site_of(at) else {
                    return false;
                };
                let is_request = |text: &str| !text.contains('.');
                if name == Some("get_host") {
                    return site
                        .this_operand
                        .is_some_and(|this| self.is_of_request(this, is_request));
                }
                let header = site
                    .args
                    .first()
                    .and_then(|arg| arg.value.as_str().cloned());
                matches!(name, Some("get" | "header"))
                    && header.is_some_and(|header| names_host(&header))
                    && site
                        .this_operand
                        .is_some_and(|this| self.is_of_request(this, is_request))
            }
            Some((_, Instr::Load { .. })) => self.is_of_request(operand, is_host_of_request),
            _ => false,
        }
    }

    /// Whether a value is certainly something of the object that a framework hands on for a request.
    fn is_of_request(&self, operand: Operand, is: impl Fn(&str) -> bool) -> bool {
        let vals = self.origins.of_operand(self.f.id, operand);
        !vals.is_empty()
            && vals.iter().all(|&val| match self.origins.val(val) {
                Some(crate::origin::Val::Api(path)) => {
                    let text = self.origins.paths.text(path);
                    // Paths of packages and of globals name neither.
                    let root = text.split('.').next().unwrap_or_default();
                    let handed = root.contains('/') && !root.contains(':');
                    (handed || text.contains(DECLARED)) && is(&text)
                }
                _ => false,
            })
    }

    /// The host in `f"{parsed.scheme}://{parsed.netloc}"` or `url.hostname`, in lower case or not, without the brackets of an address of
    /// version 6 or the dot of the root.
    fn origin_text(&self, operand: Operand) -> Option<Operand> {
        let (at, instr) = self.definition(operand)?;
        match instr {
            Instr::Call { callee, .. } => {
                let name = crate::origin::method_name(self.f, u32::try_from(at).ok()?, callee)?;
                let site = self.site_of(at)?;
                let this = site.this_operand?;
                let kept = match name {
                    "lower" | "casefold" | "toLowerCase" | "toString" | "trim" => true,
                    "strip" | "rstrip" | "replace" => unwraps(&site),
                    _ => false,
                };
                let is_host =
                    |(_, name): (Operand, &str)| matches!(name, "hostname" | "host" | "netloc");
                match self.part(this).filter(|_| kept) {
                    Some(part) => is_host(part).then_some(this),
                    None => kept.then(|| self.origin_text(this)).flatten(),
                }
            }
            Instr::Template { operands, .. } => {
                let last = self.f.func.operands(operands).last().copied()?;
                let (_, name) = self.part(last)?;
                matches!(name, "hostname" | "host" | "netloc").then_some(last)
            }
            _ => None,
        }
    }

    /// `parsed.path in allowed`, where the list did not come with the request.
    pub(super) fn own_part(&mut self, part: Operand, list: Operand) -> bool {
        let Some(_) = self.part(part) else {
            return false;
        };
        let list = self.operand(list);
        let foreign = list
            .taints()
            .iter()
            .any(|t| t.derived || matches!(t.origin, super::value::Origin::Source(_)));
        if !foreign && !list.is_empty() {
            self.clean(part, &[], KindSet::ALL);
        }
        !foreign
    }

    /// A part of a parsed address is the empty text.
    pub(super) fn no_host(&mut self, operand: Operand) {
        if let Some((base, name)) = self.part(operand) {
            self.lacks_part(base, name);
        }
    }

    /// A parsed address has no such part.
    pub(super) fn lacks_part(&mut self, base: Operand, name: &str) {
        match name {
            // Not `//host`; `/\host` and `///host` have none either, for a parser that is no browser.
            "hostname" | "host" | "netloc" => self.clean_address(base, NOT_DOUBLE),
            "scheme" => self.clean_address(base, lacks(CharSet::one(':'))),
            _ => {}
        }
    }

    /// The member of something that an operand is.
    fn part(&self, operand: Operand) -> Option<(Operand, &'static str)> {
        let (_, instr) = self.definition(operand)?;
        let Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } = instr
        else {
            return None;
        };
        const PARTS: [&str; 7] = [
            "hostname", "host", "origin", "netloc", "scheme", "path", "pathname",
        ];
        let name = self.f.file.facts.str(name);
        PARTS
            .into_iter()
            .find(|part| *part == name)
            .map(|part| (base, part))
    }

    /// The text of an address, and the reference that was resolved to it.
    fn clean_address(&mut self, address: Operand, kinds: KindSet) {
        let Some(text) = self.parsed(address) else {
            return;
        };
        self.clean(text, &[], kinds);
        // `urljoin(base, x)`: a browser resolves `x` in the same way.
        if let Some((at, Instr::Call { callee, .. })) = self.definition(text)
            && self.is_call_of(callee, &["py:urllib.parse.urljoin", "py:urlparse.urljoin"])
            && let Some(reference) = self
                .site_of(at)
                .and_then(|site| site.args.get(1).and_then(|a| a.operand))
        {
            self.clean(reference, &[], kinds);
        }
    }

    /// The text that an address was parsed from: `new URL(text, …)`, `url.parse(text)`.
    fn parsed(&self, address: Operand) -> Option<Operand> {
        let (at, Instr::Call { callee, .. }) = self.definition(address)? else {
            return None;
        };
        const PARSES: [&str; 8] = [
            "URL",
            "URL.parse",
            "node:url.URL",
            "node:url.parse",
            "npm:url.parse",
            "npm:url-parse",
            "py:urllib.parse.urlparse",
            "py:urllib.parse.urlsplit",
        ];
        if !self.is_call_of(callee, &PARSES) && !self.is_call_of(callee, &["py:urlparse.urlparse"])
        {
            return None;
        }
        self.site_of(at)?.args.first()?.operand
    }

    /// Whether a callee is certainly one of these functions of libraries.
    pub(super) fn is_call_of(&self, callee: Operand, names: &[&str]) -> bool {
        let value = self.operand(callee);
        let callees = self.callees(Some(callee), &value);
        !callees.is_empty()
            && callees.iter().all(|c| match c {
                super::call::Callee::Api(path) => {
                    let text = self.origins.paths.text(*path);
                    names.contains(&text.trim_end_matches("()").trim_end_matches(".new"))
                }
                _ => false,
            })
    }
}

/// How the path of a request ends whose type the program writes down.
const DECLARED: &str = "Request()";

/// How the paths of addresses end that are parsed as the WHATWG says.
pub(super) const WHATWG: [&str; 2] = ["URL.new()", "URL()"];

/// Whether a value is of a library, and its path ends in one of these.
pub(super) fn is_parsed(origins: &Solver<'_, '_>, val: ValId, ends: &[&str]) -> bool {
    matches!(origins.val(val), Some(Val::Api(path)) if {
        let text = origins.paths.text(path);
        ends.iter().any(|end| text.ends_with(end))
    })
}

/// Whether a header says at which host the program is asked.
fn names_host(header: &str) -> bool {
    ["host", "x-forwarded-host"]
        .iter()
        .any(|name| header.eq_ignore_ascii_case(name))
}

/// Whether a path of a framework is the host in a request: `request.host`, `request.headers.host`, and of those that parse the whole
/// address that was asked `request.url.netloc`.
fn is_host_of_request(path: &str) -> bool {
    let is_request = |member: Option<&str>| {
        member.is_some_and(|m| m == "request" || m.contains('/') || m.ends_with(DECLARED))
    };
    let mut members = path.rsplit('.');
    match (members.next(), members.next()) {
        (Some(name), Some("headers")) => names_host(name),
        (
            Some("host" | "hostname" | "raw_host" | "netloc" | "authority"),
            Some("url" | "base_url"),
        ) => is_request(members.next()),
        (Some("host" | "hostname"), of) => is_request(of),
        _ => false,
    }
}

/// `host.replace(/^\[/, '')`, `host.rstrip('.')`: what stands around a host is taken away.
fn unwraps(site: &super::port::CallSite) -> bool {
    let taken = match site.args.first().and_then(|a| a.value.single()) {
        Some(Konst::Regex(pattern, _)) => {
            let literal = ["\\[", "\\]", "\\."].iter();
            let rest = literal.fold(pattern.to_string(), |rest, mark| rest.replace(mark, ""));
            rest.chars().all(|c| "^$|[]".contains(c))
        }
        Some(Konst::Str(text)) => text.chars().all(|c| "[].".contains(c)),
        Some(_) => false,
        None => site.args.is_empty(),
    };
    let gone = site
        .args
        .get(1)
        .is_none_or(|with| with.value.as_str().is_some_and(|w| w.is_empty()));
    taken && gone
}
