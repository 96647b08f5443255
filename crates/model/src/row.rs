//! Rows: what one API is.

use crate::expr::Expr;
use crate::kind::{KindSet, Shape, SinkKind, SourceKind};
use crate::path::Port;
use serde::{Deserialize, Serialize};

/// One row of a model file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The library's name (`express`).
    pub library: String,
    /// The path as written.
    pub at: String,
    /// What it is.
    pub role: Role,
    /// The row's `when`; unknown applies the row with a note, no drops it.
    pub when: Option<Expr>,
    /// A version range of the package, in its ecosystem's notation.
    pub versions: Option<String>,
    /// Start confidence, `low` or `medium`, where it is not the rule's.
    pub confidence: Option<String>,
    /// Wins over other rows of the same place and role.
    pub replace: bool,
}

/// What an API is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Role {
    /// Its value comes from outside.
    Source {
        /// From where; `http.name` in a file stands for the matched member (`query`, `body` …) and is resolved per path, see
        /// [`crate::matcher::Models::source_kind`].
        kind: SourceKindRef,
        /// What can arrive.
        shape: Shape,
        /// The port that is the source: `Value` for members, `ret` for calls, `arg(0).param(1)` for callbacks.
        port: Port,
    },
    /// A dangerous use.
    Sink {
        /// For what.
        kind: SinkKind,
        /// Where the value goes in.
        port: Port,
        /// Only values of this shape are dangerous.
        needs: Option<Shape>,
    },
    /// A value goes on.
    Flow {
        /// From.
        from: Port,
        /// To.
        to: Port,
        /// The result is made from the value, and is not the value itself.
        derive: bool,
        /// The result is made of the keys of the value: what its members hold under names of the program's own plays no part.
        keys: bool,
        /// The result has the members of the value and is an object of its own: what is written to it does not reach the value.
        copy: bool,
        /// It takes back what encoding, quoting or escaping made harmless.
        undo: bool,
        /// It reads a text into objects: what needs an object is possible again, though a text came in.
        objects: bool,
    },
    /// A value goes on, clean for some kinds.
    Clean {
        /// From.
        from: Port,
        /// To.
        to: Port,
        /// For what it is clean.
        kinds: KindSet,
    },
    /// A test that cleans on one outcome.
    Test {
        /// What is tested.
        on: Port,
        /// The outcome.
        accept: Accept,
        /// For what the tested value is then clean.
        kinds: KindSet,
        /// Only where all that may come from outside is clean for these already: a path whose `..` was resolved.
        after: KindSet,
    },
    /// A schema or one of its types.
    Schema(SchemaRow),
    /// It calls a function value that it is given.
    Call {
        /// The function.
        function: Port,
        /// What the function is called with, by position; `None`: nothing known.
        args: Vec<Option<Port>>,
        /// Where the function's result goes.
        result: Option<Port>,
        /// Present: the function gets a part of the receiver, whose routes stand below this prefix.
        prefix: Option<Port>,
    },
    /// It registers handlers.
    Entry(EntryRow),
    /// Instances are made by the framework.
    Inject {
        /// How: `constructor-type`.
        by: String,
    },
    /// It stands before a handler and refuses some requests.
    Guard {
        /// `authentication`, `role`, `csrf`, `rate-limit` …
        kind: String,
        /// Where the principal is found afterwards.
        principal: Option<Port>,
    },
    /// It says what records are, and the program keeps functions of its own there for what is made of it: `schema.statics.byName = …`.
    Definition {
        /// The members that hold them.
        members: Vec<String>,
        /// An object with the same members that the call is given.
        from: Option<Port>,
    },
    /// What it is given is kept under a name, and who asks for that name anywhere gets it: `model('User', schema)`, `model('User')`.
    Registry {
        /// The argument that is the name.
        name: Port,
        /// What is kept; a call that is not given it only asks.
        value: Port,
    },
    /// What it makes does its work through something that it is given: a client through its transport, an agent through its look-up.
    Through {
        /// What is given.
        from: Port,
        /// What works through it.
        to: Port,
    },
    /// It says who asks, as the server knows: a session, a user.
    Principal {
        /// It only holds who asks: a member of it does.
        container: bool,
    },
    /// It stands for every module of the program that assigns one of these names: a settings module.
    Module {
        /// Names that only such a module assigns.
        names: Vec<String>,
    },
    /// Functions whose first parameters have these names are its handlers, wherever they are registered.
    Signature(SignatureRow),
    /// It renders a template.
    Render {
        /// The template's name.
        template: Port,
        /// The object of its locals.
        locals: Port,
        /// Where the text goes; absent: the response.
        to: Option<Port>,
        /// The template's text is given, not its name.
        inline: bool,
        /// Which engine, where the API decides it.
        engine: Option<String>,
        /// When the engine escapes what the template does not say otherwise of; absent: not known.
        escapes: Option<Expr>,
    },
    /// Templates of the program may call a function of it by a name.
    Filter {
        /// The name; absent: that of the function or member.
        name: Option<Port>,
        /// The function; absent: what is decorated or assigned.
        function: Option<Port>,
    },
    /// It says something about configuration: named values read at the call.
    Config {
        /// The fact's name.
        fact: String,
        /// Name → where it is read. One unnamed value has the name `value`.
        read: Vec<(String, Port)>,
        /// Name → what holds where nothing is given.
        default: Vec<(String, crate::expr::Literal)>,
    },
    /// It touches a store.
    Effect {
        /// `read`, `write`, `delete`.
        op: String,
        /// The object (table, collection, file).
        object: Option<Port>,
        /// The key or filter.
        key: Option<Port>,
        /// The fields written or read.
        fields: Option<Port>,
    },
    /// The value is a record of a store: what is written into it is written there.
    Record,
    /// The value is the session of whoever asks: what one request puts there under a name, a later one reads there.
    Session,
    /// Known, no flow.
    Neutral,
    /// Never returns.
    NoReturn,
}

