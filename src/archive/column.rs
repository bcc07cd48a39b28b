//! Every column, once: its name, what it means, and how it is read from a row. All kinds of files and the reference
//! iterate [`COLUMNS`]; none of them knows a column by itself.

use super::Stage;
use super::row::Row;
use crate::sample::{Connection, Outcome, Source, TokenSource};
use crate::units::{Offset, nanos, wide};
use std::borrow::Cow;
use std::fmt::Write;

/// One column.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) value: Value,
    meaning: &'static str,
}

/// What stands in a column, and how to read it. `None` is null.
pub(super) enum Value {
    /// A whole number.
    Count(fn(&Row, &Stage) -> Option<u64>),
    /// A moment, as nanoseconds since the start of the stage.
    Moment(fn(&Row) -> Option<Offset>),
    /// A length of time in nanoseconds.
    Nanos(fn(&Row) -> Option<u64>),
    /// Yes or no.
    Flag(fn(&Row) -> bool),
    /// One of a few texts.
    Text(for<'a> fn(&'a Row, &'a Stage) -> Option<Cow<'a, str>>),
}

impl Value {
    /// What it is, in the words of the reference.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Count(_) => "number",
            Self::Moment(_) => "ns since the start of the stage",
            Self::Nanos(_) => "ns",
            Self::Flag(_) => "true or false",
            Self::Text(_) => "text",
        }
    }
}

