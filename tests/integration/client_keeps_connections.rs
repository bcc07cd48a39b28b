//! How many connections the embedded client makes to a mock, over every protocol, counted by what stands between them.

use crate::relay::{Relay, authority};
use inferometer::client::{
    Client, ClientConfig, Endpoint, Input, Mode, Pool, PoolConfig, PoolStatistics, Protocol,
    Request,
};
use inferometer_mock::{Mock, MockSpec};

const PROTOCOLS: [(Protocol, Mode); 3] = [
    (Protocol::Openai, Mode::Rest),
    (Protocol::OipRest, Mode::Rest),
    (Protocol::OipGrpc, Mode::Grpc),
];

/// A client that reaches a mock through a relay.
async fn client(mock: &Mock, (protocol, mode): (Protocol, Mode), pool: Pool) -> (Client, Relay) {
    let url = match mode {
        Mode::Grpc => mock.grpc_url(),
        Mode::Rest | Mode::Hybrid | Mode::HybridRestFirst => mock.rest_url(),
    };
    let relay = Relay::to(&url).await;
    let endpoint = Endpoint::new(protocol, url.replace(&authority(&url), &relay.authority));
    let config = ClientConfig {
        mode,
        pool,
        ..ClientConfig::default()
    };
    (Client::new(&config, &[endpoint]).unwrap(), relay)
}

async fn ask(client: &Client, stream: bool) {
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
