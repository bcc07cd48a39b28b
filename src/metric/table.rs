//! The table of metrics. To add a metric is to add an entry here.

use super::{Better, Metric, Unit};
use crate::summary::{Attempts, LoadingCounts, Reading, RunSummary, StageSummary, Statistic};
use crate::units::{self, float};

/// Makes one metric for every statistic of a distribution.
macro_rules! statistics {
    ($($field:ident, $better:ident, $margin:literal, $formula:literal, $doc:literal, $elsewhere:literal;)*) => {
        const DISTRIBUTIONS: &[[Metric; 8]] = &[$([
            statistics!(@ $field "_mean" Mean, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_min" Min, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_p50" P50, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_p90" P90, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_p95" P95, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_p99" P99, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_p99_9" P999, $better, $margin, $formula, $doc, $elsewhere),
            statistics!(@ $field "_max" Max, $better, $margin, $formula, $doc, $elsewhere),
        ]),*];
    };
    (@ $field:ident $suffix:literal $statistic:ident, $better:ident, $margin:literal, $formula:literal, $doc:literal, $elsewhere:literal) => {
        Metric {
            name: concat!(stringify!($field), $suffix),
            unit: Unit::Duration,
            better: Better::$better,
            margin: $margin,
            formula: $formula,
            doc: $doc,
            elsewhere: $elsewhere,
            statistic: Some(Statistic::$statistic),
            read: |_, stage| stage.distributions.$field.read(Statistic::$statistic),
        }
    };
}

// distribution, better, margin, formula, meaning, elsewhere
statistics! {
    latency, Lower, 0.05, "l - s0", "scheduled start to last token: what a user waits, stalls and queueing included",
        "wrk2 latency, vegeta latency";
    service_time, Lower, 0.05, "l - t0", "sending to last token: what the target takes once asked",
        "vLLM E2EL, AIPerf request latency, guidellm request_latency";
    ttft, Lower, 0.05, "f - t0", "sending to first token of a stream", "vLLM TTFT, AIPerf TTFT, SGLang TTFT";
    ttft_sched, Lower, 0.05, "f - s0", "scheduled start to first token of a stream", "";
    itl, Lower, 0.05, "gap / k, weighted k", "time between tokens of a stream, chunks shared out over their tokens",
        "SGLang ITL";
    icl, Lower, 0.05, "c[i] - c[i-1]", "time between chunks of a stream, as they arrived", "vLLM ITL, AIPerf inter-chunk latency";
    tpot, Lower, 0.05, "(l - f) / (n - 1), n >= 2", "mean time per output token after the first, one value a stream",
        "vLLM TPOT, AIPerf ITL, guidellm ITL";
    ntpot, Lower, 0.05, "(l - t0) / n", "service time per output token, one value a request", "guidellm TPOT, inference-perf NTPOT";
    stall, Lower, 0.1, "max(c[i] - c[i-1])", "longest gap between chunks within one stream, one value a stream", "";
    ttfb, Lower, 0.05, "b - t0", "sending to response head", "k6 http_req_waiting";
    queue, Lower, 0.1, "wait of the attempt that was answered", "waiting for a connection of the client's pool to become free, where their number has a limit", "k6 http_req_blocked";
    close, Lower, 0.1, "e - l", "last token to the end of the answer: usage, trailers, end mark", "";
    lag, Lower, 0.1, "t0 - s0", "how late the generator itself was", "";
    failed_latency, Neither, 0.1, "e - s0", "scheduled start to the end, of failed requests and wrong answers", "";
}

/// All metrics that are no statistic of a distribution.
macro_rules! scalars {
    ($($name:ident, $unit:ident, $better:ident, $margin:literal, $formula:literal, $doc:literal, $elsewhere:literal, $read:expr;)*) => {
        const SCALARS: &[Metric] = &[$(Metric {
            name: stringify!($name),
            unit: Unit::$unit,
            better: Better::$better,
            margin: $margin,
            formula: $formula,
            doc: $doc,
            elsewhere: $elsewhere,
            statistic: None,
            read: $read,
        }),*];
    };
}

