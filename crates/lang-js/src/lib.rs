//! JavaScript and TypeScript: parse with oxc, lower to the IR, resolve modules
