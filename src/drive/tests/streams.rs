//! Several load streams side by side in one lane.

use super::*;
use crate::drive::{sources, useful_lanes};
use crate::plan;
use crate::scenario::Overrides;
use crate::units::wide;
use std::path::Path;

fn of(samples: &Kept, stream: usize) -> Vec<&Seen> {
    let seen = samples.0.iter();
    seen.filter(|seen| seen.stream == stream).collect()
}

/// Drives the streams in one lane to their end.
async fn drive_together(
    exchange: After,
    streams: &[(&str, Load)],
    phases: Phases,
) -> LaneRecord<Kept> {
    let share = Share {
        index: 0,
        lanes: NonZero::<usize>::MIN,
    };
    let streams = streams.iter().enumerate();
    let sources = streams.map(|(place, (workload, load))| {
        source(place, workload, load.clone(), share, Uncounted::default())
    });
    let (sink, sources) = (Kept::default(), sources.collect());
    let stop = CancellationToken::new();
    let driven = drive_sources(sink, exchange, sources, phases, stop).await;
    driven.unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_stream_keeps_to_its_own_load_and_numbers_its_own_requests() {
    let rate = constant(r#"{"constant": {"rate": "200/s"}}"#);
    let workers = closed(3, Period::default());
    let exchange = After(Duration::from_millis(100));

    let streams = [(ONE_CHAT, rate), (ONE_CHAT, workers)];
    let record = drive_together(exchange, &streams, phases()).await;

    let (open, closed) = (of(&record.sink, 0), of(&record.sink, 1));
    assert_eq!((open.len(), closed.len()), (200 * 11, 3 * 110));
    assert_eq!(open.len() + closed.len(), record.sink.0.len());
    for stream in [open, closed] {
        let mut numbers: Vec<u64> = stream.iter().map(|seen| seen.seq).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..wide(stream.len())));
        assert!(stream.iter().all(|seen| seen.sent == Some(seen.scheduled)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_does_the_same_whatever_stands_beside_it() {
    let poisson = || constant(r#"{"poisson": {"rate": "50/s"}}"#);
    let drive = |streams: Vec<(&'static str, Load)>| async move {
        let exchange = After(Duration::from_millis(20));
        drive_together(exchange, &streams, phases()).await.sink
    };

    let alone = drive(vec![(ONE_CHAT, poisson())]).await;
    let workers = closed(4, Period::default());
    let beside = drive(vec![(ONE_CHAT, poisson()), (ONE_CHAT, workers)]).await;

    let of_first: Vec<Seen> = of(&beside, 0).into_iter().cloned().collect();
    assert_eq!(of_first, alone.0);
}

#[tokio::test(start_paused = true)]
async fn a_number_of_requests_is_that_of_each_stream_and_the_stage_is_over_with_the_last() {
    let three = Phases {
        warmup: Period::default(),
        requests: NonZero::new(3),
        ..phases()
    };
    let slow = closed(1, Period::default());
    let fast = closed(3, Period::default());
    let exchange = After(Duration::from_millis(100));

    let streams = [(ONE_CHAT, slow), (ONE_CHAT, fast)];
    let record = drive_together(exchange, &streams, three).await;

    assert_eq!(
        (of(&record.sink, 0).len(), of(&record.sink, 1).len()),
        (3, 3)
    );
    assert_eq!(record.measured, Duration::from_millis(300));
}

#[test]
fn places_of_closed_loops_are_dealt_out_evenly_over_the_lanes() {
    let stream = |name: &str, places: u32| {
        let workload = format!("workload: {ONE_CHAT}");
        format!("  {name}: {{ {workload}, load: {{ closed: {{ in_flight: {places} }} }} }}\n")
    };
    let streams = [stream("a", 1), stream("b", 4), stream("c", 1)].concat();
    let text = format!("name: x\nstreams:\n{streams}phases: {{ measure: 1s }}\n");
    let plan = plan::from_file(Path::new("x.yaml"), &text, &Overrides::default()).unwrap();
    let stage = &plan.stages[0];
    let lanes = useful_lanes(&stage.streams, NonZero::new(3).unwrap());

    let places: Vec<Vec<usize>> = (0..lanes.get())
        .map(|index| {
            let sources = sources(stage, index, lanes).into_iter();
            let places = sources.zip([1, 4, 1]);
            places.map(|(source, all)| source.share.of(all)).collect()
        })
        .collect();

    assert_eq!(places, [vec![1, 1, 0], vec![0, 2, 0], vec![0, 1, 1]]);
    let many = NonZero::new(64).unwrap();
    assert_eq!(useful_lanes(&stage.streams, many).get(), 6);
}
