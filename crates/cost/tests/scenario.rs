//! Scenario files: both forms, faults by message, and the same bits after a round trip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_cost::{Inputs, Note, Parameter, Scenario, ScenarioError};

const LETTERS: &str = "D = 50000\nP = 1.1e8\na = 1e5\nb = -0.5\nc = -0.001\nd = 0.001\n\
    k1 = 0.116\nk2 = 3000\nl = 2e-8\nm = 0.5\nn1 = 1e7\nn2 = 2e4\no = 0.02\np = 1\n";

fn fault(text: &str) -> String {
    Scenario::from_toml(text).unwrap_err().to_string()
}

fn json_fault(text: &str) -> String {
    Scenario::from_json(text).unwrap_err().to_string()
}

#[test]
fn letters_and_names_are_the_same_scenario() {
    let letters = Scenario::from_toml(LETTERS).unwrap();
    assert_eq!(letters.inputs.promotion.per_training_effect, 1e7);
    assert_eq!(letters.inputs.weights.e, 0.0);
    assert_eq!(Scenario::from_toml(&letters.to_toml()).unwrap(), letters);
    assert!(letters.to_toml().contains("[promotion]\nper_training_effect = 10000000.0\n"));
    let in_tables = "D = 1\nP = 1\n[weights]\na = 1\nb = 1\nc = 1\nd = 1\n[annotation]\nk1 = 1\nk2 = 1\n\
        [training_time]\nl = 1\nm = 1\n[promotion]\nn1 = 1\nn2 = 1\n[feedback]\no = 1\np = 1\n";
    let mut ones = Inputs::from_array([1.0; 16]);
    (ones.weights.e, ones.weights.f) = (0.0, 0.0);
    assert_eq!(Scenario::from_toml(in_tables).unwrap().inputs, ones);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let message = fault(&format!("{LETTERS}q = 1\n"));
    assert!(
        message.contains("line 15, column 1") && message.contains("unknown field `q`"),
        "{message}"
    );
    let message = fault(&LETTERS.replace("p = 1\n", "[feedback]\nbase = 1\n"));
    assert!(message.contains("line 15") && message.contains("`base`"), "{message}");
    let message = fault(&LETTERS.replace("p = 1\n", "p = { value = 1, sauce = 'x' }\n"));
    assert!(message.contains("line 14") && message.contains("`sauce`"), "{message}");
    let message = json_fault("{\n\"D\": 1,\n\"Q\": 2}");
    assert!(message.contains("unknown field `Q`") && message.contains("line 3"), "{message}");
}

#[test]
fn a_value_that_is_no_number_is_named_with_its_line() {
    let message = fault(&LETTERS.replace("k1 = 0.116", "k1 = 'cheap'"));
    assert!(message.contains("line 7") && message.contains("expected a number"), "{message}");
    let message = fault(&LETTERS.replace("k1 = 0.116", "k1 = 0.1.1"));
    assert!(message.contains("line 7"), "{message}");
    let message = json_fault("{\n\"D\": null}");
    assert!(message.contains("expected a number") && message.contains("line 2"), "{message}");
    assert!(json_fault("{\"D\": NaN}").contains("line 1"));
}

#[test]
fn a_missing_or_doubled_key_is_named_with_its_line() {
    let message = fault(&LETTERS.replace("k2 = 3000\n", ""));
    assert_eq!(message, "line 13: `annotation.fixed` is missing (the letter `k2` would do)");
    let tables = Scenario::from_toml(LETTERS).unwrap().to_toml();
    let message = fault(&tables.replace("per_sample = 0.116\nfixed = 3000.0\n", "k1 = 1\n"));
    let header = 1 + tables.lines().position(|line| line == "[annotation]").unwrap();
    let expected = "`annotation.fixed` is missing (the letter `k2` would do)";
    assert_eq!(message, format!("line {header}: {expected}"));
    assert_eq!(json_fault("{\n\"D\": 1,\n\"P\": 2\n}\n"), format!("line 4: {}", MISSING_A));

    let twice = "`annotation.per_sample` is given twice, by name or as `k1`, first in line 7";
    let message = fault(&format!("{LETTERS}[annotation]\nper_sample = 1\n"));
    assert_eq!(message, format!("line 16: {twice}"));
    let letters: Vec<String> =
        LETTERS.lines().map(|line| format!("\"{}", line.replacen(" =", "\":", 1))).collect();
    let text = format!("{{{},\n\"annotation\": {{\n\"per_sample\": 1}}}}", letters.join(",\n"));
    assert_eq!(json_fault(&text), format!("line 16: {twice}"));

    let message = fault(&format!("data_volume = 1\n{LETTERS}"));
    assert_eq!(message, "line 2: `data_volume` is given twice, by name or as `D`, first in line 1");
    let tables = "[annotation]\nper_sample = 1\nk1 = 2\n";
    let message = fault(
        &LETTERS
            .replace("k1 = 0.116\nk2 = 3000\n", "")
            .replace("p = 1\n", &format!("p = 1\n{tables}k2 = 5\n")),
    );
    assert_eq!(
        message,
        "line 15: `annotation.per_sample` is given twice, by name or as `k1`, first in line 14"
    );
    let newer = fault(&format!("name = 'x'\nschema_version = 2\n{LETTERS}"));
    assert_eq!(newer, "line 2: schema_version is 2, expected at most 1");
}

