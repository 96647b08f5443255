//! The `casemate` command: reads arguments, calls the assessment, writes reports.
//!
//! Invariants
//! - Only this crate reads arguments and the terminal and decides the exit code.
//! - Results on stdout, everything else on stderr.
//! - Whatever happens, the exit code is one of [`failure::Exit`]; a reader that closes the pipe ends the run quietly.

mod args;
mod assess;
mod baseline;
mod calendar;
mod catalogue;
mod debug;
mod decisions;
mod draft;
mod failure;
mod init;
mod language;
mod memory;
mod model;
mod new;
mod output;
mod print;
mod prove;
mod terminal;
mod watch;

use args::{Cli, Command};
use clap::Parser;
use failure::{Exit, Failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                Exit::Failed as u8
            } else {
                Exit::Clean as u8
            });
        }
    };
    let ended = std::panic::catch_unwind(|| run(cli)).unwrap_or_else(|_| {
        Err(
            Failure::new("casemate failed; this is a defect of casemate, not of your project")
                .help("please report it with the message above"),
        )
    });
    let exit = ended.unwrap_or_else(|failure| {
        print::failure(&failure);
        Exit::Failed
    });
    ExitCode::from(exit as u8)
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Assess(args) => assess::run(&args),
        Command::Model(args) => model::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(
                shell,
                &mut <Cli as clap::CommandFactory>::command(),
                "casemate",
                &mut script,
            );
            print::results(&String::from_utf8_lossy(&script))
        }
        Command::Explain(args) => catalogue::explain(&args),
        Command::Rules(args) => catalogue::rules(&args),
        Command::Models(args) => catalogue::models(&args),
        Command::Baseline(args) => baseline::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Decisions(args) => decisions::run(&args),
        Command::New(args) => new::run(&args),
        Command::Prove(args) => prove::run(&args),
        Command::Lang(args) => language::print_template(&args),
        Command::Debug(args) => debug::run(&args),
    }
}
