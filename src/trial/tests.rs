use super::*;

fn block(cpu: f64) -> Block {
    Block {
        values: [("cpu_per_request".to_owned(), cpu)].into(),
        ..Block::default()
    }
}

fn quad(order: Order, values: [f64; 4]) -> Quad {
    Quad {
        index: 0,
        order,
        start: 0,
        blocks: values.map(block),
        dropped: None,
    }
}

#[test]
fn a_quad_says_by_how_much_the_candidate_differs() {
    // The candidate takes twice as long, whatever the order.
    let abba = quad(Order::Abba, [1.0, 2.0, 2.0, 1.0]).difference("cpu_per_request");
    let baab = quad(Order::Baab, [2.0, 1.0, 1.0, 2.0]).difference("cpu_per_request");

    assert_eq!(abba, Some(2.0_f64.ln()));
    assert_eq!(baab, Some(2.0_f64.ln()));
}

#[test]
fn an_even_drift_cancels() {
    // Each block takes a tenth more than the one before.
    let drifting = quad(Order::Abba, [1.0, 1.1, 1.21, 1.331]);

    let difference = drifting.difference("cpu_per_request").unwrap();

    assert!(difference.abs() < 1e-12, "{difference}");
}

#[test]
fn a_block_without_a_value_leaves_the_quad_without_a_difference() {
    let silent = quad(Order::Abba, [1.0, 2.0, 0.0, 1.0]);

    assert_eq!(silent.difference("cpu_per_request"), None);
    assert_eq!(silent.difference("latency_p50"), None);
    assert_eq!(silent.same_arm("cpu_per_request"), None);
}

#[test]
fn what_two_blocks_of_one_arm_differ_by_is_chance() {
    let quad = quad(Order::Abba, [1.0, 2.0, 3.0, 4.0]);

    let [baseline, candidate] = quad.same_arm("cpu_per_request").unwrap();

    assert!((baseline + 4.0_f64.ln()).abs() < 1e-12, "{baseline}");
    assert!((candidate + 1.5_f64.ln()).abs() < 1e-12, "{candidate}");
}

#[test]
fn dropped_quads_count_nowhere() {
    let mut trial = fixture::trial(3, &[], 1);
    let stage = &mut trial.stages[0];
    stage.quads[1].dropped = Some("the machine was taken away".to_owned());

    assert_eq!(stage.kept().count(), 2);
    assert_eq!(stage.work(Arm::Baseline).answered, 4 * 2500);
}
