use super::*;
use proptest::prelude::*;

const AZURE_2023: &str = "TIMESTAMP,ContextTokens,GeneratedTokens\r
2023-11-16 18:17:03.9799600,4808,10\r
2023-11-16 18:17:04.0319569,3180,8\r
\r
2023-11-16 18:17:03.9800600,110,0\r
";

const AZURE_2024: &str = "TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 23:59:59.500000+00:00,10,20
2024-05-11 00:00:01.250000+00:00,30,40
";

const MOONCAKE: &str = r#"{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}
{"timestamp": 30535.5, "input_length": 6472, "output_length": 26}
"#;

const SAMPLES: &str = r#"{"seq":1,"scheduled":1500000000,"prompt_tokens":12,"output_tokens":null,"outcome":"failed"}
{"seq":0,"scheduled":1250000000,"prompt_tokens":8,"output_tokens":4,"outcome":"answered"}
"#;

/// The times in microseconds, the lengths and the lines of a trace.
fn read(format: Format, text: &str) -> Vec<(u64, Option<u32>, Option<u32>, usize)> {
    let trace = format.read(text, None).unwrap();
    let entries = trace.entries().iter();
    let tokens = |tokens: Option<NonZero<u32>>| tokens.map(NonZero::get);
    entries
        .map(|entry| {
            let (prompt, output) = (tokens(entry.prompt_tokens), tokens(entry.output_tokens));
            (entry.at.nanos() / 1000, prompt, output, entry.line)
        })
        .collect()
}

fn told(format: Format, text: &str) -> String {
    match format.read(text, None).unwrap_err() {
        error @ Error::Line { line, .. } => format!("{line}: {error}"),
        error @ (Error::Empty | Error::TooMany) => error.to_string(),
    }
}

#[test]
fn traces_of_azure_are_read_in_order_of_time_from_their_first_request_on() {
    assert_eq!(
        read(Format::Azure, AZURE_2023),
        [
            (0, Some(4808), Some(10), 2),
            (100, Some(110), Some(1), 5),
            (51_996, Some(3180), Some(8), 3),
        ]
    );
    assert_eq!(
        read(Format::Azure, AZURE_2024),
        [
            (0, Some(10), Some(20), 2),
            (1_750_000, Some(30), Some(40), 3)
        ]
    );
}

#[test]
fn columns_of_a_table_are_found_by_their_names() {
    let text = "\u{feff}model,GeneratedTokens,ContextTokens,timestamp\nm,1,2,2024-05-10 00:00:00\n";

    assert_eq!(read(Format::Azure, text), [(0, Some(2), Some(1), 2)]);
}

#[test]
fn traces_of_mooncake_are_read_with_the_blocks_of_their_prompts() {
    let trace = Format::Mooncake.read(MOONCAKE, None).unwrap();

    assert_eq!(
        read(Format::Mooncake, MOONCAKE),
        [
            (0, Some(6955), Some(52), 1),
            (3_053_500, Some(6472), Some(26), 2)
        ]
    );
    assert_eq!(*trace.entry(0).blocks, [46, 47]);
    assert!(trace.entry(3).blocks.is_empty());
}

#[test]
fn samples_are_read_whatever_became_of_them() {
    assert_eq!(
        read(Format::Samples, SAMPLES),
        [(0, Some(8), Some(4), 2), (250_000, Some(12), None, 1)]
    );
}

#[test]
fn a_limit_takes_the_first_requests_of_the_file() {
    let limit = NonZero::new(2);
    let trace = Format::Azure.read(AZURE_2023, limit).unwrap();

    assert_eq!(trace.requests(), 2);
    assert_eq!(trace.last().nanos(), 51_996_900);
}

#[test]
fn a_trace_that_is_followed_by_itself_leaves_one_gap_of_the_mean_length() {
    let trace = Format::Azure.read(AZURE_2023, None).unwrap();
    let alone = Format::Azure.read(AZURE_2023, NonZero::new(1)).unwrap();

    assert_eq!(trace.lap().nanos(), 51_996_900 * 3 / 2);
    assert_eq!(alone.lap().nanos(), 0);
}

