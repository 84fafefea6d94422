//! What is feasible, and E on it.

use super::line::maximum;
use super::{Bounds, Budget, DecideError, Shortfall};
use crate::{Equilibrium, Inputs, Model};

/// Halvings of a bracket in ln D: past what an f64 resolves.
const HALVINGS: usize = 100;

/// A checked problem.
pub(super) struct Space<'a> {
    pub(super) model: &'a Model,
    inputs: &'a Inputs,
    pub(super) budget: &'a Budget,
    pub(super) bounds: &'a Bounds,
    /// P's bounds as the deadline leaves them.
    pub(super) params: [f64; 2],
}

impl<'a> Space<'a> {
    pub(super) fn new(
        model: &'a Model,
        inputs: &'a Inputs,
        budget: &'a Budget,
        bounds: &'a Bounds,
    ) -> Result<Self, DecideError> {
        inputs.validate()?;
        bounds.check()?;
        let field = |field, value, rule| Err(DecideError::Field { field, value, rule });
        if !budget.cost.is_finite() {
            return field("budget", budget.cost, "a finite number");
        }
        if budget.deadline.is_nan() {
            return field("deadline", budget.deadline, "a number of hours");
        }
        let prices = [
            ("rate", budget.rate),
            ("annotation.per_sample", inputs.annotation.per_sample),
            ("promotion.per_training_effect", inputs.promotion.per_training_effect),
            ("training_time.per_parameter", inputs.training_time.per_parameter),
        ];
        let bad = prices.into_iter().find(|(_, price)| !(price.is_finite() && *price >= 0.0));
        if let Some((name, price)) = bad {
            return field(name, price, "a finite price of at least 0");
        }
        let [low, high] = bounds.param_count;
        let time = &inputs.training_time;
        let fastest = time.per_parameter * low + time.fixed;
        let largest = (budget.deadline - time.fixed) / time.per_parameter;
        // A model as small as the bound that just meets the deadline keeps its exact size.
        let high = if fastest <= budget.deadline { high.min(largest.max(low)) } else { f64::NAN };
        Ok(Self { model, inputs, budget, bounds, params: [low, high] })
    }

    /// What would do, if nothing fits.
    pub(super) fn shortfall(&self) -> Option<Shortfall> {
        let [low, high] = self.params;
        let shortest_time =
            self.inputs.training_time.per_parameter * low + self.inputs.training_time.fixed;
        if high.is_nan() {
            return Some(Shortfall { smallest_budget: None, shortest_time });
        }
        let cheapest = |log_params: f64| -self.least_cost(exp_within(log_params, self.params));
        let ends = [low.ln(), high.ln()];
        let best = maximum(&cheapest, ends);
        let smallest = -best.value;
        // A plan at the bound itself counts as fitting its own cost.
        let allowed = self.budget.cost + 1e-12 * self.budget.cost.abs();
        (smallest > allowed).then_some(Shortfall { smallest_budget: Some(smallest), shortest_time })
    }

    /// What the smallest plan of a model size costs.
    fn least_cost(&self, params: f64) -> f64 {
        let ([data, _], [promotion, _]) = (self.bounds.data_volume, self.bounds.promotion_fixed);
        self.cost(&self.at([data, params, promotion]))
    }

    /// The largest D that the budget leaves at a model size; none if not even the smallest.
    pub(super) fn most_data(&self, params: f64) -> Option<f64> {
        let [low, high] = self.bounds.data_volume;
        let [promotion, _] = self.bounds.promotion_fixed;
        let fits = |data: f64| self.cost(&self.at([data, params, promotion])) <= self.budget.cost;
        if fits(high) {
            return Some(high);
        }
        if !fits(low) {
            // Rounding at the edge of what is feasible.
            let allowed = self.budget.cost + 1e-12 * self.budget.cost.abs();
            return (self.least_cost(params) <= allowed).then_some(low);
        }
        let (mut inside, mut outside) = (low, high);
        for _ in 0..HALVINGS {
            let middle = (inside * outside).sqrt();
            if middle <= inside || middle >= outside {
                break;
            }
            if fits(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Some(inside)
    }

    /// The plan at (D, P) with the best n2 that the budget leaves.
    pub(super) fn plan(&self, data: f64, params: f64) -> Inputs {
        let [low, high] = self.bounds.promotion_fixed;
        let bare = self.at([data, params, low]);
        if self.inputs.weights.promotion <= 0.0 {
            return bare;
        }
        let left = self.budget.cost - self.cost(&bare);
        self.at([data, params, (low + left.max(0.0)).min(high)])
    }

    /// E of a plan; −∞ without an admissible equilibrium.
    pub(super) fn effectiveness(&self, plan: &Inputs) -> f64 {
        let admissible = |answer: Equilibrium| answer.effectiveness();
        self.model.solve(plan).ok().and_then(admissible).unwrap_or(f64::NEG_INFINITY)
    }

    pub(super) fn cost(&self, plan: &Inputs) -> f64 {
        let x = self.model.training_effect.at(plan).value;
        let annotation = plan.annotation.per_sample * plan.data_volume + plan.annotation.fixed;
        let promotion = plan.promotion.per_training_effect * x + plan.promotion.fixed;
        annotation + promotion + self.budget.rate * self.time(plan)
    }

    pub(super) fn time(&self, plan: &Inputs) -> f64 {
        plan.training_time.per_parameter * plan.param_count + plan.training_time.fixed
    }

    fn at(&self, [data_volume, param_count, promotion]: [f64; 3]) -> Inputs {
        let mut plan = Inputs { data_volume, param_count, ..*self.inputs };
        plan.promotion.fixed = promotion;
        plan
    }
}

/// e^x, not outside the ends by rounding.
pub(super) fn exp_within(log: f64, [low, high]: [f64; 2]) -> f64 {
    if log <= low.ln() {
        low
    } else if log >= high.ln() {
        high
    } else {
        log.exp().clamp(low, high)
    }
}

impl Bounds {
    /// Checks that bounds are finite and ordered, and those of D and P above 0.
    pub(in crate::decide) fn check(&self) -> Result<(), DecideError> {
        ordered("bounds of data_volume", self.data_volume, f64::MIN_POSITIVE)?;
        ordered("bounds of param_count", self.param_count, f64::MIN_POSITIVE)?;
        ordered("bounds of promotion.fixed", self.promotion_fixed, f64::MIN)
    }
}

fn ordered(field: &'static str, [low, high]: [f64; 2], least: f64) -> Result<(), DecideError> {
    if let Some(value) = [low, high].into_iter().find(|value| !value.is_finite()) {
        return Err(DecideError::Field { field, value, rule: "finite numbers" });
    }
    if low < least {
        return Err(DecideError::Field { field, value: low, rule: "numbers above 0" });
    }
    if low > high {
        return Err(DecideError::Field { field, value: high, rule: "the lower bound first" });
    }
    Ok(())
}
