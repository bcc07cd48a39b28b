//! What is wrong with a single event of a stream, or with a whole body of JSON, whatever it says. An event is what stands
//! before an empty line:
//!
//! ```text
//! data: {"n":0}⏎⏎data: {"n":1}⏎⏎data: {"n":2}⏎⏎      after next, at 0: 1, 0, 2
//! ```

use crate::fault::{Blemish, Spoil};
use crate::pace::Chunk;
use crate::visit::Visit;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::Instant;

/// What ends an event.
const EMPTY_LINE: &[u8] = b"\n\n";

/// What an answer says to be whose content type is wrong.
const WRONG: &str = "text/html; charset=utf-8";

/// Spoils the event of one token.
#[derive(Debug)]
pub(super) struct Spoiler {
    at_token: u32,
    blemish: Blemish,
    /// An event that waits for the next one to go first.
    held: Option<(Vec<u8>, u32, Instant)>,
}

impl Spoiler {
    /// What `spoil` asks for, if it is about an event.
    pub(super) fn new(spoil: Option<Spoil>) -> Option<Self> {
        let Some(Spoil::Piece { at_token, blemish }) = spoil else {
            return None;
        };
        Some(Self {
            at_token,
            blemish,
            held: None,
        })
    }

    /// Spoils the last event from `start` of the buffer on, if it is that of the token, and notes what is written.
    pub(super) fn spoil(
        &mut self,
        buffer: &mut Vec<u8>,
        start: usize,
        (chunk, weight): (Chunk, u32),
        visit: &mut Visit,
    ) {
        if let Some((event, held, due)) = self.held.take() {
            buffer.extend_from_slice(&event);
            visit.wrote(weight, chunk.due);
            visit.wrote(held, due);
            return;
        }
        if !chunk.tokens().contains(&self.at_token) {
            visit.wrote(weight, chunk.due);
            return;
        }
        let event = last_event(buffer, start);
        match self.blemish {
            Blemish::Malformed => malform(buffer, event, EMPTY_LINE),
            Blemish::Padded { bytes } => pad(buffer, event, bytes),
            Blemish::Twice => {
                buffer.extend_from_within(event..);
                visit.wrote(weight, chunk.due);
            }
            Blemish::AfterNext => {
                self.held = Some((buffer.split_off(event), weight, chunk.due));
                return;
            }
        }
        visit.wrote(weight, chunk.due);
    }

    /// Lets an event go that still waits, after the first from `start` of the buffer on.
    pub(super) fn end(&mut self, buffer: &mut Vec<u8>, start: usize, visit: &mut Visit) {
        if let Some((event, held, due)) = self.held.take() {
            let place = first_event(buffer, start);
            buffer.splice(place..place, event);
            visit.wrote(held, due);
        }
    }
}

/// Spoils a body of JSON.
pub(crate) fn spoil_body(body: &mut Vec<u8>, spoil: Option<Spoil>) {
    let Some(Spoil::Piece { blemish, .. }) = spoil else {
        return;
    };
    match blemish {
        Blemish::Malformed => malform(body, 0, b""),
        Blemish::Padded { bytes } => pad(body, 0, bytes),
        // Only streams meet these.
        Blemish::Twice | Blemish::AfterNext => {}
    }
}

/// Says another content type than the true one where that is wanted.
pub(crate) fn mislabel(headers: &mut HeaderMap, spoil: Option<Spoil>) {
    if spoil == Some(Spoil::WrongContentType) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(WRONG));
    }
}

/// Leaves half of what is there from `start` on: no object is complete any more.
fn malform(buffer: &mut Vec<u8>, start: usize, end: &[u8]) {
    let half = buffer.len().saturating_sub(start) / 2;
    buffer.truncate(start + half);
    // The half of a character would be another mistake than the one that is wanted.
    while buffer.last().is_some_and(|byte| !byte.is_ascii()) {
        buffer.pop();
    }
    buffer.extend_from_slice(end);
}

/// White space before the last brace.
fn pad(buffer: &mut Vec<u8>, start: usize, bytes: usize) {
    let written = buffer.get(start..).unwrap_or_default();
    if let Some(brace) = written.iter().rposition(|&byte| byte == b'}') {
        let rest = buffer.split_off(start + brace);
        buffer.resize(buffer.len() + bytes, b' ');
        buffer.extend_from_slice(&rest);
    }
}

