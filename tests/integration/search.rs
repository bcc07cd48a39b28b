//! Runs that choose their next stage: a search against a mock with so many places, an order that is drawn, and rules that end a
//! run early.

use inferometer::gate::{self, Verdict};
use inferometer::plan::{self, Plan};
use inferometer::report::{self, Report, Style};
use inferometer::run;
use inferometer::scenario::Overrides;
use std::path::Path;

/// Four places, and an error at once for whoever finds none.
const FOUR_PLACES: &str = "name: x
seed: 7
target: { mock: { latency: { fixed: 40ms }, capacity: { slots: 4, queue: 0 } } }
workload: { chat: { model: tiny, prompt: { tokens: 2 }, output: { tokens: 2 } } }
load: { closed: { in_flight: 1 } }
phases: { warmup: 0s, measure: 400ms, drain: 5s }
";

fn planned(rest: &str) -> Plan {
    let text = format!("{FOUR_PLACES}{rest}");
    plan::from_file(Path::new("x.yaml"), &text, &Overrides::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn reported(plan: &Plan) -> Report {
    let run = run::run(plan, &run::Options::default(), &mut |_| {}).await;
    let run = run.unwrap();
    let findings = gate::judge(&run, &plan.expectations);
    Report::new(run, findings)
}

fn names(report: &Report) -> Vec<&str> {
    let stages = report.run.stages.iter();
    stages.map(|stage| stage.name.as_str()).collect()
}

fn printed(report: &Report) -> String {
    let style = Style {
        colour: false,
        width: 1000,
    };
    report::terminal(report, style)
}

#[tokio::test]
async fn a_search_finds_as_many_in_flight_as_the_target_has_places_for() {
    let plan = planned(
        "search: { load.closed.in_flight: { from: 1, to: 32, resolution: 10% } }
expect: [ { metric: success_rate, at_least: 60% } ]
",
    );

    let report = reported(&plan).await;

    let course = report.run.course.as_ref().unwrap();
    let search = course.search.as_ref().unwrap();
    let found = |stage: usize| plan.stages[stage].name();
    assert_eq!(found(search.highest_met().unwrap().stage), "in_flight=4");
    assert_eq!(found(search.lowest_missed().unwrap().stage), "in_flight=5");
    assert_eq!(
        names(&report),
        [
            "in_flight=1",
            "in_flight=2",
            "in_flight=4",
            "in_flight=5",
            "in_flight=6",
            "in_flight=8"
        ]
    );
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(
        report.sentence(),
        "Passed: 1 expectation held at in_flight=4, the highest level of the search that meets all."
    );
    let printed = printed(&report);
    let line = "load.closed.in_flight: in_flight=4 is the highest level that meets every expectation; the lowest that does not is \
                in_flight=5, success_rate: ";
    assert!(printed.contains(line), "{printed}");
}

#[tokio::test]
async fn a_search_whose_lowest_level_misses_fails_with_it() {
    let plan = planned(
        "search: { load.closed.in_flight: { from: 8, to: 32 } }
expect: [ { metric: success_rate, at_least: 90% } ]
",
    );

    let report = reported(&plan).await;

    assert_eq!(names(&report), ["in_flight=8"]);
    assert_eq!(report.verdict, Verdict::Failed);
    assert!(
        printed(&report)
            .contains("no level meets the expectations, not even in_flight=8, success_rate: ")
    );
}

#[tokio::test]
async fn stages_in_an_order_that_is_drawn_are_reported_in_that_of_the_file() {
    let plan = planned("sweep: { order: random, load.closed.in_flight: [1, 2, 3, 4] }\n");

    let report = reported(&plan).await;

    assert_eq!(
        names(&report),
        ["in_flight=1", "in_flight=2", "in_flight=3", "in_flight=4"]
    );
    let order = &report.run.course.as_ref().unwrap().order;
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3]);
    assert!(printed(&report).contains("Stages ran in an order drawn from the seed: "));
}

#[tokio::test]
async fn errors_beyond_what_is_bearable_end_a_sweep_which_says_so() {
    let plan = planned(
        "sweep: { load.closed.in_flight: [1, 16, 4] }
stop: { error_share: 50% }
expect: [ { metric: success_rate, at_least: 0% }, { metric: success_rate, at_least: 0%, where: { load.closed.in_flight: 4 } } ]
",
    );

    let report = reported(&plan).await;

    assert_eq!(names(&report), ["in_flight=1", "in_flight=16"]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    let sentence = report.sentence();
    assert!(
        sentence.contains("of the requests of stage in_flight=16 were not answered right, more than the 50% of `stop.error_share`"),
        "{sentence}"
    );
    assert!(printed(&report).contains("2 of 3 stages were measured."));
}

#[tokio::test]
async fn a_sweep_begins_no_stage_that_would_not_end_in_time() {
    let plan = planned("sweep: { load.closed.in_flight: [1, 2, 3] }\nstop: { after: 500ms }\n");

    let report = reported(&plan).await;

    assert_eq!(names(&report), ["in_flight=1"]);
    assert_eq!(report.verdict, Verdict::Inconclusive);
    assert!(
        report
            .sentence()
            .contains("stage in_flight=2 would not have ended within 500ms, as `stop.after` asks")
    );
}
