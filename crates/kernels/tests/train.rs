//! The kernels of a training step against their definitions in f64, on odd shapes, with the
//! processor's own instructions and portably.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;
use tunewise_kernels::Isa;
use tunewise_kernels::train::{
    AdamSettings, AdamStep, AttentionRoom, Dropout, Finish, Heads, HeadsGradient, Moving, Norm,
    NormGradient, Normed, Onto, Packed, Pairs, RowDropout, Rows, Share, adamw, adamw_idle, add,
    attention_backward, attention_forward, norm_backward, norm_forward, padded, round, shrink,
    squares, weight_gradient,
};

const ISAS: [fn() -> Isa; 4] = [Isa::detect, without_bf16, avx512_alone, || Isa::PORTABLE];

fn without_bf16() -> Isa {
    Isa::detect().without_bf16()
}

fn avx512_alone() -> Isa {
    without_bf16().without_vnni()
}

/// Of a sum of products of bfloat16 factors, which are exact, as a share of the sum of their sizes:
/// fp32 rounds each partial sum.
const SUM: f64 = 1e-6;

/// Of a result in bfloat16: half a unit of 8 bits.
const BF16: f64 = 1.0 / 256.0;

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

fn float(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// `[rows, width]` in bfloat16, and as the numbers that these are.
fn rounded(x: &[f32], width: usize) -> (Vec<u16>, Vec<f64>) {
    let rows = x.len() / width;
    let mut bits = vec![0; rows * padded(width)];
    round(Isa::detect(), x, width, &mut bits);
    let real = bits.chunks(padded(width)).flat_map(|row| row[..width].iter());
    let real = real.map(|bits| f64::from(float(*bits))).collect();
    (bits, real)
}

fn packed(isa: Isa, weight: &[f32], (outputs, inputs): (usize, usize)) -> Packed {
    let mut packed = Packed::zeros(isa, (outputs, inputs));
    for (mut block, rows) in packed.blocks_mut().zip(weight.chunks(48 * inputs)) {
        block.pack(isa, rows);
    }
    packed
}

/// The length of rows of integers.
const LENGTH: f64 = 32_700.0;

/// Factors of a sum of products.
type Factors = Vec<(f64, f64)>;

/// Asserts sums of products: `of` gives those of a place and what is added.
fn check(got: &[f32], of: impl Fn(usize) -> (Factors, f64), integers: impl Fn(&Factors) -> f64) {
    for (place, got) in got.iter().enumerate() {
        let (factors, more) = of(place);
        let products = factors.iter().map(|(x, w)| x * w);
        let (sum, size) =
            products.fold((more, more.abs()), |(sum, size), p| (sum + p, size + p.abs()));
        let error = (f64::from(*got) - sum).abs();
        let bound = SUM * (size + 1e-3) + integers(&factors);
        assert!(error <= bound, "{place}: {got}, expected {sum}, at most {bound} off");
    }
}

/// How far a product of integers may be off that have a number of the left and the right factor in such
/// units: each is half a unit off at most.
fn off(factors: &Factors, units: (f64, f64)) -> f64 {
    let count = factors.len() as f64;
    let length = |of: fn(&(f64, f64)) -> f64| {
        factors.iter().map(|pair| of(pair).powi(2)).sum::<f64>().sqrt()
    };
    let (left, right) = (length(|pair| pair.0), length(|pair| pair.1));
    count.sqrt() / 2.0 * (units.0 * right + units.1 * left) + count / 4.0 * units.0 * units.1
}

/// The same of a row and a column that are as long as integers are.
fn of_integers(isa: Isa) -> impl Fn(&Factors) -> f64 {
    let length = |factors: &Factors, of: fn(&(f64, f64)) -> f64| {
        factors.iter().map(|pair| of(pair).powi(2)).sum::<f64>().sqrt() / LENGTH
    };
    move |factors| {
        let units = (length(factors, |pair| pair.0), length(factors, |pair| pair.1));
        if isa.has_int16() { off(factors, units) } else { 0.0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn products_of_all_three_kinds_are_their_definitions(
        rows in 0usize..70, inputs in 1usize..120, outputs in 1usize..120,
    ) {
        let weight = numbers(outputs * inputs, 1);
        let ((x, real_x), (g, real_g)) = (
            rounded(&numbers(rows * inputs, 2), inputs), rounded(&numbers(rows * outputs, 3), outputs),
        );
        let bias = numbers(outputs, 4);
        for isa in ISAS {
            let isa = isa();
            // Integers are made of the numbers, not of bfloat16.
            let w = if isa.has_int16() { wide(&weight) } else { rounded(&weight, inputs).1 };
            let packed = packed(isa, &weight, (outputs, inputs));
            let mut y = vec![f32::NAN; rows * outputs];
            packed.multiply(isa, &x, &mut Finish::Fp32 { bias: &bias, out: &mut y }).unwrap();
            check(&y, |place| {
                let (r, o) = (place / outputs, place % outputs);
                let factors = (0..inputs).map(|i| (real_x[r * inputs + i], w[o * inputs + i]));
                (factors.collect(), f64::from(bias[o]))
            }, of_integers(isa));

            // Integers: each weight in units of its row's length.
            let unit = |o: usize| {
                let squares = w[o * inputs..(o + 1) * inputs].iter().map(|w| w * w);
                if isa.has_int16() { squares.sum::<f64>().sqrt() } else { 1.0 }
            };
            let before = numbers(rows * inputs, 5);
            let mut dx = before.clone();
            packed.multiply_back(isa, &g, &mut Finish::Add { out: &mut dx }).unwrap();
            // The longest column of each 48 outputs, in those units, bounds all columns; integers of the
            // left factor are as much shorter, so that sums stay within 31 bits.
            let column = |i: usize, block: usize| {
                let outputs = 48 * block..outputs.min(48 * (block + 1));
                outputs.map(|o| (w[o * inputs + i] / unit(o)).powi(2)).sum::<f64>()
            };
            let longest = |block| (0..inputs).map(|i| column(i, block)).fold(0.0, f64::max);
            let longest = (0..outputs.div_ceil(48)).map(longest).sum::<f64>().sqrt();
            let shorter = (0.99 * 2f64.powi(31) / (longest * LENGTH)).min(LENGTH);
            check(&dx, |place| {
                let (r, i) = (place / inputs, place % inputs);
                let factors = (0..outputs).map(|o| {
                    let unit = unit(o);
                    (real_g[r * outputs + o] * unit, w[o * inputs + i] / unit)
                });
                (factors.collect(), f64::from(before[place]))
            }, |factors| {
                let left = factors.iter().map(|pair| pair.0.powi(2)).sum::<f64>().sqrt();
                if isa.has_int16() { off(factors, (left / shorter, 1.0 / LENGTH)) } else { 0.0 }
            });

            // Two row sets, the second onto the first's result too.
            let half = rows / 2;
            let (mut shares, mut bias_gradient) = (Vec::new(), vec![0.0; outputs]);
            for span in [0..half, half..rows] {
                let (mut left, mut right) = (Pairs::default(), Pairs::default());
                let part = |x: &'_ [u16], width: usize| {
                    x[span.start * padded(width)..span.end * padded(width)].to_vec()
                };
                left.fill_left(isa, Rows { x: &part(&g, outputs), width: outputs }, &mut bias_gradient);
                right.fill_right(isa, Rows { x: &part(&x, inputs), width: inputs });
                shares.push((left, right));
            }
            let shares: Vec<Share> =
                shares.iter().map(|(outputs, inputs)| Share { outputs, inputs }).collect();
            let first = outputs / 3;
            let mut dw = vec![f32::NAN; (outputs - first) * inputs];
            weight_gradient(isa, &shares, (first, &mut dw), Onto::Nothing).unwrap();
            let norm = weight_gradient(isa, &shares, (first, &mut dw), Onto::Earlier).unwrap();
            check(&dw, |place| {
                let (o, i) = (first + place / inputs, place % inputs);
                let factors =
                    (0..rows).map(|r| (2.0 * real_g[r * outputs + o], real_x[r * inputs + i]));
                (factors.collect(), 0.0)
            }, of_integers(isa));
            approx::assert_relative_eq!(norm, squares(isa, &dw), max_relative = 1e-5, epsilon = 1e-30);
            check(&bias_gradient, |o| {
                ((0..rows).map(|r| (real_g[r * outputs + o], 1.0)).collect(), 0.0)
            }, |_| 0.0);
        }
    }

    #[test]
    fn a_row_of_products_does_not_depend_on_its_neighbours(rows in 1usize..40) {
        let (inputs, outputs, isa) = (34, 100, Isa::detect());
        let packed = packed(isa, &numbers(outputs * inputs, 1), (outputs, inputs));
        let (x, _) = rounded(&numbers(rows * inputs, 2), inputs);
        let product = |x: &[u16]| {
            let mut y = vec![0.0; x.len() / inputs * outputs];
            let bias = vec![0.0; outputs];
            packed.multiply(isa, x, &mut Finish::Fp32 { bias: &bias, out: &mut y }).unwrap();
            y
        };
        let all = product(&x);
        for (row, x) in x.chunks(inputs).enumerate() {
            prop_assert_eq!(&product(x), &all[row * outputs..(row + 1) * outputs]);
        }
    }
}

#[test]
fn numbers_that_are_not_finite_are_not_lost() {
    let (rows, inputs, outputs) = (9, 34, 50);
    for isa in ISAS {
        let isa = isa();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = numbers(rows * inputs, 1);
            x[3 * inputs + 5] = bad;
            let (x, _) = rounded(&x, inputs);
            let (g, _) = rounded(&numbers(rows * outputs, 2), outputs);
            let packed = packed(isa, &numbers(outputs * inputs, 3), (outputs, inputs));
            let mut y = vec![0.0; rows * outputs];
            let bias = vec![0.0; outputs];
            packed.multiply(isa, &x, &mut Finish::Fp32 { bias: &bias, out: &mut y }).unwrap();
            for (row, y) in y.chunks(outputs).enumerate() {
                assert!(y.iter().all(|y| y.is_finite() == (row != 3)), "{bad} row {row}: {y:?}");
            }
            let (mut left, mut right) = (Pairs::default(), Pairs::default());
            left.fill_left(isa, Rows { x: &g, width: outputs }, &mut vec![0.0; outputs]);
            right.fill_right(isa, Rows { x: &x, width: inputs });
            let share = [Share { outputs: &left, inputs: &right }];
            let mut dw = vec![0.0; outputs * inputs];
            let norm = weight_gradient(isa, &share, (0, &mut dw), Onto::Nothing).unwrap();
            assert!(!norm.is_finite(), "{bad}: {norm}");
            for dw in dw.chunks(inputs) {
                let lost = dw.iter().enumerate().find(|(i, dw)| dw.is_finite() == (*i == 5));
                assert_eq!(lost, None, "{bad}");
            }
        }
    }
}

/// Weights whose first input outweighs all others: the column is as long as its sums may be.
#[test]
fn a_column_that_stands_out_does_not_overflow() {
    let (rows, inputs, outputs) = (5, 64, 1536);
    let mut weight = numbers(outputs * inputs, 1);
    weight.iter_mut().step_by(inputs).for_each(|w| *w = 1000.0);
    let (g, real) = rounded(&vec![1.0; rows * outputs], outputs);
    for isa in ISAS {
        let isa = isa();
        let packed = packed(isa, &weight, (outputs, inputs));
        let mut dx = vec![0.0; rows * inputs];
        packed.multiply_back(isa, &g, &mut Finish::Add { out: &mut dx }).unwrap();
        for (place, dx) in dx.iter().enumerate() {
            let (row, i) = (place / inputs, place % inputs);
            let g = &real[row * outputs..(row + 1) * outputs];
            let column = weight.iter().skip(i).step_by(inputs).map(|w| f64::from(*w));
            let expected: f64 = column.zip(g).map(|(w, g)| w * g).sum();
            // As far off as if both factors were rounded to bfloat16.
            let size: f64 = if i == 0 { 1000.0 } else { 1.0 };
            let bound = size * outputs as f64 / 128.0;
            let error = (f64::from(*dx) - expected).abs();
            assert!(error <= bound, "{place}: {dx}, expected {expected}");
        }
    }
}

#[test]
fn avx512_alone_gives_the_bits_of_the_portable_form() {
    // More pairs than are widened together, in whole runs and not.
    for (rows, inputs, outputs) in [(9, 300, 150), (270, 17, 149), (8, 256, 192)] {
        let (weight, bias) = (numbers(outputs * inputs, 1), vec![0.0; outputs]);
        let (x, g) = (
            rounded(&numbers(rows * inputs, 2), inputs).0,
            rounded(&numbers(rows * outputs, 3), outputs).0,
        );
        let all = |isa| {
            let packed = packed(isa, &weight, (outputs, inputs));
            let (mut y, mut dx) = (vec![0.0; rows * outputs], vec![0.0; rows * inputs]);
            packed.multiply(isa, &x, &mut Finish::Fp32 { bias: &bias, out: &mut y }).unwrap();
            packed.multiply_back(isa, &g, &mut Finish::Add { out: &mut dx }).unwrap();
            let (mut left, mut right) = (Pairs::default(), Pairs::default());
            left.fill_left(isa, Rows { x: &g, width: outputs }, &mut vec![0.0; outputs]);
            right.fill_right(isa, Rows { x: &x, width: inputs });
            let mut dw = vec![0.0; outputs * inputs];
            let share = [Share { outputs: &left, inputs: &right }];
            weight_gradient(isa, &share, (0, &mut dw), Onto::Nothing).unwrap();
            [y, dx, dw]
        };
        assert!(all(avx512_alone()) == all(Isa::PORTABLE), "{rows} {inputs} {outputs}");
    }
}

#[test]
fn factors_that_do_not_fit_are_refused() {
    let packed = packed(Isa::PORTABLE, &[0.0; 6], (2, 3));
    let mut out = [0.0; 3];
    let fault = packed.multiply(Isa::PORTABLE, &[0; 4], &mut Finish::Add { out: &mut out });
    assert_eq!(fault.unwrap_err().to_string(), "numbers of the product: got 3, expected 2");
    let (mut left, mut right) = (Pairs::default(), Pairs::default());
    left.fill_left(Isa::PORTABLE, Rows { x: &[0; 4], width: 2 }, &mut [0.0; 2]);
    right.fill_right(Isa::PORTABLE, Rows { x: &[0; 8], width: 2 });
    let shares = [Share { outputs: &left, inputs: &right }];
    let fault = weight_gradient(Isa::PORTABLE, &shares, (0, &mut [0.0; 4]), Onto::Nothing);
    assert_eq!(fault.unwrap_err().to_string(), "tokens of a share: got 1, expected 2");
    let fault = weight_gradient(Isa::PORTABLE, &shares, (1, &mut [0.0; 4]), Onto::Nothing);
    assert_eq!(fault.unwrap_err().to_string(), "rows of the gradient: got 3, expected 2");
}

/// u, gelu(u), gelu'(u). Expected from mpmath 1.3, 25 digits: `u * ncdf(u)`, `ncdf(u) + u * npdf(u)`.
const GELU: [(f32, f64, f64); 8] = [
    (-6.0, -5.91952587023e-9, -3.54687094539e-8),
    (-3.0, -0.00404969409489, -0.0119456472042),
    (-1.0, -0.158655253931, -0.0833154705877),
    (-0.2, -0.0841480581122, 0.342531751766),
    (0.0, 0.0, 0.5),
    (0.5, 0.345731230637, 0.867495124656),
    (2.0, 1.9544997361, 1.08523180108),
    (5.0, 4.99999856674, 1.00000714695),
];

#[test]
fn gelu_and_its_slope_are_their_definitions() {
    for isa in ISAS {
        let isa = isa();
        // One input of 1: the sums are the weights, the biases add nothing.
        for (u, gelu, slope) in GELU {
            let packed = packed(isa, &[1.0], (1, 1));
            let (mut value, mut slopes) = ([0; 1], [0; 1]);
            let mut finish =
                Finish::Gelu { bias: &[u - 1.0], value: &mut value, slope: &mut slopes };
            packed.multiply(isa, &[0x3f80, 0], &mut finish).unwrap();
            approx::assert_abs_diff_eq!(
                f64::from(float(value[0])),
                gelu,
                epsilon = BF16 * gelu.abs() + 2e-6
            );
            approx::assert_abs_diff_eq!(
                f64::from(float(slopes[0])),
                slope,
                epsilon = BF16 * slope.abs() + 2e-6
            );
            let mut out = [0; 1];
            packed
                .multiply_back(
                    isa,
                    &[0x4000, 0],
                    &mut Finish::Slope { slope: &slopes, out: &mut out },
                )
                .unwrap();
            assert_eq!(float(out[0]), 2.0 * float(slopes[0]));
        }
    }
}

#[test]
fn dropout_keeps_its_share_and_the_mean_and_depends_on_all_that_it_is_given() {
    const ROWS: u32 = 500;
    const WIDTH: usize = 300;
    let places: Vec<[u32; 2]> = (0..ROWS).map(|row| [row, 7]).collect();
    let masks = |isa, dropout: Dropout, places: &[[u32; 2]]| {
        let mut x = vec![1.0; places.len() * WIDTH];
        dropout.apply(isa, &mut x, places);
        x
    };
    let dropout = Dropout::new(42, 6554);
    let mask = masks(Isa::detect(), dropout, &places);
    assert_eq!(mask, masks(Isa::PORTABLE, dropout, &places));
    let zeros = mask.iter().filter(|x| **x == 0.0).count() as f64 / mask.len() as f64;
    // 150 000 draws: the standard error of the share is 0.0008.
    approx::assert_abs_diff_eq!(zeros, 0.1, epsilon = 0.003);
    assert!(mask.iter().all(|x| *x == 0.0 || *x == 65536.0 / 58982.0));
    let one = |dropout, place| masks(Isa::detect(), dropout, &[place]);
    let here = one(dropout, [1, 2]);
    for other in [
        one(Dropout::new(43, 6554), [1, 2]),
        one(Dropout::new(42 + (1 << 32), 6554), [1, 2]),
        one(dropout, [2, 2]),
        one(dropout, [1, 3]),
        one(dropout.at(1), [1, 2]),
    ] {
        let same = here.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!((200..290).contains(&same), "{same}"); // 82 % of 300 by chance
    }
    assert_eq!(masks(Isa::detect(), Dropout::new(42, 0), &places[..2]), vec![1.0; 2 * WIDTH]);
}

/// Central differences of `of` along each number of `x`, in f64.
fn differences(x: &[f64], of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    const H: f64 = 1e-5;
    let at = |place: usize, h: f64| {
        let mut x = x.to_vec();
        x[place] += h;
        of(&x)
    };
    (0..x.len()).map(|place| (at(place, H) - at(place, -H)) / (2.0 * H)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().copied().map(f64::from).collect()
}

fn assert_near(got: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (place, (got, expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        assert!(error <= tolerance * (1.0 + expected.abs()), "{place}: {got}, expected {expected}");
    }
}

#[test]
fn layer_norm_there_and_back_is_its_definition() {
    const EPS: f64 = 1e-5;
    for hidden in [2usize, 14, 16, 34, 130] {
        let rows = 3;
        let (weight, bias) = (numbers(hidden, 4), numbers(hidden, 5));
        let (x, residual) = (numbers(rows * hidden, 6), numbers(rows * hidden, 7));
        let g = numbers(rows * hidden, 8);
        for (isa, dropped) in [
            (Isa::detect(), 0),
            (Isa::detect(), 20_000),
            (without_bf16(), 20_000),
            (Isa::PORTABLE, 20_000),
        ] {
            let dropout = Dropout::new(1, dropped);
            let places = [[0, 0], [0, 1], [9, 9]];
            let mut mask = vec![1.0f32; rows * hidden];
            dropout.apply(isa, &mut mask, &places);
            let of = (
                Norm { weight: &weight, bias: &bias, eps: EPS as f32 },
                RowDropout { dropout, places: &places },
            );
            let (mut normal, mut inverse) = (vec![0.0; rows * hidden], vec![0.0; rows]);
            let mut y = x.clone();
            let keep = Normed { normal: &mut normal, inverse: &mut inverse };
            norm_forward(isa, &mut y, &residual, of, keep);
            // All rows at once; x, weight and bias one after the other.
            let forward = |inputs: &[f64]| {
                let (x, rest) = inputs.split_at(rows * hidden);
                let (w, b) = rest.split_at(hidden);
                let mut y = Vec::new();
                for (row, x) in x.chunks(hidden).enumerate() {
                    let at = |i: usize| {
                        x[i] * f64::from(mask[row * hidden + i])
                            + f64::from(residual[row * hidden + i])
                    };
                    let mean = (0..hidden).map(at).sum::<f64>() / hidden as f64;
                    let variance =
                        (0..hidden).map(|i| (at(i) - mean).powi(2)).sum::<f64>() / hidden as f64;
                    let normal = |i| (at(i) - mean) / (variance + EPS).sqrt();
                    y.extend((0..hidden).map(|i| normal(i) * w[i] + b[i]));
                }
                y
            };
            let inputs = [wide(&x), wide(&weight), wide(&bias)].concat();
            assert_near(&y, &forward(&inputs), 1e-5);

            let (mut dw, mut db) = (vec![0.0; hidden], vec![0.0; hidden]);
            let (mut dz, mut out) = (g.clone(), vec![0; rows * padded(hidden)]);
            let kept = Normed { normal: &mut normal, inverse: &mut inverse };
            let sums = NormGradient { weight: &mut dw, bias: &mut db };
            norm_backward(isa, &mut dz, of, kept, (sums, &mut out));
            let expected = differences(&inputs, |inputs| {
                forward(inputs).iter().zip(&g).map(|(y, g)| y * f64::from(*g)).sum()
            });
            let (dx, parameters) = expected.split_at(rows * hidden);
            let dx_got: Vec<f32> = out.iter().map(|bits| float(*bits)).collect();
            // Two numbers a row are ±1 normalised: a gradient of nothing but eps.
            let tolerance = if hidden == 2 { 1e-2 } else { 1e-4 };
            assert_near(&dx_got, dx, BF16 + tolerance);
            assert_near(&[dw, db].concat(), parameters, 1e-4);
            let masked: Vec<f64> = dz.iter().zip(&mask).map(|(dz, m)| f64::from(dz * m)).collect();
            assert_near(&masked.iter().map(|x| *x as f32).collect::<Vec<_>>(), dx, tolerance);
        }
    }
}

/// Attention of one head-separated text in f64; `mask` as `[heads, queries, tokens]`.
fn attended(
    inputs: &[f64],
    mask: &[f64],
    (queries, tokens, heads, size): (usize, usize, usize, usize),
) -> Vec<f64> {
    let hidden = heads * size;
    let (q, rest) = inputs.split_at(queries * hidden);
    let (k, v) = rest.split_at(tokens * hidden);
    let mut out = vec![0.0; queries * hidden];
    for head in 0..heads {
        for query in 0..queries {
            let score = |token: usize| {
                let dot: f64 = (head * size..(head + 1) * size)
                    .map(|i| q[query * hidden + i] * k[token * hidden + i])
                    .sum();
                (dot / (size as f64).sqrt()).exp()
            };
            let total: f64 = (0..tokens).map(score).sum();
            for token in 0..tokens {
                let weight = score(token) / total * mask[(head * queries + query) * tokens + token];
                for i in head * size..(head + 1) * size {
                    out[query * hidden + i] += weight * v[token * hidden + i];
                }
            }
        }
    }
    out
}

#[test]
fn attention_there_and_back_is_its_definition() {
    for (queries, tokens, heads, size) in
        [(1, 1, 1, 2), (5, 5, 2, 8), (1, 17, 2, 6), (23, 23, 1, 32), (33, 33, 1, 20)]
    {
        let hidden = heads * size;
        let (q, real_q) = rounded(&numbers(queries * hidden, 1), hidden);
        let (k, real_k) = rounded(&numbers(tokens * hidden, 2), hidden);
        let (v, real_v) = rounded(&numbers(tokens * hidden, 3), hidden);
        let g = numbers(queries * hidden, 4);
        let inputs = [real_q, real_k, real_v].concat();
        for (isa, dropped) in [
            (Isa::detect(), 0),
            (Isa::detect(), 10_000),
            (without_bf16(), 10_000),
            (Isa::PORTABLE, 10_000),
        ] {
            let dropout = Dropout::new(3, dropped);
            let text = Heads {
                queries: &q,
                keys: &k,
                values: &v,
                heads,
                head_size: size,
                dropout,
                place: 5,
            };
            // The draws of a query lie as its scores do, in rows of whole vectors.
            let long = tokens.next_multiple_of(16);
            let mask: Vec<f64> = (0..heads as u32)
                .flat_map(|head| {
                    let mut ones = vec![1.0f32; queries * long];
                    dropout.apply(isa, &mut ones, &[[5, head]]);
                    let rows: Vec<f64> =
                        ones.chunks(long).flat_map(|row| wide(&row[..tokens])).collect();
                    rows
                })
                .collect();
            let (mut room, mut logsums) = (AttentionRoom::default(), vec![0.0; heads * queries]);
            let mut out = vec![0; queries * hidden];
            attention_forward(isa, text, &mut room, &mut logsums, &mut out);
            let shape = (queries, tokens, heads, size);
            let floats = |bits: &[u16]| bits.iter().map(|bits| float(*bits)).collect::<Vec<f32>>();
            assert_near(&floats(&out), &attended(&inputs, &mask, shape), BF16 + 1e-5);

            let (mut dq, mut dk, mut dv) = (q.clone(), k.clone(), v.clone());
            let to = HeadsGradient { queries: &mut dq, keys: &mut dk, values: &mut dv };
            attention_backward(isa, text, &mut room, (&logsums, &g), to);
            let expected = differences(&inputs, |inputs| {
                attended(inputs, &mask, shape).iter().zip(&g).map(|(y, g)| y * f64::from(*g)).sum()
            });
            assert_near(&floats(&[dq, dk, dv].concat()), &expected, BF16 + 1e-5);
        }
    }
}

const SETTINGS: AdamSettings = AdamSettings {
    learning_rate: 1e-2,
    weight_decay: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

#[test]
fn adamw_is_its_definition() {
    let AdamSettings { learning_rate, weight_decay, beta1, beta2, epsilon } = SETTINGS;
    for isa in ISAS {
        let (mut p, mut m, mut v) = (numbers(37, 1), vec![0.0; 37], vec![0.0; 37]);
        let (mut real_p, mut real_m, mut real_v) = (wide(&p), vec![0.0f64; 37], vec![0.0f64; 37]);
        for t in 1..=20u64 {
            let g = numbers(37, 100 + t);
            let step = AdamStep { gradient_scale: 0.5, ..AdamStep::new(SETTINGS, t) };
            let moving = Moving { parameter: &mut p, exp_avg: &mut m, exp_avg_sq: &mut v };
            adamw(isa(), step, moving, &g);
            for (i, g) in g.iter().map(|g| 0.5 * f64::from(*g)).enumerate() {
                real_m[i] = beta1 * real_m[i] + (1.0 - beta1) * g;
                real_v[i] = beta2 * real_v[i] + (1.0 - beta2) * g * g;
                let (m, v) = (
                    real_m[i] / (1.0 - beta1.powi(t as i32)),
                    real_v[i] / (1.0 - beta2.powi(t as i32)),
                );
                real_p[i] -= learning_rate * (weight_decay * real_p[i] + m / (v.sqrt() + epsilon));
            }
        }
        assert_near(&p, &real_p, 2e-6);
        assert_near(&m, &real_m, 2e-6);
        assert_near(&v, &real_v, 2e-6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A row that was left alone and caught up is, to the bit, one that was moved at every step: with
    /// a warm-up and a fall of the rate, with and without decay, touched or not.
    #[test]
    fn idle_steps_are_steps_with_a_gradient_of_zero(
        steps in 1u64..900, warm in 1u64..300, decays in any::<bool>(), touches in 0u64..3,
    ) {
        let isa = Isa::detect();
        let schedule: Vec<AdamStep> = (1..=steps)
            .map(|t| {
                let share = (t as f64 / warm as f64).min((steps + 1 - t) as f64 / steps as f64);
                let learning_rate = 2e-5 * share.min(1.0);
                let weight_decay = if decays { 0.01 } else { 0.0 };
                AdamStep::new(AdamSettings { learning_rate, weight_decay, ..SETTINGS }, t)
            })
            .collect();
        let start = [numbers(40, 1), vec![0.0; 3]].concat();
        let (touched, idle) = schedule.split_at(schedule.len().min(touches as usize));
        let run = |lazy: bool| {
            let (mut p, mut m, mut v) = (start.clone(), vec![0.0; 43], vec![0.0; 43]);
            for (t, step) in touched.iter().enumerate() {
                let moving = Moving { parameter: &mut p, exp_avg: &mut m, exp_avg_sq: &mut v };
                adamw(isa, *step, moving, &numbers(43, 50 + t as u64));
            }
            if lazy {
                let moving = Moving { parameter: &mut p, exp_avg: &mut m, exp_avg_sq: &mut v };
                adamw_idle(isa, idle, moving);
            } else {
                for step in idle {
                    let moving = Moving { parameter: &mut p, exp_avg: &mut m, exp_avg_sq: &mut v };
                    adamw(isa, *step, moving, &[0.0; 43]);
                }
            }
            let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            [bits(p), bits(m), bits(v)]
        };
        prop_assert_eq!(run(true), run(false));
        if touches == 0 {
            let mut p = start.clone();
            shrink(isa, &schedule, &mut p);
            prop_assert_eq!(p.into_iter().map(f32::to_bits).collect::<Vec<_>>(), run(true)[0].clone());
        }
    }
}

#[test]
fn sums_and_squares_are_of_every_number() {
    for isa in ISAS {
        for count in [0usize, 1, 16, 1030] {
            let (x, y) = (numbers(count, 1), numbers(count, 2));
            let mut sum = y.clone();
            add(isa(), &x, &mut sum);
            assert!(sum.iter().zip(x.iter().zip(&y)).all(|(sum, (x, y))| *sum == x + y));
            let expected: f64 = wide(&x).iter().map(|x| x * x).sum();
            approx::assert_relative_eq!(squares(isa(), &x), expected, max_relative = 1e-6);
        }
    }
}
