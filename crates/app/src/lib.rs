//! The application model: endpoints and what stands before them
