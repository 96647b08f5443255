//! Module resolution over a set of files, without a disk.

/// What a specifier leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resolution {
    /// A file of the project: index into the files given to [`Resolver::new`].
    File(usize),
    /// A package that is not part of the project.
    Package {
        /// Its name: `express`, `@scope/x`.
        name: String,
        /// What follows the name: empty, or `promise` for `mysql2/promise`.
        subpath: String,
    },
    /// A module of the runtime, without `node:`.
    Core(String),
    /// A file that is not there, or no specifier at all.
    Unknown,
}

/// Resolves specifiers as Node, TypeScript and bundlers do.
#[derive(Debug)]
pub struct Resolver {}

impl Resolver {
    /// A resolver over project-relative paths with `/` and the texts of all `package.json`, `tsconfig*.json` and `jsconfig.json`.
    #[must_use]
    pub fn new(_files: &[String], _manifests: &[(String, String)]) -> Self {
        Self {}
    }
    /// What `specifier` means in the file `from`.
    #[must_use]
    pub fn resolve(&self, _specifier: &str, _from: &str) -> Resolution {
        Resolution::Unknown
    }
}
