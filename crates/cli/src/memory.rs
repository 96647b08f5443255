//! The allocator: that of the system costs 15 to 25 % more of the time of an assessment.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
