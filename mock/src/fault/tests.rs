use super::*;

fn share(text: &str) -> Share {
    text.parse().unwrap()
}

fn status(share_text: &str, http: u16) -> Fault {
    Fault::Status(Status {
        share: share(share_text),
        http,
        retry_after: None,
    })
}

fn strikes(faults: &[Fault], seed: u64) -> Vec<Option<Strike>> {
    (0..10_000)
        .map(|id| strike(faults, Dice::new(seed, &format!("request-{id}"))))
        .collect()
}

#[test]
fn the_struck_share_of_10000_ids_is_the_same_in_every_run() {
    let struck = |share: &str| strikes(&[status(share, 503)], 7).iter().flatten().count();

    assert_eq!(struck("0%"), 0);
    assert_eq!(struck("2%"), 181);
    assert_eq!(struck("20%"), 1_957);
    assert_eq!(struck("100%"), 10_000);
}

#[test]
fn every_attempt_of_a_request_is_struck_by_its_own_chance() {
    let faults = [status("20%", 503)];
    let is_struck = |id: u32, earlier| {
        let dice = Dice::new(7, &format!("request-{id}"));
        strike(&faults, dice.after_attempts(earlier)).is_some()
    };
    let struck_up_to = |last| {
        (0..10_000)
            .filter(|&id| (0..=last).all(|earlier| is_struck(id, earlier)))
            .count()
    };

    assert_eq!([0, 1, 2].map(struck_up_to), [1_957, 382, 70]);
}

#[test]
fn the_first_fault_that_matches_wins() {
    let faults = [
        Fault::Stall(Stall {
            share: Share::WHOLE,
        }),
        status("100%", 500),
    ];

    assert!(
        strikes(&faults, 1)
            .iter()
            .all(|strike| *strike == Some(Strike::Silence))
    );
}

#[test]
fn a_fault_added_at_the_end_changes_nothing_for_those_before_it() {
    let alone = strikes(&[status("20%", 503)], 3);
    let followed = strikes(
        &[
            status("20%", 503),
            Fault::Stall(Stall {
                share: share("50%"),
            }),
        ],
        3,
    );

    for (alone, followed) in alone.iter().zip(&followed) {
        assert!(alone.is_none() || alone == followed);
    }
}

#[test]
fn a_larger_share_strikes_all_that_a_smaller_one_struck() {
    let few = strikes(&[status("5%", 503)], 9);
    let many = strikes(&[status("25%", 503)], 9);

    assert!(
        few.iter()
            .zip(&many)
            .all(|(few, many)| few.is_none() || many.is_some())
    );
}

#[test]
fn a_status_that_is_no_error_is_refused() {
    assert_eq!(
        status("1%", 200).check().unwrap_err().to_string(),
        "expected an error status, 400 to 599 in `status.http`, found `200`"
    );
}
