use super::feed::{BATCHES, ROWS};
use super::fixture::{NOT_SENT, SENT, stage};
use super::writer::Message;
use super::*;
use crate::sample::{Batch, Connection, Failure, Outcome, Sink, Source, Tokens, Wrong};
use crate::units::wide;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};
use std::fs::{self, File};

fn formats() -> Vec<&'static Format> {
    FORMATS.iter().collect()
}

/// Keeps these samples as lane 2 takes them, with a measure phase from 1,000 ns up to 5,000 ns.
fn keep(samples: &[Sample<'_>]) -> (tempfile::TempDir, Result<u64, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), &formats()).unwrap();
    let (start, end) = (Offset::from_nanos(1_000), Offset::from_nanos(5_000));
    let mut feed = archive.intake().stage(stage(), start, end).feed(2);
    for sample in samples {
        feed.take(sample);
    }
    drop(feed);
    (folder, archive.close())
}

fn lines(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("samples.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn rows(folder: &Path) -> Vec<Value> {
    let file = File::open(folder.join("samples.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let columns = row.get_column_iter();
        columns
            .map(|(name, field)| (name.clone(), value(field)))
            .collect()
    })
    .collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of Parquet's many types the columns have four"
)]
fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => json!(flag),
        Field::Long(number) => json!(number),
        Field::Str(text) => json!(text),
        other => panic!("no column of ours has {other}"),
    }
}

#[test]
fn a_stream_is_kept_with_all_that_is_known_of_it() {
    let (folder, written) = keep(&[SENT]);

    let expected = json!({
        "number": 7, "stage": 3, "stage_name": "rate=\"5/s\"", "stream": "chats", "lane": 2, "operation": "chat", "part": "short", "turn": 2, "measured": true,
        "scheduled": 1000, "sent": 1050, "answered_attempt": 1700, "first_byte": 2000, "first_token": 2100,
        "last_token": 2800, "finished": 2900, "chunks": 3, "longest_gap": 400, "streamed": true, "attempts": 2,
        "endpoint": "b (oip_grpc)", "protocol": "oip_grpc", "source": "target", "connection": "reused",
        "queued": 40, "hedges": 1, "hedge_won": true,
        "prompt_tokens": 64, "output_tokens": 4, "token_source": "usage", "batch": null, "outcome": "answered",
        "error": null,
    });
    assert_eq!(written.unwrap(), 1);
    assert_eq!(lines(folder.path()), std::slice::from_ref(&expected));
    assert_eq!(rows(folder.path()), [expected]);
}

#[test]
fn what_was_never_sent_is_kept_with_nothing_in_what_is_not_known() {
    let (folder, _) = keep(&[NOT_SENT]);

    let expected = json!({
        "number": 8, "stage": 3, "stage_name": "rate=\"5/s\"", "stream": "tensors", "lane": 2, "operation": "tensor", "part": null, "turn": null, "measured": false,
        "scheduled": 5000, "sent": null, "answered_attempt": null, "first_byte": null, "first_token": null,
        "last_token": null, "finished": 5000, "chunks": 0, "longest_gap": null, "streamed": false, "attempts": 0,
        "endpoint": null, "protocol": null, "source": null, "connection": null,
        "queued": null, "hedges": 0, "hedge_won": false,
        "prompt_tokens": null, "output_tokens": null, "token_source": null, "batch": null, "outcome": "not_sent",
        "error": null,
    });
    assert_eq!(lines(folder.path()), std::slice::from_ref(&expected));
    assert_eq!(rows(folder.path()), [expected]);
}

