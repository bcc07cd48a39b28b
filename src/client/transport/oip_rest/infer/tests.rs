use super::*;
use bytes::Buf;
use half::{bf16, f16};
use proptest::prelude::*;

/// A tensor of two elements of each datatype, as far from zero as it goes, and how JSON says it.
fn of_every_datatype() -> Vec<(Tensor, &'static str)> {
    fn two<T: crate::client::Element>(elements: [T; 2]) -> Tensor {
        Tensor::of("x", &[1, 2], &elements).unwrap()
    }
    vec![
        (two([true, false]), "[true,false]"),
        (two([i8::MIN, i8::MAX]), "[-128,127]"),
        (two([i16::MIN, i16::MAX]), "[-32768,32767]"),
        (two([i32::MIN, i32::MAX]), "[-2147483648,2147483647]"),
        (
            two([i64::MIN, i64::MAX]),
            "[-9223372036854775808,9223372036854775807]",
        ),
        (two([0_u8, u8::MAX]), "[0,255]"),
        (two([0_u16, u16::MAX]), "[0,65535]"),
        (two([0_u32, u32::MAX]), "[0,4294967295]"),
        (two([0_u64, u64::MAX]), "[0,18446744073709551615]"),
        (two([f16::from_f32(0.1), f16::MAX]), "[0.099975586,65504.0]"),
        (
            two([bf16::from_f32(0.1), bf16::MIN]),
            "[0.100097656,-3.3895314e+38]",
        ),
        (two([0.1_f32, f32::MIN]), "[0.1,-3.4028235e+38]"),
        (two([0.1_f64, f64::MAX]), "[0.1,1.7976931348623157e+308]"),
        (
            Tensor::of_bytes("x", &[1, 2], &["é\n", ""]).unwrap(),
            r#"["é\n",""]"#,
        ),
    ]
}

fn sent(tensor: &Tensor, is_binary: bool) -> Body {
    body(
        "r",
        std::slice::from_ref(tensor),
        &["y".to_owned()],
        is_binary,
    )
    .unwrap()
}

fn tensors(json: &str, binary: &[u8]) -> Result<Vec<Tensor>, String> {
    let binary = Bytes::copy_from_slice(binary);
    let delta = read(json.as_bytes(), binary, Instant::now()).map_err(|f| f.to_string())?;
    match delta.values {
        Some(Values::Tensors(tensors)) => Ok(tensors),
        other => panic!("expected tensors, found {other:?}"),
    }
}

