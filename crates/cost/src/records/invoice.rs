//! Invoices for labels.

use std::io::Read;

use super::{Result, Table};
use crate::calibrate::{self, LinearFit};

/// What some labels cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Invoice {
    /// Samples that were labelled.
    pub samples: f64,
    /// What was paid for them, currency.
    pub amount: f64,
}

impl Invoice {
    /// Reads a CSV file with the columns `samples` and `amount`.
    ///
    /// ```
    /// use tunewise_cost::records::Invoice;
    ///
    /// let read = |text: &str| Invoice::read(text.as_bytes()).map_err(|fault| fault.to_string());
    /// assert_eq!(read("samples,amount\n500,58\n")?, [Invoice { samples: 500.0, amount: 58.0 }]);
    /// assert_eq!(
    ///     read("samples,amount\n-5,58\n"),
    ///     Err("line 2, column `samples`: `-5`, expected a number of at least 0".to_owned())
    /// );
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// As [`Table::read`]; samples must be at least 0.
    pub fn read(reader: impl Read) -> Result<Vec<Self>> {
        let table = Table::read(reader, &["samples", "amount"])?;
        table.check("samples", "a number of at least 0", |samples| samples >= 0.0)?;
        let [samples, amounts] = ["samples", "amount"].map(|name| table.column(name));
        let rows = samples.unwrap_or_default().iter().zip(amounts.unwrap_or_default());
        Ok(rows.map(|(&samples, &amount)| Self { samples, amount }).collect())
    }
}

/// C = k1·D + k2 from invoices: k1 is the slope `samples`, currency per sample, k2 the intercept.
///
/// ```
/// use tunewise_cost::records::{Invoice, annotation};
///
/// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
/// let text = "samples,amount\n1000,3116\n2000,3232\n5000,3580\n";
/// let fit = annotation(&Invoice::read(text.as_bytes())?)?;
/// assert!((fit.coefficients()[1] - 0.116).abs() < 1e-12);
/// assert!((fit.intercept() - 3000.0).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Regression::fit`](crate::calibrate::Regression::fit).
pub fn annotation(invoices: &[Invoice]) -> Result<LinearFit> {
    let samples: Vec<f64> = invoices.iter().map(|invoice| invoice.samples).collect();
    let amounts: Vec<f64> = invoices.iter().map(|invoice| invoice.amount).collect();
    Ok(calibrate::annotation(&samples, &amounts)?)
}
