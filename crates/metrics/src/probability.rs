//! Scores of probabilities and of rankings of rows, as scikit-learn defines them.

mod average_precision;
mod brier;
pub(crate) mod classes;
mod columns;
mod curves;
mod log_loss;
pub(crate) mod matrix;
mod roc_auc;
mod roc_auc_classes;
pub(crate) mod steps;
mod top_k;
mod warning;

pub use average_precision::{
    average_precision_classes, average_precision_multilabel, average_precision_score,
};
pub use brier::{BrierScale, brier_score_loss};
pub use classes::{ClassOptions, Reduction, positives};
pub use columns::ScoreAverage;
pub use curves::{
    CurvePoints, DetCurve, PrecisionRecallCurve, RocCurve, auc, det_curve, precision_recall_curve,
    roc_curve,
};
pub use log_loss::log_loss;
pub use matrix::Scores;
pub use roc_auc::{RocAucOptions, roc_auc_score};
pub use roc_auc_classes::{MultiClass, roc_auc_multiclass, roc_auc_multilabel, roc_auc_per_class};
pub use top_k::{TopK, top_k_accuracy_score};
pub use warning::{Warned, Warning};
