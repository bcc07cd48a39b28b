use super::*;
use crate::client::Mode;
use crate::scenario::Origin;
use crate::schedule::Load;
use std::collections::BTreeMap;

const SHORT: &str = "\
name: x
workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 } } }
load: { closed: { in_flight: 10 } }
phases: { measure: 10s }
";

const SWEPT: &str = "sweep: { client.mode: [rest, grpc], load.closed.in_flight: [1, 5, 50] }\n";

fn planned(text: &str) -> Plan {
    planned_with(text, &Overrides::default())
}

fn planned_with(text: &str, overrides: &Overrides) -> Plan {
    from_file(Path::new("x.yaml"), text, overrides).unwrap_or_else(|error| panic!("{error}"))
}

fn with(text: &str) -> Plan {
    planned(&format!("{SHORT}{text}"))
}

fn set(set: &str) -> Overrides {
    Overrides {
        set: vec![set.to_owned()],
        ..Overrides::default()
    }
}

#[test]
fn a_short_scenario_is_one_stage_on_the_embedded_mock() {
    let plan = with("seed: 7\n");

    let [stage] = plan.stages.as_slice() else {
        panic!("{} stages", plan.stages.len())
    };
    let Target::Mock(mock) = &stage.target else {
        panic!("{:?}", stage.target)
    };
    assert_eq!(stage.name(), "all");
    assert_eq!(mock.seed, Some(7));
    assert_eq!(
        mock.models
            .iter()
            .map(|model| model.name.as_str())
            .collect::<Vec<_>>(),
        ["tiny"]
    );
    assert_eq!(stage.phases.warmup.to_string(), "1s");
    assert_eq!(stage.phases.drain.to_string(), "5s");
    assert_eq!(plan.duration().as_secs(), 11);
}

#[test]
fn the_mock_keeps_a_seed_of_its_own() {
    let plan = with("seed: 7\ntarget: { mock: { seed: 3 } }\n");

    let Target::Mock(mock) = &plan.stages[0].target else {
        panic!()
    };
    assert_eq!(mock.seed, Some(3));
}

const PAIR: &str = "target: { mocks: { primary: { protocol: oip_grpc }, secondary: { protocol: openai, seed: 3 } } }
client: { mode: hybrid }
";

fn value_of(spec: &MockSpec) -> Value {
    serde_json::to_value(spec).unwrap()
}

fn mocks(stage: &Stage) -> &[NamedMock] {
    match &stage.target {
        Target::Mocks(mocks) => mocks.list(),
        Target::Mock(_) | Target::Stubs { .. } | Target::Endpoints { .. } | Target::Launch(_) => {
            panic!("{:?}", stage.target)
        }
    }
}

#[test]
fn several_mocks_keep_their_order_and_draw_from_seeds_of_their_own() {
    let plan = with(&format!("seed: 7\n{PAIR}"));

    let [primary, secondary] = mocks(&plan.stages[0]) else {
        panic!("{:?}", plan.stages[0].target)
    };
    assert_eq!(primary.name.as_str(), "primary");
    assert_eq!(
        primary.spec.seed,
        Some(Seed::new(7).derive("mock primary").number())
    );
    assert_eq!(primary.spec.models[0].name, "tiny");
    assert_eq!(secondary.spec.seed, Some(3));
    assert_eq!(secondary.protocols(), [crate::client::Protocol::Openai]);
}

#[test]
fn a_setting_of_one_of_several_mocks_can_be_swept() {
    let plan = with(&format!(
        "{PAIR}sweep: {{ target.mocks.primary.latency.fixed: [1ms, 2ms] }}\n"
    ));

    let latencies: Vec<Value> = plan
        .stages
        .iter()
        .map(|stage| value_of(&mocks(stage)[0].spec)["latency"].clone())
        .collect();
    assert_eq!(
        latencies,
        ["1ms", "2ms"].map(|fixed| serde_json::json!({ "fixed": fixed }))
    );
    assert_eq!(plan.stages[1].name(), "fixed=2ms");
}

