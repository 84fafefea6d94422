//! The learning rate as a function of the optimizer step.

/// Rises linearly from 0 over the warm-up, then falls linearly to 0 at the last step.
///
/// # Formula
/// ```text
/// rate(s) = peak * s / max(1, W)                     for s < W
/// rate(s) = peak * max(0, (T - s) / max(1, T - W))   otherwise
/// ```
/// where `s` counts optimizer steps from 0, `W` is the warm-up and `T` the total.
///
/// # Reference
/// `transformers.get_linear_schedule_with_warmup`.
///
/// ```
/// use tunewise_bert::train::LinearSchedule;
///
/// let schedule = LinearSchedule::new(1e-3, 3.0, 12);
/// assert_eq!(schedule.learning_rate(0), 0.0);
/// assert_eq!(schedule.learning_rate(3), 1e-3);
/// assert_eq!(schedule.learning_rate(12), 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearSchedule {
    peak: f64,
    warmup_steps: u64,
    total_steps: u64,
}

impl LinearSchedule {
    /// `warmup_steps` below 1 is a share of `total_steps`, rounded up.
    #[must_use]
    pub fn new(peak: f64, warmup_steps: f64, total_steps: u64) -> Self {
        let warmup =
            if warmup_steps < 1.0 { warmup_steps * total_steps as f64 } else { warmup_steps };
        Self { peak, warmup_steps: warmup.ceil() as u64, total_steps }
    }

    /// The rate of optimizer step `step`, counted from 0.
    #[must_use]
    pub fn learning_rate(&self, step: u64) -> f64 {
        let (warmup, total) = (self.warmup_steps, self.total_steps);
        let factor = if step < warmup {
            step as f64 / warmup.max(1) as f64
        } else {
            total.saturating_sub(step) as f64 / total.saturating_sub(warmup).max(1) as f64
        };
        self.peak * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warmup_below_one_is_a_share_rounded_up() {
        assert_eq!(LinearSchedule::new(1.0, 0.1, 95), LinearSchedule::new(1.0, 10.0, 95));
        assert_eq!(LinearSchedule::new(1.0, 0.0, 95).warmup_steps, 0);
    }

    #[test]
    fn a_warmup_longer_than_the_run_never_divides_by_zero() {
        let schedule = LinearSchedule::new(1.0, 20.0, 10);
        assert_eq!(schedule.learning_rate(9), 0.45);
        assert_eq!(schedule.learning_rate(30), 0.0);
    }
}
