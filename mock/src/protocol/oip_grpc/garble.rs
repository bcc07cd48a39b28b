//! A message that nobody can decode, in a frame of messages as gRPC has them: a byte of flags, four of length, and the
//! message.
//!
//! ```text
//! 00 00000007 0a057469.. 00 00000007 0a057469..      -> the second begins with 07: 00 00000007 07057469..
//! ```

use bytes::{Bytes, BytesMut};

/// Flags and length before each message.
const HEAD: usize = 5;

/// A tag of field 0, which there never is, with wire type 7, which means nothing: every decoder stops here.
const NO_TAG: u8 = 0x07;

/// The same frame, in which the last message begins with what begins no message.
pub(super) fn garble_last(frame: Bytes) -> Bytes {
    let mut frame = BytesMut::from(frame);
    let mut rest = frame.as_mut();
    while let Some((head, more)) = rest.split_at_mut_checked(HEAD) {
        let length = match *head {
            [_, a, b, c, d] => u32::from_be_bytes([a, b, c, d]),
            _ => 0,
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((message, behind)) = more.split_at_mut_checked(length) else {
            break;
        };
        if behind.is_empty() {
            if let Some(tag) = message.first_mut() {
                *tag = NO_TAG;
            }
            break;
        }
        rest = behind;
    }
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferometer_proto::inference::ModelInferResponse;
    use prost::Message;

    fn framed(messages: &[&[u8]]) -> Bytes {
        let frame = |message: &&[u8]| {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            [&[0], length.as_slice(), message].concat()
        };
        messages.iter().flat_map(frame).collect()
    }

    #[test]
    fn the_last_message_of_a_frame_alone_does_not_decode_any_more() {
        let response = ModelInferResponse {
            model_name: "tiny".to_owned(),
            ..ModelInferResponse::default()
        };
        let sound = response.encode_to_vec();
        let garbled = [&[NO_TAG], &sound[1..]].concat();

        for before in [vec![], vec![sound.as_slice(); 2]] {
            let frame = framed(&[before.as_slice(), &[sound.as_slice()]].concat());
            let expected = framed(&[before.as_slice(), &[garbled.as_slice()]].concat());
            assert_eq!(garble_last(frame), expected);
        }
        assert!(ModelInferResponse::decode(garbled.as_slice()).is_err());
    }

    #[test]
    fn what_holds_no_whole_message_stays_as_it_is() {
        for frame in [&b""[..], b"\0\0\0", b"\0\0\0\0\0", b"\0\0\0\0\x09abc"] {
            let frame = Bytes::copy_from_slice(frame);
            assert_eq!(garble_last(frame.clone()), frame);
        }
    }
}
