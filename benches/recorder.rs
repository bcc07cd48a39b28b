//! What recording one sample costs: the target is 200 ns for a unary answer.

use criterion::{Criterion, criterion_group, criterion_main};
use inferometer::sample::{Chunk, Hedges, Operation, Outcome, Sample, TokenSource, Tokens};
use inferometer::summary::{Recorder, Window};
use inferometer::units::Offset;
use std::hint::black_box;

/// Latencies wander, so that buckets are not always in the nearest cache.
fn sample(seq: u64, chunks: &mut [Chunk]) -> Sample<'_> {
    let start = Offset::from_nanos(1_000_000_000 + seq * 1_000);
    let mut at = start;
    for chunk in chunks.iter_mut() {
        at = Offset::from_nanos(at.nanos() + 3_000_000 + (seq * 7_919) % 500_000);
        chunk.at = at;
    }
    Sample {
        stream: 0,
        seq,
        operation: Operation::Chat,
        kind: 0,
        scheduled: start,
        sent: Some(Offset::from_nanos(start.nanos() + 20_000 + seq % 9_000)),
        first_byte: Some(Offset::from_nanos(start.nanos() + 2_000_000)),
        streamed: chunks.len() > 1,
        chunks,
        finished: at,
        endpoint: Some(0),
        attempts: 1,
        failed_attempts: &[],
        answered_attempt: None,
        source: None,
        connection: None,
        queued: None,
        hedges: Hedges::default(),
        prompt_tokens: Some(64),
        batch: None,
        output_tokens: Some(Tokens {
            count: 32,
            source: TokenSource::Usage,
        }),
        outcome: Outcome::Answered,
    }
}

fn record(criterion: &mut Criterion) {
    let window = Window {
        start: Offset::ZERO,
        end: Offset::from_nanos(u64::MAX),
    };
    for (name, length) in [("unary", 1), ("stream of 32 chunks", 32)] {
        let mut recorder = Recorder::new(window);
        let mut chunks = vec![
            Chunk {
                at: Offset::ZERO,
                tokens: 1,
            };
            length
        ];
        let mut seq = 0;
        criterion.bench_function(&format!("record/{name}"), |bencher| {
            bencher.iter(|| {
                seq += 1;
                recorder.record(black_box(&sample(seq, &mut chunks)));
            });
        });
    }
}

criterion_group! {
    name = recorder;
    config = Criterion::default();
    targets = record
}
criterion_main!(recorder);
