use crate::plan::{Plan, Stream, from_file};
use crate::scenario::Overrides;
use crate::schedule::Load;
use crate::units::Offset;
use crate::workload::Asked;
use std::path::Path;

const CHAT: &str = "  chat: { workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 } } }, load: { open: { poisson: { rate: 50/s } } } }\n";
const LIKE_IT: &str = "  like: { workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 } } }, load: { open: { poisson: { rate: 50/s } } } }\n";
const BATCH: &str = "  batch: { workload: { completion: { model: large, prompt: { tokens: 64 }, output: { tokens: 32 } } }, load: { closed: { in_flight: 4 } } }\n";

fn text(streams: &[&str], further: &str) -> String {
    let streams = streams.concat();
    format!("name: x\nseed: 7\nstreams:\n{streams}phases: {{ measure: 10s }}\n{further}")
}

fn planned(streams: &[&str], further: &str, set: &[&str]) -> Plan {
    let overrides = Overrides {
        set: set.iter().map(|one| (*one).to_owned()).collect(),
        ..Overrides::default()
    };
    from_file(Path::new("x.yaml"), &text(streams, further), &overrides)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn stream<'a>(plan: &'a Plan, stage: usize, name: &str) -> &'a Stream {
    let mut streams = plan.stages[stage].streams.iter();
    streams
        .find(|one| one.name.as_deref() == Some(name))
        .unwrap()
}

/// The first times and contents of a stream.
fn first(plan: &Plan, name: &str) -> (Vec<Offset>, Vec<Asked>) {
    let stream = stream(plan, 0, name);
    let seed = stream.seed(plan.stages[0].seed);
    let times = match &stream.load {
        Load::Open(open) => open.slots(seed).take(100).map(|slot| slot.at).collect(),
        Load::Closed(_) | Load::Users(_) => Vec::new(),
    };
    let contents = (0..100).map(|seq| stream.workload.asked(seed, seq));
    (times, contents.collect())
}

#[test]
fn the_order_of_streams_in_the_file_changes_nothing() {
    let (one, other) = ([CHAT, LIKE_IT, BATCH], [BATCH, CHAT, LIKE_IT]);
    let (one, other) = (planned(&one, "", &[]), planned(&other, "", &[]));

    assert_eq!(one.fingerprint, other.fingerprint);
    assert_eq!(one.stages, other.stages);
    assert_eq!(one.stages[0].streams.names(), ["batch", "chat", "like"]);
}

#[test]
fn a_stream_sends_the_same_at_the_same_times_whatever_stands_beside_it() {
    let alone = planned(&[CHAT], "", &[]);
    let among = planned(&[BATCH, CHAT, LIKE_IT], "", &[]);

    assert_eq!(first(&alone, "chat"), first(&among, "chat"));
    assert_ne!(alone.fingerprint, among.fingerprint);
}

#[test]
fn streams_that_are_alike_draw_from_seeds_of_their_own() {
    let plan = planned(&[CHAT, LIKE_IT], "", &[]);

    let ((times, contents), (others, words)) = (first(&plan, "chat"), first(&plan, "like"));

    assert_ne!(times, others);
    assert_ne!(contents, words);
}

#[test]
fn settings_of_a_stream_are_swept_set_and_searched_by_their_path() {
    let rate = |plan: &Plan, stage| match &stream(plan, stage, "chat").load {
        Load::Open(open) => serde_json::to_value(open).unwrap()["poisson"]["rate"].clone(),
        Load::Closed(_) | Load::Users(_) => panic!("not open"),
    };
    let sweep = "sweep: { streams.chat.load.open.poisson.rate: [10/s, 20/s] }\n";
    let search = "search: { streams.chat.load.open.poisson.rate: { from: 10/s, to: 20/s } }
expect: [ { metric: latency_p99, stream: chat, at_most: 1s } ]\n";
    let variants = "variants: { few: { streams.chat.load.open.poisson.rate: 1/s } }\n";

    let swept = planned(&[CHAT, BATCH], sweep, &[]);
    let set = planned(
        &[CHAT, BATCH],
        "",
        &["streams.chat.load.open.poisson.rate=9/s"],
    );
    let searched = planned(&[CHAT, BATCH], search, &[]);

    assert_eq!(
        (rate(&swept, 0), rate(&swept, 1)),
        ("10/s".into(), "20/s".into())
    );
    assert_eq!(swept.stages[1].name(), "rate=20/s");
    assert_eq!(rate(&set, 0), "9/s");
    assert_eq!(rate(&searched, 0), "10/s");
    assert_eq!(planned(&[CHAT, BATCH], variants, &[]).variants, ["few"]);
}

#[test]
fn the_models_of_all_streams_are_those_of_a_mock_that_names_none() {
    let plan = planned(&[CHAT, BATCH], "", &[]);

    let target = serde_json::to_value(&plan.stages[0].target).unwrap();

    let models = target["mock"]["models"].as_array().unwrap();
    let names: Vec<&str> = models
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["large", "tiny"]);
}

#[test]
fn an_explanation_shows_each_stream() {
    let sweep = "sweep: { streams.batch.load.closed.in_flight: [1, 2] }\n";
    let told = planned(&[CHAT, BATCH], sweep, &[]).explain().to_string();

    for line in [
        "batch.workload: { completion: { model: large, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: false } }",
        "batch.load: { closed: { in_flight: (swept), think: 0s } }",
        "chat.load: { open: { poisson: { rate: 50/s }, max_in_flight: 10000 } }",
    ] {
        assert!(told.contains(line), "{told}");
    }
}
