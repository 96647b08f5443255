//! Server-side templates: parse and lower to the IR
