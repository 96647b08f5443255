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

/// The same for a specifier that leads nowhere, by what it says or by what is imported from it (`names`): the folder is the
/// project's choice.
#[must_use]
pub fn generated<'n>(
    specifier: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'static str> {
    let lower = specifier.to_ascii_lowercase();
    let called = lower.contains("prisma")
        && ["client", "generated"]
            .iter()
            .any(|word| lower.contains(word));
    let made = || names.into_iter().any(|name| name == "PrismaClient");
    (called || made()).then_some("@prisma/client")
}

#[cfg(test)]
mod tests {
    use super::generated;

    #[test]
    fn clients() {
        for (specifier, names, want) in [
            ("../../prisma/generated-prisma-client", &["User"][..], true),
            ("@/generated/prisma/client", &["Prisma"], true),
            ("./generated", &["PrismaClient"], true),
            ("./prisma", &["prisma"], false),
            ("./client", &["connect"], false),
        ] {
            let found = generated(specifier, names.iter().copied());
            assert_eq!(found.is_some(), want, "{specifier}");
        }
    }
}
