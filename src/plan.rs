//! What will be done: a scenario with every default filled in, every sweep expanded, every contradiction refused.
//! Whoever holds a [`Plan`] checks nothing again. Pure: it reads no file, no clock and no environment.

mod check;
mod course;
mod explain;
mod files;
mod fingerprint;
mod provenance;
mod recordings;
mod stream;
mod sweep;
mod tokenizers;

pub use crate::scenario::{
    ASKED_BY, Adapter, ExpectedBody, Launch, Mocks, NamedMock, Objective, Phases, Placeholder,
    Stub, StubBody, StubOrder, StubRequest, StubResponse, Target, Times, Variable, filled,
};
pub use course::{Course, Done, Search, Way};
pub use explain::Explanation;
pub(crate) use explain::{flow, table};
pub use provenance::Setting;
pub use stream::{Stream, Streams};

use crate::client::{ClientConfig, ClientFile};
use crate::gate::Validity;
use crate::gate::rule::Rule;
use crate::gate::spec::GateSpec;
use crate::scenario::{self, Document, Error, Open, Overrides, Scenario};
use crate::seed::Seed;
use crate::tokenizer::Tokenizer;
use crate::workload::{Ask, InputTensor};
use files::Files;
use inferometer_mock::{MockSpec, ModelSpec, TensorAnswer, TensorSpec};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// A scenario ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The scenario's name: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is meant to show.
    pub purpose: Option<String>,
    /// Where all chance comes from.
    pub seed: Seed,
    /// The file that it was read from, for messages.
    pub source: String,
    /// What to measure, in the order of reports; at least one. Of a search, every level that it may measure.
    pub stages: Vec<Stage>,
    /// Which of them is measured when.
    pub course: Course,
    /// What must hold.
    pub expectations: Vec<Rule>,
    /// The names of its variants, in the order of the file.
    pub variants: Vec<String>,
    /// How two of them are compared.
    pub gate: GateSpec,
    /// The client's settings and where each came from.
    pub client_settings: Vec<Setting>,
    /// 16 hexadecimal digits that are equal exactly when the same would be measured: the name, the seed, every stage, and
    /// the first requests of each with their times. Neither comments nor `purpose` nor `expect` change them.
    pub fingerprint: String,
}

/// One measurement: one combination of the swept values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Its position in the plan, from 0.
    pub index: usize,
    /// The swept settings and their values in this stage, in the order of the file.
    pub settings: Vec<(String, Value)>,
    /// Who answers.
    pub target: Target,
    /// The client's settings.
    pub client: ClientConfig,
    /// Who sends, unless it is the embedded client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Adapter>,
    /// What counts tokens where no server does. In the fingerprint it is its contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Tokenizer>,
    /// What to send and when: one load stream, or several side by side.
    #[serde(flatten)]
    pub streams: Streams,
    /// How long.
    pub phases: Phases,
    /// What must be met again after a fault. It changes how the stage is judged, not what is measured, and is no part of the
    /// fingerprint.
    #[serde(skip)]
    pub objective: Objective,
    /// When its numbers are worth anything. No part of the fingerprint, as the objective is none.
    #[serde(skip)]
    pub validity: Validity,
    /// Where this stage's requests and their times come from. The same in all stages unless swept, so that stages
    /// differ by their settings and not by chance.
    pub seed: Seed,
}

/// Plans the scenario in `text`, read from `path`, with `overrides` laid over it. It opens no file, so the scenario cannot
/// name one, neither for its client nor of a trace, prompts or a tokenizer; [`from_files`] can.
///
/// # Errors
/// The first thing that is wrong with the scenario, with its place and what to do.
pub fn from_file(path: &Path, text: &str, overrides: &Overrides) -> Result<Plan, Error> {
    from_files(path, text, overrides, &no_file)
}

/// Opens nothing.
fn no_file(file: &Path) -> Result<String, Error> {
    let told = "a scenario that is planned from its text alone cannot name a further file";
    Err(Error::of_file(&file.display().to_string(), told)
        .hint("read it with `plan::from_files`, or write its settings under `client`"))
}

