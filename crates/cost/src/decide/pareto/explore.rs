//! A front over cost, time and effectiveness.

use super::super::{Bounds, DecideError};
use super::{crowding, front, ranks};
use crate::uncertainty::{Sobol, Stream};
use crate::{Equilibrium, Inputs, Model};

/// Crossover and mutation as in Deb et al. (2002).
const DISTRIBUTION_INDEX: f64 = 20.0;
const CROSSOVER: f64 = 0.9;

/// How a front is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Plans kept from one generation to the next.
    pub population: usize,
    /// Generations; 0 keeps the Sobol points as they are.
    pub generations: usize,
    /// The price of an hour of training, currency per hour.
    pub rate: f64,
    /// The seed of crossover and mutation.
    pub seed: u64,
}

impl Default for Search {
    /// 128 plans, 60 generations, training that costs nothing but time.
    fn default() -> Self {
        Self { population: 128, generations: 60, rate: 0.0, seed: 0 }
    }
}

/// A plan of the front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Explored {
    /// The inputs with the plan's D, P and n2.
    pub inputs: Inputs,
    /// C + M + rate·T, currency.
    pub cost: f64,
    /// T, hours.
    pub time: f64,
    /// E.
    pub effectiveness: f64,
}

impl Explored {
    /// The plan that an answer is; none without an admissible equilibrium.
    pub(super) fn new(answer: &Equilibrium, rate: f64) -> Option<Self> {
        let time = answer.training_time;
        let cost = answer.annotation_cost + answer.promotion_cost + rate * time;
        let effectiveness = answer.effectiveness()?;
        Some(Self { inputs: answer.inputs, cost, time, effectiveness })
    }
}

#[derive(Clone)]
struct Member {
    genes: [f64; 3],
    plan: Explored,
}

/// Plans within bounds that no other plan found is cheaper, faster and more effective than, by cost.
///
/// The first generation are Sobol points (D and P on logarithmic axes), the following ones NSGA-II's:
/// tournament by rank and crowding, simulated binary crossover, polynomial mutation. The front is what a
/// finite search found, not a proof; the same seed gives the same front.
///
/// # Reference
/// Deb, Pratap, Agarwal and Meyarivan (2002), "A fast and elitist multiobjective genetic algorithm".
///
/// ```
/// use tunewise_cost::decide::{Bounds, pareto::{Search, explore}};
/// use tunewise_cost::{Inputs, Model};
///
/// # fn main() -> Result<(), tunewise_cost::decide::DecideError> {
/// let mut inputs = Inputs::default();
/// inputs.weights.training_effect = 1e5;
/// inputs.annotation.per_sample = 0.1;
/// inputs.training_time.per_parameter = 2e-8;
/// let bounds = Bounds {
///     data_volume: [1e3, 1e5],
///     param_count: [1e8, 1e9],
///     promotion_fixed: [0.0, 1e4],
/// };
/// let search = Search { population: 32, generations: 10, ..Search::default() };
/// let front = explore(&Model::default(), &inputs, &bounds, &search)?;
/// assert!(front.windows(2).all(|pair| pair[0].cost <= pair[1].cost));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// For bad inputs or bounds, a population of less than 4, or if no plan has an admissible equilibrium.
pub fn explore(
    model: &Model,
    inputs: &Inputs,
    bounds: &Bounds,
    search: &Search,
) -> Result<Vec<Explored>, DecideError> {
    inputs.validate()?;
    bounds.check()?;
    if search.population < 4 {
        let value = search.population as f64;
        return Err(DecideError::Field { field: "population", value, rule: "at least 4" });
    }
    let place = Place { model, inputs, bounds, rate: search.rate };
    let mut members = first_generation(&place, search.population)?;
    let mut stream = Stream::new(search.seed, 0);
    for _ in 0..search.generations {
        let order = selected(&members, members.len())?;
        let parents: Vec<Member> = order.into_iter().map(|index| members[index].clone()).collect();
        let children = (0..search.population).filter_map(|_| {
            let genes = child(&parents, &mut stream);
            place.member(genes)
        });
        let mut all: Vec<Member> = children.collect();
        all.extend(parents);
        let kept = selected(&all, search.population)?;
        members = kept.into_iter().map(|index| all[index].clone()).collect();
    }
    let objectives: Vec<Vec<f64>> = members.iter().map(objectives).collect();
    let mut found: Vec<Explored> =
        front(&objectives)?.into_iter().map(|index| members[index].plan).collect();
    found.sort_by(|one, other| one.cost.total_cmp(&other.cost));
    found.dedup();
    Ok(found)
}

