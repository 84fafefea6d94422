//! `docs/from-transformers.md` names flags that exist, all of them, and every field of Transformers'
//! `TrainingArguments`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::process::Command;

use tunewise_bert::task::FinetuneConfig;

const PAGE: &str = include_str!("../../docs/from-transformers.md");
const TRAINING_ARGUMENTS: &str = include_str!("fixtures/training_arguments.txt");

/// What stands between single backticks outside of code blocks.
fn names() -> BTreeSet<&'static str> {
    let prose = PAGE.split("```").step_by(2);
    prose.flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

fn flags() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_finetune")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let long = |line: &str| {
        let (_, after) = line.trim_start().split_once("--")?;
        let is_flag = line.trim_start().starts_with('-');
        is_flag.then(|| format!("--{}", after.split([' ', '=']).next().unwrap_or_default()))
    };
    help.lines().filter_map(long).collect()
}

#[test]
fn every_flag_on_the_page_exists_and_every_flag_is_on_the_page() {
    let (names, flags) = (names(), flags());
    let named = |name: &str| name.split(' ').next().unwrap_or_default().to_owned();
    let on_page: BTreeSet<String> =
        names.iter().filter(|name| name.starts_with("--")).map(|name| named(name)).collect();
    let unknown: Vec<_> = on_page.difference(&flags).filter(|flag| *flag != "--flag").collect();
    assert!(unknown.is_empty(), "not flags of finetune: {unknown:?}");
    let missing: Vec<_> = flags
        .difference(&on_page)
        .filter(|flag| !["--help", "--version"].contains(&flag.as_str()))
        .collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}

#[test]
fn every_training_argument_is_on_the_page() {
    let names = names();
    let fields = TRAINING_ARGUMENTS.lines().filter(|line| !line.starts_with('#'));
    let missing: Vec<_> = fields.filter(|field| !names.contains(field)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_defaults_on_the_page_are_the_defaults() {
    let config = serde_json::to_value(FinetuneConfig::default()).unwrap();
    for name in [
        "learning_rate",
        "num_train_epochs",
        "per_device_train_batch_size",
        "per_device_eval_batch_size",
        "logging_steps",
    ] {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{name}` | "))).unwrap();
        let here: f64 = row.split('|').nth(3).unwrap().trim().parse().unwrap();
        assert_eq!(config[name].as_f64(), Some(here), "{name}");
    }
}
