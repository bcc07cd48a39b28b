//! A mock as the child process of a run. The contract between both processes is lines of JSON:
//!
//! ```text
//! parent -> child, stdin:   {"latency":{"fixed":"20ms"}}                                        the MockSpec
//! child -> parent, stdout:  {"rest":"http://127.0.0.1:41234","grpc":"http://127.0.0.1:41235"}   Addresses, once it answers
//! parent -> child, stdin:   "reset"                                                             an Ask, any number of times
//! child -> parent, stdout:  {"at_ns":81000000000}                                              Done
//! parent -> child, stdin:   {"journal":{"from":0}}
//! child -> parent, stdout:  {"entries":[...],"next":256,"forgotten":0,"under_way":0}            a Page
//! parent -> child, stdin:   "die"
//! child -> parent, stdout:  {"at_ns":83000000000}                                              Done
//! child -> parent, stdout:  {"openai":{"answered":10,...},...}                                  Counters, at the end
//! ```
//!
//! The child serves until its stdin ends, so the parent's death, by whatever means, ends it too. An interrupt from the
//! terminal reaches both processes; the child leaves it to the parent when to end.

use crate::clock::Clock;
use crate::journal::Page;
use crate::server::{self, Handle, Mock};
use crate::spec::MockSpec;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};
use std::thread;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio::time::Instant;

/// Where a mock answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Base URL of the REST API.
    pub rest: String,
    /// URL of the gRPC service.
    pub grpc: String,
    /// The certificate to trust, in PEM, when the mock has made it for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// What a parent may ask of its child, one line each; every line is answered by one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// To begin again, as [`Handle::reset`] does. The answer is [`Done`].
    Reset,
    /// To be dead to its clients, as a process that was killed: ports are closed and connections broken off, and requests
    /// in flight are given up. What stays tells the journal. The answer is [`Done`], the same however often it is asked.
    Die,
    /// A piece of the journal. The answer is a [`Page`], bounded in size; one without entries is the end.
    Journal {
        /// The place, in the order in which requests ended, of the first that is wanted.
        from: u64,
    },
}

/// When a child did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// In nanoseconds of the clock of the journal, see [`Clock`].
    pub at_ns: u64,
}

