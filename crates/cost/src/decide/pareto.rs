//! Trade-offs: what no other point beats, and what a front is worth. All objectives are minimised.
//!
//! ```
//! use tunewise_cost::decide::pareto::{front, hypervolume};
//!
//! # fn main() -> Result<(), tunewise_cost::decide::DecideError> {
//! let plans = vec![vec![1.0, 3.0], vec![2.0, 1.0], vec![2.0, 4.0]];
//! assert_eq!(front(&plans)?, [0, 1]);
//! assert_eq!(hypervolume(&plans, &[4.0, 4.0])?, 3.0 + 6.0 - 2.0);
//! # Ok(())
//! # }
//! ```

mod dominance;
mod explore;
mod hypervolume;
mod plans;

pub use dominance::{crowding, dominates, front, ranks};
pub use explore::{Explored, Search, explore};
pub use hypervolume::hypervolume;
pub use plans::{Front, Objective, Planner, Plans};

use super::DecideError;

/// Checks that all points have so many objectives and none is NaN.
fn check(points: &[Vec<f64>], expected: usize) -> Result<(), DecideError> {
    for (point, objectives) in points.iter().enumerate() {
        let got = objectives.len();
        if got != expected {
            return Err(DecideError::Shape { point, got, expected });
        }
        if let Some(objective) = objectives.iter().position(|value| value.is_nan()) {
            return Err(DecideError::Objective { point, objective, value: f64::NAN });
        }
    }
    Ok(())
}
