use super::*;
use crate::journal::{Operation, Write};

fn entry(end: End) -> Entry {
    let write = |at_ns, tokens| Write {
        at_ns,
        late_ns: 0,
        tokens,
    };
    Entry {
        number: 0,
        id: "a".into(),
        attempt: 0,
        protocol: Protocol::Openai,
        operation: Operation::Chat,
        model: "tiny".into(),
        prompt_tokens: 3,
        output_tokens: 3,
        arrived_ns: 1_000_000_000,
        admitted_ns: Some(1_250_000_000),
        fault: None,
        writes: vec![
            write(1_015_000_000, 1),
            write(1_035_000_000, 1),
            write(1_035_000_000, 1),
        ],
        ended_ns: 1_400_000_000,
        end,
    }
}

/// The lines of the page that begin so, without that beginning.
fn told(metrics: &Metrics, beginning: &str) -> Vec<String> {
    let page = metrics.page();
    let told = page.lines().filter_map(|line| line.strip_prefix(beginning));
    told.map(str::to_owned).collect()
}

#[test]
fn a_request_is_seen_to_wait_to_be_worked_on_and_to_end() {
    let metrics = Metrics::new(["tiny"]);
    let gauges = || {
        let gauge = |name: &str| told(&metrics, &format!("vllm:num_requests_{name}{{")).remove(0);
        (gauge("waiting"), gauge("running"))
    };
    let line = |count| format!("engine=\"0\",model_name=\"tiny\"}} {count}");

    let waiting = metrics.wait("tiny");
    assert_eq!(gauges(), (line(1), line(0)));
    let running = metrics.admit(waiting);
    assert_eq!(gauges(), (line(0), line(1)));
    metrics.leave(running, None, Finished::Stop, &entry(End::Answered));
    assert_eq!(gauges(), (line(0), line(0)));
}

#[test]
fn an_answer_in_pieces_feeds_every_histogram_from_its_record() {
    let metrics = Metrics::new(["tiny"]);
    let running = metrics.admit(metrics.wait("tiny"));

    metrics.leave(running, None, Finished::Stop, &entry(End::Answered));

    let tiny = "engine=\"0\",model_name=\"tiny\"";
    for (beginning, expected) in [
        (format!("vllm:prompt_tokens_total{{{tiny}}} "), "3"),
        (format!("vllm:generation_tokens_total{{{tiny}}} "), "3"),
        (
            "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"tiny\"} ".to_owned(),
            "1",
        ),
        (
            format!("vllm:time_to_first_token_seconds_bucket{{{tiny},le=\"0.01\"}} "),
            "0",
        ),
        (
            format!("vllm:time_to_first_token_seconds_bucket{{{tiny},le=\"0.02\"}} "),
            "1",
        ),
        (format!("vllm:time_to_first_token_seconds_sum{{{tiny}}} "), "0.015"),
        (
            format!("vllm:inter_token_latency_seconds_bucket{{{tiny},le=\"0.01\"}} "),
            "1",
        ),
        (format!("vllm:inter_token_latency_seconds_count{{{tiny}}} "), "2"),
        (format!("vllm:e2e_request_latency_seconds_sum{{{tiny}}} "), "0.4"),
        (format!("vllm:request_queue_time_seconds_sum{{{tiny}}} "), "0.25"),
        (
            "inferometer_mock_requests_total{end=\"answered\",protocol=\"openai\"} ".to_owned(),
            "1",
        ),
    ] {
        assert_eq!(told(&metrics, &beginning), [expected], "{beginning}");
    }
}

#[test]
fn faults_and_ends_count_by_their_names() {
    let metrics = Metrics::new(["tiny"]);
    let running = metrics.admit(metrics.wait("tiny"));

    metrics.leave(running, Some("cut"), Finished::Stop, &entry(End::Failed));

    assert_eq!(
        told(&metrics, "inferometer_mock_faults_total{kind=\"cut\"} "),
        ["1"]
    );
    assert_eq!(
        told(
            &metrics,
            "vllm:request_success_total{engine=\"0\",finished_reason=\"error\",model_name=\"tiny\"} "
        ),
        ["1"]
    );
    assert_eq!(
        told(
            &metrics,
            "inferometer_mock_requests_total{end=\"failed\",protocol=\"openai\"} "
        ),
        ["1"]
    );
}

#[test]
fn no_request_can_add_a_label_and_no_model_can_break_a_line() {
    let hostile = "a\"}\n# HELP";
    let metrics = Metrics::new([hostile]);
    let lines = metrics.page().lines().count();

    let nowhere = metrics.wait("another");
    metrics.leave(
        nowhere,
        Some("unheard of"),
        Finished::Stop,
        &entry(End::Refused),
    );

    assert_eq!(nowhere, Gauge::Nowhere);
    assert_eq!(metrics.page().lines().count(), lines);
    assert_eq!(
        told(&metrics, "vllm:num_requests_running{"),
        ["engine=\"0\",model_name=\"a\\\"}\\n# HELP\"} 0"]
    );
}

#[test]
fn answers_are_told_apart_by_why_they_ended() {
    let metrics = Metrics::new(["tiny"]);
    let end = |finished, end| {
        let running = metrics.admit(metrics.wait("tiny"));
        metrics.leave(running, None, finished, &entry(end));
    };

    end(Finished::Length, End::Answered);
    end(Finished::Length, End::Answered);
    end(Finished::Stop, End::Answered);
    // What was broken off did not come to that end.
    end(Finished::Length, End::Abandoned);
    end(Finished::Length, End::Failed);

    let count = |reason| {
        let labels = format!("engine=\"0\",finished_reason=\"{reason}\",model_name=\"tiny\"");
        told(
            &metrics,
            &format!("vllm:request_success_total{{{labels}}} "),
        )
        .remove(0)
    };
    let counts = ["length", "stop", "abort", "error"].map(count);
    assert_eq!(counts, ["2", "1", "1", "1"]);
}
