//! Server-side templates: parse and lower to the IR.
//!
//! Every engine is read into a script with a way back to the template, and the script is lowered as JavaScript. Function 0 of
//! the facts is the template; its parameter 0 is the object of the locals.
//!
//! | in the template | in the facts |
//! |---|---|
//! | a name that no loop or macro binds | a member of parameter 0 |
//! | an output tag | [`casemate_ir::Instr::Output`] with its place in the page, spanning the tag |
//! | an include, partial, layout or parent of a constant name | [`casemate_ir::Instr::Import`] and a call of it with the locals |
//! | one of a computed name | a call of the free name `__include` with the name and the locals; `__included` in engines of Python |
//! | `request` in engines of Python | the free name `__request` |
//! | a filter that is not built in | a call of the free name `__own_NAME` |
//! | a function or helper that is not built in | a call of a member of parameter 0; in engines of Python one of `__own_NAME` |
//!
//! Invariants
//! - Reading never fails and never panics: what is not understood is told in the notes of the facts.
//! - Nothing here knows a rule; which output is harmful is for others to say.
//!
//! Run [`lower`] on a thread with a large (512 MB) stack, as [`casemate_lang_js::lower`].

mod calls;
mod contexts;
mod dust;
mod ejs;
mod engine;
mod handlebars;
mod html;
mod jinja;
mod names;
mod pug;
mod resolve;
mod script;

pub use casemate_source::Engine;
pub use engine::{EngineHints, Seen, engine_of, engine_of_package};
pub use resolve::{MAX_CANDIDATES, Templates};

use casemate_ir::{FileFacts, LocalizedNote, Span};

/// Larger templates are not read: no page is written by hand at that size.
const MAX_BYTES: usize = 2 << 20;

/// Lowers one template. `path` tells by its second extension whether the template makes a page (`mail.txt.ejs` does not).
#[must_use]
pub fn lower(text: &str, path: &str, engine: Engine) -> FileFacts {
    if text.len() > MAX_BYTES {
        let mut facts = ejs::lower("", path, Engine::Ejs);
        facts.stats.skipped_bodies = 1;
        facts.notes.push(LocalizedNote {
            message: format!("not analysed: the template is larger than {MAX_BYTES} bytes"),
            span: Span::default(),
        });
        return facts;
    }
    match engine {
        Engine::Ejs | Engine::Eta => ejs::lower(text, path, engine),
        Engine::Nunjucks | Engine::Swig => jinja::lower(text, path, false),
        Engine::Jinja => jinja::lower(text, path, true),
        Engine::Mako => jinja::mako::lower(text, path),
        Engine::Handlebars => handlebars::lower(text, path, false),
        Engine::Mustache => handlebars::lower(text, path, true),
        Engine::Dust => dust::lower(text, path),
        Engine::Pug => pug::lower(text, path),
    }
}