/// Likewise; `open` reads the files that the scenario names: that of its client, traces, prompts and a tokenizer.
///
/// # Errors
/// The first thing that is wrong with either file, with its place and what to do.
pub fn from_files(
    path: &Path,
    text: &str,
    overrides: &Overrides,
    open: Open<'_>,
) -> Result<Plan, Error> {
    let file = path.display().to_string();
    let document = overrides.read(&file, text, open)?;
    if overrides.variant.is_none() {
        // Each as it will be laid: below `--set` and the environment, and not upon another one.
        for name in check::variant_names(&document)? {
            let laid = Overrides {
                variant: Some(name),
                ..overrides.clone()
            };
            expanded(&laid.read(&file, text, open)?, open)?;
        }
    }
    plan(&document, open)
}

/// Plans a scenario that is already read; `open` reads the traces, prompts and tokenizer that it names.
///
/// # Errors
/// The first thing that is wrong with it, with its place and what to do.
pub fn plan(document: &Document, open: Open<'_>) -> Result<Plan, Error> {
    let Expanded {
        axes,
        searched,
        stages,
        here,
        scenario,
    } = expanded(document, open)?;
    let swept = if searched.is_some() {
        &[]
    } else {
        axes.as_slice()
    };
    if let Some(first) = stages.first() {
        check::expectations(document, &scenario.expect, swept, &first.streams)?;
    }
    check::gate(document, &scenario.gate)?;
    let name = scenario.name.to_string();
    let course = course(document, &scenario, searched, stages.len())?;
    Ok(Plan {
        fingerprint: fingerprint::of(&name, &stages, &course),
        client_settings: provenance::client(&here, &scenario.client, &axes),
        source: document.file().to_owned(),
        seed: Seed::new(scenario.seed),
        purpose: scenario.purpose,
        expectations: scenario.expect,
        variants: scenario::variants(document),
        gate: scenario.gate,
        course,
        name,
        stages,
    })
}

/// Every stage that a document has, each held against itself, and the document and scenario of the first.
struct Expanded {
    axes: Vec<sweep::Axis>,
    searched: Option<(sweep::Axis, Search)>,
    stages: Vec<Stage>,
    here: Document,
    scenario: Scenario,
}

fn expanded(document: &Document, open: Open<'_>) -> Result<Expanded, Error> {
    let searched = sweep::search(document)?;
    let axes = match &searched {
        Some((axis, _)) => vec![axis.clone()],
        None => sweep::axes(document)?,
    };
    let mut files = Files::new(open);
    let mut stages = Vec::new();
    let mut first = None;
    for (index, point) in sweep::points(&axes).enumerate() {
        let here = sweep::moved_to(document, &point)?;
        let mut scenario: Scenario = here.read_as()?;
        let mut streams = Streams::of(&here, &scenario)?;
        let tokenizer = files.complete(&here, &mut scenario, &mut streams)?;
        let mut stage = stage(index, sweep::settings(&point), &scenario, streams);
        stage.tokenizer = tokenizer;
        check::stage(&here, &stage)?;
        stages.push(stage);
        first.get_or_insert((here, scenario));
    }
    let (here, scenario) = first.unwrap_or_else(|| unreachable!("a sweep has at least one point"));
    Ok(Expanded {
        axes,
        searched,
        stages,
        here,
        scenario,
    })
}

fn course(
    document: &Document,
    scenario: &Scenario,
    searched: Option<(sweep::Axis, Search)>,
    stages: usize,
) -> Result<Course, Error> {
    let way = match searched {
        Some((_, search)) => Way::Search(search),
        None if sweep::is_drawn(document)? => Way::drawn(Seed::new(scenario.seed), stages),
        None => Way::InOrder,
    };
    let stop = scenario.stop;
    Ok(Course { way, stop })
}

/// Reads what stands under `target.mock` in a scenario from a document of its own.
///
/// # Errors
/// The first thing that is wrong with it, with its place and what to do.
pub fn mock(document: &Document) -> Result<MockSpec, Error> {
    let spec = document.read_as()?;
    check::specification(document, &scenario::Path::root(), &spec)?;
    Ok(spec)
}

