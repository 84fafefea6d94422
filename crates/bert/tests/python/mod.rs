//! What tests against a Python package's figures share.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor};
use tunewise_bert::{BertClassifier, DeviceBatch, Mode};

/// A batch as the tokenizer there gave it.
#[derive(Deserialize)]
pub(crate) struct Inputs {
    input_ids: Vec<Vec<i64>>,
    attention_mask: Vec<Vec<i64>>,
    token_type_ids: Vec<Vec<i64>>,
}

impl Inputs {
    /// `[batch, num_labels]`.
    pub(crate) fn logits(&self, model: &BertClassifier, mode: Mode) -> Tensor {
        let mask = Tensor::from_slice2(&self.attention_mask).to_kind(Kind::Bool);
        let batch = DeviceBatch {
            input_ids: Tensor::from_slice2(&self.input_ids),
            token_type_ids: Tensor::from_slice2(&self.token_type_ids),
            attention_mask: Some(mask.unsqueeze(1).unsqueeze(1)), // [batch, 1, 1, seq]
            labels: None,
        };
        model.forward(&batch, mode).unwrap()
    }

    /// Compares the logits, which are of size 1 or less, with those of the package.
    pub(crate) fn assert_close(
        &self,
        model: &BertClassifier,
        expected: &[Vec<f64>],
        (tolerance, what): (f64, &str),
    ) {
        let got: Vec<f64> = self.logits(model, Mode::Eval).view([-1]).try_into().unwrap();
        let expected: Vec<f64> = expected.iter().flatten().copied().collect();
        assert_eq!(got.len(), expected.len(), "{what}");
        for (got, expected) in got.iter().zip(&expected) {
            assert!((got - expected).abs() <= tolerance, "{what}: {got}, there {expected}");
        }
    }
}

/// Hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