#[test]
fn every_way_to_end_has_its_outcome_and_its_error() {
    let ends = [
        (Outcome::Answered, "answered", Value::Null),
        (
            Outcome::WrongAnswer(Wrong::Empty),
            "wrong_answer",
            json!("empty_answer"),
        ),
        (
            Outcome::Failed(Failure::Http(503)),
            "failed",
            json!("http_503"),
        ),
        (
            Outcome::Failed(Failure::Grpc(14)),
            "failed",
            json!("grpc_14"),
        ),
        (Outcome::Cancelled, "cancelled", Value::Null),
        (Outcome::NotSent, "not_sent", Value::Null),
    ];
    let samples = ends.clone().map(|(outcome, ..)| Sample { outcome, ..SENT });

    let (folder, _) = keep(&samples);

    let expected: Vec<_> = ends
        .map(|(_, outcome, error)| (json!(outcome), error))
        .into();
    for kept in [lines(folder.path()), rows(folder.path())] {
        let told: Vec<_> = kept
            .iter()
            .map(|row| (row["outcome"].clone(), row["error"].clone()))
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn sources_connections_and_batches_have_their_names() {
    let of = |source, connection, is_counted| Sample {
        source: Some(source),
        connection: Some(connection),
        batch: Some(Batch {
            is_counted,
            output_tokens: None,
        }),
        output_tokens: Tokens::of_chunks(SENT.chunks),
        ..SENT
    };

    let (folder, _) = keep(&[
        of(Source::Cache, Connection::Fresh, true),
        of(Source::Shared, Connection::Reused, false),
    ]);

    let told: Vec<_> = rows(folder.path())
        .iter()
        .map(|row| {
            ["source", "connection", "batch", "token_source"].map(|column| row[column].clone())
        })
        .collect();
    assert_eq!(
        told,
        [
            ["cache", "fresh", "first", "chunks"].map(Value::from),
            ["shared", "reused", "rest", "chunks"].map(Value::from)
        ]
    );
}

#[test]
fn many_samples_of_several_lanes_and_stages_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), &formats()).unwrap();
    let each = ROWS + 1;
    for index in 0..2 {
        let stage = Stage { index, ..stage() };
        let stage = archive
            .intake()
            .stage(stage, Offset::ZERO, Offset::from_millis(1));
        let mut feeds = [stage.feed(0), stage.feed(1)];
        for seq in 0..each {
            for feed in &mut feeds {
                feed.take(&Sample {
                    seq: wide(seq),
                    ..SENT
                });
            }
        }
    }

    let written = archive.close().unwrap();

    assert_eq!(written, wide(4 * each));
    for kept in [lines(folder.path()), rows(folder.path())] {
        let mut keys: Vec<_> = kept
            .iter()
            .map(|row| ["stage", "lane", "number"].map(|column| row[column].as_u64().unwrap()))
            .collect();
        keys.sort_unstable();
        let expected: Vec<_> = (0..2)
            .flat_map(|stage| (0..2).map(move |lane| (stage, lane)))
            .flat_map(|(stage, lane)| (0..each).map(move |seq| [stage, lane, wide(seq)]))
            .collect();
        assert!(keys == expected);
    }
}

#[test]
fn samples_after_a_stop_are_outside_the_measure_phase() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::create(folder.path(), &formats()).unwrap();
    let stage = archive
        .intake()
        .stage(stage(), Offset::ZERO, Offset::from_millis(1));
    let mut feed = stage.feed(0);

    feed.take(&SENT);
    feed.measure_ended(Offset::from_nanos(900));
    feed.take(&SENT);
    drop(feed);
    archive.close().unwrap();

    let measured: Vec<_> = rows(folder.path())
        .iter()
        .map(|row| row["measured"].clone())
        .collect();
    assert_eq!(measured, [true, false]);
}

#[test]
fn samples_for_which_there_is_no_room_are_counted_and_told() {
    let (messages, received) = mpsc::channel();
    let intake = Intake { messages };
    let mut feed = intake
        .stage(stage(), Offset::ZERO, Offset::from_millis(1))
        .feed(0);

    for _ in 0..BATCHES * ROWS + 3 {
        feed.take(&SENT);
    }
    drop(feed);

    let folder = tempfile::tempdir().unwrap();
    let writer = Writer::create(folder.path(), &formats()).unwrap();
    let (answer, told) = tokio::sync::oneshot::channel();
    intake.messages.send(Message::StageEnded(answer)).unwrap();
    intake.messages.send(Message::Close).unwrap();
    let closed = writer.run(&received);
    let kept = wide(BATCHES * ROWS);
    assert_eq!(
        told.blocking_recv().unwrap(),
        Some(format!(
            "3 of {} samples are not in the samples' files: they came faster than they could be written",
            kept + 3
        ))
    );
    assert!(matches!(closed, Err(Error::TooSlow { lost: 3, offered, .. }) if offered == kept + 3));
    let file = File::open(folder.path().join("samples.parquet")).unwrap();
    let whole = SerializedFileReader::new(file).unwrap();
    assert_eq!(
        whole.metadata().file_metadata().num_rows(),
        i64::try_from(kept).unwrap()
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_when_the_stage_and_when_the_archive_ends() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("samples.jsonl")).unwrap();
    let archive = Archive::create(folder.path(), &formats()).unwrap();
    let stage = archive
        .intake()
        .stage(stage(), Offset::ZERO, Offset::from_millis(1));

    stage.feed(0).take(&SENT);

    assert_eq!(
        stage.ended().await.unwrap(),
        "could not write every sample to samples.jsonl: No space left on device (os error 28)"
    );
    let error = archive.close().unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "could not write every sample to {}: No space left on device (os error 28)",
            folder.path().join("samples.jsonl").display()
        )
    );
    assert_eq!(rows(folder.path()).len(), 1, "the other file is whole");
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap().path().join("gone");

    let error = Archive::create(&folder, &formats())
        .unwrap_err()
        .to_string();

    assert_eq!(
        error,
        format!(
            "could not write every sample to {}: No such file or directory (os error 2)",
            folder.join("samples.parquet").display()
        )
    );
}

/// Set `BLESS=1` to write the table anew.
#[test]
fn the_committed_table_of_columns_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples.md");
    let page = fs::read_to_string(&path).unwrap();
    let (prose, _) = page.split_once("\n## Columns\n").unwrap();
    let current = format!("{prose}\n## Columns\n\n{}", reference());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &current).unwrap();
    }

    assert!(
        fs::read_to_string(&path).unwrap() == current,
        "docs/samples.md is not current"
    );
}
