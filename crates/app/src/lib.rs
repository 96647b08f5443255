//! The application model: endpoints and what stands before them.
//!
//! Empty so far: entries are found by `flow` and named by `assess`; guards, objects and sessions are not modelled yet.
