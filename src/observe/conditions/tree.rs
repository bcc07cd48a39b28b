//! What a server uses that may be many processes: the one that was started, those of its process group, and all that descend
//! from any of them. Who they are is found out anew at each look, as workers come and go.

use super::process::{Process, two_ticks};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

/// The processes whose use of the machine is the target's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// These, by their ids.
    Processes(Vec<u32>),
    /// The one with this id, which leads a process group, with all of that group and whatever they have started.
    Group(u32),
}

impl Watched {
    /// Nothing of this machine.
    pub const fn nothing() -> Self {
        Self::Processes(Vec::new())
    }

    /// CPU time of all of them since they began, user and system. Of a group that of processes which have ended is in it, as far
    /// as they were waited for by one that is still there. `None` without any, or where one of those named does not tell.
    pub(super) fn cpu(&self) -> Option<Duration> {
        match self {
            Self::Processes(ids) => sum(ids, |id| Process::of(id).cpu()),
            Self::Group(first) => {
                let members = members(*first);
                // One that has ended since it was found has nothing to tell.
                let of = |id: &u32| Some(Process::of(*id).cpu()? + ended_children(*id)?);
                (!members.is_empty()).then(|| members.iter().filter_map(of).sum())
            }
        }
    }

    /// Their resident memory in bytes, what they share counted for each. `None` likewise.
    pub(super) fn rss(&self) -> Option<u64> {
        match self {
            Self::Processes(ids) => sum(ids, |id| Process::of(id).rss()),
            Self::Group(first) => {
                let members = members(*first);
                let of = |id: &u32| Process::of(*id).rss();
                (!members.is_empty()).then(|| members.iter().filter_map(of).sum())
            }
        }
    }
}

/// The sum over all of them; nothing without any, or where one does not tell.
fn sum<T: std::iter::Sum>(ids: &[u32], read: impl Fn(u32) -> Option<T>) -> Option<T> {
    (!ids.is_empty())
        .then(|| ids.iter().copied().map(read).sum())
        .flatten()
}

/// Where a process belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kin {
    id: u32,
    parent: u32,
    group: u32,
}

/// The group of `first` and all descendants of its processes; nobody where the system does not tell.
fn members(first: u32) -> BTreeSet<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeSet::new();
    };
    let all: Vec<Kin> = entries
        .filter_map(|entry| {
            let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
            kin(id, &stat(id)?)
        })
        .collect();
    family(first, &all)
}

fn family(first: u32, all: &[Kin]) -> BTreeSet<u32> {
    let of_group = all.iter().filter(|kin| kin.group == first);
    let mut found: BTreeSet<u32> = of_group.map(|kin| kin.id).collect();
    loop {
        let children = all.iter().filter(|kin| found.contains(&kin.parent));
        let children: Vec<u32> = children
            .map(|kin| kin.id)
            .filter(|id| !found.contains(id))
            .collect();
        if children.is_empty() {
            return found;
        }
        found.extend(children);
    }
}

fn stat(id: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{id}/stat")).ok()
}

/// Fields 4 and 5 of `/proc/PID/stat`. The name in brackets before them may hold anything.
fn kin(id: u32, stat: &str) -> Option<Kin> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(1).map(str::parse);
    let parent = fields.next()?.ok()?;
    let group = fields.next()?.ok()?;
    Some(Kin { id, parent, group })
}

/// CPU time of the children that have ended and were waited for, and of theirs: fields 16 and 17 of `/proc/PID/stat`, in the
/// scheduler's ticks.
fn ended_children(id: u32) -> Option<Duration> {
    two_ticks(&stat(id)?, 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_group_and_all_that_descends_from_it() {
        let kin = |id, parent, group| Kin { id, parent, group };
        let all = [
            kin(1, 0, 1),
            kin(10, 1, 10),
            kin(11, 10, 10),
            // Its parent is gone.
            kin(12, 1, 10),
            // They have left the group.
            kin(21, 22, 21),
            kin(22, 12, 22),
            kin(30, 1, 30),
        ];

        let found: Vec<u32> = family(10, &all).into_iter().collect();

        assert_eq!(found, [10, 11, 12, 21, 22]);
        assert_eq!(family(99, &all), BTreeSet::new());
    }

    #[test]
    fn a_process_may_be_called_anything() {
        let stat = "7 (a) b (c) S 3 5 5 0 -1 4194560 1 2 3 4 250 150 11 22 20 0 1 0 99";

        assert_eq!(
            kin(7, stat),
            Some(Kin {
                id: 7,
                parent: 3,
                group: 5
            })
        );
        assert_eq!(kin(7, "7 (a"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_watched_tells_what_it_uses_and_nothing_tells_nothing() {
        let this = Watched::Processes(vec![std::process::id()]);

        assert!(this.cpu().is_some() && this.rss() > Some(1 << 20));
        assert_eq!(Watched::nothing().cpu(), None);
        // No group has this id: process ids are below 2^22.
        assert_eq!(Watched::Group(u32::MAX).rss(), None);
    }
}
