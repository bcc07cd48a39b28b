//! Specifications: what is accepted is a backend, and stays the same on its way through JSON.

use crate::backend::Backend;
use crate::spec::MockSpec;
use crate::timer::Timer;

const SPECS: &[&[u8]] = &[
    br#"{"seed":7,"models":[{"name":"a","loaded":false,"load_time":"2s"}],"latency":{"uniform":{"min":"1ms","max":"2ms"}},"per_output_token":{"fixed":"5ms"},"faults":[{"cut":{"share":"0.5%","after_tokens":8}}]}"#,
    br#"{"models":[{"name":"b","size":"7GiB"}],"repository":{"memory":"8GiB","load_bandwidth":"1GiB/s","concurrent_loads":2},"journal":{"requests":10,"writes":20}}"#,
    br#"{"latency":{"lognormal":{"median":"20ms","sigma":0.4}},"jitter":{"gamma":{"mean":"5ms","cv":0.5}},"tokens_per_chunk":4,"coalesce":"1ms","per_prompt_token":"10us"}"#,
    br#"{"latency":{"empirical":{"samples":["1ms","2ms"]}},"per_output_token":{"normal":{"mean":"5ms","sd":"1ms"}}}"#,
    br#"{"faults":[{"trickle":{"bytes":"8B","pause":"1ms"}},{"status":{"every":3,"http":503,"retry_after":"1s"}},{"stall":{"from":"5s","until":"8s"}},{"missing_done":{"requests":{"from":1,"until":9},"attempts":2,"models":["a"],"protocols":["openai"]}}]}"#,
];

#[test]
fn a_hostile_specification_is_a_backend_or_a_mistake_that_is_told() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();

    for honest in SPECS {
        let spec = serde_json::from_slice::<MockSpec>(honest).map_err(|error| error.to_string());
        assert_eq!(spec.map(|spec| spec.validate()), Ok(Ok(())));
    }
    inferometer_fuzz::hold(SPECS, |json| {
        let spec: MockSpec = match serde_json::from_slice(json) {
            Ok(spec) => spec,
            Err(error) => return assert!(!error.to_string().is_empty()),
        };
        let written = serde_json::to_string(&spec).unwrap();
        let read: MockSpec = serde_json::from_str(&written).unwrap();
        assert_eq!(read, spec, "{written}");
        let sound = spec.validate();
        let built = runtime.block_on(async { Backend::try_new(spec, Timer::Coarse) });
        assert_eq!(built.map(|_| ()), sound);
    });
}
