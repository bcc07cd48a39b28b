//! Samples as lines of JSON, one object a sample with every column in it.

use super::column::{COLUMNS, Value};
use super::row::Row;
use super::{Output, Stage};
use crate::units::Offset;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub(super) fn create(path: &Path) -> io::Result<Box<dyn Output>> {
    Ok(Box::new(JsonLines(BufWriter::new(File::create(path)?))))
}

struct JsonLines(BufWriter<File>);

impl Output for JsonLines {
    fn write(&mut self, rows: &[Row], stage: &Stage) -> io::Result<()> {
        for row in rows {
            line(&mut self.0, row, stage)?;
        }
        self.0.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

fn line(to: &mut impl Write, row: &Row, stage: &Stage) -> io::Result<()> {
    let mut before = '{';
    for column in COLUMNS {
        write!(to, "{before}\"{}\":", column.name)?;
        before = ',';
        match column.value {
            Value::Count(read) => number(to, read(row, stage))?,
            Value::Moment(read) => number(to, read(row).map(Offset::nanos))?,
            Value::Nanos(read) => number(to, read(row))?,
            Value::Flag(read) => write!(to, "{}", read(row))?,
            Value::Text(read) => serde_json::to_writer(&mut *to, &read(row, stage))?,
        }
    }
    to.write_all(b"}\n")
}

fn number(to: &mut impl Write, number: Option<u64>) -> io::Result<()> {
    match number {
        Some(number) => write!(to, "{number}"),
        None => to.write_all(b"null"),
    }
}
