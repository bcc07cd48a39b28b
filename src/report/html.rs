//! The report as one HTML file: works offline, reads without scripts, prints, follows the reader's light or dark. The
//! template says everything about looks; this file only gathers what it shows.
//!
//! The page is in the order in which a reader in a hurry may stop: the verdict and what was run; the expectations, of
//! which only those that did not pass and a handful of others stand open; what to keep in mind before believing any
//! number; the numbers, stage by stage, then as pictures, then as scaling; and last the evidence: the instrument's account
//! of itself, errors and endpoints, folded where they are long.

mod certificate;
mod chart;
mod comparison;
mod history;
mod plots;
mod scale;
mod scaling;

pub(super) use self::comparison::render as comparison;
pub use self::history::render as history;

use self::certificate::TrustLine;
use self::scaling::ScalingTable;
use super::course;
use super::disturbance::{self, HEADERS, Row};
use super::operations::OperationTable;
use super::table::{self, Group, StageTable};
use super::warning::{Warning, warnings};
use super::{Error, Report, words};
use super::{calibration, conditions};
use crate::gate::{Finding, Origin, Verdict};
use crate::metric::{Metric, Unit};
use crate::summary::{EndpointTally, Reading, StageSummary};
use crate::units;
use askama::Template;

pub(super) fn render(report: &Report) -> Result<Vec<u8>, Error> {
    Ok(Page::of(report)?.render()?.into_bytes())
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    sentence: String,
    course: Vec<course::Line>,
    identity: Vec<(&'static str, String)>,
    tiles: Vec<Tile>,
    expectations: Expectations,
    groups: Vec<Group>,
    table: StageTable,
    gaps: Option<&'static str>,
    operations: Option<OperationTable>,
    charts: Vec<(String, String, String)>,
    scaling: Vec<ScalingTable>,
    formulas: String,
    memory: Vec<String>,
    faults: Vec<Row>,
    objective: String,
    errors: Vec<ErrorLine>,
    endpoints: Vec<EndpointLine>,
    certified: String,
    trust: Vec<TrustLine>,
    conditions: Vec<conditions::Row>,
    calibration: Option<String>,
    warnings: Vec<Warning<'a>>,
}

/// A number that matters, large.
struct Tile {
    label: &'static str,
    value: String,
    unit: String,
}

/// The findings: those a reader must see, and those folded away.
struct Expectations {
    open: Vec<Line>,
    /// Did one of them come out in a way that takes a reason?
    explained: bool,
    folded: Vec<Line>,
    /// What the fold is called: `43 of 47 expectations held`.
    held: String,
    /// Stages that had right answers, which nobody asked for.
    implied: usize,
}

/// A finding as text.
struct Line {
    verdict: &'static str,
    metric: String,
    stage: String,
    measured: String,
    limit: String,
    reason: String,
    details: String,
}

struct ErrorLine {
    stage: String,
    kind: String,
    count: String,
    share: String,
}

struct EndpointLine {
    stage: String,
    endpoint: String,
    answered: String,
    failed: String,
    attempts: String,
}

impl<'a> Page<'a> {
    fn of(report: &'a Report) -> Result<Self, Error> {
        let table = StageTable::of(report);
        Ok(Self {
            report,
            sentence: report.sentence(),
            course: course::lines(&report.run),
            identity: words::identity(&report.run),
            tiles: tiles(report),
            expectations: Expectations::of(report),
            groups: table.groups(),
            gaps: table.has_gaps().then_some(table::GAPS),
            operations: OperationTable::of(report),
            table,
            charts: plots::of(&report.run)
                .into_iter()
                .map(|chart| Ok((chart.draw()?, chart)))
                .map(|drawn: Result<_, askama::Error>| {
                    drawn.map(|(drawing, chart)| (chart.title, chart.caption, drawing))
                })
                .collect::<Result<_, _>>()?,
            scaling: scaling::tables(&report.run),
            formulas: scaling::formulas(),
            memory: scaling::memory(&report.run),
            faults: disturbance::rows(report),
            objective: disturbance::objective(report).unwrap_or_default(),
            errors: report.run.stages.iter().flat_map(errors).collect(),
            endpoints: report.run.stages.iter().flat_map(endpoints).collect(),
            certified: certificate::sentence(report),
            trust: certificate::lines(report),
            conditions: conditions::rows(&report.run),
            calibration: calibration::sentence(&report.run),
            warnings: warnings(&report.run),
        })
    }
}

/// What stands in large figures when there is only one stage to speak of.
const TILES: [(&str, &str); 6] = [
    ("right answers", "rps_ok"),
    ("success rate", "success_rate"),
    ("latency p50", "latency_p50"),
    ("latency p99", "latency_p99"),
    ("first token p50", "ttft_p50"),
    ("output tokens", "output_tokens_per_second"),
];

fn tiles(report: &Report) -> Vec<Tile> {
    let [stage] = report.run.stages.as_slice() else {
        return Vec::new();
    };
    TILES
        .iter()
        .filter_map(|&(label, name)| {
            let metric = Metric::named(name)?;
            let Reading::Value(value) = metric.read(&report.run, stage) else {
                return None;
            };
            let text = metric.unit.print(value);
            let end = text.find([' ', '/']).unwrap_or(text.len());
            let (value, unit) = text.split_at(end);
            Some(Tile {
                label,
                value: value.to_owned(),
                unit: unit.to_owned(),
            })
        })
        .collect()
}

impl Expectations {
    /// Folds those that passed once they are more than a reader takes in at a glance.
    fn of(report: &Report) -> Self {
        const AT_A_GLANCE: usize = 8;
        let findings = table::findings(report);
        let all = findings.len();
        let (passed, others): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.verdict == Verdict::Passed);
        let held = format!(
            "{} of {} held",
            passed.len(),
            words::plural(units::wide(all), "expectation")
        );
        let (folded, glanced) = if passed.len() > AT_A_GLANCE {
            (passed, Vec::new())
        } else {
            (Vec::new(), passed)
        };
        let implied = report.findings.iter().filter(|finding| {
            finding.origin == Origin::Implied && finding.verdict == Verdict::Passed
        });
        Self {
            explained: !others.is_empty(),
            open: others.into_iter().chain(glanced).map(Line::of).collect(),
            folded: folded.into_iter().map(Line::of).collect(),
            held,
            implied: implied.count(),
        }
    }
}

