//! Brings a stage's target up, says when it is ready, notices when it dies, and takes it down again. No target outlives
//! the process: a spawned mock ends when its standard input does, however its parent ended.

mod mock_process;
mod mock_thread;
mod readiness;

use crate::client::{self, ClientConfig, Endpoint, Protocol};
use crate::plan::Target;
use mock_process::MockProcess;
use mock_thread::MockThread;
use std::io;
use std::path::PathBuf;

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
    /// The mock ended before it was ready.
    #[error("could not start the mock: {0}")]
    MockEnded(String),
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

/// A target that is up.
#[derive(Debug)]
pub struct Backend {
    endpoints: Vec<Endpoint>,
    mock: Mock,
}

#[derive(Debug)]
enum Mock {
    Process(MockProcess),
    Thread(MockThread),
    /// The target is somebody else's.
    None,
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
        match (target, host) {
            (Target::Mock(spec), MockHost::OwnProcess(executable)) => {
                let (mock, addresses) = MockProcess::start(executable, spec).await?;
                Ok(Self::mock(Mock::Process(mock), &addresses))
            }
            (Target::Mock(spec), MockHost::OwnThread) => {
                let (mock, addresses) = MockThread::start(spec).await?;
                Ok(Self::mock(Mock::Thread(mock), &addresses))
            }
            (
                Target::Endpoints {
                    endpoints,
                    ready_within,
                },
                _,
            ) => {
                readiness::wait(client, endpoints, *ready_within).await?;
                Ok(Self {
                    endpoints: endpoints.clone(),
                    mock: Mock::None,
                })
            }
        }
    }

    fn mock(mock: Mock, addresses: &inferometer_mock::child::Addresses) -> Self {
        let endpoint = |protocol, url: &str| Endpoint {
            protocol,
            url: url.to_owned(),
        };
        Self {
            endpoints: vec![
                endpoint(Protocol::Openai, &addresses.rest),
                endpoint(Protocol::OipGrpc, &addresses.grpc),
            ],
            mock,
        }
    }

    /// Where the target answers.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Waits until the target dies by itself, and says how. Never ends for a target that is not ours. Dropping the
    /// future loses nothing.
    pub async fn died(&mut self) -> String {
        match &mut self.mock {
            Mock::Process(process) => process.died().await,
            Mock::Thread(thread) => thread.died().await,
            Mock::None => std::future::pending().await,
        }
    }

    /// Takes the target down and waits until it is gone.
    pub async fn stop(self) {
        match self.mock {
            Mock::Process(process) => process.stop().await,
            Mock::Thread(thread) => thread.stop().await,
            Mock::None => {}
        }
    }
}
