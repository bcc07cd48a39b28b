//! A server that is about to leave: `go_away: { every: 1000 }`.

use super::{Misbehave, Strike};

fault! {
    /// Answer, and take no further request on the connection: HTTP/2 and gRPC send GOAWAY, HTTP/1.1 says
    /// `connection: close` with the answer. Requests that came before are answered.
    GoAway {}
}

impl Misbehave for GoAway {
    fn strike(&self) -> Strike {
        Strike::GoAway
    }
}
