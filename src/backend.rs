//! Brings a stage's target up, says when it is ready, notices when it dies, and takes it down again. No target outlives
//! the process: a spawned mock ends when its standard input does, and so does the keeper of a server that was launched,
//! however their parent ended.

mod journal;
mod launch;
mod mock;
mod mock_process;
mod mock_thread;
mod readiness;
mod stubs;
mod timeline;

pub use journal::Hearing;
pub(crate) use launch::{files as launched_files, keep};
pub use stubs::{Difference, Script, Unexpected, Why};
pub use timeline::Disturbance;

use crate::client::{self, ClientConfig, Endpoint, Protocol};
use crate::plan::{ASKED_BY, Launch, Target};
use futures_util::future::select_all;
use launch::Launched;
use mock::Mock;
use std::io;
use std::path::PathBuf;
use stubs::Stubs;

/// Where an embedded mock runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MockHost {
    /// In a process of its own, made from this executable, which must be the `inferometer` tool: its CPU and memory are
    /// then not the client's.
    OwnProcess(PathBuf),
    /// On a thread of its own in this process: for tests and programs, where the tool is not at hand. CPU time and
    /// allocations per request stay right, since they are counted on the client's threads alone.
    OwnThread,
}

/// Why a target could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The mock's process could not be started.
    #[error("could not start the mock as `{}`: {source}", executable.display())]
    Spawn {
        /// What was to be executed.
        executable: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A mock ended before it was ready.
    #[error("could not start {mock}: {reason}")]
    MockEnded {
        /// What it is called: `the mock`, or the mock `primary`.
        mock: String,
        /// How it ended, with its last words.
        reason: String,
    },
    /// A server could not be launched.
    #[error("could not launch `{command}`: {reason}")]
    Launch {
        /// The command, as it is written.
        command: String,
        /// What went wrong, with the last that it printed.
        reason: String,
    },
    /// No port could be opened for scripted stubs.
    #[error("could not open a port for the scripted stubs: {0}")]
    Stubs(#[source] io::Error),
    /// The client does not fit the endpoints.
    #[error("could not set up the client: {0}")]
    Client(#[from] client::Error),
    /// No endpoint answered in time.
    #[error(
        "could not reach the target within {within}: {tried}; check that it runs and that `target.endpoints` is right"
    )]
    NotReady {
        /// How long was waited.
        within: inferometer_proto::quantity::Period,
        /// Each endpoint with its last failure.
        tried: String,
    },
}

impl Error {
    fn mock_ended(called: &str, reason: String) -> Self {
        Self::MockEnded {
            mock: called.to_owned(),
            reason,
        }
    }

    fn launch(launch: &Launch, reason: String) -> Self {
        Self::Launch {
            command: launch.shown(),
            reason,
        }
    }
}

/// A target that is up.
#[derive(Debug)]
pub struct Backend {
    endpoints: Vec<Endpoint>,
    names: Vec<String>,
    /// The mocks behind the endpoints; none where the target is somebody else's.
    mocks: Vec<Mock>,
    stubs: Option<Stubs>,
    launched: Option<Launched>,
}

impl Backend {
    /// Brings the target up and waits until it is ready for this client.
    ///
    /// # Errors
    /// [`Error`]; nothing is left running then.
    pub async fn start(
        target: &Target,
        client: &ClientConfig,
        host: &MockHost,
    ) -> Result<Self, Error> {
        match target {
            Target::Mock(spec) => {
                let (mock, endpoints) = Mock::start("the mock", host, spec, &ASKED_BY).await?;
                Ok(Self::at(endpoints, vec![mock]))
            }
            Target::Mocks(mocks) => {
                let mut backend = Self::at(Vec::new(), Vec::new());
                for named in mocks.list() {
                    let called = format!("the mock `{}`", named.name);
                    let protocols = named.protocols();
                    let (mock, endpoints) =
                        Mock::start(&called, host, &named.spec, protocols).await?;
                    let name = |at: &Endpoint| format!("{} ({})", named.name, at.protocol);
                    backend.names.extend(endpoints.iter().map(name));
                    backend.endpoints.extend(endpoints);
                    backend.mocks.push(match named.dies_after {
                        Some(period) => mock.ending_after(period),
                        None => mock,
                    });
                }
                Ok(backend)
            }
            Target::Stubs { stubs, order } => {
                let stubs = Stubs::start(stubs, *order).await?;
                let endpoint = Endpoint::new(Protocol::Openai, stubs.url());
                Ok(Self {
                    names: vec!["scripted stubs".to_owned()],
                    stubs: Some(stubs),
                    ..Self::at(vec![endpoint], Vec::new())
                })
            }
            Target::Endpoints {
                endpoints,
                ready_within,
            } => {
                readiness::wait(client, endpoints, *ready_within).await?;
                Ok(Self::at(endpoints.clone(), Vec::new()))
            }
            Target::Launch(launch) => {
                let (launched, endpoints) = Launched::start(launch, client, host).await?;
                let written = launch.endpoints.iter();
                Ok(Self {
                    // Ports differ from run to run, and say nothing.
                    names: written.map(|endpoint| endpoint.url.clone()).collect(),
                    launched: Some(launched),
                    ..Self::at(endpoints, Vec::new())
                })
            }
        }
    }

    /// A target whose endpoints are called by their addresses.
    fn at(endpoints: Vec<Endpoint>, mocks: Vec<Mock>) -> Self {
        Self {
            names: endpoints.iter().map(|at| at.url.clone()).collect(),
            endpoints,
            mocks,
            stubs: None,
            launched: None,
        }
    }

    /// Where the target answers, the client's first choice first.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// What reports call the endpoints, in the same order: `primary (oip_grpc)` for one of several mocks, its address for
    /// any other.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The ids of the processes that are the target; none where it is no process of ours, or not all of it is. Of a server that
    /// was launched see [`launched`](Self::launched).
    pub fn processes(&self) -> Vec<u32> {
        let ids: Option<Vec<u32>> = self.mocks.iter().map(Mock::process).collect();
        ids.unwrap_or_default()
    }

    /// The id of the first process of a server that was launched; its group and its children are the server, too.
    pub fn launched(&self) -> Option<u32> {
        self.launched.as_ref().map(Launched::id)
    }

    /// Waits until a part of the target dies by itself, and says which and how; ends the mocks whose time has come. Never ends for a target that is not ours.
    /// Dropping the future loses nothing.
    pub async fn died(&mut self) -> String {
        if let Some(launched) = &mut self.launched {
            return launched.died().await;
        }
        if self.mocks.is_empty() {
            return std::future::pending().await;
        }
        let deaths = self.mocks.iter_mut().map(|mock| Box::pin(mock.died()));
        let (death, ..) = select_all(deaths).await;
        death
    }

    /// What scripted stubs saw since they were started; `None` for any other target.
    pub fn script(&self) -> Option<Script> {
        self.stubs.as_ref().map(Stubs::script)
    }

    /// Takes the target down and waits until it is gone; the server of scripted stubs is only told to go.
    pub async fn stop(self) {
        futures_util::future::join_all(self.mocks.into_iter().map(Mock::stop)).await;
        if let Some(launched) = self.launched {
            launched.stop().await;
        }
    }
}

#[cfg(test)]
mod tests;
