//! The fast kernel: the economic root in `f64`, several rows at a time.
//!
//! The loops are plain; the compiler turns them into vector code of the widest set that the processor
//! has at run time. Every operation is rounded as IEEE 754 says, so a row's answer does not depend on
//! its place or on the width.
//!
//! # Formula
//! S = o·A + p, B = p − o·A, K = A·p + G, Δ = S² + 4·o·G;
//! E₊ = 2K/(B + √Δ) for B > 0, else (√Δ − B)/(2o). It is also right at o = 0.
//!
//! # Reference
//! Jeannerod, Louvet and Muller, "Further analysis of Kahan's algorithm for the accurate computation
//! of 2×2 determinants", Math. Comp. 82 (2013), for Δ.

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

use crate::Parameter;

/// Rows a pass: what the kernel touches stays in the first cache.
pub(super) const BLOCK: usize = 512;

/// In place of an answer that the kernel leaves to the accurate path: a NaN of its own.
pub(super) const SUSPECT: f64 = f64::from_bits(0x7ff8_0000_5b5b_ec75);

/// Relative to its terms, a discriminant below this is left to the accurate path.
const NEAR_FOLD: f64 = 1.0 / (1_u64 << 40) as f64;

/// The conditioning above which the accurate path answers.
const MAX_CONDITION: f64 = 16_384.0;

/// Squares between these neither overflow nor lose bits.
const SMALLEST: f64 = 1e-200;
const LARGEST: f64 = 1e200;

type Lanes<'a> = [&'a [f64]; Parameter::COUNT];

/// x = D/P.
#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
pub(super) fn ratios(data: &[f64], params: &[f64], out: &mut [f64]) {
    for ((out, data), params) in out.iter_mut().zip(data).zip(params) {
        *out = data / params;
    }
}

/// E₊ of every row, NaN where it is not admissible, [`SUSPECT`] where the accurate path must answer;
/// returns how many those are.
#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
pub(super) fn evaluate(lanes: &Lanes<'_>, effects: &[f64], out: &mut [f64]) -> usize {
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        rows::<true>(lanes, effects, out)
    } else {
        rows::<false>(lanes, effects, out)
    }
}

#[inline(always)]
fn rows<const FMA: bool>(lanes: &Lanes<'_>, effects: &[f64], out: &mut [f64]) -> usize {
    let len = out.len();
    let short = |lane: &&[f64]| lane.len() < len;
    if lanes.iter().any(short) || effects.len() < len {
        out.fill(SUSPECT);
        return len;
    }
    // Slices of a length that the compiler sees, so that it drops the checks in the loop.
    let [data, params, a, b, c, d, _, _, k1, k2, l, m, n1, n2, o, p] =
        lanes.map(|lane| &lane[..len]);
    let effects = &effects[..len];
    let mut suspects = 0;
    for i in 0..len {
        let row = Row {
            data: data[i],
            params: params[i],
            x: effects[i],
            a: a[i],
            b: b[i],
            c: c[i],
            d: d[i],
            k1: k1[i],
            k2: k2[i],
            l: l[i],
            m: m[i],
            n1: n1[i],
            n2: n2[i],
            o: o[i],
            p: p[i],
        };
        let (value, suspect) = row.economic::<FMA>();
        out[i] = value;
        suspects += suspect;
    }
    suspects as usize
}

/// The numbers of one row.
struct Row {
    data: f64,
    params: f64,
    x: f64,
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    k1: f64,
    k2: f64,
    l: f64,
    m: f64,
    n1: f64,
    n2: f64,
    o: f64,
    p: f64,
}

#[inline(always)]
fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

impl Row {
    /// E₊ or a NaN, and 1 where it is [`SUSPECT`]. No branch: the compiler makes selects of them.
    #[inline(always)]
    fn economic<const FMA: bool>(&self) -> (f64, u64) {
        let time = fma::<FMA>(self.l, self.params, self.m);
        let labels = fma::<FMA>(self.k1, self.data, self.k2);
        let (by_effect, by_time, by_labels) = (self.a * self.x, self.b * time, self.c * labels);
        let autonomous = by_effect + by_time + by_labels;
        let pull = self.d * fma::<FMA>(self.n1, self.x, self.n2);
        let sum = fma::<FMA>(self.o, autonomous, self.p);
        let difference = fma::<FMA>(-self.o, autonomous, self.p);
        let constant = fma::<FMA>(autonomous, self.p, pull);
        let four_slope = 4.0 * self.o;
        let promoted = four_slope * pull;
        let lost = fma::<FMA>(four_slope, pull, -promoted);
        let discriminant = fma::<FMA>(sum, sum, promoted) + lost;
        let width = discriminant.sqrt();
        let positive = difference > 0.0;
        let numerator = if positive { 2.0 * constant } else { width - difference };
        let denominator = if positive { difference + width } else { 2.0 * self.o };
        let value = numerator / denominator;

        let terms = by_effect.abs() + by_time.abs() + by_labels.abs();
        let feedback = fma::<FMA>(self.o, value, self.p);
        let sway = (self.o * value).abs() + self.p.abs();
        let moved = terms * feedback.abs() + 4.0 * pull.abs() + (value - autonomous).abs() * sway;
        let well_conditioned = moved <= (MAX_CONDITION - 2.0) * (value * width).abs();
        let span = (self.o * autonomous).abs() + self.p.abs();
        let scale = fma::<FMA>(span, span, promoted.abs());
        let clear = discriminant.abs() >= NEAR_FOLD * scale;
        let in_range = (scale >= SMALLEST) & (scale <= LARGEST);
        let constant_in_range = (constant.abs() >= SMALLEST) & (constant.abs() <= LARGEST);
        let valid = (self.data >= 0.0) & (self.params > 0.0) & (self.params < f64::INFINITY);
        let real = discriminant > 0.0;
        let admissible = real & ((sum > 0.0) | (promoted > 0.0));
        let sure = clear & in_range & constant_in_range & valid & (!admissible | well_conditioned);
        let answer = if admissible { value } else { f64::NAN };
        (if sure { answer } else { SUSPECT }, u64::from(!sure))
    }
}
