//! How much arithmetic a training step is.

use tunewise_bert::BertConfig;

/// Floating-point operations of one training step's matrix products, a multiplication and an addition
/// each.
///
/// # Formula
/// ```text
/// encoder layer       T (4 h^2 + 2 h f) multiplications, T tokens, h hidden, f intermediate
/// last layer          T 2 h^2 for keys and values; B (2 h^2 + 2 h f) for the B first tokens
/// attention           2 h sum of squared lengths a layer; 2 h T in the last
/// pooler              B h^2
/// forward             2 a multiplication; backward twice that
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operations {
    /// Of the linear layers.
    pub linear: f64,
    /// Of the two attention products.
    pub attention: f64,
}

impl Operations {
    /// Those of a step over texts of those lengths. Give padded lengths for what is executed with
    /// padding, real ones for what is asked for.
    #[must_use]
    pub fn of_step(config: &BertConfig, lengths: &[usize]) -> Self {
        let (hidden, wide) = (config.hidden_size as f64, config.intermediate_size as f64);
        let (batch, tokens) = (lengths.len() as f64, lengths.iter().sum::<usize>() as f64);
        let squares: f64 = lengths.iter().map(|&length| (length * length) as f64).sum();
        let full = config.num_hidden_layers.saturating_sub(1) as f64;
        let block = 2.0 * hidden * hidden + 2.0 * hidden * wide;
        let last = tokens * 2.0 * hidden * hidden + batch * block;
        let layer = tokens * (2.0 * hidden * hidden + block);
        // Forward, and the gradients of both factors; two operations a multiplication.
        const PASSES: f64 = 2.0 * 3.0;
        Self {
            linear: PASSES * (full * layer + last + batch * hidden * hidden),
            attention: PASSES * 2.0 * hidden * (full * squares + tokens),
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(self) -> f64 {
        self.linear + self.attention
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mini_lm;

    // By hand: 368 tokens in 16 texts of MiniLM. A full layer has 1 769 472 weights, 5 of them
    // 3.256e9 multiplications; the last 368 * 294 912 + 16 * 1 474 560; the pooler 16 * 147 456.
    #[test]
    fn a_step_of_the_usual_batch_is_twenty_gigaflop() {
        let step = Operations::of_step(&mini_lm(), &[23; 16]);
        let multiplications =
            5.0 * 368.0 * 1_769_472.0 + (368.0 * 294_912.0 + 16.0 * 1_474_560.0) + 16.0 * 147_456.0;
        assert_eq!(step.linear, 6.0 * multiplications);
        assert!((step.linear - 20.3e9).abs() < 0.1e9, "{}", step.linear);
        assert_eq!(step.attention, 6.0 * 2.0 * 384.0 * (5.0 * 16.0 * 529.0 + 368.0));
    }
}
