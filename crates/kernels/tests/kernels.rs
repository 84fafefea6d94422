//! Every kernel against its definition in f64, on odd shapes, and the processor's own instructions
//! against the portable form.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_kernels::{
    Activation, Attention, Error, Isa, LayerNorm, Operand, Precision, Weights, add_layer_norm,
    attend, quantize_row, tanh,
};

const PRECISIONS: [Precision; 4] =
    [Precision::Fp32, Precision::Bf16, Precision::Int16, Precision::Int8];

/// Numbers of a fixed, uneven pattern in about [-1, 1].
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn product(
    isa: Isa,
    precision: Precision,
    (rows, inputs, outputs): (usize, usize, usize),
) -> Vec<f32> {
    let (x, weight, bias) =
        (numbers(rows * inputs, 1), numbers(outputs * inputs, 2), numbers(outputs, 3));
    let weights = Weights::pack(precision, &weight, &bias).unwrap();
    let mut operand = Operand::new(precision, inputs);
    operand.fill(isa, &x);
    let mut out = vec![f32::NAN; rows * outputs];
    weights.multiply(isa, &operand, &mut out).unwrap();
    out
}

/// A number of `x Wᵀ + b` in f64 of the unrounded factors, and sums of the sizes of its terms, of the
/// row's numbers and of the weights.
struct Definition {
    value: f64,
    terms: f64,
    row: f64,
    weights: f64,
}

fn definition((rows, inputs, outputs): (usize, usize, usize)) -> Vec<Definition> {
    let (x, weight, bias) =
        (numbers(rows * inputs, 1), numbers(outputs * inputs, 2), numbers(outputs, 3));
    let size = |x: &[f32]| x.iter().map(|x| f64::from(x.abs())).sum();
    let mut out = Vec::new();
    for x in x.chunks_exact(inputs) {
        for (w, b) in weight.chunks_exact(inputs).zip(&bias) {
            let products = || x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w));
            out.push(Definition {
                value: products().sum::<f64>() + f64::from(*b),
                terms: products().map(f64::abs).sum::<f64>() + f64::from(b.abs()),
                row: size(x),
                weights: size(w),
            });
        }
    }
    out
}

