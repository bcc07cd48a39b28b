//! When each token is due: [`Pace`] says it as a pure sequence of offsets, [`Ticker`] waits for it.

use crate::dice::{Dice, Purpose};
use crate::latency::Latency;
use crate::timer::{Alarm, Timer};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;

/// The offsets, from the arrival of a request, at which its tokens are due: endless and never falling.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    first: Latency,
    gap: Latency,
    dice: Dice,
    offset: Duration,
    index: u32,
}

impl Pace {
    /// A pace that draws the offset of the first token from `first` and each further gap from `gap`.
    pub(crate) fn new(first: Latency, gap: Latency, dice: Dice) -> Self {
        Self {
            first,
            gap,
            dice,
            offset: Duration::ZERO,
            index: 0,
        }
    }
}

impl Iterator for Pace {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let step = match self.index {
            0 => self.first.quantile(self.dice.draw(Purpose::FirstToken, 0)),
            index => self.gap.quantile(self.dice.draw(Purpose::Gap, index)),
        };
        self.index = self.index.saturating_add(1);
        self.offset = self.offset.saturating_add(step);
        Some(self.offset)
    }
}

/// Hands out the tokens of one answer as they become due. Being late never moves a later token: every due time counts
/// from the arrival of the request.
#[derive(Debug)]
pub(crate) struct Ticker {
    pace: Pace,
    arrived: Instant,
    /// A time that has certainly passed; the clock is read only when a token is due after it.
    passed: Instant,
    due: Option<Instant>,
    index: u32,
    tokens: u32,
    alarm: Alarm,
}

impl Ticker {
    /// A ticker for `tokens` tokens of a request that came at `arrived`.
    pub(crate) fn new(pace: Pace, timer: &Timer, arrived: Instant, tokens: u32) -> Self {
        Self {
            pace,
            arrived,
            passed: arrived,
            due: None,
            index: 0,
            tokens,
            alarm: timer.alarm(),
        }
    }

    /// The index of the next token once it is due; `None` after the last one.
    pub(crate) fn poll_token(&mut self, context: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.index == self.tokens {
            return Poll::Ready(None);
        }
        let due = self.next_due();
        if due > self.passed {
            self.passed = Instant::now();
        }
        if due > self.passed {
            ready!(self.alarm.poll_until(due, context));
            self.passed = due;
        }
        let index = self.index;
        self.due = None;
        self.index += 1;
        Poll::Ready(Some(index))
    }

    /// Waits until the last token is due, for an answer in one piece.
    pub(crate) async fn last_token(mut self) {
        let Some(last) = self
            .tokens
            .checked_sub(1)
            .and_then(|last| usize::try_from(last).ok())
        else {
            return;
        };
        let due = self
            .pace
            .nth(last)
            .map_or(self.arrived, |offset| self.arrived + offset);
        if due > self.arrived && due > Instant::now() {
            self.alarm.until(due).await;
        }
    }

    fn next_due(&mut self) -> Instant {
        let Self {
            due, pace, arrived, ..
        } = self;
        *due.get_or_insert_with(|| pace.next().map_or(*arrived, |offset| *arrived + offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Uniform;
    use inferometer_proto::quantity::Period;
    use std::future::poll_fn;

    fn fixed(millis: u64) -> Latency {
        Latency::Fixed(Period::from_millis(millis))
    }

    fn pace(first: Latency, gap: Latency) -> Pace {
        Pace::new(first, gap, Dice::new(7, "a"))
    }

    #[test]
    fn a_fixed_pace_is_the_latency_and_then_equal_gaps() {
        let millis: Vec<_> = pace(fixed(20), fixed(5))
            .take(4)
            .map(|due| due.as_millis())
            .collect();

        assert_eq!(millis, [20, 25, 30, 35]);
    }

    #[test]
    fn gaps_are_drawn_anew_for_each_token_and_the_same_again_for_the_same_id() {
        let spread = Latency::Uniform(Uniform {
            min: Period::from_millis(1),
            max: Period::from_millis(9),
        });
        let dues: Vec<_> = pace(fixed(0), spread).take(5).collect();

        assert_eq!(pace(fixed(0), spread).take(5).collect::<Vec<_>>(), dues);
        assert!(dues.is_sorted_by(|a, b| a < b));
        let gaps: Vec<_> = dues
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .collect();
        assert!(gaps.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_come_when_they_are_due() {
        let arrived = Instant::now();
        let mut ticker = Ticker::new(pace(fixed(20), fixed(5)), &Timer::Coarse, arrived, 3);
        let mut seen = Vec::new();

        while let Some(index) = poll_fn(|context| ticker.poll_token(context)).await {
            seen.push((index, arrived.elapsed().as_millis()));
        }

        assert_eq!(seen, [(0, 20), (1, 25), (2, 30)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_reader_gets_all_due_tokens_at_once_and_the_rest_on_time() {
        let arrived = Instant::now();
        let mut ticker = Ticker::new(pace(fixed(10), fixed(10)), &Timer::Coarse, arrived, 4);
        tokio::time::advance(Duration::from_millis(35)).await;
        let mut seen = Vec::new();

        while poll_fn(|context| ticker.poll_token(context))
            .await
            .is_some()
        {
            seen.push(arrived.elapsed().as_millis());
        }

        assert_eq!(seen, [35, 35, 35, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_in_one_piece_is_due_with_its_last_token() {
        let arrived = Instant::now();

        Ticker::new(pace(fixed(20), fixed(5)), &Timer::Coarse, arrived, 16)
            .last_token()
            .await;

        assert_eq!(arrived.elapsed().as_millis(), 20 + 15 * 5);
    }

    #[tokio::test(start_paused = true)]
    async fn no_tokens_take_no_time() {
        let arrived = Instant::now();

        Ticker::new(pace(fixed(20), fixed(5)), &Timer::Coarse, arrived, 0)
            .last_token()
            .await;

        assert_eq!(arrived.elapsed(), Duration::ZERO);
    }
}
