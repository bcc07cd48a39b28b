//! An answer that says to be something else: `wrong_content_type: { share: 1% }`.

use super::{Misbehave, Scope, Spoil, Strike};

fault! {
    /// Say `content-type: text/html; charset=utf-8` of an answer that is what it should be, as proxies do. Over
    /// REST only: the head of a gRPC stream has gone before its first request is read.
    WrongContentType {}
}

impl Misbehave for WrongContentType {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::WrongContentType)
    }

    fn scope(&self) -> Scope {
        Scope::REST
    }
}
