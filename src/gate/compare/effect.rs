//! By how much the candidate is worse in one metric: the differences of the quads, their location and what they could show.

use super::looks::Look;
use super::tier::Tier;
use crate::gate::statistics::{
    Interval, Location, Rejection, SignedRanks, deviation, mean, normal_quantile, sign_flip_greater,
};
use crate::metric::{Metric, Statistic};
use crate::trial::{Arm, Quad, StageTrial, worse};
use crate::units::{count, float, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

/// The share of comparisons in which a change of the detectable size is found.
const POWER: f64 = 0.9;
/// How much less a signed-rank test knows than one that may take the differences to be normal: `sqrt(3 / pi)`.
const EFFICIENCY: f64 = 0.977_205_023_805_839_8;
/// Process starts differ more than quads do when chance alone does so less often than this.
const STARTS_DIFFER: f64 = 0.05;
/// The probability at which the means of process starts agree that there is harm or gain.
const STARTS_AGREE: f64 = 0.05;

/// CPU time is that of a core that is mostly idle where less of it is used than this, in cores.
const MOSTLY_IDLE: f64 = 0.3;
/// CPU time of a core at work differs by less from one quad to the next.
const VARIES_MUCH: f64 = 0.06;
/// The metrics that are CPU time.
const CPU_TIME: [&str; 2] = ["cpu_per_request", "server_cpu_per_request"];

/// A change of a value as a share of it: 0.1 is a tenth more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The estimate.
    pub estimate: f64,
    /// The lower end of its interval; nothing of too few quads.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
    /// How surely the interval holds the true change, from 0 to 1.
    pub confidence: f64,
}

/// What a comparison could have found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Power {
    /// By what share a quad differs when nothing did: the spread of the two blocks of one arm. The run's own noise floor.
    pub noise: f64,
    /// The harm that nine such comparisons in ten would call regressed, as a share of the value: the minimum detectable
    /// effect.
    pub detectable: f64,
    /// How many more quads would decide, if the change is what it seems to be; nothing where it is decided or no number
    /// would.
    pub more_quads: Option<u64>,
}

/// One metric of one stage.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) metric: &'static Metric,
    pub(super) tier: Tier,
    pub(super) margin: f64,
    pub(super) look: Look,
    /// How much worse the candidate is in each quad, as a logarithm.
    pub(super) worse: Vec<f64>,
    /// The process start of each of them.
    starts: Vec<usize>,
    /// What the two blocks of one arm differ by.
    same: Vec<f64>,
    /// How many cores the baseline keeps busy with what the metric counts, where it is CPU time.
    busy_cores: Option<f64>,
    pub(super) location: Option<Location>,
    /// Why it was not compared.
    pub(super) missing: Option<String>,
}

impl Effect {
    pub(super) fn of(
        stage: &StageTrial,
        metric: &'static Metric,
        tier: Tier,
        margin: f64,
        look: Look,
    ) -> Self {
        let kept: Vec<&Quad> = stage.kept().collect();
        let measured = kept
            .iter()
            .filter_map(|quad| Some((quad.start, quad.difference(metric.name)?)));
        let (starts, worse): (Vec<usize>, Vec<f64>) = measured
            .map(|(start, difference)| (start, worse(metric.better, difference)))
            .unzip();
        let same = kept
            .iter()
            .filter_map(|quad| quad.same_arm(metric.name))
            .flatten()
            .collect();
        let missing = missing(stage, metric, worse.len());
        Self {
            metric,
            tier,
            margin,
            look,
            location: Location::of(&worse, look.confidence()).filter(|_| missing.is_none()),
            busy_cores: busy_cores(stage, metric),
            worse,
            starts,
            same,
            missing,
        }
    }

    /// The share of the time for which the core is idle whose CPU time varies so much, if that is why: to wake up costs more at
    /// one time than at another.
    pub(super) fn idle(&self) -> Option<f64> {
        let busy = self.busy_cores.filter(|busy| *busy < MOSTLY_IDLE)?;
        (deviation(&self.worse) > VARIES_MUCH).then_some(1.0 - busy)
    }

    /// The margin as a logarithm.
    pub(super) fn limit(&self) -> f64 {
        self.margin.ln_1p()
    }

    pub(super) fn interval(&self) -> Option<Interval> {
        self.location?.interval
    }

    /// The probability of such differences if the candidate were worse by no more than the margin.
    pub(super) fn harm(&self) -> Option<f64> {
        self.location?;
        Some(SignedRanks::about(self.limit(), &self.worse).probability(Rejection::Greater))
    }

    /// The probability of such differences if the candidate were better by no more than the margin.
    pub(super) fn gain(&self) -> Option<f64> {
        self.location?;
        Some(SignedRanks::about(-self.limit(), &self.worse).probability(Rejection::Less))
    }

    /// Where process starts differ by more than quads within one do, quads are no independent witnesses: do the means of the
    /// starts say the same by themselves? `turned` is -1 to ask about gain.
    pub(super) fn starts_agree(&self, turned: f64) -> bool {
        let means = self.means_of_starts();
        if !self.starts_differ(&means) {
            return true;
        }
        let turned: Vec<f64> = means.iter().map(|mean| mean * turned).collect();
        sign_flip_greater(self.limit(), &turned) <= STARTS_AGREE
    }

    fn means_of_starts(&self) -> Vec<f64> {
        self.groups().iter().map(|group| mean(group)).collect()
    }

    /// The differences of each process start.
    fn groups(&self) -> Vec<Vec<f64>> {
        let mut groups = std::collections::BTreeMap::<usize, Vec<f64>>::new();
        for (start, worse) in self.starts.iter().zip(&self.worse) {
            groups.entry(*start).or_default().push(*worse);
        }
        groups.into_values().collect()
    }

