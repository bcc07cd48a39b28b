//! What models take, what they refuse, and what they answer.

use super::*;
use crate::tensor::{Elements, json};

fn signatures(models: &str) -> Signatures {
    let models: Vec<ModelSpec> = serde_json::from_str(models).unwrap();
    Signatures::new(&models, 7)
}

fn resnet() -> Signatures {
    signatures(
        r#"[{"name":"resnet","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],
             "outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]},{"name":"label","datatype":"BYTES","shape":[-1]}]}]"#,
    )
}

fn tensor(name: &str, datatype: Datatype, lengths: &[i64], data: &str) -> Tensor {
    let shape = Shape::try_new(lengths).unwrap();
    Tensor {
        name: name.to_owned(),
        elements: json::read(datatype, &shape, data).unwrap(),
        shape,
    }
}

fn written(elements: &Elements) -> String {
    let mut json = Vec::new();
    json::write(elements, &mut json).unwrap();
    String::from_utf8(json).unwrap()
}

/// Name, shape and elements of each answer.
fn answers(wanted: Wanted) -> Vec<(String, String, String)> {
    let Wanted::Tensors(tensors) = wanted else {
        unreachable!("a model of tensors answers with tensors")
    };
    tensors
        .into_iter()
        .map(|tensor| {
            (
                tensor.name,
                tensor.shape.to_string(),
                written(&tensor.elements),
            )
        })
        .collect()
}

#[test]
fn computed_outputs_follow_the_batch_and_are_the_same_again() {
    let ask = |data: &str| {
        let x = tensor("x", Datatype::Fp32, &[2, 4], data);
        answers(resnet().read("resnet", &[x], &[]).unwrap())
    };

    let answer = ask("[1,2,3,4,5,6,7,8]");

    assert_eq!(answer, ask("[[1,2,3,4],[5,6,7,8]]"));
    let named = |place: usize| (answer[place].0.as_str(), answer[place].1.as_str());
    assert_eq!((named(0), named(1)), (("y", "[2,2]"), ("label", "[2]")));
    let other = ask("[1,2,3,4,5,6,7,9]");
    assert_ne!((&answer[0].2, &answer[1].2), (&other[0].2, &other[1].2));
}

#[test]
fn computed_elements_never_change_between_versions() {
    let outputs: Vec<_> = Datatype::ALL
        .iter()
        .map(|datatype| format!(r#"{{"name":"{datatype}","datatype":"{datatype}","shape":[2]}}"#))
        .collect();
    let model = format!(
        r#"[{{"name":"all","inputs":[{{"name":"x","datatype":"INT8","shape":[1]}}],"outputs":[{}]}}]"#,
        outputs.join(",")
    );
    let x = tensor("x", Datatype::Int8, &[1], "[1]");

    let answer = answers(signatures(&model).read("all", &[x], &[]).unwrap());

    let elements: Vec<_> = answer.iter().map(|(_, _, json)| json.as_str()).collect();
    assert_eq!(
        elements,
        [
            "[false,true]",
            "[-80,58]",
            "[-19815,-3160]",
            "[116019970,620994244]",
            "[-6081983269887452959,-683743360108828070]",
            "[39,124]",
            "[38260,42578]",
            "[1156420185,3007170239]",
            "[9859239155573178090,7276275466785462423]",
            "[0.9472656,0.4716797]",
            "[0.828125,0.5703125]",
            "[0.8006495,0.99003017]",
            "[0.4450995627670684,0.5875410841334223]",
            r#"["021e0a270349b1e1","fef1df4b4bb04e3d"]"#,
        ]
    );
}

#[test]
fn outputs_come_as_asked_for() {
    let x = tensor("x", Datatype::Fp32, &[1, 4], "[1,2,3,4]");

    let all = answers(
        resnet()
            .read("resnet", std::slice::from_ref(&x), &[])
            .unwrap(),
    );
    let one = answers(resnet().read("resnet", &[x], &["label"]).unwrap());

    assert_eq!(one, all[1..]);
}

#[test]
fn an_echo_is_the_input_under_the_name_of_the_output() {
    let echo = signatures(
        r#"[{"name":"same","inputs":[{"name":"a","datatype":"INT8","shape":[-1]}],"answer":"echo"},
            {"name":"other","inputs":[{"name":"a","datatype":"INT8","shape":[-1]}],
             "outputs":[{"name":"b","datatype":"INT8","shape":[-1]}],"answer":"echo"}]"#,
    );
    let a = tensor("a", Datatype::Int8, &[3], "[1,-2,3]");
    let ask = |model: &str| answers(echo.read(model, std::slice::from_ref(&a), &[]).unwrap());
    let echoed = |name: &str| vec![(name.to_owned(), "[3]".to_owned(), "[1,-2,3]".to_owned())];

    assert_eq!(ask("same"), echoed("a"));
    assert_eq!(ask("other"), echoed("b"));
}

#[test]
fn every_mistake_in_the_tensors_of_a_request_is_named() {
    let x = || tensor("x", Datatype::Fp32, &[1, 4], "[1,2,3,4]");
    for (inputs, outputs, message) in [
        (
            vec![],
            &[][..],
            "input tensor `x`: expected once, found none",
        ),
        (
            vec![x(), x()],
            &[],
            "input tensor `x`: expected once, found again",
        ),
        (
            vec![tensor("z", Datatype::Fp32, &[1], "[1]")],
            &[],
            "unexpected input tensor `z`: expected only `x`",
        ),
        (
            vec![x()],
            &["z"],
            "unexpected output tensor `z`: expected only `y`, `label`",
        ),
        (
            vec![tensor("x", Datatype::Int32, &[1, 4], "[1,2,3,4]")],
            &[],
            "input tensor `x`: expected datatype FP32, found INT32",
        ),
        (
            vec![tensor("x", Datatype::Fp32, &[4], "[1,2,3,4]")],
            &[],
            "input tensor `x`: expected shape [-1,4], found [4]",
        ),
        (
            vec![tensor("x", Datatype::Fp32, &[1, 5], "[1,2,3,4,5]")],
            &[],
            "input tensor `x`: expected shape [-1,4], found [1,5]",
        ),
    ] {
        let mistake = resnet().read("resnet", &inputs, outputs).unwrap_err();
        assert_eq!(mistake.to_string(), message);
    }
}

#[test]
fn no_shape_makes_an_answer_larger_than_memory() {
    let greedy = signatures(
        r#"[{"name":"m","inputs":[{"name":"x","datatype":"INT8","shape":[-1,-1]}],
             "outputs":[{"name":"y","datatype":"INT8","shape":[-1]}]}]"#,
    );
    let x = tensor("x", Datatype::Int8, &[1 << 60, 0], "[]");

    assert_eq!(
        greedy.read("m", &[x], &[]).unwrap_err().to_string(),
        "output tensor `y`: expected inputs that leave it at most 4194304 elements"
    );
}

