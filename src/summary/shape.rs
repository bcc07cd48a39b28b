//! Whether the load that was sent had the shape that was asked for: the gaps of the schedule against their law, and the
//! gaps of what was really sent against those of the schedule.
//!
//! Three statistics of arrivals `t[i]` with gaps `g[i] = t[i+1] - t[i]`:
//! - *variation*: standard deviation over mean of the gaps; 0 where they are constant, 1 of a Poisson process.
//! - *dispersion*: variance over mean of the counts in windows of some twenty mean gaps; 0 of constant gaps, 1 of a Poisson
//!   process (the index of dispersion for counts: Cox and Lewis, "The Statistical Analysis of Series of Events", 1966, 4.5).
//! - *distance*: the largest distance between the distribution of the gaps and that of the law (Kolmogorov and Smirnov).
//!
//! The schedule and what was sent are the same requests, so their statistics may be compared without a margin for chance.

use super::recorder::Recorder;
use crate::units::{Offset, float, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::checked_gamma_lr;

/// The most requests of one lane whose times are kept: the shape is that of the first so many in the measure phase. 1 MiB.
const MOST: usize = 65_536;
/// Fewer than this many say nothing about a shape.
const FEWEST: usize = 200;
/// A window of counts has as many mean gaps.
const GAPS_PER_WINDOW: f64 = 20.0;
/// Beyond this distance, times the root of the number of gaps, a true sample of the law lies once in ten thousand times
/// (the tail of Kolmogorov's distribution, `2 exp(-2 d^2)`).
const UNLIKELY: f64 = 2.23;
/// So much may the dispersion of what was sent differ from that of the schedule: in all, and by its own share.
const TOLERATED: (f64, f64) = (0.1, 0.1);

/// How the requests of a stage were to follow one another.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Each when an earlier one was answered: there is no schedule to keep to.
    ClosedLoop,
    /// By a schedule. Where its gaps are independent, `burstiness` is that of their law: infinite of constant gaps, 1 of a
    /// Poisson process, the shape of a gamma distribution.
    OpenLoop {
        /// Of the law, where it has one.
        burstiness: Option<f64>,
    },
    /// As several load streams side by side, by their names, each in its own way: together they keep to no law.
    SideBySide(Vec<(String, Self)>),
}

/// When the requests of one lane were due and when they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sends {
    due: Vec<Offset>,
    sent: Vec<Offset>,
    /// The earliest that was due of those that there was no room for.
    missed: Option<Offset>,
}

impl Sends {
    /// Takes its memory at once, so that noting takes none.
    pub(super) fn new() -> Self {
        Self {
            due: Vec::with_capacity(MOST),
            sent: Vec::with_capacity(MOST),
            missed: None,
        }
    }

    /// Notes a request; requests may come in any order.
    pub(super) fn note(&mut self, due: Offset, sent: Offset) {
        if self.due.len() < MOST {
            self.due.push(due);
            self.sent.push(sent);
        } else {
            self.missed = Some(self.missed.map_or(due, |missed| missed.min(due)));
        }
    }

    /// When the requests were due and when they were sent that were due before `end`, each in order.
    fn before(&self, end: Option<Offset>) -> (Vec<Offset>, Vec<Offset>) {
        let all = self.due.iter().copied().zip(self.sent.iter().copied());
        let (mut due, mut sent): (Vec<_>, Vec<_>) = all
            .filter(|(due, _)| end.is_none_or(|end| *due < end))
            .unzip();
        due.sort_unstable();
        sent.sort_unstable();
        (due, sent)
    }
}

/// The shape of a stage's load: what was asked for, what the schedule held and what was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shape {
    /// Requests whose times were looked at: the first of the measure phase.
    pub requests: u64,
    /// The variation that the law asks for, where it is one of independent gaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation_asked: Option<f64>,
    /// Of the requests of all lanes together as they were due.
    pub scheduled: Gaps,
    /// Of the same as they were sent.
    pub sent: Gaps,
    /// The largest distance between the distribution of the scheduled gaps and that of the law, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_distance: Option<f64>,
    /// Likewise of the gaps as they were sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_distance: Option<f64>,
    /// What a single lane sent that kept to its schedule worst.
    pub worst_lane: LaneGaps,
    /// Is the schedule one of the law, as far as its gaps can tell?
    pub schedule_follows_law: bool,
    /// Did what was sent keep to the schedule, merged and in each lane?
    pub sent_follows_schedule: bool,
}

/// How even arrivals are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gaps {
    /// Standard deviation of the gaps over their mean.
    pub variation: f64,
    /// Variance of the counts in windows of twenty mean gaps over their mean.
    pub dispersion: f64,
}

/// How even the arrivals of one lane are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LaneGaps {
    /// As they were due.
    pub scheduled: Gaps,
    /// As they were sent.
    pub sent: Gaps,
}

impl Shape {
    /// Is all that was sent as it was asked for?
    pub fn is_kept(&self) -> bool {
        self.schedule_follows_law && self.sent_follows_schedule
    }
}

impl LaneGaps {
    /// How far the dispersion of what was sent lies beyond what is tolerated; below zero within it.
    fn excess(&self) -> f64 {
        let (in_all, by_share) = TOLERATED;
        let difference = (self.sent.dispersion - self.scheduled.dispersion).abs();
        difference - in_all - by_share * self.scheduled.dispersion
    }
}

