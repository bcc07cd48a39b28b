//! A client in any language, as a child process of each lane: told what to send over its standard input, it says what
//! arrives over its standard output, a line for each. Its standard error is the user's.
//!
//! ```text
//! {"infer":{"id":"s0-7",..}} ->      <- {"head":{"id":"s0-7"}}  <- {"tokens":{"id":"s0-7","count":1}}  <- {"done":{..}}
//! ```
//!
//! Two threads carry the lines, so that neither a slow reader nor a slow writer holds up the lane. An arrival has the time at
//! which its line was read: the adapter's own way there, tens of microseconds, counts as the client's.

mod line;

use super::Error;
use super::foreign::{Arrivals, InferenceClient, Served};
use crate::client::{Endpoint, FailureKind, Request};
use crate::plan::Adapter;
use line::{Said, Told};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

/// The version of the lines.
const VERSION: u32 = 1;

/// The longest line that an adapter may say.
const LONGEST_LINE: u64 = 64 * 1024;

/// A running adapter. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Subprocess {
    orders: blocking::Sender<Vec<u8>>,
    table: Arc<Table>,
    child: Child,
}

/// Who waits for what the adapter says.
#[derive(Debug, Default)]
struct Table {
    waiting: Mutex<BTreeMap<String, mpsc::UnboundedSender<(Instant, Said)>>>,
    /// Why nothing more will be said.
    ended: Mutex<Option<String>>,
}

impl Subprocess {
    /// Starts an adapter, tells it where the target is, and waits until it is ready.
    pub(super) async fn start(adapter: &Adapter, endpoints: &[Endpoint]) -> Result<Self, Error> {
        let failed = |reason: String| Error::Adapter {
            command: adapter.command.join(" "),
            reason,
        };
        let mut child = spawn(&adapter.command).map_err(|error| failed(error.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped")
        };
        let (ready, is_ready) = oneshot::channel();
        let table = Arc::new(Table::default());
        let (orders, lines) = blocking::channel();
        thread::Builder::new()
            .name("adapter-in".to_owned())
            .spawn(move || write(input, &lines))?;
        let heard = Arc::clone(&table);
        thread::Builder::new()
            .name("adapter-out".to_owned())
            .spawn(move || heard.listen(output, ready))?;
        let subprocess = Self {
            orders,
            table,
            child,
        };
        subprocess.tell(&Told::Start {
            version: VERSION,
            endpoints,
        });
        match timeout(adapter.ready_within.duration(), is_ready).await {
            Ok(Ok(())) => Ok(subprocess),
            Ok(Err(_)) => Err(failed(subprocess.table.why_ended())),
            Err(_) => Err(failed(format!(
                "it did not say `{{\"ready\":{{}}}}` within {}",
                adapter.ready_within
            ))),
        }
    }

    fn tell(&self, told: &Told<'_>) {
        // A writer that is gone was told why by the reader, who ends with the adapter as well.
        self.orders.send(told.line()).ok();
    }
}

impl Drop for Subprocess {
    fn drop(&mut self) {
        // Its lane is over, and with it everything that it could still have to say.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(command: &[String]) -> io::Result<Child> {
    let mut words = command.iter();
    let program = words.next().ok_or(io::ErrorKind::InvalidInput)?;
    Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// Writes what it is given until nobody gives any more, or nobody reads.
fn write(mut input: ChildStdin, lines: &blocking::Receiver<Vec<u8>>) {
    while let Ok(line) = lines.recv() {
        if input.write_all(&line).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

impl Table {
    /// Passes on what the adapter says until it ends, or says what cannot be understood.
    fn listen(&self, output: ChildStdout, ready: oneshot::Sender<()>) {
        let mut ready = Some(ready);
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        let why = loop {
            line.clear();
            let read = output
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line);
            let at = Instant::now();
            match read {
                Ok(0) => break "it ended".to_owned(),
                Ok(_) => {}
                Err(error) => break format!("it could not be read: {error}"),
            }
            match Said::parse(&line) {
                Ok(Said::Ready {}) => {
                    // Nobody waits any more when it came too late.
                    ready.take().map(|ready| ready.send(()).ok());
                }
                Ok(said) => self.pass_on(at, said),
                Err(error) => break not_understood(&line, &error),
            }
        };
        *self.lock_ended() = Some(why);
        self.lock_waiting().clear();
    }

    /// Gives it to the request that it is about. One that was given up has nobody waiting.
    fn pass_on(&self, at: Instant, said: Said) {
        let waiting = self.lock_waiting();
        if let Some(request) = said.id().and_then(|id| waiting.get(id)) {
            request.send((at, said)).ok();
        }
    }

    fn why_ended(&self) -> String {
        let ended = self.lock_ended();
        ended.clone().unwrap_or_else(|| "it ended".to_owned())
    }

    fn lock_waiting(
        &self,
    ) -> MutexGuard<'_, BTreeMap<String, mpsc::UnboundedSender<(Instant, Said)>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_ended(&self) -> MutexGuard<'_, Option<String>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The beginning of a line that is none, without what could move a cursor.
fn not_understood(line: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(line);
    let shown: String = text.trim_end().chars().take(80).collect();
    format!("it said what cannot be understood: {error} in {shown:?}")
}

/// A request under way. Dropping it before its end gives the request up.
struct Order<'a> {
    subprocess: &'a Subprocess,
    id: &'a str,
    is_over: bool,
}

impl Drop for Order<'_> {
    fn drop(&mut self) {
        self.subprocess.table.lock_waiting().remove(self.id);
        if !self.is_over {
            self.subprocess.tell(&Told::Cancel { id: self.id });
        }
    }
}

impl InferenceClient for Subprocess {
    async fn infer(
        &self,
        request: &Request,
        arrivals: &mut Arrivals<'_>,
    ) -> Result<Served, FailureKind> {
        let (said, mut heard) = mpsc::unbounded_channel();
        self.table.lock_waiting().insert(request.id.clone(), said);
        if self.table.lock_ended().is_some() {
            self.table.lock_waiting().clear();
        }
        let mut order = Order {
            subprocess: self,
            id: &request.id,
            is_over: false,
        };
        self.tell(&Told::Infer(request.into()));
        loop {
            match heard.recv().await {
                Some((at, Said::Head { .. })) => arrivals.head(at),
                Some((at, Said::Tokens { count, .. })) => arrivals.tokens(at, count),
                Some((
                    _,
                    Said::Done {
                        prompt_tokens,
                        completion_tokens,
                        attempts,
                        ..
                    },
                )) => {
                    order.is_over = true;
                    return Ok(Served {
                        prompt_tokens,
                        output_tokens: completion_tokens,
                        attempts: attempts.unwrap_or(1),
                    });
                }
                Some((_, Said::Failed { kind, .. })) => {
                    order.is_over = true;
                    return Err(kind.0);
                }
                Some((_, Said::Ready {})) => {}
                // The adapter is gone.
                None => {
                    order.is_over = true;
                    return Err(FailureKind::Closed);
                }
            }
        }
    }
}
