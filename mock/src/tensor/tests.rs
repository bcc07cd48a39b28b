//! Round trips in every datatype and every encoding, and what hostile contents meet.

use super::*;
use bytes::Bytes;
use inferometer_proto::inference::InferTensorContents;
use proptest::collection::vec;
use proptest::prelude::*;

/// Any datatype, any shape of few elements, and any elements that JSON can say too.
fn tensors() -> impl Strategy<Value = (Shape, Elements)> {
    let datatypes = proptest::sample::select(Datatype::ALL.to_vec());
    let shapes = vec(0_usize..4, 0..4).prop_map(|lengths| Shape::of(lengths).unwrap());
    (datatypes, shapes).prop_flat_map(|(datatype, shape)| {
        let count = shape.elements();
        let numbers = vec(any::<[u8; 8]>(), count);
        let texts = vec(any::<String>(), count);
        (Just(shape), numbers, texts)
            .prop_map(move |(shape, numbers, texts)| (shape, elements(datatype, &numbers, &texts)))
    })
}

fn elements(datatype: Datatype, numbers: &[[u8; 8]], texts: &[String]) -> Elements {
    let mut raw = Vec::new();
    for (number, text) in numbers.iter().zip(texts) {
        let mut number = *number;
        match datatype {
            Datatype::Bytes => {
                raw.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
                raw.extend(text.as_bytes());
                continue;
            }
            Datatype::Bool => number[0] &= 1,
            // Clears the top bit of the exponent: what is left is finite.
            Datatype::Fp16 | Datatype::Bf16 => number[1] &= !0x40,
            Datatype::Fp32 => number[3] &= !0x40,
            Datatype::Fp64 => number[7] &= !0x40,
            Datatype::Int8
            | Datatype::Int16
            | Datatype::Int32
            | Datatype::Int64
            | Datatype::Uint8
            | Datatype::Uint16
            | Datatype::Uint32
            | Datatype::Uint64 => {}
        }
        raw.extend(&number[..datatype.width().unwrap()]);
    }
    Elements::from_raw(datatype, numbers.len(), raw.into()).unwrap()
}

/// The typed lists of gRPC, written by nobody but this test.
fn typed(elements: &Elements) -> InferTensorContents {
    let mut contents = InferTensorContents::default();
    for element in elements.iter() {
        let mut wide = [0; 8];
        if element.len() <= 8 {
            wide[..element.len()].copy_from_slice(element);
        }
        let [a, b, c, d, ..] = wide;
        match elements.datatype() {
            Datatype::Bool => contents.bool_contents.push(a == 1),
            Datatype::Int8 => contents.int_contents.push(i8::from_le_bytes([a]).into()),
            Datatype::Int16 => contents
                .int_contents
                .push(i16::from_le_bytes([a, b]).into()),
            Datatype::Int32 => contents.int_contents.push(i32::from_le_bytes([a, b, c, d])),
            Datatype::Int64 => contents.int64_contents.push(i64::from_le_bytes(wide)),
            Datatype::Uint8 => contents.uint_contents.push(a.into()),
            Datatype::Uint16 => contents
                .uint_contents
                .push(u16::from_le_bytes([a, b]).into()),
            Datatype::Uint32 => contents
                .uint_contents
                .push(u32::from_le_bytes([a, b, c, d])),
            Datatype::Uint64 => contents.uint64_contents.push(u64::from_le_bytes(wide)),
            Datatype::Fp32 => contents
                .fp32_contents
                .push(f32::from_le_bytes([a, b, c, d])),
            Datatype::Fp64 => contents.fp64_contents.push(f64::from_le_bytes(wide)),
            Datatype::Bytes => contents
                .bytes_contents
                .push(Bytes::copy_from_slice(element)),
            Datatype::Fp16 | Datatype::Bf16 => {}
        }
    }
    contents
}