#[test]
fn a_text_model_takes_a_prompt_and_perhaps_a_number_of_tokens() {
    let text = signatures("[]");
    let prompt = || Tensor::text(INPUT, "one two");
    let tokens = |datatype, data: &str| tensor(MAX_TOKENS, datatype, &[1, 1], data);
    let read = |inputs: Vec<Tensor>| match text.read("tiny", &inputs, &[OUTPUT]) {
        Ok(Wanted::Text(text)) => Ok((text.prompt_tokens, text.max_tokens)),
        Ok(Wanted::Tensors(_)) => unreachable!("a model of text answers with text"),
        Err(mistake) => Err(mistake.to_string()),
    };

    assert_eq!(read(vec![prompt()]), Ok((2, None)));
    for datatype in [Datatype::Int32, Datatype::Uint64, Datatype::Uint8] {
        assert_eq!(
            read(vec![tokens(datatype, "[9]"), prompt()]),
            Ok((2, Some(9)))
        );
    }
    for (inputs, message) in [
        (
            vec![],
            "input tensor `text_input`: expected once, found none",
        ),
        (
            vec![tensor(INPUT, Datatype::Fp32, &[1], "[1]")],
            "input tensor `text_input`: expected datatype BYTES, found FP32",
        ),
        (
            vec![tensor(INPUT, Datatype::Bytes, &[2], r#"["a","b"]"#)],
            "input tensor `text_input`: expected shape [1], found [2]",
        ),
        (
            vec![prompt(), tokens(Datatype::Fp32, "[9.5]")],
            "input tensor `max_tokens`: expected a whole number, found FP32",
        ),
        (
            vec![prompt(), tokens(Datatype::Int32, "[0]")],
            "input tensor `max_tokens`: expected 1 to 131072 output tokens, found `0`",
        ),
    ] {
        assert_eq!(read(inputs), Err(message.to_owned()));
    }
}

#[test]
fn a_long_name_is_not_repeated_in_full() {
    let long = tensor(&"é".repeat(1000), Datatype::Int8, &[1], "[1]");

    let mistake = resnet().read("resnet", &[long], &[]).unwrap_err();

    assert_eq!(
        mistake.to_string(),
        format!(
            "unexpected input tensor `{}`: expected only `x`",
            "é".repeat(64)
        )
    );
}
