//! Every cap of the engine, with what reaching it means. Each is counted by name in [`crate::result::Counts::caps`].

/// Values that one place may hold in the origin pass; more are dropped and the place counts as partly unknown.
pub const ORIGIN_VALUES: usize = 16;
/// Functions that are copied for their callers, in all; a wrapper whose copies do not fit is analysed once for all callers.
pub const COPIES: usize = 2_000;
/// Large programs may copy this share of their functions (one in so many).
pub const COPIES_SHARE: usize = 10;
/// Call sites of one wrapper; one with more is analysed once.
pub const COPIES_OF_ONE: usize = 600;
/// Functions inside a wrapper; one with more is analysed once.
pub const COPIED_FUNCTIONS: usize = 12;
/// Instructions of a wrapper and the functions inside it; one with more is analysed once.
pub const COPIED_INSTRUCTIONS: usize = 400;
/// Instructions of a function, and the functions inside it, that is copied where arguments are bound to it; beyond it the bound arguments
/// are not told from those of its calls.
pub const BOUND_INSTRUCTIONS: usize = 1_600;
/// Steps of an API path; longer paths are not followed.
pub const API_PATH_STEPS: usize = 32;
/// Evaluations of one function in the origin pass.
pub const ORIGIN_ROUNDS: u32 = 40;
/// Members of an access path; longer ones end in "any member".
pub const ACCESS_PATH: usize = 4;
/// Taints of one value; the best are kept.
pub const TAINTS: usize = 24;
/// Functions inside the objects that one call hands to an unknown function: more are not called.
pub const HANDED: usize = 8;
/// Methods of one name that a call on a receiver that nobody knows may mean, where they are a family of plug-ins; of more, none is meant.
pub const FAMILY: usize = 8;
/// Values, with the classes above them, of which one member is asked.
pub const MEMBER_HOLDERS: usize = 64;
/// Functions that a member may be whose name only the run knows: to each of them the call hands its arguments, and of what comes back
/// nothing is known.
pub const MEMBERS: usize = 400;
/// Callees of one call site.
pub const CALLEES: usize = 16;
/// Visits of one block in one analysis of its function; then its input is no longer joined.
pub const BLOCK_VISITS: u32 = 4;
/// Rounds over one cycle of calls.
pub const SCC_ROUNDS: u32 = 4;
/// Functions of a cycle of calls beyond which it gets [`LARGE_SCC_ROUNDS`]: each round makes the summaries larger for all.
pub const LARGE_SCC: usize = 300;
/// Rounds over such a cycle.
pub const LARGE_SCC_ROUNDS: u32 = 2;
/// Objects that one summary carries to its callers.
pub const SUMMARY_OBJECTS: usize = 64;
/// Members of all objects that one summary carries to its callers: each call makes them anew. Where a program keeps everything on a few
/// shared objects (NodeBB), summaries of one cycle of calls grew by each other to 70,000 members and 19 GB.
pub const SUMMARY_MEMBERS: usize = 600;
/// Steps that are kept of all ways through one function; further ones are left out of the ways that are shown.
pub const TRACE_NODES: usize = 30_000;
/// Sinks of one summary.
pub const SUMMARY_SINKS: usize = 200;
/// Callback uses of one summary.
pub const SUMMARY_CALLBACKS: usize = 16;
/// Effects of one summary.
pub const SUMMARY_EFFECTS: usize = 128;
/// Depth of callbacks that call callbacks.
pub const CALLBACK_DEPTH: u32 = 4;
/// Summaries put in place for one call instruction, callbacks included.
pub const INSTANTIATIONS: u32 = 48;
/// Taints of summaries that are put in place for one call instruction, after which no further callbacks of callbacks are called. Copies of
/// `_destroy(error, done)` in a vendored `readable-stream`, three instructions each, took half a second each without it.
pub const CALL_WORK: u64 = 12_000;
/// Taints of summaries that are put in place in one function, or in all functions of one cycle of calls and in all rounds over it:
/// further calls are taken for calls of which nothing comes out. Large backends need 5,000 to 80,000, NodeBB five million; a cycle of 240
/// functions in wekan ran for minutes without it.
pub const WORK: u64 = 1_500_000;
/// Under this name are counted the calls that were left out for it.
pub const WORK_DONE: &str = casemate_say::mark!("work on one cycle of calls");
/// Values that the states of one function hold in all, were every block to hold every local; beyond it the function is not analysed.
pub const FUNCTION_VALUES: usize = 16_000_000;
/// Objects of one function's heap.
pub const HEAP_OBJECTS: usize = 20_000;
/// Blocks of a function; larger ones are not analysed.
pub const FUNCTION_BLOCKS: usize = 5_000;
/// Own members of one abstract object; more go to "any member".
pub const OBJECT_FIELDS: usize = 256;
/// Literals of one constant set.
pub const CONSTANTS: usize = 8;
/// Bytes of one constant string that is put together; beyond it the rest is a hole.
pub const CONSTANT_BYTES: usize = 64 * 1024;
/// Pieces of one string that is put together; beyond it the rest is a hole.
pub const STRING_PIECES: usize = 256;
/// Depth of a value that is read whole (`.**`).
pub const DEEP_READ: usize = 6;
/// Objects of a value that is read whole.
pub const DEEP_OBJECTS: usize = 64;
/// Paths of one finding.
pub const PATHS: usize = 5;
/// Steps of one path as shown.
pub const PATH_STEPS: usize = 40;
/// Rounds over global state.
pub const GLOBAL_ROUNDS: u32 = 6;
/// Values that one module variable, instance or store is followed with from other shared places.
pub const SHARED_VALUES: usize = 500;
/// Under this name are counted the further ones.
pub const SHARED_CUT: &str = casemate_say::mark!("values of one shared place");
/// Under this name are counted the ways that were cut where they met a second call that is not resolved.
pub const TWICE_UNKNOWN: &str = casemate_say::mark!("ways through two calls that are not resolved");
/// Under this name are counted the values that went through a call that is not resolved before they were shared or stored;
/// they are not followed to where they are read.
pub const SHARED_UNKNOWN: &str =
    casemate_say::mark!("values shared after a call that is not resolved");
