//! Which parameters share a weight decay and a learning rate.

use std::collections::BTreeMap;

use tunewise_torch::ParameterGroup;

use super::config::TrainConfig;
use crate::BertClassifier;

/// Whether weight decay applies to the parameter of that name: not to biases and normalisation.
///
/// # Reference
/// `transformers.Trainer.get_decay_parameter_names`.
#[must_use]
pub fn decays(name: &str) -> bool {
    let name = name.to_lowercase();
    !(name.contains("bias") || name.contains("layernorm") || name.contains("rmsnorm"))
}

/// How many layers a parameter's signal passes on the way to the logits: 0 for pooler and head,
/// 1 for the last layer, one more than the layers for the embeddings.
fn distance(name: &str, num_hidden_layers: usize) -> usize {
    if name.starts_with("bert.embeddings.") {
        return num_hidden_layers + 1;
    }
    let layer = name.strip_prefix("bert.encoder.layer.").and_then(|rest| rest.split('.').next());
    let layer = layer.and_then(|layer| layer.parse::<usize>().ok());
    layer.map_or(0, |layer| num_hidden_layers.saturating_sub(layer))
}

/// The trainable parameters by layer and decay, the layers from the head down.
///
/// # Formula
/// ```text
/// learning_rate_scale = layer_wise_lr_decay ^ distance to the head
/// ```
///
/// # Reference
/// Howard and Ruder 2018, *Universal Language Model Fine-tuning for Text Classification*, section 3.2
/// (discriminative fine-tuning); the form is that of Clark et al. 2020, *ELECTRA*, appendix B.
pub(super) fn parameter_groups(
    model: &BertClassifier,
    config: &TrainConfig,
) -> Vec<ParameterGroup> {
    let layers = model.config().num_hidden_layers;
    let mut groups: BTreeMap<(usize, bool), ParameterGroup> = BTreeMap::new();
    for (name, tensor) in model.trainable_parameters() {
        // A decay of 1 makes no difference between layers: two groups, two fused calls a step.
        let layer = if config.layer_wise_lr_decay == 1.0 { 0 } else { distance(name, layers) };
        let group = groups.entry((layer, !decays(name))).or_insert_with(|| ParameterGroup {
            parameters: Vec::new(),
            weight_decay: if decays(name) { config.weight_decay } else { 0.0 },
            learning_rate_scale: config.layer_wise_lr_decay.powi(layer as i32),
        });
        group.parameters.push((name.to_owned(), tensor.shallow_clone()));
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;
    use crate::BertConfig;

    fn model() -> BertClassifier {
        let config = BertConfig {
            vocab_size: 20,
            hidden_size: 8,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 16,
            max_position_embeddings: 8,
            ..BertConfig::default()
        };
        let _turn = crate::runtime::generator();
        BertClassifier::new(config, Device::Cpu, 1).unwrap()
    }

    #[test]
    fn a_decay_of_one_makes_two_groups() {
        let config = TrainConfig { weight_decay: 0.1, ..TrainConfig::default() };
        let groups = parameter_groups(&model(), &config);
        let settings: Vec<(f64, f64)> =
            groups.iter().map(|group| (group.weight_decay, group.learning_rate_scale)).collect();
        assert_eq!(settings, [(0.1, 1.0), (0.0, 1.0)]);
    }

    #[test]
    fn deeper_layers_learn_slower_and_every_parameter_is_in_one_group() {
        let config = TrainConfig { layer_wise_lr_decay: 0.5, ..TrainConfig::default() };
        let model = model();
        let groups = parameter_groups(&model, &config);
        let scale = |wanted: &str| {
            let group =
                groups.iter().find(|group| group.parameters.iter().any(|(name, _)| name == wanted));
            group.unwrap().learning_rate_scale
        };
        assert_eq!(scale("classifier.weight"), 1.0);
        assert_eq!(scale("bert.pooler.dense.bias"), 1.0);
        assert_eq!(scale("bert.encoder.layer.1.output.dense.weight"), 0.5);
        assert_eq!(scale("bert.encoder.layer.0.output.LayerNorm.bias"), 0.25);
        assert_eq!(scale("bert.embeddings.word_embeddings.weight"), 0.125);
        let all: usize = groups.iter().map(|group| group.parameters.len()).sum();
        assert_eq!(all, model.parameters().count());
    }
}
