//! Requests on sockets of their own, so that a test sees every byte that comes back and how the connection ended.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use inferometer_mock::Mock;
use inferometer_proto::inference::ModelInferRequest;
use prost::Message;
use std::error::Error;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

pub(crate) async fn connect(url: &str) -> TcpStream {
    let address = url.trim_start_matches("http://");
    TcpStream::connect(address).await.unwrap()
}

/// All that came over a connection until it ended, and the error that ended it.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) error: Option<io::ErrorKind>,
}

impl Heard {
    /// What came after the head.
    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").unwrap().1
    }

    /// A body that came in HTTP/1.1's chunks, put together; `None` where the last one is missing.
    pub(crate) fn joined(&self) -> Option<String> {
        let (mut joined, mut rest) = (String::new(), self.body());
        while let Some((size, more)) = rest.split_once("\r\n") {
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                return Some(joined);
            }
            joined.push_str(more.get(..size)?);
            rest = more.get(size + 2..)?;
        }
        None
    }
}

/// Posts a body over HTTP/1.1 with the request's id.
pub(crate) async fn post(mock: &Mock, path: &str, id: &str, body: &str) -> Heard {
    let mut stream = connect(&mock.rest_url()).await;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: mock\r\nx-request-id: {id}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    Heard {
        text: String::from_utf8(bytes).unwrap(),
        error: end.err().map(|error| error.kind()),
    }
}

/// A connection of HTTP/2 with prior knowledge.
pub(crate) struct Http2 {
    sender: SendRequest<Full<Bytes>>,
    connection: JoinHandle<hyper::Result<()>>,
}

impl Http2 {
    pub(crate) async fn open(url: &str) -> Self {
        let stream = TokioIo::new(connect(url).await);
        let (sender, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
        Self {
            sender,
            connection: tokio::spawn(connection),
        }
    }

    /// Posts JSON with the request's id; the answer comes when it does.
    pub(crate) fn post(
        &mut self,
        path: &str,
        id: &str,
        body: &str,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        self.send(path, id, "application/json", body.to_owned().into())
    }

    /// Calls a method of the inference service with one request.
    pub(crate) fn call(
        &mut self,
        method: &str,
        request: &ModelInferRequest,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        let path = format!("/inference.GRPCInferenceService/{method}");
        let message = request.encode_to_vec();
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let framed = [&[0], length.as_slice(), &message].concat();
        self.send(&path, "", "application/grpc", framed.into())
    }

    fn send(
        &mut self,
        path: &str,
        id: &str,
        kind: &str,
        body: Bytes,
    ) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        let request = Request::post(format!("http://mock{path}"))
            .header("x-request-id", id)
            .header("content-type", kind)
            .body(Full::new(body))
            .unwrap();
        self.sender.send_request(request)
    }

    /// How the server ended the connection: the I/O error, if it was one.
    pub(crate) async fn end(self) -> Option<io::ErrorKind> {
        let ended = self.connection.await.unwrap();
        let error = ended.err()?;
        let mut source: Option<&dyn Error> = Some(&error);
        while let Some(cause) = source {
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                return Some(error.kind());
            }
            source = cause.source();
        }
        None
    }
}

/// The bytes of a body until its end, and whether that was a proper one.
pub(crate) async fn read(response: Response<Incoming>) -> (Vec<u8>, bool) {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            Err(_) => return (bytes, false),
        }
    }
    (bytes, true)
}

/// How many whole messages of gRPC the bytes hold.
pub(crate) fn messages(bytes: &[u8]) -> usize {
    split(bytes).len()
}

/// The messages of gRPC that the bytes hold, without what stands before each.
pub(crate) fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut messages) = (bytes, Vec::new());
    while let Some((head, more)) = rest.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let (message, behind) = more.split_at(usize::try_from(length).unwrap());
        messages.push(message);
        rest = behind;
    }
    messages
}
