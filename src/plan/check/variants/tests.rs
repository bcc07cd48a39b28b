use crate::plan::{Plan, from_file};
use crate::scenario::{Error, Overrides};
use std::path::Path;

const SCENARIO: &str = "name: x
workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 } } }
load: { closed: { in_flight: 10 } }
phases: { measure: 10s }
variants:
  unpooled: { client.pool: \"off\" }
  pooled: { client.pool.max_connections: 50 }
";

fn planned(text: &str, variant: Option<&str>, set: &[&str]) -> Result<Plan, Error> {
    let overrides = Overrides {
        set: set.iter().map(|set| (*set).to_owned()).collect(),
        variant: variant.map(str::to_owned),
        ..Overrides::default()
    };
    from_file(Path::new("x.yaml"), text, &overrides)
}

#[test]
fn a_variant_is_not_held_against_another_one() {
    let unpooled = planned(SCENARIO, Some("unpooled"), &[]).unwrap();
    let pooled = planned(SCENARIO, Some("pooled"), &[]).unwrap();

    assert_eq!(pooled.stages[0].client.pool.max_connections(), Some(50));
    assert_ne!(unpooled.fingerprint, pooled.fingerprint);
}

#[test]
fn a_variant_is_held_against_the_scenario_below_what_is_set() {
    let plan = planned(SCENARIO, None, &["client.pool=off"]).unwrap();

    assert_eq!(plan.variants, ["unpooled", "pooled"]);
}

#[test]
fn a_variant_of_a_search_has_its_levels() {
    let searched = SCENARIO.replace(
        "load: { closed: { in_flight: 10 } }\n",
        "load: { open: { poisson: {} } }\nsearch: { load.open.poisson.rate: { from: 50/s, to: 100/s } }
expect: [ { metric: latency_p99, at_most: 100ms } ]\n",
    );

    let plan = planned(&searched, None, &[]).unwrap();

    assert_eq!(plan.variants, ["unpooled", "pooled"]);
}

#[test]
fn every_variant_is_held_against_the_scenario_though_none_is_asked_for() {
    let wrong = SCENARIO.replace("max_connections: 50", "max_conections: 50");

    let refused = planned(&wrong, None, &[]).unwrap_err().to_string();

    assert!(
        refused.contains("unknown field `max_conections`"),
        "{refused}"
    );
}
