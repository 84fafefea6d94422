//! Statistics of samples: compensated moments, quantiles, tail means, one sample against another.

mod binned;
mod bootstrap;
mod moments;
mod quantiles;
mod superiority;
mod sweep;
mod tail;

pub use bootstrap::{
    BootstrapEstimate, BootstrapOptions, Interval, Jackknife, bootstrap, jackknife,
};
pub use moments::{Moments, mean, variance};
pub use quantiles::{QuantileKind, quantile, quantiles};
pub use superiority::{Superiority, superiority};
pub use tail::{conditional_value_at_risk, exceedance};

pub(crate) use binned::{order_statistics, place_quantiles};
pub(crate) use quantiles::check_probability;
pub(crate) use superiority::rank_superiority;
pub(crate) use sweep::{Central, all_finite, extremes};
pub(crate) use tail::mean_up_to;

use crate::{Error, Result};

/// Checks that a sample has at least `least` values, all finite.
pub(crate) fn check_sample(statistic: &'static str, values: &[f64], least: usize) -> Result<()> {
    if values.len() < least {
        let rule = if least < 2 { "at least 1" } else { "at least 2" };
        return Err(Error::Sample { statistic, len: values.len(), rule });
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => {
            let value = values.get(index).copied().unwrap_or(f64::NAN);
            Err(Error::SampleValue { statistic, index, value })
        }
    }
}
