//! A process that keeps a server for another one, the tool as `inferometer keep`, and ends it when the other one is gone,
//! however that came about. They speak in lines of JSON:
//!
//! ```text
//! tool -> keeper, stdin:    {"program":"/opt/server","arguments":["--port","41234"],..}    the Order
//! keeper -> tool, stdout:   {"started":{"id":4711}}                                        or {"failed":{"reason":".."}}
//! keeper -> tool, stdout:   {"ended":{"how":"ended with exit code 1"}}                     if it ends by itself
//! ```
//!
//! The keeper ends the server when its standard input ends.

use super::group::Group;
use super::how;
use super::order::Order;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The longest that a keeper may take to say that it has started the server.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// How much longer than the server a keeper may take to end.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// What a keeper says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// The server runs, its first process under this id.
    Started { id: u32 },
    /// It cannot be started.
    Failed { reason: String },
    /// It has ended by itself.
    Ended { how: String },
}

/// A running keeper. Dropping it lets it end the server in its own time.
pub(super) struct Keeper {
    child: Child,
    lifeline: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    server: u32,
    stop_within: Duration,
    /// How the server ended, once that is known: from then on its id may be somebody else's.
    end: Option<String>,
}

impl Keeper {
    /// Starts a keeper, and the server by it.
    pub(super) async fn start(executable: &Path, order: &Order) -> Result<Self, String> {
        let mut child =
            spawn(executable).map_err(|error| format!("`{}`: {error}", executable.display()))?;
        let (Some(lifeline), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped")
        };
        let mut keeper = Self {
            child,
            lifeline,
            output: BufReader::new(output).lines(),
            server: 0,
            stop_within: order.stop_within.duration(),
            end: None,
        };
        match timeout(START_DEADLINE, keeper.give(order)).await {
            Ok(Some(Said::Started { id })) => {
                keeper.server = id;
                Ok(keeper)
            }
            Ok(Some(Said::Failed { reason } | Said::Ended { how: reason })) => Err(reason),
            Ok(None) | Err(_) => Err("its keeper did not start it".to_owned()),
        }
    }

    async fn give(&mut self, order: &Order) -> Option<Said> {
        let mut line = serde_json::to_vec(order).ok()?;
        line.push(b'\n');
        self.lifeline.write_all(&line).await.ok()?;
        self.hear().await
    }

    /// The next that it says; `None` if it is gone. Dropping the future loses nothing.
    async fn hear(&mut self) -> Option<Said> {
        let line = self.output.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }

    /// The id of the server's first process.
    pub(super) fn id(&self) -> u32 {
        self.server
    }

    /// Waits until the server ends by itself, and says how. Dropping the future loses nothing.
    pub(super) async fn ended(&mut self) -> String {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let end = match self.hear().await {
            Some(Said::Ended { how } | Said::Failed { reason: how }) => how,
            Some(Said::Started { .. }) | None => {
                kill(self.server);
                "was killed, as its keeper was gone".to_owned()
            }
        };
        self.end.insert(end).clone()
    }

    /// Lets it end the server, and waits until both are gone.
    pub(super) async fn stop(self) {
        let Self {
            mut child,
            lifeline,
            server,
            stop_within,
            end,
            ..
        } = self;
        drop(lifeline);
        let within = stop_within.saturating_add(STOP_DEADLINE);
        if timeout(within, child.wait()).await.is_err() {
            if end.is_none() {
                kill(server);
            }
            // Failing means that it is gone already, which is what is wanted.
            child.kill().await.ok();
        }
    }
}

/// Kills a group that nobody keeps any more.
fn kill(server: u32) {
    if let Some(id) = i32::try_from(server).ok().and_then(Pid::from_raw) {
        // Failing means that it is gone already, which is what is wanted.
        kill_process_group(id, Signal::KILL).ok();
    }
}

fn spawn(executable: &Path) -> io::Result<Child> {
    Command::new(executable)
        .arg("keep")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Ctrl-C in a terminal reaches the tool alone.
        .process_group(0)
        .spawn()
}

/// Keeps one server, as the lines say.
///
/// # Errors
/// When the lines cannot be read or written.
pub(crate) fn keep(asked: impl BufRead + Send + 'static, mut told: impl Write) -> io::Result<()> {
    let mut lines = asked.lines();
    let Some(order) = lines.next() else {
        return Ok(());
    };
    let order: Order = serde_json::from_str(&order?)?;
    let (over, is_over) = oneshot::channel();
    // No thread of the runtime, which would wait for it.
    thread::spawn(move || {
        // Lines mean nothing; their end does.
        lines.for_each(drop);
        over.send(()).ok();
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut group = match Group::start(&order) {
            Ok(group) => group,
            Err(error) => {
                let reason = format!("`{}`: {error}", order.program.display());
                return tell(&mut told, &Said::Failed { reason });
            }
        };
        tell(&mut told, &Said::Started { id: group.id() })?;
        tokio::select! {
            biased;
            ended = group.ended() => tell(&mut told, &Said::Ended { how: how(&ended) }),
            _ = is_over => {
                group.stop().await;
                Ok(())
            }
        }
    })
}

fn tell(told: &mut impl Write, said: &Said) -> io::Result<()> {
    serde_json::to_writer(&mut *told, said)?;
    told.write_all(b"\n")?;
    told.flush()
}