#[test]
fn the_order_of_several_mocks_is_told_by_the_fingerprint() {
    let turned = PAIR.replace(
        "primary: { protocol: oip_grpc }, secondary: { protocol: openai, seed: 3 }",
        "secondary: { protocol: openai, seed: 3 }, primary: { protocol: oip_grpc }",
    );

    assert_ne!(with(PAIR).fingerprint, with(&turned).fingerprint);
}

#[test]
fn a_sweep_is_every_combination_and_its_last_setting_varies_fastest() {
    let plan = with(SWEPT);

    let names: Vec<String> = plan.stages.iter().map(Stage::name).collect();
    assert_eq!(
        names,
        [
            "mode=rest in_flight=1",
            "mode=rest in_flight=5",
            "mode=rest in_flight=50",
            "mode=grpc in_flight=1",
            "mode=grpc in_flight=5",
            "mode=grpc in_flight=50",
        ]
    );
    assert_eq!(plan.stages[3].client.mode, Mode::Grpc);
    assert!(
        matches!(&plan.stages[5].streams.only().load, Load::Closed(closed) if closed.in_flight == 50)
    );
    assert_eq!(
        plan.stages
            .iter()
            .map(|stage| stage.index)
            .collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5]
    );
}

#[test]
fn stages_get_the_same_requests() {
    let plan = with(SWEPT);

    let seeds: Vec<u64> = plan
        .stages
        .iter()
        .map(|stage| stage.seed.number())
        .collect();
    assert_eq!(seeds, [0; 6]);
}

#[test]
fn settings_that_end_alike_are_named_by_more_of_their_path() {
    let plan = with(
        "sweep: { client.deadline: [1s], workload.chat.prompt.tokens: [8], workload.chat.output.tokens: [9] }\n",
    );

    assert_eq!(
        plan.stages[0].name(),
        "deadline=1s prompt.tokens=8 output.tokens=9"
    );
}

#[test]
fn a_swept_setting_need_not_stand_in_the_file() {
    let text = SHORT.replace("{ in_flight: 10 }", "{}");
    let plan = planned(&format!("{text}sweep: {{ load.closed.in_flight: [3] }}\n"));

    assert!(
        matches!(&plan.stages[0].streams.only().load, Load::Closed(closed) if closed.in_flight == 3)
    );
}

