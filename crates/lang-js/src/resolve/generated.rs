//! Modules that a generator writes beside the code and that no repository keeps.

/// The package whose generator writes a module that is not there: Prisma's client is made from a schema, in a folder of the
/// project's choice (<https://www.prisma.io/docs/orm/prisma-schema/overview/generators>). `names`: what is imported from it.
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
