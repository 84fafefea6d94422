//! Each fused operator against its definition in libtorch's plain operators, values and gradients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use tch::{Device, Kind, Tensor};
use tunewise_torch::{DropoutMasks, Norm, Visible, add_norm, attention, dropout, half_linear};

/// Sums of up to a few hundred fp32 terms in another order.
const FP32: f64 = 2e-5;
/// Operands and results rounded to eight bits of mantissa, sums over up to 40 terms.
const BF16: f64 = 4e-2;

const MASKS: DropoutMasks = DropoutMasks { dropped: 6554, key: 0x1234_5678_9abc_def0 };

/// Numbers without pattern from -1 to 1; libtorch's one generator would be shared by tests at work side
/// by side.
fn random(shape: &[i64], seed: u64) -> Tensor {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let count: i64 = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| next()).collect();
    Tensor::from_slice(&values).view(shape)
}

fn leaf(tensor: &Tensor, kind: Kind) -> Tensor {
    tensor.to_kind(kind).detach().set_requires_grad(true)
}

/// The masks' factors, by what they do to ones.
fn factors(shape: &[i64], masks: DropoutMasks) -> Tensor {
    dropout(&Tensor::ones(shape, (Kind::Float, Device::Cpu)), masks).unwrap()
}

fn close(got: &Tensor, expected: &Tensor, tolerance: f64, what: &str) {
    assert_eq!(got.size(), expected.size(), "{what}");
    if got.numel() == 0 {
        return;
    }
    let (got, expected) = (got.to_kind(Kind::Double), expected.to_kind(Kind::Double));
    let largest = expected.abs().max().double_value(&[]).max(1.0);
    let off = (got - expected).abs().max().double_value(&[]);
    assert!(off <= tolerance * largest, "{what}: {off} of {largest}");
}

/// The gradients of `sum(output * weight)` with respect to the leaves.
fn gradients(output: &Tensor, leaves: &[&Tensor], seed: u64) -> Vec<Tensor> {
    let weight = random(&output.size(), seed);
    (output.to_kind(Kind::Float) * weight).sum(Kind::Float).f_backward().unwrap();
    leaves.iter().map(|leaf| leaf.grad()).collect()
}

#[test]
fn masks_have_the_share_the_scale_and_no_pattern() {
    let (rows, n) = (999, 1001);
    let drawn = factors(&[rows, n], MASKS);
    let scale = 65_536.0 / (65_536.0 - 6554.0);
    let zero = drawn.eq(0.0);
    assert!(drawn.eq(scale).logical_or(&zero).all().int64_value(&[]) == 1);
    let zero = zero.to_kind(Kind::Double);
    let share = zero.mean(Kind::Double).double_value(&[]);
    // A million draws: three standard errors of a share of 0.1 are 0.0009.
    approx::assert_abs_diff_eq!(share, 0.1, epsilon = 9e-4);
    // Neighbours along either axis, and masks of neighbouring keys, are unrelated: 0.1 * 0.1 meet.
    let meet = |a: &Tensor, b: &Tensor| (a * b).mean(Kind::Double).double_value(&[]);
    let flat = zero.view([-1]);
    let count = flat.size()[0];
    for lag in [1, 2, 255, 256, 257, 512, n] {
        let together = meet(&flat.narrow(0, 0, count - lag), &flat.narrow(0, lag, count - lag));
        approx::assert_abs_diff_eq!(together, 0.01, epsilon = 5e-4);
    }
    for key in [MASKS.key + 1, MASKS.key ^ (1 << 40), !MASKS.key] {
        let other = factors(&[rows, n], DropoutMasks { key, ..MASKS }).eq(0.0);
        approx::assert_abs_diff_eq!(
            meet(&zero, &other.to_kind(Kind::Double)),
            0.01,
            epsilon = 5e-4
        );
    }
}

