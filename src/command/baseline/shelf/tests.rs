use super::*;
use crate::baseline::{BASELINE_SCHEMA, Program};
use crate::summary::fixture;

fn baseline(fingerprint: &str) -> Baseline {
    Baseline {
        schema: BASELINE_SCHEMA.to_owned(),
        name: "main".to_owned(),
        scenario: "x.yaml".into(),
        scenario_sha256: String::new(),
        variant: None,
        set: Vec::new(),
        fingerprint: fingerprint.to_owned(),
        commit: None,
        program: Program {
            path: "program".into(),
            sha256: String::new(),
            tool_version: "0.1.0".to_owned(),
            kept: true,
        },
        launched: Vec::new(),
        saved: "2026-01-02T03:04:05Z".to_owned(),
    }
}

fn shelf() -> (tempfile::TempDir, Shelf) {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::at(folder.path());
    (folder, shelf)
}

#[test]
fn runs_are_added_and_read_back_in_order() {
    let (folder, shelf) = shelf();
    let program = folder.path().join("tool");
    fs::write(&program, "a program").unwrap();

    shelf
        .save(
            &baseline("one"),
            Some(&program),
            &[fixture::single()],
            false,
        )
        .unwrap();
    let at = shelf
        .save(&baseline("one"), None, &[fixture::single()], false)
        .unwrap();

    let kept = shelf.read("main").unwrap();
    assert_eq!(kept.baseline, baseline("one"));
    assert_eq!(kept.runs, [fixture::single(), fixture::single()]);
    assert_eq!(fs::read_to_string(at.join("program")).unwrap(), "a program");
    assert_eq!(shelf.names().unwrap(), ["main"]);
}

#[test]
fn another_plan_needs_to_be_told_to_replace() {
    let (_folder, shelf) = shelf();
    shelf
        .save(&baseline("one"), None, &[fixture::single()], false)
        .unwrap();

    let refused = shelf
        .save(&baseline("other"), None, &[fixture::single()], false)
        .unwrap_err();
    let told = "the baseline `main` is there already, of another plan: save under another name, or with --replace";
    assert_eq!(refused.to_string(), told);
    assert_eq!(shelf.read("main").unwrap().baseline.fingerprint, "one");

    shelf
        .save(&baseline("other"), None, &[fixture::single()], true)
        .unwrap();
    assert_eq!(shelf.read("main").unwrap().runs.len(), 1);
}

#[test]
fn what_a_crash_left_behind_is_not_read() {
    let (_folder, shelf) = shelf();
    let at = shelf
        .save(&baseline("one"), None, &[fixture::single()], false)
        .unwrap();
    fs::write(at.join("runs/2026.json.17.partial"), "{ half a").unwrap();
    fs::create_dir(at.parent().unwrap().join("half")).unwrap();

    assert_eq!(shelf.read("main").unwrap().runs.len(), 1);
    assert_eq!(shelf.names().unwrap(), ["main"]);
}

#[test]
fn writers_take_turns_and_none_of_their_runs_is_lost() {
    let (folder, _) = shelf();

    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let shelf = Shelf::at(folder.path());
                shelf
                    .save(&baseline("one"), None, &[fixture::single()], false)
                    .unwrap();
            });
        }
    });

    assert_eq!(Shelf::at(folder.path()).read("main").unwrap().runs.len(), 8);
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let (_folder, shelf) = shelf();
    shelf.save(&baseline("one"), None, &[], false).unwrap();

    let told = shelf.read("mian").unwrap_err().to_string();
    assert_eq!(
        told,
        "expected the name of a baseline, found `mian`: there are main"
    );
    shelf.remove("main").unwrap();
    assert_eq!(shelf.names().unwrap(), [""; 0]);
}
