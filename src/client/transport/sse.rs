//! Server-sent events, as far as inference servers use them: bytes are pushed in as they arrive, cut anywhere, and the
//! `data` of each complete event is pulled out. Other fields and comments are skipped, as the standard wants it
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>).
//!
//! `"data: {\"a\":1}\r\n\r\n: ping\n\ndata: [DONE]\n\n"` gives `{"a":1}` and `[DONE]`.

/// The byte order mark that a stream may begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A parser for one stream. It holds no more than one unfinished event, one line and the bytes pushed last.
#[derive(Debug)]
pub struct Events {
    /// Bytes pushed in; those before `read` have been used up.
    buffer: Vec<u8>,
    read: usize,
    /// Bytes from `read` on that are known to hold no line end.
    scanned: usize,
    /// The data of the event under way, each line ended by a line feed.
    data: Vec<u8>,
    /// Was `data` given out by the last call?
    is_given: bool,
    /// Did the last line end with a carriage return, whose line feed may still come?
    after_return: bool,
    at_start: bool,
    limit: usize,
}

/// An event or a line is longer than allowed, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected events of at most {limit} bytes, found a longer one")]
pub struct TooLong {
    limit: usize,
}

impl Events {
    /// A parser that refuses events whose data is longer than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            read: 0,
            scanned: 0,
            data: Vec::new(),
            is_given: false,
            after_return: false,
            at_start: true,
            limit,
        }
    }

    /// Takes in the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.room().extend_from_slice(bytes);
    }

    /// Where the next bytes of the stream are to be appended.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.read);
        self.read = 0;
        &mut self.buffer
    }

    /// The data of the next event that is complete; `None` until more bytes are pushed. An event that the stream's end
    /// cuts off never completes.
    ///
    /// # Errors
    /// When an event is too long. The parser cannot be used after that.
    pub fn pull(&mut self) -> Result<Option<&[u8]>, TooLong> {
        if std::mem::take(&mut self.is_given) {
            self.data.clear();
        }
        while let Some(end) = self.next_line()? {
            if self.take_line(end) {
                self.is_given = true;
                break;
            }
        }
        let without_line_feed = self.data.split_last().map(|(_, data)| data);
        Ok(without_line_feed.filter(|_| self.is_given))
    }

    /// Length of the next line, without its end, when the whole line is there.
    fn next_line(&mut self) -> Result<Option<usize>, TooLong> {
        if self.skip_mark_and_line_feed() {
            return Ok(None);
        }
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let unknown = rest.get(self.scanned..).unwrap_or_default();
        let found = memchr::memchr2(b'\n', b'\r', unknown);
        let length = self.scanned + found.unwrap_or(unknown.len());
        if length + self.data.len() > self.limit {
            return Err(TooLong { limit: self.limit });
        }
        self.scanned = if found.is_some() { 0 } else { length };
        Ok(found.map(|_| length))
    }

    /// Skips what belongs to no line: a byte order mark at the start, and the line feed of a line end whose carriage
    /// return came before. True when it takes more bytes to know.
    fn skip_mark_and_line_feed(&mut self) -> bool {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        if self.at_start {
            if rest.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(rest) {
                return true;
            }
            self.at_start = false;
            if rest.starts_with(BYTE_ORDER_MARK) {
                self.read += BYTE_ORDER_MARK.len();
            }
        } else if self.after_return && !rest.is_empty() {
            self.after_return = false;
            if rest.starts_with(b"\n") {
                self.read += 1;
            }
        }
        false
    }

    /// Uses up a line of this length and its end. True when it completes an event that has data.
    fn take_line(&mut self, length: usize) -> bool {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let (line, end) = rest.split_at_checked(length).unwrap_or_default();
        self.after_return = end.starts_with(b"\r");
        self.read += length + 1;
        if line.is_empty() {
            return !self.data.is_empty();
        }
        if let Some(value) = data_of(line) {
            self.data.extend_from_slice(value);
            self.data.push(b'\n');
        }
        false
    }
}