#[test]
fn dropout_passes_gradients_by_the_same_masks() {
    for shape in [vec![3, 7], vec![1], vec![0, 5], vec![2, 3, 700]] {
        let x = leaf(&random(&shape, 1), Kind::Float);
        let y = dropout(&x, MASKS).unwrap();
        let expected = factors(&shape, MASKS);
        close(&y, &(&x * &expected), 0.0, "forward");
        let gradient = gradients(&y, &[&x], 2).remove(0);
        close(&gradient, &(random(&shape, 2) * expected), 0.0, "backward");
    }
}

/// The factors that a row-wise operator draws over rows of `n`.
fn row_factors(rows: i64, n: i64, masks: DropoutMasks) -> Tensor {
    let zeros = Tensor::zeros([rows, n], (Kind::Float, Device::Cpu));
    let (one, zero) = (Tensor::ones([n], (Kind::Float, Device::Cpu)), zeros.select(0, 0));
    // What is kept of a row of ones is above the row's mean.
    let norm = Norm { weight: &one, bias: &zero, eps: 1e-12 };
    let (y, _) = add_norm(&zeros.ones_like(), &zeros, norm, masks).unwrap();
    y.gt(0.0).to_kind(Kind::Float) * (65_536.0 / (65_536.0 - f64::from(masks.dropped)))
}

#[test]
fn add_norm_is_layer_norm_of_the_sum() {
    for (rows, n) in [(1, 2), (7, 33), (70, 384), (3, 1)] {
        for masks in [DropoutMasks::OFF, MASKS] {
            if masks == MASKS && n < 300 {
                continue; // a short row may keep everything, and then shows no mask
            }
            let [x, residual] = [1, 2].map(|seed| leaf(&random(&[rows, n], seed), Kind::Float));
            let [weight, bias] = [3, 4].map(|seed| leaf(&random(&[n], seed), Kind::Float));
            let norm = Norm { weight: &weight, bias: &bias, eps: 1e-5 };
            let (y, half) = add_norm(&x, &residual, norm, masks).unwrap();
            assert!(half.is_none());
            let got = gradients(&y, &[&x, &residual, &weight, &bias], 5);

            let kept = match masks.dropped {
                0 => Tensor::ones([rows, n], (Kind::Float, Device::Cpu)),
                _ => row_factors(rows, n, masks),
            };
            let leaves = [&x, &residual, &weight, &bias].map(|t| leaf(t, Kind::Float));
            let sum = &leaves[0] * kept + &leaves[1];
            let expected = sum.layer_norm([n], Some(&leaves[2]), Some(&leaves[3]), 1e-5, false);
            close(&y, &expected, FP32, "forward");
            let wanted = gradients(&expected, &leaves.each_ref(), 5);
            for (name, (got, wanted)) in
                ["x", "residual", "weight", "bias"].iter().zip(got.iter().zip(&wanted))
            {
                close(got, wanted, FP32 * rows as f64, name);
            }
        }
    }
}

#[test]
fn add_norm_gives_bfloat16_beside_float_and_takes_both_gradients() {
    let [x, residual] = [1, 2].map(|seed| random(&[5, 48], seed));
    let (x, residual) = (leaf(&x, Kind::BFloat16), leaf(&residual, Kind::Float));
    let (weight, bias) = (random(&[48], 3), random(&[48], 4));
    let norm = Norm { weight: &weight, bias: &bias, eps: 1e-5 };
    let (full, half) = add_norm(&x, &residual, norm, DropoutMasks::OFF).unwrap();
    let half = half.unwrap();
    assert!(half.equal(&full.to_kind(Kind::BFloat16)), "rounded to nearest even");
    let both = Tensor::cat(&[full.shallow_clone(), half.to_kind(Kind::Float)], 0);
    let got = gradients(&both, &[&x, &residual], 6);

    let leaves = [leaf(&x, Kind::Float), leaf(&residual, Kind::Float)];
    let sum = &leaves[0] + &leaves[1];
    let y = sum.layer_norm([48], Some(&weight), Some(&bias), 1e-5, false);
    let wanted = gradients(&Tensor::cat(&[&y, &y], 0), &leaves.each_ref(), 6);
    close(&got[1], &wanted[1], BF16, "residual");
    close(&got[0], &wanted[0], BF16, "x");
    assert_eq!(got[0].kind(), Kind::BFloat16);
}

