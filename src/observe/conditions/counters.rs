//! Counters and limits of the whole machine, as Linux writes them below `/proc` and `/sys`. Reading is apart from
//! understanding, which takes text.

use super::{Process, Taken};
use crate::units::{float, wide};
use rustix::param::clock_ticks_per_second;
use rustix::process::{Resource, getrlimit};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// What Linux had counted at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counters {
    pub(super) cores: Option<Cores>,
    pub(super) pressure: Option<Waited>,
    pub(super) periods: Option<Periods>,
    /// CPU time of this process.
    pub(super) own: Option<Duration>,
}

/// Time of all cores together since the machine started, in the scheduler's ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cores {
    /// Spent computing.
    pub(super) busy: u64,
    /// Taken by the hypervisor.
    pub(super) stolen: u64,
    /// Both, and that without work.
    pub(super) all: u64,
    pub(super) seconds_per_tick: f64,
}

/// Time in which tasks waited for a core, since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waited {
    pub(super) some: Duration,
    pub(super) full: Duration,
}

/// Periods over which a quota of CPU time is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Periods {
    pub(super) all: u64,
    pub(super) throttled: u64,
}

impl Counters {
    pub(super) fn now() -> Self {
        let read = |file: &str| fs::read_to_string(file).ok();
        Self {
            cores: read("/proc/stat").and_then(|text| cores(&text)),
            pressure: read("/proc/pressure/cpu").and_then(|text| waited(&text)),
            periods: quota_files()
                .iter()
                .find_map(|file| read(file).and_then(|text| periods(&text))),
            own: Process::this().cpu(),
        }
    }
}

/// Open files of this process, against its limit.
pub(super) fn open_files() -> Option<Taken> {
    let most = wide(fs::read_dir("/proc/self/fd").ok()?.count());
    let limit = getrlimit(Resource::Nofile).current?;
    // The folder that is being read is one of them.
    let most = most.saturating_sub(1);
    Some(Taken { most, limit })
}

/// Ports in use of the range from which the system gives connections theirs.
pub(super) fn ports() -> Option<Taken> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let tables: Vec<_> = tables
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect();
    (!tables.is_empty())
        .then(|| taken(&range, tables.iter().map(String::as_str)))
        .flatten()
}

/// The first line of `/proc/stat`: `cpu  user nice system idle iowait irq softirq steal ..`.
pub(super) fn cores(text: &str) -> Option<Cores> {
    let mut fields = text.lines().next()?.split_whitespace();
    if fields.next() != Some("cpu") {
        return None;
    }
    let times: Vec<u64> = fields.map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, idle, waiting, hard, soft, stolen, ..] = times.as_slice() else {
        return None;
    };
    let busy = user + nice + system + hard + soft;
    Some(Cores {
        busy,
        stolen: *stolen,
        all: busy + idle + waiting + stolen,
        seconds_per_tick: 1.0 / float(clock_ticks_per_second()),
    })
}

/// `some avg10=0.00 .. total=1234` and likewise `full`, in microseconds.
pub(super) fn waited(text: &str) -> Option<Waited> {
    let total = |kind: &str| {
        let line = text.lines().find(|line| line.starts_with(kind))?;
        let (_, total) = line.split_once("total=")?;
        total.trim().parse().ok().map(Duration::from_micros)
    };
    Some(Waited {
        some: total("some")?,
        // Older kernels do not tell it of CPU, where it cannot be above zero.
        full: total("full").unwrap_or_default(),
    })
}

/// `nr_periods 12` and `nr_throttled 3` of a control group's `cpu.stat`. The topmost group has none.
pub(super) fn periods(text: &str) -> Option<Periods> {
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(' ')?;
            (key == name).then(|| value.trim().parse().ok()).flatten()
        })
    };
    Some(Periods {
        all: value("nr_periods")?,
        throttled: value("nr_throttled")?,
    })
}

/// Where the quota of this process's control group may be told: its own folder, and the one that a container sees as top.
fn quota_files() -> Vec<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    groups.lines().flat_map(quota_files_of).collect()
}

/// Of one line of `/proc/self/cgroup`: `0::/path` of version 2, `4:cpu,cpuacct:/path` of version 1.
pub(super) fn quota_files_of(line: &str) -> Vec<String> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
        return Vec::new();
    };
    let top = match controllers {
        "" => "/sys/fs/cgroup".to_owned(),
        _ if controllers.split(',').any(|one| one == "cpu") => {
            format!("/sys/fs/cgroup/{controllers}")
        }
        _ => return Vec::new(),
    };
    let path = path.trim_end_matches('/');
    vec![format!("{top}{path}/cpu.stat"), format!("{top}/cpu.stat")]
}

/// Distinct local ports of sockets within the range, which is `32768 60999`. A server's port counts once however many
/// connections it has, as theirs are those of the other end.
pub(super) fn taken<'a>(range: &str, tables: impl Iterator<Item = &'a str>) -> Option<Taken> {
    let mut ends = range.split_whitespace().map(str::parse::<u16>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    let local = |line: &str| {
        let (_, port) = line.split_whitespace().nth(1)?.split_once(':')?;
        u16::from_str_radix(port, 16).ok()
    };
    let used: BTreeSet<u16> = tables
        .flat_map(|table| table.lines().skip(1))
        .filter_map(local)
        .filter(|port| (first..=last).contains(port))
        .collect();
    Some(Taken {
        most: wide(used.len()),
        limit: u64::from(last.checked_sub(first)?) + 1,
    })
}