/// A source kind, or the one named by the matched step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SourceKindRef {
    /// A kind.
    Fixed(SourceKind),
    /// `http.name`: `http.` and the matched member, with the aliases of `kinds.toml` (`params` is `http.path`, `headers` is
    /// `http.header`, `cookies` is `http.cookie`).
    Named,
}

/// The outcome of a test on which the tested value is clean.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Accept {
    /// The call is truthy.
    True,
    /// The call is falsy.
    False,
    /// The call returns (it throws otherwise).
    Returns,
    /// The call gives something other than null or undefined.
    NonNull,
    /// A member of the result is truthy (`ret.success`), or falsy (`!ret.error`).
    Member {
        /// Where.
        port: Port,
        /// Truthy or falsy.
        truthy: bool,
    },
}

/// A row of a schema library.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum SchemaRow {
    /// A call that makes a schema of some type (`z.string()`).
    Type {
        /// The type's name: a format of `kinds.toml`, one of [`SchemaRow::TYPES`], or anything else, of which nothing is known;
        /// `name`: the matched member.
        ty: String,
        /// Where the members of an object or the element of an array stand.
        members: Option<Port>,
        /// What is given is converted: only the result has the type.
        coerce: bool,
    },
    /// A call on a schema that makes another one of it (`.optional()`, `.email()`).
    Step {
        /// One of [`SchemaRow::STEPS`].
        op: String,
        /// What it is given.
        with: Option<Port>,
        /// The format that it asks for; `name`: the matched member.
        format: Option<String>,
    },
    /// A call that checks a value.
    Check {
        /// The value.
        on: Port,
        /// Where the checked value comes out.
        to: Option<Port>,
        /// The outcome on which it is valid.
        accept: Accept,
        /// Unknown members: `strip`, `keep`, `refuse`.
        unknown: String,
        /// Where the schema is; absent: the function that is called, or its receiver.
        schema: Option<Port>,
        /// Nothing comes out of what is not valid.
        guarded: bool,
        /// The schemas are those of the chain of handlers, and `on` is the request.
        earlier: bool,
        /// The schema is written in the notation of JSON Schema.
        json: bool,
    },
    /// A call that puts schemas before handlers: requests that do not fit are refused.
    Request {
        /// The schema of one part, or an object with one for each part.
        schemas: Port,
        /// The part; absent: all by their names.
        part: Option<SourceKind>,
        /// Unknown members: `strip`, `keep`, `refuse`.
        unknown: String,
        /// Written in the notation of JSON Schema.
        json: bool,
    },
    /// A call that has parameters checked against the classes that they are declared to be.
    Classes {
        /// Unknown members: `strip`, `keep`, `refuse`.
        unknown: String,
        /// Parameters that are declared texts, numbers or truth values are made so.
        converts: bool,
    },
    /// A call that puts the schema of one member of a request before handlers; what does not fit is only noted.
    Member {
        /// The member's name.
        name: Port,
        /// The part; absent: any.
        part: Option<SourceKind>,
    },
}

