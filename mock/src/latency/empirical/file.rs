//! Measured durations from a text file: one on each line, `20ms` or as a number of milliseconds `20.5`; empty lines and
//! those that begin with `#` are passed over.

use super::samples::{MOST, Samples};
use crate::latency::LONGEST;
use inferometer_proto::quantity::Period;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a file holds no samples.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// It cannot be read.
    #[error("could not read `{}`: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    /// It is a folder, a pipe or a device, which may have no end.
    #[error("expected a file of samples, found that `{}` is no plain file", file.display())]
    NotPlain { file: PathBuf },
    /// It is too large to be one.
    #[error("expected at most {BYTES} bytes and {MOST} samples in `{}`, found more", file.display())]
    TooLarge { file: PathBuf },
    /// Nothing stands in it.
    #[error("expected at least one sample in `{}`, found none", file.display())]
    Empty { file: PathBuf },
    /// A line holds something else. What stands there is shown escaped, and not all of it.
    #[error(
        "expected a duration such as 20ms or a number of milliseconds, at most 24h, in `{}`, line {line}, found `{found}`",
        file.display()
    )]
    Line {
        file: PathBuf,
        /// From 1.
        line: usize,
        found: String,
    },
}

/// The largest file, in bytes: 40 for each sample.
const BYTES: u64 = 4_000_000;

/// Reads the samples from a file.
pub(super) fn read(file: &Path) -> Result<Samples, Error> {
    let text = text(file)?;
    let mut samples = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let sample = sample(line).ok_or_else(|| Error::Line {
            file: file.to_owned(),
            line: index + 1,
            found: line
                .chars()
                .take(40)
                .flat_map(char::escape_default)
                .collect(),
        })?;
        if samples.len() == MOST {
            return Err(Error::TooLarge {
                file: file.to_owned(),
            });
        }
        samples.push(sample);
    }
    if samples.is_empty() {
        return Err(Error::Empty {
            file: file.to_owned(),
        });
    }
    Ok(samples.into())
}

/// The whole file, if it is a plain one of a sensible size.
fn text(file: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable {
        file: file.to_owned(),
        source,
    };
    // Before it is opened: opening a pipe waits for its writer.
    if !fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err(Error::NotPlain {
            file: file.to_owned(),
        });
    }
    let mut text = String::new();
    let read = File::open(file)
        .and_then(|file| file.take(BYTES + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read <= BYTES) {
        Ok(text)
    } else {
        Err(Error::TooLarge {
            file: file.to_owned(),
        })
    }
}

fn sample(line: &str) -> Option<Period> {
    let duration = match line.parse::<f64>() {
        Ok(millis) => Duration::try_from_secs_f64(millis / 1000.0).ok()?,
        Err(_) => line.parse::<Period>().ok()?.duration(),
    };
    (duration <= LONGEST).then(|| duration.into())
}

#[cfg(test)]
mod tests {
    use crate::Latency;
    use std::fs;
    use std::path::Path;

    /// What a file with such a content is read as.
    fn read(content: &[u8]) -> Result<Latency, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("measured.txt");
        fs::write(&file, content).unwrap();
        read_at(&file).map_err(|told| told.replace(&folder.path().display().to_string(), "folder"))
    }

    fn read_at(file: &Path) -> Result<Latency, String> {
        let spec = serde_json::json!({ "empirical": { "file": file } });
        serde_json::from_value(spec).map_err(|error| error.to_string())
    }

    #[test]
    fn durations_and_milliseconds_are_read_and_stay_without_the_file() {
        let latency = read(b"# first run\n20ms\n\n 5.5\r\n1s\n").unwrap();

        assert_eq!(
            serde_json::to_string(&latency).unwrap(),
            r#"{"empirical":{"samples":["5ms 500us","20ms","1s"]}}"#
        );
        assert_eq!(latency.check(), Ok(()));
    }

    #[test]
    fn a_line_that_is_no_duration_is_named() {
        for (line, found) in [
            ("fast", "fast"),
            ("-1", "-1"),
            ("NaN", "NaN"),
            ("25h", "25h"),
            ("1ms\x1b[31m", "1ms\\u{1b}[31m"),
        ] {
            assert_eq!(
                read(format!("# run\n20ms\n{line}\n").as_bytes()).unwrap_err(),
                format!(
                    "expected a duration such as 20ms or a number of milliseconds, at most 24h, in \
                     `folder/measured.txt`, line 3, found `{found}`"
                )
            );
        }
    }

    #[test]
    fn what_cannot_be_samples_is_refused() {
        let folder = tempfile::tempdir().unwrap();

        assert_eq!(
            read(b"# nothing\n").unwrap_err(),
            "expected at least one sample in `folder/measured.txt`, found none"
        );
        assert_eq!(
            read("1\n".repeat(100_001).as_bytes()).unwrap_err(),
            "expected at most 4000000 bytes and 100000 samples in `folder/measured.txt`, found more"
        );
        assert_eq!(
            read(&vec![b'#'; 4_000_001]).unwrap_err(),
            "expected at most 4000000 bytes and 100000 samples in `folder/measured.txt`, found more"
        );
        assert_eq!(
            read(b"\xff\n").unwrap_err(),
            "could not read `folder/measured.txt`: stream did not contain valid UTF-8"
        );
        assert_eq!(
            read_at(folder.path()).unwrap_err(),
            format!(
                "expected a file of samples, found that `{}` is no plain file",
                folder.path().display()
            )
        );
    }

    const FILES: &[&[u8]] = &[
        b"# first run\n20ms\n\n 5.5\r\n1s\n",
        b"1m 2s\n1e3\n0.001\n24h",
    ];

    #[test]
    fn a_hostile_file_is_samples_or_is_told_by_its_name_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("measured.txt");

        inferometer_fuzz::hold(FILES, |content| {
            fs::write(&file, content).unwrap();
            let lines = content.split(|byte| *byte == b'\n').count();
            match read_at(&file) {
                Ok(latency) => {
                    assert_eq!(latency.check(), Ok(()));
                    let written = serde_json::to_value(&latency).unwrap();
                    let samples = written["empirical"]["samples"].as_array().unwrap();
                    assert!((1..=lines).contains(&samples.len()), "{written}");
                    let read: Latency = serde_json::from_value(written).unwrap();
                    assert_eq!(read, latency);
                }
                Err(told) => {
                    assert!(told.contains("measured.txt"), "{told}");
                    assert!(!told.contains(char::is_control), "{told:?}");
                    if let Some((_, rest)) = told.split_once(", line ") {
                        let line: usize = rest.split(',').next().unwrap().parse().unwrap();
                        assert!((1..=lines).contains(&line), "{told}");
                    }
                }
            }
        });
    }
}
