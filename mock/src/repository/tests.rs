//! Models as they are loaded, used and unloaded, in virtual time.

use super::*;
use std::time::Duration;
use tokio::time::advance;

fn repository(json: &str) -> Repository {
    let spec: MockSpec = serde_json::from_str(json).unwrap();
    assert_eq!(spec.validate(), Ok(()));
    Repository::new(&spec)
}

/// `small` is loaded, `large` takes ten seconds to load and two to unload.
fn small_and_large() -> Repository {
    repository(
        r#"{"models":[{"name":"small"},
        {"name":"large","loaded":false,"load_time":"10s","unload_time":"2s"}]}"#,
    )
}

fn states(repository: &Repository) -> Vec<State> {
    repository.index().map(|(_, state)| state).collect()
}

async fn pass(seconds: u64) {
    advance(Duration::from_secs(seconds)).await;
}

#[tokio::test]
async fn an_empty_list_means_the_one_model_tiny_loaded() {
    assert_eq!(
        repository("{}").index().collect::<Vec<_>>(),
        [("tiny", State::Loaded)]
    );
}

#[tokio::test(start_paused = true)]
async fn loading_takes_its_time_and_can_be_watched() {
    let repository = small_and_large();
    let started = Instant::now();

    let (loaded, ()) = tokio::join!(repository.load("large"), async {
        pass(9).await;
        assert_eq!(repository.state("large"), Ok(State::Loading));
        assert_eq!(repository.ready().collect::<Vec<_>>(), ["small"]);
    });

    assert_eq!(loaded, Ok(()));
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert_eq!(repository.ready().collect::<Vec<_>>(), ["small", "large"]);
}

#[tokio::test(start_paused = true)]
async fn a_model_is_read_at_the_bandwidth_of_the_repository_on_top_of_its_load_time() {
    let repository = repository(
        r#"{"repository":{"load_bandwidth":"2GiB/s"},
        "models":[{"name":"a","loaded":false,"size":"7GiB","load_time":"1s"}]}"#,
    );
    let started = Instant::now();

    repository.load("a").await.unwrap();

    assert_eq!(started.elapsed(), Duration::from_millis(4500));
}

#[tokio::test(start_paused = true)]
async fn two_loads_of_one_model_end_together() {
    let repository = small_and_large();
    let started = Instant::now();

    let (first, second) = tokio::join!(repository.load("large"), async {
        pass(4).await;
        repository.load("large").await
    });

    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_load_goes_on_when_its_caller_leaves() {
    let repository = small_and_large();

    let left = tokio::time::timeout(Duration::from_secs(1), repository.load("large")).await;
    pass(9).await;

    assert!(left.is_err());
    assert_eq!(repository.state("large"), Ok(State::Loaded));
}

#[tokio::test(start_paused = true)]
async fn a_model_unloaded_while_loading_tells_so_at_once_and_takes_its_time_to_go() {
    let repository = small_and_large();
    let started = Instant::now();

    let (loaded, unloaded) = tokio::join!(repository.load("large"), async {
        pass(3).await;
        repository.unload("large")
    });

    assert_eq!(unloaded, Ok(()));
    assert_eq!(
        loaded,
        Err(Error::NotReady("large".to_owned(), State::Unloaded))
    );
    assert_eq!(started.elapsed(), Duration::from_secs(3));
    assert_eq!(repository.state("large"), Ok(State::Unloading));
    pass(2).await;
    assert_eq!(repository.state("large"), Ok(State::Unloaded));
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_end_before_their_model_is_unloaded_and_new_ones_are_refused() {
    let repository = small_and_large();
    repository.load("large").await.unwrap();
    let (first, second) = (
        repository.require("large").unwrap(),
        repository.require("large").unwrap(),
    );

    repository.unload("large").unwrap();
    drop(first);
    pass(60).await;

    assert_eq!(
        repository.require("large").unwrap_err(),
        Error::NotReady("large".to_owned(), State::Unloading)
    );
    drop(second);
    pass(1).await;
    assert_eq!(repository.state("large"), Ok(State::Unloading));
    pass(1).await;
    assert_eq!(repository.state("large"), Ok(State::Unloaded));
}

#[tokio::test(start_paused = true)]
async fn a_model_asked_for_while_it_is_unloaded_is_loaded_after_that() {
    let repository = small_and_large();
    repository.load("large").await.unwrap();
    let lease = repository.require("large").unwrap();
    repository.unload("large").unwrap();
    let started = Instant::now();

    let (loaded, ()) = tokio::join!(repository.load("large"), async {
        pass(5).await;
        drop(lease);
    });

    assert_eq!(loaded, Ok(()));
    assert_eq!(started.elapsed(), Duration::from_secs(5 + 2 + 10));
}

#[tokio::test(start_paused = true)]
async fn an_unload_takes_back_a_load_that_waits_for_the_model_to_be_gone() {
    let repository = small_and_large();
    repository.load("large").await.unwrap();
    repository.unload("large").unwrap();

    let (loaded, unloaded) = tokio::join!(repository.load("large"), async {
        repository.unload("large")
    });

    assert_eq!(unloaded, Ok(()));
    assert_eq!(
        loaded,
        Err(Error::NotReady("large".to_owned(), State::Unloaded))
    );
    pass(60).await;
    assert_eq!(repository.state("large"), Ok(State::Unloaded));
}

#[tokio::test(start_paused = true)]
async fn loads_beyond_the_limit_wait_in_order() {
    let repository = repository(
        r#"{"repository":{"concurrent_loads":1},"models":[
        {"name":"a","loaded":false,"load_time":"3s"},{"name":"b","loaded":false,"load_time":"2s"},
        {"name":"c","loaded":false,"load_time":"1s"}]}"#,
    );
    let started = Instant::now();
    let timed = async |name| {
        repository.load(name).await.unwrap();
        started.elapsed().as_secs()
    };

    let ends = tokio::join!(timed("c"), timed("a"), timed("b"));

    assert_eq!(ends, (1, 4, 6));
}