/// The shape of what was recorded, where it was to have one.
pub(super) fn kept(asked: &Asked, recorder: &Recorder) -> Option<Shape> {
    match asked {
        Asked::ClosedLoop | Asked::SideBySide(_) => None,
        Asked::OpenLoop { burstiness } => {
            let lanes = recorder.evidence.iter().map(|lane| &lane.sends);
            of(lanes, *burstiness)
        }
    }
}

/// The shape of what the lanes sent, by a law of this burstiness. `None` where too few were sent to say anything.
pub(super) fn of<'a>(
    lanes: impl Iterator<Item = &'a Sends> + Clone,
    burstiness: Option<f64>,
) -> Option<Shape> {
    // Of what was due later, one lane or another has not kept all.
    let end = lanes.clone().filter_map(|lane| lane.missed).min();
    let kept = lanes.map(|lane| lane.before(end));
    let (mut due, mut sent) = (Vec::new(), Vec::new());
    let mut worst_lane: Option<LaneGaps> = None;
    for (lane_due, lane_sent) in kept {
        // A lane with too few requests has no shape of its own.
        if let Some(lane) = lane_gaps(&lane_due, &lane_sent)
            && worst_lane.is_none_or(|worst| lane.excess() > worst.excess())
        {
            worst_lane = Some(lane);
        }
        due.extend(lane_due);
        sent.extend(lane_sent);
    }
    due.sort_unstable();
    sent.sort_unstable();
    let all = lane_gaps(&due, &sent)?;
    let worst_lane = worst_lane.filter(|worst| worst.excess() > all.excess());
    let distance = |times: &[Offset]| distance(times, burstiness?);
    let scheduled_distance = distance(&due);
    Some(Shape {
        requests: wide(due.len()),
        variation_asked: burstiness.map(|burstiness| burstiness.sqrt().recip()),
        scheduled: all.scheduled,
        sent: all.sent,
        scheduled_distance,
        sent_distance: distance(&sent),
        worst_lane: worst_lane.unwrap_or(all),
        schedule_follows_law: match (burstiness, scheduled_distance) {
            (_, Some(distance)) => distance * float(wide(due.len())).sqrt() <= UNLIKELY,
            (Some(_constant), None) => all.scheduled.variation < 1e-3,
            (None, None) => true,
        },
        sent_follows_schedule: worst_lane.unwrap_or(all).excess() <= 0.0,
    })
}

fn lane_gaps(due: &[Offset], sent: &[Offset]) -> Option<LaneGaps> {
    Some(LaneGaps {
        scheduled: gaps(due)?,
        sent: gaps(sent)?,
    })
}

/// How even arrivals in order are; `None` of too few, or of such that all come at once.
fn gaps(times: &[Offset]) -> Option<Gaps> {
    let (first, last) = (times.first()?, times.last()?);
    if times.len() < FEWEST || first == last {
        return None;
    }
    let count = float(wide(times.len() - 1));
    let mean = float(last.nanos() - first.nanos()) / count;
    let squares: f64 = each_gap(times).map(|gap| (gap - mean).powi(2)).sum();
    Some(Gaps {
        variation: (squares / count).sqrt() / mean,
        dispersion: dispersion(times, mean * GAPS_PER_WINDOW),
    })
}

fn each_gap(times: &[Offset]) -> impl Iterator<Item = f64> {
    let later = times.iter().skip(1);
    times
        .iter()
        .zip(later)
        .map(|(one, next)| float(next.nanos() - one.nanos()))
}

/// Variance over mean of the counts in whole windows of this many nanoseconds.
fn dispersion(times: &[Offset], window: f64) -> f64 {
    let Some(first) = times.first() else {
        return 0.0;
    };
    let (mut counts, mut count, mut end) = (Vec::new(), 0_u64, window);
    for at in times {
        let since = float(at.nanos() - first.nanos());
        while since >= end {
            counts.push(float(count));
            (count, end) = (0, end + window);
        }
        count += 1;
    }
    let windows = float(wide(counts.len()));
    let mean = counts.iter().sum::<f64>() / windows;
    let squares: f64 = counts.iter().map(|count| (count - mean).powi(2)).sum();
    squares / (windows - 1.0) / mean
}

/// The largest distance between the distribution of the gaps, in units of their mean, and that of a gamma law of mean 1.
/// `None` of constant gaps, whose distribution is a single step. Times are in whole nanoseconds, so a gap is known to less than
/// one of them: what may be no distance is none. Of a law with clusters a third of all gaps are shorter than that.
fn distance(times: &[Offset], burstiness: f64) -> Option<f64> {
    if burstiness.is_infinite() {
        return None;
    }
    let mut gaps: Vec<f64> = each_gap(times).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    let count = float(wide(gaps.len()));
    let mean = gaps.iter().sum::<f64>() / count;
    let largest = gaps.iter().zip(0_u32..).map(|(gap, rank)| {
        // It knows no gap of nothing, below which nothing of the law lies.
        let law = |gap: f64| checked_gamma_lr(burstiness, gap / mean * burstiness).unwrap_or(0.0);
        let below = f64::from(rank) / count;
        let too_few = law(gap - 1.0) - below;
        let too_many = below + count.recip() - law(gap + 1.0);
        too_few.max(too_many)
    });
    Some(largest.fold(0.0, f64::max))
}

#[cfg(test)]
mod tests;
