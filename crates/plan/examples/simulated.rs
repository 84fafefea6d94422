//! A plan without training: two models whose curves are known, and what a report makes of their pilots.
//!
//! `cargo run -p tunewise-plan --example simulated -- examples/data/plan/prices.toml OUTPUT_FOLDER`
#![allow(clippy::print_stdout, reason = "an example")]

use std::path::Path;

use tunewise_plan::{
    Answer, Design, Goal, Journal, ModelView, Prices, Question, Recipe, Schedule, Setting,
    Simulated, SimulatedModel,
};

const FULL_ROWS: usize = 6920;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [prices, folder] = &arguments[..] else {
        return Err("expected a price list and an output folder".into());
    };
    let large = SimulatedModel {
        ceiling: 0.92,
        scale: 1.3,
        exponent: 0.42,
        untrained: 3.0,
        noise: 0.006,
        parameters: 22_713_986,
        fixed_seconds: 0.4,
        seconds_a_thousand_tokens: 0.3,
        time_noise: 0.02,
    };
    let small = SimulatedModel {
        ceiling: 0.885,
        exponent: 0.45,
        parameters: 17_390_978,
        seconds_a_thousand_tokens: 0.16,
        ..large
    };
    let recipe = Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
    let names = vec!["six layers".to_owned(), "three layers".to_owned()];
    let classes = (0..FULL_ROWS).map(|row| row % 2).collect();
    let schedule = Schedule::new(&Design::new(FULL_ROWS), &recipe, names.clone(), classes)?;
    let models = vec![large, small];
    let mut runner = Simulated { models, recipe, tokens_a_row: 25.0, seed: 3, stop_before: None };
    let mut journal = Journal::open(Path::new(folder), serde_json::Map::new(), true)?;
    schedule.run(&mut journal, &mut runner, &mut |_, _| {})?;

    let prices = Prices::read(Path::new(prices))?;
    let owned = schedule.pool.len();
    let setting =
        Setting { recipe, validation_rows: 872, chance: 0.33, seed: 1, prices: &prices, owned };
    let views = names
        .iter()
        .map(|name| ModelView::fit(name, journal.records(), setting))
        .collect::<Result<Vec<_>, _>>()?;
    let question = Question { goal: Goal::Target(0.87), full_rows: FULL_ROWS, confidence: 0.8 };
    let answer = Answer::new(&views, &question, "macro_f1", "simulated rows")?;
    answer.write(Path::new(folder))?;
    println!("{answer}");
    Ok(())
}
