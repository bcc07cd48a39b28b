//! Azure's traces of LLM inference, those of 2023 and of 2024: CSV with a header, times of day with or without their
//! distance from UTC.

use super::{Error, Said};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Which column is what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    timestamp: usize,
    context: usize,
    generated: usize,
}

impl Columns {
    /// Those that the `header` names, in whatever order and with whatever others.
    pub(super) fn of(line: usize, header: &str) -> Result<Self, Error> {
        let names: Vec<&str> = fields(header).collect();
        let at = |name: &str| {
            names
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name))
        };
        let found = || {
            Some((
                at("TIMESTAMP")?,
                at("ContextTokens")?,
                at("GeneratedTokens")?,
            ))
        };
        let (timestamp, context, generated) = found().ok_or_else(|| {
            let expected = "a header with `TIMESTAMP`, `ContextTokens` and `GeneratedTokens`";
            Error::line(line, expected, header)
        })?;
        Ok(Self {
            timestamp,
            context,
            generated,
        })
    }

    /// The request that a line says.
    pub(super) fn read(self, number: usize, line: &str) -> Result<Said, Error> {
        let told = |expected, found: &str| Error::line(number, expected, found);
        let field = |column| {
            let missing = || told("as many columns as the header has", line);
            fields(line).nth(column).ok_or_else(missing)
        };
        let time = field(self.timestamp)?;
        let tokens = |column| {
            let text = field(column)?;
            let number = text.parse();
            number.map_err(|_| told("a number of tokens", text))
        };
        Ok(Said {
            nanos: nanos(time)
                .ok_or_else(|| told("a time such as 2023-11-16 18:17:03.97", time))?,
            prompt_tokens: Some(tokens(self.context)?),
            output_tokens: Some(tokens(self.generated)?),
            blocks: Vec::new(),
        })
    }
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

/// Nanoseconds since 1970; a time without its distance from UTC is taken for one of UTC.
fn nanos(time: &str) -> Option<u64> {
    let timestamp = time.parse::<Timestamp>().or_else(|_| {
        let local: DateTime = time.parse()?;
        TimeZone::UTC.to_timestamp(local)
    });
    u64::try_from(timestamp.ok()?.as_nanosecond()).ok()
}
