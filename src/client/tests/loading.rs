//! Model loading in paused virtual time: a server that writes down what it is asked, loads told with exact times.

mod ahead;
mod on_demand;
mod world;

use super::*;
use proptest::prelude::*;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};
use world::{World, pass, queueing, seen, world};

#[tokio::test(start_paused = true)]
async fn loads_wait_for_their_turn_and_begin_by_priority() {
    let world = world(queueing(2));
    let asked = [
        ("a", Priority::Normal),
        ("slow", Priority::Low),
        ("b", Priority::Low),
        ("c", Priority::Normal),
        ("d", Priority::Normal),
        ("e", Priority::High),
    ];

    let waiting = asked.map(|(model, priority)| world.wait(world.submit_at(model, priority)));
    let mut ended = Vec::new();
    for waiting in waiting {
        ended.push(waiting.await.unwrap());
    }

    let loads = [
        (0, "load a"),
        (0, "load slow"),
        (10, "load e"),
        (20, "load c"),
        (30, "load d"),
        (40, "load b"),
    ];
    assert_eq!(world.seen(), seen(&loads));
    let ends = ended.iter().map(|(at, ended)| (*at, ended.is_ok()));
    let expected = [10, 100, 50, 30, 40, 20].map(|at| (at, true));
    assert_eq!(ends.collect::<Vec<_>>(), expected);
    assert_eq!(world.most_running(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_the_same_model_shares_its_load() {
    let world = world(queueing(3));
    let first = world.wait(world.submit("a"));
    pass(4).await;

    let second = world.wait(world.submit("a"));

    assert_eq!(first.await.unwrap(), (10, Ok(())));
    assert_eq!(second.await.unwrap(), (10, Ok(())));
    assert_eq!(world.seen(), seen(&[(0, "load a")]));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_one_load_works_on_all_of_them() {
    let world = world(queueing(2));
    let mut first = world.submit("slow");
    let others = ["a", "b"].map(|model| world.submit(model));

    first.ended().await.unwrap();

    assert_eq!(world.now(), 100);
    assert_eq!(
        others.map(|other| other.progress()),
        [LoadProgress::Loaded; 2]
    );
    let loads = [(0, "load slow"), (0, "load a"), (10, "load b")];
    assert_eq!(world.seen(), seen(&loads));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_on_while_nobody_waits() {
    let world = world(queueing(2));

    let mut loading = world.submit("a");
    pass(50).await;
    assert_eq!(world.seen(), []);

    loading.ended().await.unwrap();
    assert_eq!(world.seen(), seen(&[(50, "load a")]));
    assert_eq!(world.now(), 60);
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_works_on_loads_that_nobody_waits_for() {
    let world = world(queueing(1));
    let watching = world.watch();

    let loading = ["a", "b"].map(|model| world.submit(model));
    pass(25).await;

    assert_eq!(
        loading.map(|loading| loading.progress()),
        [LoadProgress::Loaded; 2]
    );
    assert_eq!(world.seen(), seen(&[(0, "load a"), (10, "load b")]));
    watching.abort();
}

#[tokio::test(start_paused = true)]
async fn when_whoever_works_leaves_another_goes_on() {
    let world = world(queueing(1));
    let working = world.wait(world.submit("a"));
    pass(1).await;
    let others = ["a", "b"].map(|model| world.wait(world.submit(model)));
    pass(4).await;

    working.abort();
    let [same, other] = others;

    assert_eq!(same.await.unwrap(), (10, Ok(())));
    assert_eq!(other.await.unwrap(), (20, Ok(())));
    assert_eq!(world.seen(), seen(&[(0, "load a"), (10, "load b")]));
}

#[tokio::test(start_paused = true)]
async fn the_last_to_give_a_load_up_cancels_its_call_at_once_and_the_next_begins() {
    let world = world(queueing(1));
    let giving_up = ["slow", "slow"].map(|model| world.wait(world.submit(model)));
    let queued = world.submit("c");
    let next = world.wait(world.submit("b"));
    pass(5).await;

    let [one, other] = giving_up;
    one.abort();
    pass(1).await;
    assert_eq!(world.seen(), seen(&[(0, "load slow")]));
    drop(queued);
    other.abort();

    assert_eq!(next.await.unwrap(), (16, Ok(())));
    assert_eq!(world.seen(), seen(&[(6, "given up slow"), (6, "load b")]));
    let expected = LoadingStatistics {
        asked: 4,
        joined: 1,
        loads: 2,
        longest_queue: 2,
        ..LoadingStatistics::default()
    };
    assert_eq!(world.statistics(), expected);
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_from_the_queue_to_the_end() {
    let world = world(queueing(1));
    let [first, mut bad, last] = ["a", "bad", "b"].map(|model| world.submit(model));
    let told = || [&first, &bad, &last].map(Loading::progress);
    let expected = [
        LoadProgress::Loading,
        LoadProgress::Queued(0),
        LoadProgress::Queued(1),
    ];
    assert_eq!(told(), expected);

    let failed = bad.ended().await.unwrap_err();

    assert_eq!(failed.failure.kind, FailureKind::Http(500));
    assert_eq!(failed.attempts.len(), 1);
    let told = [&first, &bad, &last].map(Loading::progress);
    let expected = [
        LoadProgress::Loaded,
        LoadProgress::Failed,
        LoadProgress::Loading,
    ];
    assert_eq!(told, expected);
    assert_eq!(bad.ended().await, Err(failed));
    assert!(format!("{bad:?}").contains("Failed"));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_hangs_ends_at_its_deadline_and_holds_up_no_other_for_longer() {
    let config = LoadingConfig {
        deadline: Period::from_millis(250),
        ..queueing(1)
    };
    let world = world(config);

    let hanging = world.wait(world.submit("hang"));
    let next = world.wait(world.submit("a"));

    let expected = (250, Err(FailureKind::Deadline));
    assert_eq!(hanging.await.unwrap(), expected);
    assert_eq!(next.await.unwrap(), (260, Ok(())));
    assert_eq!(world.statistics().failed, 1);
}

/// Loads a model, and says when that was done.
async fn load(world: &World, model: &str) -> u128 {
    world.client.models().load(model).await.unwrap();
    world.now()
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_loaded_is_there_at_once_until_that_may_be_true_no_longer() {
    let world = world(queueing(3));
    let models = world.client.models();

    assert_eq!(load(&world, "a").await, 10);
    assert_eq!(load(&world, "a").await, 10);
    assert!(world.submit("a").is_hit());
    models.unload("a").await.unwrap();
    assert_eq!(load(&world, "a").await, 20);
    pass(60_000).await;
    assert_eq!(load(&world, "a").await, 60_030);
    world.unload_behind_its_back("a");
    assert_eq!(load(&world, "a").await, 60_030);
    models.refresh().await.unwrap();
    assert_eq!(load(&world, "a").await, 60_040);

    let expected = LoadingStatistics {
        asked: 7,
        hits: 3,
        loads: 4,
        ..LoadingStatistics::default()
    };
    assert_eq!(world.statistics(), expected);
    assert_eq!(world.statistics().hit_rate(), Some(3.0 / 7.0));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_unloaded_while_it_is_loaded_is_not_taken_to_be_there() {
    let world = world(queueing(3));
    let loading = world.wait(world.submit("slow"));
    pass(5).await;

    world.client.models().unload("slow").await.unwrap();

    assert_eq!(loading.await.unwrap(), (100, Ok(())));
    assert!(!world.submit("slow").is_hit());
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_there_is_no_queue() {
    let endpoint = Endpoint::new(Protocol::OipRest, "http://127.0.0.1:1");
    let client = Client::new(&ClientConfig::default(), &[endpoint]).unwrap();

    let told = client.models().submit("a", Priority::High).unwrap_err();

    let expected =
        "loading: expected a block such as `{}`, without which loads have no queue, found `none`";
    assert_eq!(told.to_string(), expected);
    assert_eq!(client.loading_statistics(), None);
}

#[tokio::test]
async fn what_cannot_be_configured_is_refused() {
    let told = |loading, ttl| {
        let config = ClientConfig {
            loading: Some(loading),
            model_list_ttl: Period::from_secs(ttl),
            ..ClientConfig::default()
        };
        config.validate().unwrap_err().to_string()
    };
    let with = |concurrent, deadline, preload| LoadingConfig {
        concurrent,
        deadline: Period::from_secs(deadline),
        preload,
        on_demand: false,
    };

    assert_eq!(
        told(with(0, 1, 0), 1),
        "loading.concurrent: expected 1 to 100, found `0`"
    );
    assert_eq!(
        told(with(1, 0, 0), 1),
        "loading.deadline: expected more than 0s, found `0s`"
    );
    assert_eq!(
        told(with(1, 1, 101), 1),
        "loading.preload: expected 0 to 100, found `101`"
    );
    assert_eq!(
        told(with(1, 1, 2), 0),
        "loading.preload: expected 0 beside `model_list_ttl: 0s`, by which nothing is known of a model that was loaded \
         before, found `2`"
    );
}

#[tokio::test]
async fn two_who_ask_at_once_make_one_call() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v2/repository/models/tiny/load"))
        .respond_with(ResponseTemplate::new(200).set_body_raw("{}", "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let config = ClientConfig {
        loading: Some(LoadingConfig::default()),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[Endpoint::new(Protocol::OipRest, server.uri())]).unwrap();
    let models = client.models();
    let [mut one, mut other] =
        [Priority::Low, Priority::High].map(|priority| models.submit("tiny", priority).unwrap());

    let ended = futures_util::future::join(one.ended(), other.ended()).await;

    assert_eq!(ended, (Ok(()), Ok(())));
    models.load("tiny").await.unwrap();
    let statistics = client.loading_statistics().unwrap();
    assert_eq!((statistics.loads, statistics.hits), (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_load_ends_and_never_more_than_allowed_are_running(
        concurrent in 1_u32..4,
        // What is asked for, when, and after how long it is given up.
        asked in prop::collection::vec((0_usize..6, 0_u64..60, prop::option::of(0_u64..60)), 1..40),
        is_watched in any::<bool>(),
    ) {
        const MODELS: [&str; 6] = ["a", "b", "slow", "slower", "bad", "hang"];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = LoadingConfig {
                deadline: Period::from_millis(200),
                preload: 2,
                ..queueing(concurrent)
            };
            let world = world(config);
            let watching = is_watched.then(|| world.watch());
            let asking = asked.into_iter().map(|(model, after, gives_up)| {
                let (world, model) = (&world, MODELS[model]);
                async move {
                    pass(after).await;
                    let mut loading = world.submit(model);
                    let patience = gives_up.map_or(3_600_000, |after| after);
                    let patience = std::time::Duration::from_millis(patience);
                    let ended = tokio::time::timeout(patience, loading.ended()).await;
                    (model, gives_up.is_none(), ended)
                }
            });

            let ended = futures_util::future::join_all(asking).await;

            for (model, is_patient, ended) in ended {
                let is_good = !model.starts_with("bad") && model != "hang";
                match ended {
                    Ok(ended) => assert_eq!(ended.is_ok(), is_good, "{model}"),
                    Err(_) => assert!(!is_patient, "{model}"),
                }
            }
            assert!(world.most_running() <= usize::try_from(concurrent).unwrap());
            if let Some(watching) = watching {
                watching.abort();
                watching.await.ok();
            }
            let statistics = world.statistics();
            assert_eq!((statistics.waiting, statistics.running), (0, 0));
            assert!(is_watched || statistics.preloads == 0);
        });
    }
}
