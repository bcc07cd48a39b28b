//! The reference of all metrics as Markdown, made from the table itself so that it cannot fall behind.

use super::{METRICS, Metric, Statistic};
use std::fmt::Write;

const PREFACE: &str = "\
# Metrics

Made from the table in `src/metric/table.rs`; a test keeps it current.

One monotonic clock. For each request: `s0` scheduled start, `t0` handed to the client, `b` response head, `f` first
chunk with a generated token, `l` last such chunk (the end, if there is none), `e` answer complete, `n` output tokens,
`c[i]` arrival of chunk i, `k` tokens in it.

`n` is the server's own figure; without one, what the scenario's `tokenizer` finds in the answer; without that, its chunks,
which is too few where several tokens come together. `token_source` says which it was. No protocol says `k` of a stream: it is 1
unless a tokenizer counted.

Two populations. *Requests*: those scheduled inside the measure phase (the window), whenever they end; latencies and
counts are about these. *Events*: what happened inside the window by its own time; rates are about these, so answers that
come during drain are in no rate. Latencies are of right answers only; `failed_latency` holds all others that were sent.

Durations go into HDR histograms of nanoseconds up to one hour, with an error below 0.1 %; mean, minimum and maximum are
exact. Merging shards adds counts, so percentiles of the whole are exact too.

## Faults of limited time

`detect`, `switch`, `recover` and `lost` are about faults of embedded mocks that have a `from` or an `until`, and about mocks
that die by `dies_after`. Where there are several, they tell of the worst; reports have a line for each. A fault begins by the
clock of its mock, counted from when the mock began anew for the stage, and is told on the clock of the requests: both
processes read the machine's monotonic clock. Faults that strike by share or number alone are no events, and count nowhere.

- `detect`: to the end of the first failed attempt at a struck endpoint that ended after the begin of the fault and began
  before its end.
- `switch`: to the begin of the first attempt at an endpoint that comes after the struck ones in the client's order, if that
  was before the next fault began.
- `recover`: the scenario's `objective` is met in a stretch of time, `held_for` long, if of the requests that were due in it,
  at least 10, a share of `success_rate` was answered right with a latency of at most `latency`. From the begin of the fault on,
  and before the next one begins, the first stretch is sought in which it was not met; then, from there on, the first in which
  it was. Where that begins, the target has recovered: 0 if the objective was never broken. Stretches begin every 10 ms, or
  every 6,000th of a long stage. If there is none before sending ends, `recover` is not measured, and no limit on it holds;
  with fewer than 10 requests it is insufficient.
- `lost`: by the end of the request. What ended during warm-up or drain counts too.
- `duplicated`: an execution begins when a mock admits a request to be worked on; what it refuses before that, by a fault or
  because it is full, is none. Not measured unless all mocks told their whole journals.

In a closed loop whoever waits sends nothing, so that few requests meet an outage: use an open one.
";

/// The reference as Markdown.
pub fn reference() -> String {
    let mut page = PREFACE.to_owned();
    statistics(&mut page);
    distributions(&mut page);
    single_figures(&mut page);
    page
}

fn statistics(page: &mut String) {
    page.push_str("\n## Statistics of a distribution\n\n| suffix | samples needed |\n|---|---:|\n");
    for statistic in Statistic::ALL {
        let (name, floor) = (statistic.name(), statistic.floor());
        line(page, format_args!("| `_{name}` | {floor} |"));
    }
    page.push_str(
        "\nA percentile q needs the smallest n with `1 - q^n - n (1 - q) q^(n-1) >= 0.99` (Wilks, second order): with 99 %\n\
         confidence at least two samples lie beyond it. With fewer it prints \"insufficient\", and a limit on it is\n\
         inconclusive.\n",
    );
}

fn distributions(page: &mut String) {
    page.push_str(
        "\n## Distributions\n\nDurations, each with every suffix above: `latency_mean`, `latency_p99_9`.\n\n\
         | name | formula | better | margin | meaning | elsewhere |\n|---|---|---|---:|---|---|\n",
    );
    for metric in METRICS
        .iter()
        .filter(|metric| metric.statistic == Some(Statistic::Mean))
    {
        let family = metric.name.trim_end_matches("_mean");
        line(
            page,
            format_args!(
                "| `{family}` | `{}` | {} | {} | {} | {} |",
                metric.formula,
                better(metric),
                margin(metric),
                metric.doc,
                metric.elsewhere
            ),
        );
    }
    page.push_str(
        "\n`tpot`, `itl`, `icl` and `ntpot` go by each other's names elsewhere; mixing them up is a silent factor of two.\n",
    );
}

fn single_figures(page: &mut String) {
    page.push_str(
        "\n## Single figures\n\n\
         | name | limits are written as | formula | better | margin | meaning | elsewhere |\n\
         |---|---|---|---|---:|---|---|\n",
    );
    for metric in METRICS.iter().filter(|metric| metric.statistic.is_none()) {
        line(
            page,
            format_args!(
                "| `{}` | {} | `{}` | {} | {} | {} | {} |",
                metric.name,
                metric.unit.expected(),
                metric.formula,
                better(metric),
                margin(metric),
                metric.doc,
                metric.elsewhere
            ),
        );
    }
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    if writeln!(page, "{text}").is_err() {
        unreachable!("a String takes every write");
    }
}

const fn better(metric: &Metric) -> &'static str {
    match metric.better {
        super::Better::Lower => "lower",
        super::Better::Higher => "higher",
        super::Better::Neither => "",
    }
}

fn margin(metric: &Metric) -> String {
    format!("{:.0} %", metric.margin * 100.0)
}
