use super::*;
use crate::client::ClientConfig;
use serde_json::json;

/// A shell that runs this script instead of a server.
fn launch(script: &str, more: serde_json::Value) -> Launch {
    let mut launch = json!({
        "command": ["sh", "-c", script, "{port}"],
        "endpoints": [{ "protocol": "openai", "url": "http://127.0.0.1:{port}" }],
    });
    let (Some(launch), serde_json::Value::Object(more)) = (launch.as_object_mut(), more) else {
        panic!("expected blocks");
    };
    launch.extend(more);
    serde_json::from_value(serde_json::Value::Object(launch.clone())).unwrap()
}

/// What is said where it cannot be launched.
async fn told(launch: &Launch) -> String {
    let started = Launched::start(launch, &ClientConfig::default(), &MockHost::OwnThread).await;
    started.unwrap_err().to_string()
}

#[tokio::test]
async fn a_server_that_ends_before_it_is_ready_tells_how_and_what_it_printed_last() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "planted\n").unwrap();
    let launch = launch(
        "echo \"key $THE_KEY\"; printf 'no\\033[2Jmodel\\n' >&2; exit 3",
        json!({ "environment": { "THE_KEY": { "file": secret.path() } } }),
    );

    let told = told(&launch).await;

    assert!(
        told.ends_with(
            "it ended with exit code 3 before it was ready; the last that it printed:\n  key ***\n  no [2Jmodel"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_and_ended() {
    let launch = launch(
        "echo waiting; exec sleep 1000",
        json!({ "ready_within": "100ms", "stop_within": "10s" }),
    );

    let told = told(&launch).await;

    assert!(
        told.contains("it was not ready within 100ms: http://127.0.0.1:")
            && told.ends_with("the last that it printed:\n  waiting"),
        "{told}"
    );
}

#[tokio::test]
async fn what_cannot_be_started_is_told_by_its_name() {
    let of = |more| launch("", more);

    let gallery = [
        told(&of(json!({ "command": ["no-such-program", "{port}"] }))).await,
        told(
            &of(json!({ "command": ["./no-such-program", "{port}"], "working_directory": "x" }))
                .clone(),
        )
        .await,
        told(&of(json!({ "command": ["{inferometer}", "{port}"] }))).await,
        told(&of(
            json!({ "environment": { "A_KEY": { "env": "INFEROMETER_NO_SUCH_KEY" } } }),
        ))
        .await,
    ];

    let here = std::env::current_dir().unwrap();
    let gallery = gallery
        .join("\n")
        .replace(&here.display().to_string(), "HERE");
    assert_eq!(
        gallery,
        "could not launch `no-such-program {port}`: there is no `no-such-program` in PATH\n\
         could not launch `./no-such-program {port}`: there is no file `HERE/no-such-program`\n\
         could not launch `{inferometer} {port}`: `{inferometer}` is the path of the tool, and this is another program\n\
         could not launch `sh -c  {port}`: target.launch.environment.A_KEY: could not use `INFEROMETER_NO_SUCH_KEY`: it is not set"
    );
}

fn order(script: &str, log: &Log, stop_within: &str) -> Order {
    let launch = launch(script, json!({ "stop_within": stop_within }));
    let ports = Ports::free(&launch).unwrap();
    let (order, _) = Order::of(&launch, &ports, &MockHost::OwnThread, log.path()).unwrap();
    order
}

/// Waits until this is in the log.
async fn printed(log: &Log, text: &str) {
    while !log.last_lines().contains(text) {
        tokio::task::yield_now().await;
    }
}

fn is_gone(id: u32) -> bool {
    let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    rustix::process::test_kill_process_group(id).is_err()
}

#[tokio::test]
async fn a_group_is_asked_to_end_and_does() {
    let log = Log::create().unwrap();
    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done";
    let group = Group::start(&order(script, &log, "30s")).unwrap();
    let id = group.id();
    printed(&log, "up").await;

    group.stop().await;

    assert!(log.last_lines().ends_with("  bye"), "it heard of it");
    assert!(is_gone(id));
}

#[tokio::test]
async fn a_group_that_does_not_end_in_time_is_killed_with_all_that_it_started() {
    let log = Log::create().unwrap();
    let script = "trap '' TERM; sleep 1000 & echo up; wait";
    let group = Group::start(&order(script, &log, "50ms")).unwrap();
    let id = group.id();
    printed(&log, "up").await;

    group.stop().await;

    while !is_gone(id) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_dead_server_leaves_behind_is_killed() {
    let log = Log::create().unwrap();
    let mut group = Group::start(&order("sleep 1000 & exit 7", &log, "1s")).unwrap();
    let id = group.id();

    let ended = how(&group.ended().await);

    assert_eq!(ended, "ended with exit code 7");
    while !is_gone(id) {
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_file_of_a_log_goes_with_it() {
    let log = Log::create().unwrap();
    let path = log.path().to_owned();
    std::fs::write(&path, "a\n\n  b  \n").unwrap();

    assert_eq!(log.last_lines(), "  a\n    b");
    drop(log);
    assert!(!path.exists());
}
