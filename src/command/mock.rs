//! `inferometer mock`: the backend on its own, for people and as the child of a run.

use super::{Console, plans, signals};
use crate::cli;
use crate::exit::Exit;
use inferometer_mock::{Bind, Mock, MockSpec, child};
use std::io;
use std::path::Path;

/// Serves until it is told to stop.
pub(super) fn mock(arguments: &cli::Mock, console: &Console) -> Exit {
    if arguments.until_stdin_closes {
        return serve_parent(console);
    }
    let spec = match specification(arguments.file.as_deref()) {
        Ok(spec) => spec,
        Err(error) => {
            console.complain(&error);
            return Exit::BadInput;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(serve(spec, arguments, console)),
        Err(error) => could_not_run(&error, console),
    }
}

/// As the child of a run: the parent says what to be and when to end.
fn serve_parent(console: &Console) -> Exit {
    match child::serve_until_closed(io::BufReader::new(io::stdin()), io::stdout()) {
        Ok(()) => Exit::Passed,
        Err(error) => could_not_run(&error, console),
    }
}

/// For people: at the addresses they chose, until Ctrl-C.
async fn serve(spec: MockSpec, arguments: &cli::Mock, console: &Console) -> Exit {
    let bind = Bind {
        rest: arguments.rest,
        grpc: arguments.grpc,
        admin: arguments.admin,
    };
    let notice = admin_notice(&spec, arguments);
    match Mock::start_at(spec, bind).await {
        Ok(mock) => {
            if let Some(notice) = notice {
                console.complain(&notice);
            }
            console.say(&greeting(&mock));
            mock.run_until(signals::next()).await;
            Exit::Passed
        }
        Err(error) => could_not_run(&error, console),
    }
}

fn specification(file: Option<&Path>) -> Result<MockSpec, String> {
    match file {
        Some(file) => plans::mock(file).map_err(|error| error.to_string()),
        None => Ok(MockSpec::default()),
    }
}

fn greeting(mock: &Mock) -> String {
    let (rest, grpc, admin) = (mock.rest_url(), mock.grpc_url(), mock.admin_url());
    let model = example_model(mock);
    let (certificate, trusting) = match mock.certificate_pem() {
        Some(pem) => (
            format!("\nSave this certificate as mock.pem; clients have to trust it:\n{pem}"),
            "--cacert mock.pem ",
        ),
        None => (String::new(), ""),
    };
    format!(
        "OpenAI REST                     {rest}/v1
Open Inference Protocol (gRPC)  {grpc}
Admin API                       {admin}/admin/
Metrics for Prometheus          {rest}/metrics
{certificate}
Try it:
  curl {trusting}{rest}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{{\"model\":{model},\"max_tokens\":8,\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'

Ctrl-C ends it."
    )
}

/// The first model that is ready, as JSON between the single quotes of a shell.
fn example_model(mock: &Mock) -> String {
    let ready = mock.handle().ready_models();
    let name = ready.first().map_or("tiny", String::as_str);
    serde_json::Value::from(name)
        .to_string()
        .replace('\'', "'\\''")
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