fn flat(elements: &Elements) -> String {
    let mut json = Vec::new();
    json::write(elements, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

/// The same list, nested as the shape is.
fn nested(elements: &Elements, lengths: &[usize]) -> serde_json::Value {
    let serde_json::Value::Array(mut items) = serde_json::from_str(&flat(elements)).unwrap() else {
        unreachable!("a list is a list")
    };
    for &length in lengths.iter().skip(1).rev() {
        if length == 0 {
            return empty(lengths);
        }
        items = items
            .chunks(length)
            .map(|row| row.to_vec().into())
            .collect();
    }
    items.into()
}

/// Lists down to the first dimension without elements.
fn empty(lengths: &[usize]) -> serde_json::Value {
    match lengths {
        [] | [0, ..] => serde_json::json!([]),
        [length, rest @ ..] => vec![empty(rest); *length].into(),
    }
}

proptest! {
    #[test]
    fn every_datatype_survives_every_encoding((shape, elements) in tensors()) {
        let datatype = elements.datatype();
        let count = shape.elements();

        let raw = Elements::from_raw(datatype, count, elements.raw().clone());
        prop_assert_eq!(raw.as_ref(), Ok(&elements));

        let read = json::read(datatype, &shape, &flat(&elements)).unwrap();
        prop_assert_eq!(&read, &elements);
        let json = nested(&elements, shape.lengths()).to_string();
        prop_assert_eq!(&json::read(datatype, &shape, &json).unwrap(), &elements);

        let typed = typed::read(datatype, count, &typed(&elements));
        if matches!(datatype, Datatype::Fp16 | Datatype::Bf16) {
            prop_assert_eq!(typed, Err(typed::TypedError::RawAlone(datatype)));
        } else {
            prop_assert_eq!(typed.as_ref(), Ok(&elements));
        }
    }

    #[test]
    fn no_raw_contents_at_all_bring_a_reader_down(raw: Vec<u8>, count: usize) {
        for datatype in Datatype::ALL {
            if let Ok(elements) = Elements::from_raw(datatype, count, raw.clone().into()) {
                prop_assert_eq!(elements.iter().count(), count);
            }
        }
    }

    #[test]
    fn no_json_at_all_brings_a_reader_down(json in "[\\[\\]0-9,.e\"tru-]{0,40}", lengths in vec(0_usize..5, 0..3)) {
        let shape = Shape::of(lengths).unwrap();
        for datatype in Datatype::ALL {
            if let Ok(elements) = json::read(datatype, &shape, &json) {
                prop_assert_eq!(elements.count(), shape.elements());
            }
        }
    }
}

fn refused(datatype: Datatype, lengths: &[usize], json: &str) -> String {
    let shape = Shape::of(lengths.to_vec()).unwrap();
    json::read(datatype, &shape, json).unwrap_err().to_string()
}

#[test]
fn elements_that_their_datatype_does_not_have_are_refused() {
    for (datatype, lengths, json, message) in [
        (
            Datatype::Int8,
            &[2][..],
            "[1,300]",
            "invalid value: integer `300`, expected INT8 at line 1 column 6",
        ),
        (
            Datatype::Uint64,
            &[1],
            "[-1]",
            "invalid value: integer `-1`, expected UINT64 at line 1 column 3",
        ),
        (
            Datatype::Int32,
            &[1],
            "[1.5]",
            "invalid value: floating point `1.5`, expected INT32 at line 1 column 4",
        ),
        (
            Datatype::Fp16,
            &[1],
            "[65520]",
            "invalid value: integer `65520`, expected FP16 at line 1 column 6",
        ),
        (
            Datatype::Bool,
            &[1],
            "[1]",
            "invalid value: integer `1`, expected BOOL at line 1 column 2",
        ),
        (
            Datatype::Fp32,
            &[1],
            r#"["1"]"#,
            "invalid type: text, expected FP32 at line 1 column 4",
        ),
    ] {
        assert_eq!(refused(datatype, lengths, json), message, "{json}");
    }
}

#[test]
fn lists_that_are_not_as_the_shape_says_are_refused() {
    for (datatype, lengths, json, message) in [
        (
            Datatype::Fp32,
            &[1][..],
            "1",
            "invalid type: integer `1`, expected a list of FP32 at line 1 column 1",
        ),
        (
            Datatype::Fp32,
            &[3],
            "[1,2]",
            "expected 3 elements, found 2",
        ),
        (
            Datatype::Fp32,
            &[1],
            "[1,2]",
            "expected 1 elements, found more at line 1 column 5",
        ),
        (
            Datatype::Fp32,
            &[2, 2],
            "[[1,2,3],[4]]",
            "expected lists nested as [2,2], or one flat list; found one of 3 at depth 1 at line 1 column 8",
        ),
        (
            Datatype::Fp32,
            &[2],
            "[[1],[2]]",
            "expected lists nested as [2], found one at depth 1 at line 1 column 2",
        ),
        (
            Datatype::Fp32,
            &[2, 1],
            "[[1],2]",
            "expected either elements or lists, found both in one list at line 1 column 7",
        ),
    ] {
        assert_eq!(refused(datatype, lengths, json), message, "{json}");
    }
}

#[test]
fn lists_nested_without_end_are_refused_at_the_depth_of_the_shape() {
    let deep = "[".repeat(1_000_000);

    let message = refused(Datatype::Fp32, &[1; 16], &deep);

    assert!(
        message.starts_with("expected lists nested as [1,1,1,1"),
        "{message}"
    );
}

#[test]
fn a_shape_beyond_the_contents_reserves_no_memory_for_its_promise() {
    let huge = usize::MAX / 16;

    assert_eq!(
        refused(Datatype::Fp64, &[huge], "[1]"),
        format!("expected {huge} elements, found 1")
    );
}

#[test]
fn typed_elements_elsewhere_or_out_of_range_are_refused() {
    let contents = InferTensorContents {
        int_contents: vec![1, 300],
        ..Default::default()
    };
    let refused = |datatype, count| {
        typed::read(datatype, count, &contents)
            .unwrap_err()
            .to_string()
    };

    assert_eq!(refused(Datatype::Int8, 2), "expected INT8, found 300");
    assert_eq!(
        refused(Datatype::Int32, 3),
        "expected 3 elements in `int_contents`, found 2"
    );
    assert_eq!(
        refused(Datatype::Fp32, 2),
        "expected elements of FP32 in `fp32_contents` alone, found some in `int_contents`"
    );
    assert_eq!(
        refused(Datatype::Fp16, 2),
        "expected raw contents: there are no typed ones for FP16"
    );
}

#[test]
fn what_json_cannot_say_is_refused_by_its_place() {
    let mut json = Vec::new();
    let nan = Elements::from_raw(
        Datatype::Fp32,
        2,
        Bytes::from_static(b"\0\0\0\0\0\0\xc0\x7f"),
    )
    .unwrap();
    assert_eq!(
        json::write(&nan, &mut json),
        Err(json::WriteError::NotFinite(1))
    );
    let latin = Elements::from_raw(Datatype::Bytes, 1, Bytes::from_static(b"\x01\0\0\0\xe9"));
    assert_eq!(
        json::write(&latin.unwrap(), &mut json),
        Err(json::WriteError::NotText(0))
    );
}

#[test]
fn numbers_are_written_as_short_as_they_can_be_read_back() {
    let numbers = json::read(
        Datatype::Fp32,
        &Shape::of(vec![4]).unwrap(),
        "[1,0.1,3.5,1e30]",
    );

    assert_eq!(flat(&numbers.unwrap()), "[1.0,0.1,3.5,1e+30]");
}
