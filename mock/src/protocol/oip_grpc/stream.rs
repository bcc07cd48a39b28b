//! The answer to one request of a stream: a response for each piece when it is due, then a final response without
//! tensors that carries `triton_final_response` and the token counts. A model of tensors gives one response, which is also
//! the final one. A request that cannot be answered gets one
//! response with an `error_message`; a status fault ends the whole stream with that status, as a proxy in front of a
//! server would.

use super::breakable::Switch;
use super::generate::{Call, envelope, parameter, understand, usage};
use super::spoiler::Spoiler;
use super::{refusal, tensor};
use crate::backend::Backend;
use crate::course::{Course, Delivery, Finish};
use crate::drip::Drip;
use crate::journal::{End, Operation, Protocol};
use crate::pace::{Chunk, Ticker};
use crate::refused::Refused;
use crate::signature::Wanted;
use crate::tensor::Tensor;
use crate::visit::Visit;
use crate::words::Wording;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tonic::Status;

/// The parameter that marks the last response to a request.
const FINAL: &str = "triton_final_response";

/// The responses to one request.
#[derive(Debug)]
pub(super) enum Reply {
    /// One response, or the status that ends the stream.
    Once(Option<Box<Result<ModelStreamInferResponse, Status>>>),
    /// Nothing is decided yet; it may never be.
    Deciding(Box<Deciding>),
    /// Tokens.
    Tokens(Box<Tokens>),
}

/// A request on its way to its course.
pub(super) struct Deciding {
    decision: BoxFuture<'static, (Visit, Result<Course, Refused>)>,
    wanted: Option<Wanted>,
    envelope: ModelInferResponse,
    switch: Switch,
}

/// A response for each piece of text, or the one of tensors, and the end.
#[derive(Debug)]
pub(super) struct Tokens {
    ticker: Ticker,
    finish: Finish,
    spoiler: Option<Box<Spoiler>>,
    wording: Wording,
    /// Does the last response count the tokens?
    tells_usage: bool,
    /// The answer of a model of tensors, until it is given.
    tensors: Option<Vec<Tensor>>,
    envelope: ModelInferResponse,
    switch: Switch,
    visit: Visit,
    told: bool,
    /// Does a response leave in small pieces, so that it is taken only when more is asked for?
    is_trickling: bool,
    /// What may still be leaving.
    leaving: Option<Chunk>,
}

impl Reply {
    /// The reply to one request of a call, whose id stands in for one of its own. The switch is the stream's.
    pub(super) fn to(
        backend: &Arc<Backend>,
        mut request: ModelInferRequest,
        call: &Call,
        switch: &Switch,
    ) -> Self {
        let mut visit = backend.arrive(Protocol::OipGrpc, Operation::Infer, call.connection());
        let wanted = match understand(backend, &mut request, call, &mut visit) {
            Ok(wanted) => wanted,
            Err(refused) => {
                visit.end(End::Refused);
                return Self::error(refused, request);
            }
        };
        let backend = Arc::clone(backend);
        Self::Deciding(Box::new(Deciding {
            decision: Box::pin(async move {
                let decision = backend.decide(&mut visit, Delivery::Streamed).await;
                (visit, decision)
            }),
            wanted: Some(wanted),
            envelope: envelope(request),
            switch: switch.clone(),
        }))
    }

    /// The end of the whole stream.
    pub(super) fn status(status: Status) -> Self {
        Self::Once(Some(Box::new(Err(status))))
    }

    fn error(refused: Refused, request: ModelInferRequest) -> Self {
        Self::Once(Some(Box::new(Ok(ModelStreamInferResponse {
            error_message: refused.message,
            infer_response: Some(envelope(request)),
        }))))
    }
}

impl Stream for Reply {
    type Item = Result<ModelStreamInferResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Self::Deciding(deciding) = this {
            *this = ready!(deciding.poll(context));
        }
        match this {
            Self::Once(response) => Poll::Ready(response.take().map(|response| *response)),
            Self::Deciding(_) => Poll::Pending,
            Self::Tokens(tokens) => tokens.poll_response(context).map(|response| {
                response.map(|(error_message, response)| {
                    Ok(ModelStreamInferResponse {
                        error_message,
                        infer_response: Some(response),
                    })
                })
            }),
        }
    }
}

