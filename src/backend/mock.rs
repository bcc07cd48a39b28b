//! A mock wherever it runs, and the endpoints that its addresses become: `rest` is `openai`, `grpc` is `oip_grpc`.

use super::mock_process::MockProcess;
use super::mock_thread::MockThread;
use super::{Error, MockHost};
use crate::client::{Endpoint, Protocol};
use inferometer_mock::MockSpec;
use inferometer_mock::child::Addresses;

/// A mock that listens. Dropping it ends it.
#[derive(Debug)]
pub(super) enum Mock {
    Process(MockProcess),
    Thread(MockThread),
}

impl Mock {
    /// Starts a mock that messages call `called`, and waits until it listens.
    pub(super) async fn start(
        called: &str,
        host: &MockHost,
        spec: &MockSpec,
    ) -> Result<(Self, Vec<Endpoint>), Error> {
        match host {
            MockHost::OwnProcess(executable) => {
                let (mock, addresses) = MockProcess::start(called, executable, spec).await?;
                Ok((Self::Process(mock), endpoints(&addresses)))
            }
            MockHost::OwnThread => {
                let (mock, addresses) = MockThread::start(called, spec).await?;
                Ok((Self::Thread(mock), endpoints(&addresses)))
            }
        }
    }

    /// Waits until it ends by itself, and says how. Dropping the future loses nothing.
    pub(super) async fn died(&mut self) -> String {
        match self {
            Self::Process(process) => process.died().await,
            Self::Thread(thread) => thread.died().await,
        }
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn stop(self) {
        match self {
            Self::Process(process) => process.stop().await,
            Self::Thread(thread) => thread.stop().await,
        }
    }
}

fn endpoints(addresses: &Addresses) -> Vec<Endpoint> {
    [
        (Protocol::Openai, &addresses.rest),
        (Protocol::OipGrpc, &addresses.grpc),
    ]
    .into_iter()
    .map(|(protocol, url)| Endpoint {
        protocol,
        url: url.clone(),
    })
    .collect()
}
