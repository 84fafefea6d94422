//! The settings of adapters whose ranks are found in training.

use std::collections::BTreeMap;

use super::TargetModules;
use crate::Result;
use crate::model::peft::setting;

/// Low-rank adapters in the form of a singular value decomposition, of which training prunes the
/// triplets that matter least until a budget is reached; names and defaults are PEFT's.
///
/// The allocator runs after each optimizer step, and the loss of each step has `orth_reg_weight` times
/// the mean of `|P Pᵀ - I|` (Frobenius) over all A and Bᵀ. Steps count from 1: up to `tinit` the budget
/// is `init_r` a layer; then it falls with the cube of the steps that are left, and every `delta_t` steps
/// the least important triplets are set to zero; from `tfinal` steps before the end on those that are
/// left stay, `target_r` a layer in the mean.
///
/// | name | default | range | meaning |
/// | --- | --- | --- | --- |
/// | `init_r` | 12 | 1 or more | rank at the beginning |
/// | `target_r` | 8 | 1 to below `init_r` | mean rank at the end |
/// | `lora_alpha` | 8 | above 0 | the update is scaled by `lora_alpha / init_r` |
/// | `lora_dropout` | 0 | 0 to below 1 | dropout before A, in training |
/// | `target_modules` | `query`, `value` | linear layers | where |
/// | `modules_to_save` | `classifier` | modules | trained whole, and saved with the adapter |
/// | `tinit`, `tfinal` | 0 | fewer than the run's steps | steps before and after pruning |
/// | `delta_t` | 1 | 1 or more | steps from one pruning to the next |
/// | `beta1`, `beta2` | 0.85 | above 0 and below 1 | smoothing of importance and of its uncertainty |
/// | `orth_reg_weight` | 0.5 | 0 or more | weight of orthogonality in the loss |
/// | `seed` | 42 | | seeds libtorch's generator for A and B, N(0, 0.02); the singular values are zero |
///
/// # Reference
/// Zhang et al. 2023, *Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning*; PEFT's
/// `RankAllocator`.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaLoraConfig {
    /// Rank at the beginning.
    pub init_r: usize,
    /// Mean rank at the end.
    pub target_r: usize,
    /// Scale of the update, times `init_r`.
    pub lora_alpha: f64,
    /// Dropout before A.
    pub lora_dropout: f64,
    /// Which layers.
    pub target_modules: TargetModules,
    /// Which modules are trained whole.
    pub modules_to_save: Vec<String>,
    /// Steps before pruning.
    pub tinit: u64,
    /// Steps after pruning.
    pub tfinal: u64,
    /// Steps from one pruning to the next.
    pub delta_t: u64,
    /// Smoothing of importance.
    pub beta1: f64,
    /// Smoothing of its uncertainty.
    pub beta2: f64,
    /// Weight of orthogonality in the loss.
    pub orth_reg_weight: f64,
    /// Of the new weights.
    pub seed: u64,
}

/// By layer, which triplets are left.
pub(super) type RankPattern = BTreeMap<String, Vec<bool>>;

impl Default for AdaLoraConfig {
    fn default() -> Self {
        Self {
            init_r: 12,
            target_r: 8,
            lora_alpha: 8.0,
            lora_dropout: 0.0,
            target_modules: TargetModules::default(),
            modules_to_save: vec!["classifier".to_owned()],
            tinit: 0,
            tfinal: 0,
            delta_t: 1,
            beta1: 0.85,
            beta2: 0.85,
            orth_reg_weight: 0.5,
            seed: 42,
        }
    }
}

impl AdaLoraConfig {
    /// Checks what can be checked without a model and the length of a run.
    ///
    /// # Errors
    /// [`crate::Error::Setting`] naming the first setting that is out of its range.
    pub fn validate(&self) -> Result<()> {
        let within = |x: f64| x > 0.0 && x < 1.0;
        let alpha = self.lora_alpha.is_finite() && self.lora_alpha > 0.0;
        let weight = self.orth_reg_weight.is_finite() && self.orth_reg_weight >= 0.0;
        let target = self.target_r > 0 && self.target_r < self.init_r;
        let dropout = (0.0..1.0).contains(&self.lora_dropout);
        for (name, got, good, expected) in [
            ("adalora_init_r", self.init_r as f64, self.init_r > 0, "1 or more"),
            ("adalora_target_r", self.target_r as f64, target, "1 or more, below adalora_init_r"),
            ("lora_alpha", self.lora_alpha, alpha, "a number above 0"),
            ("lora_dropout", self.lora_dropout, dropout, "0 or more and below 1"),
            ("adalora_delta_t", self.delta_t as f64, self.delta_t > 0, "1 or more"),
            ("adalora_beta1", self.beta1, within(self.beta1), "above 0 and below 1"),
            ("adalora_beta2", self.beta2, within(self.beta2), "above 0 and below 1"),
            ("adalora_orth_reg_weight", self.orth_reg_weight, weight, "0 or more"),
        ] {
            if !good {
                return Err(setting(name, &got.to_string(), expected));
            }
        }
        Ok(())
    }
}
