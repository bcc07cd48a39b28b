//! A script of exact expectations, as an HTTP server in this process: wiremock accepts the requests on a thread of its
//! own, each stub says by itself which of them it takes, and a log keeps what was called and what nobody expected.
//!
//! ```text
//! stubs[0]  POST /v1/chat/completions  1 call, 1 expected
//! stubs[1]  POST /v1/chat/completions  0 calls, 1 expected
//! POST /v1/chat/completions was not expected; nearest to stubs[1]: headers.x: expected "1", found nothing
//! ```

mod difference;
mod log;

pub use difference::Difference;
pub use log::{Script, Unexpected, Why};

use super::Error;
use crate::plan::{Stub, StubBody, StubOrder, StubResponse};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use log::Log;
use serde_json::json;
use std::net::TcpListener;
use std::sync::Arc;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

/// A running script. Dropping it stops the server.
#[derive(Debug)]
pub(super) struct Stubs {
    server: MockServer,
    log: Arc<Log>,
}

impl Stubs {
    /// Starts the server and waits until it answers.
    pub(super) async fn start(stubs: &[Stub], order: StubOrder) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::Stubs)?;
        let server = MockServer::builder()
            .listener(listener)
            .disable_request_recording()
            .start()
            .await;
        let log = Arc::new(Log::new(stubs, order));
        for (index, stub) in stubs.iter().enumerate() {
            let scripted = Scripted {
                index,
                log: Arc::clone(&log),
            };
            let answer = Answer {
                index,
                template: template(&stub.respond),
                log: Arc::clone(&log),
            };
            let mock = Mock::given(scripted).respond_with(answer);
            // Stubs of one priority are tried in the order of their registration.
            server
                .register(match stub.times.at_most {
                    Some(most) => mock.up_to_n_times(most),
                    None => mock,
                })
                .await;
        }
        let surprise = Surprise(Arc::clone(&log));
        server
            .register(Mock::given(wiremock::matchers::any()).respond_with(surprise))
            .await;
        Ok(Self { server, log })
    }

    /// Its base URL.
    pub(super) fn url(&self) -> String {
        self.server.uri()
    }

    /// What it saw so far.
    pub(super) fn script(&self) -> Script {
        self.log.script()
    }
}

/// Takes the requests that one stub describes.
struct Scripted {
    index: usize,
    log: Arc<Log>,
}

impl Match for Scripted {
    fn matches(&self, request: &Request) -> bool {
        self.log.fits(self.index, request)
    }
}

/// Answers for one stub and counts.
struct Answer {
    index: usize,
    template: ResponseTemplate,
    log: Arc<Log>,
}

impl Respond for Answer {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.log.called(self.index);
        self.template.clone()
    }
}

/// Takes whatever no stub takes.
struct Surprise(Arc<Log>);

impl Respond for Surprise {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.surprised(request);
        let told = format!("no stub expects {} {}", request.method, request.url.path());
        let error = json!({ "error": { "message": told, "type": "invalid_request_error", "code": "unexpected_request" } });
        ResponseTemplate::new(404).set_body_json(error)
    }
}

fn template(respond: &StubResponse) -> ResponseTemplate {
    let (body, kind) = match &respond.body {
        Some(StubBody::Json(value)) => (value.to_string(), Some("application/json")),
        Some(StubBody::Text(text)) => (text.clone(), Some("text/plain; charset=utf-8")),
        None => (String::new(), None),
    };
    let mut template = ResponseTemplate::new(respond.status)
        .set_body_bytes(body)
        .set_delay(respond.delay.duration());
    if let Some(kind) = kind {
        template = template.insert_header(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    for (name, value) in &respond.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) else {
            unreachable!("headers were checked when the scenario was read")
        };
        template = template.insert_header(name, value);
    }
    template
}

#[cfg(test)]
mod tests;
