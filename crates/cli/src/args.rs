//! What can be said on the command line. Help texts are here and nowhere else.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The backend security engineer in one binary.
///
/// Reads the code of a backend and reports its flaws with the whole path of each. Works offline, starts nothing of the
/// code it reads, and sends nothing anywhere.
#[derive(Parser, Debug)]
#[command(
    name = "casemate",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Assess a project, a folder or a file
    #[command(after_help = EXIT_CODES)]
    Assess(Box<AssessArgs>),
    /// Record the findings of today, for `assess --baseline`
    Baseline(BaselineArgs),
    /// Write a commented `casemate.toml` from what is seen
    Init(InitArgs),
    /// The security decisions that an owner signs, and that are held against the code
    Decisions(DecisionsArgs),
    /// Write a secure backend from a short description
    New(NewArgs),
    /// Take each control of a generated backend away and look who notices
    #[command(after_help = PROVE_CODES)]
    Prove(ProveArgs),
    /// Show what an application offers: endpoints, and what stands before each
    Model(ModelArgs),
    /// Explain a rule: why it matters, the attack, the fix, alternatives
    Explain(ExplainArgs),
    /// List, show or test the rules
    Rules(RulesArgs),
    /// List or test the models of libraries
    Models(ModelsArgs),
    /// Print what there is to translate, for a report in another language (`assess --lang FILE`)
    Lang(LangArgs),
    /// For those who write models and rules
    Debug(DebugArgs),
    /// Print a completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on
  1  something at or above --fail-on
  2  wrong use, or the run failed
  3  nothing to assess (0 with --allow-empty)
  4  incomplete, with --error-on-incomplete";

const PROVE_CODES: &str = "\
Runs code of the project: its tests, with node. Nothing is changed but README.md and .casemate/proof.json.

Exit codes:
  0  without any of the controls a test goes red
  1  some test stays green
  2  wrong use, or the run failed";

#[derive(Args, Debug)]
pub struct ProveArgs {
    /// A project that `casemate new` has written, with its packages installed
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,

    /// Only these controls
    #[arg(long, value_name = "CONTROL", value_delimiter = ',')]
    pub control: Vec<String>,

    /// Look again at what was seen before
    #[arg(long)]
    pub fresh: bool,

    /// How many at a time [default: the processors, or one where TEST_DATABASE_URL names a database for all]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Args, Debug)]
pub struct AssessArgs {
    /// Projects, folders or files; the project of a file is found [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub output: OutputArgs,

    #[command(flatten)]
    pub choice: ChoiceArgs,

    #[command(flatten)]
    pub verdict: VerdictArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Forms of the report: text, json, markdown, html, sarif, csv, cyclonedx, gitlab, github, summary, junit [default: text]
    #[arg(short, long, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<FormatArg>,

    /// Write to a file instead of stdout; with several formats FORMAT=PATH, repeated
    #[arg(short, long, value_name = "[FORMAT=]PATH")]
    pub output: Vec<String>,

    /// How deep HTML and Markdown go
    #[arg(long, value_name = "DEPTH", default_value = "assessment")]
    pub template: TemplateArg,

    /// The language of the report: `de` of `.casemate/lang/de.toml`, or a file; `casemate lang` writes one to begin with
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub lang: String,

    /// Colours in text
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorArg,

    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Print what the run cost and what it resolved on stderr
    #[arg(long)]
    pub statistics: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "What is looked for")]
pub struct ChoiceArgs {
    /// Only these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// Leave files out, in the syntax of .gitignore; repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Who the attacker is; auto decides per package
    #[arg(long, value_name = "MODEL", default_value = "auto")]
    pub threat_model: ThreatModelArg,

    /// Leave out findings of less confidence
    #[arg(long, value_name = "LEVEL", default_value = "low")]
    pub min_confidence: ConfidenceArg,

    /// Leave out findings of less severity
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub min_severity: LevelArg,

    /// Leave out what `casemate baseline` recorded: only what is new is shown and counts
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Use no policy, comments or ignore file of the project: for code that is not trusted
    #[arg(long)]
    pub isolated: bool,

    /// Run rules that are in preview too
    #[arg(long)]
    pub preview: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Exit code")]
pub struct VerdictArgs {
    /// Exit with 1 from this severity on [default: what `casemate.toml` says, else high]
    #[arg(long, value_name = "LEVEL")]
    pub fail_on: Option<FailOnArg>,

    /// Having nothing to assess is no failure
    #[arg(long)]
    pub allow_empty: bool,

    /// Exit with 4 when a backend file was not read or not understood whole
    #[arg(long)]
    pub error_on_incomplete: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// Threads [default: one per processor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Without effect: there is no cache, every run reads everything
    #[arg(long, hide = true)]
    pub no_cache: bool,
}

#[derive(Args, Debug)]
pub struct BaselineArgs {
    /// The project [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where it is written
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "casemate-baseline.json"
    )]
    pub output: PathBuf,
}

#[derive(Args, Debug)]
pub struct InitArgs {
    /// The folder of the project [default: the current folder]
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct DecisionsArgs {
    #[command(subcommand)]
    pub command: DecisionsCommand,
}

#[derive(Subcommand, Debug)]
pub enum DecisionsCommand {
    /// Draft `casemate.decisions.toml` from the code, to be filled in and signed
    Init(InitArgs),
}

#[derive(Args, Debug)]
pub struct NewArgs {
    /// The description; examples/notes/backend.toml is one
    #[arg(value_name = "backend.toml", required_unless_present_any = ["init", "from"], conflicts_with_all = ["init", "from"])]
    pub description: Option<PathBuf>,

    /// A folder that is empty or not there; with --update, a project that was written before
    #[arg(value_name = "DIR", required_unless_present_any = ["init", "from"], conflicts_with_all = ["init", "from"])]
    pub target: Option<PathBuf>,

