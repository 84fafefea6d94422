//! What lies beyond a quantile or a threshold.

use super::quantiles::{QuantileKind, check_probability};
use super::{Moments, check_sample, place_quantiles};
use crate::{Error, Result};

/// The mean of the worst share of a sample: of the values at most the `share`-quantile (type 1).
///
/// # Formula
/// ```text
/// CVaR = mean{ x_i : x_i <= q }    where q is the type-1 quantile at `share`
/// ```
/// Where several values equal `q`, all of them count.
///
/// # Reference
/// R. T. Rockafellar and S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2 (2000)
/// 21-41, for the lower tail: effectiveness is better when larger.
///
/// # Errors
/// If the sample is empty or holds a number that is not finite, or `share` is not inside (0, 1].
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// let sample: Vec<f64> = (1..=100).map(f64::from).collect();
/// let worst = tunewise_cost::uncertainty::statistics::conditional_value_at_risk(&sample, 0.05)?;
/// assert_eq!(worst, 3.0);
/// # Ok(())
/// # }
/// ```
pub fn conditional_value_at_risk(sample: &[f64], share: f64) -> Result<f64> {
    check_sample("conditional value at risk", sample, 1)?;
    check_probability(share)?;
    if share == 0.0 {
        return Err(Error::Field { field: "share", value: share, rule: "a number above 0" });
    }
    let quantile = place_quantiles(sample, &[share], QuantileKind::Type1);
    Ok(mean_up_to(sample, quantile.first().copied().unwrap_or(f64::NAN)))
}

/// The mean of the values up to a quantile.
pub(crate) fn mean_up_to(sample: &[f64], quantile: f64) -> f64 {
    sample.iter().copied().filter(|&value| value <= quantile).collect::<Moments>().mean()
}

/// The share of a sample above a threshold.
///
/// # Formula
/// #{x > t}/n.
///
/// # Errors
/// If the sample is empty or holds a number that is not finite.
///
/// ```
/// # fn main() -> tunewise_cost::Result<()> {
/// let share = tunewise_cost::uncertainty::statistics::exceedance(&[1.0, 2.0, 3.0, 4.0], 3.0)?;
/// assert_eq!(share, 0.25);
/// # Ok(())
/// # }
/// ```
pub fn exceedance(sample: &[f64], threshold: f64) -> Result<f64> {
    check_sample("exceedance", sample, 1)?;
    let above = sample.iter().filter(|&&value| value > threshold).count();
    Ok(above as f64 / sample.len() as f64)
}
