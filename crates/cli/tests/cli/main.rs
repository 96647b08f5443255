//! The command, as its users meet it.

mod bad_input;
mod common;
mod decisions;
mod draft;
mod exit_codes;
mod hostile;
mod new;
mod outputs;
mod own;
mod policy;
