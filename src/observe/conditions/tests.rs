use super::counters::{
    Cores, Counters, Periods, Waited, cores, periods, quota_files_of, taken, waited,
};
use super::process::ticks;
use super::*;

/// A second of a machine with two cores.
fn counters(second: u64) -> Counters {
    Counters {
        cores: Some(Cores {
            busy: 150 * second,
            stolen: 10 * second,
            all: 200 * second,
            seconds_per_tick: 0.01,
        }),
        pressure: Some(Waited {
            some: Duration::from_millis(250 * second),
            full: Duration::ZERO,
        }),
        periods: Some(Periods {
            all: 10 * second,
            throttled: second,
        }),
        own: Some(Duration::from_millis(600 * second)),
    }
}

#[test]
fn counters_become_shares_of_the_time_that_was_watched() {
    let conditions = counters(3).since(
        &counters(1),
        Duration::from_secs(2),
        Duration::from_millis(800),
    );

    assert_eq!(
        conditions,
        Conditions {
            watched_ns: 2_000_000_000,
            steal: Some(0.05),
            pressure: Some(Pressure {
                some: 0.25,
                full: 0.0
            }),
            throttled: Some(0.1),
            other_cores: Some(0.5),
            ..Conditions::default()
        }
    );
}

#[test]
fn what_the_system_does_not_tell_stays_unknown() {
    let nothing = Counters::default();

    let conditions = counters(2).since(&nothing, Duration::from_secs(1), Duration::ZERO);

    let unknown = Conditions {
        watched_ns: 1_000_000_000,
        ..Conditions::default()
    };
    assert_eq!(conditions, unknown);
}

#[test]
fn the_kernels_texts_are_understood() {
    let stat = "cpu  100 20 30 400 5 1 2 7 0 0\ncpu0 1 2 3\n";
    let read = cores(stat).unwrap();
    assert_eq!((read.busy, read.stolen, read.all), (153, 7, 565));
    assert_eq!(cores("intr 1 2 3"), None);

    let pressure = "some avg10=1.13 avg60=4.64 avg300=4.27 total=3794\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";
    let read = waited(pressure).unwrap();
    assert_eq!(
        (read.some, read.full),
        (Duration::from_micros(3794), Duration::from_micros(12))
    );

    let group = "usage_usec 5\nnr_periods 12\nnr_throttled 3\nthrottled_usec 9\n";
    let (all, throttled) = (12, 3);
    assert_eq!(periods(group), Some(Periods { all, throttled }));
    assert_eq!(periods("usage_usec 5\n"), None);

    let process = "17 (a) b) S 1 17 17 0 -1 4194304 100 0 0 0 50 25 0 0 20 0 1 0 7 0";
    assert_eq!(ticks(process), Some(Duration::from_millis(750)));
}

#[test]
fn a_control_groups_quota_is_looked_for_where_either_version_has_it() {
    assert_eq!(
        quota_files_of("0::/jobs/a"),
        ["/sys/fs/cgroup/jobs/a/cpu.stat", "/sys/fs/cgroup/cpu.stat"]
    );
    assert_eq!(
        quota_files_of("4:cpu,cpuacct:/"),
        [
            "/sys/fs/cgroup/cpu,cpuacct/cpu.stat",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.stat"
        ]
    );
    assert_eq!(quota_files_of("3:memory:/jobs/a"), [""; 0]);
}

#[test]
fn a_port_counts_once_however_many_connections_have_it() {
    let table = "  sl  local_address rem_address   st
   0: 00000000:07E8 00000000:0000 0A
   1: 0100007F:8C5B 0100007F:D0BC 06
   2: 0100007F:D0BC 0100007F:8C5B 01
   3: 0100007F:D0BC 0100007F:8C5C 01
";

    let ports = taken("32768\t60999\n", [table].into_iter());

    let (most, limit) = (2, 28_232);
    assert_eq!(ports, Some(Taken { most, limit }));
}

#[test]
fn shards_have_the_worse_conditions_of_both() {
    let one = Conditions {
        steal: Some(0.1),
        open_files: Some(Taken {
            most: 90,
            limit: 100,
        }),
        ..Conditions::default()
    };
    let other = Conditions {
        steal: Some(0.2),
        open_files: Some(Taken {
            most: 95,
            limit: 1000,
        }),
        throttled: Some(0.5),
        ..Conditions::default()
    };

    let both = one.with(&other);

    assert_eq!(both.steal, Some(0.2));
    assert_eq!(both.open_files, one.open_files);
    assert_eq!(both.throttled, None);
}

#[cfg(target_os = "linux")]
#[test]
fn this_process_can_be_watched() {
    let id = std::process::id();
    let mut observation = Observation::begin(Watched::Processes(vec![id]));
    let since = Process::of(id).cpu().unwrap();
    while Process::of(id).cpu().unwrap() < since + Duration::from_millis(2) {}
    observation.look();

    let conditions = observation.again().end();

    let target = conditions.target.unwrap();
    assert!(target.rss_bytes > 1 << 20, "{target:?}");
    assert!(conditions.open_files.unwrap().most >= 3, "{conditions:?}");
    assert!(conditions.other_cores.is_some(), "{conditions:?}");
    assert_eq!(Observation::begin(Watched::nothing()).end().target, None);
}
