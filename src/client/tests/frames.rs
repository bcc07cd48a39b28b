//! HTTP/2 as frames, for servers that no library would let misbehave so.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Types of frames (RFC 9113, 6).
pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
/// Flags of frames.
pub(super) const END_STREAM: u8 = 1;
pub(super) const ACK: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// A frame of so many bytes at most.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A header that no table has (RFC 7541, 6.2.2).
pub(super) fn header(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0, u8::try_from(name.len()).unwrap()];
    header.extend(name.bytes());
    header.push(u8::try_from(value.len()).unwrap());
    header.extend(value.bytes());
    header
}

/// What a client sends.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// Is it the end of a request?
    pub(super) fn ends_request(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }
}

/// Takes a connection over with these settings.
pub(super) async fn begin(socket: &mut TcpStream, settings: &[u8]) {
    let mut preface = [0; 24];
    socket.read_exact(&mut preface).await.unwrap();
    let settings = frame(SETTINGS, 0, 0, settings);
    socket.write_all(&settings).await.unwrap();
}

/// The next frame that has something to say; `None` when the client has left. Settings are acknowledged.
pub(super) async fn next(socket: &mut TcpStream) -> Option<Frame> {
    loop {
        let mut head = [0; 9];
        socket.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap()];
        socket.read_exact(&mut payload).await.ok()?;
        if kind == SETTINGS && flags == 0 {
            socket.write_all(&frame(SETTINGS, ACK, 0, &[])).await.ok()?;
            continue;
        }
        let stream = u32::from_be_bytes(stream);
        return Some(Frame {
            kind,
            flags,
            stream,
            payload,
        });
    }
}