// name, unit, better, margin, formula, meaning, elsewhere, reading
scalars! {
    success_rate, Share, Higher, 0.0, "answered / (offered - cancelled)", "right answers among all requests that were due, never-sent ones included, those that their callers gave up left out",
        "k6 checks rate", |_, stage| share(stage, stage.accounting.answered);
    error_rate, Share, Lower, 0.0, "(wrong + failed + not_sent) / (offered - cancelled)", "everything that was due, awaited and got no right answer",
        "k6 http_req_failed", |_, stage| share(stage, stage.accounting.errors() + stage.accounting.not_sent);
    offered, Count, Neither, 0.05, "count", "requests that were due in the measure phase", "", |_, stage| count(stage.accounting.offered);
    answered, Count, Higher, 0.05, "count", "requests answered in full and in the form that was asked for", "", |_, stage| count(stage.accounting.answered);
    wrong, Count, Lower, 0.0, "count", "requests answered without an error, but not with what was asked for", "", |_, stage| count(stage.accounting.wrong);
    failed, Count, Lower, 0.0, "count", "requests that failed", "", |_, stage| count(stage.accounting.failed);
    cancelled, Count, Neither, 0.0, "count", "requests given up by their callers before the end, as the workload says", "", |_, stage| count(stage.accounting.cancelled);
    abandoned, Count, Neither, 0.0, "count in the target's journal", "attempts that the target saw given up before their end, warm-up and drain included", "",
        |_, stage| Reading::or_not_measured(stage.journal.as_ref().map(|journal| float(journal.abandoned)), "the target keeps no journal");
    left_behind, Count, Lower, 0.0, "count in the target", "requests that the target still worked on a second after the load was over", "",
        |_, stage| Reading::or_not_measured(stage.journal.as_ref().map(|journal| float(journal.left_behind)), "the target keeps no journal");
    not_sent, Count, Lower, 0.0, "count", "requests that were due and never sent", "k6 dropped_iterations", |_, stage| count(stage.accounting.not_sent);
    rps_offered, PerSecond, Neither, 0.05, "scheduled in window / window", "the load that was asked for", "",
        |_, stage| stage.per_second(stage.accounting.offered);
    rps_sent, PerSecond, Neither, 0.05, "sent in window / window", "the load that was sent", "", |_, stage| stage.per_second(stage.throughput.sent);
    rps_ok, PerSecond, Higher, 0.05, "answered in window / window", "right answers per second; drain is not in it",
        "vLLM request throughput", |_, stage| stage.per_second(stage.throughput.answered);
    output_tokens_per_second, PerSecond, Higher, 0.05, "sum of n of answers in window / window", "output tokens of right answers per second",
        "vLLM output token throughput", |_, stage| match stage.throughput.output_tokens {
            0 => Reading::NotMeasured("no output tokens were counted"),
            tokens => stage.per_second(tokens),
        };
    output_tokens_per_answer, Ratio, Higher, 0.01, "sum of n of answers in window / answered in window", "how much an answer holds: fewer tokens are less work, not more speed", "",
        |_, stage| match stage.throughput.output_tokens {
            0 => Reading::NotMeasured("no output tokens were counted"),
            tokens => Reading::or_not_measured(units::ratio(tokens, stage.throughput.answered), "no request was answered"),
        };
    attempts_per_request, Ratio, Lower, 0.02, "attempts / requests sent", "1 when nothing was retried or failed over; less when answers came from the response cache", "",
        |_, stage| Reading::or_not_measured(units::ratio(stage.attempts.attempts, stage.attempts.requests), "no request was sent");
    retried, Count, Lower, 0.0, "count", "requests that took more than one attempt, second ones beside a slow one left out", "", |_, stage| count(stage.attempts.retried);
    retry_rate, Share, Lower, 0.0, "retried / requests sent", "share of requests that were retried", "",
        |_, stage| Reading::or_not_measured(units::ratio(stage.attempts.retried, stage.attempts.requests), "no request was sent");
    hedged, Count, Neither, 0.0, "count", "requests with a second attempt beside one that was slow", "", |_, stage| count(stage.attempts.hedged);
    hedge_won, Count, Neither, 0.0, "count", "right answers that such a second attempt brought", "", |_, stage| count(stage.attempts.hedge_won);
    detect, Duration, Lower, 0.1, "first failed attempt - begin of the fault, longest", "how soon the client sees a fault: by the first attempt that failed at an endpoint that it strikes", "",
        |_, stage| stage.detect();
    switch, Duration, Lower, 0.1, "first attempt at a fallback - begin of the fault, longest", "how soon the client goes to an endpoint that comes after those that a fault strikes", "",
        |_, stage| stage.switch();
    recover, Duration, Lower, 0.1, "objective met again - begin of the fault, longest", "how long a fault keeps the objective from being met; not measured where it was not met again", "",
        |_, stage| stage.recover();
    lost, Count, Lower, 0.0, "count", "requests that ended without a right answer once the first fault had begun, never-sent ones included", "", |_, stage| stage.lost();
    duplicated, Count, Lower, 0.0, "executions - requests executed", "executions of requests whose execution had begun before, by the target's journal of the whole stage", "",
        |_, stage| stage.duplicated();
    connection_reuse, Share, Higher, 0.0, "reused / answers whose connection is known", "share of right answers that came over a connection that was there already", "",
        |_, stage| connection_reuse(stage);
    connections_created, Count, Lower, 0.05, "count", "connections that the client made in the measure phase", "",
        |_, stage| connections_created(stage);
    model_hit_rate, Share, Higher, 0.0, "loaded when asked for / asked for", "how often a model was known to be loaded when a load, or inference on demand, asked for it", "",
        |_, stage| loading(stage, |loading| units::ratio(loading.hits, loading.asked), "no model was asked for");
    preload_hit_rate, Share, Higher, 0.0, "asked for / loaded ahead", "share of the loads ahead whose model was asked for", "",
        |_, stage| loading(stage, |loading| units::ratio(loading.preload_hits, loading.preloads), "no model was loaded ahead");
    batch_size_mean, Ratio, Neither, 0.05, "(answered - from the cache - shared) / answers over the wire", "right answers for each answer over the wire: 1 without request batching", "",
        |_, stage| batch_size(stage);
    cache_hit_rate, Share, Higher, 0.0, "(from the cache + shared) / answers whose source is known", "share of right answers for which the client did not have to ask", "",
        |_, stage| cache_hit_rate(stage);
    tpot_na, Count, Neither, 0.0, "count", "streamed answers of fewer than two known tokens, which have no tpot", "", |_, stage| count(stage.tokens.tpot_na);
    cpu_per_request, Duration, Lower, 0.03, "CPU time of the client's threads / requests ended in window", "what the client costs", "",
        |_, stage| stage.per_request(units::nanos(stage.resources.cpu));
    server_cpu_per_request, Duration, Lower, 0.03, "CPU time of the target's processes / requests ended in window", "what a request costs the target, where the run started it as processes of their own", "",
        |_, stage| stage.server_cpu_per_request();
    server_rss, Bytes, Lower, 0.05, "largest resident memory of the target's processes in the window, looked at each second", "what memory the target takes, where the run started it as processes of their own", "",
        |_, stage| stage.server_rss();
    generator_cpu_share, Share, Lower, 0.05, "CPU time of the client's threads / (lanes * window)", "1 means that the generator could do no more", "",
        |_, stage| stage.generator_cpu_share();
    allocations_per_request, Count, Lower, 0.01, "allocations on the client's threads / requests ended in window", "memory traffic of the client", "",
        |_, stage| counted(stage, stage.resources.allocations);
    allocated_bytes_per_request, Bytes, Lower, 0.01, "bytes allocated on the client's threads / requests ended in window", "memory traffic of the client", "",
        |_, stage| counted(stage, stage.resources.allocated_bytes);
    peak_live_bytes, Bytes, Lower, 0.05, "highest live bytes above the start of the window", "memory that the load takes in the client", "",
        |_, stage| Reading::or_not_measured(stage.resources.peak_live_bytes.map(float), UNCOUNTED);
    memory_per_stream, Bytes, Lower, 0.05, "slope of peak_live_bytes on N (Theil, Sen)", "what one more request in flight takes of the client's memory; needs a sweep of load.closed.in_flight over four levels", "",
        |run, stage| memory_per_stream(run, stage);
    speed_up, Ratio, Higher, 0.05, "X(N) / X(N0)", "throughput against that of the lowest concurrency", "",
        |run, stage| scaling(run, |row| row.speed_up, stage);
    efficiency, Share, Higher, 0.05, "X(N) / (N * X(N0) / N0)", "throughput per unit of concurrency against that of the lowest", "",
        |run, stage| scaling(run, |row| row.efficiency, stage);
}

