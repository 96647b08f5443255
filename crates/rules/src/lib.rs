//! The catalogue of weaknesses: format, loader and examples
