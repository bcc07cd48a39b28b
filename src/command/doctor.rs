//! `inferometer doctor`: examines this machine, says what it is fit for, and keeps what later runs need of it.

use super::{Console, calibration, signals};
use crate::backend::MockHost;
use crate::cli::{self, DoctorFormat};
use crate::doctor::{self, Diagnosis, Fitness};
use crate::exit::Exit;
use crate::run::{self, Options};
use tokio_util::sync::CancellationToken;

/// Examines, prints and stores.
pub(super) fn doctor(arguments: &cli::Doctor, console: &Console) -> Exit {
    let prepared = std::env::current_exe().and_then(|executable| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok((executable, runtime))
    });
    let (executable, runtime) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            console.complain(&format!("error: could not start: {error}"));
            return Exit::CouldNotRun;
        }
    };
    let options = Options {
        mock: MockHost::OwnProcess(executable),
        lanes: arguments.lanes.unwrap_or_else(run::default_lanes),
        interrupt: CancellationToken::new(),
        samples: None,
    };
    let within = arguments.within.duration();
    let mut hear = |part: &str| {
        if console.is_live() {
            console.complain(&format!("measuring {part} ..."));
        }
    };
    let found = runtime.block_on(async {
        tokio::select! {
            biased;
            () = signals::second(&options.interrupt, console) => None,
            found = doctor::examine(within, &options, &mut hear) => Some(found),
        }
    });
    match found {
        None => Exit::Killed,
        Some(Ok(found)) => tell(&found, arguments, console),
        Some(Err(doctor::Error::Run(run::Error::Interrupted))) => {
            console.complain("interrupted before everything was measured");
            Exit::Inconclusive
        }
        Some(Err(error)) => {
            console.complain(&format!("error: {error}"));
            Exit::CouldNotRun
        }
    }
}

fn tell(found: &Diagnosis, arguments: &cli::Doctor, console: &Console) -> Exit {
    match arguments.format {
        DoctorFormat::Text => console.say(&doctor::text(found, console.width())),
        DoctorFormat::Json => console.say(
            &serde_json::to_string_pretty(found)
                .unwrap_or_else(|_| unreachable!("a diagnosis is JSON")),
        ),
    }
    match calibration::store(found) {
        Ok(Some(file)) if arguments.format == DoctorFormat::Text => {
            console.say(&format!("\nkept for later runs: {}", file.display()));
        }
        Ok(_) => {}
        Err(error) => console.complain(&format!(
            "warning: could not keep the calibration for later runs: {error}"
        )),
    }
    match found.fitness {
        Fitness::Fit | Fitness::Limited => Exit::Passed,
        Fitness::Unfit => Exit::Refused,
    }
}