/// The columns, in the order of the files.
pub(super) const COLUMNS: &[Column] = &[
    Column {
        name: "number",
        value: Value::Count(|row, _| Some(row.seq)),
        meaning: "the request's number in its stage, of several load streams in its own, from 0; also decides its content",
    },
    Column {
        name: "stage",
        value: Value::Count(|_, stage| Some(wide(stage.index))),
        meaning: "the stage's number in the run, from 0: `index` in `report.json`",
    },
    Column {
        name: "stage_name",
        value: Value::Text(|_, stage| Some(stage.name.as_str().into())),
        meaning: "the swept settings with their values, `all` where nothing is swept",
    },
    Column {
        name: "stream",
        value: Value::Text(|row, stage| stage.kind(row)?.stream.as_deref().map(Cow::from)),
        meaning: "the load stream that it belongs to, by its name; null where the scenario has no `streams`",
    },
    Column {
        name: "lane",
        value: Value::Count(|row, _| Some(wide(row.lane))),
        meaning: "which of the generator's threads sent it, from 0",
    },
    Column {
        name: "operation",
        value: Value::Text(|row, _| Some(row.operation.name().into())),
        meaning: "what was asked: `chat`, `completion`, `embedding`, `tensor`, `load`, `unload`, `list_models`, `refresh_models`",
    },
    Column {
        name: "part",
        value: Value::Text(|row, stage| stage.kind(row)?.part.as_deref().map(Cow::from)),
        meaning: "the part of the mix that it belongs to, by its name; null without a mix",
    },
    Column {
        name: "turn",
        value: Value::Count(|row, stage| stage.kind(row)?.turn.map(u64::from)),
        meaning: "which turn of its conversation it is, from 1; null where turns are not told apart",
    },
    Column {
        name: "measured",
        value: Value::Flag(|row| row.measured),
        meaning: "was it scheduled inside the measure phase? Latencies and counts of reports are of these",
    },
    Column {
        name: "scheduled",
        value: Value::Moment(|row| Some(row.scheduled)),
        meaning: "`s0`: when it should have started",
    },
    Column {
        name: "sent",
        value: Value::Moment(|row| row.sent),
        meaning: "`t0`: when it was handed to the client; null if it never was",
    },
    Column {
        name: "answered_attempt",
        value: Value::Moment(|row| row.answered_attempt),
        meaning: "when the attempt began that was answered; later than `sent` after a retry, null where it is not known",
    },
    Column {
        name: "first_byte",
        value: Value::Moment(|row| row.first_byte),
        meaning: "`b`: when the head of the answer arrived",
    },
    Column {
        name: "first_token",
        value: Value::Moment(|row| row.first_token),
        meaning: "`f`: when the first chunk with a generated token arrived; of an answer that is no stream, when it was there; null where nothing was generated",
    },
    Column {
        name: "last_token",
        value: Value::Moment(|row| row.last_token),
        meaning: "`l`: likewise the last chunk",
    },
    Column {
        name: "finished",
        value: Value::Moment(|row| Some(row.finished)),
        meaning: "`e`: when the answer was complete, failed or was given up",
    },
    Column {
        name: "chunks",
        value: Value::Count(|row, _| Some(row.chunks)),
        meaning: "arrivals of generated tokens",
    },
    Column {
        name: "longest_gap",
        value: Value::Nanos(|row| row.longest_gap.map(nanos)),
        meaning: "the longest time between two of them; null with fewer than two",
    },
    Column {
        name: "streamed",
        value: Value::Flag(|row| row.streamed),
        meaning: "was a stream asked for?",
    },
    Column {
        name: "attempts",
        value: Value::Count(|row, _| Some(row.attempts.into())),
        meaning: "attempts made, the last one included; 0 if none had to be made or none was",
    },
    Column {
        name: "endpoint",
        value: Value::Text(|row, stage| {
            let target = stage.endpoints.get(row.endpoint?)?;
            Some(target.name.as_str().into())
        }),
        meaning: "the endpoint that answered, or that failed last, as reports call it; null where it is not known",
    },
    Column {
        name: "protocol",
        value: Value::Text(|row, stage| {
            let target = stage.endpoints.get(row.endpoint?)?;
            Some(target.protocol.as_str().into())
        }),
        meaning: "what that endpoint speaks: `openai`, `oip_rest`, `oip_grpc`",
    },
    Column {
        name: "source",
        value: Value::Text(|row, _| {
            row.source.map(|source| {
                let name = match source {
                    Source::Target => "target",
                    Source::Cache => "cache",
                    Source::Shared => "shared",
                };
                name.into()
            })
        }),
        meaning: "where the answer came from: `target`, the client's `cache`, or `shared` with a request for the same at the same time",
    },
    Column {
        name: "connection",
        value: Value::Text(|row, _| {
            row.connection.map(|connection| {
                let name = match connection {
                    Connection::Fresh => "fresh",
                    Connection::Reused => "reused",
                };
                name.into()
            })
        }),
        meaning: "what it came over: a connection made for it (`fresh`), or one that was there (`reused`); null where it is not known",
    },
    Column {
        name: "queued",
        value: Value::Nanos(|row| row.queued.map(nanos)),
        meaning: "how long the attempt that was answered waited for a connection to become free; null where their number has no limit",
    },
    Column {
        name: "hedges",
        value: Value::Count(|row, _| Some(row.hedges.begun.into())),
        meaning: "second attempts among all, each begun beside one that was slow",
    },
    Column {
        name: "hedge_won",
        value: Value::Flag(|row| row.hedges.won),
        meaning: "was it one of them that brought the answer?",
    },
    Column {
        name: "prompt_tokens",
        value: Value::Count(|row, _| row.prompt_tokens),
        meaning: "tokens of the prompt, as the server counted them",
    },
    Column {
        name: "output_tokens",
        value: Value::Count(|row, _| row.output_tokens.map(|tokens| tokens.count)),
        meaning: "`n`: tokens generated",
    },
    Column {
        name: "token_source",
        value: Value::Text(|row, _| {
            row.output_tokens.map(|tokens| {
                let name = match tokens.source {
                    TokenSource::Usage => "usage",
                    TokenSource::Tokenizer => "tokenizer",
                    TokenSource::Chunks => "chunks",
                };
                name.into()
            })
        }),
        meaning: "who counted those: the server (`usage`), or the `tokenizer` that the scenario names, or `chunks` were counted, which is a lower bound",
    },
    Column {
        name: "batch",
        value: Value::Text(|row, _| {
            row.batch.map(|batch| {
                let name = if batch.is_counted { "first" } else { "rest" };
                name.into()
            })
        }),
        meaning: "of requests that the client sent together as one, `first` for the one that stands for all and `rest` for the others; null if it was sent alone",
    },
    Column {
        name: "outcome",
        value: Value::Text(|row, _| {
            let name = match row.outcome {
                Outcome::Answered => "answered",
                Outcome::WrongAnswer(_) => "wrong_answer",
                Outcome::Failed(_) => "failed",
                Outcome::Cancelled => "cancelled",
                Outcome::NotSent => "not_sent",
            };
            Some(name.into())
        }),
        meaning: "how it ended: `answered`, `wrong_answer`, `failed`, `cancelled` by its caller, `not_sent`",
    },
    Column {
        name: "error",
        value: Value::Text(|row, _| match row.outcome {
            Outcome::WrongAnswer(wrong) => Some(wrong.to_string().into()),
            Outcome::Failed(failure) => Some(failure.to_string().into()),
            Outcome::Answered | Outcome::Cancelled | Outcome::NotSent => None,
        }),
        meaning: "the kind of error, as in reports: `connect`, `deadline`, `http_503`, `grpc_14`, `empty_answer`; null without one",
    },
];

/// The table of columns, as `docs/samples.md` has it.
pub fn reference() -> String {
    let mut table = "| column | is | meaning |\n|---|---|---|\n".to_owned();
    for column in COLUMNS {
        let (name, kind, meaning) = (column.name, column.value.kind(), column.meaning);
        // Writing to a text cannot fail.
        writeln!(table, "| `{name}` | {kind} | {meaning} |").ok();
    }
    table
}
