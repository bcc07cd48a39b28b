//! Triton's statistics and configuration of models, over REST and gRPC.

use crate::grpc_client::{client, request};
use crate::{mock, until_idle};
use inferometer_mock::Mock;
use inferometer_proto::inference::{
    DataType, ModelConfigRequest, ModelInput, ModelOutput, ModelStatisticsRequest,
};
use reqwest::Client;
use serde_json::{Value, json};
use tonic::Code;

const MODELS: &str = r#"{"models":[{"name":"tiny"},{"name":"cold","loaded":false},{"name":"resnet",
    "inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"y","datatype":"BYTES","shape":[2]}]}],
    "latency":{"fixed":"2ms"},"faults":[{"status":{"http":500,"requests":{"from":7,"until":8}}}]}"#;

async fn generate(mock: &Mock, model: &str, id: &str) -> u16 {
    let url = format!("{}/v2/models/{model}/generate", mock.rest_url());
    let request = Client::new().post(url).header("x-request-id", id);
    let response = request.body(r#"{"text_input":"a"}"#).send().await.unwrap();
    let status = response.status().as_u16();
    response.bytes().await.unwrap();
    until_idle(mock).await;
    status
}

async fn get(mock: &Mock, path: &str) -> (u16, Value) {
    let url = format!("{}/v2/models/{path}", mock.rest_url());
    let response = Client::new().get(url).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap())
}

/// The sum of the times under these names.
fn nanos(statistics: &Value, names: &[&str]) -> u64 {
    let times = names.iter().map(|name| statistics[name]["ns"].as_u64());
    times.map(Option::unwrap).sum()
}

#[tokio::test]
async fn what_was_answered_and_what_failed_is_counted_for_each_model() {
    let mock = mock(MODELS).await;
    let unused = get(&mock, "tiny/stats").await;

    for id in ["r-1", "r-2", "r-7"] {
        generate(&mock, "tiny", id).await;
    }
    generate(&mock, "absent", "r-3").await;
    let (status, told) = get(&mock, "tiny/versions/1/stats").await;

    assert_eq!((status, unused.0), (200, 200));
    assert_eq!(unused.1["model_stats"][0]["last_inference"], 0);
    assert_eq!(unused.1["model_stats"][0]["batch_stats"], json!([]));
    let tiny = &told["model_stats"][0];
    assert_eq!(tiny["name"], "tiny");
    assert_eq!(tiny["version"], "1");
    assert_eq!(
        (&tiny["inference_count"], &tiny["execution_count"]),
        (&json!(2), &json!(2))
    );
    assert!(
        tiny["last_inference"].as_u64() > Some(1_700_000_000_000),
        "{tiny}"
    );
    let inferences = &tiny["inference_stats"];
    for (name, count) in [
        ("success", 2),
        ("fail", 1),
        ("queue", 2),
        ("compute_input", 2),
        ("compute_infer", 2),
        ("compute_output", 2),
        ("cache_hit", 0),
        ("cache_miss", 0),
    ] {
        assert_eq!(inferences[name]["count"], count, "{name}");
    }
    let parts = ["queue", "compute_input", "compute_infer", "compute_output"];
    assert_eq!(nanos(inferences, &["success"]), nanos(inferences, &parts));
    assert!(nanos(inferences, &["compute_infer"]) >= 4_000_000, "{tiny}");
    assert_eq!(tiny["batch_stats"][0]["batch_size"], 1);
    assert_eq!(
        tiny["batch_stats"][0]["compute_infer"],
        inferences["compute_infer"]
    );
}

#[tokio::test]
async fn all_that_is_ready_is_told_of_together_and_a_reset_begins_anew() {
    let mock = mock(MODELS).await;
    generate(&mock, "tiny", "r-1").await;

    let (_, before) = get(&mock, "stats").await;
    mock.reset();
    let (_, after) = get(&mock, "stats").await;

    let counts = |told: &Value| -> Vec<(Value, Value)> {
        let models = told["model_stats"].as_array().unwrap().iter();
        models
            .map(|model| (model["name"].clone(), model["inference_count"].clone()))
            .collect()
    };
    assert_eq!(
        counts(&before),
        [(json!("tiny"), json!(1)), (json!("resnet"), json!(0))]
    );
    assert_eq!(
        counts(&after),
        [(json!("tiny"), json!(0)), (json!("resnet"), json!(0))]
    );
}

