//! Answers that arrive compressed with gzip, decoded bit by bit as they arrive, so that what is in memory is never much
//! more than what arrived, however much it stands for.

use crate::client::{Failure, FailureKind};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};

/// So many bytes are decoded at once, which stand for a mebibyte at most.
const BIT: usize = 1024;

/// The decoder of one answer.
#[derive(Debug)]
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What is not decoded yet.
    encoded: Bytes,
    is_empty: bool,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
            encoded: Bytes::new(),
            is_empty: true,
        }
    }

    /// Takes in what arrived, once all before it is pulled out.
    pub(super) fn push(&mut self, encoded: Bytes) {
        self.is_empty &= encoded.is_empty();
        self.encoded = encoded;
    }

    /// The next bit of the answer; `None` until more is pushed.
    ///
    /// # Errors
    /// [`FailureKind::Malformed`] for what is not gzip.
    pub(super) fn pull(&mut self) -> Result<Option<Bytes>, Failure> {
        while !self.encoded.is_empty() {
            let bit = self.encoded.split_to(self.encoded.len().min(BIT));
            let written = self.decoder.write_all(&bit);
            written
                .and_then(|()| self.decoder.flush())
                .map_err(|error| undecodable(&error))?;
            if let Some(decoded) = self.decoded() {
                return Ok(Some(decoded));
            }
        }
        Ok(None)
    }

    /// The last bit, after everything is pushed and pulled out. An empty answer stands for itself.
    ///
    /// # Errors
    /// [`FailureKind::Truncated`] when more should have come, or its end is not that of what came before.
    pub(super) fn end(&mut self) -> Result<Option<Bytes>, Failure> {
        if self.is_empty {
            return Ok(None);
        }
        let ended = self.decoder.try_finish();
        ended.map_err(|_| {
            let message = "the answer ended before its gzip did, or its checksum is wrong";
            Failure::new(FailureKind::Truncated, message)
        })?;
        Ok(self.decoded())
    }

    fn decoded(&mut self) -> Option<Bytes> {
        let decoded = std::mem::take(self.decoder.get_mut());
        (!decoded.is_empty()).then(|| decoded.into())
    }
}

fn undecodable(error: &io::Error) -> Failure {
    let message = format!("expected gzip, found something else: {error}");
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// What an answer in these pieces stands for, and the longest bit of it.
    fn decode<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(Vec<u8>, usize), FailureKind> {
        let mut gunzip = Gunzip::new();
        let (mut decoded, mut longest) = (Vec::new(), 0);
        let mut take = |bit: Bytes| {
            longest = longest.max(bit.len());
            decoded.extend_from_slice(&bit);
        };
        for piece in pieces {
            gunzip.push(Bytes::copy_from_slice(piece));
            while let Some(bit) = gunzip.pull().map_err(|failure| failure.kind)? {
                take(bit);
            }
        }
        if let Some(bit) = gunzip.end().map_err(|failure| failure.kind)? {
            take(bit);
        }
        Ok((decoded, longest))
    }

    #[test]
    fn what_is_cut_off_or_no_gzip_is_told_apart() {
        let sent = gzip(b"hello");
        let mut damaged = sent.clone();
        damaged[sent.len() - 8] ^= 1;

        for cut in [&sent[..sent.len() - 4], &sent[..5], &damaged] {
            assert_eq!(decode([cut]), Err(FailureKind::Truncated));
        }
        assert_eq!(
            decode([&b"no gzip at all"[..]]),
            Err(FailureKind::Malformed)
        );
        assert_eq!(decode([]), Ok((Vec::new(), 0)));
    }

    #[test]
    fn a_little_that_stands_for_very_much_comes_in_bits() {
        let sent = gzip(&vec![0; 64 * 1024 * 1024]);

        let (decoded, longest) = decode([&sent[..]]).unwrap();

        assert_eq!(decoded.len(), 64 * 1024 * 1024);
        assert!(longest <= 1_100_000, "{longest}");
    }

    #[test]
    fn what_a_server_flushed_is_there_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"data: a\n\n").unwrap();
        encoder.flush().unwrap();
        let mut gunzip = Gunzip::new();

        gunzip.push(Bytes::copy_from_slice(encoder.get_ref()));

        assert_eq!(gunzip.pull().unwrap().unwrap(), "data: a\n\n");
    }

    proptest! {
        #[test]
        fn an_answer_cut_at_any_bytes_stands_for_the_same(
            text in prop::collection::vec(any::<u8>(), 0..5000),
            more in "[ab]{0,3000}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            // Two members, one after the other, are one answer.
            let sent = [gzip(&text), gzip(more.as_bytes())].concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(sent.len() + 1)).collect();
            cuts.sort_unstable();
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain([sent.len()]);
            let pieces = starts.zip(ends).map(|(start, end)| &sent[start..end]);

            let (decoded, _) = decode(pieces).unwrap();

            prop_assert_eq!(decoded, [&text, more.as_bytes()].concat());
        }
    }
}
