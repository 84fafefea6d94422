//! What a forward pass keeps for its backward pass: all of it, or each layer's input.

use std::cell::RefCell;
use std::fmt;

use tch::Tensor;
use tunewise_torch::GeneratorState;

use super::{Mode, Precision};
use crate::Result;
use crate::error::Context;

type Layer<'m> = Box<dyn Fn(&Tensor) -> Result<Tensor> + 'm>;

/// What a forward pass keeps for its backward pass.
///
/// [`Tape::whole`] leaves everything to autograd. [`Tape::by_layer`] is gradient checkpointing: of an
/// encoder layer only the input is kept, and the backward pass computes the layer again from it, with
/// the same dropout masks: on the CPU they follow from the pass's stream and the layer's place, on CUDA
/// the generator's state is kept too. The gradients are the same, bit for bit; a step computes every
/// layer but the last twice and keeps the inputs of layers instead of what is inside them. The last
/// layer, which is the first that the backward pass comes to, is kept whole.
///
/// # Reference
/// Chen, Xu, Zhang and Guestrin 2016, *Training Deep Nets with Sublinear Memory Cost*;
/// `torch.utils.checkpoint` with `preserve_rng_state`.
pub struct Tape<'m> {
    segments: Option<RefCell<Vec<Segment<'m>>>>,
}

/// What training keeps of a forward pass; see [`Tape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activations {
    /// All that autograd needs.
    Kept,
    /// The layers' inputs.
    Recomputed,
}

impl Activations {
    /// The tape of one forward pass.
    pub(crate) fn tape<'m>(self) -> Tape<'m> {
        match self {
            Self::Kept => Tape::whole(),
            Self::Recomputed => Tape::by_layer(),
        }
    }
}

/// How a forward pass is to go.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a, 'm> {
    pub(super) mode: Mode,
    pub(super) tape: &'a Tape<'m>,
}

/// A layer to compute again.
struct Segment<'m> {
    layer: Layer<'m>,
    /// What the layer was given, in the graph of what made it.
    source: Tensor,
    /// The same as a leaf.
    input: Tensor,
    /// What the layer gave, as a leaf: its gradient is what comes down from above.
    output: Tensor,
    generator: GeneratorState,
}

impl<'m> Tape<'m> {
    /// Autograd keeps what it needs.
    #[must_use]
    pub fn whole() -> Self {
        Self { segments: None }
    }

    /// Layers are computed again in the backward pass.
    #[must_use]
    pub fn by_layer() -> Self {
        Self { segments: Some(RefCell::default()) }
    }

    /// The layer's output of `x`, remembered in the tape's way.
    pub(super) fn run(
        &self,
        x: &Tensor,
        layer: impl Fn(&Tensor) -> Result<Tensor> + 'm,
    ) -> Result<Tensor> {
        let Some(segments) = &self.segments else { return layer(x) };
        let generator = GeneratorState::of(x.device())?;
        let input = leaf(x)?;
        // The graph tells whether anything here learns, and is dropped with what it holds.
        let output = leaf(&layer(&input)?)?;
        let result = output.shallow_clone();
        let (layer, source) = (Box::new(layer) as Layer<'m>, x.shallow_clone());
        segments.borrow_mut().push(Segment { layer, source, input, output, generator });
        Ok(result)
    }

    /// The backward pass of a `loss` `[]` that came of this tape's forward pass: adds to the
    /// gradients of all that learns. Layers are computed again in `precision`, which must be that of
    /// the forward pass; the generator is left as it was.
    ///
    /// # Errors
    /// [`crate::Error::Torch`], such as out of memory.
    pub fn backward(self, loss: &Tensor, precision: Precision) -> Result<()> {
        loss.f_backward().at("backward")?;
        let Some(segments) = self.segments else { return Ok(()) };
        let before = GeneratorState::of(loss.device())?;
        segments
            .into_inner()
            .into_iter()
            .rev()
            .try_for_each(|segment| segment.backward(precision))?;
        Ok(before.restore()?)
    }
}

impl Segment<'_> {
    fn backward(self, precision: Precision) -> Result<()> {
        let Self { layer, source, input, output, generator } = self;
        let gradient = output.f_grad().at("gradient")?;
        drop(output);
        if !gradient.defined() {
            return Ok(()); // nothing here learns
        }
        generator.restore()?;
        // Autocast would round a leaf once for all its uses, and so sum their gradients in bfloat16.
        let x = input.f_alias().at("alias")?;
        let output = precision.run(input.device(), || layer(&x))?;
        push(&output, &gradient)?;
        match input.f_grad().at("gradient")? {
            // A leaf has its gradient already: `input` is that leaf.
            _ if source.f_is_leaf().at("is_leaf")? => Ok(()),
            gradient if gradient.defined() => push(&source, &gradient),
            _ => Ok(()),
        }
    }
}

/// `x` itself if it is a leaf, else a leaf of its values that learns as it does.
fn leaf(x: &Tensor) -> Result<Tensor> {
    if x.f_is_leaf().at("is_leaf")? {
        return Ok(x.shallow_clone());
    }
    let detached = x.f_detach().at("detach")?;
    detached.f_set_requires_grad(x.requires_grad()).at("requires_grad")
}

/// Continues the backward pass at `x`, to whose gradient autograd adds exactly `gradient`.
fn push(x: &Tensor, gradient: &Tensor) -> Result<()> {
    let product = x.f_mul(gradient).at("mul")?;
    product.f_sum(product.kind()).and_then(|sum| sum.f_backward()).at("backward")
}

impl fmt::Debug for Tape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = self.segments.as_ref().map(|segments| segments.borrow().len());
        f.debug_struct("Tape").field("segments", &segments).finish()
    }
}