#[tokio::test]
async fn a_model_that_is_not_ready_has_no_statistics_as_in_triton() {
    let mock = mock(MODELS).await;
    let mut grpc = client(&mock).await;

    for model in ["cold", "absent"] {
        let told = format!("requested model '{model}' is not available");
        let refused = get(&mock, &format!("{model}/stats")).await;
        assert_eq!(refused, (400, json!({ "error": told })));
        let request = ModelStatisticsRequest {
            name: model.to_owned(),
            ..Default::default()
        };
        let refused = grpc.model_statistics(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::InvalidArgument, &*told)
        );
    }
    let (status, told) = get(&mock, "tiny/versions/2/stats").await;
    assert_eq!(status, 400);
    assert_eq!(
        told["error"],
        "requested model version is not available for model 'tiny'"
    );
}

#[tokio::test]
async fn grpc_tells_the_same_figures_as_rest() {
    let mock = mock(MODELS).await;
    let mut grpc = client(&mock).await;
    grpc.model_infer(request("a", "hello", 2)).await.unwrap();
    generate(&mock, "tiny", "r-7").await;
    until_idle(&mock).await;

    let (_, rest) = get(&mock, "stats").await;
    let told = grpc.model_statistics(ModelStatisticsRequest::default());
    let told = told.await.unwrap().into_inner().model_stats;

    assert_eq!(told.len(), 2);
    let (tiny, rest) = (&told[0], &rest["model_stats"][0]);
    let inferences = tiny.inference_stats.unwrap();
    let duration = |found: Option<inferometer_proto::inference::StatisticDuration>| {
        let found = found.unwrap();
        json!({ "count": found.count, "ns": found.ns })
    };
    assert_eq!((tiny.name.as_str(), tiny.version.as_str()), ("tiny", "1"));
    assert_eq!(json!(tiny.last_inference), rest["last_inference"]);
    assert_eq!(json!(tiny.inference_count), rest["inference_count"]);
    assert_eq!(tiny.execution_count, 1);
    for (name, found) in [
        ("success", inferences.success),
        ("fail", inferences.fail),
        ("queue", inferences.queue),
        ("compute_input", inferences.compute_input),
        ("compute_infer", inferences.compute_infer),
        ("compute_output", inferences.compute_output),
        ("cache_hit", inferences.cache_hit),
        ("cache_miss", inferences.cache_miss),
    ] {
        assert_eq!(duration(found), rest["inference_stats"][name], "{name}");
    }
    let batch = tiny.batch_stats[0];
    assert_eq!((batch.batch_size, tiny.batch_stats.len()), (1, 1));
    assert_eq!(
        duration(batch.compute_infer),
        rest["batch_stats"][0]["compute_infer"]
    );
}

#[tokio::test]
async fn a_model_s_configuration_is_told_over_grpc_too() {
    let mock = mock(MODELS).await;
    let mut grpc = client(&mock).await;
    let request = |name: &str, version: &str| ModelConfigRequest {
        name: name.to_owned(),
        version: version.to_owned(),
    };

    let told = grpc.model_config(request("resnet", "")).await.unwrap();
    let absent = grpc.model_config(request("absent", "")).await.unwrap_err();
    let version = grpc.model_config(request("tiny", "2")).await.unwrap_err();

    let config = told.into_inner().config.unwrap();
    assert_eq!((config.name.as_str(), config.max_batch_size), ("resnet", 0));
    assert_eq!(
        config.input,
        [ModelInput {
            name: "x".to_owned(),
            data_type: DataType::TypeFp32.into(),
            dims: vec![-1, 4],
        }]
    );
    assert_eq!(
        config.output,
        [ModelOutput {
            name: "y".to_owned(),
            data_type: DataType::TypeString.into(),
            dims: vec![2],
        }]
    );
    assert_eq!(
        (absent.code(), version.code()),
        (Code::NotFound, Code::NotFound)
    );
}