    /// One-way analysis of variance: is the variance between starts greater than chance makes it?
    fn starts_differ(&self, means: &[f64]) -> bool {
        let (n, k) = (self.worse.len(), means.len());
        if k < 2 || n <= k {
            return false;
        }
        let centre = mean(&self.worse);
        let (mut between, mut within) = (0.0, 0.0);
        for (group, mean) in self.groups().iter().zip(means) {
            between += float(wide(group.len())) * (mean - centre).powi(2);
            within += group
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>();
        }
        let (between_freedom, within_freedom) = (float(wide(k - 1)), float(wide(n - k)));
        if within <= 0.0 {
            return between > 0.0;
        }
        let ratio = (between / between_freedom) / (within / within_freedom);
        FisherSnedecor::new(between_freedom, within_freedom)
            .is_ok_and(|law| law.sf(ratio) < STARTS_DIFFER)
    }

    /// The change of the value itself, whichever way is worse.
    pub(super) fn change(&self) -> Option<Change> {
        let location = self.location?;
        let share = |by: f64| worse(self.metric.better, by).exp_m1();
        let ends = location.interval.map(|interval| {
            let (one, other) = (share(interval.lower), share(interval.upper));
            (one.min(other), one.max(other))
        });
        Some(Change {
            estimate: share(location.estimate),
            lower: ends.map(|(lower, _)| lower),
            upper: ends.map(|(_, upper)| upper),
            confidence: location
                .interval
                .map_or(0.0, |interval| interval.confidence),
        })
    }

    /// `together` is how many metrics the error is shared with.
    pub(super) fn power(&self, together: usize) -> Option<Power> {
        self.location?;
        let spread = deviation(&self.worse) / EFFICIENCY;
        let quads = float(wide(self.worse.len()));
        let error = self.look.one_sided() / float(wide(together.max(1)));
        let reach = normal_quantile(1.0 - error) + normal_quantile(POWER);
        Some(Power {
            // Two blocks differ by twice the variance of what a quad's difference has.
            noise: (deviation(&self.same) / std::f64::consts::SQRT_2).exp_m1(),
            detectable: (self.limit() + reach * spread / quads.sqrt()).exp_m1(),
            more_quads: self.more_quads(),
        })
    }

    /// The interval shrinks with the root of the number of quads: when has it left the nearest margin?
    pub(super) fn more_quads(&self) -> Option<u64> {
        let interval = self.interval()?;
        let estimate = self.location?.estimate;
        let half = (interval.upper - interval.lower) / 2.0;
        let distance = (self.limit() - estimate.abs()).abs();
        if half <= distance {
            return None;
        }
        let quads = float(wide(self.worse.len()));
        let needed = quads * (half / distance).powi(2);
        (needed < 1e6).then(|| count((needed - quads).ceil()))
    }
}

/// How many cores the baseline keeps busy, by its CPU time of a request and its answers a second.
fn busy_cores(stage: &StageTrial, metric: &Metric) -> Option<f64> {
    const NANOS: f64 = 1e9;
    let of = |name| stage.value(Arm::Baseline, name);
    let is_cpu_time = CPU_TIME.contains(&metric.name);
    let each = is_cpu_time.then(|| of(metric.name)).flatten()?;
    Some(each * of("rps_ok")? / NANOS)
}

/// Why a metric cannot be compared.
fn missing(stage: &StageTrial, metric: &Metric, compared: usize) -> Option<String> {
    let kept = stage.kept().count();
    if compared == 0 {
        return Some("no quad measured it in all of its blocks".to_owned());
    }
    if is_too_much(kept - compared, kept) || is_one_sided(stage, metric) {
        return Some(format!(
            "only {compared} of {kept} quads measured it in all of their blocks"
        ));
    }
    let least = least_requests(metric.statistic?)?;
    let answers = stage.kept().map(|quad| {
        let blocks = Arm::BOTH.into_iter().flat_map(|arm| quad.of(arm));
        blocks.map(|block| block.work.answered).min().unwrap_or(0)
    });
    let few: Vec<u64> = answers.filter(|answers| *answers < least).collect();
    let fewest = few.iter().min().filter(|_| is_too_much(few.len(), kept))?;
    Some(format!(
        "its blocks have as few as {fewest} answers, and it takes {least}: make `gate.block` longer or send more"
    ))
}

/// Are blocks without a value the candidate's rather than anybody's? Then leaving them out would hide what ails it.
fn is_one_sided(stage: &StageTrial, metric: &Metric) -> bool {
    const BY_CHANCE: usize = 2;
    let lacking = |arm| {
        let blocks = stage.kept().flat_map(|quad| quad.of(arm));
        blocks
            .filter(|block| block.logarithm(metric.name).is_none())
            .count()
    };
    lacking(Arm::Candidate) > lacking(Arm::Baseline) + BY_CHANCE
}

/// On a busy machine a block now and then measures nothing: it got no turn. Quads without a value are left out as long as they are no
/// more than a tenth.
const fn is_too_much(lacking: usize, of: usize) -> bool {
    lacking * 10 > of
}

/// A quantile q of a block takes 20 / (1 - q) requests, so that there are 20 beyond it.
const fn least_requests(statistic: Statistic) -> Option<u64> {
    match statistic {
        Statistic::P50 => Some(40),
        Statistic::P90 => Some(200),
        Statistic::P95 => Some(400),
        Statistic::P99 => Some(2_000),
        Statistic::P999 => Some(20_000),
        Statistic::Mean | Statistic::Min | Statistic::Max => None,
    }
}
