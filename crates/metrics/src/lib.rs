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
//! | `targets`, `label` | what is scored: [`Targets`] of any [`Label`], [`MultiLabel`] marks |
//! | `ids`, `joint`, `tally`, `counts`, `counted` | rows counted by class, in one pass |
//! | `streaming` | [`ReportAccumulator`], for data that comes in parts |
//! | `scores`, `jaccard`, `average` | precision, recall, F-beta, Jaccard, averaged every way |
//! | `accuracy` | accuracy, balanced accuracy, Hamming and zero-one loss |
//! | `confusion`, `one_vs_rest` | [`ConfusionMatrix`], [`multilabel_confusion_matrix`] |
//! | `correlation` | [`matthews_corrcoef`], [`cohen_kappa_score`] |
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

mod accuracy;
mod agreement;
mod average;
mod bootstrap;
mod confusion;
mod correlation;
mod counted;
mod counts;
mod decision;
mod error;
mod groups;
mod ids;
mod interval;
mod jaccard;
mod joint;
mod label;
mod label_warning;
mod one_vs_rest;
mod pairwise;
mod permutation;
mod probability;
mod python_float;
mod ranking;
mod regression;
mod report;
mod report_dict;
mod report_text;
mod resample;
mod scores;
mod significance;
mod streaming;
#[cfg(feature = "svg")]
pub mod svg;
mod tally;
mod targets;
mod weighted;

pub use accuracy::{Chance, accuracy_score, balanced_accuracy_score, hamming_loss, zero_one_loss};
pub use agreement::{Measurement, fleiss_kappa, krippendorff_alpha};
pub use average::{Average, ZeroDivision};
pub use bootstrap::{BootstrapOptions, bootstrap, bootstrap_counts, take_rows};
pub use confusion::{ConfusionMatrix, Normalize};
pub use correlation::{KappaOptions, KappaWeights, cohen_kappa_score, matthews_corrcoef};
pub use decision::*;
pub use error::{Error, Result};
pub use groups::{Gap, GroupReport, GroupReports, group_reports};
pub use interval::{ConfidenceInterval, IntervalMethod};
pub use jaccard::{jaccard_score, jaccard_scores};
pub use joint::Cell;
pub use label::Label;
pub use label_warning::{LabelWarning, Scored, UndefinedMetric};
pub use one_vs_rest::{Each, OneVsRest, OneVsRestOptions, multilabel_confusion_matrix};
pub use permutation::{
    Alternative, PermutationOptions, PermutationTest, paired_permutation_test, sign_flip_test,
};
pub use probability::*;
pub use ranking::*;
pub use regression::{mean_absolute_error, mean_squared_error, pearson_r, r2_score};
pub use report::{
    Alignment, ClassRow, ClassificationReport, ReportOptions, Score, classification_report,
    multilabel_report,
};
pub use scores::{
    FScore, ScoreOptions, average_precision_recall_fscore, f1_score, fbeta_score,
    precision_recall_fscore_support, precision_score, recall_score,
};
pub use significance::{McNemar, PairedBootstrap, mcnemar, mcnemar_test, paired_bootstrap};
pub use streaming::ReportAccumulator;
pub use targets::{MultiLabel, Targets, TargetsView};