const MISSING_A: &str = "`weights.training_effect` is missing (the letter `a` would do)";

#[test]
fn a_value_outside_the_model_is_named_with_its_line_and_rule() {
    let message = fault(&LETTERS.replace("P = 1.1e8", "P = 0"));
    assert_eq!(message, "line 2: param_count is 0, expected a number above 0");
    let message = fault(&LETTERS.replace("o = 0.02", "o = inf"));
    assert_eq!(message, "line 13: feedback.per_effectiveness is inf, expected a finite number");
    assert!(matches!(
        Scenario::from_toml(&LETTERS.replace("D = 50000", "D = nan")),
        Err(ScenarioError::Value { line: 1, .. })
    ));
}

#[test]
fn notes_and_model_come_back() {
    let mut scenario = Scenario::from_toml(LETTERS).unwrap();
    scenario.name = "quotes \" and \\ and\nlines <b>".to_owned();
    let note = Note { source: Some("AWS, \"tier\" 'x'".to_owned()), ..Note::default() };
    scenario.notes.insert(Parameter::AnnotationPerSample, note);
    scenario.model.policy = tunewise_cost::RootPolicy::Stable;
    assert_eq!(Scenario::from_toml(&scenario.to_toml()).unwrap(), scenario);
    assert_eq!(Scenario::from_json(&scenario.to_json()).unwrap(), scenario);
}

/// Scenarios a property draws: sixteen numbers each, so 100,000 numbers in all.
const SCENARIOS: u32 = 100_000 / 16;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(SCENARIOS))]

    #[test]
    fn a_hundred_thousand_numbers_come_back_as_the_same_bits(
        bits in proptest::array::uniform16(any::<u64>()),
        tiny in any::<u16>(),
    ) {
        let mut bit = tiny;
        let values = bits.map(|bits| {
            // Every other number is drawn subnormal.
            let drawn = if bit & 1 == 1 { bits & !(0x7ff << 52) } else { bits };
            bit >>= 1;
            let value = f64::from_bits(drawn);
            if value.is_finite() { value } else { 0.0 }
        });
        let mut inputs = Inputs::from_array(values);
        inputs.data_volume = inputs.data_volume.abs();
        inputs.param_count = inputs.param_count.abs().max(5e-324);
        let scenario = Scenario::new(inputs);
        for back in [Scenario::from_toml(&scenario.to_toml()), Scenario::from_json(&scenario.to_json())] {
            let back = back.unwrap().inputs.to_array().map(f64::to_bits);
            prop_assert_eq!(back, inputs.to_array().map(f64::to_bits));
        }
    }
}

#[test]
fn the_uncertainty_table_comes_back_and_is_checked() {
    let text = format!("{}\n[uncertainty]\n", tunewise_cost::Scenario::default().to_toml());
    let read = |table: &str| tunewise_cost::Scenario::from_toml(&format!("{text}{table}"));
    let scenario = read(
        "k1 = { dist = 'lognormal', mu = 0.1, sigma = 0.25 }\n\
         'weights.promotion' = { dist = 'truncated_normal', mean = 1, sd = 2, low = 0 }\n",
    )
    .unwrap();
    assert_eq!(scenario.uncertainty.len(), 2);
    assert_eq!(tunewise_cost::Scenario::from_toml(&scenario.to_toml()).unwrap(), scenario);
    assert_eq!(tunewise_cost::Scenario::from_json(&scenario.to_json()).unwrap(), scenario);
    let message = |table: &str| read(table).unwrap_err().to_string();
    let lines = text.lines().count();
    assert_eq!(
        message("k1 = { dist = 'normal', mean = 1, sd = -2 }"),
        format!("line {}: normal distribution: sd is -2, expected a number above 0", lines + 1)
    );
    assert!(message("k1 = { dist = 'normal', mean = 1 }").contains("missing field `sd`"));
    assert!(message("k1 = { dist = 'gauss' }").contains("unknown variant `gauss`"));
    assert!(message("k9 = { dist = 'uniform', low = 0, high = 1 }").contains("`k9` is no input"));
}
