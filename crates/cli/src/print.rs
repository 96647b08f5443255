//! The two streams.

use crate::failure::{Exit, Failure};
use std::io::{ErrorKind, Write};

/// Writes results to stdout. A reader that went away is no failure.
pub fn results(text: &str) -> Result<Exit, Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!(
            "stdout cannot be written: {}",
            error.kind()
        ))),
        _ => Ok(Exit::Clean),
    }
}

/// Says something beside the results.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Says why the run failed and what to do.
pub fn failure(failure: &Failure) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "\u{1b}[1;31merror\u{1b}[0m: {}", failure.message);
    if let Some(help) = &failure.help {
        let _ = writeln!(stderr, "\u{1b}[1mhelp\u{1b}[0m: {help}");
    }
}
