//! A comparison that goes on, on a terminal: how far it is, and the interval of each metric that decides, as it narrows.

use crate::gate::compare::{Judged, MetricFinding, Tier, judge};
use crate::gate::spec::GateSpec;
use crate::interleave::Event;
use crate::metric::print_change;
use crate::report::comparison::interval;
use crate::units::wide;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The lines. Says nothing when nobody is watching.
#[derive(Debug)]
pub(in crate::command) struct Narrowing {
    bar: ProgressBar,
    spec: GateSpec,
    watched: bool,
}

impl Narrowing {
    pub(in crate::command) fn new(spec: &GateSpec, watched: bool) -> Self {
        let target = if watched {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(u64::from(spec.quads)), target);
        let style = ProgressStyle::with_template("{prefix}  {bar:24} {pos}/{len} quads{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix("look 1");
        Self {
            bar,
            spec: spec.clone(),
            watched,
        }
    }

    pub(in crate::command) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Measured { trial, look } => {
                let stages = wide(trial.stages.len());
                let quads: usize = trial.stages.iter().map(|stage| stage.quads.len()).sum();
                self.bar.set_prefix(format!("look {}", look.number));
                self.bar
                    .set_length(u64::from(look.quads).saturating_mul(stages));
                self.bar.set_position(wide(quads));
                // To judge takes a while; nobody need wait for what nobody sees.
                if self.watched {
                    self.bar
                        .set_message(lines(&judge(trial, &self.spec, *look)));
                }
            }
            Event::Looked(judged) => self.bar.set_message(lines(judged)),
        }
    }

    /// Takes the lines away, to make room for the summary.
    pub(in crate::command) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// A line for each metric that decides and was compared.
fn lines(judged: &Judged) -> String {
    let decide = |finding: &&MetricFinding| finding.tier == Tier::Gated && finding.change.is_some();
    let shown = judged.findings.iter().filter(decide);
    shown.fold(String::new(), |lines, finding| {
        lines + "\n" + &line(finding)
    })
}

fn line(finding: &MetricFinding) -> String {
    let change = finding
        .change
        .map_or_else(String::new, |change| print_change(change.estimate));
    let interval = finding.change.map_or_else(String::new, interval);
    format!(
        "  {:<28} {change:>9}  {interval:<22} {}",
        finding.metric,
        finding.judgement.name()
    )
}