struct Place<'a> {
    model: &'a Model,
    inputs: &'a Inputs,
    bounds: &'a Bounds,
    rate: f64,
}

impl Place<'_> {
    /// The plan at a point of the unit cube; none without an admissible equilibrium.
    fn member(&self, genes: [f64; 3]) -> Option<Member> {
        let along = |[low, high]: [f64; 2], t: f64| (low.ln() + t * (high / low).ln()).exp();
        let [data, params, promotion] = genes;
        let data_bounds = self.bounds.data_volume;
        let param_bounds = self.bounds.param_count;
        let [least, most] = self.bounds.promotion_fixed;
        let mut inputs = Inputs {
            data_volume: along(data_bounds, data).clamp(data_bounds[0], data_bounds[1]),
            param_count: along(param_bounds, params).clamp(param_bounds[0], param_bounds[1]),
            ..*self.inputs
        };
        inputs.promotion.fixed = (least + promotion * (most - least)).clamp(least, most);
        let answer = self.model.solve(&inputs).ok()?;
        Some(Member { genes, plan: Explored::new(&answer, self.rate)? })
    }
}

fn first_generation(place: &Place<'_>, population: usize) -> Result<Vec<Member>, DecideError> {
    let sobol = Sobol::new(3)?;
    let point = |index: usize| match sobol.point(index as u64)[..] {
        [data, params, promotion] => place.member([data, params, promotion]),
        _ => None,
    };
    let members: Vec<Member> = (0..population).filter_map(point).collect();
    if members.is_empty() { Err(DecideError::NoEquilibrium) } else { Ok(members) }
}

fn objectives(member: &Member) -> Vec<f64> {
    vec![member.plan.cost, member.plan.time, -member.plan.effectiveness]
}

/// The best by rank, then by crowding within the rank.
fn selected(members: &[Member], count: usize) -> Result<Vec<usize>, DecideError> {
    let points: Vec<Vec<f64>> = members.iter().map(objectives).collect();
    let ranks = ranks(&points)?;
    let mut chosen = Vec::with_capacity(count);
    for rank in 0..=ranks.iter().copied().max().unwrap_or(0) {
        if chosen.len() >= count {
            break;
        }
        let group: Vec<usize> = (0..points.len()).filter(|&index| ranks[index] == rank).collect();
        let distance =
            crowding(&group.iter().map(|&index| points[index].clone()).collect::<Vec<_>>())?;
        let mut order: Vec<(f64, usize)> = distance.into_iter().zip(group).collect();
        order.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        chosen.extend(order.into_iter().map(|(_, index)| index).take(count - chosen.len()));
    }
    Ok(chosen)
}

/// A child of two tournament winners; parents are ordered from the best.
fn child(parents: &[Member], stream: &mut Stream) -> [f64; 3] {
    let bound = parents.len() as u64;
    let mut winner = || {
        let (one, other) = (stream.below(bound), stream.below(bound));
        parents.get(one.min(other) as usize).map_or([0.5; 3], |member| member.genes)
    };
    let (one, other) = (winner(), winner());
    let crosses = stream.uniform() < CROSSOVER;
    std::array::from_fn(|gene| {
        let crossed =
            if crosses { crossed([one[gene], other[gene]], stream.uniform()) } else { one[gene] };
        // One gene of three mutates, on average.
        let mutates = stream.uniform() < 1.0 / 3.0;
        let step = if mutates { mutation(stream.uniform()) } else { 0.0 };
        (crossed + step).clamp(0.0, 1.0)
    })
}

/// Simulated binary crossover: one of the two children.
fn crossed([one, other]: [f64; 2], u: f64) -> f64 {
    let power = 1.0 / (DISTRIBUTION_INDEX + 1.0);
    let spread =
        if u <= 0.5 { (2.0 * u).powf(power) } else { (1.0 / (2.0 * (1.0 - u))).powf(power) };
    0.5 * ((1.0 + spread) * one + (1.0 - spread) * other)
}

/// Polynomial mutation.
fn mutation(u: f64) -> f64 {
    let power = 1.0 / (DISTRIBUTION_INDEX + 1.0);
    if u < 0.5 { (2.0 * u).powf(power) - 1.0 } else { 1.0 - (2.0 * (1.0 - u)).powf(power) }
}
