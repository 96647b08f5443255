//! What each engine's templates become.

mod dust;
mod ejs;
mod handlebars;
mod jinja;
mod page;
mod pug;
