mod disturbance;
mod operations;
mod script;

use super::*;
use crate::gate::judge;
use crate::gate::rule::{Limit, Rule};
use crate::summary::{StageEnd, StageSummary, fixture};
use serde_json::Value;
use std::path::Path;

fn at_most(metric: &str, limit: &str) -> Rule {
    Rule {
        stream: None,
        metric: metric.to_owned(),
        at_most: Some(Limit(limit.into())),
        at_least: None,
        operation: None,
        part: None,
        turn: None,
        only: serde_json::Map::new(),
    }
}

fn at_least(metric: &str, limit: &str) -> Rule {
    Rule {
        at_most: None,
        at_least: Some(Limit(limit.into())),
        ..at_most(metric, limit)
    }
}

/// A report on a sweep, with rules that pass, fail and lack samples.
fn sweep() -> Report {
    let run = fixture::sweep();
    let mut only_four = at_least("rps_ok", "40/s");
    only_four
        .only
        .insert("load.closed.in_flight".to_owned(), 4.into());
    let rules = [
        at_least("success_rate", "99%"),
        only_four,
        at_most("latency_p99", "160ms"),
    ];
    let findings = judge(&run, &rules);
    Report::new(run, findings)
}

/// A report on one stage that keeps its limits.
fn single() -> Report {
    let run = fixture::single();
    let findings = judge(
        &run,
        &[
            at_least("success_rate", "99%"),
            at_most("latency_p99", "150ms"),
        ],
    );
    Report::new(run, findings)
}

/// A report on a sweep of modes, streaming and concurrency.
fn grid() -> Report {
    let modes = ["rest", "grpc"];
    let both = modes.map(|mode| {
        [false, true].map(|stream| {
            [
                ("client.mode", mode.into()),
                ("workload.chat.stream", stream.into()),
            ]
        })
    });
    gridded(&both.concat())
}

/// A report on three levels of concurrency in each of these groups.
fn gridded<const N: usize>(groups: &[[(&str, Value); N]]) -> Report {
    let levels = [1, 8, 16].map(|level| fixture::streaming_stage(0, level));
    let mut stages = Vec::new();
    for group in groups {
        for level in &levels {
            let mut stage = level.clone();
            let shared = group
                .iter()
                .map(|(path, value)| ((*path).to_owned(), value.clone()));
            stage.settings = shared.chain(level.settings.clone()).collect();
            stage.index = stages.len();
            stage.name = named(&stage);
            stages.push(stage);
        }
    }
    let run = RunSummary::new(fixture::identity(), stages);
    let findings = judge(
        &run,
        &[at_most("latency_p99", "97ms"), at_most("ttft_p50", "24ms")],
    );
    Report::new(run, findings)
}

