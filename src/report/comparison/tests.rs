use super::*;
use crate::gate::compare::{judge, looks};
use crate::gate::spec::Hypothesis;
use crate::summary::fixture;
use crate::trial::fixture as trials;

/// A comparison of 14 quads in which the candidate takes a tenth more CPU time.
fn comparison() -> Comparison {
    let spec = GateSpec {
        hypothesis: Some(Hypothesis {
            says: "+10 to 15 % throughput".to_owned(),
            metric: "rps_ok".to_owned(),
            better_by: "10%".parse().unwrap(),
        }),
        ..GateSpec::default()
    };
    let mut trial = trials::trial(14, &[("cpu_per_request", 1.1)], 7);
    trial.stages[0].quads[3].dropped = Some("the hypervisor took 12 % of the time".to_owned());
    Comparison {
        method: Method::Interleaved,
        judged: judge(&trial, &spec, looks(12, 4)[0]),
        identity: fixture::identity(),
        spec,
        trial,
    }
}

fn text(render: fn(&Comparison) -> Result<Vec<u8>, Error>) -> String {
    String::from_utf8(render(&comparison()).unwrap()).unwrap()
}

#[test]
fn a_terminal_shows_the_verdict_first() {
    let style = crate::report::Style {
        colour: false,
        width: 120,
    };

    insta::assert_snapshot!(terminal(&comparison(), style));
}

#[test]
fn markdown_is_ready_for_a_pull_request() {
    insta::assert_snapshot!(text(markdown::render));
}

#[test]
fn what_regressed_is_a_failure_and_what_is_open_an_error() {
    insta::assert_snapshot!(text(junit::render));
}

#[test]
fn annotations_escape_what_a_runner_would_read_as_its_own() {
    insta::assert_snapshot!(text(annotations::render));
}

#[test]
fn json_is_read_back_as_it_was_written() {
    let comparison = comparison();

    let json = json::render(&comparison).unwrap();
    assert_eq!(Comparison::from_json(&json).unwrap(), comparison);
}

#[test]
fn the_page_has_every_metric_and_a_dot_for_every_quad() {
    let page = text(crate::report::html::comparison);

    assert!(page.contains("<p>Regressed: cpu_per_request +"));
    assert!(page.contains("cpu_per_request, quad by quad"));
    let dots = page.matches("<title>quad 14, ").count();
    assert_eq!(
        dots, 5,
        "one in the chart of each metric that decides and varies"
    );
    assert!(page.contains("dropped: the hypervisor took 12 % of the time"));
}

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/reports/schema/comparison.v1.json"
    );
    let ours = serde_json::to_string_pretty(&comparison_schema()).unwrap() + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &ours).unwrap();
    }

    assert_eq!(std::fs::read_to_string(path).unwrap(), ours);
}
