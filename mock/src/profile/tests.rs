use super::*;
use crate::batching::BatchingSpec;
use std::time::Duration;

fn resolved(json: &str) -> MockSpec {
    let spec: MockSpec = serde_json::from_str(json).unwrap();
    assert_eq!(spec.validate(), Ok(()));
    spec.resolved()
}

/// Tokens a second with so many sequences at work.
fn throughput(batching: &BatchingSpec, sequences: u32) -> f64 {
    let step = batching.step.duration() + batching.per_sequence.duration() * sequences;
    f64::from(sequences) / step.as_secs_f64()
}

#[test]
fn nothing_changes_without_a_profile() {
    let spec: MockSpec = serde_json::from_str(r#"{"latency":{"fixed":"2ms"}}"#).unwrap();

    assert_eq!(spec.clone().resolved(), spec);
}

#[test]
fn a_profile_that_is_resolved_is_resolved_for_good() {
    for name in ["origin-desktop", "7b-on-one-gpu", "70b-on-eight"] {
        let once = resolved(&format!(r#"{{"profile":"{name}"}}"#));

        assert_eq!(once.clone().resolved(), once);
        assert_eq!(serde_json::to_value(once.profile).unwrap(), name);
    }
}

#[test]
fn the_desktop_s_latencies_are_those_that_its_client_reported() {
    let latency = resolved(r#"{"profile":"origin-desktop"}"#).latency;
    let at = |u| latency.quantile(u).as_micros();

    assert_eq!(at(0.5), 6_000);
    assert!((12_000..=15_000).contains(&at(0.99)));
    assert!((3_000..3_001).contains(&at(1e-9)));
    assert!((19_999..=20_000).contains(&at(1.0 - 1e-9)));
    let draws = (0..1000).map(|draw| latency.quantile((f64::from(draw) + 0.5) / 1000.0));
    let mean = draws.sum::<Duration>() / 1000;
    assert!((7_150..7_250).contains(&mean.as_micros()), "{mean:?}");
}

#[test]
fn a_small_model_on_one_device_is_as_fast_as_its_memory() {
    let spec = resolved(r#"{"profile":"7b-on-one-gpu"}"#);

    let batching = spec.batching.unwrap();
    assert_eq!(batching.step.duration(), Duration::from_nanos(6_609_529));
    let per_sequence = batching.per_sequence.duration();
    assert_eq!(per_sequence, Duration::from_nanos(131_650));
    let prefill = batching.per_prefill_token.duration();
    assert_eq!(prefill, Duration::from_nanos(86_389));
    assert_eq!(batching.max_sequences, 218);
    assert!((148.0..149.0).contains(&throughput(&batching, 1)));
    assert!((6_170.0..6_180.0).contains(&throughput(&batching, 218)));
    let load = spec.repository.load_time(&spec.models[0]);
    assert_eq!(load.as_millis(), 1_925);
}

#[test]
fn a_large_model_on_eight_devices_is_as_fast_as_their_memory() {
    let spec = resolved(r#"{"profile":"70b-on-eight"}"#);

    let batching = spec.batching.unwrap();
    assert_eq!(batching.step.duration(), Duration::from_nanos(5_265_201));
    let per_sequence = batching.per_sequence.duration();
    assert_eq!(per_sequence, Duration::from_nanos(6_260));
    let prefill = batching.per_prefill_token.duration();
    assert_eq!(prefill, Duration::from_nanos(35_669));
    assert_eq!(batching.max_sequences, 256);
    assert!((189.0..190.0).contains(&throughput(&batching, 1)));
    assert!((37_000.0..37_500.0).contains(&throughput(&batching, 256)));
    let load = spec.repository.load_time(&spec.models[0]);
    assert_eq!(load.as_millis(), 20_158);
}

#[test]
fn what_the_specification_says_itself_stays() {
    let spec = resolved(
        r#"{"profile":"7b-on-one-gpu","batching":{"step":"3ms"},"repository":{"load_bandwidth":"1GiB/s"},
            "models":[{"name":"a","size":"1GiB"},{"name":"b"}]}"#,
    );
    let desktop = resolved(r#"{"profile":"origin-desktop","latency":{"fixed":"1ms"}}"#);
    let batched = resolved(r#"{"profile":"origin-desktop","batching":{}}"#);

    assert_eq!(spec.batching.unwrap().step.duration().as_millis(), 3);
    let bandwidth = spec.repository.load_bandwidth.unwrap();
    assert_eq!(bandwidth.per_second().bytes(), 1 << 30);
    let sizes: Vec<u64> = spec.models.iter().map(|model| model.size.bytes()).collect();
    assert_eq!(sizes, [1 << 30, 13_476_831_232]);
    assert_eq!(desktop.latency.quantile(0.9), Duration::from_millis(1));
    assert!(is_default(&batched.latency));
}

#[test]
fn latencies_beside_a_profile_that_batches_are_refused() {
    let json = r#"{"profile":"70b-on-eight","latency":{"fixed":"1ms"}}"#;
    let spec: MockSpec = serde_json::from_str(json).unwrap();

    assert_eq!(
        spec.validate().unwrap_err().to_string(),
        "expected no latency beside `batching`, whose steps say when tokens come in `latency`, found `{\"fixed\":\"1ms\"}`"
    );
}

#[test]
fn an_unknown_profile_is_told_with_those_that_are_known() {
    let error = serde_json::from_str::<MockSpec>(r#"{"profile":"13b"}"#).unwrap_err();

    assert!(
        error.to_string().starts_with(
            "unknown variant `13b`, expected one of `origin-desktop`, `7b-on-one-gpu`, `70b-on-eight`"
        ),
        "{error}"
    );
}
