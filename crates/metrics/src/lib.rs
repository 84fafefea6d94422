//! Classification metrics with scikit-learn's exact semantics, as pure functions of slices.
//!
//! ```
//! use tunewise_metrics::{ReportOptions, classification_report};
//!
//! # fn main() -> tunewise_metrics::Result<()> {
//! let y_true = ["cat", "dog", "cat"];
//! let y_pred = ["cat", "dog", "dog"];
//! let report = classification_report(&y_true, &y_pred, &ReportOptions::default())?;
//! assert_eq!(report.classes[0].score.recall, 0.5);
//! let line = "    accuracy                           0.67         3";
//! assert_eq!(report.to_string().lines().nth(5), Some(line));
//! # Ok(())
//! # }
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `report` | [`classification_report`], [`multilabel_report`] |
//! | `counts` | true, predicted and hit rows a class, single-label or multi-label |
//! | `scores` | precision, recall, F-beta and their averages; accuracy |
//! | `confusion` | [`ConfusionMatrix`] |
//! | `probability` | log loss, Brier, ROC-AUC, average precision, top-k accuracy, curves |
//! | `ranking` | DCG, NDCG, label rankings, MRR, MAP@k, hit rate |
//! | `decision` | calibration, temperature, thresholds, risk against coverage |
//! | `regression` | errors and correlation |
//! | `bootstrap`, `interval` | confidence intervals of any metric: [`bootstrap`], [`bootstrap_counts`] |
//! | `significance`, `permutation` | two models on the same rows: [`mcnemar`], [`paired_bootstrap`], [`paired_permutation_test`], [`sign_flip_test`] |
//! | `groups` | [`group_reports`] and the gaps between groups |
//! | `agreement` | annotators: [`fleiss_kappa`], [`krippendorff_alpha`] |
//! | [`svg`] | pictures, with the feature `svg` |
//!
//! Semantics are those of scikit-learn 1.9.1, `sklearn.metrics`.
#![forbid(unsafe_code)]

mod agreement;
mod bootstrap;
mod confusion;
mod counts;
mod decision;
mod error;
mod groups;
mod interval;
mod label;
mod pairwise;
mod permutation;
mod probability;
mod python_float;
mod ranking;
mod regression;
mod report;
mod report_text;
mod resample;
mod scores;
mod significance;
#[cfg(feature = "svg")]
pub mod svg;
mod weighted;

pub use agreement::{Measurement, fleiss_kappa, krippendorff_alpha};
pub use bootstrap::{BootstrapOptions, bootstrap, bootstrap_counts, take_rows};
pub use confusion::ConfusionMatrix;
pub use counts::MultiLabel;
pub use decision::*;
pub use error::{Error, Result};
pub use groups::{Gap, GroupReport, GroupReports, group_reports};
pub use interval::{ConfidenceInterval, IntervalMethod};
pub use label::Label;
pub use permutation::{
    Alternative, PermutationOptions, PermutationTest, paired_permutation_test, sign_flip_test,
};
pub use probability::*;
pub use ranking::*;
pub use regression::{mean_absolute_error, mean_squared_error, pearson_r, r2_score};
pub use report::{
    ClassRow, ClassificationReport, ReportOptions, classification_report, multilabel_report,
};
pub use scores::{Score, UndefinedMetric, ZeroDivision, accuracy_score};
pub use significance::{McNemar, PairedBootstrap, mcnemar, mcnemar_test, paired_bootstrap};
