//! Live progress on a terminal: one line that says where the run is.

mod narrowing;

pub(super) use narrowing::Narrowing;

use crate::drive::Snapshot;
use crate::plan::{Plan, Stage};
use crate::run::Event;
use crate::units::{count, float};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// The line. Says nothing when nobody is watching.
#[derive(Debug)]
pub(super) struct Live {
    bar: ProgressBar,
    /// Stages that have begun, and the most that will.
    begun: usize,
    stages: usize,
    /// Planned time of the stages that are over.
    before: Duration,
    /// Planned time of the stage that goes on.
    current: Duration,
    /// The last moment heard of, to tell the rate since then.
    last: (Duration, Snapshot),
    rate: f64,
}

/// How far apart two moments must be before a rate is told from them.
const RATE_PERIOD: Duration = Duration::from_millis(500);

impl Live {
    pub(super) fn new(plan: &Plan, watched: bool) -> Self {
        let target = if watched {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(millis(plan.duration())), target);
        bar.set_style(style());
        bar.set_prefix(plan.name.clone());
        Self {
            bar,
            begun: 0,
            stages: plan.course.way.most(plan.stages.len()),
            before: Duration::ZERO,
            current: Duration::ZERO,
            last: Default::default(),
            rate: 0.0,
        }
    }

    pub(super) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Started(stage) => {
                self.begun += 1;
                self.current = planned(stage);
                self.last = Default::default();
                self.rate = 0.0;
                self.bar.set_prefix(format!(
                    "stage {}/{} {}",
                    self.begun,
                    self.stages,
                    stage.name()
                ));
            }
            Event::Progress { elapsed, counts } => self.advance(*elapsed, *counts),
            Event::Ended(_) => self.before += self.current,
        }
    }

    /// Takes the line away, to make room for the summary.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }

    fn advance(&mut self, elapsed: Duration, counts: Snapshot) {
        let (then, before) = self.last;
        let since = elapsed.saturating_sub(then);
        if since >= RATE_PERIOD {
            let answered = counts.answered.saturating_sub(before.answered);
            self.rate = float(answered) / since.as_secs_f64();
            self.last = (elapsed, counts);
        }
        self.bar.set_position(millis(self.before + elapsed));
        self.bar.set_message(message(self.rate, counts));
    }
}

fn message(rate: f64, counts: Snapshot) -> String {
    let some = |count: u64, word: &str| match count {
        0 => String::new(),
        count => format!("  {count} {word}"),
    };
    format!(
        "{} rps  {} in flight  {} answered{}{}{}",
        count(rate),
        counts.in_flight,
        counts.answered,
        some(counts.failed, "failed"),
        some(counts.cancelled, "cancelled"),
        some(counts.not_sent, "not sent")
    )
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix}  {bar:24} {percent:>3}%  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn planned(stage: &Stage) -> Duration {
    stage.phases.warmup.duration() + stage.phases.measure.duration()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
