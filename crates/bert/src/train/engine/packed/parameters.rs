//! A parameter's optimizer state and gradient, and linear layers packed for products.

use tunewise_kernels::train::{Norm, Packed};

/// Optimizer state and gradient of one parameter; the parameter itself is the model's tensor of that
/// number.
#[derive(Debug)]
pub(super) struct Slot {
    /// Which of the model's parameters.
    pub(super) index: usize,
    /// Whether training changes it.
    pub(super) trains: bool,
    pub(super) group: Group,
    pub(super) gradient: Vec<f32>,
    pub(super) exp_avg: Vec<f32>,
    pub(super) exp_avg_sq: Vec<f32>,
}

/// What parameters may differ in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Group {
    pub(super) weight_decay: f64,
    pub(super) learning_rate_scale: f64,
}

/// How a parameter begins: which it is, and the group it belongs to if it is trained.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) index: usize,
    pub(super) group: Option<Group>,
}

impl Slot {
    /// Moments and gradient of `len` numbers, of which untouched ones take no memory.
    pub(super) fn new(start: Start, len: usize) -> Self {
        let zeros = || vec![0.0; if start.group.is_some() { len } else { 0 }];
        Self {
            index: start.index,
            trains: start.group.is_some(),
            group: start.group.unwrap_or_default(),
            gradient: zeros(),
            exp_avg: zeros(),
            exp_avg_sq: zeros(),
        }
    }
}

/// A bias, or a scale or shift, with a copy of its numbers.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) slot: Slot,
    pub(super) value: Vec<f32>,
}

impl Vector {
    pub(super) fn new(start: Start, value: Vec<f32>) -> Self {
        Self { slot: Slot::new(start, value.len()), value }
    }
}

/// `x Wᵀ + b`.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) weight: Slot,
    pub(super) packed: Packed,
    pub(super) bias: Vector,
    /// The sums of squares of the weight's gradient, by blocks of outputs.
    pub(super) squares: Vec<f64>,
}

impl Linear {
    /// Whether the gradient of weight or bias is of use.
    pub(super) fn trains(&self) -> bool {
        self.weight.trains || self.bias.slot.trains
    }

    pub(super) fn outputs(&self) -> usize {
        self.packed.outputs()
    }

    pub(super) fn inputs(&self) -> usize {
        self.packed.inputs()
    }
}

/// A LayerNorm.
#[derive(Debug)]
pub(super) struct LayerNorm {
    pub(super) weight: Vector,
    pub(super) bias: Vector,
    pub(super) eps: f32,
}

impl LayerNorm {
    pub(super) fn norm(&self) -> Norm<'_> {
        Norm { weight: &self.weight.value, bias: &self.bias.value, eps: self.eps }
    }

    pub(super) fn trains(&self) -> bool {
        self.weight.slot.trains || self.bias.slot.trains
    }
}

/// A Transformer layer's parameters.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) attention_norm: LayerNorm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) output_norm: LayerNorm,
}

impl Layer {
    pub(super) fn linears(&self) -> [&Linear; 6] {
        [&self.query, &self.key, &self.value, &self.output, &self.up, &self.down]
    }

    pub(super) fn trains(&self) -> bool {
        self.linears().iter().any(|linear| linear.trains())
            || self.attention_norm.trains()
            || self.output_norm.trains()
    }
}
