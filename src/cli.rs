//! The command line: what can be typed, and nothing of what it does.

use crate::units::Period;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;

/// A measuring instrument for model inference.
#[derive(Debug, Parser)]
#[command(name = "inferometer", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the tool can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios: bring the target up, send the load, report, and exit by the verdict
    Run(Run),
    /// Compare two variants of a scenario: interleaved blocks, an interval for each metric, a verdict
    Ab(Ab),
    /// Keep a scenario, a program and its figures under a name, to hold later ones against
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Hold a scenario against a baseline: run it again, interleaved, or by its stored figures where that cannot be
    Gate(Gate),
    /// Show the history of a scenario from its stored runs, and where it changed; it judges nothing
    Trend(Trend),
    /// Validate scenarios or clients and explain them, without sending anything
    Check(Check),
    /// Print the JSON Schema of a file format, for editors
    Schema(Schema),
    /// Run the mock backend on its own
    Mock(Mock),
    /// Examine this machine: what load it would certify, and how small a change could be told here
    Doctor(Doctor),
    /// Serve a comparison as one of its arms: blocks are asked for on standard input
    #[command(hide = true)]
    Arm(Arm),
    /// Keep a server for a run: what to start is told on standard input, and the server ends with it
    #[command(hide = true)]
    Keep,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Which scenarios, and what to change in them.
    #[command(flatten)]
    pub scenarios: Scenarios,
    /// Folder to write reports to, as REPORTS/SCENARIO/RUN/
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Report formats to write
    #[arg(long = "report", value_name = "FORMAT", value_delimiter = ',', default_values = ["json", "html", "markdown", "junit"])]
    pub formats: Vec<String>,
    /// Write every sample, too, into files beside the report: parquet, jsonl, or both
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub samples: Vec<String>,
    /// Threads to send from [default: half of the cores, the other half being the target's]
    #[arg(long, value_name = "N")]
    pub lanes: Option<NonZero<usize>>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `ab`.
#[derive(Debug, Args)]
pub struct Ab {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// The baseline: a variant of the scenario, or a setting as path=value; may be given several times [default: gate.baseline]
    #[arg(long, value_name = "VARIANT|PATH=VALUE")]
    pub a: Vec<String>,
    /// The candidate, likewise [default: gate.candidate]
    #[arg(long, value_name = "VARIANT|PATH=VALUE")]
    pub b: Vec<String>,
    /// Another build of this tool, to carry out the baseline
    #[arg(long, value_name = "PROGRAM")]
    pub a_program: Option<PathBuf>,
    /// Another build of this tool, to carry out the candidate
    #[arg(long, value_name = "PROGRAM")]
    pub b_program: Option<PathBuf>,
    /// How both arms are changed, and what is written.
    #[command(flatten)]
    pub comparing: Comparing,
}

/// What can be done with baselines.
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Run a scenario and keep it: what to run again, with a copy of this program, and the figures
    Save(Save),
    /// Name all baselines
    List {
        /// Folder of baselines
        #[arg(long, value_name = "DIR", default_value = BASELINES)]
        baselines: PathBuf,
    },
    /// Show what a baseline is, and the figures of its runs
    Show {
        /// Its name
        name: String,
        /// Folder of baselines
        #[arg(long, value_name = "DIR", default_value = BASELINES)]
        baselines: PathBuf,
    },
    /// Take a baseline away, with all its runs
    Remove {
        /// Its name
        name: String,
        /// Folder of baselines
        #[arg(long, value_name = "DIR", default_value = BASELINES)]
        baselines: PathBuf,
    },
}

/// Where baselines stand when nothing else is said.
const BASELINES: &str = "reports/baselines";

/// Arguments of `baseline save`.
#[derive(Debug, Args)]
pub struct Save {
    /// What to call it: lower-case letters, digits and hyphens
    pub name: String,
    /// The scenario file
    pub scenario: PathBuf,
    /// The variant of the scenario to lay over the rest of it
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Change a value of the scenario
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// How many runs to keep; times and rates can be judged by stored figures from 8 on
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,
    /// What to keep of this program
    #[arg(long, value_enum, default_value_t = KeepProgram::Copy)]
    pub program: KeepProgram,
    /// Replace what is there under this name, with all its runs
    #[arg(long)]
    pub replace: bool,
    /// Threads to send from [default: half of the cores, the other half being the target's]
    #[arg(long, value_name = "N")]
    pub lanes: Option<NonZero<usize>>,
    /// Folder of baselines
    #[arg(long, value_name = "DIR", default_value = BASELINES)]
    pub baselines: PathBuf,
}

/// What to keep of the program that measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeepProgram {
    /// A copy, which git ignores
    Copy,
    /// Where it is, and its digest
    Path,
}

