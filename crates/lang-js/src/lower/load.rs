//! Modules that are loaded by names put together at run time: `require(path.join(__dirname, file))`, `` import(`./routes/${name}.js`) ``.
//!
//! What is known of such a name becomes the specifier of an import, with [`ANY`] for the rest: `./routes/*.js`. Which files that is,
//! only all files together tell (see [`crate::folder`]).

use super::{Lowerer, sp};
use crate::folder::ANY;
use casemate_ir::{Arg, ArgKey, CallFlags, Instr, OpKind, Operand, Span};
use oxc_ast::ast::{
    Argument, BinaryOperator, BindingPattern, CallExpression, Expression, ImportExpression,
};

/// Expressions inside one another that may make up one name.
const DEPTH: u32 = 8;

impl<'a> Lowerer<'a> {
    /// What a call gives that loads a module by a name of which a part is known. The call itself stays: the name may come from outside.
    pub(super) fn loaded(
        &mut self,
        call: &'a CallExpression<'a>,
        this: Option<Operand>,
        result: Operand,
    ) -> Operand {
        let span = sp(call.span);
        let name = call.arguments.first().and_then(Argument::as_expression);
        let loaded = match (&call.callee, name) {
            (Expression::Identifier(callee), Some(name)) if callee.name == "require" => {
                self.loaded_by_name(name, true, span)
            }
            // A registry of models loads their files itself: `sequelize.import(path.join(__dirname, file))`.
            (Expression::StaticMemberExpression(callee), Some(name))
                if callee.property.name == "import" && call.arguments.len() == 1 =>
            {
                let model = self.loaded_by_name(name, true, span);
                model.map(|model| {
                    let made = self.made(model, this, span);
                    self.op(OpKind::Select, &[result, made], span)
                })
            }
            _ => None,
        };
        loaded.unwrap_or(result)
    }

    fn made(&mut self, model: Operand, registry: Option<Operand>, span: Span) -> Operand {
        let given: Vec<Arg> = registry
            .into_iter()
            .map(|value| Arg {
                key: ArgKey::Pos,
                value,
            })
            .collect();
        let args = self.frame.builder.args(&given);
        let to = self.temp();
        self.emit(
            Instr::Call {
                to,
                callee: model,
                this: None,
                args,
                flags: CallFlags::default(),
            },
            span,
        );
        Operand::Local(to)
    }

    /// The same for `import(name)`.
    pub(super) fn imported_by_name(&mut self, i: &'a ImportExpression<'a>) -> Option<Operand> {
        self.loaded_by_name(&i.source, false, sp(i.span))
    }

    fn loaded_by_name(
        &mut self,
        name: &'a Expression<'a>,
        require: bool,
        span: Span,
    ) -> Option<Operand> {
        let pattern = self.pattern(name)?;
        let import = self.new_import(Some(&pattern), require, false, span);
        let to = self.temp();
        self.emit(
            Instr::Import {
                to,
                import,
                name: None,
            },
            span,
        );
        Some(Operand::Local(to))
    }

    /// What is known of the name of a module beside or below this one.
    pub(super) fn pattern(&self, name: &Expression<'a>) -> Option<String> {
        let mut text = self.name_piece(name, 0)?;
        while text.contains("**") {
            text = text.replace("**", "*");
        }
        let relative = text.starts_with("./") || text.starts_with("../") || text == ".";
        (relative && text.matches(ANY).count() <= 1).then_some(text)
    }

    /// A part of a name; nothing where it holds the mark itself.
    fn name_piece(&self, expr: &Expression<'a>, depth: u32) -> Option<String> {
        if depth > DEPTH {
            return Some(ANY.to_string());
        }
        let text = match expr {
            Expression::StringLiteral(s) if s.value.contains(ANY) => return None,
            Expression::StringLiteral(s) => s.value.to_string(),
            Expression::TemplateLiteral(t) => {
                let mut out = String::new();
                for (at, quasi) in t.quasis.iter().enumerate() {
                    let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw);
                    if text.contains(ANY) {
                        return None;
                    }
                    out.push_str(text);
                    if let Some(hole) = t.expressions.get(at) {
                        out.push_str(&self.name_piece(hole, depth + 1)?);
                    }
                }
                out
            }
            Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
                self.name_piece(&sum.left, depth + 1)? + &self.name_piece(&sum.right, depth + 1)?
            }
            Expression::Identifier(name) if name.name == "__dirname" => ".".to_owned(),
            Expression::Identifier(name) => {
                let known = self
                    .symbol_of(name)
                    .and_then(|symbol| self.folders.get(&symbol));
                known.cloned().unwrap_or_else(|| ANY.to_string())
            }
            Expression::StaticMemberExpression(member)
                if member.property.name == "dirname"
                    && matches!(member.object, Expression::ImportMeta(_)) =>
            {
                ".".to_owned()
            }
            Expression::ParenthesizedExpression(inner) => {
                self.name_piece(&inner.expression, depth + 1)?
            }
            Expression::CallExpression(call) => self.joined(call, depth)?,
            _ => ANY.to_string(),
        };
        Some(text)
    }

    /// `path.join(…)`, `path.resolve(…)`.
    fn joined(&self, call: &CallExpression<'a>, depth: u32) -> Option<String> {
        let callee = match &call.callee {
            Expression::Identifier(name) => name.name.as_str(),
            Expression::StaticMemberExpression(member) => member.property.name.as_str(),
            _ => "",
        };
        if !matches!(callee, "join" | "resolve") || call.arguments.is_empty() {
            return Some(ANY.to_string());
        }
        let mut parts = Vec::new();
        for argument in &call.arguments {
            parts.push(self.name_piece(argument.as_expression()?, depth + 1)?);
        }
        Some(parts.join("/"))
    }

    /// Keeps the folder that a constant names, for the names that are put together with it.
    pub(super) fn note_folder(&mut self, name: &BindingPattern<'a>, init: &Expression<'a>) {
        if let BindingPattern::BindingIdentifier(name) = name
            && let Some(symbol) = name.symbol_id.get()
            && matches!(
                init,
                Expression::CallExpression(_)
                    | Expression::TemplateLiteral(_)
                    | Expression::BinaryExpression(_)
            )
            && let Some(text) = self.pattern(init)
            && !text.contains(ANY)
        {
            self.folders.insert(symbol, text);
        }
    }
}
