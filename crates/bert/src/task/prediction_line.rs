//! A prediction as a line of JSON.

use serde_json::{Map, Value, json};
use tunewise_data::Example;

use crate::Prediction;

/// `{"text", "label", "score", "scores": {...}}`; several labels give `labels`, a regression `value`,
/// and `label` is null where the score is below the checkpoint's threshold; `text_pair` and `logits` where there are any. Floats have all their digits.
#[must_use]
pub fn prediction_line(
    example: &Example,
    prediction: &Prediction,
    logits: Option<&[f32]>,
) -> String {
    let mut line = Map::new();
    line.insert("text".to_owned(), json!(example.text));
    if let Some(pair) = &example.text_pair {
        line.insert("text_pair".to_owned(), json!(pair));
    }
    let by_name = |scores: &[(String, f64)]| -> Map<String, Value> {
        scores.iter().map(|(name, score)| (name.clone(), json!(score))).collect()
    };
    let fields = match prediction {
        Prediction::Label { label, score, scores } => {
            json!({ "label": label, "score": score, "scores": by_name(scores) })
        }
        Prediction::Abstained { score, scores, .. } => {
            json!({ "label": null, "score": score, "scores": by_name(scores) })
        }
        Prediction::Labels { labels, scores } => {
            json!({ "labels": labels, "scores": by_name(scores) })
        }
        Prediction::Value { value } => match value.as_slice() {
            [value] => json!({ "value": value }),
            values => json!({ "value": values }),
        },
    };
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    if let Some(logits) = logits {
        line.insert("logits".to_owned(), json!(logits));
    }
    Value::Object(line).to_string()
}
