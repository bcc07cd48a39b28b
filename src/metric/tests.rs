use super::*;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();

    assert_eq!(names.len(), all);
}

#[test]
fn a_misspelt_name_finds_the_right_one() {
    assert_eq!(Metric::nearest("latency_p999"), Some("latency_p99_9"));
    assert_eq!(Metric::nearest("sucess_rate"), Some("success_rate"));
    assert_eq!(Metric::nearest("zzz"), None);
}

#[test]
fn values_print_with_three_digits_and_their_unit() {
    let printed = |unit: Unit, values: &[f64]| -> Vec<String> {
        values.iter().map(|&value| unit.print(value)).collect()
    };

    assert_eq!(
        printed(
            Unit::Duration,
            &[
                0.0,
                850.0,
                31_400.0,
                5_312_000.0,
                999_600_000.0,
                2.5e9,
                95e9
            ]
        ),
        [
            "0 ns",
            "850 ns",
            "31.4 µs",
            "5.31 ms",
            "1.00 s",
            "2.50 s",
            "1 min 35 s"
        ]
    );
    assert_eq!(
        printed(Unit::PerSecond, &[0.25, 14.0, 1234.5]),
        ["0.250/s", "14.0/s", "1,234/s"]
    );
    assert_eq!(
        printed(Unit::Bytes, &[512.0, 65_536.0, 3e6]),
        ["512 B", "64.0 KiB", "2.86 MiB"]
    );
    assert_eq!(
        printed(Unit::Count, &[0.0, 1_234_567.0, 2.346]),
        ["0", "1,234,567", "2.35"]
    );
}

#[test]
fn shares_never_round_to_none_or_all() {
    let printed: Vec<_> = [0.0, 0.000_004, 0.05, 0.995, 0.9999, 0.999_999, 1.0]
        .map(|share| Unit::Share.print(share))
        .into();

    assert_eq!(
        printed,
        [
            "0 %",
            "0.0004 %",
            "5.0 %",
            "99.5 %",
            "99.99 %",
            "99.9999 %",
            "100 %"
        ]
    );
}

#[test]
fn limits_are_read_in_the_unit_of_their_metric() {
    let read = |unit: Unit, limit: Value| unit.parse(&limit).map_err(|error| error.to_string());

    assert_eq!(read(Unit::Duration, json!("250ms")), Ok(250e6));
    assert_eq!(read(Unit::Share, json!("50%")), Ok(0.5));
    assert_eq!(read(Unit::PerSecond, json!("200/s")), Ok(200.0));
    assert_eq!(read(Unit::Bytes, json!("64KiB")), Ok(65_536.0));
    assert_eq!(read(Unit::Count, json!(3)), Ok(3.0));
    assert_eq!(read(Unit::Ratio, json!("1.5")), Ok(1.5));
    assert_eq!(
        read(Unit::Duration, json!(250)),
        Err("expected a duration with its unit, such as 250ms, found `250`".to_owned())
    );
}

/// Set `BLESS=1` to write the committed page anew.
#[test]
fn the_committed_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }

    let committed = std::fs::read_to_string(&path).unwrap();

    assert!(committed == reference(), "docs/metrics.md is not current");
}

#[test]
fn a_value_at_the_border_prints_in_the_larger_unit() {
    let nanos = [
        999.4,
        999.6,
        999_400.0,
        999_600.0,
        999_600_000.0,
        59.94e9,
        59.96e9,
    ];
    assert_eq!(
        nanos.map(|value| Unit::Duration.print(value)),
        [
            "999 ns",
            "1.00 µs",
            "999 µs",
            "1.00 ms",
            "1.00 s",
            "59.9 s",
            "1 min 00 s"
        ]
    );

    let hours = [3599.4e9, 3599.6e9, 5430e9];
    assert_eq!(
        hours.map(|value| Unit::Duration.print(value)),
        ["59 min 59 s", "1 h 00 min", "1 h 31 min"]
    );

    let kibibytes = [1023.0, 1023.4, 1023.6, 1024.0];
    assert_eq!(
        kibibytes.map(|value| Unit::Bytes.print(value * 1024.0)),
        ["1,023 KiB", "1,023 KiB", "1.00 MiB", "1.00 MiB"]
    );
}

#[test]
fn a_limit_prints_as_it_was_written() {
    assert_eq!(Unit::Duration.print_round(1_234_500_000.0), "1.2345 s");
    assert_eq!(Unit::Duration.print_round(5e6), "5 ms");
    assert_eq!(Unit::Share.print_round(0.9994), "99.94 %");
    assert_eq!(Unit::Share.print_round(1.0), "100 %");
    assert_eq!(Unit::PerSecond.print_round(1234.5), "1,234.5/s");
    assert_eq!(Unit::Bytes.print_round(65_536.0), "64 KiB");
    assert_eq!(Unit::Count.print_round(0.0), "0");
}
