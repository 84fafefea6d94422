//! Plans on a grid or a design of inputs, and their front.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::super::DecideError;
use super::{Explored, front, hypervolume};
use crate::uncertainty::Sobol;
use crate::{Axis, Inputs, MAX_GRID, Model, Parameter, Range, grid};

/// What a plan is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Objective {
    /// C + M + rate·T, currency: less is better.
    Cost,
    /// T, hours: less is better.
    Time,
    /// E: more is better.
    Effectiveness,
}

impl Objective {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Cost, Self::Time, Self::Effectiveness];

    /// `cost`, `time` or `effectiveness`.
    ///
    /// ```
    /// use tunewise_cost::decide::pareto::Objective;
    ///
    /// assert_eq!(Objective::ALL.map(Objective::name), ["cost", "time", "effectiveness"]);
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Time => "time",
            Self::Effectiveness => "effectiveness",
        }
    }

    /// Its value at a plan.
    ///
    /// ```
    /// use tunewise_cost::Inputs;
    /// use tunewise_cost::decide::pareto::{Explored, Objective};
    ///
    /// let plan = Explored { inputs: Inputs::default(), cost: 9.0, time: 2.0, effectiveness: 47.0 };
    /// assert_eq!(Objective::ALL.map(|objective| objective.of(&plan)), [9.0, 2.0, 47.0]);
    /// ```
    #[must_use]
    pub fn of(self, plan: &Explored) -> f64 {
        match self {
            Self::Cost => plan.cost,
            Self::Time => plan.time,
            Self::Effectiveness => plan.effectiveness,
        }
    }

    /// As something to minimise; its own inverse.
    fn minimised(self, value: f64) -> f64 {
        if self == Self::Effectiveness { -value } else { value }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Objective {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for Objective {
    type Err = DecideError;

    fn from_str(name: &str) -> Result<Self, DecideError> {
        let unknown = || DecideError::UnknownObjective { name: name.to_owned() };
        Self::ALL.into_iter().find(|one| one.name() == name.trim()).ok_or_else(unknown)
    }
}

/// A scenario that plans are made from.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// Training effect and root policy.
    pub model: &'a Model,
    /// What the plans do not change.
    pub inputs: &'a Inputs,
    /// The price of an hour of training, currency per hour.
    pub rate: f64,
}

/// Plans, good and bad.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plans {
    /// Those with an admissible equilibrium.
    pub plans: Vec<Explored>,
    /// How many had none.
    pub without_equilibrium: usize,
}

/// The plans that no other plan beats.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// By the first objective, the best first.
    pub plans: Vec<Explored>,
    /// What they are judged by.
    pub objectives: Vec<Objective>,
    /// The value of each objective that the volume is measured from.
    pub reference: Vec<f64>,
    /// The volume between front and reference, the product of the objectives' units.
    pub hypervolume: f64,
}

