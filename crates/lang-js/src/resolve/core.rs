//! Modules that the runtime brings.

/// Whether a specifier names a module of the runtime.
pub(super) fn is_core(specifier: &str) -> bool {
    let name = specifier.split('/').next().unwrap_or(specifier);
    let known = matches!(
        name,
        "assert"
            | "async_hooks"
            | "buffer"
            | "child_process"
            | "cluster"
            | "console"
            | "constants"
            | "crypto"
            | "dgram"
            | "diagnostics_channel"
            | "dns"
            | "domain"
            | "events"
            | "fs"
            | "http"
            | "http2"
            | "https"
            | "inspector"
            | "module"
            | "net"
            | "os"
            | "path"
            | "perf_hooks"
            | "process"
            | "punycode"
            | "querystring"
            | "readline"
            | "repl"
            | "stream"
            | "string_decoder"
            | "sys"
            | "timers"
            | "tls"
            | "trace_events"
            | "tty"
            | "url"
            | "util"
            | "v8"
            | "vm"
            | "wasi"
            | "worker_threads"
            | "zlib"
    );
    // `buffer/` and `process/browser` are packages.
    known
        && (specifier == name
            || matches!(
                specifier.get(name.len() + 1..),
                Some("promises" | "strict" | "posix" | "win32" | "types" | "web" | "consumers")
            ))
}
