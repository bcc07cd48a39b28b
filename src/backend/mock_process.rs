//! The mock as a child process of the tool: `inferometer mock --until-stdin-closes`. The spec goes in as one line of
//! JSON on its standard input, its addresses come back as one line on its standard output. Its standard input then stays
//! open as a lifeline: when this process ends, by whatever means, the mock reads the end of it and ends too. In between
//! it answers what it is asked, a line for a line.

use super::Error;
use inferometer_mock::child::{self, Addresses, Ask, Done};
use inferometer_mock::{Clock, MockSpec, Page};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};

/// The longest that a mock may take to say where it listens.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// The longest that a mock may take to answer what it is asked.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// The longest that a mock may take to end by itself once its lifeline is cut.
const STOP_DEADLINE: Duration = Duration::from_secs(2);

/// A running mock process. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct MockProcess {
    /// What messages call it.
    called: String,
    child: Child,
    lifeline: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Lines that were asked for and have not been read, by whoever gave up waiting for them.
    owed: usize,
}

impl MockProcess {
    /// Spawns the process and waits until it listens.
    pub(super) async fn start(
        called: &str,
        executable: &Path,
        spec: &MockSpec,
    ) -> Result<(Self, Addresses), Error> {
        let mut child = spawn(executable)?;
        let (Some(lifeline), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped")
        };
        let mut process = Self {
            called: called.to_owned(),
            child,
            lifeline,
            output: BufReader::new(output).lines(),
            owed: 0,
        };
        let reason = match timeout(START_DEADLINE, process.introduce(spec)).await {
            Ok(Some(addresses)) => return Ok((process, addresses)),
            Ok(None) => process.last_words().await,
            Err(_) => format!("it did not say where it listens within {START_DEADLINE:?}"),
        };
        Err(Error::mock_ended(called, reason))
    }

    /// Its id, until its end is known.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Tells the mock what to be and hears where it listens. `None` if it ended instead.
    async fn introduce(&mut self, spec: &MockSpec) -> Option<Addresses> {
        let line = child::spec_line(spec).ok()?;
        Addresses::parse(&self.converse(&line).await?).ok()
    }

    /// Lets the mock begin again, and says when its time begins; `None` if it does not answer.
    pub(super) async fn reset(&mut self) -> Option<Instant> {
        self.ask_when(Ask::Reset).await
    }

    /// When the mock did what it is asked: on the monotonic clock, which both processes share, and where they do not, as
    /// soon as can be known.
    async fn ask_when(&mut self, ask: Ask) -> Option<Instant> {
        let before = Clock::new(Instant::now());
        let done = Done::parse(&self.ask(ask).await?).ok()?;
        Some(before.instant(done.at_ns).min(Instant::now()))
    }

    /// A piece of its journal; `None` if it does not answer.
    pub(super) async fn journal(&mut self, from: u64) -> Option<Page> {
        child::parse_page(&self.ask(Ask::Journal { from }).await?).ok()
    }

    async fn ask(&mut self, ask: Ask) -> Option<String> {
        let line = ask.line().ok()?;
        timeout(ANSWER_DEADLINE, self.converse(&line)).await.ok()?
    }

    /// One line for another. `None` if the process is gone. After a dropped future the next one reads past its answer.
    async fn converse(&mut self, line: &str) -> Option<String> {
        self.lifeline.write_all(line.as_bytes()).await.ok()?;
        self.owed += 1;
        loop {
            let answer = self.output.next_line().await.ok()??;
            self.owed -= 1;
            if self.owed == 0 {
                return Some(answer);
            }
        }
    }

    /// Waits for the process to end and says how.
    pub(super) async fn died(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => format!("{} {}", self.called, ended(status)),
            Err(error) => format!("{} could not be watched: {error}", self.called),
        }
    }

    /// Lets the mock be dead to its clients at once, in the middle of whatever it does, and says since when. What is left of
    /// the process tells its journal. A mock that does not answer is killed.
    pub(super) async fn die(&mut self) -> Instant {
        if let Some(at) = self.ask_when(Ask::Die).await {
            return at;
        }
        // Failing means that it is gone already, which is what is wanted.
        self.child.start_kill().ok();
        Instant::now()
    }

    /// Cuts the lifeline and waits; kills the process if it does not end by itself.
    pub(super) async fn stop(self) {
        let Self {
            mut child,
            lifeline,
            ..
        } = self;
        drop(lifeline);
        if timeout(STOP_DEADLINE, child.wait()).await.is_err() {
            // Failing means that it is gone already, which is what is wanted.
            child.kill().await.ok();
        }
    }

    /// How the process ended, with what it said on standard error.
    async fn last_words(&mut self) -> String {
        let mut words = String::new();
        if let Some(stderr) = self.child.stderr.take() {
            // A broken pipe leaves us with what was read so far: better than nothing.
            timeout(STOP_DEADLINE, stderr.take(4096).read_to_string(&mut words))
                .await
                .ok();
        }
        let end = timeout(STOP_DEADLINE, self.died()).await;
        let end = end.unwrap_or_else(|_| format!("{} did not end", self.called));
        match words.trim() {
            "" => end,
            words => format!("{end}: {words}"),
        }
    }
}

fn spawn(executable: &Path) -> Result<Child, Error> {
    let mut command = Command::new(executable);
    command
        .args(["mock", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A group of its own, so that Ctrl-C in a terminal reaches the tool alone: the mock must live through the drain.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().map_err(|source| Error::Spawn {
        executable: executable.to_owned(),
        source,
    })
}

/// How a process ended, behind its name.
pub(super) fn ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".to_owned(),
    }
}
