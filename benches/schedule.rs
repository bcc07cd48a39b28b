//! What the generator pays for each request before it is sent: the next slot of the schedule and the request's content.
//! Both stand on the sending path, so they have to stay far below a microsecond a slot and a few microseconds a prompt.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inferometer::schedule::{Constant, Law, Open, Poisson};
use inferometer::seed::Seed;
use inferometer::units::Rate;
use inferometer::workload::{Drawn, Generation, Length, Prompts, Tokens, Words, Workload};
use std::hint::black_box;

fn slots(criterion: &mut Criterion) {
    let Ok(rate) = Rate::try_per_second(1000.0) else {
        return;
    };
    let laws = [
        ("constant", Law::Constant(Constant { rate })),
        ("poisson", Law::Poisson(Poisson { rate })),
    ];
    let mut group = criterion.benchmark_group("slot");
    group.throughput(Throughput::Elements(1));
    for (name, law) in laws {
        let open = Open {
            law,
            max_in_flight: 1000,
        };
        let mut slots = open.slots(Seed::new(7));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(slots.next())));
    }
}

fn contents(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("content");
    for tokens in [16, 64, 1024] {
        let workload = Workload::Chat(Generation {
            model: "tiny".to_owned(),
            prompt: Prompts::Drawn(Drawn {
                tokens: Length::Fixed(tokens),
                shared_prefix: None,
                words: Words::default(),
            }),
            output: Some(Tokens {
                tokens: Length::Fixed(32),
            }),
            stream: true,
            distinct: None,
            cancel_after: None,
        });
        let mut seq = 0;
        group.throughput(Throughput::Elements(tokens.into()));
        group.bench_function(format!("{tokens}-tokens"), |bencher| {
            bencher.iter(|| {
                seq += 1;
                black_box(workload.asked(Seed::new(7), seq))
            });
        });
    }
}

criterion_group!(benches, slots, contents);
criterion_main!(benches);
