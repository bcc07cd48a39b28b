use super::super::{Error, Plan, from_files};
use crate::scenario::Overrides;
use crate::workload::{Call, Content, Prompt};
use std::cell::Cell;
use std::path::Path;

const TRACE: &str = "TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00,3,9
2024-05-10 00:00:02,5,7
";

const SAMPLES: &str = "{\"scheduled\":0,\"prompt_tokens\":4,\"output_tokens\":2}
{\"scheduled\":1,\"prompt_tokens\":4,\"output_tokens\":null}
";

fn scenario(load: &str, rest: &str) -> String {
    format!(
        "name: x
workload: {{ chat: {{ model: tiny, prompt: {{ tokens: from_trace }}, output: {{ tokens: from_trace }} }} }}
load: {load}
phases: {{ measure: 10s }}
{rest}"
    )
}

const REPLAY: &str = "{ open: { replay: { file: t.csv, format: azure } } }";

/// Plans the scenario, which stands in `folder/x.yaml`, with the files beside it. Counts how often one is read.
fn planned(text: &str, overrides: &Overrides, read: &Cell<usize>) -> Result<Plan, Error> {
    let path = Path::new("folder/x.yaml");
    from_files(path, text, overrides, &|file| {
        read.set(read.get() + 1);
        match file.to_str() {
            Some("folder/t.csv" | "folder/moved/t.csv") => Ok(TRACE.to_owned()),
            Some("here.csv") => Ok(TRACE.replace(":02", ":04")),
            Some("folder/s.jsonl") => Ok(SAMPLES.to_owned()),
            Some("folder/bad.csv") => Ok(TRACE.replace("5,7", "5,x")),
            _ => Err(Error::of_file("it", "could not be read: not there")),
        }
    })
}

fn plan(text: &str) -> Plan {
    planned(text, &Overrides::default(), &Cell::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn told(text: &str) -> String {
    let planned = planned(text, &Overrides::default(), &Cell::default());
    planned.unwrap_err().to_string()
}

/// The words of the prompt, and the tokens asked for, of request `seq` of the first stage.
fn lengths(plan: &Plan, seq: u64) -> (usize, u32) {
    let stage = &plan.stages[0];
    let Call::Infer(Content::Generate(content)) =
        stage.streams.only().workload.asked(stage.seed, seq).call
    else {
        panic!("no text is asked for")
    };
    let Prompt::Chat(turns) = content.prompt else {
        panic!("no chat")
    };
    let words = turns[0].text.split(' ').count();
    (words, content.output_tokens)
}

#[test]
fn a_trace_beside_the_scenario_says_the_times_and_the_lengths() {
    let plan = plan(&scenario(REPLAY, ""));

    let trace = plan.stages[0].streams.only().load.trace().unwrap();
    assert_eq!(trace.requests(), 2);
    assert_eq!(trace.last().duration().as_secs(), 2);
    assert_eq!(lengths(&plan, 0), (3, 9));
    assert_eq!(lengths(&plan, 1), (5, 7));
}

#[test]
fn a_trace_is_read_once_for_all_stages_that_follow_it() {
    let read = Cell::default();
    let text = scenario(REPLAY, "sweep: { load.open.replay.speed: [1, 2, 4] }\n");

    let plan = planned(&text, &Overrides::default(), &read).unwrap();

    assert_eq!(plan.stages.len(), 3);
    assert_eq!(read.get(), 1);
}

#[test]
fn a_file_that_is_typed_stands_where_it_is_typed() {
    let overrides = Overrides {
        set: vec!["load.open.replay.file=here.csv".to_owned()],
        ..Overrides::default()
    };

    let plan = planned(&scenario(REPLAY, ""), &overrides, &Cell::default()).unwrap();

    let trace = plan.stages[0].streams.only().load.trace().unwrap();
    assert_eq!(trace.last().duration().as_secs(), 4);
}

#[test]
fn the_fingerprint_is_of_what_the_trace_says_and_not_of_where_it_stands() {
    let replay = |settings: &str| {
        let load = format!("{{ open: {{ replay: {{ {settings} }} }} }}");
        plan(&scenario(&load, "")).fingerprint
    };
    let here = replay("file: t.csv, format: azure");

    assert_eq!(replay("file: moved/t.csv, format: azure, speed: 1"), here);
    assert_eq!(replay("file: t.csv, format: azure, limit: 2"), here);
    assert_ne!(replay("file: t.csv, format: azure, limit: 1"), here);
    assert_ne!(replay("file: t.csv, format: azure, speed: 2"), here);
    assert_ne!(replay("file: t.csv, format: azure, loop: true"), here);
}

#[test]
fn the_explanation_names_the_file_and_says_what_stands_in_it() {
    let explained = plan(&scenario(REPLAY, "")).explain().to_string();

    assert!(
        explained.contains(
            "open: { replay: { requests: 2, lasts: 2s, file: t.csv }, max_in_flight: 10000 }"
        ),
        "{explained}"
    );
    assert!(explained.contains("at most 11s in 1 stage"), "{explained}");
}

#[test]
fn a_mistake_in_a_trace_is_shown_in_it() {
    let load = "{ open: { replay: { file: bad.csv, format: azure } } }";

    assert_eq!(
        told(&scenario(load, "")),
        "error: expected a number of tokens, found `x`
 --> folder/bad.csv:3:1
  |
3 | 2024-05-10 00:00:02,5,x
  | ^^^^^^^^^^^^^^^^^^^^^^^"
    );
}

#[test]
fn a_length_that_a_trace_lacks_is_shown_where_it_is_missing() {
    let load = "{ open: { replay: { file: s.jsonl, format: samples } } }";

    assert_eq!(
        told(&scenario(load, "")),
        "error: expected a number of `output_tokens`, as the scenario takes it from here
 --> folder/s.jsonl:2:1
  |
2 | {\"scheduled\":1,\"prompt_tokens\":4,\"output_tokens\":null}
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    );
}

#[test]
fn a_trace_that_cannot_be_read_is_told_where_it_is_named() {
    let load = "{ open: { replay: { file: gone.csv, format: azure } } }";

    assert_eq!(
        told(&scenario(load, "")).lines().next(),
        Some("error: load.open.replay.file: `folder/gone.csv`: could not be read: not there")
    );
}

#[test]
fn lengths_of_a_trace_need_one_that_has_them() {
    let journey = scenario(REPLAY, "").replace(
        "workload: { chat: { model: tiny, prompt: { tokens: from_trace }, output: { tokens: from_trace } } }",
        "workload: { journey: [ { chat: { model: tiny, prompt: { tokens: from_trace }, output: { tokens: 1 } }, times: 2 } ] }",
    );
    let first = |told: String| told.lines().next().map(str::to_owned).unwrap();

    assert_eq!(
        first(told(&scenario("{ closed: { in_flight: 1 } }", ""))),
        "error: workload.chat.prompt.tokens: expected a number or a distribution, as `load` replays no trace"
    );
    assert_eq!(
        first(told(&journey)),
        "error: workload.journey[0].chat.prompt.tokens: expected a number or a distribution: a trace says how long the text of \
         one request is"
    );
}

#[test]
fn a_trace_that_takes_no_time_cannot_be_repeated() {
    let load = "{ open: { replay: { file: t.csv, format: azure, limit: 1, loop: true } } }";

    assert_eq!(
        told(&scenario(load, "")).lines().next(),
        Some(
            "error: load.open.replay.loop: expected a trace that lasts a while, found one whose requests all come at once"
        )
    );
}
