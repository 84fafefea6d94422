//! What a fit says about a new row.

use super::{FitError, LinearFit, Result};
use crate::special::t_quantile;

/// An interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    pub(super) fn around(center: f64, half: f64) -> Self {
        Self { low: center - half, high: center + half }
    }
}

/// The response at given predictors.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Prediction {
    /// The fitted mean.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Where the mean lies, at the confidence asked for.
    pub confidence: Interval,
    /// Where one new observation of weight 1 lies.
    pub prediction: Interval,
}

/// A point of a fitted line.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FitPoint {
    /// The predictor.
    pub x: f64,
    /// The response there.
    pub response: Prediction,
}

impl LinearFit {
    /// The fitted line of one predictor with its intervals, at `count` points over the data's range.
    ///
    /// # Formula
    /// As [`predict`](Self::predict), at equal steps from the smallest to the largest value.
    ///
    /// ```
    /// use tunewise_cost::calibrate::annotation;
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let fit = annotation(&[1e3, 2e3, 4e3], &[520.0, 610.0, 850.0])?;
    /// let line = fit.line(31, 0.95)?;
    /// assert_eq!((line[0].x, line[30].x), (1e3, 4e3));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`FitError::PredictionShape`] unless there is exactly one predictor, [`FitError::Confidence`] if
    /// it is not between 0 and 1.
    pub fn line(&self, count: usize, confidence: f64) -> Result<Vec<FitPoint>> {
        let [values] = &self.predictors[..] else {
            let expected = self.predictors.len();
            return Err(FitError::PredictionShape { got: 1, expected });
        };
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let last = count.saturating_sub(1).max(1) as f64;
        let point = |step: usize| {
            let along = step as f64 / last;
            let x = if along == 1.0 { high } else { low + (high - low) * along };
            Ok(FitPoint { x, response: self.predict(&[x], confidence)? })
        };
        (0..count).map(point).collect()
    }

    /// The mean response at a point, with its confidence and prediction intervals.
    ///
    /// # Formula
    /// x₀β ± t·σ·√h₀ and x₀β ± t·σ·√(1 + h₀) with h₀ = x₀ᵀ(XᵀWX)⁻¹x₀: statsmodels' `get_prediction`.
    ///
    /// ```
    /// use tunewise_cost::calibrate::annotation;
    ///
    /// # fn main() -> Result<(), tunewise_cost::calibrate::FitError> {
    /// let fit = annotation(&[1e3, 2e3, 4e3], &[520.0, 610.0, 850.0])?;
    /// let at = fit.predict(&[3e3], 0.95)?;
    /// assert!(at.prediction.high > at.confidence.high && at.confidence.high > at.mean);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the point has not one value a predictor, or the confidence is not between 0 and 1.
    pub fn predict(&self, point: &[f64], confidence: f64) -> Result<Prediction> {
        let expected = self.predictors.len();
        if point.len() != expected {
            return Err(FitError::PredictionShape { got: point.len(), expected });
        }
        let t = t_critical(confidence, self.df_residual() as f64)?;
        let slopes = self.coefficients().iter().skip(usize::from(self.intercept));
        let mean = slopes.zip(point).map(|(slope, x)| slope * x).sum::<f64>() + self.intercept();
        let share = self.solved.leverage_of(point);
        let sigma = self.residual_standard_error();
        let standard_error = sigma * share.sqrt();
        Ok(Prediction {
            mean,
            standard_error,
            confidence: Interval::around(mean, t * standard_error),
            prediction: Interval::around(mean, t * sigma * (1.0 + share).sqrt()),
        })
    }
}

/// The two-sided critical t.
pub(super) fn t_critical(confidence: f64, df: f64) -> Result<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return Err(FitError::Confidence { value: confidence });
    }
    Ok(-t_quantile((1.0 - confidence) / 2.0, df))
}
