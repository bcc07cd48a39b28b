//! A server that is started for the run by a command, and everything that it starts: brought up with ports that are free,
//! watched, and ended after the run. What it prints goes into a file, whose last lines are told when it fails.
//!
//! ```text
//! { command: [./server, --port, "{port}"] } -> ./server --port 41234, in a process group of its own -> SIGTERM, SIGKILL
//! ```
//!
//! A tool that is killed can end nobody. So where this executable is at hand the server is the child of a [`Keeper`], a
//! process of it that ends the server when its own standard input does.

mod group;
mod keeper;
mod log;
mod order;
mod ports;

pub(crate) use keeper::keep;
pub(crate) use order::files;

use super::{Error, MockHost, readiness};
use crate::client::{ClientConfig, Endpoint};
use crate::plan::Launch;
use group::Group;
use keeper::Keeper;
use log::Log;
use order::Order;
use ports::Ports;
use std::fmt;
use std::io;
use std::process::ExitStatus;

/// A server that was launched. Dropping it ends it: at once, or where a keeper has it, in its own time.
pub(super) struct Launched {
    /// What messages call it.
    command: String,
    place: Place,
    log: Log,
}

impl fmt::Debug for Launched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Launched")
            .field("command", &self.command)
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Whose child it is.
enum Place {
    /// That of a process of its own, which outlives this one.
    Kept(Keeper),
    /// This process's.
    Own(Group),
}

impl Launched {
    /// Starts the server and waits until it is ready for this client.
    ///
    /// # Errors
    /// [`Error::Launch`]; nothing is left running then.
    pub(super) async fn start(
        launch: &Launch,
        client: &ClientConfig,
        host: &MockHost,
    ) -> Result<(Self, Vec<Endpoint>), Error> {
        let failed = |reason| Error::launch(launch, reason);
        let ports = Ports::free(launch).map_err(failed)?;
        let mut log =
            Log::create().map_err(|error| failed(format!("no file for its log: {error}")))?;
        let (order, secrets) = Order::of(launch, &ports, host, log.path()).map_err(failed)?;
        log.hide(secrets);
        let endpoints = launch.endpoints_at(|name| ports.number(name));
        // From here on they are the server's to take.
        drop(ports);
        let place = Place::start(&order, host).await.map_err(failed)?;
        let command = launch.shown();
        let mut launched = Self {
            command,
            place,
            log,
        };
        let ready = tokio::select! {
            biased;
            ended = launched.place.ended() => Err(format!("it {ended} before it was ready")),
            ready = readiness::wait_for_all(client, &endpoints, launch.ready_within) => match ready {
                Ok(()) => Ok(()),
                Err(Error::NotReady { within, tried }) => Err(format!("it was not ready within {within}: {tried}")),
                Err(error) => return Err(launched.given_up(error).await),
            },
        };
        match ready {
            Ok(()) => Ok((launched, endpoints)),
            Err(reason) => {
                let reason = launched.with_last_lines(&reason);
                Err(launched.given_up(failed(reason)).await)
            }
        }
    }

    async fn given_up(self, error: Error) -> Error {
        self.stop().await;
        error
    }

    /// The id of its first process, whose group and children are the rest of it.
    pub(super) fn id(&self) -> u32 {
        match &self.place {
            Place::Kept(keeper) => keeper.id(),
            Place::Own(group) => group.id(),
        }
    }

    /// Waits until it ends by itself, and says how. Dropping the future loses nothing.
    pub(super) async fn died(&mut self) -> String {
        let ended = self.place.ended().await;
        let told = format!("the launched `{}` {ended}", self.command);
        self.with_last_lines(&told)
    }

    fn with_last_lines(&self, told: &str) -> String {
        match self.log.last_lines() {
            lines if lines.is_empty() => told.to_owned(),
            lines => format!("{told}; the last that it printed:\n{lines}"),
        }
    }

    /// Asks it to end, waits, and kills what is left of it.
    pub(super) async fn stop(self) {
        match self.place {
            Place::Kept(keeper) => keeper.stop().await,
            Place::Own(group) => group.stop().await,
        }
    }
}

impl Place {
    async fn start(order: &Order, host: &MockHost) -> Result<Self, String> {
        match host {
            MockHost::OwnProcess(executable) => {
                Keeper::start(executable, order).await.map(Self::Kept)
            }
            MockHost::OwnThread => Group::start(order)
                .map(Self::Own)
                .map_err(|error| error.to_string()),
        }
    }

    async fn ended(&mut self) -> String {
        match self {
            Self::Kept(keeper) => keeper.ended().await,
            Self::Own(group) => how(&group.ended().await),
        }
    }
}

/// How a process ended, behind its name.
fn how(ended: &io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => super::mock_process::ended(*status),
        Err(error) => format!("could not be watched: {error}"),
    }
}

#[cfg(test)]
mod tests;
