use super::*;
use proptest::prelude::*;
use serde_json::json;

fn request(headers: &[(&'static str, &str)], body: &str) -> Request {
    let headers = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    Request {
        url: "http://localhost/v1/chat".parse().unwrap(),
        method: http::Method::POST,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

fn expected(value: Value) -> StubRequest {
    serde_json::from_value(value).unwrap()
}

fn told(expected: Value, found: &Request) -> Vec<String> {
    between(&self::expected(expected), found)
        .iter()
        .map(|differs| {
            format!(
                "{}: {} / {}",
                differs.place, differs.expected, differs.found
            )
        })
        .collect()
}

#[test]
fn what_is_left_out_may_be_anything() {
    let found = request(&[("x", "1")], "no JSON at all");

    assert_eq!(
        told(json!({ "method": "POST", "path": "/v1/chat" }), &found),
        [""; 0]
    );
}

#[test]
fn each_part_of_a_request_is_told_by_its_place() {
    let mut found = request(
        &[("accept", "text/plain"), ("authorization", "Bearer hidden")],
        r#"{"model":"a","messages":[{"role":"user","content":"goodbye"},7],"max_tokens":3}"#,
    );
    found.url = "http://localhost/v1/chats?beta=true".parse().unwrap();
    let asked = json!({
        "method": "GET",
        "path": "/v1/chat",
        "headers": { "Accept": "*/*", "Authorization": "Bearer given", "x-id": "1" },
        "body": { "exact": { "model": "a", "messages": [{ "role": "user", "content": "hello" }], "n": 1 } },
    });

    assert_eq!(
        told(asked, &found),
        [
            r#"method: "GET" / "POST""#,
            r#"path: "/v1/chat" / "/v1/chats?beta=true""#,
            r#"headers.accept: "*/*" / "text/plain""#,
            "headers.authorization: the given value / another value",
            r#"headers.x-id: "1" / nothing"#,
            r#"body.messages[0].content: "hello" / "goodbye""#,
            "body.messages[1]: nothing / 7",
            "body.n: 1 / nothing",
            "body.max_tokens: nothing / 3",
        ]
    );
}

#[test]
fn a_part_of_a_body_allows_other_keys_and_no_other_elements() {
    let found = request(
        &[],
        r#"{"a":{"b":1.0,"c":2},"list":[{"x":1,"y":2},3],"d":4}"#,
    );
    let part =
        |body: Value| json!({ "method": "POST", "path": "/v1/chat", "body": { "partial": body } });

    assert_eq!(
        told(
            part(json!({ "a": { "b": 1 }, "list": [{ "y": 2 }, 3] })),
            &found
        ),
        [""; 0]
    );
    assert_eq!(
        told(part(json!({ "list": [{ "y": 2 }] })), &found),
        ["body.list[1]: nothing / 3"]
    );
}

#[test]
fn a_body_that_is_no_json_is_shown_as_it_is() {
    let asked = json!({ "method": "POST", "path": "/v1/chat", "body": { "exact": {} } });

    assert_eq!(
        told(asked.clone(), &request(&[], "a\u{1b}[2J")),
        [r#"body: {} / what is no JSON: "a\u001b[2J""#]
    );
    assert_eq!(told(asked, &request(&[], "")), ["body: {} / nothing"]);
}

#[test]
fn long_values_and_long_lists_of_differences_are_cut() {
    let long = "a".repeat(500);
    let found = request(
        &[],
        &json!({ "text": long, "list": vec![1; 100] }).to_string(),
    );
    let asked = json!({ "method": "POST", "path": "/v1/chat", "body": { "exact": { "text": "b", "list": vec![2; 100] } } });

    let told = told(asked, &found);

    assert_eq!(told.len(), 20);
    assert_eq!(
        told[0],
        format!(
            "body.text: \"b\" / \"{}.. (502 characters)",
            "a".repeat(119)
        )
    );
}

/// Any JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|block| Value::Object(block.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_body_differs_exactly_when_its_value_does(one in any_json(), other in any_json()) {
        let asked = |body: &Value| expected(json!({ "method": "POST", "path": "/v1/chat", "body": { "exact": body } }));

        prop_assert!(between(&asked(&one), &request(&[], &one.to_string())).is_empty());
        prop_assert_eq!(
            between(&asked(&one), &request(&[], &other.to_string())).is_empty(),
            one == other
        );
    }
}
