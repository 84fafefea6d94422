//! Pilots through a journal, and the planner's honesty against a known truth.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::{Map, json};
use tunewise_plan::{
    Design, Journal, ModelView, PilotRecord, PilotsEnd, Prices, Recipe, Schedule, Setting,
    Simulated, SimulatedModel,
};

const RECIPE: Recipe = Recipe { epochs: 3.0, least_steps: 200.0, batch: 16.0 };
const FULL: usize = 6000;

fn model() -> SimulatedModel {
    SimulatedModel {
        ceiling: 0.93,
        scale: 2.4,
        exponent: 0.45,
        untrained: 3.0,
        noise: 0.006,
        parameters: 22_000_000,
        fixed_seconds: 2.0,
        seconds_a_thousand_tokens: 0.4,
        time_noise: 0.03,
    }
}

fn runner(seed: u64, stop_before: Option<usize>) -> Simulated {
    Simulated { models: vec![model()], recipe: RECIPE, tokens_a_row: 25.0, seed, stop_before }
}

fn schedule() -> Schedule {
    let classes = (0..FULL).map(|row| row % 3).collect();
    Schedule::new(&Design::new(FULL), &RECIPE, vec!["a".to_owned()], classes).unwrap()
}

fn fingerprint(seed: u64) -> Map<String, serde_json::Value> {
    Map::from_iter([("seed".to_owned(), json!(seed))])
}

#[test]
fn a_stopped_plan_goes_on_and_comes_to_the_same() {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let schedule = schedule();
    let mut whole = Journal::open(folders[0].path(), fingerprint(1), false).unwrap();
    let end = schedule.run(&mut whole, &mut runner(1, None), &mut |_, _| {}).unwrap();
    assert_eq!((end, whole.records().len()), (PilotsEnd::Completed, 18));

    let mut broken = Journal::open(folders[1].path(), fingerprint(1), false).unwrap();
    let end = schedule.run(&mut broken, &mut runner(1, Some(7)), &mut |_, _| {}).unwrap();
    assert_eq!((end, broken.records().len()), (PilotsEnd::Stopped, 7));
    drop(broken);
    let mut resumed = Journal::open(folders[1].path(), fingerprint(1), true).unwrap();
    let mut heard = Vec::new();
    let mut tell = |pilot: &tunewise_plan::Pilot, done: &[PilotRecord]| {
        heard.push((pilot.number, done.len()));
    };
    schedule.run(&mut resumed, &mut runner(1, None), &mut tell).unwrap();
    assert_eq!(heard, (7..18).map(|number| (number, number)).collect::<Vec<_>>());
    let read = |at: usize| std::fs::read(folders[at].path().join("pilots.jsonl")).unwrap();
    assert_eq!(read(0), read(1));
}

#[test]
fn journals_of_other_plans_and_broken_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    drop(Journal::open(path, fingerprint(1), false).unwrap());
    let fault = |seed: u64, resume: bool| {
        Journal::open(path, fingerprint(seed), resume).unwrap_err().to_string()
    };
    assert!(fault(1, false).contains("holds pilots already"));
    assert!(fault(2, true).contains("`seed` was 1 then and is 2 now"), "{}", fault(2, true));
    let file = path.join("pilots.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{{\"pilot\": 0}}\n")).unwrap();
    assert!(fault(1, true).contains("line 2: no pilot: missing field"), "{}", fault(1, true));
    std::fs::write(&file, "").unwrap();
    assert!(fault(1, true).contains("line 1: no line"));
    let versions = text.replace("\"format_version\":1", "\"format_version\":9");
    std::fs::write(&file, versions).unwrap();
    assert!(fault(1, true).contains("format_version 9, expected 1"));
}

#[test]
fn two_models_of_one_name_are_refused() {
    let names = vec!["a".to_owned(), "a".to_owned()];
    let fault =
        Schedule::new(&Design::new(400), &RECIPE, names, vec![0; 400]).unwrap_err().to_string();
    assert_eq!(fault, "`model` is `a` twice, expected models of different names");
}

/// Ten repetitions, as a reader would run them: the truth at full data inside the 80 % interval, within
/// two points, and the time within 15 %.
#[test]
fn ten_repetitions_keep_their_word() {
    let prices = "currency='USD'\n[labels]\nper_label=0.1\n[machine]\nper_hour=3\n";
    let prices = Prices::from_toml(prices, "prices").unwrap();
    let schedule = schedule();
    let (mut inside, mut near, mut in_time) = (0, 0, 0);
    for seed in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), fingerprint(seed), false).unwrap();
        schedule.run(&mut journal, &mut runner(seed, None), &mut |_, _| {}).unwrap();
        let owned = schedule.pool.len();
        let setting = Setting {
            recipe: RECIPE,
            validation_rows: 800,
            chance: 0.33,
            seed,
            prices: &prices,
            owned,
        };
        let view = ModelView::fit("a", journal.records(), setting).unwrap();
        let full = tunewise_plan::Pilot { number: 99, model: 0, rows: FULL, seed: 7, epochs: 3.0 };
        let measured = runner(seed, None).measure(&full).unwrap();
        let forecast = view.at(FULL as f64);
        let quality = measured.quality;
        inside += usize::from(forecast.quality.low <= quality && quality <= forecast.quality.high);
        near += usize::from((forecast.quality.quality - quality).abs() <= 0.02);
        let hours = forecast.training.hours * 3600.0 / measured.training_seconds;
        in_time += usize::from((hours - 1.0).abs() <= 0.15);
    }
    assert!((7..=10).contains(&inside), "{inside} of 10 inside");
    assert!(near >= 9, "{near} of 10 within two points");
    assert_eq!(in_time, 10);
}