/// The value of a `data` field, without the one space that may stand before it.
fn data_of(line: &[u8]) -> Option<&[u8]> {
    match line.strip_prefix(b"data")? {
        [] => Some(&[]),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// The events of a stream that arrives in these pieces.
    fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut parser = Events::new(1024);
        let mut events = Vec::new();
        for piece in pieces {
            parser.push(piece);
            while let Some(data) = parser.pull().unwrap() {
                events.push(String::from_utf8(data.to_vec()).unwrap());
            }
        }
        events
    }

    /// The same stream read by another library.
    fn events_of_the_oracle(stream: &[u8]) -> Vec<String> {
        let body = futures_util::stream::iter([Ok::<_, Infallible>(
            bytes::Bytes::copy_from_slice(stream),
        )]);
        let events = sse_stream::SseStream::from_bytes_stream(body)
            .filter_map(|event| async { event.unwrap().data });
        futures_util::FutureExt::now_or_never(events.collect()).unwrap()
    }

    /// A stream of fields, comments and blank lines, each with any of the line ends; the last one complete.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            4 => "data: [a-zé€🦀 :]{0,12}",
            2 => "data:[a-z]{0,4}",
            1 => Just("data".to_owned()),
            1 => ": ?[a-z]{0,4}",
            1 => "(event|id|retry): [a-z0-9]{1,3}",
            4 => Just(String::new()),
        ];
        let end = prop_oneof![Just("\n"), Just("\r\n")];
        prop::collection::vec((line, end), 0..40).prop_map(|lines| {
            let text: String = lines
                .into_iter()
                .flat_map(|(line, end)| [line, end.to_owned()])
                .collect();
            text.into_bytes()
        })
    }

    #[test]
    fn comments_other_fields_and_every_line_end_are_read_rightly() {
        let stream = b"\xef\xbb\xbf: ping\r\n\r\nevent: x\rdata: a\r\rid: 7\ndata:b\ndata\ndata:  c\n\ndata: [DONE]\r\n\r\n";

        assert_eq!(events([&stream[..]]), ["a", "b\n\n c", "[DONE]"]);
    }

    #[test]
    fn an_event_is_given_as_soon_as_its_last_byte_is_there() {
        let mut parser = Events::new(64);

        parser.push(b"data: a\r\n\r");

        assert_eq!(parser.pull().unwrap(), Some(&b"a"[..]));
        parser.push(b"\ndata: b\n\n");
        assert_eq!(parser.pull().unwrap(), Some(&b"b"[..]));
        assert_eq!(parser.pull().unwrap(), None);
    }

    #[test]
    fn an_event_without_its_blank_line_is_never_given() {
        assert_eq!(events([&b"data: a\n\ndata: b\n"[..]]), ["a"]);
    }

    #[test]
    fn an_event_above_the_limit_is_refused_before_it_is_complete() {
        let mut parser = Events::new(8);
        parser.push(b"data: 0123");

        let refused = parser.pull().map(|data| data.map(<[u8]>::to_vec));

        assert_eq!(refused, Err(TooLong { limit: 8 }));
    }

    #[test]
    fn many_short_lines_of_one_event_count_together() {
        let mut parser = Events::new(16);
        for _ in 0..8 {
            parser.push(b"data:x\n");
        }

        assert!(parser.pull().is_err());
    }

    proptest! {
        #[test]
        fn a_stream_cut_at_any_bytes_gives_the_same_events(stream in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain([stream.len()]);
            let pieces = starts.zip(ends).map(|(start, end)| &stream[start..end]);

            prop_assert_eq!(events(pieces), events([&stream[..]]));
        }

        #[test]
        fn another_parser_reads_the_same_events(stream in streams()) {
            prop_assert_eq!(events([&stream[..]]), events_of_the_oracle(&stream));
        }

        #[test]
        fn no_bytes_make_it_fail_or_grow_without_bound(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..32)) {
            let mut parser = Events::new(256);
            for piece in pieces {
                parser.push(&piece);
                loop {
                    match parser.pull() {
                        Ok(Some(data)) => prop_assert!(data.len() <= 256),
                        Ok(None) => break,
                        Err(_) => return Ok(()),
                    }
                }
                prop_assert!(parser.buffer.len() <= 256 + 64);
            }
        }
    }
}
