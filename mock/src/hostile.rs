//! Fuzz targets of whole APIs: any body whatever, and each answer is one that the protocol has.

mod admin;
mod oip_rest;
mod openai;
mod spec;

use crate::backend::Backend;
use crate::timer::Timer;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The API of a mock, without sockets and in paused time.
struct Api {
    runtime: Runtime,
    service: TowerToHyperService<Router>,
    backend: Arc<Backend>,
}

/// A whole answer.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Api {
    /// The routes of a backend that a specification in JSON describes.
    fn new(spec: &str, router: fn(&Arc<Backend>) -> Router) -> Self {
        let spec = serde_json::from_str(spec).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let backend = runtime.block_on(async { Backend::try_new(spec, Timer::Coarse).unwrap() });
        let backend = Arc::new(backend);
        let service = TowerToHyperService::new(router(&backend));
        Self {
            runtime,
            service,
            backend,
        }
    }

    fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(body.to_vec())).unwrap())
    }

    fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let answer = self.service.call(request).await;
            let (parts, body) = answer.unwrap().into_parts();
            Answer {
                status: parts.status,
                headers: parts.headers,
                body: body.collect().await.unwrap().to_bytes(),
            }
        })
    }
}

impl Answer {
    fn json(&self) -> Value {
        assert_eq!(self.headers[CONTENT_TYPE], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The data of each event of a stream.
    fn events(&self) -> Vec<&str> {
        let stream = str::from_utf8(&self.body).unwrap();
        let events = stream.split_terminator("\n\n");
        events
            .map(|event| event.strip_prefix("data: ").unwrap())
            .collect()
    }

    fn is_stream(&self) -> bool {
        self.headers[CONTENT_TYPE]
            .as_bytes()
            .starts_with(b"text/event-stream")
    }
}
