//! What was measured and paid, from the files it is kept in, to the model's constants.
//!
//! | file | columns or keys | reader | to |
//! | --- | --- | --- | --- |
//! | run record of a fine-tuning job (`run.json`) | `parameters`, `training_seconds`, `trained_tokens`, … | [`Run::from_json`] | [`training_time`]: l, m |
//! | log of runs (CSV) | `params`, `seconds`, and if there are any `tokens`, `gpus` | [`Run::log`] | [`training_time`]: l, m |
//! | invoices for labels (CSV) | `samples`, `amount` | [`Invoice::read`] | [`annotation`]: k1, k2 |
//! | any table of numbers (CSV) | by name | [`Table::read`] | [`Table::fit`] |
//!
//! Readers take a `Read`; opening files is the caller's. Faults name line, column and value.

mod difference;
mod error;
mod invoice;
mod quotes;
mod run;
mod table;

pub use difference::Difference;
pub use error::RecordError;
pub use invoice::{Invoice, annotation};
pub use run::{Machine, Run, training_time};
pub use table::{Relation, Table};

/// The result of reading records.
pub type Result<T, E = RecordError> = std::result::Result<T, E>;
