//! How often the gate is wrong, and what it finds: from comparisons that `inferometer ab` stored.
//!
//! ```sh
//! scenarios/validation/run.sh quiet                         # once on the idle machine, once with a busy core, ..
//! cargo bench --bench gate_validation -- quiet=quiet busy=busy
//! ```
//!
//! Each class is a folder with a folder for each comparison in it: `alike` of a thing with itself, the others of a server that was
//! made worse by a known amount. From the quads of each, 400 comparisons are drawn, whole process starts at a time, and judged as
//! `ab` does at its first look. Those of `alike` say how often the gate is wrong when nothing differs, and, with the values of the
//! candidate's blocks made worse by a known share, how often it finds that: the noise is what was measured, the effect is made up.
//! Those of the others say how often it finds what really became worse. The same blocks are judged by the rules of other tools.

use inferometer::gate::compare::{Judgement, judge, looks};
use inferometer::gate::spec::GateSpec;
use inferometer::gate::statistics::{Location, deviation, mean, normal_tail, student_quantile};
use inferometer::metric::{Better, Metric};
use inferometer::report::comparison::Comparison;
use inferometer::seed::Seed;
use inferometer::trial::{Arm, Quad, StageTrial, Trial};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Comparisons drawn for each figure.
const DRAWN: usize = 400;
/// How many times the quads of a first look there are in a longer comparison.
const LONGER: usize = 4;
/// The folder of the comparison of a thing with itself.
const ALIKE: &str = "alike";
/// What the candidate is made worse by.
const EFFECTS: [f64; 6] = [0.02, 0.03, 0.05, 0.10, 0.20, 0.50];
/// The metrics that are made worse, one at a time.
const METRICS: [&str; 6] = [
    "cpu_per_request",
    "server_cpu_per_request",
    "rps_ok",
    "latency_p50",
    "latency_p95",
    "allocations_per_request",
];

/// Those of them that longer comparisons are drawn for, which take long to judge.
const LONG: [&str; 2] = ["cpu_per_request", "server_cpu_per_request"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let classes = std::env::args().skip(1).filter_map(|argument| {
        let (class, folder) = argument.split_once('=')?;
        Some((class.to_owned(), PathBuf::from(folder)))
    });
    let classes: Vec<(String, PathBuf)> = classes.collect();
    if classes.is_empty() {
        writeln!(
            out,
            "expected CLASS=FOLDER, where scenarios/validation/run.sh FOLDER has measured"
        )?;
        return Ok(());
    }
    for (class, folder) in classes {
        writeln!(out, "## {class}\n")?;
        if let Some(alike) = read(&folder.join(ALIKE))? {
            let stage = first(&alike)?;
            let (quads, block) = (stage.quads.len(), alike.spec.block);
            writeln!(out, "{quads} quads of 4 x {block}.\n")?;
            noise(&mut out, stage)?;
            alarms(&mut out, &alike, stage)?;
            power(&mut out, &alike, stage)?;
            others(&mut out, stage)?;
        }
        slowed(&mut out, &folder)?;
    }
    Ok(())
}

/// The newest comparison below a folder, if there is one.
fn read(folder: &Path) -> Result<Option<Comparison>, Box<dyn Error>> {
    let mut found = Vec::new();
    let Ok(scenarios) = folder.read_dir() else {
        return Ok(None);
    };
    for scenario in scenarios {
        let runs = scenario?.path().join("comparisons");
        for run in runs.read_dir().into_iter().flatten() {
            found.push(run?.path().join("comparison.json"));
        }
    }
    found.sort();
    match found.last() {
        Some(newest) => Ok(Some(Comparison::from_json(&std::fs::read(newest)?)?)),
        None => Ok(None),
    }
}

fn first(comparison: &Comparison) -> Result<&StageTrial, &'static str> {
    let stages = &comparison.trial.stages;
    stages.first().ok_or("no stage was compared")
}

/// Quads of a comparison at its first look.
fn quads() -> usize {
    usize::try_from(GateSpec::default().quads).unwrap_or(usize::MAX)
}

/// By how much two quads differ.
fn noise(out: &mut impl Write, stage: &StageTrial) -> io::Result<()> {
    writeln!(
        out,
        "| metric | standard deviation of a quad's difference |\n|---|--:|"
    )?;
    for metric in METRICS {
        let spread = deviation(&differences(stage, metric)) * 100.0;
        writeln!(out, "| `{metric}` | {spread:.1} % |")?;
    }
    writeln!(out)
}

fn differences(stage: &StageTrial, metric: &str) -> Vec<f64> {
    stage
        .kept()
        .filter_map(|quad| quad.difference(metric))
        .collect()
}

