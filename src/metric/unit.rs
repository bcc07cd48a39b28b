//! What a metric's values count: how a limit in that unit is written in a scenario, and how a value is printed. Values
//! are nanoseconds, shares of one, events per second, bytes or plain numbers; this is the only place that rounds them.

use crate::units::{Period, Rate, Share, Size, float, nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The unit of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A length of time. Values are nanoseconds.
    #[serde(rename = "nanoseconds")]
    Duration,
    /// A part of a whole. Values are `0.0..=1.0`.
    Share,
    /// Events per second.
    PerSecond,
    /// An amount of memory in bytes.
    Bytes,
    /// A number of things.
    Count,
    /// A number without a unit.
    Ratio,
}

/// Why a limit is not one in the metric's unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct NotALimit {
    /// What would have been right, with an example.
    pub expected: &'static str,
    /// What stood there.
    pub found: String,
}

impl Unit {
    /// A limit as a value of this unit.
    ///
    /// # Errors
    /// [`NotALimit`] unless it is written in this unit.
    pub fn parse(self, limit: &Value) -> Result<f64, NotALimit> {
        let text = limit.as_str();
        let value = match self {
            Self::Duration => text
                .and_then(|text| text.parse::<Period>().ok())
                .map(|period| float(nanos(period.duration()))),
            Self::Share => text.and_then(|text| text.parse().ok()).map(Share::ratio),
            Self::PerSecond => text
                .and_then(|text| text.parse().ok())
                .map(Rate::per_second),
            Self::Bytes => text
                .and_then(|text| text.parse::<Size>().ok())
                .map(|size| float(size.bytes())),
            Self::Count | Self::Ratio => text
                .map_or_else(|| limit.as_f64(), |text| text.trim().parse().ok())
                .filter(|number| number.is_finite() && *number >= 0.0),
        };
        value.ok_or_else(|| NotALimit {
            expected: self.expected(),
            found: text.map_or_else(|| limit.to_string(), str::to_owned),
        })
    }

    /// What a limit in this unit looks like.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Duration => "a duration with its unit, such as 250ms",
            Self::Share => "a share from 0% to 100%, such as 99.5%",
            Self::PerSecond => "a rate above zero, such as 200/s",
            Self::Bytes => "a size with its unit, such as 64KiB",
            Self::Count => "a count of at least 0, such as 3",
            Self::Ratio => "a number of at least 0, such as 1.5",
        }
    }

    /// A value as people read it, with three or four significant digits and its unit.
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Duration => print_nanos(value, significant),
            Self::Share => print_share(value),
            Self::PerSecond => format!("{}/s", significant(value)),
            Self::Bytes => print_bytes(value, significant),
            Self::Count => print_count(value),
            Self::Ratio => significant(value),
        }
    }

    /// A value that somebody chose, such as a limit or a tick, with all its digits and without zeros that say nothing:
    /// `5 ms` for `5.00 ms`, `99.95 %` for `99.9 %`.
    pub fn print_round(self, value: f64) -> String {
        match self {
            Self::Duration => print_nanos(value, in_full),
            Self::Share => format!("{} %", in_full(value * 100.0)),
            Self::PerSecond => format!("{}/s", in_full(value)),
            Self::Bytes => print_bytes(value, in_full),
            Self::Count | Self::Ratio => in_full(value),
        }
    }
}

/// A change of a value as people read it, where 0.1 is a tenth more: `+10.2 %`, `-0.31 %`.
pub fn print_change(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        p if p < 0.005 => "0 %".to_owned(),
        p if p >= 99.95 => format!("{percent:+.0} %"),
        p if p >= 0.995 => format!("{percent:+.1} %"),
        _ => format!("{percent:+.2} %"),
    }
}

fn print_nanos(nanos: f64, digits: fn(f64) -> String) -> String {
    // The borders lie where rounding to three digits would print 1000 of the smaller unit.
    let (scale, unit) = match nanos {
        n if n >= 59.95e9 => return print_minutes(n / 1e9),
        n if n >= 999.5e6 => (1e9, "s"),
        n if n >= 999.5e3 => (1e6, "ms"),
        n if n >= 999.5 => (1e3, "µs"),
        _ => (1.0, "ns"),
    };
    format!("{} {unit}", digits(nanos / scale))
}

fn print_minutes(seconds: f64) -> String {
    let (seconds, minutes) = (seconds.round(), (seconds / 60.0).round());
    if seconds < 3600.0 {
        format!("{} min {:02} s", (seconds / 60.0).floor(), seconds % 60.0)
    } else {
        format!("{} h {:02} min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

fn print_share(share: f64) -> String {
    let percent = share * 100.0;
    // Never round to 0 % or 100 % what is not: one failure in a million must show.
    let digits = (1..=6_usize)
        .find(|&digits| {
            let shown = format!("{percent:.digits$}");
            let whole = shown.trim_end_matches('0');
            (whole != "100." && whole != "0.") || percent >= 100.0 || percent <= 0.0
        })
        .unwrap_or(6);
    match percent {
        p if p >= 100.0 || p <= 0.0 => format!("{p:.0} %"),
        p if digits == 1 => format!("{p:.1} %"),
        p => format!("{p:.digits$} %"),
    }
}

fn print_bytes(bytes: f64, digits: fn(f64) -> String) -> String {
    const SCALES: [(f64, &str); 4] = [
        (1_099_511_627_776.0, "TiB"),
        (1_073_741_824.0, "GiB"),
        (1_048_576.0, "MiB"),
        (1024.0, "KiB"),
    ];
    SCALES
        .into_iter()
        // The border lies where rounding would print 1,024 of the smaller unit.
        .find(|(scale, _)| bytes >= scale * (1023.5 / 1024.0))
        .map_or_else(
            || format!("{} B", digits(bytes)),
            |(scale, unit)| format!("{} {unit}", digits(bytes / scale)),
        )
}

/// Whole numbers in full, others to three significant digits, with commas between thousands.
fn print_count(number: f64) -> String {
    if number.fract().abs() < f64::EPSILON {
        grouped(&format!("{number:.0}"))
    } else {
        significant(number)
    }
}

/// Three significant digits; no more than that many decimals, no fewer digits than the whole part has.
pub(crate) fn significant(number: f64) -> String {
    let text = match number.abs() {
        n if n >= 99.95 => format!("{number:.0}"),
        n if n >= 9.995 => format!("{number:.1}"),
        n if n >= 0.9995 => format!("{number:.2}"),
        n if n >= 0.000_5 => format!("{number:.3}"),
        n if n > 0.0 => format!("{number:.1e}"),
        _ => "0".to_owned(),
    };
    grouped(&text)
}

/// To a millionth, without zeros at the end.
fn in_full(number: f64) -> String {
    let text = format!("{number:.6}");
    grouped(text.trim_end_matches('0').trim_end_matches('.'))
}

fn grouped(text: &str) -> String {
    let (sign, text) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, rest) = text.split_at(text.find(['.', 'e']).unwrap_or(text.len()));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}
