//! `max_connections`: never exceeded, and everyone in his turn.

use super::*;
use futures_util::future::join_all;
use proptest::prelude::*;

fn at_most(max_connections: u32) -> PoolConfig {
    PoolConfig {
        max_connections: Some(max_connections),
        ..PoolConfig::default()
    }
}

/// Sends a request that takes so many milliseconds to answer, and says how long it waited for its turn.
async fn take(pool: &Arc<Pool>, millis: u64) -> Result<Option<Duration>, Failure> {
    let mut answer = pool.send(get(&format!("/{millis}")), Over::Any).await?;
    while piece(&mut answer.body).await?.is_some() {}
    Ok(answer.queued)
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_its_turn_and_says_how_long() {
    let (pool, server) = pool(at_most(1), Behaviour::TakesItsTime(ANSWER));
    let begun = Instant::now();

    let waited = join_all([take(&pool, 30), take(&pool, 20), take(&pool, 10)]).await;

    let millis = |millis| Ok(Some(Duration::from_millis(millis)));
    assert_eq!(waited, [millis(0), millis(30), millis(50)]);
    assert_eq!(begun.elapsed(), Duration::from_millis(60));
    let figures = pool.statistics();
    assert_eq!((figures.created, figures.reused, figures.waited), (1, 2, 2));
    assert_eq!(figures.waiting, Duration::from_millis(80));
    assert_eq!(figures.longest_wait, Duration::from_millis(50));
    assert_eq!(server.most(), 1);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_waiting_leaves_his_turn_to_the_next() {
    let (pool, _server) = pool(at_most(1), Behaviour::TakesItsTime(ANSWER));
    let impatient = timeout(Duration::from_millis(5), take(&pool, 1));

    let (first, gave_up, last) = tokio::join!(take(&pool, 30), impatient, take(&pool, 1));

    assert_eq!(first, Ok(Some(Duration::ZERO)));
    assert!(gave_up.is_err());
    assert_eq!(last, Ok(Some(Duration::from_millis(30))));
    let figures = pool.statistics();
    assert_eq!((figures.waited, figures.waiting.as_millis()), (2, 35));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_dropped_makes_room_for_the_next() {
    let (pool, server) = pool(at_most(1), Behaviour::TakesItsTime(ANSWER));
    let answer = pool.send(get("/0"), Over::Any).await.unwrap();

    drop(answer);

    assert_eq!(take(&pool, 0).await, Ok(Some(Duration::ZERO)));
    assert_eq!(pool.statistics().created, 2);
    assert_eq!(server.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_connection_takes_the_place_of_an_idle_one() {
    let (pool, server) = pool(at_most(2), Behaviour::TakesItsTime(ANSWER));
    join_all([take(&pool, 1), take(&pool, 1)]).await;

    let answer = pool.send(get("/0"), Over::Fresh).await.unwrap();

    assert_eq!((answer.connection, server.open()), (Fresh, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn there_are_never_too_many_connections_and_all_are_served_in_turn(
        most in 1_u32..5,
        warm_up in 0_u32..5,
        requests in prop::collection::vec((0_u64..4, 0_u64..20, any::<bool>()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = PoolConfig { warm_up: warm_up.min(most), ..at_most(most) };
            let (pool, server) = pool(config, Behaviour::TakesItsTime(ANSWER));
            pool.warm_up().await;
            let mut start = Duration::ZERO;
            let calls = requests.iter().map(|&(gap, takes, is_fresh)| {
                start += Duration::from_millis(gap);
                let (pool, start) = (&pool, start);
                async move {
                    tokio::time::sleep(start).await;
                    let over = if is_fresh { Over::Fresh } else { Over::Any };
                    let mut answer = pool.send(get(&format!("/{takes}")), over).await.unwrap();
                    while piece(&mut answer.body).await.unwrap().is_some() {}
                    start + answer.queued.unwrap()
                }
            });
            let turns = join_all(calls).await;

            let most = usize::try_from(most).unwrap();
            assert!(server.most() <= most, "{} of {most}", server.most());
            assert!(turns.is_sorted(), "{turns:?}");
            assert_eq!(server.seen().len(), requests.len());
        });
    }
}
