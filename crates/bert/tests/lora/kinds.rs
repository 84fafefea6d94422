//! What each way of training few parameters trains.

use tch::Kind;
use tunewise_bert::{AdaLoraConfig, BitFitConfig, HeadConfig, LoraConfig, Mode, PeftConfig};

use crate::{alone, load, logits};

#[test]
fn new_adapters_of_every_kind_change_nothing() {
    let _alone = alone();
    let base = logits(&load("single_label"), Mode::Eval);
    let dora = LoraConfig { use_dora: true, lora_dropout: 0.5, ..LoraConfig::default() };
    let configs: [PeftConfig; 4] = [
        (&dora).into(),
        (&AdaLoraConfig::default()).into(),
        (&BitFitConfig::default()).into(),
        (&HeadConfig::default()).into(),
    ];
    for config in configs {
        let mut model = load("single_label");
        model.apply(&config).unwrap();
        assert!(logits(&model, Mode::Eval).equal(&base), "{config:?}: to the bit");
        assert!(logits(&model, Mode::Train(3)).equal(&base), "{config:?}: in training");
    }
}

#[test]
fn bitfit_and_head_train_what_their_names_say() {
    let _alone = alone();
    let trained = |config: PeftConfig| -> Vec<String> {
        let mut model = load("single_label");
        model.apply(&config).unwrap();
        logits(&model, Mode::Train(0)).square().sum(Kind::Float).f_backward().unwrap();
        let moved = model.parameters().filter(|(_, tensor)| tensor.grad().defined());
        moved.map(|(name, _)| name.to_owned()).collect()
    };
    let head = trained((&HeadConfig::default()).into());
    assert_eq!(head, ["classifier.weight", "classifier.bias"]);
    let bitfit = trained((&BitFitConfig::default()).into());
    let (biases, others): (Vec<_>, Vec<_>) =
        bitfit.iter().map(String::as_str).partition(|name| name.ends_with(".bias"));
    assert_eq!(others, ["classifier.weight"]);
    let all = load("single_label");
    assert_eq!(biases.len(), all.parameters().filter(|(name, _)| name.ends_with(".bias")).count());
    let unknown = HeadConfig { modules_to_save: vec!["score".to_owned()] };
    let error = load("single_label").apply(&unknown).unwrap_err().to_string();
    assert!(error.contains("`modules_to_save` is score"), "{error}");
}
