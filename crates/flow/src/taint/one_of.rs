//! A value that is one of the program's own: `ALLOWED.some(name => name === x)`, `HOSTS.some(h => host === h || host.endsWith('.' + h))`.

use super::deny_list::{captured, made_by, method};
use super::interp::Interp;
use super::port::CallSite;
use super::summary::Outcome;
use super::value::{Konst, Origin, Taint, Value};
use crate::program::FuncRef;
use casemate_ir::{Capture, Const, Instr, Key, LocalId, OpKind, Operand, Term, VarRef};
use casemate_model::kind::KindSet;

/// Forms of one text.
const FORMS: [&str; 3] = ["toLowerCase", "toString", "trim"];

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
        if own.is_none_or(|own| own.is_empty()) && !self.is_kept_list(list, &site.this) {
            return;
        }
        let Some(compared) = compared(self.origins.program.func(*func)) else {
            return;
        };
        let value = Operand::Local(compared.local);
        match compared.members.as_slice() {
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

/// What a callback compares with its first parameter, where that is all it does.
fn compared(f: FuncRef<'_>) -> Option<Compared<'_>> {
    let needle = Operand::Local(f.func.params.first()?.local);
    let is_needle = |operand: Operand| plain(f, operand) == needle;
    let mut out: Option<Compared<'_>> = None;
    let mut answers: Vec<Operand> = Vec::new();
    for instr in &f.func.instrs {
        let (text, below) = match *instr {
            Instr::Op {
                op: OpKind::Eq | OpKind::StrictEq,
                operands,
                ..
            } => match *f.func.operands(operands) {
                [a, b] if is_needle(a) => (b, false),
                [a, b] if is_needle(b) => (a, false),
                _ => return None,
            },
            Instr::Call { to, .. } => {
                let called = Operand::Local(to);
                if method(f, called, &FORMS).is_some() {
                    continue;
                }
                let (text, args) = method(f, called, &["endsWith"])?;
                let [suffix] = args.as_slice() else {
                    return None;
                };
                if !ends_below(f, *suffix, needle) {
                    return None;
                }
                (text, true)
            }
            Instr::Load { .. }
            | Instr::Copy { .. }
            | Instr::Template { .. }
            | Instr::Op {
                op: OpKind::Add, ..
            }
            | Instr::LoadVar {
                var: VarRef::Captured(_),
                ..
            } => continue,
            _ => return None,
        };
        answers.extend(instr.target().map(Operand::Local));
        let (local, members) = read_of(f, text)?;
        match &mut out {
            None => {
                out = Some(Compared {
                    local,
                    members,
                    below,
                });
            }
            Some(known) if known.local == local && known.members == members => {
                known.below |= below;
            }
            Some(_) => return None,
        }
    }
    let is_answer = |operand: Operand| {
        let Operand::Local(local) = operand else {
            return false;
        };
        let mut writers = f.writers(local).peekable();
        writers.peek().is_some()
            && writers.all(|(_, instr)| match *instr {
                Instr::Copy { from, .. } => answers.contains(&from),
                _ => answers.contains(&operand),
            })
    };
    let by_answers = f.func.blocks.iter().all(|block| match block.term {
        Term::Branch { cond, .. } => is_answer(cond),
        Term::Return(Some(result)) => is_answer(result),
        Term::Goto(_) => true,
        _ => false,
    });
    out.filter(|_| by_answers)
}

/// The captured variable that a text is read of, and the members on the way.
fn read_of<'p>(f: FuncRef<'p>, text: Operand) -> Option<(LocalId, Vec<&'p str>)> {
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
        let Instr::Load {
            base,
            key: Key::Field(name),
            ..
        } = made_by(f, at)?
        else {
            return None;
        };
        members.push(f.file.facts.str(name));
        at = plain(f, base);
    }
    None
}
