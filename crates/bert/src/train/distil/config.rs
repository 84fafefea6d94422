//! What a student learns from its teacher.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Which relations between tokens a student learns beside the teacher's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relations {
    /// MiniLM: the attention distributions of a layer, and how its values attend to each other. Both
    /// models need as many heads.
    Minilm,
    /// MiniLMv2: how queries, keys and values attend each to their own kind, in relation heads of their
    /// own number, so that widths and heads may differ.
    MinilmV2,
}

impl Relations {
    const ALL: [Self; 2] = [Self::Minilm, Self::MinilmV2];
}

impl fmt::Display for Relations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minilm => "minilm",
            Self::MinilmV2 => "minilm-v2",
        })
    }
}

impl FromStr for Relations {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_string() == name).ok_or_else(|| Error::Setting {
            name: "distil_relations",
            got: name.to_owned(),
            expected: "minilm or minilm-v2".to_owned(),
        })
    }
}

/// How a student is taught: a row's loss is `alpha` of the distance from the teacher's answer and
/// `1 - alpha` of the loss of its label, and `relation_weight` times the distance from the teacher's
/// relations.
///
/// | field | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `temperature` | 2 | > 0 | what both models' logits are divided by; classification |
/// | `alpha` | 0.5 | [0, 1] | share of the teacher's answers; at 1 rows need no labels |
/// | `relations` | none | | relations between tokens that the student's last layer learns |
/// | `relation_weight` | 1 | > 0 | what their loss is multiplied by |
/// | `relation_heads` | the student's heads | divides both widths | of `MinilmV2` |
/// | `teacher_layer` | the last | below the teacher's layers | whose relations, counted from 0 |
///
/// # Formula
/// ```text
/// single label   alpha T² KL(softmax(t / T) ‖ softmax(s / T)) + (1 - alpha) loss(s, label)
/// several        alpha T² mean over k of KL(σ(t_k / T) ‖ σ(s_k / T)) + (1 - alpha) loss
/// regression     alpha mean over k of (s_k - t_k)² + (1 - alpha) loss
/// relations      + relation_weight Σ over kinds of
///                    mean over heads and real tokens of KL(softmax(T Tᵀ / √d) ‖ softmax(S Sᵀ / √d))
/// ```
/// for logits `s` of the student and `t` of the teacher; of `Minilm` the kinds are queries by keys and
/// values by values, of `MinilmV2` queries, keys and values, each by itself. Padding is neither seen nor
/// counted.
///
/// # Reference
/// Hinton, Vinyals and Dean 2015, *Distilling the Knowledge in a Neural Network*; Wang et al. 2020,
/// *MiniLM*, equations 6 to 8; Wang et al. 2021, *MiniLMv2*, equations 5 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DistilConfig {
    /// What logits are divided by.
    pub temperature: f64,
    /// Share of the teacher's answers.
    pub alpha: f64,
    /// Relations that the student's last layer learns.
    pub relations: Option<Relations>,
    /// What their loss is multiplied by.
    pub relation_weight: f64,
    /// Heads of [`Relations::MinilmV2`].
    pub relation_heads: Option<usize>,
    /// The teacher's layer whose relations are learnt.
    pub teacher_layer: Option<usize>,
}

impl Default for DistilConfig {
    fn default() -> Self {
        Self {
            temperature: 2.0,
            alpha: 0.5,
            relations: None,
            relation_weight: 1.0,
            relation_heads: None,
            teacher_layer: None,
        }
    }
}

impl DistilConfig {
    /// Checks the ranges of the table above that no model is needed for.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the first setting out of its range.
    pub fn validate(&self) -> Result<()> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        for (name, got, good, expected) in [
            ("distil_temperature", self.temperature, positive(self.temperature), "above 0"),
            ("distil_alpha", self.alpha, (0.0..=1.0).contains(&self.alpha), "0 to 1"),
            (
                "distil_relation_weight",
                self.relation_weight,
                positive(self.relation_weight),
                "above 0",
            ),
        ] {
            if !good {
                return Err(setting(name, got, expected));
            }
        }
        match self.relation_heads {
            Some(0) => Err(setting("distil_relation_heads", 0, "1 or more")),
            Some(heads) if self.relations != Some(Relations::MinilmV2) => {
                Err(setting("distil_relation_heads", heads, "nothing without relations minilm-v2"))
            }
            _ => Ok(()),
        }
    }
}

/// A setting that does not do.
pub(super) fn setting(
    name: &'static str,
    got: impl fmt::Display,
    expected: impl fmt::Display,
) -> Error {
    Error::Setting { name, got: got.to_string(), expected: expected.to_string() }
}
