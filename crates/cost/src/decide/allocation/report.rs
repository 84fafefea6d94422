//! The answer to a budget as people and programs read it.

use serde::Serialize;

use super::{Allocation, Binding, Budget, Plan};
use crate::decide::DecideError;

/// What a budget brings. What does not exist is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AllocationReport {
    /// The budget, currency.
    pub budget: f64,
    /// The deadline, hours; none if there is none.
    pub deadline: Option<f64>,
    /// The price of an hour, currency.
    pub rate: f64,
    /// `optimal`, `infeasible` (nothing within the bounds fits) or `no_equilibrium` (what fits has
    /// none).
    pub status: &'static str,
    /// D of the best plan.
    pub data_volume: Option<f64>,
    /// P.
    pub param_count: Option<f64>,
    /// n2.
    pub promotion_fixed: Option<f64>,
    /// E.
    pub effectiveness: Option<f64>,
    /// F.
    pub feedback: Option<f64>,
    /// C, currency.
    pub annotation_cost: Option<f64>,
    /// M, currency.
    pub promotion_cost: Option<f64>,
    /// T, hours.
    pub training_time: Option<f64>,
    /// C + M + rate·T, currency.
    pub cost: Option<f64>,
    /// What is left of the budget.
    pub slack: Option<f64>,
    /// What one more unit of currency adds to E.
    pub shadow_price: Option<f64>,
    /// What one more hour before the deadline adds to E.
    pub deadline_price: Option<f64>,
    /// What binds.
    pub binding: Vec<Binding>,
    /// If infeasible: the smallest budget that a plan within bounds and deadline needs.
    pub smallest_budget: Option<f64>,
    /// If infeasible: the time of the fastest plan within the bounds, hours.
    pub shortest_time: Option<f64>,
}

impl AllocationReport {
    /// The report of what [`allocate`](crate::decide::allocate) says to a budget.
    ///
    /// ```
    /// use tunewise_cost::decide::{AllocationReport, Bounds, Budget, allocate};
    /// use tunewise_cost::{Inputs, Model};
    ///
    /// # fn main() -> Result<(), tunewise_cost::decide::DecideError> {
    /// let mut inputs = Inputs::default();
    /// inputs.annotation.per_sample = 0.1;
    /// let budget = Budget { cost: 50.0, deadline: f64::INFINITY, rate: 0.0 };
    /// let bounds =
    ///     Bounds { data_volume: [1e3, 1e6], param_count: [1.0, 1.0], promotion_fixed: [0.0, 0.0] };
    /// let answer = allocate(&Model::default(), &inputs, &budget, &bounds);
    /// let report = AllocationReport::new(&budget, answer)?;
    /// assert_eq!((report.status, report.smallest_budget), ("infeasible", Some(100.0)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every error of the answer but [`DecideError::NoEquilibrium`], which is a status.
    pub fn new(
        budget: &Budget,
        answer: Result<Allocation, DecideError>,
    ) -> Result<Self, DecideError> {
        let report = Self::empty(budget);
        match answer {
            Ok(Allocation::Optimal(plan)) => Ok(report.with_plan(&plan)),
            Ok(Allocation::Infeasible(shortfall)) => Ok(Self {
                status: "infeasible",
                smallest_budget: shortfall.smallest_budget,
                shortest_time: Some(shortfall.shortest_time),
                ..report
            }),
            Err(DecideError::NoEquilibrium) => Ok(report),
            Err(fault) => Err(fault),
        }
    }

    fn empty(budget: &Budget) -> Self {
        Self {
            budget: budget.cost,
            deadline: Some(budget.deadline).filter(|hours| hours.is_finite()),
            rate: budget.rate,
            status: "no_equilibrium",
            data_volume: None,
            param_count: None,
            promotion_fixed: None,
            effectiveness: None,
            feedback: None,
            annotation_cost: None,
            promotion_cost: None,
            training_time: None,
            cost: None,
            slack: None,
            shadow_price: None,
            deadline_price: None,
            binding: Vec::new(),
            smallest_budget: None,
            shortest_time: None,
        }
    }

    fn with_plan(self, plan: &Plan) -> Self {
        let (inputs, answer) = (&plan.inputs, &plan.equilibrium);
        Self {
            status: "optimal",
            data_volume: Some(inputs.data_volume),
            param_count: Some(inputs.param_count),
            promotion_fixed: Some(inputs.promotion.fixed),
            effectiveness: Some(plan.effectiveness),
            feedback: answer.feedback(),
            annotation_cost: Some(answer.annotation_cost),
            promotion_cost: Some(answer.promotion_cost),
            training_time: Some(answer.training_time),
            cost: Some(plan.cost),
            slack: Some(plan.slack),
            shadow_price: Some(plan.kkt.shadow_price),
            deadline_price: Some(plan.kkt.deadline_price),
            binding: plan.kkt.binding.clone(),
            ..self
        }
    }
}