    /// Ask what has to be decided, and write a description
    #[arg(long, conflicts_with = "from")]
    pub init: bool,

    /// With --init: answers in TOML, as in `name = "shop"`; what is not there is asked, or taken by its default without a terminal
    #[arg(long, value_name = "FILE", requires = "init")]
    pub answers: Option<PathBuf>,

    /// With --init: one answer, as in `things=order, product`; repeated
    #[arg(long, value_name = "KEY=ANSWER", requires = "init")]
    pub answer: Vec<String>,

    /// Draft a description from an OpenAPI document (.yaml, .json), a Prisma schema (.prisma) or definitions of tables (.sql)
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,

    /// With --init and --from: the description to write; it must not be there
    #[arg(short, long, value_name = "FILE", default_value = "backend.toml", conflicts_with_all = ["description", "target"])]
    pub output: PathBuf,

    /// Bring the project up to date with the description, and keep what was changed by hand
    #[arg(long, conflicts_with_all = ["init", "from"])]
    pub update: bool,

    /// With --update: where both have changed the same lines, write both, between marks
    #[arg(long, requires = "update")]
    pub mark_conflicts: bool,

    /// With --update: write without a type check and the tests, which otherwise run in a copy before anything changes
    #[arg(long, requires = "update")]
    pub unchecked: bool,
}

#[derive(Args, Debug)]
pub struct ModelArgs {
    /// Projects, folders or files; the project of a file is found [default: the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// text, json, mermaid, svg, otm or threat-dragon
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub format: ModelFormat,

    /// Leave files out, in the syntax of .gitignore; repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Threads [default: one per processor]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

#[derive(Args, Debug)]
pub struct LangArgs {
    /// A catalogue: what it translates is carried over
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// A rule, or the id of a finding
    #[arg(value_name = "RULE")]
    pub rule: String,

    /// Colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorArg,
}

#[derive(Args, Debug)]
pub struct RulesArgs {
    #[command(subcommand)]
    pub command: Option<RulesCommand>,

    /// Count the requirements of standards that the rules decide, by running their examples
    #[arg(long)]
    pub coverage: bool,

    /// With --coverage: read `models/` and `rules/` of this folder instead of those inside the program
    #[arg(long, value_name = "DIR", requires = "coverage")]
    pub folder: Option<PathBuf>,

    /// text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub format: ListFormat,
}

#[derive(Subcommand, Debug)]
pub enum RulesCommand {
    /// List all rules (the default)
    List,
    /// Show one rule: what it matches and how its severity is made
    Show {
        /// The rule
        rule: String,
    },
    /// Run the examples of all rules, or of one
    Test {
        /// The rule
        rule: Option<String>,
        /// Read `models/` and `rules/` of this folder instead of those inside the program
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Args, Debug)]
pub struct ModelsArgs {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,

    /// text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", global = true)]
    pub format: ListFormat,
}

#[derive(Subcommand, Debug)]
pub enum ModelsCommand {
    /// List all libraries (the default)
    List,
    /// Run the examples of all libraries, or of one
    Test {
        /// The library
        library: Option<String>,
        /// Read `models/` and `rules/` of this folder instead of those inside the program
        #[arg(long, value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

#[derive(Args, Debug)]
pub struct DebugArgs {
    #[command(subcommand)]
    pub command: DebugCommand,
}

#[derive(Subcommand, Debug)]
pub enum DebugCommand {
    /// Print the program that a file or folder is lowered to
    Ir {
        /// A file or folder
        path: PathBuf,
        /// Print counts only
        #[arg(long)]
        summary: bool,
        /// Threads [default: one per processor]
        #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
        jobs: Option<u16>,
    },
    /// Print the facts that rules ask about, one a line: where, what, and its values
    Facts {
        /// A file or folder
        path: PathBuf,
        /// Of this name only, such as `access` or `endpoint`
        #[arg(long, value_name = "NAME")]
        fact: Option<String>,
    },
    /// Print what is known where a finding was expected: functions, calls, dangerous uses and what arrives there
    Sinks {
        /// A project
        path: PathBuf,
        /// Within three lines of these places; else all dangerous uses
        #[arg(value_name = "FILE:LINE")]
        near: Vec<String>,
    },
    /// Print what the values of a line may be: API paths as models name them, and parts of the program
    Path {
        /// FILE:LINE or FILE:LINE:COLUMN
        #[arg(value_name = "FILE:LINE[:COLUMN]")]
        place: String,
    },
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormatArg {
    Text,
    Json,
    Markdown,
    Html,
    Sarif,
    Csv,
    /// Verdicts on requirements as attestations of CycloneDX 1.6
    #[value(name = "cyclonedx")]
    CycloneDx,
    Gitlab,
    /// Annotations of GitHub Actions
    Github,
    /// Markdown for the page of a job: `$GITHUB_STEP_SUMMARY`
    Summary,
    Junit,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum TemplateArg {
    /// Everything
    Assessment,
    /// What leadership reads
    Summary,
    /// How it is built, and what may go wrong there
    Architecture,
    /// What has to be repaired
    Issue,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListFormat {
    Text,
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModelFormat {
    Text,
    Json,
    /// The data flows, for Markdown
    Mermaid,
    /// The data flows, as a drawing
    Svg,
    /// The threat model as Open Threat Model 0.2.0
    Otm,
    /// The threat model for OWASP Threat Dragon 2
    ThreatDragon,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThreatModelArg {
    Auto,
    Server,
    Library,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfidenceArg {
    Low,
    Medium,
    High,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum LevelArg {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOnArg {
    Info,
    Low,
    Medium,
    High,
    Critical,
    Never,
}
