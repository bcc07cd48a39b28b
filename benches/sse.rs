//! Throughput of the parser of server-sent events, in bytes of stream: 1,000 chunks as an inference server sends them,
//! read in pieces as a socket gives them.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inferometer::client::sse::Events;
use std::hint::black_box;

const CHUNK: &str = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"tiny","choices":[{"index":0,"delta":{"content":" alpha"},"logprobs":null,"finish_reason":null}],"usage":null}"#;

/// Number of events in a stream that arrives in pieces of this size.
fn count(stream: &[u8], piece: usize) -> usize {
    let mut events = Events::new(1 << 20);
    let mut count = 0;
    for bytes in stream.chunks(piece) {
        events.push(bytes);
        while let Ok(Some(data)) = events.pull() {
            black_box(data);
            count += 1;
        }
    }
    count
}

fn parse(criterion: &mut Criterion) {
    let stream = format!("{CHUNK}\n\n").repeat(1000).into_bytes();
    let mut group = criterion.benchmark_group("sse");
    group.throughput(Throughput::BytesDecimal(
        stream.len().try_into().unwrap_or(u64::MAX),
    ));
    for piece in [64, 206, 8192] {
        group.bench_with_input(
            BenchmarkId::new("piece", piece),
            &piece,
            |bencher, &piece| {
                bencher.iter(|| count(black_box(&stream), piece));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
