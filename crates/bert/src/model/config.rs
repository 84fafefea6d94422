//! `config.json` of a BERT checkpoint.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tunewise_data::ProblemType;

use crate::error::Context;
use crate::{Error, Result};

/// The activation between the two halves of the feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x Φ(x)` with the exact normal distribution function.
    Gelu,
    /// The tanh approximation of GELU, as the original BERT and GPT-2 code has it.
    GeluNew,
    /// `max(0, x)`.
    Relu,
    /// `x σ(x)`, also called swish.
    Silu,
}

impl From<Activation> for tunewise_kernels::Activation {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Gelu => Self::Gelu,
            Activation::GeluNew => Self::GeluTanh,
            Activation::Relu => Self::Relu,
            Activation::Silu => Self::Silu,
        }
    }
}

impl Activation {
    const NAMES: [(&str, Self); 5] = [
        ("gelu", Self::Gelu),
        ("gelu_new", Self::GeluNew),
        ("relu", Self::Relu),
        ("silu", Self::Silu),
        ("swish", Self::Silu),
    ];

    fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, activation)| *activation)
    }

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, a)| *a == self).map_or("gelu", |(name, _)| *name)
    }
}

/// The keys of Transformers' `BertConfig` that change numbers. Keys that do not are kept and written
/// back; values that this model cannot honour are refused when read.
///
/// | field | default | meaning |
/// | --- | --- | --- |
/// | `vocab_size` | 30522 | rows of the word embedding |
/// | `hidden_size` | 768 | width of the residual stream, a multiple of the heads |
/// | `num_hidden_layers` | 12 | encoder layers |
/// | `num_attention_heads` | 12 | heads a layer |
/// | `intermediate_size` | 3072 | width of the feed-forward block |
/// | `hidden_act` | gelu | activation there |
/// | `hidden_dropout_prob` | 0.1 | dropout of embeddings, attention output and feed-forward output |
/// | `attention_probs_dropout_prob` | 0.1 | dropout of the attention weights |
/// | `classifier_dropout` | none | dropout before the head; none: `hidden_dropout_prob` |
/// | `max_position_embeddings` | 512 | positions |
/// | `type_vocab_size` | 2 | segments |
/// | `initializer_range` | 0.02 | standard deviation of new weights |
/// | `layer_norm_eps` | 1e-12 | ε of every LayerNorm |
/// | `pad_token_id` | 0 | the row of the word embedding that gets no gradient |
/// | `problem_type` | none | which loss; none: one label regression, more: single label |
/// | `id2label` | LABEL_0, LABEL_1 | names of the labels, in the order of the logits |
#[derive(Debug, Clone, PartialEq)]
pub struct BertConfig {
    /// Rows of the word embedding.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Encoder layers.
    pub num_hidden_layers: usize,
    /// Attention heads a layer.
    pub num_attention_heads: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Dropout of embeddings, attention output and feed-forward output.
    pub hidden_dropout_prob: f64,
    /// Dropout of the attention weights.
    pub attention_probs_dropout_prob: f64,
    /// Dropout before the head; `None` takes `hidden_dropout_prob`.
    pub classifier_dropout: Option<f64>,
    /// Positions.
    pub max_position_embeddings: usize,
    /// Segments.
    pub type_vocab_size: usize,
    /// Standard deviation of new weights.
    pub initializer_range: f64,
    /// ε of every LayerNorm.
    pub layer_norm_eps: f64,
    /// The row of the word embedding that gets no gradient.
    pub pad_token_id: Option<usize>,
    /// Which loss; `None` is inferred from the number of labels.
    pub problem_type: Option<ProblemType>,
    /// Names of the labels, in the order of the logits.
    pub id2label: Vec<String>,
    /// Every key of the file it was read from, the above among them: what is unknown here is written back.
    pub other: Map<String, Value>,
}

impl Default for BertConfig {
    fn default() -> Self {
        Self {
            vocab_size: 30522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            hidden_act: Activation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            classifier_dropout: None,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            initializer_range: 0.02,
            layer_norm_eps: 1e-12,
            pad_token_id: Some(0),
            problem_type: None,
            id2label: vec!["LABEL_0".to_owned(), "LABEL_1".to_owned()],
            other: Map::new(),
        }
    }
}

