//! A value that is one of the program's own: `ALLOWED.some(name => name === x)`, `HOSTS.some(h => host === h || host.endsWith('.' + h))`.

use super::address::{WHATWG, is_parsed};
use super::deny_list::{captured, made_by, method};
use super::interp::Interp;
use super::port::CallSite;
use super::summary::Outcome;
use super::value::{Konst, Origin, Taint, Value};
use crate::origin::Solver;
use crate::program::FuncRef;
use casemate_ir::{Capture, Const, FnId, Instr, Key, LocalId, OpKind, Operand, Term, VarRef};
use casemate_model::kind::KindSet;

/// Forms of one text.
const FORMS: [&str; 3] = ["toLowerCase", "toString", "trim"];

/// Methods that make a list of a text or of another list.
const COMPUTES: [&str; 4] = ["split", "map", "filter", "concat"];

/// Stands among members for the address that a text is parsed to.
const PARSED: &str = "<parsed>";

/// What is compared with the elements of a list.
struct Compared<'p> {
    /// The variable of the function around it.
    local: LocalId,
    /// The members that are read of that.
    members: Vec<&'p str>,
    /// It may also end in a dot and the parameter.
    below: bool,
}

impl Interp<'_> {
    /// `list.some(f)` said yes: what `f` compares with the elements of a list of the program's own is one of them.
    pub(super) fn one_of(&mut self, name: Option<&str>, site: &CallSite, outcome: Outcome) {
        if outcome != Outcome::True || name != Some("some") {
            return;
        }
        let (Some(list), Some(callback)) = (site.this_operand, site.args.first()) else {
            return;
        };
        let callees = self.callees(callback.operand, &callback.value);
        let [super::call::Callee::Closure(_, func)] = callees.as_slice() else {
            return;
        };
        let own = super::lists::strings(self.origins, self.f, list, 0);
        if own.is_none_or(|own| own.is_empty())
            && !self.is_kept_list(list, &site.this)
            && !self.is_computed_list(list)
        {
            return;
        }
        let Some(compared) = compared(self.origins, self.origins.program.func(*func)) else {
            return;
        };
        let value = Operand::Local(compared.local);
        match compared.members.as_slice() {
            [PARSED, part] if self.is_part(part) => {
                let host = self.k.host().union(KindSet::of(self.k.url_path));
                self.clean_host(value, host);
            }
            _ if compared.members.contains(&PARSED) => {}
            [] if compared.below => self.host_compared(value, KindSet::ALL),
            [part] if self.is_part(part) => self.part_compared(value, part, KindSet::ALL),
            _ if compared.below => {}
            members => {
                let members = members.iter().map(|name| self.member_sym(name));
                if let Some(members) = members.collect::<Option<Vec<_>>>() {
                    self.clean(value, &members, KindSet::ALL);
                }
            }
        }
    }

    /// Whether a list is kept in a module, which makes it once of another list or a text: `HOSTS.split(',').filter(Boolean)`.
    fn is_computed_list(&self, list: Operand) -> bool {
        let Some(Instr::LoadVar {
            var: VarRef::Global(global),
            ..
        }) = made_by(self.f, list)
        else {
            return false;
        };
        let program = self.origins.program;
        let module = program.func(program.func_id(self.f.file_idx, FnId(0)));
        let mut stored = module.func.instrs.iter().filter_map(|instr| match *instr {
            Instr::StoreVar { var, value } if var == VarRef::Global(global) => Some(value),
            _ => None,
        });
        match (stored.next(), stored.next()) {
            (Some(value), None) => method(module, value, &COMPUTES).is_some(),
            _ => false,
        }
    }

    /// Whether a value is an element of a list that is written down, as a loop gives it.
    pub(super) fn is_own_element(&self, operand: Operand) -> bool {
        let mut at = operand;
        for _ in 0..3 {
            match self.definition(at) {
                Some((_, Instr::Copy { from, .. })) => at = from,
                Some((_, Instr::IterNext { of, .. })) => {
                    let own = super::lists::strings(self.origins, self.f, of, 0);
                    return own.is_some_and(|own| !own.is_empty());
                }
                _ => return false,
            }
        }
        false
    }

    /// Whether a text begins with a dot, and what follows it came with no request: `.example.org`.
    pub(super) fn is_own_domain(&self, text: &Value) -> bool {
        let begun = match text.consts.as_deref() {
            Some([Konst::Template(parts)]) => {
                matches!(parts.first(), Some(Some(first)) if first.starts_with('.'))
            }
            _ => false,
        };
        let sent = |t: &Taint| matches!(t.origin, Origin::Source(_) | Origin::Port(_));
        begun && !text.taints().iter().any(|t| sent(t) && !self.is_kept(t))
    }

    fn is_kept(&self, taint: &Taint) -> bool {
        matches!(taint.origin, Origin::Port(port) if port.base().is_absolute())
    }

    /// `list.indexOf(x)` found it in a list or a text of the program's own.
    pub(super) fn found_in_own(&mut self, operand: Operand) {
        let Some((at, Instr::Call { callee, .. })) = self.definition(operand) else {
            return;
        };
        let Some(site) = self.site_of(at) else { return };
        let name = crate::origin::method_name(self.f, site.instr, callee);
        let foreign = |t: &Taint| matches!(t.origin, Origin::Source(_)) || t.derived;
        let own = !site.this.is_empty() && !site.this.taints().iter().any(foreign);
        if let (Some("indexOf"), true, Some(found)) =
            (name, own, site.args.first().and_then(|a| a.operand))
        {
            self.clean(found, &[], KindSet::ALL);
        }
    }
}