/// Largest error of a product of factors in [-1, 1]: fp32 rounds each sum to 24 bits, bf16 each factor
/// to 8 bits; int8 rounds each factor by half a step at most, of 2/255 and 1/127 at most.
fn bound(precision: Precision, inputs: usize, of: &Definition) -> f64 {
    let rounding = 1e-6 * of.terms + 1e-6;
    match precision {
        Precision::Fp32 => rounding,
        Precision::Bf16 => 8e-3 * of.terms + rounding,
        Precision::Int16 => {
            // At most half a unit of each factor, of a length of 32700.
            inputs as f64 * (inputs as f64).sqrt() / 32_700.0 + rounding
        }
        Precision::Int8 => {
            of.weights / 255.0 + of.row / 254.0 + inputs as f64 / (255.0 * 254.0) + rounding
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn products_are_those_of_the_definition(
        rows in 0usize..70, inputs in 1usize..130, outputs in 1usize..110,
    ) {
        let shape = (rows, inputs, outputs);
        let expected = definition(shape);
        for precision in PRECISIONS {
            for isa in [Isa::PORTABLE, Isa::detect()] {
                let got = product(isa, precision, shape);
                prop_assert_eq!(got.len(), expected.len());
                for (got, expected) in got.iter().zip(&expected) {
                    let error = (f64::from(*got) - expected.value).abs();
                    let bound = bound(precision, inputs, expected);
                    prop_assert!(error <= bound, "{precision:?} {error} {bound}");
                }
            }
        }
    }
}

#[test]
fn integers_are_the_same_whatever_the_instructions() {
    // Sums of integers are exact, and scaling them is the same few operations, fused or not.
    let shape = (13, 67, 50);
    for precision in [Precision::Int16, Precision::Int8] {
        let (here, portable) =
            (product(Isa::detect(), precision, shape), product(Isa::PORTABLE, precision, shape));
        for (a, b) in here.iter().zip(&portable) {
            approx::assert_abs_diff_eq!(*a, *b, epsilon = 1e-5);
        }
    }
}

#[test]
fn int8_rounds_to_half_a_step_of_its_row_and_channel() {
    // One input, one output: x w with x rounded to 255 steps of its row, w exact as the largest.
    let weights = Weights::pack(Precision::Int8, &[0.5], &[0.25]).unwrap();
    for x in [-3.0f32, -0.1, 0.0, 0.7, 100.0] {
        let mut operand = Operand::new(Precision::Int8, 1);
        operand.fill(Isa::detect(), &[x]);
        let mut out = [0.0];
        weights.multiply(Isa::detect(), &operand, &mut out).unwrap();
        approx::assert_relative_eq!(out[0], 0.5 * x + 0.25, max_relative = 1e-5);
    }
}

#[test]
fn a_layer_of_rows_in_8_bits_is_the_one_that_was_rounded_at_once() {
    let (inputs, outputs) = (37, 50);
    let (weight, bias) = (numbers(inputs * outputs, 5), numbers(outputs, 6));
    let (mut rows, mut scales) = (Vec::new(), Vec::new());
    for row in weight.chunks_exact(inputs) {
        scales.push(quantize_row(row, &mut rows));
    }
    let isa = Isa::detect();
    let mut x = Operand::new(Precision::Int8, inputs);
    x.fill(isa, &numbers(3 * inputs, 7));
    let product = |weights: Weights| {
        let mut out = vec![0.0; 3 * outputs];
        weights.multiply(isa, &x, &mut out).unwrap();
        out
    };
    let at_once = product(Weights::pack(Precision::Int8, &weight, &bias).unwrap());
    assert_eq!(product(Weights::pack_int8(&rows, &scales, &bias).unwrap()), at_once);
    scales[0] *= 2.0;
    assert_ne!(product(Weights::pack_int8(&rows, &scales, &bias).unwrap()), at_once);
    let few = Weights::pack_int8(&rows, &scales[1..], &bias).unwrap_err().to_string();
    assert!(few.contains("scales of the weight"), "{few}");
    assert!(Weights::pack_int8(&rows[1..], &scales, &bias).is_err());
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    for precision in PRECISIONS {
        let alone = product(Isa::detect(), precision, (1, 40, 60));
        let among = product(Isa::detect(), precision, (9, 40, 60));
        assert_eq!(alone, among[..60], "{precision:?}");
    }
}

#[test]
fn factors_that_do_not_fit_are_refused() {
    let weights = Weights::pack(Precision::Bf16, &[0.0; 6], &[0.0; 2]).unwrap();
    let mut operand = Operand::new(Precision::Bf16, 3);
    operand.fill(Isa::PORTABLE, &[0.0; 3]);
    let multiply = |operand: &Operand, out: &mut [f32]| {
        weights.multiply(Isa::PORTABLE, operand, out).unwrap_err().to_string()
    };
    assert_eq!(multiply(&operand, &mut [0.0; 3]), "numbers of the product: got 3, expected 2");
    let narrow = Operand::new(Precision::Bf16, 2);
    assert_eq!(multiply(&narrow, &mut []), "inputs of the operand: got 2, expected 3");
    let other = Operand::new(Precision::Fp32, 3);
    assert_eq!(multiply(&other, &mut []), "the operand is Fp32, the weights are Bf16");
    let ragged = Weights::pack(Precision::Fp32, &[0.0; 5], &[0.0; 2]);
    assert!(matches!(ragged, Err(Error::Shape { got: 5, expected: 4, .. })));
}

// Expected from the definitions in f64, by the standard library; erf from the complementary one.
#[test]
fn activations_are_their_definitions() {
    let x: Vec<f32> = (-800..=800).map(|i| i as f32 / 100.0).collect();
    type Definition = fn(f64) -> f64;
    let cases: [(Activation, Definition); 3] = [
        (Activation::GeluTanh, |x| {
            0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh())
        }),
        (Activation::Relu, |x| x.max(0.0)),
        (Activation::Silu, |x| x / (1.0 + (-x).exp())),
    ];
    for isa in [Isa::PORTABLE, Isa::detect()] {
        for (activation, definition) in cases {
            let mut y = x.clone();
            activation.apply(isa, &mut y);
            for (x, y) in x.iter().zip(&y) {
                let expected = definition(f64::from(*x));
                approx::assert_abs_diff_eq!(f64::from(*y), expected, epsilon = 2e-6);
            }
        }
        let mut y = x.clone();
        tanh(isa, &mut y);
        for (x, y) in x.iter().zip(&y) {
            approx::assert_abs_diff_eq!(f64::from(*y), f64::from(*x).tanh(), epsilon = 3e-7);
        }
        // Expected from PyTorch 2.11 in float64: `gelu` of -3, -1, -0.2, 0.5, 2.
        let mut y = [-3.0, -1.0, -0.2, 0.5, 2.0];
        Activation::Gelu.apply(isa, &mut y);
        for (got, expected) in y.iter().zip(GELU) {
            approx::assert_abs_diff_eq!(f64::from(*got), expected, epsilon = 3e-7);
        }
    }
}

#[test]
fn a_product_with_its_activation_is_both_in_turn() {
    let (rows, inputs, outputs) = (11, 20, 70);
    for isa in [Isa::PORTABLE, Isa::detect()] {
        for precision in [Precision::Fp32, Precision::Int8] {
            for activation in [Activation::Gelu, Activation::Relu] {
                let mut expected = product(isa, precision, (rows, inputs, outputs));
                activation.apply(isa, &mut expected);
                let (weight, bias) = (numbers(outputs * inputs, 2), numbers(outputs, 3));
                let weights = Weights::pack(precision, &weight, &bias).unwrap().then(activation);
                let mut operand = Operand::new(precision, inputs);
                operand.fill(isa, &numbers(rows * inputs, 1));
                let mut out = vec![f32::NAN; rows * outputs];
                weights.multiply(isa, &operand, &mut out).unwrap();
                for (got, expected) in out.iter().zip(&expected) {
                    approx::assert_abs_diff_eq!(*got, *expected, epsilon = 1e-6);
                }
            }
        }
    }
}

const GELU: [f64; 5] = [
    -0.00404969409489031,
    -0.15865525393145702,
    -0.0841480581121794,
    0.34573123063700656,
    1.9544997361036416,
];

#[test]
fn a_layer_norm_of_the_sum_is_its_definition() {
    for hidden in [1, 5, 16, 33, 384] {
        let norm = LayerNorm { weight: numbers(hidden, 4), bias: numbers(hidden, 5), eps: 1e-5 };
        let (x, residual) = (numbers(3 * hidden, 6), numbers(3 * hidden, 7));
        for isa in [Isa::PORTABLE, Isa::detect()] {
            let mut got = x.clone();
            add_layer_norm(isa, &mut got, &residual, &norm);
            for row in 0..3 {
                let at = |i: usize| {
                    f64::from(x[row * hidden + i]) + f64::from(residual[row * hidden + i])
                };
                let mean = (0..hidden).map(at).sum::<f64>() / hidden as f64;
                let variance =
                    (0..hidden).map(|i| (at(i) - mean).powi(2)).sum::<f64>() / hidden as f64;
                for i in 0..hidden {
                    let expected = (at(i) - mean) / (variance + 1e-5).sqrt()
                        * f64::from(norm.weight[i])
                        + f64::from(norm.bias[i]);
                    let got = f64::from(got[row * hidden + i]);
                    approx::assert_abs_diff_eq!(got, expected, epsilon = 1e-5);
                }
            }
        }
    }
}

#[test]
fn attention_is_its_definition() {
    // Head sizes in vector registers and not; one chunk of keys, its edges, more than a tile is wide.
    for (heads, head_size) in [(3, 10), (2, 16), (2, 32), (3, 48), (2, 64)] {
        let hidden = heads * head_size;
        for tokens in [1usize, 2, 15, 16, 17, 33, 40, 65] {
            for queries in [1, 8, 13, tokens].into_iter().filter(|&queries| queries <= tokens) {
                attention_is_right((heads, head_size), tokens, queries, hidden);
            }
        }
    }
}

/// Queries, keys and values side by side, as one product gives them.
fn attention_is_right(
    (heads, head_size): (usize, usize),
    tokens: usize,
    queries: usize,
    hidden: usize,
) {
    let context = numbers(tokens * 3 * hidden, 8);
    let expected: Vec<f64> = (0..queries)
        .flat_map(|query| (0..hidden).map(move |i| (query, i)))
        .map(|place| attended(&context, place, (hidden, head_size)))
        .collect();
    for isa in [Isa::PORTABLE, Isa::detect()] {
        let attention = Attention {
            queries: &context[..queries * 3 * hidden],
            query_stride: 3 * hidden,
            context: &context,
            context_stride: 3 * hidden,
            keys: hidden,
            values: 2 * hidden,
            heads,
            head_size,
        };
        let mut out = vec![f32::NAN; queries * hidden];
        attend(isa, attention, &mut Vec::new(), &mut out);
        for (got, expected) in out.iter().zip(&expected) {
            approx::assert_abs_diff_eq!(f64::from(*got), *expected, epsilon = 2e-6);
        }
    }
}

#[test]
fn attention_of_zeros_is_the_mean_whatever_lay_in_the_room() {
    let (hidden, tokens) = (64, 21);
    let mut context = vec![0.0; tokens * 2 * hidden];
    for (token, row) in context.chunks_exact_mut(2 * hidden).enumerate() {
        row[hidden..].fill(token as f32);
    }
    let mut scratch = Vec::new();
    for isa in [Isa::PORTABLE, Isa::detect()] {
        let attention = Attention {
            queries: &context[..2 * hidden],
            query_stride: 2 * hidden,
            context: &context,
            context_stride: 2 * hidden,
            keys: 0,
            values: hidden,
            heads: 2,
            head_size: 32,
        };
        let mut out = vec![f32::NAN; hidden];
        // A longer text before it leaves numbers in the room that must not count.
        let long = numbers(90 * 2 * hidden, 3);
        let before = Attention { context: &long, queries: &long, ..attention };
        attend(isa, before, &mut scratch, &mut vec![0.0; 90 * hidden]);
        attend(isa, attention, &mut scratch, &mut out);
        for got in out {
            approx::assert_abs_diff_eq!(got, 10.0, epsilon = 1e-5);
        }
    }
}

#[test]
fn a_text_without_tokens_attends_to_nothing() {
    let queries = numbers(2 * 12, 9);
    let attention = Attention {
        queries: &queries,
        query_stride: 12,
        context: &[],
        context_stride: 24,
        keys: 0,
        values: 12,
        heads: 3,
        head_size: 4,
    };
    for isa in [Isa::PORTABLE, Isa::detect()] {
        let mut out = [f32::NAN; 24];
        attend(isa, attention, &mut Vec::new(), &mut out);
        assert_eq!(out, [0.0; 24]);
        attend(isa, Attention { queries: &[], ..attention }, &mut Vec::new(), &mut []);
    }
}

#[test]
fn scores_far_apart_leave_the_largest_alone() {
    // Scores 1000² and below, far beyond what e^x holds, in the first of 1 or of 32 numbers a head.
    for head_size in [1, 16, 32] {
        let row = |first: f32| {
            let mut row = vec![0.0; head_size];
            row[0] = first;
            row
        };
        // Key and value of two tokens.
        let context = [row(1.0), row(5.0), row(-1.0), row(7.0)].concat();
        let attention = Attention {
            queries: &row(1000.0),
            query_stride: head_size,
            context: &context,
            context_stride: 2 * head_size,
            keys: 0,
            values: head_size,
            heads: 1,
            head_size,
        };
        for isa in [Isa::PORTABLE, Isa::detect()] {
            let mut out = vec![f32::NAN; head_size];
            attend(isa, attention, &mut Vec::new(), &mut out);
            assert_eq!(out, row(5.0));
        }
    }
}

#[test]
fn rows_and_weights_of_zeros_give_the_bias() {
    for isa in [Isa::PORTABLE, Isa::detect()] {
        for precision in PRECISIONS {
            let bias = numbers(51, 3);
            for (x, w) in
                [(vec![0.0; 2 * 17], numbers(51 * 17, 2)), (numbers(2 * 17, 1), vec![0.0; 51 * 17])]
            {
                let weights = Weights::pack(precision, &w, &bias).unwrap();
                let mut operand = Operand::new(precision, 17);
                operand.fill(isa, &x);
                let mut out = vec![f32::NAN; 2 * 51];
                weights.multiply(isa, &operand, &mut out).unwrap();
                assert_eq!(out, bias.repeat(2), "{precision:?}");
            }
        }
        let norm = LayerNorm { weight: numbers(33, 4), bias: numbers(33, 5), eps: 1e-12 };
        let mut zeros = vec![0.0; 2 * 33];
        add_layer_norm(isa, &mut zeros, &[], &norm);
        assert_eq!(zeros, norm.bias.repeat(2));
        add_layer_norm(isa, &mut [], &[], &norm);
    }
}

/// One number of softmax(q Kᵀ / √d) V in f64.
fn attended(
    context: &[f32],
    (query, i): (usize, usize),
    (hidden, head_size): (usize, usize),
) -> f64 {
    let from = i / head_size * head_size;
    let at = |row: usize, place: usize| f64::from(context[row * 3 * hidden + place]);
    let tokens = context.len() / (3 * hidden);
    let weight = |token: usize| {
        let dot: f64 = (from..from + head_size)
            .map(|place| at(query, place) * at(token, hidden + place))
            .sum();
        (dot / (head_size as f64).sqrt()).exp()
    };
    let total: f64 = (0..tokens).map(weight).sum();
    (0..tokens).map(|token| weight(token) * at(token, 2 * hidden + i)).sum::<f64>() / total
}
