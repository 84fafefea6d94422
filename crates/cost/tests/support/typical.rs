//! Scenarios that a property draws.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use tunewise_cost::{Equilibrium, Inputs, solve};

/// The text-classification scenario, each input times 0.05 to 20, each but D and P of either sign.
pub(crate) fn typical() -> impl Strategy<Value = Inputs> {
    let sizes =
        [5e4, 1e8, 1e5, 0.5, 1e-3, 1e-3, 0.0, 0.0, 0.1, 3e3, 2e-8, 0.5, 1e7, 2e4, 0.02, 1.0];
    proptest::array::uniform16((-3.0..3.0f64, any::<bool>())).prop_map(move |draws| {
        let mut values = sizes;
        for (index, (value, (power, negative))) in values.iter_mut().zip(draws).enumerate() {
            *value *= power.exp() * if negative && index > 1 { -1.0 } else { 1.0 };
        }
        Inputs::from_array(values)
    })
}

/// Those with two roots and an admissible one, away from the fold: the sum of E's elasticities is below 30.
pub(crate) fn well_conditioned() -> impl Strategy<Value = Equilibrium> {
    typical().prop_filter_map("ill conditioned", |inputs| {
        let answer = solve(&inputs).unwrap();
        let tame = answer.lower.is_some() && answer.condition().is_some_and(|sum| sum < 30.0);
        tame.then_some(answer)
    })
}
