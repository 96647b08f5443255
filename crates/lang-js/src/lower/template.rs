//! What only templates have: output tags, and free names that are their locals.

use super::{Lowerer, sp};
use casemate_ir::Instr;
use oxc_ast::ast::{Argument, CallExpression, Expression};

/// Whether a name is none of the locals: known to every template, or a filter or function of the engine or of the program.
pub(super) fn is_free(name: &str) -> bool {
    name.starts_with("__own_") || is_global(name)
}

/// Names that a template can use without being given them.
fn is_global(name: &str) -> bool {
    matches!(
        name,
        "undefined"
            | "NaN"
            | "Infinity"
            | "globalThis"
            | "window"
            | "global"
            | "console"
            | "process"
            | "Object"
            | "Array"
            | "String"
            | "Number"
            | "Boolean"
            | "Symbol"
            | "BigInt"
            | "Math"
            | "JSON"
            | "Date"
            | "RegExp"
            | "Error"
            | "TypeError"
            | "RangeError"
            | "SyntaxError"
            | "Map"
            | "Set"
            | "WeakMap"
            | "WeakSet"
            | "Promise"
            | "Proxy"
            | "Reflect"
            | "Intl"
            | "Buffer"
            | "URL"
            | "URLSearchParams"
            | "Function"
            | "eval"
            | "parseInt"
            | "parseFloat"
            | "isNaN"
            | "isFinite"
            | "encodeURIComponent"
            | "encodeURI"
            | "decodeURIComponent"
            | "decodeURI"
            | "escape"
            | "unescape"
            | "setTimeout"
            | "setInterval"
            | "clearTimeout"
            | "clearInterval"
            | "require"
            | "module"
            | "exports"
            | "__include"
            | "__included"
            | "__request"
    )
}

/// What a pseudo function writes: `Some(escaped)` where it is one.
fn output_tag(name: &str) -> Option<Option<bool>> {
    match name {
        "__raw" => Some(Some(false)),
        "__esc" => Some(Some(true)),
        "__out" => Some(None),
        _ => None,
    }
}

impl<'a> Lowerer<'a> {
    pub(super) fn is_output(&self, call: &'a CallExpression<'a>) -> bool {
        self.template.is_some()
            && matches!(&call.callee, Expression::Identifier(i) if output_tag(i.name.as_str()).is_some())
    }

    pub(super) fn output(&mut self, call: &'a CallExpression<'a>) -> casemate_ir::Operand {
        let escaped = match &call.callee {
            Expression::Identifier(i) => output_tag(i.name.as_str()).flatten(),
            _ => None,
        };
        let mut arguments = call.arguments.iter();
        let value = match arguments.next().and_then(Argument::as_expression) {
            Some(value) => self.expr(value),
            None => self.undefined(),
        };
        let context = match arguments.next() {
            Some(Argument::StringLiteral(text)) => self.symbol(text.value.as_str()),
            _ => self.symbol(""),
        };
        self.emit(
            Instr::Output {
                value,
                context,
                escaped,
            },
            sp(call.span),
        );
        self.undefined()
    }
}