impl Done {
    /// Reads the line by which a child says when it did what it was asked.
    ///
    /// # Errors
    /// The line is not one that [`serve_until_closed`] writes.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

/// Why a child process could not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first line did not come.
    #[error("could not read the specification from standard input: expected one line of JSON")]
    Input(#[source] io::Error),
    /// The first line is no specification.
    #[error("could not read the specification: expected one line of JSON: {0}")]
    Spec(#[source] serde_json::Error),
    /// The addresses could not be told.
    #[error("could not write the addresses to standard output")]
    Output(#[source] io::Error),
    /// A later line asks for nothing that there is.
    #[error("could not understand what was asked: expected one line of JSON: {0}")]
    Ask(#[source] serde_json::Error),
    /// The runtime or the thread that watches the input could not be started.
    #[error("could not start the runtime of the mock")]
    Runtime(#[source] io::Error),
    /// The mock itself could not be started.
    #[error(transparent)]
    Start(#[from] server::Error),
}

/// The line by which a parent says what the mock should be, line feed included.
///
/// # Errors
/// None that a [`MockSpec`] can cause; kept because serialization in general can fail.
pub fn spec_line(spec: &MockSpec) -> Result<String, serde_json::Error> {
    serde_json::to_string(spec).map(|line| line + "\n")
}

impl Ask {
    /// The line that asks for it, line feed included.
    ///
    /// # Errors
    /// None; kept because serialization in general can fail.
    pub fn line(self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self).map(|line| line + "\n")
    }
}

/// Reads the line by which a child answers [`Ask::Journal`].
///
/// # Errors
/// The line is not one that [`serve_until_closed`] writes.
pub fn parse_page(line: &str) -> Result<Page, serde_json::Error> {
    serde_json::from_str(line)
}

impl Addresses {
    /// Where `mock` answers.
    pub fn of(mock: &Mock) -> Self {
        Self {
            rest: mock.rest_url(),
            grpc: mock.grpc_url(),
            certificate: mock.certificate_pem().map(str::to_owned),
        }
    }

    /// Reads the line by which a child says where it answers.
    ///
    /// # Errors
    /// The line is not one that [`serve_until_closed`] writes.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

/// Does all that the child process has to do: reads the specification from `input`, starts the mock on one thread,
/// writes its addresses to `output`, serves and answers what it is asked until `input` ends, and writes its counters.
/// Blocks until then.
///
/// # Errors
/// The specification cannot be read or used, the mock cannot be started, or a line asks for what there is not.
pub fn serve_until_closed<R, W>(mut input: R, mut output: W) -> Result<(), Error>
where
    R: BufRead + Send + 'static,
    W: Write,
{
    let mut line = String::new();
    input.read_line(&mut line).map_err(Error::Input)?;
    let spec: MockSpec = serde_json::from_str(&line).map_err(Error::Spec)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    runtime.block_on(async {
        let mock = Mock::start(spec).await?;
        let addresses = Addresses::of(&mock);
        write_line(&mut output, &addresses).map_err(Error::Output)?;
        let mut asked = listen(input).map_err(Error::Runtime)?;
        let handle = mock.handle();
        let mut alive = Some(mock);
        let end = tokio::select! {
            end = answer(&mut asked, &handle, &mut alive, &mut output) => end,
            never = ignore_interrupts() => match never {},
        };
        let counters = match alive {
            Some(mock) => mock.stop().await,
            None => handle.counters(),
        };
        // The parent may be gone: nobody is left to tell.
        let _ = write_line(&mut output, &counters);
        end
    })
}

/// Answers until nobody asks any more, also when the mock is not `alive` any more.
async fn answer(
    asked: &mut mpsc::Receiver<Result<Ask, serde_json::Error>>,
    mock: &Handle,
    alive: &mut Option<Mock>,
    output: &mut impl Write,
) -> Result<(), Error> {
    let clock = Clock::new(Instant::now());
    let mut died = None;
    let done = |at| Done {
        at_ns: clock.nanos(at),
    };
    while let Some(ask) = asked.recv().await {
        let told = match ask.map_err(Error::Ask)? {
            Ask::Reset => write_line(output, &done(mock.reset())),
            Ask::Die => {
                let at = *died.get_or_insert_with(Instant::now);
                drop(alive.take());
                // Its tasks end at their next step, and with them its ports and connections.
                yield_now().await;
                write_line(output, &done(at))
            }
            Ask::Journal { from } => write_line(output, &mock.journal_piece(from)),
        };
        told.map_err(Error::Output)?;
    }
    Ok(())
}

fn write_line(output: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

/// What is asked on `input`, until it ends. A thread of its own reads it, because reading blocks.
fn listen<R: BufRead + Send + 'static>(
    input: R,
) -> io::Result<mpsc::Receiver<Result<Ask, serde_json::Error>>> {
    let (ask, asked) = mpsc::channel(1);
    thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || {
            // Whether it ended or broke, nobody is at the other end any more.
            for line in input.lines().map_while(Result::ok) {
                if ask.blocking_send(serde_json::from_str(&line)).is_err() {
                    return;
                }
            }
        })?;
    Ok(asked)
}

/// As long as this is polled, an interrupt does not end the process.
async fn ignore_interrupts() -> std::convert::Infallible {
    loop {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counters;
    use std::io::Cursor;

    #[test]
    fn a_child_says_where_it_answers_and_at_the_end_what_happened() {
        let mut output = Vec::new();

        serve_until_closed(
            Cursor::new(spec_line(&MockSpec::default()).unwrap()),
            &mut output,
        )
        .unwrap();

        let output = String::from_utf8(output).unwrap();
        let lines: Vec<_> = output.lines().collect();
        let addresses = Addresses::parse(lines[0]).unwrap();
        assert!(addresses.rest.starts_with("http://127.0.0.1:"));
        assert!(addresses.grpc.starts_with("http://127.0.0.1:"));
        assert_eq!(
            serde_json::from_str::<Counters>(lines[1]).unwrap(),
            Counters::default()
        );
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn a_child_that_signs_for_itself_tells_its_certificate() {
        let mut output = Vec::new();
        let spec = serde_json::from_str(r#"{"tls":"self_signed"}"#).unwrap();

        serve_until_closed(Cursor::new(spec_line(&spec).unwrap()), &mut output).unwrap();

        let output = String::from_utf8(output).unwrap();
        let addresses = Addresses::parse(output.lines().next().unwrap()).unwrap();
        assert!(addresses.rest.starts_with("https://127.0.0.1:"));
        assert!(addresses.grpc.starts_with("https://127.0.0.1:"));
        let certificate = addresses.certificate.unwrap();
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn a_child_answers_every_line_by_one_line() {
        let mut output = Vec::new();
        let input = format!(
            "{}{}{}",
            spec_line(&MockSpec::default()).unwrap(),
            Ask::Reset.line().unwrap(),
            Ask::Journal { from: 0 }.line().unwrap()
        );

        serve_until_closed(Cursor::new(input), &mut output).unwrap();

        let output = String::from_utf8(output).unwrap();
        let lines: Vec<_> = output.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(Done::parse(lines[1]).is_ok(), "{}", lines[1]);
        let page = parse_page(lines[2]).unwrap();
        assert_eq!((page.entries, page.next, page.forgotten), (vec![], 0, 0));
    }

    #[test]
    fn a_child_that_is_dead_to_its_clients_tells_its_journal_all_the_same() {
        let mut output = Vec::new();
        let input = format!(
            "{}{}{}{}",
            spec_line(&MockSpec::default()).unwrap(),
            Ask::Die.line().unwrap(),
            Ask::Die.line().unwrap(),
            Ask::Journal { from: 0 }.line().unwrap()
        );

        serve_until_closed(Cursor::new(input), &mut output).unwrap();

        let output = String::from_utf8(output).unwrap();
        let lines: Vec<_> = output.lines().collect();
        let died = [1, 2].map(|line| Done::parse(lines[line]).unwrap().at_ns);
        assert_eq!(died[0], died[1]);
        assert_eq!(parse_page(lines[3]).unwrap().forgotten, 0);
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn a_child_that_is_asked_for_what_there_is_not_ends_and_says_so() {
        for line in ["{}\n", "\"journal\"\n", "{\"journal\":{\"since\":0}}\n"] {
            let mut output = Vec::new();
            let input = spec_line(&MockSpec::default()).unwrap() + line;

            let end = serve_until_closed(Cursor::new(input), &mut output);

            assert!(matches!(end, Err(Error::Ask(_))), "{line}: {end:?}");
        }
    }

    #[test]
    fn a_child_refuses_what_is_no_specification_and_writes_nothing() {
        for line in [
            "",
            "{",
            "{\"latencies\":1}\n",
            "{\"faults\":[{\"status\":{\"share\":\"1%\",\"http\":200}}]}\n",
        ] {
            let mut output = Vec::new();

            assert!(
                serve_until_closed(Cursor::new(line), &mut output).is_err(),
                "{line}"
            );
            assert!(output.is_empty());
        }
    }
}
