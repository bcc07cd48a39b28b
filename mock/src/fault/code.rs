//! The codes of gRPC by the names that its documents give them: `grpc: UNAVAILABLE`.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::Code;

/// Makes the list of codes, each with the HTTP status that corresponds.
macro_rules! codes {
    ($($(#[$about:meta])* $name:ident $http:ident,)*) => {
        /// The code of a gRPC error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum GrpcCode {
            $($(#[$about])* $name,)*
        }

        impl GrpcCode {
            /// The code as the gRPC library knows it.
            pub(super) fn code(self) -> Code {
                match self {
                    $(Self::$name => Code::$name,)*
                }
            }

            /// The HTTP status that corresponds, after `google/rpc/code.proto` of Google's APIs; 408 for its 499, which
            /// no standard knows.
            pub(super) fn http(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$http,)*
                }
            }
        }
    };
}

codes! {
    /// The call was given up.
    Cancelled REQUEST_TIMEOUT,
    /// Nothing is known of the error.
    Unknown INTERNAL_SERVER_ERROR,
    /// The client made a mistake.
    InvalidArgument BAD_REQUEST,
    /// It took too long.
    DeadlineExceeded GATEWAY_TIMEOUT,
    /// What was asked for does not exist.
    NotFound NOT_FOUND,
    /// What was to be made exists already.
    AlreadyExists CONFLICT,
    /// The client may not do this.
    PermissionDenied FORBIDDEN,
    /// A quota, a queue or a memory is full.
    ResourceExhausted TOO_MANY_REQUESTS,
    /// The system is in no state for this.
    FailedPrecondition BAD_REQUEST,
    /// Another call came between.
    Aborted CONFLICT,
    /// Past the end of something.
    OutOfRange BAD_REQUEST,
    /// The server cannot do this.
    Unimplemented NOT_IMPLEMENTED,
    /// Something is broken in the server.
    Internal INTERNAL_SERVER_ERROR,
    /// The server cannot do it now.
    Unavailable SERVICE_UNAVAILABLE,
    /// Data is lost for good.
    DataLoss INTERNAL_SERVER_ERROR,
    /// Nobody knows who the client is.
    Unauthenticated UNAUTHORIZED,
}
