//! What CommonJS writes to offer something.

use oxc_ast::ast::{AssignmentTarget, Expression, ModuleDeclaration, Statement};

/// `module.exports = …`, `exports.x = …`, `module.exports.x = …`, `export = …` at the top of a file.
pub(super) fn exports(statement: &Statement<'_>) -> bool {
    if let Some(declaration) = statement.as_module_declaration() {
        return matches!(declaration, ModuleDeclaration::TSExportAssignment(_));
    }
    let Statement::ExpressionStatement(statement) = statement else {
        return false;
    };
    let mut at = &statement.expression;
    // `exports.a = exports.b = …`
    while let Expression::AssignmentExpression(assignment) = at {
        if let AssignmentTarget::StaticMemberExpression(member) = &assignment.left {
            let name = member.property.name.as_str();
            if is_named(&member.object, "exports")
                || is_named(&member.object, "module") && name == "exports"
                || is_module_exports(&member.object)
            {
                return true;
            }
        }
        at = &assignment.right;
    }
    false
}

fn is_named(expression: &Expression<'_>, name: &str) -> bool {
    matches!(expression, Expression::Identifier(i) if i.name == name)
}

fn is_module_exports(expression: &Expression<'_>) -> bool {
    matches!(expression, Expression::StaticMemberExpression(m)
        if m.property.name == "exports" && is_named(&m.object, "module"))
}
