//! Why a plan is a maximum: multipliers and what binds.

use serde::Serialize;

use super::space::Space;
use crate::{Equilibrium, Parameter};

/// Relative distance at which a constraint binds.
const BINDS: f64 = 1e-9;

/// A constraint that holds with equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// All money is spent.
    Budget,
    /// Training takes all the time there is.
    Deadline,
    /// D is at its lower bound.
    DataVolumeLow,
    /// D is at its upper bound.
    DataVolumeHigh,
    /// P is at its lower bound.
    ParamCountLow,
    /// P is at its upper bound.
    ParamCountHigh,
    /// n2 is at its lower bound.
    PromotionLow,
    /// n2 is at its upper bound.
    PromotionHigh,
}

/// The Karush-Kuhn-Tucker conditions at a plan.
///
/// # Formula
/// ∇E = λ·∇cost + Σ ν·(bound's direction), λ ≥ 0, each ν against its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kkt {
    /// λ, the shadow price: what one more unit of currency adds to E; 0 if money is left.
    pub shadow_price: f64,
    /// What one more hour before the deadline adds to E; 0 if the deadline does not bind.
    pub deadline_price: f64,
    /// What binds.
    pub binding: Vec<Binding>,
    /// ∂E/∂θ − λ·∂cost/∂θ of D, P and n2, times θ: 0 where θ is free, and of the bound's sign at a
    /// bound.
    pub reduced_gradient: [f64; 3],
    /// The largest reduced gradient of a free variable, or against a bound, relative to the terms that
    /// it is the difference of: near 0 at a maximum.
    pub residual: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Free,
    Low,
    High,
    /// Both bounds are one: nothing to decide.
    Fixed,
}

impl Kkt {
    pub(super) fn at(space: &Space<'_>, answer: &Equilibrium) -> Self {
        let plan = &answer.inputs;
        let (bounds, effect) = (space.bounds, space.model.training_effect.at(plan));
        let scale = plan.promotion.fixed.abs().max(space.budget.cost.abs() * 1e-3);
        let values = [plan.data_volume, plan.param_count, scale];
        let spent = space.budget.cost - space.cost(plan) <= BINDS * space.budget.cost.abs();
        let places = [
            unless_fixed(bounds.data_volume, place(plan.data_volume, bounds.data_volume)),
            unless_fixed(bounds.param_count, place(plan.param_count, space.params)),
            unless_fixed(
                bounds.promotion_fixed,
                place_of_money(plan.promotion.fixed, bounds.promotion_fixed, space.budget.cost),
            ),
        ];
        let letters = [Parameter::DataVolume, Parameter::ParamCount, Parameter::PromotionFixed];
        let gradient = answer.gradient();
        let gain = letters.map(|one| gradient.map_or(0.0, |by| by.get(one)));
        let (n1, l) = (plan.promotion.per_training_effect, plan.training_time.per_parameter);
        let price = [
            plan.annotation.per_sample + n1 * effect.by_data,
            n1 * effect.by_params + space.budget.rate * l,
            1.0,
        ];
        let shadow_price = if spent { shadow_price(&places, &gain, &price, &values) } else { 0.0 };
        let reduced_gradient: [f64; 3] =
            std::array::from_fn(|j| (gain[j] - shadow_price * price[j]) * values[j]);
        let size = |j: usize| (gain[j].abs() + (shadow_price * price[j]).abs()) * values[j];
        let largest = (0..3).map(size).fold(f64::MIN_POSITIVE, f64::max);
        let wrong = |j: usize| match places[j] {
            Place::Free => reduced_gradient[j].abs(),
            Place::Fixed => 0.0,
            Place::Low => reduced_gradient[j].max(0.0),
            Place::High => (-reduced_gradient[j]).max(0.0),
        };
        let residual = (0..3).map(wrong).fold(0.0, f64::max) / largest;
        let at_deadline = places[1] == Place::High && space.params[1] < bounds.param_count[1];
        let deadline_price =
            if at_deadline && l > 0.0 { reduced_gradient[1] / values[1] / l } else { 0.0 };
        let binding = binding(spent, at_deadline, places);
        Self { shadow_price, deadline_price, binding, reduced_gradient, residual }
    }
}

/// λ from the free variables; at a corner, the least that no bound contradicts.
fn shadow_price(places: &[Place; 3], gain: &[f64; 3], price: &[f64; 3], values: &[f64; 3]) -> f64 {
    let free = || (0..3).filter(|&j| places[j] == Place::Free && price[j] != 0.0);
    let squares: f64 = free().map(|j| (price[j] * values[j]).powi(2)).sum();
    if squares > 0.0 {
        let products: f64 = free().map(|j| gain[j] * price[j] * values[j] * values[j]).sum();
        return (products / squares).max(0.0);
    }
    let low = (0..3).filter(|&j| places[j] == Place::Low && price[j] > 0.0);
    low.map(|j| gain[j] / price[j]).fold(0.0, f64::max)
}

fn unless_fixed([low, high]: [f64; 2], place: Place) -> Place {
    if low == high { Place::Fixed } else { place }
}

fn place(value: f64, [low, high]: [f64; 2]) -> Place {
    if value <= low * (1.0 + BINDS) {
        Place::Low
    } else if value >= high * (1.0 - BINDS) {
        Place::High
    } else {
        Place::Free
    }
}

fn place_of_money(value: f64, [low, high]: [f64; 2], budget: f64) -> Place {
    let near = BINDS * budget.abs();
    if value <= low + near {
        Place::Low
    } else if value >= high - near {
        Place::High
    } else {
        Place::Free
    }
}

fn binding(spent: bool, at_deadline: bool, places: [Place; 3]) -> Vec<Binding> {
    let high_params = if at_deadline { Binding::Deadline } else { Binding::ParamCountHigh };
    let named = [
        [Binding::DataVolumeLow, Binding::DataVolumeHigh],
        [Binding::ParamCountLow, high_params],
        [Binding::PromotionLow, Binding::PromotionHigh],
    ];
    let bounds = places.into_iter().zip(named).filter_map(|(place, [low, high])| match place {
        Place::Free | Place::Fixed => None,
        Place::Low => Some(low),
        Place::High => Some(high),
    });
    spent.then_some(Binding::Budget).into_iter().chain(bounds).collect()
}