impl Planner<'_> {
    /// A plan at every combination of the axes' values.
    ///
    /// ```
    /// use tunewise_cost::decide::pareto::{Objective, Planner};
    /// use tunewise_cost::{Inputs, Model};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut inputs = Inputs::default();
    /// inputs.annotation.per_sample = 0.5;
    /// inputs.weights.training_effect = 10.0;
    /// let planner = Planner { model: &Model::default(), inputs: &inputs, rate: 0.0 };
    /// let plans = planner.grid(&["D=1,2,4".parse()?, "P=1,2".parse()?])?;
    /// let front = plans.front(&[Objective::Cost, Objective::Effectiveness], Some(&[3.0, 0.0]))?;
    /// assert_eq!(front.plans.len(), 3); // the small models
    /// // Boxes to cost 3 and effectiveness 0 of costs 0.5, 1, 2 at 10, 20, 40.
    /// assert_eq!(front.hypervolume, 10.0 * 2.5 + 10.0 * 2.0 + 20.0 * 1.0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// For a rate below 0, too many points, or a point outside what the model is defined for.
    pub fn grid(&self, axes: &[Axis]) -> Result<Plans, DecideError> {
        self.check()?;
        let mut plans = Plans::default();
        for point in grid(self.model, self.inputs, axes)? {
            plans.push(Explored::new(&point.answer, self.rate));
        }
        Ok(plans)
    }

    /// Plans at the first points of a Sobol sequence over ranges; D and P on logarithmic axes.
    ///
    /// ```
    /// use tunewise_cost::decide::pareto::Planner;
    /// use tunewise_cost::{Inputs, Model, Parameter, Range};
    ///
    /// # fn main() -> Result<(), tunewise_cost::decide::DecideError> {
    /// let inputs = Inputs::default();
    /// let planner = Planner { model: &Model::default(), inputs: &inputs, rate: 0.0 };
    /// let range = Range { parameter: Parameter::DataVolume, low: 1.0, high: 100.0 };
    /// let plans = planner.sobol(&[range], 3)?.plans;
    /// assert_eq!(plans[0].inputs.data_volume, 1.0);
    /// assert!((plans[1].inputs.data_volume - 10.0).abs() < 1e-12);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// For a rate below 0, more points than [`MAX_GRID`], a range that is not ordered and finite (of D or
    /// P: not above 0), or a point outside what the model is defined for.
    pub fn sobol(&self, ranges: &[Range], count: usize) -> Result<Plans, DecideError> {
        self.check()?;
        ranges.iter().try_for_each(check_range)?;
        if count > MAX_GRID {
            return Err(crate::Error::GridSize { most: MAX_GRID }.into());
        }
        let sequence = Sobol::new(ranges.len())?;
        let mut plans = Plans::default();
        for index in 0..count {
            let point = sequence.point(index as u64);
            let set = |inputs: Inputs, (range, along): (&Range, f64)| {
                inputs.with(range.parameter, between(range, along))
            };
            let inputs = ranges.iter().zip(point).fold(*self.inputs, set);
            plans.push(Explored::new(&self.model.solve(&inputs)?, self.rate));
        }
        Ok(plans)
    }

    fn check(&self) -> Result<(), DecideError> {
        if self.rate.is_finite() && self.rate >= 0.0 {
            return Ok(());
        }
        Err(DecideError::Field { field: "rate", value: self.rate, rule: "a price of at least 0" })
    }
}

impl Plans {
    fn push(&mut self, plan: Option<Explored>) {
        match plan {
            Some(plan) => self.plans.push(plan),
            None => self.without_equilibrium += 1,
        }
    }

    /// The plans that no other beats, and what they are worth against a reference: a value that is worse
    /// than the front for each objective, or without one the worst of all plans.
    ///
    /// # Formula
    /// The front of [`front`](super::front), its hypervolume by [`hypervolume`](super::hypervolume), with −E for E.
    ///
    /// # Errors
    /// [`DecideError::NoEquilibrium`] without plans; [`DecideError::Reference`] unless the reference has
    /// a number for each objective and there are objectives.
    ///
    /// ```
    /// use tunewise_cost::Inputs;
    /// use tunewise_cost::decide::pareto::{Explored, Objective, Plans};
    ///
    /// let plan = |cost, effectiveness| Explored { inputs: Inputs::default(), cost, time: 1.0, effectiveness };
    /// let plans = Plans {
    ///     plans: vec![plan(3.0, 9.0), plan(1.0, 4.0), plan(4.0, 2.0)],
    ///     without_equilibrium: 0,
    /// };
    /// let front = plans.front(&[Objective::Cost, Objective::Effectiveness], None)?;
    /// let costs: Vec<f64> = front.plans.iter().map(|plan| plan.cost).collect();
    /// assert_eq!(costs, [1.0, 3.0]); // dearer and worse than both: not the third
    /// assert_eq!(front.reference, [4.0, 2.0]);
    /// assert_eq!(front.hypervolume, 3.0 * 2.0 + 1.0 * 5.0); // boxes to cost 4 and effectiveness 2
    /// # Ok::<(), tunewise_cost::decide::DecideError>(())
    /// ```
    pub fn front(
        &self,
        objectives: &[Objective],
        reference: Option<&[f64]>,
    ) -> Result<Front, DecideError> {
        let expected = objectives.len();
        let got = reference.map_or(expected, <[f64]>::len);
        if got != expected || expected == 0 {
            return Err(DecideError::Reference { got, expected });
        }
        if self.plans.is_empty() {
            return Err(DecideError::NoEquilibrium);
        }
        let values = |plan: &Explored| -> Vec<f64> {
            objectives.iter().map(|one| one.minimised(one.of(plan))).collect()
        };
        let points: Vec<Vec<f64>> = self.plans.iter().map(values).collect();
        let worst = |index: usize| {
            points.iter().filter_map(|p| p.get(index)).fold(f64::NEG_INFINITY, |a, b| a.max(*b))
        };
        let limit: Vec<f64> = match reference {
            Some(given) => objectives.iter().zip(given).map(|(one, v)| one.minimised(*v)).collect(),
            None => (0..expected).map(worst).collect(),
        };
        let mut best = front(&points)?;
        best.sort_by(|&one, &other| first(&points, one).total_cmp(&first(&points, other)));
        best.dedup_by(|one, other| points.get(*one) == points.get(*other));
        let chosen: Vec<Vec<f64>> =
            best.iter().filter_map(|&index| points.get(index).cloned()).collect();
        Ok(Front {
            plans: best.iter().filter_map(|&index| self.plans.get(index).copied()).collect(),
            objectives: objectives.to_vec(),
            hypervolume: hypervolume(&chosen, &limit)?,
            reference: objectives.iter().zip(limit).map(|(one, v)| one.minimised(v)).collect(),
        })
    }
}

