use super::*;
use crate::forecast::{Recipe, Setting};
use crate::marginal::{MoveKind, next_moves};
use crate::pilot::PilotRecord;
use crate::prices::Prices;
use crate::simulate::{Simulated, SimulatedModel};
use crate::{Design, Schedule};

const PRICES: &str = "currency='USD'\n[labels]\nper_label=0.1\nfixed=20\n[machine]\nper_hour=3\n";
const RECIPE: Recipe = Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };

/// A small model that stops early, and a large one that is slower and better.
fn models() -> Vec<SimulatedModel> {
    let small = SimulatedModel {
        ceiling: 0.85,
        scale: 1.5,
        exponent: 0.5,
        untrained: 3.0,
        noise: 0.004,
        parameters: 10_000_000,
        fixed_seconds: 1.0,
        seconds_a_thousand_tokens: 1.0,
        time_noise: 0.01,
    };
    let large = SimulatedModel {
        ceiling: 0.92,
        scale: 1.8,
        parameters: 30_000_000,
        seconds_a_thousand_tokens: 3.0,
        ..small
    };
    vec![small, large]
}

/// What runs of a model on so many rows measure on the average.
fn truth_of(model: usize, rows: f64) -> f64 {
    models()[model].expected(rows, RECIPE.steps(rows, RECIPE.epochs(rows)))
}

fn records(full_rows: usize) -> (Vec<PilotRecord>, usize) {
    let classes = (0..full_rows).map(|row| row % 2).collect();
    let names = vec!["small".to_owned(), "large".to_owned()];
    let schedule = Schedule::new(&Design::new(full_rows), &RECIPE, names, classes).unwrap();
    let runner = Simulated {
        models: models(),
        recipe: RECIPE,
        tokens_a_row: 25.0,
        seed: 1,
        stop_before: None,
    };
    (runner.records(&schedule), schedule.pool.len())
}

fn views<'a>(prices: &'a Prices, records: &[PilotRecord], owned: usize) -> Vec<ModelView<'a>> {
    let setting =
        Setting { recipe: RECIPE, validation_rows: 1000, chance: 0.5, seed: 1, prices, owned };
    ["small", "large"].map(|name| ModelView::fit(name, records, setting).unwrap()).into()
}

fn ask(goal: Goal, prices: &str) -> Decision {
    let (records, owned) = records(8000);
    let prices = Prices::from_toml(prices, "prices").unwrap();
    let question = Question { goal, full_rows: 8000, confidence: 0.8 };
    decide(&views(&prices, &records, owned), &question).unwrap()
}

#[test]
fn the_cheapest_plan_reaches_the_target_in_truth() {
    let decision = ask(Goal::Target(0.88), PRICES);
    assert_eq!(decision.verdict, Verdict::WithinReach);
    assert_eq!(decision.plan.model, "large");
    let truth = truth_of(1, decision.plan.rows);
    assert!(truth > 0.88, "{truth}");
    assert!(decision.chance.unwrap() >= 0.8);
    // 0.92 - 1.8/√D - 3/S = 0.88 at 2,760 rows, where three epochs are 519 steps.
    let needed = 2760.0;
    assert!(truth_of(1, needed - 20.0) < 0.88 && truth_of(1, needed + 20.0) > 0.88);
    let [low, middle, high] = decision.rows_needed.unwrap();
    assert!(low.unwrap() <= needed * 1.1 && middle.unwrap() < high.unwrap());
    assert!((decision.plan.rows / needed - 1.0).abs() < 0.6, "{}", decision.plan.rows);
    let sum = decision.plan.label_cost + decision.plan.machine_cost;
    assert!((decision.plan.cost - sum).abs() < 1e-9);
    assert!(decision.plan.label_cost > 20.0); // the fixed part, and labels
}

#[test]
fn a_small_target_is_met_by_the_rows_there_are_and_the_cheaper_model() {
    let decision = ask(Goal::Target(0.79), PRICES);
    assert_eq!((decision.verdict, decision.plan.model.as_str()), (Verdict::Reached, "small"));
    assert_eq!((decision.plan.new_labels, decision.plan.label_cost), (0.0, 0.0));
}

#[test]
fn a_target_out_of_reach_is_said_with_the_nearest() {
    let decision = ask(Goal::Target(0.97), PRICES);
    assert_eq!(decision.verdict, Verdict::OutOfReach);
    assert_eq!((decision.plan.model.as_str(), decision.plan.rows), ("large", 8000.0));
    assert!(decision.chance.unwrap() < 0.1);
    assert_eq!(decision.rows_needed.unwrap()[1], None);
    // Half a point above what the larger model would come to.
    let close = truth_of(1, 8000.0) + 0.005;
    assert_eq!(ask(Goal::Target(close), PRICES).verdict, Verdict::Doubtful);
}

