//! The breaker's life, told with exact times.

use super::*;
use crate::client::{FailureKind, Scope};
use inferometer_proto::quantity::Period;
use proptest::prelude::*;

fn breaker(failures: u32, connect_failures: u32) -> Arc<Breaker> {
    Arc::new(Breaker::new(Some(BreakerConfig {
        failures,
        connect_failures,
        ejected_for: Period::from_secs(1),
        max_ejected_for: Period::from_secs(3),
        scope: Scope::Endpoint,
    })))
}

/// Asks once, with this result.
fn ask(breaker: &Arc<Breaker>, sign: Sign, now: Instant) {
    breaker.admit(now).unwrap().ends(sign, now);
}

fn state(breaker: &Breaker) -> EndpointState {
    breaker.state(Instant::now()).0
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_is_ejected_by_failures_in_a_row_and_by_no_others() {
    let (breaker, now) = (breaker(3, 1), Instant::now());

    for sign in [
        Sign::Unwell,
        Sign::Unwell,
        Sign::Well,
        Sign::Unwell,
        Sign::Nothing,
        Sign::Unwell,
    ] {
        ask(&breaker, sign, now);
        assert_eq!(state(&breaker), EndpointState::Admitting);
    }
    ask(&breaker, Sign::Unwell, now);

    assert_eq!(breaker.state(now), (EndpointState::Ejected, 1));
    assert_eq!(breaker.admit(now).unwrap_err(), seconds(1.0));
    assert_eq!(breaker.admit(now + seconds(0.4)).unwrap_err(), seconds(0.6));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_cannot_be_reached_is_ejected_by_a_count_of_its_own() {
    let (breaker, now) = (breaker(3, 2), Instant::now());

    ask(&breaker, Sign::Unwell, now);
    ask(&breaker, Sign::Unwell, now);
    ask(&breaker, Sign::Unreachable, now);
    assert_eq!(state(&breaker), EndpointState::Admitting);
    ask(&breaker, Sign::Unreachable, now);

    assert_eq!(state(&breaker), EndpointState::Ejected);
}

#[tokio::test(start_paused = true)]
async fn one_request_probes_an_ejected_endpoint_and_its_answer_admits_the_others() {
    let (breaker, begun) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unwell, begun);
    let now = begun + seconds(1.0);

    let mut probe = breaker.admit(now).unwrap();

    assert_eq!(state(&breaker), EndpointState::Probing);
    assert_eq!(breaker.admit(now).unwrap_err(), Duration::ZERO);
    probe.begun();
    assert_eq!(state(&breaker), EndpointState::Admitting);
    assert!(breaker.admit(now).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_doubles_the_time_up_to_its_maximum_and_a_whole_answer_halves_it_to_the_first()
 {
    let (breaker, mut now) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unwell, now);

    for waited in [1.0, 2.0, 3.0, 3.0] {
        assert_eq!(breaker.admit(now).unwrap_err(), seconds(waited));
        now += seconds(waited);
        ask(&breaker, Sign::Unreachable, now);
    }
    now += seconds(3.0);
    ask(&breaker, Sign::Well, now);
    ask(&breaker, Sign::Unwell, now);

    assert_eq!(breaker.admit(now).unwrap_err(), seconds(1.0));
    assert_eq!(breaker.state(now), (EndpointState::Ejected, 6));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_only_begins_does_not_forget_how_often_its_endpoint_was_ejected() {
    let (breaker, begun) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unwell, begun);
    let now = begun + seconds(1.0);

    let mut probe = breaker.admit(now).unwrap();
    probe.begun();
    probe.ends(Sign::Unwell, now);

    assert_eq!(breaker.admit(now).unwrap_err(), seconds(2.0));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_leaves_its_place_to_the_next_request() {
    let (breaker, begun) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unwell, begun);
    let now = begun + seconds(1.0);

    drop(breaker.admit(now).unwrap());
    assert_eq!(state(&breaker), EndpointState::Ejected);
    ask(&breaker, Sign::Nothing, now);
    assert_eq!(state(&breaker), EndpointState::Ejected);

    assert!(breaker.admit(now).is_ok());
    assert_eq!(breaker.state(now).1, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_before_an_ejection_says_nothing_after_it() {
    let (breaker, now) = (breaker(1, 1), Instant::now());
    let early = [(); 3].map(|()| breaker.admit(now).unwrap());

    for (permit, sign) in early
        .into_iter()
        .zip([Sign::Unwell, Sign::Unwell, Sign::Well])
    {
        permit.ends(sign, now);
    }

    assert_eq!(breaker.state(now), (EndpointState::Ejected, 1));
    assert_eq!(breaker.admit(now).unwrap_err(), seconds(1.0));
}

#[tokio::test(start_paused = true)]
async fn what_checks_say_holds_until_they_take_it_back_or_cease() {
    let (breaker, now) = (breaker(1, 1), Instant::now());
    let within = seconds(2.0);

    breaker.found_unwell(now, within);

    assert_eq!(breaker.state(now), (EndpointState::Ejected, 1));
    assert_eq!(breaker.admit(now).unwrap_err(), within);
    assert_eq!(breaker.admit(now + seconds(3.0)).unwrap_err(), seconds(1.0));
    breaker.found_unwell(now + seconds(3.0), within);
    assert_eq!(
        breaker.state(now + seconds(6.9)),
        (EndpointState::Ejected, 1)
    );
    // They ceased.
    assert_eq!(
        breaker.state(now + seconds(7.0)),
        (EndpointState::Admitting, 1)
    );
    assert!(breaker.admit(now + seconds(7.0)).is_ok());
    breaker.found_unwell(now + seconds(8.0), within);
    breaker.found_well(now + seconds(9.0));
    assert_eq!(
        breaker.state(now + seconds(9.0)),
        (EndpointState::Admitting, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_check_ends_the_ejection_of_an_endpoint_that_could_not_be_reached() {
    let (breaker, now) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unreachable, now);

    breaker.found_well(now);

    assert_eq!(breaker.state(now), (EndpointState::Admitting, 1));
}

#[tokio::test(start_paused = true)]
async fn a_check_spares_requests_the_probe_and_shortens_no_ejection_for_unsound_answers() {
    let (breaker, now) = (breaker(1, 1), Instant::now());
    ask(&breaker, Sign::Unwell, now);

    breaker.found_well(now + seconds(0.9));
    assert_eq!(state(&breaker), EndpointState::Ejected);
    breaker.found_well(now + seconds(1.0));

    let admitted = [(); 2].map(|()| breaker.admit(now + seconds(1.0)).is_ok());
    assert_eq!(admitted, [true, true]);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_without_rules_heeds_checks_alone() {
    let (breaker, now) = (Arc::new(Breaker::new(None)), Instant::now());

    for _ in 0..10_000 {
        ask(&breaker, Sign::Unwell, now);
        ask(&breaker, Sign::Unreachable, now);
    }

    assert_eq!(breaker.state(now), (EndpointState::Admitting, 0));
    breaker.found_unwell(now, seconds(1.0));
    assert_eq!(breaker.state(now), (EndpointState::Ejected, 1));
}

#[test]
fn a_refusal_of_the_request_is_a_sound_answer() {
    let signs = [
        (FailureKind::Http(404), Sign::Well),
        (FailureKind::Http(401), Sign::Well),
        (FailureKind::Grpc(5), Sign::Well),
        (FailureKind::Http(429), Sign::Nothing),
        (FailureKind::Grpc(8), Sign::Nothing),
        (FailureKind::Http(503), Sign::Unwell),
        (FailureKind::Grpc(14), Sign::Unwell),
        (FailureKind::Truncated, Sign::Unwell),
        (FailureKind::Connect, Sign::Unreachable),
    ];

    for (kind, sign) in signs {
        assert_eq!(Sign::of(kind), sign, "{kind}");
    }
}

fn signs() -> impl Strategy<Value = Sign> {
    prop_oneof![
        Just(Sign::Well),
        Just(Sign::Nothing),
        Just(Sign::Unreachable),
        Just(Sign::Unwell),
    ]
}

proptest! {
    /// Whatever happens, in whatever order: at most one probe at a time, no admission before the time is over, and once it
    /// is over and nobody probes, somebody is admitted.
    #[test]
    fn no_order_of_events_locks_an_endpoint_out_or_lets_two_probe(
        events in prop::collection::vec((signs(), 0_usize..4, 0_u64..1500), 1..80)
    ) {
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let _entered = clock.enter();
        let breaker = breaker(2, 1);
        let (mut now, mut held) = (Instant::now(), Vec::new());
        for (sign, at, millis) in events {
            now += Duration::from_millis(millis);
            let before = breaker.lock().phase;
            match (before, breaker.admit(now)) {
                (Phase::Ejected { until, .. }, Err(wait)) => prop_assert_eq!(now + wait, until),
                (Phase::Ejected { until, .. }, Ok(permit)) => {
                    prop_assert!(until <= now);
                    prop_assert_eq!(state(&breaker), EndpointState::Probing);
                    held.push(permit);
                }
                (Phase::Probing { .. }, admitted) => prop_assert!(admitted.is_err()),
                (Phase::Admitting { .. }, admitted) => held.push(admitted.unwrap()),
            }
            if at < held.len() {
                held.swap_remove(at).ends(sign, now);
            }
        }
        held.clear();

        now += Duration::from_secs(3);
        prop_assert!(breaker.admit(now).is_ok());
    }
}