/// A text without what only changes its form.
fn plain(f: FuncRef<'_>, operand: Operand) -> Operand {
    let mut at = operand;
    for _ in 0..3 {
        match method(f, at, &FORMS) {
            Some((text, _)) => at = text,
            None => break,
        }
    }
    at
}

/// `'.' + h`
fn ends_below(f: FuncRef<'_>, suffix: Operand, needle: Operand) -> bool {
    let Some(
        Instr::Template { operands, .. }
        | Instr::Op {
            op: OpKind::Add,
            operands,
            ..
        },
    ) = made_by(f, suffix)
    else {
        return false;
    };
    match *f.func.operands(operands) {
        [Operand::Const(dot), name] if plain(f, name) == needle => {
            matches!(f.file.facts.constant(dot), Const::Str(text) if f.file.facts.str(*text) == ".")
        }
        _ => false,
    }
}

/// What a callback compares with its first parameter, where it says yes only to what is the same.
fn compared<'p>(origins: &Solver<'p, '_>, f: FuncRef<'p>) -> Option<Compared<'p>> {
    let needle = f.func.params.first()?.local;
    let mut found: Vec<(Compared<'p>, Vec<Operand>)> = Vec::new();
    for instr in &f.func.instrs {
        let (text, below) = match *instr {
            Instr::Op {
                op: OpKind::Eq | OpKind::StrictEq,
                operands,
                ..
            } => match *f.func.operands(operands) {
                [a, b] if is_of(origins, f, a, needle) => (b, false),
                [a, b] if is_of(origins, f, b, needle) => (a, false),
                _ => continue,
            },
            Instr::Call { to, .. } => {
                let Some((text, args)) = method(f, Operand::Local(to), &["endsWith"]) else {
                    continue;
                };
                match args.as_slice() {
                    [suffix] if ends_below(f, *suffix, Operand::Local(needle)) => (text, true),
                    _ => continue,
                }
            }
            _ => continue,
        };
        let Some(answer) = instr.target().map(Operand::Local) else {
            continue;
        };
        let Some((local, members)) = read_of(origins, f, text) else {
            continue;
        };
        match found
            .iter_mut()
            .find(|(c, _)| c.local == local && c.members == members)
        {
            Some((known, answers)) => {
                known.below |= below;
                answers.push(answer);
            }
            None => found.push((
                Compared {
                    local,
                    members,
                    below,
                },
                vec![answer],
            )),
        }
    }
    let certain = |answers: &[Operand]| says_yes_only_by(f, answers);
    let mut found = found.into_iter().filter(|(_, answers)| certain(answers));
    found.next().map(|(compared, _)| compared)
}

/// Whether a value is the parameter in some form, a member of it, or a member of the address that it is parsed to; on other ways
/// nothing: `parse(allowed)?.hostname`.
fn is_of(origins: &Solver<'_, '_>, f: FuncRef<'_>, operand: Operand, needle: LocalId) -> bool {
    is_of_within(origins, f, operand, needle, 0)
}

fn is_of_within(
    origins: &Solver<'_, '_>,
    f: FuncRef<'_>,
    operand: Operand,
    needle: LocalId,
    depth: u32,
) -> bool {
    let Operand::Local(local) = plain(f, operand) else {
        return false;
    };
    if local == needle {
        return true;
    }
    if depth > 6 {
        return false;
    }
    let within = |operand| is_of_within(origins, f, operand, needle, depth + 1);
    let nothing = |instr: &Instr| {
        matches!(*instr, Instr::Copy { from: Operand::Const(id), .. }
            if matches!(f.file.facts.constant(id), Const::Null | Const::Undefined))
    };
    let mut writers = f.writers(local).filter(|(_, instr)| !nothing(instr));
    let (Some((_, made)), None) = (writers.next(), writers.next()) else {
        return false;
    };
    match *made {
        Instr::Load { base, .. } => within(base),
        Instr::Copy { from, .. } => within(from),
        Instr::Call { args, .. } if is_address(origins, f, Operand::Local(local)) => {
            matches!(f.func.args(args), [text] if within(text.value))
        }
        _ => false,
    }
}