#[test]
fn a_budget_buys_the_best_quality_and_no_more_than_it_pays() {
    let decision = ask(Goal::Budget(220.0), PRICES);
    assert_eq!((decision.verdict, decision.plan.model.as_str()), (Verdict::WithinReach, "large"));
    assert!(decision.plan.cost <= 220.0 && decision.plan.cost > 200.0, "{}", decision.plan.cost);
    assert!((decision.plan.new_labels / 2000.0 - 1.0).abs() < 0.05);
    assert_eq!(ask(Goal::Budget(0.0), PRICES).verdict, Verdict::TooLittleMoney);
    // Machine time so dear that the small model is all there is.
    let dear = PRICES.replace("per_hour=3", "per_hour=20000");
    assert_eq!(ask(Goal::Budget(1100.0), &dear).plan.model, "small");
}

#[test]
fn the_next_step_is_the_best_buy() {
    let (records, owned) = records(8000);
    let moves = |prices: &str, from: usize| {
        let prices = Prices::from_toml(prices, "prices").unwrap();
        next_moves(&views(&prices, &records, owned), from, owned as f64, 8000).unwrap()
    };
    // From the small model: the large one gains six points for cents.
    let from_small = moves(PRICES, 0);
    let best = &from_small.moves[from_small.best];
    assert_eq!(best.kind, MoveKind::Model { name: "large".to_owned() });
    let truth = 100.0 * (truth_of(1, 2000.0) - truth_of(0, 2000.0));
    assert!(
        (best.points - truth).abs() < 1.0 && best.points_low < truth && truth < best.points_high
    );
    // From the large one longer training has the cheapest point, and labels the most of them.
    let from_large = moves(PRICES, 1);
    let best = &from_large.moves[from_large.best];
    assert_eq!(best.kind, MoveKind::Epochs { times: 2.0 });
    let steps = RECIPE.steps(2000.0, RECIPE.epochs(2000.0));
    let truth = 100.0 * (models()[1].expected(2000.0, 2.0 * steps) - truth_of(1, 2000.0));
    assert!((best.points - truth).abs() < 0.2 && best.points_high > truth, "{best:?} {truth}");
    // Twice the 450 s that three epochs of 50,000 tokens take, at 3 an hour.
    assert!((best.cost / (450.0 / 3600.0 * 3.0) - 1.0).abs() < 0.05, "{best:?}");
    let modest = moves(&format!("{PRICES}[quality]\nper_point=10\n"), 1);
    assert_eq!(modest.moves[modest.best].kind, MoveKind::Epochs { times: 2.0 });
    // Nothing where a point is worth less than it costs.
    let poor = moves(&format!("{PRICES}[quality]\nper_point=0.01\n"), 0);
    assert_eq!(poor.moves[poor.best].kind, MoveKind::Stop);
    let rich = moves(&format!("{PRICES}[quality]\nper_point=1000\n"), 1);
    assert_eq!(rich.moves[rich.best].kind, MoveKind::Labels { count: 1000.0 });
    let worth = rich.moves[0].worth.unwrap();
    assert!((worth - (1000.0 * rich.moves[0].points - rich.moves[0].cost)).abs() < 1e-9);
}

#[test]
fn plans_of_the_frontier_rise_in_cost_and_quality() {
    let (records, owned) = records(8000);
    let prices = Prices::from_toml(PRICES, "prices").unwrap();
    let frontier = frontier(&views(&prices, &records, owned), 8000);
    assert!(frontier.len() > 20);
    assert!(frontier.windows(2).all(|pair| {
        pair[0].cost <= pair[1].cost && pair[0].quality.quality < pair[1].quality.quality
    }));
}

#[test]
fn questions_that_cannot_be_are_refused() {
    let (records, owned) = records(8000);
    let prices = Prices::from_toml(PRICES, "prices").unwrap();
    let views = views(&prices, &records, owned);
    let fault = |goal, full_rows, confidence| {
        decide(&views, &Question { goal, full_rows, confidence }).unwrap_err().to_string()
    };
    let expected = "`target` is 1.2, expected a quality above 0 and at most 1";
    assert_eq!(fault(Goal::Target(1.2), 8000, 0.8), expected);
    assert!(fault(Goal::Budget(-1.0), 8000, 0.8).contains("`budget` is -1"));
    assert!(fault(Goal::Target(0.8), 100, 0.8).contains("at least the 2000 that are labelled"));
    assert!(fault(Goal::Target(0.8), 8000, 1.0).contains("`confidence` is 1"));
}