/// Every metric, in the order of the reference.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where an index out of bounds does not compile"
)]
pub const METRICS: &[Metric] = &{
    let mut all = [SCALARS[0]; SCALARS.len() + DISTRIBUTIONS.len() * 8];
    let mut at = 0;
    while at < SCALARS.len() {
        all[at] = SCALARS[at];
        at += 1;
    }
    while at < all.len() {
        let from = at - SCALARS.len();
        all[at] = DISTRIBUTIONS[from / 8][from % 8];
        at += 1;
    }
    all
};

const UNCOUNTED: &str = "the counting allocator is not installed in this process";

fn count(number: u64) -> Reading {
    Reading::Value(float(number))
}

fn share(stage: &StageSummary, part: u64) -> Reading {
    Reading::or_not_measured(
        units::ratio(part, stage.accounting.awaited()),
        "no request was due and awaited in the measure phase",
    )
}

fn connection_reuse(stage: &StageSummary) -> Reading {
    let (fresh, reused) = (
        stage.attempts.fresh_connections,
        stage.attempts.reused_connections,
    );
    Reading::or_not_measured(
        units::ratio(reused, fresh + reused),
        "no answer is known to have come over a connection",
    )
}

fn connections_created(stage: &StageSummary) -> Reading {
    let connections = stage.client.connections;
    Reading::or_not_measured(
        connections.map(|connections| float(connections.created)),
        "the client does not tell of its connections",
    )
}

