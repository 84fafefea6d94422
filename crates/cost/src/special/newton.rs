//! Newton's method on a log-probability, which inverts every law here.

/// Probability of the side solved for, and its slope in the log of the variable.
pub(super) struct Side {
    /// The tail probability at this point.
    pub(super) probability: f64,
    /// Its derivative in `s`, with its sign.
    pub(super) slope: f64,
}

const STEPS: usize = 200;

/// Finds the `x > 0` with `side(x).probability = target`, from `start`.
///
/// The variable stepped in is `s = ln x` (or a log-odds that the caller hides in `x`). Each law used here
/// has a log-concave density in `s`, so the log of either tail is concave, and Newton's method on it
/// converges from any start without a bracket.
pub(super) fn invert_log(start: f64, target: f64, side: impl Fn(f64) -> Side) -> f64 {
    let log_target = target.ln();
    let mut x = start;
    for _ in 0..STEPS {
        let Side { probability, slope } = side(x);
        let step = if probability > 0.0 {
            // Near the root ln(probability/target) loses digits that the difference keeps.
            let gap = (probability - target) / target;
            let log_gap = if gap.abs() < 0.5 { gap.ln_1p() } else { probability.ln() - log_target };
            -log_gap * probability / slope
        } else {
            slope.signum()
        };
        if !step.is_finite() {
            return x;
        }
        // A tail that underflowed has no slope: walk back towards where there is probability.
        let step = step.clamp(-40.0, 40.0);
        x *= step.exp();
        if step.abs() <= 2.0 * f64::EPSILON {
            break;
        }
    }
    x
}
