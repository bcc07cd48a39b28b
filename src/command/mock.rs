//! `inferometer mock`: the backend on its own, for people and as the child of a run.

mod greeting;
mod journal;

use super::signals::Requests;
use super::{Console, plans};
use crate::cli;
use crate::exit::Exit;
use greeting::Greeting;
use inferometer_mock::{Bind, Mock, MockSpec, Tls, child};
use journal::{Journal, Writing, is_standard_output};
use std::fs;
use std::io;
use std::path::Path;

/// Serves until it is told to stop.
pub(super) fn mock(arguments: &cli::Mock, console: &Console) -> Exit {
    if arguments.until_stdin_closes {
        return serve_parent(console);
    }
    let spec = match specification(arguments) {
        Ok(spec) => spec,
        Err(error) => {
            console.complain(&error);
            return Exit::BadInput;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(serve(spec, arguments, console)),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| could_not_run(error.as_ref(), console))
}

/// As the child of a run: the parent says what to be and when to end.
fn serve_parent(console: &Console) -> Exit {
    match child::serve_until_closed(io::BufReader::new(io::stdin()), io::stdout()) {
        Ok(()) => Exit::Passed,
        Err(error) => could_not_run(&error, console),
    }
}

/// Why a mock could not be, or not go on.
type Failure = Box<dyn std::error::Error>;

/// For people: at the addresses they chose, until Ctrl-C.
async fn serve(spec: MockSpec, arguments: &cli::Mock, console: &Console) -> Result<Exit, Failure> {
    let bind = Bind {
        rest: arguments.rest,
        grpc: arguments.grpc,
        admin: arguments.admin,
    };
    let journal = arguments
        .journal
        .as_deref()
        .map(Journal::open)
        .transpose()?;
    let mock = Mock::start_at(spec.clone(), bind).await?;
    if let (Some(file), Some(pem)) = (&arguments.certificate, mock.certificate_pem()) {
        let failed = |error| {
            format!(
                "could not write the certificate to {}: {error}",
                file.display()
            )
        };
        fs::write(file, pem).map_err(failed)?;
    }
    if let Some(notice) = admin_notice(&spec, arguments) {
        console.complain(&notice);
    }
    greet(&mock, &spec, arguments, console);
    let writing = journal.map(|journal| journal.follow(mock.handle().follow_journal()));
    if let Some(writing) = writing.transpose()? {
        return serve_and_write(mock, writing).await;
    }
    mock.run_until(Requests::heard().next()).await;
    Ok(Exit::Passed)
}

/// Serves until Ctrl-C, or until the journal can be written no more. A second Ctrl-C leaves what is unwritten.
async fn serve_and_write(mock: Mock, mut writing: Writing) -> Result<Exit, Failure> {
    let mut requests = Requests::heard();
    tokio::select! {
        () = requests.next() => {}
        error = writing.broken() => return Err(error.into()),
    }
    mock.stop().await;
    tokio::select! {
        written = writing.finish() => written?,
        () = requests.next() => return Ok(Exit::Killed),
    }
    Ok(Exit::Passed)
}

/// Says where the mock answers and what to try, out of the way of a journal on standard output.
fn greet(mock: &Mock, spec: &MockSpec, arguments: &cli::Mock, console: &Console) {
    let greeting = Greeting {
        described_in: arguments.file.as_deref(),
        certificate_file: arguments.certificate.as_deref(),
        ..Greeting::of(mock, spec)
    };
    let text = if arguments.quiet {
        greeting.addresses()
    } else {
        greeting.text()
    };
    if arguments.journal.as_deref().is_some_and(is_standard_output) {
        console.complain(&text);
    } else {
        console.say(&text);
    }
}

/// What the mock should be, if it can be that together with what else was asked for.
fn specification(arguments: &cli::Mock) -> Result<MockSpec, String> {
    let spec = read(arguments.file.as_deref())?.resolved();
    if arguments.certificate.is_some() && spec.tls != Some(Tls::SelfSigned) {
        let told = "error: --certificate: expected a mock that makes a certificate, found one without `tls: self_signed`";
        return Err(told.to_owned());
    }
    if arguments.journal.is_some() && spec.journal.requests == 0 {
        let told = "error: --journal: expected a mock that keeps a journal, found one with `journal.requests: 0`";
        return Err(told.to_owned());
    }
    Ok(spec)
}

fn read(file: Option<&Path>) -> Result<MockSpec, String> {
    match file {
        Some(file) => plans::mock(file).map_err(|error| error.to_string()),
        None => Ok(MockSpec::default()),
    }
}

/// What the admin API cannot do where it listens: without a token it answers this machine alone.
fn admin_notice(spec: &MockSpec, arguments: &cli::Mock) -> Option<String> {
    let is_seen_from_elsewhere = !arguments.admin.ip().to_canonical().is_loopback();
    (is_seen_from_elsewhere && spec.admin.token.is_none()).then(|| {
        format!(
            "note: the admin API at {} answers this machine alone; set `admin.token` to use it from elsewhere",
            arguments.admin
        )
    })
}

fn could_not_run(error: &dyn std::error::Error, console: &Console) -> Exit {
    console.complain(&format!("error: {error}"));
    Exit::CouldNotRun
}
