//! Inference that waits for its model.

use super::world::{World, queueing, seen, world, world_of};
use super::*;

fn on_demand() -> LoadingConfig {
    LoadingConfig {
        on_demand: true,
        ..queueing(1)
    }
}

async fn infer(world: &World, model: &str) -> (u128, Result<(), (FailureKind, usize, String)>) {
    let (at, answer) = world.infer(model).await;
    let told = |failed: Failed| {
        let failure = failed.failure;
        (failure.kind, failed.attempts.len(), failure.message)
    };
    (at, answer.map_err(told))
}

#[tokio::test(start_paused = true)]
async fn inference_waits_for_its_model_once() {
    let world = world(on_demand());

    assert_eq!(infer(&world, "a").await, (10, Ok(())));
    assert_eq!(infer(&world, "a").await, (10, Ok(())));

    let expected = [(0, "load a"), (10, "infer a"), (10, "infer a")];
    assert_eq!(world.seen(), seen(&expected));
    let statistics = world.statistics();
    assert_eq!((statistics.asked, statistics.hits), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_it_fails_as_ever() {
    let world = world(queueing(1));

    let (at, failed) = infer(&world, "a").await;

    assert_eq!((at, failed.unwrap_err().0), (0, FailureKind::Http(503)));
    assert_eq!(world.statistics().asked, 0);
}

#[tokio::test(start_paused = true)]
async fn inference_that_waits_comes_before_loads() {
    let world = world(on_demand());
    let loads = ["a", "b"].map(|model| world.wait(world.submit(model)));

    let inferred = infer(&world, "c").await;

    assert_eq!(inferred, (20, Ok(())));
    for load in loads {
        load.await.unwrap().1.unwrap();
    }
    let expected = [
        (0, "load a"),
        (10, "load c"),
        (20, "infer c"),
        (20, "load b"),
    ];
    let mut found = world.seen();
    found.sort();
    let mut expected = seen(&expected);
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(start_paused = true)]
async fn it_waits_no_longer_than_its_own_deadline() {
    let world = world(on_demand());

    let (at, failed) = infer(&world, "hang").await;

    let expected = "model `hang` was not loaded: no complete answer within the deadline of 1s";
    assert_eq!(at, 1000);
    assert_eq!(
        failed.unwrap_err(),
        (FailureKind::Deadline, 0, expected.to_owned())
    );
    assert_eq!(
        world.seen(),
        seen(&[(0, "load hang"), (1000, "given up hang")])
    );
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_is_the_failure_of_the_inference() {
    let world = world(on_demand());

    let (at, failed) = infer(&world, "bad").await;

    let expected = "model `bad` was not loaded: out of memory";
    assert_eq!(at, 10);
    assert_eq!(
        failed.unwrap_err(),
        (FailureKind::Http(500), 0, expected.to_owned())
    );
    assert_eq!(world.seen(), seen(&[(0, "load bad")]));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_gone_is_found_out_by_one_request_and_loaded_by_the_next() {
    let world = world(on_demand());
    infer(&world, "a").await.1.unwrap();
    world.unload_behind_its_back("a");

    let (_, failed) = infer(&world, "a").await;

    assert_eq!(failed.unwrap_err().0, FailureKind::Http(503));
    assert_eq!(infer(&world, "a").await, (20, Ok(())));
}

#[tokio::test(start_paused = true)]
async fn endpoints_that_cannot_load_are_asked_whatever_becomes_of_the_load() {
    let fallback = world_of(on_demand(), &[Protocol::OipGrpc, Protocol::Openai]);
    let first = world_of(on_demand(), &[Protocol::Openai, Protocol::OipRest]);

    // The first endpoint refuses it and decides the round, as it would without the setting.
    let (at, failed) = infer(&fallback, "bad").await;
    let (kind, attempts, _) = failed.unwrap_err();
    assert_eq!((at, kind, attempts), (10, FailureKind::Http(503), 1));

    assert_eq!(infer(&first, "bad").await, (10, Ok(())));
    assert_eq!(first.statistics().asked, 0);
}
