//! What repeated best responses do: E is answered by F = o·E + p, that by the next E.

use crate::{Equilibrium, Error, Result};

/// The best response g(E) = A + G/(o·E + p): a Möbius map with trace S and determinant −o·G.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dynamics {
    autonomous: f64,
    pull: f64,
    slope: f64,
    baseline: f64,
    regime: Regime,
}

/// What all orbits have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Regime {
    /// Orbits settle: from every start but the unstable root and the pole's countably many preimages.
    Settling {
        /// The limit.
        limit: f64,
        /// What separates from it, if there are two roots.
        threshold: Option<f64>,
        /// λ, the factor of each step.
        multiplier: f64,
    },
    /// λ = −1: every orbit has period 2.
    Flipping,
    /// A fold: approached from one side, an error of about 1/t.
    Parabolic {
        /// The limit.
        limit: f64,
    },
    /// No equilibrium: orbits turn by 2φ a step and never settle.
    Rotating {
        /// cos φ = S/(2·√(−o·G)).
        cos_phi: f64,
    },
    /// Feedback is 0 throughout: there is no response.
    Undefined,
}

/// A run of responses.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// E before each step and after the last.
    pub values: Vec<f64>,
    /// The step at which F was 0, where the run ends.
    pub pole_at: Option<usize>,
}

impl Dynamics {
    /// The dynamics around an answer.
    ///
    /// ```
    /// use tunewise_cost::{Dynamics, Inputs, Regime, solve};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let dynamics = Dynamics::of(&solve(&Inputs::default())?);
    /// assert!(matches!(dynamics.regime(), Regime::Settling { limit: 0.0, .. }));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of(answer: &Equilibrium) -> Self {
        let feedback = &answer.inputs.feedback;
        Self {
            autonomous: answer.autonomous,
            pull: answer.pull,
            slope: feedback.per_effectiveness,
            baseline: feedback.baseline,
            regime: regime(answer),
        }
    }

    /// What all orbits have in common.
    ///
    /// # Formula
    /// By Δ and S: Δ > 0 settles (S ≠ 0) or flips (S = 0), Δ = 0 is parabolic, Δ < 0 rotates: the classes of the
    /// Möbius map g with trace S and determinant −o·G.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Dynamics, Regime, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let regime = Dynamics::of(&answer).regime();
    /// assert_eq!(regime, Regime::Settling { limit: 1.0, threshold: Some(-4.0), multiplier: -0.25 });
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// g(E) = A + G/(o·E + p); none at the pole, where F is 0.
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Parameter, Dynamics, solve};
    ///
    /// // A = 0, G = 4, o = 1, p = 3: F² - 3F - 4 = 0, so F is 4 or -1.
    /// let answer = solve(
    ///     &Inputs::default()
    ///         .with(Parameter::WeightD, 1.0)
    ///         .with(Parameter::PromotionFixed, 4.0)
    ///         .with(Parameter::FeedbackSlope, 1.0)
    ///         .with(Parameter::FeedbackBaseline, 3.0),
    /// )?;
    /// let dynamics = Dynamics::of(&answer);
    /// assert_eq!(dynamics.best_response(1.0), Some(1.0)); // the equilibrium answers itself
    /// assert_eq!(dynamics.best_response(-1.0), Some(2.0)); // 0 + 4/(-1 + 3)
    /// assert_eq!(dynamics.best_response(-3.0), None); // F = 0
    /// # Ok::<(), tunewise_cost::Error>(())
    /// ```
    #[must_use]
    pub fn best_response(&self, effectiveness: f64) -> Option<f64> {
        let feedback = self.slope * effectiveness + self.baseline;
        (feedback != 0.0).then(|| self.autonomous + self.pull / feedback)
    }

    /// `steps` damped responses E ← (1 − θ)·E + θ·g(E); θ = 1 is the best response itself.
    ///
    /// Damping makes the multiplier 1 − θ·(1 − λ): a small θ settles where λ < −1 would not.
    ///
    /// # Errors
    /// [`Error::Damping`] unless 0 < θ ≤ 1; [`Error::Target`] if the start is not finite.
    ///
    /// ```
    /// use tunewise_cost::{Dynamics, Inputs, Parameter, solve};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let answer = solve(&Inputs::default().with(Parameter::WeightA, 8.0))?;
    /// let run = Dynamics::of(&answer).simulate(0.0, 0.5, 2)?;
    /// assert_eq!(run.values, [0.0, 4.0, 6.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn simulate(&self, start: f64, theta: f64, steps: usize) -> Result<Trajectory> {
        if !(theta > 0.0 && theta <= 1.0) {
            return Err(Error::Damping { value: theta });
        }
        if !start.is_finite() {
            return Err(Error::Target { value: start });
        }
        let mut values = vec![start];
        let mut now = start;
        for step in 0..steps {
            let Some(response) = self.best_response(now) else {
                return Ok(Trajectory { values, pole_at: Some(step) });
            };
            now = if theta == 1.0 { response } else { now + theta * (response - now) };
            values.push(now);
        }
        Ok(Trajectory { values, pole_at: None })
    }

    /// E after `steps` undamped responses, in closed form; none where the run meets the pole or there
    /// is no response.
    ///
    /// # Formula
    /// gᵗ is the Möbius map of Mᵗ, M = [[oA, Ap + G], [o, p]]: with the eigenvalues F_s, F_u and
    /// λ = F_u/F_s, Mᵗ ∝ uₜ·M − F_u·uₜ₋₁·I, uₜ = (1 − λᵗ)/(1 − λ) (t at a fold). Equivalent to the
    /// cross-ratio (E_t − E_s)/(E_t − E_u) = λᵗ·(E_0 − E_s)/(E_0 − E_u).
    ///
    /// ```
    /// use tunewise_cost::{Dynamics, Inputs, Parameter, solve};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let answer = solve(&Inputs::default().with(Parameter::WeightA, 8.0))?;
    /// assert_eq!(Dynamics::of(&answer).after(0.0, 3), Some(8.0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn after(&self, start: f64, steps: u32) -> Option<f64> {
        if steps == 0 {
            return Some(start);
        }
        let sum = self.slope * self.autonomous + self.baseline;
        let product = self.slope * self.pull;
        let (now, before) = self.powers(sum, product, steps)?;
        let constant = self.autonomous * self.baseline + self.pull;
        let top = (self.slope * self.autonomous * now - before) * start + constant * now;
        let bottom = self.slope * now * start + (self.baseline * now - before);
        Some(top / bottom).filter(|value| value.is_finite())
    }

    /// uₜ and F_u·uₜ₋₁, or the same with sines where the eigenvalues are complex.
    fn powers(&self, sum: f64, product: f64, steps: u32) -> Option<(f64, f64)> {
        let steps = f64::from(steps);
        let discriminant = sum * sum + 4.0 * product;
        if let Regime::Rotating { cos_phi } = self.regime {
            let phi = cos_phi.acos();
            let size = (-product).sqrt();
            return Some((
                (steps * phi).sin() / phi.sin(),
                size * ((steps - 1.0) * phi).sin() / phi.sin(),
            ));
        }
        let dominant = (sum + discriminant.max(0.0).sqrt().copysign(sum)) / 2.0;
        if dominant == 0.0 {
            return None;
        }
        let other = -product / dominant;
        let lambda = other / dominant;
        if matches!(self.regime, Regime::Parabolic { .. }) || lambda == 1.0 {
            return Some((steps, dominant * (steps - 1.0)));
        }
        let series = |steps: f64| (1.0 - lambda.powf(steps)) / (1.0 - lambda);
        let series =
            |steps: f64| if lambda < 0.0 { alternating(lambda, steps) } else { series(steps) };
        Some((series(steps), other * series(steps - 1.0)))
    }

    /// How many undamped responses bring E within `tolerance`, relative to the limit; none if it is
    /// not reached in `most` steps.
    ///
    /// # Formula
    /// The smallest t with |gᵗ(E₀) − E| ≤ tolerance·|E|; about ln tolerance/ln |λ|.
    ///
    /// ```
    /// use tunewise_cost::{Dynamics, Inputs, Parameter, solve};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let answer = solve(&Inputs::default().with(Parameter::WeightA, 8.0))?;
    /// assert_eq!(Dynamics::of(&answer).steps_to(1e-9, 0.0, 10), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn steps_to(&self, tolerance: f64, start: f64, most: usize) -> Option<usize> {
        let limit = match self.regime {
            Regime::Settling { limit, .. } | Regime::Parabolic { limit } => limit,
            Regime::Flipping | Regime::Rotating { .. } | Regime::Undefined => return None,
        };
        let mut now = start;
        for step in 0..=most {
            if (now - limit).abs() <= tolerance * limit.abs() {
                return Some(step);
            }
            now = self.best_response(now)?;
        }
        None
    }
}

