//! What the inference service counts.

use super::scripted::{Step, call, failure, scripted};
use super::*;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn calls_are_counted_as_they_end() {
    let script = [
        Step::Answers,
        Step::BreaksOff,
        Step::Fails(failure(FailureKind::Http(400))),
        Step::AnswersAfter(Duration::from_secs(9)),
    ];
    let (client, _) = scripted(&ClientConfig::default(), &[&script]);

    call(&client).await.unwrap();
    call(&client).await.unwrap_err();
    call(&client).await.unwrap_err();
    let given_up = tokio::time::timeout(Duration::from_secs(2), call(&client)).await;

    assert!(given_up.is_err());
    let counted = client.clone().inference_statistics();
    let expected = InferenceStatistics {
        requests: 4,
        answered: 1,
        failed: 2,
        given_up: 1,
        prompt_tokens: 0,
        output_tokens: 0,
        elapsed: Duration::from_secs(2),
    };
    assert_eq!(counted, expected);
    assert_eq!(
        counted.success_rate().map(|share| (share * 3.0).round()),
        Some(1.0)
    );
}

#[tokio::test]
async fn tokens_are_those_that_servers_count() {
    let server = wiremock::MockServer::start().await;
    let answer = r#"{"choices":[{"text":"yes","finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_string(answer))
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    client.inference().execute(&prompt(false)).await.unwrap();

    let counted = client.inference_statistics();
    assert_eq!((counted.prompt_tokens, counted.output_tokens), (7, 3));
    assert!(counted.tokens_per_second() > 0.0);
    assert_eq!(InferenceStatistics::default().success_rate(), None);
}
