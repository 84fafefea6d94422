//! Allocation against optima found by SciPy from many starts; Pareto sets against pymoo.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use proptest::prelude::*;
use serde_json::Value;
use support::{cases, number, relative};
use tunewise_cost::decide::pareto::{
    Search, crowding, dominates, explore, front, hypervolume, ranks,
};
use tunewise_cost::decide::{Allocation, Binding, Bounds, Budget, DecideError, Plan, allocate};
use tunewise_cost::scaling::{EffectLaw, ScalingLaw};
use tunewise_cost::{Inputs, Model, TrainingEffect};

/// What an optimiser may miss, of E.
const SHORT_OF_OPTIMUM: f64 = 1e-6;

struct Problem {
    id: String,
    model: Model,
    inputs: Inputs,
    budget: Budget,
    bounds: Bounds,
    best: f64,
}

fn problem(case: &Value) -> Problem {
    let mut inputs = Inputs::default();
    for (letter, value) in case["params"].as_object().unwrap() {
        inputs.set(letter.parse().unwrap(), number(value));
    }
    let effect = &case["training_effect"];
    let training_effect = if effect.is_string() {
        TrainingEffect::Ratio
    } else {
        let law = ScalingLaw {
            irreducible: number(&effect["E"]),
            param_scale: number(&effect["A"]),
            data_scale: number(&effect["B"]),
            param_exponent: number(&effect["alpha"]),
            data_exponent: number(&effect["beta"]),
        };
        TrainingEffect::ScalingLaw(EffectLaw { reference_loss: number(&effect["L_ref"]), law })
    };
    let range = |key: &str| [number(&case["bounds"][key][0]), number(&case["bounds"][key][1])];
    Problem {
        id: case["id"].as_str().unwrap().to_owned(),
        model: Model { training_effect, ..Model::default() },
        inputs,
        budget: Budget {
            cost: number(&case["budget"]),
            deadline: f64::INFINITY,
            rate: number(&case["rate_per_hour"]),
        },
        bounds: Bounds {
            data_volume: range("D"),
            param_count: range("P"),
            promotion_fixed: range("n2"),
        },
        best: number(&case["E_opt"]),
    }
}

impl Problem {
    fn solve(&self, budget: Budget) -> Allocation {
        allocate(&self.model, &self.inputs, &budget, &self.bounds).unwrap()
    }

    fn plan(&self, budget: Budget) -> Plan {
        match self.solve(budget) {
            Allocation::Optimal(plan) => *plan,
            other => panic!("{}: {other:?}", self.id),
        }
    }
}

fn problems() -> Vec<Problem> {
    let all = cases("optimise.json");
    assert_eq!(all.len(), 9);
    all.iter().map(problem).collect()
}

#[test]
fn plans_reach_the_optimum_within_the_budget() {
    for problem in problems() {
        let plan = problem.plan(problem.budget);
        let (id, best) = (&problem.id, problem.best);
        assert!(plan.effectiveness >= best * (1.0 - SHORT_OF_OPTIMUM), "{id}: {plan:?} {best}");
        assert!(plan.cost <= problem.budget.cost * (1.0 + 1e-12), "{id}: {}", plan.cost);
        let [inside_d, inside_p, inside_n] = [
            (plan.inputs.data_volume, problem.bounds.data_volume),
            (plan.inputs.param_count, problem.bounds.param_count),
            (plan.inputs.promotion.fixed, problem.bounds.promotion_fixed),
        ]
        .map(|(value, [low, high])| low <= value && value <= high);
        assert!(inside_d && inside_p && inside_n, "{id}");
        assert!(plan.kkt.residual < 1e-5, "{id}: {:?}", plan.kkt);
        assert!(plan.kkt.shadow_price >= 0.0, "{id}");
    }
}

