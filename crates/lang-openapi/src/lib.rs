//! OpenAPI documents. Where a framework routes by them, a document is code: it is lowered to the IR as the Python that it stands
//! for, told in places of the document.
//!
//! Invariants
//! - Reading never fails and never panics: what is not understood is told in the notes of the facts.
//! - The script names only `openapi_document`, of which models say what its members are, and what the document names.
//! - Nothing here knows a rule.

pub mod document;
mod script;
pub mod yaml;

use casemate_ir::{FileFacts, LocalizedNote, Span};

/// Larger documents are not read: nobody writes one by hand at that size.
const MAX_BYTES: usize = 4 << 20;

/// The facts of a document. `routes` tells whether a framework of the project routes by it; if not, nothing happens in it.
#[must_use]
pub fn lower(text: &str, routes: bool) -> FileFacts {
    let read = if text.len() > MAX_BYTES {
        Err(format!(
            "not analysed: the document is larger than {MAX_BYTES} bytes"
        ))
    } else if routes {
        yaml::read(text).map_err(|why| format!("syntax error: {why}"))
    } else {
        return script::Script::of(&[]).lower();
    };
    match read {
        Ok(document) => script::Script::of(&document::operations(&document)).lower(),
        Err(message) => {
            let mut facts = script::Script::of(&[]).lower();
            facts.stats.syntax_errors += 1;
            facts.notes.push(LocalizedNote {
                message,
                span: Span::default(),
            });
            facts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "openapi: 3.0.0\npaths:\n  /pets/{pet_id}:\n    get:\n      operationId: api.pets.get_pet\n      parameters:\n        - name: pet_id\n          in: path\n          schema: {type: string, pattern: '^[a-z]+$'}\n        - {name: class, in: query, schema: {type: string}}\n";

    #[test]
    fn a_document_is_code_in_its_own_places() {
        let facts = lower(DOCUMENT, true);
        assert!(casemate_ir::validate(&facts).is_empty());
        assert_eq!(facts.stats.syntax_errors, 0);
        assert_eq!(facts.functions.len(), 2);
        let head = facts.functions[1].span;
        assert_eq!(&DOCUMENT[head.start as usize..head.end as usize], "get");
        let imported = facts.imports.iter().filter_map(|i| i.specifier);
        assert!(imported.map(|s| facts.str(s)).any(|s| s == "api.pets"));
    }

    #[test]
    fn nothing_is_too_odd() {
        for text in [
            "",
            "openapi: 3",
            "openapi: 3.0.0\npaths: [1]",
            "openapi: 3.0.0\npaths: {/a: {get: {operationId: '1.2'}}, '/\"\\': {get: {operationId: a.b.C.d}}}",
            "{",
        ] {
            let facts = lower(text, true);
            assert!(casemate_ir::validate(&facts).is_empty(), "{text}");
        }
        assert_eq!(lower(DOCUMENT, false).functions.len(), 1);
    }
}