#[test]
fn the_later_origin_wins_and_is_remembered() {
    let environment = [
        ("INFEROMETER_CLIENT__DEADLINE", "2s"),
        ("INFEROMETER_CLIENT__RETRY__BACKOFF", "7ms"),
        ("HOME", "/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let overrides = Overrides {
        set: vec!["client.deadline=3s".to_owned()],
        environment: BTreeMap::from(environment),
        variant: None,
    };
    let text = format!(
        "{SHORT}client:\n  deadline: 1s\n  connect_deadline: 5s\nsweep: {{ client.mode: [rest, grpc] }}\n"
    );

    let plan = planned_with(&text, &overrides);

    let told: Vec<(&str, &str, Origin)> = plan
        .client_settings
        .iter()
        .map(|setting| {
            (
                setting.path.as_str(),
                setting.value.as_str(),
                setting.origin.clone(),
            )
        })
        .collect();
    let expected = [
        (
            "client.mode",
            "rest, grpc",
            Origin::Sweep(crate::scenario::Path::parse("sweep.client.mode").index(0)),
        ),
        (
            "client.deadline",
            "3s",
            Origin::Set("client.deadline=3s".to_owned()),
        ),
        (
            "client.connect_deadline",
            "5s",
            Origin::File {
                file: "x.yaml".to_owned(),
                line: 7,
            },
        ),
        ("client.retry.attempts", "1", Origin::Default),
        (
            "client.retry.backoff",
            "7ms",
            Origin::Environment("INFEROMETER_CLIENT__RETRY__BACKOFF".to_owned()),
        ),
        ("client.retry.max_backoff", "2s", Origin::Default),
    ];
    for setting in expected {
        assert!(told.contains(&setting), "{setting:?} not in {told:?}");
    }
}

#[test]
fn a_sweep_can_be_narrowed_from_outside() {
    let plan = planned_with(&format!("{SHORT}{SWEPT}"), &set("sweep.client.mode=[grpc]"));

    assert_eq!(plan.stages.len(), 3);
}

#[test]
fn the_fingerprint_ignores_comments_purpose_order_and_expectations() {
    let plain = planned(SHORT);
    let lines: Vec<&str> = SHORT.lines().rev().collect();
    let rewritten = format!(
        "# a comment\n{}\npurpose: none\nexpect: [ {{ metric: rps_ok, at_least: 1/s }} ]\n",
        lines.join("\n")
    );

    assert_eq!(planned(&rewritten).fingerprint, plain.fingerprint);
}

#[test]
fn the_fingerprint_changes_with_whatever_changes_the_measurement() {
    let changes = [
        "seed=1",
        "client.deadline=9s",
        "load.closed.in_flight=11",
        "phases.measure=9s",
        "name=y",
        "workload.chat.prompt.tokens=65",
        "target.mock.latency.fixed=1ms",
        "load={ open: { poisson: { rate: 9/s } } }",
    ];
    let mut fingerprints: Vec<String> = changes
        .iter()
        .map(|change| planned_with(SHORT, &set(change)).fingerprint)
        .collect();

    fingerprints.push(planned(SHORT).fingerprint);
    fingerprints.sort();
    fingerprints.dedup();

    assert_eq!(fingerprints.len(), changes.len() + 1);
}

#[test]
fn endpoints_are_used_as_they_stand() {
    let plan =
        with("target: { endpoints: [ { protocol: openai, url: 'http://localhost:8000/api' } ] }\n");

    let Target::Endpoints {
        endpoints,
        ready_within,
    } = &plan.stages[0].target
    else {
        panic!()
    };
    assert_eq!(endpoints[0].url, "http://localhost:8000/api");
    assert_eq!(ready_within.to_string(), "10s");
}

#[test]
fn a_long_list_of_stages_is_shortened_in_the_middle() {
    let values: Vec<String> = (1..=45).map(|value| value.to_string()).collect();
    let plan = with(&format!(
        "sweep: {{ load.closed.in_flight: [{}] }}\n",
        values.join(", ")
    ));

    let text = plan.explain().to_string();

    assert!(
        text.contains("     10  in_flight=10\n         ... 25 more ...\n     36  in_flight=36\n"),
        "{text}"
    );
    assert!(text.contains("     45  in_flight=45\n"), "{text}");
}

#[test]
fn an_element_of_a_list_can_be_swept_and_chosen_as_the_file_writes_it() {
    let faults = "target: { mock: { faults: [ { stall: { share: 1% } } ] } }\n";
    let sweep = "sweep: { target.mock.faults.0.stall.share: [0%, 5%] }\n";
    let expect = "expect: [ { metric: rps_ok, at_least: 1/s, where: { target.mock.faults.0.stall.share: 5% } } ]\n";

    let plan = with(&format!("{faults}{sweep}{expect}"));

    assert_eq!(
        plan.stages.iter().map(Stage::name).collect::<Vec<_>>(),
        ["share=0%", "share=5%"]
    );
}

#[test]
fn a_value_inside_of_a_swept_block_cannot_be_set_besides() {
    let text =
        format!("{SHORT}sweep: {{ client.retry: [ {{ attempts: 1 }}, {{ attempts: 2 }} ] }}\n");

    let error = from_file(Path::new("x.yaml"), &text, &set("client.retry.attempts=3")).unwrap_err();

    assert_eq!(error.path, "sweep.client.retry");
}
