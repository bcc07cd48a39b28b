//! Active health checks in paused virtual time, told with exact times.

use super::scripted::{Checks, Step, call, checked, refused, seen};
use super::*;
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A watcher who begins with endpoint 0 after 792 ms of 10 s, and with endpoint 1 after 2989 ms.
const NAME: &str = "lane-0";

const WELL: Option<bool> = Some(true);
const UNWELL: Option<bool> = Some(false);
const SILENT: Option<bool> = None;

fn checking(breaker: Option<BreakerConfig>) -> ClientConfig {
    ClientConfig {
        breaker,
        health_check: Some(HealthCheck {
            every: Period::from_secs(10),
            ..HealthCheck::default()
        }),
        ..ClientConfig::default()
    }
}

/// Lets checks be made until so many milliseconds after the beginning.
async fn until(begun: Instant, millis: u64, mut watch: Pin<&mut impl Future<Output = ()>>) {
    let watched = timeout_at(begun + Duration::from_millis(millis), &mut watch).await;
    assert!(watched.is_err(), "checks end");
}

fn state(client: &Client) -> (EndpointState, u64) {
    client.endpoint_state(0).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_is_checked_on_its_own_period_and_watchers_do_not_keep_step() {
    let checks = [Checks::default(), Checks::default()];
    let (client, log) = checked(&checking(None), &[&[], &[]], &checks);

    let begun = Instant::now();
    until(begun, 20_900, pin!(client.watch(NAME))).await;

    assert_eq!(checks[0].made(), [792, 10_792, 20_792]);
    assert_eq!(checks[1].made(), [2989, 12_989]);
    assert_eq!(seen(&log), []);
    let (other, _) = checked(&checking(None), &[&[], &[]], &checks);
    let begun = Instant::now();
    until(begun, 9000, pin!(other.watch("lane-1"))).await;
    assert_eq!(
        (checks[0].made(), checks[1].made()),
        (vec![1292], vec![1917])
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_fails_its_checks_gets_no_request_until_they_find_it_well() {
    let checks = [
        Checks::told(&[UNWELL, UNWELL, UNWELL, WELL]),
        Checks::default(),
    ];
    let (client, log) = checked(&checking(None), &[&[], &[]], &checks);
    let (begun, mut watch) = (Instant::now(), pin!(client.watch(NAME)));

    let mut asked = Vec::new();
    for millis in [900, 10_900, 20_900, 30_900] {
        until(begun, millis, watch.as_mut()).await;
        asked.push((call(&client).await.unwrap(), state(&client)));
    }

    let admitting = (0, (EndpointState::Admitting, 0));
    let ejected = (1, (EndpointState::Ejected, 1));
    let again = (0, (EndpointState::Admitting, 1));
    assert_eq!(asked, [admitting, ejected, ejected, again]);
    assert_eq!(seen(&log).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_not_answered_in_its_time_has_failed() {
    let checks = [Checks::told(&[SILENT, SILENT])];
    let (client, _) = checked(&checking(None), &[&[]], &checks);
    let (begun, mut watch) = (Instant::now(), pin!(client.watch(NAME)));

    until(begun, 11_791, watch.as_mut()).await;
    assert_eq!(state(&client), (EndpointState::Admitting, 0));
    until(begun, 11_793, watch.as_mut()).await;

    assert_eq!(state(&client), (EndpointState::Ejected, 1));
}

#[tokio::test(start_paused = true)]
async fn checks_bring_an_endpoint_back_that_requests_could_not_reach() {
    let config = checking(Some(BreakerConfig {
        ejected_for: Period::from_secs(60),
        ..BreakerConfig::default()
    }));
    let checks = [Checks::default(), Checks::default()];
    let script: &[Step] = &[refused()];
    let (client, log) = checked(&config, &[script, &[]], &checks);
    assert_eq!(call(&client).await, Ok(1));
    assert_eq!(state(&client), (EndpointState::Ejected, 1));

    until(Instant::now(), 900, pin!(client.watch(NAME))).await;

    assert_eq!(state(&client), (EndpointState::Admitting, 1));
    assert_eq!(call(&client).await, Ok(0));
    assert_eq!(seen(&log).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_nothing_is_checked() {
    let checks = [Checks::default()];
    let (client, _) = checked(&ClientConfig::default(), &[&[]], &checks);

    client.watch(NAME).await;

    assert_eq!(checks[0].made(), []);
}

#[test]
fn checks_that_can_never_be_made_are_refused() {
    let every = HealthCheck {
        every: Period::default(),
        ..HealthCheck::default()
    };
    let never = HealthCheck {
        unhealthy_after: 0,
        ..HealthCheck::default()
    };

    let refusals = [every, never].map(|health_check| {
        let config = ClientConfig {
            health_check: Some(health_check),
            ..ClientConfig::default()
        };
        config.validate().unwrap_err().to_string()
    });

    assert_eq!(
        refusals,
        [
            "health_check.every: expected more than 0s, found `0s`",
            "health_check.unhealthy_after: expected 1 to 1000, found `0`"
        ]
    );
}
