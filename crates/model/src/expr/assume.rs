//! What is left of an expression once some of its names are known.

use super::{Expr, Literal, Tri, Value3, eval};

impl Expr {
    /// The expression with every part decided that speaks of names that `knows` only: where nothing is left, a truth value.
    #[must_use]
    pub fn assume(&self, knows: &dyn Fn(&str) -> bool, value: &dyn Fn(&str) -> Value3) -> Self {
        let paths = self.paths();
        let mut applies = false;
        self.visit(&mut |part| applies |= matches!(part, Self::Apply(..)));
        if !applies && paths.iter().all(|path| knows(path)) {
            match eval(self, value) {
                Tri::Yes => return truth(true),
                Tri::No => return truth(false),
                Tri::Unknown => {}
            }
        }
        match self {
            Self::Or(parts) => joined(parts, true, knows, value),
            Self::And(parts) => joined(parts, false, knows, value),
            Self::Not(part) => match part.assume(knows, value) {
                Self::Literal(Literal::Bool(answer)) => truth(!answer),
                part => Self::Not(Box::new(part)),
            },
            other => other.clone(),
        }
    }
}

fn truth(answer: bool) -> Expr {
    Expr::Literal(Literal::Bool(answer))
}

/// Parts of which one that is `decisive` decides, and others fall away.
fn joined(
    parts: &[Expr],
    decisive: bool,
    knows: &dyn Fn(&str) -> bool,
    value: &dyn Fn(&str) -> Value3,
) -> Expr {
    let mut left = Vec::new();
    for part in parts {
        match part.assume(knows, value) {
            Expr::Literal(Literal::Bool(answer)) if answer == decisive => return truth(decisive),
            Expr::Literal(Literal::Bool(_)) => {}
            part => left.push(part),
        }
    }
    match left.len() {
        0 => truth(!decisive),
        1 => left.remove(0),
        _ if decisive => Expr::Or(left),
        _ => Expr::And(left),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn known_parts_fall_away() {
        let left = |text: &str| {
            parse(text)
                .unwrap()
                .assume(&|path| path.starts_with("fact:"), &|path| match path {
                    "fact:on" => Value3::Known(Literal::Bool(true)),
                    "fact:off" => Value3::Known(Literal::Null),
                    _ => Value3::Unknown,
                })
        };
        assert_eq!(left("fact:on or name == 'x'"), truth(true));
        assert_eq!(left("fact:off and name == 'x'"), truth(false));
        assert_eq!(
            left("fact:off or name == 'x'"),
            parse("name == 'x'").unwrap()
        );
        assert_eq!(left("not fact:off"), truth(true));
        assert_eq!(left("fact:what or fact:off"), parse("fact:what").unwrap());
        assert_eq!(
            left("name == 'x' and (fact:on or arg(0))"),
            parse("name == 'x'").unwrap()
        );
    }
}
