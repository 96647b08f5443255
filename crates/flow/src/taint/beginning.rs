//! Comparisons of the first characters of a text: `x[0] === '/'`, `x.slice(0, 2) !== '//'`, `x.indexOf('/') === 0`.

use super::interp::Interp;
use super::kinds::NOT_DOUBLE;
use super::port::CallSite;
use super::value::Konst;
use crate::origin::method_name;
use casemate_ir::{Instr, Key, OpKind, Operand};
use casemate_model::kind::KindSet;

/// Which characters of a text an expression is.
enum Piece {
    /// The one at this place, counted from 0.
    At(u32),
    /// So many from the beginning.
    First(u32),
}

impl Interp<'_> {
    /// What the text is clean for of which `piece` was compared with `text`.
    pub(super) fn piece_compared(&mut self, piece: Operand, text: &str, equal: bool) {
        let Some((whole, which)) = self.piece(piece) else {
            return;
        };
        let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let kinds = match which {
            Piece::At(0) if length == 1 => self.k.cleared_by_start(text, equal),
            // A text whose second character is no slash begins with no two of them.
            Piece::At(1) if text == "/" && !equal => NOT_DOUBLE,
            Piece::First(many) if many == length => self.k.cleared_by_start(text, equal),
            _ => KindSet::EMPTY,
        };
        if !kinds.is_empty() {
            self.clean(whole, &[], kinds);
        }
    }

    /// What a text is clean for in which another was looked for and found at its beginning, or elsewhere and nowhere.
    pub(super) fn found_first(&mut self, place: Operand, first: bool) {
        let Some((at, Instr::Call { callee, .. })) = self.definition(place) else {
            return;
        };
        let (Ok(index), Some(site)) = (u32::try_from(at), self.site_of(at)) else {
            return;
        };
        let name = method_name(self.f, index, callee);
        if !matches!(name, Some("indexOf" | "find" | "index")) || site.args.len() != 1 {
            return;
        }
        let (Some(whole), Some(arg)) = (site.this_operand, site.args.first()) else {
            return;
        };
        let Some(text) = arg.value.as_str().cloned() else {
            return;
        };
        let kinds = self.k.cleared_by_start(&text, first);
        if !kinds.is_empty() {
            self.clean(whole, &[], kinds);
        }
    }

    /// The text of which an expression is a piece near the beginning.
    fn piece(&self, operand: Operand) -> Option<(Operand, Piece)> {
        let (at, instr) = self.definition(operand)?;
        match instr {
            Instr::Load {
                base,
                key: Key::Index(place),
                ..
            } => Some((base, Piece::At(place))),
            // `x[:n]`
            Instr::Op {
                op: OpKind::Rest,
                operands,
                ..
            } => {
                let &[whole, from, to, step] = self.f.func.operands(operands) else {
                    return None;
                };
                let begins = self.number(from).is_none_or(|from| from == 0);
                let nothing = |o: Operand| matches!(self.operand(o).single(), Some(Konst::Null));
                if !begins || !(nothing(from) || self.number(from).is_some()) || !nothing(step) {
                    return None;
                }
                Some((whole, Piece::First(self.number(to)?)))
            }
            Instr::Call { callee, .. } => {
                let name = method_name(self.f, u32::try_from(at).ok()?, callee)?;
                let site = self.site_of(at)?;
                let whole = site.this_operand?;
                let number = |at: usize| self.number_of(&site, at);
                let piece = match name {
                    "charAt" | "at" => Piece::At(number(0).unwrap_or(0)),
                    "slice" | "substring" | "substr" if number(0) == Some(0) => {
                        Piece::First(number(1)?)
                    }
                    _ => return None,
                };
                Some((whole, piece))
            }
            _ => None,
        }
    }

    /// A number that is written down as an argument.
    fn number_of(&self, site: &CallSite, at: usize) -> Option<u32> {
        site.args
            .get(at)
            .and_then(|arg| whole_number(arg.value.single()))
    }

    fn number(&self, operand: Operand) -> Option<u32> {
        whole_number(self.operand(operand).single())
    }
}

/// A small whole number, as places in a text are.
fn whole_number(konst: Option<&Konst>) -> Option<u32> {
    match konst {
        Some(Konst::Number(n)) => (0..64).find(|&whole| f64::from(whole) == *n),
        _ => None,
    }
}
