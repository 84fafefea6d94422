//! The global search in two dimensions.

use super::kkt::Kkt;
use super::line::{Maximum, maximum};
use super::space::{Space, exp_within};
use super::{DecideError, Plan};

/// The best plan of a space that holds one.
pub(super) fn best_plan(space: &Space<'_>) -> Result<Plan, DecideError> {
    let [low, high] = space.params;
    let along = |log_params: f64| {
        let params = exp_within(log_params, space.params);
        best_data(space, params).map_or(f64::NEG_INFINITY, |best| best.value)
    };
    let best = maximum(&along, [low.ln(), high.ln()]);
    let params = exp_within(best.at, space.params);
    let data = best_data(space, params).filter(|best| best.value.is_finite());
    let data = data.ok_or(DecideError::NoEquilibrium)?.at;
    let inputs = space.plan(data, params);
    let equilibrium = space.model.solve(&inputs)?;
    let effectiveness = equilibrium.effectiveness().ok_or(DecideError::NoEquilibrium)?;
    let cost = space.cost(&inputs);
    let kkt = Kkt::at(space, &equilibrium);
    let slack = space.budget.cost - cost;
    Ok(Plan { inputs, effectiveness, equilibrium, cost, slack, kkt })
}

/// The best D at a model size, and E there.
fn best_data(space: &Space<'_>, params: f64) -> Option<Maximum> {
    let range = [space.bounds.data_volume[0], space.most_data(params)?];
    let value =
        |log_data: f64| space.effectiveness(&space.plan(exp_within(log_data, range), params));
    let best = maximum(&value, range.map(f64::ln));
    Some(Maximum { at: exp_within(best.at, range), value: best.value })
}