impl BertConfig {
    /// Reads and checks `config.json`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Json`], or [`Error::Config`] naming the key whose value cannot be
    /// honoured.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).at(path)?;
        let keys: Map<String, Value> = serde_json::from_slice(&bytes).at(path)?;
        Self::from_keys(keys, path)
    }

    /// The configuration as `config.json` holds it, the keys it was read with included.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut keys = self.other.clone();
        let id2label: Map<_, _> = self
            .id2label
            .iter()
            .enumerate()
            .map(|(id, name)| (id.to_string(), json!(name)))
            .collect();
        let label2id: Map<_, _> =
            self.id2label.iter().enumerate().map(|(id, name)| (name.clone(), json!(id))).collect();
        let known = json!({
            "architectures": ["BertForSequenceClassification"],
            "model_type": "bert",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "intermediate_size": self.intermediate_size,
            "hidden_act": self.hidden_act.name(),
            "hidden_dropout_prob": self.hidden_dropout_prob,
            "attention_probs_dropout_prob": self.attention_probs_dropout_prob,
            "classifier_dropout": self.classifier_dropout,
            "max_position_embeddings": self.max_position_embeddings,
            "type_vocab_size": self.type_vocab_size,
            "initializer_range": self.initializer_range,
            "layer_norm_eps": self.layer_norm_eps,
            "pad_token_id": self.pad_token_id,
            "problem_type": self.problem_type,
            "id2label": id2label,
            "label2id": label2id,
        });
        if let Value::Object(known) = known {
            keys.extend(known);
        }
        keys.remove("num_labels");
        Value::Object(keys)
    }

    /// Number of logits.
    #[must_use]
    pub fn num_labels(&self) -> usize {
        self.id2label.len()
    }

    /// The loss in use: `problem_type`, or what Transformers infers from the number of labels.
    #[must_use]
    pub fn problem(&self) -> ProblemType {
        self.problem_type.unwrap_or(if self.num_labels() == 1 {
            ProblemType::Regression
        } else {
            ProblemType::SingleLabelClassification
        })
    }

    fn from_keys(keys: Map<String, Value>, path: &Path) -> Result<Self> {
        let default = Self::default();
        let keys = Keys { keys: &keys, path };
        let hidden_act: String = keys.read("hidden_act", "gelu".to_owned())?;
        let config = Self {
            vocab_size: keys.read("vocab_size", default.vocab_size)?,
            hidden_size: keys.read("hidden_size", default.hidden_size)?,
            num_hidden_layers: keys.read("num_hidden_layers", default.num_hidden_layers)?,
            num_attention_heads: keys.read("num_attention_heads", default.num_attention_heads)?,
            intermediate_size: keys.read("intermediate_size", default.intermediate_size)?,
            hidden_act: Activation::from_name(&hidden_act)
                .ok_or_else(|| keys.fault("hidden_act", "gelu, gelu_new, relu, silu or swish"))?,
            hidden_dropout_prob: keys.read("hidden_dropout_prob", 0.1)?,
            attention_probs_dropout_prob: keys.read("attention_probs_dropout_prob", 0.1)?,
            classifier_dropout: keys.read("classifier_dropout", None)?,
            max_position_embeddings: keys.read("max_position_embeddings", 512)?,
            type_vocab_size: keys.read("type_vocab_size", default.type_vocab_size)?,
            initializer_range: keys.read("initializer_range", default.initializer_range)?,
            layer_norm_eps: keys.read("layer_norm_eps", default.layer_norm_eps)?,
            pad_token_id: keys.read("pad_token_id", default.pad_token_id)?,
            problem_type: keys.read("problem_type", None)?,
            id2label: keys.id2label()?,
            other: keys.keys.clone(),
        };
        keys.refuse_what_changes_the_model()?;
        config.check_ranges(&keys)?;
        Ok(config)
    }

    fn check_ranges(&self, keys: &Keys<'_>) -> Result<()> {
        for (key, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("intermediate_size", self.intermediate_size),
            ("max_position_embeddings", self.max_position_embeddings),
            ("type_vocab_size", self.type_vocab_size),
        ] {
            // The upper bound keeps every product of two sizes inside i64.
            if value == 0 || value > 1 << 31 {
                return Err(keys.fault(key, "an integer from 1 to 2147483648"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(keys.fault("hidden_size", "a multiple of num_attention_heads"));
        }
        for (key, probability) in [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            ("attention_probs_dropout_prob", self.attention_probs_dropout_prob),
            ("classifier_dropout", self.classifier_dropout.unwrap_or(0.0)),
        ] {
            if !(0.0..1.0).contains(&probability) {
                return Err(keys.fault(key, "a probability from 0 to below 1"));
            }
        }
        if !(self.layer_norm_eps > 0.0 && self.initializer_range >= 0.0) {
            return Err(
                keys.fault("layer_norm_eps", "positive, and initializer_range not negative")
            );
        }
        if self.pad_token_id.is_some_and(|id| id >= self.vocab_size) {
            return Err(keys.fault("pad_token_id", "null or an id below vocab_size"));
        }
        Ok(())
    }
}

/// The keys of one file.
struct Keys<'a> {
    keys: &'a Map<String, Value>,
    path: &'a Path,
}

impl Keys<'_> {
    fn read<T: DeserializeOwned>(&self, key: &str, default: T) -> Result<T> {
        match self.keys.get(key) {
            None => Ok(default),
            Some(value) => serde_json::from_value(value.clone())
                .map_err(|error| self.fault(key, &format!("another type ({error})"))),
        }
    }

    fn fault(&self, key: &str, expected: &str) -> Error {
        Error::Config {
            path: self.path.to_owned(),
            key: key.to_owned(),
            got: self.keys.get(key).map_or("missing".to_owned(), Value::to_string),
            expected: expected.to_owned(),
        }
    }

    /// The names in the order of their ids, `LABEL_i` where only a number of labels is given.
    fn id2label(&self) -> Result<Vec<String>> {
        let Some(value) = self.keys.get("id2label").filter(|value| !value.is_null()) else {
            let num_labels: usize = self.read("num_labels", 2)?;
            return Ok((0..num_labels).map(|id| format!("LABEL_{id}")).collect());
        };
        let fault = || self.fault("id2label", "an object of names by the ids \"0\", \"1\", ...");
        let names = value.as_object().ok_or_else(fault)?;
        let name =
            |id: usize| names.get(&id.to_string()).and_then(Value::as_str).map(str::to_owned);
        let names: Option<Vec<_>> = (0..names.len()).map(name).collect();
        names.filter(|names| !names.is_empty()).ok_or_else(fault)
    }

    /// Refuses values under which Transformers would compute something else.
    fn refuse_what_changes_the_model(&self) -> Result<()> {
        for (key, honoured) in [
            ("model_type", json!("bert")),
            ("position_embedding_type", json!("absolute")),
            ("is_decoder", json!(false)),
            ("add_cross_attention", json!(false)),
            ("pruned_heads", json!({})),
        ] {
            let value = self.keys.get(key);
            if value.is_some_and(|value| *value != honoured && !value.is_null()) {
                return Err(self.fault(key, &honoured.to_string()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Value) -> Result<BertConfig> {
        let Value::Object(keys) = json else { panic!("an object") };
        BertConfig::from_keys(keys, Path::new("config.json"))
    }

    #[test]
    fn an_empty_file_gives_transformers_defaults() {
        assert_eq!(read(json!({})).unwrap(), BertConfig::default());
    }

    #[test]
    fn unknown_keys_survive_a_round_trip() {
        let config = read(json!({"use_cache": true, "id2label": {"1": "b", "0": "a"}})).unwrap();
        let json = config.to_json();
        assert_eq!(json["use_cache"], json!(true));
        assert_eq!(json["label2id"], json!({"a": 0, "b": 1}));
        assert_eq!(read(json).unwrap().id2label, ["a", "b"]);
    }

    #[test]
    fn what_changes_numbers_and_is_not_honoured_is_refused_by_key() {
        for (key, value) in [
            ("hidden_act", json!("gelu_fast")),
            ("model_type", json!("roberta")),
            ("position_embedding_type", json!("relative_key")),
            ("is_decoder", json!(true)),
            ("add_cross_attention", json!(true)),
            ("pruned_heads", json!({"0": [1]})),
            ("hidden_size", json!(770)),
            ("hidden_size", json!("wide")),
            ("num_hidden_layers", json!(0)),
            ("vocab_size", json!(-1)),
            ("hidden_dropout_prob", json!(1.0)),
            ("layer_norm_eps", json!(0.0)),
            ("pad_token_id", json!(30522)),
            ("problem_type", json!("ranking")),
            ("id2label", json!({"0": "a", "2": "b"})),
            ("id2label", json!({})),
        ] {
            let error = read(json!({ key: value })).unwrap_err().to_string();
            assert!(error.contains(&format!("`{key}`")), "{key}: {error}");
        }
    }

    #[test]
    fn the_problem_is_inferred_as_transformers_does() {
        let labels = |n: usize| read(json!({ "num_labels": n })).unwrap().problem();
        assert_eq!(labels(1), ProblemType::Regression);
        assert_eq!(labels(3), ProblemType::SingleLabelClassification);
        let multi = read(json!({"problem_type": "multi_label_classification"})).unwrap();
        assert_eq!(multi.problem(), ProblemType::MultiLabelClassification);
    }
}
