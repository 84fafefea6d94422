//! Self-attention and the feed-forward block (Vaswani et al. 2017, post-LayerNorm as in BERT).

use tch::{Device, Kind, Tensor};
use tunewise_torch::{Visible, attention};

use super::config::Activation;
use super::hidden::Hidden;
use super::houlsby::Bottleneck;
use super::layers::{Dropout, LayerNorm, Linear};
use super::parameters::Parameters;
use super::tape::Pass;
use super::{BertConfig, Mode};
use crate::error::Context;
use crate::{Error, Result};

/// The score of a padded token: finite, so that not even a row of nothing but padding gives NaN, and
/// within bfloat16's range.
const MASKED: f64 = -3e38;

/// What tokens see in a layer.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// All tokens, `[batch, seq, hidden]`.
    tokens: &'a Hidden,
    /// `[batch, 1, 1, seq]` bool, true at real tokens; absent where nothing is padded.
    keep: Option<&'a Tensor>,
    mode: Mode,
}

/// Multi-head scaled dot-product attention.
#[derive(Debug)]
struct SelfAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    heads: i64,
    head_size: i64,
    dropout: Dropout,
}

impl SelfAttention {
    fn new(parameters: &Parameters, index: usize, config: &BertConfig) -> Result<Self> {
        let linear = |part: &str| {
            let layer = format!("bert.encoder.layer.{index}");
            Linear::new(parameters, &format!("{layer}.attention.self.{part}"))
        };
        Ok(Self {
            query: linear("query")?,
            key: linear("key")?,
            value: linear("value")?,
            heads: config.num_attention_heads as i64,
            head_size: (config.hidden_size / config.num_attention_heads) as i64,
            dropout: Dropout::new(config.attention_probs_dropout_prob, place(index, 0)),
        })
    }

    /// From `from` `[batch, queries, hidden]` to all that is seen, giving the shape of `from`.
    fn forward(&self, from: &Hidden, seen: Seen<'_>) -> Result<Tensor> {
        let masks = self.dropout.masks(seen.mode);
        let on_cpu = from.full.device() == Device::Cpu;
        if on_cpu && (masks.dropped > 0 || from.half.is_some()) {
            self.fused(from, seen)
        } else {
            self.by_heads(from.operand(), seen)
        }
    }

    /// One product for all that reads the same tokens, one operator for the rest.
    fn fused(&self, from: &Hidden, seen: Seen<'_>) -> Result<Tensor> {
        let Self { query, key, value, .. } = self;
        let (from, tokens) = (from.operand(), seen.tokens.operand());
        let whole = from.size() == tokens.size();
        let layers = if whole { vec![query, key, value] } else { vec![key, value] };
        let packed = Linear::side_by_side(&layers, tokens, seen.mode)?;
        let queries = if whole { None } else { Some(query.forward(from, seen.mode)?) };
        let visible = Visible { keep: seen.keep, heads: self.heads };
        Ok(attention(&packed, queries.as_ref(), visible, self.dropout.masks(seen.mode))?)
    }

    /// libtorch's operators on any device.
    fn by_heads(&self, from: &Tensor, seen: Seen<'_>) -> Result<Tensor> {
        let (batch, queries, hidden) = from.size3().at("hidden states")?;
        let heads = |linear: &Linear, x: &Tensor| {
            linear
                .forward(x, seen.mode)?
                .f_view([batch, -1, self.heads, self.head_size])
                .and_then(|t| t.f_transpose(1, 2)) // [batch, heads, seq, head_size]
                .at("attention heads")
        };
        let tokens = seen.tokens.operand();
        let query = heads(&self.query, from)?;
        let (key, value) = (heads(&self.key, tokens)?, heads(&self.value, tokens)?);
        let drops = self.dropout.masks(seen.mode).dropped > 0;
        let context = if drops || query.kind() == Kind::BFloat16 {
            self.explicit([&query, &key, &value], seen)?
        } else {
            Tensor::f_scaled_dot_product_attention(
                &query, &key, &value, seen.keep, 0.0, false, None, false,
            )
            .at("attention")?
        };
        context
            .f_transpose(1, 2)
            .and_then(|t| t.f_reshape([batch, queries, hidden]))
            .at("attention context")
    }

    /// The three products written out: libtorch's fused kernel has no dropout on the CPU and is
    /// several times slower in bfloat16.
    fn explicit(&self, [query, key, value]: [&Tensor; 3], seen: Seen<'_>) -> Result<Tensor> {
        let scale = (self.head_size as f64).sqrt().recip();
        let mut scores = query
            .f_mul_scalar(scale)
            .and_then(|query| query.f_matmul(&key.f_transpose(-2, -1)?)) // [batch, heads, queries, seq]
            .at("attention scores")?;
        if let Some(keep) = seen.keep {
            let padding = keep.f_logical_not().at("attention mask")?;
            scores = scores.f_masked_fill(&padding, MASKED).at("attention mask")?;
        }
        let weights = scores.f_softmax(-1, scores.kind()).at("attention softmax")?;
        self.dropout.forward(weights, seen.mode)?.f_matmul(value).at("attention context")
    }
}

/// One encoder layer.
#[derive(Debug)]
struct Layer {
    attention: SelfAttention,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    activation: Activation,
    output: Linear,
    output_norm: LayerNorm,
    attention_dropout: Dropout,
    output_dropout: Dropout,
    attention_adapter: Option<Bottleneck>,
    output_adapter: Option<Bottleneck>,
}

