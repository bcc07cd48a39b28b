use super::*;
use crate::seed::Seed;

const CHAT: &str = r#"{"model":"tiny","prompt":{"tokens":3},"output":{"tokens":2}}"#;

fn shared(workload: &str, users: u32) -> Workload {
    let mut workload: Workload = serde_json::from_str(&workload.replace("CHAT", CHAT)).unwrap();
    workload.share_out(NonZero::new(users).unwrap());
    workload
}

/// Two readers for each writer.
fn office(users: u32) -> Workload {
    shared(
        r#"{"mix":[
            {"weight":2,"name":"reader","chat":CHAT},
            {"name":"writer","journey":[
                {"load":{"model":"tiny"},"once":true},
                {"chat":CHAT,"times":2,"think":{"uniform":{"min":"1s","max":"3s"}}},
                {"unload":{"model":"tiny"}}]}]}"#,
        users,
    )
}

fn parts(weights: &[u32], users: u32) -> Vec<usize> {
    shared_out(weights, NonZero::new(users).unwrap())
}

#[test]
fn users_are_shared_out_by_weight_and_evenly_interleaved() {
    assert_eq!(parts(&[3, 1], 8), [0, 0, 1, 0, 0, 0, 1, 0]);
    assert_eq!(parts(&[1, 1, 2], 4), [2, 0, 1, 2]);
    assert_eq!(parts(&[1_000_000, 1], 2), [0, 0]);
}

#[test]
fn the_users_of_a_smaller_number_are_the_first_of_a_larger_one() {
    let (few, many) = (parts(&[5, 3, 2], 7), parts(&[5, 3, 2], 100));

    assert_eq!(few[..], many[..7]);
    let each = [0, 1, 2].map(|part| many.iter().filter(|one| **one == part).count());
    assert_eq!(each, [50, 30, 20]);
}

#[test]
fn a_user_is_of_its_part_in_every_round() {
    let office = office(3);

    let parts: Vec<_> = (0..9)
        .map(|slot| office.kind(Seed::new(7), slot * 4).part.unwrap())
        .collect();

    assert_eq!(parts, [0, 1, 0, 0, 1, 0, 0, 1, 0]);
    let of: Vec<_> = (0..3).map(|user| office.of_user(user).0).collect();
    assert_eq!(of, [Some(0), Some(1), Some(0)]);
}

#[test]
fn steps_that_are_made_once_have_their_numbers_in_the_first_round_alone() {
    let office = office(3);

    assert_eq!(office.requests_of(Seed::new(7), 1), 4..8);
    assert_eq!(office.requests_of(Seed::new(7), 4), 17..20);
    assert_eq!(office.requests_of(Seed::new(7), 3), 12..13);
}

#[test]
fn a_round_is_the_steps_of_a_journey_or_one_stretch() {
    let stretch = |name, requests, once| Stretch {
        name,
        requests,
        once,
    };

    assert_eq!(
        office(3).of_user(1).1,
        [
            stretch("load", Some(1), true),
            stretch("chat", Some(2), false),
            stretch("unload", Some(1), false),
        ]
    );
    let talk = r#"{"conversation":{"model":"tiny","turns":{"uniform":{"min":1,"max":9}},"prompt":{"tokens":3},"output":{"tokens":2}}}"#;
    assert_eq!(
        shared(talk, 3).of_user(2),
        (None, vec![stretch("conversation", None, false)])
    );
}

#[test]
fn the_pauses_of_a_step_are_drawn_for_each_request() {
    let office = office(3);
    let pause = |seq| office.asked(Seed::new(7), seq).think.as_millis();

    assert_eq!((pause(4), pause(7)), (0, 0));
    assert_eq!([5, 6, 17, 18].map(pause), [2766, 2504, 2281, 1425]);
}