/// Reads a client's file: what it says, and where each setting comes from.
///
/// # Errors
/// The first thing that is wrong with it, with its place and what to do.
pub fn client(document: &Document) -> Result<(ClientFile, Vec<Setting>), Error> {
    let file: ClientFile = document.read_as()?;
    check::client_file(document, &file)?;
    let settings = provenance::client_file(document, &file);
    Ok((file, settings))
}

fn stage(
    index: usize,
    settings: Vec<(String, Value)>,
    scenario: &Scenario,
    streams: Streams,
) -> Stage {
    Stage {
        index,
        settings,
        target: completed(&scenario.target, scenario, &streams),
        client: scenario.client.clone(),
        adapter: scenario.adapter.clone(),
        tokenizer: None,
        streams,
        phases: scenario.phases,
        objective: scenario.objective,
        validity: scenario.validity,
        seed: Seed::new(scenario.seed),
    }
}

/// The target with what the scenario knows: its mocks' seeds, and the model that will be asked for.
fn completed(target: &Target, scenario: &Scenario, streams: &Streams) -> Target {
    let seed = Seed::new(scenario.seed);
    match target {
        Target::Mock(mock) => Target::Mock(Box::new(with_defaults(mock, seed, streams))),
        // Each has a seed of its own: what strikes a request at one must not strike it at all of them.
        Target::Mocks(mocks) => Target::Mocks(mocks.completed(|mock| {
            let own = seed.derive(&format!("mock {}", mock.name));
            with_defaults(&mock.spec, own, streams)
        })),
        Target::Stubs { .. } | Target::Endpoints { .. } | Target::Launch(_) => target.clone(),
    }
}

fn with_defaults(mock: &MockSpec, seed: Seed, streams: &Streams) -> MockSpec {
    let known = MockSpec {
        seed: mock.seed.or(Some(seed.number())),
        models: if mock.models.is_empty() {
            let models = streams.models().into_iter();
            models.map(|name| model(name, streams)).collect()
        } else {
            mock.models.clone()
        },
        ..mock.clone()
    };
    // Its values belong to the fingerprint: a profile may be given better ones.
    known.resolved()
}

/// The model that a mock has which declares none: one of text, or one that gives back the tensors it is sent.
fn model(name: &str, streams: &Streams) -> ModelSpec {
    let model = ModelSpec::named(name);
    let given = streams.asks().into_iter().find_map(|(_, ask)| match ask {
        Ask::Tensor(inference) if inference.model == name => Some(inference),
        Ask::Tensor(_)
        | Ask::Chat(_)
        | Ask::Completion(_)
        | Ask::Conversation(_)
        | Ask::Embedding(_)
        | Ask::Load(_)
        | Ask::Unload(_)
        | Ask::ListModels(_)
        | Ask::RefreshModels(_) => None,
    });
    let Some(inference) = given else { return model };
    ModelSpec {
        inputs: inference.inputs.iter().map(declared).collect(),
        answer: TensorAnswer::Echo,
        ..model
    }
}

fn declared(input: &InputTensor) -> TensorSpec {
    let length = |length: &u64| i64::try_from(*length).unwrap_or(i64::MAX);
    TensorSpec {
        name: input.name.clone(),
        datatype: input.datatype,
        shape: input.shape.iter().map(length).collect(),
    }
}

impl Stage {
    /// Its swept settings, each by the last part of its path unless two would be called alike: `mode=rest in_flight=10`.
    /// `all` when nothing is swept.
    pub fn name(&self) -> String {
        if self.settings.is_empty() {
            return "all".to_owned();
        }
        let paths: Vec<&str> = self
            .settings
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        let named = self.settings.iter().map(|(path, value)| {
            format!(
                "{}={}",
                sweep::short_name(path, &paths),
                explain::flow(value)
            )
        });
        named.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
pub(crate) mod hostile;
#[cfg(test)]
mod tests;