#[test]
fn binding_constraints_are_those_of_the_reference() {
    for (case, problem) in cases("optimise.json").iter().zip(problems()) {
        let plan = problem.plan(problem.budget);
        let active: Vec<&str> =
            case["active_bounds"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let binds = |one: [Binding; 2]| one.iter().any(|one| plan.kkt.binding.contains(one));
        let id = &problem.id;
        let params = binds([Binding::ParamCountLow, Binding::ParamCountHigh]);
        assert_eq!(params, active.contains(&"P"), "{id} P {:?}", plan.kkt);
        let promotion = binds([Binding::PromotionLow, Binding::PromotionHigh]);
        assert_eq!(promotion, active.contains(&"n2"), "{id} n2 {:?}", plan.kkt);
        let spent = number(&case["budget_slack"]) < 1.0;
        assert_eq!(plan.kkt.binding.contains(&Binding::Budget), spent, "{id}");
    }
}

#[test]
fn the_shadow_price_is_what_a_larger_budget_brings() {
    for problem in problems() {
        let price = problem.plan(problem.budget).kkt.shadow_price;
        let step = problem.budget.cost * 1e-4;
        let at = |change: f64| {
            let cost = problem.budget.cost + change;
            problem.plan(Budget { cost, ..problem.budget }).effectiveness
        };
        let slope = (at(step) - at(-step)) / (2.0 * step);
        let id = &problem.id;
        if price == 0.0 {
            assert!(slope.abs() * problem.budget.cost < 1e-8 * problem.best, "{id} {slope}");
        } else {
            assert!(relative(price, slope) < 1e-4, "{id}: {price} {slope}");
        }
    }
}

#[test]
fn a_deadline_binds_and_has_its_price() {
    let problem = problems().into_iter().find(|one| one.id == "chinchilla_effect_150000").unwrap();
    let free = problem.plan(problem.budget);
    let deadline = 0.5 * free.equilibrium.training_time;
    let plan = problem.plan(Budget { deadline, ..problem.budget });
    assert!(plan.kkt.binding.contains(&Binding::Deadline), "{:?}", plan.kkt);
    assert!(plan.equilibrium.training_time <= deadline * (1.0 + 1e-12));
    assert!(plan.effectiveness < free.effectiveness);
    let at = |factor: f64| {
        problem.plan(Budget { deadline: deadline * factor, ..problem.budget }).effectiveness
    };
    let slope = (at(1.0 + 1e-4) - at(1.0 - 1e-4)) / (2e-4 * deadline);
    assert!(relative(plan.kkt.deadline_price, slope) < 1e-4, "{} {slope}", plan.kkt.deadline_price);
}

#[test]
fn what_does_not_fit_says_what_would() {
    for problem in problems() {
        let Allocation::Infeasible(shortfall) =
            problem.solve(Budget { cost: 1.0, ..problem.budget })
        else {
            panic!("{}: fits", problem.id)
        };
        let smallest = shortfall.smallest_budget.unwrap();
        let enough = Budget { cost: smallest * (1.0 + 1e-9), ..problem.budget };
        assert!(matches!(problem.solve(enough), Allocation::Optimal(_)), "{}", problem.id);
        let short = Budget { cost: smallest * (1.0 - 1e-9), ..problem.budget };
        assert!(matches!(problem.solve(short), Allocation::Infeasible(_)), "{}", problem.id);
        let late = problem.solve(Budget { deadline: 0.0, ..problem.budget });
        let Allocation::Infeasible(shortfall) = late else { panic!("meets a deadline of 0") };
        assert_eq!(shortfall.smallest_budget, None);
        assert!(shortfall.shortest_time > 0.0);
    }
}

#[test]
fn a_plan_costs_no_less_than_the_budget_allows_when_promotion_is_a_burden() {
    let mut problem = problems().remove(0);
    problem.inputs.weights.promotion = -1e-4;
    let plan = problem.plan(problem.budget);
    assert_eq!(plan.inputs.promotion.fixed, 0.0);
}

#[test]
fn bad_problems_are_named() {
    let problem = problems().remove(0);
    let refused = |inputs: Inputs, bounds: Bounds| {
        allocate(&problem.model, &inputs, &problem.budget, &bounds).unwrap_err().to_string()
    };
    let mut inputs = problem.inputs;
    inputs.annotation.per_sample = -1.0;
    let message = refused(inputs, problem.bounds);
    assert_eq!(message, "annotation.per_sample is -1, expected a finite price of at least 0");
    let bounds = Bounds { data_volume: [5.0, 2.0], ..problem.bounds };
    let message = refused(problem.inputs, bounds);
    assert_eq!(message, "bounds of data_volume is 2, expected the lower bound first");
    let bounds = Bounds { param_count: [0.0, 2.0], ..problem.bounds };
    assert!(refused(problem.inputs, bounds).contains("expected numbers above 0"));
}

fn points(case: &Value) -> Vec<Vec<f64>> {
    let rows = case["minimise"].as_array().unwrap().iter();
    rows.map(|row| row.as_array().unwrap().iter().map(number).collect()).collect()
}

#[test]
fn pareto_sets_are_pymoos() {
    let all = cases("pareto.json");
    assert_eq!(all.len(), 4);
    for case in all {
        let (id, points) = (&case["id"], points(&case));
        let indices = |key: &str| -> Vec<usize> {
            case[key].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
        };
        assert_eq!(ranks(&points).unwrap(), indices("rank"), "{id}");
        let first = front(&points).unwrap();
        assert_eq!(first, indices("front0"), "{id}");
        let on_front: Vec<Vec<f64>> = first.iter().map(|&index| points[index].clone()).collect();
        let expected = case["crowding0"].as_array().unwrap();
        for (got, expected) in crowding(&on_front).unwrap().iter().zip(expected) {
            if expected == "inf" {
                assert_eq!(*got, f64::INFINITY, "{id}");
            } else {
                assert!((got - number(expected)).abs() < 1e-12, "{id}: {got} {expected}");
            }
        }
        let reference: Vec<f64> =
            case["ref_point"].as_array().unwrap().iter().map(number).collect();
        let volume = hypervolume(&points, &reference).unwrap();
        assert!(relative(volume, number(&case["hypervolume0"])) < 1e-12, "{id}: {volume}");
    }
}

#[test]
fn exploring_finds_plans_that_allocation_confirms() {
    let problem = problems().into_iter().find(|one| one.id == "chinchilla_effect_150000").unwrap();
    let search = Search { rate: problem.budget.rate, population: 64, generations: 40, seed: 7 };
    let plans = explore(&problem.model, &problem.inputs, &problem.bounds, &search).unwrap();
    let objectives: Vec<Vec<f64>> =
        plans.iter().map(|plan| vec![plan.cost, plan.time, -plan.effectiveness]).collect();
    assert_eq!(front(&objectives).unwrap().len(), plans.len());
    assert!(plans.len() > 32, "{}", plans.len());
    assert_eq!(plans, explore(&problem.model, &problem.inputs, &problem.bounds, &search).unwrap());
    // No explored plan beats the optimum of its own cost and time, and the best come near it.
    let mut nearest = f64::INFINITY;
    for plan in plans.iter().filter(|plan| plan.cost > 3e4 && plan.effectiveness > 100.0) {
        let budget = Budget { cost: plan.cost, deadline: plan.time, ..problem.budget };
        let best = problem.plan(budget).effectiveness;
        assert!(plan.effectiveness <= best * (1.0 + 1e-9), "{} {best}", plan.effectiveness);
        nearest = nearest.min(1.0 - plan.effectiveness / best);
    }
    assert!(nearest < 5e-3, "{nearest}");
    let few = Search { population: 3, ..search };
    let refused = explore(&problem.model, &problem.inputs, &problem.bounds, &few);
    assert!(matches!(refused, Err(DecideError::Field { field: "population", .. })));
}

proptest! {
    #[test]
    fn a_front_is_mutually_undominated_and_its_volume_grows(
        raw in prop::collection::vec(prop::collection::vec(0_u8..12, 3), 1..25)
    ) {
        let points: Vec<Vec<f64>> =
            raw.iter().map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect();
        let first = front(&points).unwrap();
        for &one in &first {
            for &other in &first {
                prop_assert!(!dominates(&points[one], &points[other]));
            }
        }
        let rank = ranks(&points).unwrap();
        for (index, rank) in rank.iter().enumerate() {
            prop_assert_eq!(first.contains(&index), *rank == 0);
        }
        let reference = [12.0, 12.0, 12.0];
        let whole = hypervolume(&points, &reference).unwrap();
        let fewer = hypervolume(&points[1..], &reference).unwrap();
        prop_assert!(whole >= fewer);
        // Unit cells: a cell is dominated if a point is at or below its lower corner.
        let mut cells = 0;
        for x in 0..12 { for y in 0..12 { for z in 0..12 {
            let corner = [f64::from(x), f64::from(y), f64::from(z)];
            let below = |p: &&Vec<f64>| p.iter().zip(corner).all(|(a, b)| *a <= b);
            cells += i32::from(points.iter().any(|p| below(&p)));
        }}}
        prop_assert_eq!(whole, f64::from(cells));
    }
}
