//! One run: a plan carried out stage by stage, from its target's start to the summary of what was measured. It judges
//! nothing, prints nothing and opens no file.

mod attend;
mod bench;
mod course;
mod faults;
mod identity;
mod journal;
mod lanes;
mod lookout;
mod samples;
mod script;

pub use bench::Bench;
pub use identity::{environment, identity, now};

use crate::archive;
use crate::backend::{self, Backend, MockHost};
use crate::client::Endpoint;
use crate::drive::{self, InferenceClient, Running, Snapshot};
use crate::observe::{Usage, Watched};
use crate::plan::{Plan, Stage, Stream, Target};
use crate::summary::{
    self, Asked, ClientCounts, Recorder, Recorders, RunEnd, RunSummary, StageEnd, StageFacts,
    StageSummary, Watch, Window,
};
use crate::units::Offset;
use attend::attend;
use lanes::Lanes;
use lookout::Lookout;
use std::num::NonZero;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where a lane puts its samples: into its summary, and into the archive of all samples if there is one.
type LaneSink = (Recorders, Option<archive::Feed>);

/// How a run is carried out; what is carried out stands in the plan.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where an embedded mock runs.
    pub mock: MockHost,
    /// The most threads to send from.
    pub lanes: NonZero<usize>,
    /// Cancel to end the run early: sending stops, the drain phase follows, the summary says interrupted.
    pub interrupt: CancellationToken,
    /// The archive that takes every sample, if they are wanted. Stages that it does not hold whole have a note that says so.
    pub samples: Option<archive::Intake>,
}

impl Default for Options {
    /// The mock in this process, half of the cores for sending.
    fn default() -> Self {
        Self {
            mock: MockHost::OwnThread,
            lanes: default_lanes(),
            interrupt: CancellationToken::new(),
            samples: None,
        }
    }
}

/// Half of the machine's cores: the other half is left to the target, which runs beside us by default.
pub fn default_lanes() -> NonZero<usize> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    NonZero::new(cores / 2).unwrap_or(NonZero::<usize>::MIN)
}

