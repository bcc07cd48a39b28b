//! The journal as JSON lines, each an entry: `GET /admin/journal?from=0&most=1000`. Where to read on stands in the header
//! `x-journal-next`, how many of those asked for are forgotten in `x-journal-forgotten`, so that every line is an entry.

use super::NO_SNIFFING;
use super::refusal::Refusal;
use crate::backend::Backend;
use crate::journal::Page;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::Uri;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use std::convert::Infallible;
use std::sync::Arc;

const NEXT: HeaderName = HeaderName::from_static("x-journal-next");
const FORGOTTEN: HeaderName = HeaderName::from_static("x-journal-forgotten");

/// How many entries are read when the request does not say.
const USUAL: u64 = 1000;

/// Which entries a request asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    from: u64,
    most: u64,
}

/// Answers with the lines, a piece at a time, so that neither a long journal nor a slow reader takes up memory. What
/// ends meanwhile is not among them, and what is forgotten meanwhile is missing.
pub(super) async fn read(
    State(backend): State<Arc<Backend>>,
    url: Uri,
) -> Result<Response, Refusal> {
    let asked = asked(url.query().unwrap_or_default())?;
    let range = backend.ledger.journal.range(asked.from, asked.most);
    let pieces = stream::unfold(range.start, move |from| {
        let piece = piece(&backend, from, range.next);
        async move { piece.map(|(lines, next)| (Ok::<_, Infallible>(lines), next)) }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(NO_SNIFFING, HeaderValue::from_static("nosniff"));
    headers.insert(NEXT, HeaderValue::from(range.next));
    headers.insert(FORGOTTEN, HeaderValue::from(range.start - asked.from));
    Ok(response)
}

/// The lines from entry `from` on, as many as fit one piece, and where the next begins. `None` at entry `until`.
fn piece(backend: &Backend, from: u64, until: u64) -> Option<(Bytes, u64)> {
    let Page { entries, next, .. } = backend.ledger.journal.piece(from, until);
    let mut lines = String::new();
    for entry in &entries {
        lines.push_str(&entry.line());
        lines.push('\n');
    }
    (!entries.is_empty()).then(|| (lines.into(), next))
}

/// Reads `from=N&most=M`; either may be left out.
fn asked(query: &str) -> Result<Asked, Refusal> {
    let mut asked = Asked {
        from: 0,
        most: USUAL,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = match name {
            "from" => &mut asked.from,
            "most" => &mut asked.most,
            _ => {
                let message = format!("expected `from` and `most` in the query, found `{name}`");
                return Err(Refusal::bad_request(message).about(name));
            }
        };
        // A plus sign in a query stands for a space.
        let number = Some(value).filter(|value| !value.starts_with('+'));
        *place = number.and_then(|value| value.parse().ok()).ok_or_else(|| {
            let message = format!("expected a number in `{name}`, found `{value}`");
            Refusal::bad_request(message).about(name)
        })?;
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_the_first_thousand() {
        assert_eq!(
            asked(""),
            Ok(Asked {
                from: 0,
                most: 1000
            })
        );
        assert_eq!(
            asked("from=7"),
            Ok(Asked {
                from: 7,
                most: 1000
            })
        );
        assert_eq!(asked("most=2&from=7"), Ok(Asked { from: 7, most: 2 }));
    }

    #[test]
    fn what_is_no_number_is_told_with_its_name() {
        for (query, expected) in [
            ("from=x", "expected a number in `from`, found `x`"),
            ("most", "expected a number in `most`, found ``"),
            ("most=+1", "expected a number in `most`, found `+1`"),
            ("most=-1", "expected a number in `most`, found `-1`"),
            (
                "to=5",
                "expected `from` and `most` in the query, found `to`",
            ),
        ] {
            assert_eq!(asked(query).unwrap_err().message, expected);
        }
    }
}
