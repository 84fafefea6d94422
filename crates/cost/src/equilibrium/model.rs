//! Solving a scenario.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::answer::Equilibrium;
use super::roots::{Solution, solve_inputs};
use crate::{Error, Inputs, Result, TrainingEffect};

/// Which root is reported where there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RootPolicy {
    /// F₊ if it is above 0. Feedback divides a cost, so only a positive one makes sense; F₊ is
    /// smooth in every input, equals the stable root for S > 0, and for p > 0 is the branch that
    /// o → 0 continues.
    #[default]
    Economic,
    /// The larger |F|, where repeated best responses settle.
    Stable,
    /// F₊ whatever its sign.
    Plus,
    /// F₋ whatever its sign.
    Minus,
}

impl FromStr for RootPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "economic" => Ok(Self::Economic),
            "stable" => Ok(Self::Stable),
            "plus" => Ok(Self::Plus),
            "minus" => Ok(Self::Minus),
            _ => Err(Error::UnknownPolicy { name: text.to_owned() }),
        }
    }
}

/// How a scenario is solved. The default is the article's model.
///
/// ```
/// use tunewise_cost::{Inputs, Model, RootPolicy};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// let model = Model { policy: RootPolicy::Minus, ..Model::default() };
/// let mut inputs = Inputs::default();
/// inputs.feedback.per_effectiveness = 0.5;
/// inputs.weights.promotion = 4.0;
/// inputs.promotion.fixed = 1.0;
/// assert_eq!(model.solve(&inputs)?.feedback(), Some(-1.0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// The training effect's function.
    pub training_effect: TrainingEffect,
    /// Which root is selected.
    pub policy: RootPolicy,
}

/// The four terms of E, in units of effectiveness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contributions {
    /// a·x.
    pub training_effect: f64,
    /// b·T.
    pub training_time: f64,
    /// c·C.
    pub annotation_cost: f64,
    /// d·M/F.
    pub promotion: f64,
}

impl Model {
    /// The equilibrium in closed form, by the accurate path: E within 2 ulp, F within 1.
    ///
    /// No equilibrium is an answer with its [`Status`](crate::Status), not an error.
    ///
    /// # Formula
    /// F² − S·F − o·G = 0 with S = o·A + p, A = a·x + b·T + c·C, G = d·M; E = A + G/F.
    ///
    /// # Errors
    /// As [`Inputs::validate`].
    ///
    /// ```
    /// use tunewise_cost::{Inputs, Model, Status};
    ///
    /// # fn main() -> tunewise_cost::Result<()> {
    /// let answer = Model::default().solve(&Inputs::default())?;
    /// assert_eq!(answer.status, Status::OZero);
    /// assert_eq!(answer.effectiveness(), Some(0.0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn solve(&self, inputs: &Inputs) -> Result<Equilibrium> {
        inputs.validate()?;
        Ok(self.answer(inputs, solve_inputs(inputs, self.training_effect)))
    }

    fn answer(&self, inputs: &Inputs, solution: Solution) -> Equilibrium {
        let [upper, lower] = solution.roots;
        Equilibrium {
            inputs: *inputs,
            training_effect_kind: self.training_effect,
            policy: self.policy,
            status: solution.status,
            training_effect: solution.effect,
            annotation_cost: solution.annotation,
            training_time: solution.time,
            promotion_cost: solution.promotion,
            autonomous: solution.autonomous,
            pull: solution.pull,
            feedback_sum: solution.sum,
            discriminant: solution.discriminant,
            kappa: solution.kappa,
            margin: solution.margin,
            upper,
            lower,
        }
    }
}

/// E of inputs that are known to be valid; NaN without a selected root.
pub(crate) fn effectiveness_of(
    inputs: &Inputs,
    training_effect: TrainingEffect,
    policy: RootPolicy,
) -> f64 {
    let model = Model { training_effect, policy };
    let answer = model.answer(inputs, solve_inputs(inputs, training_effect));
    answer.effectiveness().unwrap_or(f64::NAN)
}

/// [`Model::solve`] with the article's model.
///
/// # Errors
/// As [`Inputs::validate`].
///
/// ```
/// use tunewise_cost::{Inputs, solve};
///
/// # fn main() -> tunewise_cost::Result<()> {
/// assert!(solve(&Inputs::default())?.is_admissible());
/// # Ok(())
/// # }
/// ```
pub fn solve(inputs: &Inputs) -> Result<Equilibrium> {
    Model::default().solve(inputs)
}
