//! Hours from hardware.

use super::ScalingError;
use super::error::positive;
use crate::TrainingTime;

/// Floating-point operations of training, a parameter and a token: 2 forward, 4 backward.
pub const FLOPS_PER_PARAM_TOKEN: f64 = 6.0;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// What trains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hardware {
    /// Devices.
    pub devices: f64,
    /// Peak floating-point operations a second, a device.
    pub peak_flops: f64,
    /// The share of the peak that is reached, MFU, in (0, 1].
    pub utilization: f64,
}

impl Hardware {
    /// T = l·P + m of a job with a fixed number of tokens: the article's law is exact for it, and l grows
    /// with the tokens, which the article leaves out.
    ///
    /// # Formula
    /// l = 6·tokens·epochs/(devices·peak·MFU·3600), m = 0; 6·P·D operations after Kaplan et al. (2020),
    /// MFU after Chowdhery et al. (2022), appendix B.
    ///
    /// ```
    /// use tunewise_cost::scaling::Hardware;
    ///
    /// # fn main() -> Result<(), tunewise_cost::scaling::ScalingError> {
    /// let gpu = Hardware { devices: 1.0, peak_flops: 1.5e13, utilization: 0.42 };
    /// // BERT-base on 50,000 reviews of 512 tokens, three epochs: 2.2 hours.
    /// let hours = gpu.training_time(50_000.0 * 512.0, 3.0)?.per_parameter * 110e6;
    /// assert!((hours - 2.23).abs() < 0.01);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a number is not finite and above 0, or the utilization above 1.
    pub fn training_time(&self, tokens: f64, epochs: f64) -> Result<TrainingTime, ScalingError> {
        if self.utilization > 1.0 {
            let (field, value) = ("utilization", self.utilization);
            return Err(ScalingError::Field { field, value, rule: "a share of at most 1" });
        }
        let speed = positive("devices", self.devices)?
            * positive("peak_flops", self.peak_flops)?
            * positive("utilization", self.utilization)?;
        let work =
            FLOPS_PER_PARAM_TOKEN * positive("tokens", tokens)? * positive("epochs", epochs)?;
        Ok(TrainingTime { per_parameter: work / (speed * SECONDS_PER_HOUR), fixed: 0.0 })
    }
}