/// How the comparisons come out when nothing differs.
fn alarms(out: &mut impl Write, alike: &Comparison, stage: &StageTrial) -> io::Result<()> {
    let drawn = all(alike, stage, quads(), None);
    let regressed = count(&drawn, Judgement::Regressed);
    writeln!(
        out,
        "Nothing differs, {DRAWN} comparisons of {} quads, over all metrics together: {regressed} regressed (at most {:.1} % with 95 %\n\
         confidence), {} probably regressed, {} improved; {} inconclusive, {} unchanged, {} refused as not valid.\n",
        quads(),
        upper(regressed) * 100.0,
        count(&drawn, Judgement::ProbablyRegressed),
        count(&drawn, Judgement::Improved),
        count(&drawn, Judgement::Inconclusive),
        count(&drawn, Judgement::Unchanged),
        count(&drawn, Judgement::Refused),
    )
}

fn count(drawn: &[Judgement], judgement: Judgement) -> usize {
    drawn.iter().filter(|drawn| **drawn == judgement).count()
}

/// The greatest share that is likely to show so few of all: the bound of Wilson's interval.
fn upper(found: usize) -> f64 {
    let (n, z) = (400.0, 1.645_f64);
    let share = share(found);
    (share + z * z / (2.0 * n) + z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt())
        / (1.0 + z * z / n)
}

fn share(found: usize) -> f64 {
    f64::from(u32::try_from(found).unwrap_or(u32::MAX)) / 400.0
}

/// How often a known effect is found, for each metric, after the first look and after four times as long.
fn power(out: &mut impl Write, alike: &Comparison, stage: &StageTrial) -> io::Result<()> {
    let heads: Vec<String> = EFFECTS
        .iter()
        .map(|effect| format!("+{:.0} %", effect * 100.0))
        .collect();
    writeln!(
        out,
        "| made worse | quads | {} |\n|---|--:|{}",
        heads.join(" | "),
        "--:|".repeat(EFFECTS.len())
    )?;
    for metric in METRICS {
        for quads in [quads(), LONGER * quads()] {
            let is_longer = quads > self::quads();
            if stage.quads.len() < 2 * quads || (is_longer && !LONG.contains(&metric)) {
                continue;
            }
            let cells = EFFECTS.iter().map(|effect| {
                let drawn = all(alike, stage, quads, Some((metric, *effect)));
                let found = share(count(&drawn, Judgement::Regressed));
                format!("{:.1} %", found * 100.0)
            });
            writeln!(
                out,
                "| `{metric}` | {quads} | {} |",
                cells.collect::<Vec<_>>().join(" | ")
            )?;
        }
    }
    writeln!(out)
}

/// How often the gate finds what really became worse.
fn slowed(out: &mut impl Write, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut variants: Vec<PathBuf> = Vec::new();
    for entry in folder.read_dir()? {
        variants.push(entry?.path());
    }
    variants.sort_by_key(|path| place(path));
    writeln!(
        out,
        "| server made worse | server CPU | p50 | p95 | answers/s | regressed | probably |\n|---|--:|--:|--:|--:|--:|--:|"
    )?;
    for variant in variants.iter().filter(|path| !path.ends_with(ALIKE)) {
        let Some(comparison) = read(variant)? else {
            continue;
        };
        let stage = first(&comparison)?;
        let drawn = all(&comparison, stage, quads(), None);
        let change = |metric| match Location::of(&differences(stage, metric), 0.95) {
            Some(location) => format!("{:+.1} %", location.estimate.exp_m1() * 100.0),
            None => "-".to_owned(),
        };
        let name = variant.file_name().unwrap_or_default().to_string_lossy();
        writeln!(
            out,
            "| `{name}` | {} | {} | {} | {} | {:.1} % | {:.1} % |",
            change("server_cpu_per_request"),
            change("latency_p50"),
            change("latency_p95"),
            change("rps_ok"),
            share(count(&drawn, Judgement::Regressed)) * 100.0,
            share(count(&drawn, Judgement::ProbablyRegressed)) * 100.0,
        )?;
    }
    writeln!(out)?;
    Ok(())
}

/// Variants by their kind, then by how much worse they are: `cpu-5` before `cpu-10`, `memory-256k` before `memory-1m`.
fn place(variant: &Path) -> (String, u64) {
    let name = variant.file_name().unwrap_or_default().to_string_lossy();
    let (kind, by) = name.split_once('-').unwrap_or((&name, ""));
    let digits = by.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = if by.ends_with('m') { 1024 } else { 1 };
    (
        kind.to_owned(),
        digits.parse::<u64>().unwrap_or(0).saturating_mul(unit),
    )
}

