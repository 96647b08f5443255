//! Documents that are known by how they begin.

/// Whether a text may be an OpenAPI document, by how it begins.
pub(crate) fn is_openapi(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    ["openapi", "swagger"].iter().any(|word| {
        head.match_indices(word).any(|(at, _)| {
            let before = head.get(..at).unwrap_or_default();
            let after = head.get(at + word.len()..).unwrap_or_default();
            let quoted = after.trim_start_matches(['"', '\'']).trim_start();
            let starts = before.is_empty() || before.ends_with(['\n', '"', '\'', '\u{feff}']);
            let version = quoted
                .strip_prefix(':')
                .map(|v| v.trim_start().trim_start_matches(['"', '\'']));
            starts && version.is_some_and(|v| v.starts_with(['2', '3']))
        })
    })
}

/// Whether a text may hold objects of Kubernetes, by how it begins.
pub(crate) fn is_object(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let begins = |key: &str| head.lines().any(|line| line.starts_with(key));
    begins("apiVersion:") && begins("kind:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_by_their_head() {
        for head in [
            "openapi: 3.0.0",
            "---\nswagger: '2.0'",
            "{\n \"openapi\": \"3.1.0\"",
            "{\"swagger\":\"2.0\"",
        ] {
            assert!(is_openapi(head.as_bytes()), "{head}");
        }
        for head in [
            "name: openapi\nversion: 3",
            "my-openapi: 3",
            "openapi-generator: 3.0",
            "{\"dependencies\":{\"swagger\":\"^1\"}}",
        ] {
            assert!(!is_openapi(head.as_bytes()), "{head}");
        }
    }
}
