use super::super::{Error, Plan, Way, from_file};
use crate::scenario::Overrides;
use std::path::Path;

const SHORT: &str = "name: x
seed: 7
workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 } } }
load: { open: { poisson: { rate: 10/s } } }
phases: { measure: 10s }
";

fn read(rest: &str) -> Result<Plan, Error> {
    let text = format!("{SHORT}{rest}");
    from_file(Path::new("x.yaml"), &text, &Overrides::default())
}

fn names(rest: &str) -> Vec<String> {
    let plan = read(rest).unwrap_or_else(|error| panic!("{error}"));
    plan.stages.iter().map(super::super::Stage::name).collect()
}

fn told(rest: &str) -> String {
    let error = read(rest).unwrap_err().to_string();
    error.lines().next().unwrap().to_owned()
}

const EXPECT: &str = "expect: [ { metric: success_rate, at_least: 99% } ]\n";

#[test]
fn a_range_goes_from_one_end_to_the_other_by_factors_or_steps() {
    assert_eq!(
        names("sweep: { load.open.poisson.rate: { from: 1/s, to: 64/s, factor: 4 } }"),
        ["rate=1/s", "rate=4/s", "rate=16/s", "rate=64/s"]
    );
    assert_eq!(
        names("sweep: { load.open.max_in_flight: { from: 1, to: 8, factor: 1.5 } }"),
        [1, 2, 3, 5, 8].map(|number| format!("max_in_flight={number}"))
    );
    assert_eq!(
        names("sweep: { phases.measure: { from: 500ms, to: 2s, step: 500ms } }"),
        [
            "measure=500ms",
            "measure=1s",
            "measure=1s 500ms",
            "measure=2s"
        ]
    );
    assert_eq!(
        names("sweep: { seed: [1, 2], load.open.poisson.rate: { from: 0.1/s, to: 0.3/s, step: 0.1/s } }").len(),
        6
    );
}

#[test]
fn a_range_that_is_none_is_told_with_its_place() {
    let range = |range: &str| {
        told(&format!(
            "sweep: {{ load.open.poisson.rate: {{ {range} }} }}"
        ))
    };
    let place = "error: sweep.load.open.poisson.rate";

    assert_eq!(
        range("from: 1/s, to: 8/s"),
        format!("{place}: expected either `factor` or `step`")
    );
    assert_eq!(
        range("from: 8/s, to: 1/s, factor: 2"),
        format!("{place}: expected `from` above zero and below `to`")
    );
    assert_eq!(
        range("from: 1/s, to: 8, factor: 2"),
        format!("{place}: expected two ends of the same kind")
    );
    assert_eq!(
        range("from: 1/s, to: 8/s, step: 2"),
        format!("{place}.step: expected `step`: an amount above zero of the same kind as the ends")
    );
    assert_eq!(
        range("from: 1/s, to: 8/s, factor: 1"),
        format!("{place}.factor: expected `factor`: a number of 1.001 to 1000000")
    );
    assert_eq!(
        range("from: 1/s, to: 8/s, by: 2"),
        format!("{place}.by: expected `from`, `to`, `factor`, `step`")
    );
    assert_eq!(
        range("from: 1/s, to: 1000000/s, step: 1/s"),
        "error: sweep: expected at most 1000 combinations, found 1001"
    );
}

#[test]
fn an_order_that_is_drawn_changes_the_fingerprint_and_not_the_stages() {
    let sweep = "load.open.max_in_flight: [1, 2, 4, 8]";
    let plain = read(&format!("sweep: {{ {sweep} }}")).unwrap();
    let drawn = read(&format!("sweep: {{ order: random, {sweep} }}")).unwrap();
    let in_order = read(&format!("sweep: {{ order: file, {sweep} }}")).unwrap();

    assert_eq!(drawn.stages, plain.stages);
    assert!(matches!(&drawn.course.way, Way::Drawn(order) if order.len() == 4));
    assert_ne!(drawn.fingerprint, plain.fingerprint);
    assert_eq!(in_order, plain);
    assert_eq!(
        told(&format!("sweep: {{ order: up, {sweep} }}")),
        "error: sweep.order: expected `file` or `random`"
    );
}

#[test]
fn a_search_has_its_levels_on_a_logarithmic_scale_with_both_ends() {
    let levels = |search: &str| names(&format!("search: {{ {search} }}\n{EXPECT}"));

    assert_eq!(
        levels("load.open.poisson.rate: { from: 50/s, to: 200/s, resolution: 50% }"),
        [
            "rate=50/s",
            "rate=70.71/s",
            "rate=100/s",
            "rate=141.4/s",
            "rate=200/s"
        ]
    );
    assert_eq!(
        levels("load.open.max_in_flight: { from: 1, to: 6, resolution: 20% }"),
        [1, 2, 3, 4, 5, 6].map(|number| format!("max_in_flight={number}"))
    );
    let fine = levels("load.open.poisson.rate: { from: 50/s, to: 2000/s }");
    assert_eq!(fine.len(), 77);
    assert_eq!(fine.last().unwrap(), "rate=2000/s");
}

#[test]
fn a_search_is_explained_by_the_most_that_it_takes() {
    let search = "search: { load.open.poisson.rate: { from: 50/s, to: 2000/s } }";
    let plan = read(&format!("{search}\n{EXPECT}")).unwrap();

    let explained = plan.explain().to_string();

    assert!(
        explained.contains("at most 1m 50s in 10 of 77 levels, and at most 50s more"),
        "{explained}"
    );
    assert!(explained.contains("levels to search\n"), "{explained}");
}

#[test]
fn a_search_that_cannot_be_is_told_why() {
    let rate = "search: { load.open.poisson.rate: { from: 50/s, to: 2000/s } }\n";

    assert_eq!(
        told(rate),
        "error: search: expected rules under `expect`, which say what a level must meet"
    );
    assert_eq!(
        told(&format!("{rate}{EXPECT}sweep: {{ seed: [1, 2] }}")),
        "error: search: expected no `search` beside `sweep`: each decides which stages there are"
    );
    assert_eq!(
        told(&format!("search: {{ seed: 3 }}\n{EXPECT}")),
        "error: search: expected the path of one setting, with a range behind it"
    );
    assert_eq!(
        told(&format!(
            "search: {{ name: {{ from: 1, to: 2 }} }}\n{EXPECT}"
        )),
        "error: search.name: expected the path of a setting below `client`, `load`, `phases`, `seed`, `streams`, `target`, `workload`"
    );
    assert_eq!(
        told(&format!(
            "search: {{ load.open.poisson.rate: {{ from: 1/s, to: 2/s, resolution: 0% }} }}\n{EXPECT}"
        )),
        "error: search.load.open.poisson.rate.resolution: expected `resolution`: a share of 0.1% to 100%"
    );
}
