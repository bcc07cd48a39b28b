//! Who may use the admin API. Without a token: programs on this machine. With one: whoever shows it, from anywhere.
//!
//! A browser on this machine runs the programs of strangers, and is kept out. It says `Origin` with whatever it sends to
//! another site, it cannot send `application/json` there without asking first, and a stranger's name that suddenly
//! resolves to this machine (DNS rebinding) still stands in `Host`.

use super::refusal::Refusal;
use crate::connection::Connection;
use crate::spec::{AdminSpec, Token};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode, Uri};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Keeps everybody out who has no business here.
#[derive(Debug)]
pub(super) struct Guard {
    token: Option<Token>,
}

/// Lets a request through, or answers it with why not.
pub(super) async fn admit(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Connection>();
    let peer = peer.map(|connection| connection.peer().ip());
    match guard.check(peer, request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

impl Guard {
    pub(super) fn new(spec: &AdminSpec) -> Self {
        Self {
            token: spec.token.clone(),
        }
    }

    fn check(
        &self,
        peer: Option<IpAddr>,
        method: &Method,
        url: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        let forbidden = |message: &str| Err(Refusal::new(StatusCode::FORBIDDEN, message));
        if let Some(token) = &self.token {
            if !shows(token, headers) {
                return Err(Refusal::new(
                    StatusCode::UNAUTHORIZED,
                    "expected `Authorization: Bearer` with the token of `admin.token`",
                ));
            }
        } else if !peer.is_some_and(is_this_machine) {
            return forbidden(
                "only this machine may use the admin API; set `admin.token` to use it from elsewhere",
            );
        } else if !names_an_address(url, headers) {
            return forbidden(
                "expected an IP address or `localhost` as the host; set `admin.token` to use a name",
            );
        }
        if headers.contains_key(ORIGIN) {
            return forbidden("the admin API answers no web page: expected no `Origin`");
        }
        if !method.is_safe() && !says_json(headers) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("expected `content-type: application/json` with {method}"),
            ));
        }
        Ok(())
    }
}

fn shows(token: &Token, headers: &HeaderMap) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|at| at.to_str().ok());
    let shown = shown.and_then(|shown| shown.split_once(' '));
    shown.is_some_and(|(scheme, shown)| {
        scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim())
    })
}

fn is_this_machine(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

/// Over HTTP/2 the host stands in the URL, over HTTP/1.1 in a header, and whoever says both must mean the same.
fn names_an_address(url: &Uri, headers: &HeaderMap) -> bool {
    let from_headers = headers.get_all(HOST).iter();
    let mut hosts = from_headers
        .map(|host| host.to_str().ok())
        .chain(url.authority().map(|host| Some(host.as_str())))
        .peekable();
    hosts.peek().is_some() && hosts.all(|host| host.is_some_and(is_address))
}

/// An address or `localhost`, with at most a port behind it. It is read here, byte for byte: what reads URLs lets pass
/// what stands before an `@` or behind a bracket.
fn is_address(said: &str) -> bool {
    let (is_here, after) = if let Some(inner) = said.strip_prefix('[') {
        let Some((host, after)) = inner.split_once(']') else {
            return false;
        };
        (host.parse::<Ipv6Addr>().is_ok(), after)
    } else {
        let (host, after) = said.split_at(said.find(':').unwrap_or(said.len()));
        let is_local = host.eq_ignore_ascii_case("localhost");
        (is_local || host.parse::<Ipv4Addr>().is_ok(), after)
    };
    is_here && (after.is_empty() || after.strip_prefix(':').is_some_and(is_port))
}

/// Numbers may be written with a sign; ports may not.
fn is_port(digits: &str) -> bool {
    digits.bytes().all(|digit| digit.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

fn says_json(headers: &HeaderMap) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|at| at.to_str().ok());
    let kind = said.and_then(|said| said.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests;
