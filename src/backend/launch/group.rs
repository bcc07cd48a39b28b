//! A process and whatever it starts, as a process group of its own: a signal reaches all of them, and Ctrl-C in a terminal
//! none.

use super::order::Order;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::fs::OpenOptions;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout_at};

/// Pause between two looks at whether all of a group is gone.
const PAUSE: Duration = Duration::from_millis(20);

/// A running group. Dropping it kills all of it.
pub(super) struct Group {
    first: Child,
    id: Pid,
    stop_within: Duration,
    /// Its first process has ended, and what was left of the group was killed.
    is_over: bool,
}

impl Group {
    /// Starts the first process of a group.
    pub(super) fn start(order: &Order) -> io::Result<Self> {
        let log = OpenOptions::new().append(true).open(&order.log)?;
        let mut command = Command::new(&order.program);
        command
            .args(&order.arguments)
            .envs(&order.environment)
            .current_dir(&order.directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let first = command.spawn()?;
        let id = first
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let Some(id) = id else {
            unreachable!("a process that was not waited for has an id");
        };
        Ok(Self {
            first,
            id,
            stop_within: order.stop_within.duration(),
            is_over: false,
        })
    }

    /// The id of the first process, and of the group.
    pub(super) fn id(&self) -> u32 {
        self.id.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for the first process to end, and kills what it leaves behind. Dropping the future loses nothing.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let ended = self.first.wait().await;
        self.kill();
        ended
    }

    /// Asks all of it to end, waits until it has, and kills what is left when its time is over.
    pub(super) async fn stop(mut self) {
        let deadline = Instant::now() + self.stop_within;
        // Failing means that it is gone already, which is what is wanted.
        kill_process_group(self.id, Signal::TERM).ok();
        let ended = timeout_at(deadline, self.first.wait()).await;
        while Instant::now() < deadline && test_kill_process_group(self.id).is_ok() {
            sleep(PAUSE).await;
        }
        self.kill();
        if ended.is_err() {
            self.first.wait().await.ok();
        }
    }

    /// Once it is over its id may be somebody else's.
    fn kill(&mut self) {
        if !self.is_over {
            // Failing means that all of it is gone.
            kill_process_group(self.id, Signal::KILL).ok();
            self.is_over = true;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