#[test]
fn every_datatype_is_written_as_json_and_read_from_it() {
    for (tensor, data) in of_every_datatype() {
        let datatype = tensor.datatype();
        let input =
            format!(r#"{{"name":"x","shape":[1,2],"datatype":"{datatype}","data":{data}}}"#);
        let expected = format!(r#"{{"id":"r","inputs":[{input}],"outputs":[{{"name":"y"}}]}}"#);

        let body = sent(&tensor, false);

        assert_eq!(
            (body.bytes.as_ref(), body.header),
            (expected.as_bytes(), None)
        );
        for data in [data.to_owned(), format!("[{data}]")] {
            let output =
                format!(r#"{{"name":"x","datatype":"{datatype}","shape":[1,2],"data":{data}}}"#);
            let answer = format!(r#"{{"model_name":"m","outputs":[{output}]}}"#);
            assert_eq!(tensors(&answer, b""), Ok(vec![tensor.clone()]));
        }
    }
}

#[test]
fn every_datatype_goes_in_binary_and_is_read_from_it() {
    for (tensor, _) in of_every_datatype() {
        let (datatype, size) = (tensor.datatype(), tensor.contents().len());
        let parameters = format!(r#""parameters":{{"binary_data_size":{size}}}"#);
        let input = format!(r#"{{"name":"x","shape":[1,2],"datatype":"{datatype}",{parameters}}}"#);
        let expected = format!(
            r#"{{"id":"r","parameters":{{"binary_data_output":true}},"inputs":[{input}],"outputs":[{{"name":"y"}}]}}"#
        );

        let body = sent(&tensor, true);

        let header = body.header.unwrap();
        assert_eq!(body.bytes[..header], *expected.as_bytes());
        assert_eq!(body.bytes[header..], *tensor.contents());
        let answer = format!(
            r#"{{"outputs":[{{"name":"x","datatype":"{datatype}","shape":[1,2],{parameters}}}]}}"#
        );
        assert_eq!(tensors(&answer, tensor.contents()), Ok(vec![tensor]));
    }
}

#[test]
fn outputs_in_both_ways_are_read_in_their_order() {
    let json = r#"{"outputs":[{"name":"a","datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}},{"name":"b","datatype":"INT8","shape":[1],"data":[3]},{"name":"c","datatype":"INT8","shape":[],"parameters":{"binary_data_size":1}}]}"#;

    let read = tensors(json, b"\x01\x02\x04").unwrap();

    let elements: Vec<_> = read.iter().map(|t| t.elements::<i8>().unwrap()).collect();
    assert_eq!(elements, [vec![1, 2], vec![3], vec![4]]);
}

#[test]
fn the_golden_answer_is_a_tensor_of_one_text() {
    let golden = include_str!("../../../../../proto/golden/infer.response.json");

    let text = Tensor::of_bytes("text_output", &[1], &[" alpha bravo charlie delta"]);

    assert_eq!(tensors(golden, b""), Ok(vec![text.unwrap()]));
}

#[test]
fn the_golden_request_is_a_tensor_of_one_text_but_for_its_parameters() {
    let golden = include_str!("../../../../../proto/golden/infer.request.json").trim_end();
    let text = Tensor::of_bytes("text_input", &[1], &["one two three"]).unwrap();

    let body = body("golden", &[text], &[], false).unwrap();

    let without = golden.replace(r#""parameters":{"max_tokens":4},"#, "");
    assert_eq!(body.bytes, without);
}

#[test]
fn what_json_cannot_say_is_refused_before_it_is_sent() {
    for tensor in [
        Tensor::of("x", &[2], &[0.5, f64::NAN]).unwrap(),
        Tensor::of("x", &[2], &[f16::ONE, f16::INFINITY]).unwrap(),
        Tensor::of_bytes("x", &[2], &[&b"a"[..], b"\xff"]).unwrap(),
    ] {
        let refused = body("r", std::slice::from_ref(&tensor), &[], false).unwrap_err();

        assert_eq!(
            refused.to_string(),
            "invalid: input.inputs: expected elements that JSON can say, found none such at 1 of `x`: set binary_tensors"
        );
        assert!(body("r", &[tensor], &[], true).is_ok());
    }
}

#[test]
fn an_answer_that_contradicts_itself_is_malformed() {
    let output = |rest: &str| format!(r#"{{"outputs":[{{"name":"x","shape":[2],{rest}}}]}}"#);
    for (rest, binary, told) in [
        (
            r#""datatype":"INT8","data":[1]"#,
            &b""[..],
            "malformed: expected 2 bytes for shape [2] of INT8, found 1",
        ),
        (
            r#""datatype":"INT8","data":[1,300]"#,
            b"",
            "malformed: expected JSON as the Open Inference Protocol has it: invalid value: integer `300`, expected a list of INT8 at line 1 column 6",
        ),
        (
            r#""datatype":"INT8","parameters":{"binary_data_size":2}"#,
            b"\x01",
            "malformed: expected 2 bytes behind the header, found 1",
        ),
        (
            r#""datatype":"INT8","parameters":{"binary_data_size":2}"#,
            b"\x01\x02\x03",
            "malformed: expected no bytes behind the outputs, found 1",
        ),
        (
            r#""datatype":"INT8""#,
            b"",
            "malformed: expected the elements of an output once",
        ),
        (
            r#""datatype":"int8","data":[1,2]"#,
            b"",
            "malformed: expected a datatype such as FP32, found `int8`",
        ),
    ] {
        assert_eq!(tensors(&output(rest), binary), Err(told.to_owned()));
    }
    assert_eq!(
        tensors(r#"{"error":"no such model"}"#, b""),
        Err("http_500: server reported inside its answer: no such model".to_owned())
    );
}

/// An answer in one piece: the length of its header in two bytes, the header, and what follows it.
fn framed(json: &str, binary: &[u8]) -> Vec<u8> {
    let length = u16::try_from(json.len()).unwrap();
    [&length.to_le_bytes()[..], json.as_bytes(), binary].concat()
}

#[test]
fn no_hostile_answer_gives_more_than_its_bytes_can_say() {
    let output = |datatype: &str, shape: &str, data: &str| {
        format!(r#"{{"outputs":[{{"name":"x","datatype":"{datatype}","shape":{shape},{data}}}]}}"#)
    };
    let size = r#""parameters":{"binary_data_size":8}"#;
    let honest = [
        framed(&output("FP32", "[1,2]", size), &[0; 8]),
        framed(&output("BYTES", "[2]", size), b"\0\0\0\0\0\0\0\0"),
        framed(&output("FP16", "[2,2]", r#""data":[[1,2.5],[3,4]]"#), b""),
        framed(&output("BYTES", "[1]", r#""data":["é"]"#), b""),
        framed(r#"{"error":{"message":"no"}}"#, b""),
    ];
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();

    inferometer_fuzz::hold(&honest, |mut bytes| {
        let length = usize::from(bytes.try_get_u16_le().unwrap_or_default());
        let (json, binary) = bytes.split_at(length.min(bytes.len()));
        match read(json, Bytes::copy_from_slice(binary), Instant::now()) {
            Ok(delta) => {
                let Some(Values::Tensors(tensors)) = delta.values else {
                    panic!("every answer has tensors, if none");
                };
                let bytes: usize = tensors.iter().map(|t| t.contents().len()).sum();
                assert!(bytes <= 8 * json.len() + binary.len());
            }
            Err(failure) => assert!(failure.message.chars().count() <= 700, "{failure}"),
        }
    });
}

proptest! {
    #[test]
    fn floats_of_32_bits_survive_json(elements in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 0..16)) {
        let length = u64::try_from(elements.len()).unwrap();
        let tensor = Tensor::of("x", &[length], &elements).unwrap();
        let json = serde_json::to_string(&List(&tensor)).unwrap();

        prop_assert_eq!(elements::read(Datatype::Fp32, &json).unwrap(), tensor.contents());
    }
}
