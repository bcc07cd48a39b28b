//! The end of a call's time: one timer for all its attempts, pauses and chunks, so that waiting costs no new timer; and the
//! shorter ends that an attempt and a pause between two pieces may have besides.

use super::{ClientConfig, Failure, FailureKind};
use futures_util::future::BoxFuture;
use inferometer_proto::quantity::Period;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Longer than any call, and short enough to be added to any time.
pub(super) const A_YEAR: Duration = Duration::from_hours(365 * 24);

/// A running deadline. Dropping it does nothing but stop the timer.
#[derive(Debug)]
pub(super) struct Deadline {
    timer: Pin<Box<Sleep>>,
    /// Whom the timer will wake, since it was asked last: to ask it again for each chunk costs more than to look.
    woken: Option<Waker>,
    allowed: Duration,
    /// Within which an attempt must begin to be answered.
    first_byte: Option<Duration>,
    between_chunks: Option<Silence>,
}

/// How long a stream may be silent.
#[derive(Debug)]
struct Silence {
    /// Rings no later than at the end; then it is set anew, and not with each chunk.
    timer: Pin<Box<Sleep>>,
    end: Instant,
    allowed: Duration,
}

impl Deadline {
    /// The deadlines of one call, running from now. To be called inside a runtime.
    pub(super) fn of(config: &ClientConfig) -> Self {
        let between_chunks = config.chunk_deadline.map(|allowed| {
            let timer = Box::pin(tokio::time::sleep(allowed.duration()));
            Silence {
                end: timer.deadline(),
                timer,
                allowed: allowed.duration(),
            }
        });
        Self {
            first_byte: config.first_byte_deadline.map(Period::duration),
            between_chunks,
            ..Self::after(config.deadline.duration())
        }
    }

    /// A deadline that passes `allowed` from now. To be called inside a runtime.
    pub(super) fn after(allowed: Duration) -> Self {
        Self {
            timer: Box::pin(tokio::time::sleep(allowed)),
            woken: None,
            allowed,
            first_byte: None,
            between_chunks: None,
        }
    }

    /// The same, but that it passes at `end`.
    pub(super) fn ending(mut self, end: Instant) -> Self {
        self.timer.as_mut().reset(end);
        self
    }

    /// When it passes.
    pub(super) fn end(&self) -> Instant {
        self.timer.deadline()
    }

    /// Waits for `work`, but not past the deadline: then `work` is dropped, which cancels it. A deadline that has passed
    /// wins over work that is ready.
    ///
    /// # Errors
    /// Those of `work`, and [`FailureKind::Deadline`].
    pub(super) async fn within<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = &mut self.timer => Err(self.failure()),
            done = work => done,
        }
    }

    /// Likewise for one attempt, which must begin to be answered in its own time besides.
    ///
    /// # Errors
    /// Those of `attempt`, [`FailureKind::Deadline`] and [`FailureKind::Stalled`].
    pub(super) async fn within_attempt<T>(
        &mut self,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match self.first_byte {
            Some(allowed) => self.within(begun_within(allowed, attempt)).await,
            None => self.within(attempt).await,
        }
    }

    /// The same attempt, which must begin to be answered in its own time; the call's deadline is not in it.
    pub(super) fn bounded<'a, T: Send + 'a>(
        &self,
        attempt: BoxFuture<'a, Result<T, Failure>>,
    ) -> BoxFuture<'a, Result<T, Failure>> {
        match self.first_byte {
            Some(allowed) => Box::pin(begun_within(allowed, attempt)),
            None => attempt,
        }
    }

    /// Something of a stream has arrived at this time.
    pub(super) fn heard(&mut self, at: Instant) {
        if let Some(Silence { end, allowed, .. }) = &mut self.between_chunks
            && let Some(later) = at.checked_add(*allowed)
        {
            *end = later;
        }
    }

    /// Ready with the failure once a stream has been silent for too long.
    pub(super) fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let Some(Silence {
            timer,
            end,
            allowed,
        }) = &mut self.between_chunks
        else {
            return Poll::Pending;
        };
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline() >= *end {
                return Poll::Ready(stalled("nothing more of the answer came", *allowed));
            }
            timer.as_mut().reset(*end);
        }
    }

    /// Waits for `pause`, or returns false at once when the deadline would pass first.
    pub(super) async fn allows(&self, pause: Duration) -> bool {
        let resumed = Instant::now() + pause;
        if resumed >= self.timer.deadline() {
            return false;
        }
        tokio::time::sleep_until(resumed).await;
        true
    }

    /// How much time is left, at most a year.
    pub(super) fn left(&self) -> Duration {
        let left = self
            .timer
            .deadline()
            .saturating_duration_since(Instant::now());
        left.min(A_YEAR)
    }

    /// Ready with the failure once the deadline has passed.
    pub(super) fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let is_asked = |woken: &Waker| woken.will_wake(cx.waker());
        if !self.timer.is_elapsed() && self.woken.as_ref().is_some_and(is_asked) {
            return Poll::Pending;
        }
        self.woken = Some(cx.waker().clone());
        self.timer.as_mut().poll(cx).map(|()| self.failure())
    }

    /// The failure, if the deadline had passed at this time.
    pub(super) fn passed(&self, at: Instant) -> Option<Failure> {
        (at >= self.timer.deadline()).then(|| self.failure())
    }

    fn failure(&self) -> Failure {
        let allowed = self.allowed;
        Failure::new(
            FailureKind::Deadline,
            format!("no complete answer within the deadline of {allowed:?}"),
        )
    }
}