/// Names a layer's dropout for its masks; 0 is that of the embeddings.
fn place(layer: usize, number: u64) -> u64 {
    1 + 3 * layer as u64 + number
}

impl Layer {
    fn new(parameters: &Parameters, index: usize, config: &BertConfig) -> Result<Self> {
        let layer = format!("bert.encoder.layer.{index}");
        let linear = |part: &str| Linear::new(parameters, &format!("{layer}.{part}"));
        let norm = |part: &str| LayerNorm::new(parameters, &format!("{layer}.{part}"), config);
        Ok(Self {
            attention: SelfAttention::new(parameters, index, config)?,
            attention_output: linear("attention.output.dense")?,
            attention_norm: norm("attention.output.LayerNorm")?,
            intermediate: linear("intermediate.dense")?,
            activation: config.hidden_act,
            output: linear("output.dense")?,
            output_norm: norm("output.LayerNorm")?,
            attention_dropout: Dropout::new(config.hidden_dropout_prob, place(index, 1)),
            output_dropout: Dropout::new(config.hidden_dropout_prob, place(index, 2)),
            attention_adapter: parameters.bottleneck(&format!("{layer}.attention.output")),
            output_adapter: parameters.bottleneck(&format!("{layer}.output")),
        })
    }

    /// The tokens `from` `[batch, queries, hidden]` one layer on.
    fn forward(&self, from: &Hidden, seen: Seen<'_>) -> Result<Hidden> {
        let context = self.attention.forward(from, seen)?;
        let mode = seen.mode;
        let attended = self.attention_output.forward(&context, mode)?;
        let norm = (&self.attention_norm, self.attention_dropout);
        let x = close(norm, attended, from, (&self.attention_adapter, mode))?;
        let wide = self.activation.forward(&self.intermediate.forward(x.operand(), mode)?)?; // [batch, queries, intermediate]
        let narrow = self.output.forward(&wide, mode)?;
        close((&self.output_norm, self.output_dropout), narrow, &x, (&self.output_adapter, mode))
    }
}

/// What ends half a layer: dropout, the adapter if there is one, the sum with the residual, LayerNorm.
fn close(
    (norm, dropout): (&LayerNorm, Dropout),
    x: Tensor,
    residual: &Hidden,
    (adapter, mode): (&Option<Bottleneck>, Mode),
) -> Result<Hidden> {
    let Some(adapter) = adapter else { return norm.add(x, residual, (dropout, mode)) };
    let changed = adapter.forward(&dropout.forward(x, mode)?)?;
    norm.add(changed, residual, (dropout, Mode::Eval))
}

/// Hidden states for one of several readers: autocast would round a tape's leaf once for all its uses.
fn own(x: &Tensor) -> Result<Hidden> {
    Hidden::of(&x.f_alias().at("alias")?)
}

/// Queries, keys and values of all tokens in a layer, `[batch, seq, hidden]` each.
#[derive(Debug)]
pub(crate) struct Projections {
    pub(crate) query: Tensor,
    pub(crate) key: Tensor,
    pub(crate) value: Tensor,
}

/// The stack of layers.
#[derive(Debug)]
pub(crate) struct Encoder {
    layers: Vec<Layer>,
}

impl Encoder {
    pub(crate) fn new(parameters: &Parameters, config: &BertConfig) -> Result<Self> {
        let layer = |index| Layer::new(parameters, index, config);
        Ok(Self { layers: (0..config.num_hidden_layers).map(layer).collect::<Result<_>>()? })
    }

    /// What layer `layer` reads, `[batch, seq, hidden]`, of the embeddings `x`: the layers below it.
    pub(super) fn below<'m>(
        &'m self,
        layer: usize,
        x: Tensor,
        (keep, Pass { mode, tape }): (Option<&Tensor>, Pass<'_, 'm>),
    ) -> Result<Tensor> {
        let mut x = x;
        for layer in self.layers.iter().take(layer) {
            let keep = keep.map(Tensor::shallow_clone);
            x = tape.run(&x, move |x| {
                let tokens = Hidden::of(x)?;
                let seen = Seen { tokens: &tokens, keep: keep.as_ref(), mode };
                Ok(layer.forward(&tokens, seen)?.full)
            })?;
        }
        Ok(x)
    }

    /// From what the last layer reads to the first token's `[batch, hidden]`, all that a classifier
    /// reads: the last layer computes no other.
    pub(super) fn first(&self, x: &Tensor, keep: Option<&Tensor>, mode: Mode) -> Result<Tensor> {
        let Some(layer) = self.layers.last() else { return x.f_select(1, 0).at("select [CLS]") };
        let tokens = own(x)?;
        let first = layer.forward(&tokens.first()?, Seen { tokens: &tokens, keep, mode })?.full;
        first.f_select(1, 0).at("select [CLS]")
    }

    /// Queries, keys and values of layer `layer` from what it reads.
    pub(super) fn projections(&self, layer: usize, x: &Tensor, mode: Mode) -> Result<Projections> {
        let missing = Error::Internal { what: "the layer was checked to be there" };
        let attention = &self.layers.get(layer).ok_or(missing)?.attention;
        let tokens = own(x)?;
        let project = |linear: &Linear| linear.forward(tokens.operand(), mode);
        Ok(Projections {
            query: project(&attention.query)?,
            key: project(&attention.key)?,
            value: project(&attention.value)?,
        })
    }

    /// The number of the last layer.
    pub(super) fn last(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }
}
