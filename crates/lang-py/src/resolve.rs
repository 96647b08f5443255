//! Which file of the project an import means.

/// Placeholder.
pub struct Resolver;
/// Placeholder.
pub struct Resolution;
