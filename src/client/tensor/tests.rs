use super::*;
use proptest::prelude::*;

fn refusal(datatype: Datatype, shape: &[u64], contents: &'static [u8]) -> String {
    Tensor::try_new("x", datatype, shape, contents)
        .unwrap_err()
        .to_string()
}

#[test]
fn contents_that_do_not_fit_the_shape_are_refused() {
    assert_eq!(
        refusal(Datatype::Fp32, &[1, 2], b"1234567"),
        "expected 8 bytes for shape [1, 2] of FP32, found 7"
    );
    assert_eq!(
        refusal(Datatype::Bytes, &[2], b"\x01\0\0\0a"),
        "expected 2 elements for shape [2], found 1"
    );
    assert_eq!(
        refusal(Datatype::Bytes, &[2], b"\0\0\0\0\x02\0\0\0a"),
        "expected as many bytes as element 1 of BYTES says that it has, found fewer"
    );
    assert_eq!(
        refusal(Datatype::Bool, &[2], b"\x01\x02"),
        "expected 0 or 1 for each element of BOOL, found another byte"
    );
    for shape in [[u64::MAX, 2], [u64::MAX, 1]] {
        assert_eq!(
            refusal(Datatype::Int64, &shape, b""),
            format!("expected a shape whose lengths can be multiplied, found {shape:?}")
        );
    }
}

#[test]
fn a_single_value_has_no_lengths_and_a_length_of_zero_no_elements() {
    let single = Tensor::of("x", &[], &[7_u16]).unwrap();
    let none = Tensor::of::<f64>("x", &[3, 0], &[]).unwrap();

    assert_eq!(single.contents(), &b"\x07\0"[..]);
    assert_eq!(none.elements::<f64>(), Some(vec![]));
}

#[test]
fn elements_are_read_as_their_own_type_alone() {
    let texts = Tensor::of_bytes("t", &[2], &["a", "bc"]).unwrap();
    let truths = Tensor::of("b", &[2], &[true, false]).unwrap();

    assert_eq!(texts.contents(), &b"\x01\0\0\0a\x02\0\0\0bc"[..]);
    assert_eq!(texts.byte_elements(), Some(vec![&b"a"[..], b"bc"]));
    assert_eq!(texts.elements::<u8>(), None);
    assert_eq!(truths.elements::<bool>(), Some(vec![true, false]));
    assert_eq!(truths.elements::<u8>(), None);
    assert_eq!(truths.byte_elements(), None);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(elements: Vec<i16>, pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..8)) {
        let length = u64::try_from(elements.len()).unwrap();
        let numbers = Tensor::of("n", &[length], &elements).unwrap();
        prop_assert_eq!(numbers.elements::<i16>(), Some(elements));

        let length = u64::try_from(pieces.len()).unwrap();
        let bytes = Tensor::of_bytes("b", &[length], &pieces).unwrap();
        let read: Vec<Vec<u8>> = bytes.byte_elements().unwrap().into_iter().map(<[u8]>::to_vec).collect();
        prop_assert_eq!(read, pieces);
    }
}
