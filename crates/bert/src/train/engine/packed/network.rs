//! All parameters of the engine, and the gradients of a layer's weights.

use rayon::prelude::*;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{BLOCK, Onto, Packed, Pairs, Share, add, squares, weight_gradient};

use super::embeddings::Embeddings;
use super::head::Head;
use super::parameters::{Layer, LayerNorm, Linear, Slot, Vector};
use super::part::Part;
use crate::Result;

/// All parameters.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) embeddings: Embeddings,
    pub(super) layers: Vec<Layer>,
    pub(super) head: Head,
}

/// A parameter with what is made of it.
pub(super) enum Parameter<'a> {
    /// Weights, which are packed.
    Weight(&'a mut Slot, &'a mut Packed, &'a mut Vec<f64>),
    /// A vector, which is copied.
    Vector(&'a mut Slot, &'a mut Vec<f32>),
    /// A table, which is read where it is.
    Table(&'a mut Slot),
}

impl<'a> Parameter<'a> {
    pub(super) fn slot(&self) -> &Slot {
        match self {
            Self::Weight(slot, ..) | Self::Vector(slot, _) | Self::Table(slot) => slot,
        }
    }

    fn into_slot(self) -> &'a mut Slot {
        match self {
            Self::Weight(slot, ..) | Self::Vector(slot, _) | Self::Table(slot) => slot,
        }
    }
}

impl Network {
    /// Every parameter but the words.
    pub(super) fn parameters_mut(&mut self) -> Vec<Parameter<'_>> {
        let mut all = vec![
            Parameter::Table(&mut self.embeddings.positions),
            Parameter::Table(&mut self.embeddings.segments),
        ];
        norm(&mut self.embeddings.norm, &mut all);
        rest(&mut self.layers, &mut self.head, &mut all);
        all
    }

    /// The optimizer state of every parameter.
    pub(super) fn slots_mut(&mut self) -> Vec<&mut Slot> {
        let Self { embeddings, layers, head } = self;
        let mut all: Vec<Parameter<'_>> = vec![
            Parameter::Table(&mut embeddings.words.slot),
            Parameter::Table(&mut embeddings.positions),
            Parameter::Table(&mut embeddings.segments),
        ];
        norm(&mut embeddings.norm, &mut all);
        rest(layers, head, &mut all);
        all.into_iter().map(Parameter::into_slot).collect()
    }

    /// The lowest layer that training changes anything in or below of; `None` if that is the head alone.
    pub(super) fn lowest(&self) -> Option<usize> {
        if self.embeddings.trains() {
            return (!self.layers.is_empty()).then_some(0);
        }
        self.layers.iter().position(Layer::trains)
    }

    /// The sum of the squares of all gradients.
    pub(super) fn squares(&mut self, isa: Isa) -> f64 {
        let words = squares(isa, self.embeddings.words.gradient());
        let of = |parameter: Parameter<'_>| match parameter {
            Parameter::Weight(slot, _, sums) if slot.trains => sums.iter().sum(),
            Parameter::Weight(..) => 0.0,
            Parameter::Vector(slot, _) | Parameter::Table(slot) => squares(isa, &slot.gradient),
        };
        words + self.parameters_mut().into_iter().map(of).sum::<f64>()
    }
}

/// What follows the embeddings.
fn rest<'a>(layers: &'a mut [Layer], head: &'a mut Head, all: &mut Vec<Parameter<'a>>) {
    for layer in layers {
        let Layer { query, key, value, output, attention_norm, up, down, output_norm } = layer;
        norm(attention_norm, all);
        norm(output_norm, all);
        for part in [query, key, value, output, up, down] {
            linear(part, all);
        }
    }
    linear(&mut head.pooler, all);
    linear(&mut head.classifier, all);
}

fn vector<'a>(vector: &'a mut Vector, all: &mut Vec<Parameter<'a>>) {
    all.push(Parameter::Vector(&mut vector.slot, &mut vector.value));
}

