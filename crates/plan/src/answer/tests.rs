use super::*;
use crate::decide::Goal;
use crate::forecast::{Recipe, Setting};
use crate::prices::Prices;
use crate::simulate::{Simulated, SimulatedModel};
use crate::{Design, Schedule};

const RECIPE: Recipe = Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
const PRICES: &str = "currency='<script>alert(1)</script>'\n[labels]\nper_label=0.1\nfixed=20\nsource='a & b'\n[machine]\nper_hour=3\n";
/// A file and a model that somebody named to break a page.
const EVIL: &str = "<script>alert('x')</script>";

fn answer(goal: Goal, prices: &str) -> Answer {
    let classes = (0..6000).map(|row| row % 2).collect();
    let names = vec![EVIL.to_owned(), "large & slow".to_owned()];
    let schedule = Schedule::new(&Design::new(6000), &RECIPE, names.clone(), classes).unwrap();
    let small = SimulatedModel {
        ceiling: 0.86,
        scale: 1.5,
        exponent: 0.5,
        untrained: 3.0,
        noise: 0.004,
        parameters: 10_000_000,
        fixed_seconds: 1.0,
        seconds_a_thousand_tokens: 1.0,
        time_noise: 0.01,
    };
    let large = SimulatedModel { ceiling: 0.91, parameters: 30_000_000, ..small };
    let models = vec![small, large];
    let runner =
        Simulated { models, recipe: RECIPE, tokens_a_row: 25.0, seed: 1, stop_before: None };
    let records = runner.records(&schedule);
    let prices = Prices::from_toml(prices, "prices").unwrap();
    let owned = schedule.pool.len();
    let setting = Setting {
        recipe: RECIPE,
        validation_rows: 900,
        chance: 0.5,
        seed: 1,
        prices: &prices,
        owned,
    };
    let views: Vec<ModelView<'_>> =
        names.iter().map(|name| ModelView::fit(name, &records, setting).unwrap()).collect();
    let question = Question { goal, full_rows: 6000, confidence: 0.8 };
    Answer::new(&views, &question, "macro_f1", EVIL).unwrap()
}

#[test]
fn the_page_is_well_formed_and_runs_nothing_that_it_is_told() {
    let page = answer(Goal::Target(0.88), PRICES).html().unwrap();
    let document = page.replace("&ndash;", "-").replacen("<!DOCTYPE html>", "", 1);
    roxmltree::Document::parse(&document).unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;") && page.contains("large &amp; slow"));
    assert_eq!(page.matches("<svg").count(), 3);
    // Nothing is fetched from elsewhere.
    assert!(!page.contains("href=") && !page.contains("src="));
}

#[test]
fn the_scenario_is_what_the_cost_model_reads_and_solves() {
    let answer = answer(Goal::Target(0.88), PRICES);
    let plan = &answer.decision.plan;
    let scenario = Scenario::from_toml(&answer.scenario().to_toml()).unwrap();
    assert_eq!(&scenario, answer.scenario());
    let solved = scenario.solve().unwrap();
    // Without prices of quality, effectiveness is the expected quality in points.
    assert!((solved.effectiveness().unwrap() - 100.0 * plan.quality.quality).abs() < 1e-9);
    assert!((answer.equilibrium.annotation_cost - plan.label_cost).abs() < 1e-6);
    assert!((answer.equilibrium.training_time - plan.training.hours).abs() < 1e-9);
}

#[test]
fn a_price_of_quality_makes_effectiveness_a_net_benefit() {
    let priced = format!("{PRICES}[quality]\nper_point=50\n");
    let answer = answer(Goal::Target(0.88), &priced);
    let plan = &answer.decision.plan;
    let net = 100.0 * plan.quality.quality - plan.cost / 50.0;
    assert!((answer.equilibrium.effectiveness.unwrap() - net).abs() < 1e-9);
    let constants = "[weights]\ntraining_effect=1e5\ntraining_time=-0.5\nannotation_cost=-0.001\npromotion=0.001\n[promotion]\nper_training_effect=1e7\nfixed=20000\n[feedback]\nper_effectiveness=0.02\nbaseline=1\n";
    let article = super::tests::answer(Goal::Budget(300.0), &format!("{PRICES}{constants}"));
    assert_eq!(article.scenario().inputs.promotion.fixed, 20_000.0);
    assert!(article.equilibrium.effectiveness.is_some());
}

#[test]
fn headlines_say_what_was_asked() {
    let said = |goal| answer(goal, &PRICES.replace("<script>alert(1)</script>", "USD"));
    let plan = said(Goal::Target(0.88));
    let words = plan.headline.clone();
    assert!(words.starts_with("To reach macro_f1 0.88: label "), "{words}");
    assert!(words.contains("more rows") && words.contains("It costs USD"), "{words}");
    let text = plan.to_string();
    assert!(
        text.contains("next step from 1,500 rows") && text.contains("all 6,000 rows"),
        "{text}"
    );
    let words = said(Goal::Target(0.99)).headline;
    assert!(words.starts_with("macro_f1 0.99 is out of reach: even on all 6,000 rows"), "{words}");
    assert!(words.contains("the curve of large & slow ends at about 0.9"), "{words}");
    let words = said(Goal::Budget(200.0)).headline;
    assert!(words.starts_with("With USD 200: label "), "{words}");
    let words = said(Goal::Budget(0.0)).headline;
    assert!(words.starts_with("USD 0 is too little: the cheapest training costs USD 0"), "{words}");
    let words = said(Goal::Target(0.8)).headline;
    assert!(words.contains("on the 1,500 rows that are labelled, and label no more"), "{words}");
}

#[test]
fn files_are_written_and_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let answer = answer(Goal::Target(0.88), PRICES);
    answer.write(folder.path()).unwrap();
    for name in Answer::FILES {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    let text = std::fs::read_to_string(folder.path().join("plan.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["headline"], answer.headline);
    assert_eq!(json["verdict"], "within_reach");
    assert_eq!(json["plan"]["rows"], answer.decision.plan.rows);
    assert_eq!(json["question"]["goal"]["target"], 0.88);
}

#[test]
fn pilots_that_learned_nothing_are_said() {
    let mut answer = answer(Goal::Target(0.88), PRICES);
    assert!(!answer.to_string().contains("no better than guessing"));
    answer.pilots[3].measured.quality = 0.5;
    assert!(answer.to_string().contains("1 of the pilots came out no better than guessing"));
}