/// Under this name are counted the values that were written to a member of a shared object whose name only the run knows, and
/// that may be the member that is read elsewhere by its name; they are not followed there.
pub const SHARED_BY_KEY: &str =
    casemate_say::mark!("values kept under a name that only the run knows");
/// Under this name are counted the values that came out of one store and were put into another; they are not followed out of that.
pub const STORED_AGAIN: &str = casemate_say::mark!("values stored a second time");
/// Under this name are counted the reads of tables and collections whose name is not known: what is written to a named one
/// is followed to them only where the field is the same.
pub const STORE_UNNAMED: &str = casemate_say::mark!("reads of stores whose name is not known");
/// Under this name are counted the dangerous uses that depend on the release of a package, which is not known.
pub const VERSION_UNKNOWN: &str =
    "uses that only some releases of a package make dangerous, the release not known";
/// Entries of one path.
pub const ENTRIES: usize = 64;
/// Depth of calls that are run again with the constants of one call, to see whether a candidate finding withstands them.
pub const REFUTED_DEPTH: u32 = 6;
/// Work on the candidates of one function when their calls are run again: taints of summaries that are put in place, and instructions.
/// Candidates on which more would have to be spent are kept as they are. Without a bound outline took nine times as long.
pub const REFUTED_WORK: u64 = 4_000;
/// Under this name are counted the candidates that were kept for it.
pub const REFUTED_DONE: &str = casemate_say::mark!("candidates whose calls were not all run again");
/// Steps of all ways of the candidates of one function that are gone along to learn which functions they lead through.
pub const REFUTED_STEPS: usize = 4_000;
/// Known places of one call, members of objects that are given included.
pub const REFUTED_PLACES: usize = 24;
/// Callers of one function whose calls are looked at for its candidates; of one with more, none is.
pub const REFUTED_CALLERS: usize = 24;