impl SchemaRow {
    /// What becomes of a schema. `calls`: a function sees the value first and returns what is let through, or raises; `asks`: its
    /// answer says whether it is; `validates`: a decorator of a method that does so for the fields it names.
    pub const STEPS: [&'static str; 21] = [
        "same",
        "lose",
        "nested",
        "format",
        "pattern",
        "one-of",
        "bound",
        "fields",
        "pick",
        "omit",
        "keep",
        "strip",
        "refuse",
        "array",
        "element",
        "or",
        "and",
        "rest",
        "calls",
        "asks",
        "validates",
    ];
}

/// A row that registers handlers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EntryRow {
    /// `name` (the matched step), or a literal, or a port.
    pub method: Option<String>,
    /// The path's port as written (`arg(0)`).
    pub path: Option<Port>,
    /// The methods' port, where it is an argument.
    pub methods: Option<Box<Port>>,
    /// A list of which each element is registered: the other ports are of what the element consists of.
    pub each: Option<Box<Port>>,
    /// The handlers in order; arrays flattened where deep.
    pub handlers: Option<Port>,
    /// What of a registration says whether it wants a login, the first that is there: the name of a way to log in, or options; `false`:
    /// it wants none.
    pub login: Box<[Port]>,
    /// Lists of what runs before the handler: functions, or objects with one as their `method`.
    pub before: Box<[Port]>,
    /// What the names of the methods end in by which a class answers there: `on_get_one` of `one`.
    pub suffix: Option<Box<Port>>,
    /// What each parameter of a handler is: types (`@req`) or words (`next`, `decorated`, `signature`).
    pub params: Vec<String>,
    /// The same for handlers with four parameters.
    pub params4: Vec<String>,
    /// For handlers that are methods: what the constructor of their class is given. The last of it where it takes less.
    pub instance: Vec<String>,
    /// As written, resolved by the linker.
    pub prefix: Option<String>,
    /// As written.
    pub guards: Option<String>,
    /// As written.
    pub depends: Option<String>,
    /// The type whose sinks (`in = "value"`) say what becomes of what a handler returns (`@reply`).
    pub result: Option<String>,
    /// The handlers are found by file and name instead of being registered; present instead of a path.
    pub export: Option<ExportRow>,
}

/// Handlers that only the names of their parameters tell: `exports.list = function (req, res) { … }`, registered by something that is
/// not understood.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SignatureRow {
    /// By position: the names that the parameter may have.
    pub names: Vec<Vec<String>>,
    /// By position: what it is (`@req`).
    pub params: Vec<String>,
    /// Packages, of which the unit must use one: those of the library.
    pub packages: Vec<String>,
}

/// Handlers that a framework finds by the file that they stand in and by the name under which it exports them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ExportRow {
    /// Patterns of files: `**/pages/api/**`; see [`crate::glob`].
    pub files: Vec<String>,
    /// Names of exports: `default`, `GET`.
    pub names: Vec<String>,
    /// Packages, of which the unit must use one: those of the library.
    pub packages: Vec<String>,
    /// The folder below which the path of a file is its route; see [`crate::route`].
    pub root: Option<String>,
}