#[test]
fn a_line_that_says_no_request_is_named() {
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens";
    for (line, expected) in [
        (
            "yesterday,1,2",
            "expected a time such as 2023-11-16 18:17:03.97, found `yesterday`",
        ),
        (
            "2023-11-16 18:17:03,many,2",
            "expected a number of tokens, found `many`",
        ),
        (
            "2023-11-16 18:17:03,-1,2",
            "expected a number of tokens, found `-1`",
        ),
        (
            "2023-11-16 18:17:03,1",
            "expected as many columns as the header has, found `2023-11-16 18:17:03,1`",
        ),
    ] {
        let text = format!("{header}\n2023-11-16 18:17:03,1,2\n{line}\n");
        assert_eq!(told(Format::Azure, &text), format!("3: {expected}"));
    }
    assert_eq!(
        told(Format::Azure, "a,b\n"),
        "1: expected a header with `TIMESTAMP`, `ContextTokens` and `GeneratedTokens`, found `a,b`"
    );
    assert_eq!(
        told(
            Format::Mooncake,
            "\n{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1}"
        ),
        "2: expected a block with `timestamp` in milliseconds from 0 on, `input_length` and `output_length`, \
         found `{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1}`"
    );
    assert_eq!(
        told(Format::Samples, "{}"),
        "1: expected a sample with `scheduled` in whole nanoseconds, and `prompt_tokens` and `output_tokens` if they are known, \
         found `{}`"
    );
}

#[test]
fn samples_of_two_stages_are_no_trace() {
    let text = "{\"stage\":0,\"scheduled\":1}\n{\"stage\":0,\"scheduled\":2}\n{\"stage\":1,\"scheduled\":1}\n";

    assert_eq!(
        told(Format::Samples, text),
        "3: expected samples of one stage, the same `stage` in every line, found `1`"
    );
}

#[test]
fn a_trace_without_requests_is_none() {
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

    assert_eq!(told(Format::Azure, ""), Error::Empty.to_string());
    assert_eq!(told(Format::Azure, header), Error::Empty.to_string());
    assert_eq!(told(Format::Samples, "\n \n"), Error::Empty.to_string());
}

#[test]
fn a_hostile_trace_is_requests_in_order_or_a_mistake_with_its_line() {
    for (format, honest) in [
        (Format::Azure, AZURE_2023),
        (Format::Azure, AZURE_2024),
        (Format::Mooncake, MOONCAKE),
        (Format::Samples, SAMPLES),
    ] {
        inferometer_fuzz::hold(&[honest.as_bytes()], |bytes| {
            let Ok(text) = str::from_utf8(bytes) else {
                return;
            };
            let lines = text.lines().count();
            match format.read(text, None) {
                Ok(trace) => {
                    let mut times = trace.entries().iter().map(|entry| entry.at);
                    assert_eq!(times.next(), Some(Offset::ZERO));
                    assert!(trace.entries().is_sorted_by_key(|entry| entry.at));
                    assert!(
                        trace
                            .entries()
                            .iter()
                            .all(|entry| (1..=lines).contains(&entry.line))
                    );
                }
                Err(Error::Line { line, found, .. }) => {
                    assert!((1..=lines).contains(&line));
                    assert!(found.chars().count() <= 60);
                }
                Err(Error::Empty) => {}
                Err(Error::TooMany) => unreachable!("the text is short"),
            }
        });
    }
}

proptest! {
    #[test]
    fn times_come_back_as_they_were_written(mut micros in prop::collection::vec(0_u64..1_000_000_000_000, 1..50)) {
        let lines: Vec<String> = micros
            .iter()
            .map(|at| format!("{{\"timestamp\": {}.{:03}, \"input_length\": 1, \"output_length\": 1}}", at / 1000, at % 1000))
            .collect();

        let read: Vec<u64> = read(Format::Mooncake, &lines.join("\n")).iter().map(|(at, ..)| *at).collect();

        micros.sort_unstable();
        let first = micros[0];
        for (read, written) in read.iter().zip(&micros) {
            // Two times, each to the nearest nanosecond.
            prop_assert!(read.abs_diff(written - first) <= 1);
        }
    }
}