/// The name that a plan gives such a stage.
fn named(stage: &StageSummary) -> String {
    let settings = stage.settings.iter();
    let words = settings.map(|(path, value)| {
        let short = path.rsplit('.').next().unwrap();
        format!("{short}={}", value.to_string().replace('"', ""))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A report on a sweep that ended in its second stage.
fn ended_early(end: StageEnd, notes: &[&str]) -> Report {
    let mut stages = vec![
        fixture::streaming_stage(0, 2),
        fixture::streaming_stage(1, 4),
    ];
    if let Some(last) = stages.last_mut() {
        last.end = end;
        last.notes = notes.iter().map(|note| (*note).to_owned()).collect();
    }
    let run = RunSummary::new(fixture::identity(), stages);
    let findings = judge(&run, &[at_least("success_rate", "99%")]);
    Report::new(run, findings)
}

const NARROW: Style = Style {
    colour: false,
    width: 80,
};

fn rendered(report: &Report, name: &str) -> String {
    let format = FORMATS.iter().find(|format| format.name == name).unwrap();
    String::from_utf8((format.render)(report).unwrap()).unwrap()
}

#[test]
fn the_terminal_says_the_verdict_first() {
    let style = Style {
        colour: false,
        width: 100,
    };

    insta::assert_snapshot!("terminal_sweep", terminal(&sweep(), style));
    insta::assert_snapshot!("terminal_single", terminal(&single(), style));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let reports = [
        sweep(),
        grid(),
        ended_early(StageEnd::TargetDied, &["gone"]),
    ];
    for (report, width) in reports
        .iter()
        .flat_map(|report| [80, 100, 120, 160, 200].map(|width| (report, width)))
    {
        let text = terminal(
            report,
            Style {
                colour: false,
                width,
            },
        );

        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= width), "{text}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = terminal(
        &sweep(),
        Style {
            colour: false,
            width: 100,
        },
    );
    let mut painted = terminal(
        &sweep(),
        Style {
            colour: true,
            width: 100,
        },
    );

    for code in ["0", "1", "2", "31", "32", "33"] {
        painted = painted.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(painted, plain);
}

#[test]
fn markdown_fits_a_pull_request() {
    insta::assert_snapshot!("markdown_sweep", rendered(&sweep(), "markdown"));
}

#[test]
fn junit_has_a_case_for_every_finding() {
    insta::assert_snapshot!("junit_sweep", rendered(&sweep(), "junit"));
}

#[test]
fn html_of_one_stage_stands_by_itself() {
    let page = rendered(&single(), "html");

    assert!(!page.contains("http://") && !page.contains("https://"));
    assert!(!page.contains("<script"));
    insta::assert_snapshot!("html_single", page);
}

#[test]
fn long_labels_move_the_axis_instead_of_leaving_the_picture() {
    let mut report = single();
    let slow = fixture::ended(
        fixture::WINDOW.start,
        std::time::Duration::from_hours(3),
        crate::sample::Outcome::Answered,
    );
    let mut recorder = crate::summary::Recorder::new(fixture::WINDOW);
    recorder.record(&slow);
    report.run.stages = vec![crate::summary::summarize(fixture::facts(0, 1), recorder)];

    let page = rendered(&report, "html");

    let begin = page.split("<line x1=\"").nth(1).unwrap();
    let left: f64 = begin.split('"').next().unwrap().parse().unwrap();
    assert!(left > 78.0, "{left}");
}

#[test]
fn html_of_a_sweep_draws_every_chart() {
    let page = rendered(&sweep(), "html");

    for title in [
        "Throughput against concurrency",
        "Efficiency against concurrency",
        "Latency against concurrency",
        "Latency by percentile",
        "Time to first token against concurrency",
        "Time to first token by percentile",
    ] {
        assert!(page.contains(&format!("<b>{title}</b>")), "{title}");
    }
    assert_eq!(page.matches("<svg").count(), 6);
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn names_from_outside_cannot_break_the_page() {
    let mut report = single();
    report.run.identity.scenario = "<b>&\"quoted\"</b> | x".to_owned();

    let page = rendered(&report, "html");

    assert!(page.contains("&#60;b&#62;"));
    assert!(!page.contains("<b>&\"quoted"));
}

#[test]
fn a_run_without_stages_renders_in_every_format_as_failed() {
    let report = Report::new(RunSummary::new(fixture::identity(), Vec::new()), Vec::new());

    assert_eq!(report.sentence(), "Failed: no stage was run.");
    for format in FORMATS {
        assert!(!(format.render)(&report).unwrap().is_empty());
    }
    assert!(rendered(&report, "junit").contains("errors=\"1\""));
}

#[test]
fn a_target_that_died_is_said_first_and_why() {
    let report = ended_early(StageEnd::TargetDied, &["the mock was killed by signal 9"]);

    assert_eq!(
        report.sentence(),
        "Failed: the target died in stage in_flight=4: the mock was killed by signal 9."
    );
    for format in FORMATS {
        assert!(rendered(&report, format.name).contains("killed by signal 9"));
    }
    insta::assert_snapshot!("terminal_died", terminal(&report, NARROW));
}

#[test]
fn a_run_that_was_interrupted_is_never_green() {
    let report = ended_early(StageEnd::Interrupted, &[]);

    assert_eq!(
        report.sentence(),
        "Inconclusive: the run was interrupted in stage in_flight=4, before its planned end."
    );
    assert!(rendered(&report, "junit").contains("errors=\"1\" failures=\"0\""));
    assert!(rendered(&report, "html").contains("the run was interrupted"));
    assert!(rendered(&report, "markdown").contains("the run was interrupted"));
}

#[test]
fn stages_that_agree_share_a_line() {
    let report = grid();

    insta::assert_snapshot!("terminal_grid", terminal(&report, NARROW));
}

#[test]
fn html_of_a_grid_compares_its_groups_in_one_chart() {
    let page = rendered(&grid(), "html");

    for title in [
        "Throughput against concurrency",
        "Efficiency against concurrency",
        "Latency p50 against concurrency",
        "Latency p99 against concurrency",
        "Time to first token p50 against concurrency",
        "Time to first token p99 against concurrency",
        "Latency by percentile",
        "Time to first token by percentile",
    ] {
        assert!(page.contains(&format!("<b>{title}</b>")), "{title}");
    }
    assert_eq!(page.matches("<svg").count(), 8);
    assert_eq!(page.matches("mode=grpc stream=true</text>").count(), 6);
    assert!(page.contains("<summary>12 of 24 expectations held</summary>"));
}

#[test]
fn groups_too_many_for_one_chart_get_one_each() {
    let modes = ["a", "b", "c", "d", "e", "f", "g"];

    let page = rendered(&gridded(&modes.map(|mode| [("mode", mode.into())])), "html");

    for mode in modes {
        let title = format!("<b>Throughput against concurrency, mode={mode}</b>");
        assert!(page.contains(&title), "{title}");
    }
}

#[test]
fn a_report_survives_its_file() {
    let report = sweep();

    let read = Report::from_json(rendered(&report, "json").as_bytes()).unwrap();

    assert_eq!(read, report);
}

#[test]
fn a_report_can_be_read_as_a_run() {
    let report = sweep();

    let run = RunSummary::from_json(rendered(&report, "json").as_bytes()).unwrap();

    assert_eq!(run, report.run);
}

/// Set `BLESS=1` to write the committed schema anew; a changed meaning needs a new version beside it.
#[test]
fn the_committed_schema_is_current_and_reports_keep_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/schema/report.v1.json");
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }

    let committed = std::fs::read_to_string(&path).unwrap();

    assert!(
        committed == current,
        "reports/schema/report.v1.json is not current"
    );
    let schema: Value = serde_json::from_str(&committed).unwrap();
    let report: Value = serde_json::from_str(&rendered(&sweep(), "json")).unwrap();
    let faults: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(&report)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn names_from_outside_cannot_break_markdown_or_the_terminal() {
    let mut report = single();
    report.run.identity.scenario = "a`b\n\u{1b}[31m".to_owned();
    report.run.stages[0].notes = vec!["[x](y) a\\|b\u{1b}[2J\n# title".to_owned()];

    let page = rendered(&report, "markdown");
    let text = terminal(&report, NARROW);

    assert!(page.starts_with("### ✅ `a'b  [31m`\n"));
    assert!(page.contains(r"\[x\](y) a\\\|b \[2J # title"));
    assert!(!text.contains('\u{1b}'));
    assert!(!rendered(&report, "junit").contains('\u{1b}'));
}