async fn begun_within<T>(
    allowed: Duration,
    attempt: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let begun = tokio::time::timeout(allowed, attempt).await;
    begun.unwrap_or_else(|_| Err(stalled("no answer began", allowed)))
}

fn stalled(what: &str, allowed: Duration) -> Failure {
    Failure::new(FailureKind::Stalled, format!("{what} within {allowed:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{self, pending, poll_fn};

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_given_up_at_the_deadline() {
        let begun = Instant::now();

        let outcome: Result<(), Failure> = Deadline::after(Duration::from_millis(250))
            .within(pending())
            .await;

        assert_eq!(outcome.unwrap_err().kind, FailureKind::Deadline);
        assert_eq!(begun.elapsed(), Duration::from_millis(250));
    }

    #[tokio::test(start_paused = true)]
    async fn a_passed_deadline_wins_over_work_that_is_ready() {
        let mut deadline = Deadline::after(Duration::from_millis(1));
        tokio::time::advance(Duration::from_millis(5)).await;

        let outcome = deadline.within(future::ready(Ok(()))).await;

        assert_eq!(outcome.unwrap_err().kind, FailureKind::Deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_past_the_deadline_is_not_begun() {
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(100));

        assert!(deadline.allows(Duration::from_millis(40)).await);
        assert!(!deadline.allows(Duration::from_millis(60)).await);

        assert_eq!(begun.elapsed(), Duration::from_millis(40));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_silent_from_what_came_last() {
        let begun = Instant::now();
        let config = ClientConfig {
            chunk_deadline: Some(Period::from_secs(10)),
            ..ClientConfig::default()
        };
        let mut deadline = Deadline::of(&config);
        for seconds in [3, 9] {
            deadline.heard(begun + Duration::from_secs(seconds));
        }

        let silent = poll_fn(|cx| deadline.poll_silent(cx)).await;

        assert_eq!(silent.kind, FailureKind::Stalled);
        assert_eq!(begun.elapsed(), Duration::from_secs(19));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_wakes_whoever_asked_last() {
        let begun = Instant::now();
        let mut deadline = Deadline::after(Duration::from_millis(100));
        let early = tokio::time::timeout(
            Duration::from_millis(50),
            poll_fn(|cx| deadline.poll_passed(cx)),
        );
        assert!(early.await.is_err());

        let another = tokio::spawn(async move { poll_fn(|cx| deadline.poll_passed(cx)).await });

        assert_eq!(another.await.unwrap().kind, FailureKind::Deadline);
        assert_eq!(begun.elapsed(), Duration::from_millis(100));
    }
}
