//! Every cap of the application model, with what reaching it means. Each is counted by name.

/// Instructions that the start of all modules may take in all; beyond it, what is left is read without what came before.
pub const START_FUEL: u64 = 1_000_000;
/// Instructions of one call that registers nothing; beyond it nothing is known of its result.
pub const ASIDE_FUEL: u64 = 4_000;
/// Instructions of one module that leads to no registration.
pub const MODULE_FUEL: u64 = 5_000;
/// Depth of such calls.
pub const ASIDE_DEPTH: u32 = 8;
/// Depth of calls.
pub const CALL_DEPTH: u32 = 60;
/// Times that one function may stand on the stack.
pub const RECURSION: usize = 3;
/// Times that one loop is run.
pub const LOOP_ROUNDS: usize = 512;
/// Alternatives of one value; that there are more is kept, and counted where something is registered with it.
pub const ALTERNATIVES: usize = 32;
/// Members of one object; larger ones are not followed.
pub const OBJECT_FIELDS: usize = 2_000;
/// Paths below which one router is mounted; more are dropped.
pub const MOUNTS: usize = 64;
/// Depth of routers in routers.
pub const MOUNT_DEPTH: usize = 12;
/// Endpoints of one project.
pub const ENDPOINTS: usize = 20_000;
/// Instructions of a function that is read for what it opens, counts and writes; of longer ones nothing is claimed.
pub const READ_INSTRS: usize = 2_000;
/// Depth of calls from a handler to the queries that it makes.
pub const OBJECT_DEPTH: u32 = 5;
/// Functions of one endpoint that are read for what it does with records; of more, nothing is claimed.
pub const OBJECT_FUNCTIONS: usize = 120;
/// Functions that one call may run; of more, the rest is not followed.
pub const CALLEES: usize = 3;
/// Depth of calls from an endpoint to what it waits for; what is further away is not told.
pub const WAY_DEPTH: usize = 8;
/// Methods of a class that are gone through for what it has in place of those of its bases.
pub const ASKED: usize = 64;
