use super::*;
use proptest::prelude::*;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::time::Duration;

#[test]
fn quantities_read_what_people_write() {
    assert_eq!("250ms".parse(), Ok(Period::from_millis(250)));
    assert_eq!("1m 30s".parse(), Ok(Period::from_secs(90)));
    assert_eq!("0.2%".parse::<Share>().unwrap().to_string(), "0.2%");
    assert_eq!("30/m".parse(), Rate::try_per_second(0.5));
    assert_eq!("64MiB".parse(), Ok(Size::from_bytes(64 << 20)));
    assert_eq!(
        "1.5GB/s".parse(),
        Bandwidth::try_per_second(Size::from_bytes(1_500_000_000))
    );
}

#[test]
fn a_number_without_unit_is_refused_with_an_example() {
    let told = "10".parse::<Period>().unwrap_err().to_string();

    assert_eq!(
        told,
        "expected a duration such as 250ms, 10s or 5m, found `10`"
    );
}

#[test]
fn impossible_values_are_refused() {
    for text in ["-1s", "", "ms", "1 fortnight"] {
        assert!(text.parse::<Period>().is_err(), "{text}");
    }
    for text in ["101%", "-1%", "0.5", "NaN%", "%"] {
        assert!(text.parse::<Share>().is_err(), "{text}");
    }
    for text in [
        "0/s",
        "200",
        "200/d",
        "-3/s",
        "inf/s",
        "1e9/s",
        "20000000/s",
    ] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
    for text in ["64", "64mb", "9999999TiB", "1.2.3KiB"] {
        assert!(text.parse::<Size>().is_err(), "{text}");
    }
    for text in ["1GiB", "0B/s", "1GiB/m", "/s", "1/s", "1GiB/s/s", "-1B/s"] {
        assert!(text.parse::<Bandwidth>().is_err(), "{text}");
    }
}

#[test]
fn the_wrong_type_says_what_was_expected() {
    let told = serde_json::from_str::<Rate>("200").unwrap_err().to_string();

    assert!(
        told.contains("expected a rate above zero such as 200/s"),
        "{told}"
    );
}

proptest! {
    #[test]
    fn printing_a_period_round_trips(nanos in 0_u64..u64::MAX / 4) {
        let period = Period::from(Duration::from_nanos(nanos));
        prop_assert_eq!(period.to_string().parse(), Ok(period));
    }

    #[test]
    fn printing_a_size_round_trips(bytes in 0_u64..1 << 50) {
        let size = Size::from_bytes(bytes);
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }

    #[test]
    fn printing_a_bandwidth_round_trips(bytes in 1_u64..1 << 50) {
        let bandwidth = Bandwidth::try_per_second(Size::from_bytes(bytes)).unwrap();
        prop_assert_eq!(bandwidth.to_string().parse(), Ok(bandwidth));
    }

    #[test]
    fn printing_a_share_round_trips(ratio in 0.0_f64..=1.0) {
        let share = Share::try_from_ratio(ratio).unwrap();
        let read: Share = share.to_string().parse().unwrap();
        prop_assert!((read.ratio() - ratio).abs() < 1e-12);
    }

    #[test]
    fn printing_a_rate_round_trips(per_second in 0.001_f64..1e6) {
        let rate = Rate::try_per_second(per_second).unwrap();
        let read: Rate = rate.to_string().parse().unwrap();
        prop_assert!((read.per_second() / per_second - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_size_takes_the_time_that_its_bandwidth_gives_it() {
    let bandwidth: Bandwidth = "2GiB/s".parse().unwrap();

    assert_eq!(
        bandwidth.time_for("7GiB".parse().unwrap()),
        Duration::from_millis(3500)
    );
    assert_eq!(bandwidth.time_for(Size::default()), Duration::ZERO);
    assert_eq!(
        "1B/s"
            .parse::<Bandwidth>()
            .unwrap()
            .time_for(Size::from_bytes(u64::MAX)),
        Duration::from_secs(u64::MAX)
    );
}

#[test]
fn a_percentage_is_the_very_ratio_of_the_counts_that_it_names() {
    for thousandths in 0..=1000_u32 {
        let percent = f64::from(thousandths) / 10.0;

        let share: Share = format!("{percent}%").parse().unwrap();

        assert_eq!(
            share.ratio().to_bits(),
            (f64::from(thousandths) / 1000.0).to_bits()
        );
    }
}

/// What people write, and what stands near to it.
const WRITTEN: &[&[u8]] = &[
    b"250ms", b"1m 30s", b"2h 5us", b"0.2%", b"100%", b"200/s", b"30/m", b"64MiB", b"1.5GB",
    b"1GiB/s",
];

#[test]
fn hostile_text_that_is_read_as_a_quantity_prints_as_the_same_one() {
    inferometer_fuzz::hold(WRITTEN, |input| {
        let Ok(text) = str::from_utf8(input) else {
            return;
        };
        survives::<Period>(text);
        survives::<Size>(text);
        survives::<Bandwidth>(text);
        if let Some(share) = survives::<Share>(text) {
            assert!((0.0..=1.0).contains(&share.ratio()), "{share}");
        }
        if let Some(rate) = survives::<Rate>(text) {
            assert!(rate.per_second() > 0.0 && rate.per_second().is_finite());
        }
    });
}

/// The quantity, if the text is one. What refuses it says what was expected, and what it found.
fn survives<T>(text: &str) -> Option<T>
where
    T: FromStr<Err = Invalid> + Display + PartialEq + Debug,
{
    match text.parse::<T>() {
        Ok(quantity) => {
            assert_eq!(quantity.to_string().parse().as_ref(), Ok(&quantity));
            Some(quantity)
        }
        Err(refused) => {
            assert_eq!(refused.found, text);
            None
        }
    }
}