impl Deciding {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Reply> {
        let (visit, decision) = ready!(self.decision.as_mut().poll(context));
        Poll::Ready(match decision {
            Ok(course) => Reply::Tokens(Box::new(Tokens {
                wording: course.wording(),
                tells_usage: course.tells_usage(),
                spoiler: Spoiler::new(course.spoil).map(Box::new),
                ticker: course.ticker,
                finish: course.finish,
                leaving: None,
                is_trickling: self.trickles(course.drip),
                tensors: match self.wanted.take() {
                    Some(Wanted::Tensors(tensors)) => Some(tensors),
                    Some(Wanted::Text(_)) | None => None,
                },
                envelope: std::mem::take(&mut self.envelope),
                switch: self.switch.clone(),
                visit,
                told: false,
            })),
            Err(refused) => Reply::status(refusal::refused(refused)),
        })
    }
}

impl Deciding {
    /// Lets the body of the call leave in small pieces from now on, if it is to.
    fn trickles(&self, drip: Option<Box<Drip>>) -> bool {
        drip.map(|drip| self.switch.trickle(drip)).is_some()
    }
}

impl fmt::Debug for Deciding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deciding")
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// The next response and the error that it tells, if it tells one.
    fn poll_response(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<(String, ModelInferResponse)>> {
        if let Some(chunk) = self.leaving.take() {
            self.visit.wrote(chunk.tokens, chunk.due);
        }
        if let Some(response) = ready!(self.poll_piece(context)) {
            return Poll::Ready(Some((String::new(), response)));
        }
        let told = std::mem::replace(&mut self.told, true);
        // The last response is taken at once, or when more is asked for.
        if told == self.is_trickling {
            self.visit.end(self.finish.end());
        }
        match &self.finish {
            Finish::Properly | Finish::Fail(_) if told => Poll::Ready(None),
            Finish::Properly => {
                if let Some(spoiler) = &mut self.spoiler {
                    spoiler.release();
                }
                Poll::Ready(Some((String::new(), self.last())))
            }
            Finish::Fail(refused) => {
                let message = refused.message.clone();
                Poll::Ready(Some((message, std::mem::take(&mut self.envelope))))
            }
            Finish::BreakOff => {
                self.switch.throw(None);
                Poll::Ready(None)
            }
            Finish::Sever(how) => {
                self.switch.throw(Some(*how));
                Poll::Ready(None)
            }
            Finish::FallSilent => Poll::Pending,
        }
    }

    /// The next response with tokens or tensors, or one that is said again or late.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<ModelInferResponse>> {
        loop {
            if let Some(spoiler) = &mut self.spoiler
                && let Some(response) = spoiler.next(&mut self.visit)
            {
                return Poll::Ready(Some(response));
            }
            let Some(chunk) = ready!(self.ticker.poll_chunk(context)) else {
                return Poll::Ready(None);
            };
            let response = match self.tensors.take() {
                Some(tensors) => self.only(tensors),
                None => self.piece(chunk),
            };
            let Some(spoiler) = &mut self.spoiler else {
                if self.is_trickling {
                    self.leaving = Some(chunk);
                } else {
                    self.visit.wrote(chunk.tokens, chunk.due);
                }
                return Poll::Ready(Some(response));
            };
            let passed = spoiler.pass(response, chunk, &mut self.visit, &self.switch);
            if passed.is_some() {
                return Poll::Ready(passed);
            }
        }
    }

    fn piece(&self, chunk: Chunk) -> ModelInferResponse {
        let text: String = chunk
            .tokens()
            .map(|token| self.wording.word(token))
            .collect();
        self.response(tensor::text(&text), false)
    }

    /// The one response of a model of tensors: the final one, unless the stream is to break or fall silent.
    fn only(&mut self, tensors: Vec<Tensor>) -> ModelInferResponse {
        let is_final = self.finish == Finish::Properly;
        if is_final {
            self.told = true;
            if !self.is_trickling {
                self.visit.end(End::Answered);
            }
        }
        self.response(tensors, is_final)
    }

    fn response(&self, tensors: Vec<Tensor>, is_final: bool) -> ModelInferResponse {
        let end = parameter(FINAL, ParameterChoice::BoolParam(is_final));
        let (outputs, raw_output_contents) = tensor::outputs(tensors);
        ModelInferResponse {
            parameters: [end].into(),
            outputs,
            raw_output_contents,
            ..self.envelope.clone()
        }
    }

    fn last(&mut self) -> ModelInferResponse {
        let end = parameter(FINAL, ParameterChoice::BoolParam(true));
        let usage = self.tells_usage.then(|| usage(self.visit.entry()));
        ModelInferResponse {
            parameters: usage.into_iter().flatten().chain([end]).collect(),
            ..std::mem::take(&mut self.envelope)
        }
    }
}
