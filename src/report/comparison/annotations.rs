//! The comparison as workflow commands of GitHub Actions, a line each, to be printed in a job: the verdict as an error, a
//! warning or a notice, and one for each metric that decided it.

use super::{Comparison, Error};
use crate::gate::compare::{Judgement, Tier};
use crate::metric::print_change;
use std::fmt::Write as _;

#[expect(clippy::unnecessary_wraps, reason = "the signature of every format")]
pub(super) fn render(comparison: &Comparison) -> Result<Vec<u8>, Error> {
    let judged = &comparison.judged;
    let title = format!("inferometer {}", comparison.identity.scenario);
    let mut lines = command(judged.judgement, &title, &comparison.sentence());
    let deciding = judged.findings.iter().filter(|finding| {
        let is_open = !matches!(
            finding.judgement,
            Judgement::Unchanged | Judgement::Improved
        );
        finding.tier == Tier::Gated && is_open && finding.baseline.is_some()
    });
    for finding in deciding {
        let change = finding.change.map_or_else(String::new, |change| {
            format!(
                "{} ({}): ",
                print_change(change.estimate),
                super::interval(change)
            )
        });
        let told = format!("{change}{}: {}", finding.judgement.name(), finding.reason);
        lines += &command(
            finding.judgement,
            &format!("{title} {}", finding.metric),
            &told,
        );
    }
    Ok(lines.into_bytes())
}

/// One command, with what it must not hold escaped as the runner reads it.
fn command(judgement: Judgement, title: &str, message: &str) -> String {
    let kind = match judgement {
        Judgement::Improved | Judgement::Unchanged | Judgement::ProbablyImproved => "notice",
        Judgement::Inconclusive | Judgement::ProbablyRegressed => "warning",
        Judgement::Regressed | Judgement::Refused => "error",
    };
    let mut line = String::new();
    let (title, message) = (property(title), data(message));
    if writeln!(line, "::{kind} title={title}::{message}").is_err() {
        unreachable!("a String takes every write");
    }
    line
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