fn norm<'a>(norm: &'a mut LayerNorm, all: &mut Vec<Parameter<'a>>) {
    vector(&mut norm.weight, all);
    vector(&mut norm.bias, all);
}

fn linear<'a>(linear: &'a mut Linear, all: &mut Vec<Parameter<'a>>) {
    all.push(Parameter::Weight(&mut linear.weight, &mut linear.packed, &mut linear.squares));
    vector(&mut linear.bias, all);
}

/// Rows of a weight's gradient.
struct Job<'a> {
    shares: &'a [Share<'a>],
    first: usize,
    out: &'a mut [f32],
    squares: &'a mut f64,
}

/// The blocks of a weight's gradient.
fn jobs<'a>(linear: &'a mut Linear, shares: &'a [Share<'a>], all: &mut Vec<Job<'a>>) {
    let block = (BLOCK * linear.packed.inputs()).max(1);
    let blocks = linear.weight.gradient.chunks_mut(block).zip(&mut linear.squares);
    let job = |(place, (out, squares))| Job { shares, first: place * BLOCK, out, squares };
    all.extend(blocks.enumerate().map(job));
}

fn run(isa: Isa, jobs: Vec<Job<'_>>, onto: Onto) -> Result<()> {
    // One by one: a thread that is done takes over what another has not begun.
    jobs.into_par_iter().with_max_len(1).try_for_each(|job| {
        *job.squares = weight_gradient(isa, job.shares, (job.first, job.out), onto)?;
        Ok(())
    })
}

/// Gradients of a layer's parameters from what the parts left.
pub(super) fn layer_gradients(
    layer: &mut Layer,
    (parts, last): (&[Part], bool),
    onto: Onto,
    isa: Isa,
) -> Result<()> {
    for part in parts {
        let norms = [
            (&mut layer.attention_norm, &part.sums.attention_norm),
            (&mut layer.output_norm, &part.sums.output_norm),
        ];
        for (norm, [weight, bias]) in norms {
            add(isa, weight, &mut norm.weight.slot.gradient);
            add(isa, bias, &mut norm.bias.slot.gradient);
        }
    }
    let share = |place: usize, inputs: fn(&Part) -> &Pairs| -> Vec<Share<'_>> {
        let share = |part| Share { outputs: &part_outputs(part)[place], inputs: inputs(part) };
        parts.iter().map(share).collect()
    };
    let input: fn(&Part) -> &Pairs = |part| &part.scratch.sides.input;
    let first: fn(&Part) -> &Pairs = |part| &part.scratch.sides.first;
    let shares = [
        share(0, if last { first } else { input }),
        share(1, input),
        share(2, input),
        share(3, |part| &part.scratch.sides.context),
        share(4, |part| &part.scratch.sides.middle),
        share(5, |part| &part.scratch.sides.active),
    ];
    let linears = [
        &mut layer.query,
        &mut layer.key,
        &mut layer.value,
        &mut layer.output,
        &mut layer.up,
        &mut layer.down,
    ];
    let mut all = Vec::new();
    for (place, (linear, shares)) in linears.into_iter().zip(&shares).enumerate() {
        for part in parts {
            add(isa, &part.sums.biases[place], &mut linear.bias.slot.gradient);
        }
        jobs(linear, shares, &mut all);
    }
    run(isa, all, onto)
}

fn part_outputs(part: &Part) -> &[Pairs; 6] {
    &part.scratch.sides.outputs
}

/// Gradients of the head's weights.
pub(super) fn head_gradients(head: &mut Head, onto: Onto, isa: Isa) -> Result<()> {
    let Head { pooler, classifier, sides, .. } = head;
    let shares = sides.each_ref().map(|[outputs, inputs]| [Share { outputs, inputs }]);
    let mut all = Vec::new();
    jobs(pooler, &shares[0], &mut all);
    jobs(classifier, &shares[1], &mut all);
    run(isa, all, onto)
}
