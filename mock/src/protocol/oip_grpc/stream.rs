//! The answer to one request of a stream: a response for each token when it is due, then a final response without
//! tensors that carries `triton_final_response` and the token counts. A request that cannot be answered gets one
//! response with an `error_message`; a status fault ends the whole stream with that status, as a proxy in front of a
//! server would.

use super::breakable::Switch;
use super::generate::{Asked, Call, envelope, parameter, usage};
use super::{refusal, tensor};
use crate::backend::{Backend, Wish};
use crate::fault::Strike;
use crate::pace::Ticker;
use crate::tally::{Outcome, Protocol, Visit};
use crate::words;
use futures_util::Stream;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;
use tonic::Status;

/// The responses to one request.
#[derive(Debug)]
pub(super) enum Reply {
    /// One response, or the status that ends the stream.
    Once(Option<Box<Result<ModelStreamInferResponse, Status>>>),
    /// Nothing, until the client leaves; the visit lasts as long.
    Silence { _visit: Visit },
    /// Tokens.
    Tokens(Box<Tokens>),
}

/// A response for each token, and the end.
#[derive(Debug)]
pub(super) struct Tokens {
    ticker: Ticker,
    envelope: ModelInferResponse,
    end: End,
    visit: Visit,
}

/// What follows the last token.
#[derive(Debug)]
enum End {
    /// The final response.
    Final(Wish),
    /// The whole stream breaks.
    Break(Switch),
    /// Nothing more.
    Told,
}

impl Reply {
    /// Decides on the reply to one request of a call, whose id stands in for one of its own. The switch is the stream's.
    pub(super) fn to(
        backend: &Arc<Backend>,
        request: ModelInferRequest,
        call: &Call,
        switch: &Switch,
    ) -> Self {
        let mut visit = backend.tally.arrive(Protocol::Grpc);
        let asked = match Asked::understand(backend, &request, call, Instant::now()) {
            Ok(asked) => asked,
            Err(status) => {
                visit.settle(Outcome::Refused);
                return Self::error(&status, request);
            }
        };
        let Asked { wish, course } = asked;
        let (tokens, end) = match course.strike {
            Some(Strike::Refuse {
                status,
                retry_after,
            }) => {
                visit.settle(Outcome::Status);
                return Self::status(refusal::fault(status, retry_after));
            }
            Some(Strike::Silence) => {
                visit.settle(Outcome::Stall);
                return Self::Silence { _visit: visit };
            }
            Some(Strike::BreakOff { after_tokens }) => {
                visit.settle(Outcome::Cut);
                (after_tokens, End::Break(switch.clone()))
            }
            None => (wish.tokens(), End::Final(wish)),
        };
        let ticker = wish.ticker(course, tokens);
        Self::Tokens(Box::new(Tokens {
            ticker,
            envelope: envelope(request),
            end,
            visit,
        }))
    }

    /// The end of the whole stream.
    pub(super) fn status(status: Status) -> Self {
        Self::Once(Some(Box::new(Err(status))))
    }

    fn error(status: &Status, request: ModelInferRequest) -> Self {
        Self::Once(Some(Box::new(Ok(ModelStreamInferResponse {
            error_message: status.message().to_owned(),
            infer_response: Some(envelope(request)),
        }))))
    }
}

impl Stream for Reply {
    type Item = Result<ModelStreamInferResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::Once(response) => Poll::Ready(response.take().map(|response| *response)),
            Self::Silence { .. } => Poll::Pending,
            Self::Tokens(tokens) => tokens.poll_response(context).map(|response| {
                response.map(|response| {
                    Ok(ModelStreamInferResponse {
                        error_message: String::new(),
                        infer_response: Some(response),
                    })
                })
            }),
        }
    }
}

impl Tokens {
    fn poll_response(&mut self, context: &mut Context<'_>) -> Poll<Option<ModelInferResponse>> {
        if let Some(index) = ready!(self.ticker.poll_token(context)) {
            return Poll::Ready(Some(self.token(index)));
        }
        match std::mem::replace(&mut self.end, End::Told) {
            End::Final(wish) => {
                self.visit.settle(Outcome::Answered);
                Poll::Ready(Some(self.last(&wish)))
            }
            End::Break(switch) => {
                switch.throw();
                Poll::Ready(None)
            }
            End::Told => Poll::Ready(None),
        }
    }

    fn token(&self, index: u32) -> ModelInferResponse {
        ModelInferResponse {
            parameters: [parameter(
                "triton_final_response",
                ParameterChoice::BoolParam(false),
            )]
            .into(),
            outputs: vec![tensor::output()],
            raw_output_contents: vec![tensor::raw(words::word(index))],
            ..self.envelope.clone()
        }
    }

    fn last(&mut self, wish: &Wish) -> ModelInferResponse {
        let end = parameter("triton_final_response", ParameterChoice::BoolParam(true));
        ModelInferResponse {
            parameters: usage(wish).into_iter().chain([end]).collect(),
            ..std::mem::take(&mut self.envelope)
        }
    }
}