fn loading(
    stage: &StageSummary,
    read: fn(&LoadingCounts) -> Option<f64>,
    without: &'static str,
) -> Reading {
    let Some(loading) = stage.client.loading else {
        return Reading::NotMeasured("`client.loading` is not set");
    };
    Reading::or_not_measured(read(&loading), without)
}

fn batch_size(stage: &StageSummary) -> Reading {
    let asked = &stage.attempts;
    let answered = stage.accounting.answered.saturating_sub(unasked(asked));
    Reading::or_not_measured(
        units::ratio(answered, asked.answers_received),
        "no answer was counted as it came over the wire",
    )
}

fn cache_hit_rate(stage: &StageSummary) -> Reading {
    let asked = &stage.attempts;
    let unasked = unasked(asked);
    Reading::or_not_measured(
        units::ratio(unasked, asked.from_target + unasked),
        "no answer is known to have come from the target or the response cache",
    )
}

/// Right answers for which the client did not have to ask.
fn unasked(asked: &Attempts) -> u64 {
    asked.from_cache + asked.shared
}

fn counted(stage: &StageSummary, total: Option<u64>) -> Reading {
    total.map_or(Reading::NotMeasured(UNCOUNTED), |total| {
        stage.per_request(total)
    })
}

fn memory_per_stream(run: &RunSummary, stage: &StageSummary) -> Reading {
    Reading::or_not_measured(
        run.memory_of(stage).map(|memory| memory.bytes),
        "the stage belongs to no sweep of load.closed.in_flight over four levels with counted allocations",
    )
}

fn scaling(
    run: &RunSummary,
    read: fn(&crate::summary::ScalingRow) -> Option<f64>,
    stage: &StageSummary,
) -> Reading {
    Reading::or_not_measured(
        run.scaling_of(stage).and_then(read),
        "the stage belongs to no sweep of load.closed.in_flight with answers at its lowest level",
    )
}