#[tokio::test(start_paused = true)]
async fn waiting_loads_go_on_when_nobody_looks() {
    let repository = repository(
        r#"{"repository":{"concurrent_loads":1},"models":[
        {"name":"a","loaded":false,"load_time":"3s"},{"name":"b","loaded":false,"load_time":"2s"},
        {"name":"c","loaded":false,"load_time":"2s"}]}"#,
    );
    for name in ["a", "b", "c"] {
        let left = tokio::time::timeout(Duration::ZERO, repository.load(name)).await;
        assert!(left.is_err());
    }

    pass(6).await;

    assert_eq!(
        states(&repository),
        [State::Loaded, State::Loaded, State::Loading]
    );
}

#[tokio::test(start_paused = true)]
async fn a_load_that_waits_for_a_place_gets_the_one_of_a_load_that_was_given_up() {
    let repository = repository(
        r#"{"repository":{"concurrent_loads":1},"models":[
        {"name":"a","loaded":false,"load_time":"9s"},{"name":"b","loaded":false,"load_time":"2s"}]}"#,
    );
    let started = Instant::now();

    let (first, second, ()) = tokio::join!(repository.load("a"), repository.load("b"), async {
        pass(1).await;
        repository.unload("a").unwrap();
    });

    assert_eq!(first, Err(Error::NotReady("a".to_owned(), State::Unloaded)));
    assert_eq!(second, Ok(()));
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_load_fails_when_too_little_memory_is_left_and_succeeds_once_there_is() {
    let repository = repository(
        r#"{"repository":{"memory":"10GiB"},"models":[{"name":"a","size":"6GiB","unload_time":"2s"},
        {"name":"b","loaded":false,"size":"5GiB"}]}"#,
    );
    let reason = Reason::OutOfMemory {
        needed: 5 << 30,
        free: 4 << 30,
    };
    let refused = Error::LoadFailed("b".to_owned(), reason);

    assert_eq!(repository.load("b").await, Err(refused.clone()));
    assert_eq!(
        refused.to_string(),
        "The model `b` failed to load: out of memory, it needs 5GiB and 4GiB is free."
    );
    assert_eq!(states(&repository), [State::Loaded, State::Failed(reason)]);
    repository.unload("a").unwrap();
    assert_eq!(repository.load("b").await, Err(refused));
    pass(2).await;
    assert_eq!(repository.load("b").await, Ok(()));
    assert_eq!(states(&repository), [State::Unloaded, State::Loaded]);
}

#[tokio::test(start_paused = true)]
async fn models_that_are_loading_take_memory_and_those_that_failed_take_none() {
    let repository = repository(
        r#"{"repository":{"memory":"4GiB"},"models":[
        {"name":"a","loaded":false,"size":"3GiB","load_time":"5s","fail_loads":{"first":1}},
        {"name":"b","loaded":false,"size":"2GiB"}]}"#,
    );

    let (first, ()) = tokio::join!(repository.load("a"), async {
        assert!(matches!(
            repository.load("b").await,
            Err(Error::LoadFailed(_, Reason::OutOfMemory { .. }))
        ));
    });

    assert!(first.is_err());
    assert_eq!(repository.load("b").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_first_loads_fail_as_asked_and_then_one_succeeds() {
    let repository = repository(
        r#"{"models":[{"name":"a","loaded":false,"load_time":"3s","fail_loads":{"first":2}}]}"#,
    );
    let started = Instant::now();

    let loads = [
        repository.load("a").await,
        repository.load("a").await,
        repository.load("a").await,
    ];

    let failed = |load| Err(Error::LoadFailed("a".to_owned(), Reason::AsAsked { load }));
    assert_eq!(loads, [failed(1), failed(2), Ok(())]);
    assert_eq!(started.elapsed(), Duration::from_secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_failed_says_why_until_it_is_unloaded() {
    let repository =
        repository(r#"{"models":[{"name":"a","loaded":false,"fail_loads":{"first":1}}]}"#);

    assert!(repository.load("a").await.is_err());

    assert_eq!(
        repository.require("a").unwrap_err().to_string(),
        "The model `a` failed to load: load 1 fails, as the mock was asked to."
    );
    repository.unload("a").unwrap();
    assert_eq!(repository.state("a"), Ok(State::Unloaded));
}

#[tokio::test]
async fn the_unknown_can_neither_be_loaded_nor_unloaded() {
    let unknown = Err(Error::Unknown("absent".to_owned()));

    assert_eq!(small_and_large().load("absent").await, unknown);
    assert_eq!(small_and_large().unload("absent"), unknown);
    assert_eq!(
        small_and_large().require("large").unwrap_err().to_string(),
        "The model `large` is not loaded."
    );
}
