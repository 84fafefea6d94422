//! Calibration: the model's constants from what was measured and paid.
//!
//! | what | by | function |
//! | --- | --- | --- |
//! | T = l·P + m | ordinary least squares | [`training_time`] |
//! | C = k1·D + k2 | ordinary least squares | [`annotation`] |
//! | M = n1·x + n2 | ordinary least squares | [`promotion`] |
//! | F = o·E + p | ordinary least squares; [`TwoStage`] where shocks move E and F together | [`feedback`] |
//! | a, b, c, d | least squares without an intercept | [`weights`] |
//! | a, b, c, d, o at once from E alone | the closed form's nonlinear least squares | [`ClosedLoop`] |
//! | T = e^α·P^β | least squares of logarithms | [`power_law`] |
//!
//! All linear fits are a [`Regression`], solved by Householder QR of centred, scaled columns and three
//! steps of refinement with compensated residuals: never by normal equations, which lose every digit of
//! a column with a large offset.

mod closed_loop;
mod diagnostics;
mod error;
mod factor;
mod fit_report;
mod goodness;
mod identify;
mod least_squares;
mod linear;
mod outliers;
mod power_law;
mod prediction;
mod profile;
mod regression;
mod relations;
mod robust;
mod two_stage;
mod twofold;

pub use closed_loop::{ClosedLoop, ClosedLoopFit, Observation};
pub use diagnostics::BreuschPagan;
pub use error::FitError;
pub use fit_report::{FitReport, TermReport};
pub use linear::LinearFit;
pub use outliers::{Outlier, ResidualReport};
pub use power_law::{PowerLawFit, TimeLaw, TimeLawComparison, compare_time_laws, power_law};
pub use prediction::{FitPoint, Interval, Prediction};
pub use regression::{Column, Regression};
pub use relations::{WeightColumns, annotation, feedback, promotion, training_time, weights};
pub use robust::{RobustCovariance, RobustKind};
pub use two_stage::{FirstStage, Sargan, TwoStage, TwoStageFit};

/// The result of a fit.
pub type Result<T, E = FitError> = std::result::Result<T, E>;

/// The name that the constant has in every fit.
pub const INTERCEPT: &str = "intercept";