/// Whether a value is an address that a text was parsed to, by the platform or by a function of the program.
fn is_address(origins: &Solver<'_, '_>, f: FuncRef<'_>, operand: Operand) -> bool {
    let mut vals = origins.of_operand(f.id, operand).iter();
    let [new, call] = WHATWG;
    vals.any(|val| is_parsed(origins, *val, &[new, call, "url.parse()"]))
}

/// Whether a callback gives back something true only where one of these answers was yes.
fn says_yes_only_by(f: FuncRef<'_>, answers: &[Operand]) -> bool {
    /// A block, the variable that is false in it, and the one that holds one of the answers.
    type State = (usize, Option<LocalId>, Option<LocalId>);
    let mut seen: Vec<State> = Vec::new();
    let mut open: Vec<State> = vec![(0, None, None)];
    while let Some(state) = open.pop() {
        if seen.contains(&state) {
            continue;
        }
        if seen.len() > 64 {
            return false;
        }
        seen.push(state);
        let (at, mut falsy, mut holds) = state;
        let Some(block) = f.func.blocks.get(at) else {
            return false;
        };
        for (_, instr) in f.func.block_instrs(block) {
            let Some(to) = instr.target() else { continue };
            let from = match *instr {
                Instr::Copy { from, .. } => Some(from),
                _ => None,
            };
            let is = |local: Option<LocalId>| from.is_some() && from == local.map(Operand::Local);
            let (was_falsy, was_answer) = (is(falsy), is(holds));
            if was_falsy {
                falsy = Some(to);
            } else if falsy == Some(to) {
                falsy = None;
            }
            if was_answer
                || answers.contains(&Operand::Local(to))
                || from.is_some_and(|from| answers.contains(&from))
            {
                holds = Some(to);
            } else if holds == Some(to) {
                holds = None;
            }
        }
        let is_answer = |operand: Operand| {
            answers.contains(&operand) || holds.map(Operand::Local) == Some(operand)
        };
        match block.term {
            Term::Goto(to) => open.push((to.index(), falsy, holds)),
            Term::Branch { cond, yes, no } => {
                if !is_answer(cond) {
                    open.push((yes.index(), falsy, holds));
                }
                // `a && b` keeps a copy of `a` before it asks.
                let copied = f.func.block_instrs(block).filter_map(|(_, i)| match *i {
                    Instr::Copy { to, from } if from == cond => Some(to),
                    _ => None,
                });
                let unsaid = match (copied.last(), cond) {
                    (Some(copy), _) => Some(copy),
                    (None, Operand::Local(local)) => Some(local),
                    (None, Operand::Const(_)) => falsy,
                };
                open.push((no.index(), unsaid, holds.filter(|_| !is_answer(cond))));
            }
            Term::Return(Some(result)) => {
                let nothing = match result {
                    Operand::Local(local) => falsy == Some(local),
                    Operand::Const(id) => matches!(
                        f.file.facts.constant(id),
                        Const::Bool(false) | Const::Null | Const::Undefined
                    ),
                };
                if !nothing && !is_answer(result) {
                    return false;
                }
            }
            Term::Return(None) | Term::Throw(_) | Term::Unreachable => {}
        }
    }
    true
}

/// The captured variable that a text is read of, and the members on the way.
fn read_of<'p>(
    origins: &Solver<'p, '_>,
    f: FuncRef<'p>,
    text: Operand,
) -> Option<(LocalId, Vec<&'p str>)> {
    let mut members = Vec::new();
    let mut at = plain(f, text);
    for _ in 0..4 {
        if let Some(capture) = captured(f, at) {
            return match f.func.captures.get(capture.0 as usize)? {
                Capture::Local(local) => {
                    members.reverse();
                    Some((*local, members))
                }
                Capture::Outer(_) => None,
            };
        }
        match made_by(f, at)? {
            Instr::Load {
                base,
                key: Key::Field(name),
                ..
            } => {
                members.push(f.file.facts.str(name));
                at = plain(f, base);
            }
            Instr::Copy { from, .. } => at = plain(f, from),
            Instr::Call { args, .. } if is_address(origins, f, at) => {
                let [text] = f.func.args(args) else {
                    return None;
                };
                members.push(PARSED);
                at = plain(f, text.value);
            }
            _ => return None,
        }
    }
    None
}