/// Attention in plain operators, probabilities times `kept`.
fn plain_attention([q, k, v]: [&Tensor; 3], visible: Visible<'_>, kept: &Tensor) -> Tensor {
    let Visible { keep, heads } = visible;
    let (batch, n, hidden) = q.size3().unwrap();
    let split = |x: &Tensor| x.view([batch, -1, heads, hidden / heads]).transpose(1, 2);
    let (q, k, v) = (split(q), split(k), split(v));
    let mut scores = q.matmul(&k.transpose(-2, -1)) / ((hidden / heads) as f64).sqrt();
    if let Some(keep) = keep {
        scores = scores.masked_fill(&keep.logical_not(), -3e38);
    }
    let context = (scores.softmax(-1, Kind::Float) * kept).matmul(&v);
    context.transpose(1, 2).reshape([batch, n, hidden])
}

/// The factors that attention draws, seen through equal scores and values of one hot columns.
fn attention_factors(batch: i64, heads: i64, n: i64, masks: DropoutMasks) -> Tensor {
    let zeros = Tensor::zeros([batch, n, heads * n], (Kind::Float, Device::Cpu));
    let eye = Tensor::eye(n, (Kind::Float, Device::Cpu)).repeat([1, heads]);
    let eye = eye.unsqueeze(0).expand([batch, n, heads * n], false);
    let packed = Tensor::cat(&[&zeros, &zeros, &eye], -1);
    let seen = attention(&packed, None, Visible { keep: None, heads }, masks).unwrap();
    // [batch, n, heads * n] probabilities of 1 / n by head
    seen.view([batch, n, heads, n]).transpose(1, 2) * n as f64
}

#[test]
fn attention_is_its_definition_with_masks_and_dropout() {
    let (batch, heads, size) = (3, 2, 5);
    let hidden = heads * size;
    for n in [1, 4, 19] {
        let lengths = Tensor::from_slice(&[n, 1.max(n / 2), 0]).view([3, 1, 1, 1]); // the last sees nothing
        let keep =
            Tensor::arange(n, (Kind::Int64, Device::Cpu)).view([1, 1, 1, n]).lt_tensor(&lengths);
        for (keep, masks) in [(None, DropoutMasks::OFF), (Some(&keep), MASKS)] {
            let packed = leaf(&random(&[batch, n, 3 * hidden], 1), Kind::Float);
            let visible = Visible { keep, heads };
            let y = attention(&packed, None, visible, masks).unwrap();
            let got = gradients(&y, &[&packed], 2).remove(0);
            let plain = leaf(&packed, Kind::Float);
            let parts = plain.chunk(3, -1);
            let kept = attention_factors(batch, heads, n, masks);
            let expected = plain_attention([&parts[0], &parts[1], &parts[2]], visible, &kept);
            close(&y, &expected, FP32, "forward");
            close(&got, &gradients(&expected, &[&plain], 2)[0], FP32, "backward");
        }
    }
}

#[test]
fn attention_takes_queries_apart_and_bfloat16() {
    let (batch, n, heads, hidden) = (2, 9, 3, 12);
    let (packed, queries) = (random(&[batch, n, 2 * hidden], 1), random(&[batch, 1, hidden], 2));
    for (kind, tolerance) in [(Kind::Float, FP32), (Kind::BFloat16, BF16)] {
        let (packed, queries) = (leaf(&packed, kind), leaf(&queries, kind));
        let visible = Visible { keep: None, heads };
        let y = attention(&packed, Some(&queries), visible, DropoutMasks::OFF).unwrap();
        assert_eq!(y.kind(), kind);
        let got = gradients(&y, &[&packed, &queries], 3);
        let leaves = [leaf(&packed, Kind::Float), leaf(&queries, Kind::Float)];
        let parts = leaves[0].chunk(2, -1);
        let one = Tensor::from(1.0f32);
        let expected = plain_attention([&leaves[1], &parts[0], &parts[1]], visible, &one);
        close(&y, &expected, tolerance, "forward");
        for (got, wanted) in got.iter().zip(gradients(&expected, &leaves.each_ref(), 3)) {
            close(got, &wanted, tolerance, "backward");
        }
    }
}

