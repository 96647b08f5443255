//! What each construct of the language becomes.

mod classes;
mod common;
mod expressions;
mod functions;
mod modules;
mod statements;
mod syntax;