/// What a watcher of the run hears.
#[derive(Debug)]
pub enum Event<'a> {
    /// A stage begins.
    Started(&'a Stage),
    /// A stage goes on.
    Progress {
        /// Since the stage began.
        elapsed: Duration,
        /// What has happened in it so far.
        counts: Snapshot,
    },
    /// A stage is over.
    Ended(&'a StageSummary),
}

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The target could not be brought up.
    #[error(transparent)]
    Backend(#[from] backend::Error),
    /// The load could not be driven.
    #[error(transparent)]
    Drive(#[from] drive::Error),
    /// The run was interrupted before its first stage began.
    #[error("interrupted before anything was measured")]
    Interrupted,
}

/// Carries out the plan. A target that dies, and an interrupt, end the run early: the summary has what was measured
/// until then and says why it ended.
///
/// # Errors
/// [`Error`] when nothing could be measured at all.
pub async fn run(
    plan: &Plan,
    options: &Options,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<RunSummary, Error> {
    carry_out(
        plan,
        options,
        watch,
        async |stage, endpoints, lanes, sink| drive::start(stage, endpoints, lanes, sink).await,
    )
    .await
}

/// Likewise, with a client of the caller's in place of the one that the plan has: `client` makes one for each lane.
///
/// # Errors
/// [`Error`] when nothing could be measured at all.
pub async fn run_with<C: InferenceClient>(
    plan: &Plan,
    options: &Options,
    watch: &mut dyn FnMut(Event<'_>),
    client: impl Fn(&Stage, &[Endpoint]) -> C,
) -> Result<RunSummary, Error> {
    carry_out(
        plan,
        options,
        watch,
        async |stage, endpoints, lanes, sink| {
            let client = || client(stage, endpoints);
            drive::start_with(stage, lanes, client, sink)
        },
    )
    .await
}

/// Carries out the plan with `start`, which lets the requests of a stage be sent.
async fn carry_out(
    plan: &Plan,
    options: &Options,
    watch: &mut dyn FnMut(Event<'_>),
    start: impl AsyncFn(
        &Stage,
        &[Endpoint],
        NonZero<usize>,
        &dyn Fn(usize) -> LaneSink,
    ) -> Result<Running<LaneSink>, drive::Error>,
) -> Result<RunSummary, Error> {
    let mut identity = identity::identity(plan);
    let mut target = None;
    let mut stages = Vec::new();
    let mut course = course::Under::begin(plan);
    while let Some(stage) = course.next() {
        let bringing_up = bring_up(&mut target, stage, &options.mock);
        let backend = match options.interrupt.run_until_cancelled(bringing_up).await {
            Some(Ok(backend)) => backend,
            Some(Err(error)) if stages.is_empty() => return Err(error.into()),
            Some(Err(error)) => {
                stages.push(never_ran(stage, &error));
                break;
            }
            None if stages.is_empty() => return Err(Error::Interrupted),
            None => {
                identity.end = RunEnd::Interrupted;
                break;
            }
        };
        watch(Event::Started(stage));
        let summary = measure(stage, backend, options, watch, &start).await?;
        watch(Event::Ended(&summary));
        course.after(&identity, &summary);
        let end = summary.end;
        stages.push(summary);
        if end != StageEnd::Completed {
            break;
        }
    }
    if let Some((_, backend)) = target {
        backend.stop().await;
    }
    Ok(course.summary(identity, stages))
}

/// The stage's target: kept from the stage before if it is the same, brought up anew if not.
async fn bring_up<'a>(
    running: &'a mut Option<(Target, Backend)>,
    stage: &Stage,
    host: &MockHost,
) -> Result<&'a mut Backend, backend::Error> {
    let is_over =
        |(target, _): &mut (Target, Backend)| *target != stage.target || target.wears_out();
    if let Some((_, other)) = running.take_if(is_over) {
        other.stop().await;
    }
    let same = match running.take() {
        Some(same) => same,
        None => (
            stage.target.clone(),
            Backend::start(&stage.target, &stage.client, host).await?,
        ),
    };
    let (_, backend) = running.insert(same);
    Ok(backend)
}

/// Drives one stage and sums it up.
async fn measure(
    stage: &Stage,
    backend: &mut Backend,
    options: &Options,
    watch: &mut dyn FnMut(Event<'_>),
    start: &impl AsyncFn(
        &Stage,
        &[Endpoint],
        NonZero<usize>,
        &dyn Fn(usize) -> LaneSink,
    ) -> Result<Running<LaneSink>, drive::Error>,
) -> Result<StageSummary, Error> {
    let names = backend.names().to_vec();
    backend.reset().await;
    let watch_for = faults::expected(stage, backend, window(stage).end);
    let archive = samples::begin(options, stage, backend);
    let sink = |lane| {
        let recorders = recorders(stage, watch_for.as_ref());
        (
            recorders,
            archive.as_ref().map(|archive| archive.feed(lane)),
        )
    };
    let starting = start(stage, backend.endpoints(), options.lanes, &sink);
    let mut running = starting.await?;
    let lookout = Lookout::over(window(stage), watched(backend));
    let mut attended = attend(&mut running, lookout, backend, options, watch).await?;
    let script = script::facts(stage, backend);
    let epoch = running.epoch();
    let lanes = Lanes::joined(recorders(stage, None), attended.records);
    attended.notes.extend(samples::end(archive).await);
    let told = journal::facts(backend, epoch, stage, &lanes.recorders).await;
    let (journal, duplicates) = told.unzip();
    let known = StageFacts {
        endpoints: names,
        script,
        faults_began: faults::began(backend, epoch),
        journal,
        duplicates,
        usage: lanes.usage,
        client: lanes.client,
        conditions: Some(attended.conditions),
        lanes: lanes.count,
        end: attended.end,
        measured: lanes.measured,
        notes: attended.notes,
        ..facts(stage)
    };
    Ok(summary::summarize(known, lanes.recorders))
}

/// The processes that are the target, as far as they run here and are known.
fn watched(backend: &Backend) -> Watched {
    match backend.launched() {
        Some(first) => Watched::Group(first),
        None => Watched::Processes(backend.processes()),
    }
}

/// The summary of a stage whose target could not be brought up any more: nothing was offered, and it says why.
fn never_ran(stage: &Stage, error: &backend::Error) -> StageSummary {
    let facts = StageFacts {
        end: StageEnd::TargetDied,
        notes: vec![error.to_string()],
        ..facts(stage)
    };
    summary::summarize(facts, recorders(stage, None))
}

/// What is known of a stage before it runs.
fn facts(stage: &Stage) -> StageFacts {
    StageFacts {
        index: stage.index,
        name: stage.name(),
        settings: stage.settings.clone(),
        endpoints: Vec::new(),
        usage: Usage::default(),
        client: ClientCounts::default(),
        conditions: None,
        lanes: 0,
        end: StageEnd::Completed,
        measured: Duration::ZERO,
        asked: asked(stage),
        script: None,
        journal: None,
        faults_began: Vec::new(),
        duplicates: None,
        validity: stage.validity,
        notes: Vec::new(),
    }
}

fn asked(stage: &Stage) -> Asked {
    let mut named = Vec::new();
    for stream in &stage.streams {
        let asked = asked_of(stream);
        match &stream.name {
            Some(name) => named.push((name.clone(), asked)),
            None => return asked,
        }
    }
    Asked::SideBySide(named)
}

fn asked_of(stream: &Stream) -> Asked {
    if stream.load.is_open() {
        let burstiness = stream.load.burstiness();
        Asked::OpenLoop { burstiness }
    } else {
        Asked::ClosedLoop
    }
}

/// An empty recorder for each load stream of a stage, in one lane or in all together.
fn recorders(stage: &Stage, watch: Option<&Watch>) -> Recorders {
    let streams = stage.streams.iter();
    let recorder = streams.map(|stream| {
        Recorder::watching(window(stage), watch.cloned())
            .telling_apart(&drive::kinds(stream))
            .of_slots(stream.workload.requests_per_slot())
    });
    recorder.collect()
}

fn window(stage: &Stage) -> Window {
    let start = Offset::from(stage.phases.warmup.duration());
    Window {
        start,
        end: start.after(stage.phases.measure.duration()),
    }
}
