//! Models that are loaded before they are asked for.

use super::world::{World, pass, queueing, seen, world};
use super::*;

fn ahead(concurrent: u32, preload: u32) -> World {
    world(LoadingConfig {
        preload,
        ..queueing(concurrent)
    })
}

/// Loads and unloads each of these, one after the other.
async fn used(world: &World, models: &[&str]) {
    for model in models {
        world.client.models().load(model).await.unwrap();
        world.client.models().unload(model).await.unwrap();
    }
    world.seen();
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_for_most_often_is_loaded_ahead_and_there_when_it_is_asked_for() {
    let world = ahead(3, 2);
    used(&world, &["a", "b", "c", "b", "c", "b", "d"]).await;
    let watching = world.watch();
    pass(1).await;
    let begun = world.now();

    let loading = world.wait(world.submit("a"));
    assert_eq!(loading.await.unwrap(), (begun + 10, Ok(())));
    pass(5).await;

    let loads = [(begun, "load a"), (begun, "load b"), (begun, "load c")];
    assert_eq!(world.seen(), seen(&loads));
    assert!(world.submit("b").is_hit());
    assert!(world.submit("b").is_hit());
    pass(11).await;
    assert!(world.submit("c").is_hit());
    // The place of `b` is free again, and that of `c` is now.
    assert_eq!(world.seen(), seen(&[(begun + 15, "load d")]));
    let statistics = world.statistics();
    assert_eq!((statistics.preloads, statistics.preload_hits), (3, 2));
    assert_eq!((statistics.asked, statistics.hits), (11, 3));
    watching.abort();
}

#[tokio::test(start_paused = true)]
async fn no_more_are_loaded_ahead_than_may_be_unused() {
    let world = ahead(3, 1);
    used(&world, &["a", "b", "c"]).await;
    let _watching = world.watch();
    pass(1).await;
    let begun = world.now();

    for _ in 0..5 {
        world.client.models().load("d").await.unwrap();
        world.client.models().unload("d").await.unwrap();
    }

    let ahead = |seen: Vec<(u128, String)>| {
        let others = seen.into_iter().filter(|(_, what)| !what.ends_with(" d"));
        others.collect::<Vec<_>>()
    };
    assert_eq!(ahead(world.seen()), seen(&[(begun, "load a")]));
    pass(60_000).await;
    let later = world.now();
    // It is not known any more to be there.
    world.client.models().load("d").await.unwrap();
    assert_eq!(ahead(world.seen()), seen(&[(later, "load a")]));
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_takes_the_place_of_what_is_loaded_ahead() {
    let world = ahead(2, 2);
    used(&world, &["slow", "slower", "a", "b"]).await;
    let _watching = world.watch();
    pass(1).await;
    let begun = world.now();
    assert_eq!(load(&world, "a").await, begun + 10);
    world.seen();
    pass(20).await;

    let wanted = world.wait(world.submit("b"));

    assert_eq!(wanted.await.unwrap(), (begun + 40, Ok(())));
    pass(60).await;
    let expected = [
        (begun + 30, "load b"),
        (begun + 30, "given up slower"),
        (begun + 40, "load slower"),
    ];
    let mut found = world.seen();
    found.sort();
    let mut expected = seen(&expected);
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(world.most_running(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_what_is_being_loaded_ahead_waits_only_for_the_rest() {
    let world = ahead(3, 1);
    used(&world, &["slow", "a"]).await;
    let watching = world.watch();
    pass(1).await;
    let begun = world.now();
    load(&world, "a").await;
    pass(40).await;

    let joined = world.wait(world.submit("slow"));
    pass(1).await;
    // It is wanted now, and no longer given up with those ahead.
    watching.abort();

    assert_eq!(joined.await.unwrap(), (begun + 100, Ok(())));
    let statistics = world.statistics();
    assert_eq!((statistics.preloads, statistics.preload_hits), (1, 1));
    assert_eq!((statistics.joined, statistics.hits), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn without_anybody_who_watches_nothing_is_loaded_ahead() {
    let world = ahead(3, 2);
    used(&world, &["slow", "slower", "a"]).await;

    load(&world, "a").await;
    world.client.models().unload("a").await.unwrap();
    assert_eq!(world.statistics().preloads, 0);
    let watching = [world.watch(), world.watch()];
    pass(1).await;
    load(&world, "a").await;
    world.seen();

    let [first, last] = watching;
    first.abort();
    pass(1).await;
    assert_eq!(world.seen(), []);
    last.abort();
    pass(1).await;

    let given_up = world.now() - 1;
    let expected = [(given_up, "given up slow"), (given_up, "given up slower")];
    assert_eq!(world.seen(), seen(&expected));
    assert_eq!(world.statistics().running, 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_loaded_is_not_loaded_ahead_until_it_is_asked_for_again() {
    let world = ahead(3, 1);
    world.client.models().load("bad").await.unwrap_err();
    let _watching = world.watch();
    pass(1).await;

    for _ in 0..3 {
        load(&world, "a").await;
        world.client.models().unload("a").await.unwrap();
        pass(20).await;
    }

    let statistics = world.statistics();
    assert_eq!((statistics.failed, statistics.preloads), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_unloaded_is_not_loaded_ahead_before_another_is_asked_for() {
    let world = ahead(3, 2);
    used(&world, &["slow", "a", "b"]).await;
    let _watching = world.watch();
    pass(1).await;
    load(&world, "a").await;
    world.seen();
    let now = world.now();

    // One is being loaded ahead; the others are loaded.
    for model in ["slow", "a", "b"] {
        world.client.models().unload(model).await.unwrap();
    }
    pass(50).await;
    let expected = [
        (now, "unload slow"),
        (now, "unload a"),
        (now, "unload b"),
        (now, "given up slow"),
    ];
    let (mut found, mut expected) = (world.seen(), seen(&expected));
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    load(&world, "c").await;
    let mut ahead = world.seen();
    ahead.sort();
    let expected = [
        (now + 50, "load a"),
        (now + 50, "load c"),
        (now + 50, "load slow"),
    ];
    assert_eq!(ahead, seen(&expected));
}

#[tokio::test(start_paused = true)]
async fn unloading_everything_gives_up_what_is_loaded_ahead() {
    let world = ahead(3, 1);
    used(&world, &["slow", "a"]).await;
    let _watching = world.watch();
    pass(1).await;
    load(&world, "a").await;

    let unloaded = world.client.models().unload_all().await.unwrap();
    pass(200).await;

    assert_eq!(unloaded, ["a"]);
    assert!(!world.submit("slow").is_hit());
}
