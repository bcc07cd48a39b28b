//! The model service by hand: describes one of an endpoint's models, lists all, unloads the one, loads it again, and lists them
//! after each.
//!
//! ```text
//! cargo run --example models -- oip_grpc http://127.0.0.1:18101 echo
//! ```

#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use inferometer::client::{Client, ClientConfig, Endpoint, Mode, Protocol};
use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [protocol, url, model] = arguments.as_slice() else {
        return Err("expected a protocol (oip_rest or oip_grpc), a URL and a model".into());
    };
    let (protocol, mode) = match protocol.as_str() {
        "oip_rest" => (Protocol::OipRest, Mode::Rest),
        "oip_grpc" => (Protocol::OipGrpc, Mode::Grpc),
        other => return Err(format!("expected oip_rest or oip_grpc, found `{other}`").into()),
    };
    let config = ClientConfig {
        mode,
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[Endpoint::new(protocol, url)])?;
    client.is_ready(0).await?;
    println!("{:#?}", client.models().describe(model).await?);
    show(&client, model, "at first").await?;
    client.models().unload(model).await?;
    show(&client, model, "unloaded").await?;
    client.models().load(model).await?;
    show(&client, model, "loaded").await
}

async fn show(client: &Client, model: &str, when: &str) -> Result<(), Box<dyn Error>> {
    let is_ready = client.models().is_ready(model).await?;
    println!("{when}: {model} ready: {is_ready}");
    for model in client.models().list().await? {
        println!("{when}: {} {:?}", model.name, model.state);
    }
    Ok(())
}
