//! How answers are written.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables with rounded numbers
    Table,
    /// JSON in full precision; what does not exist is null
    Json,
    /// Comma-separated rows in full precision
    Csv,
}

/// A table with a header; every column but the first is aligned right.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header).add_rows(rows);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Six significant digits, an exponent where the plain form would be long; `-` for what is not.
pub(crate) fn digits(value: impl Into<Option<f64>>) -> String {
    let Some(value) = value.into() else { return "-".to_owned() };
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-4..1e9).contains(&size) {
        let text = format!("{value:.4e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let decimals = (5 - size.log10().floor() as i32).clamp(0, 9) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

/// Without the zeros that end a fraction.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Three decimals with a sign, for what is compared by size.
pub(crate) fn signed(value: f64) -> String {
    format!("{value:+.3}")
}

/// Rows as comma-separated values.
pub(crate) fn write_csv<R>(out: &mut dyn Write, rows: impl IntoIterator<Item = R>) -> io::Result<()>
where
    R: IntoIterator<Item = String>,
{
    let mut writer = csv::Writer::from_writer(out);
    for row in rows {
        writer.write_record(row.into_iter().collect::<Vec<_>>())?;
    }
    writer.flush()
}