impl Front {
    /// The edge of what a front by two different objectives beats, by the first one rising: between two
    /// plans it runs along the worse of both. None for another number of objectives.
    ///
    /// ```
    /// use tunewise_cost::Inputs;
    /// use tunewise_cost::decide::pareto::{Explored, Objective, Plans};
    ///
    /// let plan = |cost, effectiveness| Explored { inputs: Inputs::default(), cost, time: 1.0, effectiveness };
    /// let plans = Plans { plans: vec![plan(1.0, 4.0), plan(3.0, 9.0)], without_equilibrium: 0 };
    /// let by = |objectives: &[Objective]| plans.front(objectives, None);
    /// // 4 until 9 can be paid for.
    /// let stairs = by(&[Objective::Cost, Objective::Effectiveness])?.stairs();
    /// assert_eq!(stairs.as_deref(), Some(&[(1.0, 4.0), (3.0, 4.0), (3.0, 9.0)][..]));
    /// // More than 4 costs 3.
    /// let stairs = by(&[Objective::Effectiveness, Objective::Cost])?.stairs();
    /// assert_eq!(stairs.as_deref(), Some(&[(4.0, 1.0), (4.0, 3.0), (9.0, 3.0)][..]));
    /// assert_eq!(by(&Objective::ALL)?.stairs(), None);
    /// # Ok::<(), tunewise_cost::decide::DecideError>(())
    /// ```
    #[must_use]
    pub fn stairs(&self) -> Option<Vec<(f64, f64)>> {
        let [x, y] = self.objectives[..] else { return None };
        if x == y {
            return None;
        }
        let mut plans: Vec<(f64, f64)> =
            self.plans.iter().map(|plan| (x.of(plan), y.of(plan))).collect();
        plans.sort_by(|one, other| one.0.total_cmp(&other.0));
        let corner = |one: (f64, f64), next: (f64, f64)| match x {
            Objective::Effectiveness => (one.0, next.1),
            Objective::Cost | Objective::Time => (next.0, one.1),
        };
        let steps = plans.windows(2).flat_map(|pair| match *pair {
            [one, next] => vec![corner(one, next), next],
            _ => Vec::new(),
        });
        Some(plans.first().copied().into_iter().chain(steps).collect())
    }
}

fn first(points: &[Vec<f64>], index: usize) -> f64 {
    points.get(index).and_then(|point| point.first()).copied().unwrap_or(f64::NAN)
}

fn is_logarithmic(parameter: Parameter) -> bool {
    matches!(parameter, Parameter::DataVolume | Parameter::ParamCount)
}

fn check_range(range: &Range) -> Result<(), DecideError> {
    let field = range.parameter.name();
    let fault = |value, rule| Err(DecideError::Field { field, value, rule });
    let Range { low, high, .. } = *range;
    if let Some(value) = [low, high].into_iter().find(|value| !value.is_finite()) {
        return fault(value, "finite ends of its range");
    }
    if low > high {
        return fault(high, "the lower end of its range first");
    }
    if is_logarithmic(range.parameter) && low <= 0.0 {
        return fault(low, "a range above 0");
    }
    Ok(())
}

/// The value at a share of a range.
fn between(range: &Range, along: f64) -> f64 {
    let Range { low, high, .. } = *range;
    let value = if is_logarithmic(range.parameter) {
        (low.ln() + along * (high / low).ln()).exp()
    } else {
        low + along * (high - low)
    };
    value.clamp(low, high)
}