/// Arguments of `gate`.
#[derive(Debug, Args)]
pub struct Gate {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// The name of the baseline
    #[arg(long, value_name = "NAME")]
    pub baseline: String,
    /// The variant of the scenario that is in question [default: the baseline's]
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Judge by the stored figures, also where the baseline could be run again
    #[arg(long)]
    pub stored: bool,
    /// Folder of baselines
    #[arg(long, value_name = "DIR", default_value = BASELINES)]
    pub baselines: PathBuf,
    /// How both arms are changed, and what is written.
    #[command(flatten)]
    pub comparing: Comparing,
}

/// Arguments of `trend`.
#[derive(Debug, Args)]
pub struct Trend {
    /// The name of the scenario, as its runs are kept under
    pub scenario: String,
    /// Folder of reports
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Metrics to show
    #[arg(long, value_name = "METRIC", value_delimiter = ',', default_values = ["rps_ok", "latency_p50", "latency_p99", "cpu_per_request", "allocations_per_request", "error_rate"])]
    pub metric: Vec<String>,
    /// Write the history as a page, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// What every comparison takes.
#[derive(Debug, Args)]
pub struct Comparing {
    /// Change a value of the scenario in both arms, for example --set gate.quads=24
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Folder to write reports to, as REPORTS/SCENARIO/comparisons/RUN/
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub reports: PathBuf,
    /// Report formats to write
    #[arg(long = "report", value_name = "FORMAT", value_delimiter = ',', default_values = ["json", "html", "markdown", "junit"])]
    pub formats: Vec<String>,
    /// Threads that each arm sends from [default: half of the cores, the other half being the target's]
    #[arg(long, value_name = "N")]
    pub lanes: Option<NonZero<usize>>,
    /// What an inconclusive comparison exits with: its own code 4, 0 as if nothing had changed, or 1 as if it had regressed
    #[arg(long, value_enum, default_value_t = OnInconclusive::Tell)]
    pub on_inconclusive: OnInconclusive,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What an inconclusive comparison exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnInconclusive {
    /// 4, its own code
    Tell,
    /// 0
    Pass,
    /// 1
    Fail,
}

/// Arguments of `arm`.
#[derive(Debug, Args)]
pub struct Arm {
    /// The scenario file
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Change a value of the scenario
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// The variant of the scenario to lay over the rest of it
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Threads to send from
    #[arg(long, value_name = "N")]
    pub lanes: Option<NonZero<usize>>,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The files are those of clients: explain each setting with its value and source
    #[arg(long)]
    pub client: bool,
    /// Which scenarios, and what to change in them.
    #[command(flatten)]
    pub scenarios: Scenarios,
}

/// Which scenarios, and what to change in them.
#[derive(Debug, Args)]
pub struct Scenarios {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub paths: Vec<PathBuf>,
    /// Values of the scenario to change, each as `path=value`.
    #[arg(
        long,
        value_name = "PATH=VALUE",
        help = "Change a value of the scenario, for example --set load.closed.in_flight=20"
    )]
    pub set: Vec<String>,
    /// The variant of the scenario to lay over the rest of it
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// The format to describe
    #[arg(value_enum, default_value_t = FileFormat::Scenario)]
    pub format: FileFormat,
}

/// A file format that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Scenario files, written by people
    Scenario,
    /// Files of a client, for scenarios and for programs
    Client,
    /// report.json, written by `run`
    Report,
    /// comparison.json, written by `ab` and `gate`
    Comparison,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// How long it may take, about
    #[arg(long, value_name = "TIME", default_value = "19s")]
    pub within: Period,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub format: DoctorFormat,
    /// Threads to send from [default: half of the cores, the other half being the target's]
    #[arg(long, value_name = "N")]
    pub lanes: Option<NonZero<usize>>,
}

/// How a diagnosis is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people
    Text,
    /// For programs: every figure
    Json,
}

/// Arguments of `mock`.
#[derive(Debug, Args)]
pub struct Mock {
    /// What the mock should be: a file with what stands under `target.mock` in a scenario [default: one model `tiny`]
    pub file: Option<PathBuf>,
    /// Address for REST: OpenAI's API below /v1, the Open Inference Protocol below /v2
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    pub rest: SocketAddr,
    /// Address for the Open Inference Protocol over gRPC
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8001")]
    pub grpc: SocketAddr,
    /// Address for the admin API
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8002")]
    pub admin: SocketAddr,
    /// Write each request down when it has ended, as a line of JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Write the certificate there that `tls: self_signed` makes, for clients to trust
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Print the addresses and nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Serve a parent process: spec on the first line of standard input, end when it closes
    #[arg(long, hide = true)]
    pub until_stdin_closes: bool,
}
