use super::*;
use http::HeaderValue;

const HERE: &str = "127.0.0.1";

fn headers(said: &[(&'static str, &str)]) -> HeaderMap {
    let said = said
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()));
    said.collect()
}

/// What a guard says to a request from `peer` with these headers: the status, 200 for being let in.
fn told(token: Option<&str>, peer: &str, method: &Method, said: &[(&'static str, &str)]) -> u16 {
    let guard = Guard {
        token: token.map(Token::new),
    };
    let peer = peer.parse().ok();
    match guard.check(
        peer,
        method,
        &Uri::from_static("/admin/spec"),
        &headers(said),
    ) {
        Ok(()) => 200,
        Err(refusal) => refusal.status.as_u16(),
    }
}

#[test]
fn without_a_token_this_machine_alone_is_let_in() {
    let host = [("host", "127.0.0.1:8002")];

    for (peer, expected) in [
        (HERE, 200),
        ("127.1.2.3", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.168.1.7", 403),
        ("::ffff:192.168.1.7", 403),
        ("2001:db8::1", 403),
        ("nobody knows", 403),
    ] {
        assert_eq!(told(None, peer, &Method::GET, &host), expected, "{peer}");
    }
}

#[test]
fn with_a_token_whoever_shows_it_is_let_in_and_nobody_else() {
    for (peer, shown, expected) in [
        ("192.168.1.7", Some("Bearer 12345678"), 200),
        (HERE, Some("bearer 12345678"), 200),
        (HERE, Some("Bearer 12345679"), 401),
        (HERE, Some("Basic 12345678"), 401),
        (HERE, Some("12345678"), 401),
        (HERE, None, 401),
    ] {
        let mut said = vec![("host", "mock.internal")];
        said.extend(shown.map(|shown| ("authorization", shown)));
        assert_eq!(
            told(Some("12345678"), peer, &Method::GET, &said),
            expected,
            "{peer} {shown:?}"
        );
    }
}

#[test]
fn a_name_that_somebody_else_may_own_is_no_host() {
    for (host, expected) in [
        ("127.0.0.1", 200),
        ("127.0.0.1:8002", 200),
        ("localhost:8002", 200),
        ("LOCALHOST", 200),
        ("[::1]:8002", 200),
        ("attacker.example:8002", 403),
        ("127.0.0.1.attacker.example", 403),
        ("localhost.attacker.example", 403),
        ("", 403),
        ("[127.0.0.1]", 403),
        ("[::1]", 200),
        ("[::1]8002", 403),
        ("[::1]evil", 403),
        ("[::1].attacker.example", 403),
        ("[::1", 403),
        ("::1", 403),
        ("[::1]:", 403),
        ("127.0.0.1:", 403),
        ("127.0.0.1:+80", 403),
        ("127.0.0.1:65536", 403),
        ("127.0.0.1:80:80", 403),
        ("127.0.0.1.", 403),
        ("127.0.0.1.nip.io", 403),
        ("localhost.evil.com", 403),
        ("localhost:evil", 403),
        ("attacker@127.0.0.1", 403),
        ("127.0.0.1@attacker.example", 403),
        ("127.0.0.1, attacker.example", 403),
    ] {
        assert_eq!(
            told(None, HERE, &Method::GET, &[("host", host)]),
            expected,
            "{host}"
        );
    }
    assert_eq!(told(None, HERE, &Method::GET, &[]), 403);
    let both = Uri::from_static("http://127.0.0.1:8002/admin/spec");
    assert!(names_an_address(&both, &HeaderMap::new()));
    assert!(!names_an_address(
        &both,
        &headers(&[("host", "attacker.example")])
    ));
    for url in [
        "http://[::1]evil/admin/spec",
        "http://me@127.0.0.1/admin/spec",
    ] {
        assert!(!names_an_address(&Uri::from_static(url), &HeaderMap::new()));
    }
}

#[test]
fn a_web_page_is_not_let_in_with_or_without_a_token() {
    let said = [
        ("host", "127.0.0.1:8002"),
        ("origin", "http://127.0.0.1:8002"),
        ("authorization", "Bearer 12345678"),
        ("content-type", "application/json"),
    ];

    for token in [None, Some("12345678")] {
        assert_eq!(told(token, HERE, &Method::POST, &said), 403);
        assert_eq!(told(token, HERE, &Method::GET, &said), 403);
    }
}

#[test]
fn what_changes_something_says_that_it_is_json() {
    for (kind, expected) in [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (None, 415),
    ] {
        let mut said = vec![("host", "localhost")];
        said.extend(kind.map(|kind| ("content-type", kind)));
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            assert_eq!(told(None, HERE, &method, &said), expected, "{kind:?}");
        }
    }
}