/// Where the last event from `start` on begins.
fn last_event(buffer: &[u8], start: usize) -> usize {
    let written = buffer.get(start..).unwrap_or_default();
    let before = written.strip_suffix(EMPTY_LINE).unwrap_or(written);
    let mut pairs = before.windows(EMPTY_LINE.len());
    let end_of_other = pairs.rposition(|pair| pair == EMPTY_LINE);
    start + end_of_other.map_or(0, |end| end + EMPTY_LINE.len())
}

/// Where the first event from `start` on has ended.
fn first_event(buffer: &[u8], start: usize) -> usize {
    let written = buffer.get(start..).unwrap_or_default();
    let mut pairs = written.windows(EMPTY_LINE.len());
    let end = pairs.position(|pair| pair == EMPTY_LINE);
    end.map_or(buffer.len(), |end| start + end + EMPTY_LINE.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{JournalSpec, Operation, Protocol};
    use crate::metrics::Metrics;
    use crate::visit::Ledger;
    use std::sync::Arc;

    /// The events of three tokens, each a chunk of its own, and of an end, and how many tokens each write had.
    fn told(at_token: u32, blemish: Blemish) -> (String, Vec<u32>) {
        let ledger = Arc::new(Ledger::new(JournalSpec::default(), Metrics::new(["tiny"])));
        let mut visit = ledger.arrive(Protocol::Openai, Operation::Chat, None);
        let mut spoiler = Spoiler::new(Some(Spoil::Piece { at_token, blemish })).unwrap();
        let mut buffer = b"open\n\n".to_vec();
        for first in 0..3 {
            let start = buffer.len();
            buffer.extend_from_slice(format!("data: {{{first}}}\n\n").as_bytes());
            let chunk = Chunk {
                first,
                tokens: 1,
                due: Instant::now(),
            };
            let start = if first == 0 { 0 } else { start };
            spoiler.spoil(&mut buffer, start, (chunk, 1), &mut visit);
        }
        let start = buffer.len();
        buffer.extend_from_slice(b"data: {end}\n\ndone\n\n");
        spoiler.end(&mut buffer, start, &mut visit);
        drop(visit);
        let writes = &ledger.journal.page(0, 1).entries[0].writes;
        let text = String::from_utf8(buffer).unwrap();
        (
            text.replace("\n\n", "|").replace("data: ", ""),
            writes.iter().map(|write| write.tokens).collect(),
        )
    }

    #[tokio::test]
    async fn the_event_of_the_token_alone_is_spoiled_and_every_write_noted() {
        let three = vec![1, 1, 1];
        for (at_token, blemish, expected, writes) in [
            (
                0,
                Blemish::Twice,
                "open|{0}|{0}|{1}|{2}|{end}|done|",
                vec![1; 4],
            ),
            (
                1,
                Blemish::AfterNext,
                "open|{0}|{2}|{1}|{end}|done|",
                three.clone(),
            ),
            (
                2,
                Blemish::AfterNext,
                "open|{0}|{1}|{end}|{2}|done|",
                three.clone(),
            ),
            (
                0,
                Blemish::AfterNext,
                "open|{1}|{0}|{2}|{end}|done|",
                three.clone(),
            ),
            (
                1,
                Blemish::Padded { bytes: 3 },
                "open|{0}|{1   }|{2}|{end}|done|",
                three.clone(),
            ),
            (
                1,
                Blemish::Malformed,
                "open|{0}|data:|{2}|{end}|done|",
                three,
            ),
        ] {
            assert_eq!(told(at_token, blemish), (expected.to_owned(), writes));
        }
    }

    #[test]
    fn a_body_is_halved_or_padded_between_characters() {
        let spoiled = |blemish| {
            let mut body = "{\"é\":[]}".as_bytes().to_vec();
            let spoil = Spoil::Piece {
                at_token: 9,
                blemish,
            };
            spoil_body(&mut body, Some(spoil));
            String::from_utf8(body).unwrap()
        };

        assert_eq!(spoiled(Blemish::Malformed), "{\"");
        assert_eq!(spoiled(Blemish::Padded { bytes: 2 }), "{\"é\":[]  }");
    }
}
