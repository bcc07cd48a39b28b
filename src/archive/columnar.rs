//! Samples as a Parquet file: numbers as differences of neighbours in as few bits as they need, texts as places in a
//! dictionary. Every column may be null, and nothing is nested.

use super::column::{COLUMNS, Column, Value};
use super::row::Row;
use super::{Output, Stage};
use parquet::basic::{ConvertedType, Encoding, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The version of the columns: raised when one changes its meaning or goes.
const VERSION: &str = "1";

pub(super) fn create(path: &Path) -> io::Result<Box<dyn Output>> {
    let file = File::create(path)?;
    let writer = SerializedFileWriter::new(file, schema()?, Arc::new(properties()))?;
    Ok(Box::new(Columnar(writer)))
}

struct Columnar(SerializedFileWriter<File>);

impl Output for Columnar {
    fn write(&mut self, rows: &[Row], stage: &Stage) -> io::Result<()> {
        let mut group = self.0.next_row_group()?;
        for column in COLUMNS {
            let Some(mut writer) = group.next_column()? else {
                unreachable!("the schema is made of the same columns");
            };
            write(&mut writer, column, rows, stage)?;
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.0.close()?;
        Ok(())
    }
}

fn schema() -> Result<Arc<Type>, ParquetError> {
    let fields = COLUMNS.iter().map(|column| field(column).map(Arc::new));
    Type::group_type_builder("sample")
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()
        .map(Arc::new)
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let physical = match column.value {
        Value::Count(_) | Value::Moment(_) | Value::Nanos(_) => Physical::INT64,
        Value::Flag(_) => Physical::BOOLEAN,
        Value::Text(_) => Physical::BYTE_ARRAY,
    };
    let field =
        Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL);
    match column.value {
        Value::Text(_) => field
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8)
            .build(),
        Value::Count(_) | Value::Moment(_) | Value::Nanos(_) | Value::Flag(_) => field.build(),
    }
}

fn properties() -> WriterProperties {
    let is_text = |column: &&Column| matches!(column.value, Value::Text(_));
    let about = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(concat!("inferometer ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![
            about("inferometer.samples_version", VERSION),
            about("inferometer.times", "ns since the start of the stage"),
        ]))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false);
    let properties = COLUMNS
        .iter()
        .filter(is_text)
        .fold(properties, |properties, column| {
            properties.set_column_dictionary_enabled(ColumnPath::from(column.name), true)
        });
    COLUMNS
        .iter()
        .filter(|column| {
            matches!(
                column.value,
                Value::Count(_) | Value::Moment(_) | Value::Nanos(_)
            )
        })
        .fold(properties, |properties, column| {
            properties
                .set_column_encoding(ColumnPath::from(column.name), Encoding::DELTA_BINARY_PACKED)
        })
        .build()
}

fn write(
    to: &mut SerializedColumnWriter<'_>,
    column: &Column,
    rows: &[Row],
    stage: &Stage,
) -> Result<(), ParquetError> {
    let rows = rows.iter();
    match column.value {
        Value::Count(read) => put::<Int64Type>(to, rows.map(|row| read(row, stage).map(integer))),
        Value::Moment(read) => {
            put::<Int64Type>(to, rows.map(|row| read(row).map(|at| integer(at.nanos()))))
        }
        Value::Nanos(read) => put::<Int64Type>(to, rows.map(|row| read(row).map(integer))),
        Value::Flag(read) => put::<BoolType>(to, rows.map(|row| Some(read(row)))),
        Value::Text(read) => {
            // Neighbours mostly say the same, and a copy of what is there already takes no memory.
            let mut last = ByteArray::from("");
            let texts = rows.map(|row| {
                let text = read(row, stage)?;
                if last.data() != text.as_bytes() {
                    last = ByteArray::from(text.as_ref());
                }
                Some(last.clone())
            });
            put::<ByteArrayType>(to, texts)
        }
    }
}

/// Writes the values of a column; each that is there has level 1, each that is null level 0.
fn put<T: DataType>(
    to: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let mut levels = Vec::new();
    let mut there = Vec::new();
    for value in values {
        levels.push(i16::from(value.is_some()));
        there.extend(value);
    }
    to.typed::<T>().write_batch(&there, Some(&levels), None)?;
    Ok(())
}

/// Parquet's integers have a sign: saturates after 292 years.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
