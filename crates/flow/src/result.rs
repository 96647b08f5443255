//! What the engine tells those above it: flows, facts and entries, as plain data.

use casemate_ir::Span;
use casemate_model::kind::{Shape, SinkKind, SourceKind};

/// A file of the program: index into the list that was linked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileIdx(pub u32);

/// A place in the source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Site {
    /// The file.
    pub file: FileIdx,
    /// The bytes.
    pub span: Span,
}

/// A function of the program: index over all files, in file order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FuncId(pub u32);

/// All paths that end at one dangerous use.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// The sink's place: the call or output tag.
    pub sink: Site,
    /// The argument that is dangerous.
    pub argument: Site,
    /// What kind of sink.
    pub kind: SinkKind,
    /// The function that the sink stands in.
    pub function: FuncId,
    /// What is called, as an API path or name, for sentences: `mysql.createConnection().query`.
    pub callee: String,
    /// Facts of the sink for `unless`, by name.
    pub facts: Vec<(String, FactValue)>,
    /// At most five, best first, sorted.
    pub paths: Vec<FlowPath>,
}

/// One way from a source to the sink.
#[derive(Clone, PartialEq, Debug)]
pub struct FlowPath {
    /// Where it comes from.
    pub source: Site,
    /// What kind of source.
    pub kind: SourceKind,
    /// What can arrive.
    pub shape: Shape,
    /// The source as an expression: `req.query.id`.
    pub text: String,
    /// From source to sink, both included.
    pub steps: Vec<PathStep>,
    /// Why this path may be wrong.
    pub notes: Vec<Note>,
    /// Entries (indices into [`Analysis::entries`]) whose handlers reach the function with the source.
    pub entries: Vec<u32>,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathStep {
    /// Where.
    pub site: Site,
    /// A sentence with a verb, without a final period: "passed as argument 2 to `find`".
    pub text: String,
}

/// A reason for less confidence. Every cap and every guess is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Note {
    /// Through a call that is not resolved.
    ViaUnknown,
    /// A callee chosen by its name alone.
    ByName,
    /// A row applied although its `when` is not decided.
    WhenUnknown,
    /// Through a store: written in one place, read in another.
    ViaStore,
    /// A recursion was cut.
    Widened,
    /// A limit was reached.
    Capped,
    /// Through a construct that is not understood.
    ViaOpaque,
    /// Two names may or may not be the same object.
    MayAlias,
}

/// A value that a fact may have.
#[derive(Clone, PartialEq, Debug)]
pub enum FactValue {
    /// Not given at all.
    Absent,
    /// Not known.
    Unknown,
    /// A string.
    Str(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Bool(bool),
    /// null or undefined.
    Null,
    /// One of several.
    OneOf(Vec<FactValue>),
    /// A string built at run time, its literal pieces in order, `None` a hole.
    Template(Vec<Option<String>>),
    /// An object, array or function: present, nothing more is said.
    Present,
}

/// A call or value that says something about configuration or that a `site` rule asks about.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// The fact's name (`session.cookie`, `weak-hash`).
    pub fact: String,
    /// Where.
    pub site: Site,
    /// The function around it.
    pub function: FuncId,
    /// What is called, for sentences.
    pub callee: String,
    /// Its named values.
    pub values: Vec<(String, FactValue)>,
}

/// A registered handler chain.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// `get`, `use`, `ws` …, lower case; several joined by `,`.
    pub method: String,
    /// The path as far as it is constant, mount prefixes included.
    pub path: Option<String>,
    /// Where it is registered.
    pub site: Site,
    /// What registers it.
    pub callee: String,
    /// The chain in order, last the handler. Unresolved members are counted in `unresolved`.
    pub handlers: Vec<FuncId>,
    /// Handlers that could not be resolved.
    pub unresolved: u32,
    /// The decorator that makes the function a handler, where one does.
    pub decorator: Option<Span>,
}

/// What arrives at a dangerous use, the most of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Carried {
    /// Nothing that the engine follows.
    Nothing,
    /// Only what is harmless for this kind of use.
    Harmless,
    /// What the function is given, or what others share with it.
    Given,
    /// Data from outside, in the same function.
    Source,
}

/// A place that a model calls dangerous, whatever arrives there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Use {
    /// The call, or the value that is written or returned.
    pub site: Site,
    /// What kind of sink.
    pub kind: SinkKind,
    /// The function around it.
    pub function: FuncId,
    /// What arrives.
    pub carried: Carried,
}

/// Counts of one run. Nothing is cut off, unresolved or given up without one of them going up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Calls whose targets are known: functions of the project, rows of models, known core methods.
    pub calls_resolved: u64,
    /// Calls resolved by a unique method name alone.
    pub calls_by_name: u64,
    /// Calls to packages that no model speaks of.
    pub calls_unmodelled: u64,
    /// Calls of which nothing is known.
    pub calls_unknown: u64,
    /// Candidate findings that running their calls again, with the constants of exactly these calls, did not show any more.
    pub refuted: u64,
    /// Caps reached, by name, sorted.
    pub caps: Vec<(&'static str, u64)>,
}

/// The whole answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Analysis {
    /// Flows, by place and kind.
    pub flows: Vec<Flow>,
    /// Facts, by place.
    pub facts: Vec<Fact>,
    /// Entries, by place.
    pub entries: Vec<Entry>,
    /// Dangerous uses, by place, where they were asked for.
    pub uses: Vec<Use>,
    /// Functions that an entry reaches, in order, where uses were asked for.
    pub reached: Vec<FuncId>,
    /// Counts.
    pub counts: Counts,
}