#[test]
fn layers_side_by_side_are_linear_layers() {
    let x = random(&[2, 3, 24], 1);
    let weights = [random(&[5, 24], 2), random(&[8, 24], 3)];
    let biases = [random(&[5], 4), random(&[8], 5)];
    let half_x = leaf(&x, Kind::BFloat16);
    let (w, b) = (
        weights.each_ref().map(|t| leaf(t, Kind::Float)),
        biases.each_ref().map(|t| leaf(t, Kind::Float)),
    );
    let y = half_linear(&half_x, &[(&w[0], &b[0]), (&w[1], &b[1])]).unwrap();
    assert_eq!((y.size(), y.kind()), (vec![2, 3, 13], Kind::BFloat16));
    let got = gradients(&y, &[&half_x, &w[0], &w[1], &b[0], &b[1]], 6);

    let plain_x = leaf(&x, Kind::Float);
    let (pw, pb) = (
        weights.each_ref().map(|t| leaf(t, Kind::Float)),
        biases.each_ref().map(|t| leaf(t, Kind::Float)),
    );
    let outputs = [0, 1].map(|i| plain_x.linear(&pw[i], Some(&pb[i])));
    let expected = Tensor::cat(&outputs, -1);
    close(&y, &expected, BF16, "forward");
    let wanted = gradients(&expected, &[&plain_x, &pw[0], &pw[1], &pb[0], &pb[1]], 6);
    for (got, wanted) in got.iter().zip(&wanted) {
        close(got, wanted, BF16, "backward");
    }
    assert_eq!(got[1].kind(), Kind::Float);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let run = |threads| {
        tch::set_num_threads(threads);
        let [x, residual] = [1, 2].map(|seed| leaf(&random(&[130, 96], seed), Kind::Float));
        let [weight, bias] = [3, 4].map(|seed| leaf(&random(&[96], seed), Kind::Float));
        let norm = Norm { weight: &weight, bias: &bias, eps: 1e-5 };
        let (y, _) = add_norm(&x, &residual, norm, MASKS).unwrap();
        let mut all = gradients(&y, &[&x, &residual, &weight, &bias], 5);
        all.push(dropout(&x.detach(), MASKS).unwrap());
        all
    };
    let threads = tch::get_num_threads();
    let (one, three) = (run(1), run(3));
    tch::set_num_threads(threads);
    assert!(one.iter().zip(&three).all(|(a, b)| a.equal(b)));
}

#[test]
fn shapes_dtypes_and_sizes_that_do_not_fit_are_named() {
    let x = random(&[2, 4], 1);
    let fault = |result: tunewise_torch::Result<()>| result.unwrap_err().to_string();
    let double = x.to_kind(Kind::Double);
    assert!(
        fault(dropout(&double, MASKS).map(drop)).contains("expected a Float tensor on the CPU")
    );
    let (weight, bias) = (random(&[3], 1), random(&[3], 1));
    let norm = Norm { weight: &weight, bias: &bias, eps: 1e-5 };
    let message = fault(add_norm(&x, &x, norm, DropoutMasks::OFF).map(drop));
    assert!(message.contains("weight and bias of shape [4]"), "{message}");
    let visible = Visible { keep: None, heads: 2 };
    let message = fault(attention(&x.unsqueeze(0), None, visible, MASKS).map(drop));
    assert!(message.contains("[batch, seq, 3 * hidden]"), "{message}");
    let half = x.to_kind(Kind::BFloat16);
    let message = fault(half_linear(&half, &[(&x.transpose(0, 1), &bias)]).map(drop));
    assert!(message.contains("do not fit [2, 4]"), "{message}");
}