/// (1 − λᵗ)/(1 − λ) for λ < 0, where a power of a negative number needs a whole exponent.
fn alternating(lambda: f64, steps: f64) -> f64 {
    let size = (-lambda).powf(steps);
    let power = if steps % 2.0 == 0.0 { size } else { -size };
    (1.0 - power) / (1.0 - lambda)
}

fn regime(answer: &Equilibrium) -> Regime {
    use crate::Status;

    let stable = answer.roots().find(|root| root.stability.is_stable());
    match (answer.status, stable, answer.upper) {
        (Status::Singular | Status::Degenerate, ..) => Regime::Undefined,
        (Status::NoReal, ..) => {
            let size = (-answer.inputs.feedback.per_effectiveness * answer.pull).sqrt();
            Regime::Rotating { cos_phi: answer.feedback_sum / (2.0 * size) }
        }
        (Status::Fold, _, Some(root)) => Regime::Parabolic { limit: root.effectiveness },
        (_, Some(stable), _) => {
            let threshold = answer.roots().find(|root| root.branch != stable.branch);
            Regime::Settling {
                limit: stable.effectiveness,
                threshold: threshold.map(|root| root.effectiveness),
                multiplier: stable.multiplier,
            }
        }
        (_, None, _) => Regime::Flipping,
    }
}