/// The verdicts of all drawn comparisons, by the margins of the one that they are drawn from.
fn all(
    comparison: &Comparison,
    stage: &StageTrial,
    quads: usize,
    effect: Option<(&str, f64)>,
) -> Vec<Judgement> {
    let mut stream = Seed::new(7).stream("drawn");
    let usual = GateSpec::default();
    let look = looks(usual.quads, usual.extensions).first().copied();
    let one = |stream: &mut ChaCha8Rng| {
        let quads = drawn(stage, quads, stream)
            .into_iter()
            .map(|quad| worse(quad, effect));
        let stage = StageTrial {
            quads: quads.collect(),
            ..stage.clone()
        };
        let trial = Trial {
            stages: vec![stage],
            ..comparison.trial.clone()
        };
        look.map_or(Judgement::Refused, |look| {
            judge(&trial, &comparison.spec, look).judgement
        })
    };
    (0..DRAWN).map(|_| one(&mut stream)).collect()
}

/// Whole process starts by chance until there are as many quads, in the order in which they ran.
fn drawn(stage: &StageTrial, quads: usize, stream: &mut ChaCha8Rng) -> Vec<Quad> {
    let mut starts: Vec<usize> = stage.kept().map(|quad| quad.start).collect();
    starts.dedup();
    starts.shuffle(stream);
    let mut chosen: Vec<Quad> = Vec::new();
    for start in starts {
        if chosen.len() < quads {
            chosen.extend(stage.kept().filter(|quad| quad.start == start).cloned());
        }
    }
    chosen.sort_by_key(|quad| quad.index);
    chosen
}

/// The quad with the candidate made worse in one metric.
fn worse(mut quad: Quad, effect: Option<(&str, f64)>) -> Quad {
    let Some((name, by)) = effect else {
        return quad;
    };
    let factor = match Metric::named(name).map(|metric| metric.better) {
        Some(Better::Higher) => 1.0 / (1.0 + by),
        _ => 1.0 + by,
    };
    let turns = quad.order.arms().into_iter().zip(&mut quad.blocks);
    for (_, block) in turns.filter(|(arm, _)| *arm == Arm::Candidate) {
        if let Some(value) = block.values.get_mut(name) {
            *value *= factor;
        }
    }
    quad
}

/// The rules of other tools on the same blocks, with nothing different: the baseline's blocks of the first half of a comparison
/// against the candidate's of the second, as when one runs after the other.
fn others(out: &mut impl Write, stage: &StageTrial) -> io::Result<()> {
    type Rule = (&'static str, &'static str, fn(&[f64], &[f64]) -> bool);
    const RULES: [Rule; 4] = [
        (
            "rlt: one run each, 1 % on the median",
            "latency_p50",
            |a, b| mean(b) > 1.01 * mean(a),
        ),
        (
            "k6: a threshold at the last p95 plus 10 %",
            "latency_p95",
            |a, b| mean(b) > 1.1 * mean(a),
        ),
        (
            "criterion: Welch's t, 95 %, and 1 %",
            "latency_p50",
            |a, b| welch(a, b) && mean(b) > 1.01 * mean(a),
        ),
        ("benchstat: Mann-Whitney, 0.05", "latency_p50", mann_whitney),
    ];
    writeln!(
        out,
        "| rule, nothing different | called regressed |\n|---|--:|"
    )?;
    for (name, metric, rule) in RULES {
        let mut stream = Seed::new(7).stream("drawn");
        let called = (0..DRAWN)
            .filter(|_| {
                let quads = drawn(stage, quads(), &mut stream);
                let (first, second) = quads.split_at(quads.len() / 2);
                let (a, b) = (
                    values(first, Arm::Baseline, metric),
                    values(second, Arm::Candidate, metric),
                );
                !a.is_empty() && !b.is_empty() && rule(&a, &b)
            })
            .count();
        writeln!(out, "| {name} | {:.1} % |", share(called) * 100.0)?;
    }
    writeln!(out)
}

fn values(quads: &[Quad], arm: Arm, metric: &str) -> Vec<f64> {
    let blocks = quads.iter().flat_map(|quad| quad.of(arm));
    blocks
        .filter_map(|block| block.values.get(metric).copied())
        .collect()
}

/// Is the second mean greater, by Welch's t-test at 95 % on both sides?
fn welch(a: &[f64], b: &[f64]) -> bool {
    let n = |values: &[f64]| f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    let (one, other) = (deviation(a).powi(2) / n(a), deviation(b).powi(2) / n(b));
    let freedom =
        (one + other).powi(2) / (one.powi(2) / (n(a) - 1.0) + other.powi(2) / (n(b) - 1.0));
    (mean(b) - mean(a)) / (one + other).sqrt() > student_quantile(0.975, freedom)
}

/// Are the second values greater, by the test of Mann and Whitney at 5 % on both sides?
fn mann_whitney(a: &[f64], b: &[f64]) -> bool {
    let n = |values: &[f64]| f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    let greater = b
        .iter()
        .flat_map(|b| a.iter().map(move |a| u32::from(b > a)))
        .sum::<u32>();
    let (na, nb) = (n(a), n(b));
    let spread = (na * nb * (na + nb + 1.0) / 12.0).sqrt();
    normal_tail((f64::from(greater) - na * nb / 2.0 - 0.5) / spread) < 0.025
}
