//! A client from its file: reads the file, lays the environment over it, and asks one question.
//!
//! ```text
//! inferometer mock &
//! cargo run --example client_from_file -- examples/client/dev.yaml tiny "Why is the sky blue?"
//! ```

#![expect(clippy::print_stdout, reason = "an example prints what it did")]

use inferometer::client::{Client, Input, Message, Request, Role};
use inferometer::scenario::Overrides;
use inferometer::settings;
use std::error::Error;
use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, model, question] = arguments.as_slice() else {
        return Err("expected the file of a client, a model and a question".into());
    };
    let overrides = Overrides {
        environment: settings::environment(),
        ..Overrides::default()
    };
    let settings = settings::client_from_file(Path::new(file), &overrides)?;
    print!("{settings}");

    let client = Client::new(&settings.config, &settings.endpoints)?;
    let request = Request {
        id: "client-from-file-1".into(),
        model: model.clone(),
        input: Input::Chat(vec![Message {
            role: Role::User,
            content: question.clone(),
        }]),
        max_tokens: 32,
        stream: false,
        temperature: None,
        top_p: None,
    };
    let answer = client.inference().execute(&request).await?;
    println!("\n{}", answer.text);
    Ok(())
}
