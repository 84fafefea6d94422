//! Training runs.

use std::io::Read;

use serde::Deserialize;

use super::{RecordError, Result, Table};
use crate::calibrate::{self, LinearFit};

/// What sizes and times must be.
const POSITIVE: &str = "a finite number above 0";

/// A training run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// P, parameters of the model.
    pub param_count: f64,
    /// What training took, seconds; evaluation and saving apart.
    pub seconds: f64,
    /// Tokens that were trained on, all epochs together.
    pub tokens: Option<f64>,
    /// Devices that ran at once; 1 if it is not said.
    pub gpus: Option<f64>,
    /// On what it ran, where the record says.
    pub machine: Option<Machine>,
}

/// What runs must share for their times to lie on one line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Machine {
    /// Where it ran, `cpu` say.
    pub device: String,
    /// In which arithmetic, `fp32` say.
    pub precision: String,
    /// Threads of the CPU.
    pub threads: u64,
}

/// The keys of `run.json` that matter here; it has more.
#[derive(Deserialize)]
struct Record {
    parameters: f64,
    training_seconds: f64,
    trained_tokens: Option<f64>,
    device: Option<String>,
    precision: Option<String>,
    threads: Option<u64>,
}

impl Run {
    /// Reads the record of a fine-tuning job: `parameters`, `training_seconds` (tokenizing and optimizer
    /// steps), `trained_tokens`, `device`, `precision`, `threads`; other keys may hold anything.
    ///
    /// ```
    /// use tunewise_cost::records::Run;
    ///
    /// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
    /// let record = r#"{"parameters": 22713986, "training_seconds": 90.0, "trained_tokens": 51200}"#;
    /// let run = Run::from_json(record.as_bytes())?;
    /// assert_eq!((run.param_count, run.hours()), (22_713_986.0, 0.025));
    /// let fault = Run::from_json(r#"{"parameters": 5}"#.as_bytes()).map_err(|fault| fault.to_string());
    /// assert_eq!(
    ///     fault.err().as_deref(),
    ///     Some("no run record: missing field `training_seconds` at line 1 column 17")
    /// );
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RecordError::Json`] with line and column for malformed JSON or a key that is not there,
    /// [`RecordError::Key`] for a number that is not above 0.
    pub fn from_json(reader: impl Read) -> Result<Self> {
        let record: Record =
            serde_json::from_reader(reader).map_err(|source| RecordError::Json { source })?;
        let numbers = [
            ("parameters", Some(record.parameters)),
            ("training_seconds", Some(record.training_seconds)),
            ("trained_tokens", record.trained_tokens),
        ];
        for (key, value) in numbers {
            if let Some(value) = value.filter(|&value| !positive(value)) {
                return Err(RecordError::Key { key, value, expected: POSITIVE });
            }
        }
        let machine = match (record.device, record.precision, record.threads) {
            (Some(device), Some(precision), Some(threads)) => {
                Some(Machine { device, precision, threads })
            }
            _ => None,
        };
        Ok(Self {
            param_count: record.parameters,
            seconds: record.training_seconds,
            tokens: record.trained_tokens,
            gpus: None,
            machine,
        })
    }

    /// Reads a CSV file with the columns `params` and `seconds`, and `tokens` and `gpus` if it has them.
    ///
    /// ```
    /// use tunewise_cost::records::Run;
    ///
    /// let read = |text: &str| Run::log(text.as_bytes()).map_err(|fault| fault.to_string());
    /// let runs = read("params,seconds,gpus\n1e8,1800,2\n2e8,3600,2\n")?;
    /// assert_eq!(runs[1].hours(), 2.0);
    /// assert_eq!(
    ///     read("params,seconds\n1e8,60\n2e8,0\n"),
    ///     Err("line 3, column `seconds`: `0`, expected a finite number above 0".to_owned())
    /// );
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    /// As [`Table::read`]; all numbers must be above 0.
    pub fn log(reader: impl Read) -> Result<Vec<Self>> {
        let optional = ["tokens", "gpus"];
        let table = Table::read_with(reader, &["params", "seconds"], &optional)?;
        for name in ["params", "seconds", "tokens", "gpus"] {
            table.check(name, POSITIVE, positive)?;
        }
        let at = |name: &str, row: usize| table.column(name).and_then(|c| c.get(row)).copied();
        let run = |row: usize| Self {
            param_count: at("params", row).unwrap_or(f64::NAN),
            seconds: at("seconds", row).unwrap_or(f64::NAN),
            tokens: at("tokens", row),
            gpus: at("gpus", row),
            machine: None,
        };
        Ok((0..table.rows()).map(run).collect())
    }

    /// T, hours of one device: seconds·gpus/3600.
    ///
    /// ```
    /// use tunewise_cost::records::Run;
    ///
    /// let run = Run { seconds: 1800.0, gpus: Some(4.0), ..Run::default() };
    /// assert_eq!(run.hours(), 2.0);
    /// ```
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.seconds * self.gpus.unwrap_or(1.0) / 3600.0
    }
}

/// T = l·P + m from runs: l is the slope `param_count`, hours per parameter, m the intercept, hours.
///
/// T is l·P + m for one number of tokens. With `tokens` each run's P counts by its own tokens over these,
/// so that l is that of a run over so many; without, all runs are taken as they are.
///
/// # Formula
/// hours = l·P·(tokens of the run/tokens) + m, since operations are 6·P·tokens.
///
/// # Reference
/// Kaplan et al. (2020), "Scaling Laws for Neural Language Models", section 2.1.
///
/// ```
/// use tunewise_cost::records::{Run, training_time};
///
/// # fn main() -> Result<(), tunewise_cost::records::RecordError> {
/// // A thousandth of an hour per 1e5 parameters and 1e6 tokens, and 0.5 hours beside.
/// let log = "params,seconds,tokens\n1e8,5400,1e6\n2e8,5400,5e5\n1e8,9000,2e6\n3e8,12600,1e6\n";
/// let fit = training_time(&Run::log(log.as_bytes())?, Some(1e6))?;
/// assert!((fit.coefficients()[1] - 1e-8).abs() < 1e-18);
/// assert!((fit.intercept() - 0.5).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`RecordError::NoTokens`] for a run without tokens where `tokens` is given, [`RecordError::Key`] if
/// that is not above 0; as [`Regression::fit`](crate::calibrate::Regression::fit).
pub fn training_time(runs: &[Run], tokens: Option<f64>) -> Result<LinearFit> {
    if let Some(value) = tokens.filter(|&tokens| !positive(tokens)) {
        return Err(RecordError::Key { key: "tokens", value, expected: POSITIVE });
    }
    let size = |(number, run): (usize, &Run)| match (tokens, run.tokens) {
        (None, _) => Ok(run.param_count),
        (Some(tokens), Some(own)) => Ok(run.param_count * own / tokens),
        (Some(tokens), None) => Err(RecordError::NoTokens { run: number, tokens }),
    };
    let sizes = (1..).zip(runs).map(size).collect::<Result<Vec<f64>>>()?;
    let hours: Vec<f64> = runs.iter().map(Run::hours).collect();
    Ok(calibrate::training_time(&sizes, &hours)?)
}

fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}
