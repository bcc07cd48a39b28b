//! How many connections the embedded client makes to a mock, over every protocol, counted by what stands between them.

use crate::relay::{Relay, authority};
use inferometer::client::{
    Client, ClientConfig, Endpoint, FailureKind, HttpVersion, Input, Mode, Pool, PoolConfig,
    PoolStatistics, Protocol, Repeats, Request, Retry,
};
use inferometer_mock::{Mock, MockSpec};
use inferometer_proto::quantity::Period;
use serde_json::json;

const PROTOCOLS: [(Protocol, Mode); 3] = [
    (Protocol::Openai, Mode::Rest),
    (Protocol::OipRest, Mode::Rest),
    (Protocol::OipGrpc, Mode::Grpc),
];

/// A client that reaches a mock through a relay.
async fn client(mock: &Mock, spoken: (Protocol, Mode), pool: Pool) -> (Client, Relay) {
    let config = ClientConfig {
        pool,
        ..ClientConfig::default()
    };
    client_with(mock, spoken, config).await
}

async fn client_with(
    mock: &Mock,
    (protocol, mode): (Protocol, Mode),
    config: ClientConfig,
) -> (Client, Relay) {
    let url = match mode {
        Mode::Grpc => mock.grpc_url(),
        Mode::Rest | Mode::Hybrid | Mode::HybridRestFirst => mock.rest_url(),
    };
    let relay = Relay::to(&url).await;
    let endpoint = Endpoint::new(protocol, url.replace(&authority(&url), &relay.authority));
    let config = ClientConfig { mode, ..config };
    (Client::new(&config, &[endpoint]).unwrap(), relay)
}

async fn ask(client: &Client, stream: bool) -> Vec<FailureKind> {
    let request = Request {
        id: "kept".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt("one two three".to_owned()),
        max_tokens: 4,
        stream,
        temperature: None,
        top_p: None,
    };
    let answer = client.inference().execute(&request).await.unwrap();
    assert_eq!(answer.text, " alpha bravo charlie delta");
    let failed = answer.failed_attempts.iter();
    failed.map(|attempt| attempt.failure.kind).collect()
}

#[tokio::test]
async fn connections_are_kept_over_every_protocol_unless_the_pool_is_off() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    for spoken in PROTOCOLS {
        for (pool, connections) in [(Pool::default(), 1), (Pool::Off, 6)] {
            let (client, relay) = client(&mock, spoken, pool).await;

            for stream in [false, true, false, true] {
                ask(&client, stream).await;
            }
            client.is_ready(0).await.unwrap();
            client.models().list().await.unwrap();

            assert_eq!(relay.seen().len(), connections, "{spoken:?}");
            let created = client.pool_statistics()[0].created;
            assert_eq!(created, u64::try_from(connections).unwrap(), "{spoken:?}");
        }
    }
}

#[tokio::test]
async fn connections_are_made_beforehand_and_calls_over_grpc_take_turns() {
    let mock = Mock::start(MockSpec::default()).await.unwrap();
    for spoken in PROTOCOLS {
        let config = PoolConfig {
            warm_up: 3,
            grpc_connections: 3,
            ..PoolConfig::default()
        };
        let (client, relay) = client(&mock, spoken, Pool::On(config)).await;

        client.warm_up().await;
        for _ in 0..6 {
            ask(&client, true).await;
        }

        assert_eq!(relay.seen().len(), 3, "{spoken:?}");
        let expected = PoolStatistics {
            created: 3,
            reused: 6,
            ..PoolStatistics::default()
        };
        assert_eq!(client.pool_statistics(), [expected], "{spoken:?}");
    }
}

#[tokio::test]
async fn a_shared_connection_that_swallows_everything_costs_one_attempt_over_every_protocol() {
    for spoken in PROTOCOLS {
        let spec = json!({ "faults": [{ "black_hole": { "times": 1 } }] });
        let mock = Mock::start(serde_json::from_value(spec).unwrap());
        let mock = mock.await.unwrap();
        let config = ClientConfig {
            http_version: HttpVersion::Two,
            first_byte_deadline: Some(Period::from_millis(500)),
            retry: Retry {
                attempts: 2,
                max_backoff: Period::default(),
                repeats: Repeats::Idempotent,
                ..Retry::default()
            },
            ..ClientConfig::default()
        };
        let (client, relay) = client_with(&mock, spoken, config).await;

        let failed = [ask(&client, false).await, ask(&client, true).await];

        let swallowed = vec![FailureKind::Stalled];
        assert_eq!(failed, [swallowed, vec![]], "{spoken:?}");
        assert_eq!(relay.seen().len(), 2, "{spoken:?}");
    }
}
