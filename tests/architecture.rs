//! Holds the source against the table in `docs/architecture.md`: who may import whom, which package has which home, and
//! the shape of files. Change the table and this test together, with the reason.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, not their helpers"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the tool, in data-flow order, with the modules of ours that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("seed", &[]),
    ("exit", &["gate"]),
    ("sample", &["units"]),
    ("observe", &["units"]),
    ("archive", &["sample", "units", "observe"]),
    ("client", &[]),
    ("tokenizer", &["units"]),
    ("trace", &["units"]),
    ("workload", &["trace", "units", "seed"]),
    // Users pause between their rounds as they do within them.
    ("schedule", &["workload", "trace", "units", "seed"]),
    (
        "scenario",
        &["units", "schedule", "workload", "client", "gate"],
    ),
    (
        "plan",
        &[
            "scenario",
            "tokenizer",
            "trace",
            "schedule",
            "workload",
            "client",
            "gate",
            "units",
            "seed",
        ],
    ),
    ("settings", &["scenario", "plan", "client"]),
    ("backend", &["plan", "client", "units"]),
    (
        "drive",
        &[
            "plan",
            "tokenizer",
            "schedule",
            "workload",
            "client",
            "sample",
            "observe",
            "units",
            "seed",
        ],
    ),
    ("summary", &["sample", "units", "observe"]),
    ("metric", &["summary", "units"]),
    ("trial", &["metric", "summary", "units"]),
    ("gate", &["trial", "metric", "summary", "units"]),
    ("baseline", &["summary"]),
    ("trend", &["baseline", "gate", "metric", "summary", "units"]),
    (
        "report",
        &["summary", "metric", "trial", "gate", "trend", "units"],
    ),
    (
        "run",
        &[
            "plan", "archive", "backend", "client", "drive", "gate", "observe", "sample",
            "summary", "units",
        ],
    ),
    (
        "doctor",
        &[
            "scenario", "plan", "run", "drive", "observe", "summary", "metric", "trial", "gate",
            "units",
        ],
    ),
    (
        "interleave",
        &[
            "plan", "run", "seed", "trial", "gate", "metric", "summary", "units",
        ],
    ),
];

/// Modules that wire the others together and may import all of them.
const WIRING: &[&str] = &["command", "cli", "main", "lib"];

/// External packages that do one job, and the only places in `src/` that may name them.
const HOMES: &[(&str, &[&str])] = &[
    ("askama", &["report.rs", "report/html"]),
    ("clap", &["cli.rs", "main.rs"]),
    ("console", &["command/console.rs"]),
    ("ctrlc", &["drive/users/untouched.rs"]),
    ("flate2", &["client/transport/rest/gzip.rs"]),
    ("goose", &["drive/users/attack.rs"]),
    ("h2", &["client/transport/connection.rs"]),
    ("hdrhistogram", &["summary/"]),
    ("http_body_util", &["client/transport/"]),
    ("httparse", &["client/transport/pool/wire/head.rs"]),
    ("hyper", &["client/transport/connection.rs"]),
    ("indicatif", &["command/live"]),
    ("jiff", &["run/identity.rs", "trace/azure.rs"]),
    ("kitoken", &["tokenizer"]),
    ("log", &["drive/users/untouched.rs"]),
    ("nix", &["drive/users/untouched.rs"]),
    ("parquet", &["archive/columnar.rs"]),
    ("prost", &["client/transport"]),
    (
        "quick_junit",
        &["report.rs", "report/junit.rs", "report/comparison/junit.rs"],
    ),
    ("reqwest", &["client/transport"]),
    ("rustix", &["observe/", "drive/pace.rs", "backend/launch/"]),
    (
        "rustls",
        &["client/transport/access", "client/transport/pool"],
    ),
    (
        "rustls_platform_verifier",
        &["client/transport/access/terms.rs"],
    ),
    ("serde_saphyr", &["scenario/document"]),
    (
        "statrs",
        &["summary/", "gate/statistics", "gate/compare/effect.rs"],
    ),
    ("strsim", &["scenario/", "gate/", "metric"]),
    ("tokio_rustls", &["client/transport/pool/place.rs"]),
    ("tonic", &["client/transport"]),
    ("tower_layer", &["client/transport/connection.rs"]),
    ("tower_service", &["client/transport/connection.rs"]),
    ("wiremock", &["backend/stubs"]),
];

/// The longest that a source file may be, its tests included.
const MOST_LINES: usize = 400;

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut broken = Vec::new();
    for file in sources("src") {
        let module = module(&file);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            assert!(
                WIRING.contains(&module.as_str()),
                "{} belongs to no module in the table",
                file.display()
            );
            continue;
        };
        for import in imports(&code(&file)) {
            if import != module && !allowed.contains(&import.as_str()) {
                broken.push(format!(
                    "{}: {module} may not import {import}",
                    file.display()
                ));
            }
        }
    }

    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_external_package_stays_in_its_home() {
    let mut broken = Vec::new();
    for file in sources("src") {
        let code = code(&file);
        let path = file.strip_prefix("src").unwrap().display().to_string();
        for (package, homes) in HOMES {
            let named = names(&code, package);
            let at_home = homes.iter().any(|home| path.starts_with(home));
            if named && !at_home {
                broken.push(format!("{path}: {package} lives in {homes:?}"));
            }
        }
    }

    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let mut broken = Vec::new();
    for file in [
        "src",
        "mock/src",
        "proto/src",
        "fuzz/src",
        "benches",
        "tests",
    ]
    .into_iter()
    .flat_map(sources)
    {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        if lines > MOST_LINES {
            broken.push(format!("{}: {lines} lines", file.display()));
        }
        if !is_test(&file) && !text.starts_with("//!") {
            broken.push(format!("{}: no module documentation", file.display()));
        }
    }

    assert_eq!(broken, [""; 0]);
}

/// Every Rust file below a folder of the repository, in order.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// `src/drive/lane.rs` and `src/drive.rs` belong to `drive`.
fn module(file: &Path) -> String {
    let first = file.strip_prefix("src").unwrap().iter().next().unwrap();
    let name = first.to_str().unwrap();
    name.trim_end_matches(".rs").to_owned()
}

fn is_test(file: &Path) -> bool {
    file.iter().any(|part| {
        ["tests", "tests.rs", "fixture.rs"]
            .iter()
            .any(|test| part == *test)
    })
}

/// The file's code: no comments, and nothing from its tests on.
fn code(file: &Path) -> String {
    if is_test(file) {
        return String::new();
    }
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules of ours that the code names as `crate::module` or `crate::{module, ...}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group)),
            None => found.extend(name(rest)),
        }
    }
    found
}

/// The first name of each path in `{a::b, c::{d, e}, f}`.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut path = String::new();
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(name(&std::mem::take(&mut path))),
            _ if depth == 0 => path.push(letter),
            _ => {}
        }
    }
    names.extend(name(&path));
    names
}

fn name(path: &str) -> Option<String> {
    let path = path.trim_start();
    let end = path
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(path.len());
    (end > 0).then(|| path[..end].to_owned())
}

/// Does the code name the package as the start of a path? A module of ours that is called like it is not meant.
fn names(code: &str, package: &str) -> bool {
    let is_ours = code.contains(&format!("mod {package};"));
    !is_ours
        && code.match_indices(&format!("{package}::")).any(|(at, _)| {
            !code[..at].ends_with(|letter: char| {
                letter.is_alphanumeric() || letter == '_' || letter == ':'
            })
        })
}
