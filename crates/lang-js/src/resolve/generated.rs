//! Clients that are generated beside the sources and are not checked in: what Prisma writes into the folder that its schema names as `output`.
//!
//! Source: <https://www.prisma.io/docs/orm/prisma-schema/overview/generators>. The generated module has the interface of `@prisma/client`.

use super::Resolution;

/// The package whose interface a missing file has, by its path.
pub(super) fn client(path: &str) -> Resolution {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let is = |name: &str| parts.contains(&name);
    // Where it is put by the documentation: `generated/prisma`, `generated/prisma/client`, `prisma/generated/client`, `prisma/client`.
    let last = parts.last().copied().unwrap_or_default();
    let last = last.split('.').next().unwrap_or_default();
    let named = matches!(last, "prisma" | "client" | "index" | "prisma-client");
    if named
        && (is("generated") && parts.iter().any(|p| p.contains("prisma"))
            || path.ends_with("prisma/client"))
    {
        return Resolution::Package {
            name: "@prisma/client".to_owned(),
            subpath: String::new(),
        };
    }
    Resolution::Unknown
}
