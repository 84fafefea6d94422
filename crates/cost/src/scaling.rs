//! Scaling laws: loss as a function of parameters and tokens, the best split of a compute budget, and
//! hours from hardware.
//!
//! ```
//! use tunewise_cost::scaling::ScalingLaw;
//!
//! let best = ScalingLaw::EPOCH_2024.optimum(5.76e23);
//! assert!((best.tokens / best.params - 18.4).abs() < 0.1); // the "20 tokens a parameter" rule
//! ```

mod error;
mod fit;
mod hardware;
mod law;

pub use error::ScalingError;
pub use fit::{HUBER_DELTA, LossRun, ScalingFit, fit_scaling_law, huber_objective};
pub use hardware::{FLOPS_PER_PARAM_TOKEN, Hardware};
pub use law::{EffectLaw, Optimum, ScalingLaw};
