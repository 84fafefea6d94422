//! From scores to decisions: calibration, thresholds, abstention.

mod calibration;
mod confidence;
mod risk_coverage;
mod temperature;
mod threshold;

pub use calibration::{
    Bins, ReliabilityBin, ReliabilityCurve, expected_calibration_error, reliability_curve,
};
pub use confidence::{TopLabel, top_label};
pub use risk_coverage::{CoveragePoint, RiskCoverageCurve, risk_coverage_curve};
pub use temperature::{TemperatureScaling, fit_temperature};
pub use threshold::{
    OperatingPoint, best_f_beta_threshold, threshold_at_precision, threshold_at_recall,
};
