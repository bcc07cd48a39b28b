//! Looks at processes from outside, as `ps` does.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::process::Child;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer.
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::yield_now();
    }
    panic!("waited {PATIENCE:?} in vain: {what}")
}

pub(crate) fn send(process: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// The mock that a running tool has spawned, once `connections` sockets are open in it.
pub(crate) fn mock_of(tool: &Child, connections: usize) -> u32 {
    eventually("a mock with its connections", || {
        let mock = child_of(tool.id())?;
        (sockets(mock) >= connections).then_some(mock)
    })
}

/// Is the process neither gone nor a zombie?
pub(crate) fn is_alive(process: u32) -> bool {
    status(process).is_some_and(|(state, _)| state != 'Z')
}

fn child_of(parent: u32) -> Option<u32> {
    children_of(parent).first().copied()
}

/// The processes that a process has started.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap();
    let children = all.filter_map(|entry| {
        let process = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let (_, of) = status(process)?;
        (of == parent).then_some(process)
    });
    children.collect()
}

/// State and parent, from the fields behind the parenthesised name.
fn status(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?.chars().next()?;
    Some((state, fields.next()?.parse().ok()?))
}

fn sockets(process: u32) -> usize {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return 0;
    };
    files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .filter(|target| {
            target
                .to_str()
                .is_some_and(|name| name.starts_with("socket:"))
        })
        .count()
}