impl Line {
    fn of(finding: &Finding) -> Self {
        Self {
            verdict: finding.verdict.name(),
            metric: finding.metric.clone(),
            stage: finding.stage.clone().unwrap_or_else(|| "run".to_owned()),
            measured: table::measured(finding),
            limit: finding.limit.print(finding.unit),
            reason: match finding.verdict {
                Verdict::Passed => String::new(),
                Verdict::Inconclusive | Verdict::Failed | Verdict::Refused => {
                    finding.reason.clone()
                }
            },
            details: finding.details.join("\n"),
        }
    }
}

fn errors(stage: &StageSummary) -> impl Iterator<Item = ErrorLine> + '_ {
    stage.errors.iter().map(|(kind, &count)| ErrorLine {
        stage: stage.name.clone(),
        kind: kind.clone(),
        count: number(count),
        share: units::ratio(count, stage.accounting.offered)
            .map_or_else(|| "–".to_owned(), |share| Unit::Share.print(share)),
    })
}

fn endpoints(stage: &StageSummary) -> impl Iterator<Item = EndpointLine> + '_ {
    let attempts = units::ratio(stage.attempts.attempts, stage.attempts.requests);
    let used = |endpoint: &&EndpointTally| endpoint.answered + endpoint.failed > 0;
    stage
        .endpoints
        .iter()
        .filter(used)
        .map(move |endpoint| EndpointLine {
            stage: stage.name.clone(),
            endpoint: endpoint.name.clone(),
            answered: number(endpoint.answered),
            failed: number(endpoint.failed),
            attempts: attempts.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.3}")),
        })
}

fn number(count: u64) -> String {
    Unit::Count.print(units::float(count))
}
