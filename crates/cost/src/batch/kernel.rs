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
pub(super) const BLOCK: usize = 256;

/// In place of an answer that the kernel leaves to the accurate path: a NaN of its own.
pub(super) const SUSPECT: f64 = f64::from_bits(0x7ff8_0000_5b5b_ec75);

/// Relative to its terms, a discriminant below this is left to the accurate path.
const NEAR_FOLD: f64 = 1.0 / (1_u64 << 40) as f64;

/// The conditioning above which the accurate path answers.
const MAX_CONDITION: f64 = 16_384.0;

/// Squares between these neither overflow nor lose bits.
const SMALLEST: f64 = 1e-200;
const LARGEST: f64 = 1e200;

/// A number above this has a square that loses no bits.
const SMALL: f64 = 1e-140;

type Lanes<'a> = [&'a [f64]; Parameter::COUNT];

/// E₊ of every row, NaN where it is not admissible, [`SUSPECT`] where the accurate path must answer;
/// returns how many those are. `effects` holds x where it is not D/P.
pub(super) fn evaluate(lanes: &Lanes<'_>, effects: Option<&[f64]>, out: &mut [f64]) -> usize {
    let short = lanes.iter().chain(&effects).any(|lane| lane.len() < out.len());
    if short {
        out.fill(SUSPECT);
        return out.len();
    }
    let effects = effects.unwrap_or(&[]);
    // Most blocks pass a check that costs little; the others are computed again with a finer one.
    if swift(lanes, effects, out) == 0 { 0 } else { careful(lanes, effects, out) }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn swift(lanes: &Lanes<'_>, effects: &[f64], out: &mut [f64]) -> usize {
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        rows::<true, false>(lanes, effects, out)
    } else {
        rows::<false, false>(lanes, effects, out)
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512vl+avx512dq+avx512bw+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn careful(lanes: &Lanes<'_>, effects: &[f64], out: &mut [f64]) -> usize {
    if cfg!(target_arch = "aarch64") || target_cfg_f!(target_feature = "fma") {
        rows::<true, true>(lanes, effects, out)
    } else {
        rows::<false, true>(lanes, effects, out)
    }
}

#[inline(always)]
fn rows<const FMA: bool, const CAREFUL: bool>(
    lanes: &Lanes<'_>,
    effects: &[f64],
    out: &mut [f64],
) -> usize {
    let len = out.len();
    // Slices of a length that the compiler sees, so that it drops the checks in the loops.
    let [data, params, a, b, c, d, _, _, k1, k2, l, m, n1, n2, o, p] = *lanes;
    let (data, params) = (&data[..len], &params[..len]);
    let (a, b, c, d) = (&a[..len], &b[..len], &c[..len], &d[..len]);
    let (k1, k2, l, m) = (&k1[..len], &k2[..len], &l[..len], &m[..len]);
    let (n1, n2, o, p) = (&n1[..len], &n2[..len], &o[..len], &p[..len]);
    let mut suspects = 0;
    macro_rules! each_row {
        ($i:ident, $x:expr) => {
            for $i in 0..len {
                let row = Row {
                    data: data[$i],
                    params: params[$i],
                    x: $x,
                    a: a[$i],
                    b: b[$i],
                    c: c[$i],
                    d: d[$i],
                    k1: k1[$i],
                    k2: k2[$i],
                    l: l[$i],
                    m: m[$i],
                    n1: n1[$i],
                    n2: n2[$i],
                    o: o[$i],
                    p: p[$i],
                };
                let (value, suspect) = row.answer::<FMA, CAREFUL>();
                out[$i] = value;
                suspects += suspect;
            }
        };
    }
    if effects.is_empty() {
        each_row!(i, data[i] / params[i]);
    } else {
        let effects = &effects[..len];
        each_row!(i, effects[i]);
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

/// The economic root of a row, and what its checks need.
struct Economic {
    value: f64,
    admissible: bool,
    /// |a·x| + |b·T| + |c·C|.
    terms: f64,
    autonomous: f64,
    pull: f64,
    /// d·n1·x, the part of G that x's rounding moves.
    pulled_by_effect: f64,
    sum: f64,
    constant: f64,
    promoted: f64,
    discriminant: f64,
    width: f64,
}

#[inline(always)]
fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

impl Row {
    /// E₊ or a NaN, and 1 where it is [`SUSPECT`].
    #[inline(always)]
    fn answer<const FMA: bool, const CAREFUL: bool>(&self) -> (f64, u64) {
        let root = self.economic::<FMA>();
        let sure = if CAREFUL { self.is_sure(&root) } else { self.is_plain(&root) };
        let value = if root.admissible { root.value } else { f64::NAN };
        (if sure { value } else { SUSPECT }, u64::from(!sure))
    }

    /// No branch: the compiler makes selects of the conditions.
    #[inline(always)]
    fn economic<const FMA: bool>(&self) -> Economic {
        let time = fma::<FMA>(self.l, self.params, self.m);
        let labels = fma::<FMA>(self.k1, self.data, self.k2);
        let (by_effect, by_time, by_labels) = (self.a * self.x, self.b * time, self.c * labels);
        let autonomous = by_effect + by_time + by_labels;
        let pulled_by_effect = self.d * self.n1 * self.x;
        let pull = fma::<FMA>(self.d, self.n2, pulled_by_effect);
        let sum = fma::<FMA>(self.o, autonomous, self.p);
        let difference = fma::<FMA>(-self.o, autonomous, self.p);
        let constant = fma::<FMA>(autonomous, self.p, pull);
        let four_slope = 4.0 * self.o;
        let promoted = four_slope * pull;
        let lost = fma::<FMA>(four_slope, pull, -promoted);
        let discriminant = fma::<FMA>(sum, sum, promoted) + lost;
        let width = discriminant.sqrt();
        let positive = difference > 0.0;
        let numerator = if positive { constant + constant } else { width - difference };
        let denominator = if positive { difference + width } else { self.o + self.o };
        Economic {
            value: numerator / denominator,
            admissible: (discriminant > 0.0) & ((sum > 0.0) | (promoted > 0.0)),
            terms: by_effect.abs() + by_time.abs() + by_labels.abs(),
            autonomous,
            pull,
            pulled_by_effect,
            sum,
            constant,
            promoted,
            discriminant,
            width,
        }
    }

    /// Sufficient for everything that [`is_sure`](Self::is_sure) asks, with few operations.
    ///
    /// With s = |o·E| + |p| and t = Σ|terms| + |E|: |F| ≤ s, |E − A| ≤ t and |G| ≤ t·s, so that
    /// κ·|E|·R ≤ 6·t·s + 4·|d·n1·x| + 2·|E|·R. Where that is within the limit, R is at least a
    /// 5,460th of |o·A| + |p| and of √(4·|o·G|), so Δ is clear of 0 too. A strict comparison fails
    /// where something has overflowed.
    #[inline(always)]
    fn is_plain(&self, root: &Economic) -> bool {
        let size = root.value.abs();
        let sway = self.o.abs() * size + self.p.abs();
        let moved = (root.terms + size) * sway + root.pulled_by_effect.abs();
        let well_conditioned = moved < (MAX_CONDITION / 6.0 - 1.0) * (size * root.width);
        let in_range = (size > SMALL) & (root.width > SMALL);
        let valid = (self.data >= 0.0) & (self.params > 0.0);
        well_conditioned & in_range & valid & (root.sum > 0.0)
    }

    /// Whether the kernel's answer may stand: κ within the limit, Δ clear of 0, nothing out of range.
    #[inline(always)]
    fn is_sure(&self, root: &Economic) -> bool {
        let size = root.value.abs();
        let (slope, baseline) = (self.o.abs(), self.p.abs());
        let feedback = (self.o * root.value + self.p).abs();
        let by_pull = 4.0 * (root.pull.abs() + root.pulled_by_effect.abs());
        let by_feedback = (root.value - root.autonomous).abs() * (slope * size + baseline);
        let moved = root.terms * feedback + by_pull + by_feedback;
        let well_conditioned = moved <= (MAX_CONDITION - 2.0) * (size * root.width);
        let span = slope * root.autonomous.abs() + baseline;
        let scale = span * span + root.promoted.abs();
        let clear = root.discriminant.abs() >= NEAR_FOLD * scale;
        let constant = root.constant.abs();
        let (least, most) = (scale.min(constant), scale.max(constant));
        let in_range = (least >= SMALLEST) & (most <= LARGEST);
        let valid = (self.data >= 0.0) & (self.params > 0.0) & (self.params < f64::INFINITY);
        clear & in_range & valid & (!root.admissible | well_conditioned)
    }
}
