//! The best data volume, model size and promotion for a budget and a deadline.

mod kkt;
mod line;
mod report;
mod search;
mod space;

pub use kkt::{Binding, Kkt};
pub use report::AllocationReport;
use search::best_plan;
use space::Space;

use super::DecideError;
use crate::{Equilibrium, Inputs, Model, Parameter, Range};

/// Money and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// What annotation, promotion and training may cost together, currency.
    pub cost: f64,
    /// What training may take, hours; infinite if there is no deadline.
    pub deadline: f64,
    /// The price of an hour of training, currency per hour.
    pub rate: f64,
}

/// Between what the plan is free, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// D, samples; above 0.
    pub data_volume: [f64; 2],
    /// P, parameters; above 0.
    pub param_count: [f64; 2],
    /// n2, promotion, currency.
    pub promotion_fixed: [f64; 2],
}

impl Bounds {
    /// The ranges given, and for D, P and n2 without one what the scenario has.
    ///
    /// ```
    /// use tunewise_cost::decide::Bounds;
    /// use tunewise_cost::{Inputs, Parameter, Range};
    ///
    /// let range = Range { parameter: Parameter::DataVolume, low: 5.0, high: 9.0 };
    /// let bounds = Bounds::of(&Inputs::default(), &[range])?;
    /// assert_eq!((bounds.data_volume, bounds.param_count), ([5.0, 9.0], [1.0, 1.0]));
    /// let other = Range { parameter: Parameter::WeightA, ..range };
    /// assert!(Bounds::of(&Inputs::default(), &[other]).is_err());
    /// # Ok::<(), tunewise_cost::decide::DecideError>(())
    /// ```
    ///
    /// # Errors
    /// [`DecideError::NotFree`] for a range of another input.
    pub fn of(inputs: &Inputs, ranges: &[Range]) -> Result<Self, DecideError> {
        let free = [Parameter::DataVolume, Parameter::ParamCount, Parameter::PromotionFixed];
        if let Some(range) = ranges.iter().find(|range| !free.contains(&range.parameter)) {
            return Err(DecideError::NotFree { parameter: range.parameter });
        }
        let [data_volume, param_count, promotion_fixed] = free.map(|parameter| {
            let named = ranges.iter().find(|range| range.parameter == parameter);
            let value = inputs.get(parameter);
            named.map_or([value, value], |range| [range.low, range.high])
        });
        Ok(Self { data_volume, param_count, promotion_fixed })
    }
}

/// The answer to a budget.
#[derive(Debug, Clone, PartialEq)]
pub enum Allocation {
    /// The best plan.
    Optimal(Box<Plan>),
    /// No plan within the bounds fits.
    Infeasible(Shortfall),
}

/// What would do where nothing fits.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Shortfall {
    /// The smallest budget that a plan within the bounds and the deadline needs; none if none meets
    /// the deadline.
    pub smallest_budget: Option<f64>,
    /// The time of the fastest plan within the bounds, hours.
    pub shortest_time: f64,
}

/// A plan and why it is the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The inputs with the plan's D, P and n2.
    pub inputs: Inputs,
    /// E at the plan.
    pub effectiveness: f64,
    /// Its equilibrium.
    pub equilibrium: Equilibrium,
    /// C + M + rate·T, currency.
    pub cost: f64,
    /// What is left of the budget.
    pub slack: f64,
    /// Multipliers and what binds.
    pub kkt: Kkt,
}

/// The plan with the largest effectiveness within a budget, a deadline and bounds.
///
/// # Formula
/// max E(D, P, n2) subject to k1·D + k2 + n1·x + n2 + rate·(l·P + m) ≤ cost, l·P + m ≤ deadline and the
/// bounds. E is not concave (its Hessian in (A, G) is a saddle), so the search is global: n2 takes all
/// that is left for d > 0 and nothing otherwise, since ∂E/∂n2 has d's sign; what remains is searched on
/// a grid in (D, P) whose D-axis ends where the money does, and the best cells are refined by golden
/// sections.
///
/// ```
/// use tunewise_cost::decide::{Allocation, Bounds, Budget, allocate};
/// use tunewise_cost::{Inputs, Model};
///
/// # fn main() -> Result<(), tunewise_cost::decide::DecideError> {
/// let mut inputs = Inputs::default();
/// inputs.weights.training_effect = 1e5;
/// inputs.annotation.per_sample = 0.1;
/// let budget = Budget { cost: 2000.0, deadline: f64::INFINITY, rate: 0.0 };
/// let bounds = Bounds {
///     data_volume: [1e3, 1e6],
///     param_count: [1e8, 1e9],
///     promotion_fixed: [0.0, 0.0],
/// };
/// let Allocation::Optimal(plan) = allocate(&Model::default(), &inputs, &budget, &bounds)? else {
///     return Ok(());
/// };
/// assert!((plan.inputs.data_volume - 20_000.0).abs() < 1e-6); // all money to data
/// assert_eq!(plan.inputs.param_count, 1e8); // the ratio D/P rewards the smallest model
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// For bad inputs, bounds that are not ordered and finite, a price below 0 (k1, n1, l or the rate: the
/// cost must not fall with D), or if no plan has an admissible equilibrium.
pub fn allocate(
    model: &Model,
    inputs: &Inputs,
    budget: &Budget,
    bounds: &Bounds,
) -> Result<Allocation, DecideError> {
    let space = Space::new(model, inputs, budget, bounds)?;
    match space.shortfall() {
        Some(shortfall) => Ok(Allocation::Infeasible(shortfall)),
        None => best_plan(&space).map(|plan| Allocation::Optimal(Box::new(plan))),
    }
}
